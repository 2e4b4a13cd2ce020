"""The case index in memory: SQLite that never touches the disk, over pairs of characters.

FTS5's own tokens do not fit names: its trigrams need three characters, and a selector or a point splits a word. So each
text is written as its overlapping pairs, each pair as the code points of its characters: a search for a part of a name is a
phrase. Source: own rule (search).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import RLock
from uuid import UUID

from gateway.agency.index.cards import FamilyView
from gateway.agency.index.folding import folded_kana, folded_number
from gateway.agency.index.search_query import Word

_BOUNDARY = "\x1e"
"""Between two texts, so that no search reaches over it."""
_SCHEMA = """
CREATE TABLE births(born TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(born, id)) WITHOUT ROWID;
CREATE INDEX births_by_family ON births(id);
CREATE VIRTUAL TABLE pairs USING fts5(names, contacts, numbers, tokenize='ascii', columnsize=0);
"""


@dataclass(frozen=True)
class _Indexed:
    """A family with its forms for ranking, folded once. ``reading``: by which equal ranks are ordered."""

    view: FamilyView
    names: frozenset[str]
    phones: frozenset[str]
    reading: str


@dataclass(frozen=True)
class Hit:
    """A family that fits. ``rank``: smaller fits better."""

    view: FamilyView
    rank: tuple[int, str, int]


class FamilySearch:
    """The families of one door in memory. Thread-safe; the lock owns the connection."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._families: dict[UUID, _Indexed] = {}
        self._id_of: dict[UUID, int] = {}
        self._case_of: dict[int, UUID] = {}
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA temp_store=MEMORY")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __len__(self) -> int:
        return len(self._families)

    def put(self, views: Iterable[FamilyView]) -> None:
        """Add families, or replace what is known of them."""
        with self._lock:
            self._db.execute("BEGIN")
            for view in views:
                self._remove(view.case)
                self._insert(view)
            self._db.execute("COMMIT")

    def remove(self, cases: Iterable[UUID]) -> None:
        with self._lock:
            self._db.execute("BEGIN")
            for case in cases:
                self._remove(case)
            self._db.execute("COMMIT")

    def cases(self) -> frozenset[UUID]:
        with self._lock:
            return frozenset(self._families)

    def view(self, case: UUID) -> FamilyView | None:
        with self._lock:
            known = self._families.get(case)
            return None if known is None else known.view

    def views(self) -> list[FamilyView]:
        with self._lock:
            return [known.view for known in self._families.values()]

    def matches(self, words: Collection[Word], *, without_contact: Collection[UUID]) -> list[Hit]:
        """The families that every word fits, the best first. ``without_contact``: whose address and telephone are not
        looked at."""
        with self._lock:
            hidden = {self._id_of[case] for case in without_contact if case in self._id_of}
            ids: set[int] | None = None
            for word in words:
                of_word = self._ids_of_word(word, hidden)
                ids = of_word if ids is None else ids & of_word
                if not ids:
                    return []
            assert ids is not None
            matched = [self._families[self._case_of[id]] for id in ids]
        hits = [Hit(family.view, _rank(family, words)) for family in matched]
        return sorted(hits, key=lambda hit: hit.rank)

    # --- with the lock --------------------------------------------------------------------------------------

    def _insert(self, view: FamilyView) -> None:
        names, contacts = list(view.folded_names()), list(view.folded_contacts())
        numbers = map(folded_number, view.numbers)
        cursor = self._db.execute(
            "INSERT INTO pairs(names, contacts, numbers) VALUES (?,?,?)",
            (_stored(names), _stored(contacts), _stored(numbers)),
        )
        assert cursor.lastrowid is not None
        self._db.executemany(
            "INSERT OR IGNORE INTO births VALUES (?,?)",
            [(born, cursor.lastrowid) for p in view.people for born in (p.born, p.due) if born],
        )
        self._id_of[view.case], self._case_of[cursor.lastrowid] = cursor.lastrowid, view.case
        reading = next((folded_kana(p.kana) for p in view.people if p.kana), "~")
        self._families[view.case] = _Indexed(view, frozenset(names), frozenset(contacts), reading)

    def _remove(self, case: UUID) -> None:
        if self._families.pop(case, None) is None:
            return
        id = self._id_of.pop(case)
        del self._case_of[id]
        self._db.execute("DELETE FROM births WHERE id=?", (id,))
        self._db.execute("DELETE FROM pairs WHERE rowid=?", (id,))

    def _ids_of_word(self, word: Word, hidden: set[int]) -> set[int]:
        ids = self._match("names", word.name) | self._match("numbers", word.number)
        ids |= (self._match("contacts", word.address) | self._match("contacts", word.phone)) - hidden
        if word.born:
            ids |= self._born(word.born)
        return ids

    def _match(self, column: str, text: str) -> set[int]:
        if not text:
            return set()
        rows = self._db.execute(
            "SELECT rowid FROM pairs WHERE pairs MATCH ?", (f"{{{column}}} : {_asked(text)}",)
        )
        return {row[0] for row in rows}

    def _born(self, prefix: str) -> set[int]:
        rows = self._db.execute("SELECT id FROM births WHERE born >= ? AND born < ?", (prefix, prefix + "~"))
        return {row[0] for row in rows}


@lru_cache(maxsize=20_000)
def _code(char: str) -> str:
    return f"{ord(char):05x}"


def _stored(texts: Iterable[str]) -> str:
    """Texts as the pairs of their characters; the last character of each stands with the boundary."""
    chars = "".join(f"{text}{_BOUNDARY}" for text in texts)
    return " ".join(_code(a) + _code(b) for a, b in pairwise(chars) if a != _BOUNDARY)


def _asked(text: str) -> str:
    """The phrase that a stored text has where this is a part of it."""
    if len(text) == 1:
        return f'"{_code(text)}" *'
    return '"' + " ".join(_code(a) + _code(b) for a, b in pairwise(text)) + '"'


def _rank(family: _Indexed, words: Collection[Word]) -> tuple[int, str, int]:
    """A whole name or a whole telephone before the beginning of a name, and that before a part of one."""
    asked = [w.name for w in words if w.name]
    is_whole = "".join(asked) in family.names or not family.names.isdisjoint(asked)
    if is_whole or any(w.phone in family.phones for w in words if w.phone):
        first = 0
    else:
        first = 1 if any(name.startswith(a) for name in family.names for a in asked) else 2
    return first, family.reading, family.view.case.int
