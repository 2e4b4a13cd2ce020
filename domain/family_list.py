"""The family's own list of who was told what: the part of it that harms nobody.

It has no numbers, times of day, bases or ids, so that nothing shows where something was left out.
Basis: APPI 76, 78(1), 81; CAPA 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.calendar import day_of
from domain.case import Case
from domain.codes import AUTHOR_ONLY, Flag, Section
from domain.facts import SAFETY_ACTS

NEVER_LISTED = AUTHOR_ONLY | {Section.NOTIFIER, Section.ADDR, Section.RISK, Section.CONF}
"""Sections whose very existence may harm: whoever notified, where somebody hides, what is feared, what was weighed."""

NEVER_LISTED_FLAGS = frozenset({Flag.DV_PROTECTED, Flag.NEVER_TO_GUARDIAN, Flag.CHILD_STATEMENT})


@dataclass(frozen=True)
class Told:
    """On a day (JST), one agency told another these sections."""

    on: date
    by: UUID
    to: UUID
    sections: frozenset[Section]


def family_list(case: Case) -> Iterator[Told]:
    """Who told whom what, in order of the days. Nothing of a notification or of what followed from it."""
    for message in case.messages.values():
        if isinstance(message.fact, SAFETY_ACTS):
            continue
        shown = frozenset(
            i.section
            for i in message.items
            if i.section not in NEVER_LISTED and not i.flags & NEVER_LISTED_FLAGS
        )
        for agency in sorted(message.to - message.held) if shown else ():
            yield Told(day_of(message.at), message.by, agency, shown)
