"""What the player adds after a message where the story has none: receipts, and the check for coercion."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain import events as e
from domain.errors import NotFound
from gateway.rehearsal.scenario.fields.case import case_fields
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.referral_answers import answers
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Step

COERCION_RISK_KEYS = (
    "subject_of_risk",
    "suspected",
    "suspected_abuser",
    "abuser",
    "alleged_abuser",
    "coerced",
    "coercion",
)
"""Details by which a story says that the child needs protection from the person who consents."""


def story_covers_coercion(run: Run, step: Step) -> bool:
    """Whether the timeline checks for coercion itself, or says that the guardian is the danger."""
    has_check = any(s.event in ("CoercionCheckRequired", "CoercionCheckDone") for s in run.story.steps)
    return has_check or any(step.details.get(key) for key in COERCION_RISK_KEYS)


def record_coercion_check(run: Run, step: Step) -> None:
    """Two persons check a guardian's consent for coercion and find none, where the story says nothing of it."""
    by = run.story.core
    answer_details = {"answers": step.n}
    check_step = replace(
        step, by=by, to=(), event="CoercionCheckDone", basis=None, consent=(), details=answer_details
    )
    fields = case_fields(check_step, BY_NAME[check_step.event], run, ())
    topic = BY_NAME[check_step.event].TOPIC
    with suppress(NotFound):  # the core agency does not know the case yet: it can't check
        sent = run.send(by, e.Kind.CASE, run.case_of(step), topic, fields)
        run.require_recorded(check_step, sent)
        confirm_coercion_check(run, check_step, fields, sent.command_id)


def confirm_coercion_check(run: Run, step: Step, check: dict[str, Any], message: UUID) -> None:
    """The second person of a check for coercion confirms it, where the story says nothing of it."""
    if any(s.event == "CoercionCheckConfirmed" for s in run.story.steps):
        return
    by = run.author_of(step)
    fields = {
        **{key: check[key] for key in ("to", "basis", "consent", "purpose", "reason", "answers", "coerced")},
        "to": [],
        "basis": {},
        "confirms": str(message),
    }
    topic = BY_NAME["CoercionCheckConfirmed"].TOPIC
    case = run.case_of(step)
    run.require_recorded(step, run.send(by, e.Kind.CASE, case, topic, fields, actor=check["second"]))


def add_missing_receipts(run: Run, step: Step) -> None:
    """The player's own acknowledgement and reading, where the story has none."""
    acknowledged, read = (answers(run.story, event) for event in ("ReferralAcknowledged", "ReferralRead"))
    unacknowledged = step.unanswered or _expects_alarm(run, step, NOT_ACKNOWLEDGED)
    unread = _expects_alarm(run, step, NOT_READ)
    author = run.author_of(step)
    for code in run.codes_with_door(step.to):
        if code == author or (step.n, code) in acknowledged or unacknowledged:
            continue
        _send_referral_answer(run, step, code, "ReferralAcknowledged", (author,))
        if (step.n, code) not in read and not unread:
            _send_referral_answer(run, step, code, "ReferralRead", ())


NOT_ACKNOWLEDGED = ("ReferralUnacknowledgedAlarmRaised", "TransferUnacknowledgedAlarmRaised")
NOT_READ = ("ReferralUnreadAlarmRaised",)


def _expects_alarm(run: Run, step: Step, alarms: tuple[str, ...]) -> bool:
    """Whether the story says that nobody acknowledged, or read, this message."""
    return any(s.event in alarms and s.details.get("about") == step.n for s in run.story.steps)


def _send_referral_answer(run: Run, step: Step, by: str, event: str, to: tuple[str, ...]) -> None:
    answer_details = {"answers": step.n}
    answer = replace(
        step, by=by, to=to, event=event, sections=(), basis=None, consent=(), details=answer_details
    )
    fields = case_fields(answer, BY_NAME[event], run, to)
    run.send(by, e.Kind.CASE, run.case_of(step), BY_NAME[event].TOPIC, fields)
