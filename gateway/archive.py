"""A hub's folder opened for looking: the record, its control keys and the views, whether the hub runs or not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.bus import (
    AlreadyRunning,
    BusSettings,
    EmbeddedServer,
    ItemStore,
    JetStreamApplicationRecorder,
    connect,
)
from adapters.store import Store
from domain.errors import Malformed, Unavailable
from gateway.hub.views import engine_over
from gateway.installation import Installation
from keys.genesis import Genesis
from keys.vault import KeystoreCustody, Vault
from projections.engine import Engine

RUNNING = "running.json"
REMOTE = "bus.json"


@dataclass
class Archive:
    """What lies in the folder, opened. ``views`` are the live rows as they are."""

    installation: Installation
    genesis: Genesis
    recorder: JetStreamApplicationRecorder
    store: Store
    views: Engine
    running: bool


def note_running(installation: Installation, settings: BusSettings) -> Path:
    """Leave word of where the running bus is reached (no secrets)."""
    path = installation.hub_folder / RUNNING
    about = {"pid": os.getpid(), "bus": settings.url, "monitor": settings.monitor_url}
    path.write_text(json.dumps(about) + "\n")
    return path


def remote_bus(installation: Installation) -> BusSettings | None:
    """The server or cluster that the operator named in ``hub/bus.json``; None for the embedded server.

    The file holds the settings of ``adapters/bus`` by name (``JETSTREAM_URL``, ``JETSTREAM_SEED_FILE`` …); it
    names a seed file, never a seed. Raises Malformed for a file that is not of this form.
    """
    path = installation.hub_folder / REMOTE
    if not path.exists():
        return None
    try:
        given = {str(k): str(v) for k, v in json.loads(path.read_text()).items()}
        return replace(BusSettings.from_env(given), stream=installation.genesis.stream)
    except (ValueError, AttributeError) as error:
        raise Malformed("bus-settings", f"{REMOTE}: {error}") from error


@contextmanager
def open_archive(installation: Installation) -> Iterator[Archive]:
    """Open the folder; starts the bus where no hub does. Raises Unavailable where neither can be had."""
    secrets = installation.hub_secrets()
    genesis = installation.genesis
    with ExitStack() as stack:
        folder = installation.hub_folder / "bus"
        running = False
        remote = remote_bus(installation)
        if remote is not None:
            settings = remote
        else:
            try:
                bus = EmbeddedServer(folder, store_key=secrets["bus"], stream=genesis.stream).start()
                stack.callback(bus.stop)
                settings = bus.hub_settings()
            except AlreadyRunning:
                settings, running = _settings(installation, folder, genesis.stream), True
        recorder = connect(settings)
        stack.callback(recorder.close)
        vault = Vault.open(installation.hub_folder / "vault.db", KeystoreCustody(secrets))
        stack.callback(vault.close)
        items = ItemStore(settings)
        stack.callback(items.close)
        store = Store(
            recorder, items, vault, hub=installation.hub, prefix=settings.prefix, audit=genesis.audit_kem
        )
        views = engine_over(store, installation.hub_folder / "views.db")
        views.start()
        stack.callback(views.close)
        yield Archive(installation, genesis, recorder, store, views, running)


def _settings(installation: Installation, folder: Path, stream: str) -> BusSettings:
    try:
        about = json.loads((installation.hub_folder / RUNNING).read_text())
    except (OSError, ValueError) as error:
        raise Unavailable(
            "bus-in-use", "another process holds this folder and does not say where it is"
        ) from error
    return BusSettings(
        url=about["bus"],
        monitor_url=about["monitor"],
        stream=stream,
        seed_file=folder / "seeds" / "hub.seed",
        inbox="_INBOX.hub",
        name="kakehashi-audit",
    )
