"""What a hub says of itself: whether it can record now (I9), and what its operator must look after."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.bus import MAX_RECORD_BYTES, EmbeddedServer, Health, JetStreamApplicationRecorder
from gateway.hub.hub import Hub
from gateway.hub.log import LogKeeper
from gateway.hub.read_models import ReadModels
from gateway.hub.timestamps import TimeStamps
from gateway.hub.witnesses import Witnesses

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

    def report(self) -> dict[str, Any]:
        """``ready`` is false while the hub could not record; ``problems`` say why. ``alarms`` do not stop it."""
        free = shutil.disk_usage(self.folder).free
        bus_health = self.recorder.check()
        problems = [*self._bus_problems(bus_health), *self._local_problems(bus_health, free)]
        parked = self.projector.queries.head().parked
        return {
            "ready": not problems,
            "mode": self.hub.genesis.mode,
            "hub": self.hub.id.hex(),
            "problems": problems,
            "read_models": self.projector.position,
            "parked": [projection for projection, _, _ in parked],
            "alarms": [
                *(
                    f"view {projection} stands still since record {at} ({why})"
                    for projection, at, why in parked
                ),
                *self._log_alarms(),
                *self._register_alarms(),
            ],
            "disk_free_bytes": free,
            "bus": None if self.bus is None else self.bus.version,
        }

    def _bus_problems(self, bus_health: Health) -> list[str]:
        problems = [f"bus: {mismatch}" for mismatch in bus_health.mismatches]
        if bus_health.trouble:
            problems.append(f"bus: {bus_health.trouble}")
        if not bus_health.connected:
            problems.append("bus: away")
        return problems

    def _local_problems(self, bus_health: Health, free: int) -> list[str]:
        problems = []
        room = bus_health.room_bytes
        if free < MIN_FREE_BYTES or (room is not None and room < MIN_STREAM_ROOM_BYTES):
            problems.append("disk: full")
        if not self.projector.alive:
            problems.append("views: not following")
        return problems

    def _log_alarms(self) -> list[str]:
        alarms = [
            f"witness {name} has not cosigned ({why})"
            for name, why in self.witnesses.missing_cosignatures.items()
        ]
        if self.timestamps.trouble:
            alarms.append(f"the log's head has no time token ({self.timestamps.trouble})")
        if self.log_keeper.trouble:
            alarms.append(f"the log has not signed yet what was recorded: {self.log_keeper.trouble}")
        if self.log_keeper.problem:
            alarms.append(f"the log signs nothing any more: {self.log_keeper.problem}")
        return alarms

    def _register_alarms(self) -> list[str]:
        register = self.hub.register
        alarms = [
            f"keys of case {case} are not destroyed ({why})"
            for case, why in self.hub.failed_destructions.items()
        ]
        if register.mandate_over(self.hub.clock.now()):
            alarms.append(
                f"mandate {register.mandate} of the audit office is over: let the registrars begin the next"
            )
        return alarms
