"""Disclosing one section to one agency: beginning a case, or about a known one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from domain.codes import Section
from domain.errors import ExchangeError
from domain.reasons import Reason
from domain.rulebook import BASES
from domain.visibility import CONSENT_BASES
from gateway.agency.staff import Person
from gateway.agency.web.form_context import form_context_of
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.messages import MessageIn, SectionIn, SentOut, send_message, to_sent_out
from gateway.agency.web.page_context import PageContext
from gateway.protocol.problems import text_ja_of

DISCLOSURE_ACTS = ("disclosure.made", "information.requested", "family_information.provided")
GATEWAY_BASES = tuple(row["code"] for row in BASES if row["kind"] == "G")
SENDABLE_SECTIONS = tuple(s.value for s in Section if s not in (Section.SOURCE, Section.REASON))


@dataclass(frozen=True, kw_only=True)
class _DisclosureForm:
    """What was entered, so that a refusal loses nothing."""

    act: str = ""
    to: str = ""
    basis: str = ""
    section: str = ""
    text: str = ""


def add_disclosure_pages(people: APIRouter, pages: PageContext) -> None:
    """``/new`` begins a case; ``/cases/{case}/disclose`` is about one."""

    @people.get("/new", response_class=HTMLResponse, include_in_schema=False)
    @people.get("/cases/{case}/disclose", response_class=HTMLResponse, include_in_schema=False)
    def empty_disclosure(request: Request, person: SignedIn, case: UUID | None = None) -> Response:
        preset = {name: request.query_params.get(name, "") for name in ("to", "basis", "section")}
        return _render_disclosure_form(pages, person, case, _DisclosureForm(**preset))

    @people.post("/new", response_class=HTMLResponse, include_in_schema=False)
    @people.post("/cases/{case}/disclose", response_class=HTMLResponse, include_in_schema=False)
    def send_disclosure(
        person: SignedIn,
        act: Annotated[str, Form()],
        to: Annotated[UUID, Form()],
        basis: Annotated[str, Form()],
        section: Annotated[Section, Form()],
        text: Annotated[str, Form()],
        case: UUID | None = None,
    ) -> Response:
        form = _DisclosureForm(act=act, to=str(to), basis=basis, section=section.value, text=text)
        form_context = form_context_of(pages, person, case)
        message = MessageIn(
            case=case or uuid4(),
            act=act if act in DISCLOSURE_ACTS else DISCLOSURE_ACTS[0],
            to=[to],
            basis={to: basis},
            consent=form_context.consents([str(to)], [section]) if basis in CONSENT_BASES else [],
            fields=_default_fields(act),
            sections=[SectionIn(section=section, text=text)],
        )
        try:
            sent = to_sent_out(send_message(pages.door, person, message))
        except ExchangeError as error:
            problem = f"{text_ja_of(error)}({error.error_code})"
            return _render_disclosure_form(pages, person, case, form, problem=problem)
        if sent.outcome == "recorded":
            form = replace(form, text="")
        return _render_disclosure_form(pages, person, case, form, outcome=sent)


def _default_fields(act: str) -> dict[str, Any]:
    if act == "information.requested":
        return {"due_on": None}
    if act == "family_information.provided":
        return {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}}
    return {}


def _render_disclosure_form(
    pages: PageContext,
    person: Person,
    case: UUID | None,
    form: _DisclosureForm,
    *,
    outcome: SentOut | None = None,
    problem: str = "",
) -> HTMLResponse:
    path = "/new" if case is None else f"/cases/{case}/disclose"
    other_agencies = [
        (str(k.agency), k.name) for k in pages.door.directory() if k.agency != pages.door.agency
    ]
    return pages.render_page(
        "disclosure.html",
        "新しい情報提供" if case is None else "この事例について伝える",
        person,
        status=200 if outcome is None or outcome.outcome == "recorded" else 403,
        action=pages.base + path,
        back=pages.base + ("/cases" if case is None else f"/cases/{case}"),
        acts=("family_information.provided",) if case is None else DISCLOSURE_ACTS,
        agencies=other_agencies,
        bases=GATEWAY_BASES,
        sections=SENDABLE_SECTIONS,
        form=form,
        override=_override_link(pages, case, form, outcome),
        outcome=outcome,
        problem=problem,
    )


def _override_link(
    pages: PageContext, case: UUID | None, form: _DisclosureForm, outcome: SentOut | None
) -> str:
    """The form that asks two others for approval, if that approval was what was missing; else empty."""
    if case is None or outcome is None or outcome.reason != Reason.NOT_APPROVED_BY_TWO:
        return ""
    query_string = urlencode({"code": form.basis, "recipients": form.to, "sections": form.section})
    return f"{pages.base}/cases/{case}/forms/override?{query_string}"
