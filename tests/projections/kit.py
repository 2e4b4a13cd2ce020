"""A town on paper: agencies, and wishes decided by the rules, as the stream that projections read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.codes import (
    Body,
    ClosingReason,
    ConsentCapacity,
    EligibilityResult,
    Employment,
    Flag,
    IndicatorValue,
    Module,
    OutsourcingScope,
    PlanContent,
    PlanPart,
    Purpose,
    Role,
    Section,
    SubjectConsent,
    SupportType,
    TargetClass,
    Tier,
)
from domain.decide import decide
from domain.due import Due, next_due, next_due_of_case
from domain.events import (
    ClosingConsultationHeld,
    ClosingEvaluationRecorded,
    ConsentGiven,
    ConsentScope,
    ContractorReinstated,
    ContractorRequirementVerified,
    CoordinatingAgencyDesignated,
    CoreAgencyDesignated,
    DisclosureMade,
    DisclosureReceived,
    EligibilityDetermined,
    Fact,
    FamilyInformationProvided,
    HeldDisclosureReleased,
    IndicatorAssessmentRecorded,
    Item,
    ItemsRewrapped,
    KeySetPublished,
    Kind,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
    NetworkMemberAdmitted,
    OathSigned,
    OutsourcingContractConcluded,
    Plan,
    ReferralAcknowledged,
    ReferralRead,
    Rewrapped,
    RuleBookPublished,
    SectionOpened,
    SupportClosed,
    SupportCommenced,
    SupportPlanFormulated,
    SupportWorkerAssigned,
    SupportWorkerRegistered,
    TrainingModuleCompleted,
    VisitReportSubmitted,
)
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from domain.record import DECIDER, HUB, REGISTRY, About, Party, Record, Wish, access_of, commission_of
from domain.register import Register
from domain.rulebook import first_edition
from domain.visibility import pending_keys, recipients
from domain.world import World, empty_world, placing, rests_on
from projections.stored import Stored

CORE, COORD, CGC, MED, CON, OTHER, EXT, SECOND = (UUID(int=n) for n in range(1, 9))
NETWORK, BOOK, HUB_ID = UUID(int=100), UUID(int=101), UUID(int=102)
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


class Story:
    """Everything that was recorded, with the state that the next decision looks at."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.register = Register()
        self.worlds: dict[UUID, World] = {}
        self.stream: list[Stored] = []
        self.records: dict[UUID, list[Record]] = {}
        self.loads: list[tuple[UUID, int]] = []
        self._ids = 0

    # --- recording ----------------------------------------------------------------------------------------

    def new_id(self) -> UUID:
        self._ids += 1
        return UUID(int=(1 << 64) + self._ids)

    def world(self, id: UUID) -> World:
        known = self.worlds.get(id) or empty_world(self.register, id)
        return World(self.register, known.case, known.access)

    def load(self, originator: UUID, up_to: int) -> list[Record]:
        """What a store hands to the engine."""
        self.loads.append((originator, up_to))
        return self.records.get(originator, [])[:up_to]

    def ask(
        self, about: About, by: Party, draft: Fact, *, ask_id: UUID | None = None, actor: str = "p-1"
    ) -> Record:
        """Decide a wish and record what came of it."""
        self.now += timedelta(minutes=1)
        ask = ask_id or self.new_id()
        wish = Wish(
            about=about,
            ask_id=ask,
            by=by,
            actor=actor,
            made_at=self.now,
            occurred_at=None,
            frame=hashlib.sha256(ask.bytes).digest(),
            draft=draft,
        )
        world = self.world(about.id)
        [fact] = decide(world, wish, now=self.now)
        on = about
        if fact.ON is Kind.CASE_ACCESS:
            on = About(Kind.CASE_ACCESS, access_of(about.id))
        return self.put(on, fact, about=about, by=by, actor=actor, ask=wish, rests=rests_on(world, wish))

    def put(
        self,
        on: About,
        fact: Fact,
        *,
        by: Party = HUB,
        about: About | None = None,
        actor: str = "",
        ask: Wish | None = None,
        rests: tuple[tuple[Kind, UUID, int], ...] = (),
    ) -> Record:
        """Record a fact as the next one of the stream."""
        kept = self.records.setdefault(on.id, [])
        record = Record(
            originator=on,
            version=len(kept) + 1,
            at=self.now,
            about=about or on,
            by=by,
            actor=actor,
            ask_id=ask.ask_id if ask else self.new_id(),
            frame=ask.frame if ask else None,
            rests_on=rests,
            rules=1,
            decider=DECIDER,
            fact=fact,
        )
        kept.append(record)
        if on.kind in (Kind.CASE, Kind.CASE_ACCESS):
            self.worlds[record.about.id] = self.world(record.about.id).after(record)
        else:
            self.register = self.register.with_record(record)
        position = len(self.stream) + 1
        subject = f"kakehashi.v1.{on.id.hex}.{record.version}"
        leaf = hashlib.sha256(f"{position}/{subject}".encode()).digest()
        self.stream.append(Stored(position, record, subject, leaf, record.originator.id, record.version))
        return record

    def clock(self) -> None:
        """What has fallen due by now."""
        while (due := self._due()) is not None:
            self.put(due.about, due.fact)

    def _due(self) -> Due | None:
        cases = (next_due_of_case(self.world(case)) for case in self.worlds)
        found = [next_due(self.register, self.now), *cases]
        return min((d for d in found if d is not None and d.at <= self.now), key=lambda d: d.at, default=None)

    # --- the town --------------------------------------------------------------------------------------------

    def registry(self, kind: Kind, id: UUID, fact: Fact, by: Party = REGISTRY) -> Record:
        return self.ask(About(kind, id), by, fact)

    def agency(self, id: UUID, other: Role | None = None) -> None:
        role, body = ROLES[id]
        self.registry(
            Kind.AGENCY,
            id,
            KeySetPublished(
                code=f"A{id.int}",
                name=f"Agency {id.int}",
                roles=frozenset({other or role}),
                body=body,
                municipality="133333" if body is Body.MUNICIPALITY else None,
                custody="HOSTED",
                sig={"ed25519": "s"},
                kem={"x25519": f"k{id.int}"},
            ),
        )

    def town(self) -> Story:
        """Rule book, agencies, network; one contractor with a contract, but not ready yet."""
        book = first_edition()
        self.registry(Kind.RULE_BOOK, BOOK, RuleBookPublished(edition=book["edition"], book=book))
        for agency in ROLES:
            self.agency(agency)
        self.registry(Kind.NETWORK, NETWORK, CoreAgencyDesignated(agency=CORE))
        self.registry(Kind.NETWORK, NETWORK, CoordinatingAgencyDesignated(agency=COORD))
        for member in (CORE, COORD, CGC, MED, CON):
            self.registry(Kind.NETWORK, NETWORK, NetworkMemberAdmitted(member=member, item=1), by=COORD)
        return self

    def commission(self, by: Party, fact: Fact) -> Record:
        return self.registry(Kind.COMMISSION, commission_of(CORE, CON), fact, by=by)

    def contractor(self) -> Story:
        """Contract, requirements, a trained and sworn visitor: the contractor is ready."""
        self.commission(
            CORE,
            OutsourcingContractConcluded(
                contractor=CON, scope=OutsourcingScope.PARTIAL, begins_on=date(2026, 4, 1), ends_on=None
            ),
        )
        self.commission(
            CORE, ContractorRequirementVerified(items=frozenset({1, 2}), scope=OutsourcingScope.PARTIAL)
        )
        self.commission(
            CON, SupportWorkerRegistered(worker=WORKER, employment=Employment.PART_TIME, qualification=None)
        )
        self.trained()
        self.commission(CON, OathSigned(worker=WORKER, employment=Employment.PART_TIME, valid_until=None))
        return self

    def trained(self, until: date | None = LAST_DAY) -> None:
        self.commission(
            CON,
            TrainingModuleCompleted(
                worker=WORKER, modules=frozenset(Module), tier=Tier.T1_BASIC, valid_until=until
            ),
        )

    def lapse(self) -> None:
        """The visitor's training runs out: the clock suspends the contractor."""
        self.now = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
        self.clock()

    def reinstate(self) -> None:
        self.trained(date(2028, 3, 31))
        self.commission(CORE, ContractorReinstated())

    # --- a case ----------------------------------------------------------------------------------------------

    def say(
        self,
        id: UUID,
        by: UUID,
        fact: type[Any],
        *,
        to: Iterable[UUID] = (),
        basis: str | dict[UUID, str] | None = None,
        sections: Sequence[Section | tuple[Section, frozenset[Flag]]] = (),
        consent: Iterable[UUID] = (),
        reason: str | None = None,
        ask_id: UUID | None = None,
        actor: str = "p-1",
        **fields: Any,
    ) -> Record:
        """One message in a case, with a wrap for everyone who must have one."""
        to = frozenset(to)
        named = basis if isinstance(basis, dict) else {} if basis is None else dict.fromkeys(to, basis)
        bare = [(s, frozenset()) if isinstance(s, Section) else s for s in sections]
        draft: Any = fact(
            to=to,
            basis=named,
            consent=frozenset(consent),
            purpose=Purpose.SUPPORT,
            reason=reason,
            items=tuple(
                Item(item=self.new_id(), section=s, flags=flags, keyed=frozenset()) for s, flags in bare
            ),
            held=frozenset(),
            placed=None,
            **fields,
        )
        ask = ask_id or self.new_id()
        world = self._placed(id, by, draft, ask)
        keyed = tuple(
            Item(
                item=i.item,
                section=i.section,
                flags=i.flags,
                keyed=recipients(self.register, world.case, by, draft, i, world.book),
            )
            for i in draft.items
        )
        draft = type(draft)(**{**draft.__dict__, "items": keyed})
        return self.ask(About(Kind.CASE, id), by, draft, ask_id=ask, actor=actor)

    def _placed(self, id: UUID, by: UUID, draft: Fact, ask: UUID) -> World:
        world = self.world(id)
        wish = Wish(
            about=About(Kind.CASE, id),
            ask_id=ask,
            by=by,
            actor="",
            made_at=self.now,
            occurred_at=None,
            frame=b"",
            draft=draft,
        )
        placed = placing(world, wish)
        if placed is None:
            return world
        return replace(world, case=replace(world.case, network=placed.network, core=placed.core))

    def referral(self, id: UUID, consent: SubjectConsent = SubjectConsent.GIVEN) -> Record:
        """情報提供 of a hospital to the core agency."""
        return self.say(
            id,
            MED,
            FamilyInformationProvided,
            to=[CORE],
            basis="CWA-21-10-5",
            sections=[Section.BASIC, Section.ADDR, Section.RISK, Section.SOURCE],
            subject_consent=consent,
            weeks_pregnant=None,
            indicators={},
        )

    def acknowledged(self, id: UUID, referral: Record) -> None:
        self.say(id, CORE, ReferralAcknowledged, to=[MED], answers=referral.ask_id)
        self.say(id, CORE, ReferralRead, answers=referral.ask_id)

    def registered(self, id: UUID) -> None:
        """登録: from now on the coordinating agency has its standing access."""
        self.say(
            id,
            CORE,
            NetworkCaseRegistrationRequested,
            to=[COORD],
            basis="APPI-69-1",
            sections=[Section.BASIC],
        )
        self.say(id, COORD, NetworkCaseRegistered, to=[CORE], standing=None)

    def rewrapped(self, id: UUID) -> Record:
        """The core agency's door makes the wraps that the coordinating agency lacks."""
        world = self.world(id)
        wraps = tuple(
            Rewrapped(item=item.item, to=reader)
            for _, item, reader in pending_keys(self.register, world.case, book=world.book)
        )
        return self.ask(About(Kind.CASE, id), CORE, ItemsRewrapped(wraps=wraps))

    def decided(self, id: UUID) -> None:
        """Assessment, decision, plan."""
        self.say(
            id,
            CORE,
            IndicatorAssessmentRecorded,
            indicator_set=INDICATOR_SET,
            indicators=dict.fromkeys(sorted(INDICATOR_CODES), IndicatorValue.NOT_ASSESSED),
        )
        self.say(
            id,
            CORE,
            EligibilityDetermined,
            result=EligibilityResult.ELIGIBLE,
            target_classes=frozenset({TargetClass.TC2_POSTPARTUM}),
            support_type=SupportType.SHORT_INTENSIVE,
            discharge_on=None,
        )
        self.say(id, CORE, SupportPlanFormulated, sections=[Section.PLAN], plan=self.plan())

    def plan(self, review_due_on: date | None = None) -> Plan:
        return Plan(
            plan_from=date(2026, 4, 1),
            plan_until=date(2026, 6, 30),
            content=PlanContent.SC_B,
            parts=frozenset(PlanPart),
            target_months=None,
            short_term_months=None,
            review_due_on=review_due_on,
            visits_per_week=2,
            housekeeping=None,
        )

    def commenced(self, id: UUID) -> None:
        self.say(id, CORE, SupportCommenced, plan=None, target_classes=None)

    def assigned(self, id: UUID) -> Record:
        return self.say(
            id,
            CORE,
            SupportWorkerAssigned,
            to=[CON],
            agency=CON,
            worker=WORKER,
            qualification=None,
            role=None,
        )

    def disclosed(
        self,
        id: UUID,
        to: Iterable[UUID] = (CON,),
        basis: str | dict[UUID, str] = "CWA-21-10-2-3",
        **more: Any,
    ) -> Record:
        more.setdefault("sections", [Section.PLAN, Section.CHILD])
        return self.say(id, CORE, DisclosureMade, to=to, basis=basis, **more)

    def visited(self, id: UUID) -> Record:
        return self.say(
            id,
            CON,
            VisitReportSubmitted,
            to=[CORE],
            basis="CWA-21-10-2-3",
            sections=[Section.VISIT],
            actor=WORKER,
            child_seen=True,
            worker=WORKER,
        )

    def released(self, id: UUID, held: Record) -> Record:
        return self.say(id, CORE, HeldDisclosureReleased, to=[CON], releases=held.ask_id)

    def consented(self, id: UUID, by: UUID, to: UUID, sections: Iterable[Section]) -> UUID:
        consent = self.new_id()
        scope = ConsentScope(consent=consent, sender=by, recipient=to, sections=frozenset(sections))
        self.say(
            id,
            by,
            ConsentGiven,
            consent=[consent],
            scope=(scope,),
            capacity=ConsentCapacity.SELF,
            expires_at=None,
        )
        return consent

    def closed(self, id: UUID) -> Record:
        self.say(id, CORE, ClosingConsultationHeld, consulted=frozenset({CON, CORE}))
        self.say(id, CORE, ClosingEvaluationRecorded, goal_reached=True, environment_improved=True)
        return self.say(id, CORE, SupportClosed, to=[CON], closing_reason=ClosingReason.GOAL_REACHED)

    def open(self, id: UUID, by: UUID, message: Record, n: int = 0, actor: str = "p-1") -> Record:
        item = message.fact.items[n]  # type: ignore[attr-defined]
        draft = SectionOpened(
            message=message.ask_id, item=item.item, section=item.section, purpose=Purpose.SUPPORT
        )
        return self.ask(About(Kind.CASE, id), by, draft, actor=actor)

    def received(self, id: UUID, by: UUID, opening: Record, *, ok: bool = True) -> Record:
        opened: Any = opening.fact
        draft = DisclosureReceived(
            message=opened.message,
            item=opened.item,
            opening=opening.ask_id,
            ok=ok,
            flaw=None if ok else "wrap-does-not-open",
        )
        return self.ask(About(Kind.CASE, id), by, draft)


def full(cases: int = 1) -> Story:
    """Whole lives of families, from referral to closing, with a suspension between."""
    story = Story().town().contractor()
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
    story.lapse()
    for id in ids:
        held[id] = story.disclosed(id)
    story.reinstate()
    for id in ids:
        story.released(id, held[id])
        story.visited(id)
        story.closed(id)
    return story
