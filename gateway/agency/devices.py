"""Visitors' phones at a door: registered in a session, stopped by the office, and what they bring sealed.

A phone seals what was written on it to the door's key, so that it can't read it again, and signs it with its own. The
door takes each envelope once, says so under its signature, and makes of it what the page would have made.
Source: KH-1 §5a; own rule (docs/decisions/0052).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import Conflict, Malformed, NotFound, Refused, Untrusted
from domain.events import dump
from gateway.agency.attachments import Attachments
from gateway.agency.device_store import DeviceRow, DeviceRows, EnvelopeRow, EnvelopeState, SheetRow
from gateway.agency.store import FAILED, WAITING
from keys.device import NONCE_BYTES, STATEMENT, DevicePublic, Envelope, Statement, parse_envelope

if TYPE_CHECKING:
    from gateway.agency.door import Door

MAX_SHEET_HOURS = 12
DEFAULT_SHEET_HOURS = 10
MAX_DEVICES = 5
"""Of one person, in use."""
MAX_WAITING = 50
"""Envelopes of one person that wait for a look. A concern is taken beyond that, but from a phone that was stopped."""
MAX_MISSING = 20
"""Numbers of envelopes that did not come, as the office's list names them."""
MAX_FORM_BYTES = 64 * 1024
MAX_NAME_CHARACTERS = 60
FORM, PHOTO = "form", "photo"
REPORT, CONCERN = "report", "concern"


@dataclass(frozen=True)
class PhoneSettings:
    """``duty_number``: whom a visitor telephones, empty where it is not set; ``sheet_hours``: how long a sheet stays on a
    phone. Raises Malformed."""

    duty_number: str = ""
    sheet_hours: int = DEFAULT_SHEET_HOURS

    def __post_init__(self) -> None:
        if not 1 <= self.sheet_hours <= MAX_SHEET_HOURS:
            raise Malformed("sheet-hours")
        if any(character not in "0123456789-+#*() " for character in self.duty_number):
            raise Malformed("duty-number")

    @property
    def tel(self) -> str:
        """The number as a link has it; empty where it is not set."""
        return "".join(character for character in self.duty_number if character in "0123456789+#*")


@dataclass(frozen=True)
class WrittenForm:
    """What a phone sent for a page. ``form``: report or concern; ``values``: as its page has them."""

    form: str
    case: UUID
    command_id: UUID
    values: dict[str, list[str]] = field(repr=False)


@dataclass(frozen=True)
class DeviceView:
    """A phone as the office sees it. ``missing``: numbers of envelopes that were written and have not come."""

    device: DeviceRow
    sheets: list[SheetRow]
    missing: list[int]


class Devices:
    """The phones of one door. Thread-safe. None of it needs the hub."""

    def __init__(self, door: Door, attachments: Attachments, settings: PhoneSettings) -> None:
        self._door, self._attachments, self.settings = door, attachments, settings

    @property
    def rows(self) -> DeviceRows:
        return self._door.store.devices

    # --- registering and stopping ------------------------------------------------------------------------------

    def register(self, id: UUID, actor: str, name: str, key: bytes) -> DeviceRow:
        """Register the phone of a person who has signed in on it, under a new id; the same key again is the same phone.

        Raises Malformed, Refused (too many).
        """
        DevicePublic(key)
        in_use = [d for d in self.rows.devices() if d.actor == actor and not d.stopped_at]
        known = next((d for d in in_use if d.key == key), None)
        if known is not None:
            return known
        if len(in_use) >= MAX_DEVICES:
            raise Refused("devices-too-many")
        at = dump(self._door.now())
        shown = " ".join(name.split())[:MAX_NAME_CHARACTERS] or "スマートフォン"
        row = DeviceRow(id, actor, shown, key, at, at, "", "", 0, at)
        self.rows.add(row)
        return row

    def of(self, id: UUID) -> DeviceRow:
        """A registered phone, stopped or not. Raises NotFound."""
        row = self.rows.device(id)
        if row is None:
            raise NotFound("device-unknown")
        return row

    def in_use(self, id: UUID, actor: str) -> DeviceRow:
        """This person's phone. Raises NotFound (none, or another person's), Refused (stopped)."""
        row = self.of(id)
        if row.actor != actor:
            raise NotFound("device-unknown")
        if row.stopped_at:
            raise Refused("device-stopped")
        return row

    def stop(self, id: UUID, by: str) -> bool:
        """Stop a phone: its sheets are to be erased at its next contact. False where it was stopped before. Raises NotFound."""
        self.of(id)
        return self.rows.stop(id, dump(self._door.now()), by)

    def end_session(self, session: str) -> None:
        """Somebody has signed out: the sheets that the session loaded are to be erased."""
        self.rows.end_session(session, dump(self._door.now()))

    def listed(self) -> list[DeviceView]:
        """All phones with what they hold, as far as the door knows."""
        self.rows.forget_sheets(dump(self._door.now()))
        return [
            DeviceView(device, self.rows.sheets(device.id), self._missing(device))
            for device in self.rows.devices()
        ]

    def _missing(self, device: DeviceRow) -> list[int]:
        """Numbers that the phone has skipped, apart from those that it holds still."""
        missing: list[int] = []
        last = 0
        for number in self.rows.numbers(device.id):
            missing += range(last + 1, min(number, last + 1 + MAX_MISSING))
            last = number
            if len(missing) >= MAX_MISSING:
                break
        return missing[:MAX_MISSING]

    # --- sheets and time ---------------------------------------------------------------------------------------

    def note_loaded(self, device: DeviceRow, cases: Collection[str], session: str) -> tuple[str, str]:
        """The phone gets the sheets of these cases now: from when until when they are good."""
        now = self._door.now()
        at, until = dump(now), dump(now + timedelta(hours=self.settings.sheet_hours))
        self.rows.load(device.id, sorted(cases), session, at, until)
        return at, until

    def contact(self, device: DeviceRow, nonce: bytes, *, waiting: int, held: int, is_known: bool) -> bytes:
        """The door's time for this phone, signed, and what it has to do. ``held``: how many sheets it has; ``is_known``:
        whether its person is still of this door. Raises Malformed."""
        if len(nonce) != NONCE_BYTES:
            raise Malformed("device-nonce")
        now = self._door.now()
        self.rows.note_contact(device.id, dump(now), max(0, min(waiting, 9999)), has_sheets=held > 0)
        good = [s for s in self.rows.sheets(device.id) if not s.ended_at and s.until_at > dump(now)]
        state = "STOPPED" if device.stopped_at or not is_known else "ACTIVE" if good else "CLEARED"
        return self._signed("time", device.id, nonce, state)

    def _signed(self, form: str, device: UUID, about: bytes, state: str) -> bytes:
        statement = Statement(form, self._door.hub, self._door.agency, device, about, self._door.now(), state)
        return self._door.sign_statement(STATEMENT, statement.encode())

    def receipt(self, row: EnvelopeRow) -> bytes:
        """That this envelope is stored here, signed."""
        return self._signed("receipt", row.device, row.digest, str(row.state))

    # --- envelopes ---------------------------------------------------------------------------------------------

    def take(self, device: DeviceRow, data: bytes) -> EnvelopeRow:
        """Take an envelope of this phone once: verified, opened, stored sealed for this door.

        Raises Malformed, Untrusted (not of this phone, or of another door), Conflict (another under the same id, or sealed to
        a key that is not in use any more), Refused (too much waits: the phone keeps it and sends it again).
        """
        envelope = parse_envelope(data)
        if (envelope.head.device, envelope.head.hub, envelope.head.agency) != (
            device.id,
            self._door.hub,
            self._door.agency,
        ):
            raise Untrusted("device-envelope-elsewhere")
        DevicePublic(device.key).verify(envelope)
        known = self.rows.envelope(device.id, envelope.head.envelope)
        if known is not None:
            if known.digest != envelope.digest:
                raise Conflict("device-envelope-changed")
            return known
        value, attached = _parts_of_content(self._door.open_envelope(envelope))
        if value["kind"] == PHOTO:
            return self._take_photo(device, envelope, value, attached)
        written = _form_in(value)
        is_exempt = written.form == CONCERN and not device.stopped_at
        if not is_exempt and len(self.waiting(device.actor)) >= MAX_WAITING:
            raise Refused("device-envelopes-waiting")
        row = self._taken_row(device, envelope, written.form, str(written.case))
        self.rows.take(row)
        return row

    def _take_photo(
        self, device: DeviceRow, envelope: Envelope, value: dict[str, Any], data: bytes
    ) -> EnvelopeRow:
        """A photo goes where a page's would, under the number that its form names. What can't be read is not taken along, and
        its person is told."""
        code, id = "", _uuid_of(value, "id")
        try:
            received = self._attachments.receive(
                device.actor,
                id,
                data,
                str(value.get("name", ""))[:200],
                composing=str(_uuid_of(value, "composing")),
            )
            code = received.error_code or ""
        except Malformed as error:
            code = error.error_code
        state = EnvelopeState.REFUSED if code else EnvelopeState.SENT
        row = self._taken_row(device, envelope, PHOTO, str(id), state=state, code=code)
        self.rows.take(row)
        return row

    def _taken_row(
        self,
        device: DeviceRow,
        envelope: Envelope,
        kind: str,
        subject: str,
        *,
        state: EnvelopeState = EnvelopeState.WAITING,
        code: str = "",
    ) -> EnvelopeRow:
        sealed = None
        if state is EnvelopeState.WAITING:
            name = _sealed_name(device.id, envelope.head.envelope)
            sealed = self._door.seal_for_itself(name, self._door.open_envelope(envelope))
        return EnvelopeRow(
            device=device.id,
            envelope=envelope.head.envelope,
            number=envelope.head.number,
            digest=envelope.digest,
            actor=device.actor,
            received_at=dump(self._door.now()),
            kind=kind,
            state=state,
            subject=subject,
            code=code,
            was_shown=False,
            sealed=sealed,
        )

    def written(self, row: EnvelopeRow) -> WrittenForm:
        """What waits in this envelope. Raises NotFound where nothing does."""
        if row.sealed is None:
            raise NotFound("not-found")
        value, _ = _parts_of_content(self._door.open_own(_sealed_name(row.device, row.envelope), row.sealed))
        return _form_in(value)

    def waiting(self, actor: str) -> list[EnvelopeRow]:
        """What waits for this person, in the order in which it was written."""
        return [row for row in self.rows.envelopes(actor) if row.state is EnvelopeState.WAITING]

    def settle_queued(self, actor: str) -> None:
        """What waited for the hub when it was last looked at, and is recorded or refused by now."""
        for row in self.rows.envelopes(actor):
            if row.state is EnvelopeState.QUEUED:
                self.as_it_is_now(row)

    def as_it_is_now(self, row: EnvelopeRow) -> EnvelopeRow:
        """This envelope, after a look at what became of its command where that waited for the hub."""
        if row.state is not EnvelopeState.QUEUED:
            return row
        command = self._door.store.sent(UUID(row.code))
        if command is not None and command.state == WAITING:
            return row
        is_refused = command is not None and (command.state == FAILED or command.is_refused)
        self.rows.settle(row, EnvelopeState.REFUSED if is_refused else EnvelopeState.SENT)
        return self.rows.envelope(row.device, row.envelope) or row

    def refused_photos(self, actor: str) -> frozenset[str]:
        """The numbers of the photos that were not taken: no form can take them along."""
        rows = self.rows.envelopes(actor)
        return frozenset(r.subject for r in rows if r.kind == PHOTO and r.state is EnvelopeState.REFUSED)

    def refused(self, actor: str) -> list[EnvelopeRow]:
        """What was refused and this person has not seen yet."""
        rows = self.rows.envelopes(actor)
        return [r for r in rows if r.state is EnvelopeState.REFUSED and not r.was_shown]


def _sealed_name(device: UUID, envelope: UUID) -> str:
    return f"device-envelope/{device}/{envelope}"


def _parts_of_content(content: bytes) -> tuple[dict[str, Any], bytes]:
    """u32 length ‖ JSON ‖ bytes of a photo. Raises Malformed."""
    length = int.from_bytes(content[:4], "big")
    if len(content) < 4 or len(content) < 4 + length or length > MAX_FORM_BYTES:
        raise Malformed("device-content")
    try:
        value = json.loads(content[4 : 4 + length])
        if value["v"] == 1 and value["kind"] in (FORM, PHOTO):
            return value, content[4 + length :]
    except (ValueError, KeyError, TypeError):
        pass
    raise Malformed("device-content")


def _uuid_of(value: dict[str, Any], name: str) -> UUID:
    try:
        return UUID(str(value[name]))
    except (KeyError, ValueError):
        raise Malformed("device-content") from None


def _form_in(value: dict[str, Any]) -> WrittenForm:
    values = value.get("values")
    if value.get("form") not in (REPORT, CONCERN) or not isinstance(values, dict):
        raise Malformed("device-content")
    return WrittenForm(
        form=value["form"],
        case=_uuid_of(value, "case"),
        command_id=_uuid_of(value, "command_id"),
        values={
            str(name): [str(one) for one in many] for name, many in values.items() if isinstance(many, list)
        },
    )
