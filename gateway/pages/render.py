"""Rendering: one template environment, strict security headers, filters that turn codes into Japanese."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.errors import ExchangeError
from gateway.pages import labels, texts
from gateway.pages.dates import day_text, time_text
from gateway.protocol.outermost import problem_response
from gateway.protocol.problems import problem, text_ja_of, with_retry_after
from keys.keyset import Custody

PAGES_FOLDER = Path(__file__).parent

_environment = Environment(
    loader=FileSystemLoader(PAGES_FOLDER / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_environment.filters.update(
    jst=time_text,
    day=day_text,
    role=texts.role_text,
    section=texts.section_text,
    flag=texts.flag_text,
    purpose=texts.purpose_text,
    act=texts.act_text,
    outcome=texts.outcome_text,
    state=texts.state_text,
    status=texts.status_text,
    task=texts.task_text,
    child_place=labels.child_place_text,
    period=texts.period_text,
    basis=texts.basis_text,
    reason=texts.reason_text,
    consent=texts.consent_text,
    finding=texts.finding_text,
    gap=lambda code: labels.GAPS.get(str(code), str(code)),
    paper=lambda code: labels.GAPS_AHEAD.get(str(code), str(code)),
    duty=lambda code: labels.COMMISSION_DUTIES.get(str(code), str(code)),
    module=lambda code: labels.MODULES.get(str(code), str(code)),
    employment=lambda code: labels.EMPLOYMENTS.get(str(code), str(code)),
    member_item=lambda code: labels.MEMBER_ITEMS.get(str(code), str(code)),
    scope=lambda code: labels.SCOPES.get(str(code), str(code)),
)


def page(name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page."""
    return HTMLResponse(_environment.get_template(name).render(**values), status)


def with_static(app: FastAPI) -> None:
    """Serve the static files."""
    app.mount("/static", StaticFiles(directory=PAGES_FOLDER / "static"), name="static")


def error_page(request: Request, error: ExchangeError, *, base: str, mode: str, custody: Custody) -> Response:
    """What a browser gets for an error; programs get the problem document. It needs neither person nor hub."""
    if "text/html" not in request.headers.get("accept", ""):
        return problem_response(request, error)
    answer = page(
        "problem.html",
        status=problem(error)[0],
        title="手続きできませんでした",
        base=base,
        mode=mode,
        custody=custody,
        person=None,
        text=text_ja_of(error),
    )
    return with_retry_after(answer, error)
