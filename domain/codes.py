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
    COURT = "COURT"  # 裁判所: no administrative organ in the sense of APPI 69(2)3
    INVESTIGATION = "INVESTIGATION"  # 検察庁・警察署(捜査機関)
    BAR = "BAR"  # 弁護士会


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
    ADDRESS_TRACE = "ADDRESS_TRACE"  # it holds a protected address, and whoever sends it knows that
    NOTIFIER_TRACE = "NOTIFIER_TRACE"  # the sender's door found words of the notifier in it


class Purpose(StrEnum):
    """利用目的: why something is disclosed or opened. Basis: APPI 69(1)."""

    SUPPORT = "SUPPORT"  # 養育支援訪問事業の実施
    SAFETY = "SAFETY"  # 安全確認・保護
    SUPERVISION = "SUPERVISION"  # 委託先の指導・上席の確認
    AUDIT = "AUDIT"  # 監査
    INDEX_REBUILD = (
        "INDEX_REBUILD"  # 窓口の事例索引の作り直し: only what was opened before, and nobody reads it
    )
    REHEARSAL_CHECK = "REHEARSAL_CHECK"  # 訓練での閲覧確認


class SubjectConsent(StrEnum):
    """Whether the person agreed, as the sender reports it. Never by itself a bar or a permission."""

    GIVEN = "GIVEN"
    REFUSED = "REFUSED"
    NOT_REQUESTED = "NOT_REQUESTED"


class ConsentCapacity(StrEnum):
    """In which capacity a person consented."""

    SELF = "SELF"
    GUARDIAN = "GUARDIAN"  # 親権者の一方、または単独親権者
    GUARDIANS_JOINTLY = "GUARDIANS_JOINTLY"  # 親権者の双方が、それぞれ
    MINOR_GUARDIAN = "MINOR_GUARDIAN"  # 未成年後見人
    CGC_DIRECTOR = "CGC_DIRECTOR"  # 児童相談所長(親権の代行)
    FACILITY_HEAD = "FACILITY_HEAD"  # 児童福祉施設の長(親権の代行)


PARENTS_CAPACITIES = frozenset({ConsentCapacity.GUARDIAN, ConsentCapacity.GUARDIANS_JOINTLY})
"""In which parents consent for a child. Basis: 民法818条, 824条の2."""


class Parent(StrEnum):
    """Who of the family has, or had, parental authority."""

    MOTHER = "MOTHER"
    FATHER = "FATHER"
    ADOPTIVE_MOTHER = "ADOPTIVE_MOTHER"
    ADOPTIVE_FATHER = "ADOPTIVE_FATHER"


class AuthorityState(StrEnum):
    """Whether a parent has parental authority. Basis: 民法818条, 834条, 834条の2."""

    HELD = "HELD"  # 親権者
    SUSPENDED = "SUSPENDED"  # 親権停止
    LOST = "LOST"  # 親権喪失・辞任
    NOT_HELD = "NOT_HELD"  # もともと親権者でない


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


class PlanMaker(StrEnum):
    """Which side of the office made a サポートプラン. Basis: CWA 10(1)4; MCHA 9-2(2)."""

    MATERNAL_CHILD_HEALTH = "MATERNAL_CHILD_HEALTH"  # 母子保健
    CHILD_WELFARE = "CHILD_WELFARE"  # 児童福祉


class PlanAgreement(StrEnum):
    """説明・同意: what the family said to the plan. Basis: CWA 10(1)4."""

    AGREED = "AGREED"  # 同意した
    AGREED_IN_PART = "AGREED_IN_PART"  # 一部に同意した
    NOT_AGREED = "NOT_AGREED"  # 同意しなかった
    NOT_EXPLAINED = "NOT_EXPLAINED"  # まだ説明していない


class PlanHandover(StrEnum):
    """手交: how the family was given its plan. Basis: CWA 10(1)4."""

    HANDED = "HANDED"  # 手渡した
    EXPLAINED_ONLY = "EXPLAINED_ONLY"  # 説明したが受け取らなかった
    NOT_GIVEN = "NOT_GIVEN"  # 渡さないと決めた


class FamilyService(StrEnum):
    """家庭支援事業: the six kinds of help. Basis: CWA 21-18(1)."""

    HOME_VISIT = "HOME_VISIT"  # 養育支援訪問
    SHORT_STAY = "SHORT_STAY"  # 子育て短期支援
    TEMPORARY_CARE = "TEMPORARY_CARE"  # 一時預かり
    HOUSEHOLD_VISIT = "HOUSEHOLD_VISIT"  # 子育て世帯訪問支援
    CHILD_BASE = "CHILD_BASE"  # 児童育成支援拠点
    PARENT_CHILD_RELATION = "PARENT_CHILD_RELATION"  # 親子関係形成支援


class ServiceAnswer(StrEnum):
    """What a family answered to a 利用勧奨. Basis: CWA 21-18(1)."""

    ACCEPTED = "ACCEPTED"  # 利用する
    DECLINED = "DECLINED"  # 利用しない
    UNABLE = "UNABLE"  # 利用したいが、できない


class UnavoidableReason(StrEnum):
    """やむを得ない事由 for which help is given without an application. Basis: CWA 21-18(2)."""

    GUARDIAN_UNABLE = "GUARDIAN_UNABLE"  # 疾病・障害などで保護者が手続できない
    GUARDIAN_REFUSES = "GUARDIAN_REFUSES"  # 保護者が拒み、子どもに支援が要る
    GUARDIAN_ABSENT = "GUARDIAN_ABSENT"  # 保護者と連絡がとれない
    OTHER = "OTHER"


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
    CHILD_DIED = "CHILD_DIED"  # every child of the family has died


class NotConsulted(StrEnum):
    """Why an agency was not asked before closing. Basis: guideline 6(5)[1]."""

    NO_ANSWER = "NO_ANSWER"  # 連絡がつかない・回答がない
    DECLINED = "DECLINED"  # 応じない
    NO_LONGER_THERE = "NO_LONGER_THERE"  # 委託の終了、廃止など
    WOULD_HARM = "WOULD_HARM"  # 知らせると家族に危険がある


class FollowOn(StrEnum):
    """終結後の支援. Basis: guideline 6(5)[2]: what follows is named, or that nothing must."""

    ARRANGED = "ARRANGED"  # 後続支援を依頼した
    NETWORK_CONTINUES = "NETWORK_CONTINUES"  # 要対協で見守りを続ける
    CENTRE_CONTINUES = "CENTRE_CONTINUES"  # こども家庭センターなど自機関の支援を続ける
    NONE_NEEDED = "NONE_NEEDED"  # 後続支援は要らない


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


class Route(StrEnum):
    """経路: how the family became known. It names no person: who notified stays under NOTIFIER. Basis: guideline 6(1)[1]."""

    INFANT_HOME_VISIT = "INFANT_HOME_VISIT"  # 乳児家庭全戸訪問
    MATERNAL_CHILD_HEALTH = "MATERNAL_CHILD_HEALTH"  # 母子保健(妊娠届・健診・保健指導)
    MEDICAL = "MEDICAL"  # 医療機関
    PREGNANCY_SUPPORT = "PREGNANCY_SUPPORT"  # 妊婦等包括相談支援事業(since 2025-04-01)
    CHILD_GUIDANCE_CENTRE = "CHILD_GUIDANCE_CENTRE"  # 児童相談所からの通知・送致
    NOTIFICATION = "NOTIFICATION"  # 通告・連絡
    NETWORK_MEMBER = "NETWORK_MEMBER"  # 保育所・学校など要対協の構成員
    FAMILY = "FAMILY"  # 本人・家族の相談
    OTHER = "OTHER"


class Involvement(StrEnum):
    """経過: what an involved agency did or does for the family. Basis: guideline 6(2)[2]."""

    SUPPORTS_NOW = "SUPPORTS_NOW"  # いま支援している
    SUPPORTED_BEFORE = "SUPPORTED_BEFORE"  # 以前支援していた
    KNOWS_FAMILY = "KNOWS_FAMILY"  # 把握しているが支援していない
    SUPPORT_REFUSED = "SUPPORT_REFUSED"  # 支援を断られた


class SupportNeed(StrEnum):
    """支援の必要性 in the report of a 乳児家庭全戸訪問. Basis: guideline 6(1)[1]ア, 6(2)[2]."""

    SUPPORT_NEEDED = "SUPPORT_NEEDED"  # 必要
    SURVEY_NEEDED = "SURVEY_NEEDED"  # 要調査
    NOT_NEEDED = "NOT_NEEDED"  # 不要


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


class NotificationChannel(StrEnum):
    """By which way a notification came. Basis: CWA 25(1) (児童委員を介して); domain rule (受理の記録)."""

    IN_PERSON = "IN_PERSON"  # 来所・訪問
    TELEPHONE = "TELEPHONE"  # 電話
    HOTLINE_189 = "HOTLINE_189"  # 児童相談所虐待対応ダイヤル
    WRITTEN = "WRITTEN"  # 文書
    ONLINE = "ONLINE"  # SNS・メール等
    CHILD_COMMISSIONER = "CHILD_COMMISSIONER"  # 児童委員を介して
    OTHER = "OTHER"


class StaffAbuseResult(StrEnum):
    """What the check of a report of abuse by staff showed. Basis: CWA 33-14."""

    SUBSTANTIATED = "SUBSTANTIATED"  # 虐待を確認した
    NOT_SUBSTANTIATED = "NOT_SUBSTANTIATED"  # 虐待はなかった
    UNDETERMINED = "UNDETERMINED"  # 判断に至らなかった


class SearchStep(StrEnum):
    """What was done to locate a family. Basis: own rule (居所不明児童)."""

    VISITED = "VISITED"  # 訪問・近隣への聞き取り
    RELATIVES = "RELATIVES"  # 親族への照会
    RESIDENT_REGISTER = "RESIDENT_REGISTER"  # 住民基本台帳・戸籍の照会
    OTHER_MUNICIPALITY = "OTHER_MUNICIPALITY"  # 他の市町村への照会
    SCHOOL_OR_NURSERY = "SCHOOL_OR_NURSERY"  # 学校・保育所等への照会
    MEDICAL = "MEDICAL"  # 医療機関・健診・予防接種の記録
    BENEFITS = "BENEFITS"  # 児童手当等の受給状況
    IMMIGRATION = "IMMIGRATION"  # 出入国記録の照会
    POLICE = "POLICE"  # 警察への相談・行方不明者届
    OTHER_CGCS = "OTHER_CGCS"  # 全国の児童相談所への情報提供
    OTHER = "OTHER"


class SearchResult(StrEnum):
    """What came of a step of a search."""

    PENDING = "PENDING"  # 回答待ち
    NO_TRACE = "NO_TRACE"  # 手がかりなし
    TRACE = "TRACE"  # 手がかりあり


class LocatedBy(StrEnum):
    """How it is known again where somebody is."""

    SIGHTED = "SIGHTED"  # 本人を目視
    DEPARTURE_RECORD = "DEPARTURE_RECORD"  # 出国の記録
    OTHER_AGENCY = "OTHER_AGENCY"  # 他の市町村・児童相談所・警察が確認
    DOCUMENTS = "DOCUMENTS"  # 届出・在籍等の記録


class ForbiddenContact(StrEnum):
    """Which contact with a child is restricted or forbidden. Basis: CAPA 12, 12-4."""

    MEETING = "MEETING"  # 面会
    CORRESPONDENCE = "CORRESPONDENCE"  # 通信
    APPROACH = "APPROACH"  # つきまとい・はいかい(接近禁止命令)


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


class BreachIntent(StrEnum):
    """Whether a leak may have been caused with a wrongful purpose (不正の目的). Basis: APPI 68."""

    NONE = "NONE"  # おそれなし
    SUSPECTED = "SUSPECTED"  # おそれあり
    UNKNOWN = "UNKNOWN"  # 不明


class NoticeException(StrEnum):
    """Why a person concerned is not informed of a leak. Basis: APPI 68(2)."""

    UNREACHABLE = "UNREACHABLE"  # 本人への通知が困難(代替措置をとる)
    WOULD_HARM = "WOULD_HARM"  # 不開示情報に当たる


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


class ChildPlace(StrEnum):
    """Where a child lives who is not at home. Basis: CWA 27(1)3, 33; guideline 2[4]."""

    TEMPORARY_PROTECTION = "TEMPORARY_PROTECTION"  # 一時保護
    HOSPITAL = "HOSPITAL"  # 入院
    INSTITUTION = "INSTITUTION"  # 施設・里親
    RELATIVES = "RELATIVES"  # 親族の家、里帰り


class Caregiver(StrEnum):
    """Who of those who raise a child. Basis: 民法838条."""

    MOTHER = "MOTHER"  # 母
    FATHER = "FATHER"  # 父
    OTHER_GUARDIAN = "OTHER_GUARDIAN"  # そのほかの保護者


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


class Period(StrEnum):
    """How the time of a clock runs."""

    RUNS_THROUGH = "RUNS_THROUGH"  # hours and days run on, whatever day it is
    OFFICE_DAYS = "OFFICE_DAYS"  # its last day is one on which the offices are open


class ContentFault(StrEnum):
    """Why content that was opened can't be read."""

    FORM = "FORM"  # it does not read under its schema
    SCHEMA_UNKNOWN = "SCHEMA_UNKNOWN"  # a schema that this door does not know
    FILE_DIFFERS = "FILE_DIFFERS"  # the file is not the one that its document describes
    FILE_REFUSED = "FILE_REFUSED"  # the file is broken, protected, or contains what runs
    EMPTY = "EMPTY"  # it reads, and says nothing that a person can use


class FaultAnswer(StrEnum):
    """What the author of such content says to it."""

    SENT_AGAIN = "SENT_AGAIN"  # the content is sent again, with this answer or by itself
    SENT_OTHERWISE = "SENT_OTHERWISE"  # on paper or in person
    READS_HERE = "READS_HERE"  # it reads at the author's own door
    NOT_NEEDED = "NOT_NEEDED"  # the content is withdrawn or no longer needed
