"""PDF from a template and data: tagged, with the fonts of this machine and nothing else, in memory.

Data reaches a template as a value (``sys.inputs``), never as source text, so that nothing in it is markup. PDF/UA-1 is
asked for: readable by screen readers, and the standard under which typst refuses a character that the font lacks,
where it would else print an empty box. Each PDF is set in a process of its own, which can't write a file, has little
time and memory, and takes with it what it was given. Source: PDF/UA-1.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from domain.errors import Malformed, Unavailable
from gateway.pages.typesetting_worker import MISSING, NO_FONT, PDF

FONT: Final = "Noto Sans CJK JP"
"""The only family that a template may name. It has the kanji of JIS X 0213 and of the registers of residents, but no
characters of a municipality's own set (外字)."""
WORKER_MODULE = "gateway.pages.typesetting_worker"
CPU_SECONDS = 30
"""For one form: 100,000 characters take some 7 seconds."""
WALL_FACTOR = 3
MEMORY_BYTES = 2 * 1024 * 1024 * 1024
_THREADS = {"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
"""So that the memory it may take does not depend on how many processors a machine has."""
_OVER_LIMIT = frozenset({-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV})
"""Time is up (also where the hard limit comes first), or memory is."""
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_NO_WIDTH = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""What word processors leave between characters; nothing of it is seen."""
_NO_PICTURE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0")
"""Letters by their category, printed as nothing."""


class MissingCharacters(Exception):
    """The font has no picture of these characters. ``characters`` are part of the data: never log or show them."""

    def __init__(self, characters: frozenset[str]) -> None:
        super().__init__("the font lacks characters of the data")
        self.characters = characters


def typeset(template: Path, data: Mapping[str, Any], *, cpu_seconds: int = CPU_SECONDS) -> bytes:
    """The PDF of this template with this data. Raises MissingCharacters where the font lacks some, Unavailable without the
    font (or where the process fails), Malformed where setting takes more time or memory than it may.

    ``template``: a file of this package that reads ``json(bytes(sys.inputs.data))``. Not every missing character
    need be named at once.
    """
    request = {
        "template": template.read_text(encoding="utf-8"),
        "font": FONT,
        "data": json.dumps(data, ensure_ascii=False),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", WORKER_MODULE, str(MEMORY_BYTES), str(cpu_seconds)],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it might quote the data
            env={"PATH": os.defpath, "LANG": "C.UTF-8", **_THREADS},
            cwd="/",
            timeout=WALL_FACTOR * cpu_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Malformed("print-too-long") from None
    kind, answer = done.stdout[:1], done.stdout[1:]
    if done.returncode == 0 and kind == PDF:
        return answer
    if done.returncode == 0 and kind == MISSING:
        raise MissingCharacters(frozenset(json.loads(answer)))
    if done.returncode == 0 and kind == NO_FONT:
        raise Unavailable("font-missing")
    if done.returncode in _OVER_LIMIT:
        raise Malformed("print-too-long")
    raise Unavailable("typesetting-failed")


def plain_lines(text: str) -> str:
    """The text as it is printed: lines end with a line feed, a tab is a blank, and characters without width are left out."""
    return _LINE_ENDS.sub("\n", text).replace("\t", " ").translate(_NO_WIDTH)


def unprintable(text: str, missing: Iterable[str] = ()) -> int | None:
    """The index of the first character that can't be printed as what it is; None where all can.

    Controls, private use, and what would reorder or hide text: the font need not be asked. ``missing``: what it
    lacks besides.
    """
    lacking = frozenset(missing)
    for n, character in enumerate(text):
        is_odd = unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn") or character in _NO_PICTURE
        if character in lacking or (is_odd and character != "\n"):
            return n
    return None
