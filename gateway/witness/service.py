"""What a witness does with a presented head. Comparing, deciding and storing are one transaction.

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
_WITNESS_SCHEMA = """
CREATE TABLE IF NOT EXISTS heads(origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS evidence(n INTEGER PRIMARY KEY, origin TEXT NOT NULL, conflict TEXT NOT NULL,
    stored_note BLOB NOT NULL, presented_note BLOB NOT NULL);
"""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: status, media type, text."""

    status: int
    media_type: str
    text: str


def _text_reply(status: int, text: str) -> Reply:
    return Reply(status, "text/plain; charset=utf-8", f"{text}\n")


class Witness:
    """One witness and the heads it has cosigned. ``logs``: the known origins, each with its LOG keys. Thread-safe."""

    def __init__(
        self,
        path: Path,
        name: str,
        keys: SignatureKeys,
        logs: Mapping[str, SignaturePublic],
        now: Callable[[], int],
    ) -> None:
        self.name = name
        self._cosigning_keys = keys
        self._keys_by_origin = dict(logs)
        self._unix_time = now
        self._database_lock = Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(_WITNESS_SCHEMA)
        path.chmod(0o600)

    def close(self) -> None:
        with self._database_lock:
            self._database.close()

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer a request: a head, with the proof that it continues the last one cosigned here."""
        if len(body) > MAX_BODY_BYTES:
            return _text_reply(400, "the request is too long")
        try:
            old, proof, presented = _parse_request(body)
            note = parse_note(presented)
            head = parse_checkpoint(note.text)
        except (ExchangeError, ValueError):
            return _text_reply(400, "old size, proof and checkpoint, as tlog-witness has them")
        log = self._keys_by_origin.get(head.origin)
        if log is None:
            return _text_reply(404, "this witness does not know this log")
        try:
            verify_checkpoint(presented, head.origin, log)
        except ExchangeError:
            return _text_reply(403, "the checkpoint is not signed by this log")
        if old > head.size:
            return _text_reply(400, "the old size is larger than the checkpoint")
        with self._database_lock:
            refusal = self._decide_and_store(head, old, proof, presented)
        if refusal is not None:
            return refusal
        lines = cosign(head, self._cosigning_keys, self.name, self._unix_time())
        return Reply(200, "text/plain; charset=utf-8", "".join(line.encode() for line in lines))

    def _decide_and_store(
        self, head: Checkpoint, old: int, proof: list[bytes], presented: bytes
    ) -> Reply | None:
        """Decide and store in one transaction, synced to disk. Returns the refusal; None where the head may be cosigned."""
        self._database.execute("BEGIN IMMEDIATE")
        refusal: Reply | None = None
        try:
            row = self._database.execute(
                "SELECT size, root, note FROM heads WHERE origin=?", (head.origin,)
            ).fetchone()
            size, root, note = row or (0, b"", b"")
            refusal, conflict = _refusal(head, old, proof, size, root)
            if refusal is None:
                values = (head.origin, head.size, head.root, presented)
                self._database.execute("INSERT OR REPLACE INTO heads VALUES (?,?,?,?)", values)
            elif conflict is not None:  # both heads are signed by the log: proof that it misbehaved
                evidence_row = (head.origin, conflict, note, presented)
                self._database.execute(
                    "INSERT INTO evidence(origin, conflict, stored_note, presented_note) VALUES (?,?,?,?)",
                    evidence_row,
                )
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        return refusal

    def evidence(self) -> list[tuple[str, str, bytes, bytes]]:
        """Heads that contradict each other, each signed by the log: origin, conflict, the note stored, the note presented."""
        with self._database_lock:
            return list(
                self._database.execute(
                    "SELECT origin, conflict, stored_note, presented_note FROM evidence ORDER BY n"
                )
            )


def _refusal(
    head: Checkpoint, old: int, proof: list[bytes], size: int, root: bytes
) -> tuple[Reply | None, str | None]:
    """The refusal (None: cosign), and the kind of conflict (None: the log did not contradict itself)."""
    if old != size:
        if head.size == size and head.root != root:
            return _size_reply(size), "split-view"
        return _size_reply(size), None
    if head.size == size and size:
        return (None, None) if head.root == root else (_size_reply(size), "split-view")
    try:
        verify_consistency(size, head.size, proof, root, head.root)
    except ExchangeError:
        return _text_reply(422, "the checkpoint does not continue the last one cosigned here"), "fork"
    return None, None


def _size_reply(size: int) -> Reply:
    return Reply(409, "text/x.tlog.size", f"{size}\n")


def _parse_request(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, proof and note of a request. Raises ValueError."""
    head, blank, note = body.partition(b"\n\n")
    first, *lines = head.decode("ascii").split("\n")
    digits = first.removeprefix("old ")
    if not blank or first == digits or not digits.isdigit() or str(int(digits)) != digits:
        raise ValueError("old size")
    proof = [base64_of(line) for line in lines]
    if len(proof) > MAX_PROOF or any(len(digest) != 32 for digest in proof):
        raise ValueError("proof")
    return int(digits), proof, note


def encode_request(old: int, proof: list[bytes], note: bytes) -> bytes:
    """The body of ``add-checkpoint``."""
    lines = "".join(f"{b64encode(digest).decode()}\n" for digest in proof)
    return f"old {old}\n{lines}\n".encode() + note
