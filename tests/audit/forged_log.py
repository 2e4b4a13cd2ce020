"""A dishonest operator of a hub, who has the stream, the vault's control keys and the log's keys, and can forge any log.

The operator has no key of an agency in force, of the registrars, of the audit office, of a witness or of a time authority.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from domain.record import HUB, hub_command_id
from gateway.audit.bundle import pack
from gateway.verifier.bundle import BundleResult, _bundle_parts, _bundle_records
from keys import canonical, sealing
from keys.checkpoint import Checkpoint, origin_of, sign_checkpoint
from keys.frame import COMMAND, parse_frame, sign
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.lp import lp
from keys.proofs import RootAccumulator, entry_hash
from keys.record import list_parts, open_audit_wrapped_key, open_record
from keys.signing import KemKey, SignatureKeys


@dataclass(frozen=True)
class EditableRecord:
    """One opened record. ``originator_id``, ``version``, ``body``: as in the forged log; ``seq``: its true position."""

    seq: int
    originator_id: UUID
    version: int
    epoch: int
    body: dict[str, Any]
    frame: bytes = field(repr=False)
    audit_wrapped_key: bytes | None = field(repr=False)
    items: tuple[bytes, ...] = field(repr=False)
    wrapped_keys: tuple[bytes, ...] = field(repr=False)

    def with_body(self, **more: Any) -> EditableRecord:
        """The same record with other values in its body."""
        return replace(self, body={**self.body, **more})

    def signed_again_by(self, keys: SignatureKeys, **more: Any) -> EditableRecord:
        """The same record with other values in its frame, signed by these keys."""
        payload = {**canonical.parse(parse_frame(self.frame).payload), **more}
        frame = sign(COMMAND, canonical.encode(payload), keys)
        return replace(self, frame=frame.encode(), body={**self.body, "frame": frame.digest.hex()})

    @property
    def content_key(self) -> tuple[Any, ...]:
        """Everything in the record except its position."""
        body = canonical.encode(self.body)
        return (
            self.originator_id,
            self.version,
            self.epoch,
            body,
            self.frame,
            self.audit_wrapped_key,
            self.items,
            self.wrapped_keys,
        )

    @property
    def payload(self) -> dict[str, Any]:
        result: dict[str, Any] = canonical.parse(parse_frame(self.frame).payload)
        return result


RecordSequence = list[EditableRecord]


@dataclass(frozen=True)
class Insider:
    """The operator's keys, and the true records of a bundle of all cases."""

    files: dict[str, bytes]
    hub: bytes
    mode: str
    log: SignatureKeys
    keys: dict[tuple[UUID, int], bytes]  # control keys: originator, mandate
    prefix: str
    sequence: RecordSequence
    original_states: dict[tuple[Any, ...], bytes] = field(repr=False)  # the bytes of each true record

    @classmethod
    def of(cls, bundle: bytes, hub: bytes, mode: str, log: SignatureKeys, audit: KemKey) -> Insider:
        """``audit`` replaces the hub's vault, which has the same control keys."""
        files = {name: bytes(part) for name, part in _bundle_parts(bundle)[0].items()}
        keys = {
            (UUID(originator_id), int(epoch)): open_audit_wrapped_key(
                kem=audit,
                hub=hub,
                originator=UUID(originator_id),
                epoch=int(epoch),
                wrapped_key=bytes.fromhex(wrapped_key),
            )
            for originator_id, epochs in json.loads(files["keys"])["wrapped_keys"].items()
            for epoch, wrapped_key in epochs.items()
        }
        sequence, prefix, original_states = RecordSequence(), "", dict[tuple[Any, ...], bytes]()
        for raw, _ in _bundle_records(memoryview(files["records"]), BundleResult()):
            originator_id, version = raw.originator_and_version
            prefix = raw.subject.rsplit(".", 2)[0]
            epoch = list_parts(raw.state).epoch
            opened = open_record(
                ck=keys[originator_id, epoch],
                hub=hub,
                originator=originator_id,
                version=version,
                state=raw.state,
            )
            body = canonical.parse(opened.body_json)
            record = EditableRecord(
                raw.seq, originator_id, version, epoch, body, opened.frame, opened.audit_wrapped_key, opened.items,
                opened.sealed_wrapped_keys,
            )  # fmt: skip
            sequence.append(record)
            original_states[record.content_key] = raw.state
        return cls(files, hub, mode, log, keys, prefix, sequence, original_states)

    def bundle(
        self,
        sequence: Sequence[EditableRecord],
        tags: Mapping[int, bytes] = MappingProxyType({}),
        **files: bytes,
    ) -> bytes:
        """A bundle of a log with just these records: all of it sealed, tagged, logged and signed again.

        ``tags``: position -> a false tag.
        """
        entries, records, root = b"", b"", RootAccumulator()
        epochs: dict[UUID, int] = {}
        for seq, record in enumerate(sequence, 1):
            subject, state = f"{self.prefix}.{record.originator_id.hex}.{record.version}", self._state(record)
            tagged = self.keys[record.originator_id, epochs.get(record.originator_id, record.epoch)]
            epochs[record.originator_id] = record.epoch
            tag = tags.get(seq, leaf_tag(tagged, record.originator_id, record.version))
            entry = Leaf(seq, record_sha(subject, state), tag).encode()
            root.add(entry_hash(entry))
            entries += len(entry).to_bytes(2, "big") + entry
            records += b"".join(
                (seq.to_bytes(8, "big"), len(subject).to_bytes(2, "big"), subject.encode(),
                 len(state).to_bytes(4, "big"), state)
            )  # fmt: skip
        head = Checkpoint(origin_of(self.hub, self.mode), root.size, root.root)  # type: ignore[arg-type]
        note = sign_checkpoint(head, self.log, 1_800_000_000).encode()
        bundle_files = {**self.files, "checkpoint": note, "entries": entries, "records": records, **files}
        bundle_files.pop("times", None)
        return pack(bundle_files)

    def _state(self, record: EditableRecord) -> bytes:
        if record.content_key in self.original_states:
            return self.original_states[record.content_key]
        body = canonical.encode(record.body)
        context = lp("kh/ctl/v1", self.hub, record.originator_id, record.version)
        text = sealing.pad(len(body).to_bytes(4, "big") + body + record.frame)
        parts = [(1, sealing.seal(self.keys[record.originator_id, record.epoch], context, text))]
        parts += [] if record.audit_wrapped_key is None else [(2, record.audit_wrapped_key)]
        parts += [(3, item) for item in record.items] + [
            (4, wrapped_key) for wrapped_key in record.wrapped_keys
        ]
        state = b"KHR1" + b"\1" + record.epoch.to_bytes(4, "big") + len(parts).to_bytes(2, "big")
        return state + b"".join(bytes([k]) + len(d).to_bytes(4, "big") + d for k, d in parts)

    def find(self, predicate: Callable[[EditableRecord], bool], nth: int = 0) -> EditableRecord:
        """The n-th record that satisfies the predicate."""
        return [record for record in self.sequence if predicate(record)][nth]


def renumbered(sequence: Sequence[EditableRecord]) -> RecordSequence:
    """The same records with versions by their new order; the command ids of the hub's own acts follow from them."""
    versions: dict[UUID, int] = {}
    result = []
    for record in sequence:
        versions[record.originator_id] = versions.get(record.originator_id, 0) + 1
        renumbered_record = replace(record, version=versions[record.originator_id])
        if record.body["by"] == HUB and renumbered_record.version != record.version:
            command_id = hub_command_id(record.originator_id, renumbered_record.version)
            renumbered_record = renumbered_record.with_body(command_id=str(command_id))
        result.append(renumbered_record if renumbered_record.version != record.version else record)
    return result


def replaced(sequence: Sequence[EditableRecord], old: EditableRecord, *new: EditableRecord) -> RecordSequence:
    """The sequence with one record replaced by others."""
    return [t for record in sequence for t in (new if record is old else (record,))]
