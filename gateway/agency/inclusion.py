"""Holding the hub to its promise: every confirmed wish stands in one log that only grows.

A wish is *proven* when its record's place under a signed head is proven, and that head continues every head that
this door saw before. A head that contradicts an earlier one is kept as evidence, and nothing is proven
any more. Source: KH-1 §8.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.errors import ExchangeError, Malformed, NotThere, Untrusted
from domain.events import dump
from gateway.agency.door import Door
from gateway.witness.policy import Policy
from keys.checkpoint import Checkpoint, origin_of, verify_checkpoint
from keys.proofs import entry_hash, verify_consistency, verify_inclusion
from keys.receipt import Receipt, verify_receipt

AT_ONCE = 200
GRACE = timedelta(seconds=60)
"""A promise that is this late is told."""


@dataclass(frozen=True)
class Standing:
    """How a door stands with the log. ``late``: promised, and not proven in time."""

    size: int
    proven: int
    waiting: int
    late: int
    alarms: list[str]

    def to_json(self) -> dict[str, Any]:
        return self.__dict__


class Proving:
    """The proofs of one door."""

    def __init__(self, door: Door, policy: Policy | None = None) -> None:
        """``policy``: the witnesses that this agency has pinned; a head counts only once enough of them cosigned it."""
        self._door = door
        self._policy = policy
        self._origin = origin_of(door.hub, door.genesis.mode)

    def step(self) -> int:
        """Take the log's head and prove what waits, as much as is done at once; returns how much was proven.

        Raises Unavailable where the hub is away, Untrusted where its log contradicts itself.
        """
        book = self._door.book
        if book.log_alarms():
            raise Untrusted("log-contradicts", "the hub's log has contradicted itself: tell the audit office")
        try:
            head = self._head()
        except NotThere:
            return 0  # the log has signed nothing yet
        done = 0
        for sent in book.unproven(AT_ONCE):
            receipt = self._receipt(sent.answer)
            leaf = receipt.leaf
            if leaf is None:
                book.prove(sent.ask_id, 0, head.size)  # it made no record: there is nothing to prove
            elif leaf.seq <= head.size:
                self._prove(receipt, head)
                book.prove(sent.ask_id, leaf.seq, head.size)
                done += 1
        return done

    def _receipt(self, answer: Any) -> Receipt:
        return verify_receipt(b64decode(answer["receipt"]), self._door.genesis.log)

    def _head(self) -> Checkpoint:
        """The hub's head now, if it continues the last one that was seen here."""
        book, client, log = self._door.book, self._door.client, self._door.genesis.log
        note = client.checkpoint() if self._policy is None else client.witnessed()
        now, signed = verify_checkpoint(note, self._origin, log)
        if self._policy is not None:
            self._policy.hold(signed)
        known = book.log_head()
        if known is not None:
            before, _ = verify_checkpoint(known, self._origin, log)
            if now.size < before.size:
                raise self._alarm("log-rolled-back", known, note)
            try:
                proof = client.consistency(before.size, now.size) if before.size < now.size else []
                verify_consistency(before.size, now.size, proof, before.root, now.root)
            except (Untrusted, Malformed) as error:
                raise self._alarm("log-split-view", known, note) from error
        book.keep_head(note)
        return now

    def _prove(self, receipt: Receipt, head: Checkpoint) -> None:
        assert receipt.leaf is not None
        try:
            found = self._door.client.inclusion(receipt.leaf.seq, head.size)
            index, size = int(found["index"]), int(found["size"])
            proof = [bytes.fromhex(one) for one in found["proof"]]
        except (KeyError, TypeError, ValueError) as error:
            raise Untrusted("proof-unreadable", "what the hub answered is no proof") from error
        if index != receipt.leaf.seq - 1 or size != head.size:
            raise Untrusted("proof-of-another", "the hub proved something else than it was asked")
        try:
            verify_inclusion(entry_hash(receipt.leaf.encode()), index, size, proof, head.root)
        except (Untrusted, Malformed) as error:
            raise self._alarm("record-not-in-log", self._door.book.log_head(), None) from error

    def _alarm(self, kind: str, earlier: bytes | None, later: bytes | None) -> Untrusted:
        self._door.book.log_alarm(kind, dump(self._door.now()), earlier, later)
        return Untrusted(kind, "the hub's log contradicts itself: tell the audit office, both heads are kept")

    def standing(self) -> Standing:
        """What is proven, what waits, what is late, and what is wrong."""
        book = self._door.book
        head = book.log_head()
        size = 0 if head is None else verify_checkpoint(head, self._origin, self._door.genesis.log)[0].size
        now = self._door.now()
        waiting = late = 0
        for sent in book.unproven(10 * AT_ONCE):
            waiting += 1
            late += self._receipt(sent.answer).promised_at + GRACE < now
        alarms = [str(one["kind"]) for one in book.log_alarms()]
        return Standing(size, len(book.proven()), waiting, late, alarms)


def try_step(proving: Proving) -> None:
    """One step; what is wrong is kept in the book and shown, what is away is tried again."""
    try:
        while proving.step() == AT_ONCE:
            pass
    except ExchangeError:
        return
