"""How a commission followed from its records in edition 1: as stated, and a doubt had no effect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from domain import events as e
from domain.codes import Module, OutsourcingScope
from domain.commission.state import Commission


def last_valid_day(
    module: Module, stated: date | None, at: datetime, policy: Mapping[str, Any]
) -> date | None:
    """As whoever recorded it stated it. Basis: guideline 7."""
    return stated


def evidence_needed() -> bool:
    """Item 2 rested on the word of the core agency. Basis: guideline 9(1)[2]."""
    return False


def scope_verified(state: Commission, event: e.ContractorRequirementVerified) -> OutsourcingScope:
    """What was verified last was taken for what is commissioned. Basis: guideline 9(1)."""
    return event.scope


def doubted(commission: Commission, at: datetime) -> Commission:
    """A doubt had no effect. Basis: guideline 9(2)[2]."""
    return commission
