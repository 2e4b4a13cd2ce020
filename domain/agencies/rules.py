"""The rules of ``domain.agencies``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.codes import (
    Role,
)
from domain.context import Refusal, needs
from domain.reasons import Reason
from domain.record import REGISTRARS, Command
from domain.register import Agency, Register


def decide_network(register: Register, command: Command) -> Refusal | None:
    """The registrars give offices; the coordinating agency admits members. Basis: CWA 25-2."""
    event = command.proposed_event
    if isinstance(event, (e.CoreAgencyDesignated, e.CoordinatingAgencyDesignated)):
        role = Role.CORE if isinstance(event, e.CoreAgencyDesignated) else Role.COORD
        agency = register.agencies.get(event.agency)
        holds = agency is not None and role in agency.roles
        refusal = needs(command.by == REGISTRARS, Reason.NOT_YOURS) or needs(holds, Reason.UNKNOWN_ADDRESSEE)
        if refusal is not None or role is Role.COORD or agency is None:
            return refusal
        return needs(not _other_core(register, command, agency), Reason.CORE_EXISTS)
    network = register.networks.get(command.about.id)
    if network is None or command.by != network.coordinating:
        return Refusal(Reason.NOT_COORDINATING)
    match event:
        case e.NetworkMemberAdmitted():
            known = event.member in register.agencies and event.item in (1, 2, 3)
            return needs(known, Reason.UNKNOWN_ADDRESSEE)
        case e.NetworkMemberWithdrawn():
            return needs(event.member in network.members, Reason.NOT_A_MEMBER)
        case e.NetworkMembershipPublished():
            return needs(event.members <= set(network.members), Reason.NOT_A_MEMBER)
        case _:
            return Refusal(Reason.NOT_YOURS)


def _other_core(register: Register, command: Command, agency: Agency) -> bool:
    """Whether another network has its core agency in this municipality. Basis: guideline 3(1)."""
    cores = {n.core for n in register.networks.values() if n.id != command.about.id and n.core is not None}
    municipalities = {register.agencies[core].municipality for core in cores if core in register.agencies}
    return agency.municipality is not None and agency.municipality in municipalities


def decide_registrars(command: Command) -> Refusal | None:
    """Key sets and rule books. Their signatures were checked before; this checks who may order them."""
    match command.proposed_event:
        case e.KeySetPublished():
            return None
        case e.KeySetRevoked() | e.RuleBookPublished():
            return needs(command.by == REGISTRARS, Reason.NOT_YOURS)
        case _:
            return Refusal(Reason.NOT_YOURS)
