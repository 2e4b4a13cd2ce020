"""Lets any application of the library use the bus through settings only: ``PERSISTENCE_MODULE=adapters.bus``."""

from __future__ import annotations

import threading
import weakref
from dataclasses import replace
from pathlib import Path

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
)
from eventsourcing.sqlite import SQLiteFactory, SQLiteTrackingRecorder
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from .api import Api
from .client import Connection
from .health import check
from .recorder import JetStreamAggregateRecorder, JetStreamApplicationRecorder
from .settings import BusSettings
from .stream import ensure_stream

EVENTS = "events"


class Factory(InfrastructureFactory[SQLiteTrackingRecorder]):
    """Events in JetStream; positions of views and process applications in SQLite (``SQLITE_DBNAME``).

    A process application stores its events and its position in one transaction, which a stream and a
    database can't share: so both go to SQLite, by the library's own recorder.
    """

    JETSTREAM_OPS_SEED_FILE = "JETSTREAM_OPS_SEED_FILE"
    JETSTREAM_OPS_INBOX = "JETSTREAM_OPS_INBOX"
    CREATE_TABLE = "CREATE_TABLE"

    aggregate_recorder_class = JetStreamAggregateRecorder
    application_recorder_class = JetStreamApplicationRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        try:
            self.settings = BusSettings.from_env(_EnvironmentMapping(self.env))
        except ValueError as e:
            raise OSError(f"a setting of the bus can't be used: {e}") from e  # as the library's factories do
        self._connections: dict[str, Connection] = {}
        self._recorders: weakref.WeakSet[JetStreamAggregateRecorder] = weakref.WeakSet()
        self._factory_lock = threading.Lock()  # owns _connections and _sqlite
        self._sqlite: SQLiteFactory | None = None
        # The library lets applications be dropped without close(): end the threads all the same.
        self._finalizer = weakref.finalize(self, _close_connections, self._connections)

    def aggregate_recorder(self, purpose: str = EVENTS) -> AggregateRecorder:
        """A recorder without a log. Each purpose but "events" (snapshots) has a stream of its own."""
        recorder = self.aggregate_recorder_class(self._bus_connection(purpose))
        self._recorders.add(recorder)
        return recorder

    def application_recorder(self) -> ApplicationRecorder:
        """The recorder of the application's events, of the class that the settings name or ours."""
        recorder_class = self.application_recorder_class
        if topic := self.env.get(self.APPLICATION_RECORDER_TOPIC):
            recorder_class = resolve_topic(topic)
            assert issubclass(recorder_class, JetStreamApplicationRecorder)
        recorder = recorder_class(self._bus_connection(EVENTS))
        self._recorders.add(recorder)
        return recorder

    def tracking_recorder(
        self, tracking_recorder_class: type[SQLiteTrackingRecorder] | None = None
    ) -> SQLiteTrackingRecorder:
        """The library's own SQLite recorder: a view and its position share one database."""
        return self._sqlite_factory().tracking_recorder(tracking_recorder_class)

    def process_recorder(self) -> ProcessRecorder:
        """The library's own SQLite recorder: events and position share one transaction."""
        return self._sqlite_factory().process_recorder()

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        for recorder in list(self._recorders):
            recorder.close()
        with self._factory_lock:
            _close_connections(self._connections)
            if self._sqlite is not None:
                self._sqlite.close()

    def _sqlite_factory(self) -> SQLiteFactory:
        with self._factory_lock:
            if self._sqlite is None:
                self._sqlite = SQLiteFactory(self.env)
            return self._sqlite

    def _bus_connection(self, purpose: str) -> Connection:
        with self._factory_lock:
            connection = self._connections.get(purpose)
            if connection is None:
                settings = self.settings
                if purpose != EVENTS:
                    settings = replace(
                        settings,
                        stream=f"{settings.stream}_{purpose.upper()}",
                        prefix=f"{settings.prefix}-{purpose}",
                    )
                if strtobool(self.env.get(self.CREATE_TABLE) or "no"):
                    ensure_stream(self._ops(settings))
                connection = Connection(settings)
                self._connections[purpose] = connection
                check(Api(connection)).require()
            return connection

    def _ops(self, settings: BusSettings) -> BusSettings:
        """The credentials that make streams: the operations user's if it is named, else our own."""
        seed_file = self.env.get(self.JETSTREAM_OPS_SEED_FILE)
        if not seed_file:
            return settings
        inbox = self.env.get(self.JETSTREAM_OPS_INBOX) or settings.inbox
        return replace(settings, seed=None, seed_file=Path(seed_file), inbox=inbox)


class _EnvironmentMapping(dict[str, str | None]):
    """The environment of an application as a mapping: its own names first (``<NAME>_<KEY>``)."""

    def __init__(self, env: Environment) -> None:
        super().__init__()
        self._env = env

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return self._env.get(key) or default


def _close_connections(connections: dict[str, Connection]) -> None:
    for connection in connections.values():
        connection.close()
    connections.clear()
