"""``closing/v1`` (CLOSING): evaluation after support, and what follows. Basis: guideline 6(5)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import ClosingReason, FollowOn, Section
from domain.content.common import GoalProgress, Staff
from domain.content.form import Content, Part, asks
from domain.content.values import Answer, LongText, NamedChild, Names, PartialDate


@dataclass(frozen=True, kw_only=True)
class Opinion(Part):
    """What one of those consulted thinks of closing."""

    staff: Answer[Staff] = asks("機関")
    stated_on: Answer[PartialDate] = asks("いつ")
    opinion: Answer[LongText] = asks("意見")

    def headline(self, names: Names) -> str:
        return self.staff.headline(names) if isinstance(self.staff, Staff) else ""


@dataclass(frozen=True, kw_only=True)
class FollowOnSupport(Part):
    """One support that follows."""

    provider: Answer[Staff] = asks("引き継ぐ機関")
    content: Answer[LongText] = asks("支援の内容")
    starts_on: Answer[PartialDate] = asks("始まり")
    is_accepted: Answer[bool] = asks("受け入れ", yes="受け入れた", no="受け入れていない")

    def headline(self, names: Names) -> str:
        return self.provider.headline(names) if isinstance(self.provider, Staff) else ""


@dataclass(frozen=True, kw_only=True)
class Closing(Content, schema="closing", title="終結の評価", sections=(Section.CLOSING,)):
    """Whether the goals are reached and the environment is better; who was asked; what follows."""

    evaluated_on: Answer[PartialDate] = asks("評価の日")
    evaluated_by: Answer[tuple[Staff, ...]] = asks("評価した人")
    children: Answer[tuple[NamedChild, ...]] = asks("子ども")
    support: Answer[LongText] = asks("行った支援の経過")
    goals: Answer[tuple[GoalProgress, ...]] = asks("目標ごとの評価")
    is_improved: Answer[bool] = asks("養育環境の改善", yes="改善した", no="改善していない")
    environment: Answer[LongText] = asks("養育環境の評価")
    remaining: Answer[LongText] = asks("残る課題")
    family_opinion: Answer[LongText] = asks("家族の意見")
    opinions: Answer[tuple[Opinion, ...]] = asks("協議した機関の意見")
    reason: Answer[ClosingReason] = asks("終結の理由")
    reason_note: Answer[LongText] = asks("終結の理由の補足")
    follow_on: Answer[FollowOn] = asks("終結後の支援")
    follow_ons: Answer[tuple[FollowOnSupport, ...]] = asks("引き継ぐ支援")
    reopen_when: Answer[LongText] = asks("再開を検討する状況")
    note: Answer[LongText] = asks("備考")
