"""Every route of a door with what is another's: sessions and tokens of another door, a token at pages, other cases' ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from domain.role_acts import SYSTEM_ACTS
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.web.app import agency_app
from gateway.agency.web.cookies import SESSION
from gateway.protocol.application import Application
from gateway.protocol.limits import Load
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.stranger import Response, example_path, request, routes_of
from tests.gateway.test_strangers import AGENCY_DEVICES, AGENCY_PUBLIC, DoorWithoutHub

FORM = "application/x-www-form-urlencoded"


class DoorWithStaff:
    """A door with a person who has signed in and a system."""

    def __init__(self, folder: Path, name: str) -> None:
        self.staff = Staff(folder / f"{name}.db")
        self.staff.add("staff.a1", "職員A", b"correct horse battery", roles=ALL_ROLES)
        self.session = signed_in(self.staff)
        self.token = self.staff.add_token("sys:one", "システム", acts=SYSTEM_ACTS)
        self.app = agency_app(cast(Any, DoorWithoutHub()), staff=self.staff, mode="real")


def signed_in(staff: Staff) -> str:
    """A session of the person, as the sign-in issues it."""
    checked = staff.check_passphrase("staff.a1", b"correct horse battery")
    assert checked is not None
    admission = staff.begin_session("staff.a1", checked)
    assert admission is not None
    return admission.session


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[tuple[DoorWithStaff, DoorWithStaff]]:
    made = DoorWithStaff(tmp_path, "one"), DoorWithStaff(tmp_path, "other")
    yield made
    for door in made:
        door.staff.close()


def answers_to(app: Application, headers: list[tuple[str, str]]) -> Iterator[tuple[str, str, Response]]:
    """Every route that is for people or systems, asked with these headers; phones prove themselves by other means."""
    for method, path in sorted(routes_of(app) - AGENCY_PUBLIC - AGENCY_DEVICES):
        yield method, path, request(app, method, example_path(path), headers=headers)


def is_sent_away(path: str, answer: Response) -> bool:
    if path.startswith("/api/"):
        return (answer.status, answer.bytes_read) == (401, 0)
    return (answer.status, answer.headers.get("location"), answer.bytes_read) == (303, "/sign-in", 0)


def test_what_another_door_issued_is_worth_nothing_here(doors: tuple[DoorWithStaff, DoorWithStaff]) -> None:
    here, other = doors
    origin = ("origin", "https://127.0.0.1")
    for credential in (
        ("cookie", f"{SESSION}={other.session}"),
        ("authorization", f"Bearer {other.token}"),
        ("cookie", f"{SESSION}={here.token}"),
        ("authorization", f"Bearer {here.session}"),
    ):
        answers = list(answers_to(here.app, [credential, origin]))
        assert len(answers) > 30
        let_in = [
            (method, path, answer.status)
            for method, path, answer in answers
            if answer.status != 429 and not is_sent_away(path, answer)  # wrong tokens are slowed down
        ]
        assert let_in == [], credential[0]


def test_a_system_comes_to_no_page(doors: tuple[DoorWithStaff, DoorWithStaff]) -> None:
    here, _ = doors
    for method, path, answer in answers_to(here.app, [("authorization", f"BEARER {here.token}")]):
        if not path.startswith("/api/"):
            assert is_sent_away(path, answer), (method, path, answer.status)


def test_a_session_is_taken_from_a_page_of_this_door_only(doors: tuple[DoorWithStaff, DoorWithStaff]) -> None:
    """Without a statement of the page, or from a page without an origin, nothing is changed in the name of a person."""
    here, _ = doors
    cookie = ("cookie", f"{SESSION}={here.session}")
    for origin in (
        [],
        [("origin", "null")],
        [("origin", "https://127.0.0.1:1")],
        [("sec-fetch-site", "same-site")],
    ):
        for method, path, answer in answers_to(here.app, [cookie, *origin]):
            if method == "POST":
                assert answer.status == 401, (path, origin)
                assert json.loads(answer.body)["error_code"] == "other-origin"
                assert answer.bytes_read == 0
    own = [cookie, ("origin", "https://127.0.0.1")]
    assert request(here.app, "POST", "/person", headers=own, body=b"").status != 401


def test_every_refusal_of_a_credential_states_how_to_prove_who_one_is(
    doors: tuple[DoorWithStaff, DoorWithStaff],
) -> None:
    here, _ = doors
    answer = request(here.app, "POST", "/api/files", headers=[("transfer-encoding", "chunked")])
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["connection"] == "close"  # its body was not read


def test_head_is_answered_as_get_without_the_body(doors: tuple[DoorWithStaff, DoorWithStaff]) -> None:
    here, _ = doors
    for method, path in sorted(routes_of(here.app)):
        if method == "GET" and "{" not in path:
            got, head = (request(here.app, asked, path, body=b"") for asked in ("GET", "HEAD"))
            assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")
    assert request(here.app, "HEAD", "/static/kakehashi.css", body=b"").status == 200


@pytest.mark.parametrize("path", ["/cases/", "//cases", "//evil.example/", "/sign-in/", "/api/worklist/"])
def test_a_slash_too_many_leads_to_no_other_host(
    doors: tuple[DoorWithStaff, DoorWithStaff], path: str
) -> None:
    here, _ = doors
    answer = request(here.app, "GET", path, body=b"")
    assert (answer.status, answer.headers.get("location")) == (404, None)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "127.0.0.1@evil.example", "", "[::2]"],
)
def test_no_application_answers_to_a_host_that_it_was_not_given(
    doors: tuple[DoorWithStaff, DoorWithStaff], host: str
) -> None:
    here, _ = doors
    answer = request(here.app, "GET", "/healthz", headers=[("host", host)], body=b"")
    assert (answer.status, json.loads(answer.body)["error_code"]) == (421, "wrong-host")
    here.app.answer_to(["door.example"])
    named = [("host", "Door.Example:443")]
    assert request(here.app, "GET", "/healthz", headers=named, body=b"").status == 200
    plain = [*named, ("origin", "http://door.example:443")]
    assert request(here.app, "POST", "/sign-out", headers=plain, body=b"").status == 401  # only over TLS


@pytest.mark.parametrize(
    ("header", "status", "error_code"),
    [
        pytest.param(("content-type", f"{FORM}; Charset=UTF-7"), 400, "charset-not-utf8", id="charset"),
        pytest.param(("content-type", 'text/plain; charset="idna"'), 400, "charset-not-utf8", id="quoted"),
        pytest.param(("x-long", "x" * 17_000), 431, "head-too-long", id="a long head"),
        pytest.param(("content-length", "x"), 413, "body-too-long", id="a length that is no number"),
    ],
)
def test_a_head_that_no_route_has_to_see_is_refused(
    doors: tuple[DoorWithStaff, DoorWithStaff], header: tuple[str, str], status: int, error_code: str
) -> None:
    here, _ = doors
    answer = request(here.app, "POST", "/sign-in", headers=[header])
    assert (answer.status, json.loads(answer.body)["error_code"]) == (status, error_code)
    assert answer.bytes_read == 0


@pytest.mark.parametrize("path", ["/cases/a\0b", "/cases/a\nb", "/cases/\x7f", "/cases/\ud800", "/sign-in\0"])
def test_a_path_with_control_characters_is_refused_before_any_route(
    doors: tuple[DoorWithStaff, DoorWithStaff], path: str
) -> None:
    here, _ = doors
    answer = request(here.app, "GET", path, body=b"")
    assert (answer.status, json.loads(answer.body)["error_code"]) == (400, "wrong-request")


# --- ids of other cases -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("others") / "hub") as opened_hub:
        yield opened_hub


def test_ids_of_a_case_that_a_door_was_never_informed_of_read_as_ids_of_nothing(hub: HubWithCase) -> None:
    """The centre belongs to the network, and was told nothing of the case."""
    staff = Staff.rehearsal("staff.1", mode="rehearsal")
    app = agency_app(hub.door("KS-CGC"), staff=staff, mode="rehearsal")
    real = {"case": hub.case, "message": hub.sent.command_id, "item": hub.sent.items[0][0]}
    made_up = {name: uuid4() for name in real}
    asked = 0
    for method, template in sorted(routes_of(app)):
        if "{case}" in template:
            answers = [ask(app, method, template, ids) for ids in (real, made_up)]
            assert answers[0] == answers[1], (method, template)
            assert method == "GET" or answers[0][0] in (400, 403, 404), (method, template)
            asked += 1
    assert asked >= 8


def ask(app: Application, method: str, template: str, ids: dict[str, UUID]) -> tuple[int, str]:
    """Status and text of the answer, in which each id is replaced by its name."""
    path = template.replace("{key}", "correct")
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    fields = {
        "message": str(ids["message"]),
        "item": str(ids["item"]),
        "about": str(ids["message"]),
        "section": "BASIC",
        "act": "referral.acknowledged",
        "command_id": str(uuid4()),
    }
    if template.startswith("/api/"):
        content_type, body = "application/json", json.dumps({k: fields[k] for k in ("message", "section")})
    else:
        content_type, body = FORM, urlencode(fields)
    answer = request(app, method, path, headers=[("content-type", content_type)], body=body.encode())
    text = answer.body.decode()
    for name, value in ids.items():
        text = text.replace(str(value), name)
    return answer.status, re.sub(r'name="composing" value="[0-9a-f-]{36}"', "", text)


def test_every_route_that_takes_a_body_has_its_limit_and_health_has_no_places(hub: HubWithCase) -> None:
    staff = Staff.rehearsal("staff.1", mode="rehearsal")
    assert hub.rehearsal_hub.runtime is not None
    door = agency_app(hub.door("AZ-CORE"), staff=staff, mode="rehearsal")
    for app in (door, hub.rehearsal_hub.runtime.app):
        for method, path in routes_of(app):
            row = app.table.find(method, example_path(path))
            if method in ("POST", "PUT"):
                assert row is not None, (method, path)
                assert row.max_bytes, (method, path)
            if path in ("/healthz", "/readyz"):
                assert row is not None, path
                assert row.load is Load.HEALTH, path
