"""The case index made anew: what this agency wrote or had opened is opened once more, on record, for this alone.

Each opening has the purpose ``INDEX_REBUILD``: the hub allows it for nothing that was not open to this agency before, it is
marked so in the ledger and among the exceptions, stops no clock and informs nobody. What is done is in the index at once,
so that an interrupted rebuild goes on where it stopped. The first item of a message that is opened names, by its signed
frame, the schemas of the others: files and texts, which state nothing for the index, stay closed. Basis: APPI 66.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING
from uuid import UUID

from domain.codes import Purpose, Section
from domain.errors import ExchangeError, NotFound, Untrusted
from domain.events import Kind
from domain.roles import DoorAct

if TYPE_CHECKING:
    from gateway.agency.door import Door

Place = tuple[UUID, UUID, UUID]
"""Case, message, item."""


@dataclass(frozen=True)
class RebuildProgress:
    """``total``: items that were missing when it began; ``done``: opened since; ``failed``: that the hub refused, or whose
    release did not verify; ``skipped``: that need not be opened."""

    total: int
    done: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def remaining(self) -> int:
        return self.total - self.done - self.failed - self.skipped


def missing_items(door: Door, *, actor: str) -> list[Place]:
    """What the index lacks and may open again. Asks the hub what this agency has opened. Raises Unavailable."""
    opened: set[UUID] = set()
    after, more = 0, True
    while more:
        answer = door.query(Kind.AGENCY, door.agency, "own_openings", {"after": after}, actor=actor)
        opened |= {UUID(one["item"]) for one in answer["openings"]}
        after, more = answer["after"], answer["more"]
    return [
        (case, message, item)
        for case, message, item, own in door.store.openable_items(Section.BASIC)
        if (own or item in opened) and not door.index.has_item(case, str(item))
    ]


def rebuild(
    door: Door,
    *,
    actor: str,
    progress: Callable[[RebuildProgress], None] = lambda _: None,
    stop: Event | None = None,
) -> RebuildProgress:
    """Open what the index lacks, until all is done or ``stop`` is set. Raises Unavailable where the hub goes away: call it
    again."""
    door.permissions.require(DoorAct.REBUILD_INDEX, actor)
    door.refresh()
    door.index.read_all()
    for case in door.index.status().unreadable:
        door.store.index.remove(case)
    places = missing_items(door, actor=actor)
    now = RebuildProgress(len(places))
    progress(now)
    for case, message, item in places:
        if stop is not None and stop.is_set():
            break
        if door.index.has_item(case, str(item)):  # its schema is known by now, and states no family
            now = replace(now, skipped=now.skipped + 1)
        else:
            now = _open_again(door, (case, message, item), actor, now)
        progress(now)
    return now


def _open_again(door: Door, place: Place, actor: str, now: RebuildProgress) -> RebuildProgress:
    try:
        door.open(*place, Section.BASIC.value, actor=actor, purpose=Purpose.INDEX_REBUILD)
    except (NotFound, Untrusted):
        return replace(now, failed=now.failed + 1)
    return replace(now, done=now.done + 1)


class BackgroundRebuild:
    """At most one rebuild of a running door, in a thread of its own."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lock = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self.progress: RebuildProgress | None = None
        self.error_code: str | None = None
        """Why the last one stopped before its end."""

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, actor: str) -> None:
        """Begin one; if one runs, it goes on."""
        with self._lock:
            if not self.is_running:
                self.error_code = None
                self._stop.clear()
                self._thread = Thread(target=self._run, args=(actor,), name="index-rebuild", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop after the item that is being opened."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self, actor: str) -> None:
        try:
            rebuild(self._door, actor=actor, progress=self._note, stop=self._stop)
        except ExchangeError as error:
            self.error_code = error.error_code

    def _note(self, progress: RebuildProgress) -> None:
        self.progress = progress
