"""The ledger written out by the commands, from a real hub: what a spreadsheet, a printer and a FHIR server get."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from typer.testing import CliRunner

from gateway.audit.proofs import proofs
from gateway.audit.reports import as_csv, as_pdf
from gateway.cli.main import app
from gateway.rehearsal.scenario.run import Run
from tests.audit.profiles import FOLDER, Profile

FONT = "Noto Sans CJK JP" in subprocess.run(["fc-list"], capture_output=True, text=True, check=False).stdout
needs_font = pytest.mark.skipif(not FONT, reason="the font Noto Sans CJK JP is not installed here")


def written(run: Run, tmp_path: Path, *arguments: str) -> bytes:
    """What the command writes."""
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


def test_balp_of_a_whole_story_fits_the_profiles(case_in_progress: Run, tmp_path: Path) -> None:
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


def test_a_csv_opens_in_a_spreadsheet_and_says_what_is_proved(case_in_progress: Run, tmp_path: Path) -> None:
    raw = written(case_in_progress, tmp_path, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows
    assert {row["検証"] for row in rows} == {"検証済"}
    assert {row["結果"] for row in rows} >= {"提供"}


def test_a_cell_that_looks_like_a_formula_is_text() -> None:
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
def test_the_familys_sheet_says_the_same_sentences_whatever_stands_on_it(
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
def test_what_is_empty_is_printed_as_none() -> None:
    from datetime import UTC, datetime

    verification_json: dict[str, Any] = {
        "disclosures": [],
        "openings": [],
        "consents": [],
        "notifications": [],
    }
    text = text_of(
        as_pdf("inquiry", verification_json, {}, proofs(None), at=datetime(2025, 6, 1, tzinfo=UTC))
    )
    assert text.count("なし") >= 4


@pytest.mark.parametrize(
    ("verification_json", "position", "expected_proof"),
    [
        pytest.param(None, 1, "UNVERIFIED", id="nobody verified"),
        pytest.param({"records": 9, "findings": []}, 9, "VERIFIED", id="verified"),
        pytest.param({"records": 9, "findings": []}, 10, "UNVERIFIED", id="came later"),
        pytest.param({"records": 9, "findings": [{"position": 3}]}, 3, "FAULTY", id="faulty"),
        pytest.param(
            {"records": 9, "findings": [{"position": None}]}, 3, "UNVERIFIED", id="a fault anywhere"
        ),
    ],
)
def test_a_row_is_proved_only_by_a_verification_that_saw_it(
    verification_json: Any, position: int, expected_proof: str
) -> None:
    assert proofs(verification_json)(position) == expected_proof
