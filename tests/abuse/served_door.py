"""A door as a process of its own, without a hub, for tests that look at its memory.

Writes its address and a system's token to standard output, and serves until standard input ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from domain.errors import Unavailable
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.protocol.serving import ServedApp


class DoorWithoutHub:
    """Its hub is away; no request of these tests gets as far as to need it."""

    agency = UUID(int=1)

    def directory(self) -> list[Any]:
        raise Unavailable("hub-unreachable")


def main() -> None:
    staff = Staff(Path(sys.argv[1]))
    token = staff.add_token("sys:test", "システム")
    app = agency_app(cast(Any, DoorWithoutHub()), staff=staff, mode="real")
    with ServedApp(app) as served:
        print(json.dumps({"url": served.url, "token": token}), flush=True)
        sys.stdin.read()
    staff.close()


if __name__ == "__main__":
    main()
