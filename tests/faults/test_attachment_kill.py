"""I1, I8: a door that is stopped between two steps of sending files goes on where it was, and none is ever in clear on disk."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.codes import Section
from domain.events import Kind
from gateway.agency.attachments import AttachedPart, Attachments
from gateway.agency.parsing import AttachmentPool
from gateway.agency.received_files import open_file
from gateway.agency.store import CONFIRMED
from keys.lp import sha256
from tests.attachments.kit import exif, saved
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case

ACTOR = "staff.h"
ROOT = Path(__file__).parents[2]


class Stopped(BaseException):
    """The door's process ends here."""


def photograph(seed: int) -> bytes:
    """A picture that nothing makes small, with what a telephone writes beside it."""
    from PIL import Image

    noise = Image.effect_noise((300, 200), 40 + seed).convert("RGB")
    return saved(noise, "JPEG", quality=95, exif=exif())


@pytest.fixture(scope="module")
def pool() -> Iterator[AttachmentPool]:
    opened = AttachmentPool()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        yield new_hub


@pytest.fixture
def no_temporary_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for temporary files in which none may be made; a spooled one that grows would make one without a name."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a temporary file was made")

    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    return folder


def stop_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int, *, after: bool) -> None:
    """The process ends before, or right after, that call of this function."""
    original, calls = getattr(owner, name), [0]

    def stopping(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and not after:
            raise Stopped
        result = original(*args, **kwargs)
        if calls[0] == call:
            raise Stopped
        return result

    monkeypatch.setattr(owner, name, stopping)


def assert_nowhere_in_clear(hub: HubWithCase, temporary: Path, contents: list[bytes]) -> None:
    """No file of hub, bus and doors holds a part of these bytes, as they are or in base64."""
    from base64 import b64encode

    canaries = [content[at : at + 48] for content in contents for at in (300, len(content) // 2)]
    canaries += [b64encode(b"\0" * shift + c)[4:-4] for c in list(canaries) for shift in range(3)]
    folder = hub.rehearsal_hub.installation.folder
    files = [p for where in (folder, temporary) for p in where.rglob("*") if p.is_file()]
    assert {"door.db", "read_models.db"} <= {p.name for p in files}
    assert [p for p in files if any(c in p.read_bytes() for c in canaries)] == []


SEAMS = [
    pytest.param("store", "enqueue", 1, False, id="before it is in the outbox"),
    pytest.param("store", "enqueue", 1, True, id="in the outbox, nothing uploaded"),
    pytest.param("client", "put_item", 1, True, id="one uploaded, and not noted"),
    pytest.param("client", "put_item", 2, False, id="one uploaded"),
    pytest.param("client", "submit", 1, False, id="all uploaded"),
    pytest.param("client", "submit", 1, True, id="recorded, and no receipt here"),
    pytest.param("store", "confirm", 1, True, id="all is done"),
]


@pytest.mark.parametrize(("owner", "name", "call", "after"), SEAMS)
def test_a_door_goes_on_after_a_stop_and_sends_only_what_is_missing(
    hub: HubWithCase,
    pool: AttachmentPool,
    no_temporary_files: Path,
    owner: str,
    name: str,
    call: int,
    after: bool,
) -> None:
    door = hub.door("MID-HOSP")
    attachments = Attachments(door, pool)
    raw = [photograph(1), photograph(2)]
    files = [attachments.receive(ACTOR, uuid4(), data, "写真.jpg") for data in raw]
    assert [file.state for file in files] == ["CHECKED", "CHECKED"]
    clear = [*raw, *(door.attached(file.id)[0] for file in files)]
    attached = [AttachedPart(file.id, Section.MEDICAL) for file in files]
    case, command = uuid4(), uuid4()

    def send() -> None:
        parts = attachments.parts(ACTOR, attached)
        fields = hub.referral()
        door.send(Kind.CASE, case, REFERRAL, fields, parts, actor=ACTOR, command_id=command, request=b"one")

    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, getattr(door, owner), name, call, after=after)
        with pytest.raises(Stopped):
            send()
    assert_nowhere_in_clear(hub, no_temporary_files, clear)
    known = door.store.sent(command)
    uploaded: list[bytes] = []
    waiting = door.store.attachments.outgoing_items(command)
    with pytest.MonkeyPatch.context() as patch:
        put_item = door.client.put_item
        patch.setattr(door.client, "put_item", lambda d, s, r: (uploaded.append(d), put_item(d, s, r)))
        if known is None:
            send()
        else:
            door.flush()
    if known is not None:
        assert uploaded == [item.digest for item in waiting if not item.is_uploaded]
    entry = door.store.sent(command)
    assert entry is not None
    assert (entry.state, (entry.answer or {})["outcome"]) == (CONFIRMED, "recorded")
    assert [k.record.command_id for k in hub.store.load(case)].count(command) == 1
    assert [attachments.find(ACTOR, file.id).state for file in files] == ["SENT", "SENT"]
    assert door.store.attachments.outgoing_items(command) == []
    reader = hub.door("AZ-CORE")
    payload = hub.store.at(case, 1).payload
    for file, item in zip(files, payload.items[::2], strict=True):
        received = open_file(reader, pool, case, command, item.item, item.section, actor="staff.a")
        assert (received.error_code, sha256(received.data)) == (None, file.digest)
    assert_nowhere_in_clear(hub, no_temporary_files, clear)


def test_a_file_that_was_received_before_a_stop_is_looked_at_after_it(
    hub: HubWithCase, pool: AttachmentPool, no_temporary_files: Path
) -> None:
    door, data, id = hub.door("MID-HOSP"), photograph(3), uuid4()
    attachments = Attachments(door, pool)
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, pool, "check", 1, after=False)
        with pytest.raises(Stopped):
            attachments.receive(ACTOR, id, data, "写真.jpg")
    row = door.store.attachments.row(id)
    assert row is not None
    assert row.state == "RECEIVED"
    assert_nowhere_in_clear(hub, no_temporary_files, [data])
    assert attachments.find(ACTOR, id).state == "CHECKED"


def test_what_waits_for_the_hub_keeps_its_files_and_what_nobody_sends_is_erased_after_a_day(
    hub: HubWithCase, pool: AttachmentPool
) -> None:
    from datetime import timedelta

    from domain.errors import Unavailable

    door = hub.door("MID-HOSP")
    attachments = Attachments(door, pool)
    sent, unsent = (attachments.receive(ACTOR, uuid4(), photograph(n), "a.jpg") for n in (4, 5))
    case, command = uuid4(), uuid4()

    def away(*_: Any) -> Any:
        raise Unavailable("hub-unreachable")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door.client, "query", away)
        patch.setattr(door, "_retry_seconds", 0.0)
        parts = attachments.parts(ACTOR, [AttachedPart(sent.id, Section.MEDICAL)])
        result = door.send(
            Kind.CASE, case, REFERRAL, hub.referral(), parts, actor=ACTOR, command_id=command, request=b"1"
        )
    assert result.outcome == "waiting"
    hub.rehearsal_hub.set_clock(hub.rehearsal_hub.now() + timedelta(days=2))
    assert attachments.expire() >= 1
    ids = {row.id for row in door.store.attachments.rows(ACTOR)}
    assert (sent.id in ids, unsent.id in ids) == (True, False)
    assert door.flush() == 1
    assert attachments.find(ACTOR, sent.id).state == "SENT"
    assert isinstance(sent.id, UUID)


KILLS = [
    ("rows", "receive", 1, "after"),
    ("rows", "check", 1, "after"),
    ("store", "enqueue", 1, "before"),
    ("store", "enqueue", 1, "after"),
    ("client", "put_item", 1, "after"),
    ("rows", "note_uploaded", 1, "after"),
    ("client", "submit", 1, "before"),
    ("client", "submit", 1, "after"),
    ("store", "confirm", 1, "after"),
]


@pytest.mark.faults
def test_a_door_that_is_killed_at_any_step_sends_its_file_once_and_leaves_nothing_in_clear(
    hub: HubWithCase, no_temporary_files: Path, tmp_path: Path
) -> None:
    """``kill -9`` of a real process; the next one knows only what is on disk."""
    picture = tmp_path / "picture"
    picture.write_bytes(photograph(9))
    place = hub.rehearsal_hub.installation.agency("MID-HOSP")
    worker = [sys.executable, "-m", "tests.faults.attachment_sender", str(place.folder)]
    more = [hub.rehearsal_hub.url, str(hub.door("AZ-CORE").agency), str(picture)]
    ids = [(uuid4(), uuid4(), uuid4()) for _ in KILLS]
    asked = "".join(
        " ".join(map(str, (*kill, *three))) + "\n" for kill, three in zip(KILLS, ids, strict=True)
    )
    done = subprocess.run(
        [*worker, *more], input=asked, capture_output=True, text=True, timeout=240, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    expected = {"outcome": "recorded", "state": "SENT", "kept": [], "outgoing": 0}
    assert dict(zip(KILLS, answers, strict=True)) == dict.fromkeys(KILLS, expected)
    for case, command, _ in ids:
        assert [k.record.command_id for k in hub.store.load(case)].count(command) == 1
    assert_nowhere_in_clear(hub, no_temporary_files, [picture.read_bytes()])
