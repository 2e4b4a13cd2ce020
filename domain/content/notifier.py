"""``notifier/v1`` (NOTIFIER): who notified. What identifies a notifier is marked; doors look for it in all they send.

Basis: CAPA 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.codes import NotificationChannel, Section
from domain.content.codes import Witnessed
from domain.content.common import PhoneNumber
from domain.content.form import Content, asks
from domain.content.values import Answer, LongText, PartialDate, PersonName, ShortText


@dataclass(frozen=True, kw_only=True)
class Notifier(Content, schema="notifier", title="通告者特定情報", sections=(Section.NOTIFIER,)):
    """``words``, ``times``, ``places``: what only the notifier could state so, each as it was stated."""

    name: Answer[PersonName] = asks("氏名", is_mark=True)
    phones: Answer[tuple[PhoneNumber, ...]] = asks("電話", is_mark=True)
    addresses: Answer[tuple[ShortText, ...]] = asks("住所", is_mark=True)
    workplace: Answer[ShortText] = asks("勤務先", is_mark=True)
    relationship: Answer[ShortText] = asks("関係", is_mark=True)
    words: Answer[tuple[LongText, ...]] = asks("言葉", is_mark=True)
    times: Answer[tuple[ShortText, ...]] = asks("時刻", is_mark=True)
    places: Answer[tuple[ShortText, ...]] = asks("場所", is_mark=True)
    notified_on: Answer[PartialDate] = asks("通告の日")
    channel: Answer[NotificationChannel] = asks("通告の方法")
    anonymous: Answer[bool] = asks("匿名希望", yes="匿名を希望する", no="匿名を希望しない")
    witnessed: Answer[tuple[Witnessed, ...]] = asks("目撃・伝聞")
    cooperates: Answer[bool] = asks("調査協力", yes="協力する", no="協力しない")
    may_inform_guardians: Answer[bool] = asks("保護者への連絡", yes="してよい", no="してはいけない")
    may_contact: Answer[bool] = asks("通告者への連絡", yes="してよい", no="してはいけない")
    informed_of_result: Answer[LongText] = asks("通告者へ伝えたこと")
    note: Answer[LongText] = asks("備考")
