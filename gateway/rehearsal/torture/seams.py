"""kill -9 of the hub at every step of an opening, with the log on; what reached the line is held against the record."""

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

from domain.errors import Broken, ExchangeError, NotThere, Unavailable
from domain.events import SectionOpened
from gateway.agency.inclusion import Proving
from gateway.installation.archive import open_archive
from gateway.installation.folder import Installation, make_installation
from gateway.rehearsal.torture.line import PIECE
from gateway.rehearsal.torture.process import free_port
from gateway.rehearsal.torture.round import Round
from gateway.rehearsal.torture.stepped import NEVER, SteppedHub
from gateway.rehearsal.torture.traffic import START, Traffic, traffic
from keys.checkpoint import origin_of, verify_checkpoint
from keys.proofs import Head, entry_hash
from keys.request import parse_request

RELEASED = b'"release":{'
AGAIN = 0.3  # how often it is killed at its start, too
LOST = 0.15  # how often the log's tiles are lost before it
RESTART_STEPS = 400
RECORDS = 3  # of a family told of, an item opened and received
PATIENCE = 120.0


class Tap:
    """A line to the hub that notes for which asks a wrap came over it, wholly or in part."""

    def __init__(self, port: int) -> None:
        self.released: set[UUID] = set()
        self._to = port
        self._lock = Lock()  # owns released
        self._ended = Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads: list[Thread] = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._ended.set()
        with suppress(OSError):
            socket.create_connection(self._listening.getsockname()).close()
        for thread in self._threads:
            thread.join(5)
        self._listening.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            near, _ = self._listening.accept()
            thread = Thread(target=self._carry, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, near: socket.socket) -> None:
        """Whole requests one way; the other way every byte that comes, noted before it goes on."""
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as far:
            near.settimeout(0.2)
            far.settimeout(PATIENCE)
            while not self._ended.is_set():
                try:
                    asked = _message(near, b"")
                except TimeoutError:
                    continue
                if not asked:
                    return
                far.sendall(asked)
                answer = b""
                while not _whole(answer):
                    piece = far.recv(PIECE)
                    answer += piece
                    self._note(asked, answer)
                    if not piece:
                        return
                near.sendall(answer)

    def _note(self, asked: bytes, answer: bytes) -> None:
        head, _, body = asked.partition(b"\r\n\r\n")
        if head.startswith(b"POST /v1/wishes") and RELEASED in answer:
            with self._lock:
                self.released.add(parse_request(body).payload.ask_id)


def _message(end: socket.socket, data: bytes) -> bytes:
    """One HTTP message; empty where the other end has gone. Raises TimeoutError where none begins."""
    while not _whole(data):
        try:
            piece = end.recv(PIECE)
        except TimeoutError:
            if not data:
                raise
            continue
        if not piece:
            return b""
        data += piece
    return data


def _whole(data: bytes) -> bool:
    head, found, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    return bool(found) and len(body) >= (int(lengths[0]) if lengths else 0)


class Seams:
    """One hub that is killed again and again, doors at work, and every signed head that was seen."""

    def __init__(
        self, installation: Installation, hub: SteppedHub, people: Traffic, tap: Tap, chance: random.Random
    ) -> None:
        self.killed: Counter[str] = Counter()
        self.lost = 0
        self.heads: set[tuple[int, bytes]] = set()
        self._installation = installation
        self._hub, self._people, self._tap = hub, people, tap
        self._chance = chance
        self._size = 0
        self._failed: list[BaseException] = []

    def steps(self) -> int:
        """How many steps it takes until a family is told of and read of, the log has signed it and the doors have
        their proofs."""
        self._size = self._settled()
        self._hub.ask(NEVER)
        self._work()
        done = self._hub.ask("steps")
        self._hub.ask(0)
        assert done is not None
        return done

    def strike(self, at: int) -> None:
        """The same with a hub that is killed at this step, and may be killed again while it starts."""
        self._hub.ask(at)
        ended = Event()
        keeping = Thread(target=self._keep, args=(ended,))
        keeping.start()
        try:
            self._work()
        finally:
            ended.set()
            keeping.join()
        if self._failed:
            raise self._failed[0]
        if self._hub.ask(0) is None:  # it was killed when all was done
            self._restart()

    def _keep(self, ended: Event) -> None:
        try:
            while not ended.wait(0.02):
                if not self._hub.alive:
                    self._restart()
        except BaseException as error:
            self._failed.append(error)

    def _restart(self) -> None:
        while True:
            self._hub.wait()
            self.killed[self._hub.seam] += 1
            if self._chance.random() < LOST:
                rmtree(self._installation.hub_folder / "log" / "tile", ignore_errors=True)
                self.lost += 1
            at = self._chance.randint(1, RESTART_STEPS) if self._chance.random() < AGAIN else 0
            if self._hub.start(at) and self._hub.ask(0) is not None:
                return

    def _work(self) -> None:
        people = self._people
        people.refer()
        people.read(people.sent[-1])
        self._size += RECORDS
        until = monotonic() + PATIENCE
        while self._seen() < self._size:
            if self._failed or monotonic() > until:
                raise Broken("log-behind", f"{self._size} records, and the log has not signed them")
            sleep(0.02)
        for door in people.doors.values():
            proving = Proving(door)
            while Proving(door).standing().waiting:
                self._patiently(proving.step, until)
            note = door.book.log_head()
            self._note(note)

    def _patiently(self, call: Callable[[], object], until: float) -> None:
        while True:
            try:
                call()
            except Unavailable:
                if self._failed or monotonic() > until:
                    raise
                sleep(0.02)
            else:
                return

    def _seen(self) -> int:
        """The size of the head that is given out now; none is smaller than one that was given out before."""
        client = next(iter(self._people.doors.values())).client
        try:
            size = self._note(client.checkpoint())
        except (Unavailable, NotThere):
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

    def _settled(self) -> int:
        """The size of the log when it does not grow any more."""
        size, since = -1, monotonic()
        while monotonic() < since + 1.0:
            now = self._seen()
            if now != size:
                size, since = now, monotonic()
            sleep(0.05)
        return size

    def judge(self) -> list[str]:
        """What is wrong, seen from outside, of the stopped hub: what ``Traffic.judge`` finds; a wrap that reached
        the line without its recorded opening (I2); a signed head that the stream does not come to."""
        found = self._people.judge()
        with open_archive(self._installation) as archive:
            opened: set[UUID] = set()
            roots: dict[int, bytes] = {}
            tree, position = Head(), 1
            while page := archive.store.read(position, 500):
                opened |= {k.record.ask_id for k in page if isinstance(k.record.fact, SectionOpened)}
                for leaf in archive.store.leaves(position, len(page)):
                    tree.add(entry_hash(leaf.encode()))
                    roots[tree.size] = tree.root
                position += len(page)
        found += [f"released without a recorded opening: {ask}" for ask in self._tap.released - opened]
        found += [
            f"signed, and the stream does not come to it: {n}"
            for n, root in self.heads
            if roots.get(n) != root
        ]
        return found


def seams(folder: Path, count: int, seed: int, told: Callable[[int], None]) -> Round:
    """kill -9 of the hub at every step of telling, opening, logging and proving, and of starting again."""
    chance, made = random.Random(seed), Round("seams", seed)
    installation = make_installation(folder / "seams", mode="rehearsal")
    port = free_port()
    hub, tap = SteppedHub(installation.folder, port, START), Tap(port)
    try:
        hub.start()
        with traffic(installation, tap.url, random.Random(seed + 1)) as people:
            one = Seams(installation, hub, people, tap, chance)
            every = one.steps()
            done = 0
            for _ in range(-(-count // every)):
                # as far apart as may be, so that few strikes see much, too
                order = sorted(range(1, every + 1), key=lambda _: chance.random())
                for at in order[: count - done]:
                    try:
                        one.strike(at)
                    except ExchangeError as error:
                        made.found.append(
                            f"at step {at}, {sum(one.killed.values())} kills: {error}: {error.remedy}"
                        )
                        break
                    done += 1
                    told(done)
            hub.stop()
            made.found += one.judge()
            made.done.update(
                {
                    "killed": one.killed.total(),
                    "different steps": len(one.killed),
                    "steps of one opening": every,
                    "tiles lost": one.lost,
                    "wraps released": len(tap.released),
                    "heads": len(one.heads),
                }
            )
    finally:
        hub.stop()
        tap.close()
    return made
