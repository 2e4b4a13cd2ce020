"""Where a request to a door came from, as far as it decides who waits for whom."""

from __future__ import annotations

from fastapi import Request

from gateway.protocol.source import source_of_host


def source_of(request: Request) -> str:
    """The source of a request. The server has replaced the address of a trusted proxy by its client's."""
    return source_of_host(request.client.host if request.client else "")
