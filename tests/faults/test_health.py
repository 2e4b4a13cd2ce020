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
from gateway.installation.folder import Installation, create_installation, open_installation
from gateway.installation.registrars import Registrars
from gateway.protocol.client import HubClient
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub
from gateway.rehearsal.scenario.story import Actor
from keys.lp import sha256

KEY = bytes(range(32))
START = datetime(2025, 5, 1, tzinfo=UTC)
NETWORK = UUID("6e0c3b1e-6a7c-4f0e-9f5e-0d5f0c7d3b11")
ACTORS = [Actor("AZ-CORE", "CORE", "中核", True, None), Actor("AZ-COORD", "COORD", "調整", True, None)]

pytestmark = pytest.mark.faults


class Bus:
    """A separate bus that can be stopped and restarted on the same port."""

    def __init__(self, folder: Path, max_file_store: int | None = None) -> None:
        self._bus_folder, self._store_limit = folder, max_file_store
        self.server = EmbeddedServer(folder, store_key=KEY, max_file_store=max_file_store).start()
        self._bus_port = urlsplit(self.server.url).port or 0

    def settings(self) -> dict[str, str]:
        settings = self.server.hub_settings()
        return {
            "JETSTREAM_URL": settings.url,
            "JETSTREAM_SYS_SEED_FILE": str(self._bus_folder / "seeds" / "sys.seed"),
            "JETSTREAM_INBOX": settings.inbox,
            "JETSTREAM_SEED_FILE": str(self._bus_folder / "seeds" / "hub.seed"),
            "JETSTREAM_TIMEOUT": "2",
            "JETSTREAM_TRY_TIMEOUT": "1",
        }

    def shut_down(self) -> None:
        self.server.stop()

    def restart(self) -> None:
        self.server = EmbeddedServer(
            self._bus_folder, store_key=KEY, port=self._bus_port, max_file_store=self._store_limit
        ).start()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    new_bus = Bus(tmp_path / "bus")
    yield new_bus
    new_bus.shut_down()


@pytest.fixture
def installation(tmp_path: Path, bus: Bus) -> Installation:
    new_installation = create_installation(tmp_path / "hub", mode="rehearsal")
    (new_installation.hub_folder / "bus.json").write_text(json.dumps(bus.settings()))
    return new_installation


@pytest.fixture
def runtime(installation: Installation) -> Iterator[HubRuntime]:
    new_runtime = start_hub(installation, at=START)
    yield new_runtime
    new_runtime.close()


def health_within(client: HubClient, seconds: float, *, ready: bool) -> dict[str, object]:
    until = monotonic() + seconds
    while True:
        health_state = client.health()
        if health_state["ready"] is ready or monotonic() > until:
            return health_state
        sleep(0.1)


@contextmanager
def doors(runtime: HubRuntime) -> Iterator[tuple[RehearsalHub, HubClient, Registrars]]:
    """Two doors, the hub's health, and registrars that do not retry."""
    with ServedApp(runtime.app) as served:
        rehearsal_hub = RehearsalHub(
            runtime.installation, served.url, START, runtime=runtime, retry_seconds=0.0
        )
        client = HubClient(served.url)
        try:
            rehearsal_hub.set_up_agencies(ACTORS, core="AZ-CORE", actor_of=lambda code: f"staff.{code}")
            persons = runtime.installation.registrars()[:2]
            yield (
                rehearsal_hub,
                client,
                Registrars(persons, client, rehearsal_hub.genesis, rehearsal_hub.now, retry_seconds=0.0),
            )
        finally:
            client.close()
            rehearsal_hub.close()


def designate(rehearsal_hub: RehearsalHub, registrars: Registrars) -> None:
    """A command of the registrars, whatever it is."""
    registrars.order(
        Kind.NETWORK,
        NETWORK,
        "core_agency.designated",
        {"agency": str(rehearsal_hub.doors["AZ-CORE"].agency)},
    )


def test_without_the_bus_health_is_red_and_nothing_is_half_done(runtime: HubRuntime, bus: Bus) -> None:
    with doors(runtime) as (rehearsal_hub, client, registrars):
        assert client.health()["ready"] is True
        designate(rehearsal_hub, registrars)  # the network is there: what fails below is the append itself
        head, known = runtime.recorder.head(), runtime.hub.register
        bus.shut_down()
        health_state = health_within(client, 10, ready=False)
        assert health_state["ready"] is False
        assert any(p["code"].startswith("bus-") for p in health_state["problems"])  # type: ignore[attr-defined]
        with pytest.raises(Unavailable) as error:
            designate(rehearsal_hub, registrars)
        assert error.value.error_code in ("bus-unreachable", "outcome-unknown")
        assert runtime.hub.register is known
        bus.restart()
        until = monotonic() + 15
        while not runtime.recorder.check().connected and monotonic() < until:
            sleep(0.1)
        assert runtime.recorder.head() == head
        designate(rehearsal_hub, registrars)
        assert runtime.recorder.head() == head + 1


def test_a_hub_with_locked_keys_does_not_start(tmp_path: Path) -> None:
    create_installation(tmp_path / "real", mode="real", passphrase=b"a long enough passphrase")
    with pytest.raises(Untrusted, match="keystore"):
        start_hub(open_installation(tmp_path / "real", b"not the passphrase"))
    assert not (tmp_path / "real" / "hub" / "bus").exists(), "nothing was started"


def test_a_full_disk_is_reported_and_nothing_is_half_done(tmp_path: Path) -> None:
    full = Bus(tmp_path / "bus", max_file_store=24 * 1024 * 1024)
    try:
        new_installation = create_installation(tmp_path / "hub", mode="rehearsal")
        (new_installation.hub_folder / "bus.json").write_text(json.dumps(full.settings()))
        runtime = start_hub(new_installation, at=START)
        try:
            with doors(runtime) as (rehearsal_hub, client, registrars):
                assert client.health()["ready"] is True
                head = runtime.recorder.head()
                assert not fill_until_full(rehearsal_hub, 64), "the disk did not fill"
                health_state = client.health()
                assert "disk-full" in [p["code"] for p in health_state["problems"]]
                assert health_state["ready"] is False
                while True:  # what little room is left may still take a small record
                    before = runtime.recorder.head()
                    try:
                        designate(rehearsal_hub, registrars)
                    except Unavailable:
                        break
                    assert runtime.recorder.head() == before + 1
                assert runtime.recorder.head() == before >= head
        finally:
            runtime.close()
        assert findings_of(new_installation) == []
    finally:
        full.shut_down()


def fill_until_full(rehearsal_hub: RehearsalHub, item_limit: int) -> bool:
    """Upload sealed items of 1 MiB until the hub can take no more; whether it took them all."""
    for n in range(item_limit):
        item = n.to_bytes(4, "big") * (256 * 1024)
        try:
            rehearsal_hub.runtime.store.put_item(sha256(item), item)  # type: ignore[union-attr]
        except Unavailable:
            return False
    return True


def findings_of(new_installation: Installation) -> list[object]:
    """What the verifier finds."""
    with open_archive(new_installation) as archive:
        return list(Verifier(archive.recorder, archive.store, archive.genesis).run().findings)
