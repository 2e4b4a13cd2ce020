#!/usr/bin/env bash
# Guess: the plural rule of a language is one rule, whichever well-kept table it is taken from.
# So: for Filipino (and Tagalog, which Babel reads as Filipino) translate-toolkit has gettext's «n > 1», Babel has CLDR's
#   rule: 2, 3, 5, 7, 8 and 10 take the first form, only numbers that end in 4, 6 or 9 the second. A catalogue begun with
#   one and read with the other shows the wrong form of nearly every number.
# Here: a family's page has a Tagalog catalogue. Its sentences avoid counted nouns («bilang: 3»), so no rule is needed.
# Source: Unicode CLDR, Language Plural Rules, «fil»; GNU gettext manual, «Plural forms».
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'babel==2.19.0' 'translate-toolkit==3.20.4'
"$work/venv/bin/python" - <<'PYTHON'
import gettext
import sys
from importlib.metadata import version

from babel import Locale
from babel.messages.plurals import get_plural
from translate.lang import data

for name in ("babel", "translate-toolkit"):
    print(name, version(name))

toolkit = gettext.c2py(data.languages["fil"][2])
babel = gettext.c2py(get_plural("fil").plural_expr)
numbers = range(11)

changed = False
for what, guess, so, seen in [
    ("language that Babel takes for tl", "tl", "fil", Locale.parse("tl").language),
    ("forms in both tables", (2, 2), (2, 2), (data.languages["fil"][1], get_plural("fil").num_plurals)),
    ("second form by translate-toolkit", list(range(2, 11)), list(range(2, 11)), [n for n in numbers if toolkit(n)]),
    ("second form by Babel", list(range(2, 11)), [4, 6, 9], [n for n in numbers if babel(n)]),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
