"""A writer whose answer is lost tries again, finds its own record, and stores it exactly once."""

from __future__ import annotations

import time
from dataclasses import replace
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from adapters.bus import GuardFailed, OutcomeUnknown, connect


@pytest.fixture
def through(settings, proxy):
    """A recorder behind the proxy."""
    recorder = connect(replace(settings, url=f"nats://127.0.0.1:{proxy.port}", timeout=8.0, try_timeout=0.5))
    yield recorder
    recorder.close()


@pytest.mark.parametrize("size", [1, 3], ids=["one event", "a batch"])
@pytest.mark.parametrize("losses", [1, 2], ids=["lost once", "lost twice"])
def test_after_a_lost_answer_the_retry_recognises_its_own_record(through, proxy, event, size, losses):
    case = uuid4()
    events = [event(case, v) for v in range(1, size + 1)]
    proxy.lose_answers = 1
    if losses == 2:
        proxy.swallow_answers = 1
    assert through.insert_events(events) == list(range(1, size + 1))
    assert proxy.cuts == 1
    assert through.select_events(case) == events
    assert through.head() == size


@pytest.mark.parametrize("size", [1, 3], ids=["one event", "a batch"])
def test_after_a_timeout_the_retry_recognises_its_own_record(through, proxy, event, size):
    proxy.swallow_answers = 1
    assert through.insert_events([event() for _ in range(size)])[0] == 1
    assert through.head() == size


@pytest.mark.parametrize("size", [1, 3], ids=["one event", "a batch"])
def test_a_lost_request_is_retried(through, proxy, event, size):
    proxy.lose_requests = 1
    through.insert_events([event() for _ in range(size)])
    assert proxy.cuts == 1
    assert through.head() == size


def test_an_append_with_a_lost_answer_succeeds_though_its_guard_fails_since(
    through, proxy, recorder, event, monkeypatch
):
    """The first try stored the record while the guard held; what came later does not undo it."""
    contract = uuid4()
    mine = event()
    send = through._appender._send

    def overtaken(*args: object) -> list[int]:
        try:
            return send(*args)
        finally:
            monkeypatch.setattr(through._appender, "_send", send)
            recorder.insert_events([event(contract, 1)])

    monkeypatch.setattr(through._appender, "_send", overtaken)
    proxy.lose_answers = 1
    assert through.insert_events([mine], guards=[(contract, 0)]) == [1]
    assert recorder.head() == 2


def test_a_lost_request_overtaken_by_another_writer_is_a_conflict(
    through, proxy, recorder, event, monkeypatch
):
    case = uuid4()
    send = through._appender._send

    def overtaken(*args: object) -> list[int]:
        try:
            return send(*args)
        finally:
            monkeypatch.setattr(through._appender, "_send", send)
            recorder.insert_events([event(case, 1, b"theirs")])

    monkeypatch.setattr(through._appender, "_send", overtaken)
    proxy.lose_requests = 1
    with pytest.raises(IntegrityError) as caught:
        through.insert_events([event(case, 1, b"mine"), event()])
    assert not isinstance(caught.value, GuardFailed)
    assert recorder.head() == 1


def test_silence_until_the_deadline_is_an_unknown_outcome(settings, proxy, event):
    url = f"nats://127.0.0.1:{proxy.port}"
    recorder = connect(replace(settings, url=url, timeout=1.0, try_timeout=0.3))
    try:
        proxy.swallow_everything = True
        with pytest.raises(OutcomeUnknown, match="perhaps recorded"):
            recorder.insert_events([event()])
    finally:
        recorder.close()


def test_an_unreachable_bus_is_an_operational_error_within_the_timeout(settings, proxy, event):
    recorder = connect(replace(settings, url=f"nats://127.0.0.1:{proxy.port}", timeout=0.8))
    try:
        proxy.close()
        deadline = time.monotonic() + 5
        while recorder.check().connected and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(OperationalError, match="the bus is unreachable") as caught:
            recorder.insert_events([event()])
        assert not isinstance(caught.value, OutcomeUnknown)
        with pytest.raises(OperationalError, match="the bus is unreachable"):
            recorder.head()
    finally:
        recorder.close()
