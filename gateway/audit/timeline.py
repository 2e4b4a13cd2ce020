"""A case as the auditor's page shows it: its moments, and what each agency could open at one of them.

The moment of a notification bears the token and the day. Basis: CAPA 7.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from domain.audit_exceptions import is_notification
from gateway.audit.history import History

Row = dict[str, Any]


def moments(case_history: History) -> list[Row]:
    """Every record of the case in order: when (of a notification the day alone is shown: ``is_day``), who, what."""
    return [
        {
            "at": record.at,
            "is_day": is_notification(record),
            "by": case_history.by(record),
            "act": record.topic,
            "reason": getattr(record.event, "reason", None),
        }
        for record in case_history.records
    ]


def openable_sections(case_history: History, at: datetime) -> dict[str, list[tuple[str, int]]]:
    """What each agency could open then: agency -> (section, number of items), sorted by section."""
    sections = {str(item.item): item.section.value for _, item in case_history.case.all_items()}
    return {
        agency: sorted(Counter(sections[item] for item in items).items())
        for agency, items in case_history.openable_items(at).items()
    }
