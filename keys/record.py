"""The stored record: sealed control, and beside it sealed items and doubly sealed wraps.

Source: KH-1 §3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from domain.errors import Malformed, NotThere, Untrusted
from keys import sealing
from keys.command import BESIDE_BYTES, MAX_ITEMS, MAX_WRAPS, MIN_ITEM_BYTES, SUITE, To, WishPayload
from keys.lp import lp, sha256
from keys.reader import Reader
from keys.signing import HPKE_OVERHEAD, KemKey, KemPublic
from keys.wrap import WRAP_BYTES

MAGIC = b"KHR1"
MAX_RECORD_BYTES = 3 * 512 * 1024
CONTROL = "control"
KIND_CONTROL, KIND_AUDIT, KIND_ITEM, KIND_WRAP = 1, 2, 3, 4
SEALED_WRAP_BYTES = sealing.sealed_size(WRAP_BYTES)
AUDIT_WRAP_BYTES = 32 + SEALED_WRAP_BYTES
_MAX_PARTS = 2 + MAX_ITEMS + MAX_WRAPS


class RecordKeys(Protocol):
    """Where the hub's keys come from; the vault is one. Both raise NotThere for a missing key."""

    def ck(self, originator: UUID, epoch: int) -> bytes: ...

    def sk(self, scope: UUID, cls: str) -> bytes: ...


@dataclass(frozen=True)
class FixedKeys:
    """Keys given by hand, for verifiers and tests."""

    cks: Mapping[tuple[UUID, int], bytes] = field(default_factory=dict, repr=False)
    sks: Mapping[tuple[UUID, str], bytes] = field(default_factory=dict, repr=False)

    def ck(self, originator: UUID, epoch: int) -> bytes:
        try:
            return self.cks[originator, epoch]
        except KeyError as error:
            raise NotThere("ck-not-given", "give the control key of this originator and epoch") from error

    def sk(self, scope: UUID, cls: str) -> bytes:
        try:
            return self.sks[scope, cls]
        except KeyError as error:
            raise NotThere("sk-not-given", "give the shred key of this scope and class") from error


@dataclass(frozen=True)
class RecordParts:
    """A record taken apart without any key. ``audit_wrap`` is the sealed part of kind 2, or None."""

    epoch: int
    control: bytes = field(repr=False)
    audit_wrap: bytes | None = field(repr=False)
    items: tuple[bytes, ...] = field(repr=False)
    sealed_wraps: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class OpenedRecord:
    """A record whose control was opened. ``frame`` is empty where the fact has none."""

    epoch: int
    body_json: bytes = field(repr=False)
    frame: bytes = field(repr=False)
    items: tuple[bytes, ...] = field(repr=False)
    sealed_wraps: tuple[bytes, ...] = field(repr=False)
    audit_wrap: bytes | None = field(repr=False)


def build_record(
    *,
    hub: bytes,
    originator: UUID,
    version: int,
    epoch: int,
    keys: RecordKeys,
    body_json: bytes,
    frame: bytes = b"",
    items: Sequence[bytes] = (),
    wraps: Sequence[tuple[str, bytes]] = (),
    audit: KemPublic | None = None,
    scope: UUID,
) -> bytes:
    """The state to store. ``wraps`` are (section, wrap) in payload order, as ``items`` are.

    ``audit``: the audit office's key, given for the first record of each epoch of an originator.
    Raises Malformed for parts that ``list_parts`` would refuse, NotThere for keys not in the vault.
    """
    ck = keys.ck(originator, epoch)
    body = len(body_json).to_bytes(4, "big") + body_json + frame
    control = sealing.seal(ck, _control_context(hub, originator, version), sealing.pad(body))
    parts = [(KIND_CONTROL, control)]
    if audit is not None:
        wrap = audit.encrypt(_audit_info(hub, originator, epoch, audit.kid), ck)
        layer = _seal_layer(keys.sk(scope, CONTROL), wrap)
        parts.append((KIND_AUDIT, sha256(wrap) + layer))
    parts += [(KIND_ITEM, item) for item in items]
    parts += [(KIND_WRAP, _seal_layer(keys.sk(scope, section), wrap)) for section, wrap in wraps]
    header = MAGIC + SUITE.to_bytes(1, "big") + epoch.to_bytes(4, "big") + len(parts).to_bytes(2, "big")
    chunks = [header]
    for kind, data in parts:
        chunks += (kind.to_bytes(1, "big"), len(data).to_bytes(4, "big"), data)
    state = b"".join(chunks)
    list_parts(state)
    return state


def list_parts(state: bytes) -> RecordParts:
    """The parts of a record, without any key. Raises Malformed, a flaw for each condition.

    Control first and exactly one, then at most one audit wrap, then items, then wraps.
    """
    if len(state) > MAX_RECORD_BYTES:
        raise Malformed("record-size", "a record has at most 1.5 MiB")
    reader = Reader(state, "record")
    reader.magic(MAGIC)
    if reader.number(1) != SUITE:
        raise Malformed("record-suite", "suite 1")
    epoch = reader.number(4)
    if epoch == 0:
        raise Malformed("record-epoch", "epochs count from 1")
    count = reader.number(2)
    if not 1 <= count <= _MAX_PARTS:
        raise Malformed("record-part-count", "control, and at most 64 items and 256 wraps")
    found: dict[int, list[bytes]] = {KIND_CONTROL: [], KIND_AUDIT: [], KIND_ITEM: [], KIND_WRAP: []}
    last = 0
    for _ in range(count):
        kind = reader.number(1)
        if kind not in found:
            raise Malformed("record-part-kind", "1 control, 2 audit wrap, 3 item, 4 wrap")
        if kind < last:
            raise Malformed("record-part-order", "parts stand in the order of their kinds")
        last = kind
        found[kind].append(reader.take(reader.number(4)))
    reader.end()
    _check_parts(found)
    audit = found[KIND_AUDIT][0] if found[KIND_AUDIT] else None
    control = found[KIND_CONTROL][0]
    return RecordParts(epoch, control, audit, tuple(found[KIND_ITEM]), tuple(found[KIND_WRAP]))


def _check_parts(found: Mapping[int, Sequence[bytes]]) -> None:
    if len(found[KIND_CONTROL]) != 1:
        raise Malformed("record-control-count", "exactly one control part, and first")
    if len(found[KIND_AUDIT]) > 1:
        raise Malformed("record-audit-count", "at most one audit wrap")
    if len(found[KIND_ITEM]) > MAX_ITEMS or len(found[KIND_WRAP]) > MAX_WRAPS:
        raise Malformed("record-kind-count", "at most 64 items and 256 wraps")
    if any(len(part) != AUDIT_WRAP_BYTES for part in found[KIND_AUDIT]):
        raise Malformed("record-audit-size", "a sealed audit wrap has 1,272 bytes")
    if not all(MIN_ITEM_BYTES <= len(part) <= BESIDE_BYTES for part in found[KIND_ITEM]):
        raise Malformed("record-item-size", "items beside a record have 328 bytes to 16 KiB")
    if any(len(part) != SEALED_WRAP_BYTES for part in found[KIND_WRAP]):
        raise Malformed("record-wrap-size", "a sealed wrap has 1,240 bytes")


def open_record(*, ck: bytes, hub: bytes, originator: UUID, version: int, state: bytes) -> OpenedRecord:
    """The control of a record. ``ck`` is the key of the epoch that ``list_parts`` tells.

    Raises Malformed (form), Untrusted if the record is not this version of this originator under
    this key. Items and wraps are not covered by that seal: hold them against the signed payload
    (``match_items``, ``open_named_wrap``) and the whole against the log.
    """
    parts = list_parts(state)
    body = sealing.unpad(sealing.open_sealed(ck, _control_context(hub, originator, version), parts.control))
    length = int.from_bytes(body[:4], "big")
    if len(body) < 4 or length == 0 or 4 + length > len(body):
        raise Malformed("body-length", "u32 length, JSON, frame")
    body_json, frame = body[4 : 4 + length], body[4 + length :]
    return OpenedRecord(parts.epoch, body_json, frame, parts.items, parts.sealed_wraps, parts.audit_wrap)


def match_items(parts: RecordParts | OpenedRecord, payload: WishPayload) -> dict[UUID, bytes]:
    """The sealed items beside a record by id, each held against the digest that was signed.

    Raises Untrusted. A record that stores a frame only (a refused wish) has none to match.
    """
    beside = [one for one in payload.items if one.kept == "beside"]
    if len(parts.items) != len(beside):
        raise Untrusted("record-items-missing", "a record carries the items its frame names, all or none")
    for one, sealed in zip(beside, parts.items, strict=True):
        if sha256(sealed) != one.digest:
            raise Untrusted("record-item-digest", "the stored item is not the one that was signed")
    return {one.item: sealed for one, sealed in zip(beside, parts.items, strict=True)}


def open_named_wrap(
    parts: RecordParts | OpenedRecord, payload: WishPayload, item: UUID, to: To, sk: bytes
) -> bytes:
    """The wrap of (item, to), its outer layer opened with SK(scope, section of the item).

    Raises NotThere if the payload names no such wrap, Untrusted if stored and signed differ.
    """
    if len(parts.sealed_wraps) != len(payload.wraps):
        raise Untrusted("record-wraps-missing", "a record carries the wraps its frame names, all or none")
    for one, sealed in zip(payload.wraps, parts.sealed_wraps, strict=True):
        if (one.item, one.to) == (item, to):
            return open_wrap_layer(sk, one.digest, sealed)
    raise NotThere("no-such-wrap", "this frame has no wrap of this item for this recipient")


def open_wrap_layer(sk: bytes, wrap_digest: bytes, sealed: bytes) -> bytes:
    """The wrap under its shred layer. Raises Untrusted unless it is the wrap of this digest."""
    wrap = sealing.open_sealed(sk, _layer_context(wrap_digest), sealed)
    if sha256(wrap) != wrap_digest:
        raise Untrusted("wrap-layer-digest", "the layer holds another wrap than the one that was signed")
    return wrap


def open_audit_layer(sk: bytes, audit_wrap: bytes) -> bytes:
    """The wrap for the audit office, its outer layer opened with SK(scope, control).

    Raises Malformed (length) or Untrusted.
    """
    if len(audit_wrap) != AUDIT_WRAP_BYTES:
        raise Malformed("audit-wrap-size", "a sealed audit wrap has 1,272 bytes")
    return open_wrap_layer(sk, audit_wrap[:32], audit_wrap[32:])


def open_audit_wrap(*, kem: KemKey, hub: bytes, originator: UUID, epoch: int, wrap: bytes) -> bytes:
    """CK(originator, epoch), for the audit office. Raises Malformed (length) or Untrusted."""
    if len(wrap) != WRAP_BYTES:
        raise Malformed("ck-wrap-length", "a wrap has 1,168 bytes")
    return kem.decrypt(_audit_info(hub, originator, epoch, kem.public.kid), wrap)


def _seal_layer(sk: bytes, wrap: bytes) -> bytes:
    if len(wrap) != HPKE_OVERHEAD + sealing.KEY_BYTES:
        raise Malformed("wrap-size", "a wrap has 1,168 bytes")
    return sealing.seal(sk, _layer_context(sha256(wrap)), wrap)


def _control_context(hub: bytes, originator: UUID, version: int) -> bytes:
    return lp("kh/ctl/v1", hub, originator, version)


def _layer_context(wrap_digest: bytes) -> bytes:
    return lp("kh/shred/v1", wrap_digest)


def _audit_info(hub: bytes, originator: UUID, epoch: int, kid: bytes) -> bytes:
    return lp("kh/ck/v1", hub, originator, epoch, kid)
