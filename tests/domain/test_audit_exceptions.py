"""What an auditor should look at in a record by itself, and in which order rows of it are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import events as e
from domain.audit_exceptions import ExceptionRow, exception_of_record, exception_order
from domain.reasons import Reason
from tests.domain.builders import AZ_CORE, KS_CGC, LEARNED, NOON, case_message, given, id_of


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        pytest.param(None, None, id="a message without a reason"),
        pytest.param(
            "IN_DANGER", ("WITH_REASON", "information.requested", "IN_DANGER"), id="a message with one"
        ),
    ],
)
def test_a_message_that_states_a_reason_is_looked_at(reason: str | None, expected: Any) -> None:
    so = given(LEARNED, case_message(e.InformationRequested, AZ_CORE, [KS_CGC], reason=reason))
    assert exception_of_record(so.records[-1]) == expected


FIRST = ExceptionRow(
    kind="HELD",
    at=NOON,
    case=id_of("a"),
    agency="a",
    act="a",
    reason=Reason.HELD,
    message=id_of("m"),
    item=id_of("i"),
)


@pytest.mark.parametrize("field", ["at", "kind", "case", "agency", "message", "item", "act", "reason"])
def test_rows_that_differ_in_one_field_have_an_order(field: str) -> None:
    others = {"at": NOON.replace(hour=23), "case": id_of("b"), "message": id_of("n"), "item": id_of("j")}
    other = replace(FIRST, **{field: others.get(field, "ZZ")})  # type: ignore[arg-type]
    assert (exception_order(FIRST) < exception_order(other)) is (
        str(getattr(FIRST, field)) < str(getattr(other, field))
    )
    assert exception_order(FIRST) != exception_order(other)
