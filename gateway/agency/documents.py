"""An attachment is two items of a message: ``document/v1`` says what it is, and the item after it, ``bytes/v1``, is the file.

The digest is of the bytes in clear and is sealed with the document, so that nobody outside can recognise a file by it.
"""

from __future__ import annotations

from adapters.content_json import read_content
from domain.content.document import Document
from domain.errors import Malformed

DOCUMENT_SCHEMA, BYTES_SCHEMA = "document/v1", "bytes/v1"


def read_document(content: bytes) -> Document:
    """The document of these bytes. Raises Malformed."""
    document = read_content(DOCUMENT_SCHEMA, content)
    if not isinstance(document, Document):
        raise Malformed("not-a-document")
    return document
