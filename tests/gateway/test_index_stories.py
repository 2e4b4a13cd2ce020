"""Arbitrary stories of a door: what its index shows is what its agency may open, and a fresh start shows the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.content_json import write_content
from domain.codes import Flag
from tests.gateway.index_kit import IndexedDoor, family_content, gone, id_of, message_row

NAMES = ("髙橋 花子", "渡邊 葵", "𠮷田 蓮")
ASKED = ("高橋", "渡辺", "吉田")
PHONES = ("090-0000-0001", "090-0000-0002", "090-0000-0003")
FLAGS: tuple[tuple[str, ...], ...] = ((), (Flag.DV_PROTECTED.value,), (Flag.SENSITIVE.value,))
CASES, MESSAGES = 3, 2
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("feed"), st.integers(0, 2), st.integers(0, 1), st.sampled_from(("OPENABLE", "PENDING_KEY", "CLOSED"))),
        st.tuples(st.just("open"), st.integers(0, 2), st.integers(0, 1), st.integers(0, 2)),
        st.tuples(st.just("gone"), st.integers(0, 2), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("receipt"), st.integers(0, 2), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("erase"), st.integers(0, 2), st.just(0), st.just(0)),
        st.tuples(st.just("protect"), st.integers(0, 2), st.just(0), st.sampled_from((None, "2027-01-01"))),
        st.tuples(st.just("join"), st.integers(0, 2), st.just(0), st.integers(0, 2)),
    ),
    max_size=25,
)  # fmt: skip


@dataclass
class Model:
    """What a person who knows only the rules expects."""

    open_now: set[tuple[int, int]] = field(default_factory=set)
    held: dict[tuple[int, int], int] = field(default_factory=dict)
    flags: dict[tuple[int, int], int] = field(default_factory=dict)
    protected: set[int] = field(default_factory=set)
    joined: set[frozenset[int]] = field(default_factory=set)

    def lose(self, case: int, message: int) -> None:
        self.open_now.discard((case, message))
        self.held.pop((case, message), None)

    def named(self, name: int) -> set[int]:
        """The cases with an item that states this name. Of a sensitive item nothing is taken."""
        return {case for (case, m), n in self.held.items() if n == name and self.flags[case, m] != 2}

    def hidden(self) -> set[int]:
        """Under protection, by the record or by a flag of what is held, or of one family with such a case."""
        hidden = self.protected | {c for (c, m) in self.held if self.flags[c, m] == 1}
        while more := {c for pair in self.joined if pair & hidden for c in pair} - hidden:
            hidden |= more
        return hidden

    def phoned(self, name: int) -> set[int]:
        """The cases whose newest statement of a telephone is this one."""
        phoned = set()
        for case in range(CASES):
            stating = [
                (m, n) for (c, m), n in sorted(self.held.items()) if c == case and self.flags[c, m] == 0
            ]
            if stating and stating[-1][1] == name and case not in self.hidden():
                phoned.add(case)
        return phoned


def ids(case: int, message: int) -> tuple[UUID, UUID]:
    return id_of(f"case {case}"), id_of(f"case {case} message {message}")


class Story:
    """One door, and the model of it."""

    def __init__(self, door: IndexedDoor) -> None:
        self.door, self.model = door, Model()

    def play(self, what: str, case: int, message: int, how: Any) -> None:
        getattr(self, what)(case, message, how)

    def feed(self, case: int, message: int, state: str) -> None:
        flags = FLAGS[self.model.flags.setdefault((case, message), (case + message) % 3)]
        self.door.feed(row(self.model, case, message, state, flags))
        if state == "CLOSED":
            self.model.lose(case, message)
        else:
            self.model.open_now.add((case, message))

    def open(self, case: int, message: int, name: int) -> None:
        flags = FLAGS[self.model.flags.get((case, message), 0)]
        content = family_content(NAMES[name], "", mother="", phone=PHONES[name], address=None)
        written_at = self.door.at.replace(minute=message)
        self.door.open(*ids(case, message), write_content(content), flags=flags, written_at=written_at)
        if (case, message) in self.model.open_now:
            self.model.held[case, message] = name

    def gone(self, case: int, message: int, _: Any) -> None:
        self.door.feed(gone(*ids(case, message)))
        self.model.lose(case, message)

    def receipt(self, case: int, message: int, _: Any) -> None:
        self.door.feed(row(self.model, case, message, "CLOSED", (), items=[]))
        self.model.lose(case, message)

    def erase(self, case: int, _: Any, __: Any) -> None:
        self.door.feed(erased=[ids(case, 0)[0]])
        for n in range(MESSAGES):
            self.model.lose(case, n)
        self.model.protected.discard(case)
        self.model.joined = {pair for pair in self.model.joined if min(pair) != case}

    def protect(self, case: int, _: Any, until: str | None) -> None:
        (self.model.protected.add if until else self.model.protected.discard)(case)
        self.door.feed(row(self.model, case, 9, "CLOSED", (), items=[]))

    def join(self, case: int, _: Any, other: int) -> None:
        if other > case:
            joined = id_of(f"join {case} {other}")
            until = "2027-01-01" if case in self.model.protected else None
            fields = {"other": str(id_of(f"case {other}"))}
            self.door.feed(
                message_row(
                    ids(case, 0)[0],
                    joined,
                    items=[],
                    act="cases.joined",
                    fields=fields,
                    protected_until=until,
                )
            )
            self.model.joined.add(frozenset({case, other}))


def row(model: Model, case: int, message: int, state: str, flags: tuple[str, ...], **changed: object) -> dict:  # type: ignore[type-arg]
    until = "2027-01-01" if case in model.protected else None
    return message_row(*ids(case, message), state, flags=flags, protected_until=until, **changed)


def numbers_of(cases: list[UUID]) -> set[int]:
    known = {id_of(f"case {n}"): n for n in range(CASES)}
    return {known[case] for case in cases}


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_it_shows_what_may_be_opened_and_nothing_else(steps: list[tuple[str, int, int, object]]) -> None:
    with TemporaryDirectory() as folder:
        door = IndexedDoor(Path(folder) / "door.db")
        story = Story(door)
        model = story.model
        door.feed()
        for step in steps:
            story.play(*step)
            for n, asked in enumerate(ASKED):
                assert numbers_of(door.matching(asked)) == model.named(n)
                assert numbers_of(door.matching(PHONES[n])) == model.phoned(n)
            again = IndexedDoor(door.path)
            assert shown(again) == shown(door)
            again.close()
        door.close()


def shown(door: IndexedDoor) -> list[str]:
    return sorted(map(repr, door.known()))
