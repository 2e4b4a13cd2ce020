"""``plan/v1`` (PLAN): サポートプラン・支援計画, which the family is given. Basis: CWA 10(1)4; guideline 6(3)[1]."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import FamilyService, PlanAgreement, PlanHandover, PlanMaker, Section
from domain.content.codes import GoalTerm
from domain.content.common import Staff, Times
from domain.content.form import Content, Part, asks
from domain.content.values import Answer, LongText, NamedChild, PartialDate, ShortText


@dataclass(frozen=True, kw_only=True)
class Goal(Part):
    """目標. ``number``: by which visits and evaluations name it."""

    number: Answer[Times] = asks("番号")
    term: Answer[GoalTerm] = asks("長期・短期")
    text: Answer[LongText] = asks("目標")
    whose: Answer[ShortText] = asks("だれの目標か")
    due_on: Answer[PartialDate] = asks("達成の時期")


@dataclass(frozen=True, kw_only=True)
class Support(Part):
    """One kind of help: what, by whom, how often, how long. ``goals``: the numbers that it serves."""

    service: Answer[FamilyService] = asks("家庭支援事業")
    kind: Answer[ShortText] = asks("支援の種類")
    content: Answer[LongText] = asks("内容")
    method: Answer[LongText] = asks("方法")
    provider: Answer[Staff] = asks("担当機関")
    frequency: Answer[ShortText] = asks("頻度")
    starts_on: Answer[PartialDate] = asks("始まり")
    ends_on: Answer[PartialDate] = asks("終わり")
    goals: Answer[tuple[Times, ...]] = asks("対応する目標番号")


@dataclass(frozen=True, kw_only=True)
class Recommendation(Part):
    """家庭支援事業の利用勧奨."""

    service: Answer[FamilyService] = asks("家庭支援事業")
    recommended_on: Answer[PartialDate] = asks("勧奨の日")
    answer: Answer[LongText] = asks("家族の答え")


@dataclass(frozen=True, kw_only=True)
class Plan(Content, schema="plan", title="支援計画(サポートプラン)", sections=(Section.PLAN,)):
    """A plan. It is written for the family to read: what a child confided stands under CHILD, with its flag."""

    made_on: Answer[PartialDate] = asks("作成日")
    makers: Answer[tuple[PlanMaker, ...]] = asks("作成した担当")
    made_by: Answer[tuple[Staff, ...]] = asks("作成者")
    children: Answer[tuple[NamedChild, ...]] = asks("子ども")
    family: Answer[LongText] = asks("家族")
    views_of_persons: Answer[LongText] = asks("本人(保護者・妊婦)の意向")
    views_of_children: Answer[LongText] = asks("こどもの意向")
    situation: Answer[LongText] = asks("現状と課題")
    to_be_solved: Answer[LongText] = asks("解決したいこと")
    goals: Answer[tuple[Goal, ...]] = asks("目標")
    starts_on: Answer[PartialDate] = asks("計画の始まり")
    ends_on: Answer[PartialDate] = asks("計画の終わり")
    supports: Answer[tuple[Support, ...]] = asks("支援")
    family_does: Answer[LongText] = asks("家族がすること")
    recommendations: Answer[tuple[Recommendation, ...]] = asks("利用勧奨")
    review_on: Answer[PartialDate] = asks("見直しの時期")
    evaluation: Answer[LongText] = asks("評価")
    explained_on: Answer[PartialDate] = asks("説明した日")
    explained_to: Answer[ShortText] = asks("説明した相手")
    explained_by: Answer[ShortText] = asks("説明した人")
    agreement: Answer[PlanAgreement] = asks("同意")
    signed_by: Answer[ShortText] = asks("署名した人")
    signed_on: Answer[PartialDate] = asks("署名の日")
    handover: Answer[PlanHandover] = asks("渡し方")
    handed_on: Answer[PartialDate] = asks("手交日")
    handed_to: Answer[ShortText] = asks("手交した相手")
    note: Answer[LongText] = asks("備考")
