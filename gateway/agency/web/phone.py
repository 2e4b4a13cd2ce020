"""The pages of a visitor's phone: today's visits, a family's sheet, the short report, and a concern in two taps.

They work without a script. With one, and on a phone that is set up, the same forms go through the phone's outbox
(``web/phone_devices.py``), so that nothing is lost where the signal ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from domain.calendar import day_of
from domain.codes import Section
from domain.errors import ExchangeError, NotFound, Unavailable
from gateway.agency.device_store import EnvelopeRow, EnvelopeState
from gateway.agency.devices import CONCERN, REPORT, Devices
from gateway.agency.forms import visitor_forms as short
from gateway.agency.index.readers import IndexReader, reader_of
from gateway.agency.page_drafts import FORM_MAX_FIELDS
from gateway.agency.staff import Person
from gateway.agency.staff_store import StaffAct
from gateway.agency.visitor_sheets import (
    Family,
    SheetItem,
    VisitorCase,
    family_of,
    opened_sheet,
    visitor_cases,
    warnings_of,
)
from gateway.agency.web.compose import FormPage, WrittenOutcome
from gateway.agency.web.form_context import form_context_of
from gateway.agency.web.guard import SessionReference, SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext
from gateway.pages.dates import day_text
from gateway.pages.texts import section_text
from gateway.protocol.problems import text_ja_of, text_ja_of_code

MAX_PHOTOS = 5
PHOTO_SECTION = {REPORT: Section.VISIT, CONCERN: Section.RISK}
"""Under which section a photo of a form is sent."""
_STATE_OF = {
    "recorded": EnvelopeState.SENT,
    "waiting": EnvelopeState.QUEUED,
    "refused": EnvelopeState.REFUSED,
}
PHONE_POLICY = (
    "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'; img-src 'self' blob:;"
    " require-trusted-types-for 'script'; trusted-types kakehashi"
)
"""Of pages and scripts of the phone: no text becomes a script there."""


@dataclass(frozen=True)
class Visitor:
    """One person on a phone, in one session."""

    person: Person
    session: str
    reader: IndexReader

    def case_to_write_on(self, pages: PageContext, case: UUID, form: str) -> VisitorCase:
        """The same for what is written about a family: a concern also after the visit that made it the visitor's, as long as
        this person may know of it. Raises NotFound."""
        if form != CONCERN:
            return self.case(pages, case)
        overview = pages.door.overviews.of(case)
        if overview is None or overview.has_ended or not self.reader.may_know(case):
            raise NotFound("not-found")
        return VisitorCase(case, "", "")

    def case(self, pages: PageContext, case: UUID) -> VisitorCase:
        """One of the own families. Raises NotFound, also where it is somebody else's."""
        own = next((c for c in visitor_cases(pages.door, self.reader) if c.case == case), None)
        if own is None:
            raise NotFound("not-found")
        return own


class PhonePages:
    """The pages of one door. ``devices``: its phones."""

    def __init__(self, pages: PageContext, devices: Devices) -> None:
        self.pages, self.devices = pages, devices
        self.form_page = FormPage(pages)

    def visitor(self, person: Person, session: str) -> Visitor:
        self.pages.door.refresh_if_possible()
        return Visitor(person, session, reader_of(self.pages.door, person.actor))

    def render(
        self, template: str, title: str, person: Person | None, *, status: int = 200, **values: Any
    ) -> Response:
        settings = self.devices.settings
        answer = self.pages.render_page(
            template,
            title,
            person,
            status=status,
            duty_number=settings.duty_number,
            duty_tel=settings.tel,
            sheet_hours=settings.sheet_hours,
            **values,
        )
        answer.headers["Content-Security-Policy"] = PHONE_POLICY
        return answer

    # --- today ---------------------------------------------------------------------------------------------------

    def today(self, person: Person, session: str, done: str) -> Response:
        visitor = self.visitor(person, session)
        today = day_of(self.pages.door.now())
        self.devices.settle_queued(person.actor)
        rows = [self._visit_row(visitor, one) for one in visitor_cases(self.pages.door, visitor.reader)]
        return self.render(
            "phone.html",
            "きょうの訪問",
            person,
            current_path="/phone",
            today=today.isoformat(),
            due=[row for row in rows if row["is_due"]],
            others=[row for row in rows if not row["is_due"]],
            waiting=self.devices.waiting(person.actor),
            refused=self.refused(person),
            done=done,
        )

    def _visit_row(self, visitor: Visitor, one: VisitorCase) -> dict[str, Any]:
        today = day_of(self.pages.door.now())
        family = family_of(self.pages.door, visitor.reader, one.case)
        return {
            "case": str(one.case),
            "name": family.name or "名前をまだ開いていない家庭",
            "place": family.place,
            "planned_on": one.planned_on,
            "is_due": one.is_due(today),
            "is_late": bool(one.planned_on) and one.planned_on < today.isoformat(),
        }

    def refused(self, person: Person) -> list[dict[str, str]]:
        """What came from this person's phones and was not sent, for the page that says so; it is said once."""
        rows = [
            {"kind": row.kind, "at": row.received_at, "text": text_ja_of_code(row.code) if row.code else ""}
            for row in self.devices.refused(person.actor)
        ]
        if rows:
            self.devices.rows.note_shown(person.actor)
        return rows

    # --- one family ------------------------------------------------------------------------------------------------

    def sheet(self, visitor: Visitor, case: UUID, *, opens: bool) -> dict[str, Any]:
        """What stands on the sheet of one family. With ``opens``, openings are recorded. Raises NotFound."""
        door = self.pages.door
        one = visitor.case(self.pages, case)
        items, left_out = opened_sheet(door, case, visitor.person.actor, visitor.session, opens=opens)
        family = family_of(door, visitor.reader, case)
        if opens:
            self.pages.staff.log_act(visitor.person.actor, StaffAct.FAMILY_SHOWN, str(case), "phone")
        return {
            "case": str(case),
            "number": str(case)[:8],
            "name": family.name or "名前をまだ開いていない家庭",
            "reading": family.reading,
            "place": family.place,
            "visit": one.visit,
            "planned_on": one.planned_on,
            "planned_text": day_text(one.planned_on) if one.planned_on else "",
            "is_due": one.is_due(day_of(door.now())),
            "warnings": warnings_of(door, case),
            "items": [_item_json(item) for item in items],
            "left_out": left_out,
            "children": self.children(visitor, case, family),
        }

    def children(self, visitor: Visitor, case: UUID, family: Family | None = None) -> list[dict[str, str]]:
        """The children that a report of this case asks about."""
        context = form_context_of(self.pages, visitor.person, case)
        family = family or family_of(self.pages.door, visitor.reader, case)
        rows = short.child_rows(context, family.child_names)
        return [{"key": key, "name": name} for key, name in rows.items()]

    # --- sending -----------------------------------------------------------------------------------------------------

    def send(
        self, person: Person, form: str, case: UUID, values: Mapping[str, Sequence[str]]
    ) -> WrittenOutcome:
        """Send what was written on a short form, as the full page would, without the photos that were not taken. Raises
        NotFound, Unavailable."""
        self.visitor(person, "").case_to_write_on(self.pages, case, form)
        values = self._without_refused_photos(person, values)
        context = form_context_of(self.pages, person, case)
        if form == CONCERN:
            key, written = short.concern_form().key, short.concern_values(values, context)
        else:
            key, written = short.report_form(context).key, short.report_values(values, context)
        return self.form_page.send_written(person, key, case, with_photo_sections(written, form))

    def _without_refused_photos(
        self, person: Person, values: Mapping[str, Sequence[str]]
    ) -> dict[str, Sequence[str]]:
        """The same, without those that were refused: they would keep the whole form from being sent."""
        attached = values.get("attach", ())
        if not attached:
            return dict(values)
        refused = self.devices.refused_photos(person.actor) | self.pages.attachments.refused(person.actor)
        return {**values, "attach": [id for id in attached if id.lower() not in refused]}

    def send_waiting(self, person: Person, row: EnvelopeRow) -> WrittenOutcome | None:
        """Send what waits in an envelope of this person; None where it can't be decided now, and waits on."""
        written = self.devices.written(row)
        try:
            values = {**written.values, "command_id": [str(written.command_id)]}
            outcome = self.send(person, written.form, written.case, values)
        except Unavailable:
            return None
        except (
            NotFound
        ) as error:  # not the visitor's family any more: the words are kept for a colleague to be asked
            outcome = self._as_draft(person, written.form, written.case, values, error)
        state = _STATE_OF[outcome.outcome]
        code = str(outcome.id) if state is EnvelopeState.QUEUED else ""
        self.devices.rows.settle(row, state, code)
        return outcome

    def _as_draft(
        self,
        person: Person,
        form: str,
        case: UUID,
        values: Mapping[str, Sequence[str]],
        error: ExchangeError,
    ) -> WrittenOutcome:
        context = form_context_of(self.pages, person, case)
        written = (
            short.concern_values(values, context) if form == CONCERN else short.report_values(values, context)
        )
        key = short.concern_form().key if form == CONCERN else short.report_form(context).key
        id = UUID(written["command_id"][0])
        self.pages.drafts.save(person.actor, id, f"/cases/{case}/forms/{key}", written)
        return WrittenOutcome("refused", id, text_ja_of(error))


def _item_json(item: SheetItem) -> dict[str, Any]:
    return {
        "section": section_text(item.section.value),
        "title": item.content.title,
        "at": day_text(item.at),
        "lines": [[line.label, line.text, line.depth] for line in item.content.lines]
        or [["", item.content.raw, 0]],
    }


def with_photo_sections(values: Mapping[str, Sequence[str]], form: str) -> dict[str, list[str]]:
    """The same, with the section of each photo that is attached."""
    section = PHOTO_SECTION[form].value
    photos = values.get("attach", ())
    return {
        **{name: list(entered) for name, entered in values.items()},
        **{f"attach_section.{id}": [section] for id in photos},
        **{f"attach_title.{id}": ["訪問時の写真"] for id in photos},
    }


def add_phone_pages(people: APIRouter, phone: PhonePages) -> None:
    """``/phone`` and what is below it for who is signed in."""
    _add_reading_pages(people, phone)
    _add_writing_pages(people, phone)
    _add_waiting_page(people, phone)


def _add_reading_pages(people: APIRouter, phone: PhonePages) -> None:
    @people.get("/phone", include_in_schema=False)
    @needs_no_hub
    def without_slash() -> Response:
        return RedirectResponse(f"{phone.pages.base}/phone/", 303)

    @people.get("/phone/", response_class=HTMLResponse, include_in_schema=False)
    def today(person: SignedIn, session: SessionReference, done: str = "") -> Response:
        return phone.today(person, session, done)

    @people.get("/phone/cases/{case}", response_class=HTMLResponse, include_in_schema=False)
    def sheet(
        case: UUID,
        person: SignedIn,
        session: SessionReference,
        unopened: Annotated[int, Query(ge=0, le=999)] = 0,
    ) -> Response:
        shown = phone.sheet(phone.visitor(person, session), case, opens=False)
        return phone.render("phone_sheet.html", "家庭票", person, sheet=shown, unopened=unopened)

    @people.post("/phone/cases/{case}/read", include_in_schema=False)
    def read(case: UUID, person: SignedIn, session: SessionReference) -> Response:
        left_out = phone.sheet(phone.visitor(person, session), case, opens=True)["left_out"]
        query = f"?unopened={left_out}" if left_out else ""
        return RedirectResponse(f"{phone.pages.base}/phone/cases/{case}{query}", 303)


def _add_writing_pages(people: APIRouter, phone: PhonePages) -> None:
    pages = phone.pages

    def empty(visitor: Visitor, form: str, case: UUID, problem: str = "") -> Response:
        one = visitor.case_to_write_on(pages, case, form)
        family = family_of(pages.door, visitor.reader, case)
        return phone.render(
            f"phone_{form}.html",
            "訪問を報告する" if form == REPORT else "今すぐ見てほしい",
            visitor.person,
            status=400 if problem else 200,
            case=str(case),
            family=family.name or "名前をまだ開いていない家庭",
            visit=one.visit,
            children=phone.children(visitor, case, family),
            prefilled=short.prefilled(pages.door.now()),
            choices=short,
            command_id=str(uuid4()),
            composing=str(uuid4()),
            problem=problem,
            max_photos=MAX_PHOTOS,
        )

    def add(form: str) -> None:
        @people.get(f"/phone/cases/{{case}}/{form}", response_class=HTMLResponse, include_in_schema=False)
        def form_page(case: UUID, person: SignedIn, session: SessionReference) -> Response:
            return empty(phone.visitor(person, session), form, case)

        @people.post(f"/phone/cases/{{case}}/{form}", response_class=HTMLResponse, include_in_schema=False)
        async def send(request: Request, case: UUID, person: SignedIn, session: SessionReference) -> Response:
            async with request.form(max_files=MAX_PHOTOS, max_fields=FORM_MAX_FIELDS) as entered:
                values = {n: [str(v) for v in entered.getlist(n) if isinstance(v, str)] for n in entered}
                photos = [v for v in entered.getlist("photo") if isinstance(v, UploadFile) and v.filename]
                files = [(await photo.read(), photo.filename or "") for photo in photos]
            return await run_in_threadpool(sent, person, session, case, values, files)

        def sent(
            person: Person,
            session: str,
            case: UUID,
            values: dict[str, list[str]],
            files: Sequence[tuple[bytes, str]],
        ) -> Response:
            problem = _receive_photos(pages, person, values, files)
            outcome = phone.send(person, form, case, values)
            if outcome.outcome == "refused":
                link = f"{pages.base}/drafts"
                return phone.render(
                    "phone_refused.html",
                    "まだ送っていません",
                    person,
                    text=outcome.text,
                    link=link,
                    form=form,
                )
            done = f"{form}-{outcome.outcome}{'-photo' if problem else ''}"
            return RedirectResponse(f"{pages.base}/phone/?done={done}", 303)

    for form in (REPORT, CONCERN):
        add(form)


def _receive_photos(
    pages: PageContext, person: Person, values: dict[str, list[str]], files: Sequence[tuple[bytes, str]]
) -> str:
    """Take photos that came with a form. What is wrong with one of them, which is then not taken along; else empty."""
    problem = ""
    composing = next(iter(values.get("composing", ())), "")
    for data, name in files:
        if not data:
            continue
        id = uuid4()
        try:
            with suppress(Unavailable):  # it is stored, and looked at later
                taken = pages.attachments.receive(person.actor, id, data, name, composing=composing)
                if taken.error_code:
                    problem = text_ja_of_code(taken.error_code)
                    continue
        except ExchangeError as error:
            problem = text_ja_of(error)
        else:
            values.setdefault("attach", []).append(str(id))
    return problem


def _add_waiting_page(people: APIRouter, phone: PhonePages) -> None:
    pages = phone.pages

    def own(person: Person, device: UUID, envelope: UUID) -> EnvelopeRow:
        row = phone.devices.rows.envelope(device, envelope)
        if row is None or row.actor != person.actor or row.state is not EnvelopeState.WAITING:
            raise NotFound("not-found")
        return row

    @people.get("/phone/waiting", response_class=HTMLResponse, include_in_schema=False)
    def waiting(person: SignedIn) -> Response:
        rows = [_waiting_row(phone, person, row) for row in phone.devices.waiting(person.actor)]
        return phone.render("phone_waiting.html", "端末から届いた、まだ送っていないもの", person, rows=rows)

    @people.post("/phone/waiting", include_in_schema=False)
    def decide(
        person: SignedIn,
        device: Annotated[UUID, Form()],
        envelope: Annotated[UUID, Form()],
        step: Annotated[str, Form()],
    ) -> Response:
        row = own(person, device, envelope)
        if step == "discard":
            phone.devices.rows.settle(row, EnvelopeState.DISCARDED)
        else:
            phone.send_waiting(person, row)
        left = phone.devices.waiting(person.actor)
        return RedirectResponse(f"{pages.base}/phone/{'waiting' if left else ''}", 303)


def _waiting_row(phone: PhonePages, person: Person, row: EnvelopeRow) -> dict[str, Any]:
    """What waits, in the words of its writer."""
    written = phone.devices.written(row)
    names = phone.pages.door.index.names([written.case], reader_of(phone.pages.door, person.actor))
    device = phone.devices.of(row.device)
    return {
        "device": str(row.device),
        "envelope": str(row.envelope),
        "form": written.form,
        "at": row.received_at,
        "name": names[str(written.case)].text or f"事例 {str(written.case)[:8]}",
        "is_after_stop": bool(device.stopped_at),
        "lines": list(written_lines(written.values)),
    }


_SHOWN_FIELDS = {
    "visited_on": "訪問日",
    "started_at": "開始",
    "ended_at": "終了",
    "place": "場所",
    "met": "会えた人",
    "caregivers": "養育者",
    "environment": "家の様子",
    "support": "したこと",
    "concerns": "気になること",
    "what": "気になること",
    "more": "補足",
}


def written_lines(values: Mapping[str, Sequence[str]]) -> Any:
    """What somebody wrote on a short form, as (label, text)."""
    for name, label in _SHOWN_FIELDS.items():
        texts = [*values.get(name, ()), *values.get(f"{name}_more", ())]
        written = [text for text in texts if text]
        if written:
            yield label, "、".join(written)
    for name, answers in values.items():
        if name.startswith("child.") and name.endswith(".seen") and answers:
            key = name.removesuffix("seen")
            how = [
                text for part in ("how", "why", "other", "condition") for text in values.get(key + part, ())
            ]
            seen = "会えた" if answers[0] == "yes" else "会えなかった"
            yield "子ども", "、".join([seen, *how])
    if values.get("attach"):
        yield "写真", f"{len(values['attach'])}枚"
