"""``child/v1`` (CHILD): how a child is, child by child, with day and observer. Basis: guideline 6(2)[2]."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Section
from domain.content.codes import ChildSign, LifePeriod
from domain.content.common import OWN_WORDS, Measure, OwnWords, Score, notes_on
from domain.content.form import Content, Part, asks, needs
from domain.content.values import Answer, LongText, NamedChild, Names, PartialDate, ShortText


@dataclass(frozen=True, kw_only=True)
class Checkup(Part):
    """健診. ``attended``: whether the child was there."""

    name: Answer[ShortText] = asks("健診")
    attended: Answer[bool] = asks("受診", yes="受診した", no="受診していない")
    held_on: Answer[PartialDate] = asks("健診の日")
    result: Answer[LongText] = asks("結果")


@dataclass(frozen=True, kw_only=True)
class Separation(Part):
    """分離歴: a time in which the child lived apart from its caregivers."""

    place: Answer[ShortText] = asks("場所(病院・施設・親族など)")
    since: Answer[PartialDate] = asks("いつから")
    until: Answer[PartialDate] = asks("いつまで")
    note: Answer[LongText] = asks("様子")


@dataclass(frozen=True, kw_only=True)
class ChildCondition(Part):
    """One child, as somebody observed it on a day."""

    child: NamedChild = needs("子ども")
    period: Answer[LifePeriod] = asks("時期")
    observed_on: Answer[PartialDate] = asks("観察した日")
    observed_by: Answer[ShortText] = asks("観察した人")
    measures: Answer[tuple[Measure, ...]] = asks("計測")
    growth: Answer[LongText] = asks("発育・発達")
    birth_status: Answer[LongText] = notes_on("CH_BIRTH_STATUS")
    checkup_status: Answer[LongText] = notes_on("CH_CHECKUP_STATUS")
    checkups: Answer[tuple[Checkup, ...]] = asks("受けた健診")
    vaccinations: Answer[LongText] = asks("予防接種")
    health_status: Answer[LongText] = notes_on("CH_HEALTH_STATUS")
    emotional_stability: Answer[LongText] = notes_on("CH_EMOTIONAL_STABILITY")
    problem_behaviour: Answer[LongText] = notes_on("CH_PROBLEM_BEHAVIOUR")
    daily_care: Answer[LongText] = notes_on("CH_DAILY_CARE")
    caregiver_relationship: Answer[LongText] = notes_on("CH_CAREGIVER_RELATIONSHIP")
    separations: Answer[tuple[Separation, ...]] = asks("分離歴")
    signs: Answer[tuple[ChildSign, ...]] = asks("該当する項目")
    signs_note: Answer[LongText] = asks("該当する項目の補足")
    scores: Answer[tuple[Score, ...]] = asks("発達検査・質問票")
    affiliation: Answer[LongText] = asks("保育所・学校での様子")
    own_words: Answer[tuple[OwnWords, ...]] = asks("子どもの発言", flag=OWN_WORDS)
    note: Answer[LongText] = asks("備考")

    def headline(self, names: Names) -> str:
        return self.child.as_text(names)


@dataclass(frozen=True, kw_only=True)
class ChildConditions(Content, schema="child", title="子どもの状況", sections=(Section.CHILD,)):
    """The children that are spoken of. A child's own words go into an item of their own."""

    children: Answer[tuple[ChildCondition, ...]] = asks("子どもごとの状況")
    note: Answer[LongText] = asks("備考")
