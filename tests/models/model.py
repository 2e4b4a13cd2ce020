"""What the text says of a story: which acts are refused or held, who may open what, which alarms are raised.

Written from ``domain.md`` (edition 2), the guideline and the law, not from the rules' code. Each rule names its source.
What the text leaves open is ``OPEN``: nothing is asserted of it, and a generated story has no such act.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.models import acts, exceptions, household, law, visitors
from tests.models.clocks import Clock, running
from tests.models.law import (
    DAY,
    HOUR,
    Answer,
    Party,
    Transfer,
    day_of,
    months_after,
    start_of_day,
)

RECORDED, REFUSED, HELD, OPEN = "RECORDED", "REFUSED", "HELD", "OPEN"
CASE_WIDE = (
    *(
        "CONTACT",
        "CONTACT_VISITOR",
        "SILENCE",
        "REVIEW",
        "PLAN_OVER",
        "PLAN_ENDING",
        "VISIT_GAP",
        "REPLACEMENT",
    ),
)
PRECONDITIONS: Mapping[str, Any] = {
    **acts.PRECONDITIONS,
    **household.PRECONDITIONS,
    **exceptions.PRECONDITIONS,
}
EFFECTS: Mapping[str, Any] = {**acts.EFFECTS, **household.EFFECTS, **exceptions.EFFECTS}
NO_CASE = frozenset(
    {
        *("TrainingModuleCompleted", "OathSigned", "ContractorReinstated", "TrainingLapsed", "OathLapsed"),
        *(
            "NetworkMemberWithdrawn",
            "NetworkMemberAdmitted",
            "SupportWorkerLeft",
            "AuditContentAccessRequested",
        ),
    }
)
"""Acts about a commission or a network: no message of the case."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of an act, and by which rule."""

    kind: str
    rule: str
    held: frozenset[str] = frozenset()


@dataclass
class Message:
    """One message of the case as recorded."""

    n: int
    at: datetime
    by: str
    to: tuple[str, ...]
    event: str
    sections: tuple[str, ...]
    basis: Mapping[str, str]
    consent: tuple[str, ...]
    details: Mapping[str, Any]
    children: frozenset[str]
    later_named: set[str] = field(default_factory=set)
    """Children of whom it came to be known later that it speaks of them."""
    held: set[str] = field(default_factory=set)
    released: dict[str, datetime] = field(default_factory=dict)
    """For whom it waited, and when it no longer did."""
    core: str = ""
    """The core agency that was responsible."""
    commissioned: frozenset[str] = frozenset()
    """Which of its parties were this case's contractor."""


@dataclass
class Consent:
    rows: list[Mapping[str, Any]]
    capacity: str
    given_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def covers(self, by: str, to: str, sections: Iterable[str], at: datetime) -> bool:
        if self.withdrawn_at is not None or (self.expires_at is not None and self.expires_at <= at):
            return False
        return any(
            row["sender"] == by and row["recipient"] == to and set(sections) <= set(row["sections"])
            for row in self.rows
        )


@dataclass
class Contractor:
    since: datetime
    until: datetime | None
    town: str
    core: str
    gaps: set[str] = field(default_factory=set)
    suspended: bool = False
    assigned: bool = False
    unsure: bool = False


@dataclass
class Stay:
    """Some of the family stay in another town for a while (里帰り)."""

    n: int
    town: str
    children: frozenset[str]
    start: datetime
    ended_at: datetime | None = None


@dataclass
class Emergency:
    """An emergency access: who asked, who approved, when it opened. Two approve, one of another agency; after a quarter
    of an hour two others of the agency that asks suffice (APPI 69(2)4; own rule)."""

    n: int
    reader: str
    sections: frozenset[str]
    asked_at: datetime
    person: str
    approvals: dict[str, str] = field(default_factory=dict)
    """Person and agency."""
    opened_at: datetime | None = None
    unilateral: bool = False
    reviewed_at: datetime | None = None


@dataclass
class Audit:
    """What the audit office asked to open, until when, and which officials approved it."""

    items: frozenset[tuple[int, str]]
    until: date
    officials: set[str] = field(default_factory=set)


@dataclass
class Step:
    """One step of a story, read."""

    n: int
    at: datetime
    by: str
    to: tuple[str, ...]
    event: str
    sections: tuple[str, ...]
    basis: Any
    consent: tuple[str, ...]
    details: Mapping[str, Any]
    releases: int | None
    family: str | None = None

    def basis_for(self, to: str) -> str | None:
        return self.basis.get(to) if isinstance(self.basis, Mapping) else self.basis


def step_of(raw: Mapping[str, Any]) -> Step:
    """A raw step; what a refusal tried stands as if it were tried."""
    tried = raw.get("tried") or {}
    merged = {**raw, **tried}
    merged["from"] = tried.get("from", raw["from"])
    consent = merged.get("consent") or ()
    event = "DisclosureMade" if merged["event"] == "DisclosureHeld" else merged["event"]
    return Step(
        n=raw["n"],
        at=datetime.fromisoformat(raw["at"]),
        by=merged["from"],
        to=tuple(merged.get("to") or ()),
        event=event,
        sections=tuple(merged.get("sections") or ()),
        basis=merged.get("basis"),
        consent=(consent,) if isinstance(consent, str) else tuple(consent),
        details=merged.get("details") or {},
        releases=merged.get("releases"),
        family=merged.get("family"),
    )


class Model:
    """One case of one story. ``flip`` names a rule that is turned round on purpose: the comparison must notice.

    ``label``: None for the story's own case, else that of a second case (``kin``), which no contractor visits. Cases that
    were joined share sightings, signals and registration (``joined``).
    """

    def __init__(self, story: Mapping[str, Any], flip: str | None = None, label: str | None = None) -> None:
        self.flip = flip
        self.story = story
        self.label = label
        self.kin: dict[str, Model] = {}
        self.joined: Model | None = None
        self.same: dict[str, str] = {}
        """A reference of a child, and the one that stands for both since they were joined."""
        self.once_same: dict[str, str] = {}
        """As ``same``, also where they were taken apart again: alarms of that time name either."""
        self.separated = False
        self.protections: list[date | None] = []
        """The last days of protections of an address, None for one without."""
        self.placed: dict[str, str] = {}
        """A child that is not at home, and where it is."""
        self.away: list[tuple[datetime, datetime | None]] = []
        """When no child was at home, or perhaps none."""
        self.dead: set[str] = set()
        self.searches: dict[int, set[str]] = {}
        self.bans: set[int] = set()
        self.emergencies: dict[int, Emergency] = {}
        self.audits: dict[int, Audit] = {}
        self.kept: list[tuple[datetime, date | None]] = []
        """When it was decided how long the records are kept, and until when."""
        self.appraised_at: datetime | None = None
        self.holds: dict[int, datetime | None] = {}
        """Legal holds, and when each was lifted."""
        self.own_visitor = False
        self.reports: dict[tuple[str, datetime], int] = {}
        self.quiet: Counter[str] = Counter()
        """By kind, how often what would raise an alarm at once was in order."""
        self.agencies: dict[str, Party] = {}
        towns = {c.split("-")[0] for c, a in story["agencies"].items() if a["role"] in ("CORE", "COORD")}
        for code, a in story["agencies"].items():
            if code in ("EXT-PERSON", "HUB"):
                continue
            body = a.get("body") or BODY[a["role"]]
            town = code.split("-")[0]
            self.agencies[code] = Party(
                code,
                a["role"],
                body,
                town if town in towns and body == "MUNICIPALITY" else None,
                a["network_member"],
            )
        self.core: str = story["setup"]["core"]
        self.home = self.core
        self.coords = {c.split("-")[0]: c for c, p in self.agencies.items() if p.role == "COORD"}
        self.family: tuple[str, ...] = () if label else tuple(story.get("children", ("A",)))
        self.messages: dict[int, Message] = {}
        self.registered: dict[str, bool] = {}
        self.consents: dict[str, Consent] = {}
        self.clocks: list[Clock] = []
        self.contractors = {
            code: Contractor(
                datetime.fromisoformat(c["from"]),
                datetime.fromisoformat(c["until"]) if c.get("until") else None,
                self.core.split("-")[0],
                self.core,
            )
            for code, c in story["setup"]["contractors"].items()
        }
        self.informed: set[str] = set()
        self.last_seen: dict[str, datetime] = {}
        self.last_message: datetime | None = None
        self.assessed = self.eligible = self.planned = self.supported = False
        self.consulted: frozenset[str] | None = None
        self.evaluation: tuple[bool, bool] | None = None
        self.early = self.handed = False
        self.closed_at: datetime | None = None
        self.reopened_at: datetime | None = None
        self.support_type: str | None = None
        self.plan: Mapping[str, Any] = {}
        self.visits: list[datetime] = []
        self.visitors: set[str] = set()
        self.involved: set[str] = set()
        self.transfers: dict[int, str] = {}
        self.confirmed_seen = False
        self.done: set[tuple[str, int, str]] = set()
        self.stay: Stay | None = None
        self.weeks: list[list[Any]] = []
        """Periods of the short type: from, until, visits a week, end of the plan."""
        self.acknowledged, self.read = (
            {
                (int(raw["details"]["answers"]), raw["from"])
                for raw in story["timeline"]
                if raw["event"] == event and "tried" not in raw
            }
            for event in ("ReferralAcknowledged", "ReferralRead")
        )
        self.weak_signals: list[datetime] = []
        self.assessed_signals = 0
        self.notifications: list[datetime] = []
        self.moments = (
            []
            if label
            else sorted(
                (at, code, what)
                for code, c in self.contractors.items()
                for at, what in ((c.since, "assign"), (c.until, "unassign"))
                if at is not None
            )
        )

    # --- the course of time -----------------------------------------------------------------------------------

    def pass_time(self, at: datetime) -> None:
        """What comes by the clock until then: assignments of the story's setup."""
        while self.moments and self.moments[0][0] <= at:
            when, code, what = self.moments.pop(0)
            contractor = self.contractors[code]
            if what == "assign":
                contractor.assigned = True
                self._entry(when)
                visitors.visitor_assigned(self, code, when)
            elif self.closed_at is None and self.reopened_at is None and contractor.assigned:
                contractor.assigned = False
                self._entry(when)
                visitors.visitor_gone(self, code, when)

    @property
    def first_worker(self) -> str:
        """The contractor's visitor from the start: whom the story names first."""
        named = (
            raw["details"]["worker"]
            for raw in self.story["timeline"]
            if "worker" in raw.get("details", {}) and "tried" not in raw
        )
        return next(named, "W-S1")

    def play(self, steps: Iterable[Mapping[str, Any]]) -> dict[int, Outcome]:
        """The outcome of each step, in order; a step that is OPEN changes nothing."""
        outcomes = {}
        for raw in steps:
            step = step_of(raw)
            outcomes[step.n] = self.take(step)
        return outcomes

    def of(self, label: str | None) -> Model:
        """The model of this case."""
        if label == self.label:
            return self
        return self.kin.setdefault(str(label), Model(self.story, self.flip, str(label)))

    def every(self) -> list[Model]:
        """This case and the others of the story."""
        return [self, *self.kin.values()]

    @property
    def living(self) -> tuple[str, ...]:
        """The children whom the case knows, each once, that live."""
        return tuple(dict.fromkeys(c for c in map(self.canonical, self.family) if c not in self.dead))

    def canonical(self, child: str) -> str:
        """The reference that stands for this one."""
        return self.same.get(child, child)

    def take(self, step: Step) -> Outcome:
        if step.family != self.label:
            return self.of(step.family).take(step)
        self.pass_time(step.at)
        outcome = self.judge(step)
        if outcome.kind in (RECORDED, HELD):
            self._apply(step, outcome)
        return outcome

    # --- what becomes of an act ---------------------------------------------------------------------------------

    def judge(self, step: Step) -> Outcome:
        """Refused where the text says so; open where any part of it is open; held where an addressee is suspended."""
        if step.family != self.label:
            return self.of(step.family).judge(step)
        answers = [*self._preconditions(step), *self._matrix(step), *self._bases(step)]
        readiness, held = self._readiness(step)
        answers += readiness
        refusals = [rule for answer, rule in answers if answer is False]
        if refusals:
            return Outcome(REFUSED, refusals[0])
        opens = [rule for answer, rule in answers if answer is None]
        if opens:
            return Outcome(OPEN, opens[0])
        if held:
            return Outcome(HELD, "V7", frozenset(held))
        return Outcome(RECORDED, answers[-1][1] if answers else "§1.1")

    def author(self, step: Step) -> str:
        return step.to[0] if step.by == "EXT-PERSON" else step.by

    def others(self, step: Step) -> tuple[str, ...]:
        """Addressees that are not the author and have a door."""
        author = self.author(step)
        return tuple(c for c in step.to if c in self.agencies and c != author)

    def _preconditions(self, step: Step) -> list[tuple[Answer, str]]:
        rule = PRECONDITIONS.get(step.event)
        if rule is None:
            return [(None, f"{step.event}: not modelled")]
        answers = list(rule(self, step))
        if self.closed_at is not None and step.event not in AFTER_CLOSING:
            answers.append((None, "after closing"))
        answers += household.names_children(self, step)
        return answers

    def _matrix(self, step: Step) -> Iterator[tuple[Answer, str]]:
        """§3: N is never; V2: then the whole message is refused."""
        for code in self.others(step):
            role = self.agencies[code].role
            for section in step.sections:
                if section in law.NEVER.get(role, ()):
                    yield (self.flip == "matrix"), f"§3 N {role}/{section}"
                if role == "EXT" and section in ("CONF", "CLOSING"):
                    yield self._took_part(step, code), f"§3 EXT/{section}: members who took part"

    def _took_part(self, step: Step, code: str) -> Answer:
        """«CONF, CLOSING N, but D for members of the network who took part»: strangers never get them (issue: members get
        minutes and the closing talk)."""
        if not self.agencies[code].member:
            return False
        if step.event in ("ConferenceMinutesRecorded", "ClosingConsultationHeld"):
            return True
        return None

    def _bases(self, step: Step) -> Iterator[tuple[Answer, str]]:
        """§2: a basis for each addressee that sections go to."""
        if not step.sections or step.event in ("HeldDisclosureReleased", *NO_CASE):
            return
        author = self.agencies[self.author(step)]
        for code in self.others(step):
            basis = step.basis_for(code)
            if basis is None:
                yield False, "§2: a basis is required when sections go to another agency"
                continue
            party = self.agencies[code]
            answer = law.permits(basis, self._transfer(step, basis, author, party))
            yield (True if self.flip == "bases" and answer is False else answer), f"§2 {basis}"

    def _transfer(self, step: Step, basis: str, by: Party, to: Party) -> Transfer:
        request = self.messages.get(step.details.get("answers", -1))
        return Transfer(
            by=by,
            to=to,
            event=step.event,
            day=day_of(step.at),
            registered=self._registered_for(by, to, step),
            answers_request=request is not None
            and request.event == "InformationRequested"
            and request.by == to.code,
            consented=any(
                c in self.consents and self.consents[c].covers(by.code, to.code, step.sections, step.at)
                for c in step.consent
            ),
            commissioned=self._commissioned(by.code, to.code) or self._commissioned(to.code, by.code),
        )

    def _registered_for(self, by: Party, to: Party, step: Step) -> bool:
        """Registered with the network of the office that takes part; registration takes effect with its own message."""
        if step.event == "NetworkCaseRegistered":
            return True
        cases = [self, self.joined] if self.joined is not None else [self]
        return any(c.registered.get(t) for c in cases for t in self.networks(by) & self.networks(to))

    def networks(self, party: Party) -> frozenset[str]:
        """Whose network it belongs to: its own town's; a child guidance centre is in each, others in the story's."""
        if party.role == "CGC":
            return frozenset(self.coords)
        own = party.code.split("-")[0]
        return frozenset({own if own in self.coords else self.home.split("-")[0]})

    def _commissioned(self, core: str, contractor: str) -> bool:
        known = self.contractors.get(contractor)
        return known is not None and known.core == core

    def _readiness(self, step: Step) -> tuple[list[tuple[Answer, str]], set[str]]:
        """V6, V7: a contractor that was never ready, is unassigned or whose case is closed gets nothing; a suspended one
        later. A follow-on service and whoever merely notifies is no contractor here."""
        if step.event in ("FollowOnServiceArranged", "FollowOnServiceAccepted", "AbuseNotificationReceived"):
            return [], set()
        answers: list[tuple[Answer, str]] = []
        held: set[str] = set()
        author = self.author(step)
        if author in self.contractors and step.event not in ("SafetyConcernRaised", *NO_CASE):
            answers.append(self._may_write(self.contractors[author], step))
        if step.sections:
            for code in self.others(step):
                if code in self.contractors:
                    answer, rule, wait = self._may_receive(self.contractors[code], step)
                    answers.append((answer, rule))
                    if wait:
                        held.add(code)
        return answers, held

    def _may_write(self, c: Contractor, step: Step) -> tuple[Answer, str]:
        if not c.assigned or step.at < c.since:
            return (None, "V8: what an unassigned contractor writes")
        if c.suspended or c.unsure:
            return (None, "V7: what a suspended contractor writes")
        return True, "V6"

    def _may_receive(self, c: Contractor, step: Step) -> tuple[Answer, str, bool]:
        if c.unsure:
            return None, "V8: after reopening", False
        if step.at < c.since:
            return (None, "before the commission is complete", False)
        if not c.assigned or self.closed_at is not None:
            return False, "V7: unassigned or closed", False
        if c.suspended:
            return True, "V7", self.flip != "held"
        return True, "V6", False

    # --- views --------------------------------------------------------------------------------------------------

    def may_open(self, agency: str, n: int, section: str, at: datetime) -> tuple[Answer, str]:
        """Whether this agency opens this item at this moment, and the rule that says so."""
        answer, rule = self._may_open(agency, self.messages[n], section, at)
        if self.flip == rule and answer is not None:
            answer = not answer
        return answer, rule

    def _may_open(self, agency: str, m: Message, section: str, at: datetime) -> tuple[Answer, str]:
        if agency == "AUDITOR":
            return exceptions.audit_opens(self, m, section, at), "V10"
        if agency in m.commissioned:
            return self._contractor_opens(agency, m, section, at)
        if agency in self.contractors and m.event in ("AbuseNotificationReceived", "SafetyConcernRaised"):
            return None, "V6: what a contractor wrote as anybody"
        if agency == m.by:
            return True, "V1"
        if agency in m.to:
            return self._addressee_opens(agency, m, at)
        if section in ("NOTIFIER", "ADDR"):
            return False, "V5"
        if self._was_guest(agency, at):
            return None, "V11: a registration of the town of stay after the return"
        standing = self._stands(agency, m, section, at)
        if standing is not None and standing[0] is not False:
            return standing
        emergency = exceptions.emergency_opens(self, agency, m, section, at)
        if emergency is not None:
            return emergency
        return self._guest(agency, m, section, at) or standing or (False, "V3")

    def _was_guest(self, agency: str, at: datetime) -> bool:
        stay = self.stay
        ended = stay is not None and stay.ended_at is not None and stay.ended_at <= at
        party = self.agencies[agency]
        return (
            ended
            and stay is not None
            and party.role == "COORD"
            and party.town == stay.town
            and bool(self.registered.get(stay.town))
        )

    def _guest(self, agency: str, m: Message, section: str, at: datetime) -> tuple[Answer, str] | None:
        """V11: BASIC, PLAN and RISK of the children who stay, from its start; after the return nothing but their own."""
        stay, party = self.stay, self.agencies[agency]
        if stay is None or party.town != stay.town or party.role not in ("CORE", "COORD"):
            return None
        if section not in law.STAY or not self.in_file(self.home, m):
            return False, "V11 section"
        if stay.ended_at is not None and stay.ended_at <= at:
            return False, "V11 after the return"
        if self.closed_at is not None or self.reopened_at is not None:
            return None, "V11: whether the stay goes on after the home town's closing"
        if m.later_named & stay.children:
            return None, "V11: a child that it named otherwise"
        if not m.children & stay.children:
            return False, "V11 other child"
        if m.at < stay.start or m.by != self.home or m.event in law.OUTGOING:
            return None, "V11: earlier entries, copies, and what others wrote"
        if any(b in law.CONSENT_BASES for b in m.basis.values()):
            return None, "V11: on consent"
        return True, "V11"

    def _contractor_opens(self, agency: str, m: Message, section: str, at: datetime) -> tuple[Answer, str]:
        """V6–V8, before V1–V4."""
        c = self.contractors[agency]
        if c.unsure:
            return None, "V8: after reopening"
        if not c.assigned or self.closed_at is not None:
            return False, "V8"
        if c.suspended:
            return False, "V6"
        if agency == m.by:
            return True, "V1"
        return self._addressee_opens(agency, m, at)

    def _addressee_opens(self, agency: str, m: Message, at: datetime) -> tuple[Answer, str]:
        if agency in m.held:
            return False, "V7"
        if m.basis.get(agency) in law.CONSENT_BASES:
            if any(self._gone(c, at) for c in m.consent):
                return False, "V9"
            if any(self.consents[c].expires_at is not None for c in m.consent if c in self.consents):
                return None, "V9: expiry"
        if self._stay_over(agency, m):
            return None, "V11: addressed during the stay"
        return True, "V2"

    def _gone(self, consent: str, at: datetime) -> bool:
        known = self.consents.get(consent)
        return known is not None and known.withdrawn_at is not None and known.withdrawn_at <= at

    def _stay_over(self, agency: str, m: Message) -> bool:
        """«After the return nothing but their own»: whether what was addressed to them during the stay stays open."""
        stay, party = self.stay, self.agencies[agency]
        return stay is not None and stay.ended_at is not None and party.town == stay.town

    def _stands(self, agency: str, m: Message, section: str, at: datetime) -> tuple[Answer, str] | None:
        """V3, V4: who reads without being addressed. None: no standing reader."""
        cores = {c for c, p in self.agencies.items() if p.role == "CORE"}
        if agency in cores:
            if m.by not in self.contractors or self.contractors[m.by].core != agency:
                return None
            return (
                (True, "V3") if m.by in m.commissioned else (None, "V3: what its contractor wrote as anybody")
            )
        party = self.agencies[agency]
        if party.role != "COORD":
            return None
        core = next((c for c in cores if self.agencies[c].town == party.town), None)
        if core is None or not self.in_file(core, m):
            return None
        if section not in law.STANDING:
            return False, "V4 section"
        if m.event in law.OUTGOING:
            return False, "V4 copy"
        if not self.registered.get(party.town or ""):
            return False, "V4 unregistered"
        if m.by == core or m.by in m.commissioned:
            consented = any(b in law.CONSENT_BASES for b in m.basis.values()) and any(
                self._gone(c, at) for c in m.consent
            )
            return (None, "V9: the author's own file") if consented else (True, "V4")
        answer, rule = self._addressee_opens(core, m, at)
        return (answer, "V9 standing") if rule == "V9" else (answer, "V4")

    def in_file(self, core: str, m: Message) -> bool:
        """V3: the core agency's file is what it or its contractor wrote, and what was addressed to it."""
        return (
            m.by == core or core in m.to or (m.by in m.commissioned and self.contractors[m.by].core == core)
        )

    # --- what follows from an act ----------------------------------------------------------------------------------

    def _apply(self, step: Step, outcome: Outcome) -> None:
        if step.event in NO_CASE:
            EFFECTS[step.event](self, step, None)
            return
        others = self.others(step)
        author = self.author(step)
        as_other = step.event in ("FollowOnServiceArranged", "FollowOnServiceAccepted")
        anybody = step.event in ("AbuseNotificationReceived", "SafetyConcernRaised")
        parties = {author, *others} if not anybody else set(others)
        m = Message(
            n=step.n,
            at=step.at,
            by=author,
            to=others,
            event=step.event,
            sections=step.sections,
            basis={c: step.basis_for(c) or "" for c in others},
            consent=step.consent,
            details=step.details,
            children=self.children_of(step),
            held=set(outcome.held),
            core=self.core,
            commissioned=frozenset() if as_other else frozenset(c for c in parties if c in self.contractors),
        )
        self.messages[step.n] = m
        self.informed |= {author, *others}
        known = {*map(self.canonical, self.family), "UNKNOWN"}
        new = tuple(sorted(c for c in m.children if c not in known))
        first = self.last_message is None
        self.family += new
        self._entry(step.at)
        if new and not first and self.closed_at is None:
            self._not_seen(new, step.at)
            for child in new:
                visitors.child_home(self, child, step.at)
        if "UNKNOWN" in m.children:  # who it is, and so whether it was seen, nobody knows
            self._not_seen(["UNKNOWN"], step.at)
            self.clocks[-1].doubt(step.at)
        effect = EFFECTS.get(step.event)
        if effect is not None:
            effect(self, step, m)

    def children_of(self, step: Step) -> frozenset[str]:
        """Whom a message is about: those it names, else all of the family."""
        named = step.details.get("children") if step.event in law.SPEAKS_OF_CHILDREN else None
        return frozenset(map(self.canonical, named)) if named else frozenset(self.living)

    def _entry(self, at: datetime) -> None:
        """A message is recorded: the case is not silent (F13: no case without entry in 3 months)."""
        first = self.last_message is None
        self.last_message = at
        if self.closed_at is not None:
            return
        for c in running(self.clocks, "SILENCE"):
            c.stop(at)
        self._silence(at)
        if first:
            self._not_seen(self.living, at)

    def _silence(self, at: datetime) -> None:
        due = at + (start_of_day(months_after(day_of(at), 3)) - start_of_day(day_of(at)))
        self.clocks.append(
            Clock("SILENCE", "CaseSilentAlarmRaised", at, due, "F13; 6(4)[1]", who=self.core, within=DAY)
        )

    def _not_seen(self, children: Iterable[str], at: datetime) -> None:
        """5(1)[3]: «not seen» runs in every open case, from its first message, child by child."""
        for child in children:
            self.clocks.append(
                Clock(
                    "CONTACT",
                    "ContactGapAlarmRaised",
                    at,
                    at + 30 * DAY,
                    "5(1)[3]; own rule (not seen)",
                    who=self.core,
                    child=child,
                    within=DAY,
                )
            )

    def seen(self, children: Iterable[str], at: datetime) -> None:
        """A child was seen: only its own clock begins anew."""
        children = tuple(c for c in children if c not in self.dead and c != "UNKNOWN")
        for child in children:
            self.last_seen[child] = at
        for c in running(self.clocks, "CONTACT"):
            if c.child in children:
                c.stop(at)
        if self.closed_at is None:
            self._not_seen(children, at)
            visitors.visitors_saw(self, children, at)
        other = self.joined
        if other is not None and other.joined is not None:
            known = tuple(c for c in children if c in other.living)
            other.joined = None  # it is told once
            other.seen(known, at)
            other.joined = self

    def start(self, *clocks: Clock) -> None:
        self.clocks += clocks

    def stop(self, kind: str, at: datetime, about: int | None, who: str | None = None) -> None:
        for c in running(self.clocks, kind):
            if c.about == about and (who is None or c.who == who):
                c.stop(at)

    def doubt(self, at: datetime, *kinds: str, who: str | None = None) -> None:
        for c in running(self.clocks, *kinds):
            if who is None or c.who == who:
                c.doubt(at)

    def planned_day(self, clock: Clock) -> date:
        """The day of the visit that this clock is about."""
        return date.fromisoformat(self.messages[clock.about or 0].details["planned_on"])

    def answers_for(self, clock: Clock, by: str) -> bool:
        """Whether a sighting by this agency is the check that this clock waits for: an authority's that has to do with it
        (CAPA 8); after a transfer between centres one of those to whom it went (CAPA 4(6))."""
        m = self.messages[clock.about or 0]
        if m.event == "CgcTransferNotified":
            return by in m.to
        return by in (m.by, *m.to, self.core) and self.agencies[by].role in ("CORE", "COORD", "CGC")

    def doubt_safety(self, children: Iterable[str], at: datetime) -> None:
        """A visitor saw the child after a notification: whether that is the safety check, the text does not say."""
        for c in running(self.clocks, "SAFETY"):
            if c.child in children:
                c.doubt(at)

    def _not_seen_anew(self, at: datetime) -> None:
        self._not_seen(self.living, at)

    def end_support(self, at: datetime) -> None:
        """6(5): what belongs to support ends with it."""
        for c in running(self.clocks, *CASE_WIDE):
            c.stop(at)

    def finish(self, end: datetime) -> None:
        """Calendar weeks of the short type, once the whole course is known."""
        self.pass_time(end)
        self.clocks += list(self._weeks(end))
        self.clocks += [*exceptions.emergency_clocks(self, end), *exceptions.retention_clocks(self, end)]
        for kin in self.kin.values():
            kin.finish(end)

    def _weeks(self, end: datetime) -> Iterator[Clock]:
        """6(3)[4]: fewer than two visits in a calendar week (JST) of the short type. Sure of whole weeks within the plan."""
        for begun, ended, wanted, over in self.weeks:
            monday = day_of(begun) - timedelta(days=day_of(begun).weekday())
            last = min(t for t in (ended, end, over) if t is not None)
            while start_of_day(monday) <= min(t for t in (ended, end) if t is not None):
                whole = start_of_day(monday) >= begun and start_of_day(monday + timedelta(days=7)) <= last
                if self.stay is not None and start_of_day(monday + timedelta(days=7)) > self.stay.start:
                    whole = False  # who visits there counts there
                if any(
                    a < start_of_day(monday + timedelta(days=7)) and (b is None or b > start_of_day(monday))
                    for a, b in self.away
                ):
                    whole = False  # no child was at home
                n = sum(monday <= day_of(v) < monday + timedelta(days=7) for v in self.visits)
                if n < wanted or not whole:
                    yield self._week(monday, begun, whole)
                elif start_of_day(monday + timedelta(days=7)) <= end:
                    self.quiet["VISIT_GAP"] += 1
                monday += timedelta(days=7)

    def _week(self, monday: date, begun: datetime, sure: bool) -> Clock:
        due = start_of_day(monday + timedelta(days=7))
        return Clock(
            "VISIT_GAP",
            "VisitGapAlarmRaised",
            begun,
            due,
            "6(3)[4]",
            within=HOUR,
            unsure_from=None if sure else begun,
        )


BODY = {
    "CORE": "MUNICIPALITY",
    "COORD": "MUNICIPALITY",
    "CGC": "PREFECTURE",
    "MED": "MEDICAL",
    "CONTRACTOR": "COMMISSIONED",
    "EXT": "PRIVATE",
}
AFTER_CLOSING = frozenset(
    {
        *(
            "FollowOnServiceArranged",
            "FollowOnServiceAccepted",
            "AbuseNotificationReceived",
            "SafetyConcernRaised",
        ),
        *(
            "CaseReopened",
            "ReferralAcknowledged",
            "ReferralRead",
            "ReferralOutcomeReported",
            "DisclosureRead",
        ),
        *("ConsentWithdrawn", "SupportClosed", "RetentionPolicyAssigned", "RecordsAppraised"),
        *("LegalHoldPlaced", "LegalHoldLifted", "AuditContentAccessGranted", *NO_CASE),
    }
)
