"""Notifications: who may be addressed, what is kept separate, who may forward, what a safety check states."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain import events as e
from domain.codes import Flag, SafetyMethod, Section
from domain.reasons import Reason
from tests.domain.builders import (
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
    case_message,
    given,
    id_of,
    items,
    jst,
    refused,
)

S = Section
RECORDED_FOR_NOTIFIER = case_message(
    e.AbuseNotificationReceived,
    AZ_COORD,
    sections=[S.BASIC, S.NOTIFIER, S.RISK],
    notifier_token="N-7F3",
    recorded_for_notifier=True,
    placed=PLACED,
)
BY_NURSERY = case_message(
    e.AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD], [S.BASIC, S.RISK], "CAPA-6-1", placed=PLACED
)


def forwarded(
    by: Any, *to: Any, sections: Any = (S.BASIC, S.RISK), basis: Any = "APPI-69-2-3", **more: Any
) -> Any:
    return case_message(
        e.NotificationForwarded,
        by,
        to,
        sections,
        basis,
        **{"forwards": RECORDED_FOR_NOTIFIER.command_id, **more},
    )


# --- taking in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(RECORDED_FOR_NOTIFIER, id="a neighbour calls the coordinating agency"),
        pytest.param(BY_NURSERY, id="a nursery notifies the coordinating agency"),
        pytest.param(
            case_message(e.AbuseNotificationReceived, KS_CGC, sections=[S.RISK], recorded_for_notifier=True),
            id="a call to the centre",
        ),
    ],
)
def test_an_authority_is_notified(command: Any) -> None:
    [event] = given().when(command)
    assert type(event) is e.AbuseNotificationReceived


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            case_message(e.AbuseNotificationReceived, EXT_NURSERY, [SORA_NPO], [S.RISK], "CAPA-6-1"),
            id="a contractor",
        ),
        pytest.param(
            case_message(
                e.AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD, MID_HOSP], [S.RISK], "CAPA-6-1"
            ),
            id="a hospital besides an office",
        ),
        pytest.param(
            case_message(
                e.AbuseNotificationReceived, MID_HOSP, sections=[S.RISK], recorded_for_notifier=True
            ),
            id="a hospital that records what was reported to it",
        ),
        pytest.param(
            case_message(
                e.AbuseNotificationReceived,
                AZ_COORD,
                [SORA_NPO],
                [S.RISK],
                "CAPA-6-1",
                recorded_for_notifier=True,
            ),
            id="a contractor besides the office that records it",
        ),
        pytest.param(
            case_message(e.AbuseNotificationReceived, EXT_NURSERY, sections=[S.RISK]), id="nobody at all"
        ),
    ],
)
def test_nobody_else_is(command: Any) -> None:
    assert given().when(command) == refused(command, Reason.NOT_AN_AUTHORITY)


def test_a_time_of_receipt_ahead_of_now_is_refused() -> None:
    command = case_message(
        e.AbuseNotificationReceived,
        AZ_COORD,
        sections=[S.RISK],
        recorded_for_notifier=True,
        received_at=jst("2025-06-02 12:01"),
    )
    assert given().when(command, now=NOON) == refused(command, Reason.TIME_AHEAD)
    [event] = given().when(command, now=jst("2025-06-02 12:01"))
    assert event != refused(command, Reason.TIME_AHEAD)[0]


# --- the notifier is kept separate ---------------------------------------------------------------------------------


def test_only_the_agency_that_recorded_it_opens_the_notifier() -> None:
    so = given(RECORDED_FOR_NOTIFIER, REGISTERED, forwarded(AZ_COORD, AZ_CORE))
    notifier = RECORDED_FOR_NOTIFIER.item(1).item
    assert notifier in so.opens(AZ_COORD)
    assert notifier not in so.opens(AZ_CORE) | so.opens(KS_CGC) | so.opens("AUDIT")


def test_an_outgoing_copy_is_read_by_its_addressee_only() -> None:
    to_centre = forwarded(AZ_COORD, KS_CGC)
    so = given(RECORDED_FOR_NOTIFIER, REGISTERED, to_centre)
    assert so.opens(KS_CGC) == items(to_centre)
    assert so.opens(AZ_CORE) == set()


@pytest.mark.parametrize(
    ("by", "to"),
    [
        pytest.param(AZ_CORE, MID_HOSP, id="to a hospital"),
        pytest.param(AZ_CORE, EXT_NURSERY, id="to a nursery"),
    ],
)
def test_the_notifier_is_disclosed_to_authorities_only(by: Any, to: Any) -> None:
    command = case_message(e.DisclosureMade, by, [to], [S.NOTIFIER], "APPI-69-2-4")
    assert given(LEARNED).when(command) == refused(command, Reason.NEVER_FOR_ROLE, to)


# --- sending on ----------------------------------------------------------------------------------------------------


def test_who_was_notified_forwards_to_another_authority() -> None:
    command = forwarded(AZ_COORD, KS_CGC)
    assert given(RECORDED_FOR_NOTIFIER).when(command) == [command.event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(forwarded(AZ_COORD, SORA_NPO), Reason.NOT_AN_AUTHORITY, id="to a contractor"),
        pytest.param(forwarded(AZ_COORD), Reason.NOT_AN_AUTHORITY, id="to nobody"),
        pytest.param(forwarded(AZ_COORD, NOBODY), Reason.NOT_AN_AUTHORITY, id="to an agency never here"),
        pytest.param(forwarded(AZ_CORE, KS_CGC), Reason.NOT_ADDRESSED, id="by who was not notified"),
        pytest.param(
            forwarded(AZ_COORD, KS_CGC, forwards=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="of nothing"
        ),
        pytest.param(
            forwarded(AZ_COORD, KS_CGC, forwards=REGISTERED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="of something else",
        ),
    ],
)
def test_other_forwardings_are_refused(command: Any, reason: Reason) -> None:
    assert given(RECORDED_FOR_NOTIFIER, REGISTERED).when(command) == refused(command, reason)


def test_the_nursery_itself_does_not_forward_what_it_notified_but_its_addressee_does() -> None:
    by_nursery = forwarded(EXT_NURSERY, KS_CGC, forwards=BY_NURSERY.command_id, basis="CAPA-6-1")
    assert given(BY_NURSERY).when(by_nursery) == refused(by_nursery, Reason.NOT_ADDRESSED)
    by_office = forwarded(AZ_COORD, KS_CGC, forwards=BY_NURSERY.command_id)
    assert given(BY_NURSERY).when(by_office) == [by_office.event]


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        pytest.param([KS_CGC], None, id="to the centre"),
        pytest.param([AZ_CORE], Reason.NOT_A_CGC, id="to the core agency"),
        pytest.param([KS_CGC, AZ_CORE], Reason.NOT_A_CGC, id="to another agency too"),
        pytest.param([], Reason.NOT_A_CGC, id="to nobody"),
        pytest.param([NOBODY], Reason.NOT_A_CGC, id="to an agency that never was here"),
    ],
)
def test_a_case_is_referred_to_a_child_guidance_centre_only(to: Any, reason: Reason | None) -> None:
    command = case_message(e.CaseReferredToCgc, AZ_COORD, to, [S.RISK], "CWA-25-7-1")
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(RECORDED_FOR_NOTIFIER).when(command) == expected


# --- triage and safety ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [e.EmergencyTriaged, e.SafetyConfirmed])
def test_only_an_authority_triages_and_confirms(act: Any) -> None:
    assert given(LEARNED).when(case_message(act, AZ_CORE)) == [case_message(act, AZ_CORE).event]
    command = case_message(act, MID_HOSP)
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_AN_AUTHORITY)


def test_sighted_and_not_seen_do_not_go_together() -> None:
    command = case_message(e.SafetyConfirmed, AZ_CORE, child_seen=False, method=SafetyMethod.SIGHTED)
    assert given(LEARNED).when(command) == refused(command, Reason.SIGHTING_UNCLEAR)


def test_a_call_is_recorded_as_what_it_was() -> None:
    command = case_message(e.SafetyConfirmed, AZ_CORE, child_seen=False, method=SafetyMethod.TELEPHONE)
    assert given(LEARNED).when(command) == [command.event]


def test_any_party_may_record_that_it_saw_the_child() -> None:
    command = case_message(e.ChildSighted, MID_HOSP)
    assert given(LEARNED).when(command) == [command.event]


def test_a_concern_is_addressed_to_an_authority() -> None:
    so = given(LEARNED, READY)
    to_core = case_message(
        e.SafetyConcernRaised, SORA_NPO, [AZ_CORE], [S.RISK], "CWA-21-10-2-3", actor=WORKER
    )
    assert so.when(to_core) == [to_core.event]
    both = case_message(
        e.SafetyConcernRaised, AZ_CORE, [KS_CGC, AZ_MCH], [S.RISK], "APPI-69-2-3", name="both"
    )
    assert so.when(both) == [both.event]
    to_none = case_message(e.SafetyConcernRaised, SORA_NPO, sections=[S.RISK], actor=WORKER)
    assert so.when(to_none) == refused(to_none, Reason.NOT_AN_AUTHORITY)


# --- outcomes, decisions not to disclose, reviewed reports --------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            case_message(e.ReferralOutcomeReported, AZ_CORE, [MID_HOSP], answers=LEARNED.command_id),
            None,
            id="to its sender",
        ),
        pytest.param(
            case_message(e.ReferralOutcomeReported, AZ_CORE, [KS_CGC], answers=LEARNED.command_id),
            Reason.NOT_THE_SENDER,
            id="to somebody else",
        ),
        pytest.param(
            case_message(e.ReferralOutcomeReported, AZ_COORD, [MID_HOSP], answers=LEARNED.command_id),
            Reason.NOT_ADDRESSED,
            id="by who was not asked",
        ),
        pytest.param(
            case_message(e.ReferralOutcomeReported, AZ_CORE, [AZ_COORD], answers=REGISTERED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="of what is no referral",
        ),
    ],
)
def test_the_outcome_is_reported_to_the_referrer(command: Any, reason: Reason | None) -> None:
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, REGISTERED).when(command) == expected


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
def test_a_decision_not_to_disclose_has_a_reason_and_a_day_of_review(
    more: Any, reason: Reason | None
) -> None:
    command = case_message(e.NonDisclosureDecided, AZ_CORE, **more)
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED).when(command) == expected


def test_only_a_report_that_was_sent_to_it_is_looked_at_by_the_core_agency() -> None:
    report = case_message(e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], actor=WORKER)
    so = given(LEARNED, READY, report)
    looked = case_message(e.VisitReportReviewed, AZ_CORE, answers=report.command_id)
    assert so.when(looked) == [looked.event]
    by_other = case_message(e.VisitReportReviewed, AZ_COORD, answers=report.command_id)
    assert so.when(by_other) == refused(by_other, Reason.NOT_ADDRESSED)
    unknown = case_message(e.VisitReportReviewed, AZ_CORE, answers=id_of("nothing"))
    assert so.when(unknown) == refused(unknown, Reason.UNKNOWN_MESSAGE)
    no_report = case_message(e.VisitReportReviewed, AZ_CORE, answers=LEARNED.command_id)
    assert so.when(no_report) == refused(no_report, Reason.UNKNOWN_MESSAGE)


@pytest.mark.parametrize("to", [[], [KS_CGC], [MID_HOSP]])
def test_what_identifies_the_notifier_is_refused_for_every_addressee(to: Any) -> None:
    command = case_message(e.DisclosureMade, AZ_COORD, to, [(S.CHILD, Flag.NOTIFIER_TRACE)], "APPI-69-2-4")
    assert given(LEARNED).when(command) == refused(command, Reason.NOTIFIER_IDENTIFIABLE)


def test_under_notifier_itself_it_stays_what_it_is() -> None:
    command = case_message(e.DisclosureMade, AZ_COORD, [], [(S.NOTIFIER, Flag.NOTIFIER_TRACE)])
    assert given(LEARNED).when(command) == [command.event]
