"""A record of a newer hub: it parks the read models with an alarm, closes its own case, and stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from adapters import store as store_module
from adapters.mapper import body_of
from adapters.store import Evidence
from domain.errors import Unavailable
from domain.record import Record
from gateway.audit.verification import Verifier
from tests.gateway.hubkit import HubWithCase, hub_with_case

pytestmark = pytest.mark.faults


def poison(hub: HubWithCase, case: UUID, monkeypatch: pytest.MonkeyPatch) -> int:
    """Append a newer hub's record to this case, sealed as it must be. Returns its position."""
    last = hub.store.load(case)[-1].record
    record = Record(**{**last.__dict__, "version": last.version + 1, "command_id": uuid4(), "frame": None})

    def newer(one: Record) -> bytes:
        return body_of(one).replace(last.topic.encode(), b"topic.unheard")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store_module, "body_of", newer)
        position, _, _ = hub.store.append(record, Evidence(frame=b""))
    return position


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path / "hub") as new_hub:
        yield new_hub


def test_a_newer_record_parks_the_read_models_and_stops_nothing_else(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    before = hub.refer(uuid4())
    position = poison(hub, hub.case, monkeypatch)
    # commands about other cases go on, openings too
    after = hub.refer(uuid4())
    assert after.outcome == "recorded"
    item, section = before.items[0]
    opened = hub.door("AZ-CORE").open(before.case, before.command_id, item, section, actor="staff.a")
    assert opened.section == section
    # its own case is closed until this hub can read it, and says so
    with pytest.raises(Unavailable) as caught:
        hub.door("MID-HOSP").client.submit(hub.disclosure(("BASIC",)).encode())
    assert caught.value.error_code == "newer-record"
    # leaves are still applied; every read model that would have to parse it is parked, with an alarm
    runtime.projector.catch_up()
    health = hub.http.get("/readyz").json()
    assert health["ready"] is True
    assert sorted(health["parked"]) == ["agency_feed", "exceptions", "ledger", "worklist"]
    assert all(f"since record {position}" in alarm["detail"] for alarm in health["alarms"])
    verification = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run()
    assert [(f.code, f.position) for f in verification.findings] == [("unknown-topic", position)]


def test_a_newer_record_in_the_register_stops_all_decisions(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it changed is not known: nothing may be decided on the register as it was."""
    poison(hub, hub.network, monkeypatch)
    data = hub.disclosure(("BASIC",)).encode()
    for _ in range(3):
        with pytest.raises(Unavailable) as caught:
            hub.door("MID-HOSP").client.submit(data)
    assert caught.value.error_code == "newer-record"
    assert len(hub.store.load(hub.case)) == 1
