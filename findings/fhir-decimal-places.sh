#!/usr/bin/env bash
# Guess: a FHIR decimal keeps its places through fhir.resources, at least where it was read as a Decimal.
# So: 3.50 is written as 3.5. Read from text it is Decimal('3.5') already; a Decimal('3.50') is kept in the
#   object and loses its place on writing.
# Here: adapters/agencies/fhir.py reads numbers as text (parse_float=str) and lets the model judge only: a weight of
#   3.50 kg was measured more finely than one of 3.5 kg. What was sent is kept as received (SOURCE), not written anew.
# Source: hl7.org/fhir/R4/datatypes.html#decimal: the precision has significance and is to be preserved.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'fhir.resources==8.3.0' 'fhir-core==1.1.12' 'pydantic==2.14.3'
"$work/venv/bin/python" - <<'PYTHON'
import json
import sys
from decimal import Decimal
from importlib.metadata import version

from fhir.resources.R4B.observation import Observation

print("fhir.resources", version("fhir.resources"), "fhir-core", version("fhir-core"), "pydantic", version("pydantic"))

TEXT = (
    '{"resourceType":"Observation","status":"final","code":{"text":"体重"},'
    '"valueQuantity":{"value":3.50,"unit":"kg"}}'
)
read = Observation.model_validate_json(TEXT)
kept = Observation.model_validate(json.loads(TEXT, parse_float=Decimal))

changed = False
for what, guess, so, seen in [
    ("read from text", "3.50", "3.5", str(read.valueQuantity.value)),
    ("read from text, written", "3.50", "3.5", read.model_dump_json().split('"value":')[1].split(",")[0]),
    ("read from Decimal", "3.50", "3.50", str(kept.valueQuantity.value)),
    ("read from Decimal, written", "3.50", "3.5", kept.model_dump_json().split('"value":')[1].split(",")[0]),
]:
    print(f"{what}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
