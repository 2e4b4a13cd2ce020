"""``pregnancy/v1`` (PREG): an expectant mother, and why support is needed from then on. Basis: guideline 6(2)[2]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.codes import Section
from domain.content.codes import Plurality
from domain.content.common import PersonInQuestion, Times, notes_on
from domain.content.form import Content, Count, Part, asks
from domain.content.values import Answer, LongText, NamedChild, Names, PartialDate, ShortText

Weeks = Annotated[int, Count(50)]
Days = Annotated[int, Count(6)]


@dataclass(frozen=True, kw_only=True)
class Pregnancy(Part):
    """One pregnancy. ``weeks``, ``days``: as of ``weeks_on``; ``children``: the references of the unborn."""

    person: Answer[PersonInQuestion] = asks("妊婦")
    due_on: Answer[PartialDate] = asks("分娩予定日")
    weeks: Answer[Weeks] = asks("妊娠週数")
    days: Answer[Days] = asks("妊娠週数(日)")
    weeks_on: Answer[PartialDate] = asks("いつ時点の週数か")
    plurality: Answer[Plurality] = asks("単胎・多胎")
    unborn: Answer[tuple[NamedChild, ...]] = asks("胎児")
    handbook: Answer[ShortText] = asks("母子健康手帳番号")
    handbook_on: Answer[PartialDate] = asks("母子健康手帳の交付日")
    registered_on: Answer[PartialDate] = asks("妊娠届出の日")
    registered_weeks: Answer[Weeks] = asks("妊娠届出時の週数")
    has_checkups: Answer[bool] = asks("妊婦健診の受診", yes="受診している", no="受診していない")
    checkups: Answer[Times] = asks("妊婦健診の回数")
    last_checkup_on: Answer[PartialDate] = asks("最後の妊婦健診")
    births_before: Answer[Times] = asks("出産の経験(回)")
    delivery_at: Answer[ShortText] = asks("分娩予定の施設")
    clinic: Answer[ShortText] = asks("かかっている医療機関")
    course: Answer[LongText] = asks("妊娠経過")
    problems: Answer[LongText] = asks("妊娠中の異常")
    young: Answer[LongText] = notes_on("PR_YOUNG")
    economic: Answer[LongText] = notes_on("PR_ECONOMIC")
    ambivalence: Answer[LongText] = notes_on("PR_AMBIVALENCE")
    no_handbook_late_notice: Answer[LongText] = notes_on("PR_NO_HANDBOOK_LATE_NOTICE")
    no_checkups: Answer[LongText] = notes_on("PR_NO_CHECKUPS")
    multiple: Answer[LongText] = notes_on("PR_MULTIPLE")
    physical_mental: Answer[LongText] = notes_on("PR_PHYSICAL_MENTAL")
    other: Answer[LongText] = notes_on("PR_OTHER")
    support_asked_for: Answer[LongText] = asks("希望する支援")
    note: Answer[LongText] = asks("備考")

    def headline(self, names: Names) -> str:
        return self.person.as_text(names) if isinstance(self.person, PersonInQuestion) else ""


@dataclass(frozen=True, kw_only=True)
class Pregnancies(Content, schema="pregnancy", title="妊娠期・特定妊婦", sections=(Section.PREG,)):
    """The persons that are spoken of."""

    observed_on: Answer[PartialDate] = asks("把握した日")
    observed_by: Answer[ShortText] = asks("把握した人")
    pregnancies: Answer[tuple[Pregnancy, ...]] = asks("妊婦ごとの状況")
    note: Answer[LongText] = asks("備考")
