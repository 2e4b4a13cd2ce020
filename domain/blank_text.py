"""Whether a text says anything: blanks of every kind, invisible marks and line breaks do not."""

from __future__ import annotations

import unicodedata

_LOOKS_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and signs that are drawn as nothing
_BLANK_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen. Source: The Unicode Standard, General Category."""
    return all(
        one in _LOOKS_BLANK or one.isspace() or unicodedata.category(one) in _BLANK_CATEGORIES for one in text
    )
