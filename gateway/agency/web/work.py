"""The start page of a door: what waits for this agency and for this person, one row a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.calendar import day_of, end_of
from domain.events import dump
from domain.time_text import parse_day_text, parse_time_text
from gateway.agency.forms.kinds import CaseMessages, FormContext
from gateway.agency.forms.links import (
    DUAL_APPROVAL_TOPICS,
    approval_count,
    approval_link,
    pending_approvals,
    task_links,
)
from gateway.agency.index.case_index import ListedName
from gateway.agency.index.case_overview import Arrival
from gateway.agency.index.readers import IndexReader, programme_of, reader_by
from gateway.agency.matters import AT_ONCE, Matter, days_left_text, short_day
from gateway.agency.staff import Person
from gateway.agency.web.families import charge_texts
from gateway.agency.web.form_context import audit_requests, form_context_of, subjects_of
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.paging import PageNumber, page_of
from gateway.agency.work_list import (
    Group,
    Show,
    Sort,
    Viewer,
    WorkRow,
    chosen,
    counts,
    groups_in,
    in_order,
    notice_kind,
    work_rows,
)
from gateway.pages.texts import act_text
from gateway.pages.work_texts import (
    GROUPS,
    PARTS,
    SHOWS,
    SORTS,
    ages_text,
    matter_text,
    nameless_text,
    notice_text,
)


class Rows(StrEnum):
    """How high the rows are."""

    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True)
class _Choice:
    """What a person chose to see, and how."""

    show: Show
    group: Group | None
    sort: Sort
    rows: Rows

    @property
    def kind(self) -> str:
        return "" if self.group is None else self.group.value

    def query(self, **changed: str) -> str:
        """The same choice as the query of an address, with these values changed."""
        values = {
            "show": self.show.value,
            "kind": self.kind,
            "sort": self.sort.value,
            "rows": self.rows.value,
        }
        return urlencode({name: value for name, value in (values | changed).items() if value})


def add_work_page(people: APIRouter, pages: PageContext) -> None:
    """The work list, with the approvals that other people of this agency wait for."""
    door = pages.door

    @people.get("/", response_class=HTMLResponse, include_in_schema=False)
    def work_list(
        person: SignedIn,
        page: PageNumber = 1,
        show: Show = Show.OPEN,
        kind: str = "",
        sort: Sort = Sort.DUE,
        rows: Rows = Rows.NORMAL,
    ) -> Response:
        door.refresh_if_possible()
        group = Group(kind) if kind in list(Group) else None
        return _WorkPage(pages, person).render(_Choice(show, group, sort, rows), page)

    @people.post("/looked", include_in_schema=False)
    @needs_no_hub
    def note_all_looked(person: SignedIn, upto: Annotated[int, Form(ge=0)]) -> Response:
        """Nothing that this person was shown is new any more; what has come since the page was made stays new."""
        looks = door.store.arrivals.looks(person.actor)
        is_shown = pages.permissions.shown_cases(person)
        upto_of = {
            case: min(one.last_arrival, upto)
            for case, one in door.overviews.all().items()
            if is_shown(case) and (case not in looks or looks[case].n < min(one.last_arrival, upto))
        }
        door.store.arrivals.note_looks(person.actor, upto_of, dump(door.now()))
        return RedirectResponse(f"{pages.base}/", 303)


MOST_OTHERS = 8
"""How many matters of a case a row lists beside the first; the case's own page has all."""


@dataclass(frozen=True)
class _Shown:
    """What a page of the list knows beside its rows: names, charges, the contexts of forms, and the messages of the cases in
    which something waits."""

    families: Mapping[str, ListedName]
    charges: Mapping[str, str]
    agencies: Mapping[str, str]
    form_context: FormContext
    reader: IndexReader
    actor: str
    messages: Mapping[str, Sequence[Mapping[str, Any]]]


class _WorkPage:
    """One rendering of the work list for one person."""

    def __init__(self, pages: PageContext, person: Person) -> None:
        self.pages, self.person = pages, person
        self.door, self.now = pages.door, pages.door.now()

    def render(self, choice: _Choice, page: int) -> Response:
        door, person = self.door, self.person
        is_shown = self.pages.permissions.shown_cases(person)
        known = door.overviews.all()
        overviews = {case: one for case, one in known.items() if is_shown(case)}
        charges = door.charges.cases_of(person.actor)
        viewer = Viewer(person.actor, door.store.arrivals.looks(person.actor), charges)
        matters = door.matters.all(known, self.now)
        rows = work_rows(overviews, matters, viewer, day_of(self.now))
        programme = programme_of(door, person.actor)
        reader = reader_by(door, person.actor, programme)
        listed = self._in_order(chosen(rows, choice.show, choice.group), choice.sort, reader)
        shown = page_of("rows", listed, page)
        form_context = form_context_of(self.pages, person, messages=self._messages_to_approve())
        about = _Shown(
            families=door.index.names([UUID(r.case) for r in shown["rows"]], reader),
            charges=charge_texts(self.pages, [row.case for row in shown["rows"]]),
            agencies=self.pages.names(),
            form_context=form_context,
            reader=reader,
            actor=person.actor,
            messages=door.store.messages_by_case([row.case for row in shown["rows"] if row.matters]),
        )
        groups, of_choice = groups_in(rows), counts(rows)
        return self.pages.render_page(
            "work.html",
            "仕事一覧",
            person,
            current_path="/",
            parts=self._parts(shown["rows"], about, is_in_parts=choice.sort is Sort.DUE),
            numbers=shown["numbers"],
            choice=choice,
            unread=of_choice[Show.UNREAD],
            counts={show.value: count for show, count in of_choice.items()},
            groups={g: text for g, text in GROUPS.items() if Group(g) in groups},
            shows=SHOWS,
            sorts=SORTS,
            last_arrival=max((one.last_arrival for one in overviews.values()), default=0),
            approval_requests=[
                (m, approval_count(form_context, m), approval_link(form_context, m))
                for m in pending_approvals(form_context)
            ],
            audits=audit_requests(self.pages, person),
            commission_duties=[]
            if programme is None
            else [
                (c, duty)
                for c in subjects_of(programme, form_context).commissions
                for duty in c.get("duties", ())
            ],
            agency=form_context.agency,
            names=about.agencies,
        )

    def _messages_to_approve(self) -> list[dict[str, Any]]:
        store = self.door.store
        return [m for case in store.cases_with(DUAL_APPROVAL_TOPICS) for m in store.messages(case)]

    def _in_order(self, rows: Sequence[WorkRow], sort: Sort, reader: IndexReader) -> list[WorkRow]:
        names: Mapping[str, str] = {}
        charges = charge_texts(self.pages) if sort is Sort.CHARGE else {}
        if sort is Sort.FAMILY:
            names = self.door.index.sort_names([UUID(row.case) for row in rows], reader)
        return in_order(
            rows,
            sort,
            lambda case: names.get(case, ""),
            lambda case: charges.get(case, ""),
        )

    def _parts(
        self, rows: Sequence[WorkRow], about: _Shown, *, is_in_parts: bool
    ) -> list[tuple[str, list[dict[str, Any]]]]:
        """The rows under the headings of their parts, or all under none."""
        if not is_in_parts:
            return [("", [self._row(row, about) for row in rows])]
        return [
            (PARTS[when.name], [self._row(row, about) for row in part])
            for when, part in groupby(rows, key=lambda row: row.when)
        ]

    def _row(self, row: WorkRow, about: _Shown) -> dict[str, Any]:
        overview, name = row.overview, about.families[row.case]
        in_case = replace(about.form_context, messages=self._messages_of(row.case, about))
        things = [self._matter(matter, in_case) for matter in row.matters]
        things += self._notices(row, about)
        last = row.news[-1] if row.news else None
        return {
            "case": row.case,
            "name": name.text or nameless_text(name.state),
            "is_named": name.state == "NAMED",
            "reading": name.reading if name.reading != name.text else "",
            "ages": ages_text(name.ages),
            "begun_on": self._short_day_of(overview.begun_at),
            "begun_by": about.agencies.get(overview.begun_by, "ほかの機関"),
            "charge": about.charges.get(row.case, ""),
            "is_mine": row.is_mine,
            "first": things[0] if things else None,
            "others": things[1 : 1 + MOST_OTHERS],
            "count": len(things),
            "unread": row.unread,
            "news": len(row.news),
            "last_act": act_text(overview.last_act if last is None else last.act),
            "last_on": self._short_day_of(overview.last_at if last is None else last.at),
        }

    def _messages_of(self, case: str, about: _Shown) -> CaseMessages:
        names = partial(self.door.index.child_names, UUID(case), about.reader)
        return CaseMessages(about.messages.get(case, ()), names)

    def _short_day_of(self, at: str) -> str:
        return short_day(day_of(parse_time_text(at)), day_of(self.now))

    def _matter(self, matter: Matter, form_context: FormContext) -> dict[str, Any]:
        links = list(dict.fromkeys(link for task in matter.tasks for link in task_links(form_context, task)))
        child_names = form_context.messages.child_names()
        return {
            "text": matter_text(matter.kind),
            "children": "・".join(child_names.get(child, "ほかの子ども") for child in matter.children),
            "due": days_left_text(matter.due_at, self.now, at_once=matter.kind in AT_ONCE),
            "is_late": matter.is_late,
            "links": links,
            "message": matter.message,
        }

    def _notices(self, row: WorkRow, about: _Shown) -> list[dict[str, Any]]:
        """What has come, each kind once, with the first day that any of it names."""
        kinds: dict[str, list[Arrival]] = {}
        for notice in row.notices:
            kinds.setdefault(notice_kind(notice, about.actor), []).append(notice)
        return [self._notice(kind, notices, row) for kind, notices in kinds.items()]

    def _notice(self, kind: str, notices: Sequence[Arrival], row: WorkRow) -> dict[str, Any]:
        days = [n.due_on or (row.overview.next_visit_on if n.worker else "") for n in notices]
        due_on = min(filter(None, days), default="")
        due_at = dump(end_of(parse_day_text(due_on))) if due_on else None
        return {
            "text": notice_text(kind, len(notices)),
            "children": "",
            "due": days_left_text(due_at, self.now),
            "is_late": False,
            "links": [],
            "message": notices[0].message,
        }
