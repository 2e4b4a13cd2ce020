"""The rules of ``domain.disclosure``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.calendar import day_of
from domain.common_rules import answers_received_message
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.HeldDisclosureReleased)
def release_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 9(1): only its sender asks, only for those for whom it waits."""
    waiting = context.case.messages.get(context.event.releases)
    if waiting is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if waiting.by != context.by:
        return Refusal(Reason.NOT_THE_SENDER)
    return needs(bool(context.event.to) and context.event.to <= waiting.held, Reason.NOT_HELD)


@form_of(e.NonDisclosureDecided)
def has_review_date(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: a decision not to disclose or act states its reason, and the day of its review. What it names is
    the sender's own, or was sent to it."""
    event: e.NonDisclosureDecided = context.event
    if event.reason is None:
        return Refusal(Reason.REASON_MISSING)
    if event.review_on is None or event.review_on <= day_of(context.now):
        return Refusal(Reason.REVIEW_DAY_MISSING)
    if event.answers is None:
        return None
    about = context.case.messages.get(event.answers)
    return needs(about is not None and context.by in (about.by, *about.to), Reason.UNKNOWN_MESSAGE)


@form_of(e.DisclosureMade)
def reviews_own_decision(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (判断の見直し): what it reviews is a decision of the sender not to disclose."""
    if context.event.answers is None:
        return None
    decision = context.case.messages.get(context.event.answers)
    if decision is None or not isinstance(decision.event, e.NonDisclosureDecided):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(decision.by == context.by, Reason.NOT_THE_SENDER)


form_of(e.DisclosureRead)(answers_received_message)


@form_of(e.ContentUnreadableReported)
def unreadable_report_form(context: DecisionContext) -> Refusal | None:
    """Who has opened the item reports it to its author, and to nobody else. Basis: own rule (読めない内容); APPI 65."""
    event: e.ContentUnreadableReported = context.event
    entry = context.case.item(event.item)
    if entry is None or entry[0].id != event.message:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    opened = () if context.access is None else context.access.opened.values()
    if (context.by, event.item) not in opened:
        return Refusal(Reason.NOT_OPENED)
    return needs(event.to == {entry[0].by} and context.by != entry[0].by, Reason.RECIPIENTS_WRONG)


@form_of(e.ContentUnreadableAnswered)
def unreadable_answer_form(context: DecisionContext) -> Refusal | None:
    """The author answers the reader that reported it. Basis: own rule (読めない内容); APPI 65."""
    report = context.case.messages.get(context.event.answers)
    if report is None or not isinstance(report.event, e.ContentUnreadableReported):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if context.by not in report.to:
        return Refusal(Reason.NOT_ADDRESSED)
    return needs(context.event.to == {report.by}, Reason.RECIPIENTS_WRONG)
