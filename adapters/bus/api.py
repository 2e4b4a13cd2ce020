"""Requests to JetStream: send, retry what may be retried, and raise the library's exceptions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from eventsourcing.persistence import OperationalError

from .client import Connection, NoReply, NotSent
from .wire import Reply

# Source: nats-server 2.15 errors.json. Tested by err_code: one HTTP-like code covers many errors.
WRONG_LAST_SEQUENCE = 10071
STORE_FAILED = 10077  # "maximum messages per subject exceeded", but a full disk too: read the text
EXPECTATION_IN_FLIGHT = 10164
BATCH_TOO_LARGE = 10199
STREAM_NOT_FOUND = 10059
MESSAGE_NOT_FOUND = 10037
UNREADABLE = 0  # not the server's: an answer that we do not understand
RETRYABLE_ERRORS = frozenset(
    {
        10008,  # JetStream is unavailable for the moment
        10005,  # no suitable peers: a cluster that has just started
        10009,  # a leader is being chosen
        10023,  # insufficient resources: also a server without room
        10047,  # insufficient storage
        10176,  # a batch that is incomplete: some of its messages were lost
        10210,  # too many open batches
    }
)
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)  # seconds between tries; the last one repeats

T = TypeVar("T")


class ApiError(Exception):
    """An error that the server reported: its ``err_code`` and its text."""

    def __init__(self, err_code: int, text: str) -> None:
        super().__init__(f"{text} ({err_code})")
        self.err_code = err_code
        self.text = text


def read_answer(reply: Reply) -> dict[str, Any]:
    """The JSON of an answer. ``ApiError`` if it reports an error."""
    if reply.status == 503:
        raise ApiError(10008, "no server answers for this stream: it does not exist, or not yet")
    try:
        answer = json.loads(reply.data)
    except ValueError as e:
        raise ApiError(UNREADABLE, "the answer can't be read") from e
    if error := answer.get("error"):
        raise ApiError(int(error.get("err_code", 0)), str(error.get("description", "")))
    return dict(answer)


class Api:
    """JetStream's requests over one connection, each bounded by the settings' times."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.settings = connection.settings

    def deadline(self) -> float:
        return time.monotonic() + self.settings.timeout

    def call(self, subject: str, body: object = None) -> dict[str, Any]:
        """Ask once, again while the answer is "not now". Only for requests that may be repeated.

        ``ApiError`` for any other error that the server reports, ``OperationalError`` at the deadline.
        """
        payload = b"" if body is None else json.dumps(body).encode()

        def attempt(until: float) -> dict[str, Any]:
            return read_answer(self.connection.request(f"$JS.API.{subject}", payload, deadline=until)[0])

        return self.repeat(attempt)

    def pull(self, stream: str, body: object) -> list[Reply]:
        """Read messages by direct get. The closing status is the last of the list.

        ``ApiError`` if the server does not understand or no answer comes in time.
        """
        payload = json.dumps(body).encode()

        def attempt(until: float) -> list[Reply]:
            replies = self.connection.request(
                f"$JS.API.DIRECT.GET.{stream}", payload, deadline=until, many=True
            )
            if replies[-1].status == 503:
                raise ApiError(10008, "no server answers for this stream: it does not exist, or not yet")
            return replies

        return self.repeat(attempt)

    def repeat(self, attempt: Callable[[float], T]) -> T:
        deadline = self.deadline()
        tries = 0
        while True:
            self.connection.await_connection(deadline)
            try:
                return attempt(min(time.monotonic() + self.settings.try_timeout, deadline))
            except (NotSent, NoReply) as e:
                last_error: Exception = e
            except ApiError as e:
                if e.err_code not in RETRYABLE_ERRORS:
                    raise
                last_error = e
            self.leave_silent_server(deadline)
            pause_before_retry(tries, deadline, last_error)
            tries += 1

    def leave_silent_server(self, deadline: float) -> None:
        """Between tries of a call with this deadline: try another server once this one has had the time of one try."""
        if time.monotonic() >= deadline - self.settings.timeout + self.settings.try_timeout:
            self.connection.leave_silent_server()


def pause_before_retry(tries: int, deadline: float, last_error: Exception) -> None:
    """Wait before the next try. ``OperationalError`` if the time is up."""
    seconds = PAUSES[min(tries, len(PAUSES) - 1)]
    if time.monotonic() + seconds >= deadline:
        raise OperationalError(
            f"the bus can't answer now: {last_error or 'the connection was lost'}"
        ) from last_error
    time.sleep(seconds)
