"""Clocks in edition 1: an act of the right kind stopped every clock of its kind, whatever it was about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.case import Case
from domain.clock_kinds import ClockKind
from domain.clocks import Clock, ClockKey, child_was_sighted

_STOPPED: Mapping[type[e.CaseMessage], tuple[ClockKind, ...]] = {
    e.CoercionCheckDone: (ClockKind.COERCION,),
    e.HeldDisclosureReleased: (),
    e.HomeVisitScheduled: (),
    e.ReferralAcknowledged: (ClockKind.ACKNOWLEDGE,),
    e.SupportClosed: (ClockKind.ACT,),
    e.SupportCommenced: (ClockKind.ACT,),
    e.SupportPlanApproved: (),
    e.SupportPlanFormulated: (),
    e.TransferInitiated: (ClockKind.ACT, ClockKind.HANDOVER),
    e.TransferReceiptConfirmed: (ClockKind.TRANSFER,),
}
"""What a message stopped where its class states another today."""


def stopped_clocks(case: Case, event: e.CaseMessage, by: UUID, at: datetime) -> list[ClockKey]:
    """The clocks that this message stopped."""
    kinds = _STOPPED.get(type(event), event.STOPS or ())
    return [
        key
        for key, clock in case.clocks.items()
        if clock.kind in kinds and STOP_CONDITIONS[clock.kind](event, by, clock)
    ]


def stopped_by_release(case: Case, waiting: e.CaseMessage, by: UUID, at: datetime) -> list[ClockKey]:
    """A message that was held stopped once more, when it was released, what it stops."""
    return stopped_clocks(case, waiting, by, at)


def _answers(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return getattr(event, "answers", None) == clock.message


def _answers_by_responsible(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return _answers(event, by, clock) and by == clock.responsible


def _by_responsible(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return by == clock.responsible


def _in_any_case(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return True


def _child_sighted(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return child_was_sighted(event)


def _transfer_received(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    """A receipt that listed something was about the whole hand-over, an empty one about what it answered."""
    if isinstance(event, e.TransferReceiptConfirmed):
        return by == clock.responsible and (bool(event.received) or event.answers == clock.message)
    return True


def _disclosed_to_informed(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return bool(clock.informed & event.to)


STOP_CONDITIONS: Mapping[ClockKind, Callable[[e.CaseMessage, UUID, Clock], bool]] = {
    ClockKind.ACKNOWLEDGE: _answers_by_responsible,
    ClockKind.READ: _answers_by_responsible,
    ClockKind.ACT: _by_responsible,
    ClockKind.SAFETY: _child_sighted,
    ClockKind.ANSWER: _answers_by_responsible,
    ClockKind.ACCEPT: _answers_by_responsible,
    ClockKind.REPORT: _answers_by_responsible,
    ClockKind.RIGHTS: _answers,
    ClockKind.EMERGENCY: _answers,
    ClockKind.EMERGENCY_UNILATERAL: _answers,
    ClockKind.EMERGENCY_REVIEW: _answers,
    ClockKind.COERCION: _answers,
    ClockKind.CONFIRM: _answers_by_responsible,
    ClockKind.TRANSFER: _transfer_received,
    ClockKind.HANDOVER: _in_any_case,
    ClockKind.NON_DISCLOSURE: _by_responsible,
    ClockKind.VISIT_REPORT: _by_responsible,
    ClockKind.BREACH: _answers,
    ClockKind.SPECIALIST: _by_responsible,
    ClockKind.BUNDLE: _disclosed_to_informed,
}
