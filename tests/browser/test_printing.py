"""Printing in a real browser: the page lists what will be opened, and the PDF comes in a new window."""

from __future__ import annotations

from tests.browser.test_pages import browser, pytestmark, screen, served_run  # noqa: F401 (the same case, the same conditions)
from tests.gateway.test_exports import needs_font


@needs_font
def test_a_case_worker_prints_the_visit_report_of_a_message(screen, served_run) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run, url = served_run
    screen.goto(f"{url}/agency/AZ-CORE/cases/{run.case}")
    report = screen.locator("article", has=screen.locator("h3", has_text="訪問報告")).first
    report.get_by_role("link", name="様式で印刷 (PDF)").click()
    assert "この連絡の様式" in screen.inner_text("main")
    screen.get_by_role("link", name="養育支援訪問報告書").click()
    assert "様式のために開く情報" in screen.inner_text("main")
    ticked = screen.locator("input[name=item]:checked")
    assert ticked.count() >= 1
    before = len([r for r in run.rehearsal_hub.records() if r.topic == "section.opened"])
    with screen.context.expect_page() as opened:
        screen.get_by_role("button", name="開いて印刷する (PDF)").click()
    opened.value.wait_for_load_state()
    opened.value.close()
    after = [r for r in run.rehearsal_hub.records() if r.topic == "section.opened"]
    assert len(after) == before + ticked.count()
    assert after[-1].actor == "staff.AZ-CORE"
    screen.goto(f"{url}/agency/AZ-CORE/print-log")
    assert "養育支援訪問報告書" in screen.inner_text("main")


@needs_font
def test_a_page_of_printing_fits_a_phone_and_is_used_by_keyboard(screen, served_run) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run, url = served_run
    screen.set_viewport_size({"width": 375, "height": 740})
    screen.goto(f"{url}/agency/AZ-CORE/cases/{run.case}/print/information-child")
    width = screen.evaluate("document.documentElement.scrollWidth")
    assert width <= 375
    screen.locator("input[name=item]").first.focus()
    screen.keyboard.press("Space")
    screen.get_by_label("閲覧の目的").select_option("SAFETY")
