"""Files that people attach: pictures and PDF, recognised by their content, made harmless or refused.

Foreign bytes are looked at in a reading process only (``gateway/agency/parsing.py``).
"""

from __future__ import annotations

from adapters.attachments.contract import (
    ENDINGS,
    ERROR_CODES,
    MAX_ATTACHMENT_BYTES,
    Change,
    CheckedAttachment,
    MediaType,
    safe_name,
)
from domain.errors import Malformed


def check_attachment(data: bytes) -> CheckedAttachment:
    """The file as it may be sent. Raises Malformed; in foreign bytes a library may raise anything else."""
    from adapters.attachments import pdf, pictures  # heavy libraries, which only a reading process loads

    if len(data) > MAX_ATTACHMENT_BYTES:
        raise Malformed("attachment-too-large")
    if pdf.recognises(data):
        checked = pdf.check(data)
    elif pictures.recognises(data):
        checked = pictures.check(data)
    else:
        raise Malformed("attachment-type-unknown")
    if len(checked.data) > MAX_ATTACHMENT_BYTES:
        raise Malformed("attachment-too-large")
    return checked


__all__ = [
    "ENDINGS",
    "ERROR_CODES",
    "MAX_ATTACHMENT_BYTES",
    "Change",
    "CheckedAttachment",
    "MediaType",
    "check_attachment",
    "safe_name",
]
