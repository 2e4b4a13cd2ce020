"""Children and parents of a family, whom nobody can locate, whom somebody may not meet, and cases of one family.

Source: CAPA 4(5), 8, 12, 12-4, 13-2; CWA 33; ``docs/decisions`` 0036 and 0037; the days are those of the rule book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from tests.models import acts
from tests.models.acts import Checks, acted, family_signals, referral_clocks
from tests.models.clocks import Clock, running
from tests.models.law import DAY, HOUR, SPEAKS_OF_CHILDREN, Answer, day_of, months_after, start_of_day
from tests.models.visitors import child_away, child_home, visitor_assigned, visits

if TYPE_CHECKING:
    from datetime import datetime

    from tests.models.model import Message, Model, Step

OFFICES = ("CORE", "COORD", "CGC")
MEASURES = ("TEMPORARY_PROTECTION", "INSTITUTION")
"""CAPA 13-2: places from which a child comes home after a measure of the child guidance centre."""
WHERE_NO_CHILD_LIVES = frozenset(
    {
        *(
            "SupportClosed",
            "ReferralAcknowledged",
            "ReferralRead",
            "ReferralOutcomeReported",
            "DisclosureRead",
        ),
        *("ConsentWithdrawn", "RetentionPolicyAssigned", "LegalHoldPlaced", "LegalHoldLifted"),
        *("AuditContentAccessRequested", "AuditContentAccessGranted", "BreachDetected", "ParentDied"),
    }
)


def names_children(model: Model, step: Step) -> Iterator[tuple[Answer, str]]:
    """Of a child that has died, or of whom nobody knows who it is, the text says little."""
    if model.dead and not model.living and step.event not in WHERE_NO_CHILD_LIVES:
        yield None, "where no child lives"
    if step.event not in SPEAKS_OF_CHILDREN:
        return
    named = step.details.get("children") or ()
    if any(model.canonical(c) in model.dead for c in named):
        yield None, "a child that has died"
    if "UNKNOWN" in named and step.event != "AbuseNotificationReceived":
        yield None, "an unknown child"


# --- what must be before ------------------------------------------------------------------------------------------


def _named(model: Model, step: Step) -> list[str]:
    return [model.canonical(c) for c in step.details.get("children") or model.living]


def _placing(model: Model, step: Step) -> Checks:
    yield from acts._has_part(model, step)
    yield (None if any(c in model.placed for c in _named(model, step)) else True), "it is at home"


def _returning(model: Model, step: Step) -> Checks:
    yield from acts._has_part(model, step)
    yield (True if all(c in model.placed for c in _named(model, step)) else None), "it is away"


def _joining(model: Model, step: Step) -> Checks:
    yield from acts._core_only(model, step)
    named = step.details.get("children") or ()
    known = all(c in model.family and c not in model.same for c in named)
    yield (True if len(named) == 2 and known else None), "two references that are known"
    yield (None if any(c in model.placed for c in named) or model.joined else True), "where both are"


def _separating(model: Model, step: Step) -> Checks:
    yield from acts._core_only(model, step)
    m = model.messages.get(step.details["answers"])
    holds = m is not None and m.event == "ChildrenJoined" and bool(model.same)
    yield (True if holds and step.details.get("reason") else None), "a join that holds"
    both = {*model.same, *model.same.values()}
    yield (None if both & ({*model.placed} | model.dead) or model.joined else True), "where both are"


def _identifying(model: Model, step: Step) -> Checks:
    yield from acts._core_only(model, step)
    m = model.messages.get(step.details["answers"])
    yield (True if m is not None and "UNKNOWN" in m.children else None), "a message of an unknown child"
    yield (None if m is not None and ("identified", m.n, "") in model.done else True), "once"
    named = step.details.get("children") or ()
    yield (True if len(named) == 1 and all(c in model.living for c in named) else None), "a known child"


def _death(model: Model, step: Step) -> Checks:
    yield from acts._has_part(model, step)
    yield bool(step.details.get("children")), "CAPA 4(5): who died is named"
    yield (None if model.kin else True), "0036: whether a death counts in a joined case"


def _lost(model: Model, step: Step) -> Checks:
    yield acts._role(model, step) in OFFICES, "CAPA 8: the municipality or the child guidance centre"
    yield from acts._has_part(model, step)
    yield (None if model.transfers or model.searches else True), "one search at a time"


def _searching(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    if m is None or m.event != "WhereaboutsLost" or not model.searches.get(m.n):
        yield None, "no search under way"
        return
    yield acts._role(model, step) in OFFICES, "CAPA 8: the municipality or the child guidance centre"
    yield step.by in (m.by, *m.to), "own rule: who searches"


def _ban(model: Model, step: Step) -> Checks:
    yield acts._role(model, step) == "CGC", "CAPA 12: the child guidance centre"
    yield from acts._has_part(model, step)


def _lifting(model: Model, step: Step) -> Checks:
    m = model.messages.get(step.details["answers"])
    if m is None or m.n not in model.bans:
        yield None, "a restriction in force"
        return
    yield step.by == m.by, "CAPA 12: the centre that imposed it"


def _cases(model: Model, step: Step) -> Checks:
    yield from acts._core_only(model, step)
    other = model.kin.get(step.details["other"])
    ready = other is not None and other.last_message is not None and other.closed_at is None
    yield (True if ready and not model.joined and not model.handed else None), "two cases of its own"
    yield (None if model.transfers or model.same or model.separated else True), "no hand-over"


def _splitting(model: Model, step: Step) -> Checks:
    yield from acts._core_only(model, step)
    yield (True if model.joined is not None and step.details.get("reason") else None), "joined cases"


def _assigning(model: Model, step: Step) -> Checks:
    yield from acts._core_only(model, step)
    c = model.contractors.get(step.details["agency"])
    free = c is not None and not c.assigned and not c.suspended and step.at > c.since
    yield (True if free and c is not None and c.until is None else None), "nobody is assigned"
    own = any(m.event == "HomeVisitCompleted" for m in model.messages.values())
    yield (None if model.handed or model.reopened_at or own else True), "its own contractor"


def _longer_stay(model: Model, step: Step) -> Checks:
    yield from acts._stay_end(model, step)
    yield (True if "returns_on" in step.details else None), "a later day"


PRECONDITIONS: Mapping[str, Callable[[Model, Step], Checks]] = {
    "ChildPlaced": _placing,
    "ChildReturned": _returning,
    "ChildrenJoined": _joining,
    "ChildrenSeparated": _separating,
    "UnknownChildIdentified": _identifying,
    "ChildDied": _death,
    "ParentDied": acts._has_part,
    "WhereaboutsLost": _lost,
    "SearchStepRecorded": _searching,
    "WhereaboutsEstablished": _searching,
    "ContactForbidden": _ban,
    "ContactBanLifted": _lifting,
    "CasesJoined": _cases,
    "CaseSplit": _splitting,
    "StayExtended": _longer_stay,
    "SupportWorkerAssigned": _assigning,
}


# --- what follows ---------------------------------------------------------------------------------------------------


def _placed(model: Model, step: Step, m: Message) -> None:
    for child in m.children:
        model.placed[child] = step.details["place"]
        child_away(model, child, step.at)
    if all(c in model.placed for c in model.living):
        model.away.append((step.at, None))


def _returned(model: Model, step: Step, m: Message) -> None:
    """CAPA 13-2: after a measure the child's safety is checked; 48 h by local policy."""
    for child in sorted(m.children):
        model.placed.pop(child, None)
        child_home(model, child, step.at)
        if step.details["returned_from"] in MEASURES:
            since = start_of_day(day_of(step.at))
            model.start(
                Clock(
                    "SAFETY",
                    "SafetyCheckOverdueAlarmRaised",
                    step.at,
                    since + 48 * HOUR,
                    "CAPA 13-2",
                    m.n,
                    child=child,
                    within=step.at
                    - since,  # the return has a day, no hour, and had been when it was recorded
                )
            )
    if model.away and model.away[-1][1] is None:
        model.away[-1] = (model.away[-1][0], step.at)


def _children_joined(model: Model, step: Step, m: Message) -> None:
    """0037: the first reference stands for both; what was raised under one is not raised again under the other."""
    first, second = sorted(step.details["children"], key=model.family.index)
    model.same[second] = model.once_same[second] = first
    seen = {c: model.last_seen.get(c) for c in (first, second)}
    later = seen[second] is not None and (seen[first] is None or seen[first] < seen[second])  # type: ignore[operator]
    for c in running(model.clocks, "CONTACT", "CONTACT_VISITOR"):
        if c.child == (first if later else second):
            c.doubt(step.at)
    for c in model.clocks:
        if c.child == second:
            c.child, c.named = first, second
    for message in model.messages.values():
        if second in message.children:
            message.later_named |= {first}
    if later:
        model.last_seen[first] = seen[second]  # type: ignore[assignment]


def _children_separated(model: Model, step: Step, m: Message) -> None:
    """0037: as if the join had never been. What was sighted meanwhile by who had one name for both counts for neither; what
    runs goes on for each. Sure is only: whose check had ended by such a sighting, waits for it again."""
    join = model.messages[step.details["answers"]]
    [(second, first)] = model.same.items()
    model.same, model.separated = {}, True
    for child in (first, second):
        model.last_seen.pop(child, None)
        _may_be_missed(model, child, step.at)
    for c in [x for x in model.clocks if x.kind in ("SAFETY", "SEARCH") and x.child == first]:
        own, again = c.named or first, c.runs
        ended = c.stopped_at
        if c.start < join.at and ended is not None and ended >= join.at:
            again = True
            sure = c.kind == "SAFETY" and c.stopped_by == model.core and ended < c.due
            model.start(_goes_on(c, own, step.at, sure=sure and c.unsure_from is None))
        if again or c.start >= join.at:
            for child in (first, second):
                model.start(_goes_on(c, child, step.at, sure=False))
        if c.runs:
            c.child = own
            if c.start >= join.at:
                c.doubt(step.at)


def _goes_on(c: Clock, child: str, at: datetime, *, sure: bool) -> Clock:
    late = max(at - c.due, 0 * DAY)
    unsure = None if sure else at
    return Clock(
        c.kind,
        c.alarm,
        at,
        c.due,
        "0037 (separated)",
        c.about,
        c.who,
        child=child,
        within=late + c.within + HOUR,
        unsure_from=unsure,
    )


def _may_be_missed(model: Model, child: str, at: datetime) -> None:
    """From its last sighting by its own name on."""
    for c in running(model.clocks, "CONTACT", "CONTACT_VISITOR"):
        if c.child == child:
            c.stop(at)
    for kind, who in (
        ("CONTACT", model.core),
        *(("CONTACT_VISITOR", c) for c in model.contractors if visits(model, c)),
    ):
        model.start(
            Clock(
                kind,
                "ContactGapAlarmRaised",
                at,
                at - 400 * DAY,
                "0037 (separated)",
                who=who,
                child=child,
                within=431 * DAY,
                unsure_from=at,
            )
        )


def _protected(model: Model, step: Step, m: Message) -> None:
    """0033: until the last day of all who registered one; asked for a month before."""
    until = step.details.get("until")
    day = date.fromisoformat(until) if until else None
    known = model.protections
    if None in known or (day is not None and any(d is not None and d >= day for d in known)):
        known.append(day)
        return
    known.append(day)
    for c in running(model.clocks, "PROTECTION_END"):
        c.stop(step.at)
    if day is not None:
        due = start_of_day(day - 30 * DAY)
        clock = Clock(
            "PROTECTION_END",
            "AddressProtectionEndsAlarmRaised",
            step.at,
            due,
            "APPI 69(2); 0033",
            who=m.by,
            within=DAY,
        )
        if due <= step.at or model.closed_at is not None:
            clock.doubt(step.at)
        model.start(clock)


def _identified(model: Model, step: Step, m: Message) -> None:
    """It is known of which child the message spoke: its clock counts, from the same moment."""
    n = step.details["answers"]
    [child] = step.details["children"]
    model.done.add(("identified", n, ""))
    model.messages[n].later_named |= {child}
    for c in running(model.clocks, "SAFETY"):
        if c.about == n and c.child == "UNKNOWN" and c.due > step.at:  # else it was raised already
            c.child = child
            seen = model.last_seen.get(child)
            if seen is not None and seen >= c.start:
                c.doubt(step.at)  # it was seen since


def _died(model: Model, step: Step, m: Message) -> None:
    """Nobody waits to see a child that has died."""
    model.dead |= set(m.children)
    for c in running(model.clocks, "CONTACT", "CONTACT_VISITOR"):
        if c.child in model.dead:
            c.stop(step.at)
    for c in running(model.clocks, "SAFETY", "SEARCH"):
        if c.child in model.dead or c.child in (None, "UNKNOWN"):
            c.doubt(step.at)
    if not model.living:
        model.away.append((step.at, None))
        model.doubt(step.at, "REVIEW", "PLAN_OVER", "PLAN_ENDING", "REPLACEMENT", "SIGNALS", "VISIT_REPORT")
        model.doubt(step.at, "BUNDLE", "SPECIALIST", "ACT", "CGC_ANSWER", "TRANSFER_BEGIN", "STAY", "SILENCE")


def _search_begins(model: Model, step: Step, m: Message) -> None:
    referral_clocks(model, m)
    acted(model, step, m)
    model.searches[m.n] = set(m.children)
    _stands_still(model, step, m.n, m.by)


def _stands_still(model: Model, step: Step, n: int, who: str) -> None:
    """Own rule: a search that stands still for a fortnight; child by child, until it is located."""
    for child in sorted(model.searches[n]):
        model.start(
            Clock(
                "SEARCH",
                "SearchStalledAlarmRaised",
                step.at,
                step.at + 14 * DAY,
                "CAPA 8; own rule (search)",
                n,
                who,
                child=child,
                within=DAY,
            )
        )


def _search_step(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    acted(model, step, m)
    model.stop("SEARCH", step.at, n)
    _stands_still(model, step, n, model.messages[n].by)


def _located(model: Model, step: Step, m: Message) -> None:
    """Only who was seen is safe; who was located is searched for no more."""
    n = step.details["answers"]
    acted(model, step, m)
    for c in running(model.clocks, "SEARCH"):
        if c.about == n and (c.child in m.children or not step.details.get("children")):
            c.stop(step.at)
    model.searches[n] -= set(m.children)
    if not model.searches[n]:
        del model.searches[n]
    if step.details.get("located_by") == "SIGHTED":
        acts._sighted(model, step, m)


def _forbidden(model: Model, step: Step, m: Message) -> None:
    renews = step.details.get("renews")
    if renews is not None:
        model.bans.discard(renews)
        model.stop("BAN_END", step.at, renews)
    model.bans.add(m.n)
    day = date.fromisoformat(step.details["until"])
    due = start_of_day(day - 7 * DAY)
    model.start(
        Clock("BAN_END", "ContactBanEndsAlarmRaised", step.at, due, "CAPA 12, 12-4", m.n, m.by, within=DAY)
    )


def _lifted(model: Model, step: Step, m: Message) -> None:
    n = step.details["answers"]
    model.bans.discard(n)
    model.stop("BAN_END", step.at, n)


def _cases_joined(model: Model, step: Step, m: Message) -> None:
    """0036: weak signals, sightings and registration count in each; rights stay as they are in each."""
    other = model.kin[step.details["other"]]
    model.joined, other.joined = other, model
    for one, two in ((model, other), (other, model)):
        for child in one.living:
            _seen_there(one, child, two.last_seen.get(child), step.at)
    signals, _ = family_signals(model)
    for one in (model, other):
        for c in running(one.clocks, "SIGNALS"):
            c.doubt(step.at)
        gathered = [s for s in signals if months_after(day_of(s), 6) >= day_of(step.at)]
        if len(gathered) >= 3:
            one.start(
                Clock(
                    "SIGNALS",
                    "SignalsGatheredAlarmRaised",
                    step.at,
                    gathered[0],
                    "F14",
                    within=step.at - gathered[0] + HOUR,
                    unsure_from=step.at,
                )
            )


def _seen_there(one: Model, child: str, seen: datetime | None, at: datetime) -> None:
    """What was seen in the other case before they were joined is known here from now on."""
    if seen is None:
        return
    for c in running(one.clocks, "CONTACT", "CONTACT_VISITOR", "SAFETY"):
        if c.child == child and c.start <= seen:
            c.doubt(at)
            if c.kind != "SAFETY":
                one.start(
                    Clock(
                        c.kind,
                        c.alarm,
                        at,
                        seen + 30 * DAY,
                        c.rule,
                        who=c.who,
                        child=child,
                        within=max(at - seen - 30 * DAY, 0 * DAY) + DAY,
                        unsure_from=at,
                    )
                )


def _cases_split(model: Model, step: Step, m: Message) -> None:
    """Sightings stay what they were."""
    other = model.joined
    assert other is not None
    model.joined = other.joined = None
    for one in (model, other):
        for c in running(one.clocks, "SIGNALS"):
            c.doubt(step.at)


def _assigned(model: Model, step: Step, m: Message) -> None:
    """4(1): another visitor. What that one may open of what the first was given, V6–V8 do not say."""
    model.contractors[step.details["agency"]].unsure = True
    model.contractors[step.details["agency"]].assigned = True
    visitor_assigned(model, step.details["agency"], step.at)


def _stay_longer(model: Model, step: Step, m: Message) -> None:
    from tests.models.law import end_of_day

    model.stop("STAY", step.at, None)
    due = end_of_day(date.fromisoformat(step.details["returns_on"]))
    model.start(
        Clock("STAY", "StayOverdueAlarmRaised", step.at, due, "V11: ends with the return", within=DAY)
    )


EFFECTS: Mapping[str, Callable[..., None]] = {
    "ChildPlaced": _placed,
    "ChildReturned": _returned,
    "ChildrenJoined": _children_joined,
    "ChildrenSeparated": _children_separated,
    "UnknownChildIdentified": _identified,
    "ChildDied": _died,
    "WhereaboutsLost": _search_begins,
    "SearchStepRecorded": _search_step,
    "WhereaboutsEstablished": _located,
    "ContactForbidden": _forbidden,
    "ContactBanLifted": _lifted,
    "CasesJoined": _cases_joined,
    "CaseSplit": _cases_split,
    "StayExtended": _stay_longer,
    "SupportWorkerAssigned": _assigned,
    "ProtectedAddressRegistered": _protected,
}
