"""What an auditor reads for codes, ids and places of the record. No code reaches a page or a table: what is not known here
is named as that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain import error_codes
from domain.notifier_protection import NAMELESS
from domain.reasons import Reason
from domain.record import AUDIT
from gateway.audit.exception_texts import exception_text
from gateway.pages import labels, texts

CASE_DIGITS = 8
UNKNOWN_REASON = "この画面の知らない理由"
READING_REASONS: Mapping[str, str] = {
    "NOT_YOURS": "この項目の書き手でも宛先でもなく、閲覧できる立場にない機関による閲覧",
    "AUDITOR_OPENS_NOTHING": "二人の承認のない、監査による内容の閲覧",
    "RULES_NOT_ACKNOWLEDGED": "守秘規程の周知確認をしていない職員による閲覧",
    "HELD": "委託先が停止中のため、保留されている項目の閲覧",
    "DESTROYED": "保存期間が満了し、廃棄された項目の閲覧",
    "USE_STOPPED": "利用を停止した連絡の閲覧",
    "CONSENT_WITHDRAWN": "同意の撤回により、閲覧できなくなった項目の閲覧",
    "CONTRACTOR_SUSPENDED": "停止中の委託先による閲覧",
    "CONTRACTOR_NOT_COMMISSIONED": "有効な委託契約のない機関による閲覧",
    "CONTRACTOR_NOT_ASSIGNED": "この事例に割り当てのない委託先による閲覧",
    "CONTRACTOR_NOT_READY": "要件(研修・誓約書など)のそろっていない委託先による閲覧",
    "CASE_CLOSED": "終結した事例の、委託先による閲覧",
    "WORKER_NOT_READY": "研修または誓約書が有効でない訪問支援者による閲覧",
    "NOTHING_TO_REBUILD": "事例索引の作り直しの対象でない項目の、作り直しのための閲覧",
    "PURPOSE_OF_OPENINGS": "事例索引の作り直しを目的とした、ほかの閲覧",
    "ACCESS_EXPIRED": "閲覧の期限が過ぎた後の閲覧",
    "NOT_A_PERSON": "人が行うべき閲覧の、システムによる試み",
}
"""Why a reading was refused, in the auditor's words: the reader itself is answered «見つかりません» alone."""

_ID = re.compile(r"[0-9a-f-]{36}")
_PARTIES = {NAMELESS: "通告者", str(AUDIT): "監査", "HUB": "架け橋(自動)", "REGISTRARS": "登録責任者"}
_PLACES = {"case": "事例", "command": "受付番号", "positions": "記録の位置", "position": "記録の位置"}


def reason_words(code: object) -> str:
    """A reason of the rules, one that somebody chose, or an error of a door; empty for none."""
    if not code:
        return ""
    key = str(code)
    known = texts.REASONS.get(key) or labels.REASON_LABELS.get(key)
    if known is not None:
        return known.rstrip("。")
    row = error_codes.find(key.rsplit("/", 1)[-1])  # a door reports category and code
    return UNKNOWN_REASON if row is None else row.meaning_ja.rstrip("。")


def reading_reason_words(code: object) -> str:
    """Why a reading was refused, as it was decided."""
    return READING_REASONS.get(str(code)) or reason_words(code)


def refusal_words(code: object, at_fault: object = None, names: Mapping[str, str] | None = None) -> str:
    """Why a disclosure was refused, and for which addressee."""
    text = "宛先になれない、または手続きできない立場" if code == Reason.NOT_YOURS else reason_words(code)
    return f"{text}({party_words(at_fault, names or {})})" if at_fault and text else text


def party_words(party: object, names: Mapping[str, str]) -> str:
    """An agency by its name, a notifier by the token; empty for nobody."""
    if not party:
        return ""
    key = str(party)
    if key in names:
        return names[key]
    if key in _PARTIES:
        return _PARTIES[key]
    return "名簿にない機関" if _ID.fullmatch(key) else f"通告者(符号 {key})"


def actor_words(agency: object, actor: str) -> str:
    """Who of an agency: its reference. Nobody of an agency that is shown under its token. Basis: CAPA 7."""
    if agency == AUDIT:
        return "監査機関"
    return actor if _ID.fullmatch(str(agency)) else ""


def basis_words(code: object) -> str:
    """A legal basis; empty for none."""
    return texts.BASES.get(str(code), "規則集に加えられた根拠") if code else ""


def act_words(topic: object) -> str:
    """What happened; empty for nothing."""
    return texts.ACTS.get(str(topic), "この画面の知らない出来事") if topic else ""


def exception_words(kind: str) -> str:
    """A kind of exception."""
    text = exception_text(kind)
    return "この画面の知らない例外" if text == kind else text


def case_words(case: object) -> str:
    """How a case is called: the first digits of its number."""
    return str(case)[:CASE_DIGITS]


def place_words(position: int | None, where: str) -> str:
    """Where a finding of a verification is: the position in the record, and the case or command it is about."""
    kind, _, id_ = where.partition(" ")
    named = f"{_PLACES[kind]} {case_words(id_) if kind == 'case' else id_}" if kind in _PLACES and id_ else ""
    at = "" if position is None or kind.startswith("position") else f"記録の位置 {position}"
    return "、".join(text for text in (at, named.replace(" to ", "〜")) if text)


def finding_words(code: str) -> str:
    """What a finding of a verification means."""
    return texts.finding_text(code) or "この画面の知らない異常"
