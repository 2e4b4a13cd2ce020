"""The bytes of a content: canonical JSON of a published schema, or plain UTF-8 of ``text/v1``.

What is read here is what would be written here, byte for byte; an old version is lifted to the newest. A content that is
written is read again first, so that nothing leaves which another door could not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from domain.content import CONTENTS, Content, TextContent, completed, parse_schema, plain, typed
from domain.errors import Malformed
from keys import canonical

C = TypeVar("C", bound=Content)
MAX_CONTENT_BYTES = 1024 * 1024
"""Of a content with a schema of its own; ``text/v1`` is limited by its item."""


def read_content(schema: str, data: bytes, contents: Mapping[str, type[Content]] = CONTENTS) -> Content:
    """The typed content of these bytes. Raises Malformed, which names the path of what is wrong and no value."""
    cls, version = parse_schema(schema, contents)
    if cls is TextContent:
        return TextContent(_utf8(data))
    if len(data) > MAX_CONTENT_BYTES:
        raise Malformed("content-too-long")
    return content_of(cls, version, canonical.parse(data))


def content_of(cls: type[C], version: int, value: Any) -> C:
    """The typed content of parsed JSON, lifted from this version. Raises Malformed."""
    if version != cls.VERSION:
        if not isinstance(value, dict):
            raise Malformed("content-form", "Correct the content: it is an object.")
        try:
            cls.upcast(version, value)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise Malformed("content-form", f"Correct the content: it is not of version {version}.") from None
    return typed(cls, value)


def complete_content(
    schema: str, value: Mapping[str, Any], contents: Mapping[str, type[Content]] = CONTENTS
) -> Content:
    """The typed content of an object as other programs send it: keys that are left out were not asked. Raises Malformed.

    Only what is not asked may be left out; the rest is as strict as ``read_content``.
    """
    cls, version = parse_schema(schema, contents)
    state = canonical.parse(canonical.encode(dict(value)))
    if version == cls.VERSION:
        state = completed(cls, state)
    return content_of(cls, version, state)


def write_content(content: Content) -> bytes:
    """The canonical bytes. Raises Malformed where a value does not have its form."""
    if isinstance(content, TextContent):
        return content.text.encode()
    value = plain(content)
    typed(type(content), value)
    data = canonical.encode(value)
    if len(data) > MAX_CONTENT_BYTES:
        raise Malformed("content-too-long")
    return data


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("content-form", "Correct the content: it is text in UTF-8.") from None
