"""The engine: folds the stream into state, lets every view make its rows, and writes these and the position together.

Rows are rebuildable, so a database lost or stale is no loss. One writer a database; reads use connections of
their own and do not wait for it. The same code serves SQLite and PostgreSQL.
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

from sqlalchemy import Connection, Table, bindparam, create_engine, event, insert, select, update
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from domain.case import Access, Case, evolve
from domain.errors import Broken, NotThere, Unavailable
from domain.events import ControlDestroyed, Kind
from domain.record import Record, access_of
from domain.register import Register
from domain.world import World
from projections.agency_view import AgencyView
from projections.exceptions import Exceptions
from projections.index import EDITION, HEAD, PARKED, TABLES, Index
from projections.leaves import Leaves
from projections.ledger import Ledger
from projections.projection import View
from projections.rows import Lru, primary_key
from projections.stored import Stored
from projections.worklist import Worklist

Load = Callable[[UUID, int], Sequence[Record]]
"""``load(originator, up_to_version)``: an originator's records 1 … up_to_version, in order, from the store."""

_START = insert(HEAD)
_HEAD = select(HEAD.c.position, HEAD.c.edition)
_MOVE = (
    update(HEAD).where(HEAD.c.position == bindparam("k_position")).values(position=bindparam("v_position"))
)
_PARK = insert(PARKED)
_PARKED = select(PARKED.c.view, PARKED.c.position)

_CASES = frozenset({Kind.CASE, Kind.CASE_ACCESS})


def standard_views(*, cases: int = 256) -> list[View]:
    """Every view of the product, new. ``cases``: of how many cases they keep the rows in memory."""
    return [Leaves(), AgencyView(cases=cases), Worklist(cases=cases), Ledger(), Exceptions(cases=cases)]


class _Poisoned(Exception):
    """A view failed on a record."""

    def __init__(self, view: View, error: Exception) -> None:
        super().__init__(view.name)
        self.view = view
        self.error = error


@dataclass(frozen=True)
class Difference:
    """One row that two databases do not share alike. ``kind``: MISSING or EXTRA (here), or CHANGED."""

    table: str
    key: tuple[Any, ...]
    kind: str


class _Draft:
    """State as it will be when the transaction stands."""

    def __init__(self, register: Register, position: int) -> None:
        self.register = register
        self.position = position
        self.cases: dict[UUID, Case] = {}


class Engine:
    """The views of one hub in one database.

    ``where``: a path (SQLite) or a database URL. ``load``: see ``Load``. ``cases``: how many cases are kept
    in memory. Every method may be called from any thread; records are applied by one at a time.
    """

    def __init__(
        self,
        where: str | Path,
        load: Load,
        *,
        projections: Sequence[View] | None = None,
        cases: int = 256,
    ) -> None:
        self._url = where if isinstance(where, str) and "://" in where else f"sqlite:///{where}"
        self._load = load
        self._views = list(projections if projections is not None else standard_views(cases=cases))
        self._index = Index()
        self._cases: Lru[UUID, Case] = Lru(cases)
        self._register = Register()
        self._position = 0
        self._parked: dict[str, int] = {}
        self._writing = threading.Lock()  # owned by whoever applies
        self._moved = threading.Condition()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._writer = _open(self._url, begin="BEGIN IMMEDIATE")
        self._reader = _open(self._url, begin="BEGIN")

    # --- where it stands ----------------------------------------------------------------------------------

    @property
    def position(self) -> int:
        """The last record whose rows stand; 0 before the first."""
        return self._position

    @property
    def register(self) -> Register:
        """The register at this position."""
        return self._register

    @property
    def parked(self) -> dict[str, int]:
        """Views that stand still, and the position of the record they failed on."""
        return dict(self._parked)

    @property
    def failure(self) -> BaseException | None:
        """Why ``follow`` ended, where it did not end by itself."""
        return self._failure

    @property
    def reader(self) -> Database:
        """Connections for reading only."""
        return self._reader

    @property
    def tables(self) -> list[Table]:
        """Every table, by name."""
        return sorted(
            (*TABLES, *(table for view in self._views for table in view.tables)), key=lambda t: t.name
        )

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until the rows of this position stand, at most ``timeout`` seconds; whether they do."""
        with self._moved:
            self._moved.wait_for(lambda: self._position >= position or self._failure is not None, timeout)
            return self._position >= position

    # --- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the database, make what is missing, and restore the state of its position.

        Raises Broken where the views were made by another edition (rebuild them) or the store does not have
        what they say they read; Unavailable where the database does not answer.
        """
        with self._writing, _Answering(), self._writer.begin() as db:
            for table in self.tables:
                table.create(db, checkfirst=True)
            head = db.execute(_HEAD).one_or_none()
            if head is None:
                db.execute(_START, {"id": 1, "position": 0, "edition": EDITION})
            elif head.edition != EDITION:
                raise Broken("views-of-another-edition", "rebuild the views")
            self._parked = {str(row.view): int(row.position) for row in db.execute(_PARKED)}
            self._register = self._restored(db)
            self._position = 0 if head is None else head.position

    def _restored(self, db: Connection) -> Register:
        """The register, folded from the records that the views have read, in the order of the stream."""
        order = list(self._index.register_records(db))
        last = {id: version for id, _, version in order}
        records = {id: self._loaded(id, version) for id, version in last.items()}
        register = Register()
        for id, _, version in order:
            register = register.with_record(records[id][version - 1])
        return register

    def _loaded(self, originator: UUID, version: int) -> Sequence[Record]:
        records = self._load(originator, version)
        if [r.version for r in records] != list(range(1, version + 1)):
            raise Broken("store-lacks-records", "the store does not have what the views have read")
        return records

    def close(self) -> None:
        """Let go of the database. Nothing more is applied or read."""
        self.stop()
        with self._writing:
            self._writer.dispose()
            self._reader.dispose()

    # --- applying -------------------------------------------------------------------------------------------

    def apply(self, stored: Stored) -> None:
        """Make the rows of one record. One that was applied before changes nothing.

        Raises Broken where a record before it is missing, or where another writer moved the position;
        Unavailable where the database does not answer (nothing was done then).
        """
        self.apply_many((stored,))

    def apply_many(self, batch: Iterable[Stored]) -> None:
        """Make the rows of several records in one transaction, or, where a view fails on one, one by one.

        Raises as ``apply``.
        """
        with self._writing, _Answering():
            new = [stored for stored in batch if stored.position > self._position]
            if new:
                self._attempt(new)

    def _attempt(self, batch: list[Stored]) -> None:
        """Apply the batch. Where a view fails, one by one; where it fails on one, without that view from there."""
        try:
            self._transact(batch, {})
        except _Poisoned as poisoned:
            if len(batch) > 1:
                for stored in batch:
                    self._attempt([stored])
                return
            self._without(batch, poisoned)

    def _without(self, batch: list[Stored], poisoned: _Poisoned) -> None:
        """This one record, with every view parked that fails on it."""
        failed = {poisoned.view.name: type(poisoned.error).__name__}
        while True:
            try:
                self._transact(batch, failed)
            except _Poisoned as another:
                failed[another.view.name] = type(another.error).__name__
            else:
                return

    def _transact(self, batch: list[Stored], failed: dict[str, str]) -> None:
        draft = _Draft(self._register, self._position)
        views = [v for v in self._views if v.name not in self._parked and v.name not in failed]
        kept = False
        try:
            with self._writer.begin() as db:
                for stored in batch:
                    self._one(db, draft, views, stored)
                self._finish(db, draft, views, failed)
            kept = True
        finally:
            self._index.drop()
            for view in self._views:
                view.settle(kept=kept)
        for case in draft.cases.values():
            self._cases.put(case.id, case)
        self._parked |= dict.fromkeys(failed, draft.position)
        self._register = draft.register
        with self._moved:
            self._position = draft.position
            self._moved.notify_all()

    def _finish(self, db: Connection, draft: _Draft, views: list[View], failed: dict[str, str]) -> None:
        """Write all rows and the position."""
        self._index.flush(db)
        for view in views:
            with _Guarded(view):
                view.flush(db)
        for name, error in failed.items():
            db.execute(_PARK, {"view": name, "position": draft.position, "error": error})
        moved = db.execute(_MOVE, {"k_position": self._position, "v_position": draft.position})
        if moved.rowcount != 1:
            raise Broken("two-writers", "another process moved the position of these views")

    def _one(self, db: Connection, draft: _Draft, views: list[View], stored: Stored) -> None:
        if stored.position != draft.position + 1:
            raise Broken("gap", f"record {draft.position + 1} is missing")
        if stored.gone:
            self._gone(db, draft, views, stored)
            return
        if stored.record is None:
            self._unread(db, draft, views, stored)
            return
        if all(not view.needs_cases for view in views) and stored.record.originator.kind in _CASES:
            for view in views:
                with _Guarded(view):
                    view.see(db, stored, None)
            draft.position = stored.position
            return
        record = stored.record
        world: World | None = None
        affected: list[UUID] = []
        if record.originator.kind is Kind.CASE:
            case = self._folded(db, draft, record)
            world, affected = _world(draft.register, case), [case.id]
        elif record.originator.kind not in _CASES:
            before, draft.register = draft.register, self._registered(draft.register, record)
            self._index.note_register(stored)
            affected = self._index.affected(db, stored, before, draft.register)
        for view in views:
            with _Guarded(view):
                view.see(db, stored, world)
        if isinstance(record.fact, ControlDestroyed):
            self._erase(db, draft, views, record.fact.scope)
        for id in affected:
            try:
                whole = _world(draft.register, self._case(db, draft, id))
            except NotThere:
                continue  # its control is destroyed; the record of that, which erases its rows, is still to come
            for view in views:
                with _Guarded(view):
                    view.review(db, stored, whole)
        draft.position = stored.position

    def _gone(self, db: Connection, draft: _Draft, views: list[View], stored: Stored) -> None:
        """A record that nobody can read any more: it has its leaf, and no other row."""
        for view in views:
            if not view.needs_cases:
                with _Guarded(view):
                    view.see_unread(db, stored)
        draft.position = stored.position

    def _erase(self, db: Connection, draft: _Draft, views: list[View], case: UUID) -> None:
        """All rows of a case whose control was destroyed, also those of this very transaction."""
        self._index.erase(db, case)
        for view in views:
            with _Guarded(view):
                view.erase(db, case)
        draft.cases[case] = Case(id=case)

    def _unread(self, db: Connection, draft: _Draft, views: list[View], stored: Stored) -> None:
        """A record that only a newer hub can read. In a case it parks the views; in the register it ends all."""
        if any(draft.register.find(kind, stored.originator) is not None for kind in Kind):
            raise Broken("newer-register", "a newer hub has changed the register: update this one")
        for view in views:
            with _Guarded(view):
                view.see_unread(db, stored)
        draft.position = stored.position

    def _folded(self, db: Connection, draft: _Draft, record: Record) -> Case:
        """The case after this record."""
        before = self._case(db, draft, record.originator.id)
        _in_order(record, before.version)
        after = evolve(before, record)
        draft.cases[after.id] = after
        self._index.note_case(before, after)
        return after

    def _registered(self, register: Register, record: Record) -> Register:
        known = register.find(record.originator.kind, record.originator.id)
        _in_order(record, known.version if known is not None else 0)
        return register.with_record(record)

    def _case(self, db: Connection, draft: _Draft, id: UUID) -> Case:
        """The case as it stands: drafted, kept, or read again from the store."""
        case = draft.cases.get(id) or self._cases.get(id)
        if case is None:
            case = Case(id=id)
            version = self._index.version_of(db, id)
            for record in self._loaded(id, version) if version else ():
                case = evolve(case, record)
            self._cases.put(id, case)
        return case

    # --- following ----------------------------------------------------------------------------------------------

    def follow(self, source: Iterable[Sequence[Stored]]) -> None:
        """Apply what the source brings, what comes together in one transaction, until it ends or ``stop`` is called.

        For a thread of its own. What ends it early is kept in ``failure``, wakes those who wait, and is raised.
        """
        self._failure = None
        try:
            for batch in source:
                if self._stopping.is_set():
                    return
                self.apply_many(batch)
        except BaseException as error:
            with self._moved:
                self._failure = error
                self._moved.notify_all()
            raise

    def stop(self) -> None:
        """End ``follow`` before it applies another record."""
        self._stopping.set()

    # --- comparing ----------------------------------------------------------------------------------------------

    def digest(self) -> bytes:
        """SHA-256 over all rows of all tables, the same for the same rows in whatever order they were made."""
        whole = hashlib.sha256()
        with self._reader.connect() as db:
            for table in self.tables:
                rows = sorted(_fingerprint(row) for row in db.execute(select(table)))
                whole.update(json.dumps([table.name, len(rows)]).encode())
                whole.update(b"".join(rows))
        return whole.digest()

    def differences(self, other: Engine) -> Iterator[Difference]:
        """Each row that differs from the other's, by table and key: none where both were made of the same facts.

        ``audit verify`` compares the live views (self) with views built anew (other).
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


def _in_order(record: Record, version: int) -> None:
    if record.version != version + 1:
        raise Broken("version-gap", f"version {version + 1} of this originator is missing")


def _fingerprint(row: Sequence[Any]) -> bytes:
    """SHA-256 of one row (bytes as hex)."""
    text = json.dumps([v.hex() if isinstance(v, bytes) else v for v in row], ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()


class _Guarded:
    """Inside, a fault of the view is its own; a database that does not answer is everyone's."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        of_database = isinstance(error, DBAPIError) and not isinstance(error, (IntegrityError, DataError))
        if isinstance(error, Exception) and not of_database:
            raise _Poisoned(self._view, error) from error


class _Answering:
    """Inside, a database that does not answer reads Unavailable; one that can't be read or disagrees, Broken."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (OperationalError, InterfaceError)):
            raise Unavailable("views-not-writable", "the database of the views does not answer") from error
        if isinstance(error, (DBAPIError, sqlite3.DatabaseError)):
            raise Broken("views-unusable", "rebuild the views") from error


def _open(url: str, *, begin: str) -> Database:
    """A database whose transactions begin when we say so."""
    if not url.startswith("sqlite"):
        # a reader sees one state throughout; what a second writer did is found by the position
        return create_engine(url, isolation_level="REPEATABLE READ")  # no cover: needs a server
    database = create_engine(url)

    @event.listens_for(database, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        if begin == "BEGIN":
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(database, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return database
