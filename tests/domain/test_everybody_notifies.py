"""Who sees a child in danger notifies, also as a contractor: it is no act of the contract. Basis: CAPA 5(2), 6(1)."""

from __future__ import annotations

from typing import Any

import pytest

from domain import events as e
from domain.codes import Section
from domain.reasons import Reason
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    CLOSED,
    COMMISSIONED,
    CONSULTED,
    EVALUATED,
    KS_CGC,
    LEARNED,
    READY,
    SORA_NPO,
    WORKER,
    case_message,
    given,
    items,
    refused,
)

S = Section
IN_SUPPORT = (LEARNED, READY)
AFTER_CLOSING = (*IN_SUPPORT, CONSULTED, EVALUATED, CLOSED)
ANY_TIME = [
    pytest.param(AFTER_CLOSING, id="after closing"),
    pytest.param((LEARNED, COMMISSIONED), id="never assigned"),
    pytest.param((LEARNED,), id="never ready"),
    pytest.param(IN_SUPPORT, id="in support"),
]


def notification(**more: Any) -> Any:
    return case_message(
        e.AbuseNotificationReceived, SORA_NPO, [AZ_COORD], [S.BASIC, S.RISK], "CAPA-6-1", **more
    )


def concern(**more: Any) -> Any:
    return case_message(e.SafetyConcernRaised, SORA_NPO, [AZ_COORD], [S.RISK], "CAPA-6-1", **more)


@pytest.mark.parametrize("actor", [WORKER, "its manager"])
@pytest.mark.parametrize("past", ANY_TIME)
def test_a_contractor_notifies_at_any_time_through_any_of_its_people(past: Any, actor: str) -> None:
    for command in (notification(actor=actor), concern(actor=actor)):
        [event] = given(*past).when(command)
        assert type(event) is command.event.__class__


@pytest.mark.parametrize("past", [AFTER_CLOSING, (LEARNED, COMMISSIONED), (LEARNED,)])
def test_in_the_first_edition_it_did_so_as_the_cases_contractor_or_not_at_all(past: Any) -> None:
    for command in (notification(), concern()):
        [event] = given(*past, edition=1).when(command)
        assert isinstance(event, e.CommandRefused | e.DisclosureRefused)


def test_a_notification_is_read_by_its_author_and_its_addressee_and_not_by_the_commissioner() -> None:
    command = notification()
    so = given(*AFTER_CLOSING, command)
    assert items(command) <= so.opens(SORA_NPO)
    assert items(command) <= so.opens(AZ_COORD)
    assert not items(command) & so.opens(AZ_CORE)


def test_a_concern_of_the_cases_contractor_belongs_to_the_file_of_its_commissioner() -> None:
    command = concern()
    assert items(command) <= given(*IN_SUPPORT, command).opens(AZ_CORE)
    assert not items(command) & given(*AFTER_CLOSING, command).opens(SORA_NPO)


def test_a_concern_of_a_contractor_that_never_had_the_case_goes_to_its_addressee_only() -> None:
    command = case_message(e.SafetyConcernRaised, SORA_NPO, [KS_CGC], [S.RISK], "CAPA-6-1")
    so = given(LEARNED, COMMISSIONED, command)
    assert items(command) <= so.opens(KS_CGC)
    assert not items(command) & so.opens(AZ_CORE)


def test_every_other_act_of_a_contractor_is_its_assigned_visitors() -> None:
    command = case_message(
        e.VisitReportSubmitted,
        SORA_NPO,
        [AZ_CORE],
        [S.VISIT],
        "CWA-21-10-2-3",
        actor="its manager",
        reason="NO_PLAN_YET",
    )
    assert given(*IN_SUPPORT).when(command) == refused(command, Reason.WORKER_NOT_ASSIGNED, SORA_NPO)
