"""One form for the written variants of a kanji, so that 髙橋 is matched by 高橋, and 渡邊 by 渡辺.

The table is MJ縮退マップ, as the package ``jntajis`` carries it: its part by the JIS unification rules and its part by the
notices under the Family Register Act, whose variants have one meaning. Its part by Notice 582 is left out: that gives one
character several choices, by which strangers such as 真 and 雷 would become one. Characters of names that people mix up are
added from ``_MIXED_UP``. Source: own rule (search).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from jntajis import MJShrinkSchemeCombo, mj_shrink_candidates

_TABLES = (
    MJShrinkSchemeCombo.JIS_INCORPORATION_UCS_UNIFICATION_RULE
    | MJShrinkSchemeCombo.MOJ_FAMILY_REGISTER_ACT_RELATED_NOTICE
)
_MIXED_UP = {
    "斉": "斎", "靍": "鶴", "藪": "薮", "籠": "篭", "檜": "桧", "遙": "遥", "凛": "凜", "祇": "祗", "亙": "亘",
    "碕": "崎", "穐": "秋", "龝": "秋", "來": "来", "礪": "砺", "蠣": "蛎", "皈": "帰",
}  # fmt: skip
"""Kanji of names that the tables keep apart, and people take for one (斉藤 and 斎藤)."""
_SELECTORS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E)])
MAX_STEPS = 32


def without_selectors(text: str) -> str:
    """The text without variation selectors: which glyph of a character was chosen makes no difference."""
    return text.translate(_SELECTORS)


def is_kanji(char: str) -> bool:
    """Whether this is an ideograph of any block, as 𠮷."""
    if char < "\u3400":
        return False
    return (
        char <= "\u4dbf"
        or "\u4e00" <= char <= "\u9fff"
        or "\uf900" <= char <= "\ufaff"
        or char >= "\U00020000"
    )


def folded_kanji(text: str) -> str:
    """The text with each kanji in the one form of its variants. Other characters stay as they are."""
    return "".join(_folded(c) if is_kanji(c) else c for c in text)


@lru_cache(maxsize=20_000)
def _folded(char: str) -> str:
    """The least of the forms in which the tables end for this character."""
    seen: set[str] = set()
    ends, waiting = set(), [_plain(char)]
    while waiting and len(seen) < MAX_STEPS:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        following = _one_step(one) - {one}
        waiting += sorted(following)
        if not following or any(one in _one_step(other) for other in following):
            ends.add(one)
    return min(ends or seen)


def _one_step(char: str) -> set[str]:
    if char in _MIXED_UP:
        return {_plain(_MIXED_UP[char])}
    candidates = (without_selectors(c) for c in mj_shrink_candidates(char, _TABLES))
    return {_plain(c) for c in candidates if len(c) == 1}


def _plain(char: str) -> str:
    normalised = unicodedata.normalize("NFKC", char)
    return normalised if len(normalised) == 1 else char
