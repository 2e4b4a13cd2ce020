"""Editions of the rules: a rule that changes is a new edition, and old records are judged by the rules of theirs.

Each record names the edition it was decided under. The hub decides under ``CURRENT_EDITION``; whoever folds a record
or judges it again does so under the edition of that record. How a rule is changed: docs/how-to/change-a-rule.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar


@dataclass(frozen=True)
class Edition:
    """One edition of the rules: its number, the day of its release, and what it changed, in one line.

    ``since``: None until it is released. An edition that is not released may still change, so no real hub is run
    under it; once released it never does.
    """

    number: int
    since: date | None
    changed: str


EDITIONS: tuple[Edition, ...] = (
    Edition(1, date(2026, 11, 30), "the first edition"),
    Edition(
        2,
        None,
        "a system is not a person; an emergency access needs an approval from outside, or its time without one; the"
        " second person of a coercion check confirms it; a protected address stands outside ADDR only where two persons"
        " approved it; clocks of safety and of who was not seen run child by child, in every open case; an assessment looks at"
        " something; a plan has a last day, and visits rest on it; a closing asks all who visited, agrees with its evaluation"
        " and names what follows; what is reopened is decided and planned anew; one act stops one clock, and periods of the"
        " programme end on office days; anybody notifies; bases by body and registration, and what rested on a withdrawn"
        " consent alone is gone; a town where a family stays takes part; only assigned visitors count;"
        " for its case index a door opens nothing anew; a correction says what is right; the contract alone states its scope",
    ),
)
"""Every edition, numbered from 1 without gaps. A released row is never changed; only the last may be unreleased."""

CURRENT_EDITION = 2
"""The edition under which the hub decides: the last row of ``EDITIONS``."""


def check_editions() -> None:
    """Raises LookupError unless the rows are numbered from 1, the last one is the current edition, and all before it
    are released."""
    if [edition.number for edition in EDITIONS] != list(range(1, CURRENT_EDITION + 1)):
        raise LookupError(f"give each edition up to {CURRENT_EDITION} its row in EDITIONS")
    if any(edition.since is None for edition in EDITIONS[:-1]):
        raise LookupError("only the last edition may be unreleased")


check_editions()


def is_known(number: int) -> bool:
    """Whether this program knows the rules of that edition."""
    return 1 <= number <= CURRENT_EDITION


def is_released(number: int) -> bool:
    """Whether the rules of that edition are known and never change any more."""
    return is_known(number) and EDITIONS[number - 1].since is not None


# --- which edition is in force ----------------------------------------------------------------------------

_in_force: ContextVar[int | None] = ContextVar("edition_in_force", default=None)


def edition_in_force() -> int:
    """The edition whose rules run here: that of the surrounding ``under_edition``, else the current one."""
    number = _in_force.get()
    return CURRENT_EDITION if number is None else number


@contextmanager
def under_edition(number: int) -> Iterator[None]:
    """Inside, the rules of this edition run. A generator made inside must also be consumed inside."""
    token = _in_force.set(number)
    try:
        yield
    finally:
        _in_force.reset(token)


class HasEdition(Protocol):
    """A world or a record."""

    @property
    def edition(self) -> int: ...


H = TypeVar("H", bound=HasEdition)
S = TypeVar("S")
R = TypeVar("R")
P = ParamSpec("P")


def by_edition_of_world(rule: Callable[Concatenate[H, P], R]) -> Callable[Concatenate[H, P], R]:
    """A rule that runs under the edition of the world it looks at (its first argument)."""

    @wraps(rule)
    def run(world: H, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with under_edition(world.edition):
            return rule(world, *args, **kwargs)

    return run


def by_edition_of_record(fold: Callable[[S, H], R]) -> Callable[[S, H], R]:
    """A fold that runs under the edition of the record it folds in (its second argument)."""

    @wraps(fold)
    def run(state: S, record: H, /) -> R:
        with under_edition(record.edition):
            return fold(state, record)

    return run


# --- rules that changed -----------------------------------------------------------------------------------


def since_edition(number: int, *, before: Callable[P, R]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The decorated rule holds from this edition on; in earlier ones ``before`` does, the rule as it was then.

    Raises LookupError where the edition has no row in ``EDITIONS``, or is the first: that one changed nothing.
    """
    if number < 2 or not is_known(number):
        raise LookupError(f"edition {number} has no row in EDITIONS, or changed nothing")

    def choose(rule: Callable[P, R]) -> Callable[P, R]:
        @wraps(rule)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            return (rule if edition_in_force() >= number else before)(*args, **kwargs)

        return run

    return choose
