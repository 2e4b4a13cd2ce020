"""Rules that several families share: who may send a message, and what it answers or has to state."""

from __future__ import annotations

from uuid import UUID

from domain.case_message import Sender
from domain.case_offices import destination, nearby_cores, networks_informed, offices_of
from domain.codes import OutsourcingScope, Role
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
from domain.indicators import INDICATOR_CODES
from domain.reasons import Reason
from domain.rule_table import sender_rule


@sender_rule(Sender.ANYONE)
def anyone(context: DecisionContext) -> Refusal | None:
    """Whoever has a part in the case (others do not get this far)."""
    return None


@sender_rule(Sender.INVOLVES_OFFICE)
def involves_office(context: DecisionContext) -> Refusal | None:
    """News of a family goes to (or comes from) the core or the coordinating agency: of the case, or of another
    municipality where the family may be now. Basis: guideline 6(1)[1]; CWA 21-10-5."""
    offices = offices_of(context.register, context.case)
    networks = map(context.register.network_of, context.event.to)
    elsewhere = any(network is not None and network.core is not None for network in networks)
    return needs(elsewhere or bool(offices & (context.event.to | {context.by})), Reason.NO_CORE_AGENCY)


@sender_rule(Sender.CORE)
def core(context: DecisionContext) -> Refusal | None:
    """The responsible core agency alone. Basis: guideline 3(1), 6."""
    return needs(context.by == context.case.core, Reason.NOT_RESPONSIBLE_CORE)


@sender_rule(Sender.COORDINATING)
def coordinating(context: DecisionContext) -> Refusal | None:
    """The coordinating agency of a network that has the case, to which it is handed over, or whose core agency was informed of
    the family. Basis: CWA 25-2(4), (5)."""
    offices = {n.coordinating for n in networks_informed(context.register, context.case)}
    return needs(context.by in offices, Reason.NOT_COORDINATING)


@sender_rule(Sender.OFFICE)
def office(context: DecisionContext) -> Refusal | None:
    """The core or the coordinating agency. Basis: guideline 6(2)[1]."""
    return needs(context.by in (context.case.core, context.coordinating), Reason.NOT_AN_OFFICE)


def present_or_next_core(context: DecisionContext) -> Refusal | None:
    """The responsible core agency, or the one to which the family is handed over. Basis: guideline 3(1), 4(1)."""
    elsewhere = destination(context.register, context.case)
    return needs(
        context.by == context.case.core or (elsewhere is not None and context.by == elsewhere.core),
        Reason.NOT_RESPONSIBLE_CORE,
    )


@sender_rule(Sender.ANY_CORE)
def any_core(context: DecisionContext) -> Refusal | None:
    """A core agency that is, was or will be responsible. Basis: guideline 3(1)."""
    not_former = needs(context.by in context.case.former, Reason.NOT_RESPONSIBLE_CORE)
    return not_former and present_or_next_core(context)


@sender_rule(Sender.NEARBY_CORE)
@since_edition(2, before=present_or_next_core)
def nearby_core(context: DecisionContext) -> Refusal | None:
    """A core agency that is or will be responsible, or of a town that was informed of the family or where some of it stay.

    Basis: CWA 10(1), 25-2(2): a municipality looks after the families that are in its area now.
    """
    nearby = context.by in nearby_cores(context.register, context.case)
    return present_or_next_core(context) and needs(nearby, Reason.NOT_RESPONSIBLE_CORE)


@sender_rule(Sender.ASSIGNING_CORE)
@since_edition(2, before=present_or_next_core)
def assigning_core(context: DecisionContext) -> Refusal | None:
    """A core agency that is or will be responsible, or of the town where some of the family stay: that town's own
    programme visits them, by its staff or its contractor. Basis: CWA 21-10-2(3); guideline 4(1)."""
    stays = {stay.core for stay in context.case.stays.values()}
    return present_or_next_core(context) and needs(context.by in stays, Reason.NOT_RESPONSIBLE_CORE)


@sender_rule(Sender.UNASSIGNING_CORE)
@since_edition(2, before=any_core)
def unassigning_core(context: DecisionContext) -> Refusal | None:
    """A core agency that is, was or will be responsible, or whoever assigned that visitor. Basis: guideline 4(1)."""
    agency = context.event.agency
    assigned_it = context.by in (agency, context.case.commissioned.get(agency))
    return any_core(context) and needs(assigned_it, Reason.NOT_RESPONSIBLE_CORE)


@sender_rule(Sender.REVIEWING_CORE)
@since_edition(2, before=any_core)
def reviewing_core(context: DecisionContext) -> Refusal | None:
    """A core agency that is, was or will be responsible, or whose contractor visited where they stay.

    Basis: guideline 6(4)[1].
    """
    return any_core(context) and nearby_core(context)


@sender_rule(Sender.CONTRACTOR)
def contractor(context: DecisionContext) -> Refusal | None:
    """A contractor. Basis: guideline 4(1), 6(4)[1]."""
    return needs(context.register.is_contractor(context.by), Reason.NOT_A_CONTRACTOR)


def _core_or_contractor(context: DecisionContext) -> Refusal | None:
    """In edition 1 no town visited a family that was not, and would not be, its own."""
    return any_core(context) and contractor(context)


@sender_rule(Sender.CORE_OR_CONTRACTOR)
@since_edition(2, before=_core_or_contractor)
def core_or_contractor(context: DecisionContext) -> Refusal | None:
    """A core agency, also of another town where the family may be, or a contractor that visits for it.

    Basis: guideline 4(1), 5(1)[3]; CWA 10(1).
    """
    return reviewing_core(context) and contractor(context)


def _contractor_or_next_core(context: DecisionContext) -> Refusal | None:
    """In edition 1 no town visited a family that was not, and would not be, its own."""
    return None if context.register.is_contractor(context.by) else present_or_next_core(context)


@sender_rule(Sender.CONTRACTOR_OR_NEXT_CORE)
@since_edition(2, before=_contractor_or_next_core)
def contractor_or_next_core(context: DecisionContext) -> Refusal | None:
    """A contractor, or a core agency that is or will be responsible, or of another town where the family may be.

    Basis: guideline 4(1), 6(3)[4]; CWA 10(1).
    """
    return None if context.register.is_contractor(context.by) else nearby_core(context)


@sender_rule(Sender.DECIDES_ELIGIBILITY)
def decides_eligibility(context: DecisionContext) -> Refusal | None:
    """The core agency; a contractor that has the whole programme. Basis: guideline 6(2)[1], 9(1)[3]."""
    refusal = core(context)
    return refusal if full_contractor(context) else None


@sender_rule(Sender.FULL_CONTRACTOR)
def full_contractor(context: DecisionContext) -> Refusal | None:
    """A contractor that has the whole programme. Basis: guideline 9(1)[3]."""
    commission = context.register.commission(context.case.core_of(context.by), context.by)
    full = commission is not None and commission.scope is OutsourcingScope.FULL
    return contractor(context) or needs(full, Reason.NOT_FULLY_COMMISSIONED)


AUTHORITIES = frozenset({Role.CORE, Role.COORD, Role.CGC})
"""Who may be notified and looks after a child's safety. Basis: CWA 25(1); CAPA 6(1), 8."""


def is_authority(context: DecisionContext, agency: UUID) -> bool:
    known = context.register.agencies.get(agency)
    return known is not None and bool(known.roles & AUTHORITIES)


@sender_rule(Sender.AUTHORITY)
def authority(context: DecisionContext) -> Refusal | None:
    """A municipality's office or the child guidance centre. Basis: CAPA 8; guideline 6(1)[1]イ."""
    return needs(is_authority(context, context.by), Reason.NOT_AN_AUTHORITY)


def answers_received_message(context: DecisionContext) -> Refusal | None:
    """The message it answers is there and was sent to the answerer."""
    message = context.case.messages.get(context.event.answers)
    if message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.by in message.to, Reason.NOT_ADDRESSED)


def known_indicators(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[2]: codes of the list only."""
    return needs(set(context.event.indicators) <= INDICATOR_CODES, Reason.INDICATOR_UNKNOWN)


def has_reason(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[4]: longer only with a recorded reason."""
    return needs(context.event.reason is not None, Reason.REASON_MISSING)
