"""Japanese addresses in one written form, so that one address is recognised however it is written.

Width, numerals (3, ３, 三, 〇), 丁目・番地・番・号・の and hyphens, 大字・字, ケ・ヶ・が・ノ・の, old and new characters, spaces and
line breaks make no difference. Prefecture and municipality may be missing.

What it does not recognise: an address in kana or in Latin letters for one in kanji; a house number without its town, or
a town, a 丁目, a municipality alone; a building or facility under another name; a description («駅前の青い屋根の家»); numbers in
words («三つ目の角»); an address that is spread over several fields or items; pictures, PDF, and files in a packed format. So
people must check too. Source: own rule (F8).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_OLD_FORMS = str.maketrans(
    "髙﨑嵜邊邉澤濱廣國縣瀧龍槗嶋嶌檜圓櫻壽鐵眞德黑齋齊藪籠舘冨峯澁曾惠條會當靜驛關兒寶來學區濵鷗缼邨埜",
    "高崎崎辺辺沢浜広国県滝竜橋島島桧円桜寿鉄真徳黒斎斉薮篭館富峰渋曽恵条会当静駅関児宝来学区浜鴎欠村野",
)
_CLUSTER = re.compile(".[\uff9e\uff9f\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef]*", re.S)
"""A character with the marks that belong to it."""
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_HYPHENS = "-\u2010-\u2015\u2212\u2500\u2501\uff70~\u301c"
_HYPHEN = re.compile(f"[{_HYPHENS}]")
_KANJI_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "壱": 1, "弐": 2, "参": 3}
_TENS = {"十": 10, "拾": 10, "百": 100, "千": 1000}
_NUMERALS = frozenset(_KANJI_DIGITS) | frozenset(_TENS)
_DROPPED = frozenset("ケヶがガゖのノ之乃ッっツつ")
"""Written variously or left out: 霞ヶ関, 霞が関, 霞関; 四ッ谷, 四谷; 井の頭, 井ノ頭."""
_UNITS = ("丁目", "番地", "番", "号室", "号", "丁", "階")
_BRACKETS = frozenset("'\"()[]「」『』【】〔〕〈〉")
BREAK = "|"
"""Stands for a mark of punctuation, between two parts that do not belong together."""
_JOINING = re.compile(rf"(?:丁目|丁|番地|番|号|の|ノ|之|・|ー|[{_HYPHENS}]|\s){{1,4}}")
_NUMBER = re.compile(r"[0-9]+")
_ESCAPED_SPACE = re.compile(r"\\[nrt]")


Put = Callable[[str, int, int], None]
"""Adds a character of the folded text, and which signs it comes from."""


@dataclass(frozen=True)
class _Sign:
    """A normalised character, and where in the text it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class NumberGroup:
    """Numbers that belong together, as 3丁目12番5号. ``at``, ``end``: where it begins and ends in the folded text;
    ``unit``: what the last number counts, empty where that is not written."""

    numbers: tuple[str, ...]
    at: int
    end: int
    unit: str


@dataclass(frozen=True)
class FoldedText:
    """A text in one written form. Each number is followed by a comma; ``places``: where each character comes from."""

    text: str
    places: tuple[tuple[int, int], ...]
    groups: tuple[NumberGroup, ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original text this part of the folded one stands."""
        return self.places[start][0], self.places[end - 1][1]


def fold(text: str) -> FoldedText:
    """The text in one written form."""
    signs = list(_signs(text))
    plain = "".join(s.text for s in signs)
    folded: list[str] = []
    places: list[tuple[int, int]] = []
    groups: list[NumberGroup] = []

    def put(char: str, first: int, last: int) -> None:
        folded.append(char)
        places.append((signs[first].start, signs[last].end))

    n = 0
    while n < len(signs):
        number = _number_at(plain, n)
        if number is None:
            n = _fold_other(plain, n, put)
            continue
        at, numbers, unit = len(folded), [], ""
        while number is not None:
            values, end = number
            for value in values:
                numbers.append(value)
                for char in f"{value},":
                    put(char, n, end - 1)
            unit = next((u for u in _UNITS if plain.startswith(u, end)), "")
            joining = _JOINING.match(plain, end)
            following = joining.end() if joining is not None else end
            n, number = following, _number_at(plain, following) if joining is not None else None
            if number is None:
                n = end + len(unit)
        groups.append(NumberGroup(tuple(numbers), at, len(folded), unit))
    return FoldedText("".join(folded), tuple(places), tuple(groups))


def _fold_other(plain: str, n: int, put: Put) -> int:
    """Add what stands at this place, if it counts, and return the next place."""
    char = plain[n]
    if plain.startswith("大字", n):
        return n + 2
    if char.isspace() or char in _DROPPED or char == "字" or _HYPHEN.match(char) or char in _BRACKETS:
        return n + 1
    put(char if char.isalnum() or char == "ー" or char == "々" else BREAK, n, n)
    return n + 1


def _signs(text: str) -> Iterator[_Sign]:
    """Every character in one width and case; an escaped line break of JSON as a space."""
    text = _ESCAPED_SPACE.sub("  ", text)
    for cluster in _CLUSTER.finditer(text):
        base = _SELECTORS.sub("", cluster[0])
        for char in unicodedata.normalize("NFKC", base).casefold().translate(_OLD_FORMS):
            yield _Sign(char, cluster.start(), cluster.end())


def _number_at(plain: str, n: int) -> tuple[list[str], int] | None:
    """The numbers that are written here without anything between them (12, 十二, 十三3), and where they end."""
    values, end = [], n
    while end < len(plain):
        digits = _NUMBER.match(plain, end)
        if digits is not None:
            values.append(digits[0].lstrip("0") or "0")
            end = digits.end()
        elif plain[end] in _NUMERALS:
            value, end = _kanji_number(plain, end)
            values.append(value)
        else:
            break
    return (values, end) if values else None


def _kanji_number(plain: str, n: int) -> tuple[str, int]:
    """A number in kanji (二十三, 百二, 一二三): its digits, and where it ends."""
    end = n
    while end < len(plain) and plain[end] in _KANJI_DIGITS:
        end += 1
    if end > n and (end - n > 1 or end >= len(plain) or plain[end] not in _TENS):
        return "".join(str(_KANJI_DIGITS[c]) for c in plain[n:end]).lstrip("0") or "0", end
    total, digit, last_unit, end = 0, None, 10_000, n
    while end < len(plain):
        char = plain[end]
        if char in _KANJI_DIGITS and digit is None and last_unit > 1:
            digit = _KANJI_DIGITS[char]
            if end + 1 >= len(plain) or plain[end + 1] not in _TENS:
                total, digit, last_unit = total + digit, None, 1
        elif char in _TENS and _TENS[char] < last_unit:
            total, digit, last_unit = total + (1 if digit is None else digit) * _TENS[char], None, _TENS[char]
        else:
            break
        end += 1
    return str(total), end
