"""The engine: folds the stream into state, applies each record to every projection, and writes rows and position in one
transaction.

Rows can be rebuilt from the stream, so losing the database loses nothing. Each database has one writer; readers use
their own connections and do not wait for it. The same code serves SQLite and PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, create_engine, insert, select, update
from sqlalchemy import Engine as Database
from sqlalchemy import event as sa_event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from domain.case import Access, Case
from domain.errors import InvariantViolation, NotFound, Unavailable
from domain.events import ControlDestroyed, Kind
from domain.evolution import evolve
from domain.record import Record, access_of
from domain.register import Register
from domain.world import World
from projections.agency_feed import AgencyProjection
from projections.case_change import FollowedCase
from projections.exceptions import Exceptions
from projections.index import HEAD, PARKED, TABLES, Index, affects_cases, rows_edition
from projections.ledger import Ledger
from projections.log_leaves import Leaves
from projections.projection import Projection
from projections.rows import Lru, primary_key
from projections.stream_record import StreamRecord
from projections.worklist import Worklist

Load = Callable[[UUID, int], Sequence[Record]]
"""``load(originator, up_to_version)``: an originator's records 1 … up_to_version, in order, from the store."""

_INSERT_HEAD = insert(HEAD)
_SELECT_HEAD = select(HEAD.c.position, HEAD.c.edition)
_ADVANCE_HEAD = (
    update(HEAD).where(HEAD.c.position == bindparam("k_position")).values(position=bindparam("v_position"))
)
_INSERT_PARKED = insert(PARKED)
_SELECT_PARKED = select(PARKED.c.projection, PARKED.c.position)

MAX_PENDING_ROWS = 2000
"""A transaction with more rows to write ends: some tenths of a second of work, so that the position goes on in short steps."""
CASES_PER_STEP = 50
"""So many cases are refreshed in one transaction where a record of the register affects more."""

_CASE_KINDS = frozenset({Kind.CASE, Kind.CASE_ACCESS})


def standard_projections(*, cases: int = 256) -> list[Projection]:
    """A new instance of every projection of the product. ``cases``: how many cases keep their rows in memory."""
    return [Leaves(), AgencyProjection(cases=cases), Worklist(cases=cases), Ledger(), Exceptions(cases=cases)]


class _ProjectionFailed(Exception):
    """A projection failed on a record."""

    def __init__(self, projection: Projection, error: Exception) -> None:
        super().__init__(projection.name)
        self.projection = projection
        self.error = error


@dataclass(frozen=True)
class Difference:
    """One row in which two databases differ. ``kind``: MISSING or EXTRA (in the first), or CHANGED."""

    table: str
    key: tuple[Any, ...]
    kind: str


class _BatchState:
    """State as it will be when the transaction is committed."""

    def __init__(self, register: Register, position: int) -> None:
        self.register = register
        self.position = position
        self.cases: dict[UUID, Case] = {}
        self.followed: dict[UUID, FollowedCase] = {}


class Engine:
    """The projections of one hub in one database.

    ``where``: a path (SQLite) or a database URL. ``load``: see ``Load``. ``cases``: how many cases are kept
    in memory. Every method may be called from any thread; one thread at a time applies records.
    """

    def __init__(
        self,
        where: str | Path,
        load: Load,
        *,
        projections: Sequence[Projection] | None = None,
        cases: int = 256,
    ) -> None:
        self._url = where if isinstance(where, str) and "://" in where else f"sqlite:///{where}"
        self._load = load
        self._projections = list(
            projections if projections is not None else standard_projections(cases=cases)
        )
        self._index = Index()
        self._case_cache: Lru[UUID, Case] = Lru(cases)
        self._followed: Lru[UUID, FollowedCase] = Lru(cases)  # as the rows were last made
        self._register = Register()
        self._position = 0
        self._refreshed_ahead: frozenset[UUID] = frozenset()  # by the record that is applied next
        self._parked: dict[str, int] = {}
        self._write_lock = threading.Lock()  # owned by the thread that applies records
        self._position_changed = threading.Condition()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._writer = _create_database(self._url, begin="BEGIN IMMEDIATE")
        self._reader = _create_database(self._url, begin="BEGIN")

    # --- position -----------------------------------------------------------------------------------------

    @property
    def position(self) -> int:
        """The last record whose rows are committed; 0 before the first."""
        return self._position

    @property
    def register(self) -> Register:
        """The register at this position."""
        return self._register

    @property
    def parked(self) -> dict[str, int]:
        """Projections that are no longer updated, and the position of the record each failed on."""
        return dict(self._parked)

    @property
    def failure(self) -> BaseException | None:
        """The error that ended ``follow``; None while it runs and after it ended without one."""
        return self._failure

    @property
    def reader(self) -> Database:
        """Read-only connections."""
        return self._reader

    @property
    def tables(self) -> list[Table]:
        """Every table, sorted by name."""
        return sorted(
            (*TABLES, *(table for projection in self._projections for table in projection.tables)),
            key=lambda t: t.name,
        )

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds until the rows of this position are committed. Returns whether they are."""
        with self._position_changed:
            self._position_changed.wait_for(
                lambda: self._position >= position or self._failure is not None, timeout
            )
            return self._position >= position

    # --- starting and closing -------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the database, create missing tables, and restore the state at its position.

        Raises InvariantViolation where the rows were written by another edition (rebuild them) or the store lacks records
        that were applied; Unavailable where the database does not answer.
        """
        with self._write_lock, _DatabaseFaults(), self._writer.begin() as db:
            for table in self.tables:
                table.create(db, checkfirst=True)
            head = db.execute(_SELECT_HEAD).one_or_none()
            if head is None:
                db.execute(_INSERT_HEAD, {"id": 1, "position": 0, "edition": rows_edition()})
            elif head.edition != rows_edition():
                raise InvariantViolation("read-models-of-another-edition")
            self._parked = {str(row.projection): int(row.position) for row in db.execute(_SELECT_PARKED)}
            self._register = self._restore_register(db)
            self._position = 0 if head is None else head.position

    def _restore_register(self, db: Connection) -> Register:
        """The register, folded from the records that were applied, in the order of the stream."""
        order = list(self._index.register_records(db))
        last = {id: version for id, _, version in order}
        records = {id: self._load_complete(id, version) for id, version in last.items()}
        register = Register()
        for id, _, version in order:
            register = register.with_record(records[id][version - 1])
        return register

    def _load_complete(self, originator: UUID, version: int) -> Sequence[Record]:
        records = self._load(originator, version)
        if [r.version for r in records] != list(range(1, version + 1)):
            raise InvariantViolation("store-lacks-records")
        return records

    def close(self) -> None:
        """Close the database. Nothing can be applied or read afterwards."""
        self.stop()
        with self._write_lock:
            self._writer.dispose()
            self._reader.dispose()

    # --- applying -------------------------------------------------------------------------------------------

    def apply(self, stream_record: StreamRecord) -> None:
        """Write the rows of one record. A record that was applied before changes nothing.

        Raises InvariantViolation where a record before it is missing, or where another writer moved the position;
        Unavailable where the database does not answer (then nothing was written).
        """
        self.apply_many((stream_record,))

    def apply_many(self, batch: Iterable[StreamRecord]) -> None:
        """Write the rows of several records in one transaction, or one by one where a projection fails.

        Raises as ``apply``.
        """
        with self._write_lock, _DatabaseFaults():
            new_records = [
                stream_record for stream_record in batch if stream_record.position > self._position
            ]
            if new_records:
                self._apply_or_split(new_records)

    def _apply_or_split(self, batch: list[StreamRecord]) -> None:
        """Apply the batch; where a projection fails, record by record, parking each projection at the record it fails on."""
        try:
            remaining = batch
            while remaining:
                self._refresh_ahead(remaining[0])
                self._apply_in_transaction(remaining, {})
                remaining = [one for one in remaining if one.position > self._position]
        except _ProjectionFailed as projection_failed:
            batch = [one for one in batch if one.position > self._position]
            if len(batch) > 1:
                for stream_record in batch:
                    self._apply_or_split([stream_record])
                return
            self._apply_parking_failed(batch, projection_failed)

    def _apply_parking_failed(self, batch: list[StreamRecord], projection_failed: _ProjectionFailed) -> None:
        """Apply one record, parking every projection that fails on it."""
        failed = {projection_failed.projection.name: type(projection_failed.error).__name__}
        while True:
            try:
                self._apply_in_transaction(batch, failed)
            except _ProjectionFailed as next_failure:
                failed[next_failure.projection.name] = type(next_failure.error).__name__
            else:
                return

    def _apply_in_transaction(self, batch: list[StreamRecord], failed: dict[str, str]) -> None:
        batch_state = _BatchState(self._register, self._position)
        active = [v for v in self._projections if v.name not in self._parked and v.name not in failed]
        committed = False
        try:
            with self._writer.begin() as db:
                for stream_record in batch:
                    if stream_record is not batch[0] and self._begins_transaction(
                        batch_state, stream_record, active
                    ):
                        break  # it and the rest come in the next one
                    self._apply_record(db, batch_state, active, stream_record)
                self._write_batch(db, batch_state, active, failed)
            committed = True
        finally:
            self._end_transaction(batch_state, committed=committed)
        for case in batch_state.cases.values():
            self._case_cache.put(case.id, case)
        self._parked |= dict.fromkeys(failed, batch_state.position)
        self._register = batch_state.register
        with self._position_changed:
            self._position = batch_state.position
            self._position_changed.notify_all()

    def _begins_transaction(
        self, batch_state: _BatchState, stream_record: StreamRecord, active: list[Projection]
    ) -> bool:
        """Whether the transaction ends before this record: it has many rows to write already, or the record is one of the
        register that may change many cases (see ``_refresh_ahead``)."""
        if sum(projection.pending_rows for projection in active) > MAX_PENDING_ROWS:
            return True
        record = stream_record.record
        if record is None or record.originator.kind in _CASE_KINDS:
            return False
        return affects_cases(
            stream_record, batch_state.register, self._register_after(batch_state.register, record)
        )

    def _refresh_ahead(self, stream_record: StreamRecord) -> None:
        """Refresh the cases that a record of the register affects, some in each transaction, before the record itself is
        applied. A reader sees no feed row of a position that is not reached; what was interrupted is done again."""
        self._refreshed_ahead = frozenset()
        record = stream_record.record
        follows = stream_record.position == self._position + 1
        if record is None or record.originator.kind in _CASE_KINDS or not follows:
            return
        before, after = self._register, self._register_after(self._register, record)
        with self._writer.begin() as db:
            affected = self._index.affected(db, stream_record, before, after)
        if len(affected) <= CASES_PER_STEP:
            return
        active = [v for v in self._projections if v.name not in self._parked]
        for n in range(0, len(affected), CASES_PER_STEP):
            self._refresh_step(active, stream_record, after, affected[n : n + CASES_PER_STEP])
        self._refreshed_ahead = frozenset(affected)

    def _refresh_step(
        self, active: list[Projection], stream_record: StreamRecord, register: Register, cases: list[UUID]
    ) -> None:
        batch_state = _BatchState(register, self._position)
        committed = False
        try:
            with self._writer.begin() as db:
                for id in cases:
                    self._refresh_case(db, batch_state, active, stream_record, id)
                self._write_batch(db, batch_state, active, {})  # the position stays
            committed = True
        finally:
            self._end_transaction(batch_state, committed=committed)

    def _end_transaction(self, batch_state: _BatchState, *, committed: bool) -> None:
        self._index.rollback()
        for projection in self._projections:
            projection.committed_or_rolled_back(committed=committed)
        for id, followed in batch_state.followed.items():
            if committed:
                self._followed.put(id, followed)
            else:
                self._followed.discard(id)

    def _write_batch(
        self, db: Connection, batch_state: _BatchState, active: list[Projection], failed: dict[str, str]
    ) -> None:
        """Write all rows and the position."""
        self._index.flush(db)
        for projection in active:
            with _ProjectionFaults(projection):
                projection.flush(db)
        for name, error in failed.items():
            db.execute(_INSERT_PARKED, {"projection": name, "position": batch_state.position, "error": error})
        advanced = db.execute(
            _ADVANCE_HEAD, {"k_position": self._position, "v_position": batch_state.position}
        )
        if advanced.rowcount != 1:
            raise InvariantViolation("two-writers")

    def _apply_record(
        self,
        db: Connection,
        batch_state: _BatchState,
        active: list[Projection],
        stream_record: StreamRecord,
    ) -> None:
        if stream_record.position != batch_state.position + 1:
            raise InvariantViolation("gap", f"Record {batch_state.position + 1} is missing.")
        if stream_record.gone:
            self._apply_destroyed(db, active, stream_record)
        elif stream_record.record is None:
            self._apply_unreadable(db, batch_state, active, stream_record)
        elif stream_record.record.originator.kind in _CASE_KINDS and not any(
            p.needs_case_state for p in active
        ):
            self._apply_to_each(db, active, stream_record, None)
        else:
            self._apply_readable(db, batch_state, active, stream_record, stream_record.record)
        batch_state.position = stream_record.position

    def _apply_readable(
        self,
        db: Connection,
        batch_state: _BatchState,
        active: list[Projection],
        stream_record: StreamRecord,
        record: Record,
    ) -> None:
        world: World | None = None
        affected: list[UUID] = []
        if record.originator.kind is Kind.CASE:
            case = self._case_after(db, batch_state, record)
            world, affected = _world(batch_state.register, case), [case.id]
        elif record.originator.kind not in _CASE_KINDS:
            before = batch_state.register
            batch_state.register = self._register_after(before, record)
            self._index.register_changed(stream_record)
            affected = self._index.affected(db, stream_record, before, batch_state.register)
        self._apply_to_each(db, active, stream_record, world)
        if isinstance(record.event, ControlDestroyed):
            self._erase(db, batch_state, active, record.event.scope)
        for id in affected:
            if id not in self._refreshed_ahead:
                self._refresh_case(db, batch_state, active, stream_record, id)

    def _apply_to_each(
        self, db: Connection, active: list[Projection], stream_record: StreamRecord, world: World | None
    ) -> None:
        for projection in active:
            with _ProjectionFaults(projection):
                projection.apply(db, stream_record, world)

    def _refresh_case(
        self,
        db: Connection,
        batch_state: _BatchState,
        active: list[Projection],
        stream_record: StreamRecord,
        id: UUID,
    ) -> None:
        try:
            case = self._load_case(db, batch_state, id)
        except NotFound:
            return  # its control is destroyed; the record of the destruction, which erases its rows, comes later
        followed = batch_state.followed.get(id) or self._followed.get(id) or FollowedCase(case)
        batch_state.followed[id] = followed
        change = followed.step(batch_state.register, case, stream_record.known.at)
        for projection in active:
            with _ProjectionFaults(projection):
                projection.refresh_case(db, stream_record, change)

    def _apply_destroyed(self, db: Connection, active: list[Projection], stream_record: StreamRecord) -> None:
        """A record that nobody can read any more has a leaf and no other row."""
        for projection in active:
            if not projection.needs_case_state:
                with _ProjectionFaults(projection):
                    projection.apply_unreadable(db, stream_record)

    def _erase(self, db: Connection, batch_state: _BatchState, active: list[Projection], case: UUID) -> None:
        """Delete all rows of a case whose control was destroyed, also those of this transaction."""
        self._index.erase(db, case)
        for projection in active:
            with _ProjectionFaults(projection):
                projection.erase(db, case)
        batch_state.cases[case] = Case(id=case)
        batch_state.followed[case] = FollowedCase(batch_state.cases[case])

    def _apply_unreadable(
        self,
        db: Connection,
        batch_state: _BatchState,
        active: list[Projection],
        stream_record: StreamRecord,
    ) -> None:
        """A record that only a newer hub can read. In a case it parks the projections; in the register it is an error."""
        if any(batch_state.register.find(kind, stream_record.originator) is not None for kind in Kind):
            raise InvariantViolation("newer-register")
        for projection in active:
            with _ProjectionFaults(projection):
                projection.apply_unreadable(db, stream_record)

    def _case_after(self, db: Connection, batch_state: _BatchState, record: Record) -> Case:
        """The case after this record."""
        before = self._load_case(db, batch_state, record.originator.id)
        _require_next_version(record, before.version)
        after = evolve(before, record)
        batch_state.cases[after.id] = after
        self._index.case_changed(before, after)
        return after

    def _register_after(self, register: Register, record: Record) -> Register:
        known = register.find(record.originator.kind, record.originator.id)
        _require_next_version(record, known.version if known is not None else 0)
        return register.with_record(record)

    def _load_case(self, db: Connection, batch_state: _BatchState, id: UUID) -> Case:
        """The case: from this transaction, from the cache, or from the store."""
        case = batch_state.cases.get(id) or self._case_cache.get(id)
        if case is None:
            case = Case(id=id)
            version = self._index.version_of(db, id)
            for record in self._load_complete(id, version) if version else ():
                case = evolve(case, record)
            self._case_cache.put(id, case)
        return case

    # --- following ----------------------------------------------------------------------------------------------

    def follow(self, source: Iterable[Sequence[StreamRecord]]) -> None:
        """Apply each batch of the source in one transaction, until the source ends or ``stop`` is called.

        Runs in a thread of its own. An error is kept in ``failure``, wakes the threads that wait, and is raised.
        """
        self._failure = None
        try:
            for batch in source:
                if self._stopping.is_set():
                    return
                self.apply_many(batch)
        except BaseException as error:
            with self._position_changed:
                self._failure = error
                self._position_changed.notify_all()
            raise

    def stop(self) -> None:
        """End ``follow`` before it applies another record."""
        self._stopping.set()

    # --- comparing ----------------------------------------------------------------------------------------------

    def digest(self) -> bytes:
        """SHA-256 over all rows of all tables, independent of the order in which they were written."""
        digest = hashlib.sha256()
        with self._reader.connect() as db:
            for table in self.tables:
                rows = sorted(_fingerprint(row) for row in db.execute(select(table)))
                digest.update(json.dumps([table.name, len(rows)]).encode())
                digest.update(b"".join(rows))
        return digest.digest()

    def differences(self, other: Engine) -> Iterator[Difference]:
        """Each row that differs from the other's, by table and key: none where both come from the same events.

        ``audit verify`` compares the live rows (self) with rebuilt rows (other).
        """
        for table in self.tables:
            mine, theirs = self._by_key(table), other._by_key(table)
            for key in sorted(mine.keys() | theirs.keys()):
                if key not in theirs:
                    yield Difference(table.name, key, "EXTRA")
                elif key not in mine:
                    yield Difference(table.name, key, "MISSING")
                elif mine[key] != theirs[key]:
                    yield Difference(table.name, key, "CHANGED")

    def _by_key(self, table: Table) -> dict[tuple[Any, ...], bytes]:
        with self._reader.connect() as db:
            return {tuple(primary_key(table, row)): _fingerprint(row) for row in db.execute(select(table))}


def _world(register: Register, case: Case) -> World:
    return World(register, case, Access(id=access_of(case.id)))


def _require_next_version(record: Record, version: int) -> None:
    if record.version != version + 1:
        raise InvariantViolation("version-gap", f"Version {version + 1} of an originator is missing.")


def _fingerprint(row: Sequence[Any]) -> bytes:
    """SHA-256 of one row (bytes as hex)."""
    text = json.dumps([v.hex() if isinstance(v, bytes) else v for v in row], ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()


class _ProjectionFaults:
    """Context in which an error is the projection's own, unless the database does not answer."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        of_database = isinstance(error, DBAPIError) and not isinstance(error, (IntegrityError, DataError))
        if isinstance(error, Exception) and not of_database:
            raise _ProjectionFailed(self._projection, error) from error


class _DatabaseFaults:
    """Context that turns errors of the database into Unavailable (no answer) or InvariantViolation (unusable)."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (OperationalError, InterfaceError)):
            raise Unavailable("read-models-not-writable") from error
        if isinstance(error, (DBAPIError, sqlite3.DatabaseError)):
            raise InvariantViolation("read-models-unusable") from error


def _create_database(url: str, *, begin: str) -> Database:
    """A database whose transactions begin with this statement."""
    if not url.startswith("sqlite"):
        # a reader sees one state throughout; a second writer is detected by the position
        return create_engine(url, isolation_level="REPEATABLE READ")  # no cover: needs a server
    database = create_engine(url)

    @sa_event.listens_for(database, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is issued by the listener below
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        if begin == "BEGIN":
            connection.execute("PRAGMA query_only=ON")

    @sa_event.listens_for(database, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return database
