"""The start page of the demo: links to each agency's door and to the auditor's pages."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from gateway.pages.render import page, with_static


def index_app(*, agencies: Sequence[tuple[str, str]], mode: str) -> FastAPI:
    """An application with one page, which links to the doors mounted in it. ``agencies``: code and name."""
    app = with_static(FastAPI(title="架け橋", docs_url=None, redoc_url=None, openapi_url=None))

    @app.get("/", response_class=HTMLResponse)
    def start() -> HTMLResponse:
        return page("index.html", agencies=agencies, mode=mode, base="", person=None, title="架け橋")

    return app
