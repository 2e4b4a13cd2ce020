"""Fields of referrals, notifications, requests and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.calendar import day_of
from domain.codes import SafetyMethod, SubjectConsent, Urgency
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import (
    as_list,
    day_text,
    first_given,
    message_named,
    message_or_last,
    time_text,
)
from gateway.rehearsal.scenario.story import HUB, PERSON, Step


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
        "channel": d.get("channel"),
    }


def _staff_report(step: Step, run: RunContext) -> dict[str, Any]:
    fields = _notified(step, run)
    del fields["channel"]
    facility = step.details.get("facility")
    return {**fields, "facility": None if facility is None else str(run.id_of(str(facility)))}


def _investigated(step: Step, run: RunContext) -> dict[str, Any]:
    n = first_given(step.details, "answers", "about")
    return {
        "answers": message_or_last(run, step, n, "StaffAbuseReported"),
        "result": step.details.get("result", "UNDETERMINED"),
    }


def _triaged(step: Step, run: RunContext) -> dict[str, Any]:
    urgency = step.details.get("urgency")
    return {"urgency": urgency if urgency in set(Urgency) else None, **optional_answer(step, run)}


def optional_answer(step: Step, run: RunContext) -> dict[str, Any]:
    """What the story says that the step is about, where it says so."""
    named = first_given(step.details, "answers", "about")
    return {"answers": None if named is None else str(run.message_of(int(named)))}


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
    withheld = as_list(first_given(d, "withheld_from", "recipients", "not_to"))
    return {
        "review_on": day_text(named) or later,
        "reason": d.get("reason", "NOT_NEEDED"),
        "withheld_from": sorted(str(run.id_of(code)) for code in withheld),
        **optional_answer(step, run),
    }


def _judged(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    requested_event = "SpecialistJudgementRequested"
    return {"answers": message_or_last(run, step, n, requested_event)}


def _meeting(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": None if n is None else str(run.message_of(n)), **_participants(step, run)}


def _participants(step: Step, run: RunContext) -> dict[str, Any]:
    """Who took part: as the story states it, else the sender and the addressees."""
    named = first_given(step.details, "participants", "attendees", "attended", "present")
    codes = (
        as_list(named) if named is not None else [c for c in (step.by, *step.to) if c not in (PERSON, HUB)]
    )
    return {"participants": sorted({str(run.id_of(c)) for c in codes})}


def _disclosure_read(step: Step, run: RunContext) -> dict[str, Any]:
    """What was read: as named, else the last with content."""
    n = first_given(step.details, "answers", "about")
    return {"answers": str(run.last_received(step) if n is None else run.message_of(int(n)))}


def _infant_visit(step: Step, run: RunContext) -> dict[str, Any]:
    return {"support_need": first_given(step.details, "support_need", "result")}


def _official_request(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "requesting_agency": str(run.id_of(str(first_given(d, "asker", "requesting_agency")))),
        "code": d.get("code"),
        "requested_on": day_text(d.get("requested_on")) or day_of(step.at).isoformat(),
        "due_on": day_text(first_given(d, "due_at", "due_on", "due")),
    }


def _registered(step: Step, run: RunContext) -> dict[str, Any]:
    return {"standing": step.details.get("standing")}


REFERRAL_FIELDS: Mapping[str, FieldBuilder] = {
    "RecallAcknowledged": answer_reference,
    "SpecialistJudgementRequested": request_fields,
    "SpecialistJudgementGiven": _judged,
    "NetworkMeetingRequested": request_fields,
    "NetworkMeetingHeld": _meeting,
    "ConferenceMinutesRecorded": _participants,
    "DisclosureRead": _disclosure_read,
    "DisclosureMade": optional_answer,
    "SpecialistServiceLinked": optional_answer,
    "AbuseNotificationReceived": _notified,
    "StaffAbuseReported": _staff_report,
    "StaffAbuseInvestigated": _investigated,
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
    "InfantHomeVisitReported": _infant_visit,
    "OfficialRequestReceived": _official_request,
    "FollowOnServiceAccepted": answer_reference,
}
