"""The stored form of facts: canonical JSON, typed on reading, byte for byte what would be written.

Nothing is imported by name from stored data, no unknown topic, field, version or naive time is read.
Source: architecture §6; the frame after the JSON is the signed wish as it came.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from domain.decide import ASKABLE
from domain.errors import Malformed
from domain.events import FACTS, CaseMessage, Fact, ItemsRewrapped, Kind, dump, upcast
from domain.record import AUDIT, HUB, REGISTRY, About, Party, Record, Wish, access_of
from keys import canonical
from keys.command import WishPayload
from keys.wording import wordy

_BODY_KEYS = {
    "topic", "v", "at", "about", "by", "ask_id", "frame", "rests_on", "rules", "decider", "fields",
}  # fmt: skip


@cache
def _adapter(topic: str) -> TypeAdapter[Any]:
    return TypeAdapter(FACTS[topic])


def read_fact(topic: str, version: int, fields: object) -> Fact:
    """The typed fact of stored fields, lifted to the present version.

    Raises Malformed for an unknown topic or version, and for fields that are missing, unknown, of a
    wrong type, or not in the one form in which they are written.
    """
    cls = FACTS.get(topic)
    if cls is None:
        raise Malformed("unknown-topic", "this topic is not published here; is this a newer record?")
    if not 1 <= version <= cls.VERSION:
        raise Malformed("unknown-version", "this version is not published here; is this a newer record?")
    if not isinstance(fields, dict):
        raise Malformed("wrong-fields", f"fields of {topic} stand in an object")
    state: dict[str, Any] = dict(fields)
    try:
        upcast(topic, version, state)
        fact: Fact = _adapter(topic).validate_json(canonical.encode(state), strict=True)
    except (ValidationError, TypeError, KeyError, AttributeError) as error:
        where = (
            ".".join(str(p) for p in error.errors()[0]["loc"]) if isinstance(error, ValidationError) else "?"
        )
        raise Malformed("wrong-fields", f"field {where} of {topic} does not have its form") from None
    try:
        written = dump(fact)
    except ValueError as error:
        raise Malformed("naive-time", "times are written with their zone") from error
    if written != state:
        raise Malformed("wrong-fields", f"fields of {topic} are not in the form in which they are written")
    return fact


def body_of(record: Record) -> bytes:
    """The JSON body of a record, as it is sealed."""
    return canonical.encode(
        {
            "topic": record.topic,
            "v": type(record.fact).VERSION,
            "at": dump(record.at),
            "about": {"kind": record.about.kind.value, "id": str(record.about.id)},
            "by": str(record.by),
            "ask_id": str(record.ask_id),
            "frame": None if record.frame is None else record.frame.hex(),
            "rests_on": [[kind.value, str(id), version] for kind, id, version in record.rests_on],
            "rules": record.rules,
            "decider": record.decider,
            "fields": dump(record.fact),
        }
    )


def record_of(body: bytes, originator: UUID, version: int, actor: str) -> Record:
    """The typed record of a stored body. Raises Malformed for anything that ``body_of`` would not write.

    An upcast fact is compared in its stored version, so it is the other keys that are compared then.
    """
    value = canonical.parse(body)
    if not isinstance(value, dict) or set(value) != _BODY_KEYS:
        raise Malformed("wrong-body", "a body has just the keys of its format")
    fact = read_fact(_text(value["topic"]), _int(value["v"]), value["fields"])
    about = _about(value["about"])
    beside = about.kind is Kind.CASE and originator == access_of(about.id)
    on = About(Kind.CASE_ACCESS if beside else about.kind, originator)
    if not (beside or originator == about.id) or fact.ON not in (None, on.kind):
        raise Malformed("wrong-originator", "the fact is not about the originator it stands in")
    return Record(
        originator=on,
        version=version,
        at=canonical.parse_time(value["at"]),
        about=about,
        by=parse_party(value["by"]),
        actor=actor,
        ask_id=canonical.parse_uuid(value["ask_id"]),
        frame=None if value["frame"] is None else canonical.parse_digest(value["frame"]),
        rests_on=_rests_on(value["rests_on"]),
        rules=_int(value["rules"]),
        decider=_int(value["decider"]),
        fact=fact,
    )


def wish_of(payload: WishPayload, frame: bytes) -> Wish:
    """The wish that a signed payload makes: a draft of the fact it asks for.

    ``frame`` is the payload's SHA-256. Raises Malformed for an act that can't be asked for, for fields
    that are not its own, and for what is about another kind of originator than its act.
    """
    cls = FACTS.get(payload.act)
    if cls is None or cls not in ASKABLE:
        raise Malformed("unknown-act", "ask for an act of the published list")
    about = About(Kind(payload.about.kind), payload.about.id) if payload.about.kind in set(Kind) else None
    kind = Kind.CASE if cls.ON is Kind.CASE_ACCESS else cls.ON
    if about is None or about.kind is not kind:
        raise Malformed("wrong-kind", f"{payload.act} is about a {kind}")
    return Wish(
        about=about,
        ask_id=payload.ask_id,
        by=payload.by,
        actor=payload.actor,
        made_at=payload.made_at,
        occurred_at=payload.occurred_at,
        frame=frame,
        draft=_worded(_draft(cls, {**payload.fields, **_from_frame(cls, payload)})),
    )


def _draft(cls: type[Fact], fields: dict[str, Any]) -> Fact:
    """The draft of these fields, in the present shape or an earlier one: frames do not say theirs, and stand for ever.

    Raises Malformed as the present shape has it.
    """
    try:
        return read_fact(cls.TOPIC, cls.VERSION, fields)
    except Malformed as error:
        for version in range(cls.VERSION - 1, 0, -1):
            with suppress(Malformed):
                return read_fact(cls.TOPIC, version, deepcopy(fields))
        raise error


def _worded(fact: Fact) -> Fact:
    """The fact, where its texts are codes and references. Raises Malformed.

    Asked of wishes only: what was recorded, was so.
    """
    name = wordy(fact)
    if name is not None:
        raise Malformed("wrong-fields", f"{name} of {fact.TOPIC} holds a code or a reference, never words")
    return fact


def _from_frame(cls: type[Fact], payload: WishPayload) -> dict[str, Any]:
    """The fields that a sender does not write: items and their keyed agencies, and the hub's own, empty."""
    brought = set(payload.fields) & cls.HUB_FIELDS
    if brought:
        raise Malformed("hub-fields", "leave out " + ", ".join(sorted(brought)) + ": the hub decides them")
    if issubclass(cls, CaseMessage):
        keyed: dict[UUID, list[str]] = {i.item: [] for i in payload.items}
        for wrap in payload.wraps:
            keyed[wrap.item].append(str(wrap.to))
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
    if payload.items or (payload.wraps and cls is not ItemsRewrapped):
        raise Malformed("parts-not-allowed", f"{cls.TOPIC} carries no items")
    if cls is ItemsRewrapped:
        return {"wraps": [{"item": str(w.item), "to": str(w.to)} for w in payload.wraps]}
    return {}


def parse_party(text: object) -> Party:
    """An agency's id or one of the words HUB, REGISTRY, AUDIT. Raises Malformed."""
    return str(text) if text in (HUB, REGISTRY, AUDIT) else canonical.parse_uuid(text)


def _about(value: Any) -> About:
    if not isinstance(value, dict) or set(value) != {"kind", "id"} or value["kind"] not in list(Kind):
        raise Malformed("wrong-about", "about has a kind and an id")
    return About(Kind(value["kind"]), canonical.parse_uuid(value["id"]))


def _rests_on(value: Any) -> tuple[tuple[Kind, UUID, int], ...]:
    if not isinstance(value, list):
        raise Malformed("wrong-rests-on", "what it rests on is a list")
    return tuple(_rest(one) for one in value)


def _rest(value: Any) -> tuple[Kind, UUID, int]:
    if not isinstance(value, list) or len(value) != 3 or value[0] not in list(Kind):
        raise Malformed("wrong-rests-on", "each rests on a kind, an id and a version")
    return Kind(value[0]), canonical.parse_uuid(value[1]), _int(value[2])


def _int(value: Any) -> int:
    if type(value) is not int:
        raise Malformed("wrong-number", "a whole number is expected")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("wrong-text", "a text is expected")
    return value
