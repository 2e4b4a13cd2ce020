"""The page of a form: one for every act of the table, sent like any other command.

The hub decides. A refusal is shown at the field to correct, and what was entered is kept.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import ExchangeError, Malformed, NotFound, Unavailable
from domain.events import AuditContentAccessRequested, CasesJoined, Kind
from domain.reasons import Reason
from domain.visibility import CONSENT_BASES
from gateway.agency.door import DryRun, SubmissionResult
from gateway.agency.factors.step_up import STEP_UP_NEEDED
from gateway.agency.forms.addressees import addressees_of
from gateway.agency.forms.children import UNKNOWN
from gateway.agency.forms.fill import Filled, attachable_sections, field_of_refusal, fill, initial_values
from gateway.agency.forms.kinds import Form, FormContext, Message
from gateway.agency.forms.links import summary_rows_of
from gateway.agency.forms.programme import commission_subject
from gateway.agency.forms.search import contact_ban_warnings
from gateway.agency.forms.table import form_of
from gateway.agency.index.likeness import Likeness
from gateway.agency.index.readers import reader_of
from gateway.agency.page_drafts import FORM_MAX_FIELDS, draft_bytes
from gateway.agency.staff import Person
from gateway.agency.store import FAILED, WAITING, OutboxEntry
from gateway.agency.web.addresses import CONFIRMED, AddressReview, address_review
from gateway.agency.web.attaching import (
    Entered,
    attaching_values,
    attachments_in,
    receive_entered,
)
from gateway.agency.web.before_sending import ANYWAY, Objection, objection_before_sending, refusal_text
from gateway.agency.web.families import alike_cases
from gateway.agency.web.form_context import audit_requests, form_context_of, programme_subjects
from gateway.agency.web.guard import SignedIn, step_up_path
from gateway.agency.web.messages import MessageIn, SectionIn, send_message, with_address_flags
from gateway.agency.web.outbox import outbox_row
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.preview import preview_of
from gateway.pages.law import law_of
from gateway.pages.texts import failure_text
from gateway.protocol.problems import text_ja_of, title_of
from keys.lp import sha256

NOT_RECORDED = "まだ記録していません。"
REFUSED_ON_RECORD = "認められませんでした。拒否として記録に残りました。"
MAX_ASKED = 5000
"""Of how many drafts the door remembers that they were looked at."""
OVERRIDE_BASIS = "APPI-69-2-4"
DRAFT_GIVEN_BACK = "時間が過ぎてログアウトしていたため、送る前に預かりました。まだ送っていません。確かめて、もう一度送ってください。"
ALREADY_SENT = "この画面からはすでに送りました。送信箱で結果を確かめてください。"


@dataclass(frozen=True)
class _Place:
    """A form where it is filled in. ``path``: of its page, below the door."""

    form: Form
    person: Person
    case: UUID | None
    path: str

    @property
    def back(self) -> str:
        """Where one goes who writes nothing."""
        if self.form.act.ON is not Kind.CASE:
            return "/programme"
        return "/cases" if self.case is None else f"/cases/{self.case}"


@dataclass(frozen=True)
class WrittenOutcome:
    """What became of what was written elsewhere. ``outcome``: recorded, waiting or refused; ``id``: of the command, or of the
    draft where it was not sent; ``text``: why."""

    outcome: str
    id: UUID
    text: str = ""


PREVIEW, EDIT, SEND, INSIST, SEARCH = "preview", "edit", "send", "insist", "search"
"""What the button asks for that was pressed (``step``): to look at it first, to write on, to send it, to look at it before
it is sent in spite of an objection, to search among the choices of a field."""


def add_form_pages(people: APIRouter, pages: PageContext) -> None:
    """``/new`` refers a family and ``/cases/{case}/disclose`` discloses about a known one; ``/forms`` begins a case,
    ``/cases/{case}/forms`` is about one, ``/programme/forms`` about no case."""
    form_page = FormPage(pages)

    def place_of(request: Request, person: Person, key: str, case: UUID | None) -> _Place:
        path = request.url.path.removeprefix(pages.base).removesuffix("/attach")
        form = form_of(key)
        pages.permissions.require_of(form.act.TOPIC, person, case)
        return _Place(form, person, case, path)

    def add(path: str, fixed_key: str = "") -> None:
        @people.get(path, response_class=HTMLResponse, include_in_schema=False)
        def empty_form(
            request: Request,
            person: SignedIn,
            key: str = fixed_key,
            case: UUID | None = None,
            about: str = "",
            draft: UUID | None = None,
        ) -> Response:
            query = request.query_params
            query_values = {name: query.getlist(name) for name in query if name != "draft"}
            place = place_of(request, person, fixed_key or key, case)
            return form_page.opened(place, about, draft, query_values)

        @people.post(path, response_class=HTMLResponse, include_in_schema=False)
        async def send_form(
            request: Request, person: SignedIn, key: str = fixed_key, case: UUID | None = None
        ) -> Response:
            async with request.form(max_files=0, max_fields=FORM_MAX_FIELDS) as entered:
                values = {name: [str(v) for v in entered.getlist(name)] for name in entered}
            place = await run_in_threadpool(place_of, request, person, fixed_key or key, case)
            return await run_in_threadpool(form_page.entered, place, values)

    def add_attaching(path: str, fixed_key: str = "") -> None:
        @people.post(f"{path}/attach", response_class=HTMLResponse, include_in_schema=False)
        async def attach(
            request: Request, person: SignedIn, key: str = fixed_key, case: UUID | None = None
        ) -> Response:
            place = await run_in_threadpool(place_of, request, person, fixed_key or key, case)
            if not attachable_sections(place.form) or not await run_in_threadpool(form_page.exists, place):
                raise NotFound("not-found")
            entered = await receive_entered(request, pages, person)
            return entered.note(await run_in_threadpool(form_page.attached, place, entered))

    for path, key in (
        ("/new", "referral"),
        ("/cases/{case}/disclose", "disclosure"),
        ("/forms/{key}", ""),
        ("/cases/{case}/forms/{key}", ""),
    ):
        add(path, key)
        add_attaching(path, key)
    add("/programme/forms/{key}")


class _AskedBefore:
    """What was looked at without an objection since the door started: to look at the same again asks nothing more of the
    hub. Thread-safe. Digests only."""

    def __init__(self) -> None:
        self._digests: OrderedDict[tuple[str, UUID], bytes] = OrderedDict()
        self._lock = Lock()

    def add(self, key: tuple[str, UUID], written: bytes) -> None:
        with self._lock:
            self._digests[key] = sha256(written)
            self._digests.move_to_end(key)
            if len(self._digests) > MAX_ASKED:
                self._digests.popitem(last=False)

    def holds(self, key: tuple[str, UUID], written: bytes) -> bool:
        with self._lock:
            return self._digests.get(key) == sha256(written)


class FormPage:
    """One form, empty or with the entered values."""

    def __init__(self, pages: PageContext) -> None:
        self._pages = pages
        self._asked = _AskedBefore()

    def exists(self, place: _Place) -> bool:
        """Whether there is such a case, where it is about one."""
        return place.case is None or bool(self._pages.door.store.message_count(place.case))

    def opened(
        self, place: _Place, about: str, draft: UUID | None, query_values: dict[str, list[str]]
    ) -> Response:
        """The page as it is opened: with the draft of this id, if it is this person's; or what became of it."""
        saved = None
        if draft is not None:
            saved = self._pages.drafts.find(place.person.actor, draft)
            sent = self._pages.door.store.sent(draft)
            is_given_back = saved is not None and sent is not None and sent.is_refused
            if sent is not None and sent.state != FAILED and not is_given_back:
                return self._render_sent(place, sent)
        if saved is not None and saved.path == place.path:
            form_context = self._context_for(place, saved.values.get("about", [about])[0], draft)
            if query_values.get("step") == [PREVIEW]:
                return self._previewed_draft(place, form_context, Filled(saved.values))
            notes = [DRAFT_GIVEN_BACK] if "kept" in query_values else []
            return self._render(place, form_context, Filled(saved.values), saved_at=saved.at, notes=notes)
        form_context = self._context_for(place, about, None)  # nobody writes under the key of another's draft
        filled = initial_values(place.form, form_context)
        filled.values = {**filled.values, **query_values}
        return self._render(place, form_context, filled)

    def _key_to_send_under(self, person: Person, id: UUID) -> UUID:
        """The page's key; another where a colleague writes under it, and where the hub has refused what waited under it."""
        drafts, sent = self._pages.drafts, self._pages.door.store.sent(id)
        if drafts.is_of_another(person.actor, id):
            return uuid4()
        if sent is None or not sent.is_refused or drafts.find(person.actor, id) is None:
            return id
        again = uuid4()
        drafts.renew(person.actor, id, again)
        return again

    def _previewed_draft(self, place: _Place, form_context: FormContext, saved: Filled) -> Response:
        filled = fill(place.form, form_context, saved.values)
        if filled.errors:
            return self._render(place, form_context, filled)
        key, written = (place.person.actor, form_context.command_id), draft_bytes(place.path, saved.values)
        try:
            if not self._asked.holds(key, written):
                objection = self._objection(place, form_context, filled)
                if objection is not None:
                    return self._render_objection(place, form_context, filled, objection)
                self._asked.add(key, written)
            return self._render_preview(place, form_context, filled)
        except Unavailable:
            raise
        except ExchangeError as error:
            return self._render_error(place, form_context, filled, error)

    def attached(self, place: _Place, entered: Entered) -> Response:
        """The form with what was entered, after a file was attached or discarded."""
        values = entered.values
        command_id = _parse_uuid(values.get("command_id", [str(uuid4())])[0] or str(uuid4()))
        form_context = self._context_for(place, values.get("about", [""])[0], command_id)
        return self._render(place, form_context, Filled(values), attach_problem=entered.problem)

    def entered(self, place: _Place, values: dict[str, list[str]]) -> Response:
        """What was entered: shown for another look, or sent."""
        command_id = self._key_to_send_under(place.person, _parse_uuid(values.get("command_id", [""])[0]))
        values["command_id"] = [str(command_id)]
        form_context = self._context_for(place, values.get("about", [""])[0], command_id)
        step = next(iter(values.pop("step", [])), PREVIEW)
        is_first_look = place.form.is_previewed and step != SEND
        if is_first_look and step != INSIST:
            values.pop(ANYWAY, None)  # only what is sent is sent in spite of an objection
        if step == SEARCH or _has_other_search(place.form, values):
            return self._render(place, form_context, Filled(values))
        filled = fill(place.form, form_context, values)
        if step == EDIT:
            if self._pages.drafts.find(place.person.actor, command_id) is not None:
                return RedirectResponse(self._action(place, command_id), 303)
            filled.errors.clear()
            return self._render(place, form_context, filled)
        if filled.errors:
            return self._render(place, form_context, filled, status=400)
        return self._tried(place, form_context, filled, is_first_look=is_first_look)

    def _tried(
        self, place: _Place, form_context: FormContext, filled: Filled, *, is_first_look: bool
    ) -> Response:
        """What speaks against it; else the look before sending, or what became of it once it was sent."""
        try:
            objection = self._objection(place, form_context, filled)
            if objection is not None:
                return self._render_objection(place, form_context, filled, objection)
            if is_first_look and not self._pages.door.store.is_sent(form_context.command_id):
                return self._preview(place, form_context, filled)
            sent = self._submit(place, form_context, filled)
        except Unavailable:
            raise
        except ExchangeError as error:
            if error.error_code == STEP_UP_NEEDED:
                return self._to_step_up(place, form_context, filled, error)
            return self._render_error(place, form_context, filled, error)
        form_context = self._settle_draft(place, form_context, filled, sent)
        if sent.outcome == "recorded":
            return RedirectResponse(self._pages.base + _redirect_path(place.form, sent), 303)
        if sent.outcome == "waiting":
            return RedirectResponse(f"{self._pages.base}/outbox?sent={sent.command_id}", 303)
        return self._render_refusal(place, form_context, filled, sent)

    def _to_step_up(
        self, place: _Place, form_context: FormContext, filled: Filled, error: ExchangeError
    ) -> Response:
        """Keep what was written under its key, ask for a fresh factor, and come back to the look before sending."""
        try:
            self._pages.drafts.save(place.person.actor, form_context.command_id, place.path, filled.values)
        except ExchangeError:  # too long to be kept: the page has it
            return self._render_error(place, form_context, filled, error)
        query = {"draft": str(form_context.command_id)}
        if place.form.is_previewed:
            query["step"] = PREVIEW
        return RedirectResponse(f"{self._pages.base}{step_up_path(f'{place.path}?{urlencode(query)}')}", 303)

    def send_written(
        self, person: Person, key: str, case: UUID, values: dict[str, list[str]]
    ) -> WrittenOutcome:
        """Send what was written on a short form or elsewhere, as the page of this form would; what can't be sent is kept as a
        draft. ``values``: as this form has them, with its ``command_id``. Raises Unavailable (nothing is
        stored), and what keeping a draft raises."""
        place = _Place(form_of(key), person, case, f"/cases/{case}/forms/{key}")
        asked = _parse_uuid(values.get("command_id", [""])[0])
        before = self._pages.door.store.sent(asked)
        if before is not None and before.state != FAILED and not before.is_refused:
            return WrittenOutcome("waiting" if before.state == WAITING else "recorded", asked)
        command_id = self._key_to_send_under(person, asked)
        values = {**values, "command_id": [str(command_id)]}
        try:
            form_context = self._context_for(place, "", command_id)
            filled = fill(place.form, form_context, values)
            text = next(iter(filled.errors.values()), "")
            objection = None if text else self._objection(place, form_context, filled)
            if objection is not None:
                answer = objection.dry_run
                text = objection.text if answer is None else refusal_text(form_context, answer)
            if not text:
                sent = self._submit(place, form_context, filled)
                form_context = self._settle_draft(place, form_context, filled, sent)
                if sent.outcome != "refused":
                    return WrittenOutcome(sent.outcome, command_id)
                return WrittenOutcome("refused", form_context.command_id, refusal_text(form_context, sent))
        except Unavailable:
            raise
        except ExchangeError as error:
            text = text_ja_of(error)
        self._pages.drafts.save(person.actor, command_id, place.path, values)
        return WrittenOutcome("refused", command_id, text)

    def _settle_draft(
        self, place: _Place, form_context: FormContext, filled: Filled, sent: SubmissionResult
    ) -> FormContext:
        """What is recorded needs no draft; of what waits one is kept until it is recorded; what was refused is kept under
        the key under which it is written on, which the returned context has."""
        actor, drafts = place.person.actor, self._pages.drafts
        if sent.outcome == "recorded":
            drafts.delete(actor, sent.command_id)
            return form_context
        if sent.outcome == "waiting":
            with suppress(ExchangeError):  # too long to be kept twice: the outbox has it
                drafts.keep_until_recorded(actor, sent.command_id, place.path, filled.values)
            return form_context
        again = uuid4()
        with suppress(ExchangeError):  # too long or too many to be kept: the page has it
            drafts.replace(actor, sent.command_id, again, place.path, filled.values)
        return replace(form_context, command_id=again)

    def _preview(self, place: _Place, form_context: FormContext, filled: Filled) -> Response:
        """The look before sending: at an address of its own, so that back and reload show it again, or what became of it."""
        page = self._render_preview(place, form_context, filled)
        if filled.one(ANYWAY):
            return page  # what is looked at again is asked again, and objected to
        actor, id = place.person.actor, form_context.command_id
        try:
            self._pages.drafts.save(actor, id, place.path, filled.values)
        except ExchangeError:  # too long to be kept: what is shown is in the browser, too
            return page
        self._asked.add((actor, id), draft_bytes(place.path, filled.values))
        return RedirectResponse(f"{self._action(place, form_context.command_id)}&step={PREVIEW}", 303)

    def _render_preview(self, place: _Place, form_context: FormContext, filled: Filled) -> Response:
        message = self._message_of(place, form_context, filled)
        if filled.one(CONFIRMED):
            message = with_address_flags(self._pages.door, place.person, message, self._pages.attachments)
        preview = preview_of(self._pages, place.person, form_context, message)
        return self._pages.render_page(
            "preview.html",
            f"{place.form.title}: 内容の確認",
            place.person,
            form=place.form,
            preview=preview,
            insists=bool(filled.one(ANYWAY)),
            shown_fields=summary_rows_of(form_context, _fields_to_look_at(place.form, message)),
            action=self._action(place, form_context.command_id),
            back=self._pages.base + place.back,
            hidden=[(name, text) for name, texts in filled.values.items() for text in texts],
        )

    def _action(self, place: _Place, command_id: UUID) -> str:
        return f"{self._pages.base}{place.path}?draft={command_id}"

    def _render_sent(self, place: _Place, sent: OutboxEntry) -> Response:
        """What became of what was sent from this page before."""
        return self._pages.render_page(
            "sent.html",
            "この画面からは、もう送りました",
            place.person,
            form=place.form,
            sent=outbox_row(self._pages.door, sent),
            case=str(sent.about) if place.form.act.ON is Kind.CASE else None,
            again=self._pages.base + place.path,
            back=self._pages.base + place.back,
        )

    def _render_error(
        self, place: _Place, form_context: FormContext, filled: Filled, error: ExchangeError
    ) -> Response:
        hint = ALREADY_SENT if error.error_code == "command-id-taken" else failure_text(error.error_code)
        review = None
        if place.form.act.ON is Kind.CASE:
            message = self._message_of(place, form_context, filled)
            review = address_review(self._pages, place.person, place.case, message, error)
        detail = getattr(error, "detail_ja", "")
        return self._render(
            place,
            form_context,
            filled,
            status=400,
            problem=f"{title_of(error)}。{hint}{detail}",
            review=review,
        )

    def _render_refusal(
        self, place: _Place, form_context: FormContext, filled: Filled, sent: SubmissionResult
    ) -> Response:
        """The hub has refused it, on record: the same form again, under a new id."""
        return self._render_reason(
            place, form_context, filled, sent, refusal_text(form_context, sent), not_sent=REFUSED_ON_RECORD
        )

    def _objection(self, place: _Place, form_context: FormContext, filled: Filled) -> Objection | None:
        """Why the hub would refuse it, if it says so now. Raises what sending raises for what does not leave the door."""
        if place.form.act.ON is not Kind.CASE:
            return None
        message = self._message_of(place, form_context, filled)
        if filled.one(CONFIRMED):
            message = with_address_flags(self._pages.door, place.person, message, self._pages.attachments)
        return objection_before_sending(self._pages, place.person, message, anyway=bool(filled.one(ANYWAY)))

    def _render_objection(
        self, place: _Place, form_context: FormContext, filled: Filled, objection: Objection
    ) -> Response:
        """Nothing is recorded: the reason at its field, and the choice to send it in spite of it."""
        answer = objection.dry_run
        text = objection.text if answer is None else refusal_text(form_context, answer)
        return self._render_reason(place, form_context, filled, answer, text, may_send_anyway=True)

    def _render_reason(
        self,
        place: _Place,
        form_context: FormContext,
        filled: Filled,
        refusal: SubmissionResult | DryRun | None,
        text: str,
        *,
        not_sent: str = NOT_RECORDED,
        may_send_anyway: bool = False,
    ) -> Response:
        reason = None if refusal is None else refusal.reason
        field_name = field_of_refusal(place.form, form_context, reason) or _field_of_trace(
            place.form, form_context, refusal
        )
        if field_name:
            filled.errors[field_name] = text
        return self._render(
            place,
            form_context,
            filled,
            status=400 if may_send_anyway else 403,
            problem="" if field_name else text,
            override=_override_link(self._pages, place, filled, reason),
            not_sent=not_sent,
            may_send_anyway=may_send_anyway,
        )

    def _context_for(self, place: _Place, about: str, command_id: UUID | None) -> FormContext:
        """The context of this form, with the subject it is about. Raises NotFound."""
        form, person, case = place.form, place.person, place.case
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
            audits = audit_requests(self._pages, person, case, is_needed=True)
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

    def _submit(self, place: _Place, form_context: FormContext, filled: Filled) -> SubmissionResult:
        if place.form.act.ON is not Kind.CASE:
            return self._submit_programme(place, form_context, filled)
        message = self._message_of(place, form_context, filled)
        if filled.one(CONFIRMED):
            message = with_address_flags(self._pages.door, place.person, message, self._pages.attachments)
        return send_message(self._pages.door, place.person, message, self._pages.attachments)

    @staticmethod
    def _message_of(place: _Place, form_context: FormContext, filled: Filled) -> MessageIn:
        form = place.form
        field_values, about = dict(filled.field_values), form_context.about
        reason, consent = field_values.pop("reason", None), [UUID(c) for c in field_values.pop("consent", [])]
        if not consent:
            recipients = [a for a, code in filled.basis.items() if code in CONSENT_BASES]
            used = [part.section for part in filled.parts] + [a.section.value for a in filled.attached]
            consent = form_context.consents(recipients, used)
        answers = {form.answers: about["message"]} if about and form.answers else {}
        return MessageIn(
            case=place.case or form_context.command_id,
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

    def _submit_programme(self, place: _Place, form_context: FormContext, filled: Filled) -> SubmissionResult:
        form = place.form
        about, fields = form_context.about or {}, {**form.fixed, **filled.field_values}
        named = form.originator(fields, form_context) if form.originator else UUID(about["message"])
        return self._pages.door.send(
            form.act.ON or Kind.AGENCY,
            named,
            form.act.TOPIC,
            fields,
            actor=place.person.actor,
            command_id=form_context.command_id,
            request=json.dumps([form.key, about["message"], fields], sort_keys=True).encode(),
        )

    def _subject(
        self, form: Form, form_context: FormContext, person: Person, case: UUID | None
    ) -> tuple[str, Sequence[tuple[str, str]]]:
        """What the form is about, by name, and what tells it from others: a family, a contractor, a network."""
        about = form_context.about or {}
        if form.act.ON is Kind.CASE:
            return ("", ()) if case is None else (self._case_name(case, person), _child_rows(form_context))
        names = self._pages.names()
        if about.get("act") == "commission":
            return commission_subject(about, names, form_context.agency)
        if about.get("act") == "network":
            return f"要保護児童対策地域協議会(調整機関: {names.get(about['by'], '')})", ()
        return names.get(form_context.agency, "この機関"), ()

    def _case_name(self, case: UUID, person: Person) -> str:
        door = self._pages.door
        name = door.index.names([case], reader_of(door, person.actor))[str(case)]
        reading = f"({name.reading})" if name.reading else ""
        return f"事例 {str(case)[:8]} {name.text}{reading}".strip()

    def _alike(self, person: Person, case: UUID) -> list[Likeness]:
        door = self._pages.door
        return alike_cases(self._pages, person, reader_of(door, person.actor), case)

    def _render(
        self,
        place: _Place,
        form_context: FormContext,
        filled: Filled,
        *,
        status: int = 200,
        problem: str = "",
        attach_problem: str = "",
        review: AddressReview | None = None,
        override: str = "",
        saved_at: str = "",
        notes: Sequence[str] = (),
        not_sent: str = NOT_RECORDED,
        may_send_anyway: bool = False,
    ) -> Response:
        form, case = place.form, place.case
        about = form_context.about if form.act.ON is Kind.CASE else None
        command_id = form_context.command_id
        return self._pages.render_page(
            "form.html",
            form.title,
            place.person,
            current_path=place.path,
            status=status,
            form=form,
            law=law_of(form.act),
            form_context=form_context,
            fields=form.visible_fields(form_context),
            labels=_field_labels(form, form_context),
            filled=filled,
            about=about,
            about_summary=summary_rows_of(form_context, about) if about else [],
            subject=self._subject(form, form_context, place.person, place.case),
            addressees=addressees_of(form.to, form_context, filled),
            problem=problem,
            override=override,
            notes=notes,
            not_sent=not_sent,
            may_send_anyway=may_send_anyway,
            case_warnings=contact_ban_warnings(form_context.messages, form_context.now),
            review=review,
            dv_protected=case is not None and self._pages.door.addresses.protected_until(case) is not None,
            case=None if case is None else str(case),
            action=self._action(place, command_id),
            path=place.path,
            saved_at=saved_at,
            **attaching_values(
                self._pages,
                place.person,
                filled.values,
                attachable_sections(form),
                action=f"{self._pages.base}{place.path}/attach",
                problem=attach_problem or filled.errors.get("attachments", ""),
            ),
            alike=self._alike(place.person, case) if form.act is CasesJoined and case else [],
            about_id=(form_context.about or {}).get("message", ""),
            back=self._pages.base + place.back,
            names=self._pages.names(),
            command_id=str(command_id),
        )


def _has_other_search(form: Form, values: Mapping[str, Sequence[str]]) -> bool:
    """Whether another text is to be searched for than the one whose choices the page showed, as when Enter was pressed in it."""
    names = [field.search_name for field in form.fields if field.search is not None]
    return any(values.get(name, [""]) != values.get(f"{name}.before", [""]) for name in names)


def _fields_to_look_at(form: Form, message: MessageIn) -> Message:
    """The fields of control in the shape of a message; without the children, where the content names them."""
    hidden = {"children"} if form.children_from_content else set()
    fields = {name: value for name, value in message.fields.items() if name not in hidden}
    return {"act": form.act.TOPIC, "fields": fields, "message": ""}


def _child_rows(form_context: FormContext) -> list[tuple[str, str]]:
    names = sorted({text for ref, text in form_context.messages.child_names().items() if ref != UNKNOWN})
    return [("子ども", "、".join(names))] if names else []


def _override_link(pages: PageContext, place: _Place, filled: Filled, reason: str | None) -> str:
    """The form that asks two others for approval, if that approval was what was missing; else empty."""
    if place.case is None or reason != Reason.NOT_APPROVED_BY_TWO:
        return ""
    overriding = [a for a, code in filled.basis.items() if code == OVERRIDE_BASIS]
    asked = {
        "code": OVERRIDE_BASIS,
        "recipients": overriding,
        "sections": sorted({part.section for part in filled.parts}),
    }
    return f"{pages.base}/cases/{place.case}/forms/override?{urlencode(asked, doseq=True)}"


def _field_of_trace(form: Form, form_context: FormContext, refusal: SubmissionResult | DryRun | None) -> str:
    """The first field in which words of the notifier stand, after a dry run in which the door met them."""
    sections = refusal.notifier_in if isinstance(refusal, DryRun) else ()
    return next((w.name for w in form.visible_sections(form_context) if w.section.value in sections), "")


def _field_labels(form: Form, form_context: FormContext) -> dict[str, str]:
    """Field -> label, for the list of errors."""
    labels = {f.name: f.label for f in form.visible_fields(form_context)} | {
        w.name: w.label for w in form.visible_sections(form_context)
    }
    return labels | {"to": "宛先", "attachments": "添付"}


def _redirect_path(form: Form, sent: SubmissionResult) -> str:
    """To the top of the page, where it states what was recorded."""
    if form.act.ON is not Kind.CASE:
        return f"/programme?done={form.key}"
    return f"/cases/{sent.case}?done={form.key}&sent={sent.command_id}"


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed("wrong-fields", "Correct the field command_id.") from error
