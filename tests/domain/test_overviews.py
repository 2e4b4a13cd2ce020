"""What an agency sees of its commissions, and of the audit office's requests to open content."""

from __future__ import annotations

from domain.audit_overview import audit_request_for, pending_audit_requests
from domain.commission_overview import commissions_of
from domain.record import commission_of
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    COMMISSION,
    COMMISSIONED,
    LEARNED,
    MID_HOSP,
    SORA_NPO,
    contract,
    given,
    id_of,
    jst,
)
from tests.domain.test_audit_access import APPROVED, FILE, FOUNDED, NAMED, content_request

NOW = jst("2025-06-02 12:00")


def test_both_parties_of_a_commission_see_it_and_what_is_missing() -> None:
    register = given(contract()).world.register
    for agency in (AZ_CORE, SORA_NPO):
        [status] = [c for c in commissions_of(register, agency, NOW) if c.commission.id == COMMISSION]
        assert status.in_force
        assert status.gaps == {"REQUIREMENT_1", "REQUIREMENT_2"}
    [complete] = commissions_of(given(*COMMISSIONED).world.register, SORA_NPO, NOW)
    assert complete.gaps == frozenset()
    [before] = commissions_of(register, SORA_NPO, jst("2025-03-31 12:00"))
    assert not before.in_force
    assert commissions_of(register, MID_HOSP, NOW) == []


def test_a_core_agency_has_a_commission_for_its_own_visitors_before_any_is_registered() -> None:
    [own] = commissions_of(given().world.register, AZ_CORE, NOW)
    assert own.commission.id == commission_of(AZ_CORE, AZ_CORE)
    assert (own.in_force, own.gaps) == (True, frozenset())


def test_an_agency_that_is_not_known_has_no_commissions() -> None:
    assert commissions_of(given().world.register, id_of("nobody"), NOW) == []


def test_a_request_to_open_content_is_pending_until_its_last_day_is_over() -> None:
    register = given(FOUNDED, LEARNED, FILE, content_request()).world.register
    assert list(pending_audit_requests(register, jst("2025-06-30 23:59"))) == [id_of("content_request")]
    assert pending_audit_requests(register, jst("2025-07-01 00:00")) == {}


def test_an_authority_sees_all_items_of_a_request_and_others_those_they_know() -> None:
    now = jst("2025-06-10 09:00")
    requested = content_request().event
    world = given(FOUNDED, LEARNED, FILE, content_request()).world
    core = audit_request_for(world, AZ_CORE, id_of("content_request"), requested, now)
    assert core is not None
    assert core.opens == NAMED
    assert {item.item for _, item in core.items} == NAMED
    hospital = audit_request_for(world, MID_HOSP, id_of("content_request"), requested, now)
    assert hospital is not None
    assert hospital.opens == frozenset()
    assert {item.item for _, item in hospital.items} == {LEARNED.item(1).item}
    assert audit_request_for(world, SORA_NPO, id_of("content_request"), requested, now) is None


def test_a_request_counts_the_officials_who_approved_it() -> None:
    now = jst("2025-06-10 09:00")
    world = given(FOUNDED, LEARNED, FILE, *APPROVED).world
    status = audit_request_for(world, AZ_COORD, id_of("content_request"), content_request().event, now)
    assert status is not None
    assert status.approvals == 2
