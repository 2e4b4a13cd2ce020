"""An agency's tasks, all of them or of the cases in which one changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, func, select

from projections.index import HEAD
from projections.rows import END_OF_TIME, id_of, time_of
from projections.worklist import TASK_CHANGES, TASKS


@dataclass(frozen=True)
class WorklistEntry:
    """One task. ``message``: null where it is about the case; ``due_at``: null where no time is set; ``child``: null where
    it is about the family."""

    case: UUID
    kind: str
    message: UUID | None
    since: datetime
    due_at: datetime | None
    child: UUID | None


@dataclass(frozen=True)
class TaskChanges:
    """What changed in the tasks of an agency after ``since``. ``cases``: in which one changed; ``tasks``: all tasks of these
    cases, by due time; ``cursor``: where the next changes begin; ``edition``: of the rows, to which the cursor belongs."""

    cases: frozenset[UUID]
    tasks: tuple[WorklistEntry, ...]
    since: int
    cursor: int
    edition: int


_TASK_COLUMNS = (TASKS.c.case, TASKS.c.kind, TASKS.c.message, TASKS.c.child, TASKS.c.since, TASKS.c.due_at)
_TASK_ORDER = (
    func.coalesce(TASKS.c.due_at, END_OF_TIME),
    *(TASKS.c.since, TASKS.c.case, TASKS.c.kind, TASKS.c.message, TASKS.c.child),
)
_WORKLIST = select(*_TASK_COLUMNS).where(TASKS.c.agency == bindparam("agency")).order_by(*_TASK_ORDER)
_TASK_CHANGES = select(TASK_CHANGES.c.case, TASK_CHANGES.c.seq).where(
    TASK_CHANGES.c.agency == bindparam("agency"), TASK_CHANGES.c.seq > bindparam("cursor")
)
_CHANGED_TASKS = (
    select(*_TASK_COLUMNS)
    .join(TASK_CHANGES, and_(TASK_CHANGES.c.agency == TASKS.c.agency, TASK_CHANGES.c.case == TASKS.c.case))
    .where(
        TASK_CHANGES.c.agency == bindparam("agency"),
        TASK_CHANGES.c.seq > bindparam("cursor"),
    )
    .order_by(*_TASK_ORDER)
)
_HEAD = select(HEAD.c.position, HEAD.c.edition)


def tasks_of(db: Connection, agency: UUID) -> list[WorklistEntry]:
    """All tasks of this agency, by due time; those without one come last."""
    return [_worklist_entry(row) for row in db.execute(_WORKLIST, {"agency": str(agency)})]


def changed_tasks(db: Connection, agency: UUID, cursor: int, edition: int) -> TaskChanges:
    """The tasks of this agency in the cases where one of them changed after ``cursor``. ``db``: in a transaction.

    A cursor of another edition, or beyond the last record, belongs to other rows: then they are those of all cases, and
    ``since`` is 0. What belongs to a record that is not complete yet is in it, and comes again.
    """
    head = db.execute(_HEAD).one()
    since = cursor if edition == head.edition and cursor <= head.position else 0
    at = {"agency": str(agency), "cursor": since}
    seq_of = {UUID(case): seq for case, seq in db.execute(_TASK_CHANGES, at)}
    tasks = tuple(_worklist_entry(row) for row in db.execute(_CHANGED_TASKS, at)) if seq_of else ()
    next_cursor = min(max(seq_of.values(), default=since), head.position)
    return TaskChanges(frozenset(seq_of), tasks, since, next_cursor, head.edition)


def _worklist_entry(row: Any) -> WorklistEntry:
    case, kind, message, child, since, due = row
    due_at = None if due is None else time_of(due)
    return WorklistEntry(UUID(case), kind, id_of(message), time_of(since), due_at, id_of(child))
