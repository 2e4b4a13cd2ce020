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
from domain import editions
from domain.errors import Conflict, InvariantViolation, Unavailable
from domain.events import HubFounded, Kind
from domain.record import REGISTRARS, About, Record
from gateway.hub.app import hub_app
from gateway.hub.clock import Clock, RealClock, SetClock
from gateway.hub.log import LogKeeper
from gateway.hub.queries import SignedQueries
from gateway.hub.read_models import ReadModels, SubprocessProjector, ThreadProjector, catch_up, open_engine
from gateway.hub.service import Hub
from gateway.hub.shredding import Shredder
from gateway.hub.timestamps import TimeStamps, time_settings
from gateway.hub.witnesses import Witnesses, known_witnesses
from gateway.installation.archive import (
    exclusive_lock_file,
    exclusive_read_models,
    remote_bus_settings,
    write_running_file,
)
from gateway.installation.custody import FileCustody
from gateway.installation.folder import Installation
from keys.checkpoint import origin_of
from keys.signing import SignatureKeys, SignatureKind
from keys.stored_record import StoredRecord, UnreadableRecord
from keys.vault import Vault
from projections.engine import Engine
from projections.queries import Queries

MIN_FREE_BYTES = 64 * 1024 * 1024
MIN_STREAM_ROOM_BYTES = 2 * MAX_RECORD_BYTES  # of what a bus with a limit of its own may still store
TICK_SECONDS = 1.0
HUB_ALREADY_RUNNING = Unavailable("hub-running")


@dataclass
class HubRuntime:
    """Everything of one running hub. ``close`` ends what was started here, and nothing else."""

    installation: Installation
    bus: EmbeddedServer | None
    recorder: JetStreamApplicationRecorder
    store: Store
    read_models: Engine
    projector: ReadModels
    hub: Hub
    app: FastAPI
    log_keeper: LogKeeper
    witnesses: Witnesses
    timestamps: TimeStamps
    _resources: ExitStack

    def close(self) -> None:
        """Stop in the reverse order of the start. Safe to call twice."""
        self._resources.close()


def start_hub(
    installation: Installation, *, at: datetime | None = None, subprocess_projector: bool = False
) -> HubRuntime:
    """Open the folder, start (or reach) the bus, bring the views up to date and make the hub ready.

    ``at``: where a rehearsal's clock stands at first; it is never earlier than the last record.
    ``subprocess_projector``: a process of their own keeps the views up, else a thread of this one.
    Raises Unavailable, Untrusted or InvariantViolation with what is wrong; nothing is then left running.
    """
    secrets = installation.hub_secrets()
    genesis = installation.genesis
    log = SignatureKeys.from_seeds(SignatureKind.LOG, secrets["log"])
    if log.public != genesis.log:
        raise InvariantViolation("log-key")
    with ExitStack() as resources:
        resources.enter_context(exclusive_lock_file(installation.hub_folder / "lock", HUB_ALREADY_RUNNING))
        read_models_exclusively = resources.enter_context(ExitStack())
        read_models_exclusively.enter_context(exclusive_read_models(installation))
        custody = FileCustody(installation, secrets)
        vault = Vault.open(installation.hub_folder / "vault.db", custody)
        resources.callback(vault.close)
        bus, settings = _start_bus(installation, secrets["bus"], genesis.stream, resources)
        recorder = connect(settings)
        resources.callback(recorder.close)
        items = ItemStore(settings)
        resources.callback(items.close)
        store = Store(
            recorder, items, vault, hub=installation.hub, prefix=settings.prefix, audit=genesis.audit_kem
        )
        if store.head() == 0:
            if (
                vault.status_ck(genesis.log_id, 1) != "never"
                and (installation.hub_folder / "views.db").exists()
            ):
                raise InvariantViolation("record-lost")
            _record_genesis(store, installation, at or RealClock().now())
        read_models = open_engine(store, installation.hub_folder / "views.db")
        resources.callback(read_models.close)
        read_models.start()
        last = _last_at(store, catch_up(read_models, store))
        clock: Clock = RealClock()
        if installation.rehearsal:
            clock = SetClock(last if at is None else max(at, last), installation.hub_folder / "clock")
        log_keeper = LogKeeper(
            store, installation.hub_folder / "log", log, origin_of(installation.hub, genesis.mode), clock.now
        )
        shredder = Shredder(
            vault,
            custody,
            installation.hub_folder,
            wait_until_logged=lambda: log_keeper.wait_for(store.head()),
            tags=store.tags,
        )
        shredder.check(read_models.register.generation)
        hub = Hub(
            store=store,
            genesis=genesis,
            hub=installation.hub,
            log=log,
            clock=clock,
            register=read_models.register,
            head=read_models.position,
            deadlines=Queries(read_models.reader).deadlines(),
            shredder=shredder,
            offer_leaf=log_keeper.offer_leaf,
        )
        resources.callback(hub.close)
        resources.callback(log_keeper.close)
        with suppress(Unavailable):
            log_keeper.start()
        witnesses = Witnesses(log_keeper, known_witnesses(installation.hub_folder))
        resources.callback(witnesses.close)
        witnesses.start()
        timestamps = TimeStamps(
            log_keeper, installation.hub_folder / "log", time_settings(installation.hub_folder)
        )
        resources.callback(timestamps.close)
        timestamps.start()
        hub.resume_pending_destruction()
        if subprocess_projector:
            read_models_exclusively.close()  # from here on the lock is the other process's
        projector: ReadModels = (
            _subprocess_projector(installation, read_models, store)
            if subprocess_projector
            else ThreadProjector(read_models, store)
        )
        resources.callback(projector.stop)
        if not installation.rehearsal:
            stopped = Event()
            ticker = Thread(target=_tick_periodically, args=(hub, stopped), name="clock", daemon=True)
            ticker.start()
            resources.callback(ticker.join, 5)
            resources.callback(stopped.set)
        app = hub_app(
            hub,
            SignedQueries(hub, projector),
            genesis=installation.genesis_frame.encode(),
            health=lambda: _health_report(
                installation, bus, recorder, projector, hub, log_keeper, witnesses, timestamps
            ),
            log_keeper=log_keeper,
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
            read_models,
            projector,
            hub,
            app,
            log_keeper,
            witnesses,
            timestamps,
            resources.pop_all(),
        )


def _last_at(store: Store, head: int) -> datetime:
    """When the last record was made that can be read (the genesis always can).

    Raises Unavailable where it was decided under a newer edition of the rules: this hub would go back to an older one.
    """
    for position in range(head, 0, -1):
        [stored] = store.read_tolerant(position, 1)
        if isinstance(stored, UnreadableRecord) and stored.newer_edition:
            raise Unavailable("newer-record")
        if isinstance(stored, StoredRecord):
            return stored.record.at
    raise InvariantViolation("record-lost")


def _subprocess_projector(installation: Installation, read_models: Engine, store: Store) -> ReadModels:
    argv = [sys.executable, "-m", "gateway.hub.projector_process", str(installation.folder.absolute())]
    return SubprocessProjector(
        Queries(read_models.reader), store, argv, installation.passphrase.hex().encode() + b"\n"
    )


def _start_bus(
    installation: Installation, key: bytes, stream: str, resources: ExitStack
) -> tuple[EmbeddedServer | None, BusSettings]:
    """The embedded server of this folder, or the remote one that an operator named."""
    remote = remote_bus_settings(installation)
    if remote is not None:
        return None, remote
    bus = EmbeddedServer(installation.hub_folder / "bus", store_key=key, stream=stream).start()
    resources.callback(bus.stop)
    settings = bus.hub_settings()
    note = write_running_file(installation, settings)
    resources.callback(note.unlink, missing_ok=True)
    return bus, settings


def _record_genesis(store: Store, installation: Installation, at: datetime) -> None:
    """Record 1: the genesis, whose frame's digest is the hub's id. Source: KH-1 §2."""
    genesis = installation.genesis
    frame = installation.genesis_frame
    about = About(Kind.LOG, genesis.log_id)
    record = Record(
        originator=about,
        version=1,
        at=at,
        about=about,
        by=REGISTRARS,
        actor="",
        command_id=genesis.log_id,
        frame=frame.digest,
        rests_on=(),
        rules=0,
        edition=editions.CURRENT_EDITION,
        event=HubFounded(mode=genesis.mode),
    )
    store.append(record, Evidence(frame=frame.encode()))


def _tick_periodically(hub: Hub, stopped: Event) -> None:
    """The clock process: asks for what has fallen due."""
    while not stopped.wait(TICK_SECONDS):
        try:
            hub.tick()
        except (Unavailable, Conflict):
            continue  # the bus is away, or somebody was faster: what is due is asked for at the next tick


def _health_report(
    installation: Installation,
    bus: EmbeddedServer | None,
    recorder: JetStreamApplicationRecorder,
    projector: ReadModels,
    hub: Hub,
    log_keeper: LogKeeper,
    witnesses: Witnesses,
    timestamps: TimeStamps,
) -> dict[str, Any]:
    """What the hub can say of itself (I9): red while it could not record."""
    problems: list[str] = []
    bus_health = recorder.check()
    problems += [
        f"bus: {error_code}"
        for error_code in (*bus_health.mismatches, *([bus_health.trouble] if bus_health.trouble else []))
    ]
    if not bus_health.connected:
        problems.append("bus: away")
    free = shutil.disk_usage(installation.folder).free
    if free < MIN_FREE_BYTES or (
        bus_health.room_bytes is not None and bus_health.room_bytes < MIN_STREAM_ROOM_BYTES
    ):
        problems.append("disk: full")
    if not projector.alive:
        problems.append("views: not following")
    parked = projector.queries.head().parked
    return {
        "ready": not problems,
        "mode": installation.mode,
        "hub": installation.hub.hex(),
        "problems": problems,
        "read_models": projector.position,
        "parked": [projection for projection, _, _ in parked],
        "alarms": [
            *(f"view {projection} stands still since record {at} ({why})" for projection, at, why in parked),
            *(
                f"witness {name} has not cosigned ({why})"
                for name, why in witnesses.missing_cosignatures.items()
            ),
            *([f"the log's head has no time token ({timestamps.trouble})"] if timestamps.trouble else []),
            *(
                [f"the log has not signed yet what was recorded: {log_keeper.trouble}"]
                if log_keeper.trouble
                else []
            ),
            *([f"the log signs nothing any more: {log_keeper.problem}"] if log_keeper.problem else []),
            *(
                f"keys of case {case} are not destroyed ({why})"
                for case, why in hub.failed_destructions.items()
            ),
            *(
                [
                    f"mandate {hub.register.mandate} of the audit office is over: let the registrars begin the next"
                ]
                if hub.register.mandate_over(hub.clock.now())
                else []
            ),
        ],
        "disk_free_bytes": free,
        "bus": None if bus is None else bus.version,
    }
