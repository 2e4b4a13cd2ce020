"""Key sets: events in the log, authorised by two of three registrars.

Source: KH-1 §2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys.command import AUDIT, REGISTRARS, By, CommandPayload, parse_command
from keys.fields import CODE, NAME, Fields
from keys.frame import COMMAND, Frame, sign, verify
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
    """``fields`` of a command of act ``key_set.published``."""
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


def parse_key_set(payload: bytes) -> tuple[KeySet, CommandPayload]:
    """The key set in a command payload, signatures not looked at. Raises Malformed or Untrusted (keys)."""
    command = parse_command(payload)
    if command.act != ACT:
        raise Malformed("key-set-act")
    if command.items or command.wrapped_keys:
        raise Malformed("key-set-items")
    own = command.about.kind == "agency" and command.by == command.about.id
    audit = command.about.kind == "log" and command.by == AUDIT
    if not own and not audit:
        raise Malformed("key-set-about")
    fields = Fields(dict(command.fields), "key-set", _FIELD_KEYS)
    key_set = KeySet(
        digest=sha256(payload),
        agency=command.about.id,
        by=command.by,
        code=fields.text("code", NAME),
        name=fields.text("name", _TITLE),
        roles=fields.codes("roles", MAX_ROLES),
        body=None if fields.raw("body") is None else fields.text("body", CODE),
        municipality=None if fields.raw("municipality") is None else fields.text("municipality", NAME),
        custody=next(one for one in CUSTODIES if one == fields.one_of("custody", CUSTODIES)),
        sig=SignaturePublic.from_json(SignatureKind.SIG, fields.raw("sig")),
        kem=KemPublic.from_json(fields.raw("kem")),
    )
    return key_set, command


def sign_key_set(payload: bytes, sig: SignatureKeys, reg_a: SignatureKeys, reg_b: SignatureKeys) -> Frame:
    """The frame: by the SIG in force (or the new one, ``keyset`` zeros), then two registrars.

    The registrars are given in genesis order. Raises what ``parse_key_set`` raises.
    """
    parse_key_set(payload)
    return sign(COMMAND, payload, sig, reg_a, reg_b)


def verify_key_set(
    frame: Frame, *, in_force: SignaturePublic | None, registrars: Sequence[SignaturePublic]
) -> KeySet:
    """The key set of a frame with six good signatures. Raises Malformed or Untrusted.

    ``in_force``: the SIG that signs; None for a first set and after loss or compromise, when the new
    SIG signs and ``keyset`` is zeros. That ``keyset`` names the set in force is the caller's check.
    ``registrars``: the three persons, in genesis order.
    """
    key_set, command = parse_key_set(frame.payload)
    if in_force is None and command.keyset != ZEROS:
        raise Untrusted("key-set-not-first")
    if in_force is not None and command.keyset == ZEROS:
        raise Untrusted("key-set-not-chained")
    halves = {half for person in registrars for half in (person.ed25519, person.mldsa)}
    if key_set.sig.ed25519 in halves or key_set.sig.mldsa in halves:
        raise Untrusted("key-set-registrars-key")
    if len(frame.signatures) != 6:
        raise Untrusted("key-set-signature-count")
    verify(COMMAND, frame, [in_force or key_set.sig, *two_persons(frame, 2, registrars)])
    return key_set


def sign_registrars_act(payload: bytes, reg_a: SignatureKeys, reg_b: SignatureKeys) -> Frame:
    """An act of the registrars (revocation, designation, rule book), by two persons in genesis order."""
    _registrars_command(payload)
    return sign(COMMAND, payload, reg_a, reg_b)


def verify_registrars_act(frame: Frame, registrars: Sequence[SignaturePublic]) -> CommandPayload:
    """The payload of an act that two registrars signed, and nobody else. Raises Untrusted."""
    command = _registrars_command(frame.payload)
    if len(frame.signatures) != 4:
        raise Untrusted("registrars-signature-count")
    verify(COMMAND, frame, two_persons(frame, 0, registrars))
    return command


def _registrars_command(payload: bytes) -> CommandPayload:
    command = parse_command(payload)
    if command.by != REGISTRARS:
        raise Malformed("registrars-by")
    return command
