"""What a file that a person attaches may be, and what comes out of looking at it: bytes that run nothing.

Source: OWASP, file upload.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain import error_codes

MAX_ATTACHMENT_BYTES = 25_000_000
"""25 MB, so that its sealed form fits the largest item (25 MiB) after padding. Source: KH-1 §3, §4."""
MAX_PIXELS = 50_000_000
"""The largest picture that ordinary telephones take; its decoded form is 150 MB."""
MAX_PAGES = 1_000
MAX_PDF_OBJECTS = 200_000
MAX_WORDS = 500_000
MAX_NAME = 120

ERROR_CODES = frozenset(row.code for row in error_codes.attachments.ROWS)
"""Everything that can be wrong with an attachment."""


class MediaType(StrEnum):
    """What an attachment is when it is sent."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


ENDINGS: Mapping[MediaType, tuple[str, ...]] = {
    MediaType.PDF: (".pdf",),
    MediaType.JPEG: (".jpg", ".jpeg"),
    MediaType.PNG: (".png",),
}


class Change(StrEnum):
    """What was changed before sending. The sender is shown each."""

    LOCATION_REMOVED = "LOCATION_REMOVED"
    DETAILS_REMOVED = "DETAILS_REMOVED"
    ROTATED = "ROTATED"
    CONVERTED_TO_JPEG = "CONVERTED_TO_JPEG"
    COLOURS_CONVERTED = "COLOURS_CONVERTED"
    FIRST_PICTURE_ONLY = "FIRST_PICTURE_ONLY"
    ENCODED_ANEW = "ENCODED_ANEW"
    REWRITTEN = "REWRITTEN"
    SIGNATURE_LOST = "SIGNATURE_LOST"
    NAME_CHANGED = "NAME_CHANGED"


@dataclass(frozen=True)
class CheckedAttachment:
    """A file that may be sent. ``data``: its bytes as they are sent; ``pages``: of a PDF, 1 for a picture.

    ``words``: what can be read in a PDF, for the search for addresses and names only; it goes no further.
    """

    media_type: MediaType
    data: bytes = field(repr=False)
    changes: tuple[Change, ...]
    pages: int
    words: str = field(repr=False, default="")


_UNSAFE = re.compile(r'[\\/:*?"<>|]')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe_name(name: str, media_type: MediaType) -> str:
    """A file name without a path, control characters or changes of direction, with the ending of what it is. NFC, as the
    Japanese names of some systems are decomposed."""
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    base = "".join(c for c in base if unicodedata.category(c) not in _INVISIBLE)
    base = _UNSAFE.sub("_", base).strip(" .")
    endings = ENDINGS[media_type]
    stem, dot, ending = base.rpartition(".")
    if dot and f".{ending.lower()}" in endings:
        return f"{stem.strip(' .')[: MAX_NAME - len(ending) - 1] or 'file'}.{ending}"
    known = {e for some in ENDINGS.values() for e in some} | {".heic", ".heif"}
    if dot and f".{ending.lower()}" in known:
        base = stem.strip(" .")
    return f"{base[: MAX_NAME - len(endings[0])] or 'file'}{endings[0]}"
