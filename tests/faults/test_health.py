"""I9: health is red while the hub could not record; nothing is then half done; green again by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from adapters.bus import EmbeddedServer
from domain.errors import Unavailable, Untrusted
from domain.events import Kind
from gateway.audit.verification import Verifier
from gateway.hub.runtime import HubRuntime, start_hub
from gateway.installation.archive import open_archive
from gateway.installation.folder import Installation, make_installation, open_installation
from gateway.installation.registrars import Registry
from gateway.protocol.client import HubClient
from gateway.protocol.serving import Served
from gateway.rehearsal.scenario.stage import Stage
from gateway.rehearsal.scenario.story import Actor
from keys.lp import sha256

KEY = bytes(range(32))
START = datetime(2025, 5, 1, tzinfo=UTC)
NETWORK = UUID("6e0c3b1e-6a7c-4f0e-9f5e-0d5f0c7d3b11")
PEOPLE = [Actor("AZ-CORE", "CORE", "中核", True, None), Actor("AZ-COORD", "COORD", "調整", True, None)]

pytestmark = pytest.mark.faults


class Bus:
    """A bus beside the hub, that can be taken away and brought back on the same port."""

    def __init__(self, folder: Path, max_file_store: int | None = None) -> None:
        self._folder, self._most = folder, max_file_store
        self.server = EmbeddedServer(folder, store_key=KEY, max_file_store=max_file_store).start()
        self._port = urlsplit(self.server.url).port or 0
        self._monitor = self.server.monitor_url

    def settings(self) -> dict[str, str]:
        settings = self.server.hub_settings()
        return {
            "JETSTREAM_URL": settings.url,
            "JETSTREAM_MONITOR_URL": settings.monitor_url,
            "JETSTREAM_INBOX": settings.inbox,
            "JETSTREAM_SEED_FILE": str(self._folder / "seeds" / "hub.seed"),
            "JETSTREAM_TIMEOUT": "2",
            "JETSTREAM_TRY_TIMEOUT": "1",
        }

    def away(self) -> None:
        self.server.stop()

    def back(self) -> None:
        self.server = EmbeddedServer(
            self._folder, store_key=KEY, port=self._port, max_file_store=self._most
        ).start()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    found = Bus(tmp_path / "bus")
    yield found
    found.away()


@pytest.fixture
def installation(tmp_path: Path, bus: Bus) -> Installation:
    made = make_installation(tmp_path / "hub", mode="rehearsal")
    (made.hub_folder / "bus.json").write_text(json.dumps(bus.settings()))
    return made


@pytest.fixture
def runtime(installation: Installation) -> Iterator[HubRuntime]:
    found = start_hub(installation, at=START)
    yield found
    found.close()


def red_within(client: HubClient, seconds: float, *, ready: bool) -> dict[str, object]:
    until = monotonic() + seconds
    while True:
        found = client.health()
        if found["ready"] is ready or monotonic() > until:
            return found
        sleep(0.1)


@contextmanager
def doors(runtime: HubRuntime) -> Iterator[tuple[Stage, HubClient, Registry]]:
    """Two doors, the hub's health, and a registry that does not wait."""
    with Served(runtime.app) as served:
        stage = Stage(runtime.installation, served.url, START, runtime=runtime, patience=0.0)
        client = HubClient(served.url)
        try:
            stage.people(PEOPLE, core="AZ-CORE", actor_of=lambda code: f"staff.{code}")
            persons = runtime.installation.registry()[:2]
            yield stage, client, Registry(persons, client, stage.genesis, stage.now, patience=0.0)
        finally:
            client.close()
            stage.close()


def designate(stage: Stage, registry: Registry) -> None:
    """A wish of the registry, whatever it is."""
    registry.order(
        Kind.NETWORK, NETWORK, "core_agency.designated", {"agency": str(stage.doors["AZ-CORE"].agency)}
    )


def test_while_the_bus_is_away_health_is_red_and_nothing_is_half_done(runtime: HubRuntime, bus: Bus) -> None:
    with doors(runtime) as (stage, client, registry):
        assert client.health()["ready"] is True
        designate(stage, registry)  # the network is there: what fails below is the append itself
        head, known = runtime.recorder.head(), runtime.hub.register
        bus.away()
        found = red_within(client, 10, ready=False)
        assert found["ready"] is False
        assert any("bus" in str(p) for p in found["problems"])  # type: ignore[attr-defined]
        with pytest.raises(Unavailable) as error:
            designate(stage, registry)
        assert error.value.flaw in ("bus-away", "outcome-unknown")
        assert runtime.hub.register is known
        bus.back()
        until = monotonic() + 15
        while not runtime.recorder.check().connected and monotonic() < until:
            sleep(0.1)
        assert runtime.recorder.head() == head
        designate(stage, registry)
        assert runtime.recorder.head() == head + 1


def test_keys_that_stay_locked_keep_the_hub_from_starting(tmp_path: Path) -> None:
    make_installation(tmp_path / "real", mode="real", passphrase=b"a long enough passphrase")
    with pytest.raises(Untrusted, match="keystore"):
        start_hub(open_installation(tmp_path / "real", b"not the passphrase"))
    assert not (tmp_path / "real" / "hub" / "bus").exists(), "nothing was started"


def test_a_full_disk_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    full = Bus(tmp_path / "bus", max_file_store=24 * 1024 * 1024)
    try:
        made = make_installation(tmp_path / "hub", mode="rehearsal")
        (made.hub_folder / "bus.json").write_text(json.dumps(full.settings()))
        runtime = start_hub(made, at=START)
        try:
            with doors(runtime) as (stage, client, registry):
                assert client.health()["ready"] is True
                head = runtime.recorder.head()
                assert not filled(stage, 64), "the disk did not fill"
                found = client.health()
                assert "disk: full" in found["problems"]
                assert found["ready"] is False
                while True:  # what little room is left may still take a small record
                    before = runtime.recorder.head()
                    try:
                        designate(stage, registry)
                    except Unavailable:
                        break
                    assert runtime.recorder.head() == before + 1
                assert runtime.recorder.head() == before >= head
        finally:
            runtime.close()
        assert findings_of(made) == []
    finally:
        full.away()


def filled(stage: Stage, most: int) -> bool:
    """Upload sealed items of 1 MiB until the hub can take no more; whether it took them all."""
    for n in range(most):
        item = n.to_bytes(4, "big") * (256 * 1024)
        try:
            stage.runtime.store.put_item(sha256(item), item)  # type: ignore[union-attr]
        except Unavailable:
            return False
    return True


def findings_of(made: Installation) -> list[object]:
    """What the verifier finds."""
    with open_archive(made) as archive:
        return list(Verifier(archive.recorder, archive.store, archive.genesis).run().findings)
