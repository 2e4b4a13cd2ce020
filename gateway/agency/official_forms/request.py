"""情報提供等協力依頼書. Basis: CWA 25-3."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
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
)
from gateway.pages import texts

ACTS = (e.InformationRequested.TOPIC,)
SECTIONS = (Section.BASIC, Section.CHILD, Section.CAREGIVER, Section.ENV)


def request(contents: Contents, control: Control) -> PrintedForm:
    """情報提供等協力依頼書."""
    family, message = contents.filled("family"), control.newest(*ACTS)
    asked = family.group("request")
    addressees = "\n".join(f"{control.agency_name(a)} 御中" for a in (message or {}).get("to", []))
    author = control.agency_name((message or {}).get("by")) if message else control.own_name
    purpose = texts.purpose_text(message["purpose"]) if message and message.get("purpose") else ""
    words = [contents.of_section(section) for section in SECTIONS[1:]]
    blocks: list[Block] = [
        Letterhead(
            addressees or common.BLANK_ADDRESSEE,
            common.day_of_message(message) or common.BLANK_DAY,
            [("依頼機関", author), ("所在地", ""), ("電話", ""), ("担当者", "")],
        ),
        Paragraphs(["次のとおり、資料または情報の提供、意見の開陳その他必要な協力をお願いします。"]),
        Cells(
            "依頼",
            [
                [Cell("根拠条文", family.text(f"{asked}.law") or common.basis_line(message))],
                [
                    Cell(
                        "必要な情報",
                        "\n".join(t for t in (family.text(f"{asked}.needed"), *words) if t),
                        height=30,
                    )
                ],
                [Cell("回答の期限", family.text(f"{asked}.due_on") or control.code(message, "due_on"))],
                [Cell("使い道(利用目的)", family.text(f"{asked}.use") or purpose, height=12)],
            ],
            label_width=36,
        ),
        common.children_table(family, "対象となる子ども"),
        common.adults_table(family, "保護者"),
        common.contact_cells(family, contents.of_section(Section.ADDR)),
        Rest(),
        Cells(
            "回答欄(依頼を受けた機関が記入)",
            [
                [Cell("回答の日", family.text(f"{asked}.answered_on")), Cell("担当者")],
                [Cell("回答", family.text(f"{asked}.answer"), height=40)],
            ],
            label_width=36,
        ),
        Signature([("回答機関", "", True)]),
    ]
    title = "情報提供等協力依頼書"
    return common.printed(title, [Sheet(title, blocks)], contents, control)
