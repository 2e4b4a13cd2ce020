"""How a case follows from its records: what every message does, and the effects of the families.

Nothing here refuses: what was recorded has happened.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain import events as e
from domain.audit import effects as audit_effects
from domain.case import Access, Case, Message
from domain.clocks import Clock, ClockKind, by_guardian, child_was_sighted, update_clocks
from domain.closing import effects as closing_effects
from domain.codes import IndicatorValue, Section
from domain.consent import effects as consent_effects
from domain.disclosure import effects as disclosure_effects
from domain.editions import by_edition_of_record
from domain.effects import EFFECTS
from domain.emergency import effects as emergency_effects
from domain.inquiry import effects as inquiry_effects
from domain.moves import effects as moves_effects
from domain.network import effects as network_effects
from domain.protection import effects as protection_effects
from domain.record import Party, Record
from domain.register import with_position
from domain.retention import effects as retention_effects
from domain.rights import effects as rights_effects
from domain.support import effects as support_effects
from domain.visits import effects as visits_effects

EFFECT_MODULES = (
    audit_effects,
    closing_effects,
    consent_effects,
    disclosure_effects,
    emergency_effects,
    inquiry_effects,
    moves_effects,
    network_effects,
    protection_effects,
    retention_effects,
    rights_effects,
    support_effects,
    visits_effects,
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
        return replace(case, rewrapped={**case.rewrapped, **rewrapped_keys})
    if isinstance(event, e.CaseAlarm):
        return _with_alarm(case, event)
    if not isinstance(event, e.CaseMessage) or not isinstance(record.by, UUID):
        return case  # a refusal: it is recorded, and nothing follows from it
    return _with_message(case, event, record, record.by)


def _with_alarm(case: Case, event: e.CaseAlarm) -> Case:
    if isinstance(event, e.EmergencyAccessEnded):
        case = emergency_effects.emergency_access_ended(case, event)
    raised = (event.TOPIC, event.message, event.responsible, event.due_at, event.escalated)
    return replace(case, raised=case.raised | {raised})


def _with_message(case: Case, event: e.CaseMessage, record: Record, by: UUID) -> Case:
    message = Message(
        id=record.command_id,
        version=record.version,
        at=record.at,
        by=by,
        actor=record.actor,
        event=event,
        held=event.held,
    )
    case = replace(
        case,
        messages={**case.messages, message.id: message},
        message_of_item={**case.message_of_item, **{i.item: message.id for i in event.items}},
        parties=case.parties | {by} | event.to,
        clocks=update_clocks(case.clocks, event, message.id, by, message.at, event.to - event.held),
        seen_at=message.at if _child_was_seen(event) else case.seen_at,
        last_message_at=message.at,
    )
    case = _child_seen_at_destination(case, event, by)
    case = _with_signals(case, event, message)
    case = _with_bundle_clock(case, event, message)
    case = _with_coercion_clock(case, event, message)
    if event.placed is not None:
        case = _with_offices(case, event.placed, moves=isinstance(event, e.TransferCompleted))
    effect = EFFECTS.get(type(event))
    return case if effect is None else effect(case, event, message)


@by_edition_of_record
def evolve_access(state: Access, record: Record) -> Access:
    """The readings after this record."""
    state = with_position(state, record)
    if isinstance(record.event, e.SectionOpened):
        return replace(state, opened={**state.opened, record.command_id: (record.by, record.event.item)})
    return state


WEAK_SIGNALS = (
    e.AbuseNotificationReceived,
    e.SafetyConcernRaised,
    e.ContactRefused,
    e.HomeVisitRefused,
    e.HomeVisitFailed,
)
MISSED_CHECKUPS = frozenset({"CH_CHECKUP_STATUS", "PR_NO_CHECKUPS"})
JOINT_REVIEWS = (e.EmergencyTriaged, e.CaseConferenceConvened, e.ConferenceMinutesRecorded)
"""After these, people have assessed all that is known."""


def weak_signal(event: e.CaseMessage) -> bool:
    """Whether this is a weak signal: a notification, a refusal, a missed check-up. Basis: CAPA 8."""
    if isinstance(event, e.FamilyInformationProvided):
        concern = {IndicatorValue.CONCERN, IndicatorValue.SERIOUS}
        return any(event.indicators.get(code) in concern for code in MISSED_CHECKUPS)
    return isinstance(event, WEAK_SIGNALS)


def _with_signals(case: Case, event: e.CaseMessage, message: Message) -> Case:
    if isinstance(event, JOINT_REVIEWS):
        return replace(case, signals=())
    return replace(case, signals=(*case.signals, message.at)) if weak_signal(event) else case


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
        case = replace(case, clocks={**case.clocks, (clock.kind, message.id, clock.responsible): clock})
    if isinstance(event, e.AbuseNotificationReceived) or any(i.section is Section.RISK for i in event.items):
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
    received = {i.section for m in case.messages.values() if by in m.to - m.held for i in m.items}
    if received >= VISITOR_BUNDLE or any(kind is ClockKind.BUNDLE for kind, *_ in case.clocks):
        return case
    clock = Clock(
        kind=ClockKind.BUNDLE,
        message=message.id,
        responsible=core,
        informed=frozenset({by}),
        since=message.at,
        due_at=message.at,
    )
    return replace(case, clocks={**case.clocks, (clock.kind, message.id, core): clock})


def _child_was_seen(event: e.Event) -> bool:
    """Whether the child was seen. Basis: guideline 5(1)[3]."""
    visit = isinstance(event, e.VisitReportSubmitted | e.HomeVisitCompleted) and event.child_seen
    return visit or child_was_sighted(event)


def _with_offices(case: Case, placed: e.Placed, *, moves: bool) -> Case:
    """The case with its offices; a second network that registers it does not become responsible by that."""
    case = replace(case, offices={**case.offices, placed.network: placed.core})
    if case.core is not None and not moves:
        return case
    former = case.former | ({case.core} if case.core is not None else set())
    return replace(case, network=placed.network, core=placed.core, former=former - {placed.core})


def _child_seen_at_destination(case: Case, event: e.CaseMessage, by: UUID) -> Case:
    """Whether somebody of the new municipality has seen the child. Basis: own rule (札幌 2021: seen, not only met)."""
    transfer = case.transfer
    seen = _child_was_seen(event) or (isinstance(event, e.RelocationConfirmed) and event.child_seen)
    if transfer is None or not seen or not {by, case.core_of(by)} & transfer.to:
        return case
    return replace(case, transfer=replace(transfer, seen=True))
