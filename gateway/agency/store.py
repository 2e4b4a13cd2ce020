"""A door's own database: outbox, receipts, verified key sets, and its copy of the feed.

SQLite, synced to disk before anything is sent. It never holds content in clear; the sealed parts of a command are
erased once its receipt has arrived (KH-1 §4).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any
from uuid import UUID

from domain.errors import InvariantViolation, Unavailable

_STORE_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox(
    command_id TEXT PRIMARY KEY, about TEXT NOT NULL, act TEXT NOT NULL, at TEXT NOT NULL,
    frame BLOB NOT NULL, request BLOB, state TEXT NOT NULL, answer TEXT, n INTEGER NOT NULL, request_digest BLOB);
CREATE INDEX IF NOT EXISTS outbox_about ON outbox(about, n);
CREATE TABLE IF NOT EXISTS key_sets(digest BLOB PRIMARY KEY, agency TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS inbox(
    case_id TEXT NOT NULL, message TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY(case_id, message));
CREATE TABLE IF NOT EXISTS intake(
    file BLOB NOT NULL, n INTEGER NOT NULL, command_id TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY(file, n));
CREATE TABLE IF NOT EXISTS families(reference BLOB PRIMARY KEY, case_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS marks(
    case_id TEXT NOT NULL, length INTEGER NOT NULL, mark BLOB NOT NULL, PRIMARY KEY(case_id, mark));
CREATE TABLE IF NOT EXISTS proofs(command_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log_alarms(kind TEXT PRIMARY KEY, at TEXT NOT NULL, earlier BLOB, later BLOB);
CREATE TABLE IF NOT EXISTS state(key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

WAITING, CONFIRMED, FAILED = "WAITING", "CONFIRMED", "FAILED"


@dataclass(frozen=True)
class OutboxEntry:
    """A command in the outbox. ``state``: WAITING until its receipt has arrived, CONFIRMED, or FAILED for good.

    ``request_digest``: this door's keyed digest of the request that was made under this id; None if the door chose the id.
    """

    command_id: UUID
    about: UUID
    act: str
    at: str
    state: str
    request: bytes | None
    answer: dict[str, Any] | None
    request_digest: bytes | None = None


_OUTGOING_COLUMNS = "command_id,about,act,at,state,request,answer,request_digest"


def _outgoing_from_row(r: Any) -> OutboxEntry:
    answer = None if r[6] is None else json.loads(r[6])
    return OutboxEntry(UUID(r[0]), UUID(r[1]), r[2], r[3], r[4], r[5], answer, r[7])


@contextmanager
def to_domain_error() -> Iterator[None]:
    """Database errors as domain errors; the failed transaction was rolled back."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable("door-store-unavailable") from error
    except sqlite3.DatabaseError as error:
        raise InvariantViolation("door-store-broken") from error


class DoorStore:
    """A door's own database. Thread-safe; the lock owns the connection."""

    def __init__(self, path: Path) -> None:
        self._lock = RLock()
        with to_domain_error():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.executescript(_STORE_SCHEMA)
            path.chmod(0o600)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock, to_domain_error():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have rolled it back already
                    self._db.execute("ROLLBACK")
                raise

    def _query(self, sql: str, *values: Any) -> list[Any]:
        with self._lock, to_domain_error():
            return self._db.execute(sql, values).fetchall()

    # --- outbox --------------------------------------------------------------------------------------------

    def enqueue(
        self,
        command_id: UUID,
        about: UUID,
        act: str,
        at: str,
        frame: bytes,
        request: bytes,
        request_digest: bytes | None = None,
    ) -> None:
        """Store a command before it is sent. The same id again replaces a command that was never recorded."""
        with self._write() as db:
            db.execute(
                "INSERT OR REPLACE INTO outbox VALUES (?,?,?,?,?,?,?,NULL,"
                "(SELECT coalesce(max(n),0)+1 FROM outbox),?)",
                (str(command_id), str(about), act, at, frame, request, WAITING, request_digest),
            )

    def confirm(self, command_id: UUID, answer: dict[str, Any]) -> None:
        """The receipt has arrived: store the answer and erase the sealed parts."""
        self._set_final_state(command_id, CONFIRMED, answer)

    def fail(self, command_id: UUID, problem: dict[str, Any]) -> None:
        """The hub will never record it: store the problem and erase the sealed parts."""
        self._set_final_state(command_id, FAILED, problem)

    def _set_final_state(self, command_id: UUID, state: str, answer: dict[str, Any]) -> None:
        with self._write() as db:
            db.execute(
                "UPDATE outbox SET state=?, answer=?, request=NULL WHERE command_id=?",
                (state, json.dumps(answer, ensure_ascii=False), str(command_id)),
            )

    def outgoing(self, state: str | None = None) -> list[OutboxEntry]:
        """The commands of this door, oldest first; of one state if it is given."""
        where = "" if state is None else " WHERE state=?"
        values = () if state is None else (state,)
        rows = self._query(f"SELECT {_OUTGOING_COLUMNS} FROM outbox{where} ORDER BY n", *values)
        return [_outgoing_from_row(r) for r in rows]

    def sent(self, command_id: UUID) -> OutboxEntry | None:
        """The command of this id, or None."""
        rows = self._query(f"SELECT {_OUTGOING_COLUMNS} FROM outbox WHERE command_id=?", str(command_id))
        return _outgoing_from_row(rows[0]) if rows else None

    def last_frame(self, about: UUID) -> bytes | None:
        """The digest of the last confirmed frame about this originator, or None."""
        rows = self._query(
            "SELECT frame FROM outbox WHERE about=? AND state=? ORDER BY n DESC LIMIT 1",
            str(about),
            CONFIRMED,
        )
        return rows[0][0] if rows else None

    # --- proofs ---------------------------------------------------------------------------------------------

    def log_head(self) -> bytes | None:
        """The last checkpoint of the hub's log that was verified here, as a note; None before the first."""
        rows = self._query("SELECT value FROM state WHERE key='log_head'")
        return str(rows[0][0]).encode() if rows else None

    def store_log_head(self, note: bytes) -> None:
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO state VALUES ('log_head', ?)", (note.decode(),))

    def unproven(self, limit: int) -> list[OutboxEntry]:
        """At most ``limit`` confirmed commands that have no inclusion proof yet, oldest first."""
        rows = self._query(
            f"SELECT {_OUTGOING_COLUMNS} FROM outbox WHERE state=? AND command_id NOT IN (SELECT command_id FROM proofs)"
            " ORDER BY n LIMIT ?",
            CONFIRMED,
            limit,
        )
        return [_outgoing_from_row(r) for r in rows]

    def record_proof(self, command_id: UUID, seq: int, size: int) -> None:
        """The record of this command is proven to be at ``seq`` of the log of ``size`` leaves (0: it made no record)."""
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO proofs VALUES (?,?,?)", (str(command_id), seq, size))

    def proven(self) -> set[UUID]:
        """The commands whose inclusion in the log is proven."""
        return {UUID(r[0]) for r in self._query("SELECT command_id FROM proofs")}

    def record_log_alarm(self, kind: str, at: str, earlier: bytes | None, later: bytes | None) -> None:
        """The hub's log contradicts itself: both checkpoints are kept for good as evidence, the first pair of each kind."""
        with self._write() as db:
            db.execute("INSERT OR IGNORE INTO log_alarms VALUES (?,?,?,?)", (kind, at, earlier, later))

    def log_alarms(self) -> list[dict[str, Any]]:
        """The contradictions found in the hub's log, oldest first."""
        rows = self._query("SELECT kind, at, earlier, later FROM log_alarms ORDER BY at")
        return [{"kind": r[0], "at": r[1], "earlier": r[2], "later": r[3]} for r in rows]

    # --- files -----------------------------------------------------------------------------------------------

    def intake(self, file: bytes) -> list[tuple[UUID, UUID]]:
        """Command id and case of each message of an accepted file; empty if it was not accepted before."""
        rows = self._query("SELECT command_id, case_id FROM intake WHERE file=? ORDER BY n", file)
        return [(UUID(command_id), UUID(case)) for command_id, case in rows]

    def family(self, reference: bytes) -> UUID | None:
        """The case behind a reference number of this agency's own, given as keyed digest; None if there is none."""
        rows = self._query("SELECT case_id FROM families WHERE reference=?", reference)
        return UUID(rows[0][0]) if rows else None

    def store_intake(
        self, file: bytes, messages: list[tuple[UUID, UUID]], families: dict[bytes, UUID]
    ) -> None:
        """Accept a file: ids and cases of all its messages, in one transaction, before the first one is sent."""
        with self._write() as db:
            db.executemany(
                "INSERT INTO intake VALUES (?,?,?,?)",
                [(file, n, str(command_id), str(case)) for n, (command_id, case) in enumerate(messages)],
            )
            db.executemany(
                "INSERT OR IGNORE INTO families VALUES (?,?)",
                [(reference, str(case)) for reference, case in families.items()],
            )

    # --- key sets ------------------------------------------------------------------------------------------

    def key_set(self, digest: bytes) -> tuple[UUID, bytes] | None:
        """A verified key set: agency and payload; None if this digest is unknown."""
        rows = self._query("SELECT agency, payload FROM key_sets WHERE digest=?", digest)
        return (UUID(rows[0][0]), rows[0][1]) if rows else None

    def store_key_set(self, digest: bytes, agency: UUID, payload: bytes) -> None:
        """Store a key set that was verified."""
        with self._write() as db:
            db.execute("INSERT OR IGNORE INTO key_sets VALUES (?,?,?)", (digest, str(agency), payload))

    # --- notifier marks --------------------------------------------------------------------------------------

    def store_marks(self, case: UUID, marks: Iterable[tuple[int, bytes]]) -> None:
        """Add keyed digests of words that identify the notifier of this case (see ``notifier_marks``)."""
        with self._write() as db:
            db.executemany(
                "INSERT OR IGNORE INTO marks VALUES (?,?,?)", [(str(case), n, mark) for n, mark in marks]
            )

    def marks(self, case: UUID) -> dict[int, frozenset[bytes]]:
        """The keyed digests of this case, by the length of the word in characters."""
        marks: dict[int, set[bytes]] = {}
        for length, mark in self._query("SELECT length, mark FROM marks WHERE case_id=?", str(case)):
            marks.setdefault(length, set()).add(mark)
        return {length: frozenset(digests) for length, digests in marks.items()}

    # --- the feed --------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """How far the feed has been read: a stream position, 0 at first."""
        rows = self._query("SELECT value FROM state WHERE key='cursor'")
        return int(rows[0][0]) if rows else 0

    @property
    def erased(self) -> int:
        """How many cases this door has erased because their control was destroyed."""
        rows = self._query("SELECT value FROM state WHERE key='erased'")
        return int(rows[0][0]) if rows else 0

    def store_feed_page(
        self,
        messages: list[dict[str, Any]],
        cursor: int,
        tasks: list[dict[str, Any]],
        erased: Sequence[str] = (),
    ) -> None:
        """Store messages, tasks and cursor of one page of the feed in one transaction.

        ``erased``: cases whose control was destroyed; only the receipts of this agency's own commands are kept.
        """
        erased_count = self.erased + len(erased)
        with self._write() as db:
            for m in messages:
                if m["body"].get("gone"):
                    db.execute("DELETE FROM inbox WHERE case_id=? AND message=?", (m["case"], m["message"]))
                else:
                    body = json.dumps(m["body"], ensure_ascii=False)
                    db.execute(
                        "INSERT OR REPLACE INTO inbox VALUES (?,?,?,?)",
                        (m["case"], m["message"], m["seq"], body),
                    )
            for case in erased:
                for table in ("inbox", "marks", "families", "intake"):
                    db.execute(f"DELETE FROM {table} WHERE case_id=?", (case,))
            new_state = {
                "cursor": cursor,
                "erased": erased_count,
                "tasks": json.dumps(tasks, ensure_ascii=False),
            }
            for key, value in new_state.items():
                db.execute("INSERT OR REPLACE INTO state VALUES (?,?)", (key, str(value)))

    def tasks(self) -> list[dict[str, Any]]:
        """The work list of the last page of the feed."""
        rows = self._query("SELECT value FROM state WHERE key='tasks'")
        tasks: list[dict[str, Any]] = json.loads(rows[0][0]) if rows else []
        return tasks

    def messages(self, case: UUID | None = None) -> list[dict[str, Any]]:
        """The messages this agency may know of, control only, oldest first; of one case if it is given."""
        where, values = ("", ()) if case is None else (" WHERE case_id=?", (str(case),))
        rows = self._query("SELECT body FROM inbox" + where, *values)
        return sorted((json.loads(r[0]) for r in rows), key=lambda b: (b["at"], b["message"]))
