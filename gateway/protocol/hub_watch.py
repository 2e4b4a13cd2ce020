"""Whether the hub answers now, so that nobody waits for a hub that is known to be away.

One call that gets no answer proves little: the hub may be slow with that one. It makes the hub *suspect*, and a thread
of its own then asks ``/healthz``, which a working hub answers at once whatever else it does. If that fails too the hub
is *away*: calls fail at once, until the thread gets an answer again.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic

PROBE_PAUSE_SECONDS = 0.5
"""Between two questions to a hub that is away: so long, at most, is its return not noticed."""


class HubWatch:
    """Watches one hub. ``probe``: whether it answers, within a short time limit of its own. Thread-safe."""

    def __init__(self, probe: Callable[[], bool], pause_seconds: float = PROBE_PAUSE_SECONDS) -> None:
        self._probe = probe
        self._pause_seconds = pause_seconds
        self._lock = Lock()  # owns the two below
        self._probing: Thread | None = None
        self._away_since: float | None = None
        self._closed = Event()

    @property
    def away_seconds(self) -> float | None:
        """For how long the hub has been known to be away; None while it is not."""
        since = self._away_since
        return None if since is None else monotonic() - since

    def suspect(self) -> None:
        """A call got no answer: find out whether the hub is away."""
        with self._lock:
            if self._probing is None and not self._closed.is_set():
                self._probing = Thread(target=self._probe_until_answered, name="hub-watch", daemon=True)
                self._probing.start()

    def close(self) -> None:
        """Stop asking."""
        self._closed.set()
        probing = self._probing
        if probing is not None:
            probing.join(5)

    def _probe_until_answered(self) -> None:
        while not self._closed.is_set():
            answered = self._probe()
            with self._lock:
                if answered:
                    self._away_since = self._probing = None
                    return
                if self._away_since is None:
                    self._away_since = monotonic()
            self._closed.wait(self._pause_seconds)
