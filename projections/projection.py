"""What a projection is: tables, and what each record does to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Connection, Table, delete

from domain.world import World
from projections.rows import AppendOnlyRows, CaseRows
from projections.stream_record import StreamRecord


class Projection:
    """One projection. A subclass names itself, its tables, and overrides ``apply`` or ``refresh_case`` or both.

    It sets rows through ``append_only_tables`` and ``case_tables`` only: the engine writes those of all views and the
    position together. Owned by the engine's one writer.
    """

    name: ClassVar[str]
    tables: ClassVar[Sequence[Table]]
    needs_case_state: ClassVar[bool] = True
    """Whether it looks at cases as they stand: without one that does, none is folded."""

    def __init__(self) -> None:
        self.append_only_tables: list[AppendOnlyRows] = []
        self.case_tables: list[CaseRows] = []

    def apply_unreadable(self, db: Connection, stream_record: StreamRecord) -> None:
        """Called instead of the others for a record that only a newer hub can read: the view stands still there."""
        stream_record.known  # noqa: B018

    def apply(self, db: Connection, stream_record: StreamRecord, world: World | None) -> None:
        """Called once for each record; ``world`` is that of its case after it, None for other records."""

    def refresh_case(self, db: Connection, stream_record: StreamRecord, world: World) -> None:
        """Called for each case that this record changed, or whose surroundings it changed.

        The world has no readings (``access`` is empty): no rule about rows looks at them.
        """

    def erase(self, db: Connection, case: UUID) -> None:
        """No row speaks of this case any more: its control was destroyed."""
        for table_rows in self.append_only_tables:
            if "case" in table_rows.table.c:
                table_rows.flush(db)
                db.execute(delete(table_rows.table).where(table_rows.table.c.case == str(case)))
        for case_rows in self.case_tables:
            for key in tuple(case_rows.of(db, str(case))):
                case_rows.put(db, str(case), key, None)

    def flush(self, db: Connection) -> None:
        """Write what changed."""
        for table_rows in self.append_only_tables:
            table_rows.flush(db)
        for case_rows in self.case_tables:
            case_rows.flush(db)

    def committed_or_rolled_back(self, *, committed: bool) -> None:
        """The transaction ended: its rows stand, or they do not."""
        for table_rows in self.append_only_tables:
            table_rows.rollback()
        for case_rows in self.case_tables:
            case_rows.commit() if committed else case_rows.rollback()
