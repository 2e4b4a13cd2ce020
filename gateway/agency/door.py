"""The door: what an agency's people and systems can do, and every check before anything is believed."""

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
"""What reading an answer of the wrong form raises."""


@dataclass(frozen=True)
class SectionContent:
    """One section of a message, in clear, inside the agency: never beyond its door."""

    section: str
    content: bytes = field(repr=False)
    flags: tuple[str, ...] = ()
    schema: str = TEXT


@dataclass(frozen=True)
class SubmissionResult:
    """What became of a command. ``outcome``: recorded, refused, or waiting (kept in the outbox, to be sent again)."""

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


class Door:
    """One agency's door. Thread-safe. Its keys never leave it."""

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
        self._send_lock = RLock()  # one command at a time, so that prev and outbox order agree

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
        asked: bytes | None = None,
    ) -> SubmissionResult:
        """Seal, sign, keep and send one command; returns when its receipt is verified and in hand.

        ``command_id`` may be chosen by who asks, with ``asked``, the bytes that were asked: the same again gets
        what became of it, without being sealed anew; another under the same id is a Conflict.

        Where the hub is away the same bytes are sent again until ``retry_seconds`` (seconds) is over; then the
        command waits in the outbox and ``flush`` goes on. Raises what the hub says where nothing was recorded.
        """
        command_id = command_id or uuid4()
        fingerprint_digest = None if asked is None else self.own_digest(KeyUse.COMMAND_DIGEST, asked)
        with self._send_lock:
            known = self.store.sent(command_id)
            if known is not None and known.state != FAILED:
                return self._resend_known(known, fingerprint_digest)
            parts = self._with_notifier_flags(about, parts) if kind is Kind.CASE else parts
            for attempt in range(RESEAL_ATTEMPTS):
                data, frame = self._sealed_request(
                    kind, about, act, fields, parts, actor, occurred_at, command_id
                )
                self.store.enqueue(
                    command_id, about, act, dump(self.now()), frame.digest, data, fingerprint_digest
                )
                try:
                    return self._deliver(command_id, about, frame.digest, data)
                except Conflict as conflict:
                    # Nothing was recorded: readers, keys or our last frame have changed since we asked.
                    if (
                        conflict.error_code not in ("wrong-recipients", "stale-key-set")
                        or attempt == RESEAL_ATTEMPTS - 1
                    ):
                        self.store.fail(command_id, problem(conflict)[1])
                        raise
                except Unavailable:
                    return SubmissionResult(command_id, about, "waiting")
                except InvariantViolation:
                    raise  # it may have been recorded: it stays in the outbox
                except ExchangeError as error:
                    self.store.fail(command_id, problem(error)[1])
                    raise
            raise AssertionError("the loop returns or raises")  # no cover

    def own_digest(self, use: OwnDigestUse, data: bytes) -> bytes:
        """The digest by which this door, and nobody else, recognises these bytes (KH-1 §4)."""
        return self._kem.own_digest(use, data)

    def _mark_digest(self, word: bytes) -> bytes:
        return self.own_digest(KeyUse.NOTIFIER_MARK, word)

    def _with_notifier_flags(self, case: UUID, parts: Sequence[SectionContent]) -> Sequence[SectionContent]:
        """Flag what shows who notified; the flag is signed with the command, and the hub refuses it."""
        for part in parts:
            if part.section == Section.NOTIFIER:
                result = notifier_marks(part.content.decode("utf-8", "replace"), self._mark_digest)
                self.store.store_marks(case, result)
        marks = self.store.marks(case) if parts else {}
        return [self._with_trace_flag(part, marks) for part in parts] if marks else parts

    def _with_trace_flag(self, part: SectionContent, marks: Marks) -> SectionContent:
        text = part.content.decode("utf-8", "replace")
        if part.section == Section.NOTIFIER or not contains_mark(text, marks, self._mark_digest):
            return part
        return replace(part, flags=tuple(sorted({*part.flags, Flag.NOTIFIER_TRACE.value})))

    def _resend_known(self, known: OutboxEntry, fingerprint_digest: bytes | None) -> SubmissionResult:
        """What became of a command that was asked before, if it was this very one."""
        if fingerprint_digest is None or known.asked != fingerprint_digest:
            raise Conflict("command-id-taken", "choose a new command_id for another command")
        if known.request is not None:
            try:
                digest = _frame_of(known.request).digest
                return self._deliver(known.command_id, known.about, digest, known.request)
            except Unavailable:
                return SubmissionResult(known.command_id, known.about, "waiting")
            except InvariantViolation:
                raise  # it may have been recorded: it stays in the outbox
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
        """Send again what waits in the outbox; the same bytes. Returns how many got their answer."""
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
            raise InvariantViolation(
                "receipt-not-verified", "the hub's receipt does not hold: nothing is proven"
            ) from error
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
            raise Untrusted("receipt-form", "what the hub answered is no receipt") from error
        if (receipt.hub, receipt.command_id, receipt.frame) != (self.hub, command_id, digest):
            raise Untrusted("receipt-of-another", "the hub gave a receipt for another command")
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
        """The request for this command, sealed for just those whom the hub's rule names."""
        keyset = self.keyset()
        item_ids = [uuid4() for _ in parts]
        readers_of = self._recipients(about, act, fields, parts, item_ids, actor) if parts else {}
        items: list[ItemRef] = []
        wrapped_keys: list[WrappedKeyRef] = []
        inline_items: list[bytes] = []
        wrapped_key_bytes: list[bytes] = []
        for item_id, part in zip(item_ids, parts, strict=True):
            sealed = seal_item(
                hub=self.hub,
                about=About(kind, about),
                item=item_id,
                section=part.section,
                schema=part.schema,
                keyset=keyset,
                content=part.content,
            )
            inline = sealed.size <= INLINE_ITEM_MAX_BYTES
            if inline:
                inline_items.append(sealed.sealed)
            else:
                self._retry(partial(self._upload_item, sealed, actor))
            items.append(_item_ref_of(item_id, part, sealed, inline))
            for reader in readers_of[item_id]:
                wrapped_key = seal_wrapped_key(
                    hub=self.hub,
                    about=About(kind, about),
                    item=item_id,
                    kc=sealed.kc,
                    keyset=keyset,
                    to=reader.kem,
                    item_key=sealed.key,
                )
                wrapped_keys.append(
                    WrappedKeyRef(
                        item=item_id, to=reader.agency, kid=reader.kem.kid, digest=sha256(wrapped_key)
                    )
                )
                wrapped_key_bytes.append(wrapped_key)
        frame = self._signed_frame(
            kind,
            about,
            act,
            fields,
            actor,
            prev=self.store.last_frame(about) or ZEROS,
            command_id=command_id,
            occurred_at=occurred_at,
            items=items,
            wrapped_keys=wrapped_keys,
            valid_for=WRITE_VALIDITY,
        )
        return request(frame, [*inline_items, *wrapped_key_bytes]), frame

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
        """For whom each item is to be wrapped, with keys that the registrars vouch for."""
        items = [
            {"item": str(n), "section": p.section, "flags": sorted(p.flags)}
            for n, p in zip(item_ids, parts, strict=True)
        ]
        answer = self.query(
            Kind.CASE, about, "recipients", {"act": act, "fields": dict(fields), "items": items}, actor=actor
        )
        result = {
            agency: self.key_sets.by_digest(bytes.fromhex(digest), UUID(agency))
            for agency, digest in answer["keysets"].items()
        }
        return {item_id: [result[agency] for agency in answer["items"][str(item_id)]] for item_id in item_ids}

    def query(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], *, actor: str
    ) -> dict[str, Any]:
        """A signed question that leaves no record."""
        data = self._signed_query(kind, about, act, fields, actor)
        return self._retry(lambda: self.client.query(data))

    def _signed_query(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], actor: str
    ) -> bytes:
        return request(self._signed_frame(kind, about, act, fields, actor, valid_for=READ_VALIDITY))

    def _signed_frame(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], actor: str, **more: Any
    ) -> Frame:
        """A frame of this agency, signed now under its key set in force."""
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
        """The agencies that can be addressed, from key sets that the registrars vouch for, by code."""
        result = [
            self.key_sets.by_digest(bytes.fromhex(a["keyset"]), UUID(a["id"]))
            for a in self._retry(self.client.agencies)
        ]
        return sorted(result, key=lambda k: k.code)

    def keyset(self) -> bytes:
        """The digest of this agency's key set in force, which must be the one of the keys held here."""
        if self._keyset is None:
            self.key_sets.verify(frames := self._fetch_key_sets(self.agency))
            digest = frames[-1].digest if frames else ZEROS
            own_key_set = self.key_sets.by_digest(digest, self.agency)
            if own_key_set.sig != self._sig.public or own_key_set.kem != self._kem.public:
                raise Untrusted(
                    "key-set-not-ours", "the key set in force is not the one of the keys held here"
                )
            self._keyset = digest
        return self._keyset

    # --- reading ---------------------------------------------------------------------------------------------

    def refresh(self) -> int:
        """Take in what is new in the feed. Returns how many messages changed."""
        changed, more = 0, True
        while more:
            readers_of = {"cursor": self.store.cursor, "erased": self.store.erased}
            page = self.query(Kind.AGENCY, self.agency, "feed", readers_of, actor="door")
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
        """Ask to read one item, verify everything that comes back, and say whether it held.

        Raises NotFound (no such item, or not yours), Untrusted (what came does not hold; the hub is told).
        """
        fields = {"message": str(message), "item": str(item), "section": section, "purpose": purpose.value}
        opening, answer = self._submit_reading(case, "section.opened", fields, actor)
        error_code: str | None = None
        try:
            return self._item_opener.opened(case, message, item, answer["release"])
        except ExchangeError as error:
            error_code = f"{error.code}/{error.error_code}"
            raise
        except MALFORMED_ERRORS as error:
            error_code = "untrusted/release-form"
            raise Untrusted("release-form", "what the hub handed over is not of its form") from error
        finally:
            received = {
                "message": str(message),
                "item": str(item),
                "opening": str(opening),
                "ok": error_code is None,
                "error_code": error_code,
            }
            with suppress(
                ExchangeError, *MALFORMED_ERRORS
            ):  # what was read stays read; a missing receipt shows in the ledger
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
        """Make the wrapped keys that standing readers still lack of items we can read. Returns how many.

        Basis: CWA 25-2(5). Each own wrapped key is fetched on record; no content is opened for it.
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
        """For whom a duty is: the audit office with the key of the pinned genesis, or an agency with its own."""
        if pending_rewrap["to"] == AUDIT:
            return AUDIT, self.genesis.audit_kem
        to = self.key_sets.by_digest(bytes.fromhex(pending_rewrap["keyset"]), UUID(pending_rewrap["to"]))
        return to.agency, to.kem


def _item_ref_of(item_id: UUID, part: SectionContent, sealed: SealedItem, inline: bool) -> ItemRef:
    return ItemRef(
        item=item_id,
        section=part.section,
        flags=tuple(sorted(part.flags)),
        schema=part.schema,
        size=sealed.size,
        storage="inline" if inline else "store",
        kc=sealed.kc,
        digest=sealed.digest,
    )


def _frame_of(data: bytes) -> Frame:
    return parse_request(data).frame
