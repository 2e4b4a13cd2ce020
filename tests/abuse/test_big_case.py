"""One big case does not stop everybody: its records cost what others cost, and nobody else waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID, uuid4

import pytest

from gateway.agency.door import Door
from gateway.hub import queries
from gateway.rehearsal.bench.big_case import compare_big_case
from tests.gateway.hubkit import HubWithCase, hub_with_case

Patch = pytest.MonkeyPatch


def test_a_record_in_a_big_case_costs_about_what_one_in_a_new_case_costs(large: bool) -> None:
    """Medians of turns in one run. ``--large``: the size and the ratio that are promised."""
    messages, most, samples = (2000, 2.0, 30) if large else (400, 3.0, 15)
    rows = compare_big_case(messages, samples, lambda done, of: None)
    assert {row["name"]: row["ratio"] for row in rows if row["ratio"] > most} == {}
    assert len(rows) == 5


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("big-case") / "hub") as opened_hub:
        yield opened_hub


@pytest.fixture
def busy_projector(hub: HubWithCase, monkeypatch: Patch) -> Iterator[ExitStack]:
    """The read models are up to date, and then work on something long, until this is closed."""
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    runtime.projector.catch_up()
    monkeypatch.setattr(queries, "FEED_WAIT_SECONDS", 0.1)
    with ExitStack() as stack:
        stack.enter_context(runtime.read_models._write_lock)
        yield stack


def behind(door: Door) -> int:
    door.refresh()
    return door.store.behind


def test_while_one_case_is_flooded_the_feeds_of_all_others_are_complete(
    hub: HubWithCase, busy_projector: ExitStack
) -> None:
    for _ in range(5):
        hub.refer()
    assert {code: behind(hub.door(code)) for code in ("AZ-COORD", "KS-CGC")} == {"AZ-COORD": 0, "KS-CGC": 0}


def test_a_feed_that_lacks_records_of_its_own_states_how_many_and_is_complete_later(
    hub: HubWithCase, busy_projector: ExitStack
) -> None:
    door = hub.door("AZ-CORE")
    sent = [hub.refer().command_id for _ in range(3)]
    assert (behind(door), behind(hub.door("MID-HOSP"))) == (3, 3)
    assert not seen(door, hub.case) & set(sent)
    busy_projector.close()
    catch_up(hub)
    assert behind(door) == 0
    assert seen(door, hub.case) >= set(sent)


def test_a_record_of_the_register_concerns_everybody(hub: HubWithCase, busy_projector: ExitStack) -> None:
    office = hub.rehearsal_hub.audit
    office.request_control(None)
    assert behind(hub.door("KS-CGC")) == 1


def test_a_coordinating_agency_does_not_learn_of_a_case_that_is_not_registered(
    hub: HubWithCase, busy_projector: ExitStack
) -> None:
    hub.refer(uuid4())
    assert behind(hub.door("AZ-COORD")) == 0


def seen(door: Door, case: UUID) -> set[UUID]:
    return {UUID(m["message"]) for m in door.store.messages(case)}


def catch_up(hub: HubWithCase) -> None:
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    runtime.projector.catch_up()
