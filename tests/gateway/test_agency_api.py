"""The door's JSON API: sections in clear inside the agency, stable errors, no content in logs or errors."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from domain.errors import Unavailable
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.web.app import agency_app
from gateway.rehearsal.scenario.run import Run


def client(run: Run, code: str) -> TestClient:
    staff = Staff.rehearsal(run.rehearsal_hub.actors[code], mode="rehearsal")
    return TestClient(
        agency_app(run.rehearsal_hub.door(code), staff=staff, mode="rehearsal"), base_url="http://127.0.0.1"
    )


def message(run: Run, **changes: object) -> dict[str, object]:
    to = str(run.id_of("SORA-NPO"))
    return {
        "case": str(run.case),
        "act": "disclosure.made",
        "to": [to],
        "basis": {to: "CWA-21-10-2-3"},
        "sections": [{"section": "CHILD", "text": "哺乳量は一回六十ミリリットル"}],
        **changes,
    }


def test_a_section_sent_by_one_system_is_opened_by_another_unchanged(case_in_progress: Run) -> None:
    run = case_in_progress
    sent = client(run, "AZ-CORE").post("/api/messages", json=message(run)).json()
    assert (sent["outcome"], sent["reason"]) == ("recorded", None)
    reader = client(run, "SORA-NPO")
    message_row = next(
        m for m in reader.get(f"/api/cases/{run.case}").json() if m["message"] == sent["message"]
    )
    [item] = message_row["items"]
    assert item["state"] == "OPENABLE"
    answer = reader.post(
        f"/api/cases/{run.case}/items/{item['item']}/open",
        json={"message": sent["message"], "section": "CHILD", "purpose": "SUPPORT"},
    )
    assert answer.json()["text"] == "哺乳量は一回六十ミリリットル"
    assert answer.headers["cache-control"] == "no-store"


def test_a_long_section_is_sent_through_the_item_store_and_read_completely(case_in_progress: Run) -> None:
    run = case_in_progress
    text = "経過の記録。" * 20_000
    request_body = message(run, sections=[{"section": "CHILD", "text": text}])
    sent = client(run, "AZ-CORE").post("/api/messages", json=request_body).json()
    assert sent["outcome"] == "recorded"
    reader = client(run, "SORA-NPO")
    message_row = next(
        m for m in reader.get(f"/api/cases/{run.case}").json() if m["message"] == sent["message"]
    )
    answer = reader.post(
        f"/api/cases/{run.case}/items/{message_row['items'][0]['item']}/open",
        json={"message": sent["message"], "section": "CHILD", "purpose": "SUPPORT"},
    )
    assert answer.json()["text"] == text


def test_a_message_whose_stored_item_was_not_uploaded_is_not_recorded(
    case_in_progress: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = case_in_progress
    door = run.rehearsal_hub.door("AZ-CORE")
    monkeypatch.setattr(
        door.client, "put_item", lambda digest, sealed, signed_upload: None
    )  # lost on the way
    before = run.rehearsal_hub.runtime.recorder.head()  # type: ignore[union-attr]
    request_body = message(run, sections=[{"section": "CHILD", "text": "長い記録" * 9_000}])
    answer = client(run, "AZ-CORE").post("/api/messages", json=request_body)
    assert (answer.status_code, answer.json()["error_code"]) == (409, "item-not-uploaded")
    assert run.rehearsal_hub.runtime.recorder.head() == before  # type: ignore[union-attr]


def test_an_upload_without_an_agencys_signature_is_refused(case_in_progress: Run) -> None:
    from domain.errors import ExchangeError
    from keys.lp import sha256

    data = b"anything" * 5000
    hub = case_in_progress.rehearsal_hub.door("AZ-CORE").client
    for signed_upload in (b"", b"nonsense"):
        with pytest.raises(ExchangeError, match=r"request|upload"):
            hub.put_item(sha256(data), data, signed_upload)


def test_the_same_request_twice_is_recorded_once(case_in_progress: Run) -> None:
    run = case_in_progress
    request_body = message(run, command_id=str(uuid4()))
    door = client(run, "AZ-CORE")
    first, second = (
        door.post("/api/messages", json=request_body).json(),
        door.post("/api/messages", json=request_body).json(),
    )
    assert first == second
    assert first["outcome"] == "recorded"


def test_another_request_under_the_same_id_conflicts_also_after_a_restart(
    case_in_progress: Run,
) -> None:
    run = case_in_progress
    request_body = message(run, command_id=str(uuid4()))
    changed = {**request_body, "sections": [{"section": "CHILD", "text": "哺乳量は一回六百ミリリットル"}]}
    assert client(run, "AZ-CORE").post("/api/messages", json=request_body).json()["outcome"] == "recorded"
    head = run.rehearsal_hub.runtime.recorder.head()  # type: ignore[union-attr]
    run.rehearsal_hub.reopen_doors()
    answer = client(run, "AZ-CORE").post("/api/messages", json=changed)
    assert (answer.status_code, answer.json()["error_code"]) == (409, "command-id-taken")
    in_other_order = dict(reversed(request_body.items()))
    assert client(run, "AZ-CORE").post("/api/messages", json=in_other_order).json()["outcome"] == "recorded"
    assert run.rehearsal_hub.runtime.recorder.head() == head  # type: ignore[union-attr]


def test_a_waiting_message_is_sent_again_unchanged_and_recorded_once(
    case_in_progress: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = case_in_progress
    door = run.rehearsal_hub.door("AZ-CORE")
    request_body = message(run, command_id=str(uuid4()))
    head = run.rehearsal_hub.runtime.recorder.head()  # type: ignore[union-attr]
    send = door.client.submit

    def recorded_but_unanswered(data: bytes) -> dict[str, object]:
        send(data)
        raise Unavailable("hub-unreachable", "the answer was lost")

    monkeypatch.setattr(door, "_retry_seconds", 0.0)
    monkeypatch.setattr(door.client, "submit", recorded_but_unanswered)
    assert client(run, "AZ-CORE").post("/api/messages", json=request_body).json()["outcome"] == "waiting"
    monkeypatch.setattr(door.client, "submit", send)
    assert client(run, "AZ-CORE").post("/api/messages", json=request_body).json()["outcome"] == "recorded"
    assert run.rehearsal_hub.runtime.recorder.head() == head + 1  # type: ignore[union-attr]


def test_a_refusal_has_a_reason_in_japanese_and_the_fitting_bases(case_in_progress: Run) -> None:
    run = case_in_progress
    to = str(run.id_of("MID-HOSP"))
    answer = client(run, "AZ-CORE").post(
        "/api/messages", json=message(run, to=[to], basis={to: "CWA-21-10-2-3"})
    )
    sent = answer.json()
    assert (sent["outcome"], sent["reason"]) == ("refused", "BASIS_FOR_OTHER_PARTIES")
    assert "この根拠は" in sent["reason_text"]
    assert "CWA-25-2-2" in sent["fitting"]


def test_another_agencys_item_and_an_unknown_one_answer_the_same(case_in_progress: Run) -> None:
    run = case_in_progress
    w = next(w for w in run.written if w.section == "VISIT")
    door = client(run, "MID-HOSP")
    body = {"message": str(w.message), "section": "VISIT", "purpose": "SUPPORT"}
    foreign_answer = door.post(f"/api/cases/{w.case}/items/{w.item}/open", json=body)
    nothing = door.post(f"/api/cases/{w.case}/items/{uuid4()}/open", json=body)
    nowhere = door.post(f"/api/cases/{uuid4()}/items/{w.item}/open", json=body)
    assert foreign_answer.status_code == nothing.status_code == nowhere.status_code == 404
    assert foreign_answer.content == nothing.content == nowhere.content


@pytest.mark.parametrize(
    ("change", "expected_text"),
    [
        pytest.param({"act": "no.such"}, "unknown-act", id="unknown act"),
        pytest.param({"sections": [{"section": "SECRET", "text": "x"}]}, "sections.0.section", id="section"),
        pytest.param({"colour": "red"}, "colour", id="unknown key"),
        pytest.param({"to": ["nobody"]}, "to.0", id="addressee is no id"),
        pytest.param({"occurred_at": "2025-08-01T10:00:00"}, "body.occurred_at", id="time without zone"),
        pytest.param({"fields": {"held": []}}, "hub-fields", id="a field of the hub"),
    ],
)
def test_malformed_input_is_named_by_its_place_and_never_echoed(
    case_in_progress: Run, change: dict[str, object], expected_text: str
) -> None:
    run = case_in_progress
    before = run.rehearsal_hub.runtime.recorder.head()  # type: ignore[union-attr]
    answer = client(run, "AZ-CORE").post("/api/messages", json=message(run, **change))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert expected_text in answer.text
    assert "哺乳量" not in answer.text
    assert run.rehearsal_hub.runtime.recorder.head() == before  # type: ignore[union-attr]


def test_a_body_that_is_not_utf_8_is_a_problem(case_in_progress: Run) -> None:
    headers = {"content-type": "application/json"}
    answer = client(case_in_progress, "AZ-CORE").post("/api/messages", content=b'"\xff"', headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "unreadable-body")
    assert answer.headers["content-type"] == "application/problem+json"


def test_content_is_not_logged(case_in_progress: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client(case_in_progress, "AZ-CORE").post("/api/messages", json=message(case_in_progress))
    assert "哺乳量" not in caplog.text


# --- who may come ------------------------------------------------------------------------------------------


@pytest.fixture
def staff(tmp_path: Path) -> Staff:
    new_staff = Staff(tmp_path / "staff.db")
    new_staff.add("staff.a1", "職員A", b"correct horse battery", roles=ALL_ROLES)
    return new_staff


def real_door(run: Run, staff: Staff) -> TestClient:
    """A door that is reached over TLS."""
    app = agency_app(run.rehearsal_hub.door("AZ-CORE"), staff=staff, mode="real")
    return TestClient(app, base_url="https://127.0.0.1")


def test_a_request_without_token_or_session_is_sent_away(case_in_progress: Run, staff: Staff) -> None:
    door = real_door(case_in_progress, staff)
    assert door.get("/api/worklist").status_code == 401
    assert door.get("/", follow_redirects=False).headers["location"] == "/sign-in"


def test_a_system_is_identified_by_its_token(case_in_progress: Run, staff: Staff) -> None:
    token = staff.add_token("sys:mch", "母子保健システム", acts=["cases.read"])
    door = real_door(case_in_progress, staff)
    assert door.get("/api/worklist", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert door.get("/api/worklist", headers={"authorization": f"Bearer {token}x"}).status_code == 401


def test_a_person_signs_in_and_out(case_in_progress: Run, staff: Staff) -> None:
    door = real_door(case_in_progress, staff)
    wrong = door.post("/sign-in", data={"actor": "staff.a1", "passphrase": "wrong"})
    assert wrong.status_code == 401
    right = door.post("/sign-in", data={"actor": "staff.a1", "passphrase": "correct horse battery"})
    assert right.status_code == 200
    assert "仕事一覧" in right.text
    door.post("/sign-out")
    assert "職員ID" in door.get("/").text


def test_a_long_sign_in_request_is_refused(case_in_progress: Run, staff: Staff) -> None:
    door = real_door(case_in_progress, staff)
    too_long = door.post("/sign-in", data={"actor": "staff.a1", "passphrase": "x" * 5000})
    form = {"content-type": "application/x-www-form-urlencoded"}
    without_length = door.post(
        "/sign-in", headers=form, content=iter([b"actor=staff.a1&passphrase=", b"x" * 5000])
    )
    assert [(a.status_code, a.json()["error_code"]) for a in (too_long, without_length)] == [
        (413, "body-too-long")
    ] * 2


def test_a_door_answers_only_to_a_loopback_host_name(case_in_progress: Run) -> None:
    door = client(case_in_progress, "AZ-CORE")
    assert door.get("/cases").status_code == 200
    assert door.get("/cases", headers={"host": "rebound.example"}).status_code == 421


def test_a_form_from_another_origin_is_refused(case_in_progress: Run) -> None:
    door = client(case_in_progress, "AZ-CORE")
    answer = door.post("/sign-out", headers={"origin": "http://evil.example", "sec-fetch-site": "cross-site"})
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "other-origin"


def test_automatic_sign_in_is_refused_at_a_real_hub() -> None:
    from domain.errors import Refused

    with pytest.raises(Refused, match="not-a-rehearsal"):
        Staff.rehearsal("staff.a1", mode="real")


def test_a_recorded_command_gets_its_receipt_again_and_a_changed_one_does_not(
    case_in_progress: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from base64 import b64decode

    from domain.errors import ExchangeError
    from keys.receipt import verify_receipt

    run = case_in_progress
    door = run.rehearsal_hub.door("AZ-CORE")
    sent: list[bytes] = []
    send = door.client.submit
    monkeypatch.setattr(door.client, "submit", lambda data: sent.append(data) or send(data))  # type: ignore[func-returns-value]
    client(run, "AZ-CORE").post("/api/messages", json=message(run))
    head = run.rehearsal_hub.runtime.recorder.head()  # type: ignore[union-attr]
    first, second = send(sent[0]), send(sent[0])
    leaves = [
        verify_receipt(b64decode(a["receipt"]), run.rehearsal_hub.genesis.log).leaf for a in (first, second)
    ]
    assert leaves[0] == leaves[1]
    frame_ends = 8 + int.from_bytes(sent[0][4:8], "big")
    other_signature = bytearray(sent[0])
    other_signature[frame_ends - 1] ^= 1
    other_payload = sent[0].replace(b'"purpose":"SUPPORT"', b'"purpose":"SAFETY"')
    for wrong in (bytes(other_signature), other_payload):
        with pytest.raises(ExchangeError):
            send(wrong)
    assert run.rehearsal_hub.runtime.recorder.head() == head  # type: ignore[union-attr]
