"""Subscriptions to the log: pages are fetched when the server reports that something was stored."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eventsourcing.persistence import ListenNotifySubscription, Notification, OperationalError, ShutDown

if TYPE_CHECKING:
    from .recorder import JetStreamApplicationRecorder

log = logging.getLogger(__name__)


class JetStreamSubscription(ListenNotifySubscription["JetStreamApplicationRecorder"]):
    """The library's subscription, woken by the server; it waits while the bus is unreachable.

    A wake-up carries no data: slow polling compensates for a lost one, and nothing is ever
    skipped, because each fetch continues from the last position delivered.
    """

    def __init__(
        self, recorder: JetStreamApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        self._watched_connection = recorder._bus_connection
        self._notify = recorder.settings.notify
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._watched_connection.watch(self._notify, self._has_been_notified)

    def drain_received(self) -> Sequence[Notification]:
        """What has come already behind the last one that was handed over; it counts as handed over."""
        rest = self._notifications[self._notifications_index :]
        self._notifications_index = len(self._notifications)
        return rest

    def stop(self) -> None:
        """End the iteration. Safe to call twice."""
        super().stop()
        self._watched_connection.unwatch(self._notify, self._has_been_notified)

    def _pull(self) -> None:
        while not self._has_been_stopped:
            self._has_been_notified.clear()
            try:
                page = self._recorder.next_page((self._last_notification_id or 0) + 1, self._topics)
            except OperationalError as e:
                if self._has_been_stopped:
                    return
                log.warning("a subscription is interrupted until the bus answers: %s", e)
                self._has_been_notified.wait(1.0)
                continue
            if page.notifications:
                try:
                    self._notifications_queue.put(page.notifications)
                except ShutDown:
                    return
            self._last_notification_id = page.last_position
            if not page.more:
                return
