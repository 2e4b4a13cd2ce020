"""The start page of a door: what waits for this agency."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain.events import dump
from gateway.agency.forms.kinds import Message
from gateway.agency.forms.links import approval_count, approval_link, pending_approvals, task_links
from gateway.agency.web.form_context import audit_requests, form_context_of
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.page_context import PageContext


def add_work_page(people: APIRouter, pages: PageContext) -> None:
    """The work list, with the approvals that other people of this agency wait for."""
    door = pages.door

    @people.get("/", response_class=HTMLResponse, include_in_schema=False)
    def work_list(person: SignedIn) -> Response:
        door.refresh()
        form_context = form_context_of(pages, person, messages=door.store.messages())
        messages_by_case: dict[str, list[Message]] = {}
        for message in form_context.messages:
            messages_by_case.setdefault(message["case"], []).append(message)
        tasks = [
            {**t, "links": task_links(replace(form_context, messages=messages_by_case.get(t["case"], [])), t)}
            for t in door.store.tasks()
            if t["kind"] != "REWRAP"  # the door does it by itself
        ]
        return pages.render_page(
            "work.html",
            "仕事一覧",
            person,
            current_path="/",
            tasks=tasks,
            now=dump(door.now()),
            approval_requests=[
                (m, approval_count(form_context, m), approval_link(form_context, m))
                for m in pending_approvals(form_context)
            ],
            audits=audit_requests(pages, person),
            names=pages.names(),
        )
