"""Sessions: where somebody is signed in, how it ends, and acts that ask for a fresh factor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from domain.errors import Refused
from domain.events import EVENTS
from gateway.agency import passphrases
from gateway.agency.factors.sessions import FRESH_SECONDS, device_words, reference_of
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.factors.step_up import STEP_UP_ACTS, factor_of, require_fresh_factor
from gateway.agency.staff import IDLE_SECONDS, MAX_SESSION_SECONDS, Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.web.cookies import SESSION
from gateway.agency.web.step_up import local_path
from gateway.protocol.problems import text_ja_of_code
from tests.gateway.sign_in_kit import (
    ACTOR,
    PASSPHRASE,
    RIGHT,
    DoorWithoutHub,
    browser,
    code_at,
    door_app,
    secret_on,
)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
def staff(tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Staff]:
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    with closing(Staff(tmp_path / "staff.db", lambda: now[0])) as opened:
        opened.add(ACTOR, "職員A", PASSPHRASE, roles=ALL_ROLES)
        yield opened


def signed_in(staff: Staff, agent: str = EDGE, settings: SignInSettings | None = None) -> TestClient:
    page = browser(door_app(staff, settings or SignInSettings()))
    page.headers["user-agent"] = agent
    assert page.post("/sign-in", data=RIGHT).status_code == 303
    return page


def ids_on(page: TestClient) -> list[str]:
    return re.findall(r'name="session_id" value="([0-9a-f]+)"', page.get("/sessions").text)


# --- the list -----------------------------------------------------------------------------------------------


def test_a_person_sees_where_they_are_signed_in_and_ends_one_of_them(staff: Staff) -> None:
    here, there = signed_in(staff, EDGE), signed_in(staff, FIREFOX)
    shown = here.get("/sessions").text
    assert "Windows、Edge" in shown
    assert "Linux、Firefox" in shown
    [other] = ids_on(here)
    assert here.post("/sessions/end", data={"session_id": other}).status_code == 303
    assert there.get("/files").headers["location"] == "/sign-in"
    assert here.get("/files").status_code == 200
    assert [e.detail for e in staff.log() if e.what == "sessions-ended"] == ["1"]


def test_all_others_are_ended_at_once_and_this_one_stays(staff: Staff) -> None:
    pages = [signed_in(staff) for _ in range(3)]
    assert pages[0].post("/sessions/end-others").status_code == 303
    assert [page.get("/files").status_code for page in pages] == [200, 303, 303]


class RecordingDoor(DoorWithoutHub):
    """A door that notes by their reference what ends with which session."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[str] = []
        self.contents: list[str] = []
        sheets, contents = self.sheets, self.contents

        class Store(DoorWithoutHub.store):
            class devices:
                end_session = staticmethod(lambda session, at: sheets.append(session))

        class Recent:
            end_session = staticmethod(contents.append)

        self.store = Store  # type: ignore[misc,assignment]
        self.recent = Recent  # type: ignore[misc,assignment]


@pytest.mark.parametrize("how", ["end", "end-others", "reset", "remove", "sign-out"])
def test_what_hangs_on_a_session_ends_with_it_wherever_it_is_ended(
    staff: Staff, now: list[float], how: str
) -> None:
    staff.add("staff.b2", "職員B", PASSPHRASE)
    door = RecordingDoor()
    app = door_app(staff, SignInSettings(), door)
    administrator, page, other = browser(app), browser(app), browser(app)
    administrator.post("/sign-in", data=RIGHT)
    for one in (page, other):
        one.post("/sign-in", data={**RIGHT, "actor": "staff.b2"})
    session = page.cookies[SESSION]
    match how:
        case "end":
            id = staff.sessions.id_of(session)
            answer = administrator.post("/sessions/end", data={"session_id": id})
        case "end-others":
            answer = other.post("/sessions/end-others")
        case "reset":
            answer = administrator.post("/invitations/reset", data={"actor": "staff.b2"})
        case "remove":
            answer = administrator.post("/administration/people/remove", data={"actor": "staff.b2"})
        case _:
            answer = page.post("/sign-out")
    assert answer.status_code in (200, 303)
    both = {reference_of("staff.b2", one.cookies.get(SESSION, session)) for one in (page, other)}
    expected = both if how in ("reset", "remove") else {reference_of("staff.b2", session)}
    assert set(door.sheets) == set(door.contents) == expected


def test_a_session_that_was_ended_keeps_nothing_that_is_still_sent(staff: Staff) -> None:
    here, there = signed_in(staff), signed_in(staff)
    here.post("/sessions/end-others")
    late = there.post("/new", data={"command_id": "00000000-0000-4000-8000-000000000001"})
    assert late.headers["location"] == "/sign-in"


def test_an_unknown_session_is_not_there(staff: Staff) -> None:
    assert signed_in(staff).post("/sessions/end", data={"session_id": "0" * 16}).status_code == 404


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (EDGE, "Windows、Edge"),
        (FIREFOX, "Linux、Firefox"),
        (IPHONE, "iPhone、Safari"),
        ("curl/8", "不明な端末"),
    ],
)
def test_words_for_a_machine_are_few(agent: str, words: str) -> None:
    assert device_words(agent) == words


# --- how long it lasts --------------------------------------------------------------------------------------


def test_to_ask_how_long_a_session_lasts_does_not_prolong_it_and_to_stay_does(
    staff: Staff, now: list[float]
) -> None:
    page = signed_in(staff)
    now[0] += IDLE_SECONDS - 60
    for _ in range(2):
        assert page.get("/session/left").json() == {"seconds": 60}
    assert page.post("/session/keep").json() == {"seconds": IDLE_SECONDS}
    now[0] += IDLE_SECONDS + 1
    assert page.get("/session/left").json() == {"seconds": 0}
    assert page.post("/session/keep").headers["location"] == "/sign-in"
    assert browser(door_app(staff, SignInSettings())).get("/session/left").json() == {"seconds": 0}


def test_no_session_lasts_longer_than_ten_hours(staff: Staff, now: list[float]) -> None:
    page, began = signed_in(staff), now[0]
    while now[0] - began < MAX_SESSION_SECONDS - 600:
        now[0] += 600
        page.post("/session/keep")
    assert page.get("/session/left").json() == {"seconds": 600}
    now[0] += 601
    assert page.get("/files").status_code == 303


# --- a fresh factor -----------------------------------------------------------------------------------------


def test_acts_of_the_table_ask_for_a_fresh_factor_and_systems_are_not_asked() -> None:
    inside, outside = {"agency": "CWA-25-2-2"}, {"agency": "CWA-25-2-2", "police": "CRPA-197-2"}
    assert set(STEP_UP_ACTS) <= set(EVENTS)
    with factor_of(lambda: False):
        require_fresh_factor("disclosure.made", inside)
        require_fresh_factor("home_visit.completed", outside)
        for topic, bases in (("disclosure.made", outside), ("destruction.approved", {})):
            with pytest.raises(Refused, match="step-up-needed"):
                require_fresh_factor(topic, bases)
    with factor_of(lambda: True):
        require_fresh_factor("destruction.approved")
    require_fresh_factor("destruction.approved")


def test_ways_to_sign_in_are_changed_after_a_fresh_factor_only(staff: Staff, now: list[float]) -> None:
    page = signed_in(staff)
    assert page.get("/account/app").status_code == 200
    now[0] += FRESH_SECONDS + 1
    assert page.get("/account").headers["location"] == "/step-up?next=%2Faccount"
    for after, is_kept in (
        ("/account", False),
        ("/new", False),
        ("/account?draft=1", False),
        ("/new?draft=1&step=preview", True),
    ):
        shown = page.get("/step-up", params={"next": after}).text
        assert ("書いたものはなくなりません" in shown) is is_kept
    asked = page.get("/account/app")
    assert asked.headers["location"] == "/step-up?next=%2Faccount%2Fapp"
    for path in ("/account/recovery-codes", "/account/passkeys", "/account/passkeys/end", "/account/app"):
        assert page.post(path, data={"code": "1"}).headers["location"].startswith("/step-up?")
    form = page.get(asked.headers["location"])
    assert 'type="password"' in form.text
    wrong = page.post("/step-up", data={"proof": "a wrong passphrase", "next": "/account/app"})
    assert (wrong.status_code, text_ja_of_code("passphrase-wrong") in wrong.text) == (401, True)
    done = page.post("/step-up", data={"proof": PASSPHRASE, "next": "/account/app"})
    assert done.headers["location"] == "/account/app"
    assert page.get("/account/app").status_code == 200


def test_who_has_an_app_confirms_by_its_code_once(staff: Staff, now: list[float]) -> None:
    settings = SignInSettings(second_factor_from=date.min)
    page = signed_in(staff, settings=settings)
    secret = secret_on(page.get("/sign-in/app").text)
    page.post("/sign-in/app", data={"code": code_at(secret, now[0])})
    now[0] += FRESH_SECONDS + 1
    assert page.post("/step-up", data={"proof": PASSPHRASE, "next": "/"}).status_code == 401
    code = code_at(secret, now[0])
    assert page.post("/step-up", data={"proof": code, "next": "/sessions"}).headers["location"] == "/sessions"
    used = page.post("/step-up", data={"proof": code, "next": "/"})
    assert (used.status_code, text_ja_of_code("code-used") in used.text) == (401, True)


def test_a_new_app_takes_the_place_of_the_old_one_and_of_its_recovery_codes(
    staff: Staff, now: list[float]
) -> None:
    page = signed_in(staff)
    first = secret_on(page.get("/account/app").text)
    assert page.get("/account/app.svg").text.startswith("<svg")
    assert page.post("/account/app", data={"code": "000000"}).status_code == 401
    assert page.post("/account/app", data={"code": code_at(first, now[0])}).status_code == 200
    codes = page.post("/account/recovery-codes").text
    second = secret_on(page.get("/account/app").text)
    assert second != first
    page.post("/account/app", data={"code": code_at(second, now[0])})
    other = browser(door_app(staff, SignInSettings()))
    other.post("/sign-in", data=RIGHT)
    assert (
        other.post(
            "/sign-in/code", data={"code": re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", codes)[0]}
        ).status_code
        == 401
    )


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (
            "/cases/1/forms/override?draft=ab-1&step=preview",
            "/cases/1/forms/override?draft=ab-1&step=preview",
        ),
        ("/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\n", "/"),
        ("/" + "a" * 3000, "/"),
    ],
)
def test_after_a_confirmation_one_stays_at_this_door(text: str, path: str) -> None:
    assert local_path(text) == path
