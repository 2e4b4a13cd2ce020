"""How long a case is kept, what holds it, who lets it go, and what is destroyed then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.codes import Appraisal, ClosingReason, HoldGround, RetentionPolicy, Section
from domain.due import next_due_of_case
from domain.events import (
    CaseReopened,
    ControlAppraised,
    ControlDestroyed,
    DestructionApproved,
    DisclosureMade,
    HubFounded,
    KeyDestroyed,
    LegalHoldLifted,
    LegalHoldPlaced,
    RecordsAppraised,
    RetentionExpired,
    RetentionPolicyAssigned,
    SupportClosed,
)
from domain.reasons import Reason
from domain.record import HUB, REGISTRY, access_of
from domain.retention import destruction, expires_at
from domain.tasks import TaskKind, tasks
from domain.visibility import pending_keys
from tests.domain.kit import (
    AZ_CORE,
    CASE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    PLANNED,
    REGISTERED,
    Given,
    Said,
    given,
    id_of,
    jst,
    opening,
    refused,
    said,
    tell,
)
from tests.domain.test_clocks import run

S = Section
FOUNDED = said(REGISTRY, HubFounded(mode="rehearsal"))
CLOSED_AT = jst("2025-07-01 10:00")
CLOSED = tell(SupportClosed, AZ_CORE, closing_reason=ClosingReason.GOAL_REACHED, at=CLOSED_AT)
FILE = tell(DisclosureMade, AZ_CORE, [], [S.BASIC, S.RISK], name="file")
OVER = jst("2035-07-02 00:00")
LATER = OVER + timedelta(hours=9)


def keeps(policy: RetentionPolicy = RetentionPolicy.AFTER_CLOSING, until: date | None = None) -> Said:
    return tell(RetentionPolicyAssigned, AZ_CORE, policy=policy, until=until)


def appraises(appraisal: Appraisal = Appraisal.DESTROY, *sections: Section, **more: Any) -> Said:
    one = tell(RecordsAppraised, AZ_CORE, appraisal=appraisal, **{"name": "appraises", "at": LATER, **more})
    goes = (
        frozenset(sections or (S.BASIC, S.RISK, S.MEDICAL)) if appraisal is Appraisal.DESTROY else frozenset()
    )
    return replace(one, fact=replace(one.fact, sections=goes))  # type: ignore[call-arg]


def lets(actor: str, by: Any = AZ_CORE, **more: Any) -> Said:
    usual: dict[str, Any] = {"approves": id_of("appraises"), "name": f"lets {actor} {by}", "at": LATER}
    return tell(DestructionApproved, by, actor=actor, **{**usual, **more})


def holds(by: Any = KS_CGC, **more: Any) -> Said:
    return tell(LegalHoldPlaced, by, ground=HoldGround.REVIEW, **{"name": "hold", **more})


def asked(*past: Any) -> Given:
    return given(FOUNDED, LEARNED, FILE, CLOSED, *past)


# --- how long ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "until"),
    [
        pytest.param((), None, id="nothing said"),
        pytest.param((CLOSED, keeps()), OVER, id="ten years after closing"),
        pytest.param((keeps(),), None, id="not closed"),
        pytest.param((CLOSED, keeps(), tell(CaseReopened, AZ_CORE)), None, id="reopened"),
        pytest.param((CLOSED, keeps(RetentionPolicy.PERMANENT)), None, id="for ever"),
        pytest.param(
            (keeps(RetentionPolicy.CHILD_AGE, date(2050, 3, 1)),),
            jst("2050-03-02 00:00"),
            id="the child's age",
        ),
    ],
)
def test_a_case_is_kept_as_its_policy_says(past, until):
    world = given(LEARNED, *past).world
    assert expires_at(world.case, world.book["policy"]) == until


def test_where_the_book_names_no_years_a_closed_case_is_kept():
    assert expires_at(given(LEARNED, CLOSED, keeps()).world.case, {}) is None


@pytest.mark.parametrize(
    "wish",
    [
        keeps(RetentionPolicy.CHILD_AGE),
        keeps(RetentionPolicy.PERMANENT, date(2050, 1, 1)),
        keeps(until=date(2050, 1, 1)),
    ],
)
def test_only_an_age_has_its_day(wish):
    assert given(LEARNED).when(wish) == refused(wish, Reason.RETENTION_DAY_WRONG)


def test_what_is_over_waits_to_be_appraised_and_does_not_climb():
    so = given(LEARNED, CLOSED, keeps())
    over = [(at, a.late) for at, a in run(so, LATER) if isinstance(a, RetentionExpired)]
    assert over == [(OVER, AZ_CORE)]
    assert TaskKind.LATE_RETENTION in {t.kind for t in tasks(so.world, AZ_CORE, now=LATER)}
    so.put(appraises(Appraisal.KEEP))
    assert TaskKind.LATE_RETENTION not in {t.kind for t in tasks(so.world, AZ_CORE, now=LATER)}


# --- holds and appraisal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "wish", "now", "reason"),
    [
        pytest.param(
            (keeps(),), appraises(), OVER - timedelta(seconds=1), Reason.NOT_EXPIRED, id="too early"
        ),
        pytest.param((), appraises(), LATER, Reason.NOT_EXPIRED, id="no policy"),
        pytest.param((keeps(), holds()), appraises(), LATER, Reason.LEGAL_HOLD, id="held"),
        pytest.param((keeps(),), holds(MID_HOSP), LATER, Reason.NOT_AN_AUTHORITY, id="held by a hospital"),
        pytest.param(
            (keeps(), holds()),
            tell(LegalHoldLifted, AZ_CORE, lifts=id_of("hold")),
            LATER,
            Reason.NOT_THE_SENDER,
            id="lifted by another",
        ),
        pytest.param(
            (keeps(),),
            tell(LegalHoldLifted, KS_CGC, lifts=id_of("hold")),
            LATER,
            Reason.UNKNOWN_MESSAGE,
            id="no hold",
        ),
        pytest.param(
            (keeps(), appraises()), lets("p-1"), LATER, Reason.SECOND_PERSON_MISSING, id="by the appraiser"
        ),
        pytest.param(
            (keeps(), appraises(), lets("p-2")),
            lets("p-2", name="again"),
            LATER,
            Reason.SECOND_PERSON_MISSING,
            id="twice by one person",
        ),
        pytest.param(
            (keeps(), appraises(), holds()), lets("p-2"), LATER, Reason.LEGAL_HOLD, id="held meanwhile"
        ),
        pytest.param((keeps(),), lets("p-2"), LATER, Reason.UNKNOWN_MESSAGE, id="nothing appraised"),
        pytest.param(
            (keeps(), appraises(Appraisal.KEEP)),
            lets("p-2"),
            LATER,
            Reason.UNKNOWN_MESSAGE,
            id="kept as history",
        ),
        pytest.param(
            (keeps(), appraises(), lets("p-2"), lets("p-3")),
            lets("p-4"),
            LATER,
            Reason.ALREADY_ANSWERED,
            id="by a third",
        ),
    ],
)
def test_nothing_goes_before_its_time_held_or_by_one_person(past, wish, now, reason):
    assert asked(*past).when(wish, now=now) == refused(wish, reason)


def test_from_the_very_moment_it_is_over_what_is_kept_may_be_appraised():
    at_once = appraises(at=OVER)
    assert asked(keeps()).when(at_once, now=OVER) == [at_once.fact]
    assert asked(keeps()).when(CONTROL_GOES, now=OVER) == refused(CONTROL_GOES, Reason.CONTENT_LEFT)


def test_a_hold_is_lifted_once():
    lift = tell(LegalHoldLifted, KS_CGC, lifts=id_of("hold"), name="lift")
    again = replace(lift, ask=id_of("lift again"))
    so = given(LEARNED, holds(), lift)
    assert so.when(again, now=LATER) == refused(again, Reason.UNKNOWN_MESSAGE)


def test_an_appraisal_names_what_goes_or_keeps_all():
    empty = replace(appraises(), fact=replace(appraises().fact, sections=frozenset()))  # type: ignore[call-arg]
    assert asked(keeps()).when(empty, now=LATER) == refused(empty, Reason.NO_SECTIONS)
    assert asked(keeps()).when(appraises(Appraisal.KEEP), now=LATER) == [appraises(Appraisal.KEEP).fact]


# --- destruction -----------------------------------------------------------------------------------------------------

LET = (keeps(), appraises(), lets("p-2"), lets("p-3", at=LATER + timedelta(hours=1)))


def ends(so: Given) -> KeyDestroyed | ControlDestroyed | None:
    return destruction(so.world.register, so.world.case)


def test_with_the_second_word_the_hub_destroys_what_there_is():
    so = asked(*LET)
    assert ends(so) == KeyDestroyed(
        scope=CASE,
        sections=frozenset({S.BASIC, S.RISK, S.MEDICAL}),
        keys=frozenset(f"sk/{CASE}/{s}" for s in (S.BASIC, S.RISK, S.MEDICAL)),
        generation=2,
        last_version=so.world.case.version,
        approved=id_of("appraises"),
    )
    due = [d for d in _all_due(so, LATER + timedelta(hours=2)) if isinstance(d[1], KeyDestroyed)]
    assert [at for at, _ in due] == [LATER + timedelta(hours=1)]


def _all_due(so: Given, until: Any) -> list[tuple[Any, Any]]:
    came: list[tuple[Any, Any]] = []
    while (due := next_due_of_case(so.world)) is not None and due.at <= until:
        so.put(said(HUB, due.fact, on=due.about, name=f"due {len(came)}", at=due.at), by_hub=True)
        came.append((due.at, due.fact))
    return came


def test_what_has_no_log_to_tell_of_it_is_not_destroyed():
    so = given(LEARNED, FILE, CLOSED, *LET)
    assert ends(so) is not None
    assert not [
        fact for _, fact in _all_due(so, LATER + timedelta(hours=2)) if isinstance(fact, KeyDestroyed)
    ]


@pytest.mark.parametrize("short", [LET[:3], (*LET, holds())], ids=["one word", "held"])
def test_else_it_destroys_nothing(short):
    assert ends(asked(*short)) is None


def test_what_was_destroyed_opens_for_nobody_and_is_never_written_again():
    so = asked(*LET)
    wish = opening(FILE, AZ_CORE)
    assert so.when(wish, now=LATER) == [wish.fact]
    _all_due(so, LATER + timedelta(hours=2))
    [closed] = so.when(wish, now=LATER + timedelta(hours=2))
    assert closed.reason is Reason.DESTROYED  # type: ignore[attr-defined]
    anew = tell(DisclosureMade, AZ_CORE, [], [S.BASIC], name="anew")
    assert so.when(anew, now=LATER + timedelta(hours=2)) == refused(anew, Reason.DESTROYED)
    assert ends(so) is None


def test_no_door_is_asked_to_wrap_again_what_was_destroyed():
    so = given(FOUNDED, LEARNED, PLANNED, REGISTERED, CLOSED, keeps(), appraises(Appraisal.DESTROY, S.BASIC))

    def owed() -> set[Any]:
        world = so.world
        return {i.section for _, i, _ in pending_keys(world.register, world.case, book=world.book)}

    for one in LET[-2:]:
        so.put(one)
    assert owed() == {S.BASIC, S.PLAN}
    _all_due(so, LATER + timedelta(hours=2))
    assert owed() == {S.PLAN}


# --- control ----------------------------------------------------------------------------------------------------------


def all_content_gone() -> Given:
    so = asked(*LET)
    _all_due(so, LATER + timedelta(hours=2))
    return so


GO = LATER + timedelta(days=1)
CONTROL_GOES = tell(ControlAppraised, AZ_CORE, name="control goes", at=GO)


def also(actor: str, **more: Any) -> Said:
    return lets(actor, approves=id_of("control goes"), name=f"also {actor}", **{"at": GO, **more})


@pytest.mark.parametrize(
    ("so", "now", "reason"),
    [
        pytest.param(asked(keeps()), LATER, Reason.CONTENT_LEFT, id="before what was told"),
        pytest.param(given(LEARNED, keeps()), LATER, Reason.NOT_EXPIRED, id="no end in sight"),
        pytest.param(
            asked(keeps()), OVER - timedelta(seconds=1), Reason.NOT_EXPIRED, id="a second too early"
        ),
        pytest.param(asked(keeps(), holds()), LATER, Reason.LEGAL_HOLD, id="held"),
    ],
)
def test_control_goes_after_all_content_and_under_the_same_conditions(so, now, reason):
    assert so.when(CONTROL_GOES, now=now) == refused(CONTROL_GOES, reason)


def test_control_goes_by_two_words_of_its_own():
    so = all_content_gone()
    assert so.when(CONTROL_GOES, now=GO) == [CONTROL_GOES.fact]
    so.put(CONTROL_GOES)
    assert ends(so) is None
    late = lets("p-4", name="late")
    assert so.when(late, now=GO) == refused(late, Reason.UNKNOWN_MESSAGE)  # that was for the content
    so.put(also("p-2"))
    assert ends(so) is None
    so.put(also("p-3"))
    end = ControlDestroyed(
        scope=CASE,
        keys=frozenset({f"sk/{CASE}/control", f"ck/{CASE}", f"ck/{access_of(CASE)}"}),
        generation=3,
        last_version=so.world.case.version,
        approved=id_of("control goes"),
        agency=AZ_CORE,
        approvers=frozenset({"p-2", "p-3"}),
    )
    assert ends(so) == end
    assert [f for _, f in _all_due(so, GO + timedelta(hours=1)) if isinstance(f, ControlDestroyed)] == [end]
    assert ends(so) is None
    assert so.world.register.unreadable == {CASE: end}
    assert so.world.register.generation == 3


def test_a_hold_stops_control_too():
    so = all_content_gone()
    for one in (CONTROL_GOES, also("p-2"), also("p-3"), holds(at=GO)):
        so.put(one)
    assert ends(so) is None
