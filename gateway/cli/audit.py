"""The auditor's questions about one case, on the command line: replay, as-of, who-knows, exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from domain.calendar import JST
from domain.errors import NotFound
from domain.events import dump
from gateway.audit.bundle import export_to
from gateway.audit.history import (
    ProgressCallback,
    event_fields,
    exceptions,
    history,
    indexed_records,
    replay,
    scanned_records,
)
from gateway.hub.read_models import catch_up
from gateway.installation.archive import Archive, open_archive
from gateway.installation.folder import Installation, moment, open_installation
from gateway.pages.texts import act_text, reason_text, section_text
from gateway.verifier.bundle import Buffer, verify_bundle
from gateway.verifier.judge import Judge
from keys import canonical
from keys.keystore import open_keystore, read_passphrase
from keys.signing import KemKey
from keys.stored_record import StoredRecord
from keys.timestamps import TimeAuthority
from projections.queries import Queries

audit_queries = typer.Typer(no_args_is_help=True)
out, err = Console(), Console(stderr=True)

Data = Annotated[Path, typer.Option("--data", help="ハブのフォルダ", file_okay=False)]
Case = Annotated[UUID, typer.Option("--case", help="事例の識別子")]
At = Annotated[str | None, typer.Option("--at", help="時点(例: 2025-06-05T12:00:00+09:00。省略時は現在)")]
Raw = Annotated[bool, typer.Option("--raw", help="表を使わず、記録全体から計算します(遅い。答えは同じです)")]
AsJson = Annotated[bool, typer.Option("--json", help="JSONで出力します")]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="合言葉のファイル(訓練用では不要)", dir_okay=False)
]
PassphraseFd = Annotated[int | None, typer.Option("--passphrase-fd", help="合言葉を読むファイル記述子")]


@audit_queries.command("replay")
def audit_replay(
    data: Data,
    case: Case,
    since: Annotated[str | None, typer.Option("--from", help="この時点から")] = None,
    until: Annotated[str | None, typer.Option("--to", help="この時点まで")] = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """事例の経過を一件ずつ再現します: 署名・判断の再計算・その時点で各機関が開けたもの(1: 合わないものがある)。"""
    first, last = _parse_time(since), _parse_time(until)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        codes = _agency_codes(archive)
        judge = Judge(archive.genesis)
        steps = [
            step
            for step in replay(_case_records(archive, case, last, raw=raw), case, judge)
            if first is None or step.stored.record.at >= first
        ]
    if not steps:
        raise NotFound("not-found")
    case_history = steps[-1].case_history
    if as_json:
        rows = [
            {
                "position": s.stored.position,
                "at": dump(case_history.at(s.stored.record)),
                "by": (by := case_history.by(s.stored.record)),
                "actor": s.stored.record.actor if by == str(s.stored.record.by) else "",
                "topic": s.stored.record.topic,
                "edition": s.stored.record.edition,
                "event": case_history.pseudonymised(event_fields(s.stored.record.event)),
                "error_code": s.error_code,
                "openable": s.openable,
            }
            for s in steps
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        table = Table(
            "位置",
            "日時",
            "機関",
            "種類",
            "規則の版",
            "検証",
            "開ける項目の増減",
            title=f"事例 {case} の経過",
        )
        before: dict[str, list[str]] = {}
        for s in steps:
            changes = " ".join(_changes(before, s.openable, codes))
            status = "[green]一致[/]" if s.error_code is None else f"[red]{s.error_code}[/]"
            record = s.stored.record
            by = codes.get(case_history.by(record), case_history.by(record))
            table.add_row(
                str(s.stored.position),
                _jst(case_history.at(record)),
                by,
                act_text(record.topic),
                str(record.edition),
                status,
                changes,
            )
            before = s.openable
        out.print(table)
    raise typer.Exit(1 if any(s.error_code for s in steps) else 0)


@audit_queries.command("as-of")
def audit_as_of(
    data: Data,
    case: Case,
    agency: Annotated[str, typer.Option("--agency", help="機関の略号")],
    at: At = None,
    item: Annotated[UUID | None, typer.Option("--item", help="項目の識別子(省略時はすべて)")] = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """その時点に、この機関はこの項目を開けたか、なぜか、実際に開いたか。"""
    when = _parse_time(at) or datetime.now(UTC)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        result = history(_case_records(archive, case, when, raw=raw), case)
        rows = result.could_open(_agency_of_code(archive, agency), when, item)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(
        "区分", "種類", "記録日時", "開けたか", "理由", "開いた日時", title=f"{agency} {_jst(when)} 現在"
    )
    for row in rows:
        could_open = "[green]開けた[/]" if row["could_open"] else "開けない"
        opened = "、".join(_jst(_parse_json_time(t)) for t in row["opened"]) or "なし"
        reason = "" if row["reason"] is None else reason_text(row["reason"])
        table.add_row(
            section_text(row["section"]),
            act_text(row["act"]),
            _jst(_parse_json_time(row["at"])),
            could_open,
            reason,
            opened,
        )
    out.print(table)


@audit_queries.command("who-knows")
def audit_who_knows(
    data: Data,
    case: Case,
    at: At = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """項目ごとに: 書いた機関、鍵を持つ機関、その時点に開けた機関、実際に開いた機関。"""
    when = _parse_time(at) or datetime.now(UTC)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        codes = _agency_codes(archive)
        rows = history(_case_records(archive, case, when, raw=raw), case).who_knows(when)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(
        "区分", "種類", "書いた機関", "鍵を持つ機関", "開ける機関", "開いた機関(回数)", title=_jst(when)
    )
    for row in rows:
        named = [[codes.get(a, a) for a in row[name]] for name in ("holders", "can_open")]
        opened = [f"{codes.get(a, a)}({len(times)})" for a, times in row["opened"].items()]
        table.add_row(
            section_text(row["section"]),
            act_text(row["act"]),
            codes.get(row["by"], row["by"]),
            " ".join(named[0]),
            " ".join(named[1]),
            " ".join(opened),
        )
    out.print(table)


@audit_queries.command("exceptions")
def audit_exceptions(
    data: Data,
    case: Annotated[UUID | None, typer.Option("--case", help="事例の識別子(省略時はすべて)")] = None,
    at: At = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """調べるべきもの: 期限超過・未閲覧・拒否・保留・例外的提供・不提供の判断・閲覧後に対応のないもの。"""
    when = _parse_time(at) or datetime.now(UTC)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        codes = _agency_codes(archive)
        if raw:
            with _progress_bar("記録") as on_progress:
                rows = exceptions(scanned_records(archive.store, case, when, on_progress), when)
        else:
            rows = Queries(archive.read_models.reader).exceptions(when, case)
    if as_json:
        print(json.dumps(dump(rows), ensure_ascii=False, indent=2))
        return
    table = Table("日時", "事例", "種類", "機関", "理由", title=f"{_jst(when)} 現在")
    for row in rows:
        reason = "" if row.reason is None else reason_text(row.reason)
        by = codes.get(row.agency, row.agency)
        table.add_row(_jst(row.at), str(row.case)[:8], kind_text(row.kind), by, reason)
    out.print(table)


@audit_queries.command("export")
def audit_export(
    data: Data,
    out_file: Annotated[Path, typer.Option("--out", help="書き出すファイル", dir_okay=False)],
    request: Annotated[UUID, typer.Option("--request", help="監査の請求の番号(audit request-control)")],
    since: Annotated[str | None, typer.Option("--from", help="この時点から記録のある事例")] = None,
    until: Annotated[str | None, typer.Option("--to", help="この時点まで")] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """請求された範囲の束を作ります。持ち出して検証できます。制御情報は監査機関の鍵でだけ開きます。"""
    with (
        archive_of(data, passphrase_file, passphrase_fd) as archive,
        _progress_bar("書き出し") as on_progress,
    ):
        part = out_file.with_name(f"{out_file.name}.part")
        try:
            with part.open("w+b") as file:
                size = export_to(file, archive, request, _parse_time(since), _parse_time(until), on_progress)
            part.replace(out_file)
        finally:
            part.unlink(missing_ok=True)
        hub = archive.installation.hub.hex()
    out.print(f"書き出しました: {out_file}({size:,} バイト)", highlight=False)
    out.print(f"検証: kakehashi audit verify-bundle {out_file} --hub {hub}", highlight=False)


@audit_queries.command("verify-bundle")
def audit_verify_bundle(
    bundle: Annotated[Path, typer.Argument(help="束のファイル", dir_okay=False, exists=True)],
    hub: Annotated[str, typer.Option("--hub", help="控えておいたハブの識別子(16進)")],
    keystore: Annotated[
        Path | None, typer.Option("--audit-keystore", help="監査機関の鍵(省略時は制御情報を開かずに検証)")
    ] = None,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="訓練用の鍵です")] = False,
    tsa: Annotated[
        Path | None,
        typer.Option("--tsa", help="控えておいた時刻認証局の証明書(PEM)", dir_okay=False, exists=True),
    ] = None,
    seen: Annotated[
        Path | None,
        typer.Option(
            "--seen",
            help="以前に見た署名済みの先頭(/v1/log/checkpoint)か以前の束。これを引き継がない束を見つけます",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    request: Annotated[
        UUID | None,
        typer.Option("--request", help="監査の請求の番号。請求した範囲がすべてあるか(期間で絞った束を除く)"),
    ] = None,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """束だけを、網につながずに検証します: 署名された根・位置・完全性・署名・判断の再現・時刻(1: 異常あり)。"""
    key = None
    if keystore is not None:
        has_passphrase_option = passphrase_file is not None or passphrase_fd is not None
        passphrase = (
            read_passphrase(file=passphrase_file, fd=passphrase_fd)
            if has_passphrase_option
            else read_passphrase(prompt="合言葉: ")
        )
        key = KemKey(open_keystore(keystore, passphrase, rehearsal=rehearsal)["kem"])
    authority = None if tsa is None else TimeAuthority.from_pem(tsa.read_bytes())
    with ExitStack() as stack:
        on_progress = stack.enter_context(_progress_bar("検証"))
        before = None if seen is None else stack.enter_context(_mapped_file(seen))
        data = stack.enter_context(_mapped_file(bundle))
        pinned = canonical.parse_digest(hub)
        result = verify_bundle(data, pinned, key, authority, on_progress, seen=before, request=request)
    if as_json:
        print(json.dumps(result.to_json(), ensure_ascii=False, indent=2))
    else:
        out.print(
            f"記録簿 {result.log_size} 件、記録 {result.records} 件、判断の再現 {result.decisions} 件、"
            f"欠けのない系列 {result.complete}/{result.originators}"
        )
        for fault in result.faults[:50]:
            place = "" if fault.seq is None else f"位置 {fault.seq} "
            out.print(f" [red]{fault.what}[/] {place}{fault.where}", highlight=False)
        if not result.control:
            out.print("監査機関の鍵がないため、制御情報(署名・判断)は確かめていません。")
        if result.times:
            first, last = result.times[0], result.times[-1]
            out.print(
                f"時刻トークン {len(result.times)}/{result.tokens} 件: 最初の {first['size']} 件は "
                f"{_jst(_parse_json_time(first['at']))}、{last['size']} 件は {_jst(_parse_json_time(last['at']))} までに存在。"
                f"束の記録 {result.timed}/{result.records} 件に及ぶ。",
                highlight=False,
            )
        elif result.tokens and authority is None:
            out.print(f"時刻トークン {result.tokens} 件は確かめていません(--tsa で証明書を指定)。")
        out.print("[bold green]検証: 異常なし[/]" if result.ok else "[bold red]検証: 異常あり[/]")
    raise typer.Exit(0 if result.ok else 1)


@contextmanager
def _mapped_file(path: Path) -> Iterator[Buffer]:
    """A file where it lies: it may be larger than the memory."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield b""  # an empty file can't be mapped
            return
        yield mmap(file.fileno(), 0, access=ACCESS_READ)  # closed with the last look at it


KINDS = {
    "UNREAD": "48時間未閲覧",
    "HELD": "保留中",
    "REFUSED": "拒否",
    "NOT_OPENED": "受け手の窓口で開けず",
    "OVERRIDDEN": "例外的な提供・閲覧",
    "NON_DISCLOSURE": "不提供・不対応の判断",
    "WITH_REASON": "理由付きの例外",
    "READ_NOT_ACTED_ON": "閲覧後に対応なし",
}


def kind_text(kind: str) -> str:
    """What an exception is called."""
    from gateway.pages.texts import TASKS

    return KINDS.get(kind) or TASKS.get(kind, kind)


# --- small parts ---------------------------------------------------------------------------------------------


def installation_of(data: Path, file: Path | None, fd: int | None) -> Installation:
    """The installation of this folder, its passphrase asked for where it is not a rehearsal's."""
    if not (data / "installation.json").exists():
        raise NotFound("no-installation")
    rehearsal = (data / "passphrase").exists()
    passphrase = None
    if not rehearsal:
        has_passphrase_option = file is not None or fd is not None
        passphrase = (
            read_passphrase(file=file, fd=fd) if has_passphrase_option else read_passphrase(prompt="合言葉: ")
        )
    return open_installation(data, passphrase)


@contextmanager
def archive_of(data: Path, file: Path | None, fd: int | None) -> Iterator[Archive]:
    with open_archive(installation_of(data, file, fd)) as archive:
        if not archive.running:
            catch_up(archive.read_models, archive.store)
        yield archive


def _case_records(
    archive: Archive, case: UUID, upto: datetime | None, *, raw: bool
) -> Iterator[StoredRecord]:
    if not raw:
        yield from indexed_records(archive.store, Queries(archive.read_models.reader), case, upto)
        return
    with _progress_bar("記録") as on_progress:
        yield from scanned_records(archive.store, case, upto, on_progress)


def _agency_codes(archive: Archive) -> dict[str, str]:
    return {str(a.id): a.code for a in archive.read_models.register.agencies.values()}


def _agency_of_code(archive: Archive, code: str) -> UUID:
    for agency in archive.read_models.register.agencies.values():
        if agency.code == code:
            return agency.id
    raise NotFound("agency-not-found")


def _changes(
    before: dict[str, list[str]], after: dict[str, list[str]], codes: dict[str, str]
) -> Iterator[str]:
    for agency in sorted(before.keys() | after.keys()):
        old_items, new_items = set(before.get(agency, ())), set(after.get(agency, ()))
        if old_items != new_items:
            yield f"{codes.get(agency, agency)}+{len(new_items - old_items)}-{len(old_items - new_items)}"


def _parse_time(text: str | None) -> datetime | None:
    return None if text is None else moment(text)


def _parse_json_time(text: str) -> datetime:
    return moment(text.replace("Z", "+00:00"))


def _jst(at: datetime) -> str:
    return at.astimezone(JST).strftime("%Y-%m-%d %H:%M")


@contextmanager
def _progress_bar(title: str) -> Iterator[ProgressCallback]:
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
