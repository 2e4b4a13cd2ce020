"""A stream that is not what it must be is refused, and the difference is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eventsourcing.persistence import OperationalError

from adapters.bus import Connection, StreamDrift, StreamMissing, connect, ensure_stream
from adapters.bus.api import Api, ApiError
from adapters.bus.stream import differences, record_stream


@pytest.fixture
def api(settings):
    connection = Connection(settings)
    yield Api(connection)
    connection.close()


def test_an_existing_stream_is_left_unchanged(settings, recorder, event):
    recorder.insert_events([event()])
    ensure_stream(settings)
    assert recorder.head() == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"max_msgs": 5}, "max_msgs is 5 and must be -1"),
        ({"max_age": 3_600_000_000_000}, "max_age is 3600000000000 and must be 0"),
        ({"max_bytes": 1 << 30}, "max_bytes is 1073741824 and must be -1"),
        ({"allow_direct": False}, "allow_direct is False and must be True"),
        ({"compression": "s2"}, "compression is 's2' and must be 'none'"),
        ({"republish": {"src": ">", "dest": "elsewhere.>"}}, "republish is"),
        ({"subjects": ["a.>", "b.>"]}, "subjects is"),
    ],
)
def test_drift_is_refused_and_named(settings, api, change, named):
    changed = record_stream(settings) | change
    if "subjects" in change:
        changed["subjects"] = [*record_stream(settings)["subjects"], f"more.{settings.prefix}.>"]
    api.call(f"STREAM.UPDATE.{settings.stream}", changed)
    with pytest.raises(StreamDrift, match=named.replace("(", r"\(")) as caught:
        connect(settings)
    assert len(caught.value.differences) == 1
    with pytest.raises(StreamDrift):
        ensure_stream(settings)
    ensure_stream(settings, update=True)  # an operator mends it
    connect(settings).close()


@pytest.mark.parametrize("flag", ["deny_delete", "deny_purge"])
def test_the_deny_flags_cannot_be_unset(settings, api, flag):
    with pytest.raises(ApiError):
        api.call(f"STREAM.UPDATE.{settings.stream}", record_stream(settings) | {flag: False})


def test_a_stream_without_deny_flags_is_refused(bus):
    fresh = bus.new_stream_settings()
    connection = Connection(fresh)
    try:
        Api(connection).call(f"STREAM.CREATE.{fresh.stream}", record_stream(fresh) | {"deny_delete": False})
    finally:
        connection.close()
    with pytest.raises(StreamDrift, match="deny_delete is False and must be True"):
        connect(fresh)


def test_a_missing_stream_is_named(bus):
    with pytest.raises(StreamMissing, match="is not there"):
        connect(bus.new_stream_settings())


def test_more_replicas_than_servers_are_refused(bus):
    with pytest.raises(OperationalError, match="1 of 3 servers answer"):
        ensure_stream(replace(bus.new_stream_settings(), replicas=3, timeout=1.0, connect_timeout=1.0))


def test_an_unknown_configuration_field_is_drift():
    assert differences({"a": 1}, {"a": 1, "b": False, "metadata": {"x": "y"}}) == ()
    assert differences({"a": 1}, {"a": 1, "b": True}) == ("b is True and must be None",)


def test_health_reports_positions_room_and_mismatches(recorder, event):
    recorder.insert_events([event()])
    health = recorder.check()
    assert (health.ok, health.connected, health.head, health.mismatches, health.trouble) == (
        True,
        True,
        1,
        (),
        "",
    )
    assert health.stored_bytes > 0
    assert health.room_bytes > 0
    assert 0 < recorder.ping() < 5


def test_a_server_that_does_not_report_sync_always_is_refused(settings):
    with pytest.raises(StreamDrift, match="sync_always is not known"):
        connect(replace(settings, sys_seed=None))
    connect(replace(settings, sys_seed=None, require_sync=False)).close()


def test_a_server_with_a_sync_interval_is_refused(settings, monkeypatch):
    monkeypatch.setattr(
        "adapters.bus.health.server_reports", lambda *_: [{"jetstream": {"config": {"sync_interval": 120}}}]
    )
    with pytest.raises(StreamDrift, match="sync_always is not on"):
        connect(settings)
