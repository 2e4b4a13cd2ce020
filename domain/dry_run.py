"""What the rules would answer a command that is not sent yet: decided like the command itself, and recorded nowhere.

So a slip of the pen is corrected before it is an act: only what is sent in spite of the answer is recorded as a refusal.
It tells nobody more than the command would, and of another's case nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.actors import is_system
from domain.addressing import is_informed, may_ask_recipients, originator_of, recorded_at
from domain.decide import decide
from domain.errors import NotFound, Refused
from domain.reasons import Reason
from domain.record import Command
from domain.refusals import is_refusal
from domain.world import World, empty_world

NEVER_TRIED: tuple[type[e.Event], ...] = (
    e.EmergencyAccessRequested,
    e.EmergencyAccessApproved,
    e.EmergencyAccessOpened,
    e.EmergencyAccessEnded,
    e.EmergencyAccessReviewed,
    e.UnilateralEmergencyAccessOpened,
    e.BasisOverrideRequested,
    e.BasisOverrideApproved,
    e.AuditContentAccessRequested,
    e.AuditContentAccessGranted,
)
"""What is done without trying: who looks for the way around a rule, or at the audit of one, does it on record.

Basis: APPI 66.
"""


def may_be_tried(event: type[e.Event]) -> bool:
    """Whether the rules say beforehand what they would answer: to a message in a case, never to an opening."""
    return issubclass(event, e.CaseMessage) and not issubclass(event, NEVER_TRIED)


def dry_run(world: World, command: Command, *, now: datetime) -> e.Event:
    """The event that would answer this command now. Raises Refused (a system asks, or this is never tried) and NotFound.

    To a sender that has not been told of the case it is answered as of a new case, so that the answer does not tell it
    that there is one. Basis: APPI 66, 81.
    """
    if is_system(command.actor) or not isinstance(command.by, UUID):
        raise Refused("person-required", "Let a person sign in and do it.")
    if not may_be_tried(type(command.proposed_event)):
        raise Refused("never-tried")
    if not may_ask_recipients(world, command):
        raise NotFound("not-found")
    if not is_informed(world, command.by):
        world = empty_world(world.register, command.about.id)
    [event] = decide(world, command, now=recorded_at(now, originator_of(world, command)))
    if is_refusal(event) and getattr(event, "reason", None) == Reason.NOT_YOURS:
        raise NotFound("not-found")
    return event
