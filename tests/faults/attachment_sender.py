"""A door that is killed while it sends a file: each line that it is given names a step, and it ends by SIGKILL there.

``python -m tests.faults.attachment_sender FOLDER URL ADDRESSEE PICTURE`` reads lines
``OWNER NAME CALL before|after CASE COMMAND FILE``. For
each, one process does the work and is killed, a second one begins the same work anew, and what became of it is printed as
JSON. The processes are forked, so that everything is loaded once; none of them knows anything of the other but the disk.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from adapters.attachments import CheckedAttachment, check_attachment
from domain.codes import Section
from domain.events import Kind
from gateway.agency.attachments import AttachedPart, Attachments
from gateway.agency.door import Door
from gateway.agency.parsing import AttachmentPool
from gateway.agency.permissions import Unattended
from gateway.agency.serve import open_door
from gateway.installation.key_folder import AgencyFolder
from keys.keystore import Keystore

ACT = "family_information.provided"
ACTOR = "staff.h"
TWICE = 2


class CheckedHere:
    """Looks at files in this process, in which nothing else happens."""

    def check(self, data: bytes) -> CheckedAttachment:
        return check_attachment(data)


def kill_at(door: Door, owner: str, name: str, call: int, *, after: bool) -> None:
    """This process is killed before, or right after, that call of this function."""
    place: Any = {"rows": door.store.attachments, "store": door.store, "client": door.client}[owner]
    original, calls = getattr(place, name), [0]

    def killing(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls[0] == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(place, name, killing)


def send(door: Door, to: UUID, case: UUID, command: UUID, file: UUID, data: bytes) -> dict[str, Any]:
    """Hand over a file and send it, twice, as a sender does who heard nothing of the first time."""
    attachments = Attachments(door, cast(AttachmentPool, CheckedHere()))
    fields = {
        "to": [str(to)], "basis": {str(to): "CWA-21-10-5"}, "consent": [], "purpose": "SUPPORT", "reason": None,
        "subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}, "children": [],
    }  # fmt: skip
    outcomes = []
    for _ in range(TWICE):
        known = door.store.sent(command)
        if known is None:
            attachments.receive(ACTOR, file, data, "写真.jpg")
            parts = attachments.parts(ACTOR, [AttachedPart(file, Section.MEDICAL)])
            sent = door.send(
                Kind.CASE, case, ACT, fields, parts, actor=ACTOR, command_id=command, request=b"1"
            )
            outcomes.append(sent.outcome)
        else:
            door.flush()
    entry = door.store.sent(command)
    return {
        "outcome": entry.answer["outcome"] if entry is not None and entry.answer else None,
        "state": attachments.find(ACTOR, file).state,
        "kept": [row.id.hex for row in door.store.attachments.rows(ACTOR) if row.state != "SENT"],
        "outgoing": len(door.store.attachments.outgoing_items(command)),
    }


def forked(work: Callable[[], None]) -> int:
    """Do this in a process of its own. Returns how it ended, as ``os.waitstatus_to_exitcode``."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        work()
        sys.stdout.flush()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@dataclass(frozen=True)
class Sender:
    """What every process of one run knows. ``data``: the file."""

    place: AgencyFolder
    keystore: Keystore
    url: str
    to: UUID
    data: bytes

    def work(self, line: str, *, is_killed: bool) -> None:
        owner, name, call, when, *ids = line.split()
        case, command, file = map(UUID, ids)
        with open_door(self.place, self.keystore, self.url) as (door, _):
            door.permissions = Unattended()
            if is_killed:
                kill_at(door, owner, name, int(call), after=when == "after")
            print(json.dumps(send(door, self.to, case, command, file, self.data)))


def main() -> None:
    place = AgencyFolder.read(Path(sys.argv[1]))
    data = Path(sys.argv[4]).read_bytes()
    sender = Sender(place, place.unlock(), sys.argv[2], UUID(sys.argv[3]), data)
    for line in sys.stdin:
        ended = forked(partial(sender.work, line, is_killed=True))
        if ended != -signal.SIGKILL:
            print(json.dumps({"not killed": ended}))
        elif forked(partial(sender.work, line, is_killed=False)):
            print(json.dumps({"failed": True}))


if __name__ == "__main__":
    main()
