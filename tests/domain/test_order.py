"""The order of judgement: form, parties, matrix, basis, readiness; the first that fails is the one reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import events as e
from domain.codes import Flag, Role, Section
from domain.errors import NotFound
from domain.reasons import Reason
from domain.record import AUDIT, HUB, REGISTRARS, About
from domain.rulebook import first_edition
from tests.domain.builders import (
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
    case_message,
    consent_of,
    event_input,
    given,
    id_of,
    keys,
    refused,
    rule_book,
)

S = Section


def test_a_command_that_fails_every_check_is_corrected_check_by_check():
    """One disclosure, wrong in every way; each mending shows the next reason."""
    so = given(LEARNED, ASSESSED, ELIGIBLE, REGISTERED, consent_of(recipient=EXT_SERVICE))

    def reason(**changed):
        usual = {"sections": [S.NOTIFIER], "to": [EXT_SERVICE], "by": SORA_NPO, "basis": None}
        usual.update(changed)
        act = usual.pop("act", e.SupportPlanFormulated)
        command = case_message(
            act, usual["by"], usual["to"], usual["sections"], usual["basis"], name="all wrong"
        )
        [event] = so.when(command)
        return event.reason if hasattr(event, "reason") and event != command.event else event

    assert reason(sections=[]) == Reason.NO_SECTIONS  # form
    assert reason(to=[NOBODY]) == Reason.UNKNOWN_ADDRESSEE  # parties: to whom
    assert reason() == Reason.NOT_RESPONSIBLE_CORE  # parties: who
    assert reason(by=AZ_CORE) == Reason.NEVER_FOR_ROLE  # matrix
    assert reason(by=AZ_CORE, sections=[S.PLAN]) == Reason.NO_BASIS  # basis
    to_sora = {"by": AZ_CORE, "sections": [S.PLAN], "to": [SORA_NPO], "basis": "CWA-25-2-2"}
    assert reason(**to_sora) == Reason.CONTRACTOR_NOT_COMMISSIONED  # readiness of the addressee
    valid_plan = case_message(
        e.SupportPlanFormulated, AZ_CORE, [KS_CGC], [S.PLAN], "CWA-25-2-2", name="all wrong"
    )
    assert so.when(valid_plan) == [valid_plan.event]


def test_what_must_be_before_an_act_is_asked_before_who_can_get_it():
    command = case_message(e.SupportPlanFormulated, AZ_CORE, [SORA_NPO], [S.PLAN], "CWA-25-2-2")
    so = given(LEARNED, REGISTERED)
    assert so.when(command) == refused(command, Reason.NOT_ELIGIBLE)


# --- form ---------------------------------------------------------------------------------------------


def test_a_message_that_discloses_must_have_sections():
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC])
    assert given(LEARNED).when(command) == refused(command, Reason.NO_SECTIONS)


def test_author_only_sections_are_not_disclosed():
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [S.SOURCE])
    assert given(LEARNED).when(command) == refused(command, Reason.NO_SECTIONS)


def test_an_acknowledgement_carries_no_content():
    command = case_message(
        e.ReferralAcknowledged, AZ_CORE, [MID_HOSP], [S.BASIC], "CWA-21-10-5", answers=LEARNED.command_id
    )
    assert given(LEARNED).when(command) == refused(command, Reason.SECTIONS_NOT_ALLOWED)


def test_an_acknowledgement_may_keep_its_source():
    command = case_message(
        e.ReferralAcknowledged, AZ_CORE, [MID_HOSP], [S.SOURCE], answers=LEARNED.command_id
    )
    assert given(LEARNED).when(command) == [command.event]


def test_a_message_that_is_there_is_not_made_again():
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3", name="one name")
    there = case_message(e.InformationRequested, MID_HOSP, [AZ_CORE], name="one name")
    assert given(LEARNED, there).when(command) == refused(command, Reason.MESSAGE_EXISTS)


def test_an_item_is_in_one_message_only():
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    command = replace(command, event=replace(command.event, items=(LEARNED.item(),)))
    assert given(LEARNED).when(command) == refused(command, Reason.ITEM_EXISTS)


# --- parties ---------------------------------------------------------------------------------------------


def test_nobody_sends_to_himself():
    command = case_message(e.DisclosureMade, AZ_CORE, [AZ_CORE, KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED).when(command) == refused(command, Reason.ADDRESSEE_IS_SENDER, AZ_CORE)


@pytest.mark.parametrize(
    ("past", "to"),
    [
        pytest.param([], NOBODY, id="never registered"),
        pytest.param(
            [
                event_input(
                    REGISTRARS, e.KeySetRevoked(compromised_since=None), on=About(e.Kind.AGENCY, KS_CGC)
                )
            ],
            KS_CGC,
            id="its keys were revoked",
        ),
        pytest.param([keys("KS-CGC", roles=frozenset())], KS_CGC, id="an agency of no role"),
        pytest.param(
            [
                event_input(
                    REGISTRARS, e.KeySetRevoked(compromised_since=None), on=About(e.Kind.AGENCY, NOBODY)
                )
            ],
            NOBODY,
            id="revoked without ever having published",
        ),
    ],
)
def test_who_has_no_keys_in_force_is_not_sent_to(past, to):
    command = case_message(e.DisclosureMade, AZ_CORE, [to], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED, past).when(command) == refused(command, Reason.UNKNOWN_ADDRESSEE, to)


def test_disclosure_after_revocation_and_new_keys_is_recorded():
    revoked = event_input(
        REGISTRARS, e.KeySetRevoked(compromised_since=None), on=About(e.Kind.AGENCY, KS_CGC)
    )
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED, revoked, keys("KS-CGC")).when(command) == [command.event]


@pytest.mark.parametrize("by", [REGISTRARS, AUDIT, HUB])
def test_only_agencies_send_messages_in_a_case(by):
    command = case_message(e.PlanReviewed, by)
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_YOURS)


def test_the_hubs_own_events_cannot_be_commanded():
    hold = case_message(e.DisclosureHeld, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    founded = event_input(AZ_CORE, e.HubFounded(mode="REHEARSAL"))
    assert given(LEARNED).when(hold) == refused(hold, Reason.NOT_YOURS)
    assert given(LEARNED).when(founded) == refused(founded, Reason.NOT_YOURS)


def test_a_refused_opening_cannot_be_asked_for():
    item = LEARNED.item()
    proposed_event = e.OpeningRefused(
        message=LEARNED.command_id,
        item=item.item,
        section=item.section,
        purpose="SUPPORT",
        reason=Reason.NOT_YOURS,
    )
    command = event_input(AZ_CORE, proposed_event)
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_YOURS)
    with pytest.raises(NotFound):
        given(LEARNED).when(replace(command, event=replace(proposed_event, item=id_of("no item"))))


# --- matrix --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "to"),
    [
        pytest.param(S.ADDR, MID_HOSP, id="a protected address to a hospital"),
        pytest.param(S.NOTIFIER, MID_HOSP, id="the notifier to a hospital"),
        pytest.param(S.NOTIFIER, SORA_NPO, id="the notifier to a contractor"),
        pytest.param(S.ADDR, EXT_SERVICE, id="a protected address to a service"),
        pytest.param(S.NOTIFIER, EXT_NURSERY, id="the notifier to a nursery"),
        pytest.param(S.CONF, EXT_SERVICE, id="minutes to a service"),
        pytest.param(S.CLOSING, EXT_SERVICE, id="the closing to a service"),
    ],
)
def test_the_n_of_the_matrix_is_refused_with_any_basis(section, to):
    so = given(LEARNED, REGISTERED, READY, consent_of(recipient=to, sections=[section]))
    command = case_message(
        e.DisclosureMade, AZ_CORE, [to], [S.BASIC, section], "CONSENT", consent=[id_of("C1")]
    )
    assert so.when(command) == refused(command, Reason.NEVER_FOR_ROLE, to)


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
def test_a_d_of_the_matrix_is_permitted_with_a_basis(section, to, basis):
    command = case_message(e.DisclosureMade, AZ_CORE, [to], [section], basis)
    assert given(LEARNED, REGISTERED, READY).when(command) == [command.event]


def test_one_forbidden_addressee_refuses_the_message_for_all():
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC, MID_HOSP], [S.ADDR], "CWA-25-2-2")
    assert given(LEARNED, REGISTERED).when(command) == refused(command, Reason.NEVER_FOR_ROLE, MID_HOSP)


def test_sensitive_items_do_not_go_to_a_contractor():
    command = case_message(
        e.DisclosureMade, AZ_CORE, [SORA_NPO], [(S.CAREGIVER, Flag.SENSITIVE)], "CWA-21-10-2-3"
    )
    assert given(LEARNED, READY).when(command) == refused(command, Reason.SENSITIVE_NOT_FOR_ROLE, SORA_NPO)


@pytest.mark.parametrize(
    ("to", "flag", "basis"),
    [
        pytest.param(SORA_NPO, Flag.CHILD_STATEMENT, "CWA-21-10-2-3", id="a child's words to the contractor"),
        pytest.param(KS_CGC, Flag.SENSITIVE, "APPI-69-2-3", id="sensitive to the child guidance centre"),
    ],
)
def test_flags_keep_an_item_only_from_the_roles_the_book_names(to, flag, basis):
    command = case_message(e.DisclosureMade, AZ_CORE, [to], [(S.CAREGIVER, flag)], basis)
    assert given(LEARNED, READY).when(command) == [command.event]


def test_an_agency_of_two_roles_gets_what_either_may_get():
    so = given(LEARNED, keys("EXT-SERVICE", roles=frozenset({Role.EXT, Role.CGC})))
    command = case_message(e.DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.NOTIFIER], "CWA-25-7-1")
    assert so.when(command) == [command.event]


def test_a_role_that_the_book_does_not_name_is_judged_by_the_book_of_the_day():
    rules = first_edition()
    rules["never"] = {**rules["never"], "CGC": ["BASIC"]}
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED, rule_book(rules)).when(command) == refused(command, Reason.NEVER_FOR_ROLE, KS_CGC)


def test_a_contractor_as_another_service_is_judged_as_any_service():
    past = [LEARNED, COMMISSIONED, ASSIGNED]
    consent = consent_of(recipient=HIDA_SWC, sections=[S.BASIC, S.CONF])
    command = case_message(
        e.FollowOnServiceArranged, AZ_CORE, [HIDA_SWC], [S.CONF], "CONSENT", consent=[id_of("C1")]
    )
    fine = case_message(
        e.FollowOnServiceArranged, AZ_CORE, [HIDA_SWC], [S.BASIC], "CONSENT", consent=[id_of("C1")]
    )
    so = given(past, consent)
    assert so.when(command) == refused(command, Reason.NEVER_FOR_ROLE, HIDA_SWC)
    assert so.when(fine) == [fine.event]


# --- where a case belongs -----------------------------------------------------------------------------------


def test_the_first_message_settles_network_and_core_agency():
    command = case_message(e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [S.BASIC], "CWA-21-10-5")
    assert given().when(command) == [replace(command.event, placed=PLACED)]


def test_news_to_the_coordinating_agency_settles_the_core_agency_too():
    command = case_message(e.FamilyInformationProvided, MID_HOSP, [AZ_COORD], [S.BASIC], "CWA-21-10-5")
    assert given().when(command) == [replace(command.event, placed=PLACED)]


def test_news_is_addressed_to_an_office():
    command = case_message(e.FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC], "CWA-25-1")
    assert given().when(command) == refused(command, Reason.NO_CORE_AGENCY)


def test_news_of_a_placed_case_is_addressed_to_its_own_or_another_office():
    there = case_message(
        e.FamilyInformationProvided, MID_HOSP, [TW_CORE], [S.BASIC], "CWA-21-10-5", name="second"
    )
    assert given(LEARNED).when(there) == [there.event]
    nowhere = case_message(
        e.FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC], "CWA-25-1", name="third"
    )
    assert given(LEARNED).when(nowhere) == refused(nowhere, Reason.NO_CORE_AGENCY)


def test_an_office_may_record_its_own_news():
    command = case_message(e.FamilyInformationProvided, AZ_COORD, [], [S.BASIC])
    assert given().when(command) == [replace(command.event, placed=PLACED)]


def test_who_coordinates_another_network_does_not_coordinate_this_one():
    command = case_message(e.NetworkCaseRegistered, TW_ONE, [AZ_CORE])
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_COORDINATING)


def test_a_consultation_is_refused_bare_where_it_has_no_items():
    command = case_message(e.ClosingConsultationHeld, KS_CGC)
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_RESPONSIBLE_CORE)


def test_what_is_addressed_to_nobody_is_the_senders_own_entry():
    command = case_message(e.DisclosureMade, AZ_CORE, [], [S.BASIC])
    assert given(LEARNED).when(command) == [command.event]


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(e.EmergencyAccessRequested, {}, id="an emergency"),
        pytest.param(e.CgcTransferNotified, {}, id="between centres"),
        pytest.param(e.TransferInitiated, {"moves_on": None}, id="a move"),
    ],
)
def test_a_sender_without_key_set_is_refused_before_its_message_is_judged(act, data):
    command = case_message(act, NOBODY, [AZ_CORE], **data)
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_YOURS)
