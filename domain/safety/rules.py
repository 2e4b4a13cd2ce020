"""The rules of ``domain.safety``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.case import Message
from domain.case_message import Sender
from domain.codes import (
    Body,
    Role,
    SafetyMethod,
)
from domain.common_rules import is_authority
from domain.context import DecisionContext, Refusal, needs
from domain.events import (
    AbuseNotificationReceived,
    SafetyConfirmed,
)
from domain.reasons import Reason
from domain.rule_table import form_of, sender_rule


@sender_rule(Sender.TO_AUTHORITY)
def addressed_to_authority(context: DecisionContext) -> Refusal | None:
    """A notification goes to an office of the municipality or the child guidance centre, never to a contractor.

    Basis: CWA 25(1), 33-12; CAPA 6(1); guideline 6(1)[1]イ.
    """
    event: AbuseNotificationReceived | e.StaffAbuseReported = context.event
    parties = event.to | {context.by} if event.recorded_for_notifier else event.to
    return needs(bool(parties) and all(is_authority(context, a) for a in parties), Reason.NOT_AN_AUTHORITY)


@form_of(e.AbuseNotificationReceived)
def notification_form(context: DecisionContext) -> Refusal | None:
    """The time from which the safety check counts is not ahead of now. Basis: CAPA 8."""
    return needs(context.event.received_at <= context.now, Reason.TIME_AHEAD)


@form_of(e.StaffAbuseReported)
def staff_report_form(context: DecisionContext) -> Refusal | None:
    """It does not go to the facility of which it speaks, and the time is not ahead. A facility holds no office in a
    network, so it has no standing access either; what is disclosed to it later, in another message, is judged as any
    disclosure. Basis: CWA 33-12, 33-13."""
    event: e.StaffAbuseReported = context.event
    if event.facility is not None:
        known = context.register.agencies.get(event.facility)
        if known is None or known.roles & {Role.CORE, Role.COORD}:
            return Refusal(Reason.FACILITY_UNKNOWN)
    return _not_to_facility(context, event) or notification_form(context)


@form_of(e.StaffAbuseInvestigated)
def investigation_form(context: DecisionContext) -> Refusal | None:
    """It names the report, which the sender received, and does not go to the facility either. Basis: CWA 33-13, 33-14."""
    message = context.case.messages.get(context.event.answers)
    if message is None or not isinstance(message.event, e.StaffAbuseReported):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if not _received_notification(context, message):
        return Refusal(Reason.NOT_ADDRESSED)
    return _not_to_facility(context, message.event)


def _not_to_facility(context: DecisionContext, report: e.StaffAbuseReported) -> Refusal | None:
    return needs(report.facility not in context.event.to, Reason.FACILITY_ADDRESSED)


@form_of(e.NotificationForwarded)
def forwards_a_notification(context: DecisionContext) -> Refusal | None:
    """Who got a notification forwards it to another authority. Basis: CAPA 7, 8; guideline 6(1)[1]イ."""
    message = context.case.messages.get(context.event.forwards)
    if message is None or not isinstance(message.event, e.NOTIFICATIONS):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if not _received_notification(context, message):
        return Refusal(Reason.NOT_ADDRESSED)
    if isinstance(message.event, e.StaffAbuseReported):
        refusal = _not_to_facility(context, message.event)
        if refusal is not None:
            return refusal
    addressees = context.event.to
    return needs(
        bool(addressees) and all(is_authority(context, a) for a in addressees), Reason.NOT_AN_AUTHORITY
    )


def _received_notification(context: DecisionContext, message: Message) -> bool:
    is_receiver = isinstance(message.event, e.NOTIFICATIONS) and message.event.recorded_for_notifier
    return context.by in message.to or (is_receiver and context.by == message.by)


@form_of(e.EmergencyTriaged)
def triages_a_referral(context: DecisionContext) -> Refusal | None:
    """What it names is a referral that the sender received. Basis: CAPA 8; guideline 6(1)[1]イ."""
    if context.event.answers is None:
        return None
    message = context.case.messages.get(context.event.answers)
    if message is None or not isinstance(message.event, e.REFERRALS):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.by in (message.by, *message.to), Reason.NOT_ADDRESSED)


@form_of(e.SafetyConfirmed)
def sighting_consistent(context: DecisionContext) -> Refusal | None:
    """A child that was not sighted was not seen, however it was asked after. Basis: CAPA 8."""
    event: SafetyConfirmed = context.event
    return needs(event.child_seen or event.method is not SafetyMethod.SIGHTED, Reason.SIGHTING_UNCLEAR)


@sender_rule(Sender.INVOLVES_AUTHORITY)
def concern_involves_authority(context: DecisionContext) -> Refusal | None:
    """A concern goes to an authority, or is kept by one. Basis: CAPA 5(2), 6(1); guideline 6(4)[1]."""
    parties = context.event.to or {context.by}
    return needs(any(is_authority(context, a) for a in parties), Reason.NOT_AN_AUTHORITY)


@form_of(e.CaseReferredToCgc)
def addressed_to_cgc(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-7: a case is sent to the child guidance centre, and to nobody else."""
    agencies = context.register.agencies
    centres = [a for a in context.event.to if a in agencies and Role.CGC in agencies[a].roles]
    return needs(bool(centres) and len(centres) == len(context.event.to), Reason.NOT_A_CGC)


@form_of(e.FamilyCourtNotified)
def addressed_to_court(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25(1) proviso: it goes to the family court alone."""
    agencies = context.register.agencies
    courts = [a for a in context.event.to if a in agencies and agencies[a].body is Body.COURT]
    return needs(bool(courts) and len(courts) == len(context.event.to), Reason.NOT_A_COURT)
