"""Verifying a hub's whole record: every place, seal, signature and decision, every row, every receipt.

It reads the stream as it lies there, trusts nothing it says, and tells each fault with its place. What it
needs: the stream, the vault's control keys, the genesis pinned by the installation, and for the rest
the views and the doors' own receipts where they are at hand.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from adapters.bus import JetStreamApplicationRecorder, RawMessage
from adapters.store import TOPIC, Store
from domain import events as e
from domain.codes import Section
from domain.errors import ExchangeError, NotFound, Untrusted
from domain.record import access_of
from domain.refusals import REFUSALS
from gateway.hub.read_models import as_stream_record, open_engine
from gateway.installation.folder import Installation
from gateway.verifier.judge import Judge
from gateway.verifier.log_checker import LogChecker
from gateway.verifier.record_parser import read
from keys.genesis import Genesis
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.receipt import verify_receipt
from keys.record import list_parts
from keys.stored_record import KEY_GONE, NEWER_EDITION, StoredRecord, UnreadableRecord
from projections.engine import Engine
from projections.queries import Queries

PAGE = 500


@dataclass(frozen=True)
class Finding:
    """One fault: what, and where (stream position, subject or row)."""

    what: str
    position: int | None
    where: str
    detail: str = ""


@dataclass
class Verification:
    """What was looked at and what was found."""

    records: int = 0
    signatures: int = 0
    decisions: int = 0
    hub_acts: int = 0
    rows_compared: bool = False
    receipts: int = 0
    log_size: int | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """The public form."""
        return {
            "ok": self.ok,
            "records": self.records,
            "signatures": self.signatures,
            "decisions": self.decisions,
            "hub_acts": self.hub_acts,
            "rows_compared": self.rows_compared,
            "receipts": self.receipts,
            "log_size": self.log_size,
            "findings": [f.__dict__ for f in self.findings],
        }


class Verifier:
    """One pass over one stream."""

    def __init__(self, recorder: JetStreamApplicationRecorder, store: Store, genesis: Genesis) -> None:
        self._stream_recorder = recorder
        self._record_store = store
        self._pinned_genesis = genesis
        self._judge = Judge(genesis)
        self._previous_epoch: dict[UUID, int] = {}  # of each originator's record before
        self._last_version: dict[UUID, int] = {}
        self._sha_by_position: dict[int, bytes] = {}
        self._missing_shred_keys: dict[
            tuple[UUID, Section], int
        ] = {}  # keys that are gone: where they were first missed
        self.result = Verification()

    # --- the pass ---------------------------------------------------------------------------------------------

    def run(
        self,
        *,
        read_models: Engine | None = None,
        doors: Iterable[Path] = (),
        log: Path | None = None,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> Verification:
        """Go through the whole stream. ``read_models``: the live rows; ``doors``: databases of doors with receipts; ``log``:
        the folder of the transparency log."""
        head = self._stream_recorder.head()
        log_checker = None if log is None else LogChecker(log, self._pinned_genesis, self._report)
        leaves = Queries(read_models.reader) if read_models is not None else None
        with TemporaryDirectory(prefix="kakehashi-") as folder:
            rebuilt = (
                open_engine(self._record_store, Path(folder) / "views.db")
                if read_models is not None
                else None
            )
            if rebuilt is not None:
                rebuilt.start()
            expected = 1
            for raw in self._read_stream(head):
                for gone in range(expected, raw.sequence):
                    self._report("record-missing", gone, f"position {gone}")
                expected = raw.sequence + 1
                self.result.records += 1
                self._sha_by_position[raw.sequence] = record_sha(raw.subject, raw.state)
                if log_checker is not None:
                    log_checker.check_record(
                        raw.sequence, raw.subject, self._leaf_of(raw), self._sha_by_position[raw.sequence]
                    )
                if leaves is not None:
                    self._check_leaf(leaves, raw)
                stored = self._check_record(raw)
                if stored is not None and rebuilt is not None and not self.result.findings:
                    rebuilt.apply(as_stream_record(stored))
                progress(raw.sequence, head)
            for gone in range(expected, head + 1):
                self._report("record-missing", gone, f"position {gone}")
            if read_models is not None and rebuilt is not None:
                self._compare_rows(read_models, rebuilt, head)
                rebuilt.close()
        if log_checker is not None:
            log_checker.end(head)
            self.result.log_size = log_checker.size
        self._check_destruction()
        for door in doors:
            self._check_receipts(door)
        result, judge = self.result, self._judge
        result.signatures, result.decisions, result.hub_acts = (
            judge.signatures,
            judge.decisions,
            judge.hub_acts,
        )
        return result

    def _check_destruction(self) -> None:
        """What has no key was destroyed by the record, and what was destroyed by the record has none.

        Not said where records of newer rules can't be read here: they may say it.
        """
        if any(finding.what == NEWER_EDITION for finding in self.result.findings):
            return
        register, unreadable = self._judge.register, self._judge.unreadable
        erased = register.unreadable
        destroyed_originators = {id: case for case in erased for id in (case, access_of(case))}
        for originator, (version, position) in unreadable.items():
            if originator not in destroyed_originators:
                self._report(
                    "key-missing", position, f"originator {originator}", "control: no record says why"
                )
            elif originator in erased and version != erased[originator].last_version:
                self._report(
                    "record-missing", position, f"case {originator}", "not as many as were destroyed"
                )
        for originator, case in destroyed_originators.items():
            if self._record_store.control_status(originator) == "here":
                self._report("key-not-destroyed", None, f"case {case}", "control: it is still there")
        for (case, section), position in self._missing_shred_keys.items():
            if section not in register.destroyed.get(case, frozenset()):
                self._report("key-missing", position, f"case {case}", f"{section}: no record says why")
        for case, sections in register.destroyed.items():
            for section in sorted(sections):
                if self._record_store.key_status(case, section.value) == "here":
                    self._report("key-not-destroyed", None, f"case {case}", f"{section}: it is still there")

    def _read_stream(self, head: int) -> Iterator[RawMessage]:
        start = 1
        while start <= head:
            page = self._stream_recorder.read_raw(start, PAGE)
            if not page:
                return
            yield from page
            start = page[-1].sequence + 1

    def _report(self, what: str, position: int | None, where: str, detail: str = "") -> None:
        self.result.findings.append(Finding(what, position, where, detail))

    # --- one record ---------------------------------------------------------------------------------------------

    def _check_record(self, raw: RawMessage) -> StoredRecord | UnreadableRecord | None:
        """Everything that can be said of one record, in numbered steps; the first fault of a record ends it."""
        where = raw.subject
        # (1) It lies where an honest writer would have put it.
        if (
            raw.anomalies
            or raw.topic != TOPIC
            or not isinstance(raw.originator_id, UUID)
            or raw.version is None
        ):
            self._report("foreign-message", raw.sequence, where, "; ".join(raw.anomalies))
            return None
        previous_version = self._last_version.get(raw.originator_id, 0)
        self._last_version[raw.originator_id] = raw.version
        if raw.version != previous_version + 1:
            self._report("version-out-of-order", raw.sequence, where, f"after version {previous_version}")
        try:
            # (2) It opens in just this place, and says what an event can say; or nobody can open it any more.
            stored = self._open_record(raw, raw.originator_id, raw.version)
            if isinstance(stored, UnreadableRecord):
                self._judge.unreadable[stored.originator] = (stored.version, stored.position)
                return stored
            # (3) It is what its signed command, the rules and the records before it come to.
            difference = self._judge.check(stored)
            # (4) What it carries is what was signed.
            self._check_parts(stored)
        except ExchangeError as error:
            self._report(error.error_code, raw.sequence, where, error.explanation)
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._report("unreadable", raw.sequence, where, type(error).__name__)
            return None
        if difference is not None:
            self._report("decision-differs", raw.sequence, where, difference)
        edition_error = self._judge.edition_error(stored.record)
        if edition_error is not None:
            self._report(
                edition_error, raw.sequence, where, "decided under older rules than a record before it"
            )
        withheld_alarm_error = self._judge.withheld_alarm_error(stored.record)
        if withheld_alarm_error is not None:
            self._report(
                withheld_alarm_error, raw.sequence, where, "what was due is recorded before anything else"
            )
        self._judge.fold(stored.record)
        return stored

    def _open_record(
        self, raw: RawMessage, originator_id: UUID, version: int
    ) -> StoredRecord | UnreadableRecord:
        """The record, opened by the verifier itself; the store only gives the key."""
        try:
            ck = self._record_store.control_key(originator_id, list_parts(raw.state).epoch)
        except NotFound:
            return UnreadableRecord(
                raw.sequence,
                originator_id,
                version,
                raw.subject,
                record_sha(raw.subject, raw.state),
                KEY_GONE,
            )
        stored = read(
            hub=self._pinned_genesis.hub,
            ck=ck,
            position=raw.sequence,
            subject=raw.subject,
            originator=originator_id,
            version=version,
            state=raw.state,
        )
        if isinstance(stored.record.event, e.KeyDestroyed | e.ControlDestroyed):
            self._record_store.forget_keys()  # the hub may have destroyed them just now
        return stored

    def _check_parts(self, stored: StoredRecord) -> None:
        payload = stored.payload
        if payload is None:
            return
        if isinstance(stored.record.event, (*REFUSALS, e.AccessEvent)):
            if stored.opened.items or stored.opened.sealed_wrapped_keys:
                raise Untrusted("parts-of-a-refusal")
            return
        for item in payload.items:
            self._record_store.sealed_item(stored, item.item)
        for wrapped_key in payload.wrapped_keys:
            section = self._judge.section_of(stored.record, payload, wrapped_key.item)
            if self._record_store.key_status(stored.record.about.id, section) == "gone":
                self._missing_shred_keys.setdefault(
                    (stored.record.about.id, Section(section)), stored.position
                )
            else:
                self._record_store.wrapped_key(stored, wrapped_key.item, wrapped_key.to, section)

    def _leaf_of(self, raw: RawMessage) -> Leaf | None:
        """The leaf of a record as it lies there; None where its control key is not at hand."""
        if not isinstance(raw.originator_id, UUID) or raw.version is None:
            return None
        originator_id = raw.originator_id
        with suppress(ExchangeError):
            parts = list_parts(raw.state)
            epoch = (
                parts.epoch
                if parts.audit_wrapped_key is None
                else self._previous_epoch.get(originator_id, parts.epoch)
            )
            self._previous_epoch[originator_id] = parts.epoch
            tag = leaf_tag(self._record_store.control_key(originator_id, epoch), originator_id, raw.version)
            return Leaf(raw.sequence, self._sha_by_position[raw.sequence], tag)
        return None

    # --- what else is at hand ---------------------------------------------------------------------------------------

    def _check_leaf(self, leaves: Queries, raw: RawMessage) -> None:
        """The leaf that was noted when the record was first seen: an altered or moved record differs."""
        if not isinstance(raw.originator_id, UUID) or raw.version is None:
            return
        recorded_leaf = leaves.leaf_of(raw.originator_id, raw.version)
        if recorded_leaf is None:
            self._report("leaf-missing", raw.sequence, raw.subject, "the views do not know this record")
        elif recorded_leaf.position != raw.sequence:
            self._report(
                "record-moved", raw.sequence, raw.subject, f"was at position {recorded_leaf.position}"
            )
        elif recorded_leaf.sha != self._sha_by_position[raw.sequence]:
            self._report("record-altered", raw.sequence, raw.subject, "not the bytes that were recorded")

    def _compare_rows(self, read_models: Engine, rebuilt: Engine, head: int) -> None:
        if read_models.position > head:
            self._report(
                "record-missing",
                head + 1,
                f"positions {head + 1} to {read_models.position}",
                "cut off at the end",
            )
            return
        if self.result.findings:
            return  # rows can only be compared with events that hold
        read_models.wait_for(head, 15.0)
        self.result.rows_compared = True
        for difference in read_models.differences(rebuilt):
            self._report("row-differs", None, f"{difference.table} {difference.key}", difference.kind)

    def _check_receipts(self, door: Path) -> None:
        """Every receipt that a door holds stands for a record that is still there, just as it was."""
        with closing(sqlite3.connect(f"file:{door}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT command_id, answer FROM outbox WHERE state='CONFIRMED'").fetchall()
        for command_id, answer in rows:
            receipt = verify_receipt(b64decode(json.loads(answer)["receipt"]), self._pinned_genesis.log)
            self.result.receipts += 1
            leaf = receipt.leaf
            if leaf is None or self._sha_by_position.get(leaf.seq) != leaf.sha:
                self._report(
                    "receipt-without-record",
                    None if leaf is None else leaf.seq,
                    f"ask {command_id}",
                    door.parent.name,
                )


def doors_of(installation: Installation) -> list[Path]:
    """The databases of the doors that live in this folder."""
    return [p for a in installation.agencies() if (p := a.folder / "door.db").exists()]
