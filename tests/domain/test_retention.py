"""How long a case is kept, what holds it, who approves its destruction, and what is destroyed then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.codes import Appraisal, ClosingReason, HoldGround, RetentionPolicy, Section
from domain.due import next_due_of_case
from domain.reasons import Reason
from domain.record import HUB, REGISTRARS, access_of
from domain.retention.disposal import destruction, expires_at
from domain.tasks import TaskKind, tasks
from domain.visibility import pending_keys
from tests.domain.builders import (
    AZ_CORE,
    CASE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    PLANNED,
    REGISTERED,
    EventInput,
    Given,
    case_message,
    event_input,
    given,
    id_of,
    jst,
    opening,
    refused,
)
from tests.domain.test_clocks import run

S = Section
FOUNDED = event_input(REGISTRARS, e.HubFounded(mode="rehearsal"))
CLOSED_AT = jst("2025-07-01 10:00")
CLOSED = case_message(e.SupportClosed, AZ_CORE, closing_reason=ClosingReason.GOAL_REACHED, at=CLOSED_AT)
FILE = case_message(e.DisclosureMade, AZ_CORE, [], [S.BASIC, S.RISK], name="file")
EXPIRY = jst("2035-07-02 00:00")
LATER = EXPIRY + timedelta(hours=9)


def retention_assigned(
    policy: RetentionPolicy = RetentionPolicy.AFTER_CLOSING, until: date | None = None
) -> EventInput:
    return case_message(e.RetentionPolicyAssigned, AZ_CORE, policy=policy, until=until)


def appraises(appraisal: Appraisal = Appraisal.DESTROY, *sections: Section, **more: Any) -> EventInput:
    one = case_message(
        e.RecordsAppraised, AZ_CORE, appraisal=appraisal, **{"name": "appraises", "at": LATER, **more}
    )
    goes = (
        frozenset(sections or (S.BASIC, S.RISK, S.MEDICAL)) if appraisal is Appraisal.DESTROY else frozenset()
    )
    return replace(one, event=replace(one.event, sections=goes))  # type: ignore[call-arg]


def approval(actor: str, by: Any = AZ_CORE, **more: Any) -> EventInput:
    usual: dict[str, Any] = {"approves": id_of("appraises"), "name": f"lets {actor} {by}", "at": LATER}
    return case_message(e.DestructionApproved, by, actor=actor, **{**usual, **more})


def holds(by: Any = KS_CGC, **more: Any) -> EventInput:
    return case_message(e.LegalHoldPlaced, by, ground=HoldGround.REVIEW, **{"name": "hold", **more})


def with_audit_request(*past: Any) -> Given:
    return given(FOUNDED, LEARNED, FILE, CLOSED, *past)


# --- how long ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "until"),
    [
        pytest.param((), None, id="no policy"),
        pytest.param((CLOSED, retention_assigned()), EXPIRY, id="ten years after closing"),
        pytest.param((retention_assigned(),), None, id="not closed"),
        pytest.param(
            (CLOSED, retention_assigned(), case_message(e.CaseReopened, AZ_CORE)), None, id="reopened"
        ),
        pytest.param((CLOSED, retention_assigned(RetentionPolicy.PERMANENT)), None, id="for ever"),
        pytest.param(
            (retention_assigned(RetentionPolicy.CHILD_AGE, date(2050, 3, 1)),),
            jst("2050-03-02 00:00"),
            id="the child's age",
        ),
    ],
)
def test_a_case_is_retained_by_its_policy(past, until):
    world = given(LEARNED, *past).world
    assert expires_at(world.case, world.rule_book["policy"]) == until


def test_where_the_book_names_no_years_a_closed_case_is_kept():
    assert expires_at(given(LEARNED, CLOSED, retention_assigned()).world.case, {}) is None


@pytest.mark.parametrize(
    "command",
    [
        retention_assigned(RetentionPolicy.CHILD_AGE),
        retention_assigned(RetentionPolicy.PERMANENT, date(2050, 1, 1)),
        retention_assigned(until=date(2050, 1, 1)),
    ],
)
def test_only_an_age_has_its_day(command):
    assert given(LEARNED).when(command) == refused(command, Reason.RETENTION_DAY_WRONG)


def test_what_is_over_waits_to_be_appraised_and_does_not_climb():
    so = given(LEARNED, CLOSED, retention_assigned())
    expired = [(at, a.responsible) for at, a in run(so, LATER) if isinstance(a, e.RetentionExpired)]
    assert expired == [(EXPIRY, AZ_CORE)]
    assert TaskKind.LATE_RETENTION in {t.kind for t in tasks(so.world, AZ_CORE, now=LATER)}
    so.put(appraises(Appraisal.PRESERVE))
    assert TaskKind.LATE_RETENTION not in {t.kind for t in tasks(so.world, AZ_CORE, now=LATER)}


# --- holds and appraisal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "command", "now", "reason"),
    [
        pytest.param(
            (retention_assigned(),),
            appraises(),
            EXPIRY - timedelta(seconds=1),
            Reason.NOT_EXPIRED,
            id="too early",
        ),
        pytest.param((), appraises(), LATER, Reason.NOT_EXPIRED, id="no policy"),
        pytest.param((retention_assigned(), holds()), appraises(), LATER, Reason.LEGAL_HOLD, id="held"),
        pytest.param(
            (retention_assigned(),), holds(MID_HOSP), LATER, Reason.NOT_AN_AUTHORITY, id="held by a hospital"
        ),
        pytest.param(
            (retention_assigned(), holds()),
            case_message(e.LegalHoldLifted, AZ_CORE, lifts=id_of("hold")),
            LATER,
            Reason.NOT_THE_SENDER,
            id="lifted by another",
        ),
        pytest.param(
            (retention_assigned(),),
            case_message(e.LegalHoldLifted, KS_CGC, lifts=id_of("hold")),
            LATER,
            Reason.UNKNOWN_MESSAGE,
            id="no hold",
        ),
        pytest.param(
            (retention_assigned(), appraises()),
            approval("p-1"),
            LATER,
            Reason.SECOND_PERSON_MISSING,
            id="by the appraiser",
        ),
        pytest.param(
            (retention_assigned(), appraises(), approval("p-2")),
            approval("p-2", name="repeated"),
            LATER,
            Reason.SECOND_PERSON_MISSING,
            id="twice by one person",
        ),
        pytest.param(
            (retention_assigned(), appraises(), holds()),
            approval("p-2"),
            LATER,
            Reason.LEGAL_HOLD,
            id="held meanwhile",
        ),
        pytest.param(
            (retention_assigned(),), approval("p-2"), LATER, Reason.UNKNOWN_MESSAGE, id="nothing appraised"
        ),
        pytest.param(
            (retention_assigned(), appraises(Appraisal.PRESERVE)),
            approval("p-2"),
            LATER,
            Reason.UNKNOWN_MESSAGE,
            id="kept as history",
        ),
        pytest.param(
            (retention_assigned(), appraises(), approval("p-2"), approval("p-3")),
            approval("p-4"),
            LATER,
            Reason.ALREADY_ANSWERED,
            id="by a third",
        ),
    ],
)
def test_nothing_is_destroyed_early_under_hold_or_by_one_person(past, command, now, reason):
    assert with_audit_request(*past).when(command, now=now) == refused(command, reason)


def test_from_the_very_moment_it_is_over_what_is_kept_may_be_appraised():
    at_once = appraises(at=EXPIRY)
    assert with_audit_request(retention_assigned()).when(at_once, now=EXPIRY) == [at_once.event]
    assert with_audit_request(retention_assigned()).when(CONTROL_GOES, now=EXPIRY) == refused(
        CONTROL_GOES, Reason.CONTENT_NOT_DESTROYED
    )


def test_a_hold_is_lifted_once():
    lift = case_message(e.LegalHoldLifted, KS_CGC, lifts=id_of("hold"), name="lift")
    repeated = replace(lift, command_id=id_of("lift again"))
    so = given(LEARNED, holds(), lift)
    assert so.when(repeated, now=LATER) == refused(repeated, Reason.UNKNOWN_MESSAGE)


def test_an_appraisal_names_sections_to_destroy_or_keeps_all():
    empty = replace(appraises(), event=replace(appraises().event, sections=frozenset()))  # type: ignore[call-arg]
    assert with_audit_request(retention_assigned()).when(empty, now=LATER) == refused(
        empty, Reason.NO_SECTIONS
    )
    assert with_audit_request(retention_assigned()).when(appraises(Appraisal.PRESERVE), now=LATER) == [
        appraises(Appraisal.PRESERVE).event
    ]


# --- destruction -----------------------------------------------------------------------------------------------------

APPROVED = (
    retention_assigned(),
    appraises(),
    approval("p-2"),
    approval("p-3", at=LATER + timedelta(hours=1)),
)


def ends(so: Given) -> e.KeyDestroyed | e.ControlDestroyed | None:
    return destruction(so.world.register, so.world.case)


def test_after_the_second_approval_the_hub_destroys_the_keys():
    so = with_audit_request(*APPROVED)
    assert ends(so) == e.KeyDestroyed(
        scope=CASE,
        sections=frozenset({S.BASIC, S.RISK, S.MEDICAL}),
        keys=frozenset(f"sk/{CASE}/{s}" for s in (S.BASIC, S.RISK, S.MEDICAL)),
        generation=2,
        last_version=so.world.case.version,
        approved=id_of("appraises"),
    )
    due = [d for d in _all_due(so, LATER + timedelta(hours=2)) if isinstance(d[1], e.KeyDestroyed)]
    assert [at for at, _ in due] == [LATER + timedelta(hours=1)]


def _all_due(so: Given, until: Any) -> list[tuple[Any, Any]]:
    came: list[tuple[Any, Any]] = []
    while (due := next_due_of_case(so.world)) is not None and due.at <= until:
        so.put(event_input(HUB, due.event, on=due.about, name=f"due {len(came)}", at=due.at), by_hub=True)
        came.append((due.at, due.event))
    return came


def test_without_a_log_nothing_is_destroyed():
    so = given(LEARNED, FILE, CLOSED, *APPROVED)
    assert ends(so) is not None
    assert not [
        event for _, event in _all_due(so, LATER + timedelta(hours=2)) if isinstance(event, e.KeyDestroyed)
    ]


@pytest.mark.parametrize("short", [APPROVED[:3], (*APPROVED, holds())], ids=["one word", "held"])
def test_else_it_destroys_nothing(short):
    assert ends(with_audit_request(*short)) is None


def test_what_was_destroyed_opens_for_nobody_and_is_never_written_again():
    so = with_audit_request(*APPROVED)
    command = opening(FILE, AZ_CORE)
    assert so.when(command, now=LATER) == [command.event]
    _all_due(so, LATER + timedelta(hours=2))
    [closed] = so.when(command, now=LATER + timedelta(hours=2))
    assert closed.reason is Reason.DESTROYED  # type: ignore[attr-defined]
    new_message = case_message(e.DisclosureMade, AZ_CORE, [], [S.BASIC], name="new_message")
    assert so.when(new_message, now=LATER + timedelta(hours=2)) == refused(new_message, Reason.DESTROYED)
    assert ends(so) is None


def test_no_door_is_asked_to_wrap_again_what_was_destroyed():
    so = given(
        FOUNDED,
        LEARNED,
        PLANNED,
        REGISTERED,
        CLOSED,
        retention_assigned(),
        appraises(Appraisal.DESTROY, S.BASIC),
    )

    def owed() -> set[Any]:
        world = so.world
        return {i.section for _, i, _ in pending_keys(world.register, world.case, rule_book=world.rule_book)}

    for one in APPROVED[-2:]:
        so.put(one)
    assert owed() == {S.BASIC, S.PLAN}
    _all_due(so, LATER + timedelta(hours=2))
    assert owed() == {S.PLAN}


# --- control ----------------------------------------------------------------------------------------------------------


def all_content_gone() -> Given:
    so = with_audit_request(*APPROVED)
    _all_due(so, LATER + timedelta(hours=2))
    return so


GO = LATER + timedelta(days=1)
CONTROL_GOES = case_message(e.ControlAppraised, AZ_CORE, name="control goes", at=GO)


def also(actor: str, **more: Any) -> EventInput:
    return approval(actor, approves=id_of("control goes"), name=f"also {actor}", **{"at": GO, **more})


@pytest.mark.parametrize(
    ("so", "now", "reason"),
    [
        pytest.param(
            with_audit_request(retention_assigned()),
            LATER,
            Reason.CONTENT_NOT_DESTROYED,
            id="before content",
        ),
        pytest.param(given(LEARNED, retention_assigned()), LATER, Reason.NOT_EXPIRED, id="no end in sight"),
        pytest.param(
            with_audit_request(retention_assigned()),
            EXPIRY - timedelta(seconds=1),
            Reason.NOT_EXPIRED,
            id="a second too early",
        ),
        pytest.param(with_audit_request(retention_assigned(), holds()), LATER, Reason.LEGAL_HOLD, id="held"),
    ],
)
def test_control_is_destroyed_after_all_content_under_the_same_conditions(so, now, reason):
    assert so.when(CONTROL_GOES, now=now) == refused(CONTROL_GOES, reason)


def test_control_needs_two_approvals_of_its_own():
    so = all_content_gone()
    assert so.when(CONTROL_GOES, now=GO) == [CONTROL_GOES.event]
    so.put(CONTROL_GOES)
    assert ends(so) is None
    late = approval("p-4", name="late")
    assert so.when(late, now=GO) == refused(late, Reason.UNKNOWN_MESSAGE)  # that was for the content
    so.put(also("p-2"))
    assert ends(so) is None
    so.put(also("p-3"))
    end = e.ControlDestroyed(
        scope=CASE,
        keys=frozenset({f"sk/{CASE}/control", f"ck/{CASE}", f"ck/{access_of(CASE)}"}),
        generation=3,
        last_version=so.world.case.version,
        approved=id_of("control goes"),
        agency=AZ_CORE,
        approvers=frozenset({"p-2", "p-3"}),
    )
    assert ends(so) == end
    assert [f for _, f in _all_due(so, GO + timedelta(hours=1)) if isinstance(f, e.ControlDestroyed)] == [end]
    assert ends(so) is None
    assert so.world.register.unreadable == {CASE: end}
    assert so.world.register.generation == 3


def test_a_hold_stops_control_too():
    so = all_content_gone()
    for one in (CONTROL_GOES, also("p-2"), also("p-3"), holds(at=GO)):
        so.put(one)
    assert ends(so) is None
