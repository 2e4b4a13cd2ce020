"""Following the log: woken at once, through restarts, without a gap."""

from __future__ import annotations

import os
import signal
import threading
import time
from uuid import uuid4

import pytest

from adapters.bus import EmbeddedServer, connect


def later(seconds: float, what) -> threading.Timer:
    timer = threading.Timer(seconds, what)
    timer.start()
    return timer


def test_a_new_record_wakes_a_subscription_at_once(recorder, event):
    with recorder.subscribe(gt=0) as subscription:
        time.sleep(0.2)  # the follower has looked, found nothing, and waits
        began = time.monotonic()
        recorder.insert_events([event(), event()])
        assert [next(subscription).id, next(subscription).id] == [1, 2]
        assert time.monotonic() - began < 1.0  # by the wake-up: the slow poll would take longer


def test_a_lost_wake_up_is_compensated_by_polling(recorder, event, monkeypatch):
    with recorder.subscribe() as subscription:
        recorder._bus_connection._call_in_loop(
            recorder._bus_connection._watchers.update, {"elsewhere": [subscription._has_been_notified]}
        )
        recorder._bus_connection._call_in_loop(
            recorder._bus_connection._watchers.pop, recorder.settings.notify
        )
        time.sleep(0.1)
        recorder.insert_events([event()])
        assert next(subscription).id == 1


def test_a_record_appended_on_one_connection_is_read_on_another(settings, event):
    one, two = connect(settings), connect(settings)
    try:
        with one.subscribe() as subscription:
            timer = later(0.1, lambda: two.insert_events([event()]))
            assert next(subscription).id == 1
            timer.join()
    finally:
        one.close()
        two.close()


def test_closing_the_recorder_ends_a_waiting_subscription(recorder, event):
    recorder.insert_events([event()])
    timer = later(0.2, recorder.close)
    assert [n.id for n in recorder.subscribe(gt=0)] == [1]
    timer.join()


def test_a_subscription_to_one_topic_skips_others(recorder, event):
    many = [event() for _ in range(700)]
    recorder.insert_events(many)
    with recorder.subscribe(topics=["another"]) as subscription:
        from eventsourcing.persistence import StoredEvent

        timer = later(0.1, lambda: recorder.insert_events([StoredEvent(uuid4(), 1, "another", b"")]))
        assert next(subscription).id == 701
        timer.join()


@pytest.mark.faults
def test_a_subscription_survives_a_restart_of_the_server(tmp_path, event):
    with EmbeddedServer(tmp_path / "data", store_key=b"k" * 32).start() as server:
        recorder = connect(server.hub_settings())
        try:
            with recorder.subscribe(gt=0) as subscription:
                recorder.insert_events([event()])
                assert next(subscription).id == 1
                for n in (2, 3):
                    os.kill(server.pid, signal.SIGKILL)
                    recorder.insert_events([event()])
                    began = time.monotonic()
                    assert next(subscription).id == n
                    assert time.monotonic() - began < 4.0
        finally:
            recorder.close()
