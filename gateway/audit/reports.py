"""The ledger as CSV and PDF in Japanese, for the review board and for an inquiry, and the list for the family.

Reports contain codes, agencies and times; the ledger holds no content. A notification bears its token and its day
(CAPA 7).
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from domain.events import NOTIFICATIONS
from domain.family_list import FamilyListRow
from gateway.audit import words
from gateway.audit.proofs import StatusOf
from gateway.audit.sheet_origin import SheetOrigin
from gateway.pages import texts
from gateway.pages.dates import day_text, time_text
from gateway.pages.typesetting import MissingCharacters, typeset

TEMPLATE = Path(__file__).with_name("report.typ")
REPORT_CPU_SECONDS = 600
"""A whole ledger is longer than any form."""
LedgerData = Mapping[str, Any]
Names = Mapping[str, str]
Row = dict[str, str]

TITLES = {"review": "情報提供の台帳(個人情報保護審査会 提出用)", "inquiry": "情報提供の台帳(検証用)"}
STATUS_LABELS = {"VERIFIED": "検証済", "FAULTY": "異常", "UNVERIFIED": "未検証"}
INCOMPLETENESS_NOTICE = (
    "この一覧は、ご本人がすでにご存じの範囲(同意された提供、支援計画、訪問)だけを月ごとにまとめたものです。",
    "すべての提供を示すものではありません。載っていないことは、提供がなかったことを意味しません。",
    "詳しくは、個人情報保護法第76条の開示請求ができます。",
)

CONDITIONS = "絞り込みの条件"
NOTIFICATIONS_OMITTED = (
    "機関で絞り込んだ台帳には、通告を載せません。通告した人が推し量られないようにするためです。"
)
CODE_POINT_NOTICE = "この書体にない文字は、〔U+番号〕(ユニコードの符号位置)で示しています。"


def disclosures(ledger: LedgerData, names: Names, proof: StatusOf) -> list[Row]:
    """One row for each disclosed item and recipient."""
    opened = Counter((o["item"], o["agency"]) for o in ledger["openings"] if o["outcome"] == "OPENED")
    return [
        {
            "記録位置": str(d["position"]),
            "日時": day_text(d["at"]) if d["act"] in {n.TOPIC for n in NOTIFICATIONS} else time_text(d["at"]),
            "事例": d["case"],
            "種類": words.act_words(d["act"]),
            "送り手": words.party_words(d["by"], names),
            "受け手": words.party_words(d["to"], names),
            "情報区分": texts.section_text(d["section"]),
            "注意": "・".join(texts.flag_text(f) for f in d["flags"]),
            "根拠": words.basis_words(d["basis"]),
            "本人の同意": texts.consent_text(d["subject_consent"]) if d["subject_consent"] else "",
            "目的": texts.purpose_text(d["purpose"]) if d["purpose"] else "",
            "結果": texts.outcome_text(d["outcome"]),
            "理由": words.refusal_words(d["reason"], d["at_fault"], names)
            if d["outcome"] == "REFUSED"
            else words.reason_words(d["reason"]),
            "閲覧回数": str(opened[(d["item"], d["to"])]),
            "検証": STATUS_LABELS[proof(d["position"])],
        }
        for d in ledger["disclosures"]
    ]


def openings(ledger: LedgerData, names: Names, proof: StatusOf) -> list[Row]:
    """One row for each reading, also the refused ones."""
    return [
        {
            "記録位置": str(o["position"]),
            "日時": time_text(o["at"]),
            "事例": o["case"],
            "機関": words.party_words(o["agency"], names),
            "職員": words.actor_words(o["agency"], o["actor"]),
            "項目": o["item"],
            "情報区分": texts.section_text(o["section"]),
            "目的": texts.purpose_text(o["purpose"]),
            "結果": texts.outcome_text(o["outcome"]),
            "理由": words.reading_reason_words(o["reason"]),
            "検証": STATUS_LABELS[proof(o["position"])],
        }
        for o in ledger["openings"]
    ]


def consents(ledger: LedgerData, names: Names) -> list[Row]:
    """One row for each consent given, refused or withdrawn."""
    return [
        {
            "日時": time_text(c["at"]),
            "種別": texts.outcome_text(c["kind"]),
            "送り手": words.party_words(c["sender"], names),
            "受け手": words.party_words(c["recipient"], names),
            "情報区分": "・".join(texts.section_text(s) for s in c["sections"]),
        }
        for c in ledger["consents"]
    ]


def as_csv(
    rows: Sequence[Row], origin: SheetOrigin | None = None, conditions: Sequence[str] | None = None
) -> bytes:
    """UTF-8 with BOM and CRLF, as spreadsheets in Japan open it; no cell is interpreted as a formula. ``origin`` and
    ``conditions``, by which the rows were selected, stand in each row, so that none is parted from them; alone where
    there is no row."""
    text = io.StringIO()
    of_sheet = {} if origin is None else origin.columns()
    if conditions is not None:
        of_sheet[CONDITIONS] = "、".join(conditions) or "なし"
    if of_sheet:
        rows = [row | of_sheet for row in rows] or [of_sheet]
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({k: _formula_safe(v) for k, v in row.items()} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def as_pdf(
    kind: str,
    ledger: LedgerData,
    names: Names,
    proof: StatusOf,
    *,
    at: datetime,
    origin: SheetOrigin | None = None,
    conditions: Sequence[str] = (),
    omits_notifications: bool = False,
) -> bytes:
    """A report as tagged PDF. ``kind``: review or inquiry; ``at``: as of when; ``origin``: at the foot of each sheet;
    ``conditions``: by which the rows were selected; ``omits_notifications``: because an agency was. Raises Unavailable
    without the font."""
    digest = sha256(json.dumps(ledger, sort_keys=True).encode()).hexdigest()
    disclosure_rows = disclosures(ledger, names, proof)
    disclosure_columns = (
        "日時",
        "種類",
        "送り手",
        "受け手",
        "情報区分",
        "根拠",
        "本人の同意",
        "結果",
        "理由",
        "検証",
    )
    tables = [
        _report_table("提供", disclosure_rows, disclosure_columns, (14, 16, 16, 16, 12, 22, 10, 9, 20, 9)),
        _report_table(
            "同意", consents(ledger, names), ("日時", "種別", "送り手", "受け手", "情報区分"), (1, 1, 2, 2, 3)
        ),
    ]
    if kind == "inquiry":
        opening_rows = openings(ledger, names, proof)
        notification_rows = [
            {"受理日": day_text(n["received_on"]), "通告者(符号)": n["token"] or "匿名"}
            for n in ledger["notifications"]
        ]
        tables += [
            _report_table(
                "閲覧",
                opening_rows,
                ("日時", "機関", "職員", "情報区分", "目的", "結果", "理由", "検証"),
                (3, 4, 4, 3, 4, 2, 4, 2),
            ),
            _report_table(
                "通告",
                notification_rows,
                ("受理日", "通告者(符号)"),
                (1, 3),
                if_none=NOTIFICATIONS_OMITTED if omits_notifications else "なし",
            ),
        ]
    cases = sorted({row["case"] for part in ("disclosures", "openings") for row in ledger[part]})
    lines = [
        f"時点: {time_text(at)}(日本時間) 事例: {', '.join(cases) or 'なし'}",
        f"提供 {len(disclosure_rows)} 件、閲覧 {len(ledger['openings'])} 件。内容は含みません。",
        f"台帳の要約値(SHA-256): {digest}",
    ]
    if conditions:
        lines.insert(
            0,
            f"絞り込んだ台帳です。{CONDITIONS}: {'、'.join(conditions)}。これに合わない記録は載せていません。",
        )
    return _pdf(TITLES[kind], lines, tables, origin=origin)


def family_pdf(rows: Iterable[FamilyListRow], names: Names, *, origin: SheetOrigin | None = None) -> bytes:
    """The list for the family. Its introduction is the same whatever rows it has."""
    lines = [
        {
            "月": f"{row.month:%Y年%-m月}",
            "提供した機関": names.get(str(row.by), ""),
            "提供を受けた機関": names.get(str(row.to), ""),
            "情報区分": "・".join(texts.section_text(s) for s in sorted(row.sections)),
        }
        for row in rows
    ]
    return _pdf(
        "情報提供の一覧(ご家族用)",
        list(INCOMPLETENESS_NOTICE),
        [_report_table("一覧", lines, ("月", "提供した機関", "提供を受けた機関", "情報区分"), (2, 4, 4, 5))],
        origin=origin,
    )


def _report_table(
    title: str, rows: Sequence[Row], head: Sequence[str], widths: Sequence[int], *, if_none: str = "なし"
) -> dict[str, Any]:
    return {
        "title": title,
        "head": list(head),
        "widths": list(widths),
        "rows": [[r[h] for h in head] for r in rows],
        "if_none": if_none,
    }


def _pdf(
    title: str, lines: list[str], tables: list[dict[str, Any]], *, origin: SheetOrigin | None = None
) -> bytes:
    """Raises as ``typeset``, but a character that the font lacks is printed as its code point, and the report says so."""
    missing: frozenset[str] = frozenset()
    notices: list[str] = []
    while True:
        replaced = [
            {**table, "rows": [[_with_code_points(cell, missing) for cell in row] for row in table["rows"]]}
            for table in tables
        ]
        try:
            content = {
                "title": title,
                "lines": [*lines, *notices],
                "tables": replaced,
                "origin": [] if origin is None else origin.lines(),
                "rehearsal": origin is not None and origin.is_rehearsal,
            }
            return typeset(TEMPLATE, content, cpu_seconds=REPORT_CPU_SECONDS)
        except MissingCharacters as error:
            if error.characters <= missing:
                raise
            missing |= error.characters
            notices = [CODE_POINT_NOTICE]


def _with_code_points(cell: str, missing: frozenset[str]) -> str:
    """The cell with each of these characters written as 〔U+1F3E0〕."""
    return "".join(f"〔U+{ord(c):04X}〕" if c in missing else c for c in cell)


def _formula_safe(cell: str) -> str:
    """The cell, with an apostrophe before it where it begins like a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
