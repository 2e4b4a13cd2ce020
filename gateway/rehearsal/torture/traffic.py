"""Load while faults are injected: a hospital refers families, the core agency reads. And the invariants after it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from domain.errors import ExchangeError
from domain.events import Kind, SectionOpened
from gateway.agency.door import Door, SectionContent
from gateway.agency.founding import register_agencies
from gateway.agency.store import CONFIRMED, DoorStore
from gateway.audit.verification import Verifier, doors_of
from gateway.installation.archive import open_archive
from gateway.installation.folder import Installation, create_installation
from gateway.protocol.client import HubClient
from gateway.rehearsal.bench.target_hub import AGENCIES, CLINIC, CORE, HOSPITAL
from gateway.rehearsal.guard import refuse_real_hub

REFERRAL = "family_information.provided"
START = datetime(2025, 5, 12, 1, 0, tzinfo=UTC)


@dataclass
class Traffic:
    """Two doors (``codes``) and what they did. ``sent``: case, message and item of each referral; ``opened``: how often each item was
    really released and opened."""

    installation: Installation
    url: str
    rng: random.Random
    retry_seconds: float = 30.0
    codes: tuple[str, ...] = (CORE, HOSPITAL)
    opened: Counter[tuple[UUID, UUID]] = field(default_factory=Counter)
    sent: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)
    error_counts: Counter[str] = field(default_factory=Counter)
    doors: dict[str, Door] = field(default_factory=dict)

    def open(self) -> None:
        """Open both doors on their stores."""
        for place in self.installation.agencies():
            if place.code in self.codes:
                sig, kem = self.installation.agency_keys(place)
                client = HubClient(self.url, hub=self.installation.hub, timeout=5.0)
                self.doors[place.code] = Door(
                    agency=place.id,
                    sig=sig,
                    kem=kem,
                    client=client,
                    store=DoorStore(place.folder / "door.db"),
                    genesis=self.installation.genesis,
                    now=lambda: START,
                    retry_seconds=self.retry_seconds,
                )

    def close(self) -> None:
        for door in self.doors.values():
            door.store.close()
            door.client.close()
        self.doors.clear()

    def step(self) -> None:
        """One random act; errors are counted, and the outbox retries what waits."""
        try:
            if not self.sent or self.rng.random() < 0.5:
                self.refer()
            elif self.rng.random() < 0.8:
                self.read(self.rng.choice(self.sent))
            else:
                self.doors[HOSPITAL].flush()
                self.doors[CORE].refresh()
        except ExchangeError as error:
            self.error_counts[f"{error.category}/{error.error_code}"] += 1

    def refer(self) -> None:
        """The hospital sends a referral."""
        core = str(self.doors[CORE].agency)
        fields = {
            "to": [core],
            "basis": {core: "CWA-21-10-5"},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "subject_consent": "NOT_REQUESTED",
            "weeks_pregnant": None,
            "indicators": {},
        }
        use_known_case = self.sent and self.rng.random() < 0.3
        case = self.rng.choice(self.sent)[0] if use_known_case else uuid4()
        parts = [SectionContent("BASIC", f"〔架空〕{uuid4()}".encode())]
        sent = self.doors[HOSPITAL].send(Kind.CASE, case, REFERRAL, fields, parts, actor="staff.h")
        if sent.outcome == "recorded" and sent.items:
            self.sent.append((case, sent.command_id, sent.items[0][0]))

    def read(self, sent: tuple[UUID, UUID, UUID]) -> None:
        """The core agency opens an item: case, message, item."""
        case, message, item = sent
        self.doors[CORE].open(case, message, item, "BASIC", actor="staff.c")
        self.opened[message, item] += 1

    def flush_outboxes(self) -> None:
        """Send what waits in the outboxes."""
        for door in self.doors.values():
            door.flush()

    def check_invariants(self, by_file: int = 0) -> list[str]:
        """The faults, seen from outside: the whole record verifies with its decisions and signatures (I3), each answered
        command is recorded exactly once (I8), nothing was opened without its record (I2).

        ``by_file``: how many families the clinic has referred by files.
        """
        faults: list[str] = []
        answered = {
            str(outgoing.command_id)
            for door in self.doors.values()
            for outgoing in door.store.outgoing(CONFIRMED)
        }
        with open_archive(self.installation) as archive:
            verified = Verifier(archive.recorder, archive.store, archive.genesis).run(
                read_models=None, doors=doors_of(self.installation), log=self.installation.hub_folder / "log"
            )
            faults += [f"{f.code} at {f.position}: {f.where}" for f in verified.findings]
            clinic, file_referrals = self.installation.agency(CLINIC).id, 0
            recorded: Counter[str] = Counter()
            openings: Counter[tuple[UUID, UUID]] = Counter()
            position = 1
            while page := archive.store.read(position, 500):
                for stored in page:
                    recorded[f"{stored.record.by}/{stored.record.about.id}/{stored.record.command_id}"] += 1
                    event = stored.record.event
                    file_referrals += event.TOPIC == REFERRAL and stored.record.by == clinic
                    if isinstance(event, SectionOpened):
                        openings[event.message, event.item] += 1
                position += len(page)
        faults += (
            [f"{file_referrals} families referred by files of {by_file}"] if file_referrals != by_file else []
        )
        faults += [f"recorded {n} times: {key}" for key, n in recorded.items() if n > 1]
        recorded_ids = {key.rsplit("/", 1)[1] for key in recorded}
        faults += [f"answered but not recorded: {command_id}" for command_id in answered - recorded_ids]
        faults += [
            f"opened but not recorded: {item}" for item, n in self.opened.items() if openings[item] < n
        ]
        return faults


def create_target(folder: Path, name: str) -> Installation:
    """A fresh rehearsal hub in a sub-folder of this name, to be broken. Raises Refused inside a real hub's folder."""
    refuse_real_hub(folder)
    return create_installation(folder / name, mode="rehearsal")


@contextmanager
def traffic(installation: Installation, url: str, rng: random.Random) -> Iterator[Traffic]:
    """Doors connected to the hub at this URL; agencies are registered where they are not yet."""
    with ExitStack() as stack:
        if not installation.agencies():
            register_agencies(installation, url, AGENCIES)
        workload = Traffic(installation, url, rng)
        workload.open()
        stack.callback(workload.close)
        yield workload
