"""A case as the auditor's page shows it: its moments, what each agency could open at one of them, what nobody has read.

Of a notification a moment bears the token and the day. Basis: CAPA 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.calendar import JST
from domain.facts import dump
from domain.record import Record
from gateway.audit.history import History, of_notification

UNREAD = timedelta(hours=48)
"""After this time somebody asks why nobody has opened it. Source: guideline 6(1), the hub's own time."""

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


def unread(found: Mapping[str, Any], at: datetime) -> list[Row]:
    """Each message that an addressee had for 48 hours and has not opened, from the ledger as of ``at``."""
    opened = {(o["message"], o["agency"]) for o in found["openings"] if o["outcome"] == "OPENED"}
    limit = dump(at - UNREAD)
    rows = {}
    for d in found["disclosures"]:
        late = d["outcome"] in ("DISCLOSED", "RELEASED") and d["at"] <= limit
        if late and (d["message"], d["to"]) not in opened:
            rows[d["message"], d["to"]] = {
                "kind": "UNREAD", "at": d["at"], "case": d["case"], "agency": d["to"], "act": d["act"]
            }  # fmt: skip
    return list(rows.values())


def _when(record: Record) -> str:
    at = record.at.astimezone(JST)
    return f"{at:%Y-%m-%d}" if of_notification(record) else f"{at:%Y-%m-%d %H:%M}"
