"""PDF: every object of it is looked at, and what is sent is written anew from what was looked at.

A PDF can run programs, start others, send what is entered, and carry other files. Two readers of one damaged file can see
two documents. So a file with anything active is refused, and the objects that are left are written to a new file, without
what the author's computer noted about itself.
Source: ISO 32000-2.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
from PIL import ExifTags, Image

from adapters.attachments.contract import (
    MAX_PAGES,
    MAX_PDF_OBJECTS,
    MAX_WORDS,
    Change,
    CheckedAttachment,
    MediaType,
)
from domain.errors import Malformed

MAGIC = b"%PDF-"
MAX_DEPTH = 64
_ACTIVE_ACTIONS = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/ResetForm",
        "/GoToE",
        "/GoToR",
        "/GoToDp",
        "/Rendition",
        "/RichMediaExecute",
        "/Sound",
        "/Movie",
        "/SetOCGState",
        "/Hide",
        "/Trans",
        "/GoTo3DView",
    }
)
_ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/XFA", "/RichMediaContent", "/RichMediaSettings", "/3DD"})
_ACTIVE_SUBTYPES = frozenset({"/RichMedia", "/3D", "/Movie", "/Sound", "/Screen"})
_FILE_KEYS = frozenset({"/EmbeddedFiles", "/EmbeddedFile", "/EF", "/AF"})


def recognises(data: bytes) -> bool:
    """Whether it begins as a PDF. Readers also take one that begins later; those are refused as no known kind."""
    return data.startswith(MAGIC)


def check(data: bytes) -> CheckedAttachment:
    """The PDF, written anew. Raises Malformed."""
    try:
        with pikepdf.open(BytesIO(data)) as pdf:
            return _rewritten(pdf)
    except pikepdf.PasswordError as error:
        raise Malformed("pdf-encrypted") from error
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise Malformed("attachment-broken") from error


def _rewritten(pdf: pikepdf.Pdf) -> CheckedAttachment:
    if pdf.is_encrypted:
        raise Malformed("pdf-encrypted")
    if len(pdf.pages) == 0:
        raise Malformed("attachment-broken")
    if len(pdf.pages) > MAX_PAGES or len(pdf.objects) > MAX_PDF_OBJECTS:
        raise Malformed("pdf-too-many-pages")
    is_signed = False
    for indirect in pdf.objects:
        is_signed = _look_at(indirect, 0) or is_signed
    _look_at(pdf.trailer, 0)
    had_details = _without_details(pdf)
    out = BytesIO()
    pdf.save(
        out, object_stream_mode=pikepdf.ObjectStreamMode.generate, static_id=True, fix_metadata_version=False
    )
    data = out.getvalue()
    changes = [Change.REWRITTEN]
    if had_details:
        changes.append(Change.DETAILS_REMOVED)
    if is_signed:
        changes.append(Change.SIGNATURE_LOST)
    return CheckedAttachment(
        media_type=MediaType.PDF,
        data=data,
        changes=tuple(changes),
        pages=len(pdf.pages),
        words=_words_of(data),
    )


def _look_at(value: Any, depth: int) -> bool:
    """Whether a signature stands in this object. Raises Malformed where something active does.

    Indirect objects within it are looked at as objects of their own.
    """
    if depth > MAX_DEPTH:
        raise Malformed("attachment-broken")
    within: list[Any] = []
    is_signed = False
    if isinstance(value, pikepdf.Array):
        within = list(value)
    elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        keys = set(value.keys())
        _look_at_keys(value, keys)
        within = [value.get(key) for key in keys]
        is_signed = "/ByteRange" in keys
    if isinstance(value, pikepdf.Stream):
        _look_at_stream(value)
    for one in within:
        if _is_direct(one):
            is_signed = _look_at(one, depth + 1) or is_signed
    return is_signed


def _look_at_keys(value: Any, keys: set[str]) -> None:
    subtype = _name(value, "/Subtype")
    if (keys & _FILE_KEYS or subtype == "/FileAttachment") and _has_files(value, keys):
        raise Malformed("pdf-has-files")
    is_active_action = _name(value, "/S") in _ACTIVE_ACTIONS and _name(value, "/Type") in ("", "/Action")
    if keys & _ACTIVE_KEYS or subtype in _ACTIVE_SUBTYPES or is_active_action:
        raise Malformed("pdf-active")


def _has_files(value: Any, keys: set[str]) -> bool:
    """An empty list of files is none: some programs write one."""
    names = value.get("/EmbeddedFiles")
    if names is not None and keys & _FILE_KEYS == {"/EmbeddedFiles"}:
        return bool(names.get("/Names", ()) or names.get("/Kids", ()))
    return True


def _look_at_stream(stream: pikepdf.Stream) -> None:
    if _name(stream, "/Type") == "/EmbeddedFile":
        raise Malformed("pdf-has-files")
    names: Any = stream.get("/Filter")
    only = names[0] if isinstance(names, pikepdf.Array) and len(names) == 1 else names
    if only == pikepdf.Name.DCTDecode and _has_location(stream.read_raw_bytes()):
        raise Malformed("pdf-has-location")


def _has_location(jpeg: bytes) -> bool:
    """Whether a photograph inside says where it was taken."""
    try:
        with Image.open(BytesIO(jpeg), formats=("JPEG",)) as picture:
            return bool(picture.getexif().get_ifd(ExifTags.IFD.GPSInfo))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _without_details(pdf: pikepdf.Pdf) -> bool:
    """Leave out what programs noted about the document, its author and its pages. Whether there was any."""
    had = False
    if "/Info" in pdf.trailer:
        had = bool(len(pdf.docinfo.keys()))
        del pdf.trailer["/Info"]
    for value in pdf.objects:
        if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            for key in ("/Metadata", "/PieceInfo", "/Thumb"):
                if key in value:
                    del value[key]
                    had = True
    return had


def _words_of(data: bytes) -> str:
    """What PDFium, another reader than the one above, reads on its pages; refused where it can't open them."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Malformed("attachment-broken") from error
    words: list[str] = []
    length = 0
    try:
        for page in document:
            text = page.get_textpage().get_text_bounded()
            words.append(text)
            length += len(text)
            page.close()
            if length > MAX_WORDS:
                break
    except pypdfium2.PdfiumError as error:
        raise Malformed("attachment-broken") from error
    finally:
        document.close()
    return "\n".join(words)[:MAX_WORDS]


def _name(value: Any, key: str) -> str:
    one = value.get(key)
    return str(one) if isinstance(one, pikepdf.Name) else ""


def _is_direct(value: Any) -> bool:
    return isinstance(value, pikepdf.Object) and not value.is_indirect
