"""A municipality in memory: agencies, and commands decided by the rules, as the stream that projections read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain import editions
from domain import events as e
from domain.children import ALL_CHILDREN, SpeaksOfChildren
from domain.codes import (
    Body,
    ClosingReason,
    ConsentCapacity,
    EligibilityResult,
    Employment,
    Flag,
    FollowOn,
    IndicatorValue,
    Module,
    OutsourcingScope,
    PlanContent,
    PlanMaker,
    PlanPart,
    Purpose,
    Role,
    Section,
    SubjectConsent,
    SupportRole,
    SupportType,
    TargetClass,
    Tier,
)
from domain.decide import decide
from domain.due import DueEvent, next_due, next_due_of_case
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from domain.record import HUB, REGISTRARS, About, Command, Party, Record, access_of, commission_of
from domain.register import Register
from domain.rulebook import first_edition
from domain.visibility import pending_keys, recipients
from domain.world import World, empty_world, placement_of, rests_on
from projections.stream_record import StreamRecord

CORE, COORD, CGC, MED, CON, OTHER, EXT, SECOND = (UUID(int=n) for n in range(1, 9))
NETWORK, RULE_BOOK_ID, HUB_ID = UUID(int=100), UUID(int=101), UUID(int=102)
ROLES = {
    CORE: (Role.CORE, Body.MUNICIPALITY),
    COORD: (Role.COORD, Body.MUNICIPALITY),
    CGC: (Role.CGC, Body.PREFECTURE),
    MED: (Role.MED, Body.MEDICAL),
    CON: (Role.CONTRACTOR, Body.COMMISSIONED),
    OTHER: (Role.CONTRACTOR, Body.COMMISSIONED),
    EXT: (Role.EXT, Body.PRIVATE),
    SECOND: (Role.COORD, Body.MUNICIPALITY),
}
BEGIN = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
WORKER = "w-1"
LAST_DAY = date(2026, 9, 30)


def case(n: int) -> UUID:
    """The id of the n-th case."""
    return UUID(int=1000 + n)


UNSTATED: dict[type[e.Event], dict[str, Any]] = {
    e.DisclosureMade: {"answers": None},
    e.HomeVisitCompleted: {"visit": None},
    e.VisitReportSubmitted: {"visit": None, "support_plan": None},
}
"""What a message names only where there is something to name."""


class RecordedStream:
    """All records so far, with the state for the next decision."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.register = Register()
        self.worlds: dict[UUID, World] = {}
        self.stream: list[StreamRecord] = []
        self.records: dict[UUID, list[Record]] = {}
        self.loads: list[tuple[UUID, int]] = []
        self._ids = 0

    # --- recording ----------------------------------------------------------------------------------------

    def new_id(self) -> UUID:
        self._ids += 1
        return UUID(int=(1 << 64) + self._ids)

    def world(self, id: UUID) -> World:
        known_world = self.worlds.get(id) or empty_world(self.register, id)
        return World(self.register, known_world.case, known_world.access)

    def load(self, originator: UUID, up_to: int) -> list[Record]:
        """Loads records as a store does for the engine."""
        self.loads.append((originator, up_to))
        return self.records.get(originator, [])[:up_to]

    def submit(
        self,
        about: About,
        by: Party,
        proposed_event: e.Event,
        *,
        command_id: UUID | None = None,
        actor: str = "p-1",
    ) -> Record:
        """Decide a command and record the event."""
        self.now += timedelta(minutes=1)
        command_id = command_id or self.new_id()
        command = Command(
            about=about,
            command_id=command_id,
            by=by,
            actor=actor,
            created_at=self.now,
            occurred_at=None,
            frame=hashlib.sha256(command_id.bytes).digest(),
            proposed_event=proposed_event,
        )
        world = self.world(about.id)
        [event] = decide(world, command, now=self.now)
        on = about
        if event.ON is e.Kind.CASE_ACCESS:
            on = About(e.Kind.CASE_ACCESS, access_of(about.id))
        return self.put(
            on,
            event,
            about=about,
            by=by,
            actor=actor,
            command=command,
            record_rests_on=rests_on(world, command),
        )

    def put(
        self,
        on: About,
        event: e.Event,
        *,
        by: Party = HUB,
        about: About | None = None,
        actor: str = "",
        command: Command | None = None,
        record_rests_on: tuple[tuple[e.Kind, UUID, int], ...] = (),
    ) -> Record:
        """Record an event as the next one of the stream."""
        originator_records = self.records.setdefault(on.id, [])
        record = Record(
            originator=on,
            version=len(originator_records) + 1,
            at=self.now,
            about=about or on,
            by=by,
            actor=actor,
            command_id=command.command_id if command else self.new_id(),
            frame=command.frame if command else None,
            rests_on=record_rests_on,
            rules=1,
            edition=editions.CURRENT_EDITION,
            event=event,
        )
        originator_records.append(record)
        if on.kind in (e.Kind.CASE, e.Kind.CASE_ACCESS):
            self.worlds[record.about.id] = self.world(record.about.id).after(record)
        else:
            self.register = self.register.with_record(record)
        position = len(self.stream) + 1
        subject = f"kakehashi.v1.{on.id.hex}.{record.version}"
        leaf = hashlib.sha256(f"{position}/{subject}".encode()).digest()
        self.stream.append(
            StreamRecord(position, record, subject, leaf, record.originator.id, record.version)
        )
        return record

    def clock(self) -> None:
        """Record everything that is due by now."""
        while (due := self._due()) is not None:
            self.put(due.about, due.event)

    def _due(self) -> DueEvent | None:
        cases = (next_due_of_case(self.world(case)) for case in self.worlds)
        candidates = [next_due(self.register, self.now), *cases]
        return min(
            (d for d in candidates if d is not None and d.at <= self.now), key=lambda d: d.at, default=None
        )

    # --- agencies --------------------------------------------------------------------------------------------

    def registrars(self, kind: e.Kind, id: UUID, event: e.Event, by: Party = REGISTRARS) -> Record:
        return self.submit(About(kind, id), by, event)

    def agency(self, id: UUID, role_override: Role | None = None) -> None:
        role, body = ROLES[id]
        self.registrars(
            e.Kind.AGENCY,
            id,
            e.KeySetPublished(
                code=f"A{id.int}",
                name=f"Agency {id.int}",
                roles=frozenset({role_override or role}),
                body=body,
                municipality="133333" if body is Body.MUNICIPALITY else None,
                custody="HOSTED",
                sig={"ed25519": "s"},
                kem={"x25519": f"k{id.int}"},
            ),
        )

    def set_up_agencies(self) -> RecordedStream:
        """Rule book, agencies, network; one contractor with a contract, but not ready yet."""
        rule_book = first_edition()
        self.registrars(
            e.Kind.RULE_BOOK,
            RULE_BOOK_ID,
            e.RuleBookPublished(edition=rule_book["edition"], rule_book=rule_book),
        )
        for agency in ROLES:
            self.agency(agency)
        self.registrars(e.Kind.NETWORK, NETWORK, e.CoreAgencyDesignated(agency=CORE))
        self.registrars(e.Kind.NETWORK, NETWORK, e.CoordinatingAgencyDesignated(agency=COORD))
        for member in (CORE, COORD, CGC, MED, CON):
            self.registrars(e.Kind.NETWORK, NETWORK, e.NetworkMemberAdmitted(member=member, item=1), by=COORD)
        return self

    def commission(self, by: Party, event: e.Event) -> Record:
        return self.registrars(e.Kind.COMMISSION, commission_of(CORE, CON), event, by=by)

    def contractor(self) -> RecordedStream:
        """Contract, requirements, a trained and sworn visitor: the contractor is ready."""
        self.commission(
            CORE,
            e.OutsourcingContractConcluded(
                contractor=CON, scope=OutsourcingScope.PARTIAL, begins_on=date(2026, 4, 1), ends_on=None
            ),
        )
        rules = e.ConfidentialityRulesAdopted(edition="rules-2026")
        self.put(About(e.Kind.AGENCY, CON), rules, by=CON, actor=WORKER)
        known = e.ConfidentialityRulesAcknowledged(edition="rules-2026", staff=WORKER)
        self.put(About(e.Kind.AGENCY, CON), known, by=CON, actor=WORKER)
        self.commission(
            CORE, e.ContractorRequirementVerified(items=frozenset({1, 2}), scope=OutsourcingScope.PARTIAL)
        )
        self.commission(
            CON, e.SupportWorkerRegistered(worker=WORKER, employment=Employment.PART_TIME, qualification=None)
        )
        self.complete_training()
        self.commission(CON, e.OathSigned(worker=WORKER, employment=Employment.PART_TIME, valid_until=None))
        return self

    def complete_training(self, until: date | None = LAST_DAY) -> None:
        self.commission(
            CON,
            e.TrainingModuleCompleted(
                worker=WORKER, modules=frozenset(Module), tier=Tier.T1_BASIC, valid_until=until
            ),
        )

    def training_lapses(self) -> None:
        """The visitor's training runs out: the clock suspends the contractor."""
        self.now = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
        self.clock()

    def reinstate(self) -> None:
        self.complete_training(date(2028, 3, 31))
        self.commission(CORE, e.ContractorReinstated())

    # --- a case ----------------------------------------------------------------------------------------------

    def send_message(
        self,
        id: UUID,
        by: UUID,
        event: type[Any],
        *,
        to: Iterable[UUID] = (),
        basis: str | dict[UUID, str] | None = None,
        sections: Sequence[Section | tuple[Section, frozenset[Flag]]] = (),
        consent: Iterable[UUID] = (),
        reason: str | None = None,
        command_id: UUID | None = None,
        actor: str = "p-1",
        more_fields: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Record:
        """One message in a case, with a wrapped key for each of its recipients. ``more_fields``: such as are named like an
        argument here."""
        to = frozenset(to)
        basis_by_recipient = (
            basis if isinstance(basis, dict) else {} if basis is None else dict.fromkeys(to, basis)
        )
        sections_with_flags = [(s, frozenset()) if isinstance(s, Section) else s for s in sections]
        proposed_event: Any = event(
            to=to,
            basis=basis_by_recipient,
            consent=frozenset(consent),
            purpose=Purpose.SUPPORT,
            reason=reason,
            items=tuple(
                e.Item(item=self.new_id(), section=s, flags=flags, keyed=frozenset())
                for s, flags in sections_with_flags
            ),
            held=frozenset(),
            placed=None,
            **({"children": ALL_CHILDREN} if issubclass(event, SpeaksOfChildren) else {}),
            **{**UNSTATED.get(event, {}), **fields},
            **(more_fields or {}),
        )
        command_id = command_id or self.new_id()
        world = self._world_with_place(id, by, proposed_event, command_id)
        keyed = tuple(
            e.Item(
                item=i.item,
                section=i.section,
                flags=i.flags,
                keyed=recipients(self.register, world.case, by, proposed_event, i, world.rule_book),
            )
            for i in proposed_event.items
        )
        proposed_event = type(proposed_event)(**{**proposed_event.__dict__, "items": keyed})
        return self.submit(About(e.Kind.CASE, id), by, proposed_event, command_id=command_id, actor=actor)

    def _world_with_place(self, id: UUID, by: UUID, proposed_event: e.Event, command_id: UUID) -> World:
        world = self.world(id)
        command = Command(
            about=About(e.Kind.CASE, id),
            command_id=command_id,
            by=by,
            actor="",
            created_at=self.now,
            occurred_at=None,
            frame=b"",
            proposed_event=proposed_event,
        )
        placed = placement_of(world, command)
        if placed is None:
            return world
        return replace(world, case=replace(world.case, network=placed.network, core=placed.core))

    def referral(self, id: UUID, consent: SubjectConsent = SubjectConsent.GIVEN) -> Record:
        """情報提供 of a hospital to the core agency."""
        return self.send_message(
            id,
            MED,
            e.FamilyInformationProvided,
            to=[CORE],
            basis="CWA-21-10-5",
            sections=[Section.BASIC, Section.ADDR, Section.RISK, Section.SOURCE],
            subject_consent=consent,
            weeks_pregnant=None,
            indicators={},
        )

    def acknowledged(self, id: UUID, referral: Record) -> None:
        self.send_message(id, CORE, e.ReferralAcknowledged, to=[MED], answers=referral.command_id)
        self.send_message(id, CORE, e.ReferralRead, answers=referral.command_id)

    def registered(self, id: UUID) -> None:
        """登録: from now on the coordinating agency has its standing access."""
        self.send_message(
            id,
            CORE,
            e.NetworkCaseRegistrationRequested,
            to=[COORD],
            basis="APPI-69-1",
            sections=[Section.BASIC],
        )
        self.send_message(id, COORD, e.NetworkCaseRegistered, to=[CORE], standing=None)

    def rewrapped(self, id: UUID) -> Record:
        """The core agency makes the wrapped keys that the coordinating agency lacks."""
        world = self.world(id)
        wrapped_keys = tuple(
            e.Rewrapped(item=item.item, to=reader)
            for _, item, reader in pending_keys(self.register, world.case, rule_book=world.rule_book)
        )
        return self.submit(About(e.Kind.CASE, id), CORE, e.ItemsRewrapped(wrapped_keys=wrapped_keys))

    def decided(self, id: UUID) -> None:
        """Assessment, decision, plan."""
        self.send_message(
            id,
            CORE,
            e.IndicatorAssessmentRecorded,
            indicator_set=INDICATOR_SET,
            indicators=dict.fromkeys(sorted(INDICATOR_CODES), IndicatorValue.NO_CONCERN),
            route=None,
            involved=(),
            home_visit_report=None,
        )
        self.send_message(
            id,
            CORE,
            e.EligibilityDetermined,
            result=EligibilityResult.ELIGIBLE,
            target_classes=frozenset({TargetClass.TC2_POSTPARTUM}),
            support_type=SupportType.SHORT_INTENSIVE,
            discharge_on=None,
        )
        self.send_message(id, CORE, e.SupportPlanFormulated, sections=[Section.PLAN], plan=self.plan())

    def plan(self, review_due_on: date | None = None) -> e.Plan:
        return e.Plan(
            plan_from=date(2026, 4, 1),
            plan_until=date(2026, 6, 30),
            content=PlanContent.SC_B,
            parts=frozenset(PlanPart),
            target_months=None,
            short_term_months=None,
            review_due_on=review_due_on,
            visits_per_week=2,
            housekeeping=None,
            made_by=frozenset(PlanMaker),
            services=frozenset(),
            explained_on=None,
            agreement=None,
        )

    def commenced(self, id: UUID) -> None:
        self.send_message(id, CORE, e.SupportCommenced, plan=None, target_classes=None)

    def assigned(self, id: UUID) -> Record:
        return self.send_message(
            id,
            CORE,
            e.SupportWorkerAssigned,
            to=[CON],
            agency=CON,
            worker=WORKER,
            qualification="保健師",
            role=SupportRole.SPECIALIST,
        )

    def disclosed(
        self,
        id: UUID,
        to: Iterable[UUID] = (CON,),
        basis: str | dict[UUID, str] = "CWA-21-10-2-3",
        **more: Any,
    ) -> Record:
        more.setdefault("sections", [Section.PLAN, Section.CHILD])
        return self.send_message(id, CORE, e.DisclosureMade, to=to, basis=basis, **more)

    def visited(self, id: UUID) -> Record:
        """The report names the plan that the contractor was sent, or states that there was none."""
        sent = [m for m in self.world(id).case.messages.values() if CON in m.to - m.held]
        plans = [m.id for m in sent if any(i.section is Section.PLAN for i in m.items)]
        return self.send_message(
            id,
            CON,
            e.VisitReportSubmitted,
            to=[CORE],
            basis="CWA-21-10-2-3",
            sections=[Section.VISIT],
            actor=WORKER,
            child_seen=True,
            worker=WORKER,
            support_plan=plans[-1] if plans else None,
            reason=None if plans else "NO_PLAN",
        )

    def released(self, id: UUID, held: Record) -> Record:
        return self.send_message(id, CORE, e.HeldDisclosureReleased, to=[CON], releases=held.command_id)

    def consented(self, id: UUID, by: UUID, to: UUID, sections: Iterable[Section]) -> UUID:
        consent = self.new_id()
        scope = e.ConsentScope(consent=consent, sender=by, recipient=to, sections=frozenset(sections))
        self.send_message(
            id,
            by,
            e.ConsentGiven,
            consent=[consent],
            scope=(scope,),
            capacity=ConsentCapacity.SELF,
            expires_at=None,
            given_by=frozenset(),
            sole_holder=False,
        )
        return consent

    def closed(self, id: UUID) -> Record:
        self.send_message(
            id, CORE, e.ClosingConsultationHeld, consulted=frozenset({CON, CORE}), not_consulted={}
        )
        self.send_message(id, CORE, e.ClosingEvaluationRecorded, goal_reached=True, environment_improved=True)
        return self.send_message(
            id,
            CORE,
            e.SupportClosed,
            to=[CON],
            closing_reason=ClosingReason.GOAL_REACHED,
            follow_on=FollowOn.NONE_NEEDED,
        )

    def open(self, id: UUID, by: UUID, message: Record, n: int = 0, actor: str = "p-1") -> Record:
        item = message.event.items[n]  # type: ignore[attr-defined]
        proposed_event = e.SectionOpened(
            message=message.command_id, item=item.item, section=item.section, purpose=Purpose.SUPPORT
        )
        return self.submit(About(e.Kind.CASE, id), by, proposed_event, actor=actor)

    def received(self, id: UUID, by: UUID, opening: Record, *, ok: bool = True) -> Record:
        opened: Any = opening.event
        proposed_event = e.DisclosureReceived(
            message=opened.message,
            item=opened.item,
            opening=opening.command_id,
            ok=ok,
            error_code=None if ok else "wrapped-key-does-not-open",
        )
        return self.submit(About(e.Kind.CASE, id), by, proposed_event)


def full(cases: int = 1) -> RecordedStream:
    """Complete cases, from referral to closing, with a suspension of the contractor in between."""
    story = RecordedStream().set_up_agencies().contractor()
    ids = [case(n) for n in range(cases)]
    held = {}
    for id in ids:
        referral = story.referral(id)
        story.acknowledged(id, referral)
        story.registered(id)
        story.rewrapped(id)
        story.decided(id)
        story.commenced(id)
        story.assigned(id)
        sent = story.disclosed(id)
        story.received(id, CON, story.open(id, CON, sent, actor=WORKER))
        story.visited(id)
    story.training_lapses()
    for id in ids:
        held[id] = story.disclosed(id)
    story.reinstate()
    for id in ids:
        story.released(id, held[id])
        story.visited(id)
        story.closed(id)
    return story
