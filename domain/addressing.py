"""To which originator a command belongs, who may address it, when it is recorded, and for whom items are wrapped."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.agenda import is_office
from domain.errors import Malformed
from domain.events import (
    BEGINS_CASE,
    AccessEvent,
    CaseMessage,
    Item,
    KeySetPublished,
    Kind,
    NetworkCaseRegistered,
    OutsourcingContractConcluded,
    SupportWorkerRegistered,
)
from domain.originator import Originator
from domain.record import AUDIT, REGISTRARS, About, Command, Party, commission_of
from domain.visibility import recipients
from domain.world import World, empty_world, may_address_case, placement_of

TAKES_PART = (*BEGINS_CASE, NetworkCaseRegistered)
"""What an agency may record in a case of which nobody has told it here: from then on it is told, and all others see it.

Basis: own rule on CWA 25; 25-2(2): whoever has news of a family reports it, and the network registers a case that it
has heard of in its meeting.
"""


def originator_of(world: World, command: Command) -> Originator:
    """The originator in which the answer to this command is recorded; an empty one where it has no record yet.

    Readings of a case have an originator of their own beside it.
    """
    if command.about.kind is not Kind.CASE:
        originator = world.register.find(command.about.kind, command.about.id)
        return Originator(id=command.about.id) if originator is None else originator
    return world.access if isinstance(command.proposed_event, AccessEvent) else world.case


def originator_name(world: World, command: Command) -> About:
    """Kind and id of ``originator_of``; a refusal is recorded where the event that was asked for would be."""
    kind = Kind.CASE_ACCESS if isinstance(command.proposed_event, AccessEvent) else command.about.kind
    return About(kind, originator_of(world, command).id)


def recorded_at(now: datetime, originator: Originator) -> datetime:
    """The time of the next record of this originator: now, and never before its last record.

    Basis: own rule: the clock of a machine may go back; the order of an originator's records may not.
    """
    return now if originator.last_at is None else max(now, originator.last_at)


def may_create_originator(command: Command) -> bool:
    """Whether even a refusal may be the first record of this originator.

    Basis: own rule: else anybody could take any id, such as that of a case's readings, before its owner does.
    """
    by, proposed_event = command.by, command.proposed_event
    if command.about.kind is Kind.CASE or by == REGISTRARS or isinstance(proposed_event, KeySetPublished):
        return True
    if not isinstance(by, UUID):
        return False
    if isinstance(proposed_event, SupportWorkerRegistered):  # of its own
        return command.about.id == commission_of(by, by)
    return isinstance(proposed_event, OutsourcingContractConcluded) and command.about.id == commission_of(
        by, proposed_event.contractor
    )


def is_addressable(world: World, command: Command) -> bool:
    """Whether what this command is about exists for its sender; the audit office's readings are refused on record.

    Basis: APPI 81: whoever has no part in a case does not learn that there is one.
    """
    if command.about.kind is not Kind.CASE:
        return True
    if may_address_case(world, command):
        return isinstance(command.proposed_event, TAKES_PART) or is_informed(world, command.by)
    return command.by == AUDIT and isinstance(command.proposed_event, AccessEvent)


def may_ask_recipients(world: World, command: Command) -> bool:
    """Whether a sender learns for whom to wrap the items of this message. For an act that ``TAKES_PART`` the answer
    rests on nothing of the case, so it is given whether or not there is one.

    Basis: APPI 81.
    """
    if isinstance(command.proposed_event, BEGINS_CASE):
        return True
    if isinstance(command.proposed_event, TAKES_PART) and isinstance(command.by, UUID):
        network = world.register.network_of(command.by)
        return network is not None and network.coordinating == command.by
    return is_addressable(world, command)


def is_informed(world: World, party: Party) -> bool:
    """Whether this party has been told of this case: by a message, as an agency that is or was responsible for it, as
    the coordinating agency of a network that has registered it, or as an office of a town where some of the family stay.

    Basis: APPI 81; CWA 25-2(5): until registration a coordinating agency has no part in a case that nobody has told it of.
    """
    case = world.case
    handed_to = frozenset() if case.transfer is None else case.transfer.to
    if party in case.parties | {case.core, *case.offices.values()} | handed_to:
        return True
    return isinstance(party, UUID) and is_office(world, party)


def has_recorded_frame(world: World, command: Command, digest: bytes) -> bool:
    """Whether a frame of this digest by the same sender is recorded where this command belongs. Source: KH-1 §5."""
    in_case = command.about.kind is Kind.CASE
    places = (world.case, world.access) if in_case else (originator_of(world, command),)
    return any(place.has_payload(command.by, digest) for place in places)


def item_recipients(world: World, command: Command) -> list[tuple[Item, frozenset[UUID]]]:
    """The items of a message in a case, each with the agencies for which its key must be wrapped.

    For a sender that has not been told of the case they are those of a new case, so that the answer does not tell it that
    there is one; who else reads it by standing access gets its key afterwards, like one whose access begins later.
    Raises Malformed where the sender is no agency. Source: KH-1 §4.
    """
    event, by = command.proposed_event, command.by
    if not isinstance(event, CaseMessage) or not isinstance(by, UUID):
        raise Malformed("wrong-sender")
    if not is_informed(world, by):
        world = empty_world(world.register, command.about.id)
    placed = placement_of(world, command)
    case = world.case if placed is None else replace(world.case, network=placed.network, core=placed.core)
    return [
        (item, recipients(world.register, case, by, event, item, world.rule_book)) for item in event.items
    ]


def has_wrapped_key(world: World, reader: Party, item: Item) -> bool:
    """Whether a key of this item was wrapped for this reader, when it was written or later."""
    return reader in item.keyed or (item.item, reader) in world.case.rewrapped
