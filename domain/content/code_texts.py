"""The Japanese text of every code that a content holds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from domain import codes as c
from domain.content.codes import Labelled

_TEXTS: Mapping[type[StrEnum], Mapping[str, str]] = {
    c.FamilyService: {
        "HOME_VISIT": "養育支援訪問",
        "SHORT_STAY": "子育て短期支援(ショートステイ)",
        "TEMPORARY_CARE": "一時預かり",
        "HOUSEHOLD_VISIT": "子育て世帯訪問支援",
        "CHILD_BASE": "児童育成支援拠点",
        "PARENT_CHILD_RELATION": "親子関係形成支援",
    },
    c.PlanMaker: {
        "MATERNAL_CHILD_HEALTH": "母子保健",
        "CHILD_WELFARE": "児童福祉",
    },
    c.PlanAgreement: {
        "AGREED": "同意した",
        "AGREED_IN_PART": "一部に同意した",
        "NOT_AGREED": "同意しなかった",
        "NOT_EXPLAINED": "まだ説明していない",
    },
    c.PlanHandover: {
        "HANDED": "手渡した",
        "EXPLAINED_ONLY": "説明したが、受け取らなかった",
        "NOT_GIVEN": "渡さないと決めた",
    },
    c.SafetyMethod: {
        "SIGHTED": "子ども本人を目視した",
        "TELEPHONE": "電話で聞いた",
        "THROUGH_OTHERS": "関係機関・家族から聞いた",
        "FAMILY_ONLY": "家族とだけ会った",
    },
    c.NotificationChannel: {
        "IN_PERSON": "来所・訪問",
        "TELEPHONE": "電話",
        "HOTLINE_189": "児童相談所虐待対応ダイヤル(189)",
        "WRITTEN": "文書",
        "ONLINE": "メール・SNSなど",
        "CHILD_COMMISSIONER": "児童委員を介して",
        "OTHER": "その他",
    },
    c.Urgency: {
        "AT_ONCE": "直ちに安全を確認する",
        "WITHIN_TIME": "期限内(48時間)に安全を確認する",
        "WATCH": "見守りながら情報を集める",
    },
    c.Involvement: {
        "SUPPORTS_NOW": "いま支援している",
        "SUPPORTED_BEFORE": "以前支援していた",
        "KNOWS_FAMILY": "把握しているが支援していない",
        "SUPPORT_REFUSED": "支援を断られた",
    },
    c.SupportNeed: {
        "SUPPORT_NEEDED": "必要",
        "SURVEY_NEEDED": "要調査",
        "NOT_NEEDED": "不要",
    },
    c.FollowOn: {
        "ARRANGED": "後続の支援を頼んだ",
        "NETWORK_CONTINUES": "要対協で見守りを続ける",
        "CENTRE_CONTINUES": "自機関(こども家庭センターなど)の支援を続ける",
        "NONE_NEEDED": "後続の支援は要らない",
    },
    c.ClosingReason: {
        "GOAL_REACHED": "目標に届いた",
        "SERVICE_CHANGED": "ほかの支援に移った",
        "MOVED_AWAY": "転居した",
        "TRANSFER": "ほかの市町村へ移管した",
        "WITHDRAWN": "家族が支援を望まない",
        "OTHER": "その他",
        "CHILD_DIED": "子どもが亡くなった",
    },
    c.Caregiver: {
        "MOTHER": "母",
        "FATHER": "父",
        "OTHER_GUARDIAN": "そのほかの保護者",
    },
    c.PlanContent: {
        "SC_A": "ア 妊娠期の支援",
        "SC_B": "イ 出産後の育児の支援",
        "SC_C": "ウ 養育の改善の支援",
        "SC_D": "エ 家庭復帰の支援",
    },
    c.SubjectConsent: {
        "GIVEN": "同意あり",
        "REFUSED": "同意なし",
        "NOT_REQUESTED": "確認していない",
    },
}
"""Of codes that control has too; those of contents alone state theirs beside themselves."""


def code_text(code: StrEnum) -> str:
    """What an office calls this."""
    return code.label if isinstance(code, Labelled) else _TEXTS[type(code)][code]


def code_texts(codes: type[StrEnum]) -> Mapping[str, str]:
    """All codes of a list, in its order, with their text."""
    return {code.value: code_text(code) for code in codes}
