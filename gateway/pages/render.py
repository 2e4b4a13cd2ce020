"""Rendering: one template environment, strict security headers, filters that turn codes into Japanese."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.calendar import JST
from gateway.pages import labels, texts

PAGES_FOLDER = Path(__file__).parent

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_environment = Environment(
    loader=FileSystemLoader(PAGES_FOLDER / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _jst_text(text: str | None) -> str:
    """A stored time in Japanese local time, to the minute; empty for None."""
    if not text:
        return ""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(JST).strftime("%Y-%m-%d %H:%M")


_environment.filters.update(
    jst=_jst_text,
    role=texts.role_text,
    section=texts.section_text,
    flag=texts.flag_text,
    purpose=texts.purpose_text,
    act=texts.act_text,
    outcome=texts.outcome_text,
    state=texts.state_text,
    status=texts.status_text,
    task=texts.task_text,
    basis=texts.basis_text,
    reason=texts.reason_text,
    consent=texts.consent_text,
    finding=texts.finding_text,
    gap=lambda code: labels.GAPS.get(str(code), str(code)),
    module=lambda code: labels.MODULES.get(str(code), str(code)),
    employment=lambda code: labels.EMPLOYMENTS.get(str(code), str(code)),
    scope=lambda code: labels.SCOPES.get(str(code), str(code)),
)


def page(name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page with the security headers."""
    return HTMLResponse(_environment.get_template(name).render(**values), status, HEADERS)


def with_static(app: FastAPI) -> FastAPI:
    """Serve the static files, and add the security headers to every response."""
    app.mount("/static", StaticFiles(directory=PAGES_FOLDER / "static"), name="static")

    @app.middleware("http")
    async def add_security_headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        for name, value in HEADERS.items():
            if not (name == "Cache-Control" and "/static/" in request.url.path):
                response.headers.setdefault(name, value)
        return response

    return app
