"""Which forms a page links to: for a task, for a message, and for a request that needs two approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import urlencode

from domain.case import APPROVERS
from domain.events import BasisOverrideRequested, EmergencyAccessRequested
from gateway.agency.forms.display import summary_rows
from gateway.agency.forms.kinds import Form, FormContext, Message
from gateway.agency.forms.table import forms_for_message, forms_for_task
from gateway.pages.texts import section_text

DUAL_APPROVAL_TOPICS = (EmergencyAccessRequested.TOPIC, BasisOverrideRequested.TOPIC)


def summary_rows_of(form_context: FormContext, message: Message) -> list[tuple[str, str]]:
    """Label and text of the codes of a message, and for a request that needs two approvals how many it has."""
    names = {form_context.agency: "自機関", **{id: other.name for id, other in form_context.agencies.items()}}
    rows = list(summary_rows(message, names))
    if message["act"] in DUAL_APPROVAL_TOPICS and "fields" in message:
        count = approval_count(form_context, message)
        rows.append(("承認", f"{count}人(成立)" if count >= APPROVERS else f"{count}人(二人で成立)"))
    return rows


def approval_count(form_context: FormContext, request: Message) -> int:
    """How many approvals this door knows of for a request that needs two."""
    act = {
        EmergencyAccessRequested.TOPIC: "emergency_access.approved",
        BasisOverrideRequested.TOPIC: "basis_override.approved",
    }
    return len(form_context.of(act[request["act"]], "approves", request["message"]))


def pending_approvals(form_context: FormContext) -> list[Message]:
    """The requests of all cases that still lack an approval which this person may give."""
    return [
        m
        for m in form_context.messages
        if m["act"] in DUAL_APPROVAL_TOPICS
        and any(f.answers == "approves" for f in forms_for_message(form_context, m))
        if approval_count(form_context, m) < APPROVERS
    ]


def task_links(form_context: FormContext, task: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Title and address (below the door) of the forms that complete this task.

    ``form_context``: with the messages of the task's case.
    """
    return [
        (form.title, form_path(form, task["case"], task["message"] if not form.is_about_case else None))
        for form in forms_for_task(form_context, task)
    ]


def approval_link(form_context: FormContext, request: Message) -> str:
    """Where to approve this request."""
    form = next(f for f in forms_for_message(form_context, request) if f.answers == "approves")
    return form_path(form, request["case"], request["message"])


def message_links(
    form_context: FormContext, message: Message, tasks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Forms about this message: ``now`` those it waits for, ``later`` all others, ``send`` what two persons approved."""
    if "fields" not in message:
        return {"now": [], "later": [], "send": []}
    waiting = {t["kind"] for t in tasks if t["message"] == message["message"]}
    forms = [
        (f, form_path(f, message["case"], message["message"]))
        for f in forms_for_message(form_context, message)
        if not f.only_while_pending or f.tasks & waiting
    ]
    now = [(f.title, link) for f, link in forms if not f.any_message or f.tasks & waiting]
    later = [(f.title, link) for f, link in forms if f.any_message and not f.tasks & waiting]
    approved = (
        message["act"] == BasisOverrideRequested.TOPIC and approval_count(form_context, message) >= APPROVERS
    )
    return {
        "now": now,
        "later": later,
        "send": list(_approved_disclosure_links(form_context, message)) if approved else [],
    }


def _approved_disclosure_links(form_context: FormContext, request: Message) -> Iterator[tuple[str, str]]:
    """The disclosures that two persons approved: recipient and section as a title, and where to send it."""
    asked = request["fields"]
    for to, section in product(asked["recipients"], asked["sections"]):
        other = form_context.agencies.get(to)
        query_values = {"to": to, "basis": asked["code"], "section": section}
        name = other.name if other else "ほかの機関"
        yield (
            f"{name}に{section_text(section)}を送る",
            f"/cases/{request['case']}/disclose?{urlencode(query_values)}",
        )


def form_path(form: Form, case: object, about: object | None = None) -> str:
    """The address of a form, below the door."""
    return f"/cases/{case}/forms/{form.key}" + (f"?about={about}" if about else "")
