"""Destroying the keys of what two persons let be destroyed: first for certain, then on record.

In this order, each step synced, and each found done again after a crash: the next vault key is kept; the vault
drops the keys and is sealed under it; the event is recorded; the old vault key is taken out. Of control nobody
could compute afterwards what is to be recorded, so that is written down first (``PENDING``).
Source: KH-1 §6.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from adapters.mapper import read_event
from domain.errors import InvariantViolation
from domain.events import ControlDestroyed, KeyDestroyed, dump
from domain.record import access_of
from gateway.installation.custody import FileCustody
from keys import canonical
from keys.vault import CONTROL, Vault

PENDING = "destroying.json"

Destroyed = KeyDestroyed | ControlDestroyed


class Shredder:
    """The vault of one hub and the custody of its keys. ``folder``: where what is being destroyed is written down;
    ``wait_until_logged``: waits until a signed head covers all records: what nobody can read any more can't be altered
    then without its being seen; ``tags``: what the log says of the records of an originator, which is kept, since it
    can't be made again without control keys."""

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
        """The keys are gone when this returns. Raises InvariantViolation where vault and record do not fit."""
        next_vk = self._custody.ensure_vault_key(event.generation)
        if self._vault.generation == event.generation:
            return  # it was done, and the end came before it was recorded
        if self._vault.generation != event.generation - 1:
            raise InvariantViolation("vault-generation")
        if isinstance(event, KeyDestroyed):
            self._vault.shred(event.scope, [s.value for s in event.sections], next_vk=next_vk)
            return
        self._wait_until_logged()
        _write_synced(self._pending, json.dumps({"at": dump(at), "event": dump(event)}))
        both = (event.scope, access_of(event.scope))
        tags = [tag for originator in both for tag in self._tags(originator)]
        self._vault.shred(event.scope, [CONTROL], originators=both, tags=tags, next_vk=next_vk)

    def pending(self) -> tuple[ControlDestroyed, datetime] | None:
        """What was destroyed and may not be on record yet."""
        try:
            pending_json = json.loads(self._pending.read_text())
        except FileNotFoundError:
            return None
        event = read_event(ControlDestroyed.TOPIC, ControlDestroyed.VERSION, pending_json["event"])
        assert isinstance(event, ControlDestroyed)
        destroyed = event.generation == self._vault.generation  # else the end came before: it falls due again
        return (event, canonical.parse_time(pending_json["at"])) if destroyed else None

    def recorded(self, generation: int) -> None:
        """It stands in the record: old copies of the vault open no more."""
        self._custody.remove_older_than(generation)
        self._pending.unlink(missing_ok=True)

    def check(self, generation: int) -> None:
        """At start: the vault is of the record's generation, or one ahead of it. Raises InvariantViolation for an old vault."""
        if self._vault.generation not in (generation, generation + 1):
            raise InvariantViolation("vault-generation")
        self._custody.remove_older_than(generation)


def _write_synced(path: Path, text: str) -> None:
    """Whole or not at all, and synced with its name."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
