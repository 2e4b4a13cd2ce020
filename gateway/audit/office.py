"""The audit office's own door: it signs requests and reads the ledger. Content is refused, except for the items that two
officials have approved.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from domain.codes import AuditGround, Purpose
from domain.errors import ExchangeError, NotFound, Refused, Untrusted
from domain.events import Kind, dump
from domain.record import AUDIT
from gateway.agency.item_opening import ItemOpener, OpenedItem
from gateway.agency.key_sets import KeySets
from gateway.protocol.client import HubClient, retry_until_timeout
from gateway.protocol.commands import READ_VALIDITY, WRITE_VALIDITY, encode_command_payload, request, signed
from keys.genesis import Genesis
from keys.receipt import verify_receipt
from keys.signing import KemKey, SignatureKeys

RETRY_SECONDS = 20.0
MALFORMED_ERRORS = (ValueError, KeyError, TypeError, AttributeError)
"""Raised when an answer does not have the expected form."""


class _KeySetCache:
    """Verified key sets, kept in memory for the lifetime of the office's door."""

    def __init__(self) -> None:
        self._key_sets: dict[bytes, tuple[UUID, bytes]] = {}

    def key_set(self, digest: bytes) -> tuple[UUID, bytes] | None:
        return self._key_sets.get(digest)

    def store_key_set(self, digest: bytes, agency: UUID, payload: bytes) -> None:
        self._key_sets[digest] = (agency, payload)


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
        self._hub_client = client
        self._hub_genesis = genesis
        self._current_time = now
        self._control_requests: dict[UUID | None, UUID] = {}  # by case, None for all cases
        key_sets = KeySets(_KeySetCache(), client.key_sets, genesis)
        self._item_reader = ItemOpener(AUDIT, hub=genesis.hub, kem=kem, key_sets=key_sets)

    def request_content(self, case: UUID, items: Iterable[UUID], *, ground: AuditGround, until: date) -> UUID:
        """Request these items of a case, until the end of that day (in Japan). Returns the request's id, which the two
        officials name in their approval. Raises Refused where the rules do not permit it."""
        command_id = uuid4()
        fields = {
            "case": str(case),
            "opens": sorted(str(item) for item in items),
            "ground": ground.value,
            "until": until.isoformat(),
        }
        return self._submit("audit_content_access.requested", fields, command_id)

    def request_control(self, case: UUID | None, *, ground: AuditGround = AuditGround.AUDIT) -> UUID:
        """Record a request for the control of a case, or of all cases: without one the hub answers no query. It is valid
        until the mandate ends. Returns the request's id, which the export of a bundle needs."""
        fields = {"case": None if case is None else str(case), "ground": ground.value}
        return self._submit("audit_control.requested", fields, uuid4())

    def _submit(self, act: str, fields: dict[str, Any], command_id: UUID) -> UUID:
        data = self._signed_request(
            Kind.LOG, self._hub_genesis.log_id, act, fields, command_id=command_id, valid_for=WRITE_VALIDITY
        )
        answer = retry_until_timeout(lambda: self._hub_client.submit(data), RETRY_SECONDS)
        if answer["outcome"] != "recorded":
            raise Refused("audit-refused", f"The hub recorded the reason {answer['reason']}.")
        receipt = verify_receipt(b64decode(answer["receipt"]), self._hub_genesis.log)
        if (receipt.hub, receipt.command_id) != (self._hub_genesis.hub, command_id):
            raise Untrusted("receipt-of-another")
        return command_id

    def open(
        self, case: UUID, message: UUID, item: UUID, section: str, *, purpose: Purpose = Purpose.AUDIT
    ) -> OpenedItem:
        """Open an item; the hub records the attempt. The released item is verified as at any door.

        Raises NotFound without the approval of two officials (V10), Unavailable ``pending-key`` until the owner's door has
        made the key.
        """
        fields = {
            "message": str(message),
            "item": str(item),
            "section": section,
            "purpose": purpose.value,
        }
        command_id = uuid4()
        data = self._signed_request(Kind.CASE, case, "section.opened", fields, command_id=command_id)
        answer = retry_until_timeout(lambda: self._hub_client.submit(data), RETRY_SECONDS)
        error_code: str | None = None
        try:
            return self._item_reader.opened(case, message, item, answer["release"])
        except ExchangeError as error:
            error_code = f"{error.category}/{error.error_code}"
            raise
        except MALFORMED_ERRORS as error:
            error_code = "untrusted/release-form"
            raise Untrusted("release-form") from error
        finally:
            receipt_fields = {
                "message": str(message),
                "item": str(item),
                "opening": str(command_id),
                "ok": error_code is None,
                "error_code": error_code,
            }
            with suppress(ExchangeError):  # the item was read already; a missing receipt shows in the ledger
                receipt = self._signed_request(Kind.CASE, case, "disclosure.received", receipt_fields)
                retry_until_timeout(lambda: self._hub_client.submit(receipt), RETRY_SECONDS)

    def now(self) -> datetime:
        """The current time by the office's clock."""
        return self._current_time()

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]:
        """Disclosures, readings, consents and notifications, of one case or all, as of a moment.

        The first query of each mandate records a request for control first.
        """
        fields = {"case": None if case is None else str(case), "as_of": dump(as_of)}
        if case not in self._control_requests:
            self._control_requests[case] = self.request_control(case)
        try:
            return self._query_ledger({**fields, "request": str(self._control_requests[case])})
        except NotFound:
            self._control_requests[case] = self.request_control(
                case
            )  # a request of an earlier mandate is not valid any more
            return self._query_ledger({**fields, "request": str(self._control_requests[case])})

    def _query_ledger(self, fields: dict[str, Any]) -> dict[str, Any]:
        def ask() -> dict[str, Any]:  # the hub answers a query once: each try is signed anew
            data = self._signed_request(Kind.LOG, self._hub_genesis.log_id, "ledger", fields)
            return self._hub_client.query(data)

        return retry_until_timeout(ask, RETRY_SECONDS)

    def _signed_request(
        self, kind: Kind, about: UUID, act: str, fields: dict[str, Any], **overrides: Any
    ) -> bytes:
        payload = encode_command_payload(
            hub=self._hub_genesis.hub,
            kind=kind,
            about=about,
            by=AUDIT,
            actor="audit",
            act=act,
            fields=fields,
            now=self._current_time(),
            **{"valid_for": READ_VALIDITY, **overrides},
        )
        return request(signed(payload, self._sig))
