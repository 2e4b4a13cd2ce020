"""Up to which record an agency's feed has to be: the positions of the records that may concern each agency.

What an agency sees of a case may change with any record of it, for its parties and its offices; a record of the register
may concern everybody. Records of other cases do not delay its feed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from uuid import UUID

from domain.events import Kind
from domain.record import Record
from domain.world import World

MAX_COUNTED = 1000  # positions remembered for each agency: to say how many records a state lacks, at least


class Concerns:
    """The last records that may concern each agency. Written on the deciding lane, read by any thread."""

    def __init__(self, head: int) -> None:
        """``head``: the position of the last record so far, which may concern anybody."""
        self._of_everybody: deque[int] = deque([head], MAX_COUNTED)
        self._of_agency: dict[UUID, deque[int]] = {}

    def recorded(self, position: int, record: Record, before: World, after: World) -> None:
        """A record is durable at this position. ``before``, ``after``: the world without it and with it."""
        if record.originator.kind not in (Kind.CASE, Kind.CASE_ACCESS):
            self._of_everybody.append(position)
            return
        for agency in _agencies_knowing(before) | _agencies_knowing(after):
            self._of_agency.setdefault(agency, deque(maxlen=MAX_COUNTED)).append(position)

    def unknown(self, position: int) -> None:
        """A record that was found in the stream may concern anybody."""
        self._of_everybody.append(position)

    def last(self, agency: UUID) -> int:
        """The position of the last record that may concern this agency."""
        return max(positions[-1] for positions in self._positions(agency))

    def behind(self, agency: UUID, as_of: int) -> int:
        """How many of these records come after this position (``MAX_COUNTED`` of each kind at most)."""
        return sum(1 for positions in self._positions(agency) for at in tuple(positions) if at > as_of)

    def _positions(self, agency: UUID) -> Iterable[deque[int]]:
        own = self._of_agency.get(agency)
        return (self._of_everybody,) if own is None else (self._of_everybody, own)


def _agencies_knowing(world: World) -> frozenset[UUID]:
    """Who may see something of this case: its parties and its core agency, and the coordinating agency only since the case
    is registered (V4). Nobody else may learn from a count that there are records of a case. Basis: APPI 81."""
    case, networks = world.case, world.register.networks
    coordinating = {networks[id].coordinating for id in case.registered_in if id in networks}
    return case.parties | {agency for agency in (case.core, *coordinating) if agency is not None}
