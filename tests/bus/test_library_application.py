"""The library's own suites for applications and projections, configured by settings only."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import ClassVar

import pytest
from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.tests import application, projection

from adapters.bus import Factory


class BySettings:
    """Names the bus in the process's environment, as an operator does."""

    @pytest.fixture(autouse=True)
    def _environment(self, environment, monkeypatch: pytest.MonkeyPatch):
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        yield
        gc.collect()  # the suite drops its applications without closing them: their threads end here


class TestExampleApplication(BySettings, application.ExampleApplicationTestCase):
    expected_factory_topic = "adapters.bus.factory:Factory"


class TestApplication(BySettings, application.ApplicationTestCase):
    # These look at names and topics only, or at recorders of other modules: nothing of ours in them.
    test_name = None
    test_resolve_persistence_topics = None

    @pytest.mark.filterwarnings("always:'log' is deprecated")  # what the test is about
    def test_application_log(self) -> None:
        super().test_application_log()


class EventCounters(SQLiteTrackingRecorder, projection.EventCountersView):
    """A view that counts, with its position in one transaction, as the library's documentation has it."""

    def construct_create_table_statements(self) -> list[str]:
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, n INTEGER)",
        ]

    def _counter_value(self, name: str) -> int:
        with self.datastore.transaction(commit=False) as c:
            c.execute("SELECT n FROM counters WHERE name=?", (name,))
            row = c.fetchone()
            return row["n"] if row else 0

    def _increment(self, name: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as c:
            self._insert_tracking(c, tracking)
            c.execute(
                "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1", (name,)
            )

    def get_created_event_counter(self) -> int:
        return self._counter_value("created")

    def get_subsequent_event_counter(self) -> int:
        return self._counter_value("subsequent")

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        self._increment("created", tracking)

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        self._increment("subsequent", tracking)


class TestEventCountersView(projection.EventCountersViewTestCase):
    @pytest.fixture(autouse=True)
    def _database(self, tmp_path: Path):
        self._factory = Factory({"SQLITE_DBNAME": str(tmp_path / "view.sqlite")})
        yield
        self._factory.close()

    def construct_event_counters_view(self) -> projection.EventCountersView:
        return self._factory.tracking_recorder(EventCounters)


class TestProjection(BySettings, projection.AggregateEventCountersProjectionTestCase):
    view_class = EventCounters
    env: ClassVar[dict[str, str]] = {}


class TestEventSourcedProjection(BySettings, projection.EventSourcedProjectionTestCase):
    env: ClassVar[dict[str, str]] = {}
