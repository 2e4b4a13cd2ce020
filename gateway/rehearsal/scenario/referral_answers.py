"""Which referral a story's acknowledgements and readings are about, so that the player gives those that are left out."""

from __future__ import annotations

from collections.abc import Mapping

from domain.events import REFERRALS
from gateway.rehearsal.scenario.story import PERSON, Step, Story

REFERRAL_EVENTS = tuple(cls.__name__ for cls in REFERRALS)

StepByReferral = Mapping[tuple[int, str], int]
"""(number of the referral, who answers it) -> number of the step that does."""


def answers(story: Story, event: str) -> StepByReferral:
    """Steps of this event and the referral each is about: the one it names, else the last before it that has none.

    The last step is settled first, so that two answers to two referrals go to both in their order.
    """
    answered: dict[tuple[int, str], int] = {}
    answer_steps = [s for s in story.steps if s.event == event]
    for answer in sorted(answer_steps, key=lambda s: (_referral_number(s) is None, -s.at.timestamp(), -s.n)):
        before = [
            r
            for r in story.steps
            if r.event in REFERRAL_EVENTS and _may_answer(answer, r) and (r.n, answer.by) not in answered
        ]
        if before:
            answered[(before[-1].n, answer.by)] = answer.n
    return answered


def _referral_number(answer: Step) -> int | None:
    n = answer.details.get("answers", answer.details.get("about"))
    return None if n is None else int(n)


def _may_answer(answer: Step, referral: Step) -> bool:
    if _referral_number(answer) is not None:
        return _referral_number(answer) == referral.n
    author = referral.to[0] if referral.by == PERSON else referral.by
    earlier = (referral.at, referral.n) < (answer.at, answer.n) and referral.family == answer.family
    addressed_to_author = not answer.to or bool({author, referral.by} & set(answer.to))
    return earlier and answer.by in referral.to and addressed_to_author
