"""The library's own suite for factories, and what ours adds to it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteProcessRecorder, SQLiteTrackingRecorder
from eventsourcing.tests import persistence as suite
from eventsourcing.utils import Environment, get_topic

from adapters.bus import Factory, JetStreamAggregateRecorder, JetStreamApplicationRecorder, StreamDrift


class OurTrackingRecorder(SQLiteTrackingRecorder):
    pass


class OurRecorder(JetStreamApplicationRecorder):
    pass


class TestFactory(suite.InfrastructureFactoryTestCase[Factory]):
    @pytest.fixture(autouse=True)
    def _fresh(self, environment) -> None:
        self._env = environment

    def setUp(self) -> None:
        self.env = Environment(name="TestFactory", env=self._env)
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[JetStreamAggregateRecorder]:
        return JetStreamAggregateRecorder

    def expected_application_recorder_class(self) -> type[JetStreamApplicationRecorder]:
        return JetStreamApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[SQLiteTrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[SQLiteTrackingRecorder]:
        return OurTrackingRecorder

    def expected_process_recorder_class(self) -> type[SQLiteProcessRecorder]:
        return SQLiteProcessRecorder

    def test_the_settings_may_name_another_recorder_class(self) -> None:
        self.env["APPLICATION_RECORDER_TOPIC"] = get_topic(OurRecorder)
        assert type(self.factory.application_recorder()) is OurRecorder

    def test_snapshots_have_their_own_stream(self) -> None:
        events = self.factory.application_recorder()
        snapshots = self.factory.aggregate_recorder(purpose="snapshots")
        snapshots.insert_events([StoredEvent(uuid4(), 7, "snapshot", b"")])
        assert events.max_notification_id() is None

    def test_a_missing_stream_is_refused_unless_create_table_is_set(self) -> None:
        self.env["CREATE_TABLE"] = "no"
        with pytest.raises(StreamDrift, match=r"stream not found|is not there"):
            self.factory.application_recorder()


def test_an_invalid_setting_is_named():
    with pytest.raises(OSError, match="replicas must be"):
        Factory({"JETSTREAM_REPLICAS": "2"})
