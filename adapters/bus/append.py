"""Appending records: all or none, once, even if the answer is lost.

Server errors are in the table of ``README.md``. The rule behind it: uniqueness is the stream's
own (one message a subject), so an insert that is sent twice is stored once; and each message carries
the id of its insert, so one that finds its place taken can see whether it took it itself.
"""

from __future__ import annotations

import contextlib
import time
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from eventsourcing.persistence import IntegrityError, OperationalError, ProgrammingError, StoredEvent

from .api import (
    BATCH_TOO_LARGE,
    EXPECTATION_IN_FLIGHT,
    MESSAGE_NOT_FOUND,
    PAUSES,
    RETRYABLE_ERRORS,
    STORE_FAILED,
    UNREADABLE,
    WRONG_LAST_SEQUENCE,
    Api,
    ApiError,
    read_answer,
)
from .client import NoReply, NotSent, PendingRequest
from .errors import GuardFailed, HeadMoved, OutcomeUnknown, TooLarge
from .monitor import health_errors
from .settings import MAX_RECORD_BYTES
from .subjects import Subjects
from .wire import Reply

TOPIC = "Kh-Topic"
INSERT = "Kh-Insert"
EXPECT = "Nats-Expected-Last-Subject-Sequence"
EXPECT_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject"
EXPECT_HEAD = "Nats-Expected-Last-Sequence"
BATCH_ID = "Nats-Batch-Id"
BATCH_SEQUENCE = "Nats-Batch-Sequence"
BATCH_COMMIT = "Nats-Batch-Commit"
MAX_BATCH = 1000

Guard = tuple[UUID | str, int]


@dataclass(frozen=True, slots=True)
class Message:
    """One record, ready to be sent."""

    subject: str
    headers: tuple[tuple[str, str], ...]
    state: bytes


class Appender:
    """Writes to one stream. Safe for use by many threads."""

    def __init__(self, api: Api, subjects: Subjects) -> None:
        self._api = api
        self._subjects = subjects

    def append(self, events: Sequence[StoredEvent], guards: Sequence[Guard] = ()) -> list[int]:
        """Store the events, all or none, and return their positions.

        A guard (originator, version) holds if that originator has no record of version + 1. Each event
        carries at most one.

        ``IntegrityError``: a version is taken. ``GuardFailed``: a guard does not hold. In both cases
        nothing was recorded. ``OutcomeUnknown``: perhaps recorded. ``OperationalError``: not recorded.
        ``TooLarge``, ``ProgrammingError``: nothing was sent.
        """
        insert_id = uuid4().hex
        deadline = self._api.deadline()
        return self._send_until_decided(
            self._messages(events, guards, insert_id), insert_id, guards, None, deadline
        )

    def append_each(
        self, events: Sequence[StoredEvent], head: int | None = None
    ) -> list[list[int] | Exception]:
        """Several appends of one event under way at once: for each what ``append`` returns or raises.

        ``head``: the last position that the caller knows of. Then each is stored only right behind the one
        before it here, and the first only right behind that position; ``HeadMoved`` where it can't be.
        """
        in_flight_appends: list[tuple[list[Message], str, PendingRequest | None] | Exception] = []
        connected, deadline = self._api.connection.connected, self._api.deadline()
        before = None
        for event in events:
            insert_id = uuid4().hex
            try:
                [message] = self._messages([event], (), insert_id)
            except Exception as e:
                in_flight_appends.append(e)
                continue
            if head is not None:
                position_headers = [(EXPECT_HEAD, str(head))]
                if before is not None:  # that very record, not another's in its place
                    position_headers += [(EXPECT, str(head)), (EXPECT_SUBJECT, before)]
                message = Message(message.subject, (*message.headers, *position_headers), message.state)
                head, before = head + 1, message.subject
            in_flight_appends.append(
                ([message], insert_id, self._send_without_waiting([message]) if connected else None)
            )
        return [
            one if isinstance(one, Exception) else self._outcome(*one, deadline) for one in in_flight_appends
        ]

    def _outcome(
        self, messages: list[Message], insert_id: str, pending: PendingRequest | None, deadline: float
    ) -> list[int] | Exception:
        try:
            return self._send_until_decided(messages, insert_id, (), pending, deadline)
        except Exception as e:
            return e

    def _send_until_decided(
        self,
        messages: list[Message],
        insert_id: str,
        guards: Sequence[Guard],
        pending: PendingRequest | None,
        deadline: float,
    ) -> list[int]:
        """Wait for the answer; retry until it is decided or the deadline is over. ``pending``: a first try under way."""
        unknown = False
        tries = 0
        last_error: Exception
        while True:
            try:
                if pending is None:
                    self._api.connection.await_connection(deadline)
                return self._send(messages, pending, deadline)
            except NotSent as e:
                last_error = e
            except NoReply as e:
                unknown = True
                last_error = e
            except OperationalError as e:
                raise self._failure(unknown, e) from e
            except ApiError as e:
                last_error = e
                unknown = unknown or e.err_code == UNREADABLE
                positions = self._after_refusal(e, messages, insert_id, guards, unknown)
                if positions is not None:
                    return positions
            pending = None
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            if time.monotonic() + pause >= deadline:
                raise self._failure(unknown, last_error) from last_error
            self._api.leave_silent_server(deadline)
            time.sleep(pause)
            tries += 1

    def _after_refusal(
        self,
        error: ApiError,
        messages: list[Message],
        insert_id: str,
        guards: Sequence[Guard],
        unknown: bool,
    ) -> list[int] | None:
        """The positions, if an earlier try stored these messages; None if they can be sent again; raises otherwise."""
        if _is_conflict(error):
            if unknown and (positions := self._own_positions(messages, insert_id)) is not None:
                return positions
            if (conflict := self._conflict(error, messages, guards)) is not None:
                raise conflict from error
        elif error.err_code == BATCH_TOO_LARGE:
            raise ProgrammingError(str(error)) from error
        elif error.err_code not in (UNREADABLE, *RETRYABLE_ERRORS):
            raise self._failure(unknown, error) from error
        return None

    # -- parts

    def _messages(
        self, events: Sequence[StoredEvent], guards: Sequence[Guard], insert_id: str
    ) -> list[Message]:
        if len(events) > MAX_BATCH:
            raise ProgrammingError(f"at most {MAX_BATCH} events can be stored together")
        if len(guards) > len(events):
            raise ProgrammingError("each event carries at most one guard")
        messages = []
        for i, event in enumerate(events):
            headers = [(TOPIC, _checked_topic(event.topic)), (INSERT, insert_id)]
            if i < len(guards):
                originator_id, version = guards[i]
                headers += [
                    (EXPECT, "0"),
                    (EXPECT_SUBJECT, self._subjects.record(originator_id, version + 1)),
                ]
            subject = self._subjects.record(event.originator_id, event.originator_version)
            size = len(subject) + sum(len(k) + len(v) + 4 for k, v in headers) + len(event.state)
            if size > MAX_RECORD_BYTES:
                raise TooLarge(f"a record of {size} bytes; at most {MAX_RECORD_BYTES} are stored")
            messages.append(Message(subject, tuple(headers), bytes(event.state)))
        if len({m.subject for m in messages}) < len(messages):
            raise IntegrityError("two of the events have the same originator and version")
        return messages

    def _send_without_waiting(self, messages: list[Message]) -> PendingRequest:
        if len(messages) == 1:
            [only] = messages
            return self._api.connection.put([(only.subject, only.headers, only.state)])
        batch_id = uuid4().hex  # a new one for each try: the last try's batch may still be open
        last = len(messages)
        sent = []
        for i, m in enumerate(messages, 1):
            extra = ((BATCH_ID, batch_id), (BATCH_SEQUENCE, str(i)))
            commit = ((BATCH_COMMIT, "1"),) if i == last else ()
            sent.append((m.subject, m.headers + extra + commit, m.state))
        return self._api.connection.put(sent)

    def _send(self, messages: list[Message], pending: PendingRequest | None, deadline: float) -> list[int]:
        until = min(time.monotonic() + self._api.settings.try_timeout, deadline)
        [reply] = self._api.connection.take(pending or self._send_without_waiting(messages), until)
        answer = read_answer(reply)
        final = int(answer["seq"])
        if int(answer.get("count", 1)) != len(messages):
            raise ApiError(UNREADABLE, "the acknowledgement is not for this batch")
        return list(range(final - len(messages) + 1, final + 1))

    def _conflict(
        self, error: ApiError, messages: list[Message], guards: Sequence[Guard]
    ) -> IntegrityError | None:
        """Distinguish a failed guard from a taken version; None if nothing is decided yet.

        A cluster also refuses an append that collides with one still in flight: another's, or our own
        after a timeout. That one may still fail: only what is stored decides. Each query costs a
        request, so they are made after a refusal only.
        """
        taken = IntegrityError(f"another record has this originator and version: {error}")
        in_flight = error.err_code == EXPECTATION_IN_FLIGHT
        fenced = any(key == EXPECT_HEAD for m in messages for key, _ in m.headers)
        if not (guards or in_flight or fenced):
            return taken
        try:
            if any(self._holder(m.subject) is not None for m in messages):
                return taken
            for originator_id, version in guards:
                if self._holder(self._subjects.record(originator_id, version + 1)) is not None:
                    return GuardFailed(originator_id, version)
            if fenced and not in_flight:
                return HeadMoved()
        except OperationalError:
            pass  # without an answer a refusal is a conflict all the same
        return None if in_flight else taken

    def _own_positions(self, messages: list[Message], insert_id: str) -> list[int] | None:
        """The positions of our own records, if an earlier try did store them."""
        positions = []
        for m in messages:
            try:
                holder = self._holder(m.subject)
            except OperationalError as e:
                raise self._failure(True, e) from e
            if holder is None or holder[1] != insert_id:
                return None
            positions.append(holder[0])
        return positions

    def _holder(self, subject: str) -> tuple[int, str] | None:
        """Position and insert id of the record of a subject. Asks the leader: a replica may lag."""
        try:
            message = self._api.call(f"STREAM.MSG.GET.{self._api.settings.stream}", {"last_by_subj": subject})
        except ApiError as e:
            if e.err_code == MESSAGE_NOT_FOUND:
                return None
            raise OperationalError(f"the current holder of a version can't be read from the bus: {e}") from e
        stored_message = message["message"]
        headers = dict(Reply(b64decode(stored_message.get("hdrs", "")), b"").headers())
        return int(stored_message["seq"]), headers.get(INSERT, "")

    def _failure(self, unknown: bool, last_error: Exception) -> OperationalError:
        if unknown:
            return OutcomeUnknown(
                f"perhaps recorded, perhaps not: {_describe_error(last_error)}{self._server_health_reports()}"
            )
        return OperationalError(f"not recorded: {_describe_error(last_error)}")

    def _server_health_reports(self) -> str:
        """The servers' health reports: one whose disk was full does not answer appends."""
        system = self._api.connection.system()
        reported: list[str] = []
        if system is not None:
            with contextlib.suppress(OperationalError):
                reported = health_errors(system, 1.0)
        return "".join(f"; a server reports: {error}" for error in reported if error)


def _is_conflict(error: ApiError) -> bool:
    if error.err_code == STORE_FAILED:
        return "per subject" in error.text  # any other text is a failure of the disk
    return error.err_code in (WRONG_LAST_SEQUENCE, EXPECTATION_IN_FLIGHT)


def _checked_topic(topic: str) -> str:
    """A header's value must be read back unchanged."""
    if not topic.isprintable() or topic != topic.strip():
        raise ProgrammingError("a topic is one line of printable text")
    return topic


def _describe_error(last_error: Exception) -> str:
    return str(last_error) or "the connection to the bus was lost"
