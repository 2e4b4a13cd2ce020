"""The log at growing sizes: appending a leaf, proving one, checking the proof, and how long a proof is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from keys.proofs import verify_consistency, verify_inclusion
from keys.tree import HASH_BYTES, WIDTH, consistency, inclusion, node_hash, root, subtree_of

SAMPLES = 200


def measure(
    sizes: list[int], report_progress: Callable[[int, int], None] = lambda *_: None
) -> Iterator[dict[str, Any]]:
    """One row a size, in microseconds; the tree is in memory as tiles are on disk."""
    rows: list[bytearray] = [bytearray()]
    random = Random(1)
    size = 0
    for wanted in sizes:
        began = perf_counter()
        while size < wanted:
            _push(rows, sha256(size.to_bytes(8, "big")).digest())
            size += 1
            if size % 10_000 == 0:
                report_progress(size, sizes[-1])
        grown = perf_counter() - began
        yield {
            "leaves": size,
            "append_us": round(1e6 * grown / max(1, size), 2),
            **_proofs(rows, size, random),
        }


def _push(rows: list[bytearray], leaf: bytes) -> None:
    rows[0] += leaf
    level = 0
    while len(rows[level]) % (WIDTH * HASH_BYTES) == 0:
        last = bytes(rows[level][-WIDTH * HASH_BYTES :])
        row = [last[i : i + HASH_BYTES] for i in range(0, len(last), HASH_BYTES)]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        level += 1
        if level == len(rows):
            rows.append(bytearray())
        rows[level] += row[0]


def _proofs(rows: list[bytearray], size: int, random: Random) -> dict[str, Any]:
    span = WIDTH * HASH_BYTES
    subtree = subtree_of(lambda level, n: bytes(rows[level][n * span : (n + 1) * span]))
    top = root(size, subtree)
    prove_times, checked, lengths, grew = [], [], [], []
    for _ in range(SAMPLES):
        index = random.randrange(size)
        first = perf_counter()
        proof = inclusion(index, size, subtree)
        second = perf_counter()
        leaf = bytes(rows[0][HASH_BYTES * index : HASH_BYTES * (index + 1)])
        verify_inclusion(leaf, index, size, proof, top)
        third = perf_counter()
        before = random.randrange(1, size)
        steps = consistency(before, size, subtree)
        verify_consistency(before, size, steps, root(before, subtree), top)
        prove_times.append(second - first)
        checked.append(third - second)
        lengths.append(HASH_BYTES * len(proof))
        grew.append(perf_counter() - third)
    return {
        "prove_us": round(1e6 * median(prove_times), 1),
        "check_us": round(1e6 * median(checked), 1),
        "proof_bytes": max(lengths),
        "consistency_us": round(1e6 * median(grew), 1),
    }
