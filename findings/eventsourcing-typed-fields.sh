#!/usr/bin/env bash
# Guess: an event read back through the library's mapper is what was written: fields of their types, checks of
#   __post_init__ made again.
# So: a StrEnum comes back as bare str (equal, so the events compare equal, but «is» and «case Basis():» fail), and
#   neither __init__ nor __post_init__ runs on reading.
# Here: adapters/mapper.py is written for this product: every field is checked by its type on reading, and what
#   would not be written again byte for byte is refused. An «is» on a code would else decide wrongly, silently.
# Source: eventsourcing 9.5 documentation, «Mapper», «Transcodings»: other types need a transcoding of one's own.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'eventsourcing==9.5.6'
"$work/venv/bin/python" - <<'PYTHON'
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from uuid import uuid4

from eventsourcing.domain import DomainEvent, datetime_now_with_tzinfo
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, UUIDAsHex

print("eventsourcing", version("eventsourcing"))


class Basis(StrEnum):
    CONSENT = "CONSENT"


checks = 0


@dataclass(frozen=True, kw_only=True)
class Disclosed(DomainEvent):
    basis: Basis

    def __post_init__(self) -> None:
        global checks
        checks += 1


transcoder = JSONTranscoder()
transcoder.register(UUIDAsHex())
transcoder.register(DatetimeAsISO())
mapper = Mapper(transcoder)
event = Disclosed(
    originator_id=uuid4(), originator_version=1, timestamp=datetime_now_with_tzinfo(), basis=Basis.CONSENT
)
back = mapper.to_domain_event(mapper.to_stored_event(event))

changed = False
for what, guess, so, seen in [
    ("type of the code", "Basis", "str", type(back.basis).__name__),
    ("is the code itself", True, False, back.basis is Basis.CONSENT),
    ("the events are equal", True, True, back == event),
    ("runs of __post_init__, written and read", 2, 1, checks),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
