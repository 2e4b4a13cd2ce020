"""What a door opens again for its case index, at a running hub: only what it had opened, and nobody is informed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.codes import Purpose
from domain.errors import Malformed, NotFound
from domain.events import Kind, dump
from gateway.agency.door import Door
from tests.gateway.hubkit import HubWithCase, hub_with_case


def open_basic(hub: HubWithCase, door: Door, purpose: Purpose) -> str:
    """Open the section BASIC of the referral and return which item that is."""
    door.refresh()
    message = door.store.messages(hub.case)[0]
    item = next(i["item"] for i in message["items"] if i["section"] == "BASIC")
    door.open(hub.case, UUID(message["message"]), UUID(item), "BASIC", actor="staff.r", purpose=purpose)
    return str(item)


def test_only_what_was_opened_before_is_opened_again_and_the_core_agency_is_not_informed(
    tmp_path: Path,
) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        core, hospital = hub.door("AZ-CORE"), hub.door("MID-HOSP")

        def own_openings(door: Door, after: int = 0) -> list[str]:
            answer = door.query(Kind.AGENCY, door.agency, "own_openings", {"after": after}, actor="staff.r")
            assert not answer["more"]
            return [one["item"] for one in answer["openings"]]

        assert own_openings(core) == []
        with pytest.raises(NotFound):
            open_basic(hub, core, Purpose.INDEX_REBUILD)
        item = open_basic(hub, core, Purpose.SUPPORT)
        assert own_openings(core) == [item]
        assert open_basic(hub, core, Purpose.INDEX_REBUILD) == item

        assert own_openings(hospital) == []
        open_basic(hub, hospital, Purpose.INDEX_REBUILD)  # its own words
        since = {"since": dump(hub.rehearsal_hub.now() - timedelta(days=1))}
        answer = core.query(Kind.AGENCY, core.agency, "openings", since, actor="staff.1")
        assert answer["openings"] == []
        with pytest.raises(Malformed):
            own_openings(core, -1)
