"""Reading a record a second time: from the bytes that lie there to the typed fact, and to the wish that was signed.

None of what writes is used. The form is held by one condition: what was read, written again, is byte for byte what
lay there. Source: architecture §6; KH-1 §3, §5.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from domain.decide import ASKABLE
from domain.errors import Malformed
from domain.events import FACTS, CaseMessage, Fact, ItemsRewrapped, Kind, dump, upcast
from domain.record import AUDIT, HUB, REGISTRY, About, Party, Record, Wish, access_of
from keys import canonical
from keys.command import WishPayload, parse_wish
from keys.frame import parse_frame
from keys.leaf import record_sha
from keys.record import open_record
from keys.stored_record import Kept
from keys.wording import wordy


def read(
    *, hub: bytes, ck: bytes, position: int, subject: str, originator: UUID, version: int, state: bytes
) -> Kept:
    """What lies at a place, opened under the control key of just this place.

    Raises Malformed or Untrusted for what an honest writer would not have put there.
    """
    opened = open_record(ck=ck, hub=hub, originator=originator, version=version, state=state)
    payload = None
    if opened.frame:
        signed = parse_frame(opened.frame)
        payload = None if signed.digest == hub else parse_wish(signed.payload)  # None: the genesis
    actor = "" if payload is None else payload.actor
    record = record_of(opened.body_json, originator, version, actor)
    return Kept(position, record, opened.frame, payload, opened, subject, record_sha(subject, state))


def said(record: Record) -> dict[str, Any]:
    """What a record says, as JSON data: two records that say the same are the same."""
    return {
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


def record_of(body: bytes, originator: UUID, version: int, actor: str) -> Record:
    """The typed record. Raises Malformed for anything that is not just so what it says."""
    value: Any = canonical.parse(body)
    try:
        topic, edition = value["topic"], _whole(value["v"])
        fact = _fact(topic, edition, value["fields"])
        about = About(Kind(value["about"]["kind"]), UUID(value["about"]["id"]))
        beside = about.kind is Kind.CASE and originator == access_of(about.id)
        on = About(Kind.CASE_ACCESS if beside else about.kind, originator)
        record = Record(
            originator=on,
            version=version,
            at=canonical.parse_time(value["at"]),
            about=about,
            by=_party(value["by"]),
            actor=actor,
            ask_id=UUID(value["ask_id"]),
            frame=None if value["frame"] is None else bytes.fromhex(value["frame"]),
            rests_on=tuple((Kind(kind), UUID(id), _whole(n)) for kind, id, n in value["rests_on"]),
            rules=_whole(value["rules"]),
            decider=_whole(value["decider"]),
            fact=fact,
        )
        again = said(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed("wrong-body", "a body has just the keys of its format") from error
    if edition < type(fact).VERSION:  # an earlier shape was lifted, and can't be written again
        again |= {"v": edition, "fields": value["fields"]}
    if canonical.encode(again) != body:
        raise Malformed("wrong-body", "a body is written in one form only")
    if not (beside or originator == about.id) or fact.ON not in (None, on.kind):
        raise Malformed("wrong-originator", "the fact is not about the originator it stands in")
    return record


def wish_of(payload: WishPayload, frame: bytes) -> Wish:
    """The wish that a signed payload makes: the draft of the fact it asks for. ``frame``: the payload's digest.

    Raises Malformed for what nobody can ask for.
    """
    cls = FACTS.get(payload.act)
    if cls is None or cls not in ASKABLE:
        raise Malformed("unknown-act", "ask for an act of the published list")
    on = Kind.CASE if cls.ON is Kind.CASE_ACCESS else cls.ON
    if payload.about.kind != on:
        raise Malformed("wrong-kind", f"{payload.act} is about a {on}")
    if set(payload.fields) & cls.HUB_FIELDS:
        raise Malformed("hub-fields", "what the hub decides is not asked for")
    draft = _draft(cls, {**payload.fields, **_parts(cls, payload)})
    if wordy(draft) is not None:
        raise Malformed("wrong-fields", f"{payload.act} holds words where a code or a reference stands")
    return Wish(
        about=About(on, payload.about.id),
        ask_id=payload.ask_id,
        by=payload.by,
        actor=payload.actor,
        made_at=payload.made_at,
        occurred_at=payload.occurred_at,
        frame=frame,
        draft=draft,
    )


def _parts(cls: type[Fact], payload: WishPayload) -> dict[str, Any]:
    """What a fact says of the sealed parts that its frame names, with the hub's own fields empty."""
    if cls is ItemsRewrapped and not payload.items:
        return {"wraps": [{"item": str(one.item), "to": str(one.to)} for one in payload.wraps]}
    if issubclass(cls, CaseMessage):
        items = [
            {
                "item": str(one.item),
                "section": one.section,
                "flags": sorted(one.flags),
                "keyed": sorted(str(wrap.to) for wrap in payload.wraps if wrap.item == one.item),
            }
            for one in payload.items
        ]
        return {"items": items, "held": [], "placed": None}
    if payload.items or payload.wraps:
        raise Malformed("parts-not-allowed", f"{cls.TOPIC} carries no items")
    return {}


def _draft(cls: type[Fact], fields: dict[str, Any]) -> Fact:
    """The draft of these fields, in the newest of its shapes that they have: a frame does not say its own."""
    for edition in range(cls.VERSION, 0, -1):
        try:
            fact = _fact(cls.TOPIC, edition, fields)
        except (Malformed, KeyError, TypeError, ValueError):
            continue
        if edition < cls.VERSION or dump(fact) == fields:
            return fact
    raise Malformed("wrong-fields", f"fields of {cls.TOPIC} do not have their form")


def _fact(topic: str, edition: int, fields: Any) -> Fact:
    """The typed fact of stored fields, lifted to the present shape. Raises Malformed, or as a wrong value does."""
    cls = FACTS.get(topic)
    if cls is None:
        raise Malformed("unknown-topic", "this topic is not published here; is this a newer record?")
    if not 1 <= edition <= cls.VERSION:
        raise Malformed("unknown-version", "this version is not published here; is this a newer record?")
    state = fields
    if edition < cls.VERSION:
        state = deepcopy(fields)
        upcast(topic, edition, state)
    fact: Fact = _typed(topic).validate_json(canonical.encode(state), strict=True)
    return fact


@cache
def _typed(topic: str) -> TypeAdapter[Any]:
    return TypeAdapter(FACTS[topic])


def _whole(number: Any) -> int:
    if type(number) is not int:  # True is an int, too
        raise TypeError("not a whole number")
    return number


def _party(text: str) -> Party:
    return text if text in (HUB, REGISTRY, AUDIT) else UUID(text)
