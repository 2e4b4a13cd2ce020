"""Files that an agency was sent: opened on record, compared with their document, looked at before anybody gets them.

The door of the sender has looked at a file, but what comes from it is foreign: another program may have sent it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from adapters.attachments import MediaType
from domain.codes import Purpose
from domain.content.document import Document
from domain.errors import Malformed
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA, read_document
from gateway.agency.door import Door
from gateway.agency.parsing import AttachmentPool
from keys.lp import sha256


@dataclass(frozen=True)
class ReceivedFile:
    """A file that was received. ``error_code``: why it is not what its document says, None where it is; then its bytes are
    given as bytes of no known kind only. ``item``: the item that holds them."""

    document: Document
    item: UUID
    section: str
    data: bytes = field(repr=False)
    error_code: str | None

    @property
    def media_type(self) -> str:
        return self.document.media_type if self.error_code is None else "application/octet-stream"


def open_file(
    door: Door,
    pool: AttachmentPool,
    case: UUID,
    message: UUID,
    item: UUID,
    section: str,
    *,
    actor: str,
    purpose: Purpose = Purpose.SUPPORT,
) -> ReceivedFile:
    """Open a document and the file that follows it; both openings are recorded. ``item``: the document's.

    Raises what ``Door.open`` raises; Malformed where the item is no document, or no file follows it.
    """
    opened = door.open(case, message, item, section, actor=actor, purpose=purpose)
    if opened.schema != DOCUMENT_SCHEMA or opened.after is None or opened.after.schema != BYTES_SCHEMA:
        raise Malformed("not-a-document")
    document = read_document(opened.content)
    following = opened.after
    file = door.open(case, message, following.item, following.section, actor=actor, purpose=purpose)
    error_code = None
    try:
        _require_as_described(document, file.content, pool)
    except Malformed as error:
        error_code = error.error_code
    return ReceivedFile(document, following.item, following.section, file.content, error_code)


def _require_as_described(document: Document, data: bytes, pool: AttachmentPool) -> None:
    """Raises Malformed where these bytes are another file, or one that may not be sent."""
    if sha256(data).hex() != document.digest or document.media_type not in list(MediaType):
        raise Malformed("document-differs")
    if pool.check(data).media_type != document.media_type:
        raise Malformed("document-differs")
