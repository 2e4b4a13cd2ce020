"""A mapping that is never changed: an update makes a new one, which shares all but the change with the old one.

A case has one entry for each message, clock and command. With plain dicts each record would copy all of them, and who
wants to know what a record changed would have to compare all of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, ValuesView
from typing import Any, Final, Generic, TypeVar, cast

MAX_CHANGES = 64
"""So many changes are kept apart from the entries they share; the next update merges them. More of them would make each
update copy more, fewer would merge (and copy all entries) more often."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Removed:
    """Stands for the value of an entry that was removed."""


_REMOVED: Final = _Removed()
_MISSING: Final = object()


class _Shared(Generic[K, V]):
    """Entries that several maps share; never changed. ``merged``: the changes by which they came from ``previous``."""

    __slots__ = ("entries", "merged", "previous")

    def __init__(
        self,
        entries: dict[K, V],
        previous: dict[K, V] | None = None,
        merged: Mapping[K, V | _Removed] | None = None,
    ) -> None:
        self.entries = entries
        self.previous = previous
        self.merged: Mapping[K, V | _Removed] = merged or {}


class PersistentMap(Mapping[K, V]):
    """An immutable mapping, in the order in which its entries were added. ``map | {key: value}`` and ``map.without(keys)``
    make new ones at a cost that does not grow with the map (but for one in ``MAX_CHANGES`` updates)."""

    __slots__ = ("_changes", "_plain", "_shared", "_size")

    def __init__(self, entries: Mapping[K, V] | None = None) -> None:
        self._shared: _Shared[K, V] = _Shared(dict(entries or {}))
        self._changes: dict[K, V | _Removed] = {}
        self._size = len(self._shared.entries)
        self._plain = True  # no change replaces or removes a shared entry

    # --- reading -----------------------------------------------------------------------------------------------

    def __getitem__(self, key: K) -> V:
        value = self._changes.get(key, _MISSING)
        if value is _MISSING:
            return self._shared.entries[key]
        if value is _REMOVED:
            raise KeyError(key)
        return cast(V, value)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[K]:
        if self._plain:
            yield from self._shared.entries
            yield from self._changes
        else:
            for key, _ in self._entries():
                yield key

    def __reversed__(self) -> Iterator[K]:
        """The keys, the last one first."""
        for key, value in reversed(self._changes.items()):
            if value is not _REMOVED and key not in self._shared.entries:
                yield key
        for key in reversed(self._shared.entries):
            if self._plain or self._changes.get(key) is not _REMOVED:
                yield key

    def values(self) -> ValuesView[V]:
        return _Values(self)

    def _entries(self) -> Iterator[tuple[K, V]]:
        shared, changes = self._shared.entries, self._changes
        for key, value in shared.items():
            current = changes.get(key, value)
            if current is not _REMOVED:
                yield key, cast(V, current)
        for key, changed in changes.items():
            if key not in shared and changed is not _REMOVED:
                yield key, cast(V, changed)

    def _values(self) -> Iterator[V]:
        if self._plain:
            yield from self._shared.entries.values()
            yield from cast(Iterable[V], self._changes.values())
        else:
            for _, value in self._entries():
                yield value

    def __repr__(self) -> str:
        return f"PersistentMap({dict(self)!r})"

    # --- making new ones ---------------------------------------------------------------------------------------

    def __or__(self, changes: Mapping[K, V]) -> PersistentMap[K, V]:
        """This map with these entries added or replaced."""
        if not changes:
            return self
        if any(self._changes.get(key) is _REMOVED for key in changes):
            return self._merged({}) | changes  # added again after its removal: it comes last
        return self._with(changes)

    def without(self, keys: Iterable[K]) -> PersistentMap[K, V]:
        """This map without these entries."""
        removed: dict[K, V | _Removed] = {key: _REMOVED for key in keys if key in self}
        return self._with(removed) if removed else self

    def _with(self, changes: Mapping[K, V | _Removed]) -> PersistentMap[K, V]:
        if len(self._changes) + len(changes) > MAX_CHANGES:
            return self._merged(changes)
        shared, known = self._shared.entries, self._changes
        result: PersistentMap[K, V] = PersistentMap.__new__(PersistentMap)
        result._shared, result._changes = self._shared, {**known, **changes}
        result._size, result._plain = self._size, self._plain
        for key, value in changes.items():
            result._size += (value is not _REMOVED) - (key in self)
            if key in shared:
                result._plain = False
            elif value is _REMOVED:
                del result._changes[key]
        return result

    def _merged(self, changes: Mapping[K, V | _Removed]) -> PersistentMap[K, V]:
        """This map with these changes, with nothing kept apart."""
        all_changes = {**self._changes, **changes}
        entries = self._shared.entries.copy()
        for key, value in all_changes.items():
            if value is _REMOVED:
                entries.pop(key, None)
            else:
                entries[key] = cast(V, value)
        result: PersistentMap[K, V] = PersistentMap.__new__(PersistentMap)
        result._shared = _Shared(entries, self._shared.entries, all_changes)
        result._changes, result._size, result._plain = {}, len(entries), True
        return result

    # --- comparing ---------------------------------------------------------------------------------------------

    def changed_since(self, earlier: PersistentMap[K, V]) -> set[K]:
        """The keys whose value (the object itself) is another one than in the earlier map, or is in one of the two only.

        Cheap where this map was made from the earlier one by few updates, or the other way round.
        """
        if self is earlier:
            return set()
        candidates: set[K] = {*self._changes, *earlier._changes}
        if self._shared is not earlier._shared:
            if self._shared.previous is earlier._shared.entries:
                candidates.update(self._shared.merged)
            elif earlier._shared.previous is self._shared.entries:
                candidates.update(earlier._shared.merged)
            else:
                candidates.update(self, earlier)
        return {key for key in candidates if self._at(key) is not earlier._at(key)}

    def _at(self, key: K) -> Any:
        value = self._changes.get(key, _MISSING)
        if value is _MISSING:
            return self._shared.entries.get(key, _REMOVED)
        return value


class _Values(ValuesView[V]):
    """The values of a map, without a look-up for each."""

    _mapping: PersistentMap[Any, V]

    def __iter__(self) -> Iterator[V]:
        return self._mapping._values()
