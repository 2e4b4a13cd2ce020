"""The worklist of each agency: the rows of ``domain.tasks``."""

from __future__ import annotations

from sqlalchemy import Column, Connection, String, Table
from sqlalchemy import Index as By

from domain.due import next_due_of_case
from domain.tasks import all_tasks
from domain.world import World
from projections.projection import Projection
from projections.rows import METADATA, CaseRows, Key, Row, text_of
from projections.stream_record import StreamRecord

TASKS = Table(
    "tasks",
    METADATA,
    Column("agency", String(36), primary_key=True),
    Column("case", String(36), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("message", String(36), primary_key=True),  # empty for a task about the case itself
    Column("since", String(27), nullable=False),
    Column("due_at", String(27)),
)
TASKS_BY_CASE = By("tasks_by_case", TASKS.c.case)
DEADLINES = Table(  # the next deadline of each case: read when a hub starts
    "deadlines",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("at", String(27), nullable=False),
)


class Worklist(Projection):
    """The tasks of every agency, and the next deadline of every case."""

    name = "worklist"
    tables = (TASKS, DEADLINES)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._task_rows = CaseRows(TASKS, cases=cases)
        self._next_deadline = CaseRows(DEADLINES, cases=cases)
        self.case_tables = [self._task_rows, self._next_deadline]

    def refresh_case(self, db: Connection, stream_record: StreamRecord, world: World) -> None:
        case = str(world.case.id)
        existing_rows = dict(self._task_rows.of(db, case))
        wanted_rows: dict[Key, Row] = {
            (str(agency), task.kind.value, str(task.message or "")): (
                text_of(task.since),
                None if task.due_at is None else text_of(task.due_at),
            )
            for agency, task in all_tasks(world, now=stream_record.known.at)
        }
        for key in existing_rows.keys() | wanted_rows.keys():
            if existing_rows.get(key) != wanted_rows.get(key):
                self._task_rows.put(db, case, key, wanted_rows.get(key))
        due = next_due_of_case(world)
        self._next_deadline.put(db, case, (), None if due is None else (text_of(due.at),))
