"""A door as a process of its own, without a hub behind it: what strangers can do to it shows in its memory and times.

    python tests/abuse/door_at_sign_in.py FOLDER

Prints its address once it is served, and ends with its standard input.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast
from uuid import UUID

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from domain.errors import Unavailable  # noqa: E402
from gateway.agency.staff import Staff  # noqa: E402
from gateway.agency.staff_roles import ALL_ROLES  # noqa: E402
from gateway.agency.web.app import agency_app  # noqa: E402
from gateway.protocol.serving import ServedApp  # noqa: E402

PEOPLE = ("staff.a1", "staff.a2")
PASSPHRASE = "correct horse battery"


class DoorWithoutHub:
    agency = UUID(int=1)

    class store:
        class page_drafts:
            give_back = staticmethod(lambda actor: [])

    def directory(self) -> list[Any]:
        raise Unavailable("hub-unreachable")


def main() -> None:
    staff = Staff(Path(sys.argv[1]) / "staff.db")
    for actor in PEOPLE:
        staff.add(actor, f"職員 {actor}", PASSPHRASE.encode(), roles=ALL_ROLES)
    with ServedApp(agency_app(cast(Any, DoorWithoutHub()), staff=staff, mode="real")) as served:
        print(served.url, flush=True)
        sys.stdin.read()
    staff.close()


if __name__ == "__main__":
    main()
