"""What may leave a door in control: codes, dates, ids and digests, checked before anything is sealed or sent.

The hub checks the same and more, but what it refuses it has seen. Content that was written into the wrong field is
therefore stopped here, before the first question to the hub. Source: architecture §2 (control); invariant I1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from adapters.mapper import command_of
from domain.blank_text import is_blank
from domain.date_bounds import OCCURRED, date_out_of_bounds
from domain.errors import Malformed
from domain.events import EVENTS, Event, Kind
from domain.record import About
from keys import canonical
from keys.command import CommandPayload, ItemRef, parse_command
from keys.control_text import path_of_free_text
from keys.fields import ACT, ACTOR, CODE, SCHEMA
from keys.lp import ZEROS

NO_ID = UUID(int=0)
TEXT_SCHEMA = "text/v1"
RECIPIENTS, DRY_RUN = "recipients", "dry_run"
QUERIES: Mapping[str, frozenset[str]] = {
    "agenda": frozenset({"since"}),
    "audits": frozenset(),
    DRY_RUN: frozenset({"act", "fields", "items"}),
    "duties": frozenset(),
    "feed": frozenset({"cursor", "erased", "tasks_after", "tasks_edition"}),
    "openings": frozenset({"since"}),
    "own_openings": frozenset({"after"}),
    "programme": frozenset(),
    RECIPIENTS: frozenset({"act", "fields", "items"}),
    "statistics": frozenset({"since", "until"}),
    "upload": frozenset({"digest"}),
}
"""What a door asks a hub, and by which fields."""
_ASKED_ITEM = {"item", "section", "flags"}
_REFERENCE = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{4}(?:-[0-9]{2}){2}T[0-9:.]{15}Z"
)
"""A digest, an id, or a time as control writes it."""


class Part(Protocol):
    """A section in clear, as ``door.SectionContent``."""

    @property
    def section(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def flags(self) -> tuple[str, ...]: ...
    @property
    def schema(self) -> str: ...


def require_command_form(
    kind: Kind,
    about: UUID,
    act: str,
    fields: Mapping[str, Any],
    parts: Sequence[Part],
    *,
    actor: str,
    occurred_at: datetime | None,
    now: datetime,
) -> None:
    """Whether a command may be made of this. Raises Malformed, which names the field and never its value."""
    if occurred_at is not None and not OCCURRED.admits(occurred_at, now):
        raise Malformed("date-out-of-range", "Correct occurred_at: from 1900 until one day from now.")
    for n, part in enumerate(parts):
        if part.schema == TEXT_SCHEMA and is_blank(part.content.decode("utf-8", "replace")):
            raise Malformed("empty-section", f"The section {n} has no content: write some, or leave it out.")
    event = _proposed_event(kind, about, act, fields, _items_of(parts), actor, now)
    path = date_out_of_bounds(event, now)
    if path is not None:
        raise Malformed("date-out-of-range", f"Correct {path}: it is too far in the past or in the future.")


def require_signed_form(payload: bytes) -> None:
    """The same of the form of any payload that is about to be signed: commands, readings, questions. Raises Malformed."""
    signed = parse_command(payload)
    if signed.act in EVENTS:
        _require_codes_only(command_of(signed, ZEROS).proposed_event)
        return
    names = QUERIES.get(signed.act)
    if names is None:
        raise Malformed("unknown-query")
    if not set(signed.fields) <= names:
        raise Malformed("wrong-fields", f"The query {signed.act} has the fields {', '.join(sorted(names))}.")
    if signed.act in (RECIPIENTS, DRY_RUN):
        _require_asked_form(signed)
    elif not all(map(_is_reference, signed.fields.values())):
        raise Malformed(
            "wrong-fields", f"A field of the query {signed.act} is not an id, a number or a time."
        )


def _require_asked_form(signed: CommandPayload) -> None:
    """The questions for whom to wrap and what would be decided hold the fields of the command to come."""
    asked = signed.fields
    try:
        items = tuple(_item(one["section"], tuple(one["flags"])) for one in asked["items"])
        if not all(set(one) == _ASKED_ITEM and _is_reference(one["item"]) for one in asked["items"]):
            raise ValueError
        act, fields = str(asked["act"]), dict(asked["fields"])
    except (KeyError, TypeError, ValueError):
        raise Malformed(
            "wrong-fields", f"The query {signed.act} has an act, its fields, and items."
        ) from None
    about = signed.about
    _proposed_event(about.kind, about.id, act, fields, items, signed.actor, signed.created_at)


def _proposed_event(
    kind: Kind,
    about: UUID,
    act: str,
    fields: Mapping[str, Any],
    items: tuple[ItemRef, ...],
    actor: str,
    now: datetime,
) -> Event:
    """The event that the hub will read out of a command of this. Raises Malformed."""
    if ACT.fullmatch(act) is None or act not in EVENTS:
        raise Malformed("unknown-act")
    if ACTOR.fullmatch(actor) is None:
        raise Malformed("actor-form")
    payload = CommandPayload(
        hub=ZEROS,
        about=About(kind, about),
        command_id=NO_ID,
        by=NO_ID,
        actor=actor,
        act=act,
        created_at=now,
        occurred_at=None,
        not_after=now,
        fields=canonical.parse(canonical.encode(dict(fields))),
        items=items,
        keyset=ZEROS,
    )
    return _require_codes_only(command_of(payload, ZEROS).proposed_event)


def _require_codes_only(event: Event) -> Event:
    path = path_of_free_text(event)
    if path is not None:
        raise Malformed("wrong-fields", f"The field {path} of {event.TOPIC} is not a code or a reference.")
    return event


def _items_of(parts: Sequence[Part]) -> tuple[ItemRef, ...]:
    if not all(SCHEMA.fullmatch(part.schema) for part in parts):
        raise Malformed("wrong-fields", "The form of a section does not have its name.")
    return tuple(_item(part.section, part.flags) for part in parts)


def _item(section: str, flags: tuple[str, ...]) -> ItemRef:
    if not all(CODE.fullmatch(code) for code in (section, *flags)):
        raise Malformed("wrong-fields", "A section or a flag is not a code.")
    return ItemRef(
        item=NO_ID,
        section=section,
        flags=tuple(sorted(flags)),
        schema=TEXT_SCHEMA,
        size=0,
        storage="inline",
        kc=ZEROS,
        digest=ZEROS,
    )


def _is_reference(value: object) -> bool:
    return (
        value is None or type(value) is int or (isinstance(value, str) and bool(_REFERENCE.fullmatch(value)))
    )
