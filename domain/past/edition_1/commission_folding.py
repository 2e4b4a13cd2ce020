"""How a commission followed from its records in edition 1: as stated, and a doubt had no effect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from domain.codes import Module
from domain.commission.state import Commission


def last_valid_day(
    module: Module, stated: date | None, at: datetime, policy: Mapping[str, Any]
) -> date | None:
    """As whoever recorded it stated it. Basis: guideline 7."""
    return stated


def evidence_needed() -> bool:
    """Item 2 rested on the word of the core agency. Basis: guideline 9(1)[2]."""
    return False


def doubted(commission: Commission, at: datetime) -> Commission:
    """A doubt had no effect. Basis: guideline 9(2)[2]."""
    return commission
