"""A door with many cases: what a page reads does not grow with the cases that it does not show, and is never out of date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from domain.events import Kind, dump
from gateway.agency.case_matters import CaseMatters, matters_in
from gateway.agency.door import Door
from gateway.agency.index.case_overview import CaseOverviews
from gateway.agency.matters import When
from gateway.agency.staff import Staff
from gateway.agency.store import DoorStore
from gateway.agency.task_store import TaskChanges
from gateway.agency.web.app import agency_app
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.index_kit import DAY, NOW, OWN, IndexedDoor, id_of, indexed_door, message_row
from tests.gateway.many_cases import fill_door

CASE, OTHER = id_of("case"), id_of("other")


def task(kind: str = "ANSWER", case: object = CASE, *, due: float | None = 3, **more: Any) -> dict[str, Any]:
    return {
        "case": str(case),
        "kind": kind,
        "message": more.get("message", str(id_of("one"))),
        "since": dump(NOW - DAY),
        "due_at": None if due is None else dump(NOW + due * DAY),
        "child": more.get("child"),
    }


def changed(*tasks: dict[str, Any], cases: tuple[object, ...] = (CASE,), cursor: int = 7) -> TaskChanges:
    """Of these cases these are all tasks; of others nothing changed."""
    return TaskChanges(tuple(map(str, cases)), tasks, is_complete=False, cursor=cursor, edition=1)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[IndexedDoor]:
    with indexed_door(tmp_path) as opened:
        opened.feed(message_row(CASE, id_of("one")), message_row(OTHER, id_of("two")))
        yield opened


# --- tasks case by case ------------------------------------------------------------------------------------------


def test_a_page_of_the_feed_replaces_the_tasks_of_the_cases_that_it_names_and_no_other(
    door: IndexedDoor,
) -> None:
    tasks = door.store.tasks
    first, second, of_other = task(due=None), task("READ", due=1), task(case=OTHER, due=2)
    door.feed(tasks=changed(first, second, of_other, cases=(CASE, OTHER)))
    assert tasks.all() == [second, of_other, first]  # by due time, those without one last
    assert tasks.of_case(str(CASE)) == [second, first]
    door.feed(tasks=changed(first, cursor=8))
    assert tasks.all() == [of_other, first]
    door.feed(tasks=changed(cursor=9))  # nothing waits in it any more
    assert tasks.all() == [of_other]
    assert tasks.position == (9, 1)
    door.feed()
    assert tasks.all() == [of_other]


def test_a_complete_page_leaves_no_task_that_it_does_not_name(door: IndexedDoor) -> None:
    door.feed(tasks=changed(task(), task(case=OTHER), cases=(CASE, OTHER)))
    door.feed(tasks=TaskChanges.all_of([task(case=OTHER)]))
    assert door.store.tasks.all() == [task(case=OTHER)]
    assert CaseOverviews(door.store, OWN).all()[str(CASE)].tasks == ()


def test_a_destroyed_case_takes_its_tasks_and_charges_with_it(door: IndexedDoor) -> None:
    door.feed(tasks=changed(task(), task(case=OTHER), cases=(CASE, OTHER)))
    door.charges.assign([CASE, OTHER], "staff.a", by="staff.a", people=["staff.a"])
    assert door.charges.cases_of("staff.a") == {str(CASE), str(OTHER)}
    door.feed(tasks=changed(task(), cursor=9), erased=[CASE])  # a page may still name what is erased by it
    assert door.store.tasks.all() == [task(case=OTHER)]
    assert door.charges.cases_of("staff.a") == {str(OTHER)}


def test_a_door_of_before_has_its_tasks(tmp_path: Path) -> None:
    path = tmp_path / "door.db"
    store = DoorStore(path)
    store.close()
    with sqlite3.connect(path) as db:
        text = f'[{{"case":"{CASE}","kind":"READ","message":null,"since":"{dump(NOW)}","due_at":null,"child":null}}]'
        db.execute("INSERT INTO state VALUES ('tasks', ?)", (text,))
    for _ in range(2):
        store = DoorStore(path)
        [kept] = store.tasks.all()
        assert (kept["kind"], kept["message"], kept["due_at"], store.tasks.position) == (
            "READ",
            None,
            None,
            (0, 0),
        )
        store.close()


# --- what waits, at each moment ------------------------------------------------------------------------------------


def test_what_is_at_hand_is_what_waits_at_each_moment(door: IndexedDoor) -> None:
    door.feed(
        tasks=changed(
            task(due=0.3), task("READ", due=2.01, message=None), task("REVIEW", due=9), task("HELD", due=None)
        )
    )
    overviews, matters = CaseOverviews(door.store, OWN), CaseMatters()
    seen = set()
    for hours in [*range(0, 12 * 24, 5), 3, 400, 0]:  # also back: a clock may be set
        now = NOW + timedelta(hours=hours)
        at_hand = matters.all(overviews.all(), now)
        assert at_hand == {case: matters_in(one, now) for case, one in overviews.all().items()}
        seen |= {m.when for m in at_hand[str(CASE)]}
    assert seen == {When.URGENT, When.TODAY, When.THIS_WEEK, When.LATER, When.WAITING}
    due = NOW + 0.3 * DAY
    before, after = (matters.all(overviews.all(), at)[str(CASE)] for at in (due - DAY / 86_400, due))
    assert [m.is_late for m in before if m.kind == "ANSWER"] == [False]
    assert [m.is_late for m in after if m.kind == "ANSWER"] == [True]


def test_only_a_case_that_changed_is_looked_at_again(door: IndexedDoor) -> None:
    overviews, matters = CaseOverviews(door.store, OWN), CaseMatters()
    for n in range(20):
        door.feed(message_row(id_of(f"many {n}"), id_of(f"message {n}")))
    matters.all(overviews.all(), NOW)
    made = matters.made
    matters.all(overviews.all(), NOW)
    assert matters.made == made
    door.feed(tasks=changed(task()))
    assert [m.kind for m in matters.all(overviews.all(), NOW)[str(CASE)]] == ["ANSWER"]
    assert matters.made == made + 1
    door.feed(erased=[CASE])
    assert str(CASE) not in matters.all(overviews.all(), NOW)


# --- the feed --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("many") / "hub") as opened_hub:
        yield opened_hub


def asked(hub: HubWithCase, **position: int) -> dict[str, Any]:
    about = {"kind": "agency", "id": str(hub.door("AZ-CORE").agency)}
    unsigned = hub.unsigned("AZ-CORE", "feed", {"cursor": 0, **position}, about=about)
    answer: dict[str, Any] = hub.post(unsigned, "/v1/queries").json()
    return answer


def feed_of(door: Door, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The pages of the feed that this door reads from now on."""
    pages: list[dict[str, Any]] = []
    query = door.query

    def noted(kind: Kind, about: Any, act: str, fields: Any, *, actor: str) -> dict[str, Any]:
        answer = query(kind, about, act, fields, actor=actor)
        if act == "feed":
            pages.append(answer)
        return answer

    monkeypatch.setattr(door, "query", noted)
    return pages


def test_the_feed_brings_the_tasks_of_cases_in_which_one_changed(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = hub.door("AZ-CORE")
    for _ in range(3):
        hub.refer(uuid4())
    door.refresh()
    all_tasks = asked(hub)["tasks"]
    assert len({t["case"] for t in all_tasks}) == 4
    assert door.store.tasks.all() == all_tasks  # also in their order
    pages = feed_of(door, monkeypatch)
    door.refresh()
    new = hub.refer(uuid4())
    door.refresh()
    fields = {**hub.referral("MID-HOSP"), "answers": str(new.command_id)}
    answer = {name: fields[name] for name in ("to", "basis", "consent", "purpose", "reason", "answers")}
    door.send(Kind.CASE, new.case, "referral.acknowledged", answer, actor="staff.a")
    door.refresh()
    changes = [page["task_changes"] for page in pages]
    assert [change["cases"] for change in changes] == [[], [str(new.case)], [str(new.case)]]
    assert all({t["case"] for t in change["tasks"]} <= {str(new.case)} for change in changes)
    assert "ACKNOWLEDGE" in {t["kind"] for t in changes[1]["tasks"]}
    assert "ACKNOWLEDGE" not in {t["kind"] for t in door.store.tasks.of_case(str(new.case))}
    assert door.store.tasks.all() == asked(hub)["tasks"]


@pytest.mark.parametrize(
    "moved", [(0, 1), (1_000_000, 0)], ids=["rows of another edition", "beyond the record"]
)
def test_a_position_in_other_rows_gets_all_tasks(hub: HubWithCase, moved: tuple[int, int]) -> None:
    door = hub.door("AZ-CORE")
    door.refresh()
    after, edition = door.store.tasks.position
    known = asked(hub, tasks_after=after, tasks_edition=edition)["task_changes"]
    assert (known["since"], known["tasks"]) == (after, [])
    position = {"tasks_after": after + moved[0], "tasks_edition": edition + moved[1]}
    complete = asked(hub, **position)["task_changes"]
    assert (complete["since"], complete["tasks"]) == (0, asked(hub)["tasks"])
    assert (complete["cursor"], complete["edition"]) == (after, edition)


# --- pages -----------------------------------------------------------------------------------------------------------


def rows_read(door: Door, get: Callable[[], Any]) -> int:
    """How many rows of its database this door reads for an answer."""
    count = 0

    def counted(_: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal count
        count += 1
        return row

    door.store._db.row_factory = counted
    try:
        assert get().status_code == 200
    finally:
        door.store._db.row_factory = None
    return count


def test_a_page_reads_no_more_rows_where_there_are_more_cases_than_it_shows(hub: HubWithCase) -> None:
    door = hub.door("MID-HOSP")
    door.keeps_directory = True
    staff = Staff.rehearsal("staff.1", mode="rehearsal")
    counts: list[dict[str, int]] = []
    for cases in (70, 210):
        filled = fill_door(door, cases, list(staff.people()))
        with TestClient(agency_app(door, staff=staff, mode="rehearsal"), base_url="http://127.0.0.1") as web:
            paths = ("/", "/cases", f"/cases/{filled.cases[1]}", "/outbox", "/drafts")
            for path in paths:
                web.get(path)  # what the door has in memory follows what came
            counts.append({path: rows_read(door, lambda: web.get(path)) for path in paths})  # noqa: B023
    few, many = counts
    assert all(many[path] <= few[path] + 5 for path in few)  # other families may be shown first
    assert counts[0]["/"] > 50  # it counts
