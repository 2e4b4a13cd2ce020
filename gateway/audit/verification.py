"""Verifying a hub's complete record: every position, seal, signature and decision, every row, every receipt.

The stream is read as it is stored and nothing in it is trusted; each fault is reported with its position. Needed are the
stream, the vault's control keys and the genesis pinned by the installation; rows and receipts are checked where the read
models and the doors' databases are at hand.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    """One fault: its code in the table of errors, and where it is (stream position, subject or row)."""

    code: str
    position: int | None
    where: str
    detail: str = ""


@dataclass
class Verification:
    """How much was verified, and every fault."""

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
        self._judge = Judge(genesis, all_cases=True)
        self._previous_epoch: dict[UUID, int] = {}  # of the record before, by originator
        self._last_version: dict[UUID, int] = {}
        self._sha_by_position: dict[int, bytes] = {}
        self._missing_shred_keys: dict[tuple[UUID, Section], int] = {}  # where each was first needed
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
        """Verify the complete stream. ``read_models``: the live rows; ``doors``: databases of doors with receipts; ``log``:
        the folder of the transparency log; ``progress``: called with (records verified, records in the stream)."""
        head = self._stream_recorder.head()
        log_checker = None if log is None else LogChecker(log, self._pinned_genesis, self._report)
        if read_models is None:
            self._check_stream(head, log_checker, None, None, progress)
        else:
            with TemporaryDirectory(prefix="kakehashi-") as folder:
                rebuilt = open_engine(self._record_store, Path(folder) / "read_models.db")
                rebuilt.start()
                self._check_stream(head, log_checker, Queries(read_models.reader), rebuilt, progress)
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

    def _check_stream(
        self,
        head: int,
        log_checker: LogChecker | None,
        leaves: Queries | None,
        rebuilt: Engine | None,
        progress: Callable[[int, int], None],
    ) -> None:
        """Each record in order; ``rebuilt``: the engine that makes the rows again, as long as nothing is wrong."""
        expected = 1
        for raw in self._read_stream(head):
            self._report_missing(expected, raw.sequence)
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
        self._report_missing(expected, head + 1)

    def _report_missing(self, first: int, end: int) -> None:
        """The positions from ``first`` to before ``end`` have no record."""
        for position in range(first, end):
            self._report("record-missing", position, f"position {position}")

    def _check_destruction(self) -> None:
        """What has no key was destroyed by the record, and what was destroyed by the record has none.

        Not said where records of newer rules can't be read here: they may say it.
        """
        if any(finding.code == NEWER_EDITION for finding in self.result.findings):
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
        self._check_content_destruction(register.destroyed)

    def _check_content_destruction(self, destroyed: Mapping[UUID, frozenset[Section]]) -> None:
        """The same for the keys of content: ``destroyed`` are the sections of each case whose keys are gone by record."""
        for (case, section), position in self._missing_shred_keys.items():
            if section not in destroyed.get(case, frozenset()):
                self._report("key-missing", position, f"case {case}", f"{section}: no record says why")
        for case, sections in destroyed.items():
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

    def _report(self, code: str, position: int | None, where: str, detail: str = "") -> None:
        self.result.findings.append(Finding(code, position, where, detail))

    # --- one record ---------------------------------------------------------------------------------------------

    def _check_record(self, raw: RawMessage) -> StoredRecord | UnreadableRecord | None:
        """Verify one record, in numbered steps; most faults end it there. None where the record can't be believed."""
        where = raw.subject
        # (1) Is it in the form and at the version that an honest writer would have given it?
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
            # (2) Does it open at this position, as an event? Or can nobody open it any more?
            stored = self._open_record(raw, raw.originator_id, raw.version)
            if isinstance(stored, UnreadableRecord):
                self._judge.unreadable[stored.originator] = (stored.version, stored.position)
                return stored
            # (3) Does it follow from its signed command, the rules and the records before it?
            difference = self._judge.check(stored)
            # (4) Are its items and wrapped keys those that were signed?
            self._check_parts(stored)
        except ExchangeError as error:
            self._report(error.error_code, raw.sequence, where, error.explanation)
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._report("record-unreadable", raw.sequence, where, type(error).__name__)
            return None
        if difference is not None:
            self._report("decision-differs", raw.sequence, where, difference)
        if self._judge.is_of_earlier_edition(stored.record):
            self._report(
                "edition-decreased", raw.sequence, where, "decided under older rules than a record before it"
            )
        if self._judge.alarm_was_withheld(stored.record):
            self._report(
                "hub-act-withheld", raw.sequence, where, "what was due is recorded before anything else"
            )
        self._judge.fold(stored.record)
        return stored

    def _open_record(
        self, raw: RawMessage, originator_id: UUID, version: int
    ) -> StoredRecord | UnreadableRecord:
        """The record, opened and parsed by the verifier's own code; only the key comes from the store."""
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
        """The leaf of a record as it is stored; None where its control key is not available."""
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

    # --- rows and receipts -------------------------------------------------------------------------------------------

    def _check_leaf(self, leaves: Queries, raw: RawMessage) -> None:
        """Compare with the leaf that was stored when the record was first projected: an altered or moved record differs."""
        if not isinstance(raw.originator_id, UUID) or raw.version is None:
            return
        recorded_leaf = leaves.leaf_of(raw.originator_id, raw.version)
        if recorded_leaf is None:
            self._report("leaf-missing", raw.sequence, raw.subject, "not in the read models")
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
            return  # the rows were rebuilt only up to the first fault
        read_models.wait_for(head, 15.0)
        self.result.rows_compared = True
        for difference in read_models.differences(rebuilt):
            self._report("row-differs", None, f"{difference.table} {difference.key}", difference.kind)

    def _check_receipts(self, door: Path) -> None:
        """For every receipt that a door holds the record is still there, unchanged."""
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
                    f"command {command_id}",
                    door.parent.name,
                )


def doors_of(installation: Installation) -> list[Path]:
    """The databases of the doors in this installation."""
    return [p for a in installation.agencies() if (p := a.folder / "door.db").exists()]
