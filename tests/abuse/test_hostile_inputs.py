"""Every route of every application with input that is harmless and hostile: no answer is an error of the server."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from domain.error_codes import TABLE
from domain.errors import Malformed
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.audit.verification import Verification
from gateway.protocol.application import Application
from gateway.protocol.security_headers import SECURITY_HEADERS
from gateway.rehearsal.demo import pages_app
from gateway.witness.app import witness_app
from gateway.witness.service import Witness
from keys import canonical
from keys.signing import SignatureKeys, SignatureKind
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.stranger import Response, example_path, request, routes_of

TEXTS = [
    "",
    "\0",
    "a\0b",
    "..",
    "../../etc/passwd",
    "%",
    "%zz",
    "\ud800",
    "\u202e山田",
    "'\"<script>",
    "x" * 3000,
    "9" * 3000,
    "-1",
    "1e309",
    "NaN",
    "9223372036854775808",
    "00000000-0000-0000-0000-000000000007",
    "{00000000-0000-0000-0000-000000000007}",
    "0001-01-01",
    "0001-01-01T00:00",
    "0001-01-01T00:00:00+00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-23:59",
    "2026-01-01T00:00:00+09:00",
    "[]",
    "[1,2,3,4]",
    '["2026", null, {}, []]',
    "[" * 2000,
]
JSON_BODIES = [
    b"",
    b"null",
    b"[]",
    b"{",
    b'"\xff"',
    b"\x00",
    b"9" * 5000,
    b"NaN",
    b'{"act": NaN}',
    b'{"act": "disclosure.made", "fields": {"a": 1e999}}',
    b'{"act": "disclosure.made", "fields": {"a": ' + b"9" * 400 + b"}}",
    b'{"act": "disclosure.made", "fields": {"\\ud800": "\\udfff"}}',
    b'{"act": "\\ud800", "reason": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"act": "disclosure.made", "occurred_at": "0001-01-01T00:00:00+00:00"}',
    b'{"act": "disclosure.made", "occurred_at": "0001-01-01T00:00:00+23:59"}',
    b'{"act": "disclosure.made", "occurred_at": "9999-12-31T23:59:59-23:59"}',
    b'{"act": "disclosure.made", "sections": [{"section": "CHILD", "text": "\\ud800"}]}',
    b'{"act": "disclosure.made", "basis": {"\\ud800": "x"}}',
    b'{"at": "\\ud800"}',
    b"[" * 3000 + b"]" * 3000,
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
]
LONG_FORM = b"&".join(b"f%d=x" % n for n in range(900))
FORM_BODIES = [
    b"",
    b"=",
    b"&&&;;",
    b"%",
    b"%zz=%",
    b"actor=%ed%a0%80&passphrase=%00",
    b"actor=\xff\xfe&passphrase=\xff",
    b"actor=a&actor=b&passphrase=c&passphrase=d",
    b"message=x&item=&section=BASIC&to=%00&act=x&basis=x&text=%ed%a0%80&command_id=1",
    LONG_FORM[:4000],
]
MULTIPART_BODIES = [
    b"",
    b"--b--",
    b"--b\r\n\r\n--b--",
    b'--b\r\ncontent-disposition: form-data; name="actor"\r\n\r\n\xed\xa0\x80\r\n--b--\r\n',
    b'--b\r\ncontent-disposition: form-data; name="actor"; filename="\xff\x00"\r\n\r\nx\r\n--b--\r\n',
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n\x00\xff\r\n--b--\r\n',
]
CHARSETS = ["utf-7", "utf-16", "idna", "undefined", "punycode", "unicode_escape", "no-such-charset", "\x80"]
HEADERS = [
    ("cookie", "\xff\xfe=\xff; __Host-kakehashi=\xff; =;;"),
    ("cookie", "__Host-kakehashi=" + "x" * 8000),
    ("authorization", "Bearer"),
    ("authorization", "bearer \xff"),
    ("authorization", "Basic !!!"),
    ("kakehashi-request", "\xff"),
    ("kakehashi-request", "AAAA"),
    ("content-length", "-1"),
    ("content-length", "9" * 100),
    ("content-length", "\xb2"),
    ("content-type", "\xff"),
    ("content-type", "multipart/form-data"),
    ("content-type", "multipart/form-data; boundary=" + "b" * 300),
    ("accept", "\xff"),
    ("range", "bytes=9-1,0-0,-1"),
    ("if-modified-since", "never"),
    ("origin", "null"),
    ("host", "127.0.0.1:99999999"),
    ("host", ""),
    ("x-forwarded-for", "\xff, ::1, no address"),
    ("x" * 200, "y" * 20000),
]
DOCUMENTED = {400, 401, 403, 404, 405, 408, 409, 413, 421, 431, 503}


@dataclass
class Applications:
    """Every application of the product on one real hub. At ``door`` everybody is signed in."""

    by_name: dict[str, Application]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hostile") / "hub") as opened_hub:
        yield opened_hub


@pytest.fixture(scope="module")
def applications(hub: HubWithCase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applications]:
    folder = tmp_path_factory.mktemp("staff")
    staff = Staff(folder / "staff.db")
    keys = SignatureKeys.from_seeds(SignatureKind.LOG, bytes(64))
    witness = Witness(folder / "witness.db", "witness.example/one", keys, {}, lambda: 1_700_000_000)
    assert hub.rehearsal_hub.runtime is not None
    door = hub.door("AZ-CORE")
    rehearsal = Staff.rehearsal("staff.1", mode="rehearsal")
    whole = pages_app(hub.rehearsal_hub, Verification())
    yield Applications(
        {
            "hub": hub.rehearsal_hub.runtime.app,
            "door": agency_app(door, staff=rehearsal, mode="rehearsal"),
            "door of strangers": agency_app(door, staff=staff, mode="real"),
            "demo": whole,
            "audit": cast(Any, next(r.app for r in whole.routes if getattr(r, "path", "") == "/audit")),
            "witness": witness_app(witness),
        }
    )
    witness.close()
    staff.close()


NAMES = ("hub", "door", "door of strangers", "demo", "audit", "witness")


def faults(what: str, response: Response) -> list[str]:
    """What is wrong with an answer: an error of the server, a missing header, an error that is no problem."""
    wrong = []
    missing = {name.lower() for name in SECURITY_HEADERS} - response.headers.keys()
    if missing - {"cache-control"} or (missing and "/static" not in what):
        wrong.append(f"{what}: lacks {missing}")
    location = response.headers.get("location", "/")
    if not location.startswith("/") or location.startswith("//"):
        wrong.append(f"{what}: sends to {location}")
    if response.status < 400:
        return wrong
    if response.status not in DOCUMENTED:
        wrong.append(f"{what}: answered {response.status}")
    if response.body and response.headers.get("content-type") == "application/problem+json":
        document = json.loads(response.body)
        if document["error_code"] not in TABLE or document["status"] != response.status:
            wrong.append(f"{what}: {document}")
    return wrong


def path_of(template: str, text: str) -> str:
    """The path of a template whose parameters all have this text, as a server decodes it."""
    shown = text.encode("utf-8", "replace").decode()
    return re.sub(r"\{[^}]*\}", lambda _: shown, template)


def parameters_of(app: FastAPI) -> dict[tuple[str, str], list[str]]:
    """The names of the query parameters of each route."""
    return {
        (method, str(context.path)): [p.alias for p in context.route.dependant.query_params]
        for context in iter_route_contexts(app.routes)
        if isinstance(context.route, APIRoute)
        for method in context.methods or ()
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_path_or_query_is_an_error_of_the_server(
    name: str, applications: Applications, large: bool
) -> None:
    """The usual run gives each route every third text, by its place in the list of routes."""
    app = applications.by_name[name]
    wrong: list[str] = []
    for place, ((method, template), names) in enumerate(sorted(parameters_of(app).items())):
        if method not in ("GET", "POST", "PUT"):
            continue
        for text in TEXTS if large else TEXTS[place % 3 :: 3]:
            if "{" in template:
                answer = request(app, method, path_of(template, text), body=b"")
                wrong += faults(f"{method} {template} with {text[:40]!r}", answer)
            if not names:
                continue
            known = path_of(template, "00000000-0000-0000-0000-000000000007")
            raw = quote(text.encode("utf-8", "surrogatepass"), safe="")
            query = "&".join(f"{n}={raw}" for n in names)
            answer = request(app, method, known, body=b"", query=query)
            wrong += faults(f"{method} {template}?{query[:60]}", answer)
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_no_body_is_an_error_of_the_server(name: str, applications: Applications, large: bool) -> None:
    app = applications.by_name[name]
    bodies = [
        *(("application/json", body) for body in JSON_BODIES),
        *(("application/x-www-form-urlencoded", body) for body in FORM_BODIES),
        *(("multipart/form-data; boundary=b", body) for body in MULTIPART_BODIES),
        *((f"multipart/form-data; boundary=b; charset={c}", MULTIPART_BODIES[3]) for c in CHARSETS),
        ("application/octet-stream", bytes(70_000)),
        ("no type", b"x"),
    ]
    wrong: list[str] = []
    writing = [route for route in sorted(routes_of(app)) if route[0] in ("POST", "PUT")]
    for place, (method, template) in enumerate(writing):
        for content_type, body in bodies if large else bodies[place % 3 :: 3]:
            answer = request(
                app, method, example_path(template), headers=[("content-type", content_type)], body=body
            )
            wrong += faults(f"{method} {template} {content_type} {body[:60]!r}", answer)
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_no_header_is_an_error_of_the_server(name: str, applications: Applications, large: bool) -> None:
    app = applications.by_name[name]
    wrong: list[str] = []
    for place, (method, template) in enumerate(sorted(routes_of(app))):
        path = "/static/kakehashi.css" if method == "*" else example_path(template)
        for header in HEADERS if large else HEADERS[place % 3 :: 3]:
            for twice in (1, 2):
                answer = request(
                    app, "GET" if method == "*" else method, path, headers=[header] * twice, body=b""
                )
                wrong += faults(f"{method} {path} {header!r} {twice} times", answer)
    assert wrong == []


EDGES = ["0001-01-01T00:00:00.000000Z", "1899-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"]


@pytest.mark.parametrize("at", EDGES)
@pytest.mark.parametrize("act", ["agenda", "openings"])
def test_a_signed_question_about_the_edge_of_the_calendar_is_answered(
    hub: HubWithCase, act: str, at: str
) -> None:
    about = {"kind": "agency", "id": str(hub.door("AZ-CORE").agency)}
    answer = hub.post(hub.unsigned("AZ-CORE", act, {"since": at}, about=about), "/v1/queries")
    assert answer.status_code in (200, 400), answer.text


@pytest.mark.parametrize("at", EDGES)
def test_the_ledger_as_of_the_edge_of_the_calendar_is_answered(hub: HubWithCase, at: str) -> None:
    audit = hub.rehearsal_hub.audit
    with suppress(Malformed):
        audit.ledger(hub.case, canonical.parse_time(at))


@pytest.mark.parametrize("act", ["disclosure.made", "agenda"])
def test_a_command_from_the_edge_of_the_calendar_is_refused(hub: HubWithCase, act: str) -> None:
    for field in ("created_at", "occurred_at", "not_after"):
        for at in EDGES:
            unsigned = hub.disclosure()
            unsigned.payload[field] = at
            answer = hub.post(unsigned, "/v1/commands" if act == "disclosure.made" else "/v1/queries")
            assert answer.status_code < 500, (field, at, answer.text)


def test_the_walk_finds_an_error_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(limits=())

    @app.get("/year")
    def year(at: str) -> str:
        return str(int(at))

    caplog.set_level(logging.CRITICAL)
    answer = request(app, "GET", "/year", body=b"", query="at=x")
    assert faults("GET /year", answer) == ["GET /year: answered 500"]
