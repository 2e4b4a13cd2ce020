"""Appending: all or none, one record a version, and guards on what an append rests on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, ProgrammingError, StoredEvent

from adapters.bus import (
    MAX_RECORD_BYTES,
    Connection,
    GuardFailed,
    HeadMoved,
    JetStreamApplicationRecorder,
    OutcomeUnknown,
    TooLarge,
    connect,
    ensure_stream,
)
from adapters.bus.api import ApiError
from adapters.bus.append import _is_conflict


def test_positions_are_stream_sequences(recorder, event):
    case = uuid4()
    assert recorder.insert_events([event(case, 1)]) == [1]
    assert recorder.insert_events([event(case, 2), event(), event(case, 3)]) == [2, 3, 4]
    assert recorder.insert_events([]) == []
    assert recorder.head() == recorder.max_notification_id() == 4


@pytest.mark.parametrize("place", [0, 1, 2], ids=["taken first", "taken in the middle", "taken last"])
def test_a_taken_version_refuses_the_whole_batch(recorder, event, place):
    taken = event()
    recorder.insert_events([taken])
    batch = [event(), event(), event()]
    batch[place] = taken
    with pytest.raises(IntegrityError) as caught:
        recorder.insert_events(batch)
    assert not isinstance(caught.value, GuardFailed)
    assert recorder.head() == 1


def test_one_version_twice_in_one_append_is_refused_before_it_is_sent(recorder, event):
    one = event()
    with pytest.raises(IntegrityError, match="two of the events"):
        recorder.insert_events([one, one])
    assert recorder.head() == 0


def test_of_many_writers_of_one_version_exactly_one_is_recorded(recorder, event):
    case = uuid4()
    start = threading.Barrier(8)

    def write(n: int) -> bool:
        start.wait()
        try:
            recorder.insert_events([event(case, 1, b"%d" % n)])
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1
    assert recorder.head() == 1


# -- guards


@pytest.mark.parametrize("single", [True, False], ids=["one event", "a batch"])
def test_a_guard_that_holds_lets_the_append_through(recorder, event, single):
    contract = uuid4()
    recorder.insert_events([event(contract, 1)])
    events = [event()] if single else [event(), event()]
    assert recorder.insert_events(events, guards=[(contract, 1)])[0] == 2


@pytest.mark.parametrize("single", [True, False], ids=["one event", "a batch"])
def test_a_failed_guard_is_named_and_nothing_is_recorded(recorder, event, single):
    contract, other = uuid4(), uuid4()
    recorder.insert_events([event(contract, 1), event(contract, 2)])
    events = [event()] if single else [event(), event()]
    guards = [(contract, 1)] if single else [(other, 0), (contract, 1)]
    with pytest.raises(GuardFailed) as caught:
        recorder.insert_events(events, guards=guards)
    assert (caught.value.originator_id, caught.value.version) == (contract, 1)
    assert recorder.head() == 2


def test_a_taken_version_is_reported_before_a_failed_guard(recorder, event):
    contract, taken = uuid4(), event()
    recorder.insert_events([event(contract, 1), taken])
    with pytest.raises(IntegrityError) as caught:
        recorder.insert_events([taken], guards=[(contract, 0)])
    assert not isinstance(caught.value, GuardFailed)


def test_a_guard_on_an_originator_without_records_holds(recorder, event):
    assert recorder.insert_events([event()], guards=[(uuid4(), 0)]) == [1]


def test_more_guards_than_events_are_refused(recorder, event):
    with pytest.raises(ProgrammingError, match="at most one guard"):
        recorder.insert_events([event()], guards=[(uuid4(), 1), (uuid4(), 1)])


def test_of_two_appends_that_guard_against_each_other_at_most_one_succeeds(settings, event):
    """A rests on B and B rests on A: of each racing pair at most one may be recorded."""
    one, two = connect(settings), connect(settings)
    refused = 0
    try:
        for _ in range(60):
            a, b = uuid4(), uuid4()
            start = threading.Barrier(2)

            def write(
                recorder: JetStreamApplicationRecorder,
                mine: UUID,
                other: UUID,
                start: threading.Barrier = start,
            ) -> bool:
                start.wait()
                try:
                    recorder.insert_events([event(mine, 1)], guards=[(other, 0)])
                except GuardFailed:
                    return False
                return True

            with ThreadPoolExecutor(2) as pool:
                sides = [pool.submit(write, one, a, b), pool.submit(write, two, b, a)]
                came_through = [side.result() for side in sides]
            assert sum(came_through) == 1
            refused += 1
        assert one.head() == refused
    finally:
        one.close()
        two.close()


# -- sizes and forms


def test_a_record_of_the_maximum_size_is_stored(recorder, event):
    case = uuid4()
    state = bytes(MAX_RECORD_BYTES - 512)
    recorder.insert_events([event(case, 1, state)])
    [stored] = recorder.select_events(case)
    assert stored.state == state


def test_an_oversized_record_is_refused_before_it_is_sent(recorder, event):
    with pytest.raises(TooLarge):
        recorder.insert_events([event(state=bytes(MAX_RECORD_BYTES))])
    with pytest.raises(TooLarge):
        recorder.insert_events([event(), event(state=bytes(3 * 1024 * 1024))])
    assert recorder.head() == 0
    assert recorder.insert_events([event()]) == [1]  # and the connection is still open


def test_a_thousand_events_are_one_batch_and_one_more_is_refused(recorder, event):
    case = uuid4()
    assert len(recorder.insert_events([event(case, v) for v in range(1, 1001)])) == 1000
    with pytest.raises(ProgrammingError, match="at most 1000"):
        recorder.insert_events([event(case, v) for v in range(1001, 2002)])


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(StoredEvent("not-a-uuid", 1, "event", b""), id="an id of text"),
        pytest.param(StoredEvent(uuid4(), -1, "event", b""), id="a version below zero"),
        pytest.param(StoredEvent(uuid4(), True, "event", b""), id="a truth for a version"),
        pytest.param(StoredEvent(uuid4(), 1, "fa\r\nct", b""), id="a topic with a line break"),
        pytest.param(StoredEvent(uuid4(), 1, " event", b""), id="a topic that would not come back as it is"),
    ],
)
def test_ids_and_topics_without_a_form_on_the_bus_are_refused(recorder, bad):
    with pytest.raises(ProgrammingError):
        recorder.insert_events([bad])
    assert recorder.head() == 0


@pytest.mark.parametrize("text", ["a.b", "*", ">", "名前 space", "%2E", "~", "a/b:c"])
def test_any_text_can_be_an_id(bus, text):
    fresh = replace(bus.new_stream_settings(), ids="text")
    ensure_stream(fresh)
    recorder = JetStreamApplicationRecorder(Connection(fresh))
    try:
        one = StoredEvent(text, 1, "event", b"")
        recorder.insert_events([one])
        assert recorder.select_events(text) == [one]
        assert recorder.read_raw(1, 9)[0].anomalies == ()
    finally:
        recorder.close()


# -- reading one originator


def test_long_sequences_are_read_completely_and_in_ranges(recorder, event):
    case = uuid4()
    events = [event(case, v, b"%d" % v) for v in range(1, 2301)]
    for i in range(0, len(events), 1000):
        recorder.insert_events(events[i : i + 1000])
    assert recorder.select_events(case) == events
    assert recorder.select_events(case, gt=2290) == events[2290:]
    assert recorder.select_events(case, gt=5, lte=2200, desc=True, limit=3) == events[2199:2196:-1]
    assert recorder.select_events(case, gt=1500, lte=1502) == events[1500:1502]
    assert recorder.select_events(case, gt=2300) == []


def test_versions_with_gaps_are_all_read(recorder, event):
    case = uuid4()
    events = [event(case, v) for v in (2, 90, 1700, 5000, 100_000)]
    recorder.insert_events(events[::-1])
    assert recorder.select_events(case) == events
    assert recorder.select_events(case, gt=1700) == events[3:]
    assert recorder.select_events(case, lte=1700, desc=True, limit=1) == [events[2]]


def test_large_records_are_read_in_several_pages(recorder, event):
    case = uuid4()
    events = [event(case, v, bytes([v]) * 1_400_000) for v in range(1, 16)]
    for one in events:
        recorder.insert_events([one])
    assert recorder.select_events(case) == events
    assert [n.state for n in recorder.select_notifications(1, 100)] == [e.state for e in events]


# -- what the server's errors mean


@pytest.mark.parametrize(
    ("code", "text", "conflict"),
    [
        (10071, "wrong last sequence: 1", True),
        (10164, "wrong last sequence", True),
        (10077, "maximum messages per subject exceeded", True),
        pytest.param(10077, "write: no space left on device", False, id="the same code from a full disk"),
        (10008, "JetStream system temporarily unavailable", False),
    ],
)
def test_conflicts_and_failures_of_the_store_are_distinguished_by_their_text(code, text, conflict):
    assert _is_conflict(ApiError(code, text)) is conflict


@pytest.mark.parametrize(
    ("answers", "raised"),
    [
        pytest.param([ApiError(10176, "incomplete")], OperationalError, id="not now, and it stays so"),
        pytest.param([ApiError(10023, "insufficient resources")], OperationalError, id="no room"),
        pytest.param([ApiError(10077, "no space left on device")], OperationalError, id="full disk"),
        pytest.param([ApiError(10199, "batch too large")], ProgrammingError, id="batch too large"),
        pytest.param([ApiError(0, "can't be read")], OutcomeUnknown, id="an answer that can't be read"),
    ],
)
def test_each_server_error_maps_to_its_exception(settings, event, monkeypatch, answers, raised):
    recorder = JetStreamApplicationRecorder(Connection(replace(settings, timeout=0.5)))

    def refuse(*_: object) -> list[int]:
        raise answers[0]

    try:
        monkeypatch.setattr(recorder._appender, "_send", refuse)
        with pytest.raises(raised) as caught:
            recorder.insert_events([event()])
        assert type(caught.value) is raised
    finally:
        recorder.close()


def test_temporary_errors_are_retried(recorder, event, monkeypatch):
    send = recorder._appender._send
    troubles = [ApiError(10210, "too many batches"), ApiError(10008, "unavailable")]

    def sometimes(*args: object) -> list[int]:
        if troubles:
            raise troubles.pop()
        return send(*args)

    monkeypatch.setattr(recorder._appender, "_send", sometimes)
    assert recorder.insert_events([event()]) == [1]


# -- an append that meets one still under way (clusters answer so; here the answer is made up)


def refuse_once(recorder, monkeypatch, before) -> None:
    """The first try is refused as one that meets another under way; ``before`` is what that other does."""
    send = recorder._appender._send

    def refused(*_: object) -> list[int]:
        before()
        monkeypatch.setattr(recorder._appender, "_send", send)
        raise ApiError(10164, "wrong last sequence")

    monkeypatch.setattr(recorder._appender, "_send", refused)


def test_an_append_in_flight_that_fails_does_not_refuse_ours(recorder, event, monkeypatch):
    refuse_once(recorder, monkeypatch, lambda: None)
    assert recorder.insert_events([event()], guards=[(uuid4(), 0)]) == [1]


def test_an_append_in_flight_that_is_stored_fails_our_guard(recorder, event, monkeypatch):
    contract = uuid4()
    refuse_once(
        recorder,
        monkeypatch,
        lambda: JetStreamApplicationRecorder(recorder._bus_connection).insert_events([event(contract, 1)]),
    )
    with pytest.raises(GuardFailed):
        recorder.insert_events([event()], guards=[(contract, 0)])


def test_an_append_in_flight_that_is_stored_takes_our_version(recorder, event, monkeypatch):
    case = uuid4()
    refuse_once(
        recorder,
        monkeypatch,
        lambda: JetStreamApplicationRecorder(recorder._bus_connection).insert_events(
            [event(case, 1, b"theirs")]
        ),
    )
    with pytest.raises(IntegrityError) as caught:
        recorder.insert_events([event(case, 1), event()])
    assert not isinstance(caught.value, GuardFailed)
    assert recorder.head() == 1


# -- appends that rest on all that was recorded before


def test_appends_at_an_expected_head_are_stored_consecutively(recorder, event):
    recorder.insert_events([event()])
    assert recorder.insert_each([event() for _ in range(20)], 1) == [[n] for n in range(2, 22)]
    assert recorder.head() == 21


def test_after_the_head_moved_none_of_the_appends_is_stored(recorder, event):
    recorder.insert_events([event()])
    outcomes = recorder.insert_each([event() for _ in range(5)], 0)
    assert [type(one) for one in outcomes] == [HeadMoved] * 5
    assert recorder.head() == 1


def test_a_taken_version_at_an_expected_head_is_an_integrity_error(recorder, event):
    case = uuid4()
    recorder.insert_events([event(), event(case, 1)])
    [taken, moved] = recorder.insert_each([event(case, 1), event()], 0)
    assert isinstance(taken, IntegrityError)
    assert not isinstance(taken, HeadMoved)
    assert isinstance(moved, HeadMoved)


def test_an_oversized_record_leaves_no_gap_before_the_following_ones(recorder, event):
    large = event(state=bytes(2 * 1024 * 1024))
    [one, too_large, two] = recorder.insert_each([event(), large, event()], 0)
    assert (one, two) == ([1], [2])
    assert isinstance(too_large, TooLarge)
