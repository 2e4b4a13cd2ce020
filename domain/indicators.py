"""一定の指標 ＜項目の例示＞: the 36 items of guideline 6(2)[2], edition IND-H21.

Polarity: ``risk`` means that its presence is a concern, ``neutral`` that it only describes, ``protective``
that its presence lowers concern: NO_CONCERN at a protective item means that the strength is there, CONCERN that it is
wanting, SERIOUS that it is not there at all. There are no weights and no score: the guideline gives none.
``bundle``: whether a visitor's default bundle has it (ALWAYS, NEED, NEVER).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.codes import Flag, IndicatorValue, Section

INDICATOR_SET = "IND-H21"


@dataclass(frozen=True)
class Indicator:
    """One item: its code, the guideline's words, polarity, section and place in a visitor's bundle."""

    code: str
    label: str
    polarity: str
    section: Section
    bundle: str
    flags: frozenset[Flag] = frozenset()


_SENSITIVE = frozenset({Flag.SENSITIVE})
_B, _C, _G, _E, _P = Section.BASIC, Section.CHILD, Section.CAREGIVER, Section.ENV, Section.PREG

INDICATORS: tuple[Indicator, ...] = (
    Indicator("BI_CHILD_AGE", "子どもの年齢", "neutral", _B, "ALWAYS"),
    Indicator("BI_FAMILY_COMPOSITION", "家族構成", "neutral", _B, "ALWAYS"),
    Indicator("BI_INVOLVED_AGENCIES", "関与機関または経路(機関名 担当者 経過)", "neutral", _B, "NEED"),
    Indicator("BI_HOME_VISIT_REPORT", "乳児家庭全戸訪問事業実施報告", "risk", _B, "ALWAYS"),
    Indicator("CH_BIRTH_STATUS", "出生状況(未熟児または低出生体重児など)", "risk", _C, "ALWAYS"),
    Indicator("CH_CHECKUP_STATUS", "健診受診状況", "risk", _C, "ALWAYS"),
    Indicator("CH_HEALTH_STATUS", "健康状態(発育・発達状態の遅れなど)", "risk", _C, "ALWAYS"),
    Indicator("CH_EMOTIONAL_STABILITY", "情緒の安定性", "neutral", _C, "ALWAYS"),
    Indicator("CH_PROBLEM_BEHAVIOUR", "問題行動", "risk", _C, "ALWAYS"),
    Indicator("CH_DAILY_CARE", "日常のケア状況・基本的な生活習慣", "neutral", _C, "ALWAYS"),
    Indicator("CH_CAREGIVER_RELATIONSHIP", "養育者との関係性(分離歴・接触度など)", "neutral", _C, "ALWAYS"),
    Indicator("CG_UPBRINGING_HISTORY", "養育者の生育歴", "neutral", _G, "NEVER", _SENSITIVE),
    Indicator("CG_FAMILY_RELATIONS", "養育者の親や親族との関係性", "neutral", _G, "NEED"),
    Indicator("CG_PREGNANCY_DELIVERY", "妊娠経過・分娩状況", "neutral", _G, "NEED"),
    Indicator("CG_HEALTH_STATUS", "養育者の健康状態", "risk", _G, "NEED"),
    Indicator("CG_DEPRESSIVE_TENDENCY", "うつ的傾向等", "risk", _G, "ALWAYS"),
    Indicator("CG_PERSONALITY_TENDENCY", "性格的傾向", "neutral", _G, "NEVER", _SENSITIVE),
    Indicator("CG_HOUSEKEEPING_PARENTING", "家事能力・養育能力", "neutral", _G, "ALWAYS"),
    Indicator("CG_FEELINGS_TO_CHILD", "子どもへの思い・態度", "neutral", _G, "ALWAYS"),
    Indicator("CG_PROBLEM_AWARENESS", "問題認識・問題対処能力", "neutral", _G, "ALWAYS"),
    Indicator("CG_HAS_CONFIDANT", "相談できる人がいる", "protective", _G, "ALWAYS"),
    Indicator("EN_COUPLE_RELATIONSHIP", "夫婦関係", "neutral", _E, "NEED"),
    Indicator("EN_FAMILY_CHANGE", "家族形態の変化及び関係性", "neutral", _E, "NEED"),
    Indicator("EN_ECONOMIC_WORK", "経済状況・経済基盤・労働状況", "neutral", _E, "NEED"),
    Indicator("EN_HOUSING", "居住環境", "neutral", _E, "ALWAYS"),
    Indicator("EN_RELOCATION", "居住地の変更", "risk", _E, "NEVER"),
    Indicator("EN_COMMUNITY_RELATIONS", "地域社会との関係性", "neutral", _E, "ALWAYS"),
    Indicator("EN_AVAILABLE_RESOURCES", "利用可能な社会資源", "protective", _E, "ALWAYS"),
    Indicator("PR_YOUNG", "若年", "risk", _P, "ALWAYS"),
    Indicator("PR_ECONOMIC", "経済的問題", "risk", _P, "NEED"),
    Indicator("PR_AMBIVALENCE", "妊娠葛藤", "risk", _P, "NEED", _SENSITIVE),
    Indicator("PR_NO_HANDBOOK_LATE_NOTICE", "母子健康手帳未発行・妊娠後期の妊娠届", "risk", _P, "ALWAYS"),
    Indicator("PR_NO_CHECKUPS", "妊婦健康診査未受診等", "risk", _P, "ALWAYS"),
    Indicator("PR_MULTIPLE", "多胎", "risk", _P, "ALWAYS"),
    Indicator("PR_PHYSICAL_MENTAL", "妊婦の心身の不調", "risk", _P, "ALWAYS"),
    Indicator("PR_OTHER", "その他", "risk", _P, "NEED"),
)
"""All of the edition, in the guideline's order: 4 + 7 + 10 + 7 + 8."""

INDICATOR_CODES = frozenset(indicator.code for indicator in INDICATORS)

CONCERNS = frozenset({IndicatorValue.CONCERN, IndicatorValue.SERIOUS})
"""Values that say that something was seen which is a concern (at a protective item: that a strength is wanting)."""


@dataclass(frozen=True)
class Reading:
    """An assessment as people read it, in the order of the list. Every item is in exactly one of these.

    ``not_assessed``: nobody looked, so nothing is known: never the same as ``no_concern``.
    """

    concerns: tuple[Indicator, ...]
    strengths: tuple[Indicator, ...]
    no_concern: tuple[Indicator, ...]
    unknown: tuple[Indicator, ...]
    not_assessed: tuple[Indicator, ...]


def read_indicators(values: Mapping[str, str]) -> Reading:
    """The values read by the polarity of each item; an item without a value was not assessed."""

    def with_value(*wanted: IndicatorValue, protective: bool | None = None) -> tuple[Indicator, ...]:
        return tuple(
            indicator
            for indicator in INDICATORS
            if values.get(indicator.code, IndicatorValue.NOT_ASSESSED) in wanted
            and protective in (None, indicator.polarity == "protective")
        )

    return Reading(
        concerns=with_value(*CONCERNS),
        strengths=with_value(IndicatorValue.NO_CONCERN, protective=True),
        no_concern=with_value(IndicatorValue.NO_CONCERN, protective=False),
        unknown=with_value(IndicatorValue.UNKNOWN),
        not_assessed=with_value(IndicatorValue.NOT_ASSESSED),
    )


def is_assessed(values: Mapping[str, str]) -> bool:
    """Whether at least one item was looked at."""
    return len(read_indicators(values).not_assessed) < len(INDICATORS)
