"""The hub's way to its stream: the bus that the operator named, or the embedded server of its folder."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from adapters.bus import BusSettings, EmbeddedServer, ItemStore, JetStreamApplicationRecorder, StreamMissing
from domain.errors import InvariantViolation
from gateway.installation.archive import connect_to, remote_bus_settings, was_founded, write_running_file
from gateway.installation.folder import Installation


@dataclass(frozen=True)
class Transport:
    """The way to the stream. ``server``: the embedded server, where this hub started it."""

    server: EmbeddedServer | None
    recorder: JetStreamApplicationRecorder
    items: ItemStore
    prefix: str


def open_bus(installation: Installation, resources: ExitStack) -> Transport:
    """Connect to the bus that the operator named, or to the embedded server of this folder, which is started."""
    settings, server = remote_bus_settings(installation), None
    if settings is None:
        server, settings = _start_embedded_server(installation, resources)
    recorder = connect_to(settings)
    resources.callback(recorder.close)
    items = ItemStore(settings)
    resources.callback(items.close)
    return Transport(server, recorder, items, settings.prefix)


def _start_embedded_server(
    installation: Installation, resources: ExitStack
) -> tuple[EmbeddedServer, BusSettings]:
    key, stream = installation.hub_secrets()["bus"], installation.genesis.stream
    server = EmbeddedServer(installation.hub_folder / "bus", store_key=key, stream=stream)
    try:
        server.start(create=not was_founded(installation))
    except StreamMissing as error:
        raise InvariantViolation("record-lost") from error
    resources.callback(server.stop)
    settings = server.hub_settings()
    running_file = write_running_file(installation, settings)
    resources.callback(running_file.unlink, missing_ok=True)
    return server, settings
