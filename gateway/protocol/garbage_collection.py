"""No long pauses in the middle of work: the memory of a serving process is gone through while nobody waits.

A hub keeps some thousand cases in memory. Going through all of them for cycles takes Python 0.1 to 0.2 s, and it
would do so every few thousand wishes. What lies in cases holds no cycles: counting references frees it at once.
"""

from __future__ import annotations

import gc
from threading import Event, Thread
from time import process_time

EVERY_SECONDS = 600.0
LATEST_SECONDS = 3600.0
"""After this time it is done however much there is to do."""
QUIET = 0.05
"""Nobody waits where the process took less than this part of a core."""


def without_pauses(
    *, every: float = EVERY_SECONDS, latest: float = LATEST_SECONDS, look: float = 1.0
) -> Event:
    """Call once, when the process has started; setting the event returned ends it. Times in seconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1_000_000)
    ended = Event()
    Thread(target=_sweep, args=(ended, every, latest, look), name="memory", daemon=True).start()
    return ended


def _sweep(ended: Event, every: float, latest: float, look: float) -> None:
    while not ended.wait(every):
        waited, before = 0.0, process_time()
        while waited < latest and not ended.wait(look):
            waited, now = waited + look, process_time()
            if now - before < QUIET * look:
                break
            before = now
        gc.collect()
