"""Rules that hold from a day on: the days stand in the rule book, which is dated and published on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.past.edition_1.plans import HOUSEKEEPING_MOVED_ON

HOUSEKEEPING_ELSEWHERE = "HOUSEKEEPING_ELSEWHERE"
FAMILY_SERVICES = "FAMILY_SERVICES"
JOINT_SUPPORT_PLAN = "JOINT_SUPPORT_PLAN"
PREGNANCY_SUPPORT = "PREGNANCY_SUPPORT"


def holds(rule_book: Mapping[str, Any], code: str, on: date) -> bool:
    """Whether this rule holds on that day. An older book has no such rows: help with the household moved on the day that
    edition 1 knew, and nothing else holds."""
    rows = rule_book.get("dated_rules")
    if rows is None:
        return code == HOUSEKEEPING_ELSEWHERE and on >= HOUSEKEEPING_MOVED_ON
    return any(row["code"] == code and date.fromisoformat(row["since"]) <= on for row in rows)
