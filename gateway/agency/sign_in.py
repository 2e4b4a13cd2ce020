"""Signing in while strangers try, too: who may have a passphrase checked now, and who comes first.

Nobody who knows a passphrase is locked out by what others do:

* A person at a machine with a device of an earlier good sign-in (or of an invitation) has a place of their own,
  whatever came from their address or was tried on their name.
* Everybody else waits by source. A source that has failed waits longer with each failure, and comes after those that have
  not; so does a name tried from that source. A name as such is never closed.

What strangers do is counted in memory only and ends by itself; a restart forgets it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import ceil
from time import monotonic

from fastapi.concurrency import run_in_threadpool

from domain.errors import Malformed, Unavailable
from gateway.agency import passphrases
from gateway.agency.back_off import BackOff, Pace
from gateway.agency.check_queue import CheckQueue, Full, Place
from gateway.agency.staff import SignedIn, Staff, typed_actor

SOURCE_PACE = Pace(free=10, forget_seconds=60, longest_seconds=300)
"""An office behind one address mistypes some times; a guesser gets one guess a minute in the end."""
NAME_PACE = Pace(free=5, forget_seconds=300, longest_seconds=300)
"""One name from one source, and one device: one guess in five minutes in the end."""
WAIT_SECONDS = 15.0
"""Longer than this nobody waits in the queue: they are asked to come again."""


class SignIn:
    """The sign-in of one door. ``clock``: seconds, of a clock that never goes back."""

    def __init__(
        self,
        staff: Staff,
        *,
        queue: CheckQueue[bytes | None] | None = None,
        clock: Callable[[], float] = monotonic,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._staff, self._clock, self._wait_seconds = staff, clock, wait_seconds
        self._queue = queue or CheckQueue()
        self._sources, self._names, self._devices = (
            BackOff(SOURCE_PACE),
            BackOff(NAME_PACE),
            BackOff(NAME_PACE),
        )

    async def try_passphrase(
        self, typed: str, passphrase: str, source: str, devices: Sequence[str] = ()
    ) -> SignedIn | None:
        """A new session, or None where name and passphrase don't fit. ``source``: the address that it came from.

        Raises Unavailable with the time to wait: ``sign-in-waits`` after failures, ``sign-in-busy`` for a full queue.
        """
        actor = typed_actor(typed)
        if actor is None:
            return None
        try:
            secret = passphrases.normalised(passphrase)
        except Malformed:
            return None
        device = await run_in_threadpool(self._staff.device_of, actor, devices)
        if device is not None and not self._devices.wait_seconds(device, self._clock()):
            checked = await self._check(actor, secret, device, ((self._devices, device),), has_device=True)
        else:
            checked = await self._check_by_source(actor, secret, source)
        if checked is None:
            return None
        return await run_in_threadpool(self._staff.begin_session, actor, checked, devices)

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
