"""``tests/INVARIANTS.md`` is complete, and every test that it names exists."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS / "INVARIANTS.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| I\d+ \|", line)
]

BREAKS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS / "INVARIANTS.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [^|]+ \| I\d+ \|", line)
]


def names_of_tests(path: Path) -> set[str]:
    """The names of the tests in a file, or in all files of a folder."""
    files = [path] if path.is_file() else sorted(path.rglob("test_*.py"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return set(re.findall(r"^ *(?:async )?def (test_\w+)\(", text, re.M))


def test_each_of_the_nine_invariants_has_one_row() -> None:
    assert [row[0] for row in ROWS] == [f"I{n}" for n in range(1, 10)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_invariant_names_existing_tests_and_what_was_broken_to_see_them_fail(row: list[str]) -> None:
    _, statement, tests, broken_by = row
    assert statement
    assert broken_by
    links = re.findall(r"\[([^]]+)\]\(([^)]+)\)", tests)
    assert links
    for text, target in links:
        assert text == target
        assert names_of_tests(TESTS / target), f"{target} has no test"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_name_in_backticks_beside_a_test_exists(row: list[str]) -> None:
    names = set(re.findall(r"`([^`]+)`", row[2]))
    scenarios = {name for name in names if name.endswith(".yaml")}
    assert [name for name in scenarios if not (TESTS / "scenarios" / name).is_file()] == []
    linked_files = [TESTS / target for target in re.findall(r"\]\(([^)]+)\)", row[2])]
    text = "".join(p.read_text(encoding="utf-8") for p in linked_files if p.is_file())
    assert [
        name for name in names - scenarios if f'"{name}"' not in text and f"def {name}(" not in text
    ] == []


def test_each_invariant_was_broken_in_two_ways_at_least() -> None:
    by_invariant = Counter(invariant for _, invariant, _ in BREAKS)
    assert {f"I{n}": by_invariant[f"I{n}"] >= 2 for n in range(1, 10)} == {
        f"I{n}": True for n in range(1, 10)
    }


@pytest.mark.parametrize("row", BREAKS, ids=lambda row: row[0])
def test_what_was_broken_names_the_test_that_failed(row: list[str]) -> None:
    [link] = re.findall(r"\[([^]]+)\]\(([^)]+)\) `(\w+)`", row[2])
    text, target, name = link
    assert text == target
    assert name in names_of_tests(TESTS / target)
