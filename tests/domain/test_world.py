"""What a decision looks at, and that reading history never refuses."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from domain import events as e
from domain.codes import Section
from domain.reasons import Reason
from domain.record import REGISTRARS, About
from domain.register import Rules
from domain.world import may_address_case, placement_of, rests_on
from tests.domain.builders import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    BOOK,
    COMMISSION,
    COMMISSIONED,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    LOG,
    MID_HOSP,
    NETWORK,
    NOBODY,
    NOON,
    PLACED,
    READY,
    SORA_NPO,
    TO_SORA,
    TW_CORE,
    case_message,
    command_of,
    event_input,
    given,
    id_of,
    keys,
    opening,
    trained,
)

S = Section
NEWS = case_message(
    e.FamilyInformationProvided, MID_HOSP, [KS_CGC, AZ_COORD], [S.BASIC], "CWA-25-1", name="news"
)


def rests(so, one):
    return rests_on(so.world, command_of(one, NOON))


def version(so, kind, id):
    actual = so.world.register.find(kind, id)
    return (kind, id, actual.version)


# --- where a case belongs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "to", "core"),
    [
        pytest.param(TW_CORE, [AZ_CORE], AZ_CORE, id="addressed to another municipality"),
        pytest.param(TW_CORE, [AZ_COORD, KS_CGC], AZ_CORE, id="addressed to its coordinating agency"),
        pytest.param(AZ_COORD, [AZ_CORE, TW_CORE], AZ_CORE, id="addressed to its own too"),
        pytest.param(TW_CORE, [KS_CGC], TW_CORE, id="addressed to no municipality"),
    ],
)
def test_a_case_belongs_to_the_municipality_that_is_informed_of_it(by, to, core):
    referral = case_message(e.FamilyInformationProvided, by, to, [S.BASIC])
    placed = placement_of(given().world, command_of(referral, NOON))
    assert placed is not None
    assert placed.core == core


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(case_message(e.SafetyConcernRaised, TW_CORE, [AZ_CORE], [S.RISK]), id="no referral"),
        pytest.param(
            case_message(
                e.AbuseNotificationReceived,
                TW_CORE,
                [AZ_CORE],
                [S.RISK],
                notifier_token=None,
                received_at=NOON,
                recorded_for_notifier=True,
                channel=None,
            ),
            id="a notification that it took in itself",
        ),
    ],
)
def test_else_the_sender_settles_the_place_before_its_addressees(command):
    placed = placement_of(given().world, command_of(command, NOON))
    assert placed is not None
    assert (placed.network, placed.core) == (id_of("other network"), TW_CORE)


@pytest.mark.parametrize(
    ("past", "command"),
    [
        pytest.param([LEARNED], NEWS, id="a case that has its place"),
        pytest.param(
            [], case_message(e.FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC]), id="no office"
        ),
        pytest.param([], replace(NEWS, by=REGISTRARS), id="who is no agency"),
        pytest.param([], event_input(REGISTRARS, e.HubFounded(mode="REHEARSAL")), id="what is no message"),
    ],
)
def test_what_settles_no_place(past, command):
    assert placement_of(given(past).world, command_of(command, NOON)) is None


def test_a_network_without_core_agency_is_no_place():
    so = given(town=[one for one in given_town() if one.event.TOPIC != "core_agency.designated"])
    assert placement_of(so.world, command_of(NEWS, NOON)) is None
    assert so.when(NEWS) != [NEWS.event]


def given_town():
    from tests.domain.builders import TOWN

    return TOWN


# --- who knows of a case ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "command", "accepted"),
    [
        pytest.param([], NEWS, True, id="news begins a case"),
        pytest.param([LEARNED], replace(NEWS, by=EXT_SERVICE), True, id="news is accepted from anyone"),
        pytest.param(
            [], case_message(e.InformationRequested, AZ_CORE, [MID_HOSP]), False, id="no case, no request"
        ),
        pytest.param(
            [LEARNED], case_message(e.InformationRequested, MID_HOSP, [AZ_CORE]), True, id="its author"
        ),
        pytest.param(
            [LEARNED], case_message(e.InformationRequested, AZ_COORD, [AZ_CORE]), True, id="its office"
        ),
        pytest.param(
            [LEARNED], case_message(e.InformationRequested, KS_CGC, [AZ_CORE]), False, id="a stranger"
        ),
        pytest.param([LEARNED, ASSIGNED], opening(LEARNED, SORA_NPO), True, id="an assigned contractor"),
        pytest.param(
            [replace(LEARNED, event=replace(LEARNED.event, to=frozenset({KS_CGC}), placed=None))],
            case_message(e.InformationRequested, AZ_COORD, [AZ_CORE]),
            False,
            id="no office where the case has no place",
        ),
    ],
)
def test_a_case_is_there_for_those_who_have_a_part_in_it(past, command, accepted):
    assert may_address_case(given(past).world, command_of(command, NOON)) is accepted


# --- what a decision rests on ------------------------------------------------------------------------------------------


def test_a_disclosure_rests_on_network_commission_and_both_agencies():
    so = given(LEARNED, READY)
    assert rests(so, TO_SORA) == tuple(
        sorted(
            [
                version(so, e.Kind.NETWORK, NETWORK),
                version(so, e.Kind.COMMISSION, COMMISSION),
                version(so, e.Kind.AGENCY, AZ_CORE),
                version(so, e.Kind.AGENCY, SORA_NPO),
            ]
        )
    )


def test_an_assignment_rests_on_the_commission_though_it_is_sent_to_nobody():
    so = given(LEARNED, COMMISSIONED)
    command = case_message(e.SupportWorkerAssigned, AZ_CORE)
    assert version(so, e.Kind.COMMISSION, COMMISSION) in rests(so, command)


def test_the_first_message_rests_on_the_network_that_it_settles():
    so = given()
    assert version(so, e.Kind.NETWORK, NETWORK) in rests(so, NEWS)


def test_another_service_names_the_commission_too_since_its_basis_may_look_at_it():
    so = given(LEARNED, READY)
    command = case_message(e.FollowOnServiceArranged, AZ_CORE, [SORA_NPO])
    assert [kind for kind, _, _ in rests(so, command)] == [
        e.Kind.AGENCY,
        e.Kind.AGENCY,
        e.Kind.COMMISSION,
        e.Kind.NETWORK,
    ]


def test_a_reading_rests_on_its_case_too():
    so = given(LEARNED)
    assert (e.Kind.CASE, LEARNED.on.id, 1) in rests(so, opening(LEARNED, AZ_CORE))


def test_a_case_without_network_rests_on_its_agencies_only():
    so = given(replace(LEARNED, event=replace(LEARNED.event, placed=None)))
    command = case_message(e.InformationRequested, MID_HOSP, [KS_CGC, NOBODY])
    assert {(kind, id) for kind, id, _ in rests(so, command)} == {
        (e.Kind.AGENCY, MID_HOSP),
        (e.Kind.AGENCY, KS_CGC),
    }


def test_an_act_of_the_register_rests_on_its_agency_and_never_on_itself():
    so = given(COMMISSIONED)
    assert rests(so, trained()) == (version(so, e.Kind.AGENCY, SORA_NPO),)
    assert rests(so, keys("MID-HOSP")) == ()
    assert (
        rests(so, event_input(REGISTRARS, e.KeySetRevoked(compromised_since=None), on=keys("MID-HOSP").on))
        == ()
    )


# --- reading history -----------------------------------------------------------------------------------------------------


def test_a_hub_without_rule_book_has_an_empty_one():
    assert given(town=[]).world.rules == Rules(id=id_of("x").__class__(int=0))
    assert given(town=[]).world.rule_book == {}


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        pytest.param(About(e.Kind.AGENCY, MID_HOSP), "agencies", id="an agency"),
        pytest.param(About(e.Kind.NETWORK, NETWORK), "networks", id="a network"),
        pytest.param(About(e.Kind.COMMISSION, COMMISSION), "commissions", id="a commission"),
        pytest.param(About(e.Kind.RULE_BOOK, BOOK), "rules", id="a rule book"),
        pytest.param(About(e.Kind.LOG, LOG), "log", id="the log"),
    ],
)
def test_a_refusal_is_counted_and_nothing_follows_from_it(on, kind):
    refusal = event_input(
        AZ_CORE, e.CommandRefused(act="oath.signed", reason=Reason.NOT_YOURS, at_fault=None), on=on
    )
    so = given(COMMISSIONED)
    before = getattr(so.world.register, kind).get(on.id)
    record = so.put(refusal)
    after = getattr(so.world.register, kind)[on.id]
    counted = {
        "version": record.version,
        "last_at": record.at,
        "commands_seen": after.commands_seen,
        "frames_seen": after.frames_seen,
    }
    assert after == (replace(before, **counted) if before else replace(after, **counted))
    assert after.has_payload(AZ_CORE, hashlib.sha256(refusal.command_id.bytes).digest())
    assert not after.has_payload(AZ_COORD, hashlib.sha256(refusal.command_id.bytes).digest())


def test_a_refused_message_and_a_refused_reading_leave_the_case_as_it_was():
    so = given(LEARNED)
    before = so.world.case
    so.put(event_input(AZ_CORE, e.CommandRefused(act="plan.reviewed", reason=Reason.NO_PLAN, at_fault=None)))
    item = LEARNED.item()
    refusal = e.OpeningRefused(
        message=LEARNED.command_id,
        item=item.item,
        section=item.section,
        purpose="SUPPORT",
        reason=Reason.NOT_YOURS,
    )
    so.put(event_input(KS_CGC, refusal))
    after = so.world
    counted = {"commands_seen": before.commands_seen, "frames_seen": before.frames_seen}
    assert replace(after.case, version=1, last_at=before.last_at, **counted) == before
    assert (after.access.opened, after.access.version) == ({}, 1)


def test_a_message_in_history_by_who_is_no_agency_is_passed_over():
    so = given(LEARNED, replace(case_message(e.DisclosureMade, AZ_CORE), by=REGISTRARS))
    assert set(so.world.case.messages) == {LEARNED.command_id}


def test_a_case_keeps_the_place_it_was_given():
    case = given(LEARNED).world.case
    assert (case.network, case.core) == (PLACED.network, PLACED.core)
