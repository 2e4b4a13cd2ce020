"""Load on consents: the core agency discloses on a consent and withdraws it, the clinic reads before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from adapters.store import Store
from domain.errors import ExchangeError
from domain.events import ConsentWithdrawn, Kind, SectionOpened
from gateway.agency.door import SectionContent
from gateway.rehearsal.bench.target_hub import CLINIC, CORE
from gateway.rehearsal.torture.traffic import Traffic


@dataclass
class Disclosure:
    """One case with one item that the clinic may read while its consent stands. ``withdrawn``: when that was answered, by
    the machine's clock."""

    case: UUID
    message: UUID
    item: UUID
    consent: str
    withdrawn: float | None = None


@dataclass
class Withdrawals(Traffic):
    """``stale``: sentences on what was released after its consent was withdrawn."""

    codes: tuple[str, ...] = (CORE, CLINIC)
    disclosures: list[Disclosure] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def step(self) -> None:
        """One random act; errors are counted, and the outbox retries what waits."""
        try:
            standing = [one for one in self.disclosures if one.withdrawn is None]
            chance = self.rng.random()
            if not standing or chance < 0.35:
                self.disclose()
            elif chance < 0.7:
                withdrawn = self.rng.choice(standing)
                self.open_item(withdrawn)
                self.withdraw(withdrawn)
                self.open_item(self.rng.choice(self.disclosures))  # another case takes its place in memory
                self.open_item(withdrawn)
            else:
                self.open_item(self.rng.choice(self.disclosures))
            if self.rng.random() < 0.1:
                self.flush_outboxes()
        except ExchangeError as error:
            self.error_counts[f"{error.category}/{error.error_code}"] += 1

    def disclose(self) -> bool:
        """A consent and a disclosure that rests on it, in a case of their own; whether both are recorded."""
        core, clinic = self.doors[CORE], str(self.doors[CLINIC].agency)
        case, consent = uuid4(), str(uuid4())
        fields: dict[str, Any] = {
            "to": [],
            "consent": [consent],
            "purpose": "SUPPORT",
            "reason": None,
            "basis": {},
        }
        scope = [{"consent": consent, "sender": str(core.agency), "recipient": clinic, "sections": ["BASIC"]}]
        given = {**fields, "scope": scope, "capacity": "SELF", "expires_at": None}
        if core.send(Kind.CASE, case, "consent.given", given, actor="staff.c").outcome != "recorded":
            return False
        to_clinic = {**fields, "to": [clinic], "basis": {clinic: "CONSENT"}, "answers": None}
        parts = [SectionContent("BASIC", f"〔架空〕{uuid4()}".encode())]
        sent = core.send(Kind.CASE, case, "disclosure.made", to_clinic, parts, actor="staff.c")
        if sent.outcome != "recorded" or not sent.items:
            return False
        self.disclosures.append(Disclosure(case, sent.command_id, sent.items[0][0], consent))
        return True

    def withdraw(self, one: Disclosure) -> None:
        """The person withdraws the consent."""
        fields: dict[str, Any] = {"to": [], "consent": [one.consent], "purpose": "SUPPORT"}
        fields |= {"reason": None, "basis": {}}
        sent = self.doors[CORE].send(Kind.CASE, one.case, "consent.withdrawn", fields, actor="staff.c")
        if sent.outcome == "recorded":
            one.withdrawn = monotonic()

    def open_item(self, one: Disclosure) -> None:
        """The clinic opens the item, or is refused it."""
        began = monotonic()
        try:
            self.doors[CLINIC].open(one.case, one.message, one.item, "BASIC", actor="staff.m")
        except ExchangeError as error:
            self.error_counts[f"{error.category}/{error.error_code}"] += 1
            return
        self.opened[one.message, one.item] += 1
        if one.withdrawn is not None and one.withdrawn < began:
            self.stale.append(f"released {began - one.withdrawn:.1f} s after its withdrawal: {one.case}")


def stale_openings(store: Store) -> Iterator[str]:
    """Openings that are recorded behind the withdrawal of the consent of their case."""
    withdrawn: dict[UUID, int] = {}
    position = 1
    while page := store.read(position, 500):
        for stored in page:
            case = stored.record.about.id
            if isinstance(stored.record.event, ConsentWithdrawn):
                withdrawn.setdefault(case, stored.position)
            elif isinstance(stored.record.event, SectionOpened) and case in withdrawn:
                yield f"opening {stored.position} stands behind the withdrawal {withdrawn[case]}"
        position += len(page)
