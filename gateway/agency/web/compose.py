"""The forms of a door's pages: one page for every act of the table, sent as any wish is sent.

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
from domain.errors import ExchangeError, Malformed, NotThere, Unavailable
from domain.events import (
    AuditContentAccessRequested,
    BasisOverrideRequested,
    EmergencyAccessRequested,
    Kind,
)
from domain.visibility import CONSENT_BASES
from gateway.agency.door import Sent
from gateway.agency.forms.fill import Filled, at_first, fill, place_of
from gateway.agency.forms.kinds import Form, Message, Other, Scene
from gateway.agency.forms.shown import said
from gateway.agency.forms.table import FORMS, doing, form_of, of_message, of_programme
from gateway.agency.staff import Person
from gateway.agency.web.api import MessageIn, SectionIn, send_message
from gateway.agency.web.guard import Pages
from gateway.pages.labels import AUDIT_GROUNDS
from gateway.pages.law import law_of
from gateway.pages.texts import basis_text, reason_text, section_text, unsent_text
from gateway.protocol.problems import TITLES

ASKED_TWICE = "この画面からはすでに送りました。送信箱で結果を確かめてください。"
MOST_FIELDS = 1000
WORDS_OF_TWO = (EmergencyAccessRequested.TOPIC, BasisOverrideRequested.TOPIC)


def scene_of(
    pages: Pages,
    person: Person,
    case: UUID | None = None,
    *,
    messages: Sequence[Message] | None = None,
    ask: UUID | None = None,
) -> Scene:
    """Where this person stands: the door's own agency, all others, and what it knows of the case."""
    known = {str(k.agency): k for k in pages.door.directory()}
    own = known.pop(str(pages.door.agency))
    found = messages if messages is not None else ([] if case is None else pages.door.book.messages(case))
    return Scene(
        agency=str(own.agency),
        roles=frozenset(own.roles),
        body=own.body,
        municipality=own.municipality,
        actor=person.actor,
        people=pages.staff.people(),
        agencies={
            id: Other(name=k.name, roles=frozenset(k.roles), body=k.body, municipality=k.municipality)
            for id, k in known.items()
        },
        messages=found,
        about=None,
        now=pages.door.now(),
        ask=ask or uuid4(),
    )


def audits_of(pages: Pages, person: Person, case: UUID | None = None) -> list[dict[str, Any]]:
    """What the audit office asks to open, as things that a form can be about."""
    door = pages.door
    answer = door.question(Kind.AGENCY, door.agency, "audits", {}, actor=person.actor)
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
            "words": a["approvals"],
            "sections": "、".join(sorted({section_text(i["section"]) for i in a["items"]})),
            "whole": bool(a["opens"]),
        }
        for a in answer["audits"]
        if case is None or a["case"] == str(case)
    ]


def said_of(scene: Scene, message: Message) -> list[tuple[str, str]]:
    """What a message says in codes, and of a request for two words how many there are."""
    names = {scene.agency: "自機関", **{id: other.name for id, other in scene.agencies.items()}}
    rows = list(said(message, names))
    if message["act"] in WORDS_OF_TWO and "fields" in message:
        count = words_of(scene, message)
        rows.append(("承認", f"{count}人(成立)" if count >= APPROVERS else f"{count}人(二人で成立)"))
    return rows


def words_of(scene: Scene, request: Message) -> int:
    """How many words this door knows of for a request that needs two."""
    act = {
        EmergencyAccessRequested.TOPIC: "emergency_access.approved",
        BasisOverrideRequested.TOPIC: "basis_override.approved",
    }
    return len(scene.of(act[request["act"]], "approves", request["message"]))


def waiting_for_words(scene: Scene) -> list[Message]:
    """The requests of all cases that this door may give its people's word to, and that lack one."""
    return [
        m
        for m in scene.messages
        if m["act"] in WORDS_OF_TWO and any(f.answers == "approves" for f in of_message(scene, m))
        if words_of(scene, m) < APPROVERS
    ]


def doing_links(scene: Scene, task: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Title and address (below the door) of the forms that do what this line of the work list asks.

    ``scene``: with the messages of that line's case.
    """
    return [
        (form.title, address(form, task["case"], task["message"] if not form.of_case else None))
        for form in doing(scene, task)
    ]


def word_link(scene: Scene, request: Message) -> str:
    """Where to give one's word to this request."""
    form = next(f for f in of_message(scene, request) if f.answers == "approves")
    return address(form, request["case"], request["message"])


def links_of(scene: Scene, message: Message, tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What can be said about this message: ``now`` what it waits for, ``later`` what else; and how to send what two
    persons let."""
    if "fields" not in message:
        return {"now": [], "later": [], "send": []}
    waiting = {t["kind"] for t in tasks if t["message"] == message["message"]}
    forms = [
        (f, address(f, message["case"], message["message"]))
        for f in of_message(scene, message)
        if not f.waits or f.tasks & waiting
    ]
    now = [(f.title, link) for f, link in forms if not f.any_message or f.tasks & waiting]
    later = [(f.title, link) for f, link in forms if f.any_message and not f.tasks & waiting]
    let = message["act"] == BasisOverrideRequested.TOPIC and words_of(scene, message) >= APPROVERS
    return {"now": now, "later": later, "send": list(_let_links(scene, message)) if let else []}


def _let_links(scene: Scene, request: Message) -> Iterator[tuple[str, str]]:
    """What two persons let be told: to whom and what, and where it is sent."""
    asked = request["fields"]
    for to, section in product(asked["recipients"], asked["sections"]):
        other = scene.agencies.get(to)
        given = {"to": to, "basis": asked["code"], "section": section}
        name = other.name if other else "ほかの機関"
        yield f"{name}に{section_text(section)}を送る", f"/cases/{request['case']}/tell?{urlencode(given)}"


def address(form: Form, case: object, about: object | None = None) -> str:
    """Where a form is, below the door."""
    return f"/cases/{case}/forms/{form.key}" + (f"?about={about}" if about else "")


def form_routes(app: FastAPI, pages: Pages, limit: int) -> None:
    """The pages of all forms. ``limit``: bytes of a form."""
    one = _OnePage(pages)

    @app.get("/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/cases/{case}/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/programme/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    def blank(key: str, request: Request, case: UUID | None = None, about: str = "") -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        given = {name: request.query_params.getlist(name) for name in request.query_params}
        return one.blank(form_of(key), person, case, about, given)

    @app.post("/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.post("/cases/{case}/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    @app.post("/programme/forms/{key}", response_class=HTMLResponse, include_in_schema=False)
    async def send(key: str, request: Request, case: UUID | None = None) -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= limit):
            raise Malformed("body-too-long", f"send at most {limit} bytes")
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as filled:
            values = {name: [str(v) for v in filled.getlist(name)] for name in filled}
        return await run_in_threadpool(one.send, form_of(key), person, case, values)

    @app.get("/programme", response_class=HTMLResponse, include_in_schema=False)
    def programme(request: Request, done: str = "") -> Response:
        person = pages.person(request)
        if person is None:
            return pages.to_sign_in()
        scene = scene_of(pages, person)
        own, commissions = programme_of(pages, person, scene)
        return pages.show(
            "programme.html",
            "委託・研修",
            person,
            here="/programme",
            own=own,
            own_forms=of_programme(scene, own, Kind.AGENCY),
            commissions=[(c, of_programme(replace(scene, about=c), c, Kind.COMMISSION)) for c in commissions],
            names=pages.names(),
            agency=scene.agency,
            done=FORMS.get(done),
        )


def programme_of(pages: Pages, person: Person, scene: Scene) -> tuple[Message, list[Message]]:
    """Our own agency and our commissions, as things that a form can be about."""
    door = pages.door
    answer = door.question(Kind.AGENCY, door.agency, "programme", {}, actor=person.actor)
    own: Message = {"act": "agency", "message": scene.agency, "by": scene.agency, "to": [], **answer["rules"]}
    commissions: list[Message] = [
        {**c, "act": "commission", "message": c["commission"], "by": c["commissioner"], "to": []}
        for c in answer["commissions"]
    ]
    return own, commissions


class _OnePage:
    """One form, empty or with what was written into it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def blank(
        self, form: Form, person: Person, case: UUID | None, about: str, given: dict[str, list[str]]
    ) -> Response:
        scene = self._scene(form, person, case, about, None)
        filled = at_first(form, scene)
        filled.values = {**filled.values, **given}
        return self._show(form, scene, person, case, filled)

    def send(self, form: Form, person: Person, case: UUID | None, values: dict[str, list[str]]) -> Response:
        ask = _uuid(values.get("ask", [""])[0])
        scene = self._scene(form, person, case, values.get("about", [""])[0], ask)
        filled = fill(form, scene, values)
        if filled.errors:
            return self._show(form, scene, person, case, filled, status=400)
        try:
            sent = self._sent(form, scene, person, case, filled)
        except Unavailable:
            raise
        except ExchangeError as error:
            told = ASKED_TWICE if error.flaw == "ask-id-taken" else unsent_text(error.flaw)
            problem = f"{TITLES[type(error)]}。{told}"
            return self._show(form, scene, person, case, filled, status=400, problem=problem)
        if sent.outcome == "recorded":
            return RedirectResponse(self._pages.base + _after(form, sent), 303)
        if sent.outcome == "waiting":
            return RedirectResponse(f"{self._pages.base}/outbox", 303)
        return self._refused(form, scene, person, case, filled, sent)

    def _refused(
        self,
        form: Form,
        scene: Scene,
        person: Person,
        case: UUID | None,
        filled: Filled,
        sent: Sent,
    ) -> Response:
        text = reason_text(sent.reason)
        other = scene.agencies.get(sent.at_fault or "")
        if other is not None:
            text = f"{other.name}: {text}"
        if sent.fitting:
            text += f" 使える根拠: {'、'.join(basis_text(code) for code in sent.fitting)}。"
        place = place_of(form, scene, sent.reason)
        if place:
            filled.errors[place] = text
        return self._show(form, scene, person, case, filled, status=403, problem="" if place else text)

    def _scene(self, form: Form, person: Person, case: UUID | None, about: str, ask: UUID | None) -> Scene:
        door, kind = self._pages.door, form.act.ON
        if kind is not Kind.CASE:
            scene = scene_of(self._pages, person, ask=ask)
            own, commissions = programme_of(self._pages, person, scene)
            found = next((c for c in (own, *commissions) if c["message"] == about), None)
            if found is None or (found is own) is not (kind is Kind.AGENCY):
                raise NotThere("not-there", "no such commission, or not yours")
            return replace(scene, about=found)
        if case is None and not form.begins:
            raise NotThere("not-there", "this form is about a case")
        door.refresh()
        scene = scene_of(self._pages, person, case, ask=ask)
        if case is not None and not scene.messages:
            raise NotThere("not-there", "no such case, or not yours")
        if form.of_case:
            return scene
        if AuditContentAccessRequested in form.about:
            audits = audits_of(self._pages, person, case)
            found = next((a for a in audits if a["message"] == about and a["whole"]), None)
        else:
            found = scene.message(about)
        if found is None or "fields" not in found:
            raise NotThere("not-there", "no such message, or not yours")
        return replace(scene, about=found)

    def _sent(self, form: Form, scene: Scene, person: Person, case: UUID | None, filled: Filled) -> Sent:
        made, about = dict(filled.made), scene.about or {}
        if form.act.ON is not Kind.CASE:
            fields = {**form.fixed, **made}
            asked = json.dumps([form.key, about["message"], fields], sort_keys=True).encode()
            return self._pages.door.send(
                form.act.ON or Kind.AGENCY,
                UUID(about["message"]),
                form.act.TOPIC,
                fields,
                actor=person.actor,
                ask_id=scene.ask,
                asked=asked,
            )
        reason, consent = made.pop("reason", None), [UUID(c) for c in made.pop("consent", [])]
        resting = [a for a, code in filled.basis.items() if code in CONSENT_BASES]
        consent = consent or scene.consents(resting, [section for section, _, _ in filled.parts])
        answers = {form.answers: about["message"]} if about and form.answers else {}
        wanted = MessageIn(
            case=case or scene.ask,
            act=form.act.TOPIC,
            to=[UUID(a) for a in filled.to],
            basis={UUID(a): code for a, code in filled.basis.items()},
            consent=consent,
            purpose=form.purpose,
            reason=reason,
            fields={**form.fixed, **answers, **made},
            sections=[
                SectionIn.model_validate({"section": s, "text": t, "flags": f}) for s, t, f in filled.parts
            ],
            ask_id=scene.ask,
        )
        return send_message(self._pages.door, person, wanted)

    def _show(
        self,
        form: Form,
        scene: Scene,
        person: Person,
        case: UUID | None,
        filled: Filled,
        *,
        status: int = 200,
        problem: str = "",
    ) -> Response:
        about = scene.about if form.act.ON is Kind.CASE else None
        programme = form.act.ON is not Kind.CASE
        back = "/programme" if programme else ("/cases" if case is None else f"/cases/{case}")
        path = "/programme" if programme else ("" if case is None else f"/cases/{case}")
        return self._pages.show(
            "form.html",
            form.title,
            person,
            status=status,
            form=form,
            law=law_of(form.act),
            scene=scene,
            fields=form.asked(scene),
            labels=_labels(form, scene),
            filled=filled,
            about=about,
            about_said=said_of(scene, about) if about else [],
            candidates=[] if form.to is None else form.to.candidates(scene),
            problem=problem,
            case=None if case is None else str(case),
            action=f"{self._pages.base}{path}/forms/{form.key}",
            about_id=(scene.about or {}).get("message", ""),
            back=self._pages.base + back,
            names=self._pages.names(),
            ask=str(uuid4() if status == 403 else scene.ask),
        )


def _labels(form: Form, scene: Scene) -> dict[str, str]:
    """Field -> label, for the list of what is to be mended."""
    found = {f.name: f.label for f in form.asked(scene)} | {w.name: w.label for w in form.words}
    return found | {"to": "宛先"}


def _after(form: Form, sent: Sent) -> str:
    if form.act.ON is not Kind.CASE:
        return f"/programme?done={form.key}"
    return f"/cases/{sent.case}?done={form.key}#m-{sent.ask_id}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed("wrong-fields", "mend: ask") from error
