"""The problems that a route can answer, for its OpenAPI document: written from the table of error codes.

A route names the statuses (``responses=problem_responses(Audience.HUB, 400, 404)``); which error codes a status
can carry follows from the table. Source: RFC 9457; OpenAPI 3.1.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from domain.error_codes import FILE_FINDING, STATUS_FREE, TABLE, Audience, ErrorCode, codes_of
from gateway.protocol.problems import MEDIA_TYPE, STATUS

Json = dict[str, Any]

STATUS_OF_CATEGORY = {cls.category: status for cls, status in STATUS.items()}
DESCRIPTIONS = {
    400: "The request is not of the agreed form: correct it and send it again.",
    401: "A signature, key, digest, seal, token or session does not hold.",
    403: "This agency has used up what it may have stored: sending the same again now will not help.",
    404: "There is no such thing, or it is not the caller's.",
    409: "Another record was appended first, or another payload has this id.",
    413: "The body is larger than this path takes.",
    429: "Too many attempts failed: wait as long as Retry-After states.",
    500: "The server is in a state that must never occur; it stops.",
    503: "The server can't answer now and has recorded nothing: send the same bytes again.",
}


def statuses_of(row: ErrorCode) -> set[int]:
    """The HTTP statuses under which an error code can be answered."""
    if row.status is not None:
        return {row.status}
    return {STATUS_OF_CATEGORY[category] for category in row.categories if category not in STATUS_FREE}


def codes_of_status(audience: Audience, status: int) -> list[str]:
    """The error codes that this audience can meet under this status, sorted."""
    return sorted(c for c in codes_of(audience) if status in statuses_of(TABLE[c]))


def problem_responses(audience: Audience, *statuses: int) -> dict[int | str, Json]:
    """The ``responses`` of a route that can answer problems of these statuses. A status without codes is a mistake."""
    empty = [status for status in statuses if not codes_of_status(audience, status)]
    if empty:
        raise ValueError(f"no error code of the table is answered under {empty}")
    return {
        status: {
            "description": DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/Problem{status}"}}},
        }
        for status in statuses
    }


def with_problem_schemas(app: FastAPI, audience: Audience) -> None:
    """Add the schema of every problem that the routes name to the OpenAPI document of the application.

    The 422 that FastAPI describes by itself is left out: requests that are not of their form are answered with 400.
    """
    describe = app.openapi

    def openapi() -> Json:
        document = describe()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for operation in (op for path in document["paths"].values() for op in path.values()):
            operation["responses"].pop("422", None)
            for status in {int(code) for code in operation["responses"]} & DESCRIPTIONS.keys():
                schemas[f"Problem{status}"] = _schema(audience, status)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _schema(audience: Audience, status: int) -> Json:
    codes = codes_of_status(audience, status)
    categories = sorted({c for code in codes for c in TABLE[code].categories if c in STATUS_OF_CATEGORY})
    text: Json = {"type": "string"}
    properties: Json = {
        "type": {"type": "string", "format": "uri", "description": "urn:kakehashi:problem:<category>:<code>"},
        "title": {**text, "description": "The category in Japanese."},
        "status": {"type": "integer", "const": status},
        "category": {**text, "enum": categories},
        "error_code": {**text, "enum": codes, "description": "Which condition failed; see docs/errors.md."},
        "detail": {**text, "description": "What to do, in English."},
        "detail_ja": {**text, "description": "What happened and what to do, in Japanese."},
    }
    required = list(properties)
    if "wrong-file" in codes:
        finding = dict.fromkeys(("place", "field", "error_code", "meaning", "remedy"), text)
        finding["error_code"] = {**text, "enum": list(codes_of(audience, FILE_FINDING))}
        properties["findings"] = {
            "type": "array",
            "description": "Of wrong-file: all that is wrong with the file.",
            "items": {"type": "object", "properties": finding, "required": list(finding)},
        }
    return {
        "title": f"Problem{status}",
        "type": "object",
        "properties": properties,
        "required": required,
    }
