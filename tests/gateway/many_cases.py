"""A door with many cases, as a page of the hub's feed would bring them: families, tasks of every age, people in charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.content_json import write_content
from domain.calendar import day_of
from domain.codes import Purpose
from domain.events import dump
from gateway.agency.door import Door
from gateway.agency.item_opening import OpenedItem
from gateway.agency.task_store import TaskChanges
from tests.gateway.index_kit import family_content, id_of, item_of

DAY = timedelta(days=1)
FAMILIES = (
    ("架空 花子", "かくう はなこ"),
    ("仮名 太郎", "かめい たろう"),
    ("例示 さくら", "れいじ さくら"),
    ("試験 蓮", "しけん れん"),
    ("見本 結衣", "みほん ゆい"),
)
TASKS: Sequence[tuple[tuple[str, int], ...]] = (
    (("REVIEW_REPORT", -4), ("LATE_REPORT", -4), ("SUPERVISE", -4)),
    (("SEE_CHILD", 1), ("ACKNOWLEDGE", 0), ("READ", 1), ("ACT", 13)),
    (("ANSWER", 5),),
    (("REVIEW", 40),),
    (("HELD", 0),),
    (("REVIEW", 3), ("DECIDE_ACCESS", 20), ("ANSWER", 6)),
    (),
)
"""What waits in a case: kinds of tasks, each with its days from now."""


@dataclass(frozen=True)
class ManyCases:
    """The cases, in the order in which they were made."""

    cases: tuple[UUID, ...]


def fill_door(door: Door, count: int, people: Sequence[str], *, messages: int = 6) -> ManyCases:
    """Give this door so many cases. Its feed is not read any more: what the hub knows is not this."""
    now, cases = door.now(), tuple(id_of(f"many {n}") for n in range(count))
    rows = [row for n, case in enumerate(cases) for row in _rows(door, n, case, now, messages)]
    tasks = [task for n, case in enumerate(cases) for task in _tasks(n, case, now)]
    door.store.store_feed_page(rows, door.store.cursor, TaskChanges.all_of(tasks), at=dump(now))
    door.refresh = lambda: 0  # type: ignore[method-assign]
    for n, case in enumerate(cases):
        if n % 9 != 8:
            _learn_family(door, n, case, now)
    for n, person in enumerate(people):
        door.charges.assign(cases[n :: len(people) + 1], person, by=person, people=people)
    return ManyCases(cases)


def _rows(door: Door, n: int, case: UUID, now: datetime, messages: int) -> list[dict[str, Any]]:
    others = [str(k.agency) for k in door.directory() if k.agency != door.agency]
    status = ("OPEN", "SUPPORTED", "SUPPORTED", "CLOSED")[n % 4] if n % 7 else "SUPPORTED"
    acts = [
        ("family_information.provided", others[n % len(others)], ["BASIC", "CHILD"]),
        *[("disclosure.made", others[(n + k) % len(others)], ["CAREGIVER"]) for k in range(messages - 1)],
    ]
    rows = []
    for k, (act, by, sections) in enumerate(acts):
        message = id_of(f"many {n} {k}")
        items = [
            {
                "flags": [],
                "item": str(item_of(message) if k == s == 0 else id_of(f"{n} {k} {s}")),
                "section": section,
                "state": "OPENABLE",
            }
            for s, section in enumerate(sections)
        ]
        body = {
            "act": act,
            "at": dump(now - 30 * DAY + k * DAY + timedelta(minutes=n)),
            "by": by,
            "case": str(case),
            "message": str(message),
            "to": [str(door.agency)],
            "basis": {str(door.agency): "CWA-21-10-5"},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "fields": {"children": []},
            "items": items,
            "protected_until": None,
            "status": status,
        }
        rows.append({"case": str(case), "message": str(message), "seq": 1, "body": body})
    return rows


def _tasks(n: int, case: UUID, now: datetime) -> list[dict[str, Any]]:
    tasks = []
    for kind, days in TASKS[n % len(TASKS)]:
        is_late = kind.startswith("LATE_") or kind == "SUPERVISE"
        about_case = kind == "REVIEW"
        due = now + days * DAY + timedelta(hours=n % 5)
        tasks.append(
            {
                "case": str(case),
                "kind": kind,
                "message": None if about_case else str(id_of(f"many {n} 0")),
                "since": dump(due if is_late else now - 5 * DAY),
                "due_at": None if is_late or kind == "HELD" else dump(due),
                "child": None,
            }
        )
    return tasks


def _learn_family(door: Door, n: int, case: UUID, now: datetime) -> None:
    message = id_of(f"many {n} 0")
    name, kana = FAMILIES[n % len(FAMILIES)]
    born = day_of(now) - (n % 12) * 365 * DAY - 40 * DAY
    family = family_content(
        f"{name}{n}", kana, born=born.isoformat(), mother=f"{name[:2]} 母{n}", address=None, phone=None
    )
    opened = OpenedItem(
        content=write_content(family),
        section="BASIC",
        schema="family/v1",
        author=door.agency,
        created_at=now,
        act="family_information.provided",
        item=item_of(message),
    )
    door.index.note_opened(case, message, item_of(message), opened, Purpose.SUPPORT)
