"""The roll of a commission: who is assigned, who has left, what is about to lapse, and what a doubt brings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain import events as e
from domain.codes import Employment, Finding, Module, Period, Tier
from domain.commission_duties import CommissionDuty, CommissionDutyKind, commission_duties
from domain.commission_overview import commissions_of
from domain.due import next_due, next_due_of_case
from domain.editions import under_edition
from domain.readiness import Readiness, readiness
from domain.reasons import Reason
from domain.record import HUB, About, commission_of
from domain.rulebook import first_edition
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    ASSIGNED,
    AZ_CORE,
    CASE,
    CITY_WORKER,
    CLOSED,
    COMMENCED,
    COMMISSION,
    COMMISSIONED,
    DECIDED,
    LEARNED,
    NOON,
    READY,
    SECOND_WORKER,
    SORA_NPO,
    TO_SORA,
    TOWN,
    WORKER,
    EventInput,
    Given,
    case_message,
    contract,
    event_input,
    given,
    id_of,
    items,
    jst,
    own_visitor,
    refused,
    rule_book,
    rules_known,
    sworn,
    trained,
    verified,
    worker,
)

LAST_DAY = date(2025, 8, 31)
LAPSE = jst("2025-09-01 00:00")
M2 = [Module.M2_CONFIDENTIALITY]
LATER = LAPSE + timedelta(days=3)


def second_visitor(until: date | None = None) -> tuple[EventInput, ...]:
    """Another visitor of the same contractor."""
    modules = [m for m in Module if m is not Module.M2_CONFIDENTIALITY]
    return (
        worker(SECOND_WORKER),
        trained(SECOND_WORKER, modules=modules),
        trained(SECOND_WORKER, until, modules=M2, name="second secrecy"),
        sworn(SECOND_WORKER),
    )


SECOND_ASSIGNED = case_message(e.SupportWorkerAssigned, AZ_CORE, worker=SECOND_WORKER, name="second assigned")
SECOND_UNASSIGNED = case_message(
    e.SupportWorkerUnassigned, AZ_CORE, worker=SECOND_WORKER, name="second unassigned"
)


def left(ref: str = WORKER, by: object = SORA_NPO, at: datetime | None = None) -> EventInput:
    event = e.SupportWorkerLeft(worker=ref, left_on=date(2025, 5, 30))
    return event_input(by, event, name=f"left {ref}", at=at)  # type: ignore[arg-type]


OF_VISITORS = (e.CommissionEvent, e.SupportWorkerAssignmentEnded, e.FamilyWithoutVisitorAlarmRaised)


def passed(so: Given, now: datetime) -> list[e.Event]:
    """What the clock brings by now, in the register and in the case, each recorded at its own time; without the alarms
    that are about neither visitors nor the contractor."""
    events: list[e.Event] = []
    while True:
        of_case = next_due_of_case(so.world)
        with under_edition(so.world.edition):
            of_register = next_due(so.world.register, now)
        due = [of_register, of_case if of_case and of_case.at <= now else None]
        first = min((d for d in due if d is not None), key=lambda d: d.at, default=None)
        if first is None:
            return [one for one in events if isinstance(one, OF_VISITORS)]
        name = f"due {len(so.records)}"
        so.put(event_input(HUB, first.event, on=first.about, name=name, at=first.at), by_hub=True)
        events.append(first.event)


def families_of(so: Given, ref: str) -> frozenset[object]:
    return frozenset(so.world.register.commissions[COMMISSION].workers[ref].families)


# --- who is assigned ------------------------------------------------------------------------------------------


def test_the_hub_notes_on_the_roll_who_is_assigned_and_who_is_no_more() -> None:
    so = given(LEARNED, COMMISSIONED, second_visitor())
    so.put(ASSIGNED)
    assert families_of(so, WORKER) == {CASE}
    assert families_of(so, SECOND_WORKER) == frozenset()
    so.put(case_message(e.SupportWorkerUnassigned, AZ_CORE))
    assert families_of(so, WORKER) == frozenset()
    assert [r.event for r in so.records if isinstance(r.event, e.WorkerAssignmentRecorded)] == [
        e.WorkerAssignmentRecorded(worker=WORKER, case=CASE, assigned=assigned) for assigned in (True, False)
    ]


def test_a_closed_case_has_no_visitors() -> None:
    so = given(LEARNED, READY)
    so.put(CLOSED)
    assert families_of(so, WORKER) == frozenset()


def test_an_assignment_that_another_core_agency_makes_stands_on_its_own_roll() -> None:
    so = given(
        LEARNED,
        own_visitor(),
        case_message(e.SupportWorkerAssigned, AZ_CORE, agency=AZ_CORE, worker=CITY_WORKER),
    )
    own = so.world.register.commissions[commission_of(AZ_CORE, AZ_CORE)]
    assert own.workers[CITY_WORKER].families == {CASE}


def test_in_edition_1_no_roll_names_assignments() -> None:
    so = given(LEARNED, READY, edition=1)
    assert families_of(so, WORKER) == frozenset()
    assert not [r for r in so.records if isinstance(r.event, e.WorkerAssignmentRecorded)]


# --- only who is assigned counts ------------------------------------------------------------------------------


REINSTATE = event_input(AZ_CORE, e.ContractorReinstated())


def test_a_visitor_who_is_assigned_to_no_family_suspends_nobody() -> None:
    so = given(LEARNED, READY, second_visitor(LAST_DAY), TO_SORA)
    assert [type(event) for event in passed(so, LATER)] == [e.TrainingLapsed]
    assert readiness(so.world.register, so.world.case, SORA_NPO, LATER) is Readiness.READY
    assert so.opens(SORA_NPO, now=LATER) == items(TO_SORA)
    assert so.when(REINSTATE, now=LATER) == refused(REINSTATE, Reason.NOT_SUSPENDED)


def test_who_was_unassigned_in_time_suspends_nobody() -> None:
    so = given(LEARNED, READY, second_visitor(LAST_DAY), SECOND_ASSIGNED, SECOND_UNASSIGNED)
    assert e.ContractorSuspended not in map(type, passed(so, LATER))


def test_an_assigned_visitor_who_lapses_suspends_the_contractor() -> None:
    so = given(LEARNED, READY, second_visitor(LAST_DAY), SECOND_ASSIGNED)
    gaps = frozenset({f"{SECOND_WORKER}:TRAINING_M2_CONFIDENTIALITY"})
    assert passed(so, LATER)[-1] == e.ContractorSuspended(gaps=gaps)
    assert readiness(so.world.register, so.world.case, SORA_NPO, LATER) is Readiness.SUSPENDED


def test_in_edition_1_every_visitor_on_the_roll_counted() -> None:
    so = given(LEARNED, READY, second_visitor(LAST_DAY), edition=1)
    assert [type(event) for event in passed(so, LATER)] == [e.TrainingLapsed, e.ContractorSuspended]


@pytest.mark.parametrize(
    "mended",
    [
        pytest.param([left(SECOND_WORKER, at=LATER)], id="it left"),
        pytest.param([replace(SECOND_UNASSIGNED, at=LATER)], id="it is unassigned"),
        pytest.param([trained(SECOND_WORKER, modules=M2, name="again", at=LATER)], id="it is trained again"),
    ],
)
def test_a_suspended_contractor_is_reinstated_once_nobody_who_is_assigned_lacks_anything(mended) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, READY, second_visitor(LAST_DAY), SECOND_ASSIGNED)
    passed(so, LATER)
    now = LATER + timedelta(days=1)
    assert so.when(REINSTATE, now=now) == refused(REINSTATE, Reason.CONTRACTOR_NOT_READY)
    for one in mended:
        so.put(one)
    assert duties(so, AZ_CORE, now) == [CommissionDuty(CommissionDutyKind.REINSTATE, None, None, None)]
    assert so.when(REINSTATE, now=now) == [REINSTATE.event]


# --- leaving --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [SORA_NPO, AZ_CORE], ids=["by the contractor", "by who commissions it"])
def test_a_visitor_leaves_and_only_its_own_assignments_end(by) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, READY, second_visitor(), SECOND_ASSIGNED, TO_SORA)
    command = left(by=by)
    assert so.when(command) == [command.event]
    so.put(replace(command, at=NOON))
    assert readiness(so.world.register, so.world.case, SORA_NPO, NOON) is Readiness.READY
    [ended] = passed(so, NOON)
    assert ended == e.SupportWorkerAssignmentEnded(
        message=None,
        responsible=AZ_CORE,
        to=frozenset({SORA_NPO}),
        due_at=NOON,
        escalated=False,
        child=None,
        period=Period.RUNS_THROUGH,
        agency=SORA_NPO,
        worker=WORKER,
    )
    assert so.world.case.assigned == {(SORA_NPO, SECOND_WORKER)}
    assert so.opens(SORA_NPO) == items(TO_SORA)


def test_when_the_only_visitor_leaves_the_contractor_opens_nothing_more() -> None:
    so = given(LEARNED, READY, TO_SORA, replace(left(), at=NOON))
    assert readiness(so.world.register, so.world.case, SORA_NPO, NOON) is Readiness.NOT_ASSIGNED
    assert so.opens(SORA_NPO) == set()
    passed(so, NOON)
    assert so.world.case.assigned == frozenset()
    assert not so.world.register.commissions[COMMISSION].suspended


def test_an_own_visitor_who_leaves_is_assigned_no_more() -> None:
    assign = case_message(e.SupportWorkerAssigned, AZ_CORE, agency=AZ_CORE, worker=CITY_WORKER)
    on = About(e.Kind.COMMISSION, commission_of(AZ_CORE, AZ_CORE))
    leaves = replace(left(CITY_WORKER, AZ_CORE, NOON), on=on)
    so = given(LEARNED, own_visitor(), assign, leaves)
    [ended] = passed(so, NOON)
    assert (ended.agency, ended.to) == (AZ_CORE, frozenset())  # type: ignore[attr-defined]
    assert so.world.case.assigned == frozenset()


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([], left("W-X"), Reason.WORKER_UNKNOWN, id="nobody knows this visitor"),
        pytest.param([left()], left(), Reason.WORKER_UNKNOWN, id="it has left before"),
        pytest.param([left()], sworn(), Reason.WORKER_UNKNOWN, id="an oath of one who has left"),
        pytest.param(
            [],
            event_input(SORA_NPO, e.SupportWorkerLeft(worker=WORKER, left_on=date(2025, 6, 3))),
            Reason.TIME_AHEAD,
            id="a day to come",
        ),
    ],
)
def test_who_is_on_the_roll_leaves_it_once(past, command, reason) -> None:  # type: ignore[no-untyped-def]
    assert given(COMMISSIONED, past).when(command) == refused(command, reason)


def test_who_has_left_is_not_assigned_until_it_is_registered_again() -> None:
    so = given(LEARNED, COMMISSIONED, left())
    assert so.when(ASSIGNED) == refused(ASSIGNED, Reason.WORKER_NOT_READY, SORA_NPO)
    so.put(worker())
    assert so.when(ASSIGNED) == [ASSIGNED.event]


def test_nothing_more_is_asked_of_who_has_left() -> None:
    so = given(LEARNED, COMMISSIONED, left(at=NOON))
    late = [type(event) for event in passed(so, jst("2027-06-01 00:00"))]
    assert e.FurtherTrainingOverdueAlarmRaised not in late
    [status] = commissions_of(so.world.register, SORA_NPO, NOON)
    assert status.workers == ()


# --- a family without a visitor --------------------------------------------------------------------------------

SUPPORTED = (LEARNED, *DECIDED, *READY, COMMENCED)


def waiting(so: Given, now: datetime, kind: TaskKind) -> list[datetime | None]:
    return [task.due_at for task in tasks(so.world, AZ_CORE, now=now) if task.kind is kind]


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(left(at=NOON), id="its only visitor left"),
        pytest.param(case_message(e.SupportWorkerUnassigned, AZ_CORE, at=NOON), id="it was unassigned"),
    ],
)
def test_a_family_in_support_without_a_visitor_waits_for_another_and_raises_an_alarm(gone) -> None:  # type: ignore[no-untyped-def]
    so = given(SUPPORTED, gone)
    passed(so, NOON)
    due_at = jst("2025-06-10 00:00")
    assert waiting(so, NOON, TaskKind.REPLACE_VISITOR) == [due_at]
    alarms = [a for a in passed(so, due_at) if isinstance(a, e.FamilyWithoutVisitorAlarmRaised)]
    assert [(a.responsible, a.due_at, a.escalated) for a in alarms] == [(AZ_CORE, due_at, False)]
    assert len(waiting(so, due_at, TaskKind.LATE_REPLACEMENT)) == 1
    so.put(replace(ASSIGNED, command_id=id_of("anew"), at=due_at))
    assert (
        waiting(so, due_at, TaskKind.REPLACE_VISITOR) == waiting(so, due_at, TaskKind.LATE_REPLACEMENT) == []
    )


def test_a_family_that_is_not_in_support_waits_for_no_visitor() -> None:
    so = given(LEARNED, READY, left(at=NOON))
    passed(so, NOON)
    assert waiting(so, NOON, TaskKind.REPLACE_VISITOR) == []


def test_a_book_that_names_no_days_sets_no_deadline_for_another_visitor() -> None:
    book = first_edition()
    policy = {k: v for k, v in book["policy"].items() if k != "replacement_days"}
    town = [rule_book({**book, "policy": policy}), *TOWN[1:]]
    so = given(SUPPORTED, left(at=NOON), town=town)
    passed(so, NOON)
    assert waiting(so, NOON, TaskKind.REPLACE_VISITOR) == [None]
    assert passed(so, NOON + timedelta(days=20)) == []


def test_in_edition_1_nobody_waited_for_another_visitor() -> None:
    so = given(SUPPORTED, case_message(e.SupportWorkerUnassigned, AZ_CORE), edition=1)
    assert so.world.case.unattended_since is None
    assert so.world.case.assigned == frozenset()


# --- announced before it suspends --------------------------------------------------------------------------------


def duties(so: Given, agency: object, now: datetime) -> list[CommissionDuty]:
    commission = so.world.register.commissions[COMMISSION]
    return commission_duties(so.world.register, commission, agency, now)  # type: ignore[arg-type]


def test_a_gap_is_announced_thirty_days_before_to_both_sides_and_renewed_in_time_suspends_nobody() -> None:
    so = given(LEARNED, contract(), verified(), worker(), trained(), sworn(until=LAST_DAY), ASSIGNED)
    announced_at = jst("2025-08-02 00:00")
    assert passed(so, announced_at - timedelta(microseconds=1)) == []
    assert duties(so, AZ_CORE, announced_at - timedelta(microseconds=1)) == []
    [announced] = passed(so, announced_at)
    assert announced == e.VisitorGapAheadAlarmRaised(
        worker=WORKER, gap="OATH", last_day=LAST_DAY, due_at=announced_at
    )
    renew = CommissionDuty(CommissionDutyKind.RENEW, WORKER, "OATH", LAPSE)
    assert duties(so, AZ_CORE, announced_at) == duties(so, SORA_NPO, announced_at) == [renew]
    so.put(sworn(until=date(2026, 8, 31), name="sworn again", at=announced_at + timedelta(days=9)))
    assert duties(so, SORA_NPO, announced_at + timedelta(days=9)) == []
    assert passed(so, LATER) == []


def test_a_gap_that_was_not_mended_suspends_and_both_sides_know_what_is_lacking() -> None:
    so = given(LEARNED, contract(), verified(), worker(), trained(), sworn(until=LAST_DAY), ASSIGNED)
    events = [type(event) for event in passed(so, LAPSE)]
    assert events == [e.VisitorGapAheadAlarmRaised, e.OathLapsed, e.ContractorSuspended]
    mend = CommissionDuty(CommissionDutyKind.MEND, WORKER, "OATH", None)
    assert duties(so, AZ_CORE, LAPSE) == duties(so, SORA_NPO, LAPSE) == [mend]


def test_a_gap_of_a_visitor_without_a_family_is_not_announced() -> None:
    so = given(LEARNED, contract(), verified(), worker(), trained(), sworn(until=LAST_DAY))
    assert passed(so, LAPSE) == [e.OathLapsed(worker=WORKER, valid_until=LAST_DAY)]


def test_a_full_time_visitors_oath_and_a_module_it_was_exempted_from_are_not_announced() -> None:
    exempt = event_input(
        AZ_CORE,
        e.TrainingModuleExempted(worker=WORKER, module=Module.M5_LISTENING, qualification="保健師"),
    )
    full_time = worker(employment=Employment.FULL_TIME)
    papers = (worker(), sworn(until=LAST_DAY), replace(full_time, command_id=id_of("full")), exempt)
    so = given(
        LEARNED, contract(), verified(), papers, trained(until=LAST_DAY, modules=[Module.M5_LISTENING])
    )
    so.put(trained(modules=[m for m in Module if m is not Module.M5_LISTENING], name="rest"))
    so.put(ASSIGNED)
    assert e.VisitorGapAheadAlarmRaised not in map(type, passed(so, LAPSE))


def test_an_older_book_announces_nothing() -> None:
    book = first_edition()
    policy = {
        k: v for k, v in book["policy"].items() if k not in ("gap_notice_days", "requirement_recheck_days")
    }
    town = [rule_book({**book, "policy": policy}), *TOWN[1:]]
    doubt = event_input(AZ_CORE, e.ContractorSupervised(finding=Finding.REQUIREMENTS_DOUBTED))
    past = (LEARNED, contract(), verified(), worker(), trained(), sworn(until=LAST_DAY), ASSIGNED, doubt)
    so = given(past, town=town)
    assert [type(event) for event in passed(so, LAPSE)] == [e.OathLapsed, e.ContractorSuspended]
    assert duties(so, AZ_CORE, NOON)[0].due_at is None


# --- training is repeated ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "last"),
    [
        pytest.param(None, date(2026, 4, 1), id="without an end"),
        pytest.param(date(2027, 3, 31), date(2026, 4, 1), id="longer than the local period"),
        pytest.param(date(2025, 12, 31), date(2025, 12, 31), id="shorter"),
    ],
)
def test_training_in_secrecy_is_valid_for_the_local_period_at_the_most(stated, last) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, contract(), verified(), worker(), trained(until=stated), sworn(), ASSIGNED)
    known = so.world.register.commissions[COMMISSION].workers[WORKER].trained
    assert known[Module.M2_CONFIDENTIALITY] == last
    assert known[Module.M5_LISTENING] == stated
    events = passed(so, jst("2026-04-02 00:00"))
    assert e.ContractorSuspended in map(type, events)


def test_in_edition_1_a_training_was_valid_as_stated() -> None:
    so = given(LEARNED, COMMISSIONED, edition=1)
    known = so.world.register.commissions[COMMISSION].workers[WORKER].trained
    assert known[Module.M2_CONFIDENTIALITY] is None


def test_a_tier_that_is_overdue_is_a_task_of_both_sides_and_suspends_nobody() -> None:
    so = given(LEARNED, READY)
    late = jst("2026-04-02 00:00")
    so.put(trained(modules=M2, name="again", at=jst("2026-03-01 09:00")))
    events = passed(so, late)
    assert e.FurtherTrainingOverdueAlarmRaised in map(type, events)
    assert e.ContractorSuspended not in map(type, events)
    kinds = [(d.kind, d.gap) for d in duties(so, SORA_NPO, late)]
    assert (CommissionDutyKind.TRAIN, "T2_SKILL") in kinds
    assert (CommissionDutyKind.PERFORMANCE, None) in kinds
    learnt = e.TrainingModuleCompleted(
        worker=WORKER, modules=frozenset(), tier=Tier.T2_SKILL, valid_until=None
    )
    so.put(event_input(SORA_NPO, learnt, name="learnt at last", at=late + timedelta(days=1)))
    kinds = [(d.kind, d.gap) for d in duties(so, SORA_NPO, late + timedelta(days=1))]
    assert (CommissionDutyKind.TRAIN, "T2_SKILL") not in kinds


# --- exemptions ------------------------------------------------------------------------------------------------------


def exemption(by: object = AZ_CORE, qualification: str = "保健師") -> EventInput:
    event = e.TrainingModuleExempted(
        worker=WORKER, module=Module.M6_VISIT_PRACTICE, qualification=qualification
    )
    return event_input(by, event)  # type: ignore[arg-type]


NURSE = event_input(SORA_NPO, e.QualificationVerified(worker=WORKER, qualification="保健師", reason=None))


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([], exemption(), Reason.QUALIFICATION_NOT_VERIFIED, id="nobody verified it"),
        pytest.param(
            [NURSE], exemption(qualification="助産師"), Reason.QUALIFICATION_NOT_VERIFIED, id="another one"
        ),
        pytest.param([NURSE], exemption(SORA_NPO), Reason.NOT_YOUR_COMMISSION, id="by the contractor itself"),
        pytest.param([NURSE], exemption(), None, id="verified, by the core agency"),
    ],
)
def test_the_core_agency_exempts_for_a_qualification_that_was_verified(past, command, reason) -> None:  # type: ignore[no-untyped-def]
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(COMMISSIONED, past).when(command) == expected


def test_in_edition_1_a_contractor_exempted_its_own_people() -> None:
    command = exemption(SORA_NPO)
    assert given(COMMISSIONED, edition=1).when(command) == [command.event]
    never = event_input(
        SORA_NPO, e.TrainingModuleExempted(worker=WORKER, module=M2[0], qualification="保健師")
    )
    assert given(COMMISSIONED, edition=1).when(never) == refused(never, Reason.MODULE_NEVER_EXEMPT)


# --- requirement 2, and doubts -----------------------------------------------------------------------------------------


WITHOUT_RULES = [one for one in TOWN if not isinstance(one.event, e.ConfidentialityRulesAdopted)]
RULES = rules_known(SORA_NPO)


@pytest.mark.parametrize(
    ("past", "missing"),
    [
        pytest.param([verified([1])], True, id="not verified"),
        pytest.param([worker(), trained(), verified()], True, id="no rules of its own"),
        pytest.param([RULES, verified()], True, id="no visitor at all"),
        pytest.param(
            [RULES, worker(), trained(modules=[Module.M1_PURPOSE]), verified()],
            True,
            id="nobody trained in it",
        ),
        pytest.param([RULES, worker(), trained(modules=M2), verified()], False, id="rules, and one trained"),
        pytest.param([verified(), worker(), trained(modules=M2), RULES], False, id="verified before"),
    ],
)
def test_requirement_2_rests_on_the_contractors_own_rules_and_records(past, missing) -> None:  # type: ignore[no-untyped-def]
    so = given(contract(), past, town=WITHOUT_RULES)
    [status] = commissions_of(so.world.register, SORA_NPO, NOON)
    assert status.gaps == (frozenset({"REQUIREMENT_2"}) if missing else frozenset())


def test_in_edition_1_requirement_2_rested_on_the_core_agencys_word() -> None:
    so = given(contract(), verified(), town=WITHOUT_RULES, edition=1)
    assert so.world.register.commissions[COMMISSION].gaps(LAST_DAY, member=True) == frozenset()


DOUBTED_AT = jst("2025-06-02 09:00")
BY_CORE = event_input(AZ_CORE, e.ContractorSupervised(finding=Finding.REQUIREMENTS_DOUBTED), at=DOUBTED_AT)
BY_PREFECTURE = event_input(
    SORA_NPO,
    e.PrefecturalSupervisionReceived(finding=Finding.REQUIREMENTS_DOUBTED),
    on=About(e.Kind.AGENCY, SORA_NPO),
    at=DOUBTED_AT,
)
DOUBTS = pytest.mark.parametrize("doubt", [BY_CORE, BY_PREFECTURE], ids=["supervision", "the prefecture"])


@DOUBTS
def test_while_requirements_are_doubted_nobody_new_is_assigned_and_families_are_visited_on(doubt) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, READY, second_visitor(), TO_SORA, doubt)
    assert so.when(SECOND_ASSIGNED) == refused(SECOND_ASSIGNED, Reason.REQUIREMENT_DOUBTED, SORA_NPO)
    assert so.opens(SORA_NPO) == items(TO_SORA)
    recheck = CommissionDuty(CommissionDutyKind.RECHECK, None, None, jst("2025-06-17 00:00"))
    assert duties(so, AZ_CORE, NOON) == [recheck]
    assert duties(so, SORA_NPO, NOON) == []
    so.put(verified(name="verified anew"))
    assert so.when(SECOND_ASSIGNED) == [SECOND_ASSIGNED.event]
    assert duties(so, AZ_CORE, NOON) == []


@DOUBTS
def test_requirements_not_verified_anew_in_time_count_as_not_met(doubt) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, READY, doubt)
    due_at = jst("2025-06-17 00:00")
    assert passed(so, due_at - timedelta(microseconds=1)) == []
    overdue, suspended = passed(so, due_at)
    assert overdue == e.RequirementRecheckOverdueAlarmRaised(due_at=due_at)
    assert suspended == e.ContractorSuspended(gaps=frozenset({"REQUIREMENT_1", "REQUIREMENT_2"}))
    so.put(verified(name="verified anew", at=due_at + timedelta(days=1)))
    assert so.when(REINSTATE, now=due_at + timedelta(days=1)) == [REINSTATE.event]


def test_other_findings_and_the_prefectures_of_others_doubt_nothing() -> None:
    fine = event_input(AZ_CORE, e.ContractorSupervised(finding=Finding.IMPROVEMENT_REQUESTED))
    own = replace(BY_PREFECTURE, by=AZ_CORE, on=About(e.Kind.AGENCY, AZ_CORE))
    in_order = event_input(
        SORA_NPO,
        e.PrefecturalSupervisionReceived(finding=Finding.IN_ORDER),
        on=About(e.Kind.AGENCY, SORA_NPO),
    )
    so = given(LEARNED, COMMISSIONED, own_visitor(), fine, own, in_order)
    assert all(c.doubted_at is None for c in so.world.register.commissions.values())


@DOUBTS
def test_in_edition_1_a_doubt_had_no_effect(doubt) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, COMMISSIONED, doubt, edition=1)
    unstated = replace(ASSIGNED, event=replace(ASSIGNED.event, role=None))
    assert so.when(unstated) == [unstated.event]
    assert passed(so, jst("2025-07-01 00:00")) == []


def test_a_contract_that_has_ended_asks_for_nothing() -> None:
    ended = event_input(AZ_CORE, e.OutsourcingContractEnded())
    so = given(LEARNED, READY, BY_CORE, ended)
    assert duties(so, AZ_CORE, NOON) == []


# --- the check of criminal records ------------------------------------------------------------------------------------

FROM = date(2026, 12, 25)
BEGINS = jst("2026-12-25 00:00")


def checked(
    on: date = date(2025, 6, 1), until: date = date(2030, 6, 1), by: object = SORA_NPO, **more: object
) -> EventInput:
    event = e.CriminalRecordCheckRecorded(worker=WORKER, checked_on=on, valid_until=until)
    return event_input(by, event, **more)  # type: ignore[arg-type]


def town_with_check(since: date) -> list[EventInput]:
    book = first_edition()
    policy = {**book["policy"], "record_check_from": since.isoformat()}
    return [rule_book({**book, "policy": policy}), *TOWN[1:]]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(checked(), None, id="five years"),
        pytest.param(checked(until=date(2031, 3, 31)), None, id="to the end of the fiscal year"),
        pytest.param(checked(until=date(2031, 4, 1)), Reason.VALIDITY_TOO_LONG, id="a day more"),
        pytest.param(
            checked(on=date(2025, 3, 31), until=date(2030, 3, 31)),
            None,
            id="of a check in March: its own year",
        ),
        pytest.param(
            checked(on=date(2025, 3, 31), until=date(2030, 4, 1)),
            Reason.VALIDITY_TOO_LONG,
            id="a day more then",
        ),
        pytest.param(
            checked(until=date(2025, 5, 31)), Reason.VALIDITY_TOO_LONG, id="over before it was made"
        ),
        pytest.param(checked(on=date(2025, 6, 3)), Reason.TIME_AHEAD, id="made tomorrow"),
        pytest.param(checked(by=AZ_CORE), Reason.NOT_YOUR_COMMISSION, id="by who does not employ it"),
    ],
)
def test_the_employer_records_the_check_for_five_years(command, reason) -> None:  # type: ignore[no-untyped-def]
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(COMMISSIONED).when(command) == expected


def test_the_check_is_off_until_the_office_switches_it_on() -> None:
    so = given(LEARNED, READY)
    so.put(trained(modules=M2, name="again", at=jst("2026-03-01 09:00")))
    assert e.ContractorSuspended not in map(type, passed(so, BEGINS))
    assert readiness(so.world.register, so.world.case, SORA_NPO, BEGINS) is Readiness.READY


def test_switched_on_it_is_announced_and_a_visitor_without_it_suspends_from_that_day() -> None:
    so = given(LEARNED, READY, town=town_with_check(FROM))
    so.put(trained(modules=M2, name="again", at=jst("2026-03-01 09:00")))
    before = passed(so, BEGINS - timedelta(microseconds=1))
    announced = [a for a in before if isinstance(a, e.VisitorGapAheadAlarmRaised) and a.gap == "RECORD_CHECK"]
    assert [(a.last_day, a.due_at) for a in announced] == [(date(2026, 12, 24), jst("2026-11-25 00:00"))]
    assert readiness(so.world.register, so.world.case, SORA_NPO, BEGINS) is Readiness.SUSPENDED
    assert passed(so, BEGINS)[-1] == e.ContractorSuspended(gaps=frozenset({f"{WORKER}:RECORD_CHECK"}))


def test_a_check_that_was_recorded_in_time_suspends_nobody_until_it_is_over() -> None:
    so = given(LEARNED, READY, town=town_with_check(date(2025, 7, 1)))
    so.put(checked(until=LAST_DAY, at=jst("2025-06-20 09:00")))
    assert (
        readiness(so.world.register, so.world.case, SORA_NPO, LAPSE - timedelta(seconds=1)) is Readiness.READY
    )
    assert readiness(so.world.register, so.world.case, SORA_NPO, LAPSE) is Readiness.SUSPENDED


def test_a_visitor_without_a_check_is_not_ready_where_it_is_asked_for() -> None:
    so = given(LEARNED, COMMISSIONED, town=town_with_check(date(2025, 6, 1)))
    assert so.when(ASSIGNED) == refused(ASSIGNED, Reason.WORKER_NOT_READY, SORA_NPO)
    so.put(checked())
    assert so.when(ASSIGNED) == [ASSIGNED.event]
