"""``minutes/v1`` (CONF): 個別ケース検討会議 会議録. Basis: CWA 25-2(2)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Section
from domain.content.codes import RiskLevel
from domain.content.common import Staff
from domain.content.form import Content, Part, asks
from domain.content.values import Answer, LongText, NamedChild, Names, PartialDate, ShortText, TimeOfDay


@dataclass(frozen=True, kw_only=True)
class AgencyInformation(Part):
    """What one agency reported."""

    staff: Answer[Staff] = asks("機関")
    content: Answer[LongText] = asks("情報")

    def headline(self, names: Names) -> str:
        return self.staff.headline(names) if isinstance(self.staff, Staff) else ""


@dataclass(frozen=True, kw_only=True)
class RoleShare(Part):
    """役割分担: who does what until when."""

    staff: Answer[Staff] = asks("機関")
    task: Answer[LongText] = asks("役割")
    due_on: Answer[PartialDate] = asks("いつまで")

    def headline(self, names: Names) -> str:
        return self.staff.headline(names) if isinstance(self.staff, Staff) else ""


@dataclass(frozen=True, kw_only=True)
class Minutes(Content, schema="minutes", title="会議録", sections=(Section.CONF,)):
    """One meeting about one family."""

    meeting: Answer[ShortText] = asks("会議の名称")
    held_on: Answer[PartialDate] = asks("開催日")
    started_at: Answer[TimeOfDay] = asks("開始時刻")
    ended_at: Answer[TimeOfDay] = asks("終了時刻")
    place: Answer[ShortText] = asks("場所")
    participants: Answer[tuple[Staff, ...]] = asks("出席機関")
    absent: Answer[tuple[Staff, ...]] = asks("欠席機関")
    recorded_by: Answer[ShortText] = asks("記録者")
    children: Answer[tuple[NamedChild, ...]] = asks("子ども")
    course: Answer[LongText] = asks("経過")
    information: Answer[tuple[AgencyInformation, ...]] = asks("各機関の情報")
    risk_level: Answer[RiskLevel] = asks("危険度")
    risk_note: Answer[LongText] = asks("危険度の判断")
    policy: Answer[LongText] = asks("方針")
    roles: Answer[tuple[RoleShare, ...]] = asks("役割分担")
    lead: Answer[Staff] = asks("主担当")
    next_on: Answer[PartialDate] = asks("次回の日")
    next_at: Answer[TimeOfDay] = asks("次回の時刻")
    next_note: Answer[LongText] = asks("次回までに行うこと")
    note: Answer[LongText] = asks("備考")
