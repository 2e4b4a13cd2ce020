"""A door's copy of its tasks: those of a case are replaced whole when the feed says that one of them changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Task = Mapping[str, Any]
"""A task of the feed: case, kind, message, since, due_at, child."""

TASK_SCHEMA = """
CREATE TABLE IF NOT EXISTS case_tasks(
    case_id TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL, child TEXT NOT NULL, since TEXT NOT NULL,
    due_at TEXT, PRIMARY KEY(case_id, kind, message, child)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS case_tasks_by_kind ON case_tasks(kind, case_id);
INSERT OR IGNORE INTO case_tasks
    SELECT json_extract(value, '$.case'), json_extract(value, '$.kind'), coalesce(json_extract(value, '$.message'), ''),
        coalesce(json_extract(value, '$.child'), ''), json_extract(value, '$.since'), json_extract(value, '$.due_at')
    FROM json_each((SELECT value FROM state WHERE key='tasks'));
DELETE FROM state WHERE key='tasks';
"""
TASK_TABLES = ("case_tasks",)

_BY_DUE_TIME = "ORDER BY coalesce(due_at, '9999'), since, case_id, kind, message, child"
_COLUMNS = "case_id, kind, message, since, due_at, child"


@dataclass(frozen=True)
class TaskChanges:
    """What a page of the feed changes. ``cases``: in which a task changed; ``tasks``: all tasks of these cases;
    ``is_complete``: no other case has any; ``cursor``, ``edition``: after which the next changes come."""

    cases: Collection[str]
    tasks: Sequence[Task]
    is_complete: bool
    cursor: int
    edition: int

    @staticmethod
    def all_of(tasks: Sequence[Task]) -> TaskChanges:
        """These tasks, and no other. The next page brings all of them again."""
        return TaskChanges({t["case"] for t in tasks}, tasks, True, 0, 0)

    @staticmethod
    def of_answer(answer: Mapping[str, Any]) -> TaskChanges:
        """The part of the hub's answer. Raises KeyError, TypeError where it has another form."""
        return TaskChanges(
            cases=answer["cases"],
            tasks=answer["tasks"],
            is_complete=answer["since"] == 0,
            cursor=answer["cursor"],
            edition=answer["edition"],
        )


class TaskStore:
    """The table of tasks. ``query``: the rows of a statement."""

    def __init__(self, query: Callable[..., list[Any]]) -> None:
        self._query = query

    @property
    def position(self) -> tuple[int, int]:
        """Up to which change of which edition the tasks were read; 0 at first."""
        values = dict(
            self._query("SELECT key, value FROM state WHERE key IN ('tasks_after', 'tasks_edition')")
        )
        return int(values.get("tasks_after", 0)), int(values.get("tasks_edition", 0))

    def apply_feed(self, db: sqlite3.Connection, changes: TaskChanges) -> frozenset[str]:
        """In the transaction of a page of the feed. Returns the cases whose tasks were replaced."""
        replaced = frozenset(changes.cases)
        if changes.is_complete:
            replaced |= {case for (case,) in db.execute("SELECT DISTINCT case_id FROM case_tasks")}
        db.executemany("DELETE FROM case_tasks WHERE case_id=?", [(case,) for case in replaced])
        db.executemany(
            "INSERT OR REPLACE INTO case_tasks VALUES (?,?,?,?,?,?)",
            [
                (t["case"], t["kind"], t["message"] or "", t["child"] or "", t["since"], t["due_at"])
                for t in changes.tasks
            ],
        )
        if (changes.cursor, changes.edition) != self.position:
            for key, value in (("tasks_after", changes.cursor), ("tasks_edition", changes.edition)):
                db.execute("INSERT OR REPLACE INTO state VALUES (?,?)", (key, str(value)))
        return replaced

    def all(self) -> list[Task]:
        """Every task of this agency, by due time; those without one come last."""
        return list(map(_task, self._query(f"SELECT {_COLUMNS} FROM case_tasks {_BY_DUE_TIME}")))

    def of_case(self, case: str) -> list[Task]:
        """The tasks of one case, in the same order."""
        rows = self._query(f"SELECT {_COLUMNS} FROM case_tasks WHERE case_id=? {_BY_DUE_TIME}", case)
        return list(map(_task, rows))

    def cases_with(self, kind: str) -> list[str]:
        """The cases in which there is a task of this kind."""
        return [
            r[0]
            for r in self._query(
                "SELECT DISTINCT case_id FROM case_tasks WHERE kind=? ORDER BY case_id", kind
            )
        ]


def _task(row: Sequence[Any]) -> Task:
    case, kind, message, since, due_at, child = row
    return {
        "case": case,
        "kind": kind,
        "message": message or None,
        "since": since,
        "due_at": due_at,
        "child": child or None,
    }
