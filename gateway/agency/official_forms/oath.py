"""誓約書 of a visitor: programme data, no content. Basis: guideline 8[3]; CWA 21-10-2; CWA 25-5; CWA 61-3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents
from gateway.agency.official_forms.control import Control, shown
from gateway.agency.official_forms.layout import (
    Block,
    Cell,
    Cells,
    Paragraphs,
    PrintedForm,
    Sheet,
    Signature,
)
from gateway.pages.labels import EMPLOYMENTS

PROMISES = (
    "1 この事業で知り得た秘密を、正当な理由なく漏らしません。この職を退いた後も同じです。",
    "2 この事業で知り得た情報を、この事業の目的以外に使いません。",
    "3 記録・書類・データを、許可なく複写し、持ち出し、または他人に見せません。",
    "4 職を退くとき、または求められたときは、預かった記録・書類・データを直ちに返し、または指示により廃棄します。",
    "5 漏えい・紛失・盗難などの事故、またはそのおそれに気づいたときは、直ちに報告し、指示に従います。",
)
LAWS = (
    "私は、次の規定を理解しています。",
    "・児童福祉法第21条の10の2第4項(事業の委託を受けた者の秘密保持義務)",
    "・児童福祉法第25条の5(要保護児童対策地域協議会の構成員などの秘密保持義務)",
    "・児童福祉法第61条の3(これらの規定に違反したときは、1年以下の拘禁刑または50万円以下の罰金)",
    "・個人情報の保護に関する法律第67条(従事者の義務。職を退いた後を含む)、第176条・第180条(罰則)",
)


def oath(contents: Contents, control: Control) -> PrintedForm:
    """誓約書. ``control.programme``: the commission and the worker, as the hub answers them."""
    commission: Mapping[str, Any] = control.programme.get("commission", {})
    worker: Mapping[str, Any] = control.programme.get("worker", {})
    until = worker.get("sworn_until")
    title = "誓約書"
    blocks: list[Block] = [
        Paragraphs([f"{control.agency_name(commission.get('commissioner'))} 御中"], size="large"),
        Paragraphs(["私は、養育支援訪問事業に従事するにあたり、次のことを誓約します。"]),
        Paragraphs(PROMISES),
        Paragraphs(LAWS),
        Cells(
            "",
            [
                [Cell("訪問支援者の番号", str(worker.get("worker", "")))],
                [Cell("所属", control.agency_name(commission.get("contractor")))],
                [
                    Cell("勤務", EMPLOYMENTS.get(str(worker.get("employment")), "")),
                    Cell("職種・資格", str(worker.get("qualification") or "")),
                ],
                [Cell("有効期間", f"{shown('until', until, {})} まで" if until else "")],
            ],
            label_width=36,
        ),
        Signature(
            [
                ("日付", common.BLANK_DAY, False),
                ("住所", "", False),
                ("氏名(自署)", "", True),
            ],
        ),
    ]
    return common.printed(title, [Sheet(title, blocks)], contents, control, easy=True)
