"""The form of every text that an agency writes into control: codes and references, never free text about a person.

Source: architecture §2 (control).
"""

from __future__ import annotations

import re

from domain.events import Event
from keys.fields import ACTOR, CODE, NAME

_ALLOWED_FORMS: dict[str, re.Pattern[str]] = {
    "reason": CODE,
    "worker": ACTOR,
    "notifier_token": ACTOR,
    "second": ACTOR,
    "staff": ACTOR,
    "edition": re.compile(r"[A-Za-z0-9][A-Za-z0-9_/.-]{0,63}"),
    "code": NAME,
    "indicator_set": NAME,
    "indicators": CODE,
    "basis": re.compile(r"[A-Z0-9][A-Z0-9-]{0,31}"),
    "qualification": re.compile(r"\w{1,20}"),  # a profession, one word of any script
    "error_code": re.compile(r"[a-z0-9][a-z0-9/-]{0,95}"),
}


def field_with_free_text(event: Event) -> str | None:
    """The first field that holds anything but a code or a reference; None if there is none."""
    for name, form in _ALLOWED_FORMS.items():
        value = getattr(event, name, None)
        texts = [str(key) for key in value] if name == "indicators" and value else []
        texts += value.values() if name == "basis" and value else []
        texts += [value] if isinstance(value, str) else []
        if not all(form.fullmatch(text) for text in texts):
            return name
    return None
