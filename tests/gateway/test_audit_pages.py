"""The auditor's pages over HTTP: they never show a notifier, and answer 400 or 404 for wrong addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from gateway.audit import app as pages
from gateway.audit.serve import served_pages
from gateway.audit.verification import Verification
from gateway.cli.main import app
from gateway.installation.archive import open_archive
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
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
    for n in range(1, total + 1):
        text = client.get("/timeline", params={"case": str(run.case), "n": str(n)}).text
        assert nursery not in text
        assert id_ not in text
        assert (notice["token"] or "通告者") in text
    for path in ("/exceptions", "/export/ledger.csv", "/export/openings.csv", "/export/balp.ndjson"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert nursery not in answer.text
        assert id_ not in answer.text


def test_a_large_ledger_shows_its_last_rows_and_their_number(
    audit_pages: tuple[Run, httpx2.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, client = audit_pages
    full_page = client.get("/").text
    assert "のうち最後の" not in full_page
    of_case = client.get("/", params={"case": str(run.case)}).text
    assert re.findall(r"<h2>[^<]*</h2>", of_case) == re.findall(
        r"<h2>[^<]*</h2>", full_page
    )  # there is one case
    monkeypatch.setattr(pages, "PAGE", 2)
    cut = client.get("/").text
    count = int(re.findall(r"<h2>提供\((\d+) 件", full_page)[0])
    assert count > 2
    assert f"<h2>提供({count} 件のうち最後の 2 件。" in cut
    assert client.get("/export/ledger.csv").text.count("\n") > count


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


def test_the_pages_of_exceptions_hold_every_row(
    audit_pages: tuple[Run, httpx2.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client = audit_pages
    full_page = client.get("/exceptions").text
    monkeypatch.setattr("gateway.audit.app.PAGE", 1)
    rows, path = 0, "/exceptions"
    while next_link := re.search(r'href="/audit(/exceptions\?[^"]+)"', text := client.get(path).text):
        rows += text.count("<tr><td>")
        path = unescape(next_link[1])
    assert rows == full_page.count("<tr><td>") > 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/export/ledger.exe", 404),
        ("/timeline?case=x", 400),
        ("/exceptions?before=x", 400),
        ("/exceptions?before=[]", 400),
        ("/exceptions?before={}", 400),
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
