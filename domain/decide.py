"""The decision: what may be, of what was asked. Pure, and shut by default.

    decide(world, wish, now) -> facts

A case message is judged in the order form, parties, matrix, basis, readiness: the first condition that
fails gives the one reason. What an act needs beside these stands in ``acts.py``, a line an act.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.acts import ACTS
from domain.acts_audit import AUDIT_ACTS, decide_audit
from domain.bases import Passage, fitting_bases, refusal_of_basis
from domain.case import Message
from domain.codes import AUTHOR_ONLY, Flag, Role, Section
from domain.context import Act, Asking, Carries, Refusal
from domain.decide_agency import AGENCY_ACTS, decide_agency
from domain.decide_register import REGISTER_ACTS, decide_commission, decide_network, decide_registry
from domain.errors import NotThere
from domain.events import (
    AS_OTHER_SERVICE,
    TELLING_ANEW,
    AccessFact,
    AgencyFact,
    CaseMessage,
    DisclosureHeld,
    DisclosureMade,
    DisclosureReceived,
    DisclosureRefused,
    Fact,
    HeldDisclosureReleased,
    Item,
    ItemsRewrapped,
    Kind,
    NetworkCaseRegistered,
    OpeningRefused,
    SectionOpened,
    WishRefused,
    WrapFetchedForRewrap,
)
from domain.places import networks_of
from domain.readiness import Readiness, readiness
from domain.reasons import Reason
from domain.record import Wish
from domain.visibility import NOT_READY, as_contractor, pending_keys, refusal_to_open
from domain.world import World, placing


def decide(world: World, wish: Wish, *, now: datetime) -> list[Fact]:
    """The facts that answer this wish: what it asked for, or why not."""
    draft = wish.draft
    match wish.about.kind:
        case Kind.CASE if isinstance(draft, AccessFact):
            return [_decide_access(world, wish, draft, now)]
        case Kind.CASE if isinstance(draft, ItemsRewrapped):
            return [_decide_rewrap(world, wish, draft, now)]
        case Kind.CASE if (
            isinstance(draft, CaseMessage) and type(draft) in ACTS and isinstance(wish.by, UUID)
        ):
            return [_decide_message(world, wish, draft, wish.by, now)]
        case Kind.COMMISSION:
            return [_or_refused(decide_commission(world.register, wish, now, world.book), wish)]
        case Kind.NETWORK:
            return [_or_refused(decide_network(world.register, wish), wish)]
        case Kind.AGENCY if isinstance(draft, AgencyFact):
            return [_or_refused(decide_agency(world.register, wish, now), wish)]
        case Kind.LOG:
            return [_or_refused(decide_audit(world.register, wish, now), wish)]
        case Kind.AGENCY | Kind.RULE_BOOK:
            return [_or_refused(decide_registry(wish), wish)]
        case _:
            return [_refused(wish, Refusal(Reason.NOT_YOURS))]


# --- a message in a case ------------------------------------------------------------------------------


def _decide_message(world: World, wish: Wish, draft: CaseMessage, by: UUID, now: datetime) -> Fact:
    placed = placing(world, wish)
    case = world.case
    if placed is not None and case.core is None:
        case = replace(case, network=placed.network, core=placed.core)
    asking = Asking(world.register, case, by, wish.actor, draft, now, world.book)
    act = ACTS[type(draft)]
    told = _told(asking)
    refusal = (
        (Refusal(Reason.MESSAGE_EXISTS) if wish.ask_id in case.messages else None)
        or (Refusal(Reason.NOT_YOURS) if by not in world.register.agencies else None)
        or _notifier_shows(draft)
        or _form(asking, act)
        or _parties(asking, act)
        or _matrix(asking, told)
        or _basis(asking, told)
        or _sender_ready(asking)
        or (act.ready(asking) if act.ready else None)
    )
    held: frozenset[UUID] = frozenset()
    if refusal is None:
        held, refusal = _addressees_ready(asking, told)
    if refusal is not None:
        return _refused(wish, refusal, _fitting(asking, told, refusal))
    if isinstance(draft, DisclosureMade) and held and held == draft.to:
        return DisclosureHeld(
            to=draft.to,
            basis=draft.basis,
            consent=draft.consent,
            purpose=draft.purpose,
            reason=draft.reason,
            items=draft.items,
            held=held,
            placed=placed,
        )
    return replace(draft, held=held, placed=placed)


def _notifier_shows(draft: CaseMessage) -> Refusal | None:
    """What would tell who notified belongs under NOTIFIER alone; the sender's door looks for it. Basis: CAPA 7."""
    shows = any(Flag.NOTIFIER_TRACE in i.flags and i.section is not Section.NOTIFIER for i in draft.items)
    return Refusal(Reason.NOTIFIER_SHOWS) if shows else None


def _told(asking: Asking) -> frozenset[Section]:
    """Sections that go to the addressees with this act: its own, or those of the held message it frees."""
    return frozenset(i.section for i in _claim(asking).items) - AUTHOR_ONLY


def _form(asking: Asking, act: Act) -> Refusal | None:
    own = frozenset(i.section for i in asking.fact.items) - AUTHOR_ONLY
    if act.carries is Carries.MUST and not own:
        return Refusal(Reason.NO_SECTIONS)
    if act.carries is Carries.NEVER and own:
        return Refusal(Reason.SECTIONS_NOT_ALLOWED)
    if any(i.item in asking.case.where for i in asking.fact.items):
        return Refusal(Reason.ITEM_EXISTS)
    if {i.section for i in asking.fact.items} & asking.register.destroyed.get(asking.case.id, frozenset()):
        return Refusal(Reason.DESTROYED)
    return act.form(asking) if act.form else None


def _parties(asking: Asking, act: Act) -> Refusal | None:
    for agency in sorted(asking.fact.to):
        if agency == asking.by:
            return Refusal(Reason.ADDRESSEE_IS_SENDER, agency)
        known = asking.register.agencies.get(agency)
        if known is None or known.keyset is None or known.revoked or not known.roles:
            return Refusal(Reason.UNKNOWN_ADDRESSEE, agency)
    return act.sender(asking)


def _matrix(asking: Asking, told: frozenset[Section]) -> Refusal | None:
    """No role is sent what the matrix says it never gets. Basis: CAPA 7; APPI 69(2); guideline 9(2)[1]."""
    flags = {flag for i in _claim(asking).items for flag in i.flags}
    for agency in sorted(asking.fact.to):
        roles = _roles(asking, agency)
        never = frozenset.intersection(*(frozenset(asking.book["never"].get(r, ())) for r in roles))
        if told & never:
            return Refusal(Reason.NEVER_FOR_ROLE, agency)
        unfit = frozenset.intersection(*(frozenset(asking.book["never_flagged"].get(r, ())) for r in roles))
        if flags & unfit:
            return Refusal(Reason.SENSITIVE_NOT_FOR_ROLE, agency)
    return None


def _roles(asking: Asking, agency: UUID) -> frozenset[Role]:
    """As what it is addressed: a contractor that provides another service is judged as any other agency."""
    roles = asking.register.agencies[agency].roles
    if isinstance(asking.fact, AS_OTHER_SERVICE) and Role.CONTRACTOR in roles:
        return (roles - {Role.CONTRACTOR}) | {Role.EXT}
    return roles


def _claim(asking: Asking) -> CaseMessage:
    """The message whose items, bases and consents count: this one, or the held one it frees."""
    if isinstance(asking.fact, HeldDisclosureReleased) and asking.fact.releases in asking.case.messages:
        return asking.case.messages[asking.fact.releases].fact
    claim: CaseMessage = asking.fact
    return claim


def _passage(asking: Asking, agency: UUID, told: frozenset[Section]) -> Passage:
    return Passage(
        register=asking.register,
        case=asking.case,
        by=asking.by,
        to=agency,
        sections=told,
        consent=_claim(asking).consent,
        registered=_registered_in(asking),
        anew=isinstance(_claim(asking), TELLING_ANEW),
        now=asking.now,
    )


def _registered_in(asking: Asking) -> frozenset[UUID]:
    """With which networks it is registered; a registration takes effect with its own message."""
    known = asking.case.registered_in
    if isinstance(asking.fact, NetworkCaseRegistered):
        mine = {n.id for n in networks_of(asking.register, asking.case) if n.coordinating == asking.by}
        return known | mine
    return known


def _basis(asking: Asking, told: frozenset[Section]) -> Refusal | None:
    """A basis in force today for each addressee to whom sections go. Basis: APPI 27, 69."""
    if not told:
        return None
    for agency in sorted(asking.fact.to):
        code = _claim(asking).basis.get(agency)
        reason = refusal_of_basis(_passage(asking, agency, told), code, asking.book)
        if reason is not None:
            return Refusal(reason, agency)
    return None


def _fitting(asking: Asking, told: frozenset[Section], refusal: Refusal) -> frozenset[str]:
    """What would have carried it, where it failed for want of a basis."""
    if refusal.at_fault is None or refusal.reason not in BASIS_REASONS:
        return frozenset()
    if refusal.at_fault not in asking.register.agencies:
        return frozenset()
    return frozenset(fitting_bases(_passage(asking, refusal.at_fault, told), asking.book))


def _sender_ready(asking: Asking) -> Refusal | None:
    """Who writes as the case's contractor must be its contractor; a lapsed one may still report (V6, V8)."""
    if not as_contractor(asking.register, asking.fact, asking.by):
        return None
    stand = readiness(asking.register, asking.case, asking.by, asking.now)
    if stand not in (Readiness.READY, Readiness.SUSPENDED):
        return Refusal(NOT_READY[stand], asking.by)
    if (asking.by, asking.actor) not in asking.case.assigned:
        return Refusal(Reason.WORKER_NOT_ASSIGNED, asking.by)
    return None


def _addressees_ready(asking: Asking, told: frozenset[Section]) -> tuple[frozenset[UUID], Refusal | None]:
    """For whom it must wait (V7), or why it can't go (V6, V8). Messages without sections go to anyone."""
    held = set()
    if not told:
        return frozenset(), None
    for agency in sorted(asking.fact.to):
        if not as_contractor(asking.register, asking.fact, agency):
            continue
        stand = readiness(asking.register, asking.case, agency, asking.now)
        if stand is Readiness.SUSPENDED and not isinstance(asking.fact, HeldDisclosureReleased):
            held.add(agency)
        elif stand is not Readiness.READY:
            return frozenset(), Refusal(NOT_READY[stand], agency)
    return frozenset(held), None


ASKABLE: frozenset[type[Fact]] = (
    frozenset(ACTS)
    | {SectionOpened, DisclosureReceived, WrapFetchedForRewrap, ItemsRewrapped}
    | AUDIT_ACTS
    | REGISTER_ACTS
    | AGENCY_ACTS
)
"""What can be asked for. All other facts are the hub's own."""


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


def found_item(world: World, draft: AccessFact) -> tuple[Message, Item]:
    """The message and item that a reading names. Raises NotThere where case, message and item do not agree."""
    found = world.case.item(draft.item)
    section = getattr(draft, "section", None)
    if found is None or found[0].id != draft.message or section not in (None, found[1].section):
        raise NotThere("not-there", "name message, item and section as your feed told them")
    return found


def _decide_access(world: World, wish: Wish, draft: AccessFact, now: datetime) -> Fact:
    message, item = found_item(world, draft)
    match draft:
        case SectionOpened():
            reason = refusal_to_open(
                world.register, world.case, wish.by, wish.actor, message, item, now=now, book=world.book
            )
            if reason is not None:
                return OpeningRefused(
                    item=draft.item,
                    message=message.id,
                    section=item.section,
                    purpose=draft.purpose,
                    reason=reason,
                )
            return draft
        case DisclosureReceived():
            if world.access.opened.get(draft.opening) != (wish.by, draft.item):
                return _refused(wish, Refusal(Reason.UNKNOWN_MESSAGE))
            return draft
        case WrapFetchedForRewrap():
            duties = {i.item for _, i, _ in pending_keys(world.register, world.case, book=world.book)}
            if wish.by != rewrapper(world, message) or draft.item not in duties:
                return _refused(wish, Refusal(Reason.NO_REWRAP_DUTY))
            return draft
        case _:
            return _refused(wish, Refusal(Reason.NOT_YOURS))


def rewrapper(world: World, message: Message) -> UUID:
    """Whose door makes the wraps that standing readers lack: the core agency's where it can read, else the author's."""
    cores = (world.case.core, *sorted(world.case.former))
    return next((c for c in cores if c is not None and c in (message.by, *message.to)), message.by)


def _decide_rewrap(world: World, wish: Wish, draft: ItemsRewrapped, now: datetime) -> Fact:
    """Basis: CWA 25-2(5); only for readers who have standing access and lack a key."""
    duties = {
        (i.item, reader): rewrapper(world, message)
        for message, i, reader in pending_keys(world.register, world.case, book=world.book)
    }
    if not draft.wraps or any(duties.get((w.item, w.to)) != wish.by for w in draft.wraps):
        return _refused(wish, Refusal(Reason.NO_REWRAP_DUTY))
    return draft


# --- refusals --------------------------------------------------------------------------------------------


def _or_refused(refusal: Refusal | None, wish: Wish) -> Fact:
    return wish.draft if refusal is None else _refused(wish, refusal)


def _refused(wish: Wish, refusal: Refusal, fitting: frozenset[str] = frozenset()) -> Fact:
    """A refusal an auditor must see: with its sections where there were any, else as a bare wish."""
    draft = wish.draft
    if isinstance(draft, CaseMessage) and draft.items:
        return DisclosureRefused(
            act=draft.TOPIC,
            to=draft.to,
            sections=frozenset(i.section for i in draft.items),
            basis=draft.basis,
            reason=refusal.reason,
            at_fault=refusal.at_fault,
            fitting=fitting,
        )
    return WishRefused(act=draft.TOPIC, reason=refusal.reason, at_fault=refusal.at_fault)
