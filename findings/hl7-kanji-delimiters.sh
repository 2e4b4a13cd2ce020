#!/usr/bin/env bash
# Guess: hl7.parse goes by the character set that the message itself names in MSH-18.
# So: it decodes bytes as UTF-8 unless told otherwise. A Japanese message (ISO-2022-JP, all bytes below 128) passes
#   without an error, and since the second byte of 本 万 期 服 is one of | ^ ~ \ &, its fields shift.
# Here: an adapter for HL7v2 in adapters/agencies has to read MSH-18 by itself, decode, and only then split;
#   else 山本 万里子's date of birth stands in another field and nothing says so.
# Source: HL7 v2.5 chapter 2, MSH-18, and table 0211 (ISO IR87); ISO/IEC 2022.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'hl7==0.4.5'
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import hl7

print("hl7", version("hl7"))

MESSAGE = (
    "MSH|^~\\&|HIS|HOSP|KH|CITY|20240501090000||ADT^A08|1|P|2.5||||||~ISO IR87|||\r"
    "PID|1||123^^^H||山本^万里子^^^^^L^I||20240501|F\r"
)
raw = MESSAGE.encode("iso2022_jp")
guessed = hl7.parse(raw).segment("PID")
told = hl7.parse(raw, encoding="iso2022_jp").segment("PID")

changed = False
for what, guess, so, seen in [
    ("fields of PID, bytes alone", 9, 10, len(guessed)),
    ("PID-7, bytes alone", "20240501", False, "20240501" in str(guessed[7])),
    ("fields of PID, encoding given", 9, 9, len(told)),
    ("PID-5, encoding given", "山本^万里子^^^^^L^I", "山本^万里子^^^^^L^I", str(told[5])),
    ("PID-7, encoding given", "20240501", "20240501", str(told[7])),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
