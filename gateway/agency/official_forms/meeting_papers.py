"""会議資料: what a meeting needs of a case, on two pages at most. Basis: CWA 25-2(2); guideline 6(2)[1].

Lists and texts are cut so that each case keeps its two pages; what is left out is counted, and stands on the case's page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.codes import Flag, Section
from domain.time_text import parse_time_text
from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents
from gateway.agency.official_forms.control import Control, day_text
from gateway.agency.official_forms.layout import Block, Cell, Cells, PrintedForm, Sheet, Table
from gateway.agency.official_forms.table import OfficialForm
from gateway.pages.texts import act_text, status_text, task_text

MAX_CASES = 20
TASK_ROWS, CHANGE_ROWS = 6, 8
TEXT_LINES, TEXT_WIDTH = 7, 40
CELL_CHARACTERS = 36
"""Two lines of a cell in a table."""
INFORMATION: Mapping[Section, str] = {
    Section.RISK: "危険度判断",
    Section.PLAN: "支援計画",
    Section.CONF: "前の会議",
}
FIELDS: Mapping[Section, tuple[str, tuple[tuple[str, str], ...]]] = {
    Section.RISK: (
        "risk",
        (
            ("危険度", "level"),
            ("根拠", "level_note"),
            ("緊急度", "urgency"),
            ("根拠", "urgency_note"),
        ),
    ),
    Section.PLAN: (
        "plan",
        (
            ("現状と課題", "situation"),
            ("解決したいこと", "to_be_solved"),
            ("目標", "goals"),
            ("家族がすること", "family_does"),
            ("見直しの時期", "review_on"),
        ),
    ),
    Section.CONF: (
        "minutes",
        (
            ("開催日", "held_on"),
            ("危険度", "risk_level"),
            ("方針", "policy"),
            ("次回までに行うこと", "next_note"),
            ("次回", "next_on"),
        ),
    ),
}
"""Of a content with form: its name, and the fields that a meeting looks at, with their labels."""
MORE = "…(続きは事例の画面で)"


def paper(contents: Contents, control: Control) -> PrintedForm:
    """One case. ``control.programme``: ``agenda`` (its item, as the hub answers), ``children`` (what they are called),
    ``charge`` (who is in charge), ``days`` (of the time that is looked at) and, where its information could not be opened
    or printed, ``why_not`` (a sentence)."""
    about, agenda = control.programme, control.programme["agenda"]
    since = f"この{about['days']}日の動き"
    blocks: list[Block] = [
        Cells(
            "",
            [
                [Cell("事例番号", control.case[:8]), Cell("状態", _status(agenda))],
                [Cell("対象の子ども", _cut(about["children"], 2))],
                [Cell("担当", about["charge"]), Cell("最後の記録", _office_day(agenda.get("last_at")))],
            ],
        ),
        Table("期限を過ぎたもの・待っているもの", ("区分", "内容", "期限"), (3, 8, 8), _tasks(control), 0),
        Table(since, ("日", "機関", "出来事"), (8, 7, 5), _changes(control), 0),
        Cells(
            "",
            [
                [Cell("照会に回答がない機関", _agencies(agenda["silent"], control))],
                [Cell("まだ尋ねていない構成員", _agencies(agenda["not_consulted"], control))],
            ],
            label_width=40,
        ),
    ]
    known = {section: _information(contents, section) for section in INFORMATION if contents.has(section)}
    if known:
        rows = [[Cell(INFORMATION[s], _cut(text, TEXT_LINES))] for s, text in known.items()]
        blocks.append(Cells("開いた情報(新しいもの)", rows))
    elif why_not := about.get("why_not"):
        blocks.append(Cells("開いた情報", [[Cell("載せていない理由", _cut(why_not, 4))]]))
    discussed = (("検討したこと", 16), ("方針", 11), ("役割分担・期限", 11), ("次回", 7))
    blocks.append(Cells("協議", [[Cell(label, height=height)] for label, height in discussed]))
    return common.printed(TITLE, [Sheet(TITLE, blocks)], contents, control)


TITLE = "個別ケース検討会議 資料"
MEETING_PAPERS = OfficialForm(
    key="meeting-papers",
    title="会議資料",
    sections=tuple(INFORMATION),
    acts=(),
    form_data=paper,
    excluded=frozenset({Flag.NOTIFIER_TRACE, Flag.ADDRESS_TRACE}),
)
"""Of chosen cases together, from the page of the meeting."""


def bound(papers: Sequence[PrintedForm], control: Control) -> PrintedForm:
    """The papers of several cases as one document, each on pages of its own."""
    sheets = [sheet for one in papers for sheet in one.sheets]
    return common.printed(MEETING_PAPERS.title, sheets, Contents((), {}), control)


def _information(contents: Contents, section: Section) -> str:
    """What a meeting looks at of a section: the fields of its form, else all that was written."""
    name, fields = FIELDS[section]
    filled = contents.filled(name)
    if not filled.is_there:
        return contents.of_section(section)
    goals = [filled.text(f"{entry}.text") for entry in filled.entries("goals")] if name == "plan" else []
    shown = [
        (label, "、".join(goals) if field == "goals" and goals else filled.text(field))
        for label, field in fields
    ]
    lines = [f"{label}: {text}" for label, text in shown if text]
    return "\n".join(lines) or "(会議で見る欄に記載がありません)"


def _tasks(control: Control) -> list[list[str]]:
    agenda = control.programme["agenda"]
    rows = [["期限超過", *_task(task, control)] for task in agenda["late"]]
    rows += [["待ち", *_task(task, control)] for task in agenda["open"]]
    return _first(rows, TASK_ROWS) or [["なし", "", ""]]


def _task(task: Mapping[str, Any], control: Control) -> list[str]:
    child = control.names.get(str(task["child"]), "ほかの子ども") if task.get("child") else ""
    text = f"{child}: {task_text(task['kind'])}" if child else task_text(task["kind"])
    return [_short(text), _office_day(task.get("due_at")) or f"{_office_day(task['since'])}から"]


def _changes(control: Control) -> list[list[str]]:
    changed = control.programme["agenda"]["changed"]
    rows = [
        [_office_day(m["at"]), _short(control.agency_name(m["by"]), 22), _short(act_text(m["act"]), 22)]
        for m in changed[::-1]
    ]
    return _first(rows, CHANGE_ROWS) or [["なし", "", ""]]


def _first(rows: list[list[str]], most: int) -> list[list[str]]:
    """The first rows, and how many there are besides."""
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], ["ほか", f"{len(rows) - most + 1} 件", ""]]


def _status(agenda: Mapping[str, Any]) -> str:
    quiet = "(3か月以上記録がありません)" if agenda["quiet"] else ""
    return f"{status_text(agenda['status'])}{quiet}"


def _agencies(agencies: Sequence[str], control: Control) -> str:
    return _cut("、".join(control.agency_name(a) for a in agencies) or "ありません", 2)


def _office_day(text: str | datetime | None) -> str:
    return "" if not text else day_text(text if isinstance(text, datetime) else parse_time_text(text))


def _short(text: str, most: int = CELL_CHARACTERS) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _cut(text: str, most: int) -> str:
    """The first lines of a text, as they are printed."""
    rows: list[str] = []
    for line in text.split("\n"):
        rows += [line[n : n + TEXT_WIDTH] for n in range(0, max(len(line), 1), TEXT_WIDTH)]
    if len(rows) <= most:
        return text
    kept = "\n".join(rows[:most])
    return f"{kept[: -len(MORE)] if most > 2 else kept[:-1]}{MORE if most > 2 else '…'}"
