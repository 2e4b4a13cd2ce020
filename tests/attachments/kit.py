"""Files to attach, made here: pictures with what cameras write, and PDF with what it must not have."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import Any

import pikepdf
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

TELEPHONE, NOTE = "Telephone of a visitor", "a note beside the pixels"
HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAAGUAAgAAAAACUQABAAAAAAAAAKwAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq"
    "5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xh"
    "cAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEA"
    "AQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAARltZGF0AAAAYSgBrxOAeW1uo9Q3vuYymtX/9qVMq/49ikesHF2z"
    "IW76nHzgDbA5+euvGoUBp1L48t55n3ai/qUyxbAj3eO6E57sDeNe8KvLhygFCgk4b6paM1tEIMT7mThRvEg70lSQR+AAAAAGRXhp"
    "ZgAATU0AKgAAAAgAAwEPAAIAAAAKAAAAMgESAAMAAAABAAYAAIglAAQAAAABAAAAPAAAAABUZWxlcGhvbmUAAAQAAQACAAAAAk4A"
    "AAAAAgAFAAAAAwAAAHIAAwACAAAAAkUAAAAABAAFAAAAAwAAAIoAAAAAAAAAIwAAAAEAAAApAAAAAQAAABYAAAABAAAAiwAAAAEA"
    "AAApAAAAAQAAAB4AAAAB"
)
"""64 by 48 pixels, turned by its Exif, which also says where it was taken. Made with pillow-heif: what the product uses
can only read HEIC."""


def exif(*, location: bool = True, orientation: int = 1) -> Image.Exif:
    """What a telephone writes beside the pixels."""
    details = Image.Exif()
    details[ExifTags.Base.Make] = TELEPHONE
    details[ExifTags.Base.Orientation] = orientation
    if location:
        gps = details.get_ifd(ExifTags.IFD.GPSInfo)
        gps[1], gps[2], gps[3], gps[4] = "N", (35.0, 41.0, 22.0), "E", (139.0, 41.0, 30.0)
    return details


def picture(size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    """White, with a dark corner at the top left."""
    made = Image.new(mode, size, "white")
    made.paste("black", (0, 0, size[0] // 2, size[1] // 2))
    return made


def jpeg(**settings: Any) -> bytes:
    return saved(picture(), "JPEG", **settings)


def png(*, text: bool = False, **settings: Any) -> bytes:
    info = PngInfo()
    if text:
        info.add_itxt("Comment", NOTE)
    return saved(picture(), "PNG", pnginfo=info, **settings)


def saved(made: Image.Image, form: str, **settings: Any) -> bytes:
    out = BytesIO()
    made.save(out, form, **settings)
    return out.getvalue()


def pdf(change: Any = lambda made: None, **settings: Any) -> bytes:
    """A PDF of one page with words on it; ``change`` adds to it before it is saved."""
    made = pikepdf.new()
    page = made.add_blank_page(page_size=(300, 300))
    font = made.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = made.make_stream(b"BT /F1 24 Tf 20 200 Td (WORDS ON THE PAGE) Tj ET")
    change(made)
    out = BytesIO()
    made.save(out, **settings)
    return out.getvalue()


def pdf_of_size(size: int) -> bytes:
    """A PDF of about so many bytes, which can't be made smaller."""
    import os

    def fill(made: pikepdf.Pdf) -> None:
        made.pages[0].Filling = made.make_stream(os.urandom(size - 1500))

    return pdf(fill)
