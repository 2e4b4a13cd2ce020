"""養育支援訪問報告書. Basis: guideline 6(4)[1]. The fields are by own knowledge (docs/decisions/0043)."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents, Filled
from gateway.agency.official_forms.control import Control, choice
from gateway.agency.official_forms.layout import (
    Block,
    Cell,
    Cells,
    Letterhead,
    PrintedForm,
    Rest,
    Sheet,
    Stamps,
    Table,
)

ACTS = (
    e.VisitReportSubmitted.TOPIC,
    e.HomeVisitCompleted.TOPIC,
    e.HomeVisitFailed.TOPIC,
    e.HomeVisitRefused.TOPIC,
)
SECTIONS = (Section.VISIT, Section.CHILD, Section.CAREGIVER, Section.ENV, Section.RISK)
SEEN = {"あり": "あり", "なし": "なし"}


def report(contents: Contents, control: Control) -> PrintedForm:
    """養育支援訪問報告書."""
    visit, message = contents.filled("visit"), control.newest(*ACTS)
    times = " 〜 ".join(t for t in (visit.text("started_at"), visit.text("ended_at")) if t)
    addressees = "\n".join(f"{control.agency_name(a)} 御中" for a in (message or {}).get("to", []))
    author = control.agency_name((message or {}).get("by")) if message else control.own_name
    blocks: list[Block] = [
        Stamps(("所長", "係長", "担当")),
        Letterhead(
            visit.text("reported_to") or addressees or common.BLANK_ADDRESSEE,
            visit.text("reported_on") or common.day_of_message(message) or common.BLANK_DAY,
            [("報告者", author), ("訪問支援者", control.code(message, "worker"))],
        ),
        Cells(
            "訪問",
            [
                [Cell("訪問日", visit.text("visited_on"), 3), Cell("時間", times, 2)],
                [Cell("場所", visit.text("place"))],
                [Cell("訪問者(職種)", common.staffs_text(visit, "visitors"))],
                [Cell("同行者", common.staffs_text(visit, "companions"))],
                [Cell("計画・目標番号", visit.text("plan"))],
                [Cell("面接した人", visit.text("met"))],
                [Cell("子ども本人の目視", choice(SEEN, control.code(message, "child_seen") or None))],
            ],
        ),
        *_children(visit),
        Cells(
            "様子と支援",
            [
                [Cell("子どもの様子", contents.of_section(Section.CHILD), height=14)],
                [
                    Cell(
                        "養育者の様子",
                        _both(visit.text("caregivers"), contents.of_section(Section.CAREGIVER)),
                        height=14,
                    )
                ],
                [
                    Cell(
                        "養育環境の様子",
                        _both(visit.text("environment"), contents.of_section(Section.ENV)),
                        height=14,
                    )
                ],
                [Cell("行った支援", visit.text("support"), height=14)],
                [Cell("反応", visit.text("reaction"), height=14)],
                [Cell("訪問の記録", contents.of_section(Section.VISIT), height=14)],
            ],
        ),
        _progress(visit),
        Cells(
            "所見",
            [
                [
                    Cell(
                        "気になる点",
                        _both(visit.text("concerns"), contents.of_section(Section.RISK)),
                        height=14,
                    )
                ],
                [Cell("緊急性", visit.text("urgency"))],
                [
                    Cell(
                        "次回の予定",
                        " ".join(t for t in (visit.text("next_visit_on"), visit.text("next_visit_at")) if t),
                    )
                ],
                [Cell("次回に行うこと", visit.text("next_visit"))],
                [Cell("備考", visit.text("note"))],
            ],
        ),
        Rest(),
        Cells("受領", [[Cell("受領日"), Cell("受領者", visit.text("received_by"))]]),
    ]
    title = "養育支援訪問報告書"
    return common.printed(title, [Sheet(title, blocks)], contents, control)


def _children(visit: Filled) -> list[Block]:
    blocks: list[Block] = []
    entries = visit.entries("children")
    for entry in entries:
        measures = "\n".join(
            visit.joined(m, "kind", "kind_text", "amount", "measured_on", "note")
            for m in visit.entries(f"{entry}.measures")
        )
        words = "\n".join(
            visit.joined(w, "child", "words", "stated_on", "stated_to", "circumstances", separator=" / ")
            for w in visit.entries(f"{entry}.own_words")
        )
        rows = [
            [Cell("目視", visit.text(f"{entry}.seen")), Cell("体重", visit.text(f"{entry}.weight"))],
            [Cell("見た場面・見られなかった理由", visit.text(f"{entry}.how"))],
            [
                Cell("服装・清潔", visit.text(f"{entry}.clothing")),
                Cell("表情", visit.text(f"{entry}.expression")),
            ],
            [Cell("傷・あざ", visit.text(f"{entry}.injuries"))],
            [Cell("その他の計測", measures or visit.list_text(f"{entry}.measures"))],
            [Cell("子どもの様子", visit.text(f"{entry}.condition"), height=14)],
            [Cell("子どもの発言", words or visit.list_text(f"{entry}.own_words"))],
        ]
        blocks.append(Cells(f"子ども {visit.text(f'{entry}.child')}", rows, is_whole=True))
    if not entries:
        stated = visit.list_text("children")
        head = ("子ども", "目視", "服装・清潔", "体重", "傷・あざ", "表情")
        row = [[stated, *[""] * 5]] if stated else []
        blocks.append(Table("子ども", head, (5, 3, 4, 3, 4, 4), row))
    return blocks


def _progress(visit: Filled) -> Table:
    rows = [
        [
            visit.joined(e, "number", "goal", separator=". "),
            visit.text(f"{e}.degree"),
            visit.text(f"{e}.note"),
        ]
        for e in visit.entries("progress")
    ]
    stated = visit.list_text("progress")
    return Table(
        "目標の達成度", ("目標", "達成度", "様子"), (5, 3, 6), rows or ([[stated, "", ""]] if stated else [])
    )


def _both(one: str, other: str) -> str:
    return "\n".join(text for text in (one, other) if text)
