"""The disclosure ledger: what was disclosed to whom, by whom, on which basis; refusals and reasons; and who opened it.

Kept for 守秘義務 (guideline 8; CWA 21-10-2(4), 25-5; APPI 66): a voluntary record beyond what APPI 29 and 30 ask.
Rows are only added; what happens later is in later rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, bindparam, update
from sqlalchemy import Index as By

from domain import events as e
from domain.calendar import day_of, end_of
from domain.codes import AUTHOR_ONLY, Section
from domain.notifier_protection import NAMELESS, by_notifier, token_of
from domain.record import Party, Record
from domain.world import World
from projections.projection import Projection
from projections.rows import METADATA, AppendOnlyRows, text_of
from projections.stream_record import StreamRecord

DISCLOSURES = Table(
    "disclosures",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("case", String(36), nullable=False),
    Column("message", String(36), nullable=False),
    Column("act", String(64), nullable=False),  # topic of the event, or of the one that was refused
    Column("by", String(36), nullable=False),
    Column("to", String(36)),  # null: a refused message without recipients
    Column("section", String(16), nullable=False),
    Column("item", String(36)),  # null: refused, so there is no item
    Column("flags", Text, nullable=False),  # separated by spaces
    Column("basis", String(64)),
    Column("consent", Text, nullable=False),  # ids, separated by spaces
    Column("subject_consent", String(16)),  # as stated by the sender, in addition to the basis
    Column("purpose", String(32)),
    Column("outcome", String(16), nullable=False),  # DISCLOSED STANDING HELD RELEASED REFUSED
    Column("reason", String(64)),
    Column("at_fault", String(36)),  # refused: the addressee for whom the rule failed
    Column(
        "fitting", Text, nullable=False
    ),  # refused: bases that would have permitted it, separated by spaces
    Column("version", Integer, nullable=False),  # of the case
    Column("rules", Integer, nullable=False),  # version of the rule book by which it was decided
)
DISCLOSURES_BY = (
    By("disclosures_by_case", DISCLOSURES.c.case),
    By("disclosures_by_sender", DISCLOSURES.c.by),
    By("disclosures_by_recipient", DISCLOSURES.c.to),
)
OPENINGS = Table(
    "openings",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("case", String(36), nullable=False),
    Column("command_id", String(36), nullable=False),
    Column("message", String(36), nullable=False),
    Column("item", String(36), nullable=False),
    Column("section", String(16), nullable=False),
    Column("agency", String(36), nullable=False),
    Column("actor", Text, nullable=False),  # a pseudonymous reference
    Column("purpose", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),  # OPENED REFUSED
    Column("reason", String(64)),
    Column("received", Text),  # OK, or the error at the reader's door; null until it reports
    Column("received_at", String(27)),
)
OPENINGS_BY = (
    By("openings_by_case", OPENINGS.c.case, OPENINGS.c.command_id),
    By("openings_by_agency", OPENINGS.c.agency),
)
CONSENTS = Table(
    "consents",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("case", String(36), nullable=False),
    Column("consent", String(36)),  # null: a refusal without a scope
    Column("kind", String(16), nullable=False),  # GIVEN REFUSED WITHDRAWN
    Column("sender", String(36)),
    Column("recipient", String(36)),
    Column("sections", Text, nullable=False),  # separated by spaces
    Column("by", String(36), nullable=False),
)
NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("case", String(36), nullable=False),
    Column("message", String(36), nullable=False),
    Column("received_on", String(10), nullable=False),  # the day in Japan: an hour could reveal the notifier
    Column("token", String(64)),  # shown instead of the notifier; null where anonymous
    Column("by", String(36)),  # an agency that notified, never shown: its token is; else null
)
NOTIFICATIONS_BY_CASE = By("notifications_by_case", NOTIFICATIONS.c.case)
CONSENTS_BY_CASE = By("consents_by_case", CONSENTS.c.case)

_UPDATE_RECEIVED = (
    update(OPENINGS)
    .where(
        OPENINGS.c.case == bindparam("k_case"),
        OPENINGS.c.command_id == bindparam("k_command_id"),
        OPENINGS.c.agency == bindparam("k_agency"),
        OPENINGS.c.item == bindparam("k_item"),
        OPENINGS.c.received.is_(None),  # a door's first report counts
    )
    .values(received=bindparam("v_received"), received_at=bindparam("v_received_at"))
)

LedgerEntry = dict[str, Any]


class Ledger(Projection):
    """Disclosures, openings and consents."""

    name = "ledger"
    tables = (DISCLOSURES, OPENINGS, CONSENTS, NOTIFICATIONS)

    def __init__(self) -> None:
        super().__init__()
        self._disclosures = AppendOnlyRows(DISCLOSURES)
        self._openings = AppendOnlyRows(OPENINGS)
        self._consents = AppendOnlyRows(CONSENTS)
        self._notifications = AppendOnlyRows(NOTIFICATIONS)
        self.append_only_tables = [self._disclosures, self._openings, self._consents, self._notifications]
        self._receipt_updates: list[LedgerEntry] = []

    def apply(self, db: Connection, stream_record: StreamRecord, world: World | None) -> None:
        record = stream_record.known
        if world is not None:
            for n, entry in enumerate(disclosures(record, world)):
                self._disclosures.add({"position": stream_record.position, "n": n, **entry})
            for n, entry in enumerate(consents(record, world)):
                self._consents.add({"position": stream_record.position, "n": n, **entry})
        match record.event:
            case e.AbuseNotificationReceived() | e.StaffAbuseReported():
                self._notifications.add(
                    {"position": stream_record.position, **_notification_entry(record, record.event)}
                )
            case e.SectionOpened() | e.OpeningRefused():
                self._openings.add(
                    {"position": stream_record.position, **_opening_entry(record, record.event)}
                )
            case e.DisclosureReceived():
                self._receipt_updates.append(_receipt_update(record, record.event))
            case _:
                pass

    def flush(self, db: Connection) -> None:
        super().flush(db)
        for receipt in self._receipt_updates:  # in order, after the openings they refer to
            db.execute(_UPDATE_RECEIVED, receipt)
        self._receipt_updates.clear()

    def committed_or_rolled_back(self, *, committed: bool) -> None:
        super().committed_or_rolled_back(committed=committed)
        self._receipt_updates.clear()


# --- disclosures ------------------------------------------------------------------------------------------


def disclosures(record: Record, world: World) -> Iterator[LedgerEntry]:
    """One entry for each item and recipient other than the author. ``world``: of the case, after the record."""
    event = record.event
    match event:
        case e.DisclosureRefused():
            yield from _refused_entries(record, event)
        case e.ItemsRewrapped():
            for wrapped_key in event.wrapped_keys:
                yield from _rewrapped_entries(record, world, wrapped_key.item, wrapped_key.to)
        case e.HeldDisclosureReleased():
            yield from _released_entries(record, event, world)
        case e.CaseMessage():
            yield from _disclosed_entries(record, event)
        case _:
            return


def _entry(record: Record, **columns: Any) -> LedgerEntry:
    """An entry with the columns of this record; a column that is not given is empty."""
    return {
        "at": text_of(record.at),
        "case": str(record.originator.id),
        "message": str(record.command_id),
        "act": record.topic,
        "by": str(record.by),
        "item": None,
        "flags": "",
        "basis": None,
        "consent": "",
        "subject_consent": None,
        "purpose": None,
        "reason": None,
        "at_fault": None,
        "fitting": "",
        "version": record.version,
        "rules": record.rules,
    } | columns


def _legal_basis(event: e.CaseMessage, to: Party) -> LedgerEntry:
    """The basis of a message for this recipient."""
    stated_consent = getattr(event, "subject_consent", None)
    return {
        "basis": event.basis.get(to) if isinstance(to, UUID) else None,
        "consent": _space_joined(event.consent),
        "subject_consent": None if stated_consent is None else stated_consent.value,
        "purpose": event.purpose.value,
        "reason": event.reason,
    }


def _notification_entry(
    record: Record, event: e.AbuseNotificationReceived | e.StaffAbuseReported
) -> LedgerEntry:
    """What an auditor sees of a notification. Basis: CAPA 7: a token and the day."""
    return {
        "at": text_of(end_of(day_of(record.at))),
        "case": str(record.originator.id),
        "message": str(record.command_id),
        "received_on": day_of(event.received_at).isoformat(),
        "token": event.notifier_token,
        "by": str(record.by) if by_notifier(event) else None,
    }


def _sender_name(record: Record, event: e.CaseMessage) -> str:
    """The sender; for an agency that notified its token. Basis: CAPA 7."""
    return token_of(event) if by_notifier(event) else str(record.by)


def _disclosed_entries(record: Record, event: e.CaseMessage) -> Iterator[LedgerEntry]:
    """To addressees, and to agencies that got a key by standing access (V3, V4)."""
    for item in event.items:
        if item.section in AUTHOR_ONLY:
            continue
        for to in sorted((event.to | item.keyed) - {record.by}):
            outcome = ("HELD" if to in event.held else "DISCLOSED") if to in event.to else "STANDING"
            yield _entry(
                record,
                to=str(to),
                section=item.section.value,
                item=str(item.item),
                flags=_space_joined(item.flags),
                outcome=outcome,
                **_legal_basis(event, to),
                by=_sender_name(record, event),
            )


def _released_entries(record: Record, event: e.HeldDisclosureReleased, world: World) -> Iterator[LedgerEntry]:
    """Held items, released on the basis that was claimed when they were sent."""
    held_message = world.case.messages[event.releases]
    for item in held_message.items:
        if item.section in AUTHOR_ONLY:
            continue
        for to in sorted(event.to):
            yield _entry(
                record,
                message=str(held_message.id),
                to=str(to),
                section=item.section.value,
                item=str(item.item),
                flags=_space_joined(item.flags),
                outcome="RELEASED",
                **_legal_basis(held_message.event, to),
            )


def _rewrapped_entries(record: Record, world: World, item: UUID, to: Party) -> Iterator[LedgerEntry]:
    """A key made later for a standing reader (V4), or for the audit office (V10)."""
    located = world.case.item(item)
    if located is not None:
        message, sealed = located
        yield _entry(
            record,
            message=str(message.id),
            to=str(to),
            section=sealed.section.value,
            item=str(item),
            flags=_space_joined(sealed.flags),
            outcome="STANDING",
            **_legal_basis(message.event, to),
        )


def _refused_entries(record: Record, event: e.DisclosureRefused) -> Iterator[LedgerEntry]:
    recipients: Iterable[UUID | None] = sorted(event.to) or (None,)
    for to in recipients:
        for section in sorted(event.sections):
            yield _entry(
                record,
                by=NAMELESS if event.act in {n.TOPIC for n in e.NOTIFICATIONS} else str(record.by),
                act=event.act,
                to=None if to is None else str(to),
                section=section.value,
                basis=None if to is None else event.basis.get(to),
                outcome="REFUSED",
                reason=event.reason,
                at_fault=None if event.at_fault is None else str(event.at_fault),
                fitting=_space_joined(event.fitting),
            )


# --- openings and consents --------------------------------------------------------------------------------------


def _opening_entry(record: Record, event: e.SectionOpened | e.OpeningRefused) -> LedgerEntry:
    return {
        "at": text_of(record.at),
        "case": str(record.about.id),
        "command_id": str(record.command_id),
        "message": str(event.message),
        "item": str(event.item),
        "section": event.section.value,
        "agency": str(record.by),
        "actor": record.actor,
        "purpose": event.purpose.value,
        "outcome": "REFUSED" if isinstance(event, e.OpeningRefused) else "OPENED",
        "reason": event.reason if isinstance(event, e.OpeningRefused) else None,
        "received": None,
        "received_at": None,
    }


def _receipt_update(record: Record, event: e.DisclosureReceived) -> LedgerEntry:
    return {
        "k_case": str(record.about.id),
        "k_command_id": str(event.opening),
        "k_agency": str(record.by),
        "k_item": str(event.item),
        "v_received": "OK" if event.ok else (event.error_code or "FLAWED"),
        "v_received_at": text_of(record.at),
    }


def consents(record: Record, world: World) -> Iterator[LedgerEntry]:
    """One entry for each row of the scope that was given, refused or withdrawn."""
    event = record.event
    match event:
        case e.ConsentGiven():
            kind, scope = "GIVEN", event.scope
        case e.ConsentRefused():
            kind, scope = "REFUSED", event.requested_scope
        case e.ConsentWithdrawn():
            kind, scope = "WITHDRAWN", _scope_rows(event.consent, world)
        case _:
            return
    base = {
        "at": text_of(record.at), "case": str(record.originator.id), "kind": kind, "by": str(record.by)
    }  # fmt: skip
    for row in scope:
        yield {
            **base,
            "consent": str(row.consent),
            "sender": str(row.sender),
            "recipient": str(row.recipient),
            "sections": _space_joined(row.sections),
        }
    if not scope:
        yield {**base, "consent": None, "sender": None, "recipient": None, "sections": ""}


def _scope_rows(ids: Iterable[UUID], world: World) -> tuple[e.ConsentScope, ...]:
    known = world.case.consents
    return tuple(row for id in sorted(ids) if id in known for row in known[id].scope)


def _space_joined(values: Iterable[Section | Any]) -> str:
    """Codes or ids in one text, sorted and separated by spaces."""
    return " ".join(sorted(str(value) for value in values))
