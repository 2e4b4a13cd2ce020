"""A server's monitoring port: its own report, and its health."""

from __future__ import annotations

import http.client
import json
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from eventsourcing.persistence import OperationalError

HEALTH_ATTEMPTS, RETRY_PAUSE_SECONDS = 5, 0.1
BUSY = "failed to be ready for connections"
"""The server allows its own check one millisecond; on a busy machine a miss is not yet an error."""


def varz(url: str, timeout: float) -> dict[str, Any]:
    """A server's report about itself. ``OperationalError`` if it does not answer."""
    status, answer = _get_json(url, "/varz", timeout)
    if status != 200:
        raise OperationalError(f"the monitoring port of a server answers with {status}")
    return answer


def health_error(url: str, timeout: float) -> str:
    """What ails the server, in its own words, or "". ``OperationalError`` if it does not answer.

    After its disk was full, the server answers no append until it is restarted, and reports so
    here only.
    """
    for _ in range(HEALTH_ATTEMPTS):
        status, answer = _get_json(url, "/healthz", timeout)
        reported = "" if status == 200 else str(answer.get("error") or answer.get("status") or status)
        if BUSY not in reported:
            break
        sleep(RETRY_PAUSE_SECONDS)
    return reported


def _get_json(url: str, path: str, timeout: float) -> tuple[int, dict[str, Any]]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, dict(json.loads(response.read()))
    except (OSError, ValueError, http.client.HTTPException) as e:
        raise OperationalError(f"the monitoring port of a server does not answer: {e}") from e
    finally:
        connection.close()
