"""The servers' own reports, and their health, asked as a user of their system account.

No server needs an HTTP port for this: whoever could reach one would see connections and sizes without signing in.
"""

from __future__ import annotations

import json
from time import monotonic, sleep
from typing import Any

from eventsourcing.persistence import OperationalError

from .client import Connection

HEALTH_ATTEMPTS, RETRY_PAUSE_SECONDS = 5, 0.1
LATE_SECONDS = 0.5  # how long the reports of further servers are awaited once a majority has answered
BUSY = "failed to be ready for connections"
"""The server allows its own check one millisecond; on a busy machine a miss is not yet an error."""


def server_reports(system: Connection, timeout: float) -> list[dict[str, Any]]:
    """What each server says about itself. ``OperationalError`` if fewer than a majority answer."""
    return _ask_all(system, "VARZ", timeout)


def health_errors(system: Connection, timeout: float) -> list[str]:
    """For each server what ails it, in its own words, or "". ``OperationalError`` if fewer than a majority answer.

    After its disk was full, a server answers no append until it is restarted, and one that could not read a stream
    serves without it: both report so here only.
    """
    for _ in range(HEALTH_ATTEMPTS):
        reported = [_error_of(answer) for answer in _ask_all(system, "HEALTHZ", timeout)]
        if not any(BUSY in error for error in reported):
            break
        sleep(RETRY_PAUSE_SECONDS)
    return reported


def _error_of(answer: dict[str, Any]) -> str:
    return "" if answer.get("status") == "ok" else str(answer.get("error") or answer.get("status"))


def _ask_all(system: Connection, what: str, timeout: float) -> list[dict[str, Any]]:
    deadline = monotonic() + timeout
    servers = system.settings.servers
    majority = servers // 2 + 1
    system.await_connection(deadline)
    request = system.put([(f"$SYS.REQ.SERVER.PING.{what}", (), b"{}")], parts=servers)
    request.wait(min(LATE_SECONDS, timeout))
    while len(request.replies) < majority and request.error is None and monotonic() < deadline:
        request.wait(LATE_SECONDS / 10)
    system.forget(request)
    if request.error is not None:
        raise OperationalError(f"a server's report can't be asked for: {request.error}") from request.error
    try:
        answers = [dict(json.loads(reply.data)["data"]) for reply in list(request.replies)]
    except (ValueError, KeyError, TypeError) as e:
        raise OperationalError("a server's report can't be read") from e
    if len(answers) < majority:
        system.leave_silent_server()
        raise OperationalError(f"{len(answers)} of {servers} servers answer")
    return answers
