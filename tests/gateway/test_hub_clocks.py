"""The hub's clock over cases: an alarm comes at its time, also after a restart, and the record verifies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from domain.events import CaseAlarm, ReferralUnacknowledgedAlarmRaised
from gateway.audit.verification import Verifier
from gateway.rehearsal.scenario.stage import Stage, reopen_stage
from tests.gateway.hubkit import START, ground

DAY = timedelta(hours=24)


def alarms(stage: Stage, case: UUID) -> list[tuple[type, timedelta]]:
    """Alarms of this case, and how long after the start they were recorded."""
    found = [r for r in stage.hub_acts() if r.originator.id == case]
    return [(type(r.fact), r.at - START) for r in found if isinstance(r.fact, CaseAlarm)]


def findings(stage: Stage) -> list[object]:
    runtime = stage.runtime
    assert runtime is not None
    return list(Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run().findings)


def test_an_alarm_comes_at_its_time_and_the_record_verifies(tmp_path: Path) -> None:
    with ground(tmp_path / "hub") as hub:
        case = hub.refer(uuid4()).case
        hub.stage.set_clock(START + DAY - timedelta(seconds=1))
        assert alarms(hub.stage, case) == []
        hub.stage.set_clock(START + 3 * DAY)  # told of on the way, at its own time
        assert alarms(hub.stage, case)[0] == (ReferralUnacknowledgedAlarmRaised, DAY)
        assert findings(hub.stage) == []


def test_a_clock_that_began_before_a_restart_runs_out_after_it(tmp_path: Path) -> None:
    with ground(tmp_path / "hub") as hub:
        case = hub.refer(uuid4()).case
        hub.stage.set_clock(START + timedelta(hours=2))
        folder = hub.stage.installation.folder
    with reopen_stage(folder) as again:
        again.set_clock(START + DAY)
        assert alarms(again, case) == [(ReferralUnacknowledgedAlarmRaised, DAY)]
        assert findings(again) == []
