"""Canonical JSON, and the text forms that stand in it.

What is accepted here could have been written here, byte for byte. Source: KH-1 §1, §5.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

from domain.errors import Malformed

MAX_DEPTH = 16
INT_LIMIT = 1 << 53
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def encode(value: Any) -> bytes:
    """The canonical bytes: keys sorted by code point, UTF-8 unescaped, no spaces.

    Raises Malformed for what has no canonical form: floats, integers of 2^53 or more in size,
    depth over 16 (a scalar has depth 0), keys that are not text, lone surrogates, other types.
    Source: KH-1 §5.
    """
    _check(value, 0)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("json-surrogate") from error


def parse(data: bytes) -> Any:
    """The value of canonical bytes. Raises Malformed for any other bytes. Source: KH-1 §5."""
    with suppress(ValueError, RecursionError, Malformed):
        value = json.loads(data.decode("utf-8"))
        if (
            encode(value) == data
        ):  # then nothing was dropped on the way, such as a key that stands there twice
            return value
    return _parse_with_exact_error(data)


def _parse_with_exact_error(data: bytes) -> Any:
    """What ``parse`` does, and names what is wrong."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("json-utf8") from error
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_constant=_float, parse_int=_integer
        )
    except ValueError as error:
        raise Malformed("json-syntax") from error
    except RecursionError as error:
        raise Malformed("json-nesting") from error
    if encode(value) != data:
        raise Malformed("json-not-canonical")
    return value


def _check(value: Any, depth: int) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) >= INT_LIMIT:
            raise Malformed("json-integer-range")
        return
    if depth >= MAX_DEPTH and isinstance(value, dict | list | tuple):
        raise Malformed("json-depth")
    if isinstance(value, dict):
        for key, inner in value.items():
            if type(inner) is not str:  # most are
                _check(inner, depth + 1)
            if not isinstance(key, str):
                raise Malformed("json-key")
    elif isinstance(value, list | tuple):
        for inner in value:
            if type(inner) is not str:
                _check(inner, depth + 1)
    else:
        raise Malformed("json-type")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        raise Malformed("json-duplicate-key")
    return parsed


def _float(text: str) -> NoReturn:
    raise Malformed("json-float")


def _integer(text: str) -> int:
    if len(text) > 17:  # longer than -2^53; int() of a long text would also be slow
        raise Malformed("json-integer-length")
    return int(text)


def to_hex(data: bytes) -> str:
    """Lower-case hex, the form of digests, key ids and keys in JSON. Source: KH-1 §1."""
    return data.hex()


def parse_hex(text: object, length: int | None = None) -> bytes:
    """Bytes of lower-case hex, of just ``length`` bytes where given. Raises Malformed."""
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else None
    except ValueError:
        data = None
    if data is None or data.hex() != text:
        raise Malformed("hex-form")
    if length is not None and len(data) != length:
        raise Malformed("hex-length", f"Write exactly {length} bytes as hex.")
    return data


def parse_digest(text: object) -> bytes:
    """The 32 bytes of 64 lower-case hex digits. Raises Malformed. Source: KH-1 §1."""
    if not isinstance(text, str) or _DIGEST.fullmatch(text) is None:
        raise Malformed("digest-form")
    return bytes.fromhex(text)


def parse_uuid(text: object) -> UUID:
    """A UUID in its lower-case form with hyphens, and no other. Raises Malformed. Source: KH-1 §1."""
    try:
        parsed = UUID(text) if isinstance(text, str) else None
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != text:
        raise Malformed("uuid-form")
    return parsed


def format_time(moment: datetime) -> str:
    """``YYYY-MM-DDTHH:MM:SS.ffffffZ``. Raises Malformed for a naive time. Source: KH-1 §1."""
    if moment.tzinfo is None:
        raise Malformed("time-naive")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: object) -> datetime:
    """An aware UTC time from just the form that ``format_time`` writes. Raises Malformed."""
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        raise Malformed("time-form")
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed("time-value") from error
