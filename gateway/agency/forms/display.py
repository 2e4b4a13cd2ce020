"""The codes of a message as Japanese text, the same for its author and for its recipients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain.indicators import INDICATORS, Indicator, Reading, read_indicators
from gateway.pages import labels
from gateway.pages.dates import day_text, time_text
from gateway.pages.texts import BASES, CONSENTS, FLAGS, SECTIONS

Names = Mapping[str, str]
Formatter = Callable[[Any, Names], str]


def _code_text(table: Mapping[str, str]) -> Formatter:
    return lambda value, names: table.get(value, value)


def _code_list_text(table: Mapping[str, str]) -> Formatter:
    return lambda value, names: "、".join(table.get(v, v) for v in value)


def _agency_list_text(value: Any, names: Names) -> str:
    return "、".join(names.get(v, "ほかの機関") for v in value)


def _child_list_text(value: Any, names: Names) -> str:
    return "、".join(sorted({names.get(v, "子ども") for v in value}))


def _boolean_text(yes: str, no: str) -> Formatter:
    return lambda value, names: yes if value else no


def _given_text(text: str) -> Formatter:
    """One text, whatever the value: that it is there says it."""
    return lambda value, names: text


def _plain_text(value: Any, names: Names) -> str:
    """A day as offices write it, anything else as it is."""
    return day_text(str(value))


def local_time_text(value: Any, names: Names) -> str:
    """A time in Japan, to the minute."""
    return time_text(str(value))


def _checklist_text(value: Any, names: Names) -> str:
    return "、".join(
        f"{labels.HANDOVER_ITEMS.get(i, i)}: {labels.HANDOVER_STATES.get(s, s)}" for i, s in value.items()
    )


def _states_text(value: Any, names: Names) -> str:
    return "、".join(
        f"{labels.PARENTS.get(parent, parent)}: {labels.AUTHORITY_STATES.get(state, state)}"
        for parent, state in value.items()
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


def _indicators_text(value: Any, names: Names) -> str:
    """What was seen, by name: no count and no score, and never «no concern» for what nobody looked at."""
    reading = read_indicators(value)
    groups = (
        ("気になる", [_concern_label(indicator, value) for indicator in reading.concerns]),
        ("強み", [indicator.label for indicator in reading.strengths]),
        ("気になるところはない", [indicator.label for indicator in reading.no_concern]),
        ("分からない", [indicator.label for indicator in reading.unknown]),
        ("見ていない", _not_assessed_labels(reading)),
    )
    return "。".join(f"{name}: {'、'.join(listed)}" for name, listed in groups if listed)


def _concern_label(indicator: Indicator, value: Any) -> str:
    """A strength that is wanting is a concern by its own words."""
    wanting = indicator.polarity == "protective"
    texts = labels.STRENGTH_VALUES if wanting else labels.INDICATOR_VALUES
    degree = value[indicator.code]
    return f"{indicator.label}({texts[degree]})" if wanting or degree == "SERIOUS" else indicator.label


def _not_assessed_labels(reading: Reading) -> list[str]:
    listed = [indicator.label for indicator in reading.not_assessed]
    return listed if len(listed) <= len(INDICATORS) // 2 else ["ここに挙げていない項目すべて"]


def _involved_text(value: Any, names: Names) -> str:
    """Involved agencies: those with a door by name, the others by what they are."""
    return "、".join(
        f"{_agency_of(row, names)}({labels.INVOLVEMENTS.get(row['involvement'], row['involvement'])}"
        f"{'、担当者の記載あり' if row['contact_named'] else ''})"
        for row in value
    )


def _agency_of(row: Mapping[str, Any], names: Names) -> str:
    if row["agency"] is not None:
        return names.get(row["agency"], "ほかの機関")
    return labels.BODIES.get(row["body"], "ほかの機関")


def _reasons_by_agency(table: Mapping[str, str]) -> Formatter:
    return lambda value, names: "、".join(
        f"{names.get(agency, 'ほかの機関')}({table.get(why, why)})" for agency, why in value.items()
    )


def _plan_period_text(value: Any, names: Names) -> str:
    content = labels.PLAN_CONTENTS.get(value["content"], value["content"])
    until = day_text(value["plan_until"]) or "終わりは定めない"
    more = (
        ("担当", _code_list_text(labels.PLAN_MAKERS)(value["made_by"], names)),
        ("支援の種類", _code_list_text(labels.FAMILY_SERVICES)(value["services"], names)),
        ("説明した日", day_text(value["explained_on"])),
        ("家族の同意", labels.PLAN_AGREEMENTS.get(value["agreement"], "")),
    )
    return "。".join(
        (
            f"{content}、{day_text(value['plan_from'])}〜{until}",
            *(f"{name}: {text}" for name, text in more if text),
        )
    )


DISPLAYED_FIELDS: Mapping[str, tuple[str, Formatter]] = {
    "children": ("子ども", _child_list_text),
    "place": ("居所", _code_text(labels.CHILD_PLACES)),
    "placed_on": ("いつから", _plain_text),
    "known_from": ("知らせた機関", _agency_name_text),
    "returned_from": ("どこから", _code_text(labels.CHILD_PLACES)),
    "returned_on": ("帰宅した日", _plain_text),
    "released_by": ("解除した児童相談所", _agency_name_text),
    "parent": ("亡くなった人", _code_text(labels.CAREGIVERS)),
    "died_on": ("亡くなった日", _plain_text),
    "urgency": ("緊急度", _code_text(labels.URGENCIES)),
    "method": ("確かめ方", _code_text(labels.METHODS)),
    "search_step": ("調査の方法", _code_text(labels.SEARCH_STEPS)),
    "search_result": ("調査の結果", _code_text(labels.SEARCH_RESULTS)),
    "located_by": ("居所の確かめ方", _code_text(labels.LOCATED_BY)),
    "last_seen_on": ("最後に姿が確認された日", _plain_text),
    "renews": ("延長・変更", _boolean_text("以前の制限に代わるもの", "新しい制限")),
    "contacts": ("制限するもの", _code_list_text(labels.FORBIDDEN_CONTACTS)),
    "child_seen": ("子ども本人の目視", _boolean_text("あり", "なし")),
    "facility": ("虐待が疑われる施設", _agency_name_text),
    "channel": ("受けた方法", _code_text(labels.CHANNELS)),
    "received_at": ("受けた日時", local_time_text),
    "standing": ("登録の区分", _code_text(labels.STANDINGS)),
    "reason": ("理由", _code_text(labels.REASON_LABELS)),
    "code": ("根拠", _code_text(BASES)),
    "participants": ("出席した機関", _agency_list_text),
    "requesting_agency": ("照会・嘱託した機関", _agency_name_text),
    "requested_on": ("照会・嘱託の日", _plain_text),
    "recipients": ("提供先", _agency_list_text),
    "sections": ("情報区分", _code_list_text(SECTIONS)),
    "alternatives": ("先に考えたほかの方法", _code_list_text(labels.ALTERNATIVES)),
    "justified": ("事後の確認", _boolean_text("やむを得なかった", "認められない")),
    "planned_on": ("訪問する日", _plain_text),
    "replaces": ("予定の変更", _given_text("前の予定から日を改めた")),
    "visit": ("予定", _given_text("予定していた訪問")),
    "withheld_from": ("提供しない相手", _agency_list_text),
    "moves_on": ("転居(予定)の日", _plain_text),
    "other": ("結び付けた事例", lambda value, names: f"事例 {str(value)[:8]}"),
    "stays_since": ("滞在を始めた日", _plain_text),
    "returns_on": ("帰宅の予定の日", _plain_text),
    "moved_on": ("転居した日", _plain_text),
    "checklist": ("点検表", _checklist_text),
    "received": ("受け取ったもの", _code_list_text(labels.HANDOVER_ITEMS)),
    "requester": ("請求した人", _code_text(labels.REQUESTERS)),
    "result": (
        "結果",
        _code_text(
            {
                **labels.ACCESS_RESULTS,
                **labels.ELIGIBILITIES,
                **labels.STAFF_ABUSE_RESULTS,
                **labels.FAULT_ANSWERS,
            }
        ),
    ),
    "item": ("読めない項目", _given_text("この連絡の項目")),
    "fault": ("読めない理由", _code_text(labels.CONTENT_FAULTS)),
    "withheld": ("開示しないもの", _withheld_text),
    "scope": ("同意の範囲", _scope_text),
    "requested_scope": ("尋ねた範囲", _scope_text),
    "capacity": ("同意した人", _code_text(labels.CAPACITIES)),
    "given_by": ("同意した親", _code_list_text(labels.PARENTS)),
    "sole_holder": ("ほかの親権者", _boolean_text("いない(単独親権)", "いる、または述べていない")),
    "states": ("親権の状況", _states_text),
    "suspended_until": ("停止の最終日", _plain_text),
    "expires_at": ("同意の終わり", local_time_text),
    "coerced": ("無理強いの疑い", _boolean_text("あり", "なし")),
    "review_on": ("見直す日", _plain_text),
    "outcome": ("結果", _code_text(labels.REFERRAL_OUTCOMES)),
    "due_on": ("回答の期限", _plain_text),
    "target_classes": ("対象者の区分", _code_list_text(labels.TARGET_CLASSES)),
    "support_type": ("支援の類型", _code_text(labels.SUPPORT_TYPES)),
    "specialist_needed": ("専門的な支援", _boolean_text("つなぐ必要がある", "必要ない")),
    "discharge_on": ("退所日", _plain_text),
    "indicators": ("指標", _indicators_text),
    "route": ("把握の経路", _code_text(labels.ROUTES)),
    "involved": ("関与機関", _involved_text),
    "home_visit_report": ("全戸訪問の報告", _code_text(labels.SUPPORT_NEEDS)),
    "support_need": ("支援の必要性", _code_text(labels.SUPPORT_NEEDS)),
    "plan": ("計画", _plan_period_text),
    "service": ("家庭支援事業", _code_text(labels.FAMILY_SERVICES)),
    "answer": ("家族の答え", _code_text(labels.SERVICE_ANSWERS)),
    "begins_on": ("利用の始まり", _plain_text),
    "ends_on": ("利用の終わり", _plain_text),
    "handed_on": ("計画を渡した日", _plain_text),
    "handover": ("渡し方", _code_text(labels.PLAN_HANDOVERS)),
    "agreement": ("家族の同意", _code_text(labels.PLAN_AGREEMENTS)),
    "plan_until": ("計画の最終日", _plain_text),
    "agency": ("訪問する機関", _agency_name_text),
    "worker": ("訪問支援者", _plain_text),
    "role": ("役割", _code_text(labels.VISITOR_ROLES)),
    "qualification": ("資格", _plain_text),
    "consulted": ("協議した機関", _agency_list_text),
    "not_consulted": ("尋ねられなかった機関", _reasons_by_agency(labels.NOT_CONSULTED)),
    "goal_reached": ("目標", _boolean_text("届いた", "届いていない")),
    "environment_improved": ("養育の環境", _boolean_text("よくなった", "よくなっていない")),
    "closing_reason": ("終結の理由", _code_text(labels.CLOSING_REASONS)),
    "follow_on": ("終結の後", _code_text(labels.FOLLOW_ONS)),
    "conditions": ("条件", _code_list_text(labels.CONDITIONS)),
    "until": ("最終日", _plain_text),
    "policy": ("保存の区分", _code_text(labels.RETENTIONS)),
    "ground": ("廃棄を止める理由", _code_text(labels.HOLD_GROUNDS)),
    "unavoidable_reason": ("やむを得ない事由", _code_text(labels.UNAVOIDABLE_REASONS)),
    "appraisal": ("評価", _code_text(labels.APPRAISALS)),
    "subject_consent": ("本人の同意", _code_text(CONSENTS)),
    "weeks_pregnant": ("妊娠週数", _plain_text),
    "exception": ("知らせない理由", _code_text(labels.NOTICE_EXCEPTIONS)),
    "detected_at": ("気づいた日時", local_time_text),
    "intent": ("不正の目的のおそれ", _code_text(labels.BREACH_INTENTS)),
    "stage": ("報告の段階", _code_text(labels.BREACH_STAGES)),
    "found_at": ("気づいた日時", local_time_text),
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
