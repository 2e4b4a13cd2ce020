"""Buffers for rows: changed in memory, written in one transaction with the position.

Statements are built once. Times are fixed-width UTC text, ids are text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Connection, MetaData, Table, and_, bindparam, delete, insert, select, update

METADATA = MetaData()
"""Every table of every projection."""

END_OF_TIME = "9999-12-31T23:59:59.999999Z"
"""Later than any other stored time."""

K = TypeVar("K")
V = TypeVar("V")

Key = tuple[str, ...]
Row = tuple[Any, ...]


def text_of(at: datetime) -> str:
    """The stored form of a time: UTC, six decimals, always 27 characters. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def time_of(text: str) -> datetime:
    """The time (aware UTC) of a stored text."""
    return datetime.fromisoformat(text.removesuffix("Z") + "+00:00")


def id_of(text: str | None) -> UUID | None:
    """The id of a stored text; None for null or empty text."""
    return UUID(text) if text else None


class Lru(Generic[K, V]):
    """A cache of the ``capacity`` most recently used values."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The value, now the most recently used; None where it is not cached."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Cache a value, and drop the least recently used one where there are too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def discard(self, key: K) -> None:
        """Forget a value; nothing happens where it is not cached."""
        self._values.pop(key, None)


class AppendOnlyRows:
    """Rows of one table that are only added."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._insert = insert(table)
        self._pending_inserts: list[dict[str, Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one row, with every column named."""
        self._pending_inserts.append(dict(row))

    def flush(self, db: Connection) -> None:
        """Write the rows added since the last flush."""
        if self._pending_inserts:
            db.execute(self._insert, self._pending_inserts)
        self._pending_inserts.clear()

    @property
    def pending(self) -> int:
        """How many rows are added and not written yet."""
        return len(self._pending_inserts)

    def rollback(self) -> None:
        """Discard rows that were added and not written."""
        self._pending_inserts.clear()


class _CaseTable:
    """The rows of one case in one table, and the keys of each group."""

    __slots__ = ("groups", "rows")

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self.groups: dict[str, dict[Key, None]] = {}


class CaseRows:
    """Rows of one table, case by case: read once, changed in memory; only differences are written.

    The table's first key column is the case; the other key columns make the ``Key``, the rest the ``Row``.
    ``group_of``: the group in which a row is found (such as its message). Owned by one writer thread.
    """

    def __init__(self, table: Table, *, cases: int, group_of: Callable[[Key, Row], str]) -> None:
        self.table = table
        self._group_of = group_of
        self._case_column = table.c.case
        self._key_columns = [c for c in table.primary_key.columns if c is not self._case_column]
        self._value_columns = [c for c in table.columns if not c.primary_key]
        row_key_columns = [self._case_column, *self._key_columns]
        key_clause = and_(*(c == bindparam(f"k_{c.name}") for c in row_key_columns))
        self._select = select(*self._key_columns, *self._value_columns).where(
            self._case_column == bindparam("k_case")
        )
        self._insert = insert(table)
        self._update = (
            update(table)
            .where(key_clause)
            .values({c.name: bindparam(f"v_{c.name}") for c in self._value_columns})
        )
        self._delete = delete(table).where(key_clause)
        self._committed: Lru[str, _CaseTable] = Lru(cases)
        self._changed: dict[str, _CaseTable] = {}  # the cases that this transaction has changed
        self._before: dict[tuple[str, Key], Row | None] = {}  # each changed row as it is in the database

    def of(self, db: Connection, case: str) -> Mapping[Key, Row]:
        """The rows of this case, with pending changes."""
        return self._table(db, case).rows

    def group(self, db: Connection, case: str, name: str) -> list[tuple[Key, Row]]:
        """The rows of one group of this case, with pending changes."""
        table = self._table(db, case)
        return [(key, table.rows[key]) for key in table.groups.get(name, ())]

    def each_of_group(self, db: Connection, case: str, name: str) -> Iterator[Row]:
        """The rows of one group of this case, those last set first; for a look that need not see all. Nothing may be put
        meanwhile."""
        table = self._table(db, case)
        return (table.rows[key] for key in reversed(table.groups.get(name, {})))

    def groups(self, db: Connection, case: str) -> list[str]:
        """The groups of this case that have a row."""
        return list(self._table(db, case).groups)

    def _table(self, db: Connection, case: str) -> _CaseTable:
        table = self._changed.get(case) or self._committed.get(case)
        if table is None:
            table, cut = _CaseTable(), len(self._key_columns)
            for row in db.execute(self._select, {"k_case": case}):
                self._set(table, tuple(row[:cut]), tuple(row[cut:]))
            self._committed.put(case, table)
        return table

    def _set(self, table: _CaseTable, key: Key, row: Row | None) -> None:
        old = table.rows.pop(key, None)
        if old is not None:
            name = self._group_of(key, old)
            del table.groups[name][key]
            if not table.groups[name]:
                del table.groups[name]
        if row is not None:
            table.rows[key] = row
            table.groups.setdefault(self._group_of(key, row), {})[key] = None

    def put(self, db: Connection, case: str, key: Key, row: Row | None) -> None:
        """Set one row; None deletes it."""
        table = self._changed[case] = self._table(db, case)
        self._before.setdefault((case, key), table.rows.get(key))
        self._set(table, key, row)

    def flush(self, db: Connection) -> None:
        """Write the difference between the rows in the database and the pending ones."""
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        deleted: list[dict[str, Any]] = []
        for (case, key), before in sorted(self._before.items(), key=lambda one: one[0]):
            after = self._changed[case].rows.get(key)
            if after == before:
                continue
            if after is None:
                deleted.append(self._key_values(case, key, "k_"))
            elif before is None:
                new.append(self._key_values(case, key, "") | self._values(after, ""))
            else:
                changed.append(self._key_values(case, key, "k_") | self._values(after, "v_"))
        for statement, rows in ((self._delete, deleted), (self._update, changed), (self._insert, new)):
            if rows:
                db.execute(statement, rows)
        self._before.clear()

    def _key_values(self, case: str, key: Key, prefix: str) -> dict[str, Any]:
        names = {f"{prefix}{c.name}": value for c, value in zip(self._key_columns, key, strict=True)}
        return {f"{prefix}case": case, **names}

    def _values(self, row: Row, prefix: str) -> dict[str, Any]:
        return {f"{prefix}{c.name}": value for c, value in zip(self._value_columns, row, strict=True)}

    @property
    def pending(self) -> int:
        """How many rows are changed and not written yet."""
        return len(self._before)

    def commit(self) -> None:
        """The transaction was committed: pending rows are the committed ones now."""
        for case, table in self._changed.items():
            self._committed.put(case, table)
        self._changed.clear()
        self._before.clear()

    def rollback(self) -> None:
        """The transaction was rolled back: discard the rows of the cases that it changed."""
        for case in self._changed:
            self._committed.discard(case)
        self._changed.clear()
        self._before.clear()


def primary_key(table: Table, row: Sequence[Any]) -> Iterator[Any]:
    """The key values of a row that has all columns of its table in order."""
    for column, value in zip(table.columns, row, strict=True):
        if column.primary_key:
            yield value
