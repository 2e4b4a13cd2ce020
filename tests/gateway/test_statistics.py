"""Statistics from a real hub: what is counted equals what was counted by hand, and what leaves the agency gives no small
number away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from domain.errors import Malformed, NotFound, Refused, Untrusted
from domain.events import Kind, dump
from domain.roles import StaffRole
from gateway.agency.drafts import SectionContent
from gateway.agency.staff import Staff
from gateway.agency.statistics.catalogue import AGES, COURSE, SAFETY, TABLES
from gateway.agency.statistics.counts import Counts, age_band
from gateway.agency.statistics.issues import Issue, Statistics
from gateway.agency.statistics.layout import as_csv, heading, tables_of_counts, tables_of_issue
from gateway.agency.web.app import agency_app
from gateway.cli.main import app as command_line
from gateway.rehearsal.scenario.run import Run
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.test_exports import needs_font
from tests.gateway.test_official_forms import pages_of

ACTOR = "staff.s"


def numbers(counts: Counts) -> dict[str, dict[str, int]]:
    """Row -> month -> count, without what is as of today."""
    return {
        row: {time: len(families) for time, families in times.items()}
        for row, times in counts.times.items()
        if not any(time.startswith("@") for time in times)
    }


def test_counts_of_the_first_story_are_those_of_its_steps(case_in_progress: Run) -> None:
    door = case_in_progress.rehearsal_hub.door("AZ-CORE")
    counts = Statistics(door).counts(2025, actor=ACTOR)
    assert numbers(counts) == {
        # steps 1 and 16 of the hospital
        "referrals/MEDICAL": {"2025-05": 1, "2025-07": 1},
        "referrals/TOTAL": {"2025-05": 1, "2025-07": 1},
        "course/BEGUN": {"2025-05": 1},
        # step 5
        "registrations/UNKNOWN": {"2025-05": 1},
        "registrations/TOTAL": {"2025-05": 1},
        # step 6
        "assessed/UNKNOWN": {"2025-05": 1},
        "assessed/TOTAL": {"2025-05": 1},
        # step 9
        "eligibility/ELIGIBLE": {"2025-05": 1},
        "eligibility/TOTAL": {"2025-05": 1},
        "classes/TC1_PREGNANCY": {"2025-05": 1},
        # steps 14, 15, 20 and 21; the first is 29 days after step 1
        "visits/CHILD_NOT_SEEN": {"2025-06": 2},
        "visits/CHILD_SEEN": {"2025-07": 1, "2025-08": 1},
        "visits/TOTAL": {"2025-06": 2, "2025-07": 1, "2025-08": 1},
        "first_visits/29": {"2025-06": 1},
        "first_visits/TOTAL": {"2025-06": 1},
    }
    assert counts.days == {"2025-06": [29]}
    phases = {month: set(rows) - {COURSE.total_row} for month, rows in counts.open_cases.items() if rows}
    assert phases["2025-05"] == {"course/ELIGIBLE"}
    assert phases["2025-06"] == {"course/SUPPORTED"}


def test_who_visits_or_refers_counts_its_own_work_alone(case_in_progress: Run) -> None:
    hub = case_in_progress.rehearsal_hub
    assert set(numbers(Statistics(hub.door("SORA-NPO")).counts(2025, actor=ACTOR))) == {
        "visits/CHILD_NOT_SEEN",
        "visits/CHILD_SEEN",
        "visits/TOTAL",
    }
    assert numbers(Statistics(hub.door("MID-HOSP")).counts(2025, actor=ACTOR)) == {
        "sent/MEDICAL": {"2025-05": 1, "2025-07": 1},
        "sent/TOTAL": {"2025-05": 1, "2025-07": 1},
    }


CHILD, SIBLING = uuid4(), uuid4()


class Births:
    def birth_month(self, case: UUID, child: UUID) -> str | None:
        return "2024-12" if child == CHILD else None


def notification(hub: HubWithCase, **more: Any) -> dict[str, Any]:
    core = str(hub.door("AZ-CORE").agency)
    return {
        "to": [core],
        "basis": {core: "CAPA-6-1"},
        "consent": [],
        "purpose": "SAFETY",
        "reason": None,
        "notifier_token": None,
        "received_at": dump(hub.rehearsal_hub.now()),
        "recorded_for_notifier": False,
        "channel": None,
        "children": [],
        **more,
    }


def send(hub: HubWithCase, code: str, case: UUID, act: str, fields: dict[str, Any]) -> None:
    parts = [SectionContent("BASIC", hub.text("BASIC"))] if act == "abuse_notification.received" else []
    result = hub.door(code).send(Kind.CASE, case, act, fields, parts, actor="staff.n")
    assert result.outcome == "recorded", result


@contextmanager
def hub_in_july(folder: Path) -> Iterator[HubWithCase]:
    """Seven families that the hospital referred in May, and two notifications of June: one child was seen, one was not."""
    with hub_with_case(folder) as opened:
        for _ in range(6):
            opened.refer(uuid4())
        opened.rehearsal_hub.set_clock(datetime(2025, 6, 10, tzinfo=UTC))
        seen, unseen = uuid4(), uuid4()
        children = sorted([str(CHILD), str(SIBLING)])
        fields = notification(opened, children=children)
        send(opened, "MID-HOSP", seen, "abuse_notification.received", fields)
        send(opened, "MID-HOSP", unseen, "abuse_notification.received", notification(opened))
        sighted = {"to": [], "basis": {}, "consent": [], "purpose": "SAFETY", "reason": None}
        send(opened, "AZ-CORE", seen, "child.sighted", {**sighted, "children": children})
        opened.rehearsal_hub.set_clock(datetime(2025, 7, 10, tzinfo=UTC))
        yield opened


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_in_july(tmp_path_factory.mktemp("statistics") / "hub") as opened:
        yield opened


def test_several_families_are_counted_by_route_age_and_time_of_the_safety_check(hub: HubWithCase) -> None:
    counts = Statistics(hub.door("AZ-CORE"), Births()).counts(2025, actor=ACTOR)
    assert numbers(counts) == {
        "referrals/MEDICAL": {"2025-05": 7},
        "referrals/NOTIFICATION": {"2025-06": 2},
        "referrals/TOTAL": {"2025-05": 7, "2025-06": 2},
        "course/BEGUN": {"2025-05": 7, "2025-06": 2},
        SAFETY.row("MET"): {"2025-06": 1},
        SAFETY.row("LATE"): {"2025-06": 1},
        AGES.row("0"): {"2025-06": 1},
        AGES.row("UNKNOWN"): {"2025-06": 1},
        AGES.total_row: {"2025-06": 2},
    }
    assert len(counts.open_cases["2025-06"][COURSE.total_row]) == 9
    without_index = Statistics(hub.door("AZ-CORE")).counts(2025, actor=ACTOR)
    assert numbers(without_index)[AGES.row("UNKNOWN")] == {"2025-06": 2}


@pytest.mark.parametrize(
    ("birth_month", "band"),
    [
        (None, "UNKNOWN"),
        ("2025-07", "UNBORN"),
        ("2025-06", "0"),
        ("2024-07", "0"),
        ("2024-06", "1"),
        ("2019-06", "6"),
        ("2007-06", "18"),
    ],
)
def test_ages_are_counted_in_whole_months(birth_month: str | None, band: str) -> None:
    assert age_band(birth_month, date(2025, 6, 10)) == band


def test_what_is_issued_shows_large_numbers_and_masks_small_ones(hub: HubWithCase) -> None:
    issue = Statistics(hub.door("AZ-CORE"), Births()).issue(2025, actor=ACTOR)
    shown = issue.shown
    # which of the two the door masks besides, it draws under its own key
    assert (shown["referrals/TOTAL/2025-05"], shown["referrals/TOTAL/2025Q1"]) in (
        (7, None),
        (None, 9),
        (None, None),
    )
    assert shown["referrals/NOTIFICATION/2025-06"] is None
    assert shown["safety/LATE/2025-06"] is None
    assert shown["referrals/MEDICAL/2025-04"] == 0
    assert "referrals/TOTAL/2025-07" not in shown  # the month is not complete
    assert all(number is None or number == 0 or number >= 5 for number in shown.values())


def test_the_same_issue_again_is_the_same_and_a_later_one_changes_nothing_that_was_issued(
    tmp_path: Path,
) -> None:
    with hub_in_july(tmp_path / "hub") as hub:
        statistics = Statistics(hub.door("AZ-CORE"), Births())
        first = statistics.issue(2025, actor=ACTOR)
        assert (
            Statistics(hub.door("AZ-CORE")).issue(2025, actor=ACTOR) == first
        )  # counted otherwise, issued before
        hub.refer(uuid4())
        hub.rehearsal_hub.set_clock(datetime(2025, 8, 10, tzinfo=UTC))
        later = statistics.issue(2025, actor=ACTOR)
        assert later.number == first.number + 1
        assert {key: later.shown[key] for key in first.shown if "@" not in key} == {
            key: number for key, number in first.shown.items() if "@" not in key
        }
        assert later.shown["referrals/MEDICAL/2025-07"] is None
        assert [one.number for one in statistics.issues()] == [later.number, first.number]
        with pytest.raises(NotFound):
            statistics.issue_of(99)


def test_a_month_is_issued_a_week_after_its_end_and_a_year_to_come_not_at_all(hub: HubWithCase) -> None:
    statistics = Statistics(hub.door("AZ-COORD"))
    with pytest.raises(Malformed):
        statistics.issue(2099, actor=ACTOR)
    hub.door("AZ-COORD").now, before = lambda: datetime(2025, 5, 7, 14, tzinfo=UTC), hub.door("AZ-COORD").now
    try:
        with pytest.raises(Refused, match="no-complete-month"):
            statistics.issue(2025, actor=ACTOR)
    finally:
        hub.door("AZ-COORD").now = before


def test_an_issue_that_was_taken_out_or_changed_stops_every_later_one(hub: HubWithCase) -> None:
    door = hub.door("MID-HOSP")
    statistics = Statistics(door)
    statistics.issue(2025, actor=ACTOR)
    [(_, _, sealed)] = door.store.statistics_issues()
    assert b"referrals" not in sealed
    with door.store._write() as db:
        db.execute("UPDATE statistics_issues SET sealed=?", (sealed[:-9] + b'AAAAAAA"}',))
    with pytest.raises(Untrusted):
        statistics.issue(2025, actor=ACTOR)
    with door.store._write() as db:
        db.execute("UPDATE statistics_issues SET n=2, sealed=?", (sealed,))
    with pytest.raises(Untrusted, match="own-seal-form"):
        statistics.issue(2025, actor=ACTOR)
    with door.store._write() as db:
        db.execute("UPDATE statistics_issues SET n=1, sealed='{}'")
    with pytest.raises(Untrusted, match="own-seal-form"):
        statistics.issues()


def test_csv_opens_in_office_programs_and_holds_no_formula(hub: HubWithCase) -> None:
    issue = Statistics(hub.door("AZ-CORE")).issue(2025, actor=ACTOR)
    data = as_csv(issue, "=cmd|' /C calc'!A0")
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in data
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[1][0] == "'=cmd|' /C calc'!A0"
    assert ["受理した情報提供・通告(経路別)", "2025年4月", "医療機関の情報提供", "0", "件"] in rows
    assert ["受理した情報提供・通告(経路別)", "2025年6月", "通告", "x", "件"] in rows
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row if cell)


def test_every_table_has_two_dimensions_and_its_total(hub: HubWithCase) -> None:
    statistics = Statistics(hub.door("AZ-CORE"))
    counts = statistics.counts(2025, actor=ACTOR)
    tables = tables_of_counts(counts, 2025, statistics.time_of_issue(), date(2025, 8, 10))
    assert [table.key for table in tables] == [table.key for table in TABLES]
    referrals = tables[0]
    by_label = {row.label: dict(zip(referrals.columns, row.numbers, strict=True)) for row in referrals.rows}
    assert by_label["2025年5月"]["計"] == 7
    assert by_label["2025年度計"]["計"] == 9
    assert "2025年9月" not in by_label  # it has not begun
    for table in tables_of_issue(statistics.issue(2025, actor=ACTOR)):
        assert all(len(row.cells) == len(table.columns) for row in table.rows)


@pytest.fixture
def web(hub: HubWithCase) -> Iterator[TestClient]:
    app = agency_app(hub.door("AZ-CORE"), staff=Staff.rehearsal(ACTOR, mode="rehearsal"), mode="rehearsal")
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_the_page_shows_all_numbers_and_its_issue_the_masked_ones(web: TestClient) -> None:
    page = web.get("/statistics?year=2025")
    assert page.status_code == 200
    assert "内部用" in page.text
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page.text
    assert "style=" not in page.text
    issued = web.post("/statistics/issue", data={"year": 2025}, headers={"origin": "http://localhost"})
    assert issued.status_code == 200
    assert "秘匿しています" in issued.text
    assert '<td>x<span class="visually-hidden">(秘匿)</span></td>' in issued.text
    assert "<svg" not in issued.text
    file = web.get(f"{issued.url.path}/csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"].startswith("attachment")
    assert web.get("/statistics/issues/99").status_code == 404
    assert web.get("/statistics?year=1800").status_code == 400


def test_a_system_gets_what_may_leave_the_agency_and_no_more(web: TestClient) -> None:
    answer = web.post("/api/statistics/issues", json={"fiscal_year": 2025})
    assert answer.status_code == 200
    tables = {table["key"]: table for table in answer.json()["tables"]}
    [june] = [row for row in tables["referrals"]["rows"] if row["period"] == "2025年6月"]
    assert june["cells"][tables["referrals"]["columns"].index("通告")] is None
    assert web.post("/api/statistics/issues", json={"fiscal_year": 1800}).status_code == 400
    assert web.post("/api/statistics/issues", json={}).status_code in (400, 422)


@needs_font
def test_an_issue_is_saved_as_pdf_with_every_number_that_it_shows_and_no_other(web: TestClient) -> None:
    issued = web.post("/statistics/issue", data={"year": 2025}, headers={"origin": "http://localhost"})
    file = web.get(f"{issued.url.path}/pdf")
    assert (file.status_code, file.headers["content-type"]) == (200, "application/pdf")
    text = "".join("".join(pages_of(file.content)).split())
    rows = list(csv.reader(io.StringIO(web.get(f"{issued.url.path}/csv").text.lstrip("\ufeff"))))[4:]
    assert [word for row in rows for word in row[:3] if "".join(word.split()) not in text] == []
    assert text.count("x") >= sum(row[3] == "x" for row in rows)
    assert "秘匿しています" in text
    assert "中央値(日)" not in text
    assert web.get("/statistics/issues/99/pdf").status_code == 404


@needs_font
def test_the_command_line_issues_what_the_page_shows(hub: HubWithCase, tmp_path: Path) -> None:
    place = hub.rehearsal_hub.installation.agency("AZ-CORE")
    with closing(Staff(place.folder / "staff.db")) as staff:
        staff.add(ACTOR, "統計の人", "a long passphrase", roles=[StaffRole.MANAGER])
    command = ["agency", "statistics", "--folder", str(place.folder), "--hub", hub.rehearsal_hub.url]
    command += ["--year", "2025", "--actor", ACTOR, "--out"]
    issue = Statistics(hub.door("AZ-CORE")).issue(2025, actor=ACTOR)
    for name in ("issue.csv", "issue.pdf"):
        done = CliRunner().invoke(command_line, [*command, str(tmp_path / name)])
        assert (done.exit_code, heading(issue) in done.output) == (0, True), (done.output, done.exception)
    agency = next(k.name for k in hub.door("AZ-CORE").directory() if k.code == "AZ-CORE")
    assert (tmp_path / "issue.csv").read_bytes() == as_csv(issue, agency)
    text = "".join("".join(pages_of((tmp_path / "issue.pdf").read_bytes())).split())
    assert "".join(heading(issue).split()) in text
    assert len(Statistics(hub.door("AZ-CORE")).issues()) == issue.number  # nothing was issued anew


def test_a_query_without_its_days_is_refused(hub: HubWithCase) -> None:
    door = hub.door("AZ-CORE")
    since = dump(hub.rehearsal_hub.now() - timedelta(days=1))
    for fields in ({}, {"since": since}, {"since": since, "until": "tomorrow"}):
        with pytest.raises(Malformed):
            door.query(Kind.AGENCY, door.agency, "statistics", fields, actor=ACTOR)


def test_an_issue_names_what_it_holds() -> None:
    issue = Issue(1, 2025, datetime(2025, 7, 10, tzinfo=UTC), ACTOR, "@2025-07", {})
    assert tables_of_issue(issue) == []
    assert tables_of_issue(replace(issue, shown={"planned/TOTAL/2025-05": None}))[0].rows[0].cells == ("x",)
