"""Which clocks a message stops: one act stops the clock of what it is about, and no other.

Which kinds a message may stop is stated by its class (``stops``); here is of which clock of that kind: what the message
names, and where it names nothing, the oldest that it can be about. The table of all is CLOCKS.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, end_of
from domain.case import Case
from domain.children import UNKNOWN_CHILD, children_named_in
from domain.clock_kinds import ClockKind
from domain.clocks import Clock, ClockKey, child_was_sighted
from domain.codes import BreachStage, HandoverState
from domain.editions import since_edition
from domain.family import Family
from domain.past.edition_1 import clocks as edition_1
from domain.visits.effects import reports_recorded_visit


@dataclass(frozen=True)
class _Act:
    """A message that may stop clocks, and the case as it was before it. ``event``: of a class that states them."""

    case: Case
    event: Any
    by: UUID
    at: datetime

    @property
    def named(self) -> UUID | None:
        """The message that it names as what it is about."""
        for name in ("answers", "forwards", "visit", "replaces", "hands_over", "renews"):
            if hasattr(self.event, name):
                return getattr(self.event, name)  # type: ignore[no-any-return]
        return None

    def started_by(self, clock: Clock) -> Any:
        """The event that started this clock."""
        message = None if clock.message is None else self.case.messages.get(clock.message)
        return None if message is None else message.event


@dataclass(frozen=True)
class StopRule:
    """When a message that may stop a clock of this kind does so. ``stops``: whether it can be about this clock;
    ``only_oldest``: of several it is about the oldest; ``whose`` and ``about``: the same in words, for CLOCKS.md."""

    stops: Callable[[_Act, Clock], bool]
    whose: str
    about: str
    only_oldest: bool = False


@since_edition(2, before=edition_1.stopped_clocks)
def stopped_clocks(case: Case, event: e.CaseMessage, by: UUID, at: datetime) -> list[ClockKey]:
    """The clocks that this message of this agency stops. ``case``: before it."""
    act, running = _Act(case, event, by, at), dict[ClockKind, list[tuple[datetime, ClockKey]]]()
    for key, clock in case.clocks.items() if event.STOPS else ():
        if clock.kind in (event.STOPS or ()) and STOP_RULES[clock.kind].stops(act, clock):
            running.setdefault(clock.kind, []).append((clock.since, key))
    stopped: list[ClockKey] = []
    for kind, clocks in running.items():
        clocks.sort(key=lambda one: (one[0], str(one[1])))
        stopped += [key for _, key in (clocks[:1] if STOP_RULES[kind].only_oldest else clocks)]
    return stopped


@since_edition(2, before=edition_1.stopped_by_release)
def stopped_by_release(case: Case, waiting: e.CaseMessage, by: UUID, at: datetime) -> list[ClockKey]:
    """A message that was held has stopped what it is about when it was sent: nothing more when it is released."""
    return []


# --- what it is about -------------------------------------------------------------------------------------


def _names_it(act: _Act, clock: Clock) -> bool:
    return act.named is not None and act.named == clock.message


def _responsible_names_it(act: _Act, clock: Clock) -> bool:
    return _names_it(act, clock) and act.by == clock.responsible


def _acted_on(act: _Act, clock: Clock) -> bool:
    """The referral that it names; one that names none is about the oldest of its children. A decision not to act is about
    what it names only. Basis: guideline 6(2)[1]."""
    if act.by != clock.responsible:
        return False
    if isinstance(act.event, e.NonDisclosureDecided) or act.named is not None:
        return _names_it(act, clock)
    return _same_children(act.case.family, act.event, act.started_by(clock))


def _same_children(family: Family, event: Any, referral: Any) -> bool:
    """Whether both speak of one child; who names none speaks of all, and of whom nobody can say who it is may be any."""
    spoken_of = family.resolved(children_named_in(event))
    referred = family.resolved(children_named_in(referral))
    return not spoken_of or not referred or bool(spoken_of & referred) or UNKNOWN_CHILD in referred


def _child_sighted(act: _Act, clock: Clock) -> bool:
    """By whomever; after a transfer between centres by one of those to whom it went. Basis: CAPA 4(6), 8."""
    transfer = act.started_by(clock)
    if isinstance(transfer, e.CgcTransferNotified) and act.by not in transfer.to:
        return False
    return child_was_sighted(act.event) and _is_child_of(clock, act)


def _is_child_of(clock: Clock, act: _Act) -> bool:
    """Whether an act is of the child for which this clock runs. The clock of the family as a whole waits for a
    sighting of all, or until each child who was known before was sighted: never only for one whom the sighting itself
    brings into the case. Basis: CAPA 8 (札幌 2019: the sight of one child proves nothing about another)."""
    family = act.case.family
    named = family.resolved(children_named_in(act.event))
    if not named:
        return True
    if clock.child is not None:
        return family.one(clock.child) in named
    known = list(family.living())
    since = act.case.recorded_since(clock)
    return bool(known) and all(child in named or k.sighted_since(since) for child, k in known)


def _visit_reported(act: _Act, clock: Clock) -> bool:
    """The planned visit that it names, its own or one that its contractor could not make; one that names none is about the
    oldest of its own whose day has come, and a report of a visit that was recorded about none any more.

    Basis: guideline 6(4)[1].
    """
    if act.named is not None:
        return _names_it(act, clock) and act.by in (clock.responsible, act.case.core_of(clock.responsible))
    if isinstance(act.event, e.HomeVisitScheduled) or act.by != clock.responsible:
        return False
    is_due = clock.since <= end_of(day_of(act.at))
    return is_due and not reports_recorded_visit(act.case, act.event, act.by)


def _specialist_linked(act: _Act, clock: Clock) -> bool:
    """The decision that it names, else the oldest; a decision that nobody is linked names it. Basis: guideline 5(2)[1]."""
    if isinstance(act.event, e.NonDisclosureDecided) or act.named is not None:
        return _responsible_names_it(act, clock)
    return act.by == clock.responsible


def _reported_in_full(act: _Act, clock: Clock) -> bool:
    """A final report that names the leak, or the preliminary report of it. Basis: APPI 68."""
    if act.by != clock.responsible:
        return False
    if not isinstance(act.started_by(clock), e.BreachDetected):
        return _names_it(act, clock)
    report = None if act.named is None else act.case.messages.get(act.named)
    of_report = report is not None and getattr(report.event, "answers", None) == clock.message
    return act.event.stage is BreachStage.FINAL and (_names_it(act, clock) or of_report)


def _decision_reviewed(act: _Act, clock: Clock) -> bool:
    """A decision that names it, or a disclosure that names it and goes to all from whom it was withheld."""
    if not _responsible_names_it(act, clock):
        return False
    decision = act.started_by(clock)
    reached = act.event.to - act.event.held
    return isinstance(act.event, e.NonDisclosureDecided) or decision.withheld_from <= reached


def _paper_received(act: _Act, clock: Clock) -> bool:
    """A receipt: what it names; with that the hand-over which it belongs to, and each package of it all of whose items are in
    hand now. The end of a hand-over, or another that takes its place: all papers of it. Of a transfer between centres an
    acknowledgement is a receipt. Basis: own rule (受領確認)."""
    if isinstance(act.event, e.ReferralAcknowledged):
        between_centres = isinstance(act.started_by(clock), e.CgcTransferNotified)
        return between_centres and _responsible_names_it(act, clock)
    if not isinstance(act.event, e.TransferReceiptConfirmed):
        return _ends_transfer(act, clock)
    if act.by != clock.responsible or _names_it(act, clock):
        return act.by == clock.responsible
    transfer = act.case.transfer
    if transfer is None or clock.message not in transfer.papers or act.named not in transfer.papers:
        return False
    paper = act.started_by(clock)
    if not isinstance(paper, e.TransferPackageSent):
        return True
    sent = {item for item, state in paper.checklist.items() if state is HandoverState.SENT}
    return sent <= transfer.received | act.event.received


def _ends_transfer(act: _Act, clock: Clock) -> bool:
    """The hand-over under way ends: done, called off, or another takes its place. Basis: guideline 3(1)."""
    transfer = act.case.transfer
    if transfer is None or clock.message not in transfer.papers:
        return False
    return isinstance(act.event, e.TransferInitiated) or act.named == transfer.id


def _located(act: _Act, clock: Clock) -> bool:
    """Each child is searched for until it is located itself. Basis: own rule (居所不明児童)."""
    return _names_it(act, clock) and _is_child_of(clock, act)


def _made_readable(act: _Act, clock: Clock) -> bool:
    """An answer that names the report, or the notice of a correction of the message that could not be read.
    Basis: own rule (読めない内容); APPI 65."""
    if act.by != clock.responsible or isinstance(act.event, e.ContentUnreadableAnswered):
        return _responsible_names_it(act, clock)
    correction, report = act.case.messages.get(act.event.answers), act.started_by(clock)
    return (
        correction is not None
        and isinstance(correction.event, e.CorrectionMade)
        and correction.event.corrects == report.message
    )


def _officially_answered(act: _Act, clock: Clock) -> bool:
    """A disclosure to the authority that asked, by the row by which it asked; a decision not to disclose that names it.
    Basis: CRPA 197(2); CPA 186, 226; ATTA 23-2."""
    if isinstance(act.event, e.NonDisclosureDecided):
        return _responsible_names_it(act, clock)
    request, reached = act.started_by(clock), act.event.to - act.event.held
    if act.by != clock.responsible or not isinstance(request, e.OfficialRequestReceived):
        return False
    asker = request.requesting_agency
    return asker in reached and act.event.basis.get(asker) == request.code


def _never(act: _Act, clock: Clock) -> bool:
    return False


_ANYONE, _RESPONSIBLE = "anybody", "the agency that is responsible"
_NAMED = "what it names"
_IN_FULL = "the leak or the preliminary report that a final report names"

STOP_RULES: Mapping[ClockKind, StopRule] = {
    ClockKind.ACKNOWLEDGE: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.READ: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.ACT: StopRule(
        _acted_on,
        _RESPONSIBLE,
        "the referral that it names, else the oldest that speaks of the same child; a decision not to act: the one that it"
        " names only",
        only_oldest=True,
    ),
    ClockKind.SAFETY: StopRule(
        _child_sighted,
        f"{_ANYONE}; after a transfer between centres one of those to whom it went",
        "the children that were sighted",
    ),
    ClockKind.ANSWER: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.ACCEPT: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.REPORT: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.RIGHTS: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.EMERGENCY: StopRule(_names_it, "an authority other than the reader", _NAMED),
    ClockKind.EMERGENCY_UNILATERAL: StopRule(_names_it, "an authority other than the reader", _NAMED),
    ClockKind.EMERGENCY_REVIEW: StopRule(_names_it, "an authority other than the reader", _NAMED),
    ClockKind.EMERGENCY_END: StopRule(_never, "nobody", "it ends by its own time"),
    ClockKind.COERCION: StopRule(_names_it, "the second person whom the check names", _NAMED),
    ClockKind.CONFIRM: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.TRANSFER: StopRule(
        _paper_received,
        f"{_RESPONSIBLE} (a receipt); who ends the hand-over",
        "a receipt: what it names, the hand-over to which that belongs, and each package all of whose items are in hand;"
        " the end of a hand-over: all its papers",
    ),
    ClockKind.HANDOVER: StopRule(_ends_transfer, "who ends the hand-over", "the hand-over under way"),
    ClockKind.NON_DISCLOSURE: StopRule(
        _decision_reviewed,
        _RESPONSIBLE,
        "the decision that it names; a disclosure only where it goes to all from whom it was withheld",
    ),
    ClockKind.VISIT_REPORT: StopRule(
        _visit_reported,
        f"{_RESPONSIBLE}, or by naming it the core agency for which it visits",
        "the planned visit that it names, else the oldest whose day has come",
        only_oldest=True,
    ),
    ClockKind.BREACH_PRELIMINARY: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.BREACH: StopRule(_reported_in_full, _RESPONSIBLE, _IN_FULL),
    ClockKind.BREACH_INTENT: StopRule(_reported_in_full, _RESPONSIBLE, _IN_FULL),
    ClockKind.BREACH_NOTICE: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.SPECIALIST: StopRule(
        _specialist_linked,
        _RESPONSIBLE,
        "the decision that it names, else the oldest; a decision that nobody is linked: the one that it names only",
        only_oldest=True,
    ),
    ClockKind.SEARCH: StopRule(
        _located, "who searches", "the children that are located, of the search that it names"
    ),
    ClockKind.UNREADABLE: StopRule(
        _made_readable,
        _RESPONSIBLE,
        "the report that an answer names; a notice of a correction: each report of the message that is corrected",
    ),
    ClockKind.OFFICIAL: StopRule(
        _officially_answered,
        _RESPONSIBLE,
        "the request to whose authority it discloses by the same row of the rule book; a decision not to disclose: the one that"
        " it names",
    ),
    ClockKind.SERVICE: StopRule(_responsible_names_it, _RESPONSIBLE, _NAMED),
    ClockKind.BAN_END: StopRule(_names_it, "the centre that imposed it", _NAMED),
    ClockKind.BUNDLE: StopRule(
        _never,
        _ANYONE,
        "the contractor that has BASIC and PLAN of the family now (computed from what reached it)",
    ),
}
"""When a message that may stop a clock of this kind does so. Clocks of the case as a whole are computed from its state
(``domain/alarms/raising.py``)."""
