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
    """One edition of the rules: its number, the day of its release, and what it changed, in one line."""

    number: int
    since: date
    changed: str


EDITIONS: tuple[Edition, ...] = (Edition(1, date(2026, 11, 30), "the first edition"),)
"""Every edition ever released, numbered from 1 without gaps. A row is never changed."""

CURRENT_EDITION = 1
"""The edition under which the hub decides: the last row of ``EDITIONS``."""


def check_editions() -> None:
    """Raises LookupError unless the rows are numbered from 1 and the last one is the current edition."""
    if [edition.number for edition in EDITIONS] != list(range(1, CURRENT_EDITION + 1)):
        raise LookupError(f"give each edition up to {CURRENT_EDITION} its row in EDITIONS")


check_editions()


def is_released(number: int) -> bool:
    """Whether this release knows the rules of that edition."""
    return 1 <= number <= CURRENT_EDITION


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
    if number < 2 or not is_released(number):
        raise LookupError(f"edition {number} has no row in EDITIONS, or changed nothing")

    def choose(rule: Callable[P, R]) -> Callable[P, R]:
        @wraps(rule)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            return (rule if edition_in_force() >= number else before)(*args, **kwargs)

        return run

    return choose
