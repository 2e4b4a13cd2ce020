"""The rules of ``domain.contact_ban``: who forbids contact, and what that has to state."""

from __future__ import annotations

from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.case_message import Sender
from domain.codes import Role
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.rule_table import form_of, sender_rule


@sender_rule(Sender.CGC)
def child_guidance_centre(context: DecisionContext) -> Refusal | None:
    """A child guidance centre. Basis: CAPA 12, 12-4."""
    return needs(Role.CGC in context.register.agencies[context.by].roles, Reason.NOT_A_CGC)


@form_of(e.ContactForbidden)
def ban_form(context: DecisionContext) -> Refusal | None:
    """It states what is forbidden and is not over yet; the one that it renews is in force and its own.

    Basis: CAPA 12, 12-4.
    """
    event: e.ContactForbidden = context.event
    if not event.contacts:
        return Refusal(Reason.CONTACTS_MISSING)
    if event.until is not None and event.until < day_of(context.now):
        return Refusal(Reason.DAY_OVER)
    return None if event.renews is None else _own_ban_in_force(context, event.renews)


@form_of(e.ContactBanLifted)
def lifts_own_ban(context: DecisionContext) -> Refusal | None:
    """Basis: CAPA 12, 12-4: who forbade it lifts it."""
    return _own_ban_in_force(context, context.event.answers)


def _own_ban_in_force(context: DecisionContext, ban: UUID) -> Refusal | None:
    message = context.case.messages.get(ban)
    if message is None or ban not in context.case.contact_bans:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(message.by == context.by, Reason.NOT_THE_SENDER)
