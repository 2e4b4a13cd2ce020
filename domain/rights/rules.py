"""The rules of ``domain.rights``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.case import Message
from domain.children import ALL_CHILDREN
from domain.clocks import by_guardian
from domain.codes import (
    AUTHOR_ONLY,
    AccessResult,
    Flag,
    Requester,
    Section,
)
from domain.common_rules import answers_received_message
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
from domain.past.edition_1 import rights as edition_1
from domain.reasons import Reason
from domain.rule_table import form_of
from domain.visibility import standing_readers


@form_of(e.SubjectAccessDecided)
def access_decision_form(context: DecisionContext) -> Refusal | None:
    """The agency that recorded the request decides, section by section, each with its ground. Basis: APPI 78, 79, 81, 83; CAPA 7."""
    event: e.SubjectAccessDecided = context.event
    request = context.case.messages.get(event.answers)
    if request is None or not isinstance(request.event, e.SubjectAccessRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if request.by != context.by:
        return Refusal(Reason.NOT_ADDRESSED)
    if event.answers not in context.case.access:
        return Refusal(Reason.ALREADY_ANSWERED)
    return _check_grounds(context, event) or _check_withheld(context, event, request)


def _check_grounds(context: DecisionContext, event: e.SubjectAccessDecided) -> Refusal | None:
    """Nothing is withheld without a ground that fits the section; nothing is withheld of what is shown in full."""
    known = context.rule_book["grounds"]
    for row in event.withheld:
        if row.ground not in known.get(row.section, known[""]):
            return Refusal(Reason.GROUND_NOT_APPLICABLE)
    fits = {AccessResult.FULL: not event.withheld, AccessResult.PARTIAL: bool(event.withheld)}
    return needs(fits.get(event.result, True), Reason.RESULT_INCONSISTENT)


def _check_withheld(
    context: DecisionContext, event: e.SubjectAccessDecided, request: Message
) -> Refusal | None:
    """What must never be shown is named among the withheld; a guardian's request waits before it is granted."""
    if event.result in (AccessResult.NONE, AccessResult.EXISTENCE_NOT_DISCLOSED):
        return None
    held = list(_items_held(context))
    fully_withheld = {row.section for row in event.withheld if row.flag is None}
    if any(i.section is Section.NOTIFIER for i in held) and Section.NOTIFIER not in fully_withheld:
        return Refusal(Reason.NOTIFIER_NOT_WITHHELD)
    guardian = context.case.access[event.answers] is Requester.LEGAL_REPRESENTATIVE
    if not guardian:
        return None
    refusal = _check_authority(context)
    if refusal is not None:
        return refusal
    flagged = {(row.section, row.flag) for row in event.withheld}
    for item in held:
        for flag in item.flags & {Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN}:
            if item.section not in fully_withheld and (item.section, flag) not in flagged:
                return Refusal(Reason.CHILD_STATEMENT_NOT_WITHHELD)
    waiting_period = timedelta(hours=context.rule_book["policy"].get("guard_hours", 0))
    in_danger = any(i.section is Section.RISK for i in held)
    return needs(not in_danger or context.now >= request.at + waiting_period, Reason.GUARD_PAUSE)


def _any_authority(context: DecisionContext) -> Refusal | None:
    """Edition 1 did not ask who represents a child."""
    return None


@since_edition(2, before=_any_authority)
def _check_authority(context: DecisionContext) -> Refusal | None:
    """Who asks is never in control: where a parent's authority over a child of the family is suspended or lost, whoever
    grants the access states by a reason that the one who asked has it. Basis: APPI 76; 民法834条, 834条の2."""
    on = day_of(context.now)
    whole = all(a.holders(on) == set(a.states) for a in context.case.authorities(ALL_CHILDREN))
    return needs(whole or context.event.reason is not None, Reason.AUTHORITY_NOT_HELD)


def _items_held(context: DecisionContext) -> Iterator[e.Item]:
    """The items of this case that the decider holds: those it wrote and those sent to it."""
    for message, item in context.case.all_items():
        if context.by == message.by or context.by in message.to:
            yield item


@form_of(e.CorrectionMade)
def correction_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 90, 92: an agency corrects what it wrote itself, and says what is right."""
    refusal = _check_own_message(context, context.case.messages.get(context.event.corrects))
    return refusal or _states_what_is_right(context)


@since_edition(2, before=edition_1.may_be_empty)
def _states_what_is_right(context: DecisionContext) -> Refusal | None:
    """A reason alone corrects nothing. Basis: APPI 90, 92."""
    sections = {item.section for item in context.event.items} - AUTHOR_ONLY
    return needs(bool(sections), Reason.NO_SECTIONS)


@form_of(e.UseStopped)
def stop_use_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 98, 100: an agency stops the use of what it wrote itself, with its reason, once."""
    refusal = _check_own_message(context, context.case.messages.get(context.event.stops))
    if refusal is not None:
        return refusal
    if context.event.stops in context.case.stopped:
        return Refusal(Reason.ALREADY_ANSWERED)
    return needs(context.event.reason is not None, Reason.REASON_MISSING)


def _check_own_message(context: DecisionContext, message: Message | None) -> Refusal | None:
    if message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(message.by == context.by, Reason.NOT_THE_SENDER)


@form_of(e.CorrectionNotifiedToRecipients)
def correction_notice_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 97: every recipient of what was wrong is notified, and nobody else except standing readers."""
    correction = context.case.messages.get(context.event.answers)
    if correction is None or not isinstance(correction.event, e.CorrectionMade):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if correction.by != context.by:
        return Refusal(Reason.NOT_THE_SENDER)
    corrected = context.case.messages[correction.event.corrects]
    recipients = corrected.to - corrected.held
    return needs(
        recipients <= context.event.to <= recipients | _standing_readers_of(context, corrected),
        Reason.RECIPIENTS_WRONG,
    )


def _standing_readers_of(context: DecisionContext, message: Message) -> frozenset[UUID]:
    """Who reads items of it without being addressed. Basis: CWA 25-2(5)."""
    readers = (
        standing_readers(context.register, context.case, message.by, message.event, item, context.rule_book)
        for item in message.items
    )
    return frozenset[UUID]().union(*readers) - {message.by}


@form_of(e.RecallNoticeSent)
def recall_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 98; 69(2)1: the sender recalls a message from its recipients: all, or those concerned."""
    message = context.case.messages.get(context.event.recalls)
    refusal = _check_own_message(context, message)
    if refusal is not None or message is None:
        return refusal
    recipients_so_far = (message.to - message.held) | _standing_readers_of(context, message)
    return needs(bool(context.event.to) and context.event.to <= recipients_so_far, Reason.RECIPIENTS_WRONG)


@form_of(e.RecallAcknowledged)
def confirms_a_notice(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 97, 98: a recipient of a correction or recall confirms that it followed it."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    notice = context.case.messages[context.event.answers].event
    known = isinstance(notice, e.CorrectionNotifiedToRecipients | e.RecallNoticeSent)
    return needs(known, Reason.UNKNOWN_MESSAGE)


@form_of(e.CoercionCheckDone)
def coercion_check_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 78(1)1: two persons check what a guardian asks for or consents to."""
    checked = context.case.messages.get(context.event.answers)
    if checked is None or not by_guardian(checked.event):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.event.second != context.actor, Reason.SECOND_PERSON_MISSING)


@form_of(e.CoercionCheckConfirmed)
def coercion_confirmation_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 78(1)1; own rule (二人の確認): the second person confirms in person what the first has recorded."""
    event: e.CoercionCheckConfirmed = context.event
    check = context.case.messages.get(event.confirms)
    if check is None or not isinstance(check.event, e.CoercionCheckDone):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if event.confirms not in context.case.unconfirmed_checks:
        return Refusal(Reason.ALREADY_ANSWERED)
    if (context.by, context.actor) != (check.by, check.event.second):
        return Refusal(Reason.NOT_IN_PERSON)
    recorded = (check.event.answers, check.event.coerced)
    return needs((event.answers, event.coerced) == recorded, Reason.ITEMS_DIFFER)
