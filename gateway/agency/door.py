"""The door: what an agency's people and systems can do, and every check of what the hub answers."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import RLock
from typing import Any, TypeVar
from uuid import UUID, uuid4

from domain.actors import Actor, is_system
from domain.codes import Flag, Purpose, Section
from domain.errors import (
    Conflict,
    ExchangeError,
    InvariantViolation,
    Malformed,
    Refused,
    Unavailable,
    Untrusted,
)
from domain.events import BEGINS_CASE, EVENTS, CoercionCheckConfirmed, CoercionCheckDone, Kind, dump
from domain.record import AUDIT, About
from domain.roles import DoorAct, opening_act
from domain.tasks import TaskKind
from gateway.agency.attachment_store import kept_name
from gateway.agency.case_matters import CaseMatters
from gateway.agency.content_form import identifying_texts, require_content_form, searched_texts
from gateway.agency.control_form import TEXT_SCHEMA, require_command_form, require_signed_form
from gateway.agency.documents import BYTES_SCHEMA
from gateway.agency.drafts import Draft, SectionContent, open_draft, seal_draft
from gateway.agency.implied_addressees import with_implied_addressees
from gateway.agency.index.case_index import CaseIndex
from gateway.agency.index.case_overview import CaseOverviews
from gateway.agency.index.charges import Charges
from gateway.agency.index.sealed_families import FamilySeal
from gateway.agency.item_opening import ItemOpener, OpenedItem
from gateway.agency.key_sets import KeySets
from gateway.agency.notifier_marks import Marks, contains_mark, notifier_marks, with_marks
from gateway.agency.own_seal import open_own, seal_own
from gateway.agency.permissions import Permissions, Unattended
from gateway.agency.protected_addresses import NOTIFIER_MET, ProtectedAddresses
from gateway.agency.recent_contents import RecentContents
from gateway.agency.store import FAILED, WAITING, DoorStore, OutboxEntry
from gateway.agency.task_store import TaskChanges
from gateway.protocol.client import HubClient, retry_until_timeout
from gateway.protocol.commands import READ_VALIDITY, WRITE_VALIDITY, encode_command_payload, request, signed
from gateway.protocol.problems import problem
from gateway.protocol.waiting import seconds_left
from keys.command import INLINE_ITEM_MAX_BYTES, CommandPayload, ItemRef, To, WrappedKeyRef
from keys.derive import KeyUse, OwnDigestUse
from keys.device import Envelope
from keys.frame import Frame, FrameType, sign
from keys.genesis import Genesis
from keys.item import SealedItem, seal_item
from keys.keyset import KeySet
from keys.lp import ZEROS, sha256
from keys.receipt import Receipt, verify_receipt
from keys.request import parse_request
from keys.signing import KemKey, KemPublic, SignatureKeys, SignaturePublic
from keys.wrapped_key import seal_wrapped_key

TEXT = TEXT_SCHEMA
RETRY_SECONDS = 20.0
RESEAL_ATTEMPTS = 4
CODES_TO_RESEAL = ("wrong-recipients", "stale-key-set", "item-not-uploaded")
"""Nothing was recorded: recipients or a key set have changed, or the hub no longer holds an uploaded item."""
DIRECTORY = "directory"
T = TypeVar("T")
MALFORMED_ERRORS = (ValueError, KeyError, TypeError, AttributeError)
"""What parsing an answer of the wrong form raises."""


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
class DryRun:
    """What the hub would answer a command that is not sent yet: ``reason`` of a refusal, None where it would accept it.
    ``notifier_in``: the sections in which this door met words of the notifier."""

    reason: str | None
    at_fault: str | None = None
    fitting: tuple[str, ...] = ()
    notifier_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class _SealedPart:
    """A part of a request: the sealed item, how the frame names it, and its wrapped keys with theirs."""

    sealed: SealedItem
    is_inline: bool
    item_ref: ItemRef
    wrapped_keys: Sequence[tuple[WrappedKeyRef, bytes]]


DOOR_ACTOR = "sys:door"
"""Who acts where a door does by itself what is its duty: it reads the feed and makes missing keys."""


def require_person(act: str, actor: str) -> None:
    """Raises Refused where this act is a person's own word and this actor is a system."""
    event = EVENTS.get(act)
    if event is not None and event.ACTOR is Actor.PERSON and is_system(actor):
        raise Refused("person-required", "Let a person sign in and do it.")


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
        self.addresses = ProtectedAddresses(
            store.addresses, partial(kem.own_digest, KeyUse.ADDRESS_MARK), now
        )
        self.index = CaseIndex(store, FamilySeal(kem, genesis.hub), self.addresses, now)
        self.charges = Charges(store.charges, kem, genesis.hub, now)
        self.overviews = CaseOverviews(store, agency)
        self.matters = CaseMatters()
        self.recent = RecentContents()
        self.permissions: Permissions = Unattended()
        """Who may do what here; a door to which people or systems come asks its staff (``agency_app``, ``open_door``)."""
        self._retry_seconds = retry_seconds
        self._keyset: bytes | None = None
        self.keeps_directory = False
        """Whether ``refresh_directory`` is called at short intervals, so that no caller of ``directory`` need wait."""
        self.key_problem: str | None = None
        """Why this agency's key set can't be used, as far as known; None if nothing is known against it."""
        self._feed_is_behind = False
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
        ``flush`` sends them later. What can't be sealed for its recipients without the hub waits likewise, sealed for
        this agency alone. Raises Refused where this person or system may not do it here, where a system gives a person's
        word, or where a protected address stands
        outside ADDR, and Malformed for what has no place in control (see ``control_form``) and for content that does not have
        the form of its schema (see ``content_form``), all before anything leaves the door; raises the hub's error if nothing was recorded.
        """
        require_person(act, actor)
        self._require_permitted(kind, about, act, fields, actor)
        command_id = command_id or uuid4()
        request_digest = None if request is None else self.own_digest(KeyUse.COMMAND_DIGEST, request)
        with self._send_slot() as has_slot:
            known = self.store.sent(command_id)
            if known is not None and known.state != FAILED:
                return self._resend_known(known, request_digest)
            require_command_form(
                kind, about, act, fields, parts, actor=actor, occurred_at=occurred_at, now=self.now()
            )
            require_content_form(parts)
            fields = self._addressed(
                act, fields
            )  # asks the hub whom it knows: nothing of a wrong form comes so far
            if kind is Kind.CASE:
                self.addresses.require_clean(about, act, parts, actor=actor, refresh=self.refresh_if_possible)
                parts = self._with_notifier_flags(about, act, parts, actor)
                self.addresses.note_sent(about, command_id, act, fields, parts, actor=actor)
            self.permissions.note(
                act, actor, about if kind is Kind.CASE and self.overviews.of(about) else None
            )
            draft = Draft(command_id, kind, about, act, fields, parts, actor, occurred_at)
            sealed_draft = seal_draft(draft, self.hub, self._kem)
            if has_slot:
                return self._seal_and_deliver(draft, sealed_draft, request_digest)
            return self._put_off(draft, sealed_draft, request_digest)

    def dry_run(
        self,
        case: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent] = (),
        *,
        actor: str,
        occurred_at: datetime | None = None,
    ) -> DryRun:
        """What the hub would answer this message now; nothing is recorded, there or here. The form is checked here first.

        Content stays here: the hub is asked with sections and flags. Raises like ``send`` for what would not leave the
        door, Refused where the hub does not answer this beforehand, and Unavailable where it can't now; it is asked once.
        """
        parts = self.checked_parts(case, act, fields, parts, actor=actor, occurred_at=occurred_at)
        fields = self._addressed(act, fields)
        traces = tuple(p.section for p in parts if Flag.NOTIFIER_TRACE in p.flags)
        items = [{"item": str(uuid4()), "section": p.section, "flags": sorted(p.flags)} for p in parts]
        frame = self._signed_frame(
            Kind.CASE,
            case,
            "dry_run",
            {"act": act, "fields": dict(fields), "items": items},
            actor,
            occurred_at=occurred_at,
            valid_for=READ_VALIDITY,
        )
        answer = self.client.query(request(frame))
        try:
            return DryRun(answer["reason"], answer["at_fault"], tuple(answer["fitting"]), traces)
        except MALFORMED_ERRORS as error:
            raise Unavailable("unexpected-answer") from error

    def checked_parts(
        self,
        case: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent],
        *,
        actor: str,
        occurred_at: datetime | None = None,
    ) -> Sequence[SectionContent]:
        """These parts as a command about a case would seal them, with the flags that the door adds; nothing is sent or kept.

        Raises what ``send`` raises before anything leaves the door.
        """
        require_person(act, actor)
        self._require_permitted(Kind.CASE, case, act, fields, actor)
        require_command_form(
            Kind.CASE, case, act, fields, parts, actor=actor, occurred_at=occurred_at, now=self.now()
        )
        require_content_form(parts)
        self.addresses.require_clean(
            case, act, parts, actor=actor, is_tried=True, refresh=self.refresh_if_possible
        )
        return self._with_notifier_flags(case, act, parts, actor, keep=False)

    def readers(
        self,
        case: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent],
        *,
        actor: str,
    ) -> list[list[UUID]]:
        """For each part, the agencies that will be able to open it by the rules of this moment, as the hub says."""
        items = [uuid4() for _ in parts]
        key_sets = self._recipients(case, act, fields, parts, items, actor) if parts else {}
        return [[key_set.agency for key_set in key_sets[item]] for item in items]

    def _addressed(self, act: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """These fields, also to whom the message informs by what it states (see ``implied_addressees``)."""
        return with_implied_addressees(act, fields, self.agency, self._is_addressable)

    def _is_addressable(self, agency: str) -> bool:
        """Whether a message can be addressed to this agency, as far as this door knows."""
        try:
            return any(str(key_set.agency) == agency for key_set in self.directory())
        except Unavailable:
            return True

    def _require_permitted(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], actor: str
    ) -> None:
        """Raises Refused where this person may not do it here, or names a second person who may not confirm it."""
        event = EVENTS.get(act)
        begins = event is not None and issubclass(event, BEGINS_CASE) and self.overviews.of(about) is None
        case = about if kind is Kind.CASE and not begins else None
        self.permissions.require(act, actor, case)
        second = fields.get("second")
        if act == CoercionCheckDone.TOPIC and isinstance(second, str):
            self.permissions.require(CoercionCheckConfirmed.TOPIC, second, case)

    @contextmanager
    def _send_slot(self) -> Iterator[bool]:
        """Wait until no other command is being sent; false if that takes longer than this work may wait."""
        left = seconds_left()
        if left is not None and self.client.watch.away_seconds is not None:
            left = 0.0
        has_slot = self._send_lock.acquire(timeout=-1 if left is None else max(left, 0.0))
        try:
            yield has_slot
        finally:
            if has_slot:
                self._send_lock.release()

    def _seal_and_deliver(
        self, draft: Draft, sealed_draft: bytes, request_digest: bytes | None
    ) -> SubmissionResult:
        """Seal for the recipients of this moment and send; again if they change meanwhile. Raises like ``send``."""
        command_id, about = draft.command_id, draft.about
        for attempt in range(RESEAL_ATTEMPTS):
            try:
                data, frame, items = self._sealed_request(draft)
            except Unavailable:
                return self._put_off(draft, sealed_draft, request_digest)
            self.store.enqueue(
                command_id,
                about,
                draft.act,
                dump(self.now()),
                frame.digest,
                data,
                request_digest,
                sealed_draft,
                items,
                _attachments_of(draft),
            )
            del items  # they are on disk, and each is read again for its upload
            try:
                self._upload_items(command_id, draft.actor)
                return self._deliver(command_id, about, frame.digest, data, draft)
            except Conflict as conflict:
                if conflict.error_code not in CODES_TO_RESEAL or attempt == RESEAL_ATTEMPTS - 1:
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

    def _put_off(self, draft: Draft, sealed_draft: bytes, request_digest: bytes | None) -> SubmissionResult:
        """Store a message that can't be sealed for its recipients now; ``flush`` does it later."""
        command_id, about = draft.command_id, draft.about
        self.store.store_draft(
            command_id,
            about,
            draft.act,
            dump(self.now()),
            sealed_draft,
            request_digest,
            _attachments_of(draft),
        )
        return SubmissionResult(command_id, about, "waiting")

    def own_digest(self, use: OwnDigestUse, data: bytes) -> bytes:
        """A digest by which only this door can recognise these bytes again (KH-1 §4)."""
        return self._kem.own_digest(use, data)

    def seal_for_itself(self, name: str, content: bytes) -> bytes:
        """Content that only this door can open again, under the same name."""
        return seal_own(name, content, self.agency, self.hub, self._kem)

    def open_own(self, name: str, sealed: bytes) -> bytes:
        """What ``seal_for_itself`` sealed. Raises Untrusted where it was changed, or is another door's."""
        return open_own(name, sealed, self.agency, self.hub, self._kem)

    def sign_statement(self, frame_type: FrameType, payload: bytes) -> bytes:
        """A frame of another purpose than a command, signed by this agency."""
        return sign(frame_type, payload, self._sig).encode()

    def open_envelope(self, envelope: Envelope) -> bytes:
        """What a visitor's device sealed to this door. Raises Untrusted, and Conflict where it was to another key."""
        if envelope.head.kid != self._kem.public.kid:
            raise Conflict("device-envelope-key")
        return envelope.open(self._kem)

    @property
    def public_keys(self) -> tuple[SignaturePublic, KemPublic]:
        """By what others verify and seal to this agency."""
        return self._sig.public, self._kem.public

    def _mark_digest(self, word: bytes) -> bytes:
        return self.own_digest(KeyUse.NOTIFIER_MARK, word)

    def _with_notifier_flags(
        self, case: UUID, act: str, parts: Sequence[SectionContent], actor: str, *, keep: bool = True
    ) -> Sequence[SectionContent]:
        """Flag parts that reveal the notifier. The flag is signed with the command, and the hub refuses to disclose them.
        Each hit stands in the door's own log, sent or not: whoever tries words out is seen. ``keep``: the marks of what names
        the notifier here stay with the case."""
        new = [
            mark
            for part in parts
            if part.section == Section.NOTIFIER
            for text in identifying_texts(*part.searchable)
            for mark in notifier_marks(text, self._mark_digest)
        ]
        if keep and new:
            self.store.store_marks(case, iter(new))
        marks = with_marks(self.store.marks(case), new) if parts else {}
        if not marks:
            return parts
        flagged = [self._with_trace_flag(part, marks) for part in parts]
        if any(new is not old for new, old in zip(flagged, parts, strict=True)):
            self.addresses.log_once(actor, NOTIFIER_MET, case, act, parts)
        return flagged

    def _with_trace_flag(self, part: SectionContent, marks: Marks) -> SectionContent:
        if part.section == Section.NOTIFIER or not any(
            contains_mark(text, marks, self._mark_digest) for text in searched_texts(*part.searchable)
        ):
            return part
        return replace(part, flags=tuple(sorted({*part.flags, Flag.NOTIFIER_TRACE.value})))

    def _resend_known(self, known: OutboxEntry, request_digest: bytes | None) -> SubmissionResult:
        """The outcome of a command that was requested before. Raises Conflict if that was another request."""
        if request_digest is None or known.request_digest != request_digest:
            raise Conflict("command-id-taken")
        if known.state == WAITING:
            try:
                return self._deliver_waiting(known)
            except Unavailable:
                return SubmissionResult(known.command_id, known.about, "waiting")
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
        """Send the waiting commands of the outbox again. Returns how many were answered."""
        done = 0
        for waiting in self.store.outgoing(WAITING):
            with self._send_slot() as has_slot:  # for each: whoever sends something new need not wait for all
                if not has_slot:
                    break
                current = self.store.sent(waiting.command_id)
                if current is None or current.state != WAITING:
                    continue
                try:
                    if self._deliver_waiting(current).outcome == "waiting":
                        break
                except (Unavailable, InvariantViolation):
                    break
                except ExchangeError:
                    pass  # it has failed for good, and the outbox says why
                done += 1
        return done

    def _deliver_waiting(self, waiting: OutboxEntry) -> SubmissionResult:
        """Send the same bytes again; seal the message anew where there are none, or where they are out of date."""
        if waiting.request is not None:
            try:
                digest = _frame_of(waiting.request).digest
                self._upload_items(waiting.command_id, parse_request(waiting.request).payload.actor)
                draft = self._opened_draft(waiting)
                return self._deliver(waiting.command_id, waiting.about, digest, waiting.request, draft)
            except (Unavailable, InvariantViolation):
                raise  # it may have been recorded: it stays waiting in the outbox
            except ExchangeError as error:
                can_reseal = isinstance(error, Conflict) and error.error_code in CODES_TO_RESEAL
                if not can_reseal or waiting.draft is None:
                    self.store.fail(waiting.command_id, problem(error)[1])
                    raise
        draft = self._opened_draft(waiting)
        assert draft is not None
        assert waiting.draft is not None
        if draft.kind is Kind.CASE:
            self._require_still_clean(draft)
        return self._seal_and_deliver(draft, waiting.draft, waiting.request_digest)

    def _opened_draft(self, waiting: OutboxEntry) -> Draft | None:
        if waiting.draft is None:
            return None
        try:
            return open_draft(
                waiting.draft, waiting.command_id, waiting.about, self.hub, self._kem, self.attached
            )
        except Malformed as error:  # an attachment is not kept any more: it can never be sent
            self.store.fail(waiting.command_id, problem(error)[1])
            raise

    def _require_still_clean(self, draft: Draft) -> None:
        """The same look for protected addresses as before: this door may have read one since. Raises Refused."""
        try:
            self.addresses.require_clean(
                draft.about, draft.act, draft.parts, actor=draft.actor, is_tried=True
            )
        except Refused as refused:
            self.store.fail(draft.command_id, problem(refused)[1])
            raise

    def _deliver(
        self, command_id: UUID, about: UUID, digest: bytes, data: bytes, draft: Draft | None = None
    ) -> SubmissionResult:
        payload = parse_request(data).payload
        answer = self._retry(lambda: self.client.submit(data))
        try:
            receipt = self._verified_receipt(answer, command_id, digest)
        except (ExchangeError, *MALFORMED_ERRORS) as error:
            raise InvariantViolation("receipt-not-verified") from error
        self.store.confirm(command_id, {k: v for k, v in answer.items() if k != "release"})
        if answer["outcome"] == "refused":
            self.addresses.note_refused(about, command_id)
        elif draft is not None and draft.kind is Kind.CASE:
            self._index_sent(draft, payload)
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

    def _index_sent(self, draft: Draft, payload: CommandPayload) -> None:
        """It is on record: the case index may take it. Where it can't be stored, the index can be rebuilt."""
        parts = [
            (str(item.item), item.section, item.schema, item.flags, part.content)
            for item, part in zip(payload.items, draft.parts, strict=True)
        ]
        with suppress(Unavailable):
            self.index.note_sent(draft.about, draft.command_id, parts, written_at=payload.created_at)

    def _retry(self, call: Callable[[], T]) -> T:
        """Call again while the hub has no answer. Who serves a person or system gives up once it is known to be away."""
        return retry_until_timeout(
            call,
            self._retry_seconds,
            give_up=lambda: seconds_left() is not None and self.client.watch.away_seconds is not None,
        )

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

    def _sealed_request(self, draft: Draft) -> tuple[bytes, Frame, list[tuple[bytes, bytes]]]:
        """The signed request of this command, sealed for the recipients that the hub's rules name; its frame; and the items
        that are to be uploaded before it, each with its digest."""
        kind, about, parts, actor = draft.kind, draft.about, draft.parts, draft.actor
        keyset = self.keyset()
        item_ids = [uuid4() for _ in parts]
        readers_of = self._recipients(about, draft.act, draft.fields, parts, item_ids, actor) if parts else {}
        sealed_parts = [
            self._seal_part(About(kind, about), item_id, part, keyset, readers_of[item_id])
            for item_id, part in zip(item_ids, parts, strict=True)
        ]
        frame = self._signed_frame(
            kind,
            about,
            draft.act,
            draft.fields,
            actor,
            prev=self.store.last_frame(about) or ZEROS,
            command_id=draft.command_id,
            occurred_at=draft.occurred_at,
            items=[p.item_ref for p in sealed_parts],
            wrapped_keys=[ref for p in sealed_parts for ref, _ in p.wrapped_keys],
            valid_for=WRITE_VALIDITY,
        )
        inline_items = [p.sealed.sealed for p in sealed_parts if p.is_inline]
        wrapped_keys = [wrapped_key for p in sealed_parts for _, wrapped_key in p.wrapped_keys]
        stored_items = [(p.sealed.digest, p.sealed.sealed) for p in sealed_parts if not p.is_inline]
        return request(frame, [*inline_items, *wrapped_keys]), frame, stored_items

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

    def _upload_items(self, command_id: UUID, actor: str) -> None:
        """Upload what this command names and the hub does not have yet. Raises what an upload raises."""
        for item in self.store.attachments.outgoing_items(command_id):
            if not item.is_uploaded:
                sealed = self.store.attachments.sealed_item(command_id, item.n)
                self._retry(partial(self._upload_item, item.digest, sealed, actor))
                self.store.attachments.note_uploaded(command_id, item.n)

    def _upload_item(self, digest: bytes, sealed: bytes, actor: str) -> None:
        signed_upload = self._signed_query(
            Kind.AGENCY, self.agency, "upload", {"digest": digest.hex()}, actor
        )
        self.client.put_item(digest, sealed, signed_upload)

    def attached(self, id: UUID) -> tuple[bytes, str]:
        """The bytes of an attachment that is kept here, and the words in them. Raises Malformed where it no longer is."""
        row, sealed = self.store.attachments.row(id), self.store.attachments.data(id)
        if row is None or row.head is None or sealed is None:
            raise Malformed("attachment-not-kept")
        head = json.loads(self.open_own(kept_name(id, "head"), row.head))
        return self.open_own(kept_name(id, "data"), sealed), head["words"]

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
        # The hub answers a query once: each try is signed anew.
        return self._retry(lambda: self.client.query(self._signed_query(kind, about, act, fields, actor)))

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
        require_signed_form(payload)
        return signed(payload, self._sig)

    def query_or_known(
        self, act: str, fields: Mapping[str, Any], *, actor: str, name: str | None = None
    ) -> dict[str, Any]:
        """The answer to a query of this agency; while the hub is away the last one of this ``name`` (by default the
        act's). Raises Unavailable if there was none."""
        name = name or act
        try:
            answer = self.query(Kind.AGENCY, self.agency, act, fields, actor=actor)
        except Unavailable:
            known = self.store.known_answer(name)
            if known is None:
                raise
            self._feed_is_behind = True
            answer = dict(known[1])
        else:
            self.store.store_known_answer(name, dump(self.now()), answer)
        return answer

    def directory(self) -> list[KeySet]:
        """The agencies that can be addressed, as their key sets, which the registrars signed; ordered by code.

        While the hub is away, or where this door keeps the list up to date in the background, as it was last read. It
        is for display and for choosing: for whom a key is wrapped, the hub says for each command.
        """
        known = self.store.known_answer(DIRECTORY)
        if known is None or not self.keeps_directory:
            try:
                return self.refresh_directory()
            except Unavailable:
                if known is None:
                    raise
        assert known is not None
        return self._key_sets_of(known[1])

    def refresh_directory(self) -> list[KeySet]:
        """Read the list of agencies, verify their key sets and store it. Raises Unavailable, Untrusted."""
        listed = [{"id": a["id"], "keyset": a["keyset"]} for a in self._retry(self.client.agencies)]
        key_sets = self._key_sets_of(listed)
        self._check_own_key_set(listed)
        self.store.store_known_answer(DIRECTORY, dump(self.now()), listed)
        return key_sets

    def _check_own_key_set(self, listed: Sequence[Mapping[str, str]]) -> None:
        own = next((a["keyset"] for a in listed if a["id"] == str(self.agency)), None)
        if own is None:
            self.key_problem = "key-set-not-in-force"
        elif self._keyset is not None:
            self.key_problem = None if own == self._keyset.hex() else "key-set-not-in-force"

    def _key_sets_of(self, listed: Sequence[Mapping[str, str]]) -> list[KeySet]:
        key_sets = [self.key_sets.by_digest(bytes.fromhex(a["keyset"]), UUID(a["id"])) for a in listed]
        return sorted(key_sets, key=lambda k: k.code)

    def keyset(self) -> bytes:
        """The digest of this agency's key set in force. Raises Untrusted if it is not that of the keys held here."""
        if self._keyset is None:
            self.key_sets.verify(frames := self._fetch_key_sets(self.agency))
            digest = frames[-1].digest if frames else ZEROS
            own_key_set = self.key_sets.by_digest(digest, self.agency)
            if own_key_set.sig != self._sig.public or own_key_set.kem != self._kem.public:
                self.key_problem = "key-set-not-ours"
                raise Untrusted("key-set-not-ours")
            self._keyset = digest
        return self._keyset

    # --- reading ---------------------------------------------------------------------------------------------

    def refresh(self) -> int:
        """Read the feed from the stored cursor on. Returns how many messages changed."""
        try:
            changed = self._read_feed()
        except Unavailable:
            self._feed_is_behind = True
            raise
        self._feed_is_behind = False
        return changed

    def _read_feed(self) -> int:
        changed, more, at = 0, True, dump(self.now())
        while more:
            tasks_after, tasks_edition = self.store.tasks.position
            position = {
                "cursor": self.store.cursor,
                "erased": self.store.erased,
                "tasks_after": tasks_after,
                "tasks_edition": tasks_edition,
            }
            page = self.query(Kind.AGENCY, self.agency, "feed", position, actor=DOOR_ACTOR)
            tasks = TaskChanges.of_answer(page["task_changes"])
            self.store.store_feed_page(
                page["messages"], page["cursor"], tasks, page["erased"], at, page["behind"]
            )
            self.recent.apply_feed(page["messages"], page["erased"])
            changed += len(page["messages"])
            more = bool(page["more"] or page["erased"])
        return changed

    def refresh_if_possible(self) -> None:
        """Read the feed; while the hub is away what was read before stays, and ``behind_since`` tells it."""
        with suppress(Unavailable):
            self.refresh()

    @property
    def behind_since(self) -> str | None:
        """As of when this door's copy of the feed is (UTC text; empty if never), if it could not be read anew."""
        return (self.store.feed_at or "") if self._feed_is_behind else None

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

        Raises Refused (this person or system may not open it here), NotFound (no such item, or not yours), Untrusted (the
        release failed verification).
        """
        is_rebuild = purpose is Purpose.INDEX_REBUILD
        permitted = DoorAct.REBUILD_INDEX.value if is_rebuild else opening_act(section)
        self.permissions.require(permitted, actor, case)
        self.permissions.note(permitted, actor, case)
        fields = {"message": str(message), "item": str(item), "section": section, "purpose": purpose.value}
        opening, answer = self._submit_reading(case, "section.opened", fields, actor)
        error_code: str | None = None
        try:
            opened = self._item_opener.opened(case, message, item, answer["release"])
            if opened.section == Section.ADDR and opened.schema != BYTES_SCHEMA:
                self.addresses.note_read(
                    case, message, opened.act, opened.content, actor=actor, schema=opened.schema
                )
            with suppress(Unavailable):  # the index can be rebuilt
                self.index.note_opened(case, message, item, opened, purpose)
            return opened
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
        for case in self.store.tasks.cases_with(TaskKind.REWRAP.value):
            done += self._rewrap_case(UUID(case), actor)
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


def _attachments_of(draft: Draft) -> list[UUID]:
    return [part.attachment for part in draft.parts if part.attachment is not None]


def _frame_of(data: bytes) -> Frame:
    return parse_request(data).frame
