"""The transparency log: a Merkle tree over the whole stream, kept beside it and signed every second it grows.

Tiles and entries lie in ``hub/log`` as C2SP tlog-tiles has them. They are synced before the checkpoint that needs
them, and the checkpoint before anybody is given it. What is lost or damaged here is made again from the
stream, and must come to the head that was signed; where it does not, nothing is signed any more.
Source: KH-1 §8.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import NamedTuple

from adapters.store import Store
from domain.errors import Broken, ExchangeError, Malformed, NotThere, Unavailable
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

POLL_SECONDS = 1.0
PAGE = 500
WAITS = 100  # tenths of a poll
MOST_AT_ONCE = 20_000
MOST_OFFERED = 100_000


class Proven(NamedTuple):
    """Where a leaf stands: at this index from 0, in a tree of ``size`` leaves, by this proof."""

    at: int
    size: int
    proof: list[bytes]


class LogKeeper:
    """The log of one hub. Thread-safe; ``start`` keeps it up in a thread of its own, ``close`` ends that."""

    def __init__(
        self, store: Store, folder: Path, keys: SignatureKeys, origin: str, now: Callable[[], datetime]
    ) -> None:
        self.origin = origin
        self.problem: str | None = None
        """Why nothing is signed any more; for good."""
        self.trouble: str | None = None
        """Why nothing was signed the last time; it is tried again."""
        self._store = store
        self._folder = folder
        self._keys = keys
        self._now = now
        self._growing = Lock()  # one step after the other: what is new to one is not new to the next
        self._lock = Lock()  # owns all below
        self._rows: list[list[bytes]] = []  # hashes of the rightmost tile of each level
        self._counts: list[int] = []  # hashes of each level in all
        self._entries: list[bytes] = []  # of the rightmost bundle
        self._full: list[tuple[str, bytes]] = []  # files to be written
        self._signed: tuple[Checkpoint, bytes] | None = None
        self._offered: dict[int, Leaf] = {}
        self._ended = Event()
        self._thread: Thread | None = None

    # --- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what lies in the folder, and keep up with the record from now on."""
        self.restore()
        self._thread = Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            try:
                self.step()
            except Unavailable as error:
                self.trouble = error.flaw
            else:
                self.trouble = None

    def offer(self, leaf: Leaf) -> None:
        """A leaf that has just become durable: it need not be read again."""
        if len(self._offered) < MOST_OFFERED:
            self._offered[leaf.seq] = leaf

    # --- reading --------------------------------------------------------------------------------------------

    @property
    def checkpoint(self) -> bytes:
        """The last signed head, as a note. Raises NotThere before the first."""
        signed = self._signed
        if signed is None:
            raise NotThere("no-checkpoint", "the log has signed nothing yet: ask again in a moment")
        return signed[1]

    def wait_for(self, size: int) -> None:
        """Until a signed head covers so many leaves. Raises Unavailable where that takes too long."""
        for _ in range(WAITS):
            if self.size >= size:
                return
            self._ended.wait(POLL_SECONDS / 10)
        raise Unavailable("log-behind", "the log has not taken in all records: try again later")

    @property
    def size(self) -> int:
        """How many leaves the last signed head covers."""
        return 0 if self._signed is None else self._signed[0].size

    def file(self, path: str) -> bytes:
        """A tile or bundle of entries, by its path. Raises NotThere."""
        parts = path.split("/")
        if parts[0] != "tile" or any(p in ("", ".", "..") for p in parts):
            raise NotThere("not-there", "no such tile")
        try:
            return (self._folder / path).read_bytes()
        except OSError as error:
            raise NotThere("not-there", "no such tile") from error

    def prove(self, seq: int, under: int | None = None) -> Proven:
        """That the record at this position is in the log, ``under`` a head of so many leaves (the last one where none
        is named). Raises NotThere where no signed head covers it."""
        with self._lock:
            size = self.size if under is None else under
            if not 1 <= seq <= size <= self.size:
                raise NotThere("not-covered", "no checkpoint covers this record yet: ask again in a moment")
            found = Proven(seq - 1, size, inclusion(seq - 1, size, subtree_of(self._tile)))
            if not self._holds(found):
                self._rebuild(self._head())  # a tile was damaged: who asks must not take it for a lie
                found = Proven(seq - 1, size, inclusion(seq - 1, size, subtree_of(self._tile)))
            return found

    def _head(self) -> Checkpoint:
        assert self._signed is not None
        return self._signed[0]

    def _holds(self, found: Proven) -> bool:
        """Whether a proof leads to the signed root, or to that of an earlier size which the signed one continues."""
        try:
            below = root(found.size, subtree_of(self._tile))
            leaf = self._tile(0, found.at // WIDTH)[HASH_BYTES * (found.at % WIDTH) :][:HASH_BYTES]
            verify_inclusion(leaf, found.at, found.size, found.proof, below)
            head = self._head()
            steps = (
                consistency(found.size, head.size, subtree_of(self._tile)) if found.size < head.size else []
            )
            verify_consistency(found.size, head.size, steps, below, head.root)
        except (ExchangeError, IndexError):
            return False
        return True

    def continues(self, first: int, second: int) -> list[bytes]:
        """That the head of ``second`` leaves continues that of ``first``. Raises Malformed, NotThere."""
        with self._lock:
            if not 0 <= first <= second:
                raise Malformed("proof-range", "the earlier head is the smaller one")
            if second > self.size:
                raise NotThere("not-covered", "no checkpoint of this size was signed")
            return [] if first in (0, second) else consistency(first, second, subtree_of(self._tile))

    def _tile(self, level: int, n: int) -> bytes:
        if n == self._counts[level] // WIDTH:
            return b"".join(self._rows[level])
        return self.file(tile_path(level, n))

    # --- growing --------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Take in what was recorded since, and sign; whether there was anything. Raises Unavailable."""
        with self._growing:
            return self._step()

    def _step(self) -> bool:
        if self.problem is not None:
            return False
        leaves = self._new()
        if not leaves:
            return False
        with self._lock:
            before = ([list(row) for row in self._rows], list(self._counts), list(self._entries))
            try:
                for leaf in leaves:
                    self._append(leaf)
                self._sign()
            except BaseException as error:
                self._rows, self._counts, self._entries = before
                self._full = []
                if isinstance(error, OSError):
                    raise Unavailable("log-disk", "make room on the disk: what was signed stands") from error
                raise
        return True

    def _new(self) -> list[Leaf]:
        """The leaves after those that are signed, as many as are taken at once."""
        have = self.size
        head = self._store.head()
        found: list[Leaf] = []
        while have + len(found) < head and len(found) < MOST_AT_ONCE:
            seq = have + len(found) + 1
            offered = self._offered.pop(seq, None)
            found += [offered] if offered is not None else self._read(seq)
        for seq in [s for s in tuple(self._offered) if s <= have]:
            self._offered.pop(seq, None)
        if head < have:
            self._contradicted(f"the stream ends at {head}, {have} were signed")
        return found

    def _read(self, seq: int) -> list[Leaf]:
        try:
            page = self._store.leaves(seq, PAGE)
        except ExchangeError as error:
            if isinstance(error, Unavailable):
                raise
            self._contradicted(f"record {seq}: {error.flaw}")
        if not page or [leaf.seq for leaf in page] != list(range(seq, seq + len(page))):
            self._contradicted(f"record {seq} is missing")
        return page

    def _contradicted(self, why: str) -> None:
        """Nothing is signed from here on: what was signed stands, and does not fit what is there."""
        self.problem = why
        raise Unavailable("log-stopped", "the stream is not what the log has signed: run the audit")

    def _append(self, leaf: Leaf) -> None:
        entry = leaf.encode()
        self._entries.append(entry)
        self._push(0, leaf_hash(entry))
        if len(self._entries) == WIDTH:
            n = self._counts[0] // WIDTH - 1
            self._full.append((tile_path("entries", n), _bundle(self._entries)))
            self._entries = []

    def _push(self, level: int, hash: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
            self._counts.append(0)
        row = self._rows[level]
        row.append(hash)
        self._counts[level] += 1
        if len(row) == WIDTH:
            self._full.append((tile_path(level, self._counts[level] // WIDTH - 1), b"".join(row)))
            self._rows[level] = []
            while len(row) > 1:
                row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
            self._push(level + 1, row[0])

    def _sign(self) -> None:
        """Tiles, then the checkpoint, each on disk before the next; then others may have it."""
        size = self._counts[0]
        full, self._full = self._full, []
        for level, row in enumerate(self._rows):
            if row:
                n, width = divmod(self._counts[level], WIDTH)
                full.append((tile_path(level, n, width), b"".join(row)))
        if self._entries:
            n, width = divmod(size, WIDTH)
            full.append((tile_path("entries", n, width), _bundle(self._entries)))
        for path, data in full:
            write_whole(self._folder / path, data)
            if ".p/" not in path:  # what was there of it before it was whole
                shutil.rmtree(self._folder / f"{path}.p", ignore_errors=True)
        checkpoint = Checkpoint(self.origin, size, root(size, subtree_of(self._tile)))
        note = sign_checkpoint(checkpoint, self._keys, int(self._now().timestamp())).encode()
        write_whole(self._folder / "checkpoint", note)
        self._signed = (checkpoint, note)

    # --- taking up ------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """The tree as it was signed: from its tiles, or, where they are lost or damaged, from the stream.

        Raises Broken where the signed checkpoint itself does not hold, Unavailable where the bus is away.
        """
        path = self._folder / "checkpoint"
        if not path.exists():
            return
        try:
            note = path.read_bytes()
            checkpoint, _ = verify_checkpoint(note, self.origin, self._keys.public)
        except ExchangeError as error:
            raise Broken(
                "checkpoint-broken", "restore hub/log/checkpoint, or ask a door for its own"
            ) from error
        with self._lock:
            if not self._loaded(checkpoint):
                self._rebuild(checkpoint)
            self._signed = (checkpoint, note)

    def _loaded(self, checkpoint: Checkpoint) -> bool:
        """Whether the rightmost tiles are there and come to this root."""
        self._rows, self._counts, self._entries = [], [], []
        count = checkpoint.size
        try:
            while count:
                n, width = divmod(count, WIDTH)
                data = self.file(tile_path(len(self._rows), n, width)) if width else b""
                if len(data) != width * HASH_BYTES:
                    return False
                self._rows.append([data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])
                self._counts.append(count)
                count = n
            n, width = divmod(checkpoint.size, WIDTH)
            self._entries = _unbundled(self.file(tile_path("entries", n, width))) if width else []
            whole = [leaf_hash(e) for e in self._entries] == (self._rows[0] if self._rows else [])
            return whole and root(checkpoint.size, subtree_of(self._tile)) == checkpoint.root
        except (NotThere, IndexError):
            return False

    def _rebuild(self, checkpoint: Checkpoint) -> None:
        self._rows, self._counts, self._entries, self._full = [], [], [], []
        while sum(self._counts[:1]) < checkpoint.size:
            for leaf in self._read(sum(self._counts[:1]) + 1):
                if sum(self._counts[:1]) == checkpoint.size:
                    break
                self._append(leaf)
                if len(self._full) > PAGE:
                    self._flush()
        if root(checkpoint.size, subtree_of(self._rebuilt)) != checkpoint.root:
            self._contradicted("the stream does not come to the head that was signed")
        self._flush()
        for level, n, width in tiles_of(checkpoint.size):
            if width < WIDTH:
                write_whole(self._folder / tile_path(level, n, width), b"".join(self._rows[level]))
        if self._entries:
            n, width = divmod(checkpoint.size, WIDTH)
            write_whole(self._folder / tile_path("entries", n, width), _bundle(self._entries))

    def _rebuilt(self, level: int, n: int) -> bytes:
        waiting = dict(self._full)
        return waiting.get(tile_path(level, n)) or self._tile(level, n)

    def _flush(self) -> None:
        for path, data in self._full:
            write_whole(self._folder / path, data)
        self._full = []


def _bundle(entries: list[bytes]) -> bytes:
    return b"".join(len(e).to_bytes(2, "big") + e for e in entries)


def _unbundled(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all, and synced with its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
