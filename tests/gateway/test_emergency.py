"""Emergency access at real doors: three persons, real keys, access for one day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import NotFound
from domain.events import Kind
from gateway.agency.door import SectionContent, SubmissionResult
from tests.gateway.hubkit import START, HubWithCase, hub_with_case

HOUR = timedelta(hours=1)


def submit_message(
    hub: HubWithCase,
    by: str,
    act: str,
    fields: dict[str, object],
    to: list[str],
    actor: str,
    *parts: SectionContent,
) -> SubmissionResult:
    ids = sorted(str(hub.door(code).agency) for code in to)
    common = {"to": ids, "basis": dict.fromkeys(ids, "APPI-69-2-3"), "consent": [], "purpose": "SAFETY"}
    sent = hub.door(by).send(
        Kind.CASE, hub.case, act, {**common, "reason": None, **fields}, parts, actor=actor
    )
    assert sent.outcome == "recorded", sent.reason
    return sent


def test_two_approvals_give_emergency_access_for_one_day(tmp_path: Path) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        cgc = hub.door("KS-CGC")
        submit_message(
            hub, "AZ-CORE", "disclosure.made", {}, ["KS-CGC"], "staff.a", SectionContent("PLAN", b"plan")
        )
        request_fields = {
            "sections": ["BASIC"],
            "alternatives": ["REQUEST_FROM_OWNER"],
            "reason": "LIFE_IN_DANGER",
        }
        access_request = submit_message(
            hub, "KS-CGC", "emergency_access.requested", request_fields, ["AZ-CORE"], "staff.k1"
        )
        item = next(i for i, section in hub.sent.items if section == "BASIC")

        def opened() -> bytes:
            return cgc.open(hub.case, hub.sent.command_id, item, "BASIC", actor="staff.k1").content

        for actor in ("staff.k2", "staff.k3"):
            with pytest.raises(NotFound):
                opened()
            approval = {"approves": str(access_request.command_id)}
            submit_message(hub, "KS-CGC", "emergency_access.approved", approval, [], actor)
        hub.rehearsal_hub.complete_rewrap_duties()
        assert opened() == hub.text("BASIC")
        notified_door = hub.door("MID-HOSP")
        notified_door.refresh()
        assert "LATE_EMERGENCY" in {t["kind"] for t in notified_door.store.tasks()}
        hub.rehearsal_hub.set_clock(START + 25 * HOUR)
        with pytest.raises(NotFound):
            opened()
