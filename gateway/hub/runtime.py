"""A hub put together: the one place where bus, vault, store, read models, log and hub are wired.

It is given what it runs on (``Surroundings``): executor, machine clock, bus and projector. A hub makes no ids: those
of commands come from their senders, those of its own acts are computed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime

from adapters.bus import EmbeddedServer, JetStreamApplicationRecorder
from adapters.store import Evidence, Store
from domain import editions
from domain.errors import Conflict, InvariantViolation, Unavailable
from domain.events import HubFounded, Kind
from domain.record import REGISTRARS, About, Record
from gateway.hub.answered_queries import AnsweredQueries
from gateway.hub.app import hub_app
from gateway.hub.clock import Clock, SetClock
from gateway.hub.executor import Executor
from gateway.hub.health import HubHealth
from gateway.hub.hub import Hub
from gateway.hub.log import LogKeeper
from gateway.hub.queries import SignedQueries
from gateway.hub.read_models import (
    FollowingProjector,
    ReadModels,
    SubprocessProjector,
    catch_up,
    open_engine,
)
from gateway.hub.real import RealClock, ThreadExecutor
from gateway.hub.shredding import Shredder
from gateway.hub.timestamps import TimeStamps, time_settings
from gateway.hub.transport import Transport, open_bus
from gateway.hub.uploads import FIRST_SWEEP_SECONDS, Uploads
from gateway.hub.witnesses import Witnesses, known_witnesses
from gateway.installation import dry_run_counts
from gateway.installation.archive import exclusive_lock_file, exclusive_read_models, was_founded
from gateway.installation.custody import FileCustody
from gateway.installation.dry_run_counts import DryRunCounts
from gateway.installation.folder import Installation
from gateway.protocol.application import Application
from keys.checkpoint import origin_of
from keys.signing import SignatureKeys, SignatureKind
from keys.stored_record import StoredRecord, UnreadableRecord
from keys.vault import Vault
from projections.engine import Engine
from projections.queries import Queries

TICK_SECONDS = 1.0
SHUTDOWN_SECONDS = 5.0
HUB_ALREADY_RUNNING = Unavailable("hub-running")


ProjectorFactory = Callable[[Engine, Store, Executor], ReadModels]


@dataclass(frozen=True)
class Surroundings:
    """What a hub is given to run on. ``machine_clock``: a real hub's clock, and the one by which time tokens are
    asked for; a rehearsal hub has a set clock. ``projector``: what keeps the read models up. ``cached_cases``: how many
    cases stay in memory (None: as many as a hub keeps)."""

    executor: Executor
    machine_clock: Clock
    open_bus: Callable[[Installation, ExitStack], Transport] = open_bus
    projector: ProjectorFactory = FollowingProjector
    cached_cases: int | None = None


@dataclass
class HubRuntime:
    """All parts of one running hub. ``close`` ends what was started here, and nothing else."""

    installation: Installation
    bus: EmbeddedServer | None
    recorder: JetStreamApplicationRecorder
    store: Store
    read_models: Engine
    projector: ReadModels
    hub: Hub
    app: Application
    log_keeper: LogKeeper
    witnesses: Witnesses
    timestamps: TimeStamps
    _resources: ExitStack

    def close(self) -> None:
        """Stop in the reverse order of the start. Safe to call twice."""
        self._resources.close()


def start_hub(
    installation: Installation,
    *,
    at: datetime | None = None,
    subprocess_projector: bool = False,
    surroundings: Surroundings | None = None,
) -> HubRuntime:
    """Open the folder, start (or reach) the bus, bring the read models up to date and make the hub ready.

    ``at``: the first time of a rehearsal's clock; it is never earlier than the last record.
    ``subprocess_projector``: keep the read models up in a process of their own, not as ``surroundings`` say.
    Raises Unavailable, Untrusted or InvariantViolation with what is wrong; nothing is then left running.
    """
    given = surroundings or Surroundings(ThreadExecutor(), RealClock())
    with ExitStack() as resources:
        resources.enter_context(exclusive_lock_file(installation.hub_folder / "lock", HUB_ALREADY_RUNNING))
        read_models_lock = resources.enter_context(ExitStack())
        read_models_lock.enter_context(exclusive_read_models(installation))
        parts = _Parts(installation, given, resources)
        clock = parts.open_record(at)
        parts.start_log(clock)
        hub = parts.build_hub(clock)
        parts.start_signing(hub)
        parts.start_sweeping()
        hub.resume_pending_destruction()
        if subprocess_projector:
            read_models_lock.close()  # the other process takes the lock
            projector = _subprocess_projector(installation, parts.read_models, parts.store, given.executor)
        else:
            projector = given.projector(parts.read_models, parts.store, given.executor)
        resources.callback(projector.stop)
        if not installation.rehearsal:
            ticking = given.executor.repeat("clock", TICK_SECONDS, lambda: _tick(hub))
            resources.callback(ticking.stop, SHUTDOWN_SECONDS)
        return parts.runtime(hub, projector)


class _Parts:
    """The parts of a hub while it is put together, in this order. ``resources`` close them in the reverse order."""

    def __init__(self, installation: Installation, given: Surroundings, resources: ExitStack) -> None:
        self.installation, self.given, self.resources = installation, given, resources
        secrets = installation.hub_secrets()
        self.log_keys = SignatureKeys.from_seeds(SignatureKind.LOG, secrets["log"])
        if self.log_keys.public != installation.genesis.log:
            raise InvariantViolation("log-key")
        self.custody = FileCustody(installation, secrets)

    def open_record(self, at: datetime | None) -> Clock:
        """Vault, bus, store and read models, with all that is recorded applied. Returns the hub's clock."""
        installation, genesis = self.installation, self.installation.genesis
        self.vault = Vault.open(installation.hub_folder / "vault.db", self.custody)
        self.resources.callback(self.vault.close)
        self.transport = self.given.open_bus(installation, self.resources)
        self.store = Store(
            self.transport.recorder,
            self.transport.items,
            self.vault,
            hub=installation.hub,
            prefix=self.transport.prefix,
            audit=genesis.audit_kem,
        )
        views = installation.hub_folder / "read_models.db"
        if self.store.head() == 0:
            if was_founded(installation):
                raise _record_lost()
            _record_genesis(self.store, installation, at or self.given.machine_clock.now())
        self.read_models = open_engine(self.store, views)
        self.resources.callback(self.read_models.close)
        self.read_models.start()
        last_at = _last_at(self.store, catch_up(self.read_models, self.store))
        if not installation.rehearsal:
            return self.given.machine_clock
        return SetClock(last_at if at is None else max(at, last_at), installation.hub_folder / "clock")

    def start_log(self, clock: Clock) -> None:
        """The log, and the witnesses and time tokens of its heads; nothing is signed yet."""
        installation, executor = self.installation, self.given.executor
        folder = installation.hub_folder
        origin = origin_of(installation.hub, installation.genesis.mode)
        self.log_keeper = LogKeeper(self.store, folder / "log", self.log_keys, origin, clock.now, executor)
        self.witnesses = Witnesses(self.log_keeper, known_witnesses(folder), executor)
        self.timestamps = TimeStamps(
            self.log_keeper, folder / "log", time_settings(folder), executor, self.given.machine_clock
        )

    def build_hub(self, clock: Clock) -> Hub:
        """The hub with its lanes. Raises InvariantViolation where the vault is not of this record."""
        folder, clock_of_machine = self.installation.hub_folder, self.given.machine_clock
        self.uploads = Uploads(folder / "uploads.db", self.store, clock_of_machine)
        self.resources.callback(self.uploads.close)
        shredder = Shredder(
            self.vault,
            self.custody,
            self.installation.hub_folder,
            wait_until_logged=lambda: self.log_keeper.wait_for(self.store.head()),
            tags=self.store.tags,
        )
        shredder.check(self.read_models.register.generation)
        hub = Hub(
            store=self.store,
            genesis=self.installation.genesis,
            hub=self.installation.hub,
            log=self.log_keys,
            clock=clock,
            executor=self.given.executor,
            register=self.read_models.register,
            head=self.read_models.position,
            deadlines=Queries(self.read_models.reader).deadlines(),
            shredder=shredder,
            offer_leaf=self.log_keeper.offer_leaf,
            may_name_item=self.uploads.may_be_named,
            cached_cases=self.given.cached_cases,
        )
        self.resources.callback(hub.close)
        return hub

    def start_sweeping(self) -> None:
        """Delete uploaded items that no command names, from now on at intervals."""
        sweeping = self.given.executor.repeat("item-sweep", FIRST_SWEEP_SECONDS, self.uploads.sweep_step)
        self.resources.callback(sweeping.stop, SHUTDOWN_SECONDS)

    def start_signing(self, hub: Hub) -> None:
        """Sign heads from now on, and ask for cosignatures and time tokens of them."""
        self.resources.callback(self.log_keeper.close)
        self.log_keeper.start()
        self.resources.callback(self.witnesses.close)
        self.witnesses.start()
        self.resources.callback(self.timestamps.close)
        self.timestamps.start()

    def _answered_queries(self) -> AnsweredQueries:
        answered = AnsweredQueries(self.installation.hub_folder / "answered_queries.db")
        self.resources.callback(answered.close)
        return answered

    def _dry_run_counts(self) -> DryRunCounts:
        counts = DryRunCounts(self.installation.hub_folder / dry_run_counts.FILE)
        self.resources.callback(counts.close)
        return counts

    def runtime(self, hub: Hub, projector: ReadModels) -> HubRuntime:
        """The running hub with its HTTP application; from now on ``close`` of the runtime ends the parts."""
        installation, transport = self.installation, self.transport
        health = HubHealth(
            installation.folder,
            transport.server,
            transport.recorder,
            projector,
            hub,
            self.log_keeper,
            self.witnesses,
            self.timestamps,
            self.given.executor,
            self.uploads,
        )
        app = hub_app(
            hub,
            SignedQueries(
                hub,
                projector,
                self._answered_queries(),
                self._dry_run_counts(),
                self.given.machine_clock,
            ),
            genesis=installation.genesis_frame.encode(),
            health=health.report,
            log_keeper=self.log_keeper,
            witnesses=self.witnesses,
            timestamps=self.timestamps,
            uploads=self.uploads,
            rehearsal_token=installation.clock_token,
        )
        return HubRuntime(
            installation,
            transport.server,
            transport.recorder,
            self.store,
            self.read_models,
            projector,
            hub,
            app,
            self.log_keeper,
            self.witnesses,
            self.timestamps,
            self.resources.pop_all(),
        )


def _last_at(store: Store, head: int) -> datetime:
    """The time of the last record that can be read (the genesis always can).

    Raises Unavailable where it was decided under a newer edition of the rules: this hub would go back to an older one.
    """
    for position in range(head, 0, -1):
        page = store.read_tolerant(position, 1)
        if not page:
            break  # the read models are ahead of the stream
        [stored] = page
        if isinstance(stored, UnreadableRecord) and stored.newer_edition:
            raise Unavailable("newer-record")
        if isinstance(stored, StoredRecord):
            return stored.record.at
    raise _record_lost()


def _record_lost() -> InvariantViolation:
    return InvariantViolation("record-lost")


def _subprocess_projector(
    installation: Installation, read_models: Engine, store: Store, executor: Executor
) -> ReadModels:
    argv = [sys.executable, "-m", "gateway.hub.projector_process", str(installation.folder.absolute())]
    stdin_line = installation.keystore.data_key.hex().encode() + b"\n"
    return SubprocessProjector(Queries(read_models.reader), store, argv, stdin_line, executor)


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


def _tick(hub: Hub) -> float:
    """Have the hub record what has fallen due; returns the seconds until the next time."""
    with suppress(Unavailable, Conflict):  # without the bus, or overtaken: asked for again at the next tick
        hub.tick()
    return TICK_SECONDS
