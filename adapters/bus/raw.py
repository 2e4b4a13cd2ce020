"""A stored message as it is: what the stream holds, whether or not we could have written it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import InternalError, Notification, StoredEvent

from .append import (
    BATCH_COMMIT,
    BATCH_ID,
    BATCH_SEQUENCE,
    EXPECT,
    EXPECT_HEAD,
    EXPECT_SUBJECT,
    INSERT,
    TOPIC,
)
from .subjects import Subjects
from .wire import Reply

_OUR_HEADERS = frozenset(
    {TOPIC, INSERT, EXPECT, EXPECT_HEAD, EXPECT_SUBJECT, BATCH_ID, BATCH_SEQUENCE, BATCH_COMMIT}
)
# Direct get appends these, in this order, to the headers that the message was stored with.
_SERVER_HEADERS_START = b"\r\nNats-Stream: "
_SUBJECT, _SEQUENCE, _TIME = b"Nats-Subject: ", b"Nats-Sequence: ", b"Nats-Time-Stamp: "
_TOPIC = f"\r\n{TOPIC}: ".encode()
_INSERT = re.compile(r"[0-9a-f]{32}")
_TIME_TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z")


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message of the stream. ``anomalies`` lists what a correct writer would not have written.

    ``originator_id`` and ``version`` are None if the subject names no record, ``topic`` and
    ``insert_id`` if their header is not there. ``headers`` are those it was stored with. ``time`` is
    the server's, when it stored the message, down to a microsecond.
    """

    sequence: int
    subject: str
    originator_id: UUID | str | None
    version: int | None
    topic: str | None
    state: bytes
    time: datetime
    insert_id: str | None
    headers: tuple[tuple[str, str], ...]
    anomalies: tuple[str, ...]


def decode(reply: Reply, subjects: Subjects) -> RawMessage:
    """Read one message of a direct get. It never refuses anything stored."""
    block, server_headers = _split_server_headers(reply)
    stored = Reply(block, b"").headers()
    storage = dict(reversed(stored))
    subject = server_headers.subject
    record = subjects.parse(subject)
    anomalies = []
    if record is None:
        anomalies.append("the subject names no record")
    counts = Counter(key for key, _ in stored)
    anomalies += [f"header {key!r} is not ours" for key in counts if key not in _OUR_HEADERS]
    anomalies += [
        f"header {key} occurs {n} times" for key, n in counts.items() if key in _OUR_HEADERS and n > 1
    ]
    anomalies += [f"header {key} is missing" for key in (TOPIC, INSERT) if key not in counts]
    if INSERT in storage and not _INSERT.fullmatch(storage[INSERT]):
        anomalies.append(f"header {INSERT} is not the id of an insert")
    return RawMessage(
        sequence=server_headers.sequence,
        subject=subject,
        originator_id=record[0] if record else None,
        version=record[1] if record else None,
        topic=storage.get(TOPIC),
        state=reply.data,
        time=_parse_server_time(server_headers.time),
        insert_id=storage.get(INSERT),
        headers=stored,
        anomalies=tuple(anomalies),
    )


def decode_event(reply: Reply, subjects: Subjects) -> StoredEvent:
    """Read one record of a direct get. ``InternalError`` if it is none."""
    block, server_headers = _split_server_headers(reply)
    originator_id, version, topic = _record(block, server_headers, subjects)
    return StoredEvent(originator_id, version, topic, reply.data)


def decode_notification(reply: Reply, subjects: Subjects) -> Notification:
    """Read one record with its place in the log. ``InternalError`` if it is none."""
    block, server_headers = _split_server_headers(reply)
    originator_id, version, topic = _record(block, server_headers, subjects)
    return Notification(originator_id, version, topic, reply.data, server_headers.sequence)


def sequence_of(reply: Reply) -> int:
    """The place of a message in the stream."""
    return _split_server_headers(reply)[1].sequence


class _ServerHeaders(NamedTuple):
    """The server's metadata of a message."""

    subject: str
    sequence: int
    time: str


def _split_server_headers(reply: Reply) -> tuple[bytes, _ServerHeaders]:
    """The headers a message was stored with, and the server's own behind them.

    The server's begin with the last ``Nats-Stream``: a message may be stored with the same names.
    """
    block, _, own = reply.raw.rpartition(_SERVER_HEADERS_START)
    _, subject, sequence, time, *_ = own.split(b"\r\n")
    if not (subject.startswith(_SUBJECT) and sequence.startswith(_SEQUENCE) and time.startswith(_TIME)):
        raise InternalError("the server's description of a message can't be parsed")
    return block, _ServerHeaders(
        subject[len(_SUBJECT) :].decode(), int(sequence[len(_SEQUENCE) :]), time[len(_TIME) :].decode()
    )


def _record(block: bytes, server_headers: _ServerHeaders, subjects: Subjects) -> tuple[UUID | str, int, str]:
    record = subjects.parse(server_headers.subject)
    _, marker, rest = block.partition(_TOPIC)
    if record is None or not marker:
        raise InternalError(f"sequence {server_headers.sequence} is no record")
    return record[0], record[1], rest.partition(b"\r\n")[0].decode()


def _parse_server_time(text: str) -> datetime:
    match = _TIME_TEXT.fullmatch(text)
    if match is None:
        raise ValueError("the server's time is not a time")
    seconds_part, fraction = match.groups()
    micros = int((fraction or "").ljust(6, "0")[:6])
    return datetime.fromisoformat(seconds_part).replace(tzinfo=UTC, microsecond=micros)
