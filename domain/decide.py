"""The decision: which event answers a command. Pure, and closed by default.

    decide(world, command, now) -> events

A case message is judged in the order form, parties, matrix, basis, readiness: the first condition that
fails gives the one reason. The rules of a single message are in its family (``domain/<family>/rules.py``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.actors import Actor, is_system
from domain.acts import ACTS
from domain.agencies.rules import decide_network, decide_registrars
from domain.audit.rules import decide_audit
from domain.bases import ProposedDisclosure, check_basis, fitting_bases
from domain.case import Message
from domain.case_offices import networks_informed
from domain.codes import AUTHOR_ONLY, Flag, Purpose, Role, Section
from domain.commission.rules import decide_commission
from domain.context import Act, Carries, DecisionContext, Refusal, needs
from domain.editions import by_edition_of_world, since_edition
from domain.errors import NotFound
from domain.joined.sharing import registered_for_family
from domain.matrix import for_participants, never_flagged_for, never_for, roles_as_addressed
from domain.network.rules import is_member, took_part
from domain.programme.rules import decide_agency
from domain.protection.rules import address_not_approved, knows_of_address
from domain.readiness import Readiness, readiness
from domain.reasons import Reason
from domain.record import Command
from domain.visibility import NOT_READY, as_contractor, pending_keys_of, refusal_to_open
from domain.world import World, placement_of


@by_edition_of_world
def decide(world: World, command: Command, *, now: datetime) -> list[e.Event]:
    """The events that answer this command, by the rules of the world's edition: what it asked for, or why not."""
    proposed_event = command.proposed_event
    refusal = not_a_person(command)
    if refusal is not None:
        return [_refusal_event(command, refusal)]
    match command.about.kind:
        case e.Kind.CASE if isinstance(proposed_event, e.AccessEvent):
            return [_decide_opening(world, command, proposed_event, now)]
        case e.Kind.CASE if isinstance(proposed_event, e.ItemsRewrapped):
            return [_decide_rewrap(world, command, proposed_event, now)]
        case e.Kind.CASE if (
            isinstance(proposed_event, e.CaseMessage)
            and type(proposed_event) in ACTS
            and isinstance(command.by, UUID)
        ):
            return [_decide_message(world, command, proposed_event, command.by, now)]
        case e.Kind.COMMISSION:
            return [
                _accepted_or_refused(
                    decide_commission(world.register, command, now, world.rule_book), command
                )
            ]
        case e.Kind.NETWORK:
            return [_accepted_or_refused(decide_network(world.register, command), command)]
        case e.Kind.AGENCY if isinstance(proposed_event, e.AgencyEvent):
            return [_accepted_or_refused(decide_agency(world.register, command, now), command)]
        case e.Kind.LOG:
            return [_accepted_or_refused(decide_audit(world.register, command, now), command)]
        case e.Kind.AGENCY | e.Kind.RULE_BOOK:
            return [_accepted_or_refused(decide_registrars(command), command)]
        case _:
            return [_refusal_event(command, Refusal(Reason.NOT_YOURS))]


PERSON_FIELDS = ("second", "staff", "worker")
"""The fields of events by which a command names a person."""


def _whoever_asks(command: Command) -> Refusal | None:
    """Edition 1 did not tell systems from persons."""
    return None


@since_edition(2, before=_whoever_asks)
def not_a_person(command: Command) -> Refusal | None:
    """What is a person's own word is not a system's, and no system is named for a person. Basis: APPI 66, 67."""
    event = command.proposed_event
    named = (getattr(event, name, None) for name in PERSON_FIELDS)
    as_person = is_system(command.actor) and (event.ACTOR is Actor.PERSON or knows_of_address(event))
    names_system = any(isinstance(ref, str) and is_system(ref) for ref in named)
    return needs(not (as_person or names_system), Reason.NOT_A_PERSON)


# --- a message in a case ------------------------------------------------------------------------------


def _decide_message(
    world: World, command: Command, proposed_event: e.CaseMessage, by: UUID, now: datetime
) -> e.Event:
    placed = placement_of(world, command)
    case = world.case
    if placed is not None and case.core is None:
        case = replace(case, network=placed.network, core=placed.core)
    context = DecisionContext(
        world.register,
        case,
        by,
        command.actor,
        proposed_event,
        now,
        world.rule_book,
        world.other,
        world.access,
    )
    act = ACTS[type(proposed_event)]
    disclosed = _disclosed_sections(context)
    refusal = (
        (Refusal(Reason.MESSAGE_EXISTS) if command.command_id in case.messages else None)
        or (Refusal(Reason.NOT_YOURS) if by not in world.register.agencies else None)
        or _notifier_identifiable(proposed_event)
        or _check_form(context, act)
        or _check_parties(context, act)
        or _check_matrix(context, disclosed)
        or address_not_approved(context)
        or _check_basis(context, disclosed)
        or _check_sender_ready(context)
        or (act.ready(context) if act.ready else None)
    )
    held: frozenset[UUID] = frozenset()
    if refusal is None:
        held, refusal = _check_addressees_ready(context, disclosed)
    if refusal is not None:
        return _refusal_event(command, refusal, _applicable_bases(context, disclosed, refusal))
    if isinstance(proposed_event, e.DisclosureMade) and held and held == proposed_event.to:
        return e.DisclosureHeld(
            to=proposed_event.to,
            basis=proposed_event.basis,
            consent=proposed_event.consent,
            purpose=proposed_event.purpose,
            reason=proposed_event.reason,
            items=proposed_event.items,
            held=held,
            placed=placed,
        )
    return replace(proposed_event, held=held, placed=placed)


def _notifier_identifiable(proposed_event: e.CaseMessage) -> Refusal | None:
    """What would identify who notified belongs under NOTIFIER only; the sender's door looks for it. Basis: CAPA 7."""
    identifiable = any(
        Flag.NOTIFIER_TRACE in i.flags and i.section is not Section.NOTIFIER for i in proposed_event.items
    )
    return Refusal(Reason.NOTIFIER_IDENTIFIABLE) if identifiable else None


def _disclosed_sections(context: DecisionContext) -> frozenset[Section]:
    """Sections that go to the addressees with this act: its own, or those of the held message it frees; ADDR too where a
    protected address stands in another one."""
    items = (i for i in _disclosing_message(context).items if i.section not in AUTHOR_ONLY)
    return frozenset[Section]().union(*(i.judged_as for i in items))


def _check_form(context: DecisionContext, act: Act) -> Refusal | None:
    own = frozenset(i.section for i in context.event.items) - AUTHOR_ONLY
    if context.event.purpose is Purpose.INDEX_REBUILD:
        return Refusal(Reason.PURPOSE_OF_OPENINGS)
    if act.carries is Carries.MUST and not own:
        return Refusal(Reason.NO_SECTIONS)
    if act.carries is Carries.NEVER and own:
        return Refusal(Reason.SECTIONS_NOT_ALLOWED)
    if any(i.item in context.case.message_of_item for i in context.event.items):
        return Refusal(Reason.ITEM_EXISTS)
    if {i.section for i in context.event.items} & context.register.destroyed.get(
        context.case.id, frozenset()
    ):
        return Refusal(Reason.DESTROYED)
    return act.form(context) if act.form else None


def _check_parties(context: DecisionContext, act: Act) -> Refusal | None:
    for agency in sorted(context.event.to):
        if agency == context.by:
            return Refusal(Reason.ADDRESSEE_IS_SENDER, agency)
        known = context.register.agencies.get(agency)
        if known is None or known.keyset is None or known.revoked or not known.roles:
            return Refusal(Reason.UNKNOWN_ADDRESSEE, agency)
    return act.sender(context)


def _check_matrix(context: DecisionContext, disclosed: frozenset[Section]) -> Refusal | None:
    """No role is sent what the matrix excludes for it. Basis: CAPA 7; APPI 69(2); guideline 9(2)[1]."""
    flags = {flag for i in _disclosing_message(context).items for flag in i.flags}
    for agency in sorted(context.event.to):
        roles = roles_as_addressed(context.register.agencies[agency].roles, type(context.event))
        reason = _excluded(context, agency, disclosed, roles)
        if reason is not None:
            return Refusal(reason, agency)
        if flags & never_flagged_for(roles, context.rule_book):
            return Refusal(Reason.SENSITIVE_NOT_FOR_ROLE, agency)
    return None


def _excluded_from_role(
    context: DecisionContext, agency: UUID, disclosed: frozenset[Section], roles: frozenset[Role]
) -> Reason | None:
    """Why these sections are never for an agency of these roles."""
    return Reason.NEVER_FOR_ROLE if disclosed & never_for(roles, context.rule_book) else None


@since_edition(2, before=_excluded_from_role)
def _excluded(
    context: DecisionContext, agency: UUID, disclosed: frozenset[Section], roles: frozenset[Role]
) -> Reason | None:
    """The same, but minutes and closing talk go to members of the network who took part.
    Basis: CWA 25-2(2), 25-5; guideline 6(2)[1], 6(5)[1]."""
    shared = for_participants(roles, context.rule_book)
    never = _excluded_from_role(context, agency, disclosed - shared, roles)
    if never is not None or not _excluded_from_role(context, agency, disclosed, roles):
        return never
    if not is_member(context, agency):
        return Reason.NEVER_FOR_ROLE
    return None if took_part(context, agency, _disclosing_message(context)) else Reason.NOT_A_PARTICIPANT


def _disclosing_message(context: DecisionContext) -> e.CaseMessage:
    """The message whose items, bases and consents count: this one, or the held one it frees."""
    if (
        isinstance(context.event, e.HeldDisclosureReleased)
        and context.event.releases in context.case.messages
    ):
        return context.case.messages[context.event.releases].event
    own_message: e.CaseMessage = context.event
    return own_message


def _proposed_disclosure(
    context: DecisionContext, agency: UUID, disclosed: frozenset[Section]
) -> ProposedDisclosure:
    return ProposedDisclosure(
        register=context.register,
        case=context.case,
        by=context.by,
        to=agency,
        sections=disclosed,
        consent=_disclosing_message(context).consent,
        registered=_registered_for(context, agency),
        unsolicited=isinstance(_disclosing_message(context), e.UNSOLICITED_DISCLOSURES),
        commissioned=as_contractor(context.register, _disclosing_message(context), context.by),
        now=context.now,
    )


def _registered_anywhere(context: DecisionContext, agency: UUID) -> frozenset[UUID]:
    """In edition 1 every network with which it is registered counted, whoever spoke to whom."""
    return _registered_in(context)


@since_edition(2, before=_registered_anywhere)
def _registered_for(context: DecisionContext, agency: UUID) -> frozenset[UUID]:
    """The networks with which it is registered and in which one of the two takes part: what another town's network has
    registered is no basis between two agencies that are not of it. Basis: CWA 25-2(2), 25-3(1)."""
    networks = context.register.networks
    return frozenset(
        id
        for id in _registered_in(context) & set(networks)
        if {context.by, agency} & {networks[id].core, networks[id].coordinating, *networks[id].members}
    )


def _registered_in(context: DecisionContext) -> frozenset[UUID]:
    """With which networks it, or a joined case of the family, is registered; a registration takes effect with its own
    message."""
    known = registered_for_family(context.case)
    if isinstance(context.event, e.NetworkCaseRegistered):
        mine = {
            n.id for n in networks_informed(context.register, context.case) if n.coordinating == context.by
        }
        return known | mine
    return known


def _check_basis(context: DecisionContext, disclosed: frozenset[Section]) -> Refusal | None:
    """A basis in force today for each addressee to whom sections go. Basis: APPI 27, 69."""
    if not disclosed:
        return None
    for agency in sorted(context.event.to):
        code = _disclosing_message(context).basis.get(agency)
        reason = check_basis(_proposed_disclosure(context, agency, disclosed), code, context.rule_book)
        if reason is not None:
            return Refusal(reason, agency)
    return None


def _applicable_bases(
    context: DecisionContext, disclosed: frozenset[Section], refusal: Refusal
) -> frozenset[str]:
    """The bases that would have permitted it, where it failed for lack of a basis."""
    if refusal.at_fault is None or refusal.reason not in BASIS_REASONS:
        return frozenset()
    if refusal.at_fault not in context.register.agencies:
        return frozenset()
    return frozenset(
        fitting_bases(_proposed_disclosure(context, refusal.at_fault, disclosed), context.rule_book)
    )


def _contractor_ready(context: DecisionContext) -> Refusal | None:
    """A sender that writes as the case's contractor must be its contractor; a lapsed one may still report (V6, V8)."""
    if not as_contractor(context.register, context.event, context.by):
        return None
    state = readiness(context.register, context.case, context.by, context.now)
    if state not in (Readiness.READY, Readiness.SUSPENDED):
        return Refusal(NOT_READY[state], context.by)
    return _writer_assigned(context)


@since_edition(2, before=_contractor_ready)
def _check_sender_ready(context: DecisionContext) -> Refusal | None:
    """As ``_contractor_ready``; but whoever sees a child in danger reports it, also when the contract or the support is
    over, and whichever of its people it is. Basis: CAPA 5(2), 6(1)."""
    return None if isinstance(context.event, e.SafetyConcernRaised) else _contractor_ready(context)


def _visitor_assigned(context: DecisionContext) -> Refusal | None:
    if (context.by, context.actor) not in context.case.assigned:
        return Refusal(Reason.WORKER_NOT_ASSIGNED, context.by)
    return None


@since_edition(2, before=_visitor_assigned)
def _writer_assigned(context: DecisionContext) -> Refusal | None:
    """A person who writes for a contractor is its assigned visitor; its system writes where it has assigned one (the
    states before say so). Basis: guideline 4(3); V6."""
    return None if is_system(context.actor) else _visitor_assigned(context)


def _check_addressees_ready(
    context: DecisionContext, disclosed: frozenset[Section]
) -> tuple[frozenset[UUID], Refusal | None]:
    """For whom it is held (V7), or why it is refused (V6, V8). Messages without sections go to anyone."""
    held = set()
    if not disclosed:
        return frozenset(), None
    for agency in sorted(context.event.to):
        if not as_contractor(context.register, context.event, agency):
            continue
        state = readiness(context.register, context.case, agency, context.now)
        if state is Readiness.SUSPENDED and not isinstance(context.event, e.HeldDisclosureReleased):
            held.add(agency)
        elif state is not Readiness.READY:
            return frozenset(), Refusal(NOT_READY[state], agency)
    return frozenset(held), None


PERMITTED_COMMANDS: frozenset[type[e.Event]] = frozenset(
    event for event in e.EVENTS.values() if event.may_be_commanded()
)
"""What a command may propose. All other events are the hub's own."""


BASIS_REASONS = frozenset(
    {
        Reason.NO_BASIS,
        Reason.BASIS_UNKNOWN,
        Reason.BASIS_NOT_IN_FORCE,
        Reason.NO_GATEWAY,
        Reason.BASIS_FOR_OTHER_PARTIES,
        Reason.NOT_REGISTERED,
        Reason.NOT_A_MEMBER,
        Reason.OTHER_MUNICIPALITY,
        Reason.REQUEST_NOT_RECORDED,
        Reason.COMMISSIONED_DATA,
        Reason.NOT_APPROVED_BY_TWO,
        Reason.NO_CONSENT,
        Reason.CONSENT_WITHDRAWN,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_DOES_NOT_COVER,
        Reason.CONSENT_NOT_CHECKED,
        Reason.CONTRACTOR_NOT_COMMISSIONED,
    }
)
"""Reasons for which another basis might have helped."""


# --- reading -------------------------------------------------------------------------------------------


def find_item(world: World, proposed_event: e.AccessEvent) -> tuple[Message, e.Item]:
    """The message and item that a reading names. Raises NotFound where case, message and item do not agree."""
    entry = world.case.item(proposed_event.item)
    section = getattr(proposed_event, "section", None)
    if entry is None or entry[0].id != proposed_event.message or section not in (None, entry[1].section):
        raise NotFound("not-found")
    return entry


def _decide_opening(world: World, command: Command, proposed_event: e.AccessEvent, now: datetime) -> e.Event:
    message, item = find_item(world, proposed_event)
    match proposed_event:
        case e.SectionOpened():
            reason = refusal_to_open(
                world.register,
                world.case,
                command.by,
                command.actor,
                message,
                item,
                now=now,
                rule_book=world.rule_book,
            ) or _nothing_to_rebuild(world, command, message, item, proposed_event)
            if reason is not None:
                return e.OpeningRefused(
                    item=proposed_event.item,
                    message=message.id,
                    section=item.section,
                    purpose=proposed_event.purpose,
                    reason=reason,
                )
            return proposed_event
        case e.DisclosureReceived():
            if world.access.opened.get(proposed_event.opening) != (command.by, proposed_event.item):
                return _refusal_event(command, Refusal(Reason.UNKNOWN_MESSAGE))
            return proposed_event
        case e.WrappedKeyFetchedForRewrap():
            pending = pending_keys_of(world.register, world.case, message, rule_book=world.rule_book)
            duties = {i.item for _, i, _ in pending}
            if command.by != rewrapper(world, message) or proposed_event.item not in duties:
                return _refusal_event(command, Refusal(Reason.NO_REWRAP_DUTY))
            return proposed_event
        case _:
            return _refusal_event(command, Refusal(Reason.NOT_YOURS))


def _nothing_to_rebuild(
    world: World, command: Command, message: Message, item: e.Item, proposed_event: e.SectionOpened
) -> Reason | None:
    """For its case index a door opens again what its agency wrote or has opened, under BASIC: it learns nothing that it
    was not given before, so that nobody need be informed. Basis: APPI 66."""
    if proposed_event.purpose is not Purpose.INDEX_REBUILD:
        return None
    is_known = command.by == message.by or (command.by, item.item) in world.access.opened.values()
    is_agency = isinstance(command.by, UUID)
    return None if is_agency and is_known and item.section is Section.BASIC else Reason.NOTHING_TO_REBUILD


def rewrapper(world: World, message: Message) -> UUID:
    """Whose door makes the wrapped keys that standing readers lack: the core agency's where it can read, else the author's."""
    cores = (world.case.core, *sorted(world.case.former))
    return next((c for c in cores if c is not None and c in (message.by, *message.to)), message.by)


def _decide_rewrap(
    world: World, command: Command, proposed_event: e.ItemsRewrapped, now: datetime
) -> e.Event:
    """Basis: CWA 25-2(5); only for readers who have standing access and lack a key."""
    named = {world.case.message_of_item.get(w.item) for w in proposed_event.wrapped_keys}
    duties = {
        (i.item, reader): rewrapper(world, message)
        for id in named
        if id is not None
        for message, i, reader in pending_keys_of(
            world.register, world.case, world.case.messages[id], rule_book=world.rule_book
        )
    }
    if not proposed_event.wrapped_keys or any(
        duties.get((w.item, w.to)) != command.by for w in proposed_event.wrapped_keys
    ):
        return _refusal_event(command, Refusal(Reason.NO_REWRAP_DUTY))
    return proposed_event


# --- refusals --------------------------------------------------------------------------------------------


def _accepted_or_refused(refusal: Refusal | None, command: Command) -> e.Event:
    return command.proposed_event if refusal is None else _refusal_event(command, refusal)


def _refusal_event(command: Command, refusal: Refusal, fitting: frozenset[str] = frozenset()) -> e.Event:
    """A refusal an auditor must see: with its sections where there were any, else as a bare command."""
    proposed_event = command.proposed_event
    if isinstance(proposed_event, e.CaseMessage) and proposed_event.items:
        return e.DisclosureRefused(
            act=proposed_event.TOPIC,
            to=proposed_event.to,
            sections=frozenset(i.section for i in proposed_event.items),
            basis=proposed_event.basis,
            reason=refusal.reason,
            at_fault=refusal.at_fault,
            fitting=fitting,
        )
    return e.CommandRefused(act=proposed_event.TOPIC, reason=refusal.reason, at_fault=refusal.at_fault)
