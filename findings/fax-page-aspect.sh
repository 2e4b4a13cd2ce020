#!/usr/bin/env bash
# Guess: a library that reads a fax's resolution (204 dots an inch across, 98 down) writes it into the PDF or PNG it makes.
# So: Pillow knows it (info["dpi"]), yet its PDF page is one point a dot unless dpi= is given again, its PNG states no
#   resolution, and a thumbnail keeps the shape in dots: a page is squashed to less than half its height. img2pdf is right.
# Here: schools and clinics still send paper by fax. Attachments are pictures made anew by Pillow, so fax pages (TIFF)
#   are not accepted; whoever adds them must stretch by the two resolutions first.
# Source: ITU-T T.4 (standard resolution, 3.85 lines/mm); TIFF 6.0 XResolution, YResolution; Pillow's docs on saving PDF.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'pillow==13.0.0' 'img2pdf==0.6.3' 'pypdfium2==5.15.2'
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import img2pdf
import pypdfium2
from PIL import Image, ImageDraw

for name in ("pillow", "img2pdf", "pypdfium2"):
    print(name, version(name))

page = Image.new("1", (1728, 1078), 1)  # an A4 page at standard resolution, as a fax machine scans it
ImageDraw.Draw(page).ellipse((600, 300, 1000, 300 + 400 * 98 // 204), outline=0, width=6)  # a circle on paper
page.save("fax.tif", compression="group3", dpi=(204, 98))
fax = Image.open("fax.tif")


def shape(width: float, height: float) -> float:
    """Height over width; of A4 it is about 1.3 to 1.4."""
    return round(height / width, 2)


def pdf_shape(name: str) -> float:
    return shape(*pypdfium2.PdfDocument(name)[0].get_size())


fax.save("default.pdf")
fax.save("given.pdf", dpi=fax.info["dpi"])
with open("img2pdf.pdf", "wb") as file:
    file.write(img2pdf.convert("fax.tif"))
fax.save("fax.png")
small = fax.convert("L")
small.thumbnail((400, 400))

changed = False
for what, guess, so, seen in [
    ("resolution that Pillow read", (204.0, 98.0), (204.0, 98.0), fax.info["dpi"]),
    ("page of Pillow's PDF, height over width", 1.3, 0.62, pdf_shape("default.pdf")),
    ("the same with dpi= given again", 1.3, 1.3, pdf_shape("given.pdf")),
    ("page of img2pdf", 1.3, 1.3, pdf_shape("img2pdf.pdf")),
    ("resolution in Pillow's PNG", (204.0, 98.0), None, Image.open("fax.png").info.get("dpi")),
    ("thumbnail, height over width", 1.3, 0.62, shape(*small.size)),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
