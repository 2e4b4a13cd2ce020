"""The projections as the hub's questions use them: caught up to what is recorded, then read."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

from adapters.store import Store
from domain.errors import Broken, Unavailable
from domain.events import dump
from keys.stored_record import Kept, Unread
from projections.engine import Engine
from projections.queries import Queries
from projections.stored import Stored

PAGE = 500
PATIENCE = 15.0
LOOK_SECONDS = 0.005
GATHER_SECONDS = 0.03
END_SECONDS = 10.0


def as_stored(kept: Kept | Unread) -> Stored:
    """A record as the projections take it: no frame, no parts, no key."""
    if isinstance(kept, Unread):
        return Stored(
            kept.position, None, kept.subject, kept.sha, kept.originator, kept.version, gone=kept.gone
        )
    on, version = kept.record.originator.id, kept.record.version
    return Stored(kept.position, kept.record, kept.subject, kept.sha, on, version)


def source_of(store: Store) -> Callable[[int], Iterator[Stored]]:
    """All records after a position, page by page: what a rebuild is made of."""

    def source(after: int) -> Iterator[Stored]:
        while page := store.seen(after + 1, PAGE):
            yield from map(as_stored, page)
            after += len(page)

    return source


def engine_over(store: Store, where: Path) -> Engine:
    """The projections of this store in this database file."""
    return Engine(where, store.records)


def catch_up(engine: Engine, store: Store) -> int:
    """Apply everything that is recorded and not yet applied. Returns the position reached."""
    while True:
        page = store.seen(engine.position + 1, PAGE)
        if not page:
            return engine.position
        engine.apply_many([as_stored(k) for k in page])


class Views:
    """What the doors ask of the rows, whoever keeps them up with the record."""

    def __init__(self, queries: Queries, store: Store) -> None:
        self.queries = queries
        self._store = store

    @property
    def alive(self) -> bool:
        """Whether somebody keeps the rows up."""
        raise NotImplementedError

    @property
    def position(self) -> int:
        """The last record whose rows stand."""
        raise NotImplementedError

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until the rows of this position stand, at most ``timeout`` seconds; whether they do."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the following; what was applied stays."""
        raise NotImplementedError

    def catch_up(self) -> int:
        """Wait until what is recorded by now is in the rows. Raises Unavailable where that takes too long."""
        head = self._store.head()
        if not self.wait_for(head, PATIENCE):
            raise Unavailable("views-behind", "the views are still being built: try again later")
        return head

    def feed(self, agency: UUID, cursor: int, limit: int) -> Mapping[str, Any]:
        """One page of what changed for this agency."""
        page = self.queries.feed(agency, cursor, limit)
        messages = [
            {"seq": r.seq, "case": str(r.case), "message": str(r.message), "body": json.loads(r.body)}
            for r in page.rows
        ]
        return {"messages": messages, "cursor": page.cursor, "more": page.more}

    def worklist(self, agency: UUID) -> list[Mapping[str, Any]]:
        """What waits for this agency."""
        return [
            {
                "case": str(w.case),
                "kind": w.kind,
                "message": None if w.message is None else str(w.message),
                "since": dump(w.since),
                "due_at": dump(w.due_at),
            }
            for w in self.queries.worklist(agency)
        ]

    def cases(self, agency: UUID) -> list[UUID]:
        """The cases of which this agency knows."""
        return [found.case for found in self.queries.cases(agency)]

    def openings(self, case: UUID) -> list[Mapping[str, Any]]:
        """Every reading of this case, and every refused one."""
        return [dict(dump(row)) for row in self.queries.openings(case=case)]

    def ledger(self, case: UUID | None, as_of: datetime | None) -> Mapping[str, Any]:
        """Disclosures, readings and consents as they stood at that time."""
        return {
            "disclosures": dump(self.queries.ledger(case=case, as_of=as_of)),
            "openings": dump(self.queries.openings(case=case, as_of=as_of)),
            "consents": dump(self.queries.consents(case=case, as_of=as_of)),
            "notifications": dump(self.queries.notifications(case=case, as_of=as_of)),
        }


class Follower(Views):
    """Keeps the rows up with the record in a thread of its own."""

    def __init__(self, engine: Engine, store: Store) -> None:
        super().__init__(Queries(engine.reader), store)
        self._engine = engine
        self._stop = Event()
        self._thread = Thread(target=self._run, name="projections", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def position(self) -> int:
        return self._engine.position

    def wait_for(self, position: int, timeout: float) -> bool:
        return self._engine.wait_for(position, timeout)

    def stop(self) -> None:
        self._stop.set()
        self._engine.stop()
        self._store.wake()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._engine.follow(self._source())
            except Unavailable:
                self._stop.wait(0.5)
            except Broken:
                return  # health says that nobody follows; what was wrong is told by the audit and at the next start

    def _source(self) -> Iterator[list[Stored]]:
        for page in self._store.follow(self._engine.position):
            yield [as_stored(kept) for kept in page]
            if len(page) > 1:
                self._stop.wait(GATHER_SECONDS)  # many come at once: more go into one transaction


class Beside(Views):
    """The rows are kept up by a process of its own (``projecting``), so that deciding shares no interpreter with it.

    ``command``: how it is started; ``first``: what it is told on standard input. It ends with its input. One
    that ended by itself is started again, a second later at the earliest.
    """

    def __init__(self, queries: Queries, store: Store, command: Sequence[str], first: bytes) -> None:
        super().__init__(queries, store)
        self._command = list(command)
        self._first = first
        self._ended = Event()
        self._process = self._begun()
        self._watch = Thread(target=self._keep, name="projecting-watch", daemon=True)
        self._watch.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def position(self) -> int:
        return self.queries.head().position

    def wait_for(self, position: int, timeout: float) -> bool:
        until = monotonic() + timeout
        while self.position < position:
            if monotonic() > until:
                return False
            sleep(LOOK_SECONDS)
        return True

    def stop(self) -> None:
        self._ended.set()
        self._watch.join()
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _begun(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
        assert process.stdin is not None
        with suppress(OSError):  # it has ended already: the watch sees it
            process.stdin.write(self._first)
            process.stdin.flush()
        return process

    def _keep(self) -> None:
        while not self._ended.wait(1.0):
            if self._process.poll() is not None:
                self._process = self._begun()
