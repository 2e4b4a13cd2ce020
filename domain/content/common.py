"""Parts that several schemas have: addresses, telephones, measures, a child's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from domain.codes import Flag
from domain.content.codes import AddressKind, MeasureKind, PhoneKind, ProgressDegree
from domain.content.form import Count, Part, Text, asks
from domain.content.values import (
    Amount,
    Answer,
    LongText,
    NamedChild,
    Names,
    PartialDate,
    PersonName,
    ShortText,
)
from domain.indicators import INDICATORS

PostalCode = Annotated[
    str, Text(8, pattern=r"[0-9]{3}-[0-9]{4}", form="NNN-NNNN", form_ja="「123-4567」の形")
]
PhoneNumber = Annotated[
    str,
    Text(30, pattern=r"\+?[0-9](?:[0-9()-]{0,28}[0-9])?", form="digits with - ( ) +", form_ja="数字と-()+"),
]
Months = Annotated[int, Count(1200)]
Times = Annotated[int, Count(99_999)]


@dataclass(frozen=True, kw_only=True)
class Address(Part):
    """住所・居所. ``text``: all of it on one line, as it is written on an envelope."""

    kind: Answer[AddressKind] = asks("区分")
    postal_code: Answer[PostalCode] = asks("郵便番号")
    text: Answer[ShortText] = asks("住所")
    care_of: Answer[ShortText] = asks("様方・気付")
    since: Answer[PartialDate] = asks("いつから")
    until: Answer[PartialDate] = asks("いつまで")
    note: Answer[LongText] = asks("備考")


@dataclass(frozen=True, kw_only=True)
class Phone(Part):
    """電話. ``owner``: whose it is, where it is another's."""

    kind: Answer[PhoneKind] = asks("区分")
    number: Answer[PhoneNumber] = asks("番号")
    owner: Answer[ShortText] = asks("だれの電話か")
    may_call: Answer[bool] = asks("かけてよいか", yes="よい", no="かけてはいけない")
    hours: Answer[ShortText] = asks("時間帯")
    note: Answer[LongText] = asks("備考")


@dataclass(frozen=True, kw_only=True)
class Staff(Part):
    """Who of an agency: its name, the person in charge, profession, telephone."""

    agency: Answer[ShortText] = asks("機関名")
    department: Answer[ShortText] = asks("部署")
    person: Answer[ShortText] = asks("担当者")
    profession: Answer[ShortText] = asks("職種")
    phone: Answer[PhoneNumber] = asks("電話")

    def headline(self, names: Names) -> str:
        return " ".join(t for t in (self.agency, self.person) if isinstance(t, str))


@dataclass(frozen=True, kw_only=True)
class PersonInQuestion(Part):
    """Whom a statement is about: ``ref`` where the person has a reference (a child, an expectant mother)."""

    ref: Answer[UUID] = asks("参照")
    name: Answer[PersonName] = asks("氏名")
    relationship: Answer[ShortText] = asks("続柄(子どもからみて)")

    def as_text(self, names: Names) -> str:
        name = self.name.as_text(names) if isinstance(self.name, PersonName) else ""
        relationship = self.relationship if isinstance(self.relationship, str) else ""
        ref = f"参照 {str(self.ref)[:8]}" if isinstance(self.ref, UUID) else ""
        return "・".join(text for text in (name, relationship, ref) if text) or "だれか未確認"


@dataclass(frozen=True, kw_only=True)
class Measure(Part):
    """A measured amount of a child, with its day. ``kind_text``: what, where it is another kind."""

    kind: Answer[MeasureKind] = asks("項目")
    kind_text: Answer[ShortText] = asks("項目(その他)")
    amount: Answer[Amount] = asks("値")
    measured_on: Answer[PartialDate] = asks("測定日")
    note: Answer[ShortText] = asks("備考")


@dataclass(frozen=True, kw_only=True)
class Score(Part):
    """The score of a questionnaire (EPDS and others), with its day."""

    name: Answer[ShortText] = asks("質問票")
    amount: Answer[Amount] = asks("点数")
    measured_on: Answer[PartialDate] = asks("実施日")
    note: Answer[LongText] = asks("備考")


@dataclass(frozen=True, kw_only=True)
class OwnWords(Part):
    """What a child itself stated, word for word."""

    child: Answer[NamedChild] = asks("子ども")
    words: Answer[LongText] = asks("発言")
    stated_on: Answer[PartialDate] = asks("発言の日")
    stated_to: Answer[ShortText] = asks("聞いた人")
    circumstances: Answer[LongText] = asks("聞いたときの状況")


OWN_WORDS = Flag.CHILD_STATEMENT


@dataclass(frozen=True, kw_only=True)
class GoalProgress(Part):
    """How far a goal of the plan is reached. ``number``: of the goal in the plan."""

    number: Answer[Times] = asks("目標番号")
    goal: Answer[LongText] = asks("目標")
    degree: Answer[ProgressDegree] = asks("達成度")
    note: Answer[LongText] = asks("様子")


_INDICATOR_OF = {indicator.code: indicator for indicator in INDICATORS}


def notes_on(code: str) -> Any:
    """What was seen about one of the indicators (guideline 6(2)[2]), beside the code that control carries."""
    indicator = _INDICATOR_OF[code]
    flag = next(iter(indicator.flags), None)
    return asks(indicator.label, flag=flag, indicator=code)
