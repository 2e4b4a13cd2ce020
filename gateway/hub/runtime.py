"""A hub put together: the one place where bus, vault, store, views and service are wired."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from fastapi import FastAPI

from adapters.bus import BusSettings, EmbeddedServer, ItemStore, connect
from adapters.store import Evidence, Store
from domain.errors import Broken, ExchangeError, Unavailable
from domain.facts import HubFounded, Kind
from domain.record import DECIDER, REGISTRY, About, Record
from gateway.hub.app import hub_app
from gateway.hub.clock import Clock, RealClock, SetClock
from gateway.hub.questions import Questions
from gateway.hub.service import Hub
from gateway.hub.views import Follower, catch_up, engine_over
from gateway.installation import Installation
from keys.signing import SignatureKeys, SignatureKind
from keys.vault import KeystoreCustody, Vault

LEAST_FREE_BYTES = 64 * 1024 * 1024
TICK_SECONDS = 1.0


@dataclass
class HubRuntime:
    """Everything of one running hub. ``close`` ends what was started here, and nothing else."""

    installation: Installation
    bus: EmbeddedServer | None
    recorder: Any
    vault: Vault
    store: Store
    follower: Follower
    hub: Hub
    app: FastAPI
    _ended: Event
    _ticker: Thread | None = None

    def close(self) -> None:
        """Stop in the reverse order of the start."""
        self._ended.set()
        if self._ticker is not None:
            self._ticker.join(timeout=5)
        self.follower.stop()
        self.recorder.close()
        self.vault.close()
        if self.bus is not None:
            self.bus.stop()


def start_hub(
    installation: Installation,
    *,
    at: datetime | None = None,
    remote: BusSettings | None = None,
) -> HubRuntime:
    """Open the folder, start (or reach) the bus, bring the views up to date and make the hub ready.

    ``at``: where a rehearsal's clock stands at first; it is never earlier than the last record.
    Raises Unavailable, Untrusted or Broken with what is wrong.
    """
    secrets = installation.hub_secrets()
    genesis = installation.genesis
    log = SignatureKeys.from_seeds(SignatureKind.LOG, secrets["log"])
    if log.public != genesis.log:
        raise Broken("log-key", "the keystore's log key is not the one of the genesis")
    vault = Vault.open(installation.hub_folder / "vault.db", KeystoreCustody(secrets))
    bus = None
    if remote is None:
        bus = EmbeddedServer(
            installation.hub_folder / "bus", store_key=secrets["bus"], stream=genesis.stream
        ).start()
    settings = remote or bus.hub_settings() if bus is not None else remote
    assert settings is not None
    recorder = connect(settings)
    store = Store(
        recorder,
        ItemStore(settings),
        vault,
        hub=installation.hub,
        prefix=settings.prefix,
        audit=genesis.audit_kem,
    )
    if store.head() == 0:
        _found(store, installation, at or RealClock().now())
    engine = engine_over(store, installation.hub_folder / "views.db")
    engine.start()
    head = catch_up(engine, store)
    last = store.read(head, 1)[0].record.at
    clock: Clock = (
        SetClock(max(at, last) if at is not None else last) if installation.rehearsal else RealClock()
    )
    hub = Hub(
        store=store, genesis=genesis, hub=installation.hub, log=log, clock=clock, register=engine.register
    )
    follower = Follower(engine, store)
    follower.start()
    ended = Event()

    def health() -> dict[str, Any]:
        return _health(installation, bus, recorder, store, follower)

    app = hub_app(
        hub,
        Questions(hub, follower),
        genesis=installation.genesis_frame.encode(),
        health=health,
        put_item=store.put_item,
        rehearsal_token=installation.clock_token,
    )
    runtime = HubRuntime(installation, bus, recorder, vault, store, follower, hub, app, ended)
    if not installation.rehearsal:
        runtime._ticker = Thread(target=_tick, args=(hub, ended), name="clock", daemon=True)
        runtime._ticker.start()
    return runtime


def _found(store: Store, installation: Installation, at: datetime) -> None:
    """Record 1: the genesis, whose frame's digest is the hub's id. Source: KH-1 §2."""
    genesis = installation.genesis
    frame = installation.genesis_frame
    about = About(Kind.LOG, genesis.log_id)
    record = Record(
        originator=about,
        version=1,
        at=at,
        about=about,
        by=REGISTRY,
        actor="",
        ask_id=genesis.log_id,
        frame=frame.digest,
        rests_on=(),
        rules=0,
        decider=DECIDER,
        fact=HubFounded(mode=genesis.mode),
    )
    store.append(record, Evidence(frame=frame.encode()))


def _tick(hub: Hub, ended: Event) -> None:
    """The clock process: asks for what has fallen due."""
    while not ended.wait(TICK_SECONDS):
        try:
            hub.tick()
        except Unavailable:
            continue  # the bus is away: what is due is asked for again at the next tick


def _health(
    installation: Installation, bus: EmbeddedServer | None, recorder: Any, store: Store, follower: Follower
) -> dict[str, Any]:
    """What the hub can say of itself (I9): red while it could not record."""
    problems: list[str] = []
    head = None
    try:
        recorder.check()
        head = store.head()
    except (ExchangeError, Exception) as error:  # whatever the bus says, it is red
        problems.append(f"bus: {type(error).__name__}")
    free = shutil.disk_usage(_existing(installation.folder)).free
    if free < LEAST_FREE_BYTES:
        problems.append("disk: full")
    if not follower.alive:
        problems.append("views: not following")
    parked = [view for view, _, _ in follower.queries.head().parked]
    return {
        "ready": not problems,
        "mode": installation.mode,
        "hub": installation.hub.hex(),
        "problems": problems,
        "head": head,
        "views": follower.position,
        "parked": parked,
        "disk_free_bytes": free,
        "bus": None if bus is None else bus.version,
    }


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else folder.parent
