"""Many at once: no version lost or doubled, no answer of another, openings while deciding."""

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
from domain.errors import NotThere, Unavailable
from domain.events import ConsentWithdrawn, Kind
from domain.record import access_of, commission_of
from gateway.agency.door import Part
from gateway.audit.verification import Verifier
from gateway.hub import memory
from gateway.hub.runtime import start_hub
from gateway.hub.service import Hub
from gateway.protocol.commands import READ_FOR, payload_bytes, request, signed
from gateway.rehearsal.scenario.player import Run
from keys.signing import SignatureKeys, SignatureKind
from tests.gateway.hubkit import START, Ground, Letter, ground, ground_over

THREADS = 8
T = TypeVar("T")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("hub") / "installation") as made:
        yield made
        runtime = made.stage.runtime
        assert runtime is not None
        found = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run(
            views=runtime.views
        )
        assert found.findings == []


def at_once(work: list[Callable[[], T]]) -> list[T]:
    """Start all of this together, and wait for all."""
    start = Barrier(len(work))

    def run(one: Callable[[], T]) -> T:
        start.wait(20)
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return [f.result(60) for f in [pool.submit(run, one) for one in work]]


def poster(hub: Ground, bodies: list[bytes]) -> Callable[[], list[httpx.Response]]:
    """Send these one after another, over a connection of its own."""

    def send() -> list[httpx.Response]:
        with httpx.Client(base_url=hub.stage.url, timeout=60) as http:
            return [http.post("/v1/wishes", content=body) for body in bodies]

    return send


def letters(hub: Ground, case: UUID, count: int) -> list[Letter]:
    return [hub.disclosure(("BASIC",), about={"kind": "case", "id": str(case)}) for _ in range(count)]


def versions(hub: Ground, originator: UUID) -> list[int]:
    return [k.record.version for k in hub.store.load(originator)]


def test_eight_senders_to_one_case_lose_and_double_no_version(hub: Ground) -> None:
    case = uuid4()
    sent = [letters(hub, case, 6) for _ in range(THREADS)]
    answers = at_once([poster(hub, [one.encode() for one in many]) for many in sent])
    assert {a.status_code for many in answers for a in many} == {200}
    kept = hub.store.load(case)
    assert [k.record.version for k in kept] == list(range(1, 6 * THREADS + 1))
    assert {k.record.ask_id for k in kept} == {one.ask_id for many in sent for one in many}


def test_eight_senders_to_eight_cases_do_not_mix(hub: Ground) -> None:
    cases = [uuid4() for _ in range(THREADS)]
    sent = [letters(hub, case, 5) for case in cases]
    answers = at_once([poster(hub, [one.encode() for one in many]) for many in sent])
    assert {a.status_code for many in answers for a in many} == {200}
    for case, many in zip(cases, sent, strict=True):
        kept = hub.store.load(case)
        assert [(k.record.version, k.record.ask_id) for k in kept] == list(
            enumerate((one.ask_id for one in many), 1)
        )


def test_the_same_bytes_from_eight_at_once_are_one_record(hub: Ground) -> None:
    case = uuid4()
    [letter] = letters(hub, case, 1)
    data = letter.encode()
    answers = [a for many in at_once([poster(hub, [data]) for _ in range(THREADS)]) for a in many]
    assert {a.status_code for a in answers} == {200}
    assert versions(hub, case) == [1]


def test_another_payload_under_one_ask_id_at_once_is_recorded_once_and_told_to_the_others(
    hub: Ground,
) -> None:
    case, ask = uuid4(), str(uuid4())
    rivals = letters(hub, case, THREADS)
    for letter in rivals:
        letter.payload["ask_id"] = ask
    answers = [a for many in at_once([poster(hub, [r.encode()]) for r in rivals]) for a in many]
    assert sorted(a.status_code for a in answers) == [200] + [409] * (THREADS - 1)
    assert {a.json()["flaw"] for a in answers if a.status_code == 409} == {"ask-id-taken"}
    assert versions(hub, case) == [1]


def test_openings_while_deciding_wait_for_nobody_and_lose_nothing(hub: Ground) -> None:
    case = uuid4()
    sent = hub.refer(case)
    about = {"kind": "case", "id": str(case)}
    item, message = sent.items[0][0], sent.ask_id
    writing = [poster(hub, [one.encode() for one in letters(hub, case, 6)]) for _ in range(THREADS // 2)]
    reading = [
        poster(hub, [hub.reading(code, item, message, about=about).encode() for _ in range(6)])
        for code in ("AZ-CORE", "MID-HOSP", "AZ-CORE", "MID-HOSP")
    ]
    answers = at_once([*writing, *reading])
    assert {a.status_code for many in answers for a in many} == {200}
    assert all(a.json()["release"] is not None for many in answers[THREADS // 2 :] for a in many)
    assert versions(hub, case) == list(range(1, 2 + 6 * THREADS // 2))
    assert versions(hub, access_of(case)) == list(range(1, 1 + 6 * 4))


def test_what_another_wrote_meanwhile_is_read_and_decided_again(hub: Ground) -> None:
    """Another process wrote to the case and its readings: neither is overwritten, neither makes a wish fail."""
    runtime = hub.stage.runtime
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
        register=runtime.hub.register,
        head=runtime.store.head(),
    )
    try:
        for _ in range(3):
            [mine, theirs] = letters(hub, case, 2)
            assert not other.handle(theirs.encode()).refused
            assert hub.post(mine).status_code == 200
            item, message = sent.items[0][0], sent.ask_id
            assert other.handle(hub.reading("AZ-CORE", item, message, about=about).encode()).release
            assert hub.post(hub.reading("MID-HOSP", item, message, about=about)).json()["release"]
    finally:
        other.close()
    assert versions(hub, case) == list(range(1, 8))
    assert versions(hub, access_of(case)) == list(range(1, 7))


def test_a_case_read_while_it_changes_is_not_remembered_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A withdrawal is recorded while a question reads the case: a repeated opening then opens nothing.

    A repeated opening leaves no record, so nothing but what the hub remembers stands between it and the wrap.
    """
    monkeypatch.setattr(memory, "CACHED_CASES", 1)
    append, load = Store.append_each, Store.load
    deciding, decided, reading, read = Event(), Event(), Event(), Event()

    def appending(store: Store, drafts: Any, head: int | None = None) -> Any:
        if any(isinstance(record.fact, ConsentWithdrawn) for record, _ in drafts):
            deciding.set()  # decided on the case as it was held in memory
            assert decided.wait(20)
        return append(store, drafts, head)

    def loading(store: Store, originator: UUID, *args: Any, **kwargs: Any) -> Any:
        found = load(store, originator, *args, **kwargs)
        if originator == hub.case and deciding.is_set() and not reading.is_set():
            reading.set()
            assert read.wait(20)
        return found

    with ground(tmp_path / "hub") as hub, ThreadPoolExecutor(2) as pool:
        core, ext = hub.door("AZ-CORE"), str(hub.door("EXT-SERVICE").agency)
        consent = str(uuid4())
        bare = {"to": [], "consent": [consent], "purpose": "SUPPORT", "reason": None, "basis": {}}
        scope = [{"consent": consent, "sender": str(core.agency), "recipient": ext, "sections": ["BASIC"]}]
        given = {**bare, "scope": scope, "capacity": "SELF", "expires_at": None}
        core.send(Kind.CASE, hub.case, "consent.given", given, actor="staff.a")
        to_ext = {**bare, "to": [ext], "basis": {ext: "CONSENT"}}
        sent = core.send(
            Kind.CASE, hub.case, "disclosure.made", to_ext, [Part("BASIC", b"x")], actor="staff.a"
        )
        item = sent.items[0][0]
        opening = hub.reading("EXT-SERVICE", item, sent.ask_id, fields={"section": "BASIC"}).encode()
        assert hub.post(opening).json()["release"] is not None
        other_case = uuid4()
        hub.refer(other_case)
        core.question(Kind.CASE, hub.case, "duties", {}, actor="staff.a")  # the case is in memory
        monkeypatch.setattr(Store, "append_each", appending)
        monkeypatch.setattr(Store, "load", loading)
        withdrawing = pool.submit(core.send, Kind.CASE, hub.case, "consent.withdrawn", bare, actor="staff.a")
        assert deciding.wait(20)
        # another case takes the only place in memory, and a question reads this one again
        core.question(Kind.CASE, other_case, "duties", {}, actor="staff.a")
        asking = pool.submit(core.question, Kind.CASE, hub.case, "duties", {}, actor="staff.a")
        assert reading.wait(20)
        decided.set()
        assert withdrawing.result(20).outcome == "recorded"
        read.set()
        asking.result(20)
        [after] = poster(hub, [opening])()
        assert (after.status_code, "release" in after.json()) == (404, False)


def test_one_opening_repeated_at_once_is_one_record_and_one_release(hub: Ground) -> None:
    case = uuid4()
    sent = hub.refer(case)
    letter = hub.reading("AZ-CORE", sent.items[0][0], sent.ask_id, about={"kind": "case", "id": str(case)})
    data = letter.encode()
    answers = [a.json() for many in at_once([poster(hub, [data]) for _ in range(THREADS)]) for a in many]
    assert len({str(a["release"]) for a in answers}) == 1
    assert answers[0]["release"] is not None
    assert versions(hub, access_of(case)) == [1]


def test_the_register_changes_while_cases_are_decided(hub: Ground) -> None:
    """A change of the network waits for decisions under way, and none is lost."""
    cases = [uuid4() for _ in range(THREADS - 1)]
    writing = [poster(hub, [one.encode() for one in letters(hub, case, 5)]) for case in cases]
    member = {"member": str(hub.door("EXT-SERVICE").agency)}
    about = {"kind": "network", "id": str(hub.network)}
    before = len(versions(hub, hub.network))
    changes = [
        hub.letter("AZ-COORD", act, fields, about=about).encode()
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
    """It would write the same views and the same vault, whatever bus it uses."""
    with (
        EmbeddedServer(tmp_path / "bus", store_key=bytes(32)).start() as bus,
        ground_over(bus, tmp_path / "hub", timeout=10) as hub,
    ):
        with pytest.raises(Unavailable, match="hub-running"):
            start_hub(hub.stage.installation, at=START)
        assert hub.post(hub.disclosure()).status_code == 200


def test_a_second_hub_on_one_stream_releases_nothing_on_what_it_has_not_read(
    case_in_progress: Run,
) -> None:
    """By mistake: its register is old, and the contractor's contract has just been ended through the other hub."""
    run = case_in_progress
    runtime = run.stage.runtime
    assert runtime is not None
    core, contractor = run.stage.door("AZ-CORE"), run.stage.door("SORA-NPO")
    log = SignatureKeys.from_seeds(SignatureKind.LOG, runtime.installation.hub_secrets()["log"])
    others = [
        Hub(
            store=runtime.store,
            genesis=runtime.installation.genesis,
            hub=runtime.installation.hub,
            log=log,
            clock=runtime.hub.clock,
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
        payload = payload_bytes(
            hub=runtime.installation.hub,
            kind=Kind.CASE,
            about=run.case,
            by=contractor.agency,
            actor=run.actor_of("SORA-NPO"),
            act="section.opened",
            fields=fields,
            now=run.stage.now(),
            keyset=contractor.keyset(),
            good_for=READ_FOR,
        )
        return request(signed(payload, sig))

    def released(other: Hub, data: bytes) -> bool:
        for _ in range(3):
            try:
                return other.handle(data).release is not None
            except Unavailable:
                continue
            except NotThere:
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
        assert not released(others[0], repeated), "an opening that stands, asked for again"
        assert not released(others[1], opening()), "a new one"
    finally:
        for other in others:
            other.close()
