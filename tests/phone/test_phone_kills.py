"""A phone that is switched off between any two steps of save, seal, send and receipt: nothing is lost, nothing is sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attachments.kit import HEIC
from tests.browser.test_pages import pytestmark  # noqa: F401 (the same browser, the same conditions)
from tests.phone.conftest import Visiting
from tests.phone.test_phone_offline import Phone, playing  # noqa: F401 (one browser for all)

WORDS = "階段に手すりがない"
ENVELOPES = "**/phone/envelopes"
NO_ERASING = """const original = IDBObjectStore.prototype.delete;
IDBObjectStore.prototype.delete = function (key) {
  if (this.name === "envelopes") throw new DOMException("killed", "AbortError");
  return original.call(this, key);
};"""
NO_STORING = """const original = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...all) {
  if (this.name === "envelopes") throw new DOMException("killed", "AbortError");
  return original.apply(this, all);
};"""


@pytest.fixture(scope="module")
def ready(playing: Any, visiting: Visiting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:  # noqa: F811
    """A phone that is set up and has its sheets."""
    visiting.need_visit()
    visiting.stop_phones()
    phone = Phone(playing, visiting, tmp_path_factory.mktemp("phone") / "profile")
    phone.set_up()
    phone.load()
    yield phone
    phone.close()


def write(phone: Phone, photo: Path) -> None:
    """A report with a photo, up to the button."""
    phone.go(f"/phone/cases/{phone.visiting.case}/report")
    phone.page.fill("[name=concerns]", WORDS)
    phone.page.locator(".tap", has_text="母").first.click()
    phone.page.locator(".tap", has_text="会えた").first.click()
    phone.page.locator(".tap", has_text="1週間後").click()
    phone.page.set_input_files("#photo", photo)


def switch_off(phone: Phone) -> None:
    """Off and on; a session of a browser ends with it, so its person signs in again."""
    phone.again()
    phone.sign_in()


def press(phone: Phone) -> None:
    phone.page.locator("form[data-outbox] button.wide").last.click()


def killed_while_it_is_written(phone: Phone, photo: Path) -> None:
    write(phone, photo)
    phone.page.locator("[name=concerns]").press("Tab")
    phone.page.wait_for_timeout(1200)  # what is typed is kept 0.8 s after the last key
    switch_off(phone)
    phone.go(f"/phone/cases/{phone.visiting.case}/report")
    assert phone.page.input_value("[name=concerns]") == WORDS
    assert phone.page.locator("[name=next_visit]:checked").count() == 1
    phone.page.set_input_files("#photo", photo)
    press(phone)


def killed_between_sealing_and_storing(phone: Phone, photo: Path) -> None:
    phone.page.add_init_script(NO_STORING)
    write(phone, photo)
    phone.page.wait_for_timeout(1200)
    press(phone)
    phone.page.locator("#phone-alerts", has_text="もう一度押してください").wait_for()
    assert phone.page.input_value("[name=concerns]") == WORDS
    switch_off(phone)
    phone.go(f"/phone/cases/{phone.visiting.case}/report")
    assert phone.page.input_value("[name=concerns]") == WORDS
    phone.page.set_input_files("#photo", photo)
    press(phone)


def killed_when_it_is_stored(phone: Phone, photo: Path) -> None:
    phone.context.route(ENVELOPES, lambda route: route.abort())
    write(phone, photo)
    press(phone)
    phone.page.locator("#phone-status", has_text="写真、訪問の報告(2件)").wait_for()
    switch_off(phone)
    phone.go()


def killed_when_the_photo_is_sent(phone: Phone, photo: Path) -> None:
    seen: list[str] = []

    def only_the_first(route: Any) -> None:
        seen.append("one")
        if len(seen) == 1:
            route.continue_()
        else:
            route.abort()

    phone.context.route(ENVELOPES, only_the_first)
    write(phone, photo)
    press(phone)
    phone.page.locator("#phone-status", has_text="訪問の報告(1件)").wait_for()
    switch_off(phone)
    phone.go()


def killed_before_the_answer_comes(phone: Phone, photo: Path) -> None:
    taken: list[int] = []

    def lost(route: Any) -> None:
        taken.append(route.fetch().status)  # the door has it
        route.abort()

    phone.context.route(ENVELOPES, lost)
    write(phone, photo)
    press(phone)
    phone.page.locator("#phone-status", has_text="(2件)").wait_for()
    for _ in range(400):
        if taken:
            break
        phone.page.wait_for_timeout(50)
    assert taken[0] == 200
    phone.context.unroute_all(behavior="wait")
    switch_off(phone)
    phone.go()


def killed_between_receipt_and_erasing(phone: Phone, photo: Path) -> None:
    phone.context.route(ENVELOPES, lambda route: route.abort())
    write(phone, photo)
    press(phone)
    phone.page.locator("#phone-status", has_text="(2件)").wait_for()
    phone.context.unroute(ENVELOPES)
    phone.page.add_init_script(NO_ERASING)
    with phone.page.expect_response(ENVELOPES):
        phone.go(ready=False)
    phone.unexpected.clear()
    switch_off(phone)
    phone.go()


STEPS = {
    "written": killed_while_it_is_written,
    "sealed": killed_between_sealing_and_storing,
    "stored": killed_when_it_is_stored,
    "photo sent": killed_when_the_photo_is_sent,
    "answer lost": killed_before_the_answer_comes,
    "receipt": killed_between_receipt_and_erasing,
}
SAMPLE = ("written", "answer lost")
"""Those of the usual run; all with ``--large``."""


@pytest.mark.parametrize("step", STEPS)
def test_a_report_survives_a_phone_that_is_switched_off(
    ready: Phone, step: str, tmp_path: Path, large: bool
) -> None:
    if step not in SAMPLE and not large:
        pytest.skip("one of the steps that only --large tries")
    visiting = ready.visiting
    visiting.need_visit()
    photo = tmp_path / "PHOTO.HEIC"
    photo.write_bytes(HEIC)
    before = {m["message"] for m in visiting.door.store.messages(visiting.case)}
    STEPS[step](ready, photo)
    ready.page.locator("#phone-status", has_text="送っていないものはありません").wait_for()
    ready.go()
    visiting.door.refresh()
    new = [m for m in visiting.door.store.messages(visiting.case) if m["message"] not in before]
    reports = [m for m in new if m["act"] == "visit_report.submitted"]
    assert len(reports) == 1
    assert (
        len([i for i in reports[0]["items"] if i["section"] == "VISIT"]) == 3
    )  # the report, a photo and what it is
    assert ready.page.evaluate("indexedDB.databases().then((all) => all.length)") == 2
