"""One command about a case as its rules see it, and what a rule answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.case import Access, Case
from domain.case_message import Carries
from domain.reasons import Reason
from domain.register import Register


@dataclass(frozen=True)
class DecisionContext:
    """One command about a case, with all that its rules look at. ``case`` has its place already; ``other``: the
    other case that it names, null where there is none; ``access``: the readings of the case."""

    register: Register
    case: Case
    by: UUID
    actor: str
    event: Any
    now: datetime
    rule_book: Mapping[str, Any]
    other: Case | None = None
    access: Access | None = None

    @property
    def coordinating(self) -> UUID | None:
        network = self.register.networks.get(self.case.network) if self.case.network is not None else None
        return network.coordinating if network is not None else None


@dataclass(frozen=True)
class Refusal:
    """The one condition that failed, and for which agency where it was one's."""

    reason: Reason
    at_fault: UUID | None = None


Rule = Callable[[DecisionContext], Refusal | None]


@dataclass(frozen=True)
class Act:
    """``sender``: who may do it; ``form``: what its data must say; ``ready``: what must be before it."""

    carries: Carries
    sender: Rule
    form: Rule | None = None
    ready: Rule | None = None


def needs(condition: bool, reason: Reason) -> Refusal | None:
    """The refusal where the condition does not hold."""
    return None if condition else Refusal(reason)
