"""A core agency's own visitors: once registered they are trained and sworn like a contractor's, and nobody is suspended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain import events as e
from domain.codes import Employment, Finding, Module, OutsourcingScope
from domain.due import next_due
from domain.reasons import Reason
from domain.record import About, commission_of
from tests.domain.builders import (
    AZ_CORE,
    CITY_WORKER,
    COMMISSIONED,
    LEARNED,
    MID_HOSP,
    SORA_NPO,
    TW_CORE,
    EventInput,
    Given,
    case_message,
    event_input,
    given,
    jst,
    opening,
    refused,
    sworn,
    trained,
    worker,
)

OWN = commission_of(AZ_CORE, AZ_CORE)
ON = About(e.Kind.COMMISSION, OWN)


def own(one: EventInput) -> EventInput:
    return replace(one, by=AZ_CORE, on=ON)


def registered(employment: Employment = Employment.PART_TIME) -> EventInput:
    return own(worker(CITY_WORKER, employment))


def learnt(until: date | None = None, **more: Any) -> EventInput:
    return own(trained(CITY_WORKER, until, **more))


def oath(until: date | None = None, **more: Any) -> EventInput:
    return own(sworn(CITY_WORKER, until, **more))


def left() -> EventInput:
    return own(event_input(AZ_CORE, e.SupportWorkerLeft(worker=CITY_WORKER, left_on=date(2025, 4, 1))))


ASSIGN = case_message(e.SupportWorkerAssigned, AZ_CORE, agency=AZ_CORE, worker=CITY_WORKER)
UNREADY = Reason.WORKER_NOT_READY


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([], UNREADY, id="one who is not on its roll"),
        pytest.param([registered(), learnt(), oath(), left()], UNREADY, id="one who has left"),
        pytest.param([registered()], UNREADY, id="registered only"),
        pytest.param([registered(), oath()], UNREADY, id="not trained"),
        pytest.param(
            [registered(), oath(), learnt(modules=set(Module) - {Module.M2_CONFIDENTIALITY})],
            UNREADY,
            id="not trained in secrecy",
        ),
        pytest.param([registered(), learnt()], UNREADY, id="part-time without an oath"),
        pytest.param([registered(), learnt(), oath()], None, id="trained and sworn"),
        pytest.param([registered(Employment.FULL_TIME), learnt()], None, id="full-time and trained"),
        pytest.param([registered(), learnt(), oath(date(2025, 4, 10))], UNREADY, id="an oath that is over"),
        pytest.param(
            [registered(), own(worker("W-other")), learnt(), oath()], None, id="besides one who is not ready"
        ),
    ],
)
def test_an_own_visitor_who_is_registered_is_ready_before_it_is_assigned(past, reason):
    so = given(LEARNED, past)
    expected = [ASSIGN.event] if reason is None else refused(ASSIGN, reason, AZ_CORE)
    assert so.when(ASSIGN) == expected


def test_in_edition_1_a_core_agency_answered_itself_for_staff_not_on_its_roll():
    assert given(LEARNED, edition=1).when(ASSIGN) == [ASSIGN.event]
    assert given(LEARNED, registered(), edition=1).when(ASSIGN) == refused(ASSIGN, UNREADY, AZ_CORE)
    unstated = replace(ASSIGN, event=replace(ASSIGN.event, role=None))
    assert given(LEARNED, edition=1).when(unstated) == [unstated.event]


def test_an_own_visitor_who_is_not_sworn_any_more_opens_nothing_and_its_colleagues_do():
    so = given(LEARNED, registered(), learnt(), oath(date(2025, 6, 1)), ASSIGN)
    as_visitor, as_colleague = opening(LEARNED, AZ_CORE, actor=CITY_WORKER), opening(LEARNED, AZ_CORE)
    assert so.when(as_visitor, now=jst("2025-06-01 23:59")) == [as_visitor.event]
    [refusal] = so.when(as_visitor)
    assert refusal.reason == Reason.WORKER_NOT_READY
    assert so.when(as_colleague) == [as_colleague.event]
    first = given(LEARNED, registered(), learnt(), oath(date(2025, 6, 1)), ASSIGN, edition=1)
    assert first.when(as_visitor) == [as_visitor.event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(oath(), Reason.WORKER_UNKNOWN, id="an oath of nobody"),
        pytest.param(
            replace(registered(), by=TW_CORE), Reason.NOT_YOUR_COMMISSION, id="by another core agency"
        ),
        pytest.param(
            replace(
                registered(), by=MID_HOSP, on=About(e.Kind.COMMISSION, commission_of(MID_HOSP, MID_HOSP))
            ),
            Reason.NOT_YOUR_COMMISSION,
            id="of an agency that does not run the programme",
        ),
    ],
)
def test_only_a_core_agency_keeps_papers_and_of_its_registered_visitors(command, reason):
    assert given().when(command) == refused(command, reason)


@pytest.mark.parametrize(
    "event",
    [
        e.ContractorRequirementVerified(items=frozenset({1, 2}), scope=OutsourcingScope.PARTIAL),
        e.ContractorReinstated(),
        e.ContractorSupervised(finding=Finding.IN_ORDER),
        e.OutsourcingContractEnded(),
    ],
    ids=lambda f: f.TOPIC,
)
def test_contractor_events_are_not_recorded_for_own_staff(event):
    command = own(event_input(AZ_CORE, event))
    assert given(registered()).when(command) == refused(command, Reason.NOT_YOURS)


def test_nobody_contracts_with_itself():
    contract = e.OutsourcingContractConcluded(
        contractor=AZ_CORE, scope=OutsourcingScope.FULL, begins_on=date(2025, 4, 1), ends_on=None
    )
    command = own(event_input(AZ_CORE, contract))
    assert given(registered()).when(command) == refused(command, Reason.NOT_A_CONTRACTOR, AZ_CORE)


def test_papers_of_its_own_go_by_the_rules_for_all_visitors():
    never = own(
        event_input(
            AZ_CORE,
            e.TrainingModuleExempted(
                worker=CITY_WORKER, module=Module.M2_CONFIDENTIALITY, qualification="保健師"
            ),
        )
    )
    assert given(registered()).when(never) == refused(never, Reason.MODULE_NEVER_EXEMPT)
    unlisted = own(
        event_input(AZ_CORE, e.QualificationVerified(worker=CITY_WORKER, qualification="占い師", reason=None))
    )
    assert given(registered()).when(unlisted) == refused(unlisted, Reason.QUALIFICATION_NOT_LISTED)


def came(so: Given, until: str) -> list[e.Event]:
    actual: list[e.Event] = []
    while (due := next_due(so.world.register, jst(until))) is not None:
        so.put(event_input("HUB", due.event, on=due.about, name=f"due {len(actual)}", at=due.at), by_hub=True)
        actual.append(due.event)
    return actual


def test_a_lapse_is_recorded_and_suspends_nobody():
    last = date(2025, 6, 30)
    so = given(LEARNED, COMMISSIONED, registered(), learnt(last), oath(last), ASSIGN)
    lapsed = came(so, "2025-07-01 00:00")
    assert {type(f) for f in lapsed} == {e.VisitorGapAheadAlarmRaised, e.TrainingLapsed, e.OathLapsed}
    assert len(lapsed) == 2 * (len(Module) + 1)
    commission = so.world.register.commission(AZ_CORE, SORA_NPO)
    assert commission is not None
    assert not commission.suspended
    repeated = case_message(
        e.SupportWorkerAssigned, AZ_CORE, agency=AZ_CORE, worker=CITY_WORKER, name="repeated"
    )
    assert so.when(repeated) == refused(repeated, UNREADY, AZ_CORE)
