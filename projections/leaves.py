"""The leaves: which record stands at which position. What the log stands on, so that a verifier finds what was
altered, dropped, swapped or put in another order.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, String, Table

from domain.world import World
from projections.projection import View
from projections.rows import METADATA, Lines
from projections.stored import Stored

LEAVES = Table(
    "leaves",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("originator", String(36), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha", LargeBinary(32), nullable=False),
)
BY_RECORD = Index("leaves_by_record", LEAVES.c.originator, LEAVES.c.version, unique=True)


class Leaves(View):
    """One row a record."""

    name = "leaves"
    needs_cases = False
    tables = (LEAVES,)

    def __init__(self) -> None:
        super().__init__()
        self._leaves = Lines(LEAVES)
        self.lines = [self._leaves]

    def see_unread(self, db: Connection, stored: Stored) -> None:
        self.see(db, stored, None)

    def see(self, db: Connection, stored: Stored, world: World | None) -> None:
        self._leaves.add(
            {
                "position": stored.position,
                "originator": str(stored.originator),
                "version": stored.version,
                "sha": stored.leaf_sha,
            }
        )
