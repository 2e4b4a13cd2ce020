"""The process that sets one PDF: no key, no writing, little memory and time. What it was given is gone when it ends.

A text of somebody else can keep a typesetter busy for minutes, and the typesetter keeps in memory what it has set.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from typing import Final

import typst

from gateway.protocol.process_memory import protect_process_memory

PDF, MISSING, NO_FONT = b"P", b"M", b"F"
"""The first byte of an answer; behind it the PDF, or the missing characters as JSON."""
PDF_STANDARD: Final = "ua-1"
_UNDISPLAYED = re.compile(r'(?:the text|the disallowed codepoint) `"(.+?)"`')


def main() -> None:
    """``python -m gateway.pages.typesetting_worker MEMORY_BYTES CPU_SECONDS``; the request on standard input."""
    memory_bytes, cpu_seconds = map(int, sys.argv[1:])
    protect_process_memory()
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    try:
        request = json.loads(sys.stdin.buffer.read())
        sys.stdout.buffer.write(_answer(request["template"], request["font"], request["data"]))
    except MemoryError:
        os.abort()  # as typst does


def _answer(template: str, font: str, data: str) -> bytes:
    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    if font not in fonts.families():
        return NO_FONT
    compiler = typst.Compiler(
        template.encode(), font_paths=fonts, ignore_system_fonts=True, sys_inputs={"data": data}
    )
    try:
        pdf, warnings = compiler.compile_with_warnings(format="pdf", pdf_standards=PDF_STANDARD)
    except typst.TypstError as error:
        missing = "".join(_unescaped(text) for text in _UNDISPLAYED.findall(error.diagnostic))
        if not missing:
            os._exit(1)  # a mistake in the template; the diagnostic would quote the data
        return MISSING + json.dumps(sorted(set(missing))).encode()
    assert isinstance(pdf, bytes)
    return NO_FONT if any("font" in w.message for w in warnings) else PDF + pdf


def _unescaped(text: str) -> str:
    """The text that typst quotes in a message: invisible characters are written as ``\\u{600}`` there."""
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda match: chr(int(match[1], 16)), text)


if __name__ == "__main__":
    main()
