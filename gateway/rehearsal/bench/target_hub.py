"""A hub in a process of its own, with its agencies, as an operator would run it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from domain.codes import Body, Role
from domain.errors import Unavailable
from gateway.agency.founding import ListedAgency, RegisterFile, register_agencies
from gateway.installation.folder import Installation, create_installation
from gateway.protocol.client import HubClient
from gateway.rehearsal.guard import refuse_real_hub
from keys.signing import KemKey, SignatureKeys

END_SECONDS = 20.0
HOSPITAL, CORE, COORD, CLINIC = "MID-HOSP", "AZ-CORE", "AZ-COORD", "HIGASHI-CLINIC"
AGENCIES = RegisterFile(
    agencies=(
        ListedAgency(CORE, "あおぞら市こども家庭センター", (Role.CORE,), Body.MUNICIPALITY, "AZ", 1),
        ListedAgency(COORD, "あおぞら市要対協調整機関", (Role.COORD,), Body.MUNICIPALITY, "AZ", 1),
        ListedAgency(HOSPITAL, "みどりの架空総合病院", (Role.MED,), Body.MEDICAL, None, 2),
        ListedAgency(CLINIC, "ひがしの架空診療所", (Role.MED,), Body.MEDICAL, None, 2),
    ),
    core=CORE,
    coordinating=COORD,
)


@dataclass(frozen=True)
class AgencyKeys:
    """One agency's keys, and its key set in force."""

    id: UUID
    sig: SignatureKeys
    kem: KemKey
    keyset: bytes


@dataclass(frozen=True)
class BenchHub:
    """A running hub and the keys of its agencies. ``now``: the time of its clock."""

    installation: Installation
    url: str
    now: datetime
    agencies: dict[str, AgencyKeys]


@contextmanager
def child(module: str, *arguments: str, first: bytes = b"") -> Iterator[str]:
    """Run one of our modules as a process; yields the URL that it prints first. Stops it as an operator would."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(first)
        process.stdin.flush()
        first_line = process.stdout.readline().decode()
        if "http://" not in first_line:
            raise Unavailable("not-served", f"{module} did not start.")
        yield first_line[first_line.index("http://") :].strip()
    finally:
        process.stdin.close()
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextmanager
def start_bench_hub(folder: Path, program: str = "gateway.cli") -> Iterator[BenchHub]:
    """A fresh rehearsal hub in this folder, served by this program. Its clock does not move,
    so that no prepared command expires."""
    now = datetime.now(UTC).replace(microsecond=0)
    fresh_installation = create_installation(folder, mode="rehearsal")
    with ExitStack() as stack:
        url = stack.enter_context(
            child(program, "hub", "serve", "--data", str(folder), "--clock", now.isoformat())
        )
        register_agencies(fresh_installation, url, AGENCIES)
        yield connect_bench_hub(fresh_installation, url, now)


def connect_bench_hub(installation: Installation, url: str, now: datetime) -> BenchHub:
    """The hub at this URL, with the keys of its agencies from this folder. Raises Refused for a real hub."""
    refuse_real_hub(installation.folder)
    client = HubClient(url, hub=installation.hub)
    try:
        agencies = {}
        for place in installation.agencies():
            sig, kem = installation.agency_keys(place)
            agencies[place.code] = AgencyKeys(place.id, sig, kem, client.key_sets(place.id)[-1].digest)
    finally:
        client.close()
    return BenchHub(installation, url, now, agencies)
