"""What notifications and safety checks need. Basis: CAPA 6, 7, 8; CWA 25, 25-7."""

from __future__ import annotations

from domain.calendar import day_of
from domain.case import Message
from domain.codes import Role, SafetyMethod
from domain.context import DecisionContext, Refusal, answers_received_message, is_authority, needs
from domain.events import REFERRALS, AbuseNotificationReceived, SafetyConfirmed, VisitReportSubmitted
from domain.reasons import Reason


def addressed_to_authority(context: DecisionContext) -> Refusal | None:
    """A notification goes to an office of the municipality or the child guidance centre, never to a contractor.

    Basis: CWA 25(1); CAPA 6(1); guideline 6(1)[1]イ.
    """
    event: AbuseNotificationReceived = context.event
    parties = event.to | {context.by} if event.recorded_for_notifier else event.to
    return needs(bool(parties) and all(is_authority(context, a) for a in parties), Reason.NOT_AN_AUTHORITY)


def notification_form(context: DecisionContext) -> Refusal | None:
    """The time from which the safety check counts is not ahead of now. Basis: CAPA 8."""
    return needs(context.event.received_at <= context.now, Reason.TIME_AHEAD)


def forwards_a_notification(context: DecisionContext) -> Refusal | None:
    """Who got a notification forwards it to another authority. Basis: CAPA 7, 8; guideline 6(1)[1]イ."""
    message = context.case.messages.get(context.event.forwards)
    if message is None or not isinstance(message.event, AbuseNotificationReceived):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if not _received_notification(context, message):
        return Refusal(Reason.NOT_ADDRESSED)
    addressees = context.event.to
    return needs(
        bool(addressees) and all(is_authority(context, a) for a in addressees), Reason.NOT_AN_AUTHORITY
    )


def _received_notification(context: DecisionContext, message: Message) -> bool:
    is_receiver = isinstance(message.event, AbuseNotificationReceived) and message.event.recorded_for_notifier
    return context.by in message.to or (is_receiver and context.by == message.by)


def sighting_consistent(context: DecisionContext) -> Refusal | None:
    """A child that was not sighted was not seen, however it was asked after. Basis: CAPA 8."""
    event: SafetyConfirmed = context.event
    return needs(event.child_seen or event.method is not SafetyMethod.SIGHTED, Reason.SIGHTING_UNCLEAR)


def concern_involves_authority(context: DecisionContext) -> Refusal | None:
    """A concern goes to an authority, or is kept by one. Basis: CAPA 5(2), 6(1); guideline 6(4)[1]."""
    parties = context.event.to or {context.by}
    return needs(any(is_authority(context, a) for a in parties), Reason.NOT_AN_AUTHORITY)


def addressed_to_cgc(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-7: a case is sent to the child guidance centre, and to nobody else."""
    agencies = context.register.agencies
    centres = [a for a in context.event.to if a in agencies and Role.CGC in agencies[a].roles]
    return needs(bool(centres) and len(centres) == len(context.event.to), Reason.NOT_A_CGC)


def answers_a_referral(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: who got a referral tells its sender, and only him, what became of it."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    referral = context.case.messages[context.event.answers]
    if not isinstance(referral.event, REFERRALS):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.event.to <= {referral.by}, Reason.NOT_THE_SENDER)


def answers_a_report(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(4)[1]: the report it looks at was sent to it."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    report = context.case.messages[context.event.answers].event
    return needs(isinstance(report, VisitReportSubmitted), Reason.UNKNOWN_MESSAGE)


def has_review_date(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: who decides not to tell or act says why, and when it is looked at again."""
    if context.event.reason is None:
        return Refusal(Reason.REASON_MISSING)
    review_on = context.event.review_on
    return needs(review_on is not None and review_on > day_of(context.now), Reason.REVIEW_DAY_MISSING)
