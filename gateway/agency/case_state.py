"""A case as it is now, by the control that this agency knows: plan, next visit, visitors, consents, who was told what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import events as e
from domain.codes import AUTHOR_ONLY, Section
from domain.rulebook import BASES
from domain.time_text import parse_time_text
from gateway.agency.index.case_overview import planned_visits

Message = Mapping[str, Any]


@dataclass(frozen=True)
class CurrentPlan:
    """The plan in force. ``message``: that decided it; days are ISO, empty where none is set."""

    message: str
    begins_on: str
    ends_on: str
    review_on: str
    visits_per_week: int | None


@dataclass(frozen=True)
class ConsentInForce:
    """A consent that nobody has withdrawn. ``expires_at``: UTC text, None until withdrawn."""

    message: str
    recipient: str
    sections: tuple[str, ...]
    expires_at: str | None


@dataclass(frozen=True)
class Informed:
    """An agency and what it was told in this case: (section, when it was told last)."""

    agency: str
    sections: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CaseState:
    """``visitors``: (agency, reference of the visitor); ``last_visit_at``: UTC text, empty for none; ``is_registered``: with
    the network."""

    plan: CurrentPlan | None
    next_visit: Message | None
    last_visit_at: str
    visitors: tuple[tuple[str, str], ...]
    consents: tuple[ConsentInForce, ...]
    informed: tuple[Informed, ...]
    is_registered: bool


_VISITS = frozenset({e.HomeVisitCompleted.TOPIC, e.VisitReportSubmitted.TOPIC})
_PLANS = frozenset({e.SupportPlanFormulated.TOPIC, e.SupportPlanApproved.TOPIC, e.SupportCommenced.TOPIC})
_BRING_PLAN = _PLANS | {e.DisclosureMade.TOPIC, e.DisclosureHeld.TOPIC}
_OF_REGISTERED = frozenset(row["code"] for row in BASES if "REGISTERED" in row["needs"])


def decides_plan(message: Message) -> bool:
    """Whether this message decides the plan of the support, or of a new phase of it."""
    return message["act"] in _PLANS and bool(message.get("fields", {}).get("plan"))


def plans_in_force(messages: Sequence[Message], agency: str) -> list[Message]:
    """The messages that brought this agency the plan that is in force, newest first: what decided it or a new phase of it,
    the proposal that was approved, and what told this agency of it since. None of before the support was resumed.

    ``messages``: of the case, oldest first. Basis: guideline 4(1), 6(4)[1].
    """
    resumed = _after_last(messages, lambda m: m["act"] == e.CaseReopened.TOPIC)
    support = messages[resumed:]
    decided = max(_after_last(support, decides_plan) - 1, 0)
    approved = {
        m.get("fields", {}).get("approves")
        for m in support[decided:]
        if m["act"] == e.SupportPlanApproved.TOPIC
    }
    bringing = [
        m
        for n, m in enumerate(support)
        if m["message"] in approved or (n >= decided and m["act"] in _BRING_PLAN)
    ]
    return [m for m in reversed(bringing) if _reached_with_plan(m, agency)]


def _after_last(messages: Sequence[Message], is_one: Callable[[Message], bool]) -> int:
    return max((n + 1 for n, m in enumerate(messages) if is_one(m)), default=0)


def _reached_with_plan(message: Message, agency: str) -> bool:
    has_plan = any(i["section"] == Section.PLAN for i in message.get("items", ()))
    is_party = agency in (message["by"], *message.get("to", ())) and agency not in message.get("held", ())
    return has_plan and is_party


def is_registered(messages: Iterable[Message]) -> bool:
    """Whether a network has registered the case and not taken it off, as far as these messages know, oldest first.

    Who was not informed of the registration itself knows of it by whatever came on a basis that only it gives: such as a
    question by the network, which is answered on the same law. Basis: CWA 25-3(2).
    """
    registered = False
    for m in messages:
        if m["act"] == e.NetworkCaseDeregistered.TOPIC:
            registered = False
        elif m["act"] == e.NetworkCaseRegistered.TOPIC or not _OF_REGISTERED.isdisjoint(
            m.get("basis", {}).values()
        ):
            registered = True
    return registered


def case_state(messages: Iterable[Message], agency: str, now: datetime) -> CaseState:
    """``messages``: of the case, oldest first; ``agency``: this one."""
    known = [m for m in messages if "fields" in m]
    planned = sorted(planned_visits(known), key=lambda m: str(m["fields"]["planned_on"]))
    return CaseState(
        plan=_plan(known),
        next_visit=planned[0] if planned else None,
        last_visit_at=max((m["at"] for m in known if m["act"] in _VISITS), default=""),
        visitors=tuple(_visitors(known)),
        consents=tuple(_consents(known, now)),
        informed=tuple(_informed(known, agency)),
        is_registered=is_registered(known),
    )


def _plan(messages: Sequence[Message]) -> CurrentPlan | None:
    """The plan that was decided last, with its last day as it was postponed since."""
    current: CurrentPlan | None = None
    for m in messages:
        fields = m["fields"]
        if m["act"] == e.CaseReopened.TOPIC:
            current = None
        elif decides_plan(m):
            plan = fields["plan"]
            current = CurrentPlan(
                message=m["message"],
                begins_on=plan["plan_from"],
                ends_on=plan["plan_until"] or "",
                review_on=plan["review_due_on"] or "",
                visits_per_week=plan["visits_per_week"],
            )
        elif m["act"] == e.PlanExtended.TOPIC and current is not None:
            current = CurrentPlan(
                current.message,
                current.begins_on,
                fields["plan_until"],
                current.review_on,
                current.visits_per_week,
            )
    return current


def _visitors(messages: Sequence[Message]) -> list[tuple[str, str]]:
    visitors: dict[tuple[str, str], None] = {}
    for m in messages:
        if m["act"] == e.SupportWorkerAssigned.TOPIC:
            visitors[m["fields"]["agency"], m["fields"]["worker"]] = None
        elif m["act"] == e.SupportWorkerUnassigned.TOPIC:
            visitors.pop((m["fields"]["agency"], m["fields"]["worker"]), None)
        elif m["act"] == e.SupportClosed.TOPIC:
            visitors.clear()
    return list(visitors)


def _consents(messages: Sequence[Message], now: datetime) -> Iterator[ConsentInForce]:
    withdrawn = {c for m in messages if m["act"] == e.ConsentWithdrawn.TOPIC for c in m.get("consent", ())}
    for m in messages:
        if m["act"] != e.ConsentGiven.TOPIC:
            continue
        expires_at = m["fields"]["expires_at"]
        if expires_at is not None and parse_time_text(expires_at) <= now:
            continue
        for row in m["fields"]["scope"]:
            if row["consent"] not in withdrawn:
                yield ConsentInForce(m["message"], row["recipient"], tuple(row["sections"]), expires_at)


def _informed(messages: Sequence[Message], agency: str) -> Iterator[Informed]:
    """Whom messages of this case brought what, as far as this agency knows of them; what is held has told nobody."""
    sections_of: dict[str, dict[str, str]] = {}
    for m in messages:
        sections = {i["section"] for i in m.get("items", ()) if i["section"] not in AUTHOR_ONLY}
        for to in {m["by"], *m.get("to", ())} - set(m.get("held", ())) - {agency}:
            sections_of.setdefault(to, {}).update(dict.fromkeys(sections, m["at"]))
    for other, times in sorted(sections_of.items()):
        if times:
            yield Informed(other, tuple(sorted(times.items())))
