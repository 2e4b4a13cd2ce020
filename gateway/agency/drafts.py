"""Messages as they were written, stored sealed for this agency alone until the hub has answered.

A message can be sealed for its recipients only with the hub's help, which names them. So that none is lost while the
hub is away, and so that one whose recipients or keys have changed meanwhile can be sealed again, its sections wait in
the outbox under this agency's own key, as KH-1 §4 seals items. What the hub reads of a command anyway is in the clear.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from domain.events import Kind, dump
from domain.record import About
from keys.canonical import parse_time
from keys.item import open_item, seal_item
from keys.lp import ZEROS
from keys.signing import KemKey
from keys.wrapped_key import open_wrapped_key, seal_wrapped_key

TEXT = "text/v1"
DRAFT_SCHEMA = "draft/v1"


@dataclass(frozen=True)
class SectionContent:
    """One section of a message in clear. It never leaves the agency's door.

    ``attachment``: where its bytes are kept at this door (``attachments``), None for what is written in the message.
    ``words``: what can be read in those bytes, for the search for addresses and names only.
    """

    section: str
    content: bytes = field(repr=False)
    flags: tuple[str, ...] = ()
    schema: str = TEXT
    attachment: UUID | None = None
    words: str = field(repr=False, default="")

    @property
    def searchable(self) -> tuple[str, bytes]:
        """Schema and bytes in which words are searched for: of an attachment, the words that can be read in it."""
        if self.attachment is None:
            return self.schema, self.content
        return TEXT, self.words.encode("utf-8", "replace")


@dataclass(frozen=True)
class Draft:
    """A message to be sealed, signed and sent under this ``command_id``."""

    command_id: UUID
    kind: Kind
    about: UUID
    act: str
    fields: Mapping[str, Any]
    parts: Sequence[SectionContent]
    actor: str
    occurred_at: datetime | None


def seal_draft(draft: Draft, hub: bytes, kem: KemKey) -> bytes:
    """The draft with its sections sealed for the holder of this key. Raises Malformed where a section is too long."""
    about = About(draft.kind, draft.about)
    parts = []
    for n, part in enumerate(draft.parts):
        if part.attachment is not None:
            parts.append(_reference_to(part, part.attachment))
            continue
        context: dict[str, Any] = {
            "hub": hub,
            "about": about,
            "item": uuid5(draft.command_id, str(n)),
            "keyset": ZEROS,
        }
        item = seal_item(section=part.section, schema=DRAFT_SCHEMA, content=part.content, **context)
        wrapped_key = seal_wrapped_key(kc=item.kc, to=kem.public, item_key=item.key, **context)
        parts.append(
            {
                "section": part.section,
                "flags": list(part.flags),
                "schema": part.schema,
                "kc": item.kc.hex(),
                "wrapped_key": b64encode(wrapped_key).decode("ascii"),
                "sealed": b64encode(item.sealed).decode("ascii"),
            }
        )
    text = {
        "kind": draft.kind.value,
        "act": draft.act,
        "fields": dict(draft.fields),
        "actor": draft.actor,
        "occurred_at": dump(draft.occurred_at),
        "parts": parts,
    }
    return json.dumps(text, ensure_ascii=False).encode()


def _reference_to(part: SectionContent, attachment: UUID) -> dict[str, Any]:
    """An attachment is kept sealed already."""
    flags, schema = list(part.flags), part.schema
    return {"section": part.section, "flags": flags, "schema": schema, "attachment": str(attachment)}


def open_draft(
    data: bytes,
    command_id: UUID,
    about: UUID,
    hub: bytes,
    kem: KemKey,
    attached: Callable[[UUID], tuple[bytes, str]],
) -> Draft:
    """The draft that ``seal_draft`` stored under this id. ``attached``: bytes and words of an attachment that it refers to.
    Raises Untrusted where it was changed."""
    stored = json.loads(data)
    kind, at = Kind(stored["kind"]), stored["occurred_at"]
    parts = []
    for n, part in enumerate(stored["parts"]):
        if "attachment" in part:
            id = UUID(part["attachment"])
            content, words = attached(id)
            parts.append(
                SectionContent(part["section"], content, tuple(part["flags"]), part["schema"], id, words)
            )
            continue
        context: dict[str, Any] = {
            "hub": hub,
            "about": About(kind, about),
            "item": uuid5(command_id, str(n)),
            "keyset": ZEROS,
            "kc": bytes.fromhex(part["kc"]),
        }
        key = open_wrapped_key(kem=kem, wrapped_key=b64decode(part["wrapped_key"]), **context)
        content = open_item(
            key=key,
            section=part["section"],
            schema=DRAFT_SCHEMA,
            sealed=b64decode(part["sealed"]),
            **context,
        )
        parts.append(SectionContent(part["section"], content, tuple(part["flags"]), part["schema"]))
    return Draft(
        command_id=command_id,
        kind=kind,
        about=about,
        act=stored["act"],
        fields=stored["fields"],
        parts=parts,
        actor=stored["actor"],
        occurred_at=None if at is None else parse_time(at),
    )
