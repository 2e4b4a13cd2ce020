"""The start page of the demo, with links to each agency's door and to the auditor's pages, and its tour of three minutes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fastapi.responses import HTMLResponse

from gateway.pages.render import error_page, page, with_static
from gateway.protocol.application import Application


def index_app(*, agencies: Sequence[tuple[str, str]], mode: str) -> Application:
    """An application with the start page, which links to the doors mounted in it, and the tour. ``agencies``: code and name."""
    app = Application(
        title="架け橋", limits=(), error_response=partial(error_page, base="", mode=mode, custody="HOSTED")
    )
    with_static(app)

    @app.get("/", response_class=HTMLResponse)
    def start() -> HTMLResponse:
        return page(
            "index.html", agencies=agencies, mode=mode, base="", custody="HOSTED", person=None, title="架け橋"
        )

    @app.get("/tour", response_class=HTMLResponse)
    def tour() -> HTMLResponse:
        return page("tour.html", mode=mode, base="", custody="HOSTED", person=None, title="3分の案内")

    return app
