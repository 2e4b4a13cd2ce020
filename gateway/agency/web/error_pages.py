"""What a door answers when something is refused: a problem document for programs, a page for people."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from domain.errors import ExchangeError, Malformed
from gateway.agency.web.json_errors import broken_json
from gateway.pages.render import error_page
from gateway.protocol.outermost import problem_response
from keys.keyset import Custody

MAX_PLACES = 20
_PLACE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}|[0-9]{1,4}")


def door_error_response(
    request: Request, error: ExchangeError, *, base: str, mode: str, custody: Custody
) -> Response:
    """JSON for the API and for programs, HTML for browsers."""
    if "/api/" in request.url.path:
        return problem_response(request, error)
    return error_page(request, error, base=base, mode=mode, custody=custody)


def invalid_input(error: RequestValidationError) -> ExchangeError:
    """The error of input that does not have its form: it names each place, and never repeats what stands there."""
    if (broken := broken_json(error)) is not None:
        return broken
    places = sorted({_place(e["loc"]) for e in error.errors()})[:MAX_PLACES]
    return Malformed("wrong-fields", f"Correct the fields {', '.join(places)}.")


def _place(steps: Iterable[object]) -> str:
    """The place of a field, in which a key that the sender made up is left out."""
    return ".".join(str(s) if _PLACE.fullmatch(str(s)) else "*" for s in steps)
