"""Is the bus what it must be? Connection, version, the stream's configuration, sync, room."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from eventsourcing.persistence import OperationalError

from .api import STREAM_NOT_FOUND, Api, ApiError
from .binary import version_mismatch
from .errors import NotAllowed, StreamDrift, StreamMissing
from .monitor import health_errors, server_reports
from .settings import MAX_PAYLOAD_BYTES
from .stream import check_stream, record_stream


@dataclass(frozen=True, kw_only=True)
class Health:
    """The result of a health check. ``mismatches`` are reasons not to write; ``trouble`` is one to wait."""

    stream: str
    connected: bool
    server_version: str
    head: int | None
    stored_bytes: int | None
    room_bytes: int | None  # what the servers can still store, the smallest of them; None if not reported
    mismatches: tuple[str, ...]
    trouble: str = ""
    stream_missing: bool = False

    @property
    def ok(self) -> bool:
        return self.connected and not self.mismatches and not self.trouble

    def require(self) -> None:
        """``OperationalError`` if the bus is unreachable, ``StreamMissing`` or ``StreamDrift`` if its configuration differs."""
        if self.trouble or not self.connected:
            raise OperationalError(self.trouble or "the bus is unreachable")
        if self.stream_missing:
            raise StreamMissing(self.stream)
        if self.mismatches:
            raise StreamDrift("the bus", self.mismatches)


def ping(api: Api) -> float:
    """The seconds of one way to the stream and back."""
    began = time.monotonic()
    _stream_info(api)
    return time.monotonic() - began


def check(api: Api) -> Health:
    """Look at everything that can be seen with the rights at hand."""
    mismatches: list[str] = []
    trouble, missing = "", False
    state: dict[str, Any] = {}
    room: int | None = None
    try:
        state = _stream_info(api).get("state", {})
        mismatches += check_stream(api, record_stream(api.settings))
        mismatches += _server_mismatches(api)
        room = _servers(api, mismatches)
    except ApiError as e:
        missing = e.err_code == STREAM_NOT_FOUND
        mismatches.append(f"stream {api.settings.stream}: {e}")
    except NotAllowed as e:
        mismatches.append(str(e))
    except OperationalError as e:
        trouble = str(e)
    return Health(
        stream=api.settings.stream,
        connected=api.connection.connected,
        server_version=api.connection.server_version,
        head=state.get("last_seq"),
        stored_bytes=state.get("bytes"),
        room_bytes=room,
        mismatches=tuple(mismatches),
        trouble=trouble,
        stream_missing=missing,
    )


def _stream_info(api: Api) -> dict[str, Any]:
    return api.call(f"STREAM.INFO.{api.settings.stream}")


def _server_mismatches(api: Api) -> list[str]:
    mismatches_found = []
    if mismatch := version_mismatch(api.connection.server_version):
        mismatches_found.append(mismatch)
    if 0 < api.connection.max_payload < MAX_PAYLOAD_BYTES:
        mismatches_found.append(
            f"max_payload is {api.connection.max_payload} and must be {MAX_PAYLOAD_BYTES} or more"
        )
    return mismatches_found


def _servers(api: Api, mismatches: list[str]) -> int | None:
    """Ask every server for its report. Returns the smallest room left."""
    system, required = api.connection.system(), api.settings.require_sync
    if system is None:
        if required:
            mismatches.append("sync_always is not known: no user of the system account is named")
        return None
    rooms = []
    timeout = api.settings.connect_timeout
    reports = server_reports(system, timeout)
    for report in reports:
        jetstream = report.get("jetstream", {})
        config, stats = jetstream.get("config", {}), jetstream.get("stats", {})
        if required and config.get("sync_always") is not True:
            mismatches.append(
                "sync_always is not on: acknowledged records could be lost when the power fails"
            )
        if config.get("max_storage", -1) >= 0:
            rooms.append(max(0, int(config["max_storage"]) - int(stats.get("storage", 0))))
    ailing = [error for error in health_errors(system, timeout) if error]
    if ailing and 2 * len(ailing) >= api.settings.servers:  # a cluster records while a majority is well
        raise OperationalError(f"a server reports an unhealthy state: {ailing[0]}")
    return min(rooms, default=None)
