"""Names of schemas of which nothing is read here: bytes of other systems, and files, kept as they came."""

from __future__ import annotations

from collections.abc import Mapping

from domain.codes import Section
from domain.content.form import SHARED_SECTIONS

OPAQUE: Mapping[str, frozenset[Section]] = {
    "fhir+json/r4": frozenset({Section.SOURCE}),
    "rows+json/v1": frozenset({Section.SOURCE}),
    "bytes/v1": SHARED_SECTIONS,
}
"""Name -> the sections in which such an item may stand."""
