"""A server's health report: one missed check is no error, lasting silence is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from adapters.bus.monitor import BUSY, HEALTH_ATTEMPTS, health_error

WELL = (200, {"status": "ok"})
NO_TIME = (503, {"status": "unavailable", "error": f"{BUSY} after 1ms"})
FULL = (503, {"status": "error", "error": "JetStream is not current with the meta leader"})


@contextmanager
def monitor_answering(*answers: tuple[int, dict[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """A monitoring port with these answers, the last one for ever; its URL and what was asked."""
    requests: list[str] = []

    class Monitoring(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, reported = answers[min(len(requests), len(answers) - 1)]
            requests.append(self.path)
            body = json.dumps(reported).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Suppress the request log."""

    with HTTPServer(("127.0.0.1", 0), Monitoring) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answers", "reported", "times"),
    [
        pytest.param([WELL], "", 1, id="well"),
        pytest.param([NO_TIME, NO_TIME, WELL], "", 3, id="busy for a moment"),
        pytest.param([NO_TIME], NO_TIME[1]["error"], HEALTH_ATTEMPTS, id="not ready for long"),
        pytest.param([FULL], FULL[1]["error"], 1, id="ill"),
        pytest.param([NO_TIME, FULL], FULL[1]["error"], 2, id="busy, then ill"),
    ],
)
def test_only_a_lasting_health_error_is_reported(
    answers: list[tuple[int, dict[str, str]]], reported: str, times: int
) -> None:
    with monitor_answering(*answers) as (url, requests):
        assert health_error(url, 5) == reported
    assert requests == ["/healthz"] * times
