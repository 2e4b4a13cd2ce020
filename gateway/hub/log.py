"""The transparency log: a Merkle tree over the whole stream, extended and signed once a second while it grows.

Tiles and entries are files in ``hub/log``, in the form of C2SP tlog-tiles. They are synced before the checkpoint
that needs them, and the checkpoint before it is served. Lost or damaged files are rebuilt from the stream, whose
root must be the signed one; where it is not, and stays so for ``CONFIRM_SECONDS``, nothing is signed any more.
Source: KH-1 §8.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple, NoReturn

from adapters.store import Store
from domain.errors import ExchangeError, InvariantViolation, Malformed, NotFound, Unavailable
from gateway.hub.executor import Background, Executor
from gateway.hub.files import write_atomically
from keys.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from keys.leaf import Leaf
from keys.proofs import verify_consistency, verify_inclusion
from keys.signing import SignatureKeys
from keys.tree import (
    HASH_BYTES,
    WIDTH,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    subtree_of,
    tile_path,
    tiles_of,
)

LOG_POLL_SECONDS = 1.0
LEAVES_PER_PAGE = 500
WAIT_ATTEMPTS = 100  # tenths of a poll
MAX_LEAVES_PER_STEP = 20_000
MAX_OFFERED_LEAVES = 100_000
SHUTDOWN_SECONDS = 10.0
CONFIRM_SECONDS = 30.0
"""How long the stream must contradict the log before it counts: a cluster needs 10 to 20 s to elect and catch up."""


class InclusionProof(NamedTuple):
    """A leaf's index from 0, the size of the tree, and the proof."""

    at: int
    size: int
    proof: list[bytes]


class LogKeeper:
    """The log of one hub. Thread-safe; ``start`` begins the repeated signing, ``close`` ends it."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        keys: SignatureKeys,
        origin: str,
        now: Callable[[], datetime],
        executor: Executor,
    ) -> None:
        self.origin = origin
        self.problem: str | None = None
        """Why nothing is signed any more; for good."""
        self.trouble: str | None = None
        """Why nothing was signed at the last attempt; there are others."""
        self._leaf_source = store
        self._folder = folder
        self._signing_keys = keys
        self._signing_clock = now
        self._executor = executor
        self._step_lock = Lock()  # one step at a time: both would append the same leaves
        self._tree_lock = Lock()  # owns all below
        self._rightmost_hashes: list[list[bytes]] = []  # hashes of the rightmost tile of each level
        self._counts: list[int] = []  # hashes of each level in all
        self._rightmost_entries: list[bytes] = []  # of the rightmost bundle
        self._pending_files: list[tuple[str, bytes]] = []  # files to be written
        self._signed_head: tuple[Checkpoint, bytes] | None = None
        self._offered_leaves: dict[int, Leaf] = {}
        self._signing: Background | None = None
        self._closed = False
        self._restored = False
        self._contradicted_since: dict[
            str, float
        ] = {}  # when the stream first contradicted this part of the log

    # --- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Load the tree from the folder, and extend it with what is recorded from now on.

        Where the stream can't be read now it is tried again. Raises InvariantViolation as ``restore``."""
        with suppress(Unavailable):
            self.restore()
        self._signing = self._executor.repeat("log", LOG_POLL_SECONDS, self._sign_new_head)

    def close(self) -> None:
        self._closed = True
        if self._signing is not None:
            self._signing.stop(SHUTDOWN_SECONDS)

    def _sign_new_head(self) -> float:
        try:
            if not self._restored:
                self.restore()
            self.step()
        except Unavailable as error:
            self.trouble = f"{error.error_code}: {error.detail}" if error.detail else error.error_code
        else:
            self.trouble = None
        return LOG_POLL_SECONDS

    def offer_leaf(self, leaf: Leaf) -> None:
        """A leaf that has just become durable, so that the next step need not read it."""
        if len(self._offered_leaves) < MAX_OFFERED_LEAVES:
            self._offered_leaves[leaf.seq] = leaf

    # --- reading --------------------------------------------------------------------------------------------

    @property
    def checkpoint(self) -> bytes:
        """The last signed head, as a note. Raises NotFound before the first."""
        signed = self._signed_head
        if signed is None:
            raise NotFound("no-checkpoint")
        return signed[1]

    def wait_for(self, size: int) -> None:
        """Wait until a signed head covers so many leaves. Raises Unavailable where that takes too long."""
        for _ in range(WAIT_ATTEMPTS):
            if self.size >= size:
                return
            if self._closed:
                break
            self._executor.sleep(LOG_POLL_SECONDS / 10)
        raise Unavailable("log-behind")

    @property
    def size(self) -> int:
        """How many leaves the last signed head covers."""
        return 0 if self._signed_head is None else self._signed_head[0].size

    def file(self, path: str) -> bytes:
        """A tile or bundle of entries, by its path. Raises NotFound."""
        parts = path.split("/")
        if parts[0] != "tile" or any(p in ("", ".", "..") for p in parts):
            raise NotFound("not-found")
        try:
            return (self._folder / path).read_bytes()
        except (OSError, ValueError) as error:  # a path with a NUL byte is a ValueError
            raise NotFound("not-found") from error

    def inclusion_proof(self, seq: int, under: int | None = None) -> InclusionProof:
        """The proof that the record at this position is in the log, ``under`` a head of so many leaves (None: the last).

        Raises NotFound where no signed head covers it."""
        with self._tree_lock:
            size = self.size if under is None else under
            if not 1 <= seq <= size <= self.size:
                raise NotFound("not-covered")
            proof = InclusionProof(seq - 1, size, inclusion(seq - 1, size, subtree_of(self._tile)))
            if not self._proof_is_valid(proof):
                # a tile is damaged: a wrong proof would read as misconduct
                self._rebuild_from_stream(self._signed_checkpoint())
                proof = InclusionProof(seq - 1, size, inclusion(seq - 1, size, subtree_of(self._tile)))
            return proof

    def _signed_checkpoint(self) -> Checkpoint:
        assert self._signed_head is not None
        return self._signed_head[0]

    def _proof_is_valid(self, proof: InclusionProof) -> bool:
        """Whether a proof leads to the signed root, or to that of an earlier size which the signed one continues."""
        try:
            below = root(proof.size, subtree_of(self._tile))
            leaf = self._tile(0, proof.at // WIDTH)[HASH_BYTES * (proof.at % WIDTH) :][:HASH_BYTES]
            verify_inclusion(leaf, proof.at, proof.size, proof.proof, below)
            head = self._signed_checkpoint()
            steps = (
                consistency(proof.size, head.size, subtree_of(self._tile)) if proof.size < head.size else []
            )
            verify_consistency(proof.size, head.size, steps, below, head.root)
        except (ExchangeError, IndexError):
            return False
        return True

    def consistency_proof(self, first: int, second: int) -> list[bytes]:
        """The proof that the head of ``second`` leaves continues that of ``first``. Raises Malformed, NotFound."""
        with self._tree_lock:
            if not 0 <= first <= second:
                raise Malformed("proof-range")
            if second > self.size:
                raise NotFound("not-covered")
            return [] if first in (0, second) else consistency(first, second, subtree_of(self._tile))

    def _tile(self, level: int, n: int) -> bytes:
        if n == self._counts[level] // WIDTH:
            return b"".join(self._rightmost_hashes[level])
        return self.file(tile_path(level, n))

    # --- growing --------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Append the leaves of what was recorded since, and sign; whether there were any. Raises Unavailable."""
        with self._step_lock:
            return self._step()

    def _step(self) -> bool:
        if self.problem is not None:
            return False
        leaves = self._new_leaves()
        if not leaves:
            return False
        with self._tree_lock:
            before = (
                [list(row) for row in self._rightmost_hashes],
                list(self._counts),
                list(self._rightmost_entries),
            )
            try:
                for leaf in leaves:
                    self._append_leaf(leaf)
                self._write_and_sign()
            except BaseException as error:
                self._rightmost_hashes, self._counts, self._rightmost_entries = before
                self._pending_files = []
                if isinstance(error, OSError):
                    raise Unavailable("log-disk") from error
                raise
        return True

    def _new_leaves(self) -> list[Leaf]:
        """The leaves after those that are signed, at most as many as one step appends."""
        signed_size = self.size
        head = self._leaf_source.head()
        leaves: list[Leaf] = []
        while signed_size + len(leaves) < head and len(leaves) < MAX_LEAVES_PER_STEP:
            seq = signed_size + len(leaves) + 1
            offered = self._offered_leaves.pop(seq, None)
            leaves += [offered] if offered is not None else self._read_leaves(seq)
        for seq in [s for s in tuple(self._offered_leaves) if s <= signed_size]:
            self._offered_leaves.pop(seq, None)
        if head < signed_size:
            self._contradicted("head", f"the stream ends at {head}, {signed_size} were signed")
        self._contradicted_since.pop("head", None)
        self._contradicted_since.pop("record", None)
        return leaves

    def _read_leaves(self, seq: int) -> list[Leaf]:
        try:
            page = self._leaf_source.leaves(seq, LEAVES_PER_PAGE)
        except ExchangeError as error:
            if isinstance(error, Unavailable):
                raise
            self._contradicted("record", f"record {seq}: {error.error_code}")
        if not page or [leaf.seq for leaf in page] != list(range(seq, seq + len(page))):
            self._contradicted("record", f"record {seq} is missing")
        return page

    def _contradicted(self, part: str, why: str) -> NoReturn:
        """The stream is not what was signed. Raises Unavailable; where it stays so, signs nothing from here on.

        A server that was cut off may say the same for some seconds, so it is asked again before that.
        """
        now = self._executor.elapsed()
        if now - self._contradicted_since.setdefault(part, now) < CONFIRM_SECONDS:
            raise Unavailable("log-rechecking", why)
        self.problem = why
        raise Unavailable("log-stopped")

    def _append_leaf(self, leaf: Leaf) -> None:
        entry = leaf.encode()
        self._rightmost_entries.append(entry)
        self._push_hash(0, leaf_hash(entry))
        if len(self._rightmost_entries) == WIDTH:
            n = self._counts[0] // WIDTH - 1
            self._pending_files.append((tile_path("entries", n), _encode_bundle(self._rightmost_entries)))
            self._rightmost_entries = []

    def _push_hash(self, level: int, hash: bytes) -> None:
        if level == len(self._rightmost_hashes):
            self._rightmost_hashes.append([])
            self._counts.append(0)
        row = self._rightmost_hashes[level]
        row.append(hash)
        self._counts[level] += 1
        if len(row) == WIDTH:
            self._pending_files.append((tile_path(level, self._counts[level] // WIDTH - 1), b"".join(row)))
            self._rightmost_hashes[level] = []
            while len(row) > 1:
                row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
            self._push_hash(level + 1, row[0])

    def _write_and_sign(self) -> None:
        """Write tiles, then the checkpoint, each on disk before the next; serve it after that."""
        size = self._counts[0]
        pending_files, self._pending_files = self._pending_files, []
        for level, row in enumerate(self._rightmost_hashes):
            if row:
                n, width = divmod(self._counts[level], WIDTH)
                pending_files.append((tile_path(level, n, width), b"".join(row)))
        if self._rightmost_entries:
            n, width = divmod(size, WIDTH)
            pending_files.append((tile_path("entries", n, width), _encode_bundle(self._rightmost_entries)))
        for path, data in pending_files:
            write_atomically(self._folder / path, data)
            if ".p/" not in path:  # the partial tiles before it was full
                shutil.rmtree(self._folder / f"{path}.p", ignore_errors=True)
        checkpoint = Checkpoint(self.origin, size, root(size, subtree_of(self._tile)))
        note = sign_checkpoint(
            checkpoint, self._signing_keys, int(self._signing_clock().timestamp())
        ).encode()
        write_atomically(self._folder / "checkpoint", note)
        self._signed_head = (checkpoint, note)

    # --- restoring -----------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Load the tree that was signed: from its tiles, or from the stream where they are lost or damaged.

        Raises InvariantViolation where the signed checkpoint itself does not verify, Unavailable without the bus.
        """
        path = self._folder / "checkpoint"
        if not path.exists():
            self._restored = True
            return
        try:
            note = path.read_bytes()
            checkpoint, _ = verify_checkpoint(note, self.origin, self._signing_keys.public)
        except ExchangeError as error:
            raise InvariantViolation("checkpoint-broken") from error
        with self._tree_lock:
            if not self._load_tiles(checkpoint):
                self._rebuild_from_stream(checkpoint)
            self._signed_head = (checkpoint, note)
        self._restored = True

    def _load_tiles(self, checkpoint: Checkpoint) -> bool:
        """Whether the rightmost tiles exist and have this root."""
        self._rightmost_hashes, self._counts, self._rightmost_entries = [], [], []
        count = checkpoint.size
        try:
            while count:
                n, width = divmod(count, WIDTH)
                data = self.file(tile_path(len(self._rightmost_hashes), n, width)) if width else b""
                if len(data) != width * HASH_BYTES:
                    return False
                self._rightmost_hashes.append(
                    [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]
                )
                self._counts.append(count)
                count = n
            n, width = divmod(checkpoint.size, WIDTH)
            self._rightmost_entries = (
                _decode_bundle(self.file(tile_path("entries", n, width))) if width else []
            )
            tiles_match = [leaf_hash(e) for e in self._rightmost_entries] == (
                self._rightmost_hashes[0] if self._rightmost_hashes else []
            )
            return tiles_match and root(checkpoint.size, subtree_of(self._tile)) == checkpoint.root
        except (NotFound, IndexError):
            return False

    def _rebuild_from_stream(self, checkpoint: Checkpoint) -> None:
        self._rightmost_hashes, self._counts, self._rightmost_entries, self._pending_files = [], [], [], []
        while sum(self._counts[:1]) < checkpoint.size:
            for leaf in self._read_leaves(sum(self._counts[:1]) + 1):
                if sum(self._counts[:1]) == checkpoint.size:
                    break
                self._append_leaf(leaf)
                if len(self._pending_files) > LEAVES_PER_PAGE:
                    self._flush()
        if root(checkpoint.size, subtree_of(self._rebuilt_tile)) != checkpoint.root:
            self._contradicted("root", "the stream does not have the root that was signed")
        self._contradicted_since.pop("root", None)
        self._flush()
        for level, n, width in tiles_of(checkpoint.size):
            if width < WIDTH:
                write_atomically(
                    self._folder / tile_path(level, n, width), b"".join(self._rightmost_hashes[level])
                )
        if self._rightmost_entries:
            n, width = divmod(checkpoint.size, WIDTH)
            write_atomically(
                self._folder / tile_path("entries", n, width), _encode_bundle(self._rightmost_entries)
            )

    def _rebuilt_tile(self, level: int, n: int) -> bytes:
        unwritten = dict(self._pending_files)
        return unwritten.get(tile_path(level, n)) or self._tile(level, n)

    def _flush(self) -> None:
        for path, data in self._pending_files:
            write_atomically(self._folder / path, data)
        self._pending_files = []


def _encode_bundle(entries: list[bytes]) -> bytes:
    return b"".join(len(e).to_bytes(2, "big") + e for e in entries)


def _decode_bundle(data: bytes) -> list[bytes]:
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return entries
