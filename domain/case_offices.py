"""Which networks have to do with a case: the one that is responsible, those that were, those it is handed to, and those of
other towns that were informed of the family, or where some of it stay."""

from __future__ import annotations

from uuid import UUID

from domain import events as e
from domain.case import Case, Stay
from domain.editions import since_edition
from domain.register import Network, Register


def networks_of(register: Register, case: Case) -> tuple[Network, ...]:
    """The networks, in the order of their ids. Basis: CWA 25-2; guideline 3(1), 3(2)."""
    ids = {n for n in (case.network, *case.offices) if n is not None}
    handed_to = case.transfer.to if case.transfer is not None else frozenset()
    ids |= {network.id for network in map(register.network_of, handed_to) if network is not None}
    return tuple(register.networks[id] for id in sorted(ids) if id in register.networks)


@since_edition(2, before=networks_of)
def networks_informed(register: Register, case: Case) -> tuple[Network, ...]:
    """The networks of the case, and each whose core agency wrote in it or was sent something: they may register the family
    that is in their area now. In edition 1 only the former could. Basis: CWA 10(1), 25-2(2)."""
    ids = {network.id for network in networks_of(register, case)}
    ids |= {id for id, network in register.networks.items() if network.core in case.parties}
    return tuple(register.networks[id] for id in sorted(ids))


def offices_of(register: Register, case: Case) -> frozenset[UUID]:
    """The core and coordinating agencies that have to do with this case."""
    candidates = {case.core, *case.offices.values()}
    if case.transfer is not None:
        candidates |= case.transfer.to
    candidates |= {network.coordinating for network in networks_of(register, case)}
    return frozenset(office for office in candidates if office is not None)


def destination(register: Register, case: Case) -> Network | None:
    """The network to whose core agency this case is being handed over, if it has a door here."""
    if case.transfer is None:
        return None
    for agency in sorted(case.transfer.to):
        network = register.network_of(agency)
        if network is not None and network.core == agency and network.id != case.network:
            return network
    return None


def network_of_stay(register: Register, case: Case, event: e.StayingElsewhere) -> Network | None:
    """The one network of another municipality to whose offices this stay is addressed; None where it is not addressed to its
    core agency, or to anybody else."""
    networks = {network.id: network for a in event.to if (network := register.network_of(a)) is not None}
    if len(networks) != 1 or case.core is None:
        return None
    network = next(iter(networks.values()))
    if (
        network.core is None
        or network.core not in event.to
        or not event.to <= {network.core, network.coordinating}
    ):
        return None
    towns = {register.agencies[a].municipality for a in (network.core, case.core) if a in register.agencies}
    return network if network.id != case.network and len(towns) == 2 else None


def offices_of_stay(register: Register, stay: Stay) -> frozenset[UUID]:
    """The core and coordinating agency of the town where some of the family stay (V11)."""
    network = register.networks.get(stay.network)
    coordinating = None if network is None else network.coordinating
    return frozenset({stay.core} if coordinating is None else {stay.core, coordinating})


def offices_of_stays(register: Register, case: Case) -> frozenset[UUID]:
    """Those of all towns where some of the family stay now."""
    return frozenset[UUID]().union(*(offices_of_stay(register, stay) for stay in case.stays.values()))


def nearby_cores(register: Register, case: Case) -> frozenset[UUID]:
    """The core agencies of other towns where the family may be: that were informed of it, to which it is handed over, or where
    some of it stay; not those that handed it over, unless it stays there now. Basis: CWA 10(1), 25-2(2)."""
    informed = {network.core for network in networks_informed(register, case)} - case.former - {case.core}
    stays = {stay.core for stay in case.stays.values()}
    return frozenset(core for core in informed | stays if core is not None)
