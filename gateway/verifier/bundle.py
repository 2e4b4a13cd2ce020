"""Verifying an offline bundle: with the hub's id that one has pinned, the audit office's key where one has it, and the
certificates of a time authority where one believes one.

The file may be larger than the memory: it is looked at where it lies, record by record. Nothing here is used to make a
bundle, a log or a record; it rests on the primitives of ``keys`` and on the rules.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from mmap import mmap
from typing import Any
from uuid import UUID

from domain.errors import ExchangeError, Malformed, Untrusted
from domain.events import AccessEvent, ControlDestroyed
from domain.refusals import REFUSALS
from gateway.verifier.judge import Judge
from gateway.verifier.record_parser import read
from keys import canonical
from keys.checkpoint import Checkpoint, origin_of, verify_checkpoint
from keys.frame import parse_frame
from keys.genesis import Genesis, verify_genesis
from keys.leaf import Leaf, leaf_tag, parse_leaf, record_sha
from keys.proofs import RootAccumulator, entry_hash
from keys.record import list_parts, match_items, open_audit_wrapped_key
from keys.signing import KemKey
from keys.stored_record import NEWER_EDITION, StoredRecord
from keys.timestamps import TimeAuthority, parse_stamp, verify_time

NAMES = ("genesis", "checkpoint", "entries", "records", "keys")
TIMES = "times"
FRAME_ONLY_EVENTS = (*REFUSALS, AccessEvent)
EMPTY = memoryview(b"")

Buffer = bytes | mmap
"""A bundle in memory, or a file where it lies."""


@dataclass(frozen=True)
class BundleFault:
    """What is wrong, and where: a part of the bundle, and the record's position where it is one's."""

    what: str
    where: str
    seq: int | None = None


@dataclass
class BundleResult:
    """What a bundle shows. ``control``: whether the audit office's key was at hand to read it.

    ``times``: by when («at») the first «size» records of the log were there, by tokens that hold.
    """

    hub: str = ""
    mode: str = ""
    log_size: int = 0
    records: int = 0
    decisions: int = 0
    originators: int = 0
    complete: int = 0
    control: bool = False
    tokens: int = 0  # time tokens in the bundle, believed or not
    timed: int = 0  # records of the bundle that were there by a time which a believed token tells
    times: list[dict[str, Any]] = field(default_factory=list)
    faults: list[BundleFault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "ok": self.ok, "faults": [f.__dict__ for f in self.faults]}


@dataclass(frozen=True)
class _BundleRecord:
    """A record as it lies in the bundle."""

    seq: int
    subject: str
    state: bytes

    @property
    def originator_and_version(self) -> tuple[UUID, int]:
        """Originator and version, as the subject says. Raises Malformed."""
        parts = self.subject.rsplit(".", 2)
        try:
            return UUID(hex=parts[1]), int(parts[2])
        except (IndexError, ValueError) as error:
            raise Malformed("bundle-subject") from error


def verify_bundle(
    data: Buffer,
    hub: bytes,
    audit: KemKey | None,
    authority: TimeAuthority | None = None,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
    *,
    seen: Buffer | None = None,
    request: UUID | None = None,
) -> BundleResult:
    """Everything that can be said of this bundle. Never raises for what is wrong in it: that is told.

    ``authority``: whose time tokens are believed; without one they are left aside, with one there must be some.
    ``on_progress``: how many bytes of the records were looked at, of how many. ``seen``: a head of this log that one holds (a
    checkpoint, or an earlier bundle): this one has to continue it. ``request``: what the audit office asked for on
    record: the bundle has to hold all of it.
    """
    result = BundleResult(hub=hub.hex(), control=audit is not None)
    files, faults = _bundle_parts(data)
    result.faults += faults
    genesis = _verified_genesis(files, hub, result)
    if genesis is None:
        return result
    head = _head(files, genesis, result)
    entries = _Entries(files.get("entries", EMPTY))
    _check_entries(entries, head, result)
    if seen is not None:
        _check_continues(seen, genesis, entries, result)
    _check_time_tokens(bytes(files.get(TIMES, EMPTY)), genesis, entries, authority, result)
    timed = max((t["size"] for t in result.times), default=0)
    control_check = None
    if audit is not None:
        control_check = _ControlVerification(
            entries, _control_keys(files, hub, audit, result), genesis, result
        )
    elif request is not None:
        result.faults.append(BundleFault("request-needs-key", "keys"))
    records = files.get("records", EMPTY)
    for record, end in _bundle_records(records, result):
        leaf = entries.leaf(record.seq)
        if leaf is None or leaf.sha != record_sha(record.subject, record.state):
            result.faults.append(BundleFault("record-not-logged", "records", record.seq))
        if control_check is not None:
            control_check.check_record(record, leaf)
        result.records += 1
        result.timed += record.seq <= timed
        on_progress(end, len(records))
    if control_check is not None:
        control_check.end()
        if request is not None:
            control_check.check_request_complete(request)
    return result


def _bundle_parts(data: Buffer) -> tuple[dict[str, memoryview], list[BundleFault]]:
    """The parts where they lie, and what is wrong with the container. A wrong digest alone does not end it: the place
    is looked for."""
    faults = []
    bundle = memoryview(data)
    if sha256(bundle[:-32]).digest() != bundle[-32:]:
        faults.append(BundleFault("bundle-digest", "bundle"))
    parts: dict[str, memoryview] = {}
    if bytes(bundle[:4]) != b"KHB1":
        return parts, [*faults, BundleFault("bundle-magic", "bundle")]
    at = 6
    for _ in range(int.from_bytes(bundle[4:6], "big")):
        length = int.from_bytes(bundle[at : at + 2], "big")
        name = bytes(bundle[at + 2 : at + 2 + length]).decode("utf-8", "replace")
        at += 2 + length
        size = int.from_bytes(bundle[at : at + 8], "big")
        at += 8
        if at + size > len(bundle) - 32 or name in parts:
            return parts, [*faults, BundleFault("bundle-cut", name)]
        parts[name] = bundle[at : at + size]
        at += size
    if at != len(bundle) - 32 or tuple(parts) not in (NAMES, (*NAMES, TIMES)):
        faults.append(BundleFault("bundle-parts", "bundle"))
    return parts, faults


def _verified_genesis(files: dict[str, memoryview], hub: bytes, result: BundleResult) -> Genesis | None:
    try:
        genesis = verify_genesis(parse_frame(bytes(files.get("genesis", EMPTY))), hub=hub)
    except ExchangeError as error:
        result.faults.append(BundleFault(error.error_code, "genesis"))
        return None
    result.mode = genesis.mode
    return genesis


def _head(files: dict[str, memoryview], genesis: Genesis, result: BundleResult) -> Checkpoint | None:
    try:
        origin = origin_of(genesis.hub, genesis.mode)
        checkpoint, _ = verify_checkpoint(bytes(files.get("checkpoint", EMPTY)), origin, genesis.log)
    except ExchangeError as error:
        result.faults.append(BundleFault(error.error_code, "checkpoint"))
        return None
    result.log_size = checkpoint.size
    return checkpoint


class _Entries:
    """Every entry of the log, where it lies in the bundle."""

    def __init__(self, data: memoryview) -> None:
        self._bundle_bytes = data
        self._places = array("Q")
        at = 0
        while at < len(data):
            self._places.append(at)
            at += 2 + int.from_bytes(data[at : at + 2], "big")

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[bytes]:
        return (self[n] for n in range(len(self)))

    def __getitem__(self, n: int) -> bytes:
        at = self._places[n]
        return bytes(
            self._bundle_bytes[at + 2 : at + 2 + int.from_bytes(self._bundle_bytes[at : at + 2], "big")]
        )

    def leaf(self, seq: int) -> Leaf | None:
        """The leaf at a position, counted from 1; None where there is none that says so."""
        if not 1 <= seq <= len(self):
            return None
        try:
            leaf = parse_leaf(self[seq - 1])
        except ExchangeError:
            return None
        return leaf if leaf.seq == seq else None


def _check_entries(entries: _Entries, head: Checkpoint | None, result: BundleResult) -> None:
    """Each entry is a leaf of its place, and together they come to the signed root."""
    root = RootAccumulator()
    for seq, entry in enumerate(entries, 1):
        root.add(entry_hash(entry))
        if entries.leaf(seq) is None:
            result.faults.append(BundleFault("entry-wrong", "entries", seq))
    if head is not None and (len(entries) != head.size or root.root != head.root):
        result.faults.append(BundleFault("root-differs", "entries"))


def _check_continues(seen: Buffer, genesis: Genesis, entries: _Entries, result: BundleResult) -> None:
    """The log that was seen before is the beginning of this one: nothing was taken back, nothing was changed.

    Where an earlier bundle is at hand, each entry that is another now is named.
    """
    before, _ = _bundle_parts(seen) if seen[:4] == b"KHB1" else ({"checkpoint": memoryview(seen)}, [])
    try:
        origin = origin_of(genesis.hub, genesis.mode)
        head, _ = verify_checkpoint(bytes(before.get("checkpoint", EMPTY)), origin, genesis.log)
    except ExchangeError as error:
        result.faults.append(BundleFault(error.error_code, "the head seen before"))
        return
    if head.size > len(entries):
        result.faults.append(BundleFault("log-rolled-back", "checkpoint", len(entries) + 1))
    elif _Roots(entries).of(head.size) != head.root:
        result.faults.append(BundleFault("log-forked", "checkpoint"))
        known = _Entries(before.get("entries", EMPTY))
        for seq, (old_entry, new_entry) in enumerate(zip(known, entries, strict=False), 1):
            if old_entry != new_entry:
                result.faults.append(BundleFault("entry-changed", "entries", seq))


def _check_time_tokens(
    data: bytes, genesis: Genesis, entries: _Entries, authority: TimeAuthority | None, result: BundleResult
) -> None:
    """Each token is over a head that this log has signed and that its entries come to, by an authority believed in."""
    origin, roots = origin_of(genesis.hub, genesis.mode), _Roots(entries)
    for n, raw in enumerate(_time_stamps(data), 1):
        result.tokens = n
        try:
            stamp = parse_stamp(raw)
            head, _ = verify_checkpoint(stamp.note, origin, genesis.log)
            if roots.of(head.size) != head.root:
                raise Untrusted("time-of-another-log")
            if authority is not None:
                at = verify_time(stamp.token, stamp.note, authority)
                result.times.append({"size": head.size, "at": canonical.format_time(at)})
        except ExchangeError as error:
            result.faults.append(BundleFault(error.error_code, f"{TIMES}, token {n}"))
    if authority is not None and not result.tokens:
        result.faults.append(BundleFault("time-token-missing", TIMES))


class _Roots:
    """The roots of growing sizes, asked for in ascending order."""

    def __init__(self, entries: _Entries) -> None:
        self._log_entries = entries
        self._head = RootAccumulator()

    def of(self, size: int) -> bytes | None:
        """Of the first so many; None where there are not so many, or it is smaller than what was asked for before."""
        while self._head.size < min(size, len(self._log_entries)):
            self._head.add(entry_hash(self._log_entries[self._head.size]))
        return self._head.root if self._head.size == size else None


def _time_stamps(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def _bundle_records(data: memoryview, result: BundleResult) -> Iterator[tuple[_BundleRecord, int]]:
    """Each record, and where it ends."""
    at, last = 0, 0
    while at < len(data):
        seq = int.from_bytes(data[at : at + 8], "big")
        length = int.from_bytes(data[at + 8 : at + 10], "big")
        subject = bytes(data[at + 10 : at + 10 + length]).decode("utf-8", "replace")
        at += 10 + length
        size = int.from_bytes(data[at : at + 4], "big")
        state = bytes(data[at + 4 : at + 4 + size])
        at += 4 + size
        if at > len(data) or seq <= last:
            result.faults.append(BundleFault("record-out-of-order", "records", seq))
            if at > len(data):
                return
        last = seq
        yield _BundleRecord(seq, subject, state), at


def _control_keys(
    files: dict[str, memoryview], hub: bytes, audit: KemKey, result: BundleResult
) -> dict[tuple[UUID, int], bytes]:
    keys: dict[tuple[UUID, int], bytes] = {}
    try:
        known: Any = canonical.parse(bytes(files.get("keys", EMPTY)))
        for on, epochs in known["wrapped_keys"].items():
            for epoch, wrapped_key in epochs.items():
                id, n, sealed = UUID(on), int(epoch), bytes.fromhex(wrapped_key)
                try:
                    keys[id, n] = open_audit_wrapped_key(
                        kem=audit, hub=hub, originator=id, epoch=n, wrapped_key=sealed
                    )
                except ExchangeError as error:
                    result.faults.append(BundleFault(error.error_code, f"keys, originator {id}, mandate {n}"))
    except ExchangeError as error:
        result.faults.append(BundleFault(error.error_code, "keys"))
    except (KeyError, ValueError, TypeError, AttributeError):
        result.faults.append(BundleFault("keys-unreadable", "keys"))
    return keys


class _ControlVerification:
    """Control opened, tag and order held, signature and decision judged anew, and nothing left out."""

    def __init__(
        self, entries: _Entries, keys: dict[tuple[UUID, int], bytes], genesis: Genesis, result: BundleResult
    ) -> None:
        self._log_entries, self._key_by_epoch, self._hub_id, self._result = entries, keys, genesis.hub, result
        self._judge = Judge(genesis)
        self._last_version_of: dict[UUID, int] = {}
        self._last_epoch_of: dict[UUID, int] = {}
        self._newest: datetime | None = None
        self._missing_ranges: list[tuple[int, int]] = []
        self._last = self._last_destruction = (
            0  # positions: of the last record, and of the last destruction of control
        )

    def check_record(self, record: _BundleRecord, leaf: Leaf | None) -> None:
        """The next record, with its leaf in the log."""
        if record.seq > self._last + 1:
            self._missing_ranges.append((self._last + 1, record.seq - 1))
        self._last = max(self._last, record.seq)
        try:
            on, version = record.originator_and_version
            epoch = list_parts(record.state).epoch
            ck = self._key_by_epoch.get((on, epoch))
            if ck is None:
                raise Untrusted("control-key-missing")
            if version != self._last_version_of.get(on, 0) + 1:
                self._result.faults.append(BundleFault("version-gap", f"originator {on}", record.seq))
            tag_key = self._key_by_epoch.get(
                (on, self._last_epoch_of.get(on, epoch)), ck
            )  # by who can open the record before
            self._last_version_of[on], self._last_epoch_of[on] = version, epoch
            if leaf is None or leaf.tag != leaf_tag(tag_key, on, version):
                self._result.faults.append(BundleFault("tag-differs", "entries", record.seq))
            stored = read(
                hub=self._hub_id,
                ck=ck,
                position=record.seq,
                subject=record.subject,
                originator=on,
                version=version,
                state=record.state,
            )
            error_code = self._judge.judge(stored) or _parts_error(stored)
            self._newest = max(stored.record.at, self._newest or stored.record.at)
            if isinstance(stored.record.event, ControlDestroyed):
                self._last_destruction = record.seq
        except ExchangeError as error:
            error_code = error.error_code
        except (ValueError, KeyError, TypeError, AttributeError):
            error_code = "unreadable"
        if error_code is not None:
            self._result.faults.append(BundleFault(error_code, "records", record.seq))

    def end(self) -> None:
        """No record follows the last one of an originator: its tag would stand in the log."""
        self._result.decisions = self._judge.decisions
        self._result.originators = len(self._last_version_of)
        following = {
            leaf_tag(self._key_by_epoch[on, self._last_epoch_of[on]], on, last + 1): (on, last + 1)
            for on, last in self._last_version_of.items()
        }
        omitted = {
            following[leaf.tag]
            for seq in range(1, len(self._log_entries) + 1)
            if (leaf := self._log_entries.leaf(seq)) is not None and leaf.tag in following
        }
        for on, version in sorted(omitted):
            self._result.faults.append(BundleFault("record-left-out", f"originator {on}, version {version}"))
        self._result.complete = len(following) - len(omitted)
        for about in sorted(self._judge.withheld_alarms(self._newest)) if self._newest is not None else ():
            self._result.faults.append(
                BundleFault("hub-act-withheld", f"{about.kind} {about.id}, until the end")
            )

    def check_request_complete(self, request: UUID) -> None:
        """All that this request on record is about is here. Of «all», what stands before control was last destroyed
        can't be missed: nobody can tell the positions of a destroyed case from others."""
        about = self._judge.register.control_requests.get(request)
        if about is None and any(fault.what == NEWER_EDITION for fault in self._result.faults):
            return  # the request may be a record that can't be read here
        if about is None:
            self._result.faults.append(BundleFault("request-not-there", "records"))
        elif about.case is not None and about.case not in self._last_version_of:
            self._result.faults.append(BundleFault("case-left-out", f"case {about.case}"))
        elif about.case is None:
            end = len(self._log_entries)
            gaps = [*self._missing_ranges, (self._last + 1, end)]
            for first, last in gaps:
                first = max(first, self._last_destruction + 1)
                if first <= last:
                    self._result.faults.append(
                        BundleFault("record-not-there", f"positions {first} to {last}", first)
                    )


def _parts_error(stored: StoredRecord) -> str | None:
    """The error code of a record that does not carry what was signed. Raises Untrusted for an item that is another.

    What lies in a wrapped key can't be looked at here: it is under a key of the hub's vault.
    """
    if stored.payload is None:
        return None
    if isinstance(stored.record.event, FRAME_ONLY_EVENTS):
        return "parts-of-a-refusal" if stored.opened.items or stored.opened.sealed_wrapped_keys else None
    match_items(stored.opened, stored.payload)
    return (
        None
        if len(stored.opened.sealed_wrapped_keys) == len(stored.payload.wrapped_keys)
        else "record-wrapped-keys-missing"
    )
