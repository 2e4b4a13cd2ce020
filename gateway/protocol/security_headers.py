"""The headers that every answer of every application carries, an error of the server itself included."""

from __future__ import annotations

from collections.abc import Mapping

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Other sites learn nothing. «no-referrer» would make browsers send «Origin: null» with forms of our own pages.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""HSTS is left to the reverse proxy, which alone knows whether all of its host is served over TLS."""

STATIC = "/static/"
"""Below this path are files of the product itself: browsers may keep them."""


def missing_headers(present: set[bytes], path: str) -> list[tuple[bytes, bytes]]:
    """The security headers that an answer to this path lacks. ``present``: its header names in lower case."""
    return [
        (name.lower().encode(), value.encode())
        for name, value in SECURITY_HEADERS.items()
        if name.lower().encode() not in present and not (name == "Cache-Control" and STATIC in path)
    ]
