"""Concurrent commands: no version is lost or duplicated, no answer is another's, openings do not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2 as httpx
import pytest

from adapters.bus import EmbeddedServer
from adapters.store import Store
from domain.errors import NotFound, Unavailable
from domain.events import ConsentWithdrawn, Kind
from domain.record import access_of, commission_of
from gateway.agency.door import SectionContent
from gateway.audit.verification import Verifier
from gateway.hub import memory
from gateway.hub.hub import Hub
from gateway.hub.real import ThreadExecutor
from gateway.hub.runtime import start_hub
from gateway.protocol.commands import READ_VALIDITY, encode_command_payload, request, signed
from gateway.rehearsal.scenario.run import Run
from keys.signing import SignatureKeys, SignatureKind
from tests.gateway.hubkit import START, HubWithCase, UnsignedRequest, hub_with_case, hub_with_case_on_bus

THREADS = 8
T = TypeVar("T")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        yield new_hub
        runtime = new_hub.rehearsal_hub.runtime
        assert runtime is not None
        loaded = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run(
            read_models=runtime.read_models
        )
        assert loaded.findings == []


def at_once(work: list[Callable[[], T]]) -> list[T]:
    """Start all of this together, and wait for all."""
    start = Barrier(len(work))

    def run(one: Callable[[], T]) -> T:
        start.wait(20)
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return [f.result(60) for f in [pool.submit(run, one) for one in work]]


def poster(hub: HubWithCase, bodies: list[bytes]) -> Callable[[], list[httpx.Response]]:
    """Send these one after another, over a connection of its own."""

    def send() -> list[httpx.Response]:
        with httpx.Client(base_url=hub.rehearsal_hub.url, timeout=60) as http:
            return [http.post("/v1/commands", content=body) for body in bodies]

    return send


def unsigned_requests(hub: HubWithCase, case: UUID, count: int) -> list[UnsignedRequest]:
    return [hub.disclosure(("BASIC",), about={"kind": "case", "id": str(case)}) for _ in range(count)]


def versions(hub: HubWithCase, originator: UUID) -> list[int]:
    return [k.record.version for k in hub.store.load(originator)]


def test_eight_senders_to_one_case_lose_and_duplicate_no_version(hub: HubWithCase) -> None:
    case = uuid4()
    sent = [unsigned_requests(hub, case, 6) for _ in range(THREADS)]
    answers = at_once([poster(hub, [one.encode() for one in many]) for many in sent])
    assert {a.status_code for many in answers for a in many} == {200}
    stored = hub.store.load(case)
    assert [k.record.version for k in stored] == list(range(1, 6 * THREADS + 1))
    assert {k.record.command_id for k in stored} == {one.command_id for many in sent for one in many}


def test_eight_senders_to_eight_cases_do_not_mix(hub: HubWithCase) -> None:
    cases = [uuid4() for _ in range(THREADS)]
    sent = [unsigned_requests(hub, case, 5) for case in cases]
    answers = at_once([poster(hub, [one.encode() for one in many]) for many in sent])
    assert {a.status_code for many in answers for a in many} == {200}
    for case, many in zip(cases, sent, strict=True):
        stored = hub.store.load(case)
        assert [(k.record.version, k.record.command_id) for k in stored] == list(
            enumerate((one.command_id for one in many), 1)
        )


def test_the_same_bytes_from_eight_senders_at_once_are_one_record(hub: HubWithCase) -> None:
    case = uuid4()
    [unsigned] = unsigned_requests(hub, case, 1)
    data = unsigned.encode()
    answers = [a for many in at_once([poster(hub, [data]) for _ in range(THREADS)]) for a in many]
    assert {a.status_code for a in answers} == {200}
    assert versions(hub, case) == [1]


def test_of_eight_payloads_with_one_command_id_at_once_one_is_recorded(
    hub: HubWithCase,
) -> None:
    case, shared_id = uuid4(), str(uuid4())
    rivals = unsigned_requests(hub, case, THREADS)
    for unsigned in rivals:
        unsigned.payload["command_id"] = shared_id
    answers = [a for many in at_once([poster(hub, [r.encode()]) for r in rivals]) for a in many]
    assert sorted(a.status_code for a in answers) == [200] + [409] * (THREADS - 1)
    assert {a.json()["error_code"] for a in answers if a.status_code == 409} == {"command-id-taken"}
    assert versions(hub, case) == [1]


def test_openings_during_writes_to_their_case_are_all_recorded(hub: HubWithCase) -> None:
    case = uuid4()
    sent = hub.refer(case)
    about = {"kind": "case", "id": str(case)}
    item, message = sent.items[0][0], sent.command_id
    writing = [
        poster(hub, [one.encode() for one in unsigned_requests(hub, case, 6)]) for _ in range(THREADS // 2)
    ]
    reading = [
        poster(hub, [hub.reading(code, item, message, about=about).encode() for _ in range(6)])
        for code in ("AZ-CORE", "MID-HOSP", "AZ-CORE", "MID-HOSP")
    ]
    answers = at_once([*writing, *reading])
    assert {a.status_code for many in answers for a in many} == {200}
    assert all(a.json()["release"] is not None for many in answers[THREADS // 2 :] for a in many)
    assert versions(hub, case) == list(range(1, 2 + 6 * THREADS // 2))
    assert versions(hub, access_of(case)) == list(range(1, 1 + 6 * 4))


def test_a_command_is_decided_again_after_another_writer_appended_first(hub: HubWithCase) -> None:
    """Another process wrote to the case and its readings: neither is overwritten, neither makes a command fail."""
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    case = uuid4()
    sent = hub.refer(case)
    about = {"kind": "case", "id": str(case)}
    secrets = runtime.installation.hub_secrets()
    other = Hub(
        store=runtime.store,
        genesis=runtime.installation.genesis,
        hub=runtime.installation.hub,
        log=SignatureKeys.from_seeds(SignatureKind.LOG, secrets["log"]),
        clock=runtime.hub.clock,
        executor=ThreadExecutor(),
        register=runtime.hub.register,
        head=runtime.store.head(),
    )
    try:
        for _ in range(3):
            [mine, theirs] = unsigned_requests(hub, case, 2)
            assert not other.handle(theirs.encode()).refused
            assert hub.post(mine).status_code == 200
            item, message = sent.items[0][0], sent.command_id
            assert other.handle(hub.reading("AZ-CORE", item, message, about=about).encode()).release
            assert hub.post(hub.reading("MID-HOSP", item, message, about=about)).json()["release"]
    finally:
        other.close()
    assert versions(hub, case) == list(range(1, 8))
    assert versions(hub, access_of(case)) == list(range(1, 7))


def test_a_case_loaded_while_it_changes_is_not_cached_in_its_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A withdrawal is recorded while a question reads the case: a repeated opening then opens nothing.

    A repeated opening leaves no record, so only the hub's memory decides whether the wrapped key is released.
    """
    monkeypatch.setattr(memory, "CACHED_CASES", 1)
    append, load = Store.append_each, Store.load
    deciding, decided, reading, read = Event(), Event(), Event(), Event()

    def appending(store: Store, drafts: Any, head: int | None = None) -> Any:
        if any(isinstance(record.event, ConsentWithdrawn) for record, _ in drafts):
            deciding.set()  # decided on the case as it was held in memory
            assert decided.wait(20)
        return append(store, drafts, head)

    def loading(store: Store, originator: UUID, *args: Any, **kwargs: Any) -> Any:
        loaded = load(store, originator, *args, **kwargs)
        if originator == hub.case and deciding.is_set() and not reading.is_set():
            reading.set()
            assert read.wait(20)
        return loaded

    with hub_with_case(tmp_path / "hub") as hub, ThreadPoolExecutor(2) as pool:
        core, ext = hub.door("AZ-CORE"), str(hub.door("EXT-SERVICE").agency)
        consent = str(uuid4())
        empty_fields = {"to": [], "consent": [consent], "purpose": "SUPPORT", "reason": None, "basis": {}}
        scope = [{"consent": consent, "sender": str(core.agency), "recipient": ext, "sections": ["BASIC"]}]
        given = {**empty_fields, "scope": scope, "capacity": "SELF", "expires_at": None}
        core.send(Kind.CASE, hub.case, "consent.given", given, actor="staff.a")
        to_ext = {**empty_fields, "to": [ext], "basis": {ext: "CONSENT"}, "answers": None}
        sent = core.send(
            Kind.CASE, hub.case, "disclosure.made", to_ext, [SectionContent("BASIC", b"x")], actor="staff.a"
        )
        item = sent.items[0][0]
        opening = hub.reading("EXT-SERVICE", item, sent.command_id, fields={"section": "BASIC"}).encode()
        assert hub.post(opening).json()["release"] is not None
        other_case = uuid4()
        hub.refer(other_case)
        core.query(Kind.CASE, hub.case, "duties", {}, actor="staff.a")  # the case is in memory
        monkeypatch.setattr(Store, "append_each", appending)
        monkeypatch.setattr(Store, "load", loading)
        withdrawing = pool.submit(
            core.send, Kind.CASE, hub.case, "consent.withdrawn", empty_fields, actor="staff.a"
        )
        assert deciding.wait(20)
        # another case takes the only place in memory, and a question reads this one again
        core.query(Kind.CASE, other_case, "duties", {}, actor="staff.a")
        duties_query = pool.submit(core.query, Kind.CASE, hub.case, "duties", {}, actor="staff.a")
        assert reading.wait(20)
        decided.set()
        assert withdrawing.result(20).outcome == "recorded"
        read.set()
        duties_query.result(20)
        [after] = poster(hub, [opening])()
        assert (after.status_code, "release" in after.json()) == (404, False)


def test_one_opening_repeated_at_once_is_one_record_and_one_release(hub: HubWithCase) -> None:
    case = uuid4()
    sent = hub.refer(case)
    unsigned = hub.reading(
        "AZ-CORE", sent.items[0][0], sent.command_id, about={"kind": "case", "id": str(case)}
    )
    data = unsigned.encode()
    answers = [a.json() for many in at_once([poster(hub, [data]) for _ in range(THREADS)]) for a in many]
    assert len({str(a["release"]) for a in answers}) == 1
    assert answers[0]["release"] is not None
    assert versions(hub, access_of(case)) == [1]


def test_changes_of_the_register_and_of_cases_at_once_are_all_recorded(hub: HubWithCase) -> None:
    """A change of the network waits for decisions under way, and none is lost."""
    cases = [uuid4() for _ in range(THREADS - 1)]
    writing = [poster(hub, [one.encode() for one in unsigned_requests(hub, case, 5)]) for case in cases]
    member = {"member": str(hub.door("EXT-SERVICE").agency)}
    about = {"kind": "network", "id": str(hub.network)}
    before = len(versions(hub, hub.network))
    changes = [
        hub.unsigned("AZ-COORD", act, fields, about=about).encode()
        for act, fields in (
            ("network_member.admitted", {**member, "item": 3}),
            ("network_member.withdrawn", member),
            ("network_member.admitted", {**member, "item": 3}),
            ("network_member.withdrawn", member),
        )
    ]
    answers = at_once([*writing, poster(hub, changes)])
    assert {a.status_code for many in answers for a in many} == {200}
    assert versions(hub, hub.network) == list(range(1, before + 5))
    assert all(versions(hub, case) == [1, 2, 3, 4, 5] for case in cases)


def test_a_second_hub_on_the_same_folder_does_not_start(tmp_path: Path) -> None:
    """It would write the same read models and the same vault, whatever bus it uses."""
    with (
        EmbeddedServer(tmp_path / "bus", store_key=bytes(32)).start() as bus,
        hub_with_case_on_bus(bus, tmp_path / "hub", timeout=10) as hub,
    ):
        with pytest.raises(Unavailable, match="hub-running"):
            start_hub(hub.rehearsal_hub.installation, at=START)
        assert hub.post(hub.disclosure()).status_code == 200


def test_a_second_hub_on_one_stream_releases_nothing_by_an_outdated_register(
    case_in_progress: Run,
) -> None:
    """By mistake: its register is old, and the contractor's contract has just been ended through the other hub."""
    run = case_in_progress
    runtime = run.rehearsal_hub.runtime
    assert runtime is not None
    core, contractor = run.rehearsal_hub.door("AZ-CORE"), run.rehearsal_hub.door("SORA-NPO")
    log = SignatureKeys.from_seeds(SignatureKind.LOG, runtime.installation.hub_secrets()["log"])
    others = [
        Hub(
            store=runtime.store,
            genesis=runtime.installation.genesis,
            hub=runtime.installation.hub,
            log=log,
            clock=runtime.hub.clock,
            executor=ThreadExecutor(),
            register=runtime.hub.register,
            head=runtime.store.head(),
        )
        for _ in range(2)
    ]
    written = next(w for w in run.written if w.section == "PLAN" and w.n == 12)
    sig, _ = runtime.installation.agency_keys(runtime.installation.agency("SORA-NPO"))

    def opening() -> bytes:
        fields = {
            "message": str(written.message),
            "item": str(written.item),
            "section": "PLAN",
            "purpose": "REHEARSAL_CHECK",
        }
        payload = encode_command_payload(
            hub=runtime.installation.hub,
            kind=Kind.CASE,
            about=run.case,
            by=contractor.agency,
            actor=run.actor_of("SORA-NPO"),
            act="section.opened",
            fields=fields,
            now=run.rehearsal_hub.now(),
            keyset=contractor.keyset(),
            valid_for=READ_VALIDITY,
        )
        return request(signed(payload, sig))

    def released(other: Hub, data: bytes) -> bool:
        for _ in range(3):
            try:
                return other.handle(data).release is not None
            except Unavailable:
                continue
            except NotFound:
                break
        return False

    try:
        repeated = opening()
        assert released(others[0], repeated)
        assert released(others[1], opening())
        ended = core.send(
            Kind.COMMISSION,
            commission_of(core.agency, contractor.agency),
            "outsourcing_contract.ended",
            {},
            actor="staff.a",
        )
        assert ended.outcome == "recorded", ended
        assert not released(others[0], repeated), "a recorded opening, repeated"
        assert not released(others[1], opening()), "a new one"
    finally:
        for other in others:
            other.close()
