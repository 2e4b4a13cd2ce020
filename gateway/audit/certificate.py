"""Certificates of destruction: what the record says was destroyed, held against the vault as it is.

Source: KH-1 §6.
"""

from __future__ import annotations

from typing import Any

from domain.errors import NotThere
from domain.events import ControlDestroyed, DestructionApproved, KeyDestroyed, dump
from domain.record import access_of
from gateway.installation.archive import Archive
from gateway.installation.custody import DESTROYED
from keys.vault import CONTROL


def certificates(archive: Archive) -> list[dict[str, Any]]:
    """One for each destruction, in order: what, by whose approval, how thoroughly, and what is still there (nothing)."""
    found = []
    log = archive.genesis.log_id
    for kept in archive.store.load(log):
        fact = kept.record.fact
        if isinstance(fact, KeyDestroyed | ControlDestroyed):
            found.append(
                {
                    "what": "content" if isinstance(fact, KeyDestroyed) else "control",
                    "at": dump(kept.record.at),
                    "version": kept.record.version,
                    "case": str(fact.scope),
                    "sections": sorted(fact.sections) if isinstance(fact, KeyDestroyed) else [],
                    "keys": sorted(fact.keys),
                    "vault_generation": fact.generation,
                    "case_version": fact.last_version,
                    "approved": str(fact.approved),
                    "approved_by": sorted(_approvers(archive, fact)),
                    "how": DESTROYED,
                    "keys_still_there": sorted(_still_there(archive, fact)),
                }
            )
    return found


def _approvers(archive: Archive, fact: KeyDestroyed | ControlDestroyed) -> set[str]:
    """Who let it: agency and staff reference. Of content nobody knows any more once control is gone too."""
    if isinstance(fact, ControlDestroyed):
        return {f"{fact.agency}/{actor}" for actor in fact.approvers}
    try:
        records = [kept.record for kept in archive.store.load(fact.scope)]
    except NotThere:
        return set()
    return {
        f"{r.by}/{r.actor}"
        for r in records
        if isinstance(r.fact, DestructionApproved) and r.fact.approves == fact.approved
    }


def _still_there(archive: Archive, fact: KeyDestroyed | ControlDestroyed) -> list[str]:
    if isinstance(fact, KeyDestroyed):
        return [s.value for s in fact.sections if archive.store.key_status(fact.scope, s.value) == "here"]
    both = (fact.scope, access_of(fact.scope))
    return [CONTROL for on in both if archive.store.control_status(on) == "here"]
