"""The page of a form: one for every act of the table, sent like any other command.

The hub decides. A refusal is shown at the field to correct, and what was entered is kept.
"""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import ExchangeError, Malformed, NotFound, Unavailable
from domain.events import AuditContentAccessRequested, CasesJoined, Kind
from domain.visibility import CONSENT_BASES
from gateway.agency.door import SubmissionResult
from gateway.agency.forms.fill import Filled, attachable_sections, field_of_refusal, fill, initial_values
from gateway.agency.forms.kinds import Form, FormContext, Message
from gateway.agency.forms.links import summary_rows_of
from gateway.agency.forms.search import contact_ban_warnings
from gateway.agency.forms.table import form_of
from gateway.agency.staff import Person
from gateway.agency.web.addresses import CONFIRMED, AddressReview, address_review
from gateway.agency.web.attaching import (
    MAX_FIELDS,
    Entered,
    attaching_values,
    attachments_in,
    receive_entered,
)
from gateway.agency.web.before_sending import ANYWAY, Objection, objection_before_sending, refusal_text
from gateway.agency.web.families import alike_cases
from gateway.agency.web.form_context import audit_requests, form_context_of, programme_subjects
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.messages import MessageIn, SectionIn, send_message, with_address_flags
from gateway.agency.web.page_context import PageContext
from gateway.pages.law import law_of
from gateway.pages.texts import failure_text
from gateway.protocol.problems import title_of

NOT_RECORDED = "まだ記録していません。"
REFUSED_ON_RECORD = "認められませんでした。拒否として記録に残りました。"
ALREADY_SENT = "この画面からはすでに送りました。送信箱で結果を確かめてください。"


def add_form_pages(people: APIRouter, pages: PageContext) -> None:
    """``/forms`` begins a case; ``/cases/{case}/forms`` is about one, ``/programme/forms`` about no case."""
    form_page = _FormPage(pages)

    @people.get("/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @people.get("/cases/{case}/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @people.get("/programme/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    def empty_form(
        key: str, request: Request, person: SignedIn, case: UUID | None = None, about: str = ""
    ) -> Response:
        query_values = {name: request.query_params.getlist(name) for name in request.query_params}
        return form_page.empty_form(form_of(key), person, case, about, query_values)

    @people.post("/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @people.post("/cases/{case}/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @people.post("/programme/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    async def send_form(key: str, request: Request, person: SignedIn, case: UUID | None = None) -> Response:
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as entered:
            values = {name: [str(v) for v in entered.getlist(name)] for name in entered}
        return await run_in_threadpool(form_page.send, form_of(key), person, case, values)

    @people.post("/forms/{key}/attach", response_class=HTMLResponse, include_in_schema=False)
    @people.post("/cases/{case}/forms/{key}/attach", response_class=HTMLResponse, include_in_schema=False)
    async def attach(key: str, request: Request, person: SignedIn, case: UUID | None = None) -> Response:
        form = form_of(key)
        if not attachable_sections(form):
            raise NotFound("not-found")
        entered = await receive_entered(request, pages, person)
        return entered.note(await run_in_threadpool(form_page.attached, form, person, case, entered))


class _FormPage:
    """One form, empty or with the entered values."""

    def __init__(self, pages: PageContext) -> None:
        self._pages = pages

    def empty_form(
        self, form: Form, person: Person, case: UUID | None, about: str, query_values: dict[str, list[str]]
    ) -> Response:
        form_context = self._context_for(form, person, case, about, None)
        filled = initial_values(form, form_context)
        filled.values = {**filled.values, **query_values}
        return self._render(form, form_context, person, case, filled)

    def attached(self, form: Form, person: Person, case: UUID | None, entered: Entered) -> Response:
        """The form with what was entered, after a file was attached or discarded."""
        values = entered.values
        command_id = _parse_uuid(values.get("command_id", [""])[0])
        form_context = self._context_for(form, person, case, values.get("about", [""])[0], command_id)
        return self._render(form, form_context, person, case, Filled(values), attach_problem=entered.problem)

    def send(self, form: Form, person: Person, case: UUID | None, values: dict[str, list[str]]) -> Response:
        command_id = _parse_uuid(values.get("command_id", [""])[0])
        form_context = self._context_for(form, person, case, values.get("about", [""])[0], command_id)
        filled = fill(form, form_context, values)
        if filled.errors:
            return self._render(form, form_context, person, case, filled, status=400)
        try:
            objection = self._objection(form, form_context, person, case, filled)
            if objection is not None:
                return self._render_objection(form, form_context, person, case, filled, objection)
            sent = self._submit(form, form_context, person, case, filled)
        except Unavailable:
            raise
        except ExchangeError as error:
            hint = ALREADY_SENT if error.error_code == "command-id-taken" else failure_text(error.error_code)
            review = None
            if form.act.ON is Kind.CASE:
                message = self._message_of(form, form_context, case, filled)
                review = address_review(self._pages, person, case, message, error)
            return self._render(
                form,
                form_context,
                person,
                case,
                filled,
                status=400,
                problem=f"{title_of(error)}。{hint}",
                review=review,
            )
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
        """The hub has refused it, on record: the same form again, under a new id."""
        text = refusal_text(form_context, sent)
        field_name = field_of_refusal(form, form_context, sent.reason)
        if field_name:
            filled.errors[field_name] = text
        return self._render(
            form,
            form_context,
            person,
            case,
            filled,
            status=403,
            problem="" if field_name else text,
            not_sent=REFUSED_ON_RECORD,
        )

    def _objection(
        self, form: Form, form_context: FormContext, person: Person, case: UUID | None, filled: Filled
    ) -> Objection | None:
        """Why the hub would refuse it, if it says so now. Raises what sending raises for what does not leave the door."""
        if form.act.ON is not Kind.CASE:
            return None
        message = self._message_of(form, form_context, case, filled)
        if filled.one(CONFIRMED):
            message = with_address_flags(self._pages.door, person, message, self._pages.attachments)
        return objection_before_sending(self._pages, person, message, anyway=bool(filled.one(ANYWAY)))

    def _render_objection(
        self,
        form: Form,
        form_context: FormContext,
        person: Person,
        case: UUID | None,
        filled: Filled,
        objection: Objection,
    ) -> Response:
        """Nothing is recorded: the reason at its field, and the choice to send it in spite of it."""
        field_name, text = "", objection.text
        if objection.dry_run is not None:
            text = refusal_text(form_context, objection.dry_run)
            field_name = field_of_refusal(form, form_context, objection.dry_run.reason)
        if field_name:
            filled.errors[field_name] = text
        return self._render(
            form,
            form_context,
            person,
            case,
            filled,
            status=400,
            problem="" if field_name else text,
            may_send_anyway=True,
        )

    def _context_for(
        self, form: Form, person: Person, case: UUID | None, about: str, command_id: UUID | None
    ) -> FormContext:
        """The context of this form, with the subject it is about. Raises NotFound."""
        if form.act.ON is not Kind.CASE:
            return self._programme_context(form, person, about, command_id)
        if case is None and not form.begins_case:
            raise NotFound("not-found")
        self._pages.door.refresh_if_possible()
        form_context = form_context_of(self._pages, person, case, command_id=command_id)
        if case is not None and not form_context.messages:
            raise NotFound("not-found")
        if form.is_about_case:
            return form_context
        subject: Message | None
        if AuditContentAccessRequested in form.about:
            audits = audit_requests(self._pages, person, case)
            subject = next((a for a in audits if a["message"] == about and a["all_items_visible"]), None)
        else:
            subject = form_context.message(about)
        if subject is None or "fields" not in subject:
            raise NotFound("not-found")
        return replace(form_context, about=subject)

    def _programme_context(
        self, form: Form, person: Person, about: str, command_id: UUID | None
    ) -> FormContext:
        form_context = form_context_of(self._pages, person, command_id=command_id)
        subjects = programme_subjects(self._pages, person, form_context).of(form.subject_kind)
        subject = next((s for s in subjects if s["message"] == about), None)
        if subject is None:
            raise NotFound("not-found")
        return replace(form_context, about=subject)

    def _submit(
        self, form: Form, form_context: FormContext, person: Person, case: UUID | None, filled: Filled
    ) -> SubmissionResult:
        if form.act.ON is not Kind.CASE:
            return self._submit_programme(form, form_context, person, filled)
        message = self._message_of(form, form_context, case, filled)
        if filled.one(CONFIRMED):
            message = with_address_flags(self._pages.door, person, message, self._pages.attachments)
        return send_message(self._pages.door, person, message, self._pages.attachments)

    @staticmethod
    def _message_of(form: Form, form_context: FormContext, case: UUID | None, filled: Filled) -> MessageIn:
        field_values, about = dict(filled.field_values), form_context.about
        reason, consent = field_values.pop("reason", None), [UUID(c) for c in field_values.pop("consent", [])]
        if not consent:
            recipients = [a for a, code in filled.basis.items() if code in CONSENT_BASES]
            used = [part.section for part in filled.parts] + [a.section.value for a in filled.attached]
            consent = form_context.consents(recipients, used)
        answers = {form.answers: about["message"]} if about and form.answers else {}
        return MessageIn(
            case=case or form_context.command_id,
            act=form.act.TOPIC,
            to=[UUID(a) for a in filled.to],
            basis={UUID(a): code for a, code in filled.basis.items()},
            consent=consent,
            purpose=form.purpose,
            reason=reason,
            fields={**form.fixed, **answers, **field_values},
            sections=[SectionIn.model_validate(part.to_json()) for part in filled.parts],
            attachments=attachments_in(filled.attached),
            command_id=form_context.command_id,
        )

    def _submit_programme(
        self, form: Form, form_context: FormContext, person: Person, filled: Filled
    ) -> SubmissionResult:
        about, fields = form_context.about or {}, {**form.fixed, **filled.field_values}
        named = form.originator(fields, form_context) if form.originator else UUID(about["message"])
        return self._pages.door.send(
            form.act.ON or Kind.AGENCY,
            named,
            form.act.TOPIC,
            fields,
            actor=person.actor,
            command_id=form_context.command_id,
            request=json.dumps([form.key, about["message"], fields], sort_keys=True).encode(),
        )

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
        attach_problem: str = "",
        review: AddressReview | None = None,
        not_sent: str = NOT_RECORDED,
        may_send_anyway: bool = False,
    ) -> Response:
        about = form_context.about if form.act.ON is Kind.CASE else None
        programme = form.act.ON is not Kind.CASE
        back = "/programme" if programme else ("/cases" if case is None else f"/cases/{case}")
        path = "/programme" if programme else ("" if case is None else f"/cases/{case}")
        action = f"{self._pages.base}{path}/forms/{form.key}"
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
            not_sent=not_sent,
            may_send_anyway=may_send_anyway,
            case_warnings=contact_ban_warnings(form_context.messages, form_context.now),
            review=review,
            dv_protected=case is not None and self._pages.door.addresses.protected_until(case) is not None,
            case=None if case is None else str(case),
            action=action,
            **attaching_values(
                self._pages,
                person,
                filled.values,
                attachable_sections(form),
                action=f"{action}/attach",
                problem=attach_problem or filled.errors.get("attachments", ""),
            ),
            alike=alike_cases(self._pages, person, case) if form.act is CasesJoined and case else [],
            about_id=(form_context.about or {}).get("message", ""),
            back=self._pages.base + back,
            names=self._pages.names(),
            command_id=str(uuid4() if status == 403 else form_context.command_id),
        )


def _field_labels(form: Form, form_context: FormContext) -> dict[str, str]:
    """Field -> label, for the list of errors."""
    labels = {f.name: f.label for f in form.visible_fields(form_context)} | {
        w.name: w.label for w in form.section_inputs
    }
    return labels | {"to": "宛先", "attachments": "添付"}


def _redirect_path(form: Form, sent: SubmissionResult) -> str:
    if form.act.ON is not Kind.CASE:
        return f"/programme?done={form.key}"
    return f"/cases/{sent.case}?done={form.key}#m-{sent.command_id}"


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed("wrong-fields", "Correct the field command_id.") from error
