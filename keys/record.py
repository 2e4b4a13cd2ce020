"""The stored record: sealed control, then sealed items and doubly sealed wrapped keys.

Source: KH-1 §3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from domain.errors import Malformed, NotFound, Untrusted
from keys import sealing
from keys.command import (
    INLINE_ITEM_MAX_BYTES,
    MAX_ITEMS,
    MAX_WRAPPED_KEYS,
    MIN_ITEM_BYTES,
    SUITE,
    CommandPayload,
    To,
)
from keys.lp import lp, sha256
from keys.reader import Reader
from keys.signing import HPKE_OVERHEAD, KemKey, KemPublic
from keys.wrapped_key import WRAPPED_KEY_BYTES

MAGIC = b"KHR1"
MAX_RECORD_BYTES = 3 * 512 * 1024
CONTROL = "control"
KIND_CONTROL, KIND_AUDIT, KIND_ITEM, KIND_WRAPPED_KEY = 1, 2, 3, 4
SEALED_WRAPPED_KEY_BYTES = sealing.sealed_size(WRAPPED_KEY_BYTES)
AUDIT_WRAPPED_KEY_BYTES = 32 + SEALED_WRAPPED_KEY_BYTES
_MAX_PARTS = 2 + MAX_ITEMS + MAX_WRAPPED_KEYS


class RecordKeys(Protocol):
    """Where the hub's keys come from; the vault is one. Both raise NotFound for a missing key."""

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
            raise NotFound("ck-not-given") from error

    def sk(self, scope: UUID, cls: str) -> bytes:
        try:
            return self.sks[scope, cls]
        except KeyError as error:
            raise NotFound("sk-not-given") from error


@dataclass(frozen=True)
class RecordParts:
    """A record taken apart without any key. ``audit_wrapped_key`` is the sealed part of kind 2, or None."""

    epoch: int
    control: bytes = field(repr=False)
    audit_wrapped_key: bytes | None = field(repr=False)
    items: tuple[bytes, ...] = field(repr=False)
    sealed_wrapped_keys: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class OpenedRecord:
    """A record whose control was opened. ``frame`` is empty where the event has none."""

    epoch: int
    body_json: bytes = field(repr=False)
    frame: bytes = field(repr=False)
    items: tuple[bytes, ...] = field(repr=False)
    sealed_wrapped_keys: tuple[bytes, ...] = field(repr=False)
    audit_wrapped_key: bytes | None = field(repr=False)


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
    wrapped_keys: Sequence[tuple[str, bytes]] = (),
    audit: KemPublic | None = None,
    scope: UUID,
) -> bytes:
    """The state to store. ``wrapped_keys`` are (section, wrapped key) in payload order, as ``items`` are.

    ``audit``: the audit office's key, given for the first record of each epoch of an originator.
    Raises Malformed for parts that ``list_parts`` would refuse, NotFound for keys not in the vault.
    """
    ck = keys.ck(originator, epoch)
    body = len(body_json).to_bytes(4, "big") + body_json + frame
    control = sealing.seal(ck, _control_context(hub, originator, version), sealing.pad(body))
    parts = [(KIND_CONTROL, control)]
    if audit is not None:
        wrapped_key = audit.encrypt(_audit_info(hub, originator, epoch, audit.kid), ck)
        layer = _seal_layer(keys.sk(scope, CONTROL), wrapped_key)
        parts.append((KIND_AUDIT, sha256(wrapped_key) + layer))
    parts += [(KIND_ITEM, item) for item in items]
    parts += [
        (KIND_WRAPPED_KEY, _seal_layer(keys.sk(scope, section), wrapped_key))
        for section, wrapped_key in wrapped_keys
    ]
    header = MAGIC + SUITE.to_bytes(1, "big") + epoch.to_bytes(4, "big") + len(parts).to_bytes(2, "big")
    chunks = [header]
    for kind, data in parts:
        chunks += (kind.to_bytes(1, "big"), len(data).to_bytes(4, "big"), data)
    state = b"".join(chunks)
    list_parts(state)
    return state


def list_parts(state: bytes) -> RecordParts:
    """The parts of a record, without any key. Raises Malformed, an error code for each condition.

    Control first and exactly one, then at most one wrapped key of the audit office, then items, then wrapped keys.
    """
    if len(state) > MAX_RECORD_BYTES:
        raise Malformed("record-size")
    reader = Reader(state, "record")
    reader.magic(MAGIC)
    if reader.number(1) != SUITE:
        raise Malformed("record-suite")
    epoch = reader.number(4)
    if epoch == 0:
        raise Malformed("record-epoch")
    count = reader.number(2)
    if not 1 <= count <= _MAX_PARTS:
        raise Malformed("record-part-count")
    parts_by_kind: dict[int, list[bytes]] = {
        KIND_CONTROL: [],
        KIND_AUDIT: [],
        KIND_ITEM: [],
        KIND_WRAPPED_KEY: [],
    }
    last = 0
    for _ in range(count):
        kind = reader.number(1)
        if kind not in parts_by_kind:
            raise Malformed("record-part-kind")
        if kind < last:
            raise Malformed("record-part-order")
        last = kind
        parts_by_kind[kind].append(reader.take(reader.number(4)))
    reader.end()
    _check_parts(parts_by_kind)
    audit = parts_by_kind[KIND_AUDIT][0] if parts_by_kind[KIND_AUDIT] else None
    control = parts_by_kind[KIND_CONTROL][0]
    return RecordParts(
        epoch, control, audit, tuple(parts_by_kind[KIND_ITEM]), tuple(parts_by_kind[KIND_WRAPPED_KEY])
    )


def _check_parts(parts_by_kind: Mapping[int, Sequence[bytes]]) -> None:
    if len(parts_by_kind[KIND_CONTROL]) != 1:
        raise Malformed("record-control-count")
    if len(parts_by_kind[KIND_AUDIT]) > 1:
        raise Malformed("record-audit-count")
    if len(parts_by_kind[KIND_ITEM]) > MAX_ITEMS or len(parts_by_kind[KIND_WRAPPED_KEY]) > MAX_WRAPPED_KEYS:
        raise Malformed("record-kind-count")
    if any(len(part) != AUDIT_WRAPPED_KEY_BYTES for part in parts_by_kind[KIND_AUDIT]):
        raise Malformed("record-audit-size")
    if not all(MIN_ITEM_BYTES <= len(part) <= INLINE_ITEM_MAX_BYTES for part in parts_by_kind[KIND_ITEM]):
        raise Malformed("record-item-size")
    if any(len(part) != SEALED_WRAPPED_KEY_BYTES for part in parts_by_kind[KIND_WRAPPED_KEY]):
        raise Malformed("record-wrapped-key-size")


def open_record(*, ck: bytes, hub: bytes, originator: UUID, version: int, state: bytes) -> OpenedRecord:
    """The control of a record. ``ck`` is the key of the epoch that ``list_parts`` tells.

    Raises Malformed (form), Untrusted if the record is not this version of this originator under
    this key. Items and wrapped keys are not covered by that seal: hold them against the signed payload
    (``match_items``, ``open_named_wrapped_key``) and the whole against the log.
    """
    parts = list_parts(state)
    body = sealing.unpad(sealing.open_sealed(ck, _control_context(hub, originator, version), parts.control))
    length = int.from_bytes(body[:4], "big")
    if len(body) < 4 or length == 0 or 4 + length > len(body):
        raise Malformed("body-length")
    body_json, frame = body[4 : 4 + length], body[4 + length :]
    return OpenedRecord(
        parts.epoch, body_json, frame, parts.items, parts.sealed_wrapped_keys, parts.audit_wrapped_key
    )


def match_items(parts: RecordParts | OpenedRecord, payload: CommandPayload) -> dict[UUID, bytes]:
    """The sealed items of a record by id, each held against the digest that was signed.

    Raises Untrusted. A record that stores a frame only (a refused command) has none to match.
    """
    inline = [one for one in payload.items if one.storage == "inline"]
    if len(parts.items) != len(inline):
        raise Untrusted("record-items-missing")
    for one, sealed in zip(inline, parts.items, strict=True):
        if sha256(sealed) != one.digest:
            raise Untrusted("record-item-digest")
    return {one.item: sealed for one, sealed in zip(inline, parts.items, strict=True)}


def open_named_wrapped_key(
    parts: RecordParts | OpenedRecord, payload: CommandPayload, item: UUID, to: To, sk: bytes
) -> bytes:
    """The wrapped key of (item, to), its outer layer opened with SK(scope, section of the item).

    Raises NotFound if the payload names no such wrapped key, Untrusted if stored and signed differ.
    """
    if len(parts.sealed_wrapped_keys) != len(payload.wrapped_keys):
        raise Untrusted("record-wrapped-keys-missing")
    for one, sealed in zip(payload.wrapped_keys, parts.sealed_wrapped_keys, strict=True):
        if (one.item, one.to) == (item, to):
            return open_wrapped_key_layer(sk, one.digest, sealed)
    raise NotFound("no-such-wrapped-key")


def open_wrapped_key_layer(sk: bytes, wrapped_key_digest: bytes, sealed: bytes) -> bytes:
    """The wrapped key under its shred layer. Raises Untrusted unless it is the wrapped key of this digest."""
    wrapped_key = sealing.open_sealed(sk, _layer_context(wrapped_key_digest), sealed)
    if sha256(wrapped_key) != wrapped_key_digest:
        raise Untrusted("wrapped-key-layer-digest")
    return wrapped_key


def open_audit_layer(sk: bytes, audit_wrapped_key: bytes) -> bytes:
    """The wrapped key for the audit office, its outer layer opened with SK(scope, control).

    Raises Malformed (length) or Untrusted.
    """
    if len(audit_wrapped_key) != AUDIT_WRAPPED_KEY_BYTES:
        raise Malformed("audit-wrapped-key-size")
    return open_wrapped_key_layer(sk, audit_wrapped_key[:32], audit_wrapped_key[32:])


def open_audit_wrapped_key(
    *, kem: KemKey, hub: bytes, originator: UUID, epoch: int, wrapped_key: bytes
) -> bytes:
    """CK(originator, epoch), for the audit office. Raises Malformed (length) or Untrusted."""
    if len(wrapped_key) != WRAPPED_KEY_BYTES:
        raise Malformed("ck-wrapped-key-length")
    return kem.decrypt(_audit_info(hub, originator, epoch, kem.public.kid), wrapped_key)


def _seal_layer(sk: bytes, wrapped_key: bytes) -> bytes:
    if len(wrapped_key) != HPKE_OVERHEAD + sealing.KEY_BYTES:
        raise Malformed("wrapped-key-size")
    return sealing.seal(sk, _layer_context(sha256(wrapped_key)), wrapped_key)


def _control_context(hub: bytes, originator: UUID, version: int) -> bytes:
    return lp("kh/ctl/v1", hub, originator, version)


def _layer_context(wrapped_key_digest: bytes) -> bytes:
    return lp("kh/shred/v1", wrapped_key_digest)


def _audit_info(hub: bytes, originator: UUID, epoch: int, kid: bytes) -> bytes:
    return lp("kh/ck/v1", hub, originator, epoch, kid)
