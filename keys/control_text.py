"""The form of every text that an agency writes into control: codes and references, never free text about a person.

Source: architecture §2 (control).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from domain.events import Event
from domain.rulebook import QUALIFICATIONS
from keys.fields import ACTOR, CODE, NAME

_BASIS = re.compile(r"[A-Z0-9][A-Z0-9-]{0,31}")
_ERROR_CODE = re.compile(r"[a-z0-9][a-z0-9/-]{0,95}")
_EDITION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/.-]{0,63}")
OTHER_PROFESSION = "その他の専門職"

_ALLOWED_FORMS: dict[str, re.Pattern[str]] = {
    "reason": CODE,
    "worker": ACTOR,
    "notifier_token": ACTOR,
    "second": ACTOR,
    "staff": ACTOR,
    "edition": _EDITION,
    "code": NAME,
    "indicator_set": NAME,
    "indicators": CODE,
    "basis": _BASIS,
    "qualification": re.compile(r"\w{1,20}"),  # a profession, one word of any script
    "error_code": _ERROR_CODE,
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


TEXT_FORMS: Mapping[str, re.Pattern[str]] = {
    "basis": _BASIS,
    "code": _BASIS,  # the basis of an exceptional disclosure, or the law by which an outside body asked
    "edition": _EDITION,
    "error_code": _ERROR_CODE,
    "ground": _BASIS,
    "indicator_set": NAME,
    "indicators": CODE,
    "notifier_token": ACTOR,
    "qualification": re.compile("|".join(map(re.escape, (*QUALIFICATIONS, OTHER_PROFESSION)))),
    "reason": CODE,
    "second": ACTOR,
    "staff": ACTOR,
    "to": re.compile("AUDIT"),  # of a key: for the audit office; agencies are ids
    "worker": ACTOR,
}
"""Every text that an agency's door sends in control, by the name of its field wherever it is, and its form."""


def path_of_free_text(event: Event) -> str | None:
    """The path of the first text that is neither a code nor a reference; None if there is none. For doors.

    Stricter than ``field_with_free_text``, by which hub and verifier judge what may have been signed long ago: it looks
    into the parts of an event, and a text in a field without a form is refused.
    """
    return next((path for path, name, text in _texts_of(event, "", "") if not _has_form(name, text)), None)


def _has_form(name: str, text: str) -> bool:
    form = TEXT_FORMS.get(name)
    return form is not None and form.fullmatch(text) is not None


def _texts_of(value: object, path: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Path, name of the field, and text, of every text that is no enumerated code."""
    if type(value) is str:
        yield path, name, value
    elif is_dataclass(value):
        for one in fields(value):
            yield from _texts_of(getattr(value, one.name), f"{path}.{one.name}".lstrip("."), one.name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts_of(key, path, name)
            yield from _texts_of(inner, path, name)
    elif isinstance(value, tuple | frozenset):
        for inner in value:
            yield from _texts_of(inner, path, name)
