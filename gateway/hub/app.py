"""The hub door over HTTP. Thin: parse, call, answer. It has no rules of its own."""

from __future__ import annotations

import hmac
from asyncio import wrap_future
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from domain.error_codes import Audience
from domain.errors import ExchangeError, Malformed, NotFound, Untrusted
from domain.events import EVENTS, AccessEvent, CommandRefused, OpeningRefused, dump
from domain.reasons import Reason
from gateway.hub.health_reports import HealthReports
from gateway.hub.hub import Hub
from gateway.hub.log import LogKeeper
from gateway.hub.queries import SignedQueries
from gateway.hub.release import Answer, Release
from gateway.hub.timestamps import TimeStamps
from gateway.hub.witnesses import Witnesses
from gateway.protocol.application import Application
from gateway.protocol.limits import FORM_MAX_BYTES, HUB_CAPACITIES, Load, RouteLimit
from gateway.protocol.problem_responses import problem_responses, with_problem_schemas
from gateway.protocol.problems import MEDIA_TYPE, problem, with_retry_after
from gateway.protocol.serving import read_bounded_body
from keys import canonical
from keys.command import MAX_ITEM_BYTES
from keys.request import MAX_REQUEST_BYTES

NOT_FOUND = NotFound("not-found")
"""The same bytes for what does not exist and what is another's; the reason is in the record alone."""

problems = partial(problem_responses, Audience.HUB)
REFUSAL: dict[int | str, dict[str, Any]] = {
    403: {
        "description": "The rules refuse the command. The refusal is recorded; the body has reason and receipt.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "outcome": {"const": "refused"},
                        "topic": {"type": "string"},
                        "reason": {"type": "string", "enum": sorted(Reason)},
                        "at_fault": {"description": "Which agency the reason is about, or null."},
                        "fitting": {"type": "array", "description": "Which bases would permit it."},
                        "receipt": {"type": "string", "description": "The signed receipt, in base64."},
                    },
                    "required": ["outcome", "topic", "reason", "receipt"],
                }
            }
        },
    }
}
NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {
        "description": "The hub can't record now; the body says why, in the form of the answer 200.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class UploadPlace(Protocol):
    """Where uploaded items go (see ``uploads``)."""

    def require_room(self, agency: UUID) -> None: ...

    def put(self, agency: UUID, digest: bytes, sealed: bytes) -> None: ...


LIMITS = (
    RouteLimit("GET", "/healthz", Load.HEALTH),
    RouteLimit("GET", "/readyz", Load.HEALTH),
    RouteLimit("POST", "/v1/commands", Load.KNOWN, MAX_REQUEST_BYTES),
    RouteLimit("POST", "/v1/queries", Load.QUERY, MAX_REQUEST_BYTES),
    RouteLimit("PUT", "/v1/items/{digest}", Load.HEAVY, MAX_ITEM_BYTES),
    RouteLimit("POST", "/v1/rehearsal/clock", Load.HEAVY, FORM_MAX_BYTES),
    RouteLimit(
        "GET", "/v1/key-sets/{agency}", Load.QUERY
    ),  # reads from the bus, so the others need not wait for it
    RouteLimit("GET", "/{path:path}", Load.PUBLIC),
)


def hub_app(
    hub: Hub,
    signed_queries: SignedQueries,
    *,
    genesis: bytes,
    health: Callable[[], dict[str, Any]],
    uploads: UploadPlace,
    rehearsal_token: str | None,
    log_keeper: LogKeeper,
    witnesses: Witnesses,
    timestamps: TimeStamps,
) -> Application:
    """The application. ``health`` reports on bus, keys, disk and read models; ``rehearsal_token`` sets the clock."""
    app = Application(
        title="架け橋 ハブの窓口",
        version="1",
        description="Signed frames in, receipts out. Source: architecture §3; KH-1 §5.",
        openapi_url="/openapi.json",
        limits=LIMITS,
        capacities=HUB_CAPACITIES,
        challenge="KH-1",
        error_response=lambda _, error: _problem_response(error),
    )
    _add_register_routes(app, hub, genesis)
    _add_command_routes(app, hub, signed_queries, uploads)
    _add_log_routes(app, log_keeper, witnesses)
    _add_time_route(app, timestamps)
    _add_rehearsal_route(app, hub, rehearsal_token)
    _add_health_routes(app, health)
    with_problem_schemas(app, Audience.HUB)
    return app


def _add_register_routes(app: FastAPI, hub: Hub, genesis: bytes) -> None:
    @app.get("/v1/genesis", response_class=Response, tags=["hub"], responses=problems(500))
    async def get_genesis() -> Response:
        """The founding frame (KHF1), whose payload's SHA-256 is the hub's id."""
        return Response(genesis, media_type="application/vnd.kakehashi.frame")

    @app.get("/v1/clock", tags=["hub"], responses=problems(500))
    async def get_clock() -> dict[str, Any]:
        """The hub's time."""
        return {"now": dump(hub.clock.now()), "mode": hub.genesis.mode}

    @app.get("/v1/agencies", tags=["register"], responses=problems(500))
    async def get_agencies() -> dict[str, Any]:
        """Which agencies have a key set in force; what it says is in the signed key set itself."""
        agencies = sorted(hub.register.agencies.values(), key=lambda a: a.id)
        return {
            "agencies": [
                {"id": str(a.id), "keyset": a.keyset.hex()}
                for a in agencies
                if a.keyset is not None and not a.revoked
            ]
        }

    @app.get("/v1/key-sets/{agency}", tags=["register"], responses=problems(400, 404, 500, 503))
    async def get_key_sets(agency: UUID) -> dict[str, Any]:
        """The published key sets of an agency, oldest first, as they were signed."""
        if agency not in hub.register.agencies:
            raise NotFound("not-found")
        return {"frames": [_b64(f) for f in await run_in_threadpool(hub.releasing.key_sets, agency)]}


def _add_command_routes(
    app: FastAPI,
    hub: Hub,
    signed_queries: SignedQueries,
    uploads: UploadPlace,
) -> None:
    @app.post(
        "/v1/commands", tags=["commands"], responses=REFUSAL | problems(400, 401, 404, 409, 413, 500, 503)
    )
    async def post_command(request: Request) -> JSONResponse:
        """One request (KHQ1): a signed command and its parts. Answered when it is on disk."""
        data = await read_bounded_body(request, MAX_REQUEST_BYTES)
        return _answer_response(await wrap_future(hub.submit(data)))

    @app.post("/v1/queries", tags=["commands"], responses=problems(400, 401, 404, 409, 413, 500, 503))
    async def post_query(request: Request) -> JSONResponse:
        """A signed query, which leaves no record: feed, recipients, ledger (KHQ1 without parts).

        Each is answered once: a second try needs a new signature."""
        data = await read_bounded_body(request, MAX_REQUEST_BYTES)
        return JSONResponse(await run_in_threadpool(signed_queries.answer, data))

    @app.put("/v1/items/{digest}", tags=["commands"], responses=problems(400, 401, 403, 404, 413, 500, 503))
    async def put_sealed_item(digest: str, request: Request) -> dict[str, Any]:
        """A sealed item over 16 KiB, before the command that names it.

        The header ``Kakehashi-Request`` holds the signed query ``upload`` in base64.
        """
        digest_bytes = canonical.parse_digest(digest)
        try:
            signed = b64decode(request.headers.get("kakehashi-request", ""), validate=True)
        except ValueError as error:
            raise Malformed("upload-header") from error
        agency = await run_in_threadpool(signed_queries.authorise_upload, signed, digest_bytes)
        await run_in_threadpool(uploads.require_room, agency)
        data = await read_bounded_body(request, MAX_ITEM_BYTES)
        await run_in_threadpool(uploads.put, agency, digest_bytes, data)
        return {"stored": digest}


def _add_log_routes(app: FastAPI, log_keeper: LogKeeper, witnesses: Witnesses) -> None:
    @app.get("/v1/log/checkpoint", response_class=Response, tags=["log"], responses=problems(404, 500))
    async def get_checkpoint() -> Response:
        """The last signed head of the transparency log (C2SP tlog-checkpoint)."""
        return Response(log_keeper.checkpoint, media_type="text/plain; charset=utf-8")

    @app.get("/v1/log/witnessed", response_class=Response, tags=["log"], responses=problems(404, 500))
    async def get_witnessed() -> Response:
        """The newest head that was sent to witnesses, with their cosignatures (C2SP tlog-cosignature)."""
        return Response(witnesses.witnessed, media_type="text/plain; charset=utf-8")

    @app.get(
        "/v1/log/tile/{path:path}",
        response_class=Response,
        tags=["log"],
        responses=problems(400, 404, 500, 503),
    )
    def get_tile(path: str) -> Response:
        """A tile of hashes, or a bundle of entries (C2SP tlog-tiles)."""
        return Response(log_keeper.file(f"tile/{path}"), media_type="application/octet-stream")

    @app.get("/v1/log/proof/{seq}", tags=["log"], responses=problems(400, 404, 500, 503))
    def get_proof(seq: int, size: int | None = None) -> dict[str, Any]:
        """The proof that the record at this position is in the log, under the head of ``size`` leaves (RFC 9162, hex)."""
        proof = log_keeper.inclusion_proof(seq, size)
        return {"index": proof.at, "size": proof.size, "proof": [one.hex() for one in proof.proof]}

    @app.get("/v1/log/consistency", tags=["log"], responses=problems(400, 404, 500, 503))
    def get_consistency(first: int, second: int) -> dict[str, Any]:
        """The proof that a later head continues an earlier one (RFC 9162 consistency proof, hex)."""
        return {"proof": [one.hex() for one in log_keeper.consistency_proof(first, second)]}


def _add_time_route(app: FastAPI, timestamps: TimeStamps) -> None:
    @app.get("/v1/log/time", tags=["log"], responses=problems(400, 404, 500))
    def get_time(seq: int | None = None) -> dict[str, Any]:
        """The earliest time token that covers the record at ``seq``, or the newest of all (RFC 3161).

        ``checkpoint`` is the signed head it was asked for, ``token`` a TimeStampResp in base64 over just these bytes.
        """
        stamp = timestamps.stamp_covering(seq)
        size, token = stamp.checkpoint.size, _b64(stamp.token)
        return {"size": size, "at": dump(stamp.at), "checkpoint": stamp.note.decode(), "token": token}


def _add_rehearsal_route(app: FastAPI, hub: Hub, rehearsal_token: str | None) -> None:
    @app.post("/v1/rehearsal/clock", tags=["rehearsal"], responses=problems(400, 401, 404, 500, 503))
    async def post_clock(request: Request) -> dict[str, Any]:
        """Move a rehearsal's clock forward; what falls due on the way is recorded first."""
        if rehearsal_token is None:
            raise NotFound("not-found")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), rehearsal_token.encode()):
            raise Untrusted("wrong-token")
        try:
            body = await request.json()
        except ValueError as error:
            raise Malformed("json-syntax") from error
        at = canonical.parse_time(body.get("at") if isinstance(body, dict) else None)
        recorded = await run_in_threadpool(hub.set_clock, at)
        return {"now": dump(hub.clock.now()), "recorded": recorded}


def _add_health_routes(app: FastAPI, health: Callable[[], dict[str, Any]]) -> None:
    reports = HealthReports(health)

    @app.get("/healthz", tags=["health"])
    async def get_health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up"}

    @app.get("/readyz", tags=["health"], responses=NOT_READY)
    async def get_ready() -> JSONResponse:
        """Whether the hub can record: keys open, bus connected, disk not full, read models up to date."""
        report = await reports.newest()
        return JSONResponse(report, 200 if report["ready"] else 503)


def _answer_response(answer: Answer) -> JSONResponse:
    if _is_refused_opening(answer):
        return _problem_response(NOT_FOUND)
    body = {
        "outcome": "refused" if answer.refused else "recorded",
        "topic": answer.event.TOPIC,
        "held": dump(getattr(answer.event, "held", frozenset())),
        "reason": getattr(answer.event, "reason", None) if answer.refused else None,
        "at_fault": dump(getattr(answer.event, "at_fault", None)),
        "fitting": dump(getattr(answer.event, "fitting", frozenset())),
        "receipt": _b64(answer.receipt),
        "release": None if answer.release is None else _release_json(answer.release),
    }
    return JSONResponse(body, 403 if answer.refused else 200)


def _is_refused_opening(answer: Answer) -> bool:
    event = answer.event
    return isinstance(event, OpeningRefused) or (
        isinstance(event, CommandRefused) and issubclass(EVENTS[event.act], AccessEvent)
    )


def _problem_response(error: ExchangeError) -> JSONResponse:
    if isinstance(error, NotFound) and error.error_code == NOT_FOUND.error_code:
        error = NOT_FOUND
    status, body = problem(error)
    return with_retry_after(JSONResponse(body, status, media_type=MEDIA_TYPE), error)


def _release_json(release: Release) -> dict[str, Any]:
    return {
        "frame": _b64(release.frame),
        "key_sets": [_b64(f) for f in release.key_sets],
        "wrapped_key": _b64(release.wrapped_key),
        "sealed": None if release.sealed is None else _b64(release.sealed),
        "wrapped_key_frame": None if release.wrapped_key_frame is None else _b64(release.wrapped_key_frame),
        "rewrapper_key_sets": [_b64(f) for f in release.rewrapper_key_sets],
    }


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
