"""The kinds of torture. Each is one round: something is broken at random, by seed, and what came of it is judged."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import copytree, rmtree
from threading import Event, Thread
from time import sleep
from urllib.parse import urlsplit

from adapters.bus import EmbeddedServer
from domain.errors import ExchangeError, Unavailable
from gateway.audit.verification import Verifier
from gateway.hub.read_models import source_of
from gateway.hub.runtime import LEAST_FREE_BYTES, start_hub
from gateway.installation.archive import open_archive
from gateway.installation.folder import Installation, make_installation, open_installation
from gateway.installation.founding import register_agencies
from gateway.protocol.serving import Served
from gateway.rehearsal.bench.ground import AGENCIES, CLINIC, CORE
from gateway.rehearsal.torture.line import BadLine
from gateway.rehearsal.torture.process import HubProcess
from gateway.rehearsal.torture.round import Round
from gateway.rehearsal.torture.seams import seams
from gateway.rehearsal.torture.traffic import START, Traffic, traffic
from keys.sealing import new_key
from projections.rebuild import rebuild

Told = Callable[[int], None]
"""Told how many are done."""
SPACING = (0.05, 0.6)  # seconds between two kills
FAMILIES = 5  # in a file
DISK_BYTES = LEAST_FREE_BYTES + (96 << 20)
FULL_PATIENCE = 60.0  # seconds until a hub is ready again when its disk has room


def kill(folder: Path, count: int, seed: int, told: Told) -> Round:
    """kill -9 of hub, nats-server and a sending process at random moments, while people work."""
    chance, made = random.Random(seed), Round("kill", seed)
    installation = make_installation(folder / "kill", mode="rehearsal")

    def strike(hub: HubProcess) -> None:
        for n in range(count):
            sleep(chance.uniform(*SPACING))
            _strike(hub, installation, chance.choice(("hub", "hub", "bus", "sender")), chance, made)
            told(n + 1)

    return _while_people_work(installation, made, strike)


def _while_people_work(installation: Installation, made: Round, wreck: Callable[[HubProcess], None]) -> Round:
    """A hub and its people, what is done to them meanwhile, and the judgement when all is well again."""
    hub = HubProcess(installation, START)
    hub.start()
    try:
        with traffic(installation, hub.url, random.Random(made.seed + 1)) as people:
            ended = Event()
            working = Thread(target=_work, args=(people, ended, made))
            working.start()
            try:
                wreck(hub)
            finally:
                ended.set()
                working.join()
            people.settle()
            made.done["steps"] = len(people.sent) + sum(people.opened.values())
            made.done["told that it can't be done now"] = people.trouble.total()
            hub.stop()
            made.found += people.judge(by_file=FAMILIES * made.done["killed sender"])
    finally:
        hub.stop()
    return made


def _work(people: Traffic, ended: Event, made: Round) -> None:
    while not ended.is_set():
        try:
            people.step()
        except Exception as error:  # people are told in our own words, or something is wrong
            made.found.append(f"somebody at work was told: {type(error).__name__}: {error}")


def _strike(
    hub: HubProcess, installation: Installation, what: str, chance: random.Random, made: Round
) -> None:
    if what == "hub":
        hub.kill()
        hub.start()
    elif what == "bus":
        pid = hub.bus_pid()
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    else:
        _killed_sender(hub, installation, chance)
    made.done[f"killed {what}"] += 1


def _killed_sender(hub: HubProcess, installation: Installation, chance: random.Random) -> None:
    """A file of some families whose sender is killed in the middle, and which is then sent again."""
    numbers = [f"{chance.getrandbits(64):x}" for _ in range(FAMILIES)]
    lines = ["整理番号,宛先機関,養育環境", *(f"{number},{CORE},〔架空〕" for number in numbers)]
    file = installation.folder / "list.csv"
    file.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "gateway.cli", "send", "--agency", CLINIC, "--data"]
    command += [str(installation.folder), "--hub", hub.url, str(file)]
    quiet = subprocess.DEVNULL
    first = subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=Path(__file__).parents[3])
    with suppress(subprocess.TimeoutExpired):
        first.wait(chance.uniform(0.8, 2.2))
    first.kill()
    first.wait()
    subprocess.run(command, stdout=quiet, stderr=quiet, cwd=Path(__file__).parents[3], check=False)


def full(folder: Path, count: int, seed: int, told: Told) -> Round:
    """A disk that fills up at random moments under hub, bus and doors while people work, and is emptied again.

    On a small file system of its own. Raises Unavailable where none may be mounted (that takes root on Linux).
    """
    chance, made = random.Random(seed), Round("full", seed)

    def fill(hub: HubProcess) -> None:
        for n in range(count):
            sleep(chance.uniform(*SPACING))
            _filled(disk / "ballast", chance.choice((0, 4096, 1 << 16, 1 << 18)))
            sleep(chance.uniform(*SPACING))
            (disk / "ballast").unlink()
            made.done["filled"] += 1
            if not hub.ready(FULL_PATIENCE):
                made.found.append(f"not ready again after filling {n + 1}: {hub.log()[-300:]}")
                return
            told(n + 1)

    with _small_disk(folder / "disk") as disk:
        return _while_people_work(make_installation(disk / "full", mode="rehearsal"), made, fill)


@contextmanager
def _small_disk(where: Path) -> Iterator[Path]:
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(where)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode
    except OSError:
        done = 1
    if done != 0:
        raise Unavailable(
            "no-small-disk", "run this as root on Linux: it mounts a small file system of its own"
        )
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def _filled(ballast: Path, left: int) -> None:
    """Take every byte but these."""
    with ballast.open("wb", buffering=0) as file:
        step = 1 << 20
        while step:
            try:
                file.write(bytes(step))
            except OSError:
                step //= 2
        with suppress(OSError):
            file.truncate(max(0, file.tell() - left))


def line(folder: Path, count: int, seed: int, told: Told) -> Round:
    """A bad line between doors and hub, and another between hub and bus, while people work."""
    made = Round("line", seed)
    installation = make_installation(folder / "line", mode="rehearsal")
    stream = installation.genesis.stream
    with EmbeddedServer(folder / "line-bus", store_key=new_key(), stream=stream).start() as bus:
        settings = bus.hub_settings()
        inner = BadLine(urlsplit(settings.url).port or 0, random.Random(seed), share=0.0, whole=False)
        about = {
            "JETSTREAM_URL": f"nats://127.0.0.1:{inner.port}",
            "JETSTREAM_SEED_FILE": str(bus.folder / "seeds" / "hub.seed"),
            "JETSTREAM_MONITOR_URL": settings.monitor_url,
            "JETSTREAM_INBOX": settings.inbox,
            "JETSTREAM_TRY_TIMEOUT": "1",
            "JETSTREAM_TIMEOUT": "5",
        }
        (installation.hub_folder / "bus.json").write_text(json.dumps(about))
        runtime = start_hub(installation, at=START)
        try:
            with Served(runtime.app) as served:
                register_agencies(installation, served.url, AGENCIES)
                outer = BadLine(served.port, random.Random(seed + 1), share=0.2, whole=True)
                inner.spoil(0.02)
                try:
                    with traffic(
                        installation, f"http://127.0.0.1:{outer.port}", random.Random(seed)
                    ) as people:
                        for n in range(count):
                            people.step()
                            told(n + 1)
                        outer.spoil(0.0)
                        inner.spoil(0.0)
                        people.settle()
                        runtime.follower.catch_up()
                        made.found += people.judge()
                        made.done["steps"] = count
                        made.done.update({f"line {what}": n for what, n in outer.done.items()})
                        made.done.update({f"bus {what}": n for what, n in inner.done.items()})
                finally:
                    outer.close()
        finally:
            runtime.close()
            inner.close()
    return made


def bits(folder: Path, count: int, seed: int, told: Told) -> Round:
    """One bit flipped, or the end cut off, in a file of the stopped hub: found and located, or without effect."""
    chance, made = random.Random(seed), Round("bits", seed)
    whole = _quiet_hub(folder / "bits", seed)
    shas = _looked_at(whole)
    if isinstance(shas, str):
        made.found.append(f"before anything was done: {shas}")
        return made
    names = [p.relative_to(whole) for p in sorted((whole / "hub").rglob("*")) if _kept(p)]
    for n in range(count):
        spoilt = folder / "spoilt"
        copytree(whole, spoilt)
        name = chance.choice(names)
        how = _spoil(spoilt / name, chance)
        seen = _looked_at(spoilt)
        where = "stream" if "jetstream" in name.parts else "tile" if "tile" in name.parts else name.name
        if isinstance(seen, str):
            made.done[f"{where}: told"] += 1
        elif seen == shas:
            made.done[f"{where}: without effect"] += 1
        else:
            made.found.append(f"{how} of {name}: another record, and nothing was told")
        if name.name == "views.db" and isinstance(seen, str):
            _rebuilt(spoilt, shas, made)
        rmtree(spoilt)
        told(n + 1)
    return made


def _kept(path: Path) -> bool:
    named = path.suffix in (".blk", ".db", ".idx") or path.name in ("keystore", "genesis.frame", "checkpoint")
    named = named or "tile" in path.parts
    return path.is_file() and path.stat().st_size > 0 and named


def _quiet_hub(folder: Path, seed: int) -> Path:
    """A hub with some families in its record, stopped."""
    installation = make_installation(folder, mode="rehearsal")
    runtime = start_hub(installation, at=START)
    try:
        with Served(runtime.app) as served, traffic(installation, served.url, random.Random(seed)) as people:
            for _ in range(20):
                people.step()
            runtime.follower.catch_up()
    finally:
        runtime.close()
    for database in (installation.hub_folder / "vault.db", installation.hub_folder / "views.db"):
        with closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def _spoil(path: Path, chance: random.Random) -> str:
    data = bytearray(path.read_bytes())
    if chance.random() < 0.2:
        cut = chance.randrange(len(data))
        path.write_bytes(data[:cut])
        return f"cut at {cut}"
    bit = chance.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    return f"bit {bit}"


def _looked_at(folder: Path) -> list[bytes] | str:
    """The digests of all records where everything verifies, rows too; else what was told."""
    try:
        installation = open_installation(folder)
        with open_archive(installation) as archive:
            verifier = Verifier(archive.recorder, archive.store, archive.genesis)
            found = verifier.run(views=archive.views, log=archive.installation.hub_folder / "log")
            if not found.ok:
                return f"{found.findings[0].what} at {found.findings[0].position}"
            position, shas = 1, []
            while page := archive.store.read(position, 500):
                shas += [kept.sha for kept in page]
                position += len(page)
            return shas
    except (ExchangeError, OSError, ValueError, sqlite3.Error) as error:
        return str(error)
    except Exception as error:  # the bus tells in its own words
        return f"{type(error).__name__}: {error}"


def _rebuilt(folder: Path, shas: list[bytes], made: Round) -> None:
    """Damaged views are made anew from the record."""
    installation = open_installation(folder)
    for path in installation.hub_folder.glob("views.db*"):
        path.unlink()
    with open_archive(installation) as archive:
        archive.views.close()

        rebuild(installation.hub_folder / "views.db", source_of(archive.store), archive.store.records)
    if _looked_at(folder) != shas:
        made.found.append("views that were made anew do not verify")
    made.done["views.db: made anew"] += 1


KINDS: Mapping[str, Callable[[Path, int, int, Told], Round]] = {
    "kill": kill,
    "seams": seams,
    "full": full,
    "line": line,
    "bits": bits,
}
"""By name; each takes a folder of its own, how many, a seed, and whom to tell."""
