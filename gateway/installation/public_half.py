"""The public half of a registrar's or the audit office's keys: the file that is handed to who founds a hub.

It is not secret and proves nothing: whoever founds or approves compares its fingerprint with the holder, by another way
than the one the file came.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from domain.errors import Malformed
from gateway.installation.exchanged_files import unreadable_file
from keys.lp import sha256
from keys.signing import KemPublic, SignatureKind, SignaturePublic

Holder: TypeAlias = Literal["registrar", "audit"]
FILE = "public.json"


@dataclass(frozen=True)
class PublicHalf:
    """Whose keys, and the public ones. ``kem``: the audit office's; None for a registrar. ``name`` is not signed anywhere."""

    holder: Holder
    name: str
    sig: SignaturePublic
    kem: KemPublic | None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.sig, self.kem)

    def write(self, path: Path) -> None:
        about = {
            "format": 1,
            "holder": self.holder,
            "name": self.name,
            "sig": self.sig.to_json(),
            "kem": None if self.kem is None else self.kem.to_json(),
        }
        path.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def read(path: Path, holder: Holder) -> PublicHalf:
        """The public half in this file. Raises NotFound, Malformed (another holder or form), Untrusted (invalid keys)."""
        try:
            about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            form, kind, name, sig, kem = (about[k] for k in ("format", "holder", "name", "sig", "kem"))
        except OSError as error:
            raise unreadable_file(path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise Malformed("public-half-form") from error
        if form != 1 or kind != holder or not isinstance(name, str) or (kem is not None) != (kind == "audit"):
            raise Malformed("public-half-form")
        return PublicHalf(
            holder,
            name,
            SignaturePublic.from_json(SignatureKind.SIG, sig),
            None if kem is None else KemPublic.from_json(kem),
        )


def fingerprint(sig: SignaturePublic, kem: KemPublic | None = None) -> str:
    """128 bits to compare by eye or by telephone: of the key ids of both signature keys, and of the KEM key if there is one."""
    ids = [*sig.key_ids] if kem is None else [*sig.key_ids, kem.kid]
    return grouped(sha256(b"".join(ids)))


def grouped(digest: bytes) -> str:
    """The first 16 bytes in hex, in groups of four digits."""
    text = digest[:16].hex()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def require_three_registrars(halves: Sequence[PublicHalf]) -> None:
    """Three, and three different ones. Raises Malformed."""
    if len(halves) != 3 or len({half.sig.ed25519 for half in halves}) != 3:
        raise Malformed("three-registrars")
