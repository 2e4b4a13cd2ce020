"""The pages of a case worker, a hospital and an auditor in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.content_json import read_content
from domain.content import lines
from gateway.audit.verification import Verifier
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

STORY = Path(__file__).parents[1] / "scenarios" / "sc-1.yaml"


@pytest.fixture(scope="module")
def served_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, str]]:
    story = read_story(STORY)
    story = replace(story, steps=tuple(s for s in story.steps if s.n <= 23), expects=(), must_hold=())
    story = replace(story, contractors={c: replace(w, until=None) for c, w in story.contractors.items()})
    with open_rehearsal_hub(tmp_path_factory.mktemp("served_run") / "hub", start_of(story)) as rehearsal_hub:
        run, _ = play(story, rehearsal_hub)
        rehearsal_hub.complete_rewrap_duties()
        assert rehearsal_hub.runtime is not None
        verification = Verifier(
            rehearsal_hub.runtime.recorder, rehearsal_hub.runtime.store, rehearsal_hub.genesis
        ).run()
        with ServedApp(pages_app(rehearsal_hub, verification)) as served:
            yield run, served.url


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as play_,
        play_.chromium.launch(executable_path=CHROMIUM, args=ARGS) as launched,
    ):
        yield launched


def test_a_list_is_sent_from_the_page(screen, served_run, tmp_path):  # type: ignore[no-untyped-def]
    _, url = served_run
    file = tmp_path / "list.csv"
    file.write_text("整理番号,宛先機関,把握年月日,養育環境\n1,AZ-CORE,S64.1.8,〔架空〕\n")
    screen.goto(f"{url}/agency/MID-HOSP/files")
    screen.set_input_files("#file", file)
    screen.click("main button")
    assert "暦にない日付です" in screen.inner_text("main")
    file.write_text("整理番号,宛先機関,把握年月日,養育環境\n1,AZ-CORE,R7.5.12,〔架空〕\n")
    screen.set_input_files("#file", file)
    screen.click("main button")
    assert "1 件の結果" in screen.inner_text("main")


@pytest.fixture
def screen(browser, served_run):  # type: ignore[no-untyped-def]
    """A page; its test fails on any console message or request that leaves loopback."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    unexpected: list[str] = []
    # a refusal is answered 403 and a wrong file 400, which the browser logs by itself
    page.on(
        "console",
        lambda m: None if "(Forbidden)" in m.text or "(Bad Request)" in m.text else unexpected.append(m.text),
    )
    page.on("pageerror", lambda e: unexpected.append(str(e)))
    page.on("request", lambda r: unexpected.append(r.url) if not r.url.startswith(served_run[1]) else None)
    yield page
    page.close()
    assert unexpected == []


def test_a_case_worker_reads_what_the_hospital_wrote(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    run, url = served_run
    screen.goto(f"{url}/")
    screen.click("text=AZ-CORE")
    screen.click("nav >> text=事例")
    screen.click(f"table a[href*='{run.case}']")
    screen.locator("article", has_text="情報提供").last.locator("button:has-text('内容を読む')").first.click()
    assert "閲覧を記録しました" in screen.inner_text("main")
    written = next(w for w in run.written if w.n == 1 and w.section == "BASIC")
    shown = "".join(screen.locator("dl.content-lines").first.inner_text().split())
    for line in lines(read_content("family/v1", written.text)):
        assert "".join(f"{line.label}{line.text}".split()) in shown
    assert "架空花子" in shown
    assert screen.inner_text("h1") == "架空 そら"  # since then the child was born
    assert "令和7年7月21日" not in shown  # the hospital does not state the child that is not born yet
    opened = [r for r in run.rehearsal_hub.records() if r.topic == "section.opened"]
    assert opened[-1].actor == "staff.AZ-CORE"


def test_the_hospital_sees_no_visits(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    run, url = served_run
    screen.goto(f"{url}/agency/MID-HOSP/cases")
    screen.click(f"table a[href*='{run.case}']")
    text = screen.inner_text("main")
    for word in ("訪問報告", "訪問予定", "訪問実施", "訪問支援者", "次の訪問", "訪問記録"):
        assert word not in text
    assert not [title for title in screen.locator("article h3").all_inner_texts() if "訪問" in title]
    assert "医療情報" in text


def test_a_disclosure_that_is_not_permitted_shows_the_reason_and_keeps_the_text(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    run, url = served_run
    screen.goto(f"{url}/agency/AZ-CORE/cases/{run.case}/disclose")
    hospital = run.id_of("MID-HOSP")
    screen.check(f"[name=to][value='{hospital}']")
    offered = screen.locator(f"[name='basis.{hospital}'] option").evaluate_all("all => all.map(o => o.value)")
    assert "CWA-21-10-2-3" not in offered  # only what fits the two is offered
    screen.select_option(f"[name='basis.{hospital}']", "APPI-69-2-4")
    screen.locator("details.section", has_text="子どもの状況").first.locator("summary").first.click()
    screen.fill("#f-text_CHILD", "体重の記録")
    screen.click("text=内容を確かめる")
    alert = " ".join(screen.get_by_role("alert").all_inner_texts())
    assert "先に別の職員二人の承認が必要です" in alert
    assert "使える根拠" in alert
    assert "例外的な提供を起案する" in alert
    assert screen.input_value("#f-text_CHILD") == "体重の記録"


def test_the_auditor_sees_who_opened_and_no_content(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    run, url = served_run
    door = run.rehearsal_hub.door("AZ-CORE")
    w = run.written[0]
    door.open(w.case, w.message, w.item, w.section, actor="staff.AZ-CORE")
    screen.goto(f"{url}/audit/")
    text = screen.inner_text("body")
    assert "同意拒否" in text
    assert "検証: 異常なし" in text
    screen.click("nav >> text=閲覧 >> nth=0")
    assert "staff.AZ-CORE" in screen.inner_text("#readings")
    assert run.rehearsal_hub.canary not in screen.content()


def test_the_auditors_slider_shows_what_each_agency_could_open_at_that_time(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    run, url = served_run
    screen.goto(f"{url}/audit/timeline?case={run.case}&n=1")
    first = screen.inner_text("#views")
    screen.focus("#n")
    with screen.expect_navigation():
        screen.keyboard.press("End")
    last = screen.inner_text("#views")
    assert "支援計画" not in first
    assert "支援計画" in last
    assert run.rehearsal_hub.names["SORA-NPO"] in last
    with screen.expect_navigation():
        screen.click("text=前へ")
    assert "監査: 事例" in screen.inner_text("h1")
    assert run.rehearsal_hub.canary not in screen.content()


def test_the_auditor_sees_what_is_proven_and_exports_the_ledger(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    _, url = served_run
    screen.goto(f"{url}/audit/")
    assert "検証済" in screen.inner_text("table >> nth=0")
    screen.select_option("#outcome", "DISCLOSED")
    screen.click("text=絞り込む")
    for text, prefix in (
        ("提供(CSV)", b"\xef\xbb\xbf"),
        ("検証用(PDF)", b"%PDF-"),
        ("監査システム用(FHIR)", b"{"),
    ):
        with screen.expect_download() as download:
            screen.click(f"text={text}")
        assert Path(download.value.path()).read_bytes().startswith(prefix)


def test_the_auditor_sees_items_unread_for_48_hours(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    _, url = served_run
    screen.goto(f"{url}/audit/")
    screen.click("nav >> text=例外")
    assert "48時間未閲覧" in screen.inner_text("table")
    screen.click("table a >> nth=0")
    assert screen.locator("#views").count() == 1


def test_the_auditors_pages_are_accessible_and_need_no_script(browser, served_run) -> None:  # type: ignore[no-untyped-def]
    from axe_playwright_python.sync_playwright import Axe

    run, url = served_run
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    paths = ("/", "/readings", "/refusals", "/consents", "/exceptions", f"/timeline?case={run.case}&n=9")
    for path in paths:
        page.goto(f"{url}/audit{path}")
        violations = Axe().run(page).response["violations"]
        assert violations == [], [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations]
    page.close()
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{url}/audit/timeline?case={run.case}&n=9")
    plain.click("text=前へ")
    assert "時点: 8 /" in plain.inner_text("main")
    plain.goto(f"{url}/audit/")
    plain.select_option("#outcome", "REFUSED")
    plain.click("text=絞り込む")
    assert "outcome=REFUSED" in plain.url
    plain.context.close()


ADMINISTRATION = ("", "/people", "/settings", "/tokens", "/keys", "/register", "/health", "/log")


def test_every_page_has_one_heading_a_language_and_labelled_fields(screen, served_run) -> None:  # type: ignore[no-untyped-def]
    run, url = served_run
    for path in (
        "/",
        "/agency/AZ-CORE/",
        f"/agency/AZ-CORE/cases/{run.case}",
        "/agency/AZ-CORE/outbox",
        "/agency/AZ-CORE/roles",
        *(f"/agency/AZ-CORE/administration{page}" for page in ADMINISTRATION),
        "/audit/",
        "/audit/exceptions",
        f"/audit/timeline?case={run.case}",
    ):
        screen.goto(url + path)
        assert screen.locator("h1").count() == 1
        assert screen.get_attribute("html", "lang") == "ja"
        assert "訓練用" in screen.inner_text("body")
        unnamed = screen.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
            ".filter(e => !e.labels.length).map(e => e.outerHTML)"
        )
        assert unnamed == []
    screen.set_viewport_size({"width": 320, "height": 700})
    for path in (
        f"/agency/AZ-CORE/cases/{run.case}",
        "/agency/AZ-CORE/roles",
        *(f"/agency/AZ-CORE/administration{page}" for page in ADMINISTRATION),
        f"/audit/timeline?case={run.case}",
        "/audit/exceptions",
    ):
        screen.goto(url + path)
        assert screen.evaluate("document.documentElement.scrollWidth <= 320")


def test_the_administrators_pages_are_accessible(browser, served_run) -> None:  # type: ignore[no-untyped-def]
    from axe_playwright_python.sync_playwright import Axe

    _, url = served_run
    page = browser.new_page(viewport={"width": 360, "height": 800})
    for path in ("/roles", *(f"/administration{one}" for one in ADMINISTRATION)):
        page.goto(f"{url}/agency/AZ-CORE{path}")
        violations = Axe().run(page).response["violations"]
        assert violations == [], (path, [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations])
    page.close()
