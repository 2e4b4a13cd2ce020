"""Buffers for rows: changed in memory, written in one transaction with the position.

Statements are built once. Times are fixed-width UTC text, ids are text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
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

    def rollback(self) -> None:
        """Discard rows that were added and not written."""
        self._pending_inserts.clear()


class CaseRows:
    """Rows of one table, case by case: read once, changed in memory; only differences are written.

    The table's first key column is the case; the other key columns make the ``Key``, the rest the ``Row``.
    Owned by one writer thread.
    """

    def __init__(self, table: Table, *, cases: int) -> None:
        self.table = table
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
        self._committed_rows: Lru[str, dict[Key, Row]] = Lru(cases)
        self._pending_rows: dict[str, dict[Key, Row]] = {}
        self._changed: dict[str, set[Key]] = {}

    def of(self, db: Connection, case: str) -> Mapping[Key, Row]:
        """The rows of this case, with pending changes."""
        return self._pending_rows[case] if case in self._pending_rows else self._committed_rows_of(db, case)

    def _committed_rows_of(self, db: Connection, case: str) -> dict[Key, Row]:
        rows = self._committed_rows.get(case)
        if rows is None:
            cut = len(self._key_columns)
            rows = {tuple(r[:cut]): tuple(r[cut:]) for r in db.execute(self._select, {"k_case": case})}
            self._committed_rows.put(case, rows)
        return rows

    def put(self, db: Connection, case: str, key: Key, row: Row | None) -> None:
        """Set one row; None deletes it."""
        if case not in self._pending_rows:
            self._pending_rows[case] = dict(self._committed_rows_of(db, case))
        if row is None:
            self._pending_rows[case].pop(key, None)
        else:
            self._pending_rows[case][key] = row
        self._changed.setdefault(case, set()).add(key)

    def flush(self, db: Connection) -> None:
        """Write the difference between committed and pending rows."""
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        deleted: list[dict[str, Any]] = []
        for case, keys in self._changed.items():
            before, after = self._committed_rows_of(db, case), self._pending_rows[case]
            for key in sorted(keys):
                if key not in after:
                    deleted += [self._key_values(case, key, "k_")] if key in before else []
                elif key not in before:
                    new.append(self._key_values(case, key, "") | self._values(after[key], ""))
                elif before[key] != after[key]:
                    changed.append(self._key_values(case, key, "k_") | self._values(after[key], "v_"))
        for statement, rows in ((self._delete, deleted), (self._update, changed), (self._insert, new)):
            if rows:
                db.execute(statement, rows)

    def _key_values(self, case: str, key: Key, prefix: str) -> dict[str, Any]:
        names = {f"{prefix}{c.name}": value for c, value in zip(self._key_columns, key, strict=True)}
        return {f"{prefix}case": case, **names}

    def _values(self, row: Row, prefix: str) -> dict[str, Any]:
        return {f"{prefix}{c.name}": value for c, value in zip(self._value_columns, row, strict=True)}

    def commit(self) -> None:
        """The transaction was committed: pending rows are the committed ones now."""
        for case, rows in self._pending_rows.items():
            self._committed_rows.put(case, rows)
        self.rollback()

    def rollback(self) -> None:
        """The transaction was rolled back: discard pending rows."""
        self._pending_rows.clear()
        self._changed.clear()


def primary_key(table: Table, row: Sequence[Any]) -> Iterator[Any]:
    """The key values of a row that has all columns of its table in order."""
    for column, value in zip(table.columns, row, strict=True):
        if column.primary_key:
            yield value
