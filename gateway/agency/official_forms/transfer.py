"""ケース移管通知書. Basis: CAPA 4; own rule (the checklist of a hand-over)."""

from __future__ import annotations

from domain import events as e
from domain.codes import HandoverItem, Section
from domain.content.codes import AddressKind
from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents
from gateway.agency.official_forms.control import Control
from gateway.agency.official_forms.layout import (
    Block,
    Cell,
    Cells,
    Letterhead,
    Paragraphs,
    PrintedForm,
    Rest,
    Sheet,
    Signature,
    Stamps,
    Table,
)
from gateway.pages.labels import HANDOVER_ITEMS, HANDOVER_STATES

ACTS = (e.TransferInitiated.TOPIC, e.TransferPackageSent.TOPIC, e.CgcTransferNotified.TOPIC)
SECTIONS = (
    Section.BASIC,
    Section.ADDR,
    Section.RISK,
    Section.CHILD,
    Section.CAREGIVER,
    Section.ENV,
    Section.PREG,
    Section.MEDICAL,
    Section.PLAN,
    Section.VISIT,
    Section.CONF,
)


def notice(contents: Contents, control: Control) -> PrintedForm:
    """ケース移管通知書."""
    family, message = contents.filled("family"), control.newest(*ACTS)
    transfer, risk = family.group("transfer"), contents.filled("risk")
    addressees = "\n".join(f"{control.agency_name(a)} 御中" for a in (message or {}).get("to", []))
    author = control.agency_name((message or {}).get("by")) if message else control.own_name
    handed_from = common.staff_text(family, f"{transfer}.handed_from")
    handed_to = common.staff_text(family, f"{transfer}.handed_to")
    moves_on = family.text(f"{transfer}.moves_on") or control.code(control.newest(*ACTS), "moves_on")
    moves_to = next(
        (a for a in family.entries("addresses") if family.is_code(f"{a}.kind", AddressKind.MOVES_TO)), None
    )
    new_address = common.address_text(family, moves_to) if moves_to else ""
    help_given = [
        family.text(f"{transfer}.support"),
        contents.of_section(Section.PLAN),
        contents.of_section(Section.VISIT),
    ]
    blocks: list[Block] = [
        Stamps(("所長", "係長", "担当")),
        Letterhead(
            handed_to or addressees or common.BLANK_ADDRESSEE,
            family.text(f"{transfer}.notified_on") or common.day_of_message(message) or common.BLANK_DAY,
            [("移管元", handed_from or author), ("担当者", "")],
        ),
        Paragraphs(["次のとおり、ケースを移管します。受領後、回答欄に記入のうえ返送してください。"]),
        Cells(
            "移管",
            [
                [Cell("移管の理由", family.text(f"{transfer}.reason"), height=14)],
                [Cell("転居(予定)日", moves_on)],
                [
                    Cell(
                        "新住所",
                        contents.of_section(Section.ADDR) or new_address,
                        height=9,
                    )
                ],
            ],
        ),
        common.children_table(family, "子ども"),
        common.adults_table(family),
        common.contact_cells(family, ""),
        Cells(
            "経過",
            [
                [
                    Cell(
                        "これまでの経過",
                        _joined(family.text(f"{transfer}.course"), contents.of_section(Section.CONF)),
                        height=18,
                    )
                ],
                [
                    Cell(
                        "危険度",
                        _joined(
                            risk.joined_top("level", "level_note"),
                            common.urgency_text(risk, control),
                            contents.of_section(Section.RISK, with_rest=True),
                        ),
                        height=14,
                    )
                ],
                [Cell("支援内容", _joined(*help_given), height=18)],
                [Cell("子どもの様子", contents.of_section(Section.CHILD))],
                [Cell("養育者の様子", contents.of_section(Section.CAREGIVER))],
                [Cell("養育環境の様子", contents.of_section(Section.ENV))],
                [Cell("妊娠期の様子", contents.of_section(Section.PREG))],
                [Cell("医療情報", contents.of_section(Section.MEDICAL))],
            ],
        ),
        common.agencies_table(family, "関与機関"),
        _attachments(control),
        Cells("", [[Cell("添付一覧(補足)", family.text(f"{transfer}.attachments"))]]),
        Rest(),
        Cells(
            "回答欄(移管先が記入)",
            [
                [
                    Cell("受領日", family.text(f"{transfer}.received_on")),
                    Cell("受理", family.text(f"{transfer}.is_accepted")),
                ],
                [Cell("対応者", common.staff_text(family, f"{transfer}.accepted_by"))],
                [Cell("回答", family.text(f"{transfer}.reply"), height=16)],
            ],
        ),
        Signature([("移管先機関", "", True)]),
    ]
    title = "ケース移管通知書"
    return common.printed(title, [Sheet(title, blocks)], contents, control)


def _attachments(control: Control) -> Table:
    """The checklist, as the package states it: empty boxes before there is one."""
    package = control.newest(e.TransferPackageSent.TOPIC)
    checklist = (package or {}).get("fields", {}).get("checklist") or {}
    rows = [
        [HANDOVER_ITEMS[item.value], HANDOVER_STATES.get(str(checklist.get(item.value)), ""), ""]
        for item in HandoverItem
    ]
    return Table("添付一覧", ("資料", "送付", "受領の確認"), (6, 5, 5), rows, 0)


def _joined(*parts: str) -> str:
    return "\n".join(text for text in parts if text)
