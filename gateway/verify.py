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
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from uuid import UUID

from adapters.bus import JetStreamApplicationRecorder, RawMessage
from adapters.mapper import body_of, wish_of
from adapters.store import Kept, Store, Unread
from domain.codes import Section
from domain.decide import decide
from domain.due import Due, next_due, next_due_of_case
from domain.errors import ExchangeError, Untrusted
from domain.facts import (
    AccessFact,
    ControlDestroyed,
    DisclosureRefused,
    Fact,
    HubFounded,
    KeyDestroyed,
    KeySetPublished,
    Kind,
    OpeningRefused,
    WishRefused,
)
from domain.record import AUDIT, DECIDER, HUB, REGISTRY, About, Record, Wish, access_of
from domain.register import Agency, Originator, Register
from domain.world import World, empty_world, rests_on
from gateway.hub.service import hub_ask
from gateway.hub.views import as_stored, engine_over
from gateway.installation import Installation
from keys.checkpoint import origin_of, verify_checkpoint
from keys.frame import WISH, Frame, parse_frame, verify
from keys.genesis import Genesis, verify_genesis
from keys.keyset import verify_key_set, verify_registry_act
from keys.leaf import Leaf, parse_leaf, record_sha
from keys.proofs import Head, entry_hash
from keys.receipt import verify_receipt
from keys.signing import SignatureKind, SignaturePublic
from keys.wish import ZEROS, WishPayload
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
        self._register = Register()
        self._epochs: dict[UUID, int] = {}
        self._cases: dict[UUID, World] = {}
        self._versions: dict[UUID, int] = {}
        self._shas: dict[int, bytes] = {}
        self._shredded: dict[
            tuple[UUID, Section], int
        ] = {}  # keys that are gone: where they were first missed
        self._unreadable: dict[
            UUID, tuple[int, int]
        ] = {}  # control keys that are gone: last version, its position
        self.result = Verification()

    @classmethod
    def of_records(cls, genesis: Genesis) -> Verifier:
        """One that is handed its records, and needs no stream (see ``judge``)."""
        return cls(cast(Any, None), cast(Any, None), genesis)

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
        book = None if log is None else _Log(log, self._genesis, self._tell)
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
        return self.result

    def _destroyed(self) -> None:
        """What has no key was destroyed by the record, and what was destroyed by the record has none."""
        erased = self._register.unreadable
        allowed = {id: case for case in erased for id in (case, access_of(case))}
        for originator, (version, position) in self._unreadable.items():
            if originator not in allowed:
                self._tell("key-missing", position, f"originator {originator}", "control: no record says why")
            elif originator in erased and version != erased[originator].last_version:
                self._tell("record-missing", position, f"case {originator}", "not as many as were destroyed")
        for originator, case in allowed.items():
            if self._store.control_status(originator) == "here":
                self._tell("key-not-destroyed", None, f"case {case}", "control: it is still there")
        for (case, section), position in self._shredded.items():
            if section not in self._register.destroyed.get(case, frozenset()):
                self._tell("key-missing", position, f"case {case}", f"{section}: no record says why")
        for case, sections in self._register.destroyed.items():
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

    def judge(self, kept: Kept) -> str | None:
        """One record on top of those judged before (of the register and its case): what does not hold, or None."""
        flaw = None
        try:
            self.result.records += 1
            self._in_time(kept.record)
            expected = self._expected(kept)
            self._in_mandate(kept)
            if body_of(expected) != kept.opened.body_json:
                flaw = f"decision-differs: {_difference(expected, kept.record)}"
        except ExchangeError as error:
            flaw = error.flaw
        self._fold(kept.record)
        return flaw

    # --- one record ---------------------------------------------------------------------------------------------

    def _record(self, raw: RawMessage) -> Kept | Unread | None:
        """Everything that can be said of one record, in numbered steps; the first fault of a record ends it."""
        where = raw.subject
        # (1) It lies where an honest writer would have put it.
        if raw.flaws or not isinstance(raw.originator_id, UUID) or raw.version is None:
            self._tell("foreign-message", raw.sequence, where, "; ".join(raw.flaws))
            return None
        before = self._versions.get(raw.originator_id, 0)
        self._versions[raw.originator_id] = raw.version
        if raw.version != before + 1:
            self._tell("version-out-of-order", raw.sequence, where, f"after version {before}")
        try:
            # (2) It opens in just this place, and says what a fact can say; or nobody can open it any more.
            kept = self._store.seen_raw(raw)
            if isinstance(kept, Unread):
                self._unreadable[kept.originator] = (kept.version, kept.position)
                return kept
            record = kept.record
            # (3) It is not earlier than what it follows.
            self._in_time(record)
            # (4) Its frame is the one it names, and signed by whom it says.
            # (5) Deciding again gives this very record.
            expected = self._expected(kept)
            # (6) What it carries is what was signed, and what the audit office's mandate asks.
            self._carries(kept)
            self._in_mandate(kept)
        except ExchangeError as error:
            self._tell(error.flaw, raw.sequence, where, error.remedy)
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._tell("unreadable", raw.sequence, where, type(error).__name__)
            return None
        if body_of(expected) != body_of(record):  # a record of an older version is compared as it is read now
            self._tell("decision-differs", raw.sequence, where, _difference(expected, record))
        self._fold(record)
        return kept

    def _in_mandate(self, kept: Kept) -> None:
        """It lies under the key of the mandate of its day, which its originator's first record there brings."""
        on, epoch = kept.record.originator.id, kept.opened.epoch
        if epoch != self._register.mandate:
            raise Untrusted("other-mandate", "control lies under the key of the mandate of its day")
        if (kept.opened.audit_wrap is not None) != (self._epochs.get(on, 0) < epoch):
            raise Untrusted(
                "audit-wrap", "the first record of a mandate brings the audit office's key, no other does"
            )
        self._epochs[on] = epoch

    def _in_time(self, record: Record) -> None:
        last = self._originator(record).last_at
        if last is not None and record.at < last:
            raise Untrusted("time-goes-back", "recorded earlier than the record before it")

    def _expected(self, kept: Kept) -> Record:
        record = kept.record
        if isinstance(record.fact, HubFounded):
            return self._genesis_record(kept)
        if record.frame is None:
            return self._hub_act(record)
        frame = parse_frame(kept.frame)
        if frame.digest != record.frame:
            raise Untrusted("frame-of-another", "the record names another frame than it carries")
        payload = kept.payload
        if payload is None:
            raise Untrusted("no-frame", "a wish's record carries its frame")
        wish = wish_of(payload, frame.digest)
        self._signed(wish, payload, frame)
        self.result.signatures += 1
        self._same_envelope(wish, record)
        world = self._world(record)
        [fact] = decide(world, wish, now=record.at)
        self.result.decisions += 1
        return replace(
            record,
            version=self._originator(record).version + 1,
            rests_on=rests_on(world, wish),
            rules=world.rules.version,
            decider=DECIDER,
            fact=fact,
        )

    def _genesis_record(self, kept: Kept) -> Record:
        frame = parse_frame(kept.frame)
        genesis = verify_genesis(frame, hub=self._genesis.hub)
        if self.result.records != 1:
            raise Untrusted("genesis-not-first", "the genesis is record 1, and there is one")
        about = About(Kind.LOG, genesis.log_id)
        return replace(
            kept.record,
            originator=about,
            about=about,
            by=REGISTRY,
            ask_id=genesis.log_id,
            frame=frame.digest,
            rests_on=(),
            rules=0,
            decider=DECIDER,
            fact=HubFounded(mode=genesis.mode),
        )

    def _hub_act(self, record: Record) -> Record:
        """An act of the hub itself is what the clock would have brought."""
        if record.by != HUB:
            raise Untrusted("no-frame", "only the hub's own acts have no frame")
        due = self._due(record)
        if due is None or due.at > record.at or due.about != record.about or due.fact != record.fact:
            raise Untrusted("hub-act-not-due", "nothing of the kind had fallen due")
        self.result.hub_acts += 1
        found = self._originator(record)
        version = found.version + 1
        return replace(
            record,
            version=version,
            at=due.at if found.last_at is None else max(due.at, found.last_at),
            ask_id=hub_ask(record.about.id, version),
            rests_on=(),
            rules=self._world(record).rules.version,
            decider=DECIDER,
            fact=due.fact,
        )

    def _due(self, record: Record) -> Due | None:
        """What the clock would have brought here."""
        if record.originator.kind is Kind.CASE:
            return next_due_of_case(self._world(record))
        if isinstance(record.fact, KeyDestroyed | ControlDestroyed):
            if record.fact.scope in self._unreadable:  # what it followed from can't be read any more
                fits = record.fact.generation == self._register.generation + 1
                return Due(record.at, record.about, record.fact) if fits else None
            case = self._cases.get(record.fact.scope)
            return None if case is None else next_due_of_case(replace(case, register=self._register))
        return next_due(self._register, record.at)

    def _signed(self, wish: Wish, payload: WishPayload, frame: Frame) -> None:
        agency = self._register.agencies.get(wish.by) if isinstance(wish.by, UUID) else None
        if isinstance(wish.draft, KeySetPublished):
            in_force = None if agency is None or agency.revoked else _key(agency)
            verify_key_set(frame, in_force=in_force, registry=self._genesis.reg)
            expected = ZEROS if agency is None or agency.revoked else agency.keyset
        elif wish.by == REGISTRY:
            verify_registry_act(frame, self._genesis.reg)
            expected = ZEROS
        elif wish.by == AUDIT:
            verify(WISH, frame, [self._genesis.audit_sig])
            expected = ZEROS
        elif agency is None:
            raise Untrusted("unknown-sender", "no key set of this sender was published before")
        else:
            verify(WISH, frame, [_key(agency)])
            expected = None if agency.revoked else agency.keyset
        if payload.keyset != expected or payload.hub != self._genesis.hub:
            raise Untrusted("key-set-not-in-force", "signed under a key set that was not in force then")

    def _same_envelope(self, wish: Wish, record: Record) -> None:
        named = (wish.about, wish.by, wish.ask_id)
        if named != (record.about, record.by, record.ask_id):
            raise Untrusted(
                "envelope-differs", "the record says another sender, ask or matter than its frame"
            )
        if (record.by, record.ask_id) in self._originator(record).asks:
            raise Untrusted("ask-answered-twice", "this wish was answered before")

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
            section = self._section(kept.record, payload, wrap.item)
            if self._store.key_status(kept.record.about.id, section) == "gone":
                self._shredded.setdefault((kept.record.about.id, Section(section)), kept.position)
            else:
                self._store.wrap(kept, wrap.item, wrap.to, section)

    def _section(self, record: Record, payload: WishPayload, item: UUID) -> str:
        for named in payload.items:
            if named.item == item:
                return named.section
        found = self._world(record).case.item(item)
        if found is None:
            raise Untrusted("wrap-of-unknown-item", "a wrap of an item that is not in the case")
        return found[1].section

    # --- state ------------------------------------------------------------------------------------------------------

    def _world(self, record: Record) -> World:
        if record.about.kind is not Kind.CASE:
            return empty_world(self._register, record.about.id)
        known = self._cases.get(record.about.id) or empty_world(self._register, record.about.id)
        return replace(known, register=self._register)

    def _originator(self, record: Record) -> Originator:
        world = self._world(record)
        match record.originator.kind:
            case Kind.CASE:
                return world.case
            case Kind.CASE_ACCESS:
                return world.access
            case kind:
                return self._register.find(kind, record.originator.id) or Originator(id=record.originator.id)

    def _fold(self, record: Record) -> None:
        if record.originator.kind in (Kind.CASE, Kind.CASE_ACCESS):
            self._cases[record.about.id] = self._world(record).after(record)
        else:
            self._register = self._register.with_record(record)

    def _leaf_of(self, raw: RawMessage) -> Leaf | None:
        """The leaf of a record as it lies there; None where its control key is not at hand."""
        if not isinstance(raw.originator_id, UUID) or raw.version is None:
            return None
        with suppress(ExchangeError):
            return self._store.leaf_of(raw)
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


def _sha_in(entry: bytes) -> bytes | None:
    """The record's digest in an entry of the log; None where it is none."""
    try:
        return parse_leaf(entry).sha
    except ExchangeError:
        return None


class _Log:
    """The transparency log, read beside the stream: the signed head, and each entry held against its record."""

    def __init__(self, folder: Path, genesis: Genesis, tell: Callable[..., None]) -> None:
        self._folder = folder
        self._tell = tell
        self._head = Head()
        self._told = self._differs = False
        self._bundle: tuple[int, list[bytes]] = (-1, [])
        self.size = 0
        try:
            note = (folder / "checkpoint").read_bytes()
            self._signed, _ = verify_checkpoint(note, origin_of(genesis.hub, genesis.mode), genesis.log)
            self.size = self._signed.size
        except FileNotFoundError:
            pass  # nothing was signed yet: the doors know better, where something was
        except ExchangeError as error:
            tell(error.flaw, None, "hub/log/checkpoint", error.remedy)

    def see(self, seq: int, where: str, leaf: Leaf | None, sha: bytes) -> None:
        """The next record. What the log has at its place is this very record."""
        if seq > self.size:
            return
        kept = self._entry(seq - 1)
        if kept is None:
            self._once("log-entry-missing", seq, where)
        elif (kept != leaf.encode()) if leaf is not None else _sha_in(kept) != sha:
            self._differs = True
            self._tell("log-entry-differs", seq, where, "not the record that was logged")
        entry = leaf.encode() if leaf is not None else kept
        if entry is not None:
            self._head.add(entry_hash(entry))

    def end(self, head: int) -> None:
        """The end of the stream: all that was signed was there, and comes to the signed root."""
        if head < self.size:
            self._tell(
                "record-missing", head + 1, f"positions {head + 1} to {self.size}", "signed in the log"
            )
        elif self.size and self._head.root != self._signed.root and not self._differs:
            self._tell(
                "log-head-differs", None, "hub/log/checkpoint", "the records do not come to the signed root"
            )

    def _once(self, what: str, seq: int, where: str) -> None:
        if not self._told:
            self._tell(
                what, seq, where, "the log lacks its entries: the hub makes them again at its next start"
            )
        self._told = True

    def _entry(self, index: int) -> bytes | None:
        """An entry of a bundle of 256 (C2SP tlog-tiles)."""
        n, at = divmod(index, 256)
        if self._bundle[0] != n:
            self._bundle = (n, self._read(n))
        return self._bundle[1][at] if at < len(self._bundle[1]) else None

    def _read(self, n: int) -> list[bytes]:
        digits = f"{n:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        path = self._folder / "tile" / "entries" / "/".join([*(f"x{g}" for g in groups[:-1]), groups[-1]])
        width = min(256, self.size - 256 * n)
        part = path.parent / f"{path.name}.p" / str(width)
        for place in (path,) if width == 256 else (part, path):  # it may have become whole meanwhile
            with suppress(OSError):
                return _unbundled(place.read_bytes())[:width]
        return []


def _unbundled(data: bytes) -> list[bytes]:
    """Entries of a bundle: each with its length before it."""
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def _key(agency: Agency) -> SignaturePublic:
    return SignaturePublic.from_json(SignatureKind.SIG, dict(agency.sig))


def _difference(expected: Record, found: Record) -> str:
    """Which part differs, without saying what stands in it."""
    names = ("version", "at", "rests_on", "rules", "decider")
    parts = [n for n in names if getattr(expected, n) != getattr(found, n)]
    if type(expected.fact) is not type(found.fact):
        parts.append(f"{found.topic} instead of {expected.topic}")
    elif expected.fact != found.fact:
        parts += [
            f"fields.{n}" for n in expected.fact.__dict__ if _of(expected.fact, n) != _of(found.fact, n)
        ]
    return ", ".join(parts) or "form"


def _of(fact: Fact, name: str) -> Any:
    return getattr(fact, name)


def doors_of(installation: Installation) -> list[Path]:
    """The databases of the doors that live in this folder."""
    return [p for a in installation.agencies() if (p := a.folder / "door.db").exists()]
