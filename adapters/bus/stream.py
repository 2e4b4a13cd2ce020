"""What a stream of records must be, made once by the operations user and compared at every start."""

from __future__ import annotations

import contextlib
from typing import Any

from eventsourcing.persistence import OperationalError

from .api import STREAM_NOT_FOUND, Api, ApiError, pause_before_retry
from .client import Connection
from .errors import StreamDrift, StreamMissing
from .monitor import health_errors
from .settings import BusSettings

NAME_IN_USE = 10058
NOT_RECOVERED = "could not be recovered"  # of a stream whose files a server found and could not read
_IGNORED_FIELDS = frozenset({"metadata", "description", "placement"})  # do not affect the records


def record_stream(settings: BusSettings) -> dict[str, Any]:
    """The configuration of the stream of records: nothing is ever removed, one record a version."""
    return {
        "name": settings.stream,
        "subjects": [f"{settings.prefix}.>"],
        "storage": "file",
        "retention": "limits",
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "max_consumers": -1,
        "max_msgs_per_subject": 1,
        "discard": "new",
        "discard_new_per_subject": True,
        "deny_delete": True,
        "deny_purge": True,
        "allow_direct": True,
        "allow_atomic": True,
        "duplicate_window": 120_000_000_000,  # the server's own; records carry no Nats-Msg-Id
        "compression": "none",
        "num_replicas": settings.replicas,
        "republish": {"src": f"{settings.prefix}.>", "dest": settings.notify, "headers_only": True},
    }


def differences(wanted: dict[str, Any], actual: dict[str, Any]) -> tuple[str, ...]:
    """Each difference between a configuration and the wanted one, unknown fields included."""
    mismatches = []
    for key in sorted(wanted.keys() | actual.keys()):
        if key in _IGNORED_FIELDS:
            continue
        want, have = wanted.get(key), actual.get(key)
        if want != have and not (key not in wanted and not have):  # an absent field and an empty one are one
            mismatches.append(f"{key} is {have!r} and must be {want!r}")
    return tuple(mismatches)


def read_config(api: Api, name: str) -> dict[str, Any]:
    """The stream's configuration as it is. ``ApiError`` if it is not there."""
    return dict(api.call(f"STREAM.INFO.{name}")["config"])


def check_stream(api: Api, wanted: dict[str, Any]) -> tuple[str, ...]:
    """What differs. ``StreamMissing`` if the stream is not there at all."""
    try:
        return differences(wanted, read_config(api, wanted["name"]))
    except ApiError as e:
        if e.err_code == STREAM_NOT_FOUND:
            raise StreamMissing(wanted["name"]) from e
        raise


def ensure(api: Api, wanted: dict[str, Any], *, create: bool = True, update: bool = False) -> None:
    """Create the stream if it is missing; refuse one that differs, unless ``update`` is set.

    ``StreamDrift`` names what differs, or what the server refused to change.
    """
    name = wanted["name"]
    try:
        mismatches = check_stream(api, wanted)
    except StreamMissing:
        if not create:
            raise
        _create(api, wanted)
        mismatches = check_stream(api, wanted)
    if mismatches and update:
        with contextlib.suppress(ApiError):  # what the server refuses still differs below
            api.call(f"STREAM.UPDATE.{name}", wanted)
        mismatches = check_stream(api, wanted)
    if mismatches:
        raise StreamDrift(f"stream {name}", mismatches)


def _create(api: Api, wanted: dict[str, Any]) -> None:
    name = wanted["name"]
    _require_all_recovered(api, name)
    try:
        api.call(f"STREAM.CREATE.{name}", wanted)
    except ApiError as e:
        if e.err_code != NAME_IN_USE:  # somebody else made it meanwhile: compare
            raise StreamDrift(f"stream {name}", (f"it could not be made: {e}",)) from e


def _require_all_recovered(api: Api, name: str) -> None:
    """Make no stream where a server could not read one from its disk, as it can't with a wrong store key.

    It would report that the stream is not there, and a request to make it would delete what is on the disk.
    """
    system = api.connection.system()
    if system is None:
        raise StreamDrift(
            f"stream {name}",
            ("whether it is on the disk is not known: no user of the system account is named",),
        )
    deadline, tries = api.deadline(), 0
    while ailing := [error for error in health_errors(system, api.settings.connect_timeout) if error]:
        if any(NOT_RECOVERED in error for error in ailing):
            raise StreamDrift(f"stream {name}", (f"it is not made, since a server reports: {ailing[0]}",))
        pause_before_retry(tries, deadline, OperationalError(ailing[0]))  # a cluster that has just started
        tries += 1


def ensure_stream(ops: BusSettings, *, create: bool = True, update: bool = False) -> None:
    """Make or compare the stream of records, with the credentials of the operations user.

    ``StreamDrift`` names what differs. ``create=False`` is for a stream that must be there already.
    ``update`` lets an operator change what may be changed, such as the number of replicas.
    """
    connection = Connection(ops)
    try:
        ensure(Api(connection), record_stream(ops), create=create, update=update)
    finally:
        connection.close()
