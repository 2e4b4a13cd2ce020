"""Every state of every kind of page: nothing that axe objects to, nothing cut at 200 % and at 360 px, and printed in rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import Unavailable
from gateway.rehearsal.scenario.run import Run
from tests.browser.test_pages import browser, served_run  # noqa: F401 (the same case)
from tests.browser.test_pages import pytestmark as needs_browser

pytestmark = [*needs_browser, pytest.mark.timeout(600)]
WIDE, ZOOMED, PHONE = (1280, 900), (640, 450), (360, 740)
"""A wide window, the same at 200 %, and a phone, in CSS pixels."""
CUT = """() => {
  const width = document.documentElement.clientWidth, cut = [];
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1);
    cut.push(`page: ${document.documentElement.scrollWidth}`, ...wide.slice(0, 4).map(e => e.outerHTML.slice(0, 120)));
  }
  for (const e of document.querySelectorAll('h1,h2,h3,main p,main a,main button,main label,main input,main select,main textarea')) {
    if (e.closest('.skip,.visually-hidden,.scroll,table') || !e.checkVisibility() || e.type === 'hidden') continue;
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > width + 1 || box.left < -1)) cut.push(e.outerHTML.slice(0, 120));
    if (e.matches('button,.button') && e.scrollWidth > e.clientWidth + 1) cut.push(`text: ${e.outerHTML.slice(0, 120)}`);
  }
  return cut;
}"""
OVERLAPPING = """() => [...document.querySelectorAll('table.work tbody tr')].flatMap(row => {
  const boxes = [...row.children].map(cell => cell.getBoundingClientRect());
  return boxes.slice(1).filter((box, n) => box.left < boxes[n].right - 1).map(() => row.innerText);
})"""


@dataclass
class States:
    """Looks at one state after the other. ``seen``: their names."""

    page: Any
    seen: list[str] = field(default_factory=list)

    def look(self, name: str) -> None:
        """The page as it is now, with axe and at the three widths."""
        from axe_playwright_python.sync_playwright import Axe

        self.seen.append(name)
        assert "object at 0x" not in self.page.inner_text("body"), name
        violations = Axe().run(self.page).response["violations"]
        assert violations == [], (name, [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations])
        for width, height in (ZOOMED, PHONE, WIDE):
            self.page.set_viewport_size({"width": width, "height": height})
            assert self.page.evaluate(CUT) == [], (name, width)

    def visit(self, name: str, url: str, status: int = 200) -> None:
        answered = self.page.goto(url)
        assert answered.status == status, (name, answered.status, self.page.inner_text("main"))
        self.look(name)


@pytest.fixture
def states(browser: Any) -> Iterator[States]:  # noqa: F811
    page = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, locale="ja-JP").new_page()
    yield States(page)
    page.context.close()


@pytest.mark.large
def test_every_list_is_accessible_and_whole(
    states: States,
    served_run: tuple[Run, str],  # noqa: F811
    large: bool,
) -> None:
    if not large:
        pytest.skip("takes a minute; run with --large")
    look_at_lists(states, *served_run)


def test_every_state_of_writing_is_accessible_and_whole(
    states: States,
    served_run: tuple[Run, str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, url = served_run
    look_at_writing(states, run, url)
    look_at_refusals(states, run, url)
    look_at_errors(states, run, url, monkeypatch)
    look_with_the_hub_away(states, run, url, monkeypatch)
    assert len(states.seen) == len(set(states.seen))


def test_a_work_list_is_printed_in_rows(states: States, served_run: tuple[Run, str]) -> None:  # noqa: F811
    states.page.set_viewport_size({"width": 703, "height": 900})  # A4 without its margins
    states.page.emulate_media(media="print")
    states.page.goto(f"{served_run[1]}/agency/AZ-CORE/")
    assert states.page.locator("table.work tbody tr").count() > 0
    assert states.page.evaluate(OVERLAPPING) == []
    styles = "[...document.querySelectorAll('table.work tbody tr')].map(r => getComputedStyle(r).display)"
    assert set(states.page.evaluate(styles)) == {"table-row"}
    assert not states.page.locator("main button").first.is_visible()


def look_at_lists(states: States, run: Run, url: str) -> None:
    core, empty = f"{url}/agency/AZ-CORE", f"{url}/agency/EXT-SERVICE"
    case = f"{core}/cases/{run.case}"
    for name in ("cases", "outbox", "drafts", "meeting", "search", "charges", "address-log", "print-log"):
        states.visit(f"{name}, empty", f"{empty}/{name}")
        states.visit(name, f"{core}/{name}")
    states.visit("work list, empty", f"{empty}/")
    states.visit("work list", f"{core}/")
    states.visit("start", f"{url}/")
    states.visit("tour", f"{url}/tour")
    for name in ("files", "programme", "statistics", "glossary", "index", "family-log"):
        states.visit(name, f"{core}/{name}")
    states.visit("family", f"{case}/family")
    states.visit("forms to print", f"{case}/print")
    states.visit("case", case)
    states.page.get_by_role("button", name="内容を読む").first.click()
    states.page.locator("section.shown").first.wait_for()
    states.look("case, read in place")
    states.page.goto(f"{core}/search")
    for name, text in (("search, found", "架空"), ("search, nothing found", "そこにいない人")):
        states.page.fill("#text", text)
        states.page.click("main button")
        states.look(name)
    for name in ("", "readings", "refusals", "consents", "exceptions"):
        states.visit(f"audit {name}", f"{url}/audit/{name}")
    states.visit("audit, nothing to show", f"{url}/audit/?case=00000000")
    states.visit("audit timeline", f"{url}/audit/timeline?case={run.case}&n=9")


def look_at_writing(states: States, run: Run, url: str) -> None:
    """A question and a referral: empty, with errors, kept as a draft, looked at once more, sent, and sent again."""
    page, core = states.page, f"{url}/agency/AZ-CORE"
    states.visit("question", f"{core}/cases/{run.case}/forms/question")
    states.visit("disclosure", f"{core}/cases/{run.case}/disclose")
    states.visit("plan", f"{core}/cases/{run.case}/forms/plan")
    page.locator("main form[data-draft] p.row button").first.click()
    states.look("plan with errors")
    hospital = f"{url}/agency/MID-HOSP"
    states.visit("referral", f"{hospital}/new")
    page.click("button[value=preview]")
    states.look("referral with errors")
    page.check("[name=subject_consent][value=REFUSED]")
    page.fill("#f-text_RISK", "体重が増えない。")
    page.click("button[name=save]")
    states.look("referral kept as a draft")
    states.visit("drafts, one", f"{hospital}/drafts")
    page.locator(".cards-list a").first.click()
    page.click("button[value=preview]")
    states.look("preview")
    page.click("button[name=step][value=send]")
    states.look("case, just recorded")
    page.go_back()
    states.look("sent from this page before")


def look_at_refusals(states: States, run: Run, url: str) -> None:
    """What the hub would refuse: seen before it is sent, insisted on, refused."""
    page, hospital = states.page, run.id_of("MID-HOSP")
    page.goto(f"{url}/agency/AZ-CORE/cases/{run.case}/disclose")
    page.check(f"[name=to][value='{hospital}']")
    page.select_option(f"[name='basis.{hospital}']", "APPI-69-2-4")
    page.locator("details.section", has_text="子どもの状況").first.locator("summary").first.click()
    page.fill("#f-text_CHILD", "体重の記録")
    page.click("button[value=preview]")
    states.look("warned before it is sent")
    if not page.locator("[name=anyway]").count():
        page.click("button[name=step][value=send]")
    page.check("[name=anyway]")
    states.look("insisting")
    page.click("button[name=step][value=insist]")
    states.look("preview of what would be refused")
    page.get_by_role("button", name="このまま送付する").click()
    states.look("refused")
    states.visit("outbox, one refused", f"{url}/agency/AZ-CORE/outbox")


def look_at_errors(states: States, run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    core = f"{url}/agency/AZ-CORE"
    states.visit("not found", f"{core}/cases/{uuid4()}", 404)
    states.visit("wrong input", f"{core}/cases/not-a-case", 400)
    states.page.goto(f"{core}/new")
    with states.page.expect_navigation() as answered:
        states.page.evaluate(
            "() => { const form = document.querySelector('form[data-draft]');"
            "form.querySelector('#f-text_RISK').value = 'あ'.repeat(600000); form.submit(); }"
        )
    assert answered.value.status == 413
    states.look("too large")
    with states.page.expect_navigation() as answered:
        states.page.evaluate(
            "url => { const form = Object.assign(document.createElement('form'), {method: 'post', action: url});"
            "document.body.append(form); form.submit(); }",
            f"{core}/cases/{run.case}/answer",
        )
    assert answered.value.status == 400
    states.look("form without its fields")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as broken_door:
        broken_door.setattr(run.rehearsal_hub.door("AZ-CORE"), "refresh_if_possible", broken)
        states.visit("the door's own fault", f"{core}/cases", 500)


def look_with_the_hub_away(states: States, run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the door shows from its own store, and what waits in the outbox."""
    door, page = run.rehearsal_hub.door("MID-HOSP"), states.page

    def away(*_: object, **__: object) -> None:
        raise Unavailable("hub-unreachable")

    with monkeypatch.context() as without_hub:
        for name in ("query", "submit", "agencies", "key_sets", "put_item"):
            without_hub.setattr(door.client, name, away)
        without_hub.setattr(door, "_retry_seconds", 0.0)
        hospital = f"{url}/agency/MID-HOSP"
        states.visit("work list, hub away", f"{hospital}/")
        assert "ハブに接続できません" in page.inner_text("main")
        states.visit("case, hub away", f"{hospital}/cases/{run.case}")
        states.visit("referral, hub away", f"{hospital}/new")
        page.check("[name=subject_consent][value=GIVEN]")
        page.fill("#f-text_RISK", "つながらない日に書いた。")
        page.click("button[value=preview]")
        states.look("preview, hub away")
        page.click("button[name=step][value=send]")
        states.look("waiting in the outbox")
        assert "送信箱で待っています" in page.inner_text("main")
