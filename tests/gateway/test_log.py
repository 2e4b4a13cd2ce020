"""The transparency log: its proofs verify, lost files are rebuilt, and signed heads never contradict each other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from domain.errors import NotFound, Unavailable, Untrusted
from gateway.agency.inclusion import LogProver, try_proof_batch
from gateway.hub import log as log_module
from gateway.hub.log import InclusionProof, LogKeeper
from gateway.hub.real import ThreadExecutor
from keys.checkpoint import Checkpoint, origin_of, sign_checkpoint, verify_checkpoint
from keys.leaf import Leaf
from keys.proofs import entry_hash, verify_consistency, verify_inclusion
from keys.signing import SignatureKeys, SignatureKind
from keys.tree import HASH_BYTES, node_hash, root
from tests.gateway.hubkit import HubWithCase
from tests.gateway.hubkit import hub_with_case as new_hub_with_case


@pytest.fixture
def hub_with_case(tmp_path: Path) -> Iterator[HubWithCase]:
    with new_hub_with_case(tmp_path / "hub") as new_hub:
        yield new_hub


def keeper(hub_with_case: HubWithCase, folder: Path | None = None) -> LogKeeper:
    """Another log keeper over the same stream, stepped by the test."""
    rehearsal_hub = hub_with_case.rehearsal_hub
    secrets = rehearsal_hub.installation.hub_secrets()
    keys = SignatureKeys.from_seeds(SignatureKind.LOG, secrets["log"])
    where = folder or rehearsal_hub.installation.folder.parent / "log"
    origin = origin_of(rehearsal_hub.installation.hub, "rehearsal")
    return LogKeeper(hub_with_case.store, where, keys, origin, rehearsal_hub.now, ThreadExecutor())


def leaf_at(hub_with_case: HubWithCase, seq: int) -> Leaf:
    new_leaf: Leaf = hub_with_case.store.leaves(seq, 1)[0]
    return new_leaf


def grow(hub_with_case: HubWithCase, count: int = 1) -> None:
    for _ in range(count):
        hub_with_case.refer()


def signed(one: LogKeeper) -> Checkpoint:
    return verify_checkpoint(one.checkpoint, one.origin, one._signing_keys.public)[0]


def test_every_record_is_proven_under_the_signed_head_and_heads_continue_each_other(
    hub_with_case: HubWithCase,
) -> None:
    one = keeper(hub_with_case)
    with pytest.raises(NotFound):
        _ = one.checkpoint
    assert one.step()
    first = signed(one)
    assert first.size == hub_with_case.head()
    for seq in range(1, first.size + 1):
        at, size, proof = one.inclusion_proof(seq)
        verify_inclusion(entry_hash(leaf_at(hub_with_case, seq).encode()), at, size, proof, first.root)
    grow(hub_with_case)
    assert one.step()
    second = signed(one)
    assert second.size > first.size
    proof = one.consistency_proof(first.size, second.size)
    verify_consistency(first.size, second.size, proof, first.root, second.root)
    assert not one.step()
    for seq in (0, second.size + 1):
        with pytest.raises(NotFound):
            one.inclusion_proof(seq)
    with pytest.raises(NotFound):
        one.consistency_proof(1, second.size + 1)


def test_offered_leaves_equal_those_read_from_the_stream(hub_with_case: HubWithCase) -> None:
    read, offered = (
        keeper(hub_with_case),
        keeper(hub_with_case, hub_with_case.rehearsal_hub.installation.folder.parent / "other"),
    )
    for seq in range(1, hub_with_case.head() + 1):
        offered.offer_leaf(leaf_at(hub_with_case, seq))
    read_leaves_before, hub_with_case.store.leaves = hub_with_case.store.leaves, None  # nothing is read again
    try:
        offered.step()
    finally:
        hub_with_case.store.leaves = read_leaves_before
    read.step()
    assert signed(read) == signed(offered)


def test_concurrent_steps_append_no_leaf_twice(
    hub_with_case: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that keeps the log up, and whoever asks for a step meanwhile."""
    one = keeper(hub_with_case)
    new = LogKeeper._new_leaves

    def slowly(self: LogKeeper) -> list[Leaf]:
        leaves = new(self)
        sleep(0.1)  # long enough for the other to have read the same
        return leaves

    monkeypatch.setattr(LogKeeper, "_new_leaves", slowly)
    with ThreadPoolExecutor(2) as both:
        took = list(both.map(lambda _: one.step(), range(2)))
    assert sorted(took) == [False, True]
    assert signed(one).size == hub_with_case.head()


def test_the_log_is_restored_at_its_signed_head(hub_with_case: HubWithCase) -> None:
    one = keeper(hub_with_case)
    one.step()
    before = one.checkpoint
    reopened = keeper(hub_with_case)
    reopened.restore()
    assert reopened.checkpoint == before
    grow(hub_with_case)
    reopened.step()
    fresh = keeper(hub_with_case, hub_with_case.rehearsal_hub.installation.folder.parent / "fresh")
    fresh.step()
    assert signed(reopened) == signed(fresh)


@pytest.mark.parametrize("harm", ["all tiles lost", "a tile cut", "a bit of a tile", "entries lost"])
def test_lost_or_damaged_files_are_rebuilt_to_the_signed_head(hub_with_case: HubWithCase, harm: str) -> None:
    one = keeper(hub_with_case)
    one.step()
    head, folder = signed(one), hub_with_case.rehearsal_hub.installation.folder.parent / "log"
    [tile] = (folder / "tile" / "0" / "000.p").iterdir()
    if harm == "all tiles lost":
        shutil.rmtree(folder / "tile")
    elif harm == "a tile cut":
        tile.write_bytes(tile.read_bytes()[:-1])
    elif harm == "a bit of a tile":
        data = bytearray(tile.read_bytes())
        data[HASH_BYTES] ^= 1
        tile.write_bytes(bytes(data))
    else:
        shutil.rmtree(folder / "tile" / "entries")
    reopened = keeper(hub_with_case)
    reopened.restore()
    assert signed(reopened) == head
    at, size, proof = reopened.inclusion_proof(head.size)
    verify_inclusion(entry_hash(leaf_at(hub_with_case, head.size).encode()), at, size, proof, head.root)
    assert tile.exists()


def test_a_stream_with_another_root_than_the_signed_one_is_never_signed(
    hub_with_case: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = keeper(hub_with_case)
    one.step()
    folder = hub_with_case.rehearsal_hub.installation.folder.parent / "log"
    wrong = Checkpoint(one.origin, one.size, bytes(32))
    (folder / "checkpoint").write_bytes(sign_checkpoint(wrong, one._signing_keys, 1).encode())
    reopened = keeper(hub_with_case)
    with pytest.raises(Unavailable, match="log-rechecking"):
        reopened.restore()
    monkeypatch.setattr(log_module, "CONFIRM_SECONDS", 0.0)
    with pytest.raises(Unavailable, match="log-stopped"):
        reopened.restore()
    grow(hub_with_case)
    assert reopened.problem
    assert not reopened.step()


class Watch:
    """An executor whose time passes as the test says; nothing else of it is used."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def elapsed(self) -> float:
        return self.seconds


@pytest.mark.parametrize("shown", ["a shorter stream", "a missing record"])
def test_a_stream_that_lacks_what_it_had_is_asked_again_before_the_log_stops(
    hub_with_case: HubWithCase, monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    """A server that was cut off shows the past for some seconds; a lost record is never there again."""
    one = keeper(hub_with_case)
    one._executor = watch = Watch()  # type: ignore[assignment]
    one.step()
    if shown == "a shorter stream":
        monkeypatch.setattr(hub_with_case.store, "head", lambda: one.size - 1)
    else:
        grow(hub_with_case)
        monkeypatch.setattr(hub_with_case.store, "leaves", lambda start, limit: [])
    for seconds in (0.0, log_module.CONFIRM_SECONDS - 1):
        watch.seconds = seconds
        one._sign_new_head()
        assert (one.problem, (one.trouble or "").partition(":")[0]) == (None, "log-rechecking")
    monkeypatch.undo()
    one._sign_new_head()
    assert (one.problem, one.trouble, one.size) == (None, None, hub_with_case.head())

    monkeypatch.setattr(hub_with_case.store, "head", lambda: one.size - 1)
    for seconds in (100.0, 101.0, 100.0 + log_module.CONFIRM_SECONDS):
        assert one.problem is None
        watch.seconds = seconds
        one._sign_new_head()
    assert one.problem == f"the stream ends at {one.size - 1}, {one.size} were signed"


def test_a_log_that_could_not_be_read_at_the_start_is_signed_later(
    hub_with_case: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keeper(hub_with_case)
    first.step()
    shutil.rmtree(first._folder / "tile")
    grow(hub_with_case)
    unreachable = Unavailable("bus-unreachable")

    def no_bus(start: int, limit: int) -> list[Leaf]:
        raise unreachable

    one = keeper(hub_with_case)
    monkeypatch.setattr(log_module, "LOG_POLL_SECONDS", 0.05)
    monkeypatch.setattr(hub_with_case.store, "leaves", no_bus)
    one.start()
    try:
        wait_until(lambda: one.trouble == "bus-unreachable")
        monkeypatch.delattr(hub_with_case.store, "leaves")
        wait_until(lambda: one.size == hub_with_case.head())
        assert one.trouble is None
    finally:
        one.close()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until
        sleep(0.01)


class Ended(Exception):
    """The process ended here."""


@pytest.mark.parametrize("after", range(5))
def test_a_crash_between_any_two_writes_leaves_a_consistent_signed_head(
    hub_with_case: HubWithCase, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = keeper(hub_with_case)
    one.step()
    before = one.checkpoint
    grow(hub_with_case, 2)
    writes = iter(range(after))
    write = log_module.write_atomically

    def ends(path: Path, data: bytes) -> None:
        ours = path.is_relative_to(one._folder)  # not the log that the hub itself signs
        if ours and next(writes, None) is None:
            raise Ended
        write(path, data)

    monkeypatch.setattr(log_module, "write_atomically", ends)
    with suppress(Ended):
        one.step()
    monkeypatch.undo()
    reopened = keeper(hub_with_case)
    reopened.restore()
    earlier = verify_checkpoint(before, one.origin, one._signing_keys.public)[0]
    assert reopened.checkpoint == before or signed(reopened).size > earlier.size
    reopened.step()
    later = signed(reopened)
    proof = reopened.consistency_proof(earlier.size, later.size)
    verify_consistency(earlier.size, later.size, proof, earlier.root, later.root)


def test_tiles_are_those_of_the_standard(hub_with_case: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> None:
    one = keeper(hub_with_case)
    one.step()
    head = signed(one)
    hashes = one.file(f"tile/0/000.p/{head.size}")
    assert len(hashes) == head.size * HASH_BYTES
    assert (
        root(head.size, lambda h, n: hashes[n * 32 : n * 32 + 32] if h == 0 else _pair(hashes, h, n))
        == head.root
    )
    bundle = one.file(f"tile/entries/000.p/{head.size}")
    entry = bundle[2 : 2 + int.from_bytes(bundle[:2], "big")]
    assert entry == leaf_at(hub_with_case, 1).encode()
    for path in ("tile/../checkpoint", "checkpoint", "tile/0/999", "tile//0/000"):
        with pytest.raises(NotFound):
            one.file(path)


def _pair(hashes: bytes, height: int, n: int) -> bytes:
    row = [hashes[i * 32 : i * 32 + 32] for i in range(n << height, (n + 1) << height)]
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


# --- the door ------------------------------------------------------------------------------------------------


def _caught_up(hub_with_case: HubWithCase) -> None:
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    while log_keeper.size < hub_with_case.head():
        log_keeper.step()


def test_a_door_verifies_inclusion_proofs_of_its_receipts(hub_with_case: HubWithCase) -> None:
    door = hub_with_case.door("AZ-CORE")
    log_prover = LogProver(door)
    _caught_up(hub_with_case)
    hub_with_case.refer()
    hospital = LogProver(hub_with_case.door("MID-HOSP"))
    hospital.prove_batch()
    waits = hospital.log_status().waiting
    _caught_up(hub_with_case)
    assert hospital.prove_batch() == waits
    log_status = hospital.log_status()
    assert (log_status.waiting, log_status.late, log_status.alarms) == (0, 0, [])
    assert log_status.size == hub_with_case.head()
    assert log_prover.log_status().alarms == []


def test_a_receipt_without_inclusion_in_time_is_reported(hub_with_case: HubWithCase) -> None:
    hospital = LogProver(hub_with_case.door("MID-HOSP"))
    assert hospital.log_status().late == 0
    hub_with_case.rehearsal_hub.set_clock(hub_with_case.rehearsal_hub.now() + timedelta(minutes=3))
    assert hospital.log_status().late == hospital.log_status().waiting > 0


def _with_head(hub_with_case: HubWithCase, head: Checkpoint) -> None:
    """The hub shows another head than it kept."""
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    log_keeper._signed_head = (head, sign_checkpoint(head, log_keeper._signing_keys, 1).encode())


@pytest.mark.parametrize("wrong_head", ["another root", "rolled back"])
def test_a_head_that_contradicts_an_earlier_one_is_stored_as_evidence(
    hub_with_case: HubWithCase, wrong_head: str
) -> None:
    hospital = LogProver(hub_with_case.door("MID-HOSP"))
    _caught_up(hub_with_case)
    hospital.prove_batch()
    seen = hub_with_case.door("MID-HOSP").store.log_head()
    size = hub_with_case.rehearsal_hub.runtime.log_keeper.size
    wrong = Checkpoint(hospital._origin, size if wrong_head == "another root" else size - 1, bytes(32))
    _with_head(hub_with_case, wrong)
    kind = "log-split-view" if wrong_head == "another root" else "log-rolled-back"
    with pytest.raises(Untrusted, match=kind):
        hospital.prove_batch()
    [alarm] = hub_with_case.door("MID-HOSP").store.log_alarms()
    assert (alarm["kind"], alarm["earlier"]) == (kind, seen)
    assert verify_checkpoint(alarm["later"], hospital._origin, hospital._door.genesis.log)[0] == wrong
    with pytest.raises(Untrusted, match="log-contradicts"):
        hospital.prove_batch()
    try_proof_batch(hospital)
    assert hospital.log_status().alarms == [kind]


def test_a_wrong_inclusion_proof_is_reported(
    hub_with_case: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = LogProver(hub_with_case.door("MID-HOSP"))
    _caught_up(hub_with_case)
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    wrong_proof = lambda seq, under=None: InclusionProof(seq - 1, log_keeper.size, [bytes(32)])  # noqa: E731
    monkeypatch.setattr(log_keeper, "inclusion_proof", wrong_proof)
    with pytest.raises(Untrusted, match="record-not-in-log"):
        hospital.prove_batch()
    assert hospital.log_status().alarms == ["record-not-in-log"]


def test_the_hub_signs_by_itself_within_seconds(hub_with_case: HubWithCase) -> None:
    until = monotonic() + 30
    while hub_with_case.rehearsal_hub.runtime.log_keeper.size < hub_with_case.head() and monotonic() < until:
        sleep(0.1)
    assert hub_with_case.rehearsal_hub.runtime.log_keeper.size == hub_with_case.head()
    answer = hub_with_case.http.get("/v1/log/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    assert hub_with_case.http.get("/v1/log/tile/0/999").status_code == 404
    assert hub_with_case.http.get("/v1/log/tile/0/000%00").status_code == 400
    assert hub_with_case.http.get("/v1/log/proof/999999").status_code == 404


def test_a_full_disk_delays_signing_and_keeps_the_signed_head(
    hub_with_case: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = keeper(hub_with_case)
    one.step()
    before = one.checkpoint
    grow(hub_with_case, 2)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_module, "write_atomically", full)
    for _ in range(3):
        with pytest.raises(Unavailable, match="log-disk"):
            one.step()
    assert one.checkpoint == before
    monkeypatch.undo()
    assert one.step()
    fresh = keeper(hub_with_case, hub_with_case.rehearsal_hub.installation.folder.parent / "fresh")
    fresh.step()
    assert signed(one) == signed(fresh)


def test_a_damaged_tile_is_rebuilt_before_a_proof_is_served(hub_with_case: HubWithCase) -> None:
    """Else a door would take damage on the hub's disk for misconduct."""
    one = keeper(hub_with_case)
    one.step()
    head = signed(one)
    one._rightmost_hashes[0][0] = bytes(32)  # as if a tile had been read wrong
    at, size, proof = one.inclusion_proof(2)
    verify_inclusion(entry_hash(leaf_at(hub_with_case, 2).encode()), at, size, proof, head.root)


def test_a_proof_under_an_earlier_head_is_served(hub_with_case: HubWithCase) -> None:
    one = keeper(hub_with_case)
    one.step()
    first = signed(one)
    grow(hub_with_case, 3)
    one.step()
    at, size, proof = one.inclusion_proof(1, first.size)
    assert size == first.size
    verify_inclusion(entry_hash(leaf_at(hub_with_case, 1).encode()), at, size, proof, first.root)
    with pytest.raises(NotFound):
        one.inclusion_proof(first.size + 1, first.size)
