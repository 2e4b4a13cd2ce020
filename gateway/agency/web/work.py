"""The start page of a door: what waits for this agency."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain.events import dump
from gateway.agency.forms.kinds import CaseMessages
from gateway.agency.forms.links import (
    DUAL_APPROVAL_TOPICS,
    approval_count,
    approval_link,
    child_name,
    pending_approvals,
    task_links,
)
from gateway.agency.index.readers import reader_of
from gateway.agency.web.form_context import audit_requests, form_context_of, programme_subjects
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.paging import PageNumber, page_of

LATE = "LATE_"
"""How the kinds of tasks begin that name what is late (``domain.tasks``)."""


def add_work_page(people: APIRouter, pages: PageContext) -> None:
    """The work list, with the approvals that other people of this agency wait for."""
    door = pages.door

    @people.get("/", response_class=HTMLResponse, include_in_schema=False)
    def work_list(person: SignedIn, page: PageNumber = 1) -> Response:
        door.refresh_if_possible()
        waiting = [t for t in door.store.tasks() if t["kind"] != "REWRAP"]  # the door does it by itself
        waiting.sort(key=lambda t: not t["kind"].startswith(LATE))  # what is late is on the first page
        shown = page_of("tasks", waiting, page)
        of_case = {
            case: CaseMessages(door.store.messages(UUID(case)))
            for case in {t["case"] for t in shown["tasks"]}
        }
        to_approve = [
            m for case in door.store.cases_with(DUAL_APPROVAL_TOPICS) for m in door.store.messages(case)
        ]
        form_context = form_context_of(pages, person, messages=to_approve)
        tasks = [
            {**t, "links": task_links(in_case, t), "child_name": child_name(in_case, t)}
            for t in shown["tasks"]
            for in_case in (replace(form_context, messages=of_case[t["case"]]),)
        ]
        return pages.render_page(
            "work.html",
            "仕事一覧",
            person,
            current_path="/",
            tasks=tasks,
            family_names=door.index.names(map(UUID, of_case), reader_of(door, person.actor)),
            numbers=shown["numbers"],
            now=dump(door.now()),
            approval_requests=[
                (m, approval_count(form_context, m), approval_link(form_context, m))
                for m in pending_approvals(form_context)
            ],
            audits=audit_requests(pages, person),
            commission_duties=[
                (c, duty)
                for c in programme_subjects(pages, person, form_context).commissions
                for duty in c.get("duties", ())
            ],
            agency=form_context.agency,
            names=pages.names(),
        )
