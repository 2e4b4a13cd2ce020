"""``risk/v1`` (RISK): 虐待相談・通告受付票, 児童通告書, 緊急度 and 安全確認. Who notified stands under NOTIFIER. Basis: CAPA 8."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Flag, NotificationChannel, SafetyMethod, Section, Urgency
from domain.content.codes import AbuseKind, IntakeResult, RiskLevel
from domain.content.common import OWN_WORDS, OwnWords, PersonInQuestion, Staff
from domain.content.form import Content, Part, asks, needs
from domain.content.values import (
    Amount,
    Answer,
    LongText,
    NamedChild,
    Names,
    PartialDate,
    ShortText,
    TimeOfDay,
)


@dataclass(frozen=True, kw_only=True)
class Intake(Part):
    """受理. ``respond_by``: until when the child has to be seen."""

    received_on: Answer[PartialDate] = asks("受理の日")
    received_at: Answer[TimeOfDay] = asks("受理の時刻")
    received_around: Answer[ShortText] = asks("受理の時刻(おおよそ・午前午後)")
    received_by: Answer[Staff] = asks("受理した人")
    channel: Answer[NotificationChannel] = asks("方法")
    respond_by: Answer[PartialDate] = asks("安全確認の期限(日)")
    respond_by_time: Answer[TimeOfDay] = asks("安全確認の期限(時刻)")
    first_response: Answer[LongText] = asks("初期対応")
    meeting_on: Answer[PartialDate] = asks("受理会議の日")
    meeting_result: Answer[IntakeResult] = asks("受理会議の結果")
    meeting_note: Answer[LongText] = asks("受理会議の内容")


@dataclass(frozen=True, kw_only=True)
class Abuse(Part):
    """What was done to one child. ``by``: who did it, by relation or name."""

    child: Answer[NamedChild] = asks("子ども")
    kinds: Answer[tuple[AbuseKind, ...]] = asks("種別")
    content: Answer[LongText] = asks("内容")
    by: Answer[tuple[PersonInQuestion, ...]] = asks("だれが")
    since: Answer[PartialDate] = asks("いつから")
    last_on: Answer[PartialDate] = asks("最近では")
    frequency: Answer[ShortText] = asks("頻度")
    course: Answer[LongText] = asks("経過")

    def headline(self, names: Names) -> str:
        return self.child.as_text(names) if isinstance(self.child, NamedChild) else ""


@dataclass(frozen=True, kw_only=True)
class Injury(Part):
    """傷・あざ of one child."""

    child: Answer[NamedChild] = asks("子ども")
    where: Answer[ShortText] = asks("部位")
    kind: Answer[ShortText] = asks("種類")
    size: Answer[Amount] = asks("大きさ")
    description: Answer[LongText] = asks("様子")
    explained_as: Answer[LongText] = asks("原因についての説明")
    seen_on: Answer[PartialDate] = asks("確認した日")
    seen_by: Answer[ShortText] = asks("確認した人")
    photographed: Answer[bool] = asks("写真", yes="ある", no="ない")

    def headline(self, names: Names) -> str:
        return self.child.as_text(names) if isinstance(self.child, NamedChild) else ""


@dataclass(frozen=True, kw_only=True)
class CheckedChild(Part):
    """One child at a check. ``seen``: with one's own eyes; only that shows that it is safe."""

    child: NamedChild = needs("子ども")
    seen: Answer[bool] = asks("目視", yes="目視した", no="目視していない")
    is_safe: Answer[bool] = asks("安全", yes="安全を確認した", no="安全を確認できない")
    condition: Answer[LongText] = asks("様子")

    def headline(self, names: Names) -> str:
        return self.child.as_text(names)


@dataclass(frozen=True, kw_only=True)
class SafetyCheck(Part):
    """安全確認: day, by whom, how, each child."""

    checked_on: Answer[PartialDate] = asks("確認の日")
    checked_at: Answer[TimeOfDay] = asks("確認の時刻")
    checked_by: Answer[tuple[Staff, ...]] = asks("確認した人")
    method: Answer[SafetyMethod] = asks("確認の方法")
    place: Answer[ShortText] = asks("場所")
    children: Answer[tuple[CheckedChild, ...]] = asks("確認した子ども")
    note: Answer[LongText] = asks("補足")


@dataclass(frozen=True, kw_only=True)
class Account(Part):
    """What a third person stated."""

    by: Answer[ShortText] = asks("だれから")
    stated_on: Answer[PartialDate] = asks("いつ")
    content: Answer[LongText] = asks("聞いた内容")


@dataclass(frozen=True, kw_only=True)
class Risk(Content, schema="risk", title="危険度・保護", sections=(Section.RISK,)):
    """What endangers the children, and what was done at once."""

    assessed_on: Answer[PartialDate] = asks("判断の日")
    assessed_by: Answer[tuple[Staff, ...]] = asks("判断した人")
    intake: Answer[Intake] = asks("受理")
    reason: Answer[LongText] = asks("情報提供・通告・送致の理由")
    urgency: Answer[Urgency] = asks("緊急度")
    urgency_note: Answer[LongText] = asks("緊急度の根拠")
    level: Answer[RiskLevel] = asks("危険度")
    level_note: Answer[LongText] = asks("危険度の根拠")
    abuses: Answer[tuple[Abuse, ...]] = asks("虐待の状況")
    injuries: Answer[tuple[Injury, ...]] = asks("傷・あざ")
    partner_violence: Answer[LongText] = asks("配偶者間の暴力(DV)")
    children_note: Answer[LongText] = asks("子どもの状況")
    family_note: Answer[LongText] = asks("家族・同居人の状況")
    safety_checks: Answer[tuple[SafetyCheck, ...]] = asks("安全確認")
    strengths: Answer[LongText] = asks("子どもを守る力")
    measures: Answer[LongText] = asks("一時保護・措置など")
    accounts: Answer[tuple[Account, ...]] = asks("第三者の話", flag=Flag.THIRD_PARTY)
    own_words: Answer[tuple[OwnWords, ...]] = asks("子どもの発言", flag=OWN_WORDS)
    note: Answer[LongText] = asks("備考")
