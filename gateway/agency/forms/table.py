"""Every form, by its key; which are offered where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from domain.errors import NotFound
from domain.events import Kind
from gateway.agency.forms.emergency import EMERGENCY
from gateway.agency.forms.kinds import Form, FormContext, Message
from gateway.agency.forms.meetings import MEETINGS
from gateway.agency.forms.network_and_visits import NETWORK_AND_VISIT_FORMS
from gateway.agency.forms.programme import AUDIT, PROGRAMME
from gateway.agency.forms.retention import RETENTION_FORMS
from gateway.agency.forms.rights import RIGHTS
from gateway.agency.forms.safety import ANSWERS, SAFETY
from gateway.agency.forms.support import SUPPORT
from gateway.agency.forms.transfer import TRANSFER_FORMS

FORMS: Mapping[str, Form] = {
    form.key: form
    for form in (
        *SAFETY,
        *EMERGENCY,
        *ANSWERS,
        *NETWORK_AND_VISIT_FORMS,
        *SUPPORT,
        *TRANSFER_FORMS,
        *RIGHTS,
        *MEETINGS,
        *RETENTION_FORMS,
        AUDIT,
        *PROGRAMME,
    )
}


def form_of(key: str) -> Form:
    """The form of this key. Raises NotFound."""
    if key not in FORMS:
        raise NotFound("form-not-found")
    return FORMS[key]


def forms_for_case(form_context: FormContext) -> dict[str, list[Form]]:
    """What can be said about a case as a whole, by group."""
    matching_forms: dict[str, list[Form]] = {}
    for form in FORMS.values():
        if form.is_about_case and form.fits(form_context):
            matching_forms.setdefault(form.group, []).append(form)
    return matching_forms


def forms_for_message(form_context: FormContext, message: Message) -> list[Form]:
    """What can be said about this message."""
    about = replace(form_context, about=message)
    return [f for f in FORMS.values() if not f.is_about_case and f.is_offered_for(about, message)]


def forms_beginning_case(form_context: FormContext) -> list[Form]:
    """What can begin a case."""
    return [form for form in FORMS.values() if form.begins_case and form.fits(form_context)]


def forms_for_programme(form_context: FormContext, about: Message, kind: Kind) -> list[Form]:
    """What can be said about a commission, or about our own agency."""
    matching_forms = [f for f in FORMS.values() if f.act.ON is kind and kind is not Kind.CASE]
    return [f for f in matching_forms if f.fits(form_context) and f.open(form_context, about)]


def forms_for_task(form_context: FormContext, task: Mapping[str, object]) -> Iterator[Form]:
    """The forms that do what this line of the work list asks."""
    message = form_context.message(task["message"])
    for form in FORMS.values():
        if task["kind"] not in form.tasks or not form.fits(form_context):
            continue
        if form.is_about_case or (message is not None and form.is_offered_for(form_context, message)):
            yield form
