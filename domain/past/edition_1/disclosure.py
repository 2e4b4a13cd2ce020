"""A decision not to disclose in edition 1: it ended what was waited for, a hand-over too."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import Case, Message


def decided_not_to_act(case: Case, event: e.NonDisclosureDecided, message: Message) -> Case:
    return replace(case, move_known_at=None)
