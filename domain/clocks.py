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

from domain.calendar import end_of
from domain.codes import BreachStage, ConsentCapacity, Requester, SafetyMethod
from domain.events import (
    ACTING_ON,
    REFERRALS,
    AbuseNotificationReceived,
    BreachReported,
    CaseMessage,
    ChildSighted,
    CoercionCheckDone,
    ConsentGiven,
    CorrectionNotifiedToRecipients,
    DisclosureMade,
    DisclosureRead,
    EmergencyAccessReviewed,
    Fact,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    HomeVisitCompleted,
    HomeVisitFailed,
    HomeVisitRefused,
    HomeVisitScheduled,
    InformationRequestAnswered,
    InformationRequestDeclined,
    InformationRequested,
    NetworkMeetingHeld,
    NetworkMeetingRequested,
    NonDisclosureDecided,
    NotificationForwarded,
    RecallAcknowledged,
    RecallNoticeSent,
    ReferralAcknowledged,
    ReferralRead,
    SafetyConfirmed,
    SpecialistJudgementGiven,
    SpecialistJudgementRequested,
    SpecialistServiceLinked,
    SubjectAccessDecided,
    SubjectAccessRequested,
    SupportTypeDecided,
    TransferCompleted,
    TransferInitiated,
    TransferPackageSent,
    TransferReceiptConfirmed,
    VisitReportReviewed,
    VisitReportSubmitted,
)


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
    LOOK_BACK = "LOOK_BACK"
    COERCION = "COERCION"
    CONFIRM = "CONFIRM"
    TRANSFER = "TRANSFER"
    HANDOVER = "HANDOVER"
    NOT_TOLD = "NOT_TOLD"
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


ASKING = (InformationRequested, SpecialistJudgementRequested, NetworkMeetingRequested)
ANSWERING = (
    InformationRequestAnswered,
    InformationRequestDeclined,
    SpecialistJudgementGiven,
    NetworkMeetingHeld,
)

VISIT_TOLD = (VisitReportSubmitted, HomeVisitCompleted, HomeVisitFailed, HomeVisitRefused)

Key = tuple[ClockKind, UUID, UUID]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One running clock. ``message``: what it is about, null for the case as a whole; ``late``: whose turn it
    is; ``told``: who is told beside it; ``due_at``: where the message or the plan names it, else null."""

    kind: ClockKind
    message: UUID | None
    late: UUID
    told: frozenset[UUID]
    since: datetime
    due_at: datetime | None = None


def wound(
    clocks: Mapping[Key, Clock], fact: CaseMessage, id: UUID, by: UUID, at: datetime, to: frozenset[UUID]
) -> Mapping[Key, Clock]:
    """The clocks after this message. ``to``: those whom it has reached."""
    if isinstance(
        fact, NotificationForwarded
    ):  # who knows of the notification is told where the child is not seen
        clocks = {k: _told(c, to) if c.message == fact.forwards else c for k, c in clocks.items()}
    stopped = {key for key, clock in clocks.items() if _stops(fact, by, clock)}
    started = {(c.kind, id, c.late): c for c in _started(fact, id, by, at, to)}
    if not stopped and not started:
        return clocks
    return {**{k: c for k, c in clocks.items() if k not in stopped}, **started}


def _told(clock: Clock, more: frozenset[UUID]) -> Clock:
    return replace(clock, told=clock.told | more) if clock.kind is ClockKind.SAFETY else clock


def _started(fact: CaseMessage, id: UUID, by: UUID, at: datetime, to: frozenset[UUID]) -> Iterator[Clock]:
    def of(kind: ClockKind, late: UUID, due_at: datetime | None = None) -> Clock:
        return Clock(kind=kind, message=id, late=late, told=frozenset({by}), since=at, due_at=due_at)

    if isinstance(fact, AbuseNotificationReceived):
        # Basis: CAPA 8: the check is the duty of each who was notified; it counts from when that was.
        for agency in sorted(to | {by} if fact.taken_in else to):
            yield replace(of(ClockKind.SAFETY, agency), told=frozenset(), since=fact.received_at)
    if isinstance(fact, SubjectAccessRequested):
        yield of(ClockKind.RIGHTS, by)
    if isinstance(fact, NonDisclosureDecided) and fact.review_on is not None:
        yield of(ClockKind.NOT_TOLD, by, end_of(fact.review_on))
    if isinstance(fact, SupportTypeDecided) and fact.specialist_needed:
        yield of(ClockKind.SPECIALIST, by)
    if isinstance(fact, HomeVisitScheduled):
        yield replace(of(ClockKind.VISIT_REPORT, by), since=end_of(fact.planned_on))
    if isinstance(fact, BreachReported) and fact.stage is BreachStage.PRELIMINARY:
        yield replace(of(ClockKind.BREACH, by), since=fact.found_at)
    if isinstance(fact, TransferInitiated):
        begins = at if fact.moves_on is None else max(at, end_of(fact.moves_on))
        yield replace(of(ClockKind.HANDOVER, by), told=to, since=begins)
    for agency in sorted(to):
        if isinstance(fact, TransferInitiated | TransferPackageSent):
            yield of(ClockKind.TRANSFER, agency)
        if isinstance(fact, REFERRALS):
            yield of(ClockKind.ACKNOWLEDGE, agency)
            yield of(ClockKind.READ, agency)
            yield of(ClockKind.ACT, agency)
        if isinstance(fact, ASKING) and fact.due_on is not None:
            yield of(ClockKind.ANSWER, agency, end_of(fact.due_on))
        if isinstance(fact, FollowOnServiceArranged):
            yield of(ClockKind.ACCEPT, agency)
        if isinstance(fact, CorrectionNotifiedToRecipients | RecallNoticeSent):
            yield of(ClockKind.CONFIRM, agency)
        if isinstance(fact, VisitReportSubmitted):
            yield of(ClockKind.REPORT, agency)


def _stops(fact: Fact, by: UUID, clock: Clock) -> bool:
    """Whether this act of this agency is what the clock waited for."""
    answers = getattr(fact, "answers", None)
    match clock.kind:
        case ClockKind.ACKNOWLEDGE:
            return isinstance(fact, ReferralAcknowledged) and (answers, by) == (clock.message, clock.late)
        case ClockKind.READ:
            return isinstance(fact, ReferralRead | DisclosureRead) and (answers, by) == (
                clock.message,
                clock.late,
            )
        case ClockKind.ACT:
            return isinstance(fact, ACTING_ON) and by == clock.late
        case ClockKind.SAFETY:
            return shows_the_child(fact)
        case ClockKind.RIGHTS:
            return isinstance(fact, SubjectAccessDecided) and answers == clock.message
        case ClockKind.EMERGENCY | ClockKind.LOOK_BACK:
            return isinstance(fact, EmergencyAccessReviewed) and answers == clock.message
        case ClockKind.COERCION:
            return isinstance(fact, CoercionCheckDone) and answers == clock.message
        case ClockKind.CONFIRM:
            return isinstance(fact, RecallAcknowledged) and (answers, by) == (clock.message, clock.late)
        case ClockKind.TRANSFER:
            if isinstance(fact, TransferReceiptConfirmed) and by == clock.late:
                return bool(fact.received) or fact.answers == clock.message
            return isinstance(fact, TransferCompleted)
        case ClockKind.HANDOVER:
            return isinstance(fact, TransferCompleted | TransferInitiated)
        case ClockKind.NOT_TOLD:
            return isinstance(fact, NonDisclosureDecided | DisclosureMade) and by == clock.late
        case ClockKind.VISIT_REPORT:
            return isinstance(fact, VISIT_TOLD) and by == clock.late
        case ClockKind.SPECIALIST:
            return isinstance(fact, SpecialistServiceLinked | NonDisclosureDecided) and by == clock.late
        case ClockKind.BUNDLE:
            return isinstance(fact, DisclosureMade) and bool(clock.told & fact.to)
        case ClockKind.BREACH:
            return isinstance(fact, BreachReported) and answers == clock.message
        case ClockKind.EMERGENCY_END:
            return False  # its own end alone ends it
        case ClockKind.ANSWER:
            return isinstance(fact, ANSWERING) and (answers, by) == (clock.message, clock.late)
        case ClockKind.ACCEPT:
            return isinstance(fact, FollowOnServiceAccepted) and (answers, by) == (clock.message, clock.late)
        case ClockKind.REPORT:
            return isinstance(fact, VisitReportReviewed) and (answers, by) == (clock.message, clock.late)
        case _:  # no cover: clocks of the case as a whole are not kept among these
            return False


def by_guardian(fact: Fact) -> bool:
    """Whether somebody speaks for another: he may be the one from whom that one needs protection. Basis: APPI 78(1)1."""
    if isinstance(fact, ConsentGiven):
        return fact.capacity is not ConsentCapacity.SELF
    return isinstance(fact, SubjectAccessRequested) and fact.requester is Requester.LEGAL_REPRESENTATIVE


def shows_the_child(fact: Fact) -> bool:
    """Whether the child itself was sighted: a call, or seeing the family, is not it. Basis: CAPA 8."""
    if isinstance(fact, SafetyConfirmed):
        return fact.child_seen and fact.method is SafetyMethod.SIGHTED
    return isinstance(fact, ChildSighted)
