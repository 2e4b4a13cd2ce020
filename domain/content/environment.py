"""``environment/v1`` (ENV): in what circumstances the children live. Basis: guideline 6(2)[2]."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Section
from domain.content.codes import EnvironmentSign
from domain.content.common import PersonInQuestion, notes_on
from domain.content.form import Content, Part, asks
from domain.content.values import Answer, LongText, Names, PartialDate, ShortText


@dataclass(frozen=True, kw_only=True)
class Supporter(Part):
    """育児への支援者: who helps to raise the children."""

    person: Answer[PersonInQuestion] = asks("だれ")
    helps_with: Answer[LongText] = asks("手伝えること")
    how_often: Answer[ShortText] = asks("頻度")

    def headline(self, names: Names) -> str:
        return self.person.as_text(names) if isinstance(self.person, PersonInQuestion) else ""


@dataclass(frozen=True, kw_only=True)
class Environment(Content, schema="environment", title="養育環境", sections=(Section.ENV,)):
    """The household, as somebody observed it on a day. Violence between partners stands under RISK."""

    observed_on: Answer[PartialDate] = asks("観察した日")
    observed_by: Answer[ShortText] = asks("観察した人")
    couple_relationship: Answer[LongText] = notes_on("EN_COUPLE_RELATIONSHIP")
    family_change: Answer[LongText] = notes_on("EN_FAMILY_CHANGE")
    economic_work: Answer[LongText] = notes_on("EN_ECONOMIC_WORK")
    housing: Answer[LongText] = notes_on("EN_HOUSING")
    relocation: Answer[LongText] = notes_on("EN_RELOCATION")
    community_relations: Answer[LongText] = notes_on("EN_COMMUNITY_RELATIONS")
    available_resources: Answer[LongText] = notes_on("EN_AVAILABLE_RESOURCES")
    supporters: Answer[tuple[Supporter, ...]] = asks("育児への支援者")
    signs: Answer[tuple[EnvironmentSign, ...]] = asks("該当する項目")
    signs_note: Answer[LongText] = asks("該当する項目の補足")
    note: Answer[LongText] = asks("備考")
