"""The page of statistics in a real browser: accessible, drawn without a style within it, and without JavaScript."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.protocol.serving import ServedApp
from tests.browser.test_pages import ARGS
from tests.gateway.hubkit import hub_with_case

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from datetime import UTC, datetime

    with hub_with_case(tmp_path_factory.mktemp("statistics") / "hub") as hub:
        for month, families in ((5, 6), (6, 3)):
            hub.rehearsal_hub.set_clock(datetime(2025, month, 20, tzinfo=UTC))
            for _ in range(families):
                hub.refer(uuid4())
        hub.rehearsal_hub.set_clock(datetime(2025, 7, 20, tzinfo=UTC))
        app = agency_app(
            hub.door("AZ-CORE"), staff=Staff.rehearsal("staff.s", mode="rehearsal"), mode="rehearsal"
        )
        with ServedApp(app) as served:
            yield served.url


@pytest.mark.parametrize("path", ["/statistics?year=2025", "issue"])
def test_the_pages_are_accessible_and_need_no_script(url: str, path: str, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as play,
        play.chromium.launch(executable_path=CHROMIUM, args=ARGS) as browser,
    ):
        unexpected: list[str] = []
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.on("console", lambda m: unexpected.append(m.text))
        if path == "issue":
            page.goto(f"{url}/statistics?year=2025")
            page.click("text=の統計を発行する")
            assert "秘匿しています" in page.inner_text("main")
            assert page.locator("td", has_text="x").count() > 0
        else:
            page.goto(url + path)
            assert page.locator("svg[role=img]").count() >= 2
            box = page.locator("svg[role=img]").first.bounding_box()
            assert box is not None
            assert box["width"] > 400
            assert page.locator("svg[role=img] desc").first.text_content()
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        page.screenshot(path=tmp_path / "page.png", full_page=True)
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth <= 320")
        assert unexpected == []
        context = browser.new_context(java_script_enabled=False)
        plain = context.new_page()
        plain.goto(f"{url}/statistics?year=2025")
        assert plain.locator("h1").inner_text() == "統計"
        assert plain.locator("table.numbers").count() > 10
