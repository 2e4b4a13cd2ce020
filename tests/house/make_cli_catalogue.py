"""Makes the catalogue in which the library that reads arguments looks its words up, from ``gateway.cli.sentences``."""

from __future__ import annotations

import struct
from pathlib import Path

from gateway.cli.language import CATALOGUES, DOMAIN
from gateway.cli.sentences import LIBRARY_JAPANESE

HEADER = "Content-Type: text/plain; charset=UTF-8\nLanguage: ja\n"
FILE: Path = CATALOGUES / "ja" / "LC_MESSAGES" / f"{DOMAIN}.mo"


def catalogue() -> bytes:
    """Source: GNU gettext manual, 10.3 "The Format of GNU MO Files"; without its hash table, which is optional."""
    pairs = sorted((a.encode(), b.encode()) for a, b in {"": HEADER, **LIBRARY_JAPANESE}.items())
    count, start = len(pairs), 28
    texts, tables = b"", [b"", b""]
    for side in (0, 1):
        for pair in pairs:
            place = start + 16 * count + len(texts)
            tables[side] += struct.pack("<II", len(pair[side]), place)
            texts += pair[side] + b"\0"
    return (
        struct.pack("<7I", 0x950412DE, 0, count, start, start + 8 * count, 0, start)
        + b"".join(tables)
        + texts
    )


def main() -> None:
    """Writes the catalogue."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_bytes(catalogue())


if __name__ == "__main__":
    main()
