"""The stored form of events: canonical JSON, typed on reading, byte for byte what would be written.

Nothing is imported by name from stored data, no unknown topic, field, version or naive time is read.
Source: architecture §6; the frame after the JSON is the signed command, unchanged.
"""

from __future__ import annotations

import re
from contextlib import suppress
from copy import deepcopy
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from domain import events as e
from domain.decide import PERMITTED_COMMANDS
from domain.editions import is_known
from domain.errors import Malformed
from domain.record import AUDIT, HUB, REGISTRARS, About, Command, Party, Record, access_of
from keys import canonical
from keys.command import CommandPayload
from keys.control_text import field_with_free_text

_BODY_KEYS = {
    "topic", "v", "at", "about", "by", "command_id", "frame", "rests_on", "rules", "edition", "fields",
}  # fmt: skip


_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


@cache
def _adapter(topic: str) -> TypeAdapter[Any]:
    return TypeAdapter(e.EVENTS[topic])


def read_event(topic: str, version: int, fields: object) -> e.Event:
    """The typed event of stored fields, lifted to the present version.

    Raises Malformed for an unknown topic or version, and for fields that are missing, unknown, of a
    wrong type, or not in the one form in which they are written.
    """
    cls = e.EVENTS.get(topic)
    if cls is None:
        raise Malformed("unknown-topic")
    if not 1 <= version <= cls.VERSION:
        raise Malformed("unknown-version")
    if not isinstance(fields, dict):
        raise Malformed("wrong-fields", f"The fields of {topic} are not an object.")
    state: dict[str, Any] = dict(fields)
    try:
        e.upcast(topic, version, state)
        event: e.Event = _adapter(topic).validate_json(canonical.encode(state), strict=True)
    except (ValidationError, TypeError, KeyError, AttributeError) as error:
        where = _path_of(error) if isinstance(error, ValidationError) else "?"
        raise Malformed("wrong-fields", f"The field {where} of {topic} does not have its form.") from None
    try:
        written = e.dump(event)
    except ValueError as error:
        raise Malformed("naive-time") from error
    if written != state:
        raise Malformed("wrong-fields", f"The fields of {topic} are not in canonical form.")
    return event


def _path_of(error: ValidationError) -> str:
    """Where the first error is. What a sender named itself (an unknown field, the key of a map) is left out."""
    first = error.errors(include_input=False, include_url=False)[0]
    is_own_name = first["type"] == "unexpected_keyword_argument"
    parts = [str(p) for p in first["loc"] if isinstance(p, int) or _FIELD_NAME.fullmatch(p)]
    return ".".join(parts[:-1] if is_own_name else parts) or "?"


def body_of(record: Record) -> bytes:
    """The JSON body of a record, as it is sealed."""
    return canonical.encode(
        {
            "topic": record.topic,
            "v": type(record.event).VERSION,
            "at": e.dump(record.at),
            "about": {"kind": record.about.kind.value, "id": str(record.about.id)},
            "by": str(record.by),
            "command_id": str(record.command_id),
            "frame": None if record.frame is None else record.frame.hex(),
            "rests_on": [[kind.value, str(id), version] for kind, id, version in record.rests_on],
            "rules": record.rules,
            "edition": record.edition,
            "fields": e.dump(record.event),
        }
    )


def record_of(body: bytes, originator: UUID, version: int, actor: str) -> Record:
    """The typed record of a stored body. Raises Malformed for anything that ``body_of`` would not write.

    ``read_event`` compares the fields in their present version; here the other keys are checked.
    """
    value = canonical.parse(body)
    if not isinstance(value, dict) or set(value) != _BODY_KEYS:
        raise Malformed("wrong-body")
    edition = _require_edition(value["edition"])
    event = read_event(_require_text(value["topic"]), _require_int(value["v"]), value["fields"])
    about = _parse_body_about(value["about"])
    in_case_access = about.kind is e.Kind.CASE and originator == access_of(about.id)
    on = About(e.Kind.CASE_ACCESS if in_case_access else about.kind, originator)
    if not (in_case_access or originator == about.id) or event.ON not in (None, on.kind):
        raise Malformed("wrong-originator")
    return Record(
        originator=on,
        version=version,
        at=canonical.parse_time(value["at"]),
        about=about,
        by=parse_party(value["by"]),
        actor=actor,
        command_id=canonical.parse_uuid(value["command_id"]),
        frame=None if value["frame"] is None else canonical.parse_digest(value["frame"]),
        rests_on=_parse_dependencies(value["rests_on"]),
        rules=_require_int(value["rules"]),
        edition=edition,
        event=event,
    )


def command_of(payload: CommandPayload, frame: bytes) -> Command:
    """The command that a signed payload makes, with the event it proposes.

    ``frame`` is the payload's SHA-256. Raises Malformed for an act that can't be asked for, for fields
    that are not its own, and for what is about another kind of originator than its act.
    """
    cls = e.EVENTS.get(payload.act)
    if cls is None or cls not in PERMITTED_COMMANDS:
        raise Malformed("unknown-act")
    kind = e.Kind.CASE if cls.ON is e.Kind.CASE_ACCESS else cls.ON
    if payload.about.kind is not kind:
        raise Malformed("wrong-kind", f"{payload.act} is about an originator of kind {kind}.")
    return Command(
        about=payload.about,
        command_id=payload.command_id,
        by=payload.by,
        actor=payload.actor,
        created_at=payload.created_at,
        occurred_at=payload.occurred_at,
        frame=frame,
        proposed_event=_require_codes_only(
            parse_proposed_event(cls, {**payload.fields, **_fields_from_frame(cls, payload)})
        ),
    )


def parse_proposed_event(cls: type[e.Event], fields: dict[str, Any]) -> e.Event:
    """The event of these fields, in the present or an earlier version: frames do not name theirs, and are never rewritten.

    Raises Malformed as the present shape has it.
    """
    try:
        return read_event(cls.TOPIC, cls.VERSION, fields)
    except Malformed as error:
        for version in range(cls.VERSION - 1, 0, -1):
            with suppress(Malformed):
                event = read_event(cls.TOPIC, version, deepcopy(fields))
                if _is_contained(fields, e.dump(event)):
                    return event
        raise error


def _is_contained(given: Any, written: Any) -> bool:
    """Whether all that was given is in what is written: lifting an earlier shape replaces what a later one would hold."""
    if isinstance(given, dict) and isinstance(written, dict):
        return all(key in written and _is_contained(value, written[key]) for key, value in given.items())
    return bool(given == written)


def _require_codes_only(event: e.Event) -> e.Event:
    """The event, where its texts are codes and references. Raises Malformed.

    Checked for commands only: a recorded event is never refused.
    """
    name = field_with_free_text(event)
    if name is not None:
        raise Malformed("wrong-fields", f"The field {name} of {event.TOPIC} is not a code or a reference.")
    return event


def _fields_from_frame(cls: type[e.Event], payload: CommandPayload) -> dict[str, Any]:
    """The fields that a sender does not write: items and their keyed agencies, and the hub's own, empty."""
    hub_only_fields = set(payload.fields) & cls.HUB_FIELDS
    if hub_only_fields:
        raise Malformed(
            "hub-fields", f"Leave out {', '.join(sorted(hub_only_fields))}: only the hub decides them."
        )
    if issubclass(cls, e.CaseMessage):
        keyed: dict[UUID, list[str]] = {i.item: [] for i in payload.items}
        for wrapped_key in payload.wrapped_keys:
            keyed[wrapped_key.item].append(str(wrapped_key.to))
        items = [
            {
                "item": str(i.item),
                "section": i.section,
                "flags": sorted(i.flags),
                "keyed": sorted(keyed[i.item]),
            }
            for i in payload.items
        ]
        return {"items": items, "held": [], "placed": None}
    if payload.items or (payload.wrapped_keys and cls is not e.ItemsRewrapped):
        raise Malformed("parts-not-allowed", f"{cls.TOPIC} carries no items.")
    if cls is e.ItemsRewrapped:
        return {"wrapped_keys": [{"item": str(w.item), "to": str(w.to)} for w in payload.wrapped_keys]}
    return {}


def parse_party(text: object) -> Party:
    """An agency's id or one of HUB, REGISTRARS, AUDIT. Raises Malformed."""
    return str(text) if text in (HUB, REGISTRARS, AUDIT) else canonical.parse_uuid(text)


def _parse_body_about(value: Any) -> About:
    if not isinstance(value, dict) or set(value) != {"kind", "id"} or value["kind"] not in list(e.Kind):
        raise Malformed("wrong-about")
    return About(e.Kind(value["kind"]), canonical.parse_uuid(value["id"]))


def _parse_dependencies(value: Any) -> tuple[tuple[e.Kind, UUID, int], ...]:
    if not isinstance(value, list):
        raise Malformed("wrong-rests-on")
    return tuple(_parse_dependency(one) for one in value)


def _parse_dependency(value: Any) -> tuple[e.Kind, UUID, int]:
    if not isinstance(value, list) or len(value) != 3 or value[0] not in list(e.Kind):
        raise Malformed("wrong-rests-on")
    return e.Kind(value[0]), canonical.parse_uuid(value[1]), _require_int(value[2])


def _require_int(value: Any) -> int:
    if type(value) is not int:
        raise Malformed("wrong-number")
    return value


def _require_edition(value: Any) -> int:
    """Looked at before anything else of a record: what a newer hub wrote can't be judged here."""
    edition = _require_int(value)
    if edition < 1:
        raise Malformed("wrong-number")
    if not is_known(edition):
        raise Malformed("unknown-edition")
    return edition


def _require_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("wrong-text")
    return value
