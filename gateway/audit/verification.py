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
from domain.codes import Section
from domain.errors import ExchangeError, NotThere, Untrusted
from domain.events import (
    AccessFact,
    ControlDestroyed,
    DisclosureRefused,
    KeyDestroyed,
    OpeningRefused,
    WishRefused,
)
from domain.record import access_of
from gateway.hub.read_models import as_stored, engine_over
from gateway.installation.folder import Installation
from gateway.verifier.judge import Judge
from gateway.verifier.log import LogBeside
from gateway.verifier.reading import read
from keys.genesis import Genesis
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.receipt import verify_receipt
from keys.record import list_parts
from keys.stored_record import GONE, Kept, Unread
from projections.engine import Engine
from projections.queries import Queries

PAGE = 500
REFUSALS = (DisclosureRefused, WishRefused, OpeningRefused)


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
        self._recorder = recorder
        self._store = store
        self._genesis = genesis
        self._judge = Judge(genesis)
        self._epochs: dict[UUID, int] = {}  # of each originator's record before
        self._versions: dict[UUID, int] = {}
        self._shas: dict[int, bytes] = {}
        self._shredded: dict[
            tuple[UUID, Section], int
        ] = {}  # keys that are gone: where they were first missed
        self.result = Verification()

    # --- the pass ---------------------------------------------------------------------------------------------

    def run(
        self,
        *,
        views: Engine | None = None,
        doors: Iterable[Path] = (),
        log: Path | None = None,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> Verification:
        """Go through the whole stream. ``views``: the live rows; ``doors``: databases of doors with receipts; ``log``:
        the folder of the transparency log."""
        head = self._recorder.head()
        book = None if log is None else LogBeside(log, self._genesis, self._tell)
        leaves = Queries(views.reader) if views is not None else None
        with TemporaryDirectory(prefix="kakehashi-") as folder:
            anew = engine_over(self._store, Path(folder) / "views.db") if views is not None else None
            if anew is not None:
                anew.start()
            expected = 1
            for raw in self._raw(head):
                for gone in range(expected, raw.sequence):
                    self._tell("record-missing", gone, f"position {gone}")
                expected = raw.sequence + 1
                self.result.records += 1
                self._shas[raw.sequence] = record_sha(raw.subject, raw.state)
                if book is not None:
                    book.see(raw.sequence, raw.subject, self._leaf_of(raw), self._shas[raw.sequence])
                if leaves is not None:
                    self._leaf(leaves, raw)
                kept = self._record(raw)
                if kept is not None and anew is not None and not self.result.findings:
                    anew.apply(as_stored(kept))
                progress(raw.sequence, head)
            for gone in range(expected, head + 1):
                self._tell("record-missing", gone, f"position {gone}")
            if views is not None and anew is not None:
                self._rows(views, anew, head)
                anew.close()
        if book is not None:
            book.end(head)
            self.result.log_size = book.size
        self._destroyed()
        for door in doors:
            self._receipts(door)
        found, judge = self.result, self._judge
        found.signatures, found.decisions, found.hub_acts = judge.signatures, judge.decisions, judge.hub_acts
        return found

    def _destroyed(self) -> None:
        """What has no key was destroyed by the record, and what was destroyed by the record has none."""
        register, unreadable = self._judge.register, self._judge.unreadable
        erased = register.unreadable
        allowed = {id: case for case in erased for id in (case, access_of(case))}
        for originator, (version, position) in unreadable.items():
            if originator not in allowed:
                self._tell("key-missing", position, f"originator {originator}", "control: no record says why")
            elif originator in erased and version != erased[originator].last_version:
                self._tell("record-missing", position, f"case {originator}", "not as many as were destroyed")
        for originator, case in allowed.items():
            if self._store.control_status(originator) == "here":
                self._tell("key-not-destroyed", None, f"case {case}", "control: it is still there")
        for (case, section), position in self._shredded.items():
            if section not in register.destroyed.get(case, frozenset()):
                self._tell("key-missing", position, f"case {case}", f"{section}: no record says why")
        for case, sections in register.destroyed.items():
            for section in sorted(sections):
                if self._store.key_status(case, section.value) == "here":
                    self._tell("key-not-destroyed", None, f"case {case}", f"{section}: it is still there")

    def _raw(self, head: int) -> Iterator[RawMessage]:
        start = 1
        while start <= head:
            page = self._recorder.read_raw(start, PAGE)
            if not page:
                return
            yield from page
            start = page[-1].sequence + 1

    def _tell(self, what: str, position: int | None, where: str, detail: str = "") -> None:
        self.result.findings.append(Finding(what, position, where, detail))

    # --- one record ---------------------------------------------------------------------------------------------

    def _record(self, raw: RawMessage) -> Kept | Unread | None:
        """Everything that can be said of one record, in numbered steps; the first fault of a record ends it."""
        where = raw.subject
        # (1) It lies where an honest writer would have put it.
        if raw.flaws or raw.topic != TOPIC or not isinstance(raw.originator_id, UUID) or raw.version is None:
            self._tell("foreign-message", raw.sequence, where, "; ".join(raw.flaws))
            return None
        before = self._versions.get(raw.originator_id, 0)
        self._versions[raw.originator_id] = raw.version
        if raw.version != before + 1:
            self._tell("version-out-of-order", raw.sequence, where, f"after version {before}")
        try:
            # (2) It opens in just this place, and says what a fact can say; or nobody can open it any more.
            kept = self._read(raw, raw.originator_id, raw.version)
            if isinstance(kept, Unread):
                self._judge.unreadable[kept.originator] = (kept.version, kept.position)
                return kept
            # (3) It is what its signed wish, the rules and the records before it come to.
            difference = self._judge.hold(kept)
            # (4) What it carries is what was signed.
            self._carries(kept)
        except ExchangeError as error:
            self._tell(error.flaw, raw.sequence, where, error.remedy)
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._tell("unreadable", raw.sequence, where, type(error).__name__)
            return None
        if difference is not None:
            self._tell("decision-differs", raw.sequence, where, difference)
        overdue = self._judge.overdue(kept.record)
        if overdue is not None:
            self._tell(overdue, raw.sequence, where, "what was due is recorded before anything else")
        self._judge.fold(kept.record)
        return kept

    def _read(self, raw: RawMessage, on: UUID, version: int) -> Kept | Unread:
        """The record, opened by the verifier itself; the store only gives the key."""
        try:
            ck = self._store.control_key(on, list_parts(raw.state).epoch)
        except NotThere:
            return Unread(raw.sequence, on, version, raw.subject, record_sha(raw.subject, raw.state), GONE)
        kept = read(
            hub=self._genesis.hub,
            ck=ck,
            position=raw.sequence,
            subject=raw.subject,
            originator=on,
            version=version,
            state=raw.state,
        )
        if isinstance(kept.record.fact, KeyDestroyed | ControlDestroyed):
            self._store.forget_keys()  # the hub may have destroyed them just now
        return kept

    def _carries(self, kept: Kept) -> None:
        payload = kept.payload
        if payload is None:
            return
        if isinstance(kept.record.fact, (*REFUSALS, AccessFact)):
            if kept.opened.items or kept.opened.sealed_wraps:
                raise Untrusted("parts-of-a-refusal", "a refused wish keeps its frame only")
            return
        for item in payload.items:
            self._store.sealed_item(kept, item.item)
        for wrap in payload.wraps:
            section = self._judge.section_of(kept.record, payload, wrap.item)
            if self._store.key_status(kept.record.about.id, section) == "gone":
                self._shredded.setdefault((kept.record.about.id, Section(section)), kept.position)
            else:
                self._store.wrap(kept, wrap.item, wrap.to, section)

    def _leaf_of(self, raw: RawMessage) -> Leaf | None:
        """The leaf of a record as it lies there; None where its control key is not at hand."""
        if not isinstance(raw.originator_id, UUID) or raw.version is None:
            return None
        on = raw.originator_id
        with suppress(ExchangeError):
            parts = list_parts(raw.state)
            epoch = parts.epoch if parts.audit_wrap is None else self._epochs.get(on, parts.epoch)
            self._epochs[on] = parts.epoch
            tag = leaf_tag(self._store.control_key(on, epoch), on, raw.version)
            return Leaf(raw.sequence, self._shas[raw.sequence], tag)
        return None

    # --- what else is at hand ---------------------------------------------------------------------------------------

    def _leaf(self, leaves: Queries, raw: RawMessage) -> None:
        """The leaf that was noted when the record was first seen: an altered or moved record differs."""
        if not isinstance(raw.originator_id, UUID) or raw.version is None:
            return
        noted = leaves.leaf_of(raw.originator_id, raw.version)
        if noted is None:
            self._tell("leaf-missing", raw.sequence, raw.subject, "the views do not know this record")
        elif noted.position != raw.sequence:
            self._tell("record-moved", raw.sequence, raw.subject, f"was at position {noted.position}")
        elif noted.sha != self._shas[raw.sequence]:
            self._tell("record-altered", raw.sequence, raw.subject, "not the bytes that were recorded")

    def _rows(self, views: Engine, anew: Engine, head: int) -> None:
        if views.position > head:
            self._tell(
                "record-missing", head + 1, f"positions {head + 1} to {views.position}", "cut off at the end"
            )
            return
        if self.result.findings:
            return  # rows can only be compared with facts that hold
        views.wait_for(head, 15.0)
        self.result.rows_compared = True
        for difference in views.differences(anew):
            self._tell("row-differs", None, f"{difference.table} {difference.key}", difference.kind)

    def _receipts(self, door: Path) -> None:
        """Every receipt that a door holds stands for a record that is still there, just as it was."""
        with closing(sqlite3.connect(f"file:{door}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT ask_id, answer FROM outbox WHERE state='CONFIRMED'").fetchall()
        for ask_id, answer in rows:
            receipt = verify_receipt(b64decode(json.loads(answer)["receipt"]), self._genesis.log)
            self.result.receipts += 1
            leaf = receipt.leaf
            if leaf is None or self._shas.get(leaf.seq) != leaf.sha:
                self._tell(
                    "receipt-without-record",
                    None if leaf is None else leaf.seq,
                    f"ask {ask_id}",
                    door.parent.name,
                )


def doors_of(installation: Installation) -> list[Path]:
    """The databases of the doors that live in this folder."""
    return [p for a in installation.agencies() if (p := a.folder / "door.db").exists()]
