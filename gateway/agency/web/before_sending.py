"""Before a person's message is sent: what the hub would decide, shown at the field, so that a slip is no offence.

The command itself is decided anew. What a person sends in spite of the answer is recorded as a refusal, like what a
system sends. A rehearsal of the rules is no reading: it is limited and counted at the hub, and each stands in the door's
own log.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.dry_run import may_be_tried
from domain.errors import NotFound, Refused, Unavailable
from domain.events import EVENTS
from gateway.agency.door import DryRun, SubmissionResult
from gateway.agency.forms.kinds import FormContext
from gateway.agency.staff import Person
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.messages import MessageIn, try_message
from gateway.agency.web.page_context import PageContext
from gateway.pages.basis_words import basis_words
from gateway.pages.texts import reason_text
from gateway.protocol.problems import text_ja_of

ANYWAY = "anyway"
"""The tick by which a person sends what the rules are known, or not known, to refuse."""
LIMIT_REACHED = "dry-runs-used-up"
ACCEPTED, LIMITED, NOT_FOUND = "ACCEPTED", "LIMITED", "NOT_FOUND"


@dataclass(frozen=True)
class Objection:
    """Why a message was not sent yet. ``dry_run``: the refusal that the hub would record; None where it has not said,
    because the agency has asked as often as it may (``text``)."""

    dry_run: DryRun | None
    text: str = ""


def objection_before_sending(
    pages: PageContext, person: Person, message: MessageIn, *, anyway: bool
) -> Objection | None:
    """What speaks against sending this now; None where nothing does, where the hub is away (then it waits in the outbox),
    where the person has read it and sends ``anyway``, and for acts that are never tried.

    Raises what ``Door.dry_run`` raises for what would not leave the door, and NotFound.
    """
    event = EVENTS.get(message.act)
    if anyway or person.is_system or event is None or not may_be_tried(event):
        return None
    case = message.case or UUID(int=0)
    try:
        answer = try_message(pages.door, person, message, pages.attachments)
    except Unavailable as error:
        if error.error_code != LIMIT_REACHED:
            return None
        _log(pages, person, case, message.act, LIMITED)
        return Objection(None, text_ja_of(error))
    except NotFound:  # not there, or not ours: the log tells the two apart as little as the answer
        _log(pages, person, case, message.act, NOT_FOUND)
        raise
    except Refused as refused:
        if refused.error_code == "never-tried":  # a hub with a longer list than this door
            return None
        raise
    if answer is None:
        return None
    _log(pages, person, case, message.act, answer.reason or ACCEPTED)
    return None if answer.reason is None else Objection(answer)


def refusal_text(form_context: FormContext, refusal: SubmissionResult | DryRun) -> str:
    """Why it is refused, for whom, and which bases would permit it."""
    text = reason_text(refusal.reason)
    other = form_context.agencies.get(refusal.at_fault or "")
    if other is not None:
        text = f"{other.name}: {text}"
    if refusal.fitting:
        text += f" 使える根拠: {'、'.join(basis_words(code) for code in refusal.fitting)}。"
    return text


def _log(pages: PageContext, person: Person, case: UUID, act: str, outcome: str) -> None:
    pages.staff.log_act(person.actor, StaffAct.DRY_RUN, str(case), f"{act} {outcome}")
