"""Which referral a story's acknowledgements and readings are about, so that the player gives those that are left out."""

from __future__ import annotations

from collections.abc import Mapping

from domain.events import REFERRALS
from gateway.rehearsal.scenario.story import PERSON, Step, Story

REFERRAL_EVENTS = tuple(cls.__name__ for cls in REFERRALS)

Given = Mapping[tuple[int, str], int]
"""(number of the referral, who answers it) -> number of the step that does."""


def answers(story: Story, event: str) -> Given:
    """Steps of this event and the referral each is about: the one it names, else the last before it that has none.

    The last step is settled first, so that two answers to two referrals go to both in their order.
    """
    found: dict[tuple[int, str], int] = {}
    given = [s for s in story.steps if s.event == event]
    for answer in sorted(given, key=lambda s: (_named(s) is None, -s.at.timestamp(), -s.n)):
        before = [
            r
            for r in story.steps
            if r.event in REFERRAL_EVENTS and _may_answer(answer, r) and (r.n, answer.by) not in found
        ]
        if before:
            found[(before[-1].n, answer.by)] = answer.n
    return found


def _named(answer: Step) -> int | None:
    n = answer.details.get("answers", answer.details.get("about"))
    return None if n is None else int(n)


def _may_answer(answer: Step, referral: Step) -> bool:
    if _named(answer) is not None:
        return _named(answer) == referral.n
    author = referral.to[0] if referral.by == PERSON else referral.by
    earlier = (referral.at, referral.n) < (answer.at, answer.n) and referral.family == answer.family
    from_there = not answer.to or bool({author, referral.by} & set(answer.to))
    return earlier and answer.by in referral.to and from_there
