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
from domain.errors import Broken, Conflict, ExchangeError, Unavailable, Untrusted
from domain.events import Kind, dump
from gateway.agency.key_sets import KeySets
from gateway.agency.reading import Opened, Reading
from gateway.agency.store import FAILED, WAITING, Book, Outgoing
from gateway.agency.traces import Marks, marks_of, shows
from gateway.protocol.client import HubClient, patiently
from gateway.protocol.commands import READ_FOR, WRITE_FOR, payload_bytes, request, signed
from gateway.protocol.problems import problem
from keys.command import AUDIT, BESIDE_BYTES, ItemRef, To, WrapRef
from keys.frame import Frame
from keys.genesis import Genesis
from keys.item import SealedItem, seal_item
from keys.keyset import KeySet
from keys.lp import ZEROS, About, sha256
from keys.receipt import Receipt, verify_receipt
from keys.request import parse_request
from keys.signing import KemKey, KemPublic, SignatureKeys
from keys.wrap import seal_wrap

TEXT = "text/v1"
PATIENCE = 20.0
RESEALS = 4
T = TypeVar("T")
ODD = (ValueError, KeyError, TypeError, AttributeError)
"""What reading an answer of the wrong form raises."""


@dataclass(frozen=True)
class Part:
    """One section of a message, in clear, inside the agency: never beyond its door."""

    section: str
    content: bytes = field(repr=False)
    flags: tuple[str, ...] = ()
    schema: str = TEXT


@dataclass(frozen=True)
class Sent:
    """What became of a wish. ``outcome``: recorded, refused, or waiting (kept in the outbox, to be sent again)."""

    ask_id: UUID
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
        book: Book,
        genesis: Genesis,
        now: Callable[[], datetime],
        patience: float = PATIENCE,
    ) -> None:
        self.agency = agency
        self.book = book
        self.client = client
        self.genesis = genesis
        self.hub = genesis.hub
        self.now = now
        self.key_sets = KeySets(book, self._published, genesis)
        self._reads = Reading(agency, hub=genesis.hub, kem=kem, key_sets=self.key_sets)
        self._sig = sig
        self._kem = kem
        self._patience = patience
        self._keyset: bytes | None = None
        self._sending = RLock()  # one wish at a time, so that prev and outbox order agree

    # --- sending ---------------------------------------------------------------------------------------------

    def send(
        self,
        kind: Kind,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[Part] = (),
        *,
        actor: str,
        occurred_at: datetime | None = None,
        ask_id: UUID | None = None,
        asked: bytes | None = None,
    ) -> Sent:
        """Seal, sign, keep and send one wish; returns when its receipt is verified and in hand.

        ``ask_id`` may be chosen by who asks, with ``asked``, the bytes that were asked: the same again gets
        what became of it, without being sealed anew; another under the same id is a Conflict.

        Where the hub is away the same bytes are sent again until ``patience`` (seconds) is over; then the
        wish waits in the outbox and ``flush`` goes on. Raises what the hub says where nothing was recorded.
        """
        ask, own = ask_id or uuid4(), None if asked is None else self._kem.own_digest(asked)
        with self._sending:
            known = self.book.sent(ask)
            if known is not None and known.state != FAILED:
                return self._again(known, own)
            parts = self._looked_over(about, parts) if kind is Kind.CASE else parts
            for attempt in range(RESEALS):
                data, frame = self._sealed(kind, about, act, fields, parts, actor, occurred_at, ask)
                self.book.keep(ask, about, act, dump(self.now()), frame.digest, data, own)
                try:
                    return self._deliver(ask, about, frame.digest, data)
                except Conflict as conflict:
                    # Nothing was recorded: readers, keys or our last frame have changed since we asked.
                    if conflict.flaw not in ("wrong-recipients", "stale-key-set") or attempt == RESEALS - 1:
                        self.book.fail(ask, problem(conflict)[1])
                        raise
                except Unavailable:
                    return Sent(ask, about, "waiting")
                except Broken:
                    raise  # it may have been recorded: it stays in the outbox
                except ExchangeError as error:
                    self.book.fail(ask, problem(error)[1])
                    raise
            raise AssertionError("the loop returns or raises")  # no cover

    def own_digest(self, data: bytes) -> bytes:
        """By what this door, and nobody else, knows these bytes again (KH-1 §4)."""
        return self._kem.own_digest(data)

    def _looked_over(self, case: UUID, parts: Sequence[Part]) -> Sequence[Part]:
        """Flag what shows who notified; the flag is signed with the wish, and the hub refuses it."""
        for part in parts:
            if part.section == Section.NOTIFIER:
                found = marks_of(part.content.decode("utf-8", "replace"), self._kem.own_digest)
                self.book.keep_marks(case, found)
        marks = self.book.marks(case) if parts else {}
        return [self._flagged(part, marks) for part in parts] if marks else parts

    def _flagged(self, part: Part, marks: Marks) -> Part:
        text = part.content.decode("utf-8", "replace")
        if part.section == Section.NOTIFIER or not shows(text, marks, self._kem.own_digest):
            return part
        return replace(part, flags=tuple(sorted({*part.flags, Flag.NOTIFIER_TRACE.value})))

    def _again(self, known: Outgoing, own: bytes | None) -> Sent:
        """What became of a wish that was asked before, if it was this very one."""
        if own is None or known.asked != own:
            raise Conflict("ask-id-taken", "choose a new ask_id for another wish")
        if known.request is not None:
            try:
                digest = _frame_of(known.request).digest
                return self._deliver(known.ask_id, known.about, digest, known.request)
            except Unavailable:
                return Sent(known.ask_id, known.about, "waiting")
            except Broken:
                raise  # it may have been recorded: it stays in the outbox
            except ExchangeError as error:
                self.book.fail(known.ask_id, problem(error)[1])
                raise
        answer = known.answer or {}
        return Sent(
            ask_id=known.ask_id,
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
        with self._sending:
            for waiting in self.book.outgoing(WAITING):
                if waiting.request is None:
                    continue
                digest = _frame_of(waiting.request).digest
                try:
                    self._deliver(waiting.ask_id, waiting.about, digest, waiting.request)
                except (Unavailable, Broken):
                    break
                except ExchangeError as error:
                    self.book.fail(waiting.ask_id, problem(error)[1])
                done += 1
        return done

    def _deliver(self, ask: UUID, about: UUID, digest: bytes, data: bytes) -> Sent:
        payload = parse_request(data).payload
        answer = self._patiently(lambda: self.client.wish(data))
        try:
            receipt = self._receipt(answer, ask, digest)
        except (ExchangeError, *ODD) as error:
            raise Broken(
                "receipt-not-verified", "the hub's receipt does not hold: nothing is proven"
            ) from error
        self.book.confirm(ask, {k: v for k, v in answer.items() if k != "release"})
        return Sent(
            ask_id=ask,
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

    def _patiently(self, call: Callable[[], T]) -> T:
        return patiently(call, self._patience)

    def _published(self, agency: UUID) -> list[Frame]:
        return self._patiently(lambda: self.client.key_sets(agency))

    def _receipt(self, answer: Mapping[str, Any], ask: UUID, digest: bytes) -> Receipt:
        try:
            receipt = verify_receipt(b64decode(answer["receipt"]), self.genesis.log)
        except ODD as error:
            raise Untrusted("receipt-form", "what the hub answered is no receipt") from error
        if (receipt.hub, receipt.ask_id, receipt.frame) != (self.hub, ask, digest):
            raise Untrusted("receipt-of-another", "the hub gave a receipt for another wish")
        return receipt

    def _sealed(
        self,
        kind: Kind,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[Part],
        actor: str,
        occurred_at: datetime | None,
        ask: UUID,
    ) -> tuple[bytes, Frame]:
        """The request for this wish, sealed for just those whom the hub's rule names."""
        keyset = self.keyset()
        names = [uuid4() for _ in parts]
        wanted = self._recipients(about, act, fields, parts, names, actor) if parts else {}
        items: list[ItemRef] = []
        wraps: list[WrapRef] = []
        beside: list[bytes] = []
        keys: list[bytes] = []
        for name, part in zip(names, parts, strict=True):
            sealed = seal_item(
                hub=self.hub,
                about=About(kind.value, about),
                item=name,
                section=part.section,
                schema=part.schema,
                keyset=keyset,
                content=part.content,
            )
            kept = sealed.size <= BESIDE_BYTES
            if kept:
                beside.append(sealed.sealed)
            else:
                self._patiently(partial(self._uploaded, sealed, actor))
            items.append(_item_ref(name, part, sealed, kept))
            for reader in wanted[name]:
                wrap = seal_wrap(
                    hub=self.hub,
                    about=About(kind.value, about),
                    item=name,
                    kc=sealed.kc,
                    keyset=keyset,
                    to=reader.kem,
                    item_key=sealed.key,
                )
                wraps.append(WrapRef(item=name, to=reader.agency, kid=reader.kem.kid, digest=sha256(wrap)))
                keys.append(wrap)
        frame = self._frame(
            kind,
            about,
            act,
            fields,
            actor,
            prev=self.book.last_frame(about) or ZEROS,
            ask_id=ask,
            occurred_at=occurred_at,
            items=items,
            wraps=wraps,
            good_for=WRITE_FOR,
        )
        return request(frame, [*beside, *keys]), frame

    def _uploaded(self, sealed: SealedItem, actor: str) -> dict[str, Any]:
        signed_word = self._signed(Kind.AGENCY, self.agency, "upload", {"digest": sealed.digest.hex()}, actor)
        self.client.put_item(sealed.digest, sealed.sealed, signed_word)
        return {}

    def _recipients(
        self,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[Part],
        names: Sequence[UUID],
        actor: str,
    ) -> dict[UUID, list[KeySet]]:
        """For whom each item is to be wrapped, with keys that the registry vouches for."""
        items = [
            {"item": str(n), "section": p.section, "flags": sorted(p.flags)}
            for n, p in zip(names, parts, strict=True)
        ]
        answer = self.question(
            Kind.CASE, about, "recipients", {"act": act, "fields": dict(fields), "items": items}, actor=actor
        )
        found = {
            agency: self.key_sets.by_digest(bytes.fromhex(digest), UUID(agency))
            for agency, digest in answer["keysets"].items()
        }
        return {name: [found[agency] for agency in answer["items"][str(name)]] for name in names}

    def question(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], *, actor: str
    ) -> dict[str, Any]:
        """A signed question that leaves no record."""
        data = self._signed(kind, about, act, fields, actor)
        return self._patiently(lambda: self.client.ask(data))

    def _signed(self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], actor: str) -> bytes:
        return request(self._frame(kind, about, act, fields, actor, good_for=READ_FOR))

    def _frame(
        self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], actor: str, **more: Any
    ) -> Frame:
        """A frame of this agency, signed now under its key set in force."""
        payload = payload_bytes(
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
        """The agencies that can be addressed, from key sets that the registry vouches for, by code."""
        found = [
            self.key_sets.by_digest(bytes.fromhex(a["keyset"]), UUID(a["id"]))
            for a in self._patiently(self.client.agencies)
        ]
        return sorted(found, key=lambda k: k.code)

    def keyset(self) -> bytes:
        """The digest of this agency's key set in force, which must be the one of the keys held here."""
        if self._keyset is None:
            self.key_sets.verify(frames := self._published(self.agency))
            digest = frames[-1].digest if frames else ZEROS
            mine = self.key_sets.by_digest(digest, self.agency)
            if mine.sig != self._sig.public or mine.kem != self._kem.public:
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
            wanted = {"cursor": self.book.cursor, "erased": self.book.erased}
            page = self.question(Kind.AGENCY, self.agency, "feed", wanted, actor="door")
            self.book.take_in(page["messages"], page["cursor"], page["tasks"], page["erased"])
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
    ) -> Opened:
        """Ask to read one item, verify everything that comes back, and say whether it held.

        Raises NotThere (no such item, or not yours), Untrusted (what came does not hold; the hub is told).
        """
        fields = {"message": str(message), "item": str(item), "section": section, "purpose": purpose.value}
        ask, answer = self._reading(case, "section.opened", fields, actor)
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
            received = {
                "message": str(message),
                "item": str(item),
                "opening": str(ask),
                "ok": flaw is None,
                "flaw": flaw,
            }
            with suppress(
                ExchangeError, *ODD
            ):  # what was read stays read; a missing receipt shows in the ledger
                self._reading(case, "disclosure.received", received, actor)

    def _reading(
        self, case: UUID, act: str, fields: Mapping[str, Any], actor: str
    ) -> tuple[UUID, dict[str, Any]]:
        ask = uuid4()
        frame = self._frame(Kind.CASE, case, act, fields, actor, ask_id=ask, good_for=READ_FOR)
        data = request(frame)
        answer = self._patiently(lambda: self.client.wish(data))
        self._receipt(answer, ask, frame.digest)
        return ask, answer

    # --- duties ----------------------------------------------------------------------------------------------

    def rewrap(self, *, actor: str) -> int:
        """Make the wraps that standing readers still lack of items we can read. Returns how many.

        Basis: CWA 25-2(5). Each own wrap is fetched on record; no content is opened for it.
        """
        done = 0
        for task in self.book.tasks():
            if task["kind"] == "REWRAP":
                done += self._rewrap_case(UUID(task["case"]), actor)
        return done

    def _rewrap_case(self, case: UUID, actor: str) -> int:
        duties = self.question(Kind.CASE, case, "duties", {}, actor=actor)
        wraps: list[WrapRef] = []
        parts: list[bytes] = []
        for duty in duties["duties"]:
            item, message = UUID(duty["item"]), UUID(duty["message"])
            to, key_of = self._reader_of(duty)
            fields = {"message": str(message), "item": str(item), "section": duty["section"]}
            _, answer = self._reading(case, "wrap_fetched_for.rewrap", fields, actor)
            payload = self._reads.authored(answer["release"]["frame"], answer["release"]["key_sets"], case)
            named = next(i for i in payload.items if i.item == item)
            key = self._reads.unwrapped(case, payload, named, answer["release"])
            wrap = seal_wrap(
                hub=self.hub,
                about=payload.about,
                item=item,
                kc=named.kc,
                keyset=self.keyset(),
                to=key_of,
                item_key=key,
            )
            wraps.append(WrapRef(item=item, to=to, kid=key_of.kid, digest=sha256(wrap)))
            parts.append(wrap)
        if not wraps:
            return 0
        ask = uuid4()
        with self._sending:
            prev = self.book.last_frame(case) or ZEROS
            frame = self._frame(
                Kind.CASE, case, "items.rewrapped", {}, actor, prev=prev, ask_id=ask, wraps=wraps
            )
            data = request(frame, parts)
            self.book.keep(ask, case, "items.rewrapped", dump(self.now()), frame.digest, data)
            self._deliver(ask, case, frame.digest, data)
        return len(wraps)

    def _reader_of(self, duty: Mapping[str, str]) -> tuple[To, KemPublic]:
        """For whom a duty is: the audit office with the key of the pinned genesis, or an agency with its own."""
        if duty["to"] == AUDIT:
            return AUDIT, self.genesis.audit_kem
        to = self.key_sets.by_digest(bytes.fromhex(duty["keyset"]), UUID(duty["to"]))
        return to.agency, to.kem


def _item_ref(name: UUID, part: Part, sealed: SealedItem, kept: bool) -> ItemRef:
    return ItemRef(
        item=name,
        section=part.section,
        flags=tuple(sorted(part.flags)),
        schema=part.schema,
        size=sealed.size,
        kept="beside" if kept else "store",
        kc=sealed.kc,
        digest=sealed.digest,
    )


def _frame_of(data: bytes) -> Frame:
    return parse_request(data).frame
