"""The tokens of systems in requests, and what becomes of sources that guess them."""

from __future__ import annotations

from math import ceil
from time import monotonic

from fastapi import Request

from domain.errors import Unavailable
from gateway.agency.back_off import BackOff, Pace
from gateway.agency.staff import Person, Staff
from gateway.agency.web.source import source_of

TOKEN_PACE = Pace(free=20, forget_seconds=30, longest_seconds=300)
"""A token can't be guessed: this slows down a system with an old one, and keeps the noise of guessers small."""


class Bearers:
    """Who comes with a token. A right token is let in whatever else came from its address. In memory only."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
        self._failures = BackOff(TOKEN_PACE)

    def person_of(self, request: Request) -> Person | None:
        """The system of the request's token; None if it has none or a wrong one. Raises Untrusted as ``person_of_token``."""
        return self._staff.person_of_token(_token_of(request))

    def count_failure(self, request: Request) -> None:
        """The request was refused: count its token, if it has one. Raises Unavailable where it was one too many."""
        if _token_of(request) is None:
            return
        source, now = source_of(request), monotonic()
        wait = self._failures.wait_seconds(source, now)
        if wait:
            raise Unavailable("too-many-wrong-tokens", retry_after_seconds=ceil(wait))
        self._failures.fail(source, now)


def _token_of(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
