"""A message as each recipient will see it, before it is sent: which sections, in which words, held or not and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.case_message import judged_as
from domain.codes import AUTHOR_ONLY, Flag, Role, Section
from domain.errors import ExchangeError, Unavailable
from domain.event import Event
from domain.events import AS_OTHER_SERVICE, EVENTS
from domain.matrix import for_participants, never_flagged_for, never_for, roles_as_addressed
from domain.rulebook import first_edition
from gateway.agency.content_form import ShownContent, shown_content
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.drafts import SectionContent
from gateway.agency.forms.kinds import FormContext
from gateway.agency.staff import Person
from gateway.agency.web.messages import MessageIn, fields_of, parts_of
from gateway.agency.web.page_context import PageContext
from gateway.pages.basis_words import basis_words
from gateway.pages.texts import basis_text, flag_text, section_text

ARRIVES, HELD, BARRED = "ARRIVES", "HELD", "BARRED"
RULES = first_edition()


@dataclass(frozen=True)
class PreviewedSection:
    """One section at one recipient. ``state``: ARRIVES, HELD or BARRED; ``why`` where it does not arrive at once;
    ``is_file``: it describes a file, which goes along."""

    name: str
    flags: tuple[str, ...]
    shown: ShownContent
    is_file: bool
    state: str
    why: str


@dataclass(frozen=True)
class PreviewedRecipient:
    """What one agency will see."""

    name: str
    basis: str
    article: str
    sections: tuple[PreviewedSection, ...]

    @property
    def state(self) -> str:
        """The worst state of its sections."""
        states = {section.state for section in self.sections}
        return BARRED if BARRED in states else HELD if HELD in states else ARRIVES


@dataclass(frozen=True)
class Preview:
    """All of a message. ``others``: agency -> sections that it may open by standing rule; None while the hub is away.
    ``own``: what only our own agency can open; ``warnings``: what to look at, and what to do."""

    recipients: tuple[PreviewedRecipient, ...]
    own: tuple[PreviewedSection, ...]
    others: Mapping[str, str] | None
    warnings: tuple[str, ...]


def preview_of(pages: PageContext, person: Person, form_context: FormContext, message: MessageIn) -> Preview:
    """What this message would be. Nothing is sent or recorded. Raises what sending would raise before it leaves the door."""
    parts = pages.door.checked_parts(
        message.case or UUID(int=0),
        message.act,
        fields_of(message),
        parts_of(message, person, pages.attachments),
        actor=person.actor,
    )
    suspended = _suspended_contractors(pages, person)
    names = {id: other.name for id, other in form_context.agencies.items()}
    disclosed = [p for p in parts if Section(p.section) not in AUTHOR_ONLY and p.schema != BYTES_SCHEMA]
    recipients = tuple(
        PreviewedRecipient(
            name=names.get(str(to), "ほかの機関"),
            basis=basis_words(message.basis.get(to, "")) if to in message.basis else "",
            article=basis_text(message.basis.get(to, "")) if to in message.basis else "",
            sections=tuple(
                at_recipient(part, form_context, str(to), message.act, suspended) for part in disclosed
            ),
        )
        for to in message.to
    )
    return Preview(
        recipients,
        tuple(_previewed_part(part, ARRIVES, "") for part in parts if Section(part.section) in AUTHOR_ONLY),
        _standing_readers(pages, person, message, parts, names),
        tuple(_warnings(pages, form_context, message, parts)),
    )


def at_recipient(
    part: SectionContent, form_context: FormContext, to: str, act: str, suspended: frozenset[str]
) -> PreviewedSection:
    """This section as that agency would get it. ``suspended``: contractors for whom messages are held."""
    other, event = form_context.agencies.get(to), EVENTS.get(act, Event)
    roles = roles_as_addressed(frozenset(map(Role, other.roles if other else ())), event)
    never = never_for(roles, RULES) - for_participants(roles, RULES)  # whether it took part, the dry run says
    if judged_as(Section(part.section), part.flags) & never:
        return _previewed_part(
            part, BARRED, "この宛先には、この情報区分を送れません。区分か宛先を外してください。"
        )
    if set(part.flags) & never_flagged_for(roles, RULES):
        return _previewed_part(
            part, BARRED, "「要配慮」の情報は、この宛先に送れません。要配慮の欄か宛先を外してください。"
        )
    if Flag.NOTIFIER_TRACE.value in part.flags:
        return _previewed_part(part, BARRED, "通告した人の手がかりになる言葉があります。書き直してください。")
    if to in suspended and not issubclass(event, AS_OTHER_SERVICE):
        return _previewed_part(part, HELD, "委託先が停止中です。再開した後に解除を申し出ると届きます。")
    return _previewed_part(part, ARRIVES, "")


def _previewed_part(part: SectionContent, state: str, why: str) -> PreviewedSection:
    return PreviewedSection(
        section_text(part.section),
        tuple(flag_text(flag) for flag in part.flags),
        shown_content(part.schema, part.content),
        part.schema == DOCUMENT_SCHEMA,
        state,
        why,
    )


def _suspended_contractors(pages: PageContext, person: Person) -> frozenset[str]:
    """The contractors of our commissions that are suspended, as far as it is known."""
    try:
        answer = pages.door.query_or_known("programme", {}, actor=person.actor)
    except ExchangeError:
        return frozenset()
    return frozenset(str(c["contractor"]) for c in answer["commissions"] if c.get("suspended"))


def _standing_readers(
    pages: PageContext,
    person: Person,
    message: MessageIn,
    parts: Sequence[SectionContent],
    names: Mapping[str, str],
) -> Mapping[str, str] | None:
    """Who else may open which sections by standing rule, as the hub says; None while it is away."""
    others: dict[str, list[str]] = {}
    try:
        readers = pages.door.readers(
            message.case or UUID(int=0), message.act, fields_of(message), parts, actor=person.actor
        )
    except Unavailable:
        return None
    except ExchangeError:
        return {}  # the hub will not take it as it is: the answer to sending says why
    known = {str(pages.door.agency), *map(str, message.to)}
    for part, agencies in zip(parts, readers, strict=True):
        for agency in sorted(set(map(str, agencies)) - known):
            section = section_text(part.section)
            if section not in others.setdefault(names.get(agency, "ほかの機関"), []):
                others[names.get(agency, "ほかの機関")].append(section)
    return {name: "、".join(sections) for name, sections in others.items()}


def _warnings(
    pages: PageContext, form_context: FormContext, message: MessageIn, parts: Sequence[SectionContent]
) -> Sequence[str]:
    warnings = []
    sections = {Section(p.section) for p in parts}
    flags = {flag for p in parts for flag in p.flags}
    if message.case is not None and pages.door.addresses.protected_until(message.case) is not None:
        warnings.append("DV等支援措置のある家庭です。住所や居所が分かる言葉がないか、もう一度見てください。")
    if Section.ADDR in sections:
        warnings.append(
            "秘匿住所を送ります。宛先のほかには開けません。宛先が正しいか、名前を見て確かめてください。"
        )
    if Section.NOTIFIER in sections:
        warnings.append("通告した人が分かることを送ります。宛先がこれを知る必要があるか確かめてください。")
    if Flag.NOTIFIER_TRACE.value in flags:
        warnings.append(
            "通告した人の手がかりになる言葉があります。このままでは送れません。書き直してください。"
        )
    if sections & {Section.MEDICAL, Section.RISK} or Flag.SENSITIVE.value in flags:
        warnings.append("要配慮の情報を含みます。相手に必要な範囲か確かめてください。")
    outside = [
        form_context.agencies[str(a)].name
        for a in message.to
        if str(a) in form_context.agencies and _is_outside(form_context, str(a))
    ]
    if outside:
        warnings.append(f"この事例にまだ関わっていない宛先です: {'、'.join(outside)}。")
    return warnings


def _is_outside(form_context: FormContext, agency: str) -> bool:
    """Whether an agency has no part in a case that is known already."""
    if not form_context.messages:
        return False
    return all(m.get("by") != agency and agency not in m.get("to", []) for m in form_context.messages)
