"""The events of the family ``audit``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.codes import AuditGround
from domain.event import Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class AuditContentAccessRequested(
    Event,
    topic="audit_content_access.requested",
    title="監査閲覧の請求",
    law="guideline 8; APPI 66; own rule (KH-1 §2, §7)",
    on=Kind.LOG,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """The audit office asks for named items of a case, until the end of a day.

    It opens nothing by itself. Its frame is the audit office's, about the log.
    """

    case: UUID
    opens: frozenset[UUID]
    ground: AuditGround
    until: date


@dataclass(frozen=True, kw_only=True)
class AuditControlRequested(
    Event,
    topic="audit_control.requested",
    title="監査の請求",
    law="guideline 8; APPI 66; own rule (KH-1 §3, §7)",
    on=Kind.LOG,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """The audit office asks for the control (never the content) of a case, or of all cases where ``case`` is
    null.

    Its control keys leave the hub only under such a request.
    """

    case: UUID | None
    ground: AuditGround


@dataclass(frozen=True, kw_only=True)
class AuditMandateBegan(
    Event,
    topic="audit_mandate.began",
    title="監査の任期の開始",
    law="APPI 66; own rule (KH-1 §3: a new mandate at least yearly)",
    on=Kind.LOG,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """From the next record on, control is under keys of a new mandate; ``until`` is its last day (JST).

    The first mandate (1) begins with the hub. The auditor of one mandate has no key of another.
    """

    number: int
    until: date


@dataclass(frozen=True, kw_only=True)
class AuditContentAccessGranted(
    CaseStep,
    topic="audit_content_access.granted",
    title="監査閲覧の承認",
    law="guideline 8; APPI 66; own rule (二人の承認)",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """One official approves a request of the audit office; two are needed.

    What is approved is named again, so that each official signs exactly that.
    """

    grants: UUID
    opens: frozenset[UUID]
    until: date
