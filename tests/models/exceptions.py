"""Reading in an emergency, content for the audit office, leaks, and how long records are kept.

Source: APPI 61, 66, 68, 69(2)4; 施行規則8条; V10; ``docs/decisions`` 0024; the days are those of the rule book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.models import acts, law
from tests.models.acts import Checks
from tests.models.clocks import Clock
from tests.models.law import DAY, Answer, end_of_day, start_of_day

if TYPE_CHECKING:
    from tests.models.model import Emergency, Message, Model, Step

QUARTER, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
OFFICES = ("CORE", "COORD", "CGC")


def _person(step: Step) -> str:
    return str(step.details.get("actor") or f"usual of {step.by}")


# --- emergency access -----------------------------------------------------------------------------------------------


def _asks(model: Model, step: Step) -> Checks:
    """0024: addressed to the core and the coordinating agency, which are asked to approve it."""
    yield (True if step.by in model.informed and step.by != model.core else None), "has a part in the case"
    coord = model.coords[model.core.split("-")[0]]
    yield coord in step.to, "0024: its request is addressed to the coordinating agency"
    yield (True if model.core in step.to else None), "to whose file it is"
    yield (None if model.transfers or model.handed else True), "whose file it is"
    yield (None if any(e.reader == step.by for e in model.emergencies.values()) else True), "one at a time"
    there = {s for m in model.messages.values() if m.by == model.core for s in m.sections}
    yield (True if there & set(step.details["sections"]) else None), "something is there"


def _approves(model: Model, step: Step) -> Checks:
    e = model.emergencies.get(step.details["approves"])
    if e is None or e.opened_at is not None or _person(step) in e.approvals:
        yield None, "a request that waits"
        return
    yield (True if step.by in model.informed else None), "has a part in the case"
    yield not (step.by == e.reader and _person(step) == e.person), "0024: two others than who asks"
    yield (None if step.at - e.asked_at > DAY else True), "how long an approval is waited for"


def _reviews(model: Model, step: Step) -> Checks:
    e = model.emergencies.get(step.details["answers"])
    opened = e is not None and e.opened_at is not None and e.opened_at <= step.at
    yield (True if opened else None), "an access that opened"
    if e is None:
        return
    yield acts._role(model, step) in OFFICES, "APPI 66: an authority reviews"
    yield step.by != e.reader, "APPI 66: another than the reader reviews"
    yield (None if e.reviewed_at is not None else True), "once"
    yield from acts._has_part(model, step)


def _asked(model: Model, step: Step, m: Message) -> None:
    from tests.models.model import Emergency

    named = frozenset(step.details["sections"])
    model.emergencies[m.n] = Emergency(m.n, m.by, named, step.at, _person(step))


def _approved(model: Model, step: Step, m: Message) -> None:
    e = model.emergencies[step.details["approves"]]
    e.approvals[_person(step)] = step.by
    if len(e.approvals) < 2:
        return
    outside = any(agency != e.reader for agency in e.approvals.values())
    e.unilateral = not outside
    if outside:
        model.quiet["EMERGENCY_UNILATERAL"] += 1
    e.opened_at = step.at if outside else max(step.at, e.asked_at + QUARTER)


def _reviewed(model: Model, step: Step, m: Message) -> None:
    model.emergencies[step.details["answers"]].reviewed_at = step.at


def emergency_clocks(model: Model, end: datetime) -> Iterator[Clock]:
    for e in model.emergencies.values():
        if e.opened_at is not None and e.opened_at <= end:
            yield from _of_emergency(model, e, e.opened_at)


def _of_emergency(model: Model, e: Emergency, opened: datetime) -> Iterator[Clock]:
    """At once to others than the reader; over after 24 h; reviewed within seven days."""
    kind, alarm = ("EMERGENCY", "EmergencyAccessOpened")
    if e.unilateral:
        kind, alarm = "EMERGENCY_UNILATERAL", "UnilateralEmergencyAccessOpened"
        yield Clock(
            "EMERGENCY",
            "EmergencyAccessOpened",
            opened,
            opened,
            "APPI 66",
            e.n,
            within=MINUTE,
            unsure_from=opened,
            stopped_at=e.reviewed_at,
        )
    rule = "APPI 66, 69(2)4"
    due = min(opened, e.asked_at + QUARTER) if e.unilateral else opened
    yield Clock(kind, alarm, due, due, rule, e.n, within=opened - due + MINUTE, stopped_at=e.reviewed_at)
    yield Clock("EMERGENCY_END", "EmergencyAccessEnded", opened, opened + DAY, rule, e.n, within=MINUTE)
    yield Clock(
        "EMERGENCY_REVIEW",
        "EmergencyReviewOverdueAlarmRaised",
        opened,
        opened + 7 * DAY,
        "APPI 66",
        e.n,
        within=DAY,
        stopped_at=e.reviewed_at,
    )


def emergency_opens(
    model: Model, agency: str, m: Message, section: str, at: datetime
) -> tuple[Answer, str] | None:
    """69(2)4: the named sections of the core agency's file, for a day from the second approval."""
    mine = [e for e in model.emergencies.values() if e.reader == agency and e.asked_at <= at]
    if not mine or section not in mine[0].sections:
        return None
    [e] = mine
    if e.opened_at is None or not e.opened_at <= at < e.opened_at + DAY or not model.in_file(model.core, m):
        return False, "EMERGENCY"
    if m.at > e.opened_at or m.by != model.core or m.event in law.OUTGOING:
        return None, "EMERGENCY: later entries, copies, and what others wrote"
    if any(b in law.CONSENT_BASES for b in m.basis.values()) or model.closed_at is not None:
        return None, "EMERGENCY: on consent"
    return True, "EMERGENCY"


# --- the audit office -------------------------------------------------------------------------------------------------


def _audit_asks(model: Model, step: Step) -> Checks:
    named = step.details["messages"]
    closed = any(
        set(model.messages[n].sections) <= {"ADDR", "NOTIFIER"} for n in named if n in model.messages
    )
    yield (True if named and not closed and all(n in model.messages for n in named) else None), "items"


def _audit_granted(model: Model, step: Step) -> Checks:
    audit = model.audits.get(step.details["grants"])
    yield (True if audit is not None and _person(step) not in audit.officials else None), "its request"
    yield acts._role(model, step) in OFFICES, "guideline 8; APPI 66: an official approves"
    yield (True if step.by == model.core else None), "whose file it is"
    if audit is not None:
        yield (None if step.at >= start_of_day(audit.until) else True), "before its last day"


def _audit_asked(model: Model, step: Step, m: None) -> None:
    from tests.models.model import Audit

    items = frozenset(
        (n, s)
        for n in step.details["messages"]
        for s in model.messages[n].sections
        if s not in ("ADDR", "NOTIFIER")
    )
    model.audits[step.n] = Audit(items, date.fromisoformat(step.details["until"]))


def _audit_approved(model: Model, step: Step, m: Message) -> None:
    model.audits[step.details["grants"]].officials.add(_person(step))


def audit_opens(model: Model, m: Message, section: str, at: datetime) -> Answer:
    """V10: content of none, but what two officials approved, until the end of its last day."""
    named = [a for a in model.audits.values() if (m.n, section) in a.items and at < end_of_day(a.until)]
    granted = any(len(a.officials) >= 2 for a in named)
    if granted and any(b in law.CONSENT_BASES for b in m.basis.values()):
        return None
    return granted


# --- leaks ------------------------------------------------------------------------------------------------------------


def _leak_named(model: Model, step: Step) -> Checks:
    yield from acts._has_part(model, step)
    m = model.messages.get(step.details.get("answers") or step.details.get("about") or -1)
    known = m is not None and m.event == "BreachDetected" and m.by == step.by
    yield (True if known else None), "a leak of its own"


def _breach_report(model: Model, step: Step) -> Checks:
    if "answers" in step.details or "about" in step.details:
        yield from _leak_named(model, step)
    else:
        yield from acts._has_part(model, step)


def _leak(model: Model, step: Step, m: Message) -> None:
    """APPI 68; 施行規則43条, 44条: 3 to 5 days, 30 days, and 60 where it may have been meant. Of unknown intent: by 60 for
    certain; whether it is such a possibility, and 30 days are too few, the text does not say."""
    since = datetime.fromisoformat(step.details["detected_at"])
    intent = step.details.get("intent", "NONE")
    for kind, alarm, due, sure in (
        ("BREACH_PRELIMINARY", "BreachPreliminaryOverdueAlarmRaised", 3, True),
        ("BREACH", "BreachReportOverdueAlarmRaised", 30, intent == "NONE"),
        ("BREACH_INTENT", "BreachIntentReportOverdueAlarmRaised", 60, intent != "NONE"),
        ("BREACH_NOTICE", "BreachNoticeOverdueAlarmRaised", 14, True),
    ):
        if sure or intent == "UNKNOWN":
            clock = Clock(kind, alarm, step.at, since + due * DAY, "APPI 68", m.n, m.by, within=DAY)
            if not sure:
                clock.doubt(step.at)
            model.start(clock)


def _leak_reported(model: Model, step: Step, m: Message) -> None:
    if "about" in step.details:
        model.stop("BREACH_PRELIMINARY", step.at, step.details["about"])
        since = datetime.fromisoformat(step.details["found_at"])
        model.start(  # whether the report waits for its full one beside the leak, the text does not say
            Clock(
                "BREACH",
                "BreachReportOverdueAlarmRaised",
                step.at,
                since + 30 * DAY,
                "APPI 68",
                m.n,
                m.by,
                within=DAY,
                unsure_from=step.at,
            )
        )
        return
    if "answers" in step.details:
        n = step.details["answers"]
        model.stop("BREACH", step.at, n)
        model.stop("BREACH_INTENT", step.at, n)
        model.stop("BREACH_PRELIMINARY", step.at, n)
        return
    acts._breach(model, step, m)


def _subjects_informed(model: Model, step: Step, m: Message) -> None:
    model.stop("BREACH_NOTICE", step.at, step.details["answers"])


# --- how long it is kept ------------------------------------------------------------------------------------------------


def _policy(model: Model, step: Step) -> Checks:
    yield from acts._core_only(model, step)
    yield (None if model.appraised_at or model.handed else True), "not appraised yet"


def _hold_lift(model: Model, step: Step) -> Checks:
    yield acts._role(model, step) in OFFICES, "CAPA 4(5): an authority"
    n = step.details["lifts"]
    yield (True if n in model.holds and model.holds[n] is None else None), "a hold in force"


def _hold(model: Model, step: Step) -> Checks:
    yield acts._role(model, step) in OFFICES, "CAPA 4(5): an authority"
    yield from acts._has_part(model, step)


def _appraisal(model: Model, step: Step) -> Checks:
    """§4: expiry, then appraisal; a hold blocks it."""
    yield from acts._core_only(model, step)
    yield (None if model.appraised_at or model.handed or model.reopened_at else True), "once"
    expired = _expired_at(model)
    if model.closed_at is None:
        yield (None if model.kept else False), "§4: what has expired is appraised"
        return
    yield expired is not None and expired <= step.at, "§4: what has expired is appraised"
    yield all(lifted is not None for lifted in model.holds.values()), "§4: a legal hold blocks"


def _expired_at(model: Model) -> datetime | None:
    until = model.kept[-1][1] if model.kept else None
    if until is None or model.closed_at is None:
        return None
    return max(end_of_day(until), model.closed_at)


def _kept(model: Model, step: Step, m: Message) -> None:
    until = step.details.get("until")
    model.kept.append((step.at, date.fromisoformat(until) if until else None))


def _held(model: Model, step: Step, m: Message) -> None:
    model.holds[m.n] = None


def _hold_lifted(model: Model, step: Step, m: Message) -> None:
    model.holds[step.details["lifts"]] = step.at


def _appraised(model: Model, step: Step, m: Message) -> None:
    model.appraised_at = step.at


def retention_clocks(model: Model, end: datetime) -> Iterator[Clock]:
    """§4: expiry by policy; whether it is announced while a hold is in force or the case goes on, the text does not say."""
    ends = [at for at, _ in model.kept[1:]] + [model.appraised_at]
    for (since, until), ended in zip(model.kept, ends, strict=False):
        if until is None:
            continue
        due = max(end_of_day(until), since)
        unsure = model.closed_at is None or bool(model.holds) or model.reopened_at is not None
        unsure = unsure or (model.closed_at is not None and model.closed_at > due)
        clock = Clock("RETENTION", "RetentionExpired", since, due, "§4", within=DAY)
        if unsure:
            clock.doubt(since)
            clock.within = timedelta(days=400)
        if ended is not None:
            clock.stop(ended)
        yield clock


PRECONDITIONS: Mapping[str, Callable[[Model, Step], Checks]] = {
    "EmergencyAccessRequested": _asks,
    "EmergencyAccessApproved": _approves,
    "EmergencyAccessReviewed": _reviews,
    "AuditContentAccessRequested": _audit_asks,
    "AuditContentAccessGranted": _audit_granted,
    "BreachDetected": acts._has_part,
    "BreachReported": _breach_report,
    "BreachSubjectsInformed": _leak_named,
    "RetentionPolicyAssigned": _policy,
    "LegalHoldPlaced": _hold,
    "LegalHoldLifted": _hold_lift,
    "RecordsAppraised": _appraisal,
}

EFFECTS: Mapping[str, Callable[..., None]] = {
    "EmergencyAccessRequested": _asked,
    "EmergencyAccessApproved": _approved,
    "EmergencyAccessReviewed": _reviewed,
    "AuditContentAccessRequested": _audit_asked,
    "AuditContentAccessGranted": _audit_approved,
    "BreachDetected": _leak,
    "BreachReported": _leak_reported,
    "BreachSubjectsInformed": _subjects_informed,
    "RetentionPolicyAssigned": _kept,
    "LegalHoldPlaced": _held,
    "LegalHoldLifted": _hold_lifted,
    "RecordsAppraised": _appraised,
}
