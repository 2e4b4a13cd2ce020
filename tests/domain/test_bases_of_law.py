"""What a law prescribes to bodies outside: courts, investigating authorities, the bar; and what is one body."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from domain import events as e
from domain.calendar import end_of
from domain.clock_kinds import ClockKind
from domain.codes import Body, Role, Section
from domain.past.edition_1.bases import parties_of
from domain.reasons import Reason
from domain.record import About
from domain.register import Agency
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    AZ_MCH,
    EXT_NURSERY,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    READY,
    REGISTERED,
    SORA_NPO,
    TW_CORE,
    WORKER,
    case_message,
    event_input,
    given,
    id_of,
    jst,
    keys,
    refused,
)
from tests.domain.test_clocks import run

COURT, POLICE, BAR, AZ_CGC = (id_of(n) for n in ("KS-COURT", "AZ-POLICE", "KS-BAR", "AZ-CGC"))


def _agency(id, code, body, role=Role.EXT, municipality=None):
    event = e.KeySetPublished(
        code=code,
        name=f"架空 {code}",
        roles=frozenset({role}),
        body=body,
        municipality=municipality,
        custody="HOSTED",
        sig={"ed25519": f"sig {code}"},
        kem={"x25519": f"kem {code}"},
    )
    return event_input(id, event, on=About(e.Kind.AGENCY, id), name=f"keys {code} {body} {municipality}")


OUTSIDE = (
    _agency(COURT, "KS-COURT", Body.COURT),
    _agency(POLICE, "AZ-POLICE", Body.INVESTIGATION),
    _agency(BAR, "KS-BAR", Body.BAR),
)
OWN_CENTRE = _agency(AZ_CGC, "AZ-CGC", Body.MUNICIPALITY, Role.CGC, "AZ")


def _disclosure(by, to, basis, *, act=e.DisclosureMade, **more):
    return case_message(act, by, [to], [Section.RISK], basis, name="the disclosure", **more)


def _reason(so, command, now=NOON):
    [event] = so.when(command, now=now)
    return event.reason


def _request(code, asker, by=AZ_CORE, **more):
    fields = {"requested_on": date(2025, 6, 1), "due_on": date(2025, 6, 30), **more}
    return case_message(
        e.OfficialRequestReceived, by, code=code, requesting_agency=asker, name=f"{code} {asker}", **fields
    )


# --- one body (APPI 69(1)) ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["APPI-69-1", "APPI-69-2-2"])
@pytest.mark.parametrize(("by", "to"), [(AZ_CORE, AZ_CGC), (AZ_CGC, AZ_MCH)])
def test_a_city_and_its_own_child_guidance_centre_are_one_body(code, by, to):
    command = _disclosure(by, to, code)
    assert given(LEARNED, OWN_CENTRE).when(command) == [command.event]


@pytest.mark.parametrize(
    "centre",
    [
        pytest.param(_agency(AZ_CGC, "AZ-CGC", Body.MUNICIPALITY, Role.CGC, "BS"), id="that of another city"),
        pytest.param(_agency(AZ_CGC, "AZ-CGC", Body.MUNICIPALITY, Role.CGC), id="of no city that is named"),
        pytest.param(_agency(AZ_CGC, "AZ-CGC", Body.PREFECTURE, Role.CGC), id="the prefecture's"),
    ],
)
def test_another_bodys_child_guidance_centre_is_not_of_the_city(centre):
    command = _disclosure(AZ_CORE, AZ_CGC, "APPI-69-1")
    assert _reason(given(LEARNED, centre), command) == Reason.OTHER_MUNICIPALITY


def test_a_citys_centre_has_the_bases_of_a_child_guidance_centre_too():
    sent, back = _disclosure(AZ_CORE, AZ_CGC, "CWA-25-7-1"), _disclosure(AZ_CGC, AZ_CORE, "CAPA-8-2-2")
    so = given(LEARNED, OWN_CENTRE)
    assert (so.when(sent), so.when(back)) == ([sent.event], [back.event])


def test_two_offices_of_one_prefecture_are_one_body():
    office = _agency(POLICE, "KS-HEALTH", Body.PREFECTURE, municipality="KS")
    command = _disclosure(KS_CGC, POLICE, "APPI-69-1")
    assert given(LEARNED, office, keys("KS-CGC", municipality="KS")).when(command) == [command.event]


def test_in_edition_1_every_child_guidance_centre_was_the_prefectures():
    centre = Agency(id=UUID(int=1), roles=frozenset({Role.CGC}), body=Body.MUNICIPALITY)
    assert parties_of(centre) == frozenset({"ANY", "PREFECTURE"})


# --- what a law prescribes, to a court and others -------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "by", "to"),
    [
        pytest.param("APPI-69-1", KS_CGC, COURT, id="69(1) by law, the child guidance centre to the court"),
        pytest.param("APPI-69-1", AZ_CORE, COURT, id="69(1) by law, the city to the court"),
        pytest.param("APPI-69-1", AZ_CORE, POLICE, id="69(1) by law, the city to the police"),
        pytest.param("CWA-28-1", KS_CGC, COURT, id="28 the court's approval is sought"),
        pytest.param("CWA-33-3", KS_CGC, COURT, id="33 a warrant of temporary custody is sought"),
        pytest.param("CWA-33-3", AZ_CGC, COURT, id="33 of a city's own centre"),
        pytest.param("APPI-69-2-3", AZ_CORE, POLICE, id="69(2)3 to the police, an administrative organ"),
    ],
)
def test_a_public_body_informs_a_court_or_the_police_as_a_law_prescribes(code, by, to):
    command = _disclosure(by, to, code)
    assert given(LEARNED, OUTSIDE, OWN_CENTRE).when(command) == [command.event]


@pytest.mark.parametrize(
    ("code", "by", "to"),
    [
        pytest.param("APPI-69-2-3", KS_CGC, COURT, id="69(2)3 is not for courts"),
        pytest.param("APPI-69-2-3", AZ_CORE, COURT, id="69(2)3 of a city neither"),
        pytest.param("CWA-28-1", AZ_CORE, COURT, id="28 is not the city's"),
        pytest.param("CWA-33-3", AZ_CORE, COURT, id="33 is not the city's"),
        pytest.param("CWA-33-3", KS_CGC, POLICE, id="33 is not for the police"),
        pytest.param("APPI-69-1", MID_HOSP, COURT, id="69 is for public bodies"),
        pytest.param("APPI-69-1", AZ_CORE, BAR, id="69(1) to the bar, which is none"),
        pytest.param("CAPA-8-2-4", POLICE, AZ_CORE, id="8(2)4 is the child guidance centre's"),
        pytest.param("CWA-21-10-5", POLICE, AZ_CORE, id="21-10-5 the police is not of its circle"),
        pytest.param("CWA-21-10-5", BAR, AZ_CORE, id="21-10-5 the bar neither"),
    ],
)
def test_what_the_law_gives_to_others_is_refused(code, by, to):
    command = _disclosure(by, to, code)
    assert _reason(given(LEARNED, OUTSIDE, OWN_CENTRE), command) == Reason.BASIS_FOR_OTHER_PARTIES


def test_a_warrant_is_sought_from_june_2025_on():
    so, command = given(LEARNED, OUTSIDE), _disclosure(KS_CGC, COURT, "CWA-33-3")
    assert _reason(so, command, jst("2025-05-31 23:59:59")) == Reason.BASIS_NOT_IN_FORCE
    assert so.when(command, now=jst("2025-06-01 00:00")) == [command.event]


# --- who asked whom -------------------------------------------------------------------------------------------

REQUESTS = (
    pytest.param("CRPA-197-2", POLICE, id="an investigating authority"),
    pytest.param("ATTA-23-2", BAR, id="a bar association"),
    pytest.param("CPA-186", COURT, id="a court, for facts"),
    pytest.param("CPA-226", COURT, id="a court, for documents"),
    pytest.param("DRPA-62", COURT, id="a family court"),
)


@pytest.mark.parametrize("by", [AZ_CORE, MID_HOSP])
@pytest.mark.parametrize(("code", "asker"), REQUESTS)
def test_who_was_asked_by_law_answers_by_that_law(code, asker, by):
    command, request = _disclosure(by, asker, code), _request(code, asker, by)
    assert _reason(given(LEARNED, OUTSIDE), command) == Reason.REQUEST_NOT_RECORDED
    so = given(LEARNED, OUTSIDE)
    assert so.when(request) == [request.event]
    assert given(LEARNED, OUTSIDE, request).when(command) == [command.event]


@pytest.mark.parametrize(
    "past",
    [
        pytest.param(_request("CPA-186", COURT, MID_HOSP), id="another agency was asked"),
        pytest.param(_request("CPA-226", COURT), id="by another law"),
        pytest.param(_request("CPA-186", id_of("another court")), id="another court asked"),
    ],
)
def test_a_request_is_of_who_asked_whom_by_which_law(past):
    command = _disclosure(AZ_CORE, COURT, "CPA-186")
    assert _reason(given(LEARNED, OUTSIDE, past), command) == Reason.REQUEST_NOT_RECORDED


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        pytest.param(_request("CPA-186", POLICE), Reason.BASIS_FOR_OTHER_PARTIES, id="by another's law"),
        pytest.param(_request("APPI-69-1", COURT), Reason.BASIS_UNKNOWN, id="a basis without request"),
        pytest.param(_request("CPA-999", COURT), Reason.BASIS_UNKNOWN, id="no such basis"),
        pytest.param(_request("CPA-186", id_of("x")), Reason.UNKNOWN_ADDRESSEE, id="nobody known"),
        pytest.param(_request("CPA-186", COURT, COURT), Reason.UNKNOWN_ADDRESSEE, id="itself"),
        pytest.param(
            _request("CPA-186", COURT, requested_on=date(2025, 6, 3)), Reason.TIME_AHEAD, id="of tomorrow"
        ),
    ],
)
def test_a_request_that_no_law_knows_is_refused(request_, reason):
    assert given(LEARNED, OUTSIDE).when(request_) == refused(request_, reason)


# --- what a contractor has from its commission ----------------------------------------------------------------

AT_WORK = (LEARNED, REGISTERED, READY)


@pytest.mark.parametrize(
    ("to", "basis"),
    [
        pytest.param(MID_HOSP, "CWA-25-2-2", id="a hospital of the network"),
        pytest.param(MID_HOSP, "APPI-27-1-3", id="a hospital, for the child's sound growth"),
        pytest.param(KS_CGC, "CWA-25-2-2", id="the child guidance centre"),
        pytest.param(KS_CGC, "CAPA-13-4", id="the child guidance centre that asked"),
        pytest.param(TW_CORE, "APPI-27-1-4", id="another municipality"),
    ],
)
def test_a_contractor_does_not_pass_on_what_it_has_from_its_commission(to, basis):
    command = _disclosure(SORA_NPO, to, basis, actor=WORKER)
    so = given(*AT_WORK)
    [event] = so.when(command)
    assert [event] == refused(command, Reason.COMMISSIONED_DATA, to, event.fitting)
    assert event.fitting <= {"APPI-27-1-2", "CAPA-6-1", "CWA-25-1"}
    before = given(*AT_WORK, edition=1)
    assert before.when(command) == [command.event]


@pytest.mark.parametrize(
    ("to", "basis", "act"),
    [
        pytest.param(AZ_CORE, "CWA-25-2-2", e.DisclosureMade, id="the commissioner"),
        pytest.param(AZ_COORD, "CWA-21-10-2-3", e.DisclosureMade, id="the commissioner's municipality"),
        pytest.param(MID_HOSP, "APPI-27-1-2", e.DisclosureMade, id="danger to life"),
        pytest.param(EXT_NURSERY, "APPI-27-1-2", e.DisclosureMade, id="danger to life, anybody who can help"),
        pytest.param(KS_CGC, "CAPA-6-1", e.SafetyConcernRaised, id="a notification"),
    ],
)
def test_a_contractor_reports_back_notifies_and_calls_for_help(to, basis, act):
    command = _disclosure(SORA_NPO, to, basis, act=act, actor=WORKER)
    assert given(*AT_WORK).when(command) == [command.event]


def test_who_is_no_contractor_discloses_what_is_its_own():
    command = _disclosure(EXT_SERVICE, MID_HOSP, "APPI-27-1-3")
    request = case_message(e.InformationRequested, AZ_CORE, [EXT_SERVICE])
    assert given(LEARNED, request).when(command) == [command.event]


# --- notification to the family court (CWA 25(1), proviso) ---------------------------------------------------


def _notified_to(*to):
    return case_message(e.FamilyCourtNotified, AZ_CORE, to, [Section.RISK], "CWA-25-1-P", name="to the court")


def test_a_child_of_fourteen_that_committed_an_offence_is_notified_to_the_family_court():
    command = _notified_to(COURT)
    assert given(LEARNED, OUTSIDE).when(command) == [command.event]


@pytest.mark.parametrize("to", [(KS_CGC,), (COURT, KS_CGC), ()])
def test_it_goes_to_a_court_alone(to):
    command = _notified_to(*to)
    assert given(LEARNED, OUTSIDE).when(command) == refused(command, Reason.NOT_A_COURT)


def test_the_proviso_permits_disclosing_to_nobody_but_a_court():
    command = _disclosure(AZ_CORE, POLICE, "CWA-25-1-P")
    assert _reason(given(LEARNED, OUTSIDE), command) == Reason.BASIS_FOR_OTHER_PARTIES


# --- by which day it is answered ------------------------------------------------------------------------------


def _unanswered(*past):
    so = given(LEARNED, OUTSIDE, _request("CPA-186", COURT, due_on=date(2025, 6, 30)), *past)
    return [c.due_at for c in so.world.case.clocks.values() if c.kind is ClockKind.OFFICIAL]


def _declined(answers):
    return case_message(
        e.NonDisclosureDecided,
        AZ_CORE,
        answers=answers,
        reason="X",
        review_on=date(2025, 8, 1),
        name="declined",
    )


REQUEST = id_of(f"CPA-186 {COURT}")


@pytest.mark.parametrize(
    ("answer", "is_answered"),
    [
        pytest.param(_disclosure(AZ_CORE, COURT, "CPA-186"), True, id="disclosed by the same row"),
        pytest.param(_disclosure(AZ_CORE, COURT, "CPA-226"), False, id="by another row"),
        pytest.param(_disclosure(AZ_CORE, POLICE, "CPA-186"), False, id="to another authority"),
        pytest.param(_disclosure(AZ_CORE, COURT, "CPA-186", held=[COURT]), False, id="it has not reached it"),
        pytest.param(_disclosure(KS_CGC, COURT, "CPA-186"), False, id="by another agency"),
        pytest.param(_declined(REQUEST), True, id="declined"),
        pytest.param(_declined(None), False, id="another decision"),
    ],
)
def test_a_request_of_a_court_is_waited_for_until_it_is_answered_or_declined(answer, is_answered):
    assert _unanswered() == [end_of(date(2025, 6, 30))]
    assert _unanswered(answer) == ([] if is_answered else [end_of(date(2025, 6, 30))])


def test_a_request_without_a_day_is_not_late():
    so = given(LEARNED, OUTSIDE, _request("CPA-186", COURT, due_on=None))
    assert [c for c in so.world.case.clocks.values() if c.kind is ClockKind.OFFICIAL] == []


def test_a_request_that_is_not_answered_by_its_day_raises_an_alarm():
    so = given(LEARNED, OUTSIDE, _request("CPA-186", COURT, due_on=date(2025, 6, 30)))
    came = run(so, end_of(date(2025, 6, 30)))
    alarms = [a for _, a in came if type(a) is e.OfficialRequestUnansweredAlarmRaised]
    assert [(a.message, a.responsible) for a in alarms] == [(REQUEST, AZ_CORE)]
