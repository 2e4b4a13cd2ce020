"""The names of the code are the field's terms: retired words are gone, and a private name means one thing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("domain", "keys", "adapters", "projections", "gateway")
MAX_MODULES_OF_A_PRIVATE_NAME = 3

RETIRED = frozenset(
    {
        *("wish", "wishes", "fact", "facts", "flaw", "flaws", "told", "tell", "tells", "telling"),
        *("said", "say", "says", "saying", "heard", "hear", "hears", "found", "letter", "letters", "desk"),
        *("turn", "turns", "stage", "stages", "unasked", "patiently", "patience", "wound", "ground"),
    }
)
"""Words of the first build that are no terms of the field. What each became: docs/decisions/0018."""

ALLOWED = frozenset(
    {
        *("NotFound", "NOT_FOUND", "not_found", "MESSAGE_NOT_FOUND", "STREAM_NOT_FOUND"),
        *(
            "ground",
            "AuditGround",
            "HoldGround",
            "UninformedGround",
            "GROUND_NOT_APPLICABLE",
        ),  # the legal ground of a decision
        *("stage", "BreachStage", "BREACH_STAGES"),  # a leak is reported in two stages
        "found_at",  # when a leak was discovered
        "mismatches_found",
        *("column_letter", "era_letter"),  # letters of the alphabet
    }
)
"""Terms that hold such a word in its ordinary or legal meaning, and names of libraries."""


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that this module gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)):
                yield name, node.lineno


def words(identifier: str) -> set[str]:
    """The whole parts of an identifier, in lower case."""
    return {part.lower() for part in re.split(r"_|(?<=[a-z0-9])(?=[A-Z])", identifier) if part}


def retired_in(source: str) -> list[str]:
    """The identifiers of this source that hold a retired word, each with its line."""
    return [
        f"{line}: {name}"
        for name, line in identifiers(ast.parse(source))
        if name not in ALLOWED and words(re.sub(r"(?i)not_found", "", name)) & RETIRED
    ]


def test_a_retired_word_is_named_with_its_line() -> None:
    source = "def tell_all(fact):\n    found = fact\n    return found\n\nclass NotFound(Exception): ...\n"
    assert retired_in(source) == ["1: tell_all", "1: fact", "2: found"]


@pytest.mark.parametrize("path", modules(*PRODUCT, "tests"), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_identifier_holds_a_retired_word(path: Path) -> None:
    assert retired_in(path.read_text(encoding="utf-8")) == []


def private_names(tree: ast.Module) -> set[str]:
    """Private functions, classes, methods and constants that this module defines."""
    defined: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in defined if name.startswith("_") and not name.startswith("__")}


def test_a_private_name_is_defined_in_three_modules_at_most() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for path in modules(*PRODUCT):
        for name in private_names(ast.parse(path.read_text(encoding="utf-8"))):
            where[name].append(str(path.relative_to(ROOT)))
    assert {n: w for n, w in where.items() if len(w) > MAX_MODULES_OF_A_PRIVATE_NAME} == {}
