"""The ledger exported by the commands from a running hub: as CSV, PDF and FHIR."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from typer.testing import CliRunner

from domain.codes import Section
from domain.errors import Unavailable
from domain.family_list import FamilyListRow
from gateway.audit import reports
from gateway.audit.proofs import proofs
from gateway.audit.reports import CODE_POINT_NOTICE, as_csv, as_pdf, family_pdf
from gateway.cli.main import app
from gateway.rehearsal.scenario.run import Run
from tests.audit.profiles import FOLDER, Profile

FONT = "Noto Sans CJK JP" in subprocess.run(["fc-list"], capture_output=True, text=True, check=False).stdout
needs_font = pytest.mark.skipif(not FONT, reason="the font Noto Sans CJK JP is not installed here")


def written(run: Run, tmp_path: Path, *arguments: str) -> bytes:
    """The file that the command writes."""
    file = tmp_path / "written"
    data = str(run.rehearsal_hub.installation.folder)
    done = CliRunner().invoke(app, ["audit-export", *arguments, "--data", data, "--out", str(file)])
    assert done.exit_code == 0, (done.output, done.exception)
    return file.read_bytes()


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_balp_events_of_a_scenario_fit_the_profiles(case_in_progress: Run, tmp_path: Path) -> None:
    run = case_in_progress
    w = run.written[0]
    run.rehearsal_hub.door("AZ-CORE").open(w.case, w.message, w.item, w.section, actor="staff.AZ-CORE")
    run.rehearsal_hub.complete_rewrap_duties()
    lines = written(run, tmp_path, "balp").decode().splitlines()
    kinds = set()
    for line in lines:
        AuditEvent.model_validate_json(line)
        event = json.loads(line)
        name = event["meta"]["profile"][0].rsplit("BasicAudit.", 1)[1]
        kinds.add(name)
        if FOLDER.is_dir():
            assert Profile(name).faults(event) == []
    assert {"PrivacyDisclosure.Source", "PatientRead"} <= kinds
    assert run.rehearsal_hub.canary not in "".join(lines)


def test_a_csv_has_a_bom_and_the_verification_status_of_each_row(
    case_in_progress: Run, tmp_path: Path
) -> None:
    raw = written(case_in_progress, tmp_path, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows
    assert {row["検証"] for row in rows} == {"検証済"}
    assert {row["結果"] for row in rows} >= {"提供"}


def test_a_csv_cell_that_begins_like_a_formula_is_text() -> None:
    assert as_csv([{"職員": "=1+1"}]).decode("utf-8-sig") == "職員\r\n'=1+1\r\n"


@needs_font
@pytest.mark.parametrize(
    ("audience", "has", "has_not"), [("review", "提供", "閲覧回数"), ("inquiry", "通告", "〓")]
)
def test_a_pdf_is_in_japanese_with_its_font(
    case_in_progress: Run, tmp_path: Path, audience: str, has: str, has_not: str
) -> None:
    pdf = written(case_in_progress, tmp_path, "pdf", "--for", audience)
    text = text_of(pdf)
    assert has in text
    assert has_not not in text
    assert "台帳の要約値" in text
    assert b"NotoSansCJK" in pdf
    assert case_in_progress.rehearsal_hub.canary not in text


@needs_font
def test_the_familys_list_has_the_same_introduction_for_every_reader(
    case_in_progress: Run, tmp_path: Path
) -> None:
    run = case_in_progress
    until = ("--as-of", run.rehearsal_hub.now().isoformat())
    sheets = {
        reader: text_of(written(run, tmp_path, "family", "--case", str(run.case), "--reader", reader, *until))
        for reader in ("SUPPORTED", "GUARDIAN", "RELATIVE")
    }
    for text in sheets.values():
        assert "すべての提供を示すものではありません" in text
        assert "児童相談所" not in text
    assert "支援計画" in sheets["SUPPORTED"].split("情報区分")[-1]
    assert sheets["GUARDIAN"] == sheets["RELATIVE"]


@needs_font
def test_empty_tables_are_printed_as_none() -> None:
    ledger: dict[str, Any] = {"disclosures": [], "openings": [], "consents": [], "notifications": []}
    text = text_of(as_pdf("inquiry", ledger, {}, proofs(None), at=datetime(2025, 6, 1, tzinfo=UTC)))
    assert "時点: 令和7(2025)年6月1日 09:00" in text
    assert text.count("なし") >= 4


@needs_font
@pytest.mark.parametrize(
    ("name", "printed"),
    [
        pytest.param("\ue000山市", "〔U+E000〕山市", id="a character of a municipality's own set"),
        pytest.param("ひだまり🏠の家", "ひだまり〔U+1F3E0〕の家", id="an emoji"),
        pytest.param('a\u0489"\x07', 'a〔U+0489〕"〔U+0007〕', id="a combining mark and a control character"),
    ],
)
def test_a_character_that_the_font_lacks_is_printed_as_its_code_point(name: str, printed: str) -> None:
    rows = [FamilyListRow(date(2025, 6, 1), UUID(int=1), UUID(int=2), frozenset({Section.PLAN}))]
    text = text_of(family_pdf(rows, {str(UUID(int=1)): name, str(UUID(int=2)): "𠮷田病院"}))
    assert printed in text.replace("\r\n", "")
    assert "𠮷田病院" in text
    assert CODE_POINT_NOTICE in text


@needs_font
def test_a_report_whose_characters_are_all_in_the_font_has_no_notice_of_code_points() -> None:
    assert CODE_POINT_NOTICE not in text_of(family_pdf([], {}))


@needs_font
def test_a_report_without_its_font_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "report.typ"
    template.write_text(reports.TEMPLATE.read_text().replace("Noto Sans CJK JP", "No Such Font"))
    monkeypatch.setattr(reports, "TEMPLATE", template)
    with pytest.raises(Unavailable, match="font-missing"):
        family_pdf([], {})


@pytest.mark.parametrize(
    ("verification_json", "position", "expected_proof"),
    [
        pytest.param(None, 1, "UNVERIFIED", id="no verification"),
        pytest.param({"records": 9, "findings": []}, 9, "VERIFIED", id="verified"),
        pytest.param({"records": 9, "findings": []}, 10, "UNVERIFIED", id="recorded after the verification"),
        pytest.param({"records": 9, "findings": [{"position": 3}]}, 3, "FAULTY", id="faulty"),
        pytest.param(
            {"records": 9, "findings": [{"position": None}]}, 3, "UNVERIFIED", id="a fault without a position"
        ),
    ],
)
def test_a_row_is_verified_only_by_a_verification_that_reached_it(
    verification_json: Any, position: int, expected_proof: str
) -> None:
    assert proofs(verification_json)(position) == expected_proof
