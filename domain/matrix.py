"""What the matrix never lets an agency be sent: by the roles in which a message addresses it. Pure; the decision and a preview
of it ask the same.

Basis: CAPA 7; APPI 69(2); guideline 9(2)[1].
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from domain.codes import Role
from domain.event import Event
from domain.events import AS_OTHER_SERVICE


def roles_as_addressed(roles: frozenset[Role], event: type[Event]) -> frozenset[Role]:
    """In which roles this message reaches an agency: a contractor that provides another service is judged as any other."""
    if issubclass(event, AS_OTHER_SERVICE) and Role.CONTRACTOR in roles:
        return (roles - {Role.CONTRACTOR}) | {Role.EXT}
    return roles


def never_for(roles: Collection[Role], rule_book: Mapping[str, Any]) -> frozenset[str]:
    """The sections that no agency of these roles is sent; none where one role may have them."""
    return _barred_in_each(roles, rule_book["never"])


def never_flagged_for(roles: Collection[Role], rule_book: Mapping[str, Any]) -> frozenset[str]:
    """The flags that keep an item from an agency of these roles."""
    return _barred_in_each(roles, rule_book["never_flagged"])


def for_participants(roles: Collection[Role], rule_book: Mapping[str, Any]) -> frozenset[str]:
    """What of ``never_for`` goes to members of the network who took part in the meeting.
    Basis: CWA 25-2(2), 25-5; guideline 6(2)[1], 6(5)[1]."""
    shared = rule_book.get("participants", {})
    return frozenset(section for role in roles for section in shared.get(role, ()))


def _barred_in_each(roles: Collection[Role], barred: Mapping[str, Collection[str]]) -> frozenset[str]:
    """What is barred whichever of the roles counts; nothing for an agency without a role, which is not addressed at all."""
    of_roles = [frozenset(barred.get(role, ())) for role in roles]
    return frozenset.intersection(*of_roles) if of_roles else frozenset()
