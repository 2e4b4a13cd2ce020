"""The door: what an agency's people and systems can do, and every check of what the hub answers."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from threading import RLock
from typing import Any, TypeVar
from uuid import UUID, uuid4

from domain.codes import Flag, Purpose, Section
from domain.errors import Conflict, ExchangeError, InvariantViolation, Unavailable, Untrusted
from domain.events import Kind, dump
from domain.record import AUDIT, About
from gateway.agency.item_opening import ItemOpener, OpenedItem
from gateway.agency.key_sets import KeySets
from gateway.agency.notifier_marks import Marks, contains_mark, notifier_marks
from gateway.agency.store import FAILED, WAITING, DoorStore, OutboxEntry
from gateway.protocol.client import HubClient, retry_until_timeout
from gateway.protocol.commands import READ_VALIDITY, WRITE_VALIDITY, encode_command_payload, request, signed
from gateway.protocol.problems import problem
from keys.command import INLINE_ITEM_MAX_BYTES, ItemRef, To, WrappedKeyRef
from keys.derive import KeyUse, OwnDigestUse
from keys.frame import Frame
from keys.genesis import Genesis
from keys.item import SealedItem, seal_item
from keys.keyset import KeySet
from keys.lp import ZEROS, sha256
from keys.receipt import Receipt, verify_receipt
from keys.request import parse_request
from keys.signing import KemKey, KemPublic, SignatureKeys
from keys.wrapped_key import seal_wrapped_key

TEXT = "text/v1"
RETRY_SECONDS = 20.0
RESEAL_ATTEMPTS = 4
T = TypeVar("T")
MALFORMED_ERRORS = (ValueError, KeyError, TypeError, AttributeError)
"""What parsing an answer of the wrong form raises."""


@dataclass(frozen=True)
class SectionContent:
    """One section of a message in clear. It never leaves the agency's door."""

    section: str
    content: bytes = field(repr=False)
    flags: tuple[str, ...] = ()
    schema: str = TEXT


@dataclass(frozen=True)
class SubmissionResult:
    """What became of a command. ``outcome``: recorded, refused, or waiting (in the outbox, sent again later)."""

    command_id: UUID
    case: UUID
    outcome: str
    topic: str | None = None
    reason: str | None = None
    at_fault: str | None = None
    held: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    items: tuple[tuple[UUID, str], ...] = ()
    receipt: Receipt | None = None


@dataclass(frozen=True)
class _SealedPart:
    """A part of a request: the sealed item, how the frame names it, and its wrapped keys with theirs."""

    sealed: SealedItem
    is_inline: bool
    item_ref: ItemRef
    wrapped_keys: Sequence[tuple[WrappedKeyRef, bytes]]


class Door:
    """One agency's door. Thread-safe. Its private keys never leave it.

    ``retry_seconds``: how long a call is retried while the hub is away.
    """

    def __init__(
        self,
        *,
        agency: UUID,
        sig: SignatureKeys,
        kem: KemKey,
        client: HubClient,
        store: DoorStore,
        genesis: Genesis,
        now: Callable[[], datetime],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.agency = agency
        self.store = store
        self.client = client
        self.genesis = genesis
        self.hub = genesis.hub
        self.now = now
        self.key_sets = KeySets(store, self._fetch_key_sets, genesis)
        self._item_opener = ItemOpener(agency, hub=genesis.hub, kem=kem, key_sets=self.key_sets)
        self._sig = sig
        self._kem = kem
        self._retry_seconds = retry_seconds
        self._keyset: bytes | None = None
        self._send_lock = RLock()  # one command at a time, so that ``prev`` follows the order of the outbox

    # --- sending ---------------------------------------------------------------------------------------------

    def send(
        self,
        kind: Kind,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent] = (),
        *,
        actor: str,
        occurred_at: datetime | None = None,
        command_id: UUID | None = None,
        request: bytes | None = None,
    ) -> SubmissionResult:
        """Seal, sign, store and send one command. Returns when its receipt has arrived and is verified.

        A caller may choose the ``command_id`` (idempotency key) and then gives ``request``, the bytes of its request:
        the same request again returns the outcome of the first, without sealing again; another request under the same
        id raises Conflict.

        While the hub is away the same bytes are retried for ``retry_seconds``; then the outcome is ``waiting``, and
        ``flush`` sends them later. Raises the hub's error if nothing was recorded.
        """
        command_id = command_id or uuid4()
        request_digest = None if request is None else self.own_digest(KeyUse.COMMAND_DIGEST, request)
        with self._send_lock:
            known = self.store.sent(command_id)
            if known is not None and known.state != FAILED:
                return self._resend_known(known, request_digest)
            parts = self._with_notifier_flags(about, parts) if kind is Kind.CASE else parts
            for attempt in range(RESEAL_ATTEMPTS):
                data, frame = self._sealed_request(
                    kind, about, act, fields, parts, actor, occurred_at, command_id
                )
                self.store.enqueue(
                    command_id, about, act, dump(self.now()), frame.digest, data, request_digest
                )
                try:
                    return self._deliver(command_id, about, frame.digest, data)
                except Conflict as conflict:
                    # Nothing was recorded: the recipients or a key set changed after the query, so seal again.
                    if (
                        conflict.error_code not in ("wrong-recipients", "stale-key-set")
                        or attempt == RESEAL_ATTEMPTS - 1
                    ):
                        self.store.fail(command_id, problem(conflict)[1])
                        raise
                except Unavailable:
                    return SubmissionResult(command_id, about, "waiting")
                except InvariantViolation:
                    raise  # it may have been recorded: it stays waiting in the outbox
                except ExchangeError as error:
                    self.store.fail(command_id, problem(error)[1])
                    raise
            raise AssertionError("the loop returns or raises")  # no cover

    def own_digest(self, use: OwnDigestUse, data: bytes) -> bytes:
        """A digest by which only this door can recognise these bytes again (KH-1 §4)."""
        return self._kem.own_digest(use, data)

    def _mark_digest(self, word: bytes) -> bytes:
        return self.own_digest(KeyUse.NOTIFIER_MARK, word)

    def _with_notifier_flags(self, case: UUID, parts: Sequence[SectionContent]) -> Sequence[SectionContent]:
        """Flag parts that reveal the notifier. The flag is signed with the command, and the hub refuses to disclose them."""
        for part in parts:
            if part.section == Section.NOTIFIER:
                new_marks = notifier_marks(part.content.decode("utf-8", "replace"), self._mark_digest)
                self.store.store_marks(case, new_marks)
        marks = self.store.marks(case) if parts else {}
        return [self._with_trace_flag(part, marks) for part in parts] if marks else parts

    def _with_trace_flag(self, part: SectionContent, marks: Marks) -> SectionContent:
        text = part.content.decode("utf-8", "replace")
        if part.section == Section.NOTIFIER or not contains_mark(text, marks, self._mark_digest):
            return part
        return replace(part, flags=tuple(sorted({*part.flags, Flag.NOTIFIER_TRACE.value})))

    def _resend_known(self, known: OutboxEntry, request_digest: bytes | None) -> SubmissionResult:
        """The outcome of a command that was requested before. Raises Conflict if that was another request."""
        if request_digest is None or known.request_digest != request_digest:
            raise Conflict("command-id-taken")
        if known.request is not None:
            try:
                digest = _frame_of(known.request).digest
                return self._deliver(known.command_id, known.about, digest, known.request)
            except Unavailable:
                return SubmissionResult(known.command_id, known.about, "waiting")
            except InvariantViolation:
                raise  # it may have been recorded: it stays waiting in the outbox
            except ExchangeError as error:
                self.store.fail(known.command_id, problem(error)[1])
                raise
        answer = known.answer or {}
        return SubmissionResult(
            command_id=known.command_id,
            case=known.about,
            outcome=str(answer["outcome"]),
            topic=answer["topic"],
            reason=answer["reason"],
            at_fault=answer["at_fault"],
            held=tuple(answer["held"]),
            fitting=tuple(answer["fitting"]),
            receipt=verify_receipt(b64decode(answer["receipt"]), self.genesis.log),
        )

    def flush(self) -> int:
        """Send the waiting commands of the outbox again, the same bytes. Returns how many were answered."""
        done = 0
        with self._send_lock:
            for waiting in self.store.outgoing(WAITING):
                if waiting.request is None:
                    continue
                digest = _frame_of(waiting.request).digest
                try:
                    self._deliver(waiting.command_id, waiting.about, digest, waiting.request)
                except (Unavailable, InvariantViolation):
                    break
                except ExchangeError as error:
                    self.store.fail(waiting.command_id, problem(error)[1])
                done += 1
        return done

    def _deliver(self, command_id: UUID, about: UUID, digest: bytes, data: bytes) -> SubmissionResult:
        payload = parse_request(data).payload
        answer = self._retry(lambda: self.client.submit(data))
        try:
            receipt = self._verified_receipt(answer, command_id, digest)
        except (ExchangeError, *MALFORMED_ERRORS) as error:
            raise InvariantViolation("receipt-not-verified") from error
        self.store.confirm(command_id, {k: v for k, v in answer.items() if k != "release"})
        return SubmissionResult(
            command_id=command_id,
            case=about,
            outcome=str(answer["outcome"]),
            topic=answer["topic"],
            reason=answer["reason"],
            at_fault=answer["at_fault"],
            held=tuple(answer["held"]),
            fitting=tuple(answer["fitting"]),
            items=tuple((i.item, i.section) for i in payload.items),
            receipt=receipt,
        )

    def _retry(self, call: Callable[[], T]) -> T:
        return retry_until_timeout(call, self._retry_seconds)

    def _fetch_key_sets(self, agency: UUID) -> list[Frame]:
        return self._retry(lambda: self.client.key_sets(agency))

    def _verified_receipt(self, answer: Mapping[str, Any], command_id: UUID, digest: bytes) -> Receipt:
        try:
            receipt = verify_receipt(b64decode(answer["receipt"]), self.genesis.log)
        except MALFORMED_ERRORS as error:
            raise Untrusted("receipt-form") from error
        if (receipt.hub, receipt.command_id, receipt.frame) != (self.hub, command_id, digest):
            raise Untrusted("receipt-of-another")
        return receipt

    def _sealed_request(
        self,
        kind: Kind,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent],
        actor: str,
        occurred_at: datetime | None,
        command_id: UUID,
    ) -> tuple[bytes, Frame]:
        """The signed request of this command, sealed for the recipients that the hub's rules name, and its frame."""
        keyset = self.keyset()
        item_ids = [uuid4() for _ in parts]
        readers_of = self._recipients(about, act, fields, parts, item_ids, actor) if parts else {}
        sealed_parts = [
            self._seal_part(About(kind, about), item_id, part, keyset, readers_of[item_id])
            for item_id, part in zip(item_ids, parts, strict=True)
        ]
        for sealed_part in sealed_parts:
            if not sealed_part.is_inline:
                self._retry(partial(self._upload_item, sealed_part.sealed, actor))
        frame = self._signed_frame(
            kind,
            about,
            act,
            fields,
            actor,
            prev=self.store.last_frame(about) or ZEROS,
            command_id=command_id,
            occurred_at=occurred_at,
            items=[p.item_ref for p in sealed_parts],
            wrapped_keys=[ref for p in sealed_parts for ref, _ in p.wrapped_keys],
            valid_for=WRITE_VALIDITY,
        )
        inline_items = [p.sealed.sealed for p in sealed_parts if p.is_inline]
        wrapped_keys = [wrapped_key for p in sealed_parts for _, wrapped_key in p.wrapped_keys]
        return request(frame, [*inline_items, *wrapped_keys]), frame

    def _seal_part(
        self, about: About, item_id: UUID, part: SectionContent, keyset: bytes, readers: Sequence[KeySet]
    ) -> _SealedPart:
        """Seal one part under a new item key, and wrap that key to each reader."""
        sealed = seal_item(
            hub=self.hub,
            about=about,
            item=item_id,
            section=part.section,
            schema=part.schema,
            keyset=keyset,
            content=part.content,
        )
        wrapped_keys = []
        for reader in readers:
            wrapped_key = seal_wrapped_key(
                hub=self.hub,
                about=about,
                item=item_id,
                kc=sealed.kc,
                keyset=keyset,
                to=reader.kem,
                item_key=sealed.key,
            )
            ref = WrappedKeyRef(
                item=item_id, to=reader.agency, kid=reader.kem.kid, digest=sha256(wrapped_key)
            )
            wrapped_keys.append((ref, wrapped_key))
        is_inline = sealed.size <= INLINE_ITEM_MAX_BYTES
        return _SealedPart(sealed, is_inline, _item_ref_of(item_id, part, sealed, is_inline), wrapped_keys)

    def _upload_item(self, sealed: SealedItem, actor: str) -> dict[str, Any]:
        signed_upload = self._signed_query(
            Kind.AGENCY, self.agency, "upload", {"digest": sealed.digest.hex()}, actor
        )
        self.client.put_item(sealed.digest, sealed.sealed, signed_upload)
        return {}

    def _recipients(
        self,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent],
        item_ids: Sequence[UUID],
        actor: str,
    ) -> dict[UUID, list[KeySet]]:
        """Item -> the key sets for which its key is to be wrapped, as the hub's rules say and the registrars signed."""
        items = [
            {"item": str(n), "section": p.section, "flags": sorted(p.flags)}
            for n, p in zip(item_ids, parts, strict=True)
        ]
        answer = self.query(
            Kind.CASE, about, "recipients", {"act": act, "fields": dict(fields), "items": items}, actor=actor
        )
        key_set_of = {
            agency: self.key_sets.by_digest(bytes.fromhex(digest), UUID(agency))
            for agency, digest in answer["keysets"].items()
        }
        return {
            item_id: [key_set_of[agency] for agency in answer["items"][str(item_id)]] for item_id in item_ids
        }

    def query(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], *, actor: str
    ) -> dict[str, Any]:
        """Send a signed query, which leaves no record, and return its answer."""
        data = self._signed_query(kind, about, act, fields, actor)
        return self._retry(lambda: self.client.query(data))

    def _signed_query(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], actor: str
    ) -> bytes:
        return request(self._signed_frame(kind, about, act, fields, actor, valid_for=READ_VALIDITY))

    def _signed_frame(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], actor: str, **more: Any
    ) -> Frame:
        """A frame of this agency, signed under its key set in force."""
        payload = encode_command_payload(
            hub=self.hub,
            kind=kind,
            about=about,
            by=self.agency,
            actor=actor,
            act=act,
            fields=fields,
            now=self.now(),
            keyset=self.keyset(),
            **more,
        )
        return signed(payload, self._sig)

    def directory(self) -> list[KeySet]:
        """The agencies that can be addressed, as their key sets, which the registrars signed; ordered by code."""
        key_sets = [
            self.key_sets.by_digest(bytes.fromhex(a["keyset"]), UUID(a["id"]))
            for a in self._retry(self.client.agencies)
        ]
        return sorted(key_sets, key=lambda k: k.code)

    def keyset(self) -> bytes:
        """The digest of this agency's key set in force. Raises Untrusted if it is not that of the keys held here."""
        if self._keyset is None:
            self.key_sets.verify(frames := self._fetch_key_sets(self.agency))
            digest = frames[-1].digest if frames else ZEROS
            own_key_set = self.key_sets.by_digest(digest, self.agency)
            if own_key_set.sig != self._sig.public or own_key_set.kem != self._kem.public:
                raise Untrusted("key-set-not-ours")
            self._keyset = digest
        return self._keyset

    # --- reading ---------------------------------------------------------------------------------------------

    def refresh(self) -> int:
        """Read the feed from the stored cursor on. Returns how many messages changed."""
        changed, more = 0, True
        while more:
            position = {"cursor": self.store.cursor, "erased": self.store.erased}
            page = self.query(Kind.AGENCY, self.agency, "feed", position, actor="door")
            self.store.store_feed_page(page["messages"], page["cursor"], page["tasks"], page["erased"])
            changed += len(page["messages"])
            more = bool(page["more"] or page["erased"])
        return changed

    def open(
        self,
        case: UUID,
        message: UUID,
        item: UUID,
        section: str,
        *,
        actor: str,
        purpose: Purpose = Purpose.SUPPORT,
    ) -> OpenedItem:
        """Open one item: request its release, verify and decrypt it, and record at the hub whether that succeeded.

        Raises NotFound (no such item, or not yours), Untrusted (the release failed verification).
        """
        fields = {"message": str(message), "item": str(item), "section": section, "purpose": purpose.value}
        opening, answer = self._submit_reading(case, "section.opened", fields, actor)
        error_code: str | None = None
        try:
            return self._item_opener.opened(case, message, item, answer["release"])
        except ExchangeError as error:
            error_code = f"{error.category}/{error.error_code}"
            raise
        except MALFORMED_ERRORS as error:
            error_code = "untrusted/release-form"
            raise Untrusted("release-form") from error
        finally:
            received = {
                "message": str(message),
                "item": str(item),
                "opening": str(opening),
                "ok": error_code is None,
                "error_code": error_code,
            }
            # The item is open now, whatever becomes of this; the ledger shows a missing record of receipt.
            with suppress(ExchangeError, *MALFORMED_ERRORS):
                self._submit_reading(case, "disclosure.received", received, actor)

    def _submit_reading(
        self, case: UUID, act: str, fields: Mapping[str, Any], actor: str
    ) -> tuple[UUID, dict[str, Any]]:
        command_id = uuid4()
        frame = self._signed_frame(
            Kind.CASE, case, act, fields, actor, command_id=command_id, valid_for=READ_VALIDITY
        )
        data = request(frame)
        answer = self._retry(lambda: self.client.submit(data))
        self._verified_receipt(answer, command_id, frame.digest)
        return command_id, answer

    # --- duties ----------------------------------------------------------------------------------------------

    def rewrap(self, *, actor: str) -> int:
        """Make the wrapped keys that standing readers lack for items we can read. Returns how many were made.

        Basis: CWA 25-2(5). Fetching our own wrapped key for it is recorded; no content is opened.
        """
        done = 0
        for task in self.store.tasks():
            if task["kind"] == "REWRAP":
                done += self._rewrap_case(UUID(task["case"]), actor)
        return done

    def _rewrap_case(self, case: UUID, actor: str) -> int:
        duties = self.query(Kind.CASE, case, "duties", {}, actor=actor)["duties"]
        wrapped_keys: list[WrappedKeyRef] = []
        parts: list[bytes] = []
        for pending_rewrap in duties:
            item, message = UUID(pending_rewrap["item"]), UUID(pending_rewrap["message"])
            to, key_of = self._rewrap_target(pending_rewrap)
            fields = {"message": str(message), "item": str(item), "section": pending_rewrap["section"]}
            _, answer = self._submit_reading(case, "wrapped_key_fetched_for.rewrap", fields, actor)
            payload = self._item_opener.verified_author_payload(
                answer["release"]["frame"], answer["release"]["key_sets"], case
            )
            item_ref = next(i for i in payload.items if i.item == item)
            key = self._item_opener.unwrapped_item_key(case, payload, item_ref, answer["release"])
            wrapped_key = seal_wrapped_key(
                hub=self.hub,
                about=payload.about,
                item=item,
                kc=item_ref.kc,
                keyset=self.keyset(),
                to=key_of,
                item_key=key,
            )
            wrapped_keys.append(WrappedKeyRef(item=item, to=to, kid=key_of.kid, digest=sha256(wrapped_key)))
            parts.append(wrapped_key)
        if not wrapped_keys:
            return 0
        command_id = uuid4()
        with self._send_lock:
            prev = self.store.last_frame(case) or ZEROS
            frame = self._signed_frame(
                Kind.CASE,
                case,
                "items.rewrapped",
                {},
                actor,
                prev=prev,
                command_id=command_id,
                wrapped_keys=wrapped_keys,
            )
            data = request(frame, parts)
            self.store.enqueue(command_id, case, "items.rewrapped", dump(self.now()), frame.digest, data)
            self._deliver(command_id, case, frame.digest, data)
        return len(wrapped_keys)

    def _rewrap_target(self, pending_rewrap: Mapping[str, str]) -> tuple[To, KemPublic]:
        """For whom to wrap: the audit office with the key of the pinned genesis, or an agency with its own key."""
        if pending_rewrap["to"] == AUDIT:
            return AUDIT, self.genesis.audit_kem
        to = self.key_sets.by_digest(bytes.fromhex(pending_rewrap["keyset"]), UUID(pending_rewrap["to"]))
        return to.agency, to.kem


def _item_ref_of(item_id: UUID, part: SectionContent, sealed: SealedItem, is_inline: bool) -> ItemRef:
    return ItemRef(
        item=item_id,
        section=part.section,
        flags=tuple(sorted(part.flags)),
        schema=part.schema,
        size=sealed.size,
        storage="inline" if is_inline else "store",
        kc=sealed.kc,
        digest=sealed.digest,
    )


def _frame_of(data: bytes) -> Frame:
    return parse_request(data).frame
