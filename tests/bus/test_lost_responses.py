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
def test_lost_answer_then_the_retry_finds_its_own_record(through, proxy, event, size, losses):
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
def test_swallowed_answer_is_found_after_the_time_out(through, proxy, event, size):
    proxy.swallow_answers = 1
    assert through.insert_events([event() for _ in range(size)])[0] == 1
    assert through.head() == size


@pytest.mark.parametrize("size", [1, 3], ids=["one event", "a batch"])
def test_lost_request_is_sent_again(through, proxy, event, size):
    proxy.lose_requests = 1
    through.insert_events([event() for _ in range(size)])
    assert proxy.cuts == 1
    assert through.head() == size


def test_lost_answer_and_the_guard_fails_meanwhile_is_still_success(
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


def test_lost_request_and_somebody_else_was_faster_is_a_conflict(
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


def test_silence_until_the_end_says_that_the_outcome_is_unknown(settings, proxy, event):
    url = f"nats://127.0.0.1:{proxy.port}"
    recorder = connect(replace(settings, url=url, timeout=1.0, try_timeout=0.3))
    try:
        proxy.swallow_everything = True
        with pytest.raises(OutcomeUnknown, match="perhaps recorded"):
            recorder.insert_events([event()])
    finally:
        recorder.close()


def test_bus_away_is_a_bounded_wait_and_a_clear_word(settings, proxy, event):
    recorder = connect(replace(settings, url=f"nats://127.0.0.1:{proxy.port}", timeout=0.8))
    try:
        proxy.close()
        deadline = time.monotonic() + 5
        while recorder.check().connected and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(OperationalError, match="the bus is away") as caught:
            recorder.insert_events([event()])
        assert not isinstance(caught.value, OutcomeUnknown)
        with pytest.raises(OperationalError, match="the bus is away"):
            recorder.head()
    finally:
        recorder.close()
