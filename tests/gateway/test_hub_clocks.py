"""The hub's clock over cases: alarms are recorded at their due time, also after a restart, and the record verifies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from domain.events import CaseAlarm, ReferralUnacknowledgedAlarmRaised
from gateway.audit.verification import Verifier
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, reopen_rehearsal_hub
from tests.gateway.hubkit import START, hub_with_case

DAY = timedelta(hours=24)


def alarms(rehearsal_hub: RehearsalHub, case: UUID) -> list[tuple[type, timedelta]]:
    """Alarms of this case, and how long after the start they were recorded."""
    clock_records = [r for r in rehearsal_hub.hub_records() if r.originator.id == case]
    return [(type(r.event), r.at - START) for r in clock_records if isinstance(r.event, CaseAlarm)]


def findings(rehearsal_hub: RehearsalHub) -> list[object]:
    runtime = rehearsal_hub.runtime
    assert runtime is not None
    return list(Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run().findings)


def test_an_alarm_is_recorded_at_its_due_time_and_the_record_verifies(tmp_path: Path) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        case = hub.refer(uuid4()).case
        hub.rehearsal_hub.set_clock(START + DAY - timedelta(seconds=1))
        assert alarms(hub.rehearsal_hub, case) == []
        hub.rehearsal_hub.set_clock(START + 3 * DAY)  # the alarm is recorded meanwhile, at its own time
        assert alarms(hub.rehearsal_hub, case)[0] == (ReferralUnacknowledgedAlarmRaised, DAY)
        assert findings(hub.rehearsal_hub) == []


def test_a_deadline_set_before_a_restart_is_kept_after_it(tmp_path: Path) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        case = hub.refer(uuid4()).case
        hub.rehearsal_hub.set_clock(START + timedelta(hours=2))
        folder = hub.rehearsal_hub.installation.folder
    with reopen_rehearsal_hub(folder) as reopened:
        reopened.set_clock(START + DAY)
        assert alarms(reopened, case) == [(ReferralUnacknowledgedAlarmRaised, DAY)]
        assert findings(reopened) == []
