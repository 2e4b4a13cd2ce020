"""What can go wrong on the bus, as the errors of the library (PEP 249).

OperationalError        not now: unreachable, overloaded, out of space
├── OutcomeUnknown      the append may or may not have been recorded
└── AlreadyRunning      another server holds this data folder
IntegrityError          somebody was faster
├── GuardFailed         not on this originator: on one that the append rests on
└── HeadMoved           on any: the append rests on all that was recorded before it
ProgrammingError        will fail again until somebody mends something
├── NotAllowed          the credentials do not have this right
└── StreamDrift         a stream or a server is not what it must be
    └── StreamMissing   the stream is not there
DataError
└── TooLarge            the record is larger than a record may be
InternalError
└── ItemDamaged         a stored item does not have its digest
ItemMissing             no such item (a LookupError)
"""

from __future__ import annotations

from uuid import UUID

from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
)


class OutcomeUnknown(OperationalError):
    """The bus fell silent after the append was sent: it may or may not have been recorded.

    To append the very same events again is safe: at most one of the two is recorded.
    """


class AlreadyRunning(OperationalError):
    """Another server holds this data folder."""


class GuardFailed(IntegrityError):
    """An originator that the append rests on has moved on; nothing was recorded."""

    def __init__(self, originator_id: UUID | str, version: int) -> None:
        super().__init__(f"{originator_id} is no longer at version {version}")
        self.originator_id = originator_id
        self.version = version


class HeadMoved(IntegrityError):
    """Somebody else has recorded something since the position that the append rests on; nothing was recorded."""

    def __init__(self) -> None:
        super().__init__("the stream has moved on")


class NotAllowed(ProgrammingError):
    """The credentials do not have this right."""


class StreamDrift(ProgrammingError):
    """A stream or a server is not what it must be. ``differences`` names each point."""

    def __init__(self, what: str, differences: tuple[str, ...]) -> None:
        super().__init__(f"{what} is not what it must be: " + "; ".join(differences))
        self.differences = differences


class StreamMissing(StreamDrift):
    """The stream is not there: it was never made, or a server can't read it from its disk."""

    def __init__(self, stream: str) -> None:
        super().__init__(f"stream {stream}", (f"stream {stream} is not there",))


class TooLarge(DataError):
    """The record is larger than a record may be; nothing was sent."""


class ItemDamaged(InternalError):
    """A stored item does not have its digest."""


class ItemMissing(DatabaseError, LookupError):
    """No item is stored under this digest."""
