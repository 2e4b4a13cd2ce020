"""Each flaw stands in one list, is raised in one place, and is provoked by a test."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import keys
from keys.error_codes import FLAWS

HERE = Path(__file__).parent
BRANCHES = {
    "Malformed": "malformed",
    "Untrusted": "untrusted",
    "NotThere": "not-there",
    "Unavailable": "unavailable",
    "Broken": "broken",
}


def raised() -> Counter[tuple[str, str]]:
    """(code, flaw) of every error that is made with a literal flaw in ``keys``."""
    found: Counter[tuple[str, str]] = Counter()
    for file in Path(keys.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BRANCHES:
                flaw, remedy = node.args
                if isinstance(flaw, ast.Constant):
                    found[BRANCHES[node.func.id], flaw.value] += 1
                assert not isinstance(remedy, ast.Constant) or remedy.value
    return found


def test_a_flaw_is_one_word_for_one_condition():
    words = [flaw for flaws in FLAWS.values() for flaw in flaws]
    assert len(words) == len(set(words))
    assert set(raised().values()) == {1}
    assert all(word == word.lower() and word.replace("-", "").isalnum() for word in words)


def test_every_flaw_raised_stands_in_the_list():
    assert {pair for pair in raised() if pair[1] not in FLAWS[pair[0]]} == set()


def test_every_flaw_listed_is_provoked_by_a_test():
    said = "".join(file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py"))
    silent = {flaw for flaws in FLAWS.values() for flaw in flaws if f'"{flaw}"' not in said}
    assert silent == set()
