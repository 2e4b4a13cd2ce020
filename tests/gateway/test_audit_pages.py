"""The auditor's pages over HTTP: they never show a notifier, and answer 400 or 404 for wrong addresses."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from domain.errors import NotFound
from gateway.agency.door import Door
from gateway.audit import app as pages
from gateway.audit import reports
from gateway.audit.serve import served_pages
from gateway.audit.sheet_origin import sheet_origin
from gateway.audit.verification import Verification
from gateway.cli.main import app
from gateway.installation.archive import open_archive
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run, WrittenItem
from gateway.rehearsal.scenario.story import read_story

STORY = Path(__file__).parents[1] / "scenarios" / "nursery-notifies.yaml"


@pytest.fixture(scope="module")
def audit_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, httpx2.Client]]:
    story = read_story(STORY)
    with open_rehearsal_hub(tmp_path_factory.mktemp("audit") / "hub", start_of(story)) as rehearsal_hub:
        run, _ = play(story, rehearsal_hub)
        rehearsal_hub.complete_rewrap_duties()
        with (
            ServedApp(pages_app(rehearsal_hub, Verification())) as served,
            httpx2.Client(base_url=f"{served.url}/audit", timeout=60) as client,
        ):
            yield run, client


def test_a_notifier_is_on_no_page_and_in_no_file(audit_pages: tuple[Run, httpx2.Client]) -> None:
    run, client = audit_pages
    [notice] = run.rehearsal_hub.audit.ledger(run.case)["notifications"]
    nursery = run.rehearsal_hub.names["EXT-NURSERY"]
    id_ = str(run.id_of("EXT-NURSERY"))
    total = int(
        client.get("/timeline", params={"case": str(run.case)}).text.split(" 件目")[0].split("/ ")[-1]
    )
    assert total > 1
    for n in range(1, total + 1, 3):
        text = client.get("/timeline", params={"case": str(run.case), "n": str(n)}).text
        assert nursery not in text
        assert id_ not in text
        assert (notice["token"] or "通告者") in text or n > pages.MOMENTS
    for path in (
        "/",
        "/readings",
        "/refusals",
        "/consents",
        "/exceptions",
        "/export/ledger.csv",
        "/export/openings.csv",
        "/export/balp.ndjson",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        lists = answer.text.split("</form>")[-1]  # the filter offers every agency of the register
        assert nursery not in lists
        assert id_ not in lists


def shown_ids(text: str) -> list[str]:
    return re.findall(r"<tr>\s*<td>.*?</tr>", text, re.S)


@pytest.mark.parametrize("path", ["/", "/readings", "/consents", "/exceptions", "/refusals"])
def test_the_pages_of_a_list_hold_every_row_once(
    audit_pages: tuple[Run, httpx2.Client], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    run, client = audit_pages
    name = {"/": "disclosures"}.get(path, path[1:])
    monkeypatch.setattr(pages, "PAGE", 1000)
    full_page = client.get(path, params={"as_of": "2030-01-01T00:00"}).text
    table = full_page.split(f'id="{name}"')[1].split("</table>")[0]
    monkeypatch.setattr(pages, "PAGE", 7)
    rows: list[str] = []
    query = "?as_of=2030-01-01T00:00"
    while query:
        text = client.get(path + query).text
        rows += shown_ids(text.split(f'id="{name}"')[1].split("</table>")[0])
        behind = text.split(f'id="{name}"')[1].split("<h2>")[0]
        next_link = re.search(r'rel="next" href="/audit[^?]*(\?[^"]+)"', behind)
        query = unescape(next_link[1]) if next_link else ""
    assert rows == shown_ids(table)
    assert len(rows) > 1 or path in ("/consents", "/refusals")
    assert run.rehearsal_hub.names["EXT-NURSERY"] not in table


def test_refused_readings_show_item_person_and_reason_and_the_audits_own_apart(
    audit_pages: tuple[Run, httpx2.Client],
) -> None:
    run, client = audit_pages
    hub = run.rehearsal_hub
    code, w = next(
        (code, w)
        for w in run.written
        for code, door in hub.doors.items()
        if code != "EXT-NURSERY" and not _may_open(door, w)
    )
    for _ in range(3):
        with pytest.raises(NotFound):
            hub.doors[code].open(w.case, w.message, w.item, w.section, actor="staff.curious")
    with pytest.raises(NotFound):
        hub.audit.open(w.case, w.message, w.item, w.section)
    text = client.get("/refusals").text
    others, own = (text.split(f'id="{name}"')[1].split("</table>")[0] for name in ("refusals", "own"))
    [row] = [row for row in shown_ids(others) if "staff.curious" in row]
    assert "閲覧できる立場にない機関による閲覧" in row
    assert "3回 最初" in row
    assert str(w.item)[:8] in row
    assert hub.names[code] in row
    assert "NOT_YOURS" not in text
    assert "二人の承認のない、監査による内容の閲覧" in own
    assert "二人の承認のない" not in others
    assert "監査機関" in own
    weights = re.findall(r"<tr>\s*<td><span[^>]*>([^<]+)<", others)
    assert weights == sorted(weights, key=["最重", "重", "中", "軽"].index)


def _may_open(door: Door, w: WrittenItem) -> bool:
    try:
        door.open(w.case, w.message, w.item, w.section, actor="staff.probe")
    except NotFound:
        return False
    return True


def test_a_filter_stands_in_the_address_and_selects_alike_on_pages_and_in_files(
    audit_pages: tuple[Run, httpx2.Client],
) -> None:
    run, client = audit_pages
    agency = str(run.id_of("KS-CGC"))
    query = {"case": str(run.case)[:8], "agency": agency, "outcome": "DISCLOSED"}
    text = client.get("/", params=query).text
    assert f'value="{str(run.case)[:8]}"' in text
    total = int(re.findall(r"<h2>提供\((\d+) 件", text)[0])
    rows = list(
        csv.DictReader(io.StringIO(client.get("/export/ledger.csv", params=query).text.lstrip("\ufeff")))
    )
    assert len(rows) == total > 0
    for other in ({"case": "ffffffff"}, {"since": "2031-01-01T00:00"}, {"as_of": "2001-01-01T00:00"}):
        assert "この条件に合う記録はありません" in client.get("/", params={**query, **other}).text


def test_a_filtered_sheet_states_its_conditions(
    audit_pages: tuple[Run, httpx2.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, client = audit_pages
    name = run.rehearsal_hub.names["KS-CGC"]
    query = {"agency": str(run.id_of("KS-CGC")), "since": "2001-05-12T09:00"}
    words = f"機関 {name}、平成13(2001)年5月12日 09:00 から"

    def conditions(chosen: dict[str, str]) -> set[str]:
        text = client.get("/export/ledger.csv", params=chosen).text.lstrip("\ufeff")
        return {row["絞り込みの条件"] for row in csv.DictReader(io.StringIO(text))}

    assert (conditions({}), conditions(query)) == ({"なし"}, {words})
    set_as_pdf: list[dict[str, Any]] = []

    def typeset(template: Path, content: dict[str, Any], **more: Any) -> bytes:
        set_as_pdf.append(content)
        return b"%PDF"

    monkeypatch.setattr(reports, "typeset", typeset)
    for chosen in ({}, query):
        assert client.get("/export/inquiry.pdf", params=chosen).status_code == 200
    full, filtered = set_as_pdf
    assert not any("絞り込" in line for line in full["lines"])
    assert words in filtered["lines"][0]
    noted, omitted = (
        next(table for table in sheet["tables"] if table["title"] == "通告") for sheet in (full, filtered)
    )
    assert len(noted["rows"]) == 1
    assert (omitted["rows"], omitted["if_none"]) == ([], reports.NOTIFICATIONS_OMITTED)


def test_the_counts_of_looks_before_sending_are_filtered_by_agency_alone(
    audit_pages: tuple[Run, httpx2.Client],
) -> None:
    run, client = audit_pages
    hub = run.rehearsal_hub
    for code in ("KS-CGC", "AZ-CORE"):
        fields: dict[str, Any] = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
        hub.doors[code].dry_run(run.case, "conference_minutes.recorded", fields, actor="staff.1")

    def counted(**query: str) -> set[str]:
        text = client.get("/exceptions", params=query).text.partition("送付前の確認の回数")[2]
        return {code for code in ("KS-CGC", "AZ-CORE") if f"<td>{hub.names[code]}</td>" in text}

    assert counted() == counted(case=str(run.case)) == {"KS-CGC", "AZ-CORE"}
    assert counted(agency=str(run.id_of("KS-CGC"))) == {"KS-CGC"}


def test_what_the_check_of_the_rehearsal_was_refused_is_folded_below_the_exceptions(
    audit_pages: tuple[Run, httpx2.Client],
) -> None:
    _, client = audit_pages
    listed, _, below = client.get("/exceptions").text.partition("<h2>訓練での閲覧確認の拒否</h2>")
    rows = listed.partition('id="exceptions"')[2]
    assert below.lstrip().startswith("<details>")
    assert '<span class="tag warn">' in rows
    assert "訓練での閲覧確認の拒否" not in rows
    chosen = client.get("/exceptions", params={"kind": "REHEARSAL_REFUSED"}).text.partition(
        'id="exceptions"'
    )[2]
    assert '<span class="tag warn">訓練での閲覧確認の拒否</span>' in chosen
    assert 'id="checks"' not in chosen


def test_days_of_a_timeline_are_written_as_offices_write_them(
    audit_pages: tuple[Run, httpx2.Client],
) -> None:
    run, client = audit_pages
    text = client.get("/timeline", params={"case": str(run.case), "n": "20"}).text
    assert re.search(r">[^<]*\(20\d\d\)年\d+月\d+日 \d\d:\d\d</a>", text)
    assert re.search(r">[^<]*\(20\d\d\)年\d+月\d+日</a>", text)  # of a notification the day alone
    assert not re.search(r"[>\"]\d{4}-\d\d-\d\d", text)


def test_a_notifier_is_selected_by_no_id(audit_pages: tuple[Run, httpx2.Client]) -> None:
    run, client = audit_pages
    query = {"agency": str(run.id_of("EXT-NURSERY"))}
    for path in ("/", "/readings", "/refusals", "/consents", "/exceptions"):
        assert "絞込" not in client.get(path, params=query).text, path


def test_every_sheet_states_hub_mode_and_head_of_the_log(audit_pages: tuple[Run, httpx2.Client]) -> None:
    run, client = audit_pages
    hub = run.rehearsal_hub
    origin = sheet_origin(hub.installation, hub.genesis)
    assert origin.size
    for name in ("ledger.csv", "openings.csv"):
        rows = list(csv.DictReader(io.StringIO(client.get(f"/export/{name}").text.lstrip("\ufeff"))))
        assert rows
        for row in rows:
            assert row["ハブの識別子"] == hub.installation.hub.hex()
            assert row["区分"] == "訓練"
            assert re.fullmatch(r"令和\d+\(20\d\d\)年\d+月\d+日( \d\d:\d\d)?", row["日時"])
            assert int(row["記録簿の件数"]) >= 1
            assert len(b64decode(row["記録簿の根"])) == 32
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["記録簿の署名の時刻"])


def test_a_notifier_is_in_no_output_of_the_command_line(audit_pages: tuple[Run, httpx2.Client]) -> None:
    run, _ = audit_pages
    data, case = str(run.rehearsal_hub.installation.folder), str(run.case)
    notifier = (str(run.id_of("EXT-NURSERY")), "EXT-NURSERY", run.rehearsal_hub.names["EXT-NURSERY"])
    for subcommand in (["replay"], ["replay", "--raw"], ["who-knows"], ["exceptions"]):
        for form in ([], ["--json"]):
            done = CliRunner().invoke(app, ["audit", *subcommand, "--data", data, "--case", case, *form])
            assert done.exit_code == 0, done.output
            assert done.stdout
            for name in notifier:
                assert name not in done.stdout, subcommand
    arguments = ["audit", "as-of", "--data", data, "--case", case, "--json", "--agency"]
    of_notifier, of_other = (
        json.loads(CliRunner().invoke(app, [*arguments, code]).stdout) for code in ("EXT-NURSERY", "KS-CGC")
    )
    assert not any(row["could_open"] or row["opened"] for row in of_notifier)
    assert any(row["could_open"] for row in of_other)
    answer_json = json.loads(
        CliRunner().invoke(app, ["audit", "replay", "--data", data, "--case", case, "--json"]).stdout
    )
    assert answer_json[0]["by"] == "NOTIFIER"
    assert answer_json[0]["at"] == answer_json[0]["event"]["received_at"] == "2025-10-06T15:00:00.000000Z"


def test_rows_are_unverified_without_a_verification(
    audit_pages: tuple[Run, httpx2.Client],
) -> None:
    _, client = audit_pages
    text = client.get("/export/ledger.csv").text
    assert "未検証" in text
    assert "検証済" not in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/export/ledger.exe", 404),
        ("/timeline?case=x", 400),
        ("/?before=x", 400),
        ("/readings?before=[]", 400),
        ("/consents?notified_before={}", 400),
        ("/exceptions?page=0", 400),
        ("/timeline?case=00000000-0000-4000-8000-000000000000", 404),
    ],
)
def test_an_invalid_or_unknown_address_gets_its_status(
    audit_pages: tuple[Run, httpx2.Client], path: str, status: int
) -> None:
    _, client = audit_pages
    assert client.get(path).status_code == status


def test_pages_over_a_folder_are_the_same_and_only_at_their_secret_address(
    audit_pages: tuple[Run, httpx2.Client],
) -> None:
    run, client = audit_pages
    with (
        open_archive(run.rehearsal_hub.installation) as archive,
        served_pages(archive, Verification()) as url,
        httpx2.Client(timeout=60) as other,
    ):
        for path in ("export/ledger.csv", "export/openings.csv"):
            assert other.get(url + path).text == client.get(f"/{path}").text
        assert other.get(f"{url}timeline", params={"case": str(run.case)}).status_code == 200
        origin = url.split("/", 3)
        assert other.get(f"{origin[0]}//{origin[2]}/").status_code == 404
        assert other.get(f"{origin[0]}//{origin[2]}/export/ledger.csv").status_code == 404
