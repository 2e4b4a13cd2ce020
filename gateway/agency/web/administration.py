"""The pages of a door's administrator: people and roles, deputies, settings, tokens, and who did what. No content."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.calendar import end_of
from domain.errors import Malformed, Refused
from domain.events import EVENTS
from domain.role_acts import ROLE_ACTS, SYSTEM_ACTS, TOKEN_DEFAULT
from domain.roles import OPENINGS, ROLE_TITLES, DoorAct, StaffRole
from gateway.agency.permissions import act_title
from gateway.agency.staff import Person, TokenInfo
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.guard import SignedIn, needs_fresh_factor, needs_no_hub
from gateway.agency.web.joining import INVITATIONS
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.paging import PageNumber, page_of
from gateway.pages.labels import STAFF_LOG

Text = Annotated[str, Form(max_length=200)]
Roles = Annotated[list[StaffRole], Form()]
PEOPLE, SETTINGS, TOKENS = "/administration/people", "/administration/settings", "/administration/tokens"
SECTIONS: tuple[tuple[str, str, str], ...] = (
    (PEOPLE, "職員と役割", "登録・役割の変更・代理・登録の消去"),
    (SETTINGS, "役割の権限を減らす設定", "この機関で、役割から外している行為"),
    (INVITATIONS, "招待とログインの方法", "新しい職員の招待コード、ログインの方法の初期化"),
    (TOKENS, "システムのトークン", "発行・認める行為・失効"),
    ("/administration/keys", "機関の鍵", "いま効いている鍵と、その預かり"),
    ("/administration/register", "機関・構成員・委託", "名簿にある機関、要対協の構成員、委託契約"),
    ("/administration/health", "稼働の状態", "ハブ・記録・ログ・証人・時計"),
    ("/administration/log", "窓口の記録", "だれが・いつ・何をしたか"),
)
"""The pages of the section: path, title, what is there."""


def add_administration_pages(people: APIRouter, pages: PageContext) -> None:
    """``/administration`` and what is below it; ``/roles`` is for everybody."""

    @people.get("/administration", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def administration(person: SignedIn) -> Response:
        nobody_signs_in = pages.staff.rehearsal_auto_sign_in
        shown = [
            one
            for one in SECTIONS
            if pages.may_get(person, one[0]) and not (one[0] == INVITATIONS and nobody_signs_in)
        ]
        if not shown:
            pages.permissions.require_of(DoorAct.CHANGE_PEOPLE, person)
        return pages.render_page(
            "administration.html", "管理", person, current_path="/administration", sections=shown
        )

    @people.get("/roles", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def roles(person: SignedIn) -> Response:
        return pages.render_page(
            "roles.html",
            "役割と権限",
            person,
            roles=ROLE_TITLES,
            own=[ROLE_TITLES[r] for r in sorted(pages.staff.roles.authority_of(person.actor).roles)],
            groups=_table_of_acts(pages.staff.roles.taken_away()),
        )

    _add_people(people, pages)
    _add_deputies(people, pages)
    _add_settings(people, pages)
    _add_tokens(people, pages)
    _add_log(people, pages)


def _table_of_acts(taken: Iterable[tuple[StaffRole, str]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The acts by group, each with what every role has: yes, taken (away by this agency), or nothing."""
    gone = frozenset(taken)
    groups = {
        "窓口で行うこと": [act.value for act in DoorAct],
        "情報を開くこと": list(OPENINGS),
        "記録・送付すること": sorted(a for a in ROLE_ACTS if a in EVENTS and ROLE_ACTS[a]),
    }
    return [
        (
            title,
            [
                {
                    "act": act,
                    "title": act_title(act),
                    "marks": [
                        "" if role not in ROLE_ACTS[act] else "taken" if (role, act) in gone else "yes"
                        for role in StaffRole
                    ],
                    "system": act in SYSTEM_ACTS,
                }
                for act in acts
            ],
        )
        for title, acts in groups.items()
    ]


def _require_own_staff(pages: PageContext) -> None:
    if pages.staff.rehearsal_auto_sign_in:
        raise Refused("rehearsal-staff")


def _back(pages: PageContext, path: str, done: str) -> Response:
    return RedirectResponse(f"{pages.base}{path}?{urlencode({'done': done})}", 303)


# --- people and roles -------------------------------------------------------------------------------------


def _add_people(people: APIRouter, pages: PageContext) -> None:
    staff = pages.staff

    @people.get(PEOPLE, response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(PEOPLE)
    def show_people(person: SignedIn, done: str = "") -> Response:
        roles, names = staff.roles.all_roles(), staff.people()
        return pages.render_page(
            "administration_people.html",
            "職員と役割",
            person,
            current_path="/administration",
            staff=[(actor, name, roles.get(actor, frozenset())) for actor, name in names.items()],
            names=names,
            deputies=staff.roles.deputies(),
            roles=ROLE_TITLES,
            done=DONE.get(done, ""),
        )

    @people.post(PEOPLE, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(PEOPLE)
    def add_person(
        person: SignedIn,
        actor: Text,
        name: Text,
        passphrase: Annotated[str, Form(max_length=1000)],
        role: Roles = [],  # noqa: B006  FastAPI makes a list of its own
    ) -> Response:
        _require_own_staff(pages)
        staff.add(actor.strip(), name.strip(), passphrase, roles=role, by=person.actor)
        return _back(pages, PEOPLE, "added")

    @people.post(f"{PEOPLE}/roles", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(PEOPLE)
    def change_roles(person: SignedIn, actor: Text, role: Roles = []) -> Response:  # noqa: B006
        staff.roles.set_roles(actor, role, by=person.actor)
        return _back(pages, PEOPLE, "roles")

    @people.post(f"{PEOPLE}/remove", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(PEOPLE)
    def remove_person(person: SignedIn, actor: Text) -> Response:
        _require_own_staff(pages)
        staff.roles.set_roles(actor, (), by=person.actor)
        with pages.ending_sessions(actor):
            staff.remove(actor, by=person.actor)
        return _back(pages, PEOPLE, "removed")


def _add_deputies(people: APIRouter, pages: PageContext) -> None:
    staff = pages.staff

    @people.post("/administration/deputies", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(PEOPLE)
    def add_deputy(
        person: SignedIn,
        principal: Text,
        deputy: Text,
        until: Annotated[date, Form()],
        since: Annotated[str, Form(max_length=10)] = "",
        role: Roles = [],  # noqa: B006
    ) -> Response:
        begins_at = end_of(_day_typed(since) - timedelta(days=1)) if since else None
        staff.roles.add_deputy(
            principal, deputy, role, begins_at=begins_at, ends_at=end_of(until), by=person.actor
        )
        return _back(pages, PEOPLE, "deputy")

    @people.post("/administration/deputies/end", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(PEOPLE)
    def end_deputy(person: SignedIn, deputy: Annotated[int, Form(ge=1)]) -> Response:
        staff.roles.end_deputy(deputy, by=person.actor)
        return _back(pages, PEOPLE, "deputy-ended")


def _day_typed(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("deputy-period") from error


DONE = {
    "added": "職員を登録しました。",
    "roles": "役割を変えました。利用中の画面にも効いています。",
    "removed": "職員の登録を消しました。",
    "deputy": "代理を決めました。",
    "deputy-ended": "代理を終えました。",
    "taken": "この役割から外しました。",
    "given": "元に戻しました。",
    "revoked": "トークンを失効させました。",
}


# --- settings ---------------------------------------------------------------------------------------------


def _add_settings(people: APIRouter, pages: PageContext) -> None:
    roles = pages.staff.roles

    @people.get(SETTINGS, response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(SETTINGS)
    def show_settings(person: SignedIn, role: StaffRole = StaffRole.CASE_WORKER, done: str = "") -> Response:
        taken = roles.taken_away()
        return pages.render_page(
            "administration_settings.html",
            "役割の権限を減らす設定",
            person,
            current_path="/administration",
            roles=ROLE_TITLES,
            role=role,
            taken=sorted((ROLE_TITLES[r], r.value, a, act_title(a)) for r, a in taken),
            acts=[
                (act, act_title(act))
                for act, holders in ROLE_ACTS.items()
                if role in holders and (role, act) not in taken
            ],
            done=DONE.get(done, ""),
        )

    @people.post(SETTINGS, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(SETTINGS)
    def take_away(person: SignedIn, role: Annotated[StaffRole, Form()], act: Text) -> Response:
        roles.take_away(role, act, by=person.actor)
        return _back(pages, SETTINGS, "taken")

    @people.post(f"{SETTINGS}/give-back", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(SETTINGS)
    def give_back(person: SignedIn, role: Annotated[StaffRole, Form()], act: Text) -> Response:
        roles.give_back(role, act, by=person.actor)
        return _back(pages, SETTINGS, "given")


# --- tokens -----------------------------------------------------------------------------------------------


def _add_tokens(people: APIRouter, pages: PageContext) -> None:
    staff = pages.staff

    def render(person: Person, *, done: str = "", issued: str = "") -> Response:
        infos: list[TokenInfo] = [] if staff.rehearsal_auto_sign_in else staff.tokens()
        return pages.render_page(
            "administration_tokens.html",
            "システムのトークン",
            person,
            current_path="/administration",
            tokens=[(info, [act_title(act) for act in info.acts]) for info in infos],
            names=staff.people(),
            acts=[(act, act_title(act), act in TOKEN_DEFAULT) for act in ROLE_ACTS if act in SYSTEM_ACTS],
            issued=issued,
            done=DONE.get(done, ""),
        )

    @people.get(TOKENS, response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(TOKENS)
    def show_tokens(person: SignedIn, done: str = "") -> Response:
        return render(person, done=done)

    @people.post(TOKENS, response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(TOKENS)
    def issue_token(
        person: SignedIn,
        actor: Text,
        name: Text,
        days: Annotated[int, Form()],
        responsible: Text = "",
        act: Annotated[list[str], Form()] = [],  # noqa: B006
    ) -> Response:
        _require_own_staff(pages)
        issued = staff.add_token(
            actor.strip(), name.strip(), days=days, responsible=responsible, acts=act, by=person.actor
        )
        return render(person, issued=issued)

    @people.post(f"{TOKENS}/revoke", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(TOKENS)
    def revoke_token(person: SignedIn, token: Text) -> Response:
        _require_own_staff(pages)
        staff.revoke_token(token, by=person.actor)
        return _back(pages, TOKENS, "revoked")


# --- who did what -----------------------------------------------------------------------------------------


def _add_log(people: APIRouter, pages: PageContext) -> None:
    @people.get("/administration/log", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def show_log(
        person: SignedIn,
        page: PageNumber = 1,
        by: Annotated[str, Query(max_length=100)] = "",
        what: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        names, entries = pages.staff.people(), pages.staff.log()
        chosen = [
            entry for entry in reversed(entries) if by in ("", entry.by) and what in ("", str(entry.what))
        ]
        shown = page_of("entries", chosen, page)
        return pages.render_page(
            "administration_log.html",
            "窓口の記録",
            person,
            current_path="/administration",
            entries=shown["entries"],
            numbers=shown["numbers"],
            whats=STAFF_LOG,
            names=names,
            bys=sorted({entry.by for entry in entries}),
            by=by,
            what=what,
            hides_cases=not pages.may(person, DoorAct.READ_CONTENT_LOGS),
            about_cases=ABOUT_CASES,
            extra="&" + urlencode({"by": by, "what": what}),
        )


ABOUT_CASES = frozenset(
    {
        StaffAct.ADDRESS_STOPPED,
        StaffAct.ADDRESS_SENT,
        StaffAct.NOTIFIER_MET,
        StaffAct.FAMILY_SEARCHED,
        StaffAct.FAMILY_SHOWN,
        StaffAct.FAMILY_DISMISSED,
        StaffAct.CHARGE_CHANGED,
        StaffAct.FORM_PRINTED,
        StaffAct.DRY_RUN,
    }
)
"""Entries that name a case: an administrator is shown that there is one, and not which."""
