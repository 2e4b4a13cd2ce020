"""Codes of an app and recovery codes: who needs them, that each holds once, and that strangers keep nobody out by them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import date
from hashlib import scrypt
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from domain.errors import Unavailable, Untrusted
from gateway.agency import passphrases
from gateway.agency.factors.second_factor import RECOVERY_CODES
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.factors.tickets import TICKET_SECONDS
from gateway.agency.factors.totp import STEP_SECONDS, step_of, typed_code
from gateway.agency.sign_in import CODE_PACE, SignIn
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.protocol.problems import text_ja_of_code
from tests.gateway.sign_in_kit import (
    ACTOR,
    PASSPHRASE,
    RIGHT,
    browser,
    code_at,
    door_app,
    recovery_codes_on,
    secret_on,
)

REQUIRED = SignInSettings(second_factor_from=date.min)
GUESSES = 12
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture(autouse=True)
def _low_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))


@pytest.fixture
def staff(tmp_path: Path, now: list[float]) -> Iterator[Staff]:
    with closing(Staff(tmp_path / "staff.db", lambda: now[0])) as opened:
        opened.add(ACTOR, "職員A", PASSPHRASE, roles=ALL_ROLES)
        yield opened


class Person:
    """Somebody with an app, at the pages of a door that asks for a second factor."""

    def __init__(self, staff: Staff, now: list[float]) -> None:
        self.app, self.now = door_app(staff, REQUIRED), now
        self.page = browser(self.app)
        self.secret, self.codes = self.set_up()

    def set_up(self) -> tuple[str, list[str]]:
        assert self.page.post("/sign-in", data=RIGHT).headers["location"] == "/sign-in/app"
        secret = secret_on(self.page.get("/sign-in/app").text)
        done = self.page.post("/sign-in/app", data={"code": self.code(secret)})
        assert done.status_code == 200
        return secret, recovery_codes_on(done.text)

    def code(self, secret: str = "", steps: int = 0) -> str:
        return code_at(secret or self.secret, self.now[0] + steps * STEP_SECONDS)

    def passphrase(self, page: TestClient) -> TestClient:
        assert page.post("/sign-in", data=RIGHT).headers["location"] == "/sign-in/code"
        return page

    def at_a_new_machine(self, source: str = "192.0.2.9") -> TestClient:
        return self.passphrase(browser(self.app, source))


@pytest.fixture
def person(staff: Staff, now: list[float]) -> Person:
    person = Person(staff, now)
    now[0] += 10 * STEP_SECONDS
    return person


def is_signed_in(page: TestClient) -> bool:
    return page.get("/files").status_code == 200


# --- setting up ---------------------------------------------------------------------------------------------


def test_the_first_sign_in_leads_through_setting_up_an_app_and_shows_recovery_codes_once(
    staff: Staff, now: list[float]
) -> None:
    page = browser(door_app(staff, REQUIRED))
    assert page.post("/sign-in", data=RIGHT).headers["location"] == "/sign-in/app"
    assert not is_signed_in(page)
    shown = page.get("/sign-in/app")
    picture = page.get("/sign-in/app.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.startswith("<svg")
    secret = secret_on(shown.text)
    wrong = page.post("/sign-in/app", data={"code": "000000"})
    assert wrong.status_code == 401
    assert secret_on(wrong.text) == secret
    done = page.post("/sign-in/app", data={"code": code_at(secret, now[0])})
    assert len(set(recovery_codes_on(done.text))) == RECOVERY_CODES
    assert is_signed_in(page)
    again = page.post("/sign-in/app", data={"code": code_at(secret, now[0])})
    assert text_ja_of_code("sign-in-expired") in again.text


def test_a_door_asks_for_a_second_factor_from_the_day_that_is_set(staff: Staff, now: list[float]) -> None:
    now[0] = 1_800_025_199.0  # 23:59:59 of 15 January 2027 in Japan
    page = browser(door_app(staff, SignInSettings(second_factor_from=date(2027, 1, 16))))
    assert page.post("/sign-in", data=RIGHT).headers["location"] == "/"
    now[0] += 1
    assert page.post("/sign-in", data=RIGHT).headers["location"] == "/sign-in/app"


def test_an_app_that_is_set_up_is_asked_for_also_where_the_door_asks_nobody(
    staff: Staff, person: Person
) -> None:
    page = browser(door_app(staff, SignInSettings()))
    assert page.post("/sign-in", data=RIGHT).headers["location"] == "/sign-in/code"


def test_pages_of_the_second_step_are_for_who_has_given_a_passphrase(person: Person) -> None:
    stranger = browser(person.app)
    for path in ("/sign-in/code", "/sign-in/app"):
        assert stranger.get(path).headers["location"] == "/sign-in"
    assert stranger.get("/sign-in/app.svg").status_code == 401
    for path in ("/sign-in/code", "/sign-in/app"):
        refused = stranger.post(path, data={"code": person.code()})
        assert (refused.status_code, text_ja_of_code("sign-in-expired") in refused.text) == (401, True)


def test_who_gives_a_passphrase_while_another_sets_the_app_up_takes_it_from_nobody(
    staff: Staff, now: list[float]
) -> None:
    app = door_app(staff, REQUIRED)
    owner, thief = browser(app), browser(app)
    for page in (owner, thief):
        page.post("/sign-in", data=RIGHT)
    secrets = [secret_on(page.get("/sign-in/app").text) for page in (owner, thief)]
    assert owner.post("/sign-in/app", data={"code": code_at(secrets[0], now[0])}).status_code == 200
    late = thief.post("/sign-in/app", data={"code": code_at(secrets[1], now[0])})
    assert (late.status_code, is_signed_in(thief)) == (401, False)


# --- codes --------------------------------------------------------------------------------------------------


def test_a_code_signs_in_once_and_the_next_one_again(person: Person) -> None:
    page = person.at_a_new_machine()
    assert page.post("/sign-in/code", data={"code": person.code()}).headers["location"] == "/"
    assert is_signed_in(page)
    other = person.at_a_new_machine()
    used = other.post("/sign-in/code", data={"code": person.code()})
    assert (used.status_code, text_ja_of_code("code-used") in used.text) == (401, True)
    earlier = other.post("/sign-in/code", data={"code": person.code(steps=-1)})
    assert earlier.status_code == 401, "an earlier code is worth no more than the last one"
    assert other.post("/sign-in/code", data={"code": person.code(steps=1)}).status_code == 303


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_phone_may_be_half_a_minute_wrong(steps: int) -> None:
    assert step_of(SECRET, code_at(SECRET, 1e9 + steps * STEP_SECONDS), 1e9) == 1e9 // STEP_SECONDS + steps


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_another_minute_is_wrong(person: Person, steps: int) -> None:
    page = person.at_a_new_machine()
    wrong = page.post("/sign-in/code", data={"code": person.code(steps=steps)})
    assert (wrong.status_code, text_ja_of_code("code-wrong") in wrong.text) == (401, True)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param("123456", "123456", id="full width"),
        pytest.param(" 123 456 ", "123456", id="as apps show it"),
        pytest.param("١٢٣٤٥٦", None, id="digits of another script"),
        pytest.param("12345", None, id="five"),
        pytest.param("1234567", None, id="seven"),
        pytest.param("12345a", None, id="a letter"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_only_six_ascii_digits_are_a_code(typed: str, code: str | None) -> None:
    assert typed_code(typed) == code


def test_a_ticket_ends_after_ten_minutes_and_with_its_use(
    staff: Staff, person: Person, now: list[float]
) -> None:
    clock = [0.0]
    way_in = SignIn(staff, factors=person_factors(staff, person), settings=REQUIRED, clock=lambda: clock[0])
    ticket = way_in.tickets.issue(ACTOR, b"", (), None)
    clock[0] = TICKET_SECONDS - 1
    assert way_in.tickets.find(ticket) is not None
    clock[0] += 1
    assert way_in.tickets.find(ticket) is None
    page = person.at_a_new_machine()
    cookies = dict(page.cookies)
    assert page.post("/sign-in/code", data={"code": person.code()}).status_code == 303
    thief = browser(person.app)
    thief.cookies.update(cookies)
    assert thief.post("/sign-in/code", data={"code": person.code(steps=1)}).status_code == 401


def person_factors(staff: Staff, person: Person) -> object:
    from gateway.agency.factors.second_factor import SecondFactors
    from tests.gateway.sign_in_kit import DoorWithoutHub

    return SecondFactors(staff.store, DoorWithoutHub(), staff.now)


def test_a_new_passphrase_ends_what_was_begun_with_the_old_one(staff: Staff, person: Person) -> None:
    page = person.at_a_new_machine()
    staff.change_passphrase(ACTOR, "battery staple horse")
    assert page.post("/sign-in/code", data={"code": person.code()}).status_code == 401
    assert not is_signed_in(page)


# --- recovery codes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["new passphrase", "removed"])
def test_what_was_begun_with_an_old_passphrase_sets_no_app_up(
    staff: Staff, now: list[float], how: str
) -> None:
    page = browser(door_app(staff, REQUIRED))
    page.post("/sign-in", data=RIGHT)
    secret = secret_on(page.get("/sign-in/app").text)
    if how == "removed":
        staff.remove(ACTOR)
    else:
        staff.change_passphrase(ACTOR, "battery staple horse")
    late = page.post("/sign-in/app", data={"code": code_at(secret, now[0])})
    assert not recovery_codes_on(late.text)
    for table in ("totp", "recovery_codes"):
        assert staff.store.query(f"SELECT count(*) FROM {table}") == [(0,)]
    assert "app-set-up" not in {entry.what for entry in staff.log()}


def test_a_recovery_code_signs_in_once(person: Person) -> None:
    typed = person.codes[0].lower().replace("-", " ")
    page = person.at_a_new_machine()
    assert page.post("/sign-in/code", data={"code": typed}).status_code == 303
    other = person.at_a_new_machine()
    assert other.post("/sign-in/code", data={"code": typed}).status_code == 401
    assert other.post("/sign-in/code", data={"code": person.codes[1]}).status_code == 303


def test_a_recovery_code_is_nobody_elses(staff: Staff, person: Person, now: list[float]) -> None:
    staff.add("staff.a2", "職員B", PASSPHRASE)
    page = browser(person.app)
    page.post("/sign-in", data={"actor": "staff.a2", "passphrase": PASSPHRASE})
    secret = secret_on(page.get("/sign-in/app").text)
    page.post("/sign-in/app", data={"code": code_at(secret, now[0])})
    page.post("/sign-out")
    page.post("/sign-in", data={"actor": "staff.a2", "passphrase": PASSPHRASE})
    assert page.post("/sign-in/code", data={"code": person.codes[0]}).status_code == 401


def test_nothing_of_a_second_factor_is_stored_in_clear(person: Person, tmp_path: Path) -> None:
    files = b"".join(path.read_bytes() for path in tmp_path.glob("staff.db*"))
    for secret in (person.secret, *person.codes, *(code.replace("-", "") for code in person.codes)):
        assert secret.encode() not in files


# --- strangers ----------------------------------------------------------------------------------------------


def test_who_knows_the_passphrase_guesses_no_faster_from_many_addresses(person: Person) -> None:
    checked = 0
    for n in range(10):
        page = person.at_a_new_machine(f"198.51.100.{n}")
        checked += [page.post("/sign-in/code", data={"code": "000000"}).status_code for _ in range(5)].count(
            401
        )
    assert checked <= CODE_PACE.free + 1


def test_codes_that_are_guessed_at_the_same_time_are_counted_one_by_one() -> None:
    class AllAtOnce:
        """Second factors that check a code when all guesses are there, or no other comes for a while."""

        def __init__(self) -> None:
            self.checked = 0
            self._all = Barrier(GUESSES)

        def check(self, actor: str, code: str) -> None:
            self.checked += 1
            with suppress(BrokenBarrierError):
                self._all.wait(0.5)
            raise Untrusted("code-wrong")

    factors = AllAtOnce()
    sign_in = SignIn(cast(Any, None), factors=cast(Any, factors), clock=lambda: 1_000.0)

    def guess(number: int) -> str:
        try:
            sign_in.check_code(ACTOR, f"{number:06}", device=None)
        except (Unavailable, Untrusted) as error:
            return error.error_code
        return ""

    with ThreadPoolExecutor(GUESSES) as threads:
        answers = list(threads.map(guess, range(GUESSES)))
    assert factors.checked == answers.count("code-wrong") == CODE_PACE.free
    assert answers.count("sign-in-waits") == GUESSES - CODE_PACE.free


def test_while_somebody_guesses_codes_a_known_machine_and_recovery_codes_do_not_wait(person: Person) -> None:
    for n in range(3):
        guesser = person.at_a_new_machine(f"198.51.100.{n}")
        for _ in range(5):
            last = guesser.post("/sign-in/code", data={"code": "000000"})
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    page = person.at_a_new_machine()
    assert page.post("/sign-in/code", data={"code": person.code()}).status_code == 429
    assert page.post("/sign-in/code", data={"code": person.codes[0]}).status_code == 303
    known = person.passphrase(person.page)
    assert known.post("/sign-in/code", data={"code": person.code()}).status_code == 303


def test_a_wrong_passphrase_reads_the_same_whoever_has_an_app(staff: Staff, person: Person) -> None:
    staff.add("staff.a2", "職員B", PASSPHRASE)
    answers = set()
    for actor in (ACTOR, "staff.a2", "nobody.1"):
        wrong = browser(person.app, f"192.0.2.{len(answers)}").post(
            "/sign-in", data={"actor": actor, "passphrase": "a wrong passphrase"}
        )
        answers.add((wrong.status_code, wrong.text.replace(actor, ""), tuple(wrong.cookies)))
    assert len(answers) == 1


# --- passphrases --------------------------------------------------------------------------------------------


def test_a_passphrase_of_an_earlier_version_verifies_once_and_is_stored_anew(
    tmp_path: Path, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    salt = bytes(range(16))
    cheap = lambda p, salt: scrypt(p, salt=salt, n=16, r=8, p=1, dklen=32)  # noqa: E731
    monkeypatch.setattr(passphrases, "scrypt_hash", cheap)
    with closing(sqlite3.connect(tmp_path / "staff.db", isolation_level=None)) as db:
        db.execute("UPDATE staff SET salt=?, hash=?", (salt, cheap(PASSPHRASE.encode(), salt)))

    def stored() -> bytes:
        return bytes(staff.store.query("SELECT hash FROM staff")[0][0])

    assert staff.check_passphrase(ACTOR, b"a wrong passphrase") is None
    assert not stored().startswith(passphrases.ARGON2)
    checked = staff.check_passphrase(ACTOR, PASSPHRASE.encode())
    assert checked == stored()
    assert stored().startswith(passphrases.ARGON2)
    assert staff.begin_session(ACTOR, checked) is not None


@pytest.mark.parametrize(
    ("cost", "replaced"),
    [
        pytest.param(passphrases.Cost(8, 1), False, id="the same"),
        pytest.param(passphrases.Cost(16, 2), False, id="stronger"),
        pytest.param(passphrases.Cost(8, 2), False, id="more passes"),
    ],
)
def test_only_a_weaker_hash_is_replaced(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, cost: passphrases.Cost, replaced: bool
) -> None:
    monkeypatch.setattr(passphrases, "COST", cost)
    staff.change_passphrase(ACTOR, PASSPHRASE)
    before = staff.store.query("SELECT hash FROM staff")
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    assert staff.check_passphrase(ACTOR, PASSPHRASE.encode()) is not None
    assert staff.store.query("SELECT hash FROM staff") == before
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(16, 3))
    assert staff.check_passphrase(ACTOR, PASSPHRASE.encode()) is not None
    assert staff.store.query("SELECT hash FROM staff") != before


def test_a_stored_hash_that_asks_for_more_memory_is_not_computed(staff: Staff) -> None:
    big = passphrases.nobodys_hash().replace(b"m=8,", b"m=4194304,")
    assert not passphrases.verifies(PASSPHRASE.encode(), b"", big)


def test_a_passphrase_typed_in_full_width_is_the_same(staff: Staff) -> None:
    staff.change_passphrase(ACTOR, "correct horse バッテリー")
    typed = passphrases.normalised("correct horse バッテリー")
    assert staff.check_passphrase(ACTOR, typed) is not None
