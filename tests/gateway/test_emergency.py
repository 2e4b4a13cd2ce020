"""Reading in an emergency at real doors: three persons, real keys, a day, and then nothing more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import NotThere
from domain.events import Kind
from gateway.agency.door import Part, Sent
from tests.gateway.hubkit import START, Ground, ground

HOUR = timedelta(hours=1)


def say(
    hub: Ground, by: str, act: str, fields: dict[str, object], to: list[str], actor: str, *parts: Part
) -> Sent:
    ids = sorted(str(hub.door(code).agency) for code in to)
    common = {"to": ids, "basis": dict.fromkeys(ids, "APPI-69-2-3"), "consent": [], "purpose": "SAFETY"}
    sent = hub.door(by).send(
        Kind.CASE, hub.case, act, {**common, "reason": None, **fields}, parts, actor=actor
    )
    assert sent.outcome == "recorded", sent.reason
    return sent


def test_two_persons_open_it_for_a_day_with_keys_of_the_core_agency(tmp_path: Path) -> None:
    with ground(tmp_path / "hub") as hub:
        cgc = hub.door("KS-CGC")
        say(hub, "AZ-CORE", "disclosure.made", {}, ["KS-CGC"], "staff.a", Part("PLAN", b"plan"))
        wanted = {"sections": ["BASIC"], "alternatives": ["ASK_THE_OWNER"], "reason": "LIFE_IN_DANGER"}
        asked = say(hub, "KS-CGC", "emergency_access.requested", wanted, ["AZ-CORE"], "staff.k1")
        item = next(i for i, section in hub.sent.items if section == "BASIC")

        def opened() -> bytes:
            return cgc.open(hub.case, hub.sent.ask_id, item, "BASIC", actor="staff.k1").content

        for actor in ("staff.k2", "staff.k3"):
            with pytest.raises(NotThere):
                opened()
            let = {"approves": str(asked.ask_id)}
            say(hub, "KS-CGC", "emergency_access.approved", let, [], actor)
        hub.stage.settle()
        assert opened() == hub.text("BASIC")
        told = hub.door("MID-HOSP")
        told.refresh()
        assert "LATE_EMERGENCY" in {t["kind"] for t in told.book.tasks()}
        hub.stage.set_clock(START + 25 * HOUR)
        with pytest.raises(NotThere):
            opened()
