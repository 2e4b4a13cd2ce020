"""The case index in memory: SQLite that never touches the disk, over pairs of characters.

FTS5's own tokens do not fit names: its trigrams need three characters, and a selector or a point splits a word. So each
text is written as its overlapping pairs, each pair as the code points of its characters: a search for a part of a name is a
phrase. Beside that each text is one word of all its code points: a whole name is that word, and the beginning of a name the
beginning of the word. A family's number in the table is its place in the order of readings. So FTS5 itself finds, excludes
and orders, and stops after as many as are shown; nothing is done for each family that fits. Source: own rule (search).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import RLock
from uuid import UUID

from gateway.agency.index.cards import FamilyView
from gateway.agency.index.folding import folded_number
from gateway.agency.index.search_query import Word

_BOUNDARY = "\x1e"
"""After each text, so that no search reaches over it."""
_SCHEMA = """
CREATE VIRTUAL TABLE families USING fts5(names, contacts, numbers, births, whole_names, whole_contacts, whole_numbers,
    tokenize='ascii', columnsize=0);
"""
_READING_CHARACTERS, _CHARACTER_BITS, _FAMILY_BITS = 7, 7, 14
"""A place is a number of 63 bits: so many characters of the reading, and room for so many families of one reading."""
_AFTER_KANA = (1 << _CHARACTER_BITS) - 1


@dataclass(frozen=True)
class SearchResult:
    """The families that fit. ``total``: how many do; ``families``: the first of them, the best first; ``waiting``: how many
    families of the agency were not read yet when this was searched."""

    total: int
    families: tuple[FamilyView, ...]
    waiting: int = 0


class FamilySearch:
    """The families of one door in memory. Thread-safe; the lock owns the connection."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._views: dict[UUID, FamilyView] = {}
        self._place_of: dict[UUID, int] = {}
        self._case_at: dict[int, UUID] = {}
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA temp_store=MEMORY")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __len__(self) -> int:
        return len(self._views)

    def put(self, views: Iterable[FamilyView], *, without_contact: Collection[UUID] = ()) -> None:
        """Add families, or replace what is known of them. ``without_contact``: of which no address and no telephone is
        matched."""
        with self._lock:
            self._db.execute("BEGIN")
            for view in views:
                self._remove(view.case)
                self._insert(view, has_contact=view.case not in without_contact)
            self._db.execute("COMMIT")

    def remove(self, cases: Iterable[UUID]) -> None:
        with self._lock:
            self._db.execute("BEGIN")
            for case in cases:
                self._remove(case)
            self._db.execute("COMMIT")

    def cases(self) -> frozenset[UUID]:
        with self._lock:
            return frozenset(self._views)

    def view(self, case: UUID) -> FamilyView | None:
        with self._lock:
            return self._views.get(case)

    def matches(
        self, words: Collection[Word], limit: int, *, may_know: Callable[[UUID], bool] | None = None
    ) -> SearchResult:
        """The families that every word fits: a whole name or telephone first, then the beginning of a name, then a part of
        one; each by its reading. ``may_know``: who asks may be shown; None for all."""
        fits = " AND ".join(f"({_any_of(_phrases_of_word(word))})" for word in words)
        wholes, beginnings = _any_of(_whole_phrases(words)), _any_of(_beginnings(words))
        ranks = [f"({fits}) AND ({one})" for one in (wholes, beginnings) if one] + [fits]
        with self._lock:
            total = self._total(fits, may_know)
            cases: dict[UUID, None] = {}
            for rank in ranks if total else ():
                for case in self._cases(rank, may_know):
                    if len(cases) == limit:
                        break
                    cases.setdefault(case)
            return SearchResult(total, tuple(self._views[case] for case in cases))

    def alike(self, family: FamilyView) -> list[FamilyView]:
        """The other families that state one of its names, readings, telephones or numbers."""
        phrases = [
            *(_whole("names", name) for name in family.folded_names()),
            *(_whole("contacts", contact) for contact in family.folded_contacts()),
            *(_whole("numbers", one) for one in map(folded_number, family.numbers) if one),
        ]
        with self._lock:
            cases = self._cases(_any_of(phrases), None) if phrases else ()
            return [self._views[case] for case in cases if case != family.case]

    # --- with the lock --------------------------------------------------------------------------------------

    def _insert(self, view: FamilyView, *, has_contact: bool) -> None:
        place = _first_place(view.sort_key)
        while place in self._case_at:
            place += 1
        texts = (
            view.folded_names(),
            view.folded_contacts() if has_contact else (),
            tuple(filter(None, map(folded_number, view.numbers))),
        )
        births = {born for person in view.people for born in (person.born, person.due) if born}
        self._db.execute(
            "INSERT INTO families(rowid, names, contacts, numbers, births, whole_names, whole_contacts, whole_numbers)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                place,
                *map(_stored, texts),
                " ".join(sorted(token for born in births for token in _birth_tokens(born))),
                *(" ".join(map(_word, column)) for column in texts),
            ),
        )
        self._place_of[view.case], self._case_at[place] = place, view.case
        self._views[view.case] = view

    def _remove(self, case: UUID) -> None:
        if self._views.pop(case, None) is None:
            return
        place = self._place_of.pop(case)
        del self._case_at[place]
        self._db.execute("DELETE FROM families WHERE rowid=?", (place,))

    def _cases(self, asked: str, may_know: Callable[[UUID], bool] | None) -> Iterator[UUID]:
        rows = self._db.execute("SELECT rowid FROM families WHERE families MATCH ? ORDER BY rowid", (asked,))
        cases = (self._case_at[place] for (place,) in rows)
        return cases if may_know is None else filter(may_know, cases)

    def _total(self, asked: str, may_know: Callable[[UUID], bool] | None) -> int:
        if may_know is not None:
            return sum(1 for _ in self._cases(asked, may_know))
        rows = self._db.execute("SELECT count(*) FROM families WHERE families MATCH ?", (asked,))
        return int(rows.fetchone()[0])


def _first_place(reading: str) -> int:
    """The first number for a family of this reading: the code of its first characters; without a reading it is last."""
    codes = [_kana_code(char) for char in reading[:_READING_CHARACTERS]] or [_AFTER_KANA]
    place = 0
    for n in range(_READING_CHARACTERS):
        place = place << _CHARACTER_BITS | (codes[n] if n < len(codes) else 0)
    return place << _FAMILY_BITS


def _kana_code(char: str) -> int:
    code = ord(char) - ord("\u30a0")
    return code if 0 < code < _AFTER_KANA else _AFTER_KANA


# --- texts as pairs ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=20_000)
def _code(char: str) -> str:
    return f"{ord(char):05x}"


def _pairs(text: str) -> str:
    return " ".join(_code(a) + _code(b) for a, b in pairwise(text))


def _stored(texts: Iterable[str]) -> str:
    return " ".join(_pairs(f"{text}{_BOUNDARY}") for text in texts)


def _word(text: str) -> str:
    """The whole of a text as one word."""
    return "".join(map(_code, text))


def _birth_tokens(born: str) -> Iterator[str]:
    """Year, month and day of ``2023-04-12``, as far as it is known, each as one token."""
    digits = born.replace("-", "")
    return (digits[:length] for length in (4, 6, 8) if length <= len(digits))


# --- what is asked, as FTS5 reads it ------------------------------------------------------------------------------


def _any_of(phrases: Iterable[str]) -> str:
    return " OR ".join(dict.fromkeys(phrases))


def _phrase(column: str, text: str) -> str:
    """The phrase that a column has where this is a part of one of its texts."""
    return f'{column} : "{_code(text)}" *' if len(text) == 1 else f'{column} : "{_pairs(text)}"'


def _whole(column: str, text: str) -> str:
    return f'whole_{column} : "{_word(text)}"'


def _phrases_of_word(word: Word) -> Iterator[str]:
    for name in word.names:
        yield _phrase("names", name)
    for column, text in (("numbers", word.number), ("contacts", word.address), ("contacts", word.phone)):
        if text:
            yield _phrase(column, text)
    if word.born:
        yield f'births : "{word.born.replace("-", "")}"'


def _whole_phrases(words: Collection[Word]) -> Iterator[str]:
    names = [name for word in words for name in word.names]
    together = "".join(word.names[0] for word in words if word.names)
    for name in (together, *names) if together else ():
        yield _whole("names", name)
    for word in words:
        if word.phone:
            yield _whole("contacts", word.phone)


def _beginnings(words: Collection[Word]) -> Iterator[str]:
    for word in words:
        for name in word.names:
            yield f"{_whole('names', name)} *"
