"""What a message says in codes, as people read it: the same words on the page of who wrote it and of who was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from domain.calendar import JST
from domain.indicators import INDICATORS
from gateway.pages import labels
from gateway.pages.texts import BASES, CONSENTS, FLAGS, SECTIONS

Names = Mapping[str, str]
Text = Callable[[Any, Names], str]


def _code(table: Mapping[str, str]) -> Text:
    return lambda value, names: table.get(value, value)


def _codes(table: Mapping[str, str]) -> Text:
    return lambda value, names: "、".join(table.get(v, v) for v in value)


def _agencies(value: Any, names: Names) -> str:
    return "、".join(names.get(v, "ほかの機関") for v in value)


def _yes(yes: str, no: str) -> Text:
    return lambda value, names: yes if value else no


def _plain(value: Any, names: Names) -> str:
    return str(value)


def _time(value: Any, names: Names) -> str:
    at = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(JST).strftime("%Y-%m-%d %H:%M")


def _checklist(value: Any, names: Names) -> str:
    return "、".join(
        f"{labels.HANDOVER_ITEMS.get(i, i)}: {labels.HANDOVER_STATES.get(s, s)}" for i, s in value.items()
    )


def _scope(value: Any, names: Names) -> str:
    return "。".join(
        f"{names.get(row['recipient'], 'ほかの機関')}に{_codes(SECTIONS)(row['sections'], names)}"
        for row in value
    )


def _withheld(value: Any, names: Names) -> str:
    return "。".join(
        SECTIONS[row["section"]]
        + (f"のうち{FLAGS[row['flag']]}" if row["flag"] else "")
        + f": {labels.GROUNDS.get(row['ground'], row['ground'])}"
        for row in value
    )


def _agency(value: Any, names: Names) -> str:
    return names.get(value, "ほかの機関")


def _indicators(value: Any, names: Names) -> str:
    """What worries, by name; no count and no score."""
    worrying = [one.label for one in INDICATORS if value.get(one.code) in ("CONCERN", "SERIOUS")]
    return "、".join(worrying) or "なし"


def _plan(value: Any, names: Names) -> str:
    content = labels.PLAN_CONTENTS.get(value["content"], value["content"])
    until = value["plan_until"] or "終わりは定めない"
    return f"{content}、{value['plan_from']}〜{until}"


SHOWN: Mapping[str, tuple[str, Text]] = {
    "urgency": ("緊急度", _code(labels.URGENCIES)),
    "method": ("確かめ方", _code(labels.METHODS)),
    "child_seen": ("子ども本人の目視", _yes("あり", "なし")),
    "received_at": ("受けた日時", _time),
    "standing": ("登録の区分", _code(labels.STANDINGS)),
    "reason": ("理由", _code(labels.WHYS)),
    "code": ("根拠", _code(BASES)),
    "recipients": ("伝える相手", _agencies),
    "sections": ("情報区分", _codes(SECTIONS)),
    "alternatives": ("先に考えたほかの方法", _codes(labels.ALTERNATIVES)),
    "justified": ("事後の確認", _yes("やむを得なかった", "認められない")),
    "planned_on": ("訪問する日", _plain),
    "moves_on": ("転居(予定)の日", _plain),
    "moved_on": ("転居した日", _plain),
    "checklist": ("点検表", _checklist),
    "received": ("受け取ったもの", _codes(labels.HANDOVER_ITEMS)),
    "requester": ("請求した人", _code(labels.REQUESTERS)),
    "result": ("決定", _code({**labels.ACCESS_RESULTS, **labels.ELIGIBILITIES})),
    "withheld": ("開示しないもの", _withheld),
    "scope": ("同意の範囲", _scope),
    "asked_for": ("尋ねた範囲", _scope),
    "capacity": ("同意した人", _code(labels.CAPACITIES)),
    "expires_at": ("同意の終わり", _time),
    "coerced": ("無理強いの疑い", _yes("あり", "なし")),
    "review_on": ("見直す日", _plain),
    "outcome": ("結果", _code(labels.REFERRAL_OUTCOMES)),
    "due_on": ("回答の期限", _plain),
    "target_classes": ("対象者の区分", _codes(labels.TARGET_CLASSES)),
    "support_type": ("支援の類型", _code(labels.SUPPORT_TYPES)),
    "specialist_needed": ("専門的な支援", _yes("つなぐ必要がある", "必要ない")),
    "discharge_on": ("退所日", _plain),
    "indicators": ("気になる項目", _indicators),
    "plan": ("計画", _plan),
    "plan_until": ("計画の最終日", _plain),
    "agency": ("訪問する機関", _agency),
    "worker": ("訪問支援者", _plain),
    "role": ("役割", _code(labels.VISITOR_ROLES)),
    "qualification": ("資格", _plain),
    "consulted": ("協議した機関", _agencies),
    "goal_reached": ("目標", _yes("届いた", "届いていない")),
    "environment_improved": ("養育の環境", _yes("よくなった", "よくなっていない")),
    "closing_reason": ("終結の理由", _code(labels.CLOSING_REASONS)),
    "conditions": ("条件", _codes(labels.CONDITIONS)),
    "until": ("最終日", _plain),
    "policy": ("保存の区分", _code(labels.RETENTIONS)),
    "ground": ("廃棄を止める理由", _code(labels.HOLD_GROUNDS)),
    "appraisal": ("評価", _code(labels.APPRAISALS)),
    "subject_consent": ("本人の同意", _code(CONSENTS)),
    "weeks_pregnant": ("妊娠週数", _plain),
    "stage": ("報告の段階", _code(labels.BREACH_STAGES)),
    "found_at": ("気づいた日時", _time),
    "leaked": ("漏れた情報区分", _codes(SECTIONS)),
    "persons": ("本人の人数", _plain),
    "told": ("本人への通知", _yes("済み", "まだ")),
}
"""Fields of control that a page shows, in this order; what is not here stays in the record."""


def said(message: Mapping[str, Any], names: Names) -> Iterator[tuple[str, str]]:
    """What this message says beside its parties: label and words."""
    known = {"reason": message.get("reason"), **message.get("fields", {})}
    for name, (label, text) in SHOWN.items():
        value = known.get(name)
        if value not in (None, [], {}, ""):
            yield label, text(value, names)
