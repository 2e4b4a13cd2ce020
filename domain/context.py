"""One wish about a case as its rules see it, and who may do what.

What each act needs beside the common order stands in ``acts.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from domain.case import Case
from domain.codes import OutsourcingScope, Role
from domain.places import destination, networks_of, offices_of
from domain.reasons import Reason
from domain.register import Register


@dataclass(frozen=True)
class Asking:
    """One wish about a case, with all that its rules look at. ``case`` has its place already."""

    register: Register
    case: Case
    by: UUID
    actor: str
    fact: Any
    now: datetime
    book: Mapping[str, Any]

    @property
    def coordinating(self) -> UUID | None:
        network = self.register.networks.get(self.case.network) if self.case.network is not None else None
        return network.coordinating if network is not None else None


@dataclass(frozen=True)
class Refusal:
    """The one condition that failed, and for which agency where it was one's."""

    reason: Reason
    at_fault: UUID | None = None


class Carries(Enum):
    """Whether an act has sections."""

    MUST = "MUST"
    MAY = "MAY"
    NEVER = "NEVER"


Rule = Callable[[Asking], Refusal | None]


@dataclass(frozen=True)
class Act:
    """``sender``: who may do it; ``form``: what its data must say; ``ready``: what must be before it."""

    carries: Carries
    sender: Rule
    form: Rule | None = None
    ready: Rule | None = None


def needs(condition: bool, reason: Reason) -> Refusal | None:
    """The refusal where the condition does not hold."""
    return None if condition else Refusal(reason)


# --- who ------------------------------------------------------------------------------------------------


def anyone(asking: Asking) -> Refusal | None:
    """Whoever has a part in the case (others do not get this far)."""
    return None


def an_office_has_part(asking: Asking) -> Refusal | None:
    """News of a family goes to (or comes from) the core or the coordinating agency: of the case, or of another
    municipality where the family may be now. Basis: guideline 6(1)[1]; CWA 21-10-5."""
    offices = offices_of(asking.register, asking.case)
    networks = map(asking.register.network_of, asking.fact.to)
    there = any(network is not None and network.core is not None for network in networks)
    return needs(there or bool(offices & (asking.fact.to | {asking.by})), Reason.NO_CORE_AGENCY)


def core(asking: Asking) -> Refusal | None:
    """The responsible core agency alone. Basis: guideline 3(1), 6."""
    return needs(asking.by == asking.case.core, Reason.NOT_RESPONSIBLE_CORE)


def coordinating(asking: Asking) -> Refusal | None:
    """The coordinating agency of a network that has the case, or to which it is handed over. Basis: CWA 25-2(4), (5)."""
    offices = {n.coordinating for n in networks_of(asking.register, asking.case)}
    return needs(asking.by in offices, Reason.NOT_COORDINATING)


def office(asking: Asking) -> Refusal | None:
    """The core or the coordinating agency. Basis: guideline 6(2)[1]."""
    return needs(asking.by in (asking.case.core, asking.coordinating), Reason.NOT_AN_OFFICE)


def present_or_next_core(asking: Asking) -> Refusal | None:
    """The responsible core agency, or the one to which the family is handed over. Basis: guideline 3(1), 4(1)."""
    there = destination(asking.register, asking.case)
    return needs(
        asking.by == asking.case.core or (there is not None and asking.by == there.core),
        Reason.NOT_RESPONSIBLE_CORE,
    )


def any_core(asking: Asking) -> Refusal | None:
    """A core agency that is, was or will be responsible. Basis: guideline 3(1)."""
    was = needs(asking.by in asking.case.former, Reason.NOT_RESPONSIBLE_CORE)
    return was and present_or_next_core(asking)


def contractor(asking: Asking) -> Refusal | None:
    """A contractor. Basis: guideline 4(1), 6(4)[1]."""
    return needs(asking.register.is_contractor(asking.by), Reason.NOT_A_CONTRACTOR)


def visiting(asking: Asking) -> Refusal | None:
    """The core agency, or a contractor that visits for it. Basis: guideline 4(1), 5(1)[3]."""
    return any_core(asking) and contractor(asking)


def visits(asking: Asking) -> Refusal | None:
    """A contractor, or the core agency that is or will be responsible. Basis: guideline 4(1), 6(3)[4]."""
    return None if asking.register.is_contractor(asking.by) else present_or_next_core(asking)


def decides_eligibility(asking: Asking) -> Refusal | None:
    """The core agency; a contractor that has the whole programme. Basis: guideline 6(2)[1], 9(1)[3]."""
    refusal = core(asking)
    return refusal if full_contractor(asking) else None


def full_contractor(asking: Asking) -> Refusal | None:
    """A contractor that has the whole programme. Basis: guideline 9(1)[3]."""
    commission = asking.register.commission(asking.case.core_of(asking.by), asking.by)
    full = commission is not None and commission.scope is OutsourcingScope.FULL
    return contractor(asking) or needs(full, Reason.NOT_FULLY_COMMISSIONED)


AUTHORITIES = frozenset({Role.CORE, Role.COORD, Role.CGC})
"""Who may be notified and looks after a child's safety. Basis: CWA 25(1); CAPA 6(1), 8."""


def is_authority(asking: Asking, agency: UUID) -> bool:
    known = asking.register.agencies.get(agency)
    return known is not None and bool(known.roles & AUTHORITIES)


def authority(asking: Asking) -> Refusal | None:
    """A municipality's office or the child guidance centre. Basis: CAPA 8; guideline 6(1)[1]イ."""
    return needs(is_authority(asking, asking.by), Reason.NOT_AN_AUTHORITY)


def answers_one_sent_to_me(asking: Asking) -> Refusal | None:
    """The message it answers is there and was sent to the answerer."""
    message = asking.case.messages.get(asking.fact.answers)
    if message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(asking.by in message.to, Reason.NOT_ADDRESSED)
