"""Codes: what else a story may call one, and the code that the product has for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, get_args, get_type_hints

from domain import events as e
from domain.codes import Alternative, Finding
from gateway.rehearsal.scenario.fields.values import as_list, first_given
from keys.fields import CODE

ELIGIBLE = ("ELIGIBLE", "YES", "TARGET", "対象", "対象とする")


_CODE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "LEGAL_REPRESENTATIVE": ("GUARDIAN", "PARENT", "FATHER", "MOTHER", "法定代理人", "保護者", "父", "母"),
    "GUARDIAN": ("PARENT", "FATHER", "MOTHER", "LEGAL_REPRESENTATIVE", "法定代理人", "保護者", "父", "母"),
    "GUARDIANS_JOINTLY": (
        *("BOTH_PARENTS", "PARENTS", "JOINT", "JOINT_GUARDIANS", "BOTH_GUARDIANS", "GUARDIANS"),
        *("JOINT_CUSTODY", "父母", "両親", "共同親権者"),
    ),
    "MINOR_GUARDIAN": ("LEGAL_GUARDIAN", "未成年後見人"),
    "CGC_DIRECTOR": ("児童相談所長",),
    "FACILITY_HEAD": ("施設長",),
    "SELF": ("SUBJECT", "PERSON", "CHILD", "CAREGIVER", "PREGNANT_MINOR", "本人"),
    "SHORT_INTENSIVE": ("SHORT", "SHORT_TERM", "短期集中支援型"),
    "MID_TERM": ("MID", "MIDDLE", "中期支援型"),
    "FULL": ("GRANTED", "DISCLOSED", "全部開示", "開示", "全部委託", "全部"),
    "PARTIAL": ("PARTIALLY_GRANTED", "PARTIALLY_DISCLOSED", "部分開示", "一部開示", "一部委託", "一部"),
    "NONE": ("DENIED", "REFUSED", "WITHHELD", "NOT_DISCLOSED", "不開示"),
    "EXISTENCE_NOT_DISCLOSED": (
        *("EXISTENCE_REFUSED", "EXISTENCE_NOT_CONFIRMED", "EXISTENCE_NOT_DISCLOSED", "REFUSED_EXISTENCE"),
        *("NEITHER_CONFIRMED_NOR_DENIED", "APPI-81", "存否応答拒否"),
    ),
    "NEEDS_PROTECTION": ("PROTECTION", "要保護児童", "要保護"),
    "NEEDS_SUPPORT": ("SUPPORT", "要支援児童", "要支援"),
    "EXPECTANT": ("PREGNANT", "PREGNANCY", "特定妊婦"),
    "SUPPORT_NEEDED": ("NEEDED", "必要", "必要有り", "有"),
    "SURVEY_NEEDED": ("SURVEY", "要調査"),
    "NOT_NEEDED": ("OTHER", "不要", "無"),
    "SIGHTED": ("VISUAL", "SEEN", "IN_PERSON", "目視"),
    "TELEPHONE": ("PHONE", "電話"),
    "FULL_TIME": ("常勤",),
    "PART_TIME": ("非常勤",),
    "ELIGIBLE": ELIGIBLE[1:],
    "NOT_ELIGIBLE": ("NO", "INELIGIBLE", "NOT_TARGET", "非対象", "対象外", "対象としない"),
    "T1_BASIC": ("T1", "BASIC"),
    "T2_SKILL": ("T2", "SKILL"),
    "T3_APPLIED": ("T3", "APPLIED"),
}
"""Other spellings that a story may use for a code, where the code's class has no such member."""


def with_canonical_codes(cls: type[e.Event], fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the product's codes; a reason in free words becomes STATED."""
    hints = get_type_hints(cls)
    for name, value in fields.items():
        kinds = [k for k in (hints.get(name), *get_args(hints.get(name))) if isinstance(k, type)]
        for kind in kinds:
            if issubclass(kind, Enum) and isinstance(value, str) and value not in {m.value for m in kind}:
                fields[name] = next((m.value for m in kind if value in _CODE_ALIASES.get(m.value, ())), value)
    if "reason" in fields:
        fields["reason"] = reason_code(fields["reason"])
    return fields


ALTERNATIVES = {a.value for a in Alternative}


def alternatives(details: Mapping[str, Any], usual: str) -> list[str]:
    """The alternatives that were considered, as the product's codes. A story may name a basis or use free words."""
    named = as_list(first_given(details, "alternatives", "alternatives_considered")) or [usual]
    alias_codes = {"CONSENT": "WAIT_FOR_CONSENT", "CWA-25-2-2": "REGISTER_THE_CASE"}
    return sorted({a if a in ALTERNATIVES else alias_codes.get(a, "REQUEST_UNDER_LAW") for a in named})


def reason_code(reason: Any) -> Any:
    """The code of a reason; STATED for one in free words."""
    return "STATED" if isinstance(reason, str) and not CODE.fullmatch(reason) else reason


def finding_code(details: Mapping[str, Any]) -> str:
    named = details.get("finding")
    return named if named in set(Finding) else "IN_ORDER"
