"""The effects of ``domain.closing``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain import events as e
from domain.case import (
    Case,
    Evaluation,
    Message,
)
from domain.codes import CaseStatus, ClosingReason
from domain.editions import since_edition
from domain.effects import effect_of
from domain.past.edition_1 import closing as edition_1


@effect_of(e.ClosingConsultationHeld)
@since_edition(2, before=edition_1.closing_consulted)
def closing_consulted(case: Case, event: e.ClosingConsultationHeld, message: Message) -> Case:
    """Several consultations count together: not everybody sits at one table. Basis: guideline 6(5)[1]."""
    asked = event.consulted | event.not_consulted.keys()
    return replace(
        case,
        consulted=(case.consulted or frozenset()) | asked,
        reviewed_at=message.at,
        participants=case.participants | event.consulted,
    )


@effect_of(e.ClosingEvaluationRecorded)
def support_evaluated(case: Case, event: e.ClosingEvaluationRecorded, message: Message) -> Case:
    return replace(case, evaluation=Evaluation(event.goal_reached, event.environment_improved))


@effect_of(e.SupportClosed)
def support_closed(case: Case, event: e.SupportClosed, message: Message) -> Case:
    if event.closing_reason is ClosingReason.TRANSFER:
        return _closed_by_former_core(case, message.by)
    case = replace(case, status=CaseStatus.CLOSED, assigned=frozenset(), closed_at=message.at)
    case = replace(case, unattended_since=None)
    return _with_follow_ons(case, case.follow_ons)


def _closed_by_former_core(case: Case, core: UUID) -> Case:
    """The old municipality's support is over: its visitors have no part in the case any more. Basis: guideline 6(5)[1]."""
    return replace(
        case, assigned=frozenset(a for a in case.assigned if core not in (a[0], case.core_of(a[0])))
    )


@effect_of(e.FollowOnServiceArranged)
def follow_on_arranged(case: Case, event: e.FollowOnServiceArranged, message: Message) -> Case:
    return _with_follow_ons(case, case.follow_ons | {(message.id, agency) for agency in event.to})


@effect_of(e.FollowOnServiceAccepted)
def follow_on_accepted(case: Case, event: e.FollowOnServiceAccepted, message: Message) -> Case:
    return _with_follow_ons(case, case.follow_ons - {(event.answers, message.by)})


def _with_follow_ons(case: Case, waiting: frozenset[tuple[UUID, UUID]]) -> Case:
    """A closed case is pending until every follow-on is accepted. Basis: guideline 6(5)[2]."""
    status = case.status
    if status in (CaseStatus.CLOSED, CaseStatus.FOLLOW_ON_PENDING):
        status = CaseStatus.FOLLOW_ON_PENDING if waiting else CaseStatus.CLOSED
    return replace(case, follow_ons=waiting, status=status)


@effect_of(e.CaseReopened)
@since_edition(2, before=edition_1.case_reopened)
def case_reopened(case: Case, event: e.CaseReopened, message: Message) -> Case:
    """Support begins again on a new decision and a new plan. Basis: guideline 6(2)[1], 6(3)[1], 6(5)[2]."""
    return replace(
        edition_1.case_reopened(case, event, message),
        eligible=False,
        plan=None,
        plan_at=None,
        responsible_since=message.at,
    )
