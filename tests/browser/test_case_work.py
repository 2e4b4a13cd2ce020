"""A case worker's day in a real browser: the work list and a case, on a wide and on a narrow screen, without scripts, by axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.protocol.serving import ServedApp
from tests.browser.test_pages import ARGS, CHROMIUM, pytestmark  # noqa: F401 (the same browser, the same conditions)
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.many_cases import fill_door


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubWithCase, str]]:
    with hub_with_case(tmp_path_factory.mktemp("case_work") / "hub") as hub:
        door = hub.door("AZ-CORE")
        door.refresh()
        staff = Staff.rehearsal("staff.a", mode="rehearsal")
        fill_door(door, 55, list(staff.people()))
        with ServedApp(agency_app(door, staff=staff, mode="rehearsal")) as served:
            yield hub, served.url


def test_a_day_of_work_is_accessible_on_wide_and_narrow_screens(work: tuple[HubWithCase, str]) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Page, sync_playwright

    hub, url = work

    def check(page: Page) -> None:
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        width = page.viewport_size["width"]  # type: ignore[index]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url

    with sync_playwright() as play, play.chromium.launch(executable_path=CHROMIUM, args=ARGS) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=True)
        unexpected: list[str] = []
        page = context.new_page()
        page.on("console", lambda m: unexpected.append(m.text))
        page.on("pageerror", lambda e: unexpected.append(str(e)))

        # the list: what is late first, in rows of one line
        page.goto(f"{url}/")
        check(page)
        heights = page.evaluate("[...document.querySelectorAll('tr:has(.family)')].map(r => r.offsetHeight)")
        assert len(heights) == 50
        assert max(heights) <= 26
        assert "期限超過" in page.locator("tbody .due").first.inner_text()
        page.locator("summary", has_text="ほか").first.click()
        check(page)
        page.goto(f"{url}/?show=all&rows=low")
        check(page)
        top, bottom = (
            page.locator("tr:has(.family)").nth(n).bounding_box()["y"]  # type: ignore[index]
            for n in (0, 49)
        )
        assert bottom - top < 900  # fifty families in one screenful
        page.goto(f"{url}/?show=unread&kind=move")
        check(page)
        assert "当てはまる事例はありません" in page.inner_text("main")

        # a case: nobody has read it, then one click reads it in place
        page.goto(f"{url}/cases/{hub.case}")
        check(page)
        assert page.inner_text("h1") == "名前をまだ開いていない家庭"
        page.get_by_role("button", name="内容を読む").first.click()
        page.locator("article:target section.shown").first.wait_for()
        page.wait_for_load_state()
        assert page.locator("section.shown").count() == 2
        check(page)
        openings = [r for r in hub.rehearsal_hub.records() if r.topic == "section.opened"]
        page.reload()
        assert page.locator("section.shown").count() == 2
        assert (
            len([r for r in hub.rehearsal_hub.records() if r.topic == "section.opened"]) == len(openings) == 2
        )
        page.get_by_text("この事例でできることをすべて見る").click()
        check(page)

        # a family with a name, from the list; on a phone the day and the name come first
        page.goto(f"{url}/")
        page.locator(".family a", has_text="架空 花子").first.click()
        assert "架空 花子" in page.inner_text("h1")
        assert page.locator("#next").is_visible()
        check(page)
        page.set_viewport_size({"width": 360, "height": 740})
        check(page)
        page.goto(f"{url}/")
        check(page)
        due, family, do = (
            page.locator(f"tbody .{name}").first.bounding_box() for name in ("due", "family", "do")
        )
        assert due is not None
        assert family is not None
        assert do is not None
        assert due["y"] < family["y"] < do["y"]
        assert unexpected == []

        # without scripts
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(f"{url}/")
        plain.select_option("#sort", "family")
        plain.click("text=表示する")
        assert "かくう" in plain.locator(".family").first.inner_text()
        plain.locator("details.more-matters summary").first.click()
        assert plain.locator("details.more-matters[open] li").first.is_visible()
