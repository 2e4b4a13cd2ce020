"""A witness over HTTP (C2SP tlog-witness): one call, no more."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from gateway.protocol.serving import read_bounded_body
from gateway.witness.service import MAX_BODY_BYTES, Witness


def witness_app(witness: Witness) -> FastAPI:
    """The application of one witness."""
    app = FastAPI(title="架け橋 立会人", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        """A log shows its head; a cosignature, or why not."""
        body = await read_bounded_body(request, MAX_BODY_BYTES)
        reply = await run_in_threadpool(witness.add_checkpoint, body)
        return Response(reply.text, reply.status, media_type=reply.media_type)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up", "witness": witness.name}

    return app
