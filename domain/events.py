"""Every event that can be recorded, and the groups of events that rules treat alike.

``EVENTS`` maps each published topic to its class. The classes are in ``domain/<family>/events.py``; the groups are
derived from what their class statements state.
"""

# ruff: noqa: F403

from __future__ import annotations

from domain.agencies.events import *
from domain.alarms.events import *
from domain.audit.events import *
from domain.case_message import CaseMessage as CaseMessage
from domain.case_message import CaseStep as CaseStep
from domain.case_message import Item as Item
from domain.case_message import Placed as Placed
from domain.clock_kinds import REFERRAL_CLOCKS, ClockKind
from domain.closing.events import *
from domain.commission.events import *
from domain.consent.events import *
from domain.contact_ban.events import *
from domain.disclosure.events import *
from domain.emergency.events import *
from domain.event import EVENTS as EVENTS
from domain.event import Cause as Cause
from domain.event import Event as Event
from domain.event import Kind as Kind
from domain.event import dump as dump
from domain.event import upcast as upcast
from domain.family_services.events import *
from domain.household.events import *
from domain.inquiry.events import *
from domain.joined.events import *
from domain.moves.events import *
from domain.network.events import *
from domain.programme.events import *
from domain.protection.events import *
from domain.referral.events import *
from domain.retention.events import *
from domain.rights.events import *
from domain.safety.events import *
from domain.stays.events import *
from domain.support.events import *
from domain.visits.events import *
from domain.whereabouts.events import *

MESSAGES: tuple[type[CaseMessage], ...] = tuple(c for c in EVENTS.values() if issubclass(c, CaseMessage))
"""Every message that a case can have."""


def _messages_in(group: str) -> tuple[type[CaseMessage], ...]:
    return tuple(message for message in MESSAGES if message.IN_GROUPS[group])


BEGINS_CASE = _messages_in("begins_case")
"""What may begin a case, and what an agency may send that has no part in the case yet."""

OUTGOING_COPIES = _messages_in("outgoing_copy")
"""Copies going out: never within standing access (V4)."""

UNSOLICITED_DISCLOSURES = _messages_in("unsolicited")
"""What discloses without a request: no request, no answer and no report back."""

AS_OTHER_SERVICE = _messages_in("as_other_service")
"""What a contractor receives or sends as provider of another service, not as this case's contractor."""

REVEALS_NOTIFICATION = _messages_in("reveals_notification")
"""What lets somebody infer that there was a notification: never in a list for the family. Basis: CAPA 7; APPI 81."""

REFERRALS = tuple(message for message in MESSAGES if {*REFERRAL_CLOCKS} <= {*(message.STARTS or ())})
"""What is to be acknowledged, read and acted on."""

ACTS_ON_REFERRAL = tuple(message for message in MESSAGES if ClockKind.ACT in (message.STOPS or ()))
"""What shows that a referral was acted on: a decision (also not to act), a safety check, or a step towards one."""
