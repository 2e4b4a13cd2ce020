"""One commission as state: its contract, its requirements, and the visitors on its roll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.codes import Employment, Module, OutsourcingScope, Practice, Tier
from domain.editions import since_edition
from domain.originator import Originator
from domain.past.edition_1 import commission as edition_1


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A visitor on the roll. ``trained``: module -> last valid day, None where unlimited; ``verified``: qualifications
    that were verified; ``checked_until``: the last day of the check of criminal records; ``families``: the cases to which
    it is assigned; ``announced``: gap -> the last day that was announced; ``left_at``: null while it is on the roll."""

    employment: Employment
    qualification: str | None = None
    verified: frozenset[str] = frozenset()
    trained: Mapping[Module, date | None] = field(default_factory=dict)
    exempt: frozenset[Module] = frozenset()
    practised: frozenset[Practice] = frozenset()
    tiers: Mapping[Tier, datetime] = field(default_factory=dict)  # when it last did some of each
    sworn: bool = False
    sworn_until: date | None = None
    checked_until: date | None = None
    was_ready: bool = False
    ready_at: datetime | None = None  # when it was first ready
    missed: Mapping[Tier, datetime] = field(default_factory=dict)  # the due times that the hub recorded
    families: frozenset[UUID] = frozenset()
    announced: Mapping[str, date] = field(default_factory=dict)
    left_at: datetime | None = None

    def gaps(self, on: date, check_from: date | None = None) -> frozenset[str]:
        """What this visitor lacks on that day; ``check_from``: since when a check of criminal records is asked for.

        Basis: guideline 4(3), 7, 8[2], 8[3]; CPSA 4.
        """
        missing = {
            f"TRAINING_{module}"
            for module in Module
            if module not in self.exempt
            and not (module in self.trained and is_valid(self.trained[module], on))
        }
        if self.employment is Employment.PART_TIME and not (self.sworn and is_valid(self.sworn_until, on)):
            missing.add("OATH")
        if check_from is not None and on >= check_from and not self._is_checked(on):
            missing.add(RECORD_CHECK)
        return frozenset(missing)

    def _is_checked(self, on: date) -> bool:
        return self.checked_until is not None and on <= self.checked_until

    def last_days(self, check_from: date | None) -> Mapping[str, date]:
        """Each gap that will open by time alone, and the last day without it. Basis: guideline 4(3), 8[2], 8[3]; CPSA 4."""
        days = {
            f"TRAINING_{module}": until
            for module, until in self.trained.items()
            if until is not None and module not in self.exempt
        }
        if self.employment is Employment.PART_TIME and self.sworn and self.sworn_until is not None:
            days["OATH"] = self.sworn_until
        if check_from is not None:
            before = check_from - timedelta(days=1)
            days[RECORD_CHECK] = max(before, self.checked_until or before)
        return days


SECRECY = 2
"""The item of guideline 9(1) on training in, rules for and measures of secrecy."""
RECORD_CHECK = "RECORD_CHECK"
"""The gap of a visitor whose criminal record was not checked (犯罪事実確認)."""


def is_valid(until: date | None, on: date) -> bool:
    """Whether what is valid until the end of this day, or without end, is valid on that one."""
    return until is None or on <= until


@dataclass(frozen=True, kw_only=True)
class Commission(Originator):
    """One commissioning agency and one contractor, over all their cases; or an agency's own visitors, where the two
    are one: then there is no contract, and nothing to suspend."""

    commissioner: UUID | None = None
    contractor: UUID | None = None
    scope: OutsourcingScope = OutsourcingScope.PARTIAL
    begins_on: date | None = None
    ends_on: date | None = None
    ended: bool = False
    verified: frozenset[int] = frozenset()
    workers: Mapping[str, Worker] = field(default_factory=dict)
    was_ready: bool = False
    suspended: bool = False
    performance_since: datetime | None = None  # since when a report on performance is waited for
    performance_missed: datetime | None = None  # the due time that the hub recorded
    evidence_needed: bool = False  # item 2 was verified under rules that ask for the contractor's own records
    rules_adopted: bool = False  # the contractor has rules of secrecy of its own
    secrecy_trained: bool = False  # a visitor of it was trained in secrecy
    doubted_at: datetime | None = None  # since when its requirements are doubted and not verified anew

    @property
    def own(self) -> bool:
        """Whether these are a core agency's own visitors."""
        return self.commissioner is not None and self.commissioner == self.contractor

    def in_force(self, on: date) -> bool:
        """Whether there is a contract on that day."""
        return (
            self.begins_on is not None
            and not self.ended
            and self.begins_on <= on
            and is_valid(self.ends_on, on)
        )

    def gaps(self, on: date, *, member: bool) -> frozenset[str]:
        """What of guideline 9(1) and 8[4] is missing, besides the workers. Item 2 rests on the contractor's own rules of
        secrecy and on a visitor trained in it."""
        needed = {1, 2, 3} if self.scope is OutsourcingScope.FULL else {1, 2}
        missing = {f"REQUIREMENT_{item}" for item in needed - self.verified}
        if self.evidence_needed and not (self.rules_adopted and self.secrecy_trained):
            missing.add(f"REQUIREMENT_{SECRECY}")
        if not member:
            missing.add("MEMBERSHIP")
        return frozenset(missing)

    @since_edition(2, before=edition_1.lapses)
    def lapses(self, on: date, *, member: bool, check_from: date | None = None) -> frozenset[str]:
        """What was once complete and is not any more: of the contractor itself, and of its visitors who are assigned to a
        family. Whoever left, or visits nobody, suspends nobody. Basis: guideline 4(3), 8[2]–[4], 9(1)."""
        workers = {
            f"{ref}:{gap}"
            for ref, worker in self.workers.items()
            if worker.families and worker.was_ready
            for gap in worker.gaps(on, check_from)
        }
        return (self.gaps(on, member=member) if self.was_ready else frozenset()) | workers
