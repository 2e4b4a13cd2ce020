"""Which networks have to do with a case: the one that is responsible, those that were, and those it is handed to."""

from __future__ import annotations

from uuid import UUID

from domain.case import Case
from domain.register import Network, Register


def networks_of(register: Register, case: Case) -> tuple[Network, ...]:
    """The networks, in the order of their ids. Basis: CWA 25-2; guideline 3(1), 3(2)."""
    ids = {n for n in (case.network, *case.offices) if n is not None}
    handed_to = case.transfer.to if case.transfer is not None else frozenset()
    ids |= {network.id for network in map(register.network_of, handed_to) if network is not None}
    return tuple(register.networks[id] for id in sorted(ids) if id in register.networks)


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
