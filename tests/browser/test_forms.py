"""The forms in a real browser: by keyboard only, on a phone, with errors at their fields."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.agency.forms.table import FORMS
from gateway.audit.verification import Verification
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.story import read_story
from tests.browser.test_pages import browser, pytestmark  # noqa: F401 (the same browser, the same conditions)
from tests.gateway.test_forms import PagesFixture

STORY = Path(__file__).parents[1] / "scenarios" / "audit-access-with-dual-approval.yaml"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesFixture]:
    story = read_story(STORY)
    story = replace(story, steps=tuple(s for s in story.steps if s.n <= 3), expects=(), must_hold=())
    with open_rehearsal_hub(tmp_path_factory.mktemp("forms") / "hub", start_of(story)) as rehearsal_hub:
        run, _ = play(story, rehearsal_hub)
        with ServedApp(pages_app(rehearsal_hub, Verification())) as served, ExitStack() as stack:
            yield PagesFixture(run, served.url, stack)


@pytest.fixture
def screen(browser, office):  # type: ignore[no-untyped-def] # noqa: F811
    page = browser.new_page(viewport={"width": 375, "height": 740})
    unexpected: list[str] = []
    page.on("console", lambda m: None if "(Bad Request)" in m.text else unexpected.append(m.text))
    page.on("pageerror", lambda e: unexpected.append(str(e)))
    page.on("request", lambda r: unexpected.append(r.url) if not r.url.startswith(office.url) else None)
    yield page
    page.close()
    assert unexpected == []


def test_emergency_access_is_requested_by_keyboard_on_a_phone(screen, office) -> None:  # type: ignore[no-untyped-def]
    case = office.case()
    office.forward_notification(case)
    screen.goto(f"{office.url}/agency/KS-CGC/cases/{case}")
    screen.get_by_text("この事例でできることをすべて見る").click()
    screen.get_by_text("緊急・例外").click()
    screen.get_by_role("link", name="緊急閲覧を求める").click()
    assert screen.locator("legend .tag.bad", has_text="必須").count() >= 3
    assert screen.locator("fieldset[role=radiogroup][aria-required=true]").count() >= 1
    screen.get_by_role("button", name="緊急閲覧を求める").focus()
    screen.keyboard.press("Enter")
    alert = screen.get_by_role("alert")
    assert "4 か所を直してください" in alert.inner_text()
    alert.get_by_role("link").first.click()
    for id in ("f-sections", "f-reason", "f-alternatives", "f-text_REASON"):
        described_by = (screen.get_attribute(f"#{id}", "aria-describedby") or "").split()
        assert "選んでください" in "".join(
            screen.inner_text(f"#{name}") for name in described_by
        ) or "書いてください" in "".join(screen.inner_text(f"#{name}") for name in described_by)
        assert screen.get_attribute(f"#{id}", "aria-invalid") == "true"
    screen.get_by_label("危険度・保護").focus()
    screen.keyboard.press("Space")
    screen.get_by_label("子どもの所在や安否が分からない").focus()
    screen.keyboard.press("Space")
    screen.get_by_label("本人の同意を待つ").focus()
    screen.keyboard.press("Space")
    screen.get_by_label("理由・経緯").fill("夜間で担当につながらない")
    screen.get_by_role("button", name="緊急閲覧を求める").focus()
    screen.keyboard.press("Enter")
    screen.wait_for_url("**/cases/*?done=emergency*")  # the form itself has a status of its draft
    assert "を記録しました" in screen.get_by_role("status").inner_text()
    screen.goto(f"{office.url}/agency/AZ-CORE/cases/{case}")
    assert "子どもの所在や安否が分からない" in screen.inner_text("main")


def test_a_second_person_sees_the_request_on_the_own_page_and_approves(screen, office) -> None:  # type: ignore[no-untyped-def]
    case = office.case()
    page_client = office.at("AZ-CORE")
    page_client.submit(
        f"/cases/{case}/forms/override",
        {
            "recipients": [office.id("MID-HOSP")],
            "sections": ["CHILD"],
            "reason": "SPECIAL_REASON",
            "alternatives": ["WAIT_FOR_CONSENT"],
            "text_REASON": "連絡がつかない",
        },
    )
    screen.goto(f"{office.url}/agency/AZ-CORE/")
    for name in ("訓練用の職員二", "訓練用の職員三"):
        screen.select_option("#actor", label=name)
        screen.get_by_role("button", name="替える").click()
        screen.click(f"a[href*='{case}/forms/override-approval']")
        assert "特別の理由がある" in screen.inner_text("main")
        screen.get_by_label("自分の判断で承認します").check()
        screen.get_by_role("button", name="承認する").click()
        assert "を記録しました" in screen.get_by_role("status").inner_text()
    screen.get_by_role("link", name="この承認で").click()
    hospital = office.id("MID-HOSP")
    assert screen.input_value(f"[name='basis.{hospital}']") == "APPI-69-2-4"
    assert screen.is_checked(f"[name=to][value='{hospital}']")


def test_every_form_has_one_heading_labelled_fields_and_fits_a_phone(screen, office) -> None:  # type: ignore[no-untyped-def]
    case = office.case()
    screen.set_viewport_size({"width": 320, "height": 700})
    paths = [
        f"/cases/{case}/forms/{form.key}"
        for form in FORMS.values()
        if form.is_about_case and (not form.roles or "CORE" in form.roles)
    ]
    for path in (*paths, "/forms/intake", "/programme", "/", f"/cases/{case}"):
        screen.goto(f"{office.url}/agency/AZ-CORE{path}")
        assert screen.locator("h1").count() == 1
        unnamed = screen.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
            ".filter(e => !e.labels.length).map(e => e.outerHTML)"
        )
        assert unnamed == []
        dangling_ids = screen.evaluate(
            "[...document.querySelectorAll('[aria-describedby]')].flatMap(e => "
            "e.getAttribute('aria-describedby').trim().split(/\\s+/)).filter(id => !document.getElementById(id))"
        )
        assert dangling_ids == []
        duplicate_ids = screen.evaluate(
            "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, n, all) => all.indexOf(id) !== n)"
        )
        assert duplicate_ids == []
        assert screen.evaluate("document.documentElement.scrollWidth <= 320"), path
