"""Which child: what pages call the children of a case, and how a form asks for them.

Control has references only. A door calls a child by the name that it has read in this case, where who looks may know it;
the others 子ども1, 子ども2 … in the order in which it learned of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from domain import events as e
from domain.children import UNKNOWN_CHILD

UNKNOWN = str(UNKNOWN_CHILD)
UNKNOWN_NAME = "名前の分からない子ども"
NEW = {
    "new.1": "新しく加える子ども",
    "new.2": "新しく加える子ども(もう一人)",
    "new.3": "新しく加える子ども(さらに一人)",
}
"""Choices that stand for children of whom the case does not know yet."""
ALL = "all"
ALL_NAME = "この家庭の子ども全員"


def child_names(
    messages: Iterable[Mapping[str, Any]], known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Reference -> what pages call this child, as far as these messages know; joined references are one child, until the
    join is taken back. ``known``: the names that have been read, by reference; no two children are called the same."""
    first_of: dict[str, str] = {}
    joins, taken_back = dict[str, list[str]](), set[str]()
    for message in messages:
        fields = message.get("fields", {})
        named = sorted(fields.get("children") or [])
        first_of |= {reference: reference for reference in named if reference not in first_of | {UNKNOWN: ""}}
        if message["act"] == e.ChildrenJoined.TOPIC:
            joins[message["message"]] = named
        elif message["act"] == e.ChildrenSeparated.TOPIC:
            taken_back.add(fields["answers"])
    order = list(first_of)
    for join, named in joins.items():
        if join not in taken_back:
            _join(first_of, order, named)
    read = {first_of.get(reference, reference): name for reference, name in (known or {}).items() if name}
    counts = Counter(read.get(one, "") for one in order)
    names = {
        one: read[one] if counts[read.get(one, "")] == 1 and one in read else _numbered(n, read.get(one, ""))
        for n, one in enumerate(order, 1)
    }
    return {**{reference: names[one] for reference, one in first_of.items()}, UNKNOWN: UNKNOWN_NAME}


def _numbered(n: int, name: str) -> str:
    return f"{name}(子ども{n})" if name else f"子ども{n}"


def _join(first_of: dict[str, str], order: list[str], named: Sequence[str]) -> None:
    ones = [one for one in order if one in {first_of.get(reference) for reference in named}]
    for other in ones[1:]:
        order.remove(other)
        for reference, one in first_of.items():
            if one == other:
                first_of[reference] = ones[0]


def _proving_nothing(messages: Sequence[Mapping[str, Any]]) -> set[str]:
    """Messages of who had one name for two children, while a join held by mistake: nobody knows which one they mean."""
    taken_back = {m["fields"]["answers"] for m in messages if m["act"] == e.ChildrenSeparated.TOPIC}
    mistakes: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    unproven = set[str]()
    for message in messages:
        named = frozenset(message.get("fields", {}).get("children") or [])
        if message["act"] == e.ChildrenSeparated.TOPIC:
            mistakes.pop(message["fields"]["answers"], None)
        elif message["act"] == e.ChildrenJoined.TOPIC and message["message"] in taken_back:
            mistakes[message["message"]] = named, frozenset({message["by"], *message.get("to", [])})
        elif any(
            message.get("by") in who and named & one and not one <= named for one, who in mistakes.values()
        ):
            unproven.add(message["message"])
    return unproven


def child_choices(names: Mapping[str, str]) -> dict[str, str]:
    """Whom a form offers: each known child once, new ones, and the unknown one."""
    once: dict[str, str] = {}
    for reference, name in names.items():
        if reference != UNKNOWN and name not in once.values():
            once[reference] = name
    return {**once, **NEW, UNKNOWN: UNKNOWN_NAME}


def one_at_most(names: Mapping[str, str]) -> bool:
    """Whether a form needs no choice: at most one child is known, so «all» is it."""
    return len(child_choices(names)) <= len(NEW) + 2


def references_of(chosen: Iterable[str], command_id: UUID) -> list[str]:
    """The references of the chosen children, none for all of the family; who is named counts before all. A new child gets
    its own reference, the same where the page is sent twice."""
    return sorted(str(uuid5(command_id, one)) if one in NEW else one for one in chosen if one != ALL)


def child_rows(
    messages: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Each known child, when it was last seen, and where it is, as far as these messages know: (name, ISO time, place)."""
    seen: dict[str, str] = {}
    places: dict[str, str] = {}
    unproven = _proving_nothing(messages)
    for message in messages:
        if message.get("message") in unproven:
            continue
        fields = message.get("fields", {})
        about = [names[c] for c in fields.get("children") or [] if c in names] or list(names.values())
        if _was_seen(message["act"], fields):
            seen |= dict.fromkeys(about, message["at"])
        if message["act"] == e.ChildPlaced.TOPIC:
            places |= dict.fromkeys(about, fields["place"])
        elif message["act"] == e.ChildReturned.TOPIC:
            places |= dict.fromkeys(about, "")
        elif message["act"] == e.ChildDied.TOPIC:
            places |= dict.fromkeys(about, "DIED")
    for reference, name in child_choices(names).items():
        if reference not in NEW and reference != UNKNOWN:
            yield name, seen.get(name, ""), places.get(name, "")


def _was_seen(act: str, fields: Mapping[str, Any]) -> bool:
    if act == e.SafetyConfirmed.TOPIC:
        return bool(fields["child_seen"]) and fields["method"] == "SIGHTED"
    return act == e.ChildSighted.TOPIC or bool(fields.get("child_seen"))
