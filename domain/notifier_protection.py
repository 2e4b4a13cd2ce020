"""Who notified is never named: a token replaces the agency. Basis: CAPA 7."""

from __future__ import annotations

from domain.case import Case
from domain.events import AbuseNotificationReceived, Event
from domain.record import Party

NAMELESS = "NOTIFIER"
"""Stands for a notifier without a token."""


def by_notifier(event: Event) -> bool:
    """Whether its sender is the notifier, rather than an authority that took a notification in. Basis: CAPA 7."""
    return isinstance(event, AbuseNotificationReceived) and not event.recorded_for_notifier


def token_of(event: Event) -> str:
    """The token that replaces who notified. Basis: CAPA 7."""
    return getattr(event, "notifier_token", None) or NAMELESS


def tokens(case: Case) -> dict[Party, str]:
    """Who wrote a notification and has no other part in the case by now, and the token of each.

    That its notification was acknowledged and read is no other part. Basis: CAPA 7.
    """
    messages = case.messages
    notifications = {m.id: m for m in messages.values() if by_notifier(m.event)}
    others: set[Party] = {case.core} if case.core else set()
    for message in messages.values():
        if message.id not in notifications:
            others.add(message.by)
            others |= message.to if getattr(message.event, "answers", None) not in notifications else set()
    return {m.by: token_of(m.event) for m in notifications.values() if m.by not in others}
