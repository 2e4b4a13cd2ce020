"""What a door keeps for itself, sealed to its own key as KH-1 §4 seals items."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any
from uuid import UUID, uuid5

from domain.errors import Untrusted
from domain.events import Kind
from domain.record import About
from keys.item import open_item, seal_item
from keys.lp import ZEROS
from keys.signing import KemKey
from keys.wrapped_key import open_wrapped_key, seal_wrapped_key

SECTION, SCHEMA = "OWN", "own/v1"


def seal_own(name: str, content: bytes, agency: UUID, hub: bytes, kem: KemKey) -> bytes:
    """This content for the holder of this key alone, under a name that is part of the seal."""
    context = _context(name, agency, hub)
    item = seal_item(section=SECTION, schema=SCHEMA, content=content, **context)
    wrapped_key = seal_wrapped_key(kc=item.kc, to=kem.public, item_key=item.key, **context)
    parts = {"kc": item.kc.hex(), "wrapped_key": _text(wrapped_key), "sealed": _text(item.sealed)}
    return json.dumps(parts).encode()


def open_own(name: str, sealed: bytes, agency: UUID, hub: bytes, kem: KemKey) -> bytes:
    """What was sealed under this name. Raises Untrusted."""
    context = _context(name, agency, hub)
    try:
        parts = json.loads(sealed)
        kc, wrapped_key, content = (
            bytes.fromhex(parts["kc"]),
            b64decode(parts["wrapped_key"]),
            b64decode(parts["sealed"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Untrusted("own-seal-form") from error
    key = open_wrapped_key(kem=kem, kc=kc, wrapped_key=wrapped_key, **context)
    return open_item(key=key, kc=kc, section=SECTION, schema=SCHEMA, sealed=content, **context)


def _context(name: str, agency: UUID, hub: bytes) -> dict[str, Any]:
    return {"hub": hub, "about": About(Kind.AGENCY, agency), "item": uuid5(agency, name), "keyset": ZEROS}


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
