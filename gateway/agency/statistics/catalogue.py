"""Which tables there are, what their rows are, and what an entry counts as. Each table has two dimensions at most: what is
counted, and when.

Basis: guideline 2, 6, 7, 10; CWA 25-2(2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from domain.case_statistics import (
    UNKNOWN,
    CasePhase,
    EntryKind,
    ReferralRoute,
    SafetyCheckOutcome,
    VisitOutcome,
)
from gateway.pages import labels

TOTAL = "TOTAL"
ALL = {TOTAL: "計"}


class Form(Enum):
    """How the rows of a table hang together."""

    PARTS = "PARTS"  # each count is in exactly one row, and the rows make the total
    SEVERAL = "SEVERAL"  # a count can be in several rows
    ALONE = "ALONE"  # there is only a total
    COURSE = "COURSE"  # what begins and ends in a period, and what is open at its end
    AT_ISSUE = "AT_ISSUE"  # as it is on the day of issue


@dataclass(frozen=True)
class Table:
    """``rows``: code -> label; ``total``: the cell row that its total is, which another table may have too; ``note``: what a
    reader must know."""

    key: str
    title: str
    unit: str
    rows: Mapping[str, str]
    form: Form = Form.PARTS
    total: str = ""
    note: str = ""

    @property
    def total_row(self) -> str:
        return self.total or f"{self.key}/{TOTAL}"

    def row(self, code: str) -> str:
        """The name of this row in cells, which are ``table/row/period``."""
        return f"{self.key}/{code}"


UNSEEN = {UNKNOWN: "不明"}
ROUTE_LABELS: Mapping[ReferralRoute, str] = {
    ReferralRoute.INFANT_HOME_VISIT: "乳児家庭全戸訪問",
    ReferralRoute.CHILD_GUIDANCE_CENTRE: "児童相談所からの通知",
    ReferralRoute.NOTIFICATION: "通告",
    ReferralRoute.FORWARDED: "転送された通告",
    ReferralRoute.STAFF_ABUSE: "施設職員等による虐待の通報",
    ReferralRoute.MEDICAL: "医療機関の情報提供",
    ReferralRoute.SCHOOL: "学校の情報提供",
    ReferralRoute.WELFARE_FACILITY: "保育所・福祉施設の情報提供",
    ReferralRoute.LOCAL_GOVERNMENT: "地方公共団体の情報提供",
    ReferralRoute.OTHER: "その他の情報提供",
    ReferralRoute.OWN: "自機関での把握",
}
SAFETY_LABELS: Mapping[SafetyCheckOutcome, str] = {
    SafetyCheckOutcome.MET: "期限内に安全確認",
    SafetyCheckOutcome.LATE: "期限を過ぎた",
    SafetyCheckOutcome.WAITING: "期限前・確認待ち",
}
VISIT_LABELS: Mapping[VisitOutcome, str] = {
    VisitOutcome.CHILD_SEEN: "実施(子どもを見た)",
    VisitOutcome.CHILD_NOT_SEEN: "実施(子どもは見ていない)",
    VisitOutcome.NOBODY_MET: "不在",
    VisitOutcome.REFUSED: "拒否",
}
PHASE_LABELS: Mapping[CasePhase, str] = {
    CasePhase.RECEIVED: "受理・調査中",
    CasePhase.ELIGIBLE: "対象決定済み",
    CasePhase.SUPPORTED: "支援中",
}
AGE_BANDS = {
    "UNBORN": "出生前",
    "0": "0歳",
    "1": "1〜2歳",
    "3": "3〜5歳",
    "6": "6〜11歳",
    "12": "12〜14歳",
    "15": "15〜17歳",
    "18": "18歳以上",
    UNKNOWN: "年齢不明",
}
DAY_BANDS = {"0": "7日以内", "8": "8〜14日", "15": "15〜28日", "29": "29〜60日", "61": "61日以上"}
BEGUN, REOPENED, HANDED_OVER = "BEGUN", "REOPENED", "HANDED_OVER"
ADDED, REMOVED = "ADDED", "REMOVED"
COURSE_LABELS = {
    BEGUN: "担当の開始",
    REOPENED: "再開",
    HANDED_OVER: "引継ぎによる終了",
    ADDED: "訂正による増",
    REMOVED: "訂正による減",
}


def _texts(table: Mapping[Any, str]) -> dict[str, str]:
    return {str(code): text for code, text in table.items()}


REFERRALS = Table("referrals", "受理した情報提供・通告(経路別)", "件", _texts(ROUTE_LABELS))
SENT = Table("sent", "送った情報提供・通告", "件", _texts(ROUTE_LABELS))
SAFETY = Table(
    "safety",
    "通告後の安全確認",
    "件",
    _texts(SAFETY_LABELS),
    total=REFERRALS.row(ReferralRoute.NOTIFICATION),
    note="期限は、ルールブックの安全確認の時間(48時間)です。きょうだいのうち一人でも期限を過ぎれば「期限を過ぎた」です。",
)
AGES = Table(
    "ages",
    "受理した情報提供・通告の子ども(年齢別)",
    "人",
    AGE_BANDS,
    note="連絡のなかで名指しされた子どもを、連絡ごとに数えます。生年月を窓口の索引で確かめられない子どもは「年齢不明」です。",
)
REGISTRATIONS = Table("registrations", "要対協への登録(区分別)", "件", {**_texts(labels.STANDINGS), **UNSEEN})
ASSESSED = Table(
    "assessed", "初めての指標評価に記した経路", "件", {**_texts(labels.ROUTES), UNKNOWN: "記載なし"}
)
ELIGIBILITY = Table("eligibility", "対象決定の結果", "件", _texts(labels.ELIGIBILITIES))
CLASSES = Table(
    "classes",
    "対象とした決定の区分",
    "件",
    _texts(labels.TARGET_CLASSES),
    Form.SEVERAL,
    total=ELIGIBILITY.row("ELIGIBLE"),
    note="一つの決定が複数の区分に入ることがあります。",
)
FIRST_VISITS = Table(
    "first_visits", "担当の開始から初回訪問までの日数", "件", DAY_BANDS, note="初回訪問のあった月に数えます。"
)
PLANNED = Table("planned", "訪問の予定", "件", {}, Form.ALONE, note="延期の予定も1件です。")
VISITS = Table("visits", "訪問の結果", "件", {**_texts(VISIT_LABELS), **UNSEEN})
CLOSINGS = Table("closings", "終結の理由", "件", {**_texts(labels.CLOSING_REASONS), **UNSEEN})
FOLLOW_ONS = Table(
    "follow_ons",
    "終結後の支援",
    "件",
    {**_texts(labels.FOLLOW_ONS), UNKNOWN: "記載なし・不明"},
    total=CLOSINGS.total_row,
)
COURSE = Table(
    "course",
    "担当する事例の動きと、期末の段階",
    "件",
    {**COURSE_LABELS, **_texts(PHASE_LABELS)},
    Form.COURSE,
    note="期末の件数は、その期間の最後の日(期間の途中では今日)に担当していた事例です。"
    "訂正は、前に発行した期末の数との差で、発行のときだけ数えます。",
)
VISITORS = Table(
    "visitors",
    "訪問支援者の研修・誓約等",
    "人",
    {"READY": "そろっている", "LACKING": "足りないものがある"},
    Form.AT_ISSUE,
)
MODULES = Table(
    "modules",
    "訪問支援者の研修の科目(有効なもの・省略を含む)",
    "人",
    _texts(labels.MODULES),
    Form.AT_ISSUE,
    total=VISITORS.total_row,
    note="一人が複数の科目に入ります。",
)
TABLES = (
    REFERRALS,
    SENT,
    AGES,
    SAFETY,
    REGISTRATIONS,
    ASSESSED,
    ELIGIBILITY,
    CLASSES,
    FIRST_VISITS,
    PLANNED,
    VISITS,
    COURSE,
    CLOSINGS,
    FOLLOW_ONS,
    VISITORS,
    MODULES,
)
BY_KIND: Mapping[EntryKind, Table] = {
    EntryKind.REFERRAL: REFERRALS,
    EntryKind.REFERRAL_SENT: SENT,
    EntryKind.SAFETY_CHECK: SAFETY,
    EntryKind.REGISTRATION: REGISTRATIONS,
    EntryKind.ASSESSED_ROUTE: ASSESSED,
    EntryKind.ELIGIBILITY: ELIGIBILITY,
    EntryKind.TARGET_CLASS: CLASSES,
    EntryKind.FIRST_VISIT: FIRST_VISITS,
    EntryKind.VISIT_PLANNED: PLANNED,
    EntryKind.VISIT: VISITS,
    EntryKind.CASE_CLOSED: CLOSINGS,
    EntryKind.FOLLOW_ON: FOLLOW_ONS,
}
"""In which table an entry of this kind counts, in the row of its code."""
COURSE_ROWS: Mapping[EntryKind, str] = {
    EntryKind.CASE_BEGUN: BEGUN,
    EntryKind.CASE_REOPENED: REOPENED,
    EntryKind.CASE_HANDED_OVER: HANDED_OVER,
}
