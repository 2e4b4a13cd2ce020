#!/usr/bin/env bash
# Guess: a cell that is shown as a date is read as a date, whatever its Japanese format.
# So: 令和6年5月1日 and R6.5.1 are read as dates; shown by the era's year alone (令和6年), by its number (6) or
#   by the weekday (水) the same cell is the bare number 45413, in python-calamine and openpyxl alike.
# Here: adapters/agencies/spreadsheet.py meets the number where a date is due and tells it as date-form of that cell,
#   though its sender sees 令和6年 there; in a column of free text the same cell is passed on as 45413.
# Source: ECMA-376 part 1, 18.8.30, date formats «e», «g» and «aaa» of East Asian locales.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'python-calamine==0.9.1' 'openpyxl==3.1.5'
"$work/venv/bin/python" - "$work/list.xlsx" <<'PYTHON'
import sys
from datetime import datetime
from importlib.metadata import version

from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

print("python-calamine", version("python-calamine"), "openpyxl", version("openpyxl"))

FORMATS = {
    '[$-411]ggge"年"m"月"d"日"': "date",
    "[$-411]ge.m.d": "date",
    'yyyy"年"': "date",
    '[$-411]ggge"年"': "number",
    "e": "number",
    "aaa": "number",
}
book = Workbook()
for row, form in enumerate(FORMATS, 1):
    cell = book.active.cell(row, 1, datetime(2024, 5, 1))
    cell.number_format = form
book.save(sys.argv[1])

calamine = [row[0] for row in CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()]
openpyxl = [row[0] for row in load_workbook(sys.argv[1]).active.iter_rows(values_only=True)]

changed = False
for (form, so), *cells in zip(FORMATS.items(), calamine, openpyxl, strict=True):
    seen = ["number" if isinstance(cell, (int, float)) else "date" for cell in cells]
    print(f"{form}: guess date, so far {so}, seen {seen[0]} (calamine), {seen[1]} (openpyxl)")
    changed |= seen != [so, so]
sys.exit("changed" if changed else 0)
PYTHON
