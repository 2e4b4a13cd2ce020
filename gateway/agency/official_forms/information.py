"""要支援児童等に関する情報提供書: the version for children, and the one for expectant mothers.

The fields are those of the annex to 雇児総発1216第2号, by own knowledge (docs/decisions/0043).
"""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents, Filled
from gateway.agency.official_forms.control import Control, Message, choice
from gateway.agency.official_forms.layout import Block, Cell, Cells, Paragraphs, PrintedForm, Rest, Sheet
from gateway.pages.texts import CONSENTS

ACTS = (e.FamilyInformationProvided.TOPIC, e.InfantHomeVisitReported.TOPIC, e.DisclosureMade.TOPIC)
SECTIONS = (
    Section.BASIC,
    Section.ADDR,
    Section.PREG,
    Section.CHILD,
    Section.CAREGIVER,
    Section.ENV,
    Section.MEDICAL,
    Section.RISK,
)
EXPLAINED = {"説明済み": "説明した", "説明していない": "説明していない"}


def of_children(contents: Contents, control: Control) -> PrintedForm:
    """要支援児童等に関する情報提供書(児童)."""
    family, message = contents.filled("family"), control.newest(*ACTS)
    title = "要支援児童等に関する情報提供書(児童)"
    states = (Section.PREG, Section.CHILD, Section.CAREGIVER, Section.ENV, Section.MEDICAL)
    blocks: list[Block] = [
        common.letterhead(control, message, family),
        _opening(message),
        common.children_table(family),
        common.adults_table(family),
        Cells(
            "",
            [
                [Cell("家族構成(補足)", family.text("composition"))],
                [Cell("母子健康手帳番号", common.handbook_text(family))],
            ],
        ),
        common.contact_cells(family, contents.of_section(Section.ADDR)),
        *_circumstances(contents, control, family, message, states),
    ]
    return common.printed(title, [Sheet(title, [*blocks, *_form_end(contents, family)])], contents, control)


def of_expectant_mothers(contents: Contents, control: Control) -> PrintedForm:
    """要支援児童等に関する情報提供書(妊婦)."""
    family, message = contents.filled("family"), control.newest(*ACTS)
    title = "要支援児童等に関する情報提供書(妊婦)"
    mother = next((entry for entry in family.entries("adults") if family.text(f"{entry}.ref")), None)
    states = (Section.PREG, Section.CHILD, Section.CAREGIVER, Section.ENV, Section.MEDICAL)
    pregnancy = contents.filled("pregnancy")
    expected = next(iter(pregnancy.entries("pregnancies")), None)
    due = "\n".join(t for t in (family.text(f"{child}.due_on") for child in family.entries("children")) if t)
    weeks = control.code(message, "weeks_pregnant")
    weeks_text = f"{weeks}週" if weeks else ""
    handbook = common.handbook_text(family)
    person: tuple[str, str] = family.name(f"{mother}.name") if mother else ("", "")
    if expected is not None:
        due = pregnancy.text(f"{expected}.due_on") or due
        days = pregnancy.text(f"{expected}.days")
        stated = pregnancy.text(f"{expected}.weeks")
        on = pregnancy.text(f"{expected}.weeks_on")
        weeks_text = (
            (f"{stated}週" + (f"{days}日" if days else "") + (f"({on}時点)" if on else ""))
            if stated
            else weeks_text
        )
        stated_handbook = pregnancy.joined(expected, "handbook", "handbook_on")
        handbook = "\n".join(t for t in (stated_handbook, handbook) if t)
        person = person if person[0] else (pregnancy.text(f"{expected}.person"), "")
    blocks: list[Block] = [
        common.letterhead(control, message, family),
        _opening(message),
        Cells(
            "対象となる妊婦",
            [
                [
                    common.kana_cell("ふりがな・氏名", person, 3),
                    Cell("生年月日", common.born_text(family, mother) if mother else "", 3),
                ],
                [Cell("分娩予定日", due), Cell("妊娠週数", weeks_text)],
                [Cell("母子健康手帳番号", handbook)],
            ],
        ),
        common.contact_cells(family, contents.of_section(Section.ADDR)),
        common.adults_table(family, "家族構成(本人を含む)"),
        common.children_table(family, "子ども(出産予定を含む)"),
        Cells("", [[Cell("家族構成(補足)", family.text("composition"))]]),
        *_circumstances(contents, control, family, message, states),
    ]
    return common.printed(title, [Sheet(title, [*blocks, *_form_end(contents, family)])], contents, control)


def _opening(message: Message | None) -> Paragraphs:
    basis = common.basis_line(message) or "児童福祉法第21条の10の5第1項"
    return Paragraphs([f"下記の家庭について、次の根拠により情報を提供します。(根拠: {basis})"])


def _circumstances(
    contents: Contents,
    control: Control,
    family: Filled,
    message: Message | None,
    states: tuple[Section, ...],
) -> list[Cells]:
    consent = (message or {}).get("fields", {}).get("subject_consent")
    stated_consent = family.text("provision.consent")
    explained = family.text("provision.is_explained")
    risk = contents.filled("risk")
    reason = "\n".join(t for t in (risk.text("reason"), contents.of_section(Section.RISK)) if t)
    asked_for = "\n".join(
        t
        for name, people in (("caregiver", "persons"), ("pregnancy", "pregnancies"))
        for entry in contents.filled(name).entries(people)
        if (t := contents.filled(name).text(f"{entry}.support_asked_for"))
    )
    return [
        Cells("経緯", [[Cell("把握の経緯", family.text("provision.course"), height=16)]]),
        common.state_cells(contents, control.code(message, "indicators"), states),
        Cells(
            "情報提供について",
            [
                [Cell("情報提供の理由", reason, height=18)],
                [
                    Cell(
                        "本人・保護者の同意",
                        (stated_consent or choice(CONSENTS, consent))
                        + _of_whom(family.text("provision.consent_of")),
                    )
                ],
                [
                    Cell(
                        "本人・保護者への説明",
                        choice(EXPLAINED, explained or None)
                        + _of_whom(family.text("provision.explained_to")),
                    )
                ],
                [Cell("希望する支援", asked_for, height=14)],
                [Cell("緊急性", common.urgency_text(risk, control))],
            ],
            label_width=34,
        ),
    ]


def _of_whom(text: str) -> str:
    return f"({text})" if text else ""


def _form_end(contents: Contents, family: Filled) -> list[Block]:
    infant_visit = family.group("infant_visit")
    visit = family.joined(infant_visit, "visited_on", "need", "note", separator="\n")
    visitors = common.staffs_text(family, f"{infant_visit}.visitors")
    met = family.text(f"{infant_visit}.met")
    visited = "\n".join(t for t in (visit, visitors, f"面接者 {met}" if met else "") if t)
    return [
        common.agencies_table(family),
        *([Cells("", [[Cell("乳児家庭全戸訪問", visited)]])] if visited else []),
        Rest(),
        Cells(
            "返信欄(受け取った機関が記入)",
            [
                [Cell("返信の希望", family.text("provision.reply_wanted"))],
                [Cell("受理日"), Cell("担当者")],
                [Cell("対応・返信", family.text("provision.reply"), height=20)],
            ],
        ),
    ]
