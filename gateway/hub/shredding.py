"""Destroying the keys of what two persons approved for destruction: destroyed first, then recorded.

The steps, each synced, and each recognised after a crash: the next vault key is stored; the vault drops the keys
and is sealed under it; the event is recorded; the old vault key is removed. After control is destroyed nobody could
compute the event that is to be recorded, so it is written to a file first (``PENDING``).
Source: KH-1 §6.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from adapters.mapper import read_event
from domain.errors import InvariantViolation
from domain.events import ControlDestroyed, KeyDestroyed, dump
from domain.record import access_of
from gateway.hub.files import write_atomically
from gateway.installation.custody import FileCustody
from keys import canonical
from keys.vault import CONTROL, Vault

PENDING = "destroying.json"

Destroyed = KeyDestroyed | ControlDestroyed


class Shredder:
    """The vault of one hub and the custody of its keys. ``folder``: for the pending file; ``wait_until_logged``:
    waits until a signed head covers all records, so that those nobody can read any more can't be altered unseen;
    ``tags``: the leaf tags of an originator's records, which are stored because they need its control keys."""

    def __init__(
        self,
        vault: Vault,
        custody: FileCustody,
        folder: Path,
        *,
        wait_until_logged: Callable[[], None] = lambda: None,
        tags: Callable[[UUID], list[tuple[UUID, int, bytes]]] = lambda originator: [],
    ) -> None:
        self._vault = vault
        self._custody = custody
        self._pending = folder / PENDING
        self._wait_until_logged = wait_until_logged
        self._tags = tags

    def destroy(self, event: Destroyed, at: datetime) -> None:
        """The keys are gone when this returns. Raises InvariantViolation where vault and record disagree."""
        next_vk = self._custody.ensure_vault_key(event.generation)
        if self._vault.generation == event.generation:
            return  # destroyed already, and the hub ended before it was recorded
        if self._vault.generation != event.generation - 1:
            raise InvariantViolation("vault-generation")
        if isinstance(event, KeyDestroyed):
            self._vault.shred(event.scope, [s.value for s in event.sections], next_vk=next_vk)
            return
        self._wait_until_logged()
        write_atomically(self._pending, json.dumps({"at": dump(at), "event": dump(event)}).encode())
        both = (event.scope, access_of(event.scope))
        tags = [tag for originator in both for tag in self._tags(originator)]
        self._vault.shred(event.scope, [CONTROL], originators=both, tags=tags, next_vk=next_vk)

    def pending(self) -> tuple[ControlDestroyed, datetime] | None:
        """The destruction that may not be recorded yet, with its time; None where there is none."""
        try:
            pending_json = json.loads(self._pending.read_text())
        except FileNotFoundError:
            return None
        event = read_event(ControlDestroyed.TOPIC, ControlDestroyed.VERSION, pending_json["event"])
        assert isinstance(event, ControlDestroyed)
        destroyed = (
            event.generation == self._vault.generation
        )  # else the hub ended before that: it falls due again
        return (event, canonical.parse_time(pending_json["at"])) if destroyed else None

    def recorded(self, generation: int) -> None:
        """The destruction is recorded: remove the old vault keys, so that old copies of the vault do not open."""
        self._custody.remove_older_than(generation)
        self._pending.unlink(missing_ok=True)

    def check(self, generation: int) -> None:
        """At start: the vault is of the record's generation, or one ahead of it. Raises InvariantViolation for an old vault."""
        if self._vault.generation not in (generation, generation + 1):
            raise InvariantViolation("vault-generation")
        self._custody.remove_older_than(generation)
