"""Statistics: in full for who works here, and issued with small numbers suppressed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from domain.calendar import day_of
from domain.error_codes import Audience
from gateway.agency.statistics.charts import chart_of
from gateway.agency.statistics.issues import Issue, Statistics
from gateway.agency.statistics.layout import (
    CSV_MEDIA_TYPE,
    RULE,
    as_csv,
    heading,
    tables_of_counts,
    tables_of_issue,
)
from gateway.agency.statistics.periods import era_year, fiscal_year_of
from gateway.agency.statistics.printed import as_pdf
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.messages import StrictModel
from gateway.agency.web.page_context import PageContext
from gateway.protocol.problem_responses import problem_responses

YEARS_OFFERED = 6
Year = Annotated[int | None, Query(ge=2009, le=2200)]


class IssueIn(StrictModel):
    """Which fiscal year (April to March) is issued, by the year in which it begins."""

    fiscal_year: int


class RowOut(StrictModel):
    """One period. ``cells``: in the order of the table's columns; null where it is suppressed."""

    period: str
    cells: list[int | None]


class TableOut(StrictModel):
    """One table of an issue."""

    key: str
    title: str
    unit: str
    note: str
    columns: list[str]
    rows: list[RowOut]


class IssueOut(StrictModel):
    """An issue: what may leave the agency. ``rule``: which numbers are suppressed, in Japanese."""

    number: int
    fiscal_year: int
    at: str
    rule: str
    tables: list[TableOut]


def issue_out(issue: Issue) -> IssueOut:
    """The issue as the API returns it."""
    return IssueOut(
        number=issue.number,
        fiscal_year=issue.year,
        at=issue.at.isoformat(),
        rule=RULE,
        tables=[
            TableOut(
                key=table.key,
                title=table.title,
                unit=table.unit,
                note=table.note,
                columns=list(table.columns),
                rows=[RowOut(period=row.label, cells=list(row.numbers)) for row in table.rows],
            )
            for table in tables_of_issue(issue)
        ],
    )


def add_statistics_api(systems: APIRouter, statistics: Statistics) -> None:
    """A system gets what may leave the agency, and nothing else."""

    @systems.post(
        "/statistics/issues", responses=problem_responses(Audience.DOOR, 400, 401, 403, 429, 500, 503)
    )
    def post_statistics_issue(issue: IssueIn, person: SignedIn) -> IssueOut:
        """Issue the statistics of a fiscal year, with small numbers suppressed: its months, quarters and the year as far as
        they are complete. Where nothing is new since the last issue of the year, that one."""
        return issue_out(statistics.issue(issue.fiscal_year, actor=person.actor))


def add_statistics_pages(people: APIRouter, pages: PageContext, statistics: Statistics) -> None:
    """The page inside, and the issues as page, for printing, and as CSV."""

    @people.get("/statistics", response_class=HTMLResponse, include_in_schema=False)
    def statistics_page(person: SignedIn, year: Year = None) -> Response:
        today = day_of(pages.door.now())
        this_year = fiscal_year_of(today)
        year = this_year if year is None else year
        counts = statistics.counts(year, actor=person.actor)
        tables = tables_of_counts(counts, year, statistics.time_of_issue(), today)
        return pages.render_page(
            "statistics.html",
            "統計",
            person,
            current_path="/statistics",
            year=year,
            year_text=era_year(year),
            years=[(one, era_year(one)) for one in range(this_year, this_year - YEARS_OFFERED, -1)],
            tables=[(table, Markup(chart_of(table))) for table in tables],
            issues=[(one, heading(one)) for one in statistics.issues() if one.year == year],
            rule=RULE,
        )

    @people.post("/statistics/issue", response_class=HTMLResponse, include_in_schema=False)
    def issue_statistics(person: SignedIn, year: Annotated[int, Form()]) -> Response:
        issue = statistics.issue(year, actor=person.actor)
        return RedirectResponse(f"{pages.base}/statistics/issues/{issue.number}", 303)

    @people.get("/statistics/issues/{number}", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def issue_page(number: int, person: SignedIn) -> Response:
        issue = statistics.issue_of(number)
        return pages.render_page(
            "statistics_issue.html",
            heading(issue),
            person,
            issue=issue,
            tables=tables_of_issue(issue),
            rule=RULE,
            issued_on=day_of(issue.at).isoformat(),
        )

    @people.get("/statistics/issues/{number}/pdf", include_in_schema=False)
    @needs_no_hub
    def issue_pdf(number: int, person: SignedIn) -> Response:
        issue = statistics.issue_of(number)
        name = f"statistics-{issue.year}-{issue.number}.pdf"
        return Response(
            as_pdf(issue, pages.name(), is_rehearsal=pages.mode == "rehearsal"),
            media_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @people.get("/statistics/issues/{number}/csv", include_in_schema=False)
    @needs_no_hub
    def issue_csv(number: int, person: SignedIn) -> Response:
        issue = statistics.issue_of(number)
        name = f"statistics-{issue.year}-{issue.number}.csv"
        return Response(
            as_csv(issue, pages.name()),
            media_type=CSV_MEDIA_TYPE,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
