"""Clocks that jump: no event is earlier than the one it follows, and a wrong clock is reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import Malformed, Unavailable
from domain.events import DisclosureRefused, Kind
from domain.reasons import Reason
from domain.record import HUB
from gateway.agency.door import SectionContent
from gateway.agency.store import CONFIRMED, FAILED, WAITING
from gateway.audit.verification import Verifier
from gateway.hub.hub import Hub
from gateway.hub.real import ThreadExecutor
from keys.signing import SignatureKeys, SignatureKind
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case, time_text

pytestmark = pytest.mark.faults

SPRING_FORWARD = timedelta(hours=1)


class SettableClock:
    """A clock that a test sets to any time, also back."""

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
        executor=ThreadExecutor(),
        register=runtime.hub.register,
        head=runtime.store.head(),
    )


def at_of(hub: HubWithCase) -> list[datetime]:
    return [k.record.at for k in hub.store.load(hub.case)]


@pytest.mark.parametrize("back", [timedelta(seconds=1), SPRING_FORWARD, timedelta(hours=23)])
def test_after_the_clock_goes_back_no_event_is_earlier_than_the_last(
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


def test_after_the_clock_goes_back_a_command_is_decided_as_of_the_time_that_is_recorded(
    hub: HubWithCase,
) -> None:
    """A consent that has expired by the last record stays expired: else the record would not replay."""
    clock = SettableClock(hub.rehearsal_hub.now())
    core, service, consent = (
        str(id) for id in (hub.door("AZ-CORE").agency, hub.door("EXT-SERVICE").agency, uuid4())
    )
    empty_fields = {"to": [], "consent": [consent], "purpose": "SUPPORT", "reason": None, "basis": {}}
    scope = [{"consent": consent, "sender": core, "recipient": service, "sections": ["BASIC"]}]
    expires_at = time_text(clock.at + timedelta(hours=1))
    given = {**empty_fields, "scope": scope, "capacity": "SELF", "expires_at": expires_at}
    disclosed = {**empty_fields, "to": [service], "basis": {service: "CONSENT"}, "answers": None}
    disclosure = hub.unsigned("AZ-CORE", "disclosure.made", disclosed)
    hub.add_item(disclosure, "BASIC", b"x", ("AZ-CORE", "EXT-SERVICE"))
    other = second_hub(hub, clock)
    try:
        assert not other.handle(hub.unsigned("AZ-CORE", "consent.given", given).encode()).refused
        clock.at += 2 * SPRING_FORWARD
        not_after = time_text(clock.at + timedelta(minutes=5))
        assert not other.handle(hub.disclosure(("BASIC",), not_after=not_after).encode()).refused
        clock.at -= 2 * SPRING_FORWARD
        refused = other.handle(disclosure.encode()).event
    finally:
        other.close()
    assert isinstance(refused, DisclosureRefused)
    assert refused.reason is Reason.CONSENT_EXPIRED
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    assert Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run().findings == []


@pytest.mark.parametrize(
    ("jump", "error_code"),
    [(timedelta(days=3650), "too-late"), (timedelta(days=-3650), "not-after-too-far")],
    ids=["forward by years", "back by years"],
)
def test_after_the_clock_jumps_by_years_commands_are_refused_with_the_reason(
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


class RunningClock(SettableClock):
    """A clock that is one second later whenever it is read."""

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def test_a_command_is_recorded_at_the_very_time_by_which_it_was_checked(hub: HubWithCase) -> None:
    clock = RunningClock(hub.rehearsal_hub.now())
    other = second_hub(hub, clock)
    outcomes = set()
    try:
        for seconds in range(1, 8):
            start = clock.at
            not_after = start + timedelta(seconds=seconds)
            request = hub.disclosure(("BASIC",), not_after=time_text(not_after))
            try:
                other.handle(request.encode())
            except Malformed:
                outcomes.add("too late")
            else:
                outcomes.add("recorded")
                assert at_of(hub)[-1] <= not_after
    finally:
        other.close()
    assert outcomes == {"too late", "recorded"}


def test_a_door_with_a_wrong_clock_gets_the_reason(hub: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_door_offline_for_days_sends_its_outbox_and_syncs_its_feed(
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


def test_a_command_past_its_not_after_fails_with_a_remedy_and_blocks_no_other(
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
    from gateway.hub.real import RealClock

    now = RealClock().now()
    assert now.tzinfo is UTC
