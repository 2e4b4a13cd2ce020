"""One hub over one stream: a command's way from its arrival to its answer, as drawn in ``gateway/hub/__init__.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from adapters.store import Store
from domain.addressing import is_informed, item_recipients, may_ask_recipients
from domain.decide import rewrapper
from domain.dry_run import dry_run
from domain.errors import Conflict, NotFound, Unavailable
from domain.events import CaseMessage, Event, Item, Kind
from domain.record import About, Command
from domain.register import Agency, Register
from domain.visibility import pending_keys
from domain.world import World, other_case_named_in
from gateway.hub.admission import Admission, VerifiedCommand
from gateway.hub.clock import Clock
from gateway.hub.concerns import Concerns
from gateway.hub.decision import Deciding, DeferredAnswer
from gateway.hub.executor import Executor
from gateway.hub.memory import WorldCache
from gateway.hub.queue import CommandQueue, QueuedCommand
from gateway.hub.recording import PendingRecord, Recording
from gateway.hub.release import Answer, ItemRelease, Releasing
from gateway.hub.shredding import Shredder
from gateway.hub.timers import Timers
from keys.genesis import Genesis
from keys.leaf import Leaf
from keys.receipt import MAX_NOTES
from keys.signing import SignatureKeys

MAX_ATTEMPTS = 5
VERSION_CONFLICT_CODES = ("version-exists", "head-moved")

HubCommand = QueuedCommand[Answer, VerifiedCommand]
Recorded = tuple[HubCommand, PendingRecord, Leaf]


class Hub:
    """Takes commands and answers them. Its methods may be called from any thread; ``close`` when done."""

    def __init__(
        self,
        *,
        store: Store,
        genesis: Genesis,
        hub: bytes,
        log: SignatureKeys,
        clock: Clock,
        executor: Executor,
        register: Register,
        head: int,
        deadlines: Mapping[UUID, datetime] | None = None,
        shredder: Shredder | None = None,
        offer_leaf: Callable[[Leaf], None] = lambda _: None,
        may_name_item: Callable[[bytes], bool] | None = None,
        cached_cases: int | None = None,
    ) -> None:
        """``register``: as it was at the position ``head`` of the stream; ``deadlines``: of each case in which a
        clock runs, when the next one runs out. Without a ``shredder`` nothing is destroyed. ``may_name_item``: whether a
        new command may name this uploaded item (by default every one that is stored). ``cached_cases``: how many cases
        stay in memory (None: ``memory.CACHED_CASES``)."""
        self.genesis = genesis
        self.id = hub
        self.clock = clock
        self._world_cache = WorldCache(store, register, deadlines, cached_cases)
        self.admission = Admission(
            genesis=genesis, hub=hub, register=lambda: self._world_cache.register, clock=clock
        )
        self.releasing = Releasing(store, hub, genesis.mode, log)
        self._recording = Recording(store, self._world_cache, head, offer_leaf)
        self._deciding = Deciding(
            self._world_cache,
            store,
            self.admission,
            self._recording,
            self.releasing,
            clock,
            may_name_item or store.has_item,
        )
        self._timers = Timers(clock, self._world_cache, self._recording, shredder, genesis.log_id)
        self._executor = executor
        self._command_queue: CommandQueue[Answer, VerifiedCommand] = CommandQueue(
            self.admission.parse_and_verify, self._process_batch, max_batch=MAX_NOTES, executor=executor
        )

    # --- any thread ------------------------------------------------------------------------------------------

    @property
    def register(self) -> Register:
        """The register as it is now."""
        return self._world_cache.register

    @property
    def failed_destructions(self) -> Mapping[UUID, str]:
        """Cases whose keys could not be destroyed, with the error code; tried again at the next start."""
        return self._timers.failed_destructions

    @property
    def concerns(self) -> Concerns:
        """Up to which record each agency's feed has to be."""
        return self._recording.concerns

    def submit(self, data: bytes) -> Future[Answer]:
        """One request (KHQ1); its answer comes when it is durable. Where nothing was recorded the future raises
        Malformed, Untrusted, Refused, NotFound, Conflict or Unavailable."""
        return self._command_queue.put(data)

    def handle(self, data: bytes) -> Answer:
        """Answer one request. Raises what the future of ``submit`` raises."""
        return self._executor.wait(self.submit(data))

    def tick(self) -> int:
        """Record what has fallen due by now. Returns how many events; raises Unavailable."""
        if not self._world_cache.is_due(self.clock.now()):
            return 0
        return self._command_queue.run_exclusive(self._timers.record_due_events)

    def set_clock(self, at: datetime) -> int:
        """Move a rehearsal's clock; what falls due until then is recorded first. Returns how many events."""
        return self._command_queue.run_exclusive(partial(self._timers.set_clock, at))

    def resume_pending_destruction(self) -> int:
        """Record what was destroyed when the hub ended before it could record it. Returns how many events."""
        return self._command_queue.run_exclusive(self._timers.resume_pending_destruction)

    def close(self) -> None:
        """Answer what is under way, and end. Safe to call twice."""
        self._command_queue.close()

    def world_of(self, case: UUID) -> World:
        """A case as it is now, with the register. Raises NotFound."""
        return self._world_cache.world(About(Kind.CASE, case))

    def recipients_for(self, command: Command) -> list[tuple[Item, list[Agency]]]:
        """For whom the items of this command must be wrapped, with their keys in force. Raises NotFound."""
        world = self._world_cache.world(command.about)
        if not isinstance(command.proposed_event, CaseMessage) or not may_ask_recipients(world, command):
            raise NotFound("not-found")
        readers_of_items = item_recipients(world, command)
        agencies = world.register.agencies
        if any(a not in agencies or agencies[a].revoked for _, readers in readers_of_items for a in readers):
            raise NotFound("addressee-not-found")
        return [(item, [agencies[a] for a in sorted(readers)]) for item, readers in readers_of_items]

    def dry_run(self, command: Command) -> Event:
        """The event that would answer this command about a case, by its state of this moment; nothing is recorded.
        Raises NotFound, Refused."""
        world = self._deciding.with_other_case(self._world_cache.world(command.about), command)
        return dry_run(world, command, now=self.clock.now())

    def duties(self, case: UUID, by: UUID) -> list[dict[str, str]]:
        """The wrapped keys that this agency's door has to make: for readers whose standing access began later, and
        for the audit office. Raises NotFound."""
        world = self.world_of(case)
        if not is_informed(world, by):
            raise NotFound("not-found")
        tasks = []
        for message, item, reader in pending_keys(world.register, world.case, rule_book=world.rule_book):
            keyset = self.admission.key_set_of(reader)
            if rewrapper(world, message) == by and keyset is not None:
                tasks.append(
                    {
                        "message": str(message.id),
                        "item": str(item.item),
                        "section": item.section.value,
                        "to": str(reader),
                        "keyset": keyset.hex(),
                    }
                )
        return tasks

    # --- the deciding lane -------------------------------------------------------------------------------------

    def _process_batch(self, batch: list[HubCommand]) -> list[HubCommand]:
        """Decide, append and answer together the commands that can't affect each other.

        Returns those to be decided again: after a version conflict, or because they come after another of the batch.
        """
        self._timers.record_due_events()
        this_batch, next_batch = _partition(batch)
        pending: list[tuple[HubCommand, PendingRecord]] = []
        for command in this_batch:
            decision = self._decide(command)
            if isinstance(decision, PendingRecord):
                pending.append((command, decision))
        return self._append(pending) + next_batch

    def _decide(self, command: HubCommand) -> PendingRecord | None:
        """What is to be recorded; None where the command is answered without a record."""
        try:
            decision = self._deciding.decide(_verified(command))
        except Exception as error:
            command.fail(error)
            return None
        if isinstance(decision, PendingRecord):
            return decision
        self._command_queue.respond(partial(_answer_deferred, command, decision))
        return None

    def _append(self, pending: list[tuple[HubCommand, PendingRecord]]) -> list[HubCommand]:
        """Append what was decided and have it answered. Returns the commands that another writer was faster than."""
        to_retry: list[HubCommand] = []
        recorded: list[Recorded] = []
        outcomes = self._recording.append_batch([pending_record for _, pending_record in pending])
        for (command, pending_record), outcome in zip(pending, outcomes, strict=True):
            if isinstance(outcome, Leaf):
                recorded.append((command, pending_record, outcome))
            elif not _is_version_conflict(outcome):
                command.fail(outcome)
            elif command.attempts + 1 < MAX_ATTEMPTS:
                command.attempts += 1
                to_retry.append(command)
            else:
                command.fail(Unavailable("repeated-conflict"))
        if recorded:
            self._command_queue.respond(partial(self._answer_recorded, recorded))
        return to_retry

    # --- the response lanes --------------------------------------------------------------------------------------

    def _answer_recorded(self, recorded: list[Recorded]) -> None:
        """Answer what is durable: receipts, and what an opening releases."""
        try:
            receipts = self.releasing.receipts([(one.record, leaf) for _, one, leaf in recorded])
        except Exception as error:
            for command, _, _ in recorded:
                command.fail(error)
            return
        for (command, pending_record, _), receipt in zip(recorded, receipts, strict=True):
            answer = Answer(pending_record.record.event, receipt)
            if pending_record.release is None:
                command.complete(answer)
            else:  # the opening is durable: only now may the wrapped key leave (I2)
                release = partial(self._released, answer, pending_record, pending_record.release)
                self._command_queue.respond(partial(_answer_deferred, command, release))

    def _released(self, answer: Answer, recorded: PendingRecord, release: ItemRelease) -> Answer:
        return replace(
            answer, release=self.releasing.build_release(recorded.world, recorded.record.by, release)
        )


def _partition(batch: list[HubCommand]) -> tuple[list[HubCommand], list[HubCommand]]:
    """The commands to be decided together now, and those that come after them.

    Together: at most one command of each case, also of one that a command only looks at. A command that changes the
    register is decided alone.
    """
    this_batch: list[HubCommand] = []
    next_batch: list[HubCommand] = []
    cases: set[UUID] = set()
    for n, command in enumerate(batch):
        parsed = _verified(command).command
        about, other = parsed.about, other_case_named_in(parsed.proposed_event)
        if about.kind is not Kind.CASE:
            if this_batch or next_batch:
                return this_batch, next_batch + batch[n:]
            return [command], batch[1:]
        touched = {about.id} if other is None else {about.id, other}
        (this_batch if cases.isdisjoint(touched) else next_batch).append(command)
        cases |= touched
    return this_batch, next_batch


def _verified(command: HubCommand) -> VerifiedCommand:
    assert command.parsed is not None
    return command.parsed


def _is_version_conflict(error: Exception) -> bool:
    """Another record was appended first: the command is decided again on it."""
    return isinstance(error, Conflict) and error.error_code in VERSION_CONFLICT_CODES


def _answer_deferred(command: HubCommand, deferred: DeferredAnswer) -> None:
    try:
        command.complete(deferred())
    except Exception as error:
        command.fail(error)
