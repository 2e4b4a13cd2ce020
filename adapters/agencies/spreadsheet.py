"""A list from a municipality's own section (母子保健ほか): xlsx or csv, one family's message in one row or several.

Rows that follow each other under one 整理番号 are one message: the first has all fields, the others add people
(brothers and sisters). Source of the columns: 要支援児童等に関する情報提供書 (雇児総発1216第2号), adapters/agencies/README.md.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from adapters.agencies.contract import (
    MAX_FILE_BYTES,
    Finding,
    InboundMessage,
    Outcome,
    ParsedFile,
    SectionText,
    WrongFile,
    fields_of,
)
from adapters.agencies.people import FilePerson, basic_section
from adapters.agencies.sections import note_of, noted_content, section_of
from adapters.agencies.workbook import WORKBOOK_LIMITS, WorkbookLimits, check_workbook
from domain.blank_text import is_blank
from domain.calendar import JST, day_of
from domain.codes import IndicatorValue, Section, SubjectConsent
from domain.content import Content, PartialDate
from domain.content.family import Provision
from domain.content.medical import Medical
from domain.date_bounds import BIRTH, EXPECTED_DELIVERY, OCCURRED, Bounds
from domain.indicators import INDICATORS, Indicator
from domain.rulebook import BASES
from domain.wareki import NoSuchDate, UnknownDateForm, parse_date

ACT = "family_information.provided"
SCHEMA = "rows+json/v1"
MAX_ROWS = 1000
MAX_CELL = 20_000
MAX_LINES = 20_000
"""Of a csv, the empty ones included: programs write rows of commas below the last one that is filled."""
MAX_TEXT = 10 * 1024 * 1024
"""Characters in all cells together: as many as the largest csv could hold. In a workbook cells can share one text."""
MAX_DATE_TEXT = 40
KNOWN_BASES = frozenset(str(row["code"]) for row in BASES)

CONSENTS = {
    "同意あり": SubjectConsent.GIVEN,
    "同意なし": SubjectConsent.REFUSED,
    "確認していない": SubjectConsent.NOT_REQUESTED,
}
EXPLAINED = ("説明済み", "説明していない")
DEGREES = {
    "気になる": IndicatorValue.CONCERN,
    "特に気になる": IndicatorValue.SERIOUS,
    "心配なし": IndicatorValue.NO_CONCERN,
    "不明": IndicatorValue.UNKNOWN,
    "未確認": IndicatorValue.NOT_ASSESSED,
}
SIGNS = {"○": IndicatorValue.CONCERN, "◎": IndicatorValue.SERIOUS, "×": IndicatorValue.NO_CONCERN}
"""Only for indicators whose presence is a concern: a ring at «相談できる人がいる» could mean either."""


@dataclass(frozen=True)
class Column:
    """One column of the template. ``kind``: text, date, weeks, or one of ``options``; ``section``: where its text goes.

    ``person``: it may be filled again in the rows that follow under one 整理番号. ``bounds``: of a date.
    """

    heading: str
    kind: str = "text"
    section: str | None = None
    person: bool = False
    options: tuple[str, ...] = ()
    bounds: Bounds = OCCURRED


REFERENCE, CASE, TO, DAY = "整理番号", "事例番号", "宛先機関", "把握年月日"
WEEKS, CONSENT, EXPLANATION, BASIS = "妊娠週数", "本人・保護者の同意", "本人・保護者への説明", "根拠"
COLUMNS: tuple[Column, ...] = (
    Column(REFERENCE),
    Column(CASE),
    Column(TO),
    Column(DAY, "date"),
    Column(BASIS),
    Column("氏名", section="BASIC", person=True),
    Column("ふりがな", section="BASIC", person=True),
    Column("続柄", section="BASIC", person=True),
    Column("性別", section="BASIC", person=True),
    Column("生年月日", "date", "BASIC", person=True, bounds=BIRTH),
    Column("住所", section="BASIC", person=True),
    Column("電話", section="BASIC", person=True),
    Column("保護者氏名", section="BASIC"),
    Column("保護者続柄", section="BASIC"),
    Column("母子健康手帳番号", section="PREG"),
    Column(WEEKS, "weeks", "PREG"),
    Column("分娩予定日", "date", "PREG", bounds=EXPECTED_DELIVERY),
    Column("妊娠・出産の状況", section="PREG"),
    Column("子どもの状況", section="CHILD", person=True),
    Column("養育者の状況", section="CAREGIVER"),
    Column("養育環境", section="ENV"),
    Column("医療の状況", section="MEDICAL"),
    Column("情報提供の理由", section="RISK"),
    Column("希望する支援", section="CAREGIVER"),
    Column(CONSENT, "option", None, options=tuple(CONSENTS)),
    Column(EXPLANATION, "option", "BASIC", options=EXPLAINED),
)
PERSON_HEADINGS = frozenset(
    {"氏名", "ふりがな", "続柄", "性別", "生年月日", "住所", "電話", "保護者氏名", "保護者続柄"}
) | {EXPLANATION}
"""What has a field of its own in ``family/v1``."""
FIELD_OF_HEADING = {
    "母子健康手帳番号": "handbook",
    WEEKS: "weeks",
    "分娩予定日": "due_on",
    "妊娠・出産の状況": "course",
    "希望する支援": "support_asked_for",
    "医療の状況": "condition",
}
"""What has a field of its own in the schema of its section (``pregnancy/v1``, ``caregiver/v1``, ``medical/v1``)."""
PREGNANCY_HEADINGS = ("母子健康手帳番号", WEEKS, "分娩予定日", "妊娠・出産の状況")
REQUIRED_HEADINGS = (REFERENCE, TO)
INDICATOR_HEAD = "指標:"
RESULT_HEADINGS = ("行", REFERENCE, "受付番号", CASE, "結果", "理由", "直し方")
FINDING_HEADINGS = ("行", "項目", "誤り", "直し方")
_TITLES = {
    "recorded": "記録しました",
    "held": "保留されています",
    "refused": "認められませんでした",
    "waiting": "送信待ちです",
}


_FIRST_LINE_BYTES = 64 * 1024


def _normalised(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().replace(" ", "")


_COLUMN_BY_HEAD = {column.heading: column for column in COLUMNS}
_INDICATORS: dict[str, Indicator] = {
    _normalised(INDICATOR_HEAD + name): one for one in INDICATORS for name in (one.label, one.code)
}


@dataclass
class _Row:
    """One row as it was read. ``number``: as the sender counts, the heading being row 1."""

    number: int
    cells: dict[str, str] = field(default_factory=dict)
    typed: dict[str, Any] = field(default_factory=dict)

    def get(self, heading: str) -> str:
        return self.cells.get(heading, "")


class Spreadsheet:
    """The adapter."""

    name = "xlsx・csv"

    def __init__(self, limits: WorkbookLimits = WORKBOOK_LIMITS) -> None:
        self._limits = limits

    def recognises(self, data: bytes) -> bool:
        if data.startswith(b"PK\x03\x04"):
            return True
        first = data[:_FIRST_LINE_BYTES].removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
        return any(REFERENCE.encode(code) in first for code in ("utf-8", "cp932"))

    def read(self, data: bytes, agencies: Mapping[str, UUID], now: datetime) -> ParsedFile:
        """A message for each family. Raises WrongFile."""
        if len(data) > MAX_FILE_BYTES:
            raise WrongFile([Finding("ファイル", "", "too-large")])
        workbook = data.startswith(b"PK\x03\x04")
        cells = _sheet(data, self._limits) if workbook else _csv(data)
        headings, rows = _parse_table(_within_limits(cells, self._limits))
        reading = _SheetReader(headings, agencies, now)
        inbound_messages = tuple(reading.inbound(group) for group in reading.groups(rows))
        if not inbound_messages:
            reading.add_finding(2, "", "empty")
        if reading.findings:
            raise WrongFile(reading.findings)
        return ParsedFile(tuple(d for d in inbound_messages if d is not None), {})

    def answer(self, parsed_file: ParsedFile, outcomes: Sequence[Outcome]) -> bytes:
        """A row for each message: what became of it. A csv that spreadsheets open as it is, whatever came in."""
        rows = [
            (d.place, d.reference, str(o.message), str(o.case), _TITLES[o.outcome], o.explanation, o.remedy)
            for d, o in zip(parsed_file.inbound_messages, outcomes, strict=True)
        ]
        return _as_csv((RESULT_HEADINGS, *rows))

    def refuse(self, data: bytes, findings: Sequence[Finding]) -> bytes:
        return _as_csv((FINDING_HEADINGS, *((f.place, f.field, f.meaning, f.remedy) for f in findings)))

    def kind(self, data: bytes) -> tuple[str, str]:
        return "text/csv; charset=utf-8", ".csv"


def template() -> bytes:
    """An empty workbook with the columns, and lists to choose from where a cell takes one of a list."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    workbook = Workbook()
    sheet = workbook.create_sheet("情報提供", 0)
    del workbook["Sheet"]
    headings = [column.heading for column in COLUMNS] + [INDICATOR_HEAD + one.label for one in INDICATORS]
    options = [column.options for column in COLUMNS] + [tuple(DEGREES)] * len(INDICATORS)
    sheet.append(headings)
    for n, choices in enumerate(options, 1):
        column_letter = get_column_letter(n)
        sheet.column_dimensions[column_letter].number_format = "@"
        if choices:
            chosen = DataValidation(type="list", formula1='"' + ",".join(choices) + '"', allow_blank=True)
            sheet.add_data_validation(chosen)
            chosen.add(f"{column_letter}2:{column_letter}{MAX_ROWS + 1}")
    for row in range(2, 102):  # text, so that numbers keep their zeros and dates stay as written
        for n in range(1, len(headings) + 1):
            sheet.cell(row, n).number_format = "@"
    sheet.freeze_panes = "B2"
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _as_csv(rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[_without_formula(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _without_formula(cell: object) -> str:
    """Never a formula, whoever chose the text. Source: OWASP, CSV injection."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


# --- bytes to cells ------------------------------------------------------------------------------------------------


def _csv(data: bytes) -> Iterator[tuple[int, list[Any]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("cp932")
        except UnicodeDecodeError:
            raise WrongFile(list(_unreadable(data))) from None
    if "\0" in text:
        raise WrongFile([Finding("ファイル", "", "encoding")])
    return _csv_rows(text)


def _csv_rows(text: str) -> Iterator[tuple[int, list[Any]]]:
    """Row by row, so that whoever reads them can stop at the first limit."""
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1)
    except csv.Error:
        raise WrongFile([Finding("ファイル", "", "not-a-workbook")]) from None


def _within_limits(
    cells: Iterable[tuple[int, list[Any]]], limits: WorkbookLimits
) -> Iterator[tuple[int, list[Any]]]:
    """The rows that have something in them. Raises WrongFile at the first limit that is passed."""
    rows = characters = 0
    for number, row in cells:
        if number > MAX_LINES:
            raise WrongFile([Finding("ファイル", "", "too-many")])
        if not any(map(str.strip, map(str, row))):
            continue
        rows += 1
        characters += sum(len(cell) for cell in row if isinstance(cell, str))
        if len(row) > limits.columns:
            raise WrongFile([Finding("ファイル", "", "too-many-columns")])
        if rows > limits.rows:
            raise WrongFile([Finding("ファイル", "", "too-many")])
        if characters > MAX_TEXT:
            raise WrongFile([Finding("ファイル", "", "file-too-large-inside")])
        yield number, row


def _unreadable(data: bytes) -> Iterator[Finding]:
    """The lines that are neither UTF-8 nor CP932: those of the encoding that reads more of them."""
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n", MAX_LINES)[:MAX_LINES]
    undecodable = {
        code: [n for n, line in enumerate(lines, 1) if not _decodes_as(line, code)]
        for code in ("utf-8", "cp932")
    }
    for n in min(undecodable.values(), key=len):
        yield Finding(f"{n}行目", "", "encoding")
    if not all(undecodable.values()):
        yield Finding("ファイル", "", "encoding")  # further down, or only as a whole


def _decodes_as(line: bytes, code: str) -> bool:
    try:
        line.decode(code)
    except UnicodeDecodeError:
        return False
    return True


def _sheet(data: bytes, limits: WorkbookLimits) -> Iterator[tuple[int, list[Any]]]:
    """The one visible sheet with something in it; formulas by the values they had when the file was saved."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    check_workbook(data, limits)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = [s.name for s in workbook.sheets_metadata if s.visible is SheetVisibleEnum.Visible]
        sheets = [workbook.get_sheet_by_name(name) for name in visible]
        filled = [sheet for sheet in sheets if sheet.height]
        if len(filled) != 1:
            raise WrongFile([Finding("ファイル", "", "sheets")])
        if filled[0].height > limits.rows:
            raise WrongFile([Finding("ファイル", "", "too-many")])
        rows = filled[0].to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError, RuntimeError):
        raise WrongFile([Finding("ファイル", "", "not-a-workbook")]) from None
    return iter(list(enumerate(rows, 1)))


# --- cells to rows -------------------------------------------------------------------------------------------------


def _parse_table(cells: Iterator[tuple[int, list[Any]]]) -> tuple[list[str], list[_Row]]:
    """Headings and the rows below them that are not empty."""
    _, first = next(cells, (1, []))
    headings = [_normalised(str(cell)) for cell in first]
    while headings and not headings[-1]:
        headings.pop()
    occurrences = Counter(headings)
    findings = [
        Finding("1行目", heading, "duplicate-header")
        for heading, times in occurrences.items()
        for _ in range(times - 1)
        if heading
    ]
    findings += [
        Finding("1行目", heading, "header-missing")
        for heading in REQUIRED_HEADINGS
        if heading not in headings
    ]
    findings += [
        Finding("1行目", f"{n}列目", "header-unknown")
        for n, heading in enumerate(headings, 1)
        if heading not in _COLUMN_BY_HEAD and heading not in _INDICATORS
    ]
    rows: list[_Row] = []
    for number, row in cells:
        parsed_row = _Row(number)
        for n, cell in enumerate(row):
            text = _cell_text(cell)
            if n < len(headings):
                parsed_row.cells[headings[n]] = text
                parsed_row.typed[headings[n]] = cell
            elif text:
                findings.append(Finding(f"{number}行目", f"{n + 1}列目", "header-unknown"))
        rows.append(parsed_row)
    if findings:
        raise WrongFile(findings)
    return headings, rows


def _cell_text(cell: Any) -> str:
    """A cell as text, as its sender saw it."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    return "" if is_blank(text) else text


def _day_in_cell(typed: object, text: str) -> date | None:
    """The day of a cell, None of an empty one. Raises UnknownDateForm, NoSuchDate."""
    if isinstance(typed, datetime):
        return typed.date()
    if isinstance(typed, date):
        return typed
    if len(text) > MAX_DATE_TEXT:
        raise UnknownDateForm
    return parse_date(text) if text else None


class _SheetReader:
    """The rows of one file being read; findings gather over all of them."""

    def __init__(self, headings: Sequence[str], agencies: Mapping[str, UUID], now: datetime) -> None:
        self.headings = list(headings)
        self.agencies = agencies
        self.now = now
        self.findings: list[Finding] = []
        self._wrong_dates: set[tuple[int, str]] = set()

    def add_finding(self, row: int, heading: str, error_code: str) -> None:
        self.findings.append(Finding(f"{row}行目", heading, error_code))

    def groups(self, rows: Sequence[_Row]) -> list[list[_Row]]:
        """Rows that follow each other under one 整理番号."""
        groups: list[list[_Row]] = []
        seen: set[str] = set()
        for row in rows:
            reference = row.get(REFERENCE)
            if not reference:
                self.add_finding(row.number, REFERENCE, "reference-missing")
            elif groups and groups[-1][0].get(REFERENCE) == reference:
                groups[-1].append(row)
                continue
            elif reference in seen:
                self.add_finding(row.number, REFERENCE, "rows-not-adjacent")
            seen.add(reference)
            groups.append([row])
        return groups

    def inbound(self, group: list[_Row]) -> InboundMessage | None:
        """One family's message; None where there are findings against it."""
        before = len(self.findings)
        first = group[0]
        for row in group:
            self._check_cells(row)
        for row in group[1:]:
            for heading in self.headings:
                column = _COLUMN_BY_HEAD.get(heading)
                if (column is None or not column.person) and row.get(heading) not in ("", first.get(heading)):
                    self.add_finding(row.number, heading, "differs")
        to, case, day = (
            self._read_addressee(first),
            self._read_case(first),
            self._read_day(first, _COLUMN_BY_HEAD[DAY]),
        )
        basis = self._read_basis(first)
        weeks = self._read_weeks(first)
        consent = self._choice(first, CONSENT, CONSENTS) or SubjectConsent.NOT_REQUESTED
        indicators = dict(self._indicators(first))
        sections = self._sections(group, indicators)
        if not sections:
            self.add_finding(first.number, "", "empty")
        if len(self.findings) > before or to is None:
            return None
        own = {
            "subject_consent": consent.value,
            "weeks_pregnant": weeks,
            "indicators": {one.code: value.value for one, value in indicators.items()},
        }
        source = {
            "headings": self.headings,
            "rows": [[row.get(heading) for heading in self.headings] for row in group],
        }
        return InboundMessage(
            place=f"{first.number}行目",
            reference=first.get(REFERENCE),
            case=case,
            act=ACT,
            fields=fields_of(ACT, to, basis, own),
            sections=sections,
            occurred_at=None if day is None else datetime.combine(day, time(), JST),
            source=json.dumps(source, ensure_ascii=False, sort_keys=True).encode(),
            schema=SCHEMA,
        )

    # --- one cell ------------------------------------------------------------------------------------------------

    def _check_cells(self, row: _Row) -> None:
        """What can be wrong with a cell by itself."""
        for heading in self.headings:
            column, typed = _COLUMN_BY_HEAD.get(heading), row.typed.get(heading)
            if len(row.get(heading)) > MAX_CELL:
                self.add_finding(row.number, heading, "too-long")
            if heading == "電話" and isinstance(typed, float | int):
                self.add_finding(row.number, heading, "number-in-text")  # its first zero is gone
            if column is not None and column.kind == "date":
                self._read_day(row, column)
            if column is not None and column.options and row.get(heading) not in ("", *column.options):
                self.add_finding(row.number, heading, "code-unknown")

    def _read_addressee(self, row: _Row) -> UUID | None:
        code = _normalised(row.get(TO))
        if code in self.agencies:
            return self.agencies[code]
        self.add_finding(row.number, TO, "agency-unknown" if code else "agency-missing")
        return None

    def _read_case(self, row: _Row) -> UUID | None:
        text = row.get(CASE)
        try:
            return UUID(text) if text else None
        except ValueError:
            self.add_finding(row.number, CASE, "id-form")
            return None

    def _read_day(self, row: _Row, column: Column) -> date | None:
        """The day, within the bounds of its column; a wrong one is one finding."""
        error_code = ""
        try:
            day = _day_in_cell(row.typed.get(column.heading), row.get(column.heading))
            if day is None or column.bounds.admits(day, self.now):
                return day
            error_code = "date-range"
        except UnknownDateForm:
            error_code = "date-form"
        except NoSuchDate:
            error_code = "no-such-date"
        if (row.number, column.heading) not in self._wrong_dates:
            self._wrong_dates.add((row.number, column.heading))
            self.add_finding(row.number, column.heading, error_code)
        return None

    def _read_basis(self, row: _Row) -> str | None:
        code = _normalised(row.get(BASIS))
        if code and code not in KNOWN_BASES:
            self.add_finding(row.number, BASIS, "code-unknown")
        return code or None

    def _read_weeks(self, row: _Row) -> int | None:
        text = _normalised(row.get(WEEKS)).removesuffix("週")
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,2}", text):
            self.add_finding(row.number, WEEKS, "number-form")
            return None
        if int(text) > 45:
            self.add_finding(row.number, WEEKS, "weeks-range")
        return int(text)

    def _choice(
        self, row: _Row, heading: str, options: Mapping[str, SubjectConsent]
    ) -> SubjectConsent | None:
        return options.get(row.get(heading))  # another value was already reported with its cell

    def _indicators(self, row: _Row) -> Iterator[tuple[Indicator, IndicatorValue]]:
        for heading in self.headings:
            one, text = _INDICATORS.get(heading), row.get(heading)
            if one is None or not text:
                continue
            value = DEGREES.get(text) or (SIGNS.get(text) if one.polarity == "risk" else None)
            if value is None:
                self.add_finding(row.number, heading, "code-unknown")
            else:
                yield one, value

    # --- the content ----------------------------------------------------------------------------------------

    def _sections(
        self, group: list[_Row], indicators: Mapping[Indicator, IndicatorValue]
    ) -> tuple[SectionText, ...]:
        """The words of each section, as they were written."""
        collected: dict[str, list[str]] = {}
        without_field: dict[str, list[str]] = {}
        for n, row in enumerate(group):
            for column in COLUMNS:
                text = row.get(column.heading)
                if not text or column.section is None or column.heading in PERSON_HEADINGS:
                    continue
                if n == 0 or column.person:
                    collected.setdefault(column.section, []).append(f"{column.heading}: {text}")
                    if column.heading not in FIELD_OF_HEADING:
                        without_field.setdefault(column.section, []).append(f"{column.heading}: {text}")
        titles = {value: title for title, value in DEGREES.items()}
        for one, value in indicators.items():
            for lines in (collected, without_field):
                lines.setdefault(one.section.value, []).append(f"指標 {one.label}: {titles[value]}")
        more = collected.pop(Section.BASIC.value, [])
        sections = [
            section_of(
                section, self._content_in_schema(section, group[0], without_field.get(section, [])), lines
            )
            for section, lines in collected.items()
        ]
        people = [self._person(row) for row in group]
        explained = EXPLAINED.index(text) == 0 if (text := group[0].get(EXPLANATION)) in EXPLAINED else None
        if more or explained is not None or not all(person.is_empty for person in people):
            if group[0].get("保護者氏名") or group[0].get("保護者続柄"):
                people.append(
                    FilePerson(name=group[0].get("保護者氏名"), relationship=group[0].get("保護者続柄"))
                )
            sections.append(
                basic_section(
                    people,
                    more,
                    known_on=self._day_known(group[0]),
                    today=day_of(self.now),
                    is_pregnancy=any(group[0].get(heading) for heading in PREGNANCY_HEADINGS),
                    provision=None if explained is None else Provision(is_explained=explained),
                )
            )
        return tuple(sorted(sections, key=lambda one: one.section))

    def _content_in_schema(self, section: str, row: _Row, more: Sequence[str]) -> Content | None:
        """The section in its schema, where a column of it has a field there. ``more``: lines that have none."""
        fields = {
            field: self._field_value(row, _COLUMN_BY_HEAD[heading])
            for heading, field in FIELD_OF_HEADING.items()
            if row.get(heading) and _COLUMN_BY_HEAD[heading].section == section
        }
        if not fields or None in fields.values():  # a value that could not be read is among the findings
            return None
        if section == Section.MEDICAL:
            return Medical(note=note_of(more), **fields)
        day = self._day_known(row)
        if "weeks" in fields and day is not None:
            fields["weeks_on"] = PartialDate(day.isoformat(), "")
        return noted_content(section, fields, more)

    def _field_value(self, row: _Row, column: Column) -> Any:
        text = row.get(column.heading)
        if column.kind == "weeks":
            weeks = _normalised(text).removesuffix("週")
            return int(weeks) if re.fullmatch(r"[0-9]{1,2}", weeks) else None
        if column.kind == "date":
            day = self._read_day(row, column)
            return (
                None if day is None else PartialDate(day.isoformat(), "" if text == day.isoformat() else text)
            )
        return text

    def _person(self, row: _Row) -> FilePerson:
        """The person of a row. A day that can't be read is among the findings already."""
        born_written = row.get("生年月日")
        try:
            born_on = _day_in_cell(row.typed.get("生年月日"), born_written)
        except ValueError:
            born_on = None
        return FilePerson(
            name=row.get("氏名"),
            kana=row.get("ふりがな"),
            relationship=row.get("続柄"),
            sex=row.get("性別"),
            born_on="" if born_on is None else born_on.isoformat(),
            born_written=born_written,
            addresses=[one for one in [row.get("住所")] if one],
            phones=[one for one in [row.get("電話")] if one],
        )

    def _day_known(self, row: _Row) -> date | None:
        try:
            return _day_in_cell(row.typed.get(DAY), row.get(DAY))
        except ValueError:
            return None
