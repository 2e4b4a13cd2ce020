"""The disclosure ledger: who was told what, by whom, on which basis, what was refused and why, and who opened it.

Kept for 守秘義務 (guideline 8; CWA 21-10-2(4), 25-5; APPI 66): a voluntary record beyond what APPI 29 and 30 ask.
Rows are added and never taken back; later rows say what happened later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, bindparam, update
from sqlalchemy import Index as By

from domain.calendar import day_of, end_of
from domain.codes import AUTHOR_ONLY, Section
from domain.events import (
    AbuseNotificationReceived,
    CaseMessage,
    ConsentGiven,
    ConsentRefused,
    ConsentScope,
    ConsentWithdrawn,
    DisclosureReceived,
    DisclosureRefused,
    HeldDisclosureReleased,
    ItemsRewrapped,
    OpeningRefused,
    SectionOpened,
)
from domain.record import Party, Record
from domain.shield import NAMELESS, by_notifier, token_of
from domain.world import World
from projections.projection import View
from projections.rows import METADATA, Lines, text_of
from projections.stored import Stored

DISCLOSURES = Table(
    "disclosures",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("case", String(36), nullable=False),
    Column("message", String(36), nullable=False),
    Column("act", String(64), nullable=False),  # topic of what was done, or of what was refused
    Column("by", String(36), nullable=False),
    Column("to", String(36)),  # null: a refused message of the sender's own file
    Column("section", String(16), nullable=False),
    Column("item", String(36)),  # null: refused, so nothing is kept
    Column("flags", Text, nullable=False),  # space between
    Column("basis", String(64)),
    Column("consent", Text, nullable=False),  # ids, space between
    Column("subject_consent", String(16)),  # what the sender says the person said, beside the basis
    Column("purpose", String(32)),
    Column("outcome", String(16), nullable=False),  # DISCLOSED STANDING HELD RELEASED REFUSED
    Column("reason", String(64)),
    Column("at_fault", String(36)),  # refused: the addressee for whom the rule failed
    Column("fitting", Text, nullable=False),  # refused: bases that would have carried it, space between
    Column("version", Integer, nullable=False),  # of the case
    Column("rules", Integer, nullable=False),  # version of the rule book it was judged by
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
    Column("ask", String(36), nullable=False),
    Column("message", String(36), nullable=False),
    Column("item", String(36), nullable=False),
    Column("section", String(16), nullable=False),
    Column("agency", String(36), nullable=False),
    Column("actor", Text, nullable=False),  # a pseudonymous reference
    Column("purpose", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),  # OPENED REFUSED
    Column("reason", String(64)),
    Column("received", Text),  # OK, or what failed at the reader's door; null while it has not said
    Column("received_at", String(27)),
)
OPENINGS_BY = (
    By("openings_by_case", OPENINGS.c.case, OPENINGS.c.ask),
    By("openings_by_agency", OPENINGS.c.agency),
)
CONSENTS = Table(
    "consents",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("case", String(36), nullable=False),
    Column("consent", String(36)),  # null: a refusal that names nothing in particular
    Column("kind", String(16), nullable=False),  # GIVEN REFUSED WITHDRAWN
    Column("sender", String(36)),
    Column("recipient", String(36)),
    Column("sections", Text, nullable=False),  # space between
    Column("by", String(36), nullable=False),
)
NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("case", String(36), nullable=False),
    Column("message", String(36), nullable=False),
    Column("received_on", String(10), nullable=False),  # the day in Japan: no hour that tells who it was
    Column("token", String(64)),  # stands for the notifier; null where anonymous
    Column("by", String(36)),  # an agency that notified: never told, it is known by its token; else null
)
NOTIFICATIONS_BY_CASE = By("notifications_by_case", NOTIFICATIONS.c.case)
CONSENTS_BY_CASE = By("consents_by_case", CONSENTS.c.case)

_RECEIVED = (
    update(OPENINGS)
    .where(
        OPENINGS.c.case == bindparam("k_case"),
        OPENINGS.c.ask == bindparam("k_ask"),
        OPENINGS.c.agency == bindparam("k_agency"),
        OPENINGS.c.item == bindparam("k_item"),
        OPENINGS.c.received.is_(None),  # what a door said first stands
    )
    .values(received=bindparam("v_received"), received_at=bindparam("v_received_at"))
)

Line = dict[str, Any]


class Ledger(View):
    """Disclosures, openings and consents."""

    name = "ledger"
    tables = (DISCLOSURES, OPENINGS, CONSENTS, NOTIFICATIONS)

    def __init__(self) -> None:
        super().__init__()
        self._disclosures = Lines(DISCLOSURES)
        self._openings = Lines(OPENINGS)
        self._consents = Lines(CONSENTS)
        self._notifications = Lines(NOTIFICATIONS)
        self.lines = [self._disclosures, self._openings, self._consents, self._notifications]
        self._received: list[Line] = []

    def see(self, db: Connection, stored: Stored, world: World | None) -> None:
        record = stored.known
        if world is not None:
            for n, line in enumerate(disclosures(record, world)):
                self._disclosures.add({"position": stored.position, "n": n, **line})
            for n, line in enumerate(consents(record, world)):
                self._consents.add({"position": stored.position, "n": n, **line})
        match record.fact:
            case AbuseNotificationReceived():
                self._notifications.add({"position": stored.position, **_notification(record, record.fact)})
            case SectionOpened() | OpeningRefused():
                self._openings.add({"position": stored.position, **_opening(record, record.fact)})
            case DisclosureReceived():
                self._received.append(_receipt(record, record.fact))
            case _:
                pass

    def flush(self, db: Connection) -> None:
        super().flush(db)
        for receipt in self._received:  # in order, after the openings they speak of
            db.execute(_RECEIVED, receipt)
        self._received.clear()

    def settle(self, *, kept: bool) -> None:
        super().settle(kept=kept)
        self._received.clear()


# --- disclosures ------------------------------------------------------------------------------------------


def disclosures(record: Record, world: World) -> Iterator[Line]:
    """One line for each item and recipient other than the author. ``world``: of the case, after the record."""
    fact = record.fact
    match fact:
        case DisclosureRefused():
            yield from _refused(record, fact)
        case ItemsRewrapped():
            for wrap in fact.wraps:
                yield from _rewrapped(record, world, wrap.item, wrap.to)
        case HeldDisclosureReleased():
            yield from _released(record, fact, world)
        case CaseMessage():
            yield from _told(record, fact)
        case _:
            return


def _line(record: Record, **columns: Any) -> Line:
    """A line with what every line has; a column not named here is empty."""
    return {
        "at": text_of(record.at),
        "case": str(record.originator.id),
        "message": str(record.ask_id),
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


def _claim(fact: CaseMessage, to: Party) -> Line:
    """On what a message rests towards this recipient."""
    said = getattr(fact, "subject_consent", None)
    return {
        "basis": fact.basis.get(to) if isinstance(to, UUID) else None,
        "consent": _words(fact.consent),
        "subject_consent": None if said is None else said.value,
        "purpose": fact.purpose.value,
        "reason": fact.reason,
    }


def _notification(record: Record, fact: AbuseNotificationReceived) -> Line:
    """What an auditor sees of a notification. Basis: CAPA 7: a token and the day."""
    return {
        "at": text_of(end_of(day_of(record.at))),
        "case": str(record.originator.id),
        "message": str(record.ask_id),
        "received_on": day_of(fact.received_at).isoformat(),
        "token": fact.notifier_token,
        "by": str(record.by) if by_notifier(fact) else None,
    }


def _sender(record: Record, fact: CaseMessage) -> str:
    """Who told it; an agency that notified stands under its token. Basis: CAPA 7."""
    return token_of(fact) if by_notifier(fact) else str(record.by)


def _told(record: Record, fact: CaseMessage) -> Iterator[Line]:
    """To addressees, and to those for whom a key was made by standing access (V3, V4)."""
    for item in fact.items:
        if item.section in AUTHOR_ONLY:
            continue
        for to in sorted((fact.to | item.keyed) - {record.by}):
            outcome = ("HELD" if to in fact.held else "DISCLOSED") if to in fact.to else "STANDING"
            yield _line(
                record,
                to=str(to),
                section=item.section.value,
                item=str(item.item),
                flags=_words(item.flags),
                outcome=outcome,
                **_claim(fact, to),
                by=_sender(record, fact),
            )


def _released(record: Record, fact: HeldDisclosureReleased, world: World) -> Iterator[Line]:
    """What waited goes now, on the basis that it claimed when it was sent."""
    waited = world.case.messages[fact.releases]
    for item in waited.items:
        if item.section in AUTHOR_ONLY:
            continue
        for to in sorted(fact.to):
            yield _line(
                record,
                message=str(waited.id),
                to=str(to),
                section=item.section.value,
                item=str(item.item),
                flags=_words(item.flags),
                outcome="RELEASED",
                **_claim(waited.fact, to),
            )


def _rewrapped(record: Record, world: World, item: UUID, to: Party) -> Iterator[Line]:
    """A key made later for a standing reader (V4), or for the audit office (V10)."""
    found = world.case.item(item)
    if found is not None:
        message, sealed = found
        yield _line(
            record,
            message=str(message.id),
            to=str(to),
            section=sealed.section.value,
            item=str(item),
            flags=_words(sealed.flags),
            outcome="STANDING",
            **_claim(message.fact, to),
        )


def _refused(record: Record, fact: DisclosureRefused) -> Iterator[Line]:
    recipients: Iterable[UUID | None] = sorted(fact.to) or (None,)
    for to in recipients:
        for section in sorted(fact.sections):
            yield _line(
                record,
                by=NAMELESS if fact.act == AbuseNotificationReceived.TOPIC else str(record.by),
                act=fact.act,
                to=None if to is None else str(to),
                section=section.value,
                basis=None if to is None else fact.basis.get(to),
                outcome="REFUSED",
                reason=fact.reason,
                at_fault=None if fact.at_fault is None else str(fact.at_fault),
                fitting=_words(fact.fitting),
            )


# --- openings and consents --------------------------------------------------------------------------------------


def _opening(record: Record, fact: SectionOpened | OpeningRefused) -> Line:
    return {
        "at": text_of(record.at),
        "case": str(record.about.id),
        "ask": str(record.ask_id),
        "message": str(fact.message),
        "item": str(fact.item),
        "section": fact.section.value,
        "agency": str(record.by),
        "actor": record.actor,
        "purpose": fact.purpose.value,
        "outcome": "REFUSED" if isinstance(fact, OpeningRefused) else "OPENED",
        "reason": fact.reason if isinstance(fact, OpeningRefused) else None,
        "received": None,
        "received_at": None,
    }


def _receipt(record: Record, fact: DisclosureReceived) -> Line:
    return {
        "k_case": str(record.about.id),
        "k_ask": str(fact.opening),
        "k_agency": str(record.by),
        "k_item": str(fact.item),
        "v_received": "OK" if fact.ok else (fact.flaw or "FLAWED"),
        "v_received_at": text_of(record.at),
    }


def consents(record: Record, world: World) -> Iterator[Line]:
    """One line for each row of the scope that was given, refused or withdrawn."""
    fact = record.fact
    match fact:
        case ConsentGiven():
            kind, scope = "GIVEN", fact.scope
        case ConsentRefused():
            kind, scope = "REFUSED", fact.asked_for
        case ConsentWithdrawn():
            kind, scope = "WITHDRAWN", _scopes(fact.consent, world)
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
            "sections": _words(row.sections),
        }
    if not scope:
        yield {**base, "consent": None, "sender": None, "recipient": None, "sections": ""}


def _scopes(ids: Iterable[UUID], world: World) -> tuple[ConsentScope, ...]:
    known = world.case.consents
    return tuple(row for id in sorted(ids) if id in known for row in known[id].scope)


def _words(values: Iterable[Section | Any]) -> str:
    """Codes or ids in one text, sorted, a space between."""
    return " ".join(sorted(str(value) for value in values))
