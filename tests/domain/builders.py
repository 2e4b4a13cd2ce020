"""Given events, when a command, then events: one town, one case, and its history.

    given(LEARNED, READY).when(case_message(DisclosureMade, AZ_CORE, to=[SORA_NPO], ...), now=NOON)

What is given is folded as it stands: no rule is asked whether it could have happened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from domain import events as e
from domain.calendar import JST
from domain.children import ALL_CHILDREN, SpeaksOfChildren
from domain.codes import (
    AccessResult,
    Alternative,
    Body,
    BusinessItem,
    ClosingReason,
    ConsentCapacity,
    EligibilityResult,
    Employment,
    FamilyService,
    Flag,
    FollowOn,
    IndicatorValue,
    Module,
    OutsourcingScope,
    PlanContent,
    PlanHandover,
    PlanMaker,
    PlanPart,
    Purpose,
    ReferralOutcome,
    Requester,
    Role,
    SafetyMethod,
    Section,
    ServiceAnswer,
    SubjectConsent,
    SupportRole,
    SupportType,
    TargetClass,
    Tier,
    UnavoidableReason,
)
from domain.decide import decide
from domain.due import next_due_of_case
from domain.editions import under_edition
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from domain.reasons import Reason
from domain.record import (
    HUB,
    REGISTRARS,
    About,
    Command,
    Party,
    Record,
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
PLACED = e.Placed(network=NETWORK, core=AZ_CORE)
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


# --- inputs ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class EventInput:
    """An event with its sender, originator and id; given as recorded, or submitted as a command."""

    by: Party
    event: e.Event
    on: About
    command_id: UUID
    actor: str = "p-1"
    at: datetime | None = None

    def item(self, n: int = 0) -> e.Item:
        result: e.Item = self.event.items[n]  # type: ignore[attr-defined]
        return result


_USUAL_ORIGINATOR = {
    e.Kind.CASE: About(e.Kind.CASE, CASE),
    e.Kind.CASE_ACCESS: About(e.Kind.CASE, CASE),
    e.Kind.NETWORK: About(e.Kind.NETWORK, NETWORK),
    e.Kind.COMMISSION: About(e.Kind.COMMISSION, COMMISSION),
    e.Kind.RULE_BOOK: About(e.Kind.RULE_BOOK, BOOK),
    e.Kind.LOG: About(e.Kind.LOG, LOG),
}


def event_input(
    by: Party,
    event: e.Event,
    *,
    on: About | None = None,
    name: str | None = None,
    actor: str = "p-1",
    at: datetime | None = None,
) -> EventInput:
    """An event on its usual originator; ``name`` distinguishes two of one topic."""
    target = on or _USUAL_ORIGINATOR[event.ON or e.Kind.CASE]
    return EventInput(
        by=by, event=event, on=target, command_id=id_of(name or event.TOPIC), actor=actor, at=at
    )


NOTHING_ASSESSED = dict.fromkeys(sorted(INDICATOR_CODES), IndicatorValue.NOT_ASSESSED)
ALL_ASSESSED = {**NOTHING_ASSESSED, "BI_CHILD_AGE": IndicatorValue.NO_CONCERN}
"""Every item answered, most of them with «not assessed»."""


def plan(**changed: Any) -> e.Plan:
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
        "made_by": frozenset(PlanMaker),
        "services": frozenset(),
        "explained_on": None,
        "agreement": None,
    }
    return e.Plan(**{**usual, **changed})


_USUAL: dict[type[e.Event], dict[str, Any]] = {
    e.FamilyInformationProvided: {
        "subject_consent": SubjectConsent.NOT_REQUESTED,
        "weeks_pregnant": None,
        "indicators": {},
    },
    e.InformationRequested: {"due_on": None},
    e.AbuseNotificationReceived: {
        "notifier_token": None,
        "received_at": BEGIN,
        "recorded_for_notifier": False,
        "channel": None,
    },
    e.EmergencyTriaged: {"urgency": None, "answers": None},
    e.EmergencyAccessRequested: {
        "sections": frozenset({Section.BASIC}),
        "alternatives": frozenset({Alternative.REQUEST_FROM_OWNER}),
    },
    e.CoercionCheckDone: {"second": "p-2", "coerced": False},
    e.CoercionCheckConfirmed: {"coerced": False},
    e.EmergencyAccessReviewed: {"justified": True},
    e.BasisOverrideRequested: {"sections": frozenset({Section.BASIC})},
    e.AddressDisclosureRequested: {"sections": frozenset({Section.BASIC})},
    e.RecordsAppraised: {"sections": frozenset()},
    e.SafetyConfirmed: {"child_seen": True, "method": SafetyMethod.SIGHTED},
    e.SubjectAccessRequested: {"requester": Requester.SELF},
    e.SubjectAccessDecided: {"result": AccessResult.FULL, "withheld": ()},
    e.ReferralOutcomeReported: {"outcome": ReferralOutcome.ACCEPTED},
    e.NonDisclosureDecided: {
        "review_on": date(2025, 7, 1),
        "answers": None,
        "withheld_from": frozenset(),
    },
    e.DisclosureMade: {"answers": None},
    e.SpecialistServiceLinked: {"answers": None},
    e.HomeVisitScheduled: {"replaces": None},
    e.HomeVisitFailed: {"visit": None},
    e.HomeVisitRefused: {"visit": None},
    e.TransferCancelled: {"hands_over": None},
    e.NetworkCaseRegistered: {"standing": None},
    e.InfantHomeVisitReported: {"support_need": None},
    e.IndicatorAssessmentRecorded: {
        "indicator_set": INDICATOR_SET,
        "indicators": ALL_ASSESSED,
        "route": None,
        "involved": (),
        "home_visit_report": None,
    },
    e.EligibilityDetermined: {
        "result": EligibilityResult.ELIGIBLE,
        "target_classes": frozenset({TargetClass.TC1_PREGNANCY}),
        "support_type": SupportType.SHORT_INTENSIVE,
        "discharge_on": None,
    },
    e.SupportPlanFormulated: {"plan": plan()},
    e.SupportPlanApproved: {"plan": plan()},
    e.SupportCommenced: {"plan": None, "target_classes": None},
    e.SupportPlanHandedOver: {
        "handed_on": date(2025, 6, 1),
        "handover": PlanHandover.HANDED,
        "agreement": None,
    },
    e.FamilyServiceRecommended: {"service": FamilyService.HOUSEHOLD_VISIT},
    e.FamilyServiceAnswered: {
        "answer": ServiceAnswer.ACCEPTED,
        "begins_on": date(2025, 7, 1),
        "ends_on": None,
    },
    e.FamilyServiceMeasureTaken: {
        "unavoidable_reason": UnavoidableReason.GUARDIAN_UNABLE,
        "begins_on": date(2025, 7, 1),
        "ends_on": None,
    },
    e.PlanExtended: {"plan_until": date(2025, 8, 5)},
    e.ConsentGiven: {
        "scope": (),
        "capacity": ConsentCapacity.SELF,
        "expires_at": None,
        "given_by": frozenset(),
        "sole_holder": False,
    },
    e.ConsentRefused: {"requested_scope": ()},
    e.SupportWorkerAssigned: {
        "agency": SORA_NPO,
        "worker": WORKER,
        "qualification": "保健師",
        "role": SupportRole.SPECIALIST,
    },
    e.SupportWorkerUnassigned: {"agency": SORA_NPO, "worker": WORKER},
    e.VisitReportSubmitted: {"child_seen": True, "worker": None, "visit": None, "support_plan": None},
    e.HomeVisitCompleted: {"child_seen": True, "worker": CITY_WORKER, "visit": None},
    e.ClosingConsultationHeld: {"consulted": frozenset({SORA_NPO}), "not_consulted": {}},
    e.ConferenceMinutesRecorded: {"participants": frozenset()},
    e.NetworkMeetingHeld: {"participants": frozenset()},
    e.ClosingEvaluationRecorded: {"goal_reached": True, "environment_improved": True},
    e.SupportClosed: {"closing_reason": ClosingReason.GOAL_REACHED, "follow_on": FollowOn.NONE_NEEDED},
}

SectionWithFlag = Section | tuple[Section, Flag]


def case_message(
    act: type[e.CaseMessage],
    by: Party,
    to: Iterable[UUID] = (),
    sections: Sequence[SectionWithFlag] = (),
    basis: str | dict[UUID, str] | None = None,
    *,
    name: str | None = None,
    actor: str = "p-1",
    at: datetime | None = None,
    on: About | None = None,
    consent: Iterable[UUID] = (),
    reason: str | None = None,
    held: Iterable[UUID] = (),
    placed: e.Placed | None = None,
    keyed: Iterable[UUID] = (),
    **data: Any,
) -> EventInput:
    """One message in the case, with an item for each section; ``basis`` as a word holds for every addressee."""
    command_id, to = id_of(name or act.TOPIC), frozenset(to)
    flagged_sections = [one if isinstance(one, tuple) else (one, None) for one in sections]
    event = act(
        to=to,
        basis=basis if isinstance(basis, dict) else {} if basis is None else dict.fromkeys(sorted(to), basis),
        consent=frozenset(consent),
        purpose=Purpose.SUPPORT,
        reason=reason,
        items=tuple(
            e.Item(
                item=uuid5(command_id, f"{section}/{n}"),
                section=section,
                flags=frozenset() if flag is None else frozenset({flag}),
                keyed=frozenset(keyed),
            )
            for n, (section, flag) in enumerate(flagged_sections)
        ),
        held=frozenset(held),
        placed=placed,
        **{
            **({"children": ALL_CHILDREN} if issubclass(act, SpeaksOfChildren) else {}),
            **_USUAL.get(act, {}),
            **data,
        },
    )
    return EventInput(
        by=by, event=event, on=on or About(e.Kind.CASE, CASE), command_id=command_id, actor=actor, at=at
    )


def opening(message: EventInput, by: Party, *, n: int = 0, actor: str = "p-1", **changed: Any) -> EventInput:
    """The command to read the n-th item of a message."""
    item = message.item(n)
    proposed_event = e.SectionOpened(
        message=message.command_id, item=item.item, section=item.section, purpose=Purpose.SUPPORT
    )
    return event_input(
        by, replace(proposed_event, **changed), actor=actor, name=f"open {message.command_id} {n} {by}"
    )


# --- the town --------------------------------------------------------------------------------------------


def keys(code: str, **changed: Any) -> EventInput:
    """The key set of an agency of the town."""
    id, roles, body, municipality = AGENCIES[code]
    event = e.KeySetPublished(
        code=code,
        name=f"架空 {code}",
        roles=roles,
        body=body,
        municipality=municipality,
        custody="HOSTED",
        sig={"ed25519": f"sig {code}"},
        kem={"x25519": f"kem {code}"},
    )
    return event_input(
        id, replace(event, **changed), on=About(e.Kind.AGENCY, id), name=f"keys {code} {changed}"
    )


def admitted(member: UUID, item: int = 2) -> EventInput:
    return event_input(AZ_COORD, e.NetworkMemberAdmitted(member=member, item=item), name=f"admitted {member}")


_FIRST = first_edition()
WITHOUT_CALENDAR = {**_FIRST, "policy": {k: v for k, v in _FIRST["policy"].items() if k != "calendar"}}
"""Periods end where they are counted to, whatever day that is; ``test_office_days.py`` is about the calendar."""


def rule_book(rules: dict[str, Any] | None = None) -> EventInput:
    rules = rules or WITHOUT_CALENDAR
    event = e.RuleBookPublished(edition=rules["edition"], rule_book=rules)
    return event_input(REGISTRARS, event, name="rule book")


def notified(core: UUID) -> EventInput:
    """The programme of this core agency is known to the prefecture."""
    event = e.BusinessCommencementNotified(
        happened_on=date(2025, 4, 1), items=frozenset(BusinessItem), reason=None
    )
    return event_input(core, event, on=About(e.Kind.AGENCY, core), name=f"notified {core}")


def rules_known(by: UUID, *staff: str, edition: str = "rules-2025") -> tuple[EventInput, ...]:
    """An agency's rules of secrecy, and those of its people who know them."""
    on = About(e.Kind.AGENCY, by)
    adopted = event_input(by, e.ConfidentialityRulesAdopted(edition=edition), on=on, name=f"rules {by}")
    return (
        adopted,
        *(
            event_input(
                by,
                e.ConfidentialityRulesAcknowledged(edition=edition, staff=one),
                on=on,
                name=f"rules {by} {one}",
                actor=one,
            )
            for one in staff
        ),
    )


_TW = About(e.Kind.NETWORK, OTHER_NETWORK)
TOWN: tuple[EventInput, ...] = (
    rule_book(),
    *(keys(code) for code in AGENCIES),
    event_input(REGISTRARS, e.CoreAgencyDesignated(agency=AZ_CORE)),
    event_input(REGISTRARS, e.CoordinatingAgencyDesignated(agency=AZ_COORD)),
    event_input(REGISTRARS, e.CoreAgencyDesignated(agency=TW_CORE), on=_TW, name="tw core"),
    event_input(REGISTRARS, e.CoordinatingAgencyDesignated(agency=TW_ONE), on=_TW, name="tw coord"),
    *(admitted(member) for member in MEMBERS),
    event_input(
        AZ_COORD, e.NetworkMembershipPublished(members=frozenset(MEMBERS), published_on=date(2025, 4, 1))
    ),
    *(notified(core) for core in (AZ_CORE, TW_CORE)),
    *rules_known(SORA_NPO, "p-1", "p-2", WORKER, SECOND_WORKER),
    *rules_known(HIDA_SWC, "p-1", HIDA_WORKER),
)

# --- a ready contractor ------------------------------------------------------------------------------------


def contract(**changed: Any) -> EventInput:
    usual: dict[str, Any] = {
        "contractor": SORA_NPO,
        "scope": OutsourcingScope.PARTIAL,
        "begins_on": date(2025, 4, 1),
        "ends_on": None,
    }
    return event_input(AZ_CORE, e.OutsourcingContractConcluded(**{**usual, **changed}))


def verified(
    items: Iterable[int] = (1, 2), scope: OutsourcingScope = OutsourcingScope.PARTIAL, **more: Any
) -> EventInput:
    return event_input(AZ_CORE, e.ContractorRequirementVerified(items=frozenset(items), scope=scope), **more)


def worker(
    ref: str = WORKER, employment: Employment = Employment.PART_TIME, qualification: str | None = None
) -> EventInput:
    event = e.SupportWorkerRegistered(worker=ref, employment=employment, qualification=qualification)
    return event_input(SORA_NPO, event, name=f"worker {ref}")


def trained(
    ref: str = WORKER, until: date | None = None, modules: Iterable[Module] = Module, **more: Any
) -> EventInput:
    event = e.TrainingModuleCompleted(
        worker=ref, modules=frozenset(modules), tier=Tier.T1_BASIC, valid_until=until
    )
    return event_input(SORA_NPO, event, **{"name": f"trained {ref} {until}", **more})


def sworn(ref: str = WORKER, until: date | None = None, **more: Any) -> EventInput:
    event = e.OathSigned(worker=ref, employment=Employment.PART_TIME, valid_until=until)
    return event_input(SORA_NPO, event, **{"name": f"sworn {ref}", **more})


COMMISSIONED: tuple[EventInput, ...] = (contract(), verified(), worker(), trained(), sworn())
"""A contract in force, its requirements verified, one part-time visitor trained and sworn."""


def own_visitor(ref: str = CITY_WORKER, core: UUID = AZ_CORE) -> tuple[EventInput, ...]:
    """A full-time visitor of the core agency itself, trained."""
    on = About(e.Kind.COMMISSION, commission_of(core, core))
    papers = (worker(ref, Employment.FULL_TIME), trained(ref))
    return tuple(replace(one, by=core, on=on, command_id=id_of(f"own {one.command_id}")) for one in papers)


ASSIGNED = case_message(e.SupportWorkerAssigned, AZ_CORE)
_FULL = About(e.Kind.COMMISSION, FULL_COMMISSION)
FULLY_COMMISSIONED: tuple[EventInput, ...] = tuple(
    replace(one, on=_FULL, command_id=id_of(f"full {one.command_id}"))
    for one in (
        contract(contractor=HIDA_SWC, scope=OutsourcingScope.FULL),
        verified((1, 2, 3), OutsourcingScope.FULL),
        worker(HIDA_WORKER),
        trained(HIDA_WORKER),
        sworn(HIDA_WORKER),
    )
)
FULL_ASSIGNED = case_message(
    e.SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker=HIDA_WORKER, name="hida assigned"
)

# --- a case ------------------------------------------------------------------------------------------------

LEARNED = case_message(
    e.FamilyInformationProvided,
    MID_HOSP,
    [AZ_CORE],
    [Section.BASIC, Section.MEDICAL],
    "CWA-21-10-5",
    placed=PLACED,
)
REGISTERED = case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE])
ASSESSED = case_message(e.IndicatorAssessmentRecorded, AZ_CORE)
ELIGIBLE = case_message(e.EligibilityDetermined, AZ_CORE)
PLANNED = case_message(e.SupportPlanFormulated, AZ_CORE, sections=[Section.PLAN])
COMMENCED = case_message(e.SupportCommenced, AZ_CORE)
READY: tuple[EventInput, ...] = (*COMMISSIONED, ASSIGNED)
"""The contractor is ready for the case (which must have been learned of before)."""
CONSULTED = case_message(e.ClosingConsultationHeld, AZ_CORE)
EVALUATED = case_message(e.ClosingEvaluationRecorded, AZ_CORE)
CLOSED = case_message(e.SupportClosed, AZ_CORE)
DECIDED: tuple[EventInput, ...] = (ASSESSED, ELIGIBLE, PLANNED)
TO_SORA = case_message(
    e.DisclosureMade, AZ_CORE, [SORA_NPO], [Section.BASIC, Section.PLAN], "CWA-21-10-2-3", name="to sora"
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
) -> EventInput:
    """A consent with one row of scope."""
    row = e.ConsentScope(
        consent=id_of(name), sender=sender, recipient=recipient, sections=frozenset(sections)
    )
    return case_message(
        e.ConsentGiven,
        by,
        name=f"given {name}",
        at=at,
        consent=[id_of(name)],
        scope=(row,),
        expires_at=expires_at,
    )


def withdrawn(name: str = "C1", at: datetime | None = None) -> EventInput:
    return case_message(e.ConsentWithdrawn, AZ_CORE, name=f"withdrawn {name}", consent=[id_of(name)], at=at)


# --- given, when, then ----------------------------------------------------------------------------------------

Past = EventInput | Sequence["Past"]


def _flat(past: Iterable[Past]) -> Iterable[EventInput]:
    for one in past:
        if isinstance(one, EventInput):
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

    def put(self, one: EventInput, *, by_hub: bool = False) -> Record:
        """Fold this event as it is."""
        self._now = one.at or self._now + timedelta(seconds=1)
        is_access = one.event.ON is e.Kind.CASE_ACCESS
        originator = About(e.Kind.CASE_ACCESS, access_of(one.on.id)) if is_access else one.on
        version = self._versions.get(originator.id, 0) + 1
        self._versions[originator.id] = version
        record = Record(
            originator=originator,
            version=version,
            at=self._now,
            about=one.on,
            by=one.by,
            actor="" if by_hub else one.actor,
            command_id=one.command_id,
            frame=None if by_hub else hashlib.sha256(one.command_id.bytes).digest(),
            rests_on=(),
            rules=1,
            edition=self.world.edition,
            event=one.event,
        )
        self.records.append(record)
        self.world = self.world.after(record)
        if is_access or one.on.kind is e.Kind.CASE:
            self._note_assignments()
        return record

    def _note_assignments(self) -> None:
        """The hub notes on the roll who is assigned, as it does after each record of a case."""
        due = next_due_of_case(self.world)
        while due is not None and isinstance(due.event, e.WorkerAssignmentRecorded):
            now, name = self._now, f"{due.event} {len(self.records)}"
            self.put(event_input(HUB, due.event, on=due.about, name=name, at=due.at), by_hub=True)
            self._now = now
            due = next_due_of_case(self.world)

    def when(self, one: EventInput, *, now: datetime = NOON) -> list[e.Event]:
        """The events that answer this command."""
        return decide(self.world, command_of(one, now), now=now)

    def opens(self, reader: Party, *, now: datetime = NOON) -> set[UUID]:
        """The items that this agency may open."""
        world = self.world
        with under_edition(world.edition):
            items = openable(world.register, world.case, reader, now=now, rule_book=world.rule_book)
            return {item.item for _, item in items}


def given(*past: Past, town: Iterable[EventInput] = TOWN, edition: int | None = None) -> Given:
    """The town, and then these events; by the rules of an edition, the current one where none is named."""
    so = Given()
    so.world = so.world if edition is None else replace(so.world, edition=edition)
    for one in _flat([*town, *past]):
        so.put(one, by_hub=one.by == HUB)
    return so


def command_of(one: EventInput, now: datetime) -> Command:
    return Command(
        about=one.on,
        command_id=one.command_id,
        by=one.by,
        actor=one.actor,
        created_at=now,
        occurred_at=None,
        frame=hashlib.sha256(one.command_id.bytes).digest(),
        proposed_event=one.event,
    )


def items(*messages: EventInput) -> set[UUID]:
    """All items of these messages."""
    return {i.item for m in messages for i in m.event.items}  # type: ignore[attr-defined]


def refused(
    one: EventInput, reason: Reason, at_fault: UUID | None = None, fitting: Iterable[str] = ()
) -> list[e.Event]:
    """The refusal of this command: with its sections where it had items, else bare."""
    event = one.event
    if isinstance(event, e.CaseMessage) and event.items:
        return [
            e.DisclosureRefused(
                act=event.TOPIC,
                to=event.to,
                sections=frozenset(i.section for i in event.items),
                basis=event.basis,
                reason=reason,
                at_fault=at_fault,
                fitting=frozenset(fitting),
            )
        ]
    return [e.CommandRefused(act=event.TOPIC, reason=reason, at_fault=at_fault)]


def held(one: EventInput) -> list[e.Event]:
    """The disclosure that waits for all its addressees."""
    known = {f.name: getattr(one.event, f.name) for f in fields(e.CaseMessage)}
    return [e.DisclosureHeld(**{**known, "held": one.event.to})]  # type: ignore[attr-defined]
