"""A family is referred in a real browser: by keyboard only, quickly, and once; what is written outlives a crash."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from domain.events import Kind
from gateway.agency.door import SectionContent
from gateway.audit.verification import Verification
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from tests.browser.test_attachments import browser  # noqa: F401 (the same browser)
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium is installed here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
CASES = 55
MAX_KEYSTROKES, MAX_MANDATORY, MAX_SECONDS = 40, 8, 60


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubWithCase, str]]:
    with hub_with_case(tmp_path_factory.mktemp("composer") / "installation") as hub:
        door = hub.door("MID-HOSP")
        for _ in range(CASES - 1):
            part = SectionContent("BASIC", "架空の家庭".encode())
            door.send(Kind.CASE, uuid4(), REFERRAL, hub.referral(), [part], actor="staff.h")
        door.refresh()
        with ServedApp(pages_app(hub.rehearsal_hub, Verification())) as app:
            yield hub, app.url


class Keyboard:
    """Counts the keys that are pressed to get about; what is typed as text counts nothing."""

    def __init__(self, screen: Any) -> None:
        self._screen, self.pressed = screen, 0

    def press(self, key: str) -> None:
        self._screen.keyboard.press(key)
        self.pressed += 1

    def tab_to(self, selector: str) -> None:
        """Tab on until this has the focus."""
        for _ in range(MAX_KEYSTROKES):
            if self._screen.evaluate("s => !!document.activeElement?.matches(s)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"{selector} is too far away")

    def type(self, text: str) -> None:
        self._screen.keyboard.type(text)


def watched(browser: Any, unexpected: list[str]) -> Any:  # noqa: F811
    screen = browser.new_context().new_page()
    screen.on("pageerror", lambda error: unexpected.append(str(error)))
    screen.on("console", lambda message: unexpected.append(message.text))
    return screen


def test_a_family_is_referred_by_keyboard_with_55_cases_in_the_list(
    served: tuple[HubWithCase, str],
    browser: Any,  # noqa: F811
) -> None:
    hub, url = served
    unexpected: list[str] = []
    screen = watched(browser, unexpected)
    screen.goto(f"{url}/agency/MID-HOSP/cases")
    door = hub.door("MID-HOSP")
    assert len(door.store.cases()) >= CASES
    sent, started, keys = len(door.store.outgoing()), monotonic(), Keyboard(screen)
    keys.tab_to("nav a[href$='/new']")
    with screen.expect_navigation():
        keys.press("Enter")
    assert screen.locator("main .tag.bad", has_text="必須").count() <= MAX_MANDATORY
    core = hub.door("AZ-CORE").agency
    assert screen.is_checked(f"[name=to][value='{core}']")
    keys.tab_to(".skip")
    keys.press("Enter")
    keys.tab_to("[name=subject_consent]")
    keys.press("Space")
    keys.tab_to("#f-text_RISK")
    keys.type("母が一人で抱えている。体重が増えない。")
    keys.tab_to("#f-form_BASIC details.group summary")
    keys.press("Enter")
    keys.press("Tab")
    keys.type("架空さくら")
    keys.press("Tab")
    keys.type("かくうさくら")
    keys.press("Tab")
    keys.type("R7.5.2")
    with screen.expect_navigation():
        keys.press("Enter")
    assert "まだ送っていません" in screen.inner_text("main")
    assert "架空さくら" in screen.inner_text("main")
    with screen.expect_navigation():
        keys.press("Enter")
    assert "を記録しました" in screen.inner_text("main")
    assert monotonic() - started < MAX_SECONDS
    assert keys.pressed <= MAX_KEYSTROKES, keys.pressed
    screen.go_back()
    assert "この画面からは、もう送りました" in screen.inner_text("main")
    assert len(door.store.outgoing()) == sent + 1
    assert unexpected == []


def test_what_is_typed_is_there_after_a_crash_and_a_double_click_sends_once(
    served: tuple[HubWithCase, str],
    browser: Any,  # noqa: F811
) -> None:
    hub, url = served
    unexpected: list[str] = []
    screen = watched(browser, unexpected)
    sent = len(hub.door("MID-HOSP").store.outgoing())
    screen.goto(f"{url}/agency/MID-HOSP/new")
    screen.check("[name=subject_consent][value=REFUSED]")
    screen.fill("#f-text_RISK", "書きかけの心配")
    screen.get_by_text("下書きを保存しました").wait_for()
    screen.context.close()
    again = watched(browser, unexpected)
    again.set_viewport_size({"width": 360, "height": 740})
    again.goto(f"{url}/agency/MID-HOSP/drafts")
    assert again.evaluate("document.documentElement.scrollWidth <= 360")
    again.locator(".cards-list a").first.click()
    assert again.input_value("#f-text_RISK") == "書きかけの心配"
    assert again.is_checked("[name=subject_consent][value=REFUSED]")
    assert again.evaluate("document.documentElement.scrollWidth <= 360")
    again.click("text=内容を確かめる")
    assert again.evaluate("document.documentElement.scrollWidth <= 360")
    again.dblclick("button:has-text('知らせる')")
    again.wait_for_url("**/cases/**")
    assert len(hub.door("MID-HOSP").store.outgoing()) == sent + 1
    again.context.close()
    assert unexpected == []
