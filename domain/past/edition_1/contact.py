"""Who was not seen, as it was in edition 1: one clock of a case in support, of one visitor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.calendar import day_of, end_of
from domain.case import Case
from domain.clocks import Clock, ClockKind
from domain.codes import CaseStatus, TargetClass


def contact_clocks(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """Basis: guideline 5(1)[3]; the days are local policy."""
    if case.status is not CaseStatus.SUPPORTED:
        return
    visitors = {agency for agency, _ in case.assigned if core in (agency, case.core_of(agency))} or {core}
    last = _last_contact(case)
    if last is not None and "contact_days" in policy:
        due_on = day_of(last) + timedelta(days=int(policy["contact_days"]))
        yield Clock(
            kind=ClockKind.CONTACT,
            message=None,
            responsible=min(visitors),
            informed=frozenset({core}),
            since=last,
            due_at=end_of(due_on),
        )


def _last_contact(case: Case) -> datetime | None:
    """When the child was last seen; before its birth, when the family was. At first, the start."""
    expectant = case.classes == {TargetClass.TC1_PREGNANCY}
    times = [case.commenced_at, case.visited_at if expectant else case.seen_at]
    return max((t for t in times if t is not None), default=None)
