"""The verifier's view: everything in the stream, odd or not, and what is missing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from eventsourcing.persistence import InternalError, StoredEvent

from adapters.bus import Connection, RawMessage
from adapters.bus.api import Api
from adapters.bus.stream import record_stream


@pytest.fixture
def publish(settings):
    """Put any message into the stream, past the recorder."""
    connection = Connection(settings)

    def put(subject: str, data: bytes, *headers: tuple[str, str]) -> None:
        connection.await_connection(time.monotonic() + 5)
        connection.request(subject, data, headers, deadline=time.monotonic() + 5)

    yield put
    connection.close()


def test_our_own_records_have_no_anomalies(recorder, event):
    case = uuid4()
    recorder.insert_events([event(case, 1, b"a")])
    recorder.insert_events([event(case, 2, b"b"), event(case, 3, b"c")], guards=[(uuid4(), 4)])
    raws = recorder.read_raw(1, 100)
    assert [(r.sequence, r.originator_id, r.version, r.topic, r.state, r.anomalies) for r in raws] == [
        (1, case, 1, "event", b"a", ()),
        (2, case, 2, "event", b"b", ()),
        (3, case, 3, "event", b"c", ()),
    ]
    assert raws[1].insert_id == raws[2].insert_id != raws[0].insert_id
    assert all(abs(datetime.now(UTC) - r.time) < timedelta(minutes=1) for r in raws)


def test_raw_messages_are_read_in_pages_within_bounds(recorder, event):
    recorder.insert_events([event() for _ in range(700)])
    assert [r.sequence for r in recorder.read_raw(1, 10_000)] == list(range(1, 701))
    assert [r.sequence for r in recorder.read_raw(699, 1)] == [699]
    assert recorder.read_raw(701, 10) == []
    assert recorder.read_raw(1, 0) == []


def test_foreign_and_garbled_messages_are_returned_as_anomalies(recorder, event, publish, settings):
    p, valid = settings.prefix, ("Kh-Insert", "0" * 32)
    case = uuid4().hex
    recorder.insert_events([event()])
    publish(f"{p}.hello", b"\xff\xfe")
    publish(f"{p}.{case}.01", b"", ("Kh-Topic", "event"), valid)
    publish(f"{p}.{case.upper()}.1", b"", ("Kh-Topic", "event"), valid)
    publish(f"{p}.{case}.1.2", b"", ("Kh-Topic", "event"), valid)
    publish(f"{p}.{case}.1", b"no headers")
    publish(f"{p}.{case}.2", b"", ("Kh-Topic", "a"), ("Kh-Topic", "b"), ("Kh-Insert", "x"), ("X-Odd", "ü"))
    publish(
        f"{p}.{case}.3",
        b"",
        ("Kh-Topic", "event"),
        valid,
        ("Nats-Sequence", "99"),
        ("Nats-Subject", "s.v1.x"),
    )
    publish(f"{p}.{case}.4", b"", ("Nats-Stream", "OTHER"), ("Kh-Topic", "event"), valid)
    anomalies = {raw.sequence: raw.anomalies for raw in recorder.read_raw(1, 100)}
    missing = ("header Kh-Topic is missing", "header Kh-Insert is missing")
    assert anomalies == {
        1: (),
        2: ("the subject names no record", *missing),
        3: ("the subject names no record",),
        4: ("the subject names no record",),
        5: ("the subject names no record",),
        6: missing,
        7: (
            "header 'X-Odd' is not ours",
            "header Kh-Topic occurs 2 times",
            "header Kh-Insert is not the id of an insert",
        ),
        8: ("header 'Nats-Sequence' is not ours", "header 'Nats-Subject' is not ours"),
        9: ("header 'Nats-Stream' is not ours",),
    }
    with pytest.raises(InternalError, match="sequence 2 is no record"):
        recorder.select_notifications(1, 100)


def test_a_removed_record_is_returned_as_a_missing_sequence(recorder, event, bus):
    """An administrator can still lower a limit and drop what is old: the verifier sees it."""
    settings = recorder.settings
    recorder.insert_events([event() for _ in range(5)])
    connection = Connection(settings)
    try:
        Api(connection).call(
            f"STREAM.UPDATE.{settings.stream}",
            record_stream(settings) | {"max_msgs": 2, "discard": "old", "discard_new_per_subject": False},
        )
    finally:
        connection.close()
    assert [raw.sequence for raw in recorder.read_raw(1, 10)] == [4, 5]
    assert recorder.head() == 5


def test_raw_messages_compare_by_value(recorder, event):
    recorder.insert_events([StoredEvent(uuid4(), 0, "event", b"")])
    [raw] = recorder.read_raw(1, 1)
    assert isinstance(raw, RawMessage)
    assert recorder.read_raw(1, 1) == [raw]
    assert raw.headers == (("Kh-Topic", "event"), ("Kh-Insert", raw.insert_id))
