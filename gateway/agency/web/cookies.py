"""The cookies of a door: names and attributes, in one place.

The prefix ``__Host-`` makes the browser refuse a cookie that another host or a plain connection set. Browsers also
accept it over plain HTTP from this machine itself (127.0.0.1), where doors are tried out without TLS.
"""

from __future__ import annotations

from typing import Literal

from fastapi.responses import Response

SESSION = "__Host-kakehashi"
"""The session of a person who has signed in."""
DEVICE = "__Host-kakehashi-device"
"""The device of an earlier good sign-in."""
TICKET = "__Host-kakehashi-ticket"
"""A right passphrase, until the second factor is given."""
SET_UP = "__Host-kakehashi-set-up"
"""An app that somebody who has signed in is setting up."""
BROWSER = "__Host-kakehashi-browser"
"""Which browser was given a challenge for a passkey; it lets nobody in."""
PROVIDER = "__Host-kakehashi-provider"
"""Which browser was sent to the identity provider. It comes back from another site, hence the only one that is not strict."""
REHEARSAL_PERSON = "kakehashi-person"
"""As which person a rehearsal's user acts: no secret, and one for each door that is mounted on the same host."""


def set_host_cookie(response: Response, name: str, value: str, *, max_age_seconds: int | None = None) -> None:
    """Give the browser a cookie that only this host gets back, over TLS, and no script. Without an age: until it ends."""
    samesite: Literal["lax", "strict"] = "lax" if name == PROVIDER else "strict"
    response.set_cookie(
        name, value, max_age=max_age_seconds, path="/", secure=True, httponly=True, samesite=samesite
    )


def delete_host_cookie(response: Response, name: str) -> None:
    """Take the cookie back."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")
