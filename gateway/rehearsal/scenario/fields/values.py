"""Values as a story writes them, turned into those of a command: days, times, lists, references to messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from domain import events as e
from domain.calendar import end_of
from gateway.rehearsal.scenario.fields.context import RunContext
from gateway.rehearsal.scenario.story import Step


def numbers(step: Step, *keys: str) -> list[int]:
    """The message numbers that the story gives under one of these keys, as one number or a list."""
    named = first_given(step.details, *keys, "answers", "about")
    return [int(n) for n in (named if isinstance(named, list) else [] if named is None else [named])]


def message_named(step: Step, run: RunContext, keys: tuple[str, ...], *events: str) -> str:
    """The message that the story names under one of these words; else the last of these events (of all with content
    where none is given)."""
    named = numbers(step, *keys)
    return str(run.message_of(named[-1]) if named else run.last_of(step, *events))


def message_or_last(run: RunContext, step: Step, n: int | None, *events: str) -> str:
    """The message of this number; where the story gives none, the last of these events before the step."""
    return str(run.message_of(n) if n is not None else run.last_of(step, *events))


def first_given(details: Mapping[str, Any], *names: str) -> Any:
    """The first of these details that the story gives."""
    return next((details[name] for name in names if details.get(name) is not None), None)


def as_list(value: Any) -> list[str]:
    """One value or a list, as a list."""
    return [value] if isinstance(value, str) else [str(v) for v in value or ()]


def day_text(value: Any) -> str | None:
    """A day as text, from a date, or from the day (JST) of an aware time or ISO text."""
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()[:10]
    return str(value)[:10]


def time_text(value: Any, fallback: datetime) -> Any:
    """A time as it is written in an event."""
    if value is None:
        return e.dump(fallback)
    return e.dump(
        (value if isinstance(value, datetime) else datetime.fromisoformat(str(value))).astimezone(UTC)
    )


def expiry_time(value: Any) -> Any:
    """An expiry as it is written in an event: a day ends with its last moment (JST)."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    is_date_only = len(text) == len("2026-01-01")
    return e.dump(
        end_of(date.fromisoformat(text)) if is_date_only else datetime.fromisoformat(text).astimezone(UTC)
    )
