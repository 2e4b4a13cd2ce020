"""Certificates of destruction: what the record says was destroyed, compared with the vault.

Source: KH-1 §6.
"""

from __future__ import annotations

from typing import Any

from domain.errors import NotFound
from domain.events import ControlDestroyed, DestructionApproved, KeyDestroyed, dump
from domain.record import access_of
from gateway.installation.archive import Archive
from gateway.installation.custody import DESTRUCTION_GRADE
from keys.vault import CONTROL


def certificates(archive: Archive) -> list[dict[str, Any]]:
    """One for each destruction, in order: what, by whose approval, by which method, and which keys remain (none)."""
    documents = []
    log = archive.genesis.log_id
    for stored in archive.store.load(log):
        event = stored.record.event
        if isinstance(event, KeyDestroyed | ControlDestroyed):
            documents.append(
                {
                    "kind": "content" if isinstance(event, KeyDestroyed) else "control",
                    "at": dump(stored.record.at),
                    "version": stored.record.version,
                    "case": str(event.scope),
                    "sections": sorted(event.sections) if isinstance(event, KeyDestroyed) else [],
                    "keys": sorted(event.keys),
                    "vault_generation": event.generation,
                    "case_version": event.last_version,
                    "approved": str(event.approved),
                    "approved_by": sorted(_approved_by(archive, event)),
                    "how": DESTRUCTION_GRADE,
                    "remaining_keys": sorted(_remaining_keys(archive, event)),
                }
            )
    return documents


def _approved_by(archive: Archive, event: KeyDestroyed | ControlDestroyed) -> set[str]:
    """Who approved it: agency and staff reference. Empty for content whose case's control is destroyed too."""
    if isinstance(event, ControlDestroyed):
        return {f"{event.agency}/{actor}" for actor in event.approvers}
    try:
        records = [stored.record for stored in archive.store.load(event.scope)]
    except NotFound:
        return set()
    return {
        f"{r.by}/{r.actor}"
        for r in records
        if isinstance(r.event, DestructionApproved) and r.event.approves == event.approved
    }


def _remaining_keys(archive: Archive, event: KeyDestroyed | ControlDestroyed) -> list[str]:
    if isinstance(event, KeyDestroyed):
        return [s.value for s in event.sections if archive.store.key_status(event.scope, s.value) == "here"]
    scopes = (event.scope, access_of(event.scope))
    return [CONTROL for scope in scopes if archive.store.control_status(scope) == "here"]
