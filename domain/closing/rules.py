"""The rules of ``domain.closing``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from domain import events as e
from domain.case import Case, Message
from domain.case_message import Sender
from domain.codes import (
    ClosingReason,
    FollowOn,
)
from domain.common_rules import answers_received_message, core, has_reason
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
from domain.events import (
    SupportClosed,
)
from domain.past.edition_1 import closing as edition_1
from domain.readiness import CLOSED
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for, sender_rule


@form_of(e.FollowOnServiceAccepted)
def answers_a_follow_on(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    return needs((context.event.answers, context.by) in context.case.follow_ons, Reason.ALREADY_ANSWERED)


@form_of(e.ClosingConsultationHeld)
@since_edition(2, before=edition_1.consultation_form)
def consultation_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: a consultation is with somebody, or says why somebody could not be asked."""
    event: e.ClosingConsultationHeld = context.event
    return needs(bool(event.consulted or event.not_consulted), Reason.NOT_CONSULTED)


@form_of(e.SupportClosed)
@since_edition(2, before=edition_1.closing_form)
def closing_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]: a closing names what follows, or that nothing must; a hand-over is what follows, and
    nothing does after the death of every child."""
    ended = context.event.closing_reason in (ClosingReason.TRANSFER, ClosingReason.CHILD_DIED)
    return needs(ended or context.event.follow_on is not None, Reason.FOLLOW_ON_MISSING)


@ready_for(e.SupportClosed)
@since_edition(2, before=edition_1.closing_ready)
def closing_ready(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: consultation with the visitors and the agencies, and the evaluation, come first; the
    closing agrees with them."""
    case = context.case
    if context.event.closing_reason is ClosingReason.TRANSFER:
        return edition_1.was_handed_over(context)
    if case.status in CLOSED:
        return Refusal(Reason.CASE_CLOSED)
    if context.event.closing_reason is ClosingReason.CHILD_DIED:
        return every_child_died(context)
    if case.commenced_at is None:
        return Refusal(Reason.NOT_COMMENCED)
    return _everybody_asked(context) or _agrees_with_evaluation(context) or _what_follows_is_so(context)


def _everybody_asked(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: 訪問支援者 (each agency whose visitors visited or are assigned) and 関係機関 (each that
    was brought in to support the family). Who visited where the family stayed is asked itself, or through the core agency
    of that town."""
    case = context.case
    if case.consulted is None:
        return Refusal(Reason.NOT_CONSULTED)
    towns = {agency: _town_of(context, agency) for agency in _visiting_agencies(context)}
    not_asked = {town for agency, town in towns.items() if not {agency, town} & case.consulted}
    if not_asked:
        return Refusal(Reason.VISITOR_NOT_CONSULTED, min(not_asked))
    missing = _supporting_agencies(context) - case.consulted
    return Refusal(Reason.AGENCY_NOT_CONSULTED, min(missing)) if missing else None


def _visiting_agencies(context: DecisionContext) -> frozenset[UUID]:
    """Whose visitors visited since the case was opened (anew): its own, its contractors' and those of a town where the
    family stayed; and others whose visitors are assigned, but where that town alone has visited: those could not.

    A municipality that handed the family over, and its visitors, belong to the support that it closed itself.
    """
    case, towns = context.case, set(context.case.offices.values()) - {context.by}
    visited = {m.by for m in _this_support(case) if isinstance(m.event, _VISITS)}
    elsewhere = {agency for agency in visited if {agency, _town_of(context, agency)} & towns}
    assigned = {a for a, _ in case.assigned if case.core_of(a) == context.by} - {context.by}
    asked = visited if visited and visited == elsewhere else visited | assigned
    return frozenset(a for a in asked if not {a, _town_of(context, a)} & case.former)


def _town_of(context: DecisionContext, agency: UUID) -> UUID:
    """Through whom this agency's visitors are asked: the core agency of another town for which they visited, else itself."""
    core = context.case.core_of(agency)
    return agency if core is None or core == context.by else core


def _supporting_agencies(context: DecisionContext) -> frozenset[UUID]:
    """Agencies to which an office connected the family, or with which it coordinated their support."""
    connected = (m.to for m in _this_support(context.case) if isinstance(m.event, _CONNECTIONS))
    return frozenset[UUID]().union(*connected) - {context.by}


_VISITS = (e.VisitReportSubmitted, e.HomeVisitCompleted)
_CONNECTIONS = (
    e.SpecialistServiceLinked,
    e.OtherSupportCoordinated,
    e.FamilyServiceAnswered,
    e.FamilyServiceMeasureTaken,
)


def _this_support(case: Case) -> Iterator[Message]:
    """The messages since the case was opened, or opened anew; the newest first."""
    for id in reversed(case.messages):
        message = case.messages[id]
        if isinstance(message.event, e.CaseReopened):
            return
        yield message


def _agrees_with_evaluation(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: closed for what the evaluation says, or with a recorded reason."""
    evaluation, event = context.case.evaluation, context.event
    if evaluation is None:
        return Refusal(Reason.NOT_EVALUATED)
    goes_on = event.closing_reason in _SUPPORT_GOES_ON and event.follow_on is not FollowOn.NONE_NEEDED
    agrees = evaluation.reached or goes_on or event.reason is not None
    return needs(agrees, Reason.EVALUATION_DISAGREES)


_SUPPORT_GOES_ON = frozenset({ClosingReason.SERVICE_CHANGED, ClosingReason.MOVED_AWAY})
"""Closed because somebody else supports the family: nobody says that the goal was reached."""


def _what_follows_is_so(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]: what the closing names as following is on record."""
    arranged = any(isinstance(m.event, e.FollowOnServiceArranged) for m in _this_support(context.case))
    match context.event.follow_on:
        case FollowOn.NETWORK_CONTINUES:
            return needs(context.case.registered, Reason.NOT_REGISTERED)
        case FollowOn.CENTRE_CONTINUES:
            return None
        case named:
            return needs(arranged is (named is FollowOn.ARRANGED), Reason.FOLLOW_ON_INCONSISTENT)


def every_child_died(context: DecisionContext) -> Refusal | None:
    """Nobody is left of whom an evaluation could speak: a case ends without one when every child has died. A child of
    whom nobody can say who it is may live. Basis: CAPA 4(5); own rule (死亡による終結)."""
    return needs(context.case.family.no_child_lives, Reason.CHILD_LIVES)


@ready_for(e.CaseReopened)
def is_closed(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]: what is reopened was closed."""
    return needs(context.case.status in CLOSED, Reason.NOT_CLOSED)


@sender_rule(Sender.CLOSES)
def may_close(context: DecisionContext) -> Refusal | None:
    """The responsible core agency closes; one that handed the family over closes its own part. Basis: guideline 6(5)[1]."""
    event: SupportClosed = context.event
    if event.closing_reason is ClosingReason.TRANSFER:
        return needs(context.by in context.case.former | {context.case.core}, Reason.NOT_RESPONSIBLE_CORE)
    return core(context)


form_of(e.CaseReopened)(has_reason)
