#!/usr/bin/env bash
# Guess: a reader of xlsx tells hidden rows and columns apart; or openpyxl does, one column at a time.
# So: python-calamine gives the cells of hidden rows and columns like all others and has no word for it; openpyxl
#   says it, but of columns hidden as one group only for the first: B is hidden, C and D are not, although they are.
# Here: adapters/agencies/spreadsheet.py reads the visible sheet with calamine: a row that a filter hides is sent
#   along. Who looks for hidden columns with openpyxl has to go from min to max of each entry.
# Source: ECMA-376 part 1, 18.3.1.13 (col: min, max, hidden), 18.3.1.73 (row: hidden).
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'python-calamine==0.9.1' 'openpyxl==3.1.5'
"$work/venv/bin/python" - "$work/list.xlsx" <<'PYTHON'
import sys
from importlib.metadata import version

from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

print("python-calamine", version("python-calamine"), "openpyxl", version("openpyxl"))

book = Workbook()
sheet = book.active
for row in (["整理番号", "氏名", "住所", "電話", "備考"], ["1", "山田", "甲町", "1", ""], ["2", "鈴木", "乙町", "2", ""]):
    sheet.append(row)
sheet.row_dimensions[3].hidden = True
sheet.column_dimensions.group("B", "D", hidden=True)
book.save(sys.argv[1])

calamine = CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0)
rows = calamine.to_python()
columns = load_workbook(sys.argv[1]).active.column_dimensions
spans = {(one.min, one.max) for one in columns.values() if one.hidden}

changed = False
for what, guess, so, seen in [
    ("calamine: rows", 2, 3, len(rows)),
    ("calamine: columns", 2, 5, len(rows[0])),
    ("calamine: a word for hidden", True, False, any("hidden" in name for name in dir(calamine))),
    ("openpyxl: hidden of B, C, D", [True] * 3, [True, False, False], [columns[c].hidden for c in "BCD"]),
    ("openpyxl: spans that are hidden", {(2, 4)}, {(2, 4)}, spans),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
