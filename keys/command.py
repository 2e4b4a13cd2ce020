"""The payload of a signed wish: just these keys, each checked.

Source: KH-1 §5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from domain.errors import Malformed
from keys import canonical
from keys.fields import ACT, ACTOR, CODE, KIND, SCHEMA, Fields
from keys.frame import MAX_PAYLOAD_BYTES
from keys.lp import ZEROS, About
from keys.sealing import sealed_size

__all__ = [
    "AUDIT",
    "BESIDE_BYTES",
    "MAX_ITEMS",
    "MAX_ITEM_BYTES",
    "MAX_WRAPS",
    "MIN_ITEM_BYTES",
    "READ_AHEAD",
    "REGISTRY",
    "REWRAP_ACT",
    "SUITE",
    "VERSION",
    "WRITE_AHEAD",
    "ZEROS",
    "About",
    "By",
    "ItemRef",
    "Kept",
    "To",
    "WishPayload",
    "WrapRef",
    "encode_wish",
    "parse_wish",
]

VERSION = 1
SUITE = 1
MAX_ITEMS = 64
MAX_WRAPS = 256
MAX_FLAGS = 16
READ_AHEAD, WRITE_AHEAD = timedelta(minutes=10), timedelta(days=7)
"""So far after its recording the ``not_after`` of a reading or question, and of any other wish, may lie. Source: KH-1 §5."""
BESIDE_BYTES = 16 * 1024
MAX_ITEM_BYTES = 25 * 1024 * 1024
MIN_ITEM_BYTES = sealed_size(256)
REWRAP_ACT = "items.rewrapped"  # the one act whose wraps are for items of another frame

REGISTRY: Literal["REGISTRY"] = "REGISTRY"
AUDIT: Literal["AUDIT"] = "AUDIT"
By: TypeAlias = UUID | Literal["REGISTRY", "AUDIT"]
To: TypeAlias = UUID | Literal["AUDIT"]
Kept: TypeAlias = Literal["beside", "store"]

_KEYS = (
    *("v", "suite", "hub", "about", "ask_id", "by", "actor", "act", "made_at", "occurred_at"),
    *("not_after", "fields", "items", "wraps", "keyset", "prev"),
)
_ITEM_KEYS = ("item", "section", "flags", "schema", "size", "kept", "kc", "digest")
_WRAP_KEYS = ("item", "to", "kid", "digest")


@dataclass(frozen=True, kw_only=True)
class ItemRef:
    """What control tells of one item. ``size`` is the sealed length in bytes."""

    item: UUID
    section: str
    flags: tuple[str, ...]
    schema: str
    size: int
    kept: Kept
    kc: bytes
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class WrapRef:
    """One item key for one recipient: whose key (``kid``), and the SHA-256 of the wrap."""

    item: UUID
    to: To
    kid: bytes
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class WishPayload:
    """What an agency, the registry or the audit office signs."""

    hub: bytes
    about: About
    ask_id: UUID
    by: By
    actor: str
    act: str
    made_at: datetime
    occurred_at: datetime | None
    not_after: datetime
    fields: Mapping[str, Any]
    items: tuple[ItemRef, ...] = ()
    wraps: tuple[WrapRef, ...] = ()
    keyset: bytes
    prev: bytes = field(default=ZEROS)
    v: int = VERSION
    suite: int = SUITE


def encode_wish(payload: WishPayload) -> bytes:
    """The canonical bytes to sign. Raises Malformed for what ``parse_wish`` would refuse."""
    data = canonical.encode(
        {
            "v": payload.v,
            "suite": payload.suite,
            "hub": payload.hub.hex(),
            "about": {"kind": payload.about.kind, "id": str(payload.about.id)},
            "ask_id": str(payload.ask_id),
            "by": str(payload.by),
            "actor": payload.actor,
            "act": payload.act,
            "made_at": canonical.format_time(payload.made_at),
            "occurred_at": None
            if payload.occurred_at is None
            else canonical.format_time(payload.occurred_at),
            "not_after": canonical.format_time(payload.not_after),
            "fields": dict(payload.fields),
            "items": [_item_json(one) for one in payload.items],
            "wraps": [_wrap_json(one) for one in payload.wraps],
            "keyset": payload.keyset.hex(),
            "prev": payload.prev.hex(),
        }
    )
    parse_wish(data)
    return data


def _item_json(one: ItemRef) -> dict[str, Any]:
    return {
        "item": str(one.item),
        "section": one.section,
        "flags": list(one.flags),
        "schema": one.schema,
        "size": one.size,
        "kept": one.kept,
        "kc": one.kc.hex(),
        "digest": one.digest.hex(),
    }


def _wrap_json(one: WrapRef) -> dict[str, Any]:
    return {"item": str(one.item), "to": str(one.to), "kid": one.kid.hex(), "digest": one.digest.hex()}


def parse_wish(data: bytes) -> WishPayload:
    """The payload of these canonical bytes. Raises Malformed, a flaw for each condition.

    (1) size, canonical form; (2) version and suite; (3) every key of its form; (4) every item and
    wrap of its form; (5) items, wraps and author fit together.
    """
    if len(data) > MAX_PAYLOAD_BYTES:
        raise Malformed("wish-size", "a payload has at most 256 KiB")
    fields = Fields(canonical.parse(data), "wish", _KEYS)
    fields.only("v", VERSION)
    fields.only("suite", SUITE)
    about = Fields(fields.raw("about"), "wish-about", ("kind", "id"))
    payload = WishPayload(
        hub=fields.hex("hub"),
        about=About(about.text("kind", KIND), about.uuid("id")),
        ask_id=fields.uuid("ask_id"),
        by=_by(fields),
        actor=fields.text("actor", ACTOR),
        act=fields.text("act", ACT),
        made_at=fields.time("made_at"),
        occurred_at=fields.time_or_null("occurred_at"),
        not_after=fields.time("not_after"),
        fields=fields.object("fields"),
        items=tuple(_item(one) for one in fields.list("items", MAX_ITEMS)),
        wraps=tuple(_wrap(one) for one in fields.list("wraps", MAX_WRAPS)),
        keyset=fields.hex("keyset"),
        prev=fields.hex("prev"),
    )
    _check_whole(payload)
    return payload


def _by(fields: Fields) -> By:
    match fields.raw("by"):
        case "REGISTRY":
            return REGISTRY
        case "AUDIT":
            return AUDIT
        case _:
            return fields.uuid("by")


def _item(value: object) -> ItemRef:
    fields = Fields(value, "item", _ITEM_KEYS)
    size = fields.integer("size", MIN_ITEM_BYTES, MAX_ITEM_BYTES)
    kept: Kept = "store" if fields.word("kept", ("beside", "store")) == "store" else "beside"
    if (kept == "store") != (size > BESIDE_BYTES):
        raise Malformed("item-kept-size", "over 16 KiB in the store, else beside the frame")
    return ItemRef(
        item=fields.uuid("item"),
        section=fields.text("section", CODE),
        flags=fields.codes("flags", MAX_FLAGS),
        schema=fields.text("schema", SCHEMA),
        size=size,
        kept=kept,
        kc=fields.hex("kc"),
        digest=fields.hex("digest"),
    )


def _wrap(value: object) -> WrapRef:
    fields = Fields(value, "wrap", _WRAP_KEYS)
    return WrapRef(
        item=fields.uuid("item"),
        to=AUDIT if fields.raw("to") == AUDIT else fields.uuid("to"),
        kid=fields.hex("kid"),
        digest=fields.hex("digest"),
    )


def _check_whole(payload: WishPayload) -> None:
    if payload.not_after < payload.made_at:
        raise Malformed("wish-times", "not_after is not before made_at")
    if payload.by == REGISTRY and payload.keyset != ZEROS:
        raise Malformed("registry-keyset", "the registry's acts have keyset zeros")
    if payload.by == REGISTRY and (payload.items or payload.wraps):
        raise Malformed("registry-items", "the registry's acts carry no items and no wraps")
    items = {one.item for one in payload.items}
    if len(items) != len(payload.items):
        raise Malformed("repeated-item", "name each item once")
    if len({one.digest for one in payload.items}) != len(payload.items):
        raise Malformed("repeated-item-digest", "seal each item by itself")
    pairs = {(one.item, one.to) for one in payload.wraps}
    if len(pairs) != len(payload.wraps):
        raise Malformed("repeated-wrap", "one wrap for each item and recipient")
    if len({one.digest for one in payload.wraps}) != len(payload.wraps):
        raise Malformed("repeated-wrap-digest", "make each wrap by itself")
    if payload.act == REWRAP_ACT:
        if items or not pairs:
            raise Malformed("rewrap-form", "a re-wrap carries wraps and no items")
        return
    if any(item not in items for item, _ in pairs):
        raise Malformed("wrap-without-item", "wrap the items of this payload only")
    if any((item, payload.by) not in pairs for item in items):
        raise Malformed("item-without-author-wrap", "wrap every item to its author's agency too")
