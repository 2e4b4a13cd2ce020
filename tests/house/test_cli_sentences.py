"""Each sentence of the command line is there in both languages, and none is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from gateway.cli import main as command_line
from gateway.cli.sentences import ENGLISH, LIBRARY_JAPANESE
from tests.house import make_cli_catalogue

CLI = Path(command_line.__file__).parent
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
OWN_SENTENCES = {"failures.py": "_of_usage", "sending.py": "write_answer"}
"""Japanese alone: what the library says in English without a catalogue, and the name of a file."""


def help_texts(command: Any) -> Iterator[str]:
    yield from (text for text in (command.help, command.short_help) if text)
    yield from (param.help for param in command.params if getattr(param, "help", None))
    for one in getattr(command, "commands", {}).values():
        yield from help_texts(one)


def sentences_in(path: Path) -> tuple[set[str], set[str]]:
    """The sentences that are looked up, and all other Japanese texts of a module but docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == OWN_SENTENCES.get(path.name)
        for node in ast.walk(function)
    }
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.Module | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    looked_up: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
            first = node.args[0]
            if isinstance(first, ast.Constant):
                looked_up[id(first)] = first.value
    others = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and JAPANESE.search(node.value)
        and id(node) not in own | docstrings | set(looked_up)
    }
    return set(looked_up.values()), others


def test_every_sentence_has_its_english_and_none_is_left_over() -> None:
    command = get_command(command_line.app)
    used = set(help_texts(command))
    others: set[str] = set()
    for path in CLI.glob("*.py"):
        if path.name != "sentences.py":
            looked_up, rest = sentences_in(path)
            used |= looked_up
            others |= rest
    # the name that an audit office has where none is given, and a separator
    assert others - set(ENGLISH) <= {"\u76e3\u67fb\u6a5f\u95a2", "\u30fb"}
    assert used <= set(ENGLISH), used - set(ENGLISH)
    assert set(ENGLISH) <= used | others, set(ENGLISH) - used - others


def test_both_languages_have_the_same_values_and_english_is_english() -> None:
    for sentence, english in ENGLISH.items():
        assert re.findall(r"\{[^}]*\}", sentence) == re.findall(r"\{[^}]*\}", english)
        assert re.findall(r"\[/?[a-z ]*\]", sentence) == re.findall(r"\[/?[a-z ]*\]", english)
        assert not JAPANESE.search(english)
        assert english.strip()


def test_the_catalogue_is_made_from_the_table_and_has_the_words_of_the_library() -> None:
    assert make_cli_catalogue.FILE.read_bytes() == make_cli_catalogue.catalogue()
    folder = Path(typer.__file__).parent
    words = {
        node.args[0].value
        for path in (folder / "core.py", folder / "rich_utils.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "_"
        and isinstance(node.args[0], ast.Constant)
    }
    assert words == set(LIBRARY_JAPANESE)
