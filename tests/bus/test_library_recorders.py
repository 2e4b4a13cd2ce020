"""The library's own suites for recorders, unchanged, on our recorders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from eventsourcing.persistence import ProcessRecorder, TrackingRecorder
from eventsourcing.tests import persistence as suite

from adapters.bus import (
    BusSettings,
    Connection,
    Factory,
    JetStreamAggregateRecorder,
    JetStreamApplicationRecorder,
    ensure_stream,
)


class OnAFreshStream:
    """Gives each test a stream of its own and closes what it opened."""

    @pytest.fixture(autouse=True)
    def _fresh(self, bus, request) -> None:
        self._reset: Callable[[], BusSettings] = bus.new_stream_settings
        self._finally = request.addfinalizer

    def connection(self, **changes: str) -> Connection:
        settings = replace(self._reset(), **changes)
        ensure_stream(settings)
        connection = Connection(settings)
        self._finally(connection.close)
        return connection


class TestAggregateRecorder(OnAFreshStream, suite.AggregateRecorderTestCase):
    def create_recorder(self) -> JetStreamAggregateRecorder:
        return JetStreamAggregateRecorder(self.connection())


class TestAggregateRecorderWithTextIds(TestAggregateRecorder):
    def new_originator_id(self) -> str:
        return f"case.{uuid4()} *>"

    def create_recorder(self) -> JetStreamAggregateRecorder:
        return JetStreamAggregateRecorder(self.connection(ids="text"))


class TestApplicationRecorder(
    OnAFreshStream, suite.ApplicationRecorderTestCase[JetStreamApplicationRecorder]
):
    def create_recorder(self) -> JetStreamApplicationRecorder:
        return JetStreamApplicationRecorder(self.connection())

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationRecorderWithTextIds(TestApplicationRecorder):
    def new_originator_id(self) -> str:
        return f"事例/{uuid4()}"

    def create_recorder(self) -> JetStreamApplicationRecorder:
        return JetStreamApplicationRecorder(self.connection(ids="text"))

    # The text of an id does not change how writers meet: once is enough.
    test_concurrent_no_conflicts = None
    test_concurrent_throughput = None


class TestNotificationIdsDoNotInterleave(OnAFreshStream, suite.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> JetStreamApplicationRecorder:
        return JetStreamApplicationRecorder(self.connection())


class InADatabaseOfItsOwn:
    """Positions live in SQLite: what the factory gives for them is the library's own recorder."""

    @pytest.fixture(autouse=True)
    def _fresh(self, tmp_path: Path):
        self._factory = Factory({"SQLITE_DBNAME": str(tmp_path / "positions.sqlite")})
        yield
        self._factory.close()


class TestTrackingRecorder(InADatabaseOfItsOwn, suite.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return self._factory.tracking_recorder()


class TestProcessRecorder(InADatabaseOfItsOwn, suite.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        return self._factory.process_recorder()
