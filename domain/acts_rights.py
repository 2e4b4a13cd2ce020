"""What answers to the person concerned need. Basis: APPI 76–100; CAPA 7."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from domain.case import Message
from domain.clocks import by_guardian
from domain.codes import AccessResult, Flag, Requester, Section
from domain.context import Asking, Refusal, answers_one_sent_to_me, needs
from domain.events import (
    CorrectionMade,
    CorrectionNotifiedToRecipients,
    Item,
    RecallNoticeSent,
    SubjectAccessDecided,
    SubjectAccessRequested,
)
from domain.reasons import Reason
from domain.visibility import standing_readers


def access_decision_form(asking: Asking) -> Refusal | None:
    """Whoever was asked decides, section by section, each with its ground. Basis: APPI 78, 79, 81, 83; CAPA 7."""
    fact: SubjectAccessDecided = asking.fact
    request = asking.case.messages.get(fact.answers)
    if request is None or not isinstance(request.fact, SubjectAccessRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if request.by != asking.by:
        return Refusal(Reason.NOT_ADDRESSED)
    if fact.answers not in asking.case.access:
        return Refusal(Reason.ALREADY_ANSWERED)
    return _grounds(asking, fact) or _kept_back(asking, fact, request)


def _grounds(asking: Asking, fact: SubjectAccessDecided) -> Refusal | None:
    """Nothing is withheld without a ground that fits the section; nothing is withheld of what is shown in full."""
    known = asking.book["grounds"]
    for row in fact.withheld:
        if row.ground not in known.get(row.section, known[""]):
            return Refusal(Reason.GROUND_DOES_NOT_FIT)
    fits = {AccessResult.FULL: not fact.withheld, AccessResult.PARTIAL: bool(fact.withheld)}
    return needs(fits.get(fact.result, True), Reason.RESULT_DOES_NOT_FIT)


def _kept_back(asking: Asking, fact: SubjectAccessDecided, request: Message) -> Refusal | None:
    """What must never be shown is named among the withheld; a guardian's request rests before it is granted."""
    if fact.result in (AccessResult.NONE, AccessResult.EXISTENCE_NOT_TOLD):
        return None
    held = list(_items(asking))
    whole = {row.section for row in fact.withheld if row.flag is None}
    if any(i.section is Section.NOTIFIER for i in held) and Section.NOTIFIER not in whole:
        return Refusal(Reason.NOTIFIER_NOT_WITHHELD)
    guardian = asking.case.access[fact.answers] is Requester.LEGAL_REPRESENTATIVE
    if not guardian:
        return None
    flagged = {(row.section, row.flag) for row in fact.withheld}
    for item in held:
        for flag in item.flags & {Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN}:
            if item.section not in whole and (item.section, flag) not in flagged:
                return Refusal(Reason.CHILD_STATEMENT_NOT_WITHHELD)
    rest = timedelta(hours=asking.book["policy"].get("guard_hours", 0))
    in_danger = any(i.section is Section.RISK for i in held)
    return needs(not in_danger or asking.now >= request.at + rest, Reason.GUARD_PAUSE)


def _items(asking: Asking) -> Iterator[Item]:
    """What of this case the asker holds: what it wrote and what was sent to it."""
    for message, item in asking.case.all_items():
        if asking.by == message.by or asking.by in message.to:
            yield item


def correction_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 90, 92: an agency corrects what it wrote itself."""
    return _own(asking, asking.case.messages.get(asking.fact.corrects))


def own_message_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 98, 100: an agency stops the use of what it wrote itself, with its reason, once."""
    refusal = _own(asking, asking.case.messages.get(asking.fact.stops))
    if refusal is not None:
        return refusal
    if asking.fact.stops in asking.case.stopped:
        return Refusal(Reason.ALREADY_ANSWERED)
    return needs(asking.fact.reason is not None, Reason.REASON_MISSING)


def _own(asking: Asking, message: Message | None) -> Refusal | None:
    if message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(message.by == asking.by, Reason.NOT_THE_SENDER)


def notice_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 97: everybody who was given what was wrong is told, and nobody else but who reads it by standing rule."""
    correction = asking.case.messages.get(asking.fact.answers)
    if correction is None or not isinstance(correction.fact, CorrectionMade):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if correction.by != asking.by:
        return Refusal(Reason.NOT_THE_SENDER)
    wrong = asking.case.messages[correction.fact.corrects]
    told = wrong.to - wrong.held
    return needs(told <= asking.fact.to <= told | _standing(asking, wrong), Reason.RECIPIENTS_WRONG)


def _standing(asking: Asking, message: Message) -> frozenset[UUID]:
    """Who reads of it without having been told. Basis: CWA 25-2(5)."""
    found = (
        standing_readers(asking.register, asking.case, message.by, message.fact, item, asking.book)
        for item in message.items
    )
    return frozenset[UUID]().union(*found) - {message.by}


def recall_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 98; 69(2)1: who told it recalls it, from those who were given it: all, or whom it concerns."""
    message = asking.case.messages.get(asking.fact.recalls)
    refusal = _own(asking, message)
    if refusal is not None or message is None:
        return refusal
    had = (message.to - message.held) | _standing(asking, message)
    return needs(bool(asking.fact.to) and asking.fact.to <= had, Reason.RECIPIENTS_WRONG)


def confirms_a_notice(asking: Asking) -> Refusal | None:
    """Basis: APPI 97, 98: who was told of a correction or recall says that it followed it."""
    refusal = answers_one_sent_to_me(asking)
    if refusal is not None:
        return refusal
    notice = asking.case.messages[asking.fact.answers].fact
    known = isinstance(notice, CorrectionNotifiedToRecipients | RecallNoticeSent)
    return needs(known, Reason.UNKNOWN_MESSAGE)


def check_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 78(1)1: two persons look at what a guardian asks or consents to."""
    checked = asking.case.messages.get(asking.fact.answers)
    if checked is None or not by_guardian(checked.fact):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(asking.fact.second != asking.actor, Reason.SECOND_PERSON_MISSING)
