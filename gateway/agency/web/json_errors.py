"""Where a body stops being JSON: line and character, so that whoever wrote the program finds it."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError

from domain.errors import Malformed


def broken_json(error: RequestValidationError) -> Malformed | None:
    """The error of a body that is no JSON, with line and character, from 1; None if something else is wrong.

    Nothing of the body is repeated.
    """
    first = error.errors()[0]
    if first["type"] != "json_invalid":
        return None
    if not isinstance(error.body, str):
        return Malformed("json-syntax")
    offset = int(first["loc"][-1])
    before = error.body[:offset]
    line, character = before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
    broken = Malformed("json-syntax", f"The JSON is broken at line {line}, character {character}.")
    broken.detail_ja = f"JSONの{line}行{character}文字目を読み取れません。JSONの書式を確かめてください。"
    return broken
