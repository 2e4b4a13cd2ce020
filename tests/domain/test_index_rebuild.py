"""For its case index a door opens again what its agency wrote or has opened, under BASIC, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.audit_exceptions import INDEX_REBUILT, exception_of_record
from domain.codes import Purpose
from domain.reasons import Reason
from tests.domain.builders import (
    AZ_CORE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    Given,
    given,
    opening,
    refused,
)


def rebuilding(command: Any) -> Any:
    return replace(command, event=replace(command.event, purpose=Purpose.INDEX_REBUILD))


OPENED = opening(LEARNED, AZ_CORE)
AGAIN = rebuilding(replace(OPENED, command_id=LEARNED.command_id))


def answer(so: Given, command: Any) -> Any:
    [event] = so.when(command)
    return getattr(event, "reason", None), event.TOPIC


def test_what_the_agency_has_opened_is_opened_again() -> None:
    assert answer(given(LEARNED, OPENED), AGAIN) == (None, "section.opened")


def test_what_the_agency_wrote_is_opened_by_itself() -> None:
    assert answer(given(LEARNED), rebuilding(opening(LEARNED, MID_HOSP))) == (None, "section.opened")


def test_what_nobody_of_the_agency_has_opened_stays_closed() -> None:
    assert answer(given(LEARNED), AGAIN) == (Reason.NOTHING_TO_REBUILD, "opening.refused")


def test_an_opening_by_another_agency_opens_nothing() -> None:
    assert answer(given(LEARNED, opening(LEARNED, MID_HOSP)), AGAIN)[0] is Reason.NOTHING_TO_REBUILD


def test_who_may_not_open_it_any_more_is_refused_for_that() -> None:
    assert answer(given(LEARNED, OPENED), rebuilding(opening(LEARNED, KS_CGC)))[0] is Reason.NOT_YOURS


def test_it_is_marked_for_auditors() -> None:
    so = given(LEARNED, OPENED, AGAIN)
    assert [exception_of_record(r) for r in so.records[-2:]] == [
        None,
        (INDEX_REBUILT, "section.opened", None),
    ]


def test_no_message_has_this_purpose() -> None:
    message = replace(LEARNED, event=replace(LEARNED.event, purpose=Purpose.INDEX_REBUILD))
    assert given().when(message) == refused(message, Reason.PURPOSE_OF_OPENINGS)
