"""``visit/v1`` (VISIT): 訪問記録・養育支援訪問報告書. Whether each child was seen with one's own eyes stands beside the child."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Section, Urgency
from domain.content.common import OWN_WORDS, GoalProgress, Measure, OwnWords, Staff
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
class VisitedChild(Part):
    """One child at this visit. ``seen``: with one's own eyes; ``how``: where and how, or why not."""

    child: NamedChild = needs("子ども")
    seen: Answer[bool] = asks("目視", yes="目視した", no="目視していない")
    how: Answer[LongText] = asks("見た場面・見られなかった理由")
    clothing: Answer[LongText] = asks("服装・清潔")
    weight: Answer[Amount] = asks("体重")
    measures: Answer[tuple[Measure, ...]] = asks("その他の計測")
    injuries: Answer[LongText] = asks("傷・あざ")
    expression: Answer[LongText] = asks("表情")
    condition: Answer[LongText] = asks("子どもの様子")
    own_words: Answer[tuple[OwnWords, ...]] = asks("子どもの発言", flag=OWN_WORDS)

    def headline(self, names: Names) -> str:
        return self.child.as_text(names)


@dataclass(frozen=True, kw_only=True)
class Visit(Content, schema="visit", title="訪問記録", sections=(Section.VISIT,)):
    """One visit. ``plan``: the plan on which it rests, as the visitor names it."""

    visited_on: Answer[PartialDate] = asks("訪問日")
    started_at: Answer[TimeOfDay] = asks("開始時刻")
    ended_at: Answer[TimeOfDay] = asks("終了時刻")
    place: Answer[ShortText] = asks("場所")
    visitors: Answer[tuple[Staff, ...]] = asks("訪問者")
    companions: Answer[tuple[Staff, ...]] = asks("同行者")
    plan: Answer[ShortText] = asks("もとにした計画")
    met: Answer[tuple[ShortText, ...]] = asks("面接した人")
    children: Answer[tuple[VisitedChild, ...]] = asks("子ども")
    caregivers: Answer[LongText] = asks("養育者の様子")
    environment: Answer[LongText] = asks("養育環境の様子")
    support: Answer[LongText] = asks("行った支援")
    reaction: Answer[LongText] = asks("反応")
    progress: Answer[tuple[GoalProgress, ...]] = asks("目標の達成度")
    concerns: Answer[LongText] = asks("気になる点")
    urgency: Answer[Urgency] = asks("緊急性")
    next_visit_on: Answer[PartialDate] = asks("次回の予定日")
    next_visit_at: Answer[TimeOfDay] = asks("次回の時刻")
    next_visit: Answer[LongText] = asks("次回に行うこと")
    reported_to: Answer[ShortText] = asks("報告先")
    reported_on: Answer[PartialDate] = asks("報告日")
    received_by: Answer[ShortText] = asks("受領者")
    note: Answer[LongText] = asks("備考")
