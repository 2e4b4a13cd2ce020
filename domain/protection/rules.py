"""The rules of ``domain.protection``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from domain import events as e
from domain.codes import (
    AUTHOR_ONLY,
    BreachStage,
    Flag,
    Section,
)
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
from domain.events import (
    AddressDisclosureApproved,
    AddressDisclosureRequested,
    AddressProtectionEnded,
    BreachDetected,
    BreachReported,
    DisclosureConditionsImposed,
)
from domain.past.edition_1 import protection_breach as edition_1_breach
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.ProtectedAddressRegistered)
def address_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2) proviso: the address itself is under ADDR, with its own key."""
    sections = {i.section for i in context.event.items}
    return needs(Section.ADDR in sections, Reason.ADDRESS_MISSING)


@form_of(e.AddressProtectionEnded)
def address_protection_end_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 66, 69(2) proviso: who registered it, or the responsible core agency that knows it, ends it and
    states why."""
    event: AddressProtectionEnded = context.event
    registration = context.case.messages.get(event.ends)
    if registration is None or event.ends not in context.case.protections:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    of_core = context.by == context.case.core and context.by in registration.to
    if context.by != registration.by and not of_core:
        return Refusal(Reason.NOT_THE_SENDER)
    return needs(event.reason is not None, Reason.REASON_MISSING)


ADDRESS_DISCLOSURE_HOURS = 24
"""How long an approval holds where the rule book does not state it."""


def knows_of_address(event: e.Event) -> bool:
    """Whether its sender states that a protected address stands in it outside ADDR."""
    items = event.items if isinstance(event, e.CaseMessage) else ()
    return any(Flag.ADDRESS_TRACE in i.flags for i in items)


def address_not_approved(context: DecisionContext) -> Refusal | None:
    """A protected address stands in another section only where two persons have stated why, shortly before, for these
    recipients. Basis: APPI 69(2) proviso; own rule (二人の承認)."""
    flagged = {i.section for i in context.event.items if Flag.ADDRESS_TRACE in i.flags}
    sections = flagged - AUTHOR_ONLY - {Section.ADDR}
    hours = context.rule_book["policy"].get("address_disclosure_hours", ADDRESS_DISCLOSURE_HOURS)
    approved = any(
        a.by == context.by
        and sections <= a.sections
        and context.event.to <= a.recipients
        and context.now <= a.since + timedelta(hours=hours)
        for a in context.case.address_approvals.values()
    )
    return needs(approved or not sections, Reason.ADDRESS_NOT_APPROVED)


@form_of(e.AddressDisclosureRequested)
def address_disclosure_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2) proviso: why, in which sections, and to nobody to whom an address never goes."""
    event: AddressDisclosureRequested = context.event
    if event.reason is None:
        return Refusal(Reason.REASON_MISSING)
    if event.to:
        return Refusal(Reason.RECIPIENTS_WRONG)
    if not event.sections or event.sections & (AUTHOR_ONLY | {Section.ADDR}):
        return Refusal(Reason.NO_SECTIONS)
    for agency in sorted(event.recipients):
        known = context.register.agencies.get(agency)
        if known is None or not known.roles:
            return Refusal(Reason.UNKNOWN_ADDRESSEE, agency)
        if all(Section.ADDR in context.rule_book["never"].get(role, ()) for role in known.roles):
            return Refusal(Reason.NEVER_FOR_ROLE, agency)
    return None


@form_of(e.AddressDisclosureApproved)
def address_disclosure_approval_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2) proviso; own rule: a second person of the agency that would send it, once, who states why."""
    event: AddressDisclosureApproved = context.event
    request = context.case.messages.get(event.approves)
    if request is None or not isinstance(request.event, AddressDisclosureRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if request.by != context.by:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if request.id in context.case.address_approvals:
        return Refusal(Reason.ALREADY_ANSWERED)
    if request.actor == context.actor:
        return Refusal(Reason.SECOND_PERSON_MISSING)
    return needs(event.reason is not None, Reason.REASON_MISSING)


@form_of(e.DisclosureConditionsImposed)
def conditions_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 70: the sender imposes it on the recipients."""
    event: DisclosureConditionsImposed = context.event
    message = context.case.messages.get(event.disclosure)
    if message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if message.by != context.by:
        return Refusal(Reason.NOT_THE_SENDER)
    if not event.to or not event.to <= message.to:
        return Refusal(Reason.RECIPIENTS_WRONG)
    return needs(bool(event.conditions), Reason.CONDITIONS_MISSING)


@form_of(e.BreachDetected)
def detection_form(context: DecisionContext) -> Refusal | None:
    """The days of its reports count from when it was noticed, which is not ahead of now. Basis: APPI 68."""
    return needs(context.event.detected_at <= context.now, Reason.TIME_AHEAD)


@form_of(e.BreachReported)
@since_edition(2, before=edition_1_breach.breach_form)
def breach_form(context: DecisionContext) -> Refusal | None:
    """First at once, then in full; each names the leak, the final one else the first report. Basis: APPI 68."""
    event: BreachReported = context.event
    if event.found_at > context.now:
        return Refusal(Reason.TIME_AHEAD)
    if event.stage is BreachStage.PRELIMINARY:
        fits = event.answers is None or _own(context, event.answers, BreachDetected)
    else:
        fits = _own(context, event.answers, BreachDetected, BreachReported)
    return needs(fits, Reason.UNKNOWN_MESSAGE)


@form_of(e.BreachSubjectsInformed)
def subjects_form(context: DecisionContext) -> Refusal | None:
    """Who recorded the leak informs the persons concerned: somebody, or nobody for a stated ground. Basis: APPI 68(2)."""
    event: e.BreachSubjectsInformed = context.event
    if not _own(context, event.answers, BreachDetected):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if event.persons < 0:
        return Refusal(Reason.NUMBERS_WRONG)
    return needs(event.persons > 0 or event.exception is not None, Reason.REASON_MISSING)


def _own(context: DecisionContext, id: UUID | None, *kinds: type[e.CaseMessage]) -> bool:
    message = None if id is None else context.case.messages.get(id)
    return message is not None and isinstance(message.event, kinds) and message.by == context.by
