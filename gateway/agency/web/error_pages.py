"""What a door answers when something is refused: a problem document for programs, a page for people."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse, Response

from domain.errors import ExchangeError, InvariantViolation, Malformed, NotFound
from gateway.agency.web.page_context import PageContext
from gateway.protocol.problems import MEDIA_TYPE, problem, text_ja_of


def error_response(request: Request, error: ExchangeError, pages: PageContext) -> Response:
    """JSON for the API and for programs, HTML for browsers."""
    status, body = problem(error)
    if "/api/" in request.url.path or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(body, status, media_type=MEDIA_TYPE)
    return pages.render_page(
        "problem.html",
        "手続きできませんでした",
        None,
        status=status,
        text=text_ja_of(error),
        detail=error.error_code,
    )


def add_error_handlers(app: FastAPI, pages: PageContext) -> None:
    """Answer errors of the exchange and malformed input; input is named by its place and never echoed."""

    @app.exception_handler(ExchangeError)
    async def on_exchange_error(request: Request, error: ExchangeError) -> Response:
        return error_response(request, error, pages)

    @app.exception_handler(RequestValidationError)
    async def on_malformed_input(request: Request, error: RequestValidationError) -> Response:
        places = sorted({".".join(str(p) for p in e["loc"]) for e in error.errors()})
        return error_response(
            request, Malformed("wrong-fields", f"Correct the fields {', '.join(places)}."), pages
        )

    @app.exception_handler(404)
    async def on_no_route(request: Request, _: Exception) -> Response:
        return error_response(request, NotFound("not-found"), pages)

    @app.exception_handler(405)
    async def on_wrong_method(request: Request, error: HTTPException) -> Response:
        answer = error_response(request, Malformed("wrong-method"), pages)
        answer.status_code = 405
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def on_unexpected_error(request: Request, _: Exception) -> Response:
        return error_response(request, InvariantViolation("unexpected"), pages)

    @app.exception_handler(400)
    async def on_unreadable_body(request: Request, _: Exception) -> Response:
        """The framework answers so where bytes can't be decoded at all."""
        unreadable = Malformed("wrong-fields", "Send the body as JSON in UTF-8, or as an unbroken form.")
        return error_response(request, unreadable, pages)
