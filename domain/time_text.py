"""Times and days as text, in the one form that outside programs write, and nothing that merely resembles it.

Numbers, week dates, days without a time and times without an offset could be read as another moment than was meant.
Source: RFC 3339.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_time_text(text: object) -> datetime:
    """The moment (UTC) of an RFC 3339 date-time with offset, upper-case and to the microsecond at most. Raises ValueError."""
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        raise ValueError("not a time with offset in the form of RFC 3339")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:  # at the edge of the calendar
        raise ValueError("a time that UTC does not have") from error


def parse_day_text(text: object) -> date:
    """The day of ``YYYY-MM-DD``. Raises ValueError."""
    if not isinstance(text, str) or _DAY.fullmatch(text) is None:
        raise ValueError("not a day in the form YYYY-MM-DD")
    return date.fromisoformat(text)
