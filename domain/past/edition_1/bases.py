"""Lawful bases in edition 1: a child guidance centre was of the prefecture, whatever its body."""

from __future__ import annotations

from collections.abc import Mapping

from domain.codes import Role
from domain.register import Agency

_ROLE_PARTIES: Mapping[Role, frozenset[str]] = {
    Role.CORE: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.COORD: frozenset({"MUNICIPALITY", "NETWORK"}),
    Role.CGC: frozenset({"PREFECTURE"}),
    Role.MED: frozenset({"MEDICAL"}),
    Role.CONTRACTOR: frozenset({"COMMISSIONED"}),
}


def parties_of(agency: Agency) -> frozenset[str]:
    """What an agency is in the eyes of a basis; an EXT agency by its ``body``."""
    party_kinds = {"ANY"}
    for role in agency.roles:
        party_kinds |= _ROLE_PARTIES.get(role, {str(agency.body)})
    return frozenset(party_kinds)
