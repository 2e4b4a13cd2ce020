"""Visits in edition 1: nobody waited for a visitor in another's place."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import Case, Message


def worker_unassigned(case: Case, event: e.SupportWorkerUnassigned, message: Message) -> Case:
    """Basis: guideline 4(1)."""
    return replace(case, assigned=case.assigned - {(event.agency, event.worker)})
