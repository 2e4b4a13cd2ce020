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
Book = Mapping[str, Any]

_ROLE_PARTIES: Mapping[Role, frozenset[str]] = {
    Role.CORE: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.COORD: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.CGC: frozenset({"PREFECTURE"}),
    Role.MED: frozenset({"MEDICAL"}),
    Role.CONTRACTOR: frozenset({"COMMISSIONED"}),
}


@dataclass(frozen=True)
class Passage:
    """Sections on their way from one agency to one other, for which a basis is claimed.

    ``registered``: networks with which the case is registered, or is by this very message. ``anew``: it tells of its
    own accord, and does not ask, answer or report back.
    """

    register: Register
    case: Case
    by: UUID
    to: UUID
    sections: frozenset[Section]
    consent: frozenset[UUID]
    registered: frozenset[UUID]
    anew: bool
    now: datetime


def parties_of(agency: Agency) -> frozenset[str]:
    """What an agency is in the eyes of a basis; an EXT agency by its ``body``."""
    words = {"ANY"}
    for role in agency.roles:
        words |= _ROLE_PARTIES.get(role, {str(agency.body)})
    return frozenset(words)


def refusal_of_basis(passage: Passage, code: str | None, book: Mapping[str, Any]) -> Reason | None:
    """Why this basis does not carry this passage; None where it does."""
    # (1) Is a basis named, and is there such a one?
    if code is None:
        return Reason.NO_BASIS
    row = next((r for r in book["bases"] if r["code"] == code), None)
    if row is None:
        return Reason.BASIS_UNKNOWN
    # (2) Is it in force on this day?
    if not _in_force(row, day_of(passage.now)):
        return Reason.BASIS_NOT_IN_FORCE
    # (3) Does it permit telling at all?
    if row["kind"] != "G":
        return Reason.NO_GATEWAY
    # (4) Does it speak of these two?
    if not _speaks_of(row, passage):
        return Reason.BASIS_FOR_OTHER_PARTIES
    # (5) What else does it ask?
    for need in row["needs"]:
        reason = _NEEDS[need](passage, code, book)
        if reason is not None:
            return reason
    return None


def fitting_bases(passage: Passage, book: Mapping[str, Any]) -> Iterator[str]:
    """The codes that would carry this passage as it is, and by which the law lets this one tell or ask that one."""
    for row in book["bases"]:
        if _way(row) == "THERE" and not _between(row, passage.by, passage.to, passage):
            continue
        if refusal_of_basis(passage, row["code"], book) is None:
            yield row["code"]


def _in_force(row: Row, on: date) -> bool:
    return row["since"] <= on.isoformat() and (row["until"] is None or on.isoformat() <= row["until"])


def _speaks_of(row: Row, passage: Passage) -> bool:
    """Whether it lets this one tell that one, or lets that one be told and this one ask, answer and report back."""
    if _between(row, passage.by, passage.to, passage):
        return True
    back = _between(row, passage.to, passage.by, passage)
    return back and not (passage.anew and _way(row) != "BOTH")


def _way(row: Row) -> str:
    return str(row.get("way", "BOTH"))


def _between(row: Row, first: UUID, second: UUID, passage: Passage) -> bool:
    agencies = passage.register.agencies
    one, other = parties_of(agencies[first]), parties_of(agencies[second])
    return any(a in one and b in other for a, b in row["parties"])


def _registered(passage: Passage, code: str, book: Book) -> Reason | None:
    return None if passage.registered else Reason.NOT_REGISTERED


def _both_members(passage: Passage, code: str, book: Book) -> Reason | None:
    if not passage.registered:
        return Reason.NOT_REGISTERED
    networks = (passage.register.networks[n] for n in passage.registered if n in passage.register.networks)
    known = any({passage.by, passage.to} <= set(network.members) for network in networks)
    return None if known else Reason.NOT_A_MEMBER


def _to_authority(passage: Passage, code: str, book: Book) -> Reason | None:
    to = parties_of(passage.register.agencies[passage.to])
    return None if to & {"MUNICIPALITY", "PREFECTURE"} else Reason.BASIS_FOR_OTHER_PARTIES


def _one_municipality(passage: Passage, code: str, book: Book) -> Reason | None:
    places = {passage.register.agencies[a].municipality for a in (passage.by, passage.to)}
    return None if len(places) == 1 and None not in places else Reason.OTHER_MUNICIPALITY


def _consent(passage: Passage, code: str, book: Book) -> Reason | None:
    known = [passage.case.consents[c] for c in sorted(passage.consent) if c in passage.case.consents]
    if not known:
        return Reason.NO_CONSENT
    in_force = [c for c in known if c.in_force(passage.now)]
    if not in_force:
        withdrawn = all(c.withdrawn_at is not None for c in known)
        return Reason.CONSENT_WITHDRAWN if withdrawn else Reason.CONSENT_EXPIRED
    if not passage.sections <= _let_by(in_force, passage):
        return Reason.CONSENT_DOES_NOT_COVER
    sure = [c for c in in_force if c.doubted is None]
    return None if passage.sections <= _let_by(sure, passage) else Reason.CONSENT_NOT_CHECKED


def _let_by(consents: Iterable[Consent], passage: Passage) -> frozenset[Section]:
    """What these let this sender tell this recipient. Basis: APPI 69(2)1."""
    return frozenset[Section]().union(*(c.sections_for(passage.by, passage.to) for c in consents))


def _commission(passage: Passage, code: str, book: Book) -> Reason | None:
    """A commission between the two, or one of the case's core agency where the other side is of its municipality."""
    register, on = passage.register, day_of(passage.now)
    cores = {c for c in (passage.case.core, *passage.case.offices.values()) if c is not None}
    for office, contractor in ((passage.by, passage.to), (passage.to, passage.by)):
        commissioners = {office}
        town = register.agencies[office].municipality
        commissioners |= {c for c in cores if town is not None and town == register.agencies[c].municipality}
        known = (register.commission(commissioner, contractor) for commissioner in sorted(commissioners))
        if any(c is not None and c.in_force(on) for c in known):
            return None
    return Reason.CONTRACTOR_NOT_COMMISSIONED


def _override(passage: Passage, code: str, book: Book) -> Reason | None:
    """Two other persons have let it, not long ago. Basis: APPI 69(2)4; own rule (二人の承認)."""
    hours = timedelta(hours=book["policy"].get("override_hours", 0))
    let = any(
        o.by == passage.by
        and o.code == code
        and passage.to in o.recipients
        and passage.sections <= o.sections
        and passage.now <= o.since + hours
        for o in passage.case.overrides
    )
    return None if let else Reason.NOT_APPROVED_BY_TWO


_NEEDS = {
    "REGISTERED": _registered,
    "BOTH_MEMBERS": _both_members,
    "TO_AUTHORITY": _to_authority,
    "ONE_MUNICIPALITY": _one_municipality,
    "CONSENT": _consent,
    "COMMISSION": _commission,
    "OVERRIDE": _override,
}
