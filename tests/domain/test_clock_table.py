"""What starts and what stops each clock of a message: of all acts that there are just these."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest

from domain import events as e
from domain.acts import ACTS
from domain.case import Case, Message, Transfer
from domain.case_clock_ends import CASE_CLOCKS
from domain.children import ALL_CHILDREN
from domain.clock_stops import STOP_RULES, stopped_clocks
from domain.clocks import Clock, ClockKind, update_clocks
from domain.codes import (
    BreachIntent,
    BreachStage,
    HandoverItem,
    HandoverState,
    LocatedBy,
    SafetyMethod,
    Section,
)
from domain.persistent_map import PersistentMap
from tests.domain.builders import (
    ASSIGNED,
    AZ_CORE,
    COMMISSIONED,
    EXT_SERVICE,
    FULL_ASSIGNED,
    FULLY_COMMISSIONED,
    HIDA_SWC,
    LEARNED,
    MID_HOSP,
    NOON,
    SORA_NPO,
    EventInput,
    Given,
    case_message,
    given,
    id_of,
    jst,
)
from tests.vectors.make_events import sample

LATE, OTHER = AZ_CORE, MID_HOSP
MINE, ANY = True, False  # by the agency that is late, or by anyone
FIRST, SECOND, ELSE = id_of("first"), id_of("second"), id_of("something else")
ANSWERS_MESSAGE = {"answers": FIRST, "renews": FIRST}
NAMES = ("answers", "forwards", "visit", "replaces", "hands_over", "renews")
"""The fields by which an act names what it is about."""


class About(Enum):
    """Which of several clocks of its kind an act stops."""

    NAMED = "only the one that it names"
    NAMED_OR_OLDEST = "the one that it names, else the oldest"
    EACH = "each of them"
    PAPERS = "those of one hand-over: tested by itself"


NAMED, NAMED_OR_OLDEST, EACH, PAPERS = About
STOPS: dict[ClockKind, dict[type[e.Event], tuple[bool, About]]] = {
    # Basis: own rules (受領確認, 閲読の記録); CAPA 8: the child is seen, by whomever
    ClockKind.ACKNOWLEDGE: {
        e.ReferralAcknowledged: (MINE, NAMED),
        e.TransferReceiptConfirmed: (MINE, NAMED),  # of a transfer between centres
    },
    ClockKind.READ: {e.ReferralRead: (MINE, NAMED), e.DisclosureRead: (MINE, NAMED)},
    # Basis: guideline 6(2)[1]; each referral is acted on, so one act is about one of them
    ClockKind.ACT: {
        e.ReferralOutcomeReported: (MINE, NAMED),
        e.NotificationForwarded: (MINE, NAMED),
        e.NonDisclosureDecided: (MINE, NAMED),
        e.CaseReopened: (MINE, NAMED_OR_OLDEST),
        e.InformationRequested: (MINE, NAMED_OR_OLDEST),
        e.NetworkCaseRegistered: (MINE, NAMED_OR_OLDEST),
        e.ConferenceMinutesRecorded: (MINE, NAMED_OR_OLDEST),
        e.EmergencyTriaged: (MINE, NAMED_OR_OLDEST),
        e.StaffAbuseInvestigated: (MINE, NAMED),
        e.SafetyConfirmed: (MINE, NAMED_OR_OLDEST),
        e.WhereaboutsLost: (MINE, NAMED_OR_OLDEST),
        e.SearchStepRecorded: (MINE, NAMED),
        e.WhereaboutsEstablished: (MINE, NAMED),
        e.FamilyCourtNotified: (MINE, NAMED_OR_OLDEST),
        e.ChildSighted: (MINE, NAMED_OR_OLDEST),
        e.CaseReferredToCgc: (MINE, NAMED_OR_OLDEST),
        e.IndicatorAssessmentRecorded: (MINE, NAMED_OR_OLDEST),
        e.EligibilityDetermined: (MINE, NAMED_OR_OLDEST),
        e.SupportCommenced: (MINE, NAMED_OR_OLDEST),
    },
    ClockKind.SAFETY: {
        e.SafetyConfirmed: (ANY, EACH),
        e.ChildSighted: (ANY, EACH),
        e.WhereaboutsEstablished: (ANY, EACH),
    },
    # Basis: CWA 25-3(2); guideline 3(3), 6(4)[1], [2], 6(5)[2]
    ClockKind.ANSWER: {
        e.InformationRequestAnswered: (MINE, NAMED),
        e.InformationRequestDeclined: (MINE, NAMED),
        e.SpecialistJudgementGiven: (MINE, NAMED),
        e.NetworkMeetingHeld: (MINE, NAMED),
    },
    ClockKind.ACCEPT: {e.FollowOnServiceAccepted: (MINE, NAMED)},
    ClockKind.REPORT: {e.VisitReportReviewed: (MINE, NAMED)},
    # Basis: APPI 66, 68, 78(1)1, 83, 97, 98
    ClockKind.RIGHTS: {e.SubjectAccessDecided: (MINE, NAMED)},
    ClockKind.EMERGENCY: {e.EmergencyAccessReviewed: (ANY, NAMED)},
    ClockKind.EMERGENCY_UNILATERAL: {e.EmergencyAccessReviewed: (ANY, NAMED)},
    ClockKind.EMERGENCY_END: {},
    ClockKind.EMERGENCY_REVIEW: {e.EmergencyAccessReviewed: (ANY, NAMED)},
    ClockKind.COERCION: {e.CoercionCheckConfirmed: (ANY, NAMED)},
    ClockKind.CONFIRM: {e.RecallAcknowledged: (MINE, NAMED)},
    ClockKind.BREACH_PRELIMINARY: {e.BreachReported: (MINE, NAMED)},
    ClockKind.BREACH: {e.BreachReported: (MINE, NAMED)},
    ClockKind.BREACH_INTENT: {e.BreachReported: (MINE, NAMED)},
    ClockKind.BREACH_NOTICE: {e.BreachSubjectsInformed: (MINE, NAMED)},
    # Basis: own rules (目黒 2018, 札幌 2021)
    ClockKind.TRANSFER: {
        e.ReferralAcknowledged: (MINE, PAPERS),  # of a transfer between centres: tested in test_moves.py
        e.TransferReceiptConfirmed: (MINE, PAPERS),
        e.TransferCompleted: (ANY, PAPERS),
        e.TransferInitiated: (ANY, PAPERS),
        e.TransferCancelled: (ANY, PAPERS),
    },
    ClockKind.HANDOVER: {
        e.TransferCompleted: (ANY, PAPERS),
        e.TransferInitiated: (ANY, PAPERS),
        e.TransferCancelled: (ANY, PAPERS),
    },
    # Basis: guideline 4(1), 5(2)[1], 9(2)[1]; own rule (a decision not to disclose is reviewed)
    ClockKind.NON_DISCLOSURE: {e.NonDisclosureDecided: (MINE, NAMED), e.DisclosureMade: (MINE, NAMED)},
    ClockKind.SPECIALIST: {
        e.SpecialistServiceLinked: (MINE, NAMED_OR_OLDEST),
        e.NonDisclosureDecided: (MINE, NAMED),
    },
    # Basis: CAPA 8, 12, 12-4; own rule (居所不明児童)
    ClockKind.SEARCH: {e.WhereaboutsEstablished: (ANY, NAMED)},
    ClockKind.BAN_END: {e.ContactBanLifted: (ANY, NAMED), e.ContactForbidden: (ANY, NAMED)},
    ClockKind.UNREADABLE: {
        e.ContentUnreadableAnswered: (MINE, NAMED),
        e.CorrectionNotifiedToRecipients: (MINE, PAPERS),  # of what it corrects: tested in test_unreadable.py
    },
    # Basis: CWA 21-18
    ClockKind.SERVICE: {e.FamilyServiceAnswered: (MINE, NAMED), e.FamilyServiceMeasureTaken: (MINE, NAMED)},
    ClockKind.OFFICIAL: {
        e.NonDisclosureDecided: (MINE, NAMED),
        e.DisclosureMade: (MINE, PAPERS),  # to who asked, by the same row: tested in test_bases_of_law.py
    },
    ClockKind.BUNDLE: {},  # by what has reached the contractor, see below
    ClockKind.VISIT_REPORT: {
        e.VisitReportSubmitted: (MINE, NAMED_OR_OLDEST),
        e.HomeVisitCompleted: (MINE, NAMED_OR_OLDEST),
        e.HomeVisitFailed: (MINE, NAMED_OR_OLDEST),
        e.HomeVisitRefused: (MINE, NAMED_OR_OLDEST),
        e.HomeVisitScheduled: (MINE, NAMED),
    },
}
STARTED_BY: dict[ClockKind, type[e.CaseMessage]] = {
    ClockKind.ACKNOWLEDGE: e.FamilyInformationProvided,
    ClockKind.READ: e.FamilyInformationProvided,
    ClockKind.ACT: e.FamilyInformationProvided,
    ClockKind.SAFETY: e.AbuseNotificationReceived,
    ClockKind.ANSWER: e.InformationRequested,
    ClockKind.ACCEPT: e.FollowOnServiceArranged,
    ClockKind.REPORT: e.VisitReportSubmitted,
    ClockKind.RIGHTS: e.SubjectAccessRequested,
    ClockKind.EMERGENCY: e.EmergencyAccessRequested,
    ClockKind.EMERGENCY_UNILATERAL: e.EmergencyAccessRequested,
    ClockKind.EMERGENCY_END: e.EmergencyAccessRequested,
    ClockKind.EMERGENCY_REVIEW: e.EmergencyAccessRequested,
    ClockKind.COERCION: e.ConsentGiven,
    ClockKind.CONFIRM: e.RecallNoticeSent,
    ClockKind.TRANSFER: e.TransferPackageSent,
    ClockKind.HANDOVER: e.TransferInitiated,
    ClockKind.NON_DISCLOSURE: e.NonDisclosureDecided,
    ClockKind.VISIT_REPORT: e.HomeVisitScheduled,
    ClockKind.BREACH: e.BreachReported,
    ClockKind.BREACH_PRELIMINARY: e.BreachDetected,
    ClockKind.BREACH_INTENT: e.BreachDetected,
    ClockKind.BREACH_NOTICE: e.BreachDetected,
    ClockKind.SPECIALIST: e.SupportTypeDecided,
    ClockKind.BUNDLE: e.HomeVisitScheduled,
    ClockKind.SEARCH: e.WhereaboutsLost,
    ClockKind.BAN_END: e.ContactForbidden,
    ClockKind.UNREADABLE: e.ContentUnreadableReported,
    ClockKind.OFFICIAL: e.OfficialRequestReceived,
    ClockKind.SERVICE: e.FamilyServiceRecommended,
}
OF_THE_CASE = {
    ClockKind.REVIEW, ClockKind.PLAN_END, ClockKind.PLAN_ENDING, ClockKind.VISITS, ClockKind.CONTACT, ClockKind.SILENCE,
    ClockKind.SIGNALS, ClockKind.MOVE, ClockKind.REPLACEMENT, ClockKind.STAY, ClockKind.RETENTION,
    ClockKind.PROTECTION_END,
}  # fmt: skip


def one(act: Any) -> Any:
    """One event of this class, to the agency that the clock informs, in answer to the first message."""
    hints = get_type_hints(act)
    known = {
        "to": frozenset({EXT_SERVICE}),
        "withheld_from": frozenset({EXT_SERVICE}),
        "held": frozenset(),
        "child_seen": True,
        "children": ALL_CHILDREN,
        "method": SafetyMethod.SIGHTED,
        "stage": BreachStage.FINAL,
        "located_by": LocatedBy.SIGHTED,
        **ANSWERS_MESSAGE,
    }
    names = [field.name for field in fields(act)]
    return act(**{name: known[name] if name in known else sample(hints[name], name) for name in names})


ONE_OF_EACH = {act: one(act) for act in sorted(ACTS, key=lambda act: act.TOPIC)}


def running(kind: ClockKind, **changed: Any) -> Clock:
    usual: dict[str, Any] = {"message": FIRST, "informed": frozenset({EXT_SERVICE}), "since": NOON}
    return Clock(kind=kind, responsible=LATE, **{**usual, **changed})


def clocks_map(*clocks: Clock) -> PersistentMap[Any, Clock]:
    return PersistentMap({c.key_for(c.message): c for c in clocks if c.message is not None})


def message_of(id: Any, event: Any, by: Any = LATE) -> Message:
    return Message(id=id, version=1, at=NOON, by=by, actor="p-1", event=event, held=frozenset())


def case_with(kind: ClockKind, **changed: Any) -> Case:
    """A case with two clocks of this kind; the first is the older one."""
    event = ONE_OF_EACH[STARTED_BY[kind]]
    first, second = (
        running(kind, message=m, since=NOON - timedelta(hours=h)) for m, h in ((FIRST, 2), (SECOND, 1))
    )
    messages = PersistentMap({m: message_of(m, event) for m in (FIRST, SECOND)})
    return Case(id=id_of("case"), messages=messages, clocks=clocks_map(first, second), **changed)


def stopped(case: Case, event: Any, by: Any = LATE) -> set[Any]:
    return {message for _, message, *_ in stopped_clocks(case, event, by, NOON)}


def naming(act: Any, message: Any) -> Any:
    """The act about this message; None where it can't be, or need not name one and this is asked."""
    name = next((n for n in NAMES if n in {f.name for f in fields(act)}), None)
    if name is None:
        return ONE_OF_EACH[act] if message is None else None
    optional = type(None) in get_args(get_type_hints(act)[name])
    return replace(ONE_OF_EACH[act], **{name: message}) if optional or message is not None else None


def test_every_clock_of_a_message_is_here() -> None:
    assert set(STOPS) | OF_THE_CASE == set(ClockKind)
    assert set(STARTED_BY) == set(STOPS) == set(STOP_RULES)
    assert set(CASE_CLOCKS) == OF_THE_CASE


CELLS = [pytest.param(kind, act, id=f"{kind} {act.TOPIC}") for kind in STOPS for act in ONE_OF_EACH]


@pytest.mark.parametrize(("kind", "act"), CELLS)
def test_an_act_stops_the_clock_of_what_it_is_about_and_no_other(kind: ClockKind, act: Any) -> None:
    for by in (LATE, OTHER):
        check_cell(kind, act, by)


def check_cell(kind: ClockKind, act: Any, by: Any) -> None:
    """One cell of the table: the act naming the first, the second, something else and nothing."""
    mine, about = STOPS[kind].get(act, (ANY, NAMED))
    expected: dict[Any, set[Any]] = {FIRST: {FIRST}, SECOND: {SECOND}, ELSE: set(), None: set()}
    if about is NAMED_OR_OLDEST:
        expected[None] = {FIRST}
    if about is EACH:
        expected = {m: {FIRST, SECOND} for m in expected}
    if act not in STOPS[kind] or (mine and by != LATE) or about is PAPERS:
        expected = {m: set() for m in expected}  # of no hand-over under way: no papers
    events = {message: naming(act, message) for message in expected}
    actual = {m: stopped(case_with(kind), event, by) for m, event in events.items() if event is not None}
    if about is PAPERS and act is e.TransferReceiptConfirmed and by == LATE:
        expected |= {FIRST: {FIRST}, SECOND: {SECOND}}
    assert actual == {m: expected[m] for m in actual}


@pytest.mark.parametrize(
    ("seen", "method", "is_stopped"),
    [(True, SafetyMethod.SIGHTED, True), (False, SafetyMethod.SIGHTED, False)]
    + [(True, method, False) for method in SafetyMethod if method is not SafetyMethod.SIGHTED],
)
def test_the_safety_clock_stops_only_when_the_child_was_sighted(
    seen: bool, method: SafetyMethod, is_stopped: bool
) -> None:
    informed = replace(ONE_OF_EACH[e.SafetyConfirmed], child_seen=seen, method=method)
    assert bool(stopped(case_with(ClockKind.SAFETY), informed)) is is_stopped


# --- papers of a hand-over ----------------------------------------------------------------------------------

PHOTOS, RISK = HandoverItem.PHOTOS, HandoverItem.RISK_SHEET


def handed_over(kind: ClockKind = ClockKind.TRANSFER) -> Case:
    """A hand-over that was begun (first), with a package of the risk sheet and the photos (second)."""
    begun, package = ONE_OF_EACH[e.TransferInitiated], ONE_OF_EACH[e.TransferPackageSent]
    checklist = {
        RISK: HandoverState.SENT,
        PHOTOS: HandoverState.SENT,
        HandoverItem.MEDICAL: HandoverState.NONE,
    }
    case = case_with(kind)
    papers = {FIRST: begun, SECOND: replace(package, hands_over=FIRST, checklist=checklist)}
    transfer = Transfer(id=FIRST, by=LATE, to=frozenset({LATE}), at=NOON, papers=frozenset(papers))
    messages = PersistentMap({id: message_of(id, event) for id, event in papers.items()})
    return replace(case, messages=messages, transfer=transfer)


@pytest.mark.parametrize(
    ("answers", "received", "expected"),
    [
        pytest.param(FIRST, {}, {FIRST}, id="an empty receipt of the hand-over"),
        pytest.param(SECOND, {}, {FIRST, SECOND}, id="a receipt of the package is of its hand-over too"),
        pytest.param(FIRST, {RISK}, {FIRST}, id="of one of two things in the package"),
        pytest.param(FIRST, {RISK, PHOTOS}, {FIRST, SECOND}, id="of all that is in the package"),
        pytest.param(ELSE, {RISK, PHOTOS}, set(), id="of something else"),
    ],
)
def test_a_receipt_stops_the_clock_of_what_is_in_hand(answers: Any, received: Any, expected: Any) -> None:
    receipt = replace(ONE_OF_EACH[e.TransferReceiptConfirmed], answers=answers, received=frozenset(received))
    assert stopped(handed_over(), receipt) == expected
    assert stopped(handed_over(), receipt, OTHER) == set()


def test_a_receipt_leaves_another_package_waiting_until_its_things_are_in_hand() -> None:
    case = handed_over()
    third = id_of("third")
    later = replace(case.messages[SECOND].event, checklist={HandoverItem.PLAN: HandoverState.SENT})
    assert case.transfer is not None
    case = replace(
        case,
        messages=case.messages | {third: message_of(third, later)},
        clocks=case.clocks | clocks_map(running(ClockKind.TRANSFER, message=third)),
        transfer=replace(case.transfer, papers=case.transfer.papers | {third}),
    )
    receipt = replace(ONE_OF_EACH[e.TransferReceiptConfirmed], answers=SECOND, received=frozenset({PHOTOS}))
    assert stopped(case, receipt) == {FIRST, SECOND}
    assert case.transfer is not None
    case = replace(case, transfer=replace(case.transfer, received=frozenset({HandoverItem.PLAN})))
    assert stopped(case, receipt) == {FIRST, SECOND, third}


@pytest.mark.parametrize("kind", [ClockKind.TRANSFER, ClockKind.HANDOVER])
@pytest.mark.parametrize("act", [e.TransferCompleted, e.TransferCancelled])
def test_the_end_of_a_hand_over_stops_its_own_clocks(kind: ClockKind, act: Any) -> None:
    named = {m: stopped(handed_over(kind), naming(act, m)) for m in (FIRST, SECOND, ELSE)}
    assert named == {FIRST: {FIRST, SECOND}, SECOND: set(), ELSE: set()}


def test_another_hand_over_takes_the_place_of_the_one_under_way() -> None:
    assert stopped(handed_over(), ONE_OF_EACH[e.TransferInitiated]) == {FIRST, SECOND}


# --- visits -------------------------------------------------------------------------------------------------

TUESDAYS = [date(2025, 6, day) for day in (3, 10, 17)]


def planned(*days: date, by: Any = SORA_NPO) -> list[EventInput]:
    return [
        case_message(e.HomeVisitScheduled, by, planned_on=day, name=f"plan {day}", at=jst("2025-06-02 10:00"))
        for day in days
    ]


def visited(act: Any, on: str, by: Any = SORA_NPO, **data: Any) -> EventInput:
    return case_message(act, by, name=f"{act.TOPIC} {on} {sorted(data)}", at=jst(f"{on} 16:00"), **data)


def waiting(so: Given) -> set[Any]:
    """The planned visits of which the result is waited for."""
    return {message for kind, message, *_ in so.world.case.clocks if kind is ClockKind.VISIT_REPORT}


PLANS = planned(*TUESDAYS)
FIRST_PLAN, SECOND_PLAN, THIRD_PLAN = (plan.command_id for plan in PLANS)


@pytest.mark.parametrize(
    ("acts", "remaining"),
    [
        pytest.param([], {FIRST_PLAN, SECOND_PLAN, THIRD_PLAN}, id="none"),
        pytest.param(
            [visited(e.VisitReportSubmitted, "2025-06-03")], {SECOND_PLAN, THIRD_PLAN}, id="on its day"
        ),
        pytest.param(
            [visited(e.HomeVisitFailed, "2025-06-02")],
            {FIRST_PLAN, SECOND_PLAN, THIRD_PLAN},
            id="before any day has come: another visit",
        ),
        pytest.param(
            [visited(e.HomeVisitFailed, "2025-06-02", visit=FIRST_PLAN)],
            {SECOND_PLAN, THIRD_PLAN},
            id="before its day, and named",
        ),
        pytest.param(
            [visited(e.VisitReportSubmitted, "2025-06-11", visit=SECOND_PLAN)],
            {FIRST_PLAN, THIRD_PLAN},
            id="the second, named",
        ),
        pytest.param(
            [visited(e.HomeVisitCompleted, "2025-06-03"), visited(e.VisitReportSubmitted, "2025-06-10")],
            {SECOND_PLAN, THIRD_PLAN},
            id="a report of the visit that was recorded is about no other",
        ),
        pytest.param(
            [
                visited(e.HomeVisitCompleted, "2025-06-03"),
                visited(e.VisitReportSubmitted, "2025-06-10"),
                visited(e.VisitReportSubmitted, "2025-06-11"),
            ],
            {THIRD_PLAN},
            id="the next report is about the next visit",
        ),
        pytest.param(
            [visited(e.HomeVisitRefused, "2025-06-20", by=AZ_CORE)],
            {FIRST_PLAN, SECOND_PLAN, THIRD_PLAN},
            id="by another who planned none",
        ),
        pytest.param(
            [visited(e.HomeVisitFailed, "2025-06-20", by=AZ_CORE, visit=THIRD_PLAN)],
            {FIRST_PLAN, SECOND_PLAN},
            id="by the core agency, which names the visit that its contractor could not make",
        ),
        pytest.param(
            [visited(e.HomeVisitScheduled, "2025-06-05", planned_on=date(2025, 6, 12), replaces=SECOND_PLAN)],
            {
                FIRST_PLAN,
                THIRD_PLAN,
                id_of("home_visit.scheduled 2025-06-05 ['planned_on', 'replaces']"),
            },
            id="postponed",
        ),
    ],
)
def test_a_report_is_about_one_visit(acts: list[EventInput], remaining: set[Any]) -> None:
    assert waiting(given(LEARNED, COMMISSIONED, ASSIGNED, PLANS, acts)) == remaining


# --- what a contractor needs --------------------------------------------------------------------------------


def lacks_bundle(*past: Any, edition: int | None = None) -> set[Any]:
    """The contractors for which the core agency still has to send what they need."""
    so = given(LEARNED, COMMISSIONED, ASSIGNED, *past, edition=edition)
    return {a for c in so.world.case.clocks.values() if c.kind is ClockKind.BUNDLE for a in c.informed}


def sent(*sections: Section, to: Any = SORA_NPO, **more: Any) -> EventInput:
    return case_message(e.DisclosureMade, AZ_CORE, [to], sections, name=f"sent {sections} {to}", **more)


BASIC, PLAN = Section.BASIC, Section.PLAN


@pytest.mark.parametrize(
    ("past", "lacking"),
    [
        pytest.param([sent(BASIC, PLAN)], set(), id="all of it"),
        pytest.param([sent(BASIC)], {SORA_NPO}, id="half of it"),
        pytest.param([sent(BASIC), sent(PLAN)], set(), id="both halves"),
        pytest.param([sent(BASIC, PLAN, to=EXT_SERVICE)], {SORA_NPO}, id="to somebody else"),
        pytest.param([sent(BASIC, PLAN, held=[SORA_NPO])], {SORA_NPO}, id="it waits for it"),
        pytest.param(
            [
                sent(BASIC),
                case_message(e.SupportPlanFormulated, AZ_CORE, [SORA_NPO], [PLAN], name="plan to it"),
            ],
            set(),
            id="the plan came with its decision",
        ),
        pytest.param(
            [
                sent(BASIC, PLAN, held=[SORA_NPO]),
                case_message(
                    e.HeldDisclosureReleased,
                    AZ_CORE,
                    [SORA_NPO],
                    releases=sent(BASIC, PLAN).command_id,
                ),
            ],
            set(),
            id="it waited and was released",
        ),
    ],
)
def test_a_contractor_waits_until_all_it_needs_has_reached_it(past: Any, lacking: Any) -> None:
    assert lacks_bundle(PLANS[0], past) == lacking


def test_in_edition_1_anything_that_was_disclosed_to_it_sufficed() -> None:
    assert lacks_bundle(PLANS[0], sent(Section.ENV), edition=1) == set()
    assert lacks_bundle(PLANS[0], sent(Section.ENV)) == {SORA_NPO}


def test_each_contractor_waits_by_itself() -> None:
    second = case_message(e.HomeVisitScheduled, HIDA_SWC, planned_on=TUESDAYS[0], name="of hida")
    assert lacks_bundle(FULLY_COMMISSIONED, FULL_ASSIGNED, PLANS[0], second) == {SORA_NPO, HIDA_SWC}
    assert lacks_bundle(FULLY_COMMISSIONED, FULL_ASSIGNED, PLANS[0], second, edition=1) == {SORA_NPO}


# --- decisions not to disclose ------------------------------------------------------------------------------


def test_a_disclosure_to_others_or_to_some_of_them_does_not_review_a_decision() -> None:
    case = case_with(ClockKind.NON_DISCLOSURE)
    decision = replace(ONE_OF_EACH[e.NonDisclosureDecided], withheld_from=frozenset({EXT_SERVICE, MID_HOSP}))
    case = replace(case, messages=case.messages | {FIRST: message_of(FIRST, decision)})
    disclosed = ONE_OF_EACH[e.DisclosureMade]
    assert stopped(case, disclosed) == set()
    both = frozenset({EXT_SERVICE, MID_HOSP})
    assert stopped(case, replace(disclosed, to=both)) == {FIRST}
    assert stopped(case, replace(disclosed, to=both, held=frozenset({MID_HOSP}))) == set()


# --- what starts one ----------------------------------------------------------------------------------------

TO = frozenset({EXT_SERVICE, SORA_NPO})
ON, END_OF_PLAN = date(2025, 7, 27), jst("2025-07-28 00:00")
RECEIVED = jst("2025-06-02 08:20")
STARTS: dict[type[e.Event], dict[ClockKind, Any]] = {
    # kind -> (responsible agency, informed agencies, since when, until when where that is named)
    **{
        act: {
            kind: (TO, {LATE}, NOON, None) for kind in (ClockKind.ACKNOWLEDGE, ClockKind.READ, ClockKind.ACT)
        }
        for act in e.REFERRALS
    },
    **{
        act: {ClockKind.ANSWER: (TO, {LATE}, NOON, END_OF_PLAN)}
        for act in (e.InformationRequested, e.SpecialistJudgementRequested, e.NetworkMeetingRequested)
    },
    **{
        act: {ClockKind.CONFIRM: (TO, {LATE}, NOON, None)}
        for act in (e.CorrectionNotifiedToRecipients, e.RecallNoticeSent)
    },
    e.FollowOnServiceArranged: {ClockKind.ACCEPT: (TO, {LATE}, NOON, None)},
    e.VisitReportSubmitted: {ClockKind.REPORT: (TO, {LATE}, NOON, None)},
    e.SubjectAccessRequested: {ClockKind.RIGHTS: ({LATE}, {LATE}, NOON, None)},
    e.NonDisclosureDecided: {ClockKind.NON_DISCLOSURE: ({LATE}, {LATE}, NOON, END_OF_PLAN)},
    e.SupportTypeDecided: {ClockKind.SPECIALIST: ({LATE}, {LATE}, NOON, None)},
    e.HomeVisitScheduled: {ClockKind.VISIT_REPORT: ({LATE}, {LATE}, END_OF_PLAN, None)},
    e.BreachReported: {ClockKind.BREACH: ({LATE}, {LATE}, RECEIVED, None)},
    e.BreachDetected: {
        kind: ({LATE}, {LATE}, RECEIVED, None)
        for kind in (ClockKind.BREACH_PRELIMINARY, ClockKind.BREACH, ClockKind.BREACH_NOTICE)
    },
    e.TransferInitiated: {
        ClockKind.TRANSFER: (TO, {LATE}, NOON, None),
        ClockKind.HANDOVER: ({LATE}, TO, END_OF_PLAN, None),
    },
    e.TransferPackageSent: {ClockKind.TRANSFER: (TO, {LATE}, NOON, None)},
    e.ContentUnreadableReported: {ClockKind.UNREADABLE: (TO, {LATE}, NOON, None)},
    e.FamilyServiceRecommended: {ClockKind.SERVICE: ({LATE}, {LATE}, NOON, None)},
    e.OfficialRequestReceived: {ClockKind.OFFICIAL: ({LATE}, {LATE}, NOON, END_OF_PLAN)},
    e.ContactForbidden: {ClockKind.BAN_END: ({LATE}, {LATE, *TO}, END_OF_PLAN, None)},
}
STARTS[e.CgcTransferNotified] |= {
    kind: (TO, {LATE}, NOON, None) for kind in (ClockKind.SAFETY, ClockKind.TRANSFER)
}
STARTS[e.AbuseNotificationReceived] = {
    **STARTS[e.AbuseNotificationReceived],
    ClockKind.SAFETY: (TO, set(), RECEIVED, None),
}
STARTS[e.WhereaboutsLost] = {
    **STARTS[e.WhereaboutsLost],
    ClockKind.SEARCH: ({LATE}, {LATE, *TO}, NOON, None),
}
DATA = {
    "until": ON,
    "to": TO,
    "due_on": ON,
    "review_on": ON,
    "planned_on": ON,
    "moves_on": ON,
    "received_at": RECEIVED,
    "found_at": RECEIVED,
    "detected_at": RECEIVED,
    "intent": BreachIntent.NONE,
    "recorded_for_notifier": False,
    "stage": BreachStage.PRELIMINARY,
    "specialist_needed": True,
    "answers": None,
}


def started(event: Any, to: frozenset[Any] | None = None) -> set[Any]:
    clocks = update_clocks(
        PersistentMap(), event, id_of("it"), LATE, NOON, event.to if to is None else to, ()
    ).values()
    assert {clock.message for clock in clocks} <= {id_of("it")}
    return {(c.kind, c.responsible, c.informed, c.since, c.due_at) for c in clocks}


def with_data(act: Any, **changed: Any) -> Any:
    event, data = ONE_OF_EACH[act], {**DATA, **changed}
    return replace(event, **{n: data[n] for n in data if n in {field.name for field in fields(event)}})


@pytest.mark.parametrize("act", ONE_OF_EACH, ids=lambda act: act.TOPIC)
def test_an_act_starts_its_own_clocks_and_no_other(act: Any) -> None:
    assert started(with_data(act)) == {
        (kind, responsible, frozenset(informed), since, due_at)
        for kind, (whose, informed, since, due_at) in STARTS.get(act, {}).items()
        for responsible in whose
    }


@pytest.mark.parametrize(
    ("act", "changed"),
    [
        pytest.param(e.InformationRequested, {"due_on": None}, id="no day for the answer"),
        pytest.param(e.NonDisclosureDecided, {"review_on": None}, id="no day on which it is looked at again"),
        pytest.param(e.SupportTypeDecided, {"specialist_needed": False}, id="no specialist is needed"),
        pytest.param(e.BreachReported, {"stage": BreachStage.FINAL}, id="the final report of a leak"),
        pytest.param(e.AbuseNotificationReceived, {"to": frozenset()}, id="a notification to nobody"),
    ],
)
def test_without_this_it_starts_none(act: Any, changed: Any) -> None:
    assert started(with_data(act, **changed)) == set()


def test_who_took_a_notification_in_is_to_see_the_child_too() -> None:
    actual = started(with_data(e.AbuseNotificationReceived, recorded_for_notifier=True))
    responsible = {whose for kind, whose, *_ in actual if kind is ClockKind.SAFETY}
    assert responsible == TO | {LATE}


def test_whom_it_has_not_reached_yet_it_starts_no_clock_for() -> None:
    waits = started(with_data(e.FollowOnServiceArranged), frozenset({SORA_NPO}))
    assert {responsible for _, responsible, *_ in waits} == {SORA_NPO}


@pytest.mark.parametrize(
    "moves_on", [None, date(2025, 6, 1)], ids=["no day is known", "it has moved already"]
)
def test_a_hand_over_counts_from_its_begin_where_the_family_does_not_move_later(moves_on: Any) -> None:
    actual = {
        since
        for kind, _, _, since, _ in started(with_data(e.TransferInitiated, moves_on=moves_on))
        if kind is ClockKind.HANDOVER
    }
    assert actual == {NOON}


def test_forwarding_a_notification_informs_more_agencies_of_its_safety_clock_only() -> None:
    forwards = replace(ONE_OF_EACH[e.NotificationForwarded], forwards=FIRST)
    clocks = clocks_map(*(running(kind, message=m) for kind in STOPS for m in (FIRST, SECOND)))
    after = update_clocks(clocks, forwards, id_of("it"), OTHER, NOON, frozenset({MID_HOSP}), ())
    more = {key for key, clock in clocks.items() if after[key].informed != clock.informed}
    assert more == {(ClockKind.SAFETY, FIRST, LATE, None)}
    assert after[(ClockKind.SAFETY, FIRST, LATE, None)].informed == {EXT_SERVICE, MID_HOSP}
