"""I2: no wrapped key is released before its opening is durable; and a door refuses a tampered release."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.bus import EmbeddedServer
from adapters.store import Store
from domain.errors import ExchangeError, InvariantViolation, NotFound, Unavailable
from domain.events import DisclosureReceived, Kind, SectionOpened, WrappedKeyFetchedForRewrap
from domain.record import About, access_of
from gateway.agency.door import Door, SectionContent
from gateway.agency.store import CONFIRMED, FAILED, WAITING, DoorStore
from gateway.hub.release import Releasing
from gateway.protocol.client import HubClient
from gateway.rehearsal.scenario.player import dispatch_step, play_story
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story
from keys import canonical
from keys.frame import COMMAND, parse_frame, sign
from keys.item import seal_item
from keys.keyset import key_set_fields, sign_key_set
from keys.lp import ZEROS, sha256
from keys.signing import KemKey, SignatureKeys
from keys.wrapped_key import seal_wrapped_key
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case, hub_with_case_on_bus

STORIES = Path(__file__).parents[1] / "scenarios"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        yield new_hub


# --- the order -----------------------------------------------------------------------------------------


class Watched:
    """The real store, watched: what was recorded when a wrapped key or a sealed item was taken out of it."""

    def __init__(self, hub: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[str, object]] = []
        append, wrapped_key, sealed, release = (
            Store.append_each,
            Store.wrapped_key,
            Store.sealed_item,
            Releasing.build_release,
        )
        events = self.events

        def appending(store: Store, drafts: Any, head: int | None = None) -> Any:
            events.extend(("appending", type(record.event)) for record, _ in drafts)
            answers = append(store, drafts, head)
            for (record, _), answer in zip(drafts, answers, strict=True):
                if not isinstance(answer, Exception):
                    assert store.head() >= answer[0]
                    events.append(("durable", type(record.event)))
            return answers

        def taking(store: Store, *args: Any) -> bytes:
            events.append(("wrapped_key", None))
            return wrapped_key(store, *args)

        def taking_item(store: Store, *args: Any) -> bytes:
            events.append(("sealed", None))
            return sealed(store, *args)

        def releasing(self: Releasing, *args: Any, **kwargs: Any) -> Any:
            events.append(("release", None))
            return release(self, *args, **kwargs)

        monkeypatch.setattr(Store, "append_each", appending)
        monkeypatch.setattr(Store, "wrapped_key", taking)
        monkeypatch.setattr(Store, "sealed_item", taking_item)
        monkeypatch.setattr(Releasing, "build_release", releasing)


def test_the_wrapped_key_is_read_only_after_the_opening_is_durable(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(hub, monkeypatch)
    assert hub.post(hub.reading("AZ-CORE")).json()["release"] is not None
    assert [e for e, _ in watched.events] == ["appending", "durable", "release", "sealed", "wrapped_key"]
    assert watched.events[0][1] is SectionOpened


def test_a_refused_reading_reads_no_wrapped_key(hub: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> None:
    note = hub.note(hub.case)
    watched = Watched(hub, monkeypatch)
    unsigned = hub.reading("MID-HOSP", note.items[0][0], note.command_id, fields={"section": "CONF"})
    assert hub.post(unsigned).status_code == 404
    assert [e for e, _ in watched.events] == ["appending", "durable"]


def test_a_wrapped_key_fetched_for_a_rewrap_is_recorded_before_its_release(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = uuid4()
    hub.refer(case)
    coord = hub.door("AZ-COORD")
    fields = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None, "standing": None}
    sent = coord.send(Kind.CASE, case, "network_case.registered", fields, actor="staff.c")
    assert sent.outcome == "recorded", sent
    core = hub.door("AZ-CORE")
    core.refresh()
    watched = Watched(hub, monkeypatch)
    assert core.rewrap(actor="staff.a") >= 1
    kinds = [e for e, _ in watched.events]
    assert kinds[:4] == ["appending", "durable", "release", "wrapped_key"]
    assert watched.events[0][1] is WrappedKeyFetchedForRewrap
    assert "sealed" not in kinds  # a wrapped key only, no ciphertext: not a reading


def test_nothing_is_released_while_the_opening_cannot_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        EmbeddedServer(tmp_path / "bus", store_key=bytes(32)).start() as bus,
        hub_with_case_on_bus(bus, tmp_path / "hub") as hub,
    ):
        warm = hub.reading("AZ-CORE")
        assert hub.post(warm).status_code == 200  # the case is in memory: nothing but the append is missing
        watched = Watched(hub, monkeypatch)
        data = hub.reading("AZ-CORE").encode()
        bus.stop()
        answer = hub.post(data)
        assert (answer.status_code, answer.json()["category"]) == (503, "unavailable")
        assert "release" not in answer.json()
        repeated = hub.post(warm)  # durable before, but the wrapped key itself is on the bus
        assert repeated.status_code == 503
        red = hub.http.get("/readyz")
        assert red.status_code == 503
        assert any(problem["code"].startswith("bus-") for problem in red.json()["problems"])
        assert [e for e, _ in watched.events if e in ("wrapped_key", "durable")] == []
        bus.start()
        watched.events.clear()
        assert eventually(hub, data)["release"] is not None
        order = [e for e, _ in watched.events]
        assert "wrapped_key" in order
        assert hub.http.get("/readyz").status_code == 200
        assert "appending" not in order or order.index("durable") < order.index("wrapped_key")
        opened = [k.record.event for k in hub.store.load(access_of(hub.case))]
        assert [type(f) for f in opened] == [SectionOpened, SectionOpened]


def test_nothing_is_released_where_there_is_no_room_to_record_the_opening(tmp_path: Path) -> None:
    """What is stored can still be read, the wrapped key among it: only its opening finds no room any more."""
    with (
        EmbeddedServer(tmp_path / "bus", store_key=bytes(32), max_file_store=24 * 1024 * 1024).start() as bus,
        hub_with_case_on_bus(bus, tmp_path / "hub") as hub,
    ):
        released = 0
        for n in range(64):
            large = n.to_bytes(4, "big") * (128 * 1024)
            try:
                hub.store.put_item(sha256(large), large)
            except Unavailable:
                break
        head = hub.head()
        for _ in range(4000):
            answer = hub.post(hub.reading("AZ-CORE"))
            if answer.status_code != 200:
                break
            released += 1
            assert hub.head() == head + released, "released, but not recorded"
        assert (answer.status_code, answer.json()["category"]) == (503, "unavailable")
        assert "release" not in answer.json()
        assert hub.store.load(hub.case), "reading still works"
        assert len(hub.store.load(access_of(hub.case))) == released


def eventually(hub: HubWithCase, data: bytes) -> dict[str, Any]:
    for _ in range(20):
        answer = hub.post(data)
        if answer.status_code == 200:
            body_json: dict[str, Any] = answer.json()
            return body_json
        assert answer.status_code == 503
    raise AssertionError("the hub did not come back")


# --- held messages ---------------------------------------------------------------------------------------


def test_a_held_message_is_not_opened_before_it_is_released(tmp_path: Path) -> None:
    story = read_story(STORIES / "sc-4.yaml")
    [held] = [s for s in story.steps if s.event == "DisclosureHeld"]
    [freed] = [s for s in story.steps if s.event == "HeldDisclosureReleased"]
    story = replace(story, steps=tuple(s for s in story.steps if s.at < freed.at), expects=(), must_hold=())
    story = replace(story, contractors={c: replace(w, until=None) for c, w in story.contractors.items()})
    with open_rehearsal_hub(tmp_path / "hub", start_of(story)) as rehearsal_hub:
        run = Run(story, rehearsal_hub)
        play_story(run)
        assert run.problems == []
        [to] = held.to
        reader = rehearsal_hub.door(to)
        written = [w for w in run.written if w.n == held.n]
        for w in written:
            with pytest.raises(NotFound):
                reader.open(w.case, w.message, w.item, w.section, actor=run.actor_of(to))
        rehearsal_hub.set_clock(freed.at)
        dispatch_step(run, freed)
        assert run.problems == []
        for w in written:
            assert reader.open(w.case, w.message, w.item, w.section, actor=run.actor_of(to)).content == w.text


# --- a man in the middle -----------------------------------------------------------------------------------

Tamper = Callable[["Middle", dict[str, Any]], None]


class Middle(HubClient):
    """Sits between a door and the hub, and changes what the hub says."""

    def __init__(self, hub: HubWithCase, tamper: Tamper, on: str) -> None:
        super().__init__(hub.rehearsal_hub.url, hub=hub.rehearsal_hub.installation.hub)
        self.hub, self.tamper, self.on = hub, tamper, on
        self.other: dict[str, Any] = {}
        self.forged: list[bytes] = []

    def submit(self, request: bytes) -> dict[str, Any]:
        answer = super().submit(request)
        if answer["topic"] == self.on:
            self.tamper(self, answer)
        return answer

    def key_sets(self, agency: UUID) -> list[Any]:
        return [parse_frame(f) for f in self.forged] or super().key_sets(agency)


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def flip(key: str, at: int) -> Tamper:
    def change(middle: Middle, answer: dict[str, Any]) -> None:
        data = bytearray(b64decode(answer["release"][key]))
        data[at] ^= 1
        answer["release"][key] = b64(bytes(data))

    return change


def other(key: str) -> Tamper:
    """The same part of another item's release, which the reader may open as well."""

    def change(middle: Middle, answer: dict[str, Any]) -> None:
        answer["release"][key] = middle.other[key]

    return change


def change_answer(old: bytes, new: bytes) -> Tamper:
    def change(middle: Middle, answer: dict[str, Any]) -> None:
        frame = b64decode(answer["release"]["frame"])
        assert frame.count(old) == 1
        answer["release"]["frame"] = b64(frame.replace(old, new))

    return change


def release_is(value: object) -> Tamper:
    return lambda middle, answer: answer.update(release=value)


def part_is(key: str, value: object) -> Tamper:
    return lambda middle, answer: answer["release"].update({key: value})


def spoilt_key_set(middle: Middle, answer: dict[str, Any]) -> None:
    data = bytearray(b64decode(answer["release"]["key_sets"][0]))
    data[-1] ^= 1
    answer["release"]["key_sets"] = [b64(bytes(data))]


def invented(middle: Middle, answer: dict[str, Any]) -> None:
    """Invented content: sealed, wrapped and signed in perfect form, by keys that the registrars never saw."""
    hub, release = middle.hub, answer["release"]
    frame = parse_frame(b64decode(release["frame"]))
    payload = canonical.parse(frame.payload)
    author, sig, kem = UUID(payload["by"]), SignatureKeys.generate(), KemKey.generate()
    persons = [SignatureKeys.generate(), SignatureKeys.generate()]
    fields = key_set_fields(
        code="MID-HOSP", name="x", roles=["MED"], body="MEDICAL", municipality=None, custody="HOSTED",
        sig=sig.public, kem=kem.public,
    )  # fmt: skip
    about = {"kind": "agency", "id": str(author)}
    published = {
        **payload,
        "about": about,
        "act": "key_set.published",
        "fields": fields,
        "items": [],
        "wrapped_keys": [],
    }
    key_set = sign_key_set(canonical.encode({**published, "keyset": ZEROS.hex()}), sig, *persons)
    item, where = payload["items"][0], About(Kind.CASE, UUID(payload["about"]["id"]))
    sealed = seal_item(
        hub=hub.rehearsal_hub.installation.hub, about=where, item=UUID(item["item"]), section=item["section"],
        schema=item["schema"], keyset=key_set.digest, content=b"a story nobody wrote",
    )  # fmt: skip
    wrapped_key = seal_wrapped_key(
        hub=hub.rehearsal_hub.installation.hub, about=where, item=UUID(item["item"]), kc=sealed.kc,
        keyset=key_set.digest, to=hub.kem("AZ-CORE"), item_key=sealed.key,
    )  # fmt: skip
    to = str(hub.door("AZ-CORE").agency)
    mine = [{"item": item["item"], "to": a, "kid": hub.kem("AZ-CORE").kid.hex(), "digest": d.hex()}
            for a, d in ((to, sha256(wrapped_key)), (str(author), sha256(wrapped_key + b" ")))]  # fmt: skip
    named = {**item, "kc": sealed.kc.hex(), "digest": sealed.digest.hex(), "size": sealed.size}
    payload = {**payload, "items": [named], "wrapped_keys": mine, "keyset": key_set.digest.hex()}
    release["frame"] = b64(sign(COMMAND, canonical.encode(payload), sig).encode())
    release["key_sets"] = [b64(key_set.encode())]
    release["sealed"], release["wrapped_key"] = b64(sealed.sealed), b64(wrapped_key)
    middle.forged = [key_set.encode()]


def another_wrapped_key_frame(middle: Middle, answer: dict[str, Any]) -> None:
    """A true frame of the same author, which does not carry the wrapped key."""
    release = answer["release"]
    release.update(wrapped_key_frame=middle.other["frame"], rewrapper_key_sets=release["key_sets"])


ATTACKS: list[tuple[str, Tamper, str]] = [
    ("the author's words changed", change_answer(b"staff.h", b"staff.i"), "untrusted/wrong-ed25519-signature"),
    ("another purpose", change_answer(b'"purpose":"SUPPORT"', b'"purpose":"COURTLY"'), "untrusted/wrong-ed25519-signature"),
    ("a bit of the second signature", flip("frame", -1), "untrusted/wrong-mldsa-signature"),
    ("the frame's magic", flip("frame", 0), "malformed/frame-magic"),
    ("the frame of another message", other("frame"), "untrusted/frame-of-another-message"),
    ("the frame of another case", lambda m, a: a["release"].update(frame=m.other["elsewhere"]), "untrusted/frame-of-another-case"),
    ("a bit of the sealed item", flip("sealed", 100), "untrusted/released-item-digest"),
    ("another sealed item", other("sealed"), "untrusted/released-item-digest"),
    ("a bit of the wrapped key", flip("wrapped_key", 5), "untrusted/released-wrapped-key-digest"),
    ("the wrapped key of another item", other("wrapped_key"), "untrusted/released-wrapped-key-digest"),
    ("a wrapped key that the author made for itself", lambda m, a: a["release"].update(wrapped_key=m.other["authors"]),
     "untrusted/released-wrapped-key-digest"),
    ("another message as the wrapped key's frame", another_wrapped_key_frame, "untrusted/released-wrapped-key-digest"),
    ("a key set with a bit changed", spoilt_key_set, "untrusted/wrong-mldsa-signature"),
    ("invented content", invented, "untrusted/registrars-unknown-person"),
    ("no release", release_is(None), "untrusted/release-form"),
    ("a release that is a list", release_is([]), "untrusted/release-form"),
    ("a release of nothing", release_is({}), "untrusted/release-form"),
    ("a wrapped key that is a number", part_is("wrapped_key", 7), "untrusted/release-form"),
    ("a sealed item that is missing", part_is("sealed", None), "untrusted/release-form"),
    ("a frame that is not base64", part_is("frame", "a"), "untrusted/release-form"),
]  # fmt: skip


def reader_through(hub: HubWithCase, client: HubClient, tmp_path: Path, code: str = "AZ-CORE") -> Door:
    """A door of this agency with an empty book, that speaks through this client."""
    sig, kem = hub.rehearsal_hub.installation.agency_keys(hub.rehearsal_hub.installation.agency(code))
    return Door(
        agency=hub.door(code).agency,
        sig=sig,
        kem=kem,
        client=client,
        store=DoorStore(tmp_path / "door.db"),
        genesis=hub.rehearsal_hub.genesis,
        now=hub.rehearsal_hub.now,
        retry_seconds=1.0,
    )


def closed(door: Door) -> None:
    door.store.close()
    door.client.close()


@pytest.mark.parametrize(("tamper", "error_code"), [a[1:] for a in ATTACKS], ids=[a[0] for a in ATTACKS])
def test_a_tampered_release_is_not_shown_and_is_reported_to_the_hub(
    tamper: Tamper, error_code: str, hub: HubWithCase, tmp_path: Path
) -> None:
    middle = Middle(hub, tamper, "section.opened")
    second, (item, section) = hub.refer(), hub.sent.items[0]
    taken = hub.post(hub.reading("AZ-CORE", second.items[0][0], second.command_id)).json()["release"]
    elsewhere = uuid4()
    far = hub.refer(elsewhere)
    unsigned = hub.reading(
        "AZ-CORE", far.items[0][0], far.command_id, about={"kind": "case", "id": str(elsewhere)}
    )
    middle.other = {
        **taken,
        "elsewhere": hub.post(unsigned).json()["release"]["frame"],
        "authors": hub.post(hub.reading("MID-HOSP")).json()["release"]["wrapped_key"],
    }
    door = reader_through(hub, middle, tmp_path)
    try:
        door.keyset()
        head = hub.head()
        with pytest.raises(ExchangeError) as raised:
            door.open(hub.case, hub.sent.command_id, item, section, actor="staff.a")
        assert f"{raised.value.category}/{raised.value.error_code}" == error_code
        opened, receipt_event = (k.record.event for k in hub.store.read(head + 1, 2))
        assert isinstance(opened, SectionOpened)
        assert isinstance(receipt_event, DisclosureReceived)
        assert (receipt_event.ok, receipt_event.error_code) == (False, error_code)
    finally:
        closed(door)


def test_an_untouched_release_is_shown_and_acknowledged(hub: HubWithCase, tmp_path: Path) -> None:
    """The same way without a man in the middle: what the attacks above start from."""
    door = reader_through(hub, Middle(hub, lambda m, a: None, "section.opened"), tmp_path)
    try:
        item, section = hub.sent.items[0]
        head = hub.head()
        assert door.open(hub.case, hub.sent.command_id, item, section, actor="staff.a").content == hub.text(
            section
        )
        receipt_event = hub.store.read(head + 2, 1)[0].record.event
        assert isinstance(receipt_event, DisclosureReceived)
        assert (receipt_event.ok, receipt_event.error_code) == (True, None)
    finally:
        closed(door)


# --- receipts ------------------------------------------------------------------------------------------------


def receipt_is(change: Callable[[bytes], bytes | None]) -> Tamper:
    def tamper(middle: Middle, answer: dict[str, Any]) -> None:
        data = change(b64decode(answer["receipt"]))
        answer["receipt"] = None if data is None else b64(data)

    return tamper


def a_bit(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


WRONG_RECEIPTS = [
    ("a bit of its signature", receipt_is(a_bit)),
    ("none", receipt_is(lambda d: None)),
    ("nothing", receipt_is(lambda d: b"")),
    ("missing", lambda m, a: a.pop("receipt")),
    ("another command's", lambda m, a: a.update(receipt=m.other["receipt"])),
]


@pytest.mark.parametrize("tamper", [w[1] for w in WRONG_RECEIPTS], ids=[w[0] for w in WRONG_RECEIPTS])
def test_a_command_with_an_invalid_receipt_stays_in_the_outbox_and_is_recorded_once(
    tamper: Tamper, hub: HubWithCase, tmp_path: Path
) -> None:
    middle = Middle(hub, tamper, REFERRAL)
    middle.other = hub.post(hub.disclosure()).json()
    door = reader_through(hub, middle, tmp_path, "MID-HOSP")
    try:
        parts = [SectionContent("BASIC", b"x")]
        head = hub.head()
        with pytest.raises(InvariantViolation, match="receipt-not-verified"):
            door.send(Kind.CASE, hub.case, REFERRAL, hub.referral(), parts, actor="staff.h")
        [waiting] = door.store.outgoing()
        assert waiting.state == WAITING
        middle.tamper = lambda m, a: None
        assert door.flush() == 1
        [sent] = door.store.outgoing()
        assert (sent.state, sent.request) == (CONFIRMED, None)
        assert hub.head() == head + 1
    finally:
        closed(door)


def test_a_command_that_the_hub_never_records_leaves_the_outbox_as_failed(
    hub: HubWithCase, tmp_path: Path
) -> None:
    door = reader_through(
        hub, HubClient(hub.rehearsal_hub.url, hub=hub.rehearsal_hub.installation.hub), tmp_path, "EXT-SERVICE"
    )
    try:
        fields = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
        with pytest.raises(NotFound):
            door.send(Kind.CASE, hub.case, "conference_minutes.recorded", fields, actor="staff.e")
        [gone] = door.store.outgoing()
        assert (gone.state, gone.request) == (FAILED, None)
        assert door.flush() == 0
    finally:
        closed(door)


def test_a_door_retries_the_same_bytes_until_it_is_answered(hub: HubWithCase, tmp_path: Path) -> None:
    """The answer is lost twice after the hub recorded: the third gets the receipt of the one record."""

    class Deaf(HubClient):
        lost: list[bytes] = []  # noqa: RUF012

        def submit(self, request: bytes) -> dict[str, Any]:
            answer = super().submit(request)
            self.lost.append(request)
            if len(self.lost) < 3:
                raise Unavailable("hub-unreachable", "the answer was lost")
            return answer

    client = Deaf(hub.rehearsal_hub.url, hub=hub.rehearsal_hub.installation.hub)
    door = reader_through(hub, client, tmp_path, "MID-HOSP")
    try:
        head = hub.head()
        parts = [SectionContent("BASIC", b"x")]
        sent = door.send(Kind.CASE, hub.case, REFERRAL, hub.referral(), parts, actor="staff.h")
        assert sent.outcome == "recorded"
        assert len(client.lost) == 3
        assert len(set(client.lost)) == 1
        assert hub.head() == head + 1
    finally:
        closed(door)
