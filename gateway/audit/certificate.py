"""Certificates of destruction: what the record says was destroyed, held against the vault as it is.

Source: KH-1 §6.
"""

from __future__ import annotations

from typing import Any

from domain.facts import KeyDestroyed, dump
from gateway.archive import Archive
from gateway.custody import DESTROYED


def certificates(archive: Archive) -> list[dict[str, Any]]:
    """One for each destruction, in order: what, by whose approval, how thoroughly, and what is still there (nothing)."""
    found = []
    log = archive.genesis.log_id
    for kept in archive.store.load(log):
        fact = kept.record.fact
        if isinstance(fact, KeyDestroyed):
            here = [s for s in fact.sections if archive.store.key_status(fact.scope, s.value) == "here"]
            found.append(
                {
                    "at": dump(kept.record.at),
                    "version": kept.record.version,
                    "case": str(fact.scope),
                    "sections": sorted(fact.sections),
                    "keys": sorted(fact.keys),
                    "vault_generation": fact.generation,
                    "case_version": fact.last_version,
                    "approved": str(fact.approved),
                    "how": DESTROYED,
                    "keys_still_there": sorted(here),
                }
            )
    return found
