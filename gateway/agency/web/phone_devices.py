"""What a visitor's phone and its door exchange by script: setting up, loading sheets, contact, envelopes; and the office's
page of all phones.

A route without a session is for registered phones only: which phone it is stands in the head of the request, so that
a stranger's body is never read. What such a phone sends counts by its signature.
"""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from domain.calendar import day_of
from domain.errors import ExchangeError, Malformed
from gateway.agency.device_store import DeviceRow, EnvelopeState
from gateway.agency.devices import CONCERN
from gateway.agency.index.readers import reader_of
from gateway.agency.staff import Person
from gateway.agency.staff_store import StaffAct
from gateway.agency.visitor_sheets import visitor_cases
from gateway.agency.web.guard import DEVICE_HEADER, SessionReference, SignedIn, needs_no_hub
from gateway.agency.web.phone import PhonePages
from gateway.protocol.problems import text_ja_of_code

_door_log = logging.getLogger("kakehashi")
MAX_ENVELOPE_BYTES = 33 * 1024 * 1024
MAX_SHEETS = 12
"""Families of a day on one phone."""


def add_device_routes(people: APIRouter, devices: APIRouter, phone: PhonePages) -> None:
    """Those of who is signed in, and those of a registered phone."""
    _add_setting_up(people, phone)
    _add_contact(devices, phone)
    _add_office_page(people, phone)


def _add_setting_up(people: APIRouter, phone: PhonePages) -> None:
    pages, own = phone.pages, phone.devices

    @people.post("/phone/device", include_in_schema=False)
    @needs_no_hub
    def register(
        person: SignedIn,
        session: SessionReference,
        key: Annotated[str, Form()],
        name: Annotated[str, Form()] = "",
    ) -> Response:
        """Register this phone: its id, and the keys by which it seals and verifies."""
        try:
            raw = b64decode(key, validate=True)
        except ValueError:
            raw = b""  # no key has this length
        device = own.register(uuid4(), person.actor, name, raw)
        pages.staff.log_act(person.actor, StaffAct.DEVICE_REGISTERED, person.actor, str(device.id))
        sig, kem = pages.door.public_keys
        return JSONResponse(
            {
                "device": str(device.id),
                "session": session,
                "actor": person.actor,
                "hub": pages.door.hub.hex(),
                "agency": str(pages.door.agency),
                "kem": kem.raw.hex(),
                "ed25519": sig.ed25519.hex(),
                "mldsa65": sig.mldsa.hex(),
                **_settings(phone),
            }
        )

    @people.post("/phone/sheets", include_in_schema=False)
    def load(
        person: SignedIn,
        session: SessionReference,
        device: Annotated[UUID, Form()],
        nonce: Annotated[str, Form()],
    ) -> Response:
        """The sheets of today's visits, opened on record, and the door's time."""
        row = own.in_use(device, person.actor)
        visitor = phone.visitor(person, session)
        today = day_of(pages.door.now())
        due = [one for one in visitor_cases(pages.door, visitor.reader) if one.is_due(today)][:MAX_SHEETS]
        sheets = [phone.sheet(visitor, one.case, opens=True) for one in due]
        _, until = own.note_loaded(row, [str(one.case) for one in due], session)
        statement = own.contact(row, _nonce(nonce), waiting=row.waiting, held=len(sheets), is_known=True)
        return JSONResponse(
            {
                "sheets": sheets,
                "until": until,
                "session": session,
                "statement": _base64(statement),
                **_settings(phone),
            }
        )


def _settings(phone: PhonePages) -> dict[str, object]:
    settings = phone.devices.settings
    return {"hours": settings.sheet_hours, "duty_number": settings.duty_number, "duty_tel": settings.tel}


def _add_contact(devices: APIRouter, phone: PhonePages) -> None:
    own = phone.devices

    def device_of(request: Request) -> DeviceRow:
        return own.of(_named_device(request))

    @devices.post("/phone/contact", include_in_schema=False)
    @needs_no_hub
    def contact(
        request: Request,
        nonce: Annotated[str, Form()],
        waiting: Annotated[int, Form()] = 0,
        sheets: Annotated[int, Form()] = 0,
    ) -> Response:
        """The door's time, and whether this phone is still in use."""
        row = device_of(request)
        is_known = row.actor in phone.pages.staff.people()
        statement = own.contact(row, _nonce(nonce), waiting=waiting, held=sheets, is_known=is_known)
        return JSONResponse({"statement": _base64(statement)})

    @devices.post("/phone/envelopes", include_in_schema=False)
    async def take(request: Request) -> Response:
        data = await request.body()
        row = device_of(request)
        return await run_in_threadpool(_taken, phone, row, data, getattr(request.state, "person", None))


def _taken(phone: PhonePages, device: DeviceRow, data: bytes, signed_in: Person | None) -> Response:
    """Store an envelope, send what is in it if that may be done now, and answer with the receipt."""
    row = phone.devices.as_it_is_now(phone.devices.take(device, data))
    text = text_ja_of_code(row.code) if row.state is EnvelopeState.REFUSED and row.code else ""
    if row.state is EnvelopeState.WAITING:
        person = _sender(phone, device, signed_in, row.kind)
        if person is not None:
            try:
                outcome = phone.send_waiting(person, row)
                text = "" if outcome is None else outcome.text
            except ExchangeError:
                text = ""  # it waits on: its person decides
            except Exception as error:  # it is stored all the same, which the phone has to be answered
                _door_log.error("an envelope waits on: %s", type(error).__name__)
            row = phone.devices.rows.envelope(row.device, row.envelope) or row
    return JSONResponse(
        {"receipt": _base64(phone.devices.receipt(row)), "state": str(row.state), "text": text}
    )


def _sender(phone: PhonePages, device: DeviceRow, signed_in: Person | None, kind: str) -> Person | None:
    """In whose name this may be sent at once: of the phone's person, who is signed in, or whose concern can't wait."""
    people = phone.pages.staff.people()
    if device.stopped_at or device.actor not in people:
        return None
    if signed_in is not None and signed_in.actor == device.actor:
        return signed_in
    return Person(device.actor, people[device.actor]) if kind == CONCERN else None


def _add_office_page(people: APIRouter, phone: PhonePages) -> None:
    pages, own = phone.pages, phone.devices

    @people.get("/phone/devices", response_class=HTMLResponse, include_in_schema=False)
    def devices(person: SignedIn, stopped: str = "") -> Response:
        names = pages.staff.people()
        views = own.listed()
        cases = [UUID(sheet.case) for view in views for sheet in view.sheets]
        families = pages.door.index.names(cases, reader_of(pages.door, person.actor))
        return phone.render(
            "phone_devices.html",
            "訪問用の端末",
            person,
            current_path="/phone/devices",
            views=views,
            names=names,
            families=families,
            stopped=stopped,
        )

    @people.post("/phone/devices/stop", include_in_schema=False)
    @needs_no_hub
    def stop(person: SignedIn, device: Annotated[UUID, Form()]) -> Response:
        row = own.of(device)
        if own.stop(device, person.actor):
            pages.staff.log_act(person.actor, StaffAct.DEVICE_STOPPED, row.actor, str(device))
        return RedirectResponse(f"{pages.base}/phone/devices?stopped={device}", 303)


def _nonce(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Malformed("device-nonce") from None


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


async def device_of_head(request: Request, phone: PhonePages) -> None:
    """Which registered phone this is, by the head of its request. Raises NotFound for any other."""
    await run_in_threadpool(phone.devices.of, _named_device(request))


def _named_device(request: Request) -> UUID:
    """The number by which a phone names itself; none that any phone has, where it names none."""
    try:
        return UUID(request.headers.get(DEVICE_HEADER, ""))
    except ValueError:
        return UUID(int=0)
