"""Visitors of a family: the clock of «not seen» that is theirs, and a family that has none. Source: guideline 4(1), 5(1)[3],
6(4)[1]; the days are those of the rule book."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from tests.models.clocks import Clock, running
from tests.models.law import DAY

if TYPE_CHECKING:
    from tests.models.model import Model

GAP = 30 * DAY


def visits(model: Model, code: str) -> bool:
    return model.supported and model.closed_at is None and model.contractors[code].assigned


def _missed(model: Model, code: str, children: Iterable[str], at: datetime, *, anew: bool) -> None:
    """``anew``: from a sighting on. Else from when they support the family and the child is at home, or, so far as the text
    goes, from when it was last seen: at the latest thirty days from now."""
    c = model.contractors[code]
    stay = model.stay
    for child in children:
        away = stay is not None and stay.ended_at is None and child in stay.children
        unsure = c.suspended or c.unsure or away
        due, within = (at + GAP, DAY) if anew else (at - 400 * DAY, 400 * DAY + GAP + DAY)
        model.start(
            Clock(
                "CONTACT_VISITOR",
                "ContactGapAlarmRaised",
                at,
                due,
                "5(1)[3]; 0037 (visitors)",
                who=code,
                child=child,
                within=within,
                unsure_from=at if unsure else None,
            )
        )


def _at_home(model: Model) -> list[str]:
    return [c for c in model.living if c not in model.placed]


def visitors_begin(model: Model, at: datetime) -> None:
    """Support begins."""
    for code in model.contractors:
        if visits(model, code):
            _missed(model, code, _at_home(model), at, anew=False)


def visitor_assigned(model: Model, code: str, at: datetime) -> None:
    for c in running(model.clocks, "REPLACEMENT"):
        c.stop(at)
    if visits(model, code):
        _missed(model, code, _at_home(model), at, anew=False)


def visitor_gone(model: Model, code: str, at: datetime) -> None:
    """6(4)[1]: a family in support whose last visitor left has another within seven days."""
    for c in running(model.clocks, "CONTACT_VISITOR"):
        if c.who == code:
            c.stop(at)
    if model.supported and not any(x.assigned for x in model.contractors.values()):
        clock = Clock(
            "REPLACEMENT",
            "FamilyWithoutVisitorAlarmRaised",
            at,
            at + 7 * DAY,
            "4(1), 6(4)[1]",
            who=model.core,
            within=DAY,
        )
        if model.own_visitor or not model.living or model.stay is not None or model.contractors[code].unsure:
            clock.doubt(at)
        model.start(clock)


def visitors_saw(model: Model, children: Iterable[str], at: datetime) -> None:
    """A child was seen, by whomever: its clock begins anew."""
    for child in children:
        mine = [c for c in running(model.clocks, "CONTACT_VISITOR") if c.child == child]
        for c in mine:
            c.stop(at)
        for code in sorted({c.who for c in mine if c.who is not None}):
            _missed(model, code, [child], at, anew=True)


def child_away(model: Model, child: str, at: datetime) -> None:
    """0037: a child that is not at home is missed by the core agency, not by its visitor."""
    for c in running(model.clocks, "CONTACT_VISITOR"):
        if c.child == child:
            c.stop(at)


def child_home(model: Model, child: str, at: datetime) -> None:
    for code in model.contractors:
        if visits(model, code):
            _missed(model, code, [child], at, anew=False)
