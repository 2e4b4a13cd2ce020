"""A hub that is killed at any step of destroying keys does what is left at its next start, once (I7)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.shredding_seams import KINDS, kill_at_steps, prepare_destruction

pytestmark = [pytest.mark.faults, pytest.mark.skipif(sys.platform != "linux", reason="forks")]

STRIKES = 3


@pytest.mark.parametrize("what", KINDS)
def test_a_destruction_killed_at_any_step_is_completed_once(what: str, tmp_path: Path) -> None:
    one = prepare_destruction(tmp_path, what)
    assert kill_at_steps(one, tmp_path, STRIKES, 5, lambda _: None) == []
    assert one.killed.total() >= STRIKES
