"""What a closed case does not allow any more. Basis: guideline 6(5)[1]."""

from __future__ import annotations

import pytest

from domain.events import SupportClosed, SupportWorkerAssigned
from domain.reasons import Reason
from tests.domain.builders import (
    AZ_CORE,
    CITY_WORKER,
    CLOSED,
    COMMENCED,
    CONSULTED,
    DECIDED,
    EVALUATED,
    LEARNED,
    READY,
    case_message,
    given,
    refused,
)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(case_message(SupportClosed, AZ_CORE, name="repeated"), id="closing it again"),
        pytest.param(
            case_message(SupportWorkerAssigned, AZ_CORE, name="late"), id="assigning the contractor's visitor"
        ),
        pytest.param(
            case_message(SupportWorkerAssigned, AZ_CORE, name="own", agency=AZ_CORE, worker=CITY_WORKER),
            id="assigning its own",
        ),
    ],
)
def test_a_closed_case_is_closed(command) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, DECIDED, READY, COMMENCED, CONSULTED, EVALUATED, CLOSED)
    assert so.when(command) == refused(command, Reason.CASE_CLOSED)
