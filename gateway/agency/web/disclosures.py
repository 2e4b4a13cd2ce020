"""Disclosing sections and files to one agency: beginning a case, or about a known one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from domain.blank_text import is_blank
from domain.calendar import day_of
from domain.codes import Section
from domain.content import plain
from domain.errors import ExchangeError, Malformed, NotFound
from domain.reasons import Reason
from domain.visibility import CONSENT_BASES
from gateway.agency.attachments import AttachedPart
from gateway.agency.forms.attached import read_attached
from gateway.agency.forms.content_inputs import FieldProblem
from gateway.agency.forms.fill import Filled
from gateway.agency.forms.kinds import CaseMessages, Choices, FormContext, bases_of_agency
from gateway.agency.forms.references import own_decisions_not_to_disclose
from gateway.agency.forms.search import contact_ban_warnings
from gateway.agency.forms.transfer import BASIC
from gateway.agency.staff import Person
from gateway.agency.web.addresses import CONFIRMED, AddressReview, address_review
from gateway.agency.web.attaching import MAX_FIELDS, attaching_values, attachments_in, receive_entered
from gateway.agency.web.before_sending import ANYWAY, Objection, objection_before_sending, refusal_text
from gateway.agency.web.form_context import form_context_of
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.messages import (
    MessageIn,
    SectionIn,
    SentOut,
    send_message,
    to_sent_out,
    with_address_flags,
)
from gateway.agency.web.page_context import PageContext
from gateway.protocol.problems import text_ja_of

DISCLOSURE_ACTS = ("disclosure.made", "information.requested", "family_information.provided")
MAX_SECTIONS = 20
SENDABLE_SECTIONS = tuple(s.value for s in Section if s not in (Section.SOURCE, Section.REASON))


@dataclass(frozen=True, kw_only=True)
class _DisclosureForm:
    """What was entered, so that a refusal loses nothing. ``sections``: section and text of each, in order."""

    act: str = ""
    to: str = ""
    basis: str = ""
    sections: tuple[tuple[str, str], ...] = (("", ""),)
    answers: str = ""
    is_confirmed: bool = False
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Sequence[str]]) -> _DisclosureForm:
        sections, texts = values.get("section", ()), values.get("text", ())
        return cls(
            act=_first(values, "act"),
            to=_first(values, "to"),
            basis=_first(values, "basis"),
            sections=tuple(zip_longest(sections, texts, fillvalue=""))[:MAX_SECTIONS] or (("", ""),),
            answers=_first(values, "answers"),
            is_confirmed=_first(values, CONFIRMED) == "true",
            values=values,
        )

    def with_more(self) -> _DisclosureForm:
        """With a place for one more section."""
        return replace(self, sections=(*self.sections, ("", ""))[:MAX_SECTIONS])


def _first(values: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(values.get(name, ())), "")


def add_disclosure_pages(people: APIRouter, pages: PageContext) -> None:
    """``/new`` begins a case; ``/cases/{case}/disclose`` is about one. The paths below them attach a file, or add a place for
    one more section, and show again what was written."""

    @people.get("/new", response_class=HTMLResponse, include_in_schema=False)
    @people.get("/cases/{case}/disclose", response_class=HTMLResponse, include_in_schema=False)
    def empty_disclosure(request: Request, person: SignedIn, case: UUID | None = None) -> Response:
        query = request.query_params
        section = query.get("section", "")
        form = _DisclosureForm(
            to=query.get("to", ""), basis=query.get("basis", ""), sections=((section, ""),)
        )
        return _render_disclosure_form(pages, person, case, form)

    @people.post("/new", response_class=HTMLResponse, include_in_schema=False)
    @people.post("/cases/{case}/disclose", response_class=HTMLResponse, include_in_schema=False)
    async def send_disclosure(request: Request, person: SignedIn, case: UUID | None = None) -> Response:
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as entered:
            values = {name: [str(v) for v in entered.getlist(name)] for name in entered}
        form = _DisclosureForm.of(values)
        if _first(values, "more"):
            return await run_in_threadpool(
                _render_disclosure_form, pages, person, case, form.with_more(), problem=""
            )
        return await run_in_threadpool(_send_entered, pages, person, case, form)

    @people.post("/new/attach", response_class=HTMLResponse, include_in_schema=False)
    @people.post("/cases/{case}/disclose/attach", response_class=HTMLResponse, include_in_schema=False)
    async def attach(request: Request, person: SignedIn, case: UUID | None = None) -> Response:
        if case is not None and not await run_in_threadpool(pages.door.store.message_count, case):
            raise NotFound("not-found")
        entered = await receive_entered(request, pages, person)
        form = _DisclosureForm.of(entered.values)
        return entered.note(
            await run_in_threadpool(
                _render_disclosure_form, pages, person, case, form, attach_problem=entered.problem
            )
        )


def _send_entered(pages: PageContext, person: Person, case: UUID | None, form: _DisclosureForm) -> Response:
    attached, problem = read_attached(form.values, SENDABLE_SECTIONS)
    form_context, family = form_context_of(pages, person, case), Filled(form.values)
    try:
        sections = _sections_of(form_context, form, family, begins_case=case is None)
    except FieldProblem as wrong:
        family.errors[wrong.field_name] = wrong.message
        return _render_disclosure_form(
            pages, person, case, form, problem=wrong.message, family=family, status=400
        )
    if problem or not (sections or attached):
        problem = problem or "内容を書くか、ファイルを添付してください。"
        return _render_disclosure_form(pages, person, case, form, problem=problem, family=family, status=400)
    message = _message_of(form_context, case, form, sections, attached)
    try:
        if form.is_confirmed:
            message = with_address_flags(pages.door, person, message, pages.attachments)
        anyway = bool(_first(form.values, ANYWAY))
        objection = objection_before_sending(pages, person, message, anyway=anyway)
        if objection is not None:
            return _render_objection(pages, person, case, form, form_context, family, objection)
        sent = to_sent_out(pages.door, send_message(pages.door, person, message, pages.attachments))
    except ExchangeError as error:
        problem = f"{text_ja_of(error)}({error.error_code})"
        review = address_review(pages, person, case, message, error)
        return _render_disclosure_form(pages, person, case, form, problem=problem, review=review)
    if sent.outcome == "recorded":
        form = replace(form, sections=((form.sections[0][0], ""),), values={})
    return _render_disclosure_form(pages, person, case, form, outcome=sent)


def _render_objection(
    pages: PageContext,
    person: Person,
    case: UUID | None,
    form: _DisclosureForm,
    form_context: FormContext,
    family: Filled,
    objection: Objection,
) -> Response:
    """Nothing is recorded: why it would be refused, and the choice to send it in spite of it."""
    refusal = objection.dry_run
    text = objection.text if refusal is None else refusal_text(form_context, refusal)
    return _render_disclosure_form(
        pages,
        person,
        case,
        form,
        problem=text,
        status=400,
        family=family,
        may_send_anyway=True,
        reason=None if refusal is None else refusal.reason,
    )


def _message_of(
    form_context: FormContext,
    case: UUID | None,
    form: _DisclosureForm,
    sections: Sequence[SectionIn],
    attached: Sequence[AttachedPart],
) -> MessageIn:
    """What was entered as a message. Raises Malformed where a page can't have offered it."""
    try:
        to = UUID(form.to)
        used = sorted({s.section.value for s in sections} | {a.section.value for a in attached})
        return MessageIn(
            case=case or uuid4(),
            act=form.act if form.act in DISCLOSURE_ACTS else DISCLOSURE_ACTS[0],
            to=[to],
            basis={to: form.basis},
            consent=form_context.consents([str(to)], used) if form.basis in CONSENT_BASES else [],
            fields=_fields_of(form) | _children_of(sections),
            sections=list(sections),
            attachments=attachments_in(attached),
        )
    except ValueError as error:
        raise Malformed("wrong-fields", "Choose an addressee and a section.") from error


def _sections_of(
    form_context: FormContext, form: _DisclosureForm, family: Filled, *, begins_case: bool
) -> list[SectionIn]:
    """The texts under their sections, and the family where a case begins with its fields filled. Raises FieldProblem."""
    content = BASIC.read_content(form_context, family.one) if begins_case else None
    sections = []
    if content is not None:
        sections.append(
            SectionIn.model_validate(
                {"section": Section.BASIC, "schema": content.SCHEMA, "content": plain(content)}
            )
        )
    try:
        written = [(Section(section), text) for section, text in form.sections if not is_blank(text)]
    except ValueError as error:
        raise Malformed("wrong-fields", "Choose a section.") from error
    return [*sections, *(SectionIn(section=section, text=text) for section, text in written)]


def _children_of(sections: Sequence[SectionIn]) -> dict[str, list[str]]:
    """The references of the children that the family names, which control states too."""
    named = [child["ref"] for s in sections for child in (s.content or {}).get("children") or []]
    return {"children": sorted(named)} if named else {}


def _fields_of(form: _DisclosureForm) -> dict[str, Any]:
    if form.act == "information.requested":
        return {"due_on": None}
    if form.act == "family_information.provided":
        return {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}}
    return {"answers": form.answers or None}


def _render_disclosure_form(
    pages: PageContext,
    person: Person,
    case: UUID | None,
    form: _DisclosureForm,
    *,
    outcome: SentOut | None = None,
    problem: str = "",
    attach_problem: str = "",
    status: int = 200,
    review: AddressReview | None = None,
    family: Filled | None = None,
    may_send_anyway: bool = False,
    reason: str | None = None,
) -> HTMLResponse:
    form_context = form_context_of(pages, person, case)
    path = "/new" if case is None else f"/cases/{case}/disclose"
    other_agencies = [
        (str(k.agency), k.name) for k in pages.door.directory() if k.agency != pages.door.agency
    ]
    return pages.render_page(
        "disclosure.html",
        "新しい情報提供" if case is None else "この事例について伝える",
        person,
        status=status if outcome is None or outcome.outcome == "recorded" else 403,
        action=pages.base + path,
        back=pages.base + ("/cases" if case is None else f"/cases/{case}"),
        acts=("family_information.provided",) if case is None else DISCLOSURE_ACTS,
        agencies=other_agencies,
        bases=bases_of_agency(form_context.roles, form_context.body, day_of(form_context.now)),
        sections=SENDABLE_SECTIONS,
        decisions=_decisions_to_review(pages, person, case),
        form=form,
        may_add=len(form.sections) < MAX_SECTIONS,
        **attaching_values(
            pages,
            person,
            form.values,
            SENDABLE_SECTIONS,
            action=f"{pages.base}{path}/attach",
            problem=attach_problem,
        ),
        family_input=BASIC if case is None else None,
        family_fields=BASIC.content_inputs(form_context) if case is None else (),
        family=family or Filled(form.values),
        case_warnings=[]
        if case is None
        else contact_ban_warnings(CaseMessages(pages.door.store.messages(case)), pages.door.now()),
        override=_override_link(pages, case, form, reason if outcome is None else outcome.reason),
        may_send_anyway=may_send_anyway,
        outcome=outcome,
        problem=problem,
        review=review,
        dv_protected=case is not None and pages.door.addresses.protected_until(case) is not None,
    )


def _decisions_to_review(pages: PageContext, person: Person, case: UUID | None) -> Choices:
    """Our decisions not to disclose that a disclosure can review."""
    return {} if case is None else own_decisions_not_to_disclose(form_context_of(pages, person, case))


def _override_link(pages: PageContext, case: UUID | None, form: _DisclosureForm, reason: str | None) -> str:
    """The form that asks two others for approval, if that approval was what was missing; else empty."""
    if case is None or reason != Reason.NOT_APPROVED_BY_TWO:
        return ""
    query_string = urlencode({"code": form.basis, "recipients": form.to, "sections": form.sections[0][0]})
    return f"{pages.base}/cases/{case}/forms/override?{query_string}"
