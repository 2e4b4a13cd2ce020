"""虐待相談・通告受付票. Who notified stands on a sheet of its own, which is there only where it was opened. Basis: CAPA 7."""

from __future__ import annotations

from datetime import timedelta

from domain import events as e
from domain.calendar import JST
from domain.codes import Section
from domain.time_text import parse_time_text
from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents, Filled
from gateway.agency.official_forms.control import (
    Control,
    Message,
    choice,
    clock_text,
    day_text,
    time_text,
    weekday_text,
)
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
from gateway.pages.labels import CHANNELS, URGENCIES

ACTS = (e.AbuseNotificationReceived.TOPIC, e.StaffAbuseReported.TOPIC, e.SafetyConcernRaised.TOPIC)
SECTIONS = (
    Section.BASIC,
    Section.ADDR,
    Section.RISK,
    Section.CHILD,
    Section.CAREGIVER,
    Section.ENV,
    Section.NOTIFIER,
)
NOTIFIER_MARK = (
    "通告者の特定につながる情報です。受付票と分けて保管し、ほかに渡さないこと(児童虐待防止法7条)。"
)
INITIAL_RESPONSE = timedelta(hours=48)
"""Where the content states no other time. Basis: CAPA 8 (the 48 hours are in guidelines)."""
BLANK_TIME = "令和　　年　　月　　日(　曜日) 午前・午後　　時　　分"


def intake(contents: Contents, control: Control) -> PrintedForm:
    """虐待相談・通告受付票."""
    family, risk, message = contents.filled("family"), contents.filled("risk"), control.newest(*ACTS)
    received = risk.group("intake")
    title = "虐待相談・通告受付票"
    blocks: list[Block] = [
        Stamps(("所長", "係長", "担当")),
        Cells("受理", _received(risk, received, message, control)),
        common.children_table(family, "子ども"),
        common.adults_table(family, "保護者・家族・同居人"),
        Cells("", [[Cell("家族構成(補足)", family.text("composition"))]]),
        common.contact_cells(family, contents.of_section(Section.ADDR)),
        _abuses(risk),
        _injuries(risk),
        Cells("相談・通告の内容", _content(risk, contents), label_width=36),
        common.agencies_table(family, "関与機関"),
        Rest(),
        Cells("対応", _response(risk, received, message, control), label_width=36),
    ]
    sheets = [Sheet(title, blocks)]
    if contents.has(Section.NOTIFIER):
        sheets.append(_notifier_sheet(contents))
    return common.printed(title, sheets, contents, control)


def _received(risk: Filled, received: str, message: Message | None, control: Control) -> list[list[Cell]]:
    fields = (message or {}).get("fields", {})
    at = parse_time_text(fields["received_at"]) if fields.get("received_at") else None
    stated = risk.joined(received, "received_on", "received_at", "received_around")
    if at is not None:
        local = at.astimezone(JST)
        half = "午前" if local.hour < 12 else "午後"
        recorded = f"{day_text(at)}({weekday_text(at)}曜日) {half}{clock_text(local.hour % 12, local.minute)}"
    else:
        recorded = ""
    channel = risk.text(f"{received}.channel")
    return [
        [Cell("受理年月日・時刻", "\n".join(t for t in (recorded, stated) if t) or BLANK_TIME)],
        [
            Cell("受理機関", _receiver(message, control)),
            Cell("受理者", common.staff_text(risk, f"{received}.received_by")),
        ],
        [Cell("方法", channel or choice(CHANNELS, fields.get("channel")))],
    ]


def _receiver(message: Message | None, control: Control) -> str:
    if message is None:
        return control.own_name
    to = [control.agency_name(a) for a in message.get("to", [])]
    is_recorded = message.get("fields", {}).get("recorded_for_notifier")
    return "、".join(to) if to and not is_recorded else control.agency_name(message["by"])


def _abuses(risk: Filled) -> Table:
    rows = [
        [
            risk.joined(entry, "child", "kinds", separator="\n"),
            risk.joined(entry, "content", "course", separator="\n"),
            risk.text(f"{entry}.by"),
            risk.joined(entry, "since", "last_on", separator="\n最近では "),
            risk.text(f"{entry}.frequency"),
        ]
        for entry in risk.entries("abuses")
    ]
    head = ("子ども・種別", "虐待の内容・経過", "だれが", "いつから・最近", "頻度")
    stated = risk.list_text("abuses")
    return Table(
        "虐待の状況", head, (5, 7, 4, 5, 3), rows or ([[stated, "", "", "", ""]] if stated else []), 2, 12
    )


def _injuries(risk: Filled) -> Table:
    rows = [
        [
            risk.joined(entry, "child", "where", separator="\n"),
            risk.joined(entry, "kind", "size", separator="\n"),
            risk.joined(entry, "description", "explained_as", separator="\n説明: "),
            risk.joined(entry, "seen_on", "seen_by", separator="\n"),
            risk.text(f"{entry}.photographed"),
        ]
        for entry in risk.entries("injuries")
    ]
    head = ("子ども・部位", "種類・大きさ", "様子・説明", "確認", "写真")
    stated = risk.list_text("injuries")
    return Table("傷・あざ", head, (5, 4, 7, 5, 2), rows or ([[stated, "", "", "", ""]] if stated else []), 1)


def _content(risk: Filled, contents: Contents) -> list[list[Cell]]:
    words = contents.of_section(Section.RISK)
    return [
        [Cell("虐待の種別・内容・頻度・いつから・だれが(自由記載)", words, height=24)],
        [Cell("通告・送致の理由", risk.text("reason"))],
        [
            Cell(
                "子どもの状況",
                _both(risk.text("children_note"), contents.of_section(Section.CHILD)),
                height=14,
            )
        ],
        [
            Cell(
                "家族・同居人の状況",
                _both(risk.text("family_note"), contents.of_section(Section.CAREGIVER)),
                height=14,
            )
        ],
        [
            Cell(
                "家庭の状況",
                _both(risk.text("partner_violence"), contents.of_section(Section.ENV)),
                height=12,
            )
        ],
        [Cell("子どもの発言", risk.text("own_words"))],
        [Cell("第三者の話", risk.text("accounts"))],
        [Cell("子どもを守る力", risk.text("strengths"))],
    ]


def _response(risk: Filled, received: str, message: Message | None, control: Control) -> list[list[Cell]]:
    triaged = control.newest(e.EmergencyTriaged.TOPIC)
    urgency = risk.joined_top("urgency", "urgency_note")
    deadline = risk.joined(received, "respond_by", "respond_by_time")
    return [
        [Cell("緊急度", urgency or choice(URGENCIES, (triaged or {}).get("fields", {}).get("urgency")))],
        [Cell("危険度", risk.joined_top("level", "level_note"))],
        [Cell("初期対応の期限(48時間)", deadline or _deadline(message))],
        [Cell("初期対応", risk.text(f"{received}.first_response"), height=12)],
        [Cell("安全確認", _both(risk.text("safety_checks"), _safety(control)), height=12)],
        [
            Cell("受理会議", risk.text(f"{received}.meeting_on")),
            Cell("結果", risk.text(f"{received}.meeting_result")),
        ],
        [Cell("受理会議の内容", risk.text(f"{received}.meeting_note"))],
        [Cell("一時保護・措置など", risk.text("measures"))],
        [
            Cell(
                "判断の日・判断した人",
                _both(risk.text("assessed_on"), common.staffs_text(risk, "assessed_by")),
            )
        ],
        [Cell("備考", risk.text("note"), height=12)],
    ]


def _deadline(message: Message | None) -> str:
    received_at = (message or {}).get("fields", {}).get("received_at")
    return time_text(parse_time_text(received_at) + INITIAL_RESPONSE) if received_at else ""


def _safety(control: Control) -> str:
    """The last check of safety on record: when, by whom, how."""
    confirmed = control.newest(e.SafetyConfirmed.TOPIC)
    if confirmed is None:
        return ""
    rows = (
        time_text(parse_time_text(confirmed["at"])),
        control.agency_name(confirmed["by"]),
        f"確かめ方: {control.code(confirmed, 'method')}",
        f"子ども本人の目視: {control.code(confirmed, 'child_seen') or 'なし'}",
    )
    return "、".join(rows)


def _notifier_sheet(contents: Contents) -> Sheet:
    notifier = contents.filled("notifier")
    rows = [
        [common.kana_cell("氏名", notifier.name("name")), Cell("関係", notifier.text("relationship"))],
        [Cell("住所", notifier.text("addresses"))],
        [Cell("電話", notifier.text("phones")), Cell("勤務先", notifier.text("workplace"))],
        [Cell("匿名希望", notifier.text("anonymous")), Cell("目撃か伝聞か", notifier.text("witnessed"))],
        [
            Cell("調査協力", notifier.text("cooperates")),
            Cell("保護者への連絡", notifier.text("may_inform_guardians")),
        ],
        [Cell("通告の日", notifier.text("notified_on")), Cell("通告の方法", notifier.text("channel"))],
        [Cell("通告者への連絡", notifier.text("may_contact"))],
        [Cell("通告者へ伝えたこと", notifier.text("informed_of_result"))],
    ]
    more = contents.of_section(Section.NOTIFIER, with_rest=True)
    title = "通告者に関する情報(別紙)"
    return Sheet(
        title,
        [Cells("通告者", rows, label_width=34), Cells("そのほか", [[Cell("", more, height=30)]])],
        mark=NOTIFIER_MARK,
    )


def _both(one: str, other: str) -> str:
    return "\n".join(text for text in (one, other) if text)
