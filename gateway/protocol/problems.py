"""Errors as the outside sees them: branch -> HTTP status, in one table, as RFC 9457 problems.

A problem holds the stable code and error code and what to mend; never a subject's data. Source: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.agencies import WrongFile
from domain.errors import (
    Conflict,
    ExchangeError,
    InvariantViolation,
    Malformed,
    NotFound,
    Refused,
    Unavailable,
    Untrusted,
)

STATUS: Mapping[type[ExchangeError], int] = {
    Malformed: 400,
    Untrusted: 401,
    Refused: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
    InvariantViolation: 500,
}

TITLES: Mapping[type[ExchangeError], str] = {
    Malformed: "書式に誤りがあります",
    Untrusted: "署名・鍵・封印を確認できません",
    Refused: "規則により認められません",
    NotFound: "見つかりません",
    Conflict: "先に別の記録があります",
    Unavailable: "ただいま受け付けられません(何も記録していません)",
    InvariantViolation: "ハブに異常があり停止しました",
}

MEDIA_TYPE = "application/problem+json"


def category_of(error: ExchangeError) -> type[ExchangeError]:
    """The branch of the tree that this error stands on."""
    return next(category for category in STATUS if isinstance(error, category))


def problem(error: ExchangeError) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the problem document of an error."""
    category = category_of(error)
    body: dict[str, Any] = {
        "type": f"urn:kakehashi:problem:{category.code}:{error.error_code}",
        "title": TITLES[category],
        "status": STATUS[category],
        "code": category.code,
        "error_code": error.error_code,
        "detail": error.remedy,
    }
    if isinstance(error, WrongFile):
        body["findings"] = [finding.to_json() for finding in error.findings]
    return STATUS[category], body


def error_of(status: int, body: Mapping[str, Any]) -> ExchangeError:
    """The error that a problem document tells of; an unknown one is Unavailable."""
    for category in STATUS:
        if body.get("code") == category.code:
            return category(str(body.get("error_code", "unknown")), str(body.get("detail", "")))
    return Unavailable("odd-answer", f"the hub answered {status} without a problem document")
