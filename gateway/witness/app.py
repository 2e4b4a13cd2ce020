"""A witness over HTTP: one call, ``add-checkpoint``. Source: C2SP tlog-witness."""

from __future__ import annotations

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from gateway.protocol.application import Application
from gateway.protocol.limits import HUB_CAPACITIES, Load, RouteLimit
from gateway.protocol.serving import read_bounded_body
from gateway.witness.service import MAX_BODY_BYTES, Witness

LIMITS = (
    RouteLimit("POST", "/add-checkpoint", Load.PUBLIC, MAX_BODY_BYTES),
    RouteLimit("GET", "/healthz", Load.HEALTH),
)


def witness_app(witness: Witness) -> Application:
    """The application of one witness."""
    app = Application(title="架け橋 立会人", limits=LIMITS, capacities=HUB_CAPACITIES)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        """A log presents its head; the answer is a cosignature or the reason for refusing one."""
        body = await read_bounded_body(request, MAX_BODY_BYTES)
        reply = await run_in_threadpool(witness.add_checkpoint, body)
        return Response(reply.text, reply.status, media_type=reply.media_type)

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        """The process is running."""
        return {"status": "up", "witness": witness.name}

    return app
