"""A message in a case: what every event of one agency in a case has, and what its class statement has to state.

No name, address or free text of a person: codes, dates, parties and references only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

from domain.clock_kinds import ClockKind
from domain.codes import Flag, Purpose, Section
from domain.event import STRICT, Cause, Event, Kind, require_statements


class Sender(Enum):
    """The rule on who may send a message; each is a function marked with ``sender_rule``."""

    ANYONE = "whoever has a part in the case"
    INVOLVES_OFFICE = "to or from a core or coordinating agency"
    CORE = "the responsible core agency"
    ANY_CORE = "a core agency that is, was or will be responsible"
    COORDINATING = "the coordinating agency of a network of the case"
    OFFICE = "the core or the coordinating agency"
    CONTRACTOR = "a contractor"
    FULL_CONTRACTOR = "a contractor that has the whole programme"
    CORE_OR_CONTRACTOR = "a core agency or a contractor that visits for it"
    CONTRACTOR_OR_NEXT_CORE = "a contractor, or the core agency that is or will be responsible"
    DECIDES_ELIGIBILITY = "the core agency, or a contractor that has the whole programme"
    CGC = "a child guidance centre"
    AUTHORITY = "an office of the municipality or the child guidance centre"
    TO_AUTHORITY = "to authorities only"
    INVOLVES_AUTHORITY = "to or from an authority"
    TRANSFER_PARTY = "either side of a hand-over"
    TOWN_OF_STAY = "the responsible core agency, or that of the town where some of the family stay"
    NEARBY_CORE = "a core agency that is or will be responsible, or of a town that was informed of the family"
    ASSIGNING_CORE = (
        "a core agency that is or will be responsible, or of the town where some of the family stay"
    )
    UNASSIGNING_CORE = (
        "a core agency that is, was or will be responsible, or of the town where some of the family stay"
    )
    REVIEWING_CORE = (
        "a core agency that is, was or will be responsible, or of a town that was informed of the family"
    )
    CLOSES = "the responsible core agency, for its own part one that handed the family over"


class Carries(Enum):
    """Whether a message has sections."""

    MUST = "MUST"
    MAY = "MAY"
    NEVER = "NEVER"


def judged_as(section: Section, flags: Collection[str]) -> frozenset[Section]:
    """The sections as which rules judge what stands under this one with these flags. Basis: APPI 69(2) proviso (V5)."""
    return frozenset({section, Section.ADDR} if Flag.ADDRESS_TRACE in flags else {section})


@dataclass(frozen=True, kw_only=True)
class Item:
    """One sealed piece of one section of a message; what is inside is known to its readers' doors only.

    ``keyed``: the agencies for whom the author's frame brought a wrapped key of its key.
    """

    __pydantic_config__ = STRICT

    item: UUID
    section: Section
    flags: frozenset[Flag]
    keyed: frozenset[UUID]

    @property
    def judged_as(self) -> frozenset[Section]:
        """The sections as which rules judge it: its own, and ADDR where it holds a protected address. Basis: APPI 69(2)
        proviso (V5)."""
        return judged_as(self.section, self.flags)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a case belongs: its network and the core agency responsible for it."""

    __pydantic_config__ = STRICT

    network: UUID
    core: UUID


GROUPS: dict[str, str] = {
    "begins_case": "whether it may begin a case, and may come from an agency that has no part in the case yet",
    "outgoing_copy": "whether it is a copy going out: never within standing access (V4)",
    "unsolicited": "whether it discloses without a request: it is no request, no answer and no report back",
    "as_other_service": "whether a contractor sends or receives it as provider of another service, not for this case",
    "reveals_notification": "whether it lets somebody infer that there was a notification: never in a list for the"
    " family (CAPA 7; APPI 81)",
}
"""The groups of messages that rules treat alike; each message states yes or no for each."""

CLOCKS: dict[str, str] = {
    "starts": "the kinds of clocks that it may start, () for none; a referral starts REFERRAL_CLOCKS",
    "stops": "the kinds of clocks that it may stop, () for none; what acts on a referral stops ACT",
}
SENDING: dict[str, str] = {
    "sender": "who may send it: a member of Sender",
    "carries": "whether it has sections: MUST, MAY or NEVER",
}


@dataclass(frozen=True, kw_only=True)
class CaseMessage(Event, on=Kind.CASE, cause=Cause.COMMAND):
    """One message in a case. ``message`` everywhere means the ``command_id`` of its record.

    ``to``: addressees (agencies), empty where it is recorded inside the sender's own file.
    ``basis``: the lawful basis for each addressee. ``consent``: the consents it rests on.
    ``reason``: the code of a reason where a rule asks for one.
    ``held``: addressees for whom it waits because they are suspended. ``placed``: set by the hub where
    this message settles which network and core agency the case belongs to.

    The class statement has no defaults: who may send it (``sender``), whether it has sections (``carries``), its
    clocks (``starts``, ``stops``) and its groups (``GROUPS``) are stated for each. A message that begins a case, discloses
    without a request or is itself a request, and puts nothing into a work list, states ``no_task``: why not.
    """

    HUB_FIELDS = frozenset({"items", "held", "placed"})
    SENDER: ClassVar[Sender | None] = None
    CARRIES: ClassVar[Carries | None] = None
    STARTS: ClassVar[tuple[ClockKind, ...] | None] = None
    STOPS: ClassVar[tuple[ClockKind, ...] | None] = None
    NO_TASK: ClassVar[str] = ""
    IN_GROUPS: ClassVar[dict[str, bool]] = {}

    to: frozenset[UUID]
    basis: dict[UUID, str]
    consent: frozenset[UUID]
    purpose: Purpose
    reason: str | None
    items: tuple[Item, ...]
    held: frozenset[UUID]
    placed: Placed | None

    def __init_subclass__(
        cls,
        *,
        topic: str = "",
        cause: Cause | None = None,
        sender: Sender | None = None,
        carries: Carries | None = None,
        starts: tuple[ClockKind, ...] | None = None,
        stops: tuple[ClockKind, ...] | None = None,
        no_task: str = "",
        begins_case: bool | None = None,
        outgoing_copy: bool | None = None,
        unsolicited: bool | None = None,
        as_other_service: bool | None = None,
        reveals_notification: bool | None = None,
        **kwargs: Any,
    ) -> None:
        own_groups = {
            "begins_case": begins_case,
            "outgoing_copy": outgoing_copy,
            "unsolicited": unsolicited,
            "as_other_service": as_other_service,
            "reveals_notification": reveals_notification,
        }
        groups = {**cls.IN_GROUPS, **{name: yes for name, yes in own_groups.items() if yes is not None}}
        if topic:
            require_statements(cls, {name: groups.get(name) for name in GROUPS}, GROUPS)
            require_statements(cls, {"starts": starts, "stops": stops}, CLOCKS)
            if (cause or cls.CAUSE) is Cause.COMMAND:
                require_statements(cls, {"sender": sender, "carries": carries}, SENDING)
            if groups != {**groups, **cls.IN_GROUPS}:
                raise TypeError(f"{cls.__name__}: it contradicts its base class; derive it from CaseMessage")
        cls.SENDER, cls.CARRIES, cls.STARTS, cls.STOPS = sender, carries, starts, stops
        cls.NO_TASK, cls.IN_GROUPS = no_task, groups
        super().__init_subclass__(topic=topic, cause=cause, **kwargs)


@dataclass(frozen=True, kw_only=True)
class CaseStep(
    CaseMessage,
    begins_case=False,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """A step in the course of a case. To derive from it states «no» for every group; what is in one of them derives
    from ``CaseMessage`` and states each.
    """
