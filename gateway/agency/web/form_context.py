"""What the forms of a page depend on: agencies, messages of the case, and subjects that are no messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from domain.events import AuditContentAccessRequested, Kind
from gateway.agency.forms.kinds import FormContext, Message, OtherAgency
from gateway.agency.staff import Person
from gateway.agency.web.page_context import PageContext
from gateway.pages.labels import AUDIT_GROUNDS
from gateway.pages.texts import section_text


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
        messages = [] if case is None else pages.door.store.messages(case)
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
        messages=messages,
        about=None,
        now=pages.door.now(),
        command_id=command_id or uuid4(),
    )


def audit_requests(pages: PageContext, person: Person, case: UUID | None = None) -> list[dict[str, Any]]:
    """The audit office's requests for content, in the shape of messages, as subjects of a form."""
    door = pages.door
    answer = door.query(Kind.AGENCY, door.agency, "audits", {}, actor=person.actor)
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
            "until": a["until"],
            "approvals": a["approvals"],
            "sections": "、".join(sorted({section_text(i["section"]) for i in a["items"]})),
            "all_items_visible": bool(a["opens"]),
        }
        for a in answer["audits"]
        if case is None or a["case"] == str(case)
    ]


def programme_subjects(
    pages: PageContext, person: Person, form_context: FormContext
) -> tuple[Message, list[Message]]:
    """Our own agency and our commissions, in the shape of messages, as subjects of a form."""
    door = pages.door
    answer = door.query(Kind.AGENCY, door.agency, "programme", {}, actor=person.actor)
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
    return own_agency, commissions
