"""The kinds of torture. Each injects one kind of fault at random, by seed, and verifies the outcome."""

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
from gateway.agency.founding import register_agencies
from gateway.audit.verification import Verifier
from gateway.hub.health import MIN_FREE_BYTES
from gateway.hub.read_models import record_source
from gateway.hub.runtime import start_hub
from gateway.installation.archive import open_archive
from gateway.installation.folder import Installation, open_installation
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.bench.target_hub import AGENCIES, CLINIC, CORE
from gateway.rehearsal.guard import refuse_real_hub
from gateway.rehearsal.torture.cluster import cluster
from gateway.rehearsal.torture.faulty_proxy import FaultyProxy
from gateway.rehearsal.torture.process import HubProcess
from gateway.rehearsal.torture.seams import seams
from gateway.rehearsal.torture.torture_result import TortureResult
from gateway.rehearsal.torture.traffic import START, Traffic, create_target, traffic
from keys.sealing import new_key
from projections.rebuild import rebuild

ProgressCallback = Callable[[int], None]
"""Called with the number of faults injected so far."""
KILL_INTERVAL_SECONDS = (0.05, 0.6)  # least and most between two kills
FAMILIES_PER_FILE = 5
DISK_BYTES = MIN_FREE_BYTES + (96 << 20)
DISK_RECOVERY_SECONDS = 60.0  # until a hub must be ready again when its disk has room


def kill(folder: Path, count: int, seed: int, report_progress: ProgressCallback) -> TortureResult:
    """kill -9 of hub, nats-server and a sending process at random moments under load."""
    rng, result = random.Random(seed), TortureResult("kill", seed)
    installation = create_target(folder, "kill")

    def strike(hub: HubProcess) -> None:
        for n in range(count):
            sleep(rng.uniform(*KILL_INTERVAL_SECONDS))
            _strike(hub, installation, rng.choice(("hub", "hub", "bus", "sender")), rng, result)
            report_progress(n + 1)

    return _run_under_load(installation, result, strike)


def _run_under_load(
    installation: Installation, result: TortureResult, inject_faults: Callable[[HubProcess], None]
) -> TortureResult:
    """A hub under load while faults are injected; the invariants are checked when everything works again."""
    hub = HubProcess(installation, START)
    hub.start()
    try:
        with traffic(installation, hub.url, random.Random(result.seed + 1)) as workload:
            stop_event = Event()
            worker = Thread(target=_work_until_stopped, args=(workload, stop_event, result))
            worker.start()
            try:
                inject_faults(hub)
            finally:
                stop_event.set()
                worker.join()
            workload.flush_outboxes()
            result.done["steps"] = len(workload.sent) + sum(workload.opened.values())
            result.done["answered unavailable"] = workload.error_counts.total()
            hub.stop()
            result.faults += workload.check_invariants(
                by_file=FAMILIES_PER_FILE * result.done["killed sender"]
            )
    finally:
        hub.stop()
    return result


def _work_until_stopped(workload: Traffic, stop_event: Event, result: TortureResult) -> None:
    while not stop_event.is_set():
        try:
            workload.step()
        except Exception as error:  # an error that is not of the product is a fault
            result.faults.append(f"unexpected error under load: {type(error).__name__}: {error}")


def _strike(
    hub: HubProcess, installation: Installation, what: str, rng: random.Random, result: TortureResult
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
        _kill_sender(hub, installation, rng)
    result.done[f"killed {what}"] += 1


def _kill_sender(hub: HubProcess, installation: Installation, rng: random.Random) -> None:
    """Send a file of some families, kill its sender in the middle, and send the file again."""
    numbers = [f"{rng.getrandbits(64):x}" for _ in range(FAMILIES_PER_FILE)]
    lines = ["整理番号,宛先機関,養育環境", *(f"{number},{CORE},〔架空〕" for number in numbers)]
    file = installation.folder / "list.csv"
    file.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "gateway.cli", "send", "--folder"]
    command += [str(installation.agency(CLINIC).folder), "--hub", hub.url, str(file)]
    quiet = subprocess.DEVNULL
    first = subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=Path(__file__).parents[3])
    with suppress(subprocess.TimeoutExpired):
        first.wait(rng.uniform(0.8, 2.2))
    first.kill()
    first.wait()
    subprocess.run(command, stdout=quiet, stderr=quiet, cwd=Path(__file__).parents[3], check=False)


def full(folder: Path, count: int, seed: int, report_progress: ProgressCallback) -> TortureResult:
    """A disk under hub, bus and doors that fills up at random moments under load, and is emptied again.

    Uses a small file system of its own. Raises Unavailable where none may be mounted (that takes root on Linux).
    """
    rng, result = random.Random(seed), TortureResult("full", seed)

    def fill(hub: HubProcess) -> None:
        for n in range(count):
            sleep(rng.uniform(*KILL_INTERVAL_SECONDS))
            _fill_disk(disk / "ballast", rng.choice((0, 4096, 1 << 16, 1 << 18)))
            sleep(rng.uniform(*KILL_INTERVAL_SECONDS))
            (disk / "ballast").unlink()
            result.done["filled"] += 1
            if not hub.ready(DISK_RECOVERY_SECONDS):
                result.faults.append(f"not ready again after filling {n + 1}: {hub.log()[-300:]}")
                return
            report_progress(n + 1)

    refuse_real_hub(folder)
    with _small_disk(folder / "disk") as disk:
        return _run_under_load(create_target(disk, "full"), result, fill)


@contextmanager
def _small_disk(where: Path) -> Iterator[Path]:
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(where)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode
    except OSError:
        done = 1
    if done != 0:
        raise Unavailable("no-small-disk")
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def _fill_disk(ballast: Path, free_bytes: int) -> None:
    """Occupy the disk except for this many bytes."""
    with ballast.open("wb", buffering=0) as file:
        step = 1 << 20
        while step:
            try:
                file.write(bytes(step))
            except OSError:
                step //= 2
        with suppress(OSError):
            file.truncate(max(0, file.tell() - free_bytes))


def network(folder: Path, count: int, seed: int, report_progress: ProgressCallback) -> TortureResult:
    """A faulty connection between doors and hub, and another between hub and bus, under load."""
    result = TortureResult("network", seed)
    installation = create_target(folder, "network")
    stream = installation.genesis.stream
    with EmbeddedServer(folder / "line-bus", store_key=new_key(), stream=stream).start() as bus:
        settings = bus.hub_settings()
        inner = FaultyProxy(
            urlsplit(settings.url).port or 0, random.Random(seed), fault_share=0.0, http_requests=False
        )
        about = {
            "JETSTREAM_URL": f"nats://127.0.0.1:{inner.port}",
            "JETSTREAM_SEED_FILE": str(bus.folder / "seeds" / "hub.seed"),
            "JETSTREAM_SYS_SEED_FILE": str(bus.folder / "seeds" / "sys.seed"),
            "JETSTREAM_INBOX": settings.inbox,
            "JETSTREAM_TRY_TIMEOUT": "1",
            "JETSTREAM_TIMEOUT": "5",
        }
        (installation.hub_folder / "bus.json").write_text(json.dumps(about))
        runtime = start_hub(installation, at=START)
        try:
            with ServedApp(runtime.app) as served:
                register_agencies(installation, served.url, AGENCIES)
                outer = FaultyProxy(served.port, random.Random(seed + 1), fault_share=0.2, http_requests=True)
                inner.set_fault_share(0.02)
                try:
                    with traffic(
                        installation, f"http://127.0.0.1:{outer.port}", random.Random(seed)
                    ) as workload:
                        for n in range(count):
                            workload.step()
                            report_progress(n + 1)
                        outer.set_fault_share(0.0)
                        inner.set_fault_share(0.0)
                        workload.flush_outboxes()
                        runtime.projector.catch_up()
                        result.faults += workload.check_invariants()
                        result.done["steps"] = count
                        result.done.update({f"line {what}": n for what, n in outer.done.items()})
                        result.done.update({f"bus {what}": n for what, n in inner.done.items()})
                finally:
                    outer.close()
        finally:
            runtime.close()
            inner.close()
    return result


def bits(folder: Path, count: int, seed: int, report_progress: ProgressCallback) -> TortureResult:
    """One bit flipped, or the end cut off, in a file of the stopped hub: detected and located, or without effect."""
    rng, result = random.Random(seed), TortureResult("bits", seed)
    intact = _stopped_hub(folder, "bits", seed)
    shas = _verified_digests(intact)
    if isinstance(shas, str):
        result.faults.append(f"before any damage: {shas}")
        return result
    names = [p.relative_to(intact) for p in sorted((intact / "hub").rglob("*")) if _is_target_file(p)]
    for n in range(count):
        damaged = folder / "damaged"
        copytree(intact, damaged)
        name = rng.choice(names)
        how = _corrupt(damaged / name, rng)
        outcome = _verified_digests(damaged)
        where = "stream" if "jetstream" in name.parts else "tile" if "tile" in name.parts else name.name
        if isinstance(outcome, str):
            result.done[f"{where}: detected"] += 1
        elif outcome == shas:
            result.done[f"{where}: without effect"] += 1
        else:
            result.faults.append(f"{how} of {name}: another record, undetected")
        if name.name == "read_models.db" and isinstance(outcome, str):
            _check_rebuild(damaged, shas, result)
        rmtree(damaged)
        report_progress(n + 1)
    return result


def _is_target_file(path: Path) -> bool:
    named = path.suffix in (".blk", ".db", ".idx") or path.name in ("keystore", "genesis.frame", "checkpoint")
    named = named or "tile" in path.parts
    return path.is_file() and path.stat().st_size > 0 and named


def _stopped_hub(folder: Path, name: str, seed: int) -> Path:
    """The folder of a stopped hub with some families in its record."""
    installation = create_target(folder, name)
    runtime = start_hub(installation, at=START)
    try:
        with (
            ServedApp(runtime.app) as served,
            traffic(installation, served.url, random.Random(seed)) as workload,
        ):
            for _ in range(20):
                workload.step()
            runtime.projector.catch_up()
    finally:
        runtime.close()
    for database in (installation.hub_folder / "vault.db", installation.hub_folder / "read_models.db"):
        with closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return installation.folder


def _corrupt(path: Path, rng: random.Random) -> str:
    data = bytearray(path.read_bytes())
    if rng.random() < 0.2:
        cut = rng.randrange(len(data))
        path.write_bytes(data[:cut])
        return f"cut at {cut}"
    bit = rng.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    return f"bit {bit}"


def _verified_digests(folder: Path) -> list[bytes] | str:
    """The digests of all records where everything verifies, rows too; else the finding or error."""
    try:
        installation = open_installation(folder)
        with open_archive(installation) as archive:
            verifier = Verifier(archive.recorder, archive.store, archive.genesis)
            verification = verifier.run(
                read_models=archive.read_models, log=archive.installation.hub_folder / "log"
            )
            if not verification.ok:
                return f"{verification.findings[0].code} at {verification.findings[0].position}"
            position, shas = 1, []
            while page := archive.store.read(position, 500):
                shas += [stored.sha for stored in page]
                position += len(page)
            return shas
    except (ExchangeError, OSError, ValueError, sqlite3.Error) as error:
        return str(error)
    except Exception as error:  # the bus raises errors of its own
        return f"{type(error).__name__}: {error}"


def _check_rebuild(folder: Path, shas: list[bytes], result: TortureResult) -> None:
    """Damaged read models are rebuilt from the record."""
    installation = open_installation(folder)
    for path in installation.hub_folder.glob("read_models.db*"):
        path.unlink()
    with open_archive(installation) as archive:
        archive.read_models.close()
        rebuild(
            installation.hub_folder / "read_models.db", record_source(archive.store), archive.store.records
        )
    if _verified_digests(folder) != shas:
        result.faults.append("rebuilt read models do not verify")
    result.done["read_models.db: rebuilt"] += 1


KINDS: Mapping[str, Callable[[Path, int, int, ProgressCallback], TortureResult]] = {
    "kill": kill,
    "seams": seams,
    "full": full,
    "network": network,
    "bits": bits,
    "cluster": cluster,
}
"""By name; each takes a folder of its own, how many faults, a seed, and a progress callback. Raises Refused for the folder
of a real hub."""
