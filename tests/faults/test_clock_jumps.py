"""Clocks that jump: no fact is earlier than what it follows, and a wrong clock is told as such, not obeyed."""

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
from gateway.agency.door import Part
from gateway.agency.store import CONFIRMED, FAILED, WAITING
from gateway.audit.verification import Verifier
from gateway.hub.service import Hub
from keys.signing import SignatureKeys, SignatureKind
from tests.gateway.hubkit import REFERRAL, Ground, ground

pytestmark = pytest.mark.faults

SPRING_FORWARD = timedelta(hours=1)


class Jumping:
    """A clock that stands wherever it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path / "hub") as made:
        yield made


def second_hub(hub: Ground, clock: Jumping) -> Hub:
    """The same record, decided by a hub whose clock jumps."""
    runtime = hub.stage.runtime
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


def at_of(hub: Ground) -> list[datetime]:
    return [k.record.at for k in hub.store.load(hub.case)]


@pytest.mark.parametrize("back", [timedelta(seconds=1), SPRING_FORWARD, timedelta(hours=23)])
def test_a_clock_that_goes_back_makes_no_fact_earlier_than_the_last(hub: Ground, back: timedelta) -> None:
    clock = Jumping(hub.stage.now())
    other = second_hub(hub, clock)
    try:
        for jump in (-back, back, -back):
            clock.at += jump
            assert not other.handle(hub.disclosure(("BASIC",)).encode()).refused
    finally:
        other.close()
    times = at_of(hub)
    assert times == sorted(times)
    runtime = hub.stage.runtime
    assert runtime is not None
    found = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run()
    assert found.findings == []


@pytest.mark.parametrize(
    ("jump", "flaw"),
    [(timedelta(days=3650), "too-late"), (timedelta(days=-3650), "not-after-too-far")],
    ids=["forward by years", "back by years"],
)
def test_a_clock_that_jumps_by_years_lets_nothing_in_and_says_why(
    hub: Ground, jump: timedelta, flaw: str
) -> None:
    head = hub.head()
    other = second_hub(hub, Jumping(hub.stage.now() + jump))
    try:
        with pytest.raises(Malformed) as caught:
            other.handle(hub.disclosure(("BASIC",)).encode())
    finally:
        other.close()
    assert caught.value.flaw == flaw
    assert caught.value.remedy
    new = hub.store.read(head + 1, 100)
    assert {k.record.by for k in new} <= {HUB}  # what fell due by that clock, and no wish


def test_a_door_whose_clock_is_wrong_is_told(hub: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    door = hub.door("MID-HOSP")
    for days, flaw in ((30, "not-after-too-far"), (-30, "too-late")):
        wrong = hub.stage.now() + timedelta(days=days)
        monkeypatch.setattr(door, "now", lambda wrong=wrong: wrong)
        with pytest.raises(Malformed) as caught:
            refer(hub)
        assert caught.value.flaw == flaw
    assert [o.state for o in door.book.outgoing()].count(FAILED) <= 2


def refer(hub: Ground) -> Any:
    door = hub.door("MID-HOSP")
    parts = [Part("BASIC", "〔架空〕".encode())]
    return door.send(Kind.CASE, uuid4(), REFERRAL, hub.referral(), parts, actor="staff.h")


def away(*_: Any, **__: Any) -> Any:
    raise Unavailable("hub-away", "the hub does not answer")


def test_a_door_that_was_away_for_days_sends_what_waited_and_takes_in_what_came(
    hub: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, core = hub.door("MID-HOSP"), hub.door("AZ-CORE")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(door.client), "wish", away)
        meanwhile.setattr(door, "_patience", 0.1)
        assert refer(hub).outcome == "waiting"
    hub.stage.set_clock(hub.stage.now() + timedelta(days=4))
    core.refresh()
    before = len(core.book.messages())
    assert door.flush() == 1
    assert [o.state for o in door.book.outgoing(WAITING)] == []
    core.refresh()
    assert len(core.book.messages()) == before + 1


def test_a_wish_that_waited_too_long_is_told_as_failed_with_the_remedy_and_blocks_nothing(
    hub: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = hub.door("MID-HOSP")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(door.client), "wish", away)
        meanwhile.setattr(door, "_patience", 0.1)
        late = refer(hub)
    hub.stage.set_clock(hub.stage.now() + timedelta(days=8))
    door.flush()
    kept = door.book.sent(late.ask_id)
    assert kept is not None
    assert kept.state == FAILED
    assert kept.answer is not None
    assert (kept.answer["flaw"], bool(kept.answer["detail"])) == ("too-late", True)
    assert kept.request is None, "the sealed parts are erased"
    assert hub.store.load(late.case) == []
    assert refer(hub).outcome == "recorded"
    assert door.book.outgoing(CONFIRMED)


def test_a_real_clock_is_aware_and_utc() -> None:
    from gateway.hub.clock import RealClock

    now = RealClock().now()
    assert now.tzinfo is UTC
