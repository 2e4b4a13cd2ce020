"""Errors as the outside sees them: category -> HTTP status, in one table, as RFC 9457 problems.

A problem holds the stable category and error code and what to do; never a subject's data. Source: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.agencies import WrongFile
from domain import error_codes
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

if TYPE_CHECKING:  # a command that fails does not wait for what serves
    from fastapi import Response

R = TypeVar("R", bound="Response")

STATUS: Mapping[type[ExchangeError], int] = {
    Malformed: 400,
    Untrusted: 401,
    Refused: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
    InvariantViolation: 500,
}
"""The status of a category. A row of the table of error codes can set another one (413)."""

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


def class_of(error: ExchangeError) -> type[ExchangeError]:
    """The class of the tree that names the category of this error."""
    return next(category for category in STATUS if isinstance(error, category))


def title_of(error: ExchangeError) -> str:
    """The category in Japanese."""
    return TITLES[class_of(error)]


def text_ja_of(error: ExchangeError) -> str:
    """What happened and what to do, in Japanese; the title where the code is not ours."""
    row = error_codes.find(error.error_code)
    return error.detail_ja or (f"{title_of(error)}。" if row is None else row.text_ja)


def text_ja_of_code(error_code: str) -> str:
    """The same of a code alone; empty where it is not ours."""
    row = error_codes.find(error_code)
    return "" if row is None else row.text_ja


def problem(error: ExchangeError) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the problem document of an error."""
    row = error_codes.find(error.error_code)
    status = (row and row.status) or STATUS[class_of(error)]
    body: dict[str, Any] = {
        "type": f"urn:kakehashi:problem:{error.category}:{error.error_code}",
        "title": title_of(error),
        "status": status,
        "category": error.category,
        "error_code": error.error_code,
        "detail": error.remedy,
        "detail_ja": text_ja_of(error),
    }
    if isinstance(error, WrongFile):
        body["findings"] = [finding.to_json() for finding in error.findings]
    return status, body


def with_retry_after(response: R, error: ExchangeError) -> R:
    """The response, with the time after which the caller may try again where the error states one. Source: RFC 9110."""
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def error_of(status: int, body: Mapping[str, Any]) -> ExchangeError:
    """The error that a problem document describes; Unavailable for an answer that is no problem document."""
    for cls in STATUS:
        if body.get("category") == cls.category:
            return cls(str(body.get("error_code", "unknown")), str(body.get("detail", "")))
    return Unavailable("unexpected-answer", f"The hub answered {status} without a problem document.")
