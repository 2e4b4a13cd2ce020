"""Who besides is informed when an alarm is escalated."""

from __future__ import annotations

from uuid import UUID

from domain import events as e
from domain.case import Case
from domain.case_offices import networks_of
from domain.register import Network, Register


def informed_of_escalation(register: Register, case: Case, message: UUID | None) -> frozenset[UUID]:
    """Of a transfer between child guidance centres: the coordinating agencies of where the family was and of where it
    comes. Basis: CAPA 4(6); own rule (目黒 2018)."""
    about = None if message is None else case.messages.get(message)
    if about is None or not isinstance(about.event, e.CgcTransferNotified):
        return frozenset()
    networks = (*networks_of(register, case), *_networks_of_centre(register, about.to))
    return frozenset(n.coordinating for n in networks if n.coordinating is not None)


def _networks_of_centre(register: Register, centres: frozenset[UUID]) -> list[Network]:
    """The network to which the new centre belongs; none where it belongs to several: nobody can say to which of its towns
    the family comes, and the others have no part in it."""
    networks = [n for n in register.networks.values() if centres & {*n.members, n.coordinating}]
    return networks if len(networks) == 1 else [n for n in networks if n.coordinating in centres]
