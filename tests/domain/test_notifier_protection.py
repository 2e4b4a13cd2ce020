"""Protection of the notifier: a token replaces its name until it has another part in the case."""

from __future__ import annotations

from typing import Any

import pytest

from domain.codes import Section
from domain.events import (
    AbuseNotificationReceived,
    DisclosureMade,
    InformationRequested,
    ReferralAcknowledged,
    ReferralRead,
)
from domain.notifier_protection import NAMELESS, tokens
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    PLACED,
    case_message,
    given,
)


def notice(by: Any, to: Any, token: str | None, **more: Any) -> Any:
    usual = {"notifier_token": token, "name": f"notice {by}", **more}
    return case_message(AbuseNotificationReceived, by, to, [Section.RISK], **usual)


NURSERY = notice(EXT_NURSERY, [AZ_COORD], "N-1")
SERVICE = notice(EXT_SERVICE, [AZ_COORD], "N-2")
SHIELDED = {EXT_NURSERY: "N-1"}


@pytest.mark.parametrize(
    ("past", "shielded"),
    [
        pytest.param([], {}, id="nobody notified"),
        pytest.param([NURSERY], SHIELDED, id="a nursery did"),
        pytest.param([NURSERY, SERVICE], {**SHIELDED, EXT_SERVICE: "N-2"}, id="two did, each has its own"),
        pytest.param([notice(EXT_NURSERY, [AZ_COORD], None)], {EXT_NURSERY: NAMELESS}, id="without a token"),
        pytest.param(
            [notice(AZ_COORD, [], "N-3", recorded_for_notifier=True)], {}, id="an office took it in"
        ),
    ],
)
def test_a_token_replaces_who_notified(past: Any, shielded: Any) -> None:
    assert tokens(given(LEARNED, past).world.case) == shielded


def test_the_token_is_used_before_a_core_agency_is_known_too() -> None:
    assert tokens(given(NURSERY).world.case) == SHIELDED


def test_the_responsible_core_agency_is_none_that_hides() -> None:
    assert tokens(given(notice(AZ_CORE, [KS_CGC], "N-4", placed=PLACED)).world.case) == {}


@pytest.mark.parametrize(
    ("then", "shielded"),
    [
        pytest.param(
            case_message(ReferralAcknowledged, AZ_COORD, [EXT_NURSERY], answers=NURSERY.command_id),
            True,
            id="acknowledged",
        ),
        pytest.param(
            case_message(ReferralRead, AZ_COORD, [EXT_NURSERY], answers=NURSERY.command_id), True, id="read"
        ),
        pytest.param(
            case_message(DisclosureMade, AZ_CORE, [AZ_COORD], [Section.BASIC]), True, id="others talk"
        ),
        pytest.param(
            case_message(DisclosureMade, EXT_NURSERY, [AZ_CORE], [Section.BASIC]),
            False,
            id="it discloses more",
        ),
        pytest.param(case_message(InformationRequested, AZ_CORE, [EXT_NURSERY]), False, id="it is asked"),
        pytest.param(
            case_message(ReferralRead, AZ_CORE, [EXT_NURSERY], answers=LEARNED.command_id),
            False,
            id="informed of another answer",
        ),
    ],
)
def test_the_token_is_used_until_the_notifier_has_another_part_in_the_case(then: Any, shielded: bool) -> None:
    assert tokens(given(LEARNED, NURSERY, then).world.case) == (SHIELDED if shielded else {})
