"""The hub's user may do what the hub needs, and not what would unmake the record."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from eventsourcing.persistence import OperationalError

from adapters.bus import Connection, EmbeddedServer, NotAllowed, connect, ensure_stream
from adapters.bus.api import Api
from adapters.bus.rights import new_seed, public_of


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with EmbeddedServer(tmp_path_factory.mktemp("rights") / "data", store_key=b"k" * 32).start() as it:
        yield it


@pytest.mark.parametrize(
    "request_",
    [
        "STREAM.PURGE.KAKEHASHI",
        "STREAM.DELETE.KAKEHASHI",
        "STREAM.UPDATE.KAKEHASHI",
        "STREAM.CREATE.KAKEHASHI",
        "STREAM.CREATE.ANOTHER",
        "STREAM.MSG.DELETE.KAKEHASHI",
        "STREAM.RESTORE.KAKEHASHI",
        "STREAM.SNAPSHOT.KAKEHASHI",
        "STREAM.DELETE.OBJ_kakehashi-items",
        "CONSUMER.CREATE.KAKEHASHI",
        "STREAM.NAMES",
    ],
)
def test_the_hub_user_may_not_use_administrative_subjects(server, request_):
    connection = Connection(replace(server.hub_settings(), timeout=3.0))
    try:
        began = time.monotonic()
        with pytest.raises(NotAllowed, match="permissions violation"):
            Api(connection).call(request_, {})
        assert time.monotonic() - began < 2.0  # refused at once, not after a time-out
    finally:
        connection.close()


def test_the_hub_user_may_append_read_and_subscribe(server, event):
    recorder = connect(server.hub_settings())
    try:
        with recorder.subscribe(gt=recorder.head()) as subscription:
            [position] = recorder.insert_events([event()])
            assert next(subscription).id == position
    finally:
        recorder.close()


def test_the_hub_user_may_not_publish_to_other_subjects(server, event):
    recorder = connect(server.hub_settings())
    try:
        recorder._appender._subjects = replace(recorder._subjects, prefix="another.v1")
        with pytest.raises(NotAllowed, match="permissions violation for publish"):
            recorder.insert_events([event()])
    finally:
        recorder.close()


def test_the_operations_user_may_not_publish_a_record(server, event):
    recorder = connect(server.ops_settings())
    try:
        with pytest.raises(NotAllowed):
            recorder.insert_events([event()])
    finally:
        recorder.close()


def test_subscribing_to_another_users_inbox_is_refused_at_once(server):
    with pytest.raises(OperationalError, match="permissions violation for subscription"):
        connect(replace(server.hub_settings(), inbox="_INBOX.ops", timeout=2.0))


def test_the_hub_user_may_not_create_the_stream(server):
    with pytest.raises(NotAllowed):
        ensure_stream(replace(server.hub_settings(), stream="ANOTHER"))


@pytest.mark.parametrize("seed", [new_seed(), None], ids=["a stranger's seed", "no seed"])
def test_wrong_credentials_are_refused_at_once(server, seed):
    began = time.monotonic()
    with pytest.raises(OperationalError, match=r"(?i)refuses the credentials.*authorization"):
        connect(replace(server.hub_settings(), seed=seed))
    assert time.monotonic() - began < 3.0


def test_a_seed_is_never_in_a_repr():
    settings = replace(EmbeddedServer("nowhere", store_key=bytes(32))._bus_names, seed=(seed := new_seed()))
    assert seed not in repr(settings)


@pytest.mark.parametrize("text", ["", "S", "SUAAAA", "ä"])
def test_an_invalid_seed_is_refused(text):
    with pytest.raises(ValueError):
        public_of(text)
