"""The base of every projection: its tables, and how a record changes their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Connection, Table, delete

from domain.world import World
from projections.case_change import CaseChange
from projections.rows import AppendOnlyRows, CaseRows
from projections.stream_record import StreamRecord


class Projection:
    """One projection. A subclass names itself, its tables, and overrides ``apply`` or ``refresh_case`` or both.

    Rows are set through ``append_only_tables`` and ``case_tables`` only: the engine writes those of all projections and
    the position in one transaction. Owned by the engine's writer.
    """

    name: ClassVar[str]
    tables: ClassVar[Sequence[Table]]
    needs_case_state: ClassVar[bool] = True
    """Whether it needs the state of cases: the engine folds cases only if a projection does."""

    def __init__(self) -> None:
        self.append_only_tables: list[AppendOnlyRows] = []
        self.case_tables: list[CaseRows] = []

    def apply_unreadable(self, db: Connection, stream_record: StreamRecord) -> None:
        """Called instead of the other methods for a record that can't be read here. Raises Malformed: it is parked there."""
        stream_record.known  # noqa: B018

    def apply(self, db: Connection, stream_record: StreamRecord, world: World | None) -> None:
        """Called once for each record. ``world``: of its case, after the record; None for records of other originators."""

    def refresh_case(self, db: Connection, stream_record: StreamRecord, change: CaseChange) -> None:
        """Called for each case that this record changed, and for each case that a record of the register may affect, to bring
        the rows of ``change.messages`` up to date.

        Its world has no readings (``access`` is empty): no row depends on them.
        """

    def erase(self, db: Connection, case: UUID) -> None:
        """Delete all rows of a case whose control was destroyed."""
        for table_rows in self.append_only_tables:
            if "case" in table_rows.table.c:
                table_rows.flush(db)
                db.execute(delete(table_rows.table).where(table_rows.table.c.case == str(case)))
        for case_rows in self.case_tables:
            for key in tuple(case_rows.of(db, str(case))):
                case_rows.put(db, str(case), key, None)

    @property
    def pending_rows(self) -> int:
        """How many rows are changed and not written yet."""
        added = sum(rows.pending for rows in self.append_only_tables)
        return added + sum(rows.pending for rows in self.case_tables)

    def flush(self, db: Connection) -> None:
        """Write the changed rows."""
        for table_rows in self.append_only_tables:
            table_rows.flush(db)
        for case_rows in self.case_tables:
            case_rows.flush(db)

    def committed_or_rolled_back(self, *, committed: bool) -> None:
        """Called after the transaction."""
        for table_rows in self.append_only_tables:
            table_rows.rollback()
        for case_rows in self.case_tables:
            case_rows.commit() if committed else case_rows.rollback()
