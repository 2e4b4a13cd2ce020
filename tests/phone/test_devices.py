"""A door and its visitors' phones: registering, stopping, sheets that end, and envelopes taken once."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from fastapi.testclient import TestClient

from domain.errors import ExchangeError, Refused, Unavailable
from gateway.agency.attachment_store import CHECKED, REFUSED, SENT, AttachmentRow
from gateway.agency.attachments import MAX_KEPT, Attachments
from gateway.agency.devices import MAX_WAITING, PhoneSettings
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.phone import PhonePages
from keys.device import EnvelopeHead, Statement, parse_envelope, parse_statement, seal_envelope
from keys.signing import KemKey
from tests.attachments.kit import HEIC
from tests.phone.conftest import COLLEAGUE, VISITOR, Visiting
from tests.phone.test_phone_pages import ORIGIN, client_of, report_of

NONCE = "07" * 32


class Device:
    """A phone as its scripts behave, in Python."""

    def __init__(self, visiting: Visiting, http: TestClient) -> None:
        self.visiting, self.http = visiting, http
        self.key = MLDSA65PrivateKey.generate()
        answer = http.post("/phone/device", data={"key": b64encode(self.public).decode(), "name": "試験"})
        assert answer.status_code == 200, answer.text
        self.id = UUID(answer.json()["device"])
        self.number = 0

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def head(self, **changed: Any) -> EnvelopeHead:
        door = self.visiting.door
        self.number += 1
        head = {
            "hub": door.hub,
            "agency": door.agency,
            "device": self.id,
            "envelope": uuid4(),
            "number": self.number,
            "kid": door.public_keys[1].kid,
            "written_at": datetime(2025, 5, 12, tzinfo=UTC),
        }
        return EnvelopeHead(**{**head, **changed})

    def sealed(self, value: Any, data: bytes = b"", **changed: Any) -> bytes:
        text = json.dumps(value).encode()
        content = len(text).to_bytes(4, "big") + text + data
        return seal_envelope(self.head(**changed), content, self.visiting.door.public_keys[1], self.key)

    def form(self, form: str = "concern", **values: str) -> dict[str, Any]:
        command_id = str(uuid4())
        entered = {"what": ["けが・あざがある"], **{name: [text] for name, text in values.items()}}
        return {
            "v": 1,
            "kind": "form",
            "form": form,
            "case": str(self.visiting.case),
            "command_id": command_id,
            "values": {**entered, "command_id": [command_id], "composing": [str(uuid4())]},
        }

    def photo(self, value: dict[str, Any], data: bytes) -> tuple[str, bytes]:
        """A photo that this form takes along from now on: its number, and its envelope."""
        id = str(uuid4())
        composing = value["values"]["composing"][0]
        value["values"] |= {"attach": [id], "command_id": [value["command_id"]]}
        head = {"v": 1, "kind": "photo", "id": id, "composing": composing, "name": "P.HEIC"}
        return id, self.sealed(head, data)

    def send(self, envelope: bytes, http: Any = None) -> Any:
        headers = {"Kakehashi-Device": str(self.id), "Content-Type": "application/octet-stream"}
        return (http or self.http).post("/phone/envelopes", content=envelope, headers=headers)

    def receipt(self, answer: Any, envelope: bytes) -> str:
        assert answer.status_code == 200, answer.text
        statement = self.statement(answer.json()["receipt"])
        assert (statement.form, statement.about) == ("receipt", parse_envelope(envelope).digest)
        return statement.state

    def statement(self, text: str) -> Statement:
        statement = parse_statement(b64decode(text), self.visiting.door.public_keys[0])
        assert statement.device == self.id
        return statement

    def contact(self, *, waiting: int = 0, sheets: int = 0) -> str:
        form = {"nonce": NONCE, "waiting": str(waiting), "sheets": str(sheets)}
        answer = self.http.post("/phone/contact", data=form, headers={"Kakehashi-Device": str(self.id)})
        statement = self.statement(answer.json()["statement"])
        assert (statement.form, statement.about.hex()) == ("time", NONCE)
        return statement.state

    def load(self) -> Any:
        return self.http.post(
            "/phone/sheets", data={"device": str(self.id), "nonce": NONCE}, follow_redirects=False
        )


@pytest.fixture
def http(visiting: Visiting) -> Iterator[TestClient]:
    visiting.stop_phones()
    with client_of(visiting, VISITOR) as opened:
        yield opened


@pytest.fixture
def device(visiting: Visiting, http: TestClient) -> Device:
    return Device(visiting, http)


@pytest.fixture
def stranger(visiting: Visiting) -> Iterator[TestClient]:
    """A client without a session."""
    with TestClient(visiting.app(), base_url=ORIGIN) as opened:
        yield opened


def code_of(answer: Any) -> str:
    return str(answer.json()["error_code"])


def test_a_report_in_a_session_is_sent_once_and_has_one_receipt(device: Device, visiting: Visiting) -> None:
    page = device.http.get(f"/phone/cases/{visiting.case}/report").text
    value = device.form("report", **report_of(page))
    photo = {
        "v": 1,
        "kind": "photo",
        "id": str(uuid4()),
        "composing": value["values"]["composing"][0],
        "name": "P.HEIC",
    }
    value["values"] |= {"attach": [photo["id"]], "command_id": [value["command_id"]]}
    first, second = device.sealed(photo, HEIC), device.sealed(value)
    reports = visiting.records("visit_report.submitted")
    assert device.receipt(device.send(first), first) == "SENT"
    assert device.receipt(device.send(second), second) == "SENT"
    assert device.receipt(device.send(second), second) == "SENT"
    assert visiting.records("visit_report.submitted") == reports + 1
    sent = visiting.message(value["command_id"])
    assert len([i for i in sent["items"] if i["section"] == "VISIT"]) == 3


def test_a_report_without_a_session_waits_for_its_person_and_a_concern_does_not(
    device: Device, visiting: Visiting, stranger: TestClient
) -> None:
    page = device.http.get(f"/phone/cases/{visiting.case}/report").text
    reports, concerns = visiting.records("visit_report.submitted"), visiting.records("safety_concern.raised")
    report, concern = device.sealed(device.form("report", **report_of(page))), device.sealed(device.form())
    assert device.receipt(device.send(report, stranger), report) == "WAITING"
    assert device.receipt(device.send(concern, stranger), concern) == "SENT"
    assert visiting.records("visit_report.submitted") == reports
    assert visiting.records("safety_concern.raised") == concerns + 1
    with client_of(visiting, COLLEAGUE) as colleague:
        head = parse_envelope(report).head
        chosen = {"device": str(device.id), "envelope": str(head.envelope), "step": "send"}
        assert "ありません" in colleague.get("/phone/waiting").text
        assert colleague.post("/phone/waiting", data=chosen).status_code == 404
    waiting = device.http.get("/phone/waiting").text
    assert "自宅" in waiting
    assert "確かめて送る" in device.http.get("/phone/").text
    device.http.post("/phone/waiting", data=chosen)
    assert visiting.records("visit_report.submitted") == reports + 1
    assert device.receipt(device.send(report, stranger), report) == "SENT"
    assert device.http.post("/phone/waiting", data=chosen).status_code == 404


def test_what_is_refused_is_a_draft_and_the_next_page_states_it_once(
    device: Device, visiting: Visiting
) -> None:
    page = device.http.get(f"/phone/cases/{visiting.case}/report").text
    value = device.form("report", **{**report_of(page), "visited_on": "春ごろ"})
    sealed = device.sealed(value)
    assert device.receipt(device.send(sealed), sealed) == "REFUSED"
    assert "まだ記録していません" in device.http.get("/phone/").text
    assert "まだ記録していません" not in device.http.get("/phone/").text
    assert value["command_id"] in device.http.get("/drafts").text


def test_a_stopped_phone_gets_no_sheet_and_what_it_brings_waits(
    device: Device, visiting: Visiting, stranger: TestClient
) -> None:
    assert device.contact() == "CLEARED"
    loaded = device.load().json()
    assert [s["case"] for s in loaded["sheets"]] == [str(visiting.case)]
    assert {i["section"] for i in loaded["sheets"][0]["items"]}.isdisjoint(
        {"医療情報", "保護する住所", "通告者"}
    )
    assert device.contact(sheets=1, waiting=2) == "ACTIVE"
    with client_of(visiting, COLLEAGUE) as office:
        page = office.get("/phone/devices").text
        assert "試験: 訪問 花子" in page
        assert "2件(最後につながったとき)" in page
        office.post("/phone/devices/stop", data={"device": str(device.id)})
        assert "消すよう端末に伝えます" in office.get("/phone/devices").text
    assert code_of(device.load()) == "device-stopped"
    assert device.contact(sheets=1) == "STOPPED"
    concerns = visiting.records("safety_concern.raised")
    concern = device.sealed(device.form())
    assert device.receipt(device.send(concern, stranger), concern) == "WAITING"
    assert visiting.records("safety_concern.raised") == concerns
    assert "止めた端末から届きました" in device.http.get("/phone/waiting").text
    assert device.contact(sheets=0) == "STOPPED"
    assert visiting.door.store.devices.sheets(device.id) == []
    acts = [entry.what for entry in visiting.staff.log()]
    assert StaffAct.DEVICE_STOPPED in acts
    assert StaffAct.DEVICE_REGISTERED in acts


def test_sheets_end_with_the_session_that_loaded_them(device: Device) -> None:
    device.load()
    assert device.contact(sheets=1) == "ACTIVE"
    assert device.http.post("/sign-out", follow_redirects=False).headers["location"] == "/sign-in?out=1"
    assert device.contact(sheets=1) == "CLEARED"
    assert 'src="/static/phone/erase.js"' in device.http.get("/sign-in?out=1").text
    assert device.load().headers["location"] == "/sign-in"


def test_numbers_that_never_came_are_listed(device: Device, visiting: Visiting) -> None:
    device.number = 2
    concern = device.sealed(device.form())
    device.send(concern)
    with client_of(visiting, COLLEAGUE) as office:
        assert "1、2(端末に残っているか" in office.get("/phone/devices").text


def test_only_the_first_of_many_missing_numbers_are_listed(device: Device, visiting: Visiting) -> None:
    for number in (3, 2**31 - 2):
        device.number = number
        device.send(device.sealed(device.form()))
    [view] = [v for v in visiting.devices().listed() if v.device.id == device.id]
    assert view.missing == [1, 2, 3, *range(5, 22)]


def test_what_waits_for_the_hub_is_not_answered_as_sent(
    device: Device, visiting: Visiting, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    concerns = visiting.records("safety_concern.raised")
    concern = device.sealed(device.form())
    with monkeypatch.context() as away:
        away.setattr(visiting.door.client, "submit", _unreachable)
        assert device.receipt(device.send(concern, stranger), concern) == "QUEUED"
        assert device.receipt(device.send(concern, stranger), concern) == "QUEUED"
    assert visiting.records("safety_concern.raised") == concerns
    visiting.door.flush()
    assert device.receipt(device.send(concern, stranger), concern) == "SENT"
    assert visiting.records("safety_concern.raised") == concerns + 1


def _unreachable(*args: Any, **kwargs: Any) -> Any:
    raise Unavailable("hub-unreachable")


def test_what_fails_after_it_is_stored_is_answered_as_waiting(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError

    concern = device.sealed(device.form())
    with monkeypatch.context() as failing:
        failing.setattr(PhonePages, "send", broken)
        assert device.receipt(device.send(concern), concern) == "WAITING"
    assert device.receipt(device.send(concern), concern) == "SENT"


def test_what_its_person_discards_is_not_answered_as_sent(device: Device, stranger: TestClient) -> None:
    report = device.sealed(device.form("report"))
    assert device.receipt(device.send(report, stranger), report) == "WAITING"
    chosen = {"device": str(device.id), "envelope": str(parse_envelope(report).head.envelope)}
    device.http.post("/phone/waiting", data={**chosen, "step": "discard"})
    assert device.receipt(device.send(report, stranger), report) == "DISCARDED"


def test_a_photo_that_can_not_be_read_does_not_hold_its_report_up(device: Device, visiting: Visiting) -> None:
    page = device.http.get(f"/phone/cases/{visiting.case}/report").text
    value = device.form("report", **report_of(page))
    photo, first = device.photo(value, HEIC[:200])
    answer = device.send(first)
    assert device.receipt(answer, first) == "REFUSED"
    assert answer.json()["text"]
    report = device.sealed(value)
    assert device.receipt(device.send(report), report) == "SENT"
    assert len(visiting.message(value["command_id"])["items"]) >= 1
    assert visiting.door.store.attachments.row(UUID(photo)).command_id is None


def test_photos_of_a_report_that_waits_are_kept_with_it(
    device: Device, visiting: Visiting, stranger: TestClient
) -> None:
    value = device.form("report")
    photo, first = device.photo(value, HEIC)
    report = device.sealed(value)
    device.send(first, stranger)
    assert device.receipt(device.send(report, stranger), report) == "WAITING"
    rows = visiting.door.store.attachments
    rows.delete_before("9999")
    assert rows.row(UUID(photo)) is not None
    [row] = [r for r in visiting.door.store.devices.envelopes(VISITOR) if r.state == "WAITING"]
    visiting.door.store.devices.settle(row, row.state.DISCARDED)
    rows.delete_before("9999")
    assert rows.row(UUID(photo)) is None


def test_photos_that_are_sent_leave_room_for_others(visiting: Visiting) -> None:
    door = visiting.door
    kept = Attachments(door, visiting.hub.attachment_pool)
    for state in (SENT, REFUSED) * (MAX_KEPT // 2):
        row = AttachmentRow(uuid4(), "W-MANY", "", "9999", state, None, None, None)
        door.store.attachments.receive(row, b"")
    assert kept.receive("W-MANY", uuid4(), HEIC, "P.HEIC").state == CHECKED
    for _ in range(MAX_KEPT - 1):
        row = AttachmentRow(uuid4(), "W-MANY", "", "9999", CHECKED, None, None, None)
        door.store.attachments.receive(row, b"")
    with pytest.raises(Refused, match="attachments-waiting"):
        kept.receive("W-MANY", uuid4(), HEIC, "P.HEIC")


def test_a_phone_is_one_persons_and_few(device: Device, visiting: Visiting) -> None:
    again = device.http.post("/phone/device", data={"key": b64encode(device.public).decode()})
    assert again.json()["device"] == str(device.id)
    assert code_of(device.http.post("/phone/device", data={"key": "AAAA"})) == "device-key-length"
    assert code_of(device.http.post("/phone/device", data={"key": "?"})) == "device-key-length"
    others = [Device(visiting, device.http) for _ in range(4)]
    key = b64encode(MLDSA65PrivateKey.generate().public_key().public_bytes_raw()).decode()
    assert code_of(device.http.post("/phone/device", data={"key": key})) == "devices-too-many"
    with client_of(visiting, COLLEAGUE) as colleague:
        form = {"device": str(others[0].id), "nonce": NONCE}
        assert code_of(colleague.post("/phone/sheets", data=form)) == "device-unknown"


def test_an_envelope_that_is_not_of_this_phone_door_or_form_is_refused(
    device: Device, visiting: Visiting
) -> None:
    def refused(envelope: bytes) -> str:
        return code_of(device.send(envelope))

    assert refused(device.sealed(device.form(), agency=uuid4())) == "device-envelope-elsewhere"
    assert refused(device.sealed(device.form(), device=uuid4())) == "device-envelope-elsewhere"
    good = device.sealed(device.form())
    assert refused(good[:-1] + bytes([good[-1] ^ 1])) == "device-signature-wrong"
    assert refused(b"KHE2") == "device-envelope-magic"
    assert refused(device.sealed([])) == "device-content"
    assert refused(device.sealed({"v": 1, "kind": "form"})) == "device-content"
    assert refused(device.sealed({**device.form(), "case": "x"})) == "device-content"
    strange = KemKey.generate().public
    head = device.head(kid=strange.kid)
    assert refused(seal_envelope(head, b"\0\0\0\0", strange, device.key)) == "device-envelope-key"
    first = device.sealed(device.form())
    device.send(first)
    other = device.sealed(device.form(), envelope=parse_envelope(first).head.envelope)
    assert refused(other) == "device-envelope-changed"
    nonce = {"data": {"nonce": "07"}, "headers": {"Kakehashi-Device": str(device.id)}}
    assert code_of(device.http.post("/phone/contact", **nonce)) == "device-nonce"
    nonce = {"data": {"nonce": "zz"}, "headers": {"Kakehashi-Device": str(device.id)}}
    assert code_of(device.http.post("/phone/contact", **nonce)) == "device-nonce"


def test_what_waits_is_bounded_and_the_phone_keeps_the_rest(
    device: Device, visiting: Visiting, stranger: TestClient
) -> None:
    waiting = [r for r in visiting.door.store.devices.envelopes(VISITOR) if r.state == "WAITING"]
    for _ in range(MAX_WAITING - len(waiting)):
        device.send(device.sealed(device.form("report")), stranger)
    concern = device.sealed(device.form())
    assert device.receipt(device.send(concern, stranger), concern) == "SENT"
    assert code_of(device.send(device.sealed(device.form("report")), stranger)) == "device-envelopes-waiting"
    for row in visiting.door.store.devices.envelopes(VISITOR):
        visiting.door.store.devices.settle(row, row.state.SENT)


def test_a_page_of_another_origin_sends_nothing(device: Device) -> None:
    envelope = device.sealed(device.form())
    headers = {"Kakehashi-Device": str(device.id), "Origin": "https://evil.example"}
    assert device.http.post("/phone/envelopes", content=envelope, headers=headers).status_code == 401
    assert device.http.post("/phone/device", data={"key": "x"}, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("settings", "code"),
    [((("", 13)), "sheet-hours"), ((("", 0)), "sheet-hours"), ((("当番", 1)), "duty-number")],
)
def test_settings_that_can_not_be_meant_are_refused(settings: tuple[str, int], code: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        PhoneSettings(*settings)
    assert caught.value.error_code == code
