"""What the tool changes: one place at a time, in code that is run, and the same places for the same seed."""

from __future__ import annotations

import pytest

from tests.mutants.choosing import draw
from tests.mutants.operators import Mutant, mutants_of

SOURCE = '''"""Text."""

KINDS = {"a", "b"}


def allowed(n: int, names: set[str] = frozenset({"x", "y"})) -> bool:
    """Whether it is. 子"""
    if n < 3 and not (
        names
    ):
        return False
    return any(name in KINDS for name in names if name)
'''.encode()


def changed() -> dict[tuple[str, str, str], Mutant]:
    return {(m.operator, m.before, m.after): m for m in mutants_of("m.py", SOURCE)}


@pytest.mark.parametrize(
    "change",
    [
        ("comparison", "n < 3", "n <= 3"),
        ("off by one", "3", "2"),
        ("and/or", "n < 3 and not ( names )", "n < 3 or not names"),
        ("dropped condition", "n < 3 and not ( names )", "n < 3"),
        ("dropped not", "not ( names )", "names"),
        ("returns None", "return False", "return None"),
        ("dropped filter", "(name in KINDS for name in names if name)", "(name in KINDS for name in names)"),
        ("dropped element", '{"a", "b"}', "{'a'}"),
    ],
    ids=lambda change: change[0],
)
def test_one_place_is_changed(change: tuple[str, str, str]) -> None:
    operator, before, after = change
    assert after in [c[2] for c in changed() if c[0] == operator and c[1] == before]


def test_each_change_gives_code_of_as_many_lines() -> None:
    for mutant in changed().values():
        code = mutant.apply(SOURCE)
        compile(code, "m.py", "exec")
        assert code != SOURCE
        assert code.count(b"\n") == SOURCE.count(b"\n")


def test_annotations_defaults_and_texts_stay() -> None:
    assert not [m for m in changed().values() if m.first == 6 or "x" in m.before or "Text" in m.before]
    assert {m.unit for m in changed().values()} == {"allowed", "table KINDS"}


def test_a_longer_draw_of_a_seed_begins_with_the_shorter_and_draws_nothing_twice() -> None:
    mutants = mutants_of("m.py", SOURCE)
    short, long = draw(mutants, 7, 3, tables=False), draw(mutants, 7, 1000, tables=False)
    assert long[:3] == short
    assert len(set(long)) == len(long) == len([m for m in mutants if m.in_function])
    assert draw(mutants, 8, 1000, tables=False) != long
