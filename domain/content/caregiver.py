"""``caregiver/v1`` (CAREGIVER): how each of those is who raise the children. Basis: guideline 6(2)[2]."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Caregiver, Section
from domain.content.common import PersonInQuestion, Score, notes_on
from domain.content.form import Content, Part, asks
from domain.content.values import Answer, LongText, Names, PartialDate, ShortText


@dataclass(frozen=True, kw_only=True)
class CaregiverCondition(Part):
    """One person, as somebody observed it on a day."""

    person: Answer[PersonInQuestion] = asks("だれ")
    role: Answer[Caregiver] = asks("立場")
    observed_on: Answer[PartialDate] = asks("観察した日")
    observed_by: Answer[ShortText] = asks("観察した人")
    upbringing_history: Answer[LongText] = notes_on("CG_UPBRINGING_HISTORY")
    family_relations: Answer[LongText] = notes_on("CG_FAMILY_RELATIONS")
    pregnancy_delivery: Answer[LongText] = notes_on("CG_PREGNANCY_DELIVERY")
    health_status: Answer[LongText] = notes_on("CG_HEALTH_STATUS")
    depressive_tendency: Answer[LongText] = notes_on("CG_DEPRESSIVE_TENDENCY")
    personality_tendency: Answer[LongText] = notes_on("CG_PERSONALITY_TENDENCY")
    housekeeping_parenting: Answer[LongText] = notes_on("CG_HOUSEKEEPING_PARENTING")
    feelings_to_child: Answer[LongText] = notes_on("CG_FEELINGS_TO_CHILD")
    problem_awareness: Answer[LongText] = notes_on("CG_PROBLEM_AWARENESS")
    has_confidant: Answer[LongText] = notes_on("CG_HAS_CONFIDANT")
    scores: Answer[tuple[Score, ...]] = asks("質問票(EPDSなど)")
    support_asked_for: Answer[LongText] = asks("希望する支援")
    note: Answer[LongText] = asks("備考")

    def headline(self, names: Names) -> str:
        return self.person.as_text(names) if isinstance(self.person, PersonInQuestion) else ""


@dataclass(frozen=True, kw_only=True)
class CaregiverConditions(Content, schema="caregiver", title="養育者の状況", sections=(Section.CAREGIVER,)):
    """The persons that are spoken of. What an indicator marks as sensitive goes into an item of its own."""

    persons: Answer[tuple[CaregiverCondition, ...]] = asks("養育者ごとの状況")
    note: Answer[LongText] = asks("備考")
