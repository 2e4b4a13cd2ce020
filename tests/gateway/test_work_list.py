"""The work list: one row a case, each matter once, what is urgent first, and what is new for each person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.calendar import day_of
from domain.events import dump
from gateway.agency.case_matters import CaseMatters
from gateway.agency.index.arrivals import Look
from gateway.agency.index.case_overview import CaseOverviews
from gateway.agency.matters import When, days_left_text, matters_of
from gateway.agency.staff import Staff
from gateway.agency.task_store import TaskChanges
from gateway.agency.web.app import agency_app
from gateway.agency.work_list import Show, Viewer, WorkRow, chosen, work_rows
from gateway.pages.work_texts import PARTS
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.index_kit import DAY, NOW, OWN, IndexedDoor, gone, id_of, indexed_door, message_row
from tests.gateway.many_cases import ManyCases, fill_door

ME, COLLEAGUE = "staff.a", "staff.b"
CASE = id_of("case")


def task(kind: str, message: str | None = "one", *, due: float | None = None, **more: Any) -> dict[str, Any]:
    """A task as the feed brings it. ``due``: days from now; an alarm waits since then."""
    at = None if due is None else dump(NOW + due * DAY)
    is_late = kind.startswith("LATE_") or kind == "SUPERVISE"
    return {
        "case": str(CASE),
        "kind": kind,
        "message": None if message is None else str(id_of(message)),
        "since": at if is_late else dump(NOW - DAY),
        "due_at": None if is_late else at,
        "child": more.get("child"),
    }


# --- each matter once --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tasks", "named"),
    [
        pytest.param(
            [task("REVIEW_REPORT", due=-2), task("LATE_REPORT", due=-2), task("SUPERVISE", due=-2)],
            ["REVIEW_REPORT"],
            id="one late report",
        ),
        pytest.param(
            [
                task("ACKNOWLEDGE", due=0.5),
                task("READ", due=1),
                task("ACT", due=14),
                task("LATE_ACKNOWLEDGE", due=-1),
            ],
            ["ACKNOWLEDGE"],
            id="one referral",
        ),
        pytest.param(
            [task("REVIEW_REPORT", due=-2), task("REVIEW_REPORT", "other", due=-1)],
            ["REVIEW_REPORT", "REVIEW_REPORT"],
            id="two reports",
        ),
        pytest.param(
            [task("EMERGENCY_REVIEW", due=3), task("LATE_EMERGENCY_UNILATERAL", due=-1)],
            ["LATE_EMERGENCY_UNILATERAL"],
            id="that somebody looked without approval is said first",
        ),
        pytest.param(
            [task("SEE_CHILD", due=1, child="a"), task("SEE_CHILD", due=1, child="b")],
            ["SEE_CHILD"],
            id="two children of one notification",
        ),
        pytest.param(
            [task("ANSWER", due=-1), task("SUPERVISE", due=-3), task("LATE_ANSWER", due=-1)],
            ["ANSWER", "SUPERVISE"],
            id="a supervisor is asked for what was late before",
        ),
        pytest.param([task("REWRAP", None)], [], id="what the door does by itself"),
    ],
)
def test_tasks_about_the_same_thing_are_one_matter(tasks: list[dict[str, Any]], named: list[str]) -> None:
    assert sorted(m.kind for m in matters_of(tasks, NOW)) == sorted(named)


def test_a_matter_has_all_its_tasks_and_children_and_the_first_deadline() -> None:
    tasks = [
        task("SEE_CHILD", due=1, child="a"),
        task("LATE_SAFETY", due=-1, child="a"),
        task("SEE_CHILD", due=1, child="b"),
    ]
    [matter] = matters_of(tasks, NOW)
    assert (matter.due_at, matter.is_late, matter.when) == (dump(NOW - DAY), True, When.URGENT)
    assert matter.children == ("a", "b")
    assert len(matter.tasks) == 3


@pytest.mark.parametrize(
    ("waiting", "when"),
    [
        pytest.param(task("ANSWER", due=-0.01), When.URGENT, id="over"),
        pytest.param(task("LATE_PLAN_ENDING", None, due=-1), When.URGENT, id="announced"),
        pytest.param(task("EMERGENCY_APPROVAL", due=0.01), When.URGENT, id="at once"),
        pytest.param(task("ANSWER", due=0.4), When.TODAY, id="today"),
        pytest.param(task("ANSWER", due=6), When.THIS_WEEK, id="this week"),
        pytest.param(task("ANSWER", due=9), When.LATER, id="later"),
        pytest.param(task("REGISTER"), When.LATER, id="without a day"),
        pytest.param(task("HELD"), When.WAITING, id="waits for somebody else"),
    ],
)
def test_a_matter_stands_in_the_part_of_its_day(waiting: dict[str, Any], when: When) -> None:
    [matter] = matters_of([waiting], NOW)
    assert matter.when is when
    assert matter.is_late is (waiting["kind"] == "ANSWER" and when is When.URGENT)


@pytest.mark.parametrize(
    ("due", "text"),
    [
        (datetime(2026, 11, 27, 15, tzinfo=UTC), "期限超過 11/27(3日前)"),
        (datetime(2026, 11, 30, 2, 59, tzinfo=UTC), "期限超過 11/30"),
        (datetime(2026, 11, 30, 15, tzinfo=UTC), "今日まで(11/30)"),  # midnight ends this day
        (datetime(2026, 12, 1, 15, tzinfo=UTC), "あと1日(12/1)"),
        (datetime(2027, 1, 4, 3, tzinfo=UTC), "あと35日(2027/1/4)"),
    ],
)
def test_a_deadline_is_in_words_with_its_day(due: datetime, text: str) -> None:
    assert days_left_text(dump(due), NOW) == text


# --- one person's rows -------------------------------------------------------------------------------------------


@pytest.fixture
def door(tmp_path: Path) -> Iterator[IndexedDoor]:
    with indexed_door(tmp_path) as opened:
        yield opened


def rows(door: IndexedDoor, actor: str = ME) -> dict[str, WorkRow]:
    overviews = CaseOverviews(door.store, OWN).all()
    matters = CaseMatters().all(overviews, door.at)
    viewer = Viewer(actor, door.store.arrivals.looks(actor), door.charges.cases_of(actor))
    return {row.case: row for row in work_rows(overviews, matters, viewer, day_of(door.at))}


def look(door: IndexedDoor, actor: str = ME) -> None:
    n = CaseOverviews(door.store, OWN).all()[str(CASE)].last_arrival
    door.store.arrivals.note_looks(actor, {str(CASE): n}, dump(door.at))


def test_what_came_is_new_for_each_person_until_that_person_has_looked(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, id_of("one")), message_row(CASE, id_of("two")))
    assert rows(door)[str(CASE)].unread == 2
    look(door)
    assert (rows(door)[str(CASE)].unread, rows(door, actor=COLLEAGUE)[str(CASE)].unread) == (0, 2)
    door.feed(message_row(CASE, id_of("one"), status="SUPPORTED"))  # the row changed, nothing came
    assert rows(door)[str(CASE)].unread == 0
    early = message_row(CASE, id_of("late"), at=dump(NOW - 9 * DAY))  # written before, visible only now
    door.feed(early)
    assert [a.message for a in rows(door)[str(CASE)].news] == [str(id_of("late"))]
    again = door.reopened()
    assert rows(again)[str(CASE)].unread == 1  # it is kept


def test_what_a_colleague_wrote_is_a_change_and_not_unread_and_ones_own_is_neither(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, id_of("one"), by=str(OWN), actor=COLLEAGUE))
    door.feed(message_row(CASE, id_of("two"), by=str(OWN), actor=ME))
    row = rows(door)[str(CASE)]
    assert ([a.message for a in row.news], row.unread) == ([str(id_of("one"))], 0)


def test_what_leaves_is_not_new_any_more_and_what_comes_back_is(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, id_of("one")), message_row(CASE, id_of("two")))
    look(door)
    door.feed(gone(CASE, id_of("two")))
    assert rows(door)[str(CASE)].news == ()
    door.feed(message_row(CASE, id_of("two")))
    assert rows(door)[str(CASE)].unread == 1


def test_an_erased_case_leaves_nothing_of_who_looked(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, id_of("one")))
    overviews = CaseOverviews(door.store, OWN)
    assert list(overviews.all()) == [str(CASE)]
    look(door)
    door.feed(erased=[CASE])
    assert overviews.all() == {}
    assert (door.store.arrivals.looks(ME), door.store.arrivals.cases()) == ({}, frozenset())
    assert str(CASE).encode() not in door.path.read_bytes()


def test_a_door_of_before_has_its_messages_in_order(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, id_of("one")))
    door.store._db.execute("DROP TABLE arrivals")
    again = door.reopened()
    assert rows(again)[str(CASE)].unread == 1
    again.close()


def test_an_assignment_a_disclosure_and_a_question_each_stand_with_their_day(door: IndexedDoor) -> None:
    to = {"to": [str(OWN)]}
    assigned = {"agency": str(OWN), "worker": ME, "qualification": None, "role": None}
    door.feed(
        message_row(CASE, id_of("a"), act="support_worker.assigned", fields=assigned, **to),
        message_row(
            CASE,
            id_of("v"),
            act="home_visit.scheduled",
            fields={"planned_on": "2026-12-02", "replaces": None},
        ),
        message_row(CASE, id_of("d"), act="disclosure.made", **to),
        message_row(
            CASE, id_of("q"), act="specialist_judgement.requested", fields={"due_on": "2026-12-04"}, **to
        ),
    )
    row = rows(door)[str(CASE)]
    assert {a.act for a in row.notices} == {
        "support_worker.assigned",
        "disclosure.made",
        "specialist_judgement.requested",
    }
    assert (row.is_mine, row.when, row.overview.next_visit_on) == (True, When.THIS_WEEK, "2026-12-02")
    door.feed(tasks=TaskChanges.all_of([task("ANSWER", "q", due=4)]))
    asked = rows(door)[str(CASE)]
    assert str(id_of("q")) not in {a.message for a in asked.notices}  # it is a task, and stands once


def test_a_closed_case_asks_for_nothing_but_what_the_law_still_asks(door: IndexedDoor) -> None:
    door.feed(
        message_row(CASE, id_of("one"), at=dump(NOW - 9 * DAY), status="CLOSED"),
        message_row(CASE, id_of("end"), at=dump(NOW - 5 * DAY), act="support.closed", status="CLOSED"),
        message_row(CASE, id_of("new"), at=dump(NOW - 2 * DAY), status="CLOSED"),
    )
    look(door)
    of_support = [
        task("REVIEW", None, due=3),
        task("LATE_REPORT", due=-4),
        task("SUPERVISE", due=-4),
        task("ACT", due=3),
    ]
    door.feed(tasks=TaskChanges.all_of(of_support))
    row = rows(door)[str(CASE)]
    assert (row.matters, row.when) == ((), When.NOTHING)
    still = [task("DECIDE_ACCESS", due=9), task("SEE_CHILD", due=1), task("ACT", "new", due=3)]
    door.feed(tasks=TaskChanges.all_of([*of_support, *still]))
    assert {m.kind for m in rows(door)[str(CASE)].matters} == {
        "DECIDE_ACCESS",
        "SEE_CHILD",
        "ACT",
    }


def test_a_list_is_narrowed_to_whom_it_concerns(door: IndexedDoor) -> None:
    mine, other, idle = (id_of(name) for name in ("mine", "other", "idle"))
    for case in (mine, other, idle):
        door.feed(message_row(case, id_of(f"message {case}")))
    door.charges.assign([mine], ME, by=ME, people=[ME, COLLEAGUE])
    door.charges.assign(
        [other],
        COLLEAGUE,
        by=ME,
        people=[ME, COLLEAGUE],
        deputy=ME,
        deputy_until=NOW.date() + timedelta(days=1),
    )
    upto = {case: one.last_arrival for case, one in CaseOverviews(door.store, OWN).all().items()}
    door.store.arrivals.note_looks(ME, {str(c): upto[str(c)] for c in (mine, idle)}, dump(NOW))
    door.feed(tasks=TaskChanges.all_of([{**task("ANSWER", due=3), "case": str(mine)}]))
    shown = {show: {row.case for row in chosen(rows(door).values(), show, None)} for show in Show}
    assert shown == {
        Show.OPEN: {str(mine), str(other)},
        Show.MINE: {str(mine), str(other)},
        Show.UNREAD: {str(other)},
        Show.ALL: {str(mine), str(other), str(idle)},
    }
    assert door.store.arrivals.look(ME, str(mine)) == Look(upto[str(mine)], dump(NOW))


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("work") / "hub") as opened_hub:
        opened_hub.door("AZ-CORE").refresh()
        yield opened_hub


@pytest.fixture(scope="module")
def staff() -> Staff:
    return Staff.rehearsal(ME, mode="rehearsal")


@pytest.fixture(scope="module")
def many(hub: HubWithCase, staff: Staff) -> ManyCases:
    return fill_door(hub.door("AZ-CORE"), 55, list(staff.people()))


@pytest.fixture(scope="module")
def web(hub: HubWithCase, staff: Staff, many: ManyCases) -> Iterator[TestClient]:
    app = agency_app(hub.door("AZ-CORE"), staff=staff, mode="rehearsal")
    with TestClient(app, base_url="http://localhost", headers={"origin": "http://localhost"}) as client:
        yield client


def page_rows(page: str) -> list[str]:
    """The text of each row, in order, with the headings of the parts."""
    parts = re.findall(r"<tr role=\"row\"[^>]*>(.*?)</tr>", page, re.S)[1:]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in parts]


def cases_of(page: str) -> list[str]:
    return re.findall(r'class="family"><a href="/cases/([0-9a-f-]{36})"', page)


def test_the_page_has_a_row_for_each_case_what_is_urgent_first(web: TestClient, many: ManyCases) -> None:
    pages = [web.get(f"/?show=all&page={n}").text for n in (1, 2)]
    texts = [text for page in pages for text in page_rows(page)]
    parts = list(dict.fromkeys(text for text in texts if text in PARTS.values()))
    assert parts[:5] == ["期限超過・至急", "今日", "7日以内", "それ以降・期限なし", "相手を待っています"]
    assert texts[0] == parts[0]
    late = [t for t in texts if "訪問報告を確認する" in t]
    assert len(late) == len(many.cases[::7])  # one row each, not three
    assert all(t.startswith("期限超過 ") for t in late)
    cases = [cases_of(page) for page in pages]
    assert len(cases[0]) == 50
    assert set(map(str, many.cases)) <= {*cases[0], *cases[1]}
    assert len({*cases[0], *cases[1]}) == len(cases[0]) + len(cases[1])


def test_a_family_without_a_known_name_is_named_in_words_and_never_by_its_number(
    web: TestClient, many: ManyCases
) -> None:
    texts = page_rows(web.get("/?show=all&sort=family&page=2").text)
    assert any("名前をまだ開いていない家庭" in t for t in texts)
    texts += page_rows(web.get("/?show=all").text)
    assert not any(str(case)[:8] in text for case in many.cases for text in texts)
    assert any("架空 花子" in t and "かくう はなこ" in t and "歳" in t for t in texts)


def test_the_title_counts_the_unread_and_one_button_makes_them_read(
    web: TestClient, hub: HubWithCase
) -> None:
    page = web.get("/?show=unread").text
    unread = len(cases_of(page)) + len(cases_of(web.get("/?show=unread&page=2").text))
    assert f"<title>({unread}) 仕事一覧 | 架け橋</title>" in page
    [upto] = re.findall(r'name="upto" value="(\d+)"', page)
    hub.door("AZ-CORE").store.store_feed_page(
        [message_row(CASE, id_of("came meanwhile"))],
        hub.door("AZ-CORE").store.cursor,
    )
    assert web.post("/looked", data={"upto": upto}, follow_redirects=False).status_code == 303
    page = web.get("/").text
    assert "<title>(1) 仕事一覧 | 架け橋</title>" in page  # what came since the page was made stays unread
    assert web.get("/?show=unread").text.count('class="family"') == 1


def test_the_list_is_chosen_by_person_kind_and_order_without_scripts(web: TestClient) -> None:
    mine = [t for t in page_rows(web.get("/?show=mine").text) if t not in PARTS.values()]
    assert len(mine) == 14
    assert all("自分" in t for t in mine)
    plans = web.get("/?show=all&kind=plan").text
    assert "計画を見直す" in plans
    assert "訪問報告を確認する" not in plans
    names = page_rows(web.get("/?show=all&sort=family").text)
    first = [n for n, t in enumerate(names) if "架空 花子" in t]
    last = [n for n, t in enumerate(names) if "例示 さくら" in t]
    assert max(first) < min(last)  # かくう before れいじ
    assert web.get("/?show=nobody").status_code == 400
    assert 'href="/new">新しい情報提供</a>' in web.get("/").text
