"""``kakehashi audit``, about one case as it was at a moment: replay, as-of, who-knows, exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from domain.errors import NotFound
from domain.events import dump
from gateway.audit.exception_texts import counted_together, exception_text
from gateway.audit.history import (
    event_fields,
    exceptions,
    history,
    indexed_records,
    replay,
    scanned_records,
)
from gateway.cli.language import tr
from gateway.cli.opening import agency_codes, archive_of, optional_time
from gateway.cli.options import (
    AsJson,
    At,
    CaseOption,
    DataOption,
    PassphraseFd,
    PassphraseFile,
    Raw,
)
from gateway.cli.printing import jst, jst_of_json, out, print_json, progress_bar
from gateway.installation.archive import Archive
from gateway.pages.texts import act_text, finding_text, reason_text, section_text
from gateway.verifier.judge import Judge
from keys.stored_record import StoredRecord
from projections.queries import Queries

audit_cases = typer.Typer(no_args_is_help=True)


@audit_cases.command("replay")
def audit_replay(
    data: DataOption,
    case: CaseOption,
    since: Annotated[str | None, typer.Option("--from", help="この時点から")] = None,
    until: Annotated[str | None, typer.Option("--to", help="この時点まで")] = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """事例の経過を一件ずつ再現します: 署名・判断の再計算・その時点で各機関が開けたもの(1: 合わないものがある)。"""
    first, last = optional_time(since), optional_time(until)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        codes = agency_codes(archive)
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
                "fault": None if s.fault is None else {"code": s.fault.code, "detail": s.fault.detail},
                "openable": s.openable,
            }
            for s in steps
        ]
        print_json(rows)
    else:
        table = Table(
            tr("位置"),
            tr("日時"),
            tr("機関"),
            tr("種類"),
            tr("規則の版"),
            tr("検証"),
            tr("開ける項目の増減"),
            title=tr("事例 {} の経過", case),
        )
        before: dict[str, list[str]] = {}
        for s in steps:
            changes = " ".join(_changes(before, s.openable, codes))
            status = (
                tr("[green]一致[/]")
                if s.fault is None
                else f"[red]{s.fault.code}[/] {finding_text(s.fault.code)} {s.fault.detail}"
            )
            record = s.stored.record
            by = codes.get(case_history.by(record), case_history.by(record))
            table.add_row(
                str(s.stored.position),
                jst(case_history.at(record)),
                by,
                act_text(record.topic),
                str(record.edition),
                status,
                changes,
            )
            before = s.openable
        out.print(table)
    raise typer.Exit(1 if any(s.fault for s in steps) else 0)


@audit_cases.command("as-of")
def audit_as_of(
    data: DataOption,
    case: CaseOption,
    agency: Annotated[str, typer.Option("--agency", help="機関の略号")],
    at: At = None,
    item: Annotated[UUID | None, typer.Option("--item", help="項目の識別子(省略時はすべて)")] = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """その時点に、この機関はこの項目を開けたか、なぜか、実際に開いたか。"""
    when = optional_time(at) or datetime.now(UTC)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        result = history(_case_records(archive, case, when, raw=raw), case)
        rows = result.could_open(_agency_of_code(archive, agency), when, item)
    if as_json:
        print_json(rows)
        return
    table = Table(
        tr("区分"),
        tr("種類"),
        tr("記録日時"),
        tr("開けたか"),
        tr("理由"),
        tr("開いた日時"),
        title=tr("{} {} 現在", agency, jst(when)),
    )
    for row in rows:
        could_open = tr("[green]開けた[/]") if row["could_open"] else tr("開けない")
        opened = "、".join(jst_of_json(t) for t in row["opened"]) or tr("なし")
        reason = "" if row["reason"] is None else reason_text(row["reason"])
        table.add_row(
            section_text(row["section"]),
            act_text(row["act"]),
            jst_of_json(row["at"]),
            could_open,
            reason,
            opened,
        )
    out.print(table)


@audit_cases.command("who-knows")
def audit_who_knows(
    data: DataOption,
    case: CaseOption,
    at: At = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """項目ごとに: 書いた機関、鍵を持つ機関、その時点に開けた機関、実際に開いた機関。"""
    when = optional_time(at) or datetime.now(UTC)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        codes = agency_codes(archive)
        rows = history(_case_records(archive, case, when, raw=raw), case).who_knows(when)
    if as_json:
        print_json(rows)
        return
    table = Table(
        tr("区分"),
        tr("種類"),
        tr("書いた機関"),
        tr("鍵を持つ機関"),
        tr("開ける機関"),
        tr("開いた機関(回数)"),
        title=jst(when),
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


@audit_cases.command("exceptions")
def audit_exceptions(
    data: DataOption,
    case: Annotated[UUID | None, typer.Option("--case", help="事例の識別子(省略時はすべて)")] = None,
    at: At = None,
    raw: Raw = False,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """調べるべきもの: 期限超過・未閲覧・拒否・保留・例外的提供・不提供の判断・閲覧後に対応のないもの。"""
    when = optional_time(at) or datetime.now(UTC)
    with archive_of(data, passphrase_file, passphrase_fd) as archive:
        codes = agency_codes(archive)
        if raw:
            with progress_bar(tr("記録")) as on_progress:
                rows = exceptions(scanned_records(archive.store, case, when, on_progress), when)
        else:
            rows = Queries(archive.read_models.reader).exceptions(when, case)
    if as_json:
        print_json(dump(rows))
        return
    table = Table(tr("日時"), tr("事例"), tr("種類"), tr("機関"), tr("理由"), title=tr("{} 現在", jst(when)))
    for row, count in counted_together(rows):
        reason = "" if row.reason is None else reason_text(row.reason)
        by = codes.get(row.agency, row.agency)
        case_text, kind = str(row.case)[:8], exception_text(row.kind)
        if count > 1:
            case_text, kind = tr("{} など", case_text), tr("{} {}件", kind, count)
        table.add_row(jst(row.at), case_text, kind, by, reason)
    out.print(table)


def _case_records(
    archive: Archive, case: UUID, upto: datetime | None, *, raw: bool
) -> Iterator[StoredRecord]:
    if not raw:
        yield from indexed_records(archive.store, Queries(archive.read_models.reader), case, upto)
        return
    with progress_bar(tr("記録")) as on_progress:
        yield from scanned_records(archive.store, case, upto, on_progress)


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
