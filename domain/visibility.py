"""Who may open what: rules V1–V8 and V10, and who gets a key when something is written.

The rules, shortly (V6–V8 come before V1–V4):

V1 an agency sees what it wrote · V2 an addressee sees what the message carries · V3 the responsible core
agency sees its own case file · V4 the coordinating agency sees, from registration on, the standing
sections of that file, but no copies going out · V5 NOTIFIER and ADDR: author and addressees only ·
V6 a contractor sees nothing unless it and every visitor is ready · V7 suspended: held messages wait ·
V8 closing or unassignment empties its view · V9 what rested on a withdrawn consent is gone for all but
its author · V10 the auditor opens nothing but what two officials approved, item by item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.case import APPROVERS, Case, Consent, Message
from domain.codes import AUTHOR_ONLY, Section
from domain.events import AS_OTHER_SERVICE, OUTGOING_COPIES, CaseMessage, Item
from domain.readiness import Readiness, readiness, worker_ready
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


def as_contractor(register: Register, event: CaseMessage, agency: UUID) -> bool:
    """Whether this agency gets or writes this message as the case's contractor (V6–V8 apply)."""
    return register.is_contractor(agency) and not isinstance(event, AS_OTHER_SERVICE)


def standing_readers(
    register: Register, case: Case, by: UUID, event: CaseMessage, item: Item, rule_book: Mapping[str, Any]
) -> frozenset[UUID]:
    """Who reads this item by standing rule, besides author and addressees (V3, V4, V5), or in an emergency."""
    if item.section in NO_STANDING_ACCESS | AUTHOR_ONLY or case.core is None:
        return frozenset()
    readers = {grant.reader for grant in case.granted.values() if item.item in grant.items}
    file_owners = {by, *event.to}
    if as_contractor(register, event, by):
        commissioner = case.core_of(by) or case.core
        file_owners.add(commissioner)
        readers.add(commissioner)
    if not isinstance(event, OUTGOING_COPIES) and item.section in rule_book["standing"]["COORD"]:
        for id in case.registered_in & set(register.networks):
            network = register.networks[id]
            if network.coordinating is not None and case.offices.get(id, network.core) in file_owners:
                readers.add(network.coordinating)
    return frozenset(readers)


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
        return (
            _closed_since(register, case, reader, message, item) if approved else Reason.AUDITOR_OPENS_NOTHING
        )
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
    # guideline 8[1]: where an agency has rules of secrecy, who opens knows them
    reader_agency = register.agencies.get(reader)
    if actor is not None and reader_agency is not None and not reader_agency.has_acknowledged_rules(actor):
        return Reason.RULES_NOT_ACKNOWLEDGED
    # V7: held until the sender asks for release
    if not authored and reader in message.held:
        return Reason.HELD
    return _closed_since(register, case, reader, message, item)


def _closed_since(
    register: Register, case: Case, reader: Party, message: Message, item: Item
) -> Reason | None:
    """Why what this reader once had a claim to is closed since."""
    # what was destroyed opens for nobody
    if item.section in register.destroyed.get(case.id, frozenset()):
        return Reason.DESTROYED
    # what is used no more is opened by nobody but its author (to correct it, or for a review)
    if reader != message.by and message.id in case.stopped:
        return Reason.USE_STOPPED
    # V9: what rested on a consent that is withdrawn is gone for all but its author
    if reader != message.by and _relied_on_withdrawn_consent(case, message, item, reader):
        return Reason.CONSENT_WITHDRAWN
    return None


def _relied_on_withdrawn_consent(case: Case, message: Message, item: Item, reader: Party) -> bool:
    """Whether what this reader has of it rested on a consent that was withdrawn since.

    An addressee's copy rests on the named consents that are about that addressee and this section, and on no other
    one's; it is gone with any of them. Standing access rests on all by which somebody got it.
    """
    at = message.at
    basis = message.event.basis
    by_consent = frozenset(a for a, code in basis.items() if code in CONSENT_BASES)
    consent_addressees = by_consent & {reader} if reader in basis else by_consent
    consents = (c for a in consent_addressees for c in _covering_consents(case, message, item, a))
    return any(c.withdrawn_at is not None and c.withdrawn_at >= at for c in consents)


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
    audited = {i for g in case.audits.values() if len(g.approvers) >= APPROVERS for i in g.items}
    for message, item in case.all_items():
        if item.section in register.destroyed.get(case.id, frozenset()):
            continue
        readers: list[Party] = [
            *sorted(standing_readers(register, case, message.by, message.event, item, rule_book)),
            *([AUDIT] if item.item in audited else []),
        ]
        for reader in readers:
            if reader not in item.keyed and (item.item, reader) not in case.rewrapped:
                yield message, item, reader
