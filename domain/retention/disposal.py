"""How long a case is kept, and what of it may be destroyed now. Pure; the keys themselves are the vault's.

Basis: APPI 61, 66, 98; own proposal for the years (``retention`` in the rule book's policy).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.calendar import day_of, end_of, months_later
from domain.case import APPROVERS, Case, Disposal
from domain.codes import RetentionPolicy, Section
from domain.events import ControlDestroyed, KeyDestroyed
from domain.record import access_of
from domain.register import Register


def expires_at(case: Case, policy: Mapping[str, Any]) -> datetime | None:
    """When the retention of this case is over; None where it never is, or is not known yet."""
    assigned = case.retention
    if assigned is None or assigned.policy is RetentionPolicy.PERMANENT:
        return None
    if assigned.until is not None:
        return end_of(assigned.until)
    years = policy.get("retention", {}).get(RetentionPolicy.AFTER_CLOSING, {}).get("years")
    if case.closed_at is None or years is None:
        return None
    return end_of(months_later(day_of(case.closed_at), 12 * int(years)))


def approved(case: Case) -> Disposal | None:
    """The disposal that two persons have approved and no hold prevents; None where there is none."""
    disposal = case.disposal
    return (
        disposal if disposal is not None and len(disposal.approvers) >= APPROVERS and not case.holds else None
    )


def key_name(scope: UUID, section: Section) -> str:
    """What a destroyed key is called in the certificate: no secret, and the same for whoever computes it."""
    return f"sk/{scope}/{section}"


def remaining_content(register: Register, case: Case) -> frozenset[Section]:
    """The sections of this case that have content, and keys."""
    held = {item.section for message in case.messages.values() for item in message.items}
    return frozenset(held) - register.destroyed.get(case.id, frozenset())


def destruction(register: Register, case: Case) -> KeyDestroyed | ControlDestroyed | None:
    """What the hub destroys now of this case's keys; None where nothing is to be destroyed."""
    disposal = approved(case)
    if disposal is None:
        return None
    remaining = remaining_content(register, case)
    if disposal.control:
        return (
            None
            if remaining or case.id in register.unreadable
            else _control_destruction(register, case, disposal)
        )
    to_destroy = disposal.sections & remaining
    if not to_destroy:
        return None
    return KeyDestroyed(
        scope=case.id,
        sections=to_destroy,
        keys=frozenset(key_name(case.id, section) for section in to_destroy),
        generation=register.generation + 1,
        last_version=case.version,
        approved=disposal.appraisal,
    )


def _control_destruction(register: Register, case: Case, disposal: Disposal) -> ControlDestroyed:
    return ControlDestroyed(
        scope=case.id,
        keys=frozenset({f"sk/{case.id}/control", f"ck/{case.id}", f"ck/{access_of(case.id)}"}),
        generation=register.generation + 1,
        last_version=case.version,
        approved=disposal.appraisal,
        agency=disposal.approvers[0][0],
        approvers=frozenset(actor for _, actor in disposal.approvers),
    )
