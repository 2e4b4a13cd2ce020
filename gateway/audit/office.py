"""The audit office's own door: signs its requests, reads the ledger, and is refused content like anyone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.codes import Purpose
from domain.errors import Broken
from domain.facts import Kind, dump
from domain.record import AUDIT
from gateway.client import HubClient, patiently
from gateway.wishes import READ_FOR, payload_bytes, request, signed
from keys.genesis import Genesis
from keys.signing import SignatureKeys

PATIENCE = 20.0


class AuditOffice:
    """One audit office of one hub."""

    def __init__(
        self, *, sig: SignatureKeys, client: HubClient, genesis: Genesis, now: Callable[[], datetime]
    ) -> None:
        self._sig = sig
        self._client = client
        self._genesis = genesis
        self._now = now

    def open(self, case: UUID, message: UUID, item: UUID, section: str) -> bytes:
        """Ask to open an item: the hub records the attempt and refuses (V10). Raises NotThere."""
        fields = {
            "message": str(message),
            "item": str(item),
            "section": section,
            "purpose": Purpose.REHEARSAL_CHECK.value,
        }
        data = self._signed(Kind.CASE, case, "section.opened", fields)
        patiently(lambda: self._client.wish(data), PATIENCE)
        raise Broken("auditor-opened", "the hub released content to the audit office")

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]:
        """Disclosures, readings and consents, of one case or all, as they stood at ``as_of``."""
        fields = {"case": None if case is None else str(case), "as_of": dump(as_of)}
        data = self._signed(Kind.LOG, self._genesis.log_id, "ledger", fields)
        return patiently(lambda: self._client.ask(data), PATIENCE)

    def _signed(self, kind: Kind, about: UUID, act: str, fields: dict[str, Any]) -> bytes:
        payload = payload_bytes(
            hub=self._genesis.hub,
            kind=kind,
            about=about,
            by=AUDIT,
            actor="audit",
            act=act,
            fields=fields,
            now=self._now(),
            good_for=READ_FOR,
        )
        return request(signed(payload, self._sig))
