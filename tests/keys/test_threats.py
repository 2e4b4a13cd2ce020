"""``keys/THREATS.md`` agrees with the tests: those it names exist, and it lists every attack test."""

from __future__ import annotations

import ast
from pathlib import Path

import keys

HERE = Path(__file__).parent


def table() -> list[tuple[str, str, str]]:
    lines = (Path(keys.__file__).parent / "THREATS.md").read_text(encoding="utf-8").splitlines()
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")
    ]
    return [(row[0], row[1], row[2]) for row in rows[2:]]


def written(where: Path = HERE) -> set[str]:
    return {
        node.name
        for file in where.rglob("test_*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def named() -> list[str]:
    return [code.strip("` ") for _, _, cell in table() for code in cell.split(",")]


def test_every_row_names_a_threat_a_control_and_tests():
    assert table()
    assert all(cell for row in table() for cell in row)


def test_every_test_named_exists():
    assert set(named()) - written(HERE.parent) == set()


def test_every_attack_test_is_listed_in_the_table_once():
    attacks = sorted(name for name in written() if name.startswith("test_attack_"))
    assert sorted(name for name in named() if name.startswith("test_attack_")) == attacks
