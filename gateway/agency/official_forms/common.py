"""Parts that several forms share: who sends it to whom, the family, and what no field takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain import events as e
from domain.codes import Section
from domain.time_text import parse_time_text
from gateway.agency.official_forms.contents import Contents, Filled
from gateway.agency.official_forms.control import Control, Message, day_text, time_text
from gateway.agency.official_forms.layout import Cell, Cells, Letterhead, PrintedForm, Rest, Sheet, Table
from gateway.pages import texts

HANDLING = "取扱注意・複写禁止"
BLANK_DAY, BLANK_ADDRESSEE = "令和　　年　　月　　日", "　　　　　　　　　　御中"
STATE_SECTIONS: Mapping[Section, str] = {
    Section.PREG: "妊娠期の様子",
    Section.CHILD: "子どもの様子(出産後・乳幼児期・学齢期)",
    Section.CAREGIVER: "養育者の様子",
    Section.ENV: "養育環境の様子",
    Section.MEDICAL: "医療機関からの情報",
}
"""様子や状況, by the section in which each is sealed."""


def printed(
    title: str,
    sheets: list[Sheet],
    contents: Contents,
    control: Control,
    *,
    handling: str = HANDLING,
    easy: bool = False,
) -> PrintedForm:
    """The form with what no field has taken, and with its foot: when it was printed, by whom, of which case, and how it
    is to be handled."""
    rest = [[Cell(title, text)] for title, text in contents.remaining()]
    rest_cells = Cells("そのほかの記載", rest, label_width=40)
    sheets = [
        replace(sheet, blocks=[rest_cells if isinstance(b, Rest) and rest else b for b in sheet.blocks])
        for sheet in sheets
    ]
    case = f" 事例 {control.case[:8]}" if control.case and not easy else ""
    return PrintedForm(
        title=title,
        sheets=sheets,
        handling=handling,
        easy=easy,
        issued=f"{time_text(control.now)} 発行 職員 {control.actor}{case}",
        rehearsal=control.is_rehearsal,
    )


def kana_cell(label: str, name: tuple[str, str], weight: int = 1) -> Cell:
    """A name with its reading above it."""
    text, kana = name
    return Cell(label, text, weight, height=9, kana=kana)


def name_text(name: tuple[str, str]) -> str:
    """The same for a cell of a table."""
    text, kana = name
    return f"{kana}\n{text}" if kana else text


def staff_text(filled: Filled, path: str) -> str:
    """Agency, department, person, profession and telephone in a row."""
    filled.group(path)
    return filled.joined(path, "agency", "department", "person", "profession", "phone")


def staffs_text(filled: Filled, path: str) -> str:
    """The same for a list, a line each."""
    rows = [staff_text(filled, entry) for entry in filled.entries(path)]
    return "\n".join(rows) or filled.list_text(path)


def letterhead(control: Control, message: Message | None, family: Filled) -> Letterhead:
    """Addressee, day and sender, as the content states them, else as control does."""
    provision = family.group("provision")
    addressees = "\n".join(f"{control.agency_name(a)} 御中" for a in (message or {}).get("to", []))
    author = control.agency_name((message or {}).get("by")) if message else control.own_name
    sender = family.group(f"{provision}.sender")
    agency = family.joined(sender, "agency", "department") or author
    return Letterhead(
        addressee=family.text(f"{provision}.addressee") or addressees or BLANK_ADDRESSEE,
        day=family.text(f"{provision}.provided_on") or day_of_message(message) or BLANK_DAY,
        sender=(
            ("発信機関", agency),
            ("所在地", family.text(f"{provision}.sender_address")),
            ("電話", family.text(f"{sender}.phone")),
            ("担当者", family.joined(sender, "profession", "person")),
        ),
    )


def day_of_message(message: Message | None) -> str:
    """The day on which a message was recorded, by both calendars; empty for none."""
    return "" if message is None else day_text(parse_time_text(message["at"]))


def basis_line(message: Message | None) -> str:
    """The lawful bases of a message, in words."""
    return "、".join(sorted({texts.basis_text(code) for code in (message or {}).get("basis", {}).values()}))


def address_text(family: Filled, path: str) -> str:
    """One address on its line."""
    family.group(path)
    kind = family.text(f"{path}.kind")
    text = family.joined(path, "postal_code", "text", "care_of")
    period = " 〜 ".join(t for t in (family.text(f"{path}.since"), family.text(f"{path}.until")) if t)
    more = "、".join(t for t in (period, family.text(f"{path}.note")) if t)
    return (f"{kind}: " if kind else "") + text + (f"({more})" if more else "")


def addresses_text(family: Filled, path: str = "addresses") -> str:
    """All addresses, a line each."""
    rows = [address_text(family, entry) for entry in family.entries(path)]
    return "\n".join(rows) or family.list_text(path)


def phones_text(family: Filled, path: str) -> str:
    """All telephones, a line each, with whether and when one may call."""
    rows = []
    for entry in family.entries(path):
        number = family.joined(entry, "kind", "number", "owner")
        more = "、".join(
            t for t in (family.text(f"{entry}.{name}") for name in ("may_call", "hours", "note")) if t
        )
        rows.append(number + (f"({more})" if more else ""))
    return "\n".join(rows) or family.list_text(path)


def born_text(family: Filled, entry: str, *, with_due_day: bool = False) -> str:
    """Day of birth and age as stated; of a child that is not born yet the expected day."""
    due = family.text(f"{entry}.due_on") if with_due_day else ""
    age = family.text(f"{entry}.age")
    return "\n".join(
        t
        for t in (family.text(f"{entry}.born_on"), f"予定日 {due}" if due else "", f"({age})" if age else "")
        if t
    )


def children_table(family: Filled, title: str = "対象となる子ども") -> Table:
    """The children, a row each."""
    rows = [
        [
            name_text(family.name(f"{entry}.name")),
            family.text(f"{entry}.sex"),
            born_text(family, entry, with_due_day=True),
            family.text(f"{entry}.relationship"),
            family.joined(entry, "affiliation", "lives_together", separator="\n"),
            own_address(family, entry),
        ]
        for entry in family.entries("children")
    ]
    head = ("ふりがな・氏名", "性別", "生年月日(年齢)", "続柄", "所属・同居", "住所・居所(別のとき)、備考")
    return Table(
        title, head, (6, 2, 6, 3, 5, 6), _or_stated(rows, family.list_text("children"), len(head)), 1, 11
    )


def own_address(family: Filled, entry: str) -> str:
    """Where somebody of the family lives elsewhere, and what is noted of them."""
    address = address_text(family, f"{entry}.address")
    return "\n".join(t for t in (address, family.text(f"{entry}.note")) if t)


def adults_table(family: Filled, title: str = "保護者・家族構成(同居人を含む)") -> Table:
    """Guardians and household, a row each."""
    rows = []
    for entry in family.entries("adults"):
        contact = family.joined(entry, "may_contact", "contact_way", "contact_hours", separator="、")
        phones = phones_text(family, f"{entry}.phones")
        rows.append(
            [
                name_text(family.name(f"{entry}.name")),
                family.joined(entry, "relationship", "is_guardian", separator="\n"),
                "\n".join(t for t in (born_text(family, entry), family.text(f"{entry}.sex")) if t),
                family.joined(entry, "occupation", "workplace", "lives_together", separator="\n"),
                "\n".join(t for t in (phones, contact, own_address(family, entry)) if t),
            ]
        )
    head = (
        "ふりがな・氏名",
        "続柄・保護者",
        "生年月日(年齢)・性別",
        "職業・勤務先・同居",
        "電話・連絡の可否、備考",
    )
    return Table(title, head, (6, 4, 6, 5, 7), _or_stated(rows, family.list_text("adults"), len(head)), 2, 11)


def contact_cells(family: Filled, protected: str) -> Cells:
    """Where the family lives and how it is reached. ``protected``: the protected address, where it was opened."""
    rows = [
        [Cell("住所・居所", addresses_text(family), height=10)],
        [Cell("電話", phones_text(family, "phones"))],
        [
            Cell("使用言語", family.text("languages")),
            Cell(
                "通訳",
                "、".join(t for t in (family.text("needs_interpreter"), family.text("interpreter")) if t),
            ),
        ],
    ]
    if protected:
        rows.insert(1, [Cell("秘匿住所\n(取扱厳重注意)", protected)])
    return Cells("住所・連絡先", rows)


def handbook_text(family: Filled) -> str:
    """母子健康手帳, a line each."""
    rows = [
        family.joined(entry, "number", "child", "issued_by", "issued_on")
        for entry in family.entries("handbooks")
    ]
    return "\n".join(rows) or family.list_text("handbooks")


def agencies_table(family: Filled, title: str = "他の関与機関") -> Table:
    """関与機関: name, person in charge, course."""
    rows = []
    for entry in family.entries("agencies"):
        staff = family.group(f"{entry}.staff")
        period = " 〜 ".join(t for t in (family.text(f"{entry}.since"), family.text(f"{entry}.until")) if t)
        rows.append(
            [
                family.joined(staff, "agency", "department"),
                family.joined(staff, "profession", "person", "phone", separator="\n"),
                "\n".join(t for t in (family.text(f"{entry}.involvement"), period) if t),
                family.text(f"{entry}.course"),
            ]
        )
    head = ("機関名", "担当者・電話", "関与・期間", "経過")
    return Table(title, head, (5, 5, 5, 8), _or_stated(rows, family.list_text("agencies"), len(head)), 2)


def state_cells(contents: Contents, message_codes: str, sections: tuple[Section, ...]) -> Cells:
    """様子や状況: each section's own box, and the indicators that control carries."""
    rows = [[Cell(STATE_SECTIONS[s], contents.of_section(s, with_rest=True), height=22)] for s in sections]
    return Cells(
        "様子や状況", [*rows, [Cell("指標(把握した項目)", message_codes, height=10)]], label_width=34
    )


def urgency_text(risk: Filled, control: Control) -> str:
    """緊急度, as the content states it with its grounds, else as the record has it."""
    stated = risk.joined_top("urgency", "urgency_note")
    return stated or control.code(control.newest(e.EmergencyTriaged.TOPIC), "urgency")


def _or_stated(rows: list[list[str]], stated: str, columns: int) -> list[list[str]]:
    return rows or ([[stated, *[""] * (columns - 1)]] if stated else [])
