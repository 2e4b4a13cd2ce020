"""Which acts ask a person for a factor that is at most five minutes old: one table, asked in one place.

Who acts by a token is a system: it has no factor, and its own list of acts. Source: RFC 9470.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto

from domain import events as e
from domain.errors import Refused

STEP_UP_NEEDED = "step-up-needed"


class When(Enum):
    """When an act asks for it."""

    ALWAYS = auto()
    OUTSIDE_NETWORK = auto()


STEP_UP_ACTS: Mapping[str, When] = {
    e.DisclosureMade.TOPIC: When.OUTSIDE_NETWORK,
    e.InformationRequestAnswered.TOPIC: When.OUTSIDE_NETWORK,
    e.EmergencyAccessRequested.TOPIC: When.ALWAYS,
    e.EmergencyAccessApproved.TOPIC: When.ALWAYS,
    e.BasisOverrideApproved.TOPIC: When.ALWAYS,
    e.AddressDisclosureApproved.TOPIC: When.ALWAYS,
    e.AuditContentAccessGranted.TOPIC: When.ALWAYS,
    e.LegalHoldLifted.TOPIC: When.ALWAYS,
    e.RecordsAppraised.TOPIC: When.ALWAYS,
    e.ControlAppraised.TOPIC: When.ALWAYS,
    e.DestructionApproved.TOPIC: When.ALWAYS,
}
"""Disclosures outside the network, reading in an emergency, approvals, and destruction. People and keys: pages that are marked
by ``needs_fresh_factor``."""

NETWORK_BASES = frozenset({"CWA-25-2-2", "CWA-25-2-5", "CWA-25-3-1", "CWA-25-3-2", "CWA-21-10-2-3"})
"""Bases on which information stays in the network, or with its contractor. The hub checks that they fit."""

_is_fresh: ContextVar[Callable[[], bool] | None] = ContextVar("factor_is_fresh", default=None)


@contextmanager
def factor_of(is_fresh: Callable[[], bool] | None) -> Iterator[None]:
    """While this request is answered: whether its person has just proven who they are. None: nobody has signed in."""
    token = _is_fresh.set(is_fresh)
    try:
        yield
    finally:
        _is_fresh.reset(token)


def require_fresh_factor(topic: str, bases: Mapping[str, str] | None = None) -> None:
    """Raises Refused (step-up-needed) where this act asks the person of this request for a fresh factor.

    ``bases``: of each addressee, the basis on which it is informed.
    """
    when, is_fresh = STEP_UP_ACTS.get(topic), _is_fresh.get()
    if when is None or is_fresh is None:
        return
    if when is When.OUTSIDE_NETWORK and set((bases or {}).values()) <= NETWORK_BASES:
        return
    if not is_fresh():
        raise Refused("step-up-needed")
