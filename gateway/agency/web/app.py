"""One agency's door over HTTP: pages for its people, JSON for its systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import FastAPI, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser

from adapters.agencies import WrongFile
from adapters.agencies.contract import MAX_FILE_BYTES
from domain.codes import Purpose, Section
from domain.error_codes import Audience
from domain.errors import ExchangeError, Malformed, NotFound, Untrusted
from domain.events import Kind, dump
from domain.reasons import Reason
from domain.rulebook import BASES
from domain.visibility import CONSENT_BASES
from gateway.agency.door import Door
from gateway.agency.files import Files
from gateway.agency.forms.kinds import Form as ActForm
from gateway.agency.forms.kinds import FormContext, Message
from gateway.agency.forms.table import FORMS, forms_beginning_case, forms_for_case
from gateway.agency.inclusion import LogProver
from gateway.agency.staff import Person, Staff
from gateway.agency.store import FAILED
from gateway.agency.web.api import MessageIn, SectionIn, agency_api, send_message, to_sent_out
from gateway.agency.web.compose import (
    approval_count,
    approval_link,
    audit_requests,
    form_context_of,
    form_path,
    form_routes,
    message_links,
    pending_approvals,
    summary_rows_of,
    task_links,
)
from gateway.agency.web.guard import COOKIE, PageContext
from gateway.pages.render import with_static
from gateway.pages.texts import basis_text, failure_text
from gateway.protocol.problem_responses import with_problem_schemas
from gateway.protocol.problems import MEDIA_TYPE, problem, text_ja_of

SIGN_IN_MAX_BYTES = 4096  # who is not in yet is not read at length
LOOPBACK_HOSTS = ["127.0.0.1", "localhost"]
FORM_MAX_BYTES = MAX_FILE_BYTES + 64 * 1024
MultiPartParser.spool_max_size = FORM_MAX_BYTES  # in memory alone: a file in clear is never put on disk
DISCLOSURE_ACTS = ("disclosure.made", "information.requested", "family_information.provided")
GATEWAY_BASES = tuple(row["code"] for row in BASES if row["kind"] == "G")
SENDABLE_SECTIONS = tuple(s.value for s in Section if s not in (Section.SOURCE, Section.REASON))


def agency_app(door: Door, *, staff: Staff, mode: str, base: str = "") -> FastAPI:
    """The application of one door. ``base``: the path under which it is mounted."""
    app = with_static(
        FastAPI(title="架け橋 機関の窓口", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    )
    pages = PageContext(door, staff, mode, base)

    def system(request: Request) -> Person:
        """A system by its token, or a person by a session."""
        authorization = request.headers.get("authorization", "")
        token = authorization.removeprefix("Bearer ") if authorization.startswith("Bearer ") else None
        person = staff.person_of_token(token) or staff.person_of_session(request.cookies.get(COOKIE))
        if person is None:
            raise Untrusted("not-signed-in")
        return person

    files = Files(door)
    app.include_router(agency_api(door, system, files))

    @app.middleware("http")
    async def same_origin(request: Request, call_next: Any) -> Response:
        """A form is only taken from our own pages."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        is_own_origin = origin in (None, "null") or origin.split("://")[-1] == request.headers.get("host")
        if request.method == "POST" and not (site in ("same-origin", "none") and is_own_origin):
            return _error_response(request, Untrusted("other-origin"), pages)
        if request.url.path.endswith("/sign-in") and _declared_length(request) > SIGN_IN_MAX_BYTES:
            return _error_response(
                request, Malformed("body-too-long", f"Send at most {SIGN_IN_MAX_BYTES} bytes."), pages
            )
        answer: Response = await call_next(request)
        return answer

    @app.exception_handler(ExchangeError)
    async def exchange_error_handler(request: Request, error: ExchangeError) -> Response:
        return _error_response(request, error, pages)

    @app.exception_handler(RequestValidationError)
    async def validation_error_handler(request: Request, error: RequestValidationError) -> Response:
        places = sorted({".".join(str(p) for p in e["loc"]) for e in error.errors()})
        return _error_response(
            request, Malformed("wrong-fields", f"Correct the fields {', '.join(places)}."), pages
        )

    @app.get("/healthz")
    def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up"}

    _routes(app, pages)
    _file_routes(app, pages, files)
    _meeting_routes(app, pages)
    form_routes(app, pages, FORM_MAX_BYTES)
    if (
        staff.rehearsal_auto_sign_in
    ):  # whoever comes is let in, so no page of another name may be made to come here
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS)
    return with_problem_schemas(app, Audience.DOOR)


MISSING_CONTENT_LENGTH = 1 << 62


def _declared_length(request: Request) -> int:
    """The length that a request says it has; without its word it counts as too long."""
    declared = request.headers.get("content-length", "0" if request.method != "POST" else "")
    return int(declared) if declared.isascii() and declared.isdigit() else MISSING_CONTENT_LENGTH


def _error_response(request: Request, error: ExchangeError, pages: PageContext) -> Response:
    status, body = problem(error)
    if "/api/" in request.url.path or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(body, status, media_type=MEDIA_TYPE)
    return pages.render_page(
        "problem.html",
        "手続きできませんでした",
        None,
        status=status,
        text=text_ja_of(error),
        detail=error.error_code,
    )


def _routes(app: FastAPI, pages: PageContext) -> None:
    door = pages.door

    @app.get("/sign-in", response_class=HTMLResponse, include_in_schema=False)
    def sign_in_page() -> HTMLResponse:
        return pages.render_page("sign_in.html", "窓口に入る", None, failed=False)

    @app.post("/sign-in", include_in_schema=False)
    def sign_in(
        actor: Annotated[str, Form()], passphrase: Annotated[str, Form()], request: Request
    ) -> Response:
        session = None if pages.staff.rehearsal_auto_sign_in else pages.staff.sign_in(actor, passphrase)
        if session is None:
            return pages.render_page("sign_in.html", "窓口に入る", None, status=401, failed=True)
        answer = RedirectResponse(f"{pages.base}/", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, session, httponly=True, samesite="strict", secure=secure, path=pages.base or "/"
        )
        return answer

    @app.post("/sign-out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        pages.staff.sign_out(request.cookies.get(COOKIE, ""))
        answer = pages.redirect_to_sign_in()
        answer.delete_cookie(COOKIE, path=pages.base or "/")
        return answer

    @app.post("/person", include_in_schema=False)
    def change_person(actor: Annotated[str, Form()]) -> Response:
        """In a rehearsal, be another person: what needs two can be tried by one."""
        if not pages.staff.rehearsal_auto_sign_in or actor not in pages.staff.people():
            raise NotFound("not-found")
        answer = RedirectResponse(f"{pages.base}/", 303)
        answer.set_cookie(COOKIE, actor, httponly=True, samesite="strict", path=pages.base or "/")
        return answer

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def work_list(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        door.refresh()
        form_context = form_context_of(pages, person, messages=door.store.messages())
        messages_by_case: dict[str, list[Message]] = {}
        for m in form_context.messages:
            messages_by_case.setdefault(m["case"], []).append(m)
        tasks = [
            {**t, "links": task_links(replace(form_context, messages=messages_by_case.get(t["case"], [])), t)}
            for t in door.store.tasks()
            if t["kind"] != "REWRAP"
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

    @app.get("/cases", response_class=HTMLResponse, include_in_schema=False)
    def cases(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        door.refresh()
        result = _case_summaries(door.store.messages())
        starting_forms = forms_beginning_case(form_context_of(pages, person))
        return pages.render_page(
            "cases.html", "事例", person, current_path="/cases", cases=result, starting_forms=starting_forms
        )

    @app.get("/cases/{case}", response_class=HTMLResponse, include_in_schema=False)
    def case(case: UUID, request: Request, done: str = "") -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        door.refresh()
        result = door.store.messages(case)
        if not result:
            raise NotFound("not-found")
        names = pages.names()
        tasks = [t for t in door.store.tasks() if t["case"] == str(case)]
        form_context = form_context_of(pages, person, messages=result)
        messages = [
            {
                **_message_row(m, names, tasks),
                "summary_rows": summary_rows_of(form_context, m),
                "links": message_links(form_context, m, tasks),
            }
            for m in result
        ]
        status = next((m["status"] for m in reversed(result) if m.get("status")), None)
        linked_forms = {link for t in tasks for _, link in task_links(form_context, t)}
        return pages.render_page(
            "case.html",
            f"事例 {str(case)[:8]}",
            person,
            case=str(case),
            case_status=status,
            messages=messages,
            forms=forms_for_case(form_context),
            linked_forms=linked_forms,
            open_groups={f.group for f in FORMS.values() if form_path(f, case) in linked_forms},
            audits=audit_requests(pages, person, case),
            done=_recorded_form(done, form_context),
            names=names,
        )

    @app.post("/cases/{case}/open", response_class=HTMLResponse, include_in_schema=False)
    def open_item(
        case: UUID,
        message: Annotated[UUID, Form()],
        item: Annotated[UUID, Form()],
        section: Annotated[Section, Form()],
        request: Request,
    ) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
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

    @app.post("/cases/{case}/answer", include_in_schema=False)
    def answer(
        case: UUID, message: Annotated[UUID, Form()], act: Annotated[str, Form()], request: Request
    ) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        if act not in ANSWERS.values():
            raise Malformed("unknown-act")
        result = next((m for m in door.store.messages(case) if m["message"] == str(message)), None)
        to = [UUID(result["by"])] if result is not None and act != "referral.read" else []
        sent = send_message(
            door, person, MessageIn(case=case, act=act, to=to, fields={"answers": str(message)})
        )
        if sent.outcome != "recorded":
            raise Malformed("not-recorded", f"The hub answered {sent.reason or sent.outcome}.")
        return RedirectResponse(f"{pages.base}/cases/{case}", 303)

    @app.get("/new", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/cases/{case}/tell", response_class=HTMLResponse, include_in_schema=False)
    def tell_page(request: Request, case: UUID | None = None) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        query_params = request.query_params
        return _tell(
            pages,
            person,
            case,
            _DisclosureForm("", *(query_params.get(name, "") for name in ("to", "basis", "section"))),
        )

    @app.post("/new", response_class=HTMLResponse, include_in_schema=False)
    @app.post("/cases/{case}/tell", response_class=HTMLResponse, include_in_schema=False)
    def send_disclosure(
        request: Request,
        act: Annotated[str, Form()],
        to: Annotated[UUID, Form()],
        basis: Annotated[str, Form()],
        section: Annotated[Section, Form()],
        text: Annotated[str, Form()],
        case: UUID | None = None,
    ) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        form = _DisclosureForm(act, str(to), basis, section.value, text)
        form_context = form_context_of(pages, person, case)
        wanted = MessageIn(
            case=case or uuid4(),
            act=act if act in DISCLOSURE_ACTS else DISCLOSURE_ACTS[0],
            to=[to],
            basis={to: basis},
            consent=form_context.consents([str(to)], [section]) if basis in CONSENT_BASES else [],
            fields=_default_fields(act),
            sections=[SectionIn(section=section, text=text)],
        )
        try:
            sent = to_sent_out(send_message(door, person, wanted))
        except ExchangeError as error:
            return _tell(pages, person, case, form, problem=f"{text_ja_of(error)}({error.error_code})")
        if sent.outcome == "recorded":
            form = _DisclosureForm(act, str(to), basis, section.value, "")
        return _tell(pages, person, case, form, outcome=sent)

    @app.get("/outbox", response_class=HTMLResponse, include_in_schema=False)
    def outbox(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        proven, log_status = door.store.proven(), LogProver(door).log_status()
        sent = [
            {
                "proven": o.command_id in proven,
                "at": o.at,
                "act": o.act,
                "command_id": str(o.command_id),
                "state": o.state,
                "outcome": (o.answer or {}).get("outcome"),
                "reason": (o.answer or {}).get("reason"),
                "error_code": failure_text((o.answer or {}).get("error_code")) if o.state == FAILED else "",
            }
            for o in reversed(door.store.outgoing())
        ]
        return pages.render_page(
            "outbox.html", "送信箱", person, current_path="/outbox", sent=sent[:200], log_status=log_status
        )


def _recorded_form(key: str, form_context: FormContext) -> ActForm | None:
    """The form that was just sent, where its act does stand in the case."""
    form = FORMS.get(key)
    is_recorded = form is not None and any(
        m["act"] == form.act.TOPIC and m["by"] == form_context.agency for m in form_context.messages
    )
    return form if is_recorded else None


def _meeting_routes(app: FastAPI, pages: PageContext) -> None:
    """What a meeting looks at, and who else opened what of our cases."""
    door = pages.door

    @app.get("/meeting", response_class=HTMLResponse, include_in_schema=False)
    def meeting(request: Request, days: int = 30) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        since = {"since": dump(door.now() - timedelta(days=min(max(days, 1), 366)))}

        def query_agency(act: str) -> dict[str, Any]:
            return door.query(Kind.AGENCY, door.agency, act, since, actor=person.actor)

        return pages.render_page(
            "meeting.html",
            "会議資料",
            person,
            current_path="/meeting",
            days=days,
            agenda_items=query_agency("agenda")["lines"],
            openings=query_agency("openings")["openings"],
            names=pages.names(),
        )


def _file_routes(app: FastAPI, pages: PageContext, files: Files) -> None:
    """Sending a file from the page."""

    def render_page(person: Person, *, status: int = 200, findings: Any = (), rows: Any = ()) -> HTMLResponse:
        return pages.render_page(
            "files.html",
            "ファイル送信",
            person,
            status=status,
            current_path="/files",
            findings=findings,
            rows=rows,
        )

    @app.get("/files", response_class=HTMLResponse, include_in_schema=False)
    def choose(request: Request) -> Response:
        person = pages.person(request)
        return pages.redirect_to_sign_in() if person is None else render_page(person)

    @app.post("/files", response_class=HTMLResponse, include_in_schema=False)
    async def send_file(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.redirect_to_sign_in()
        if _declared_length(request) > FORM_MAX_BYTES:
            raise Malformed("body-too-long", f"Send at most {MAX_FILE_BYTES} bytes.")
        async with request.form(max_files=1, max_fields=1) as form:
            uploaded = form.get("file")
            data = await uploaded.read() if isinstance(uploaded, UploadFile) else b""
        try:
            file_result = await run_in_threadpool(files.send, person, data)
        except WrongFile as wrong:
            return render_page(person, findings=wrong.findings, status=400)
        return render_page(person, rows=file_result.rows)


class _DisclosureForm:
    """What was written into the form, so that a refusal loses nothing."""

    def __init__(
        self, act: str = "", to: str = "", basis: str = "", section: str = "", text: str = ""
    ) -> None:
        self.act, self.to, self.basis, self.section, self.text = act, to, basis, section, text


def _default_fields(act: str) -> dict[str, Any]:
    if act == "information.requested":
        return {"due_on": None}
    if act == "family_information.provided":
        return {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}}
    return {}


def _tell(
    pages: PageContext,
    person: Person,
    case: UUID | None,
    form: _DisclosureForm,
    *,
    outcome: Any = None,
    problem: str = "",
) -> HTMLResponse:
    path = "/new" if case is None else f"/cases/{case}/tell"
    other_agencies = [
        (str(k.agency), k.name) for k in pages.door.directory() if k.agency != pages.door.agency
    ]
    return pages.render_page(
        "tell.html",
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


def _override_link(pages: PageContext, case: UUID | None, form: _DisclosureForm, outcome: Any) -> str:
    """Where two others can be asked for their word, where that is what was missing."""
    if case is None or outcome is None or outcome.reason != Reason.NOT_APPROVED_BY_TWO:
        return ""
    query_string = urlencode({"code": form.basis, "recipients": form.to, "sections": form.section})
    return f"{pages.base}/cases/{case}/forms/override?{query_string}"


ANSWERS = {
    "ACKNOWLEDGE": "referral.acknowledged",
    "READ": "referral.read",
    "ACCEPT": "follow_on_service.accepted",
}
"""Tasks that one button answers."""


def _message_row(m: dict[str, Any], names: dict[str, str], tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """A message of the feed as the case page shows it."""
    acknowledgeable = [
        ANSWERS[t["kind"]] for t in tasks if t["message"] == m["message"] and t["kind"] in ANSWERS
    ]
    return {
        **m,
        "to": m.get("to", []),
        "to_names": "、".join(names.get(a, a) for a in m.get("to", [])),
        "basis_text": "、".join(sorted({basis_text(code) for code in m.get("basis", {}).values()})),
        "held": m.get("held", []),
        "held_names": "、".join(names.get(a, a) for a in m.get("held", [])),
        "items": m.get("items", []),
        "acknowledgeable": acknowledgeable,
    }


def _case_summaries(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases, the latest change first."""
    result: dict[str, dict[str, Any]] = {}
    for m in messages:
        known = result.get(m["case"], {"messages": 0, "status": None})
        result[m["case"]] = {
            "case": m["case"],
            "status": m.get("status") or known["status"],
            "messages": known["messages"] + 1,
            "at": m["at"],
            "act": m["act"],
        }
    return sorted(result.values(), key=lambda c: str(c["at"]), reverse=True)
