"""Content with form at a door: what may be sealed, what is searched, and how what was opened is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.content_json import read_content
from domain.content import (
    CONTENTS,
    OPAQUE,
    Content,
    Line,
    TextContent,
    as_text,
    flags_of,
    identifying_text,
    lines,
    plain,
    texts_of,
)
from domain.errors import ExchangeError, Malformed
from gateway.agency.address_marks import readable_texts
from gateway.agency.documents import BYTES_SCHEMA
from gateway.agency.drafts import TEXT, SectionContent
from gateway.pages.texts import flag_text, section_text

UNREADABLE = "読めない内容"
FILE = "添付ファイル"


def require_content_form(parts: Sequence[SectionContent]) -> None:
    """Whether every part reads under its schema, stands where that schema may, and has the flags that it asks for.

    Raises Malformed, which names the part by its number and what to correct, and no value.
    """
    for n, part in enumerate(parts):
        _require_part_form(n, part)


def _require_part_form(n: int, part: SectionContent) -> None:
    if part.schema in OPAQUE:
        if part.section not in OPAQUE[part.schema]:
            raise Malformed("content-section", f"The section {n} can't have the schema {part.schema}.")
        return
    if part.schema == TEXT:
        return  # any bytes were accepted as text from the beginning
    content = _read_part(n, part)
    if part.section not in content.SECTIONS:
        where = ", ".join(sorted(content.SECTIONS))
        raise Malformed("content-section", f"The schema of the section {n} is for {where}.")
    missing = sorted(flags_of(content) - set(part.flags))
    if missing:
        error = Malformed(
            "content-flag-missing", f"Add {', '.join(missing)} to the flags of the section {n}."
        )
        flags = "、".join(f"「{flag_text(flag)}」({flag})" for flag in missing)
        error.detail_ja = f"{section_text(part.section)}には印{flags}が要ります。"
        raise error


def _read_part(n: int, part: SectionContent) -> Content:
    try:
        return read_content(part.schema, part.content)
    except Malformed as error:
        raise in_section(n, error) from None


def in_section(n: int, error: Malformed) -> Malformed:
    """The same error, which also names the section by its number."""
    error.detail = error.remedy = error.explanation = f"In the section {n}: {error.remedy}"
    return error


def searched_texts(schema: str, data: bytes) -> tuple[str, ...]:
    """The words of a content as a search has to see them; of what does not read, its bytes as text."""
    content = _content_with_form(schema, data)
    return tuple(readable_texts(data)) if content is None else texts_of(content)


def identifying_texts(schema: str, data: bytes) -> tuple[str, ...]:
    """What a NOTIFIER or ADDR content says that may stand nowhere else; of what does not read, its bytes as text."""
    content = _content_with_form(schema, data)
    return tuple(readable_texts(data)) if content is None else (identifying_text(content),)


def _content_with_form(schema: str, data: bytes) -> Content | None:
    if schema == TEXT or schema in OPAQUE:
        return None
    with suppress(Malformed):
        return read_content(schema, data)
    return None


@dataclass(frozen=True)
class ShownContent:
    """An opened item as it is shown. ``lines``: empty where it does not read; ``raw``: its text as it came."""

    schema: str
    title: str
    lines: tuple[Line, ...]
    raw: str
    content: Content | None

    @property
    def text(self) -> str:
        """As plain text: the lines, or what it is that does not read with the text as it came."""
        if self.schema == BYTES_SCHEMA:
            return ""
        return as_text(self.lines) if self.content is not None else f"{UNREADABLE}\n{self.raw}"

    @property
    def form(self) -> str:
        """The Japanese name of its form, of whatever version; empty for one that this door does not know."""
        name = self.schema.partition("/")[0]
        return next((form.TITLE for schema, form in CONTENTS.items() if schema.partition("/")[0] == name), "")

    @property
    def is_readable(self) -> bool:
        """Whether it reads under its schema; the bytes of a file are judged with their document (``received_files``)."""
        return self.content is not None or self.schema == BYTES_SCHEMA

    @property
    def structure(self) -> dict[str, Any] | None:
        """As the JSON object of its schema, in the newest version; None where there is none."""
        if self.content is None or isinstance(self.content, TextContent):
            return None
        value: dict[str, Any] = plain(self.content)
        return value


def shown_content(schema: str, data: bytes, names: Mapping[UUID, str] | None = None) -> ShownContent:
    """What a person sees of these bytes. Never raises: what does not read is shown as it came, and named so."""
    raw = data.decode("utf-8", "replace") if schema != BYTES_SCHEMA else ""
    if schema == BYTES_SCHEMA:
        return ShownContent(schema, FILE, (), raw, None)
    if schema == TEXT:
        content: Content = TextContent(raw)
        return ShownContent(schema, content.TITLE, lines(content), raw, content)
    try:
        content = read_content(schema, data)
    except ExchangeError:
        return ShownContent(schema, UNREADABLE, (), raw, None)
    return ShownContent(schema, content.TITLE, lines(content, names or {}), raw, content)
