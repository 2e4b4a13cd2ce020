"""A case as the auditor's page shows it: its moments, and what each agency could open at one of them.

Of a notification a moment bears the token and the day. Basis: CAPA 7.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from domain.calendar import JST
from domain.exceptional import of_notification
from domain.record import Record
from gateway.audit.history import History

Row = dict[str, Any]


def moments(past: History) -> list[Row]:
    """Every record of the case in order: when (of a notification the day), who, what."""
    return [
        {
            "when": _when(record),
            "at": record.at,
            "by": past.by(record),
            "act": record.topic,
            "reason": getattr(record.fact, "reason", None),
        }
        for record in past.records
    ]


def views(past: History, at: datetime) -> dict[str, list[tuple[str, int]]]:
    """What each agency could open then: agency -> (section, how many items), by section."""
    sections = {str(item.item): item.section.value for _, item in past.case.all_items()}
    return {
        agency: sorted(Counter(sections[item] for item in items).items())
        for agency, items in past.views(at).items()
    }


def _when(record: Record) -> str:
    at = record.at.astimezone(JST)
    return f"{at:%Y-%m-%d}" if of_notification(record) else f"{at:%Y-%m-%d %H:%M}"
