"""個別ケース検討会議 会議録. Basis: CWA 25-2(2)."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents, Filled
from gateway.agency.official_forms.control import Control
from gateway.agency.official_forms.layout import (
    Block,
    Cell,
    Cells,
    PrintedForm,
    Rest,
    Sheet,
    Stamps,
    Table,
)

ACTS = (e.ConferenceMinutesRecorded.TOPIC, e.NetworkMeetingHeld.TOPIC)
SECTIONS = (Section.CONF, Section.RISK, Section.PLAN)


def minutes(contents: Contents, control: Control) -> PrintedForm:
    """個別ケース検討会議 会議録."""
    held, message = contents.filled("minutes"), control.newest(*ACTS)
    title = "個別ケース検討会議 会議録"
    times = held.joined_top("started_at", "ended_at", separator=" 〜 ")
    participants = common.staffs_text(held, "participants") or control.code(message, "participants")
    risk = held.joined_top("risk_level", "risk_note")
    blocks: list[Block] = [
        Stamps(("所長", "係長", "担当")),
        Cells(
            "会議",
            [
                [Cell("会議の名称", held.text("meeting"))],
                [
                    Cell("日時", f"{held.text('held_on')} {times}".strip(), 3),
                    Cell("場所", held.text("place"), 2),
                ],
                [Cell("出席機関", participants, height=12)],
                [Cell("欠席機関", common.staffs_text(held, "absent"))],
                [Cell("記録者", held.text("recorded_by")), Cell("記録の日", common.day_of_message(message))],
                [Cell("対象の子ども", held.text("children"))],
            ],
        ),
        Cells("", [[Cell("経過", held.text("course"), height=14)]]),
        _information(held),
        Cells("", [[Cell("会議の記録", contents.of_section(Section.CONF), height=40)]]),
        Cells(
            "検討の結果",
            [
                [Cell("危険度判断", _both(risk, contents.of_section(Section.RISK)), height=14)],
                [Cell("方針", _both(held.text("policy"), contents.of_section(Section.PLAN)), height=14)],
            ],
        ),
        _roles(held),
        Rest(),
        Cells(
            "",
            [
                [Cell("主担当", common.staff_text(held, "lead"))],
                [Cell("次回", held.joined_top("next_on", "next_at", separator=" "))],
                [Cell("次回までに行うこと", held.text("next_note"))],
                [Cell("備考", held.text("note"))],
            ],
            label_width=34,
        ),
    ]
    return common.printed(title, [Sheet(title, blocks)], contents, control)


def _information(held: Filled) -> Table:
    rows = []
    for entry in held.entries("information"):
        rows.append([common.staff_text(held, f"{entry}.staff"), held.text(f"{entry}.content")])
    stated = held.list_text("information")
    return Table("各機関の情報", ("機関", "情報"), (4, 9), rows or ([[stated, ""]] if stated else []))


def _roles(held: Filled) -> Table:
    rows = []
    for entry in held.entries("roles"):
        staff = common.staff_text(held, f"{entry}.staff")
        rows.append([staff, held.text(f"{entry}.task"), held.text(f"{entry}.due_on")])
    stated = held.list_text("roles")
    head = ("機関", "役割", "期限")
    return Table("役割分担", head, (5, 7, 5), rows or ([[stated, "", ""]] if stated else []), 3)


def _both(one: str, other: str) -> str:
    return "\n".join(text for text in (one, other) if text)
