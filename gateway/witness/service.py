"""What a witness does with a head that it is shown. Seeing, deciding and remembering are one step.

Source: C2SP tlog-witness, tlog-cosignature; KH-1 §8.
"""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from domain.errors import ExchangeError
from keys.checkpoint import Checkpoint, cosign, parse_checkpoint, verify_checkpoint
from keys.note import base64_of, parse_note
from keys.proofs import MAX_PROOF, verify_consistency
from keys.signing import SignatureKeys, SignaturePublic

MAX_BODY_BYTES = 64 * 1024
_SCHEMA = """
CREATE TABLE IF NOT EXISTS heads(origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS evidence(n INTEGER PRIMARY KEY, origin TEXT NOT NULL, why TEXT NOT NULL,
    kept BLOB NOT NULL, shown BLOB NOT NULL);
"""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: status, media type, text."""

    status: int
    media_type: str
    text: str


def _plain(status: int, text: str) -> Reply:
    return Reply(status, "text/plain; charset=utf-8", f"{text}\n")


class Witness:
    """One witness and what it has seen. ``logs``: the origins it knows, each with its LOG keys. Thread-safe."""

    def __init__(
        self,
        path: Path,
        name: str,
        keys: SignatureKeys,
        logs: Mapping[str, SignaturePublic],
        now: Callable[[], int],
    ) -> None:
        self.name = name
        self._keys = keys
        self._logs = dict(logs)
        self._now = now
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        path.chmod(0o600)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add_checkpoint(self, body: bytes) -> Reply:
        """A log shows its head, with the proof that it continues the last one cosigned here."""
        if len(body) > MAX_BODY_BYTES:
            return _plain(400, "the request is too long")
        try:
            old, proof, shown = _request(body)
            note = parse_note(shown)
            head = parse_checkpoint(note.text)
        except (ExchangeError, ValueError):
            return _plain(400, "old size, proof and checkpoint, as tlog-witness has them")
        log = self._logs.get(head.origin)
        if log is None:
            return _plain(404, "this witness does not know this log")
        try:
            verify_checkpoint(shown, head.origin, log)
        except ExchangeError:
            return _plain(403, "the checkpoint is not signed by this log")
        if old > head.size:
            return _plain(400, "the old size is larger than the checkpoint")
        with self._lock:
            refusal = self._remembered(head, old, proof, shown)
        if refusal is not None:
            return refusal
        lines = cosign(head, self._keys, self.name, self._now())
        return Reply(200, "text/plain; charset=utf-8", "".join(line.encode() for line in lines))

    def _remembered(self, head: Checkpoint, old: int, proof: list[bytes], shown: bytes) -> Reply | None:
        """Decide and remember in one transaction, synced; the refusal where it does not continue what was seen."""
        self._db.execute("BEGIN IMMEDIATE")
        refusal: Reply | None = None
        try:
            row = self._db.execute(
                "SELECT size, root, note FROM heads WHERE origin=?", (head.origin,)
            ).fetchone()
            size, root, note = row or (0, b"", b"")
            refusal, why = _refusal(head, old, proof, size, root)
            if refusal is None:
                values = (head.origin, head.size, head.root, shown)
                self._db.execute("INSERT OR REPLACE INTO heads VALUES (?,?,?,?)", values)
            elif why is not None:  # signed by the log, and not what it signed before: it convicts itself
                found = (head.origin, why, note, shown)
                self._db.execute("INSERT INTO evidence(origin, why, kept, shown) VALUES (?,?,?,?)", found)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        return refusal

    def evidence(self) -> list[tuple[str, str, bytes, bytes]]:
        """Heads that contradict each other, each signed by the log: origin, why, the one kept, the one shown."""
        with self._lock:
            return list(self._db.execute("SELECT origin, why, kept, shown FROM evidence ORDER BY n"))


def _refusal(
    head: Checkpoint, old: int, proof: list[bytes], size: int, root: bytes
) -> tuple[Reply | None, str | None]:
    """Why this head is not cosigned, and where that convicts the log, by which word."""
    if old != size:
        if head.size == size and head.root != root:
            return _size(size), "split-view"
        return _size(size), None
    if head.size == size and size:
        return (None, None) if head.root == root else (_size(size), "split-view")
    try:
        verify_consistency(size, head.size, proof, root, head.root)
    except ExchangeError:
        return _plain(422, "the checkpoint does not continue the last one cosigned here"), "fork"
    return None, None


def _size(size: int) -> Reply:
    return Reply(409, "text/x.tlog.size", f"{size}\n")


def _request(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, proof and note of a request. Raises ValueError."""
    head, blank, note = body.partition(b"\n\n")
    first, *lines = head.decode("ascii").split("\n")
    digits = first.removeprefix("old ")
    if not blank or first == digits or not digits.isdigit() or str(int(digits)) != digits:
        raise ValueError("old size")
    proof = [base64_of(line) for line in lines]
    if len(proof) > MAX_PROOF or any(len(one) != 32 for one in proof):
        raise ValueError("proof")
    return int(digits), proof, note


def request_of(old: int, proof: list[bytes], note: bytes) -> bytes:
    """The body of ``add-checkpoint``."""
    lines = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{lines}\n".encode() + note
