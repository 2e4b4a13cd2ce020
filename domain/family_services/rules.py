"""The rules of ``domain.family_services``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.case import Case
from domain.codes import FamilyService, ServiceAnswer
from domain.context import DecisionContext, Refusal, needs
from domain.dated_rules import FAMILY_SERVICES, holds
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for

TEMPORARY = frozenset({FamilyService.SHORT_STAY, FamilyService.TEMPORARY_CARE})
"""Help «一時的に»: it has a last day. Basis: CWA 21-18; 児福法6条の3第3項, 7項."""


@form_of(e.FamilyServiceRecommended)
def service_exists(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 21-18(1): there are the six kinds of help from the day in the rule book on."""
    return needs(holds(context.rule_book, FAMILY_SERVICES, day_of(context.now)), Reason.SERVICE_NOT_IN_FORCE)


@ready_for(e.FamilyServiceRecommended)
def planned_or_notified(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 21-18(1): for who has a plan (which names the help) or was notified under 26(1)8; else with a reason.
    Visits of this programme are for a family that was decided on (guideline 6(2)[1])."""
    case, event = context.case, context.event
    if event.service is FamilyService.HOME_VISIT and not case.eligible:
        return Refusal(Reason.NOT_ELIGIBLE)
    planned = case.plan is not None and event.service in case.plan.services
    notified = any(isinstance(m.event, e.ProgrammeNotificationReceived) for m in case.messages.values())
    return needs(planned or notified or event.reason is not None, Reason.REASON_MISSING)


@form_of(e.FamilyServiceAnswered)
def answer_form(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 21-18(1): it answers a recommendation; help that is accepted has its days."""
    event: e.FamilyServiceAnswered = context.event
    service = _recommended(context.case, event.answers)
    if service is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if event.answer is not ServiceAnswer.ACCEPTED:
        return None
    return _days_of_help(service, event.begins_on, event.ends_on)


@form_of(e.FamilyServiceMeasureTaken)
def measure_form(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 21-18(2): it is for what was recommended, and has its days."""
    event: e.FamilyServiceMeasureTaken = context.event
    service = _recommended(context.case, event.answers)
    if service is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return _days_of_help(service, event.begins_on, event.ends_on)


@ready_for(e.FamilyServiceMeasureTaken)
def tried_in_vain(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 21-18(2): only where recommending and helping did not suffice: the family answered, and does not use it."""
    answers = list(_answers_to(context.case, context.event.answers))
    if not answers:
        return Refusal(Reason.SERVICE_NOT_ANSWERED)
    return needs(answers[-1] is not ServiceAnswer.ACCEPTED, Reason.SERVICE_ACCEPTED)


def _recommended(case: Case, id: UUID) -> FamilyService | None:
    """The kind of help that this message recommended."""
    message = case.messages.get(id)
    event = None if message is None else message.event
    return event.service if isinstance(event, e.FamilyServiceRecommended) else None


def _answers_to(case: Case, id: UUID) -> Iterator[ServiceAnswer]:
    for message in case.messages.values():
        event = message.event
        if isinstance(event, e.FamilyServiceAnswered) and event.answers == id:
            yield event.answer


def _days_of_help(service: FamilyService, begins_on: date | None, ends_on: date | None) -> Refusal | None:
    """Help begins on a day; what is given for a time ends on one, and not before it begins."""
    if begins_on is None or (service in TEMPORARY and ends_on is None):
        return Refusal(Reason.SERVICE_DAYS_MISSING)
    return needs(ends_on is None or begins_on <= ends_on, Reason.PLAN_DATES_WRONG)
