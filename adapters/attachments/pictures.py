"""Pictures: decoded, and encoded anew from their pixels alone.

What a camera writes beside the pixels says where and when a family was visited, and by whose telephone. Saving a picture
under another name keeps some of it (Pillow keeps a JPEG's comment), so the pixels are pasted into a new picture.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pi_heif.as_plugin import HeifImageFile
from PIL import ExifTags, Image, ImageCms, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin

from adapters.attachments.contract import MAX_PIXELS, Change, CheckedAttachment, MediaType
from domain.errors import Malformed

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
HEIC_QUALITY = 90
_DETAILS = (
    "exif",
    "xmp",
    "comment",
    "photoshop",
    "icc_profile",
    "XML:com.adobe.xmp",
    "Raw profile type exif",
)
_GPS_WORDS = (b"GPSLatitude", b"exif:GPS")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
LOADED = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin)
"""Pillow loads the reader of a format when it is first needed; a reading process loads nothing later."""


def recognises(data: bytes) -> bool:
    """Whether these are the first bytes of a picture that may be attached."""
    return data.startswith((JPEG, PNG)) or _is_heic(data)


def _is_heic(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS


def check(data: bytes) -> CheckedAttachment:
    """The picture without anything but its pixels. Raises Malformed."""
    try:
        with _opened_picture(data) as picture:
            return _encoded_anew(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Malformed("picture-too-large") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Malformed("attachment-broken") from error


def _opened_picture(data: bytes) -> Any:
    """The picture, of which the head has been read. Raises Malformed where it has too many pixels."""
    if _is_heic(data):
        picture: Any = HeifImageFile(BytesIO(data))
    else:
        picture = Image.open(BytesIO(data), formats=("JPEG", "PNG"))
    if picture.width * picture.height > MAX_PIXELS:
        raise Malformed("picture-too-large")
    return picture


def _encoded_anew(picture: Any) -> CheckedAttachment:
    is_png, is_heic = picture.format == "PNG", picture.format not in ("PNG", "JPEG", "MPO")
    changes = list(_details_of(picture))
    if getattr(picture, "n_frames", 1) > 1:
        changes.append(Change.FIRST_PICTURE_ONLY)
    jpeg_settings = {} if is_png else _jpeg_settings(picture)
    picture.load()
    profile = picture.info.get("icc_profile")
    pixels = picture
    if not is_heic:  # a HEIC is upright once it is decoded, whatever its Exif says
        upright = ImageOps.exif_transpose(picture)
        if picture.getexif().get(ExifTags.Base.Orientation, 1) != 1:
            changes.append(Change.ROTATED)
        pixels = upright
    mode = _mode_of(pixels, is_png)
    if profile:
        converted = _in_standard_colours(pixels, profile)
        if converted is not None:
            pixels = converted
            changes.append(Change.COLOURS_CONVERTED)
    if pixels.mode != mode:
        pixels = pixels.convert(mode)
    bare = Image.new(mode, pixels.size)
    bare.paste(pixels)
    out = BytesIO()
    if is_png:
        bare.save(out, "PNG")
    else:
        bare.save(out, "JPEG", **jpeg_settings)
    if is_heic:
        changes.append(Change.CONVERTED_TO_JPEG)
    changes.append(Change.ENCODED_ANEW)
    return CheckedAttachment(
        media_type=MediaType.PNG if is_png else MediaType.JPEG,
        data=out.getvalue(),
        changes=tuple(dict.fromkeys(changes)),
        pages=1,
    )


def _details_of(picture: Any) -> list[Change]:
    """What the picture says beside its pixels."""
    changes = []
    exif = picture.getexif()
    xmp = picture.info.get("xmp") or b""
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    if exif.get_ifd(ExifTags.IFD.GPSInfo) or any(word in xmp for word in _GPS_WORDS):
        changes.append(Change.LOCATION_REMOVED)
    texts = getattr(picture, "text", {}) if picture.format == "PNG" else {}
    if len(exif) or texts or any(picture.info.get(name) for name in _DETAILS if name != "icc_profile"):
        changes.append(Change.DETAILS_REMOVED)
    return changes


def _jpeg_settings(picture: Any) -> dict[str, Any]:
    """Those of the picture itself, so that it loses as little as can be."""
    if picture.format in ("JPEG", "MPO") and picture.mode in ("RGB", "L"):
        sampling = JpegImagePlugin.get_sampling(picture)
        tables = picture.quantization
        if tables and sampling != -1:
            return {"qtables": list(tables.values()), "subsampling": sampling}
    return {"quality": HEIC_QUALITY}


def _mode_of(picture: Any, is_png: bool) -> str:
    """The mode in which the pixels are written."""
    if not is_png:
        return "L" if picture.mode in ("1", "L", "I;16") else "RGB"
    if picture.mode in ("1", "L", "LA", "RGB", "RGBA", "I;16") and "transparency" not in picture.info:
        return str(picture.mode)
    return "RGBA" if "transparency" in picture.info or picture.mode in ("PA", "RGBa") else "RGB"


def _in_standard_colours(picture: Any, profile: bytes) -> Any | None:
    """The same colours as sRGB, since the profile is left out; None where it can't be used."""
    mode = {"RGB": "RGB", "RGBA": "RGBA", "CMYK": "RGB"}.get(picture.mode)
    if mode is None:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        return None
