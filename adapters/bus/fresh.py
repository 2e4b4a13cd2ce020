"""Answers that are not older than what is known here: how a reader of a cluster is never shown the past.

On a cluster any replica may answer a direct get, and one that was paused or cut off answers from before. A recorder
keeps the highest position that it has seen, and refuses an answer that does not prove to reach it. What no direct
get can prove is asked of the stream's leader, message by message.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, TypeVar

from .api import MESSAGE_NOT_FOUND, Api, ApiError, pause_before_retry, read_answer
from .client import NoReply, NotSent
from .wire import Reply

MAX_SILENT_SECONDS = 3.0
"""How long a leader may be without contact to its peers and still be believed; they answer its heartbeats every second."""
IN_FLIGHT = 64  # requests under way at once when messages are read from the leader one by one

T = TypeVar("T")


class Behind(Exception):
    """The server that answered does not prove that it knows what is known here."""


class _Missing(Behind):
    """The server that answered does not have this message."""


class FreshReads:
    """Reads of one stream that reach the highest position seen so far. Safe for use by many threads.

    A stream on one server has nothing to prove: its only copy answers.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._stream = api.settings.stream
        self.replicated = api.settings.replicas > 1
        self.known_head = 0
        self._head_lock = Lock()  # owns known_head while it is raised

    def saw(self, position: int) -> None:
        """The stream reaches this position."""
        if position > self.known_head:
            with self._head_lock:
                self.known_head = max(self.known_head, position)

    def until_fresh(self, *reads: Callable[[], T]) -> T:
        """The first answer that is not behind; each way is tried in turn. ``OperationalError`` at the deadline."""
        deadline = self._api.deadline()
        tries = 0
        while True:
            for read in reads:
                try:
                    return read()
                except Behind as behind:
                    error = behind
            self._api.leave_silent_server(deadline)
            pause_before_retry(tries, deadline, error)
            tries += 1

    def require(self, reached: int) -> None:
        """Raise ``Behind`` where an answer does not reach what is known."""
        if self.replicated and reached < self.known_head:
            raise Behind(f"a server has {reached} records, {self.known_head} are known")

    # -- the leader's answers

    def info(self, body: object = None) -> dict[str, Any]:
        """The leader's report on the stream. ``Behind`` if it is behind, or may have been replaced without noticing."""
        info = self._api.call(f"STREAM.INFO.{self._stream}", body)
        if self.replicated:
            self.require(int(info["state"]["last_seq"]))
            if not is_in_contact_with_majority(info.get("cluster", {})):
                raise Behind("The leader has no contact with a majority.")
        self.saw(int(info["state"]["last_seq"]))
        return info

    def of_leader(self, subjects: Iterable[str]) -> list[Reply]:
        """The messages of these subjects from the leader, in the form of direct get. ``Behind`` if one is missing."""
        wanted = list(subjects)
        replies: list[Reply] = []
        for i in range(0, len(wanted), IN_FLIGHT):
            replies += self._get([{"last_by_subj": subject} for subject in wanted[i : i + IN_FLIGHT]])
        return replies

    def next_of_leader(self, first: int) -> Reply | None:
        """The first message from this position on, as the leader has it; None if there is none."""
        try:
            [reply] = self._get([{"seq": first, "next_by_subj": ">"}])
        except _Missing:
            self.info()  # fresh, and still no such message
            return None
        return reply

    def _get(self, bodies: list[dict[str, Any]]) -> list[Reply]:
        """One message for each body. ``Behind`` where one is not there or no answer comes."""
        connection = self._api.connection
        deadline = self._api.deadline()
        connection.await_connection(deadline)
        until = min(time.monotonic() + self._api.settings.try_timeout, deadline)
        subject = f"$JS.API.STREAM.MSG.GET.{self._stream}"
        pending = [connection.put([(subject, (), _json(body))]) for body in bodies]
        replies = []
        try:
            for request in pending:
                stored = read_answer(connection.take(request, until)[0])["message"]
                replies.append(as_direct(stored, self._stream))
        except (NotSent, NoReply) as e:
            raise Behind("the leader does not answer") from e
        except ApiError as e:
            if e.err_code == MESSAGE_NOT_FOUND:
                raise _Missing("the leader does not have a message that is known") from e
            raise Behind(str(e)) from e
        return replies


def is_in_contact_with_majority(cluster: dict[str, Any]) -> bool:
    peers = cluster.get("replicas") or []
    contacted = [
        peer for peer in peers if not peer.get("offline") and peer.get("active", 0) < MAX_SILENT_SECONDS * 1e9
    ]
    return 2 * (len(contacted) + 1) > len(peers) + 1


def as_direct(stored: dict[str, Any], stream: str) -> Reply:
    """A message of the leader in the form of a direct get: its headers, then the server's."""
    headers = b64decode(stored.get("hdrs", "")).removesuffix(b"\r\n\r\n") or b"NATS/1.0"
    own = (
        f"\r\nNats-Stream: {stream}\r\nNats-Subject: {stored['subject']}"
        f"\r\nNats-Sequence: {stored['seq']}\r\nNats-Time-Stamp: {stored['time']}\r\n\r\n"
    )
    return Reply(headers + own.encode(), b64decode(stored.get("data", "")))


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
