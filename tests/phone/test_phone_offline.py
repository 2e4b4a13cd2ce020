"""A visitor's phone in Chromium, with the network cut and the door stopped: what it shows, keeps, sends and forgets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_pages import ARGS, CHROMIUM, pytestmark  # noqa: F401 (the same browser, the same conditions)
from tests.phone.conftest import DUTY, PASSPHRASE, VISITOR, Visiting

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
NOT_ARRIVED = "まだ届いていません。電話してください"


@pytest.fixture(scope="module")
def playing() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        yield play


class Phone:
    """A phone with its storage in a folder: closed and opened again it is the same phone."""

    def __init__(self, playing: Any, visiting: Visiting, folder: Path) -> None:
        self._playing, self.visiting, self._folder = playing, visiting, folder
        self.unexpected: list[str] = []
        self.open()

    def open(self) -> None:
        self.context = self._playing.chromium.launch_persistent_context(
            str(self._folder), executable_path=CHROMIUM, args=ARGS, locale="ja-JP", **PHONE
        )
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self.page.on("pageerror", lambda error: self.unexpected.append(str(error)))

    def close(self) -> None:
        self.context.close()

    def again(self) -> None:
        """The phone is switched off and on."""
        self.close()
        self.open()

    def go(self, path: str = "/phone/", *, ready: bool = True) -> None:
        self.page.goto(f"{self.visiting.url}{path}")
        if ready:
            self.wait()

    def wait(self) -> None:
        self.page.locator("body[data-phone=ready]").wait_for()

    def sign_in(self) -> None:
        self.go("/sign-in", ready=False)
        self.page.fill("#actor", VISITOR)
        self.page.fill("#passphrase", PASSPHRASE)
        self.page.click("main button")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def set_up(self) -> None:
        self.sign_in()
        self.go()
        self.page.click("#phone-set-up")
        self.page.locator("#phone-status", has_text="準備できました").wait_for()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def load(self) -> None:
        self.page.click("#phone-load")
        self.page.locator("#phone-status", has_text="載せました").wait_for()

    def text(self) -> str:
        return str(self.page.inner_text("main"))

    def write_report(self) -> None:
        """The least that a report needs: four taps."""
        self.page.locator(".tap", has_text="母").first.click()
        self.page.locator(".tap", has_text="会えた").first.click()
        self.page.locator(".tap", has_text="1週間後").click()
        self.page.locator("form[data-outbox] button.wide").last.click()

    @contextmanager
    def without_signal(self) -> Iterator[None]:
        """The network is cut, and the door's process has stopped."""
        self.visiting.stop()
        self.context.set_offline(True)
        try:
            yield
        finally:
            self.visiting.start()
            self.context.set_offline(False)

    def stored(self) -> dict[str, Any]:
        """Everything that the phone's databases hold, as a script of the page could read it."""
        return dict(self.page.evaluate(DUMP))


DUMP = """async () => {
  const found = {};
  const asked = (request) => new Promise((yes) => (request.onsuccess = () => yes(request.result)));
  const seen = (value) => {
    if (value instanceof CryptoKey) return `key ${value.extractable}`;
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new TextDecoder("utf-8").decode(value);
    if (!value || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, seen(one)]));
  };
  for (const { name } of await indexedDB.databases()) {
    const db = await asked(indexedDB.open(name));
    for (const store of db.objectStoreNames)
      found[`${name} ${store}`] = (await asked(db.transaction(store).objectStore(store).getAll())).map(seen);
    db.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    found[name] = await Promise.all((await cache.keys()).map(async (key) => [key.url, await (await cache.match(key)).text()]));
  }
  found.local = { ...localStorage, ...sessionStorage };
  return found;
}"""


@pytest.fixture
def phone(playing: Any, visiting: Visiting, tmp_path: Path) -> Iterator[Phone]:
    visiting.need_visit()
    opened = Phone(playing, visiting, tmp_path / "profile")
    try:
        opened.set_up()
        yield opened
    finally:
        opened.close()
    assert opened.unexpected == []


def test_a_visit_without_signal_from_sheet_to_receipt(phone: Phone) -> None:
    visiting = phone.visiting
    opened = visiting.records("section.opened")
    phone.load()
    assert visiting.records("section.opened") > opened
    name = visiting.door.index.names([visiting.case], _reader(visiting))[str(visiting.case)].text
    reports = visiting.records("visit_report.submitted")
    with phone.without_signal():
        phone.go()
        assert name in phone.text()
        phone.page.locator(".visit a").first.click()
        phone.wait()
        assert "支援計画" in phone.text()
        phone.page.get_by_role("link", name="報告する").click()
        phone.wait()
        phone.write_report()
        phone.page.wait_for_selector("#sealed")
        assert "送っていないもの: 訪問の報告(1件)" in phone.text()
        stored = json.dumps(phone.stored(), ensure_ascii=False)
        for word in (name, str(visiting.case), "架空県", "はると"):
            assert word not in stored
        assert "key false" in stored
        assert "key true" not in stored
        assert visiting.records("visit_report.submitted") == reports
    phone.go()
    phone.page.locator("#phone-status", has_text="送っていないものはありません").wait_for()
    assert visiting.records("visit_report.submitted") == reports + 1
    assert "送りました" in phone.text()
    phone.go()
    assert visiting.records("visit_report.submitted") == reports + 1


def _reader(visiting: Visiting) -> Any:
    from gateway.agency.index.readers import reader_of

    return reader_of(visiting.door, VISITOR)


def test_a_concern_without_signal_is_shown_in_red_with_the_number(phone: Phone) -> None:
    visiting = phone.visiting
    phone.load()
    concerns = visiting.records("safety_concern.raised")
    with phone.without_signal():
        phone.go(f"/phone/cases/{visiting.case}")
        phone.page.get_by_role("link", name="今すぐ見てほしい").first.click()
        phone.wait()
        phone.page.locator(".concerns button").first.click()
        alarm = phone.page.wait_for_selector(".alarm")
        assert NOT_ARRIVED in alarm.inner_text()
        assert alarm.query_selector(f"a[href='tel:{DUTY.replace('-', '')}']") is not None
        assert (
            phone.page.evaluate("getComputedStyle(document.querySelector('.alarm')).backgroundColor")
            == "rgb(179, 0, 15)"
        )
        phone.go()  # and again wherever the phone is opened
        assert NOT_ARRIVED in phone.text()
    phone.go()
    phone.page.locator(".alarm").wait_for(state="detached")
    assert visiting.records("safety_concern.raised") == concerns + 1
