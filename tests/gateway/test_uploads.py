"""Uploaded items that no command names: a quota that survives a restart, and a sweep that never takes a named one."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from adapters.bus.items import CHUNK_BYTES
from domain.errors import Conflict, Refused, Unavailable
from domain.events import Kind
from gateway.agency.door import SectionContent
from gateway.hub.uploads import KEPT_UNNAMED, NAMING_PERIOD, UploadQuota, Uploads
from keys.lp import sha256
from keys.stored_record import KEY_GONE, UnreadableRecord
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case

LARGE = "〔架空〕".encode() * 4000  # more than goes into a record


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path / "hub") as opened_hub:
        yield opened_hub


class Later:
    """The machine's clock, as it will be after some time."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def uploads_of(hub: HubWithCase, later: Later, quota: UploadQuota | None = None) -> Uploads:
    """The uploads of this hub, with a clock and a quota of the test's."""
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    return Uploads(runtime.installation.hub_folder / "uploads.db", runtime.store, later, quota)


def put(hub: HubWithCase, data: bytes, code: str = "MID-HOSP") -> httpx.Response:
    digest = sha256(data)
    query = hub.unsigned(
        code,
        "upload",
        {"digest": digest.hex()},
        about={"kind": "agency", "id": str(hub.door(code).agency)},
    ).encode()
    headers = {"kakehashi-request": b64encode(query).decode()}
    return hub.http.put(f"/v1/items/{digest.hex()}", content=data, headers=headers)


def referral_with_large_item(hub: HubWithCase) -> bytes:
    """MID-HOSP refers a new case with one large item; its digest."""
    sent = hub.door("MID-HOSP").send(
        Kind.CASE,
        uuid4(),
        REFERRAL,
        hub.referral(),
        [SectionContent("BASIC", LARGE + os.urandom(8))],
        actor="staff.h",
    )
    assert sent.outcome == "recorded"
    stored = hub.store.at(sent.case, 1)
    return bytes(stored.payload.items[0].digest)


def test_more_than_the_quota_is_refused_and_stays_refused_after_a_restart(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        hub.rehearsal_hub.runtime.hub._deciding.may_name_item.__self__,  # type: ignore[union-attr]
        "_quota",
        UploadQuota(bytes=3000, items=3),
    )
    assert put(hub, b"1" * 900).status_code == 200
    assert put(hub, b"1" * 900).status_code == 200  # the same again is one item
    assert put(hub, b"2" * 900).status_code == 200
    too_many_bytes = put(hub, b"3" * 1300)
    assert (too_many_bytes.status_code, too_many_bytes.json()["error_code"]) == (403, "upload-quota")
    assert put(hub, b"3" * 100).status_code == 200
    too_many_items = put(hub, b"4")
    assert (too_many_items.status_code, too_many_items.json()["error_code"]) == (403, "upload-quota")
    assert put(hub, b"4", "AZ-CORE").status_code == 200  # another agency's quota is its own
    reopened = uploads_of(hub, Later(), UploadQuota(bytes=3000, items=3))
    with pytest.raises(Refused, match="upload-quota"):
        reopened.require_room(hub.door("MID-HOSP").agency)
    reopened.close()


def test_items_that_a_command_names_do_not_count(hub: HubWithCase) -> None:
    uploads = uploads_of(hub, Later(), UploadQuota(bytes=1 << 30, items=2))
    for _ in range(4):
        referral_with_large_item(hub)
        uploads.require_room(hub.door("MID-HOSP").agency)
    uploads.close()


def test_the_sweep_takes_what_nobody_named_for_a_day_and_nothing_else(hub: HubWithCase) -> None:
    named = referral_with_large_item(hub)
    unnamed = b"nobody names this" * 10
    assert put(hub, unnamed).status_code == 200
    later = Later()
    uploads = uploads_of(hub, later)
    assert uploads.sweep() == 0
    later.ahead = KEPT_UNNAMED + timedelta(minutes=1)
    assert uploads.sweep() == 1
    assert not hub.store.has_item(sha256(unnamed))
    assert hub.store.has_item(named)
    report = uploads.report()
    assert (report["unnamed"], report["swept"], report["trouble"]) == (0, 1, None)
    uploads.close()


def test_an_item_is_named_only_long_before_it_may_be_swept(hub: HubWithCase) -> None:
    """So a command that is recorded at the instant of a sweep names nothing that the sweep deletes."""
    later = Later()
    uploads = uploads_of(hub, later)
    data = b"uploaded, and named at the last moment" * 3
    digest = sha256(data)
    assert put(hub, data).status_code == 200
    later.ahead = NAMING_PERIOD - timedelta(minutes=1)
    assert uploads.may_be_named(digest)
    assert uploads.sweep() == 0
    later.ahead = NAMING_PERIOD + timedelta(minutes=1)
    assert not uploads.may_be_named(digest)
    assert uploads.sweep() == 0  # not for hours yet
    assert hub.store.has_item(digest)
    uploads.close()


def test_the_hub_refuses_to_record_a_command_whose_upload_is_old_and_the_door_uploads_again(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, door = Later(), hub.door("MID-HOSP")
    client = door.client

    def hub_is_away(request: bytes) -> Any:
        raise Unavailable("hub-unreachable")

    monkeypatch.setattr(door, "_retry_seconds", 0.0)
    with monkeypatch.context() as away:
        away.setattr(client, "submit", hub_is_away)
        part = SectionContent("BASIC", LARGE)
        sent = door.send(Kind.CASE, uuid4(), REFERRAL, hub.referral(), [part], actor="staff.h")
        assert sent.outcome == "waiting"
    [waiting] = [o for o in door.store.outgoing() if o.command_id == sent.command_id]
    later.ahead = KEPT_UNNAMED + timedelta(hours=1)
    sweeping = uploads_of(hub, later)
    assert sweeping.sweep() == 1
    sweeping.close()
    assert waiting.request is not None
    with pytest.raises(Conflict, match="item-not-uploaded"):
        client.submit(waiting.request)
    assert door.flush() == 1
    [confirmed] = [o for o in door.store.outgoing() if o.command_id == sent.command_id]
    assert (confirmed.state, confirmed.request, confirmed.draft) == ("CONFIRMED", None, None)
    assert hub.store.at(sent.case, 1).payload.items[0].storage == "store"


def test_an_item_that_is_uploaded_again_while_the_sweep_judges_it_stays(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(CHUNK_BYTES + 10)
    assert put(hub, data).status_code == 200
    later = Later()
    later.ahead = KEPT_UNNAMED + timedelta(hours=1)
    uploads = uploads_of(hub, later)
    items = hub.store._items
    delete = items.delete

    def delete_after_renewal(digest: bytes, before: int | None = None) -> None:
        items.put(digest, data, renew_before=datetime.now(UTC) + timedelta(days=1))
        delete(digest, before)

    monkeypatch.setattr(items, "delete", delete_after_renewal)
    uploads.sweep()
    assert items.get(sha256(data)) == data
    uploads.close()


def test_nothing_is_swept_while_a_record_can_not_be_read(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"nobody names this" * 10
    assert put(hub, data).status_code == 200
    later = Later()
    later.ahead = KEPT_UNNAMED + timedelta(hours=1)
    uploads = uploads_of(hub, later)
    damaged = UnreadableRecord(1, uuid4(), 1, "subject", bytes(32), "unknown-edition")
    monkeypatch.setattr(
        type(hub.store),
        "read_tolerant",
        lambda self, start, limit: [damaged],
    )
    uploads.sweep_step()
    assert uploads.report()["trouble"] == "named-items-unknown"
    assert hub.store.has_item(sha256(data))
    uploads.close()


def test_where_a_record_was_destroyed_only_what_was_uploaded_here_and_never_named_is_swept(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded_elsewhere, uploaded_here = b"a destroyed record may name it" * 3, b"nobody names this" * 3
    hub.store.put_item(sha256(uploaded_elsewhere), uploaded_elsewhere)
    assert put(hub, uploaded_here).status_code == 200
    later = Later()
    later.ahead = KEPT_UNNAMED + timedelta(hours=1)
    uploads = uploads_of(hub, later)
    destroyed = UnreadableRecord(1, uuid4(), 1, "subject", bytes(32), KEY_GONE)
    pages = [[destroyed], []]
    monkeypatch.setattr(type(hub.store), "read_tolerant", lambda self, start, limit: pages.pop(0))
    assert uploads.sweep() == 1
    assert hub.store.has_item(sha256(uploaded_elsewhere))
    assert not hub.store.has_item(sha256(uploaded_here))
    uploads.close()


def test_without_its_database_the_hub_takes_no_upload(hub: HubWithCase) -> None:
    uploads = uploads_of(hub, Later())
    uploads._db.execute("PRAGMA query_only=ON")
    with pytest.raises(Unavailable, match="upload-store-unavailable"):
        uploads.put(hub.door("AZ-CORE").agency, sha256(b"1"), b"1")
    uploads.close()
