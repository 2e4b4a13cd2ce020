"""What a commission was judged by in edition 1: a contractor exempted its own people."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from domain import events as e
from domain.codes import NEVER_EXEMPT
from domain.commission.state import Commission
from domain.context import DecisionContext, Refusal, needs
from domain.readiness import worker_gaps
from domain.reasons import Reason
from domain.record import Party


def exemption(commission: Commission, by: Party, event: e.TrainingModuleExempted) -> Refusal | None:
    """By either side, for a qualification that it names. Basis: guideline 7(1), 8[2]."""
    return needs(event.module not in NEVER_EXEMPT, Reason.MODULE_NEVER_EXEMPT)


def own_visitor(context: DecisionContext, own: Commission | None, on: date) -> Refusal | None:
    """A visitor of its own whom the core agency has registered is trained, and sworn where part-time; for others of
    its staff it answers itself. Basis: guideline 4(3), 7(3), 8[3]."""
    if own is None or context.event.worker not in own.workers:
        return None
    missing_gaps = worker_gaps(context.register, own, context.event.worker, on)
    return Refusal(Reason.WORKER_NOT_READY, context.by) if missing_gaps else None


def stated_role(context: DecisionContext) -> Refusal | None:
    """A role need not be stated."""
    return None


def undoubted(commission: Commission, agency: UUID) -> Refusal | None:
    """A doubt had no effect."""
    return None
