"""Every error code that a client of a door can meet and that no other test provokes: one test for each."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from domain.error_codes import TABLE
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from keys import canonical
from keys.command import parse_command
from keys.frame import Frame, parse_frame
from keys.lp import ZEROS
from keys.signing import SignatureKeys
from tests.gateway.hubkit import HubWithCase, hub_with_case

Patch = pytest.MonkeyPatch
Provoke = Callable[[HubWithCase, Patch], httpx.Response]
CODE = "AZ-CORE"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        new_hub.door(CODE).refresh()
        yield new_hub


def client(hub: HubWithCase) -> TestClient:
    staff = Staff.rehearsal("staff.a", mode="rehearsal")
    return TestClient(agency_app(hub.door(CODE), staff=staff, mode="rehearsal"), base_url="http://127.0.0.1")


def open_first_item(hub: HubWithCase) -> httpx.Response:
    first, section = hub.sent.items[0]
    body = {"message": str(hub.sent.command_id), "section": section, "purpose": "SUPPORT"}
    return client(hub).post(f"/api/cases/{hub.case}/items/{first}/open", json=body)


def changed(frame: Frame, **keys: Any) -> Frame:
    """The frame with other values in its payload; its signatures no longer hold, which is checked later."""
    return Frame(canonical.encode({**canonical.parse(frame.payload), **keys}), frame.signatures)


def with_author_frame(hub: HubWithCase, patch: Patch, **keys: Any) -> None:
    """The hub releases the author's frame with other values in its payload."""
    submit = hub.door(CODE).client.submit

    def changing(data: bytes) -> dict[str, Any]:
        answer = submit(data)
        if answer.get("release"):
            frame = changed(parse_frame(b64decode(answer["release"]["frame"])), **keys)
            answer["release"]["frame"] = b64encode(frame.encode()).decode()
        return answer

    patch.setattr(hub.door(CODE).client, "submit", changing)


def content_of_the_audit_office(hub: HubWithCase, patch: Patch) -> httpx.Response:
    with_author_frame(hub, patch, by="AUDIT", items=[], wrapped_keys=[], keyset=ZEROS.hex())
    return open_first_item(hub)


def frame_without_the_item(hub: HubWithCase, patch: Patch) -> httpx.Response:
    submit, first = hub.door(CODE).client.submit, str(hub.sent.items[0][0])

    def answering(data: bytes) -> dict[str, Any]:
        answer = submit(data)
        if answer.get("release"):
            frame = parse_frame(b64decode(answer["release"]["frame"]))
            others = {
                key: [one for one in canonical.parse(frame.payload)[key] if one["item"] != first]
                for key in ("items", "wrapped_keys")
            }
            answer["release"]["frame"] = b64encode(changed(frame, **others).encode()).decode()
        return answer

    patch.setattr(hub.door(CODE).client, "submit", answering)
    patch.setattr(hub.door(CODE)._item_opener, "verified_author_payload", unverified_payload)
    return open_first_item(hub)


def unverified_payload(data: str, key_sets: Any, case: UUID) -> Any:
    return parse_command(parse_frame(b64decode(data)).payload)


def key_set_without_the_one_before(hub: HubWithCase, patch: Patch) -> httpx.Response:
    door = hub.door(CODE)
    [published] = door.client.key_sets(door.agency)
    patch.setattr(door, "_keyset", None)
    patch.setattr(door.client, "key_sets", lambda agency: [changed(published, keyset="11" * 32)])
    return client(hub).post("/api/messages", json=message(hub))


def keys_of_another(hub: HubWithCase, patch: Patch) -> httpx.Response:
    patch.setattr(hub.door(CODE), "_keyset", None)
    patch.setattr(hub.door(CODE), "_sig", SignatureKeys.generate())
    return client(hub).post("/api/messages", json=message(hub))


def unpublished_key_set(hub: HubWithCase, patch: Patch) -> httpx.Response:
    listed = [{"id": str(hub.door(CODE).agency), "keyset": "22" * 32}]
    patch.setattr(hub.door(CODE).client, "agencies", lambda: listed)
    return client(hub).get("/api/agencies")


def proxy_in_between(hub: HubWithCase, patch: Patch) -> httpx.Response:
    transport = httpx.MockTransport(lambda request: httpx.Response(502, text="<html>bad gateway</html>"))
    patch.setattr(hub.door(CODE).client, "_http", httpx.Client(base_url="http://hub", transport=transport))
    patch.setattr(hub.door(CODE), "_retry_seconds", 0.0)
    return client(hub).get("/api/agenda", params={"since": "2025-05-01T00:00:00+09:00"})


def answer_to_nothing(hub: HubWithCase, patch: Patch) -> httpx.Response:
    data = {"message": str(uuid4()), "act": "referral.acknowledged"}
    return client(hub).post(f"/cases/{hub.case}/answer", data=data)


def nobody(hub: HubWithCase, patch: Patch) -> httpx.Response:
    staff = Staff(hub.rehearsal_hub.installation.folder / "staff-of-the-test.db")
    app = agency_app(hub.door(CODE), staff=staff, mode="real")
    return TestClient(app, base_url="http://127.0.0.1").get("/api/worklist")


def who_notified_without_labels(hub: HubWithCase, patch: Patch) -> httpx.Response:
    sections = [{"section": "NOTIFIER", "text": "隣の架空さんから聞いた"}]
    return client(hub).post("/api/messages", json={**message(hub), "sections": sections})


def message(hub: HubWithCase) -> dict[str, Any]:
    return {
        "case": str(hub.case),
        "act": "conference_minutes.recorded",
        "to": [],
        "basis": {},
        "sections": [{"section": "CONF", "text": "会議の記録"}],
    }


CASES: dict[str, tuple[int, Provoke]] = {
    "author-not-an-agency": (401, content_of_the_audit_office),
    "form-not-found": (404, lambda hub, patch: client(hub).get("/forms/no-such-form")),
    "item-not-in-frame": (401, frame_without_the_item),
    "key-set-chain": (401, key_set_without_the_one_before),
    "key-set-not-ours": (401, keys_of_another),
    "key-set-unknown": (401, unpublished_key_set),
    "not-recorded": (400, answer_to_nothing),
    "not-signed-in": (401, nobody),
    "notifier-unlabelled": (400, who_notified_without_labels),
    "unexpected-answer": (503, proxy_in_between),
}


WITH_REASON = {"not-recorded": "記録できませんでした。対象の連絡が見つかりません。"}
"""Codes whose answer says in words what was the reason."""


@pytest.mark.parametrize("error_code", CASES)
def test_the_door_answers_with_this_code(error_code: str, hub: HubWithCase, monkeypatch: Patch) -> None:
    status, provoke = CASES[error_code]
    answer = provoke(hub, monkeypatch)
    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (status, error_code)
    assert problem["category"] in TABLE[error_code].categories
    assert problem["detail_ja"] == WITH_REASON.get(error_code, TABLE[error_code].text_ja)


def test_a_page_shows_the_japanese_text_and_no_code(hub: HubWithCase) -> None:
    answer = client(hub).get("/forms/no-such-form", headers={"accept": "text/html"})
    assert TABLE["form-not-found"].text_ja in answer.text
    assert "form-not-found" not in answer.text


def test_a_body_that_is_too_long_is_answered_with_413(hub: HubWithCase) -> None:
    answer = client(hub).post("/api/files", content=b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error_code"]) == (413, "body-too-long")
