"""A second, naive reading of who is alarmed when, held against what the hub's clock brings over any history.

It knows nothing of running clocks: of each message it asks what it waits for, looks through all that came later for
what ends the wait, and writes down what falls due before that. Source: the guideline, and the hub's own proposals
(24 and 48 hours, 7 and 14 days; an alarm climbs after a day).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import event as hypothesis_event
from hypothesis import given
from hypothesis import strategies as st

import tests.domain.builders as kit
from domain import events as e
from domain.calendar import JST
from domain.codes import PlanContent, SafetyMethod, Section
from tests.domain.builders import EventInput, case_message, jst
from tests.domain.test_clocks import run
from tests.profiles import examples

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN = jst("2025-06-02 09:00")  # a Monday
AGENCIES = (kit.AZ_CORE, kit.AZ_COORD, kit.KS_CGC, kit.MID_HOSP, kit.SORA_NPO)
ACTED = e.ACTS_ON_REFERRAL
REFERRED = (
    e.FamilyInformationProvided,
    e.AbuseNotificationReceived,
    e.NotificationForwarded,
    e.CaseReferredToCgc,
)

Alarm = tuple[datetime, str, UUID | None, UUID, frozenset[UUID], bool]
"""When, which, about what, responsible agency, informed agencies, and whether it was escalated."""


def both(
    due: datetime,
    ends: datetime | None,
    kind: str,
    message: UUID | None,
    responsible: UUID,
    informed: Callable[[datetime], set[UUID]],
) -> Iterator[Alarm]:
    """The alarm, and a day later the one that climbs, unless the wait had ended before."""
    for at, climbed in ((due, False), (due + DAY, True)):
        if ends is None or at <= ends:
            yield at, kind, message, responsible, frozenset(informed(at) - {responsible}), climbed


# --- what a message waits for -----------------------------------------------------------------------------


Acted = dict[tuple[UUID, UUID], datetime]
"""Referral and who it went to -> when that one acted on it."""


def acted_on(past: Sequence[EventInput]) -> Acted:
    """One act is about one referral: the one that it names, else the oldest that waits for this agency. Not to act is
    about what it names only."""
    open_referrals: list[tuple[UUID, UUID]] = []
    acted: Acted = {}
    for one in past:
        event: Any = one.event
        if isinstance(event, ACTED):
            named = getattr(event, "answers", None) or getattr(event, "forwards", None)
            names = named is not None or isinstance(event, e.NonDisclosureDecided)
            mine = [r for r in open_referrals if r[1] == one.by and (not names or r[0] == named)]
            for referral in mine[:1]:
                assert one.at is not None
                acted[referral] = one.at
                open_referrals.remove(referral)
        if isinstance(event, REFERRED):
            open_referrals += [(one.command_id, agency) for agency in event.to]
    return acted


def waits(  # noqa: C901  one flat arm an event
    one: EventInput, later: Sequence[EventInput], acted: Acted
) -> Iterator[Alarm]:
    """Every alarm that this message brings, ever, if nothing comes but ``later``."""
    event: Any = one.event
    assert one.at is not None

    def done(ends: Callable[[EventInput], bool]) -> datetime | None:
        return next((after.at for after in later if ends(after)), None)

    def answered(responsible: UUID, *acts: type[e.Event]) -> datetime | None:
        return done(
            lambda s: (
                s.by == responsible
                and isinstance(s.event, acts)
                and getattr(s.event, "answers", None) == one.command_id
            )
        )

    def sender(at: datetime) -> set[UUID]:
        return {one.by} if isinstance(one.by, UUID) else set()

    def knowing(
        at: datetime,
    ) -> set[UUID]:  # CAPA 7: the notifier is not informed; a notified authority is
        forwards = [
            s
            for s in later
            if isinstance(s.event, e.NotificationForwarded) and s.event.forwards == one.command_id
        ]
        return {a for s in forwards if s.at is not None and s.at < at for a in s.event.to}  # type: ignore[attr-defined]

    def to_each(
        kind: str, due: datetime, *acts: type[e.Event], too: Collection[UUID] = ()
    ) -> Iterator[Alarm]:
        for responsible in {*event.to, *too}:
            yield from both(due, answered(responsible, *acts), kind, one.command_id, responsible, sender)

    match event:
        case e.InformationRequested() if event.due_on is not None:
            end_of_day = jst(f"{event.due_on + DAY} 00:00")
            yield from to_each(
                "RequestUnanswered", end_of_day, e.InformationRequestAnswered, e.InformationRequestDeclined
            )
        case e.FollowOnServiceArranged():
            yield from to_each("FollowOnUnaccepted", one.at + 14 * DAY, e.FollowOnServiceAccepted)
        case e.VisitReportSubmitted():
            core = {kit.AZ_CORE} - {one.by}  # V3: it reads each report of its case
            yield from to_each("ReportUnread", one.at + 7 * DAY, e.VisitReportReviewed, too=core)
        case e.SubjectAccessRequested() if isinstance(one.by, UUID):
            ends = answered(one.by, e.SubjectAccessDecided)
            yield from both(one.at + 30 * DAY, ends, "RightsRequestOverdue", one.command_id, one.by, sender)
        case (
            e.FamilyInformationProvided()
            | e.AbuseNotificationReceived()
            | e.NotificationForwarded()
            | e.CaseReferredToCgc()
        ):
            # four clocks: delivered at once, acknowledged in a day, read in two, acted on in fourteen
            yield from to_each("ReferralUnacknowledged", one.at + DAY, e.ReferralAcknowledged)
            yield from to_each("ReferralUnread", one.at + 2 * DAY, e.ReferralRead, e.DisclosureRead)
            for responsible in event.to:
                ends = acted.get((one.command_id, responsible))
                yield from both(
                    one.at + 14 * DAY, ends, "ReferralUnacted", one.command_id, responsible, sender
                )
    if isinstance(event, e.AbuseNotificationReceived):
        # each authority that was notified sees to it that the child is seen, 48 hours from the receipt
        for responsible in event.to | ({one.by} if event.recorded_for_notifier else set()):
            yield from both(
                event.received_at + 2 * DAY,
                done(sights),
                "SafetyCheckOverdue",
                one.command_id,
                responsible,
                knowing,
            )


def sights(one: EventInput) -> bool:
    """A child is safe when somebody saw it: no call, and no meeting with the family. (札幌 2019)"""
    event = one.event
    if isinstance(event, e.SafetyConfirmed):
        return event.child_seen and event.method is SafetyMethod.SIGHTED
    return isinstance(event, e.ChildSighted)


def expected(past: Sequence[EventInput], until: datetime) -> Counter[Alarm]:
    acted = acted_on(past)
    actual = (alarm for n, one in enumerate(past) for alarm in waits(one, past[n + 1 :], acted))
    return Counter(alarm for alarm in actual if alarm[0] <= until)


KINDS = {
    "RequestUnanswered", "FollowOnUnaccepted", "ReportUnread", "RightsRequestOverdue", "ReferralUnacknowledged",
    "ReferralUnread", "ReferralUnacted", "SafetyCheckOverdue",
}  # fmt: skip


def raised_until(
    past: Sequence[EventInput], until: datetime, kinds: set[str], before: Sequence[EventInput] = ()
) -> Counter[Alarm]:
    """The alarms that the hub records in this history, and until then."""
    so, came = kit.given(*before), []
    for one in past:
        assert one.at is not None
        came += run(so, one.at)
        so.put(one)
    came += run(so, until)
    named = [(at, type(a).__name__.removesuffix("AlarmRaised"), a) for at, a in came]
    return Counter(
        (at, kind, a.message, a.responsible, a.to, a.escalated) for at, kind, a in named if kind in kinds
    )


# --- any history of messages ----------------------------------------------------------------------------------

Step = tuple[str, UUID, frozenset[UUID], int, timedelta, timedelta, bool]
SAFETY = ["notice", "forward", "sight", "sight too", "word"]
COURSE = [
    "news",
    "to centre",
    "request",
    "follow-on",
    "report",
    "person asks",
    "acknowledge",
    "read",
    "read too",
]
COURSE += ["act", "act not", "answer", "decline", "accept", "review", "decide"]
SHORT, LONG = [1, 2, 7, 12, 23, 24, 25, 47, 48, 49], [24, 25, 7 * 24, 14 * 24, 15 * 24]


def steps(seed: int) -> list[Step]:
    """Some course: half of them of a few acts close together, drawn evenly."""
    draw = random.Random(seed)
    words, gaps = draw.choice(
        [(SAFETY, SHORT), ([*COURSE, *SAFETY], SHORT), ([*COURSE, *SAFETY], SHORT + LONG)]
    )
    return [
        (
            draw.choice(words),
            draw.choice(AGENCIES),
            frozenset(draw.sample(AGENCIES, draw.choice([1, 1, 2, 3]))),
            draw.randrange(30),
            draw.choice(gaps) * HOUR,
            draw.choice([0, 0, 1, 24, 47, 48, 49, 80]) * HOUR,
            draw.random() < 0.5,
        )
        for _ in range(draw.randint(3, 16))
    ]


ANSWERS: dict[str, type[e.CaseMessage]] = {
    "acknowledge": e.ReferralAcknowledged,
    "read": e.ReferralRead,
    "read too": e.DisclosureRead,
    "answer": e.InformationRequestAnswered,
    "decline": e.InformationRequestDeclined,
    "accept": e.FollowOnServiceAccepted,
    "review": e.VisitReportReviewed,
    "decide": e.SubjectAccessDecided,
}


def event_input(  # noqa: C901  one flat arm a step
    step: Step, past: Sequence[EventInput], at: datetime
) -> EventInput:
    """One message; what answers or forwards is about some message before, and mostly by one to whom it went."""
    word, by, to, pick, _, back, flag = step
    other = past[pick % len(past)]
    sent_to = sorted(other.event.to)  # type: ignore[attr-defined]
    who = sent_to[pick % len(sent_to)] if sent_to and pick % 4 else by
    to = to - {by}
    more: dict[str, Any] = {"name": f"step {len(past)}", "at": at}
    if word in ANSWERS:
        return case_message(ANSWERS[word], who, answers=other.command_id, **more)
    match word:
        case "news":
            return case_message(e.FamilyInformationProvided, by, to, **more)
        case "notice":
            return case_message(
                e.AbuseNotificationReceived, by, to, received_at=at - back, recorded_for_notifier=flag, **more
            )
        case "forward":
            return case_message(e.NotificationForwarded, by, to, forwards=other.command_id, **more)
        case "to centre":
            return case_message(e.CaseReferredToCgc, by, to, **more)
        case "request":
            due_on = (at + back).date() if flag else None
            return case_message(e.InformationRequested, by, to, due_on=due_on, **more)
        case "follow-on":
            return case_message(e.FollowOnServiceArranged, by, to, **more)
        case "report":
            return case_message(e.VisitReportSubmitted, by, to, **more)
        case "person asks":
            return case_message(e.SubjectAccessRequested, by, **more)
        case "act":
            return case_message(e.EmergencyTriaged, who, answers=other.command_id if flag else None, **more)
        case "act not":
            return case_message(
                e.NonDisclosureDecided, who, answers=other.command_id if flag else None, **more
            )
        case "sight":
            method = SafetyMethod.SIGHTED if flag else SafetyMethod.TELEPHONE
            return case_message(e.SafetyConfirmed, who, child_seen=True, method=method, **more)
        case "sight too":
            return case_message(e.ChildSighted, who, **more)
        case _:
            return case_message(e.ContactAttempted, who, **more)


def history(course: Sequence[Step]) -> list[EventInput]:
    first = case_message(
        e.FamilyInformationProvided, kit.MID_HOSP, [kit.AZ_CORE], [Section.BASIC], at=BEGIN, placed=kit.PLACED
    )
    past = [first]
    at = BEGIN
    for step in course:
        at += step[4]
        past.append(event_input(step, past, at))
    return past


@examples(100, long=10_000)
@given(seed=st.integers(0, 2**32))
def test_whoever_is_late_is_alarmed_at_the_hour_and_nobody_else(seed: int) -> None:
    past = history(steps(seed))
    assert past[-1].at is not None
    until = past[-1].at + (seed % 20) * DAY
    actual = raised_until(past, until, KINDS)
    for _, kind, *_, climbed in actual:
        hypothesis_event(f"{kind} {'climbed' if climbed else ''}")
    assert actual == expected(past, until)


# --- a family in support --------------------------------------------------------------------------


def short_weeks(
    first: date, last: date | None, needed: int, visits: Sequence[datetime], until: datetime
) -> list[date]:
    """The Mondays of the full weeks, Japan's, from ``first`` to ``last`` that had fewer visits, and are over."""
    counted = Counter(at.astimezone(JST).date() for at in visits)
    monday = first + (-first.weekday() % 7) * DAY
    actual = []
    while (last is None or monday + 6 * DAY <= last) and jst(f"{monday + 7 * DAY} 00:00") <= until:
        if sum(counted[monday + n * DAY] for n in range(7)) < needed:
            actual.append(monday)
        monday += 7 * DAY
    return actual


MOMENTS = st.tuples(st.integers(0, 45), st.sampled_from([0, 0, 10, 23]))


MOMENTS = st.tuples(st.integers(0, 45), st.sampled_from([0, 0, 10, 23]))  # so many days, and hours


def moment(of: tuple[int, int]) -> datetime:
    return jst("2025-06-03 00:00") + of[0] * DAY + of[1] * HOUR


def first_of(times: Sequence[datetime], end: datetime | None) -> datetime | None:
    return min([*times, *([] if end is None else [end])], default=None)


def support_alarms(
    plan: e.Plan,
    start: datetime,
    end: datetime | None,
    visits: Sequence[datetime],
    seen: Sequence[datetime],
    visitor: UUID,
) -> Iterator[Alarm]:
    """Every alarm of a case in support from ``start`` to ``end``; ``seen``: the visits at which the child was."""

    def core(at: datetime) -> set[UUID]:
        return {kit.AZ_CORE}

    if plan.plan_until is not None:
        yield from both(jst(f"{plan.plan_until + DAY} 00:00"), end, "PlanOver", None, kit.AZ_CORE, core)
    # the child is seen again within thirty days: the core agency's from the first message on, visitors' from the start
    counts_from = {kit.AZ_CORE: BEGIN} | ({visitor: start} if visitor != kit.AZ_CORE else {})
    for whose, begin in counts_from.items():
        for sight in (begin, *(at for at in seen if at > begin)):
            end_of_day = jst(f"{sight.astimezone(JST).date() + 31 * DAY} 00:00")
            repeated = first_of([at for at in seen if at > sight], end)
            yield from both(end_of_day, repeated, "ContactGap", None, whose, lambda at: set())
    if plan.content in (PlanContent.SC_A, PlanContent.SC_B):
        first = max(plan.plan_from, start.astimezone(JST).date())
        for monday in short_weeks(
            first, plan.plan_until, max(2, plan.visits_per_week or 0), visits, moment((99, 0))
        ):
            end_of_day = jst(f"{monday + 7 * DAY} 00:00")
            yield from both(
                end_of_day,
                first_of([at for at in visits if at >= end_of_day], end),
                "VisitGap",
                None,
                visitor,
                core,
            )


@examples(100, long=6_000)
@given(
    content=st.sampled_from([PlanContent.SC_A, PlanContent.SC_B, PlanContent.SC_B, PlanContent.SC_C]),
    begins=st.integers(-3, 10),
    lasts=st.one_of(st.none(), st.integers(3, 40), st.sampled_from([6, 13, 20])),
    needs=st.sampled_from([None, 1, 2, 3]),
    commenced=MOMENTS.map(lambda of: (of[0] % 9, of[1])),
    visited=st.dictionaries(MOMENTS, st.booleans(), max_size=20),
    closed=st.one_of(st.none(), MOMENTS),
    contracted=st.booleans(),
)
def test_a_family_in_support_has_visits_contact_and_a_plan_or_an_alarm_is_raised(
    content: PlanContent,
    begins: int,
    lasts: int | None,
    needs: int | None,
    commenced: tuple[int, int],
    visited: dict[tuple[int, int], bool],
    closed: tuple[int, int] | None,
    contracted: bool,
) -> None:
    first = date(2025, 6, 2) + begins * DAY
    last = None if lasts is None else first + lasts * DAY
    visitor = kit.SORA_NPO if contracted else kit.AZ_CORE
    start = moment(commenced)
    end = None if closed is None else max(moment(closed), start + HOUR)
    visits = {
        at: saw for of, saw in visited.items() if (at := moment(of)) != start and (end is None or at < end)
    }
    plan = kit.plan(plan_from=first, plan_until=last, content=content, visits_per_week=needs)
    acts = [
        case_message(e.SupportPlanFormulated, kit.AZ_CORE, at=BEGIN + HOUR, plan=plan),
        case_message(e.SupportCommenced, kit.AZ_CORE, at=start),
        *(
            case_message(e.HomeVisitCompleted, visitor, name=f"visit {v}", at=v, child_seen=visits[v])
            for v in visits
        ),
        *([] if end is None else [case_message(e.SupportClosed, kit.AZ_CORE, at=end)]),
    ]
    past = sorted(acts, key=lambda one: one.at or BEGIN)
    learned = case_message(
        e.FamilyInformationProvided, kit.MID_HOSP, [kit.AZ_CORE], at=BEGIN, placed=kit.PLACED
    )
    before = [*kit.COMMISSIONED, *([kit.ASSIGNED] if contracted else []), learned]
    until = moment((80, 0))
    right = support_alarms(plan, start, end, sorted(visits), sorted(v for v in visits if visits[v]), visitor)
    actual = raised_until(past, until, {"VisitGap", "ContactGap", "PlanOver"}, before)
    for _, kind, *_, climbed in actual:
        hypothesis_event(f"{kind} {'climbed' if climbed else ''}")
    assert actual == Counter(alarm for alarm in right if alarm[0] <= until)
