"""The transparency log in its folder, compared with the records. It is read by its published format, not by the code that
writes it. Source: C2SP tlog-tiles."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from domain.errors import ExchangeError
from keys.checkpoint import origin_of, verify_checkpoint
from keys.genesis import Genesis
from keys.leaf import Leaf, parse_leaf
from keys.proofs import RootAccumulator, entry_hash


def _record_sha_of(entry: bytes) -> bytes | None:
    """The record's digest in an entry of the log; None where the entry is no leaf."""
    try:
        return parse_leaf(entry).sha
    except ExchangeError:
        return None


class LogChecker:
    """Compares the signed head with all records, and each entry with its record.

    ``report``: called with (code of the finding, position, where, detail).
    """

    def __init__(self, folder: Path, genesis: Genesis, report: Callable[..., None]) -> None:
        self._log_folder = folder
        self._report = report
        self._merkle_head = RootAccumulator()
        self._missing_entry_reported = self._entry_differs = False
        self._cached_bundle: tuple[int, list[bytes]] = (-1, [])
        self.size = 0
        try:
            note = (folder / "checkpoint").read_bytes()
            self._checkpoint, _ = verify_checkpoint(note, origin_of(genesis.hub, genesis.mode), genesis.log)
            self.size = self._checkpoint.size
        except FileNotFoundError:
            pass  # nothing was signed yet, or the checkpoint was removed: then receipts of the doors show it
        except ExchangeError as error:
            report(error.error_code, None, "hub/log/checkpoint", error.explanation)

    def check_record(self, seq: int, where: str, leaf: Leaf | None, sha: bytes) -> None:
        """Verify that the log's entry at this position is the leaf of this record. ``leaf``: None if its tag is unknown."""
        if seq > self.size:
            return
        logged_entry = self._logged_entry(seq - 1)
        if logged_entry is None:
            self._report_missing_entry_once(seq, where)
        elif (logged_entry != leaf.encode()) if leaf is not None else _record_sha_of(logged_entry) != sha:
            self._entry_differs = True
            self._report("log-entry-differs", seq, where, "not the record that was logged")
        entry = leaf.encode() if leaf is not None else logged_entry
        if entry is not None:
            self._merkle_head.add(entry_hash(entry))

    def end(self, head: int) -> None:
        """Verify, after the last record, that all signed records were there and have the signed root."""
        if head < self.size:
            self._report(
                "record-missing", head + 1, f"positions {head + 1} to {self.size}", "signed in the log"
            )
        elif self.size and self._merkle_head.root != self._checkpoint.root and not self._entry_differs:
            self._report(
                "log-root-differs",
                None,
                "hub/log/checkpoint",
                "the records have another root than the signed one",
            )

    def _report_missing_entry_once(self, seq: int, where: str) -> None:
        if not self._missing_entry_reported:
            self._report(
                "log-entry-missing", seq, where, "the hub writes its entries again at its next start"
            )
        self._missing_entry_reported = True

    def _logged_entry(self, index: int) -> bytes | None:
        """The entry, from its bundle of 256 entries; None where it is missing."""
        n, at = divmod(index, 256)
        if self._cached_bundle[0] != n:
            self._cached_bundle = (n, self._read_bundle(n))
        return self._cached_bundle[1][at] if at < len(self._cached_bundle[1]) else None

    def _read_bundle(self, n: int) -> list[bytes]:
        digits = f"{n:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        full_path = (
            self._log_folder / "tile" / "entries" / "/".join([*(f"x{g}" for g in groups[:-1]), groups[-1]])
        )
        width = min(256, self.size - 256 * n)
        partial_path = full_path.parent / f"{full_path.name}.p" / str(width)
        # a partial bundle may have been completed since the checkpoint was read
        for tile_path in (full_path,) if width == 256 else (partial_path, full_path):
            with suppress(OSError):
                return _split_bundle(tile_path.read_bytes())[:width]
        return []


def _split_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle, in which a length precedes each."""
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return entries
