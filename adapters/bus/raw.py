"""A stored message as it is: what the stream holds, whether or not we could have written it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from .append import BATCH_COMMIT, BATCH_ID, BATCH_SEQUENCE, EXPECT, EXPECT_SUBJECT, INSERT, TOPIC
from .subjects import Subjects
from .wire import Reply

_OURS = frozenset({TOPIC, INSERT, EXPECT, EXPECT_SUBJECT, BATCH_ID, BATCH_SEQUENCE, BATCH_COMMIT})
# Direct get appends these, in this order, to the headers that the message was stored with.
_STREAM, _SUBJECT, _SEQUENCE, _TIME = "Nats-Stream", "Nats-Subject", "Nats-Sequence", "Nats-Time-Stamp"
_INSERT = re.compile(r"[0-9a-f]{32}")
_TIME_TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z")


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message of the stream. ``flaws`` says what an honest writer would not have written.

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
    flaws: tuple[str, ...]


def decode(reply: Reply, subjects: Subjects) -> RawMessage:
    """Read one message of a direct get. It never refuses what a stream may hold."""
    headers = reply.headers()
    # The server's own begin with the last "Nats-Stream": a message may be stored with the same names.
    start = max(i for i, (key, _) in enumerate(headers) if key == _STREAM)
    stored, said = headers[:start], dict(headers[start:])
    kept = dict(reversed(stored))
    subject = said[_SUBJECT]
    record = subjects.parse(subject)
    flaws = []
    if record is None:
        flaws.append("the subject names no record")
    counts = Counter(key for key, _ in stored)
    flaws += [f"header {key!r} is not ours" for key in counts if key not in _OURS]
    flaws += [f"header {key} stands {n} times" for key, n in counts.items() if key in _OURS and n > 1]
    flaws += [f"header {key} is missing" for key in (TOPIC, INSERT) if key not in counts]
    if INSERT in kept and not _INSERT.fullmatch(kept[INSERT]):
        flaws.append(f"header {INSERT} is not the id of an insert")
    return RawMessage(
        sequence=int(said[_SEQUENCE]),
        subject=subject,
        originator_id=record[0] if record else None,
        version=record[1] if record else None,
        topic=kept.get(TOPIC),
        state=reply.data,
        time=_time(said[_TIME]),
        insert_id=kept.get(INSERT),
        headers=stored,
        flaws=tuple(flaws),
    )


def _time(text: str) -> datetime:
    match = _TIME_TEXT.fullmatch(text)
    if match is None:
        raise ValueError("the server's time is not a time")
    whole, fraction = match.groups()
    micros = int((fraction or "").ljust(6, "0")[:6])
    return datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC, microsecond=micros)
