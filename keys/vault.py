"""The hub's vault: control and shred keys, each sealed under the vault key of its generation.

An orphan key is harmless, a missing one is not: keys are synced here before the record that uses
them is appended. Source: KH-1 §6.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from domain.errors import InvariantViolation, Malformed, NotFound, Unavailable, Untrusted
from keys import sealing
from keys.lp import lp

CONTROL = "control"
FORMAT = 1
_CACHE_LIMIT = 100_000
_PROOF = b"kakehashi vault"
_VAULT_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL, generation INTEGER NOT NULL,
    proof BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS entry (
    kind TEXT NOT NULL, scope BLOB NOT NULL, class TEXT NOT NULL, generation INTEGER NOT NULL,
    sealed BLOB NOT NULL, PRIMARY KEY (kind, scope, class)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gone (
    kind TEXT NOT NULL, scope BLOB NOT NULL, class TEXT NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY (kind, scope, class)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tag (
    originator BLOB NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, PRIMARY KEY (originator, version)
) STRICT, WITHOUT ROWID;
"""

Status: TypeAlias = Literal["here", "gone", "never"]


class Custody(Protocol):
    """Who holds the vault keys: a keystore file first, a token later."""

    def vault_key(self, generation: int) -> bytes:
        """VK(n), 32 bytes. Raises Unavailable if it can't be had."""
        ...


@dataclass(frozen=True)
class KeystoreCustody:
    """Vault keys from opened keystore files: secrets named ``vk/1``, ``vk/2`` …"""

    secrets: Mapping[str, bytes]

    def vault_key(self, generation: int) -> bytes:
        key = self.secrets.get(f"vk/{generation}")
        if key is None:
            raise Unavailable("vault-key-missing")
        return key

    def __repr__(self) -> str:
        return f"<KeystoreCustody of {sum(name.startswith('vk/') for name in self.secrets)} keys>"


class _KeyName(NamedTuple):
    """kind ``ck`` (scope = originator, class = epoch) or ``sk`` (scope, class)."""

    kind: str
    scope: UUID
    cls: str


@dataclass(frozen=True)
class Shredded:
    """What a shredding did: the new generation, and how many keys were removed."""

    generation: int
    removed: int


class Vault:
    """CK(originator, epoch) and SK(scope, class), sealed, in one SQLite file of mode 0600.

    Threads may share it: ``_connection_lock`` guards the connection; ``_opened_keys`` (opened keys) is read without it,
    written under it, and only ever grows or is replaced by an empty one. Every write is synced before the call returns.
    """

    def __init__(self, connection: sqlite3.Connection, custody: Custody, generation: int, vk: bytes) -> None:
        self._connection = connection
        self._custody = custody
        self._generation = generation
        self._vk = vk
        self._connection_lock = Lock()
        self._opened_keys: dict[_KeyName, bytes] = {}

    @classmethod
    def open(cls, path: Path | str, custody: Custody) -> Vault:
        """The vault of this file, made (generation 1) if there is none.

        Raises Untrusted if the custody's key is not this vault's, Unavailable if the file or the key
        can't be had, InvariantViolation if the file is no vault of this format.
        """
        path = Path(path)
        with _translate_database_errors():
            _create_file(path)
            connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            try:
                return cls._opened(connection, custody)
            except BaseException:
                connection.close()
                raise

    @classmethod
    def _opened(cls, connection: sqlite3.Connection, custody: Custody) -> Vault:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.executescript(_VAULT_SCHEMA)
        with _transaction(connection):
            row = connection.execute("SELECT format, generation, proof FROM meta").fetchone()
            if row is None:
                vk = custody.vault_key(1)
                row = (FORMAT, 1, sealing.seal(vk, lp("kh/vault/proof/v1", 1), _PROOF))
                connection.execute("INSERT INTO meta VALUES (1, ?, ?, ?)", row)
        version, generation, proof = row
        if version != FORMAT:
            raise InvariantViolation("vault-format")
        return cls(connection, custody, generation, _verified_vault_key(custody, generation, proof))

    @property
    def generation(self) -> int:
        """n of VK(n), from 1; compare it with the log's last ``KeyDestroyed`` at start."""
        return self._generation

    def ck(self, originator: UUID, epoch: int) -> bytes:
        """CK(originator, epoch), 32 bytes. Raises NotFound: ``key-gone`` or ``key-never-existed``."""
        return self._opened_key(_control_key_name(originator, epoch))

    def sk(self, scope: UUID, cls: str) -> bytes:
        """SK(scope, class), 32 bytes. Raises NotFound: ``key-gone`` or ``key-never-existed``."""
        return self._opened_key(_KeyName("sk", scope, cls))

    def status_ck(self, originator: UUID, epoch: int) -> Status:
        """Whether a control key is here, was destroyed, or never was."""
        return self._status(_control_key_name(originator, epoch))

    def status_sk(self, scope: UUID, cls: str) -> Status:
        """Whether a shred key is here, was destroyed, or never was."""
        return self._status(_KeyName("sk", scope, cls))

    def ensure(self, cks: Iterable[tuple[UUID, int]] = (), sks: Iterable[tuple[UUID, str]] = ()) -> None:
        """All these keys exist and are synced when this returns; those that exist stay as they are.

        One transaction for all that are missing; keys opened before cost a look in a dict. Raises
        NotFound ``key-destroyed`` (and makes none) if one was shredded, Unavailable if the file
        can't be written.
        """
        names = [_control_key_name(originator, epoch) for originator, epoch in cks]
        names += [_KeyName("sk", scope, cls) for scope, cls in sks]
        missing = [name for name in names if name not in self._opened_keys]
        if missing:
            with self._connection_lock, _translate_database_errors():
                with _transaction(self._connection):
                    created = {name: self._create_key(name) for name in dict.fromkeys(missing)}
                self._cache_keys(created)

    def check(self) -> int:
        """Every entry opens under this generation's key. Returns how many; raises InvariantViolation or Untrusted."""
        with self._connection_lock, _translate_database_errors():
            [verdict] = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise InvariantViolation("vault-integrity")
            rows = self._connection.execute("SELECT kind, scope, class, generation, sealed FROM entry")
            count = 0
            for kind, scope, cls, generation, sealed in rows:
                self._unseal(_KeyName(kind, UUID(bytes=scope), cls), generation, sealed)
                count += 1
        return count

    def shred(
        self,
        scope: UUID,
        classes: Iterable[str],
        *,
        originators: Iterable[UUID] = (),
        tags: Iterable[tuple[UUID, int, bytes]] = (),
        next_vk: bytes,
    ) -> Shredded:
        """Remove these classes' keys and seal all others under VK(n+1). One transaction, synced.

        For class ``control`` the control keys of ``originators`` (the scope's own: case and case
        access) go too, all epochs; ``tags`` (originator, version, tag) are what the log says of their records, kept
        since nobody could compute them again. Before: approvals are the caller's, and the custody holds ``next_vk`` as
        VK(n+1). After: the caller destroys VK(n); until then old copies of the file still open.
        Raises Malformed or Untrusted for a wrong ``next_vk``, Unavailable if the custody has none,
        NotFound if there is nothing to remove.
        """
        generation = self._generation + 1
        if len(next_vk) != sealing.KEY_BYTES or next_vk == self._vk:
            raise Malformed("vault-next-key")
        if self._custody.vault_key(generation) != next_vk:
            raise Untrusted("vault-next-key-not-in-custody")
        wanted = set(classes)
        destroyed_originators = set(originators) if CONTROL in wanted else set()
        with self._connection_lock, _translate_database_errors():
            with _transaction(self._connection):
                rows = self._connection.execute(
                    "SELECT kind, scope, class, generation, sealed FROM entry"
                ).fetchall()
                removed = 0
                for kind, raw, cls, old, sealed in rows:
                    name = _KeyName(kind, UUID(bytes=raw), cls)
                    if (kind == "sk" and name.scope == scope and cls in wanted) or (
                        kind == "ck" and name.scope in destroyed_originators
                    ):
                        self._remove(name, generation)
                        removed += 1
                    else:
                        self._reseal(name, self._unseal(name, old, sealed), next_vk, generation)
                rows = [(on.bytes, version, tag) for on, version, tag in tags]
                self._connection.executemany("INSERT OR IGNORE INTO tag VALUES (?, ?, ?)", rows)
                if not removed:
                    raise NotFound("nothing-to-shred")
                proof = sealing.seal(next_vk, lp("kh/vault/proof/v1", generation), _PROOF)
                self._connection.execute("UPDATE meta SET generation = ?, proof = ?", (generation, proof))
            self._generation, self._vk = generation, next_vk
            self._opened_keys = {}
            with suppress(sqlite3.Error):  # tidiness only: what lies in old pages needs VK(n)
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._connection.execute("VACUUM")
        return Shredded(generation, removed)

    def tag(self, originator: UUID, version: int) -> bytes | None:
        """What the log says of a record whose control key was destroyed; None where that was not kept."""
        with self._connection_lock, _translate_database_errors():
            fetched = self._connection.execute(
                "SELECT tag FROM tag WHERE originator = ? AND version = ?", (originator.bytes, version)
            ).fetchone()
        return None if fetched is None else bytes(fetched[0])

    def forget(self) -> None:
        """Let go of the keys that were opened; those that are still here are opened again."""
        with self._connection_lock:
            self._opened_keys = {}

    def close(self) -> None:
        """Close the file and forget the opened keys."""
        with self._connection_lock:
            self._connection.close()
            self._opened_keys = {}

    def __repr__(self) -> str:
        return f"<Vault generation {self._generation}>"

    def _opened_key(self, name: _KeyName) -> bytes:
        key = self._opened_keys.get(name)
        if key is not None:
            return key
        with self._connection_lock, _translate_database_errors():
            key = self._load_key(name)
            if key is None and self._is_destroyed(name):
                raise NotFound("key-gone")
            if key is None:
                raise NotFound("key-never-existed")
            self._cache_keys({name: key})
        return key

    def _status(self, name: _KeyName) -> Status:
        try:
            self._opened_key(name)
        except NotFound as error:
            return "gone" if error.error_code == "key-gone" else "never"
        return "here"

    def _cache_keys(self, fetched: Mapping[_KeyName, bytes]) -> None:
        if len(self._opened_keys) + len(fetched) > _CACHE_LIMIT:
            self._opened_keys = {}
        self._opened_keys.update(fetched)

    def _create_key(self, name: _KeyName) -> bytes:
        key = self._load_key(name)
        if key is None:
            if self._is_destroyed(name):
                raise NotFound("key-destroyed")
            key = sealing.new_key()
            sealed = sealing.seal(self._vk, _seal_context(name, self._generation), key)
            self._connection.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
                (name.kind, name.scope.bytes, name.cls, self._generation, sealed),
            )
        return key

    def _load_key(self, name: _KeyName) -> bytes | None:
        row = self._connection.execute(
            "SELECT generation, sealed FROM entry WHERE kind = ? AND scope = ? AND class = ?",
            (name.kind, name.scope.bytes, name.cls),
        ).fetchone()
        return None if row is None else self._unseal(name, row[0], row[1])

    def _adopt_new_generation(self) -> None:
        """Take the vault key that another process of this hub has put in force. The caller holds ``_connection_lock``."""
        [(generation, proof)] = self._connection.execute("SELECT generation, proof FROM meta").fetchall()
        vk = _verified_vault_key(self._custody, generation, proof)
        self._generation, self._vk, self._opened_keys = generation, vk, {}

    def _is_destroyed(self, name: _KeyName) -> bool:
        where = (name.kind, name.scope.bytes, name.cls)
        fetched = self._connection.execute(
            "SELECT 1 FROM gone WHERE kind = ? AND scope = ? AND class = ?", where
        ).fetchone()
        return fetched is not None

    def _unseal(self, name: _KeyName, generation: int, sealed: bytes) -> bytes:
        if generation > self._generation:
            self._adopt_new_generation()  # another process of this hub has shredded
        if generation != self._generation:
            raise InvariantViolation("vault-other-generation")
        try:
            return sealing.open_sealed(self._vk, _seal_context(name, generation), sealed)
        except Untrusted as error:
            raise Untrusted("vault-entry") from error

    def _remove(self, name: _KeyName, generation: int) -> None:
        where = (name.kind, name.scope.bytes, name.cls)
        self._connection.execute("DELETE FROM entry WHERE kind = ? AND scope = ? AND class = ?", where)
        self._connection.execute("INSERT INTO gone VALUES (?, ?, ?, ?)", (*where, generation))

    def _reseal(self, name: _KeyName, key: bytes, vk: bytes, generation: int) -> None:
        self._connection.execute(
            "UPDATE entry SET generation = ?, sealed = ? WHERE kind = ? AND scope = ? AND class = ?",
            (
                generation,
                sealing.seal(vk, _seal_context(name, generation), key),
                *(name.kind, name.scope.bytes, name.cls),
            ),
        )


def _verified_vault_key(custody: Custody, generation: int, proof: bytes) -> bytes:
    """The custody's key of this generation, if it is this vault's."""
    vk = custody.vault_key(generation)
    try:
        sealing.open_sealed(vk, lp("kh/vault/proof/v1", generation), proof)
    except Untrusted as error:
        raise Untrusted("vault-wrong-key") from error
    return vk


def _control_key_name(originator: UUID, epoch: int) -> _KeyName:
    return _KeyName("ck", originator, str(epoch))


def _seal_context(name: _KeyName, generation: int) -> bytes:
    return lp("kh/vault/v1", name.kind, name.scope, name.cls, generation)


def _create_file(path: Path) -> None:
    """An empty file of mode 0600 whose name is on disk. The write-ahead log takes over its mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    if path.stat().st_mode & 0o077:
        raise Untrusted("vault-mode")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _translate_database_errors() -> Iterator[None]:
    """The database's failures as our errors."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise Unavailable("vault-unavailable") from error
    except sqlite3.Error as error:
        raise InvariantViolation("vault-broken") from error
