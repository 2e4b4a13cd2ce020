"""The transparency log beside the record: it proves, it comes again, and it is never contradicted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from domain.errors import NotThere, Unavailable, Untrusted
from gateway.agency.inclusion import Proving, try_step
from gateway.hub import log as log_module
from gateway.hub.log import LogKeeper, Proven
from keys.checkpoint import Checkpoint, origin_of, sign_checkpoint, verify_checkpoint
from keys.leaf import Leaf
from keys.proofs import entry_hash, verify_consistency, verify_inclusion
from keys.signing import SignatureKeys, SignatureKind
from keys.tree import HASH_BYTES, node_hash, root
from tests.gateway.hubkit import Ground
from tests.gateway.hubkit import ground as new_ground


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with new_ground(tmp_path / "hub") as made:
        yield made


def keeper(ground: Ground, folder: Path | None = None) -> LogKeeper:
    """A keeper of its own over the same stream, driven by hand."""
    stage = ground.stage
    secrets = stage.installation.hub_secrets()
    keys = SignatureKeys.from_seeds(SignatureKind.LOG, secrets["log"])
    where = folder or stage.installation.folder.parent / "log"
    origin = origin_of(stage.installation.hub, "rehearsal")
    return LogKeeper(ground.store, where, keys, origin, stage.now)


def leaf_at(ground: Ground, seq: int) -> Leaf:
    found: Leaf = ground.store.leaves(seq, 1)[0]
    return found


def grow(ground: Ground, count: int = 1) -> None:
    for _ in range(count):
        ground.refer()


def signed(one: LogKeeper) -> Checkpoint:
    return verify_checkpoint(one.checkpoint, one.origin, one._keys.public)[0]


def test_every_record_is_proven_under_the_signed_head_and_heads_continue_each_other(ground: Ground) -> None:
    one = keeper(ground)
    with pytest.raises(NotThere):
        _ = one.checkpoint
    assert one.step()
    first = signed(one)
    assert first.size == ground.head()
    for seq in range(1, first.size + 1):
        at, size, proof = one.prove(seq)
        verify_inclusion(entry_hash(leaf_at(ground, seq).encode()), at, size, proof, first.root)
    grow(ground)
    assert one.step()
    second = signed(one)
    assert second.size > first.size
    proof = one.continues(first.size, second.size)
    verify_consistency(first.size, second.size, proof, first.root, second.root)
    assert not one.step()
    for seq in (0, second.size + 1):
        with pytest.raises(NotThere):
            one.prove(seq)
    with pytest.raises(NotThere):
        one.continues(1, second.size + 1)


def test_what_was_offered_is_what_lies_in_the_stream(ground: Ground) -> None:
    read, offered = keeper(ground), keeper(ground, ground.stage.installation.folder.parent / "other")
    for seq in range(1, ground.head() + 1):
        offered.offer(leaf_at(ground, seq))
    ground_leaves, ground.store.leaves = ground.store.leaves, None  # nothing is read again
    try:
        offered.step()
    finally:
        ground.store.leaves = ground_leaves
    read.step()
    assert signed(read) == signed(offered)


def test_steps_at_one_time_take_nothing_in_twice(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that keeps the log up, and whoever asks for a step meanwhile."""
    one = keeper(ground)
    new = LogKeeper._new

    def slowly(self: LogKeeper) -> list[Leaf]:
        found = new(self)
        sleep(0.1)  # long enough for the other to have read the same
        return found

    monkeypatch.setattr(LogKeeper, "_new", slowly)
    with ThreadPoolExecutor(2) as both:
        took = list(both.map(lambda _: one.step(), range(2)))
    assert sorted(took) == [False, True]
    assert signed(one).size == ground.head()


def test_it_is_taken_up_where_it_was_left(ground: Ground) -> None:
    one = keeper(ground)
    one.step()
    before = one.checkpoint
    again = keeper(ground)
    again.restore()
    assert again.checkpoint == before
    grow(ground)
    again.step()
    fresh = keeper(ground, ground.stage.installation.folder.parent / "fresh")
    fresh.step()
    assert signed(again) == signed(fresh)


@pytest.mark.parametrize("harm", ["all tiles lost", "a tile cut", "a bit of a tile", "entries lost"])
def test_what_is_lost_or_damaged_is_made_again_and_comes_to_the_signed_head(
    ground: Ground, harm: str
) -> None:
    one = keeper(ground)
    one.step()
    head, folder = signed(one), ground.stage.installation.folder.parent / "log"
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
    again = keeper(ground)
    again.restore()
    assert signed(again) == head
    at, size, proof = again.prove(head.size)
    verify_inclusion(entry_hash(leaf_at(ground, head.size).encode()), at, size, proof, head.root)
    assert tile.exists()


def test_a_stream_that_does_not_come_to_the_signed_head_is_never_signed(ground: Ground) -> None:
    one = keeper(ground)
    one.step()
    folder = ground.stage.installation.folder.parent / "log"
    wrong = Checkpoint(one.origin, one.size, bytes(32))
    (folder / "checkpoint").write_bytes(sign_checkpoint(wrong, one._keys, 1).encode())
    again = keeper(ground)
    with pytest.raises(Unavailable, match="log-stopped"):
        again.restore()
    grow(ground)
    assert again.problem
    assert not again.step()


def test_a_stream_that_is_shorter_than_what_was_signed_is_told(ground: Ground) -> None:
    one = keeper(ground)
    one.step()
    ground.store.head, kept = (lambda: one.size - 1), ground.store.head
    try:
        with pytest.raises(Unavailable, match="log-stopped"):
            one.step()
    finally:
        ground.store.head = kept
    assert one.problem


class Ended(Exception):
    """The process ended here."""


@pytest.mark.parametrize("after", range(5))
def test_an_end_between_any_two_writes_leaves_the_last_head_and_nothing_that_contradicts_it(
    ground: Ground, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = keeper(ground)
    one.step()
    before = one.checkpoint
    grow(ground, 2)
    writes = iter(range(after))
    write = log_module.write_whole

    def ends(path: Path, data: bytes) -> None:
        ours = path.is_relative_to(one._folder)  # the hub's own log goes on beside
        if ours and next(writes, None) is None:
            raise Ended
        write(path, data)

    monkeypatch.setattr(log_module, "write_whole", ends)
    with suppress(Ended):
        one.step()
    monkeypatch.undo()
    again = keeper(ground)
    again.restore()
    earlier = verify_checkpoint(before, one.origin, one._keys.public)[0]
    assert again.checkpoint == before or signed(again).size > earlier.size
    again.step()
    later = signed(again)
    proof = again.continues(earlier.size, later.size)
    verify_consistency(earlier.size, later.size, proof, earlier.root, later.root)


def test_tiles_are_those_of_the_standard(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    one = keeper(ground)
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
    assert entry == leaf_at(ground, 1).encode()
    for path in ("tile/../checkpoint", "checkpoint", "tile/0/999", "tile//0/000"):
        with pytest.raises(NotThere):
            one.file(path)


def _pair(hashes: bytes, height: int, n: int) -> bytes:
    row = [hashes[i * 32 : i * 32 + 32] for i in range(n << height, (n + 1) << height)]
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


# --- the door ------------------------------------------------------------------------------------------------


def _caught_up(ground: Ground) -> None:
    logbook = ground.stage.runtime.logbook
    while logbook.size < ground.head():
        logbook.step()


def test_a_door_proves_what_was_confirmed_to_it(ground: Ground) -> None:
    door = ground.door("AZ-CORE")
    proving = Proving(door)
    _caught_up(ground)
    ground.refer()
    hospital = Proving(ground.door("MID-HOSP"))
    hospital.step()
    waits = hospital.standing().waiting
    _caught_up(ground)
    assert hospital.step() == waits
    standing = hospital.standing()
    assert (standing.waiting, standing.late, standing.alarms) == (0, 0, [])
    assert standing.size == ground.head()
    assert proving.standing().alarms == []


def test_a_promise_that_is_not_kept_is_told(ground: Ground) -> None:
    hospital = Proving(ground.door("MID-HOSP"))
    assert hospital.standing().late == 0
    ground.stage.set_clock(ground.stage.now() + timedelta(minutes=3))
    assert hospital.standing().late == hospital.standing().waiting > 0


def _with_head(ground: Ground, head: Checkpoint) -> None:
    """The hub shows another head than it kept."""
    logbook = ground.stage.runtime.logbook
    logbook._signed = (head, sign_checkpoint(head, logbook._keys, 1).encode())


@pytest.mark.parametrize("lie", ["another root", "rolled back"])
def test_a_head_that_contradicts_what_was_seen_is_kept_as_evidence(ground: Ground, lie: str) -> None:
    hospital = Proving(ground.door("MID-HOSP"))
    _caught_up(ground)
    hospital.step()
    seen = ground.door("MID-HOSP").book.log_head()
    size = ground.stage.runtime.logbook.size
    wrong = Checkpoint(hospital._origin, size if lie == "another root" else size - 1, bytes(32))
    _with_head(ground, wrong)
    kind = "log-split-view" if lie == "another root" else "log-rolled-back"
    with pytest.raises(Untrusted, match=kind):
        hospital.step()
    [alarm] = ground.door("MID-HOSP").book.log_alarms()
    assert (alarm["kind"], alarm["earlier"]) == (kind, seen)
    assert verify_checkpoint(alarm["later"], hospital._origin, hospital._door.genesis.log)[0] == wrong
    with pytest.raises(Untrusted, match="log-contradicts"):
        hospital.step()
    try_step(hospital)
    assert hospital.standing().alarms == [kind]


def test_a_record_that_is_not_in_the_log_is_found_out(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = Proving(ground.door("MID-HOSP"))
    _caught_up(ground)
    logbook = ground.stage.runtime.logbook
    lie = lambda seq, under=None: Proven(seq - 1, logbook.size, [bytes(32)])  # noqa: E731
    monkeypatch.setattr(logbook, "prove", lie)
    with pytest.raises(Untrusted, match="record-not-in-log"):
        hospital.step()
    assert hospital.standing().alarms == ["record-not-in-log"]


def test_the_hub_signs_by_itself_within_seconds(ground: Ground) -> None:
    until = monotonic() + 30
    while ground.stage.runtime.logbook.size < ground.head() and monotonic() < until:
        sleep(0.1)
    assert ground.stage.runtime.logbook.size == ground.head()
    answer = ground.http.get("/v1/log/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    assert ground.http.get("/v1/log/tile/0/999").status_code == 404
    assert ground.http.get("/v1/log/proof/999999").status_code == 404


def test_a_full_disk_ends_nothing_and_what_was_signed_stands(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = keeper(ground)
    one.step()
    before = one.checkpoint
    grow(ground, 2)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_module, "write_whole", full)
    for _ in range(3):
        with pytest.raises(Unavailable, match="log-disk"):
            one.step()
    assert one.checkpoint == before
    monkeypatch.undo()
    assert one.step()
    fresh = keeper(ground, ground.stage.installation.folder.parent / "fresh")
    fresh.step()
    assert signed(one) == signed(fresh)


def test_a_damaged_tile_is_made_again_before_a_proof_of_it_is_given(ground: Ground) -> None:
    """Else a door would take bad bytes on the hub's disk for a lie."""
    one = keeper(ground)
    one.step()
    head = signed(one)
    one._rows[0][0] = bytes(32)  # as if a whole tile had been read wrong
    at, size, proof = one.prove(2)
    verify_inclusion(entry_hash(leaf_at(ground, 2).encode()), at, size, proof, head.root)


def test_a_proof_under_an_earlier_head_is_given_too(ground: Ground) -> None:
    one = keeper(ground)
    one.step()
    first = signed(one)
    grow(ground, 3)
    one.step()
    at, size, proof = one.prove(1, first.size)
    assert size == first.size
    verify_inclusion(entry_hash(leaf_at(ground, 1).encode()), at, size, proof, first.root)
    with pytest.raises(NotThere):
        one.prove(first.size + 1, first.size)
