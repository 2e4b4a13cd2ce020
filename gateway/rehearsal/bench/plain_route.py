"""A bare route: FastAPI that publishes the body durably and answers with its position. Nothing else.

The rate that a web framework alone reaches; the hub's door is compared with it. Runs as a process of its own, as the
hub does: reads ``url``, ``seed``, ``inbox`` as JSON from standard input and writes its own URL.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from fastapi import FastAPI, Request

from adapters.bus import BusSettings
from adapters.bus.plain import PlainPublisher
from gateway.protocol.application import Application
from gateway.protocol.limits import HUB_CAPACITIES, Load, RouteLimit
from gateway.protocol.serving import ServedApp
from keys.request import MAX_REQUEST_BYTES


def plain_route_app(settings: BusSettings) -> Application:
    """The application."""
    plain = PlainPublisher(settings)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await plain.open()
        yield
        await plain.close()

    limits = [RouteLimit("POST", "/publish", Load.KNOWN, MAX_REQUEST_BYTES)]
    app = Application(limits=limits, capacities=HUB_CAPACITIES, lifespan=life)

    @app.post("/publish")
    async def publish(request: Request) -> dict[str, int]:
        return {"position": await plain.publish(uuid4(), 1, await request.body())}

    return app


def main() -> None:
    """Serve until standard input ends."""
    options = json.loads(sys.stdin.readline())
    settings = BusSettings(url=options["url"], seed=options["seed"], inbox=options["inbox"])
    with ServedApp(plain_route_app(settings), lifespan=True) as served:
        print(served.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
