"""The rules of ``domain.whereabouts``: what its messages have to state."""

from __future__ import annotations

from domain import events as e
from domain.calendar import day_of
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.WhereaboutsLost)
def last_seen_in_the_past(context: DecisionContext) -> Refusal | None:
    """Basis: CAPA 8: nobody was last seen on a day that is still to come."""
    on = context.event.last_seen_on
    return needs(on is None or on <= day_of(context.now), Reason.TIME_AHEAD)


@form_of(e.SearchStepRecorded, e.WhereaboutsEstablished)
def about_a_search(context: DecisionContext) -> Refusal | None:
    """Who searches, or was asked to, reports on that search. Basis: own rule (居所不明児童)."""
    report = context.case.messages.get(context.event.answers)
    if report is None or not isinstance(report.event, e.WhereaboutsLost):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.by in {report.by, *report.to}, Reason.NOT_ADDRESSED)
