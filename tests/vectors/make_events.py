"""Adds the golden vector of every version of every event that has none. It never rewrites one: a released form is
permanent.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from adapters.mapper import body_of, record_of
from domain.alarms.raising import ALARMS
from domain.children import SpeaksOfChildren
from domain.events import EVENTS, Cause, Event, Kind
from domain.record import HUB, REGISTRARS, About, Record, access_of
from keys import canonical

HERE = Path(__file__).parent / "events"
MANIFEST = HERE / "MANIFEST"
ROOT = UUID("5b7f2c1e-0000-4000-8000-000000000000")
AT = datetime(2025, 6, 4, 0, 30, 0, 125, UTC)


def sample(hint: Any, name: str) -> Any:
    """One fixed value of a type, the same for ever."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return sample(next(a for a in args if a is not type(None)), name)
    if origin is frozenset:
        return frozenset({sample(args[0], name)})
    if origin is tuple:
        return (sample(args[0], name),)
    if origin is dict:
        key = "PR_YOUNG" if name == "indicators" else sample(args[0], name)
        return {key: {"edition": 1} if args[1] is Any else sample(args[1], name)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[-1]
    if is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return hint(**{f.name: sample(hints[f.name], f.name) for f in fields(hint)})  # type: ignore[arg-type, misc]
    plain = {
        UUID: uuid5(ROOT, name),
        str: name.upper().replace("_", "-"),
        int: 3,
        bool: True,
        datetime: AT,
        date: date(2025, 7, 27),
    }
    return plain[hint]


def record_for(cls: type[Event]) -> tuple[Record, UUID]:
    """A record with an event of this class, and the originator it stands in."""
    hints = typing.get_type_hints(cls)
    event = cls(**{f.name: sample(hints[f.name], f.name) for f in fields(cls)})
    kind = Kind.CASE if cls.ON in (None, Kind.CASE_ACCESS) else cls.ON
    about = About(kind, uuid5(ROOT, kind.value))
    originator = access_of(about.id) if cls.ON is Kind.CASE_ACCESS else about.id
    by_hub = cls.CAUSE is Cause.CLOCK
    registrars = kind in (Kind.RULE_BOOK, Kind.LOG)
    record = Record(
        originator=About(Kind.CASE_ACCESS if cls.ON is Kind.CASE_ACCESS else kind, originator),
        version=7,
        at=AT,
        about=about,
        by=HUB if by_hub else REGISTRARS if registrars else uuid5(ROOT, "by"),
        actor="" if by_hub else "staff.1",
        command_id=uuid5(ROOT, "command"),
        frame=None if by_hub else hashlib.sha256(cls.TOPIC.encode()).digest(),
        rests_on=(
            (Kind.COMMISSION, uuid5(ROOT, "commission"), 12),
            (Kind.NETWORK, uuid5(ROOT, "network"), 4),
        ),
        rules=1,
        edition=1,
        event=event,
    )
    return record, originator


# What version 2 of a topic added to version 1, and version 3 to version 2; an entry for every such version. What speaks
# of children began to name them in version 2, except those that are listed otherwise below.
ADDED_IN_VERSION_2: dict[str, tuple[str, ...]] = {
    **{topic: ("children",) for topic, event in EVENTS.items() if issubclass(event, SpeaksOfChildren)},
    **{alarm.TOPIC: ("child",) for alarm in ALARMS.values()},
    **dict.fromkeys(("stay_overdue_alarm.raised", "support_worker_assignment.ended"), ("period",)),
    "family_without_visitor_alarm.raised": ("period",),
    **dict.fromkeys(("search_stalled_alarm.raised", "contact_ban_ends_alarm.raised"), ("period",)),
    "closing_consultation.held": ("not_consulted",),
    "conference_minutes.recorded": ("participants",),
    "consent.given": ("children", "given_by", "sole_holder"),
    "support.closed": ("follow_on",),
    "support_plan_handed.over": ("handed_on", "handover", "agreement"),
    "disclosure.made": ("answers",),
    "home_visit.failed": ("visit",),
    "home_visit.refused": ("visit",),
    "home_visit.scheduled": ("replaces",),
    "items.rewrapped": (),
    "network_meeting.held": ("participants",),
    "non_disclosure.decided": ("answers", "withheld_from"),
    "specialist_service.linked": ("answers",),
    "support.commenced": ("plan.housekeeping",),
    "support_plan.approved": ("plan.housekeeping",),
    "support_plan.formulated": ("plan.housekeeping",),
    "support_type.decided": ("specialist_needed",),
    "support_worker.assigned": ("role",),
    "training_module.completed": ("tier",),
}
ADDED_IN_VERSION_3: dict[str, tuple[str, ...]] = {
    **{alarm.TOPIC: ("period",) for alarm in ALARMS.values() if alarm.VERSION > 2},
    "abuse_notification.received": ("channel",),
    "indicator_assessment.recorded": ("route", "involved", "home_visit_report"),
    "infant_home_visit.reported": ("support_need",),
    "support.commenced": ("plan.made_by", "plan.services", "plan.explained_on", "plan.agreement"),
    "support_plan.approved": ("plan.made_by", "plan.services", "plan.explained_on", "plan.agreement"),
    "support_plan.formulated": ("plan.made_by", "plan.services", "plan.explained_on", "plan.agreement"),
    "emergency.triaged": ("answers",),
    "home_visit.completed": ("visit",),
    "visit_report.submitted": ("visit",),
}
ADDED_IN_VERSION_4: dict[str, tuple[str, ...]] = {"visit_report.submitted": ("support_plan",)}
_ADDED = {2: ADDED_IN_VERSION_2, 3: ADDED_IN_VERSION_3, 4: ADDED_IN_VERSION_4}


def bodies_of(record: Record) -> dict[int, bytes]:
    """The body of a record in each version of its event, as it was written then."""
    topic, present = record.topic, type(record.event).VERSION
    bodies = {present: body_of(record)}
    for version in range(present - 1, 0, -1):
        body = canonical.parse(bodies[version + 1])
        body["v"] = version
        for path in _ADDED[version + 1][topic]:
            *parents, name = path.split(".")
            place = body["fields"]
            for parent in parents:
                place = place[parent]
            del place[name]
        bodies[version] = canonical.encode(body)
    return bodies


def main() -> None:
    HERE.mkdir(exist_ok=True)
    lines = MANIFEST.read_text().splitlines() if MANIFEST.exists() else []
    for topic in sorted(EVENTS):
        record, originator = record_for(EVENTS[topic])
        for version, body in sorted(bodies_of(record).items()):
            path = HERE / f"{topic}.v{version}.json"
            if path.exists():
                continue
            record_of(body, originator, record.version, record.actor)
            vector = {
                "originator": str(originator),
                "version": record.version,
                "actor": record.actor,
                "body": body.decode(),
            }
            path.write_text(json.dumps(vector, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
            print(f"added {path.name}", file=sys.stderr)
    MANIFEST.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
