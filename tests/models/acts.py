"""Act by act: what the text demands before it, and which clocks it starts and stops. Source: ``domain.md`` §1, §6.1, law."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.models.clocks import Clock, running
from tests.models.law import DAY, HOUR, REFERRALS, Answer, day_of, end_of_day, months_after, start_of_day
from tests.models.visitors import child_away, child_home, visitor_gone, visitors_begin

if TYPE_CHECKING:
    from tests.models.model import Message, Model, Step

Checks = Iterator[tuple[Answer, str]]
OFFICES = ("CORE", "COORD", "CGC")


# --- what must be before ------------------------------------------------------------------------------------------


def _role(model: Model, step: Step) -> str:
    return model.agencies[model.author(step)].role


def _core_only(model: Model, step: Step) -> Checks:
    """3(1), 6(2)[1], 6(3)[1]: what the guideline gives to the core agency, nobody else decides."""
    yield step.by == model.core, "3(1), 6(2)[1]: the responsible core agency"


def _has_part(model: Model, step: Step) -> Checks:
    yield (
        (True if model.author(step) in model.informed or not model.messages else None),
        "has a part in the case",
    )


def _begins(model: Model, step: Step) -> Checks:
    yield True, "6(1)[1]"


def _referral(model: Model, step: Step) -> Checks:
    """6(1)[1]: to or from a core or coordinating agency."""
    offices = {"CORE", "COORD"}
    parties = {model.agencies[c].role for c in (model.author(step), *model.others(step))}
    yield bool(parties & offices), "6(1)[1]: to or from the municipality's offices"


def _notification(model: Model, step: Step) -> Checks:
    """6(1)[1]イ; CAPA 6(1): to the municipality or the child guidance centre, never to a contractor."""
    yield (
        all(model.agencies[c].role in OFFICES for c in step.to if c in model.agencies),
        "6(1)[1]イ: to an authority",
    )


def _forwarded(model: Model, step: Step) -> Checks:
    yield _role(model, step) in OFFICES, "CAPA 8: by an office"
    m = model.messages.get(step.details["forwards"])
    known = m is not None and m.event == "AbuseNotificationReceived" and step.by in (m.by, *m.to)
    yield (True if known else None), "CAPA 7, 8: a notification that it has"


def _answers_referral(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    if m is None or (m.event not in REFERRALS and m.event != "CgcTransferNotified"):
        yield None, "answers no referral"
        return
    yield step.by in m.to, "F1: whom it was addressed to"
    yield ((step.event, m.n, step.by) not in model.done or None), "answered once"


def _read(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    if m is None or not m.sections:
        yield None, "nothing to read"
        return
    if step.by in m.held or m.by == step.by:
        yield None, "held, or its own"
        return
    gone = step.by in m.commissioned and (
        model.closed_at is not None or not model.contractors[step.by].assigned
    )
    yield (None if gone else True), "V8: what it may open no more"
    yield step.by in m.to, "F1: whom it was sent to"
    yield ((step.event, m.n, step.by) not in model.done or None), "read once"


def _registration(model: Model, step: Step) -> Checks:
    yield _role(model, step) == "COORD", "3(2); CWA 25-2: the coordinating agency"
    yield (None if model.registered.get(_town(step.by)) else True), "registered once"


def _registration_requested(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (None if model.registered.get(_town(step.by)) else True), "not registered yet"


def _deregistration(model: Model, step: Step) -> Checks:
    yield _role(model, step) == "COORD", "3(2); CWA 25-2: the coordinating agency"
    yield (True if model.registered.get(_town(step.by)) else None), "registered"


def _town(code: str) -> str:
    return code.split("-")[0]


def _office(model: Model, step: Step) -> Checks:
    role = _role(model, step)
    yield role in ("CORE", "COORD"), "6(2)[1]; CWA 25-2: an office of the network"
    elsewhere = _town(step.by) != _town(model.core) or (role == "CORE" and step.by != model.core)
    yield (None if elsewhere else True), "an office of the town that is responsible"
    yield from _has_part(model, step)


def _authority(model: Model, step: Step) -> Checks:
    yield _role(model, step) in OFFICES, "CAPA 8: the municipality or the child guidance centre"
    yield from _has_part(model, step)


def _eligibility(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    before = None if model.handed and not model.assessed else model.assessed
    yield before, "5(1)[1]: the assessment precedes the decision"
    classes = step.details.get("target_classes") or []
    if "TC4_REUNIFICATION" in classes:
        yield "discharge_on" in step.details, "2[4]: the day of discharge"


def _type(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (True if model.eligible else None), "after the decision"


def _plan(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (True if model.eligible else None), "after the decision"
    yield (None if model.supported else True), "which plan counts"
    if not step.details.get("reason"):
        yield from _usual_plan(step.details)
    if step.details.get("housekeeping") == "WITHOUT_GOAL":
        yield False, "6(3)[3]: no housekeeping without goal"


def _usual_plan(d: Mapping[str, object]) -> Checks:
    """6(3)[4], [5]: for example three months; six months to a year. Beyond it: a recorded reason (W)."""
    begins, ends = date.fromisoformat(str(d["plan_from"])), date.fromisoformat(str(d["plan_until"]))
    if d["content"] in ("SC_A", "SC_B"):
        limit = months_after(begins, 3)
        if ends > limit:
            yield False, "6(3)[4]: longer than three months without a reason"
        elif ends == limit:
            yield None, "6(3)[4]: whether the last day is within three months"
    elif "target_months" in d:
        yield (
            6 <= int(str(d["target_months"])) <= 12,
            "6(3)[5]: a target of six months to a year, or a reason",
        )


def _commencement(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (
        (None if model.handed and not model.planned else model.planned),
        "6(3)[1]: support begins on a decided plan",
    )
    yield (None if model.supported else True), "begins once"


def _supported(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (True if model.supported else None), "during support"


def _extension(model: Model, step: Step) -> Checks:
    yield from _supported(model, step)
    yield (
        (True if str(step.details["plan_until"]) > str(model.plan.get("plan_until")) else None),
        "a later day",
    )
    yield bool(step.details.get("reason")), "6(3)[4]: a reason for a longer period"


def _visit(model: Model, step: Step) -> Checks:
    role = _role(model, step)
    yield role in ("CORE", "CONTRACTOR"), "4(1): who visits"
    responsible = role == "CONTRACTOR" or step.by == model.core or _is_host(model, step.by)
    yield (True if responsible else None), "the responsible core agency, or that of the town of stay"
    yield from _has_part(model, step)


def _is_host(model: Model, by: str) -> bool:
    """V11: the town of the stay registers, visits and reports."""
    stay = model.stay
    return stay is not None and stay.ended_at is None and _town(by) == stay.town


def _report(model: Model, step: Step) -> Checks:
    yield _role(model, step) == "CONTRACTOR", "6(4)[1]: a contractor reports"
    contractor = model.contractors.get(step.by)
    if contractor is not None and contractor.unsure:
        yield None, "V8: a contractor after a hand-over or a reopening"
    elif not model.planned:
        yield (bool(step.details.get("reason")) or None), "4(1): a visit without plan states its reason"
    yield from _pins_visit(model, step)


def _pins_visit(model: Model, step: Step) -> Checks:
    """One act stops one clock: oldest due, else the one named. With several open and none due, the text does not say which."""
    mine = [c for c in running(model.clocks, "VISIT_REPORT") if c.who == step.by]
    due = [c for c in mine if model.planned_day(c) <= day_of(step.at)]
    if step.event != "VisitReportSubmitted" and mine:
        yield None, "which visit it is about"
    yield (None if mine and not due else True), "the oldest due visit"


def _own_visit(model: Model, step: Step) -> Checks:
    yield from _visit(model, step)
    yield (True if _role(model, step) == "CORE" else None), "a contractor reports"
    named = any(m.event == "SupportWorkerAssigned" for m in model.messages.values())
    yield (None if model.reopened_at or named else True), "whether its visitors are assigned"
    yield (True if model.planned or _is_host(model, step.by) else None), "with a plan"
    yield from _pins_visit(model, step)


def _report_review(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    yield (True if m is not None and m.event == "VisitReportSubmitted" else None), "a report"
    yield _role(model, step) == "CORE", "6(4)[1]: the core agency reviews"
    yield (
        (True if step.by == model.core and m is not None and step.by in m.to else None),
        "the responsible one",
    )


def _request(model: Model, step: Step) -> Checks:
    yield from _has_part(model, step)


def _answer(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    asked = {
        "SpecialistJudgementGiven": "SpecialistJudgementRequested",
        "NetworkMeetingHeld": "NetworkMeetingRequested",
    }
    event = asked.get(step.event, "InformationRequested")
    if m is None or m.event != event:
        yield None, "answers no request"
        return
    yield step.by in m.to, "6(1)[2]: who was asked"
    yield ((event, m.n, step.by) not in model.done or None), "answered once"
    if step.event == "InformationRequestDeclined":
        yield bool(step.details.get("reason")), "6(1)[2]: declining needs a reason"


def _consent(model: Model, step: Step) -> Checks:
    """2.2: from 2026-04-01 joint holders act together, or the reason why not is recorded (民法824条の2)."""
    yield from _has_part(model, step)
    capacity = step.details.get("capacity", "SELF")
    if capacity == "GUARDIAN" and day_of(step.at) >= date(2026, 4, 1):
        yield bool(step.details.get("reason")), "2.2: both guardians, or a recorded reason"
    sections = {s for row in step.details["scope"] for s in row["sections"]}
    if capacity == "SELF" and sections & {"CHILD"}:
        yield None, "2.2: the child's data are the guardians'"
    risk = any(
        "RISK" in m.sections or m.event == "AbuseNotificationReceived" for m in model.messages.values()
    )
    if capacity != "SELF" and (risk or model.bans):
        yield None, "2.2: a guardian where the child is at risk, or may not meet it"


def _withdrawal(model: Model, step: Step) -> Checks:
    known = all(c in model.consents and model.consents[c].withdrawn_at is None for c in step.consent)
    yield (True if known and step.by == model.core else None), "a consent that is in force"


def _concern(model: Model, step: Step) -> Checks:
    parties = {model.agencies[c].role for c in (model.author(step), *model.others(step))}
    yield bool(parties & set(OFFICES)), "CAPA 5(2): to or from an authority"
    yield from _has_part(model, step)


def _consultation(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    if step.event == "ClosingConsultationHeld" and not step.details["consulted"]:
        yield None, "6(5)[1]: somebody was asked"
    yield (True if model.eligible else None), "in the course of support"


def _closing(model: Model, step: Step) -> Checks:
    """6(5)[1]."""
    yield (None if model.closed_at is not None else True), "closed once"
    if step.details["reason"] == "CHILD_DIED":
        yield step.by == model.core, "6(5)[1]: the core agency closes"
        yield bool(model.dead) and not model.living, "CAPA 4(5): no child lives"
        return
    yield (True if model.supported else None), "6(5): a support that began"
    if step.by != model.core:
        yield False, "6(5)[1]: the core agency closes"
        return
    if step.details["reason"] == "TRANSFER":
        yield False, "6(5)[1]: TRANSFER needs TransferCompleted"
        return
    yield (None if model.early else True), "6(5)[1]: whether what was consulted before the start counts"
    yield model.consulted is not None, "6(5)[1]: consultation comes first"
    yield model.evaluation is not None, "6(5)[1]: evaluation comes first"
    if model.consulted is not None:
        nobody = not model.visitors and not model.consulted & set(model.contractors)
        yield (None if nobody else True), "6(5)[1]: a visitor, where nobody visited"
        yield (
            model.visitors - {model.core} <= model.consulted,
            "6(5)[1]: the visitors who visited were asked",
        )
        assigned = {code for code, c in model.contractors.items() if c.assigned}
        yield (True if assigned <= model.consulted else None), "6(5)[1]: visitors who have not visited"
        asked = model.involved - {model.core} <= model.consulted
        yield (True if asked else None), "6(5)[1]: the agencies involved were asked"
    if model.evaluation is not None and step.details["reason"] == "GOAL_REACHED" and not model.evaluation[0]:
        yield False, "6(5)[1]: closing agrees with the evaluation or says why not"


def _follow_on(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (True if model.eligible else None), "in the course of support"


def _accepted(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    yield (True if m is not None and m.event == "FollowOnServiceArranged" else None), "a follow-on"
    yield m is not None and step.by in m.to, "6(5)[2]: the service that was asked"
    yield (
        (None if m is not None and ("FollowOnServiceArranged", m.n, step.by) in model.done else True),
        "once",
    )


def _reopening(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (True if model.closed_at is not None else None), "a closed case"


def _own_file(model: Model, step: Step) -> Checks:
    yield from _has_part(model, step)


def _transfer(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (None if model.transfers or model.stay else True), "one hand-over at a time, no stay"
    yield all(model.agencies[c].role == "CORE" for c in model.others(step)) or None, "to a core agency"


def _package(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (True if model.transfers else None), "a hand-over under way"


def _receipt(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    yield (
        (True if m is not None and m.event in ("TransferInitiated", "TransferPackageSent") else None),
        "a hand-over",
    )
    yield m is not None and step.by in m.to, "F3: the new municipality"
    yield (None if m is not None and ("receipt", m.n, step.by) in model.done else True), "once"


def _arrival(model: Model, step: Step) -> Checks:
    yield (True if step.by in model.transfers.values() else None), "the new municipality"


def _completion(model: Model, step: Step) -> Checks:
    yield (
        (True if step.by in model.transfers.values() and model.confirmed_seen else None),
        "F3: the child was seen",
    )


def _cgc_transfer(model: Model, step: Step) -> Checks:
    """CAPA 4(6): from child guidance centre to child guidance centre."""
    yield _role(model, step) == "CGC", "CAPA 4(6): from a child guidance centre"


def _stay(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)
    yield (None if model.stay is not None or model.transfers else True), "one stay, no hand-over"
    yield (True if any(model.agencies[c].role == "CORE" for c in model.others(step)) else None), "to the town"


def _stay_end(model: Model, step: Step) -> Checks:
    stay = model.stay
    yield (True if stay is not None and stay.ended_at is None else None), "a stay in force"
    yield (True if step.by == model.core or _is_host(model, step.by) else None), "one of the two towns"


def _rights_decision(model: Model, step: Step) -> Checks:
    """APPI 78; CAPA 7: who notified is never part of what is disclosed."""
    m = model.messages.get(step.details["answers"])
    notified = any("NOTIFIER" in x.sections for x in model.messages.values())
    withheld = "NOTIFIER" in (step.details.get("withheld") or ())
    if notified and not withheld:
        yield False, "APPI 78; CAPA 7: who notified is withheld"
    if m is not None and m.details.get("requester") == "LEGAL_REPRESENTATIVE":
        yield None, "F9: whether it is checked for coercion"
    if withheld and not notified:
        yield None, "APPI 81: what there is not is withheld"
    yield (
        (True if m is not None and m.event == "SubjectAccessRequested" and step.by == m.by else None),
        "its request",
    )
    yield (None if m is not None and ("SubjectAccessRequested", m.n, step.by) in model.done else True), "once"


def _recall(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["recalls"])
    yield (
        (True if m is not None and m.by == step.by and set(step.to) <= set(m.to) else None),
        "to whom it was sent",
    )


def _recall_answer(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    yield (True if m is not None and m.event == "RecallNoticeSent" else None), "a recall"
    yield m is not None and step.by in m.to, "APPI 98: who was asked"
    yield (None if m is not None and ("recall", m.n, step.by) in model.done else True), "once"


def _linked(model: Model, step: Step) -> Checks:
    yield from _core_only(model, step)


def _restored(model: Model, step: Step) -> Checks:
    c = model.contractors[step.details["contractor"]]
    if c.unsure or not c.suspended:
        yield None, "not suspended"
        return
    if not c.assigned:
        yield None, "V6: nobody is assigned of whom something is demanded"
        return
    yield not c.gaps, "9(1): reinstated once it is ready again"
    yield step.by == c.core, "9(1): the core agency's act"


def _programme(model: Model, step: Step) -> Checks:
    yield True, "9(1)"


def _leaves(model: Model, step: Step) -> Checks:
    c = model.contractors[step.details["contractor"]]
    known = c.assigned and c.until is None and not c.unsure
    yield (True if known or step.details["worker"] != model.first_worker else None), "who is assigned"


def _released(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.releases or -1)
    if m is None or not m.held:
        yield None, "nothing is held"
        return
    ready = all(_ready(model, code) for code in m.held)
    yield ready, "V7: released after reinstatement"
    if any(b in ("CONSENT", "APPI-69-2-1", "APPI-27-C") for b in m.basis.values()):
        yield None, "V7: the hub decides anew"


def _ready(model: Model, code: str) -> bool:
    c = model.contractors[code]
    return c.assigned and not c.suspended and model.closed_at is None


PRECONDITIONS: Mapping[str, Callable[[Model, Step], Checks]] = {
    "FamilyInformationProvided": _referral,
    "ProgrammeNotificationReceived": _referral,
    "AbuseNotificationReceived": _notification,
    "NotificationForwarded": _forwarded,
    "CaseReferredToCgc": _office,
    "ReferralAcknowledged": _answers_referral,
    "ReferralRead": _answers_referral,
    "ReferralOutcomeReported": _answers_referral,
    "DisclosureRead": _read,
    "NetworkCaseRegistered": _registration,
    "NetworkCaseDeregistered": _deregistration,
    "NetworkCaseRegistrationRequested": _registration_requested,
    "IndicatorAssessmentRecorded": _core_only,
    "EligibilityDetermined": _eligibility,
    "SupportTypeDecided": _type,
    "SpecialistServiceLinked": _linked,
    "SupportPlanFormulated": _plan,
    "SupportCommenced": _commencement,
    "PlanReviewed": _supported,
    "ShortTermGoalEvaluated": _supported,
    "PlanExtended": _extension,
    "HomeVisitScheduled": _visit,
    "HomeVisitFailed": _own_visit,
    "VisitReportSubmitted": _report,
    "HomeVisitCompleted": _own_visit,
    "VisitReportReviewed": _report_review,
    "ContactAttempted": _visit,
    "InformationRequested": _request,
    "InformationRequestAnswered": _answer,
    "InformationRequestDeclined": _answer,
    "SpecialistJudgementRequested": _office,
    "SpecialistJudgementGiven": _answer,
    "NetworkMeetingRequested": _linked,
    "NetworkMeetingHeld": _answer,
    "CaseConferenceConvened": _office,
    "ConferenceMinutesRecorded": _office,
    "ConsentGiven": _consent,
    "ConsentWithdrawn": _withdrawal,
    "DisclosureMade": _has_part,
    "NonDisclosureDecided": _has_part,
    "SafetyConfirmed": _authority,
    "ChildSighted": _has_part,
    "EmergencyTriaged": _authority,
    "SafetyConcernRaised": _concern,
    "ClosingConsultationHeld": _consultation,
    "ClosingEvaluationRecorded": _consultation,
    "SupportClosed": _closing,
    "FollowOnServiceArranged": _follow_on,
    "FollowOnServiceAccepted": _accepted,
    "CaseReopened": _reopening,
    "RelocationLearned": _has_part,
    "TransferInitiated": _transfer,
    "TransferPackageSent": _package,
    "TransferReceiptConfirmed": _receipt,
    "RelocationConfirmed": _arrival,
    "TransferCompleted": _completion,
    "CgcTransferNotified": _cgc_transfer,
    "StayingElsewhere": _stay,
    "StayEnded": _stay_end,
    "SupportWorkerLeft": _leaves,
    "SubjectAccessRequested": _has_part,
    "SubjectAccessDecided": _rights_decision,
    "RecallNoticeSent": _recall,
    "RecallAcknowledged": _recall_answer,
    "BreachReported": _has_part,
    "ProtectedAddressRegistered": _own_file,
    "TrainingLapsed": _programme,
    "OathLapsed": _programme,
    "TrainingModuleCompleted": _programme,
    "OathSigned": _programme,
    "ContractorReinstated": _restored,
    "HeldDisclosureReleased": _released,
}


# --- what follows ---------------------------------------------------------------------------------------------------


def referral_clocks(model: Model, m: Message) -> None:
    """F1: acknowledged in 24 h, read in 48 h, acted on in 14 days, by each addressee."""
    for who in m.to:
        model.start(
            Clock("ACKNOWLEDGE", _UNACK, m.at, m.at + 24 * HOUR, "F1", m.n, who),
            Clock("READ", _UNREAD, m.at, m.at + 48 * HOUR, "F1", m.n, who),
            Clock("ACT", _UNACTED, m.at, m.at + 14 * DAY, "F4; 6(2)[1]", m.n, who, within=DAY),
        )
        if (m.n, who) not in model.acknowledged:
            model.stop("ACKNOWLEDGE", m.at, m.n, who)
            if (m.n, who) not in model.read:
                model.stop("READ", m.at, m.n, who)
    weak_signal(model, m.at)


def _third_notification(model: Model, at: datetime) -> None:
    """F14: the third notification in six months calls for a triage, where nothing else can have done so before."""
    model.notifications.append(at)
    signals, notifications = family_signals(model)
    only = notifications == signals and len(notifications) == 3
    if only and months_after(day_of(notifications[0]), 6) > day_of(at):
        model.start(
            Clock("SIGNALS", "SignalsGatheredAlarmRaised", at, at, "F14: third", within=timedelta(minutes=1))
        )


_UNACK, _UNREAD, _UNACTED = (
    "ReferralUnacknowledgedAlarmRaised",
    "ReferralUnreadAlarmRaised",
    "ReferralUnactedAlarmRaised",
)


def _referred(model: Model, step: Step, m: Message) -> None:
    referral_clocks(model, m)
    acted(model, step, m)
    if model.supported or model.eligible:
        model.doubt(step.at, "ACT")


def _notified(model: Model, step: Step, m: Message) -> None:
    """CAPA 8: after a notification each child is seen within 48 h of its receipt."""
    referral_clocks(model, m)
    received = datetime.fromisoformat(step.details.get("received_at") or step.at.isoformat())
    for child in sorted(m.children):
        model.start(
            Clock(
                "SAFETY",
                "SafetyCheckOverdueAlarmRaised",
                step.at,
                received + 48 * HOUR,
                "CAPA 8; F2",
                m.n,
                child=child,
            )
        )
    _third_notification(model, step.at)
    if step.by == "EXT-PERSON":
        model.start(
            Clock("ACT", _UNACTED, m.at, m.at + 14 * DAY, "F4", m.n, m.by, within=DAY, unsure_from=m.at)
        )
    acted(model, step, m)


def family_signals(model: Model) -> tuple[list[datetime], list[datetime]]:
    """Weak signals and notifications of all cases of the family (CAPA 8: joined cases count as one)."""
    cases = [model, *([model.joined] if model.joined is not None else [])]
    return (
        sorted(s for c in cases for s in c.weak_signals),
        sorted(s for c in cases for s in c.notifications),
    )


def weak_signal(model: Model, at: datetime) -> None:
    """F14: three weak signals in six months. Which are weak, the text does not list: never sure, but of the third
    notification where nothing else could have been one."""
    model.weak_signals.append(at)
    signals, _ = family_signals(model)
    recent = [s for s in signals if at - s <= timedelta(days=190)]
    if len(recent) < 3 <= len(recent) + model.assessed_signals:
        model.quiet["SIGNALS"] += 1
    if len(recent) >= 3:
        model.start(
            Clock(
                "SIGNALS",
                "SignalsGatheredAlarmRaised",
                at,
                at,
                "F14",
                within=timedelta(minutes=1),
                unsure_from=at,
            )
        )


def acted(model: Model, step: Step, m: Message) -> None:
    """Its addressee did something that may be the action that a referral waits for; the text names only its outcome as
    sure, and that the alarm is the receiver's (F1): what another does is none of its actions."""
    for c in running(model.clocks, "ACT", "CGC_ANSWER"):
        if c.about != m.n and c.who in (m.by, step.by):
            c.doubt(step.at)


def _acknowledged(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add((step.event, n, step.by))
    model.stop("ACKNOWLEDGE", step.at, n, step.by)
    model.stop("TRANSFER_ACK", step.at, n, step.by)
    model.stop("CGC_ACK", step.at, n, step.by)


def _referral_read(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add((step.event, n, step.by))
    model.stop("READ", step.at, n, step.by)


def _outcome(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add((step.event, n, step.by))
    if step.details.get("outcome") != "IN_PROGRESS":
        model.stop("ACT", step.at, n, step.by)
    else:
        acted(model, step, m)
    for c in running(model.clocks, "CGC_ANSWER"):
        if c.about == n and c.who == step.by:
            c.stop(step.at)


def _registered(model: Model, step: Step, m: Message) -> None:
    model.registered[_town(step.by)] = True
    acted(model, step, m)


def _deregistered(model: Model, step: Step, m: Message) -> None:
    model.registered[_town(step.by)] = False


def _assessed(model: Model, step: Step, m: Message) -> None:
    model.assessed = True
    acted(model, step, m)
    for value in (step.details.get("indicators") or {}).values():
        if value in ("CONCERN", "SERIOUS"):
            weak_signal(model, step.at)


def _eligible(model: Model, step: Step, m: Message) -> None:
    model.eligible = step.details.get("result", "ELIGIBLE") == "ELIGIBLE"
    model.support_type = step.details.get("support_type")
    acted(model, step, m)


def _type_decided(model: Model, step: Step, m: Message) -> None:
    model.support_type = step.details["support_type"]
    if step.details.get("specialist_needed"):
        due = step.at + 14 * DAY
        model.start(
            Clock(
                "SPECIALIST",
                "SpecialistUnlinkedAlarmRaised",
                step.at,
                due,
                "5(2)[1]",
                m.n,
                model.core,
                within=DAY,
            )
        )


def _service_linked(model: Model, step: Step, m: Message) -> None:
    model.involved |= set(m.to)
    for c in running(model.clocks, "SPECIALIST")[
        :1
    ]:  # one act stops one clock: the oldest, where it names none
        c.stop(step.at)


def _planned(model: Model, step: Step, m: Message) -> None:
    model.planned = True
    model.plan = step.details


def _commenced(model: Model, step: Step, m: Message) -> None:
    model.supported = True
    model.early = model.consulted is not None or model.evaluation is not None
    acted(model, step, m)
    core = model.core
    _review_clock(model, step.at)
    if model.plan["content"] in ("SC_A", "SC_B"):
        wanted = max(2, int(model.plan.get("visits_per_week") or 2))
        model.weeks.append([step.at, None, wanted, end_of_day(date.fromisoformat(model.plan["plan_until"]))])
    over = end_of_day(date.fromisoformat(model.plan["plan_until"]))
    model.start(
        Clock("PLAN_OVER", "PlanOverAlarmRaised", step.at, over, "6(3)[4]; F15", who=core, within=DAY)
    )
    _plan_ending(model, step.at)
    visitors_begin(model, step.at)


def _plan_ending(model: Model, at: datetime) -> None:
    """F15; local policy (the rule book): a fortnight before the last day of the plan, while it is not over."""
    last = date.fromisoformat(model.plan["plan_until"])
    due = max(at, start_of_day(last - 14 * DAY))
    clock = Clock("PLAN_ENDING", "PlanEndingAlarmRaised", at, due, "6(3)[4], [5]", who=model.core, within=DAY)
    if due + 2 * DAY >= end_of_day(last):
        clock.doubt(at)
    model.start(clock)


def _review_clock(model: Model, at: datetime) -> None:
    """6(3)[5]: at the latest three calendar months from start or last review, by the end of that day."""
    due = end_of_day(months_after(day_of(at), 3))
    short = model.plan["content"] in ("SC_A", "SC_B")  # «ウ・エ»: of the short type the text says nothing
    unsure = at if short else None
    model.start(
        Clock(
            "REVIEW",
            "ReviewOverdueAlarmRaised",
            at,
            due,
            "6(3)[5]",
            who=model.core,
            within=HOUR,
            unsure_from=unsure,
        )
    )


def _reviewed(model: Model, step: Step, m: Message) -> None:
    open_clocks = running(model.clocks, "REVIEW")
    if not model.plan:
        return
    for c in open_clocks:
        c.stop(step.at)
    _review_clock(model, step.at)
    if not open_clocks or not model.supported:
        model.clocks[-1].doubt(step.at)  # reviewed before support, or after a hand-over or a reopening


def _extended(model: Model, step: Step, m: Message) -> None:
    for c in running(model.clocks, "PLAN_OVER", "PLAN_ENDING"):
        c.stop(step.at)
    over = end_of_day(date.fromisoformat(step.details["plan_until"]))
    model.start(
        Clock("PLAN_OVER", "PlanOverAlarmRaised", step.at, over, "6(3)[4]", who=model.core, within=DAY)
    )
    model.plan = {**model.plan, "plan_until": step.details["plan_until"]}
    _plan_ending(model, step.at)
    for period in model.weeks[-1:]:
        if period[1] is None and period[3] > step.at:
            period[3] = over
        elif period[1] is None:  # between the two nothing was planned
            model.weeks.append([step.at, None, period[2], over])
            period[1] = step.at


def _scheduled(model: Model, step: Step, m: Message) -> None:
    planned = date.fromisoformat(step.details["planned_on"])
    due = start_of_day(planned + timedelta(days=8))
    model.start(
        Clock(
            "VISIT_REPORT", "VisitUnreportedAlarmRaised", step.at, due, "6(4)[1]", m.n, step.by, within=HOUR
        )
    )
    _bundle(model, step, m)


def _bundle(model: Model, step: Step, m: Message) -> None:
    """9(2)[1]: too little is a breach too. Sure only for who was given nothing at all, or basics and plan."""
    if model.agencies[m.by].role != "CONTRACTOR":
        return
    given = {s for x in model.messages.values() if m.by in x.to and m.by not in x.held for s in x.sections}
    if {"BASIC", "PLAN", "CHILD", "RISK"} <= given:
        model.quiet["BUNDLE"] += 1
        return
    at = step.at
    sure = not given and not running(model.clocks, "BUNDLE")
    model.start(
        Clock(
            "BUNDLE",
            "BundleMissingAlarmRaised",
            at,
            at,
            "9(2)[1]",
            m.n,
            within=timedelta(minutes=1),
            unsure_from=None if sure else at,
        )
    )


def _visit_done(model: Model, step: Step) -> None:
    """One act stops one clock: a report stops the visit it is about: the oldest due of this sender."""
    mine = sorted((c for c in running(model.clocks, "VISIT_REPORT") if c.who == step.by), key=lambda c: c.due)
    oldest = [c for c in mine if c.due == mine[0].due]
    if not oldest:
        return
    key = (step.by, oldest[0].due)
    model.reports[key] = model.reports.get(key, 0) + 1
    for c in oldest:
        if len(oldest) == model.reports[key]:
            c.stop(step.at)
        else:
            c.doubt(step.at)  # of two on one day the text names neither; as many reports stop both


def _reported(model: Model, step: Step, m: Message) -> None:
    _visit_done(model, step)
    model.visits.append(step.at)
    model.visitors.add(step.by)
    due = step.at + 7 * DAY
    model.start(
        Clock("REPORT", "ReportUnreadAlarmRaised", step.at, due, "6(4)[1]", m.n, model.core, within=DAY)
    )
    _bundle(model, step, m)
    if step.details.get("child_seen"):
        model.seen(m.children, step.at)
        model.doubt_safety(m.children, step.at)


def _own_visit_done(model: Model, step: Step, m: Message) -> None:
    _visit_done(model, step)
    if step.by == model.core:  # its own visitor was assigned for it
        model.own_visitor = True
        for c in running(model.clocks, "REPLACEMENT"):
            c.stop(step.at)
    model.visits.append(step.at)
    model.visitors.add(step.by)
    if step.details.get("child_seen"):
        model.seen(m.children, step.at)
        model.doubt_safety(m.children, step.at)


def _failed(model: Model, step: Step, m: Message) -> None:
    _visit_done(model, step)
    weak_signal(model, step.at)


def _report_reviewed(model: Model, step: Step, m: Message) -> None:
    model.stop("REPORT", step.at, step.details["answers"])


def _requested(model: Model, step: Step, m: Message) -> None:
    """6(1)[2], 3(3), 6(4)[2]: by the end of its day, from each who was asked."""
    due = end_of_day(date.fromisoformat(step.details["due_on"]))
    for who in m.to:
        model.start(
            Clock("ANSWER", "RequestUnansweredAlarmRaised", step.at, due, "6(1)[2]", m.n, who, within=HOUR)
        )
    model.involved |= set(m.to)
    acted(model, step, m)


def _answered(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add((model.messages[n].event, n, step.by))
    model.stop("ANSWER", step.at, n, step.by)
    if step.event == "InformationRequestDeclined":
        weak_signal(model, step.at)


def _conference(model: Model, step: Step, m: Message) -> None:
    model.involved |= set(m.to)
    acted(model, step, m)
    if step.event == "ConferenceMinutesRecorded":
        signals_assessed(model, step.at)


def _consented(model: Model, step: Step, m: Message) -> None:
    from tests.models.model import Consent

    for name in step.consent:
        rows = [r for r in step.details["scope"] if r["consent"] == name]
        model.consents[name] = Consent(rows, step.details.get("capacity", "SELF"), step.at)


def _withdrawn(model: Model, step: Step, m: Message) -> None:
    for name in step.consent:
        model.consents[name].withdrawn_at = step.at


def _disclosed(model: Model, step: Step, m: Message) -> None:
    """One act stops one clock: a disclosure to anybody no longer stops the review of a decision not to tell."""
    for c in running(model.clocks, "NON_DISCLOSURE"):
        if c.who == m.by and step.details.get("answers") == c.about:
            c.doubt(step.at)


def _not_disclosed(model: Model, step: Step, m: Message) -> None:
    answered = step.details.get("answers")
    for c in running(model.clocks, "NON_DISCLOSURE"):
        if c.who == m.by and c.about == answered:
            c.stop(step.at)  # a review names the decision
        elif c.who == m.by and answered is None:
            c.doubt(step.at)
    day = date.fromisoformat(step.details["review_on"])
    model.start(
        Clock(
            "NON_DISCLOSURE",
            "DecisionUnreviewedAlarmRaised",
            step.at,
            start_of_day(day),
            "F5",
            m.n,
            m.by,
            within=DAY,
        )
    )
    model.doubt(step.at, "SPECIALIST")
    acted(model, step, m)


def _safety(model: Model, step: Step, m: Message) -> None:
    """F2: only sighting confirms; a telephone call never stops the clock."""
    acted(model, step, m)
    if step.details.get("child_seen") and step.details.get("method", "SIGHTED") == "SIGHTED":
        _sighted(model, step, m)


def _sighted(model: Model, step: Step, m: Message) -> None:
    """5(1)[3]: a clock of one child is stopped by the sight of that child only."""
    acted(model, step, m)
    children = frozenset(model.family) if model.flip == "child" else m.children
    model.seen(children, step.at)
    named = bool(step.details.get("children"))
    for case in [model, *([model.joined] if model.joined is not None else [])]:
        for c in running(case.clocks, "SAFETY"):
            if c.child in children:
                if case.answers_for(c, m.by):
                    c.stop(step.at)
                    c.stopped_by = m.by
                else:
                    c.doubt(step.at)
            elif c.child == "UNKNOWN" and not named:
                c.doubt(step.at)  # all were seen: whether it was among them, nobody knows


def _concerned(model: Model, step: Step, m: Message) -> None:
    weak_signal(model, step.at)


def _triaged(model: Model, step: Step, m: Message) -> None:
    acted(model, step, m)
    signals_assessed(model, step.at)


def signals_assessed(model: Model, at: datetime) -> None:
    """F14: who assessed them together begins anew: a triage, or the minutes of a conference (CAPA 8)."""
    for case in [model, *([model.joined] if model.joined is not None else [])]:
        case.assessed_signals += len(case.weak_signals)
        case.weak_signals.clear()
        case.notifications.clear()
        for c in running(case.clocks, "SIGNALS"):
            c.stop(at)


def _evaluated_consultation(model: Model, step: Step, m: Message) -> None:
    model.consulted = (model.consulted or frozenset()) | frozenset(step.details["consulted"])
    _reviewed(model, step, m)


def _evaluated(model: Model, step: Step, m: Message) -> None:
    model.evaluation = (bool(step.details["goal_reached"]), bool(step.details["environment_improved"]))


def _closed(model: Model, step: Step, m: Message) -> None:
    model.closed_at = step.at
    model.supported = model.early = False
    for period in model.weeks:
        period[1] = period[1] or step.at
    model.end_support(step.at)
    acted(model, step, m)
    model.doubt(step.at, "SEARCH", "BAN_END", "PROTECTION_END")
    model.doubt(
        step.at, "ACT", "ANSWER", "REPORT", "VISIT_REPORT", "SPECIALIST", "NON_DISCLOSURE", "ACKNOWLEDGE"
    )
    model.doubt(step.at, "READ", "SAFETY", "TRANSFER_BEGIN", "SIGNALS", "CGC_ANSWER", "STAY")


def _arranged(model: Model, step: Step, m: Message) -> None:
    due = step.at + 14 * DAY
    for who in m.to:
        model.start(
            Clock("ACCEPT", "FollowOnUnacceptedAlarmRaised", step.at, due, "6(5)[2]", m.n, who, within=DAY)
        )


def _accepted_effect(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add(("FollowOnServiceArranged", n, step.by))
    model.stop("ACCEPT", step.at, n, step.by)


def _reopened(model: Model, step: Step, m: Message) -> None:
    """6(5)[2]: a new decision and a new plan, not a new assessment; «not seen» runs in every open case."""
    model.closed_at = None
    model.reopened_at = step.at
    model.eligible = model.planned = model.supported = False
    model.consulted = model.evaluation = None
    for c in model.contractors.values():
        c.unsure = True
    model._silence(step.at)
    model._not_seen(model.living, step.at)
    acted(model, step, m)


def _move_learned(model: Model, step: Step, m: Message) -> None:
    if model.transfers or running(model.clocks, "TRANSFER_BEGIN"):
        return
    due = step.at + 7 * DAY
    model.start(
        Clock("TRANSFER_BEGIN", "TransferNotBegunAlarmRaised", step.at, due, "F3; 札幌 2021", within=DAY)
    )
    weak_signal(model, step.at)


def _transfer_begun(model: Model, step: Step, m: Message) -> None:
    for c in running(model.clocks, "TRANSFER_BEGIN"):
        c.stop(step.at)
    [to] = m.to
    model.transfers[m.n] = to
    acted(model, step, m)
    _transfer_ack(model, m)
    due = step.at + 20 * DAY
    model.start(Clock("HANDOVER", "TransferOverdueAlarmRaised", step.at, due, "F3; 相模原", m.n, within=DAY))


def _transfer_ack(model: Model, m: Message) -> None:
    for who in m.to:
        model.start(
            Clock(
                "TRANSFER_ACK",
                "TransferUnacknowledgedAlarmRaised",
                m.at,
                m.at + 24 * HOUR,
                "F3; 目黒 2018",
                m.n,
                who,
            )
        )


def _package_sent(model: Model, step: Step, m: Message) -> None:
    model.doubt(step.at, "TRANSFER_ACK")
    _transfer_ack(model, m)


def _receipt_given(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add(("receipt", n, step.by))
    model.stop("TRANSFER_ACK", step.at, n, step.by)
    model.doubt(step.at, "TRANSFER_ACK", who=step.by)  # one hand-over, two messages: what came last came


def _arrived(model: Model, step: Step, m: Message) -> None:
    if step.details.get("child_seen"):
        model.confirmed_seen = True
        model.seen(m.children, step.at)
        model.doubt_safety(m.children, step.at)


def _handed_over(model: Model, step: Step, m: Message) -> None:
    """F3: responsibility passes; «not seen» runs anew after a hand-over (own rule)."""
    [n] = model.transfers
    model.core = model.transfers.pop(n)
    model.stop("HANDOVER", step.at, n)
    for c in running(model.clocks, "TRANSFER_ACK"):
        c.doubt(step.at)
    model.supported = model.planned = model.eligible = model.assessed = False
    model.handed = True  # how far the old town's decisions stand, the text does not say
    for period in model.weeks:
        period[1] = period[1] or step.at
    for c in running(model.clocks, "REVIEW", "PLAN_OVER", "PLAN_ENDING", "REPLACEMENT", "CONTACT_VISITOR"):
        c.doubt(step.at)
    for c in running(model.clocks, "CONTACT"):
        c.who = None
        c.stop(step.at)
    for c in running(model.clocks, "SILENCE"):
        c.who = None
    model.doubt(step.at, "ACT", "ANSWER", "REPORT", "VISIT_REPORT", "SPECIALIST", "NON_DISCLOSURE", "SAFETY")
    model._not_seen_anew(step.at)
    model.joined = None  # a hand-over ends what joins it
    for c2 in model.contractors.values():
        c2.unsure = True


def _cgc_notified(model: Model, step: Step, m: Message) -> None:
    """CAPA 4(6): acknowledged, read, safety check, answered, as any referral. CAPA 4(6); 目黒 2018."""
    for who in m.to:
        unsure = None if (m.n, who) in model.acknowledged else m.at  # the player may give the receipts itself
        model.start(
            Clock(
                "CGC_ACK",
                "TransferUnacknowledgedAlarmRaised",
                m.at,
                m.at + 24 * HOUR,
                "CAPA 4(6)",
                m.n,
                who,
                unsure_from=unsure,
            ),
            Clock("READ", _UNREAD, m.at, m.at + 48 * HOUR, "CAPA 4(6)", m.n, who, unsure_from=unsure),
            Clock("CGC_ANSWER", _UNACTED, m.at, m.at + 14 * DAY, "CAPA 4(6)", m.n, who, within=DAY),
        )
    for child in sorted(m.children):
        model.start(
            Clock(
                "SAFETY",
                "SafetyCheckOverdueAlarmRaised",
                m.at,
                m.at + 48 * HOUR,
                "CAPA 4(6)",
                m.n,
                child=child,
            )
        )


def _stay_began(model: Model, step: Step, m: Message) -> None:
    """V11: a second, limited part, until the return."""
    from tests.models.model import Stay

    [town] = {_town(c) for c in m.to}
    model.stay = Stay(m.n, town, m.children, step.at)
    referral_clocks(model, m)  # 0035: acknowledged, read and answered like any referral
    for c in running(model.clocks, "CONTACT_VISITOR"):
        if c.child in m.children:
            c.doubt(step.at)
    returns = step.details.get("returns_on")
    due = end_of_day(date.fromisoformat(returns)) if returns else step.at + 60 * DAY
    model.start(
        Clock(
            "STAY",
            "StayOverdueAlarmRaised",
            step.at,
            due,
            "V11: ends with the return",
            within=DAY,
            unsure_from=None if returns else step.at,
        )
    )


def _stay_ended(model: Model, step: Step, m: Message) -> None:
    if model.stay is not None:
        model.stay.ended_at = step.at
        model.stop("STAY", step.at, None)
        for child in model.living:
            if child not in model.placed and child in model.stay.children:
                child_away(model, child, step.at)
                child_home(model, child, step.at)


def _access_requested(model: Model, step: Step, m: Message) -> None:
    due = end_of_day(day_of(step.at + 30 * DAY)) - DAY
    model.start(
        Clock("RIGHTS", "RightsRequestOverdueAlarmRaised", step.at, due, "APPI 83", m.n, m.by, within=DAY)
    )
    if step.details.get("requester") == "SELF":
        model.quiet["COERCION"] += 1
    if step.details.get("requester") == "LEGAL_REPRESENTATIVE":
        risk = any("RISK" in x.sections for x in model.messages.values())
        model.start(
            Clock(
                "COERCION",
                "CoercionCheckRequired",
                step.at,
                step.at,
                "F9",
                m.n,
                within=timedelta(minutes=1),
                unsure_from=None if risk else step.at,
            )
        )


def _access_decided(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add(("SubjectAccessRequested", n, step.by))
    model.stop("RIGHTS", step.at, n)


def _recalled(model: Model, step: Step, m: Message) -> None:
    due = step.at + 14 * DAY
    for who in m.to:
        model.start(
            Clock(
                "CONFIRM", "NoticeUnconfirmedAlarmRaised", step.at, due, "APPI 98; F17", m.n, who, within=DAY
            )
        )


def _recall_confirmed(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.done.add(("recall", n, step.by))
    model.stop("CONFIRM", step.at, n, step.by)


def _breach(model: Model, step: Step, m: Message) -> None:
    discovered = datetime.fromisoformat(step.details["found_at"])
    if step.details.get("stage", "PRELIMINARY") == "PRELIMINARY":
        due = discovered + 30 * DAY
        model.start(
            Clock("BREACH", "BreachReportOverdueAlarmRaised", step.at, due, "APPI 68", m.n, within=DAY)
        )
    else:
        model.stop("BREACH", step.at, step.details["answers"])


def _left(model: Model, step: Step, m: None) -> None:
    """V6: a visitor leaves; the assignments end, nothing else lapses."""
    c = model.contractors[step.details["contractor"]]
    if step.details["worker"] == model.first_worker:
        was = c.assigned
        c.assigned = False
        c.gaps.clear()
        if was:
            visitor_gone(model, step.details["contractor"], step.at)


def _lapsed(model: Model, step: Step, m: None) -> None:
    """V6, V7: was ready, has lapsed, is still commissioned: suspended, until reinstated. «Every assigned worker»: the
    lapse of another suspends nobody."""
    c = model.contractors[step.details["contractor"]]
    if step.details["worker"] != model.first_worker:
        return
    c.gaps.add(step.event.removesuffix("Lapsed") + str(step.details.get("module", "")))
    if c.assigned:
        c.suspended = True
        model.doubt(step.at, "CONTACT_VISITOR")


def _trained(model: Model, step: Step, m: None) -> None:
    c = model.contractors[step.details["contractor"]]
    for module in step.details["modules"]:
        c.gaps.discard("Training" + module)


def _sworn(model: Model, step: Step, m: None) -> None:
    model.contractors[step.details["contractor"]].gaps.discard("Oath")


def _reinstated(model: Model, step: Step, m: None) -> None:
    model.contractors[step.details["contractor"]].suspended = False


def _release(model: Model, step: Step, m: Message) -> None:
    held = model.messages[step.releases or 0]
    held.released |= dict.fromkeys(held.held, step.at)
    held.held.clear()


EFFECTS: Mapping[str, Callable[..., None]] = {
    "FamilyInformationProvided": _referred,
    "ProgrammeNotificationReceived": _referred,
    "CaseReferredToCgc": _referred,
    "AbuseNotificationReceived": _notified,
    "NotificationForwarded": _referred,
    "ReferralAcknowledged": _acknowledged,
    "ReferralRead": _referral_read,
    "DisclosureRead": _referral_read,
    "ReferralOutcomeReported": _outcome,
    "NetworkCaseRegistered": _registered,
    "NetworkCaseDeregistered": _deregistered,
    "IndicatorAssessmentRecorded": _assessed,
    "EligibilityDetermined": _eligible,
    "SupportTypeDecided": _type_decided,
    "SpecialistServiceLinked": _service_linked,
    "SupportPlanFormulated": _planned,
    "SupportCommenced": _commenced,
    "PlanReviewed": _reviewed,
    "ShortTermGoalEvaluated": _reviewed,
    "PlanExtended": _extended,
    "HomeVisitScheduled": _scheduled,
    "HomeVisitFailed": _failed,
    "VisitReportSubmitted": _reported,
    "HomeVisitCompleted": _own_visit_done,
    "VisitReportReviewed": _report_reviewed,
    "InformationRequested": _requested,
    "InformationRequestAnswered": _answered,
    "InformationRequestDeclined": _answered,
    "SpecialistJudgementRequested": _requested,
    "SpecialistJudgementGiven": _answered,
    "NetworkMeetingRequested": _requested,
    "NetworkMeetingHeld": _answered,
    "CaseConferenceConvened": _conference,
    "ConferenceMinutesRecorded": _conference,
    "ConsentGiven": _consented,
    "ConsentWithdrawn": _withdrawn,
    "DisclosureMade": _disclosed,
    "NonDisclosureDecided": _not_disclosed,
    "SafetyConfirmed": _safety,
    "ChildSighted": _sighted,
    "EmergencyTriaged": _triaged,
    "SafetyConcernRaised": _concerned,
    "ClosingConsultationHeld": _evaluated_consultation,
    "ClosingEvaluationRecorded": _evaluated,
    "SupportClosed": _closed,
    "FollowOnServiceArranged": _arranged,
    "FollowOnServiceAccepted": _accepted_effect,
    "CaseReopened": _reopened,
    "RelocationLearned": _move_learned,
    "TransferInitiated": _transfer_begun,
    "TransferPackageSent": _package_sent,
    "TransferReceiptConfirmed": _receipt_given,
    "RelocationConfirmed": _arrived,
    "TransferCompleted": _handed_over,
    "CgcTransferNotified": _cgc_notified,
    "StayingElsewhere": _stay_began,
    "StayEnded": _stay_ended,
    "SupportWorkerLeft": _left,
    "SubjectAccessRequested": _access_requested,
    "SubjectAccessDecided": _access_decided,
    "RecallNoticeSent": _recalled,
    "RecallAcknowledged": _recall_confirmed,
    "BreachReported": _breach,
    "TrainingLapsed": _lapsed,
    "OathLapsed": _lapsed,
    "TrainingModuleCompleted": _trained,
    "OathSigned": _sworn,
    "ContractorReinstated": _reinstated,
    "HeldDisclosureReleased": _release,
}
