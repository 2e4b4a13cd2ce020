"""The sign-in page and the tokens of the API over HTTP: what people and programs are answered while others try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient

from domain.error_codes import TABLE
from domain.errors import Unavailable
from gateway.agency import check_queue, passphrases
from gateway.agency.sign_in import NAME_PACE
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.staff_store import DAY_SECONDS
from gateway.agency.web.app import LIMITS, agency_app
from gateway.agency.web.bearers import TOKEN_PACE
from gateway.protocol.limits import Load
from gateway.protocol.serving import ServedApp

RIGHT = {"actor": "staff.a1", "passphrase": "correct horse battery"}
WRONG = {"actor": "staff.a1", "passphrase": "a wrong passphrase"}


class DoorWithoutHub:
    """The API asks it for nothing but the outbox."""

    agency = UUID(int=1)

    class store:
        outgoing = staticmethod(list)

        class page_drafts:
            give_back = staticmethod(lambda actor: [])

    def directory(self) -> list[Any]:
        raise Unavailable("hub-unreachable")


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[Staff]:
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    with closing(Staff(tmp_path / "staff.db", lambda: now[0])) as opened:
        opened.add("staff.a1", "職員A", RIGHT["passphrase"], roles=ALL_ROLES)
        yield opened


@pytest.fixture
def app(staff: Staff) -> FastAPI:
    return agency_app(cast(Any, DoorWithoutHub()), staff=staff, mode="real")


def browser(app: FastAPI, source: str = "192.0.2.1") -> TestClient:
    headers = {"origin": "https://127.0.0.1"}
    return TestClient(
        app, base_url="https://127.0.0.1", client=(source, 1), headers=headers, follow_redirects=False
    )


def outbox(app: FastAPI, token: str, source: str = "192.0.2.1") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return cast(httpx.Response, browser(app, source).get("/api/outbox", headers=headers))


# --- the page ---------------------------------------------------------------------------------------------


def test_after_failures_the_page_names_the_seconds_and_keeps_the_typed_name(app: FastAPI) -> None:
    page = browser(app)
    for _ in range(NAME_PACE.free):
        answer = page.post("/sign-in", data=WRONG)
        assert (answer.status_code, 'value="staff.a1"' in answer.text) == (401, True)
        assert "a wrong passphrase" not in answer.text
    answer = page.post("/sign-in", data=RIGHT)
    assert answer.status_code == TABLE["sign-in-waits"].status == 429
    seconds = answer.headers["retry-after"]
    assert int(seconds) >= 1
    assert f"{seconds}秒後に、もう一度パスワードを入れてください" in answer.text
    assert 'value="staff.a1"' in answer.text
    assert browser(app, "192.0.2.2").post("/sign-in", data=RIGHT).status_code == 303


def test_a_full_queue_is_answered_with_the_time_to_come_again(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise check_queue.Full(7)

    monkeypatch.setattr(check_queue.CheckQueue, "enter", full)
    answer = browser(app).post("/sign-in", data=RIGHT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert "混み合っています。7秒後に" in answer.text
    assert 'value="staff.a1"' in answer.text
    assert TABLE["sign-in-busy"].status is None


def test_a_machine_that_signed_in_before_need_not_wait(app: FastAPI, staff: Staff) -> None:
    page = browser(app)
    answer = page.post("/sign-in", data=RIGHT)
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert [("Max-Age" in cookie) for cookie in cookies] == [False, True]
    stranger = browser(app)
    for _ in range(NAME_PACE.free + 1):
        last = stranger.post("/sign-in", data=WRONG)
    assert last.status_code == 429
    page.post("/sign-out")
    assert page.post("/sign-in", data=RIGHT).status_code == 303
    staff.change_passphrase("staff.a1", "battery staple horse")
    assert page.get("/", follow_redirects=False).headers["location"] == "/sign-in"
    assert page.post("/sign-in", data=RIGHT).status_code == 429, "the device has ended with the passphrase"


def test_an_invitation_lets_a_new_machine_in(app: FastAPI, staff: Staff) -> None:
    stranger = browser(app)
    for _ in range(NAME_PACE.free + 1):
        stranger.post("/sign-in", data=WRONG)
    invitation = staff.invite_device("staff.a1")
    page = browser(app)
    form = page.get("/sign-in", params={"invitation": invitation})
    assert f'name="invitation" value="{invitation}"' in form.text
    assert page.post("/sign-in", data=RIGHT).status_code == 429
    assert page.post("/sign-in", data={**RIGHT, "invitation": invitation}).status_code == 303
    assert browser(app).post("/sign-in", data={**RIGHT, "invitation": invitation}).status_code == 429


@pytest.mark.parametrize("cookie", ["x", "." * 3000, "a" * 43, "\xe9;=,", "é" * 43])
def test_a_made_up_device_is_no_device(app: FastAPI, cookie: str) -> None:
    page, headers = browser(app), {"cookie": b"__Host-kakehashi-device=" + cookie.encode("utf-8")}
    answers = [page.post("/sign-in", data=WRONG, headers=headers) for _ in range(NAME_PACE.free + 1)]  # type: ignore[arg-type]
    assert [answer.status_code for answer in answers] == [401] * NAME_PACE.free + [429]


@pytest.mark.parametrize(
    "actor", ["", " ", "\0", "職員", "x" * 3000, "sys:emr", "\ud800".encode("utf-8", "replace")]
)
def test_a_name_without_form_is_answered_like_a_wrong_one(app: FastAPI, actor: Any) -> None:
    answer = browser(app).post("/sign-in", data={"actor": actor, "passphrase": "a wrong passphrase"})
    assert answer.status_code in (400, 401)


# --- where a request comes from ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "second"),
    [
        pytest.param((), 429, id="nobody is trusted: the header is not read"),
        pytest.param(("127.0.0.1",), 401, id="a proxy that is trusted"),
    ],
)
def test_the_forwarded_address_counts_only_from_a_trusted_proxy(
    app: FastAPI, trusted: tuple[str, ...], second: int
) -> None:
    with ServedApp(app, trusted_proxies=trusted) as served, httpx.Client(base_url=served.url) as proxy:

        def guess(source: str) -> int:
            headers = {"x-forwarded-for": source, "accept": "text/html"}
            return proxy.post("/sign-in", data=WRONG, headers=headers).status_code

        statuses = [guess("203.0.113.1") for _ in range(NAME_PACE.free + 1)]
        assert statuses == [401] * NAME_PACE.free + [429]
        assert guess("203.0.113.2") == second


# --- tokens -----------------------------------------------------------------------------------------------


def test_a_token_that_has_ended_is_named_to_its_holder_only(
    app: FastAPI, staff: Staff, now: list[float]
) -> None:
    token = staff.add_token("sys:emr", "電子カルテ", days=1, acts=["outbox.read"])
    assert outbox(app, token).status_code == 200
    now[0] += DAY_SECONDS
    answer = outbox(app, token)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "token-expired")
    assert outbox(app, token + "x").json()["error_code"] == "not-signed-in"


def test_a_token_in_a_persons_name_has_to_be_issued_again(app: FastAPI, staff: Staff) -> None:
    token = staff.add_token("sys:emr", "電子カルテ", acts=["outbox.read"])
    with staff._store.write() as db:
        db.execute("UPDATE tokens SET actor='staff.a1'")
    answer = outbox(app, token)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "token-of-a-person")


def test_a_source_of_wrong_tokens_has_to_wait_and_a_right_token_never_has_to(
    app: FastAPI, staff: Staff
) -> None:
    token = staff.add_token("sys:emr", "電子カルテ", acts=["outbox.read"])
    answers = [outbox(app, f"guess {n}") for n in range(TOKEN_PACE.free + 3)]
    assert [a.json()["error_code"] for a in answers] == ["not-signed-in"] * TOKEN_PACE.free + [
        "too-many-wrong-tokens"
    ] * 3
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert outbox(app, token).status_code == 200, "from the same address"
    assert outbox(app, "guess", "192.0.2.2").status_code == 401, "from another address"
    staff.revoke_token(staff.tokens()[0].id)
    assert outbox(app, token).status_code == 429


def test_wrong_tokens_do_not_keep_people_from_signing_in(app: FastAPI) -> None:
    for n in range(TOKEN_PACE.free + 3):
        outbox(app, f"guess {n}")
    assert browser(app).post("/sign-in", data=RIGHT).status_code == 303


def test_what_may_run_by_the_hundred_holds_no_thread(app: FastAPI) -> None:
    """Handlers that work in a thread are bounded as other public routes are."""
    unbounded = {(one.method, one.path) for one in LIMITS if one.load is Load.SIGN_IN}
    endpoints = {
        (method, str(context.path)): context.route.endpoint
        for context in iter_route_contexts(app.routes)
        if isinstance(context.route, APIRoute)
        for method in context.methods or ()
        if (method, str(context.path)) in unbounded
    }
    assert set(endpoints) == unbounded == {("POST", "/sign-in"), ("POST", "/step-up")}
    assert all(iscoroutinefunction(endpoint) for endpoint in endpoints.values())
