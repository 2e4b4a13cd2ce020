"""A hub's folder opened for reading: record, control keys and read models, whether the hub runs or not."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from adapters.bus import (
    AlreadyRunning,
    BusSettings,
    EmbeddedServer,
    ItemStore,
    JetStreamApplicationRecorder,
    PersistenceError,
    StreamDrift,
    StreamMissing,
    connect,
)
from adapters.store import Store
from domain.errors import Conflict, Malformed, Unavailable
from gateway.installation.custody import FileCustody
from gateway.installation.folder import STREAM, Installation
from keys.genesis import Genesis
from keys.vault import Vault
from projections.engine import Engine

RUNNING_FILE = "running.json"
REMOTE_BUS_FILE = "bus.json"
LOCK_TIMEOUT_SECONDS = 3.0  # for a process that is ending


@dataclass
class Archive:
    """An opened folder. ``read_models`` are the live ones; ``running``: whether a hub uses this folder now."""

    installation: Installation
    genesis: Genesis
    recorder: JetStreamApplicationRecorder
    store: Store
    read_models: Engine
    running: bool


def write_running_file(installation: Installation, settings: BusSettings) -> Path:
    """Write where the running bus is reached (no secrets), for other processes. Returns the file."""
    path = installation.hub_folder / RUNNING_FILE
    running_info = {"pid": os.getpid(), "bus": settings.url}
    path.write_text(json.dumps(running_info) + "\n")
    return path


def remote_bus_settings(installation: Installation) -> BusSettings | None:
    """The server or cluster that the operator named in ``hub/bus.json``; None for the embedded server.

    The file holds the settings of ``adapters/bus`` by name (``JETSTREAM_URL``, ``JETSTREAM_SEED_FILE`` …); it
    names a seed file, never a seed. Raises Malformed for a file that is not of this form.
    """
    path = installation.hub_folder / REMOTE_BUS_FILE
    return read_bus_file(path, installation.genesis.stream) if path.exists() else None


def read_bus_file(path: Path, stream: str) -> BusSettings:
    """The settings of a bus in this file, for this stream. Its paths begin at its own folder. Raises Malformed."""
    try:
        environment = {str(k): _from_folder_of(path, str(k), str(v)) for k, v in _bus_file(path).items()}
        return replace(BusSettings.from_env(environment), stream=stream)
    except (OSError, ValueError, AttributeError) as error:
        raise Malformed("bus-settings", f"{path.name} does not have its form: {error}") from error


def name_bus(hub_folder: Path, path: Path) -> None:
    """Have the hub of this folder (``DIR/hub``) use the bus of this file from now on. Raises Malformed."""
    about = {k: _from_folder_of(path, k, str(v)) for k, v in _bus_file(path).items()}
    (hub_folder / REMOTE_BUS_FILE).write_text(json.dumps(about, indent=2) + "\n")


def require_unused_bus(path: Path) -> None:
    """Refuse a bus on which a hub can't be founded. Raises Malformed, Unavailable, Conflict."""
    recorder = connect_to(read_bus_file(path, STREAM))
    try:
        if recorder.head():
            raise Conflict("bus-not-empty")
    finally:
        recorder.close()


def connect_to(settings: BusSettings) -> JetStreamApplicationRecorder:
    """A recorder on the stream of a bus. Raises Unavailable with what is wrong; nothing is made."""
    try:
        return connect(settings)
    except StreamMissing as error:
        raise Unavailable("stream-missing") from error
    except StreamDrift as error:
        raise Unavailable("bus-refused", str(error)) from error
    except PersistenceError as error:
        raise Unavailable("bus-not-reached", str(error)) from error


def was_founded(installation: Installation) -> bool:
    """Whether this hub has recorded before: then its stream must be there, and is never made anew."""
    folder = installation.hub_folder
    return (folder / "read_models.db").exists() or (folder / "log" / "checkpoint").exists()


def _bus_file(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def _from_folder_of(path: Path, key: str, value: str) -> str:
    is_path = key.endswith(("_FILE", "_CA", "_CERT", "_KEY"))
    return str(path.absolute().parent / value) if is_path else value


@contextmanager
def exclusive_lock_file(lock: Path, timeout_error: Unavailable) -> Iterator[None]:
    """Hold this lock file, as only one process can. Waits for one that is ending, then raises ``timeout_error``."""
    with lock.open("w") as lock_file:
        deadline = monotonic() + LOCK_TIMEOUT_SECONDS
        while True:
            try:
                fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if monotonic() > deadline:
                    raise timeout_error from error
            sleep(0.05)
        yield


def exclusive_read_models(installation: Installation) -> AbstractContextManager[None]:
    """Hold the lock of the one process that writes this hub's read models. Raises Unavailable."""
    return exclusive_lock_file(
        installation.hub_folder / "read_models.lock",
        Unavailable("read-models-in-use"),
    )


@contextmanager
def open_archive(
    installation: Installation, *, start_bus: bool = True, start_read_models: bool = True
) -> Iterator[Archive]:
    """Open the folder. ``start_bus``: start the bus where no hub runs; ``start_read_models``: False to rebuild them,
    whatever state they are in. Raises Unavailable where there is no bus."""
    secrets = installation.hub_secrets()
    genesis = installation.genesis
    with ExitStack() as stack:
        folder = installation.hub_folder / "bus"
        running = False
        remote = remote_bus_settings(installation)
        if remote is not None:
            settings = remote
        elif not start_bus or _hub_is_running(installation):
            settings, running = _running_bus_settings(installation, folder, genesis.stream), True
        else:
            try:
                bus = EmbeddedServer(folder, store_key=secrets["bus"], stream=genesis.stream)
                bus.start(create=False)
                stack.callback(bus.stop)
                settings = bus.hub_settings()
            except AlreadyRunning:
                settings, running = _running_bus_settings(installation, folder, genesis.stream), True
        recorder = connect_to(settings)
        stack.callback(recorder.close)
        vault = Vault.open(installation.hub_folder / "vault.db", FileCustody(installation, secrets))
        stack.callback(vault.close)
        items = ItemStore(settings)
        stack.callback(items.close)
        store = Store(
            recorder, items, vault, hub=installation.hub, prefix=settings.prefix, audit=genesis.audit_kem
        )
        read_models = Engine(installation.hub_folder / "read_models.db", store.records)
        if start_read_models:
            read_models.start()
        stack.callback(read_models.close)
        yield Archive(installation, genesis, recorder, store, read_models, running)


def _hub_is_running(installation: Installation) -> bool:
    """Whether a hub's running file is there, and its process, too."""
    try:
        pid = int(json.loads((installation.hub_folder / RUNNING_FILE).read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def _running_bus_settings(installation: Installation, folder: Path, stream: str) -> BusSettings:
    try:
        running_info = json.loads((installation.hub_folder / RUNNING_FILE).read_text())
    except (OSError, ValueError) as error:
        raise Unavailable("bus-in-use") from error
    return BusSettings(
        url=running_info["bus"],
        stream=stream,
        seed_file=folder / "seeds" / "hub.seed",
        sys_seed_file=folder / "seeds" / "sys.seed",
        inbox="_INBOX.hub",
        name="kakehashi-audit",
    )
