"""The payload of a signed command: just these keys, each checked.

Source: KH-1 §5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from domain.errors import Malformed
from domain.events import Kind
from domain.record import AUDIT, REGISTRARS, About
from keys import canonical
from keys.fields import ACT, ACTOR, CODE, KIND, SCHEMA, Fields
from keys.frame import MAX_PAYLOAD_BYTES
from keys.lp import ZEROS
from keys.sealing import sealed_size

VERSION = 1
SUITE = 1
MAX_ITEMS = 64
MAX_WRAPPED_KEYS = 256
MAX_FLAGS = 16
READ_AHEAD, WRITE_AHEAD = timedelta(minutes=10), timedelta(days=7)
"""Maximum time from recording to ``not_after``: of a reading or query, and of any other command. Source: architecture §7."""
INLINE_ITEM_MAX_BYTES = 16 * 1024
MAX_ITEM_BYTES = 25 * 1024 * 1024
MIN_ITEM_BYTES = sealed_size(256)
REWRAP_ACT = "items.rewrapped"  # the one act whose wrapped keys are for items of another frame

By: TypeAlias = UUID | Literal["REGISTRARS", "AUDIT"]
To: TypeAlias = UUID | Literal["AUDIT"]
Storage: TypeAlias = Literal["inline", "store"]

_COMMAND_KEYS = (
    *("v", "suite", "hub", "about", "command_id", "by", "actor", "act", "created_at", "occurred_at"),
    *("not_after", "fields", "items", "wrapped_keys", "keyset", "prev"),
)
_ITEM_KEYS = ("item", "section", "flags", "schema", "size", "storage", "kc", "digest")
_WRAPPED_KEY_KEYS = ("item", "to", "kid", "digest")


@dataclass(frozen=True, kw_only=True)
class ItemRef:
    """The entry of one item in control. ``size`` is the sealed length in bytes."""

    item: UUID
    section: str
    flags: tuple[str, ...]
    schema: str
    size: int
    storage: Storage
    kc: bytes
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class WrappedKeyRef:
    """One item key for one recipient: whose key (``kid``), and the SHA-256 of the wrapped key."""

    item: UUID
    to: To
    kid: bytes
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class CommandPayload:
    """What an agency, the registrars or the audit office signs."""

    hub: bytes
    about: About
    command_id: UUID
    by: By
    actor: str
    act: str
    created_at: datetime
    occurred_at: datetime | None
    not_after: datetime
    fields: Mapping[str, Any]
    items: tuple[ItemRef, ...] = ()
    wrapped_keys: tuple[WrappedKeyRef, ...] = ()
    keyset: bytes
    prev: bytes = field(default=ZEROS)
    v: int = VERSION
    suite: int = SUITE


def encode_command(payload: CommandPayload) -> bytes:
    """The canonical bytes to sign. Raises Malformed for what ``parse_command`` would refuse."""
    data = canonical.encode(
        {
            "v": payload.v,
            "suite": payload.suite,
            "hub": payload.hub.hex(),
            "about": {"kind": payload.about.kind.value, "id": str(payload.about.id)},
            "command_id": str(payload.command_id),
            "by": str(payload.by),
            "actor": payload.actor,
            "act": payload.act,
            "created_at": canonical.format_time(payload.created_at),
            "occurred_at": None
            if payload.occurred_at is None
            else canonical.format_time(payload.occurred_at),
            "not_after": canonical.format_time(payload.not_after),
            "fields": dict(payload.fields),
            "items": [_item_json(one) for one in payload.items],
            "wrapped_keys": [_wrapped_key_json(one) for one in payload.wrapped_keys],
            "keyset": payload.keyset.hex(),
            "prev": payload.prev.hex(),
        }
    )
    parse_command(data)
    return data


def _item_json(one: ItemRef) -> dict[str, Any]:
    return {
        "item": str(one.item),
        "section": one.section,
        "flags": list(one.flags),
        "schema": one.schema,
        "size": one.size,
        "storage": one.storage,
        "kc": one.kc.hex(),
        "digest": one.digest.hex(),
    }


def _wrapped_key_json(one: WrappedKeyRef) -> dict[str, Any]:
    return {"item": str(one.item), "to": str(one.to), "kid": one.kid.hex(), "digest": one.digest.hex()}


def parse_command(data: bytes) -> CommandPayload:
    """The payload of these canonical bytes. Raises Malformed, an error code for each condition.

    (1) size, canonical form; (2) version and suite; (3) every key of its form; (4) every item and
    wrapped key of its form; (5) items, wrapped keys and author fit together.
    """
    if len(data) > MAX_PAYLOAD_BYTES:
        raise Malformed("command-size")
    fields = Fields(canonical.parse(data), "command", _COMMAND_KEYS)
    fields.require("v", VERSION)
    fields.require("suite", SUITE)
    payload = CommandPayload(
        hub=fields.hex("hub"),
        about=_parse_about(fields.raw("about")),
        command_id=fields.uuid("command_id"),
        by=_parse_by(fields),
        actor=fields.text("actor", ACTOR),
        act=fields.text("act", ACT),
        created_at=fields.time("created_at"),
        occurred_at=fields.time_or_null("occurred_at"),
        not_after=fields.time("not_after"),
        fields=fields.object("fields"),
        items=tuple(_parse_item(one) for one in fields.list("items", MAX_ITEMS)),
        wrapped_keys=tuple(_parse_wrapped_key(one) for one in fields.list("wrapped_keys", MAX_WRAPPED_KEYS)),
        keyset=fields.hex("keyset"),
        prev=fields.hex("prev"),
    )
    _check_command(payload)
    return payload


def _parse_about(value: object) -> About:
    fields = Fields(value, "command-about", ("kind", "id"))
    text = fields.text("kind", KIND)
    kind = next((one for one in Kind if one.value == text), None)
    if kind is None:
        raise Malformed("unknown-kind")
    return About(kind, fields.uuid("id"))


def _parse_by(fields: Fields) -> By:
    match fields.raw("by"):
        case "REGISTRARS":
            return REGISTRARS
        case "AUDIT":
            return AUDIT
        case _:
            return fields.uuid("by")


def _parse_item(value: object) -> ItemRef:
    fields = Fields(value, "item", _ITEM_KEYS)
    size = fields.integer("size", MIN_ITEM_BYTES, MAX_ITEM_BYTES)
    storage: Storage = "store" if fields.one_of("storage", ("inline", "store")) == "store" else "inline"
    if (storage == "store") != (size > INLINE_ITEM_MAX_BYTES):
        raise Malformed("item-storage-size")
    return ItemRef(
        item=fields.uuid("item"),
        section=fields.text("section", CODE),
        flags=fields.codes("flags", MAX_FLAGS),
        schema=fields.text("schema", SCHEMA),
        size=size,
        storage=storage,
        kc=fields.hex("kc"),
        digest=fields.hex("digest"),
    )


def _parse_wrapped_key(value: object) -> WrappedKeyRef:
    fields = Fields(value, "wrapped-key", _WRAPPED_KEY_KEYS)
    return WrappedKeyRef(
        item=fields.uuid("item"),
        to=AUDIT if fields.raw("to") == AUDIT else fields.uuid("to"),
        kid=fields.hex("kid"),
        digest=fields.hex("digest"),
    )


def _check_command(payload: CommandPayload) -> None:
    if payload.not_after < payload.created_at:
        raise Malformed("command-times")
    if payload.by == REGISTRARS and payload.keyset != ZEROS:
        raise Malformed("registrars-keyset")
    if payload.by == REGISTRARS and (payload.items or payload.wrapped_keys):
        raise Malformed("registrars-items")
    _check_each_once(payload)
    _check_wrapped_items(payload)


def _check_each_once(payload: CommandPayload) -> None:
    items = {one.item for one in payload.items}
    if len(items) != len(payload.items):
        raise Malformed("repeated-item")
    if len({one.digest for one in payload.items}) != len(payload.items):
        raise Malformed("repeated-item-digest")
    pairs = {(one.item, one.to) for one in payload.wrapped_keys}
    if len(pairs) != len(payload.wrapped_keys):
        raise Malformed("repeated-wrapped-key")
    if len({one.digest for one in payload.wrapped_keys}) != len(payload.wrapped_keys):
        raise Malformed("repeated-wrapped-key-digest")


def _check_wrapped_items(payload: CommandPayload) -> None:
    """Each wrapped key is for an item of this payload, and each item is wrapped to its author; a re-wrap has no items."""
    items = {one.item for one in payload.items}
    pairs = {(one.item, one.to) for one in payload.wrapped_keys}
    if payload.act == REWRAP_ACT:
        if items or not pairs:
            raise Malformed("rewrap-form")
        return
    if any(item not in items for item, _ in pairs):
        raise Malformed("wrapped-key-without-item")
    if any((item, payload.by) not in pairs for item in items):
        raise Malformed("item-without-author-wrapped-key")
