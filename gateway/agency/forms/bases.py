"""Which lawful bases a page offers for one recipient, the best first. The hub decides by what it has recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from domain import events as e
from domain.bases import CONTRACTOR_ALONE, parties_of
from domain.calendar import day_of
from domain.codes import Body, Role, Section
from domain.register import Agency
from domain.rulebook import BASES
from gateway.agency.case_state import is_registered
from gateway.agency.forms.kinds import FormContext, OtherAgency

Row = Mapping[str, Any]
_ALL_SECTIONS = [section.value for section in Section]
GENERAL, CONSENT, OVERRIDE = 50, 60, 90
"""How late a basis is offered: the law of the child's welfare first, then the general law on personal information, then
the person's consent, and last what two others must approve first."""


def fitting_bases(
    form_context: FormContext, recipient: str, *, unsolicited: bool, preferred: tuple[str, ...] = ()
) -> list[str]:
    """The codes that permit this agency to disclose to that one in this case, as far as this door knows.

    ``unsolicited``: it neither asks nor answers; ``preferred``: those that the act itself implies, which come first.
    Basis: APPI 27, 69; CWA 21-10-5, 25-2, 25-3; CAPA 13-4, by the rows of the rule book.
    """
    other = form_context.agencies.get(recipient)
    if other is None:
        return []
    on = day_of(form_context.now)
    fitting = [
        row["code"]
        for row in BASES
        if row["kind"] == "G"
        and _is_in_force(row, on)
        and _is_for_both(row, form_context, other, unsolicited=unsolicited)
        and all(_NEEDS[need](form_context, recipient, other, row["code"]) for need in row["needs"])
        and _is_own_to_disclose(row["code"], form_context, other)
    ]
    order = {row["code"]: n for n, row in enumerate(BASES)}
    return sorted(fitting, key=lambda code: (_rank(code, preferred), order[code]))


def _rank(code: str, preferred: tuple[str, ...]) -> int:
    if code in preferred:
        return preferred.index(code)
    needs = next(row["needs"] for row in BASES if row["code"] == code)
    if "OVERRIDE" in needs:
        return OVERRIDE
    if "CONSENT" in needs:
        return CONSENT
    if code.startswith("APPI-"):
        return GENERAL
    return 10 if needs and "TO_AUTHORITY" not in needs else 20 if "TO_AUTHORITY" not in needs else 30


def _is_in_force(row: Row, on: date) -> bool:
    return bool(row["since"] <= on.isoformat() and (row["until"] is None or on.isoformat() <= row["until"]))


def _is_for_both(row: Row, form_context: FormContext, other: OtherAgency, *, unsolicited: bool) -> bool:
    mine = _parties(form_context.roles, form_context.body)
    theirs = _parties(other.roles, other.body)
    if any(a in mine and b in theirs for a, b in row["parties"]):
        return True
    reverse = any(a in theirs and b in mine for a, b in row["parties"])
    return reverse and row["way"] != "THERE" and not (unsolicited and row["way"] != "BOTH")


def _parties(roles: frozenset[str], body: str | None) -> frozenset[str]:
    agency_body = Body(body) if body is not None else Body.PRIVATE
    return parties_of(Agency(id=UUID(int=0), roles=frozenset(map(Role, roles)), body=agency_body))


def _is_own_to_disclose(code: str, form_context: FormContext, other: OtherAgency) -> bool:
    """What a contractor has from its commission goes back to the municipality. Basis: CWA 21-10-2(4)."""
    if Role.CONTRACTOR.value not in form_context.roles or code in CONTRACTOR_ALONE:
        return True
    same = other.municipality is not None and other.municipality == form_context.municipality
    return same or Role.CORE.value in other.roles


# --- what else a basis asks, as far as a door can know ---------------------------------------------------------------


def _needs_registration(form_context: FormContext, recipient: str, other: OtherAgency, code: str) -> bool:
    return is_registered(form_context.messages)


def _needs_authority(form_context: FormContext, recipient: str, other: OtherAgency, code: str) -> bool:
    return bool(_parties(other.roles, other.body) & {"MUNICIPALITY", "PREFECTURE"})


def _needs_one_body(form_context: FormContext, recipient: str, other: OtherAgency, code: str) -> bool:
    if not _needs_authority(form_context, recipient, other, code):
        return True
    return other.municipality is not None and other.municipality == form_context.municipality


def _needs_request(form_context: FormContext, recipient: str, other: OtherAgency, code: str) -> bool:
    return any(
        m["act"] == e.OfficialRequestReceived.TOPIC
        and m.get("fields", {}).get("requesting_agency") == recipient
        and m["fields"].get("code") == code
        for m in form_context.messages
    )


def _needs_consent(form_context: FormContext, recipient: str, other: OtherAgency, code: str) -> bool:
    return bool(form_context.consents([recipient], _ALL_SECTIONS))


def _needs_commission(form_context: FormContext, recipient: str, other: OtherAgency, code: str) -> bool:
    return Role.CONTRACTOR.value in (form_context.roles | other.roles)


def _needs_override(form_context: FormContext, recipient: str, other: OtherAgency, code: str) -> bool:
    """Offered also before the approval: the page says then how to ask for it. In a case that does not exist nobody can."""
    return bool(form_context.messages)


_NEEDS: Mapping[str, Callable[[FormContext, str, OtherAgency, str], bool]] = {
    "REGISTERED": _needs_registration,
    "BOTH_MEMBERS": _needs_registration,
    "TO_AUTHORITY": _needs_authority,
    "ONE_BODY": _needs_one_body,
    "REQUESTED": _needs_request,
    "CONSENT": _needs_consent,
    "COMMISSION": _needs_commission,
    "OVERRIDE": _needs_override,
}
