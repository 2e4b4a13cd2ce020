"""Sign-in by an identity provider: a real one from a package, and a small one that signs what an honest one never would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest

from domain.errors import Conflict, ExchangeError, Malformed, NotFound
from gateway.agency import passphrases
from gateway.agency.factors.identities import Identities
from gateway.agency.factors.oidc import FLOW_SECONDS, LEEWAY_SECONDS, Provider, StepUp
from gateway.agency.factors.sessions import FRESH_SECONDS, Factor
from gateway.agency.factors.settings import OidcSettings, SignInSettings
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.protocol.problems import text_ja_of_code
from tests.gateway.sign_in_kit import ACTOR, ORIGIN, PASSPHRASE, RIGHT, browser, door_app
from tests.gateway.signing_provider import SigningProvider, new_key, served


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
def signing(now: list[float]) -> Iterator[SigningProvider]:
    with served(SigningProvider(now)) as provider:
        yield provider


def settings_of(issuer: str, **more: Any) -> OidcSettings:
    return OidcSettings(issuer, SigningProvider.client_id, "a secret", **more)


@pytest.fixture
def provider(signing: SigningProvider, now: list[float]) -> Provider:
    return Provider(settings_of(signing.issuer), ORIGIN, lambda: now[0])


@pytest.fixture
def staff(tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Staff]:
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    with closing(Staff(tmp_path / "staff.db", lambda: now[0])) as opened:
        opened.add(ACTOR, "職員A", PASSPHRASE, roles=ALL_ROLES)
        yield opened


def error_of(act: Callable[[], object]) -> str:
    with pytest.raises(ExchangeError) as error:
        act()
    return error.value.error_code


def sign_in(provider: Provider, signing: SigningProvider, step_up: StepUp | None = None) -> str:
    flow = provider.begin(step_up)
    return provider.finish(flow.cookie, signing.authorize(flow.url)).subject


# --- the flow -----------------------------------------------------------------------------------------------


def test_the_provider_names_a_subject_by_code_pkce_state_and_nonce(
    provider: Provider, signing: SigningProvider
) -> None:
    assert sign_in(provider, signing) == "subject-1"
    assert signing.asked["code_challenge_method"] == "S256"
    assert signing.asked["scope"] == "openid"
    [form] = signing.forms
    assert form["code_verifier"] not in str(signing.asked)
    assert form["redirect_uri"] == f"{ORIGIN}/sign-in/provider/back"


def test_a_flow_is_of_one_browser_once_and_for_some_minutes(
    provider: Provider, signing: SigningProvider, now: list[float]
) -> None:
    flow, other = provider.begin(), provider.begin()
    answer = signing.authorize(flow.url)
    wrong_state = {**answer, "state": "another"}
    for cookie, given in ((other.cookie, answer), (flow.cookie, wrong_state), ("", answer), ("a.1", answer)):
        assert error_of(lambda c=cookie, g=given: provider.finish(c, g)) == "provider-flow"  # type: ignore[misc]
    assert signing.forms == []
    assert provider.finish(flow.cookie, answer).subject == "subject-1"
    assert error_of(lambda: provider.finish(flow.cookie, answer)) == "provider-flow"
    late = provider.begin()
    answer = signing.authorize(late.url)
    now[0] += FLOW_SECONDS
    assert error_of(lambda: provider.finish(late.cookie, answer)) == "provider-flow"


def test_strangers_who_begin_many_flows_take_nobodys_away(
    provider: Provider, signing: SigningProvider
) -> None:
    flow = provider.begin()
    for _ in range(300):
        provider.begin()
    assert provider._step_ups == provider._finished == {}
    assert provider.finish(flow.cookie, signing.authorize(flow.url)).subject == "subject-1"


def test_a_refusal_of_the_provider_is_one_here(provider: Provider, signing: SigningProvider) -> None:
    flow = provider.begin()
    answer = {"state": signing.authorize(flow.url)["state"], "error": "access_denied"}
    assert error_of(lambda: provider.finish(flow.cookie, answer)) == "provider-refused"


# --- the token ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "another"}, id="wrong audience"),
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"aud": ["kakehashi", "another"]}, id="two audiences and no authorized party"),
        pytest.param({"aud": ["kakehashi", "another"], "azp": "another"}, id="another authorized party"),
        pytest.param({"azp": "another"}, id="one audience, another authorized party"),
        pytest.param({"iss": "https://evil.example"}, id="another issuer"),
        pytest.param({"nonce": "used before"}, id="another nonce"),
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"exp": 1_800_000_000 - LEEWAY_SECONDS - 1}, id="expired"),
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"iat": 1_800_000_000 + LEEWAY_SECONDS + 1}, id="of the future"),
        pytest.param({"iat": None}, id="no time"),
        pytest.param({"sub": None}, id="nobody"),
        pytest.param({"sub": 7}, id="a number for somebody"),
        pytest.param({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, id="another access token"),
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    provider: Provider, signing: SigningProvider, claims: dict[str, Any]
) -> None:
    signing.claims = claims
    assert error_of(lambda: sign_in(provider, signing)) == "provider-refused"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"exp": 1_800_000_000 - LEEWAY_SECONDS + 5}, id="a clock that is late"),
        pytest.param({"iat": 1_800_000_000 + LEEWAY_SECONDS - 5}, id="a clock that is early"),
        pytest.param({"aud": ["kakehashi", "another"], "azp": "kakehashi"}, id="two audiences"),
        pytest.param({"at_hash": None}, id="no word of the access token"),
    ],
)
def test_what_the_standard_permits_is_accepted(
    provider: Provider, signing: SigningProvider, claims: dict[str, Any]
) -> None:
    signing.claims = claims
    assert sign_in(provider, signing) == "subject-1"


def test_a_nonce_holds_for_the_flow_for_which_it_was_made(
    provider: Provider, signing: SigningProvider
) -> None:
    first, second = provider.begin(), provider.begin()
    answer = signing.authorize(first.url)
    signing.authorize(second.url, "code-2")
    signing.claims = {"nonce": signing.nonces["code-1"]}
    assert provider.finish(first.cookie, answer).subject == "subject-1"
    replayed = {"code": "code-2", "state": signing.asked["state"]}
    assert error_of(lambda: provider.finish(second.cookie, replayed)) == "provider-refused"


@pytest.mark.parametrize(
    ("more", "claims", "accepted"),
    [
        pytest.param({"max_age_seconds": 600}, {"auth_time": 1_800_000_000 - 500}, True, id="recent"),
        pytest.param({"max_age_seconds": 600}, {"auth_time": 1_800_000_000 - 700}, False, id="long ago"),
        pytest.param({"max_age_seconds": 600}, {}, False, id="not stated when"),
        pytest.param({"max_age_seconds": 0}, {"auth_time": True}, False, id="no number"),
        pytest.param({"acr": ("high",)}, {"acr": "high"}, True, id="strong"),
        pytest.param({"acr": ("high",)}, {"acr": "low"}, False, id="weak"),
        pytest.param({"acr": ("high",)}, {}, False, id="not stated how"),
        pytest.param({"claim": "employee"}, {"employee": "subject-1"}, True, id="another claim"),
        pytest.param({"claim": "employee"}, {}, False, id="another claim that is not there"),
    ],
)
def test_how_fresh_and_how_strong_is_checked_where_it_is_set(
    signing: SigningProvider, now: list[float], more: Any, claims: dict[str, Any], accepted: bool
) -> None:
    provider = Provider(settings_of(signing.issuer, **more), ORIGIN, lambda: now[0])
    signing.claims = claims
    if accepted:
        assert sign_in(provider, signing) == "subject-1"
    else:
        assert error_of(lambda: sign_in(provider, signing)) == "provider-refused"


# --- keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kid", ["two", "one"])
def test_a_new_key_is_read_once_under_a_new_name_and_under_the_same(
    provider: Provider, signing: SigningProvider, kid: str
) -> None:
    assert sign_in(provider, signing) == "subject-1"
    signing.signs_with = new_key(kid)
    signing.published = [signing.signs_with]
    before = signing.key_requests
    assert sign_in(provider, signing) == "subject-1"
    assert sign_in(provider, signing) == "subject-1"
    assert signing.key_requests == before + 1


def test_a_key_that_is_not_published_is_refused(provider: Provider, signing: SigningProvider) -> None:
    signing.signs_with = new_key("one")
    assert error_of(lambda: sign_in(provider, signing)) == "provider-refused"


def test_a_provider_with_two_keys_and_no_name_in_the_token_is_refused_with_a_sentence(
    provider: Provider, signing: SigningProvider
) -> None:
    signing.published = [signing.signs_with, new_key("two")]
    signing.header = {"kid": "three"}
    assert error_of(lambda: sign_in(provider, signing)) == "provider-refused"


def test_a_provider_that_is_away_or_another_is_named(signing: SigningProvider, now: list[float]) -> None:
    away = Provider(settings_of("http://127.0.0.1:1"), ORIGIN, lambda: now[0])
    assert error_of(away.begin) == "provider-away"
    assert away.sign_out_url(ORIGIN) is None
    other = Provider(settings_of(f"{signing.issuer}/"), ORIGIN, lambda: now[0])
    assert error_of(other.begin) == "provider-refused"


@pytest.mark.parametrize("key", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_provider_that_names_an_address_without_tls_is_refused(
    provider: Provider, signing: SigningProvider, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    honest = signing.answer
    monkeypatch.setattr(signing, "answer", lambda path: honest(path) | {key: "http://idp.example/x"})
    assert error_of(provider.begin) == "provider-refused"


def test_nobody_is_sent_to_sign_out_without_tls(
    provider: Provider, signing: SigningProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = signing.answer
    out = {"end_session_endpoint": "http://idp.example/out"}
    monkeypatch.setattr(signing, "answer", lambda path: honest(path) | out)
    assert provider.sign_out_url(ORIGIN) is None


# --- links --------------------------------------------------------------------------------------------------


def test_a_subject_is_one_person_of_this_door(staff: Staff) -> None:
    identities = Identities(staff.store, staff.now)
    staff.add("staff.a2", "職員B", PASSPHRASE)
    identities.link(ACTOR, "https://idp.example", "subject-1", by="staff.a2")
    assert identities.person_of("https://idp.example", "subject-1") == ACTOR
    assert identities.person_of("https://evil.example", "subject-1") is None
    with pytest.raises(Conflict, match="identity-taken"):
        identities.link("staff.a2", "https://idp.example", "subject-1", by=ACTOR)
    with pytest.raises(Malformed, match="identity-subject"):
        identities.link(ACTOR, "https://idp.example", " ", by=ACTOR)
    with pytest.raises(NotFound):
        identities.link("nobody", "https://idp.example", "subject-2", by=ACTOR)
    staff.remove(ACTOR)
    assert identities.person_of("https://idp.example", "subject-1") is None


@pytest.mark.parametrize("subject", ["", "subject-2"])
def test_with_a_link_the_sessions_that_the_provider_began_end(staff: Staff, subject: str) -> None:
    identities = Identities(staff.store, staff.now)
    identities.link(ACTOR, "https://idp.example", "subject-1", by="staff.a2")
    by_provider, by_passkey = (
        staff.begin_session(ACTOR, None, factor=factor) for factor in (Factor.PROVIDER, Factor.PASSKEY)
    )
    assert by_provider is not None
    assert by_passkey is not None
    assert staff.person_of_session(by_provider.session) is not None
    if subject:
        identities.link(ACTOR, "https://idp.example", subject, by="staff.a2")
    else:
        identities.unlink(ACTOR, by="staff.a2")
    assert staff.person_of_session(by_provider.session) is None
    assert staff.person_of_session(by_passkey.session) is not None


def test_at_the_pages_only_who_is_linked_gets_in_and_is_signed_out_there_too(
    staff: Staff, signing: SigningProvider, now: list[float]
) -> None:
    app = door_app(staff, SignInSettings(public_url=ORIGIN, oidc=settings_of(signing.issuer)))
    administrator, page = browser(app), browser(app)
    administrator.post("/sign-in", data=RIGHT)
    assert "庁内の認証でログイン" in page.get("/sign-in").text

    def come_back(path: str = "/sign-in/provider") -> httpx.Response:
        there = page.get(path).headers["location"]
        return page.get("/sign-in/provider/back", params=signing.authorize(there))

    stranger = come_back()
    assert (stranger.status_code, text_ja_of_code("provider-not-linked") in stranger.text) == (401, True)
    linked = administrator.post("/invitations/link", data={"actor": ACTOR, "subject": "subject-1"})
    assert "結び付けを変えました" in linked.text
    taken = administrator.post("/invitations/link", data={"actor": ACTOR, "subject": "\x07"})
    assert text_ja_of_code("identity-subject") in taken.text
    done = come_back()
    assert 'content="0;url=/"' in done.text
    assert page.get("/files").status_code == 200
    now[0] += FRESH_SECONDS + 1
    asked = page.get("/account/app").headers["location"]
    assert "/step-up/provider?next=%2Faccount%2Fapp" in page.get(asked).text
    signing.claims = {"auth_time": now[0] - 600}
    stale = come_back("/step-up/provider?next=/account/app")
    assert text_ja_of_code("provider-refused") in stale.text
    signing.claims = {"auth_time": now[0]}
    assert 'content="0;url=/account/app"' in come_back("/step-up/provider?next=/account/app").text
    assert page.get("/account/app").status_code == 200
    out = page.post("/sign-out")
    assert f"{signing.issuer}/out?" in out.text
    assert page.get("/files").status_code == 303
    assert text_ja_of_code("provider-flow") in page.get("/sign-in/provider/back").text


def test_a_provider_that_is_away_leaves_the_other_ways_in(staff: Staff) -> None:
    page = browser(door_app(staff, SignInSettings(public_url=ORIGIN, oidc=settings_of("http://127.0.0.1:1"))))
    away = page.get("/sign-in/provider")
    assert (away.status_code, text_ja_of_code("provider-away") in away.text) == (503, True)
    assert page.post("/sign-in", data=RIGHT).headers["location"] == "/"


# --- a real provider ----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_a_real_provider_signs_a_person_in() -> None:
    from oidc_provider_mock import run_server_in_thread

    with run_server_in_thread() as server:
        issuer = f"http://localhost:{server.server_port}"
        import time

        provider = Provider(settings_of(issuer), ORIGIN, time.time)
        flow = provider.begin()
        back = httpx.post(flow.url, data={"sub": "employee-7"}, follow_redirects=False)
        query = {k: v[0] for k, v in parse_qs(urlsplit(back.headers["location"]).query).items()}
        assert provider.finish(flow.cookie, query).subject == "employee-7"
        assert re.match(rf"{issuer}/.*client_id=kakehashi", provider.sign_out_url(ORIGIN) or "")
