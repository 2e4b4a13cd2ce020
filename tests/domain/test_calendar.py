"""Days and months as Japan counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.calendar import day_of, end_of, months_later
from tests.domain.builders import jst


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        pytest.param(date(2025, 7, 28), 3, date(2025, 10, 28), id="the same day three months later"),
        pytest.param(date(2025, 11, 30), 3, date(2026, 2, 28), id="February has no 30th"),
        pytest.param(date(2027, 11, 30), 3, date(2028, 2, 29), id="February of a leap year has a 29th"),
        pytest.param(date(2025, 1, 31), 1, date(2025, 2, 28), id="January 31 and a month"),
        pytest.param(date(2025, 3, 31), 1, date(2025, 4, 30), id="April has no 31st"),
        pytest.param(date(2025, 8, 31), 1, date(2025, 9, 30), id="September has no 31st"),
        pytest.param(date(2025, 8, 31), 2, date(2025, 10, 31), id="October has a 31st"),
        pytest.param(date(2024, 2, 29), 12, date(2025, 2, 28), id="leap day and a year"),
        pytest.param(date(2024, 2, 29), 48, date(2028, 2, 29), id="leap day to leap day"),
        pytest.param(date(2025, 12, 1), 1, date(2026, 1, 1), id="over the new year"),
        pytest.param(date(2025, 12, 31), 0, date(2025, 12, 31), id="no month at all"),
        pytest.param(date(2100, 1, 29), 1, date(2100, 2, 28), id="2100 is no leap year"),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day, months, later):
    assert months_later(day, months) == later


def test_a_day_ends_at_midnight_in_japan():
    assert end_of(date(2025, 8, 31)) == datetime(2025, 8, 31, 15, tzinfo=UTC) == jst("2025-09-01 00:00")


def test_the_day_changes_at_midnight_in_japan_and_not_in_greenwich():
    assert day_of(jst("2025-08-31 23:59:59.999999")) == date(2025, 8, 31)
    assert day_of(jst("2025-09-01 00:00")) == date(2025, 9, 1)
    assert day_of(datetime(2025, 8, 31, 14, 59, tzinfo=UTC)) == date(2025, 8, 31)
