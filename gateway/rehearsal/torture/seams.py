"""kill -9 of the hub at every step of an opening; what the hub sent is compared with the record."""

from __future__ import annotations

import random
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from threading import Event, Lock, Thread
from time import monotonic, sleep
from uuid import UUID

from domain.errors import ExchangeError, InvariantViolation, NotFound, Unavailable
from domain.events import SectionOpened
from gateway.agency.inclusion import LogProver
from gateway.installation.archive import open_archive
from gateway.installation.folder import Installation
from gateway.rehearsal.torture.faulty_proxy import CHUNK_BYTES
from gateway.rehearsal.torture.process import free_port
from gateway.rehearsal.torture.stepped import NEVER, SteppedHub
from gateway.rehearsal.torture.torture_result import TortureResult
from gateway.rehearsal.torture.traffic import START, Traffic, create_target, traffic
from keys.checkpoint import origin_of, verify_checkpoint
from keys.proofs import RootAccumulator, entry_hash
from keys.request import parse_request

RELEASED = b'"release":{'
RESTART_KILL_SHARE = 0.3  # of restarts that are killed, too
TILE_LOSS_SHARE = 0.15  # of restarts before which the log's tiles are lost
RESTART_STEPS = 400
RECORDS_PER_CYCLE = 3  # referral, opening, receipt
LOG_TIMEOUT_SECONDS = 120.0


class RecordingProxy:
    """A proxy to the hub that notes the commands in whose answer a wrapped key was sent, completely or in part."""

    def __init__(self, port: int) -> None:
        self.released: set[UUID] = set()
        self._target_port = port
        self._lock = Lock()  # owns released
        self._ended = Event()
        self._tap_listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._tap_listener.getsockname()[1]}"
        self._threads: list[Thread] = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._ended.set()
        with suppress(OSError):
            socket.create_connection(self._tap_listener.getsockname()).close()
        for thread in self._threads:
            thread.join(5)
        self._tap_listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            near, _ = self._tap_listener.accept()
            thread = Thread(target=self._relay_recorded, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _relay_recorded(self, near: socket.socket) -> None:
        """Relay complete requests; note every byte of an answer before it is relayed."""
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self._target_port)) as far:
            near.settimeout(0.2)
            far.settimeout(LOG_TIMEOUT_SECONDS)
            while not self._ended.is_set():
                try:
                    request_data = _read_http_message(near, b"")
                except TimeoutError:
                    continue
                if not request_data:
                    return
                far.sendall(request_data)
                answer = b""
                while not _is_complete(answer):
                    chunk = far.recv(CHUNK_BYTES)
                    answer += chunk
                    self._note(request_data, answer)
                    if not chunk:
                        return
                near.sendall(answer)

    def _note(self, request_data: bytes, answer: bytes) -> None:
        head, _, body = request_data.partition(b"\r\n\r\n")
        if head.startswith(b"POST /v1/commands") and RELEASED in answer:
            with self._lock:
                self.released.add(parse_request(body).payload.command_id)


def _read_http_message(end: socket.socket, data: bytes) -> bytes:
    """One HTTP message; empty where the other end closed. Raises TimeoutError where none begins."""
    while not _is_complete(data):
        try:
            chunk = end.recv(CHUNK_BYTES)
        except TimeoutError:
            if not data:
                raise
            continue
        if not chunk:
            return b""
        data += chunk
    return data


def _is_complete(data: bytes) -> bool:
    head, separator, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    return bool(separator) and len(body) >= (int(lengths[0]) if lengths else 0)


class Seams:
    """One hub that is killed repeatedly under load, and every checkpoint that was seen."""

    def __init__(
        self,
        installation: Installation,
        hub: SteppedHub,
        workload: Traffic,
        proxy: RecordingProxy,
        rng: random.Random,
    ) -> None:
        self.killed: Counter[str] = Counter()
        self.lost = 0
        self.heads: set[tuple[int, bytes]] = set()
        self._installation = installation
        self._stepped_hub, self._workload, self._proxy = hub, workload, proxy
        self._rng = rng
        self._expected_size = 0
        self._failed: list[BaseException] = []

    def steps(self) -> int:
        """The number of steps until a referral is sent and opened, the log has signed both and the doors have their
        proofs."""
        self._expected_size = self._stable_log_size()
        self._stepped_hub.instruct(NEVER)
        self._run_cycle()
        done = self._stepped_hub.instruct("steps")
        self._stepped_hub.instruct(0)
        assert done is not None
        return done

    def strike(self, at: int) -> None:
        """The same with a hub that is killed at this step, and possibly again while it restarts."""
        self._stepped_hub.instruct(at)
        stop_event = Event()
        restarter = Thread(target=self._restart_when_killed, args=(stop_event,))
        restarter.start()
        try:
            self._run_cycle()
        finally:
            stop_event.set()
            restarter.join()
        if self._failed:
            raise self._failed[0]
        if self._stepped_hub.instruct(0) is None:  # it was killed after the cycle
            self._restart()

    def _restart_when_killed(self, stop_event: Event) -> None:
        try:
            while not stop_event.wait(0.02):
                if not self._stepped_hub.alive:
                    self._restart()
        except BaseException as error:
            self._failed.append(error)

    def _restart(self) -> None:
        while True:
            self._stepped_hub.wait()
            self.killed[self._stepped_hub.seam] += 1
            if self._rng.random() < TILE_LOSS_SHARE:
                rmtree(self._installation.hub_folder / "log" / "tile", ignore_errors=True)
                self.lost += 1
            at = self._rng.randint(1, RESTART_STEPS) if self._rng.random() < RESTART_KILL_SHARE else 0
            if self._stepped_hub.start(at) and self._stepped_hub.instruct(0) is not None:
                return

    def _run_cycle(self) -> None:
        workload = self._workload
        workload.refer()
        workload.read(workload.sent[-1])
        self._expected_size += RECORDS_PER_CYCLE
        until = monotonic() + LOG_TIMEOUT_SECONDS
        while self._checkpoint_size() < self._expected_size:
            if self._failed or monotonic() > until:
                raise InvariantViolation(
                    "log-behind", f"The log has not signed all of {self._expected_size} records."
                )
            sleep(0.02)
        for door in workload.doors.values():
            log_prover = LogProver(door)
            while LogProver(door).log_status().waiting:
                self._retry_while_unavailable(log_prover.prove_batch, until)
            note = door.store.log_head()
            self._note(note)

    def _retry_while_unavailable(self, call: Callable[[], object], until: float) -> None:
        while True:
            try:
                call()
            except Unavailable:
                if self._failed or monotonic() > until:
                    raise
                sleep(0.02)
            else:
                return

    def _checkpoint_size(self) -> int:
        """The size of the current checkpoint, which is noted; 0 where there is none."""
        client = next(iter(self._workload.doors.values())).client
        try:
            size = self._note(client.checkpoint())
        except (Unavailable, NotFound):
            return 0
        return size

    def _note(self, note: bytes | None) -> int:
        if note is None:
            return 0
        genesis = self._installation.genesis
        origin = origin_of(self._installation.hub, genesis.mode)
        head, _ = verify_checkpoint(note, origin, genesis.log)
        self.heads.add((head.size, head.root))
        return head.size

    def _stable_log_size(self) -> int:
        """The size of the log when it has stopped growing."""
        size, since = -1, monotonic()
        while monotonic() < since + 1.0:
            now = self._checkpoint_size()
            if now != size:
                size, since = now, monotonic()
            sleep(0.05)
        return size

    def check_invariants(self) -> list[str]:
        """The faults of the stopped hub, seen from outside: those of ``Traffic.check_invariants``; a wrapped key that was
        sent without its recorded opening (I2); a checkpoint that does not match the stream."""
        faults = self._workload.check_invariants()
        with open_archive(self._installation) as archive:
            opened: set[UUID] = set()
            roots: dict[int, bytes] = {}
            tree, position = RootAccumulator(), 1
            while page := archive.store.read(position, 500):
                opened |= {k.record.command_id for k in page if isinstance(k.record.event, SectionOpened)}
                for leaf in archive.store.leaves(position, len(page)):
                    tree.add(entry_hash(leaf.encode()))
                    roots[tree.size] = tree.root
                position += len(page)
        faults += [
            f"released without a recorded opening: {command_id}"
            for command_id in self._proxy.released - opened
        ]
        faults += [
            f"checkpoint does not match the stream: {n}" for n, root in self.heads if roots.get(n) != root
        ]
        return faults


def seams(folder: Path, count: int, seed: int, report_progress: Callable[[int], None]) -> TortureResult:
    """kill -9 of the hub at every step of sending, opening, logging, proving and restarting."""
    rng, result = random.Random(seed), TortureResult("seams", seed)
    installation = create_target(folder, "seams")
    port = free_port()
    hub, proxy = SteppedHub(installation.folder, port, START), RecordingProxy(port)
    try:
        hub.start()
        with traffic(installation, proxy.url, random.Random(seed + 1)) as workload:
            cycle = Seams(installation, hub, workload, proxy, rng)
            step_count = cycle.steps()
            done = 0
            for _ in range(-(-count // step_count)):
                # in random order, so that a few kills cover much, too
                order = sorted(range(1, step_count + 1), key=lambda _: rng.random())
                for at in order[: count - done]:
                    try:
                        cycle.strike(at)
                    except ExchangeError as error:
                        result.faults.append(
                            f"at step {at}, {sum(cycle.killed.values())} kills: {error}: {error.remedy}"
                        )
                        break
                    done += 1
                    report_progress(done)
            hub.stop()
            result.faults += cycle.check_invariants()
            result.done.update(
                {
                    "killed": cycle.killed.total(),
                    "different steps": len(cycle.killed),
                    "steps of one opening": step_count,
                    "tiles lost": cycle.lost,
                    "wrapped keys released": len(proxy.released),
                    "heads": len(cycle.heads),
                }
            )
    finally:
        hub.stop()
        proxy.close()
    return result
