"""The page of one case: who the family is, what is to be done next, how things stand, and all that happened, readable in
place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi.responses import Response

from domain import events as e
from domain.calendar import day_of, end_of
from domain.errors import NotFound
from domain.events import dump
from domain.time_text import parse_day_text
from gateway.agency.case_matters import matters_in
from gateway.agency.case_state import CaseState, case_state
from gateway.agency.forms.children import child_rows
from gateway.agency.forms.kinds import CaseMessages, FormContext
from gateway.agency.forms.kinds import Form as ActForm
from gateway.agency.forms.links import child_name, form_path, message_links, summary_rows_of, task_links
from gateway.agency.forms.prerequisites import (
    CaseProgress,
    case_progress,
    in_form_order,
    missing_before,
    steps_of,
)
from gateway.agency.forms.search import contact_ban_warnings
from gateway.agency.forms.table import FORMS, forms_for_case
from gateway.agency.index.cards import FamilyView
from gateway.agency.index.readers import IndexReader, reader_of
from gateway.agency.joined_cases import ACTS, cases_of_family
from gateway.agency.matters import AT_ONCE, BY_THE_DOOR, Matter, days_left_text, matters_of
from gateway.agency.official_forms.table import PRINTABLE_ACTS
from gateway.agency.recent_contents import RecentContent
from gateway.agency.staff import Person
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.families import alike_cases, charge_text, family_row
from gateway.agency.web.form_context import audit_requests, case_messages, form_context_of
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.paging import ROWS_PER_PAGE, page_of
from gateway.agency.web.reading import ReadingPurpose, may_show_again, readable_items
from gateway.agency.work_list import Viewer, WorkRow, work_row
from gateway.pages.texts import basis_text, reason_text
from gateway.pages.work_texts import TIMELINE, matter_text, nameless_text

ACT_OF_TASK = {
    "ACKNOWLEDGE": "referral.acknowledged",
    "READ": "referral.read",
    "ACCEPT": "follow_on_service.accepted",
}
"""Kind of task -> the act that one button records for it."""


class Only(StrEnum):
    """Which messages of a case are shown."""

    ALL = "all"
    NEWS = "news"
    CONTENT = "content"
    RECEIVED = "received"
    OURS = "ours"
    VISITS = "visits"
    PLAN = "plan"
    RIGHTS = "rights"


_FAMILIES: Mapping[Only, tuple[str, ...]] = {
    Only.VISITS: ("visits", "whereabouts", "safety"),
    Only.PLAN: ("support", "closing", "network"),
    Only.RIGHTS: ("consent", "rights", "protection", "retention"),
}
"""Which families of events these are."""


@dataclass(frozen=True)
class TimelineChoice:
    """What of the timeline is shown. ``message``: the page with this one, if it is given; ``since``: the arrival after which
    messages count as new, None for where this person last looked: the page itself is a look."""

    only: Only
    page: int
    message: UUID | None
    since: int | None = None


class CaseHome:
    """One rendering of a case for one person's session."""

    def __init__(self, pages: PageContext, person: Person, session: str, case: UUID) -> None:
        self.pages, self.person, self.session, self.case = pages, person, session, case
        self.door, self.now = pages.door, pages.door.now()
        self._looked_before = 0

    def render(self, choice: TimelineChoice, *, done: str, unopened: int) -> Response:
        """Raises NotFound for a case that this agency does not know."""
        door, case, person = self.door, self.case, self.person
        door.refresh_if_possible()
        overview = door.overviews.of(case)
        if overview is None:
            raise NotFound("not-found")
        messages = case_messages(self.pages, person, case)
        tasks = overview.tasks
        context = form_context_of(self.pages, person, messages=messages)
        reader = reader_of(door, person.actor)
        look = door.store.arrivals.look(person.actor, str(case))
        looks = {} if look is None else {str(case): look}
        self._looked_before = 0 if look is None else look.n
        charge = door.charges.of(case)
        is_in_charge = charge is not None and charge.includes(person.actor, day_of(self.now))
        viewer = Viewer(person.actor, looks, {str(case)} if is_in_charge else ())
        row = work_row(overview, matters_in(overview, self.now), viewer, day_of(self.now))
        self._note_look(row)
        progress = case_progress(messages, context.roles, context.agency)
        linked = {link.partition("?children=")[0] for t in tasks for _, link in task_links(context, t)}
        return self.pages.render_page(
            "case.html",
            f"事例 {str(case)[:8]}",
            person,
            case=str(case),
            dv_protected=door.addresses.protected_until(case) is not None,
            protected_until=door.addresses.protected_until(case),
            case_status=overview.status,
            row=row,
            matters=[self._matter(m, context, progress) for m in row.matters],
            left_over=[matter_text(m.kind) for m in self._left_over(tasks, row)],
            steps=[
                (step, form_path(FORMS[step.form], case) if FORMS[step.form].is_about_case else None)
                for step in steps_of(progress)
            ],
            knows_all=progress.is_complete,
            **self._who(reader),
            **self._state(messages, context),
            **self._timeline(messages, context, tasks, row, reader, choice),
            children=list(child_rows(messages, messages.child_names())),
            tasks=[(child_name(context, t), t) for t in tasks if t["kind"] not in BY_THE_DOOR],
            forms={
                group: [
                    (form, missing and (reason_text(missing.reason), FORMS[missing.form]))
                    for form, missing in in_form_order(forms, progress)
                ]
                for group, forms in forms_for_case(context).items()
            },
            linked_forms=linked,
            open_groups={f.group for f in FORMS.values() if form_path(f, case) in linked},
            case_warnings=[*contact_ban_warnings(messages, context.now), *_only_receipts(messages)],
            audits=audit_requests(self.pages, person, case),
            done=_recorded_form(done, context),
            unopened=unopened,
            not_shown=self._why_not_shown(reader),
            printable_acts=PRINTABLE_ACTS,
            names=self.pages.names(),
            purposes=list(ReadingPurpose),
        )

    def _note_look(self, row: WorkRow) -> None:
        """From now on, what is shown here is not new to this person any more."""
        if row.news:
            upto = {str(self.case): row.overview.last_arrival}
            self.door.store.arrivals.note_looks(self.person.actor, upto, dump(self.now))

    def _left_over(self, tasks: Sequence[Mapping[str, Any]], row: WorkRow) -> list[Matter]:
        """What the record still has as open and a case that has ended does not ask for."""
        if not row.overview.has_ended:
            return []
        asked = {(m.about, m.message) for m in row.matters}
        return [m for m in matters_of(tasks, self.now) if (m.about, m.message) not in asked]

    # --- who and how --------------------------------------------------------------------------------------------

    def _who(self, reader: IndexReader) -> dict[str, Any]:
        """The family, as far as this person may know it; that it was shown is in the door's own log."""
        door, case = self.door, self.case
        name = door.index.names([case], reader)[str(case)]
        view: FamilyView | None = None
        if name.state in ("NAMED", "NAMELESS") and door.index.is_current:
            view = door.index.family(case, reader)
        if view is not None and door.recent.is_first_look(self.session, case):
            self.pages.staff.log_act(self.person.actor, StaffAct.FAMILY_SHOWN, str(case))
        return {
            "family_name": name,
            "heading": name.text or nameless_text(name.state),
            "family_view": None if view is None else family_row(self.pages, view),
            "charge": charge_text(self.pages, case),
            "alike": alike_cases(self.pages, self.person, reader, case),
            "family": cases_of_family(door.store.messages_of_acts(ACTS), case),
        }

    def _state(self, messages: CaseMessages, context: FormContext) -> dict[str, Any]:
        state = case_state(messages, context.agency, self.now)
        visit = state.next_visit
        due = None if visit is None else dump(end_of(parse_day_text(visit["fields"]["planned_on"])))
        return {
            "state": state,
            "next_visit_text": days_left_text(due, self.now),
            "visitor_names": self._visitor_names(state, context),
            "is_over": state.plan is not None
            and bool(state.plan.ends_on)
            and state.plan.ends_on < day_of(self.now).isoformat(),
        }

    def _visitor_names(self, state: CaseState, context: FormContext) -> list[str]:
        """Our own visitors by name; others by their agency."""
        return [
            context.people.get(worker, worker)
            if agency == context.agency
            else context.agencies[agency].name
            if agency in context.agencies
            else "ほかの機関"
            for agency, worker in state.visitors
        ]

    # --- what is to be done -------------------------------------------------------------------------------------

    def _matter(self, matter: Matter, context: FormContext, progress: CaseProgress) -> dict[str, Any]:
        """One matter with the forms and buttons that complete it, and what has to be recorded before each."""
        links: dict[str, dict[str, Any]] = {}
        for task in matter.tasks:
            for title, link in task_links(context, task):
                form = FORMS[link.partition("/forms/")[2].partition("?")[0]]
                missing = missing_before(form, progress)
                of_child = child_name(context, task) if "children=" in link else ""
                links[link] = {
                    "title": f"{of_child}: {title}" if of_child else title,
                    "link": link,
                    "missing": missing and reason_text(missing.reason),
                    "before": missing and FORMS[missing.form],
                }
        names = context.messages.child_names()
        return {
            "text": matter_text(matter.kind),
            "children": "・".join(names.get(child, "ほかの子ども") for child in matter.children),
            "due": days_left_text(matter.due_at, self.now, at_once=matter.kind in AT_ONCE),
            "is_late": matter.is_late,
            "message": matter.message,
            "links": list(links.values()),
            "buttons": [
                act
                for t in matter.tasks
                if (act := ACT_OF_TASK.get(t["kind"], "")) and self.pages.may(self.person, act, self.case)
            ],
            "period": next((t["kind"] for t in matter.tasks if t["due_at"] == matter.due_at), matter.kind),
        }

    # --- what happened ------------------------------------------------------------------------------------------

    def _timeline(
        self,
        messages: CaseMessages,
        context: FormContext,
        tasks: Sequence[Mapping[str, Any]],
        row: WorkRow,
        reader: IndexReader,
        choice: TimelineChoice,
    ) -> dict[str, Any]:
        """One page of the messages, the latest first."""
        since = choice.since if choice.since is not None else self._looked_before
        news = {a.message for a in row.overview.new_since(since, self.person.actor)}
        of_kind = {
            only: [m for m in messages[::-1] if _is_shown(m, only, news, context.agency)] for only in Only
        }
        latest = of_kind[choice.only]
        if choice.message is not None and not any(m["message"] == str(choice.message) for m in latest):
            latest = of_kind[Only.ALL]
            choice = replace(choice, only=Only.ALL)
        place = next((n for n, m in enumerate(latest) if m["message"] == str(choice.message)), None)
        shown = page_of("messages", latest, choice.page if place is None else 1 + place // ROWS_PER_PAGE)
        recent = self._recent(reader)
        names, children = self.pages.names(), names_of_children(messages)
        return {
            "messages": [
                {
                    **_message_row(m, names, tasks),
                    "is_new": m["message"] in news,
                    "is_ours": m["by"] == context.agency,
                    "summary_rows": summary_rows_of(context, m),
                    "links": message_links(context, m, tasks),
                    "readable": readable_items(self.door, m.get("items", ()), recent, children),
                }
                for m in shown["messages"]
            ],
            "numbers": shown["numbers"],
            "only": choice.only.value,
            "onlys": [
                (only.value, TIMELINE[only.value], len(of_kind[only]))
                for only in Only
                if of_kind[only] or only is Only.ALL
            ],
            "extra": ""
            if choice.only is Only.ALL
            else "&" + urlencode({"only": choice.only.value, "since": since}),
            "since": since,
        }

    def _recent(self, reader: IndexReader) -> Mapping[str, RecentContent]:
        """What this session may be shown again: while the door knows what may be opened, and this person may know it."""
        if not may_show_again(self.door) or not reader.may_know(self.case):
            return {}
        return self.door.recent.of_case(self.session, self.case)

    def _why_not_shown(self, reader: IndexReader) -> str:
        """Why what this session opened a moment ago is not shown here; empty where it is, or where nothing was opened."""
        if not self.door.recent.of_case(self.session, self.case):
            return ""
        if not may_show_again(self.door):
            return HIDDEN_WHILE_AWAY
        return "" if reader.may_know(self.case) else HIDDEN_FROM_PERSON


def _is_shown(message: Mapping[str, Any], only: Only, news: set[str], agency: str) -> bool:
    match only:
        case Only.ALL:
            return True
        case Only.NEWS:
            return message["message"] in news
        case Only.CONTENT:
            return bool(message.get("items"))
        case Only.RECEIVED:
            return bool(message["by"] != agency)
        case Only.OURS:
            return bool(message["by"] == agency)
        case _:
            event = e.EVENTS.get(message["act"])
            return event is not None and event.__module__.split(".")[1] in _FAMILIES[only]


def names_of_children(messages: Iterable[Mapping[str, Any]]) -> dict[UUID, str]:
    """What pages call the children of a case, where a content does not name them."""
    of_case = messages if isinstance(messages, CaseMessages) else CaseMessages(messages)
    return {UUID(reference): name for reference, name in of_case.child_names().items()}


def _recorded_form(key: str, form_context: FormContext) -> ActForm | None:
    """The form of this key, if this agency has recorded its act in the case."""
    form = FORMS.get(key)
    is_recorded = form is not None and any(
        m["act"] == form.act.TOPIC and m["by"] == form_context.agency for m in form_context.messages
    )
    return form if is_recorded else None


def _message_row(
    message: Mapping[str, Any], names: Mapping[str, str], tasks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A message of the feed as the case page shows it."""
    waiting = [t["kind"] for t in tasks if t["message"] == message["message"]]
    return {
        **message,
        "to": message.get("to", []),
        "to_names": "、".join(names.get(a, "ほかの機関") for a in message.get("to", [])),
        "basis_text": "、".join(sorted({basis_text(code) for code in message.get("basis", {}).values()})),
        "held": message.get("held", []),
        "held_names": "、".join(names.get(a, "ほかの機関") for a in message.get("held", [])),
        "items": message.get("items", []),
        "acknowledgeable": [ACT_OF_TASK[kind] for kind in waiting if kind in ACT_OF_TASK],
    }


HIDDEN_WHILE_AWAY = (
    "開いた内容は、ハブと接続していない間、この画面に表示しません。閲覧は記録されています。"
    "接続が戻ってから、この画面を開き直してください。"
)
HIDDEN_FROM_PERSON = (
    "開いた内容は、いまのあなたにはこの画面で表示しません。閲覧は記録されています。"
    "秘密保持のきまりの確認、訪問支援者の割り当てと書類を、管理する人に確かめてください。"
)
RECEIPTS_ONLY = (
    "この事例の内容は、この機関では開けません。支援の終結、割当の解除、または委託先の停止によるものです。"
    "下の一覧は、この機関が送付したものの受領の控えです(種類・日時)。控えは終結の後も残ります。"
    "委託により知ったことを漏らさない義務は、終結の後も続きます。"
)
"""Why a contractor sees the receipts of what it sent, and nothing else. Basis: CWA 21-10-2(4); guideline 9(2)[1]."""


def _only_receipts(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The note for a case of which this agency has nothing but receipts of its own."""
    return [RECEIPTS_ONLY] if messages and not any("fields" in m for m in messages) else []
