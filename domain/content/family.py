"""``family/v1`` (BASIC): who the family is, and what a referral, a transfer or a request states besides."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.codes import Involvement, Section, SubjectConsent, SupportNeed
from domain.content.codes import Sex
from domain.content.common import Address, Phone, Staff
from domain.content.form import Content, Part, asks, needs
from domain.content.values import (
    Answer,
    LongText,
    NamedChild,
    Names,
    PartialDate,
    PersonName,
    ShortText,
    child_text,
)


@dataclass(frozen=True, kw_only=True)
class Child(Part):
    """A child of the family; this ties its reference to its name. ``due_on``: of one that is not born yet.

    ``age``: as it was stated, where the day of birth is not known. ``address``: where it is another than the family's.
    """

    ref: UUID = needs("参照")
    name: Answer[PersonName] = asks("氏名")
    born_on: Answer[PartialDate] = asks("生年月日")
    due_on: Answer[PartialDate] = asks("出産予定日")
    age: Answer[ShortText] = asks("年齢(聞いたまま)")
    sex: Answer[Sex] = asks("性別")
    relationship: Answer[ShortText] = asks("続柄")
    affiliation: Answer[ShortText] = asks("所属(保育所・学校など)")
    lives_together: Answer[bool] = asks("同居", yes="同居", no="別居")
    address: Answer[Address] = asks("住所・居所(家族と違うとき)")
    note: Answer[LongText] = asks("備考")

    def headline(self, names: Names) -> str:
        name = self.name.text if isinstance(self.name, PersonName) else None
        return child_text(self.ref, name if isinstance(name, str) else "", names)


@dataclass(frozen=True, kw_only=True)
class Adult(Part):
    """A guardian, or another person of the household. ``ref``: of an expectant mother."""

    ref: Answer[UUID] = asks("参照(妊婦)")
    name: Answer[PersonName] = asks("氏名")
    born_on: Answer[PartialDate] = asks("生年月日")
    age: Answer[ShortText] = asks("年齢(聞いたまま)")
    sex: Answer[Sex] = asks("性別")
    relationship: Answer[ShortText] = asks("続柄(子どもからみて)")
    is_guardian: Answer[bool] = asks("保護者", yes="保護者である", no="保護者ではない")
    lives_together: Answer[bool] = asks("同居", yes="同居", no="別居")
    occupation: Answer[ShortText] = asks("職業")
    workplace: Answer[ShortText] = asks("勤務先")
    may_contact: Answer[bool] = asks("連絡の可否", yes="連絡してよい", no="連絡してはいけない")
    contact_way: Answer[ShortText] = asks("連絡の方法")
    contact_hours: Answer[ShortText] = asks("連絡の時間帯")
    phones: Answer[tuple[Phone, ...]] = asks("電話")
    address: Answer[Address] = asks("住所・居所(家族と違うとき)")
    note: Answer[LongText] = asks("備考")

    def headline(self, names: Names) -> str:
        name = self.name.as_text(names) if isinstance(self.name, PersonName) else ""
        return f"{name} {self.relationship}".strip() if isinstance(self.relationship, str) else name


@dataclass(frozen=True, kw_only=True)
class Handbook(Part):
    """母子健康手帳. ``child``: whose it is, where there are several."""

    number: Answer[ShortText] = asks("番号")
    child: Answer[NamedChild] = asks("子ども")
    issued_by: Answer[ShortText] = asks("交付した市町村")
    issued_on: Answer[PartialDate] = asks("交付日")


@dataclass(frozen=True, kw_only=True)
class InvolvedAgency(Part):
    """関与機関: name, person in charge, course. Source: guideline 6(2)[2]."""

    staff: Answer[Staff] = asks("機関")
    involvement: Answer[Involvement] = asks("関与")
    since: Answer[PartialDate] = asks("いつから")
    until: Answer[PartialDate] = asks("いつまで")
    course: Answer[LongText] = asks("経過")


@dataclass(frozen=True, kw_only=True)
class InfantVisit(Part):
    """乳児家庭全戸訪問 実施報告."""

    visited_on: Answer[PartialDate] = asks("訪問日")
    visitors: Answer[tuple[Staff, ...]] = asks("訪問者")
    met: Answer[tuple[ShortText, ...]] = asks("面接者")
    need: Answer[SupportNeed] = asks("支援の必要性")
    note: Answer[LongText] = asks("所見")


@dataclass(frozen=True, kw_only=True)
class Provision(Part):
    """What a 情報提供書 states besides the family. The reason stands under RISK, the state of each under its own section."""

    addressee: Answer[ShortText] = asks("宛先")
    sender: Answer[Staff] = asks("発信機関")
    sender_address: Answer[ShortText] = asks("発信機関の所在地")
    provided_on: Answer[PartialDate] = asks("情報提供の日")
    course: Answer[LongText] = asks("把握の経緯")
    consent: Answer[SubjectConsent] = asks("本人・保護者の同意")
    consent_of: Answer[ShortText] = asks("だれの同意か")
    is_explained: Answer[bool] = asks("本人・保護者への説明", yes="説明済み", no="説明していない")
    explained_to: Answer[ShortText] = asks("だれに説明したか")
    reply_wanted: Answer[bool] = asks("返信の希望", yes="希望する", no="希望しない")
    reply: Answer[LongText] = asks("返信欄")


@dataclass(frozen=True, kw_only=True)
class Transfer(Part):
    """ケース移管通知書. The new address stands among the addresses, or under ADDR; the risk under RISK."""

    handed_from: Answer[Staff] = asks("移管元")
    handed_to: Answer[Staff] = asks("移管先")
    notified_on: Answer[PartialDate] = asks("通知の日")
    reason: Answer[LongText] = asks("移管の理由")
    moves_on: Answer[PartialDate] = asks("転居(予定)日")
    course: Answer[LongText] = asks("経過")
    support: Answer[LongText] = asks("これまでの支援内容")
    attachments: Answer[tuple[ShortText, ...]] = asks("添付一覧")
    received_on: Answer[PartialDate] = asks("受領日")
    is_accepted: Answer[bool] = asks("受理", yes="受理する", no="受理しない")
    accepted_by: Answer[Staff] = asks("対応者")
    reply: Answer[LongText] = asks("回答")


@dataclass(frozen=True, kw_only=True)
class Request(Part):
    """情報提供等協力依頼書."""

    law: Answer[ShortText] = asks("根拠条文")
    needed: Answer[LongText] = asks("必要な情報")
    due_on: Answer[PartialDate] = asks("回答の期限")
    use: Answer[LongText] = asks("使い道")
    answer: Answer[LongText] = asks("回答")
    answered_on: Answer[PartialDate] = asks("回答の日")


@dataclass(frozen=True, kw_only=True)
class Family(Content, schema="family", title="家族の基本情報", sections=(Section.BASIC,)):
    """The family as the sender knows it. ``known_on``: as of when."""

    known_on: Answer[PartialDate] = asks("把握年月日")
    children: Answer[tuple[Child, ...]] = asks("子ども")
    adults: Answer[tuple[Adult, ...]] = asks("保護者・同居人")
    composition: Answer[LongText] = asks("家族構成(補足)", indicator="BI_FAMILY_COMPOSITION")
    addresses: Answer[tuple[Address, ...]] = asks("住所・居所")
    phones: Answer[tuple[Phone, ...]] = asks("電話")
    handbooks: Answer[tuple[Handbook, ...]] = asks("母子健康手帳")
    languages: Answer[tuple[ShortText, ...]] = asks("使用言語")
    needs_interpreter: Answer[bool] = asks("通訳", yes="必要", no="不要")
    interpreter: Answer[ShortText] = asks("通訳(言語・手配など)")
    agencies: Answer[tuple[InvolvedAgency, ...]] = asks("関与機関", indicator="BI_INVOLVED_AGENCIES")
    infant_visit: Answer[InfantVisit] = asks("乳児家庭全戸訪問", indicator="BI_HOME_VISIT_REPORT")
    provision: Answer[Provision] = asks("情報提供")
    transfer: Answer[Transfer] = asks("移管")
    request: Answer[Request] = asks("協力依頼")
    note: Answer[LongText] = asks("備考")
