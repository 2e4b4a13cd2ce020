"""The genesis of a hub: its name is the digest of this payload.

Whoever founds a hub chooses its keys, so a client pins the hub's id or the registrars' keys.
Source: KH-1 §2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys import canonical
from keys.fields import NAME, Fields
from keys.frame import GENESIS, Frame, sign, verify
from keys.lp import sha256
from keys.receipt import Mode, parse_mode
from keys.signing import KemPublic, SignatureKeys, SignatureKind, SignaturePublic

REGISTRAR_COUNT = 3
_GENESIS_KEYS = ("v", "suite", "mode", "stream", "log_id", "rules_id", "log", "reg", "audit")


@dataclass(frozen=True, kw_only=True)
class Genesis:
    """Who a hub is: mode, stream, originators of log and rule book, and every first public key."""

    mode: Mode
    stream: str
    log_id: UUID
    rules_id: UUID
    log: SignaturePublic
    reg: tuple[SignaturePublic, SignaturePublic, SignaturePublic]
    audit_sig: SignaturePublic
    audit_kem: KemPublic

    @property
    def hub(self) -> bytes:
        """The hub's id: SHA-256 of the payload."""
        return sha256(encode_genesis(self))


def hub_id(payload: bytes) -> bytes:
    """SHA-256 of a genesis payload."""
    return sha256(payload)


def encode_genesis(genesis: Genesis) -> bytes:
    """The canonical payload."""
    audit: dict[str, Any] = {"sig": genesis.audit_sig.to_json(), "kem": genesis.audit_kem.to_json()}
    return canonical.encode(
        {
            "v": 1,
            "suite": 1,
            "mode": genesis.mode,
            "stream": genesis.stream,
            "log_id": str(genesis.log_id),
            "rules_id": str(genesis.rules_id),
            "log": genesis.log.to_json(),
            "reg": [person.to_json() for person in genesis.reg],
            "audit": audit,
        }
    )


def parse_genesis(payload: bytes) -> Genesis:
    """The genesis of these canonical bytes. Raises Malformed, or Untrusted for keys that are none."""
    fields = Fields(canonical.parse(payload), "genesis", _GENESIS_KEYS)
    fields.require("v", 1)
    fields.require("suite", 1)
    persons = fields.list("reg", REGISTRAR_COUNT)
    if len(persons) != REGISTRAR_COUNT:
        raise Malformed("genesis-reg-count")
    first, second, third = (SignaturePublic.from_json(SignatureKind.SIG, one) for one in persons)
    audit = Fields(fields.raw("audit"), "genesis-audit", ("sig", "kem"))
    genesis = Genesis(
        mode=parse_mode(fields),
        stream=fields.text("stream", NAME),
        log_id=fields.uuid("log_id"),
        rules_id=fields.uuid("rules_id"),
        log=SignaturePublic.from_json(SignatureKind.LOG, fields.raw("log")),
        reg=(first, second, third),
        audit_sig=SignaturePublic.from_json(SignatureKind.SIG, audit.raw("sig")),
        audit_kem=KemPublic.from_json(audit.raw("kem")),
    )
    _check_genesis(genesis)
    return genesis


def _check_genesis(genesis: Genesis) -> None:
    if genesis.log_id == genesis.rules_id:
        raise Malformed("genesis-ids")
    pairs = (genesis.log, *genesis.reg, genesis.audit_sig)
    halves = [half for pair in pairs for half in (pair.ed25519, pair.mldsa)]
    if len(set(halves)) != len(halves):
        raise Untrusted("genesis-repeated-key")


def sign_genesis(genesis: Genesis, *, log: SignatureKeys, registrars: Sequence[SignatureKeys]) -> Frame:
    """The founding frame, signed by LOG and two registrars in genesis order.

    Raises Malformed or Untrusted for what ``verify_genesis`` would refuse.
    """
    frame = sign(GENESIS, encode_genesis(genesis), log, *registrars)
    verify_genesis(frame)
    return frame


def verify_genesis(frame: Frame, *, hub: bytes | None = None) -> Genesis:
    """The genesis, signed by its own LOG and two of its registrars in order.

    ``hub``: the id that the caller has pinned. Raises Malformed or Untrusted.
    """
    if hub is not None and frame.digest != hub:
        raise Untrusted("genesis-other-hub")
    genesis = parse_genesis(frame.payload)
    if len(frame.signatures) != 6:
        raise Untrusted("genesis-signature-count")
    verify(GENESIS, frame, [genesis.log, *two_persons(frame, 2, genesis.reg)])
    return genesis


def two_persons(
    frame: Frame, start: int, registrars: Sequence[SignaturePublic]
) -> tuple[SignaturePublic, SignaturePublic]:
    """The two registrars named from signature ``start`` on. Nothing is verified yet.

    Raises Untrusted unless they are two different persons of ``registrars``, in its order. The caller
    has checked that the frame has four signatures from ``start`` on.
    """
    if len(registrars) != REGISTRAR_COUNT:
        raise Malformed("registrars-count")
    order = {person.key_ids[0]: place for place, person in enumerate(registrars)}
    one = order.get(frame.signatures[start].key_id)
    other = order.get(frame.signatures[start + 2].key_id)
    if one is None or other is None:
        raise Untrusted("registrars-unknown-person")
    if one == other:
        raise Untrusted("registrars-same-person")
    if one > other:
        raise Untrusted("registrars-order")
    return registrars[one], registrars[other]
