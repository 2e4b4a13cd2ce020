"""The children of one family as a case knows them, folded from its messages: by reference, never by name.

Two references for one child are looked at as one; a child that is not known yet has ``UNKNOWN_CHILD``. Basis: CAPA 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from domain.children import UNKNOWN_CHILD
from domain.codes import ChildPlace


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a child lives that is not at home, and since which day."""

    place: ChildPlace
    since: date


@dataclass(frozen=True, kw_only=True)
class Child:
    """One child. ``known_at``: when a message first named it; ``seen_at``: when it was last seen, null for never;
    ``sighted_at``: the same, by a safety check or a sighting (CAPA 8);
    ``placed``: where it lives while not at home; ``returned_at``: when its last return was recorded."""

    known_at: datetime
    seen_at: datetime | None = None
    sighted_at: datetime | None = None
    placed: Placement | None = None
    returned_at: datetime | None = None
    died: bool = False

    def sighted_since(self, moment: datetime) -> bool:
        return self.sighted_at is not None and self.sighted_at >= moment


@dataclass(frozen=True, kw_only=True)
class Family:
    """The children of a case, in the order in which they were first named.

    ``joined``: reference -> the one under which its child is kept; ``unidentified``: messages that name a child of whom
    nobody has said yet which one it was. ``expected``: a pregnancy was stated, and no child was seen since.
    ``bereaved_since``: a parent has died, and nobody has assessed the family after it; ``death_unreviewed_since``: a child
    has died, and nobody has decided how long the records are kept for it.
    """

    children: Mapping[UUID, Child] = field(default_factory=dict)
    joined: Mapping[UUID, UUID] = field(default_factory=dict)
    unidentified: frozenset[UUID] = frozenset()
    expected: bool = False
    bereaved_since: datetime | None = None
    death_unreviewed_since: datetime | None = None

    def one(self, reference: UUID) -> UUID:
        """The reference under which this child is kept."""
        return self.joined.get(reference, reference)

    def resolved(self, references: Iterable[UUID]) -> frozenset[UUID]:
        """The references under which these children are kept."""
        return frozenset(map(self.one, references))

    def living(self) -> Iterator[tuple[UUID, Child]]:
        """The children who are known and have not died, in order."""
        return ((reference, child) for reference, child in self.children.items() if not child.died)

    @property
    def no_child_lives(self) -> bool:
        """Whether children are known, and all of them have died."""
        return bool(self.children) and not any(True for _ in self.living())

    def with_named(self, references: Iterable[UUID], at: datetime) -> Family:
        """Those who were not known yet are known from now on."""
        new = {c: Child(known_at=at) for c in sorted(self.resolved(references)) if c not in self.children}
        return replace(self, children={**self.children, **new}) if new else self

    def with_each(self, references: Iterable[UUID], **changed: object) -> Family:
        """The same change for each of these children; for all where none is named."""
        wanted = self.resolved(references) or frozenset(self.children)
        children = {
            c: replace(child, **changed) if c in wanted else child  # type: ignore[arg-type]
            for c, child in self.children.items()
        }
        return replace(self, children=children)

    def with_joined(self, references: Iterable[UUID]) -> Family:
        """These references are one child: kept under the one first named, with all that is known under any."""
        ones = [c for c in self.children if c in self.resolved(references)]
        if len(ones) < 2:
            return self
        first, *others = ones
        merged = self.children[first]
        for other in others:
            merged = _merged(merged, self.children[other])
        joined = {r: first if one in others else one for r, one in self.joined.items()}
        return replace(
            self,
            children={c: merged if c == first else k for c, k in self.children.items() if c not in others},
            joined={**joined, **dict.fromkeys(others, first)},
        )

    def with_identified(self, message: UUID, references: Iterable[UUID], at: datetime) -> Family:
        """The child of whom this message spoke is known now; the unknown one is gone where no other message names it."""
        family = replace(self, unidentified=self.unidentified - {message}).with_named(references, at)
        if family.unidentified or UNKNOWN_CHILD not in family.children:
            return family
        return replace(
            family, children={c: child for c, child in family.children.items() if c != UNKNOWN_CHILD}
        )


NOBODY_KNOWN = Family()
"""No child is known by a reference."""


def _merged(one: Child, other: Child) -> Child:
    return Child(
        known_at=min(one.known_at, other.known_at),
        seen_at=_latest(one.seen_at, other.seen_at),
        sighted_at=_latest(one.sighted_at, other.sighted_at),
        placed=one.placed or other.placed,
        returned_at=_latest(one.returned_at, other.returned_at),
        died=one.died or other.died,
    )


def _latest(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
