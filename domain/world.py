"""What a decision looks at: the register, and where the command is about a case, that case and its readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from domain import editions
from domain import events as e
from domain.case import Access, Case
from domain.case_offices import destination, network_of_stay, networks_informed, offices_of
from domain.editions import by_edition_of_world
from domain.evolution import evolve, evolve_access
from domain.record import Command, Record, access_of
from domain.register import Register, Rules


@dataclass(frozen=True)
class World:
    """State at one moment. ``case`` and ``access`` are empty ones where nothing was recorded yet.

    ``other``: the other case that the command names, null where it names none, or one that is not there.
    ``edition``: of the rules that look at it; the current one where nobody says another.
    """

    register: Register
    case: Case
    access: Access
    edition: int = field(default_factory=lambda: editions.CURRENT_EDITION)
    other: Case | None = None

    @property
    def rules(self) -> Rules:
        """The rule book in force (a hub has one)."""
        for rules in self.register.rules.values():
            return rules
        return Rules(id=UUID(int=0))

    @property
    def rule_book(self) -> Mapping[str, Any]:
        return self.rules.rule_book

    def after(self, record: Record) -> World:
        """The world after this record (of this case, its readings, or the register)."""
        if record.originator.kind is e.Kind.CASE:
            return replace(self, case=evolve(self.case, record))
        if record.originator.kind is e.Kind.CASE_ACCESS:
            return replace(self, access=evolve_access(self.access, record))
        return replace(self, register=self.register.with_record(record))


def empty_world(register: Register, case: UUID) -> World:
    """A case of which nothing is recorded."""
    return World(register, Case(id=case), Access(id=access_of(case)))


def other_case_named_in(event: e.Event) -> UUID | None:
    """The other case on which a decision about this event rests; None where there is none."""
    return event.other if isinstance(event, e.CasesJoined) else None


@by_edition_of_world
def placement_of(world: World, command: Command) -> e.Placed | None:
    """Which network and core agency this message settles: of a case that has none yet, of one that is handed
    over, or with which other network it is registered."""
    if not isinstance(command.proposed_event, e.CaseMessage) or not isinstance(command.by, UUID):
        return None
    if world.case.core is not None:
        return _placed_in_new_network(world, command.proposed_event, command.by)
    networks = [
        world.register.network_of(agency) for agency in (command.by, *sorted(command.proposed_event.to))
    ]
    own, addressee_networks = networks[0], [n for n in networks[1:] if n is not None]
    referred = isinstance(command.proposed_event, e.REFERRALS) and not getattr(
        command.proposed_event, "recorded_for_notifier", False
    )
    if referred and addressee_networks and own not in addressee_networks:
        own = None  # Basis: CWA 21-10-5: a family that is referred to another municipality is that one's
    for network in (own, *addressee_networks):
        if network is not None and network.core is not None:
            return e.Placed(network=network.id, core=network.core)
    return None


def _placed_in_new_network(world: World, proposed_event: e.CaseMessage, by: UUID) -> e.Placed | None:
    network = None
    if isinstance(proposed_event, e.TransferCompleted):
        network = destination(world.register, world.case)
    elif isinstance(proposed_event, e.StayingElsewhere):
        network = network_of_stay(world.register, world.case, proposed_event)
    elif isinstance(proposed_event, e.NetworkCaseRegistered | e.NetworkCaseDeregistered):
        others = (n for n in networks_informed(world.register, world.case) if n.id != world.case.network)
        network = next((n for n in others if n.coordinating == by), None)
    if network is None or network.core is None:
        return None
    return e.Placed(network=network.id, core=network.core)


@by_edition_of_world
def may_address_case(world: World, command: Command) -> bool:
    """Whether this sender knows of this case at all; where not, the case is «not there» for it.

    An act that reports on a family begins a case, and may be sent by anybody who knows the case's random id.
    All other acts are for agencies that have a part in the case.
    """
    case = world.case
    if isinstance(command.proposed_event, e.BEGINS_CASE):
        return True
    if case.version == 0:
        return False
    coordinating = {network.coordinating for network in networks_informed(world.register, case)}
    return command.by in case.parties | offices_of(world.register, case) | coordinating


def _of_other_case(world: World, command: Command) -> dict[tuple[e.Kind, UUID], int]:
    """The other case that the command names, where it is the sender's own: of another's case nothing is stated."""
    other = world.other
    if other is None or other.core != command.by or other.id == world.case.id:
        return {}
    return {(e.Kind.CASE, other.id): other.version}


def _of_readings(world: World, proposed_event: e.Event) -> dict[tuple[e.Kind, UUID], int]:
    """The readings of the case, where a message in it speaks of one."""
    if not isinstance(proposed_event, e.ContentUnreadableReported):
        return {}
    return {(e.Kind.CASE_ACCESS, world.access.id): world.access.version}


@by_edition_of_world
def rests_on(world: World, command: Command) -> tuple[tuple[e.Kind, UUID, int], ...]:
    """The other originators, and their versions, that a decision on this command looks at."""
    register, case, proposed_event = world.register, world.case, command.proposed_event
    versions: dict[tuple[e.Kind, UUID], int] = {}
    placed = placement_of(world, command)
    network = placed.network if placed is not None else case.network
    core = placed.core if placed is not None else case.core
    agencies: set[UUID] = {command.by} if isinstance(command.by, UUID) else set()
    if isinstance(proposed_event, e.CaseMessage):
        agencies |= proposed_event.to
        agencies |= {proposed_event.agency} if hasattr(proposed_event, "agency") else set()
    if command.about.kind is e.Kind.CASE:
        agencies |= {core} if core is not None else set()  # a commission's basis looks at its municipality
        if proposed_event.ON is e.Kind.CASE_ACCESS:
            versions[(e.Kind.CASE, case.id)] = case.version
        if network is not None and network in register.networks:
            versions[(e.Kind.NETWORK, network)] = register.networks[network].version
        for agency in agencies:
            commission = register.commission(case.commissioned.get(agency, core), agency)
            if commission is not None:
                versions[(e.Kind.COMMISSION, commission.id)] = commission.version
    versions |= _of_other_case(world, command) | _of_readings(world, proposed_event)
    if isinstance(proposed_event, e.AuditContentAccessGranted):
        versions |= {(e.Kind.LOG, id): log.version for id, log in register.log.items()}
    for agency in agencies:
        if agency in register.agencies and command.about.id != agency:
            versions[(e.Kind.AGENCY, agency)] = register.agencies[agency].version
    return tuple((kind, id, version) for (kind, id), version in sorted(versions.items()))
