"""The start page of the demo: links to each agency's door and to the auditor's pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fastapi.responses import HTMLResponse

from gateway.pages.render import error_page, page, with_static
from gateway.protocol.application import Application


def index_app(*, agencies: Sequence[tuple[str, str]], mode: str) -> Application:
    """An application with one page, which links to the doors mounted in it. ``agencies``: code and name."""
    app = Application(
        title="架け橋", limits=(), error_response=partial(error_page, base="", mode=mode, custody="HOSTED")
    )
    with_static(app)

    @app.get("/", response_class=HTMLResponse)
    def start() -> HTMLResponse:
        return page(
            "index.html", agencies=agencies, mode=mode, base="", custody="HOSTED", person=None, title="架け橋"
        )

    return app
