"""Verifying an offline bundle: with the hub's id that one has pinned, the audit office's key where one has it, and the
certificates of a time authority where one believes one.

Nothing here is used to make a bundle, a log or a record; it rests on the primitives of ``keys`` and on the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from adapters.mapper import record_of
from adapters.store import Kept
from domain.errors import ExchangeError, Malformed, Untrusted
from gateway.verify import Verifier
from keys import canonical
from keys.checkpoint import Checkpoint, origin_of, verify_checkpoint
from keys.frame import parse_frame
from keys.genesis import Genesis, verify_genesis
from keys.leaf import Leaf, leaf_tag, parse_leaf, record_sha
from keys.proofs import Head, entry_hash
from keys.record import list_parts, open_audit_wrap, open_record
from keys.signing import KemKey
from keys.timestamps import TimeAuthority, parse_stamp, verify_time
from keys.wish import parse_wish

NAMES = ("genesis", "checkpoint", "entries", "records", "keys")
TIMES = "times"


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
    data: bytes, hub: bytes, audit: KemKey | None, authority: TimeAuthority | None = None
) -> Verified:
    """Everything that can be said of this bundle. Never raises for what is wrong in it: that is told.

    ``authority``: whose time tokens are believed; without one they are left aside, with one there must be some.
    """
    told = Verified(hub=hub.hex(), control=audit is not None)
    files, faults = _files(data)
    told.faults += faults
    genesis = _genesis(files, hub, told)
    if genesis is None:
        return told
    head = _head(files, genesis, told)
    leaves, hashes = _leaves(files.get("entries", b""), head, told)
    lying = list(_records(files.get("records", b""), told))
    _placed(lying, leaves, told)
    _timed(files.get(TIMES, b""), genesis, hashes, authority, told)
    told.timed = sum(one.seq <= max((t["size"] for t in told.times), default=0) for one in lying)
    if audit is not None:
        _judged(lying, leaves, _control_keys(files, hub, audit, told), genesis, told)
    told.records = len(lying)
    return told


def _files(data: bytes) -> tuple[dict[str, bytes], list[Fault]]:
    """The parts, and what is wrong with the container. A wrong digest alone does not end it: the place is looked for."""
    faults = []
    if sha256(data[:-32]).digest() != data[-32:]:
        faults.append(Fault("bundle-digest", "bundle"))
    found: dict[str, bytes] = {}
    if data[:4] != b"KHB1":
        return found, [*faults, Fault("bundle-magic", "bundle")]
    at = 6
    for _ in range(int.from_bytes(data[4:6], "big")):
        length = int.from_bytes(data[at : at + 2], "big")
        name = data[at + 2 : at + 2 + length].decode("utf-8", "replace")
        at += 2 + length
        size = int.from_bytes(data[at : at + 8], "big")
        at += 8
        if at + size > len(data) - 32 or name in found:
            return found, [*faults, Fault("bundle-cut", name)]
        found[name] = data[at : at + size]
        at += size
    if at != len(data) - 32 or tuple(found) not in (NAMES, (*NAMES, TIMES)):
        faults.append(Fault("bundle-parts", "bundle"))
    return found, faults


def _genesis(files: dict[str, bytes], hub: bytes, told: Verified) -> Genesis | None:
    try:
        genesis = verify_genesis(parse_frame(files.get("genesis", b"")), hub=hub)
    except ExchangeError as error:
        told.faults.append(Fault(error.flaw, "genesis"))
        return None
    told.mode = genesis.mode
    return genesis


def _head(files: dict[str, bytes], genesis: Genesis, told: Verified) -> Checkpoint | None:
    try:
        origin = origin_of(genesis.hub, genesis.mode)
        checkpoint, _ = verify_checkpoint(files.get("checkpoint", b""), origin, genesis.log)
    except ExchangeError as error:
        told.faults.append(Fault(error.flaw, "checkpoint"))
        return None
    told.log_size = checkpoint.size
    return checkpoint


def _leaves(data: bytes, head: Checkpoint | None, told: Verified) -> tuple[dict[int, Leaf], list[bytes]]:
    """Every leaf of the log, which together come to the signed root; and the hashes of all."""
    found: dict[int, Leaf] = {}
    hashes: list[bytes] = []
    root, at, seq = Head(), 0, 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length]
        at += 2 + length
        seq += 1
        hashes.append(entry_hash(entry))
        root.add(hashes[-1])
        try:
            leaf = parse_leaf(entry)
        except ExchangeError:
            leaf = None
        if leaf is None or leaf.seq != seq:
            told.faults.append(Fault("entry-wrong", "entries", seq))
        else:
            found[seq] = leaf
    if head is not None and (seq != head.size or root.root != head.root):
        told.faults.append(Fault("root-differs", "entries"))
    return found, hashes


def _timed(
    data: bytes, genesis: Genesis, hashes: list[bytes], authority: TimeAuthority | None, told: Verified
) -> None:
    """Each token is over a head that this log has signed and that its entries come to, by an authority believed in."""
    origin, roots = origin_of(genesis.hub, genesis.mode), _Roots(hashes)
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

    def __init__(self, hashes: list[bytes]) -> None:
        self._hashes = hashes
        self._head = Head()

    def of(self, size: int) -> bytes | None:
        """Of the first so many; None where there are not so many, or it is smaller than what was asked for before."""
        while self._head.size < min(size, len(self._hashes)):
            self._head.add(self._hashes[self._head.size])
        return self._head.root if self._head.size == size else None


def _stamps(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def _records(data: bytes, told: Verified) -> Iterator[_Lying]:
    at, last = 0, 0
    while at < len(data):
        seq = int.from_bytes(data[at : at + 8], "big")
        length = int.from_bytes(data[at + 8 : at + 10], "big")
        subject = data[at + 10 : at + 10 + length].decode("utf-8", "replace")
        at += 10 + length
        size = int.from_bytes(data[at : at + 4], "big")
        state = data[at + 4 : at + 4 + size]
        at += 4 + size
        if at > len(data) or seq <= last:
            told.faults.append(Fault("record-out-of-order", "records", seq))
            if at > len(data):
                return
        last = seq
        yield _Lying(seq, subject, state)


def _placed(lying: list[_Lying], leaves: dict[int, Leaf], told: Verified) -> None:
    """Each record is the one that the log has at its position."""
    for one in lying:
        leaf = leaves.get(one.seq)
        if leaf is None or leaf.sha != record_sha(one.subject, one.state):
            told.faults.append(Fault("record-not-logged", "records", one.seq))


def _control_keys(
    files: dict[str, bytes], hub: bytes, audit: KemKey, told: Verified
) -> dict[tuple[UUID, int], bytes]:
    keys: dict[tuple[UUID, int], bytes] = {}
    try:
        known: Any = canonical.parse(files.get("keys", b""))
        for on, epochs in known["wraps"].items():
            for epoch, wrap in epochs.items():
                id, n = UUID(on), int(epoch)
                keys[id, n] = open_audit_wrap(
                    kem=audit, hub=hub, originator=id, epoch=n, wrap=bytes.fromhex(wrap)
                )
    except ExchangeError as error:
        told.faults.append(Fault(error.flaw, "keys"))
    except (KeyError, ValueError, TypeError, AttributeError):
        told.faults.append(Fault("keys-unreadable", "keys"))
    return keys


def _judged(
    lying: list[_Lying],
    leaves: dict[int, Leaf],
    keys: dict[tuple[UUID, int], bytes],
    genesis: Genesis,
    told: Verified,
) -> None:
    """Control opened, tag and order held, signature and decision judged anew, and nothing left out."""
    judge = Verifier.of_records(genesis)
    versions: dict[UUID, int] = {}
    epochs: dict[UUID, int] = {}
    for one in lying:
        try:
            on, version = one.place
            epoch = list_parts(one.state).epoch
            ck = keys.get((on, epoch))
            if ck is None:
                raise Untrusted("control-key-missing", "the bundle lacks this originator's key")
            if version != versions.get(on, 0) + 1:
                told.faults.append(Fault("version-gap", f"originator {on}", one.seq))
            tagged = keys.get((on, epochs.get(on, epoch)), ck)  # by who can open the record before
            versions[on], epochs[on] = version, epoch
            leaf = leaves.get(one.seq)
            if leaf is None or leaf.tag != leaf_tag(tagged, on, version):
                told.faults.append(Fault("tag-differs", "entries", one.seq))
            flaw = judge.judge(_kept(one, ck, genesis.hub, on, version))
            if flaw is not None:
                told.faults.append(Fault(flaw, "records", one.seq))
        except (ExchangeError, ValueError, KeyError, TypeError, AttributeError) as error:
            flaw = error.flaw if isinstance(error, ExchangeError) else "unreadable"
            told.faults.append(Fault(flaw, "records", one.seq))
    told.decisions = judge.result.decisions
    told.originators = len(versions)
    tags = {leaf.tag for leaf in leaves.values()}
    for on, last in versions.items():
        if leaf_tag(keys[on, epochs[on]], on, last + 1) in tags:
            told.faults.append(Fault("record-left-out", f"originator {on}, version {last + 1}"))
        else:
            told.complete += 1


def _kept(one: _Lying, ck: bytes, hub: bytes, on: UUID, version: int) -> Kept:
    opened = open_record(ck=ck, hub=hub, originator=on, version=version, state=one.state)
    payload = None
    if opened.frame:
        signed = parse_frame(opened.frame)
        payload = None if signed.digest == hub else parse_wish(signed.payload)
    record = record_of(opened.body_json, on, version, "" if payload is None else payload.actor)
    sha = record_sha(one.subject, one.state)
    return Kept(one.seq, record, opened.frame, payload, opened, one.subject, sha)
