"""The code lists that only contents use, each code with what an office calls it. A code is never reused or renamed.

Lists that control has too stand in ``domain.codes``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """A list whose members are written as code and Japanese text."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        code = str.__new__(cls, value)
        code._value_ = value
        code.label = label
        return code


class Sex(Labelled):
    """性別, as the forms ask for it."""

    MALE = "MALE", "男"
    FEMALE = "FEMALE", "女"
    OTHER = "OTHER", "その他"


class AddressKind(Labelled):
    """Of which place an address is. Source: own rule (住所・居所; 別紙様式12の2: 自宅・実家・その他, 退院先)."""

    REGISTERED = "REGISTERED", "住所(住民票)"
    RESIDENCE = "RESIDENCE", "居所"
    PARENTS_HOME = "PARENTS_HOME", "実家"
    DISCHARGED_TO = "DISCHARGED_TO", "退院先"
    MOVES_TO = "MOVES_TO", "転居先"
    WORKPLACE = "WORKPLACE", "勤務先"
    FACILITY = "FACILITY", "施設"
    OTHER = "OTHER", "その他"


class PhoneKind(Labelled):
    """Of which place a telephone is."""

    HOME = "HOME", "自宅"
    MOBILE = "MOBILE", "携帯"
    WORKPLACE = "WORKPLACE", "勤務先"
    PARENTS_HOME = "PARENTS_HOME", "実家"
    OTHER = "OTHER", "その他"


class MeasureKind(Labelled):
    """What was measured of a child."""

    WEIGHT = "WEIGHT", "体重"
    HEIGHT = "HEIGHT", "身長"
    HEAD = "HEAD", "頭囲"
    CHEST = "CHEST", "胸囲"
    TEMPERATURE = "TEMPERATURE", "体温"
    OTHER = "OTHER", "その他"


class ProgressDegree(Labelled):
    """How far a goal is reached."""

    REACHED = "REACHED", "達成した"
    PARTLY = "PARTLY", "一部達成した"
    UNCHANGED = "UNCHANGED", "変わらない"
    WORSE = "WORSE", "後退した"


class GoalTerm(Labelled):
    """長期目標・短期目標."""

    LONG = "LONG", "長期"
    SHORT = "SHORT", "短期"


class AbuseKind(Labelled):
    """虐待の種別. Basis: CAPA 2."""

    PHYSICAL = "PHYSICAL", "身体的虐待"
    SEXUAL = "SEXUAL", "性的虐待"
    NEGLECT = "NEGLECT", "ネグレクト(養育の怠慢・拒否)"
    PSYCHOLOGICAL = "PSYCHOLOGICAL", "心理的虐待"


class RiskLevel(Labelled):
    """危険度・重症度, as conferences judge it."""

    HIGHEST = "HIGHEST", "最重度(生命の危険)"
    HIGH = "HIGH", "重度"
    MEDIUM = "MEDIUM", "中度"
    LOW = "LOW", "軽度"
    SUSPECTED = "SUSPECTED", "虐待のおそれ"
    NONE = "NONE", "虐待は認められない"


class Witnessed(Labelled):
    """目撃か伝聞か."""

    SEEN = "SEEN", "目撃した"
    OVERHEARD = "OVERHEARD", "声・物音を聞いた"
    FROM_CHILD = "FROM_CHILD", "子ども本人から聞いた"
    FROM_OTHERS = "FROM_OTHERS", "人から聞いた(伝聞)"


class LifePeriod(Labelled):
    """様子や状況: the period by which the 情報提供書 groups its checklist."""

    PREGNANCY = "PREGNANCY", "妊娠期"
    AFTER_BIRTH = "AFTER_BIRTH", "出産後"
    INFANCY = "INFANCY", "乳幼児期"
    SCHOOL_AGE = "SCHOOL_AGE", "学齢期"


class ChildSign(Labelled):
    """What a 診療情報提供書 (別紙様式12の2, 12の3) marks with a ring about a child."""

    POOR_GROWTH = "POOR_GROWTH", "発育不良"
    DEVELOPMENTAL_DELAY = "DEVELOPMENTAL_DELAY", "発達の遅れ"
    CHECKUPS_MISSED = "CHECKUPS_MISSED", "健診の未受診"
    VACCINATIONS_MISSED = "VACCINATIONS_MISSED", "予防接種の未接種"
    UNCLEAN = "UNCLEAN", "不潔"
    LONG_HOSPITAL_STAY = "LONG_HOSPITAL_STAY", "分離歴: 長期入院"
    INSTITUTION_STAY = "INSTITUTION_STAY", "分離歴: 施設入所"
    OTHER = "OTHER", "その他"


class EnvironmentSign(Labelled):
    """What a 診療情報提供書 (別紙様式12の2, 12の3) marks with a ring about the environment."""

    FEW_VISITS = "FEW_VISITS", "面会が極端に少ない"
    ILLNESS_OF_SIBLING = "ILLNESS_OF_SIBLING", "他の児の疾患"
    DISABILITY_OF_SIBLING = "DISABILITY_OF_SIBLING", "他の児の障害"
    OTHER = "OTHER", "その他"


class DiagnosisState(Labelled):
    """転帰・状態 of a 傷病名."""

    SUSPECTED = "SUSPECTED", "疑い"
    CONFIRMED = "CONFIRMED", "確定"
    RULED_OUT = "RULED_OUT", "否定"
    REMISSION = "REMISSION", "寛解"
    CURED = "CURED", "治癒"


class BirthPlace(Labelled):
    """出産場所."""

    OWN_HOSPITAL = "OWN_HOSPITAL", "当院"
    OTHER_HOSPITAL = "OTHER_HOSPITAL", "他院"
    BIRTH_CENTRE = "BIRTH_CENTRE", "助産所"
    HOME = "HOME", "自宅"
    OTHER = "OTHER", "その他"


class Plurality(Labelled):
    """単胎・多胎."""

    SINGLE = "SINGLE", "単胎"
    MULTIPLE = "MULTIPLE", "多胎"


class IntakeResult(Labelled):
    """What a 受理会議 decides first."""

    SAFETY_CHECK = "SAFETY_CHECK", "安全確認・調査を行う"
    PROTECTION = "PROTECTION", "保護を要する(送致・通知)"
    SUPPORT = "SUPPORT", "支援を行う"
    OTHER_AGENCY = "OTHER_AGENCY", "他機関へつなぐ"
    NO_ACTION = "NO_ACTION", "対応を要しない"
