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

from domain.errors import Broken, NotThere
from domain.events import AuditControlRequested, Kind
from domain.record import access_of
from domain.register import Register
from gateway.hub.timestamps import read_stamp, stamped_sizes
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
    time). Raises NotThere, also for a request of an earlier mandate."""
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
    asked = _requests(archive).get(request)
    if asked is None:
        raise NotThere(
            "no-request", "let the audit office ask for it on record first (audit request-control)"
        )
    hub, mode = archive.installation.hub, archive.installation.mode
    folder = archive.installation.hub_folder / "log"
    try:
        note = (folder / "checkpoint").read_bytes()
    except OSError as error:
        raise NotThere("no-checkpoint", "the log has signed nothing yet: let the hub run a moment") from error
    checkpoint, _ = verify_checkpoint(note, origin_of(hub, mode), archive.genesis.log)
    wanted = _wanted(archive, asked.case, since, until)
    wraps: dict[str, dict[str, str]] = {}
    positions = array("Q")

    def records() -> Iterator[bytes]:
        position = 1
        while position <= checkpoint.size:
            page = archive.recorder.read_raw(position, PAGE)
            if not page:
                raise Broken(
                    "record-missing", "the log has signed more than the stream has: run audit verify"
                )
            for raw in page:
                position = raw.sequence + 1
                on = raw.originator_id
                if raw.sequence > checkpoint.size or not isinstance(on, UUID) or not wanted(on):
                    continue
                positions.append(raw.sequence)
                yield raw.sequence.to_bytes(8, "big") + _long(raw.subject.encode(), 2) + _long(raw.state, 4)
                parts = list_parts(raw.state)
                if parts.audit_wrap is not None:
                    sk = archive.store.shred_key(_scope(archive, on), CONTROL)
                    wrap = open_audit_layer(sk, parts.audit_wrap)
                    wraps.setdefault(str(on), {})[str(parts.epoch)] = wrap.hex()
            tell(position - 1, checkpoint.size)

    timed = any(n <= checkpoint.size for n in stamped_sizes(folder))
    packing = _Packing(out, 6 if timed else 5)
    packing.part("genesis", [archive.installation.genesis_frame.encode()])
    packing.part("checkpoint", [note])
    packing.part("entries", _entries(folder, checkpoint.size))
    packing.part("records", records())
    packing.part("keys", [canonical.encode({"v": 1, "wraps": wraps})])
    if timed:
        packing.part("times", [_times(folder, positions, checkpoint.size)])
    return packing.end()


def _requests(archive: Archive) -> Mapping[UUID, AuditControlRequested]:
    """What the audit office asked for in the mandate in force, by the record itself: views may be a moment behind."""
    register = Register()
    for kept in archive.store.load(archive.genesis.log_id):
        register = register.with_record(kept.record)
    return register.control_requests


def pack(files: Mapping[str, bytes | memoryview]) -> bytes:
    """The bytes of a bundle of these parts."""
    out = BytesIO()
    packing = _Packing(out, len(files))
    for name, data in files.items():
        packing.part(name, [data])
    packing.end()
    return out.getvalue()


class _Packing:
    """A bundle as it is written: the length of a part goes before it when it is known, the digest behind all."""

    def __init__(self, out: BinaryIO, parts: int) -> None:
        self._out = out
        out.write(MAGIC + parts.to_bytes(2, "big"))

    def part(self, name: str, chunks: Iterable[bytes | memoryview]) -> None:
        self._out.write(_long(name.encode(), 2))
        before = self._out.tell()
        self._out.write(bytes(8))
        size = sum(self._out.write(chunk) for chunk in chunks)
        self._out.seek(before)
        self._out.write(size.to_bytes(8, "big"))
        self._out.seek(0, SEEK_END)

    def end(self) -> int:
        """Write the digest; the size of all."""
        self._out.seek(0)
        digest = sha256()
        while chunk := self._out.read(CHUNK):
            digest.update(chunk)
        return self._out.tell() + self._out.write(digest.digest())


def _wanted(
    archive: Archive, case: UUID | None, since: datetime | None, until: datetime | None
) -> Callable[[UUID], bool]:
    """Which originators go in: the register always, and the cases asked for, whole."""
    register = archive.views.register
    others = {
        id
        for shelf in (
            register.agencies,
            register.networks,
            register.commissions,
            register.rules,
            register.log,
        )
        for id in shelf
    }
    cases = {case} if case is not None else _cases(archive, since, until)
    chosen = others | cases | {access_of(one) for one in cases}
    return lambda on: on in chosen


def _cases(archive: Archive, since: datetime | None, until: datetime | None) -> set[UUID]:
    found, position = set(), 1
    while page := archive.store.read(position, PAGE):
        for kept in page:
            at = kept.record.at
            in_time = (since is None or at >= since) and (until is None or at <= until)
            if in_time and kept.record.about.kind is Kind.CASE:
                found.add(kept.record.about.id)
        position += len(page)
    return found


def _scope(archive: Archive, on: UUID) -> UUID:
    """Under whose shred keys the first record of an originator lies: a case's readings share the case's."""
    first = archive.store.load(on, lte=1)
    return first[0].record.about.id if first and first[0].record.originator.kind is Kind.CASE_ACCESS else on


def _times(folder: Path, positions: Sequence[int], size: int) -> bytes:
    """For each of these records the earliest token that speaks for it, and the newest of all, up to this head."""
    kept = [s for n in stamped_sizes(folder) if n <= size and (s := read_stamp(folder, n)) is not None]
    sizes = [s.checkpoint.size for s in kept]
    chosen = {bisect_left(sizes, position) for position in positions} | {len(kept) - 1}
    return b"".join(_long(kept[i].encode(), 4) for i in sorted(chosen) if 0 <= i < len(kept))


def _entries(folder: Path, size: int) -> Iterator[bytes]:
    for n in range(-(-size // WIDTH)):
        width = min(WIDTH, size - n * WIDTH)
        yield (folder / tile_path("entries", n, width)).read_bytes()


def _long(data: bytes, length: int) -> bytes:
    return len(data).to_bytes(length, "big") + data
