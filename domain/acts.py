"""The table of messages that an agency may send in a case, put together from the class statements and the rules.

Who may send a message and whether it has sections is stated by its class (``domain/<family>/events.py``); what it has to
state and what has to be recorded before it is checked by the rules next to it (``domain/<family>/rules.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

from domain import common_rules
from domain import events as e
from domain.agencies import rules as agencies_rules
from domain.audit import rules as audit_rules
from domain.closing import rules as closing_rules
from domain.commission import rules as commission_rules
from domain.consent import rules as consent_rules
from domain.contact_ban import rules as contact_ban_rules
from domain.context import Act
from domain.disclosure import rules as disclosure_rules
from domain.emergency import rules as emergency_rules
from domain.family_services import rules as family_services_rules
from domain.household import rules as household_rules
from domain.inquiry import rules as inquiry_rules
from domain.joined import rules as joined_rules
from domain.moves import rules as moves_rules
from domain.network import rules as network_rules
from domain.programme import rules as programme_rules
from domain.protection import rules as protection_rules
from domain.referral import rules as referral_rules
from domain.retention import rules as retention_rules
from domain.rights import rules as rights_rules
from domain.rule_table import FORM_RULES, READY_RULES, SENDER_RULES
from domain.safety import rules as safety_rules
from domain.stays import rules as stays_rules
from domain.support import rules as support_rules
from domain.visits import rules as visits_rules
from domain.whereabouts import rules as whereabouts_rules

RULE_MODULES = (
    common_rules,
    agencies_rules,
    audit_rules,
    closing_rules,
    commission_rules,
    consent_rules,
    contact_ban_rules,
    disclosure_rules,
    emergency_rules,
    household_rules,
    inquiry_rules,
    joined_rules,
    moves_rules,
    network_rules,
    programme_rules,
    protection_rules,
    referral_rules,
    retention_rules,
    rights_rules,
    safety_rules,
    stays_rules,
    family_services_rules,
    support_rules,
    visits_rules,
    whereabouts_rules,
)
"""Every module with rules; importing them registers the rules."""

ACTS: Mapping[type[e.CaseMessage], Act] = {
    message: Act(
        carries=message.CARRIES,
        sender=SENDER_RULES[message.SENDER],
        form=FORM_RULES.get(message),
        ready=READY_RULES.get(message),
    )
    for message in e.MESSAGES
    if message.SENDER is not None and message.CARRIES is not None
}
"""Every message that an agency may send in a case. ``DisclosureHeld`` and the refusals are the hub's answers."""
