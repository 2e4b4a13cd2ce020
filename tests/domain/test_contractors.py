"""When a contractor may see and get anything: ready, lapsed, suspended, reinstated, released."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain import events as e
from domain.codes import Employment, Module, OutsourcingScope, Section, Tier
from domain.due import HUB_ACTS, DueEvent, next_due
from domain.readiness import Readiness, readiness, worker_ready
from domain.reasons import Reason
from domain.record import HUB, REGISTRARS, About
from domain.register import Register
from tests.domain.builders import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    CASE,
    CLOSED,
    COMMENCED,
    COMMISSION,
    COMMISSIONED,
    CONSULTED,
    DECIDED,
    EVALUATED,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOBODY,
    NOON,
    READY,
    SECOND_WORKER,
    SORA_NPO,
    TO_SORA,
    TOWN,
    WORKER,
    admitted,
    case_message,
    contract,
    event_input,
    given,
    held,
    id_of,
    items,
    jst,
    keys,
    opening,
    refused,
    rule_book,
    sworn,
    trained,
    verified,
    worker,
)

S = Section
ABOUT = About(e.Kind.COMMISSION, COMMISSION)
LAST_DAY = date(2025, 8, 31)
MIDNIGHT = jst("2025-09-01 00:00")
RUNS_OUT = (contract(), verified(), worker(), trained(until=LAST_DAY), sworn(), ASSIGNED)
"""Ready, with a training that is valid through 2025-08-31."""
SUSPENDED = event_input(HUB, e.ContractorSuspended(gaps=frozenset({"x"})), at=jst("2025-05-01 00:00"))
OUT = event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=SORA_NPO))
ENDED = event_input(AZ_CORE, e.OutsourcingContractEnded())
UNASSIGNED = case_message(e.SupportWorkerUnassigned, AZ_CORE)
REINSTATED = event_input(AZ_CORE, e.ContractorReinstated())
VERIFIED_NURSE = event_input(
    SORA_NPO, e.QualificationVerified(worker=WORKER, qualification="保健師", reason=None)
)


def readiness_of(*past, now=NOON):
    so = given(LEARNED, *past)
    return readiness(so.world.register, so.world.case, SORA_NPO, now)


def come(so, now):
    """What falls due by now, recorded at its own time, besides what is only announced (``test_roll.py``)."""
    actual = []
    while (due := next_due(so.world.register, now)) is not None:
        actual.append(due)
        so.put(event_input(HUB, due.event, on=due.about, name=f"due {len(actual)}", at=due.at), by_hub=True)
    return [due for due in actual if not isinstance(due.event, e.VisitorGapAheadAlarmRaised)]


def test_a_visitor_opens_only_while_assigned_trained_and_sworn():
    so = given(LEARNED, RUNS_OUT, worker(SECOND_WORKER), trained(SECOND_WORKER), sworn(SECOND_WORKER))

    def ready(ref, now=NOON):
        return worker_ready(so.world.register, so.world.case, SORA_NPO, ref, now)

    assert (ready(WORKER), ready(SECOND_WORKER), ready("W-X")) == (True, False, False)
    assert (ready(WORKER, jst("2025-08-31 23:59:59")), ready(WORKER, MIDNIGHT)) == (True, False)


# --- readiness (V6, V8) -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        pytest.param([], Readiness.NOT_COMMISSIONED, id="no contract"),
        pytest.param([COMMISSIONED, ENDED], Readiness.NOT_COMMISSIONED, id="the contract was ended"),
        pytest.param([contract()], Readiness.NOT_READY, id="a contract only"),
        pytest.param([contract(), verified(), worker(), trained()], Readiness.NOT_READY, id="no oath yet"),
        pytest.param([contract(), worker(), trained(), sworn()], Readiness.NOT_READY, id="never verified"),
        pytest.param([COMMISSIONED], Readiness.NOT_ASSIGNED, id="ready, but not for this case"),
        pytest.param([READY, UNASSIGNED], Readiness.NOT_ASSIGNED, id="unassigned"),
        pytest.param([COMMISSIONED, SUSPENDED], Readiness.NOT_READY, id="suspended and not assigned"),
        pytest.param([READY], Readiness.READY, id="ready"),
        pytest.param([READY, SUSPENDED], Readiness.SUSPENDED, id="suspended"),
        pytest.param([READY, OUT], Readiness.SUSPENDED, id="no member of the network any more"),
        pytest.param(
            [READY, verified([1], name="less")], Readiness.SUSPENDED, id="a requirement not met any more"
        ),
        pytest.param(
            [
                READY,
                worker(SECOND_WORKER),
                case_message(e.SupportWorkerAssigned, AZ_CORE, worker=SECOND_WORKER),
            ],
            Readiness.SUSPENDED,
            id="one of two visitors is not trained",
        ),
        pytest.param(
            [READY, case_message(e.SupportWorkerAssigned, AZ_CORE, worker="W-X")],
            Readiness.SUSPENDED,
            id="a visitor who is not registered",
        ),
        pytest.param([READY, SUSPENDED, REINSTATED], Readiness.READY, id="reinstated"),
        pytest.param([READY, CLOSED], Readiness.CASE_CLOSED, id="the case is closed"),
        pytest.param([READY, ENDED, CLOSED], Readiness.CASE_CLOSED, id="closed, and no contract either"),
    ],
)
def test_readiness_of_a_contractor(past, expected):
    assert readiness_of(*past) is expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(
            jst("2025-08-31 23:59:59.999999"), Readiness.READY, id="the last instant of the last day"
        ),
        pytest.param(MIDNIGHT, Readiness.SUSPENDED, id="midnight in Japan"),
    ],
)
def test_a_lapse_counts_at_once_even_before_the_hub_has_recorded_it(now, expected):
    assert readiness_of(RUNS_OUT, now=now) is expected


def test_a_case_without_core_agency_has_no_contractor():
    so = given(READY)
    assert readiness(so.world.register, so.world.case, SORA_NPO, NOON) is Readiness.NOT_COMMISSIONED
    assert not worker_ready(so.world.register, so.world.case, SORA_NPO, WORKER, NOON)


# --- what a visitor needs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "ready"),
    [
        pytest.param([worker(), trained(), sworn()], True, id="part-time, trained and sworn"),
        pytest.param([worker(), trained()], False, id="part-time without oath"),
        pytest.param([worker(employment=Employment.FULL_TIME), trained()], True, id="full-time without oath"),
        pytest.param([worker(), trained(), sworn(until=date(2025, 6, 2))], True, id="oath valid today"),
        pytest.param([worker(), trained(), sworn(until=date(2025, 6, 1))], False, id="oath until yesterday"),
        pytest.param([worker(), trained(until=date(2025, 6, 2)), sworn()], True, id="training valid today"),
        pytest.param([worker(), trained(until=date(2025, 6, 1)), sworn()], False, id="until yesterday"),
        pytest.param(
            [worker(), trained(modules=set(Module) - {Module.M5_LISTENING}), sworn()],
            False,
            id="one module missing",
        ),
        pytest.param(
            [
                worker(),
                trained(modules=set(Module) - {Module.M5_LISTENING}),
                event_input(
                    SORA_NPO,
                    e.TrainingModuleExempted(
                        worker=WORKER, module=Module.M5_LISTENING, qualification="公認心理師"
                    ),
                ),
                sworn(),
            ],
            True,
            id="the missing module exempted",
        ),
        pytest.param(
            [worker(), trained(until=date(2025, 6, 1)), sworn(), trained(until=date(2026, 6, 1))],
            True,
            id="trained anew",
        ),
        pytest.param(
            [worker(), trained(), sworn(), worker(employment=Employment.FULL_TIME, qualification="保健師")],
            True,
            id="registered anew keeps training and oath",
        ),
    ],
)
def test_a_visitor_is_assigned_who_is_trained_and_sworn(past, ready):
    command = replace(ASSIGNED, command_id=id_of("to assign"))
    answer = given(LEARNED, contract(), verified(), past).when(command)
    assert answer == ([command.event] if ready else refused(command, Reason.WORKER_NOT_READY, SORA_NPO))


def test_a_full_contractor_needs_the_third_requirement():
    full = contract(scope=OutsourcingScope.FULL)
    three = verified((1, 2, 3), OutsourcingScope.FULL, name="three")
    two = verified((1, 2), OutsourcingScope.FULL, name="two")
    assert readiness_of(full, three, worker(), trained(), sworn(), ASSIGNED) is Readiness.READY
    assert readiness_of(full, two, worker(), trained(), sworn(), ASSIGNED) is Readiness.SUSPENDED


# --- what is sent to it (V7, V8) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([COMMISSIONED], Reason.CONTRACTOR_NOT_ASSIGNED, id="not assigned"),
        pytest.param([READY, UNASSIGNED], Reason.CONTRACTOR_NOT_ASSIGNED, id="not assigned any more"),
        pytest.param(
            [contract(), verified(), worker(), trained()], Reason.CONTRACTOR_NOT_READY, id="never ready"
        ),
        pytest.param([READY, CLOSED], Reason.CASE_CLOSED, id="after closing"),
    ],
)
def test_disclosure_to_a_contractor_that_is_not_ready_is_refused(past, reason):
    assert given(LEARNED, past).when(TO_SORA) == refused(TO_SORA, reason, SORA_NPO)


def test_a_disclosure_to_a_ready_contractor_is_recorded():
    assert given(LEARNED, READY).when(TO_SORA) == [TO_SORA.event]


def test_a_disclosure_to_a_suspended_contractor_only_is_held():
    assert given(LEARNED, READY, SUSPENDED).when(TO_SORA) == held(TO_SORA)


def test_the_others_get_theirs_while_the_suspended_one_waits():
    command = case_message(
        e.DisclosureMade,
        AZ_CORE,
        [SORA_NPO, KS_CGC],
        [S.BASIC],
        {SORA_NPO: "CWA-21-10-2-3", KS_CGC: "APPI-69-2-3"},
    )
    so = given(LEARNED, READY, SUSPENDED)
    assert so.when(command) == [replace(command.event, held=frozenset({SORA_NPO}))]


def test_any_message_with_sections_waits_as_itself():
    command = case_message(e.PlanReviewed, AZ_CORE, [SORA_NPO], [S.PLAN], "CWA-21-10-2-3")
    so = given(LEARNED, DECIDED, READY, SUSPENDED)
    assert so.when(command) == [replace(command.event, held=frozenset({SORA_NPO}))]


def test_a_request_without_sections_to_a_suspended_contractor_is_recorded():
    command = case_message(e.InformationRequested, AZ_CORE, [SORA_NPO], [S.SOURCE])
    assert given(LEARNED, READY, SUSPENDED).when(command) == [command.event]


def test_what_the_sender_keeps_for_itself_is_held_with_the_rest():
    command = case_message(e.DisclosureMade, AZ_CORE, [SORA_NPO], [S.BASIC, S.SOURCE], "CWA-21-10-2-3")
    assert given(LEARNED, READY, SUSPENDED).when(command) == held(command)


# --- what it sends itself -----------------------------------------------------------------------------------------

REPORT = case_message(
    e.VisitReportSubmitted,
    SORA_NPO,
    [AZ_CORE],
    [S.VISIT],
    "CWA-21-10-2-3",
    actor=WORKER,
    reason="NO_PLAN_RECEIVED",
)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([READY], id="ready"),
        pytest.param([READY, SUSPENDED], id="suspended: it may still report"),
    ],
)
def test_the_cases_contractor_reports(past):
    assert given(LEARNED, DECIDED, past).when(REPORT) == [REPORT.event]


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([COMMISSIONED], REPORT, Reason.CONTRACTOR_NOT_ASSIGNED, id="not assigned to this case"),
        pytest.param([contract()], REPORT, Reason.CONTRACTOR_NOT_READY, id="never ready"),
        pytest.param([READY, CLOSED], REPORT, Reason.CASE_CLOSED, id="after closing"),
        pytest.param(
            [READY], replace(REPORT, actor="W-X"), Reason.WORKER_NOT_ASSIGNED, id="a visitor of another case"
        ),
    ],
)
def test_given_a_contractor_without_part_when_it_reports_then_refused(past, command, reason):
    assert given(LEARNED, DECIDED, past).when(command) == refused(command, reason, SORA_NPO)


def test_a_contract_that_was_ended_carries_no_report_and_no_answer_without_sections():
    request = case_message(e.InformationRequested, AZ_CORE, [SORA_NPO])
    answer = case_message(
        e.InformationRequestAnswered, SORA_NPO, [AZ_CORE], answers=request.command_id, actor=WORKER
    )
    so = given(LEARNED, DECIDED, READY, ENDED, request)
    assert so.when(REPORT) == refused(
        REPORT, Reason.CONTRACTOR_NOT_COMMISSIONED, AZ_CORE, {"APPI-27-1-1", *_PRIVATE_TO_CITY}
    )
    assert so.when(answer) == refused(answer, Reason.CONTRACTOR_NOT_COMMISSIONED, SORA_NPO)


_PRIVATE_TO_CITY = {
    *("APPI-27-1-2", "APPI-27-1-3", "APPI-27-1-4", "CAPA-13-4", "CAPA-6-1", "CWA-21-10-5", "CWA-25-1")
}


# --- release (V7) -------------------------------------------------------------------------------------------------------

WAITING = case_message(
    e.DisclosureHeld,
    AZ_CORE,
    [SORA_NPO],
    [S.RISK],
    "CWA-21-10-2-3",
    name="waiting",
    held=[SORA_NPO],
    at=jst("2025-05-02 10:00"),
)
RELEASE = case_message(e.HeldDisclosureReleased, AZ_CORE, [SORA_NPO], releases=WAITING.command_id)


def test_given_reinstatement_when_nobody_asked_for_release_then_it_still_waits():
    so = given(LEARNED, READY, SUSPENDED, WAITING, REINSTATED)
    assert so.world.case.messages[WAITING.command_id].held == {SORA_NPO}
    assert so.opens(SORA_NPO) == set()
    [event] = so.when(opening(WAITING, SORA_NPO, actor=WORKER))
    assert isinstance(event, e.OpeningRefused)
    assert event.reason == Reason.HELD


def test_given_reinstatement_when_its_sender_asks_then_it_is_released_and_opens():
    so = given(LEARNED, READY, SUSPENDED, WAITING, REINSTATED)
    assert so.when(RELEASE) == [RELEASE.event]
    so.put(RELEASE)
    assert so.opens(SORA_NPO) == items(WAITING)


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([], Reason.CONTRACTOR_SUSPENDED, id="still suspended"),
        pytest.param([REINSTATED, UNASSIGNED], Reason.CONTRACTOR_NOT_ASSIGNED, id="unassigned meanwhile"),
        pytest.param([REINSTATED, CLOSED], Reason.CASE_CLOSED, id="closed meanwhile"),
        pytest.param(
            [REINSTATED, event_input(AZ_CORE, e.OutsourcingContractEnded())],
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="the contract ended meanwhile",
        ),
        pytest.param(
            [
                REINSTATED,
                event_input(
                    REGISTRARS, e.KeySetRevoked(compromised_since=None), on=About(e.Kind.AGENCY, SORA_NPO)
                ),
            ],
            Reason.UNKNOWN_ADDRESSEE,
            id="its keys were revoked meanwhile",
        ),
    ],
)
def test_a_release_is_decided_anew(past, reason):
    [event] = given(LEARNED, READY, SUSPENDED, WAITING, past).when(RELEASE)
    assert [event] == refused(RELEASE, reason, SORA_NPO)


def test_a_release_is_judged_by_the_matrix_of_its_day():
    from domain.rulebook import first_edition

    so = given(LEARNED, READY, SUSPENDED, WAITING, REINSTATED)
    rules = first_edition()
    rules["never"] = {**rules["never"], "CONTRACTOR": ["NOTIFIER", "RISK"]}
    so.put(rule_book(rules))
    assert so.when(RELEASE) == refused(RELEASE, Reason.NEVER_FOR_ROLE, SORA_NPO)


def test_a_release_is_judged_by_the_flags_of_what_waits():
    from domain.codes import Flag

    waiting = case_message(
        e.DisclosureHeld,
        AZ_CORE,
        [SORA_NPO],
        [(S.CAREGIVER, Flag.SENSITIVE)],
        "CWA-21-10-2-3",
        name="waiting",
        held=[SORA_NPO],
    )
    so = given(LEARNED, READY, SUSPENDED, waiting, REINSTATED)
    assert so.when(RELEASE) == refused(RELEASE, Reason.SENSITIVE_NOT_FOR_ROLE, SORA_NPO)


def test_a_release_is_judged_by_the_basis_of_what_waits():
    other = replace(WAITING, event=replace(WAITING.event, basis={SORA_NPO: "CWA-25-2-2"}))
    [event] = given(LEARNED, READY, SUSPENDED, other, REINSTATED).when(RELEASE)
    assert [event] == refused(RELEASE, Reason.NOT_REGISTERED, SORA_NPO)


# --- what the clock brings ----------------------------------------------------------------------------------------


def test_a_training_lapses_at_the_end_of_its_last_day_and_suspends_the_contractor():
    so = given(LEARNED, RUNS_OUT)
    assert come(so, jst("2025-08-31 23:59:59.999999")) == []
    lapses = [
        DueEvent(MIDNIGHT, ABOUT, e.TrainingLapsed(worker=WORKER, module=module, valid_until=LAST_DAY))
        for module in sorted(Module)
    ]
    gaps = frozenset(f"{WORKER}:TRAINING_{module}" for module in Module)
    assert come(so, MIDNIGHT) == [*lapses, DueEvent(MIDNIGHT, ABOUT, e.ContractorSuspended(gaps=gaps))]
    assert come(so, NOON.replace(month=12)) == []


def test_a_lapse_precedes_its_suspension():
    past = (
        contract(),
        verified(),
        worker(),
        trained(),
        trained(until=LAST_DAY, modules=[Module.M2_CONFIDENTIALITY], name="secrecy"),
        sworn(),
        ASSIGNED,
    )
    assert come(given(LEARNED, past), MIDNIGHT) == [
        DueEvent(
            MIDNIGHT,
            ABOUT,
            e.TrainingLapsed(worker=WORKER, module=Module.M2_CONFIDENTIALITY, valid_until=LAST_DAY),
        ),
        DueEvent(
            MIDNIGHT,
            ABOUT,
            e.ContractorSuspended(gaps=frozenset({f"{WORKER}:TRAINING_{Module.M2_CONFIDENTIALITY}"})),
        ),
    ]


def test_an_oath_lapses_and_suspends():
    past = (contract(), verified(), worker(), trained(), sworn(until=LAST_DAY), ASSIGNED)
    assert come(given(LEARNED, past), MIDNIGHT) == [
        DueEvent(MIDNIGHT, ABOUT, e.OathLapsed(worker=WORKER, valid_until=LAST_DAY)),
        DueEvent(MIDNIGHT, ABOUT, e.ContractorSuspended(gaps=frozenset({f"{WORKER}:OATH"}))),
    ]


@pytest.mark.parametrize(
    ("past", "end"),
    [
        pytest.param((contract(ends_on=LAST_DAY),), e.OutsourcingContractEnded(), id="a contract"),
        pytest.param(
            (contract(), worker(), sworn(until=LAST_DAY)),
            e.OathLapsed(worker=WORKER, valid_until=LAST_DAY),
            id="an oath",
        ),
    ],
)
def test_a_validity_ends_with_the_end_of_its_last_day(past, end):
    so = given(LEARNED, past)
    assert come(so, jst("2025-08-31 23:59:59.999999")) == []
    assert come(so, MIDNIGHT) == [DueEvent(MIDNIGHT, ABOUT, end)]
    assert come(so, MIDNIGHT) == []


def test_what_falls_due_earlier_is_recorded_first():
    past = (
        contract(ends_on=date(2025, 9, 30)),
        verified(),
        worker(),
        trained(until=date(2025, 9, 15)),
        sworn(until=LAST_DAY),
    )
    so = given(LEARNED, past, ASSIGNED)
    actual = come(so, jst("2025-12-31 12:00"))
    assert [type(d.event) for d in actual if type(d.event) is not e.TrainingLapsed] == [
        e.OathLapsed,
        e.ContractorSuspended,
        e.OutsourcingContractEnded,
    ]
    assert [d.at for d in actual] == sorted(d.at for d in actual)


def test_at_one_instant_lapses_precede_suspension_and_contract_end_is_last():
    past = (
        contract(ends_on=LAST_DAY),
        verified(),
        worker(),
        trained(until=LAST_DAY, modules=[Module.M2_CONFIDENTIALITY]),
        sworn(until=LAST_DAY),
    )
    actual = come(given(LEARNED, past), MIDNIGHT)
    assert [d.at for d in actual] == [MIDNIGHT]
    assert [d.event for d in actual] == [e.OutsourcingContractEnded()]  # no contract: nothing else matters
    assert HUB_ACTS[:4] == (e.TrainingLapsed, e.OathLapsed, e.ContractorSuspended, e.OutsourcingContractEnded)


def test_a_training_renewed_in_time_never_lapses():
    renewed = trained(until=date(2026, 8, 31), name="renewed", at=jst("2025-08-31 12:00"))
    assert come(given(LEARNED, RUNS_OUT, renewed), MIDNIGHT) == []


def test_who_was_never_ready_is_never_suspended():
    past = (contract(), verified(), worker(), trained(until=LAST_DAY))
    actual = come(given(LEARNED, past), MIDNIGHT)
    assert {type(d.event) for d in actual} == {e.TrainingLapsed}


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        pytest.param(OUT, "MEMBERSHIP", id="it left the network"),
        pytest.param(verified([1], name="less"), "REQUIREMENT_2", id="a requirement is not met any more"),
    ],
)
def test_who_was_ready_is_suspended_at_the_moment_something_is_missing(change, gap):
    at = jst("2025-05-20 10:00")
    so = given(LEARNED, READY, replace(change, at=at))
    assert come(so, NOON) == [DueEvent(at, ABOUT, e.ContractorSuspended(gaps=frozenset({gap})))]


def test_news_of_another_network_suspends_nobody():
    so = given(LEARNED, READY, admitted(KS_CGC, 1))
    assert come(so, NOON) == []


def test_without_contract_nothing_is_suspended():
    so = given(LEARNED, READY, ENDED, replace(OUT, at=jst("2025-05-20 10:00")))
    assert come(so, NOON) == []


def test_a_commission_that_is_no_contract_yet_has_nothing_due():
    assert come(given(worker(), trained(until=LAST_DAY)), jst("2026-01-01 00:00")) == []


def test_a_contract_of_an_agency_without_office_has_no_members():
    stripped = tuple(one for one in TOWN if one.on.kind is not e.Kind.NETWORK)
    so = given(LEARNED, READY, town=stripped)
    assert readiness_in(so) is Readiness.SUSPENDED
    assert come(so, NOON) == []  # it was never ready


def readiness_in(so):
    return readiness(so.world.register, so.world.case, SORA_NPO, NOON)


# --- reinstatement ---------------------------------------------------------------------------------------------------


def lapsed():
    so = given(LEARNED, RUNS_OUT)
    come(so, MIDNIGHT)
    return so


def test_new_training_by_itself_reinstates_nobody():
    so = lapsed()
    so.put(trained(until=date(2026, 8, 31), name="trained again", at=jst("2025-09-16 17:00")))
    assert readiness_in(so) is Readiness.SUSPENDED
    assert come(so, jst("2025-09-18 09:00")) == []


@pytest.mark.parametrize(
    ("retrained", "by", "reason"),
    [
        pytest.param(False, AZ_CORE, Reason.CONTRACTOR_NOT_READY, id="before the training"),
        pytest.param(True, SORA_NPO, Reason.NOT_YOUR_COMMISSION, id="by the contractor itself"),
        pytest.param(True, AZ_CORE, None, id="by the core agency after the training"),
    ],
)
def test_reinstatement_is_the_core_agencys_explicit_act(retrained, by, reason):
    so, now = lapsed(), jst("2025-09-18 09:00")
    if retrained:
        so.put(trained(until=date(2026, 8, 31), name="trained again", at=jst("2025-09-16 17:00")))
    command = event_input(by, e.ContractorReinstated())
    answer = so.when(command, now=now)
    assert answer == ([command.event] if reason is None else refused(command, reason))
    if reason is None:
        so.put(replace(command, at=now))
        assert readiness_in(so) is Readiness.READY


def test_only_who_is_suspended_is_reinstated():
    assert given(LEARNED, READY).when(REINSTATED) == refused(REINSTATED, Reason.NOT_SUSPENDED)


def test_reinstated_and_lapsed_again_it_is_suspended_again():
    so = lapsed()
    so.put(trained(until=date(2025, 9, 30), name="trained again", at=jst("2025-09-16 17:00")))
    so.put(replace(REINSTATED, at=jst("2025-09-18 09:00")))
    actual = come(so, jst("2025-10-01 00:00"))
    assert e.ContractorSuspended in {type(d.event) for d in actual}
    assert {d.at for d in actual} == {jst("2025-10-01 00:00")}


# --- who records what about a commission -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason", "at_fault"),
    [
        pytest.param(
            replace(contract(), by=MID_HOSP), Reason.NOT_RESPONSIBLE_CORE, None, id="a hospital contracts"
        ),
        pytest.param(
            replace(contract(), by=REGISTRARS),
            Reason.NOT_RESPONSIBLE_CORE,
            None,
            id="the registrars contract",
        ),
        pytest.param(
            replace(contract(), by=id_of("unknown")),
            Reason.NOT_RESPONSIBLE_CORE,
            None,
            id="an unknown agency contracts",
        ),
        pytest.param(contract(contractor=MID_HOSP), Reason.NOT_A_CONTRACTOR, MID_HOSP, id="with a hospital"),
        pytest.param(
            contract(contractor=id_of("unknown")),
            Reason.NOT_A_CONTRACTOR,
            id_of("unknown"),
            id="with an unknown body",
        ),
        pytest.param(
            replace(contract(), on=About(e.Kind.COMMISSION, id_of("another"))),
            Reason.NOT_YOUR_COMMISSION,
            None,
            id="under a name that is not this pair's",
        ),
        pytest.param(verified(), Reason.NOT_YOUR_COMMISSION, None, id="there is no commission"),
    ],
)
def test_a_commission_is_made_by_a_core_agency_with_a_contractor(command, reason, at_fault):
    assert given().when(command) == refused(command, reason, at_fault)


def test_a_contract_is_concluded_and_renewed():
    assert given().when(contract()) == [contract().event]
    repeated = contract(begins_on=date(2026, 4, 1))
    assert given(COMMISSIONED, ENDED).when(repeated) == [repeated.event]
    assert given(COMMISSIONED, ENDED, repeated).world.register.commissions[COMMISSION].ended is False


@pytest.mark.parametrize(
    ("event", "mine", "theirs"),
    [
        pytest.param(
            e.ContractorRequirementVerified(items=frozenset({1, 2, 3}), scope=OutsourcingScope.FULL),
            True,
            False,
            id="verifying requirements",
        ),
        pytest.param(e.OutsourcingContractEnded(), True, False, id="ending the contract"),
        pytest.param(
            e.SupportWorkerRegistered(worker="W-S9", employment=Employment.FULL_TIME, qualification=None),
            True,
            True,
            id="registering a visitor",
        ),
        pytest.param(
            e.TrainingModuleCompleted(
                worker=WORKER, modules=frozenset(Module), tier=Tier.T1_BASIC, valid_until=None
            ),
            True,
            True,
            id="training",
        ),
        pytest.param(sworn().event, True, True, id="an oath"),
        pytest.param(
            e.TrainingModuleExempted(worker=WORKER, module=Module.M6_VISIT_PRACTICE, qualification="保健師"),
            True,
            False,
            id="an exemption",
        ),
        pytest.param(e.SupportWorkerLeft(worker=WORKER, left_on=date(2025, 5, 30)), True, True, id="leaving"),
    ],
)
def test_who_commissions_decides_and_the_contractor_brings_its_peoples_papers(event, mine, theirs):
    so = given(COMMISSIONED, VERIFIED_NURSE)
    for by, may in ((AZ_CORE, mine), (SORA_NPO, theirs), (AZ_COORD, False), (REGISTRARS, False)):
        command = event_input(by, event)
        assert so.when(command) == ([event] if may else refused(command, Reason.NOT_YOUR_COMMISSION))


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(e.ContractorSuspended(gaps=frozenset()), id="suspending"),
        pytest.param(e.OathLapsed(worker=WORKER, valid_until=LAST_DAY), id="a lapse"),
    ],
)
def test_what_the_clock_brings_nobody_asks_for(event):
    command = event_input(AZ_CORE, event)
    assert given(COMMISSIONED).when(command) == refused(command, Reason.NOT_YOURS)


@pytest.mark.parametrize("items", [pytest.param([], id="none"), pytest.param([1, 4], id="a fourth")])
def test_the_guideline_has_three_requirements(items):
    command = verified(items)
    assert given(COMMISSIONED).when(command) == refused(command, Reason.REQUIREMENT_UNKNOWN)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(trained("W-X").event, id="training"),
        pytest.param(sworn("W-X").event, id="an oath"),
        pytest.param(
            e.TrainingModuleExempted(worker="W-X", module=Module.M6_VISIT_PRACTICE, qualification="保健師"),
            id="an exemption",
        ),
    ],
)
def test_papers_are_of_a_registered_visitor(event):
    command = event_input(SORA_NPO, event)
    assert given(COMMISSIONED).when(command) == refused(command, Reason.WORKER_UNKNOWN)


@pytest.mark.parametrize("module", list(Module))
def test_purpose_secrecy_and_local_resources_are_never_exempt(module):
    command = event_input(
        AZ_CORE, e.TrainingModuleExempted(worker=WORKER, module=module, qualification="保健師")
    )
    never = {Module.M1_PURPOSE, Module.M2_CONFIDENTIALITY, Module.M4_LOCAL_RESOURCES}
    answer = given(COMMISSIONED, VERIFIED_NURSE).when(command)
    assert answer == (refused(command, Reason.MODULE_NEVER_EXEMPT) if module in never else [command.event])


# --- an acknowledgement of a contractor --------------------------------------------------------------------------------


def test_a_contractor_without_part_does_not_even_acknowledge():
    sent = case_message(e.InformationRequested, AZ_CORE, [SORA_NPO], name="sent")
    command = case_message(e.ReferralAcknowledged, SORA_NPO, [AZ_CORE], answers=sent.command_id, actor=WORKER)
    so = given(LEARNED, sent, COMMISSIONED)
    assert so.when(command) == refused(command, Reason.CONTRACTOR_NOT_ASSIGNED, SORA_NPO)
    assert given(LEARNED, sent, READY).when(command) == [command.event]


# --- the register as it is folded ------------------------------------------------------------------------------------------


def test_records_of_cases_change_nothing_in_the_register():
    so = given(LEARNED)
    assert so.world.register.with_record(so.records[-1]) == so.world.register


def test_an_agency_that_nobody_knows_holds_no_office_and_is_no_contractor():
    register = Register()
    assert register.network_of(AZ_CORE) is None
    assert not register.is_contractor(AZ_CORE)
    assert register.commission(None, SORA_NPO) is None


def test_the_commission_of_nobody_has_no_member():
    so = given(worker())  # a visitor is on record, a contract is not
    register = so.world.register
    assert register.is_member(register.commissions[COMMISSION]) is False


@pytest.mark.parametrize(
    ("kind", "id", "known"),
    [
        pytest.param(e.Kind.AGENCY, AZ_CORE, True, id="an agency"),
        pytest.param(e.Kind.COMMISSION, COMMISSION, True, id="a commission"),
        pytest.param(e.Kind.AGENCY, COMMISSION, False, id="another kind"),
        pytest.param(e.Kind.CASE, CASE, False, id="a case is not of the register"),
    ],
)
def test_an_originator_is_looked_up_by_kind_and_id(kind, id, known):
    actual = given(LEARNED, COMMISSIONED).world.register.find(kind, id)
    assert (actual is not None and actual.id == id) is known


def test_keys_revoked_as_compromised_stay_known_as_such():
    on = About(e.Kind.AGENCY, MID_HOSP)
    lost = event_input(
        REGISTRARS, e.KeySetRevoked(compromised_since=jst("2025-05-01 00:00")), on=on, name="lost"
    )
    retired = event_input(REGISTRARS, e.KeySetRevoked(compromised_since=None), on=on, name="retired")
    agency = given(lost, keys("MID-HOSP", kem={"x25519": "new"}), retired).world.register.agencies[MID_HOSP]
    assert (agency.revoked, agency.compromised) == (True, frozenset({"kem MID-HOSP"}))


# --- the network and the registrars ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(replace(admitted(KS_CGC), by=AZ_CORE), Reason.NOT_COORDINATING, id="by the core agency"),
        pytest.param(
            replace(admitted(KS_CGC), by=REGISTRARS), Reason.NOT_COORDINATING, id="by the registrars"
        ),
        pytest.param(
            replace(admitted(KS_CGC), on=About(e.Kind.NETWORK, id_of("none"))),
            Reason.NOT_COORDINATING,
            id="to a network that is not there",
        ),
        pytest.param(admitted(id_of("unknown")), Reason.UNKNOWN_ADDRESSEE, id="an unknown agency"),
        pytest.param(admitted(KS_CGC, 4), Reason.UNKNOWN_ADDRESSEE, id="under a fourth item"),
        pytest.param(
            event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=id_of("unknown"))),
            Reason.NOT_A_MEMBER,
            id="who is no member leaves",
        ),
        pytest.param(
            event_input(
                AZ_COORD,
                e.NetworkMembershipPublished(
                    members=frozenset({AZ_CORE, id_of("unknown")}), published_on=LAST_DAY
                ),
            ),
            Reason.NOT_A_MEMBER,
            id="who is no member is published",
        ),
        pytest.param(
            event_input(HUB, e.NetworkMemberAdmitted(member=KS_CGC, item=1)),
            Reason.NOT_COORDINATING,
            id="hub",
        ),
        pytest.param(
            event_input(
                AZ_COORD, e.OutsourcingContractConcluded(**contract().event.__dict__), on=admitted(KS_CGC).on
            ),
            Reason.NOT_YOURS,
            id="what is no act of a network",
        ),
    ],
)
def test_members_are_the_coordinating_agencys(command, reason):
    assert given().when(command) == refused(command, reason)


def test_members_are_admitted_withdrawn_and_published():
    publish = event_input(
        AZ_COORD, e.NetworkMembershipPublished(members=frozenset({AZ_CORE}), published_on=LAST_DAY)
    )
    so = given()
    for command in (admitted(KS_CGC, 1), OUT, publish):
        assert so.when(command) == [command.event]
    so.put(publish)
    assert so.world.register.network_of(AZ_CORE).announced == {AZ_CORE}
    so.put(OUT)
    assert SORA_NPO not in so.world.register.network_of(AZ_CORE).members


@pytest.mark.parametrize(
    ("n", "changed", "by", "reason"),
    [
        pytest.param(0, {}, REGISTRARS, None, id="the registrars name a core agency"),
        pytest.param(1, {}, REGISTRARS, None, id="and a coordinating one"),
        pytest.param(0, {}, AZ_CORE, Reason.NOT_YOURS, id="nobody names himself"),
        pytest.param(1, {}, AZ_COORD, Reason.NOT_YOURS, id="not even the coordinating agency"),
        pytest.param(
            0, {"agency": AZ_COORD}, REGISTRARS, Reason.UNKNOWN_ADDRESSEE, id="one without the role"
        ),
        pytest.param(1, {"agency": id_of("x")}, REGISTRARS, Reason.UNKNOWN_ADDRESSEE, id="an unknown one"),
    ],
)
def test_offices_are_the_registrys_to_give(n, changed, by, reason):
    offices = [one for one in TOWN if one.on.kind is e.Kind.NETWORK and one.by == REGISTRARS]
    command = replace(offices[n], by=by, event=replace(offices[n].event, **changed))
    assert given().when(command) == ([command.event] if reason is None else refused(command, reason))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(keys("MID-HOSP"), None, id="keys that two of the registrars vouched for"),
        pytest.param(rule_book(), None, id="a book by the registrars"),
        pytest.param(replace(rule_book(), by=AZ_CORE), Reason.NOT_YOURS, id="a book by an agency"),
        pytest.param(
            event_input(REGISTRARS, e.KeySetRevoked(compromised_since=None), on=keys("MID-HOSP").on),
            None,
            id="revocation by the registrars",
        ),
        pytest.param(
            event_input(MID_HOSP, e.KeySetRevoked(compromised_since=None), on=keys("MID-HOSP").on),
            Reason.NOT_YOURS,
            id="revocation by the agency itself",
        ),
        pytest.param(
            event_input(REGISTRARS, e.OutsourcingContractEnded(), on=keys("MID-HOSP").on),
            Reason.NOT_YOURS,
            id="what is no act of the registrars",
        ),
    ],
)
def test_keys_and_rule_books(command, reason):
    assert given().when(command) == ([command.event] if reason is None else refused(command, reason))


def test_closing_ends_every_assignment():
    so = given(LEARNED, DECIDED, COMMENCED, READY, CONSULTED, EVALUATED, CLOSED)
    assert so.world.case.assigned == frozenset()


def test_a_visitor_of_an_agency_that_nobody_knows_is_refused_with_a_reason():
    command = case_message(e.SupportWorkerAssigned, AZ_CORE, agency=NOBODY)
    expected = refused(command, Reason.CONTRACTOR_NOT_COMMISSIONED, NOBODY)
    assert given(LEARNED, DECIDED).when(command) == expected


def test_a_visitor_that_is_fit_but_not_of_this_case_opens_nothing():
    fit = (worker(SECOND_WORKER), trained(SECOND_WORKER), sworn(SECOND_WORKER))
    so = given(LEARNED, DECIDED, READY, fit, TO_SORA)
    [closed] = so.when(opening(TO_SORA, SORA_NPO, actor=SECOND_WORKER))
    assert closed.reason is Reason.WORKER_NOT_READY  # type: ignore[attr-defined]
    command = opening(TO_SORA, SORA_NPO, actor=WORKER)
    assert so.when(command) == [command.event]


def test_what_is_commissioned_is_what_the_contract_states_since_edition_2() -> None:
    as_full = verified((1, 2, 3), OutsourcingScope.FULL)
    scopes = {
        edition: given(contract(), as_full, edition=edition).world.register.commissions[COMMISSION].scope
        for edition in (1, 2)
    }
    assert scopes == {1: OutsourcingScope.FULL, 2: OutsourcingScope.PARTIAL}
    renewed = given(contract(), as_full, contract(scope=OutsourcingScope.FULL))
    assert renewed.world.register.commissions[COMMISSION].scope is OutsourcingScope.FULL
