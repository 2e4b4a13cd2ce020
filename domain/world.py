"""What a decision looks at: the register, and where the wish is about a case, that case and its readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.case import Access, Case, evolve, evolve_access
from domain.events import (
    OPENING_ACTS,
    REFERRALS,
    AuditContentAccessGranted,
    CaseMessage,
    Kind,
    NetworkCaseDeregistered,
    NetworkCaseRegistered,
    Placed,
    TransferCompleted,
)
from domain.places import destination, networks_of, offices_of
from domain.record import Record, Wish, access_of
from domain.register import Register, Rules


@dataclass(frozen=True)
class World:
    """State at one moment. ``case`` and ``access`` are empty ones where nothing was recorded yet."""

    register: Register
    case: Case
    access: Access

    @property
    def rules(self) -> Rules:
        """The rule book in force (a hub has one)."""
        for rules in self.register.rules.values():
            return rules
        return Rules(id=UUID(int=0))

    @property
    def book(self) -> Mapping[str, Any]:
        return self.rules.book

    def after(self, record: Record) -> World:
        """The world after this record (of this case, its readings, or the register)."""
        if record.originator.kind is Kind.CASE:
            return replace(self, case=evolve(self.case, record))
        if record.originator.kind is Kind.CASE_ACCESS:
            return replace(self, access=evolve_access(self.access, record))
        return replace(self, register=self.register.with_record(record))


def empty_world(register: Register, case: UUID) -> World:
    """A case of which nothing is recorded."""
    return World(register, Case(id=case), Access(id=access_of(case)))


def placing(world: World, wish: Wish) -> Placed | None:
    """Which network and core agency this message settles: of a case that has none yet, of one that is handed
    over, or with which other network it is registered."""
    if not isinstance(wish.draft, CaseMessage) or not isinstance(wish.by, UUID):
        return None
    if world.case.core is not None:
        return _placed_anew(world, wish.draft, wish.by)
    found = [world.register.network_of(agency) for agency in (wish.by, *sorted(wish.draft.to))]
    own, theirs = found[0], [n for n in found[1:] if n is not None]
    referred = isinstance(wish.draft, REFERRALS) and not getattr(wish.draft, "taken_in", False)
    if referred and theirs and own not in theirs:
        own = None  # Basis: CWA 21-10-5: a family that is told of to another municipality is that one's
    for network in (own, *theirs):
        if network is not None and network.core is not None:
            return Placed(network=network.id, core=network.core)
    return None


def _placed_anew(world: World, draft: CaseMessage, by: UUID) -> Placed | None:
    network = None
    if isinstance(draft, TransferCompleted):
        network = destination(world.register, world.case)
    elif isinstance(draft, NetworkCaseRegistered | NetworkCaseDeregistered):
        others = (n for n in networks_of(world.register, world.case) if n.id != world.case.network)
        network = next((n for n in others if n.coordinating == by), None)
    if network is None or network.core is None:
        return None
    return Placed(network=network.id, core=network.core)


def may_speak_of(world: World, wish: Wish) -> bool:
    """Whether this sender knows of this case at all; where not, the case is «not there» for it.

    A new case is begun by an act that tells of a family. Who knows a case's random name and brings such
    news is heard; all else is for those who have a part in it.
    """
    case = world.case
    if isinstance(wish.draft, OPENING_ACTS):
        return True
    if case.version == 0:
        return False
    return wish.by in case.parties | offices_of(world.register, case)


def rests_on(world: World, wish: Wish) -> tuple[tuple[Kind, UUID, int], ...]:
    """The other originators, and their versions, that a decision on this wish looks at."""
    register, case, draft = world.register, world.case, wish.draft
    found: dict[tuple[Kind, UUID], int] = {}
    placed = placing(world, wish)
    network = placed.network if placed is not None else case.network
    core = placed.core if placed is not None else case.core
    agencies: set[UUID] = {wish.by} if isinstance(wish.by, UUID) else set()
    if isinstance(draft, CaseMessage):
        agencies |= draft.to
        agencies |= {draft.agency} if hasattr(draft, "agency") else set()
    if wish.about.kind is Kind.CASE:
        agencies |= {core} if core is not None else set()  # a commission's basis looks at its municipality
        if draft.ON is Kind.CASE_ACCESS:
            found[(Kind.CASE, case.id)] = case.version
        if network is not None and network in register.networks:
            found[(Kind.NETWORK, network)] = register.networks[network].version
        for agency in agencies:
            commission = register.commission(case.commissioned.get(agency, core), agency)
            if commission is not None:
                found[(Kind.COMMISSION, commission.id)] = commission.version
    if isinstance(draft, AuditContentAccessGranted):
        found |= {(Kind.LOG, id): log.version for id, log in register.log.items()}
    for agency in agencies:
        if agency in register.agencies and wish.about.id != agency:
            found[(Kind.AGENCY, agency)] = register.agencies[agency].version
    return tuple((kind, id, version) for (kind, id), version in sorted(found.items()))
