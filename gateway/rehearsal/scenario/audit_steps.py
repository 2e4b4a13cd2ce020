"""Steps of the audit office's access to content."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from domain.calendar import day_of
from domain.codes import AuditGround
from domain.visibility import AUTHOR_ONLY, NO_STANDING_ACCESS
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.messages import submit_message
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import AUDITOR, PERSON, Step

SECTIONS_CLOSED_TO_AUDIT = tuple(section.value for section in NO_STANDING_ACCESS | AUTHOR_ONLY)
AUDIT_ACCESS_PERIOD = timedelta(days=30)


def request_audit_access(run: Run, step: Step) -> None:
    """The audit office requests the items that the step names by message and section; all items where it names none."""
    d = step.details
    messages = d.get("messages", d.get("about", d.get("items")))
    wanted = {int(n) for n in (messages if isinstance(messages, list) else [messages])} if messages else None
    items = [
        w.item
        for w in run.written
        if (wanted is None or w.n in wanted)
        and (w.section in step.sections if step.sections else w.section not in SECTIONS_CLOSED_TO_AUDIT)
    ]
    named = d.get("ground", d.get("reason"))
    ground = AuditGround(named) if named in set(AuditGround) else AuditGround.AUDIT
    until = date.fromisoformat(str(d["until"])) if d.get("until") else day_of(step.at) + AUDIT_ACCESS_PERIOD
    run.audits[step.n] = (
        run.rehearsal_hub.audit.request_content(run.case, items, ground=ground, until=until),
        items,
        until,
    )


def grant_audit_access(run: Run, step: Step) -> None:
    """The approval of one official, or of each official whom the step names; each time another person of the agency."""
    if not run.audits:
        request_audit_access(run, step)
    by = run.story.core if step.by in (AUDITOR, PERSON) else step.by
    d = step.details
    officials = d.get("officials") or d.get("approvers") or [d.get("actor")]
    for official in officials:
        run.audit_approval_counts[by] = run.audit_approval_counts.get(by, 0) + 1
        default_actor = f"{run.actor_of(by)}.{run.audit_approval_counts[by]}"
        approval = replace(step, by=by, sections=(), details={**d, "actor": str(official or default_actor)})
        run.require_recorded(step, submit_message(run, approval, BY_NAME[step.event]))
