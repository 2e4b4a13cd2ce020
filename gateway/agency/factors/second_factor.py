"""The second factor of people who sign in with a passphrase: codes of an authenticator app, and recovery codes.

Secrets of apps are sealed to the door's own key, recovery codes are hashes. A code holds once: its time step is remembered.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import unicodedata
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from domain.errors import Untrusted
from gateway.agency.factors import totp
from gateway.agency.staff_store import StaffAct, StaffStore, append_log

RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 bits: to guess one is hopeless, so a wrong one makes nobody wait."""
RECOVERY_CHARACTERS = RECOVERY_BYTES * 8 // 5


class Sealer(Protocol):
    """Seals what the door keeps for itself, under a name that is part of the seal."""

    def seal_for_itself(self, name: str, content: bytes) -> bytes: ...

    def open_own(self, name: str, sealed: bytes) -> bytes:
        """Raises Untrusted."""
        ...


@dataclass(frozen=True)
class SecondFactorState:
    """What a person has. ``app_since``: since when an app is set up, seconds; None for none."""

    app_since: float | None
    recovery_codes: int


class SecondFactors:
    """Those of one door's people. ``now``: seconds."""

    def __init__(self, store: StaffStore, sealer: Sealer, now: Callable[[], float]) -> None:
        self._store, self._sealer, self._now = store, sealer, now

    def state(self, actor: str) -> SecondFactorState:
        rows = self._store.query("SELECT confirmed_at FROM totp WHERE actor=?", actor)
        [[count]] = self._store.query("SELECT count(*) FROM recovery_codes WHERE actor=?", actor)
        return SecondFactorState(rows[0][0] if rows else None, count)

    def set_up_app(self, actor: str, secret: str, code: str, *, checked: bytes | None = None) -> list[str]:
        """Take this secret as the person's app, proven by its code, and return new recovery codes, which are shown once.

        ``checked``: at the sign-in, the stored hash of the passphrase that was given. Raises Untrusted: code-wrong; and
        sign-in-expired, where the passphrase is another now, or an app has been set up meanwhile.
        """
        now = self._now()
        typed = totp.typed_code(code)
        step = None if typed is None else totp.step_of(secret, typed, now)
        if step is None:
            raise Untrusted("code-wrong")
        sealed = self._sealer.seal_for_itself(_seal_name(actor), secret.encode())
        with self._store.write() as db:
            if checked is not None:
                _require_still_without_app(db, actor, checked)
            db.execute("INSERT OR REPLACE INTO totp VALUES (?,?,?,?)", (actor, sealed, now, step))
            codes = _new_codes(db, actor, now)
            append_log(db, now, by=actor, what=StaffAct.APP_SET_UP, about=actor)
        return codes

    def renew_recovery_codes(self, actor: str) -> list[str]:
        """New recovery codes in the place of all that are left; they are shown once."""
        now = self._now()
        with self._store.write() as db:
            codes = _new_codes(db, actor, now)
            append_log(db, now, by=actor, what=StaffAct.RECOVERY_CODES_MADE, about=actor)
        return codes

    def check(self, actor: str, code: str) -> None:
        """Take a code of the app, once. Raises Untrusted: code-wrong, code-used."""
        typed = totp.typed_code(code)
        rows = self._store.query("SELECT sealed FROM totp WHERE actor=?", actor)
        secret = self._sealer.open_own(_seal_name(actor), rows[0][0]).decode() if rows else totp.new_secret()
        step = totp.step_of(secret, typed or "", self._now())
        if step is None or not rows:
            raise Untrusted("code-wrong")
        with self._store.write() as db:
            taken = db.execute(
                "UPDATE totp SET last_step=? WHERE actor=? AND last_step<?", (step, actor, step)
            )
            if not taken.rowcount:
                raise Untrusted("code-used")

    def take_recovery_code(self, actor: str, code: str) -> bool:
        """Take a recovery code, once; False where it is none of this person's that is left."""
        now = self._now()
        with self._store.write() as db:
            taken = db.execute(
                "DELETE FROM recovery_codes WHERE hash=? AND actor=?", (_hash(actor, _typed(code)), actor)
            ).rowcount
            if taken:
                append_log(db, now, by=actor, what=StaffAct.RECOVERY_CODE_USED, about=actor)
        return bool(taken)


def looks_like_recovery_code(code: str) -> bool:
    """Whether somebody typed a recovery code and not a code of the app."""
    return len(_typed(code)) == RECOVERY_CHARACTERS


def end_second_factor(db: sqlite3.Connection, actor: str) -> None:
    """Forget app and recovery codes of a person."""
    db.execute("DELETE FROM totp WHERE actor=?", (actor,))
    db.execute("DELETE FROM recovery_codes WHERE actor=?", (actor,))


def _require_still_without_app(db: sqlite3.Connection, actor: str, checked: bytes) -> None:
    row = db.execute(
        "SELECT hash FROM staff WHERE actor=? AND actor NOT IN (SELECT actor FROM totp)", (actor,)
    ).fetchone()
    if row is None or row[0] != checked:
        raise Untrusted("sign-in-expired")


def _new_codes(db: sqlite3.Connection, actor: str, now: float) -> list[str]:
    db.execute("DELETE FROM recovery_codes WHERE actor=?", (actor,))
    plain = [b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    for code in plain:
        db.execute("INSERT INTO recovery_codes VALUES (?,?,?)", (_hash(actor, code), actor, now))
    return ["-".join(code[n : n + 4] for n in range(0, len(code), 4)) for code in plain]


def _typed(code: str) -> str:
    """A recovery code as it was typed, without blanks and dashes, in capitals."""
    plain = unicodedata.normalize("NFKC", code[:100]).upper()
    return "".join(c for c in plain if c.isalnum())


def _hash(actor: str, code: str) -> bytes:
    return hashlib.sha256(f"recovery code\0{actor}\0{code}".encode("utf-8", "surrogatepass")).digest()


def _seal_name(actor: str) -> str:
    return f"totp/{actor}"
