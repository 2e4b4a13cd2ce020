"""The municipality's list: what is read, what is answered, and every way in which it can be wrong."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.agencies import ERROR_CODES, Finding, Outcome, WrongFile
from adapters.agencies.formats import adapter_for
from adapters.agencies.spreadsheet import COLUMNS, MAX_ROWS, Spreadsheet, template
from domain.indicators import INDICATORS
from tests.adapters.kit import (
    AGENCIES,
    CORE,
    NOW,
    ROW,
    SECRET,
    as_csv,
    as_xlsx,
    section_texts,
    table,
    written,
)

VECTORS = Path(__file__).parent / "vectors"


def read(data: bytes):  # type: ignore[no-untyped-def]
    return adapter_for(data).read(data, AGENCIES, NOW).inbound_messages


def findings(data: bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(WrongFile) as caught:
        read(data)
    answer = Spreadsheet().refuse(data, caught.value.findings)
    assert SECRET not in repr(caught.value.findings) + answer.decode("utf-8-sig") + str(caught.value)
    return [(f.place, f.field, f.error_code) for f in caught.value.findings]


@pytest.mark.parametrize(
    "data",
    [as_csv(table(ROW)), as_csv(table(ROW), "utf-8"), as_csv(table(ROW), "cp932"), as_xlsx(table(ROW))],
    ids=["utf-8 with mark", "utf-8", "cp932", "xlsx"],
)
def test_a_row_reads_the_same_from_xlsx_and_csv(data: bytes) -> None:
    [inbound] = read(data)
    section_text = section_texts(inbound)
    assert [line.strip() for line in section_text["BASIC"].splitlines() if "未確認" not in line] == [
        "把握年月日: 令和7年5月12日(2025年5月12日)",
        f"保護者・同居人: {SECRET} 花子",
        f"氏名: {SECRET} 花子",
        "生年月日: 平成20年2月3日(2008年2月3日)",
        "住所・居所:",
        f"住所: {SECRET}市1-2-3",
        "電話:",
        "番号: 000-0000-0000",
        "情報提供:",
        "本人・保護者への説明: 説明済み",
    ]
    assert [line.strip() for line in section_text["PREG"].splitlines() if "未確認" not in line] == [
        "妊婦ごとの状況:",
        "妊娠週数: 30",
        "いつ時点の週数か: 令和7年5月12日(2025年5月12日)",
        f"妊娠経過: {SECRET}のため健診未受診",
        "備考: 指標 若年: 気になる",
    ]
    assert inbound.fields["weeks_pregnant"] == 30
    assert inbound.fields["subject_consent"] == "REFUSED"
    assert inbound.fields["indicators"] == {"PR_YOUNG": "CONCERN", "CG_HAS_CONFIDANT": "NO_CONCERN"}
    assert inbound.fields["to"] == [str(CORE)]
    assert inbound.occurred_at == datetime(2025, 5, 11, 15, tzinfo=UTC)
    assert (inbound.place, inbound.reference) == ("2行目", "母-12")
    assert json.loads(inbound.source)["rows"][0][3] == f"{SECRET} 花子"


def test_the_published_example_reads_as_published() -> None:
    inbound_messages = read((VECTORS / "list.csv").read_bytes())
    collected = [
        {
            "place": d.place,
            "reference": d.reference,
            "fields": d.fields,
            "occurred_at": d.occurred_at.isoformat() if d.occurred_at else None,
            "sections": {w.section: written(w) for w in d.sections},
        }
        for d in inbound_messages
    ]
    assert collected == json.loads((VECTORS / "list.messages.json").read_text())


def test_rows_with_the_same_reference_are_one_message_with_several_people() -> None:
    second = {
        "整理番号": "母-12",
        "氏名": "架空 二郎",
        "生年月日": "R6.1.1",
        "子どもの状況": "体重が増えない",
    }
    third = {**ROW, "整理番号": "母-13"}
    one, two = read(as_csv(table(ROW, second, third)))
    section_text = section_texts(one)
    assert "子ども: 架空 二郎" in section_text["BASIC"]
    assert f"保護者・同居人: {SECRET} 花子" in section_text["BASIC"]
    assert section_text["CHILD"] == "子どもの状況: 体重が増えない"
    assert (two.place, two.reference) == ("4行目", "母-13")
    assert "架空 二郎" not in two.source.decode(), "a family's source holds no other family"


def test_what_has_a_field_is_in_it_and_what_has_none_is_below() -> None:
    row = {
        "整理番号": "1", "宛先機関": "AZ-CORE", "母子健康手帳番号": "K-1", "分娩予定日": "R7.8.1", "養育者の状況": "疲れている",
        "希望する支援": "家事の手伝い", "医療の状況": "通院中", "養育環境": "二間", "情報提供の理由": "心配",
    }  # fmt: skip
    [inbound] = read(as_csv(table(row)))
    contents = {one.section: (one.schema, written(one)) for one in inbound.sections}
    assert {section: schema for section, (schema, _) in contents.items()} == {
        "CAREGIVER": "caregiver/v1",
        "ENV": "text/v1",
        "MEDICAL": "medical/v1",
        "PREG": "pregnancy/v1",
        "RISK": "text/v1",
    }
    assert contents["PREG"][1]["content"] == {  # type: ignore[index]
        "pregnancies": [{"due_on": {"value": "2025-08-01", "written": "R7.8.1"}, "handbook": "K-1"}]
    }
    assert contents["CAREGIVER"][1]["content"] == {  # type: ignore[index]
        "persons": [{"note": "養育者の状況: 疲れている", "support_asked_for": "家事の手伝い"}]
    }
    assert contents["MEDICAL"][1]["content"] == {"condition": "通院中"}  # type: ignore[index]


def test_what_a_field_does_not_take_stays_as_it_was_written() -> None:
    row = {"整理番号": "1", "宛先機関": "AZ-CORE", "母子健康手帳番号": "番" * 301, "妊娠週数": "30週"}
    [section] = read(as_csv(table(row)))[0].sections
    assert (section.schema, section.text) == ("text/v1", f"母子健康手帳番号: {'番' * 301}\n妊娠週数: 30週")


def test_half_filled_rows_are_accepted() -> None:
    [inbound] = read(as_csv(table({"整理番号": "1", "宛先機関": "AZ-CORE", "養育環境": "不明な点が多い"})))
    assert inbound.fields["subject_consent"] == "NOT_REQUESTED"
    assert inbound.fields["weeks_pregnant"] is None
    assert inbound.occurred_at is None


def test_dates_and_numbers_that_excel_made_are_read() -> None:
    row = {**ROW, "生年月日": date(2008, 2, 3), "整理番号": 12, "妊娠週数": 30}
    heads, cells = list(row), list(row.values())
    [inbound] = read(as_xlsx([heads, cells]))
    assert inbound.reference == "12"
    assert "生年月日: 平成20年2月3日(2008年2月3日)" in section_texts(inbound)["BASIC"]


WRONG = [
    ("宛先機関", "", "agency-missing"),
    ("宛先機関", SECRET, "agency-unknown"),
    ("整理番号", "", "reference-missing"),
    ("事例番号", SECRET, "id-form"),
    ("根拠", SECRET, "code-unknown"),
    ("把握年月日", SECRET, "date-form"),
    ("把握年月日", "S64.1.8", "no-such-date"),
    ("生年月日", "R7.2.30", "no-such-date"),
    ("妊娠週数", SECRET, "number-form"),
    ("妊娠週数", "46", "weeks-range"),
    ("本人・保護者の同意", SECRET, "code-unknown"),
    ("本人・保護者への説明", SECRET, "code-unknown"),
    ("指標:若年", SECRET, "code-unknown"),
    ("指標:相談できる人がいる", "○", "code-unknown"),
    ("養育者の状況", SECRET * 5000, "too-long"),
]


@pytest.mark.parametrize(("head", "value", "error_code"), WRONG)
def test_each_finding_names_its_row_and_column(head: str, value: str, error_code: str) -> None:
    assert ("2行目", head, error_code) in findings(as_csv(table({**ROW, head: value})))


def test_findings_of_all_rows_are_reported_at_once() -> None:
    rows = [{**ROW, "整理番号": str(n), "把握年月日": "きのう"} for n in range(3)]
    assert findings(as_csv(table(*rows))) == [(f"{n}行目", "把握年月日", "date-form") for n in (2, 3, 4)]


def test_a_telephone_number_without_its_leading_zero_is_reported() -> None:
    row = {**ROW, "電話": 312345678}
    assert ("2行目", "電話", "number-in-text") in findings(as_xlsx([list(row), list(row.values())]))


def test_a_line_in_no_known_encoding_is_reported_with_its_row() -> None:
    data = as_csv(table(ROW, {**ROW, "整理番号": "2"}), "cp932").replace(
        "花子".encode("cp932"), b"\x81\xad", 1
    )
    assert findings(data) == [("2行目", "", "encoding")]


def test_a_rare_kanji_variant_of_a_name_is_preserved_in_utf_8() -> None:
    [inbound] = read(as_csv(table({**ROW, "氏名": "𠮷田 架空"})))
    assert "𠮷田" in inbound.sections[0].text


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ([["整理番号"]], ("1行目", "宛先機関", "header-missing")),
        ([["整理番号", "宛先機関", SECRET]], ("1行目", "3列目", "header-unknown")),
        ([["整理番号", "宛先機関", "氏名", "氏名"]], ("1行目", "氏名", "duplicate-header")),
        ([["整理番号", "宛先機関"]], ("2行目", "", "empty")),
        ([["整理番号", "宛先機関"], ["1", "AZ-CORE"]], ("2行目", "", "empty")),
        ([["整理番号", "宛先機関"], ["1", "AZ-CORE", "x"]], ("2行目", "3列目", "header-unknown")),
    ],
)
def test_a_table_of_another_form_is_reported(rows: list[list[str]], finding: tuple[str, str, str]) -> None:
    assert finding in findings(as_csv(rows))


def test_rows_of_one_family_must_be_adjacent_and_agree() -> None:
    other = {**ROW, "整理番号": "2"}
    assert ("4行目", "整理番号", "rows-not-adjacent") in findings(as_csv(table(ROW, other, ROW)))
    assert ("3行目", "妊娠週数", "differs") in findings(as_csv(table(ROW, {**ROW, "妊娠週数": "31"})))


def test_too_many_rows_are_reported() -> None:
    rows = [{**ROW, "整理番号": str(n)} for n in range(MAX_ROWS + 1)]
    assert findings(as_csv(table(*rows))) == [("ファイル", "", "too-many")]


def _zip(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as produced:
        for name, data in files.items():
            produced.writestr(name, data)
    return out.getvalue()


def _two_sheets() -> bytes:
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(as_xlsx(table(ROW))))
    workbook.create_sheet("もう一枚").append(["x"])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        pytest.param(b"PK\x03\x04 no archive", "not-a-workbook", id="no archive"),
        pytest.param(_zip(**{"a.txt": b"x"}), "not-a-workbook", id="no workbook"),
        pytest.param(_zip(**{"xl/vbaProject.bin": b"x"}), "macro", id="macro"),
        pytest.param(_zip(**{"xl/a": bytes(65 * 1024 * 1024)}), "file-too-large-inside", id="bomb"),
        pytest.param(_two_sheets(), "sheets", id="two sheets"),
        pytest.param(b"PK\x03\x04" + bytes(10 * 1024 * 1024), "too-large", id="too large"),
    ],
)
def test_bytes_that_are_no_list_are_reported(data: bytes, error_code: str) -> None:
    assert error_code in [f for _, _, f in findings(data)]


def test_unknown_bytes_have_no_adapter() -> None:
    for data in (b"", b"%PDF-1.7", bytes(100), "氏名,住所".encode()):
        with pytest.raises(WrongFile) as caught:
            adapter_for(data)
        assert caught.value.findings == (Finding("ファイル", "", "unknown-format"),)


def test_the_template_has_every_column_and_reads_as_an_empty_list() -> None:
    assert findings(template()) == [("2行目", "", "empty")]
    heads = [column.heading for column in COLUMNS] + [f"指標:{one.label}" for one in INDICATORS]
    assert len(set(heads)) == len(heads)
    row = dict.fromkeys(heads, "")
    assert read(as_csv(table({**row, **ROW})))


def test_the_answer_has_a_row_for_each_message_and_no_formula() -> None:
    data = as_csv(table({**ROW, "整理番号": "=1+1"}))
    parsed_file = Spreadsheet().read(data, AGENCIES, NOW)
    outcome = Outcome(CORE, CORE, "refused", "NO_BASIS", "根拠がありません", "直してください")
    rows = list(csv.reader(io.StringIO(Spreadsheet().answer(parsed_file, [outcome]).decode("utf-8-sig"))))
    assert rows[0] == ["行", "整理番号", "受付番号", "事例番号", "結果", "理由", "直し方"]
    assert rows[1][1] == "'=1+1"
    assert rows[1][4:] == ["認められませんでした", "根拠がありません", "直してください"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=400)
    | st.binary(max_size=60).map(lambda b: as_csv(table(ROW))[:-30] + b)
    | st.binary(max_size=60).map(lambda b: as_xlsx(table(ROW))[:2000] + b)
)
def test_corrupted_lists_are_read_or_refused(data: bytes) -> None:
    assert {f.error_code for f in reported(data)} <= ERROR_CODES


def reported(data: bytes) -> tuple[Finding, ...]:
    try:
        read(data)
    except WrongFile as wrong:
        return wrong.findings
    return ()
