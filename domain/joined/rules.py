"""The rules of ``domain.joined``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.common_rules import has_reason
from domain.context import DecisionContext, Refusal, needs
from domain.joined.sharing import cases_of_family
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.CasesJoined)
def joins_own_cases(context: DecisionContext) -> Refusal | None:
    """Two different cases, both of the core agency that joins them, which are not of one family already. One that is not
    its own is as one that is not there. Basis: APPI 65, 81; guideline 3(1)."""
    case, other = context.case, context.other
    if context.event.other == case.id:
        return Refusal(Reason.SAME_CASE)
    if other is None or other.core != context.by:
        return Refusal(Reason.NOT_YOUR_CASE)
    return needs(cases_of_family(case).isdisjoint(cases_of_family(other)), Reason.ALREADY_JOINED)


@form_of(e.CaseSplit)
def splits_joined_cases(context: DecisionContext) -> Refusal | None:
    """What is separated was joined, and it says why. Basis: APPI 65."""
    if context.event.other not in context.case.joined_with:
        return Refusal(Reason.NOT_JOINED)
    return has_reason(context)
