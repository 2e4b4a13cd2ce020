"""Commissions, networks, key sets and rule books: who may order what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain import events as e
from domain.codes import Module, OutsourcingScope
from domain.readiness import Readiness, readiness
from domain.reasons import Reason
from domain.record import HUB, REGISTRARS, About, commission_of
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    COMMISSION,
    COMMISSIONED,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOBODY,
    NOON,
    READY,
    SORA_NPO,
    TO_SORA,
    TW_CORE,
    WORKER,
    contract,
    event_input,
    given,
    id_of,
    keys,
    refused,
    rule_book,
    sworn,
    trained,
    verified,
    worker,
)


def test_a_core_agency_commissions_a_contractor() -> None:
    assert given().when(contract()) == [contract().event]


@pytest.mark.parametrize(
    ("command", "reason", "at_fault"),
    [
        pytest.param(
            replace(contract(), by=KS_CGC), Reason.NOT_RESPONSIBLE_CORE, None, id="a child guidance centre"
        ),
        pytest.param(replace(contract(), by=HUB), Reason.NOT_RESPONSIBLE_CORE, None, id="the hub"),
        pytest.param(contract(contractor=MID_HOSP), Reason.NOT_A_CONTRACTOR, MID_HOSP, id="a hospital"),
        pytest.param(
            replace(contract(), on=About(e.Kind.COMMISSION, id_of("elsewhere"))),
            Reason.NOT_YOUR_COMMISSION,
            None,
            id="under another name",
        ),
    ],
)
def test_nobody_else_commissions_and_nobody_else_is_commissioned(command, reason, at_fault) -> None:  # type: ignore[no-untyped-def]
    assert given().when(command) == refused(command, reason, at_fault)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(replace(verified(), by=SORA_NPO), Reason.NOT_YOUR_COMMISSION, id="verifying itself"),
        pytest.param(verified((4,)), Reason.REQUIREMENT_UNKNOWN, id="a fourth requirement"),
        pytest.param(verified(()), Reason.REQUIREMENT_UNKNOWN, id="no requirement"),
        pytest.param(
            event_input(SORA_NPO, e.OutsourcingContractEnded()),
            Reason.NOT_YOUR_COMMISSION,
            id="ending its own contract",
        ),
        pytest.param(
            event_input(SORA_NPO, e.ContractorReinstated()),
            Reason.NOT_YOUR_COMMISSION,
            id="reinstating itself",
        ),
        pytest.param(
            event_input(AZ_CORE, e.ContractorReinstated()),
            Reason.NOT_SUSPENDED,
            id="reinstating who is not suspended",
        ),
        pytest.param(trained("W-nobody"), Reason.WORKER_UNKNOWN, id="training nobody"),
        pytest.param(sworn("W-nobody"), Reason.WORKER_UNKNOWN, id="swearing nobody in"),
        pytest.param(
            event_input(
                AZ_CORE,
                e.TrainingModuleExempted(
                    worker="W-nobody", module=Module.M6_VISIT_PRACTICE, qualification="x"
                ),
            ),
            Reason.WORKER_UNKNOWN,
            id="exempting nobody",
        ),
        *(
            pytest.param(
                event_input(
                    AZ_CORE, e.TrainingModuleExempted(worker=WORKER, module=m, qualification="保健師")
                ),
                Reason.MODULE_NEVER_EXEMPT,
                id=f"exempting from {m}",
            )
            for m in (Module.M1_PURPOSE, Module.M2_CONFIDENTIALITY, Module.M4_LOCAL_RESOURCES)
        ),
        pytest.param(
            replace(worker(), by=TW_CORE), Reason.NOT_YOUR_COMMISSION, id="another town's core agency"
        ),
    ],
)
def test_what_a_commission_does_not_allow(command, reason) -> None:  # type: ignore[no-untyped-def]
    assert given(COMMISSIONED).when(command) == refused(command, reason)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(verified((1, 2, 3), OutsourcingScope.FULL), id="the core agency verifies"),
        pytest.param(worker("W-S2"), id="the contractor registers a visitor"),
        pytest.param(replace(worker("W-S2"), by=AZ_CORE), id="the core agency registers one"),
        pytest.param(trained(name="repeated"), id="training"),
        pytest.param(sworn(), id="an oath"),
        pytest.param(
            event_input(
                AZ_CORE,
                e.TrainingModuleExempted(
                    worker=WORKER, module=Module.M6_VISIT_PRACTICE, qualification="保健師"
                ),
            ),
            id="an exemption in one's own field",
        ),
        pytest.param(event_input(AZ_CORE, e.OutsourcingContractEnded()), id="the end"),
    ],
)
def test_what_a_commission_allows(command) -> None:  # type: ignore[no-untyped-def]
    nurse = e.QualificationVerified(worker=WORKER, qualification="保健師", reason=None)
    so = given(COMMISSIONED, event_input(SORA_NPO, nurse))
    assert so.when(command) == [command.event]


def test_an_act_about_no_commission_is_not_yours() -> None:
    assert given().when(verified()) == refused(verified(), Reason.NOT_YOUR_COMMISSION)


def test_a_commission_is_one_for_each_pair() -> None:
    assert COMMISSION == commission_of(AZ_CORE, SORA_NPO) != commission_of(TW_CORE, SORA_NPO)


# --- what is missing keeps a contractor out ------------------------------------------------------------------

PARTS = {
    "contract": contract(),
    "verified": verified(),
    "worker": worker(),
    "trained": trained(),
    "sworn": sworn(),
}


@pytest.mark.parametrize(
    ("lacking", "state", "reason"),
    [
        pytest.param(
            "contract", Readiness.NOT_COMMISSIONED, Reason.CONTRACTOR_NOT_COMMISSIONED, id="no contract"
        ),
        pytest.param(
            "verified", Readiness.NOT_READY, Reason.CONTRACTOR_NOT_READY, id="requirements not verified"
        ),
        pytest.param("sworn", Readiness.NOT_READY, Reason.CONTRACTOR_NOT_READY, id="no oath"),
    ],
)
def test_disclosure_to_a_contractor_with_one_gap_is_refused(lacking, state, reason) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, [p for name, p in PARTS.items() if name != lacking])
    assert readiness(so.world.register, so.world.case, SORA_NPO, NOON) is state
    [event] = so.when(TO_SORA)
    assert (event.reason, event.at_fault) == (reason, SORA_NPO)  # type: ignore[attr-defined]


def test_disclosure_to_a_ready_contractor_without_assignment_is_refused() -> None:
    [event] = given(LEARNED, COMMISSIONED).when(TO_SORA)
    assert (event.reason, event.at_fault) == (Reason.CONTRACTOR_NOT_ASSIGNED, SORA_NPO)  # type: ignore[attr-defined]


def test_disclosure_to_a_ready_and_assigned_contractor_is_recorded() -> None:
    assert given(LEARNED, READY).when(TO_SORA) == [TO_SORA.event]


@pytest.mark.parametrize(
    ("begins", "ends", "there"),
    [
        pytest.param(date(2025, 6, 2), date(2025, 6, 2), True, id="this very day"),
        pytest.param(date(2025, 6, 3), None, False, id="from tomorrow"),
        pytest.param(date(2025, 4, 1), date(2025, 6, 1), False, id="until yesterday"),
    ],
)
def test_a_contract_holds_from_its_first_day_to_its_last(begins, ends, there) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, contract(begins_on=begins, ends_on=ends))
    assert so.world.register.commissions[COMMISSION].in_force(date(2025, 6, 2)) is there


# --- networks -----------------------------------------------------------------------------------------------------


def test_the_coordinating_agency_admits_and_lets_go() -> None:
    admit = event_input(AZ_COORD, e.NetworkMemberAdmitted(member=EXT_SERVICE, item=3))
    assert given().when(admit) == [admit.event]
    leave = event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=SORA_NPO))
    assert given().when(leave) == [leave.event]
    announce = event_input(
        AZ_COORD, e.NetworkMembershipPublished(members=frozenset({SORA_NPO}), published_on=date(2025, 6, 2))
    )
    assert given().when(announce) == [announce.event]
    assert given(announce).world.register.networks[announce.on.id].announced == frozenset({SORA_NPO})


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            event_input(AZ_CORE, e.NetworkMemberAdmitted(member=EXT_SERVICE, item=3)),
            Reason.NOT_COORDINATING,
            id="by CORE",
        ),
        pytest.param(
            event_input(AZ_COORD, e.NetworkMemberAdmitted(member=NOBODY, item=3)),
            Reason.UNKNOWN_ADDRESSEE,
            id="nobody",
        ),
        pytest.param(
            event_input(AZ_COORD, e.NetworkMemberAdmitted(member=EXT_SERVICE, item=4)),
            Reason.UNKNOWN_ADDRESSEE,
            id="item 4",
        ),
        pytest.param(
            event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=EXT_SERVICE)),
            Reason.NOT_A_MEMBER,
            id="no member leaves",
        ),
        pytest.param(
            event_input(
                AZ_COORD,
                e.NetworkMembershipPublished(members=frozenset({EXT_SERVICE}), published_on=date(2025, 6, 2)),
            ),
            Reason.NOT_A_MEMBER,
            id="no member is announced",
        ),
        pytest.param(
            event_input(AZ_COORD, e.CoreAgencyDesignated(agency=AZ_CORE)),
            Reason.NOT_YOURS,
            id="giving an office",
        ),
        pytest.param(
            event_input(REGISTRARS, e.CoordinatingAgencyDesignated(agency=MID_HOSP)),
            Reason.UNKNOWN_ADDRESSEE,
            id="an office to a hospital",
        ),
        pytest.param(
            replace(
                event_input(AZ_COORD, e.NetworkMemberAdmitted(member=SORA_NPO, item=2)),
                on=About(e.Kind.NETWORK, id_of("new")),
            ),
            Reason.NOT_COORDINATING,
            id="a network without office",
        ),
    ],
)
def test_what_a_network_does_not_allow(command, reason) -> None:  # type: ignore[no-untyped-def]
    assert given().when(command) == refused(command, reason)


# --- the registrars -------------------------------------------------------------------------------------------------------


def test_agencies_publish_keys_and_only_registrars_revoke_and_publish_rules() -> None:
    assert given().when(keys("AZ-CORE")) == [keys("AZ-CORE").event]
    on = About(e.Kind.AGENCY, MID_HOSP)
    revoke = event_input(REGISTRARS, e.KeySetRevoked(compromised_since=NOON), on=on)
    assert given().when(revoke) == [revoke.event]
    by_itself = event_input(MID_HOSP, e.KeySetRevoked(compromised_since=None), on=on)
    assert given().when(by_itself) == refused(by_itself, Reason.NOT_YOURS)
    assert given().when(rule_book()) == [rule_book().event]
    by_core = replace(rule_book(), by=AZ_CORE)
    assert given().when(by_core) == refused(by_core, Reason.NOT_YOURS)


@pytest.mark.parametrize(("since", "bad"), [(NOON, 1), (None, 0)], ids=["compromised", "retired"])
def test_a_revoked_key_set_is_not_in_force_and_a_compromised_one_is_remembered(since, bad) -> None:  # type: ignore[no-untyped-def]
    revoke = event_input(
        REGISTRARS, e.KeySetRevoked(compromised_since=since), on=About(e.Kind.AGENCY, MID_HOSP)
    )
    agency = given(revoke).world.register.agencies[MID_HOSP]
    assert agency.revoked
    assert len(agency.compromised) == bad
    repeated = given(revoke, keys("MID-HOSP", name="repeated")).world.register.agencies[MID_HOSP]
    assert not repeated.revoked


def test_who_has_no_keys_in_force_is_no_addressee() -> None:
    revoke = event_input(
        REGISTRARS, e.KeySetRevoked(compromised_since=None), on=About(e.Kind.AGENCY, SORA_NPO)
    )
    [event] = given(LEARNED, READY, revoke).when(TO_SORA)
    assert (event.reason, event.at_fault) == (Reason.UNKNOWN_ADDRESSEE, SORA_NPO)  # type: ignore[attr-defined]


def test_an_event_of_the_hub_cannot_be_commanded_on_a_commission() -> None:
    from domain.events import ContractorSuspended

    command = event_input(AZ_CORE, ContractorSuspended(gaps=frozenset()))
    assert given(COMMISSIONED).when(command) == refused(command, Reason.NOT_YOURS)


def test_events_about_no_contract_do_not_change_it() -> None:
    event = e.ContractorRequirementVerified(items=frozenset({1, 2}), scope=OutsourcingScope.PARTIAL)
    so = given(COMMISSIONED)
    before = so.world.register.commissions[COMMISSION]
    so.put(event_input(AZ_CORE, event, name="repeated"))
    after = so.world.register.commissions[COMMISSION]
    assert (after.workers, after.contractor, after.begins_on) == (
        before.workers,
        before.contractor,
        before.begins_on,
    )
    assert isinstance(contract().event, e.OutsourcingContractConcluded)
