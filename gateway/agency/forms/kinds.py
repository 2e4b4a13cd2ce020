"""What a form is: an act of the published list, what it asks for, to whom it goes, and when it is offered.

A form decides nothing. It offers what is plausible and says early what is missing; what may be, the hub says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from domain.bases import parties_of
from domain.case import APPROVERS
from domain.codes import Body, Flag, Purpose, Role, Section
from domain.events import Fact, Kind
from domain.register import Agency
from domain.rulebook import BASES

Message = Mapping[str, Any]
"""A message as the feed tells it, or another thing that a form is about (a commission, a request of the audit)."""


@dataclass(frozen=True, kw_only=True)
class Other:
    """An agency that can be addressed."""

    name: str
    roles: frozenset[str]
    body: str | None = None
    municipality: str | None = None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where a form is filled in. ``people``: of this door, by reference; ``agencies``: all others, by id.

    ``ask``: the id under which it will be sent, so that the same page sent twice is recorded once.
    """

    agency: str
    roles: frozenset[str]
    body: str | None
    municipality: str | None
    actor: str
    people: Mapping[str, str]
    agencies: Mapping[str, Other]
    messages: Sequence[Message]
    about: Message | None
    now: datetime
    ask: UUID

    def of(self, act: str, name: str, message: object) -> list[Message]:
        """The messages of this act that answer that message by that field."""
        return [m for m in self.messages if m["act"] == act and m.get("fields", {}).get(name) == message]

    def message(self, message: object) -> Message | None:
        return next((m for m in self.messages if m["message"] == message), None)

    def consents(self, to: Collection[str], sections: Collection[str]) -> list[UUID]:
        """The consents in force that cover one of these recipients and one of these sections."""
        gone = {c for m in self.messages if m["act"] == "consent.withdrawn" for c in m.get("consent", [])}
        rows = [row for m in self.messages for row in m.get("fields", {}).get("scope") or []]
        return sorted(
            {
                UUID(row["consent"])
                for row in rows
                if row["consent"] not in gone
                and row["recipient"] in to
                and set(row["sections"]) & set(sections)
            }
        )

    def all_sides(self) -> list[str]:
        """Everybody who has a part in the message this is about, but us."""
        if self.about is None:
            return []
        return sorted({self.about["by"], *self.about.get("to", [])} - {self.agency})

    def other_side(self) -> list[str]:
        """Who was told by the message this is about, or its sender where it was told to us."""
        if self.about is None:
            return []
        told = [a for a in self.about.get("to", []) if a not in self.about.get("held", [])]
        return told if self.about["by"] == self.agency else [self.about["by"]]


class Ask(Enum):
    """How something is asked."""

    ONE = "ONE"
    MANY = "MANY"
    EACH = "EACH"  # one choice for each row
    YES = "YES"
    DAY = "DAY"
    MOMENT = "MOMENT"
    COUNT = "COUNT"
    REF = "REF"  # a short reference, never words
    CHECK = "CHECK"  # to be ticked before it is sent; it is not sent itself


Choices = Mapping[str, str]
ChoicesOf = Callable[[Scene], Choices]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that is asked. ``choices``: code -> Japanese; ``rows`` and ``row_choices``: those of EACH.

    ``default``: what stands there at first. ``must_rows``: rows that can't be left open.
    """

    name: str
    label: str
    ask: Ask
    choices: Choices | ChoicesOf = field(default_factory=dict)
    rows: ChoicesOf | None = None
    row_choices: Callable[[Scene, str], Choices] | None = None
    must_rows: frozenset[str] = frozenset()
    default: Callable[[Scene], Sequence[str]] | None = None
    help: str = ""
    must: bool = True
    shown: Callable[[Scene], bool] | None = None

    def offered(self, scene: Scene) -> Choices:
        return self.choices(scene) if callable(self.choices) else self.choices

    def offered_in(self, scene: Scene, row: str) -> Choices:
        return self.row_choices(scene, row) if self.row_choices else self.offered(scene)


@dataclass(frozen=True, kw_only=True)
class Words:
    """One section in words: sealed here, opened by its addressees. ``flags``: what can be marked about it.

    ``lines``: labels of single lines, where it is asked so (``氏名: …``), none where it is one text.
    """

    section: Section
    label: str
    help: str = ""
    must: bool = False
    flags: tuple[Flag, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"text_{self.section.value}"


@dataclass(frozen=True, kw_only=True)
class To:
    """Addressees. ``fixed``: they follow from what it is about; else they are chosen among those of ``roles``.

    ``bases``: offered where words are told; ``usual``: the one that stands there at first, where it lies in the
    act itself. ``first``: roles that are ticked at first; ``elsewhere``: of another municipality than ours.
    """

    fixed: Callable[[Scene], Sequence[str]] | None = None
    roles: frozenset[str] = frozenset()
    must: bool = False
    bases: tuple[str, ...] = ()
    usual: str = ""
    first: frozenset[str] = frozenset()
    elsewhere: bool = False
    help: str = ""

    def candidates(self, scene: Scene) -> list[str]:
        if self.fixed is not None:
            return [a for a in self.fixed(scene) if a != scene.agency]
        return [
            id
            for id, other in scene.agencies.items()
            if (not self.roles or other.roles & self.roles)
            and not (self.elsewhere and other.municipality == scene.municipality)
        ]

    def offered(self, scene: Scene, agency: str) -> list[str]:
        """The bases that can carry between such parties as these two at all, against their way only where something is
        answered; what else they need, the hub looks at."""
        other = scene.agencies.get(agency)
        if other is None:
            return list(dict.fromkeys(self.bases))
        mine, theirs = _parties(scene.roles, scene.body), _parties(other.roles, other.body)
        answering = scene.about is not None
        return [
            code
            for code in dict.fromkeys(self.bases)  # what is named first is offered first, and once
            if _speaks_of(_BASES[code], mine, theirs)
            or ((answering or _BASES[code]["way"] == "BOTH") and _speaks_of(_BASES[code], theirs, mine))
        ]

    def ticked(self, scene: Scene) -> list[str]:
        """Who is ticked at first: those it must go to, and of the roles named those that had a part so far."""
        if self.fixed is not None:
            return self.candidates(scene)
        if scene.roles & self.first:
            return []  # we are such an agency ourselves
        had_part = {m["by"] for m in scene.messages} | {a for m in scene.messages for a in m.get("to", [])}
        found = [a for a in self.candidates(scene) if scene.agencies[a].roles & self.first]
        return [a for a in found if a in had_part] or (found if len(found) == 1 else [])


_BASES: Mapping[str, Mapping[str, Any]] = {row["code"]: row for row in BASES}


def _speaks_of(basis: Mapping[str, Any], mine: frozenset[str], theirs: frozenset[str]) -> bool:
    return any(a in mine and b in theirs for a, b in basis["parties"])


def _parties(roles: frozenset[str], body: str | None) -> frozenset[str]:
    """What an agency is in the eyes of a basis."""
    known = Body(body) if body is not None else Body.PRIVATE
    return parties_of(Agency(id=UUID(int=0), roles=frozenset(map(Role, roles)), body=known))


def anywhere(scene: Scene, about: Message) -> bool:
    return True


def ours(scene: Scene, about: Message) -> bool:
    """We wrote it."""
    return bool(about.get("by") == scene.agency)


def theirs(scene: Scene, about: Message) -> bool:
    """It was sent to us."""
    return scene.agency in about.get("to", [])


def another_person(scene: Scene, about: Message, word: type[Fact]) -> bool:
    """Whether this person may still give a word that two others give: it did not ask, and gave none yet.

    What people of other agencies wrote is told without their reference, and none of them is this person.
    """
    said = scene.of(word.TOPIC, "approves", about["message"])
    spoke = [m.get("actor") for m in (about, *said) if ours(scene, m)]
    return len(said) < APPROVERS and scene.actor not in spoke


Made = dict[str, Any]
"""What was filled in, by field; ``reason`` and ``consent`` among them."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """One act as a form. ``about``: the acts of the messages it answers (empty: the case as a whole;
    ``any_message``: all of them).

    ``answers``: the field that names what it is about; ``open``: whether it is offered there; ``times``: how
    often we may say it about one message. ``made``: the last touch of what was filled in. ``lead``: what it
    does; ``then``: what happens next. ``tasks``: what of the work list it does; ``waits``: it is offered
    only while that waits. ``begins``: it may begin a case.
    """

    key: str
    act: type[Fact]
    title: str
    lead: str
    then: str
    group: str
    roles: frozenset[str] = frozenset()
    about: tuple[type[Fact], ...] = ()
    any_message: bool = False
    answers: str = "answers"
    open: Callable[[Scene, Message], bool] = anywhere
    times: int = 1
    fields: tuple[Field, ...] = ()
    words: tuple[Words, ...] = ()
    to: To | None = None
    purpose: Purpose = Purpose.SUPPORT
    fixed: Mapping[str, Any] = field(default_factory=dict)
    made: Callable[[Made, Scene], Made] | None = None
    tasks: frozenset[str] = frozenset()
    waits: bool = False
    begins: bool = False
    send: str = "封をして送る"

    @property
    def of_case(self) -> bool:
        """Whether it is about a case as a whole."""
        return self.act.ON is Kind.CASE and not (self.about or self.any_message)

    def fits(self, scene: Scene) -> bool:
        """Whether it is for such an agency as this."""
        return not self.roles or bool(self.roles & scene.roles)

    def offered_about(self, scene: Scene, message: Message) -> bool:
        """Whether this message can be answered with it, as far as this door knows."""
        known = self.any_message or message["act"] in {fact.TOPIC for fact in self.about}
        if not (known and self.fits(scene) and "fields" in message and self.open(scene, message)):
            return False
        said = [m for m in scene.of(self.act.TOPIC, self.answers, message["message"]) if ours(scene, m)]
        return len(said) < self.times

    def asked(self, scene: Scene) -> list[Field]:
        return [f for f in self.fields if f.shown is None or f.shown(scene)]


CORE, COORD, CGC, MED, CONTRACTOR, EXT = (
    frozenset({r.value}) for r in (Role.CORE, Role.COORD, Role.CGC, Role.MED, Role.CONTRACTOR, Role.EXT)
)
AUTHORITIES = CORE | COORD | CGC

WHATEVER_THEY_SAY = ("CWA-21-10-5", "CWA-25-2-2", "CWA-25-3-2", "CAPA-13-4", "APPI-69-1", "APPI-69-2-3")
"""Bases on which an office is told whether the family agrees or not. Source: domain/SOURCES.md."""
COMMISSIONED = ("CWA-21-10-2-3", "CWA-25-2-2")
"""Bases between a core agency and who visits for it."""
TO_OFFICE = (*WHATEVER_THEY_SAY, "APPI-69-2-1", "CWA-21-10-2-3", "APPI-27-C")
"""Bases on which an office of the municipality or the prefecture is told."""


TO_CORE = To(roles=CORE, first=CORE, bases=COMMISSIONED, usual=COMMISSIONED[0])
"""Who visits tells the core agency."""


def seen(no: str, label: str = "子ども本人を見ましたか") -> Field:
    """Whether the child itself was seen; ``no``: what else it may have been."""
    return Field(name="child_seen", label=label, ask=Ask.YES, choices={"yes": "目視した", "no": no})


def agreed(label: str) -> Field:
    """Something to be ticked first."""
    return Field(name="agreed", label=label, ask=Ask.CHECK)


def why(choices: Choices, *names: str, label: str = "理由", must: bool = True, help: str = "") -> Field:
    """The reason as a code; its words are sealed apart."""
    return Field(
        name="reason",
        label=label,
        ask=Ask.ONE,
        choices={name: choices[name] for name in names},
        must=must,
        help=help,
    )


def in_words(label: str = "理由・経緯", *, must: bool = False) -> Words:
    """The reason in words, which our own agency alone can open."""
    return Words(section=Section.REASON, label=label, must=must, help="自機関だけが開けます。")
