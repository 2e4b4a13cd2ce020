"""Who notified is never named: a token replaces the agency. Basis: CAPA 7."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from domain.case import Case, Message
from domain.events import NOTIFICATIONS, Event
from domain.record import Party

NAMELESS = "NOTIFIER"
"""Stands for a notifier without a token."""


def by_notifier(event: Event) -> bool:
    """Whether its sender is the notifier, rather than an authority that took a notification in. Basis: CAPA 7."""
    return isinstance(event, NOTIFICATIONS) and not event.recorded_for_notifier


def token_of(event: Event) -> str:
    """The token that replaces who notified. Basis: CAPA 7."""
    return getattr(event, "notifier_token", None) or NAMELESS


def tokens(case: Case) -> dict[Party, str]:
    """Who wrote a notification and has no other part in the case by now, and the token of each.

    That its notification was acknowledged and read is no other part. Basis: CAPA 7.
    """
    return NotifierTokens(case).tokens()


class NotifierTokens:
    """The tokens of one case (see ``tokens``), followed from message to message."""

    def __init__(self, case: Case) -> None:
        self._core = case.core
        self._notifications: dict[UUID, Message] = {}
        self._others: set[Party] = set()
        self._addressed_in_answer: dict[UUID, frozenset[UUID]] = {}  # to anything else than a notification
        for message in case.messages.values():
            self._add(message)

    def follow(self, case: Case, changed: Iterable[UUID]) -> None:
        """Go on to a later state of the case; ``changed``: its messages that are new or changed since."""
        self._core = case.core
        for id in changed:
            if id in case.messages:
                self._add(case.messages[id])

    def _add(self, message: Message) -> None:
        if by_notifier(message.event):
            self._notifications[message.id] = message
            self._addressed_in_answer.pop(message.id, None)
            return
        self._others.add(message.by)
        answered = getattr(message.event, "answers", None)
        if answered is None:
            self._others |= message.to
        elif answered not in self._notifications:
            known = self._addressed_in_answer.get(answered, frozenset())
            self._addressed_in_answer[answered] = known | message.to

    def tokens(self) -> dict[Party, str]:
        """Who only notified, and the token of each."""
        if not self._notifications:
            return {}
        others = self._others.union(*self._addressed_in_answer.values()) | {self._core}
        return {m.by: token_of(m.event) for m in self._notifications.values() if m.by not in others}
