"""What an event is: a typed, versioned, published statement of what happened.

The class statement of an event states all that is data about it, once; tables, documents, labels and work lists are
derived from it. The topic is a published word (snake_case, its last word after a dot), never a module path and never
reused. An event is never edited, only read anew: a new shape raises ``version`` and brings
``upcast_vN_vN+1``; a new meaning is a new topic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Any, ClassVar
from uuid import UUID

from domain.actors import Actor

_TOPIC = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9]*\Z")

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True}
"""How every stored dataclass is checked when it is read (the mapper understands it)."""


class Kind(StrEnum):
    """The kinds of originators: the sequences of which the record consists."""

    CASE = "case"
    CASE_ACCESS = "case_access"
    AGENCY = "agency"
    NETWORK = "network"
    COMMISSION = "commission"
    RULE_BOOK = "rule_book"
    LOG = "log"


class Cause(Enum):
    """Why an event is recorded."""

    COMMAND = "COMMAND"  # an agency, the audit office or the registrars submitted a command for it
    CLOCK = "CLOCK"  # the hub computed from state that it was due
    COMMAND_OR_CLOCK = "COMMAND_OR_CLOCK"
    ANSWER = "ANSWER"  # the hub's own answer to a command for another event
    GENESIS = "GENESIS"  # it begins the record


STATEMENTS: dict[str, str] = {
    "title": "its Japanese name, as pages show it",
    "law": "the law or own rule on which it rests",
    "cause": "why it is recorded: a member of Cause",
}
"""What the class statement of every event has to state."""
COMMANDED: dict[str, str] = {"actor": "who may give a command for it: a member of Actor"}
"""What the class statement of an event that a command may propose has to state besides."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """The root of all events. Its ``ClassVar``s come from the class statement.

    ``TITLE``: its Japanese name; ``LAW``: the law or own rule it rests on; ``CAUSE``: why it is recorded. ``ON``: the
    kind of originator it is recorded on, None: on the one that the command was about. ``HUB_FIELDS``: those that
    the hub decides; a command must not bring them. ``ACTOR``: whether a command for it is a person's own word, None
    where no command may propose it. The first sentence of its docstring is its meaning in the glossary.
    """

    TOPIC: ClassVar[str] = ""
    VERSION: ClassVar[int] = 0
    TITLE: ClassVar[str] = ""
    LAW: ClassVar[str] = ""
    CAUSE: ClassVar[Cause | None] = None
    ON: ClassVar[Kind | None] = None
    ACTOR: ClassVar[Actor | None] = None
    HUB_FIELDS: ClassVar[frozenset[str]] = frozenset()
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __init_subclass__(
        cls,
        *,
        topic: str = "",
        version: int = 1,
        title: str = "",
        law: str = "",
        on: Kind | None = None,
        cause: Cause | None = None,
        actor: Actor | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.ON, cls.CAUSE = on or cls.ON, cause or cls.CAUSE
        if not topic:
            return  # a common base, not an event
        if not _TOPIC.match(topic):
            raise TypeError(f"{cls.__name__}: {topic!r} is not a topic")
        if topic in EVENTS:
            raise TypeError(f"{cls.__name__}: topic {topic!r} belongs to {EVENTS[topic].__name__}")
        for step in range(1, version):
            if not hasattr(cls, f"upcast_v{step}_v{step + 1}"):
                raise TypeError(f"{cls.__name__}: upcast_v{step}_v{step + 1} is missing")
        require_statements(cls, {"title": title, "law": law, "cause": cls.CAUSE}, STATEMENTS)
        if cls.may_be_commanded():
            require_statements(cls, {"actor": actor}, COMMANDED)
        elif actor is not None:
            raise TypeError(f"{cls.__name__}: no command may propose it, so it has no actor")
        cls.TOPIC, cls.VERSION, cls.TITLE, cls.LAW, cls.ACTOR = topic, version, title, law, actor
        EVENTS[topic] = cls

    @classmethod
    def may_be_commanded(cls) -> bool:
        """Whether a command may propose it; all other events are the hub's own."""
        return cls.CAUSE in (Cause.COMMAND, Cause.COMMAND_OR_CLOCK)


def require_statements(cls: type, stated: Mapping[str, object], wanted: Mapping[str, str]) -> None:
    """Raises TypeError that names every statement of ``wanted`` that is missing (None or empty text)."""
    missing = [f"{name} ({meaning})" for name, meaning in wanted.items() if stated[name] in (None, "")]
    if missing:
        raise TypeError(f"{cls.__name__}: the class statement has to state {'; '.join(missing)}")


EVENTS: dict[str, type[Event]] = {}
"""Every published topic and its class."""


def upcast(topic: str, version: int, state: dict[str, Any]) -> None:
    """Bring the stored ``state`` of an old ``version`` to the present shape, in place."""
    cls = EVENTS[topic]
    for step in range(version, cls.VERSION):
        lift: Callable[[dict[str, Any]], None] = getattr(cls, f"upcast_v{step}_v{step + 1}")
        lift(state)


def dump(value: Any) -> Any:
    """The JSON form of an event or of a part of one: the only one there is, so that bytes can be compared.

    Sets become sorted lists; times are UTC with six decimals; a naive time is an error.
    """
    write = _dumpers.get(type(value))
    if write is None:
        write = _dumpers[type(value)] = _dumper(type(value))
    return write(value)


_dumpers: dict[type, Callable[[Any], Any]] = {}


def _dumper(kind: type) -> Callable[[Any], Any]:
    """How values of this class are written; computed once for each class."""
    if is_dataclass(kind):
        names = tuple(f.name for f in fields(kind))
        return lambda value: {
            name: inner if type(inner := getattr(value, name)) in _JSON_TYPES else dump(inner)
            for name in names
        }
    for base, write in _DUMP_RULES:
        if issubclass(kind, base):
            return write
    return lambda value: value


def _iso_time(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


_JSON_TYPES = frozenset({str, int, bool, type(None)})
_DUMP_RULES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    (UUID, str),
    (datetime, _iso_time),
    (date, date.isoformat),
    (dict, lambda value: {str(dump(k)): dump(v) for k, v in value.items()}),
    (frozenset, lambda value: sorted((dump(v) for v in value), key=str)),
    (tuple, lambda value: [dump(v) for v in value]),
    (list, lambda value: [dump(v) for v in value]),
)
"""The first that fits is taken: a ``datetime`` is a ``date`` too."""
