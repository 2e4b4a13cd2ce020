"""What a command must meet before the rules look at it: form, hub, signatures, parts, time, key set in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from adapters.mapper import command_of
from domain.codes import Purpose
from domain.errors import Conflict, Malformed, Untrusted
from domain.events import KeySetPublished
from domain.record import AUDIT, REGISTRARS, Command, Party
from domain.register import Agency, Register
from gateway.hub.clock import Clock
from keys.command import CommandPayload, To
from keys.frame import COMMAND, Frame, verify
from keys.genesis import Genesis
from keys.keyset import verify_key_set, verify_registrars_act
from keys.lp import ZEROS
from keys.request import Request, match_parts, parse_request
from keys.signing import KemPublic, SignatureKind, SignaturePublic

MAX_CACHED_PUBLIC_KEYS = 4096


@dataclass(frozen=True)
class VerifiedCommand:
    """A command as it was parsed: its form, its frame, its parts.

    ``signature_error``: why its signatures do not verify now; its answer may have been recorded before.
    """

    command: Command
    payload: CommandPayload
    frame: Frame
    items: Mapping[UUID, bytes]
    wrapped_keys: Mapping[tuple[UUID, To], bytes]
    signature_error: Untrusted | None


class Admission:
    """The checks of one hub that need the register and the clock, and no case. ``register``: as it is at the call."""

    def __init__(
        self, *, genesis: Genesis, hub: bytes, register: Callable[[], Register], clock: Clock
    ) -> None:
        self._genesis = genesis
        self._hub = hub
        self._register = register
        self._clock = clock

    # --- any thread ------------------------------------------------------------------------------------------

    def parse_and_verify(self, data: bytes) -> VerifiedCommand:
        """One request (KHQ1). Raises Malformed, and Untrusted for another hub's command or parts that do not match."""
        request = self.parse(data)
        payload, frame = request.payload, request.frame
        command = command_of(payload, frame.digest)
        self._require_purpose_of_this_hub(command)
        try:
            self._verify_signatures(command, frame)
        except Untrusted as signature_error:
            return VerifiedCommand(command, payload, frame, {}, {}, signature_error)
        parts = match_parts(payload, request.parts)
        return VerifiedCommand(command, payload, frame, parts.items, parts.wrapped_keys, None)

    def _require_purpose_of_this_hub(self, command: Command) -> None:
        """The check of a rehearsal is counted apart and shown to nobody: on a real hub nobody may read by it."""
        purpose = getattr(command.proposed_event, "purpose", None)
        if purpose is Purpose.REHEARSAL_CHECK and self._genesis.mode != "rehearsal":
            raise Malformed("rehearsal-purpose")

    def parse(self, data: bytes) -> Request:
        """A request that is meant for this hub. Raises Malformed, Untrusted."""
        request = parse_request(data)
        if request.payload.hub != self._hub:
            raise Untrusted("other-hub")
        return request

    def verify_query(self, payload: CommandPayload, frame: Frame, ahead: timedelta) -> None:
        """An unrecorded query: signed under the key set in force, and in time. Raises Untrusted, Malformed."""
        key = self._genesis.audit_sig
        if payload.by != AUDIT:
            agency = self._known_agency(payload.by)
            if agency.revoked or agency.keyset != payload.keyset:
                raise Untrusted("key-set-not-in-force")
            key = _signature_key(agency)
        verify(COMMAND, frame, [key])
        self.require_in_time(payload, ahead, self._clock.now())

    def _verify_signatures(self, command: Command, frame: Frame) -> None:
        """Under the keys that the sender has in force. Costs time: not on the deciding lane."""
        registrars = self._genesis.reg
        if isinstance(command.proposed_event, KeySetPublished):
            if command.by != command.about.id:
                raise Untrusted("key-set-of-another")
            agency = self._register().agencies.get(command.about.id)
            in_force = None if agency is None or agency.revoked else _signature_key(agency)
            verify_key_set(frame, in_force=in_force, registrars=registrars)
        elif command.by == REGISTRARS:
            verify_registrars_act(frame, registrars)
        elif command.by == AUDIT:
            verify(COMMAND, frame, [self._genesis.audit_sig])
        else:
            verify(COMMAND, frame, [_signature_key(self._known_agency(command.by))])

    def _known_agency(self, by: object) -> Agency:
        agency = self._register().agencies.get(by) if isinstance(by, UUID) else None
        if agency is None or agency.keyset is None:
            raise Untrusted("unknown-sender")
        return agency

    # --- the deciding lane: the register does not change meanwhile ---------------------------------------------

    def require_in_time(self, payload: CommandPayload, ahead: timedelta, now: datetime) -> None:
        """Neither too late nor for too far ahead. Raises Malformed. Source: architecture §7."""
        if payload.not_after < now:
            raise Malformed("too-late")
        if payload.not_after > now + ahead:
            raise Malformed("not-after-too-far")

    def require_key_set_in_force(self, command: Command, payload: CommandPayload) -> None:
        """The key set that is named is the one in force at this moment. Raises Untrusted."""
        if payload.keyset != self._expected_key_set(command):
            raise Untrusted("key-set-not-in-force")

    def _expected_key_set(self, command: Command) -> bytes | None:
        """What the command must name: zeros where there is no key set before it, None where nothing is right."""
        if command.by in (REGISTRARS, AUDIT):
            return ZEROS
        agency = self._register().agencies.get(command.by) if isinstance(command.by, UUID) else None
        in_force = None if agency is None or agency.revoked else agency.keyset
        return in_force or (ZEROS if isinstance(command.proposed_event, KeySetPublished) else None)

    def require_keys_in_force(self, payload: CommandPayload) -> None:
        """Every wrapped key is for a recipient's key that is in force now. Raises Conflict. Source: KH-1 §4."""
        for wrapped_key in payload.wrapped_keys:
            if self._key_id_of(wrapped_key.to) != wrapped_key.kid:
                raise Conflict("stale-key-set")

    def _key_id_of(self, to: To) -> bytes | None:
        """The id of the recipient's KEM key in force; None where it has none."""
        if not isinstance(to, UUID):
            return self._genesis.audit_kem.kid
        agency = self._register().agencies.get(to)
        return None if agency is None or agency.revoked else _kem_key(agency).kid

    def key_set_of(self, reader: Party) -> bytes | None:
        """The key set for which a key is wrapped for this reader; the audit office's keys are in the genesis."""
        if not isinstance(reader, UUID):
            return self._hub
        agency = self._register().agencies.get(reader)
        return None if agency is None else agency.keyset


def _kem_key(agency: Agency) -> KemPublic:
    return _parse_kem_key(tuple(agency.kem.items()))


def _signature_key(agency: Agency) -> SignaturePublic:
    return _parse_signature_key(tuple(agency.sig.items()))


@lru_cache(maxsize=MAX_CACHED_PUBLIC_KEYS)
def _parse_kem_key(key: tuple[tuple[str, str], ...]) -> KemPublic:
    """Cached: parsing a key costs more than comparing its id."""
    return KemPublic.from_json(dict(key))


@lru_cache(maxsize=MAX_CACHED_PUBLIC_KEYS)
def _parse_signature_key(key: tuple[tuple[str, str], ...]) -> SignaturePublic:
    return SignaturePublic.from_json(SignatureKind.SIG, dict(key))
