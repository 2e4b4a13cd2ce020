"""Given facts, when a wish, then facts: one town, one case, and what was said in it.

    given(LEARNED, READY).when(tell(DisclosureMade, AZ_CORE, to=[SORA_NPO], ...), now=NOON)

What is given is folded as it stands: no rule is asked whether it could have happened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from domain.calendar import JST
from domain.codes import (
    AccessResult,
    Alternative,
    Body,
    BusinessItem,
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
    ReferralOutcome,
    Requester,
    Role,
    SafetyMethod,
    Section,
    SubjectConsent,
    SupportType,
    TargetClass,
    Tier,
)
from domain.decide import decide
from domain.events import (
    AbuseNotificationReceived,
    BasisOverrideRequested,
    BusinessCommencementNotified,
    CaseMessage,
    ClosingConsultationHeld,
    ClosingEvaluationRecorded,
    CoercionCheckDone,
    ConsentGiven,
    ConsentRefused,
    ConsentScope,
    ConsentWithdrawn,
    ContractorRequirementVerified,
    CoordinatingAgencyDesignated,
    CoreAgencyDesignated,
    DisclosureHeld,
    DisclosureMade,
    DisclosureRefused,
    EligibilityDetermined,
    EmergencyAccessRequested,
    EmergencyAccessReviewed,
    EmergencyTriaged,
    Fact,
    FamilyInformationProvided,
    HomeVisitCompleted,
    IndicatorAssessmentRecorded,
    InformationRequested,
    Item,
    KeySetPublished,
    Kind,
    NetworkCaseRegistered,
    NetworkMemberAdmitted,
    NetworkMembershipPublished,
    NonDisclosureDecided,
    OathSigned,
    OutsourcingContractConcluded,
    Placed,
    Plan,
    PlanExtended,
    RecordsAppraised,
    ReferralOutcomeTold,
    RuleBookPublished,
    SafetyConfirmed,
    SectionOpened,
    SubjectAccessDecided,
    SubjectAccessRequested,
    SupportClosed,
    SupportCommenced,
    SupportPlanApproved,
    SupportPlanFormulated,
    SupportWorkerAssigned,
    SupportWorkerRegistered,
    SupportWorkerUnassigned,
    TrainingModuleCompleted,
    VisitReportSubmitted,
    WishRefused,
)
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from domain.reasons import Reason
from domain.record import (
    DECIDER,
    HUB,
    REGISTRY,
    About,
    Party,
    Record,
    Wish,
    access_of,
    commission_of,
)
from domain.register import Register
from domain.rulebook import first_edition
from domain.visibility import openable
from domain.world import World, empty_world

NAMES = UUID("7d0f6ac0-9f0c-4c5e-8f7e-1a5b7d1d2c3e")


def id_of(name: str) -> UUID:
    """The same id for the same name, always."""
    return uuid5(NAMES, name)


AZ_CORE, AZ_COORD, AZ_MCH = id_of("AZ-CORE"), id_of("AZ-COORD"), id_of("AZ-MCH")
KS_CGC, MID_HOSP = id_of("KS-CGC"), id_of("MID-HOSP")
SORA_NPO, HIDA_SWC = id_of("SORA-NPO"), id_of("HIDA-SWC")
EXT_SERVICE, EXT_NURSERY = id_of("EXT-SERVICE"), id_of("EXT-NURSERY")
TW_CORE = id_of("TW-CORE")  # the core agency of another town
TW_ONE = id_of("TW-ONE")  # in that town one office holds both roles
NOBODY = id_of("an agency that never published keys")

CASE, NETWORK, OTHER_NETWORK = id_of("case"), id_of("network"), id_of("other network")
BOOK, LOG = id_of("rule book"), id_of("log")
COMMISSION = commission_of(AZ_CORE, SORA_NPO)
FULL_COMMISSION = commission_of(AZ_CORE, HIDA_SWC)
PLACED = Placed(network=NETWORK, core=AZ_CORE)
WORKER, SECOND_WORKER, HIDA_WORKER, CITY_WORKER = "W-S1", "W-S2", "W-H1", "W-A1"

AGENCIES: dict[str, tuple[UUID, frozenset[Role], Body, str | None]] = {
    "AZ-CORE": (AZ_CORE, frozenset({Role.CORE}), Body.MUNICIPALITY, "AZ"),
    "AZ-COORD": (AZ_COORD, frozenset({Role.COORD}), Body.MUNICIPALITY, "AZ"),
    "AZ-MCH": (AZ_MCH, frozenset({Role.EXT}), Body.MUNICIPALITY, "AZ"),
    "KS-CGC": (KS_CGC, frozenset({Role.CGC}), Body.PREFECTURE, None),
    "MID-HOSP": (MID_HOSP, frozenset({Role.MED}), Body.MEDICAL, None),
    "SORA-NPO": (SORA_NPO, frozenset({Role.CONTRACTOR}), Body.COMMISSIONED, None),
    "HIDA-SWC": (HIDA_SWC, frozenset({Role.CONTRACTOR}), Body.COMMISSIONED, None),
    "EXT-SERVICE": (EXT_SERVICE, frozenset({Role.EXT}), Body.PRIVATE, None),
    "EXT-NURSERY": (EXT_NURSERY, frozenset({Role.EXT}), Body.WELFARE_FACILITY, None),
    "TW-CORE": (TW_CORE, frozenset({Role.CORE}), Body.MUNICIPALITY, "TW"),
    "TW-ONE": (TW_ONE, frozenset({Role.CORE, Role.COORD}), Body.MUNICIPALITY, "TW"),
}
MEMBERS = (AZ_CORE, AZ_COORD, KS_CGC, MID_HOSP, SORA_NPO, HIDA_SWC, EXT_NURSERY)


def jst(text: str) -> datetime:
    """A time in Japan, as UTC: ``jst("2025-06-02 12:00")``."""
    return datetime.fromisoformat(text).replace(tzinfo=JST).astimezone(UTC)


BEGIN = jst("2025-04-01 09:00")
NOON = jst("2025-06-02 12:00")


# --- what is said ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Said:
    """A fact with who says it, on what, under which id; given as so, or asked for as a wish."""

    by: Party
    fact: Fact
    on: About
    ask: UUID
    actor: str = "p-1"
    at: datetime | None = None

    def item(self, n: int = 0) -> Item:
        found: Item = self.fact.items[n]  # type: ignore[attr-defined]
        return found


_WHERE = {
    Kind.CASE: About(Kind.CASE, CASE),
    Kind.CASE_ACCESS: About(Kind.CASE, CASE),
    Kind.NETWORK: About(Kind.NETWORK, NETWORK),
    Kind.COMMISSION: About(Kind.COMMISSION, COMMISSION),
    Kind.RULE_BOOK: About(Kind.RULE_BOOK, BOOK),
    Kind.LOG: About(Kind.LOG, LOG),
}


def said(
    by: Party,
    fact: Fact,
    *,
    on: About | None = None,
    name: str | None = None,
    actor: str = "p-1",
    at: datetime | None = None,
) -> Said:
    """A fact said about its usual originator; ``name`` tells two of one topic apart."""
    where = on or _WHERE[fact.ON or Kind.CASE]
    return Said(by=by, fact=fact, on=where, ask=id_of(name or fact.TOPIC), actor=actor, at=at)


ALL_ASSESSED = dict.fromkeys(sorted(INDICATOR_CODES), IndicatorValue.NOT_ASSESSED)


def plan(**changed: Any) -> Plan:
    """A short plan that needs no reason."""
    usual: dict[str, Any] = {
        "plan_from": date(2025, 6, 5),
        "plan_until": date(2025, 7, 27),
        "content": PlanContent.SC_A,
        "parts": frozenset(PlanPart),
        "target_months": None,
        "short_term_months": None,
        "review_due_on": None,
        "visits_per_week": 2,
        "housekeeping": None,
    }
    return Plan(**{**usual, **changed})


_USUAL: dict[type[Fact], dict[str, Any]] = {
    FamilyInformationProvided: {
        "subject_consent": SubjectConsent.NOT_ASKED,
        "weeks_pregnant": None,
        "indicators": {},
    },
    InformationRequested: {"due_on": None},
    AbuseNotificationReceived: {"notifier_token": None, "received_at": BEGIN, "taken_in": False},
    EmergencyTriaged: {"urgency": None},
    EmergencyAccessRequested: {
        "sections": frozenset({Section.BASIC}),
        "alternatives": frozenset({Alternative.ASK_THE_OWNER}),
    },
    CoercionCheckDone: {"second": "p-2", "coerced": False},
    EmergencyAccessReviewed: {"justified": True},
    BasisOverrideRequested: {"sections": frozenset({Section.BASIC})},
    RecordsAppraised: {"sections": frozenset()},
    SafetyConfirmed: {"child_seen": True, "method": SafetyMethod.SIGHTED},
    SubjectAccessRequested: {"requester": Requester.SELF},
    SubjectAccessDecided: {"result": AccessResult.FULL, "withheld": ()},
    ReferralOutcomeTold: {"outcome": ReferralOutcome.ACCEPTED},
    NonDisclosureDecided: {"review_on": date(2025, 7, 1)},
    NetworkCaseRegistered: {"standing": None},
    IndicatorAssessmentRecorded: {"indicator_set": INDICATOR_SET, "indicators": ALL_ASSESSED},
    EligibilityDetermined: {
        "result": EligibilityResult.ELIGIBLE,
        "target_classes": frozenset({TargetClass.TC1_PREGNANCY}),
        "support_type": SupportType.SHORT_INTENSIVE,
        "discharge_on": None,
    },
    SupportPlanFormulated: {"plan": plan()},
    SupportPlanApproved: {"plan": plan()},
    SupportCommenced: {"plan": None, "target_classes": None},
    PlanExtended: {"plan_until": date(2025, 8, 5)},
    ConsentGiven: {"scope": (), "capacity": ConsentCapacity.SELF, "expires_at": None},
    ConsentRefused: {"asked_for": ()},
    SupportWorkerAssigned: {"agency": SORA_NPO, "worker": WORKER, "qualification": None, "role": None},
    SupportWorkerUnassigned: {"agency": SORA_NPO, "worker": WORKER},
    VisitReportSubmitted: {"child_seen": True, "worker": None},
    HomeVisitCompleted: {"child_seen": True, "worker": CITY_WORKER},
    ClosingConsultationHeld: {"consulted": frozenset({SORA_NPO})},
    ClosingEvaluationRecorded: {"goal_reached": True, "environment_improved": True},
    SupportClosed: {"closing_reason": ClosingReason.GOAL_REACHED},
}

Told = Section | tuple[Section, Flag]


def tell(
    act: type[CaseMessage],
    by: Party,
    to: Iterable[UUID] = (),
    sections: Sequence[Told] = (),
    basis: str | dict[UUID, str] | None = None,
    *,
    name: str | None = None,
    actor: str = "p-1",
    at: datetime | None = None,
    on: About | None = None,
    consent: Iterable[UUID] = (),
    reason: str | None = None,
    held: Iterable[UUID] = (),
    placed: Placed | None = None,
    keyed: Iterable[UUID] = (),
    **data: Any,
) -> Said:
    """One message in the case, with an item for each section; ``basis`` as a word holds for every addressee."""
    ask, to = id_of(name or act.TOPIC), frozenset(to)
    bare = [one if isinstance(one, tuple) else (one, None) for one in sections]
    fact = act(
        to=to,
        basis=basis if isinstance(basis, dict) else {} if basis is None else dict.fromkeys(sorted(to), basis),
        consent=frozenset(consent),
        purpose=Purpose.SUPPORT,
        reason=reason,
        items=tuple(
            Item(
                item=uuid5(ask, f"{section}/{n}"),
                section=section,
                flags=frozenset() if flag is None else frozenset({flag}),
                keyed=frozenset(keyed),
            )
            for n, (section, flag) in enumerate(bare)
        ),
        held=frozenset(held),
        placed=placed,
        **{**_USUAL.get(act, {}), **data},
    )
    return Said(by=by, fact=fact, on=on or About(Kind.CASE, CASE), ask=ask, actor=actor, at=at)


def opening(message: Said, by: Party, *, n: int = 0, actor: str = "p-1", **changed: Any) -> Said:
    """The wish to read the n-th item of a message."""
    item = message.item(n)
    draft = SectionOpened(message=message.ask, item=item.item, section=item.section, purpose=Purpose.SUPPORT)
    return said(by, replace(draft, **changed), actor=actor, name=f"open {message.ask} {n} {by}")


# --- the town --------------------------------------------------------------------------------------------


def keys(code: str, **changed: Any) -> Said:
    """The key set of an agency of the town."""
    id, roles, body, municipality = AGENCIES[code]
    fact = KeySetPublished(
        code=code,
        name=f"架空 {code}",
        roles=roles,
        body=body,
        municipality=municipality,
        custody="HOSTED",
        sig={"ed25519": f"sig {code}"},
        kem={"x25519": f"kem {code}"},
    )
    return said(id, replace(fact, **changed), on=About(Kind.AGENCY, id), name=f"keys {code} {changed}")


def admitted(member: UUID, item: int = 2) -> Said:
    return said(AZ_COORD, NetworkMemberAdmitted(member=member, item=item), name=f"admitted {member}")


def rule_book(book: dict[str, Any] | None = None) -> Said:
    book = book or first_edition()
    return said(REGISTRY, RuleBookPublished(edition=book["edition"], book=book), name="rule book")


def notified(core: UUID) -> Said:
    """The programme of this core agency is known to the prefecture."""
    fact = BusinessCommencementNotified(
        happened_on=date(2025, 4, 1), items=frozenset(BusinessItem), reason=None
    )
    return said(core, fact, on=About(Kind.AGENCY, core), name=f"notified {core}")


_TW = About(Kind.NETWORK, OTHER_NETWORK)
TOWN: tuple[Said, ...] = (
    rule_book(),
    *(keys(code) for code in AGENCIES),
    said(REGISTRY, CoreAgencyDesignated(agency=AZ_CORE)),
    said(REGISTRY, CoordinatingAgencyDesignated(agency=AZ_COORD)),
    said(REGISTRY, CoreAgencyDesignated(agency=TW_CORE), on=_TW, name="tw core"),
    said(REGISTRY, CoordinatingAgencyDesignated(agency=TW_ONE), on=_TW, name="tw coord"),
    *(admitted(member) for member in MEMBERS),
    said(AZ_COORD, NetworkMembershipPublished(members=frozenset(MEMBERS), published_on=date(2025, 4, 1))),
    *(notified(core) for core in (AZ_CORE, TW_CORE)),
)

# --- a ready contractor ------------------------------------------------------------------------------------


def contract(**changed: Any) -> Said:
    usual: dict[str, Any] = {
        "contractor": SORA_NPO,
        "scope": OutsourcingScope.PARTIAL,
        "begins_on": date(2025, 4, 1),
        "ends_on": None,
    }
    return said(AZ_CORE, OutsourcingContractConcluded(**{**usual, **changed}))


def verified(
    items: Iterable[int] = (1, 2), scope: OutsourcingScope = OutsourcingScope.PARTIAL, **more: Any
) -> Said:
    return said(AZ_CORE, ContractorRequirementVerified(items=frozenset(items), scope=scope), **more)


def worker(
    ref: str = WORKER, employment: Employment = Employment.PART_TIME, qualification: str | None = None
) -> Said:
    fact = SupportWorkerRegistered(worker=ref, employment=employment, qualification=qualification)
    return said(SORA_NPO, fact, name=f"worker {ref}")


def trained(
    ref: str = WORKER, until: date | None = None, modules: Iterable[Module] = Module, **more: Any
) -> Said:
    fact = TrainingModuleCompleted(
        worker=ref, modules=frozenset(modules), tier=Tier.T1_BASIC, valid_until=until
    )
    return said(SORA_NPO, fact, **{"name": f"trained {ref} {until}", **more})


def sworn(ref: str = WORKER, until: date | None = None, **more: Any) -> Said:
    fact = OathSigned(worker=ref, employment=Employment.PART_TIME, valid_until=until)
    return said(SORA_NPO, fact, **{"name": f"sworn {ref}", **more})


COMMISSIONED: tuple[Said, ...] = (contract(), verified(), worker(), trained(), sworn())
"""A contract in force, its requirements verified, one part-time visitor trained and sworn."""

ASSIGNED = tell(SupportWorkerAssigned, AZ_CORE)
_FULL = About(Kind.COMMISSION, FULL_COMMISSION)
FULLY_COMMISSIONED: tuple[Said, ...] = tuple(
    replace(one, on=_FULL, ask=id_of(f"full {one.ask}"))
    for one in (
        contract(contractor=HIDA_SWC, scope=OutsourcingScope.FULL),
        verified((1, 2, 3), OutsourcingScope.FULL),
        worker(HIDA_WORKER),
        trained(HIDA_WORKER),
        sworn(HIDA_WORKER),
    )
)
FULL_ASSIGNED = tell(
    SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker=HIDA_WORKER, name="hida assigned"
)

# --- a case ------------------------------------------------------------------------------------------------

LEARNED = tell(
    FamilyInformationProvided,
    MID_HOSP,
    [AZ_CORE],
    [Section.BASIC, Section.MEDICAL],
    "CWA-21-10-5",
    placed=PLACED,
)
REGISTERED = tell(NetworkCaseRegistered, AZ_COORD, [AZ_CORE])
ASSESSED = tell(IndicatorAssessmentRecorded, AZ_CORE)
ELIGIBLE = tell(EligibilityDetermined, AZ_CORE)
PLANNED = tell(SupportPlanFormulated, AZ_CORE, sections=[Section.PLAN])
COMMENCED = tell(SupportCommenced, AZ_CORE)
READY: tuple[Said, ...] = (*COMMISSIONED, ASSIGNED)
"""The contractor is ready for the case (which must have been learned of before)."""
CONSULTED = tell(ClosingConsultationHeld, AZ_CORE)
EVALUATED = tell(ClosingEvaluationRecorded, AZ_CORE)
CLOSED = tell(SupportClosed, AZ_CORE)
DECIDED: tuple[Said, ...] = (ASSESSED, ELIGIBLE, PLANNED)
TO_SORA = tell(
    DisclosureMade, AZ_CORE, [SORA_NPO], [Section.BASIC, Section.PLAN], "CWA-21-10-2-3", name="to sora"
)


def consent_of(
    name: str = "C1",
    *,
    sender: UUID = AZ_CORE,
    recipient: UUID = EXT_SERVICE,
    sections: Iterable[Section] = (Section.BASIC, Section.PLAN),
    by: UUID = AZ_CORE,
    at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Said:
    """A consent with one row of scope."""
    row = ConsentScope(consent=id_of(name), sender=sender, recipient=recipient, sections=frozenset(sections))
    return tell(
        ConsentGiven,
        by,
        name=f"given {name}",
        at=at,
        consent=[id_of(name)],
        scope=(row,),
        expires_at=expires_at,
    )


def withdrawn(name: str = "C1", at: datetime | None = None) -> Said:
    return tell(ConsentWithdrawn, AZ_CORE, name=f"withdrawn {name}", consent=[id_of(name)], at=at)


# --- given, when, then ----------------------------------------------------------------------------------------

Past = Said | Sequence["Past"]


def _flat(past: Iterable[Past]) -> Iterable[Said]:
    for one in past:
        if isinstance(one, Said):
            yield one
        else:
            yield from _flat(one)


class Given:
    """A town and what was so in it. ``records`` has all of it, in order."""

    def __init__(self, case: UUID = CASE) -> None:
        self.world: World = empty_world(Register(), case)
        self.records: list[Record] = []
        self._versions: dict[UUID, int] = {}
        self._now = BEGIN

    def put(self, one: Said, *, by_hub: bool = False) -> Record:
        """Fold this fact as it is."""
        self._now = one.at or self._now + timedelta(seconds=1)
        beside = one.fact.ON is Kind.CASE_ACCESS
        originator = About(Kind.CASE_ACCESS, access_of(one.on.id)) if beside else one.on
        version = self._versions.get(originator.id, 0) + 1
        self._versions[originator.id] = version
        record = Record(
            originator=originator,
            version=version,
            at=self._now,
            about=one.on,
            by=one.by,
            actor="" if by_hub else one.actor,
            ask_id=one.ask,
            frame=None if by_hub else hashlib.sha256(one.ask.bytes).digest(),
            rests_on=(),
            rules=1,
            decider=DECIDER,
            fact=one.fact,
        )
        self.records.append(record)
        self.world = self.world.after(record)
        return record

    def when(self, one: Said, *, now: datetime = NOON) -> list[Fact]:
        """The facts that answer this wish."""
        return decide(self.world, wish_of(one, now), now=now)

    def opens(self, reader: Party, *, now: datetime = NOON) -> set[UUID]:
        """The items that this agency may open."""
        world = self.world
        return {i.item for _, i in openable(world.register, world.case, reader, now=now, book=world.book)}


def given(*past: Past, town: Iterable[Said] = TOWN) -> Given:
    """The town, and then these facts."""
    so = Given()
    for one in _flat([*town, *past]):
        so.put(one, by_hub=one.by == HUB)
    return so


def wish_of(one: Said, now: datetime) -> Wish:
    return Wish(
        about=one.on,
        ask_id=one.ask,
        by=one.by,
        actor=one.actor,
        made_at=now,
        occurred_at=None,
        frame=hashlib.sha256(one.ask.bytes).digest(),
        draft=one.fact,
    )


def items(*messages: Said) -> set[UUID]:
    """All items of these messages."""
    return {i.item for m in messages for i in m.fact.items}  # type: ignore[attr-defined]


def refused(
    one: Said, reason: Reason, at_fault: UUID | None = None, fitting: Iterable[str] = ()
) -> list[Fact]:
    """The refusal of this wish: with its sections where it had items, else bare."""
    fact = one.fact
    if isinstance(fact, CaseMessage) and fact.items:
        return [
            DisclosureRefused(
                act=fact.TOPIC,
                to=fact.to,
                sections=frozenset(i.section for i in fact.items),
                basis=fact.basis,
                reason=reason,
                at_fault=at_fault,
                fitting=frozenset(fitting),
            )
        ]
    return [WishRefused(act=fact.TOPIC, reason=reason, at_fault=at_fault)]


def held(one: Said) -> list[Fact]:
    """The disclosure that waits for all its addressees."""
    known = {f.name: getattr(one.fact, f.name) for f in fields(CaseMessage)}
    return [DisclosureHeld(**{**known, "held": one.fact.to})]  # type: ignore[attr-defined]
