"""How an embedded server is laid out on disk, and the configuration it is given.

<data folder>/
  lock               held while a server uses the folder
  nats.conf          0600; no secret in it
  nats.log           the server's log, two files of 8 MiB at most
  store-key.check    0600; shows whether a key is the right one, and nothing else about it
  seeds/hub.seed     0600, made at the first start
  seeds/ops.seed     0600
  seeds/sys.seed     0600
  jetstream/         the records, encrypted
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from hmac import compare_digest
from pathlib import Path

from eventsourcing.persistence import ProgrammingError

from keys.derive import KeyUse, derive_key

from .rights import User, new_seed
from .settings import MAX_PAYLOAD_BYTES

ACCOUNT = "KAKEHASHI"


def private_folder(path: Path) -> Path:
    """Make the folder if it is not there; only its owner may enter it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, atomically."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def seed_in(folder: Path, name: str, own_seed: str | None) -> str:
    """The secret seed of a user: the given one, the stored one, or a new one that is then stored."""
    if own_seed is not None:
        return own_seed
    path = private_folder(folder / "seeds") / f"{name}.seed"
    if not path.exists():
        write_private(path, new_seed() + "\n")
    return path.read_text(encoding="ascii").strip()


def check_key(folder: Path, key: bytes) -> None:
    """Refuse a key that is not the one the folder was made with.

    The server itself would start with a wrong key, and serve nothing of what is there.
    """
    path = folder / "store-key.check"
    value = derive_key(key, KeyUse.STORE_KEY_CHECK).hex()
    if not path.exists():
        write_private(path, value + "\n")
    elif not compare_digest(path.read_text(encoding="ascii").strip(), value):
        raise ProgrammingError("the store key is not the one that this data folder was made with")


def stream_folder(folder: Path, stream: str) -> Path:
    """Where the server keeps a stream: it is there once the stream has been made."""
    return folder / "jetstream" / ACCOUNT / "streams" / stream


def config(
    folder: Path,
    *,
    users: Iterable[User],
    cipher: str,
    key_file: str,
    port: int,
    system: User,
    max_file_store: int | None,
) -> str:
    """The server's configuration: loopback only, sync before acknowledging, no user without a key, no
    monitoring port.

    ``key_file`` is an absolute path that the server can read while it starts. Port -1 lets the
    server choose a free one and write it into its ports file.
    """
    # The server joins an include's path to the folder of its configuration, even an absolute one.
    include = os.path.relpath(key_file, folder)
    lines = [
        "server_name: kakehashi",
        f'listen: "127.0.0.1:{port}"',
        f"ports_file_dir: {quote(folder)}",
        f"logfile: {quote(folder / 'nats.log')}",
        f"logfile_size_limit: {8 * 1024 * 1024}",
        "logfile_max_num: 2",
        f"max_payload: {MAX_PAYLOAD_BYTES}",
        "jetstream {",
        f"  store_dir: {quote(folder)}",  # the server adds "/jetstream"
        "  sync_interval: always",
        f"  cipher: {cipher}",
        *([f"  max_file_store: {max_file_store}"] if max_file_store is not None else []),
        f"  include {quote(include)}",
        "}",
        "accounts {",
        f"  {ACCOUNT} {{",
        "    jetstream: enabled",
        "    users: [",
        *(user_line(user) for user in users),
        "    ]",
        "  }",
        "  SYS {",
        "    users: [",
        user_line(system),
        "    ]",
        "  }",
        "}",
        "system_account: SYS",
    ]
    return "\n".join(lines) + "\n"


def user_line(user: User) -> str:
    publish = ", ".join(quote(s) for s in user.publish)
    subscribe = ", ".join(quote(s) for s in user.subscribe)
    return (
        f"      {{ nkey: {user.public}, permissions: "
        f"{{ publish: {{ allow: [{publish}] }}, subscribe: {{ allow: [{subscribe}] }} }} }}"
    )


def quote(value: str | Path) -> str:
    """A string of the server's configuration language, whose escapes JSON's are."""
    return json.dumps(str(value), ensure_ascii=False)
