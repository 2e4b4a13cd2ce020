"""Whether a lawful basis carries sections from one agency to another on this day.

Basis: APPI 27, 69; CWA 21-10-2, 21-10-5, 25, 25-2, 25-3, 26; CAPA 6, 13-4 — as dated rows of the rule book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.case import Case, Consent
from domain.codes import Body, Role, Section
from domain.editions import since_edition
from domain.past.edition_1 import bases as edition_1
from domain.reasons import Reason
from domain.register import Agency, Network, Register

Row = Mapping[str, Any]
RuleBook = Mapping[str, Any]

_ROLE_PARTIES: Mapping[Role, frozenset[str]] = {
    Role.CORE: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.COORD: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.CGC: frozenset({"PREFECTURE", "CGC"}),
    Role.MED: frozenset({"MEDICAL"}),
    Role.CONTRACTOR: frozenset({"COMMISSIONED"}),
}


@dataclass(frozen=True)
class ProposedDisclosure:
    """Sections on their way from one agency to one other, for which a basis is claimed.

    ``registered``: networks with which the case is registered, or is by this message. ``unsolicited``: it discloses of its
    own accord, and does not ask, answer or report back. ``commissioned``: the sender writes as the case's contractor.
    """

    register: Register
    case: Case
    by: UUID
    to: UUID
    sections: frozenset[Section]
    consent: frozenset[UUID]
    registered: frozenset[UUID]
    unsolicited: bool
    commissioned: bool
    now: datetime


@since_edition(2, before=edition_1.parties_of)
def parties_of(agency: Agency) -> frozenset[str]:
    """What an agency is in the eyes of a basis; an EXT agency by its ``body``. A child guidance centre does the work of a
    prefecture; that of a designated city, of a city with one or of a special ward is its municipality's too, by its
    ``body``. Basis: CWA 59-4; APPI 69(1)."""
    party_kinds = {"ANY"}
    for role in agency.roles:
        party_kinds |= _ROLE_PARTIES.get(role, {str(agency.body)})
    if Role.CGC in agency.roles and agency.body is Body.MUNICIPALITY:
        party_kinds.add("MUNICIPALITY")
    return frozenset(party_kinds)


def check_basis(
    disclosure: ProposedDisclosure, code: str | None, rule_book: Mapping[str, Any]
) -> Reason | None:
    """Why this basis does not carry this passage; None where it does."""
    # (1) Is a basis named, and is there such a one?
    if code is None:
        return Reason.NO_BASIS
    row = next((r for r in rule_book["bases"] if r["code"] == code), None)
    if row is None:
        return Reason.BASIS_UNKNOWN
    # (2) Is it in force on this day?
    if not _in_force(row, day_of(disclosure.now)):
        return Reason.BASIS_NOT_IN_FORCE
    # (3) Does it permit telling at all?
    if row["kind"] != "G":
        return Reason.NO_GATEWAY
    # (4) Does it speak of these two?
    if not _applies_to(row, disclosure):
        return Reason.BASIS_FOR_OTHER_PARTIES
    # (5) What else does it ask?
    for need in row["needs"]:
        reason = _NEEDS[need](disclosure, code, rule_book)
        if reason is not None:
            return reason
    # (6) Is it the sender's own to tell?
    return _commissioned_data(disclosure, code)


def fitting_bases(disclosure: ProposedDisclosure, rule_book: Mapping[str, Any]) -> Iterator[str]:
    """The codes that permit this disclosure as it is, and by which the law permits the sender to inform or ask the recipient."""
    for row in rule_book["bases"]:
        if _direction(row) == "THERE" and not _between(row, disclosure.by, disclosure.to, disclosure):
            continue
        if check_basis(disclosure, row["code"], rule_book) is None:
            yield row["code"]


CONTRACTOR_ALONE = frozenset({"CWA-25-1", "CWA-33-12", "CAPA-6-1", "APPI-27-1-2"})
"""On which a contractor informs others than its commissioner: a notification, and danger to life, body or property.
Basis: CWA 25(1), 33-12; CAPA 6(1); APPI 27(1)2."""


def _anybodys_data(disclosure: ProposedDisclosure, code: str) -> Reason | None:
    """Edition 1: a contractor passes on what any private body may."""
    return None


@since_edition(2, before=_anybodys_data)
def _commissioned_data(disclosure: ProposedDisclosure, code: str) -> Reason | None:
    """What a contractor has from its commission is the municipality's: it goes back there, and to others by that one.
    Basis: CWA 21-10-2(4); APPI 66(2), 67; guideline 9(1)[2]."""
    if not disclosure.commissioned or code in CONTRACTOR_ALONE:
        return None
    agencies, case = disclosure.register.agencies, disclosure.case
    commissioner = case.core_of(disclosure.by)
    if disclosure.to == commissioner:
        return None
    known = None if commissioner is None else agencies.get(commissioner)
    same = known is not None and _one_body(known, agencies[disclosure.to])
    return None if same else Reason.COMMISSIONED_DATA


def _one_body(one: Agency, other: Agency) -> bool:
    """Whether both are of one local government, by the code that the registry recorded."""
    return one.municipality is not None and one.municipality == other.municipality


def _in_force(row: Row, on: date) -> bool:
    return row["since"] <= on.isoformat() and (row["until"] is None or on.isoformat() <= row["until"])


def _applies_to(row: Row, disclosure: ProposedDisclosure) -> bool:
    """True if the basis permits sender → recipient, or permits the reply direction of such a disclosure."""
    if _between(row, disclosure.by, disclosure.to, disclosure):
        return True
    reverse = _between(row, disclosure.to, disclosure.by, disclosure)
    return reverse and not (disclosure.unsolicited and _direction(row) != "BOTH")


def _direction(row: Row) -> str:
    return str(row.get("way", "BOTH"))


def _between(row: Row, first: UUID, second: UUID, disclosure: ProposedDisclosure) -> bool:
    agencies = disclosure.register.agencies
    one, other = parties_of(agencies[first]), parties_of(agencies[second])
    return any(a in one and b in other for a, b in row["parties"])


def _registered_with_any(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    """In edition 1 it did not matter which network had registered the family."""
    return None if disclosure.registered else Reason.NOT_REGISTERED


@since_edition(2, before=_registered_with_any)
def _needs_registration(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    """The network that asks, is answered or informs has registered the family itself: that another town's has is no
    basis for it. Basis: CWA 25-2(2), (5), 25-3(1), (2)."""
    networks = disclosure.register.networks
    offices = {office for n in disclosure.registered for office in _offices(networks.get(n))}
    row = next(r for r in rule_book["bases"] if r["code"] == code)
    asking = _network_side(row, disclosure)
    known = bool(asking & offices) if asking else bool(disclosure.registered)
    return None if known else Reason.NOT_REGISTERED


def _offices(network: Network | None) -> frozenset[UUID | None]:
    return frozenset() if network is None else frozenset({network.core, network.coordinating})


def _network_side(row: Row, disclosure: ProposedDisclosure) -> frozenset[UUID]:
    """Which of the two stands for its network by this basis; nobody by one that does not speak of networks. What is
    disclosed of one's own accord answers nobody, so it stands as the basis has it where it can."""
    agencies = disclosure.register.agencies
    sides: list[frozenset[UUID]] = []
    for first, second in ((disclosure.by, disclosure.to), (disclosure.to, disclosure.by)):
        one, other = parties_of(agencies[first]), parties_of(agencies[second])
        pairs = [(a, b) for a, b in row["parties"] if a in one and b in other]
        if pairs:
            named = {first for a, _ in pairs if a == "NETWORK"} | {second for _, b in pairs if b == "NETWORK"}
            sides.append(frozenset(named))
    return sides[0] if disclosure.unsolicited else frozenset[UUID]().union(*sides)


def _needs_both_members(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    if not disclosure.registered:
        return Reason.NOT_REGISTERED
    networks = (
        disclosure.register.networks[n] for n in disclosure.registered if n in disclosure.register.networks
    )
    known = any({disclosure.by, disclosure.to} <= set(network.members) for network in networks)
    return None if known else Reason.NOT_A_MEMBER


def _needs_authority(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    to = parties_of(disclosure.register.agencies[disclosure.to])
    return None if to & {"MUNICIPALITY", "PREFECTURE"} else Reason.BASIS_FOR_OTHER_PARTIES


def _needs_one_municipality(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    municipalities = {disclosure.register.agencies[a].municipality for a in (disclosure.by, disclosure.to)}
    return None if len(municipalities) == 1 and None not in municipalities else Reason.OTHER_MUNICIPALITY


def _needs_one_body(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    """Offices of local governments are of the same one: a city and its own child guidance centre are, a city and the
    prefecture are not (what a law prescribes between these has rows of its own). To a court or another public body
    goes only what a law prescribes; which one, the sender states. Basis: APPI 69(1); CWA 59-4."""
    one, other = (disclosure.register.agencies[a] for a in (disclosure.by, disclosure.to))
    elsewhere = not parties_of(other) & {"MUNICIPALITY", "PREFECTURE"}
    return None if elsewhere or _one_body(one, other) else Reason.OTHER_MUNICIPALITY


def _needs_request(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    """The recipient asked the sender by this law, and it is on record. Basis: CRPA 197(2); ATTA 23-2; CPA 186, 226;
    DRPA 62."""
    requested = any(
        (m.by, m.event.requesting_agency, m.event.code) == (disclosure.by, disclosure.to, code)
        for m in disclosure.case.messages.values()
        if isinstance(m.event, e.OfficialRequestReceived)
    )
    return None if requested else Reason.REQUEST_NOT_RECORDED


def _needs_consent(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    known = [disclosure.case.consents[c] for c in sorted(disclosure.consent) if c in disclosure.case.consents]
    if not known:
        return Reason.NO_CONSENT
    in_force = [c for c in known if c.in_force(disclosure.now)]
    if not in_force:
        withdrawn = all(c.withdrawn_at is not None for c in known)
        return Reason.CONSENT_WITHDRAWN if withdrawn else Reason.CONSENT_EXPIRED
    if not disclosure.sections <= _covered_by(in_force, disclosure):
        return Reason.CONSENT_DOES_NOT_COVER
    unquestioned = [c for c in in_force if c.unconfirmed_by_check is None]
    return (
        None if disclosure.sections <= _covered_by(unquestioned, disclosure) else Reason.CONSENT_NOT_CHECKED
    )


def _covered_by(consents: Iterable[Consent], disclosure: ProposedDisclosure) -> frozenset[Section]:
    """What these permit this sender to disclose to this recipient. Basis: APPI 69(2)1."""
    return frozenset[Section]().union(*(c.sections_for(disclosure.by, disclosure.to) for c in consents))


def _needs_commission(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    """A commission between the two, or one of the case's core agency where the other side is of its municipality."""
    register, on = disclosure.register, day_of(disclosure.now)
    cores = {c for c in (disclosure.case.core, *disclosure.case.offices.values()) if c is not None}
    for office, contractor in ((disclosure.by, disclosure.to), (disclosure.to, disclosure.by)):
        commissioners = {office}
        municipality_code = register.agencies[office].municipality
        commissioners |= {
            c
            for c in cores
            if municipality_code is not None and municipality_code == register.agencies[c].municipality
        }
        known = (register.commission(commissioner, contractor) for commissioner in sorted(commissioners))
        if any(c is not None and c.in_force(on) for c in known):
            return None
    return Reason.CONTRACTOR_NOT_COMMISSIONED


def _needs_override(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    """Two other persons have approved it, within the time of the rule book. Basis: APPI 69(2)4; own rule (二人の承認)."""
    hours = timedelta(hours=rule_book["policy"].get("override_hours", 0))
    approved = any(
        o.by == disclosure.by
        and o.code == code
        and disclosure.to in o.recipients
        and disclosure.sections <= o.sections
        and disclosure.now <= o.since + hours
        for o in disclosure.case.overrides
    )
    return None if approved else Reason.NOT_APPROVED_BY_TWO


_NEEDS = {
    "REGISTERED": _needs_registration,
    "BOTH_MEMBERS": _needs_both_members,
    "TO_AUTHORITY": _needs_authority,
    "ONE_MUNICIPALITY": _needs_one_municipality,
    "ONE_BODY": _needs_one_body,
    "REQUESTED": _needs_request,
    "CONSENT": _needs_consent,
    "COMMISSION": _needs_commission,
    "OVERRIDE": _needs_override,
}
