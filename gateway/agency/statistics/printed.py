"""An issue of the statistics as PDF: what may leave the agency, masked as in the page and the CSV, and nothing else."""

from __future__ import annotations

from domain.calendar import day_of
from domain.wareki import office_text
from gateway.agency.official_forms.layout import Block, Paragraphs, PrintedForm, Sheet, Table
from gateway.agency.official_forms.printing import pdf_of
from gateway.agency.statistics.issues import Issue
from gateway.agency.statistics.layout import RULE, ShownTable, heading, tables_of_issue

MAX_COLUMNS = 8
"""Of one printed table; a table with more is continued below, with its periods again."""


def as_pdf(issue: Issue, agency: str, *, is_rehearsal: bool) -> bytes:
    """The issue as PDF. ``agency``: its name. Raises Malformed, Unavailable as ``pdf_of``."""
    issued = f"発行 {office_text(day_of(issue.at).isoformat())}"
    blocks: list[Block] = [Paragraphs([agency, issued]), Paragraphs([RULE], size="small")]
    for table in tables_of_issue(issue):
        blocks += _tables(table)
        if table.note:
            blocks.append(Paragraphs([table.note], size="small"))
    title = heading(issue)
    sheet = Sheet(title, blocks)
    return pdf_of(PrintedForm(title, [sheet], "", issued=issued, rehearsal=is_rehearsal))


def _tables(table: ShownTable) -> list[Block]:
    parts = range(0, len(table.columns), MAX_COLUMNS)
    return [_part(table, begin, begin + MAX_COLUMNS, is_continued=begin > 0) for begin in parts]


def _part(table: ShownTable, begin: int, end: int, *, is_continued: bool) -> Table:
    columns = table.columns[begin:end]
    title = f"{table.title}({table.unit})" + (" つづき" if is_continued else "")
    rows = [[row.label, *row.cells[begin:end]] for row in table.rows]
    return Table(title, ("期間", *columns), (2, *(1 for _ in columns)), rows, blanks=0)
