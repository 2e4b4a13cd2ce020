"""What a decision looks at, and that reading history never refuses."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from domain.codes import Section
from domain.events import (
    AbuseNotificationReceived,
    DisclosureMade,
    FamilyInformationProvided,
    FollowOnServiceArranged,
    HubFounded,
    InformationRequested,
    KeySetRevoked,
    Kind,
    OpeningRefused,
    SafetyConcernRaised,
    SupportWorkerAssigned,
    WishRefused,
)
from domain.reasons import Reason
from domain.record import REGISTRY, About
from domain.register import Rules
from domain.world import may_speak_of, placing, rests_on
from tests.domain.kit import (
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
    given,
    id_of,
    keys,
    opening,
    said,
    tell,
    trained,
    wish_of,
)

S = Section
NEWS = tell(FamilyInformationProvided, MID_HOSP, [KS_CGC, AZ_COORD], [S.BASIC], "CWA-25-1", name="news")


def rests(so, one):
    return rests_on(so.world, wish_of(one, NOON))


def version(so, kind, id):
    found = so.world.register.find(kind, id)
    return (kind, id, found.version)


# --- where a case belongs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "to", "core"),
    [
        pytest.param(TW_CORE, [AZ_CORE], AZ_CORE, id="told to another municipality"),
        pytest.param(TW_CORE, [AZ_COORD, KS_CGC], AZ_CORE, id="told to its coordinating agency"),
        pytest.param(AZ_COORD, [AZ_CORE, TW_CORE], AZ_CORE, id="told to its own too"),
        pytest.param(TW_CORE, [KS_CGC], TW_CORE, id="told to no municipality"),
    ],
)
def test_a_family_is_that_municipalitys_to_which_it_is_told(by, to, core):
    told = tell(FamilyInformationProvided, by, to, [S.BASIC])
    placed = placing(given().world, wish_of(told, NOON))
    assert placed is not None
    assert placed.core == core


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(tell(SafetyConcernRaised, TW_CORE, [AZ_CORE], [S.RISK]), id="no referral"),
        pytest.param(
            tell(
                AbuseNotificationReceived,
                TW_CORE,
                [AZ_CORE],
                [S.RISK],
                notifier_token=None,
                received_at=NOON,
                taken_in=True,
            ),
            id="a notification that it took in itself",
        ),
    ],
)
def test_else_the_sender_settles_the_place_before_its_addressees(wish):
    placed = placing(given().world, wish_of(wish, NOON))
    assert placed is not None
    assert (placed.network, placed.core) == (id_of("other network"), TW_CORE)


@pytest.mark.parametrize(
    ("past", "wish"),
    [
        pytest.param([LEARNED], NEWS, id="a case that has its place"),
        pytest.param([], tell(FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC]), id="no office"),
        pytest.param([], replace(NEWS, by=REGISTRY), id="who is no agency"),
        pytest.param([], said(REGISTRY, HubFounded(mode="REHEARSAL")), id="what is no message"),
    ],
)
def test_what_settles_no_place(past, wish):
    assert placing(given(past).world, wish_of(wish, NOON)) is None


def test_a_network_without_core_agency_is_no_place():
    so = given(town=[one for one in given_town() if one.fact.TOPIC != "core_agency.designated"])
    assert placing(so.world, wish_of(NEWS, NOON)) is None
    assert so.when(NEWS) != [NEWS.fact]


def given_town():
    from tests.domain.kit import TOWN

    return TOWN


# --- who knows of a case ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "wish", "heard"),
    [
        pytest.param([], NEWS, True, id="news begins a case"),
        pytest.param([LEARNED], replace(NEWS, by=EXT_SERVICE), True, id="news is heard from anyone"),
        pytest.param([], tell(InformationRequested, AZ_CORE, [MID_HOSP]), False, id="no case, no request"),
        pytest.param([LEARNED], tell(InformationRequested, MID_HOSP, [AZ_CORE]), True, id="its author"),
        pytest.param([LEARNED], tell(InformationRequested, AZ_COORD, [AZ_CORE]), True, id="its office"),
        pytest.param([LEARNED], tell(InformationRequested, KS_CGC, [AZ_CORE]), False, id="a stranger"),
        pytest.param([LEARNED, ASSIGNED], opening(LEARNED, SORA_NPO), True, id="an assigned contractor"),
        pytest.param(
            [replace(LEARNED, fact=replace(LEARNED.fact, placed=None))],
            tell(InformationRequested, AZ_COORD, [AZ_CORE]),
            False,
            id="no office where the case has no place",
        ),
    ],
)
def test_a_case_is_there_for_those_who_have_a_part_in_it(past, wish, heard):
    assert may_speak_of(given(past).world, wish_of(wish, NOON)) is heard


# --- what a decision rests on ------------------------------------------------------------------------------------------


def test_a_disclosure_rests_on_network_commission_and_both_agencies():
    so = given(LEARNED, READY)
    assert rests(so, TO_SORA) == tuple(
        sorted(
            [
                version(so, Kind.NETWORK, NETWORK),
                version(so, Kind.COMMISSION, COMMISSION),
                version(so, Kind.AGENCY, AZ_CORE),
                version(so, Kind.AGENCY, SORA_NPO),
            ]
        )
    )


def test_an_assignment_rests_on_the_commission_though_it_is_sent_to_nobody():
    so = given(LEARNED, COMMISSIONED)
    wish = tell(SupportWorkerAssigned, AZ_CORE)
    assert version(so, Kind.COMMISSION, COMMISSION) in rests(so, wish)


def test_the_first_message_rests_on_the_network_that_it_settles():
    so = given()
    assert version(so, Kind.NETWORK, NETWORK) in rests(so, NEWS)


def test_another_service_names_the_commission_too_since_its_basis_may_look_at_it():
    so = given(LEARNED, READY)
    wish = tell(FollowOnServiceArranged, AZ_CORE, [SORA_NPO])
    assert [kind for kind, _, _ in rests(so, wish)] == [
        Kind.AGENCY,
        Kind.AGENCY,
        Kind.COMMISSION,
        Kind.NETWORK,
    ]


def test_a_reading_rests_on_its_case_too():
    so = given(LEARNED)
    assert (Kind.CASE, LEARNED.on.id, 1) in rests(so, opening(LEARNED, AZ_CORE))


def test_a_case_without_place_rests_on_the_agencies_alone():
    so = given(replace(LEARNED, fact=replace(LEARNED.fact, placed=None)))
    wish = tell(InformationRequested, MID_HOSP, [KS_CGC, NOBODY])
    assert {(kind, id) for kind, id, _ in rests(so, wish)} == {(Kind.AGENCY, MID_HOSP), (Kind.AGENCY, KS_CGC)}


def test_an_act_of_the_register_rests_on_its_agency_and_never_on_itself():
    so = given(COMMISSIONED)
    assert rests(so, trained()) == (version(so, Kind.AGENCY, SORA_NPO),)
    assert rests(so, keys("MID-HOSP")) == ()
    assert rests(so, said(REGISTRY, KeySetRevoked(compromised_since=None), on=keys("MID-HOSP").on)) == ()


# --- reading history -----------------------------------------------------------------------------------------------------


def test_a_hub_without_rule_book_has_an_empty_one():
    assert given(town=[]).world.rules == Rules(id=id_of("x").__class__(int=0))
    assert given(town=[]).world.book == {}


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        pytest.param(About(Kind.AGENCY, MID_HOSP), "agencies", id="an agency"),
        pytest.param(About(Kind.NETWORK, NETWORK), "networks", id="a network"),
        pytest.param(About(Kind.COMMISSION, COMMISSION), "commissions", id="a commission"),
        pytest.param(About(Kind.RULE_BOOK, BOOK), "rules", id="a rule book"),
        pytest.param(About(Kind.LOG, LOG), "log", id="the log"),
    ],
)
def test_a_refusal_is_counted_and_nothing_follows_from_it(on, kind):
    refusal = said(AZ_CORE, WishRefused(act="oath.signed", reason=Reason.NOT_YOURS, at_fault=None), on=on)
    so = given(COMMISSIONED)
    before = getattr(so.world.register, kind).get(on.id)
    record = so.put(refusal)
    after = getattr(so.world.register, kind)[on.id]
    counted = {"version": record.version, "last_at": record.at, "asks": after.asks}
    assert after == (replace(before, **counted) if before else replace(after, **counted))
    assert after.knows_frame(AZ_CORE, hashlib.sha256(refusal.ask.bytes).digest())
    assert not after.knows_frame(AZ_COORD, hashlib.sha256(refusal.ask.bytes).digest())


def test_a_refused_message_and_a_refused_reading_leave_the_case_as_it_was():
    so = given(LEARNED)
    before = so.world.case
    so.put(said(AZ_CORE, WishRefused(act="plan.reviewed", reason=Reason.NO_PLAN, at_fault=None)))
    item = LEARNED.item()
    refusal = OpeningRefused(
        message=LEARNED.ask,
        item=item.item,
        section=item.section,
        purpose="SUPPORT",
        reason=Reason.NOT_YOURS,
    )
    so.put(said(KS_CGC, refusal))
    after = so.world
    assert replace(after.case, version=1, last_at=before.last_at, asks=before.asks) == before
    assert (after.access.opened, after.access.version) == ({}, 1)


def test_a_message_in_history_by_who_is_no_agency_is_passed_over():
    so = given(LEARNED, replace(tell(DisclosureMade, AZ_CORE), by=REGISTRY))
    assert set(so.world.case.messages) == {LEARNED.ask}


def test_a_case_keeps_the_place_it_was_given():
    case = given(LEARNED).world.case
    assert (case.network, case.core) == (PLACED.network, PLACED.core)
