"""Garbage collection of a serving process while it is idle, so that no command waits for it.

A hub caches some thousand cases. A full collection of them takes Python 0.1 to 0.2 s, and would happen every few
thousand commands. Cases hold no reference cycles: reference counting frees them at once.
"""

from __future__ import annotations

import gc
from threading import Event, Thread
from time import process_time

COLLECT_EVERY_SECONDS = 600.0
COLLECT_AT_LATEST_SECONDS = 3600.0
"""After this time a collection runs even if the process is busy."""
IDLE_CPU_SHARE = 0.05
"""The process is idle where it used less than this part of a core."""


def defer_garbage_collection(
    *,
    every: float = COLLECT_EVERY_SECONDS,
    at_latest: float = COLLECT_AT_LATEST_SECONDS,
    poll_seconds: float = 1.0,
) -> Event:
    """Call once, when the process has started; setting the returned event ends it. Times in seconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1_000_000)
    stopped = Event()
    Thread(
        target=_collect_when_idle, args=(stopped, every, at_latest, poll_seconds), name="memory", daemon=True
    ).start()
    return stopped


def _collect_when_idle(stopped: Event, every: float, at_latest: float, poll_seconds: float) -> None:
    while not stopped.wait(every):
        waited, before = 0.0, process_time()
        while waited < at_latest and not stopped.wait(poll_seconds):
            waited, now = waited + poll_seconds, process_time()
            if now - before < IDLE_CPU_SHARE * poll_seconds:
                break
            before = now
        gc.collect()
