"""The registrars: two of three persons sign who the agencies are, who holds which office, and the rules.

Source: KH-1 §2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.errors import Refused
from domain.events import Kind
from domain.record import REGISTRARS
from domain.rulebook import EDITION, first_edition
from gateway.protocol.client import HubClient, retry_until_timeout
from gateway.protocol.commands import encode_command_payload, request
from keys.command import ZEROS
from keys.frame import Frame
from keys.genesis import Genesis
from keys.keyset import key_set_fields, sign_key_set, sign_registrars_act
from keys.signing import KemPublic, SignatureKeys

RETRY_SECONDS = 20.0


class Registrars:
    """Two registrars who sign together. ``persons`` in genesis order."""

    def __init__(
        self,
        persons: Sequence[SignatureKeys],
        client: HubClient,
        genesis: Genesis,
        now: Callable[[], datetime],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._first_signer, self._second_signer = persons[0], persons[1]
        self._hub_client = client
        self._pinned_genesis = genesis
        self._hub_now = now
        self._retry_seconds = retry_seconds

    def order(self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Submit an act of the registrars: designation, revocation, rule book. Returns the hub's answer."""
        payload = self._payload(kind, about, act, fields, REGISTRARS, ZEROS)
        return self._submit_until_answered(
            sign_registrars_act(payload, self._first_signer, self._second_signer)
        )

    def publish_rule_book(self) -> dict[str, Any]:
        """Publish the first edition of the rules, in force from now on."""
        fields = {"edition": EDITION, "rule_book": first_edition()}
        return self.order(Kind.RULE_BOOK, self._pinned_genesis.rules_id, "rule_book.published", fields)

    def publish_key_set(
        self,
        agency: UUID,
        *,
        code: str,
        name: str,
        roles: Sequence[str],
        body: str,
        municipality: str | None,
        custody: str,
        sig: SignatureKeys,
        kem: KemPublic,
    ) -> dict[str, Any]:
        """An agency's first key set: signed by its own new key and two registrars."""
        fields = key_set_fields(
            code=code,
            name=name,
            roles=roles,
            body=body,
            municipality=municipality,
            custody="OWN_DEVICE" if custody == "OWN_DEVICE" else "HOSTED",
            sig=sig.public,
            kem=kem,
        )
        payload = self._payload(Kind.AGENCY, agency, "key_set.published", fields, agency, ZEROS)
        return self._submit_until_answered(
            sign_key_set(payload, sig, self._first_signer, self._second_signer)
        )

    def designate(self, network: UUID, *, core: UUID, coordinating: UUID) -> None:
        """Designate the two offices of a network. Basis: guideline 3(1), (2); CWA 25-2(4)."""
        self.order(Kind.NETWORK, network, "core_agency.designated", {"agency": str(core)})
        self.order(Kind.NETWORK, network, "coordinating_agency.designated", {"agency": str(coordinating)})

    def begin_mandate(self, number: int, until: date) -> None:
        """Begin the next mandate of the audit office, until the end of this day (JST). Raises Refused. Source: KH-1 §3."""
        fields = {"number": number, "until": until.isoformat()}
        answer = self.order(Kind.LOG, self._pinned_genesis.log_id, "audit_mandate.began", fields)
        if answer["outcome"] != "recorded":
            raise Refused("audit-refused", f"The hub recorded the reason {answer['reason']}.")

    def _payload(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], by: UUID | str, keyset: bytes
    ) -> bytes:
        return encode_command_payload(
            hub=self._pinned_genesis.hub,
            kind=kind,
            about=about,
            by=by,
            actor="registrars",
            act=act,
            fields=fields,
            now=self._hub_now(),
            keyset=keyset,
        )

    def _submit_until_answered(self, frame: Frame) -> dict[str, Any]:
        data = request(frame)
        return retry_until_timeout(lambda: self._hub_client.submit(data), self._retry_seconds)
