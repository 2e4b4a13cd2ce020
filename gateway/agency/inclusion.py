"""Inclusion proofs: every confirmed command must be in the hub's one append-only log.

A command is *proven* when its record is proven to be included under a checkpoint that is consistent with every
checkpoint this door saw before. A checkpoint that contradicts an earlier one is kept as evidence, and from then on
nothing counts as proven. Source: KH-1 §8.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.errors import ExchangeError, Malformed, NotFound, Untrusted
from domain.events import dump
from gateway.agency.door import Door
from gateway.witness.policy import Policy
from keys.checkpoint import Checkpoint, origin_of, verify_checkpoint
from keys.proofs import entry_hash, verify_consistency, verify_inclusion
from keys.receipt import Receipt, verify_receipt

BATCH_SIZE = 200
PROMISE_GRACE = timedelta(seconds=60)
"""A promised proof that is later than this is reported."""


@dataclass(frozen=True)
class LogStatus:
    """The state of a door's proofs. ``size``: leaves of the log; ``late``: not proven by the promised time."""

    size: int
    proven: int
    waiting: int
    late: int
    alarms: list[str]

    def to_json(self) -> dict[str, Any]:
        return self.__dict__


class LogProver:
    """Fetches and verifies the inclusion proofs of one door."""

    def __init__(self, door: Door, policy: Policy | None = None) -> None:
        """``policy``: the witnesses that this agency has pinned; a checkpoint counts only with enough cosignatures."""
        self._door = door
        self._policy = policy
        self._origin = origin_of(door.hub, door.genesis.mode)

    def prove_batch(self) -> int:
        """Fetch the log's checkpoint and prove at most ``BATCH_SIZE`` commands under it. Returns how many were proven.

        Raises Unavailable where the hub is away, Untrusted where its log contradicts itself.
        """
        store = self._door.store
        if store.log_alarms():
            raise Untrusted("log-contradicts")
        try:
            head = self._fetch_verified_head()
        except NotFound:
            return 0  # the log has no checkpoint yet
        done = 0
        for outbox_entry in store.unproven(BATCH_SIZE):
            receipt = self._receipt_of_answer(outbox_entry.answer)
            leaf = receipt.leaf
            if leaf is None:
                store.record_proof(outbox_entry.command_id, 0, head.size)  # it made no record
            elif leaf.seq <= head.size:
                self._verify_inclusion_of(receipt, head)
                store.record_proof(outbox_entry.command_id, leaf.seq, head.size)
                done += 1
        return done

    def _receipt_of_answer(self, answer: Any) -> Receipt:
        return verify_receipt(b64decode(answer["receipt"]), self._door.genesis.log)

    def _fetch_verified_head(self) -> Checkpoint:
        """The hub's current checkpoint, if it is consistent with the last one seen here. Raises Untrusted."""
        store, client, log = self._door.store, self._door.client, self._door.genesis.log
        note = client.checkpoint() if self._policy is None else client.witnessed()
        now, signed = verify_checkpoint(note, self._origin, log)
        if self._policy is not None:
            self._policy.require_quorum(signed)
        stored_note = store.log_head()
        if stored_note is not None:
            old_head, _ = verify_checkpoint(stored_note, self._origin, log)
            if now.size < old_head.size:
                raise self._recorded_alarm("log-rolled-back", stored_note, note)
            try:
                proof = client.consistency(old_head.size, now.size) if old_head.size < now.size else []
                verify_consistency(old_head.size, now.size, proof, old_head.root, now.root)
            except (Untrusted, Malformed) as error:
                raise self._recorded_alarm("log-split-view", stored_note, note) from error
        store.store_log_head(note)
        return now

    def _verify_inclusion_of(self, receipt: Receipt, head: Checkpoint) -> None:
        assert receipt.leaf is not None
        try:
            proof_answer = self._door.client.inclusion(receipt.leaf.seq, head.size)
            index, size = int(proof_answer["index"]), int(proof_answer["size"])
            proof = [bytes.fromhex(node) for node in proof_answer["proof"]]
        except (KeyError, TypeError, ValueError) as error:
            raise Untrusted("proof-unreadable") from error
        if index != receipt.leaf.seq - 1 or size != head.size:
            raise Untrusted("proof-of-another")
        try:
            verify_inclusion(entry_hash(receipt.leaf.encode()), index, size, proof, head.root)
        except (Untrusted, Malformed) as error:
            raise self._recorded_alarm("record-not-in-log", self._door.store.log_head(), None) from error

    def _recorded_alarm(self, kind: str, earlier: bytes | None, later: bytes | None) -> Untrusted:
        self._door.store.record_log_alarm(kind, dump(self._door.now()), earlier, later)
        return Untrusted(kind)

    def log_status(self) -> LogStatus:
        """What is proven, what waits, what is late, and what is wrong."""
        store = self._door.store
        head = store.log_head()
        size = 0 if head is None else verify_checkpoint(head, self._origin, self._door.genesis.log)[0].size
        now = self._door.now()
        waiting = late = 0
        for outbox_entry in store.unproven(10 * BATCH_SIZE):
            waiting += 1
            late += self._receipt_of_answer(outbox_entry.answer).promised_at + PROMISE_GRACE < now
        alarms = [str(alarm["kind"]) for alarm in store.log_alarms()]
        return LogStatus(size, len(store.proven()), waiting, late, alarms)


def try_proof_batch(log_prover: LogProver) -> None:
    """Prove until nothing waits. A contradiction is in the store and shown; while the hub is away it is retried later."""
    try:
        while log_prover.prove_batch() == BATCH_SIZE:
            pass
    except ExchangeError:
        return
