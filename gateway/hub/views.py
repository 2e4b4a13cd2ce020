"""The projections as the hub's questions use them: caught up to what is recorded, then read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

from adapters.store import Kept, Store
from domain.errors import Unavailable
from domain.facts import dump
from projections.engine import Engine
from projections.queries import Queries
from projections.stored import Stored

PAGE = 500
PATIENCE = 15.0


def as_stored(kept: Kept) -> Stored:
    """A record as the projections take it: no frame, no parts, no key."""
    return Stored(kept.position, kept.record, kept.subject, kept.sha)


def engine_over(store: Store, where: Path) -> Engine:
    """The projections of this store in this database file."""
    return Engine(where, store.records)


def catch_up(engine: Engine, store: Store) -> int:
    """Apply everything that is recorded and not yet applied. Returns the position reached."""
    while True:
        page = store.read(engine.position + 1, PAGE)
        if not page:
            return engine.position
        engine.apply_many([as_stored(k) for k in page])


class Follower:
    """Keeps the projections up with the record in a thread of its own, and answers from them."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._stop = Event()
        self.queries = Queries(engine.reader)
        self._thread = Thread(target=self._run, name="projections", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the following; what was applied stays."""
        self._stop.set()
        self._engine.stop()
        self._store.wake()
        self._thread.join(timeout=10)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def position(self) -> int:
        return self._engine.position

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._engine.follow(self._source())
            except Unavailable:
                self._stop.wait(0.5)

    def _source(self) -> Iterator[Stored]:
        for kept in self._store.follow(self._engine.position):
            yield as_stored(kept)

    # --- what the questions ask ------------------------------------------------------------------------------

    def catch_up(self) -> int:
        """Wait until what is recorded by now is in the rows. Raises Unavailable where that takes too long."""
        head = self._store.head()
        if not self._engine.wait_for(head, PATIENCE):
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

    def ledger(self, case: UUID | None, as_of: datetime | None) -> Mapping[str, Any]:
        """Disclosures, readings and consents as they stood at that time."""
        return {
            "disclosures": dump(self.queries.ledger(case=case, as_of=as_of)),
            "openings": dump(self.queries.openings(case=case, as_of=as_of)),
            "consents": dump(self.queries.consents(case=case, as_of=as_of)),
        }
