"""The recorders of the library on a JetStream stream: aggregate sequences and the notification log."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    Notification,
    OperationalError,
    StoredEvent,
)

from .api import Api, ApiError
from .append import Appender, Guard
from .client import Connection
from .fresh import FreshReads
from .health import Health, check, ping
from .raw import RawMessage, decode, decode_event, decode_notification, sequence_of
from .settings import BusSettings
from .subjects import Subjects
from .subscription import JetStreamSubscription
from .wire import Reply

PAGE = 500  # messages of one direct get
LEADER_PAGE = 50  # messages read from the leader one by one, when no replica is up to date
PAGE_BYTES = 8 * 1024 * 1024  # and the bytes after which the server ends it early
MOST_SUBJECTS = 1000  # a direct get by subjects is refused from 1,024 results on

MANY_VERSIONS = 20  # from here on, to ask which versions there are is cheaper than to read all before

NO_MESSAGE, NO_ROOM = 404, 413  # statuses of a direct get


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the log. ``last_position`` is the last position that was read."""

    notifications: list[Notification]
    last_position: int
    more: bool


class JetStreamAggregateRecorder(AggregateRecorder):
    """Stores and reads the events of originators. Safe for use by many threads."""

    def __init__(self, connection: Connection) -> None:
        settings = connection.settings
        self._bus_connection = connection
        self._api = Api(connection)
        self._stream = settings.stream
        self._subjects = Subjects(settings.prefix, settings.ids)
        self._appender = Appender(self._api, self._subjects)
        self._fresh = FreshReads(self._api)

    @property
    def settings(self) -> BusSettings:
        return self._bus_connection.settings

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, guards: Sequence[Guard] = (), **kwargs: Any
    ) -> Sequence[int] | None:
        """Store the events, all or none; see :meth:`Appender.append` for guards and errors."""
        self._insert(stored_events, guards)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent], guards: Sequence[Guard]) -> list[int]:
        if not stored_events and not guards:
            return []
        positions = self._appender.append(stored_events, guards)
        self._fresh.saw(positions[-1] if positions else 0)
        return positions

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one originator by version, none missing up to the highest position that this recorder has
        seen. Versions may have gaps."""
        events = [
            event
            for event in self._read_originator(originator_id, gt, lte)
            if (gt is None or event.originator_version > gt)
            and (lte is None or event.originator_version <= lte)
        ]
        events.sort(key=lambda event: event.originator_version, reverse=desc)
        return events if limit is None else events[:limit]

    def _read_originator(
        self, originator_id: UUID | str, gt: int | None, lte: int | None
    ) -> list[StoredEvent]:
        """At least the events within the bounds, by the cheapest request that misses none."""
        record = self._subjects.record
        first = 0 if gt is None else max(gt + 1, 0)
        if lte is not None and lte - first < MOST_SUBJECTS:
            wanted = [record(originator_id, version) for version in range(first, lte + 1)]
            return self._by_subjects(originator_id, wanted) or [] if wanted else []
        if first < MANY_VERSIONS:
            selected = self._by_subjects(originator_id, [self._subjects.originator(originator_id)])
            if selected is not None:
                return selected
        # A long sequence: which versions there are, then those by name.
        versions = [
            v for v in self._stored_versions(originator_id) if v >= first and (lte is None or v <= lte)
        ]
        events: list[StoredEvent] = []
        for i in range(0, len(versions), MOST_SUBJECTS):
            wanted = [record(originator_id, v) for v in versions[i : i + MOST_SUBJECTS]]
            page = self._by_subjects(originator_id, wanted)
            events.extend(page or [])
        return events

    def _by_subjects(self, originator_id: UUID | str, subjects: list[str]) -> list[StoredEvent] | None:
        """The records of these subjects of one originator, or None if there are too many for one request."""
        replies = self._replies_of(originator_id, subjects)
        return None if replies is None else [decode_event(reply, self._subjects) for reply in replies]

    def _replies_of(self, originator_id: UUID | str, subjects: list[str]) -> list[Reply] | None:
        return self._fresh.until_fresh(
            lambda: self._direct_replies(subjects), lambda: self._leader_replies(originator_id, subjects)
        )

    def _direct_replies(self, subjects: list[str]) -> list[Reply] | None:
        """The messages of these subjects from any replica. ``Behind`` where it does not prove to be up to date."""
        selected: list[Reply] = []
        body: dict[str, Any] = {"multi_last": subjects, "batch": 1024, "max_bytes": PAGE_BYTES}
        while True:
            replies = self._pull(body)
            end = replies.pop()
            if end.status == NO_MESSAGE:  # it does not say how far this server has come
                self._fresh.require(0)
                return selected
            if end.status == NO_ROOM:
                return None
            end_headers = dict(end.headers())
            if "up_to_seq" not in body:
                self._fresh.require(int(end_headers["Nats-UpTo-Sequence"]))
            selected += replies
            if int(end_headers.get("Nats-Num-Pending", "0")) == 0 or not replies:
                return selected
            # The page was full of bytes: go on behind its last message, up to the same end.
            body["seq"] = int(end_headers["Nats-Last-Sequence"]) + 1
            body["up_to_seq"] = int(end_headers["Nats-UpTo-Sequence"])
            self._fresh.saw(body["up_to_seq"])  # another server may answer the next page

    def _leader_replies(self, originator_id: UUID | str, subjects: list[str]) -> list[Reply]:
        """The same from the stream's leader, one by one: which there are, by a report that is up to date."""
        every = self._subjects.originator(originator_id) in subjects
        wanted = set(subjects)
        versions = self._versions_by_leader(originator_id)
        names = [self._subjects.record(originator_id, version) for version in versions]
        return self._fresh.of_leader(name for name in names if every or name in wanted)

    def _stored_versions(self, originator_id: UUID | str) -> list[int]:
        return self._fresh.until_fresh(lambda: self._versions_by_leader(originator_id))

    def _versions_by_leader(self, originator_id: UUID | str) -> list[int]:
        selected: list[int] = []
        body: dict[str, Any] = {"subjects_filter": self._subjects.originator(originator_id), "offset": 0}
        while True:
            info = self._info(body)
            names = info["state"].get("subjects") or {}
            selected += [record[1] for name in names if (record := self._subjects.parse(name))]
            body["offset"] += len(names)
            if not names or body["offset"] >= info.get("total", 0):
                return sorted(selected)

    def _info(self, body: object = None) -> dict[str, Any]:
        try:
            return self._fresh.info(body)
        except ApiError as e:
            raise OperationalError(f"the bus could not answer: {e}") from e

    def _pull(self, body: object) -> list[Reply]:
        try:
            replies = self._api.pull(self._stream, body)
        except ApiError as e:
            raise OperationalError(f"the bus could not answer: {e}") from e
        end = replies[-1]
        if end.status not in (204, NO_MESSAGE, NO_ROOM):
            raise OperationalError(f"the bus could not answer a read: {end.status_text} ({end.status})")
        return replies

    def ping(self) -> float:
        """The seconds of one way there and back. ``OperationalError`` if there is no answer."""
        return ping(self._api)

    def check(self) -> Health:
        """Look at the connection, the stream's configuration and the servers; never raises for a mismatch."""
        return check(self._api)

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._bus_connection.close()


class JetStreamApplicationRecorder(JetStreamAggregateRecorder, ApplicationRecorder):
    """Stores events and reads them in the order of the stream: a notification's id is its sequence."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._subscriptions: weakref.WeakSet[JetStreamSubscription] = weakref.WeakSet()

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, guards: Sequence[Guard] = (), **kwargs: Any
    ) -> Sequence[int]:
        """Store the events, all or none, and return their positions in the stream."""
        return self._insert(stored_events, guards)

    def insert_each(
        self, stored_events: Sequence[StoredEvent], head: int | None = None
    ) -> list[list[int] | Exception]:
        """Several inserts of one event under way at once; see :meth:`Appender.append_each`."""
        outcomes = self._appender.append_each(stored_events, head)
        for outcome in outcomes:
            if not isinstance(outcome, Exception):
                self._fresh.saw(outcome[-1])
        return outcomes

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events in the order of the stream. ``InternalError`` at a message that is no record."""
        first = 1 if start is None else start + (not inclusive_of_start)
        selected: list[Notification] = []
        for replies in self._pages(first, None if topics else limit, stop):
            page = [decode_notification(reply, self._subjects) for reply in replies]
            selected += [
                n for n in page if (not topics or n.topic in topics) and (stop is None or n.id <= stop)
            ]
            if len(selected) >= limit:
                break
        return selected[:limit]

    def max_notification_id(self) -> int | None:
        """The last position, or None if nothing was ever stored."""
        return self.head() or None

    def head(self) -> int:
        """The last sequence that the stream has given, 0 if none: by a leader that a majority hears."""
        info = self._fresh.until_fresh(self._info)
        return int(info["state"]["last_seq"])

    def read_raw(self, start: int, limit: int) -> list[RawMessage]:
        """What the stream holds from a sequence on, as it is: gaps show in ``sequence``, oddities in
        ``anomalies``. Nothing in a stream makes this raise."""
        selected: list[RawMessage] = []
        for replies in self._pages(start, limit, None):
            selected += [decode(reply, self._subjects) for reply in replies]
        return selected

    def locate(self, originator_id: UUID | str, version: int) -> Notification | None:
        """One event with its position, or None if there is no such version."""
        subject = self._subjects.record(originator_id, version)
        replies = self._replies_of(originator_id, [subject])
        return decode_notification(replies[0], self._subjects) if replies else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> JetStreamSubscription:
        """Iterate over events from a position on, and go on with new ones as they are stored.

        It waits while the bus is unreachable. It ends when it is stopped or the recorder is closed.
        """
        subscription = JetStreamSubscription(self, gt=gt, topics=topics)
        self._subscriptions.add(subscription)
        return subscription

    def next_page(self, first: int, topics: Sequence[str]) -> Page:
        """The events of one page from a position on, how far it reached, and whether more is there."""
        replies, more = self._direct_page(first, PAGE)  # it may be behind: the next look goes on from there
        events = [decode_notification(reply, self._subjects) for reply in replies]
        last_position = events[-1].id if events else first - 1
        return Page([n for n in events if not topics or n.topic in topics], last_position, more)

    def close(self) -> None:
        """End the subscriptions and close the connection. Safe to call twice."""
        for subscription in list(self._subscriptions):
            subscription.stop()
        super().close()

    def _pages(self, first: int, limit: int | None, stop: int | None) -> Iterator[list[Reply]]:
        """Pages of messages from a sequence on. No subject is named: that is what makes them cheap.

        Where sequences are missing, the last page may reach beyond ``stop``.
        """
        first = max(first, 1)
        remaining = sys.maxsize if limit is None else limit
        while remaining > 0 and (stop is None or first <= stop):
            size = min(PAGE, remaining, sys.maxsize if stop is None else stop - first + 1)
            page, more = self._page(first, size)
            if page:
                yield page
                first = sequence_of(page[-1]) + 1
                remaining -= len(page)
            if not page or not more:
                return

    def _page(self, first: int, size: int) -> tuple[list[Reply], bool]:
        """A page that reaches what is known, or its size."""
        first = max(first, 1)

        def direct() -> tuple[list[Reply], bool]:
            replies, more = self._direct_page(first, size)
            if not more and len(replies) < size:
                self._fresh.require(sequence_of(replies[-1]) if replies else first - 1)
            return replies, more

        def of_leader() -> tuple[list[Reply], bool]:
            replies: list[Reply] = []
            while len(replies) < min(size, LEADER_PAGE):
                reply = self._fresh.next_of_leader(sequence_of(replies[-1]) + 1 if replies else first)
                if reply is None:
                    return replies, False
                replies.append(reply)
            return replies, True

        return self._fresh.until_fresh(direct, of_leader)

    def _direct_page(self, first: int, size: int) -> tuple[list[Reply], bool]:
        replies = self._pull({"seq": max(first, 1), "batch": size, "max_bytes": PAGE_BYTES})
        end = replies.pop()
        more = int(dict(end.headers()).get("Nats-Num-Pending", "0")) > 0
        if replies:
            self._fresh.saw(sequence_of(replies[-1]))
        return replies, more


def connect(settings: BusSettings, *, check_first: bool = True) -> JetStreamApplicationRecorder:
    """A recorder on a stream that is what it must be.

    ``OperationalError`` if the bus is unreachable or refuses the credentials, ``StreamDrift`` if the stream or a
    server is not what it must be.
    """
    urls = settings.urls
    for n in range(len(urls)):
        try:
            return _connect(replace(settings, url=",".join(urls[n:] + urls[:n])), check_first=check_first)
        except OperationalError as e:  # a server that is cut off from the others: the next may know more
            error = e
    raise error


def _connect(settings: BusSettings, *, check_first: bool) -> JetStreamApplicationRecorder:
    connection = Connection(settings)
    try:
        recorder = JetStreamApplicationRecorder(connection)
        if check_first:
            recorder.check().require()
            recorder.head()  # from here on nothing older is believed
    except BaseException:
        connection.close()
        raise
    return recorder
