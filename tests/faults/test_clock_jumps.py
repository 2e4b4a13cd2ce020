"""Clocks that jump: no event is earlier than what it follows, and a wrong clock is told as such, not obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import Malformed, Unavailable
from domain.events import Kind
from domain.record import HUB
from gateway.agency.door import SectionContent
from gateway.agency.store import CONFIRMED, FAILED, WAITING
from gateway.audit.verification import Verifier
from gateway.hub.service import Hub
from keys.signing import SignatureKeys, SignatureKind
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case

pytestmark = pytest.mark.faults

SPRING_FORWARD = timedelta(hours=1)


class SettableClock:
    """A clock that stands wherever it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path / "hub") as new_hub:
        yield new_hub


def second_hub(hub: HubWithCase, clock: SettableClock) -> Hub:
    """The same record, decided by a hub whose clock jumps."""
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    return Hub(
        store=runtime.store,
        genesis=runtime.installation.genesis,
        hub=runtime.installation.hub,
        log=SignatureKeys.from_seeds(SignatureKind.LOG, runtime.installation.hub_secrets()["log"]),
        clock=clock,
        register=runtime.hub.register,
        head=runtime.store.head(),
    )


def at_of(hub: HubWithCase) -> list[datetime]:
    return [k.record.at for k in hub.store.load(hub.case)]


@pytest.mark.parametrize("back", [timedelta(seconds=1), SPRING_FORWARD, timedelta(hours=23)])
def test_a_clock_that_goes_back_makes_no_fact_earlier_than_the_last(
    hub: HubWithCase, back: timedelta
) -> None:
    clock = SettableClock(hub.rehearsal_hub.now())
    other = second_hub(hub, clock)
    try:
        for jump in (-back, back, -back):
            clock.at += jump
            assert not other.handle(hub.disclosure(("BASIC",)).encode()).refused
    finally:
        other.close()
    times = at_of(hub)
    assert times == sorted(times)
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    verification = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run()
    assert verification.findings == []


@pytest.mark.parametrize(
    ("jump", "error_code"),
    [(timedelta(days=3650), "too-late"), (timedelta(days=-3650), "not-after-too-far")],
    ids=["forward by years", "back by years"],
)
def test_a_clock_that_jumps_by_years_lets_nothing_in_and_says_why(
    hub: HubWithCase, jump: timedelta, error_code: str
) -> None:
    head = hub.head()
    other = second_hub(hub, SettableClock(hub.rehearsal_hub.now() + jump))
    try:
        with pytest.raises(Malformed) as caught:
            other.handle(hub.disclosure(("BASIC",)).encode())
    finally:
        other.close()
    assert caught.value.error_code == error_code
    assert caught.value.remedy
    new = hub.store.read(head + 1, 100)
    assert {k.record.by for k in new} <= {HUB}  # what fell due by that clock, and no command


def test_a_door_whose_clock_is_wrong_is_told(hub: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> None:
    door = hub.door("MID-HOSP")
    for days, error_code in ((30, "not-after-too-far"), (-30, "too-late")):
        wrong = hub.rehearsal_hub.now() + timedelta(days=days)
        monkeypatch.setattr(door, "now", lambda wrong=wrong: wrong)
        with pytest.raises(Malformed) as caught:
            refer(hub)
        assert caught.value.error_code == error_code
    assert [o.state for o in door.store.outgoing()].count(FAILED) <= 2


def refer(hub: HubWithCase) -> Any:
    door = hub.door("MID-HOSP")
    parts = [SectionContent("BASIC", "〔架空〕".encode())]
    return door.send(Kind.CASE, uuid4(), REFERRAL, hub.referral(), parts, actor="staff.h")


def raise_unavailable(*_: Any, **__: Any) -> Any:
    raise Unavailable("hub-unreachable", "the hub does not answer")


def test_a_door_that_was_away_for_days_sends_what_waited_and_takes_in_what_came(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, core = hub.door("MID-HOSP"), hub.door("AZ-CORE")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(door.client), "submit", raise_unavailable)
        meanwhile.setattr(door, "_retry_seconds", 0.1)
        assert refer(hub).outcome == "waiting"
    hub.rehearsal_hub.set_clock(hub.rehearsal_hub.now() + timedelta(days=4))
    core.refresh()
    before = len(core.store.messages())
    assert door.flush() == 1
    assert [o.state for o in door.store.outgoing(WAITING)] == []
    core.refresh()
    assert len(core.store.messages()) == before + 1


def test_a_wish_that_waited_too_long_is_told_as_failed_with_the_remedy_and_blocks_nothing(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = hub.door("MID-HOSP")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(door.client), "submit", raise_unavailable)
        meanwhile.setattr(door, "_retry_seconds", 0.1)
        waiting_command = refer(hub)
    hub.rehearsal_hub.set_clock(hub.rehearsal_hub.now() + timedelta(days=8))
    door.flush()
    sent_row = door.store.sent(waiting_command.command_id)
    assert sent_row is not None
    assert sent_row.state == FAILED
    assert sent_row.answer is not None
    assert (sent_row.answer["error_code"], bool(sent_row.answer["detail"])) == ("too-late", True)
    assert sent_row.request is None, "the sealed parts are erased"
    assert hub.store.load(waiting_command.case) == []
    assert refer(hub).outcome == "recorded"
    assert door.store.outgoing(CONFIRMED)


def test_a_real_clock_is_aware_and_utc() -> None:
    from gateway.hub.clock import RealClock

    now = RealClock().now()
    assert now.tzinfo is UTC
