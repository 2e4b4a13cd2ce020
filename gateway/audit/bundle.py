"""Making an offline bundle: what an auditor takes away to verify elsewhere, without this hub and without a network.

    bundle   "KHB1" ‖ u16 n ‖ n × (u16 length ‖ name ‖ u64 length ‖ bytes) ‖ SHA-256 of all before

``genesis``, ``checkpoint``, ``entries`` (every leaf of the log, u16 length before each), ``records`` (u64 seq ‖
u16 length ‖ subject ‖ u32 length ‖ state, of the register and the cases asked for) and ``keys`` (JSON: the control
keys of these records, each wrapped to the audit office). Where the log has time tokens, ``times`` follows (u32 length
before each stamp): for each record the earliest that speaks for it, and the newest of all. Control is for the audit
office alone; who has no key of it still verifies leaf, place and root. Source: KH-1 §8.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from domain.errors import InvariantViolation, NotFound
from domain.events import AuditControlRequested, Kind
from domain.record import access_of
from domain.register import Register
from gateway.hub.timestamps import read_stamp, stamped_head_sizes
from gateway.installation.archive import Archive
from keys import canonical
from keys.checkpoint import origin_of, verify_checkpoint
from keys.record import CONTROL, list_parts, open_audit_layer
from keys.tree import WIDTH, tile_path

MAGIC = b"KHB1"
PAGE = 500
CHUNK = 1 << 20


def export(
    archive: Archive,
    request: UUID,
    since: datetime | None = None,
    until: datetime | None = None,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> bytes:
    """The bundle that the audit office asked for on record: of one case, or of all (of those with a record in this
    time). Raises NotFound, also for a request of an earlier mandate."""
    out = BytesIO()
    export_to(out, archive, request, since, until, tell)
    return out.getvalue()


def export_to(
    out: BinaryIO,
    archive: Archive,
    request: UUID,
    since: datetime | None = None,
    until: datetime | None = None,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> int:
    """The same, into a file that can be read and written, however large; its size in bytes. Raises as ``export``."""
    control_request = _control_requests(archive).get(request)
    if control_request is None:
        raise NotFound("no-request")
    hub, mode = archive.installation.hub, archive.installation.mode
    folder = archive.installation.hub_folder / "log"
    try:
        note = (folder / "checkpoint").read_bytes()
    except OSError as error:
        raise NotFound("no-checkpoint") from error
    checkpoint, _ = verify_checkpoint(note, origin_of(hub, mode), archive.genesis.log)
    is_included = _originator_filter(archive, control_request.case, since, until)
    wrapped_keys: dict[str, dict[str, str]] = {}
    positions = array("Q")

    def records() -> Iterator[bytes]:
        position = 1
        while position <= checkpoint.size:
            page = archive.recorder.read_raw(position, PAGE)
            if not page:
                raise InvariantViolation("record-missing")
            for raw in page:
                position = raw.sequence + 1
                originator_id = raw.originator_id
                if (
                    raw.sequence > checkpoint.size
                    or not isinstance(originator_id, UUID)
                    or not is_included(originator_id)
                ):
                    continue
                positions.append(raw.sequence)
                yield (
                    raw.sequence.to_bytes(8, "big")
                    + _length_prefixed(raw.subject.encode(), 2)
                    + _length_prefixed(raw.state, 4)
                )
                parts = list_parts(raw.state)
                if parts.audit_wrapped_key is not None:
                    sk = archive.store.shred_key(_shred_scope(archive, originator_id), CONTROL)
                    wrapped_key = open_audit_layer(sk, parts.audit_wrapped_key)
                    wrapped_keys.setdefault(str(originator_id), {})[str(parts.epoch)] = wrapped_key.hex()
            tell(position - 1, checkpoint.size)

    has_time_tokens = any(n <= checkpoint.size for n in stamped_head_sizes(folder))
    writer = _BundleWriter(out, 6 if has_time_tokens else 5)
    writer.part("genesis", [archive.installation.genesis_frame.encode()])
    writer.part("checkpoint", [note])
    writer.part("entries", _log_entries(folder, checkpoint.size))
    writer.part("records", records())
    writer.part("keys", [canonical.encode({"v": 1, "wrapped_keys": wrapped_keys})])
    if has_time_tokens:
        writer.part("times", [_time_tokens(folder, positions, checkpoint.size)])
    return writer.end()


def _control_requests(archive: Archive) -> Mapping[UUID, AuditControlRequested]:
    """What the audit office asked for in the mandate in force, by the record itself: views may be a moment behind."""
    register = Register()
    for stored in archive.store.load(archive.genesis.log_id):
        register = register.with_record(stored.record)
    return register.control_requests


def pack(files: Mapping[str, bytes | memoryview]) -> bytes:
    """The bytes of a bundle of these parts."""
    out = BytesIO()
    writer = _BundleWriter(out, len(files))
    for name, data in files.items():
        writer.part(name, [data])
    writer.end()
    return out.getvalue()


class _BundleWriter:
    """A bundle as it is written: the length of a part goes before it when it is known, the digest behind all."""

    def __init__(self, out: BinaryIO, parts: int) -> None:
        self._out = out
        out.write(MAGIC + parts.to_bytes(2, "big"))

    def part(self, name: str, chunks: Iterable[bytes | memoryview]) -> None:
        self._out.write(_length_prefixed(name.encode(), 2))
        length_offset = self._out.tell()
        self._out.write(bytes(8))
        size = sum(self._out.write(chunk) for chunk in chunks)
        self._out.seek(length_offset)
        self._out.write(size.to_bytes(8, "big"))
        self._out.seek(0, SEEK_END)

    def end(self) -> int:
        """Write the digest; the size of all."""
        self._out.seek(0)
        digest = sha256()
        while chunk := self._out.read(CHUNK):
            digest.update(chunk)
        return self._out.tell() + self._out.write(digest.digest())


def _originator_filter(
    archive: Archive, case: UUID | None, since: datetime | None, until: datetime | None
) -> Callable[[UUID], bool]:
    """Which originators go in: the register always, and the cases asked for, whole."""
    register = archive.read_models.register
    register_ids = {
        id
        for register_part in (
            register.agencies,
            register.networks,
            register.commissions,
            register.rules,
            register.log,
        )
        for id in register_part
    }
    cases = {case} if case is not None else _cases_in_period(archive, since, until)
    chosen = register_ids | cases | {access_of(case_id) for case_id in cases}
    return lambda originator_id: originator_id in chosen


def _cases_in_period(archive: Archive, since: datetime | None, until: datetime | None) -> set[UUID]:
    case_ids, position = set(), 1
    while page := archive.store.read(position, PAGE):
        for stored in page:
            at = stored.record.at
            in_time = (since is None or at >= since) and (until is None or at <= until)
            if in_time and stored.record.about.kind is Kind.CASE:
                case_ids.add(stored.record.about.id)
        position += len(page)
    return case_ids


def _shred_scope(archive: Archive, originator_id: UUID) -> UUID:
    """Under whose shred keys the first record of an originator lies: a case's readings share the case's."""
    first = archive.store.load(originator_id, lte=1)
    return (
        first[0].record.about.id
        if first and first[0].record.originator.kind is Kind.CASE_ACCESS
        else originator_id
    )


def _time_tokens(folder: Path, positions: Sequence[int], size: int) -> bytes:
    """For each of these records the earliest token that speaks for it, and the newest of all, up to this head."""
    stored = [s for n in stamped_head_sizes(folder) if n <= size and (s := read_stamp(folder, n)) is not None]
    sizes = [s.checkpoint.size for s in stored]
    chosen = {bisect_left(sizes, position) for position in positions} | {len(stored) - 1}
    return b"".join(_length_prefixed(stored[i].encode(), 4) for i in sorted(chosen) if 0 <= i < len(stored))


def _log_entries(folder: Path, size: int) -> Iterator[bytes]:
    for n in range(-(-size // WIDTH)):
        width = min(WIDTH, size - n * WIDTH)
        yield (folder / tile_path("entries", n, width)).read_bytes()


def _length_prefixed(data: bytes, length: int) -> bytes:
    return len(data).to_bytes(length, "big") + data
