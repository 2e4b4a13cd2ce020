"""The keystore file: seeds, sealed under a data key, which each of one to eight passphrases opens.

An opened keystore holds the data key, never a passphrase: what rewrites the file (a hub whose vault key changes)
needs no passphrase for it. Source: KH-1 §2; RFC 9106 (Argon2id).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets as randomness
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from domain.errors import Malformed, NotFound, Unavailable, Untrusted
from keys import canonical, sealing
from keys.lp import lp
from keys.passphrase import normalised, require_long
from keys.reader import Reader

MAGIC = b"KHK2"
FIRST_MAGIC = b"KHK1"
"""The first form, still read: one passphrase, whose key seals the secrets itself."""
SALT_BYTES = 16
SEALED_KEY_BYTES = sealing.sealed_size(sealing.KEY_BYTES)
MAX_SLOTS = 8
MAX_LABEL_BYTES = 60
MAX_KEYSTORE_BYTES = 1024 * 1024
_CONTEXTS = {MAGIC: "kh/keystore/v2", FIRST_MAGIC: "kh/keystore/v1"}
_LABEL = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")


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
"""Fast; refused on reading unless ``rehearsal`` is set."""


@dataclass(frozen=True)
class Slot:
    """One passphrase of a keystore: its label, the cost of a guess, its salt, and the data key sealed under it.

    ``sealed_key`` is empty in a file of the first form, where the passphrase's key is the data key.
    """

    label: str
    cost: Cost
    salt: bytes
    sealed_key: bytes

    def encode(self) -> bytes:
        """u8 length of the label, label, cost, salt, sealed data key."""
        label = self.label.encode()
        return len(label).to_bytes(1, "big") + label + self.cost.encode() + self.salt + self.sealed_key


@dataclass(frozen=True)
class _Form:
    """A keystore file taken apart; nothing is opened yet."""

    magic: bytes
    header: bytes
    slots: tuple[Slot, ...]
    body: bytes


class Keystore:
    """An opened keystore file: its secrets, and the data key by which it is read again and rewritten."""

    def __init__(self, path: Path, data_key: bytes, secrets: Mapping[str, bytes]) -> None:
        self.path = path
        self._data_key = data_key
        self._secrets = dict(secrets)

    @property
    def secrets(self) -> dict[str, bytes]:
        """Names to bytes, as last read or written."""
        return dict(self._secrets)

    @property
    def data_key(self) -> bytes:
        """Secret: for another process that works on the same file, through a descriptor."""
        return self._data_key

    def reload(self) -> dict[str, bytes]:
        """The secrets as they are in the file now. Raises as ``open_with_data_key``."""
        self._secrets = open_with_data_key(self.path, self._data_key).secrets
        return self.secrets

    def replace(self, secrets: Mapping[str, bytes]) -> None:
        """Replace the secrets in one step, synced; the passphrases stay as they are in the file at this moment.

        Raises Untrusted where the file has another data key by now, Unavailable if it can't be written.
        """
        with _exclusive(self.path):
            form = _parse(_read_private_file(self.path))
            _open_body(form, self._data_key)
            _write(self.path, _sealed(form.magic, form.header, self._data_key, secrets))
        self._secrets = dict(secrets)

    def __repr__(self) -> str:
        return f"<Keystore {self.path.name}: {', '.join(sorted(self._secrets))}>"


# --- making and opening ----------------------------------------------------------------------------------------------


def write_keystore(
    path: Path | str, secrets: Mapping[str, bytes], passphrase: bytes | str, cost: Cost = PROFILE_COST
) -> Keystore:
    """Write a new file with one passphrase, atomically, with mode 0600, synced before this returns.

    ``secrets``: names to bytes. Raises Malformed for an empty, short or overlong passphrase or a cost out
    of bounds, Unavailable if the file can't be written.
    """
    data_key = sealing.new_key()
    data = _with_slots([_new_slot("", passphrase, data_key, cost)], data_key, secrets)
    _write(Path(path), data)
    return Keystore(Path(path), data_key, secrets)


def unlock_keystore(path: Path | str, passphrase: bytes | str, *, rehearsal: bool = False) -> Keystore:
    """Open the file with one of its passphrases. The passphrase is not kept.

    Raises NotFound (no such file), Untrusted (mode, cheap cost, passphrase or bytes wrong),
    Malformed (not a keystore). ``rehearsal`` lets a cost below the profile's pass.
    """
    form = _parse(_read_private_file(Path(path)))
    _, data_key, secrets = _unlock(form, passphrase, rehearsal=rehearsal)
    return Keystore(Path(path), data_key, secrets)


def open_with_data_key(path: Path | str, data_key: bytes) -> Keystore:
    """Open the file with its data key. Raises Untrusted where that is another one by now, NotFound, Malformed."""
    form = _parse(_read_private_file(Path(path)))
    return Keystore(Path(path), data_key, _open_body(form, data_key))


def open_keystore(path: Path | str, passphrase: bytes | str, *, rehearsal: bool = False) -> dict[str, bytes]:
    """The secrets of a keystore file, by name. Raises as ``unlock_keystore``."""
    return unlock_keystore(path, passphrase, rehearsal=rehearsal).secrets


def seal_keystore(secrets: Mapping[str, bytes], passphrase: bytes | str, cost: Cost = PROFILE_COST) -> bytes:
    """The bytes of a file with one passphrase."""
    data_key = sealing.new_key()
    return _with_slots([_new_slot("", passphrase, data_key, cost)], data_key, secrets)


def unseal_keystore(data: bytes, passphrase: bytes | str, *, rehearsal: bool = False) -> dict[str, bytes]:
    """Reverse of ``seal_keystore``. Raises Malformed or Untrusted."""
    return _unlock(_parse(data), passphrase, rehearsal=rehearsal)[2]


# --- passphrases -----------------------------------------------------------------------------------------------------


def passphrases_of(path: Path | str) -> tuple[Slot, ...]:
    """The passphrases of a file, in order. Raises NotFound, Untrusted, Malformed."""
    return _parse(_read_private_file(Path(path))).slots


def add_passphrase(
    path: Path | str, passphrase: bytes | str, new: bytes | str, label: str, *, rehearsal: bool = False
) -> None:
    """Let another passphrase open the file, too. Raises Malformed where it has eight, or the label is too long."""
    with _exclusive(Path(path)):
        form = _parse(_read_private_file(Path(path)))
        place, data_key, secrets = _unlock(form, passphrase, rehearsal=rehearsal)
        slots, cost = list(form.slots), form.slots[place].cost
        if len(slots) == MAX_SLOTS:
            raise Malformed("keystore-slots-full")
        if form.magic == FIRST_MAGIC:
            data_key = sealing.new_key()
            slots = [_new_slot("", passphrase, data_key, cost)]
        slots.append(_new_slot(label, new, data_key, cost))
        _write(Path(path), _with_slots(slots, data_key, secrets))


def change_passphrase(
    path: Path | str, passphrase: bytes | str, new: bytes | str, *, rehearsal: bool = False
) -> bool:
    """Put another passphrase in the place of this one. Returns whether the data key is a new one.

    It is where no other passphrase opens the file; else an old copy of the file still gives, with the old
    passphrase, the data key of this one.
    """
    with _exclusive(Path(path)):
        form = _parse(_read_private_file(Path(path)))
        place, data_key, secrets = _unlock(form, passphrase, rehearsal=rehearsal)
        slots = list(form.slots)
        alone = len(slots) == 1
        if alone:
            data_key = sealing.new_key()
        slots[place] = _new_slot(slots[place].label, new, data_key, slots[place].cost)
        _write(Path(path), _with_slots(slots, data_key, secrets))
    return alone


def remove_passphrase(
    path: Path | str, passphrase: bytes | str, number: int, *, rehearsal: bool = False
) -> bool:
    """Remove the passphrase of this number (from 1). Returns whether the data key is a new one, as at a change.

    Raises NotFound for a number that is not there, Malformed where no passphrase would be left.
    """
    with _exclusive(Path(path)):
        form = _parse(_read_private_file(Path(path)))
        place, data_key, secrets = _unlock(form, passphrase, rehearsal=rehearsal)
        slots = list(form.slots)
        if not 1 <= number <= len(slots):
            raise NotFound("keystore-slot-not-found")
        if len(slots) == 1:
            raise Malformed("keystore-last-passphrase")
        own = slots[place]
        del slots[number - 1]
        alone = slots == [own]
        if alone:
            data_key = sealing.new_key()
            slots = [_new_slot(own.label, passphrase, data_key, own.cost)]
        _write(Path(path), _with_slots(slots, data_key, secrets))
    return alone


# --- the form --------------------------------------------------------------------------------------------------------


def _parse(data: bytes) -> _Form:
    """The parts of these bytes. Raises Malformed."""
    if len(data) > MAX_KEYSTORE_BYTES:
        raise Malformed("keystore-size")
    reader = Reader(data, "keystore")
    if data[: len(FIRST_MAGIC)] == FIRST_MAGIC:
        reader.magic(FIRST_MAGIC)
        cost = _read_cost(reader)
        slots: tuple[Slot, ...] = (Slot("", cost, reader.take(SALT_BYTES), b""),)
        magic = FIRST_MAGIC
    else:
        reader.magic(MAGIC)
        count = reader.number(1)
        if not 1 <= count <= MAX_SLOTS:
            raise Malformed("keystore-slot-count")
        slots = tuple(_read_slot(reader) for _ in range(count))
        magic = MAGIC
    body = reader.rest()
    return _Form(magic, data[: len(data) - len(body)], slots, body)


def _read_slot(reader: Reader) -> Slot:
    label = reader.take(reader.number(1)).decode("utf-8", "surrogateescape")
    _check_label(label)
    return Slot(label, _read_cost(reader), reader.take(SALT_BYTES), reader.take(SEALED_KEY_BYTES))


def _read_cost(reader: Reader) -> Cost:
    return Cost(reader.number(4), reader.number(4), reader.number(4))


def _check_label(label: str) -> None:
    if not _LABEL.fullmatch(label) or len(label.encode()) > MAX_LABEL_BYTES:
        raise Malformed("keystore-label")


def _new_slot(label: str, passphrase: bytes | str, data_key: bytes, cost: Cost) -> Slot:
    _check_label(label)
    data, salt = normalised(passphrase), randomness.token_bytes(SALT_BYTES)
    if not cost.weaker_than(PROFILE_COST):
        require_long(data)
    key = _derive_key(data, salt, cost)
    return Slot(label, cost, salt, sealing.seal(key, _slot_context(label, cost, salt), data_key))


def _slot_context(label: str, cost: Cost, salt: bytes) -> bytes:
    return lp("kh/keystore-slot/v2", label, cost.encode(), salt)


def _unlock(form: _Form, passphrase: bytes | str, *, rehearsal: bool) -> tuple[int, bytes, dict[str, bytes]]:
    """The place of the passphrase, the data key that it opens, and the secrets. Raises Untrusted, Malformed."""
    if not rehearsal and any(slot.cost.weaker_than(PROFILE_COST) for slot in form.slots):
        raise Untrusted("keystore-cost-floor")
    data = normalised(passphrase)
    for place, slot in enumerate(form.slots):
        key = _derive_key(data, slot.salt, slot.cost)
        with suppress(Untrusted):
            if slot.sealed_key:
                context = _slot_context(slot.label, slot.cost, slot.salt)
                key = sealing.open_sealed(key, context, slot.sealed_key)
            return place, key, _open_body(form, key)
    raise Untrusted("keystore-passphrase")


def _with_slots(slots: Sequence[Slot], data_key: bytes, secrets: Mapping[str, bytes]) -> bytes:
    header = MAGIC + len(slots).to_bytes(1, "big") + b"".join(slot.encode() for slot in slots)
    return _sealed(MAGIC, header, data_key, secrets)


def _sealed(magic: bytes, header: bytes, data_key: bytes, secrets: Mapping[str, bytes]) -> bytes:
    text = canonical.encode({name: value.hex() for name, value in secrets.items()})
    return header + sealing.seal(data_key, lp(_CONTEXTS[magic], header), sealing.pad(text))


def _open_body(form: _Form, data_key: bytes) -> dict[str, bytes]:
    try:
        padded = sealing.open_sealed(data_key, lp(_CONTEXTS[form.magic], form.header), form.body)
    except Untrusted as error:
        raise Untrusted("keystore-changed") from error
    secrets_by_name: Any = canonical.parse(sealing.unpad(padded))
    if not isinstance(secrets_by_name, dict):
        raise Malformed("keystore-form")
    return {name: canonical.parse_hex(value) for name, value in secrets_by_name.items()}


def _derive_key(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    if CEILING.weaker_than(cost) or cost.passes < 1 or cost.lanes < 1 or cost.memory_kib < 8 * cost.lanes:
        raise Malformed("keystore-cost")
    try:
        return Argon2id(
            salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
        ).derive(passphrase)
    except MemoryError as error:
        raise Unavailable("keystore-memory") from error


# --- the file --------------------------------------------------------------------------------------------------------


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Nobody else rewrites a keystore in this folder meanwhile: the folder itself is locked."""
    _read_private_file(path)  # raises where there is none
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _write(path: Path, data: bytes) -> None:
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
