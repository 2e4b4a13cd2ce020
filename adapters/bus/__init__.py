"""The record on NATS JetStream: a persistence module for ``eventsourcing``, complete by itself."""

from eventsourcing.persistence import PersistenceError

from .client import Connection
from .errors import (
    AlreadyRunning,
    GuardFailed,
    HeadMoved,
    ItemDamaged,
    ItemMissing,
    NotAllowed,
    OutcomeUnknown,
    StreamDrift,
    StreamMissing,
    TooLarge,
)
from .factory import Factory
from .health import Health
from .items import ItemStore, ensure_items
from .raw import RawMessage
from .recorder import JetStreamAggregateRecorder, JetStreamApplicationRecorder, connect
from .rights import User
from .server import EmbeddedServer
from .settings import MAX_RECORD_BYTES, BusSettings
from .stream import ensure_stream

__all__ = [
    "MAX_RECORD_BYTES",
    "AlreadyRunning",
    "BusSettings",
    "Connection",
    "EmbeddedServer",
    "Factory",
    "GuardFailed",
    "HeadMoved",
    "Health",
    "ItemDamaged",
    "ItemMissing",
    "ItemStore",
    "JetStreamAggregateRecorder",
    "JetStreamApplicationRecorder",
    "NotAllowed",
    "OutcomeUnknown",
    "PersistenceError",
    "RawMessage",
    "StreamDrift",
    "StreamMissing",
    "TooLarge",
    "User",
    "connect",
    "ensure_items",
    "ensure_stream",
]
