"""Destroying the keys of what two persons let be destroyed: first for certain, then on record.

In this order, each step synced, and each found done again after a crash: the next vault key is kept; the vault
drops the keys and is sealed under it; ``KeyDestroyed`` is recorded; the old vault key is taken out.
Source: KH-1 §6.
"""

from __future__ import annotations

from domain.errors import Broken
from domain.facts import KeyDestroyed
from gateway.custody import FileCustody
from keys.vault import Vault


class Shredder:
    """The vault of one hub and the custody of its keys."""

    def __init__(self, vault: Vault, custody: FileCustody) -> None:
        self._vault = vault
        self._custody = custody

    def destroy(self, fact: KeyDestroyed) -> None:
        """The keys are gone when this returns. Raises Broken where vault and record do not fit."""
        next_vk = self._custody.prepare(fact.generation)
        if self._vault.generation == fact.generation:
            return  # it was done, and the end came before it was recorded
        if self._vault.generation != fact.generation - 1:
            raise Broken("vault-generation", "vault and record disagree: find out which one is old")
        self._vault.shred(fact.scope, [s.value for s in fact.sections], next_vk=next_vk)

    def recorded(self, generation: int) -> None:
        """It stands in the record: old copies of the vault open no more."""
        self._custody.retire(generation)

    def check(self, generation: int) -> None:
        """At start: the vault is of the record's generation, or one ahead of it. Raises Broken for an old vault."""
        if self._vault.generation not in (generation, generation + 1):
            raise Broken("vault-generation", "this vault is not of this record: restore the right one")
        self._custody.retire(generation)
