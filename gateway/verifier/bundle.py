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
from domain.events import AccessFact, ControlDestroyed, DisclosureRefused, OpeningRefused, WishRefused
from gateway.verifier.judge import Judge
from gateway.verifier.reading import read
from keys import canonical
from keys.checkpoint import Checkpoint, origin_of, verify_checkpoint
from keys.frame import parse_frame
from keys.genesis import Genesis, verify_genesis
from keys.leaf import Leaf, leaf_tag, parse_leaf, record_sha
from keys.proofs import Head, entry_hash
from keys.record import list_parts, match_items, open_audit_wrap
from keys.signing import KemKey
from keys.stored_record import Kept
from keys.timestamps import TimeAuthority, parse_stamp, verify_time

NAMES = ("genesis", "checkpoint", "entries", "records", "keys")
TIMES = "times"
FRAME_ONLY = (DisclosureRefused, WishRefused, OpeningRefused, AccessFact)
NOTHING = memoryview(b"")

Buffer = bytes | mmap
"""A bundle in memory, or a file where it lies."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: a part of the bundle, and the record's position where it is one's."""

    what: str
    where: str
    seq: int | None = None


@dataclass
class Verified:
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
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "ok": self.ok, "faults": [f.__dict__ for f in self.faults]}


@dataclass(frozen=True)
class _Lying:
    """A record as it lies in the bundle."""

    seq: int
    subject: str
    state: bytes

    @property
    def place(self) -> tuple[UUID, int]:
        """Originator and version, as the subject says. Raises Malformed."""
        parts = self.subject.rsplit(".", 2)
        try:
            return UUID(hex=parts[1]), int(parts[2])
        except (IndexError, ValueError) as error:
            raise Malformed("bundle-subject", "a subject names originator and version") from error


def verify_bundle(
    data: Buffer,
    hub: bytes,
    audit: KemKey | None,
    authority: TimeAuthority | None = None,
    tell: Callable[[int, int], None] = lambda done, of: None,
    *,
    seen: Buffer | None = None,
    request: UUID | None = None,
) -> Verified:
    """Everything that can be said of this bundle. Never raises for what is wrong in it: that is told.

    ``authority``: whose time tokens are believed; without one they are left aside, with one there must be some.
    ``tell``: how many bytes of the records were looked at, of how many. ``seen``: a head of this log that one holds (a
    checkpoint, or an earlier bundle): this one has to continue it. ``request``: what the audit office asked for on
    record: the bundle has to hold all of it.
    """
    told = Verified(hub=hub.hex(), control=audit is not None)
    files, faults = _files(data)
    told.faults += faults
    genesis = _genesis(files, hub, told)
    if genesis is None:
        return told
    head = _head(files, genesis, told)
    entries = _Entries(files.get("entries", NOTHING))
    _logged(entries, head, told)
    if seen is not None:
        _continues(seen, genesis, entries, told)
    _timed(bytes(files.get(TIMES, NOTHING)), genesis, entries, authority, told)
    timed = max((t["size"] for t in told.times), default=0)
    judging = None
    if audit is not None:
        judging = _Judging(entries, _control_keys(files, hub, audit, told), genesis, told)
    elif request is not None:
        told.faults.append(Fault("request-needs-key", "keys"))
    records = files.get("records", NOTHING)
    for one, end in _records(records, told):
        leaf = entries.leaf(one.seq)
        if leaf is None or leaf.sha != record_sha(one.subject, one.state):
            told.faults.append(Fault("record-not-logged", "records", one.seq))
        if judging is not None:
            judging.see(one, leaf)
        told.records += 1
        told.timed += one.seq <= timed
        tell(end, len(records))
    if judging is not None:
        judging.end()
        if request is not None:
            judging.asked(request)
    return told


def _files(data: Buffer) -> tuple[dict[str, memoryview], list[Fault]]:
    """The parts where they lie, and what is wrong with the container. A wrong digest alone does not end it: the place
    is looked for."""
    faults = []
    whole = memoryview(data)
    if sha256(whole[:-32]).digest() != whole[-32:]:
        faults.append(Fault("bundle-digest", "bundle"))
    found: dict[str, memoryview] = {}
    if bytes(whole[:4]) != b"KHB1":
        return found, [*faults, Fault("bundle-magic", "bundle")]
    at = 6
    for _ in range(int.from_bytes(whole[4:6], "big")):
        length = int.from_bytes(whole[at : at + 2], "big")
        name = bytes(whole[at + 2 : at + 2 + length]).decode("utf-8", "replace")
        at += 2 + length
        size = int.from_bytes(whole[at : at + 8], "big")
        at += 8
        if at + size > len(whole) - 32 or name in found:
            return found, [*faults, Fault("bundle-cut", name)]
        found[name] = whole[at : at + size]
        at += size
    if at != len(whole) - 32 or tuple(found) not in (NAMES, (*NAMES, TIMES)):
        faults.append(Fault("bundle-parts", "bundle"))
    return found, faults


def _genesis(files: dict[str, memoryview], hub: bytes, told: Verified) -> Genesis | None:
    try:
        genesis = verify_genesis(parse_frame(bytes(files.get("genesis", NOTHING))), hub=hub)
    except ExchangeError as error:
        told.faults.append(Fault(error.flaw, "genesis"))
        return None
    told.mode = genesis.mode
    return genesis


def _head(files: dict[str, memoryview], genesis: Genesis, told: Verified) -> Checkpoint | None:
    try:
        origin = origin_of(genesis.hub, genesis.mode)
        checkpoint, _ = verify_checkpoint(bytes(files.get("checkpoint", NOTHING)), origin, genesis.log)
    except ExchangeError as error:
        told.faults.append(Fault(error.flaw, "checkpoint"))
        return None
    told.log_size = checkpoint.size
    return checkpoint


class _Entries:
    """Every entry of the log, where it lies in the bundle."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
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
        return bytes(self._data[at + 2 : at + 2 + int.from_bytes(self._data[at : at + 2], "big")])

    def leaf(self, seq: int) -> Leaf | None:
        """The leaf at a position, counted from 1; None where there is none that says so."""
        if not 1 <= seq <= len(self):
            return None
        try:
            leaf = parse_leaf(self[seq - 1])
        except ExchangeError:
            return None
        return leaf if leaf.seq == seq else None


def _logged(entries: _Entries, head: Checkpoint | None, told: Verified) -> None:
    """Each entry is a leaf of its place, and together they come to the signed root."""
    root = Head()
    for seq, entry in enumerate(entries, 1):
        root.add(entry_hash(entry))
        if entries.leaf(seq) is None:
            told.faults.append(Fault("entry-wrong", "entries", seq))
    if head is not None and (len(entries) != head.size or root.root != head.root):
        told.faults.append(Fault("root-differs", "entries"))


def _continues(seen: Buffer, genesis: Genesis, entries: _Entries, told: Verified) -> None:
    """The log that was seen before is the beginning of this one: nothing was taken back, nothing was changed.

    Where an earlier bundle is at hand, each entry that is another now is named.
    """
    before, _ = _files(seen) if seen[:4] == b"KHB1" else ({"checkpoint": memoryview(seen)}, [])
    try:
        origin = origin_of(genesis.hub, genesis.mode)
        head, _ = verify_checkpoint(bytes(before.get("checkpoint", NOTHING)), origin, genesis.log)
    except ExchangeError as error:
        told.faults.append(Fault(error.flaw, "the head seen before"))
        return
    if head.size > len(entries):
        told.faults.append(Fault("log-rolled-back", "checkpoint", len(entries) + 1))
    elif _Roots(entries).of(head.size) != head.root:
        told.faults.append(Fault("log-forked", "checkpoint"))
        known = _Entries(before.get("entries", NOTHING))
        for seq, (was, now) in enumerate(zip(known, entries, strict=False), 1):
            if was != now:
                told.faults.append(Fault("entry-changed", "entries", seq))


def _timed(
    data: bytes, genesis: Genesis, entries: _Entries, authority: TimeAuthority | None, told: Verified
) -> None:
    """Each token is over a head that this log has signed and that its entries come to, by an authority believed in."""
    origin, roots = origin_of(genesis.hub, genesis.mode), _Roots(entries)
    for n, raw in enumerate(_stamps(data), 1):
        told.tokens = n
        try:
            stamp = parse_stamp(raw)
            head, _ = verify_checkpoint(stamp.note, origin, genesis.log)
            if roots.of(head.size) != head.root:
                raise Untrusted("time-of-another-log", "the entries do not come to the head that was stamped")
            if authority is not None:
                at = verify_time(stamp.token, stamp.note, authority)
                told.times.append({"size": head.size, "at": canonical.format_time(at)})
        except ExchangeError as error:
            told.faults.append(Fault(error.flaw, f"{TIMES}, token {n}"))
    if authority is not None and not told.tokens:
        told.faults.append(Fault("time-token-missing", TIMES))


class _Roots:
    """The roots of growing sizes, asked for in ascending order."""

    def __init__(self, entries: _Entries) -> None:
        self._entries = entries
        self._head = Head()

    def of(self, size: int) -> bytes | None:
        """Of the first so many; None where there are not so many, or it is smaller than what was asked for before."""
        while self._head.size < min(size, len(self._entries)):
            self._head.add(entry_hash(self._entries[self._head.size]))
        return self._head.root if self._head.size == size else None


def _stamps(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def _records(data: memoryview, told: Verified) -> Iterator[tuple[_Lying, int]]:
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
            told.faults.append(Fault("record-out-of-order", "records", seq))
            if at > len(data):
                return
        last = seq
        yield _Lying(seq, subject, state), at


def _control_keys(
    files: dict[str, memoryview], hub: bytes, audit: KemKey, told: Verified
) -> dict[tuple[UUID, int], bytes]:
    keys: dict[tuple[UUID, int], bytes] = {}
    try:
        known: Any = canonical.parse(bytes(files.get("keys", NOTHING)))
        for on, epochs in known["wraps"].items():
            for epoch, wrap in epochs.items():
                id, n, sealed = UUID(on), int(epoch), bytes.fromhex(wrap)
                try:
                    keys[id, n] = open_audit_wrap(kem=audit, hub=hub, originator=id, epoch=n, wrap=sealed)
                except ExchangeError as error:
                    told.faults.append(Fault(error.flaw, f"keys, originator {id}, mandate {n}"))
    except ExchangeError as error:
        told.faults.append(Fault(error.flaw, "keys"))
    except (KeyError, ValueError, TypeError, AttributeError):
        told.faults.append(Fault("keys-unreadable", "keys"))
    return keys


class _Judging:
    """Control opened, tag and order held, signature and decision judged anew, and nothing left out."""

    def __init__(
        self, entries: _Entries, keys: dict[tuple[UUID, int], bytes], genesis: Genesis, told: Verified
    ) -> None:
        self._entries, self._keys, self._hub, self._told = entries, keys, genesis.hub, told
        self._judge = Judge(genesis)
        self._versions: dict[UUID, int] = {}
        self._epochs: dict[UUID, int] = {}
        self._newest: datetime | None = None
        self._gaps: list[tuple[int, int]] = []
        self._last = self._destroyed = (
            0  # positions: of the last record, and of the last destruction of control
        )

    def see(self, one: _Lying, leaf: Leaf | None) -> None:
        """The next record, with its leaf in the log."""
        if one.seq > self._last + 1:
            self._gaps.append((self._last + 1, one.seq - 1))
        self._last = max(self._last, one.seq)
        try:
            on, version = one.place
            epoch = list_parts(one.state).epoch
            ck = self._keys.get((on, epoch))
            if ck is None:
                raise Untrusted("control-key-missing", "the bundle lacks this originator's key")
            if version != self._versions.get(on, 0) + 1:
                self._told.faults.append(Fault("version-gap", f"originator {on}", one.seq))
            tagged = self._keys.get(
                (on, self._epochs.get(on, epoch)), ck
            )  # by who can open the record before
            self._versions[on], self._epochs[on] = version, epoch
            if leaf is None or leaf.tag != leaf_tag(tagged, on, version):
                self._told.faults.append(Fault("tag-differs", "entries", one.seq))
            kept = read(
                hub=self._hub,
                ck=ck,
                position=one.seq,
                subject=one.subject,
                originator=on,
                version=version,
                state=one.state,
            )
            flaw = self._judge.judge(kept) or _carries(kept)
            self._newest = max(kept.record.at, self._newest or kept.record.at)
            if isinstance(kept.record.fact, ControlDestroyed):
                self._destroyed = one.seq
        except ExchangeError as error:
            flaw = error.flaw
        except (ValueError, KeyError, TypeError, AttributeError):
            flaw = "unreadable"
        if flaw is not None:
            self._told.faults.append(Fault(flaw, "records", one.seq))

    def end(self) -> None:
        """No record follows the last one of an originator: its tag would stand in the log."""
        self._told.decisions = self._judge.decisions
        self._told.originators = len(self._versions)
        following = {
            leaf_tag(self._keys[on, self._epochs[on]], on, last + 1): (on, last + 1)
            for on, last in self._versions.items()
        }
        left_out = {
            following[leaf.tag]
            for seq in range(1, len(self._entries) + 1)
            if (leaf := self._entries.leaf(seq)) is not None and leaf.tag in following
        }
        for on, version in sorted(left_out):
            self._told.faults.append(Fault("record-left-out", f"originator {on}, version {version}"))
        self._told.complete = len(following) - len(left_out)
        for about in sorted(self._judge.silent(self._newest)) if self._newest is not None else ():
            self._told.faults.append(Fault("hub-act-withheld", f"{about.kind} {about.id}, until the end"))

    def asked(self, request: UUID) -> None:
        """All that this request on record is about is here. Of «all», what stands before control was last destroyed
        can't be missed: nobody can tell the positions of a destroyed case from others."""
        about = self._judge.register.control_requests.get(request)
        if about is None:
            self._told.faults.append(Fault("request-not-there", "records"))
        elif about.case is not None and about.case not in self._versions:
            self._told.faults.append(Fault("case-left-out", f"case {about.case}"))
        elif about.case is None:
            end = len(self._entries)
            gaps = [*self._gaps, (self._last + 1, end)]
            for first, last in gaps:
                first = max(first, self._destroyed + 1)
                if first <= last:
                    self._told.faults.append(Fault("record-not-there", f"positions {first} to {last}", first))


def _carries(kept: Kept) -> str | None:
    """The flaw of a record that does not carry what was signed. Raises Untrusted for an item that is another.

    What lies in a wrap can't be looked at here: it is under a key of the hub's vault.
    """
    if kept.payload is None:
        return None
    if isinstance(kept.record.fact, FRAME_ONLY):
        return "parts-of-a-refusal" if kept.opened.items or kept.opened.sealed_wraps else None
    match_items(kept.opened, kept.payload)
    return None if len(kept.opened.sealed_wraps) == len(kept.payload.wraps) else "record-wraps-missing"
