"""``address/v1`` (ADDR): a protected address, and whom it must be kept from. Every place in it has the flag DV_PROTECTED."""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import Flag, Section
from domain.content.common import Address, Phone, Staff
from domain.content.form import Content, Part, asks
from domain.content.values import Answer, LongText, NamedChild, PartialDate, PersonName, ShortText

PROTECTED = Flag.DV_PROTECTED


@dataclass(frozen=True, kw_only=True)
class KeptFrom(Part):
    """Who must not learn the place."""

    name: Answer[PersonName] = asks("氏名")
    relationship: Answer[ShortText] = asks("続柄・関係")
    address: Answer[ShortText] = asks("住所・居所")
    note: Answer[LongText] = asks("備考")


@dataclass(frozen=True, kw_only=True)
class ProtectedAddress(Content, schema="address", title="秘匿住所", sections=(Section.ADDR,)):
    """Where the family, or a part of it, lives in secret. ``place``: the name of a facility or of its kind."""

    addresses: Answer[tuple[Address, ...]] = asks("秘匿する住所・居所", flag=PROTECTED, is_mark=True)
    place: Answer[ShortText] = asks("施設・避難先", flag=PROTECTED, is_mark=True)
    phones: Answer[tuple[Phone, ...]] = asks("秘匿する電話", flag=PROTECTED, is_mark=True)
    moves_on: Answer[PartialDate] = asks("転居(予定)日")
    adults: Answer[tuple[PersonName, ...]] = asks("そこに住む保護者・同居人")
    children: Answer[tuple[NamedChild, ...]] = asks("そこに住む子ども")
    kept_from: Answer[tuple[KeptFrom, ...]] = asks("知られてはならない相手")
    reason: Answer[LongText] = asks("秘匿の理由")
    measure: Answer[ShortText] = asks("支援措置の種類")
    measure_by: Answer[Staff] = asks("支援措置の決定機関")
    measure_since: Answer[PartialDate] = asks("支援措置の始期")
    measure_until: Answer[PartialDate] = asks("支援措置の終期")
    safe_contact: Answer[LongText] = asks("安全な連絡の方法")
    note: Answer[LongText] = asks("備考", flag=PROTECTED)
