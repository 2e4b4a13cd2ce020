"""What a closed case does not allow any more. Basis: guideline 6(5)[1]."""

from __future__ import annotations

import pytest

from domain.events import SupportClosed, SupportWorkerAssigned
from domain.reasons import Reason
from tests.domain.kit import (
    AZ_CORE,
    CITY_WORKER,
    CLOSED,
    COMMENCED,
    CONSULTED,
    DECIDED,
    EVALUATED,
    LEARNED,
    READY,
    given,
    refused,
    tell,
)


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(tell(SupportClosed, AZ_CORE, name="again"), id="closing it again"),
        pytest.param(
            tell(SupportWorkerAssigned, AZ_CORE, name="late"), id="assigning the contractor's visitor"
        ),
        pytest.param(
            tell(SupportWorkerAssigned, AZ_CORE, name="own", agency=AZ_CORE, worker=CITY_WORKER),
            id="assigning its own",
        ),
    ],
)
def test_a_closed_case_is_closed(wish) -> None:  # type: ignore[no-untyped-def]
    so = given(LEARNED, DECIDED, READY, COMMENCED, CONSULTED, EVALUATED, CLOSED)
    assert so.when(wish) == refused(wish, Reason.CASE_CLOSED)
