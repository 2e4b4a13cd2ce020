"""Joined cases on a real hub: what it records of itself in each, and how it is verified, whole and one case alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from domain.due import next_due_of_case
from domain.events import JoinedCaseChanged, Kind
from domain.record import About
from gateway.agency.door import SubmissionResult
from gateway.cli.main import app
from tests.editions.test_two_editions import bundle_of, findings_of, records
from tests.gateway.hubkit import HubWithCase, hub_with_case

CHANGED, INFORMED = "joined_case.changed", "joined_case.informed"


class Joined:
    """A hub with two cases of one core agency."""

    def __init__(self, hub: HubWithCase) -> None:
        self.hub, self.one, self.other = hub, hub.case, hub.refer(uuid4()).case

    def act(self, case: UUID, act: str, code: str = "AZ-CORE", **fields: Any) -> SubmissionResult:
        common = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
        return self.hub.door(code).send(Kind.CASE, case, act, {**common, **fields}, actor="staff.a")

    def join(self) -> SubmissionResult:
        return self.act(self.one, "cases.joined", other=str(self.other))

    def tick(self) -> None:
        runtime = self.hub.rehearsal_hub.runtime
        assert runtime is not None
        runtime.hub.tick()

    def topics(self, case: UUID) -> list[str]:
        return [r.topic for r in records(self.hub.rehearsal_hub) if r.about.id == case and r.by == "HUB"]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Joined]:
    with hub_with_case(tmp_path / "hub") as hub:
        yield Joined(hub)


def test_both_cases_know_of_each_other_and_the_record_verifies(two: Joined) -> None:
    assert two.join().outcome == "recorded"
    assert two.act(two.other, "cases.joined", other=str(two.one)).reason == "ALREADY_JOINED"
    assert two.topics(two.one) == [INFORMED, CHANGED]
    assert two.topics(two.other) == [CHANGED, INFORMED]
    assert two.act(two.other, "contact.refused").outcome == "recorded"
    two.tick()
    assert two.topics(two.one) == [INFORMED, CHANGED, CHANGED]
    assert findings_of(two.hub.rehearsal_hub) == []


def test_a_case_that_is_not_there_is_as_one_of_another_agency(two: Joined) -> None:
    assert two.act(two.one, "cases.joined", other=str(uuid4())).reason == "NOT_YOUR_CASE"
    rests = [r.rests_on for r in records(two.hub.rehearsal_hub)][-1]
    assert all(kind is not Kind.CASE for kind, _, _ in rests)
    by_hospital = two.act(two.one, "cases.joined", "MID-HOSP", other=str(two.other))
    assert by_hospital.reason == "NOT_YOUR_CASE"
    for not_a_case in (two.hub.network, UUID(int=1)):
        assert two.act(two.one, "cases.joined", other=str(not_a_case)).reason == "NOT_YOUR_CASE"
    assert findings_of(two.hub.rehearsal_hub, rows=False) == []


@pytest.mark.parametrize("whole", [True, False], ids=["all cases", "one case"])
def test_a_bundle_verifies_with_and_without_the_other_case(two: Joined, whole: bool) -> None:
    two.join()
    two.act(two.other, "contact.refused")
    two.tick()
    result = bundle_of(two.hub.rehearsal_hub, None if whole else two.one)
    assert (result.faults, result.control) == ([], True)


def test_a_replay_of_one_case_has_no_faults(two: Joined) -> None:
    two.join()
    two.act(two.other, "case.split", other=str(two.one), reason="MISTAKE")
    two.tick()
    folder = two.hub.rehearsal_hub.installation.folder
    result = CliRunner().invoke(
        app, ["audit", "replay", "--data", str(folder), "--case", str(two.one), "--json"]
    )
    assert result.exit_code == 0, result.output
    assert [step["fault"] for step in json.loads(result.stdout) if step["fault"]] == []


def test_where_the_hub_ended_in_between_the_rest_is_recorded_once(two: Joined) -> None:
    """It had recorded it in the joined case, and not yet where it comes from."""
    two.join()
    runtime = two.hub.rehearsal_hub.runtime
    assert runtime is not None
    hub: Any = runtime.hub
    world = hub.world_of(two.one)
    due = next_due_of_case(world)
    assert due is not None
    event: Any = due.event
    assert isinstance(event, JoinedCaseChanged)

    def record_the_first_half() -> int:
        hub._recording.append_hub_event(due.about, event, due.at)
        return 1

    hub._command_queue.run_exclusive(record_the_first_half)
    two.tick()
    assert sorted(two.topics(two.other)) == sorted(two.topics(two.one)) == [CHANGED, INFORMED]
    assert findings_of(two.hub.rehearsal_hub) == []


def test_a_share_that_was_made_up_is_not_due(two: Joined) -> None:
    """A hub that makes up what a joined case says, or leaves it out, is found out."""
    two.join()
    runtime = two.hub.rehearsal_hub.runtime
    assert runtime is not None
    hub: Any = runtime.hub
    two.tick()
    forged = JoinedCaseChanged(source=two.one, shares={})

    def forge() -> int:
        hub._recording.append_hub_event(About(Kind.CASE, two.other), forged, two.hub.rehearsal_hub.now())
        return 1

    hub._command_queue.run_exclusive(forge)
    codes = {finding.code for finding in findings_of(two.hub.rehearsal_hub, rows=False)}
    assert "hub-act-not-due" in codes
