"""Who notified is never named: a token stands where the agency would. Basis: CAPA 7."""

from __future__ import annotations

from domain.case import Case
from domain.events import AbuseNotificationReceived, Fact
from domain.record import Party

NAMELESS = "NOTIFIER"
"""Stands for a notifier without a token."""


def by_notifier(fact: Fact) -> bool:
    """Whether its sender is the notifier, rather than an authority that took a notification in. Basis: CAPA 7."""
    return isinstance(fact, AbuseNotificationReceived) and not fact.taken_in


def token_of(fact: Fact) -> str:
    """What stands for who notified. Basis: CAPA 7."""
    return getattr(fact, "notifier_token", None) or NAMELESS


def tokens(case: Case) -> dict[Party, str]:
    """Who wrote a notification and has no other part in the case by now, and what stands for each.

    That its notification was acknowledged and read is no other part. Basis: CAPA 7.
    """
    messages = case.messages
    told = {m.id: m for m in messages.values() if by_notifier(m.fact)}
    others: set[Party] = {case.core} if case.core else set()
    for message in messages.values():
        if message.id not in told:
            others.add(message.by)
            others |= message.to if getattr(message.fact, "answers", None) not in told else set()
    return {m.by: token_of(m.fact) for m in told.values() if m.by not in others}
