"""The effects of ``domain.whereabouts``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import Case, Message
from domain.clock_kinds import ClockKind
from domain.effects import effect_of


@effect_of(e.SearchStepRecorded)
def search_goes_on(case: Case, event: e.SearchStepRecorded, message: Message) -> Case:
    """Each step gives the search its time anew, until they are located. Basis: own rule (居所不明児童)."""
    searches = {
        key: replace(clock, since=message.at)
        for key, clock in case.clocks.items()
        if clock.kind is ClockKind.SEARCH and clock.message == event.answers
    }
    return replace(case, clocks=case.clocks | searches)
