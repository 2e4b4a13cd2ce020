"""The vault's keys in the hub's keystore file: stored before they are used, removed when they are used no more.

Where old copies of the file and its passphrase exist elsewhere, a key that is removed here is destroyed logically
only; certificates say so. Source: KH-1 §6.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from domain.errors import Unavailable
from gateway.installation.folder import Installation
from keys.sealing import new_key

DESTRUCTION_GRADE = "logically"
"""How thoroughly this custody (one file, one passphrase) destroys a vault key."""


class FileCustody:
    """VK(n) of one installation. Reads the file again for a missing key: another process may have made it."""

    def __init__(self, installation: Installation, secrets: Mapping[str, bytes]) -> None:
        self._installation = installation
        self._secrets = dict(secrets)
        self._secrets_lock = Lock()

    def vault_key(self, generation: int) -> bytes:
        """VK(n). Raises Unavailable where it was destroyed or never made."""
        name = f"vk/{generation}"
        with self._secrets_lock:
            if name not in self._secrets:
                self._secrets = self._installation.hub_secrets()
            key = self._secrets.get(name)
        if key is None:
            raise Unavailable("vault-key-missing")
        return key

    def ensure_vault_key(self, generation: int) -> bytes:
        """VK(n), made if there is none; it is stored and synced before it is used."""
        name = f"vk/{generation}"
        with self._secrets_lock:
            if name not in self._secrets:
                self._secrets[name] = new_key()
                self._installation.write_hub_secrets(self._secrets)
            return self._secrets[name]

    def remove_older_than(self, generation: int) -> None:
        """Remove every vault key older than VK(n), synced."""
        with self._secrets_lock:
            remaining = {
                k: v for k, v in self._secrets.items() if not k.startswith("vk/") or int(k[3:]) >= generation
            }
            if remaining != self._secrets:
                self._installation.write_hub_secrets(remaining)
                self._secrets = remaining
