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
    registered_in = case.registered_in | _registering_network(case, event)
    return replace(case, registered_in=registered_in, registration=message.id)


@effect_of(e.NetworkCaseDeregistered)
def case_deregistered(case: Case, event: e.NetworkCaseDeregistered, message: Message) -> Case:
    return replace(case, registered_in=case.registered_in - _registering_network(case, event))


@effect_of(e.ConferenceMinutesRecorded)
def conference_recorded(case: Case, event: e.ConferenceMinutesRecorded, message: Message) -> Case:
    return replace(case, participants=case.participants | event.participants)


@effect_of(e.NetworkMeetingHeld)
def meeting_held(case: Case, event: e.NetworkMeetingHeld, message: Message) -> Case:
    return replace(case, participants=case.participants | event.participants)


def _registering_network(case: Case, event: e.CaseMessage) -> frozenset[UUID]:
    """The network with which it is registered by this."""
    network = case.network if event.placed is None else event.placed.network
    return frozenset() if network is None else frozenset({network})
