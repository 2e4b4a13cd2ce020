"""The forms of a door's pages: one page for every act of the table, sent as any command is sent.

What may be is the hub's to say: a refusal is shown beside the field where it can be mended, and loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.case import APPROVERS
from domain.errors import ExchangeError, Malformed, NotFound, Unavailable
from domain.events import (
    AuditContentAccessRequested,
    BasisOverrideRequested,
    EmergencyAccessRequested,
    Kind,
)
from domain.visibility import CONSENT_BASES
from gateway.agency.door import SubmissionResult
from gateway.agency.forms.display import summary_rows
from gateway.agency.forms.fill import Filled, field_of_refusal, fill, initial_values
from gateway.agency.forms.kinds import Form, FormContext, Message, OtherAgency
from gateway.agency.forms.table import FORMS, form_of, forms_for_message, forms_for_programme, forms_for_task
from gateway.agency.staff import Person
from gateway.agency.web.api import MessageIn, SectionIn, send_message
from gateway.agency.web.guard import PageContext
from gateway.pages.labels import AUDIT_GROUNDS
from gateway.pages.law import law_of
from gateway.pages.texts import basis_text, failure_text, reason_text, section_text
from gateway.protocol.problems import title_of

ALREADY_SENT = "この画面からはすでに送りました。送信箱で結果を確かめてください。"
MAX_FIELDS = 1000
DUAL_APPROVAL_TOPICS = (EmergencyAccessRequested.TOPIC, BasisOverrideRequested.TOPIC)


def form_context_of(
    pages: PageContext,
    person: Person,
    case: UUID | None = None,
    *,
    messages: Sequence[Message] | None = None,
    command_id: UUID | None = None,
) -> FormContext:
    """Where this person stands: the door's own agency, all others, and what it knows of the case."""
    key_sets = {str(k.agency): k for k in pages.door.directory()}
    own_agency = key_sets.pop(str(pages.door.agency))
    result = messages if messages is not None else ([] if case is None else pages.door.store.messages(case))
    return FormContext(
        agency=str(own_agency.agency),
        roles=frozenset(own_agency.roles),
        body=own_agency.body,
        municipality=own_agency.municipality,
        actor=person.actor,
        people=pages.staff.people(),
        agencies={
            id: OtherAgency(name=k.name, roles=frozenset(k.roles), body=k.body, municipality=k.municipality)
            for id, k in key_sets.items()
        },
        messages=result,
        about=None,
        now=pages.door.now(),
        command_id=command_id or uuid4(),
    )


def audit_requests(pages: PageContext, person: Person, case: UUID | None = None) -> list[dict[str, Any]]:
    """What the audit office asks to open, as things that a form can be about."""
    door = pages.door
    answer = door.query(Kind.AGENCY, door.agency, "audits", {}, actor=person.actor)
    return [
        {
            "act": AuditContentAccessRequested.TOPIC,
            "message": a["request"],
            "case": a["case"],
            "by": "AUDIT",
            "to": [],
            "fields": {"opens": a["opens"], "until": a["until"]},
            "mine": a["items"],
            "ground": AUDIT_GROUNDS.get(a["ground"], a["ground"]),
            "until": a["until"],
            "approvals": a["approvals"],
            "sections": "、".join(sorted({section_text(i["section"]) for i in a["items"]})),
            "all_items_visible": bool(a["opens"]),
        }
        for a in answer["audits"]
        if case is None or a["case"] == str(case)
    ]


def summary_rows_of(form_context: FormContext, message: Message) -> list[tuple[str, str]]:
    """What a message says in codes, and of a request for two words how many there are."""
    names = {form_context.agency: "自機関", **{id: other.name for id, other in form_context.agencies.items()}}
    rows = list(summary_rows(message, names))
    if message["act"] in DUAL_APPROVAL_TOPICS and "fields" in message:
        count = approval_count(form_context, message)
        rows.append(("承認", f"{count}人(成立)" if count >= APPROVERS else f"{count}人(二人で成立)"))
    return rows


def approval_count(form_context: FormContext, request: Message) -> int:
    """How many words this door knows of for a request that needs two."""
    act = {
        EmergencyAccessRequested.TOPIC: "emergency_access.approved",
        BasisOverrideRequested.TOPIC: "basis_override.approved",
    }
    return len(form_context.of(act[request["act"]], "approves", request["message"]))


def pending_approvals(form_context: FormContext) -> list[Message]:
    """The requests of all cases that this door may give its people's word to, and that lack one."""
    return [
        m
        for m in form_context.messages
        if m["act"] in DUAL_APPROVAL_TOPICS
        and any(f.answers == "approves" for f in forms_for_message(form_context, m))
        if approval_count(form_context, m) < APPROVERS
    ]


def task_links(form_context: FormContext, task: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Title and address (below the door) of the forms that do what this line of the work list asks.

    ``form_context``: with the messages of that line's case.
    """
    return [
        (form.title, form_path(form, task["case"], task["message"] if not form.is_about_case else None))
        for form in forms_for_task(form_context, task)
    ]


def approval_link(form_context: FormContext, request: Message) -> str:
    """Where to give one's word to this request."""
    form = next(f for f in forms_for_message(form_context, request) if f.answers == "approves")
    return form_path(form, request["case"], request["message"])


def message_links(
    form_context: FormContext, message: Message, tasks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What can be said about this message: ``now`` what it waits for, ``later`` what else; and how to send what two
    persons let."""
    if "fields" not in message:
        return {"now": [], "later": [], "send": []}
    waiting = {t["kind"] for t in tasks if t["message"] == message["message"]}
    forms = [
        (f, form_path(f, message["case"], message["message"]))
        for f in forms_for_message(form_context, message)
        if not f.only_while_pending or f.tasks & waiting
    ]
    now = [(f.title, link) for f, link in forms if not f.any_message or f.tasks & waiting]
    later = [(f.title, link) for f, link in forms if f.any_message and not f.tasks & waiting]
    approved = (
        message["act"] == BasisOverrideRequested.TOPIC and approval_count(form_context, message) >= APPROVERS
    )
    return {
        "now": now,
        "later": later,
        "send": list(_approved_disclosure_links(form_context, message)) if approved else [],
    }


def _approved_disclosure_links(form_context: FormContext, request: Message) -> Iterator[tuple[str, str]]:
    """What two persons let be told: to whom and what, and where it is sent."""
    asked = request["fields"]
    for to, section in product(asked["recipients"], asked["sections"]):
        other = form_context.agencies.get(to)
        query_values = {"to": to, "basis": asked["code"], "section": section}
        name = other.name if other else "ほかの機関"
        yield (
            f"{name}に{section_text(section)}を送る",
            f"/cases/{request['case']}/tell?{urlencode(query_values)}",
        )


def form_path(form: Form, case: object, about: object | None = None) -> str:
    """Where a form is, below the door."""
    return f"/cases/{case}/forms/{form.key}" + (f"?about={about}" if about else "")


def form_routes(app: FastAPI, pages: PageContext, limit: int) -> None:
    """The pages of all forms. ``limit``: bytes of a form."""
    form_page = _FormPage(pages)

    @app.get("/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/cases/{case}/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/programme/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    def empty_form(key: str, request: Request, case: UUID | None = None, about: str = "") -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        query_values = {name: request.query_params.getlist(name) for name in request.query_params}
        return form_page.empty_form(form_of(key), person, case, about, query_values)

    @app.post("/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.post("/cases/{case}/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.post("/programme/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    async def send(key: str, request: Request, case: UUID | None = None) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= limit):
            raise Malformed("body-too-long", f"Send at most {limit} bytes.")
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as filled:
            values = {name: [str(v) for v in filled.getlist(name)] for name in filled}
        return await run_in_threadpool(form_page.send, form_of(key), person, case, values)

    @app.get("/programme", response_class=HTMLResponse, include_in_schema=False)
    def programme(request: Request, done: str = "") -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        form_context = form_context_of(pages, person)
        own_agency, commissions = programme_subjects(pages, person, form_context)
        return pages.render_page(
            "programme.html",
            "委託・研修",
            person,
            current_path="/programme",
            own_agency=own_agency,
            own_forms=forms_for_programme(form_context, own_agency, Kind.AGENCY),
            commissions=[
                (c, forms_for_programme(replace(form_context, about=c), c, Kind.COMMISSION))
                for c in commissions
            ],
            names=pages.names(),
            agency=form_context.agency,
            done=FORMS.get(done),
        )


def programme_subjects(
    pages: PageContext, person: Person, form_context: FormContext
) -> tuple[Message, list[Message]]:
    """Our own agency and our commissions, as things that a form can be about."""
    door = pages.door
    answer = door.query(Kind.AGENCY, door.agency, "programme", {}, actor=person.actor)
    own_agency: Message = {
        "act": "agency",
        "message": form_context.agency,
        "by": form_context.agency,
        "to": [],
        **answer["rules"],
    }
    commissions: list[Message] = [
        {**c, "act": "commission", "message": c["commission"], "by": c["commissioner"], "to": []}
        for c in answer["commissions"]
    ]
    return own_agency, commissions


class _FormPage:
    """One form, empty or with what was written into it."""

    def __init__(self, pages: PageContext) -> None:
        self._pages = pages

    def empty_form(
        self, form: Form, person: Person, case: UUID | None, about: str, query_values: dict[str, list[str]]
    ) -> Response:
        form_context = self._context_for(form, person, case, about, None)
        filled = initial_values(form, form_context)
        filled.values = {**filled.values, **query_values}
        return self._render(form, form_context, person, case, filled)

    def send(self, form: Form, person: Person, case: UUID | None, values: dict[str, list[str]]) -> Response:
        command_id = _parse_uuid(values.get("command_id", [""])[0])
        form_context = self._context_for(form, person, case, values.get("about", [""])[0], command_id)
        filled = fill(form, form_context, values)
        if filled.errors:
            return self._render(form, form_context, person, case, filled, status=400)
        try:
            sent = self._submit(form, form_context, person, case, filled)
        except Unavailable:
            raise
        except ExchangeError as error:
            hint = ALREADY_SENT if error.error_code == "command-id-taken" else failure_text(error.error_code)
            problem = f"{title_of(error)}。{hint}"
            return self._render(form, form_context, person, case, filled, status=400, problem=problem)
        if sent.outcome == "recorded":
            return RedirectResponse(self._pages.base + _redirect_path(form, sent), 303)
        if sent.outcome == "waiting":
            return RedirectResponse(f"{self._pages.base}/outbox", 303)
        return self._render_refusal(form, form_context, person, case, filled, sent)

    def _render_refusal(
        self,
        form: Form,
        form_context: FormContext,
        person: Person,
        case: UUID | None,
        filled: Filled,
        sent: SubmissionResult,
    ) -> Response:
        text = reason_text(sent.reason)
        other = form_context.agencies.get(sent.at_fault or "")
        if other is not None:
            text = f"{other.name}: {text}"
        if sent.fitting:
            text += f" 使える根拠: {'、'.join(basis_text(code) for code in sent.fitting)}。"
        field_name = field_of_refusal(form, form_context, sent.reason)
        if field_name:
            filled.errors[field_name] = text
        return self._render(
            form, form_context, person, case, filled, status=403, problem="" if field_name else text
        )

    def _context_for(
        self, form: Form, person: Person, case: UUID | None, about: str, command_id: UUID | None
    ) -> FormContext:
        door, kind = self._pages.door, form.act.ON
        if kind is not Kind.CASE:
            form_context = form_context_of(self._pages, person, command_id=command_id)
            own_agency, commissions = programme_subjects(self._pages, person, form_context)
            result = next((c for c in (own_agency, *commissions) if c["message"] == about), None)
            if result is None or (result is own_agency) is not (kind is Kind.AGENCY):
                raise NotFound("not-found")
            return replace(form_context, about=result)
        if case is None and not form.begins_case:
            raise NotFound("not-found")
        door.refresh()
        form_context = form_context_of(self._pages, person, case, command_id=command_id)
        if case is not None and not form_context.messages:
            raise NotFound("not-found")
        if form.is_about_case:
            return form_context
        if AuditContentAccessRequested in form.about:
            audits = audit_requests(self._pages, person, case)
            result = next((a for a in audits if a["message"] == about and a["all_items_visible"]), None)
        else:
            result = form_context.message(about)
        if result is None or "fields" not in result:
            raise NotFound("not-found")
        return replace(form_context, about=result)

    def _submit(
        self, form: Form, form_context: FormContext, person: Person, case: UUID | None, filled: Filled
    ) -> SubmissionResult:
        field_values, about = dict(filled.field_values), form_context.about or {}
        if form.act.ON is not Kind.CASE:
            fields = {**form.fixed, **field_values}
            asked = json.dumps([form.key, about["message"], fields], sort_keys=True).encode()
            return self._pages.door.send(
                form.act.ON or Kind.AGENCY,
                UUID(about["message"]),
                form.act.TOPIC,
                fields,
                actor=person.actor,
                command_id=form_context.command_id,
                asked=asked,
            )
        reason, consent = field_values.pop("reason", None), [UUID(c) for c in field_values.pop("consent", [])]
        consent_recipients = [a for a, code in filled.basis.items() if code in CONSENT_BASES]
        consent = consent or form_context.consents(
            consent_recipients, [section for section, _, _ in filled.parts]
        )
        answers = {form.answers: about["message"]} if about and form.answers else {}
        message_in = MessageIn(
            case=case or form_context.command_id,
            act=form.act.TOPIC,
            to=[UUID(a) for a in filled.to],
            basis={UUID(a): code for a, code in filled.basis.items()},
            consent=consent,
            purpose=form.purpose,
            reason=reason,
            fields={**form.fixed, **answers, **field_values},
            sections=[
                SectionIn.model_validate({"section": s, "text": t, "flags": f}) for s, t, f in filled.parts
            ],
            command_id=form_context.command_id,
        )
        return send_message(self._pages.door, person, message_in)

    def _render(
        self,
        form: Form,
        form_context: FormContext,
        person: Person,
        case: UUID | None,
        filled: Filled,
        *,
        status: int = 200,
        problem: str = "",
    ) -> Response:
        about = form_context.about if form.act.ON is Kind.CASE else None
        programme = form.act.ON is not Kind.CASE
        back = "/programme" if programme else ("/cases" if case is None else f"/cases/{case}")
        path = "/programme" if programme else ("" if case is None else f"/cases/{case}")
        return self._pages.render_page(
            "form.html",
            form.title,
            person,
            status=status,
            form=form,
            law=law_of(form.act),
            form_context=form_context,
            fields=form.visible_fields(form_context),
            labels=_field_labels(form, form_context),
            filled=filled,
            about=about,
            about_summary=summary_rows_of(form_context, about) if about else [],
            candidates=[] if form.to is None else form.to.candidates(form_context),
            problem=problem,
            case=None if case is None else str(case),
            action=f"{self._pages.base}{path}/forms/{form.key}",
            about_id=(form_context.about or {}).get("message", ""),
            back=self._pages.base + back,
            names=self._pages.names(),
            command_id=str(uuid4() if status == 403 else form_context.command_id),
        )


def _field_labels(form: Form, form_context: FormContext) -> dict[str, str]:
    """Field -> label, for the list of what is to be mended."""
    result = {f.name: f.label for f in form.visible_fields(form_context)} | {
        w.name: w.label for w in form.section_inputs
    }
    return result | {"to": "宛先"}


def _redirect_path(form: Form, sent: SubmissionResult) -> str:
    if form.act.ON is not Kind.CASE:
        return f"/programme?done={form.key}"
    return f"/cases/{sent.case}?done={form.key}#m-{sent.command_id}"


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed("wrong-fields", "Correct the field command_id.") from error
