"""Which certificates a caller trusts, read once in a process: reading them takes longer than most calls."""

from __future__ import annotations

import ssl
from functools import cache

import httpx2 as httpx


@cache
def trusted_certificates() -> ssl.SSLContext:
    """What httpx trusts by default, ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` respected. Shared by all clients of a process, so
    nobody changes it; a changed certificate file counts from the next start."""
    return httpx.create_ssl_context()
