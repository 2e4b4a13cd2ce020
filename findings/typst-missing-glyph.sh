#!/usr/bin/env bash
# Guess: where no font has a character, compile_with_warnings says so; and whether a text is in the PDF can be
#   tested by reading the text out of it.
# So: a font family that is missing is warned of, a character is not: it is printed as an empty box, the same for
#   every character (山田花子 and 鈴木太郎 give one picture). pypdfium2 still reads nearly all of the text out.
#   Asked for a standard (pdf_standards=["ua-1"]), typst refuses to write such a file.
# Here: gateway/audit/reports.py refuses to print where a warning names a font; with «fallback: false» too, a rare
#   character of an agency's name that the font lacks passes that.
# Source: typst reference, «text», parameter «fallback»; PDF/UA-1 (ISO 14289-1), a glyph .notdef is not allowed.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'typst==0.15.2' 'pypdf==7.1.1' 'pypdfium2==5.15.2'
"$work/venv/bin/python" - <<'PYTHON'
import io
import sys
from importlib.metadata import version

import pypdf
import pypdfium2
import typst

print(*(f"{name} {version(name)}" for name in ("typst", "pypdf", "pypdfium2")))


def made(text: str, font: str = "") -> tuple[bytes, list[str]]:
    """The PDF and its warnings, with the fonts that typst brings along and none of this machine."""
    source = f'#set text(lang: "ja"{font})\n{text}'
    pdf, warnings = typst.compile_with_warnings(source.encode(), ignore_system_fonts=True)
    return pdf, [w.message for w in warnings]


def picture(pdf: bytes) -> bytes:
    return bytes(pypdfium2.PdfDocument(pdf)[0].render(scale=1).buffer)


def refused() -> bool:
    source = '#set document(title: "表")\n#set text(lang: "ja")\n山田花子'
    try:
        typst.compile(source.encode(), ignore_system_fonts=True, pdf_standards=["ua-1"])
    except Exception as error:
        return "could not be displayed" in str(error)
    return False


one, silent = made("山田花子")
other, _ = made("鈴木太郎")
_, warned = made("山田花子", ', font: "No Such Gothic"')

changed = False
for what, guess, so, seen in [
    ("warnings for a font that is missing", 1, 1, len(warned)),
    ("warnings for four characters that are missing", 1, 0, len(silent)),
    ("two names give one picture", False, True, picture(one) == picture(other)),
    ("latin names give one picture", False, False, picture(made("Yamada")[0]) == picture(made("Suzuki")[0])),
    ("pypdfium2 reads 花子", False, True, "花子" in pypdfium2.PdfDocument(one)[0].get_textpage().get_text_range()),
    ("pypdf reads 花子", False, False, "花子" in pypdf.PdfReader(io.BytesIO(one)).pages[0].extract_text()),
    ("with a standard it is refused", True, True, refused()),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
