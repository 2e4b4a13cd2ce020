"""Stories on a live rehearsal hub: a real server, real doors, real seals, by the product's own player."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import start_of
from tests.models.comparing import Comparison, play_and_compare, read

MOST_LOOKS = 2
"""Moments at which everything is opened: each costs a request for each agency and item."""


def through_hub(raw: Mapping[str, Any], flip: str | None = None) -> Comparison:
    """On a hub of its own, founded for this story and deleted afterwards."""
    fewer = {**raw, "expect": raw["expect"][-MOST_LOOKS:]}
    with (
        TemporaryDirectory(prefix="model-") as folder,
        open_rehearsal_hub(Path(folder) / "hub", start_of(read(fewer))) as hub,
    ):
        return play_and_compare(fewer, hub, flip)
