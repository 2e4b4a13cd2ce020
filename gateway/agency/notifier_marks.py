"""Finding the notifier's name, number or words (of a NOTIFIER section) in a text that is about to be sent.

The door stores keyed digests of them for each case, never the words. It finds them in the form in which they were
entered, ignoring width, spaces and hyphens. It does not find nicknames or descriptions, so people must check too.
Source: CAPA 7; own rule (F7, the notifier's shield).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping

LABELLED = re.compile(
    r"^\s*(?:氏名|ふりがな|フリガナ|電話|住所|勤務先|関係|言葉|時刻|場所)\s*[:：]\s*(.+)$", re.M
)
MIN_LENGTH, MAX_LENGTH = 2, 64
_IGNORED_CHARACTERS = re.compile(r"[\s\-‐-―ー〜~()()・,、。]+")

Digest = Callable[[bytes], bytes]
Marks = Mapping[int, frozenset[bytes]]
"""Length of a word in characters -> keyed digests."""


def normalised(text: str) -> str:
    """The text in one width and case, without spaces, hyphens and other characters that people write variously."""
    return _IGNORED_CHARACTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def notifier_marks(text: str, digest: Digest) -> Iterator[tuple[int, bytes]]:
    """Length and digest of each labelled value of a NOTIFIER section (``氏名: …`` and so on, one on each line)."""
    for value in LABELLED.findall(text):
        normalised_value = normalised(value)[:MAX_LENGTH]
        if len(normalised_value) >= MIN_LENGTH:
            yield len(normalised_value), digest(normalised_value.encode())


def with_marks(marks: Marks, more: Iterable[tuple[int, bytes]]) -> Marks:
    """These marks and more of them."""
    together = dict(marks)
    for length, digest in more:
        together[length] = together.get(length, frozenset()) | {digest}
    return together


def contains_mark(text: str, marks: Marks, digest: Digest) -> bool:
    """True if this text contains one of the marked words."""
    normalised_text = normalised(text)
    for length, digests in marks.items():
        windows = {normalised_text[n : n + length] for n in range(len(normalised_text) - length + 1)}
        if any(digest(window.encode()) in digests for window in windows):
            return True
    return False
