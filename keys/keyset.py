"""Key sets: facts in the log, authorised by two of three registry persons.

Source: KH-1 §2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys.command import AUDIT, REGISTRY, By, WishPayload, parse_wish
from keys.fields import CODE, NAME, Fields
from keys.frame import WISH, Frame, sign, verify
from keys.genesis import two_persons
from keys.lp import ZEROS, sha256
from keys.signing import KemPublic, SignatureKeys, SignatureKind, SignaturePublic

ACT = "key_set.published"
Custody: TypeAlias = Literal["OWN_DEVICE", "HSM", "HOSTED"]
CUSTODIES: tuple[Custody, ...] = ("OWN_DEVICE", "HSM", "HOSTED")
MAX_ROLES = 16
_FIELD_KEYS = ("code", "name", "roles", "body", "municipality", "custody", "sig", "kem")
_TITLE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, kw_only=True)
class KeySet:
    """A published key set. ``digest`` (SHA-256 of the payload) is what ``keyset`` refers to.

    ``agency`` is the originator's id (``about.id``), ``by`` the agency itself or ``AUDIT``;
    ``custody`` tells who else could sign; ``body`` (what the agency is in law) and ``municipality`` (code of
    the local government it belongs to) are None where there is none.
    """

    digest: bytes
    agency: UUID
    by: By
    code: str
    name: str
    roles: tuple[str, ...]
    body: str | None
    municipality: str | None
    custody: Custody
    sig: SignaturePublic
    kem: KemPublic


def key_set_fields(
    *,
    code: str,
    name: str,
    roles: Sequence[str],
    body: str | None,
    municipality: str | None,
    custody: Custody,
    sig: SignaturePublic,
    kem: KemPublic,
) -> dict[str, Any]:
    """``fields`` of a wish of act ``key_set.published``."""
    return {
        "code": code,
        "name": name,
        "roles": sorted(roles),
        "body": body,
        "municipality": municipality,
        "custody": custody,
        "sig": sig.to_json(),
        "kem": kem.to_json(),
    }


def parse_key_set(payload: bytes) -> tuple[KeySet, WishPayload]:
    """The key set in a wish payload, signatures not looked at. Raises Malformed or Untrusted (keys)."""
    wish = parse_wish(payload)
    if wish.act != ACT:
        raise Malformed("key-set-act", "the act is key_set.published")
    if wish.items or wish.wraps:
        raise Malformed("key-set-items", "a key set carries no items and no wraps")
    own = wish.about.kind == "agency" and wish.by == wish.about.id
    audit = wish.about.kind == "log" and wish.by == AUDIT
    if not own and not audit:
        raise Malformed("key-set-about", "an agency publishes its own; the audit office, about the log")
    fields = Fields(dict(wish.fields), "key-set", _FIELD_KEYS)
    key_set = KeySet(
        digest=sha256(payload),
        agency=wish.about.id,
        by=wish.by,
        code=fields.text("code", NAME),
        name=fields.text("name", _TITLE),
        roles=fields.codes("roles", MAX_ROLES),
        body=None if fields.raw("body") is None else fields.text("body", CODE),
        municipality=None if fields.raw("municipality") is None else fields.text("municipality", NAME),
        custody=next(one for one in CUSTODIES if one == fields.word("custody", CUSTODIES)),
        sig=SignaturePublic.from_json(SignatureKind.SIG, fields.raw("sig")),
        kem=KemPublic.from_json(fields.raw("kem")),
    )
    return key_set, wish


def sign_key_set(payload: bytes, sig: SignatureKeys, reg_a: SignatureKeys, reg_b: SignatureKeys) -> Frame:
    """The frame: by the SIG in force (or the new one, ``keyset`` zeros), then two registry persons.

    The registry persons are given in genesis order. Raises what ``parse_key_set`` raises.
    """
    parse_key_set(payload)
    return sign(WISH, payload, sig, reg_a, reg_b)


def verify_key_set(
    frame: Frame, *, in_force: SignaturePublic | None, registry: Sequence[SignaturePublic]
) -> KeySet:
    """The key set of a frame with six good signatures. Raises Malformed or Untrusted.

    ``in_force``: the SIG that signs; None for a first set and after loss or compromise, when the new
    SIG signs and ``keyset`` is zeros. That ``keyset`` names the set in force is the caller's check.
    ``registry``: the three persons, in genesis order.
    """
    key_set, wish = parse_key_set(frame.payload)
    if in_force is None and wish.keyset != ZEROS:
        raise Untrusted("key-set-not-first", "a set signed by its own new key has keyset zeros")
    if in_force is not None and wish.keyset == ZEROS:
        raise Untrusted("key-set-not-chained", "a set signed by the key in force names that key set")
    halves = {half for person in registry for half in (person.ed25519, person.mldsa)}
    if key_set.sig.ed25519 in halves or key_set.sig.mldsa in halves:
        raise Untrusted("key-set-registry-key", "an agency's keys are not a registry person's")
    if len(frame.signatures) != 6:
        raise Untrusted("key-set-signature-count", "the agency and two registry persons, two signatures each")
    verify(WISH, frame, [in_force or key_set.sig, *two_persons(frame, 2, registry)])
    return key_set


def sign_registry_act(payload: bytes, reg_a: SignatureKeys, reg_b: SignatureKeys) -> Frame:
    """An act of the registry (revocation, designation, rule book), by two persons in genesis order."""
    _registry_wish(payload)
    return sign(WISH, payload, reg_a, reg_b)


def verify_registry_act(frame: Frame, registry: Sequence[SignaturePublic]) -> WishPayload:
    """The payload of an act that two registry persons signed, and nobody else. Raises Untrusted."""
    wish = _registry_wish(frame.payload)
    if len(frame.signatures) != 4:
        raise Untrusted("registry-signature-count", "two registry persons, two signatures each")
    verify(WISH, frame, two_persons(frame, 0, registry))
    return wish


def _registry_wish(payload: bytes) -> WishPayload:
    wish = parse_wish(payload)
    if wish.by != REGISTRY:
        raise Malformed("registry-by", "acts of the registry are by REGISTRY")
    return wish
