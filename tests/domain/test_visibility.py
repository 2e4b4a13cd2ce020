"""V1–V10, each as a sentence: what an agency may open, and what it may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain import events as e
from domain.codes import Section as S
from domain.record import AUDIT
from domain.visibility import recipients
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    CLOSED,
    EXT_SERVICE,
    HIDA_SWC,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    PLACED,
    PLANNED,
    READY,
    REGISTERED,
    SORA_NPO,
    TO_SORA,
    WORKER,
    case_message,
    consent_of,
    given,
    id_of,
    items,
    jst,
    withdrawn,
)

ALL = tuple(s for s in S if s not in (S.SOURCE, S.REASON))
VISIT = case_message(e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", actor=WORKER)
UNASSIGNED = case_message(e.SupportWorkerUnassigned, AZ_CORE)


def sections(so, reader, *messages):  # type: ignore[no-untyped-def]
    """Which sections of these messages a reader may open."""
    open_ = so.opens(reader)
    return {i.section for m in messages for i in m.event.items if i.item in open_}


def test_v1_an_agency_sees_what_it_wrote_in_every_section() -> None:
    own = case_message(e.SupportPlanFormulated, AZ_CORE, sections=[*ALL, S.SOURCE, S.REASON])
    assert given(LEARNED, own).opens(AZ_CORE) == items(LEARNED, own)


def test_v2_an_addressee_sees_what_the_message_carries_and_a_stranger_nothing() -> None:
    so = given(LEARNED)
    assert so.opens(AZ_CORE) == items(LEARNED)
    assert so.opens(KS_CGC) == set()


@pytest.mark.parametrize("section", [S.SOURCE, S.REASON])
def test_author_only_sections_open_for_nobody_else(section) -> None:  # type: ignore[no-untyped-def]
    sent = case_message(
        e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [section], "CWA-21-10-5", placed=PLACED
    )
    so = given(sent, REGISTERED)
    assert so.opens(MID_HOSP) == items(sent)
    assert so.opens(AZ_CORE) == so.opens(AZ_COORD) == set()


def test_v3_the_core_agency_sees_its_contractors_work_and_not_other_agencies_traffic() -> None:
    unaddressed = replace(VISIT, event=replace(VISIT.event, to=frozenset(), basis={}))
    between = case_message(
        e.FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC], "CAPA-6-1", name="between"
    )
    so = given(LEARNED, READY, unaddressed, between)
    assert items(unaddressed) <= so.opens(AZ_CORE)
    assert not items(between) & so.opens(AZ_CORE)


def test_v4_standing_access_begins_with_registration_and_covers_what_was_before() -> None:
    plan = case_message(e.SupportPlanFormulated, AZ_CORE, sections=ALL)
    assert given(LEARNED, plan).opens(AZ_COORD) == set()
    so = given(LEARNED, plan, REGISTERED)
    assert sections(so, AZ_COORD, plan) == {S.BASIC, S.RISK, S.PLAN, S.CONF, S.CLOSING}
    assert sections(so, AZ_COORD, LEARNED) == {S.BASIC}


@pytest.mark.parametrize("act", [e.DisclosureMade, e.InformationRequested, e.FollowOnServiceArranged])
def test_v4_never_covers_copies_going_out(act) -> None:  # type: ignore[no-untyped-def]
    copy = case_message(act, AZ_CORE, [EXT_SERVICE], [S.BASIC, S.PLAN], "APPI-69-2-4")
    assert given(LEARNED, REGISTERED, copy).opens(AZ_COORD) == {LEARNED.item().item}


def test_v4_a_network_of_which_nothing_is_known_gives_nobody_anything() -> None:
    gone = e.Placed(network=id_of("a network without records"), core=AZ_CORE)
    so = given(LEARNED, PLANNED, case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE], placed=gone))
    assert so.opens(AZ_COORD) == set()
    assert so.opens(AZ_CORE) == items(LEARNED, PLANNED)


def test_v4_covers_the_core_agencys_file_and_nothing_else() -> None:
    between = case_message(e.ConferenceMinutesRecorded, KS_CGC, [MID_HOSP], [S.CONF], "CWA-25-2-2")
    assert not items(between) & given(LEARNED, REGISTERED, between).opens(AZ_COORD)


@pytest.mark.parametrize("section", [S.NOTIFIER, S.ADDR])
def test_v5_a_notifier_or_protected_address_is_for_author_and_addressees_only(section) -> None:  # type: ignore[no-untyped-def]
    to_cgc = case_message(e.SupportPlanFormulated, AZ_CORE, [KS_CGC], [section], "APPI-69-2-3")
    so = given(LEARNED, REGISTERED, to_cgc)
    assert so.opens(KS_CGC) == items(to_cgc)
    assert items(to_cgc) <= so.opens(AZ_CORE)
    assert not items(to_cgc) & so.opens(AZ_COORD)
    by_contractor = replace(VISIT, event=case_message(e.VisitReportSubmitted, SORA_NPO, [], [section]).event)
    assert not items(by_contractor) & given(LEARNED, READY, by_contractor).opens(AZ_CORE)


def test_v6_a_contractor_sees_only_while_it_and_every_visitor_is_ready() -> None:
    so = given(LEARNED, READY, TO_SORA, VISIT)
    assert so.opens(SORA_NPO) == items(TO_SORA, VISIT)
    second = message_to_second_worker()
    assert given(LEARNED, READY, TO_SORA, second).opens(SORA_NPO) == set()


def message_to_second_worker():  # type: ignore[no-untyped-def]
    from domain.events import SupportWorkerAssigned

    return case_message(SupportWorkerAssigned, AZ_CORE, name="second", worker="W-untrained")


@pytest.mark.parametrize(
    "end", [pytest.param(CLOSED, id="closing"), pytest.param(UNASSIGNED, id="unassignment")]
)
def test_v8_the_end_empties_its_view_and_its_own_reports_with_it(end) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, READY, TO_SORA, VISIT, end)
    assert so.opens(SORA_NPO) == set()
    assert items(TO_SORA, VISIT) <= so.opens(AZ_CORE)


@pytest.mark.parametrize("contractor", [SORA_NPO, HIDA_SWC])
def test_a_follow_on_is_judged_as_another_service_also_after_closing(contractor) -> None:  # type: ignore[no-untyped-def]
    follow = case_message(e.FollowOnServiceArranged, AZ_CORE, [contractor], [S.BASIC], "CONSENT")
    assert given(LEARNED, READY, TO_SORA, follow, CLOSED).opens(contractor) == items(follow)


DISCLOSED = case_message(
    e.DisclosureMade, AZ_CORE, [EXT_SERVICE, KS_CGC], [S.BASIC],
    {EXT_SERVICE: "CONSENT", KS_CGC: "APPI-69-2-3"}, consent=[id_of("C1")],
)  # fmt: skip


def test_v9_what_rested_on_a_withdrawn_consent_is_gone_for_who_had_it_by_consent() -> None:
    so = given(LEARNED, consent_of(), DISCLOSED)
    assert so.opens(EXT_SERVICE) == so.opens(KS_CGC) == items(DISCLOSED)
    so = given(LEARNED, consent_of(), DISCLOSED, withdrawn())
    assert so.opens(EXT_SERVICE) == set()
    assert so.opens(KS_CGC) == items(DISCLOSED)
    assert items(DISCLOSED) <= so.opens(AZ_CORE)


def test_v9_a_consent_that_nobody_recorded_takes_nothing_away() -> None:
    both = replace(
        DISCLOSED, event=replace(DISCLOSED.event, consent=frozenset({id_of("C1"), id_of("never given")}))
    )  # type: ignore[call-arg]
    assert given(LEARNED, consent_of(), both).opens(EXT_SERVICE) == items(both)


BY_TWO = case_message(
    e.SupportPlanFormulated, AZ_CORE, [EXT_SERVICE, MID_HOSP], [S.BASIC, S.PLAN], "CONSENT",
    consent=[id_of("C1"), id_of("C2"), id_of("C3")], name="by two",
)  # fmt: skip


def test_v9_each_withdrawn_consent_closes_only_what_rested_on_it() -> None:
    given_by = (
        consent_of("C1", sections=[S.BASIC]),
        consent_of("C2", sections=[S.PLAN]),
        consent_of("C3", recipient=MID_HOSP),
    )
    so = given(LEARNED, REGISTERED, *given_by, BY_TWO)
    assert so.opens(EXT_SERVICE) & items(BY_TWO) == so.opens(AZ_COORD) & items(BY_TWO) == items(BY_TWO)
    [plan] = [item.item for item in BY_TWO.event.items if item.section is S.PLAN]  # type: ignore[attr-defined]
    so.put(withdrawn("C1"))
    assert so.opens(EXT_SERVICE) & items(BY_TWO) == so.opens(AZ_COORD) & items(BY_TWO) == {plan}
    assert items(BY_TWO) <= so.opens(MID_HOSP)
    so.put(withdrawn("C3"))
    assert not items(BY_TWO) & so.opens(MID_HOSP)
    assert so.opens(EXT_SERVICE) & items(BY_TWO) == {plan}
    assert not items(BY_TWO) & so.opens(AZ_COORD)
    assert items(BY_TWO) <= so.opens(AZ_CORE)


def test_v9_what_was_sent_after_a_withdrawal_rests_on_the_consent_in_force() -> None:
    past = (consent_of("C1"), consent_of("C2"), withdrawn("C1", at=NOON - timedelta(days=1)))
    sent = replace(DISCLOSED, event=replace(DISCLOSED.event, consent=frozenset({id_of("C1"), id_of("C2")})))
    so = given(LEARNED, *past, sent)
    assert so.opens(EXT_SERVICE) == items(sent)


NEWS = case_message(
    e.FamilyInformationProvided,
    MID_HOSP,
    [AZ_CORE, EXT_SERVICE],
    [S.BASIC],
    {AZ_CORE: "CWA-21-10-5", EXT_SERVICE: "CONSENT"},
    consent=[id_of("C1")],
    name="news by law and by consent",
)
BY_CONSENT = case_message(
    e.FamilyInformationProvided,
    MID_HOSP,
    [AZ_CORE],
    [S.BASIC],
    "CONSENT",
    consent=[id_of("C1")],
    name="news by consent alone",
)
TO_COORD = case_message(
    e.FamilyInformationProvided,
    MID_HOSP,
    [AZ_CORE, AZ_COORD],
    [S.BASIC],
    {AZ_CORE: "CWA-21-10-5", AZ_COORD: "CONSENT"},
    consent=[id_of("C1")],
    name="news to the coordinating agency by consent",
)


def _consented(recipient):  # type: ignore[no-untyped-def]
    return consent_of("C1", sender=MID_HOSP, recipient=recipient, sections=[S.BASIC])


def test_v9_standing_access_from_a_copy_that_rests_on_law_is_kept() -> None:
    so = given(LEARNED, REGISTERED, _consented(EXT_SERVICE), NEWS, withdrawn())
    assert items(NEWS) <= so.opens(AZ_CORE)
    assert items(NEWS) <= so.opens(AZ_COORD)
    assert not items(NEWS) & so.opens(EXT_SERVICE)
    before = given(LEARNED, REGISTERED, _consented(EXT_SERVICE), NEWS, withdrawn(), edition=1)
    assert not items(NEWS) & before.opens(AZ_COORD)


def test_v9_standing_access_from_a_copy_that_rested_on_the_consent_goes_with_it() -> None:
    so = given(LEARNED, REGISTERED, _consented(AZ_CORE), BY_CONSENT)
    assert items(BY_CONSENT) <= so.opens(AZ_COORD)
    so.put(withdrawn())
    assert not items(BY_CONSENT) & (so.opens(AZ_CORE) | so.opens(AZ_COORD))
    assert items(BY_CONSENT) <= so.opens(MID_HOSP)


def test_v9_who_had_it_by_consent_keeps_it_by_standing_access_of_before_and_by_none_that_begins_later() -> (
    None
):
    at = NOON - timedelta(hours=1)
    so = given(LEARNED, REGISTERED, _consented(AZ_COORD), TO_COORD, withdrawn())
    assert items(TO_COORD) <= so.opens(AZ_COORD)
    later = given(LEARNED, _consented(AZ_COORD), TO_COORD, withdrawn(at=at), replace(REGISTERED, at=NOON))
    assert not items(TO_COORD) & later.opens(AZ_COORD)
    assert items(TO_COORD) <= later.opens(AZ_CORE)


def test_v9_takes_standing_access_with_it_and_nothing_gives_it_back() -> None:
    resting = case_message(
        e.SupportPlanFormulated,
        AZ_CORE,
        [EXT_SERVICE],
        [S.PLAN],
        "CONSENT",
        consent=[id_of("C1")],
        name="resting",
    )
    so = given(LEARNED, REGISTERED, consent_of(), resting)
    assert items(resting) <= so.opens(AZ_COORD)
    so = given(LEARNED, REGISTERED, consent_of(), resting, withdrawn(), consent_of("C2"))
    assert not items(resting) & so.opens(AZ_COORD)
    assert so.opens(EXT_SERVICE) == set()
    new_disclosure = replace(
        resting,
        command_id=id_of("new_disclosure"),
        event=case_message(
            e.SupportPlanFormulated,
            AZ_CORE,
            [EXT_SERVICE],
            [S.PLAN],
            "CONSENT",
            consent=[id_of("C2")],
            name="new_disclosure",
        ).event,
    )
    so.put(new_disclosure)
    assert so.opens(EXT_SERVICE) == items(new_disclosure)


def test_v10_the_auditor_opens_nothing() -> None:
    assert given(LEARNED, REGISTERED, PLANNED).opens(AUDIT) == set()


def test_keys_are_made_for_just_the_author_the_addressees_and_the_standing_readers() -> None:
    world = given(LEARNED, REGISTERED, READY).world

    def whom(message, by):  # type: ignore[no-untyped-def]
        return [
            recipients(world.register, world.case, by, message.event, i, world.rule_book)
            for i in message.event.items
        ]

    assert whom(case_message(e.SupportPlanFormulated, AZ_CORE, sections=[S.PLAN, S.CHILD]), AZ_CORE) == [
        {AZ_CORE, AZ_COORD},
        {AZ_CORE},
    ]
    assert whom(VISIT, SORA_NPO) == [{SORA_NPO, AZ_CORE}]
    assert whom(TO_SORA, AZ_CORE) == [{AZ_CORE, SORA_NPO}] * 2
    assert whom(case_message(e.SupportPlanFormulated, AZ_CORE, [KS_CGC], [S.SOURCE, S.ADDR]), AZ_CORE) == [
        {AZ_CORE},
        {AZ_CORE, KS_CGC},
    ]
    assert jst("2025-06-02 12:00").hour == 3
