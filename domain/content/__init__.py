"""Content with form: the published schemas of what is sealed, and how each is read as lines.

One module a schema; a schema is permanent (docs/decisions/0039). ``domain/CONTENT.md`` is written from here.
"""

from __future__ import annotations

from domain.content import (
    address,
    caregiver,
    child,
    closing,
    document,
    environment,
    family,
    medical,
    minutes,
    notifier,
    plan,
    pregnancy,
    risk,
    visit,
)
from domain.content.form import CONTENTS, Content, FieldForm, Part
from domain.content.lines import Line, as_text, flags_of, identifying_text, lines, names_in, texts_of
from domain.content.markers import UNKNOWN, Unknown
from domain.content.opaque import OPAQUE
from domain.content.reading import completed, parse_schema, typed
from domain.content.text import TextContent
from domain.content.values import Amount, AmountRange, Answer, NamedChild, PartialDate, PersonName, plain

__all__ = [
    "CONTENTS",
    "OPAQUE",
    "UNKNOWN",
    "Amount",
    "AmountRange",
    "Answer",
    "Content",
    "FieldForm",
    "Line",
    "NamedChild",
    "Part",
    "PartialDate",
    "PersonName",
    "TextContent",
    "Unknown",
    "as_text",
    "completed",
    "flags_of",
    "identifying_text",
    "lines",
    "names_in",
    "parse_schema",
    "plain",
    "texts_of",
    "typed",
]
