"""References of the children of a family, as control carries them.

A reference is an opaque id from the door that first speaks of a child; only sealed content ties it to a name. Safety is
a child's, not a family's: a clock of one child is stopped by that child only. Basis: CAPA 8; guideline 5(1)[3].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

UNKNOWN_CHILD = UUID("00000000-0000-4000-8000-0000c411d000")
"""Stands in every case for a child of whom nobody can say yet which one it is."""

ALL_CHILDREN: frozenset[UUID] = frozenset()
"""No child named: all children of the family."""


@dataclass(frozen=True, kw_only=True)
class SpeaksOfChildren:
    """What speaks of children says of which. ``children``: their references, empty for all children of the family."""

    children: frozenset[UUID]


def all_children_before(state: dict[str, Any]) -> None:
    """Upcaster: before messages named children, they spoke of all of the family."""
    state["children"] = []


def no_child_before(state: dict[str, Any]) -> None:
    """Upcaster: before clocks ran child by child, an alarm was about the family."""
    state["child"] = None


def children_named_in(event: object) -> frozenset[UUID]:
    """The children that this event names; none where it speaks of no child, or of all of the family."""
    return event.children if isinstance(event, SpeaksOfChildren) else ALL_CHILDREN
