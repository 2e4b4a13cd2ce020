"""Each error code is listed once, raised in one place, and provoked by a test."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import keys
from keys.error_codes import ERROR_CODES

HERE = Path(__file__).parent
BRANCHES = {
    "Malformed": "malformed",
    "Untrusted": "untrusted",
    "NotFound": "not-there",
    "Unavailable": "unavailable",
    "InvariantViolation": "broken",
}


def raised() -> Counter[tuple[str, str]]:
    """(code, error code) of every error that is made with a literal error code in ``keys``."""
    collected: Counter[tuple[str, str]] = Counter()
    for file in Path(keys.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BRANCHES:
                error_code, remedy = node.args
                if isinstance(error_code, ast.Constant):
                    collected[BRANCHES[node.func.id], error_code.value] += 1
                assert not isinstance(remedy, ast.Constant) or remedy.value
    return collected


def test_each_error_code_is_listed_and_raised_once():
    codes = [error_code for error_codes in ERROR_CODES.values() for error_code in error_codes]
    assert len(codes) == len(set(codes))
    assert set(raised().values()) == {1}
    assert all(code == code.lower() and code.replace("-", "").isalnum() for code in codes)


def test_every_error_code_raised_is_listed():
    assert {pair for pair in raised() if pair[1] not in ERROR_CODES[pair[0]]} == set()


def test_every_error_code_listed_is_provoked_by_a_test():
    raised_text = "".join(file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py"))
    silent = {
        error_code
        for error_codes in ERROR_CODES.values()
        for error_code in error_codes
        if f'"{error_code}"' not in raised_text
    }
    assert silent == set()
