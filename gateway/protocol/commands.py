"""Making signed commands, as doors, registrars and audit office do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.events import Kind
from domain.record import AUDIT, REGISTRARS, Party
from keys.command import AUDIT as BY_AUDIT
from keys.command import REGISTRARS as BY_REGISTRARS
from keys.command import ZEROS, By, CommandPayload, ItemRef, WrappedKeyRef, encode_command
from keys.frame import COMMAND, Frame, sign
from keys.lp import About
from keys.request import encode_request
from keys.signing import SignatureKeys

READ_VALIDITY = timedelta(minutes=5)
WRITE_VALIDITY = timedelta(days=6)


def encode_command_payload(
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
    command_id: UUID | None = None,
    occurred_at: datetime | None = None,
    items: Sequence[ItemRef] = (),
    wrapped_keys: Sequence[WrappedKeyRef] = (),
    valid_for: timedelta = WRITE_VALIDITY,
) -> bytes:
    """The canonical payload of a command, ready to be signed. Raises Malformed."""
    return encode_command(
        CommandPayload(
            hub=hub,
            about=About(kind.value, about),
            command_id=command_id or uuid4(),
            by=_author(by),
            actor=actor,
            act=act,
            created_at=now,
            occurred_at=occurred_at,
            not_after=now + valid_for,
            fields=fields,
            items=tuple(items),
            wrapped_keys=tuple(wrapped_keys),
            keyset=keyset,
            prev=prev,
        )
    )


def _author(by: Party) -> By:
    if by == REGISTRARS:
        return BY_REGISTRARS
    if by == AUDIT:
        return BY_AUDIT
    assert isinstance(by, UUID)
    return by


def signed(payload: bytes, keys: SignatureKeys) -> Frame:
    """The frame of an agency or the audit office."""
    return sign(COMMAND, payload, keys)


def request(frame: Frame, parts: Sequence[bytes] = ()) -> bytes:
    """The bytes to send (KHQ1)."""
    return encode_request(frame.encode(), parts)
