"""Signing in with a real browser at one door: app, passkey by a virtual authenticator, a fresh factor, the end of a session."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pyotp
import pytest

from domain.roles import StaffRole
from gateway.agency import passphrases
from gateway.agency.factors.invitations import Invitations
from gateway.agency.factors.sessions import FRESH_SECONDS
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.staff import IDLE_SECONDS, Staff
from gateway.protocol.serving import ServedApp
from tests.browser.test_pages import ARGS, CHROMIUM
from tests.gateway.sign_in_kit import ACTOR, PASSPHRASE, door_app

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Office:
    """A served door, its clock, and the browser of one person."""

    def __init__(self, url: str, now: list[float], staff: Staff, page: Any) -> None:
        self.url, self.now, self.staff, self.page = url, now, staff, page
        self.secret = ""
        self.looked_at: set[str] = set()

    def goto(self, path: str) -> None:
        self.page.goto(self.url + path)

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(int(self.now[0]))

    def look(self) -> None:
        """The page has no obstacle that axe knows, and nothing sticks out of a narrow phone."""
        from axe_playwright_python.sync_playwright import Axe

        result = Axe().run(self.page)
        assert result.violations_count == 0, (self.page.url, result.generate_report())
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, (self.page.url, width)
        self.looked_at.add(self.page.url.removeprefix(self.url).partition("?")[0])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    from playwright.sync_api import sync_playwright

    now = [1_800_000_000.0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    settings = SignInSettings(second_factor_from=date.min, public_url=url)
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(Staff(tmp_path_factory.mktemp("door") / "staff.db", lambda: now[0])) as staff,
        sync_playwright() as play,
        play.chromium.launch(executable_path=CHROMIUM, args=ARGS) as browser,
    ):
        patch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
        with ServedApp(door_app(staff, settings), port=port):
            page = browser.new_context(viewport={"width": 360, "height": 740}, locale="ja-JP").new_page()
            page.set_default_timeout(30_000)
            yield Office(url, now, staff, page)


def test_a_person_joins_signs_in_by_passkey_confirms_and_stays(office: Office) -> None:
    page = office.page
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    added = cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )

    # the first administrator
    code = Invitations(office.staff.store, office.staff.now).first(ACTOR, "職員A", by="cli:root")
    office.goto("/join")
    office.look()
    page.fill("#code", code)
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    page.click("main button")
    office.secret = page.inner_text("#app-secret").replace(" ", "")
    assert page.locator("main img").evaluate("image => image.complete && image.naturalWidth > 0")
    office.look()
    page.fill("#code", "000000")
    page.click("main button")
    assert "コードが違う" in page.inner_text("[role=alert]")
    page.fill("#code", office.code())
    page.click("main button")
    assert page.locator(".recovery-codes li").count() == 10
    office.look()

    # a passkey
    office.goto("/account")
    page.fill("#passkey-name", "執務室のノートパソコン")
    page.click("text=パスキーを登録する")
    page.wait_for_selector("td:has-text('執務室のノートパソコン')")
    office.look()
    page.click("text=ログアウト")
    page.wait_for_url("**/sign-in*")
    office.look()
    page.click("main button:has-text('パスキーでログイン')")
    page.wait_for_url(f"{office.url}/")
    office.goto("/sessions")
    assert "パスキー" in page.inner_text("main")
    office.look()

    # a fresh factor
    office.now[0] += FRESH_SECONDS + 1
    office.goto("/invitations")
    assert "もう一度、本人の確認" in page.inner_text("h1")
    office.look()
    page.click("text=パスキーで確認して続ける")
    page.wait_for_url("**/invitations")
    office.look()
    page.fill("#actor", "staff.b2")
    page.fill("#name", "職員B")
    page.click("text=招待コードを作る")
    assert "職員Bさんの招待コード" in page.inner_text("main")

    # an authenticator that does not verify its user is sent away with a sentence
    cdp.send(
        "WebAuthn.setUserVerified", {"authenticatorId": added["authenticatorId"], "isUserVerified": False}
    )
    office.now[0] += FRESH_SECONDS + 1
    office.goto("/account/app")
    page.click("text=パスキーで確認して続ける")
    page.wait_for_selector("[data-passkey-state]:not([hidden])")
    assert "もう一度" in page.inner_text("[data-passkey-state]")
    page.fill("#proof", office.code())
    page.click("text=確認して続ける >> nth=0")
    page.wait_for_url("**/account/app")
    office.secret = page.inner_text("#app-secret").replace(" ", "")

    # the end of a session
    page.clock.install()
    office.goto("/sessions")
    office.now[0] += IDLE_SECONDS - 100
    page.clock.fast_forward(31_000)
    warning = page.locator("#session-warning")
    warning.wait_for(state="visible")
    assert "あと2分ほどで" in warning.inner_text()
    page.click("text=このまま続ける")
    warning.wait_for(state="hidden")
    office.now[0] += IDLE_SECONDS + 1
    page.clock.fast_forward(31_000)
    warning.wait_for(state="visible")
    assert "ログアウトしました" in warning.inner_text()
    assert office.looked_at >= {
        "/join",
        "/sign-in/app",
        "/account",
        "/sign-in",
        "/sessions",
        "/step-up",
        "/invitations",
    }


def test_without_scripts_the_passphrase_and_a_code_remain(office: Office) -> None:
    actor = "staff.c3"
    office.staff.add(actor, "職員C", PASSPHRASE, roles={StaffRole.CASE_WORKER})
    context = office.page.context.browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    page.goto(f"{office.url}/sign-in")
    assert not page.locator("form[data-passkey]").is_visible()
    for step in ("設定する", "ログイン"):
        page.goto(f"{office.url}/sign-in")
        page.fill("#actor", actor)
        page.fill("#passphrase", PASSPHRASE)
        page.click("main form >> nth=0 >> button")
        if step == "設定する":
            secret = page.inner_text("#app-secret").replace(" ", "")
        page.fill("#code", pyotp.TOTP(secret).at(int(office.now[0])))
        page.click(f"main button:has-text('{step}')")
        page.goto(f"{office.url}/sessions")
        assert "ログイン中の端末" in page.inner_text("h1")
        page.click("text=ログアウト")
        office.now[0] += 60
    context.close()
