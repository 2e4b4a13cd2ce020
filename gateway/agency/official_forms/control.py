"""What a form takes from the record: codes, days, agencies, and who prints it when. No content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from domain.calendar import JST
from domain.wareki import office_text
from gateway.agency.forms.display import DISPLAYED_FIELDS
from gateway.pages.dates import DateStyle, dates_as

Message = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Control:
    """The record about one case, as this door knows it.

    ``messages``: of the feed, oldest first; ``about``: the message for which the form is printed, None where it is
    printed for the case; ``names``: of agencies and children, by their reference; ``hides_addresses``: a protected
    address is in force and was not asked for.
    """

    case: str
    agency: str
    names: Mapping[str, str]
    messages: Sequence[Message]
    about: Message | None
    now: datetime
    actor: str
    is_rehearsal: bool
    hides_addresses: bool = False
    programme: Mapping[str, Any] = field(default_factory=dict)

    def agency_name(self, reference: str | None) -> str:
        """The name of an agency; empty where none is named."""
        return "" if reference is None else self.names.get(reference, "ほかの機関")

    @property
    def own_name(self) -> str:
        return self.agency_name(self.agency)

    @property
    def today(self) -> str:
        """The day of printing, by both calendars."""
        return day_text(self.now)

    def newest(self, *acts: str) -> Message | None:
        """The message for which the form is printed if it is one of these acts, else the newest of them."""
        if self.about is not None and self.about["act"] in acts:
            return self.about
        return next((m for m in reversed(self.messages) if m["act"] in acts), None)

    def code(self, message: Message | None, name: str) -> str:
        """A field of control as text; empty where it states nothing."""
        if message is None:
            return ""
        value = message.get("fields", {}).get(name)
        return "" if value in (None, [], {}, "") else shown(name, value, self.names)


def shown(name: str, value: Any, names: Mapping[str, str]) -> str:
    """A value of control as pages show it, days and times as offices write them."""
    _, text = DISPLAYED_FIELDS[name]
    with dates_as(DateStyle.WESTERN):
        return _office_days(text(value, names))


def _office_days(text: str) -> str:
    """Days and times of the western calendar in a text, by both calendars."""

    def day(match: re.Match[str]) -> str:
        year, month, day_of_month = map(int, match.group(1, 2, 3))
        clock = match[4] or ""
        return office_text(f"{year}-{month:02}-{day_of_month:02}") + (
            f" {clock_text(*map(int, clock.strip().split(':')))}" if clock else ""
        )

    return re.sub(r"(\d{4})(?:-|年)(\d{1,2})(?:-|月)(\d{1,2})日?( \d{2}:\d{2})?", day, text)


def clock_text(hour: int, minute: int) -> str:
    """``14時05分``."""
    return f"{hour}時{minute:02d}分"


def day_text(at: datetime | date | None) -> str:
    """A day in Japan, by both calendars; empty for None."""
    if at is None:
        return ""
    day = at.astimezone(JST).date() if isinstance(at, datetime) else at
    return office_text(day.isoformat())


def time_text(at: datetime) -> str:
    """A time in Japan, to the minute, by both calendars."""
    local = at.astimezone(JST)
    return f"{day_text(local)} {clock_text(local.hour, local.minute)}"


def weekday_text(at: datetime) -> str:
    """``火``."""
    return "月火水木金土日"[at.astimezone(JST).weekday()]


def choice(options: Mapping[str, str], chosen: str | None) -> str:
    """All options in a row, the chosen one marked; none where nothing is known, so that somebody marks it by hand."""
    no_break = "\u00a0"  # a box stays with its words
    return "  ".join(f"{'■' if code == chosen else '□'}{no_break}{text}" for code, text in options.items())
