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
from domain.errors import ExchangeError, Malformed, NotThere, Untrusted
from domain.events import Kind, dump
from domain.reasons import Reason
from domain.rulebook import BASES
from domain.visibility import CONSENT_BASES
from gateway.agency.door import Door
from gateway.agency.files import Files
from gateway.agency.forms.kinds import Form as ActForm
from gateway.agency.forms.kinds import Message, Scene
from gateway.agency.forms.table import FORMS, beginning, of_case
from gateway.agency.inclusion import Proving
from gateway.agency.staff import Person, Staff
from gateway.agency.store import FAILED
from gateway.agency.web.api import MessageIn, SectionIn, agency_api, send_message, sent_out
from gateway.agency.web.compose import (
    address,
    audits_of,
    doing_links,
    form_routes,
    links_of,
    said_of,
    scene_of,
    waiting_for_words,
    word_link,
    words_of,
)
from gateway.agency.web.guard import COOKIE, Pages
from gateway.pages.render import with_static
from gateway.pages.texts import basis_text, unsent_text
from gateway.protocol.problems import MEDIA_TYPE, TITLES, problem

SIGN_IN_BYTES = 4096  # who is not in yet is not read at length
HERE_ALONE = ["127.0.0.1", "localhost"]
FORM_BYTES = MAX_FILE_BYTES + 64 * 1024
MultiPartParser.spool_max_size = FORM_BYTES  # in memory alone: a file in clear is never put on disk
TELLABLE = ("disclosure.made", "information.requested", "family_information.provided")
GATEWAYS = tuple(row["code"] for row in BASES if row["kind"] == "G")
SENDABLE = tuple(s.value for s in Section if s not in (Section.SOURCE, Section.REASON))


def agency_app(door: Door, *, staff: Staff, mode: str, base: str = "") -> FastAPI:
    """The application of one door. ``base``: the path under which it is mounted."""
    app = with_static(
        FastAPI(title="架け橋 機関の窓口", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    )
    pages = Pages(door, staff, mode, base)

    def system(request: Request) -> Person:
        """A system by its token, or a person by a session."""
        given = request.headers.get("authorization", "")
        token = given.removeprefix("Bearer ") if given.startswith("Bearer ") else None
        person = staff.of_token(token) or staff.of_session(request.cookies.get(COOKIE))
        if person is None:
            raise Untrusted("not-signed-in", "give a token, or sign in")
        return person

    files = Files(door)
    app.include_router(agency_api(door, system, files))

    @app.middleware("http")
    async def same_origin(request: Request, call_next: Any) -> Response:
        """A form is only taken from our own pages."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        own = origin in (None, "null") or origin.split("://")[-1] == request.headers.get("host")
        if request.method == "POST" and not (site in ("same-origin", "none") and own):
            return _error(request, Untrusted("other-origin", "send forms from this door's own pages"), pages)
        if request.url.path.endswith("/sign-in") and _length(request) > SIGN_IN_BYTES:
            return _error(request, Malformed("body-too-long", f"send at most {SIGN_IN_BYTES} bytes"), pages)
        answer: Response = await call_next(request)
        return answer

    @app.exception_handler(ExchangeError)
    async def on_error(request: Request, error: ExchangeError) -> Response:
        return _error(request, error, pages)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        places = sorted({".".join(str(p) for p in e["loc"]) for e in error.errors()})
        return _error(request, Malformed("wrong-fields", "mend: " + ", ".join(places)), pages)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up"}

    _routes(app, pages)
    _file_routes(app, pages, files)
    _meeting_routes(app, pages)
    form_routes(app, pages, FORM_BYTES)
    if staff.unasked:  # whoever comes is let in, so no page of another name may be made to come here
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=HERE_ALONE)
    return app


UNSAID = 1 << 62


def _length(request: Request) -> int:
    """The length that a request says it has; without its word it counts as too long."""
    said = request.headers.get("content-length", "0" if request.method != "POST" else "")
    return int(said) if said.isascii() and said.isdigit() else UNSAID


def _error(request: Request, error: ExchangeError, pages: Pages) -> Response:
    status, body = problem(error)
    if "/api/" in request.url.path or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(body, status, media_type=MEDIA_TYPE)
    text = TITLES[type(error)] + "。"
    return pages.show(
        "problem.html", "手続きできませんでした", None, status=status, text=text, detail=error.flaw
    )


def _routes(app: FastAPI, pages: Pages) -> None:
    door = pages.door

    @app.get("/sign-in", response_class=HTMLResponse, include_in_schema=False)
    def sign_in_page() -> HTMLResponse:
        return pages.show("sign_in.html", "窓口に入る", None, failed=False)

    @app.post("/sign-in", include_in_schema=False)
    def sign_in(
        actor: Annotated[str, Form()], passphrase: Annotated[str, Form()], request: Request
    ) -> Response:
        session = None if pages.staff.unasked else pages.staff.sign_in(actor, passphrase)
        if session is None:
            return pages.show("sign_in.html", "窓口に入る", None, status=401, failed=True)
        answer = RedirectResponse(f"{pages.base}/", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, session, httponly=True, samesite="strict", secure=secure, path=pages.base or "/"
        )
        return answer

    @app.post("/sign-out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        pages.staff.sign_out(request.cookies.get(COOKIE, ""))
        answer = pages.to_sign_in()
        answer.delete_cookie(COOKIE, path=pages.base or "/")
        return answer

    @app.post("/person", include_in_schema=False)
    def change_person(actor: Annotated[str, Form()]) -> Response:
        """In a rehearsal, be another person: what needs two can be tried by one."""
        if not pages.staff.unasked or actor not in pages.staff.people():
            raise NotThere("not-there", "only a rehearsal changes persons")
        answer = RedirectResponse(f"{pages.base}/", 303)
        answer.set_cookie(COOKIE, actor, httponly=True, samesite="strict", path=pages.base or "/")
        return answer

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def work(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        door.refresh()
        scene = scene_of(pages, person, messages=door.book.messages())
        of_each: dict[str, list[Message]] = {}
        for m in scene.messages:
            of_each.setdefault(m["case"], []).append(m)
        tasks = [
            {**t, "links": doing_links(replace(scene, messages=of_each.get(t["case"], [])), t)}
            for t in door.book.tasks()
            if t["kind"] != "REWRAP"
        ]
        return pages.show(
            "work.html",
            "仕事一覧",
            person,
            here="/",
            tasks=tasks,
            now=dump(door.now()),
            words=[(m, words_of(scene, m), word_link(scene, m)) for m in waiting_for_words(scene)],
            audits=audits_of(pages, person),
            names=pages.names(),
        )

    @app.get("/cases", response_class=HTMLResponse, include_in_schema=False)
    def cases(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        door.refresh()
        found = _cases(door.book.messages())
        new = beginning(scene_of(pages, person))
        return pages.show("cases.html", "事例", person, here="/cases", cases=found, new=new)

    @app.get("/cases/{case}", response_class=HTMLResponse, include_in_schema=False)
    def case(case: UUID, request: Request, done: str = "") -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        door.refresh()
        found = door.book.messages(case)
        if not found:
            raise NotThere("not-there", "no such case, or not yours")
        names = pages.names()
        tasks = [t for t in door.book.tasks() if t["case"] == str(case)]
        scene = scene_of(pages, person, messages=found)
        messages = [
            {**_message(m, names, tasks), "said": said_of(scene, m), "links": links_of(scene, m, tasks)}
            for m in found
        ]
        status = next((m["status"] for m in reversed(found) if m.get("status")), None)
        wanted = {link for t in tasks for _, link in doing_links(scene, t)}
        return pages.show(
            "case.html",
            f"事例 {str(case)[:8]}",
            person,
            case=str(case),
            case_status=status,
            messages=messages,
            forms=of_case(scene),
            wanted=wanted,
            waiting={f.group for f in FORMS.values() if address(f, case) in wanted},
            audits=audits_of(pages, person, case),
            done=_done(done, scene),
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
            return pages.to_sign_in()
        opened = door.open(case, message, item, section.value, actor=person.actor, purpose=Purpose.SUPPORT)
        return pages.show(
            "opened.html",
            "情報の閲覧",
            person,
            case=str(case),
            opened=opened,
            text=opened.content.decode("utf-8", "replace"),
            author=pages.names().get(str(opened.author), str(opened.author)),
            made_at=dump(opened.made_at),
            purpose=Purpose.SUPPORT,
        )

    @app.post("/cases/{case}/answer", include_in_schema=False)
    def answer(
        case: UUID, message: Annotated[UUID, Form()], act: Annotated[str, Form()], request: Request
    ) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        if act not in ANSWERS.values():
            raise Malformed("unknown-act", "choose one of the buttons")
        found = next((m for m in door.book.messages(case) if m["message"] == str(message)), None)
        to = [UUID(found["by"])] if found is not None and act != "referral.read" else []
        sent = send_message(
            door, person, MessageIn(case=case, act=act, to=to, fields={"answers": str(message)})
        )
        if sent.outcome != "recorded":
            raise Malformed("not-recorded", sent.reason or sent.outcome)
        return RedirectResponse(f"{pages.base}/cases/{case}", 303)

    @app.get("/new", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/cases/{case}/tell", response_class=HTMLResponse, include_in_schema=False)
    def tell_page(request: Request, case: UUID | None = None) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        given = request.query_params
        return _tell(
            pages, person, case, _Form("", *(given.get(name, "") for name in ("to", "basis", "section")))
        )

    @app.post("/new", response_class=HTMLResponse, include_in_schema=False)
    @app.post("/cases/{case}/tell", response_class=HTMLResponse, include_in_schema=False)
    def tell(
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
            return pages.to_sign_in()
        form = _Form(act, str(to), basis, section.value, text)
        scene = scene_of(pages, person, case)
        wanted = MessageIn(
            case=case or uuid4(),
            act=act if act in TELLABLE else TELLABLE[0],
            to=[to],
            basis={to: basis},
            consent=scene.consents([str(to)], [section]) if basis in CONSENT_BASES else [],
            fields=_own(act),
            sections=[SectionIn(section=section, text=text)],
        )
        try:
            sent = sent_out(send_message(door, person, wanted))
        except ExchangeError as error:
            return _tell(pages, person, case, form, problem=TITLES[type(error)] + f"({error.flaw})")
        if sent.outcome == "recorded":
            form = _Form(act, str(to), basis, section.value, "")
        return _tell(pages, person, case, form, outcome=sent)

    @app.get("/outbox", response_class=HTMLResponse, include_in_schema=False)
    def outbox(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        proven, standing = door.book.proven(), Proving(door).standing()
        sent = [
            {
                "proven": o.ask_id in proven,
                "at": o.at,
                "act": o.act,
                "ask_id": str(o.ask_id),
                "state": o.state,
                "outcome": (o.answer or {}).get("outcome"),
                "reason": (o.answer or {}).get("reason"),
                "flaw": unsent_text((o.answer or {}).get("flaw")) if o.state == FAILED else "",
            }
            for o in reversed(door.book.outgoing())
        ]
        return pages.show("outbox.html", "送信箱", person, here="/outbox", sent=sent[:200], standing=standing)


def _done(key: str, scene: Scene) -> ActForm | None:
    """The form that was just sent, where its act does stand in the case."""
    form = FORMS.get(key)
    stands = form is not None and any(
        m["act"] == form.act.TOPIC and m["by"] == scene.agency for m in scene.messages
    )
    return form if stands else None


def _meeting_routes(app: FastAPI, pages: Pages) -> None:
    """What a meeting looks at, and who else opened what of our cases."""
    door = pages.door

    @app.get("/meeting", response_class=HTMLResponse, include_in_schema=False)
    def meeting(request: Request, days: int = 30) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        since = {"since": dump(door.now() - timedelta(days=min(max(days, 1), 366)))}

        def asked(act: str) -> dict[str, Any]:
            return door.question(Kind.AGENCY, door.agency, act, since, actor=person.actor)

        return pages.show(
            "meeting.html",
            "会議資料",
            person,
            here="/meeting",
            days=days,
            lines=asked("agenda")["lines"],
            openings=asked("openings")["openings"],
            names=pages.names(),
        )


def _file_routes(app: FastAPI, pages: Pages, files: Files) -> None:
    """Sending a file from the page."""

    def show(person: Person, *, status: int = 200, findings: Any = (), rows: Any = ()) -> HTMLResponse:
        return pages.show(
            "files.html",
            "ファイル送信",
            person,
            status=status,
            here="/files",
            findings=findings,
            rows=rows,
        )

    @app.get("/files", response_class=HTMLResponse, include_in_schema=False)
    def choose(request: Request) -> Response:
        person = pages.person(request)
        return pages.to_sign_in() if person is None else show(person)

    @app.post("/files", response_class=HTMLResponse, include_in_schema=False)
    async def send_file(request: Request) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        if _length(request) > FORM_BYTES:
            raise Malformed("body-too-long", f"send at most {MAX_FILE_BYTES} bytes")
        async with request.form(max_files=1, max_fields=1) as form:
            given = form.get("file")
            data = await given.read() if isinstance(given, UploadFile) else b""
        try:
            answered = await run_in_threadpool(files.send, person, data)
        except WrongFile as wrong:
            return show(person, findings=wrong.findings, status=400)
        return show(person, rows=answered.rows)


class _Form:
    """What was written into the form, so that a refusal loses nothing."""

    def __init__(
        self, act: str = "", to: str = "", basis: str = "", section: str = "", text: str = ""
    ) -> None:
        self.act, self.to, self.basis, self.section, self.text = act, to, basis, section, text


def _own(act: str) -> dict[str, Any]:
    if act == "information.requested":
        return {"due_on": None}
    if act == "family_information.provided":
        return {"subject_consent": "NOT_ASKED", "weeks_pregnant": None, "indicators": {}}
    return {}


def _tell(
    pages: Pages, person: Person, case: UUID | None, form: _Form, *, outcome: Any = None, problem: str = ""
) -> HTMLResponse:
    path = "/new" if case is None else f"/cases/{case}/tell"
    others = [(str(k.agency), k.name) for k in pages.door.directory() if k.agency != pages.door.agency]
    return pages.show(
        "tell.html",
        "新しい情報提供" if case is None else "この事例について伝える",
        person,
        status=200 if outcome is None or outcome.outcome == "recorded" else 403,
        action=pages.base + path,
        back=pages.base + ("/cases" if case is None else f"/cases/{case}"),
        acts=("family_information.provided",) if case is None else TELLABLE,
        agencies=others,
        bases=GATEWAYS,
        sections=SENDABLE,
        form=form,
        override=_override(pages, case, form, outcome),
        outcome=outcome,
        problem=problem,
    )


def _override(pages: Pages, case: UUID | None, form: _Form, outcome: Any) -> str:
    """Where two others can be asked for their word, where that is what was missing."""
    if case is None or outcome is None or outcome.reason != Reason.NOT_APPROVED_BY_TWO:
        return ""
    given = urlencode({"code": form.basis, "recipients": form.to, "sections": form.section})
    return f"{pages.base}/cases/{case}/forms/override?{given}"


ANSWERS = {
    "ACKNOWLEDGE": "referral.acknowledged",
    "READ": "referral.read",
    "ACCEPT": "follow_on_service.accepted",
}
"""Tasks that one button answers."""


def _message(m: dict[str, Any], names: dict[str, str], tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """A message of the feed as the case page shows it."""
    waiting = [ANSWERS[t["kind"]] for t in tasks if t["message"] == m["message"] and t["kind"] in ANSWERS]
    return {
        **m,
        "to": m.get("to", []),
        "to_names": "、".join(names.get(a, a) for a in m.get("to", [])),
        "basis_text": "、".join(sorted({basis_text(code) for code in m.get("basis", {}).values()})),
        "held": m.get("held", []),
        "held_names": "、".join(names.get(a, a) for a in m.get("held", [])),
        "items": m.get("items", []),
        "answerable": waiting,
    }


def _cases(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases, the latest change first."""
    found: dict[str, dict[str, Any]] = {}
    for m in messages:
        known = found.get(m["case"], {"messages": 0, "status": None})
        found[m["case"]] = {
            "case": m["case"],
            "status": m.get("status") or known["status"],
            "messages": known["messages"] + 1,
            "at": m["at"],
            "act": m["act"],
        }
    return sorted(found.values(), key=lambda c: str(c["at"]), reverse=True)
