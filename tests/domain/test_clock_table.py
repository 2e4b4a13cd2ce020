"""What starts and what stops each clock of a message: of all acts that there are just these."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any, get_type_hints

import pytest

from domain import events as f
from domain.acts import ACTS
from domain.clocks import Clock, ClockKind, wound
from domain.codes import BreachStage, SafetyMethod
from tests.domain.kit import AZ_CORE, EXT_SERVICE, MID_HOSP, NOON, SORA_NPO, id_of, jst
from tests.vectors.make_events import sample

LATE, OTHER = AZ_CORE, MID_HOSP
MINE, ANY = True, False  # by the agency that is late, or by anyone
THIS, ALL = True, False  # in answer to the message of the clock, or about the case
ANSWER_OF = {"answers": id_of("message")}

STOPS: dict[ClockKind, dict[type[f.Fact], tuple[bool, bool]]] = {
    # Basis: own rules (受領確認, 閲読の記録); CAPA 8: the child is seen, by whomever
    ClockKind.ACKNOWLEDGE: {f.ReferralAcknowledged: (MINE, THIS)},
    ClockKind.READ: {f.ReferralRead: (MINE, THIS), f.DisclosureRead: (MINE, THIS)},
    ClockKind.ACT: dict.fromkeys(f.ACTING_ON, (MINE, ALL)),
    ClockKind.SAFETY: {f.SafetyConfirmed: (ANY, ALL), f.ChildSighted: (ANY, ALL)},
    # Basis: CWA 25-3(2); guideline 3(3), 6(4)[1], [2], 6(5)[2]
    ClockKind.ANSWER: {
        f.InformationRequestAnswered: (MINE, THIS),
        f.InformationRequestDeclined: (MINE, THIS),
        f.SpecialistJudgementGiven: (MINE, THIS),
        f.NetworkMeetingHeld: (MINE, THIS),
    },
    ClockKind.ACCEPT: {f.FollowOnServiceAccepted: (MINE, THIS)},
    ClockKind.REPORT: {f.VisitReportReviewed: (MINE, THIS)},
    # Basis: APPI 66, 68, 78(1)1, 83, 97, 98
    ClockKind.RIGHTS: {f.SubjectAccessDecided: (ANY, THIS)},
    ClockKind.EMERGENCY: {f.EmergencyAccessReviewed: (ANY, THIS)},
    ClockKind.EMERGENCY_END: {},
    ClockKind.LOOK_BACK: {f.EmergencyAccessReviewed: (ANY, THIS)},
    ClockKind.COERCION: {f.CoercionCheckDone: (ANY, THIS)},
    ClockKind.CONFIRM: {f.RecallAcknowledged: (MINE, THIS)},
    ClockKind.BREACH: {f.BreachReported: (ANY, THIS)},
    # Basis: own rules (目黒 2018, 札幌 2021)
    ClockKind.TRANSFER: {f.TransferReceiptConfirmed: (MINE, ALL), f.TransferCompleted: (ANY, ALL)},
    ClockKind.HANDOVER: {f.TransferCompleted: (ANY, ALL), f.TransferInitiated: (ANY, ALL)},
    # Basis: guideline 4(1), 5(2)[1], 9(2)[1]; own rule (a decision not to tell is looked at again)
    ClockKind.NOT_TOLD: {f.NonDisclosureDecided: (MINE, ALL), f.DisclosureMade: (MINE, ALL)},
    ClockKind.SPECIALIST: {f.SpecialistServiceLinked: (MINE, ALL), f.NonDisclosureDecided: (MINE, ALL)},
    ClockKind.BUNDLE: {f.DisclosureMade: (ANY, ALL)},
    ClockKind.VISIT_REPORT: {
        f.VisitReportSubmitted: (MINE, ALL),
        f.HomeVisitCompleted: (MINE, ALL),
        f.HomeVisitFailed: (MINE, ALL),
        f.HomeVisitRefused: (MINE, ALL),
    },
}
OF_THE_CASE = {
    ClockKind.REVIEW, ClockKind.PLAN_END, ClockKind.VISITS, ClockKind.CONTACT, ClockKind.SILENCE,
    ClockKind.SIGNALS, ClockKind.MOVE, ClockKind.RETENTION,
}  # fmt: skip


def one(act: Any) -> Any:
    """One fact of this class, to the agency that the clock tells, in answer to the clock's message."""
    hints = get_type_hints(act)
    known = {"to": frozenset({EXT_SERVICE}), "child_seen": True, "method": SafetyMethod.SIGHTED, **ANSWER_OF}
    names = [field.name for field in fields(act)]
    return act(**{name: known[name] if name in known else sample(hints[name], name) for name in names})


ONE_OF_EACH = {act: one(act) for act in sorted(ACTS, key=lambda act: act.TOPIC)}


def running(kind: ClockKind, **changed: Any) -> Clock:
    usual: dict[str, Any] = {"message": id_of("message"), "told": frozenset({EXT_SERVICE})}
    return Clock(kind=kind, late=LATE, since=NOON, **{**usual, **changed})


def stops(clock: Clock, fact: Any, by: Any) -> bool:
    assert clock.message is not None
    key = (clock.kind, clock.message, clock.late)
    return key not in wound({key: clock}, fact, id_of("it"), by, NOON, fact.to)


def test_every_clock_of_a_message_is_here() -> None:
    assert set(STOPS) | OF_THE_CASE == set(ClockKind)


@pytest.mark.parametrize("kind", STOPS)
@pytest.mark.parametrize("by", [LATE, OTHER], ids=["by who is late", "by another"])
@pytest.mark.parametrize("message", ["message", "another message"])
def test_a_clock_stops_by_its_own_acts_and_by_no_other(kind: ClockKind, by: Any, message: str) -> None:
    clock = running(kind, message=id_of(message))
    found = {act for act, fact in ONE_OF_EACH.items() if stops(clock, fact, by)}
    assert found == {
        act
        for act, (mine, this) in STOPS[kind].items()
        if (by == LATE or not mine) and (message == "message" or not this)
    }


@pytest.mark.parametrize(
    ("seen", "method", "stopped"),
    [(True, SafetyMethod.SIGHTED, True), (False, SafetyMethod.SIGHTED, False)]
    + [(True, method, False) for method in SafetyMethod if method is not SafetyMethod.SIGHTED],
)
def test_the_safety_clock_stops_by_sight_alone(seen: bool, method: SafetyMethod, stopped: bool) -> None:
    told = replace(ONE_OF_EACH[f.SafetyConfirmed], child_seen=seen, method=method)
    assert stops(running(ClockKind.SAFETY), told, LATE) is stopped


def test_an_empty_receipt_stops_the_clock_of_what_it_answers_alone() -> None:
    empty = replace(ONE_OF_EACH[f.TransferReceiptConfirmed], received=frozenset())
    clocks = running(ClockKind.TRANSFER), running(ClockKind.TRANSFER, message=id_of("another message"))
    assert [stops(clock, empty, LATE) for clock in clocks] == [True, False]


def test_a_bundle_to_somebody_else_does_not_stop_the_clock_of_who_lacks_it() -> None:
    lacks = running(ClockKind.BUNDLE, told=frozenset({SORA_NPO}))
    assert not stops(lacks, ONE_OF_EACH[f.DisclosureMade], LATE)


# --- what starts one ----------------------------------------------------------------------------------------

TO = frozenset({EXT_SERVICE, SORA_NPO})
ON, OVER = date(2025, 7, 27), jst("2025-07-28 00:00")
RECEIVED = jst("2025-06-02 08:20")
STARTS: dict[type[f.Fact], dict[ClockKind, Any]] = {
    # kind -> (whose turn it is, who is told beside it, since when, until when where that is named)
    **{
        act: {
            kind: (TO, {LATE}, NOON, None) for kind in (ClockKind.ACKNOWLEDGE, ClockKind.READ, ClockKind.ACT)
        }
        for act in f.REFERRALS
    },
    **{
        act: {ClockKind.ANSWER: (TO, {LATE}, NOON, OVER)}
        for act in (f.InformationRequested, f.SpecialistJudgementRequested, f.NetworkMeetingRequested)
    },
    **{
        act: {ClockKind.CONFIRM: (TO, {LATE}, NOON, None)}
        for act in (f.CorrectionNotifiedToRecipients, f.RecallNoticeSent)
    },
    f.FollowOnServiceArranged: {ClockKind.ACCEPT: (TO, {LATE}, NOON, None)},
    f.VisitReportSubmitted: {ClockKind.REPORT: (TO, {LATE}, NOON, None)},
    f.SubjectAccessRequested: {ClockKind.RIGHTS: ({LATE}, {LATE}, NOON, None)},
    f.NonDisclosureDecided: {ClockKind.NOT_TOLD: ({LATE}, {LATE}, NOON, OVER)},
    f.SupportTypeDecided: {ClockKind.SPECIALIST: ({LATE}, {LATE}, NOON, None)},
    f.HomeVisitScheduled: {ClockKind.VISIT_REPORT: ({LATE}, {LATE}, OVER, None)},
    f.BreachReported: {ClockKind.BREACH: ({LATE}, {LATE}, RECEIVED, None)},
    f.TransferInitiated: {
        ClockKind.TRANSFER: (TO, {LATE}, NOON, None),
        ClockKind.HANDOVER: ({LATE}, TO, OVER, None),
    },
    f.TransferPackageSent: {ClockKind.TRANSFER: (TO, {LATE}, NOON, None)},
}
STARTS[f.AbuseNotificationReceived] = {
    **STARTS[f.AbuseNotificationReceived],
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
    "taken_in": False,
    "stage": BreachStage.PRELIMINARY,
    "specialist_needed": True,
}


def started(fact: Any, to: frozenset[Any] | None = None) -> set[Any]:
    clocks = wound({}, fact, id_of("it"), LATE, NOON, fact.to if to is None else to).values()
    assert {clock.message for clock in clocks} <= {id_of("it")}
    return {(c.kind, c.late, c.told, c.since, c.due_at) for c in clocks}


def with_data(act: Any, **changed: Any) -> Any:
    fact, data = ONE_OF_EACH[act], {**DATA, **changed}
    return replace(fact, **{n: data[n] for n in data if n in {field.name for field in fields(fact)}})


@pytest.mark.parametrize("act", ONE_OF_EACH, ids=lambda act: act.TOPIC)
def test_an_act_starts_its_own_clocks_and_no_other(act: Any) -> None:
    assert started(with_data(act)) == {
        (kind, late, frozenset(told), since, due_at)
        for kind, (whose, told, since, due_at) in STARTS.get(act, {}).items()
        for late in whose
    }


@pytest.mark.parametrize(
    ("act", "changed"),
    [
        pytest.param(f.InformationRequested, {"due_on": None}, id="no day for the answer"),
        pytest.param(f.NonDisclosureDecided, {"review_on": None}, id="no day on which it is looked at again"),
        pytest.param(f.SupportTypeDecided, {"specialist_needed": False}, id="no specialist is needed"),
        pytest.param(f.BreachReported, {"stage": BreachStage.FINAL}, id="the final report of a leak"),
        pytest.param(f.AbuseNotificationReceived, {"to": frozenset()}, id="a notification to nobody"),
    ],
)
def test_without_this_it_starts_none(act: Any, changed: Any) -> None:
    assert started(with_data(act, **changed)) == set()


def test_who_took_a_notification_in_is_to_see_the_child_too() -> None:
    found = started(with_data(f.AbuseNotificationReceived, taken_in=True))
    late = {whose for kind, whose, *_ in found if kind is ClockKind.SAFETY}
    assert late == TO | {LATE}


def test_whom_it_has_not_reached_yet_it_starts_no_clock_for() -> None:
    waits = started(with_data(f.FollowOnServiceArranged), frozenset({SORA_NPO}))
    assert {late for _, late, *_ in waits} == {SORA_NPO}


@pytest.mark.parametrize(
    "moves_on", [None, date(2025, 6, 1)], ids=["no day is known", "it has moved already"]
)
def test_a_hand_over_counts_from_its_begin_where_the_family_does_not_move_later(moves_on: Any) -> None:
    found = {
        since
        for kind, _, _, since, _ in started(with_data(f.TransferInitiated, moves_on=moves_on))
        if kind is ClockKind.HANDOVER
    }
    assert found == {NOON}


def test_of_a_forwarded_notification_its_safety_clock_alone_tells_more() -> None:
    forwards = replace(ONE_OF_EACH[f.NotificationForwarded], forwards=id_of("message"))
    clocks = [running(kind, message=id_of(m)) for kind in STOPS for m in ("message", "another message")]
    keys = {(c.kind, c.message, c.late): c for c in clocks if c.message is not None}
    after = wound(keys, forwards, id_of("it"), OTHER, NOON, frozenset({MID_HOSP}))
    more = {key for key, clock in keys.items() if after[key].told != clock.told}
    assert more == {(ClockKind.SAFETY, id_of("message"), LATE)}
    assert after[(ClockKind.SAFETY, id_of("message"), LATE)].told == {EXT_SERVICE, MID_HOSP}
