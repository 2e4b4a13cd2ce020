"""Lawful bases: each has days, parties and needs; another one never helps out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import events as e
from domain.codes import Role, Section
from domain.reasons import Reason
from domain.rulebook import first_edition
from domain.world import may_address_case
from tests.domain.builders import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    AZ_MCH,
    COMMISSIONED,
    DECIDED,
    EXT_NURSERY,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MEMBERS,
    MID_HOSP,
    NOON,
    READY,
    REGISTERED,
    SORA_NPO,
    TW_CORE,
    WORKER,
    case_message,
    command_of,
    consent_of,
    contract,
    event_input,
    given,
    id_of,
    jst,
    keys,
    refused,
    rule_book,
    withdrawn,
)


def _disclosure(by, to, basis, sections=(Section.BASIC,), **more):
    return case_message(e.DisclosureMade, by, [to], sections, basis, name="the disclosure", **more)


def _refusal(past, command, now=NOON):
    """The one refusal: (reason, for whom). What would have carried it is looked at elsewhere."""
    [event] = past.when(command, now=now)
    assert [event] == refused(command, event.reason, event.at_fault, event.fitting)
    return Reason(event.reason), event.at_fault


# --- days -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "by", "to", "first_day"),
    [
        pytest.param("APPI-69-1", AZ_CORE, AZ_COORD, "2023-04-01", id="69(1) inside a municipality"),
        pytest.param("APPI-69-2-3", AZ_CORE, KS_CGC, "2023-04-01", id="69(2)3 between public bodies"),
        pytest.param("APPI-27-1-2", MID_HOSP, AZ_CORE, "2022-04-01", id="27(1)2 of a private body"),
        pytest.param("CWA-21-10-5", MID_HOSP, AZ_CORE, "2016-10-01", id="21-10-5 of a hospital"),
        pytest.param("CWA-26-1-8", KS_CGC, AZ_CORE, "2009-04-01", id="26(1)8 of the prefecture"),
        pytest.param("CAPA-13-4", MID_HOSP, AZ_CORE, "2016-10-01", id="13-4 of a hospital"),
        pytest.param("MCHA-19-2", AZ_CORE, TW_CORE, "2020-06-01", id="19-2 between municipalities"),
        pytest.param("CAPA-8-2-2", KS_CGC, AZ_CORE, "2017-04-01", id="8(2)2 sent back to the municipality"),
        pytest.param("CAPA-8-2-4", KS_CGC, AZ_CORE, "2017-04-01", id="8(2)4 the programme fits"),
    ],
)
def test_a_basis_carries_from_its_first_day_in_japan_on_and_not_before(code, by, to, first_day):
    command = _disclosure(by, to, code)
    so = given(LEARNED)
    midnight = jst(f"{first_day} 00:00")
    assert _refusal(so, command, midnight - timedelta(microseconds=1)) == (Reason.BASIS_NOT_IN_FORCE, to)
    assert so.when(command, now=midnight) == [command.event]


def test_a_basis_with_a_last_day_carries_through_that_day_in_japan():
    rules = first_edition()
    rules["bases"] = [
        {**row, "until": "2025-06-02"} if row["code"] == "APPI-69-1" else row for row in rules["bases"]
    ]
    so, command = given(LEARNED, rule_book(rules)), _disclosure(AZ_CORE, AZ_COORD, "APPI-69-1")
    assert so.when(command, now=jst("2025-06-02 23:59:59")) == [command.event]
    assert _refusal(so, command, jst("2025-06-03 00:00")) == (Reason.BASIS_NOT_IN_FORCE, AZ_COORD)


# --- kinds, parties, needs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param(None, Reason.NO_BASIS, id="no basis named"),
        pytest.param("CWA-99", Reason.BASIS_UNKNOWN, id="no such basis"),
        pytest.param("CWA-10-1", Reason.NO_GATEWAY, id="a competence only"),
        pytest.param("CAPA-6-3", Reason.NO_GATEWAY, id="an override only"),
        pytest.param("CAPA-7", Reason.NO_GATEWAY, id="a restriction"),
    ],
)
def test_a_basis_that_does_not_permit_disclosure_is_refused(code, reason):
    assert _refusal(given(LEARNED), _disclosure(AZ_CORE, MID_HOSP, code)) == (reason, MID_HOSP)


@pytest.mark.parametrize(
    ("code", "by", "to"),
    [
        pytest.param("CWA-21-10-5", MID_HOSP, AZ_CORE, id="21-10-5 hospital to municipality"),
        pytest.param("CWA-21-10-5", EXT_NURSERY, AZ_CORE, id="21-10-5 nursery to municipality"),
        pytest.param(
            "CWA-21-10-5", EXT_SERVICE, AZ_CORE, id="21-10-5 another body of welfare, or who works there"
        ),
        pytest.param("CAPA-13-4", EXT_SERVICE, KS_CGC, id="13-4 another body of welfare"),
        pytest.param("CWA-26-1-8", KS_CGC, AZ_CORE, id="26(1)8 child guidance centre to municipality"),
        pytest.param("CWA-25-7-1", AZ_CORE, KS_CGC, id="25-7 municipality to prefecture"),
        pytest.param("APPI-69-1", AZ_MCH, AZ_CORE, id="69(1) maternal health to core of one city"),
        pytest.param("APPI-69-1", AZ_CORE, AZ_MCH, id="69(1) and back"),
        pytest.param("APPI-69-2-2", AZ_CORE, AZ_COORD, id="69(2)2 inside the city"),
        pytest.param("APPI-69-2-3", KS_CGC, AZ_CORE, id="69(2)3 prefecture to municipality"),
        pytest.param("APPI-27-1-3", MID_HOSP, EXT_SERVICE, id="27(1)3 private to private"),
        pytest.param("CAPA-13-4", MID_HOSP, AZ_CORE, id="13-4 who is asked, the asker"),
        pytest.param("CAPA-6-1", EXT_SERVICE, AZ_COORD, id="6(1) anyone to the municipality"),
        pytest.param("CWA-25-1", MID_HOSP, KS_CGC, id="25(1) anyone to the child guidance centre"),
        pytest.param("CWA-25-1", KS_CGC, AZ_CORE, id="25(1) from authority to authority"),
        pytest.param("MCHA-19-2", AZ_CORE, TW_CORE, id="19-2 municipality to municipality"),
    ],
)
def test_a_basis_carries_between_its_parties_as_the_law_has_it(code, by, to):
    command = _disclosure(by, to, code)
    assert given(LEARNED).when(command) == [command.event]


@pytest.mark.parametrize(
    ("code", "by", "to"),
    [
        pytest.param("CWA-21-10-5", AZ_CORE, MID_HOSP, id="21-10-5 municipality to hospital"),
        pytest.param("CWA-26-1-8", AZ_COORD, KS_CGC, id="26(1)8 municipality to child guidance centre"),
        pytest.param("CWA-25-7-1", KS_CGC, AZ_CORE, id="25-7 prefecture to municipality"),
        pytest.param("CAPA-13-4", AZ_CORE, MID_HOSP, id="13-4 the asker, who is asked"),
        pytest.param("APPI-27-1-3", AZ_CORE, MID_HOSP, id="27 is for private bodies"),
    ],
)
def test_in_reply_direction_a_basis_permits_request_answer_and_report_only(code, by, to):
    disclosure = _disclosure(by, to, code)
    assert _refusal(given(LEARNED), disclosure) == (Reason.BASIS_FOR_OTHER_PARTIES, to)
    context = case_message(e.InformationRequested, by, [to], [Section.BASIC], code)
    assert given(LEARNED).when(context) == [context.event]


def test_fitting_bases_are_those_that_permit_the_sender_to_inform_or_ask():
    [disclosure] = given(LEARNED).when(_disclosure(AZ_CORE, MID_HOSP, None))
    assert disclosure.fitting == frozenset()
    context = case_message(e.InformationRequested, AZ_CORE, [MID_HOSP], [Section.BASIC], {})
    assert {f.fitting for f in given(LEARNED).when(context)} == {frozenset({"CAPA-13-4"})}
    [disclosure] = given(LEARNED).when(_disclosure(MID_HOSP, AZ_CORE, None))
    assert disclosure.fitting >= {"CWA-21-10-5", "CAPA-13-4", "APPI-27-1-1"}
    assert not disclosure.fitting & {"APPI-69-2-3", "CONSENT"}


def test_an_older_rule_book_without_direction_permits_both():
    rules = first_edition()
    old = {**rules, "bases": [{k: v for k, v in row.items() if k != "way"} for row in rules["bases"]]}
    command = _disclosure(AZ_CORE, MID_HOSP, "CWA-21-10-5")
    assert given(LEARNED, rule_book(old)).when(command) == [command.event]


@pytest.mark.parametrize(
    ("code", "by", "to"),
    [
        pytest.param("CWA-21-10-5", AZ_CORE, KS_CGC, id="21-10-5 to a prefecture"),
        pytest.param("CWA-26-1-8", MID_HOSP, AZ_CORE, id="26(1)8 of a hospital"),
        pytest.param("CAPA-4-6", KS_CGC, AZ_CORE, id="4(6) to a municipality"),
        pytest.param("CAPA-8-2-2", AZ_CORE, KS_CGC, id="8(2)2 is the child guidance centre's"),
        pytest.param("APPI-69-1", AZ_CORE, MID_HOSP, id="69(1) to a private body"),
        pytest.param("APPI-27-1-1", AZ_CORE, KS_CGC, id="27 between public bodies"),
        pytest.param("CWA-25-1", AZ_CORE, EXT_SERVICE, id="a notification is not a gateway to a firm"),
        pytest.param("CAPA-6-1", AZ_COORD, MID_HOSP, id="a notification is not answered with content"),
        pytest.param("CWA-21-10-2-3", AZ_CORE, MID_HOSP, id="a commission with a hospital"),
    ],
)
def test_a_basis_for_other_parties_is_refused(code, by, to):
    assert _refusal(given(LEARNED), _disclosure(by, to, code)) == (Reason.BASIS_FOR_OTHER_PARTIES, to)


def test_a_contractor_is_the_commissioned_body_whatever_it_is_in_law():
    so = given(LEARNED, COMMISSIONED, keys("SORA-NPO", body="WELFARE_FACILITY"), ASSIGNED)
    command = _disclosure(AZ_CORE, SORA_NPO, "CWA-21-10-5")
    assert _refusal(so, command) == (Reason.BASIS_FOR_OTHER_PARTIES, SORA_NPO)


def test_inside_one_municipality_is_not_inside_another_one():
    command = _disclosure(AZ_CORE, TW_CORE, "APPI-69-1")
    assert _refusal(given(LEARNED), command) == (Reason.OTHER_MUNICIPALITY, TW_CORE)


def test_offices_of_no_named_municipality_are_not_of_one_municipality():
    so = given(LEARNED, keys("AZ-CORE", municipality=None), keys("AZ-MCH", municipality=None))
    assert _refusal(so, _disclosure(AZ_CORE, AZ_MCH, "APPI-69-1")) == (Reason.OTHER_MUNICIPALITY, AZ_MCH)


@pytest.mark.parametrize(
    ("code", "by", "to"),
    [
        pytest.param("CWA-25-2-2", AZ_CORE, MID_HOSP, id="25-2(2) members"),
        pytest.param("CWA-25-3-1", AZ_CORE, MID_HOSP, id="25-3(1) the network asks"),
        pytest.param("CWA-25-3-2", MID_HOSP, AZ_CORE, id="25-3(2) who is asked"),
    ],
)
def test_the_network_bases_begin_with_registration(code, by, to):
    command = _disclosure(by, to, code)
    assert _refusal(given(LEARNED), command) == (Reason.NOT_REGISTERED, to)
    assert given(LEARNED, REGISTERED).when(command) == [command.event]


@pytest.mark.parametrize(
    ("code", "by", "to"),
    [
        pytest.param("CWA-25-3-1", TW_CORE, MID_HOSP, id="25-3(1) it asks"),
        pytest.param("CWA-25-3-1", TW_CORE, AZ_CORE, id="25-3(1) it asks the network that has"),
        pytest.param("CWA-25-3-2", MID_HOSP, TW_CORE, id="25-3(2) it is answered"),
        pytest.param("CWA-25-2-5", TW_CORE, KS_CGC, id="25-2(5) it connects"),
    ],
)
def test_a_network_that_has_not_registered_the_family_itself_neither_asks_nor_is_answered(code, by, to):
    there = case_message(e.DisclosureMade, AZ_CORE, [TW_CORE], [Section.BASIC], "APPI-69-2-3", name="there")
    command = _disclosure(by, to, code)
    assert _refusal(given(LEARNED, REGISTERED, there), command) == (Reason.NOT_REGISTERED, to)


def test_in_edition_1_it_mattered_only_that_some_network_had_registered_the_family():
    there = case_message(e.DisclosureMade, AZ_CORE, [TW_CORE], [Section.BASIC], "APPI-69-2-3", name="there")
    command = _disclosure(TW_CORE, MID_HOSP, "CWA-25-3-1")
    assert given(LEARNED, REGISTERED, there, edition=1).when(command) == [command.event]
    assert _refusal(given(LEARNED, there, edition=1), command) == (Reason.NOT_REGISTERED, MID_HOSP)


def test_a_network_is_its_coordinating_agency_too():
    command = _disclosure(AZ_COORD, MID_HOSP, "CWA-25-3-1")
    assert given(LEARNED, REGISTERED).when(command) == [command.event]


def test_an_answer_to_the_network_that_has_registered_the_family_is_by_the_same_basis():
    asks = case_message(
        e.InformationRequested, AZ_CORE, [TW_CORE], [Section.BASIC], "CWA-25-3-1", name="asks"
    )
    answer = case_message(
        e.InformationRequestAnswered,
        TW_CORE,
        [AZ_CORE],
        [Section.BASIC],
        "CWA-25-3-1",
        answers=asks.command_id,
    )
    assert given(LEARNED, REGISTERED, asks).when(answer) == [answer.event]


def test_registration_takes_effect_with_its_own_message():
    command = case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE], [Section.BASIC], "CWA-25-2-2")
    assert given(LEARNED).when(command) == [command.event]


@pytest.mark.parametrize(
    ("past", "to"),
    [
        pytest.param([], EXT_SERVICE, id="never a member"),
        pytest.param(
            [event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=MID_HOSP))],
            MID_HOSP,
            id="a member no more",
        ),
    ],
)
def test_exchange_in_the_network_is_among_members(past, to):
    command = _disclosure(AZ_CORE, to, "CWA-25-2-2")
    assert _refusal(given(LEARNED, REGISTERED, past), command) == (Reason.NOT_A_MEMBER, to)


def test_two_members_are_enough_for_a_network():
    others = [m for m in MEMBERS if m not in (AZ_CORE, MID_HOSP)]
    withdrawals = [
        event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=m), name=f"gone {m}") for m in others
    ]
    command = _disclosure(AZ_CORE, MID_HOSP, "CWA-25-2-2")
    assert given(LEARNED, REGISTERED, withdrawals).when(command) == [command.event]


def test_a_case_of_no_network_is_registered_nowhere():
    so = given(replace(LEARNED, event=replace(LEARNED.event, placed=None)), REGISTERED)
    command = _disclosure(MID_HOSP, EXT_NURSERY, "CWA-25-2-2")
    assert _refusal(so, command) == (Reason.NOT_REGISTERED, EXT_NURSERY)


def test_each_addressee_needs_its_own_basis():
    command = case_message(
        e.DisclosureMade, AZ_CORE, [KS_CGC, AZ_COORD], [Section.BASIC], {AZ_COORD: "APPI-69-1"}
    )
    assert _refusal(given(LEARNED), command) == (Reason.NO_BASIS, KS_CGC)
    both = case_message(
        e.DisclosureMade,
        AZ_CORE,
        [KS_CGC, AZ_COORD],
        [Section.BASIC],
        {AZ_COORD: "APPI-69-1", KS_CGC: "APPI-69-2-3"},
    )
    assert given(LEARNED).when(both) == [both.event]


def test_a_message_without_sections_needs_no_basis():
    command = case_message(e.InformationRequested, AZ_CORE, [EXT_SERVICE])
    assert given(LEARNED).when(command) == [command.event]


def test_author_only_sections_need_no_basis():
    command = case_message(e.InformationRequested, AZ_CORE, [EXT_SERVICE], [Section.SOURCE, Section.REASON])
    assert given(LEARNED).when(command) == [command.event]


def test_a_refusal_names_the_bases_that_would_have_carried_it():
    command = _disclosure(AZ_CORE, AZ_COORD, "CWA-25-2-2")
    assert given(LEARNED).when(command) == refused(
        command,
        Reason.NOT_REGISTERED,
        AZ_COORD,
        {
            "APPI-69-1",
            "APPI-69-2-2",
            "APPI-69-2-3",
            "CAPA-13-4",
            "CAPA-6-1",
            "CWA-25-1",
            "MCHA-19-2",
        },
    )


# --- commission ---------------------------------------------------------------------------------------------


def test_the_commission_carries_the_disclosure_and_the_report_back():
    there = _disclosure(AZ_CORE, SORA_NPO, "CWA-21-10-2-3")
    back = case_message(
        e.VisitReportSubmitted,
        SORA_NPO,
        [AZ_CORE],
        [Section.VISIT],
        "CWA-21-10-2-3",
        actor=WORKER,
        reason="NO_PLAN_RECEIVED",
    )
    so = given(LEARNED, DECIDED, READY)
    assert (so.when(there), so.when(back)) == ([there.event], [back.event])


@pytest.mark.parametrize("office", [pytest.param(AZ_COORD, id="COORD"), pytest.param(AZ_MCH, id="health")])
def test_a_commission_is_a_basis_for_other_offices_of_the_municipality(office):
    there = _disclosure(office, SORA_NPO, "CWA-21-10-2-3")
    back = _disclosure(SORA_NPO, office, "CWA-21-10-2-3", actor=WORKER)
    so = given(LEARNED, READY)
    assert (so.when(there), so.when(back)) == ([there.event], [back.event])


@pytest.mark.parametrize(
    ("by", "to"),
    [
        pytest.param(TW_CORE, SORA_NPO, id="another town to the contractor"),
        pytest.param(SORA_NPO, TW_CORE, id="the contractor to another town"),
    ],
)
def test_the_core_agencys_commission_does_not_carry_for_another_town(by, to):
    command = _disclosure(by, to, "CWA-21-10-2-3", actor=WORKER)
    so = given(LEARNED, READY)
    assert _refusal(so, command) == (Reason.CONTRACTOR_NOT_COMMISSIONED, to)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([], id="no contract"),
        pytest.param([contract(begins_on=date(2025, 6, 3))], id="it begins tomorrow"),
        pytest.param([contract(ends_on=date(2025, 6, 1))], id="its last day was yesterday"),
        pytest.param([contract(), event_input(AZ_CORE, e.OutsourcingContractEnded())], id="it was ended"),
    ],
)
def test_given_no_contract_in_force_when_the_commission_is_claimed_then_refused(past):
    command = _disclosure(AZ_CORE, SORA_NPO, "CWA-21-10-2-3")
    assert _refusal(given(LEARNED, past), command) == (Reason.CONTRACTOR_NOT_COMMISSIONED, SORA_NPO)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        pytest.param("2025-06-02", "2025-06-02", id="first and last day"),
        pytest.param("2025-04-01", None, id="open"),
    ],
)
def test_a_contract_holds_from_its_first_through_its_last_day(begins, ends):
    so = given(
        LEARNED,
        COMMISSIONED,
        contract(
            begins_on=date.fromisoformat(begins),
            ends_on=None if ends is None else date.fromisoformat(ends),
        ),
        ASSIGNED,
    )
    command = _disclosure(AZ_CORE, SORA_NPO, "CWA-21-10-2-3")
    assert so.when(command) == [command.event]


def test_a_case_without_core_agency_has_no_commission():
    so = given(replace(LEARNED, event=replace(LEARNED.event, placed=None)), COMMISSIONED)
    command = _disclosure(MID_HOSP, SORA_NPO, "CWA-21-10-2-3")
    assert _refusal(so, command) == (Reason.BASIS_FOR_OTHER_PARTIES, SORA_NPO)
    city = _disclosure(AZ_COORD, SORA_NPO, "CWA-21-10-2-3")
    assert _refusal(given(LEARNED), city) == (Reason.CONTRACTOR_NOT_COMMISSIONED, SORA_NPO)


# --- consent ------------------------------------------------------------------------------------------------


def _to_service(sections=(Section.BASIC,), consent=("C1",), to=EXT_SERVICE, by=AZ_CORE):
    return _disclosure(by, to, "CONSENT", sections, consent=[id_of(c) for c in consent])


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([], _to_service(consent=()), Reason.NO_CONSENT, id="none named"),
        pytest.param([], _to_service(), Reason.NO_CONSENT, id="nobody ever consented"),
        pytest.param(
            [consent_of("C2")], _to_service(), Reason.NO_CONSENT, id="another consent than the one named"
        ),
        pytest.param([consent_of(), withdrawn()], _to_service(), Reason.CONSENT_WITHDRAWN, id="withdrawn"),
        pytest.param(
            [consent_of(expires_at=NOON)], _to_service(), Reason.CONSENT_EXPIRED, id="expired this instant"
        ),
        pytest.param(
            [consent_of(), withdrawn(), consent_of("C2", expires_at=NOON)],
            _to_service(consent=("C1", "C2")),
            Reason.CONSENT_EXPIRED,
            id="one withdrawn, one expired",
        ),
        pytest.param(
            [consent_of(recipient=MID_HOSP)],
            _to_service(),
            Reason.CONSENT_DOES_NOT_COVER,
            id="it names another recipient",
        ),
        pytest.param(
            [consent_of(sender=MID_HOSP)],
            _to_service(),
            Reason.CONSENT_DOES_NOT_COVER,
            id="it names another sender",
        ),
        pytest.param(
            [consent_of()],
            _to_service((Section.BASIC, Section.CHILD)),
            Reason.CONSENT_DOES_NOT_COVER,
            id="one section more",
        ),
        pytest.param(
            [
                consent_of("C1", sections=[Section.BASIC]),
                consent_of("C2", sections=[Section.PLAN]),
                withdrawn("C2"),
            ],
            _to_service((Section.BASIC, Section.PLAN), ("C1", "C2")),
            Reason.CONSENT_DOES_NOT_COVER,
            id="the one that covers the other half is withdrawn",
        ),
    ],
)
def test_disclosure_to_a_service_without_fitting_consent_is_refused(past, command, reason):
    assert _refusal(given(LEARNED, past), command) == (reason, EXT_SERVICE)


@pytest.mark.parametrize(
    ("past", "command"),
    [
        pytest.param([consent_of()], _to_service(), id="less than it covers"),
        pytest.param([consent_of()], _to_service((Section.BASIC, Section.PLAN)), id="just what it covers"),
        pytest.param(
            [consent_of(expires_at=jst("2025-06-02 12:00:00.000001"))],
            _to_service(),
            id="the last instant before it expires",
        ),
        pytest.param(
            [consent_of(), withdrawn(), consent_of("C2")], _to_service(consent=("C2",)), id="given anew"
        ),
        pytest.param(
            [consent_of(), consent_of("C2", recipient=MID_HOSP)],
            _to_service(consent=("C1", "C2")),
            id="one of two covers it, the other is for somebody else",
        ),
        pytest.param([consent_of(by=MID_HOSP)], _to_service(), id="recorded by another agency"),
        pytest.param(
            [consent_of("C1", sections=[Section.BASIC]), consent_of("C2", sections=[Section.PLAN])],
            _to_service((Section.BASIC, Section.PLAN), ("C1", "C2")),
            id="each covers one half",
        ),
        pytest.param(
            [consent_of()],
            _to_service((Section.BASIC, Section.SOURCE)),
            id="the source stays with the author",
        ),
    ],
)
def test_disclosure_within_a_consent_in_force_is_recorded(past, command):
    assert given(LEARNED, past).when(command) == [command.event]


def test_a_consent_covers_the_answer_only_where_it_names_the_answerer():
    past = [LEARNED, consent_of(recipient=MID_HOSP)]
    request = case_message(
        e.InformationRequested, AZ_CORE, [MID_HOSP], [Section.BASIC], "CONSENT", consent=[id_of("C1")]
    )
    answer = case_message(
        e.InformationRequestAnswered,
        MID_HOSP,
        [AZ_CORE],
        [Section.PLAN],
        "CONSENT",
        consent=[id_of("C1")],
        answers=request.command_id,
    )
    assert _refusal(given(past, request), answer) == (Reason.CONSENT_DOES_NOT_COVER, AZ_CORE)


def test_an_agency_of_two_roles_is_a_party_as_both():
    so = given(LEARNED, keys("AZ-CORE", roles=frozenset({Role.CORE, Role.COORD})))
    command = case_message(
        e.NetworkCaseRegistrationRequested, AZ_CORE, [AZ_COORD], [Section.BASIC], "APPI-69-1"
    )
    assert so.when(command) == [command.event]


def test_a_clinic_that_is_also_a_contractor_is_a_clinic_for_a_follow_on_service():
    both = keys("MID-HOSP", roles=frozenset({Role.MED, Role.CONTRACTOR}))
    clinic = case_message(e.FollowOnServiceArranged, AZ_CORE, [MID_HOSP], [Section.CLOSING], "CWA-25-2-2")
    assert given(LEARNED, REGISTERED, both).when(clinic) == [clinic.event]
    service = case_message(e.FollowOnServiceArranged, AZ_CORE, [SORA_NPO], [Section.CLOSING], "CWA-25-2-2")
    assert _refusal(given(LEARNED, REGISTERED, both), service) == (Reason.NOT_A_PARTICIPANT, SORA_NPO)


def test_a_consent_recorded_before_the_disclosure_begins_the_case():
    own = consent_of(sender=MID_HOSP, recipient=AZ_CORE, by=MID_HOSP)
    anothers = consent_of("C2", by=MID_HOSP)
    assert may_address_case(given().world, command_of(own, NOON))
    assert given().when(own) == [own.event]
    assert given().when(anothers) == refused(anothers, Reason.CONSENT_SCOPE_WRONG)
    assert given(LEARNED, consent_of("C3", by=MID_HOSP)).when(anothers) == [anothers.event]
    disclosure = case_message(
        e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [Section.BASIC], "CONSENT", consent=[id_of("C1")]
    )
    [event] = given(own).when(disclosure)
    assert type(event) is e.FamilyInformationProvided


def test_nobody_takes_down_for_another_in_a_case_in_which_it_has_no_part():
    row = e.ConsentScope(
        consent=id_of("C1"), sender=AZ_CORE, recipient=EXT_SERVICE, sections=frozenset({Section.BASIC})
    )
    no = case_message(e.ConsentRefused, EXT_NURSERY, requested_scope=(row,))
    mine = case_message(e.ConsentRefused, EXT_NURSERY, requested_scope=(replace(row, sender=EXT_NURSERY),))
    assert given(LEARNED).when(no) == refused(no, Reason.CONSENT_SCOPE_WRONG)
    assert given(LEARNED).when(mine) == [mine.event]
