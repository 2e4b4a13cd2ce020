"""The events that say no: what the hub records of a command or a reading that the rules do not allow."""

from __future__ import annotations

from domain.events import CommandRefused, DisclosureRefused, Event, OpeningRefused

REFUSALS = (DisclosureRefused, CommandRefused, OpeningRefused)
"""Of a refused command its frame is kept, and none of its sealed items and wrapped keys."""


def is_refusal(event: Event) -> bool:
    """Whether this event says that the rules did not allow what was asked."""
    return isinstance(event, REFUSALS)
