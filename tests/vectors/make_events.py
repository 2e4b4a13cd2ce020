"""Adds the golden vector of every fact that has none. It never rewrites one: a released form is permanent.

python -m tests.vectors.make_events
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

from adapters.mapper import body_of
from domain.due import HUB_ACTS
from domain.events import FACTS, Fact, Kind
from domain.record import HUB, REGISTRY, About, Record, access_of

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


def record_for(cls: type[Fact]) -> tuple[Record, UUID]:
    """A record with a fact of this class, and the originator it stands in."""
    hints = typing.get_type_hints(cls)
    fact = cls(**{f.name: sample(hints[f.name], f.name) for f in fields(cls)})
    kind = Kind.CASE if cls.ON in (None, Kind.CASE_ACCESS) else cls.ON
    about = About(kind, uuid5(ROOT, kind.value))
    originator = access_of(about.id) if cls.ON is Kind.CASE_ACCESS else about.id
    by_hub = cls in HUB_ACTS and cls.__name__ != "OutsourcingContractEnded"
    registry = kind in (Kind.RULE_BOOK, Kind.LOG)
    record = Record(
        originator=About(Kind.CASE_ACCESS if cls.ON is Kind.CASE_ACCESS else kind, originator),
        version=7,
        at=AT,
        about=about,
        by=HUB if by_hub else REGISTRY if registry else uuid5(ROOT, "by"),
        actor="" if by_hub else "staff.1",
        ask_id=uuid5(ROOT, "ask"),
        frame=None if by_hub else hashlib.sha256(cls.TOPIC.encode()).digest(),
        rests_on=(
            (Kind.COMMISSION, uuid5(ROOT, "commission"), 12),
            (Kind.NETWORK, uuid5(ROOT, "network"), 4),
        ),
        rules=1,
        decider=1,
        fact=fact,
    )
    return record, originator


def path_of(cls: type[Fact]) -> Path:
    return HERE / f"{cls.TOPIC}.v{cls.VERSION}.json"


def main() -> None:
    lines = MANIFEST.read_text().splitlines() if MANIFEST.exists() else []
    for topic in sorted(FACTS):
        cls = FACTS[topic]
        path = path_of(cls)
        if path.exists():
            continue
        record, originator = record_for(cls)
        vector = {
            "originator": str(originator),
            "version": record.version,
            "actor": record.actor,
            "body": body_of(record).decode(),
        }
        path.write_text(json.dumps(vector, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
        print(f"added {path.name}", file=sys.stderr)
    MANIFEST.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
