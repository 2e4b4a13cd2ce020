"""Every route of every application, asked without credentials: what it answers, and that it reads no body first.

Routes for everybody are listed here. A new route that is not listed and has no guard fails the test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI, Form
from fastapi.testclient import TestClient

from domain.errors import Unavailable
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.web.app import agency_app
from gateway.audit import serve as audit_serve
from gateway.audit.app import audit_app
from gateway.pages.index import index_app
from gateway.witness.app import witness_app
from gateway.witness.service import MAX_BODY_BYTES, Witness
from keys.request import MAX_REQUEST_BYTES
from keys.signing import SignatureKeys, SignatureKind
from tests.gateway.hubkit import HubWithCase, frame_bytes, hub_with_case, request_bytes
from tests.gateway.stranger import CHUNK, Response, Route, asked_route, request, routes_of, strange_requests

ROOT = Path(__file__).parents[2]

AGENCY_PUBLIC: set[Route] = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/code"),
    ("POST", "/sign-in/code"),
    ("GET", "/sign-in/app"),
    ("POST", "/sign-in/app"),
    ("GET", "/sign-in/app.svg"),
    ("POST", "/sign-in/passkey"),
    ("GET", "/session/left"),
    ("GET", "/join"),
    ("POST", "/join"),
    ("GET", "/phone/shell"),
    ("GET", "/phone/sw.js"),
    ("GET", "/phone/manifest.webmanifest"),
    ("POST", "/sign-out"),
    ("*", "/static"),
}
AGENCY_DEVICES: set[Route] = {("POST", "/phone/contact"), ("POST", "/phone/envelopes")}
"""For registered phones, which name themselves in the head: «no such phone» for everybody else."""
HUB_PUBLIC: set[Route] = {
    ("GET", "/v1/genesis"),
    ("GET", "/v1/clock"),
    ("GET", "/v1/agencies"),
    ("GET", "/v1/key-sets/{agency}"),
    ("GET", "/v1/log/checkpoint"),
    ("GET", "/v1/log/witnessed"),
    ("GET", "/v1/log/tile/{path:path}"),
    ("GET", "/v1/log/proof/{seq}"),
    ("GET", "/v1/log/consistency"),
    ("GET", "/v1/log/time"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
}
HUB_SIGNED_BODY: set[Route] = {("POST", "/v1/commands"), ("POST", "/v1/queries")}
"""The signature is in the body: it is read, up to its bound, and an unsigned one is refused."""
HUB_SIGNED_HEAD: set[Route] = {("PUT", "/v1/items/{digest}"), ("POST", "/v1/rehearsal/clock")}
"""A signed question or a token is in the head: without it the body is not read."""
AUDIT_PAGES: set[Route] = {
    ("GET", "/"),
    ("GET", "/export/{form}"),
    ("GET", "/timeline"),
    ("GET", "/readings"),
    ("GET", "/refusals"),
    ("GET", "/consents"),
    ("GET", "/exceptions"),
    ("*", "/static"),
}
"""For whoever knows the secret address on this machine's loopback."""
WITNESS_PUBLIC: set[Route] = {("POST", "/add-checkpoint"), ("GET", "/healthz")}
INDEX_PUBLIC: set[Route] = {("GET", "/"), ("GET", "/tour"), ("*", "/static")}

APPLICATIONS = {
    "agency/web/app.py",
    "protocol/application.py",  # the class
    "audit/app.py",
    "audit/serve.py",
    "hub/app.py",
    "pages/index.py",
    "witness/app.py",
    "rehearsal/bench/plain_route.py",  # what the bench measures against: no data behind it
}


class DoorWithoutHub:
    """Stands for a door whose hub is away; anything else that a stranger reached in it would be an error."""

    agency = UUID(int=1)

    class store:
        class page_drafts:
            give_back = staticmethod(lambda actor: [])

        class devices:
            device = staticmethod(lambda id: None)

    def directory(self) -> list[Any]:
        raise Unavailable("hub-unreachable", "try again")


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[FastAPI]:
    staff = Staff(tmp_path / "staff.db")
    staff.add("staff.a1", "職員A", b"correct horse battery", roles=ALL_ROLES)
    yield agency_app(cast(Any, DoorWithoutHub()), staff=staff, mode="real")
    staff.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("strangers") / "hub") as opened_hub:
        yield opened_hub


def hub_app_of(hub: HubWithCase) -> FastAPI:
    assert hub.rehearsal_hub.runtime is not None
    return hub.rehearsal_hub.runtime.app


def test_every_application_of_the_product_is_walked_here() -> None:
    gateway = ROOT / "gateway"
    creating = {
        path.relative_to(gateway).as_posix()
        for path in gateway.rglob("*.py")
        if re.search(r"\b(FastAPI|Starlette|Application)\(", path.read_text(encoding="utf-8"))
    }
    assert creating == APPLICATIONS


# --- an agency's door -----------------------------------------------------------------------------------


def unguarded(app: FastAPI, public: set[Route]) -> set[str]:
    """What is wrong with the answers that a stranger gets from an agency's door."""
    routes = routes_of(app)
    routes_without_guard = {f"{m} {path}: a new mount" for m, path in routes - public if m == "*"}
    for (method, path), response in strange_requests(app):
        if method == "HEAD" or (method, path) in public:
            continue
        if response.bytes_read:
            routes_without_guard.add(f"{method} {path}: the body was read")
        if (method, path) in AGENCY_DEVICES:
            sent_away = json.loads(response.body)["error_code"] == "device-unknown"
        else:
            sent_away = _sent_away(response) if (method, path) in routes else response.status == 405
        if not sent_away:
            routes_without_guard.add(f"{method} {path}: answered {response.status}")
    return routes_without_guard


def _sent_away(response: Response) -> bool:
    if response.status == 303:
        return response.headers["location"] == "/sign-in"
    return response.status == 401 and json.loads(response.body)["error_code"] == "not-signed-in"


def test_a_stranger_is_sent_away_from_every_route_of_a_door_before_its_body_is_read(agency: FastAPI) -> None:
    assert routes_of(agency) >= AGENCY_PUBLIC
    assert len(routes_of(agency)) > 30
    assert unguarded(agency, AGENCY_PUBLIC) == set()


def test_pages_send_strangers_to_sign_in_and_the_api_answers_401(agency: FastAPI) -> None:
    for (method, path), response in strange_requests(agency):
        if (method, path) in routes_of(agency) - AGENCY_PUBLIC - AGENCY_DEVICES:
            assert response.status == (401 if path.startswith("/api/") else 303)


def test_a_wrong_token_or_session_is_refused_before_the_body_is_read(agency: FastAPI) -> None:
    for headers in ([("authorization", "Bearer wrong")], [("cookie", "kakehashi=wrong")]):
        response = request(agency, "POST", "/api/messages", headers=headers)
        assert (response.status, response.bytes_read) == (401, 0)
        response = request(agency, "POST", "/files", headers=headers)
        assert (response.status, response.bytes_read) == (303, 0)


def test_a_form_from_another_origin_is_refused_before_its_body_is_read(agency: FastAPI) -> None:
    for path in ("/sign-in", "/files", "/api/messages"):
        headers = [("origin", "http://evil.example"), ("content-type", "application/x-www-form-urlencoded")]
        response = request(agency, "POST", path, headers=headers)
        assert (response.status, response.bytes_read) == (401, 0)
        assert json.loads(response.body)["error_code"] == "other-origin"


def test_what_a_stranger_may_send_is_short(agency: FastAPI) -> None:
    form = ("content-type", "application/x-www-form-urlencoded")
    for length, bytes_read in (
        (("transfer-encoding", "chunked"), 2 * len(CHUNK)),
        (("content-length", "4097"), 0),
    ):
        response = request(agency, "POST", "/sign-in", headers=[form, length], max_bytes=1 << 20)
        assert (json.loads(response.body)["error_code"], response.bytes_read) == ("body-too-long", bytes_read)
        assert response.headers["connection"] == "close"


def test_the_walk_finds_a_route_without_a_guard(agency: FastAPI) -> None:
    agency.get("/new-page")(lambda: {"text": "everything"})
    assert unguarded(agency, AGENCY_PUBLIC) == {"GET /new-page: answered 200"}


def test_the_walk_finds_a_guard_that_runs_after_the_body_is_read(agency: FastAPI) -> None:
    from domain.errors import Untrusted

    def late_guard() -> None:
        raise Untrusted("not-signed-in", "give a token, or sign in")

    def handler(text: str = Form()) -> dict[str, str]:
        return {"text": text}

    agency.post("/late", dependencies=[Depends(late_guard)])(handler)
    assert "POST /late: the body was read" in unguarded(agency, AGENCY_PUBLIC)


def test_the_walk_finds_a_new_mount(agency: FastAPI) -> None:
    agency.mount("/more", FastAPI())
    assert "* /more: a new mount" in unguarded(agency, AGENCY_PUBLIC)


def test_a_handler_that_needs_a_person_fails_closed_on_a_route_without_a_guard(agency: FastAPI) -> None:
    from gateway.agency.web.guard import SignedIn

    def handler(person: SignedIn) -> dict[str, str]:
        return {"name": person.name}

    handler.__annotations__["person"] = SignedIn
    agency.get("/unguarded")(handler)
    response = request(agency, "GET", "/unguarded")
    assert (response.status, json.loads(response.body)["error_code"]) == (401, "not-signed-in")


def test_an_unknown_route_and_a_wrong_method_answer_the_same_to_everybody(agency: FastAPI) -> None:
    person = TestClient(agency, base_url="https://127.0.0.1")
    signed_in = person.post(
        "/sign-in",
        data={"actor": "staff.a1", "passphrase": "correct horse battery"},
        follow_redirects=False,
    )
    assert signed_in.status_code == 303
    stranger = TestClient(agency, base_url="https://127.0.0.1")
    for method, path, status in (("GET", "/no-such-page", 404), ("POST", "/cases", 405)):
        answers = [client.request(method, path) for client in (person, stranger)]
        assert {(a.status_code, a.content) for a in answers} == {(status, answers[0].content)}
        assert answers[0].headers["content-type"] == "application/problem+json"
        assert answers[0].json()["error_code"] in ("not-found", "wrong-method")


# --- the hub ----------------------------------------------------------------------------------------------


def test_every_route_of_the_hub_is_public_or_asks_for_a_signature(hub: HubWithCase) -> None:
    assert routes_of(hub_app_of(hub)) == HUB_PUBLIC | HUB_SIGNED_BODY | HUB_SIGNED_HEAD


def test_the_hub_reads_a_strangers_body_only_where_the_signature_is_in_it(hub: HubWithCase) -> None:
    app, before = hub_app_of(hub), hub.head()
    for (method, path), response in strange_requests(app):
        method, path = asked_route(method, path)
        if (method, path) in HUB_SIGNED_BODY:
            assert 400 <= response.status < 500
            continue
        assert response.bytes_read == 0, (method, path)
        if (method, path) in HUB_SIGNED_HEAD:
            assert response.status in (400, 401), (method, path)
        elif (method, path) not in HUB_PUBLIC:
            assert response.status == 405, (method, path)
    assert hub.head() == before


@pytest.mark.parametrize(
    "signatures_of",
    [
        pytest.param(lambda payload, right: [], id="no signature"),
        pytest.param(lambda payload, right: right[:1], id="one of two signatures"),
    ],
)
def test_the_hub_refuses_an_unsigned_request(hub: HubWithCase, signatures_of: Callable[..., Any]) -> None:
    before = hub.head()
    agency = {"kind": "agency", "id": str(hub.door("AZ-CORE").agency)}
    requests = {
        "/v1/commands": hub.disclosure(),
        "/v1/queries": hub.unsigned("AZ-CORE", "feed", {"cursor": 0, "erased": 0}, about=agency),
    }
    assert {("POST", path) for path in requests} == HUB_SIGNED_BODY
    for path, unsigned in requests.items():
        payload, right = unsigned.signed()
        data = request_bytes(frame_bytes(payload, signatures_of(payload, right)), unsigned.parts)
        response = request(hub_app_of(hub), "POST", path, body=data)
        assert response.status in (400, 401), (path, response.body)
        right_response = request(hub_app_of(hub), "POST", path, body=unsigned.encode())
        assert right_response.status == 200, (path, right_response.body)
    assert hub.head() == before + 1  # the signed command


@pytest.mark.parametrize("path", sorted(path for _, path in HUB_SIGNED_BODY))
def test_the_hub_stops_reading_a_body_that_is_too_long(hub: HubWithCase, path: str) -> None:
    response = request(hub_app_of(hub), "POST", path, max_bytes=2 * MAX_REQUEST_BYTES)
    assert json.loads(response.body)["error_code"] == "body-too-long"
    assert response.bytes_read <= MAX_REQUEST_BYTES + len(CHUNK)


# --- audit, witness, start page ---------------------------------------------------------------------------


def test_the_auditors_pages_only_read_and_never_take_a_body() -> None:
    stub = cast(Any, object())
    app = audit_app(stub, names={}, mode="real", record=stub)
    assert routes_of(app) == AUDIT_PAGES


def test_the_auditors_pages_answer_only_under_the_secret_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: list[FastAPI] = []

    class CapturedApp:
        def __init__(self, app: FastAPI, port: int) -> None:
            self.url = "http://127.0.0.1"
            served.append(app)

        def __enter__(self) -> CapturedApp:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(audit_serve, "ServedApp", CapturedApp)
    archive = SimpleNamespace(
        read_models=SimpleNamespace(reader=None, register=SimpleNamespace(agencies={})),
        installation=SimpleNamespace(mode="real", hub=bytes(32), custody="HOSTED"),
        store=None,
    )
    with audit_serve.served_pages(cast(Any, archive), cast(Any, SimpleNamespace(to_json=dict))) as url:
        [app] = served
        secret = url.removeprefix("http://127.0.0.1").rstrip("/")
        assert routes_of(app) == {("*", secret)}
        assert len(secret) > 20
        for _, path in AUDIT_PAGES:
            for method in ("GET", "POST"):
                response = request(app, method, path.replace("{form}", "ledger.csv"))
                assert (response.status, response.bytes_read) == (404, 0)


def test_a_witness_answers_two_routes_and_stops_reading_a_body_that_is_too_long(tmp_path: Path) -> None:
    keys = SignatureKeys.from_seeds(SignatureKind.LOG, bytes(64))
    witness = Witness(tmp_path / "witness.db", "witness.example/one", keys, {}, lambda: 1_700_000_000)
    try:
        app = witness_app(witness)
        assert routes_of(app) == WITNESS_PUBLIC
        for (method, path), response in strange_requests(app):
            if asked_route(method, path) not in WITNESS_PUBLIC:
                assert (response.status, response.bytes_read) == (405, 0)
        assert request(app, "POST", "/add-checkpoint", body=b"old 0\n\nunsigned\n").status == 400
        endless = request(app, "POST", "/add-checkpoint", max_bytes=2 * MAX_BODY_BYTES)
        assert endless.status >= 400
        assert endless.bytes_read <= MAX_BODY_BYTES + len(CHUNK)
    finally:
        witness.close()


def test_the_start_page_of_a_rehearsal_takes_no_body() -> None:
    app = index_app(agencies=[], mode="rehearsal")
    assert routes_of(app) == INDEX_PUBLIC
    for (method, path), response in strange_requests(app):
        assert response.bytes_read == 0
        assert response.status == (200 if asked_route(method, path) in INDEX_PUBLIC else 405)
