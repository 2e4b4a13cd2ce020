"""The effects of ``domain.network``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.effects import effect_of


@effect_of(e.NetworkCaseRegistered)
def case_registered(case: Case, event: e.NetworkCaseRegistered, message: Message) -> Case:
    return replace(case, registered_in=case.registered_in | _registering_network(case, event))


@effect_of(e.NetworkCaseDeregistered)
def case_deregistered(case: Case, event: e.NetworkCaseDeregistered, message: Message) -> Case:
    return replace(case, registered_in=case.registered_in - _registering_network(case, event))


def _registering_network(case: Case, event: e.CaseMessage) -> frozenset[UUID]:
    """The network with which it is registered by this."""
    network = case.network if event.placed is None else event.placed.network
    return frozenset() if network is None else frozenset({network})
