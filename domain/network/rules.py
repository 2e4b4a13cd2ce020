"""The rules of ``domain.network``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from uuid import UUID

from domain import events as e
from domain.case_offices import networks_informed
from domain.common_rules import has_reason
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for


@form_of(e.NetworkMeetingHeld)
def meeting_answers_request(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(4)[2]: a meeting that was requested names the request."""
    if context.event.answers is None:
        return None
    message = context.case.messages.get(context.event.answers)
    was_requested = message is not None and isinstance(message.event, e.NetworkMeetingRequested)
    return needs(was_requested, Reason.UNKNOWN_MESSAGE)


@ready_for(e.NetworkCaseRegistrationRequested, e.NetworkCaseRegistered)
def not_yet_registered(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-2(2): a case is registered once with each network."""
    return needs(not _registered_with_own_network(context), Reason.ALREADY_REGISTERED)


@ready_for(e.NetworkCaseDeregistered)
def registered(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-2(2)."""
    return needs(_registered_with_own_network(context), Reason.NOT_REGISTERED)


def stated_participants(event: e.CaseMessage) -> frozenset[UUID] | None:
    """Who takes part in the meeting that a message calls, records or reports; None where it is about no meeting."""
    match event:
        case e.ConferenceMinutesRecorded() | e.NetworkMeetingHeld():
            return event.participants
        case e.ClosingConsultationHeld():
            return event.consulted
        case e.CaseConferenceConvened():
            return event.to
        case _:
            return None


def is_member(context: DecisionContext, agency: UUID) -> bool:
    """Whether it is a member of a network with which the case is registered, and so bound to secrecy about it.
    Basis: CWA 25-2(2), 25-5."""
    networks = context.register.networks
    return any(agency in networks[n].members for n in context.case.registered_in if n in networks)


def took_part(context: DecisionContext, agency: UUID, event: e.CaseMessage) -> bool:
    """Whether it took part in the meeting that the message is about; where it is about none, in one of this case."""
    stated = stated_participants(event)
    return agency in (context.case.participants if stated is None else stated)


def _registered_with_own_network(context: DecisionContext) -> bool:
    """Whether it is registered with the network of whoever asks."""
    own_networks = {
        n.id
        for n in networks_informed(context.register, context.case)
        if context.by in (n.core, n.coordinating)
    }
    return bool(own_networks & context.case.registered_in)


form_of(e.NetworkCaseDeregistered)(has_reason)
