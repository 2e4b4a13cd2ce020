"""Making signed wishes: what a door, the registry and the audit office have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.events import Kind
from domain.record import AUDIT, REGISTRY, Party
from keys.command import AUDIT as BY_AUDIT
from keys.command import REGISTRY as BY_REGISTRY
from keys.command import ZEROS, By, ItemRef, WishPayload, WrapRef, encode_wish
from keys.frame import WISH, Frame, sign
from keys.lp import About
from keys.request import encode_request
from keys.signing import SignatureKeys

READ_FOR = timedelta(minutes=5)
WRITE_FOR = timedelta(days=6)


def payload_bytes(
    *,
    hub: bytes,
    kind: Kind,
    about: UUID,
    by: Party,
    actor: str,
    act: str,
    fields: Mapping[str, Any],
    now: datetime,
    keyset: bytes = ZEROS,
    prev: bytes = ZEROS,
    ask_id: UUID | None = None,
    occurred_at: datetime | None = None,
    items: Sequence[ItemRef] = (),
    wraps: Sequence[WrapRef] = (),
    good_for: timedelta = WRITE_FOR,
) -> bytes:
    """The canonical payload of a wish, ready to be signed. Raises Malformed."""
    return encode_wish(
        WishPayload(
            hub=hub,
            about=About(kind.value, about),
            ask_id=ask_id or uuid4(),
            by=_by(by),
            actor=actor,
            act=act,
            made_at=now,
            occurred_at=occurred_at,
            not_after=now + good_for,
            fields=fields,
            items=tuple(items),
            wraps=tuple(wraps),
            keyset=keyset,
            prev=prev,
        )
    )


def _by(by: Party) -> By:
    if by == REGISTRY:
        return BY_REGISTRY
    if by == AUDIT:
        return BY_AUDIT
    assert isinstance(by, UUID)
    return by


def signed(payload: bytes, keys: SignatureKeys) -> Frame:
    """The frame of an agency or the audit office."""
    return sign(WISH, payload, keys)


def request(frame: Frame, parts: Sequence[bytes] = ()) -> bytes:
    """The bytes to send (KHQ1)."""
    return encode_request(frame.encode(), parts)
