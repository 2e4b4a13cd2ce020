"""I1: no content in clear outside a door's memory: no file, no log line, no bus byte, no answer of the hub."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.audit.verification import Verification
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario import rehearsal_hub as rehearsal_hub_module
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story

STORY = Path(__file__).parents[1] / "scenarios" / "sc-1.yaml"


class RecordingMiddleware:
    """Everything that an application is sent and answers."""

    def __init__(self, app: ASGIApp, captured: list[bytes]) -> None:
        self._app, self._captured = app, captured

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._captured.append(str(scope.get("path")).encode() + bytes(scope.get("query_string", b"")))

        async def receive_recorded() -> Message:
            message = await receive()
            self._captured.append(message.get("body", b""))
            return message

        async def record_send(message: Message) -> None:
            self._captured.append(message.get("body", b""))
            await send(message)

        await self._app(scope, receive_recorded, record_send)


def encodings_of(text: str) -> list[bytes]:
    """The forms of a text in bytes: as it is, in hex, in base64 at any offset."""
    data = text.encode()
    encodings = [data, data.hex().encode(), data.hex().upper().encode(), data[::-1]]
    for shift in range(3):
        encoded = b64encode(b"\0" * shift + data)
        encodings.append(encoded[4 : len(encoded) - 4])
    return encodings


def contains_canary(haystack: bytes, canary: str) -> bool:
    return any(encoded_form in haystack for encoded_form in encodings_of(canary))


@pytest.fixture
def recorded_traffic(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What goes over the hub's HTTP, both ways."""
    captured: list[bytes] = []

    def recording_served(app: Any, **kwargs: Any) -> ServedApp:
        app.add_middleware(RecordingMiddleware, captured=captured)
        return ServedApp(app, **kwargs)

    monkeypatch.setattr(rehearsal_hub_module, "ServedApp", recording_served)
    return captured


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Every line of every logger, from before the play on."""
    text, root = StringIO(), logging.getLogger()
    handler = logging.StreamHandler(text)
    monkeypatch.setattr(root, "level", logging.DEBUG)
    root.addHandler(handler)
    yield text
    root.removeHandler(handler)


@pytest.fixture
def run(
    tmp_path: Path, recorded_traffic: list[bytes], logged: StringIO, capfd: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    story = read_story(STORY)
    story = replace(story, expects=story.expects[2:3], must_hold=())
    with open_rehearsal_hub(tmp_path / "hub", start_of(story)) as rehearsal_hub:
        played, report = play(story, rehearsal_hub)
        assert report.ok
        yield played


def test_content_in_clear_occurs_only_where_it_was_opened(
    run: Run,
    tmp_path: Path,
    recorded_traffic: list[bytes],
    logged: StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    canary = run.rehearsal_hub.canary
    # it was written and read: the doors had it
    w = run.written[0]
    opened = run.rehearsal_hub.door("AZ-CORE").open(
        w.case, w.message, w.item, w.section, actor="staff.AZ-CORE"
    )
    assert contains_canary(opened.content, canary)
    # no file of hub, bus, vault, read models, doors
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert {"vault.db", "read_models.db", "door.db"} <= {p.name for p in files}
    assert any("msgs" in p.parts for p in files), "the bus's own files are among them"
    assert [p for p in files if contains_canary(p.read_bytes(), canary)] == []
    # no byte between the doors and the hub, no byte on the bus
    assert sum(map(len, recorded_traffic)) > 1_000_000
    assert not any(contains_canary(body, canary) for body in recorded_traffic)
    runtime = run.rehearsal_hub.runtime
    assert runtime is not None
    assert not any(contains_canary(m.state, canary) for m in runtime.recorder.read_raw(1, 10_000))
    # no log line, no output
    assert "kakehashi" in logged.getvalue() or "nats-server" in logged.getvalue()
    assert not contains_canary(logged.getvalue().encode(), canary)
    out = capfd.readouterr()
    assert not contains_canary((out.out + out.err).encode(), canary)


def test_subjects_and_headers_contain_ids_only(run: Run) -> None:
    runtime = run.rehearsal_hub.runtime
    assert runtime is not None
    for m in runtime.recorder.read_raw(1, 10_000):
        assert m.subject == f"kakehashi.v1.{m.originator_id.hex}.{m.version}"  # type: ignore[union-attr]
        assert m.topic == "event"
        names = {name for name, _ in m.headers}
        allowed = {"Kh-Topic", "Kh-Insert", "Nats-Expected-Last-Sequence"}
        sequence_headers = {
            "Nats-Expected-Last-Subject-Sequence",
            "Nats-Expected-Last-Subject-Sequence-Subject",
        }
        assert names <= allowed | sequence_headers
        assert not any("AZ-" in value or "NPO" in value for _, value in m.headers)


def test_pages_of_a_stranger_never_contain_the_content(run: Run) -> None:
    from fastapi.testclient import TestClient

    pages = TestClient(pages_app(run.rehearsal_hub, Verification()), base_url="http://127.0.0.1")
    for path in ("/agency/KS-CGC/", "/agency/KS-CGC/cases", "/audit/", "/"):
        answer = pages.get(path)
        assert answer.status_code == 200
        assert not contains_canary(answer.content, run.rehearsal_hub.canary)


def test_the_search_finds_the_canary_where_it_is(tmp_path: Path) -> None:
    canary = "canary-0123456789abcdef"
    for n, encoded_form in enumerate(
        [
            canary.encode(),
            canary.encode().hex().encode(),
            b64encode(f"x{canary}y".encode()),
            b64encode(f"xyz{canary}".encode()),
        ]
    ):
        (tmp_path / str(n)).write_bytes(b"before" + encoded_form + b"after")
    assert all(contains_canary(p.read_bytes(), canary) for p in tmp_path.iterdir())
    assert not contains_canary(b"canary-fedcba9876543210", canary)
