"""``text/v1``: plain words. It stays for ever; what has no other schema, or no form at hand, is written so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.codes import AUTHOR_ONLY
from domain.content.form import SHARED_SECTIONS, Content, Text, needs

MAX_CHARACTERS = 25_000_000
"""More than the largest item can hold."""


@dataclass(frozen=True)
class TextContent(Content, schema="text", title="自由記載", sections=SHARED_SECTIONS | AUTHOR_ONLY):
    """Its bytes are the text in UTF-8, not JSON."""

    text: Annotated[str, Text(MAX_CHARACTERS, several_lines=True)] = needs("本文")
