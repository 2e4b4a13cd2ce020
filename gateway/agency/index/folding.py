"""Names, telephones, numbers, dates and addresses in one written form, so that each is matched however it is written.

A reading: hiragana, katakana and half width are one; a long vowel is one however it is written (おおの, オーノ, おうの); small
kana are large ones (しょうた, シヨウタ: resident registers write no small ones); ぢ and じ, づ and ず, ゐ and い, を and お are one.
A reading is kept as it is written, too, so that うえ is matched in いのうえ, whose う belongs to no long vowel.
A name in kanji: variants of a character are one (``kanji``), 々 is what it repeats, の between kanji is written ノ, ヶ and が
as ケ. Spaces and points make no difference. Two names of one form need not be one person: a person decides that.
Source: own rule (search).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from gateway.agency.address_text import BREAK, fold
from gateway.agency.index.kanji import folded_kanji, is_kanji, without_selectors

_VOWEL_OF = {
    kana: vowel
    for vowel, row in (
        ("ア", "アカサタナハマヤラワガザダバパ"),
        ("イ", "イキシチニヒミリギジビピ"),
        ("ウ", "ウクスツヌフムユルグズブプヴ"),
        ("エ", "エケセテネヘメレゲゼデベペ"),
        ("オ", "オコソトノホモヨロゴゾドボポ"),
    )
    for kana in row
}
_LARGE = dict(
    zip(
        "ァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ",
        "アイウエオツヤユヨワカケクシストヌハヒフヘホムラリルレロ",
        strict=True,
    )
)
_SAME_SOUND = dict(zip("ヂヅヰヱヲ", "ジズイエオ", strict=True))
_KATAKANA = {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)} | {"ゝ": "ヽ", "ゞ": "ヾ"}
_KANA = str.maketrans(
    {
        char: _SAME_SOUND.get(large, large)
        for char, kana in _KATAKANA.items()
        for large in (_LARGE.get(kana, kana),)
    }
    | _LARGE
    | _SAME_SOUND
)
"""Every kana as the large katakana of its sound."""
_LATIN = re.compile("[a-z\u00c0-\u024f\u1e00-\u1eff]")
_LATIN_MARKS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_WRITTEN_VARIOUSLY = re.compile("(?<=[\u3005\u3400-\u9fff])[ヶケがガヵカ箇](?=[\u3400-\u9fff])")
_POSSESSIVE = re.compile("(?<=[\u3005\u3400-\u9fff])[のノ之乃](?=[\u3400-\u9fff])")
_LONG_MARKS = frozenset("ー-~\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u301c\u2500")
_LENGTHENED_BY = {"オ": "ウ", "エ": "イ"}
_DIGITS = re.compile(r"[0-9]")
_JAPAN = re.compile(r"^\s*(?:\+|00)81[\s()-]*0?")


def folded_name(text: str) -> str:
    """A name in its one form: kanji by their variants, kana by their sound, Latin letters without marks and case."""
    return _joined(_with_long_vowels(_large_kana(_folded_but_kana(text))))


def folded_kana(text: str) -> str:
    """A reading in its one form."""
    return _joined(_with_long_vowels(_large_kana(_plain(text))))


def name_forms(text: str) -> tuple[str, ...]:
    """A name, or a part of one, in the forms in which it is matched: its one form, and with its vowels as they are written
    where that is another. Empty where it states nothing."""
    return _forms(_large_kana(_folded_but_kana(text)))


def kana_forms(text: str) -> tuple[str, ...]:
    """A reading in the forms in which it is matched, like ``name_forms``."""
    return _forms(_large_kana(_plain(text)))


def _forms(kana: str) -> tuple[str, ...]:
    forms = (_joined(_with_long_vowels(kana)), _joined(_with_long_vowels(kana, {})))
    return tuple(dict.fromkeys(filter(None, forms)))


def _folded_but_kana(text: str) -> str:
    plain = _POSSESSIVE.sub("ノ", _WRITTEN_VARIOUSLY.sub("ケ", _plain(text)))
    repeated = folded_kanji(plain)
    return re.sub("(.)々", r"\1\1", repeated) if "々" in repeated else repeated


def folded_phone(text: str) -> str:
    """The digits of a telephone number as it is dialled in Japan."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(_DIGITS.findall(_JAPAN.sub("0", plain)))


def folded_number(text: str) -> str:
    """A reference number: its letters and digits."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def folded_address(text: str) -> str:
    """An address in one form (``address_text``), its kanji by their variants."""
    folded = fold(without_selectors(unicodedata.normalize("NFC", text))).text
    return folded_kanji(folded).strip(BREAK)


def is_reading(folded: str) -> bool:
    """Whether a folded name is in kana alone."""
    return bool(folded) and all("\u30a1" <= c <= "\u30fe" for c in folded)


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", without_selectors(text)).casefold()
    if not plain.isascii() and _LATIN.search(plain):
        plain = unicodedata.normalize("NFC", _LATIN_MARKS.sub("", unicodedata.normalize("NFD", plain)))
    return without_selectors(plain)


def _large_kana(plain: str) -> str:
    kana = plain.translate(_KANA)
    return re.sub("(.)ヽ", r"\1\1", kana) if "ヽ" in kana else kana


def _with_long_vowels(kana: str, lengthened_by: Mapping[str, str] = _LENGTHENED_BY) -> str:
    """The vowel again in place of what lengthens it: ー after any vowel, and by the table ウ after オ, イ after エ."""
    folded: list[str] = []
    vowel = None
    for char in kana:
        if vowel is not None and (char in _LONG_MARKS or lengthened_by.get(vowel) == char):
            char = vowel
        folded.append(char)
        vowel = _VOWEL_OF.get(char)
    return "".join(folded)


def _joined(text: str) -> str:
    """Without what stands between the parts of a name."""
    return "".join(c for c in text if c.isalnum() or is_kanji(c) or c in "ー〆")
