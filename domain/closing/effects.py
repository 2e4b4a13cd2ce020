"""The effects of ``domain.closing``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.codes import CaseStatus, ClosingReason
from domain.effects import effect_of


@effect_of(e.ClosingConsultationHeld)
def closing_consulted(case: Case, event: e.ClosingConsultationHeld, message: Message) -> Case:
    return replace(case, consulted=event.consulted, reviewed_at=message.at)


@effect_of(e.ClosingEvaluationRecorded)
def support_evaluated(case: Case, event: e.ClosingEvaluationRecorded, message: Message) -> Case:
    return replace(case, evaluated=True)


@effect_of(e.SupportClosed)
def support_closed(case: Case, event: e.SupportClosed, message: Message) -> Case:
    if event.closing_reason is ClosingReason.TRANSFER:
        return _closed_by_former_core(case, message.by)
    case = replace(case, status=CaseStatus.CLOSED, assigned=frozenset(), closed_at=message.at)
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
def case_reopened(case: Case, event: e.CaseReopened, message: Message) -> Case:
    return replace(
        case, status=CaseStatus.OPEN, consulted=None, evaluated=False, closed_at=None, appraised=False
    )
