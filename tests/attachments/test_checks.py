"""Attachments are what their bytes are, run nothing, and say nothing beside what is seen."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageCms

from adapters.attachments import Change, CheckedAttachment, MediaType, check_attachment, safe_name
from adapters.attachments.contract import MAX_PIXELS
from domain.errors import Malformed
from tests.attachments.kit import HEIC, NOTE, TELEPHONE, exif, jpeg, pdf, picture, png, saved


def error_code(data: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        check_attachment(data)
    return caught.value.error_code


def opened(checked: CheckedAttachment) -> Image.Image:
    shown = Image.open(BytesIO(checked.data))
    shown.load()
    return shown


# --- pictures -------------------------------------------------------------------------------------------------


def test_a_photograph_loses_where_and_by_what_it_was_taken() -> None:
    data = jpeg(exif=exif(), comment=NOTE.encode())
    assert (TELEPHONE.encode() in data, NOTE.encode() in data) == (True, True)
    checked = check_attachment(data)
    assert checked.media_type is MediaType.JPEG
    assert checked.changes == (Change.LOCATION_REMOVED, Change.DETAILS_REMOVED, Change.ENCODED_ANEW)
    assert dict(opened(checked).getexif()) == {}
    assert opened(checked).info.keys() == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert TELEPHONE.encode() not in checked.data
    assert NOTE.encode() not in checked.data


def test_a_photograph_without_details_is_reported_as_encoded_anew_and_nothing_else() -> None:
    assert check_attachment(jpeg()).changes == (Change.ENCODED_ANEW,)


def test_a_photograph_is_turned_upright() -> None:
    checked = check_attachment(jpeg(exif=exif(location=False, orientation=6)))
    assert checked.changes == (Change.DETAILS_REMOVED, Change.ROTATED, Change.ENCODED_ANEW)
    shown = opened(checked)
    assert shown.size == (40, 60)
    assert [sum(shown.getpixel(at)) < 100 for at in ((35, 5), (5, 5))] == [True, False]


def test_a_heic_becomes_an_upright_jpeg() -> None:
    checked = check_attachment(HEIC)
    assert (checked.media_type, opened(checked).size) == (MediaType.JPEG, (48, 64))
    assert checked.changes == (
        Change.LOCATION_REMOVED,
        Change.DETAILS_REMOVED,
        Change.CONVERTED_TO_JPEG,
        Change.ENCODED_ANEW,
    )
    assert b"Telephone" in HEIC
    assert b"Telephone" not in checked.data


def test_a_png_loses_its_notes() -> None:
    data = png(text=True, exif=exif())
    checked = check_attachment(data)
    assert (checked.media_type, NOTE.encode() in data, NOTE.encode() in checked.data) == (
        MediaType.PNG,
        True,
        False,
    )
    assert checked.changes == (Change.LOCATION_REMOVED, Change.DETAILS_REMOVED, Change.ENCODED_ANEW)
    assert opened(checked).tobytes() == picture().tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_png_looks_as_before_in_every_mode(mode: str) -> None:
    before = picture().convert("L").convert("I;16") if mode == "I;16" else picture().convert(mode)
    after = opened(check_attachment(saved(before, "PNG")))
    assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()


def test_a_palette_with_a_transparent_colour_stays_transparent() -> None:
    before = picture().convert("P")
    data = saved(before, "PNG", transparency=0)
    assert opened(check_attachment(data)).mode == "RGBA"


@pytest.mark.parametrize(("name", "converted"), [("sRGB", False), ("Wide", True)])
def test_a_profile_of_colours_goes_and_other_colours_are_converted(name: str, converted: bool) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace("sRGB".encode("utf-16-be"), name.encode("utf-16-be"))
    checked = check_attachment(jpeg(icc_profile=profile))
    assert "icc_profile" not in opened(checked).info
    assert (Change.COLOURS_CONVERTED in checked.changes) is converted


def test_several_pictures_in_one_file_become_the_first() -> None:
    data = saved(picture(), "PNG", save_all=True, append_images=[picture((60, 40), "RGB").rotate(180)])
    checked = check_attachment(data)
    assert Change.FIRST_PICTURE_ONLY in checked.changes
    assert getattr(opened(checked), "n_frames", 1) == 1


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    side = int(MAX_PIXELS**0.5) + 1
    assert error_code(saved(Image.new("1", (side, side)), "PNG")) == "picture-too-large"


@pytest.mark.parametrize("data", [jpeg()[:-300], png()[:60], HEIC[:400]], ids=["jpeg", "png", "heic"])
def test_a_picture_that_ends_too_early_is_refused(data: bytes) -> None:
    assert error_code(data) == "attachment-broken"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><script>1</script>",
        b"MZ\x90",
        b"PK\x03\x04",
        b"GIF89a",
        b"\0" * 20 + b"%PDF-1.7",
    ],
    ids=["nothing", "html", "program", "zip", "gif", "pdf behind other bytes"],
)
def test_what_is_neither_a_picture_nor_a_pdf_is_refused(data: bytes) -> None:
    assert error_code(data) == "attachment-type-unknown"


# --- PDF ------------------------------------------------------------------------------------------------------


def test_a_pdf_is_written_anew_and_its_words_can_be_searched() -> None:
    checked = check_attachment(pdf())
    assert (checked.media_type, checked.pages, checked.words) == (MediaType.PDF, 1, "WORDS ON THE PAGE")
    assert checked.changes == (Change.REWRITTEN,)


def test_a_pdf_loses_what_its_program_noted() -> None:
    def note(made: pikepdf.Pdf) -> None:
        made.docinfo["/Author"] = TELEPHONE
        made.Root.Metadata = made.make_stream(TELEPHONE.encode())

    data = pdf(note)
    checked = check_attachment(data)
    assert checked.changes == (Change.REWRITTEN, Change.DETAILS_REMOVED)
    with pikepdf.open(BytesIO(checked.data)) as after:
        assert "/Metadata" not in after.Root
        assert "/Info" not in after.trailer
        assert not any(
            isinstance(one, pikepdf.Stream) and TELEPHONE.encode() in one.read_bytes()
            for one in after.objects
        )


def test_what_stands_behind_the_end_of_a_pdf_goes() -> None:
    data = pdf() + b"PK\x03\x04 another file"
    assert b"another file" not in check_attachment(data).data


def test_a_signature_of_a_pdf_is_reported_as_lost() -> None:
    def sign(made: pikepdf.Pdf) -> None:
        made.Root.Perms = pikepdf.Dictionary(
            DocMDP=made.make_indirect(
                pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3], Contents=b"x")
            )
        )

    assert check_attachment(pdf(sign)).changes == (Change.REWRITTEN, Change.SIGNATURE_LOST)


def test_a_link_to_a_page_or_an_address_is_no_program() -> None:
    def link(made: pikepdf.Pdf) -> None:
        made.Root.OpenAction = [made.pages[0].obj, pikepdf.Name.Fit]
        made.pages[0].Annots = [
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Link,
                Rect=[0, 0, 9, 9],
                A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.jp/"),
            )
        ]
        made.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=[]))

    assert check_attachment(pdf(link)).pages == 1


def _action(**fields: Any) -> Callable[[pikepdf.Pdf], None]:
    def add(made: pikepdf.Pdf) -> None:
        made.Root.OpenAction = pikepdf.Dictionary(**fields)

    return add


def _nested(made: pikepdf.Pdf) -> None:
    """In an array in a direct dictionary of an annotation's additional actions."""
    action = pikepdf.Dictionary(
        S=pikepdf.Name.URI, URI="x", Next=[pikepdf.Dictionary(S=pikepdf.Name.Launch, F="x")]
    )
    made.pages[0].Annots = [pikepdf.Dictionary(Subtype=pikepdf.Name.Link, AA=pikepdf.Dictionary(E=action))]


def _javascript_by_name(made: pikepdf.Pdf) -> None:
    made.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=[]))


def _xfa(made: pikepdf.Pdf) -> None:
    made.Root.AcroForm = pikepdf.Dictionary(Fields=[], XFA=made.make_stream(b"<xdp/>"))


def _film(made: pikepdf.Pdf) -> None:
    made.pages[0].Annots = [made.make_indirect(pikepdf.Dictionary(Subtype=pikepdf.Name.RichMedia))]


@pytest.mark.parametrize(
    "change",
    [
        _action(S=pikepdf.Name.JavaScript, JS="app.alert(1)"),
        _action(S=pikepdf.Name.Launch, F="calc.exe"),
        _action(S=pikepdf.Name.SubmitForm, F="https://example.jp/"),
        _action(S=pikepdf.Name.GoToR, F="other.pdf"),
        _nested,
        _javascript_by_name,
        _xfa,
        _film,
    ],
    ids=["program", "launch", "form that sends", "another file", "nested", "by name", "XFA", "film"],
)
def test_a_pdf_with_something_that_runs_is_refused(change: Callable[[pikepdf.Pdf], None]) -> None:
    assert error_code(pdf(change)) == "pdf-active"


def test_a_pdf_with_files_in_it_is_refused() -> None:
    def attach(made: pikepdf.Pdf) -> None:
        made.attachments["a.txt"] = pikepdf.AttachedFileSpec(made, b"hello", filename="a.txt")

    assert error_code(pdf(attach)) == "pdf-has-files"


@pytest.mark.parametrize("user", ["", "secret"], ids=["restricted", "password"])
def test_a_protected_pdf_is_refused(user: str) -> None:
    assert error_code(pdf(encryption=pikepdf.Encryption(owner="owner", user=user))) == "pdf-encrypted"


def test_a_pdf_with_a_photograph_that_names_its_place_is_refused() -> None:
    def photograph(made: pikepdf.Pdf) -> None:
        made.pages[0].Resources.XObject = pikepdf.Dictionary(
            Im0=pikepdf.Stream(
                made,
                jpeg(exif=exif()),
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=60,
                Height=40,
                ColorSpace=pikepdf.Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=pikepdf.Name.DCTDecode,
            )
        )

    assert error_code(pdf(photograph)) == "pdf-has-location"


def test_a_pdf_with_too_many_pages_is_refused() -> None:
    def fill(made: pikepdf.Pdf) -> None:
        for _ in range(1000):
            made.add_blank_page()

    assert error_code(pdf(fill)) == "pdf-too-many-pages"


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", pdf()[:200], b"%PDF-" + bytes(5000)])
def test_a_pdf_that_can_not_be_read_is_refused(data: bytes) -> None:
    assert error_code(data) == "attachment-broken"


# --- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "media_type", "safe"),
    [
        ("母子手帳.pdf", MediaType.PDF, "母子手帳.pdf"),
        ("か\u3099くしき.pdf", MediaType.PDF, "がくしき.pdf"),
        ("IMG_1.HEIC", MediaType.JPEG, "IMG_1.jpg"),
        ("photo.JPG", MediaType.JPEG, "photo.JPG"),
        ("report.pdf", MediaType.PNG, "report.png"),
        ("../../etc/passwd", MediaType.PDF, "passwd.pdf"),
        ("C:\\folder\\a.pdf", MediaType.PDF, "a.pdf"),
        ("a\u202efdp.exe", MediaType.PDF, "afdp.exe.pdf"),
        ("...", MediaType.PNG, "file.png"),
        ("a\r\nSet-Cookie: x.pdf", MediaType.PDF, "aSet-Cookie_ x.pdf"),
        ("長" * 300 + ".pdf", MediaType.PDF, "長" * 116 + ".pdf"),
    ],
)
def test_a_file_name_has_the_ending_of_what_the_file_is_and_no_path(
    name: str, media_type: MediaType, safe: str
) -> None:
    assert safe_name(name, media_type) == safe
