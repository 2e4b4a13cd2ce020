"""The transparency log as it lies in its folder, held against the records: read here from its description (C2SP tlog-tiles),
not by what writes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from domain.errors import ExchangeError
from keys.checkpoint import origin_of, verify_checkpoint
from keys.genesis import Genesis
from keys.leaf import Leaf, parse_leaf
from keys.proofs import Head, entry_hash


def _sha_in(entry: bytes) -> bytes | None:
    """The record's digest in an entry of the log; None where it is none."""
    try:
        return parse_leaf(entry).sha
    except ExchangeError:
        return None


class LogBeside:
    """The transparency log, read beside the stream: the signed head, and each entry held against its record."""

    def __init__(self, folder: Path, genesis: Genesis, tell: Callable[..., None]) -> None:
        self._folder = folder
        self._tell = tell
        self._head = Head()
        self._told = self._differs = False
        self._bundle: tuple[int, list[bytes]] = (-1, [])
        self.size = 0
        try:
            note = (folder / "checkpoint").read_bytes()
            self._signed, _ = verify_checkpoint(note, origin_of(genesis.hub, genesis.mode), genesis.log)
            self.size = self._signed.size
        except FileNotFoundError:
            pass  # nothing was signed yet: the doors know better, where something was
        except ExchangeError as error:
            tell(error.flaw, None, "hub/log/checkpoint", error.remedy)

    def see(self, seq: int, where: str, leaf: Leaf | None, sha: bytes) -> None:
        """The next record. What the log has at its place is this very record."""
        if seq > self.size:
            return
        kept = self._entry(seq - 1)
        if kept is None:
            self._once("log-entry-missing", seq, where)
        elif (kept != leaf.encode()) if leaf is not None else _sha_in(kept) != sha:
            self._differs = True
            self._tell("log-entry-differs", seq, where, "not the record that was logged")
        entry = leaf.encode() if leaf is not None else kept
        if entry is not None:
            self._head.add(entry_hash(entry))

    def end(self, head: int) -> None:
        """The end of the stream: all that was signed was there, and comes to the signed root."""
        if head < self.size:
            self._tell(
                "record-missing", head + 1, f"positions {head + 1} to {self.size}", "signed in the log"
            )
        elif self.size and self._head.root != self._signed.root and not self._differs:
            self._tell(
                "log-head-differs", None, "hub/log/checkpoint", "the records do not come to the signed root"
            )

    def _once(self, what: str, seq: int, where: str) -> None:
        if not self._told:
            self._tell(
                what, seq, where, "the log lacks its entries: the hub makes them again at its next start"
            )
        self._told = True

    def _entry(self, index: int) -> bytes | None:
        """An entry of a bundle of 256 (C2SP tlog-tiles)."""
        n, at = divmod(index, 256)
        if self._bundle[0] != n:
            self._bundle = (n, self._read(n))
        return self._bundle[1][at] if at < len(self._bundle[1]) else None

    def _read(self, n: int) -> list[bytes]:
        digits = f"{n:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        path = self._folder / "tile" / "entries" / "/".join([*(f"x{g}" for g in groups[:-1]), groups[-1]])
        width = min(256, self.size - 256 * n)
        part = path.parent / f"{path.name}.p" / str(width)
        for place in (path,) if width == 256 else (part, path):  # it may have become whole meanwhile
            with suppress(OSError):
                return _unbundled(place.read_bytes())[:width]
        return []


def _unbundled(data: bytes) -> list[bytes]:
    """Entries of a bundle: each with its length before it."""
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return found
