"""Verifying one record after the other: does it follow from its signed command, the rules in force and the records before?

It needs nothing but the records in order: of a bundle, of the live stream, of one case. Source: architecture §4; KH-1 §8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from domain import events as e
from domain.case import Case
from domain.decide import decide
from domain.due import DueEvent, next_due, next_due_of_case
from domain.editions import under_edition
from domain.errors import ExchangeError, Untrusted
from domain.originator import Originator
from domain.record import AUDIT, HUB, REGISTRARS, About, Command, Record, hub_command_id
from domain.register import Agency, Register
from domain.world import World, empty_world, other_case_named_in, rests_on
from gateway.verifier.record_parser import command_of, record_json
from keys.command import READ_AHEAD, WRITE_AHEAD, CommandPayload
from keys.frame import COMMAND, Frame, parse_frame, verify
from keys.genesis import Genesis, verify_genesis
from keys.keyset import verify_key_set, verify_registrars_act
from keys.lp import ZEROS
from keys.signing import SignatureKind, SignaturePublic
from keys.stored_record import StoredRecord

PUBLIC_KEY_CACHE_SIZE = 4096
MAX_ALARM_DELAY = timedelta(hours=1)
"""An alarm overdue by more than this when another record is made was withheld: a hub records what is due first."""
MAX_CLOCK_STEP_BACK = timedelta(days=1)
"""How far a hub's clock may go back between two records of different originators."""


@dataclass(frozen=True)
class RecordFault:
    """What is wrong with one record. ``detail``: the parts that differ; empty where the code says it all."""

    code: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


class Judge:
    """The state before the next record, and counts. ``unreadable``: originators whose control was destroyed, with version
    and position of their last record; set by the caller that reads the complete stream. ``edition``: of the rules, as of
    the last record; each record is verified by the rules of its own edition. ``all_cases``: the records of every case are
    among those that are verified."""

    def __init__(self, genesis: Genesis, *, all_cases: bool = False) -> None:
        self._pinned_genesis = genesis
        self._all_cases = all_cases
        self._mandate_by_originator: dict[UUID, int] = {}
        self._worlds: dict[UUID, World] = {}
        self.register = Register()
        self.edition = 1
        self._edition_since: datetime | None = None
        self._newest_at: datetime | None = None
        self.unreadable: dict[UUID, tuple[int, int]] = {}
        self.records = self.signatures = self.decisions = self.hub_acts = 0

    def judge(self, stored: StoredRecord) -> RecordFault | None:
        """Verify one record after those before it (of the register and its case): its first fault, or None. The record is
        folded into the state in any case, so that the next ones can be verified."""
        fault = self._first_fault(stored)
        self.fold(stored.record)
        return fault

    def _first_fault(self, stored: StoredRecord) -> RecordFault | None:
        try:
            difference = self.check(stored)
        except ExchangeError as error:
            return RecordFault(error.error_code)
        if difference is not None:
            return RecordFault("decision-differs", difference)
        if self.is_of_earlier_edition(stored.record):
            return RecordFault("edition-decreased")
        return RecordFault("hub-act-withheld") if self.alarm_was_withheld(stored.record) else None

    def check(self, stored: StoredRecord) -> str | None:
        """The parts in which a new decision differs from the record, or None. Raises Untrusted or Malformed for a record
        that is invalid by itself. The state does not change (see ``fold``)."""
        self.records += 1
        self._check_time_order(stored.record)
        expected = self._redecide(stored)
        self._check_mandate(stored)
        same = expected == stored.record or record_json(expected) == record_json(stored.record)
        return None if same else _difference(expected, stored.record)

    def is_of_earlier_edition(self, record: Record) -> bool:
        """True if the record was decided under older rules than a record before it."""
        return record.edition < self.edition

    def alarm_was_withheld(self, record: Record) -> bool:
        """True if an alarm of the case was long overdue when this record was made, and the hub had not recorded it."""
        if record.about.kind is not e.Kind.CASE or record.by == HUB:
            return False
        return self._has_withheld_alarm(self._world(record), record.at)

    def withheld_alarms(self, now: datetime) -> Iterator[About]:
        """The originators of which an act of the clock was long overdue when the last record was made, at ``now``."""
        for case, world in self._worlds.items():
            if self._has_withheld_alarm(replace(world, register=self.register, edition=self.edition), now):
                yield About(e.Kind.CASE, case)
        register = self.register
        with under_edition(self.edition):
            due = next_due(register, now - MAX_ALARM_DELAY)
        if due is not None:
            on = register.find(due.about.kind, due.about.id)
            registers = (register.rules, register.networks, register.commissions)
            known = [
                on,
                *(one for register_part in registers for one in register_part.values()),
            ]  # the originators by which it may have become due
            times = (self._edition_since, *(o.last_at for o in known if o is not None))
            if all(at is None or at + MAX_ALARM_DELAY < now for at in times):
                yield due.about

    def fold(self, record: Record) -> None:
        """Fold the record into the state."""
        self._newest_at = max(record.at, self._newest_at or record.at)
        if record.edition != self.edition:
            self.edition, self._edition_since = record.edition, self._newest_at
        if record.originator.kind in (e.Kind.CASE, e.Kind.CASE_ACCESS):
            self._worlds[record.about.id] = self._world(record).after(record)
        else:
            self.register = self.register.with_record(record)

    def section_of(self, record: Record, payload: CommandPayload, item: UUID) -> str:
        """The section of an item that a command names, its own or one of the case. Raises Untrusted."""
        for envelope in payload.items:
            if envelope.item == item:
                return envelope.section
        existing = self._world(record).case.item(item)
        if existing is None:
            raise Untrusted("wrapped-key-of-unknown-item")
        return existing[1].section

    def _check_mandate(self, stored: StoredRecord) -> None:
        """Control is under the key of the mandate in force, which the originator's first record in that mandate carries."""
        on, epoch = stored.record.originator.id, stored.opened.epoch
        if epoch != self.register.mandate:
            raise Untrusted("other-mandate")
        if (stored.opened.audit_wrapped_key is not None) != (self._mandate_by_originator.get(on, 0) < epoch):
            raise Untrusted("audit-wrapped-key")
        self._mandate_by_originator[on] = epoch

    def _check_time_order(self, record: Record) -> None:
        last = self._originator(record).last_at
        if last is not None and record.at < last:
            raise Untrusted("time-decreased")

    def _redecide(self, stored: StoredRecord) -> Record:
        record = stored.record
        if isinstance(record.event, e.HubFounded):
            return self._expected_genesis(stored)
        if record.frame is None:
            return self._redecide_hub_event(record)
        frame = parse_frame(stored.frame)
        if frame.digest != record.frame:
            raise Untrusted("frame-digest-differs")
        payload = stored.payload
        if payload is None:
            raise Untrusted("no-frame")
        command = command_of(payload, frame.digest)
        self._verify_signature(command, payload, frame)
        self.signatures += 1
        self._check_envelope(command, record)
        self._check_validity_window(command, payload, record)
        world = self._world(record)
        other = other_case_named_in(command.proposed_event)
        if other is not None:
            world = replace(world, other=self._other_case(other, record))
        [event] = decide(world, command, now=record.at)
        self.decisions += 1
        return replace(
            record,
            version=self._originator(record).version + 1,
            rests_on=rests_on(world, command),
            rules=world.rules.version,
            event=event,
        )

    def _expected_genesis(self, stored: StoredRecord) -> Record:
        frame = parse_frame(stored.frame)
        genesis = verify_genesis(frame, hub=self._pinned_genesis.hub)
        if self.records != 1:
            raise Untrusted("genesis-not-first")
        about = About(e.Kind.LOG, genesis.log_id)
        return replace(
            stored.record,
            originator=about,
            about=about,
            by=REGISTRARS,
            command_id=genesis.log_id,
            frame=frame.digest,
            rests_on=(),
            rules=0,
            event=e.HubFounded(mode=genesis.mode),
        )

    def _redecide_hub_event(self, record: Record) -> Record:
        """An act of the hub itself is the next act of the clock."""
        if record.by != HUB:
            raise Untrusted("no-frame")
        due = self._expected_due(record)
        if due is None or due.at > record.at or due.about != record.about or due.event != record.event:
            raise Untrusted("hub-act-not-due")
        self.hub_acts += 1
        existing = self._originator(record)
        version = existing.version + 1
        return replace(
            record,
            version=version,
            at=due.at if existing.last_at is None else max(due.at, existing.last_at),
            command_id=hub_command_id(record.about.id, version),
            rests_on=(),
            rules=self._world(record).rules.version,
            event=due.event,
        )

    def _expected_due(self, record: Record) -> DueEvent | None:
        """The next act of the clock at this originator."""
        if isinstance(record.event, e.JoinedCaseChanged):
            return self._expected_share(record, record.event)
        if isinstance(record.event, e.JoinedCaseInformed):
            return self._expected_end_of_share(record, record.event)
        if record.originator.kind is e.Kind.CASE:
            return next_due_of_case(self._world(record))
        if isinstance(record.event, e.KeyDestroyed | e.ControlDestroyed):
            if (
                record.event.scope in self.unreadable
            ):  # the records by which it became due can't be read any more
                generation_follows = record.event.generation == self.register.generation + 1
                return DueEvent(record.at, record.about, record.event) if generation_follows else None
            case = self._worlds.get(record.event.scope)
            case = None if case is None else replace(case, register=self.register, edition=record.edition)
            return None if case is None else next_due_of_case(case)
        if isinstance(record.event, e.WorkerAssignmentRecorded):
            return self._expected_roll_entry(record, record.event)
        with under_edition(record.edition):
            return next_due(self.register, record.at)

    def _expected_share(self, record: Record, event: e.JoinedCaseChanged) -> DueEvent | None:
        """What is due of the case from which it comes; what was recorded, where that case's records are not here."""
        source = self._worlds.get(event.source)
        if source is not None:
            return next_due_of_case(replace(source, register=self.register, edition=record.edition))
        return DueEvent(record.at, record.about, event) if self._is_absent(event.source) else None

    def _expected_end_of_share(self, record: Record, event: e.JoinedCaseInformed) -> DueEvent | None:
        """It is due no more, once the other case has it."""
        due, other = next_due_of_case(self._world(record)), self._worlds.get(event.other)
        if due is None or not isinstance(due.event, e.JoinedCaseChanged) or due.about.id != event.other:
            return None
        shares = due.event.shares
        if other is None and not self._is_absent(event.other):
            return None
        if other is not None and other.case.shares_received.get(record.about.id, {}) != shares:
            return None
        return DueEvent(due.at, record.about, e.JoinedCaseInformed(other=event.other, shares=shares))

    def _other_case(self, id: UUID, record: Record) -> Case | None:
        """The other case that a command names. One whose records are not here is as the record says that it was."""
        known = self._worlds.get(id)
        if known is not None or not self._is_absent(id):
            return None if known is None else known.case
        versions = [v for kind, one, v in record.rests_on if (kind, one) == (e.Kind.CASE, id)]
        core = record.by if isinstance(record.by, UUID) else None
        return Case(id=id, version=versions[0], core=core) if versions else None

    def _is_absent(self, case: UUID) -> bool:
        """Whether the records of a case that has none here may exist."""
        return not self._all_cases or case in self.unreadable

    def _expected_roll_entry(self, record: Record, event: e.WorkerAssignmentRecorded) -> DueEvent | None:
        """What a case owes the roll. Of a case whose records are not among those that are verified, or can't be read any
        more, the entry is taken as it stands: it gives nobody anything to open."""
        case = self._worlds.get(event.case)
        if case is not None:
            return next_due_of_case(replace(case, register=self.register, edition=record.edition))
        known = not self._all_cases or event.case in self.unreadable
        return DueEvent(record.at, record.about, event) if known else None

    def _verify_signature(self, command: Command, payload: CommandPayload, frame: Frame) -> None:
        agency = self.register.agencies.get(command.by) if isinstance(command.by, UUID) else None
        if isinstance(command.proposed_event, e.KeySetPublished):
            in_force = None if agency is None or agency.revoked else _public_key(agency)
            verify_key_set(frame, in_force=in_force, registrars=self._pinned_genesis.reg)
            expected = ZEROS if agency is None or agency.revoked else agency.keyset
        elif command.by == REGISTRARS:
            verify_registrars_act(frame, self._pinned_genesis.reg)
            expected = ZEROS
        elif command.by == AUDIT:
            verify(COMMAND, frame, [self._pinned_genesis.audit_sig])
            expected = ZEROS
        elif agency is None:
            raise Untrusted("unknown-sender")
        else:
            verify(COMMAND, frame, [_public_key(agency)])
            expected = None if agency.revoked else agency.keyset
        if payload.keyset != expected or payload.hub != self._pinned_genesis.hub:
            raise Untrusted("key-set-not-in-force")

    def _check_envelope(self, command: Command, record: Record) -> None:
        envelope = (command.about, command.by, command.command_id)
        if envelope != (record.about, record.by, record.command_id):
            raise Untrusted("envelope-differs")
        if (record.by, record.command_id) in self._originator(record).commands_seen:
            raise Untrusted("command-answered-twice")

    def _check_validity_window(self, command: Command, payload: CommandPayload, record: Record) -> None:
        """It was recorded within its validity, and after the records for which its sender has receipts.

        Source: architecture §3 (3), §7.
        """
        world, originator = self._world(record), self._originator(record)
        ahead = READ_AHEAD if isinstance(command.proposed_event, e.AccessEvent) else WRITE_AHEAD
        # a record is never earlier than the one before it, and may be as late
        past_validity = record.at > payload.not_after and record.at != originator.last_at
        if past_validity or payload.not_after > record.at + ahead:
            raise Untrusted("outside-validity")
        basis = (world.rules, *(self.register.find(kind, id) for kind, id, _ in record.rests_on))
        if any(
            o is not None and o.last_at is not None and record.at + MAX_CLOCK_STEP_BACK < o.last_at
            for o in basis
        ):
            raise Untrusted("rests-on-later")
        case_originators = (world.case, world.access) if command.about.kind is e.Kind.CASE else (originator,)
        if payload.prev != ZEROS and not any(
            p.has_payload(command.by, payload.prev) for p in case_originators
        ):
            raise Untrusted("prev-not-recorded")

    def _has_withheld_alarm(self, world: World, now: datetime) -> bool:
        due = next_due_of_case(world)
        if due is None or not isinstance(due.event, e.CaseAlarm | e.JoinedCaseChanged):
            return False
        # it became due with the last of these
        known = (due.at, world.case.last_at, world.rules.last_at, self._edition_since)
        return max(at for at in known if at is not None) + MAX_ALARM_DELAY < now

    def _world(self, record: Record) -> World:
        """What it is judged on, by the rules of its edition."""
        is_case = record.about.kind is e.Kind.CASE
        known = self._worlds.get(record.about.id) if is_case else None
        world = known or empty_world(self.register, record.about.id)
        return replace(world, register=self.register, edition=record.edition)

    def _originator(self, record: Record) -> Originator:
        world = self._world(record)
        match record.originator.kind:
            case e.Kind.CASE:
                return world.case
            case e.Kind.CASE_ACCESS:
                return world.access
            case kind:
                return self.register.find(kind, record.originator.id) or Originator(id=record.originator.id)


def _public_key(agency: Agency) -> SignaturePublic:
    return _parsed_public_key(tuple(agency.sig.items()))


@lru_cache(maxsize=PUBLIC_KEY_CACHE_SIZE)
def _parsed_public_key(key: tuple[tuple[str, str], ...]) -> SignaturePublic:
    """Cached: parsing a key costs more than verifying with it."""
    return SignaturePublic.from_json(SignatureKind.SIG, dict(key))


def _difference(expected: Record, existing: Record) -> str:
    """The names of the parts that differ, without their values."""
    names = ("version", "at", "rests_on", "rules")
    parts = [n for n in names if getattr(expected, n) != getattr(existing, n)]
    if type(expected.event) is not type(existing.event):
        parts.append(f"{existing.topic} instead of {expected.topic}")
    elif expected.event != existing.event:
        parts += [
            f"fields.{n}"
            for n in expected.event.__dict__
            if _field(expected.event, n) != _field(existing.event, n)
        ]
    return ", ".join(parts) or "form"


def _field(event: e.Event, name: str) -> Any:
    return getattr(event, name)
