"""Which witnesses count, and how many of them must have cosigned. Doors and auditors pin it; it never comes from the hub.

With n witnesses of whom f may be dishonest, any two quorums share an honest one if k > (n + f) / 2.
Source: architecture §4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ExchangeError, Malformed, Untrusted
from keys.checkpoint import verify_cosignature
from keys.note import Note
from keys.signing import SignatureKind, SignaturePublic


@dataclass(frozen=True)
class Policy:
    """``witnesses``: name -> keys; ``quorum``: how many must have cosigned a head. Raises Malformed."""

    witnesses: Mapping[str, SignaturePublic]
    quorum: int
    dishonest: int

    def __post_init__(self) -> None:
        n = len(self.witnesses)
        if not (n + self.dishonest) / 2 < self.quorum <= n:
            raise Malformed("quorum")

    @classmethod
    def read(cls, path: Path) -> Policy:
        """``{"quorum", "dishonest", "witnesses": {name: public keys}}``. Raises Malformed."""
        try:
            policy = json.loads(path.read_text())
            witness_keys = {
                str(name): SignaturePublic.from_json(SignatureKind.LOG, keys)
                for name, keys in policy["witnesses"].items()
            }
            return cls(witness_keys, int(policy["quorum"]), int(policy.get("dishonest", 0)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Malformed("witness-policy") from error

    def cosigned_by(self, note: Note) -> list[str]:
        """The names of the witnesses that have cosigned this head."""
        names = []
        for name, keys in self.witnesses.items():
            with suppress(ExchangeError):
                verify_cosignature(note, name, keys)
                names.append(name)
        return names

    def require_quorum(self, note: Note) -> None:
        """Raises Untrusted where fewer than the quorum have cosigned."""
        if len(self.cosigned_by(note)) < self.quorum:
            raise Untrusted("too-few-witnesses")
