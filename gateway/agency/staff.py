"""The people and systems of a door: people sign in by passphrase and have a session, systems have a token.

Secrets are stored as hashes, a session can be ended, and names stay inside the door. What the command line changes
holds in a running door at once: each request reads the file. Source: APPI 66, 67 (安全管理, 従事者の義務).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from uuid import UUID

from domain.actors import SYSTEM, SYSTEM_PREFIX, is_system
from domain.errors import Conflict, Malformed, NotFound, Refused, Untrusted
from domain.role_acts import SYSTEM_ACTS, TOKEN_DEFAULT
from domain.roles import StaffRole
from gateway.agency import passphrases
from gateway.agency.factors.second_factor import end_second_factor
from gateway.agency.factors.sessions import Factor, Sessions
from gateway.agency.staff_roles import (
    ALL_ROLES,
    RehearsalRoles,
    StaffRoles,
    remove_roles,
    replace_roles,
    require_administrator_left,
)
from gateway.agency.staff_store import (
    DAY_SECONDS,
    TOKEN_DAYS,
    TOKEN_ID_BYTES,
    LogEntry,
    StaffAct,
    StaffStore,
    append_log,
)
from keys.lp import ZEROS

_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")

IDLE_SECONDS = 30 * 60
MAX_SESSION_SECONDS = 10 * 60 * 60
KEEPS_POST_SECONDS = 12 * 60 * 60
"""How long after a session has ended by time its page may still hand in what was written, once."""
SEEN_EVERY_SECONDS = 60
"""A session's or a token's last use is written at most so often: a page that is opened costs no write."""
DEVICE_DAYS = 90
"""Since the last sign-in there; then it is an unknown machine again."""
DEVICES_OF_A_PERSON = 10
INVITATION_DAYS = 1
MAX_TOKEN_DAYS = 2 * 365
FAILURES_LOGGED_EVERY_SECONDS = 60 * 60
"""Failed sign-ins are logged as one number for each person in this time: guessing must not fill the log."""
MAX_NAME_CHARACTERS = 100
SECOND_ROLES = frozenset({StaffRole.CASE_WORKER, StaffRole.MANAGER})
THIRD_ROLES = frozenset({StaffRole.AUDIT, StaffRole.CASE_WORKER, StaffRole.MANAGER, StaffRole.RECEPTION})
"""At a rehearsal's door, of the people to whom one can change."""
FAMILY_ACTS = frozenset(
    {
        StaffAct.FAMILY_SEARCHED,
        StaffAct.FAMILY_SHOWN,
        StaffAct.FAMILY_DISMISSED,
        StaffAct.CHARGE_CHANGED,
        StaffAct.CHARGES_MOVED,
        StaffAct.INDEX_REBUILD,
    }
)


@dataclass(frozen=True)
class Person:
    """A signed-in person or system: the pseudonymous reference that goes into commands, and the name shown here."""

    actor: str
    name: str
    acts: frozenset[str] | None = None
    """Of a system: the acts of the token that it came with."""

    @property
    def is_system(self) -> bool:
        """True for a system: it can't give a word that only a person can give."""
        return is_system(self.actor)


@dataclass(frozen=True)
class TokenInfo:
    """What is known of a token; not the token. ``used_at``: its last use, to the minute; None before the first.

    ``age_days``: whole days since it was issued; ``acts``: what its system may do, sorted.
    """

    id: str
    actor: str
    name: str
    responsible: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    age_days: int
    expired: bool
    acts: tuple[str, ...]


@dataclass(frozen=True)
class SignedIn:
    """The secrets after a good sign-in: of the session, and of the machine's devices, one for each of its people."""

    session: str
    devices: tuple[str, ...]


class Staff:
    """The people and systems of one door."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._store = StaffStore(path, now())
        self.roles: StaffRoles | RehearsalRoles = StaffRoles(self._store, now)
        self._lock = Lock()  # owns the failures that are not logged yet, which a restart forgets
        self._failures: Counter[str] = Counter()
        self._failures_since = now()
        self._stand_in_key = secrets.token_bytes(32)
        self._rehearsal_person: Person | None = None
        self._rehearsal_others: tuple[Person, ...] = ()
        self._rehearsal_log: list[LogEntry] = []  # a rehearsal's door has no file of its own

    @staticmethod
    def rehearsal(actor: str, *, mode: str) -> Staff:
        """The staff of a rehearsal: everybody is signed in as this person, and can change to one of two others.

        Raises Refused if the hub is a real one.
        """
        if mode != "rehearsal":
            raise Refused("not-a-rehearsal")
        staff = Staff.__new__(Staff)
        staff._rehearsal_person = Person(actor, "訓練用の職員")
        staff._rehearsal_log = []
        staff._rehearsal_others = tuple(
            Person(f"{actor}.{name}", f"訓練用の職員{text}")
            for name, text in (("second", "二"), ("third", "三"))
        )
        second, third = (person.actor for person in staff._rehearsal_others)
        staff.roles = RehearsalRoles({actor: ALL_ROLES, second: SECOND_ROLES, third: THIRD_ROLES})
        return staff

    @property
    def rehearsal_auto_sign_in(self) -> bool:
        """True in a rehearsal: everybody who comes is signed in."""
        return self._rehearsal_person is not None

    @property
    def store(self) -> StaffStore:
        """The file of these people. Raises NotFound in a rehearsal, which has none."""
        if self.rehearsal_auto_sign_in:
            raise NotFound("not-found")
        return self._store

    @property
    def now(self) -> Callable[[], float]:
        """The clock by which sessions end, in seconds."""
        return self._now

    @property
    def sessions(self) -> Sessions:
        """Where people are signed in. Raises NotFound in a rehearsal."""
        return Sessions(self.store, self._now, idle=IDLE_SECONDS, longest=MAX_SESSION_SECONDS)

    def close(self) -> None:
        if self._rehearsal_person is None:
            with closing(self._store):
                self._log_failures(at_once=True)

    # --- people ---------------------------------------------------------------------------------------------

    def add(
        self,
        actor: str,
        name: str,
        passphrase: bytes | str,
        *,
        roles: Iterable[StaffRole] = (),
        by: str = "door",
    ) -> None:
        """Add a person, who may do what its roles allow. ``by``: who does it, for the log. Raises Malformed, Conflict if the
        reference or name is taken."""
        _check_person(actor)
        _check_name(name)
        hashed, now = _hash_of(passphrase), self._now()
        with self._store.write() as db:
            require_free(db, actor, name)
            end_invitation(db, actor)
            db.execute("INSERT INTO staff VALUES (?,?,?,?,?,?)", (actor, name, b"", hashed, now, now))
            append_log(db, now, by=by, what=StaffAct.PERSON_ADDED, about=actor)
            replace_roles(db, now, actor, frozenset(roles), by=by)

    def change_passphrase(self, actor: str, passphrase: bytes | str, *, by: str = "door") -> None:
        """Change a person's passphrase, which ends the sessions and devices. Raises Malformed, NotFound."""
        hashed, now = _hash_of(passphrase), self._now()
        with self._store.write() as db:
            changed = db.execute(
                "UPDATE staff SET salt=?, hash=?, changed_at=? WHERE actor=?", (b"", hashed, now, actor)
            )
            if not changed.rowcount:
                raise NotFound("person-not-found")
            end_sessions_and_devices(db, actor)
            end_invitation(db, actor)
            append_log(db, now, by=by, what=StaffAct.PASSPHRASE_CHANGED, about=actor)

    def remove(self, actor: str, *, by: str = "door", keeps_administrator: bool = False) -> list[str]:
        """Remove a person, and end at once the sessions, the devices and the tokens for which the person is responsible.

        Returns the ids of these tokens. Raises NotFound; with ``keeps_administrator`` also Conflict, where nobody would
        administer this door.
        """
        now = self._now()
        with self._store.write() as db:
            if keeps_administrator:
                require_administrator_left(db, actor)
            if not db.execute("DELETE FROM staff WHERE actor=?", (actor,)).rowcount:
                raise NotFound("person-not-found")
            end_sessions_and_devices(db, actor)
            end_factors(db, actor)
            remove_roles(db, actor, now)
            append_log(db, now, by=by, what=StaffAct.PERSON_REMOVED, about=actor)
            rows = db.execute("SELECT id FROM tokens WHERE responsible=? ORDER BY id", (actor,)).fetchall()
            for (token_id,) in rows:
                _end_token(db, now, token_id, by=by)
        return [token_id for (token_id,) in rows]

    def people(self) -> dict[str, str]:
        """Reference -> name of the people of this door, without systems."""
        if self._rehearsal_person is not None:
            return {p.actor: p.name for p in (self._rehearsal_person, *self._rehearsal_others)}
        return dict(self._store.query("SELECT actor, name FROM staff ORDER BY actor"))

    def log(self) -> list[LogEntry]:
        """The door's own log, oldest first. Raises InvariantViolation if it was changed."""
        return self._rehearsal_log if self.rehearsal_auto_sign_in else self._store.log_entries()

    def log_act(self, actor: str, what: StaffAct, about: str, detail: str = "") -> None:
        """An entry on what somebody did with the door's own knowledge: who, what, about which case or person."""
        if not self.rehearsal_auto_sign_in:
            with self._store.write() as db:
                append_log(db, self._now(), by=actor, what=what, about=about, detail=detail)
            return
        n, now = len(self._rehearsal_log) + 1, datetime.now(UTC)
        self._rehearsal_log.append(LogEntry(n, now, actor, what, about, detail, ZEROS))

    def log_address(self, actor: str, what: str, case: UUID, act: str) -> None:
        """An entry on a protected address outside its section: who wrote it, in which case, by which act. Never the words."""
        self.log_act(actor, StaffAct(what), str(case), act)

    def log_print(self, actor: str, about: str, form: str) -> None:
        """An entry on a printed form: who printed it, of which case or about which visitor, and which form."""
        self.log_act(actor, StaffAct.FORM_PRINTED, about, form)

    def print_log(self) -> list[LogEntry]:
        """The entries on printed forms, the latest first."""
        return [entry for entry in reversed(self.log()) if entry.what == StaffAct.FORM_PRINTED]

    def family_log(self, limit: int) -> list[LogEntry]:
        """The latest entries on families: who searched, was shown, or changed what of which, the latest first."""
        if self.rehearsal_auto_sign_in:
            return [entry for entry in reversed(self._rehearsal_log) if entry.what in FAMILY_ACTS][:limit]
        return self._store.recent_entries(FAMILY_ACTS, limit)

    def address_log(self) -> list[LogEntry]:
        """The entries on protected addresses, the latest first."""
        kinds = (StaffAct.ADDRESS_STOPPED, StaffAct.ADDRESS_SENT)
        return [entry for entry in reversed(self.log()) if entry.what in kinds]

    # --- signing in -----------------------------------------------------------------------------------------

    def check_passphrase(self, actor: str, passphrase: bytes | bytearray) -> bytes | None:
        """The stored hash if this is the person's passphrase, else None. Takes 64 MiB.

        An unknown name is checked against the hash of one of the door's people, always the same one, so that names can't be
        told apart by time while some hashes are still of an earlier kind. A hash that is weaker than today's is replaced.
        """
        people = {
            a: (salt, kept) for a, salt, kept in self._store.query("SELECT actor, salt, hash FROM staff")
        }
        usable = {a: stored for a, stored in people.items() if stored[1] != passphrases.UNUSABLE}
        salt, expected = usable.get(actor) or self._stand_in(actor, usable)
        if not passphrases.verifies(passphrase, salt, expected) or actor not in usable:
            self._count_failure(actor if actor in people else "")
            return None
        if passphrases.COST.is_met_by(expected):
            return bytes(expected)
        return self._replaced_hash(actor, bytes(expected), passphrases.hashed(passphrase))

    def _stand_in(self, actor: str, usable: Mapping[str, tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
        """What is checked for a name that has no passphrase here."""
        if not usable:
            return b"", passphrases.nobodys_hash()
        number = int.from_bytes(hmac.digest(self._stand_in_key, actor.encode(), "sha256"))
        return usable[sorted(usable)[number % len(usable)]]

    def _replaced_hash(self, actor: str, old: bytes, new: bytes) -> bytes | None:
        """The new hash in the place of the old one of the same passphrase; None if it was changed in the meantime."""
        with self._store.write() as db:
            changed = db.execute(
                "UPDATE staff SET salt=?, hash=? WHERE actor=? AND hash=?", (b"", new, actor, old)
            )
        return new if changed.rowcount else None

    def begin_session(
        self,
        actor: str,
        checked: bytes | None,
        devices: Sequence[str] = (),
        *,
        factor: Factor = Factor.PASSPHRASE,
        device_text: str = "",
    ) -> SignedIn | None:
        """Session and device of a person who has just proven who they are; None if the person has gone, or the passphrase
        has changed since. ``checked``: its stored hash, where it was given.

        ``devices``: those of the machine; one that is this person's is replaced. ``device_text``: words for the machine.
        """
        now = self._now()
        session, device = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with self._store.write() as db:
            row = db.execute("SELECT hash FROM staff WHERE actor=?", (actor,)).fetchone()
            if row is None or checked not in (None, row[0]):
                return None
            db.execute(
                "INSERT INTO sessions(hash, actor, began, seen, id, device, factor, factor_at) VALUES (?,?,?,?,?,?,?,?)",
                (_digest(session), actor, now, now, secrets.token_hex(8), device_text, str(factor), now),
            )
            drop = "DELETE FROM devices WHERE hash=? AND actor=?"
            others = [old for old in devices if not db.execute(drop, (_digest(old), actor)).rowcount]
            expires_at = now + DEVICE_DAYS * DAY_SECONDS
            db.execute("INSERT INTO devices VALUES (?,?,?,?)", (_digest(device), actor, now, expires_at))
            db.execute(
                "DELETE FROM devices WHERE expires_at<=? OR (actor=? AND hash NOT IN"
                " (SELECT hash FROM devices WHERE actor=? ORDER BY issued_at DESC LIMIT ?))",
                (now, actor, actor, DEVICES_OF_A_PERSON),
            )
            db.execute(
                "INSERT OR IGNORE INTO ended_sessions SELECT hash, actor, min(began+?, seen+?) FROM sessions"
                " WHERE began<?",
                (MAX_SESSION_SECONDS, IDLE_SECONDS, now - MAX_SESSION_SECONDS),
            )
            db.execute("DELETE FROM sessions WHERE began<?", (now - MAX_SESSION_SECONDS,))
            db.execute("DELETE FROM ended_sessions WHERE ended_at<?", (now - KEEPS_POST_SECONDS,))
            words = [] if factor is Factor.PASSPHRASE else [str(factor)]
            words += ["new device"] if len(others) == len(devices) else []
            append_log(db, now, by=actor, what=StaffAct.SIGNED_IN, about=actor, detail=", ".join(words))
        self._log_failures()
        return SignedIn(session, (device, *others))

    def has_passphrase(self, actor: str) -> bool:
        """Whether this person has a passphrase."""
        rows = self._store.query("SELECT hash FROM staff WHERE actor=?", actor)
        return bool(rows) and rows[0][0] != passphrases.UNUSABLE

    def has_passkey(self, actor: str) -> bool:
        """Whether this person has a passkey."""
        return bool(self._store.query("SELECT 1 FROM passkeys WHERE actor=? LIMIT 1", actor))

    def device_of(self, actor: str, devices: Sequence[str]) -> str | None:
        """A short reference of the first of these devices that is this person's and has not expired, or None."""
        for device in devices:
            rows = self._store.query(
                "SELECT hex(hash) FROM devices WHERE hash=? AND actor=? AND expires_at>?",
                _digest(device),
                actor,
                self._now(),
            )
            if rows:
                return str(rows[0][0])[:16]
        return None

    def invite_device(self, actor: str, *, by: str = "door") -> str:
        """A secret that stands for a device of this person until the next sign-in, for a day. Raises NotFound.

        A person with a new machine gets in with it while strangers try this name from the same address.
        """
        device, now = secrets.token_urlsafe(32), self._now()
        with self._store.write() as db:
            if not db.execute("SELECT 1 FROM staff WHERE actor=?", (actor,)).fetchone():
                raise NotFound("person-not-found")
            expires_at = now + INVITATION_DAYS * DAY_SECONDS
            db.execute("INSERT INTO devices VALUES (?,?,?,?)", (_digest(device), actor, now, expires_at))
            append_log(db, now, by=by, what=StaffAct.DEVICE_INVITED, about=actor)
        return device

    def sign_out(self, session: str) -> None:
        """End a session."""
        if self._rehearsal_person is None and session:
            with self._store.write() as db:
                db.execute("DELETE FROM sessions WHERE hash=?", (_digest(session),))
                db.execute("DELETE FROM ended_sessions WHERE hash=?", (_digest(session),))

    def take_ended_session(self, session: str | None) -> str | None:
        """The person whose session this was, if it ended by time less than ``KEEPS_POST_SECONDS`` ago; once only, and it
        lets nobody in."""
        if self._rehearsal_person is not None or not session:
            return None
        with self._store.write() as db:
            row = db.execute(
                "DELETE FROM ended_sessions WHERE hash=? RETURNING actor, ended_at", (_digest(session),)
            ).fetchone()
        return str(row[0]) if row is not None and self._now() - row[1] < KEEPS_POST_SECONDS else None

    def _count_failure(self, actor: str) -> None:
        """``actor``: empty for names that are not of this door; what was typed is not kept."""
        with self._lock:
            self._failures[actor] += 1
        self._log_failures()

    def _log_failures(self, *, at_once: bool = False) -> None:
        now = self._now()
        with self._lock:
            due = at_once or now - self._failures_since >= FAILURES_LOGGED_EVERY_SECONDS
            failures: Counter[str] = self._failures if due else Counter()
            if due:
                self._failures, self._failures_since = Counter(), now
        if failures:
            with self._store.write() as db:
                for actor, count in sorted(failures.items()):
                    append_log(
                        db, now, by="door", what=StaffAct.SIGN_INS_FAILED, about=actor, detail=str(count)
                    )

    # --- tokens ---------------------------------------------------------------------------------------------

    def add_token(
        self,
        actor: str,
        name: str,
        *,
        days: int = TOKEN_DAYS,
        responsible: str = "",
        acts: Collection[str] = TOKEN_DEFAULT,
        by: str = "door",
    ) -> str:
        """Issue a token for a system and return it; it is not stored in clear, so it is shown once.

        ``actor``: ``sys:`` and a name. ``responsible``: a person of this door, with whose removal the token ends.
        ``acts``: what the system may do, of ``SYSTEM_ACTS``; the same for all tokens of a reference that hold at once.
        Raises Malformed, NotFound, and Conflict where the name is a person's.
        """
        if not SYSTEM.fullmatch(actor):
            raise Malformed("system-form")
        _check_name(name)
        if not 1 <= days <= MAX_TOKEN_DAYS:
            raise Malformed("token-days", f"Choose 1 to {MAX_TOKEN_DAYS} days.")
        if not acts or not SYSTEM_ACTS.issuperset(acts):
            raise Malformed("token-acts")
        listed = json.dumps(sorted(acts))
        token, token_id, now = secrets.token_urlsafe(32), secrets.token_hex(TOKEN_ID_BYTES), self._now()
        with self._store.write() as db:
            people = dict(db.execute("SELECT actor, name FROM staff").fetchall())
            own_name = actor.removeprefix(SYSTEM_PREFIX)
            if own_name in people or any(_same_name(name, one) for one in (*people, *people.values())):
                raise Conflict("name-of-a-person")
            if responsible and responsible not in people:
                raise NotFound("person-not-found")
            others = db.execute("SELECT acts FROM tokens WHERE actor=? AND expires_at>?", (actor, now))
            if any(other != listed for (other,) in others):
                raise Conflict("token-acts-differ")
            expires_at = now + days * DAY_SECONDS
            values = (token_id, _digest(token), actor, name, responsible, now, expires_at, None, listed)
            db.execute("INSERT INTO tokens VALUES (?,?,?,?,?,?,?,?,?)", values)
            append_log(db, now, by=by, what=StaffAct.TOKEN_ISSUED, about=actor, detail=token_id)
        return token

    def tokens(self) -> list[TokenInfo]:
        """The tokens that were issued and not revoked, oldest first; also those that have expired."""
        rows = self._store.query(
            "SELECT id, actor, name, responsible, issued_at, expires_at, used_at, acts FROM tokens ORDER BY issued_at, id"
        )
        now = self._now()
        return [
            TokenInfo(
                id=token_id,
                actor=actor,
                name=name,
                responsible=responsible,
                issued_at=_utc(issued_at),
                expires_at=_utc(expires_at),
                used_at=None if used_at is None else _utc(used_at),
                age_days=int((now - issued_at) // DAY_SECONDS),
                expired=now >= expires_at,
                acts=tuple(json.loads(acts)),
            )
            for token_id, actor, name, responsible, issued_at, expires_at, used_at, acts in rows
        ]

    def revoke_token(self, token_id: str, *, by: str = "door") -> None:
        """End a token at once. Raises NotFound."""
        with self._store.write() as db:
            _end_token(db, self._now(), token_id, by=by)

    # --- identifying ----------------------------------------------------------------------------------------

    def person_of_session(self, session: str | None) -> Person | None:
        """The person of this session, or None if it is unknown, ended or expired."""
        if self._rehearsal_person is not None:
            return next((p for p in self._rehearsal_others if p.actor == session), self._rehearsal_person)
        if not session:
            return None
        now = self._now()
        rows = self._store.query(
            "SELECT actor, name, began, seen FROM sessions s JOIN staff USING(actor) WHERE s.hash=?",
            _digest(session),
        )
        if not rows:
            return None
        actor, name, began, seen = rows[0]
        if now - began > MAX_SESSION_SECONDS or now - seen > IDLE_SECONDS:
            self._end_by_time(session, actor, min(began + MAX_SESSION_SECONDS, seen + IDLE_SECONDS))
            return None
        if now - seen > SEEN_EVERY_SECONDS:
            with self._store.write() as db:
                db.execute("UPDATE sessions SET seen=? WHERE hash=?", (now, _digest(session)))
        return Person(actor, name)

    def _end_by_time(self, session: str, actor: str, ended_at: float) -> None:
        with self._store.write() as db:
            if db.execute("DELETE FROM sessions WHERE hash=?", (_digest(session),)).rowcount:
                db.execute(
                    "INSERT OR REPLACE INTO ended_sessions VALUES (?,?,?)",
                    (_digest(session), actor, ended_at),
                )

    def person_of_token(self, token: str | None) -> Person | None:
        """The system of this token, or None if it is unknown.

        Raises Untrusted where it has expired, or acts under a person's reference; only its holder learns that.
        """
        if self._rehearsal_person is not None:
            return self._rehearsal_person
        if not token:
            return None
        now = self._now()
        rows = self._store.query(
            "SELECT id, actor, name, expires_at, used_at, acts FROM tokens WHERE hash=?", _digest(token)
        )
        if not rows:
            return None
        token_id, actor, name, expires_at, used_at, acts = rows[0]
        if not is_system(actor):
            raise Untrusted("token-of-a-person")
        if now >= expires_at:
            raise Untrusted("token-expired")
        if used_at is None or now - used_at > SEEN_EVERY_SECONDS:
            with self._store.write() as db:
                db.execute("UPDATE tokens SET used_at=? WHERE id=?", (now, token_id))
                if used_at is None:
                    append_log(
                        db, now, by=actor, what=StaffAct.TOKEN_FIRST_USED, about=actor, detail=token_id
                    )
        return Person(actor, name, frozenset(json.loads(acts)))


def require_free(db: sqlite3.Connection, actor: str, name: str) -> None:
    """Raises Conflict where the reference is a person's, or reference or name is a system's."""
    if db.execute("SELECT 1 FROM staff WHERE actor=?", (actor,)).fetchone():
        raise Conflict("actor-taken")
    for system, system_name in db.execute("SELECT actor, name FROM tokens"):
        if actor == system.removeprefix(SYSTEM_PREFIX) or _same_name(name, system_name):
            raise Conflict("name-of-a-system")


def check_new_person(actor: str, name: str) -> None:
    """Raises Malformed where this is no reference or no name of a person."""
    _check_person(actor)
    _check_name(name)


def _check_person(actor: str) -> None:
    if not _ACTOR.fullmatch(actor):
        raise Malformed("actor-form")
    if is_system(actor):
        raise Malformed("actor-of-a-system")


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise Malformed("name-form")


def typed_actor(text: str) -> str | None:
    """The reference that somebody typed, in half-width characters; None for what can't be a person's."""
    actor = unicodedata.normalize("NFKC", text).strip() if len(text) <= 4 * 64 else ""
    return actor if _ACTOR.fullmatch(actor) and not is_system(actor) else None


def _same_name(one: str, other: str) -> bool:
    """Whether people read the two as one name."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _hash_of(passphrase: bytes | str) -> bytes:
    data = passphrases.chosen(passphrase)
    try:
        return passphrases.hashed(data)
    finally:
        passphrases.overwrite(data)


def end_factors(db: sqlite3.Connection, actor: str) -> None:
    """Forget by what a person could sign in beside the passphrase, and what still waits for them."""
    end_second_factor(db, actor)
    end_invitation(db, actor)
    for table in ("passkeys", "identities"):
        db.execute(f"DELETE FROM {table} WHERE actor=?", (actor,))


def end_invitation(db: sqlite3.Connection, actor: str) -> None:
    """End the code that waits for a person: it would choose the passphrase anew."""
    db.execute("DELETE FROM invitations WHERE actor=?", (actor,))


def end_sessions_and_devices(db: sqlite3.Connection, actor: str) -> None:
    """End where a person is signed in, and forget the machines where they were."""
    db.execute("DELETE FROM sessions WHERE actor=?", (actor,))
    db.execute("DELETE FROM ended_sessions WHERE actor=?", (actor,))
    db.execute("DELETE FROM devices WHERE actor=?", (actor,))


def _end_token(db: sqlite3.Connection, now: float, token_id: str, *, by: str) -> None:
    row = db.execute("SELECT actor, used_at FROM tokens WHERE id=?", (token_id,)).fetchone()
    if row is None:
        raise NotFound("token-not-found")
    db.execute("DELETE FROM tokens WHERE id=?", (token_id,))
    used = "never used" if row[1] is None else f"last used {_utc(row[1]).isoformat(timespec='minutes')}"
    append_log(db, now, by=by, what=StaffAct.TOKEN_REVOKED, about=row[0], detail=f"{token_id}, {used}")


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
