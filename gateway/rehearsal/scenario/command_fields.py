"""From a step of a story to the fields of the command that it stands for.

A detail that no rule needs may be absent in a story; what a door would fill in is filled in here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, Protocol, get_args, get_type_hints
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, end_of, months_later
from domain.codes import (
    Alternative,
    BusinessItem,
    ClosingReason,
    CommunityService,
    Condition,
    Finding,
    HandoverItem,
    HandoverState,
    HoldGround,
    IndicatorValue,
    Module,
    PlanContent,
    PlanPart,
    Practice,
    RetentionPolicy,
    SafetyMethod,
    Section,
    SubjectConsent,
    TargetClass,
    Urgency,
)
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from gateway.rehearsal.scenario.story import PERSON, Step
from keys.fields import CODE

BY_NAME: Mapping[str, type[e.Event]] = {cls.__name__: cls for cls in e.EVENTS.values()}
"""Events by the name that stories use."""

CONTENT_BY_TARGET_CLASS = {
    TargetClass.TC1_PREGNANCY: PlanContent.SC_A,
    TargetClass.TC2_POSTPARTUM: PlanContent.SC_B,
    TargetClass.TC3_INADEQUATE_CARE: PlanContent.SC_C,
    TargetClass.TC4_REUNIFICATION: PlanContent.SC_D,
}


class RunContext(Protocol):
    """What a step refers to in the run so far."""

    def id_of(self, code: str) -> UUID: ...

    def consent_of(self, name: str) -> UUID: ...

    def message_of(self, n: int) -> UUID: ...

    def referral_for(self, step: Step) -> UUID: ...

    def last_of(self, step: Step, *events: str) -> UUID: ...

    def recalled_by(self, step: Step, named: list[int]) -> UUID: ...

    def audit_request_of(self, n: int | None) -> tuple[UUID, list[UUID], date]: ...

    def worker_of(self, code: str) -> str: ...

    @property
    def last_plan_content(self) -> str: ...

    @property
    def messages(self) -> Mapping[int, UUID]: ...


FieldBuilder = Callable[[Step, RunContext], dict[str, Any]]


def case_fields(step: Step, cls: type[e.Event], run: RunContext, to: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a case command. ``to``: the addressees that have a door."""
    basis = step.basis
    if isinstance(basis, str):
        bases = {str(run.id_of(code)): basis for code in to}
    else:
        bases = {str(run.id_of(code)): named for code, named in (basis or {}).items() if code in to}
    common: dict[str, Any] = {
        "to": sorted(str(run.id_of(code)) for code in to),
        "basis": bases,
        "consent": sorted(str(run.consent_of(c)) for c in step.consent),
        "purpose": "SUPPORT",
        "reason": step.details.get("reason"),
    }
    if step.event == "SupportClosed":
        common["reason"] = None
    return _with_canonical_codes(cls, {**common, **FIELD_BUILDERS.get(cls.__name__, _no_fields)(step, run)})


ELIGIBLE = ("ELIGIBLE", "YES", "TARGET", "対象", "対象とする")
_CODE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "LEGAL_REPRESENTATIVE": ("GUARDIAN", "PARENT", "FATHER", "MOTHER", "法定代理人", "保護者", "父", "母"),
    "GUARDIAN": ("PARENT", "FATHER", "MOTHER", "LEGAL_REPRESENTATIVE", "法定代理人", "保護者", "父", "母"),
    "GUARDIANS_JOINTLY": (
        *("BOTH_PARENTS", "PARENTS", "JOINT", "JOINT_GUARDIANS", "BOTH_GUARDIANS", "GUARDIANS"),
        *("JOINT_CUSTODY", "父母", "両親", "共同親権者"),
    ),
    "SELF": ("SUBJECT", "PERSON", "CHILD", "CAREGIVER", "PREGNANT_MINOR", "本人"),
    "SHORT_INTENSIVE": ("SHORT", "SHORT_TERM", "短期集中支援型"),
    "MID_TERM": ("MID", "MIDDLE", "中期支援型"),
    "FULL": ("GRANTED", "DISCLOSED", "全部開示", "開示", "全部委託", "全部"),
    "PARTIAL": ("PARTIALLY_GRANTED", "PARTIALLY_DISCLOSED", "部分開示", "一部開示", "一部委託", "一部"),
    "NONE": ("DENIED", "REFUSED", "WITHHELD", "NOT_DISCLOSED", "不開示"),
    "EXISTENCE_NOT_DISCLOSED": (
        *("EXISTENCE_REFUSED", "EXISTENCE_NOT_CONFIRMED", "EXISTENCE_NOT_DISCLOSED", "REFUSED_EXISTENCE"),
        *("NEITHER_CONFIRMED_NOR_DENIED", "APPI-81", "存否応答拒否"),
    ),
    "NEEDS_PROTECTION": ("PROTECTION", "要保護児童", "要保護"),
    "NEEDS_SUPPORT": ("SUPPORT", "要支援児童", "要支援"),
    "EXPECTANT": ("PREGNANT", "PREGNANCY", "特定妊婦"),
    "SIGHTED": ("VISUAL", "SEEN", "IN_PERSON", "目視"),
    "TELEPHONE": ("PHONE", "電話"),
    "FULL_TIME": ("常勤",),
    "PART_TIME": ("非常勤",),
    "ELIGIBLE": ELIGIBLE[1:],
    "NOT_ELIGIBLE": ("NO", "INELIGIBLE", "NOT_TARGET", "非対象", "対象外", "対象としない"),
    "T1_BASIC": ("T1", "BASIC"),
    "T2_SKILL": ("T2", "SKILL"),
    "T3_APPLIED": ("T3", "APPLIED"),
}
"""What else a story may call a code, where its class has no such member itself."""


def _with_canonical_codes(cls: type[e.Event], fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with codes in the words of the product; a reason in words of its own is one that was stated."""
    hints = get_type_hints(cls)
    for name, value in fields.items():
        kinds = [k for k in (hints.get(name), *get_args(hints.get(name))) if isinstance(k, type)]
        for kind in kinds:
            if issubclass(kind, Enum) and isinstance(value, str) and value not in {m.value for m in kind}:
                fields[name] = next((m.value for m in kind if value in _CODE_ALIASES.get(m.value, ())), value)
    if "reason" in fields:
        fields["reason"] = reason_code(fields["reason"])
    return fields


def commission_fields(step: Step, cls: type[e.Event], run: RunContext, contractor: str) -> dict[str, Any]:
    """The fields of a command about a commission."""
    return _with_canonical_codes(cls, _commission_values(step, cls, run, contractor))


def _commission_values(step: Step, cls: type[e.Event], run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    match cls.__name__:
        case "OathSigned":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "employment": d.get("employment", "PART_TIME"),
                "valid_until": _day_text(d.get("valid_until")),
            }
        case "TrainingModuleCompleted":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "modules": sorted(
                    d.get("modules") or ([d["module"]] if "module" in d else [m.value for m in Module])
                ),
                "tier": d.get("tier", "T1_BASIC"),
                "valid_until": _day_text(d.get("valid_until")),
            }
        case "TrainingModuleExempted":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "module": d.get("module", Module.M6_VISIT_PRACTICE.value),
                "qualification": d.get("qualification", "保健師"),
            }
        case "ContractorRequirementVerified":
            return {"items": sorted(d.get("items", [1, 2])), "scope": d.get("scope", "PARTIAL")}
        case "QualificationVerified":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "qualification": d.get("qualification", "保健師"),
                "reason": d.get("reason"),
            }
        case "FieldPracticeCompleted":
            practice = d.get("practice")
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "practice": practice if practice in set(Practice) else "ACCOMPANIED_VISIT",
            }
        case "ContractorPerformanceReported":
            today = day_of(step.at).isoformat()
            return {
                "begins_on": _day_text(d.get("begins_on") or d.get("period_from")) or today,
                "ends_on": _day_text(d.get("ends_on") or d.get("period_until")) or today,
                "families": int(d.get("families", 0)),
                "visits": int(d.get("visits", 0)),
            }
        case "ContractorSupervised":
            return {"finding": _finding(d)}
        case "OutsourcingContractConcluded":
            return {
                "contractor": str(run.id_of(contractor)),
                "scope": d.get("scope", "PARTIAL"),
                "begins_on": _day_text(d.get("begins_on")) or day_of(step.at).isoformat(),
                "ends_on": _day_text(d.get("ends_on")),
            }
        case "SupportWorkerRegistered":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "employment": d.get("employment", "PART_TIME"),
                "qualification": d.get("qualification"),
            }
        case _:
            return {}


def _finding(details: Mapping[str, Any]) -> str:
    named = details.get("finding")
    return named if named in set(Finding) else "IN_ORDER"


def agency_fields(step: Step, cls: type[e.Event], actor: str) -> dict[str, Any]:
    """The fields of what an agency says of itself. ``actor``: who says it."""
    d = step.details
    today = day_of(step.at).isoformat()
    match cls.__name__:
        case "ConfidentialityRulesAdopted":
            return {"edition": str(d.get("edition", "1"))}
        case "ConfidentialityRulesAcknowledged":
            return {"edition": str(d.get("edition", "1")), "staff": actor}
        case "PrefecturalSupervisionReceived":
            return {"finding": _finding(d)}
        case "CommunityServiceRegistered" | "ResourceGapRecorded":
            service = d.get("service") if d.get("service") in set(CommunityService) else "OTHER"
            numbers = (
                {"places": d.get("places")}
                if "Registered" in cls.__name__
                else {"families": int(d.get("families", 1))}
            )
            return {"service": service, **numbers}
        case _:
            named = d.get("happened_on") or d.get("started_on") or d.get("changed_on") or d.get("ended_on")
            return {
                "happened_on": _day_text(named) or today,
                "items": sorted(item.value for item in BusinessItem),
                "reason": d.get("reason"),
            }


def is_agency_event(cls: type[e.Event]) -> bool:
    return issubclass(cls, e.AgencyEvent)


def is_case_event(cls: type[e.Event]) -> bool:
    return issubclass(cls, e.CaseMessage)


def is_commission_event(cls: type[e.Event]) -> bool:
    return issubclass(cls, e.CommissionEvent)


def _no_fields(step: Step, run: RunContext) -> dict[str, Any]:
    return {}


def _information(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "subject_consent": d.get("consent", SubjectConsent.NOT_REQUESTED.value),
        "weeks_pregnant": d.get("weeks_pregnant"),
        "indicators": dict(d.get("indicators") or {}),
    }


def numbers(step: Step, *keys: str) -> list[int]:
    """The messages that the story names by number under one of these words, alone or as a list."""
    named = _first_given(step.details, *keys, "answers", "about")
    return [int(n) for n in (named if isinstance(named, list) else [] if named is None else [named])]


def _message_named(step: Step, run: RunContext, keys: tuple[str, ...], *events: str) -> str:
    """The message that the story names under one of these words; else the last of these events (of all with content
    where none is given)."""
    named = numbers(step, *keys)
    return str(run.message_of(named[-1]) if named else run.last_of(step, *events))


_ANSWERED_EVENT = {
    "InformationRequestAnswered": "InformationRequested",
    "InformationRequestDeclined": "InformationRequested",
    "FollowOnServiceAccepted": "FollowOnServiceArranged",
    "RecallAcknowledged": "RecallNoticeSent",
}


def _answer_reference(step: Step, run: RunContext) -> dict[str, Any]:
    if step.event in _ANSWERED_EVENT:
        return {"answers": _message_named(step, run, (), _ANSWERED_EVENT[step.event])}
    n = step.details.get("answers")
    return {"answers": str(run.message_of(n) if n is not None else run.referral_for(step))}


def _requested(step: Step, run: RunContext) -> dict[str, Any]:
    return {"due_on": _day_text(_first_given(step.details, "due_at", "due_on", "due"))}


def _registered(step: Step, run: RunContext) -> dict[str, Any]:
    return {"standing": step.details.get("standing")}


def _assessed(step: Step, run: RunContext) -> dict[str, Any]:
    given = dict(step.details.get("indicators") or {})
    blank = dict.fromkeys(sorted(INDICATOR_CODES), IndicatorValue.NOT_ASSESSED.value)
    return {"indicator_set": INDICATOR_SET, "indicators": {**blank, **given}}


_DISCHARGE_KEYS = (
    "discharge_on",
    "discharge_date",
    "discharged_on",
    "discharge_at",
    "discharged_at",
    "placement_ended_on",
    "placement_ended_at",
)


def _eligible(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "result": d.get("result", "ELIGIBLE"),
        "target_classes": _classes(d),
        "support_type": _first_given(d, "support_type", "type"),
        "discharge_on": _day_text(_first_given(d, *_DISCHARGE_KEYS)),
        "reason": d.get("reason") or (None if d.get("result", "ELIGIBLE") in ELIGIBLE else "STATED"),
    }


def _first_given(details: Mapping[str, Any], *names: str) -> Any:
    """What a story tells under one of these names."""
    return next((details[name] for name in names if details.get(name) is not None), None)


def _classes(details: Mapping[str, Any]) -> list[str]:
    return sorted(_as_list(_first_given(details, "target_classes", "target_class")))


def _plan(step: Step, run: RunContext) -> dict[str, Any]:
    d = {**dict(step.details.get("period") or {}), **step.details}
    return {
        "plan_from": _day_text(_first_given(d, "plan_from", "period_from", "from"))
        or day_of(step.at).isoformat(),
        "plan_until": _day_text(_first_given(d, "plan_until", "period_until", "until")),
        "content": _first_given(d, "content", "content_code") or _content(d) or run.last_plan_content,
        "parts": sorted(p.value for p in PlanPart),
        "target_months": d.get("target_months"),
        "short_term_months": d.get("short_term_months"),
        "review_due_on": _day_text(_first_given(d, "review_due", "review_due_on")),
        "visits_per_week": d.get("visits_per_week"),
        "housekeeping": d.get("housekeeping"),
    }


def _content(details: Mapping[str, Any]) -> str | None:
    classes = [TargetClass(c) for c in _classes(details)]
    return next((CONTENT_BY_TARGET_CLASS[c].value for c in classes if c in CONTENT_BY_TARGET_CLASS), None)


def _planned(step: Step, run: RunContext) -> dict[str, Any]:
    return {"plan": _plan(step, run)}


def _approved(step: Step, run: RunContext) -> dict[str, Any]:
    plans = ("SupportPlanProposed", "SupportPlanFormulated")
    return {"approves": _message_named(step, run, ("approves",), *plans), "plan": _plan(step, run)}


def _commenced(step: Step, run: RunContext) -> dict[str, Any]:
    has_plan = "PLAN" in step.sections or "plan_from" in step.details
    classes = _classes(step.details)
    return {
        "plan": _plan(step, run) if has_plan else None,
        "target_classes": classes or None,
    }


def _extended(step: Step, run: RunContext) -> dict[str, Any]:
    named = _day_text(_first_given(step.details, "plan_until", "until", "extended_until", "period_until"))
    return {"plan_until": named or months_later(day_of(step.at), 3).isoformat()}


def _consent_rows(step: Step, run: RunContext) -> list[dict[str, Any]]:
    """The rows of a consent. A row without them is of the step's own consents, and of what its author sends."""
    author = step.to[0] if step.by == PERSON else step.by
    return [
        {
            "consent": str(run.consent_of(consent)),
            "sender": str(run.id_of(row.get("sender") or row.get("from") or author)),
            "recipient": str(run.id_of(recipient)),
            "sections": sorted(_as_list(row.get("sections") or row.get("categories"))),
        }
        for row in _scope_rows(step.details)
        for consent in _as_list(row.get("consent") or step.consent)
        for recipient in _as_list(row.get("recipient") or row.get("recipients") or row.get("to"))
    ]


def _as_list(value: Any) -> list[str]:
    """What is named alone or as a list."""
    return [value] if isinstance(value, str) else [str(v) for v in value or ()]


def _consented(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    expiry_values = [_expiry_value(of) for of in (d, *_scope_rows(d))]
    expires = min((_expiry_time(end) for end in expiry_values if end is not None), default=None)
    return {
        "scope": _consent_rows(step, run),
        "capacity": _capacity(d),
        "expires_at": expires,
    }


def split_by_expiry(step: Step) -> list[Step]:
    """One act that gives several consents, as one step for each where they do not end together."""
    rows = [row for row in _scope_rows(step.details) if isinstance(row, Mapping)]
    rows_by_consent = {
        c: [r for r in rows if c in _as_list(r.get("consent") or step.consent)] for c in step.consent
    }
    expiry_values = {str([_expiry_value(row) for row in of][:1]) for of in rows_by_consent.values()}
    if len(expiry_values) < 2:
        return [step]
    return [
        replace(step, consent=(c,), details={**step.details, "scope": of})
        for c, of in rows_by_consent.items()
    ]


def _scope_rows(details: Mapping[str, Any]) -> list[Any]:
    scope = details.get("scope") or []
    return [scope] if isinstance(scope, Mapping) else list(scope)


_EXPIRY_KEYS = (
    *("expires_at", "expires_on", "expires", "valid_until", "valid_to", "until"),
    *("period_until", "ends_on", "end"),
)


def _expiry_value(named: Mapping[str, Any]) -> Any:
    """When a consent, or a row of it, ends: by a word of its own or by one of its period."""
    period = _first_given(named, "period", "validity")
    return _first_given({**(period if isinstance(period, Mapping) else {}), **named}, *_EXPIRY_KEYS)


def _capacity(details: Mapping[str, Any]) -> str:
    """In which capacity somebody consented: several do so together; whatever else is not said in a word is the person."""
    named = _first_given(details, "capacity", "given_by")
    if isinstance(named, list):
        return "GUARDIANS_JOINTLY" if len(named) > 1 else str(named[0])
    named = details.get("capacity", "SELF")
    return named if isinstance(named, str) else "SELF"


def _consent_refused(step: Step, run: RunContext) -> dict[str, Any]:
    return {"requested_scope": _consent_rows(step, run)}


def _assigned(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "agency": str(run.id_of(_worker_agency(step, run))),
        "worker": d.get("worker") or run.worker_of(_worker_agency(step, run)),
        "qualification": d.get("qualification"),
        "role": d.get("role"),
    }


def _worker_agency(step: Step, run: RunContext) -> str:
    """Whose worker it is: as named, the contractor addressed, or the sender itself."""
    d = step.details
    return str(d.get("agency") or d.get("contractor") or next(iter(step.to), step.by))


def _unassigned(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    agency = _worker_agency(step, run)
    return {"agency": str(run.id_of(agency)), "worker": d.get("worker") or run.worker_of(agency)}


def _reported(step: Step, run: RunContext) -> dict[str, Any]:
    return {"child_seen": bool(step.details.get("child_seen", False)), "worker": step.details.get("worker")}


def _visited(step: Step, run: RunContext) -> dict[str, Any]:
    worker = step.details.get("worker") or run.worker_of(step.by)
    return {"child_seen": bool(step.details.get("child_seen", False)), "worker": worker}


def _consulted(step: Step, run: RunContext) -> dict[str, Any]:
    named = _as_list(_first_given(step.details, "consulted", "participants")) or list(step.to)
    return {"consulted": sorted(str(run.id_of(c)) for c in named)}


def _evaluated(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "goal_reached": d.get("goal_reached"),  # both are answered, or the hub refuses it
        "environment_improved": d.get("environment_improved"),
    }


def _closed(step: Step, run: RunContext) -> dict[str, Any]:
    reason = step.details.get("reason", "OTHER")
    return {"closing_reason": reason if reason in set(ClosingReason) else "OTHER"}


def _notified(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "notifier_token": d.get("notifier_token"),
        "received_at": _time_text(d.get("received_at"), step.at),
        "recorded_for_notifier": step.by == PERSON,
    }


def _triaged(step: Step, run: RunContext) -> dict[str, Any]:
    urgency = step.details.get("urgency")
    return {"urgency": urgency if urgency in set(Urgency) else None}


def _forwarded(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("forwards")
    return {
        "forwards": str(
            run.message_of(n) if n is not None else run.last_of(step, "AbuseNotificationReceived")
        )
    }


def _safety(step: Step, run: RunContext) -> dict[str, Any]:
    seen = bool(step.details.get("child_seen", False))
    method = str(step.details.get("method") or ("SIGHTED" if seen else "FAMILY_ONLY"))
    method = {"PHONE": "TELEPHONE"}.get(method, method)
    return {"child_seen": seen, "method": method if method in set(SafetyMethod) else "THROUGH_OTHERS"}


def _outcome(step: Step, run: RunContext) -> dict[str, Any]:
    return {**_answer_reference(step, run), "outcome": step.details.get("outcome", "ACCEPTED")}


def _non_disclosure(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    later = day_of(step.at + timedelta(days=30)).isoformat()
    named = _first_given(d, "review_on", "review_at", "review_due", "review_date", "review_due_on")
    return {"review_on": _day_text(named) or later, "reason": d.get("reason", "NOT_NEEDED")}


def _report_review(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": str(run.message_of(n) if n is not None else run.last_of(step, "VisitReportSubmitted"))}


def _access_request(step: Step, run: RunContext) -> dict[str, Any]:
    return {"requester": step.details.get("requester", "SELF")}


def _access_decision(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("answers")
    rows = [r if isinstance(r, dict) else {"section": r} for r in d.get("withheld") or []]
    return {
        "answers": str(run.message_of(n) if n is not None else run.last_of(step, "SubjectAccessRequested")),
        "result": d.get("result")
        or ("APPI-81" if step.basis == "APPI-81" else "PARTIAL" if rows else "FULL"),
        "withheld": [
            {"section": r["section"], "ground": r.get("ground", "APPI-78-1-2"), "flag": r.get("flag")}
            for r in rows
        ],
    }


def _corrected(step: Step, run: RunContext) -> dict[str, Any]:
    return {"corrects": _message_named(step, run, ("corrects",))}


def _correction_notice(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": str(run.message_of(n) if n is not None else run.last_of(step, "CorrectionMade"))}


def _stopped(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {"stops": _message_named(step, run, ("stops",)), "reason": d.get("reason", "UNLAWFUL_USE")}


def _scheduled(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "planned_on": _day_text(d.get("planned_on") or d.get("planned_at")) or day_of(step.at).isoformat()
    }


def _support_type(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {"support_type": d.get("support_type") or d.get("type") or "SHORT_INTENSIVE"}


def _type_changed(step: Step, run: RunContext) -> dict[str, Any]:
    return {**_support_type(step, run), **_with_reason(step, run)}


def _type_decided(step: Step, run: RunContext) -> dict[str, Any]:
    return {
        **_support_type(step, run),
        "specialist_needed": bool(step.details.get("specialist_needed", False)),
    }


def _meeting(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": None if n is None else str(run.message_of(n))}


def _judged(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    requested_event = "SpecialistJudgementRequested"
    return {"answers": str(run.message_of(n) if n is not None else run.last_of(step, requested_event))}


def _disclosure_read(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": str(run.message_of(n) if n is not None else run.last_of(step, "DisclosureMade"))}


def _with_reason(step: Step, run: RunContext) -> dict[str, Any]:
    return {"reason": step.details.get("reason", "STATED")}


def _emergency(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "sections": sorted(d.get("sections") or ["BASIC", "RISK"]),
        "alternatives": alternatives(d, "REQUEST_FROM_OWNER"),
        "reason": d.get("reason", "LIFE_IN_DANGER"),
    }


def _emergency_approval(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("approves", step.details.get("answers"))
    requested_event = "EmergencyAccessRequested"
    return {"approves": str(run.message_of(n) if n is not None else run.last_of(step, requested_event))}


def _emergency_review(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    request = str(run.message_of(n) if n is not None else run.last_of(step, "EmergencyAccessRequested"))
    return {"answers": request, "justified": bool(step.details.get("justified", True))}


def _coercion_check(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("answers", d.get("about"))
    requested_events = ("SubjectAccessRequested", "ConsentGiven")
    return {
        "answers": str(run.message_of(n) if n is not None else run.last_of(step, *requested_events)),
        "second": d.get("second", "staff.second"),
        "coerced": bool(d.get("coerced", False)),
    }


def _recalled(step: Step, run: RunContext) -> dict[str, Any]:
    return {"recalls": str(run.recalled_by(step, numbers(step, "recalls")))}


ALTERNATIVES = {a.value for a in Alternative}


def alternatives(details: Mapping[str, Any], usual: str) -> list[str]:
    """What else was thought of, in the words of the product: another basis by its code, or in words of its own."""
    told = _as_list(_first_given(details, "alternatives", "alternatives_considered")) or [usual]
    alias_codes = {"CONSENT": "WAIT_FOR_CONSENT", "CWA-25-2-2": "REGISTER_THE_CASE"}
    return sorted({a if a in ALTERNATIVES else alias_codes.get(a, "REQUEST_UNDER_LAW") for a in told})


def reason_code(reason: Any) -> Any:
    """A reason in words of its own is one that was stated."""
    return "STATED" if isinstance(reason, str) and not CODE.fullmatch(reason) else reason


def _override_approval(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("approves", step.details.get("answers"))
    requested_event = "BasisOverrideRequested"
    return {"approves": str(run.message_of(n) if n is not None else run.last_of(step, requested_event))}


def _override(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "code": d.get("code") or (step.basis if isinstance(step.basis, str) else "APPI-69-2-4"),
        "recipients": sorted(str(run.id_of(code)) for code in d.get("recipients") or step.to),
        "sections": sorted(d.get("sections") or step.sections or ["BASIC"]),
        "alternatives": alternatives(d, "WAIT_FOR_CONSENT"),
        "reason": d.get("reason", "CLEARLY_IN_THEIR_INTEREST"),
        "to": [],
        "basis": {},
    }


def _relocation(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    named = d.get("moves_on") or d.get("planned_on") or d.get("move_date") or d.get("moves_at")
    return {"moves_on": _day_text(named)}


def _transfer_reference(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("hands_over", step.details.get("about"))
    known = n is not None and n in run.messages
    return {"hands_over": str(run.message_of(int(n)) if known else run.last_of(step, "TransferInitiated"))}


_HANDOVER_ITEMS: Mapping[str, tuple[str, ...]] = {
    "BASIC": ("FAMILY",),
    "CHILD": ("CHILD", "PHOTOS"),
    "CAREGIVER": ("CAREGIVER",),
    "MEDICAL": ("MEDICAL",),
    "RISK": ("RISK_SHEET",),
    "PLAN": ("PLAN",),
    "VISIT": ("VISITS",),
    "CONF": ("MINUTES",),
    "ADDR": ("NEW_ADDRESS",),
}


def _sent_items(step: Step) -> set[str]:
    return {handover_item for section in step.sections for handover_item in _HANDOVER_ITEMS.get(section, ())}


def _package(step: Step, run: RunContext) -> dict[str, Any]:
    """A list that the story does not give is that of the sections."""
    checklist = {"PHOTOS": "NONE", **dict.fromkeys(_sent_items(step), "SENT")}
    listed = step.details.get("checklist") or {}
    listed_items = listed if isinstance(listed, Mapping) else dict.fromkeys(_as_list(listed), "SENT")
    for handover_item, state in listed_items.items():
        if handover_item in set(HandoverItem) and state in set(HandoverState):
            checklist[handover_item] = state
    return {**_transfer_reference(step, run), "checklist": {"RISK_SHEET": "FOLLOWS", **checklist}}


def _transfer_receipt(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    transfer_events = ("TransferPackageSent", "TransferInitiated")
    n = d.get("answers")
    known = set(HandoverItem)
    listed_items = {t for t in d.get("received") or d.get("items") or known if t in known}
    return {
        "answers": str(run.message_of(n) if n is not None else run.last_of(step, *transfer_events)),
        "received": sorted(listed_items),
    }


def _relocation_confirmed(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "moved_on": _day_text(d.get("moved_on") or d.get("moved_at")),
        "child_seen": bool(d.get("child_seen", False)),
    }


def _transferred(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    seen = bool(d.get("child_seen", False))
    return {**_transfer_reference(step, run), "child_seen": seen, "reason": d.get("reason", "STATED")}


def _protected(step: Step, run: RunContext) -> dict[str, Any]:
    return {"until": _day_text(step.details.get("until") or step.details.get("valid_until"))}


def _conditions(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("disclosure", d.get("about", d.get("answers")))
    told = _as_list(d.get("conditions")) or ["PURPOSE_ONLY", "NO_FURTHER_SHARING"]
    named = [c for c in told if c in set(Condition)]
    return {
        "disclosure": str(run.message_of(n) if n is not None else run.last_of(step, "DisclosureMade")),
        "conditions": sorted(named or ["PURPOSE_ONLY"]),
        "until": _day_text(d.get("until")),
    }


def _breach_report(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("answers")
    final = d.get("stage") == "FINAL" or n is not None
    return {
        "stage": "FINAL" if final else "PRELIMINARY",
        "found_at": _time_text(d.get("found_at"), step.at),
        "leaked": sorted(d.get("leaked") or d.get("sections") or ["BASIC"]),
        "persons": int(d.get("persons", 1)),
        "subjects_informed": bool(d.get("told", False)),
        "answers": str(run.message_of(n) if n is not None else run.last_of(step, "BreachReported"))
        if final
        else None,
    }


def _retention_policy(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    until = _day_text(d.get("until") or d.get("expires_on"))
    named = d.get("policy")
    policy = named if named in set(RetentionPolicy) else ("CHILD_AGE" if until else "AFTER_CLOSING")
    return {"policy": policy, "until": until if policy == "CHILD_AGE" else None}


def _legal_hold(step: Step, run: RunContext) -> dict[str, Any]:
    ground = step.details.get("ground", step.details.get("reason"))
    return {"ground": ground if ground in set(HoldGround) else "REVIEW"}


def _hold_lift(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("lifts", step.details.get("answers"))
    return {"lifts": str(run.message_of(n) if n is not None else run.last_of(step, "LegalHoldPlaced"))}


def _appraised(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    if d.get("appraisal") == "PRESERVE":
        return {"appraisal": "PRESERVE", "sections": []}
    named = d.get("sections") or [s.value for s in Section]
    return {"appraisal": "DESTROY", "sections": sorted(named)}


def _destruction_approval(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("approves", step.details.get("answers"))
    return {
        "approves": str(
            run.message_of(n) if n is not None else run.last_of(step, "RecordsAppraised", "ControlAppraised")
        )
    }


def _audit_grant(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("grants", d.get("answers", d.get("approves")))
    request, items, until = run.audit_request_of(None if n is None else int(n))
    return {"grants": str(request), "opens": sorted(map(str, items)), "until": until.isoformat()}


FIELD_BUILDERS: Mapping[str, FieldBuilder] = {
    "AuditContentAccessGranted": _audit_grant,
    "RetentionPolicyAssigned": _retention_policy,
    "LegalHoldPlaced": _legal_hold,
    "LegalHoldLifted": _hold_lift,
    "RecordsAppraised": _appraised,
    "DestructionApproved": _destruction_approval,
    "BasisOverrideRequested": _override,
    "BasisOverrideApproved": _override_approval,
    "RelocationLearned": _relocation,
    "TransferInitiated": _relocation,
    "TransferPackageSent": _package,
    "TransferReceiptConfirmed": _transfer_receipt,
    "TransferConferenceHeld": _transfer_reference,
    "RelocationConfirmed": _relocation_confirmed,
    "TransferCompleted": _transferred,
    "ProtectedAddressRegistered": _protected,
    "DisclosureConditionsImposed": _conditions,
    "BreachReported": _breach_report,
    "CoercionCheckDone": _coercion_check,
    "RecallNoticeSent": _recalled,
    "RecallAcknowledged": _answer_reference,
    "EmergencyAccessRequested": _emergency,
    "EmergencyAccessApproved": _emergency_approval,
    "EmergencyAccessReviewed": _emergency_review,
    "HomeVisitScheduled": _scheduled,
    "SupportTypeDecided": _type_decided,
    "SupportTypeChanged": _type_changed,
    "SpecialistJudgementRequested": _requested,
    "SpecialistJudgementGiven": _judged,
    "NetworkMeetingRequested": _requested,
    "NetworkMeetingHeld": _meeting,
    "DisclosureRead": _disclosure_read,
    "CaseReopened": _with_reason,
    "NetworkCaseDeregistered": _with_reason,
    "AbuseNotificationReceived": _notified,
    "EmergencyTriaged": _triaged,
    "NotificationForwarded": _forwarded,
    "SafetyConfirmed": _safety,
    "ReferralOutcomeReported": _outcome,
    "NonDisclosureDecided": _non_disclosure,
    "VisitReportReviewed": _report_review,
    "SubjectAccessRequested": _access_request,
    "SubjectAccessDecided": _access_decision,
    "CorrectionMade": _corrected,
    "CorrectionNotifiedToRecipients": _correction_notice,
    "UseStopped": _stopped,
    "FamilyInformationProvided": _information,
    "ReferralAcknowledged": _answer_reference,
    "ReferralRead": _answer_reference,
    "InformationRequested": _requested,
    "InformationRequestAnswered": _answer_reference,
    "InformationRequestDeclined": _answer_reference,
    "NetworkCaseRegistered": _registered,
    "IndicatorAssessmentRecorded": _assessed,
    "EligibilityDetermined": _eligible,
    "SupportPlanFormulated": _planned,
    "SupportPlanApproved": _approved,
    "SupportCommenced": _commenced,
    "PlanExtended": _extended,
    "ConsentGiven": _consented,
    "ConsentRefused": _consent_refused,
    "SupportWorkerAssigned": _assigned,
    "SupportWorkerUnassigned": _unassigned,
    "VisitReportSubmitted": _reported,
    "HomeVisitCompleted": _visited,
    "ClosingConsultationHeld": _consulted,
    "ClosingEvaluationRecorded": _evaluated,
    "SupportClosed": _closed,
    "FollowOnServiceAccepted": _answer_reference,
}


def _day_text(value: Any) -> str | None:
    """A day as text, from a date, or from the day (JST) of an aware time or ISO text."""
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()[:10]
    return str(value)[:10]


def _expiry_time(value: Any) -> Any:
    """When something ends, as it is written in an event: a day is over with its last moment (JST)."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    is_date_only = len(text) == len("2026-01-01")
    return e.dump(
        end_of(date.fromisoformat(text)) if is_date_only else datetime.fromisoformat(text).astimezone(UTC)
    )


def _time_text(value: Any, fallback: datetime) -> Any:
    """A time as it is written in an event."""
    if value is None:
        return e.dump(fallback)
    return e.dump(
        (value if isinstance(value, datetime) else datetime.fromisoformat(str(value))).astimezone(UTC)
    )
