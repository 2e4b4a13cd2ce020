"""An authenticator in software: makes and uses passkeys as a browser would, and wrongly on demand."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

UP, UV, BE, BS, AT = 1, 4, 8, 16, 64


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey of EdDSA. ``origin``, ``rp_id``, ``flags``, ``count``: what it states; a test changes them."""

    origin: str
    rp_id: str
    flags: int = UP | UV
    count: int = 0
    cross_origin: bool = False
    handle: bytes = b""
    alg: int = -8
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def _client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(data).encode()

    def _data(self, flags: int, attested: bytes = b"") -> bytes:
        return (
            hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4) + attested
        )

    def _credential(self, response: dict[str, Any]) -> str:
        encoded = {name: b64(value) for name, value in response.items() if value}
        return json.dumps(
            {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": encoded}
        )

    def create(self, options: str) -> str:
        asked = json.loads(options)
        self.handle = from_b64(asked["user"]["id"])
        cose = cbor2.dumps({1: 1, 3: self.alg, -1: 6, -2: self.key.public_key().public_bytes_raw()})
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cose
        data = self._data(self.flags | AT, attested)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", asked["challenge"])
        return self._credential({"clientDataJSON": client_data, "attestationObject": attestation})

    def get(self, options: str) -> str:
        client_data = self._client_data("webauthn.get", json.loads(options)["challenge"])
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest())
        return self._credential(
            {
                "clientDataJSON": client_data,
                "authenticatorData": data,
                "signature": signature,
                "userHandle": self.handle,
            }
        )
