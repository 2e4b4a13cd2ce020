"""``kakehashi audit``, over the whole record: verify, ledger, pages, certificate of destruction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer
from rich.table import Table

from domain.events import dump
from gateway.audit.verification import Verifier, doors_of
from gateway.cli.language import tr
from gateway.cli.opening import agency_codes, archive_of, optional_time
from gateway.cli.options import AsJson, AsOf, DataOption, OptionalCase, PassphraseFd, PassphraseFile, Port
from gateway.cli.printing import (
    jst_of_json,
    out,
    print_json,
    print_ledger,
    print_verification,
    progress_bar,
)
from gateway.pages.texts import section_text
from projections.queries import Queries

audit = typer.Typer(no_args_is_help=True, help="記録を検証し、提供の台帳を見ます")
CONTROL_TEXT = "制御情報(だれがいつ何を提供したか)"


@audit.command("verify")
def audit_verify(
    data: DataOption,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """記録全体を検証します: 位置・封印・署名・判断の再現・表・窓口の受領証。"""
    with (
        archive_of(data, passphrase_file, passphrase_fd) as archive,
        progress_bar(tr("検証"), quiet=as_json) as on_progress,
    ):
        verifier = Verifier(archive.recorder, archive.store, archive.genesis)
        result = verifier.run(
            read_models=archive.read_models,
            doors=doors_of(archive.installation),
            log=archive.installation.hub_folder / "log",
            progress=on_progress,
        )
    if as_json:
        print_json(result.to_json())
    else:
        print_verification(result)
    raise typer.Exit(0 if result.ok else 1)


@audit.command("ledger")
def audit_ledger(
    data: DataOption,
    case: OptionalCase = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """提供の台帳: だれが、だれに、何を、どの根拠で提供し、だれが開いたか。"""
    at = optional_time(as_of)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        queries = Queries(archive.read_models.reader)
        codes = agency_codes(archive)
        rows = dump(queries.ledger(case=case, as_of=at))
        openings = dump(queries.openings(case=case, as_of=at))
    if as_json:
        print_json({"disclosures": rows, "openings": openings})
    else:
        print_ledger(rows, openings, codes)


@audit.command("serve")
def audit_serve(
    data: DataOption,
    port: Port = 0,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """記録全体を検証し、監査の画面をこの計算機だけに開きます(Ctrl-C で終了)。"""
    from gateway.audit.serve import served_pages
    from gateway.protocol.serving import wait_for_stop_signal

    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        with progress_bar(tr("検証"), quiet=False) as on_progress:
            verifier = Verifier(archive.recorder, archive.store, archive.genesis)
            result = verifier.run(log=archive.installation.hub_folder / "log", progress=on_progress)
        with served_pages(archive, result, port=port) as url:
            out.print(tr("監査の画面: {}", url), highlight=False, soft_wrap=True)
            wait_for_stop_signal()


@audit.command("certificate")
def audit_certificate(
    data: DataOption,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """廃棄の証明: どの事例のどの区分の鍵を、誰の承認で廃棄したか(1: 記録と鍵が合わない)。"""
    from gateway.audit.certificate import certificates

    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        result = certificates(archive)
        codes = agency_codes(archive)
    if as_json:
        print_json({"destroyed": result})
    else:
        _print_certificates(result, codes)
    raise typer.Exit(1 if any(one["remaining_keys"] for one in result) else 0)


def _print_certificates(rows: list[dict[str, Any]], codes: Mapping[str, str]) -> None:
    table = Table(
        tr("日時"),
        tr("事例"),
        tr("廃棄した区分"),
        tr("鍵の世代"),
        tr("承認"),
        tr("残っている鍵"),
        title=tr("廃棄の証明"),
    )
    for row in rows:
        table.add_row(
            jst_of_json(row["at"]),
            row["case"],
            "・".join(section_text(s) for s in row["sections"]) or tr(CONTROL_TEXT),
            str(row["vault_generation"]),
            "・".join(sorted(_person(who, codes) for who in row["approved_by"])) or tr("(記録も廃棄済み)"),
            "・".join(_key_text(scope) for scope in row["remaining_keys"]) or tr("なし"),
        )
    out.print(table)
    out.print(
        tr("廃棄は論理的です: 鍵の古い写しが別にあれば、それが失われるまで(最長30日)開けることがあります。")
    )


def _key_text(scope: str) -> str:
    return tr(CONTROL_TEXT) if scope == "control" else section_text(scope)


def _person(who: str, codes: Mapping[str, str]) -> str:
    agency, actor = who.split("/", 1)
    return f"{codes.get(agency, agency)} {actor}"
