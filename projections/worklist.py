"""The worklist of each agency: the rows of ``domain.tasks``, and when those of each case last changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, String, Table
from sqlalchemy import Index as By

from domain.alarms.raising import case_clocks, raised_among
from domain.due import next_due_of_case
from domain.tasks import Task, case_tasks, overdue_tasks, tasks_of_message
from projections.case_change import CaseChange
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
    Column("child", String(36), primary_key=True),  # empty for a task about the family
    Column("since", String(27), nullable=False),
    Column("due_at", String(27)),
)
TASKS_BY_CASE = By("tasks_by_case", TASKS.c.case)
TASK_CHANGES = Table(
    "task_changes",
    METADATA,
    Column("agency", String(36), primary_key=True),
    Column("case", String(36), primary_key=True),
    Column(
        "seq", BigInteger, nullable=False
    ),  # position at which a task of the agency in the case last changed
)
TASK_CHANGES_BY_SEQ = By("task_changes_by_seq", TASK_CHANGES.c.agency, TASK_CHANGES.c.seq)
TASK_CHANGES_BY_CASE = By("task_changes_by_case", TASK_CHANGES.c.case)
DEADLINES = Table(  # the next deadline of each case: read when a hub starts
    "deadlines",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("at", String(27), nullable=False),
)


class Worklist(Projection):
    """The tasks of every agency, when they last changed, and the next deadline of every case."""

    name = "worklist"
    tables = (TASKS, TASK_CHANGES, DEADLINES)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._task_rows = CaseRows(TASKS, cases=cases, group_of=lambda key, _: key[2])
        self._changes = CaseRows(TASK_CHANGES, cases=cases, group_of=lambda key, _: "")
        self._next_deadline = CaseRows(DEADLINES, cases=cases, group_of=lambda key, _: "")
        self.case_tables = [self._task_rows, self._changes, self._next_deadline]

    def refresh_case(self, db: Connection, stream_record: StreamRecord, change: CaseChange) -> None:
        world, now = change.world, stream_record.known.at
        case, messages = str(world.case.id), world.case.messages
        for id in change.messages:
            clocks = change.alarms.clocks_of(id)
            of_message = tasks_of_message(world, change.agencies, messages[id], clocks, now)
            self._put_rows(db, case, str(id), _rows(of_message), stream_record.position)
        policy = world.rule_book["policy"]
        alarms = raised_among(world.case, case_clocks(world.case, policy), policy)
        of_case = (
            *case_tasks(world, change.agencies, change.rewraps),
            *overdue_tasks(world, change.agencies, alarms, now),
        )
        self._put_rows(db, case, "", _rows(of_case), stream_record.position)
        due = next_due_of_case(world, change.alarms)
        deadline = None if due is None else (text_of(due.at),)
        if self._next_deadline.of(db, case).get(()) != deadline:
            self._next_deadline.put(db, case, (), deadline)

    def _put_rows(
        self, db: Connection, case: str, message: str, wanted_rows: Mapping[Key, Row], position: int
    ) -> None:
        existing_rows = dict(self._task_rows.group(db, case, message))
        for key in existing_rows.keys() | wanted_rows.keys():
            if existing_rows.get(key) != wanted_rows.get(key):
                self._task_rows.put(db, case, key, wanted_rows.get(key))
                self._changes.put(db, case, (key[0],), (position,))


def _rows(tasks: Iterable[tuple[UUID, Task]]) -> dict[Key, Row]:
    """One row for each agency, kind, message and child; of several the one that waits longest (two alarms of one message may have
    been escalated)."""
    rows: dict[Key, Row] = {}
    for agency, task in tasks:
        key = (str(agency), task.kind.value, str(task.message or ""), str(task.child or ""))
        row = (text_of(task.since), None if task.due_at is None else text_of(task.due_at))
        if key not in rows or row[0] < rows[key][0]:
            rows[key] = row
    return rows
