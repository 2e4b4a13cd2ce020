"""What waits for whom: the rows of ``domain.tasks``."""

from __future__ import annotations

from sqlalchemy import Column, Connection, String, Table
from sqlalchemy import Index as By

from domain.due import next_due_of_case
from domain.tasks import all_tasks
from domain.world import World
from projections.projection import View
from projections.rows import METADATA, Key, Row, Sheet, text_of
from projections.stored import Stored

TASKS = Table(
    "tasks",
    METADATA,
    Column("agency", String(36), primary_key=True),
    Column("case", String(36), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("message", String(36), primary_key=True),  # empty where it is about the case as a whole
    Column("since", String(27), nullable=False),
    Column("due_at", String(27)),
)
TASKS_BY_CASE = By("tasks_by_case", TASKS.c.case)
DEADLINES = Table(  # when the next clock of a case runs out: what a starting hub has to know
    "deadlines",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("at", String(27), nullable=False),
)


class Worklist(View):
    """The tasks of every agency, and the next deadline of every case."""

    name = "worklist"
    tables = (TASKS, DEADLINES)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._rows = Sheet(TASKS, cases=cases)
        self._next = Sheet(DEADLINES, cases=cases)
        self.sheets = [self._rows, self._next]

    def review(self, db: Connection, stored: Stored, world: World) -> None:
        case = str(world.case.id)
        have = dict(self._rows.of(db, case))
        wanted: dict[Key, Row] = {
            (str(agency), task.kind.value, str(task.message or "")): (
                text_of(task.since),
                None if task.due_at is None else text_of(task.due_at),
            )
            for agency, task in all_tasks(world, now=stored.known.at)
        }
        for key in have.keys() | wanted.keys():
            if have.get(key) != wanted.get(key):
                self._rows.put(db, case, key, wanted.get(key))
        due = next_due_of_case(world)
        self._next.put(db, case, (), None if due is None else (text_of(due.at),))
