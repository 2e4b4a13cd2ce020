"""The keystore file: seeds, sealed under a passphrase.

Source: KH-1 §2; RFC 9106 (Argon2id).
"""

from __future__ import annotations

import getpass
import os
import secrets as randomness
import stat
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from domain.errors import Malformed, NotFound, Unavailable, Untrusted
from keys import canonical, sealing
from keys.lp import lp
from keys.reader import Reader

MAGIC = b"KHK1"
SALT_BYTES = 16
MAX_KEYSTORE_BYTES = 1024 * 1024
MAX_PASSPHRASE_BYTES = 1024


@dataclass(frozen=True)
class Cost:
    """What one guess costs. Argon2id parameters: KiB of memory, passes, lanes."""

    memory_kib: int = 256 * 1024
    passes: int = 3
    lanes: int = 4

    def encode(self) -> bytes:
        """u32 memory in KiB, u32 passes, u32 lanes."""
        return b"".join(one.to_bytes(4, "big") for one in (self.memory_kib, self.passes, self.lanes))

    def weaker_than(self, other: Cost) -> bool:
        """Whether a guess is cheaper than under ``other`` in any respect."""
        return self.memory_kib < other.memory_kib or self.passes < other.passes or self.lanes < other.lanes


PROFILE_COST = Cost()
CEILING = Cost(memory_kib=1024 * 1024, passes=16, lanes=16)
REHEARSAL_COST = Cost(memory_kib=1024, passes=1, lanes=1)
"""Fast, and refused on reading unless the reader says it rehearses."""


def write_keystore(
    path: Path | str, secrets: Mapping[str, bytes], passphrase: bytes | str, cost: Cost = PROFILE_COST
) -> None:
    """Write the file of mode 0600, whole or not at all, and synced before this returns.

    ``secrets``: names to bytes. Raises Malformed for an empty or overlong passphrase or a cost out
    of bounds, Unavailable if the file can't be written.
    """
    path = Path(path)
    data = seal_keystore(secrets, passphrase, cost)
    temporary = path.with_name(f".{path.name}.{randomness.token_hex(8)}")
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        try:
            with open(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise Unavailable("keystore-not-written") from error


def open_keystore(path: Path | str, passphrase: bytes | str, *, rehearsal: bool = False) -> dict[str, bytes]:
    """The secrets of a keystore file, by name.

    Raises NotFound (no such file), Untrusted (mode, cheap cost, passphrase or bytes wrong),
    Malformed (not a keystore). ``rehearsal`` lets a cost below the profile's pass.
    """
    return unseal_keystore(_read_private_file(Path(path)), passphrase, rehearsal=rehearsal)


def seal_keystore(secrets: Mapping[str, bytes], passphrase: bytes | str, cost: Cost = PROFILE_COST) -> bytes:
    """The file's bytes: "KHK1", cost, 16 bytes of salt, then the sealed and padded canonical JSON."""
    header = MAGIC + cost.encode() + randomness.token_bytes(SALT_BYTES)
    key = _derive_key(_normalised_passphrase(passphrase), header, cost)
    text = canonical.encode({name: value.hex() for name, value in secrets.items()})
    return header + sealing.seal(key, lp("kh/keystore/v1", header), sealing.pad(text))


def unseal_keystore(data: bytes, passphrase: bytes | str, *, rehearsal: bool = False) -> dict[str, bytes]:
    """Reverse of ``seal_keystore``. Raises Malformed or Untrusted."""
    if len(data) > MAX_KEYSTORE_BYTES:
        raise Malformed("keystore-size")
    reader = Reader(data, "keystore")
    reader.magic(MAGIC)
    cost = Cost(reader.number(4), reader.number(4), reader.number(4))
    reader.take(SALT_BYTES)
    if not rehearsal and cost.weaker_than(PROFILE_COST):
        raise Untrusted("keystore-cost-floor")
    header = data[: len(MAGIC) + 12 + SALT_BYTES]
    key = _derive_key(_normalised_passphrase(passphrase), header, cost)
    try:
        padded = sealing.open_sealed(key, lp("kh/keystore/v1", header), data[len(header) :])
    except Untrusted as error:
        raise Untrusted("keystore-passphrase") from error
    secrets_by_name: Any = canonical.parse(sealing.unpad(padded))
    if not isinstance(secrets_by_name, dict):
        raise Malformed("keystore-form")
    return {name: canonical.parse_hex(value) for name, value in secrets_by_name.items()}


def _derive_key(passphrase: bytes, header: bytes, cost: Cost) -> bytes:
    salt = header[-SALT_BYTES:]
    if CEILING.weaker_than(cost) or cost.passes < 1 or cost.lanes < 1 or cost.memory_kib < 8 * cost.lanes:
        raise Malformed("keystore-cost")
    try:
        return Argon2id(
            salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
        ).derive(passphrase)
    except MemoryError as error:
        raise Unavailable("keystore-memory") from error


def _normalised_passphrase(raw: bytes | str) -> bytes:
    """Bytes as they are; text in NFC and UTF-8, so that keyboards do not matter."""
    data = unicodedata.normalize("NFC", raw).encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if not 1 <= len(data) <= MAX_PASSPHRASE_BYTES:
        raise Malformed("passphrase-length")
    return data


def _read_private_file(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise NotFound("keystore-not-found") from error
    except OSError as error:
        raise Unavailable("keystore-not-read") from error
    with open(handle, "rb") as file:
        file_status = os.fstat(handle)
        if not stat.S_ISREG(file_status.st_mode):
            raise Untrusted("keystore-not-a-file")
        if file_status.st_mode & 0o077:
            raise Untrusted("keystore-mode")
        if file_status.st_uid not in (os.geteuid(), 0):
            raise Untrusted("keystore-owner")
        return file.read(MAX_KEYSTORE_BYTES + 1)


def read_passphrase(
    *, prompt: str | None = None, fd: int | None = None, file: Path | str | None = None
) -> bytes:
    """A passphrase from just one source: a prompt on the terminal, a file descriptor or a file.

    One trailing line end is dropped; text is taken in NFC. A credential file is closed to others
    (mode & 007 = 0). The environment is no source. Raises Malformed, NotFound, Untrusted.
    """
    sources = [one for one in (prompt, fd, file) if one is not None]
    if len(sources) != 1:
        raise Malformed("passphrase-source")
    if prompt is not None:
        return _normalised_passphrase(getpass.getpass(prompt))
    if fd is not None:
        with open(fd, "rb") as source:
            data = source.read(MAX_PASSPHRASE_BYTES + 2)
    else:
        try:
            with open(Path(str(file)), "rb") as source:
                if os.fstat(source.fileno()).st_mode & 0o007:
                    raise Untrusted("passphrase-file-mode")
                data = source.read(MAX_PASSPHRASE_BYTES + 2)
        except FileNotFoundError as error:
            raise NotFound("passphrase-file-not-found") from error
    try:
        return _normalised_passphrase(data.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed("passphrase-utf8") from error
