"""The clocks of a case: what of a message starts one, and what stops it.

A clock says whose turn it is and since when; how long it may run is local policy in the rule book, so a
clock knows its time only where the message itself named one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain import events as e
from domain.calendar import end_of
from domain.codes import BreachStage, ConsentCapacity, Requester, SafetyMethod


class ClockKind(StrEnum):
    """What is waited for."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    READ = "READ"
    ACT = "ACT"
    SAFETY = "SAFETY"
    ANSWER = "ANSWER"
    ACCEPT = "ACCEPT"
    REPORT = "REPORT"
    RIGHTS = "RIGHTS"
    EMERGENCY = "EMERGENCY"
    EMERGENCY_END = "EMERGENCY_END"
    EMERGENCY_REVIEW = "EMERGENCY_REVIEW"
    COERCION = "COERCION"
    CONFIRM = "CONFIRM"
    TRANSFER = "TRANSFER"
    HANDOVER = "HANDOVER"
    NON_DISCLOSURE = "NON_DISCLOSURE"
    VISIT_REPORT = "VISIT_REPORT"
    BREACH = "BREACH"
    SPECIALIST = "SPECIALIST"
    BUNDLE = "BUNDLE"
    # of the case as a whole
    REVIEW = "REVIEW"
    PLAN_END = "PLAN_END"
    VISITS = "VISITS"
    CONTACT = "CONTACT"
    SILENCE = "SILENCE"
    SIGNALS = "SIGNALS"
    MOVE = "MOVE"
    RETENTION = "RETENTION"


REQUESTS = (e.InformationRequested, e.SpecialistJudgementRequested, e.NetworkMeetingRequested)
ANSWERS = (
    e.InformationRequestAnswered,
    e.InformationRequestDeclined,
    e.SpecialistJudgementGiven,
    e.NetworkMeetingHeld,
)

VISIT_REPORTED = (e.VisitReportSubmitted, e.HomeVisitCompleted, e.HomeVisitFailed, e.HomeVisitRefused)

ClockKey = tuple[ClockKind, UUID, UUID]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One running clock. ``message``: what it is about, null for the case as a whole; ``responsible``: whose turn it
    is; ``informed``: who is told beside it; ``due_at``: where the message or the plan names it, else null."""

    kind: ClockKind
    message: UUID | None
    responsible: UUID
    informed: frozenset[UUID]
    since: datetime
    due_at: datetime | None = None


def update_clocks(
    clocks: Mapping[ClockKey, Clock],
    event: e.CaseMessage,
    id: UUID,
    by: UUID,
    at: datetime,
    to: frozenset[UUID],
) -> Mapping[ClockKey, Clock]:
    """The clocks after this message. ``to``: those whom it has reached."""
    if isinstance(
        event, e.NotificationForwarded
    ):  # who knows of the notification is told where the child is not seen
        clocks = {k: _with_informed(c, to) if c.message == event.forwards else c for k, c in clocks.items()}
    stopped = {key for key, clock in clocks.items() if _stops_clock(event, by, clock)}
    started = {(c.kind, id, c.responsible): c for c in _started_clocks(event, id, by, at, to)}
    if not stopped and not started:
        return clocks
    return {**{k: c for k, c in clocks.items() if k not in stopped}, **started}


def _with_informed(clock: Clock, more: frozenset[UUID]) -> Clock:
    return replace(clock, informed=clock.informed | more) if clock.kind is ClockKind.SAFETY else clock


def _started_clocks(
    event: e.CaseMessage, id: UUID, by: UUID, at: datetime, to: frozenset[UUID]
) -> Iterator[Clock]:
    def clock_for(kind: ClockKind, responsible: UUID, due_at: datetime | None = None) -> Clock:
        return Clock(
            kind=kind, message=id, responsible=responsible, informed=frozenset({by}), since=at, due_at=due_at
        )

    if isinstance(event, e.AbuseNotificationReceived):
        # Basis: CAPA 8: the check is the duty of each who was notified; it counts from when that was.
        for agency in sorted(to | {by} if event.recorded_for_notifier else to):
            yield replace(clock_for(ClockKind.SAFETY, agency), informed=frozenset(), since=event.received_at)
    if isinstance(event, e.SubjectAccessRequested):
        yield clock_for(ClockKind.RIGHTS, by)
    if isinstance(event, e.NonDisclosureDecided) and event.review_on is not None:
        yield clock_for(ClockKind.NON_DISCLOSURE, by, end_of(event.review_on))
    if isinstance(event, e.SupportTypeDecided) and event.specialist_needed:
        yield clock_for(ClockKind.SPECIALIST, by)
    if isinstance(event, e.HomeVisitScheduled):
        yield replace(clock_for(ClockKind.VISIT_REPORT, by), since=end_of(event.planned_on))
    if isinstance(event, e.BreachReported) and event.stage is BreachStage.PRELIMINARY:
        yield replace(clock_for(ClockKind.BREACH, by), since=event.found_at)
    if isinstance(event, e.TransferInitiated):
        begins = at if event.moves_on is None else max(at, end_of(event.moves_on))
        yield replace(clock_for(ClockKind.HANDOVER, by), informed=to, since=begins)
    for agency in sorted(to):
        if isinstance(event, e.TransferInitiated | e.TransferPackageSent):
            yield clock_for(ClockKind.TRANSFER, agency)
        if isinstance(event, e.REFERRALS):
            yield clock_for(ClockKind.ACKNOWLEDGE, agency)
            yield clock_for(ClockKind.READ, agency)
            yield clock_for(ClockKind.ACT, agency)
        if isinstance(event, REQUESTS) and event.due_on is not None:
            yield clock_for(ClockKind.ANSWER, agency, end_of(event.due_on))
        if isinstance(event, e.FollowOnServiceArranged):
            yield clock_for(ClockKind.ACCEPT, agency)
        if isinstance(event, e.CorrectionNotifiedToRecipients | e.RecallNoticeSent):
            yield clock_for(ClockKind.CONFIRM, agency)
        if isinstance(event, e.VisitReportSubmitted):
            yield clock_for(ClockKind.REPORT, agency)


def _stops_clock(event: e.Event, by: UUID, clock: Clock) -> bool:
    """Whether this act of this agency is what the clock waited for."""
    answers = getattr(event, "answers", None)
    match clock.kind:
        case ClockKind.ACKNOWLEDGE:
            return isinstance(event, e.ReferralAcknowledged) and (answers, by) == (
                clock.message,
                clock.responsible,
            )
        case ClockKind.READ:
            return isinstance(event, e.ReferralRead | e.DisclosureRead) and (answers, by) == (
                clock.message,
                clock.responsible,
            )
        case ClockKind.ACT:
            return isinstance(event, e.ACTS_ON_REFERRAL) and by == clock.responsible
        case ClockKind.SAFETY:
            return child_was_sighted(event)
        case ClockKind.RIGHTS:
            return isinstance(event, e.SubjectAccessDecided) and answers == clock.message
        case ClockKind.EMERGENCY | ClockKind.EMERGENCY_REVIEW:
            return isinstance(event, e.EmergencyAccessReviewed) and answers == clock.message
        case ClockKind.COERCION:
            return isinstance(event, e.CoercionCheckDone) and answers == clock.message
        case ClockKind.CONFIRM:
            return isinstance(event, e.RecallAcknowledged) and (answers, by) == (
                clock.message,
                clock.responsible,
            )
        case ClockKind.TRANSFER:
            if isinstance(event, e.TransferReceiptConfirmed) and by == clock.responsible:
                return bool(event.received) or event.answers == clock.message
            return isinstance(event, e.TransferCompleted)
        case ClockKind.HANDOVER:
            return isinstance(event, e.TransferCompleted | e.TransferInitiated)
        case ClockKind.NON_DISCLOSURE:
            return isinstance(event, e.NonDisclosureDecided | e.DisclosureMade) and by == clock.responsible
        case ClockKind.VISIT_REPORT:
            return isinstance(event, VISIT_REPORTED) and by == clock.responsible
        case ClockKind.SPECIALIST:
            return (
                isinstance(event, e.SpecialistServiceLinked | e.NonDisclosureDecided)
                and by == clock.responsible
            )
        case ClockKind.BUNDLE:
            return isinstance(event, e.DisclosureMade) and bool(clock.informed & event.to)
        case ClockKind.BREACH:
            return isinstance(event, e.BreachReported) and answers == clock.message
        case ClockKind.EMERGENCY_END:
            return False  # its own end alone ends it
        case ClockKind.ANSWER:
            return isinstance(event, ANSWERS) and (answers, by) == (clock.message, clock.responsible)
        case ClockKind.ACCEPT:
            return isinstance(event, e.FollowOnServiceAccepted) and (answers, by) == (
                clock.message,
                clock.responsible,
            )
        case ClockKind.REPORT:
            return isinstance(event, e.VisitReportReviewed) and (answers, by) == (
                clock.message,
                clock.responsible,
            )
        case _:  # no cover: clocks of the case as a whole are not kept among these
            return False


def by_guardian(event: e.Event) -> bool:
    """Whether somebody speaks for another: he may be the one from whom that one needs protection. Basis: APPI 78(1)1."""
    if isinstance(event, e.ConsentGiven):
        return event.capacity is not ConsentCapacity.SELF
    return isinstance(event, e.SubjectAccessRequested) and event.requester is Requester.LEGAL_REPRESENTATIVE


def child_was_sighted(event: e.Event) -> bool:
    """Whether the child itself was sighted: a call, or seeing the family, is not it. Basis: CAPA 8."""
    if isinstance(event, e.SafetyConfirmed):
        return event.child_seen and event.method is SafetyMethod.SIGHTED
    return isinstance(event, e.ChildSighted)
