"""What commands print: tables and progress bars. Rows in, text out; nothing is read or decided here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from domain.calendar import JST
from gateway.cli.language import tr
from gateway.installation.folder import moment
from gateway.pages.texts import finding_text, outcome_text, section_text

if TYPE_CHECKING:
    from gateway.audit.verification import Verification
    from gateway.rehearsal.scenario.report import Report

FINDINGS_SHOWN = 50


class _Printer(Console):
    """Tables fit the terminal, wide characters counted; sentences are left whole, so that what they name can be copied."""

    def print(self, *objects: Any, **settings: Any) -> None:
        whole = all(isinstance(one, str) for one in objects)
        super().print(*objects, **({"soft_wrap": whole} | settings))


out, err = _Printer(), _Printer(stderr=True)


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def next_step(text: str) -> None:
    """What comes after this command, as a line of its own. ``text``: in the language of this process."""
    out.print(tr("次に: {}", text), highlight=False, markup=False)


def jst(at: datetime) -> str:
    """A time as people here write it, to the minute."""
    return at.astimezone(JST).strftime("%Y-%m-%d %H:%M")


def jst_of_json(text: str) -> str:
    """The same from the text of a JSON row."""
    return jst(moment(text.replace("Z", "+00:00")))


@contextmanager
def progress_bar(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error: how many of how many are done."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


@contextmanager
def progress_line(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A line on standard error that names the current step."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet) as bar:
        task = bar.add_task(tr("準備"), total=None)
        yield lambda what: bar.update(task, description=what)


def print_report(report: Report) -> None:
    """One story's result as a table of views, and its sentences."""
    table = Table(title=f"{report.story.id} {report.story.title}", title_justify="left")
    for column in (tr("時点"), tr("機関"), tr("開けた項目"), tr("判定")):
        table.add_column(column)
    for check in report.checks:
        openable = " ".join(f"{section_text(s)}{check.openable[s]}" for s in check.openable) or tr("(なし)")
        mark = (
            tr("[green]一致[/]")
            if check.ok
            else tr("[red]相違[/] 期待 {} {}", check.expected, check.wrong or "")
        )
        table.add_row(f"{check.at:%Y-%m-%d}", check.agency, openable, mark)
    out.print(table)
    for held in report.held:
        mark = {True: tr("[green]成立[/]"), False: tr("[red]不成立[/]"), None: tr("[yellow]未確認[/]")}[
            held.ok
        ]
        out.print(f" {mark} {held.text} — {held.how}", highlight=False)
    for problem in report.problems:
        out.print(tr(" [red]問題[/] {}", problem), highlight=False)
    out.print(tr("[bold green]合格[/]") if report.ok else tr("[bold red]不合格[/]"))


def print_verification(result: Verification) -> None:
    """What was verified, and the findings."""
    out.print(
        tr(
            "記録 {} 件、署名 {} 件、判断の再現 {} 件、ハブ自身の記録 {} 件、受領証 {} 件、表の照合 {}、署名済みの記録簿 {} 件",
            result.records,
            result.signatures,
            result.decisions,
            result.hub_acts,
            result.receipts,
            tr("済") if result.rows_compared else tr("未"),
            result.log_size or 0,
        )
    )
    for finding in result.findings[:FINDINGS_SHOWN]:
        print_finding(finding.code, finding.position, finding.where, finding.detail)
    if len(result.findings) > FINDINGS_SHOWN:
        out.print(tr(" ほか {} 件", len(result.findings) - FINDINGS_SHOWN))
    out.print(
        tr("[bold green]検証: 異常なし[/]")
        if result.ok
        else tr("[bold red]検証: 異常 {} 件[/]", len(result.findings))
    )


def print_finding(code: str, position: int | None, where: str, detail: str) -> None:
    """One line: the code, its meaning, and the place."""
    place = "" if position is None else tr("位置 {} ", position)
    text = f"{finding_text(code)}: {place}{where} {detail}".rstrip()
    out.print(f" [red]{code}[/] {escape(text)}", highlight=False)


def print_ledger(rows: list[dict[str, Any]], openings: list[dict[str, Any]], codes: dict[str, str]) -> None:
    """One row for each message and recipient: what it carried, on which basis, and how often it was opened."""
    opened = Counter((o["item"], o["agency"]) for o in openings if o["outcome"] == "OPENED")
    table = Table(title=tr("提供の台帳"), title_justify="left")
    for column in (tr("日時"), tr("送り手 → 受け手"), tr("情報区分"), tr("根拠"), tr("結果"), tr("閲覧")):
        table.add_column(column)
    by_message = sorted(rows, key=_message_and_recipient)
    for _, group in groupby(by_message, key=_message_and_recipient):
        lines = list(group)
        r = lines[0]
        consent = tr(" (本人同意拒否)") if r["subject_consent"] == "REFUSED" else ""
        table.add_row(
            jst_of_json(r["at"]),
            f"{codes.get(r['by'], r['by'])} → {codes.get(str(r['to']), str(r['to'] or ''))}",
            " ".join(dict.fromkeys(section_text(x["section"]) for x in lines)),
            (r["basis"] or tr("常時閲覧")) + consent,
            outcome_text(r["outcome"]) + (f" ({r['reason']})" if r["reason"] else ""),
            str(sum(opened[(x["item"], x["to"])] for x in lines)),
        )
    out.print(table)


def _message_and_recipient(row: dict[str, Any]) -> tuple[int, str, str]:
    return row["position"], str(row["to"]), row["outcome"]


def print_file(result: dict[str, Any]) -> None:
    """The outcome of each message of a file, or the faults for which none was accepted."""
    if result["findings"]:
        out.print(tr("[bold red]何も受け付けていません。[/] 次の箇所を直して送り直してください。"))
        table = Table(tr("場所"), tr("項目"), tr("誤り"), tr("直し方"))
        for one in result["findings"]:
            table.add_row(one["place"], one["field"], one["meaning"], one["remedy"])
    else:
        table = Table(tr("場所"), tr("受付番号"), tr("結果"), tr("直し方"))
        for one in result["rows"]:
            table.add_row(one["place"], one["message"], one["explanation"], one["remedy"])
    out.print(table)


def print_growth(rows: list[dict[str, Any]]) -> None:
    """One column for each size, one row for each measure."""
    first = next(iter(rows[0]))
    table = Table("", *(f"{row[first]:,}" for row in rows))
    for name in rows[0]:
        if name != first:
            table.add_row(name, *(str(row[name]) for row in rows))
    out.print(table)
