"""A serving process looks for cycles in its memory when it is quiet, and in time where it never is."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import gc, sys, weakref
from threading import Event
from time import monotonic
from gateway.protocol.garbage_collection import defer_garbage_collection

class Knot: ...
defer_garbage_collection(every=0.05, at_latest=0.5, poll_seconds=0.05)
later = Knot(); later.itself = later; gone = Event(); weakref.finalize(later, gone.set)
gc.collect(0); gc.collect(1)
del later
until = monotonic() + 20
while sys.argv[1] == "busy" and not gone.is_set() and monotonic() < until:
    pass
print("gone:", gone.wait(20))
"""


@pytest.mark.parametrize("how", ["quiet", "busy"])
def test_reference_cycles_are_collected_in_time(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    assert "gone: True" in done.stdout


WORK = """
import gc, sys
from gateway.protocol.garbage_collection import defer_garbage_collection
if sys.argv[1] == "without":
    defer_garbage_collection()
before = gc.get_stats()[2]["collections"]
kept = [[[n] for n in range(1000)] for _ in range(1000)]
print(gc.get_stats()[2]["collections"] - before)
"""


def full_collections(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", WORK, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_long_lived_objects_are_not_collected_while_the_process_is_busy() -> None:
    assert full_collections("with") > 0
    assert full_collections("without") == 0
