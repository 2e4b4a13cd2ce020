"""Who may open what: rules V1–V11, and who gets a key when something is written.

The rules, shortly (V6–V8 come before V1–V4):

V1 an agency sees what it wrote · V2 an addressee sees what the message carries · V3 the responsible core
agency sees its own case file · V4 the coordinating agency sees, from registration on, the standing
sections of that file, but no copies going out · V5 NOTIFIER and ADDR: author and addressees only ·
V6 a contractor sees nothing unless it and every visitor is ready · V7 suspended: held messages wait ·
V8 closing or unassignment empties its view · V9 what rested on a withdrawn consent is gone for all but
its author; a copy that rests on law is kept, and so is standing access derived from one · V10 the auditor opens
nothing but what two officials approved, item by item · V11 the offices of a town where some of the family stay see,
while they do, the plan, the dangers and the basics of who stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.case import APPROVERS, Case, Consent, Message
from domain.case_offices import offices_of_stay
from domain.children import children_named_in
from domain.codes import AUTHOR_ONLY, Section
from domain.editions import since_edition
from domain.events import AS_OTHER_SERVICE, OUTGOING_COPIES, AbuseNotificationReceived, CaseMessage, Item
from domain.readiness import Readiness, own_visitor_unready, readiness, worker_ready
from domain.reasons import Reason
from domain.record import AUDIT, Party
from domain.register import Register

NO_STANDING_ACCESS = frozenset({Section.NOTIFIER, Section.ADDR})
"""V5: never by standing access."""

NOT_READY: Mapping[Readiness, Reason] = {
    Readiness.SUSPENDED: Reason.CONTRACTOR_SUSPENDED,
    Readiness.NOT_COMMISSIONED: Reason.CONTRACTOR_NOT_COMMISSIONED,
    Readiness.NOT_ASSIGNED: Reason.CONTRACTOR_NOT_ASSIGNED,
    Readiness.NOT_READY: Reason.CONTRACTOR_NOT_READY,
    Readiness.CASE_CLOSED: Reason.CASE_CLOSED,
}


def _notifies_as_contractor(register: Register, event: CaseMessage, agency: UUID) -> bool:
    """In edition 1 a contractor notified as the case's contractor, or not at all."""
    other_service = isinstance(event, AS_OTHER_SERVICE) and not isinstance(event, AbuseNotificationReceived)
    return register.is_contractor(agency) and not other_service


@since_edition(2, before=_notifies_as_contractor)
def as_contractor(register: Register, event: CaseMessage, agency: UUID) -> bool:
    """Whether this agency gets or writes this message as the case's contractor (V6–V8 apply). A notification is
    everybody's duty, so nobody gives one as a contractor. Basis: CAPA 6(1); CWA 25(1)."""
    return register.is_contractor(agency) and not isinstance(event, AS_OTHER_SERVICE)


def standing_readers(
    register: Register, case: Case, by: UUID, event: CaseMessage, item: Item, rule_book: Mapping[str, Any]
) -> frozenset[UUID]:
    """Who reads this item by standing rule, besides author and addressees (V3, V4, V5), or in an emergency."""
    return frozenset(claim.reader for claim in standing_claims(register, case, by, event, item, rule_book))


@dataclass(frozen=True)
class StandingClaim:
    """That an agency reads an item by standing rule: derived from whose copy (the author's own, or that of an addressee),
    and since when; None for what is of its own moment: an emergency, a stay elsewhere."""

    reader: UUID
    source: UUID
    since: datetime | None


def standing_claims(
    register: Register, case: Case, by: UUID, event: CaseMessage, item: Item, rule_book: Mapping[str, Any]
) -> Iterator[StandingClaim]:
    """Every standing claim to this item (V3, V4, V5), and those of emergencies."""
    if item.judged_as & (NO_STANDING_ACCESS | AUTHOR_ONLY) or case.core is None:
        return
    sources = {agency: agency for agency in (*event.to, by)}  # whose file -> by whose copy it is there
    cores = (case.core, *case.offices.values(), *sorted(case.former))
    in_file_of = next((core for core in cores if core in sources), by)
    for grant in case.granted.values():
        if item.item in grant.items:
            yield StandingClaim(grant.reader, in_file_of, None)
    if as_contractor(register, event, by) and by in case.commissioned:
        commissioner = case.commissioned[by]
        sources[commissioner] = by
        yield StandingClaim(commissioner, by, _BEFORE_ALL)
    if not isinstance(event, OUTGOING_COPIES) and item.section in rule_book["standing"]["COORD"]:
        registration = case.messages.get(case.registration) if case.registration is not None else None
        for id in case.registered_in & set(register.networks):
            network = register.networks[id]
            core = case.offices.get(id, network.core)
            if network.coordinating is not None and core in sources:
                since = None if registration is None else registration.at
                yield StandingClaim(network.coordinating, sources[core], since)
    if case.core in sources:
        for reader in sorted(_readers_where_they_stay(register, case, event, item, rule_book)):
            yield StandingClaim(reader, sources[case.core], None)


_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def _readers_where_they_stay(
    register: Register,
    case: Case,
    event: CaseMessage,
    item: Item,
    rule_book: Mapping[str, Any],
) -> set[UUID]:
    """V11: of the responsible core agency's file, no copies going out, what is about a child who stays there (what names no
    child is about all). Basis: CWA 10(1), 25-2(2); APPI 69(2)3."""
    if not case.stays or isinstance(event, OUTGOING_COPIES):
        return set()
    if item.section not in rule_book["standing"].get("STAY", ()):
        return set()
    readers: set[UUID] = set()
    named = children_named_in(event)
    for stay in case.stays.values():
        if stay.concerns(named):
            readers |= offices_of_stay(register, stay)
    return readers


def recipients(
    register: Register, case: Case, by: UUID, event: CaseMessage, item: Item, rule_book: Mapping[str, Any]
) -> frozenset[UUID]:
    """For whom this item's key is wrapped when it is written: author, addressees, standing readers.

    Not judged by matrix, basis or readiness: ``decide`` does that.
    """
    if item.section in AUTHOR_ONLY:
        return frozenset({by})
    return frozenset({by}) | event.to | standing_readers(register, case, by, event, item, rule_book)


def refusal_to_open(
    register: Register,
    case: Case,
    reader: Party,
    actor: str | None,
    message: Message,
    item: Item,
    *,
    now: datetime,
    rule_book: Mapping[str, Any],
) -> Reason | None:
    """Why this reader may not open this item now; None where it may. ``actor`` None: for the agency, whoever of its people opens it."""
    event = message.event
    # V10: the auditor opens what two officials approved; anybody else who is not an agency opens nothing
    if not isinstance(reader, UUID):
        approved = reader == AUDIT and any(grant.opens(item.item, now) for grant in case.audits.values())
        if not approved:
            return Reason.AUDITOR_OPENS_NOTHING
        return _closed_since(register, case, reader, message, item, rule_book)
    authored, addressed = reader == message.by, reader in event.to
    standing = reader in standing_readers(register, case, message.by, event, item, rule_book)
    # V1, V2, V3, V4, V5: has it any claim at all?
    if not (authored or standing or (addressed and item.section not in AUTHOR_ONLY)):
        return Reason.NOT_YOURS
    # V6, V8: as this case's contractor, ready now, and so is the person
    if as_contractor(register, event, reader):
        state = readiness(register, case, reader, now)
        if state is not Readiness.READY:
            return NOT_READY[state]
        if actor is not None and not worker_ready(register, case, reader, actor, now):
            return Reason.WORKER_NOT_READY
    # guideline 4(3), 8: an own visitor of the core agency is held to the same
    if actor is not None and _own_visitor_unready(register, case, reader, actor, now):
        return Reason.WORKER_NOT_READY
    # guideline 8[1]: where an agency has rules of secrecy, who opens knows them
    reader_agency = register.agencies.get(reader)
    if actor is not None and reader_agency is not None and not reader_agency.has_acknowledged_rules(actor):
        return Reason.RULES_NOT_ACKNOWLEDGED
    # V7: held until the sender asks for release
    if not authored and reader in message.held:
        return Reason.HELD
    return _closed_since(register, case, reader, message, item, rule_book)


def _unjudged(register: Register, case: Case, agency: UUID, actor: str, now: datetime) -> bool:
    """Edition 1 asked only a contractor's visitors."""
    return False


_own_visitor_unready = since_edition(2, before=_unjudged)(own_visitor_unready)


def _closed_since(
    register: Register,
    case: Case,
    reader: Party,
    message: Message,
    item: Item,
    rule_book: Mapping[str, Any],
) -> Reason | None:
    """Why what this reader once had a claim to is closed since."""
    # what was destroyed opens for nobody
    if item.section in register.destroyed.get(case.id, frozenset()):
        return Reason.DESTROYED
    # what is used no more is opened by nobody but its author (to correct it, or for a review)
    if reader != message.by and message.id in case.stopped:
        return Reason.USE_STOPPED
    # V9: what rested on a consent that is withdrawn is gone for all but its author
    if reader != message.by and _lost_with_consent(register, case, message, item, reader, rule_book):
        return Reason.CONSENT_WITHDRAWN
    return None


def _relied_on_withdrawn_consent(
    register: Register,
    case: Case,
    message: Message,
    item: Item,
    reader: Party,
    rule_book: Mapping[str, Any],
) -> bool:
    """Whether what this reader has of it rested on a consent that was withdrawn since; so all of it in edition 1, and
    what the audit office may open.

    An addressee's copy rests on the named consents that are about that addressee and this section, and on no other
    one's; it is gone with any of them. Standing access rests on all by which somebody got it.
    """
    at = message.at
    basis = message.event.basis
    by_consent = frozenset(a for a, code in basis.items() if code in CONSENT_BASES)
    consent_addressees = by_consent & {reader} if reader in basis else by_consent
    consents = (c for a in consent_addressees for c in _covering_consents(case, message, item, a))
    return any(c.withdrawn_at is not None and c.withdrawn_at >= at for c in consents)


@since_edition(2, before=_relied_on_withdrawn_consent)
def _lost_with_consent(
    register: Register,
    case: Case,
    message: Message,
    item: Item,
    reader: Party,
    rule_book: Mapping[str, Any],
) -> bool:
    """Whether this reader has lost it with a consent: it has no copy that rests on law or on a consent in force, and no
    standing access derived from such a copy. Who had it on the consent keeps it by standing access that began before, and
    gets it back by none that began later. Basis: APPI 69(2)1, 27(1) (V9).
    """
    if not message.event.consent:
        return False
    if not isinstance(reader, UUID):
        return _relied_on_withdrawn_consent(register, case, message, item, reader, rule_book)
    own_copy = reader in message.event.to
    lost_at = _withdrawn_at(case, message, item, reader) if own_copy else None
    if own_copy and lost_at is None:
        return False
    claims = standing_claims(register, case, message.by, message.event, item, rule_book)
    return not any(
        claim.reader == reader
        and _withdrawn_at(case, message, item, claim.source) is None
        and (lost_at is None or (claim.since is not None and claim.since <= lost_at))
        for claim in claims
    )


def _withdrawn_at(case: Case, message: Message, item: Item, agency: UUID) -> datetime | None:
    """When a consent was withdrawn on which this agency's copy rests; None where none was, or the copy rests on law.
    What an author wrote rests, for whoever reads it by standing access, on all consents by which somebody got it."""
    by_consent = {a for a, code in message.event.basis.items() if code in CONSENT_BASES}
    addressees = by_consent if agency == message.by else by_consent & {agency}
    consents = (c for a in addressees for c in _covering_consents(case, message, item, a))
    times = (c.withdrawn_at for c in consents if c.withdrawn_at is not None and c.withdrawn_at >= message.at)
    return min(times, default=None)


def _covering_consents(case: Case, message: Message, item: Item, addressee: UUID) -> Iterator[Consent]:
    """The consents that this item went to this addressee on; all that are named where none speaks of it."""
    named = [case.consents[c] for c in sorted(message.event.consent) if c in case.consents]
    about = [c for c in named if item.section in c.sections_for(message.by, addressee)]
    yield from about or named


CONSENT_BASES = frozenset({"CONSENT", "APPI-27-C", "APPI-69-2-1"})
"""Bases that are nothing without a consent in force."""


def openable(
    register: Register, case: Case, reader: Party, *, now: datetime, rule_book: Mapping[str, Any]
) -> Iterator[tuple[Message, Item]]:
    """Every item this agency may open now, whoever of its people asks."""
    for message, item in case.all_items():
        if refusal_to_open(register, case, reader, None, message, item, now=now, rule_book=rule_book) is None:
            yield message, item


def pending_keys(
    register: Register, case: Case, *, rule_book: Mapping[str, Any]
) -> Iterator[tuple[Message, Item, Party]]:
    """Items with a standing reader that has no wrapped key yet, or that two officials approved for the audit office: duties of
    the responsible door to re-wrap."""
    for message in case.messages.values():
        yield from pending_keys_of(register, case, message, rule_book=rule_book)


def pending_keys_of(
    register: Register, case: Case, message: Message, *, rule_book: Mapping[str, Any]
) -> Iterator[tuple[Message, Item, Party]]:
    """Those of one message (see ``pending_keys``)."""
    audited = {i for g in case.audits.values() if len(g.approvers) >= APPROVERS for i in g.items}
    for item in message.items:
        if item.section in register.destroyed.get(case.id, frozenset()):
            continue
        readers: list[Party] = [
            *sorted(standing_readers(register, case, message.by, message.event, item, rule_book)),
            *([AUDIT] if item.item in audited else []),
        ]
        for reader in readers:
            if reader not in item.keyed and (item.item, reader) not in case.rewrapped:
                yield message, item, reader
