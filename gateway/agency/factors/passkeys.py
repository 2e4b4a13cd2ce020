"""Passkeys: made, used and ended. One is two factors by itself, since the authenticator verifies its user each time.

Checked beyond what the library checks by default: that the user was verified; that the algorithm is one that was offered; that a
key which could not be copied does not come back as one that can; that the page is not in a frame of another site; that the
handle is of the key's owner. Source: WebAuthn Level 3, sections 7.1 and 7.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from domain.errors import Conflict, Malformed, NotFound, Untrusted
from gateway.agency.factors.challenges import CHALLENGE_SECONDS, Challenges
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.staff_store import StaffAct, StaffStore, append_log
from keys.lp import sha256

ALGORITHMS = (
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
MAX_PASSKEYS = 10
MAX_CREDENTIAL_CHARACTERS = 16_000
MAX_NAME_CHARACTERS = 40
DOOR_NAME = "架け橋"
SIGN_IN, STEP_UP, REGISTER = "sign-in", "step-up", "register"
"""What a challenge is for."""


@dataclass(frozen=True)
class Passkey:
    """What is known of one. ``id``: in hex, of the digest of its id; times in seconds."""

    id: str
    name: str
    added_at: float
    used_at: float | None


class Passkeys:
    """Those of one door's people. ``now``: seconds."""

    def __init__(
        self, store: StaffStore, settings: SignInSettings, challenges: Challenges, now: Callable[[], float]
    ) -> None:
        self._store, self._settings, self._challenges, self._now = store, settings, challenges, now

    @property
    def are_possible(self) -> bool:
        """Whether the door has an address to which passkeys can be bound."""
        return bool(self._settings.rp_id)

    def of(self, actor: str) -> list[Passkey]:
        """A person's passkeys, the oldest first."""
        rows = self._store.query(
            "SELECT id, name, added_at, used_at FROM passkeys WHERE actor=? ORDER BY added_at, id", actor
        )
        return [Passkey(_short(id), name, added_at, used_at) for id, name, added_at, used_at in rows]

    def registration_options(self, actor: str, name: str, binding: str) -> str:
        """What the browser needs to make a passkey, as JSON."""
        options = generate_registration_options(
            rp_id=self._settings.rp_id,
            rp_name=DOOR_NAME,
            user_id=_handle(actor),
            user_name=actor,
            user_display_name=name,
            challenge=self._challenges.make(REGISTER, f"{actor}\0{binding}"),
            timeout=CHALLENGE_SECONDS * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=id) for id in self._ids(actor)],
            supported_pub_key_algs=list(ALGORITHMS),
        )
        return options_to_json(options)

    def register(self, actor: str, name: str, credential: str, binding: str) -> None:
        """Take a passkey that the browser has made. Raises Malformed (its name), Untrusted, Conflict (known, or too many)."""
        name = name.strip()
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
            raise Malformed("passkey-name")
        challenge = self._challenge_in(credential, REGISTER, f"{actor}\0{binding}")
        try:
            made = verify_registration_response(
                credential=parse_registration_credential_json(credential),
                expected_challenge=challenge,
                expected_rp_id=self._settings.rp_id,
                expected_origin=self._settings.origin,
                require_user_verification=True,
                supported_pub_key_algs=list(ALGORITHMS),
            )
            _require_offered(made.credential_public_key)
        except Exception as error:  # whatever can be wrong in bytes that a browser sent
            raise Untrusted("passkey-refused") from error
        self._challenges.use(challenge)
        now = self._now()
        with self._store.write() as db:
            [count] = db.execute("SELECT count(*) FROM passkeys WHERE actor=?", (actor,)).fetchone()
            known = db.execute("SELECT 1 FROM passkeys WHERE id=?", (made.credential_id,)).fetchone()
            if known:
                raise Conflict("passkey-known")
            if count >= MAX_PASSKEYS:
                raise Conflict("passkeys-too-many")
            db.execute(
                "INSERT INTO passkeys VALUES (?,?,?,?,?,?,?,?)",
                (
                    made.credential_id,
                    actor,
                    made.credential_public_key,
                    made.sign_count,
                    made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
                    name,
                    now,
                    None,
                ),
            )
            append_log(
                db, now, by=actor, what=StaffAct.PASSKEY_ADDED, about=actor, detail=_short(made.credential_id)
            )

    def authentication_options(self, purpose: str, binding: str, actor: str = "") -> str:
        """What the browser needs to use a passkey, as JSON. ``actor``: whose it must be; empty for whoever signs in."""
        allowed = [PublicKeyCredentialDescriptor(id=id) for id in self._ids(actor)] if actor else None
        options = generate_authentication_options(
            rp_id=self._settings.rp_id,
            challenge=self._challenges.make(purpose, binding),
            timeout=CHALLENGE_SECONDS * 1000,
            allow_credentials=allowed,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def verify(self, credential: str, purpose: str, binding: str) -> str:
        """The person whose passkey this is. Raises Untrusted: passkey-refused, passkey-expired."""
        challenge = self._challenge_in(credential, purpose, binding)
        try:
            given = parse_authentication_credential_json(credential)
        except Exception as error:
            raise Untrusted("passkey-refused") from error
        rows = self._store.query(
            "SELECT actor, public_key, sign_count, backup_eligible FROM passkeys WHERE id=?", given.raw_id
        )
        if not rows or given.response.user_handle not in (None, _handle(rows[0][0])):
            raise Untrusted("passkey-refused")
        actor, public_key, sign_count, backup_eligible = rows[0]
        try:
            _require_offered(public_key)
            used = verify_authentication_response(
                credential=given,
                expected_challenge=challenge,
                expected_rp_id=self._settings.rp_id,
                expected_origin=self._settings.origin,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=True,
            )
        except Exception as error:
            raise Untrusted("passkey-refused") from error
        if (used.credential_device_type is CredentialDeviceType.MULTI_DEVICE) != bool(backup_eligible):
            raise Untrusted("passkey-refused")
        self._challenges.use(challenge)
        with self._store.write() as db:
            counted = db.execute(
                "UPDATE passkeys SET sign_count=?, used_at=? WHERE id=? AND sign_count=?",
                (used.new_sign_count, self._now(), given.raw_id, sign_count),
            )
        if not counted.rowcount:
            raise Untrusted("passkey-refused")
        return str(actor)

    def end(self, actor: str, id: str, *, by: str) -> None:
        """End a passkey of this person. Raises NotFound."""
        own = [one for one in self._ids(actor) if _short(one) == id]
        if not own:
            raise NotFound("not-found")
        now = self._now()
        with self._store.write() as db:
            db.execute("DELETE FROM passkeys WHERE id=? AND actor=?", (own[0], actor))
            append_log(db, now, by=by, what=StaffAct.PASSKEY_ENDED, about=actor, detail=id)

    def _ids(self, actor: str) -> list[bytes]:
        return [
            id
            for (id,) in self._store.query("SELECT id FROM passkeys WHERE actor=? ORDER BY added_at", actor)
        ]

    def _challenge_in(self, credential: str, purpose: str, binding: str) -> bytes:
        """The challenge that was answered, checked. Raises Untrusted."""
        try:
            if len(credential) > MAX_CREDENTIAL_CHARACTERS:
                raise ValueError
            client_data: Any = json.loads(
                base64url_to_bytes(json.loads(credential)["response"]["clientDataJSON"])
            )
            challenge = base64url_to_bytes(client_data["challenge"])
            framed = client_data.get("crossOrigin", False)
        except Exception as error:
            raise Untrusted("passkey-refused") from error
        if framed is not False:
            raise Untrusted("passkey-refused")
        self._challenges.check(challenge, purpose, binding)
        return challenge


def _require_offered(public_key: bytes) -> None:
    if decode_credential_public_key(public_key).alg not in ALGORITHMS:
        raise ValueError("an algorithm that was not offered")


def _handle(actor: str) -> bytes:
    """By what authenticators tell this person's passkeys from others'; nobody's name can be read from it."""
    return sha256(f"kakehashi user handle\0{actor}".encode())


def _short(id: bytes) -> str:
    return sha256(id).hex()[:16]
