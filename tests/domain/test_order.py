"""The order of judgement: form, parties, matrix, basis, readiness; the first that fails is the one reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.codes import Flag, Role, Section
from domain.errors import NotThere
from domain.events import (
    CgcTransferNotified,
    ClosingConsultationHeld,
    DisclosureHeld,
    DisclosureMade,
    EmergencyAccessRequested,
    FamilyInformationProvided,
    FollowOnServiceArranged,
    HubFounded,
    InformationRequested,
    KeySetRevoked,
    Kind,
    NetworkCaseRegistered,
    OpeningRefused,
    PlanReviewed,
    ReferralAcknowledged,
    SupportPlanFormulated,
    TransferInitiated,
)
from domain.reasons import Reason
from domain.record import AUDIT, HUB, REGISTRY, About
from domain.rulebook import first_edition
from tests.domain.kit import (
    ASSESSED,
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    COMMISSIONED,
    ELIGIBLE,
    EXT_NURSERY,
    EXT_SERVICE,
    HIDA_SWC,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOBODY,
    PLACED,
    READY,
    REGISTERED,
    SORA_NPO,
    TW_CORE,
    TW_ONE,
    consent_of,
    given,
    id_of,
    keys,
    refused,
    rule_book,
    said,
    tell,
)

S = Section


def test_a_wish_that_fails_in_every_step_is_mended_step_by_step():
    """One disclosure, wrong in every way; each mending shows the next reason."""
    so = given(LEARNED, ASSESSED, ELIGIBLE, REGISTERED, consent_of(recipient=EXT_SERVICE))

    def reason(**changed):
        usual = {"sections": [S.NOTIFIER], "to": [EXT_SERVICE], "by": SORA_NPO, "basis": None}
        usual.update(changed)
        act = usual.pop("act", SupportPlanFormulated)
        wish = tell(act, usual["by"], usual["to"], usual["sections"], usual["basis"], name="all wrong")
        [fact] = so.when(wish)
        return fact.reason if hasattr(fact, "reason") and fact != wish.fact else fact

    assert reason(sections=[]) == Reason.NO_SECTIONS  # form
    assert reason(to=[NOBODY]) == Reason.UNKNOWN_ADDRESSEE  # parties: to whom
    assert reason() == Reason.NOT_RESPONSIBLE_CORE  # parties: who
    assert reason(by=AZ_CORE) == Reason.NEVER_FOR_ROLE  # matrix
    assert reason(by=AZ_CORE, sections=[S.PLAN]) == Reason.NO_BASIS  # basis
    to_sora = {"by": AZ_CORE, "sections": [S.PLAN], "to": [SORA_NPO], "basis": "CWA-25-2-2"}
    assert reason(**to_sora) == Reason.CONTRACTOR_NOT_COMMISSIONED  # readiness of the addressee
    good = tell(SupportPlanFormulated, AZ_CORE, [KS_CGC], [S.PLAN], "CWA-25-2-2", name="all wrong")
    assert so.when(good) == [good.fact]


def test_what_must_be_before_an_act_is_asked_before_who_can_get_it():
    wish = tell(SupportPlanFormulated, AZ_CORE, [SORA_NPO], [S.PLAN], "CWA-25-2-2")
    so = given(LEARNED, REGISTERED)
    assert so.when(wish) == refused(wish, Reason.NOT_ELIGIBLE)


# --- form ---------------------------------------------------------------------------------------------


def test_a_message_that_tells_must_carry_something():
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC])
    assert given(LEARNED).when(wish) == refused(wish, Reason.NO_SECTIONS)


def test_what_is_for_the_author_alone_is_not_told():
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC], [S.SOURCE])
    assert given(LEARNED).when(wish) == refused(wish, Reason.NO_SECTIONS)


def test_an_acknowledgement_carries_no_content():
    wish = tell(ReferralAcknowledged, AZ_CORE, [MID_HOSP], [S.BASIC], "CWA-21-10-5", answers=LEARNED.ask)
    assert given(LEARNED).when(wish) == refused(wish, Reason.SECTIONS_NOT_ALLOWED)


def test_an_acknowledgement_may_keep_its_source():
    wish = tell(ReferralAcknowledged, AZ_CORE, [MID_HOSP], [S.SOURCE], answers=LEARNED.ask)
    assert given(LEARNED).when(wish) == [wish.fact]


def test_a_message_that_is_there_is_not_made_again():
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3", name="one name")
    there = tell(InformationRequested, MID_HOSP, [AZ_CORE], name="one name")
    assert given(LEARNED, there).when(wish) == refused(wish, Reason.MESSAGE_EXISTS)


def test_an_item_stands_in_one_message_only():
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    wish = replace(wish, fact=replace(wish.fact, items=(LEARNED.item(),)))
    assert given(LEARNED).when(wish) == refused(wish, Reason.ITEM_EXISTS)


# --- parties ---------------------------------------------------------------------------------------------


def test_nobody_sends_to_himself():
    wish = tell(DisclosureMade, AZ_CORE, [AZ_CORE, KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED).when(wish) == refused(wish, Reason.ADDRESSEE_IS_SENDER, AZ_CORE)


@pytest.mark.parametrize(
    ("past", "to"),
    [
        pytest.param([], NOBODY, id="never registered"),
        pytest.param(
            [said(REGISTRY, KeySetRevoked(compromised_since=None), on=About(Kind.AGENCY, KS_CGC))],
            KS_CGC,
            id="its keys were revoked",
        ),
        pytest.param([keys("KS-CGC", roles=frozenset())], KS_CGC, id="an agency of no role"),
        pytest.param(
            [said(REGISTRY, KeySetRevoked(compromised_since=None), on=About(Kind.AGENCY, NOBODY))],
            NOBODY,
            id="revoked without ever having published",
        ),
    ],
)
def test_who_has_no_keys_in_force_is_not_sent_to(past, to):
    wish = tell(DisclosureMade, AZ_CORE, [to], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED, past).when(wish) == refused(wish, Reason.UNKNOWN_ADDRESSEE, to)


def test_given_new_keys_after_revocation_when_told_then_it_goes():
    revoked = said(REGISTRY, KeySetRevoked(compromised_since=None), on=About(Kind.AGENCY, KS_CGC))
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED, revoked, keys("KS-CGC")).when(wish) == [wish.fact]


@pytest.mark.parametrize("by", [REGISTRY, AUDIT, HUB])
def test_who_is_no_agency_has_no_word_in_a_case(by):
    wish = tell(PlanReviewed, by)
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOT_YOURS)


def test_the_hubs_own_facts_cannot_be_asked_for():
    hold = tell(DisclosureHeld, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    founded = said(AZ_CORE, HubFounded(mode="REHEARSAL"))
    assert given(LEARNED).when(hold) == refused(hold, Reason.NOT_YOURS)
    assert given(LEARNED).when(founded) == refused(founded, Reason.NOT_YOURS)


def test_a_refused_opening_cannot_be_asked_for():
    item = LEARNED.item()
    draft = OpeningRefused(
        message=LEARNED.ask,
        item=item.item,
        section=item.section,
        purpose="SUPPORT",
        reason=Reason.NOT_YOURS,
    )
    wish = said(AZ_CORE, draft)
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOT_YOURS)
    with pytest.raises(NotThere):
        given(LEARNED).when(replace(wish, fact=replace(draft, item=id_of("no item"))))


# --- matrix --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "to"),
    [
        pytest.param(S.ADDR, MID_HOSP, id="a protected address to a hospital"),
        pytest.param(S.NOTIFIER, MID_HOSP, id="the notifier to a hospital"),
        pytest.param(S.NOTIFIER, SORA_NPO, id="the notifier to a contractor"),
        pytest.param(S.ADDR, EXT_SERVICE, id="a protected address to a service"),
        pytest.param(S.NOTIFIER, EXT_NURSERY, id="the notifier to a nursery"),
        pytest.param(S.CONF, EXT_NURSERY, id="minutes to a nursery"),
        pytest.param(S.CLOSING, EXT_SERVICE, id="the closing to a service"),
    ],
)
def test_the_n_of_the_matrix_is_refused_with_any_basis(section, to):
    so = given(LEARNED, REGISTERED, READY, consent_of(recipient=to, sections=[section]))
    wish = tell(DisclosureMade, AZ_CORE, [to], [S.BASIC, section], "CONSENT", consent=[id_of("C1")])
    assert so.when(wish) == refused(wish, Reason.NEVER_FOR_ROLE, to)


@pytest.mark.parametrize(
    ("section", "to", "basis"),
    [
        pytest.param(S.ADDR, SORA_NPO, "CWA-21-10-2-3", id="a protected address to the assigned visitor"),
        pytest.param(S.NOTIFIER, KS_CGC, "APPI-69-2-3", id="the notifier to the child guidance centre"),
        pytest.param(S.CONF, MID_HOSP, "CWA-25-2-2", id="minutes to a participant"),
        pytest.param(S.CONF, SORA_NPO, "CWA-25-2-2", id="an extract of the minutes to the contractor"),
        pytest.param(S.CLOSING, SORA_NPO, "CWA-25-2-2", id="the closing to the contractor"),
    ],
)
def test_the_d_of_the_matrix_goes_with_a_basis(section, to, basis):
    wish = tell(DisclosureMade, AZ_CORE, [to], [section], basis)
    assert given(LEARNED, REGISTERED, READY).when(wish) == [wish.fact]


def test_one_forbidden_addressee_stops_the_whole_message():
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC, MID_HOSP], [S.ADDR], "CWA-25-2-2")
    assert given(LEARNED, REGISTERED).when(wish) == refused(wish, Reason.NEVER_FOR_ROLE, MID_HOSP)


def test_sensitive_items_do_not_go_to_a_contractor():
    wish = tell(DisclosureMade, AZ_CORE, [SORA_NPO], [(S.CAREGIVER, Flag.SENSITIVE)], "CWA-21-10-2-3")
    assert given(LEARNED, READY).when(wish) == refused(wish, Reason.SENSITIVE_NOT_FOR_ROLE, SORA_NPO)


@pytest.mark.parametrize(
    ("to", "flag", "basis"),
    [
        pytest.param(SORA_NPO, Flag.CHILD_STATEMENT, "CWA-21-10-2-3", id="a child's words to the contractor"),
        pytest.param(KS_CGC, Flag.SENSITIVE, "APPI-69-2-3", id="sensitive to the child guidance centre"),
    ],
)
def test_flags_keep_an_item_only_from_the_roles_the_book_names(to, flag, basis):
    wish = tell(DisclosureMade, AZ_CORE, [to], [(S.CAREGIVER, flag)], basis)
    assert given(LEARNED, READY).when(wish) == [wish.fact]


def test_an_agency_of_two_roles_gets_what_either_may_get():
    so = given(LEARNED, keys("EXT-SERVICE", roles=frozenset({Role.EXT, Role.CGC})))
    wish = tell(DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.NOTIFIER], "CWA-25-7-1")
    assert so.when(wish) == [wish.fact]


def test_a_role_that_the_book_does_not_name_is_judged_by_the_book_of_the_day():
    book = first_edition()
    book["never"] = {**book["never"], "CGC": ["BASIC"]}
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED, rule_book(book)).when(wish) == refused(wish, Reason.NEVER_FOR_ROLE, KS_CGC)


def test_a_contractor_as_another_service_is_judged_as_any_service():
    past = [LEARNED, COMMISSIONED, ASSIGNED]
    consent = consent_of(recipient=HIDA_SWC, sections=[S.BASIC, S.CONF])
    wish = tell(FollowOnServiceArranged, AZ_CORE, [HIDA_SWC], [S.CONF], "CONSENT", consent=[id_of("C1")])
    fine = tell(FollowOnServiceArranged, AZ_CORE, [HIDA_SWC], [S.BASIC], "CONSENT", consent=[id_of("C1")])
    so = given(past, consent)
    assert so.when(wish) == refused(wish, Reason.NEVER_FOR_ROLE, HIDA_SWC)
    assert so.when(fine) == [fine.fact]


# --- where a case belongs -----------------------------------------------------------------------------------


def test_the_first_message_settles_network_and_core_agency():
    wish = tell(FamilyInformationProvided, MID_HOSP, [AZ_CORE], [S.BASIC], "CWA-21-10-5")
    assert given().when(wish) == [replace(wish.fact, placed=PLACED)]


def test_news_to_the_coordinating_agency_settles_the_core_agency_too():
    wish = tell(FamilyInformationProvided, MID_HOSP, [AZ_COORD], [S.BASIC], "CWA-21-10-5")
    assert given().when(wish) == [replace(wish.fact, placed=PLACED)]


def test_news_goes_to_an_office():
    wish = tell(FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC], "CWA-25-1")
    assert given().when(wish) == refused(wish, Reason.NO_CORE_AGENCY)


def test_news_of_a_placed_case_goes_to_its_own_office_or_another_municipalitys():
    there = tell(FamilyInformationProvided, MID_HOSP, [TW_CORE], [S.BASIC], "CWA-21-10-5", name="second")
    assert given(LEARNED).when(there) == [there.fact]
    nowhere = tell(FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC], "CWA-25-1", name="third")
    assert given(LEARNED).when(nowhere) == refused(nowhere, Reason.NO_CORE_AGENCY)


def test_an_office_may_record_its_own_news():
    wish = tell(FamilyInformationProvided, AZ_COORD, [], [S.BASIC])
    assert given().when(wish) == [replace(wish.fact, placed=PLACED)]


def test_who_coordinates_another_network_does_not_coordinate_this_one():
    wish = tell(NetworkCaseRegistered, TW_ONE, [AZ_CORE])
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOT_COORDINATING)


def test_a_consultation_is_refused_bare_where_it_has_no_items():
    wish = tell(ClosingConsultationHeld, KS_CGC)
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOT_RESPONSIBLE_CORE)


def test_what_is_addressed_to_nobody_is_the_senders_own_entry():
    wish = tell(DisclosureMade, AZ_CORE, [], [S.BASIC])
    assert given(LEARNED).when(wish) == [wish.fact]


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(EmergencyAccessRequested, {}, id="an emergency"),
        pytest.param(CgcTransferNotified, {}, id="between centres"),
        pytest.param(TransferInitiated, {"moves_on": None}, id="a move"),
    ],
)
def test_a_sender_that_nobody_vouched_for_is_refused_before_its_words_are_looked_at(act, data):
    wish = tell(act, NOBODY, [AZ_CORE], **data)
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOT_YOURS)
