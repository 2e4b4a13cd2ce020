"""Stories through ``decide`` in one process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from unittest.mock import patch

from gateway.rehearsal.scenario import messages
from gateway.rehearsal.scenario.report import start_of
from tests.models.comparing import Comparison, play_and_compare, read
from tests.models.in_process import InProcessHub


def through_decide(raw: Mapping[str, Any], flip: str | None = None) -> Comparison:
    """A hospital's files are the adapters' matter: here it sends as everybody."""
    start: datetime = start_of(read(raw))
    with patch.object(messages, "_is_sent_as_file", lambda *_: False):
        return play_and_compare(raw, InProcessHub(start), flip)
