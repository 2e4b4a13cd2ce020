"""Who may open what, worked out a second time: a slow reading of rules V1–V10 straight from the whole record.

The second reading knows nothing of the product's states: after each step it goes through every record
from the first on. Random histories must give the same answer for every agency (invariant I5), and must
give the same facts when they are decided again (I3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

import tests.domain.kit as kit
from domain import facts as f
from domain.calendar import day_of
from domain.codes import (
    Appraisal,
    Body,
    Employment,
    Flag,
    HoldGround,
    Module,
    OutsourcingScope,
    RetentionPolicy,
    Role,
    Section,
)
from domain.due import next_due, next_due_of_case
from domain.record import AUDIT, HUB, REGISTRY, About, Record
from tests.domain.kit import Given, Said, id_of, said, tell

# --- the second reading ------------------------------------------------------------------------------------

CLOSE = {Section.NOTIFIER, Section.ADDR}
OWN = {Section.SOURCE, Section.REASON}
NETWORK_CASE = {Section.BASIC, Section.RISK, Section.PLAN, Section.CONF, Section.CLOSING}
COPIES = {"disclosure.made", "disclosure.held", "follow_on_service.arranged", "information.requested"} | {
    "notification.forwarded"
}
OTHER_SERVICE = {"follow_on_service.arranged", "follow_on_service.accepted"}


class Reading:
    """All that was recorded, up to a moment, read from the first record on."""

    def __init__(self, records: Sequence[Record], day: date) -> None:
        self.records, self.day = records, day

    def last(self, *kinds: type, on: UUID | None = None) -> Any:
        """The last fact of these kinds, of all or of one originator; nothing where there is none."""
        for r in reversed(self.records):
            if isinstance(r.fact, kinds) and on in (None, r.originator.id):
                return r.fact
        return None

    def messages(self) -> list[Record]:
        return [r for r in self.records if isinstance(r.fact, f.CaseMessage)]

    def roles(self, agency: UUID) -> frozenset[Role]:
        published = self.last(f.KeySetPublished, on=agency)
        return published.roles if published else frozenset()

    def place(self) -> f.Placed | None:
        return next((m.fact.placed for m in self.messages() if m.fact.placed), None)

    def contractor_here(self, agency: UUID, fact: f.Fact) -> bool:
        return Role.CONTRACTOR in self.roles(agency) and fact.TOPIC not in OTHER_SERVICE

    def member(self, agency: UUID) -> bool:
        inside = False
        for r in self.records:
            if r.originator.id == self.place().network and getattr(r.fact, "member", None) == agency:
                inside = isinstance(r.fact, f.NetworkMemberAdmitted)
        return inside

    def workers_here(self, agency: UUID) -> set[str]:
        there: set[str] = set()
        for r in self.records:
            if isinstance(r.fact, f.SupportClosed):
                there = set()
            if getattr(r.fact, "agency", None) == agency:
                if isinstance(r.fact, f.SupportWorkerAssigned):
                    there |= {r.fact.worker}
                if isinstance(r.fact, f.SupportWorkerUnassigned):
                    there -= {r.fact.worker}
        return there

    def good_until(self, until: date | None) -> bool:
        return until is None or until >= self.day

    def worker_fit(self, commission: UUID, worker: str) -> bool:
        """Trained in every module and, where part-time, under oath today."""
        mine = [
            r.fact
            for r in self.records
            if r.originator.id == commission and getattr(r.fact, "worker", None) == worker
        ]
        trained: dict[Module, bool] = dict.fromkeys(Module, False)
        part_time = sworn = False
        for fact in mine:
            if isinstance(fact, f.TrainingModuleCompleted):
                trained |= dict.fromkeys(fact.modules, self.good_until(fact.valid_until))
            if isinstance(fact, f.OathSigned):
                sworn = self.good_until(fact.valid_until)
            if isinstance(fact, (f.SupportWorkerRegistered, f.OathSigned)):
                part_time = fact.employment is Employment.PART_TIME
        exempt = {fact.module for fact in mine if isinstance(fact, f.TrainingModuleExempted)}
        return all(trained[m] or m in exempt for m in Module) and (sworn or not part_time)

    def contractor_ready(self, agency: UUID) -> bool:
        """V6–V8: contract, requirements, membership, no suspension, an open case, every visitor fit."""
        core = self.place().core
        commission = kit.commission_of(core, agency)
        contract = self.last(f.OutsourcingContractConcluded, f.OutsourcingContractEnded, on=commission)
        if not isinstance(contract, f.OutsourcingContractConcluded):
            return False
        if not contract.begins_on <= self.day or not self.good_until(contract.ends_on):
            return False
        checked = self.last(f.ContractorRequirementVerified, on=commission)
        needed = {1, 2, 3} if checked and checked.scope is OutsourcingScope.FULL else {1, 2}
        if checked is None or not needed <= checked.items or not self.member(agency):
            return False
        stopped = self.last(f.ContractorSuspended, f.ContractorReinstated, on=commission)
        if isinstance(stopped, f.ContractorSuspended):
            return False
        if isinstance(self.last(f.SupportClosed, f.SupportCommenced), f.SupportClosed):
            return False
        workers = self.workers_here(agency)
        return bool(workers) and all(self.worker_fit(commission, w) for w in workers)

    def waits_for(self, message: Record) -> set[UUID]:
        """V7: those addressees that were not ready when it was said, less those for whom it was released."""
        at = self.records.index(message)
        then = Reading(self.records[: at + 1], day_of(message.at))
        told = any(i.section not in OWN for i in message.fact.items)
        waiting = {
            a
            for a in message.fact.to
            if told and then.contractor_here(a, message.fact) and not then.contractor_ready(a)
        }
        for r in self.records[at:]:
            if isinstance(r.fact, f.HeldDisclosureReleased) and r.fact.releases == message.ask_id:
                waiting -= r.fact.to
        return waiting

    def opens(self, reader: Any) -> set[UUID]:
        if not isinstance(reader, UUID):
            return set()  # V10
        found: set[UUID] = set()
        for m in self.messages():
            found |= {i.item for i in m.fact.items if self.may_open(reader, m, i.section)}
        return found

    def may_open(self, reader: UUID, m: Record, section: Section) -> bool:
        if section in self.destroyed():
            return False
        wrote = m.by == reader  # V1
        told = reader in m.fact.to and section not in OWN  # V2
        if self.contractor_here(reader, m.fact):  # V6, V8, V7 come first
            if not self.contractor_ready(reader):
                return False
            if not wrote and reader in self.waits_for(m):
                return False
        if wrote:
            return True
        if any(isinstance(r.fact, f.UseStopped) and r.fact.stops == m.ask_id for r in self.records):
            return False
        if m.fact.consent and self.consent_gone(m, reader):  # V9
            return False
        return told or self.stands_open(reader, m, section)

    def destroyed(self) -> set[Section]:
        """What nobody can open any more: its keys are gone."""
        gone = [r.fact.sections for r in self.records if isinstance(r.fact, f.KeyDestroyed)]
        return {section for sections in gone for section in sections}

    def stands_open(self, reader: UUID, m: Record, section: Section) -> bool:
        place = self.place()
        if section in CLOSE | OWN or place is None:  # V5
            return False
        if self.emergency(reader, m, section):
            return True
        by_contractor = self.contractor_here(m.by, m.fact)
        if reader == place.core and by_contractor:  # V3
            return True
        coordinating = self.last(f.CoordinatingAgencyDesignated, on=place.network)
        in_network = isinstance(
            self.last(f.NetworkCaseRegistered, f.NetworkCaseDeregistered), f.NetworkCaseRegistered
        )
        return (  # V4
            coordinating.agency == reader
            and in_network
            and (m.by == place.core or by_contractor or place.core in m.fact.to)
            and m.fact.TOPIC not in COPIES
            and section in NETWORK_CASE
        )

    def emergency(self, reader: UUID, m: Record, section: Section) -> bool:
        """Asked for, let by two persons after it was written, and not over yet."""
        for ask in self.messages():
            if not isinstance(ask.fact, f.EmergencyAccessRequested) or ask.by != reader:
                continue
            let = [
                r
                for r in self.records
                if isinstance(r.fact, f.EmergencyAccessApproved) and r.fact.approves == ask.ask_id
            ]
            over = any(
                isinstance(r.fact, f.EmergencyAccessEnded) and r.fact.message == ask.ask_id
                for r in self.records
            )
            in_file = self.place().core in (m.by, *m.fact.to)
            open_now = len(let) >= 2 and not over and in_file and section in ask.fact.sections
            if open_now and self.records.index(m) < self.records.index(let[1]):
                return True
        return False

    def consent_gone(self, m: Record, reader: UUID) -> bool:
        gone = {
            c for r in self.records if isinstance(r.fact, f.ConsentWithdrawn) for c in r.fact.consent
        } & m.fact.consent
        if reader in m.fact.basis:
            return bool(gone) and m.fact.basis[reader] == "CONSENT"
        return bool(gone) and "CONSENT" in m.fact.basis.values()


# --- random histories --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One random step; what it comes to depends on what was before it."""

    act: str
    stray: UUID | None  # somebody else than the one who should
    to: frozenset[UUID]
    sections: tuple[Section, ...]
    flagged: bool
    by_consent: bool
    pick: int
    hours: int


def basis_for(so: Given, by: UUID, to: UUID) -> str:
    """A basis that mostly fits these two."""
    agencies = so.world.register.agencies
    sides = {agencies[by].body, agencies[to].body}
    public = {Body.MUNICIPALITY, Body.PREFECTURE}
    if sides == {Body.MUNICIPALITY}:
        return "APPI-69-1"
    if sides == {Body.MUNICIPALITY, Body.COMMISSIONED}:
        return "CWA-21-10-2-3"
    return "APPI-69-2-4" if agencies[by].body in public else "APPI-27-1-3"


def some(so: Given, pick: int, *kinds: type) -> UUID:
    """The id of one earlier message, of these kinds where there is one."""
    found = [r.ask_id for r in so.records if isinstance(r.fact, kinds)] or [id_of("nothing")]
    return found[pick % len(found)]


Make = Callable[[Given, Step, dict[str, Any]], Said]
HOSPITAL_AND_CO = (kit.MID_HOSP, kit.KS_CGC, kit.EXT_NURSERY, kit.SORA_NPO, kit.AZ_CORE, kit.AZ_COORD)


def message(act: type[f.CaseMessage], by: UUID, **data: Any) -> Make:
    """An act with the addressees and sections of its step."""

    def make(so: Given, step: Step, known: dict[str, Any]) -> Said:
        sender = step.stray or by
        code = "CONSENT" if step.by_consent else None
        sections: list[Any] = list(step.sections)
        if step.flagged and sections:
            sections[0] = (sections[0], Flag.SENSITIVE)
        return tell(
            act,
            sender,
            step.to,
            sections,
            {a: code or basis_for(so, sender, a) for a in sorted(step.to)},
            consent=[id_of("C0"), id_of("C1")] if step.by_consent else [],
            **{k: v(so, step) if callable(v) else v for k, v in data.items()},
            **known,
        )

    return make


def bare(act: type[f.CaseMessage], by: UUID, **data: Any) -> Make:
    """An act that goes to nobody and carries nothing."""

    def make(so: Given, step: Step, known: dict[str, Any]) -> Said:
        values = {k: v(so, step) if callable(v) else v for k, v in data.items()}
        own = values.pop("sections_", None)  # the act's own field, not what it carries
        if own is not None:
            return with_sections(tell(act, step.stray or by, **{**known, **values}), own)
        return tell(act, step.stray or by, **{**known, **values})

    return make


def with_sections(one: Said, sections: frozenset[Section]) -> Said:
    return replace(one, fact=replace(one.fact, sections=sections))  # type: ignore[call-arg]


def release(so: Given, step: Step, known: dict[str, Any]) -> Said:
    waiting = [m for m in so.world.case.messages.values() if m.held]
    if not waiting:
        return tell(f.HeldDisclosureReleased, kit.AZ_CORE, releases=id_of("nothing"), **known)
    one = waiting[step.pick % len(waiting)]
    return tell(f.HeldDisclosureReleased, one.by, one.held, releases=one.id, **known)


def paper(make: Callable[[Given, Step], Said]) -> Make:
    """A fact of the register."""
    return lambda so, step, known: replace(make(so, step), ask=id_of(known["name"]))


def day(step: Step, after: int) -> date:
    return day_of(kit.NOON) + timedelta(days=after + step.pick)


def worker_of(step: Step) -> str:
    return (kit.WORKER, kit.SECOND_WORKER)[step.pick % 2]


def consented(so: Given, step: Step, known: dict[str, Any]) -> Said:
    one = kit.consent_of(
        f"C{step.pick % 2}",
        sender=step.stray or kit.AZ_CORE,
        recipient=min(step.to, default=kit.EXT_SERVICE),
        sections=step.sections or (Section.BASIC,),
    )
    return replace(one, ask=id_of(known["name"]))


REQUESTS = (f.InformationRequested,)
ACTS: dict[str, Make] = {
    "tell": message(f.DisclosureMade, kit.AZ_CORE),
    "tell as coordinator": message(f.DisclosureMade, kit.AZ_COORD),
    "tell as contractor": message(f.DisclosureMade, kit.SORA_NPO, actor=kit.WORKER),
    "news": message(f.FamilyInformationProvided, kit.MID_HOSP),
    "notice": message(f.ProgrammeNotificationReceived, kit.KS_CGC),
    "notify": message(f.AbuseNotificationReceived, kit.EXT_NURSERY),
    "forward": message(
        f.NotificationForwarded,
        kit.AZ_COORD,
        forwards=lambda so, s: some(so, s.pick, f.AbuseNotificationReceived),
    ),
    "look after it": message(f.SafetyConfirmed, kit.AZ_COORD),
    "stop the use": bare(f.UseStopped, kit.AZ_CORE, stops=lambda so, s: some(so, s.pick), reason="UNLAWFUL"),
    "ask": message(f.InformationRequested, kit.AZ_CORE),
    "answer": message(
        f.InformationRequestAnswered, kit.MID_HOSP, answers=lambda so, s: some(so, s.pick, *REQUESTS)
    ),
    "plan": message(f.SupportPlanFormulated, kit.AZ_CORE),
    "minutes": message(f.ConferenceMinutesRecorded, kit.AZ_COORD),
    "report": message(f.VisitReportSubmitted, kit.SORA_NPO, actor=kit.WORKER),
    "follow on": message(f.FollowOnServiceArranged, kit.AZ_CORE),
    "accept": bare(
        f.FollowOnServiceAccepted,
        kit.SORA_NPO,
        answers=lambda so, s: some(so, s.pick, f.FollowOnServiceArranged),
    ),
    "register": bare(f.NetworkCaseRegistered, kit.AZ_COORD),
    "deregister": bare(f.NetworkCaseDeregistered, kit.AZ_COORD, reason="MOVED_AWAY"),
    "assign": bare(f.SupportWorkerAssigned, kit.AZ_CORE, worker=lambda so, s: worker_of(s)),
    "unassign": bare(f.SupportWorkerUnassigned, kit.AZ_CORE, worker=lambda so, s: worker_of(s)),
    "commence": bare(f.SupportCommenced, kit.AZ_CORE),
    "consult": bare(f.ClosingConsultationHeld, kit.AZ_CORE),
    "evaluate": bare(f.ClosingEvaluationRecorded, kit.AZ_CORE),
    "close": bare(f.SupportClosed, kit.AZ_CORE),
    "reopen": bare(f.CaseReopened, kit.AZ_CORE, reason="STATED"),
    "keep for ten years": bare(
        f.RetentionPolicyAssigned, kit.AZ_CORE, policy=RetentionPolicy.AFTER_CLOSING, until=None
    ),
    "hold": bare(f.LegalHoldPlaced, kit.KS_CGC, ground=HoldGround.REVIEW),
    "lift": bare(f.LegalHoldLifted, kit.KS_CGC, lifts=lambda so, s: some(so, s.pick, f.LegalHoldPlaced)),
    "appraise": bare(
        f.RecordsAppraised,
        kit.AZ_CORE,
        appraisal=Appraisal.DESTROY,
        sections_=lambda so, s: frozenset(s.sections) or frozenset({Section.BASIC}),
    ),
    "let it go": bare(
        f.DestructionApproved,
        kit.AZ_CORE,
        approves=lambda so, s: some(so, s.pick, f.RecordsAppraised),
        actor=lambda so, s: f"p-{s.pick}",
    ),
    "release": release,
    "consent": consented,
    "withdraw": bare(f.ConsentWithdrawn, kit.AZ_CORE, consent=lambda so, s: [id_of(f"C{s.pick % 2}")]),
    "break the glass": bare(
        f.EmergencyAccessRequested,
        kit.KS_CGC,
        to=[kit.AZ_CORE],
        reason="LIFE",
        sections_=lambda so, s: frozenset({Section.BASIC, Section.PLAN}),
    ),
    "let": bare(
        f.EmergencyAccessApproved,
        kit.KS_CGC,
        approves=lambda so, s: some(so, s.pick, f.EmergencyAccessRequested),
        actor=lambda so, s: f"p-{s.pick}",
    ),
    "train": paper(lambda so, s: kit.trained(worker_of(s), day(s, 2))),
    "swear": paper(lambda so, s: kit.sworn(worker_of(s), day(s, 2))),
    "another worker": paper(lambda so, s: kit.worker(kit.SECOND_WORKER)),
    "reinstate": paper(lambda so, s: said(kit.AZ_CORE, f.ContractorReinstated())),
    "verify": paper(lambda so, s: kit.verified([1, 2][: 1 + s.pick % 2])),
    "end the contract": paper(lambda so, s: said(kit.AZ_CORE, f.OutsourcingContractEnded())),
    "a new contract": paper(lambda so, s: kit.contract(begins_on=day(s, 0), ends_on=day(s, 5))),
    "member out": paper(lambda so, s: said(kit.AZ_COORD, f.NetworkMemberWithdrawn(member=kit.SORA_NPO))),
    "member in": paper(lambda so, s: kit.admitted(kit.SORA_NPO)),
    "another coordinator": paper(
        lambda so, s: said(
            REGISTRY, f.CoordinatingAgencyDesignated(agency=(kit.AZ_COORD, kit.TW_ONE)[s.pick % 2])
        )
    ),
}

TURNS = ["assign", "close", "let", "let it go", "reinstate", "release", "swear", "withdraw"]
"""Acts after which somebody else may open; asked for oftener."""

AGENCIES = [id for id, *_ in kit.AGENCIES.values()]
STEPS = st.lists(
    st.builds(
        Step,
        act=st.one_of(st.sampled_from(sorted(ACTS)), st.sampled_from(TURNS)),
        stray=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(AGENCIES)),
        to=st.frozensets(st.one_of(st.just(kit.SORA_NPO), st.sampled_from(AGENCIES)), min_size=0, max_size=2),
        sections=st.lists(st.sampled_from(sorted(Section)), max_size=3).map(tuple),
        flagged=st.integers(0, 9).map(lambda n: n == 9),
        by_consent=st.integers(0, 5).map(lambda n: n == 5),
        pick=st.integers(0, 5),
        hours=st.sampled_from([1, 1, 1, 24, 72, 24 * 40]),
    ),
    min_size=12,
    max_size=30,
)

AT_WORK = (
    kit.LEARNED,
    *kit.DECIDED,
    kit.REGISTERED,
    *kit.COMMISSIONED,
    kit.ASSIGNED,
    kit.COMMENCED,
    tell(
        f.VisitReportSubmitted,
        kit.SORA_NPO,
        sections=[Section.VISIT, Section.RISK, Section.ADDR],
        actor=kit.WORKER,
        name="where they live",
    ),
)
LAPSED = (
    kit.sworn(until=date(2025, 6, 1), name="a short oath"),
    said(HUB, f.OathLapsed(worker=kit.WORKER, valid_until=date(2025, 6, 1))),
    said(HUB, f.ContractorSuspended(gaps=frozenset({"W-S1:OATH"}))),
)
HELD = tell(
    f.DisclosureHeld,
    kit.AZ_CORE,
    [kit.SORA_NPO],
    [Section.BASIC],
    "CWA-21-10-2-3",
    name="waits",
    held=[kit.SORA_NPO],
)
BACK = (kit.sworn(name="a new oath"), said(kit.AZ_CORE, f.ContractorReinstated()))

YEARS_ON = kit.jst("2036-06-02 12:00")

BEFORE = {
    "a case just learned of": (kit.LEARNED,),
    "a contractor at work": AT_WORK,
    "a contractor that lapsed": (*AT_WORK, *LAPSED, HELD),
    "a contractor that nobody has looked at again": (*AT_WORK, kit.TO_SORA, *LAPSED, HELD, BACK[0]),
    "support about to end": (*AT_WORK, kit.TO_SORA, kit.CONSULTED, kit.EVALUATED),
    "a contractor that is back": (*AT_WORK, *LAPSED, HELD, *BACK),
    "a contractor whose oath runs out": (
        kit.LEARNED,
        *kit.DECIDED,
        *kit.COMMISSIONED[:-1],
        kit.sworn(until=date(2025, 6, 4)),
        kit.ASSIGNED,
        kit.COMMENCED,
        kit.TO_SORA,
    ),
    "an agency that asks to read in an emergency": (
        *AT_WORK,
        with_sections(
            tell(f.EmergencyAccessRequested, kit.KS_CGC, [kit.AZ_CORE], reason="LIFE", name="glass"),
            frozenset({Section.BASIC, Section.PLAN, Section.VISIT}),
        ),
        tell(f.EmergencyAccessApproved, kit.KS_CGC, approves=id_of("glass"), actor="p-8", name="first"),
    ),
    "a case whose time is over": (
        said(REGISTRY, f.HubFounded(mode="rehearsal")),
        *AT_WORK,
        kit.TO_SORA,
        kit.CONSULTED,
        kit.EVALUATED,
        tell(f.SupportClosed, kit.AZ_CORE, name="closed"),
        tell(
            f.RetentionPolicyAssigned,
            kit.AZ_CORE,
            policy=RetentionPolicy.AFTER_CLOSING,
            until=None,
            name="keeps",
        ),
        with_sections(
            tell(f.RecordsAppraised, kit.AZ_CORE, appraisal=Appraisal.DESTROY, name="appraised", at=YEARS_ON),
            frozenset({Section.BASIC, Section.RISK, Section.ADDR, Section.PLAN}),
        ),
        tell(
            f.DestructionApproved,
            kit.AZ_CORE,
            approves=id_of("appraised"),
            actor="p-9",
            name="lets",
            at=YEARS_ON,
        ),
    ),
    "a family that consented": (
        kit.LEARNED,
        kit.REGISTERED,
        kit.consent_of("C0"),
        kit.consent_of("C1", sender=kit.MID_HOSP, recipient=kit.AZ_CORE),
        tell(
            f.DisclosureMade,
            kit.AZ_CORE,
            [kit.EXT_SERVICE],
            [Section.PLAN],
            "CONSENT",
            name="by consent",
            consent=[id_of("C0")],
        ),
        tell(
            f.FamilyInformationProvided,
            kit.MID_HOSP,
            [kit.AZ_CORE],
            [Section.BASIC],
            "CONSENT",
            name="more by consent",
            consent=[id_of("C1")],
        ),
    ),
}


def play(before: tuple[Said, ...], steps: list[Step], look: Callable[[Given], None]) -> Given:
    """What these steps come to: each is asked for, and what was decided is recorded."""
    so = kit.given(*before)
    at = max(kit.NOON, so.records[-1].at)
    for n, step in enumerate(steps):
        at += timedelta(hours=step.hours)
        clock(so, at)
        wish = ACTS[step.act](so, step, {"name": f"step {n}"})
        decided = so.when(wish, now=at)
        assert decided == so.when(wish, now=at)
        for fact in decided:
            event(f"{step.act}: {fact.TOPIC}")
            so.put(replace(wish, fact=fact, at=at))
        look(so)
    return so


def clock(so: Given, at: Any) -> None:
    """Record what fell due by now."""
    for n in range(100):
        of_case = next_due_of_case(so.world)
        dues = [next_due(so.world.register, at), of_case if of_case and of_case.at <= at else None]
        due = min((d for d in dues if d is not None), key=lambda d: d.at, default=None)
        if due is None:
            return
        ask = id_of(f"due {len(so.records)} {n}")
        so.put(
            Said(by=HUB, fact=due.fact, on=About(due.about.kind, due.about.id), ask=ask, at=due.at),
            by_hub=True,
        )
    raise AssertionError("what fell due never ends")


TIMES = 40 if settings.get_current_profile_name() == "long" else 1
"""So many histories more with ``--hypothesis-profile=long``."""

CHECKED = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to make a long history shorter takes minutes
)


@settings(CHECKED, max_examples=100 * TIMES)
@given(before=st.sampled_from(sorted(BEFORE)), steps=STEPS)
def test_each_agency_may_open_what_the_rules_say_after_every_step(before: str, steps: list[Step]) -> None:
    def look(so: Given) -> None:
        now = so.records[-1].at
        reading = Reading(so.records, day_of(now))
        for reader in (*AGENCIES, AUDIT):
            assert so.opens(reader, now=now) == reading.opens(reader), reader

    play(BEFORE[before], steps, look)


@settings(CHECKED, max_examples=25 * TIMES)
@given(before=st.sampled_from(sorted(BEFORE)), steps=STEPS)
def test_the_same_history_decided_again_gives_the_same_facts(before: str, steps: list[Step]) -> None:
    first = play(BEFORE[before], steps, lambda so: None)
    again = play(BEFORE[before], steps, lambda so: None)
    assert first.records == again.records
    assert first.world == again.world
