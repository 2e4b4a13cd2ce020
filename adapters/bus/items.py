"""Sealed items too large for a record, kept under their digest in a bucket of the same account.

A bucket is a stream laid out as NATS object stores are (``$O.<bucket>.C.>`` chunks, ``$O.<bucket>.M.>``
what makes an item whole). An item is there once its ``M`` message is; chunks without it are the
remains of an interrupted put.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from eventsourcing.persistence import OperationalError

from .api import MESSAGE_NOT_FOUND, Api, ApiError, read_answer
from .client import Connection
from .errors import ItemDamaged, ItemMissing
from .fresh import as_direct
from .settings import BusSettings
from .stream import ensure
from .wire import Reply

CHUNK_BYTES = 512 * 1024
_CHUNKS_A_PAGE = 16


def item_stream(settings: BusSettings) -> dict[str, Any]:
    """The configuration of the bucket: items may be deleted, and are never changed."""
    return {
        "name": f"OBJ_{settings.bucket}",
        "subjects": [f"$O.{settings.bucket}.C.>", f"$O.{settings.bucket}.M.>"],
        "storage": "file",
        "retention": "limits",
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "max_consumers": -1,
        "max_msgs_per_subject": 1,
        "discard": "old",  # a chunk that is put again replaces itself
        "allow_direct": True,
        "duplicate_window": 120_000_000_000,
        "compression": "none",
        "num_replicas": settings.replicas,
    }


def ensure_items(ops: BusSettings, *, create: bool = True) -> None:
    """Make or compare the bucket, with the credentials of the operations user; as ``ensure_stream``."""
    connection = Connection(ops)
    try:
        ensure(Api(connection), item_stream(ops), create=create)
    finally:
        connection.close()


class ItemStore:
    """Keeps bytes under their SHA-256. Safe for use by many threads. Close it when done."""

    def __init__(self, settings: BusSettings) -> None:
        self._bus_connection = Connection(settings)
        self._api = Api(self._bus_connection)
        self._stream = f"OBJ_{settings.bucket}"
        self._prefix = f"$O.{settings.bucket}"
        self._replicated = settings.replicas > 1

    def put(self, digest: bytes, data: bytes, renew_before: datetime | None = None) -> None:
        """Keep the bytes; to put them again changes nothing, unless they were stored before ``renew_before``: then they
        are stored anew. ``ValueError`` if the digest is not theirs."""
        if sha256(data).digest() != digest:
            raise ValueError("the digest is not the item's")
        stored_at = self.stored_at(digest)
        if stored_at is not None and (renew_before is None or stored_at >= renew_before):
            return
        name = digest.hex()
        count = -(-len(data) // CHUNK_BYTES)
        for i in range(count):
            self._publish(f"{self._prefix}.C.{name}.{i}", data[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES])
        manifest = json.dumps({"bytes": len(data), "chunks": count}, sort_keys=True).encode()
        self._publish(f"{self._prefix}.M.{name}", manifest)

    def has(self, digest: bytes) -> bool:
        """Whether the item of this digest is stored completely."""
        return self._chunk_count(digest) is not None

    def stored_at(self, digest: bytes) -> datetime | None:
        """When the item of this digest was last made complete, by the bus's clock; None if it is not complete."""
        stored = self._pull({"multi_last": [f"{self._prefix}.M.{digest.hex()}"]})
        return _parse_bus_time(dict(stored[0].headers())["Nats-Time-Stamp"]) if stored else None

    def get(self, digest: bytes) -> bytes:
        """The bytes of this digest. ``ItemMissing`` if there are none, ``ItemDamaged`` if they changed."""
        count = self._chunk_count(digest)
        if count is None:
            raise ItemMissing(digest.hex())
        parts: list[bytes] = []
        for i in range(0, count, _CHUNKS_A_PAGE):
            page = range(i, min(i + _CHUNKS_A_PAGE, count))
            wanted = [f"{self._prefix}.C.{digest.hex()}.{k}" for k in page]
            stored = {_subject(reply): reply.data for reply in self._pull({"multi_last": wanted})}
            missing = [subject for subject in wanted if subject not in stored]
            stored |= {_subject(reply): reply.data for reply in self._of_leader(missing)}
            parts += [stored.get(subject, b"") for subject in wanted]
        data = b"".join(parts)
        if sha256(data).digest() != digest:
            raise ItemDamaged(f"the item {digest.hex()} does not have its digest")
        return data

    def delete(self, digest: bytes, before: int | None = None) -> None:
        """Delete an item; one that is not there is deleted already. ``before``: only what was stored before this
        sequence number of the bucket's stream."""
        for kind, tail in (("M", ""), ("C", ".>")):  # first what marks it as complete
            self._purge(f"{self._prefix}.{kind}.{digest.hex()}{tail}", before)

    def delete_orphans(
        self, older_than: datetime, is_needed: Callable[[bytes], bool] = lambda digest: True
    ) -> int:
        """Delete what no record needs and was stored before ``older_than``; how many items went.

        Remains of interrupted puts are always deleted; complete items if ``is_needed`` returns false for their digest.
        An item is stored before the record that names it: leave it time. One that is stored anew meanwhile stays.
        """
        if older_than.tzinfo is None:
            raise ValueError("older_than needs a time zone")
        deleted = 0
        judged_before = int(self._call(f"STREAM.INFO.{self._stream}", {})["state"]["last_seq"]) + 1
        for name in sorted(self._stored_digests()):
            try:
                digest = bytes.fromhex(name)
            except ValueError:
                continue  # nothing that this class wrote
            if self._chunk_count(digest) is not None and is_needed(digest):
                continue
            if self._last_stored(name) < older_than:
                self.delete(digest, judged_before)
                deleted += 1
        return deleted

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._bus_connection.close()

    # -- parts

    def _chunk_count(self, digest: bytes) -> int | None:
        """The number of chunks of a complete item, or None. What a replica does not have, the leader may have."""
        subject = f"{self._prefix}.M.{digest.hex()}"
        stored = self._pull({"multi_last": [subject]}) or self._of_leader([subject])
        return int(json.loads(stored[0].data)["chunks"]) if stored else None

    def _of_leader(self, subjects: list[str]) -> list[Reply]:
        """Those of these messages that the leader of a cluster has; a stream on one server has no other copy."""
        stored = []
        for subject in subjects if self._replicated else ():
            try:
                answer = self._api.call(f"STREAM.MSG.GET.{self._stream}", {"last_by_subj": subject})
            except ApiError as e:
                if e.err_code == MESSAGE_NOT_FOUND:
                    continue
                raise OperationalError(f"the bus could not answer: {e}") from e
            stored.append(as_direct(answer["message"], self._stream))
        return stored

    def _stored_digests(self) -> set[str]:
        """The digests of all stored items, in hex, complete or not."""
        names: set[str] = set()
        offset = 0
        while True:
            info = self._call(
                f"STREAM.INFO.{self._stream}", {"subjects_filter": f"{self._prefix}.>", "offset": offset}
            )
            subjects = info["state"].get("subjects") or {}
            names |= {s.removeprefix(self._prefix + ".").split(".")[1] for s in subjects}
            offset += len(subjects)
            if not subjects or offset >= info.get("total", 0):
                return names

    def _last_stored(self, name: str) -> datetime:
        latest = datetime.min.replace(tzinfo=UTC)
        for subject in (f"{self._prefix}.M.{name}", f"{self._prefix}.C.{name}.*"):
            try:
                stored = self._api.call(f"STREAM.MSG.GET.{self._stream}", {"last_by_subj": subject})[
                    "message"
                ]
            except ApiError:
                continue
            latest = max(latest, _parse_bus_time(stored["time"]))
        return latest

    def _publish(self, subject: str, data: bytes) -> None:
        """Store one message; a repetition replaces it with the same bytes."""

        def once(until: float) -> object:
            return read_answer(self._bus_connection.request(subject, data, deadline=until)[0])

        try:
            self._api.repeat(once)
        except ApiError as e:
            raise OperationalError(f"the bus could not store an item: {e}") from e

    def _purge(self, subject: str, before: int | None) -> None:
        bound = {} if before is None else {"seq": before}
        self._call(f"STREAM.PURGE.{self._stream}", {"filter": subject, **bound})

    def _call(self, subject: str, body: object) -> dict[str, Any]:
        try:
            return self._api.call(subject, body)
        except ApiError as e:
            raise OperationalError(f"the bus could not answer: {e}") from e

    def _pull(self, body: dict[str, Any]) -> list[Reply]:
        try:
            replies = self._api.pull(self._stream, body)
        except ApiError as e:
            raise OperationalError(f"the bus could not answer: {e}") from e
        end = replies.pop()
        if end.status not in (204, 404):
            raise OperationalError(f"the bus could not answer a read: {end.status_text} ({end.status})")
        return replies


def _subject(reply: Reply) -> str:
    return dict(reply.headers())["Nats-Subject"]


def _parse_bus_time(text: str) -> datetime:
    """A time of the bus (RFC 3339 in UTC), to the second below."""
    return datetime.fromisoformat(text[:19] + "+00:00")
