"""How long the work under way may wait for the hub.

Whoever serves a person sets it once, around the whole request; every call to the hub below it keeps to it. It goes
with the context of the work (``contextvars``), also into the worker thread that does it. Without it a call waits as
long as the client's own time limit and its retries permit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_until: ContextVar[float | None] = ContextVar("wait_for_hub_until", default=None)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """In this context all calls to the hub together wait at most so many seconds; with 0 none is made."""
    until = monotonic() + seconds
    outer = _until.get()
    token = _until.set(until if outer is None else min(until, outer))
    try:
        yield
    finally:
        _until.reset(token)


def seconds_left() -> float | None:
    """How many seconds the work under way may still wait, 0 or less if none; None where nothing limits it."""
    until = _until.get()
    return None if until is None else until - monotonic()
