"""Fields of referrals, notifications, requests and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.calendar import day_of
from domain.codes import SafetyMethod, SubjectConsent, Urgency
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import (
    day_text,
    first_given,
    message_named,
    message_or_last,
    time_text,
)
from gateway.rehearsal.scenario.story import PERSON, Step


def _information(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "subject_consent": d.get("consent", SubjectConsent.NOT_REQUESTED.value),
        "weeks_pregnant": d.get("weeks_pregnant"),
        "indicators": dict(d.get("indicators") or {}),
    }


_ANSWERED_EVENT = {
    "InformationRequestAnswered": "InformationRequested",
    "InformationRequestDeclined": "InformationRequested",
    "FollowOnServiceAccepted": "FollowOnServiceArranged",
    "RecallAcknowledged": "RecallNoticeSent",
}


def answer_reference(step: Step, run: RunContext) -> dict[str, Any]:
    if step.event in _ANSWERED_EVENT:
        return {"answers": message_named(step, run, (), _ANSWERED_EVENT[step.event])}
    n = step.details.get("answers")
    return {"answers": str(run.message_of(n) if n is not None else run.referral_for(step))}


def request_fields(step: Step, run: RunContext) -> dict[str, Any]:
    return {"due_on": day_text(first_given(step.details, "due_at", "due_on", "due"))}


def _notified(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "notifier_token": d.get("notifier_token"),
        "received_at": time_text(d.get("received_at"), step.at),
        "recorded_for_notifier": step.by == PERSON,
    }


def _triaged(step: Step, run: RunContext) -> dict[str, Any]:
    urgency = step.details.get("urgency")
    return {"urgency": urgency if urgency in set(Urgency) else None}


def _forwarded(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("forwards")
    return {"forwards": message_or_last(run, step, n, "AbuseNotificationReceived")}


def _safety(step: Step, run: RunContext) -> dict[str, Any]:
    seen = bool(step.details.get("child_seen", False))
    method = str(step.details.get("method") or ("SIGHTED" if seen else "FAMILY_ONLY"))
    method = {"PHONE": "TELEPHONE"}.get(method, method)
    return {"child_seen": seen, "method": method if method in set(SafetyMethod) else "THROUGH_OTHERS"}


def _outcome(step: Step, run: RunContext) -> dict[str, Any]:
    return {**answer_reference(step, run), "outcome": step.details.get("outcome", "ACCEPTED")}


def _non_disclosure(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    later = day_of(step.at + timedelta(days=30)).isoformat()
    named = first_given(d, "review_on", "review_at", "review_due", "review_date", "review_due_on")
    return {"review_on": day_text(named) or later, "reason": d.get("reason", "NOT_NEEDED")}


def _judged(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    requested_event = "SpecialistJudgementRequested"
    return {"answers": message_or_last(run, step, n, requested_event)}


def _meeting(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": None if n is None else str(run.message_of(n))}


def _disclosure_read(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": message_or_last(run, step, n, "DisclosureMade")}


def _registered(step: Step, run: RunContext) -> dict[str, Any]:
    return {"standing": step.details.get("standing")}


REFERRAL_FIELDS: Mapping[str, FieldBuilder] = {
    "RecallAcknowledged": answer_reference,
    "SpecialistJudgementRequested": request_fields,
    "SpecialistJudgementGiven": _judged,
    "NetworkMeetingRequested": request_fields,
    "NetworkMeetingHeld": _meeting,
    "DisclosureRead": _disclosure_read,
    "AbuseNotificationReceived": _notified,
    "EmergencyTriaged": _triaged,
    "NotificationForwarded": _forwarded,
    "SafetyConfirmed": _safety,
    "ReferralOutcomeReported": _outcome,
    "NonDisclosureDecided": _non_disclosure,
    "FamilyInformationProvided": _information,
    "ReferralAcknowledged": answer_reference,
    "ReferralRead": answer_reference,
    "InformationRequested": request_fields,
    "InformationRequestAnswered": answer_reference,
    "InformationRequestDeclined": answer_reference,
    "NetworkCaseRegistered": _registered,
    "FollowOnServiceAccepted": answer_reference,
}
