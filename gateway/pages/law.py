"""The legal basis of an act as a short Japanese citation, made from the ``law`` of its class statement."""

from __future__ import annotations

import re

from domain.events import Event

LAWS = {
    "APPI": "個情法",
    "CWA": "児福法",
    "CAPA": "児虐法",
    "CPSA": "こども性暴力防止法",
    "CRPA": "刑訴法",
    "ATTA": "弁護士法",
    "CPA": "民訴法",
    "DRPA": "家事事件手続法",
    "guideline": "ガイドライン",
}
_OWN_RULE = re.compile(r"own rule(?: \((.+)\))?")
_ARTICLE = re.compile(r"(\d+(?:-\d+)*)(?:\((\d+)\))?(\d+)?( proviso)?")


def law_of(event: type[Event]) -> str:
    """The legal basis of this event in Japanese, such as «個情法69条2項4号、本システムの規則(二人の承認)»."""
    citations: list[str] = []
    law = ""
    for part in event.LAW.split(";"):
        law_name, _, rest = part.strip().partition(" ")
        own = _OWN_RULE.fullmatch(part.strip())
        if own is not None:
            citations.append(
                "本システムの規則"
                + (f"({own[1].replace(', ', '、')})" if own[1] and not own[1].isascii() else "")
            )
        elif law_name in LAWS:
            law = law_name
            citations += _articles(law, rest)
        elif law and _ARTICLE.fullmatch(part.strip()):
            citations += _articles(law, part.strip())
        elif not part.isascii():
            citations.append(part.strip())
    return "、".join(citations)


def _articles(law: str, text: str) -> list[str]:
    return [LAWS[law] + _article(law, a.strip()) for a in text.split(",")]


def _article(law: str, text: str) -> str:
    matched = _ARTICLE.fullmatch(text)
    if law == "guideline" or matched is None:
        return text
    number, paragraph, item, proviso = matched.groups()
    first, *more = number.split("-")
    citation = f"{first}条" + "".join(f"の{n}" for n in more)
    if paragraph:
        citation += f"第{paragraph}項" if more else f"{paragraph}項"
    return citation + (f"{item}号" if item else "") + ("ただし書" if proviso else "")
