"""Where a passphrase comes from, and what it must be.

Source: KH-1 §2.
"""

from __future__ import annotations

import getpass
import os
import unicodedata
from pathlib import Path

from domain.errors import Malformed, NotFound, Untrusted

MAX_PASSPHRASE_BYTES = 1024
MIN_PASSPHRASE_CHARACTERS = 12  # a guess costs half a second: below this, words in use are found in days


def normalised(raw: bytes | str) -> bytes:
    """Bytes as they are; text in NFC and UTF-8, so that keyboards do not matter. Raises Malformed."""
    data = unicodedata.normalize("NFC", raw).encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if not 1 <= len(data) <= MAX_PASSPHRASE_BYTES:
        raise Malformed("passphrase-length")
    return data


def require_long(passphrase: bytes) -> None:
    """At least ``MIN_PASSPHRASE_CHARACTERS`` characters. Raises Malformed."""
    if len(passphrase.decode("utf-8", "replace")) < MIN_PASSPHRASE_CHARACTERS:
        raise Malformed("short-passphrase", f"Choose at least {MIN_PASSPHRASE_CHARACTERS} characters.")


def read_passphrase(
    *, prompt: str | None = None, fd: int | None = None, file: Path | str | None = None
) -> bytes:
    """A passphrase from just one source: a prompt on the terminal, a file descriptor or a file.

    One trailing line end is dropped; text is taken in NFC. A credential file is closed to others
    (mode & 007 = 0). The environment is no source. Raises Malformed, NotFound, Untrusted.
    """
    sources = [one for one in (prompt, fd, file) if one is not None]
    if len(sources) != 1:
        raise Malformed("passphrase-source")
    if prompt is not None:
        return normalised(getpass.getpass(prompt))
    if fd is not None:
        with open(fd, "rb") as source:
            data = source.read(MAX_PASSPHRASE_BYTES + 2)
    else:
        try:
            with open(Path(str(file)), "rb") as source:
                if os.fstat(source.fileno()).st_mode & 0o007:
                    raise Untrusted("passphrase-file-mode")
                data = source.read(MAX_PASSPHRASE_BYTES + 2)
        except FileNotFoundError as error:
            raise NotFound("passphrase-file-not-found") from error
    try:
        return normalised(data.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed("passphrase-utf8") from error
