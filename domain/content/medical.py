"""``medical/v1`` (MEDICAL): 診療情報提供書 (別紙様式12の2, 12の3), as far as it is medical.

What a form mixes in (household, telephone, rings about child and environment) stands under the sections of those.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Section
from domain.content.codes import BirthPlace, DiagnosisState, Plurality, Sex
from domain.content.common import PersonInQuestion, PhoneNumber, Staff, Times
from domain.content.form import Content, Part, asks
from domain.content.pregnancy import Days, Weeks
from domain.content.values import (
    Amount,
    AmountRange,
    Answer,
    LongText,
    NamedChild,
    Names,
    PartialDate,
    PersonName,
    ShortText,
    child_text,
)


@dataclass(frozen=True, kw_only=True)
class MedicalChild(Part):
    """児, as the form asks for it."""

    child: Answer[NamedChild] = asks("子ども")
    name: Answer[PersonName] = asks("氏名")
    sex: Answer[Sex] = asks("性別")
    born_on: Answer[PartialDate] = asks("生年月日")

    def headline(self, names: Names) -> str:
        return child_text(self.child.ref, "", names) if isinstance(self.child, NamedChild) else ""


@dataclass(frozen=True, kw_only=True)
class Diagnosis(Part):
    """傷病名. ``code``: of a public list, named in ``code_list`` (ICD-10, 傷病名マスター); ``is_main``: 主たる傷病名."""

    person: Answer[PersonInQuestion] = asks("だれの")
    name: Answer[ShortText] = asks("傷病名")
    code: Answer[ShortText] = asks("コード")
    code_list: Answer[ShortText] = asks("コード表")
    is_main: Answer[bool] = asks("主傷病", yes="主たる傷病", no="その他の傷病")
    state: Answer[DiagnosisState] = asks("状態")
    since: Answer[PartialDate] = asks("発症・診断の日")
    until: Answer[PartialDate] = asks("治癒・寛解の日")
    note: Answer[LongText] = asks("備考")

    def headline(self, names: Names) -> str:
        return self.name if isinstance(self.name, str) else ""


@dataclass(frozen=True, kw_only=True)
class Birth(Part):
    """出生の記録 of one child."""

    child: Answer[NamedChild] = asks("子ども")
    born_on: Answer[PartialDate] = asks("出生の日")
    place: Answer[BirthPlace] = asks("出産場所")
    place_name: Answer[ShortText] = asks("出産した施設")
    weeks: Answer[Weeks] = asks("在胎週数")
    days: Answer[Days] = asks("在胎週数(日)")
    plurality: Answer[Plurality] = asks("単胎・多胎")
    weight: Answer[Amount] = asks("出生体重")
    height: Answer[Amount] = asks("出生身長")
    head: Answer[Amount] = asks("出生時頭囲")
    apgar: Answer[ShortText] = asks("アプガースコア")
    delivery_remarks: Answer[LongText] = asks("出産時の特記事項")
    pregnancy_problems: Answer[LongText] = asks("妊娠中の異常")
    had_checkups: Answer[bool] = asks("妊婦健診の受診", yes="受診した", no="受診していない")
    checkups: Answer[Times] = asks("妊婦健診の回数")

    def headline(self, names: Names) -> str:
        return self.child.as_text(names) if isinstance(self.child, NamedChild) else ""


@dataclass(frozen=True, kw_only=True)
class MedicalTest(Part):
    """検査. ``amount``: a measured amount; ``range``: a measured range; ``result``: a result in words (陰性)."""

    person: Answer[PersonInQuestion] = asks("だれの")
    name: Answer[ShortText] = asks("検査")
    amount: Answer[Amount] = asks("値")
    range: Answer[AmountRange] = asks("値の範囲")
    result: Answer[LongText] = asks("結果")
    reference: Answer[AmountRange] = asks("基準範囲")
    reference_note: Answer[ShortText] = asks("基準範囲(補足)")
    tested_on: Answer[PartialDate] = asks("検査の日")
    note: Answer[LongText] = asks("所見")

    def headline(self, names: Names) -> str:
        return self.name if isinstance(self.name, str) else ""


@dataclass(frozen=True, kw_only=True)
class HospitalStay(Part):
    """入退院. Where to, and its telephone, as far as it is no protected address."""

    person: Answer[PersonInQuestion] = asks("だれの")
    hospital: Answer[ShortText] = asks("医療機関")
    admitted_on: Answer[PartialDate] = asks("入院日")
    discharged_on: Answer[PartialDate] = asks("退院(予定)日")
    discharged_to: Answer[ShortText] = asks("退院先")
    care_of: Answer[ShortText] = asks("退院先(様方)")
    phone: Answer[PhoneNumber] = asks("退院先の電話")
    note: Answer[LongText] = asks("経過")


@dataclass(frozen=True, kw_only=True)
class Medical(Content, schema="medical", title="医療情報", sections=(Section.MEDICAL,)):
    """What a hospital or clinic states. ``patient``: whose 診療情報提供書 it is."""

    provider: Answer[Staff] = asks("医療機関・医師")
    provider_address: Answer[ShortText] = asks("医療機関の所在地")
    addressee: Answer[ShortText] = asks("宛先")
    issued_on: Answer[PartialDate] = asks("作成日")
    patient: Answer[PersonInQuestion] = asks("患者")
    patient_sex: Answer[Sex] = asks("患者の性別")
    patient_born_on: Answer[PartialDate] = asks("患者の生年月日")
    patient_occupation: Answer[ShortText] = asks("患者の職業")
    children: Answer[tuple[MedicalChild, ...]] = asks("児")
    diagnoses: Answer[tuple[Diagnosis, ...]] = asks("傷病名の一覧")
    condition: Answer[LongText] = asks("病状")
    history: Answer[LongText] = asks("既往症")
    treatment: Answer[LongText] = asks("治療状況")
    medication: Answer[LongText] = asks("処方")
    births: Answer[tuple[Birth, ...]] = asks("出生の記録")
    tests: Answer[tuple[MedicalTest, ...]] = asks("検査の一覧")
    stays: Answer[tuple[HospitalStay, ...]] = asks("入退院")
    purpose: Answer[LongText] = asks("情報提供の目的と理由")
    note: Answer[LongText] = asks("備考")
