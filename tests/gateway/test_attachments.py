"""Files attached to messages, through a real hub: one message of several sections and files, and what the reader gets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from adapters.attachments import MAX_ATTACHMENT_BYTES
from adapters.content_json import write_content
from domain.content.document import Document
from domain.errors import Malformed
from domain.events import Kind
from gateway.agency.attachments import MAX_KEPT
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.door import SectionContent
from gateway.agency.parsing import ATTACHMENT_LIMITS, AttachmentPool
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from keys.lp import sha256
from tests.attachments.kit import HEIC, exif, jpeg, pdf, pdf_of_size, picture, saved
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case

BASIS = "CWA-21-10-5"


@pytest.fixture(scope="module")
def pool() -> Iterator[AttachmentPool]:
    opened = AttachmentPool()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        yield new_hub


def client(hub: HubWithCase, pool: AttachmentPool, code: str, actor: str = "staff.x") -> TestClient:
    staff = Staff.rehearsal(actor, mode="rehearsal")
    app = agency_app(hub.door(code), staff=staff, mode="rehearsal", attachment_pool=pool)
    return TestClient(app, base_url="http://127.0.0.1")


@pytest.fixture
def sender(hub: HubWithCase, pool: AttachmentPool) -> TestClient:
    return client(hub, pool, "MID-HOSP", f"staff.{uuid4().hex[:8]}")


@pytest.fixture
def reader(hub: HubWithCase, pool: AttachmentPool) -> TestClient:
    return client(hub, pool, "AZ-CORE")


def hand_over(sender: TestClient, data: bytes, name: str = "写真.jpg", **headers: str) -> dict[str, Any]:
    answer = sender.post(
        "/api/attachments", content=data, headers={"Kakehashi-File-Name": quote(name), **headers}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def message(hub: HubWithCase, **changes: Any) -> dict[str, Any]:
    to = str(hub.door("AZ-CORE").agency)
    fields = {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}}
    return {
        "case": str(hub.case),
        "act": REFERRAL,
        "to": [to],
        "basis": {to: BASIS},
        "fields": fields,
        "command_id": str(uuid4()),
        **changes,
    }


def items_of(reader: TestClient, case: str, number: str) -> list[dict[str, Any]]:
    rows = reader.get(f"/api/cases/{case}").json()
    return next(list(row["items"]) for row in rows if row["message"] == number)


def file_of(reader: TestClient, case: str, number: str, item: dict[str, Any]) -> Any:
    return reader.post(
        f"/api/cases/{case}/items/{item['item']}/file", json={"message": number, "section": item["section"]}
    )


def opened(reader: TestClient, case: str, number: str, item: dict[str, Any]) -> dict[str, Any]:
    path = f"/api/cases/{case}/items/{item['item']}/open"
    return dict(reader.post(path, json={"message": number, "section": item["section"]}).json())


# --- one message ---------------------------------------------------------------------------------------------------


def test_one_message_carries_sections_and_two_files_of_one_section(
    hub: HubWithCase, sender: TestClient, reader: TestClient
) -> None:
    photograph = hand_over(sender, jpeg(exif=exif()), "写真.jpg")
    referral = hand_over(sender, pdf(), "紹介状.pdf")
    body = message(
        hub,
        sections=[{"section": "BASIC", "text": "基本"}, {"section": "CHILD", "text": "子ども"}],
        attachments=[
            {"attachment": photograph["attachment"], "section": "MEDICAL", "title": "腕の写真"},
            {"attachment": referral["attachment"], "section": "MEDICAL", "day": "2025-05"},
        ],
    )
    sent = sender.post("/api/messages", json=body).json()
    assert sent["outcome"] == "recorded", sent
    items = items_of(reader, sent["case"], sent["message"])
    assert [i["section"] for i in items] == ["BASIC", "CHILD", *["MEDICAL"] * 4]
    answers = [opened(reader, sent["case"], sent["message"], i) for i in items]
    assert [a["schema"] for a in answers] == [
        "text/v1",
        "text/v1",
        DOCUMENT_SCHEMA,
        BYTES_SCHEMA,
        DOCUMENT_SCHEMA,
        BYTES_SCHEMA,
    ]
    assert "腕の写真" in answers[2]["text"]
    assert answers[3]["text"] == ""
    given = file_of(reader, sent["case"], sent["message"], items[2])
    assert (given.status_code, given.headers["content-type"]) == (200, "image/jpeg")
    assert sha256(given.content).hex() in answers[2]["text"]
    assert given.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote('写真.jpg')}"
    assert given.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert given.headers["x-content-type-options"] == "nosniff"
    second = file_of(reader, sent["case"], sent["message"], items[4])
    assert (second.headers["content-type"], second.content[:5]) == ("application/pdf", b"%PDF-")
    wrong = file_of(reader, sent["case"], sent["message"], items[0])
    assert (wrong.status_code, wrong.json()["error_code"]) == (400, "not-a-document")


def test_the_sender_is_shown_what_was_changed(sender: TestClient) -> None:
    shown = hand_over(sender, HEIC, "IMG_0001.HEIC")
    assert (shown["state"], shown["step_text"], shown["file_name"], shown["media_type"]) == (
        "CHECKED",
        "検査",
        "IMG_0001.jpg",
        "image/jpeg",
    )
    assert shown["change_texts"] == [
        "撮った場所の情報を消しました",
        "作成者・機種・日時などの付帯情報を消しました",
        "HEICをJPEGにしました",
        "画素だけから作り直しました",
        "ファイル名を直しました",
    ]


@pytest.mark.parametrize(
    ("data", "name", "error_code"),
    [
        (b"<html>", "photo.jpg", "attachment-type-unknown"),
        (b"MZ\x90\x00", "report.pdf", "attachment-type-unknown"),
        (jpeg()[:-200], "photo.jpg", "attachment-broken"),
        (pdf(encryption=__import__("pikepdf").Encryption(user="x", owner="y")), "a.pdf", "pdf-encrypted"),
    ],
)
def test_what_may_not_be_sent_is_refused_with_a_sentence(
    sender: TestClient, data: bytes, name: str, error_code: str
) -> None:
    shown = hand_over(sender, data, name)
    assert (shown["state"], shown["error_code"]) == ("REFUSED", error_code)
    assert shown["error_text"]


def test_content_decides_what_a_file_is_whatever_it_is_called(sender: TestClient) -> None:
    shown = hand_over(sender, saved(picture(), "PNG"), "母子手帳.pdf")
    assert (shown["media_type"], shown["file_name"]) == ("image/png", "母子手帳.png")
    assert "NAME_CHANGED" in shown["changes"]


def test_the_same_number_is_one_attachment(sender: TestClient) -> None:
    number = str(uuid4())
    first = hand_over(sender, jpeg(), **{"Kakehashi-Attachment": number})
    assert first["attachment"] == number
    assert hand_over(sender, jpeg(), **{"Kakehashi-Attachment": number}) == first


def test_an_attachment_is_its_senders_own(hub: HubWithCase, pool: AttachmentPool, sender: TestClient) -> None:
    number = hand_over(sender, jpeg())["attachment"]
    other = client(hub, pool, "MID-HOSP", "staff.other")
    assert other.get(f"/api/attachments/{number}").status_code == 404
    assert other.delete(f"/api/attachments/{number}").status_code == 404
    body = message(hub, attachments=[{"attachment": number, "section": "MEDICAL"}])
    refused = other.post("/api/messages", json=body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "attachment-not-kept")
    assert sender.delete(f"/api/attachments/{number}").status_code == 204
    assert sender.get(f"/api/attachments/{number}").status_code == 404


def test_an_attachment_is_sent_once_and_the_same_request_has_the_same_outcome(
    hub: HubWithCase, sender: TestClient
) -> None:
    number = hand_over(sender, jpeg())["attachment"]
    body = message(hub, attachments=[{"attachment": number, "section": "MEDICAL"}])
    first = sender.post("/api/messages", json=body).json()
    assert first["outcome"] == "recorded"
    assert sender.post("/api/messages", json=body).json() == first
    shown = sender.get(f"/api/attachments/{number}").json()
    assert (shown["state"], shown["step_text"], shown["file_name"]) == ("SENT", "受領", "")
    again = sender.post("/api/messages", json={**body, "command_id": str(uuid4())})
    assert again.json()["error_code"] == "attachment-not-kept"
    assert hub.door("MID-HOSP").store.attachments.data(UUID(number)) is None


def test_what_the_hub_refuses_keeps_its_attachments(hub: HubWithCase, sender: TestClient) -> None:
    number = hand_over(sender, jpeg())["attachment"]
    attachments = [{"attachment": number, "section": "MEDICAL"}]
    to = str(hub.door("EXT-SERVICE").agency)
    refused = sender.post(
        "/api/messages", json=message(hub, to=[to], basis={to: "APPI-27-C"}, attachments=attachments)
    ).json()
    assert refused["outcome"] == "refused"
    assert sender.get(f"/api/attachments/{number}").json()["state"] == "CHECKED"
    sent = sender.post("/api/messages", json=message(hub, attachments=attachments)).json()
    assert sent["outcome"] == "recorded"


def test_too_many_wait_or_are_sent_at_once(hub: HubWithCase, sender: TestClient) -> None:
    numbers = [hand_over(sender, jpeg())["attachment"] for _ in range(MAX_KEPT)]
    more = sender.post("/api/attachments", content=jpeg())
    assert (more.status_code, more.json()["error_code"]) == (403, "attachments-waiting")
    attached = [{"attachment": number, "section": "MEDICAL"} for number in numbers[:10]]
    many = sender.post("/api/messages", json=message(hub, attachments=attached * 2))
    assert many.status_code == 400
    sent = sender.post("/api/messages", json=message(hub, attachments=attached))
    assert sent.json()["outcome"] == "recorded"


def test_a_file_of_the_largest_size_goes_through_and_one_byte_more_does_not(
    hub: HubWithCase, sender: TestClient, reader: TestClient
) -> None:
    data = pdf_of_size(MAX_ATTACHMENT_BYTES - 10_000)
    shown = hand_over(sender, data, "大きい.pdf")
    assert shown["state"] == "CHECKED", shown
    assert MAX_ATTACHMENT_BYTES - 50_000 < shown["size"] <= MAX_ATTACHMENT_BYTES
    body = message(hub, attachments=[{"attachment": shown["attachment"], "section": "MEDICAL"}])
    sent = sender.post("/api/messages", json=body).json()
    assert sent["outcome"] == "recorded", sent
    document, _ = items_of(reader, sent["case"], sent["message"])
    given = file_of(reader, sent["case"], sent["message"], document)
    assert (given.status_code, len(given.content)) == (200, shown["size"])
    assert "Kakehashi-Unreadable" not in given.headers
    too_large = sender.post("/api/attachments", content=os.urandom(MAX_ATTACHMENT_BYTES + 1))
    assert too_large.status_code == 413
    with pytest.raises(Malformed) as caught:
        AttachmentPool().check(bytes(MAX_ATTACHMENT_BYTES + 1))
    assert caught.value.error_code == "attachment-too-large"


def test_two_files_of_together_more_than_fifty_megabytes_are_two_messages(
    hub: HubWithCase, sender: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.agency.attachments.MAX_BYTES_IN_MESSAGE", 1500)
    numbers = [hand_over(sender, jpeg())["attachment"] for _ in range(3)]
    attached = [{"attachment": number, "section": "MEDICAL"} for number in numbers]
    refused = sender.post("/api/messages", json=message(hub, attachments=attached))
    assert refused.json()["error_code"] == "attachments-too-many"


# --- what another program sends --------------------------------------------------------------------------------------


def send_pair(hub: HubWithCase, document: bytes, data: bytes) -> tuple[str, str]:
    """A document and a file as another program could send them; case and number of the message."""
    parts = [
        SectionContent("MEDICAL", document, schema=DOCUMENT_SCHEMA),
        SectionContent("MEDICAL", data, schema=BYTES_SCHEMA),
    ]
    sent = hub.door("MID-HOSP").send(Kind.CASE, hub.case, REFERRAL, hub.referral(), parts, actor="staff.h")
    assert sent.outcome == "recorded"
    return str(sent.case), str(sent.command_id)


def document_of(data: bytes, media_type: str = "application/pdf") -> bytes:
    about = {"file_name": "a.pdf", "media_type": media_type, "size": len(data), "digest": sha256(data).hex()}
    not_asked = dict.fromkeys(("title", "dated_on", "made_by", "children", "description"))
    return write_content(Document(**about, **not_asked))


ACTIVE = pdf(lambda made: made.Root.__setitem__("/OpenAction", {"/S": __import__("pikepdf").Name.JavaScript}))


@pytest.mark.parametrize(
    ("document", "data", "error_code"),
    [
        (document_of(pdf()), pdf() + b"\n", "document-differs"),
        (document_of(jpeg()), jpeg(), "document-differs"),
        (document_of(b"<script>", "text/html"), b"<script>", "document-differs"),
        (document_of(b"<script>"), b"<script>", "attachment-type-unknown"),
        (document_of(ACTIVE), ACTIVE, "pdf-active"),
    ],
    ids=["other bytes", "other kind", "no kind of ours", "a page", "a program"],
)
def test_a_file_that_differs_from_its_document_is_given_as_mere_bytes(
    hub: HubWithCase, reader: TestClient, document: bytes, data: bytes, error_code: str
) -> None:
    case, number = send_pair(hub, document, data)
    item, _ = items_of(reader, case, number)
    given = file_of(reader, case, number, item)
    assert given.headers["kakehashi-unreadable"] == error_code
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"] == "attachment; filename*=UTF-8''unreadable.bin"
    assert given.content == data
    fields = {"message": number, "item": item["item"], "section": "MEDICAL"}
    page = reader.post(f"/cases/{case}/file", data=fields, headers={"origin": "http://127.0.0.1"})
    assert (page.status_code, "読めないことを送り手に知らせる" in page.text) == (409, True)
    as_it_is = reader.post(
        f"/cases/{case}/file", data={**fields, "as_it_is": "true"}, headers={"origin": "http://127.0.0.1"}
    )
    assert as_it_is.content == data


# --- after a stop ----------------------------------------------------------------------------------------------------


def test_what_was_received_and_not_looked_at_is_looked_at_when_it_is_asked_for(
    hub: HubWithCase, sender: TestClient, pool: AttachmentPool
) -> None:
    """As after a door was stopped between the two, or while the reading process was busy."""
    closed = AttachmentPool(replace(ATTACHMENT_LIMITS, workers=1, waiting=0))
    closed.close()
    staff = Staff.rehearsal("staff.before", mode="rehearsal")
    app = agency_app(hub.door("MID-HOSP"), staff=staff, mode="rehearsal", attachment_pool=closed)
    number = str(uuid4())
    before = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    answer = before.post("/api/attachments", content=jpeg(), headers={"Kakehashi-Attachment": number})
    assert answer.status_code == 503
    row = hub.door("MID-HOSP").store.attachments.row(UUID(number))
    assert row is not None
    assert row.state == "RECEIVED"
    after = client(hub, pool, "MID-HOSP", "staff.before")
    assert after.get(f"/api/attachments/{number}").json()["state"] == "CHECKED"


# --- pages -------------------------------------------------------------------------------------------------------------


def test_a_page_attaches_a_file_and_keeps_what_was_written(
    hub: HubWithCase, sender: TestClient, reader: TestClient
) -> None:
    own = {"origin": "http://127.0.0.1"}
    to = str(hub.door("AZ-CORE").agency)
    path = f"/cases/{hub.case}/disclose"
    sender.get("/cases")
    written = {
        "to": to,
        f"basis.{to}": BASIS,
        "composing": str(uuid4()),
        "command_id": str(uuid4()),
        "text_BASIC": "一つめ",
        "text_CHILD": "二つめ",
        "text_ENV": " ",
    }
    attached = sender.post(
        f"{path}/attach", data=written, files={"file": ("写真.heic", HEIC, "text/html")}, headers=own
    )
    number = attached.headers["kakehashi-attachment"]
    assert "二つめ" in attached.text
    assert "写真.jpg" in attached.text
    assert "撮った場所の情報を消しました" in attached.text
    values = {**written, "attach": number, f"attach_title.{number}": "玄関"}
    forgotten = sender.post(path, data=values, headers=own)
    assert "添付ごとに情報区分を選んでください" in forgotten.text
    assert "二つめ" in forgotten.text
    entered = {**values, f"attach_section.{number}": "ENV"}
    preview = sender.post(path, data={**entered, "step": "preview"}, headers=own)
    assert "まだ送っていません" in preview.text
    assert "写真.jpg" in preview.text
    sent = sender.post(path, data={**entered, "step": "send"}, headers=own, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    [row] = [m for m in reader.get(f"/api/cases/{hub.case}").json() if m["act"] == "disclosure.made"]
    assert [i["section"] for i in row["items"]] == ["BASIC", "CHILD", "ENV", "ENV"]
    document = row["items"][2]
    fields = {"message": row["message"], "item": document["item"], "section": "ENV"}
    page = reader.post(f"/cases/{hub.case}/open", data=fields, headers=own)
    assert "玄関" in page.text
    assert "ファイルを受け取る" in page.text
    file_first = reader.post(
        f"/cases/{hub.case}/open", data={**fields, "item": row["items"][3]["item"]}, headers=own
    )
    assert f'value="{document["item"]}"' in file_first.text
    given = reader.post(f"/cases/{hub.case}/file", data=fields, headers=own)
    assert given.headers["content-type"] == "image/jpeg"


def test_a_refused_file_is_shown_with_its_reason_and_can_be_discarded(
    hub: HubWithCase, sender: TestClient
) -> None:
    sender.get("/cases")
    own = {"origin": "http://127.0.0.1"}
    path = f"/cases/{hub.case}/disclose/attach"
    composing = {"composing": str(uuid4())}
    refused = sender.post(
        path, data=composing, files={"file": ("a.exe", b"MZ\x90", "image/png")}, headers=own
    )
    assert "PDFでも写真(JPEG、PNG、HEIC)でもありません" in refused.text
    number = refused.headers["kakehashi-attachment"]
    gone = sender.post(path, data={**composing, "discard": number}, headers=own)
    assert "a.exe" not in gone.text


def test_what_is_attached_to_one_message_is_not_offered_in_another(
    hub: HubWithCase, sender: TestClient
) -> None:
    sender.get("/cases")
    own = {"origin": "http://127.0.0.1"}
    path = f"/cases/{hub.case}/disclose/attach"
    files = {"file": ("写真.jpg", jpeg(), "image/jpeg")}
    assert "写真.jpg" in sender.post(path, data={"composing": str(uuid4())}, files=files, headers=own).text
    assert "写真.jpg" not in sender.get(f"/cases/{hub.case}/disclose").text


def test_a_file_over_which_the_process_ends_or_takes_too_long_is_refused_and_the_next_is_looked_at() -> None:
    pool = AttachmentPool(replace(ATTACHMENT_LIMITS, memory_bytes=40_000_000))
    large = saved(picture((4000, 4000)), "JPEG")
    try:
        with pytest.raises(Malformed) as caught:
            pool.check(large)
        assert caught.value.error_code == "attachment-too-slow"
        assert pool.check(jpeg()).pages == 1
    finally:
        pool.close()
