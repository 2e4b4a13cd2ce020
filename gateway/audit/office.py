"""The audit office's own door: signs its requests, reads the ledger, and is refused content like anyone, but for
what two officials let it open, item by item.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from domain.codes import AuditGround, Purpose
from domain.errors import ExchangeError, NotThere, Refused, Untrusted
from domain.events import Kind, dump
from domain.record import AUDIT
from gateway.agency.key_sets import KeySets
from gateway.agency.reading import Opened, Reading
from gateway.protocol.client import HubClient, patiently
from gateway.protocol.commands import READ_FOR, WRITE_FOR, payload_bytes, request, signed
from keys.command import AUDIT as TO_AUDIT
from keys.genesis import Genesis
from keys.receipt import verify_receipt
from keys.signing import KemKey, SignatureKeys

PATIENCE = 20.0
ODD = (ValueError, KeyError, TypeError, AttributeError)
"""What reading an answer of the wrong form raises."""


class _Seen:
    """Key sets that were verified, as long as the office's door is open."""

    def __init__(self) -> None:
        self._sets: dict[bytes, tuple[UUID, bytes]] = {}

    def key_set(self, digest: bytes) -> tuple[UUID, bytes] | None:
        return self._sets.get(digest)

    def keep_key_set(self, digest: bytes, agency: UUID, payload: bytes) -> None:
        self._sets[digest] = (agency, payload)


class AuditOffice:
    """One audit office of one hub."""

    def __init__(
        self,
        *,
        sig: SignatureKeys,
        kem: KemKey,
        client: HubClient,
        genesis: Genesis,
        now: Callable[[], datetime],
    ) -> None:
        self._sig = sig
        self._client = client
        self._genesis = genesis
        self._now = now
        self._let: dict[UUID | None, UUID] = {}  # case, or null for all: the request on record
        key_sets = KeySets(_Seen(), client.key_sets, genesis)
        self._reads = Reading(TO_AUDIT, hub=genesis.hub, kem=kem, key_sets=key_sets)

    def ask_for(self, case: UUID, items: Iterable[UUID], *, ground: AuditGround, until: date) -> UUID:
        """Ask for these items of a case, until the end of that day (in Japan). Returns the request's id, which the two
        officials name when they let it. Raises Refused where the rules say no."""
        ask = uuid4()
        fields = {
            "case": str(case),
            "opens": sorted(str(item) for item in items),
            "ground": ground.value,
            "until": until.isoformat(),
        }
        return self._recorded("audit_content_access.requested", fields, ask)

    def ask_for_control(self, case: UUID | None, *, ground: AuditGround = AuditGround.AUDIT) -> UUID:
        """Ask for the control of a case, or of all, on record: without it the hub tells nothing. Holds until the mandate
        ends. Returns the request's id, under which a bundle is made."""
        fields = {"case": None if case is None else str(case), "ground": ground.value}
        return self._recorded("audit_control.requested", fields, uuid4())

    def _recorded(self, act: str, fields: dict[str, Any], ask: UUID) -> UUID:
        data = self._signed(Kind.LOG, self._genesis.log_id, act, fields, ask_id=ask, good_for=WRITE_FOR)
        answer = patiently(lambda: self._client.wish(data), PATIENCE)
        if answer["outcome"] != "recorded":
            raise Refused("audit-refused", f"the hub recorded why: {answer['reason']}")
        receipt = verify_receipt(b64decode(answer["receipt"]), self._genesis.log)
        if (receipt.hub, receipt.ask_id) != (self._genesis.hub, ask):
            raise Untrusted("receipt-of-another", "the hub gave a receipt for another wish")
        return ask

    def open(
        self, case: UUID, message: UUID, item: UUID, section: str, *, purpose: Purpose = Purpose.AUDIT
    ) -> Opened:
        """Ask to open an item; the hub records the attempt. What two officials let is verified like at any door.

        Raises NotThere for all else (V10), Unavailable ``pending-key`` until the owner's door has made the key.
        """
        fields = {
            "message": str(message),
            "item": str(item),
            "section": section,
            "purpose": purpose.value,
        }
        ask = uuid4()
        data = self._signed(Kind.CASE, case, "section.opened", fields, ask_id=ask)
        answer = patiently(lambda: self._client.wish(data), PATIENCE)
        flaw: str | None = None
        try:
            return self._reads.opened(case, message, item, answer["release"])
        except ExchangeError as error:
            flaw = f"{error.code}/{error.flaw}"
            raise
        except ODD as error:
            flaw = "untrusted/release-form"
            raise Untrusted("release-form", "what the hub handed over is not of its form") from error
        finally:
            told = {
                "message": str(message),
                "item": str(item),
                "opening": str(ask),
                "ok": flaw is None,
                "flaw": flaw,
            }
            with suppress(ExchangeError):  # what was read stays read; a missing receipt shows in the ledger
                receipt = self._signed(Kind.CASE, case, "disclosure.received", told)
                patiently(lambda: self._client.wish(receipt), PATIENCE)

    def now(self) -> datetime:
        """The time it goes by."""
        return self._now()

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]:
        """Disclosures, readings and consents, of one case or all, as they stood at ``as_of``.

        The first time, and again in each mandate, it asks for them on record.
        """
        fields = {"case": None if case is None else str(case), "as_of": dump(as_of)}
        if case not in self._let:
            self._let[case] = self.ask_for_control(case)
        try:
            return self._ledger({**fields, "request": str(self._let[case])})
        except NotThere:
            self._let[case] = self.ask_for_control(case)  # that of an earlier mandate is over
            return self._ledger({**fields, "request": str(self._let[case])})

    def _ledger(self, fields: dict[str, Any]) -> dict[str, Any]:
        data = self._signed(Kind.LOG, self._genesis.log_id, "ledger", fields)
        return patiently(lambda: self._client.ask(data), PATIENCE)

    def _signed(self, kind: Kind, about: UUID, act: str, fields: dict[str, Any], **more: Any) -> bytes:
        payload = payload_bytes(
            hub=self._genesis.hub,
            kind=kind,
            about=about,
            by=AUDIT,
            actor="audit",
            act=act,
            fields=fields,
            now=self._now(),
            **{"good_for": READ_FOR, **more},
        )
        return request(signed(payload, self._sig))
