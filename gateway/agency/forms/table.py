"""Every form, by its key; which are offered where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from domain.errors import NotFound
from domain.events import Kind
from gateway.agency.forms.access import ACCESS_FORMS
from gateway.agency.forms.answers import ANSWER_FORMS
from gateway.agency.forms.assessment import ASSESSMENT_FORMS
from gateway.agency.forms.audit import AUDIT_FORMS
from gateway.agency.forms.breaches import BREACH_FORMS
from gateway.agency.forms.closing import CLOSING_FORMS
from gateway.agency.forms.consent import CONSENT_FORMS
from gateway.agency.forms.corrections import CORRECTION_FORMS
from gateway.agency.forms.disclosing import DISCLOSING_FORMS
from gateway.agency.forms.emergency import EMERGENCY_FORMS
from gateway.agency.forms.family_services import FAMILY_SERVICE_FORMS
from gateway.agency.forms.household import HOUSEHOLD_FORMS
from gateway.agency.forms.joined import JOINED_FORMS
from gateway.agency.forms.kinds import Form, FormContext, Message
from gateway.agency.forms.meetings import MEETING_FORMS
from gateway.agency.forms.members import MEMBER_FORMS
from gateway.agency.forms.network import NETWORK_FORMS
from gateway.agency.forms.planning import PLAN_REVIEW_FORMS, PLANNING_FORMS
from gateway.agency.forms.programme import PROGRAMME_FORMS
from gateway.agency.forms.protection import PROTECTION_FORMS
from gateway.agency.forms.retention import RETENTION_FORMS
from gateway.agency.forms.safety import SAFETY_FORMS
from gateway.agency.forms.search import CONTACT_BAN_FORMS, SEARCH_FORMS
from gateway.agency.forms.stays import STAY_FORMS
from gateway.agency.forms.transfer import TRANSFER_FORMS
from gateway.agency.forms.unreadable import UNREADABLE_FORMS
from gateway.agency.forms.visits import VISIT_FORMS, VISIT_REPORT_FORMS

FORMS: Mapping[str, Form] = {
    form.key: form
    for form in (
        *SAFETY_FORMS,
        *HOUSEHOLD_FORMS,
        *SEARCH_FORMS,
        *CONTACT_BAN_FORMS,
        *EMERGENCY_FORMS,
        *DISCLOSING_FORMS,
        *ANSWER_FORMS,
        *BREACH_FORMS,
        *NETWORK_FORMS,
        *PLAN_REVIEW_FORMS,
        *VISIT_REPORT_FORMS,
        *ASSESSMENT_FORMS,
        *PLANNING_FORMS,
        *FAMILY_SERVICE_FORMS,
        *VISIT_FORMS,
        *CLOSING_FORMS,
        *TRANSFER_FORMS,
        *STAY_FORMS,
        *JOINED_FORMS,
        *ACCESS_FORMS,
        *CORRECTION_FORMS,
        *UNREADABLE_FORMS,
        *CONSENT_FORMS,
        *MEETING_FORMS,
        *PROTECTION_FORMS,
        *RETENTION_FORMS,
        *AUDIT_FORMS,
        *PROGRAMME_FORMS,
        *MEMBER_FORMS,
    )
}
"""All forms by key, in the order in which pages offer them."""


def form_of(key: str) -> Form:
    """The form of this key. Raises NotFound."""
    if key not in FORMS:
        raise NotFound("form-not-found")
    return FORMS[key]


def forms_for_case(form_context: FormContext) -> dict[str, list[Form]]:
    """The forms about a case itself that this agency uses, by group."""
    matching_forms: dict[str, list[Form]] = {}
    for form in FORMS.values():
        if form.is_about_case and form.fits(form_context):
            matching_forms.setdefault(form.group, []).append(form)
    return matching_forms


def forms_for_message(form_context: FormContext, message: Message) -> list[Form]:
    """The forms that can be sent about this message."""
    about = replace(form_context, about=message)
    return [f for f in FORMS.values() if not f.is_about_case and f.is_offered_for(about, message)]


def forms_beginning_case(form_context: FormContext) -> list[Form]:
    """The forms that can begin a case."""
    return [form for form in FORMS.values() if form.begins_case and form.fits(form_context)]


def forms_for_programme(form_context: FormContext, about: Message, kind: Kind) -> list[Form]:
    """The forms about a commission (or, by ``kind``, about our own agency or a network)."""
    matching_forms = [f for f in FORMS.values() if f.subject_kind is kind and kind is not Kind.CASE]
    return [f for f in matching_forms if f.fits(form_context) and f.open(form_context, about)]


def forms_for_task(form_context: FormContext, task: Mapping[str, object]) -> Iterator[Form]:
    """The forms that complete this task."""
    message = form_context.message(task["message"])
    for form in FORMS.values():
        if task["kind"] not in form.tasks or not form.fits(form_context):
            continue
        if form.is_about_case or (message is not None and form.is_offered_for(form_context, message)):
            yield form
