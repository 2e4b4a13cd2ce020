"""People at work while something breaks: a hospital tells of families, the core agency reads. And the judgement."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from domain.errors import ExchangeError
from domain.events import Kind, SectionOpened
from gateway.agency.door import Door, Part
from gateway.agency.store import CONFIRMED, Book
from gateway.audit.verification import Verifier, doors_of
from gateway.installation.archive import open_archive
from gateway.installation.folder import Installation
from gateway.installation.founding import register_agencies
from gateway.protocol.client import HubClient
from gateway.rehearsal.bench.ground import AGENCIES, CLINIC, CORE, HOSPITAL

REFERRAL = "family_information.provided"
START = datetime(2025, 5, 12, 1, 0, tzinfo=UTC)


@dataclass
class Traffic:
    """Two doors and what they saw. ``opened``: how often each item was really handed out and read."""

    installation: Installation
    url: str
    chance: random.Random
    patience: float = 30.0
    opened: Counter[tuple[UUID, UUID]] = field(default_factory=Counter)
    sent: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)
    trouble: Counter[str] = field(default_factory=Counter)
    doors: dict[str, Door] = field(default_factory=dict)

    def open(self) -> None:
        """Open both doors on what they kept."""
        for place in self.installation.agencies():
            if place.code in (CORE, HOSPITAL):
                sig, kem = self.installation.agency_keys(place)
                client = HubClient(self.url, hub=self.installation.hub, timeout=5.0)
                self.doors[place.code] = Door(
                    agency=place.id,
                    sig=sig,
                    kem=kem,
                    client=client,
                    book=Book(place.folder / "door.db"),
                    genesis=self.installation.genesis,
                    now=lambda: START,
                    patience=self.patience,
                )

    def close(self) -> None:
        for door in self.doors.values():
            door.book.close()
            door.client.close()
        self.doors.clear()

    def step(self) -> None:
        """One thing that somebody does; what the hub can't do now is counted, and done again by whoever waits."""
        try:
            if not self.sent or self.chance.random() < 0.5:
                self.refer()
            elif self.chance.random() < 0.8:
                self.read(self.chance.choice(self.sent))
            else:
                self.doors[HOSPITAL].flush()
                self.doors[CORE].refresh()
        except ExchangeError as error:
            self.trouble[f"{error.code}/{error.flaw}"] += 1

    def refer(self) -> None:
        """The hospital tells of a family."""
        core = str(self.doors[CORE].agency)
        fields = {
            "to": [core],
            "basis": {core: "CWA-21-10-5"},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "subject_consent": "NOT_ASKED",
            "weeks_pregnant": None,
            "indicators": {},
        }
        again = self.sent and self.chance.random() < 0.3
        case = self.chance.choice(self.sent)[0] if again else uuid4()
        parts = [Part("BASIC", f"〔架空〕{uuid4()}".encode())]
        sent = self.doors[HOSPITAL].send(Kind.CASE, case, REFERRAL, fields, parts, actor="staff.h")
        if sent.outcome == "recorded" and sent.items:
            self.sent.append((case, sent.ask_id, sent.items[0][0]))

    def read(self, sent: tuple[UUID, UUID, UUID]) -> None:
        """The core agency reads an item: case, message, item."""
        case, message, item = sent
        self.doors[CORE].open(case, message, item, "BASIC", actor="staff.c")
        self.opened[message, item] += 1

    def settle(self) -> None:
        """What waits is sent, now that everything works again."""
        for door in self.doors.values():
            door.flush()

    def judge(self, by_file: int = 0) -> list[str]:
        """What is wrong, seen from outside: the whole record verified, each answered wish there exactly once (I8),
        nothing read that was not recorded first (I2), decisions and signatures as they must be (I3).

        ``by_file``: how many families the clinic has told of by files.
        """
        found: list[str] = []
        answered = {str(one.ask_id) for door in self.doors.values() for one in door.book.outgoing(CONFIRMED)}
        with open_archive(self.installation) as archive:
            verified = Verifier(archive.recorder, archive.store, archive.genesis).run(
                views=None, doors=doors_of(self.installation), log=self.installation.hub_folder / "log"
            )
            found += [f"{f.what} at {f.position}: {f.where}" for f in verified.findings]
            clinic, told = self.installation.agency(CLINIC).id, 0
            recorded: Counter[str] = Counter()
            openings: Counter[tuple[UUID, UUID]] = Counter()
            position = 1
            while page := archive.store.read(position, 500):
                for kept in page:
                    recorded[f"{kept.record.by}/{kept.record.about.id}/{kept.record.ask_id}"] += 1
                    fact = kept.record.fact
                    told += fact.TOPIC == REFERRAL and kept.record.by == clinic
                    if isinstance(fact, SectionOpened):
                        openings[fact.message, fact.item] += 1
                position += len(page)
        found += [f"{told} families told by files of {by_file}"] if told != by_file else []
        found += [f"recorded {n} times: {key}" for key, n in recorded.items() if n > 1]
        there = {key.rsplit("/", 1)[1] for key in recorded}
        found += [f"answered but not recorded: {ask}" for ask in answered - there]
        found += [f"read but not recorded: {item}" for item, n in self.opened.items() if openings[item] < n]
        return found


@contextmanager
def traffic(installation: Installation, url: str, chance: random.Random) -> Iterator[Traffic]:
    """Doors that speak to the hub at this URL; agencies are registered where they are not yet."""
    with ExitStack() as stack:
        if not installation.agencies():
            register_agencies(installation, url, AGENCIES)
        made = Traffic(installation, url, chance)
        made.open()
        stack.callback(made.close)
        yield made
