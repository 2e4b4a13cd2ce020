"""The cases of a door: the list, one case with its messages, opening an item, confirming receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.codes import Purpose, Section
from domain.errors import Malformed, NotFound
from domain.events import dump
from gateway.agency.forms.kinds import Form as ActForm
from gateway.agency.forms.kinds import FormContext
from gateway.agency.forms.links import form_path, message_links, summary_rows_of, task_links
from gateway.agency.forms.table import FORMS, forms_beginning_case, forms_for_case
from gateway.agency.staff import Person
from gateway.agency.web.form_context import audit_requests, form_context_of
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.messages import MessageIn, send_message
from gateway.agency.web.page_context import PageContext
from gateway.pages.texts import basis_text

ACT_OF_TASK = {
    "ACKNOWLEDGE": "referral.acknowledged",
    "READ": "referral.read",
    "ACCEPT": "follow_on_service.accepted",
}
"""Kind of task -> the act that one button records for it."""


def add_case_pages(people: APIRouter, pages: PageContext) -> None:
    """What this agency may know of its cases."""
    door = pages.door

    @people.get("/cases", response_class=HTMLResponse, include_in_schema=False)
    def cases(person: SignedIn) -> Response:
        door.refresh()
        return pages.render_page(
            "cases.html",
            "事例",
            person,
            current_path="/cases",
            cases=_case_summaries(door.store.messages()),
            starting_forms=forms_beginning_case(form_context_of(pages, person)),
        )

    @people.get("/cases/{case}", response_class=HTMLResponse, include_in_schema=False)
    def case_page(case: UUID, person: SignedIn, done: str = "") -> Response:
        return _render_case(pages, person, case, done)

    @people.post("/cases/{case}/open", response_class=HTMLResponse, include_in_schema=False)
    def open_item(
        case: UUID,
        message: Annotated[UUID, Form()],
        item: Annotated[UUID, Form()],
        section: Annotated[Section, Form()],
        person: SignedIn,
    ) -> Response:
        opened = door.open(case, message, item, section.value, actor=person.actor, purpose=Purpose.SUPPORT)
        return pages.render_page(
            "opened.html",
            "情報の閲覧",
            person,
            case=str(case),
            opened=opened,
            text=opened.content.decode("utf-8", "replace"),
            author=pages.names().get(str(opened.author), str(opened.author)),
            created_at=dump(opened.created_at),
            purpose=Purpose.SUPPORT,
        )

    @people.post("/cases/{case}/answer", include_in_schema=False)
    def answer(
        case: UUID, message: Annotated[UUID, Form()], act: Annotated[str, Form()], person: SignedIn
    ) -> Response:
        if act not in ACT_OF_TASK.values():
            raise Malformed("unknown-act")
        answered = next((m for m in door.store.messages(case) if m["message"] == str(message)), None)
        to = [UUID(answered["by"])] if answered is not None and act != "referral.read" else []
        sent = send_message(
            door, person, MessageIn(case=case, act=act, to=to, fields={"answers": str(message)})
        )
        if sent.outcome != "recorded":
            raise Malformed("not-recorded", f"The hub answered {sent.reason or sent.outcome}.")
        return RedirectResponse(f"{pages.base}/cases/{case}", 303)


def _render_case(pages: PageContext, person: Person, case: UUID, done: str) -> Response:
    door = pages.door
    door.refresh()
    messages = door.store.messages(case)
    if not messages:
        raise NotFound("not-found")
    names = pages.names()
    tasks = [t for t in door.store.tasks() if t["case"] == str(case)]
    form_context = form_context_of(pages, person, messages=messages)
    linked_forms = {link for t in tasks for _, link in task_links(form_context, t)}
    return pages.render_page(
        "case.html",
        f"事例 {str(case)[:8]}",
        person,
        case=str(case),
        case_status=next((m["status"] for m in reversed(messages) if m.get("status")), None),
        messages=[
            {
                **_message_row(m, names, tasks),
                "summary_rows": summary_rows_of(form_context, m),
                "links": message_links(form_context, m, tasks),
            }
            for m in messages
        ],
        forms=forms_for_case(form_context),
        linked_forms=linked_forms,
        open_groups={f.group for f in FORMS.values() if form_path(f, case) in linked_forms},
        audits=audit_requests(pages, person, case),
        done=_recorded_form(done, form_context),
        names=names,
    )


def _recorded_form(key: str, form_context: FormContext) -> ActForm | None:
    """The form of this key, if this agency has recorded its act in the case."""
    form = FORMS.get(key)
    is_recorded = form is not None and any(
        m["act"] == form.act.TOPIC and m["by"] == form_context.agency for m in form_context.messages
    )
    return form if is_recorded else None


def _message_row(
    message: Mapping[str, Any], names: Mapping[str, str], tasks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A message of the feed as the case page shows it."""
    waiting = [t["kind"] for t in tasks if t["message"] == message["message"]]
    return {
        **message,
        "to": message.get("to", []),
        "to_names": "、".join(names.get(a, a) for a in message.get("to", [])),
        "basis_text": "、".join(sorted({basis_text(code) for code in message.get("basis", {}).values()})),
        "held": message.get("held", []),
        "held_names": "、".join(names.get(a, a) for a in message.get("held", [])),
        "items": message.get("items", []),
        "acknowledgeable": [ACT_OF_TASK[kind] for kind in waiting if kind in ACT_OF_TASK],
    }


def _case_summaries(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each case, the latest change first."""
    summaries: dict[str, dict[str, Any]] = {}
    for message in messages:
        summary = summaries.get(message["case"], {"messages": 0, "status": None})
        summaries[message["case"]] = {
            "case": message["case"],
            "status": message.get("status") or summary["status"],
            "messages": summary["messages"] + 1,
            "at": message["at"],
            "act": message["act"],
        }
    return sorted(summaries.values(), key=lambda c: str(c["at"]), reverse=True)
