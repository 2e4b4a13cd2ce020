"""What notifications and safety checks need. Basis: CAPA 6, 7, 8; CWA 25, 25-7."""

from __future__ import annotations

from domain.calendar import day_of
from domain.case import Message
from domain.codes import Role, SafetyMethod
from domain.context import Asking, Refusal, answers_one_sent_to_me, is_authority, needs
from domain.events import REFERRALS, AbuseNotificationReceived, SafetyConfirmed, VisitReportSubmitted
from domain.reasons import Reason


def told_to_an_authority(asking: Asking) -> Refusal | None:
    """A notification goes to an office of the municipality or the child guidance centre, never to a contractor.

    Basis: CWA 25(1); CAPA 6(1); guideline 6(1)[1]イ.
    """
    fact: AbuseNotificationReceived = asking.fact
    who = fact.to | {asking.by} if fact.taken_in else fact.to
    return needs(bool(who) and all(is_authority(asking, a) for a in who), Reason.NOT_AN_AUTHORITY)


def notification_form(asking: Asking) -> Refusal | None:
    """The time from which the safety check counts is not ahead of now. Basis: CAPA 8."""
    return needs(asking.fact.received_at <= asking.now, Reason.TIME_AHEAD)


def forwards_a_notification(asking: Asking) -> Refusal | None:
    """Who got a notification forwards it to another authority. Basis: CAPA 7, 8; guideline 6(1)[1]イ."""
    message = asking.case.messages.get(asking.fact.forwards)
    if message is None or not isinstance(message.fact, AbuseNotificationReceived):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if not _received(asking, message):
        return Refusal(Reason.NOT_ADDRESSED)
    told = asking.fact.to
    return needs(bool(told) and all(is_authority(asking, a) for a in told), Reason.NOT_AN_AUTHORITY)


def _received(asking: Asking, message: Message) -> bool:
    took_in = isinstance(message.fact, AbuseNotificationReceived) and message.fact.taken_in
    return asking.by in message.to or (took_in and asking.by == message.by)


def sighted(asking: Asking) -> Refusal | None:
    """A child that was not sighted was not seen, however it was asked after. Basis: CAPA 8."""
    fact: SafetyConfirmed = asking.fact
    return needs(fact.child_seen or fact.method is not SafetyMethod.SIGHTED, Reason.SIGHTING_UNCLEAR)


def concern_has_part(asking: Asking) -> Refusal | None:
    """A concern goes to an authority, or is kept by one. Basis: CAPA 5(2), 6(1); guideline 6(4)[1]."""
    who = asking.fact.to or {asking.by}
    return needs(any(is_authority(asking, a) for a in who), Reason.NOT_AN_AUTHORITY)


def referred_to_cgc(asking: Asking) -> Refusal | None:
    """Basis: CWA 25-7: a case is sent to the child guidance centre, and to nobody else."""
    agencies = asking.register.agencies
    centres = [a for a in asking.fact.to if a in agencies and Role.CGC in agencies[a].roles]
    return needs(bool(centres) and len(centres) == len(asking.fact.to), Reason.NOT_A_CGC)


def answers_a_referral(asking: Asking) -> Refusal | None:
    """Basis: own rule: who got a referral tells its sender, and only him, what became of it."""
    refusal = answers_one_sent_to_me(asking)
    if refusal is not None:
        return refusal
    referral = asking.case.messages[asking.fact.answers]
    if not isinstance(referral.fact, REFERRALS):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(asking.fact.to <= {referral.by}, Reason.NOT_THE_SENDER)


def answers_a_report(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(4)[1]: the report it looks at was sent to it."""
    refusal = answers_one_sent_to_me(asking)
    if refusal is not None:
        return refusal
    report = asking.case.messages[asking.fact.answers].fact
    return needs(isinstance(report, VisitReportSubmitted), Reason.UNKNOWN_MESSAGE)


def reviewed_later(asking: Asking) -> Refusal | None:
    """Basis: own rule: who decides not to tell or act says why, and when it is looked at again."""
    if asking.fact.reason is None:
        return Refusal(Reason.REASON_MISSING)
    review_on = asking.fact.review_on
    return needs(review_on is not None and review_on > day_of(asking.now), Reason.REVIEW_DAY_MISSING)
