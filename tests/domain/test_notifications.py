"""Notifications: who may be told, what must stand apart, who may send on, what a safety check says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.codes import Flag, SafetyMethod, Section
from domain.events import (
    AbuseNotificationReceived,
    CaseReferredToCgc,
    ChildSighted,
    DisclosureMade,
    EmergencyTriaged,
    NonDisclosureDecided,
    NotificationForwarded,
    ReferralOutcomeTold,
    SafetyConcernRaised,
    SafetyConfirmed,
    VisitReportReviewed,
    VisitReportSubmitted,
)
from domain.reasons import Reason
from tests.domain.kit import (
    AZ_COORD,
    AZ_CORE,
    AZ_MCH,
    EXT_NURSERY,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOBODY,
    NOON,
    PLACED,
    READY,
    REGISTERED,
    SORA_NPO,
    WORKER,
    given,
    id_of,
    items,
    jst,
    refused,
    tell,
)

S = Section
TAKEN_IN = tell(
    AbuseNotificationReceived,
    AZ_COORD,
    sections=[S.BASIC, S.NOTIFIER, S.RISK],
    notifier_token="N-7F3",
    taken_in=True,
    placed=PLACED,
)
BY_NURSERY = tell(
    AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD], [S.BASIC, S.RISK], "CAPA-6-1", placed=PLACED
)


def forwarded(
    by: Any, *to: Any, sections: Any = (S.BASIC, S.RISK), basis: Any = "APPI-69-2-3", **more: Any
) -> Any:
    return tell(NotificationForwarded, by, to, sections, basis, **{"forwards": TAKEN_IN.ask, **more})


# --- taking in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(TAKEN_IN, id="a neighbour calls the coordinating agency"),
        pytest.param(BY_NURSERY, id="a nursery notifies the coordinating agency"),
        pytest.param(
            tell(AbuseNotificationReceived, KS_CGC, sections=[S.RISK], taken_in=True),
            id="a call to the centre",
        ),
    ],
)
def test_an_authority_is_notified(wish: Any) -> None:
    [fact] = given().when(wish)
    assert type(fact) is AbuseNotificationReceived


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(
            tell(AbuseNotificationReceived, EXT_NURSERY, [SORA_NPO], [S.RISK], "CAPA-6-1"), id="a contractor"
        ),
        pytest.param(
            tell(AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD, MID_HOSP], [S.RISK], "CAPA-6-1"),
            id="a hospital beside an office",
        ),
        pytest.param(
            tell(AbuseNotificationReceived, MID_HOSP, sections=[S.RISK], taken_in=True),
            id="a hospital that writes down what it was told",
        ),
        pytest.param(
            tell(AbuseNotificationReceived, AZ_COORD, [SORA_NPO], [S.RISK], "CAPA-6-1", taken_in=True),
            id="a contractor beside the office that takes it in",
        ),
        pytest.param(tell(AbuseNotificationReceived, EXT_NURSERY, sections=[S.RISK]), id="nobody at all"),
    ],
)
def test_nobody_else_is(wish: Any) -> None:
    assert given().when(wish) == refused(wish, Reason.NOT_AN_AUTHORITY)


def test_a_time_of_receipt_ahead_of_now_is_refused() -> None:
    wish = tell(
        AbuseNotificationReceived,
        AZ_COORD,
        sections=[S.RISK],
        taken_in=True,
        received_at=jst("2025-06-02 12:01"),
    )
    assert given().when(wish, now=NOON) == refused(wish, Reason.TIME_AHEAD)
    [fact] = given().when(wish, now=jst("2025-06-02 12:01"))
    assert fact != refused(wish, Reason.TIME_AHEAD)[0]


# --- whoever notified stays apart ---------------------------------------------------------------------------------


def test_nobody_but_who_took_it_in_opens_the_notifier_not_even_the_core_agency_of_the_same_city() -> None:
    so = given(TAKEN_IN, REGISTERED, forwarded(AZ_COORD, AZ_CORE))
    notifier = TAKEN_IN.item(1).item
    assert notifier in so.opens(AZ_COORD)
    assert notifier not in so.opens(AZ_CORE) | so.opens(KS_CGC) | so.opens("AUDIT")


def test_a_copy_sent_on_is_read_by_its_addressee_alone() -> None:
    to_centre = forwarded(AZ_COORD, KS_CGC)
    so = given(TAKEN_IN, REGISTERED, to_centre)
    assert so.opens(KS_CGC) == items(to_centre)
    assert so.opens(AZ_CORE) == set()


@pytest.mark.parametrize(
    ("by", "to"),
    [
        pytest.param(AZ_CORE, MID_HOSP, id="to a hospital"),
        pytest.param(AZ_CORE, EXT_NURSERY, id="to a nursery"),
    ],
)
def test_the_notifier_is_never_told_to_who_is_no_authority(by: Any, to: Any) -> None:
    wish = tell(DisclosureMade, by, [to], [S.NOTIFIER], "APPI-69-2-4")
    assert given(LEARNED).when(wish) == refused(wish, Reason.NEVER_FOR_ROLE, to)


# --- sending on ----------------------------------------------------------------------------------------------------


def test_who_was_notified_forwards_to_another_authority() -> None:
    wish = forwarded(AZ_COORD, KS_CGC)
    assert given(TAKEN_IN).when(wish) == [wish.fact]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(forwarded(AZ_COORD, SORA_NPO), Reason.NOT_AN_AUTHORITY, id="to a contractor"),
        pytest.param(forwarded(AZ_COORD), Reason.NOT_AN_AUTHORITY, id="to nobody"),
        pytest.param(forwarded(AZ_COORD, NOBODY), Reason.NOT_AN_AUTHORITY, id="to an agency never here"),
        pytest.param(forwarded(AZ_CORE, KS_CGC), Reason.NOT_ADDRESSED, id="by who was not notified"),
        pytest.param(
            forwarded(AZ_COORD, KS_CGC, forwards=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="of nothing"
        ),
        pytest.param(
            forwarded(AZ_COORD, KS_CGC, forwards=REGISTERED.ask),
            Reason.UNKNOWN_MESSAGE,
            id="of something else",
        ),
    ],
)
def test_other_forwardings_are_refused(wish: Any, reason: Reason) -> None:
    assert given(TAKEN_IN, REGISTERED).when(wish) == refused(wish, reason)


def test_the_nursery_itself_does_not_forward_what_it_notified_but_its_addressee_does() -> None:
    by_nursery = forwarded(EXT_NURSERY, KS_CGC, forwards=BY_NURSERY.ask, basis="CAPA-6-1")
    assert given(BY_NURSERY).when(by_nursery) == refused(by_nursery, Reason.NOT_ADDRESSED)
    by_office = forwarded(AZ_COORD, KS_CGC, forwards=BY_NURSERY.ask)
    assert given(BY_NURSERY).when(by_office) == [by_office.fact]


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        pytest.param([KS_CGC], None, id="to the centre"),
        pytest.param([AZ_CORE], Reason.NOT_A_CGC, id="to the core agency"),
        pytest.param([KS_CGC, AZ_CORE], Reason.NOT_A_CGC, id="to another beside it"),
        pytest.param([], Reason.NOT_A_CGC, id="to nobody"),
        pytest.param([NOBODY], Reason.NOT_A_CGC, id="to an agency that never was here"),
    ],
)
def test_a_case_is_sent_to_the_child_guidance_centre_alone(to: Any, reason: Reason | None) -> None:
    wish = tell(CaseReferredToCgc, AZ_COORD, to, [S.RISK], "CWA-25-7-1")
    expected = [wish.fact] if reason is None else refused(wish, reason)
    assert given(TAKEN_IN).when(wish) == expected


# --- triage and safety ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [EmergencyTriaged, SafetyConfirmed])
def test_only_an_authority_triages_and_confirms(act: Any) -> None:
    assert given(LEARNED).when(tell(act, AZ_CORE)) == [tell(act, AZ_CORE).fact]
    wish = tell(act, MID_HOSP)
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOT_AN_AUTHORITY)


def test_sighted_and_not_seen_do_not_go_together() -> None:
    wish = tell(SafetyConfirmed, AZ_CORE, child_seen=False, method=SafetyMethod.SIGHTED)
    assert given(LEARNED).when(wish) == refused(wish, Reason.SIGHTING_UNCLEAR)


def test_a_call_is_recorded_as_what_it_was() -> None:
    wish = tell(SafetyConfirmed, AZ_CORE, child_seen=False, method=SafetyMethod.TELEPHONE)
    assert given(LEARNED).when(wish) == [wish.fact]


def test_whoever_has_a_part_says_that_it_saw_the_child() -> None:
    wish = tell(ChildSighted, MID_HOSP)
    assert given(LEARNED).when(wish) == [wish.fact]


def test_a_concern_goes_to_an_authority() -> None:
    so = given(LEARNED, READY)
    to_core = tell(SafetyConcernRaised, SORA_NPO, [AZ_CORE], [S.RISK], "CWA-21-10-2-3", actor=WORKER)
    assert so.when(to_core) == [to_core.fact]
    both = tell(SafetyConcernRaised, AZ_CORE, [KS_CGC, AZ_MCH], [S.RISK], "APPI-69-2-3", name="both")
    assert so.when(both) == [both.fact]
    to_none = tell(SafetyConcernRaised, SORA_NPO, sections=[S.RISK], actor=WORKER)
    assert so.when(to_none) == refused(to_none, Reason.NOT_AN_AUTHORITY)


# --- outcomes, decisions not to tell, reports looked at --------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(
            tell(ReferralOutcomeTold, AZ_CORE, [MID_HOSP], answers=LEARNED.ask), None, id="to its sender"
        ),
        pytest.param(
            tell(ReferralOutcomeTold, AZ_CORE, [KS_CGC], answers=LEARNED.ask),
            Reason.NOT_THE_SENDER,
            id="to somebody else",
        ),
        pytest.param(
            tell(ReferralOutcomeTold, AZ_COORD, [MID_HOSP], answers=LEARNED.ask),
            Reason.NOT_ADDRESSED,
            id="by who was not asked",
        ),
        pytest.param(
            tell(ReferralOutcomeTold, AZ_CORE, [AZ_COORD], answers=REGISTERED.ask),
            Reason.UNKNOWN_MESSAGE,
            id="of what is no referral",
        ),
    ],
)
def test_the_outcome_goes_back_to_the_referrer(wish: Any, reason: Reason | None) -> None:
    expected = [wish.fact] if reason is None else refused(wish, reason)
    assert given(LEARNED, REGISTERED).when(wish) == expected


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param({"reason": "NOT_NEEDED"}, None, id="with reason and day"),
        pytest.param({}, Reason.REASON_MISSING, id="no reason"),
        pytest.param(
            {"reason": "NOT_NEEDED", "review_on": date(2025, 6, 2)}, Reason.REVIEW_DAY_MISSING, id="today"
        ),
        pytest.param({"reason": "NOT_NEEDED", "review_on": date(2025, 6, 3)}, None, id="tomorrow"),
        pytest.param({"reason": "NOT_NEEDED", "review_on": None}, Reason.REVIEW_DAY_MISSING, id="no day"),
    ],
)
def test_a_decision_not_to_tell_has_a_reason_and_a_day_of_review(more: Any, reason: Reason | None) -> None:
    wish = tell(NonDisclosureDecided, AZ_CORE, **more)
    expected = [wish.fact] if reason is None else refused(wish, reason)
    assert given(LEARNED).when(wish) == expected


def test_only_a_report_that_was_sent_to_it_is_looked_at_by_the_core_agency() -> None:
    report = tell(VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], actor=WORKER)
    so = given(LEARNED, READY, report)
    looked = tell(VisitReportReviewed, AZ_CORE, answers=report.ask)
    assert so.when(looked) == [looked.fact]
    by_other = tell(VisitReportReviewed, AZ_COORD, answers=report.ask)
    assert so.when(by_other) == refused(by_other, Reason.NOT_ADDRESSED)
    unknown = tell(VisitReportReviewed, AZ_CORE, answers=id_of("nothing"))
    assert so.when(unknown) == refused(unknown, Reason.UNKNOWN_MESSAGE)
    no_report = tell(VisitReportReviewed, AZ_CORE, answers=LEARNED.ask)
    assert so.when(no_report) == refused(no_report, Reason.UNKNOWN_MESSAGE)


@pytest.mark.parametrize("to", [[], [KS_CGC], [MID_HOSP]])
def test_what_shows_who_notified_is_refused_whoever_it_goes_to(to: Any) -> None:
    wish = tell(DisclosureMade, AZ_COORD, to, [(S.CHILD, Flag.NOTIFIER_TRACE)], "APPI-69-2-4")
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOTIFIER_SHOWS)


def test_under_notifier_itself_it_stays_what_it_is() -> None:
    wish = tell(DisclosureMade, AZ_COORD, [], [(S.NOTIFIER, Flag.NOTIFIER_TRACE)])
    assert given(LEARNED).when(wish) == [wish.fact]
