"""One invented address in many written forms, and harmless case notes: what a door stops, and what it lets pass."""

from __future__ import annotations

from uuid import UUID

import pytest

from gateway.agency.address_marks import AddressIndex, address_marks, readable_texts
from keys.derive import KeyUse
from keys.signing import KemKey

ADDRESS = """住所: 〒999-0123 架空県みはる市大字朝日ヶ丘字東原三丁目12番5号 コーポかすみ 203号室
電話: 099-555-0123
施設: 母子生活支援施設 ひだまり寮
架空 花子 様方"""
"""Invented: there is no 架空県, and no such numbers."""

KEM = KemKey(bytes(range(32)))


def digest(data: bytes) -> bytes:
    return KEM.own_digest(KeyUse.ADDRESS_MARK, data)


INDEX = AddressIndex([((UUID(int=1), UUID(int=2)), m) for m in address_marks(ADDRESS, digest)], digest)

FORMS = (
    "架空県みはる市大字朝日ヶ丘字東原三丁目12番5号 コーポかすみ 203号室",
    "架空県みはる市朝日ヶ丘3丁目12番5号",
    "みはる市朝日ヶ丘3-12-5",
    "朝日ヶ丘3-12-5-203",
    "朝日ヶ丘３－１２－５",
    "朝日ヶ丘3ー12ー5",
    "朝日ヶ丘3−12−5",
    "朝日ヶ丘3―12―5",
    "朝日ヶ丘3の12の5",
    "朝日ヶ丘三ノ十二ノ五",
    "朝日ヶ丘三丁目十二番五号",
    "朝日ヶ丘三丁目一二番地の五",
    "朝日ヶ丘3丁目12番地5",
    "朝日ヶ丘3丁目12-5",
    "朝日ヶ丘 3 丁目 12 番 5 号",
    "朝日ヶ丘\n3丁目\n12番5号",
    "朝日ヶ丘　３丁目　１２番",
    "朝日ケ丘3-12-5",
    "朝日が丘3-12-5",
    "朝日ガ丘3-12-5",
    "朝日丘3-12-5",
    "朝日ｹ丘3-12-5",
    "朝日ヶ丘字東原3-12",
    "東原3丁目12",
    "大字朝日ヶ丘 字 東原 3丁目12番5号",
    "朝日ヶ丘03-12-05",
    "朝日ヶ丘(3-12-5)",
    "朝日ヶ丘「三丁目十二番」に引っ越した",
    "母は朝日ヶ丘3-12-5にいるとのこと",
    '{"note":"朝日ヶ丘\\n3-12-5"}',
    "コーポかすみ",
    "ｺｰﾎﾟかすみ203",
    "コーポ かすみ の203号室を訪ねた",
    "コーポかすみ二〇三",
    "〒999-0123",
    "999－0123に送った",
    "9990123",
    "099-555-0123",
    "０９９（５５５）０１２３に電話",
    "0995550123",
    "ひだまり寮に入所",
    "母子生活支援施設ひだまり寮",
    "架空花子さんの家",
    "朝日ヶ丘3\u201112\u20115",
)


@pytest.mark.parametrize("text", FORMS)
def test_an_address_is_stopped_however_it_is_written(text: str) -> None:
    matches = INDEX.matches(text)
    assert matches
    assert all(0 <= m.start < m.end <= len(text) for m in matches)


def test_there_are_at_least_forty_forms() -> None:
    assert len(set(FORMS)) >= 40


@pytest.mark.parametrize("text", FORMS)
def test_an_address_in_the_middle_of_a_long_note_is_stopped(text: str) -> None:
    assert INDEX.matches(f"{HARMLESS[0]}。{text}\n{HARMLESS[1]}")


NOT_RECOGNISED = (
    "あさひがおか3-12-5",
    "asahigaoka 3-12-5",
    "3-12-5",
    "朝日ヶ丘のアパート",
    "朝日ヶ丘三丁目に住む",
    "みはる市へ転居",
    "丘の上の青い屋根の家",
    "朝日ヶ丘12-5",
)
"""What the module states that it does not recognise. People must check too."""


@pytest.mark.parametrize("text", NOT_RECOGNISED)
def test_what_is_not_recognised_is_known(text: str) -> None:
    assert INDEX.matches(text) == []


HARMLESS = (
    "3月12日に家庭訪問。子どもは3歳5か月、体重12.5kg、前回より0.3kg増",
    "体温37.5度、1日3回、5日分の処方",
    "令和7年5月12日 3丁目の公園で母と会った",
    "電話 099-555-0199 に連絡したが不在",
    "夕方5時、203号室の住民から泣き声の通報",
    "中央3-12-5の実家にいる祖母(関係者)",
    "朝日新聞を読んでいた。朝日ヶ丘小学校3年1組12番",
    "みはる市役所2階203会議室で個別ケース検討会議",
    "育児支援員2名が週3回、12週間訪問する計画",
    "〒999-0456 へ返送",
    "コーポに住みたいと話す。寮生活の経験あり",
    "ひだまりのように笑う。母子生活支援施設の利用を勧めた",
    "架空太郎(父)35歳、花子(母)32歳",
    "第3子。在胎39週5日、2,980g。1分後9点、5分後10点",
    "EPDS 12点。項目10は0点",
    "目標1: 3-4時間まとめて眠れる。目標2: 12月までに離乳食を3回",
    "予防接種は3種混合を12/5に予定",
    "児相へ3回、警察へ1回通告。48時間以内に目視",
    "丘の上の保育園に12時に迎え",
    "二十三日の夜、三人の子が一緒に寝ていた",
    "様子: 表情は穏やか、傷なし。母方祖母の支援あり",
    "家賃5万円、203円の残高、12番の札",
)
"""Invented notes such as case workers write."""


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_note_is_not_stopped(text: str) -> None:
    assert [text[m.start : m.end] for m in INDEX.matches(text)] == []


def test_an_empty_index_stops_nothing() -> None:
    assert AddressIndex([], digest).matches(ADDRESS) == []


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16", "euc_jp", "iso2022_jp"])
def test_an_attachment_is_read_as_text_in_the_encodings_that_offices_use(encoding: str) -> None:
    content = "朝日丘3丁目12番5号".encode(encoding)
    assert any(INDEX.matches(text) for text in readable_texts(content))


def test_bytes_that_are_no_text_are_looked_through_all_the_same() -> None:
    content = b"\xff\xfe\x00" + "朝日ヶ丘3-12-5".encode() + b"\xff"
    assert any(INDEX.matches(text) for text in readable_texts(content))


def test_a_long_text_takes_no_long_time() -> None:
    """A million characters, with every beginning of a mark in it: bounded work, and the end is reached."""
    text = "朝日丘の上。コーポ。" * 100_000 + FORMS[3]
    assert INDEX.matches(text)
