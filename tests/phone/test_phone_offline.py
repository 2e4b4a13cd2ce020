"""A visitor's phone in Chromium, with the network cut and the door stopped: what it shows, keeps, sends and forgets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from domain.errors import Unavailable
from tests.browser.test_pages import ARGS, CHROMIUM, pytestmark  # noqa: F401 (the same browser, the same conditions)
from tests.phone.conftest import COLLEAGUE, DUTY, PASSPHRASE, VISITOR, Visiting

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
SCREENS = Path(os.environ["KAKEHASHI_SCREENS"]) if "KAKEHASHI_SCREENS" in os.environ else None
"""Where pictures of the pages are put, to be looked at."""
SECONDS_A_TAP = 4.0
"""To read, decide and tap: much, for a person who stands."""
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
    visiting.stop_phones()
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


# --- time, sign-out, stopped, lost -------------------------------------------------------------------------------


@pytest.fixture
def loaded(phone: Phone) -> Phone:
    phone.load()
    return phone


def shifted(phone: Phone, hours: float) -> None:
    """Somebody sets the clock of the phone, from the next page on."""
    phone.page.add_init_script(f"{{ const real = Date.now; Date.now = () => real() + {hours * 3_600_000}; }}")


def has_sheets(phone: Phone) -> bool:
    return bool(phone.stored()["kakehashi-sheets state"])


def test_a_sheet_ends_after_its_hours_and_a_clock_turned_back_opens_nothing(loaded: Phone) -> None:
    name = loaded.visiting.door.index.names([loaded.visiting.case], _reader(loaded.visiting))
    family = name[str(loaded.visiting.case)].text
    with loaded.without_signal():
        loaded.go()
        assert family in loaded.text()
        loaded.again()
        shifted(loaded, -2)
        loaded.context.set_offline(True)
        loaded.go()
        assert "時計が戻されたため" in loaded.text()
        assert family not in loaded.text()
        assert has_sheets(loaded)
        loaded.again()
        loaded.context.set_offline(True)
        loaded.go()
        assert family in loaded.text()
        loaded.again()
        shifted(loaded, 10.1)
        loaded.context.set_offline(True)
        loaded.go()
        assert "時間が過ぎたので、端末から消しました" in loaded.text()
        assert not has_sheets(loaded)
        loaded.again()
        loaded.context.set_offline(True)
        loaded.go()
        assert family not in loaded.text()


def test_signing_out_erases_the_sheets_and_keeps_what_waits(loaded: Phone) -> None:
    loaded.context.route("**/phone/envelopes", lambda route: route.abort())
    loaded.go(f"/phone/cases/{loaded.visiting.case}/report")
    loaded.write_report()
    loaded.page.locator("#phone-status", has_text="送っていないもの: 訪問の報告(1件)").wait_for()
    assert has_sheets(loaded)
    loaded.go("/", ready=False)  # any page of the door
    loaded.page.get_by_role("button", name="ログアウト").click()
    loaded.page.wait_for_url("**/sign-in?out=1")
    loaded.page.evaluate("new Promise((yes) => setTimeout(yes, 300))")
    assert not has_sheets(loaded)
    assert len(loaded.stored()["kakehashi-outbox envelopes"]) == 1
    # the session is over: what waited is taken and waits at the door for its person
    loaded.context.unroute("**/phone/envelopes")
    with loaded.without_signal():
        loaded.go()
        assert "家庭票はありません" in loaded.text()
    loaded.go(ready=False)  # the door is back, and asks to sign in; the shell of before has no session
    loaded.page.locator("#phone-note", has_text="まだ送っていないものが1件あります").wait_for()
    loaded.context.set_offline(True)
    loaded.go()
    loaded.context.set_offline(False)
    loaded.page.locator("#phone-alerts", has_text="窓口が預かりました").wait_for()
    reports = loaded.visiting.records("visit_report.submitted")
    loaded.sign_in()
    loaded.go("/phone/waiting")
    loaded.page.get_by_role("button", name="このまま送る").first.click()
    loaded.page.wait_for_url("**/phone/**")
    assert loaded.visiting.records("visit_report.submitted") == reports + 1


def test_a_concern_of_whoever_was_signed_out_goes_from_the_page_of_signing_in(loaded: Phone) -> None:
    concerns = loaded.visiting.records("safety_concern.raised")
    loaded.context.route("**/phone/envelopes", lambda route: route.abort())
    loaded.go(f"/phone/cases/{loaded.visiting.case}/concern")
    loaded.page.locator(".concerns button").first.click()
    loaded.page.locator("#phone-status", has_text="今すぐ見てほしい(1件)").wait_for()
    loaded.context.clear_cookies()
    loaded.context.unroute("**/phone/envelopes")
    loaded.go(ready=False)
    loaded.page.locator("#phone-note", has_text="窓口に届きました(1件)").wait_for()
    assert loaded.visiting.records("safety_concern.raised") == concerns + 1
    assert loaded.stored()["kakehashi-outbox envelopes"] == []


def test_a_stopped_phone_erases_its_sheets_at_the_next_contact(loaded: Phone) -> None:
    [device] = loaded.stored()["kakehashi-outbox device"]
    loaded.visiting.door.store.devices.stop(UUID(device["device"]), "2025-05-12T06:00:00.000000Z", COLLEAGUE)
    assert has_sheets(loaded)
    loaded.go()
    assert "この端末は止められました" in loaded.text()
    assert not has_sheets(loaded)
    assert loaded.visiting.door.store.devices.sheets(UUID(device["device"])) == []


def test_a_phone_whose_storage_was_erased_is_set_up_again(loaded: Phone) -> None:
    loaded.go("/sign-in", ready=False)
    loaded.page.evaluate(
        "indexedDB.databases().then((all) => Promise.all(all.map(({ name }) =>"
        " new Promise((yes) => (indexedDB.deleteDatabase(name).onsuccess = yes)))))"
    )
    loaded.go()
    assert loaded.page.is_visible("#phone-set-up")
    loaded.page.click("#phone-set-up")
    loaded.page.locator("#phone-status", has_text="準備できました").wait_for()
    loaded.load()


def test_a_stopped_phone_is_set_up_again(loaded: Phone) -> None:
    [device] = loaded.stored()["kakehashi-outbox device"]
    loaded.visiting.door.store.devices.stop(UUID(device["device"]), "2025-05-12T06:00:00.000000Z", COLLEAGUE)
    loaded.go()
    loaded.page.click("#phone-set-up")
    loaded.page.locator("#phone-status", has_text="準備できました").wait_for()
    assert loaded.stored()["kakehashi-outbox device"][0]["device"] != device["device"]
    loaded.load()


def test_what_is_refused_holds_nothing_up_and_a_concern_goes_first(phone: Phone) -> None:
    case, concerns = phone.visiting.case, phone.visiting.records("safety_concern.raised")
    refused: list[str] = []

    def first_refused(route: Any) -> None:
        if refused:
            refused.append("taken")
            route.continue_()
        else:
            refused.append("refused")
            route.fulfill(status=403, json={"detail_ja": "いまは受け付けられません。"})

    phone.context.route("**/phone/envelopes", lambda route: route.abort())
    phone.go(f"/phone/cases/{case}/report")
    phone.write_report()
    phone.page.locator("#phone-status", has_text="(1件)").wait_for()
    phone.go(f"/phone/cases/{case}/concern")
    phone.page.locator(".concerns button").first.click()
    phone.page.locator("#phone-status", has_text="訪問の報告、今すぐ見てほしい(2件)").wait_for()
    phone.context.unroute("**/phone/envelopes")
    phone.context.route("**/phone/envelopes", first_refused)
    phone.go()
    phone.page.locator("#phone-alerts", has_text="いまは受け付けられません").wait_for()
    assert refused == ["refused", "taken"]  # the concern was the first, and the report went on
    assert NOT_ARRIVED in phone.text()
    phone.go()
    phone.page.locator(".alarm").wait_for(state="detached")
    assert phone.visiting.records("safety_concern.raised") == concerns + 1


def test_a_concern_that_waits_for_the_hub_keeps_its_alarm(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: Any) -> Any:
        raise Unavailable("hub-unreachable")

    words = "窓口に届きましたが、まだ送られていません。電話してください"
    door, concerns = phone.visiting.door, phone.visiting.records("safety_concern.raised")
    with monkeypatch.context() as away:
        away.setattr(door.client, "submit", unreachable)
        phone.go(f"/phone/cases/{phone.visiting.case}/concern")
        phone.page.locator(".concerns button").first.click()
        phone.page.wait_for_url("**/phone/?done=concern-waiting")
        phone.wait()
        assert words in phone.page.locator(".alarm").inner_text()
        phone.go()
        assert words in phone.page.locator(".alarm").inner_text()
    door.flush()
    phone.go()
    phone.page.locator(".alarm").wait_for(state="detached")
    assert phone.stored()["kakehashi-outbox envelopes"] == []
    assert phone.visiting.records("safety_concern.raised") == concerns + 1


NO_ROOM = """const original = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...all) {
  if (this.name === "envelopes") throw new DOMException("full", "QuotaExceededError");
  return original.apply(this, all);
};"""


def test_what_the_phone_can_not_keep_is_answered_with_what_to_do(phone: Phone, tmp_path: Path) -> None:
    large, text = tmp_path / "large.jpg", tmp_path / "text.jpg"
    large.write_bytes(b"\xff\xd8\xff" + bytes(25_000_001))
    text.write_text("no photo")
    phone.go(f"/phone/cases/{phone.visiting.case}/report")
    phone.page.set_input_files("#photo", large)
    phone.write_report()
    phone.page.locator("#phone-alerts", has_text="写真「large.jpg」が大きすぎます(25MBまで)").wait_for()
    phone.page.set_input_files("#photo", text)
    phone.page.locator("form[data-outbox] button.wide").last.click()
    phone.page.locator(
        "#phone-alerts", has_text="「text.jpg」は写真(JPEG・PNG・HEIC)ではありません"
    ).wait_for()
    assert phone.page.locator("[name=next_visit]:checked").count() == 1
    phone.page.add_init_script(NO_ROOM)
    phone.go(f"/phone/cases/{phone.visiting.case}/report")
    phone.write_report()
    phone.page.locator("#phone-alerts", has_text="端末の空きが足りない").wait_for()
    assert phone.stored()["kakehashi-outbox envelopes"] == []


def test_a_browser_without_ml_dsa_signs_by_the_vendored_module(
    playing: Any, visiting: Visiting, tmp_path: Path
) -> None:
    visiting.need_visit()
    visiting.stop_phones()
    phone = Phone(playing, visiting, tmp_path / "profile")
    try:
        phone.context.add_init_script(
            "{ const real = crypto.subtle.generateKey.bind(crypto.subtle);"
            " crypto.subtle.generateKey = (algorithm, ...rest) => algorithm.name?.startsWith('ML-')"
            " ? Promise.reject(new DOMException('', 'NotSupportedError')) : real(algorithm, ...rest); }"
        )
        phone.set_up()
        assert phone.stored()["kakehashi-outbox device"][0]["privateKey"] is None
        concerns = visiting.records("safety_concern.raised")
        phone.go(f"/phone/cases/{visiting.case}/concern")
        phone.page.locator(".concerns button").first.click()
        phone.page.wait_for_url("**/phone/?done=concern-recorded")
        assert visiting.records("safety_concern.raised") == concerns + 1
    finally:
        phone.close()


# --- looks, taps ---------------------------------------------------------------------------------------------------


def test_pages_are_accessible_and_a_report_takes_few_taps(phone: Phone) -> None:
    from axe_playwright_python.sync_playwright import Axe

    def check(name: str) -> None:
        results = Axe().run(phone.page)
        assert results.violations_count == 0, (name, results.generate_report())
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360, name
        if SCREENS is not None:
            phone.page.screenshot(path=SCREENS / f"{name}.png", full_page=True)

    case = phone.visiting.case
    check("today")
    phone.page.evaluate("window.scrollTo(0, 0)")
    phone.load()
    check("loaded")
    for path in ("report", "concern"):
        phone.go(f"/phone/cases/{case}/{path}")
        check(path)
    phone.go(f"/phone/cases/{case}")
    check("sheet")
    for path in ("/phone/devices", "/phone/waiting"):
        phone.go(path, ready=False)
        check(path.rpartition("/")[2])
    with phone.without_signal():
        for path in ("", f"cases/{case}", f"cases/{case}/report", f"cases/{case}/concern"):
            phone.go(f"/phone/{path}")
            check(f"offline-{path.rpartition('/')[2] if path else 'today'}"[:20])
        phone.page.locator(".concerns button").first.click()
        phone.page.wait_for_selector(".alarm")
        check("offline-alarm")
    # from the list to the receipt: every tap is counted by the browser
    phone.go()
    phone.page.locator(".alarm").wait_for(state="detached")
    phone.context.add_init_script(
        "addEventListener('pointerdown', () => localStorage.setItem('taps', 1 + Number(localStorage.getItem('taps'))), true)"
    )
    phone.go()
    began = monotonic()
    phone.page.get_by_role("link", name="報告する").first.click()
    phone.wait()
    phone.write_report()
    phone.page.wait_for_url("**/phone/?done=report-recorded")
    machine = monotonic() - began
    taps = int(phone.page.evaluate("localStorage.getItem('taps')"))
    print(f"a report: {taps} taps, {machine:.1f} s of the machine")
    assert taps <= 5
    assert machine + taps * SECONDS_A_TAP < 120
    phone.go(f"/phone/cases/{case}")
    phone.page.evaluate("localStorage.setItem('taps', 0)")
    phone.page.get_by_role("link", name="今すぐ見てほしい").first.click()
    phone.wait()
    phone.page.locator(".concerns button").first.click()
    phone.page.wait_for_url("**/phone/?done=concern-recorded")
    assert int(phone.page.evaluate("localStorage.getItem('taps')")) == 2
