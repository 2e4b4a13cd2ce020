"""What the usual acts cost, by mouse and by keyboard alone, counted from the list of work; docs/effort.md is its table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from gateway.rehearsal.scenario.run import Run
from tests.browser.test_pages import browser, served_run  # noqa: F401 (the same case)
from tests.browser.test_pages import pytestmark as needs_browser

pytestmark = [*needs_browser, pytest.mark.timeout(900)]
EFFORT = Path(__file__).parents[2] / "docs" / "effort.md"
MOST_KEYS = 80
"""More between two fields is too far."""
FOCUS = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const ringed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const within = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return e === document.body || (ringed && within) ? '' : e.outerHTML.slice(0, 160);
}"""
Act = Sequence[tuple[str, ...]]
"""Steps: ``press``, ``unfold`` or ``tick`` a thing, ``choose`` a value of a list, ``type`` a text into a field."""


class Hand(Protocol):
    """A way to use a page. ``count``: of clicks, or of keys that are no text."""

    count: int

    def do(self, kind: str, selector: str, value: str = "") -> None: ...


class Mouse:
    """Each click counts; a list takes two, a field one."""

    def __init__(self, screen: Any) -> None:
        self._screen, self.count = screen, 0

    def do(self, kind: str, selector: str, value: str = "") -> None:
        element = self._screen.locator(selector).first
        if kind == "choose":
            element.select_option(value)
            self.count += 2
            return
        element.click()
        self.count += 1
        if kind == "type":
            element.fill(value)


class Keyboard:
    """Tab, Enter, Space and arrows count; text does not. Where the focus is can always be seen."""

    def __init__(self, screen: Any) -> None:
        self._screen, self.count = screen, 0

    def do(self, kind: str, selector: str, value: str = "") -> None:
        self._go_to(selector)
        if kind == "type":
            self._screen.keyboard.type(value)
        elif kind == "tick":
            self._press("Space")
        elif kind == "choose":
            while self._screen.evaluate("() => document.activeElement.value") != value:
                self._press("ArrowDown")
        else:
            self._press("Enter")

    def _go_to(self, selector: str) -> None:
        first = self._screen.locator(selector).first
        starts_at_top = self._is_at("body") and "#" not in self._screen.url
        if starts_at_top and first.evaluate("e => !!e.closest('main')"):
            self._press("Tab")
            self._press("Enter")  # past what is on every page
        mark = first.evaluate("e => e.dataset.wanted = 'yes'")
        for _ in range(MOST_KEYS):
            if self._is_at(f"[data-wanted='{mark}']"):
                first.evaluate("e => delete e.dataset.wanted")
                return
            self._press("Tab")
        raise AssertionError(f"{selector} is too far away")

    def _is_at(self, selector: str) -> bool:
        return bool(self._screen.evaluate("s => !!document.activeElement?.matches(s)", selector))

    def _press(self, key: str) -> None:
        assert self.count < 10 * MOST_KEYS
        self._screen.keyboard.press(key)
        self.count += 1
        if key == "Tab":
            unseen = self._screen.evaluate(FOCUS)
            assert unseen == "", unseen


CONFIRM: Act = (("press", "button[value=preview]"), ("press", "button[name=step][value=send]"))


def acts(run: Run) -> dict[str, tuple[str, Act]]:
    """What is done, by whom, and by which steps from the list of work."""
    case = f"th.family a[href*='{run.case}']"
    hospital, contractor = run.id_of("MID-HOSP"), run.id_of("SORA-NPO")
    refer = (
        ("press", "nav a[href$='/new']"),
        ("tick", "[name=subject_consent][value=GIVEN]"),
        ("type", "#f-text_RISK", "母が一人で抱えている。体重が増えない。"),
        ("unfold", "#f-form_BASIC details.group summary"),
        ("type", "#f-form_BASIC [name='form_BASIC.children.new.1.name.text']", "架空さくら"),
        ("type", "#f-form_BASIC [name='form_BASIC.children.new.1.name.kana']", "かくうさくら"),
        *CONFIRM,
    )
    read = (
        ("press", "th.family a:text('名前をまだ開いていない家庭')"),
        ("press", "#next button[value='referral.acknowledged']"),
        ("press", "form.reading button:has-text('内容を読む')"),
        ("press", "article:target button[name=act][value='referral.read']"),
    )
    disclose = (
        ("press", case),
        ("press", "#next a:text-is('情報を提供する')"),
        ("tick", f"[name=to][value='{contractor}']"),
        ("choose", f"[name='basis.{contractor}']", "CWA-21-10-2-3"),
        ("unfold", "details.section:has(#f-text_CHILD) > summary"),
        ("type", "#f-text_CHILD", "体重の記録。"),
        *CONFIRM,
    )
    ask = (
        ("press", case),
        ("unfold", "details.acts > summary"),
        ("unfold", "details.acts details:has(a[href$='/forms/question']) > summary"),
        ("press", "details.acts a[href$='/forms/question']"),
        ("tick", f"[name=to][value='{hospital}']"),
        ("choose", f"[name='basis.{hospital}']", "CWA-25-3-1"),
        ("unfold", "details.section:has(#f-text_CHILD) > summary"),
        ("type", "#f-text_CHILD", "最近の受診の様子を教えてください。"),
        *CONFIRM,
    )
    answer = (
        ("press", case),
        ("press", "#next a[href*='/forms/answer?']"),
        ("unfold", "details.section:has(#f-text_MEDICAL) > summary"),
        ("type", "#f-text_MEDICAL", "受診は続いている。"),
        *CONFIRM,
    )
    visit = {"visited_on": "R7.8.11", "started_at": "9:00", "ended_at": "10:00", "place": "自宅", "met": "母"}
    report = (
        ("press", case),
        ("unfold", "details.acts > summary"),
        ("press", "details.acts a[href$='/forms/visit-report']"),
        ("tick", "[name=child_seen][value=yes]"),
        *(("type", f"[name='form_VISIT.{name}']", text) for name, text in visit.items()),
        ("type", "[name='form_VISIT.next_visit_on']", "R7.8.18"),
        ("type", "#f-text_VISIT", "授乳を一緒に見た。"),
        ("press", "form[data-draft] p.row button:not([name=save])"),
    )
    return {
        "家庭を知らせる(情報提供)": ("MID-HOSP", refer),
        "届いた情報提供の受領を確認し、読む": ("AZ-CORE", read),
        "情報を提供する": ("AZ-CORE", disclose),
        "照会する": ("AZ-CORE", ask),
        "照会に回答する": ("MID-HOSP", answer),
        "訪問を報告する": ("SORA-NPO", report),
    }


HEAD = """# What the usual acts cost

Counted by `tests/browser/test_effort.py` from the list of work to the recorded message: clicks with the mouse (a list is two, a
field one), and keys without a mouse that are no text (Tab, Enter, Space, arrows), the focus visible at each. The keyboard goes
forward from field to field: Enter within a one-line field, which sends the form at once, would save more. Where nothing was
counted before, nothing is said. A family is referred with at most 8 mandatory inputs, and with at most 40 such keys when 55 cases
are in the list (`tests/browser/test_composer.py`).

| act | clicks | keys without a mouse | before |
|---|---|---|---|
"""


def measured(browser: Any, run: Run, url: str) -> str:  # noqa: F811
    """Every act, first by mouse and then by keyboard."""
    counts: dict[str, list[int]] = {}
    for hand_of in (Mouse, Keyboard):
        for name, (code, steps) in acts(run).items():
            context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ja-JP")
            screen = context.new_page()
            screen.goto(f"{url}/agency/{code}/?show=all")
            hand: Hand = hand_of(screen)
            for kind, selector, *value in steps:
                screen.locator(selector).first.wait_for(state="attached")
                hand.do(kind, selector, *value)
                screen.wait_for_load_state()
            if not name.startswith("届いた"):
                screen.get_by_text("を記録しました").first.wait_for()
            counts.setdefault(name, []).append(hand.count)
            context.close()
    rows = [f"| {name} | {clicks} | {keys} | not counted |" for name, (clicks, keys) in counts.items()]
    return HEAD + "\n".join(rows) + "\n"


def test_the_usual_acts_cost_what_is_stated(browser: Any, served_run: tuple[Run, str], large: bool) -> None:  # noqa: F811
    if not large:
        pytest.skip("takes a minute; run with --large")
    table = measured(browser, *served_run)
    EFFORT.write_text(table, encoding="utf-8")
