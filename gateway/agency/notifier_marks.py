"""Finding the notifier in what is about to leave: names, numbers and words that stand in a NOTIFIER section alone.

The door keeps keyed digests of them, case by case, never the words. It finds what is written in the form it was
written in (width, spaces and hyphens apart); a nickname or a description it does not find: people read too.
Source: CAPA 7; own rule (F7, the notifier's shield).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

LABELLED = re.compile(
    r"^\s*(?:氏名|ふりがな|フリガナ|電話|住所|勤務先|関係|言葉|時刻|場所)\s*[:：]\s*(.+)$", re.M
)
MIN_LENGTH, MAX_LENGTH = 2, 64
_IGNORED_CHARACTERS = re.compile(r"[\s\-‐-―ー〜~()()・,、。]+")

Digest = Callable[[bytes], bytes]
Marks = Mapping[int, frozenset[bytes]]
"""Length of a word in characters -> keyed digests."""


def normalised(text: str) -> str:
    """The text without what people write now so, now so."""
    return _IGNORED_CHARACTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def notifier_marks(text: str, digest: Digest) -> Iterator[tuple[int, bytes]]:
    """Length and digest of each labelled value of a NOTIFIER section (``氏名: …`` and so on, one a line)."""
    for value in LABELLED.findall(text):
        normalised_value = normalised(value)[:MAX_LENGTH]
        if len(normalised_value) >= MIN_LENGTH:
            yield len(normalised_value), digest(normalised_value.encode())


def contains_mark(text: str, marks: Marks, digest: Digest) -> bool:
    """Whether one of the marked words stands in this text."""
    normalised_text = normalised(text)
    for length, digests in marks.items():
        windows = {normalised_text[n : n + length] for n in range(len(normalised_text) - length + 1)}
        if any(digest(window.encode()) in digests for window in windows):
            return True
    return False
