"""The codes of a message as Japanese text, the same for its author and for its recipients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from domain.calendar import JST
from domain.indicators import INDICATORS
from gateway.pages import labels
from gateway.pages.texts import BASES, CONSENTS, FLAGS, SECTIONS

Names = Mapping[str, str]
Formatter = Callable[[Any, Names], str]


def _code_text(table: Mapping[str, str]) -> Formatter:
    return lambda value, names: table.get(value, value)


def _code_list_text(table: Mapping[str, str]) -> Formatter:
    return lambda value, names: "、".join(table.get(v, v) for v in value)


def _agency_list_text(value: Any, names: Names) -> str:
    return "、".join(names.get(v, "ほかの機関") for v in value)


def _boolean_text(yes: str, no: str) -> Formatter:
    return lambda value, names: yes if value else no


def _plain_text(value: Any, names: Names) -> str:
    return str(value)


def _local_time_text(value: Any, names: Names) -> str:
    at = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(JST).strftime("%Y-%m-%d %H:%M")


def _checklist_text(value: Any, names: Names) -> str:
    return "、".join(
        f"{labels.HANDOVER_ITEMS.get(i, i)}: {labels.HANDOVER_STATES.get(s, s)}" for i, s in value.items()
    )


def _scope_text(value: Any, names: Names) -> str:
    return "。".join(
        f"{names.get(row['recipient'], 'ほかの機関')}に{_code_list_text(SECTIONS)(row['sections'], names)}"
        for row in value
    )


def _withheld_text(value: Any, names: Names) -> str:
    return "。".join(
        SECTIONS[row["section"]]
        + (f"のうち{FLAGS[row['flag']]}" if row["flag"] else "")
        + f": {labels.GROUNDS.get(row['ground'], row['ground'])}"
        for row in value
    )


def _agency_name_text(value: Any, names: Names) -> str:
    return names.get(value, "ほかの機関")


def _concern_text(value: Any, names: Names) -> str:
    """The indicators of concern by name; no count and no score."""
    concerns = [
        indicator.label for indicator in INDICATORS if value.get(indicator.code) in ("CONCERN", "SERIOUS")
    ]
    return "、".join(concerns) or "なし"


def _plan_period_text(value: Any, names: Names) -> str:
    content = labels.PLAN_CONTENTS.get(value["content"], value["content"])
    until = value["plan_until"] or "終わりは定めない"
    return f"{content}、{value['plan_from']}〜{until}"


DISPLAYED_FIELDS: Mapping[str, tuple[str, Formatter]] = {
    "urgency": ("緊急度", _code_text(labels.URGENCIES)),
    "method": ("確かめ方", _code_text(labels.METHODS)),
    "child_seen": ("子ども本人の目視", _boolean_text("あり", "なし")),
    "received_at": ("受けた日時", _local_time_text),
    "standing": ("登録の区分", _code_text(labels.STANDINGS)),
    "reason": ("理由", _code_text(labels.REASON_LABELS)),
    "code": ("根拠", _code_text(BASES)),
    "recipients": ("伝える相手", _agency_list_text),
    "sections": ("情報区分", _code_list_text(SECTIONS)),
    "alternatives": ("先に考えたほかの方法", _code_list_text(labels.ALTERNATIVES)),
    "justified": ("事後の確認", _boolean_text("やむを得なかった", "認められない")),
    "planned_on": ("訪問する日", _plain_text),
    "moves_on": ("転居(予定)の日", _plain_text),
    "moved_on": ("転居した日", _plain_text),
    "checklist": ("点検表", _checklist_text),
    "received": ("受け取ったもの", _code_list_text(labels.HANDOVER_ITEMS)),
    "requester": ("請求した人", _code_text(labels.REQUESTERS)),
    "result": ("決定", _code_text({**labels.ACCESS_RESULTS, **labels.ELIGIBILITIES})),
    "withheld": ("開示しないもの", _withheld_text),
    "scope": ("同意の範囲", _scope_text),
    "requested_scope": ("尋ねた範囲", _scope_text),
    "capacity": ("同意した人", _code_text(labels.CAPACITIES)),
    "expires_at": ("同意の終わり", _local_time_text),
    "coerced": ("無理強いの疑い", _boolean_text("あり", "なし")),
    "review_on": ("見直す日", _plain_text),
    "outcome": ("結果", _code_text(labels.REFERRAL_OUTCOMES)),
    "due_on": ("回答の期限", _plain_text),
    "target_classes": ("対象者の区分", _code_list_text(labels.TARGET_CLASSES)),
    "support_type": ("支援の類型", _code_text(labels.SUPPORT_TYPES)),
    "specialist_needed": ("専門的な支援", _boolean_text("つなぐ必要がある", "必要ない")),
    "discharge_on": ("退所日", _plain_text),
    "indicators": ("気になる項目", _concern_text),
    "plan": ("計画", _plan_period_text),
    "plan_until": ("計画の最終日", _plain_text),
    "agency": ("訪問する機関", _agency_name_text),
    "worker": ("訪問支援者", _plain_text),
    "role": ("役割", _code_text(labels.VISITOR_ROLES)),
    "qualification": ("資格", _plain_text),
    "consulted": ("協議した機関", _agency_list_text),
    "goal_reached": ("目標", _boolean_text("届いた", "届いていない")),
    "environment_improved": ("養育の環境", _boolean_text("よくなった", "よくなっていない")),
    "closing_reason": ("終結の理由", _code_text(labels.CLOSING_REASONS)),
    "conditions": ("条件", _code_list_text(labels.CONDITIONS)),
    "until": ("最終日", _plain_text),
    "policy": ("保存の区分", _code_text(labels.RETENTIONS)),
    "ground": ("廃棄を止める理由", _code_text(labels.HOLD_GROUNDS)),
    "appraisal": ("評価", _code_text(labels.APPRAISALS)),
    "subject_consent": ("本人の同意", _code_text(CONSENTS)),
    "weeks_pregnant": ("妊娠週数", _plain_text),
    "stage": ("報告の段階", _code_text(labels.BREACH_STAGES)),
    "found_at": ("気づいた日時", _local_time_text),
    "leaked": ("漏れた情報区分", _code_list_text(SECTIONS)),
    "persons": ("本人の人数", _plain_text),
    "subjects_informed": ("本人への通知", _boolean_text("済み", "まだ")),
}
"""Field of control -> label and formatter, in the order in which a page shows them. Other fields are not shown."""


def summary_rows(message: Mapping[str, Any], names: Names) -> Iterator[tuple[str, str]]:
    """Label and text of each displayed field of this message."""
    values = {"reason": message.get("reason"), **message.get("fields", {})}
    for name, (label, text) in DISPLAYED_FIELDS.items():
        value = values.get(name)
        if value not in (None, [], {}, ""):
            yield label, text(value, names)
