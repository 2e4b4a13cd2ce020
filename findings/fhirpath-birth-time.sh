#!/usr/bin/env bash
# Guess: Patient.birthDate is one value, whether or not it carries the hour of birth as an extension, and
#   single() raises where there is more than one.
# So: with an extension beside it, fhirpathpy counts two; single() raises nothing, but gives back a list with a
#   dict that says error: as a result it is true.
# Here: maternity wards send patient-birthTime as a matter of course. Rules about what an agency sends
#   (adapters/agencies/fhir.py) are written over the typed model, not as FHIRPath with count() or single().
# Source: hl7.org/fhir/R4/fhirpath.html (a primitive's extension belongs to it); hl7.org/fhirpath, single().
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'fhirpathpy==2.2.4'
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from fhirpathpy import evaluate
from fhirpathpy.models import models

print("fhirpathpy", version("fhirpathpy"))

BARE = {"resourceType": "Patient", "birthDate": "2024-05-01"}
TIMED = BARE | {
    "_birthDate": {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                "valueDateTime": "2024-05-01T03:00:00+09:00",
            }
        ]
    }
}

changed = False
for what, patient, expression, guess, so in [
    ("date alone", BARE, "Patient.birthDate.count()", [1], [1]),
    ("date and hour", TIMED, "Patient.birthDate.count()", [1], [2]),
    ("date alone", BARE, "Patient.birthDate.single()", ["2024-05-01"], ["2024-05-01"]),
    (
        "date and hour", TIMED, "Patient.birthDate.single()", ["2024-05-01"],
        [{"$status": "error", "$error": "Expected single"}],
    ),
]:
    seen = evaluate(patient, expression, model=models["r4"])
    print(f"{what}, {expression}: guess {guess}, so far {so}, seen {seen}")
    changed |= seen != so
sys.exit("changed" if changed else 0)
PYTHON
