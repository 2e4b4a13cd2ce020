"""Attaching and receiving a file in a real browser, with JavaScript and without."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.verification import Verification
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from tests.attachments.kit import HEIC, pdf
from tests.browser.test_pages import ARGS, CHROMIUM
from tests.gateway.hubkit import HubWithCase, hub_with_case

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium is installed here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubWithCase, str]]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as hub:
        for code in ("MID-HOSP", "AZ-CORE"):
            hub.door(code).refresh()
        with ServedApp(pages_app(hub.rehearsal_hub, Verification())) as app:
            yield hub, app.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as play,
        play.chromium.launch(executable_path=CHROMIUM, args=ARGS) as launched,
    ):
        yield launched


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_files_are_attached_sent_and_received(
    served: tuple[HubWithCase, str], browser: Any, tmp_path: Path, javascript: bool
) -> None:
    hub, url = served
    context = browser.new_context(java_script_enabled=javascript, accept_downloads=True)
    screen = context.new_page()
    unexpected: list[str] = []
    screen.on("pageerror", lambda error: unexpected.append(str(error)))
    screen.on("console", lambda message: unexpected.append(message.text))
    heic, referral = tmp_path / "PHOTO.HEIC", tmp_path / "紹介状.pdf"
    heic.write_bytes(HEIC)
    referral.write_bytes(pdf())
    screen.goto(f"{url}/agency/MID-HOSP/cases/{hub.case}/disclose")
    core = str(hub.door("AZ-CORE").agency)
    screen.select_option(f"[name='basis.{core}']", "CWA-21-10-5")
    for name, text in (("基本情報", "一つめ"), ("子どもの状況", "二つめ")):
        screen.locator("details.section", has_text=name).first.locator("summary").first.click()
        screen.get_by_label(f"{name}(自由記載)").fill(text)
    for number, file in enumerate((heic, referral), 1):
        screen.set_input_files("#attach-file", file)
        screen.click("#attach-button")
        screen.wait_for_selector(f":nth-match(.attachment, {number})")
    shown = screen.inner_text("#attachments")
    assert "撮った場所の情報を消しました" in shown
    assert "HEICをJPEGにしました" in shown
    written = (screen.input_value("#f-text_BASIC"), screen.input_value("#f-text_CHILD"))
    assert written == ("一つめ", "二つめ")
    assert screen.locator("input[name=attach]:checked").count() == 2
    for select in screen.locator("select[name^=attach_section]").all():
        select.select_option("MEDICAL")
    screen.click("text=内容を確かめる")
    assert "PHOTO.jpg" in screen.inner_text("main")
    screen.click("text=封をして送付する")
    assert "記録しました" in screen.inner_text("main")

    screen.goto(f"{url}/agency/AZ-CORE/cases/{hub.case}")
    sent = screen.locator("form.reading:has(.tag:has-text('子どもの状況'))")
    sent.get_by_role("button", name="内容を読む").click()
    shown = screen.locator("article:target")
    shown.locator("section.shown").first.wait_for()
    screen.wait_for_load_state()
    assert shown.locator("section.shown").count() == 4  # a file and its description are one
    assert shown.locator("button:has-text('開く'), button:has-text('内容を読む')").count() == 0
    assert "PHOTO.jpg" in screen.inner_text("main")
    with screen.expect_download() as downloading:
        shown.locator("section.shown", has_text="PHOTO.jpg").locator("text=ファイルを受け取る").click()
    assert downloading.value.suggested_filename == "PHOTO.jpg"
    assert Path(downloading.value.path()).read_bytes()[:3] == b"\xff\xd8\xff"
    context.close()
    assert unexpected == []
