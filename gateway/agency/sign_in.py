"""Signing in while strangers try, too: who may have a passphrase checked now, and who comes first.

Nobody who knows a passphrase is locked out by what others do:

* A person at a machine with a device of an earlier good sign-in (or of an invitation) has a place of their own,
  whatever came from their address or was tried on their name.
* Everybody else waits by source. A source that has failed waits longer with each failure, and comes after those that have
  not; so does a name tried from that source. A name as such is never closed.

What strangers do is counted in memory only and ends by itself; a restart forgets it.

Whoever has given a right passphrase and needs a second factor gets a ticket, and gives the code with it. Wrong codes count for
the person's own device, or for all machines without one together: only who knows the passphrase can make those wait, a
recovery code or a passkey never waits, and no number of addresses makes guessing faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from time import monotonic

from fastapi.concurrency import run_in_threadpool

from domain.errors import Malformed, Refused, Unavailable, Untrusted
from gateway.agency import passphrases
from gateway.agency.back_off import BackOff, Pace
from gateway.agency.check_queue import CheckQueue, Full, Place
from gateway.agency.factors import totp
from gateway.agency.factors.second_factor import SecondFactors, looks_like_recovery_code
from gateway.agency.factors.sessions import Factor
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.factors.tickets import Ticket, Tickets
from gateway.agency.staff import SignedIn, Staff, typed_actor

SOURCE_PACE = Pace(free=10, forget_seconds=60, longest_seconds=300)
"""An office behind one address mistypes some times; a guesser gets one guess a minute in the end."""
NAME_PACE = Pace(free=5, forget_seconds=300, longest_seconds=300)
"""One name from one source, and one device: one guess in five minutes in the end."""
CODE_PACE = Pace(free=5, forget_seconds=300, longest_seconds=300)
"""Codes of one device, or of one person on all machines that are unknown: three in a million are right at a time."""
WAIT_SECONDS = 15.0
"""Longer than this nobody waits in the queue: they are asked to come again."""


@dataclass(frozen=True)
class SecondStep:
    """The passphrase was right; a code is needed, too. ``ticket``: with which it is given; ``sets_up``: whether the person has
    to set up an app first."""

    ticket: str
    sets_up: bool


@dataclass(frozen=True)
class SetUp:
    """An app has been set up, and its person is signed in. ``codes``: the recovery codes, which are shown once."""

    signed_in: SignedIn
    codes: list[str]


class SignIn:
    """The sign-in of one door. ``clock``: seconds, of a clock that never goes back; ``factors``: the second factors of its
    people, None where there are none."""

    def __init__(
        self,
        staff: Staff,
        *,
        factors: SecondFactors | None = None,
        settings: SignInSettings | None = None,
        queue: CheckQueue[bytes | None] | None = None,
        clock: Callable[[], float] = monotonic,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._staff, self._clock, self._wait_seconds = staff, clock, wait_seconds
        self._factors, self._settings = factors, settings or SignInSettings()
        self._queue = queue or CheckQueue()
        self._sources, self._names, self._devices = (
            BackOff(SOURCE_PACE),
            BackOff(NAME_PACE),
            BackOff(NAME_PACE),
        )
        self._codes = BackOff(CODE_PACE)
        self.tickets = Tickets(clock)

    async def try_passphrase(
        self,
        typed: str,
        passphrase: str,
        source: str,
        devices: Sequence[str] = (),
        device_text: str = "",
    ) -> SignedIn | SecondStep | None:
        """A new session, or what is needed for one; None where name and passphrase don't fit. ``source``: the address that it
        came from; ``device_text``: words for the machine.

        Raises Unavailable with the time to wait: ``sign-in-waits`` after failures, ``sign-in-busy`` for a full queue; Refused:
        ``second-factor-missing``, for a person who has passkeys and no app.
        """
        actor = typed_actor(typed)
        if actor is None:
            return None
        checked, device = await self.check_passphrase(actor, passphrase, source, devices)
        if checked is None:
            return None
        return await run_in_threadpool(self.admit, actor, checked, tuple(devices), device, device_text)

    async def check_passphrase(
        self, actor: str, passphrase: str, source: str, devices: Sequence[str]
    ) -> tuple[bytes | None, str | None]:
        """The stored hash, None where the passphrase is another; and the device of this person. Raises Unavailable."""
        try:
            secret = passphrases.normalised(passphrase)
        except Malformed:
            return None, None
        device = await run_in_threadpool(self._staff.device_of, actor, devices)
        if device is not None and not self._devices.wait_seconds(device, self._clock()):
            checked = await self._check(actor, secret, device, ((self._devices, device),), has_device=True)
        else:
            checked = await self._check_by_source(actor, secret, source)
        return checked, device

    def admit(
        self, actor: str, checked: bytes, devices: tuple[str, ...], device: str | None, device_text: str
    ) -> SignedIn | SecondStep | None:
        """What somebody gets whose passphrase was right, or has just been chosen. Raises Refused."""
        state = None if self._factors is None else self._factors.state(actor)
        if state is not None and state.app_since is not None:
            return SecondStep(self.tickets.issue(actor, checked, devices, device), sets_up=False)
        if state is not None and self._settings.needs_second_factor(self._staff.now()):
            if self._staff.has_passkey(actor):
                raise Refused("second-factor-missing")
            secret = totp.new_secret()
            return SecondStep(self.tickets.issue(actor, checked, devices, device, secret), sets_up=True)
        return self._staff.begin_session(actor, checked, devices, device_text=device_text)

    def try_code(self, ticket: str, code: str, device_text: str = "") -> SignedIn:
        """The session of who has given a passphrase and now a code of the app, or a recovery code.

        Raises Untrusted: sign-in-expired, code-wrong, code-used; Unavailable: sign-in-waits.
        """
        held = self._ticket(ticket, sets_up=False)
        if looks_like_recovery_code(code):
            if not self._second_factors.take_recovery_code(held.actor, code):
                raise Untrusted("code-wrong")
            return self._begin(ticket, held, Factor.RECOVERY_CODE, device_text)
        self.check_code(held.actor, code, device=held.device)
        return self._begin(ticket, held, Factor.APP, device_text)

    def check_code(self, actor: str, code: str, *, device: str | None) -> None:
        """Take a code of a person's app. Raises as ``try_code``."""
        key = device or f"person {actor}"
        wait = self._codes.try_take(key, self._clock())
        if wait:
            raise Unavailable("sign-in-waits", retry_after_seconds=ceil(wait))
        self._second_factors.check(actor, code)
        self._codes.clear(key)

    def set_up_app(self, ticket: str, code: str, device_text: str = "") -> SetUp:
        """The app that was shown is the person's now, proven by its code. Raises Untrusted: sign-in-expired, code-wrong."""
        held = self._ticket(ticket, sets_up=True)
        codes = self._second_factors.set_up_app(held.actor, held.secret, code, checked=held.checked)
        return SetUp(self._begin(ticket, held, Factor.APP, device_text), codes)

    def ticket(self, ticket: str) -> Ticket:
        """Raises Untrusted: sign-in-expired."""
        held = self.tickets.find(ticket)
        if held is None:
            raise Untrusted("sign-in-expired")
        return held

    def _ticket(self, ticket: str, *, sets_up: bool) -> Ticket:
        held = self.ticket(ticket)
        if bool(held.secret) != sets_up:
            raise Untrusted("sign-in-expired")
        return held

    def _begin(self, ticket: str, held: Ticket, factor: Factor, device_text: str) -> SignedIn:
        if self.tickets.end(ticket):
            signed_in = self._staff.begin_session(
                held.actor, held.checked, held.devices, factor=factor, device_text=device_text
            )
            if signed_in is not None:
                return signed_in
        raise Untrusted("sign-in-expired")

    @property
    def _second_factors(self) -> SecondFactors:
        if self._factors is None:
            raise Untrusted("sign-in-expired")
        return self._factors

    async def _check_by_source(self, actor: str, secret: bytearray, source: str) -> bytes | None:
        name, now = f"{source} {actor}", self._clock()
        wait = max(self._sources.wait_seconds(source, now), self._names.wait_seconds(name, now))
        if wait:
            raise Unavailable("sign-in-waits", retry_after_seconds=ceil(wait))
        failures = ceil(self._sources.level(source, now))
        counted = ((self._names, name), (self._sources, source))
        return await self._check(actor, secret, source, counted, failures=failures)

    async def _check(
        self,
        actor: str,
        secret: bytearray,
        source: str,
        counted: Sequence[tuple[BackOff, str]],
        *,
        has_device: bool = False,
        failures: int = 0,
    ) -> bytes | None:
        """Wait for one check. ``counted``: where a failure counts, also if nobody waits for it any more; a success clears
        the first of them (the source keeps its failures: somebody with an own passphrase could try others')."""

        def work() -> bytes | None:
            try:
                checked = self._staff.check_passphrase(actor, secret)
            finally:
                passphrases.overwrite(secret)
            now = self._clock()
            if checked is not None:
                counted[0][0].clear(counted[0][1])
            else:
                for back_off, key in counted:
                    back_off.fail(key, now)
            return checked

        try:
            place = self._queue.enter(source, work, has_device=has_device, failures=failures)
            return await self._result(place)
        except Full as full:
            passphrases.overwrite(secret)
            raise Unavailable("sign-in-busy", retry_after_seconds=full.seconds) from full

    async def _result(self, place: Place[bytes | None]) -> bytes | None:
        done = asyncio.wrap_future(place.done)
        try:
            return await asyncio.wait_for(asyncio.shield(done), self._wait_seconds)
        except TimeoutError:
            if self._queue.leave(place):
                raise Full(self._queue.seconds_ahead()) from None
            return await done
        except asyncio.CancelledError:
            self._queue.leave(place)
            raise
