#!/usr/bin/env bash
# Guess: a package whose metadata says BSD-3-Clause brings nothing under the GPL.
# So: the wheel of pillow-heif contains libx265 (GPL-2.0), an encoder that reading needs nothing of; its metadata names
#   BSD-3-Clause alone, so that a list of licences made from metadata does not show it. pi-heif is the same reader without it.
# Here: adapters/attachments/pictures.py reads HEIC with pi-heif; the run-time set is to be free of the GPL.
# Source: the wheels themselves; the file LICENSES_bundled.txt in each; x265, COPYING (GPL-2.0).
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" download -q --disable-pip-version-check --no-deps -d "$work" 'pillow-heif==1.8.1' 'pi-heif==1.4.0'
"$work/venv/bin/python" - "$work" <<'PYTHON'
import re
import sys
from pathlib import Path
from zipfile import ZipFile

EXPECTED = {"pillow_heif": (["BSD-3-Clause"], True), "pi_heif": (["BSD-3-Clause"], False)}
changed = False
for wheel in sorted(Path(sys.argv[1]).glob("*.whl")):
    name, version = wheel.name.split("-")[:2]
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(n for n in names if n.endswith(".dist-info/METADATA"))).decode()
    licences = re.findall(r"^License(?:-Expression)?: (.+)$", metadata, re.M)
    has_x265 = any("x265" in n.rpartition("/")[2] for n in names)
    libraries = sorted(n.rpartition("/")[2] for n in names if ".libs/" in n)
    print(f"{name} {version}: metadata {licences}, libraries {libraries}")
    print(f"  so far {EXPECTED[name]}, seen {(licences, has_x265)}")
    changed |= EXPECTED[name] != (licences, has_x265)
sys.exit("changed" if changed else 0)
PYTHON
