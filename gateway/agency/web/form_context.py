"""What the forms of a page depend on: agencies, messages of the case, and subjects that are no messages."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from uuid import UUID, uuid4

from domain.errors import Malformed, Refused, Unavailable
from domain.events import AuditContentAccessRequested, FamilyInformationProvided, Kind
from domain.roles import DoorAct
from gateway.agency.forms.kinds import CaseMessages, FormContext, Message, OtherAgency, SearchedChoices
from gateway.agency.index.case_overview import CaseOverview
from gateway.agency.index.likeness import Agreement, Likeness
from gateway.agency.index.readers import IndexReader, reader_of
from gateway.agency.index.search_query import MIN_DIGITS
from gateway.agency.joined_cases import ACTS, cases_of_family, joined_with
from gateway.agency.staff import Person
from gateway.agency.web.families import alike_cases, search_families
from gateway.agency.web.page_context import PageContext
from gateway.pages.dates import day_text
from gateway.pages.labels import AUDIT_GROUNDS
from gateway.pages.texts import act_text, section_text, status_text
from gateway.protocol.problems import text_ja_of

MAX_OFFERED = 50
"""How many cases a form offers at once; more are found by a search."""


def form_context_of(
    pages: PageContext,
    person: Person,
    case: UUID | None = None,
    *,
    messages: Sequence[Message] | None = None,
    command_id: UUID | None = None,
) -> FormContext:
    """The context of this person's forms: the door's own agency, all others, and the messages of the case."""
    key_sets = {str(k.agency): k for k in pages.door.directory()}
    own_agency = key_sets.pop(str(pages.door.agency))
    if messages is None:
        messages = [] if case is None else case_messages(pages, person, case)
    return FormContext(
        agency=str(own_agency.agency),
        roles=frozenset(own_agency.roles),
        body=own_agency.body,
        municipality=own_agency.municipality,
        actor=person.actor,
        people=pages.staff.people(),
        agencies={
            id: OtherAgency(name=k.name, roles=frozenset(k.roles), body=k.body, municipality=k.municipality)
            for id, k in key_sets.items()
        },
        messages=messages if isinstance(messages, CaseMessages) else CaseMessages(messages),
        about=None,
        now=pages.door.now(),
        command_id=command_id or uuid4(),
        other_cases=partial(_other_cases, pages, person, case),
        find_cases=partial(_find_cases, pages, person, case),
        joined_cases=partial(_joined_cases, pages, person, case),
        roll=cache(partial(_roll, pages, person)),
        referred_to=partial(_referred_to, pages),
        permits=lambda actor, act: pages.permissions.denial(act, actor, case) is None,
    )


def case_messages(pages: PageContext, person: Person, case: UUID) -> CaseMessages:
    """The messages of a case, which call its children by the names that this person may know."""
    door = pages.door
    return CaseMessages(
        door.store.messages(case), lambda: door.index.child_names(case, reader_of(door, person.actor))
    )


def _roll(pages: PageContext, person: Person) -> dict[str, dict[str, list[str]]]:
    """Of our contractors and our own visitors: what each lacks, as the hub knows it; nothing while it is away."""
    try:
        answer = pages.door.query(Kind.AGENCY, pages.door.agency, "programme", {}, actor=person.actor)
    except Unavailable:
        return {}
    own = str(pages.door.agency)
    return {
        c["contractor"]: {w["worker"]: w["gaps"] for w in c["workers"]}
        for c in answer["commissions"]
        if c["commissioner"] == own
    }


def _referred_to(pages: PageContext) -> list[str]:
    """The addressees of the door's own referrals, the latest first."""
    own = str(pages.door.agency)
    sent = (
        m for m in pages.door.store.messages_of_acts([FamilyInformationProvided.TOPIC]) if m.get("by") == own
    )
    return list(dict.fromkeys(to for m in reversed(list(sent)) for to in m.get("to", [])))


def _other_cases(pages: PageContext, person: Person, case: UUID | None) -> dict[str, str]:
    """The door's other cases by the name of the family, without those of the same one."""
    ordered, alike = _other_overviews(pages, person, case)
    return _case_choices(pages, reader_of(pages.door, person.actor), ordered, alike)


def _find_cases(
    pages: PageContext, person: Person, case: UUID | None, text: str, chosen: str
) -> SearchedChoices:
    """Of the other cases those that fit a searched text, or all where it is empty; ``chosen`` is among them if it exists."""
    ordered, alike = _other_overviews(pages, person, case)
    text, problem, is_partial, fitting = text.strip(), "", False, ordered
    if text:
        cases: set[str] = set()
        try:
            pages.permissions.require_of(DoorAct.SEARCH_FAMILIES, person)
            result = search_families(pages, person, text)
            cases = {str(view.case) for view in result.families}
            is_partial = result.total > len(cases)
        except (Malformed, Refused, Unavailable) as error:
            problem = text_ja_of(error)
        number = unicodedata.normalize("NFKC", text).lower()
        is_number = len(number) >= MIN_DIGITS
        fitting = [one for one in ordered if one.case in cases or (is_number and one.case.startswith(number))]
        problem = "" if fitting else problem
    first = [one for one in ordered if one.case == chosen]
    shown = [*first, *(one for one in fitting if one.case != chosen)][:MAX_OFFERED]
    choices = _case_choices(pages, reader_of(pages.door, person.actor), shown, alike)
    return SearchedChoices(choices, is_partial or len(fitting) > MAX_OFFERED, problem)


def _other_overviews(
    pages: PageContext, person: Person, case: UUID | None
) -> tuple[list[CaseOverview], dict[str, Likeness]]:
    """The door's other cases, without those of the same family: those that may be of it first, with what agrees, and then the
    latest."""
    store = pages.door.store
    family = [] if case is None else cases_of_family(store.messages_of_acts(ACTS), case)
    hidden = {str(case), *family}
    rows = {one.case: one for one in pages.door.overviews.latest_first() if one.case not in hidden}
    reader = reader_of(pages.door, person.actor)
    alike = {
        str(one.case): one for one in (alike_cases(pages, person, reader, case) if case is not None else ())
    }
    ordered = [rows[id] for id in alike if id in rows] + [one for id, one in rows.items() if id not in alike]
    return ordered, alike


def _joined_cases(pages: PageContext, person: Person, case: UUID | None) -> dict[str, str]:
    store = pages.door.store
    joined = [] if case is None else joined_with(store.messages_of_acts(ACTS), case)
    rows = [one for one in pages.door.overviews.latest_first() if one.case in joined]
    return _case_choices(pages, reader_of(pages.door, person.actor), rows, {})


def _case_choices(
    pages: PageContext, reader: IndexReader, rows: Sequence[CaseOverview], alike: Mapping[str, Likeness]
) -> dict[str, str]:
    titles = pages.door.index.titles([UUID(one.case) for one in rows], reader)
    return {one.case: _case_text(one, titles.get(one.case, ""), alike.get(one.case)) for one in rows}


def _case_text(row: CaseOverview, title: str, alike: Likeness | None) -> str:
    """A case as a choice: the family's name where it is known here, number, status and last message; what agrees and what
    differs, where it may be the same family."""
    status = status_text(row.status) if row.status else "受付の控えのみ"
    last = f"最終 {day_text(row.last_at)} {act_text(row.last_act)}"
    text = f"{title or '氏名の記載なし'} 事例 {row.case[:8]}({status}、{last})"
    if alike is None:
        return text
    differs = f"、相違: {_labels(alike.differs)}" if alike.differs else ""
    return f"{text} ― 同じ家庭かもしれません(一致: {_labels(alike.agrees)}{differs})"


def _labels(agreements: Sequence[Agreement]) -> str:
    return "、".join(dict.fromkeys(one.label for one in agreements))


def audit_requests(
    pages: PageContext, person: Person, case: UUID | None = None, *, is_needed: bool = False
) -> list[dict[str, Any]]:
    """The audit office's requests for content, in the shape of messages, as subjects of a form; none where the hub is away
    and never named any, but with ``is_needed`` that raises Unavailable."""
    door = pages.door
    try:
        answer = door.query_or_known("audits", {}, actor=person.actor)
    except Unavailable:
        if is_needed:
            raise
        return []
    return [
        {
            "act": AuditContentAccessRequested.TOPIC,
            "message": a["request"],
            "case": a["case"],
            "by": "AUDIT",
            "to": [],
            "fields": {"opens": a["opens"], "until": a["until"]},
            "mine": a["items"],
            "ground": AUDIT_GROUNDS.get(a["ground"], a["ground"]),
            "until": day_text(a["until"]),
            "approvals": a["approvals"],
            "sections": "、".join(sorted({section_text(i["section"]) for i in a["items"]})),
            "all_items_visible": bool(a["opens"]),
        }
        for a in answer["audits"]
        if case is None or a["case"] == str(case)
    ]


@dataclass(frozen=True)
class ProgrammeSubjects:
    """Our own agency, our commissions and our networks, in the shape of messages, as subjects of a form."""

    own_agency: Message
    commissions: Sequence[Message]
    networks: Sequence[Message]

    def of(self, kind: Kind | None) -> Sequence[Message]:
        """The subjects of this kind."""
        return {Kind.AGENCY: [self.own_agency], Kind.NETWORK: self.networks}.get(
            kind or Kind.COMMISSION, self.commissions
        )


def programme_subjects(pages: PageContext, person: Person, form_context: FormContext) -> ProgrammeSubjects:
    """What is about no single case, as the hub knows it now; as it was known last while the hub is away."""
    return subjects_of(pages.door.query_or_known("programme", {}, actor=person.actor), form_context)


def subjects_of(answer: Mapping[str, Any], form_context: FormContext) -> ProgrammeSubjects:
    """The same, from an answer of the hub that was read before."""
    own_agency: Message = {
        "act": "agency",
        "message": form_context.agency,
        "by": form_context.agency,
        "to": [],
        **answer["rules"],
    }
    commissions: list[Message] = [
        {**c, "act": "commission", "message": c["commission"], "by": c["commissioner"], "to": []}
        for c in answer["commissions"]
    ]
    networks: list[Message] = [
        {**n, "act": "network", "message": n["network"], "by": n["coordinating"], "to": []}
        for n in answer.get("networks", [])
    ]
    return ProgrammeSubjects(own_agency, commissions, networks)
