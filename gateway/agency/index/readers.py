"""Who of an agency may be shown what its index holds: nobody who could not open the items themselves.

The feed states what the agency may open. Here is what depends on the person: the rules of secrecy, and for visitors their
assignment and their papers (V6), as the hub last answered. In doubt a person is shown nothing. Basis: guideline 4(3), 8.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.codes import Role
from domain.errors import Unavailable
from domain.events import SupportWorkerAssigned, SupportWorkerUnassigned

if TYPE_CHECKING:
    from gateway.agency.door import Door

ASSIGNMENTS = (SupportWorkerAssigned.TOPIC, SupportWorkerUnassigned.TOPIC)
Messages = Callable[[UUID], Collection[Mapping[str, Any]]]
"""The messages about assignments in a case, in the order of the record."""


@dataclass(frozen=True)
class IndexReader:
    """One person or system of an agency. ``programme``: the hub's answer of this name, None where it never gave one."""

    actor: str
    agency: UUID
    roles: frozenset[str]
    programme: Mapping[str, Any] | None
    assignments: Messages

    @property
    def may_read(self) -> bool:
        """Whether this person may open anything here: where an agency has rules of secrecy, who opens knows them."""
        if self.programme is None:
            return False
        rules = self.programme["rules"]
        return rules["edition"] is None or self.actor in rules["acknowledged"]

    @property
    def may_know_all(self) -> bool:
        """Whether this person may open what its agency may open, in whichever case."""
        is_contractor = Role.CONTRACTOR.value in self.roles
        return self.may_read and not is_contractor and not self._has_papers_missing

    def may_know(self, case: UUID) -> bool:
        """Whether this person may open what its agency may open of this case."""
        if not self.may_read:
            return False
        is_contractor = Role.CONTRACTOR.value in self.roles
        if not is_contractor and not self._has_papers_missing:
            return True
        assigned = self._assigned(case)
        if is_contractor and (self.roles == {Role.CONTRACTOR.value} or assigned):
            return self.actor in assigned and self._is_visitor and not self._has_papers_missing
        return not (self._has_papers_missing and self.actor in assigned)

    def _assigned(self, case: UUID) -> frozenset[str]:
        """The visitors of this agency that are assigned to the case now."""
        assigned: set[str] = set()
        for message in self.assignments(case):
            fields = message["fields"]
            if fields["agency"] == str(self.agency):
                change = assigned.add if message["act"] == SupportWorkerAssigned.TOPIC else assigned.discard
                change(fields["worker"])
        return frozenset(assigned)

    @property
    def _papers(self) -> list[Collection[str]]:
        commissions = () if self.programme is None else self.programme["commissions"]
        return [w["gaps"] for c in commissions for w in c["workers"] if w["worker"] == self.actor]

    @property
    def _is_visitor(self) -> bool:
        return bool(self._papers)

    @property
    def _has_papers_missing(self) -> bool:
        return any(self._papers)


def programme_of(door: Door, actor: str) -> Mapping[str, Any] | None:
    """What is about no single case, as the hub answers it now, or last answered; None where it never did."""
    with suppress(Unavailable):
        return door.query_or_known("programme", {}, actor=actor)
    return None


def reader_of(door: Door, actor: str) -> IndexReader:
    """This person at this door, by what the hub answers now, or last answered. Raises Unavailable where nobody ever read the
    list of agencies."""
    return reader_by(door, actor, programme_of(door, actor))


def reader_by(door: Door, actor: str, programme: Mapping[str, Any] | None) -> IndexReader:
    """The same, by an answer of the hub that was read before (``programme_of``)."""
    own = next((k for k in door.directory() if k.agency == door.agency), None)
    return IndexReader(
        actor=actor,
        agency=door.agency,
        roles=frozenset(() if own is None else own.roles),
        programme=programme,
        assignments=lambda case: [m for m in door.store.messages(case) if m["act"] in ASSIGNMENTS],
    )
