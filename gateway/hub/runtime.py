"""A hub put together: the one place where bus, vault, store, views and service are wired."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from typing import Any

from fastapi import FastAPI

from adapters.bus import (
    MAX_RECORD_BYTES,
    BusSettings,
    EmbeddedServer,
    ItemStore,
    JetStreamApplicationRecorder,
    connect,
)
from adapters.store import Evidence, Store
from domain.errors import Broken, Conflict, Unavailable
from domain.events import HubFounded, Kind
from domain.record import DECIDER, REGISTRY, About, Record
from gateway.hub.app import hub_app
from gateway.hub.clock import Clock, RealClock, SetClock
from gateway.hub.log import LogKeeper
from gateway.hub.queries import Questions
from gateway.hub.read_models import Beside, Follower, Views, catch_up, engine_over
from gateway.hub.service import Hub
from gateway.hub.shredding import Shredder
from gateway.hub.timestamps import TimeStamps, time_settings
from gateway.hub.witnesses import Witnesses, known_witnesses
from gateway.installation.archive import alone_on, alone_on_views, note_running, remote_bus
from gateway.installation.custody import FileCustody
from gateway.installation.folder import Installation
from keys.checkpoint import origin_of
from keys.signing import SignatureKeys, SignatureKind
from keys.stored_record import Kept
from keys.vault import Vault
from projections.engine import Engine
from projections.queries import Queries

LEAST_FREE_BYTES = 64 * 1024 * 1024
LEAST_ROOM_BYTES = 2 * MAX_RECORD_BYTES  # of what a bus with a limit of its own may still store
TICK_SECONDS = 1.0
ALREADY = Unavailable("hub-running", "another hub uses this folder: end it first")


@dataclass
class HubRuntime:
    """Everything of one running hub. ``close`` ends what was started here, and nothing else."""

    installation: Installation
    bus: EmbeddedServer | None
    recorder: JetStreamApplicationRecorder
    store: Store
    views: Engine
    follower: Views
    hub: Hub
    app: FastAPI
    logbook: LogKeeper
    witnesses: Witnesses
    timestamps: TimeStamps
    _parts: ExitStack

    def close(self) -> None:
        """Stop in the reverse order of the start. Safe to call twice."""
        self._parts.close()


def start_hub(
    installation: Installation, *, at: datetime | None = None, views_beside: bool = False
) -> HubRuntime:
    """Open the folder, start (or reach) the bus, bring the views up to date and make the hub ready.

    ``at``: where a rehearsal's clock stands at first; it is never earlier than the last record.
    ``views_beside``: a process of their own keeps the views up, else a thread of this one.
    Raises Unavailable, Untrusted or Broken with what is wrong; nothing is then left running.
    """
    secrets = installation.hub_secrets()
    genesis = installation.genesis
    log = SignatureKeys.from_seeds(SignatureKind.LOG, secrets["log"])
    if log.public != genesis.log:
        raise Broken("log-key", "the keystore's log key is not the one of the genesis")
    with ExitStack() as parts:
        parts.enter_context(alone_on(installation.hub_folder / "lock", ALREADY))
        views_alone = parts.enter_context(ExitStack())
        views_alone.enter_context(alone_on_views(installation))
        custody = FileCustody(installation, secrets)
        vault = Vault.open(installation.hub_folder / "vault.db", custody)
        parts.callback(vault.close)
        bus, settings = _bus(installation, secrets["bus"], genesis.stream, parts)
        recorder = connect(settings)
        parts.callback(recorder.close)
        items = ItemStore(settings)
        parts.callback(items.close)
        store = Store(
            recorder, items, vault, hub=installation.hub, prefix=settings.prefix, audit=genesis.audit_kem
        )
        if store.head() == 0:
            if (
                vault.status_ck(genesis.log_id, 1) != "never"
                and (installation.hub_folder / "views.db").exists()
            ):
                raise Broken(
                    "record-lost", "the stream is empty, but this hub has recorded: restore its backup"
                )
            _found(store, installation, at or RealClock().now())
        views = engine_over(store, installation.hub_folder / "views.db")
        parts.callback(views.close)
        views.start()
        last = _last_at(store, catch_up(views, store))
        clock: Clock = RealClock()
        if installation.rehearsal:
            clock = SetClock(last if at is None else max(at, last), installation.hub_folder / "clock")
        logbook = LogKeeper(
            store, installation.hub_folder / "log", log, origin_of(installation.hub, genesis.mode), clock.now
        )
        shredder = Shredder(
            vault,
            custody,
            installation.hub_folder,
            logged=lambda: logbook.wait_for(store.head()),
            tags=store.tags,
        )
        shredder.check(views.register.generation)
        hub = Hub(
            store=store,
            genesis=genesis,
            hub=installation.hub,
            log=log,
            clock=clock,
            register=views.register,
            head=views.position,
            deadlines=Queries(views.reader).deadlines(),
            shredder=shredder,
            offer=logbook.offer,
        )
        parts.callback(hub.close)
        parts.callback(logbook.close)
        with suppress(Unavailable):
            logbook.start()
        witnesses = Witnesses(logbook, known_witnesses(installation.hub_folder))
        parts.callback(witnesses.close)
        witnesses.start()
        timestamps = TimeStamps(
            logbook, installation.hub_folder / "log", time_settings(installation.hub_folder)
        )
        parts.callback(timestamps.close)
        timestamps.start()
        hub.make_good()
        if views_beside:
            views_alone.close()  # from here on the lock is the other process's
        follower: Views = _beside(installation, views, store) if views_beside else Follower(views, store)
        parts.callback(follower.stop)
        if not installation.rehearsal:
            ended = Event()
            ticker = Thread(target=_tick, args=(hub, ended), name="clock", daemon=True)
            ticker.start()
            parts.callback(ticker.join, 5)
            parts.callback(ended.set)
        app = hub_app(
            hub,
            Questions(hub, follower),
            genesis=installation.genesis_frame.encode(),
            health=lambda: _health(
                installation, bus, recorder, follower, hub, logbook, witnesses, timestamps
            ),
            logbook=logbook,
            witnesses=witnesses,
            timestamps=timestamps,
            put_item=store.put_item,
            rehearsal_token=installation.clock_token,
        )
        return HubRuntime(
            installation,
            bus,
            recorder,
            store,
            views,
            follower,
            hub,
            app,
            logbook,
            witnesses,
            timestamps,
            parts.pop_all(),
        )


def _last_at(store: Store, head: int) -> datetime:
    """When the last record was made that can be read (the genesis always can)."""
    for position in range(head, 0, -1):
        [kept] = store.seen(position, 1)
        if isinstance(kept, Kept):
            return kept.record.at
    raise Broken("record-lost", "the stream is empty, but this hub has recorded: restore its backup")


def _beside(installation: Installation, views: Engine, store: Store) -> Views:
    command = [sys.executable, "-m", "gateway.hub.projecting", str(installation.folder.absolute())]
    return Beside(Queries(views.reader), store, command, installation.passphrase.hex().encode() + b"\n")


def _bus(
    installation: Installation, key: bytes, stream: str, parts: ExitStack
) -> tuple[EmbeddedServer | None, BusSettings]:
    """The embedded server of this folder, or the remote one that an operator named."""
    remote = remote_bus(installation)
    if remote is not None:
        return None, remote
    bus = EmbeddedServer(installation.hub_folder / "bus", store_key=key, stream=stream).start()
    parts.callback(bus.stop)
    settings = bus.hub_settings()
    note = note_running(installation, settings)
    parts.callback(note.unlink, missing_ok=True)
    return bus, settings


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
        except (Unavailable, Conflict):
            continue  # the bus is away, or somebody was faster: what is due is asked for at the next tick


def _health(
    installation: Installation,
    bus: EmbeddedServer | None,
    recorder: JetStreamApplicationRecorder,
    follower: Views,
    hub: Hub,
    logbook: LogKeeper,
    witnesses: Witnesses,
    timestamps: TimeStamps,
) -> dict[str, Any]:
    """What the hub can say of itself (I9): red while it could not record."""
    problems: list[str] = []
    found = recorder.check()
    problems += [f"bus: {flaw}" for flaw in (*found.flaws, *([found.trouble] if found.trouble else []))]
    if not found.connected:
        problems.append("bus: away")
    free = shutil.disk_usage(installation.folder).free
    if free < LEAST_FREE_BYTES or (found.room_bytes is not None and found.room_bytes < LEAST_ROOM_BYTES):
        problems.append("disk: full")
    if not follower.alive:
        problems.append("views: not following")
    parked = follower.queries.head().parked
    return {
        "ready": not problems,
        "mode": installation.mode,
        "hub": installation.hub.hex(),
        "problems": problems,
        "views": follower.position,
        "parked": [view for view, _, _ in parked],
        "alarms": [
            *(f"view {view} stands still since record {at} ({why})" for view, at, why in parked),
            *(f"witness {name} has not cosigned ({why})" for name, why in witnesses.silent.items()),
            *([f"the log's head has no time token ({timestamps.trouble})"] if timestamps.trouble else []),
            *(
                [f"the log has not signed yet what was recorded: {logbook.trouble}"]
                if logbook.trouble
                else []
            ),
            *([f"the log signs nothing any more: {logbook.problem}"] if logbook.problem else []),
            *(f"keys of case {case} are not destroyed ({why})" for case, why in hub.undestroyed.items()),
            *(
                [
                    f"mandate {hub.register.mandate} of the audit office is over: let the registry begin the next"
                ]
                if hub.register.mandate_over(hub.clock.now())
                else []
            ),
        ],
        "disk_free_bytes": free,
        "bus": None if bus is None else bus.version,
    }
