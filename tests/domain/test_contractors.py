"""When a contractor may see and get anything: ready, lapsed, suspended, reinstated, released."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.codes import Employment, Module, OutsourcingScope, Section, Tier
from domain.due import HUB_ACTS, Due, next_due
from domain.events import (
    ContractorReinstated,
    ContractorRequirementVerified,
    ContractorSuspended,
    DisclosureHeld,
    DisclosureMade,
    HeldDisclosureReleased,
    InformationRequestAnswered,
    InformationRequested,
    KeySetRevoked,
    Kind,
    NetworkMemberAdmitted,
    NetworkMembershipPublished,
    NetworkMemberWithdrawn,
    OathLapsed,
    OpeningRefused,
    OutsourcingContractConcluded,
    OutsourcingContractEnded,
    PlanReviewed,
    ReferralAcknowledged,
    SupportWorkerAssigned,
    SupportWorkerRegistered,
    SupportWorkerUnassigned,
    TrainingLapsed,
    TrainingModuleCompleted,
    TrainingModuleExempted,
    VisitReportSubmitted,
)
from domain.readiness import Readiness, readiness, worker_ready
from domain.reasons import Reason
from domain.record import HUB, REGISTRY, About
from domain.register import Register
from tests.domain.kit import (
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
    contract,
    given,
    held,
    id_of,
    items,
    jst,
    keys,
    opening,
    refused,
    rule_book,
    said,
    sworn,
    tell,
    trained,
    verified,
    worker,
)

S = Section
ABOUT = About(Kind.COMMISSION, COMMISSION)
LAST_DAY = date(2025, 8, 31)
MIDNIGHT = jst("2025-09-01 00:00")
RUNS_OUT = (contract(), verified(), worker(), trained(until=LAST_DAY), sworn(), ASSIGNED)
"""Ready, with a training that is valid through 2025-08-31."""
SUSPENDED = said(HUB, ContractorSuspended(gaps=frozenset({"x"})), at=jst("2025-05-01 00:00"))
OUT = said(AZ_COORD, NetworkMemberWithdrawn(member=SORA_NPO))
ENDED = said(AZ_CORE, OutsourcingContractEnded())
UNASSIGNED = tell(SupportWorkerUnassigned, AZ_CORE)
REINSTATED = said(AZ_CORE, ContractorReinstated())


def stand(*past, now=NOON):
    so = given(LEARNED, *past)
    return readiness(so.world.register, so.world.case, SORA_NPO, now)


def come(so, now):
    """Everything that falls due by now, recorded at its own time."""
    found = []
    while (due := next_due(so.world.register, now)) is not None:
        found.append(due)
        so.put(said(HUB, due.fact, on=due.about, name=f"due {len(found)}", at=due.at), by_hub=True)
    return found


def test_a_visitor_opens_only_while_assigned_trained_and_sworn():
    so = given(LEARNED, RUNS_OUT, worker(SECOND_WORKER), trained(SECOND_WORKER), sworn(SECOND_WORKER))

    def ready(ref, now=NOON):
        return worker_ready(so.world.register, so.world.case, SORA_NPO, ref, now)

    assert (ready(WORKER), ready(SECOND_WORKER), ready("W-X")) == (True, False, False)
    assert (ready(WORKER, jst("2025-08-31 23:59:59")), ready(WORKER, MIDNIGHT)) == (True, False)


# --- where it stands (V6, V8) -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        pytest.param([], Readiness.NOT_COMMISSIONED, id="no contract"),
        pytest.param([COMMISSIONED, ENDED], Readiness.NOT_COMMISSIONED, id="the contract was ended"),
        pytest.param([contract()], Readiness.NOT_READY, id="a contract alone"),
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
            [READY, worker(SECOND_WORKER), tell(SupportWorkerAssigned, AZ_CORE, worker=SECOND_WORKER)],
            Readiness.SUSPENDED,
            id="one of two visitors is not trained",
        ),
        pytest.param(
            [READY, tell(SupportWorkerAssigned, AZ_CORE, worker="W-X")],
            Readiness.SUSPENDED,
            id="a visitor who is not registered",
        ),
        pytest.param([READY, SUSPENDED, REINSTATED], Readiness.READY, id="reinstated"),
        pytest.param([READY, CLOSED], Readiness.CASE_CLOSED, id="the case is closed"),
        pytest.param([READY, ENDED, CLOSED], Readiness.CASE_CLOSED, id="closed, and no contract either"),
    ],
)
def test_where_a_contractor_stands(past, expected):
    assert stand(*past) is expected


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
    assert stand(RUNS_OUT, now=now) is expected


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
                said(
                    SORA_NPO,
                    TrainingModuleExempted(
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
    wish = replace(ASSIGNED, ask=id_of("to assign"))
    answer = given(LEARNED, contract(), verified(), past).when(wish)
    assert answer == ([wish.fact] if ready else refused(wish, Reason.WORKER_NOT_READY, SORA_NPO))


def test_who_has_the_whole_programme_needs_the_third_requirement():
    full = contract(scope=OutsourcingScope.FULL)
    three = verified((1, 2, 3), OutsourcingScope.FULL, name="three")
    two = verified((1, 2), OutsourcingScope.FULL, name="two")
    assert stand(full, three, worker(), trained(), sworn(), ASSIGNED) is Readiness.READY
    assert stand(full, two, worker(), trained(), sworn(), ASSIGNED) is Readiness.SUSPENDED


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
def test_given_a_contractor_that_gets_nothing_when_it_is_told_then_refused(past, reason):
    assert given(LEARNED, past).when(TO_SORA) == refused(TO_SORA, reason, SORA_NPO)


def test_a_disclosure_to_a_ready_contractor_goes():
    assert given(LEARNED, READY).when(TO_SORA) == [TO_SORA.fact]


def test_a_disclosure_to_a_suspended_contractor_alone_is_held():
    assert given(LEARNED, READY, SUSPENDED).when(TO_SORA) == held(TO_SORA)


def test_the_others_get_theirs_while_the_suspended_one_waits():
    wish = tell(
        DisclosureMade,
        AZ_CORE,
        [SORA_NPO, KS_CGC],
        [S.BASIC],
        {SORA_NPO: "CWA-21-10-2-3", KS_CGC: "APPI-69-2-3"},
    )
    so = given(LEARNED, READY, SUSPENDED)
    assert so.when(wish) == [replace(wish.fact, held=frozenset({SORA_NPO}))]


def test_any_message_with_sections_waits_as_itself():
    wish = tell(PlanReviewed, AZ_CORE, [SORA_NPO], [S.PLAN], "CWA-21-10-2-3")
    so = given(LEARNED, DECIDED, READY, SUSPENDED)
    assert so.when(wish) == [replace(wish.fact, held=frozenset({SORA_NPO}))]


def test_a_message_without_sections_goes_to_a_suspended_contractor():
    wish = tell(InformationRequested, AZ_CORE, [SORA_NPO], [S.SOURCE])
    assert given(LEARNED, READY, SUSPENDED).when(wish) == [wish.fact]


def test_what_the_sender_keeps_for_itself_is_held_with_the_rest():
    wish = tell(DisclosureMade, AZ_CORE, [SORA_NPO], [S.BASIC, S.SOURCE], "CWA-21-10-2-3")
    assert given(LEARNED, READY, SUSPENDED).when(wish) == held(wish)


# --- what it sends itself -----------------------------------------------------------------------------------------

REPORT = tell(VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", actor=WORKER)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([READY], id="ready"),
        pytest.param([READY, SUSPENDED], id="suspended: it may still report"),
    ],
)
def test_the_cases_contractor_reports(past):
    assert given(LEARNED, DECIDED, past).when(REPORT) == [REPORT.fact]


@pytest.mark.parametrize(
    ("past", "wish", "reason"),
    [
        pytest.param([COMMISSIONED], REPORT, Reason.CONTRACTOR_NOT_ASSIGNED, id="not assigned to this case"),
        pytest.param([contract()], REPORT, Reason.CONTRACTOR_NOT_READY, id="never ready"),
        pytest.param([READY, CLOSED], REPORT, Reason.CASE_CLOSED, id="after closing"),
        pytest.param(
            [READY], replace(REPORT, actor="W-X"), Reason.WORKER_NOT_ASSIGNED, id="a visitor of another case"
        ),
    ],
)
def test_given_a_contractor_without_part_when_it_reports_then_refused(past, wish, reason):
    assert given(LEARNED, DECIDED, past).when(wish) == refused(wish, reason, SORA_NPO)


def test_a_contract_that_was_ended_carries_no_report_and_no_answer_without_sections():
    request = tell(InformationRequested, AZ_CORE, [SORA_NPO])
    answer = tell(InformationRequestAnswered, SORA_NPO, [AZ_CORE], answers=request.ask, actor=WORKER)
    so = given(LEARNED, DECIDED, READY, ENDED, request)
    assert so.when(REPORT) == refused(
        REPORT, Reason.CONTRACTOR_NOT_COMMISSIONED, AZ_CORE, {"APPI-27-1-1", *_PRIVATE_TO_CITY}
    )
    assert so.when(answer) == refused(answer, Reason.CONTRACTOR_NOT_COMMISSIONED, SORA_NPO)


_PRIVATE_TO_CITY = {"APPI-27-1-2", "APPI-27-1-3", "APPI-27-1-4", "CAPA-6-1", "CWA-25-1"}


# --- release (V7) -------------------------------------------------------------------------------------------------------

WAITING = tell(
    DisclosureHeld,
    AZ_CORE,
    [SORA_NPO],
    [S.RISK],
    "CWA-21-10-2-3",
    name="waiting",
    held=[SORA_NPO],
    at=jst("2025-05-02 10:00"),
)
RELEASE = tell(HeldDisclosureReleased, AZ_CORE, [SORA_NPO], releases=WAITING.ask)


def test_given_reinstatement_when_nobody_asked_for_release_then_it_still_waits():
    so = given(LEARNED, READY, SUSPENDED, WAITING, REINSTATED)
    assert so.world.case.messages[WAITING.ask].held == {SORA_NPO}
    assert so.opens(SORA_NPO) == set()
    [fact] = so.when(opening(WAITING, SORA_NPO, actor=WORKER))
    assert isinstance(fact, OpeningRefused)
    assert fact.reason == Reason.HELD


def test_given_reinstatement_when_its_sender_asks_then_it_is_released_and_opens():
    so = given(LEARNED, READY, SUSPENDED, WAITING, REINSTATED)
    assert so.when(RELEASE) == [RELEASE.fact]
    so.put(RELEASE)
    assert so.opens(SORA_NPO) == items(WAITING)


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([], Reason.CONTRACTOR_SUSPENDED, id="still suspended"),
        pytest.param([REINSTATED, UNASSIGNED], Reason.CONTRACTOR_NOT_ASSIGNED, id="unassigned meanwhile"),
        pytest.param([REINSTATED, CLOSED], Reason.CASE_CLOSED, id="closed meanwhile"),
        pytest.param(
            [REINSTATED, said(AZ_CORE, OutsourcingContractEnded())],
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="the contract ended meanwhile",
        ),
        pytest.param(
            [
                REINSTATED,
                said(REGISTRY, KeySetRevoked(compromised_since=None), on=About(Kind.AGENCY, SORA_NPO)),
            ],
            Reason.UNKNOWN_ADDRESSEE,
            id="its keys were revoked meanwhile",
        ),
    ],
)
def test_a_release_is_decided_anew(past, reason):
    [fact] = given(LEARNED, READY, SUSPENDED, WAITING, past).when(RELEASE)
    assert [fact] == refused(RELEASE, reason, SORA_NPO)


def test_a_release_is_judged_by_the_matrix_of_its_day():
    from domain.rulebook import first_edition

    so = given(LEARNED, READY, SUSPENDED, WAITING, REINSTATED)
    book = first_edition()
    book["never"] = {**book["never"], "CONTRACTOR": ["NOTIFIER", "RISK"]}
    so.put(rule_book(book))
    assert so.when(RELEASE) == refused(RELEASE, Reason.NEVER_FOR_ROLE, SORA_NPO)


def test_a_release_is_judged_by_the_flags_of_what_waits():
    from domain.codes import Flag

    waiting = tell(
        DisclosureHeld,
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
    other = replace(WAITING, fact=replace(WAITING.fact, basis={SORA_NPO: "CWA-25-2-2"}))
    [fact] = given(LEARNED, READY, SUSPENDED, other, REINSTATED).when(RELEASE)
    assert [fact] == refused(RELEASE, Reason.NOT_REGISTERED, SORA_NPO)


# --- what the clock brings ----------------------------------------------------------------------------------------


def test_a_training_lapses_when_its_last_day_in_japan_is_over_and_suspends_the_contractor():
    so = given(LEARNED, RUNS_OUT)
    assert come(so, jst("2025-08-31 23:59:59.999999")) == []
    lapses = [
        Due(MIDNIGHT, ABOUT, TrainingLapsed(worker=WORKER, module=module, valid_until=LAST_DAY))
        for module in sorted(Module)
    ]
    gaps = frozenset(f"{WORKER}:TRAINING_{module}" for module in Module)
    assert come(so, MIDNIGHT) == [*lapses, Due(MIDNIGHT, ABOUT, ContractorSuspended(gaps=gaps))]
    assert come(so, NOON.replace(month=12)) == []


def test_a_single_lapse_comes_before_its_suspension():
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
        Due(
            MIDNIGHT,
            ABOUT,
            TrainingLapsed(worker=WORKER, module=Module.M2_CONFIDENTIALITY, valid_until=LAST_DAY),
        ),
        Due(
            MIDNIGHT,
            ABOUT,
            ContractorSuspended(gaps=frozenset({f"{WORKER}:TRAINING_{Module.M2_CONFIDENTIALITY}"})),
        ),
    ]


def test_an_oath_lapses_and_suspends():
    past = (contract(), verified(), worker(), trained(), sworn(until=LAST_DAY), ASSIGNED)
    assert come(given(LEARNED, past), MIDNIGHT) == [
        Due(MIDNIGHT, ABOUT, OathLapsed(worker=WORKER, valid_until=LAST_DAY)),
        Due(MIDNIGHT, ABOUT, ContractorSuspended(gaps=frozenset({f"{WORKER}:OATH"}))),
    ]


@pytest.mark.parametrize(
    ("past", "end"),
    [
        pytest.param((contract(ends_on=LAST_DAY),), OutsourcingContractEnded(), id="a contract"),
        pytest.param(
            (contract(), worker(), sworn(until=LAST_DAY)),
            OathLapsed(worker=WORKER, valid_until=LAST_DAY),
            id="an oath",
        ),
    ],
)
def test_a_last_day_is_whole_and_then_it_is_over(past, end):
    so = given(LEARNED, past)
    assert come(so, jst("2025-08-31 23:59:59.999999")) == []
    assert come(so, MIDNIGHT) == [Due(MIDNIGHT, ABOUT, end)]
    assert come(so, MIDNIGHT) == []


def test_what_falls_due_earlier_comes_first():
    past = (
        contract(ends_on=date(2025, 9, 30)),
        verified(),
        worker(),
        trained(until=date(2025, 9, 15)),
        sworn(until=LAST_DAY),
    )
    so = given(LEARNED, past)
    found = come(so, jst("2025-12-31 12:00"))
    assert [type(d.fact) for d in found if type(d.fact) is not TrainingLapsed] == [
        OathLapsed,
        ContractorSuspended,
        OutsourcingContractEnded,
    ]
    assert [d.at for d in found] == sorted(d.at for d in found)


def test_at_one_instant_lapses_come_before_suspension_and_the_end_of_the_contract_last():
    past = (
        contract(ends_on=LAST_DAY),
        verified(),
        worker(),
        trained(until=LAST_DAY, modules=[Module.M2_CONFIDENTIALITY]),
        sworn(until=LAST_DAY),
    )
    found = come(given(LEARNED, past), MIDNIGHT)
    assert [d.at for d in found] == [MIDNIGHT]
    assert [d.fact for d in found] == [OutsourcingContractEnded()]  # no contract: nothing else matters
    assert HUB_ACTS[:4] == (TrainingLapsed, OathLapsed, ContractorSuspended, OutsourcingContractEnded)


def test_a_training_renewed_in_time_never_lapses():
    renewed = trained(until=date(2026, 8, 31), name="renewed", at=jst("2025-08-31 12:00"))
    assert come(given(LEARNED, RUNS_OUT, renewed), MIDNIGHT) == []


def test_who_was_never_ready_is_never_suspended():
    past = (contract(), verified(), worker(), trained(until=LAST_DAY))
    found = come(given(LEARNED, past), MIDNIGHT)
    assert {type(d.fact) for d in found} == {TrainingLapsed}


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
    assert come(so, NOON) == [Due(at, ABOUT, ContractorSuspended(gaps=frozenset({gap})))]


def test_news_of_another_network_suspends_nobody():
    so = given(LEARNED, READY, admitted(KS_CGC, 1))
    assert come(so, NOON) == []


def test_without_contract_nothing_is_suspended():
    so = given(LEARNED, READY, ENDED, replace(OUT, at=jst("2025-05-20 10:00")))
    assert come(so, NOON) == []


def test_a_commission_that_is_no_contract_yet_has_nothing_due():
    assert come(given(worker(), trained(until=LAST_DAY)), jst("2026-01-01 00:00")) == []


def test_a_contract_of_an_agency_without_office_has_no_members():
    stripped = tuple(one for one in TOWN if one.on.kind is not Kind.NETWORK)
    so = given(LEARNED, READY, town=stripped)
    assert stand_in(so) is Readiness.SUSPENDED
    assert come(so, NOON) == []  # it was never ready


def stand_in(so):
    return readiness(so.world.register, so.world.case, SORA_NPO, NOON)


# --- reinstatement ---------------------------------------------------------------------------------------------------


def lapsed():
    so = given(LEARNED, RUNS_OUT)
    come(so, MIDNIGHT)
    return so


def test_training_anew_alone_reinstates_nobody():
    so = lapsed()
    so.put(trained(until=date(2026, 8, 31), name="anew", at=jst("2025-09-16 17:00")))
    assert stand_in(so) is Readiness.SUSPENDED
    assert come(so, jst("2025-09-18 09:00")) == []


@pytest.mark.parametrize(
    ("anew", "by", "reason"),
    [
        pytest.param(False, AZ_CORE, Reason.CONTRACTOR_NOT_READY, id="before the training"),
        pytest.param(True, SORA_NPO, Reason.NOT_YOUR_COMMISSION, id="by the contractor itself"),
        pytest.param(True, AZ_CORE, None, id="by the core agency after the training"),
    ],
)
def test_reinstatement_is_the_core_agencys_explicit_act(anew, by, reason):
    so, now = lapsed(), jst("2025-09-18 09:00")
    if anew:
        so.put(trained(until=date(2026, 8, 31), name="anew", at=jst("2025-09-16 17:00")))
    wish = said(by, ContractorReinstated())
    answer = so.when(wish, now=now)
    assert answer == ([wish.fact] if reason is None else refused(wish, reason))
    if reason is None:
        so.put(replace(wish, at=now))
        assert stand_in(so) is Readiness.READY


def test_only_who_is_suspended_is_reinstated():
    assert given(LEARNED, READY).when(REINSTATED) == refused(REINSTATED, Reason.NOT_SUSPENDED)


def test_reinstated_and_lapsed_again_it_is_suspended_again():
    so = lapsed()
    so.put(trained(until=date(2025, 9, 30), name="anew", at=jst("2025-09-16 17:00")))
    so.put(replace(REINSTATED, at=jst("2025-09-18 09:00")))
    found = come(so, jst("2025-10-01 00:00"))
    assert ContractorSuspended in {type(d.fact) for d in found}
    assert {d.at for d in found} == {jst("2025-10-01 00:00")}


# --- who says what about a commission -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "reason", "at_fault"),
    [
        pytest.param(
            replace(contract(), by=MID_HOSP), Reason.NOT_RESPONSIBLE_CORE, None, id="a hospital contracts"
        ),
        pytest.param(
            replace(contract(), by=REGISTRY), Reason.NOT_RESPONSIBLE_CORE, None, id="the registry contracts"
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
            replace(contract(), on=About(Kind.COMMISSION, id_of("another"))),
            Reason.NOT_YOUR_COMMISSION,
            None,
            id="under a name that is not this pair's",
        ),
        pytest.param(verified(), Reason.NOT_YOUR_COMMISSION, None, id="there is no commission"),
    ],
)
def test_a_commission_is_made_by_a_core_agency_with_a_contractor(wish, reason, at_fault):
    assert given().when(wish) == refused(wish, reason, at_fault)


def test_a_contract_is_concluded_and_renewed():
    assert given().when(contract()) == [contract().fact]
    again = contract(begins_on=date(2026, 4, 1))
    assert given(COMMISSIONED, ENDED).when(again) == [again.fact]
    assert given(COMMISSIONED, ENDED, again).world.register.commissions[COMMISSION].ended is False


@pytest.mark.parametrize(
    ("fact", "mine", "theirs"),
    [
        pytest.param(
            ContractorRequirementVerified(items=frozenset({1, 2, 3}), scope=OutsourcingScope.FULL),
            True,
            False,
            id="verifying requirements",
        ),
        pytest.param(OutsourcingContractEnded(), True, False, id="ending the contract"),
        pytest.param(
            SupportWorkerRegistered(worker="W-S9", employment=Employment.FULL_TIME, qualification=None),
            True,
            True,
            id="registering a visitor",
        ),
        pytest.param(
            TrainingModuleCompleted(
                worker=WORKER, modules=frozenset(Module), tier=Tier.T1_BASIC, valid_until=None
            ),
            True,
            True,
            id="training",
        ),
        pytest.param(sworn().fact, True, True, id="an oath"),
        pytest.param(
            TrainingModuleExempted(worker=WORKER, module=Module.M6_VISIT_PRACTICE, qualification="保健師"),
            True,
            True,
            id="an exemption",
        ),
    ],
)
def test_who_commissions_decides_and_the_contractor_brings_its_peoples_papers(fact, mine, theirs):
    so = given(COMMISSIONED)
    for by, may in ((AZ_CORE, mine), (SORA_NPO, theirs), (AZ_COORD, False), (REGISTRY, False)):
        wish = said(by, fact)
        assert so.when(wish) == ([fact] if may else refused(wish, Reason.NOT_YOUR_COMMISSION))


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(ContractorSuspended(gaps=frozenset()), id="suspending"),
        pytest.param(OathLapsed(worker=WORKER, valid_until=LAST_DAY), id="a lapse"),
    ],
)
def test_what_the_clock_brings_nobody_asks_for(fact):
    wish = said(AZ_CORE, fact)
    assert given(COMMISSIONED).when(wish) == refused(wish, Reason.NOT_YOURS)


@pytest.mark.parametrize("items", [pytest.param([], id="none"), pytest.param([1, 4], id="a fourth")])
def test_the_guideline_has_three_requirements(items):
    wish = verified(items)
    assert given(COMMISSIONED).when(wish) == refused(wish, Reason.REQUIREMENT_UNKNOWN)


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(trained("W-X").fact, id="training"),
        pytest.param(sworn("W-X").fact, id="an oath"),
        pytest.param(
            TrainingModuleExempted(worker="W-X", module=Module.M6_VISIT_PRACTICE, qualification="保健師"),
            id="an exemption",
        ),
    ],
)
def test_papers_are_of_a_registered_visitor(fact):
    wish = said(SORA_NPO, fact)
    assert given(COMMISSIONED).when(wish) == refused(wish, Reason.WORKER_UNKNOWN)


@pytest.mark.parametrize("module", list(Module))
def test_purpose_secrecy_and_local_resources_are_never_exempt(module):
    wish = said(SORA_NPO, TrainingModuleExempted(worker=WORKER, module=module, qualification="保健師"))
    never = {Module.M1_PURPOSE, Module.M2_CONFIDENTIALITY, Module.M4_LOCAL_RESOURCES}
    answer = given(COMMISSIONED).when(wish)
    assert answer == (refused(wish, Reason.MODULE_NEVER_EXEMPT) if module in never else [wish.fact])


# --- an acknowledgement of a contractor --------------------------------------------------------------------------------


def test_a_contractor_without_part_does_not_even_acknowledge():
    sent = tell(InformationRequested, AZ_CORE, [SORA_NPO], name="sent")
    wish = tell(ReferralAcknowledged, SORA_NPO, [AZ_CORE], answers=sent.ask, actor=WORKER)
    so = given(LEARNED, sent, COMMISSIONED)
    assert so.when(wish) == refused(wish, Reason.CONTRACTOR_NOT_ASSIGNED, SORA_NPO)
    assert given(LEARNED, sent, READY).when(wish) == [wish.fact]


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
        pytest.param(Kind.AGENCY, AZ_CORE, True, id="an agency"),
        pytest.param(Kind.COMMISSION, COMMISSION, True, id="a commission"),
        pytest.param(Kind.AGENCY, COMMISSION, False, id="another kind"),
        pytest.param(Kind.CASE, CASE, False, id="a case is not of the register"),
    ],
)
def test_an_originator_is_found_by_kind_and_id(kind, id, known):
    found = given(LEARNED, COMMISSIONED).world.register.find(kind, id)
    assert (found is not None and found.id == id) is known


def test_keys_revoked_as_compromised_stay_known_as_such():
    on = About(Kind.AGENCY, MID_HOSP)
    lost = said(REGISTRY, KeySetRevoked(compromised_since=jst("2025-05-01 00:00")), on=on, name="lost")
    retired = said(REGISTRY, KeySetRevoked(compromised_since=None), on=on, name="retired")
    agency = given(lost, keys("MID-HOSP", kem={"x25519": "new"}), retired).world.register.agencies[MID_HOSP]
    assert (agency.revoked, agency.compromised) == (True, frozenset({"kem MID-HOSP"}))


# --- the network and the registry ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(replace(admitted(KS_CGC), by=AZ_CORE), Reason.NOT_COORDINATING, id="by the core agency"),
        pytest.param(replace(admitted(KS_CGC), by=REGISTRY), Reason.NOT_COORDINATING, id="by the registry"),
        pytest.param(
            replace(admitted(KS_CGC), on=About(Kind.NETWORK, id_of("none"))),
            Reason.NOT_COORDINATING,
            id="to a network that is not there",
        ),
        pytest.param(admitted(id_of("unknown")), Reason.UNKNOWN_ADDRESSEE, id="an unknown agency"),
        pytest.param(admitted(KS_CGC, 4), Reason.UNKNOWN_ADDRESSEE, id="under a fourth item"),
        pytest.param(
            said(AZ_COORD, NetworkMemberWithdrawn(member=id_of("unknown"))),
            Reason.NOT_A_MEMBER,
            id="who is no member leaves",
        ),
        pytest.param(
            said(
                AZ_COORD,
                NetworkMembershipPublished(
                    members=frozenset({AZ_CORE, id_of("unknown")}), published_on=LAST_DAY
                ),
            ),
            Reason.NOT_A_MEMBER,
            id="who is no member is published",
        ),
        pytest.param(
            said(HUB, NetworkMemberAdmitted(member=KS_CGC, item=1)), Reason.NOT_COORDINATING, id="hub"
        ),
        pytest.param(
            said(AZ_COORD, OutsourcingContractConcluded(**contract().fact.__dict__), on=admitted(KS_CGC).on),
            Reason.NOT_YOURS,
            id="what is no act of a network",
        ),
    ],
)
def test_members_are_the_coordinating_agencys(wish, reason):
    assert given().when(wish) == refused(wish, reason)


def test_members_come_go_and_are_published():
    publish = said(AZ_COORD, NetworkMembershipPublished(members=frozenset({AZ_CORE}), published_on=LAST_DAY))
    so = given()
    for wish in (admitted(KS_CGC, 1), OUT, publish):
        assert so.when(wish) == [wish.fact]
    so.put(publish)
    assert so.world.register.network_of(AZ_CORE).announced == {AZ_CORE}
    so.put(OUT)
    assert SORA_NPO not in so.world.register.network_of(AZ_CORE).members


@pytest.mark.parametrize(
    ("n", "changed", "by", "reason"),
    [
        pytest.param(0, {}, REGISTRY, None, id="the registry names a core agency"),
        pytest.param(1, {}, REGISTRY, None, id="and a coordinating one"),
        pytest.param(0, {}, AZ_CORE, Reason.NOT_YOURS, id="nobody names himself"),
        pytest.param(1, {}, AZ_COORD, Reason.NOT_YOURS, id="not even the coordinating agency"),
        pytest.param(0, {"agency": AZ_COORD}, REGISTRY, Reason.UNKNOWN_ADDRESSEE, id="one without the role"),
        pytest.param(1, {"agency": id_of("x")}, REGISTRY, Reason.UNKNOWN_ADDRESSEE, id="an unknown one"),
    ],
)
def test_offices_are_the_registrys_to_give(n, changed, by, reason):
    offices = [one for one in TOWN if one.on.kind is Kind.NETWORK and one.by == REGISTRY]
    wish = replace(offices[n], by=by, fact=replace(offices[n].fact, **changed))
    assert given().when(wish) == ([wish.fact] if reason is None else refused(wish, reason))


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(keys("MID-HOSP"), None, id="keys that two of the registry vouched for"),
        pytest.param(rule_book(), None, id="a book by the registry"),
        pytest.param(replace(rule_book(), by=AZ_CORE), Reason.NOT_YOURS, id="a book by an agency"),
        pytest.param(
            said(REGISTRY, KeySetRevoked(compromised_since=None), on=keys("MID-HOSP").on),
            None,
            id="revocation by the registry",
        ),
        pytest.param(
            said(MID_HOSP, KeySetRevoked(compromised_since=None), on=keys("MID-HOSP").on),
            Reason.NOT_YOURS,
            id="revocation by the agency itself",
        ),
        pytest.param(
            said(REGISTRY, OutsourcingContractEnded(), on=keys("MID-HOSP").on),
            Reason.NOT_YOURS,
            id="what is no act of the registry",
        ),
    ],
)
def test_keys_and_rule_books(wish, reason):
    assert given().when(wish) == ([wish.fact] if reason is None else refused(wish, reason))


def test_closing_ends_every_assignment():
    so = given(LEARNED, DECIDED, COMMENCED, READY, CONSULTED, EVALUATED, CLOSED)
    assert so.world.case.assigned == frozenset()


def test_a_visitor_of_an_agency_that_nobody_knows_is_refused_with_a_reason():
    wish = tell(SupportWorkerAssigned, AZ_CORE, agency=NOBODY)
    expected = refused(wish, Reason.CONTRACTOR_NOT_COMMISSIONED, NOBODY)
    assert given(LEARNED, DECIDED).when(wish) == expected


def test_a_visitor_that_is_fit_but_not_of_this_case_opens_nothing():
    fit = (worker(SECOND_WORKER), trained(SECOND_WORKER), sworn(SECOND_WORKER))
    so = given(LEARNED, DECIDED, READY, fit, TO_SORA)
    [closed] = so.when(opening(TO_SORA, SORA_NPO, actor=SECOND_WORKER))
    assert closed.reason is Reason.WORKER_NOT_READY  # type: ignore[attr-defined]
    wish = opening(TO_SORA, SORA_NPO, actor=WORKER)
    assert so.when(wish) == [wish.fact]
