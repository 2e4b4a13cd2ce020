"""Passkeys: what is accepted, what is refused, and that a challenge and a passkey hold once and for whom they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from re import search

import pytest

from domain.errors import Conflict, ExchangeError, Malformed, NotFound, Untrusted
from gateway.agency import passphrases
from gateway.agency.factors import passkeys as module
from gateway.agency.factors.challenges import CHALLENGE_SECONDS, Challenges
from gateway.agency.factors.passkeys import SIGN_IN, STEP_UP, Passkeys
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.protocol.problems import text_ja_of_code
from tests.gateway.sign_in_kit import ACTOR, ORIGIN, PASSPHRASE, RIGHT, browser, door_app
from tests.gateway.soft_authenticator import BE, UP, UV, Authenticator

SETTINGS = SignInSettings(public_url=ORIGIN)
RP_ID = "127.0.0.1"
BROWSER = "the cookie of a browser"


@pytest.fixture
def clock() -> list[float]:
    return [1_000.0]


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Staff]:
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    with closing(Staff(tmp_path / "staff.db", lambda: 1_800_000_000.0)) as opened:
        opened.add(ACTOR, "職員A", PASSPHRASE, roles=ALL_ROLES)
        yield opened


@pytest.fixture
def passkeys(staff: Staff, clock: list[float]) -> Passkeys:
    return Passkeys(staff.store, SETTINGS, Challenges(lambda: clock[0]), staff.now)


def authenticator(**states: object) -> Authenticator:
    return Authenticator(**{"origin": ORIGIN, "rp_id": RP_ID, **states})  # type: ignore[arg-type]


def register(passkeys: Passkeys, actor: str = ACTOR, **states: object) -> Authenticator:
    made = authenticator(**states)
    options = passkeys.registration_options(actor, "職員A", BROWSER)
    passkeys.register(actor, "執務室", made.create(options), BROWSER)
    return made


def ask(passkeys: Passkeys, purpose: str = SIGN_IN, binding: str = BROWSER) -> str:
    return passkeys.authentication_options(purpose, binding)


def refused(code: str, act: Callable[[], object]) -> bool:
    with pytest.raises(ExchangeError) as error:
        act()
    return error.value.error_code == code


def test_a_passkey_names_its_person_each_time_by_a_new_challenge(passkeys: Passkeys) -> None:
    made = register(passkeys)
    for count in (1, 2):
        made.count = count
        assert passkeys.verify(made.get(ask(passkeys)), SIGN_IN, BROWSER) == ACTOR
    [known] = passkeys.of(ACTOR)
    assert (known.name, known.used_at) == ("執務室", 1_800_000_000.0)


@pytest.mark.parametrize(
    "states",
    [
        pytest.param({"origin": "https://evil.example"}, id="another site"),
        pytest.param({"origin": "http://127.0.0.1"}, id="without TLS"),
        pytest.param({"rp_id": "evil.example"}, id="another rp id"),
        pytest.param({"flags": UP}, id="the user was not verified"),
        pytest.param({"flags": UV}, id="nobody was there"),
        pytest.param({"flags": UP | UV | BE}, id="a key that can suddenly be copied"),
        pytest.param({"cross_origin": True}, id="in a frame of another site"),
        pytest.param({"handle": b"another person"}, id="another person's handle"),
        pytest.param({"count": 3}, id="a copy that counts on its own"),
        pytest.param({"id": b"unknown"}, id="an unknown passkey"),
    ],
)
def test_what_an_authenticator_states_wrongly_is_refused(
    passkeys: Passkeys, states: dict[str, object]
) -> None:
    made = register(passkeys)
    made.count = 3
    passkeys.verify(made.get(ask(passkeys)), SIGN_IN, BROWSER)
    made.count = 4
    for name, value in states.items():
        setattr(made, name, value)
    assert refused("passkey-refused", lambda: passkeys.verify(made.get(ask(passkeys)), SIGN_IN, BROWSER))


@pytest.mark.parametrize(
    "states",
    [
        pytest.param({"origin": "https://evil.example"}, id="another site"),
        pytest.param({"rp_id": "evil.example"}, id="another rp id"),
        pytest.param({"flags": UP}, id="the user was not verified"),
        pytest.param({"alg": -19}, id="an algorithm that was not offered"),
        pytest.param({"cross_origin": True}, id="in a frame of another site"),
    ],
)
def test_a_passkey_that_is_made_wrongly_is_not_taken(passkeys: Passkeys, states: dict[str, object]) -> None:
    assert refused("passkey-refused", lambda: register(passkeys, **states))
    assert passkeys.of(ACTOR) == []


def test_a_signature_by_another_key_is_refused(passkeys: Passkeys) -> None:
    made = register(passkeys)
    made.key = authenticator().key
    assert refused("passkey-refused", lambda: passkeys.verify(made.get(ask(passkeys)), SIGN_IN, BROWSER))


def test_a_challenge_holds_once_for_five_minutes_for_one_browser_and_purpose(
    passkeys: Passkeys, clock: list[float]
) -> None:
    made = register(passkeys)
    given = made.get(ask(passkeys))
    assert passkeys.verify(given, SIGN_IN, BROWSER) == ACTOR
    for credential, purpose, binding in (
        (given, SIGN_IN, BROWSER),
        (made.get(ask(passkeys)), SIGN_IN, "another browser"),
        (made.get(ask(passkeys)), STEP_UP, BROWSER),
        (made.get(ask(passkeys, STEP_UP)), SIGN_IN, BROWSER),
        (made.get('{"challenge": "AAAA"}'), SIGN_IN, BROWSER),
    ):
        assert refused("passkey-expired", lambda c=credential, p=purpose, b=binding: passkeys.verify(c, p, b))  # type: ignore[misc]
    late = made.get(ask(passkeys))
    clock[0] += CHALLENGE_SECONDS
    assert refused("passkey-expired", lambda: passkeys.verify(late, SIGN_IN, BROWSER))


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", '{"response": {"clientDataJSON": "e30"}}', "x" * 20_000]
)
def test_bytes_that_are_no_answer_are_refused(passkeys: Passkeys, credential: str) -> None:
    assert refused("passkey-refused", lambda: passkeys.verify(credential, SIGN_IN, BROWSER))


def test_a_person_has_some_passkeys_each_once_with_a_name_and_ends_only_own_ones(
    passkeys: Passkeys, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff.add("staff.a2", "職員B", PASSPHRASE)
    monkeypatch.setattr(module, "MAX_PASSKEYS", 2)
    made = register(passkeys)
    options = passkeys.registration_options(ACTOR, "職員A", BROWSER)
    with pytest.raises(Conflict, match="passkey-known"):
        passkeys.register(ACTOR, "again", made.create(options), BROWSER)
    with pytest.raises(Malformed, match="passkey-name"):
        passkeys.register(ACTOR, " ", made.create(options), BROWSER)
    register(passkeys)
    with pytest.raises(Conflict, match="passkeys-too-many"):
        register(passkeys)
    first, second = passkeys.of(ACTOR)
    with pytest.raises(NotFound):
        passkeys.end("staff.a2", first.id, by="staff.a2")
    passkeys.end(ACTOR, first.id, by=ACTOR)
    assert [one.id for one in passkeys.of(ACTOR)] == [second.id]


def test_a_removed_persons_passkey_opens_nothing(passkeys: Passkeys, staff: Staff) -> None:
    made = register(passkeys)
    staff.remove(ACTOR)
    with pytest.raises(Untrusted, match="passkey-refused"):
        passkeys.verify(made.get(ask(passkeys)), SIGN_IN, BROWSER)


# --- at the pages -------------------------------------------------------------------------------------------


def options_on(page: str, kind: str) -> str:
    shown = search(rf'data-passkey="{kind}" data-options="([^"]*)"', page)
    assert shown is not None, page
    return unescape(shown[1])


def test_a_passkey_alone_signs_in_and_is_asked_for_where_a_passphrase_does_not_suffice(staff: Staff) -> None:
    from datetime import date

    app = door_app(staff, SETTINGS)
    page, made = browser(app), authenticator()
    page.post("/sign-in", data=RIGHT)
    credential = made.create(options_on(page.get("/account").text, "create"))
    added = page.post("/account/passkeys", data={"credential": credential, "name": "執務室"})
    assert added.headers["location"] == "/account"
    other = browser(app)
    made.count = 1
    given = made.get(options_on(other.get("/sign-in").text, "get"))
    assert other.post("/sign-in/passkey", data={"credential": given}).headers["location"] == "/"
    assert other.get("/files").status_code == 200
    again = other.post("/sign-in/passkey", data={"credential": given})
    assert (again.status_code, text_ja_of_code("passkey-expired") in again.text) == (401, True)
    strict = browser(door_app(staff, SignInSettings(second_factor_from=date.min, public_url=ORIGIN)))
    refusal = strict.post("/sign-in", data=RIGHT)
    assert (refusal.status_code, text_ja_of_code("second-factor-missing") in refusal.text) == (403, True)
    assert (
        text_ja_of_code("passkey-refused") in strict.post("/sign-in/passkey", data={"credential": "{}"}).text
    )


def test_a_door_without_an_address_has_no_passkeys(staff: Staff) -> None:
    page = browser(door_app(staff, SignInSettings()))
    assert "data-passkey" not in page.get("/sign-in").text
