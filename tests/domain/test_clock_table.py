"""What starts and what stops each clock of a message: of all acts that there are just these."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any, get_type_hints

import pytest

from domain import events as e
from domain.acts import ACTS
from domain.clocks import Clock, ClockKind, update_clocks
from domain.codes import BreachStage, SafetyMethod
from tests.domain.builders import AZ_CORE, EXT_SERVICE, MID_HOSP, NOON, SORA_NPO, id_of, jst
from tests.vectors.make_events import sample

LATE, OTHER = AZ_CORE, MID_HOSP
MINE, ANY = True, False  # by the agency that is late, or by anyone
THIS, ALL = True, False  # in answer to the message of the clock, or about the case
ANSWERS_MESSAGE = {"answers": id_of("message")}

STOPS: dict[ClockKind, dict[type[e.Event], tuple[bool, bool]]] = {
    # Basis: own rules (受領確認, 閲読の記録); CAPA 8: the child is seen, by whomever
    ClockKind.ACKNOWLEDGE: {e.ReferralAcknowledged: (MINE, THIS)},
    ClockKind.READ: {e.ReferralRead: (MINE, THIS), e.DisclosureRead: (MINE, THIS)},
    ClockKind.ACT: dict.fromkeys(e.ACTS_ON_REFERRAL, (MINE, ALL)),
    ClockKind.SAFETY: {e.SafetyConfirmed: (ANY, ALL), e.ChildSighted: (ANY, ALL)},
    # Basis: CWA 25-3(2); guideline 3(3), 6(4)[1], [2], 6(5)[2]
    ClockKind.ANSWER: {
        e.InformationRequestAnswered: (MINE, THIS),
        e.InformationRequestDeclined: (MINE, THIS),
        e.SpecialistJudgementGiven: (MINE, THIS),
        e.NetworkMeetingHeld: (MINE, THIS),
    },
    ClockKind.ACCEPT: {e.FollowOnServiceAccepted: (MINE, THIS)},
    ClockKind.REPORT: {e.VisitReportReviewed: (MINE, THIS)},
    # Basis: APPI 66, 68, 78(1)1, 83, 97, 98
    ClockKind.RIGHTS: {e.SubjectAccessDecided: (ANY, THIS)},
    ClockKind.EMERGENCY: {e.EmergencyAccessReviewed: (ANY, THIS)},
    ClockKind.EMERGENCY_END: {},
    ClockKind.EMERGENCY_REVIEW: {e.EmergencyAccessReviewed: (ANY, THIS)},
    ClockKind.COERCION: {e.CoercionCheckDone: (ANY, THIS)},
    ClockKind.CONFIRM: {e.RecallAcknowledged: (MINE, THIS)},
    ClockKind.BREACH: {e.BreachReported: (ANY, THIS)},
    # Basis: own rules (目黒 2018, 札幌 2021)
    ClockKind.TRANSFER: {e.TransferReceiptConfirmed: (MINE, ALL), e.TransferCompleted: (ANY, ALL)},
    ClockKind.HANDOVER: {e.TransferCompleted: (ANY, ALL), e.TransferInitiated: (ANY, ALL)},
    # Basis: guideline 4(1), 5(2)[1], 9(2)[1]; own rule (a decision not to disclose is reviewed)
    ClockKind.NON_DISCLOSURE: {e.NonDisclosureDecided: (MINE, ALL), e.DisclosureMade: (MINE, ALL)},
    ClockKind.SPECIALIST: {e.SpecialistServiceLinked: (MINE, ALL), e.NonDisclosureDecided: (MINE, ALL)},
    ClockKind.BUNDLE: {e.DisclosureMade: (ANY, ALL)},
    ClockKind.VISIT_REPORT: {
        e.VisitReportSubmitted: (MINE, ALL),
        e.HomeVisitCompleted: (MINE, ALL),
        e.HomeVisitFailed: (MINE, ALL),
        e.HomeVisitRefused: (MINE, ALL),
    },
}
OF_THE_CASE = {
    ClockKind.REVIEW, ClockKind.PLAN_END, ClockKind.VISITS, ClockKind.CONTACT, ClockKind.SILENCE,
    ClockKind.SIGNALS, ClockKind.MOVE, ClockKind.RETENTION,
}  # fmt: skip


def one(act: Any) -> Any:
    """One event of this class, to the agency that the clock informs, in answer to the clock's message."""
    hints = get_type_hints(act)
    known = {
        "to": frozenset({EXT_SERVICE}),
        "child_seen": True,
        "method": SafetyMethod.SIGHTED,
        **ANSWERS_MESSAGE,
    }
    names = [field.name for field in fields(act)]
    return act(**{name: known[name] if name in known else sample(hints[name], name) for name in names})


ONE_OF_EACH = {act: one(act) for act in sorted(ACTS, key=lambda act: act.TOPIC)}


def running(kind: ClockKind, **changed: Any) -> Clock:
    usual: dict[str, Any] = {"message": id_of("message"), "informed": frozenset({EXT_SERVICE})}
    return Clock(kind=kind, responsible=LATE, since=NOON, **{**usual, **changed})


def stops(clock: Clock, event: Any, by: Any) -> bool:
    assert clock.message is not None
    key = (clock.kind, clock.message, clock.responsible)
    return key not in update_clocks({key: clock}, event, id_of("it"), by, NOON, event.to)


def test_every_clock_of_a_message_is_here() -> None:
    assert set(STOPS) | OF_THE_CASE == set(ClockKind)


@pytest.mark.parametrize("kind", STOPS)
@pytest.mark.parametrize("by", [LATE, OTHER], ids=["by who is late", "by another"])
@pytest.mark.parametrize("message", ["message", "another message"])
def test_a_clock_stops_by_its_own_acts_and_by_no_other(kind: ClockKind, by: Any, message: str) -> None:
    clock = running(kind, message=id_of(message))
    actual = {act for act, event in ONE_OF_EACH.items() if stops(clock, event, by)}
    assert actual == {
        act
        for act, (mine, this) in STOPS[kind].items()
        if (by == LATE or not mine) and (message == "message" or not this)
    }


@pytest.mark.parametrize(
    ("seen", "method", "stopped"),
    [(True, SafetyMethod.SIGHTED, True), (False, SafetyMethod.SIGHTED, False)]
    + [(True, method, False) for method in SafetyMethod if method is not SafetyMethod.SIGHTED],
)
def test_the_safety_clock_stops_only_when_the_child_was_sighted(
    seen: bool, method: SafetyMethod, stopped: bool
) -> None:
    informed = replace(ONE_OF_EACH[e.SafetyConfirmed], child_seen=seen, method=method)
    assert stops(running(ClockKind.SAFETY), informed, LATE) is stopped


def test_an_empty_receipt_stops_only_the_clock_of_what_it_answers() -> None:
    empty = replace(ONE_OF_EACH[e.TransferReceiptConfirmed], received=frozenset())
    clocks = running(ClockKind.TRANSFER), running(ClockKind.TRANSFER, message=id_of("another message"))
    assert [stops(clock, empty, LATE) for clock in clocks] == [True, False]


def test_a_bundle_to_somebody_else_does_not_stop_the_clock_of_who_lacks_it() -> None:
    lacks = running(ClockKind.BUNDLE, informed=frozenset({SORA_NPO}))
    assert not stops(lacks, ONE_OF_EACH[e.DisclosureMade], LATE)


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
    e.TransferInitiated: {
        ClockKind.TRANSFER: (TO, {LATE}, NOON, None),
        ClockKind.HANDOVER: ({LATE}, TO, END_OF_PLAN, None),
    },
    e.TransferPackageSent: {ClockKind.TRANSFER: (TO, {LATE}, NOON, None)},
}
STARTS[e.AbuseNotificationReceived] = {
    **STARTS[e.AbuseNotificationReceived],
    ClockKind.SAFETY: (TO, set(), RECEIVED, None),
}
DATA = {
    "to": TO,
    "due_on": ON,
    "review_on": ON,
    "planned_on": ON,
    "moves_on": ON,
    "received_at": RECEIVED,
    "found_at": RECEIVED,
    "recorded_for_notifier": False,
    "stage": BreachStage.PRELIMINARY,
    "specialist_needed": True,
}


def started(event: Any, to: frozenset[Any] | None = None) -> set[Any]:
    clocks = update_clocks({}, event, id_of("it"), LATE, NOON, event.to if to is None else to).values()
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
    forwards = replace(ONE_OF_EACH[e.NotificationForwarded], forwards=id_of("message"))
    clocks = [running(kind, message=id_of(m)) for kind in STOPS for m in ("message", "another message")]
    keys = {(c.kind, c.message, c.responsible): c for c in clocks if c.message is not None}
    after = update_clocks(keys, forwards, id_of("it"), OTHER, NOON, frozenset({MID_HOSP}))
    more = {key for key, clock in keys.items() if after[key].informed != clock.informed}
    assert more == {(ClockKind.SAFETY, id_of("message"), LATE)}
    assert after[(ClockKind.SAFETY, id_of("message"), LATE)].informed == {EXT_SERVICE, MID_HOSP}
