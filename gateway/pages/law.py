"""On which law an act rests, as a short Japanese note made from the ``Basis:`` of its fact."""

from __future__ import annotations

import re

from domain.events import Fact

LAWS = {"APPI": "個情法", "CWA": "児福法", "CAPA": "児虐法", "guideline": "ガイドライン"}
_OWN = re.compile(r"own rule(?: \((.+)\))?")
_ARTICLE = re.compile(r"(\d+(?:-\d+)*)(?:\((\d+)\))?(\d+)?( proviso)?")


def law_of(fact: type[Fact]) -> str:
    """The law of this fact for people: «個情法69条2項4号、本システムの規則(二人の承認)»."""
    _, _, basis = " ".join((fact.__doc__ or "").split()).partition("Basis: ")
    found: list[str] = []
    law = ""
    for part in basis.partition(". ")[0].removesuffix(".").split(";"):
        named, _, rest = part.strip().partition(" ")
        own = _OWN.fullmatch(part.strip())
        if own is not None:
            found.append(
                "本システムの規則"
                + (f"({own[1].replace(', ', '、')})" if own[1] and not own[1].isascii() else "")
            )
        elif named in LAWS:
            law = named
            found += _articles(law, rest)
        elif law and _ARTICLE.fullmatch(part.strip()):
            found += _articles(law, part.strip())
        elif not part.isascii():
            found.append(part.strip())
    return "、".join(found)


def _articles(law: str, text: str) -> list[str]:
    return [LAWS[law] + _article(law, a.strip()) for a in text.split(",")]


def _article(law: str, text: str) -> str:
    read = _ARTICLE.fullmatch(text)
    if law == "guideline" or read is None:
        return text
    number, paragraph, item, proviso = read.groups()
    first, *more = number.split("-")
    words = f"{first}条" + "".join(f"の{n}" for n in more)
    if paragraph:
        words += f"第{paragraph}項" if more else f"{paragraph}項"
    return words + (f"{item}号" if item else "") + ("ただし書" if proviso else "")
