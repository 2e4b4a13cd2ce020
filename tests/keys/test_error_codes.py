"""Each error code of ``keys`` is raised in one place and is provoked by a test."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import keys
from domain.error_codes import signed_forms
from domain.errors import ExchangeError

HERE = Path(__file__).parent
CLASSES = {cls.__name__: cls for cls in ExchangeError.__subclasses__()}


def raised() -> Counter[str]:
    """How often each literal error code is raised in ``keys``."""
    collected: Counter[str] = Counter()
    for file in Path(keys.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                error_code = node.args[0]
                if isinstance(error_code, ast.Constant):
                    collected[error_code.value] += 1
    return collected


def derived() -> set[str]:
    """The codes of JSON objects and binary forms, which follow from the noun of the form."""
    return {row.code for row in signed_forms.derived_rows()}


def test_an_error_code_of_keys_is_raised_in_one_place() -> None:
    assert {code: count for code, count in raised().items() if count > 1} == {}


def test_every_error_code_of_keys_is_provoked_by_a_test() -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py"))
    assert {code for code in raised() | dict.fromkeys(derived()) if f'"{code}"' not in tests} == set()
