"""``kakehashi audit-export``: the ledger as BALP, CSV and PDF, and the family's own list."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from domain.family_list import FamilyReader
from gateway.audit.exports import balp_events, csv_table, family_report, pdf_report
from gateway.cli.language import tr
from gateway.cli.opening import archive_of, optional_time
from gateway.cli.options import (
    AsOf,
    CaseOption,
    DataOption,
    OptionalCase,
    OutFile,
    PassphraseFd,
    PassphraseFile,
)
from gateway.cli.printing import out

export = typer.Typer(no_args_is_help=True, help="台帳を書き出します: BALP(FHIR)・CSV・PDF・ご家族用の一覧")


class Audience(StrEnum):
    """For whom a report is."""

    REVIEW = "review"  # 個人情報保護審査会
    INQUIRY = "inquiry"  # 検証


class CsvTable(StrEnum):
    """Which table a CSV holds."""

    DISCLOSURES = "disclosures"
    OPENINGS = "openings"


@export.command("balp")
def export_balp(
    data: DataOption,
    file: OutFile,
    case: OptionalCase = None,
    as_of: AsOf = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """IHE BALP の AuditEvent を、1行に1件(NDJSON)で書き出します。"""
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        events = balp_events(archive, case, optional_time(as_of))
    file.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events))
    _print_written(file, tr("{} 件", len(events)))


@export.command("csv")
def export_csv(
    data: DataOption,
    file: OutFile,
    table: Annotated[CsvTable, typer.Option("--table", help="提供または閲覧")] = CsvTable.DISCLOSURES,
    case: OptionalCase = None,
    as_of: AsOf = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """提供または閲覧の表を、CSVで書き出します。記録を検証し、各行の検証結果を付けます。"""
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        content, rows = csv_table(archive, table.value, case, optional_time(as_of))
    file.write_bytes(content)
    _print_written(file, tr("{} 行", rows))


@export.command("pdf")
def export_pdf(
    data: DataOption,
    file: OutFile,
    audience: Annotated[Audience, typer.Option("--for", help="review: 審査会, inquiry: 検証")],
    case: OptionalCase = None,
    as_of: AsOf = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """審査会または検証のための報告を、PDFで書き出します。記録を検証し、各行の検証結果を付けます。"""
    upto = optional_time(as_of)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        content, rows = pdf_report(archive, audience.value, case, upto, upto or datetime.now(UTC))
    file.write_bytes(content)
    _print_written(file, tr("提供 {} 件", rows))


@export.command("family")
def export_family(
    data: DataOption,
    file: OutFile,
    case: CaseOption,
    reader: Annotated[
        FamilyReader,
        typer.Option(
            "--reader",
            help="SUPPORTED: 支援を受ける養育者・妊婦, GUARDIAN: 他の保護者, RELATIVE: きょうだい等",
        ),
    ],
    signed: Annotated[
        list[UUID] | None, typer.Option("--signed", help="この方が署名した同意の識別子(複数可)")
    ] = None,
    as_of: AsOf = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ご家族に渡せる一覧をPDFで書き出します: その方がすでにご存じの提供だけを、月ごとに。"""
    at = optional_time(as_of) or datetime.now(UTC)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        content, rows = family_report(archive, case, reader, signed or (), at)
    file.write_bytes(content)
    _print_written(file, tr("{} 行", rows))


def _print_written(file: Path, extent: str) -> None:
    out.print(tr("書き出しました: {}({})", file, extent), highlight=False)
