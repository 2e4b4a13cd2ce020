"""Who of a door has which roles: a person's own, and those that it has as somebody's deputy until a day.

All of it stands in the file of the staff, so that what the command line changes holds in a running door at once, and every
change in the door's own log.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.actors import is_system
from domain.errors import Conflict, Malformed, NotFound, Refused
from domain.role_acts import ROLE_ACTS, SYSTEM_ACTS
from domain.roles import StaffRole
from gateway.agency.staff_store import DAY_SECONDS, StaffAct, StaffStore, append_log

MAX_DEPUTY_DAYS = 366
ALL_ROLES = frozenset(StaffRole)


@dataclass(frozen=True)
class Deputy:
    """``deputy`` acts for ``principal`` in these roles, as far as the principal has them, from one time to another."""

    id: int
    principal: str
    deputy: str
    roles: frozenset[StaffRole]
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Authority:
    """What somebody may act by at this moment. ``own``: the person's roles; ``lent``: of each person it stands in for, the
    roles by which it does; ``acts``: of a system, those of its tokens."""

    own: frozenset[StaffRole] = frozenset()
    lent: tuple[tuple[str, frozenset[StaffRole]], ...] = ()
    acts: frozenset[str] | None = None

    @property
    def roles(self) -> frozenset[StaffRole]:
        """All of them."""
        return self.own.union(*(roles for _, roles in self.lent))


class StaffRoles:
    """The roles at one door. Thread-safe."""

    def __init__(self, store: StaffStore, now: Callable[[], float]) -> None:
        self._store, self._now = store, now

    # --- asking ---------------------------------------------------------------------------------------------

    def authority_of(self, actor: str) -> Authority:
        """What this person or system may act by now; nothing where it is not of this door."""
        if is_system(actor):
            rows = self._store.query(
                "SELECT acts FROM tokens WHERE actor=? AND expires_at>?", actor, self._now()
            )
            listed = [frozenset(json.loads(acts)) for (acts,) in rows]
            return Authority(acts=frozenset.intersection(*listed) if listed else frozenset())
        roles = self.all_roles()
        lent: dict[str, frozenset[StaffRole]] = {}
        for one in self.deputies(current=True):
            if one.deputy == actor and actor in roles:
                shared = one.roles & roles.get(one.principal, frozenset())
                lent[one.principal] = lent.get(one.principal, frozenset()) | shared
        return Authority(roles.get(actor, frozenset()), tuple(sorted(lent.items())))

    def all_roles(self) -> dict[str, frozenset[StaffRole]]:
        """Every person of this door, with its own roles."""
        of_people: dict[str, set[StaffRole]] = {}
        rows = self._store.query(
            "SELECT s.actor, r.role FROM staff s LEFT JOIN roles r USING(actor) ORDER BY s.actor"
        )
        for actor, role in rows:
            of_person = of_people.setdefault(actor, set())
            if role is not None:
                of_person.add(StaffRole(role))
        return {actor: frozenset(roles) for actor, roles in of_people.items()}

    def deputies(self, *, current: bool = False) -> list[Deputy]:
        """Who acts for whom, by their end; those that are over are not among them. ``current``: only those that have begun."""
        now = self._now()
        rows = self._store.query(
            "SELECT id, principal, deputy, roles, begins_at, ends_at FROM deputies WHERE ends_at>? AND begins_at<=?"
            " ORDER BY ends_at, id",
            now,
            now if current else float("inf"),
        )
        return [
            Deputy(n, p, d, frozenset(map(StaffRole, json.loads(roles))), _utc(begins), _utc(ends))
            for n, p, d, roles, begins, ends in rows
        ]

    def taken_away(self) -> frozenset[tuple[StaffRole, str]]:
        """What this agency's settings take away: pairs of a role and an act."""
        return frozenset(
            (StaffRole(role), act) for role, act in self._store.query("SELECT role, act FROM taken_away")
        )

    # --- changing -------------------------------------------------------------------------------------------

    def set_roles(self, actor: str, roles: Iterable[StaffRole], *, by: str = "door") -> None:
        """Give a person exactly these roles. Raises NotFound, and Conflict where nobody would administer this door."""
        wanted = frozenset(roles)
        with self._store.write() as db:
            if not db.execute("SELECT 1 FROM staff WHERE actor=?", (actor,)).fetchone():
                raise NotFound("person-not-found")
            require_administrator_left(db, actor, wanted)
            replace_roles(db, self._now(), actor, wanted, by=by)

    def add_deputy(
        self,
        principal: str,
        deputy: str,
        roles: Collection[StaffRole],
        *,
        begins_at: datetime | None = None,
        ends_at: datetime,
        by: str = "door",
    ) -> int:
        """Let one person act for another until a time, in roles that this other has. Returns its number.

        ``begins_at``: None for now.

        Raises Malformed (the same person, a period that is over or over a year long, a role that is not the principal's),
        NotFound.
        """
        now, ends = self._now(), ends_at.timestamp()
        begins = now if begins_at is None else begins_at.timestamp()
        if principal == deputy:
            raise Malformed("deputy-same-person")
        if not (begins < ends and now < ends <= begins + MAX_DEPUTY_DAYS * DAY_SECONDS):
            raise Malformed("deputy-period")
        wanted = frozenset(roles)
        with self._store.write() as db:
            for actor in (principal, deputy):
                if not db.execute("SELECT 1 FROM staff WHERE actor=?", (actor,)).fetchone():
                    raise NotFound("person-not-found")
            held = {r for (r,) in db.execute("SELECT role FROM roles WHERE actor=?", (principal,))}
            if not wanted or not wanted <= held:
                raise Malformed("deputy-roles")
            text = json.dumps(sorted(wanted))
            values = (principal, deputy, text, begins, ends)
            number = db.execute(
                "INSERT INTO deputies(principal, deputy, roles, begins_at, ends_at) VALUES (?,?,?,?,?)",
                values,
            ).lastrowid
            detail = f"{deputy}: {' '.join(sorted(wanted))}, {_minute_text(begins)} to {_minute_text(ends)}"
            append_log(db, now, by=by, what=StaffAct.DEPUTY_ADDED, about=principal, detail=detail)
        return int(number or 0)

    def end_deputy(self, number: int, *, by: str = "door") -> None:
        """End it at once. Raises NotFound where there is none, or it is over."""
        now = self._now()
        with self._store.write() as db:
            row = db.execute(
                "UPDATE deputies SET ends_at=? WHERE id=? AND ends_at>? RETURNING principal, deputy",
                (now, number, now),
            ).fetchone()
            if row is None:
                raise NotFound("deputy-not-found")
            append_log(db, now, by=by, what=StaffAct.DEPUTY_ENDED, about=row[0], detail=row[1])

    def take_away(self, role: StaffRole, act: str, *, by: str = "door") -> None:
        """From now on this role does not have this act here. Raises Malformed where the table does not give it."""
        if role not in ROLE_ACTS.get(act, ()):
            raise Malformed("not-in-role")
        if (role, act) == (StaffRole.ADMINISTRATOR, "settings.change"):
            raise Conflict("last-administrator")
        with self._store.write() as db:
            if db.execute("INSERT OR IGNORE INTO taken_away VALUES (?,?)", (role.value, act)).rowcount:
                append_log(db, self._now(), by=by, what=StaffAct.ACT_TAKEN_AWAY, about=role.value, detail=act)

    def give_back(self, role: StaffRole, act: str, *, by: str = "door") -> None:
        """Undo ``take_away``: what the table gives holds again."""
        with self._store.write() as db:
            if db.execute("DELETE FROM taken_away WHERE role=? AND act=?", (role.value, act)).rowcount:
                append_log(db, self._now(), by=by, what=StaffAct.ACT_GIVEN_BACK, about=role.value, detail=act)

    def note_deputy(self, actor: str, principal: str, act: str) -> None:
        """An entry: this person did it for that one."""
        with self._store.write() as db:
            append_log(db, self._now(), by=actor, what=StaffAct.DEPUTY_ACTED, about=principal, detail=act)


class RehearsalRoles:
    """The roles at a rehearsal's door, which has no file: fixed, and all of them for whoever is not listed, as the actors of
    a story that is played through it."""

    def __init__(self, roles: Mapping[str, frozenset[StaffRole]]) -> None:
        self._roles = roles

    def authority_of(self, actor: str) -> Authority:
        if is_system(actor):
            return Authority(acts=SYSTEM_ACTS)
        return Authority(self._roles.get(actor, ALL_ROLES))

    def all_roles(self) -> dict[str, frozenset[StaffRole]]:
        return dict(self._roles)

    def deputies(self, *, current: bool = False) -> list[Deputy]:
        return []

    def taken_away(self) -> frozenset[tuple[StaffRole, str]]:
        return frozenset()

    def note_deputy(self, actor: str, principal: str, act: str) -> None:
        """Nobody is a deputy here."""

    # --- changing: nothing, for everybody who comes is signed in --------------------------------------------

    def set_roles(self, actor: str, roles: Iterable[StaffRole], *, by: str = "door") -> None:
        raise Refused("rehearsal-staff")

    def add_deputy(
        self,
        principal: str,
        deputy: str,
        roles: Collection[StaffRole],
        *,
        begins_at: datetime | None = None,
        ends_at: datetime,
        by: str = "door",
    ) -> int:
        raise Refused("rehearsal-staff")

    def end_deputy(self, number: int, *, by: str = "door") -> None:
        raise Refused("rehearsal-staff")

    def take_away(self, role: StaffRole, act: str, *, by: str = "door") -> None:
        raise Refused("rehearsal-staff")

    def give_back(self, role: StaffRole, act: str, *, by: str = "door") -> None:
        raise Refused("rehearsal-staff")


def replace_roles(
    db: sqlite3.Connection, now: float, actor: str, roles: frozenset[StaffRole], *, by: str
) -> None:
    """Write a person's roles, and that they changed, in the transaction of what it belongs to."""
    held = {StaffRole(r) for (r,) in db.execute("SELECT role FROM roles WHERE actor=?", (actor,))}
    if held == roles:
        return
    db.execute("DELETE FROM roles WHERE actor=?", (actor,))
    if StaffRole.ADMINISTRATOR not in roles:
        _end_invitations_by(db, actor)
    db.executemany("INSERT INTO roles VALUES (?,?)", [(actor, r.value) for r in sorted(roles)])
    detail = " ".join(sorted(roles)) or "none"
    append_log(db, now, by=by, what=StaffAct.ROLES_CHANGED, about=actor, detail=detail)


def remove_roles(db: sqlite3.Connection, actor: str, now: float) -> None:
    """Whoever is removed has no roles, invites nobody, stands in for nobody, and nobody stands in for it."""
    db.execute("DELETE FROM roles WHERE actor=?", (actor,))
    _end_invitations_by(db, actor)
    db.execute(
        "UPDATE deputies SET ends_at=min(ends_at, ?) WHERE principal=? OR deputy=?", (now, actor, actor)
    )


def _end_invitations_by(db: sqlite3.Connection, actor: str) -> None:
    """A code does not outlive the authority of who made it."""
    db.execute("DELETE FROM invitations WHERE made_by=?", (actor,))


def require_administrator_left(
    db: sqlite3.Connection, actor: str, roles: Collection[StaffRole] = frozenset()
) -> None:
    """Raises Conflict where this person, with these roles from now on, was the last who administers this door."""
    others = db.execute(
        "SELECT count(*) FROM roles WHERE role=? AND actor<>?", (StaffRole.ADMINISTRATOR.value, actor)
    ).fetchone()[0]
    was = db.execute(
        "SELECT count(*) FROM roles WHERE role=? AND actor=?", (StaffRole.ADMINISTRATOR.value, actor)
    ).fetchone()[0]
    if was and not others and StaffRole.ADMINISTRATOR not in roles:
        raise Conflict("last-administrator")


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _minute_text(at: float) -> str:
    return _utc(at).isoformat(timespec="minutes")
