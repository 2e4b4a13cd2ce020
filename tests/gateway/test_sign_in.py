"""Who may have a passphrase checked, and who comes first, while strangers try: the rules, without a server.

The same under load, with the memory and the time it takes: tests/abuse/test_sign_in.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event, Lock, Semaphore
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain.errors import Unavailable
from gateway.agency import passphrases
from gateway.agency.back_off import BackOff, Pace
from gateway.agency.check_queue import SUSPECT_WORKERS, WORKERS, CheckQueue, Full, Place
from gateway.agency.sign_in import NAME_PACE, SOURCE_PACE, SignIn
from gateway.agency.staff import SignedIn, Staff, typed_actor
from gateway.agency.web.source import source_of

PASSPHRASE = "correct horse battery"
HOME, OFFICE, STRANGER = "192.0.2.1", "192.0.2.2", "198.51.100.9"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was checked, at a low cost."""
    made: list[bytes] = []

    verifies = passphrases.verifies

    def counted(passphrase: bytes, salt: bytes, stored: bytes) -> bool:
        made.append(bytes(passphrase))
        return verifies(passphrase, salt, stored)

    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    monkeypatch.setattr(passphrases, "verifies", counted)
    return made


@pytest.fixture
def staff(tmp_path: Path, hashes: list[bytes]) -> Iterator[Staff]:
    with closing(Staff(tmp_path / "staff.db")) as opened:
        opened.add("staff.a1", "職員A", PASSPHRASE)
        opened.add("staff.a2", "職員B", PASSPHRASE)
        hashes.clear()
        yield opened


class Door:
    """A door's sign-in with a clock that the test sets."""

    def __init__(self, staff: Staff, **settings: Any) -> None:
        self.clock = Clock()
        self.refusals: list[tuple[str, int | None]] = []
        self.way_in = SignIn(staff, clock=self.clock, **settings)

    def ask(
        self, actor: str = "staff.a1", passphrase: str = PASSPHRASE, source: str = HOME, devices: Any = ()
    ) -> SignedIn | None:
        return asyncio.run(self.way_in.try_passphrase(actor, passphrase, source, devices))

    def guess(self, count: int, source: str, actor: str = "staff.a1", devices: Any = ()) -> int:
        """Guess without waiting; how many of them were checked."""
        checked = 0
        for _ in range(count):
            try:
                assert self.ask(actor, "a wrong passphrase", source, devices) is None
            except Unavailable as error:
                self.refusals.append((error.error_code, error.retry_after_seconds))
            else:
                checked += 1
        assert all(code == "sign-in-waits" and seconds for code, seconds in self.refusals)
        return checked


@pytest.fixture
def door(staff: Staff) -> Door:
    return Door(staff)


# --- never a lock-out ---------------------------------------------------------------------------------------


def test_strangers_lock_nobody_out_whatever_they_try_on_a_name(door: Door) -> None:
    known = door.ask()
    assert known is not None
    for n in range(100):
        door.guess(3, f"198.51.100.{n}")
    assert door.ask(source=OFFICE) is not None, "from another address, on an unknown machine"
    assert door.ask(source="198.51.100.7", devices=known.devices) is not None, "with a device"


def test_a_device_has_a_place_of_its_own_also_at_the_address_of_a_guesser(door: Door, staff: Staff) -> None:
    known = door.ask()
    assert known is not None
    door.guess(50, HOME)
    with pytest.raises(Unavailable, match="sign-in-waits"):
        door.ask()
    assert door.ask(devices=known.devices) is not None
    assert door.ask(devices=[staff.invite_device("staff.a1")]) is not None, "a new machine, by invitation"


def test_the_device_of_one_person_is_no_place_for_another(door: Door) -> None:
    known = door.ask()
    assert known is not None
    for actor in ("nobody.1", "nobody.2", "staff.a2"):
        door.guess(50, HOME, actor)
    with pytest.raises(Unavailable, match="sign-in-waits"):
        door.ask("staff.a2", devices=known.devices)


def test_who_holds_a_stolen_device_can_guess_no_faster(door: Door) -> None:
    known = door.ask()
    assert known is not None
    assert door.guess(60, STRANGER, devices=known.devices) <= NAME_PACE.free + NAME_PACE.free


# --- waiting after failures ---------------------------------------------------------------------------------


def test_a_source_that_guesses_waits_longer_and_longer(door: Door, hashes: list[bytes]) -> None:
    assert door.guess(100, STRANGER) == NAME_PACE.free
    assert len(hashes) == NAME_PACE.free, "what has to wait is not hashed"
    names = (f"nobody.{n}" for n in range(100))
    assert sum(door.guess(1, STRANGER, name) for name in names) == SOURCE_PACE.free - NAME_PACE.free
    waits = []
    for _ in range(6):
        with pytest.raises(Unavailable) as error:
            door.ask("nobody", "a wrong passphrase", STRANGER)
        waits.append(error.value.retry_after_seconds or 0)
        door.clock.now += waits[-1]
        assert door.guess(1, STRANGER, "nobody") == 1
    assert waits == sorted(waits)
    assert waits[-1] > 8 * waits[0]


def test_in_an_hour_a_source_gets_few_guesses_at_one_name(door: Door) -> None:
    guesses = 0
    for _ in range(720):
        door.clock.now += 5
        guesses += door.guess(1, STRANGER)
    assert guesses < 3 * 3600 / NAME_PACE.forget_seconds


def test_failures_are_forgotten_and_a_good_sign_in_clears_those_of_its_name_only(door: Door) -> None:
    door.guess(NAME_PACE.free - 1, HOME)
    assert door.ask() is not None
    assert door.guess(NAME_PACE.free - 1, HOME) == NAME_PACE.free - 1
    door.guess(2, HOME, "nobody")
    with pytest.raises(Unavailable):
        door.ask("staff.a2")
    door.clock.now += 3600
    assert door.ask("staff.a2") is not None
    assert door.ask() is not None


def test_the_table_of_failures_is_bounded_and_empties_itself() -> None:
    back_off = BackOff(Pace(free=1, forget_seconds=10, longest_seconds=60), max_keys=100)
    for n in range(1000):
        back_off.fail(f"source {n}", 0)
    assert len(back_off) == 100
    assert back_off.level("source 999", 5) == 0.5
    assert back_off.level("source 999", 10) == 0
    assert len(back_off) == 99


# --- names --------------------------------------------------------------------------------------------------


def test_an_unknown_name_costs_the_same_and_leaves_nothing(
    door: Door, staff: Staff, hashes: list[bytes], tmp_path: Path
) -> None:
    for actor in ("staff.a1", "nobody"):
        hashes.clear()
        assert door.ask(actor, "a wrong passphrase", f"192.0.2.{len(actor)}") is None
        assert len(hashes) == 1
    assert not any(b"nobody" in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("typed", "passphrase"),
    [
        pytest.param("no such form!", PASSPHRASE, id="a name without form"),
        pytest.param("sys:emr", PASSPHRASE, id="a system"),
        pytest.param("a" * 10_000, PASSPHRASE, id="a long name"),
        pytest.param("staff.a1", "", id="no passphrase"),
        pytest.param("staff.a1", "x" * 1025, id="a long passphrase"),
    ],
)
def test_what_has_no_form_is_never_hashed(
    door: Door, hashes: list[bytes], typed: str, passphrase: str
) -> None:
    assert door.ask(typed, passphrase) is None
    assert hashes == []


def test_a_name_may_be_typed_in_full_width() -> None:
    assert typed_actor(" staff.a1 ") == "staff.a1"


def test_the_passphrase_is_overwritten_once_it_is_checked(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytearray] = []
    normalised = passphrases.normalised
    monkeypatch.setattr(passphrases, "normalised", lambda raw: made.append(normalised(raw)) or made[-1])  # type: ignore[func-returns-value]
    assert Door(staff).ask() is not None
    full = Door(staff, queue=CheckQueue(of_a_source=0))
    with pytest.raises(Unavailable, match="sign-in-busy"):
        full.ask()
    assert [bytes(one).strip(b"\0") for one in made] == [b"", b""]


# --- the queue ----------------------------------------------------------------------------------------------


class Checks:
    """Checks that take until they are released; in which order and how many at a time they ran."""

    def __init__(self, **settings: Any) -> None:
        self.queue: CheckQueue[str] = CheckQueue(**settings)
        self.order: list[str] = []
        self.most = self._running = 0
        self._lock, self.go = Lock(), Event()

    def enter(self, source: str, **how: Any) -> Place[str]:
        def work() -> str:
            with self._lock:
                self.order.append(source)
                self._running += 1
                self.most = max(self.most, self._running)
            self.go.wait(10)
            with self._lock:
                self._running -= 1
            return source

        return self.queue.enter(source, work, **how)

    def block(self) -> list[Place[str]]:
        """Keep all workers busy."""
        places = [self.enter(f"first {n}") for n in range(WORKERS)]
        self.wait_for(WORKERS)
        return places

    def wait_for(self, count: int) -> None:
        """Until so many checks have begun."""
        until = monotonic() + 10
        while len(self.order) < count:
            assert monotonic() < until
            sleep(0.01)

    def finish(self, places: list[Place[str]]) -> list[str]:
        """Let all go on; the order in which those after the first were checked."""
        self.go.set()
        for place in places:
            place.done.result(10)
        return self.order[WORKERS:]


def test_never_more_than_two_are_checked_at_a_time() -> None:
    checks = Checks()
    with ThreadPoolExecutor(20) as pool:
        places = list(pool.map(checks.enter, [f"source {n}" for n in range(20)]))
        checks.wait_for(WORKERS)
        checks.finish(places)
    assert checks.most == WORKERS == 2


def test_the_queue_is_fair_by_source_and_devices_come_first() -> None:
    checks = Checks(workers=WORKERS)
    places = checks.block()
    places += [checks.enter("guesser", failures=3) for _ in range(2)]
    places += [checks.enter("office") for _ in range(2)]
    places += [checks.enter("newcomer"), checks.enter("device", has_device=True)]
    for place in places:
        assert not place.done.done()
    order = checks.finish(places)
    assert sorted(order[:1] + order[1:3]) == ["device", "newcomer", "office"]
    assert order.index("device") < 2
    assert sorted(order[-2:]) == ["guesser", "guesser"]


def test_a_full_queue_makes_room_for_who_failed_less() -> None:
    checks = Checks(places=3)
    places = checks.block()
    guessers = [checks.enter(f"guesser {n}", failures=1 + n) for n in range(3)]
    with pytest.raises(Full) as full:
        checks.enter("guesser 9", failures=9)
    assert full.value.seconds >= 1
    newcomer = checks.enter("newcomer")
    with pytest.raises(Full):
        guessers[2].done.result(1)
    device = checks.enter("device", has_device=True)
    checks.finish([*places, newcomer, device, *guessers[:2]])
    assert newcomer.done.result() == "newcomer"
    assert device.done.result() == "device"


def test_one_source_does_not_fill_the_queue() -> None:
    checks = Checks(of_a_source=2)
    places = [checks.enter("stranger"), checks.enter("stranger")]
    with pytest.raises(Full):
        checks.enter("stranger")
    places.append(checks.enter("somebody"))
    checks.finish(places)


def test_sources_that_failed_never_take_both_workers() -> None:
    checks = Checks()
    guessers = [checks.enter(f"guesser {n}", failures=1) for n in range(4)]
    checks.wait_for(1)
    sleep(0.2)
    newcomer = checks.enter("newcomer")
    checks.wait_for(WORKERS)
    sleep(0.2)
    assert checks.order == ["guesser 0", "newcomer"]
    assert SUSPECT_WORKERS < WORKERS
    checks.finish([*guessers, newcomer])
    assert len(checks.order) == 5


def test_who_waits_too_long_is_asked_to_come_again(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    go = Event()
    checks_begun = Semaphore(0)

    def slow_check(passphrase: bytes, salt: bytes, stored: bytes) -> bool:
        checks_begun.release()
        go.wait(60)
        return False

    monkeypatch.setattr(passphrases, "verifies", slow_check)
    door = Door(staff, wait_seconds=1.0)

    async def three() -> tuple[list[Any], Any]:
        def attempt(source: str) -> Coroutine[Any, Any, Any]:
            return door.way_in.try_passphrase("staff.a1", PASSPHRASE, source)

        begun = []
        for source in (HOME, OFFICE):  # each check has begun before the next one comes
            begun.append(asyncio.ensure_future(attempt(source)))
            await asyncio.to_thread(checks_begun.acquire)
        [late] = await asyncio.gather(attempt(STRANGER), return_exceptions=True)
        go.set()
        return await asyncio.gather(*begun, return_exceptions=True), late

    begun, late = asyncio.run(three())
    assert begun == [None, None], "a check that has begun is waited for"
    assert isinstance(late, Unavailable)
    assert late.error_code == "sign-in-busy"


# --- sources ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2ff:3::4", "2001:db8:1:200::/56"),
        ("2001:db8:1:2aa::1", "2001:db8:1:200::/56"),
        ("x" * 1000, "x" * 64),
    ],
)
def test_a_source_is_an_address_or_the_network_of_one_house(host: str, source: str) -> None:
    request = SimpleNamespace(client=SimpleNamespace(host=host))
    assert source_of(cast(Any, request)) == source
