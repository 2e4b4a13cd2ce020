"""Verifying an offline bundle, with a pinned hub id and, optionally, the audit office's key and the certificates of a
trusted time authority.

The file may be larger than the memory: it is read in place, record by record. None of this code is used to write a
bundle, a log or a record; it uses the primitives of ``keys`` and the rules.
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
from gateway.verifier.judge import Judge, RecordFault
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
"""A bundle in memory, or a memory-mapped file."""


@dataclass(frozen=True)
class BundleFault:
    """Code in the table of errors, and place: the part of the bundle, and the position where a record is at fault."""

    code: str
    where: str
    seq: int | None = None
    detail: str = ""


@dataclass
class BundleResult:
    """The result of verifying a bundle. ``control``: whether it was read, with the audit office's key.

    ``times``: for each trusted token, that the first ``size`` records of the log existed by the time ``at``.
    """

    hub: str = ""
    mode: str = ""
    log_size: int = 0
    records: int = 0
    decisions: int = 0
    originators: int = 0
    complete: int = 0
    control: bool = False
    tokens: int = 0  # time tokens in the bundle, trusted or not
    timed: int = 0  # records of the bundle that are covered by a trusted token
    times: list[dict[str, Any]] = field(default_factory=list)
    faults: list[BundleFault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "ok": self.ok, "faults": [f.__dict__ for f in self.faults]}


@dataclass(frozen=True)
class _BundleRecord:
    """A record as stored in the bundle."""

    seq: int
    subject: str
    state: bytes

    @property
    def originator_and_version(self) -> tuple[UUID, int]:
        """Originator and version, from the subject. Raises Malformed."""
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
    """Verify everything in this bundle. What is wrong in it becomes a fault of the result and is never raised.

    ``authority``: the trusted time authority; without one tokens are only counted, with one at least one is required.
    ``on_progress``: called with (bytes of records verified, bytes of records). ``seen``: a head of this log seen before (a
    checkpoint, or an earlier bundle), which this bundle has to continue. ``request``: a recorded request of the audit
    office, all of which the bundle has to contain.
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
    """The parts, without copying, and the faults of the container. A wrong digest is not the end: what else is wrong is
    located by the later checks."""
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
            return parts, [*faults, BundleFault("bundle-truncated", name)]
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
    """Every entry of the log, read from the bundle without copying."""

    def __init__(self, data: memoryview) -> None:
        self._bundle_bytes = data
        self._offsets = array("Q")
        at = 0
        while at < len(data):
            self._offsets.append(at)
            at += 2 + int.from_bytes(data[at : at + 2], "big")

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[bytes]:
        return (self[n] for n in range(len(self)))

    def __getitem__(self, n: int) -> bytes:
        at = self._offsets[n]
        return bytes(
            self._bundle_bytes[at + 2 : at + 2 + int.from_bytes(self._bundle_bytes[at : at + 2], "big")]
        )

    def leaf(self, seq: int) -> Leaf | None:
        """The leaf at a position, counted from 1; None where there is none that states this position."""
        if not 1 <= seq <= len(self):
            return None
        try:
            leaf = parse_leaf(self[seq - 1])
        except ExchangeError:
            return None
        return leaf if leaf.seq == seq else None


def _check_entries(entries: _Entries, head: Checkpoint | None, result: BundleResult) -> None:
    """Each entry is the leaf of its position, and together they have the signed root."""
    root = RootAccumulator()
    for seq, entry in enumerate(entries, 1):
        root.add(entry_hash(entry))
        if entries.leaf(seq) is None:
            result.faults.append(BundleFault("entry-malformed", "entries", seq))
    if head is not None and (len(entries) != head.size or root.root != head.root):
        result.faults.append(BundleFault("log-root-differs", "entries"))


def _check_continues(seen: Buffer, genesis: Genesis, entries: _Entries, result: BundleResult) -> None:
    """The log seen before is a prefix of this one: nothing was removed or changed.

    Given an earlier bundle, each entry that has changed is reported.
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
        result.faults.append(BundleFault("log-split-view", "checkpoint"))
        known = _Entries(before.get("entries", EMPTY))
        for seq, (old_entry, new_entry) in enumerate(zip(known, entries, strict=False), 1):
            if old_entry != new_entry:
                result.faults.append(BundleFault("entry-changed", "entries", seq))


def _check_time_tokens(
    data: bytes, genesis: Genesis, entries: _Entries, authority: TimeAuthority | None, result: BundleResult
) -> None:
    """Each token is over a head that this log has signed and its entries have, by the trusted authority."""
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
    """The roots of the log at increasing sizes."""

    def __init__(self, entries: _Entries) -> None:
        self._log_entries = entries
        self._head = RootAccumulator()

    def of(self, size: int) -> bytes | None:
        """The root of the first ``size`` entries; None where there are fewer, or after the root of a larger size."""
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
    """Each record, and the offset of its end."""
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
    """Opens control and verifies tags, order, signatures, decisions and completeness."""

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
            0  # positions: of the last record, of the last destroyed control
        )

    def check_record(self, record: _BundleRecord, leaf: Leaf | None) -> None:
        """Verify the next record, with its leaf in the log."""
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
                self._result.faults.append(
                    BundleFault("version-out-of-order", f"originator {on}", record.seq)
                )
            previous_epoch = self._last_epoch_of.get(on, epoch)
            tag_key = self._key_by_epoch.get(
                (on, previous_epoch), ck
            )  # tags use the key of the record before
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
            fault = self._judge.judge(stored)
            if fault is None:
                _check_parts(stored)
            self._newest = max(stored.record.at, self._newest or stored.record.at)
            if isinstance(stored.record.event, ControlDestroyed):
                self._last_destruction = record.seq
        except ExchangeError as error:
            fault = RecordFault(error.error_code)
        except (ValueError, KeyError, TypeError, AttributeError):
            fault = RecordFault("record-unreadable")
        if fault is not None:
            self._result.faults.append(BundleFault(fault.code, "records", record.seq, fault.detail))

    def end(self) -> None:
        """Verify that no record follows the last one of an originator: its tag would be in the log."""
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
            self._result.faults.append(BundleFault("record-omitted", f"originator {on}, version {version}"))
        self._result.complete = len(following) - len(omitted)
        for about in sorted(self._judge.withheld_alarms(self._newest)) if self._newest is not None else ():
            self._result.faults.append(
                BundleFault("hub-act-withheld", f"{about.kind} {about.id}, until the end")
            )

    def check_request_complete(self, request: UUID) -> None:
        """Verify that the bundle contains all that the request covers. In a request for all cases, positions before the
        last destruction of control may be absent: those of a destroyed case can't be distinguished."""
        about = self._judge.register.control_requests.get(request)
        if about is None and any(fault.code == NEWER_EDITION for fault in self._result.faults):
            return  # the request may be a record that can't be read here
        if about is None:
            self._result.faults.append(BundleFault("request-missing", "records"))
        elif about.case is not None and about.case not in self._last_version_of:
            self._result.faults.append(BundleFault("case-omitted", f"case {about.case}"))
        elif about.case is None:
            end = len(self._log_entries)
            gaps = [*self._missing_ranges, (self._last + 1, end)]
            for first, last in gaps:
                first = max(first, self._last_destruction + 1)
                if first <= last:
                    self._result.faults.append(
                        BundleFault("requested-record-missing", f"positions {first} to {last}", first)
                    )


def _check_parts(stored: StoredRecord) -> None:
    """Verify that the parts of a record are those that were signed. Raises Untrusted.

    Wrapped keys can't be opened here: they are sealed under a key of the hub's vault.
    """
    if stored.payload is None:
        return
    if isinstance(stored.record.event, FRAME_ONLY_EVENTS):
        if stored.opened.items or stored.opened.sealed_wrapped_keys:
            raise Untrusted("parts-of-a-refusal")
        return
    match_items(stored.opened, stored.payload)
    if len(stored.opened.sealed_wrapped_keys) != len(stored.payload.wrapped_keys):
        raise Untrusted("record-wrapped-keys-missing")
