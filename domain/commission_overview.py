"""The commissions of an agency on one day: what is missing, of whom, and until when the rest is valid.

Basis: guideline 8, 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.calendar import day_of
from domain.codes import Role
from domain.commission.state import Commission, Worker
from domain.commission_duties import CommissionDuty, commission_duties
from domain.record import commission_of
from domain.register import Register


@dataclass(frozen=True)
class CommissionStatus:
    """One commission at one moment. ``gaps``: what is missing besides the workers; an agency's own visitors need nothing
    else; ``workers``: who is on the roll, and what each lacks; ``duties``: what waits for the agency that asks."""

    commission: Commission
    in_force: bool
    gaps: frozenset[str]
    workers: tuple[tuple[str, Worker, frozenset[str]], ...]
    duties: tuple[CommissionDuty, ...]


def commissions_of(register: Register, agency: UUID, now: datetime) -> list[CommissionStatus]:
    """The commissions in which this agency is one of the two parties, by id.

    A core agency has one for its own visitors, too, even where none is registered yet. Basis: guideline 8, 9.
    """
    commissions = [c for c in register.commissions.values() if agency in (c.commissioner, c.contractor)]
    own = register.agencies.get(agency)
    staff = commission_of(agency, agency)
    if own is not None and Role.CORE in own.roles and staff not in register.commissions:
        commissions.append(Commission(id=staff, commissioner=agency, contractor=agency))
    return [_status(register, c, agency, now) for c in sorted(commissions, key=lambda c: str(c.id))]


def _status(register: Register, commission: Commission, agency: UUID, now: datetime) -> CommissionStatus:
    on, own = day_of(now), commission.own
    return CommissionStatus(
        commission,
        in_force=own or commission.in_force(on),
        gaps=frozenset() if own else commission.gaps(on, member=register.is_member(commission)),
        workers=tuple(
            (ref, worker, worker.gaps(on, register.record_check_from))
            for ref, worker in sorted(commission.workers.items())
            if worker.left_at is None
        ),
        duties=tuple(commission_duties(register, commission, agency, now)),
    )
