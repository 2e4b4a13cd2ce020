"""How a case follows from its records: what every message does, and the effects of the families.

Nothing here refuses: what was recorded has happened.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.audit import effects as audit_effects
from domain.case import Access, Case, Message
from domain.children import UNKNOWN_CHILD, children_named_in
from domain.clock_stops import stopped_clocks
from domain.clocks import Clock, ClockKind, by_guardian, child_was_sighted, update_clocks
from domain.closing import effects as closing_effects
from domain.codes import IndicatorValue, Section
from domain.consent import effects as consent_effects
from domain.contact_ban import effects as contact_ban_effects
from domain.disclosure import effects as disclosure_effects
from domain.editions import by_edition_of_record, since_edition
from domain.effects import EFFECTS
from domain.emergency import effects as emergency_effects
from domain.family import Family
from domain.household import effects as household_effects
from domain.household.separation import separated, without_sightings_of
from domain.inquiry import effects as inquiry_effects
from domain.joined import effects as joined_effects
from domain.moves import effects as moves_effects
from domain.network import effects as network_effects
from domain.originator import with_position
from domain.protection import effects as protection_effects
from domain.readiness import CLOSED
from domain.record import Party, Record
from domain.retention import effects as retention_effects
from domain.rights import effects as rights_effects
from domain.stays import effects as stays_effects
from domain.support import effects as support_effects
from domain.visits import effects as visits_effects
from domain.whereabouts import effects as whereabouts_effects

EFFECT_MODULES = (
    audit_effects,
    closing_effects,
    consent_effects,
    contact_ban_effects,
    disclosure_effects,
    emergency_effects,
    household_effects,
    inquiry_effects,
    joined_effects,
    moves_effects,
    network_effects,
    protection_effects,
    retention_effects,
    rights_effects,
    stays_effects,
    support_effects,
    visits_effects,
    whereabouts_effects,
)
"""Every module with effects; importing them registers the effects."""


@by_edition_of_record
def evolve(case: Case, record: Record) -> Case:
    """The case after this record."""
    case = with_position(case, record)
    event = record.event
    if isinstance(event, e.ItemsRewrapped):
        rewrapped_keys: dict[tuple[UUID, Party], tuple[int, UUID]] = {
            (w.item, w.to): (record.version, record.command_id) for w in event.wrapped_keys
        }
        return replace(case, rewrapped=case.rewrapped | rewrapped_keys)
    if isinstance(event, e.CaseAlarm):
        return _with_alarm(case, event, record.at)
    if isinstance(event, e.JoinedCaseChanged):
        return _with_shares(case, event)
    if isinstance(event, e.JoinedCaseInformed):
        return joined_effects.joined_case_informed(case, event)
    if not isinstance(event, e.CaseMessage) or not isinstance(record.by, UUID):
        return case  # a refusal: it is recorded, and nothing follows from it
    message = Message(
        id=record.command_id,
        version=record.version,
        at=record.at,
        by=record.by,
        actor=record.actor,
        event=event,
        held=event.held,
    )
    return _with_message(case, message)


def _with_shares(case: Case, event: e.JoinedCaseChanged) -> Case:
    """Where the joined case takes back that a child was seen, only what is known here counts. Basis: CAPA 8; APPI 65."""
    taken_back = joined_effects.sightings_taken_back(case, event)
    if taken_back:
        case = without_sightings_of(case, taken_back, _with_message)
    return joined_effects.joined_case_changed(case, event)


def _with_alarm(case: Case, event: e.CaseAlarm, at: datetime) -> Case:
    if isinstance(event, e.EmergencyAccessEnded):
        case = emergency_effects.emergency_access_ended(case, event)
    if isinstance(event, e.UnilateralEmergencyAccessOpened):  # opens once: raised again it informs only
        case = emergency_effects.unilateral_access_opened(case, event, at)
    if isinstance(event, e.SupportWorkerAssignmentEnded):
        case = visits_effects.without_visitor(case, event.agency, event.worker, at)
    raised = (event.TOPIC, event.message, event.responsible, event.due_at, event.escalated, event.child)
    return replace(case, raised=case.raised | {raised: None}, parties=_parties_after_alarm(case, event))


def _parties_after_alarm(case: Case, event: e.CaseAlarm) -> frozenset[UUID]:
    """Who is informed of a transfer between centres has a part in the case from then on. Basis: CAPA 4(6)."""
    message = None if event.message is None else case.messages.get(event.message)
    is_transfer = message is not None and isinstance(message.event, e.CgcTransferNotified)
    return case.parties | event.to if is_transfer else case.parties


def _with_message(case: Case, message: Message) -> Case:
    event, by = message.event, message.by
    case = replace(
        case,
        messages=case.messages | {message.id: message},
        message_of_item=case.message_of_item | {i.item: message.id for i in event.items},
        parties=case.parties | {by} | event.to,
        clocks=update_clocks(
            case.clocks,
            event,
            message.id,
            by,
            message.at,
            event.to - event.held,
            stopped_clocks(case, event, by, message.at),
            case.family,
        ),
        seen_at=message.at if _child_was_seen(event) else case.seen_at,
        last_message_at=message.at,
    )
    case = replace(case, family=family_after(case.family, event, message))
    case = _child_seen_at_destination(case, event, by)
    case = _with_signals(case, event, message)
    case = _with_bundle_clock(case, event, message)
    case = _with_report_clock(case, event, message)
    case = _with_coercion_clock(case, event, message)
    if event.placed is not None:
        case = _with_offices(case, event.placed, message.at, moves=isinstance(event, e.TransferCompleted))
    effect = EFFECTS.get(type(event))
    case = case if effect is None else effect(case, event, message)
    if isinstance(event, e.ChildrenSeparated):
        case = separated(case, event, _with_message)
    case = _without_ended_stays(_without_supplied_bundles(case, event))
    return joined_effects.with_sightings_of_family(case)


def _without_ended_stays(case: Case) -> Case:
    """A stay ends with the support, and where the family is handed over to the town of the stay. Basis: own rule (里帰り)."""
    if not case.stays:
        return case
    lasting = {id: stay for id, stay in case.stays.items() if stay.core != case.core}
    return replace(case, stays={} if case.status in CLOSED else lasting)


@by_edition_of_record
def evolve_access(state: Access, record: Record) -> Access:
    """The readings after this record."""
    state = with_position(state, record)
    if isinstance(record.event, e.SectionOpened):
        return replace(state, opened=state.opened | {record.command_id: (record.by, record.event.item)})
    return state


WEAK_SIGNALS = (
    *e.NOTIFICATIONS,
    e.SafetyConcernRaised,
    e.ContactRefused,
    e.HomeVisitRefused,
    e.HomeVisitFailed,
)
MISSED_CHECKUPS = frozenset({"CH_CHECKUP_STATUS", "PR_NO_CHECKUPS"})
JOINT_REVIEWS = (e.EmergencyTriaged, e.ConferenceMinutesRecorded)
"""After these, people have assessed all that is known. To call a conference is not to have held it."""


def _assessed_when_called(event: e.CaseMessage) -> bool:
    return isinstance(event, (*JOINT_REVIEWS, e.CaseConferenceConvened))


@since_edition(2, before=_assessed_when_called)
def _assesses_jointly(event: e.CaseMessage) -> bool:
    """Basis: CAPA 8; guideline 6(2)[1]."""
    return isinstance(event, JOINT_REVIEWS)


def weak_signal(event: e.CaseMessage) -> bool:
    """Whether this is a weak signal: a notification, a refusal, a missed check-up. Basis: CAPA 8."""
    if isinstance(event, e.FamilyInformationProvided):
        concern = {IndicatorValue.CONCERN, IndicatorValue.SERIOUS}
        return any(event.indicators.get(code) in concern for code in MISSED_CHECKUPS)
    return isinstance(event, WEAK_SIGNALS)


ASSESSED_ANEW = (
    e.IndicatorAssessmentRecorded,
    e.PlanReviewed,
    e.SupportPlanFormulated,
    e.SupportPlanApproved,
    *JOINT_REVIEWS,
)
"""After these, somebody has looked at the family as it is now."""
RECORDS_KEPT = (e.LegalHoldPlaced, e.RetentionPolicyAssigned)


def family_after(family: Family, event: e.CaseMessage, message: Message) -> Family:
    """What is known of the children after this message; what single acts say of them is in the families' effects."""
    named = children_named_in(event)
    family = family.with_named(named, message.at)
    if UNKNOWN_CHILD in named:
        family = replace(family, unidentified=family.unidentified | {message.id})
    if child_was_sighted(event):
        family = family.with_each(named, sighted_at=message.at)
    if _child_was_seen_anywhere(event):
        family = replace(family.with_each(named, seen_at=message.at), expected=False)
    if isinstance(event, e.FamilyInformationProvided) and event.weeks_pregnant is not None:
        family = replace(family, expected=True)
    if isinstance(event, ASSESSED_ANEW):
        family = replace(family, bereaved_since=None)
    if isinstance(event, RECORDS_KEPT):
        family = replace(family, death_unreviewed_since=None)
    return family


def _child_was_seen_anywhere(event: e.CaseMessage) -> bool:
    """A visit, a sighting, or the first sight at a new place."""
    moved = isinstance(event, e.RelocationConfirmed | e.TransferCompleted) and event.child_seen
    return moved or _child_was_seen(event)


def _with_signals(case: Case, event: e.CaseMessage, message: Message) -> Case:
    if _assesses_jointly(event):
        return replace(case, signals=(), signals_assessed_at=message.at)
    return replace(case, signals=(*case.signals, message.at)) if weak_signal(event) else case


def _without_report_clock(case: Case, event: e.CaseMessage, message: Message) -> Case:
    """In edition 1 only a report that was addressed to somebody was waited for."""
    return case


@since_edition(2, before=_without_report_clock)
def _with_report_clock(case: Case, event: e.CaseMessage, message: Message) -> Case:
    """The core agency reads what its contractor reports (V3), so it reviews it, whoever else it went to, or nobody.

    Basis: guideline 6(4)[1].
    """
    core = case.core_of(message.by)
    if (
        not isinstance(event, e.VisitReportSubmitted)
        or core is None
        or core == message.by
        or core in message.to
    ):
        return case
    clock = Clock(
        kind=ClockKind.REPORT,
        message=message.id,
        responsible=core,
        informed=frozenset({message.by}),
        since=message.at,
    )
    return replace(case, clocks=case.clocks | {clock.key_for(message.id): clock})


def _with_coercion_clock(case: Case, event: e.CaseMessage, message: Message) -> Case:
    """A guardian who asks or consents where the child may be at risk: two persons check it. Basis: APPI 78(1)1."""
    if case.at_risk and by_guardian(event):
        clock = Clock(
            kind=ClockKind.COERCION,
            message=message.id,
            responsible=message.by,
            informed=frozenset({message.by}),
            since=message.at,
            due_at=message.at,
        )
        case = replace(case, clocks=case.clocks | {clock.key_for(message.id): clock})
    if isinstance(event, e.NOTIFICATIONS) or any(i.section is Section.RISK for i in event.items):
        case = replace(case, at_risk=True)
    return case


VISITOR_BUNDLE = frozenset({Section.BASIC, Section.PLAN})
"""What a contractor needs before it visits. Basis: guideline 4(1), 9(2)[1]."""


def _with_bundle_clock(case: Case, event: e.CaseMessage, message: Message) -> Case:
    """A contractor that visits without what it needs: its core agency is informed at once. Basis: guideline 9(2)[1]."""
    by = message.by
    visits = isinstance(event, e.HomeVisitScheduled | e.VisitReportSubmitted) and by in case.visitors
    core = case.core_of(by)
    if not visits or core in (None, by) or core is None:
        return case
    if _has_bundle(case, by) or _bundle_is_waited_for(case, by):
        return case
    clock = Clock(
        kind=ClockKind.BUNDLE,
        message=message.id,
        responsible=core,
        informed=frozenset({by}),
        since=message.at,
        due_at=message.at,
    )
    return replace(case, clocks=case.clocks | {clock.key_for(message.id): clock})


def _waits_for_any_bundle(case: Case, visitor: UUID) -> bool:
    return any(kind is ClockKind.BUNDLE for kind, *_ in case.clocks)


@since_edition(2, before=_waits_for_any_bundle)
def _bundle_is_waited_for(case: Case, visitor: UUID) -> bool:
    """Whether this contractor's bundle is waited for already; another's is another matter."""
    return any(c.kind is ClockKind.BUNDLE and visitor in c.informed for c in case.clocks.values())


def _stopped_by_disclosure(case: Case, event: e.CaseMessage) -> Case:
    """In edition 1 whatever was disclosed to it did, by ``stops``."""
    return case


@since_edition(2, before=_stopped_by_disclosure)
def _without_supplied_bundles(case: Case, event: e.CaseMessage) -> Case:
    """What a contractor needs is waited for until all of it has reached it. Basis: guideline 9(2)[1]."""
    if ClockKind.BUNDLE not in (event.STOPS or ()):
        return case
    supplied = [
        key
        for key, clock in case.clocks.items()
        if clock.kind is ClockKind.BUNDLE and all(_has_bundle(case, agency) for agency in clock.informed)
    ]
    return replace(case, clocks=case.clocks.without(supplied))


def _has_bundle(case: Case, visitor: UUID) -> bool:
    missing = set(VISITOR_BUNDLE)
    for message in case.messages.values():
        if visitor in message.to and visitor not in message.held:
            missing -= {item.section for item in message.items}
            if not missing:
                return True
    return False


def _child_was_seen(event: e.Event) -> bool:
    """Whether the child was seen. Basis: guideline 5(1)[3]."""
    visit = isinstance(event, e.VisitReportSubmitted | e.HomeVisitCompleted) and event.child_seen
    return visit or child_was_sighted(event)


def _with_offices(case: Case, placed: e.Placed, at: datetime, *, moves: bool) -> Case:
    """The case with its offices; a second network that registers it does not become responsible by that."""
    case = replace(case, offices={**case.offices, placed.network: placed.core})
    if case.core is not None and not moves:
        return case
    former = case.former | ({case.core} if case.core is not None else set())
    return replace(
        joined_effects.without_joins(case),
        network=placed.network,
        core=placed.core,
        former=former - {placed.core},
        responsible_since=at,
    )


def _child_seen_at_destination(case: Case, event: e.CaseMessage, by: UUID) -> Case:
    """Whether somebody of the new municipality has seen the child. Basis: own rule (札幌 2021: seen, not only met)."""
    transfer = case.transfer
    seen = _child_was_seen(event) or (isinstance(event, e.RelocationConfirmed) and event.child_seen)
    if transfer is None or not seen or not {by, case.core_of(by)} & transfer.to:
        return case
    return replace(case, transfer=replace(transfer, seen=True))
