"""A door's own database: outbox, receipts, verified key sets, and its copy of the feed.

SQLite, synced to disk before anything is sent. It never holds content in clear; the sealed parts of a command are
erased once its receipt has arrived (KH-1 §4).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any
from uuid import UUID

from domain.errors import InvariantViolation, Unavailable
from gateway.agency.address_store import ADDRESS_SCHEMA, ADDRESS_TABLES, OPENABLE_STATES, AddressStore
from gateway.agency.attachment_store import ATTACHMENT_SCHEMA, AttachmentRows
from gateway.agency.device_store import DEVICE_SCHEMA, DeviceRows
from gateway.agency.index.arrivals import ARRIVAL_SCHEMA, ArrivalStore
from gateway.agency.index.charge_store import CHARGE_SCHEMA, CHARGE_TABLES, ChargeStore
from gateway.agency.index.sealed_families import INDEX_SCHEMA, SealedFamilies
from gateway.agency.page_drafts import PAGE_DRAFT_SCHEMA, PAGE_DRAFT_TABLES, PageDraftRows
from gateway.agency.task_store import TASK_SCHEMA, TASK_TABLES, TaskChanges, TaskStore

_STORE_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox(
    command_id TEXT PRIMARY KEY, about TEXT NOT NULL, act TEXT NOT NULL, at TEXT NOT NULL,
    frame BLOB NOT NULL, request BLOB, state TEXT NOT NULL, answer TEXT, n INTEGER NOT NULL, request_digest BLOB,
    draft BLOB);
CREATE INDEX IF NOT EXISTS outbox_about ON outbox(about, n);
CREATE TABLE IF NOT EXISTS key_sets(digest BLOB PRIMARY KEY, agency TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS inbox(
    case_id TEXT NOT NULL, message TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY(case_id, message));
CREATE INDEX IF NOT EXISTS inbox_by_time ON inbox(case_id, json_extract(body, '$.at'), message);
CREATE INDEX IF NOT EXISTS inbox_by_act ON inbox(json_extract(body, '$.act'), case_id);
CREATE TABLE IF NOT EXISTS intake(
    file BLOB NOT NULL, n INTEGER NOT NULL, command_id TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY(file, n));
CREATE TABLE IF NOT EXISTS families(reference BLOB PRIMARY KEY, case_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS marks(
    case_id TEXT NOT NULL, length INTEGER NOT NULL, mark BLOB NOT NULL, PRIMARY KEY(case_id, mark));
CREATE TABLE IF NOT EXISTS proofs(command_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log_alarms(kind TEXT PRIMARY KEY, at TEXT NOT NULL, earlier BLOB, later BLOB);
CREATE TABLE IF NOT EXISTS known_answers(name TEXT PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS statistics_issues(n INTEGER PRIMARY KEY, at TEXT NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state(key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_SCHEMAS = (
    _STORE_SCHEMA,
    ADDRESS_SCHEMA,
    INDEX_SCHEMA,
    CHARGE_SCHEMA,
    ATTACHMENT_SCHEMA,
    PAGE_DRAFT_SCHEMA,
    ARRIVAL_SCHEMA,
    TASK_SCHEMA,
    DEVICE_SCHEMA,
)

_CASE_TABLES = (
    *("inbox", "marks", "families", "intake"),
    *(*ADDRESS_TABLES, *CHARGE_TABLES, *PAGE_DRAFT_TABLES, *TASK_TABLES),
)
"""What a door knows of a case; it goes with the case's control."""

WAITING, CONFIRMED, FAILED = "WAITING", "CONFIRMED", "FAILED"


@dataclass(frozen=True)
class OutboxEntry:
    """A command in the outbox. ``state``: WAITING until its receipt has arrived, CONFIRMED, or FAILED for good.

    ``request_digest``: this door's keyed digest of the request that was made under this id; None if the door chose the id.
    ``request``: the signed bytes, None before they could be made; ``draft``: what they are made of (``drafts``). Both are
    erased with the answer.
    """

    command_id: UUID
    about: UUID
    act: str
    at: str
    state: str
    request: bytes | None
    answer: dict[str, Any] | None
    request_digest: bytes | None = None
    draft: bytes | None = None

    @property
    def is_refused(self) -> bool:
        """Whether it is on record as refused."""
        return self.state == CONFIRMED and (self.answer or {}).get("outcome") == "refused"


def _is_same_minute(one: str, other: str) -> bool:
    return one[:16] == other[:16]


_OUTGOING_COLUMNS = "command_id,about,act,at,state,request,answer,request_digest,draft"


def _outgoing_from_row(r: Any) -> OutboxEntry:
    answer = None if r[6] is None else json.loads(r[6])
    return OutboxEntry(UUID(r[0]), UUID(r[1]), r[2], r[3], r[4], r[5], answer, r[7], r[8])


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
            self._db.executescript("".join(_SCHEMAS))
            if not any(r[1] == "draft" for r in self._db.execute("PRAGMA table_info(outbox)")):
                self._db.execute("ALTER TABLE outbox ADD COLUMN draft BLOB")  # of a door before drafts
            path.chmod(0o600)
        self.addresses = AddressStore(self._write, self._query)
        self.attachments = AttachmentRows(self._write, self._query)
        self.index = SealedFamilies(self._write, self._query)
        self.charges = ChargeStore(self._write, self._query)
        self.arrivals = ArrivalStore(self._write, self._query)
        self.page_drafts = PageDraftRows(self._write, self._query)
        self.tasks = TaskStore(self._query)
        self.devices = DeviceRows(self._write, self._query)

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

    def require_writable(self) -> None:
        """Raises Unavailable, InvariantViolation where nothing can be stored now."""
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO state VALUES ('checked', '')")

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
        draft: bytes | None = None,
        items: Sequence[tuple[bytes, bytes]] = (),
        attachments: Sequence[UUID] = (),
    ) -> None:
        """Store a command before it is sent. The same id again replaces a command that was never recorded.

        ``items``: those to be uploaded before it, each with its digest; ``attachments``: those that it takes along.
        """
        with self._write() as db:
            self.attachments.claim(db, command_id, attachments)
            self.attachments.store_items(db, command_id, items)
            db.execute(
                "INSERT OR REPLACE INTO outbox VALUES (?,?,?,?,?,?,?,NULL,"
                "(SELECT coalesce(max(n),0)+1 FROM outbox),?,?)",
                (str(command_id), str(about), act, at, frame, request, WAITING, request_digest, draft),
            )

    def store_draft(
        self,
        command_id: UUID,
        about: UUID,
        act: str,
        at: str,
        draft: bytes,
        request_digest: bytes | None = None,
        attachments: Sequence[UUID] = (),
    ) -> None:
        """Store a message that can't be sealed for its recipients yet. A command that waits or was recorded stays."""
        with self._write() as db:
            self.attachments.claim(db, command_id, attachments)
            db.execute("DELETE FROM outbox WHERE command_id=? AND state=?", (str(command_id), FAILED))
            db.execute(
                "INSERT OR IGNORE INTO outbox VALUES (?,?,?,?,x'',NULL,?,NULL,"
                "(SELECT coalesce(max(n),0)+1 FROM outbox),?,?)",
                (str(command_id), str(about), act, at, WAITING, request_digest, draft),
            )

    def confirm(self, command_id: UUID, answer: dict[str, Any]) -> None:
        """The receipt has arrived: store the answer and erase the sealed parts."""
        self._set_final_state(command_id, CONFIRMED, answer)

    def fail(self, command_id: UUID, problem: dict[str, Any]) -> None:
        """The hub will never record it: store the problem and erase the sealed parts."""
        self._set_final_state(command_id, FAILED, problem)

    def _set_final_state(self, command_id: UUID, state: str, answer: dict[str, Any]) -> None:
        is_recorded = state == CONFIRMED and answer.get("outcome") != "refused"
        with self._write() as db:
            self.attachments.settle(db, command_id, is_recorded=is_recorded)
            if is_recorded:
                self.page_drafts.settle(db, command_id)
            db.execute(
                "UPDATE outbox SET state=?, answer=?, request=NULL, draft=NULL WHERE command_id=?",
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

    def is_sent(self, command_id: UUID) -> bool:
        """Whether a command of this id waits, or was answered: it is not sent under it again."""
        known = self.sent(command_id)
        return known is not None and known.state != FAILED

    def is_recorded(self, command_id: UUID) -> bool:
        """Whether a command of this id is on record as what it asked for."""
        known = self.sent(command_id)
        return known is not None and known.state == CONFIRMED and not known.is_refused

    def is_under_way(self, command_id: UUID) -> bool:
        """Whether a command of this id waits or is recorded: nothing is to be done about it."""
        known = self.sent(command_id)
        return known is not None and known.state != FAILED and not known.is_refused

    def waiting_since(self) -> tuple[int, str | None]:
        """How many commands wait in the outbox, and since when the oldest does (UTC text)."""
        [(count, at)] = self._query("SELECT count(*), min(at) FROM outbox WHERE state=?", WAITING)
        return count, at

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

    @property
    def behind(self) -> int:
        """How many records that may concern this agency the feed lacked when it was last read; 0 where it was complete."""
        rows = self._query("SELECT value FROM state WHERE key='behind'")
        return int(rows[0][0]) if rows else 0

    def store_feed_page(
        self,
        messages: list[dict[str, Any]],
        cursor: int,
        tasks: TaskChanges | None = None,
        erased: Sequence[str] = (),
        at: str | None = None,
        behind: int = 0,
    ) -> None:
        """Store messages, tasks and cursor of one page of the feed in one transaction. ``tasks``: what changed in them, None for
        nothing; ``at``: when it was read.

        ``erased``: cases whose control was destroyed; only the receipts of this agency's own commands are kept.
        ``behind``: how many records that may concern this agency the page lacks.
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
            self.addresses.apply_feed(db, messages)
            self.index.apply_feed(db, messages)
            changed_tasks = () if tasks is None else self.tasks.apply_feed(db, tasks)
            self.arrivals.apply_feed(db, messages, erased, changed_tasks)
            for case in erased:
                self.index.forget(db, case)
                for table in _CASE_TABLES:
                    db.execute(f"DELETE FROM {table} WHERE case_id=?", (case,))
                db.execute("DELETE FROM family_answers WHERE other=?", (case,))
            if erased:
                self.charges.note_change(db)
                db.execute("DELETE FROM known_answers")  # the answers may name these cases
            new_state = {
                "cursor": cursor,
                "erased": erased_count,
                "behind": behind,
            } | ({} if at is None else {"feed_at": at})
            for key, value in new_state.items():
                db.execute("INSERT OR REPLACE INTO state VALUES (?,?)", (key, str(value)))
        if erased or self.index.has_lost_something():
            self._empty_journal()

    def _empty_journal(self) -> None:
        """What was deleted may still stand in the write-ahead log; where somebody reads just now, the next time does it."""
        self._query("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def feed_at(self) -> str | None:
        """When the feed was last read (UTC text); None if it never was."""
        rows = self._query("SELECT value FROM state WHERE key='feed_at'")
        return str(rows[0][0]) if rows else None

    # --- answers of the hub, for the time when it is away ---------------------------------------------------

    def store_known_answer(self, name: str, at: str, answer: Any) -> None:
        """Store an answer of the hub, control only, in place of the last of this name. ``at``: kept to the minute."""
        body = json.dumps(answer, ensure_ascii=False)
        if (
            (rows := self._query("SELECT at, body FROM known_answers WHERE name=?", name))
            and _is_same_minute(rows[0][0], at)
            and rows[0][1] == body
        ):
            return
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO known_answers VALUES (?,?,?)", (name, at, body))

    def known_answer(self, name: str) -> tuple[str, Any] | None:
        """When the hub last answered this, and what; None if it never did."""
        rows = self._query("SELECT at, body FROM known_answers WHERE name=?", name)
        return (str(rows[0][0]), json.loads(rows[0][1])) if rows else None

    # --- statistics that were issued ------------------------------------------------------------------------

    def statistics_issues(self) -> list[tuple[int, str, bytes]]:
        """(number, time, sealed) of every issue, in order (see ``statistics.issues``)."""
        return [
            (n, at, sealed)
            for n, at, sealed in self._query("SELECT n, at, sealed FROM statistics_issues ORDER BY n")
        ]

    def store_statistics_issue(self, n: int, at: str, sealed: bytes) -> None:
        """Store an issue before it leaves the door. Raises InvariantViolation where there is one of this number."""
        with self._write() as db:
            db.execute("INSERT INTO statistics_issues VALUES (?,?,?)", (n, at, sealed))

    def messages(self, case: UUID | None = None) -> list[dict[str, Any]]:
        """The messages this agency may know of, control only, oldest first; of one case if it is given."""
        where, values = ("", ()) if case is None else (" WHERE case_id=?", (str(case),))
        rows = self._query("SELECT body FROM inbox" + where, *values)
        return sorted((json.loads(r[0]) for r in rows), key=lambda b: (b["at"], b["message"]))

    def messages_by_case(self, only: Collection[str] | None = None) -> dict[str, list[dict[str, Any]]]:
        """The messages that this agency may know of, by their case, each case oldest first; of all cases or of these."""
        where, values = "", tuple[str, ...]()
        if only is not None:
            where, values = " WHERE case_id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(only)),)
        cases: dict[str, list[dict[str, Any]]] = {}
        for case, body in self._query("SELECT case_id, body FROM inbox" + where, *values):
            cases.setdefault(case, []).append(json.loads(body))
        for messages in cases.values():
            messages.sort(key=lambda b: (b["at"], b["message"]))
        return cases

    def message(self, case: UUID, message: UUID) -> dict[str, Any] | None:
        """One message that this agency may know of, control only."""
        rows = self._query("SELECT body FROM inbox WHERE case_id=? AND message=?", str(case), str(message))
        return json.loads(rows[0][0]) if rows else None

    def has_openable(self, case: UUID, section: str) -> bool:
        """Whether this agency may open an item of this section in the case."""
        states = ",".join("?" * len(OPENABLE_STATES))
        return bool(
            self._query(
                "SELECT 1 FROM inbox, json_each(inbox.body, '$.items') AS i WHERE case_id=?"
                f" AND json_extract(i.value, '$.section')=? AND json_extract(i.value, '$.state') IN ({states}) LIMIT 1",
                str(case),
                section,
                *sorted(OPENABLE_STATES),
            )
        )

    def openable_items(self, section: str) -> list[tuple[UUID, UUID, UUID, bool]]:
        """The items of this section that the agency may open and holds a key of: case, message, item, and whether it wrote
        the message itself; those of a message in the order of its signed frame."""
        rows = self._query(
            "SELECT case_id, message, json_extract(i.value, '$.item'), json_extract(inbox.body, '$.actor') IS NOT NULL"
            " FROM inbox, json_each(inbox.body, '$.items') AS i WHERE json_extract(i.value, '$.section')=?"
            " AND json_extract(i.value, '$.state')='OPENABLE' ORDER BY case_id, inbox.seq, message, i.key",
            section,
        )
        return [(UUID(case), UUID(message), UUID(item), bool(own)) for case, message, item, own in rows]

    def case_status(self, case: UUID) -> str | None:
        """The status of the case by its last message that states one."""
        rows = self._query(
            "SELECT json_extract(body, '$.status') FROM inbox WHERE case_id=?"
            " AND json_extract(body, '$.status') IS NOT NULL ORDER BY json_extract(body, '$.at') DESC, message DESC LIMIT 1",
            str(case),
        )
        return str(rows[0][0]) if rows else None

    def latest_of_act(self, case: UUID, act: str) -> str | None:
        """When this act was last recorded in the case (UTC text), as far as this agency may know; else None."""
        rows = self._query(
            "SELECT max(json_extract(body, '$.at')) FROM inbox WHERE case_id=? AND json_extract(body, '$.act')=?",
            str(case),
            act,
        )
        return None if rows[0][0] is None else str(rows[0][0])

    def message_count(self, case: UUID) -> int:
        """How many messages of this case the agency may know of."""
        return int(self._query("SELECT count(*) FROM inbox WHERE case_id=?", str(case))[0][0])

    def latest_messages(self, case: UUID, limit: int, skip: int) -> list[dict[str, Any]]:
        """Messages of a case, the latest first, without the first ``skip``."""
        rows = self._query(
            "SELECT body FROM inbox WHERE case_id=? ORDER BY json_extract(body, '$.at') DESC, message DESC"
            " LIMIT ? OFFSET ?",
            str(case),
            limit,
            skip,
        )
        return [json.loads(r[0]) for r in rows]

    def messages_after(self, case: UUID, at: str, message: str, limit: int) -> list[dict[str, Any]]:
        """Messages of a case, oldest first, that come after this time and id (both empty: from the first)."""
        rows = self._query(
            "SELECT body FROM inbox WHERE case_id=? AND (json_extract(body, '$.at'), message) > (?, ?)"
            " ORDER BY json_extract(body, '$.at'), message LIMIT ?",
            str(case),
            at,
            message,
            limit,
        )
        return [json.loads(r[0]) for r in rows]

    def messages_of_acts(self, acts: Sequence[str]) -> list[dict[str, Any]]:
        """The messages of these acts in all cases, in the order of the record, each with its case."""
        marks = ",".join("?" * len(acts))
        rows = self._query(
            f"SELECT case_id, body FROM inbox WHERE json_extract(body, '$.act') IN ({marks}) ORDER BY seq",
            *acts,
        )
        return [{**json.loads(body), "case": case} for case, body in rows]

    def cases_with(self, acts: Sequence[str]) -> list[UUID]:
        """The cases in which there is a message of one of these acts."""
        marks = ",".join("?" * len(acts))
        rows = self._query(
            f"SELECT DISTINCT case_id FROM inbox WHERE json_extract(body, '$.act') IN ({marks})", *acts
        )
        return [UUID(r[0]) for r in rows]

    def cases(self) -> list[str]:
        """The cases of which this agency may know at least one message, sorted."""
        return [r[0] for r in self._query("SELECT DISTINCT case_id FROM inbox ORDER BY case_id")]
