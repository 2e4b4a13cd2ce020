"""Addresses in one written form: a table of what is written, and what it is folded to."""

from __future__ import annotations

import pytest

from gateway.agency.address_marks import identifying_parts
from gateway.agency.address_text import fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("三丁目12番5号", "3,12,5,", id="units"),
        pytest.param("３－１２－５", "3,12,5,", id="wide"),
        pytest.param("3の12の5", "3,12,5,", id="joined by の"),
        pytest.param("三ノ十二ノ五", "3,12,5,", id="kanji joined by ノ"),
        pytest.param("3ー12", "3,12,", id="a long vowel mark for a hyphen"),
        pytest.param("12番地の5", "12,5,", id="a branch number"),
        pytest.param("1234番地", "1234,", id="one number"),
        pytest.param("一二三四番地", "1234,", id="kanji by place"),
        pytest.param("千二百三十四番地", "1234,", id="kanji by value"),
        pytest.param("百二番地", "102,", id="a hundred and two"),
        pytest.param("一〇二", "102,", id="kanji zero"),
        pytest.param("十三三丁目", "13,3,", id="a town that ends with a number, and a number"),
        pytest.param("十十", "10,10,", id="two tens"),
        pytest.param("03-012", "3,12,", id="leading zeros"),
        pytest.param("000", "0,", id="zeros alone"),
        pytest.param("〇〇", "0,", id="kanji zeros alone"),
        pytest.param("3歳と12月", "3,歳と12,月", id="numbers that do not belong together"),
        pytest.param("霞ヶ関 霞ケ関 霞が関 霞関", "霞関" * 4, id="ケ, ヶ, が and nothing"),
        pytest.param("四ッ谷四ツ谷四谷", "4,谷4,谷4,谷", id="ッ, ツ and nothing"),
        pytest.param("井の頭・井ノ頭", "井頭|井頭", id="の and ノ, and a break"),
        pytest.param("大字架空字東", "架空東", id="大字 and 字"),
        pytest.param("ｺｰﾎﾟ ｶﾞｰﾃﾞﾝ", "コーポーデン", id="half width (ガ is dropped as が is)"),
        pytest.param("髙﨑邊", "高崎辺", id="old characters"),
        pytest.param("葛\U000e0100飾", "葛飾", id="a variation selector"),
        pytest.param("朝日\\n3", "朝日3,", id="an escaped line break"),
        pytest.param("「朝日」（東）", "朝日東", id="brackets"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_text_is_folded(written: str, folded: str) -> None:
    result = fold(written)
    assert result.text == folded
    assert len(result.places) == len(folded)
    assert all(0 <= start < end <= len(written) for start, end in result.places)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        pytest.param("朝日ヶ丘三丁目12番5号", {"日丘3,12,"}, id="a block"),
        pytest.param("架空村甲5番地", {"空村甲5,"}, id="one number with its unit"),
        pytest.param("架空村5", set(), id="one short number alone"),
        pytest.param("架空村1234", {"架空村1234,"}, id="one long number"),
        pytest.param("大字架空字東原12-3", {"東原12,3,", "架空12,3,"}, id="with and without its small area"),
        pytest.param("朝日町三丁目", set(), id="a 丁目 alone"),
        pytest.param("令和7年5月1日に転居", set(), id="a day"),
        pytest.param("電話: 099-555-0123", {"|0995550123|"}, id="a telephone"),
        pytest.param("〒999-0123", {"|9990123|"}, id="a postal code"),
        pytest.param("施設: ひだまり寮", {"ひだまり寮"}, id="a facility"),
        pytest.param("母子生活支援施設", set(), id="a kind of facility alone"),
        pytest.param("当面は実家に滞在する", set(), id="a sentence"),
        pytest.param("避難先: 架空太郎様方", {"架空太郎"}, id="at somebody's place"),
    ],
)
def test_what_identifies_a_place(address: str, parts: set[str]) -> None:
    assert identifying_parts(address) == parts


@pytest.mark.parametrize(
    "text",
    [
        "転居先未定",
        "避難先: 未定",
        "住所: 同上",
        "〔架空〕AB-12-3 の記載",
        "整理番号 A2025-12",
        "実家に戻る予定",
    ],
)
def test_what_names_no_place_is_not_marked(text: str) -> None:
    assert identifying_parts(text) == frozenset()
