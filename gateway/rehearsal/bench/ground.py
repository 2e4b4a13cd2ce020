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
from gateway.installation.folder import Installation, make_installation
from gateway.installation.founding import Listed, RegisterFile, register_agencies
from gateway.protocol.client import HubClient
from keys.signing import KemKey, SignatureKeys

END_SECONDS = 20.0
HOSPITAL, CORE, COORD, CLINIC = "MID-HOSP", "AZ-CORE", "AZ-COORD", "HIGASHI-CLINIC"
AGENCIES = RegisterFile(
    agencies=(
        Listed(CORE, "あおぞら市こども家庭センター", (Role.CORE,), Body.MUNICIPALITY, "AZ", 1),
        Listed(COORD, "あおぞら市要対協調整機関", (Role.COORD,), Body.MUNICIPALITY, "AZ", 1),
        Listed(HOSPITAL, "みどりの架空総合病院", (Role.MED,), Body.MEDICAL, None, 2),
        Listed(CLINIC, "ひがしの架空診療所", (Role.MED,), Body.MEDICAL, None, 2),
    ),
    core=CORE,
    coordinating=COORD,
)


@dataclass(frozen=True)
class Agency:
    """One agency's keys, and its key set in force."""

    id: UUID
    sig: SignatureKeys
    kem: KemKey
    keyset: bytes


@dataclass(frozen=True)
class Ground:
    """A running hub and who speaks to it. ``now``: where its clock stands."""

    installation: Installation
    url: str
    now: datetime
    agencies: dict[str, Agency]


@contextmanager
def child(module: str, *arguments: str, first: bytes = b"") -> Iterator[str]:
    """A module of ours as a process; yields the URL that it prints first. Ends it as an operator would."""
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
        said = process.stdout.readline().decode()
        if "http://" not in said:
            raise Unavailable("not-served", f"{module} did not start")
        yield said[said.index("http://") :].strip()
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
def bench_hub(folder: Path, program: str = "gateway.cli") -> Iterator[Ground]:
    """A fresh rehearsal hub in this folder, served by this program. Its clock stands, so that no wish made beforehand grows too old."""
    now = datetime.now(UTC).replace(microsecond=0)
    made = make_installation(folder, mode="rehearsal")
    with ExitStack() as stack:
        url = stack.enter_context(
            child(program, "hub", "serve", "--data", str(folder), "--clock", now.isoformat())
        )
        register_agencies(made, url, AGENCIES)
        yield ground_of(made, url, now)


def ground_of(installation: Installation, url: str, now: datetime) -> Ground:
    """The hub at this URL, with the keys of its agencies, which lie in this folder."""
    client = HubClient(url, hub=installation.hub)
    try:
        agencies = {}
        for place in installation.agencies():
            sig, kem = installation.agency_keys(place)
            agencies[place.code] = Agency(place.id, sig, kem, client.key_sets(place.id)[-1].digest)
    finally:
        client.close()
    return Ground(installation, url, now, agencies)
