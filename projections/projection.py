"""What a projection is: tables, and what each record does to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Connection, Table, delete

from domain.world import World
from projections.rows import Lines, Sheet
from projections.stored import Stored


class View:
    """One projection. A subclass names itself, its tables, and overrides ``see`` or ``review`` or both.

    It sets rows through ``lines`` and ``sheets`` only: the engine writes those of all views and the
    position together. Owned by the engine's one writer.
    """

    name: ClassVar[str]
    tables: ClassVar[Sequence[Table]]
    needs_cases: ClassVar[bool] = True
    """Whether it looks at cases as they stand: without one that does, none is folded."""

    def __init__(self) -> None:
        self.lines: list[Lines] = []
        self.sheets: list[Sheet] = []

    def see_unread(self, db: Connection, stored: Stored) -> None:
        """Called instead of the others for a record that only a newer hub can read: the view stands still there."""
        stored.known  # noqa: B018

    def see(self, db: Connection, stored: Stored, world: World | None) -> None:
        """Called once for each record; ``world`` is that of its case after it, None for other records."""

    def review(self, db: Connection, stored: Stored, world: World) -> None:
        """Called for each case that this record changed, or whose surroundings it changed.

        The world has no readings (``access`` is empty): no rule about rows looks at them.
        """

    def erase(self, db: Connection, case: UUID) -> None:
        """No row speaks of this case any more: its control was destroyed."""
        for lines in self.lines:
            if "case" in lines.table.c:
                lines.flush(db)
                db.execute(delete(lines.table).where(lines.table.c.case == str(case)))
        for sheet in self.sheets:
            for key in tuple(sheet.of(db, str(case))):
                sheet.put(db, str(case), key, None)

    def flush(self, db: Connection) -> None:
        """Write what changed."""
        for lines in self.lines:
            lines.flush(db)
        for sheet in self.sheets:
            sheet.flush(db)

    def settle(self, *, kept: bool) -> None:
        """The transaction ended: its rows stand, or they do not."""
        for lines in self.lines:
            lines.drop()
        for sheet in self.sheets:
            sheet.keep() if kept else sheet.drop()
