"""The read models as the hub's queries use them: caught up with the record, then read."""

from __future__ import annotations

import json
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.store import Store
from domain.codes import Section
from domain.errors import InvariantViolation, Unavailable
from domain.events import dump
from gateway.hub.executor import Background, Executor
from keys.stored_record import StoredRecord, UnreadableRecord
from projections.engine import Engine
from projections.queries import Queries
from projections.stream_record import StreamRecord
from projections.task_queries import WorklistEntry

PROJECTION_PAGE = 500
CATCH_UP_SECONDS = 15.0
POSITION_POLL_SECONDS = 0.005
BATCH_PAUSE_SECONDS = 0.03
RECONNECT_SECONDS = 0.5
RESTART_SECONDS = 1.0
SHUTDOWN_SECONDS = 10.0
LAG_LOOKS = 1000  # of /readyz that the meter of the lag remembers


def as_stream_record(stored_record: StoredRecord | UnreadableRecord) -> StreamRecord:
    """A record in the form that projections apply: without frame, parts and keys."""
    if isinstance(stored_record, UnreadableRecord):
        return StreamRecord(
            stored_record.position,
            None,
            stored_record.subject,
            stored_record.sha,
            stored_record.originator,
            stored_record.version,
            gone=stored_record.gone,
        )
    on, version = stored_record.record.originator.id, stored_record.record.version
    return StreamRecord(
        stored_record.position, stored_record.record, stored_record.subject, stored_record.sha, on, version
    )


def record_source(store: Store) -> Callable[[int], Iterator[StreamRecord]]:
    """A function that yields all records after a position, read page by page; for a rebuild."""

    def source(after: int) -> Iterator[StreamRecord]:
        while page := store.read_tolerant(after + 1, PROJECTION_PAGE):
            yield from map(as_stream_record, page)
            after += len(page)

    return source


def open_engine(store: Store, where: Path) -> Engine:
    """The engine for the read models of this store in this database file."""
    return Engine(where, store.records)


def catch_up(engine: Engine, store: Store) -> int:
    """Apply everything that is recorded and not yet applied. Returns the position reached."""
    while True:
        page = store.read_tolerant(engine.position + 1, PROJECTION_PAGE)
        if not page:
            return engine.position
        engine.apply_many([as_stream_record(k) for k in page])


@dataclass(frozen=True)
class Lag:
    """How many records are not applied yet, and for how many seconds at least the oldest of them has waited."""

    records: int
    seconds: float


class LagMeter:
    """Measures between one look and the next for how long a head that was seen has not been reached."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(
            maxlen=LAG_LOOKS
        )  # heads that are not reached, and since when

    def measure(self, head: int, position: int, elapsed: float) -> Lag:
        while self._seen and self._seen[0][0] <= position:
            self._seen.popleft()
        if head > position and (not self._seen or self._seen[-1][0] < head):
            self._seen.append((head, elapsed))
        return Lag(max(0, head - position), elapsed - self._seen[0][1] if self._seen else 0.0)


class ReadModels:
    """The read models as the doors query them, whatever keeps them up with the record."""

    def __init__(self, queries: Queries, store: Store) -> None:
        self.queries = queries
        self._projected_store = store
        self._lag_meter = LagMeter()

    @property
    def alive(self) -> bool:
        """Whether something keeps the read models up with the record."""
        raise NotImplementedError

    @property
    def position(self) -> int:
        """The last record that is applied."""
        raise NotImplementedError

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until the record at this position is applied, at most ``timeout`` seconds; whether it is."""
        raise NotImplementedError

    def stop(self) -> None:
        """Apply no more records; what is applied stays."""
        raise NotImplementedError

    def catch_up(self) -> int:
        """Wait until all that is recorded by now is applied. Raises Unavailable where that takes too long."""
        head = self._projected_store.head()
        if not self.wait_for(head, CATCH_UP_SECONDS):
            raise Unavailable("read-models-behind")
        return head

    def lag(self, head: int, elapsed: float) -> Lag:
        """How far the rows are behind this head at this moment (seconds of any clock that only goes on)."""
        return self._lag_meter.measure(head, self.position, elapsed)

    def feed(self, agency: UUID, cursor: int, limit: int) -> Mapping[str, Any]:
        """One page of what changed for this agency."""
        page = self.queries.feed(agency, cursor, limit)
        messages = [
            {"seq": r.seq, "case": str(r.case), "message": str(r.message), "body": json.loads(r.body)}
            for r in page.rows
        ]
        return {"messages": messages, "cursor": page.cursor, "more": page.more, "as_of": page.as_of}

    def worklist(self, agency: UUID) -> list[Mapping[str, Any]]:
        """The open tasks of this agency."""
        return list(map(_task_json, self.queries.worklist(agency)))

    def task_changes(self, agency: UUID, cursor: int, edition: int) -> Mapping[str, Any]:
        """The tasks of this agency in the cases where one of them changed; where the next changes begin."""
        changes = self.queries.task_changes(agency, cursor, edition)
        return {
            "since": changes.since,
            "cursor": changes.cursor,
            "edition": changes.edition,
            "cases": sorted(map(str, changes.cases)),
            "tasks": list(map(_task_json, changes.tasks)),
        }

    def cases(self, agency: UUID) -> list[UUID]:
        """The cases of which this agency knows."""
        return [case_row.case for case_row in self.queries.cases(agency)]

    def openings(self, case: UUID) -> list[Mapping[str, Any]]:
        """Every reading of this case, and every refused one."""
        return [dict(dump(row)) for row in self.queries.openings(case=case)]

    def own_openings(self, agency: UUID, section: Section, after: int, limit: int) -> list[Mapping[str, Any]]:
        """What this agency itself has opened of this section, by position."""
        return [dict(dump(row)) for row in self.queries.own_openings(agency, section, after, limit)]

    def ledger(self, case: UUID | None, as_of: datetime | None) -> Mapping[str, Any]:
        """Disclosures, readings and consents as they stood at that time."""
        return {
            "disclosures": dump(self.queries.ledger(case=case, as_of=as_of)),
            "openings": dump(self.queries.openings(case=case, as_of=as_of)),
            "consents": dump(self.queries.consents(case=case, as_of=as_of)),
            "notifications": dump(self.queries.notifications(case=case, as_of=as_of)),
        }


def _task_json(task: WorklistEntry) -> Mapping[str, Any]:
    return {
        "case": str(task.case),
        "kind": task.kind,
        "message": None if task.message is None else str(task.message),
        "since": dump(task.since),
        "due_at": dump(task.due_at),
        "child": dump(task.child),
    }


class FollowingProjector(ReadModels):
    """Applies records as they come, in a thread that waits for them."""

    def __init__(self, engine: Engine, store: Store, executor: Executor) -> None:
        super().__init__(Queries(engine.reader), store)
        self._engine = engine
        self._stopped = False
        self._executor = executor
        self._following = executor.follow("projections", self._follow_stream)

    @property
    def alive(self) -> bool:
        return self._following.alive

    @property
    def position(self) -> int:
        return self._engine.position

    def wait_for(self, position: int, timeout: float) -> bool:
        return self._engine.wait_for(position, timeout)

    def stop(self) -> None:
        self._stopped = True
        self._engine.stop()
        self._projected_store.wake()
        self._following.stop(SHUTDOWN_SECONDS)

    def _follow_stream(self) -> None:
        while not self._stopped:
            try:
                self._engine.follow(self._stored_pages())
            except Unavailable:
                self._executor.sleep(RECONNECT_SECONDS)
            except InvariantViolation:
                return  # health says that nothing is applied; the audit and the next start say what is wrong

    def _stored_pages(self) -> Iterator[list[StreamRecord]]:
        for page in self._projected_store.follow(self._engine.position):
            yield [as_stream_record(stored_record) for stored_record in page]
            if len(page) > 1:
                self._executor.sleep(BATCH_PAUSE_SECONDS)  # under load, more records go into one transaction


class PolledProjector(ReadModels):
    """Applies records when somebody waits for them: for an executor that has no threads to wait with."""

    def __init__(self, engine: Engine, store: Store) -> None:
        super().__init__(Queries(engine.reader), store)
        self._engine = engine

    @property
    def alive(self) -> bool:
        return True

    @property
    def position(self) -> int:
        return self._engine.position

    def wait_for(self, position: int, timeout: float) -> bool:
        return catch_up(self._engine, self._projected_store) >= position

    def stop(self) -> None:
        self._engine.stop()


class SubprocessProjector(ReadModels):
    """A process of its own applies the records, so that deciding shares no interpreter with it.

    ``argv``: how it is started (see ``projector_process``); ``stdin_line``: the first line of its standard input. It
    ends when its input ends. One that ended by itself is started again within a second.
    """

    def __init__(
        self, queries: Queries, store: Store, argv: Sequence[str], stdin_line: bytes, executor: Executor
    ) -> None:
        super().__init__(queries, store)
        self._argv = list(argv)
        self._stdin_line = stdin_line
        self._executor = executor
        self._projector_process = self._start_process()
        self._watching: Background = executor.repeat(
            "projecting-watch", RESTART_SECONDS, self._restart_when_ended
        )

    @property
    def alive(self) -> bool:
        return self._projector_process.poll() is None

    @property
    def position(self) -> int:
        return self.queries.head().position

    def wait_for(self, position: int, timeout: float) -> bool:
        until = self._executor.elapsed() + timeout
        while self.position < position:
            if self._executor.elapsed() > until:
                return False
            self._executor.sleep(POSITION_POLL_SECONDS)
        return True

    def stop(self) -> None:
        self._watching.stop(SHUTDOWN_SECONDS)
        assert self._projector_process.stdin is not None
        with suppress(OSError):
            self._projector_process.stdin.close()
        try:
            self._projector_process.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self._projector_process.kill()
            self._projector_process.wait()

    def _start_process(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self._argv, stdin=subprocess.PIPE)
        assert process.stdin is not None
        with suppress(OSError):  # it has ended already: the next check starts it again
            process.stdin.write(self._stdin_line)
            process.stdin.flush()
        return process

    def _restart_when_ended(self) -> float:
        if self._projector_process.poll() is not None:
            self._projector_process = self._start_process()
        return RESTART_SECONDS
