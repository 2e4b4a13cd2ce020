"""The verifier's own parser: from stored bytes to the typed event, and to the command that was signed.

It shares no code with the writer. One condition ensures the form: the parsed record, encoded again, is byte for byte
what was stored. Source: architecture §6; KH-1 §3, §5.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from domain import events as e
from domain.decide import PERMITTED_COMMANDS
from domain.editions import is_known
from domain.errors import Malformed
from domain.record import AUDIT, HUB, REGISTRARS, About, Command, Party, Record, access_of
from keys import canonical
from keys.command import CommandPayload, parse_command
from keys.control_text import field_with_free_text
from keys.frame import parse_frame
from keys.leaf import record_sha
from keys.record import open_record
from keys.stored_record import StoredRecord


def read(
    *, hub: bytes, ck: bytes, position: int, subject: str, originator: UUID, version: int, state: bytes
) -> StoredRecord:
    """The record at this position, opened with the control key of its originator and version.

    Raises Malformed or Untrusted for a record that an honest writer would not have written.
    """
    opened = open_record(ck=ck, hub=hub, originator=originator, version=version, state=state)
    payload = None
    if opened.frame:
        signed = parse_frame(opened.frame)
        payload = None if signed.digest == hub else parse_command(signed.payload)  # None: the genesis
    actor = "" if payload is None else payload.actor
    record = record_of(opened.body_json, originator, version, actor)
    return StoredRecord(position, record, opened.frame, payload, opened, subject, record_sha(subject, state))


def record_json(record: Record) -> dict[str, Any]:
    """A record as JSON data; equal records have equal data."""
    return {
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


def record_of(body: bytes, originator: UUID, version: int, actor: str) -> Record:
    """The typed record. Raises Malformed for a body that is not exactly in its form."""
    value: Any = canonical.parse(body)
    try:
        edition = _known_edition(value["edition"])
        topic, schema_version = value["topic"], _integer(value["v"])
        event = _typed_event(topic, schema_version, value["fields"])
        about = About(e.Kind(value["about"]["kind"]), UUID(value["about"]["id"]))
        in_access_stream = about.kind is e.Kind.CASE and originator == access_of(about.id)
        on = About(e.Kind.CASE_ACCESS if in_access_stream else about.kind, originator)
        record = Record(
            originator=on,
            version=version,
            at=canonical.parse_time(value["at"]),
            about=about,
            by=_parse_party(value["by"]),
            actor=actor,
            command_id=UUID(value["command_id"]),
            frame=None if value["frame"] is None else bytes.fromhex(value["frame"]),
            rests_on=tuple((e.Kind(kind), UUID(id), _integer(n)) for kind, id, n in value["rests_on"]),
            rules=_integer(value["rules"]),
            edition=edition,
            event=event,
        )
        reencoded = record_json(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed("wrong-body") from error
    if schema_version < type(event).VERSION:  # an earlier version was upcast, and can't be encoded again
        reencoded |= {"v": schema_version, "fields": value["fields"]}
    if canonical.encode(reencoded) != body:
        raise Malformed("wrong-body")
    if not (in_access_stream or originator == about.id) or event.ON not in (None, on.kind):
        raise Malformed("wrong-originator")
    return record


def command_of(payload: CommandPayload, frame: bytes) -> Command:
    """The command of a signed payload, with the event it proposes. ``frame``: the payload's digest.

    Raises Malformed for an act that can't be commanded.
    """
    cls = e.EVENTS.get(payload.act)
    if cls is None or cls not in PERMITTED_COMMANDS:
        raise Malformed("unknown-act")
    on = e.Kind.CASE if cls.ON is e.Kind.CASE_ACCESS else cls.ON
    if payload.about.kind != on:
        raise Malformed("wrong-kind", f"{payload.act} is about an originator of kind {on}.")
    if set(payload.fields) & cls.HUB_FIELDS:
        raise Malformed("hub-fields")
    proposed_event = _proposed_event(cls, {**payload.fields, **_sealed_part_fields(cls, payload)})
    if field_with_free_text(proposed_event) is not None:
        raise Malformed("wrong-fields", f"A field of {payload.act} is not a code or a reference.")
    return Command(
        about=About(on, payload.about.id),
        command_id=payload.command_id,
        by=payload.by,
        actor=payload.actor,
        created_at=payload.created_at,
        occurred_at=payload.occurred_at,
        frame=frame,
        proposed_event=proposed_event,
    )


def _sealed_part_fields(cls: type[e.Event], payload: CommandPayload) -> dict[str, Any]:
    """The fields of an event that follow from the sealed parts of its frame; the hub's own fields are empty."""
    if cls is e.ItemsRewrapped and not payload.items:
        return {
            "wrapped_keys": [{"item": str(part.item), "to": str(part.to)} for part in payload.wrapped_keys]
        }
    if issubclass(cls, e.CaseMessage):
        items = [
            {
                "item": str(part.item),
                "section": part.section,
                "flags": sorted(part.flags),
                "keyed": sorted(
                    str(wrapped_key.to)
                    for wrapped_key in payload.wrapped_keys
                    if wrapped_key.item == part.item
                ),
            }
            for part in payload.items
        ]
        return {"items": items, "held": [], "placed": None}
    if payload.items or payload.wrapped_keys:
        raise Malformed("parts-not-allowed", f"{cls.TOPIC} carries no items.")
    return {}


def _proposed_event(cls: type[e.Event], fields: dict[str, Any]) -> e.Event:
    """The proposed event, by the newest version of its schema that fits: a frame does not state the version."""
    for schema_version in range(cls.VERSION, 0, -1):
        try:
            event = _typed_event(cls.TOPIC, schema_version, fields)
        except (Malformed, KeyError, TypeError, ValueError):
            continue
        dumped = e.dump(event)
        if dumped == fields or (schema_version < cls.VERSION and _keeps_all(fields, dumped)):
            return event
    raise Malformed("wrong-fields", f"The fields of {cls.TOPIC} do not have their form.")


def _keeps_all(signed: Any, upcast: Any) -> bool:
    """Whether the upcast only added: a value that was signed and then replaced was never of that earlier version."""
    if not (isinstance(signed, dict) and isinstance(upcast, dict)):
        return bool(signed == upcast)
    return all(name in upcast and _keeps_all(value, upcast[name]) for name, value in signed.items())


def _typed_event(topic: str, schema_version: int, fields: Any) -> e.Event:
    """The typed event of stored fields, upcast to the current version. Raises Malformed, or ValueError for a wrong value."""
    cls = e.EVENTS.get(topic)
    if cls is None:
        raise Malformed("unknown-topic")
    if not 1 <= schema_version <= cls.VERSION:
        raise Malformed("unknown-version")
    state = fields
    if schema_version < cls.VERSION:
        state = deepcopy(fields)
        e.upcast(topic, schema_version, state)
    event: e.Event = _type_adapter(topic).validate_json(canonical.encode(state), strict=True)
    # an earlier version is not encoded again, so its upcast fields have to be exactly those of the event
    if schema_version < cls.VERSION and e.dump(event) != state:
        raise Malformed("wrong-fields")
    return event


@cache
def _type_adapter(topic: str) -> TypeAdapter[Any]:
    return TypeAdapter(e.EVENTS[topic])


def _integer(number: Any) -> int:
    if type(number) is not int:  # a bool is an int, too
        raise TypeError("not a whole number")
    return number


def _known_edition(value: Any) -> int:
    """Looked at first: nothing of a record that was decided under newer rules can be judged here."""
    edition = _integer(value)
    if edition < 1:
        raise ValueError("editions are counted from 1")
    if not is_known(edition):
        raise Malformed("unknown-edition")
    return edition


def _parse_party(text: str) -> Party:
    return text if text in (HUB, REGISTRARS, AUDIT) else UUID(text)
