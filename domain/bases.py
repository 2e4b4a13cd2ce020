"""Whether a lawful basis carries sections from one agency to another on this day.

Basis: APPI 27, 69; CWA 21-10-2, 21-10-5, 25, 25-2, 25-3, 26; CAPA 6, 13-4 — as dated rows of the rule book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.calendar import day_of
from domain.case import Case, Consent
from domain.codes import Role, Section
from domain.reasons import Reason
from domain.register import Agency, Register

Row = Mapping[str, Any]
RuleBook = Mapping[str, Any]

_ROLE_PARTIES: Mapping[Role, frozenset[str]] = {
    Role.CORE: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.COORD: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.CGC: frozenset({"PREFECTURE"}),
    Role.MED: frozenset({"MEDICAL"}),
    Role.CONTRACTOR: frozenset({"COMMISSIONED"}),
}


@dataclass(frozen=True)
class ProposedDisclosure:
    """Sections on their way from one agency to one other, for which a basis is claimed.

    ``registered``: networks with which the case is registered, or is by this message. ``unsolicited``: it discloses of its
    own accord, and does not ask, answer or report back.
    """

    register: Register
    case: Case
    by: UUID
    to: UUID
    sections: frozenset[Section]
    consent: frozenset[UUID]
    registered: frozenset[UUID]
    unsolicited: bool
    now: datetime


def parties_of(agency: Agency) -> frozenset[str]:
    """What an agency is in the eyes of a basis; an EXT agency by its ``body``."""
    party_kinds = {"ANY"}
    for role in agency.roles:
        party_kinds |= _ROLE_PARTIES.get(role, {str(agency.body)})
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
    return None


def fitting_bases(disclosure: ProposedDisclosure, rule_book: Mapping[str, Any]) -> Iterator[str]:
    """The codes that permit this disclosure as it is, and by which the law permits the sender to inform or ask the recipient."""
    for row in rule_book["bases"]:
        if _direction(row) == "THERE" and not _between(row, disclosure.by, disclosure.to, disclosure):
            continue
        if check_basis(disclosure, row["code"], rule_book) is None:
            yield row["code"]


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


def _needs_registration(disclosure: ProposedDisclosure, code: str, rule_book: RuleBook) -> Reason | None:
    return None if disclosure.registered else Reason.NOT_REGISTERED


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
    "CONSENT": _needs_consent,
    "COMMISSION": _needs_commission,
    "OVERRIDE": _needs_override,
}
