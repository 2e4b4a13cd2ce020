"""Random stories in the scenario format: a seed gives the same story always.

Acts are drawn by weight, right ones and wrong ones, with silences between; an act of which the text says nothing sure is not
drawn. The result is a mapping as a scenario file has it, playable by the product's own player.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from tests.models.danger_stories import MORE_ACTS, three_notifications
from tests.models.law import DAY, HOUR, JST, day_of, months_after, start_of_day
from tests.models.model import HELD, OPEN, RECORDED, REFUSED, Model, step_of

Raw = dict[str, Any]
CORE, COORD, CGC, HOSP = "AZ-CORE", "AZ-COORD", "KS-CGC", "MID-HOSP"
NPO, NURSERY, POLICE, SERVICE = "SORA-NPO", "EXT-NURSERY", "AZ-POLICE", "EXT-SERVICE"
TW_CORE, TW_COORD, NS_CGC = "TW-CORE", "TW-COORD", "NS-CGC"
WORKER = "W-S1"
LONGEST = timedelta(days=320)
ALWAYS: dict[str, Raw] = {
    CORE: {"role": "CORE", "name": "架空 中核機関", "network_member": True},
    COORD: {"role": "COORD", "name": "架空 調整機関", "network_member": True},
    CGC: {"role": "CGC", "name": "架空 児童相談所", "network_member": True},
    HOSP: {"role": "MED", "name": "架空病院", "network_member": True},
    "EXT-PERSON": {"role": "EXT", "name": "外", "network_member": False},
    "HUB": {"role": "HUB", "name": "ハブ", "network_member": False},
}
SOMETIMES: tuple[tuple[float, dict[str, Raw]], ...] = (
    (0.75, {NPO: {"role": "CONTRACTOR", "name": "架空NPO", "network_member": True}}),
    (
        0.5,
        {NURSERY: {"role": "EXT", "name": "架空保育園", "network_member": True, "body": "WELFARE_FACILITY"}},
    ),
    (0.4, {POLICE: {"role": "EXT", "name": "架空警察署", "network_member": True, "body": "PREFECTURE"}}),
    (
        0.6,
        {SERVICE: {"role": "EXT", "name": "架空子育てサービス", "network_member": False, "body": "PRIVATE"}},
    ),
    (0.4, {NS_CGC: {"role": "CGC", "name": "隣県児相", "network_member": True}}),
    (
        0.35,
        {
            TW_CORE: {"role": "CORE", "name": "隣市 中核機関", "network_member": True},
            TW_COORD: {"role": "COORD", "name": "隣市 調整機関", "network_member": True},
        },
    ),
)
BASES = (
    *("CWA-21-10-5", "CWA-25-2-2", "CWA-25-3-1", "CWA-25-3-2", "CWA-21-10-2-3", "CWA-26-1-8", "CWA-25-7-1"),
    *(
        "CAPA-6-1",
        "CAPA-4-6",
        "APPI-69-1",
        "APPI-69-2-3",
        "APPI-69-2-1",
        "APPI-27-C",
        "APPI-27-1-1",
        "CONSENT",
    ),
    *("CAPA-8", "CWA-10-1", "CWA-25-5", "CAPA-6-3", "CAPA-13-4", "APPI-27-1-2"),
)
CONTENT = ("BASIC", "CHILD", "CAREGIVER", "ENV", "MEDICAL", "RISK", "PLAN")


def jst(at: datetime) -> str:
    return at.astimezone(JST).isoformat()


class Writer:
    """One story being written; the model says what becomes of each act."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        rng = self.rng
        agencies = {k: dict(v) for k, v in ALWAYS.items()}
        for chance, more in SOMETIMES:
            if rng.random() < chance:
                agencies |= {k: dict(v) for k, v in more.items()}
        if rng.random() < 0.3:
            agencies[HOSP]["network_member"] = False
        first, days = (
            (datetime(2022, 5, 1, 1, tzinfo=UTC), 300)
            if rng.random() < 0.08
            else (
                datetime(2023, 5, 1, 1, tzinfo=UTC),
                1200,
            )
        )
        self.start = first + rng.randrange(days) * DAY + timedelta(minutes=rng.randrange(480))
        self.now = self.start
        contractors: Raw = {}
        if NPO in agencies:
            since = start_of_day(day_of(self.start) + rng.randrange(6, 35) * DAY) + 9 * HOUR
            until = (
                None
                if rng.random() < 0.8
                else jst(since + rng.randrange(60, 250) * DAY + 37 * timedelta(minutes=1))
            )
            contractors[NPO] = {"from": jst(since), "until": until}
        self.story: Raw = {
            "id": f"M-{seed}",
            "title": f"架空の物語 {seed}",
            "children": ["A", "B", "C"][: rng.choice((1, 1, 2, 2, 3))],
            "agencies": agencies,
            "setup": {"core": CORE, "coordinating": COORD, "contractors": contractors},
            "timeline": [],
            "expect": [],
            "must_hold": [],
        }
        self.model = Model(self.story)
        self.quiet = rng.random() < 0.25
        self.owed: list[tuple[str, int, str]] = []
        """Receipts that the story gives by itself: who, of which message, to whom."""
        self.lapsed = False

    # --- writing ---------------------------------------------------------------------------------------------

    def has(self, *codes: str) -> bool:
        return all(c in self.story["agencies"] for c in codes)

    def wait(self) -> None:
        draw = self.rng.random()
        if self.quiet and draw > 0.7:
            self.now += timedelta(days=self.rng.randrange(20, 110), minutes=self.rng.randrange(1, 600))
        elif draw < 0.5:
            self.now += timedelta(minutes=self.rng.randrange(11, 400))
        elif draw < 0.85:
            self.now += timedelta(days=self.rng.randrange(1, 7), minutes=self.rng.randrange(1, 300))
        elif draw < 0.96:
            self.now += timedelta(days=self.rng.randrange(7, 30), minutes=self.rng.randrange(1, 300))
        else:
            self.now += timedelta(days=self.rng.randrange(40, 100), minutes=self.rng.randrange(1, 300))

    def add(
        self, event: str, by: str, to: Iterable[str] = (), sections: Iterable[str] = (), **more: Any
    ) -> str:
        """Write this act as what becomes of it; nothing where that is open. Returns the kind of outcome."""
        n = len(self.story["timeline"]) + 1
        details = dict(more.pop("details", {}))
        raw: Raw = {
            "n": n,
            "at": jst(self.now),
            "from": by,
            "to": list(to),
            "event": event,
            "sections": list(sections),
            **more,
            **({"details": details} if details else {}),
        }
        if event in ("ReferralAcknowledged", "ReferralRead"):
            pair = (details["answers"], by)
            (self.model.acknowledged if event == "ReferralAcknowledged" else self.model.read).add(pair)
        step = step_of(raw)
        self.model.pass_time(step.at)
        outcome = self.model.judge(step)
        if outcome.kind == OPEN:
            return OPEN
        self.model.take(step)
        self.story["timeline"].append(as_played(raw, outcome.kind, set(outcome.held), self.model))
        self.now += timedelta(minutes=self.rng.randrange(2, 9))
        return outcome.kind

    def right(
        self,
        event: str,
        by: str,
        to: Sequence[str],
        sections: Sequence[str],
        bases: Sequence[str],
        **more: Any,
    ) -> str:
        """With the first of these bases (in random order) on which the act stands; else not at all."""
        for basis in self.rng.sample(bases, len(bases)):
            raw = {
                "n": 0,
                "at": jst(self.now),
                "from": by,
                "to": list(to),
                "event": event,
                "sections": list(sections),
                "basis": basis,
                **more,
            }
            self.model.pass_time(self.now)
            if self.model.judge(step_of(raw)).kind in (RECORDED, HELD):
                return self.add(event, by, to, sections, basis=basis, **more)
        return OPEN

    def some(self, *sections: str, most: int = 3) -> list[str]:
        pool = sections or CONTENT
        return sorted(self.rng.sample(pool, self.rng.randrange(1, min(most, len(pool)) + 1)))

    def kids(self) -> Raw:
        """Which children an act names: often none, which means all."""
        family = [*self.model.living]
        if self.rng.random() < 0.4 or not family:
            return {}
        return {"children": sorted(self.rng.sample(family, self.rng.randrange(1, len(family) + 1)))}

    def last(self, *events: str, to: str | None = None) -> int | None:
        numbers = [
            m.n for m in self.model.messages.values() if m.event in events and (to is None or to in m.to)
        ]
        return self.rng.choice(numbers[-3:]) if numbers else None

    def look(self) -> None:
        """A moment at which everything is opened by everyone."""
        self.now += timedelta(minutes=1)
        at = self.now
        self.now += timedelta(minutes=2)
        self.model.pass_time(at)
        agencies = [c for c, a in self.story["agencies"].items() if c not in ("EXT-PERSON", "HUB")]
        views: Raw = {c: {} for c in agencies}
        for case, m in ((c, m) for c in self.model.every() for m in c.messages.values()):
            for section in m.sections:
                for code in agencies:
                    if case.may_open(code, m.n, section, at)[0]:
                        views[code].setdefault(section, []).append(m.n)
        self.story["expect"].append({"at": jst(at), "views": views})


def as_played(raw: Raw, kind: str, held: set[str], model: Model) -> Raw:
    """The step as the scenario format has it: a refusal names what was tried, a message that waits for all is held."""
    if kind == REFUSED:
        tried = {
            k: v
            for k, v in raw.items()
            if k in ("event", "from", "to", "sections", "basis", "consent", "details", "releases")
        }
        event = "DisclosureRefused" if raw["sections"] else "WishRefused"
        return {
            "n": raw["n"],
            "at": raw["at"],
            **({"family": raw["family"]} if "family" in raw else {}),
            "from": raw["from"],
            "to": [],
            "event": event,
            "sections": [],
            "tried": tried,
        }
    if (
        kind == HELD
        and raw["event"] == "DisclosureMade"
        and held >= {c for c in raw["to"] if c in model.agencies}
    ):
        return {**raw, "event": "DisclosureHeld"}
    return raw


# --- how a family becomes known -------------------------------------------------------------------------------------


def begin(w: Writer) -> None:
    family = {"children": w.story["children"]}
    ways: list[Callable[[], str]] = [
        lambda: w.add(
            "FamilyInformationProvided",
            HOSP,
            [CORE],
            w.some("BASIC", "CHILD", "MEDICAL"),
            basis="CWA-21-10-5",
            details=family,
        ),
        lambda: w.add(
            "ProgrammeNotificationReceived",
            CGC,
            [CORE],
            w.some("BASIC", "RISK", "CHILD"),
            basis="CWA-26-1-8",
            details=family,
        ),
        lambda: w.add(
            "AbuseNotificationReceived",
            "EXT-PERSON",
            [CORE],
            ["BASIC", "NOTIFIER", "RISK"],
            basis="CAPA-6-1",
            details={"notifier_token": "N-1", "received_at": jst(w.now), **family},
        ),
    ]
    if w.has(NURSERY):
        ways.append(
            lambda: w.add(
                "FamilyInformationProvided",
                NURSERY,
                [CORE],
                w.some("BASIC", "CHILD"),
                basis="CWA-21-10-5",
                details=family,
            )
        )
    if w.rng.random() < 0.06:
        ways[2]()
        three_notifications(w)
        return
    w.rng.choice(ways)()
    receipts(w, 1)


def receipts(w: Writer, n: int) -> None:
    """Sometimes the story answers by itself: in time, late, or never."""
    m = w.model.messages.get(n)
    if m is None:
        return
    for who in m.to:
        if w.rng.random() < 0.5:
            w.owed.append((who, n, m.by))
            w.model.acknowledged.add((n, who))
            for c in w.model.clocks:
                if c.about == n and c.who == who and c.kind in ("ACKNOWLEDGE", "READ", "CGC_ACK"):
                    c.stopped_at = c.unsure_from = None


def answer_receipts(w: Writer) -> None:
    if not w.owed:
        return
    who, n, by = w.owed.pop(w.rng.randrange(len(w.owed)))
    w.add("ReferralAcknowledged", who, [by], [], details={"answers": n})
    if w.rng.random() < 0.7:
        w.wait()
        w.add("ReferralRead", who, [], [], details={"answers": n})


# --- acts ------------------------------------------------------------------------------------------------------------


def more_news(w: Writer) -> None:
    sender = w.rng.choice([c for c in (HOSP, NURSERY) if w.has(c)])
    n = len(w.story["timeline"]) + 1
    if (
        w.add(
            "FamilyInformationProvided",
            sender,
            [CORE],
            w.some("BASIC", "CHILD", "CAREGIVER"),
            basis="CWA-21-10-5",
            details=w.kids(),
        )
        == RECORDED
    ):
        receipts(w, n)


def notification(w: Writer) -> None:
    n = len(w.story["timeline"]) + 1
    to = w.rng.choice((CORE, COORD))
    sender = w.rng.choice([c for c in ("EXT-PERSON", "EXT-PERSON", HOSP, NURSERY, POLICE, NPO) if w.has(c)])
    early = w.now - timedelta(minutes=w.rng.choice((0, 0, 90)))
    sections = ["BASIC", "RISK", *(["NOTIFIER"] if sender == "EXT-PERSON" else [])]
    details = {"received_at": jst(early), **w.kids()}
    if sender == "EXT-PERSON":
        details["notifier_token"] = f"N-{n}"
    if (
        w.add("AbuseNotificationReceived", sender, [to], sections, basis="CAPA-6-1", details=details)
        == RECORDED
    ):
        receipts(w, n)


def forward(w: Writer) -> None:
    n = w.last("AbuseNotificationReceived")
    if n is not None:
        m = w.model.messages[n]
        by = m.by if m.by in (CORE, COORD) else m.to[0]
        to = CORE if by == COORD else COORD
        w.right(
            "NotificationForwarded",
            by,
            [to],
            ["BASIC", "RISK"],
            ["CAPA-6-1", "APPI-69-1"],
            details={"forwards": n},
        )


def outcome(w: Writer) -> None:
    n = w.last(
        *[
            "FamilyInformationProvided",
            "ProgrammeNotificationReceived",
            "CgcTransferNotified",
            "CaseReferredToCgc",
        ]
    )
    if n is not None:
        m = w.model.messages[n]
        who = w.rng.choice((*m.to, CORE, COORD))
        if who in w.model.informed:
            w.add(
                "ReferralOutcomeReported",
                who,
                [m.by],
                [],
                details={"answers": n, "outcome": w.rng.choice(("ACCEPTED", "NOT_ELIGIBLE"))},
            )


def register(w: Writer) -> None:
    if not w.model.registered.get("AZ") and w.rng.random() < 0.4:
        w.right(
            "NetworkCaseRegistrationRequested",
            CORE,
            [COORD],
            w.some("BASIC", "CHILD"),
            ["APPI-69-1", "CWA-25-2-2"],
        )
        w.wait()
    w.add("NetworkCaseRegistered", COORD, [CORE], [])


def deregister(w: Writer) -> None:
    w.add("NetworkCaseDeregistered", COORD, [CORE], [], details={"reason": "STATED"})


def conference(w: Writer) -> None:
    partners = [c for c in (HOSP, NURSERY, POLICE, CGC, SERVICE) if w.has(c)]
    to = w.rng.sample(partners, w.rng.randrange(1, min(3, len(partners)) + 1))
    w.right("CaseConferenceConvened", COORD, [CORE, *to], ["BASIC"], ["CWA-25-2-2"])
    w.wait()
    sections = ["CONF", *w.some("CHILD", "RISK", most=1)]
    w.add("ConferenceMinutesRecorded", COORD, [CORE, *to], sections, basis="CWA-25-2-2")


def assess(w: Writer) -> None:
    value = w.rng.choice(("NO_CONCERN", "CONCERN", "SERIOUS"))
    w.add(
        "IndicatorAssessmentRecorded",
        w.model.core,
        [],
        w.some("CAREGIVER", "ENV", "CHILD"),
        details={"indicators": {"CG_DEPRESSIVE_TENDENCY": value}},
    )


def decide_eligibility(w: Writer) -> None:
    short = w.rng.random() < 0.5
    w.kind = "SHORT_INTENSIVE" if short else "MID_TERM"
    details = {
        "result": "ELIGIBLE",
        "target_classes": ["TC2_POSTPARTUM" if short else "TC3_INADEQUATE_CARE"],
        "support_type": w.kind,
    }
    w.add("EligibilityDetermined", w.model.core, [], [], details=details)


def decide_type(w: Writer) -> None:
    kind = w.model.support_type or "MID_TERM"
    w.add(
        "SupportTypeDecided",
        w.model.core,
        [],
        [],
        details={"support_type": kind, "specialist_needed": w.rng.random() < 0.8},
    )


def link_service(w: Writer) -> None:
    if any(c.kind == "SPECIALIST" and c.runs for c in w.model.clocks):
        w.right("SpecialistServiceLinked", w.model.core, [HOSP], ["BASIC"], ["CWA-25-2-2", "CONSENT"])


def plan(w: Writer) -> None:
    begins = day_of(w.now)
    short = w.model.support_type == "SHORT_INTENSIVE"
    if short:
        days = w.rng.choice((40, 60, 85, 85, 120))
        details: Raw = {
            "content": "SC_B",
            "plan_from": begins.isoformat(),
            "plan_until": (begins + days * DAY).isoformat(),
            "visits_per_week": w.rng.choice((2, 2, 3)),
        }
    else:
        months = w.rng.choice((6, 6, 9, 12, 3, 18))
        details = {
            "content": "SC_C",
            "target_months": months,
            "short_term_months": 3,
            "plan_from": begins.isoformat(),
            "plan_until": (months_after(begins, months) - DAY).isoformat(),
        }
    if w.rng.random() < 0.08:
        details["housekeeping"] = "WITHOUT_GOAL"
        details["reason"] = "STATED"
    w.add("SupportPlanFormulated", w.model.core, [], ["PLAN"], details=details)


def commence(w: Writer) -> None:
    w.add("SupportCommenced", w.model.core, [], [])


def course(w: Writer) -> None:
    """The usual way, as far as it is not gone yet."""
    if w.model.closed_at is not None or w.model.supported:
        return
    if not w.model.registered.get("AZ") and w.rng.random() < 0.5:
        register(w)
    for maker, so in (
        (assess, w.model.assessed),
        (decide_eligibility, w.model.eligible),
        (plan, w.model.planned),
    ):
        if not so:
            maker(w)
            w.now += timedelta(hours=w.rng.randrange(1, 60))
    commence(w)


def give_contractor(w: Writer) -> None:
    if w.has(NPO):
        sections = w.some("BASIC", "PLAN", "CHILD", "RISK", most=4)
        w.add("DisclosureMade", CORE, [NPO], sections, basis="CWA-21-10-2-3")


def give_two(w: Writer) -> None:
    """One message, an addressee on law and one on consent or commission."""
    if w.has(NPO):
        basis = {NPO: "CWA-21-10-2-3", HOSP: "CWA-25-2-2"}
        w.add("DisclosureMade", CORE, [HOSP, NPO], w.some("BASIC", "CHILD"), basis=basis)


def disclose(w: Writer) -> None:
    """To anybody, on any basis."""
    by = w.rng.choice(
        [c for c in (CORE, CORE, COORD, HOSP, CGC, NURSERY) if w.has(c) and c in w.model.informed]
    )
    to = w.rng.choice([c for c in w.story["agencies"] if c not in (by, "HUB", "EXT-PERSON")])
    sections = w.some(*CONTENT, *(("ADDR", "NOTIFIER") if w.rng.random() < 0.25 else ()))
    if w.rng.random() < 0.6:
        w.right("DisclosureMade", by, [to], sections, BASES)
    else:
        w.add("DisclosureMade", by, [to], sections, basis=w.rng.choice(BASES))


def disclose_without_basis(w: Writer) -> None:
    w.add("DisclosureMade", CORE, [w.rng.choice((HOSP, CGC))], w.some("BASIC", "CHILD"))


def consent(w: Writer) -> None:
    name = f"C{len(w.model.consents) + 1}"
    recipient = w.rng.choice([c for c in (HOSP, SERVICE, NURSERY, NPO) if w.has(c)])
    sections = w.some("BASIC", "PLAN", "CAREGIVER", "ENV", most=4)
    capacity = w.rng.choice(("SELF", "SELF", "GUARDIANS_JOINTLY", "GUARDIAN"))
    details = {
        "scope": [{"consent": name, "sender": CORE, "recipient": recipient, "sections": sections}],
        "capacity": capacity,
    }
    if w.add("ConsentGiven", CORE, [], [], basis="CONSENT", consent=name, details=details) != RECORDED:
        return
    w.wait()
    share_on_consent(w)


def share_on_consent(w: Writer) -> None:
    if not w.model.consents:
        return
    name = w.rng.choice(sorted(w.model.consents))
    [row] = w.model.consents[name].rows
    sections = w.some(*row["sections"]) if w.rng.random() < 0.8 else w.some("CHILD", "RISK")
    basis = w.rng.choice(("CONSENT", "CONSENT", "APPI-69-2-1", "APPI-27-C"))
    others = [c for c in (COORD, HOSP, CGC) if c != row["recipient"]]
    if w.rng.random() < 0.3:
        more = w.rng.choice(others)
        law_basis = {COORD: "APPI-69-1", HOSP: "CWA-25-2-2", CGC: "APPI-69-2-3"}[more]
        w.add(
            "DisclosureMade",
            CORE,
            [row["recipient"], more],
            sections,
            basis={row["recipient"]: basis, more: law_basis},
            consent=name,
        )
        return
    w.add("DisclosureMade", CORE, [row["recipient"]], sections, basis=basis, consent=name)


def hospital_on_consent(w: Writer) -> None:
    """To the core agency on consent: what stands on such a copy falls with it (V9)."""
    if HOSP not in w.model.informed:
        return
    name = f"C{len(w.model.consents) + 1}"
    sections = w.some("BASIC", "RISK", "PLAN", "CHILD")
    capacity = "SELF" if not {"CHILD"} & set(sections) else "GUARDIANS_JOINTLY"
    details = {
        "scope": [{"consent": name, "sender": HOSP, "recipient": CORE, "sections": sections}],
        "capacity": capacity,
    }
    if w.add("ConsentGiven", CORE, [], [], basis="CONSENT", consent=name, details=details) == RECORDED:
        w.wait()
        w.add(
            "DisclosureMade",
            HOSP,
            [CORE],
            sections,
            basis=w.rng.choice(("APPI-27-C", "CONSENT")),
            consent=name,
        )


def withdraw(w: Writer) -> None:
    names = [c for c, known in w.model.consents.items() if known.withdrawn_at is None]
    if names:
        name = w.rng.choice(names)
        w.add("ConsentWithdrawn", CORE, [], [], basis="CONSENT", consent=name)
        if w.rng.random() < 0.5:
            w.wait()
            share_on_consent(w)


def ask(w: Writer) -> None:
    to = w.rng.choice([c for c in (HOSP, NURSERY, POLICE, CGC) if w.has(c)])
    due = day_of(w.now) + w.rng.randrange(2, 20) * DAY
    by = w.rng.choice((CORE, COORD)) if w.rng.random() < 0.9 else HOSP
    if by in w.model.informed and by != to:
        w.right(
            "InformationRequested",
            by,
            [to],
            ["BASIC"],
            ["CWA-25-3-1", "CWA-25-2-2"],
            details={"due_on": due.isoformat()},
        )


def answer(w: Writer) -> None:
    n = w.last("InformationRequested")
    if n is None:
        return
    m = w.model.messages[n]
    who = w.rng.choice(m.to)
    if w.rng.random() < 0.7:
        w.right(
            "InformationRequestAnswered",
            who,
            [m.by],
            w.some("CHILD", "MEDICAL", "RISK"),
            ["CWA-25-3-2", "CWA-25-2-2"],
            details={"answers": n},
        )
    else:
        details: Raw = {"answers": n}
        if w.rng.random() < 0.7:
            details["reason"] = "STATED"
        w.add("InformationRequestDeclined", who, [m.by], [], details=details)


def ask_specialist(w: Writer) -> None:
    due = day_of(w.now) + w.rng.randrange(2, 20) * DAY
    w.right(
        "SpecialistJudgementRequested",
        CORE,
        [HOSP],
        ["CHILD"],
        ["CWA-25-2-2"],
        details={"due_on": due.isoformat()},
    )


def judge_specialist(w: Writer) -> None:
    n = w.last("SpecialistJudgementRequested")
    if n is not None:
        w.right(
            "SpecialistJudgementGiven",
            HOSP,
            [CORE],
            ["MEDICAL"],
            ["CWA-25-2-2", "CWA-21-10-5"],
            details={"answers": n},
        )


def ask_meeting(w: Writer) -> None:
    due = day_of(w.now) + w.rng.randrange(2, 20) * DAY
    w.add("NetworkMeetingRequested", w.model.core, [COORD], [], details={"due_on": due.isoformat()})


def hold_meeting(w: Writer) -> None:
    n = w.last("NetworkMeetingRequested")
    if n is not None:
        w.add("NetworkMeetingHeld", COORD, [CORE], [], details={"answers": n})


def schedule(w: Writer) -> None:
    by = NPO if w.has(NPO) and w.rng.random() < 0.8 else w.model.core
    for _ in range(w.rng.randrange(1, 4)):
        planned = day_of(w.now) + w.rng.randrange(0, 15) * DAY
        w.add("HomeVisitScheduled", by, [], [], details={"planned_on": planned.isoformat()})


def report(w: Writer) -> None:
    if not w.has(NPO):
        return
    details = {"child_seen": w.rng.random() < 0.6, "worker": WORKER, **w.kids()}
    if not w.model.planned and w.rng.random() < 0.5:
        details["reason"] = "STATED"
    sections = ["VISIT", *w.some("CHILD", "RISK", most=1)] if w.rng.random() < 0.4 else ["VISIT"]
    to = [CORE] if w.rng.random() < 0.95 else []  # V3: its core agency reads it all the same
    w.add("VisitReportSubmitted", NPO, to, sections, basis="CWA-21-10-2-3", details=details)


def many_reports(w: Writer) -> None:
    for _ in range(w.rng.randrange(2, 6)):
        report(w)
        w.now += timedelta(days=w.rng.randrange(1, 4), minutes=w.rng.randrange(300))


def own_visit(w: Writer) -> None:
    w.add(
        "HomeVisitCompleted",
        w.model.core,
        [],
        ["VISIT"],
        details={"child_seen": w.rng.random() < 0.6, **w.kids()},
    )


def review_report(w: Writer) -> None:
    n = w.last("VisitReportSubmitted")
    if n is not None:
        by = w.model.core if w.rng.random() < 0.85 else COORD
        w.add("VisitReportReviewed", by, [], [], details={"answers": n})


def review_plan(w: Writer) -> None:
    event = w.rng.choice(("PlanReviewed", "ShortTermGoalEvaluated"))
    w.add(event, w.model.core, [], ["PLAN"])


def extend(w: Writer) -> None:
    if w.model.supported:
        until = (
            max(day_of(w.now), date.fromisoformat(w.model.plan["plan_until"])) + w.rng.randrange(20, 90) * DAY
        )
        details: Raw = {"plan_until": until.isoformat()}
        if w.rng.random() < 0.7:
            details["reason"] = "STATED"
        w.add("PlanExtended", w.model.core, [], [], details=details)


def safety(w: Writer) -> None:
    by = w.rng.choice((CORE, COORD, CGC, HOSP))
    if by not in w.model.informed:
        return
    seen = w.rng.random() < 0.6
    method = "SIGHTED" if seen else w.rng.choice(("TELEPHONE", "FAMILY_ONLY", "THROUGH_OTHERS"))
    w.add(
        "SafetyConfirmed",
        by,
        [],
        ["CHILD"] if by == CORE else [],
        details={"child_seen": seen, "method": method, **w.kids()},
    )


def sighted(w: Writer) -> None:
    by = w.rng.choice([c for c in (CORE, HOSP, CGC) if c in w.model.informed])
    w.add("ChildSighted", by, [], [], details=w.kids())


def triage(w: Writer) -> None:
    w.add("EmergencyTriaged", w.model.core, [], ["RISK"], details={"urgency": "WITHIN_TIME"})


def concern(w: Writer) -> None:
    by = w.rng.choice([c for c in (HOSP, NURSERY, NPO) if w.has(c) and c in w.model.informed] or [HOSP])
    bases = ["CWA-21-10-2-3"] if by == NPO else ["CWA-21-10-5", "CWA-25-2-2"]
    w.right("SafetyConcernRaised", by, [CORE], ["RISK"], bases)


def refer_to_cgc(w: Writer) -> None:
    n = len(w.story["timeline"]) + 1
    if w.right("CaseReferredToCgc", CORE, [CGC], ["BASIC", "RISK"], ["CWA-25-7-1"]) == RECORDED:
        receipts(w, n)


def not_disclosed(w: Writer) -> None:
    day = day_of(w.now) + w.rng.randrange(3, 60) * DAY
    w.add(
        "NonDisclosureDecided", CORE, [], [], details={"review_on": day.isoformat(), "reason": "NOT_NEEDED"}
    )


def lapse(w: Writer) -> None:
    """At midnight a training or an oath has lapsed; then messages wait, and the contractor becomes ready again."""
    c = w.model.contractors.get(NPO)
    if c is None or c.suspended or c.unsure or w.lapsed or not c.assigned or w.model.closed_at is not None:
        return
    w.lapsed = True
    day = day_of(w.now) + w.rng.randrange(1, 4) * DAY
    w.now = start_of_day(day)
    oath = w.rng.random() < 0.4
    details: Raw = {"contractor": NPO, "worker": WORKER, "valid_until": (day - DAY).isoformat()}
    if not oath:
        details["module"] = w.rng.choice(("M2_CONFIDENTIALITY", "M3_ABUSE_PREVENTION", "M6_VISIT_PRACTICE"))
    w.add("OathLapsed" if oath else "TrainingLapsed", "HUB", [CORE, NPO], [], details=details)
    w.look()
    w.wait()
    give_contractor(w)
    give_two(w)
    if w.rng.random() < 0.5:
        reinstate(w)
    w.look()
    w.wait()
    renew = {"contractor": NPO, "worker": WORKER}
    if oath:
        w.add("OathSigned", NPO, [], [], details={**renew, "employment": "PART_TIME"})
    else:
        w.add("TrainingModuleCompleted", NPO, [], [], details={**renew, "modules": [details["module"]]})
    w.look()
    if w.rng.random() < 0.4:
        release(w)
    w.wait()
    reinstate(w)
    w.wait()
    if w.rng.random() < 0.7:
        release(w)
    w.look()


def reinstate(w: Writer) -> None:
    if w.has(NPO):
        w.add("ContractorReinstated", CORE, [NPO], [], details={"contractor": NPO})


def release(w: Writer) -> None:
    waiting = [m.n for m in w.model.messages.values() if m.held]
    if waiting:
        n = w.rng.choice(waiting)
        w.add("HeldDisclosureReleased", w.model.messages[n].by, [NPO], [], releases=n)


def close(w: Writer) -> None:
    """All of it, or with something left out."""
    core = w.model.core
    whole = w.rng.random() < 0.7
    assigned = {code for code, c in w.model.contractors.items() if c.assigned}
    involved = sorted((w.model.informed | w.model.involved | assigned) - ({core} - w.model.visitors))
    if whole or w.rng.random() < 0.6:
        consulted = involved if whole else [c for c in involved if c != NPO]
        to = [c for c in (NPO,) if w.has(NPO) and NPO in involved]
        w.right(
            "ClosingConsultationHeld",
            core,
            to,
            ["CLOSING"],
            ["CWA-21-10-2-3"],
            details={"consulted": consulted},
        ) if to else w.add("ClosingConsultationHeld", core, [], ["CLOSING"], details={"consulted": consulted})
        w.wait()
    reached = whole or w.rng.random() < 0.5
    if whole or w.rng.random() < 0.6:
        w.add(
            "ClosingEvaluationRecorded",
            core,
            [],
            ["CLOSING"],
            details={"goal_reached": reached, "environment_improved": True},
        )
        w.wait()
    if w.has(SERVICE) and w.rng.random() < 0.6:
        arrange(w)
    reason = w.rng.choice(("GOAL_REACHED", "GOAL_REACHED", "GOAL_REACHED", "TRANSFER"))
    w.add("SupportClosed", core, [], ["CLOSING"], details={"reason": reason})


def close_by_another(w: Writer) -> None:
    if COORD in w.model.informed and w.model.core != COORD:
        w.add("SupportClosed", COORD, [], [], details={"reason": "GOAL_REACHED"})


def arrange(w: Writer) -> None:
    if not w.has(SERVICE):
        return
    name = f"C{len(w.model.consents) + 1}"
    scope = [{"consent": name, "sender": CORE, "recipient": SERVICE, "sections": ["BASIC", "PLAN"]}]
    if (
        w.add(
            "ConsentGiven",
            CORE,
            [],
            [],
            basis="CONSENT",
            consent=name,
            details={"scope": scope, "capacity": "SELF"},
        )
        == RECORDED
    ):
        w.now += timedelta(minutes=30)
        w.add("FollowOnServiceArranged", CORE, [SERVICE], ["BASIC", "PLAN"], basis="CONSENT", consent=name)


def accept(w: Writer) -> None:
    n = w.last("FollowOnServiceArranged")
    if n is not None:
        who = SERVICE if w.rng.random() < 0.85 else HOSP
        w.add("FollowOnServiceAccepted", who, [CORE], [], details={"answers": n})


def reopen(w: Writer) -> None:
    w.add("CaseReopened", w.model.core, [], [], details={"reason": "STATED"})


def whole_course(w: Writer) -> None:
    """From the assessment to the end, and what follows."""
    course(w)
    w.wait()
    give_contractor(w)
    schedule(w)
    w.wait()
    many_reports(w)
    if w.rng.random() < 0.7:
        close(w)
    w.look()
    w.wait()
    accept(w)
    if w.model.closed_at is not None and w.rng.random() < 0.5:
        w.wait()
        reopen(w)
        w.look()
        commence(w)
        w.wait()
        course(w)


def stay(w: Writer) -> None:
    """里帰り: some of the family in the next town, until they return."""
    if not w.has(TW_CORE) or w.model.core != CORE:
        return
    family = w.story["children"]
    children = family if w.rng.random() < 0.5 else family[:1]
    details: Raw = {"children": children, "stays_since": day_of(w.now).isoformat()}
    if w.rng.random() < 0.8:
        details["returns_on"] = (day_of(w.now) + w.rng.randrange(10, 60) * DAY).isoformat()
    n = len(w.story["timeline"]) + 1
    if (
        w.add("StayingElsewhere", CORE, [TW_CORE], ["BASIC", "RISK"], basis="APPI-69-2-3", details=details)
        != RECORDED
    ):
        return
    w.wait()
    if w.rng.random() < 0.6:
        w.add("NetworkCaseRegistered", TW_COORD, [TW_CORE], [])
        w.right(
            "InformationRequested",
            TW_CORE,
            [HOSP],
            ["BASIC"],
            ["CWA-25-3-1", "APPI-69-2-3"],
            details={"due_on": (day_of(w.now) + 9 * DAY).isoformat()},
        )
    w.add("EmergencyTriaged", CORE, [], ["RISK"], details={"urgency": "WATCH", "children": children})
    others = [c for c in family if c not in children]
    if others:
        w.add("EmergencyTriaged", CORE, [], ["RISK"], details={"urgency": "WATCH", "children": others})
    if w.model.supported:
        w.add("PlanReviewed", CORE, [], ["PLAN"])
    w.look()
    w.wait()
    w.add(
        "HomeVisitCompleted",
        TW_CORE,
        [CORE],
        ["VISIT"],
        basis="APPI-69-2-3",
        details={"child_seen": True, "children": children},
    )
    w.look()
    if w.rng.random() < 0.7:
        w.wait()
        by = w.rng.choice((CORE, TW_CORE))
        w.add("StayEnded", by, [TW_CORE if by == CORE else CORE], [], details={"stay": n})
        w.wait()
        w.add("EmergencyTriaged", CORE, [], ["RISK"], details={"urgency": "WATCH"})
        w.look()


def another_lapses(w: Writer) -> None:
    """The training of a visitor whom no family has: it suspends nobody."""
    c = w.model.contractors.get(NPO)
    idle = c is None or c.suspended or w.lapsed or not c.assigned or NPO not in w.model.visitors
    if idle or w.model.closed_at is not None:
        return
    w.lapsed = True
    day = day_of(w.now) + w.rng.randrange(1, 4) * DAY
    w.now = start_of_day(day)
    details = {
        "contractor": NPO,
        "worker": "W-S2",
        "module": "M2_CONFIDENTIALITY",
        "valid_until": (day - DAY).isoformat(),
    }
    w.add("TrainingLapsed", "HUB", [CORE, NPO], [], details=details)
    give_contractor(w)
    w.look()


def visitor_leaves(w: Writer) -> None:
    """The only one: the family has none now, and the contractor opens nothing."""
    c = w.model.contractors.get(NPO)
    if c is None or c.suspended or not c.assigned or w.model.closed_at is not None:
        return
    w.add(
        "SupportWorkerLeft",
        NPO,
        [],
        [],
        details={"contractor": NPO, "worker": WORKER, "left_on": day_of(w.now).isoformat()},
    )
    w.look()
    w.wait()
    give_contractor(w)


def learn_move(w: Writer) -> None:
    by = w.rng.choice([c for c in (CORE, HOSP) if c in w.model.informed])
    w.add("RelocationLearned", by, [] if by == CORE else [CORE], [])


def move(w: Writer) -> None:
    """To the next town, the whole way or part of it."""
    begun = all(c.since < w.now for c in w.model.contractors.values())
    if not w.has(TW_CORE) or w.model.core != CORE or not begun:
        return
    n = len(w.story["timeline"]) + 1
    if w.add("TransferInitiated", CORE, [TW_CORE], ["BASIC"], basis="APPI-69-2-3") != RECORDED:
        return
    if w.rng.random() < 0.6:
        w.wait()
        w.add("TransferReceiptConfirmed", TW_CORE, [CORE], [], details={"answers": n})
    w.wait()
    package = len(w.story["timeline"]) + 1
    w.add(
        "TransferPackageSent",
        CORE,
        [TW_CORE],
        ["BASIC", "CHILD", "RISK"],
        basis="APPI-69-2-3",
        details={"hands_over": n},
    )
    w.look()
    if w.rng.random() < 0.7:
        w.wait()
        w.add("TransferReceiptConfirmed", TW_CORE, [CORE], [], details={"answers": package})
    if w.rng.random() < 0.75:
        w.wait()
        w.add("RelocationConfirmed", TW_CORE, [CORE], [], details={"child_seen": True})
        w.wait()
        w.add("TransferCompleted", TW_CORE, [CORE], [], details={"hands_over": n, "child_seen": True})
        w.look()
        w.wait()
        w.add("NetworkCaseRegistered", TW_COORD, [TW_CORE], [])
        w.add(
            "IndicatorAssessmentRecorded",
            TW_CORE,
            [],
            ["ENV", "RISK"],
            details={"indicators": {"EN_HOUSING": "CONCERN"}},
        )


def cgc_transfer(w: Writer) -> None:
    if not w.has(NS_CGC):
        return
    n = len(w.story["timeline"]) + 1
    by, basis = (CGC, "CAPA-4-6") if w.rng.random() < 0.8 else (CORE, "CAPA-4-6")
    if by not in w.model.informed and by != CGC:
        return
    if (
        w.add("CgcTransferNotified", by, [NS_CGC], ["RISK", "CHILD"], basis=basis, details=w.kids())
        != RECORDED
    ):
        return
    receipts(w, n)
    if w.rng.random() < 0.4:
        return
    w.wait()
    for event in ("ReferralAcknowledged", "DisclosureRead", "SafetyConfirmed"):
        if w.rng.random() < 0.5:
            details: Raw = (
                {"answers": n}
                if event != "SafetyConfirmed"
                else {"child_seen": True, "method": "SIGHTED", **w.kids()}
            )
            w.add(event, NS_CGC, [CGC] if event == "ReferralAcknowledged" else [], [], details=details)
            w.wait()


def read_disclosure(w: Writer) -> None:
    n = w.last(
        "DisclosureMade", "TransferPackageSent", "FollowOnServiceArranged", "InformationRequestAnswered"
    )
    if n is not None and w.model.messages[n].to:
        m = w.model.messages[n]
        who = (
            w.rng.choice(m.to)
            if w.rng.random() < 0.8
            else w.rng.choice([c for c in (CGC, HOSP) if c in w.model.informed] or [CORE])
        )
        w.add("DisclosureRead", who, [], [], details={"answers": n})


def access_request(w: Writer) -> None:
    w.add(
        "SubjectAccessRequested",
        CORE,
        [],
        [],
        details={"requester": w.rng.choice(("SELF", "LEGAL_REPRESENTATIVE"))},
    )


def recall(w: Writer) -> None:
    n = w.last("DisclosureMade")
    if n is not None:
        m = w.model.messages[n]
        if m.by == CORE and not m.held:
            w.add("RecallNoticeSent", CORE, list(m.to), [], details={"recalls": n, "reason": "STATED"})


def confirm_recall(w: Writer) -> None:
    n = w.last("RecallNoticeSent")
    if n is not None:
        w.add("RecallAcknowledged", w.rng.choice(w.model.messages[n].to), [CORE], [], details={"answers": n})


def breach(w: Writer) -> None:
    details = {
        "stage": "PRELIMINARY",
        "found_at": jst(w.now - HOUR),
        "leaked": ["BASIC"],
        "persons": 1,
        "subjects_informed": True,
    }
    w.add("BreachReported", CORE, [], [], details=details)


def protect(w: Writer) -> None:
    w.add("ProtectedAddressRegistered", CORE, [], ["ADDR"])


def attempt_contact(w: Writer) -> None:
    w.add("ContactAttempted", w.model.core, [], [])


def wrong_sender(w: Writer) -> None:
    """What belongs to the core or the coordinating agency, by another."""
    others = [c for c in (HOSP, CGC, COORD) if c in w.model.informed]
    if not others:
        return
    by = w.rng.choice(others)
    event, sections, details = w.rng.choice(
        (
            ("IndicatorAssessmentRecorded", ["ENV"], {"indicators": {"EN_HOUSING": "CONCERN"}}),
            (
                "EligibilityDetermined",
                [],
                {"result": "ELIGIBLE", "target_classes": ["TC3_INADEQUATE_CARE"], "support_type": "MID_TERM"},
            ),
            ("NetworkCaseRegistered", [], {}),
            ("SupportCommenced", [], {}),
            ("ConferenceMinutesRecorded", ["CONF"], {}),
        )
    )
    w.add(event, by, [], sections, details=details)


def forbidden(w: Writer) -> None:
    """§3 N, on a basis that would carry the rest."""
    ways = [(HOSP, w.rng.choice(("ADDR", "NOTIFIER")), "CWA-25-2-2")]
    if w.has(NPO):
        ways += [(NPO, "NOTIFIER", "CWA-21-10-2-3")] * 2
    if w.has(NURSERY):
        ways.append((NURSERY, w.rng.choice(("ADDR", "NOTIFIER", "CONF", "CLOSING")), "CWA-25-2-2"))
    to, section, basis = w.rng.choice(ways)
    w.add("DisclosureMade", CORE, [to], ["BASIC", section], basis=basis)


def to_contractor(w: Writer) -> None:
    """通告 is never a contractor's to receive."""
    if w.has(NPO):
        w.add(
            "AbuseNotificationReceived",
            HOSP,
            [NPO],
            ["BASIC", "RISK"],
            basis="CAPA-6-1",
            details={"received_at": jst(w.now)},
        )


ACTS: tuple[tuple[float, Callable[[Writer], None]], ...] = (
    (3, more_news),
    (3, notification),
    (1.5, forward),
    (2, outcome),
    (4, register),
    (0.5, deregister),
    (3, conference),
    (2, assess),
    (1.5, decide_eligibility),
    (1.5, decide_type),
    (1, link_service),
    (1.5, plan),
    (1.5, commence),
    (7, course),
    (5, give_contractor),
    (1.5, give_two),
    (7, disclose),
    (0.7, disclose_without_basis),
    (2.5, consent),
    (1.5, share_on_consent),
    (1.5, hospital_on_consent),
    (2, withdraw),
    (3, ask),
    (3, answer),
    (1, ask_specialist),
    (1, judge_specialist),
    (1, ask_meeting),
    (1, hold_meeting),
    (3, schedule),
    (4, report),
    (2, many_reports),
    (2, own_visit),
    (2, review_report),
    (2, review_plan),
    (0.7, extend),
    (2.5, safety),
    (2, sighted),
    (1, triage),
    (1.5, concern),
    (1, refer_to_cgc),
    (1.2, not_disclosed),
    (2, lapse),
    (2.5, close),
    (0.5, close_by_another),
    (1, arrange),
    (2.5, accept),
    (0.7, reopen),
    (1, learn_move),
    (1.5, move),
    (3, cgc_transfer),
    (1.5, read_disclosure),
    (1, access_request),
    (1, recall),
    (1, confirm_recall),
    (0.6, breach),
    (1, protect),
    (1.5, attempt_contact),
    (1.5, wrong_sender),
    (0.5, to_contractor),
    (2.5, forbidden),
    (3, whole_course),
    (3, stay),
    (1, another_lapses),
    (0.6, visitor_leaves),
    (3, answer_receipts),
    *MORE_ACTS,
)


def generate(seed: int) -> Raw:
    """The story of this seed."""
    w = Writer(seed)
    begin(w)
    weights, makers = zip(*ACTS, strict=True)
    for _ in range(w.rng.randrange(10, 50)):
        w.wait()
        if w.now - w.start > LONGEST:
            break
        w.rng.choices(makers, weights)[0](w)
        if w.rng.random() < 0.18:
            w.look()
    w.now += timedelta(days=w.rng.choice((1, 3, 20, 45, 100)), minutes=w.rng.randrange(600))
    w.look()
    w.story["ends"] = w.story["expect"][-1]["at"]
    w.now += DAY  # what is owed still comes after the last look at everything
    for who, n, by in w.owed:
        w.add("ReferralAcknowledged", who, [by], [], details={"answers": n})
    return w.story
