"""Long lists come page by page: a case, the cases and the work list on pages, and a case through the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from gateway.agency.staff import Staff
from gateway.agency.task_store import TaskChanges
from gateway.agency.web.app import agency_app
from gateway.agency.web.paging import ROWS_PER_PAGE, page_of
from tests.gateway.hubkit import HubWithCase, hub_with_case

MESSAGES = 2 * ROWS_PER_PAGE + 5


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("paging") / "hub") as opened_hub:
        opened_hub.door("AZ-CORE").refresh()
        yield opened_hub


@pytest.fixture(scope="module")
def case(hub: HubWithCase) -> UUID:
    """A long case in the copy of the feed that the door of AZ-CORE has, each message with a task."""
    case, door = uuid4(), hub.door("AZ-CORE")
    body = door.store.messages(hub.case)[0]
    ids = [str(UUID(int=n + 1)) for n in range(MESSAGES)]
    messages = [
        {
            "case": str(case),
            "message": id,
            "seq": 1,
            "body": {
                **body,
                "case": str(case),
                "message": id,
                "at": f"2026-01-05T00:{n // 60:02}:{n % 60:02}.000Z",
            },
        }
        for n, id in enumerate(ids)
    ]
    tasks = [
        {
            "case": str(case),
            "kind": "READ",
            "message": id,
            "since": messages[0]["body"]["at"],
            "due_at": None,
            "child": None,
        }
        for id in ids
    ]
    tasks.append({**tasks[0], "kind": "LATE_READ"})
    door.store.store_feed_page(messages, door.store.cursor, TaskChanges.all_of(tasks), behind=7)
    return case


@pytest.fixture(scope="module")
def web(hub: HubWithCase, case: UUID) -> Iterator[TestClient]:
    door = hub.door("AZ-CORE")
    staff = Staff.rehearsal("staff.1", mode="rehearsal")
    door.refresh = lambda: 0  # type: ignore[method-assign]
    with TestClient(agency_app(door, staff=staff, mode="rehearsal"), base_url="http://localhost") as client:
        yield client


def shown(page: str) -> list[int]:
    """The numbers of the messages on a page, in its order."""
    return [UUID(id).int for id in re.findall(r'<article class="card" id="m-([0-9a-f-]+)"', page)]


def test_a_case_is_shown_page_by_page_the_latest_first(web: TestClient, case: UUID) -> None:
    pages = [shown(web.get(f"/cases/{case}?page={n}").text) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [ROWS_PER_PAGE, ROWS_PER_PAGE, 5]
    assert list(chain(*pages)) == list(range(MESSAGES, 0, -1))
    assert shown(web.get(f"/cases/{case}?page=99").text) == pages[2]
    assert web.get(f"/cases/{case}?page=0").status_code == 400


def test_a_link_to_a_message_leads_to_its_page(web: TestClient, case: UUID) -> None:
    assert shown(web.get(f"/cases/{case}?message={UUID(int=1)}").text) == [5, 4, 3, 2, 1]


def test_pages_are_linked_without_scripts(web: TestClient, case: UUID) -> None:
    page = web.get(f"/cases/{case}?page=2").text
    assert ('rel="prev" href="?page=1"' in page, 'rel="next" href="?page=3"' in page) == (True, True)
    assert f"全{MESSAGES}件のうち 51〜100件目" in page


def test_a_case_with_many_matters_is_one_row_that_leads_to_all_of_them(web: TestClient, case: UUID) -> None:
    """Pages of the work list itself: test_work_list."""
    page = web.get("/").text
    assert page.count(f'class="family"><a href="/cases/{case}"') == 1
    assert f"ほか{MESSAGES - 1}件" in page
    assert f'<a href="/cases/{case}#next">すべてを事例で見る</a>' in page


def test_what_is_late_stands_before_all_else_in_the_work_list(web: TestClient) -> None:
    page = web.get("/").text
    first = page.index("期限超過・至急")
    assert first < page.index("情報提供を読む") < page.index("すべてを事例で見る")


def test_the_cases_show_what_each_has(web: TestClient, case: UUID) -> None:
    page = web.get("/cases").text
    assert f"<td>{MESSAGES} 件</td>" in page


def test_a_page_states_how_old_its_state_is(web: TestClient) -> None:
    assert "7件前の状態です" in web.get("/").text
    assert web.get("/api/worklist").headers["Kakehashi-Behind"] == "7"


def test_the_api_gives_a_case_part_by_part(web: TestClient, case: UUID) -> None:
    address, parts = f"/api/cases/{case}?limit=40", []
    while address:
        answer = web.get(address)
        parts.append([UUID(m["message"]).int for m in answer.json()])
        link = answer.headers.get("link")
        address = "" if link is None else f"/api/cases/{case}" + re.findall("<(.*)>", link)[0]
    assert [len(part) for part in parts] == [40, 40, MESSAGES - 80]
    assert list(chain(*parts)) == list(range(1, MESSAGES + 1))
    assert web.get(f"/api/cases/{case}?cursor=yesterday").status_code == 400


@pytest.mark.parametrize(
    ("rows", "number", "first", "last"),
    [
        pytest.param(0, 1, 1, 0, id="nothing"),
        pytest.param(ROWS_PER_PAGE, 2, 1, ROWS_PER_PAGE, id="just one page"),
        pytest.param(ROWS_PER_PAGE + 1, 2, ROWS_PER_PAGE + 1, ROWS_PER_PAGE + 1, id="one more"),
    ],
)
def test_the_rows_of_a_page(rows: int, number: int, first: int, last: int) -> None:
    page = page_of("rows", range(rows), number)
    assert (page["numbers"].first, page["numbers"].last, len(page["rows"])) == (first, last, last - first + 1)
