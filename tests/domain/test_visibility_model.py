"""Who may open what, computed a second time: a slow reading of rules V1–V11 straight from the full record.

The second reading knows nothing of the product's states: after each step it goes through every record
from the first on. Random histories must give the same answer for every agency (invariant I5), and must
give the same events when they are decided again (I3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from hypothesis import event as hypothesis_event
from hypothesis import given
from hypothesis import strategies as st

import tests.domain.builders as kit
from domain import events as e
from domain.calendar import day_of
from domain.children import UNKNOWN_CHILD
from domain.codes import (
    Alternative,
    Appraisal,
    AuthorityState,
    Body,
    BreachIntent,
    BreachStage,
    Caregiver,
    ChildPlace,
    ClosingReason,
    Condition,
    Employment,
    FamilyService,
    Flag,
    ForbiddenContact,
    HandoverItem,
    HandoverState,
    HoldGround,
    LocatedBy,
    Module,
    OutsourcingScope,
    Parent,
    RetentionPolicy,
    Role,
    SearchResult,
    SearchStep,
    Section,
    ServiceAnswer,
)
from domain.due import next_due, next_due_of_case
from domain.record import AUDIT, HUB, REGISTRARS, About, Record
from tests.domain.builders import EventInput, Given, case_message, event_input, id_of
from tests.profiles import examples

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
    "staying.elsewhere",
}
TOWN_OF_STAY = {Section.BASIC, Section.PLAN, Section.RISK}
ON_CONSENT = {"CONSENT", "APPI-27-C", "APPI-69-2-1"}
OTHER_SERVICE = {"follow_on_service.arranged", "follow_on_service.accepted"}


class Reading:
    """All that was recorded, up to a moment, read from the first record on."""

    def __init__(self, records: Sequence[Record], day: date) -> None:
        self.records, self.day = records, day

    def last(self, *kinds: type, on: UUID | None = None) -> Any:
        """The last event of these kinds, of all or of one originator; nothing where there is none."""
        for r in reversed(self.records):
            if isinstance(r.event, kinds) and on in (None, r.originator.id):
                return r.event
        return None

    @cached_property
    def case_records(self) -> list[Record]:
        return [r for r in self.records if isinstance(r.event, e.CaseMessage)]

    def messages(self) -> list[Record]:
        return self.case_records

    def roles(self, agency: UUID) -> frozenset[Role]:
        published = self.last(e.KeySetPublished, on=agency)
        return published.roles if published else frozenset()

    def place(self) -> e.Placed | None:
        """Where the case is now: where it began, or where it was handed over to."""
        placed = [m.event for m in self.messages() if m.event.placed]
        moved = [event.placed for event in placed if isinstance(event, e.TransferCompleted)]
        return moved[-1] if moved else placed[0].placed if placed else None

    def commissioner(self, agency: UUID) -> UUID:
        """The core agency for which this contractor visits here."""
        core: UUID = self.place().core
        for m in self.messages():
            if isinstance(m.event, e.SupportWorkerAssigned) and m.event.agency == agency != m.by:
                core = m.by
        return core

    def ended(self) -> bool:
        """Whether nobody supports the family by this case any more."""
        ended = False
        for m in self.messages():
            if isinstance(m.event, e.SupportClosed):
                ended = ended or m.event.closing_reason is not ClosingReason.TRANSFER
            if isinstance(m.event, (e.SupportCommenced, e.CaseReopened)):
                ended = False
            if isinstance(m.event, e.TransferCompleted):
                ended = m.event.placed is None
        return ended

    def shredded(self, section: Section) -> bool:
        return any(isinstance(r.event, e.KeyDestroyed) and section in r.event.sections for r in self.records)

    def contractor_here(self, agency: UUID, event: e.Event) -> bool:
        return Role.CONTRACTOR in self.roles(agency) and event.TOPIC not in OTHER_SERVICE

    def member(self, agency: UUID) -> bool:
        """Whether it belongs to the network of the core agency for which it visits."""
        inside, core = False, self.commissioner(agency)
        network = next(
            r.originator.id
            for r in self.records
            if isinstance(r.event, e.CoreAgencyDesignated) and r.event.agency == core
        )
        for r in self.records:
            if r.originator.id == network and getattr(r.event, "member", None) == agency:
                inside = isinstance(r.event, e.NetworkMemberAdmitted)
        return inside

    def workers_here(self, agency: UUID) -> set[str]:
        there: set[str] = set()
        for n, r in enumerate(self.records):
            if isinstance(r.event, e.SupportClosed):
                its_own = r.by == Reading(self.records[: n + 1], self.day).commissioner(agency)
                if r.event.closing_reason is not ClosingReason.TRANSFER or its_own:
                    there = set()
            if isinstance(r.event, e.TransferCompleted) and r.event.placed is None:
                there = set()
            if getattr(r.event, "agency", None) == agency:
                if isinstance(r.event, e.SupportWorkerAssigned):
                    there |= {r.event.worker}
                if isinstance(r.event, e.SupportWorkerUnassigned):
                    there -= {r.event.worker}
        return there

    def valid_on(self, until: date | None) -> bool:
        return until is None or until >= self.day

    def worker_fit(self, commission: UUID, worker: str) -> bool:
        """Trained in every module and, where part-time, under oath today."""
        mine = [
            r.event
            for r in self.records
            if r.originator.id == commission and getattr(r.event, "worker", None) == worker
        ]
        trained: dict[Module, bool] = dict.fromkeys(Module, False)
        part_time = sworn = False
        for event in mine:
            if isinstance(event, e.TrainingModuleCompleted):
                trained |= dict.fromkeys(event.modules, self.valid_on(event.valid_until))
            if isinstance(event, e.OathSigned):
                sworn = self.valid_on(event.valid_until)
            if isinstance(event, (e.SupportWorkerRegistered, e.OathSigned)):
                part_time = event.employment is Employment.PART_TIME
        exempt = {event.module for event in mine if isinstance(event, e.TrainingModuleExempted)}
        return all(trained[m] or m in exempt for m in Module) and (sworn or not part_time)

    def contractor_ready(self, agency: UUID) -> bool:
        """V6–V8: contract, requirements, membership, no suspension, an open case, every visitor fit."""
        commission = kit.commission_of(self.commissioner(agency), agency)
        contract = self.last(e.OutsourcingContractConcluded, e.OutsourcingContractEnded, on=commission)
        if not isinstance(contract, e.OutsourcingContractConcluded):
            return False
        if not contract.begins_on <= self.day or not self.valid_on(contract.ends_on):
            return False
        checked = self.last(e.ContractorRequirementVerified, on=commission)
        needed = {1, 2, 3} if contract.scope is OutsourcingScope.FULL else {1, 2}
        if checked is None or not needed <= checked.items or not self.member(agency):
            return False
        stopped = self.last(e.ContractorSuspended, e.ContractorReinstated, on=commission)
        if isinstance(stopped, e.ContractorSuspended):
            return False
        if self.ended():
            return False
        workers = self.workers_here(agency)
        return bool(workers) and all(self.worker_fit(commission, w) for w in workers)

    def waits_for(self, message: Record) -> set[UUID]:
        """V7: those addressees that were not ready when it was recorded, less those for whom it was released."""
        at = self.records.index(message)
        then = Reading(self.records[: at + 1], day_of(message.at))
        disclosed = any(i.section not in OWN for i in message.event.items)
        waiting = {
            a
            for a in message.event.to
            if disclosed and then.contractor_here(a, message.event) and not then.contractor_ready(a)
        }
        for r in self.records[at:]:
            if isinstance(r.event, e.HeldDisclosureReleased) and r.event.releases == message.command_id:
                waiting -= r.event.to
        return waiting

    def opens(self, reader: Any) -> set[UUID]:
        if not isinstance(reader, UUID):
            return set()  # V10
        actual: set[UUID] = set()
        for m in self.messages():
            actual |= {i.item for i in m.event.items if self.may_open(reader, m, i.section)}
        return actual

    def may_open(self, reader: UUID, m: Record, section: Section) -> bool:
        if self.shredded(section):
            return False
        wrote = m.by == reader  # V1
        disclosed = reader in m.event.to and section not in OWN  # V2
        if self.contractor_here(reader, m.event):  # V6, V8, V7 come first
            if not self.contractor_ready(reader):
                return False
            if not wrote and reader in self.waits_for(m):
                return False
        if wrote:
            return True
        if any(isinstance(r.event, e.UseStopped) and r.event.stops == m.command_id for r in self.records):
            return False
        own_loss = self.loss_of(m, reader, section) if disclosed else None
        if disclosed and own_loss is None:
            return True
        return self.standing_access(reader, m, section, own_loss)  # V9: what is left of it

    def standing_access(self, reader: UUID, m: Record, section: Section, own_loss: int | None) -> bool:
        """By standing rule, from a copy that no withdrawn consent took; who lost its own copy has it by what it had
        before."""
        place = self.place()
        if section in CLOSE | OWN or place is None:  # V5
            return False
        if (
            self.emergency(reader, m, section)
            and own_loss is None
            and self.kept(m, self.core_of_file(m), section)
        ):
            return True
        by_contractor = self.contractor_here(m.by, m.event)
        file_of = {m.by, *m.event.to} | ({self.commissioner(m.by)} if by_contractor else set())
        if by_contractor and reader == self.commissioner(m.by) and self.kept(m, m.by, section):  # V3
            return True
        if m.event.TOPIC in COPIES or section not in NETWORK_CASE:
            return False
        stays = section in TOWN_OF_STAY and place.core in file_of and self.stays_there(reader, m)  # V11
        if stays and own_loss is None and self.kept(m, self.core_of_file(m), section):
            return True
        if own_loss is not None and self.last_registration() > own_loss:
            return False
        return any(  # V4
            core in file_of
            and self.coordinates(reader, network)
            and self.kept(m, core if core in m.event.to else m.by, section)
            for network, core in self.registered_with()
        )

    def last_registration(self) -> int:
        registered = (n for n, r in enumerate(self.records) if isinstance(r.event, e.NetworkCaseRegistered))
        return max(registered, default=0)

    def core_of_file(self, m: Record) -> UUID:
        """The core agency in whose file it is by its own copy; else it is the author's."""
        cores = [r.event.placed.core for r in self.messages() if r.event.placed]
        return next((core for core in [self.place().core, *cores] if core in (m.by, *m.event.to)), m.by)

    def kept(self, m: Record, whose: UUID, section: Section) -> bool:
        return self.loss_of(m, whose, section) is None

    def coordinates(self, agency: UUID, network: UUID) -> bool:
        office = self.last(e.CoordinatingAgencyDesignated, on=network)
        return office is not None and office.agency == agency

    def registered_with(self) -> set[tuple[UUID, UUID]]:
        """The networks with which it is registered now, each with the core agency that has or had it there."""
        actual: set[tuple[UUID, UUID]] = set()
        for n, r in enumerate(self.records):
            if isinstance(r.event, (e.NetworkCaseRegistered, e.NetworkCaseDeregistered)):
                where = r.event.placed or Reading(self.records[:n], self.day).place()
                known = (where.network, where.core)
                actual = (
                    actual | {known} if isinstance(r.event, e.NetworkCaseRegistered) else actual - {known}
                )
        return actual

    def stays_there(self, reader: UUID, m: Record) -> bool:
        """Whether somebody of whom this message speaks stays now where this agency is an office."""
        for n, r in enumerate(self.records):
            if not isinstance(r.event, e.StayingElsewhere) or self.stay_over(r, n):
                continue
            town = r.event.placed
            offices = {town.core} if town else set()
            if reader not in offices and not (town and self.coordinates(reader, town.network)):
                continue
            of_whom = getattr(m.event, "children", frozenset())
            if not of_whom or not r.event.children or of_whom & r.event.children:
                return True
        return False

    def stay_over(self, stay: Record, n: int) -> bool:
        """They are back, or the support has ended since, or that town has become responsible."""
        for later in range(n + 1, len(self.records)):
            event = self.records[later].event
            if isinstance(event, e.StayEnded) and event.stay == stay.command_id:
                return True
            then = Reading(self.records[: later + 1], self.day)
            if then.ended() or then.place().core == stay.event.placed.core:
                return True
        return False

    def emergency(self, reader: UUID, m: Record, section: Section) -> bool:
        """Requested, opened after it was written, and not over yet."""
        for request in self.messages():
            if not isinstance(request.event, e.EmergencyAccessRequested) or request.by != reader:
                continue
            expired = any(
                isinstance(r.event, e.EmergencyAccessEnded) and r.event.message == request.command_id
                for r in self.records
            )
            opened = self.emergency_opened(request)
            if opened is None or expired or section not in request.event.sections:
                continue
            before = self.records[: self.records.index(opened)]
            if m in before and Reading(before, self.day).place().core in (m.by, *m.event.to):
                return True
        return False

    def emergency_opened(self, request: Record) -> Record | None:
        """With what it opened: the approval that made it two, one of another agency, or the hub's own act."""
        approvals: list[Record] = []
        for r in self.records:
            if isinstance(r.event, e.UnilateralEmergencyAccessOpened):
                if r.event.message == request.command_id:
                    return r
            elif isinstance(r.event, e.EmergencyAccessApproved) and r.event.approves == request.command_id:
                approvals.append(r)
                if len(approvals) >= 2 and any(a.by != request.by for a in approvals):
                    return r
        return None

    def loss_of(self, m: Record, whose: UUID, section: Section) -> int | None:
        """Which record withdrew a consent that this copy rests on; what the author wrote rests on all by which it was
        sent."""
        for n in range(self.records.index(m), len(self.records)):
            event = self.records[n].event
            if isinstance(event, e.ConsentWithdrawn) and self.rests_on(m, whose, section, event.consent):
                return n
        return None

    def rests_on(self, m: Record, whose: UUID, section: Section, gone: frozenset[UUID]) -> bool:
        given = [r.event for r in self.records if isinstance(r.event, e.ConsentGiven)]
        rows = [row for event in given for row in event.scope if row.consent in m.event.consent]
        known = {row.consent for row in rows}
        for agency, code in m.event.basis.items():
            if code not in ON_CONSENT or whose not in (agency, m.by):
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
    actual = [r.command_id for r in so.records if isinstance(r.event, kinds)] or [id_of("nothing")]
    return actual[pick % len(actual)]


Make = Callable[[Given, Step, dict[str, Any]], EventInput]
HOSPITAL_AND_CO = (kit.MID_HOSP, kit.KS_CGC, kit.EXT_NURSERY, kit.SORA_NPO, kit.AZ_CORE, kit.AZ_COORD)


def message(act: type[e.CaseMessage], by: UUID, **data: Any) -> Make:
    """An act with the addressees and sections of its step."""

    def make(so: Given, step: Step, known: dict[str, Any]) -> EventInput:
        sender = step.stray or by
        code = "CONSENT" if step.by_consent else None
        sections: list[Any] = list(step.sections)
        if step.flagged and sections:
            sections[0] = (sections[0], Flag.SENSITIVE)
        return case_message(
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


def message_without_sections(act: type[e.CaseMessage], by: UUID, **data: Any) -> Make:
    """An act that goes to nobody and carries nothing."""

    def make(so: Given, step: Step, known: dict[str, Any]) -> EventInput:
        values = {k: v(so, step) if callable(v) else v for k, v in data.items()}
        own = values.pop("sections_", None)  # the act's own field, not what it carries
        if own is not None:
            return with_sections(case_message(act, step.stray or by, **{**known, **values}), own)
        return case_message(act, step.stray or by, **{**known, **values})

    return make


def with_sections(one: EventInput, sections: frozenset[Section]) -> EventInput:
    return replace(one, event=replace(one.event, sections=sections))  # type: ignore[call-arg]


def release(so: Given, step: Step, known: dict[str, Any]) -> EventInput:
    waiting = [m for m in so.world.case.messages.values() if m.held]
    if not waiting:
        return case_message(e.HeldDisclosureReleased, kit.AZ_CORE, releases=id_of("nothing"), **known)
    one = waiting[step.pick % len(waiting)]
    return case_message(e.HeldDisclosureReleased, one.by, one.held, releases=one.id, **known)


def paper(make: Callable[[Given, Step], EventInput]) -> Make:
    """An event of the register."""
    return lambda so, step, known: replace(make(so, step), command_id=id_of(known["name"]))


def day(step: Step, after: int) -> date:
    return day_of(kit.NOON) + timedelta(days=after + step.pick)


def worker_of(step: Step) -> str:
    return (kit.WORKER, kit.SECOND_WORKER)[step.pick % 2]


CHILDREN = [id_of("child A"), id_of("child B")]


def staying(so: Given, step: Step, known: dict[str, Any]) -> EventInput:
    return case_message(
        e.StayingElsewhere,
        step.stray or kit.AZ_CORE,
        [kit.TW_CORE],
        [Section.BASIC],
        "APPI-69-2-3",
        children=frozenset(CHILDREN[1:][: step.pick % 2]),
        stays_since=date(2025, 6, 1),
        returns_on=None,
        **known,
    )


def consented(so: Given, step: Step, known: dict[str, Any]) -> EventInput:
    one = kit.consent_of(
        f"C{step.pick % 2}",
        sender=step.stray or kit.AZ_CORE,
        recipient=min(step.to, default=kit.EXT_SERVICE),
        sections=step.sections or (Section.BASIC,),
    )
    return replace(one, command_id=id_of(known["name"]))


REQUESTS = (e.InformationRequested,)
ACTS: dict[str, Make] = {
    "case_message": message(e.DisclosureMade, kit.AZ_CORE),
    "tell as coordinator": message(e.DisclosureMade, kit.AZ_COORD),
    "tell as contractor": message(e.DisclosureMade, kit.SORA_NPO, actor=kit.WORKER),
    "news": message(e.FamilyInformationProvided, kit.MID_HOSP),
    "notice": message(e.ProgrammeNotificationReceived, kit.KS_CGC),
    "notify": message(e.AbuseNotificationReceived, kit.EXT_NURSERY),
    "forward": message(
        e.NotificationForwarded,
        kit.AZ_COORD,
        forwards=lambda so, s: some(so, s.pick, e.AbuseNotificationReceived),
    ),
    "look after it": message(e.SafetyConfirmed, kit.AZ_COORD),
    "stop the use": message_without_sections(
        e.UseStopped, kit.AZ_CORE, stops=lambda so, s: some(so, s.pick), reason="UNLAWFUL"
    ),
    "command_id": message(e.InformationRequested, kit.AZ_CORE),
    "answer": message(
        e.InformationRequestAnswered, kit.MID_HOSP, answers=lambda so, s: some(so, s.pick, *REQUESTS)
    ),
    "plan": message(e.SupportPlanFormulated, kit.AZ_CORE),
    "minutes": message(e.ConferenceMinutesRecorded, kit.AZ_COORD),
    "report": message(e.VisitReportSubmitted, kit.SORA_NPO, actor=kit.WORKER),
    "follow on": message(e.FollowOnServiceArranged, kit.AZ_CORE),
    "accept": message_without_sections(
        e.FollowOnServiceAccepted,
        kit.SORA_NPO,
        answers=lambda so, s: some(so, s.pick, e.FollowOnServiceArranged),
    ),
    "register": message_without_sections(e.NetworkCaseRegistered, kit.AZ_COORD),
    "deregister": message_without_sections(e.NetworkCaseDeregistered, kit.AZ_COORD, reason="MOVED_AWAY"),
    "assign": message_without_sections(
        e.SupportWorkerAssigned, kit.AZ_CORE, worker=lambda so, s: worker_of(s)
    ),
    "unassign": message_without_sections(
        e.SupportWorkerUnassigned, kit.AZ_CORE, worker=lambda so, s: worker_of(s)
    ),
    "commence": message_without_sections(e.SupportCommenced, kit.AZ_CORE),
    "consult": message_without_sections(e.ClosingConsultationHeld, kit.AZ_CORE),
    "evaluate": message_without_sections(e.ClosingEvaluationRecorded, kit.AZ_CORE),
    "close": message_without_sections(e.SupportClosed, kit.AZ_CORE),
    "release": release,
    "consent": consented,
    "withdraw": message_without_sections(
        e.ConsentWithdrawn, kit.AZ_CORE, consent=lambda so, s: [id_of(f"C{s.pick % 2}")]
    ),
    "break the glass": message_without_sections(
        e.EmergencyAccessRequested,
        kit.KS_CGC,
        to=[kit.AZ_CORE, kit.AZ_COORD],
        reason="LIFE",
        sections_=lambda so, s: frozenset({Section.BASIC, Section.PLAN}),
    ),
    "let": message_without_sections(
        e.EmergencyAccessApproved,
        kit.KS_CGC,
        approves=lambda so, s: some(so, s.pick, e.EmergencyAccessRequested),
        actor=lambda so, s: f"p-{s.pick}",
    ),
    "let from outside": message_without_sections(
        e.EmergencyAccessApproved,
        kit.AZ_COORD,
        approves=lambda so, s: some(so, s.pick, e.EmergencyAccessRequested),
    ),
    "hand over": message(e.TransferInitiated, kit.AZ_CORE, moves_on=None),
    "pack": message(
        e.TransferPackageSent,
        kit.AZ_CORE,
        hands_over=lambda so, s: some(so, s.pick, e.TransferInitiated),
        checklist=lambda so, s: dict.fromkeys(HandoverItem, HandoverState.NONE),
    ),
    "unpack": message_without_sections(
        e.TransferReceiptConfirmed,
        kit.TW_CORE,
        answers=lambda so, s: some(so, s.pick, e.TransferPackageSent, e.TransferInitiated),
        received=frozenset(HandoverItem),
    ),
    "see the child there": message_without_sections(e.ChildSighted, kit.TW_CORE),
    "take over": message_without_sections(
        e.TransferCompleted,
        kit.TW_CORE,
        hands_over=lambda so, s: some(so, s.pick, e.TransferInitiated),
        child_seen=lambda so, s: s.pick % 2 == 0,
        reason="OTHER",
    ),
    "stay elsewhere": staying,
    "stay longer": message_without_sections(
        e.StayExtended,
        kit.TW_CORE,
        to=[kit.AZ_CORE],
        stay=lambda so, s: some(so, s.pick, e.StayingElsewhere),
        returns_on=lambda so, s: day(s, 400),
    ),
    "come back": message_without_sections(
        e.StayEnded,
        kit.AZ_CORE,
        to=[kit.TW_CORE],
        stay=lambda so, s: some(so, s.pick, e.StayingElsewhere),
        returned_on=date(2025, 6, 1),
    ),
    "see a child": message(
        e.ChildSighted, kit.AZ_CORE, children=lambda so, s: frozenset(CHILDREN[: s.pick % 3])
    ),
    "visit there": message_without_sections(
        e.HomeVisitCompleted, kit.TW_CORE, child_seen=True, worker="W-T1"
    ),
    "write there": message(e.DisclosureMade, kit.TW_CORE),
    "register there": message_without_sections(e.NetworkCaseRegistered, kit.TW_ONE),
    "deregister there": message_without_sections(e.NetworkCaseDeregistered, kit.TW_ONE, reason="MOVED_AWAY"),
    "close as handed over": message_without_sections(
        e.SupportClosed, kit.AZ_CORE, closing_reason=ClosingReason.TRANSFER
    ),
    "reopen": message_without_sections(e.CaseReopened, kit.AZ_CORE, reason="OTHER"),
    "protect": message(e.ProtectedAddressRegistered, kit.AZ_CORE, until=lambda so, s: day(s, 30)),
    "correct": message(e.CorrectionMade, kit.AZ_CORE, corrects=lambda so, s: some(so, s.pick)),
    "impose": message_without_sections(
        e.DisclosureConditionsImposed,
        kit.AZ_CORE,
        to=[kit.SORA_NPO],
        disclosure=lambda so, s: some(so, s.pick, e.DisclosureMade),
        conditions=frozenset(Condition),
        until=None,
    ),
    "refuse consent": message_without_sections(e.ConsentRefused, kit.AZ_CORE),
    "ask to override": message_without_sections(
        e.BasisOverrideRequested,
        kit.AZ_CORE,
        code="APPI-69-2-4",
        recipients=frozenset({kit.EXT_SERVICE, kit.EXT_NURSERY}),
        alternatives=frozenset({Alternative.REQUEST_FROM_OWNER}),
        reason="LIFE",
    ),
    "let override": message_without_sections(
        e.BasisOverrideApproved,
        kit.AZ_CORE,
        approves=lambda so, s: some(so, s.pick, e.BasisOverrideRequested),
        actor=lambda so, s: f"p-{s.pick}",
    ),
    "keep for ten years": message_without_sections(
        e.RetentionPolicyAssigned, kit.AZ_CORE, policy=RetentionPolicy.AFTER_CLOSING, until=None
    ),
    "keep": message_without_sections(
        e.RetentionPolicyAssigned,
        kit.AZ_CORE,
        policy=RetentionPolicy.CHILD_AGE,
        until=lambda so, s: day(s, 30),
    ),
    "hold": message_without_sections(e.LegalHoldPlaced, kit.KS_CGC, ground=HoldGround.REVIEW),
    "lift": message_without_sections(
        e.LegalHoldLifted, kit.KS_CGC, lifts=lambda so, s: some(so, s.pick, e.LegalHoldPlaced)
    ),
    "appraise": message_without_sections(
        e.RecordsAppraised,
        kit.AZ_CORE,
        appraisal=Appraisal.DESTROY,
        sections_=lambda so, s: frozenset(s.sections) or frozenset({Section.BASIC}),
    ),
    "let it go": message_without_sections(
        e.DestructionApproved,
        kit.AZ_CORE,
        approves=lambda so, s: some(so, s.pick, e.RecordsAppraised),
        actor=lambda so, s: f"p-{s.pick}",
    ),
    "place a child": message_without_sections(
        e.ChildPlaced,
        kit.KS_CGC,
        to=[kit.AZ_CORE],
        place=ChildPlace.TEMPORARY_PROTECTION,
        placed_on=date(2025, 6, 1),
        known_from=None,
        children=lambda so, s: frozenset(CHILDREN[: s.pick % 3]),
    ),
    "a child comes home": message_without_sections(
        e.ChildReturned,
        kit.AZ_CORE,
        returned_from=ChildPlace.TEMPORARY_PROTECTION,
        returned_on=date(2025, 6, 1),
        released_by=None,
        children=lambda so, s: frozenset(CHILDREN[: s.pick % 3]),
    ),
    "one child by two references": message_without_sections(
        e.ChildrenJoined, kit.AZ_CORE, children=frozenset(CHILDREN)
    ),
    "notify of somebody": message_without_sections(
        e.AbuseNotificationReceived,
        kit.EXT_NURSERY,
        to=[kit.AZ_CORE],
        children=frozenset({UNKNOWN_CHILD}),
    ),
    "who it was": message_without_sections(
        e.UnknownChildIdentified,
        kit.AZ_CORE,
        answers=lambda so, s: some(so, s.pick, e.AbuseNotificationReceived),
        children=lambda so, s: frozenset(CHILDREN[: 1 + s.pick % 2]),
    ),
    "a child dies": message_without_sections(
        e.ChildDied, kit.AZ_CORE, died_on=None, children=lambda so, s: frozenset(CHILDREN[: s.pick % 3])
    ),
    "a parent dies": message_without_sections(
        e.ParentDied, kit.AZ_CORE, parent=Caregiver.MOTHER, died_on=None
    ),
    "who has authority": message_without_sections(
        e.ParentalAuthorityRecorded,
        kit.KS_CGC,
        states={Parent.MOTHER: AuthorityState.HELD},
        suspended_until=None,
    ),
    "lose them": message(e.WhereaboutsLost, kit.AZ_CORE, last_seen_on=None),
    "search": message_without_sections(
        e.SearchStepRecorded,
        kit.AZ_CORE,
        answers=lambda so, s: some(so, s.pick, e.WhereaboutsLost),
        search_step=SearchStep.VISITED,
        search_result=SearchResult.NO_TRACE,
    ),
    "locate them": message_without_sections(
        e.WhereaboutsEstablished,
        kit.AZ_CORE,
        answers=lambda so, s: some(so, s.pick, e.WhereaboutsLost),
        located_by=LocatedBy.SIGHTED,
    ),
    "forbid contact": message_without_sections(
        e.ContactForbidden,
        kit.KS_CGC,
        to=[kit.AZ_CORE],
        contacts=frozenset({ForbiddenContact.MEETING}),
        until=lambda so, s: day(s, 30),
        renews=None,
    ),
    "allow contact": message_without_sections(
        e.ContactBanLifted,
        kit.KS_CGC,
        to=[kit.AZ_CORE],
        answers=lambda so, s: some(so, s.pick, e.ContactForbidden),
    ),
    "a leak": message_without_sections(
        e.BreachDetected,
        kit.AZ_CORE,
        detected_at=kit.NOON,
        leaked=frozenset({Section.BASIC}),
        persons=None,
        intent=lambda so, s: list(BreachIntent)[s.pick % 3],
    ),
    "report the leak": message_without_sections(
        e.BreachReported,
        kit.AZ_CORE,
        stage=lambda so, s: list(BreachStage)[s.pick % 2],
        found_at=kit.NOON,
        leaked=frozenset({Section.BASIC}),
        persons=1,
        subjects_informed=False,
        answers=lambda so, s: some(so, s.pick, e.BreachDetected),
    ),
    "inform whom it concerns": message_without_sections(
        e.BreachSubjectsInformed,
        kit.AZ_CORE,
        answers=lambda so, s: some(so, s.pick, e.BreachDetected),
        persons=1,
        exception=None,
    ),
    "recommend a service": message_without_sections(
        e.FamilyServiceRecommended, kit.AZ_CORE, service=FamilyService.HOUSEHOLD_VISIT, reason="OTHER"
    ),
    "they answer": message_without_sections(
        e.FamilyServiceAnswered,
        kit.AZ_CORE,
        answers=lambda so, s: some(so, s.pick, e.FamilyServiceRecommended),
        answer=lambda so, s: list(ServiceAnswer)[s.pick % 3],
    ),
    "give it all the same": message_without_sections(
        e.FamilyServiceMeasureTaken,
        kit.AZ_CORE,
        answers=lambda so, s: some(so, s.pick, e.FamilyServiceRecommended),
    ),
    "no hand-over": message_without_sections(
        e.TransferCancelled,
        kit.AZ_CORE,
        hands_over=lambda so, s: some(so, s.pick, e.TransferInitiated),
        reason="OTHER",
    ),
    "protect no more": message_without_sections(
        e.AddressProtectionEnded,
        kit.AZ_CORE,
        ends=lambda so, s: some(so, s.pick, e.ProtectedAddressRegistered),
        reason="OTHER",
    ),
    "join cases": message_without_sections(e.CasesJoined, kit.AZ_CORE, other=id_of("another case")),
    "train": paper(lambda so, s: kit.trained(worker_of(s), day(s, 2))),
    "swear": paper(lambda so, s: kit.sworn(worker_of(s), day(s, 2))),
    "another worker": paper(lambda so, s: kit.worker(kit.SECOND_WORKER)),
    "reinstate": paper(lambda so, s: event_input(kit.AZ_CORE, e.ContractorReinstated())),
    "verify": paper(lambda so, s: kit.verified([1, 2][: 1 + s.pick % 2])),
    "end the contract": paper(lambda so, s: event_input(kit.AZ_CORE, e.OutsourcingContractEnded())),
    "a new contract": paper(lambda so, s: kit.contract(begins_on=day(s, 0), ends_on=day(s, 5))),
    "member out": paper(
        lambda so, s: event_input(kit.AZ_COORD, e.NetworkMemberWithdrawn(member=kit.SORA_NPO))
    ),
    "member in": paper(lambda so, s: kit.admitted(kit.SORA_NPO)),
    "another coordinator": paper(
        lambda so, s: event_input(
            REGISTRARS, e.CoordinatingAgencyDesignated(agency=(kit.AZ_COORD, kit.TW_ONE)[s.pick % 2])
        )
    ),
}

TRANSITIONS = [
    "assign",
    "close",
    "come back",
    "let",
    "let it go",
    "reinstate",
    "release",
    "stay elsewhere",
    "swear",
    "take over",
    "withdraw",
]
"""Acts after which somebody else may open; asked for oftener."""

AGENCIES = [id for id, *_ in kit.AGENCIES.values()]
STEPS = st.lists(
    st.builds(
        Step,
        act=st.one_of(st.sampled_from(sorted(ACTS)), st.sampled_from(TRANSITIONS)),
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
    case_message(
        e.VisitReportSubmitted,
        kit.SORA_NPO,
        sections=[Section.VISIT, Section.RISK, Section.ADDR],
        actor=kit.WORKER,
        name="where they live",
    ),
)
LAPSED = (
    kit.sworn(until=date(2025, 6, 1), name="a short oath"),
    event_input(HUB, e.OathLapsed(worker=kit.WORKER, valid_until=date(2025, 6, 1))),
    event_input(HUB, e.ContractorSuspended(gaps=frozenset({"W-S1:OATH"}))),
)
HELD = case_message(
    e.DisclosureHeld,
    kit.AZ_CORE,
    [kit.SORA_NPO],
    [Section.BASIC],
    "CWA-21-10-2-3",
    name="waits",
    held=[kit.SORA_NPO],
)
BACK = (kit.sworn(name="a new oath"), event_input(kit.AZ_CORE, e.ContractorReinstated()))

YEARS_ON = kit.jst("2036-06-02 12:00")

MOVING = (
    *AT_WORK,
    kit.TO_SORA,
    case_message(e.TransferInitiated, kit.AZ_CORE, [kit.TW_CORE], moves_on=None, name="hands over"),
    case_message(
        e.TransferPackageSent,
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
            case_message(
                e.EmergencyAccessRequested,
                kit.KS_CGC,
                [kit.AZ_CORE, kit.AZ_COORD],
                reason="LIFE",
                name="glass",
            ),
            frozenset({Section.BASIC, Section.PLAN, Section.VISIT}),
        ),
        case_message(
            e.EmergencyAccessApproved, kit.KS_CGC, approves=id_of("glass"), actor="p-8", name="first"
        ),
    ),
    "a family about to move": MOVING,
    "a family that moved": (
        *MOVING,
        case_message(
            e.TransferCompleted,
            kit.TW_CORE,
            hands_over=id_of("hands over"),
            child_seen=True,
            placed=e.Placed(network=kit.OTHER_NETWORK, core=kit.TW_CORE),
        ),
    ),
    "a family that stays elsewhere": (
        *AT_WORK,
        case_message(
            e.StayingElsewhere,
            kit.AZ_CORE,
            [kit.TW_CORE],
            [Section.BASIC],
            "APPI-69-2-3",
            name="stays",
            stays_since=date(2025, 6, 1),
            returns_on=None,
            children=frozenset({id_of("child A")}),
            placed=e.Placed(network=kit.OTHER_NETWORK, core=kit.TW_CORE),
        ),
    ),
    "a case kept until the child is grown": (
        event_input(REGISTRARS, e.HubFounded(mode="rehearsal")),
        *AT_WORK,
        kit.TO_SORA,
        case_message(
            e.RetentionPolicyAssigned,
            kit.AZ_CORE,
            policy=RetentionPolicy.CHILD_AGE,
            until=date(2025, 6, 1),
        ),
        with_sections(
            case_message(e.RecordsAppraised, kit.AZ_CORE, appraisal=Appraisal.DESTROY, name="appraised"),
            frozenset({Section.BASIC, Section.VISIT}),
        ),
        case_message(
            e.DestructionApproved, kit.AZ_CORE, approves=id_of("appraised"), actor="p-8", name="one lets"
        ),
    ),
    "a case whose time is over": (
        event_input(REGISTRARS, e.HubFounded(mode="rehearsal")),
        *AT_WORK,
        kit.TO_SORA,
        kit.CONSULTED,
        kit.EVALUATED,
        case_message(e.SupportClosed, kit.AZ_CORE, name="closed"),
        case_message(
            e.RetentionPolicyAssigned,
            kit.AZ_CORE,
            policy=RetentionPolicy.AFTER_CLOSING,
            until=None,
            name="keeps",
        ),
        with_sections(
            case_message(
                e.RecordsAppraised, kit.AZ_CORE, appraisal=Appraisal.DESTROY, name="appraised", at=YEARS_ON
            ),
            frozenset({Section.BASIC, Section.RISK, Section.ADDR, Section.PLAN}),
        ),
        case_message(
            e.DestructionApproved,
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
        case_message(
            e.DisclosureMade,
            kit.AZ_CORE,
            [kit.EXT_SERVICE],
            [Section.PLAN],
            "CONSENT",
            name="by consent",
            consent=[id_of("C0")],
        ),
        case_message(
            e.FamilyInformationProvided,
            kit.MID_HOSP,
            [kit.AZ_CORE],
            [Section.BASIC],
            "CONSENT",
            name="more by consent",
            consent=[id_of("C1")],
        ),
    ),
}


def play(before: tuple[EventInput, ...], steps: list[Step], check: Callable[[Given], None]) -> Given:
    """What these steps come to: each is asked for, and what was decided is recorded."""
    so = kit.given(*before)
    at = max(kit.NOON, so.records[-1].at)
    for n, step in enumerate(steps):
        at += timedelta(hours=step.hours)
        clock(so, at)
        command = ACTS[step.act](so, step, {"name": f"step {n}"})
        decided = so.when(command, now=at)
        assert decided == so.when(command, now=at)
        for event in decided:
            hypothesis_event(f"{step.act}: {event.TOPIC}")
            so.put(replace(command, event=event, at=at))
        check(so)
    return so


def clock(so: Given, at: Any) -> None:
    """Record what fell due by now."""
    for n in range(1000):
        of_case = next_due_of_case(so.world)
        dues = [next_due(so.world.register, at), of_case if of_case and of_case.at <= at else None]
        due = min((d for d in dues if d is not None), key=lambda d: d.at, default=None)
        if due is None:
            return
        command_id = id_of(f"due {len(so.records)} {n}")
        so.put(
            EventInput(
                by=HUB,
                event=due.event,
                on=About(due.about.kind, due.about.id),
                command_id=command_id,
                at=due.at,
            ),
            by_hub=True,
        )
    raise AssertionError("what fell due never ends")


@examples(25, long=2400)
@given(before=st.sampled_from(sorted(BEFORE)), steps=STEPS)
def test_after_every_step_each_agency_may_open_what_the_rules_permit(before: str, steps: list[Step]) -> None:
    def check(so: Given) -> None:
        now = so.records[-1].at
        reading = Reading(so.records, day_of(now))
        for reader in (*AGENCIES, AUDIT):
            assert so.opens(reader, now=now) == reading.opens(reader), reader

    play(BEFORE[before], steps, check)


@examples(15, long=600)
@given(before=st.sampled_from(sorted(BEFORE)), steps=STEPS)
def test_the_same_history_decided_again_gives_the_same_events(before: str, steps: list[Step]) -> None:
    first = play(BEFORE[before], steps, lambda so: None)
    repeated = play(BEFORE[before], steps, lambda so: None)
    assert first.records == repeated.records
    assert first.world == repeated.world
