"""The cases of a door: the list, one case with its messages, opening an item, confirming receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.codes import Purpose, Section
from domain.errors import ExchangeError, Malformed, NotFound
from domain.events import dump
from gateway.agency.content_form import shown_content
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.forms.children import child_rows
from gateway.agency.forms.kinds import CaseMessages, FormContext
from gateway.agency.forms.kinds import Form as ActForm
from gateway.agency.forms.links import child_name, form_path, message_links, summary_rows_of, task_links
from gateway.agency.forms.search import contact_ban_warnings
from gateway.agency.forms.table import FORMS, forms_beginning_case, forms_for_case
from gateway.agency.index.readers import reader_of
from gateway.agency.item_opening import OpenedItem
from gateway.agency.joined_cases import ACTS, cases_of_family
from gateway.agency.official_forms.table import PRINTABLE_ACTS
from gateway.agency.staff import Person
from gateway.agency.web.before_sending import objection_before_sending
from gateway.agency.web.families import alike_cases, charge_text
from gateway.agency.web.form_context import audit_requests, form_context_of
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.messages import MessageIn, send_message
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.paging import ROWS_PER_PAGE, PageNumber, page_of
from gateway.pages.texts import basis_text, reason_text

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
    def cases(person: SignedIn, page: PageNumber = 1, mine: bool = False) -> Response:
        door.refresh_if_possible()
        summaries = door.store.case_summaries()
        if mine:
            own = door.charges.cases_of(person.actor)
            summaries = [row for row in summaries if row["case"] in own]
        shown = page_of("cases", summaries, page)
        listed = [UUID(row["case"]) for row in shown["cases"]]
        return pages.render_page(
            "cases.html",
            "事例",
            person,
            current_path="/cases",
            **shown,
            mine=mine,
            family_names=door.index.names(listed, reader_of(door, person.actor)),
            charges={str(case): charge_text(pages, case) for case in listed},
            starting_forms=forms_beginning_case(form_context_of(pages, person)),
        )

    @people.get("/cases/{case}", response_class=HTMLResponse, include_in_schema=False)
    def case_page(
        case: UUID, person: SignedIn, done: str = "", page: PageNumber = 1, message: UUID | None = None
    ) -> Response:
        return _render_case(pages, person, case, done, page, message)

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
            message=str(message),
            is_ours=opened.author == door.agency,
            document_item=_document_item(opened),
            shown=None
            if opened.schema == BYTES_SCHEMA
            else shown_content(opened.schema, opened.content, _names_of_children(door.store.messages(case))),
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
        answered = door.store.message(case, message)
        to = [UUID(answered["by"])] if answered is not None and act != "referral.read" else []
        confirmation = MessageIn(case=case, act=act, to=to, fields={"answers": str(message)})
        objection = objection_before_sending(pages, person, confirmation, anyway=False)
        if objection is not None and objection.dry_run is not None:
            raise _not_recorded(objection.dry_run.reason)
        sent = send_message(door, person, confirmation)
        if sent.outcome == "waiting":
            return RedirectResponse(f"{pages.base}/outbox", 303)
        if sent.outcome != "recorded":
            raise _not_recorded(sent.reason)
        return RedirectResponse(f"{pages.base}/cases/{case}", 303)


def _not_recorded(reason: str | None) -> ExchangeError:
    """Why a confirmation by one button is not on record, in words."""
    error = Malformed("not-recorded")
    error.detail_ja = f"記録できませんでした。{reason_text(reason)}"
    return error


def _document_item(opened: OpenedItem) -> UUID | None:
    """The item that says what file this is: itself, or the one before it where this is the file; None for neither."""
    if opened.schema == DOCUMENT_SCHEMA:
        return opened.item
    before = opened.before
    is_file = opened.schema == BYTES_SCHEMA and before is not None and before.schema == DOCUMENT_SCHEMA
    return before.item if is_file and before is not None else None


def _render_case(
    pages: PageContext, person: Person, case: UUID, done: str, number: int, message: UUID | None
) -> Response:
    """One page of the case's messages, the latest first; the one with this message, if it is given."""
    door = pages.door
    door.refresh_if_possible()
    if door.store.message_count(case) == 0:
        raise NotFound("not-found")
    names = pages.names()
    messages = CaseMessages(door.store.messages(case))
    latest = messages[::-1]
    place = next((n for n, m in enumerate(latest) if m["message"] == str(message)), None)
    shown = page_of("messages", latest, number if place is None else 1 + place // ROWS_PER_PAGE)
    tasks = [t for t in door.store.tasks() if t["case"] == str(case)]
    form_context = form_context_of(pages, person, messages=messages)
    linked_forms = {link.partition("?children=")[0] for t in tasks for _, link in task_links(form_context, t)}
    return pages.render_page(
        "case.html",
        f"事例 {str(case)[:8]}",
        person,
        case=str(case),
        dv_protected=door.addresses.protected_until(case) is not None,
        case_status=next((m["status"] for m in reversed(messages) if m.get("status")), None),
        messages=[
            {
                **_message_row(m, names, tasks),
                "summary_rows": summary_rows_of(form_context, m),
                "links": message_links(form_context, m, tasks),
            }
            for m in shown["messages"]
        ],
        numbers=shown["numbers"],
        family_name=door.index.names([case], reader_of(door, person.actor))[str(case)],
        charge=charge_text(pages, case),
        alike=alike_cases(pages, person, case),
        family=cases_of_family(door.store.messages_of_acts(ACTS), case),
        children=list(child_rows(messages, messages.child_names())),
        tasks=[(child_name(form_context, t), t) for t in tasks if t["kind"] != "REWRAP"],
        forms=forms_for_case(form_context),
        linked_forms=linked_forms,
        open_groups={f.group for f in FORMS.values() if form_path(f, case) in linked_forms},
        case_warnings=[*contact_ban_warnings(messages, form_context.now), *_only_receipts(messages)],
        audits=audit_requests(pages, person, case),
        done=_recorded_form(done, form_context),
        printable_acts=PRINTABLE_ACTS,
        names=names,
    )


RECEIPTS_ONLY = (
    "この事例の内容は、この機関では開けません。支援の終結、割当の解除、または委託先の停止によるものです。"
    "下の一覧は、この機関が送付したものの受領の控えです(種類・日時)。控えは終結の後も残ります。"
    "委託により知ったことを漏らさない義務は、終結の後も続きます。"
)
"""Why a contractor sees the receipts of what it sent, and nothing else. Basis: CWA 21-10-2(4); guideline 9(2)[1]."""


def _only_receipts(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The note for a case of which this agency has nothing but receipts of its own."""
    return [RECEIPTS_ONLY] if messages and not any("fields" in m for m in messages) else []


def _names_of_children(messages: Iterable[Mapping[str, Any]]) -> dict[UUID, str]:
    """What pages call the children of a case, where a content does not name them."""
    return {UUID(reference): name for reference, name in CaseMessages(messages).child_names().items()}


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
