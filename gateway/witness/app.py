"""A witness over HTTP: one call, ``add-checkpoint``. Source: C2SP tlog-witness."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from domain.errors import ExchangeError
from gateway.protocol.problems import MEDIA_TYPE, problem
from gateway.protocol.serving import read_bounded_body
from gateway.witness.service import MAX_BODY_BYTES, Witness


def witness_app(witness: Witness) -> FastAPI:
    """The application of one witness."""
    app = FastAPI(title="架け橋 立会人", docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(ExchangeError)
    async def on_error(_: Request, error: ExchangeError) -> JSONResponse:
        status, body = problem(error)
        return JSONResponse(body, status, media_type=MEDIA_TYPE)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        """A log presents its head; the answer is a cosignature or the reason for refusing one."""
        body = await read_bounded_body(request, MAX_BODY_BYTES)
        reply = await run_in_threadpool(witness.add_checkpoint, body)
        return Response(reply.text, reply.status, media_type=reply.media_type)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        """The process is running."""
        return {"status": "up", "witness": witness.name}

    return app
