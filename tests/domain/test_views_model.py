"""Who may open what, worked out a second time: a slow reading of rules V1–V10 straight from the whole record.

The second reading knows nothing of the product's states: after each step it goes through every record
from the first on. Random histories must give the same answer for every agency (invariant I5), and must
give the same facts when they are decided again (I3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

import tests.domain.kit as kit
from domain import events as f
from domain.calendar import day_of
from domain.codes import (
    Alternative,
    Appraisal,
    Body,
    ClosingReason,
    Condition,
    Employment,
    Flag,
    HandoverItem,
    HandoverState,
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
    "notification.forwarded",
    "transfer.initiated",
    "transfer_package.sent",
    "transfer_receipt.confirmed",
    "transfer_conference.held",
    "transfer.completed",
}
ON_CONSENT = {"CONSENT", "APPI-27-C", "APPI-69-2-1"}
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

    @cached_property
    def said_in_case(self) -> list[Record]:
        return [r for r in self.records if isinstance(r.fact, f.CaseMessage)]

    def messages(self) -> list[Record]:
        return self.said_in_case

    def roles(self, agency: UUID) -> frozenset[Role]:
        published = self.last(f.KeySetPublished, on=agency)
        return published.roles if published else frozenset()

    def place(self) -> f.Placed | None:
        """Where the case is now: where it began, or where it was handed over to."""
        placed = [m.fact for m in self.messages() if m.fact.placed]
        moved = [fact.placed for fact in placed if isinstance(fact, f.TransferCompleted)]
        return moved[-1] if moved else placed[0].placed if placed else None

    def commissioner(self, agency: UUID) -> UUID:
        """The core agency for which this contractor visits here."""
        core: UUID = self.place().core
        for m in self.messages():
            if isinstance(m.fact, f.SupportWorkerAssigned) and m.fact.agency == agency != m.by:
                core = m.by
        return core

    def ended(self) -> bool:
        """Whether nobody supports the family by this case any more."""
        ended = False
        for m in self.messages():
            if isinstance(m.fact, f.SupportClosed):
                ended = ended or m.fact.closing_reason is not ClosingReason.TRANSFER
            if isinstance(m.fact, (f.SupportCommenced, f.CaseReopened)):
                ended = False
            if isinstance(m.fact, f.TransferCompleted):
                ended = m.fact.placed is None
        return ended

    def shredded(self, section: Section) -> bool:
        return any(isinstance(r.fact, f.KeyDestroyed) and section in r.fact.sections for r in self.records)

    def contractor_here(self, agency: UUID, fact: f.Fact) -> bool:
        return Role.CONTRACTOR in self.roles(agency) and fact.TOPIC not in OTHER_SERVICE

    def member(self, agency: UUID) -> bool:
        """Whether it belongs to the network of the core agency for which it visits."""
        inside, core = False, self.commissioner(agency)
        network = next(
            r.originator.id
            for r in self.records
            if isinstance(r.fact, f.CoreAgencyDesignated) and r.fact.agency == core
        )
        for r in self.records:
            if r.originator.id == network and getattr(r.fact, "member", None) == agency:
                inside = isinstance(r.fact, f.NetworkMemberAdmitted)
        return inside

    def workers_here(self, agency: UUID) -> set[str]:
        there: set[str] = set()
        for n, r in enumerate(self.records):
            if isinstance(r.fact, f.SupportClosed):
                its_own = r.by == Reading(self.records[: n + 1], self.day).commissioner(agency)
                if r.fact.closing_reason is not ClosingReason.TRANSFER or its_own:
                    there = set()
            if isinstance(r.fact, f.TransferCompleted) and r.fact.placed is None:
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
        commission = kit.commission_of(self.commissioner(agency), agency)
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
        if self.ended():
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
        if self.shredded(section):
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
        if m.fact.consent and self.consent_gone(m, reader, section):  # V9
            return False
        return told or self.stands_open(reader, m, section)

    def stands_open(self, reader: UUID, m: Record, section: Section) -> bool:
        place = self.place()
        if section in CLOSE | OWN or place is None:  # V5
            return False
        if self.emergency(reader, m, section):
            return True
        by_contractor = self.contractor_here(m.by, m.fact)
        file_of = {m.by, *m.fact.to} | ({self.commissioner(m.by)} if by_contractor else set())
        if by_contractor and reader == self.commissioner(m.by):  # V3
            return True
        if m.fact.TOPIC in COPIES or section not in NETWORK_CASE:
            return False
        return any(  # V4
            core in file_of and self.coordinates(reader, network) for network, core in self.registered_with()
        )

    def coordinates(self, agency: UUID, network: UUID) -> bool:
        office = self.last(f.CoordinatingAgencyDesignated, on=network)
        return office is not None and office.agency == agency

    def registered_with(self) -> set[tuple[UUID, UUID]]:
        """The networks with which it is registered now, each with the core agency that has or had it there."""
        found: set[tuple[UUID, UUID]] = set()
        for n, r in enumerate(self.records):
            if isinstance(r.fact, (f.NetworkCaseRegistered, f.NetworkCaseDeregistered)):
                where = r.fact.placed or Reading(self.records[:n], self.day).place()
                known = (where.network, where.core)
                found = found | {known} if isinstance(r.fact, f.NetworkCaseRegistered) else found - {known}
        return found

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
            if len(let) < 2 or over or section not in ask.fact.sections:
                continue
            before = self.records[: self.records.index(let[1])]
            if m in before and Reading(before, self.day).place().core in (m.by, *m.fact.to):
                return True
        return False

    def consent_gone(self, m: Record, reader: UUID, section: Section) -> bool:
        """Somebody's copy that this reader's rests on was let by a consent that is withdrawn after it."""
        later = self.records[self.records.index(m) :]
        gone = {c for r in later if isinstance(r.fact, f.ConsentWithdrawn) for c in r.fact.consent}
        given = [r.fact for r in self.records if isinstance(r.fact, f.ConsentGiven)]
        rows = [row for fact in given for row in fact.scope if row.consent in m.fact.consent]
        known = {row.consent for row in rows}
        for agency, code in m.fact.basis.items():
            if code not in ON_CONSENT or (reader in m.fact.basis and agency != reader):
                continue
            about = {
                r.consent for r in rows if (r.sender, r.recipient) == (m.by, agency) and section in r.sections
            }
            if gone & (about or known):
                return True
        return False


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


def basis_for(so: Given, by: UUID, to: UUID, pick: int = 0) -> str:
    """A basis that mostly fits these two."""
    if pick in (3, 4):
        return ("CWA-25-2-2", "APPI-69-2-3")[pick - 3]
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
            {a: code or basis_for(so, sender, a, step.pick) for a in sorted(step.to)},
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
    "hand over": message(f.TransferInitiated, kit.AZ_CORE, moves_on=None),
    "pack": message(
        f.TransferPackageSent,
        kit.AZ_CORE,
        hands_over=lambda so, s: some(so, s.pick, f.TransferInitiated),
        checklist=lambda so, s: dict.fromkeys(HandoverItem, HandoverState.NONE),
    ),
    "unpack": bare(
        f.TransferReceiptConfirmed,
        kit.TW_CORE,
        answers=lambda so, s: some(so, s.pick, f.TransferPackageSent, f.TransferInitiated),
        received=frozenset(HandoverItem),
    ),
    "see the child there": bare(f.ChildSighted, kit.TW_CORE),
    "take over": bare(
        f.TransferCompleted,
        kit.TW_CORE,
        hands_over=lambda so, s: some(so, s.pick, f.TransferInitiated),
        child_seen=lambda so, s: s.pick % 2 == 0,
        reason="OTHER",
    ),
    "write there": message(f.DisclosureMade, kit.TW_CORE),
    "register there": bare(f.NetworkCaseRegistered, kit.TW_ONE),
    "deregister there": bare(f.NetworkCaseDeregistered, kit.TW_ONE, reason="MOVED_AWAY"),
    "close as handed over": bare(f.SupportClosed, kit.AZ_CORE, closing_reason=ClosingReason.TRANSFER),
    "reopen": bare(f.CaseReopened, kit.AZ_CORE, reason="OTHER"),
    "protect": message(f.ProtectedAddressRegistered, kit.AZ_CORE, until=lambda so, s: day(s, 30)),
    "correct": message(f.CorrectionMade, kit.AZ_CORE, corrects=lambda so, s: some(so, s.pick)),
    "impose": bare(
        f.DisclosureConditionsImposed,
        kit.AZ_CORE,
        to=[kit.SORA_NPO],
        disclosure=lambda so, s: some(so, s.pick, f.DisclosureMade),
        conditions=frozenset(Condition),
        until=None,
    ),
    "refuse consent": bare(f.ConsentRefused, kit.AZ_CORE),
    "ask to override": bare(
        f.BasisOverrideRequested,
        kit.AZ_CORE,
        code="APPI-69-2-4",
        recipients=frozenset({kit.EXT_SERVICE, kit.EXT_NURSERY}),
        alternatives=frozenset({Alternative.ASK_THE_OWNER}),
        reason="LIFE",
    ),
    "let override": bare(
        f.BasisOverrideApproved,
        kit.AZ_CORE,
        approves=lambda so, s: some(so, s.pick, f.BasisOverrideRequested),
        actor=lambda so, s: f"p-{s.pick}",
    ),
    "keep for ten years": bare(
        f.RetentionPolicyAssigned, kit.AZ_CORE, policy=RetentionPolicy.AFTER_CLOSING, until=None
    ),
    "keep": bare(
        f.RetentionPolicyAssigned,
        kit.AZ_CORE,
        policy=RetentionPolicy.CHILD_AGE,
        until=lambda so, s: day(s, 30),
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

TURNS = ["assign", "close", "let", "let it go", "reinstate", "release", "swear", "take over", "withdraw"]
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
        hours=st.sampled_from([1, 1, 1, 24, 72, 24 * 40, 24 * 400]),
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

MOVING = (
    *AT_WORK,
    kit.TO_SORA,
    tell(f.TransferInitiated, kit.AZ_CORE, [kit.TW_CORE], moves_on=None, name="hands over"),
    tell(
        f.TransferPackageSent,
        kit.AZ_CORE,
        [kit.TW_CORE],
        [Section.BASIC, Section.RISK],
        "APPI-69-2-3",
        hands_over=id_of("hands over"),
        checklist=dict.fromkeys(HandoverItem, HandoverState.SENT),
    ),
)
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
    "a family about to move": MOVING,
    "a family that moved": (
        *MOVING,
        tell(
            f.TransferCompleted,
            kit.TW_CORE,
            hands_over=id_of("hands over"),
            child_seen=True,
            placed=f.Placed(network=kit.OTHER_NETWORK, core=kit.TW_CORE),
        ),
    ),
    "a case kept until the child is grown": (
        said(REGISTRY, f.HubFounded(mode="rehearsal")),
        *AT_WORK,
        kit.TO_SORA,
        tell(
            f.RetentionPolicyAssigned,
            kit.AZ_CORE,
            policy=RetentionPolicy.CHILD_AGE,
            until=date(2025, 6, 1),
        ),
        with_sections(
            tell(f.RecordsAppraised, kit.AZ_CORE, appraisal=Appraisal.DESTROY, name="appraised"),
            frozenset({Section.BASIC, Section.VISIT}),
        ),
        tell(f.DestructionApproved, kit.AZ_CORE, approves=id_of("appraised"), actor="p-8", name="one lets"),
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
    for n in range(1000):
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


@settings(CHECKED, max_examples=60 * TIMES)
@given(before=st.sampled_from(sorted(BEFORE)), steps=STEPS)
def test_each_agency_may_open_what_the_rules_say_after_every_step(before: str, steps: list[Step]) -> None:
    def look(so: Given) -> None:
        now = so.records[-1].at
        reading = Reading(so.records, day_of(now))
        for reader in (*AGENCIES, AUDIT):
            assert so.opens(reader, now=now) == reading.opens(reader), reader

    play(BEFORE[before], steps, look)


@settings(CHECKED, max_examples=15 * TIMES)
@given(before=st.sampled_from(sorted(BEFORE)), steps=STEPS)
def test_the_same_history_decided_again_gives_the_same_facts(before: str, steps: list[Step]) -> None:
    first = play(BEFORE[before], steps, lambda so: None)
    again = play(BEFORE[before], steps, lambda so: None)
    assert first.records == again.records
    assert first.world == again.world
