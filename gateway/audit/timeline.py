"""A case as the auditor's page shows it: its moments, what each agency could open at one of them, its exceptions.

Who notified is nowhere in it: such a moment bears a token and its day, and who is known by nothing else is not
among the agencies. Basis: CAPA 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.calendar import JST
from domain.facts import AbuseNotificationReceived, Fact, dump
from domain.record import Party, Record
from gateway.audit.history import History

UNREAD = timedelta(hours=48)
"""After this time somebody asks why nobody has opened it. Source: guideline 6(1), the hub's own time."""

Row = dict[str, Any]


def moments(past: History) -> list[Row]:
    """Every record of the case in order: when (of a notification the day), who, what."""
    tokens = _tokens(past)
    return [
        {
            "when": _when(record),
            "at": record.at,
            "by": _by(record, tokens),
            "act": record.topic,
            "reason": getattr(record.fact, "reason", None),
        }
        for record in past.records
    ]


def views(past: History, at: datetime) -> dict[str, list[tuple[str, int]]]:
    """What each agency could open then: agency -> (section, how many items), by section."""
    hidden = {str(agency) for agency in _tokens(past)}
    sections = {str(item.item): item.section.value for _, item in past.case.all_items()}
    return {
        agency: sorted(Counter(sections[item] for item in items).items())
        for agency, items in past.views(at).items()
        if agency not in hidden
    }


def exceptions(past: History, at: datetime) -> list[Row]:
    """What an auditor should look at, as of then; whoever notified is not named."""
    hidden = {str(agency) for agency in _tokens(past)}
    rows = past.exceptions(at)
    for row in rows:
        if row.get("act") == AbuseNotificationReceived.TOPIC or str(row.get("agency")) in hidden:
            row["agency"] = "NOTIFIER"
    return rows


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


def _of_a_notifier(fact: Fact) -> bool:
    return isinstance(fact, AbuseNotificationReceived) and not fact.taken_in


def _token(fact: Fact) -> str:
    return getattr(fact, "notifier_token", None) or "NOTIFIER"


def _by(record: Record, tokens: Mapping[Party, str]) -> str:
    fact = record.fact
    if _of_a_notifier(fact):
        return _token(fact)
    if getattr(fact, "act", None) == AbuseNotificationReceived.TOPIC:
        return "NOTIFIER"  # one that was refused
    return tokens.get(record.by) or str(record.by)


def _when(record: Record) -> str:
    day = AbuseNotificationReceived.TOPIC in (record.topic, getattr(record.fact, "act", None))
    at = record.at.astimezone(JST)
    return f"{at:%Y-%m-%d}" if day else f"{at:%Y-%m-%d %H:%M}"


def _tokens(past: History) -> dict[Party, str]:
    """Who wrote a notification and has no other part in the case by now: what stands for each.

    That its notification was acknowledged and read is no other part.
    """
    messages = past.case.messages
    told = {m.id: m for m in messages.values() if _of_a_notifier(m.fact)}
    others: set[Party] = {past.case.core} if past.case.core else set()
    for message in messages.values():
        if message.id not in told:
            others.add(message.by)
            others |= message.to if getattr(message.fact, "answers", None) not in told else set()
    return {m.by: _token(m.fact) for m in told.values() if m.by not in others}
