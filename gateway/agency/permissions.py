"""The one place where a door asks whether somebody may do an act: before a route is run, and before anything is signed.

``Door`` asks it for every command and every opening, whatever way it was asked by; the routes' acts stand in
``gateway/agency/web/route_acts.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, assert_never
from uuid import UUID

from domain.errors import Refused
from domain.events import EVENTS
from domain.role_acts import holders_of, may, may_system
from domain.roles import DOOR_ACT_TITLES, OPENINGS, ROLE_TITLES, Denial, DoorAct, StaffRole
from gateway.agency.index.case_overview import CaseOverviews
from gateway.agency.staff import Person, Staff
from gateway.agency.staff_roles import Authority
from gateway.pages.texts import section_text

MAX_NAMED = 5
"""Of how many people a refusal says that they have the role."""


class Permissions(Protocol):
    """Whether somebody may do an act."""

    def require(self, act: str, actor: str, case: UUID | None = None) -> None:
        """Raises Refused. ``case``: the one that the act is about, None for none."""

    def note(self, act: str, actor: str, case: UUID | None = None) -> None:
        """Note where a person does this as somebody's deputy. ``case``: as for ``require``."""


class Unattended:
    """Of a door that nobody signs in to: what plays a story, or founds a network with the keys in its hand. Everything."""

    def require(self, act: str, actor: str, case: UUID | None = None) -> None:
        return

    def note(self, act: str, actor: str, case: UUID | None = None) -> None:
        return


class Granted:
    """Of a door that one programme has opened with the keys in its hand, such as ``kakehashi send``: these acts alone."""

    def __init__(self, acts: Collection[str]) -> None:
        self._acts = frozenset(acts)

    def require(self, act: str, actor: str, case: UUID | None = None) -> None:
        denial = may_system(self._acts, act)
        if denial is not None:
            raise refusal(denial, act, ((), ()))

    def note(self, act: str, actor: str, case: UUID | None = None) -> None:
        return


class StaffPermissions:
    """By the roles of a door's staff. ``overviews``: says which cases are assigned to a visitor."""

    def __init__(self, staff: Staff, overviews: Callable[[], CaseOverviews]) -> None:
        self._staff, self._overviews = staff, overviews

    def denial(self, act: str, actor: str, case: UUID | None = None) -> Denial | None:
        """Why this person or system may not do this act now; None where it may."""
        authority = self._staff.roles.authority_of(actor)
        if authority.acts is not None:
            return may_system(authority.acts, act)
        taken = self._staff.roles.taken_away()
        is_own = self._is_own(_visitors_of(actor, authority), case)
        return may(authority.roles, act, is_own_case=is_own, taken=taken)

    def require(self, act: str, actor: str, case: UUID | None = None) -> None:
        denial = self.denial(act, actor, case)
        if denial is not None:
            raise refusal(denial, act, self._who_has(act))

    def note(self, act: str, actor: str, case: UUID | None = None) -> None:
        authority = self._staff.roles.authority_of(actor)
        if authority.acts is not None or not authority.lent:
            return
        taken = self._staff.roles.taken_away()
        if may(authority.own, act, is_own_case=self._is_own({actor}, case), taken=taken) is None:
            return
        for principal, roles in authority.lent:
            if may(roles, act, is_own_case=self._is_own({principal}, case), taken=taken) is None:
                self._staff.roles.note_deputy(actor, principal, act)
                return

    def of_person(self, act: str, person: Person, case: UUID | None = None) -> Denial | None:
        """As ``denial``, by the token that a system came with."""
        if person.acts is not None:
            return may_system(person.acts, act)
        return self.denial(act, person.actor, case)

    def require_of(self, act: str, person: Person, case: UUID | None = None) -> None:
        """As ``require``, by the token that a system came with."""
        denial = self.of_person(act, person, case)
        if denial is not None:
            raise refusal(denial, act, self._who_has(act))

    def shown_cases(self, person: Person) -> Callable[[str], bool]:
        """Which cases the lists show this person: to whoever is here as a visitor only, those that are assigned to it, or to
        a visitor for whom it stands in."""
        if self.of_person(DoorAct.READ_CASES, person, _NO_CASE) is not Denial.OWN_CASES_ONLY:
            return lambda case: True
        visitors = _visitors_of(person.actor, self._staff.roles.authority_of(person.actor))
        own = {case for case, one in self._overviews().all().items() if visitors.intersection(one.assigned)}
        return own.__contains__

    def _is_own(self, visitors: Collection[str], case: UUID | None) -> bool | None:
        """Whether the case is assigned to one of these; None for no case."""
        if case is None:
            return None
        overview = self._overviews().of(case)
        return overview is not None and not frozenset(visitors).isdisjoint(overview.assigned)

    def _who_has(self, act: str) -> tuple[tuple[StaffRole, ...], tuple[str, ...]]:
        """The roles that have this act here, and the names of people of this door who have one of them."""
        holders = holders_of(act, self._staff.roles.taken_away())
        names, roles = self._staff.people(), self._staff.roles.all_roles()
        return holders, tuple(names[a] for a in sorted(names) if roles.get(a, frozenset()) & set(holders))


_NO_CASE = UUID(int=0)


def _visitors_of(actor: str, authority: Authority) -> frozenset[str]:
    """This person, and the visitors for whom it stands in: their families are its own while it does."""
    return frozenset({actor} | {who for who, roles in authority.lent if StaffRole.VISITOR in roles})


def refusal(denial: Denial, act: str, who_has: tuple[tuple[StaffRole, ...], tuple[str, ...]]) -> Refused:
    """The refusal of an act, which says who may do it."""
    title = act_title(act)
    match denial:
        case Denial.NOT_AT_A_DOOR:
            return _refused("act-not-at-a-door", f"「{title}」は、どの機関の窓口からも行えません。")
        case Denial.ROLE_REQUIRED:
            return _refused("role-required", _who_may(title, *who_has))
        case Denial.TAKEN_AWAY:
            return _refused("act-taken-away", _who_may(title, *who_has))
        case Denial.OWN_CASES_ONLY:
            return _refused(
                "own-cases-only", f"「{title}」は、訪問支援者としては、割り当てられた事例だけでできます。"
            )
        case Denial.NOT_IN_TOKEN:
            return _refused(
                "act-not-in-token",
                f"このシステムのトークンには「{title}」が含まれていません。システム管理の職員に発行を頼んでください。",
            )
        case _:
            assert_never(denial)


def _refused(code: str, text: str) -> Refused:
    error = Refused(code)
    error.detail_ja = text
    return error


def _who_may(title: str, holders: tuple[StaffRole, ...], names: tuple[str, ...]) -> str:
    if not holders:
        return f"「{title}」は、この機関の設定で、だれにも認められていません。"
    roles = "・".join(ROLE_TITLES[role] for role in holders)
    people = "、".join(names[:MAX_NAMED]) + ("ほか" if len(names) > MAX_NAMED else "")
    who = f"この役割の人: {people}。" if names else "この役割の人は、いま登録されていません。"
    return f"「{title}」には{roles}の役割が要ります。{who}"


def act_title(act: str) -> str:
    """An act by name."""
    if act in OPENINGS:
        return f"{section_text(OPENINGS[act])}を開く"
    if act in EVENTS:
        return EVENTS[act].TITLE
    return DOOR_ACT_TITLES[DoorAct(act)] if act in set(DoorAct) else act
