"""Which forms a page links to: for a task, for a message, and for a request that needs two approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import urlencode

from domain.case import APPROVERS
from domain.events import (
    AddressDisclosureApproved,
    AddressDisclosureRequested,
    BasisOverrideApproved,
    BasisOverrideRequested,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
)
from gateway.agency.forms.display import summary_rows
from gateway.agency.forms.kinds import Form, FormContext, Message, is_approved
from gateway.agency.forms.table import forms_for_message, forms_for_task
from gateway.pages.texts import section_text

OTHER_CHILD = "ほかの子ども"
"""A child of whom this door has no message."""
APPROVALS: Mapping[str, tuple[str, int]] = {
    EmergencyAccessRequested.TOPIC: (EmergencyAccessApproved.TOPIC, APPROVERS),
    BasisOverrideRequested.TOPIC: (BasisOverrideApproved.TOPIC, APPROVERS),
    AddressDisclosureRequested.TOPIC: (
        AddressDisclosureApproved.TOPIC,
        1,
    ),  # who drafts it is the other of the two
}
"""What other persons have to approve: the request, the approval, and how many it needs."""
DUAL_APPROVAL_TOPICS = tuple(APPROVALS)


def summary_rows_of(form_context: FormContext, message: Message) -> list[tuple[str, str]]:
    """Label and text of the codes of a message, and for a request that needs two approvals how many it has."""
    names = {
        form_context.agency: "自機関",
        **{id: other.name for id, other in form_context.agencies.items()},
        **form_context.messages.child_names(),
    }
    rows = list(summary_rows(message, names))
    if message["act"] in DUAL_APPROVAL_TOPICS and "fields" in message:
        rows.append(("承認", approval_text(form_context, message)))
    return rows


def approval_text(form_context: FormContext, request: Message) -> str:
    """How many have approved it, as far as this door knows, and what is waited for."""
    approvals = _approvals(form_context, request)
    _, needed = APPROVALS[request["act"]]
    if len(approvals) < needed:
        return f"{len(approvals)}人({'起案者とは別の一人' if needed == 1 else '二人'}で成立)"
    if request["act"] == EmergencyAccessRequested.TOPIC and not is_approved(request, approvals):
        return f"{len(approvals)}人(別の機関の承認がないため、求めから15分で成立)"
    return f"{len(approvals)}人(成立)"


def _approvals(form_context: FormContext, request: Message) -> list[Message]:
    approval, _ = APPROVALS[request["act"]]
    return form_context.of(approval, "approves", request["message"])


def approval_count(form_context: FormContext, request: Message) -> int:
    """How many approvals this door knows of for a request that needs two."""
    return len(_approvals(form_context, request))


def pending_approvals(form_context: FormContext) -> list[Message]:
    """The requests of all cases that still lack an approval which this person may give."""
    return [
        m
        for m in form_context.messages
        if m["act"] in DUAL_APPROVAL_TOPICS
        and any(f.answers == "approves" for f in forms_for_message(form_context, m))
    ]


def task_links(form_context: FormContext, task: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Title and address (below the door) of the forms that complete this task.

    ``form_context``: with the messages of the task's case.
    """
    return [
        (
            form.title,
            form_path(form, task["case"], None if form.is_about_case else task["message"], task.get("child")),
        )
        for form in forms_for_task(form_context, task)
    ]


def child_name(form_context: FormContext, task: Mapping[str, Any]) -> str:
    """What pages call the child that a task is about; empty where it is about the family.

    ``form_context``: with the messages of the task's case.
    """
    child = task.get("child")
    return form_context.messages.child_names().get(child, OTHER_CHILD) if child else ""


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
        query_values = {"to": to, f"basis.{to}": asked["code"], "section": section}
        name = other.name if other else "ほかの機関"
        yield (
            f"{name}に{section_text(section)}を送る",
            f"/cases/{request['case']}/disclose?{urlencode(query_values)}",
        )


def form_path(form: Form, case: object, about: object | None = None, child: object | None = None) -> str:
    """The address of a form, below the door. ``child``: ticked at first, where the form asks which."""
    asked = child is not None and any(f.name == "children" for f in form.fields)
    query = {"about": about, "children": child if asked else None}
    text = urlencode({name: str(value) for name, value in query.items() if value})
    return f"/cases/{case}/forms/{form.key}" + (f"?{text}" if text else "")
