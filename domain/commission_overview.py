"""The commissions of an agency on one day: what is missing, of whom, and until when the rest is valid.

Basis: guideline 8, 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.codes import Role
from domain.record import commission_of
from domain.register import Commission, Register


@dataclass(frozen=True)
class CommissionStatus:
    """One commission on one day. ``gaps``: what is missing besides the workers; an agency's own visitors need nothing else."""

    commission: Commission
    in_force: bool
    gaps: frozenset[str]


def commissions_of(register: Register, agency: UUID, on: date) -> list[CommissionStatus]:
    """The commissions in which this agency is one of the two parties, by id.

    A core agency has one for its own visitors, too, even where none is registered yet. Basis: guideline 8, 9.
    """
    commissions = [c for c in register.commissions.values() if agency in (c.commissioner, c.contractor)]
    own = register.agencies.get(agency)
    staff = commission_of(agency, agency)
    if own is not None and Role.CORE in own.roles and staff not in register.commissions:
        commissions.append(Commission(id=staff, commissioner=agency, contractor=agency))
    return [_status(register, c, on) for c in sorted(commissions, key=lambda c: str(c.id))]


def _status(register: Register, commission: Commission, on: date) -> CommissionStatus:
    if commission.own:
        return CommissionStatus(commission, in_force=True, gaps=frozenset())
    return CommissionStatus(
        commission,
        in_force=commission.in_force(on),
        gaps=commission.gaps(on, member=register.is_member(commission)),
    )
