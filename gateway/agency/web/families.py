"""Families on the pages of a door: search, the sheet of one family, who is in charge, the state of the case index.

What is typed into the search is sent in the body of a request, so that no address of a page, and no log of a server or
browser, holds a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.calendar import day_of
from domain.codes import Role
from domain.errors import Malformed, NotFound
from domain.events import dump
from domain.roles import DoorAct
from domain.wareki import office_text
from gateway.agency.index.cards import CardPerson, FamilyView
from gateway.agency.index.charges import MAX_REASON, Charge
from gateway.agency.index.family_search import SearchResult
from gateway.agency.index.likeness import Likeness, likenesses
from gateway.agency.index.readers import IndexReader, reader_of
from gateway.agency.index.rebuild import BackgroundRebuild
from gateway.agency.index.search_query import MAX_CHARACTERS
from gateway.agency.joined_cases import ACTS, cases_of_family
from gateway.agency.staff import Person
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext
from gateway.pages.dates import day_text
from gateway.pages.labels import STAFF_LOG

MAX_LOG_ROWS = 200
SearchText = Annotated[str, Form(max_length=4 * MAX_CHARACTERS)]
Actor = Annotated[str, Form(max_length=64)]
Day = Annotated[str, Form(max_length=10)]


def add_family_pages(people: APIRouter, pages: PageContext, rebuilding: BackgroundRebuild) -> None:
    """Search, sheets, charges, and the index itself."""
    _add_search(people, pages)
    _add_family_sheet(people, pages)
    _add_charges(people, pages)
    _add_index_page(people, pages, rebuilding)


# --- search ----------------------------------------------------------------------------------------------------


def _add_search(people: APIRouter, pages: PageContext) -> None:
    door = pages.door

    @people.get("/search", response_class=HTMLResponse, include_in_schema=False)
    def empty_search(person: SignedIn) -> Response:
        return _render_search(pages, person, "", None)

    @people.post("/search", response_class=HTMLResponse, include_in_schema=False)
    def search(person: SignedIn, text: SearchText = "") -> Response:
        door.refresh_if_possible()
        return _render_search(pages, person, text, search_families(pages, person, text))


def search_families(pages: PageContext, person: Person, text: str) -> SearchResult:
    """The families that fit, with an entry in the door's own log. Raises as ``CaseIndex.search``."""
    door = pages.door
    result = door.index.search(text, reader_of(door, person.actor))
    detail = " ".join([str(result.total), *(str(view.case) for view in result.families)])
    pages.staff.log_act(person.actor, StaffAct.FAMILY_SEARCHED, "", detail)
    return result


def family_row(pages: PageContext, view: FamilyView) -> dict[str, Any]:
    """A family as a search shows it."""
    today = day_of(pages.door.now())
    return {
        "case": str(view.case),
        "title": view.title,
        "children": [_person_row(p, today) for p in view.children],
        "adults": [_person_row(p, today) for p in view.adults],
        "former": [_person_row(p, today) for p in view.former],
        "charge": charge_text(pages, view.case),
        "status": pages.door.store.case_status(view.case),
    }


def _person_row(person: CardPerson, today: date) -> dict[str, Any]:
    age = person.age_on(today)
    born = office_text(person.born) if person.born else ""
    return {
        "name": person.name,
        "kana": person.kana,
        "born": born,
        "due": office_text(person.due) if person.due else "",
        "age": age,
        "relationship": person.relationship,
    }


def _render_search(pages: PageContext, person: Person, text: str, result: SearchResult | None) -> Response:
    return pages.render_page(
        "search.html",
        "家庭を探す",
        person,
        current_path="/search",
        text=text,
        rows=None if result is None else [family_row(pages, view) for view in result.families],
        total=0 if result is None else result.total,
        waiting=0 if result is None else result.waiting,
        index=pages.door.index.status(),
    )


# --- one family ------------------------------------------------------------------------------------------------


def _add_family_sheet(people: APIRouter, pages: PageContext) -> None:
    door = pages.door

    @people.get("/cases/{case}/family", response_class=HTMLResponse, include_in_schema=False)
    def family_sheet(case: UUID, person: SignedIn) -> Response:
        door.refresh_if_possible()
        require_case(pages, case)
        reader = reader_of(door, person.actor)
        view = door.index.family(case, reader)
        if view is not None:
            pages.staff.log_act(person.actor, StaffAct.FAMILY_SHOWN, str(case))
        return pages.render_page(
            "family.html",
            f"家庭の票 {str(case)[:8]}",
            person,
            case=str(case),
            view=view,
            family=None if view is None else family_row(pages, view),
            protected=door.addresses.protected_until(case) is not None,
            charge=door.charges.of(case),
            charge_text=charge_text(pages, case),
            history=[_charge_row(pages, one) for one in reversed(door.charges.history(case))],
            staff=pages.staff.people(),
            index=door.index.status(),
        )

    @people.post("/cases/{case}/charge", include_in_schema=False)
    def set_charge(
        case: UUID, person: SignedIn, actor: Actor = "", deputy: Actor = "", deputy_until: Day = ""
    ) -> Response:
        assign_charge(pages, person, case, actor, deputy, deputy_until)
        return RedirectResponse(f"{pages.base}/cases/{case}/family", 303)

    @people.post("/cases/{case}/another-family", include_in_schema=False)
    def dismiss(
        case: UUID,
        person: SignedIn,
        other: Annotated[UUID, Form()],
        reason: Annotated[str, Form(max_length=4 * MAX_REASON)] = "",
    ) -> Response:
        require_case(pages, case)
        require_case(pages, other)
        door.charges.dismiss(case, other, by=person.actor, reason=reason)
        pages.staff.log_act(person.actor, StaffAct.FAMILY_DISMISSED, str(case), str(other))
        return RedirectResponse(f"{pages.base}/cases/{case}", 303)


def require_case(pages: PageContext, case: UUID) -> None:
    """Raises NotFound for a case that this agency does not know."""
    if pages.door.store.message_count(case) == 0:
        raise NotFound("not-found")


def alike_cases(pages: PageContext, person: Person, reader: IndexReader, case: UUID) -> list[Likeness]:
    """Cases that may be of the same family, for who may compare families at a core agency: not joined, and not dismissed by
    a person."""
    door = pages.door
    if not door.index.is_current or not pages.may(person, DoorAct.COMPARE_FAMILIES, case):
        return []
    view = door.index.family(case, reader) if Role.CORE.value in reader.roles else None
    if view is None:
        return []
    known = {UUID(other) for other in cases_of_family(door.store.messages_of_acts(ACTS), case)}
    known |= set(door.charges.dismissed(case))
    return likenesses(view, (v for v in door.index.alike(view, reader) if v.case not in known))


# --- who is in charge --------------------------------------------------------------------------------------------


def assign_charge(
    pages: PageContext, person: Person, case: UUID, actor: str, deputy: str, deputy_until: str
) -> None:
    """Put a person in charge of a case. Raises Malformed, NotFound."""
    require_case(pages, case)
    try:
        until = date.fromisoformat(deputy_until) if deputy_until else None
    except ValueError:
        raise Malformed("charge-deputy") from None
    people = pages.staff.people()
    pages.door.charges.assign(
        [case], actor, by=person.actor, people=people, deputy=deputy, deputy_until=until
    )
    pages.staff.log_act(person.actor, StaffAct.CHARGE_CHANGED, str(case), actor)


def hand_over(pages: PageContext, person: Person, from_actor: str, to_actor: str) -> int:
    """Move all cases of one person to another. Raises Malformed."""
    people = pages.staff.people()
    moved = pages.door.charges.hand_over(from_actor, to_actor, by=person.actor, people=people)
    pages.staff.log_act(person.actor, StaffAct.CHARGES_MOVED, from_actor, f"{to_actor} {moved}")
    return moved


def charge_text(pages: PageContext, case: UUID | str) -> str:
    """Who is in charge today, with the deputy, as a list shows it; empty for nobody."""
    charge = pages.door.charges.of(case)
    return "" if charge is None else _text_of(charge, pages.staff.people(), day_of(pages.door.now()))


def charge_texts(pages: PageContext, cases: Iterable[str] | None = None) -> dict[str, str]:
    """Case -> who is in charge today, of every case that has somebody, or of these."""
    names, today = pages.staff.people(), day_of(pages.door.now())
    charges = pages.door.charges.current()
    of_cases = charges if cases is None else [case for case in cases if case in charges]
    return {case: _text_of(charges[case], names, today) for case in of_cases}


def _text_of(charge: Charge, names: dict[str, str], today: date) -> str:
    deputy = charge.deputy_on(today)
    text = names.get(charge.actor, f"{charge.actor}(登録なし)") if charge.actor else ""
    if not deputy:
        return text
    return f"{text}(代理 {names.get(deputy, deputy)}、{day_text(charge.deputy_until)} まで)"


def _charge_row(pages: PageContext, charge: Charge) -> dict[str, str]:
    names = pages.staff.people()
    since = date.fromisoformat(charge.since)
    return {
        "since": charge.since,
        "text": _text_of(charge, names, since),
        "set_by": names.get(charge.set_by, charge.set_by),
        "set_at": charge.set_at,
    }


def _add_charges(people: APIRouter, pages: PageContext) -> None:
    @people.get("/charges", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def charges(person: SignedIn, moved: int | None = None) -> Response:
        names, counts = pages.staff.people(), pages.door.charges.counts()
        everybody = sorted({*names, *counts})
        return pages.render_page(
            "charges.html",
            "担当",
            person,
            current_path="/charges",
            rows=[
                (actor, names.get(actor, f"{actor}(登録なし)"), counts.get(actor, 0)) for actor in everybody
            ],
            staff=names,
            moved=moved,
        )

    @people.post("/charges", include_in_schema=False)
    @needs_no_hub
    def move_charges(person: SignedIn, from_actor: Actor = "", to_actor: Actor = "") -> Response:
        moved = hand_over(pages, person, from_actor, to_actor)
        return RedirectResponse(f"{pages.base}/charges?moved={moved}", 303)


# --- the index and its log ------------------------------------------------------------------------------------------


def _add_index_page(people: APIRouter, pages: PageContext, rebuilding: BackgroundRebuild) -> None:
    @people.get("/index", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def index_page(person: SignedIn) -> Response:
        return pages.render_page(
            "case_index.html",
            "事例索引",
            person,
            index=pages.door.index.status(),
            is_current=pages.door.index.is_current,
            progress=rebuilding.progress,
            is_running=rebuilding.is_running,
            error_code=rebuilding.error_code,
        )

    @people.post("/index", include_in_schema=False)
    @needs_no_hub
    def rebuild_index(person: SignedIn) -> Response:
        pages.staff.log_act(person.actor, StaffAct.INDEX_REBUILD, "")
        rebuilding.start(person.actor)
        return RedirectResponse(f"{pages.base}/index", 303)

    @people.get("/family-log", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def family_log(person: SignedIn) -> Response:
        names = pages.staff.people()
        return pages.render_page(
            "family_log.html",
            "家庭の検索・表示の記録",
            person,
            entries=[
                {
                    "at": dump(entry.at),
                    "by": names.get(entry.by, entry.by),
                    "what": STAFF_LOG[entry.what],
                    "cases": _cases_of_entry(entry.what, entry.about, entry.detail),
                    "text": _text_of_entry(entry.what, entry.about, entry.detail, names),
                }
                for entry in pages.staff.family_log(MAX_LOG_ROWS)
            ],
        )


def _cases_of_entry(what: str, about: str, detail: str) -> list[str]:
    if what == StaffAct.FAMILY_SEARCHED:
        return detail.split(" ")[1:]
    return (
        [about] if what in (StaffAct.FAMILY_SHOWN, StaffAct.FAMILY_DISMISSED, StaffAct.CHARGE_CHANGED) else []
    )


def _text_of_entry(what: str, about: str, detail: str, names: dict[str, str]) -> str:
    if what == StaffAct.FAMILY_SEARCHED:
        return f"{detail.split(' ')[0]}件"
    if what == StaffAct.CHARGES_MOVED:
        to_actor, _, count = detail.partition(" ")
        return f"{names.get(about, about)}から{names.get(to_actor, to_actor)}へ{count}件"
    if what == StaffAct.CHARGE_CHANGED:
        return names.get(detail, detail)
    return f"事例 {detail[:8]} と" if what == StaffAct.FAMILY_DISMISSED else ""
