"""The code lists. A code is permanent: it may be added, never reused or renamed.

Source: guideline 2, 4–9 (養育支援訪問事業ガイドライン, 雇児発第0316002号); sections and flags are the
hub's own.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an agency is in the programme."""

    CORE = "CORE"  # 中核機関
    COORD = "COORD"  # 要対協調整機関
    CGC = "CGC"  # 児童相談所
    MED = "MED"  # 医療機関
    CONTRACTOR = "CONTRACTOR"  # 委託先
    EXT = "EXT"  # その他の関係機関


class Body(StrEnum):
    """What an agency is in law: the party that a lawful basis speaks of."""

    MUNICIPALITY = "MUNICIPALITY"
    PREFECTURE = "PREFECTURE"
    MEDICAL = "MEDICAL"
    WELFARE_FACILITY = "WELFARE_FACILITY"
    SCHOOL = "SCHOOL"
    COMMISSIONED = "COMMISSIONED"
    PRIVATE = "PRIVATE"
    OTHER_PUBLIC = "OTHER_PUBLIC"


class Section(StrEnum):
    """情報区分: the unit of disclosure. SOURCE and REASON are for their author only."""

    BASIC = "BASIC"
    ADDR = "ADDR"
    NOTIFIER = "NOTIFIER"
    CHILD = "CHILD"
    CAREGIVER = "CAREGIVER"
    ENV = "ENV"
    PREG = "PREG"
    MEDICAL = "MEDICAL"
    RISK = "RISK"
    PLAN = "PLAN"
    VISIT = "VISIT"
    CONF = "CONF"
    CLOSING = "CLOSING"
    SOURCE = "SOURCE"
    REASON = "REASON"


AUTHOR_ONLY = frozenset({Section.SOURCE, Section.REASON})


class Flag(StrEnum):
    """What must be considered about an item besides its section. Flags are control: the matrix decides on them."""

    CHILD_STATEMENT = "CHILD_STATEMENT"
    SENSITIVE = "SENSITIVE"
    THIRD_PARTY = "THIRD_PARTY"
    DV_PROTECTED = "DV_PROTECTED"
    NEVER_TO_GUARDIAN = "NEVER_TO_GUARDIAN"
    NOTIFIER_TRACE = "NOTIFIER_TRACE"  # the sender's door found words of the notifier in it


class Purpose(StrEnum):
    """利用目的: why something is disclosed or opened. Basis: APPI 69(1)."""

    SUPPORT = "SUPPORT"  # 養育支援訪問事業の実施
    SAFETY = "SAFETY"  # 安全確認・保護
    SUPERVISION = "SUPERVISION"  # 委託先の指導・上席の確認
    AUDIT = "AUDIT"  # 監査
    REHEARSAL_CHECK = "REHEARSAL_CHECK"  # 訓練での閲覧確認


class SubjectConsent(StrEnum):
    """Whether the person agreed, as the sender reports it. Never by itself a bar or a permission."""

    GIVEN = "GIVEN"
    REFUSED = "REFUSED"
    NOT_REQUESTED = "NOT_REQUESTED"


class ConsentCapacity(StrEnum):
    """In which capacity a person consented."""

    SELF = "SELF"
    GUARDIAN = "GUARDIAN"
    GUARDIANS_JOINTLY = "GUARDIANS_JOINTLY"


class TargetClass(StrEnum):
    """対象者の区分, guideline 2[1]–[4]; the list is «for example», so OTHER needs a reason."""

    TC1_PREGNANCY = "TC1_PREGNANCY"
    TC2_POSTPARTUM = "TC2_POSTPARTUM"
    TC3_INADEQUATE_CARE = "TC3_INADEQUATE_CARE"
    TC4_REUNIFICATION = "TC4_REUNIFICATION"
    TC9_OTHER = "TC9_OTHER"


class SupportType(StrEnum):
    """支援の類型, guideline 5(2)."""

    SHORT_INTENSIVE = "SHORT_INTENSIVE"
    MID_TERM = "MID_TERM"


class PlanContent(StrEnum):
    """支援内容ア–エ, guideline 6(3)[2]."""

    SC_A = "SC_A"
    SC_B = "SC_B"
    SC_C = "SC_C"
    SC_D = "SC_D"


class PlanPart(StrEnum):
    """The five parts that a plan must have, guideline 6(3)[1]."""

    GOAL = "GOAL"
    CONTENT = "CONTENT"
    PERIOD = "PERIOD"
    METHOD = "METHOD"
    SUPPORTERS = "SUPPORTERS"


class EligibilityResult(StrEnum):
    """対象決定の結果. «Not eligible» is a decision too, guideline 6(2)."""

    ELIGIBLE = "ELIGIBLE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"


class ClosingReason(StrEnum):
    """終結理由, guideline 6(5)."""

    GOAL_REACHED = "GOAL_REACHED"
    SERVICE_CHANGED = "SERVICE_CHANGED"
    MOVED_AWAY = "MOVED_AWAY"
    TRANSFER = "TRANSFER"  # handed over to another municipality
    WITHDRAWN = "WITHDRAWN"
    OTHER = "OTHER"


class Module(StrEnum):
    """訪問支援者基礎的研修の科目, guideline 7 (box)."""

    M1_PURPOSE = "M1_PURPOSE"
    M2_CONFIDENTIALITY = "M2_CONFIDENTIALITY"
    M3_ABUSE_PREVENTION = "M3_ABUSE_PREVENTION"
    M4_LOCAL_RESOURCES = "M4_LOCAL_RESOURCES"
    M5_LISTENING = "M5_LISTENING"
    M6_VISIT_PRACTICE = "M6_VISIT_PRACTICE"
    M7_CASE_STUDY = "M7_CASE_STUDY"


NEVER_EXEMPT = frozenset({Module.M1_PURPOSE, Module.M2_CONFIDENTIALITY, Module.M4_LOCAL_RESOURCES})


class Employment(StrEnum):
    """Terms on which a visitor works. A part-time one needs an oath, guideline 8[3]."""

    FULL_TIME = "FULL_TIME"
    PART_TIME = "PART_TIME"


class OutsourcingScope(StrEnum):
    """How much is outsourced, guideline 9(1)[3]."""

    FULL = "FULL"
    PARTIAL = "PARTIAL"


class IndicatorValue(StrEnum):
    """The answer to one indicator. No weights, no score: the guideline gives none."""

    NO_CONCERN = "NO_CONCERN"
    CONCERN = "CONCERN"
    SERIOUS = "SERIOUS"
    UNKNOWN = "UNKNOWN"
    NOT_ASSESSED = "NOT_ASSESSED"


class NetworkStanding(StrEnum):
    """As what a child is registered with the network. Basis: CWA 25-2(1)."""

    NEEDS_PROTECTION = "NEEDS_PROTECTION"  # 要保護児童
    NEEDS_SUPPORT = "NEEDS_SUPPORT"  # 要支援児童
    EXPECTANT = "EXPECTANT"  # 特定妊婦


class Urgency(StrEnum):
    """緊急度 after a notification. Basis: CAPA 8."""

    AT_ONCE = "AT_ONCE"  # 直ちに
    WITHIN_TIME = "WITHIN_TIME"  # 期限内に安全確認
    WATCH = "WATCH"  # 見守り


class SafetyMethod(StrEnum):
    """How the safety of a child was checked. Only SIGHTED shows that it is safe. Basis: CAPA 8."""

    SIGHTED = "SIGHTED"  # 目視
    TELEPHONE = "TELEPHONE"  # 電話
    THROUGH_OTHERS = "THROUGH_OTHERS"  # 関係機関・家族から
    FAMILY_ONLY = "FAMILY_ONLY"  # 家族とのみ面接


class ReferralOutcome(StrEnum):
    """The outcome of a referral, as reported to its sender."""

    ACCEPTED = "ACCEPTED"
    IN_PROGRESS = "IN_PROGRESS"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    SENT_ON = "SENT_ON"


class Alternative(StrEnum):
    """What was considered before an emergency access; why it did not suffice is stated under REASON."""

    REQUEST_FROM_OWNER = "REQUEST_FROM_OWNER"
    WAIT_FOR_CONSENT = "WAIT_FOR_CONSENT"
    REGISTER_THE_CASE = "REGISTER_THE_CASE"
    REQUEST_UNDER_LAW = "REQUEST_UNDER_LAW"


class Requester(StrEnum):
    """In which capacity somebody asks for data. Basis: APPI 76(2)."""

    SELF = "SELF"
    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
    AGENT = "AGENT"


class AccessResult(StrEnum):
    """開示・部分開示・不開示・存否応答拒否. Basis: APPI 78, 79, 81."""

    FULL = "FULL"
    PARTIAL = "PARTIAL"
    NONE = "NONE"
    EXISTENCE_NOT_DISCLOSED = "EXISTENCE_NOT_DISCLOSED"


class CaseStatus(StrEnum):
    """The status of a case."""

    OPEN = "OPEN"
    SUPPORTED = "SUPPORTED"
    FOLLOW_ON_PENDING = "FOLLOW_ON_PENDING"
    CLOSED = "CLOSED"
    TRANSFERRED = "TRANSFERRED"  # to a municipality that has no door here


class HandoverItem(StrEnum):
    """What a hand-over brings, each with a receipt of its own. Basis: own rule (目黒 2018, 相模原)."""

    RISK_SHEET = "RISK_SHEET"  # リスクアセスメントシート
    PHOTOS = "PHOTOS"  # 外傷等の写真
    FAMILY = "FAMILY"  # 家族構成・基本情報
    CHILD = "CHILD"  # 子どもの状況
    CAREGIVER = "CAREGIVER"  # 養育者の状況
    MEDICAL = "MEDICAL"  # 医療情報
    PLAN = "PLAN"  # 支援計画
    VISITS = "VISITS"  # 訪問記録
    MINUTES = "MINUTES"  # 会議録
    NEW_ADDRESS = "NEW_ADDRESS"  # 転居先


class HandoverState(StrEnum):
    """Whether a thing of the checklist is in the package."""

    SENT = "SENT"
    NONE = "NONE"  # there is none
    FOLLOWS = "FOLLOWS"  # by another way, or later


class BreachStage(StrEnum):
    """速報・確報. Basis: APPI 68."""

    PRELIMINARY = "PRELIMINARY"
    FINAL = "FINAL"


class Condition(StrEnum):
    """What a public body asks of who is given something. Basis: APPI 70."""

    PURPOSE_ONLY = "PURPOSE_ONLY"  # 目的の限定
    NO_FURTHER_SHARING = "NO_FURTHER_SHARING"  # 再提供の禁止
    NAMED_STAFF_ONLY = "NAMED_STAFF_ONLY"  # 取扱者の限定
    NO_COPY = "NO_COPY"  # 複写の禁止
    RETURN_OR_DESTROY = "RETURN_OR_DESTROY"  # 返却・廃棄


class Practice(StrEnum):
    """同行・実技. Basis: guideline 7(1)."""

    ACCOMPANIED_VISIT = "ACCOMPANIED_VISIT"  # 同行訪問
    ROLE_PLAY = "ROLE_PLAY"  # ロールプレイ


class Finding(StrEnum):
    """What supervision found. Basis: guideline 9(2)[2], 10."""

    IN_ORDER = "IN_ORDER"  # 適正
    IMPROVEMENT_REQUESTED = "IMPROVEMENT_REQUESTED"  # 改善を求めた
    REQUIREMENTS_DOUBTED = "REQUIREMENTS_DOUBTED"  # 要件に疑い


class BusinessItem(StrEnum):
    """What a notice of 第2種社会福祉事業 covers. Basis: 社会福祉法67条1項."""

    NAME_AND_SEAT = "NAME_AND_SEAT"  # 経営者の名称・主たる事務所
    KIND_AND_CONTENT = "KIND_AND_CONTENT"  # 事業の種類・内容
    ARTICLES = "ARTICLES"  # 条例・定款等


class CommunityService(StrEnum):
    """Services of a municipality that go with this programme. Basis: guideline 11."""

    HOUSEKEEPING = "HOUSEKEEPING"  # 子育て世帯訪問支援
    SHORT_STAY = "SHORT_STAY"  # 子育て短期支援
    DAY_CARE = "DAY_CARE"  # 一時預かり・保育
    GATHERING_PLACE = "GATHERING_PLACE"  # 地域子育て支援拠点
    FAMILY_SUPPORT = "FAMILY_SUPPORT"  # ファミリー・サポート
    POSTPARTUM_CARE = "POSTPARTUM_CARE"  # 産後ケア
    OTHER = "OTHER"


class RetentionPolicy(StrEnum):
    """How long a case's content is kept; the years are in the rule book. Basis: own rule (no statute)."""

    CHILD_AGE = "CHILD_AGE"  # until the child has reached an age (network and child guidance centre cases)
    AFTER_CLOSING = "AFTER_CLOSING"  # years after closing (others)
    PERMANENT = "PERMANENT"  # 特別養子縁組等


class HoldGround(StrEnum):
    """Why records are held. Basis: CAPA 4(5); APPI 76, 98."""

    REVIEW = "REVIEW"  # 検証
    LITIGATION = "LITIGATION"  # 訴訟
    RIGHTS_REQUEST = "RIGHTS_REQUEST"  # 開示・訂正・利用停止の請求中


class AuditGround(StrEnum):
    """Why the audit office asks for content. Basis: guideline 8; APPI 66; CAPA 4(5)."""

    AUDIT = "AUDIT"  # 監査
    REVIEW = "REVIEW"  # 検証
    COURT = "COURT"  # 裁判所の嘱託等


class Appraisal(StrEnum):
    """歴史公文書等の評価. Basis: own rule (公文書管理条例)."""

    DESTROY = "DESTROY"
    PRESERVE = "PRESERVE"  # 歴史公文書等として保存


class SupportRole(StrEnum):
    """What a visitor does in a case. Basis: guideline 4(2)."""

    SPECIALIST = "SPECIALIST"  # 専門的相談支援
    HOUSEKEEPING = "HOUSEKEEPING"  # 育児・家事援助


class Tier(StrEnum):
    """研修の段階. Basis: guideline 7(3)."""

    T1_BASIC = "T1_BASIC"
    T2_SKILL = "T2_SKILL"
    T3_APPLIED = "T3_APPLIED"


class Housekeeping(StrEnum):
    """育児・家事援助 in a plan. Basis: guideline 6(3)[3]."""

    WITH_GOAL = "WITH_GOAL"
    WITHOUT_GOAL = "WITHOUT_GOAL"
