#!/usr/bin/env bash
# Guess: the port of Google's library for telephone numbers, which reads full-width digits and long-vowel marks as hyphens,
#   also reads what Japanese offices write behind a number: (代), 内線 12.
# So: either is a NumberParseException, as for no number at all; only «ext.» and its like are extensions, and an extension
#   is read from «ext. 12» where the same number with 内線12 is refused. 189 is known, #8000 and #7119 are not.
# Here: telephone numbers stay as they were written (family/v1, the duty officer's number); only their digits are compared.
#   Refusing what does not parse would refuse numbers of most municipal offices.
# Source: README of phonenumbers; 総務省, 電気通信番号 (189 児童相談所虐待対応ダイヤル, #8000 子ども医療電話相談).
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'phonenumbers==9.0.43'
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, shortnumberinfo

print("phonenumbers", version("phonenumbers"))


def read(text: str) -> str:
    """The number in the national form and its extension, or «refused»."""
    try:
        number = phonenumbers.parse(text, "JP")
    except NumberParseException:
        return "refused"
    extension = f" ext. {number.extension}" if number.extension else ""
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL).split(" ext")[0] + extension


def short(text: str) -> bool:
    return shortnumberinfo.is_valid_short_number_for_region(phonenumbers.parse(text, "JP"), "JP")


changed = False
for what, guess, so, seen in [
    ("０３−１２３４−５６７８", "03-1234-5678", "03-1234-5678", read("０３−１２３４−５６７８")),
    ("03ー1234ー5678", "03-1234-5678", "03-1234-5678", read("03ー1234ー5678")),
    ("03-1234-5678 ext. 12", "03-1234-5678 ext. 12", "03-1234-5678 ext. 12", read("03-1234-5678 ext. 12")),
    ("03-1234-5678 内線12", "03-1234-5678 ext. 12", "refused", read("03-1234-5678 内線12")),
    ("03-1234-5678(代)", "03-1234-5678", "refused", read("03-1234-5678(代)")),
    ("189 is a number of Japan", True, True, short("189")),
    ("#8000 is a number of Japan", True, False, short("#8000")),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
