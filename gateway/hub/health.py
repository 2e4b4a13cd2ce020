"""The health of a hub: whether it can record now (I9), and what its operator has to attend to."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adapters.bus import MAX_RECORD_BYTES, EmbeddedServer, Health, JetStreamApplicationRecorder
from domain.due import calendar_ends_at
from domain.office_days import last_covered_day
from gateway.hub.executor import Executor
from gateway.hub.hub import Hub
from gateway.hub.log import LogKeeper
from gateway.hub.read_models import Lag, ReadModels
from gateway.hub.timestamps import TimeStamps
from gateway.hub.uploads import Uploads
from gateway.hub.witnesses import Witnesses
from gateway.protocol.health import HealthFinding
from gateway.protocol.process_memory import can_be_protected

MAX_LAG_RECORDS = (
    1000  # some seconds of work of the projector; a burst of one agency's messages stays below it
)
MAX_LAG_SECONDS = 30.0  # longer than a feed waits, shorter than a person who looks for what was just sent
MIN_FREE_BYTES = 64 * 1024 * 1024
MIN_STREAM_ROOM_BYTES = 2 * MAX_RECORD_BYTES  # of what a bus with a limit of its own may still store


@dataclass(frozen=True)
class HubHealth:
    """The parts of a running hub that can fail. ``folder``: on the disk that must have room."""

    folder: Path
    bus: EmbeddedServer | None
    recorder: JetStreamApplicationRecorder
    projector: ReadModels
    hub: Hub
    log_keeper: LogKeeper
    witnesses: Witnesses
    timestamps: TimeStamps
    executor: Executor
    uploads: Uploads

    def report(self) -> dict[str, Any]:
        """``ready`` is false while the hub could not record; ``problems`` state the causes. ``alarms`` do not stop it.

        Both are lists of objects with the fields of HealthFinding.
        """
        free = shutil.disk_usage(self.folder).free
        bus_health = self.recorder.check()
        problems = [*self._bus_problems(bus_health), *self._local_problems(bus_health, free)]
        items = self.uploads.report()
        parked = self.projector.queries.head().parked
        lag = self.projector.lag(bus_health.head or 0, self.executor.elapsed())
        return {
            "ready": not problems,
            "mode": self.hub.genesis.mode,
            "hub": self.hub.id.hex(),
            "problems": [asdict(problem) for problem in problems],
            "read_models": self.projector.position,
            "read_models_behind": lag.records,
            "parked": [projection for projection, _, _ in parked],
            "alarms": [
                asdict(alarm)
                for alarm in (
                    *(
                        HealthFinding("read-model-parked", projection, f"since record {at}: {why}")
                        for projection, at, why in parked
                    ),
                    *_lag_alarms(lag),
                    *_item_alarms(items),
                    *self._log_alarms(),
                    *self._register_alarms(),
                    *([] if can_be_protected() else [HealthFinding("memory-not-protected")]),
                )
            ],
            "items": items,
            "disk_free_bytes": free,
            "bus": None if self.bus is None else self.bus.version,
        }

    def _bus_problems(self, bus_health: Health) -> list[HealthFinding]:
        problems = [HealthFinding("bus-mismatch", detail=mismatch) for mismatch in bus_health.mismatches]
        if bus_health.trouble:
            problems.append(HealthFinding("bus-not-ready", detail=bus_health.trouble))
        if not bus_health.connected:
            problems.append(HealthFinding("bus-disconnected"))
        return problems

    def _local_problems(self, bus_health: Health, free: int) -> list[HealthFinding]:
        problems = []
        room = bus_health.room_bytes
        if free < MIN_FREE_BYTES or (room is not None and room < MIN_STREAM_ROOM_BYTES):
            problems.append(HealthFinding("disk-full"))
        if not self.projector.alive:
            problems.append(HealthFinding("read-models-stopped"))
        if self.log_keeper.problem:
            problems.append(HealthFinding("log-signing-stopped", detail=self.log_keeper.problem))
        return problems

    def _log_alarms(self) -> list[HealthFinding]:
        alarms = [
            HealthFinding("cosignature-missing", name, why)
            for name, why in self.witnesses.missing_cosignatures.items()
        ]
        if self.timestamps.trouble:
            alarms.append(HealthFinding("time-token-delayed", detail=self.timestamps.trouble))
        if self.log_keeper.trouble:
            alarms.append(HealthFinding("log-signing-delayed", detail=self.log_keeper.trouble))
        return alarms

    def _register_alarms(self) -> list[HealthFinding]:
        register = self.hub.register
        alarms = [
            HealthFinding("destruction-failed", f"case {case}", why)
            for case, why in self.hub.failed_destructions.items()
        ]
        if register.mandate_expired(self.hub.clock.now()):
            alarms.append(HealthFinding("mandate-expired", f"mandate {register.mandate}"))
        ends_at = calendar_ends_at(register.policy)
        if ends_at is not None and self.hub.clock.now() >= ends_at:
            alarms.append(HealthFinding("calendar-ending", f"until {last_covered_day(register.policy)}"))
        return alarms


def _lag_alarms(lag: Lag) -> list[HealthFinding]:
    """An alarm and no problem: what is recorded is recorded, and pages say how old the state is that they show (I9)."""
    if lag.records <= MAX_LAG_RECORDS and lag.seconds <= MAX_LAG_SECONDS:
        return []
    return [HealthFinding("read-models-lagging", detail=f"{lag.records} records, {lag.seconds:.0f} s")]


def _item_alarms(items: Mapping[str, Any]) -> list[HealthFinding]:
    trouble = items["trouble"]
    return [] if trouble is None else [HealthFinding("item-sweep-failed", detail=trouble)]
