"""Who may do what on the bus: the users of the record's own NATS account."""

from __future__ import annotations

import os
from dataclasses import dataclass

import nkeys


@dataclass(frozen=True, kw_only=True)
class User:
    """One user of the account: its public key and the subjects it may use, nothing else."""

    public: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def new_seed() -> str:
    """A fresh secret seed of a user."""
    return str(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode())


def public_of(seed: str) -> str:
    """The public key of a secret seed. ``ValueError`` if it is not the seed of a user."""
    try:
        pair = nkeys.from_seed(bytearray(seed.encode("ascii")))
        public = str(pair.public_key.decode())
    except (nkeys.NkeysError, UnicodeEncodeError) as e:
        raise ValueError("not a seed") from e
    if not public.startswith("U"):
        raise ValueError("not the seed of a user")
    return public


def hub_user(public: str, *, stream: str, prefix: str, bucket: str, inbox: str, notify: str) -> User:
    """May append, read and watch its stream, and keep and delete items of its bucket.

    It may not create, change, purge, restore or delete the stream of records, nor read another.
    """
    items = f"OBJ_{bucket}"
    return User(
        public=public,
        publish=(
            f"{prefix}.>",
            *_read_subjects(stream),
            f"$O.{bucket}.>",
            *_read_subjects(items),
            f"$JS.API.STREAM.PURGE.{items}",
        ),
        subscribe=(f"{inbox}.>", notify),
    )


def ops_user(public: str, *, inbox: str) -> User:
    """May create, change and restore streams, and take snapshots; may not publish a record."""
    return User(
        public=public,
        publish=("$JS.API.>", "$JS.SNAPSHOT.ACK.>", "$JS.SNAPSHOT.RESTORE.>", "$JS.ACK.>"),
        subscribe=(f"{inbox}.>", "$JS.EVENT.ADVISORY.>"),
    )


def sys_user(public: str, *, inbox: str) -> User:
    """May ask the servers for their reports and their health, in their system account, and nothing else."""
    return User(
        public=public,
        publish=("$SYS.REQ.SERVER.PING.VARZ", "$SYS.REQ.SERVER.PING.HEALTHZ"),
        subscribe=(f"{inbox}.>",),
    )


def _read_subjects(stream: str) -> tuple[str, ...]:
    return (
        f"$JS.API.DIRECT.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}.>",
        f"$JS.API.STREAM.MSG.GET.{stream}",
        f"$JS.API.STREAM.INFO.{stream}",
    )
