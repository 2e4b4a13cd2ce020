"""The writing half of the Merkle tree over the stream: hashes, roots and proofs, made from full subtrees.

The verifying half is ``proofs``; the two share only SHA-256. Source: RFC 9162 2.1; C2SP tlog-tiles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

HEIGHT = 8
WIDTH = 2**HEIGHT
HASH_BYTES = 32
EMPTY = hashlib.sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""(height, n) -> hash of the full subtree over leaves n·2^height up to (n+1)·2^height."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root(size: int, subtree: Subtree) -> bytes:
    """MTH(D[0:size])."""
    return EMPTY if size == 0 else _range(0, size, subtree)


def inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(index, D[0:size]): from the leaf up. ``index`` < ``size``."""
    return _path(index, 0, size, subtree)


def consistency(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """PROOF(first, D[0:second]), 0 < ``first`` <= ``second``; empty where they are equal."""
    return _subproof(first, 0, second, subtree, is_complete=True)


def _left_size(size: int) -> int:
    """The largest power of two that is less than ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(start: int, end: int, subtree: Subtree) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return subtree(height, start >> height)
    middle = start + _left_size(size)
    return node_hash(_range(start, middle, subtree), _range(middle, end, subtree))


def _path(index: int, start: int, end: int, subtree: Subtree) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _left_size(end - start)
    if index < middle:
        return [*_path(index, start, middle, subtree), _range(middle, end, subtree)]
    return [*_path(index, middle, end, subtree), _range(start, middle, subtree)]


def _subproof(first: int, start: int, end: int, subtree: Subtree, *, is_complete: bool) -> list[bytes]:
    if first == end - start:
        return [] if is_complete else [_range(start, end, subtree)]
    middle = _left_size(end - start)
    if first <= middle:
        left = _subproof(first, start, start + middle, subtree, is_complete=is_complete)
        return [*left, _range(start + middle, end, subtree)]
    right = _subproof(first - middle, start + middle, end, subtree, is_complete=False)
    return [*right, _range(start, start + middle, subtree)]


# --- tiles ------------------------------------------------------------------------------------------------


def tile_path(level: int | str, n: int, width: int = WIDTH) -> str:
    """``tile/<level>/<n>[.p/<width>]``, n in groups of three digits. ``level`` may be ``entries``."""
    digits = f"{n:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{g}" for g in groups[:-1]), groups[-1]])
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


def tiles_of(size: int) -> list[tuple[int, int, int]]:
    """(level, n, width) of the rightmost tile of each level of a tree of this size; the tiles before it are full."""
    tiles = []
    level, count = 0, size
    while count:
        n, width = divmod(count, WIDTH)
        tiles.append((level, n, width) if width else (level, n - 1, WIDTH))
        count //= WIDTH
        level += 1
    return tiles


def subtree_of(tile: Callable[[int, int], bytes]) -> Subtree:
    """Subtrees from tiles. ``tile(level, n)``: the hashes of that tile, as many as there are."""

    def subtree(height: int, n: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        per_tile = WIDTH >> above
        hashes = tile(level, n // per_tile)
        first = (n % per_tile) << above
        row = [hashes[HASH_BYTES * i : HASH_BYTES * (i + 1)] for i in range(first, first + (1 << above))]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    return subtree
