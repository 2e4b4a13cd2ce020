"""The leaves: the digest of each record and its position, with which a verifier locates records that were altered,
dropped, exchanged or reordered.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, String, Table

from domain.world import World
from projections.projection import Projection
from projections.rows import METADATA, AppendOnlyRows
from projections.stream_record import StreamRecord

LEAVES = Table(
    "leaves",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("originator", String(36), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha", LargeBinary(32), nullable=False),
)
BY_RECORD = Index("leaves_by_record", LEAVES.c.originator, LEAVES.c.version, unique=True)


class Leaves(Projection):
    """One row for each record."""

    name = "leaves"
    needs_case_state = False
    tables = (LEAVES,)

    def __init__(self) -> None:
        super().__init__()
        self._leaves = AppendOnlyRows(LEAVES)
        self.append_only_tables = [self._leaves]

    def apply_unreadable(self, db: Connection, stream_record: StreamRecord) -> None:
        self.apply(db, stream_record, None)

    def apply(self, db: Connection, stream_record: StreamRecord, world: World | None) -> None:
        self._leaves.add(
            {
                "position": stream_record.position,
                "originator": str(stream_record.originator),
                "version": stream_record.version,
                "sha": stream_record.leaf_sha,
            }
        )
