"""What goes wrong is shown to people in Japanese, on a page: no code, no English, no JSON, in every application with pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.audit.app import audit_app
from gateway.pages import index
from gateway.pages.index import index_app
from gateway.protocol.application import Application
from gateway.protocol.limits import FORM_MAX_BYTES
from tests.gateway.hubkit import START

BROWSER = {"accept": "text/html,application/xhtml+xml", "origin": "http://127.0.0.1"}
NOT_FOR_PEOPLE = re.compile(r"[a-z]{2,}[-_][a-z]+|[A-Za-z]{4,}|[{}\[\]\"]|urn:")
"""An error code, an English word, JSON."""


class _Reader(HTMLParser):
    """The words that a person sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


class _Broken:
    """A door, or a source of the ledger, of which every part fails in a way that nobody expected."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


def broken() -> Any:
    raise RuntimeError("a sentence in English")


@pytest.fixture(scope="module")
def door() -> Application:
    stub = SimpleNamespace(addresses=SimpleNamespace(own_log=None), refresh_if_possible=broken, name="")
    return agency_app(
        cast(Any, _door_stub(stub)), staff=Staff.rehearsal("staff.a", mode="rehearsal"), mode="rehearsal"
    )


def _door_stub(stub: SimpleNamespace) -> Any:
    class Stub:
        def __getattr__(self, name: str) -> Any:
            return getattr(stub, name, _Broken())

    return Stub()


def auditor() -> Application:
    office = SimpleNamespace(now=lambda: START)
    return audit_app(cast(Any, office), names={}, mode="rehearsal", record=cast(Any, _Broken()))


def page_of(app: Application, method: str, path: str, **more: Any) -> tuple[int, str]:
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    answer = client.request(method, path, headers=BROWSER, follow_redirects=False, **more)
    assert answer.headers["content-type"] == "text/html; charset=utf-8", (path, answer.text)
    reader = _Reader()
    reader.feed(answer.text)
    words = " ".join(reader.words)
    assert '<html lang="ja">' in answer.text
    assert NOT_FOR_PEOPLE.search(words) is None, NOT_FOR_PEOPLE.findall(words)
    assert "手続きできませんでした" in words
    return answer.status_code, words


WALKS: list[tuple[str, str, int, dict[str, Any]]] = [
    ("GET", "/no-such-page", 404, {}),
    ("DELETE", "/", 405, {}),
    ("GET", "/cases/no-id", 400, {}),
    ("GET", "/forms/no-such-form", 404, {}),
    ("POST", "/sign-in", 413, {"content": b"x" * (FORM_MAX_BYTES + 1)}),
    ("POST", "/person", 400, {"data": {}}),
    ("GET", "/cases", 500, {}),
]


@pytest.mark.parametrize(("method", "path", "status", "more"), WALKS, ids=[f"{w[0]} {w[1]}" for w in WALKS])
def test_a_door_shows_people_what_went_wrong(
    door: Application, method: str, path: str, status: int, more: dict[str, Any]
) -> None:
    assert page_of(door, method, path, **more)[0] == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no-such-page", 404),
        ("POST", "/", 405),
        ("GET", "/?case=no-id", 400),
        ("GET", "/exceptions?as_of=tomorrow", 400),
        ("GET", "/timeline", 400),
        ("GET", "/readings", 500),
    ],
)
def test_the_auditors_pages_show_people_what_went_wrong(method: str, path: str, status: int) -> None:
    assert page_of(auditor(), method, path)[0] == status


@pytest.mark.parametrize(
    ("method", "path", "status", "fails"),
    [
        pytest.param("GET", "/no-such-page", 404, None, id="not there"),
        pytest.param("POST", "/", 405, None, id="wrong method"),
        pytest.param("GET", "/", 500, broken, id="unexpected"),
    ],
)
def test_the_start_page_shows_people_what_went_wrong(
    method: str,
    path: str,
    status: int,
    fails: Callable[..., Any] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if fails is not None:
        monkeypatch.setattr(index, "page", lambda *_, **__: fails())
    app = index_app(agencies=(), mode="rehearsal")
    assert page_of(app, method, path)[0] == status
