"""A hub's operator who lies: it has the stream, the vault's control keys and the log's keys, and makes any log it likes.

It has no key of an agency in force, of the registry, of the audit office, of a witness or of a time authority.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from domain.record import HUB, hub_ask
from gateway.audit.bundle import pack
from gateway.verifier.bundle import Verified, _files, _records
from keys import canonical, sealing
from keys.checkpoint import Checkpoint, origin_of, sign_checkpoint
from keys.frame import WISH, parse_frame, sign
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.lp import lp
from keys.proofs import Head, entry_hash
from keys.record import list_parts, open_audit_wrap, open_record
from keys.signing import KemKey, SignatureKeys


@dataclass(frozen=True)
class Told:
    """One record in the open. ``on``, ``version``: where it stands; ``body``: what it says; ``seq``: where it stood."""

    seq: int
    on: UUID
    version: int
    epoch: int
    body: dict[str, Any]
    frame: bytes = field(repr=False)
    audit_wrap: bytes | None = field(repr=False)
    items: tuple[bytes, ...] = field(repr=False)
    wraps: tuple[bytes, ...] = field(repr=False)

    def saying(self, **more: Any) -> Told:
        """The same, with other words in its body."""
        return replace(self, body={**self.body, **more})

    def resigned(self, keys: SignatureKeys, **more: Any) -> Told:
        """The same under a frame with other words, signed by these keys."""
        payload = {**canonical.parse(parse_frame(self.frame).payload), **more}
        frame = sign(WISH, canonical.encode(payload), keys)
        return replace(self, frame=frame.encode(), body={**self.body, "frame": frame.digest.hex()})

    @property
    def words(self) -> tuple[Any, ...]:
        """All that it is made of but its place in the stream."""
        body = canonical.encode(self.body)
        return self.on, self.version, self.epoch, body, self.frame, self.audit_wrap, self.items, self.wraps

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = canonical.parse(parse_frame(self.frame).payload)
        return found


Tale = list[Told]


@dataclass(frozen=True)
class Insider:
    """What the operator holds, and the true records of a bundle of all."""

    files: dict[str, bytes]
    hub: bytes
    mode: str
    log: SignatureKeys
    keys: dict[tuple[UUID, int], bytes]  # control keys: originator, mandate
    prefix: str
    tale: Tale
    lying: dict[tuple[Any, ...], bytes] = field(repr=False)  # the bytes of each true record

    @classmethod
    def of(cls, bundle: bytes, hub: bytes, mode: str, log: SignatureKeys, audit: KemKey) -> Insider:
        """``audit`` stands in for the hub's vault, where the same control keys lie."""
        files = {name: bytes(part) for name, part in _files(bundle)[0].items()}
        keys = {
            (UUID(on), int(epoch)): open_audit_wrap(
                kem=audit, hub=hub, originator=UUID(on), epoch=int(epoch), wrap=bytes.fromhex(wrap)
            )
            for on, epochs in json.loads(files["keys"])["wraps"].items()
            for epoch, wrap in epochs.items()
        }
        tale, prefix, lying = Tale(), "", dict[tuple[Any, ...], bytes]()
        for one, _ in _records(memoryview(files["records"]), Verified()):
            on, version = one.place
            prefix = one.subject.rsplit(".", 2)[0]
            epoch = list_parts(one.state).epoch
            opened = open_record(ck=keys[on, epoch], hub=hub, originator=on, version=version, state=one.state)
            body = canonical.parse(opened.body_json)
            told = Told(
                one.seq, on, version, epoch, body, opened.frame, opened.audit_wrap, opened.items,
                opened.sealed_wraps,
            )  # fmt: skip
            tale.append(told)
            lying[told.words] = one.state
        return cls(files, hub, mode, log, keys, prefix, tale, lying)

    def bundle(
        self, tale: Sequence[Told], tags: Mapping[int, bytes] = MappingProxyType({}), **files: bytes
    ) -> bytes:
        """A bundle in which just this was so from the first record on: sealed, tagged, logged and signed anew.

        ``tags``: position -> another tag than the true one.
        """
        entries, records, root = b"", b"", Head()
        epochs: dict[UUID, int] = {}
        for seq, told in enumerate(tale, 1):
            subject, state = f"{self.prefix}.{told.on.hex}.{told.version}", self._state(told)
            tagged = self.keys[told.on, epochs.get(told.on, told.epoch)]
            epochs[told.on] = told.epoch
            tag = tags.get(seq, leaf_tag(tagged, told.on, told.version))
            entry = Leaf(seq, record_sha(subject, state), tag).encode()
            root.add(entry_hash(entry))
            entries += len(entry).to_bytes(2, "big") + entry
            records += b"".join(
                (seq.to_bytes(8, "big"), len(subject).to_bytes(2, "big"), subject.encode(),
                 len(state).to_bytes(4, "big"), state)
            )  # fmt: skip
        head = Checkpoint(origin_of(self.hub, self.mode), root.size, root.root)  # type: ignore[arg-type]
        note = sign_checkpoint(head, self.log, 1_800_000_000).encode()
        made = {**self.files, "checkpoint": note, "entries": entries, "records": records, **files}
        made.pop("times", None)
        return pack(made)

    def _state(self, told: Told) -> bytes:
        if told.words in self.lying:
            return self.lying[told.words]
        body = canonical.encode(told.body)
        context = lp("kh/ctl/v1", self.hub, told.on, told.version)
        text = sealing.pad(len(body).to_bytes(4, "big") + body + told.frame)
        parts = [(1, sealing.seal(self.keys[told.on, told.epoch], context, text))]
        parts += [] if told.audit_wrap is None else [(2, told.audit_wrap)]
        parts += [(3, item) for item in told.items] + [(4, wrap) for wrap in told.wraps]
        state = b"KHR1" + b"\1" + told.epoch.to_bytes(4, "big") + len(parts).to_bytes(2, "big")
        return state + b"".join(bytes([k]) + len(d).to_bytes(4, "big") + d for k, d in parts)

    def find(self, wanted: Callable[[Told], bool], nth: int = 0) -> Told:
        """The n-th record of which this is so."""
        return [told for told in self.tale if wanted(told)][nth]


def again(tale: Sequence[Told]) -> Tale:
    """The same records with their versions counted anew, in the order in which they stand now; the hub's own acts
    have their ids by it."""
    versions: dict[UUID, int] = {}
    found = []
    for told in tale:
        versions[told.on] = versions.get(told.on, 0) + 1
        one = replace(told, version=versions[told.on])
        if told.body["by"] == HUB and one.version != told.version:
            one = one.saying(ask_id=str(hub_ask(told.on, one.version)))
        found.append(one if one.version != told.version else told)
    return found


def put(tale: Sequence[Told], old: Told, *new: Told) -> Tale:
    """These in the place of one."""
    return [t for told in tale for t in (new if told is old else (told,))]
