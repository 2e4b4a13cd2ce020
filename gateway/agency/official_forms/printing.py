"""Printing an official form: what may be printed, opening it on record, filling, setting, and the entry in the door's log.

Nothing of it is stored: content goes from the opened item through memory into the answer. Every printing opens its
sections anew, each opening recorded with its purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.content_json import read_content
from domain.actors import is_system
from domain.codes import Purpose, Section
from domain.content.form import Content
from domain.content.lines import names_in
from domain.content.text import TextContent
from domain.errors import ExchangeError, Malformed, NotFound, Refused, Unavailable
from domain.roles import DoorAct
from gateway.agency.door import Door
from gateway.agency.drafts import SectionContent
from gateway.agency.forms.children import child_names
from gateway.agency.item_opening import OpenedItem
from gateway.agency.official_forms.contents import OWN_TICK, Contents, OpenedSection
from gateway.agency.official_forms.control import Control, Message
from gateway.agency.official_forms.layout import PrintedForm
from gateway.agency.official_forms.meeting_papers import MEETING_PAPERS, bound
from gateway.agency.official_forms.table import OATH, OfficialForm
from gateway.pages.texts import act_text
from gateway.pages.typesetting import MissingCharacters, plain_lines, typeset, unprintable
from gateway.protocol.problems import text_ja_of

TEMPLATE = Path(__file__).with_name("official.typ")
NOT_TEXT = "(文書・画像などのため、この様式には印刷しません)"
MAX_ITEMS = 60
MAX_CHARACTERS = 100_000
"""Of one form: some 50 pages of text, set in some 7 seconds."""
PRINTING_PURPOSES = (Purpose.SUPPORT, Purpose.SAFETY, Purpose.SUPERVISION)
PrintLog = Callable[[str, str, str], None]
"""Writes an entry of the door's own log: who printed, about whom (a case, a visitor), which form with which sections."""


@dataclass(frozen=True)
class PrintableItem:
    """An item that may be opened for a form. ``act``: the title of its message; ``chosen``: proposed to be printed."""

    message: UUID
    item: UUID
    section: Section
    flags: tuple[str, ...]
    act: str
    by: str
    at: str
    needs_own_tick: bool
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class PrintOrder:
    """What somebody wants printed. ``confirmed_items``: those that need a tick of their own; ``message``: for which message
    of the case the form is printed, None for the case as a whole."""

    case: UUID
    items: Sequence[UUID]
    confirmed_items: Sequence[UUID] = ()
    message: UUID | None = None
    purpose: Purpose = Purpose.SUPPORT


@dataclass(frozen=True, kw_only=True)
class MeetingCase:
    """A case of a meeting, and what its paper needs of it (``meeting_papers.paper``)."""

    case: UUID
    about: Mapping[str, Any]


class FormPrinter:
    """Prints forms at one door. ``log``: the door's own log."""

    def __init__(self, door: Door, log: PrintLog, *, is_rehearsal: bool) -> None:
        self._door, self._log, self._is_rehearsal = door, log, is_rehearsal

    def items(self, form: OfficialForm, case: UUID, message: UUID | None = None) -> list[PrintableItem]:
        """What may be opened for this form, the newest first; proposed is the newest of each section, of this message
        where it has it. Raises NotFound for a case or message that this agency knows nothing of."""
        messages = self._messages(case)
        if message is not None and not any(m["message"] == str(message) for m in messages):
            raise NotFound("not-found")
        listed = [
            item
            for m in reversed(messages)
            for one in m.get("items", [])
            if (item := _printable(form, m, one)) is not None
        ]
        order = sorted(listed, key=lambda item: item.message != message)
        first = {
            section: next(i for i in order if i.section is section) for section in {i.section for i in order}
        }
        return [
            replace(item, chosen=item is first[item.section] and not item.needs_own_tick) for item in listed
        ]

    def print(self, form: OfficialForm, order: PrintOrder, *, actor: str) -> bytes:
        """The form as PDF. Every item is opened on record for it, and the printing is in the door's log.

        Raises NotFound (an item that is not offered for it), Refused (a system asks for what needs a person's own tick;
        a protected address would stand in it), Malformed (too much; a character that can't be printed; a missing
        tick), and what opening an item raises.
        """
        self._door.permissions.require(DoorAct.PRINT_FORMS, actor, order.case)
        opened: list[OpenedSection] = []
        pdf = _set(self._filled_form(form, order, actor, {}, opened))
        self._log_print(actor, order.case, form, {one.section for one in opened} & OWN_TICK)
        return pdf

    def print_meeting(self, cases: Sequence[MeetingCase], *, opens: bool, actor: str) -> bytes:
        """The papers of these cases as one PDF, and an entry in the door's log for each. ``opens``: the newest judgement of
        danger, plan and minutes of each are opened on record for it, under the purpose of support.

        A case whose information can't be opened or printed has its paper without it, which says why. What was opened is in
        the log also where nothing is printed. Raises as ``print``.
        """
        self._door.permissions.require(DoorAct.PREPARE_MEETING, actor)
        opened: dict[UUID, list[OpenedSection]] = {one.case: [] for one in cases}
        pdf = b""
        try:
            papers = self._meeting_papers(cases, opened, opens=opens, actor=actor)
            pdf = self._set_meeting(papers, cases, actor)
        finally:
            for case, sections in opened.items():
                if pdf or sections:
                    self._log_print(actor, case, MEETING_PAPERS, {one.section for one in sections})
        return pdf

    def _meeting_papers(
        self,
        cases: Sequence[MeetingCase],
        opened: Mapping[UUID, list[OpenedSection]],
        *,
        opens: bool,
        actor: str,
    ) -> list[PrintedForm]:
        """A paper for each case; what is opened for it is added to ``opened``. While the hub is away it is asked once."""
        papers: list[PrintedForm] = []
        away: Unavailable | None = None
        for one in cases:
            items = [i.item for i in self.items(MEETING_PAPERS, one.case) if i.chosen] if opens else []
            try:
                if away is not None and items:
                    raise away
                order = PrintOrder(case=one.case, items=items)
                papers.append(self._filled_form(MEETING_PAPERS, order, actor, one.about, opened[one.case]))
            except ExchangeError as error:
                if not items:
                    raise
                away = error if isinstance(error, Unavailable) else away
                papers.append(self._paper_without(one, error, actor))
        return papers

    def _set_meeting(self, papers: Sequence[PrintedForm], cases: Sequence[MeetingCase], actor: str) -> bytes:
        """The PDF of these papers; of a case of which a character can't be printed, without what was opened."""
        control = self._control(actor)
        try:
            return _set(bound(papers, control))
        except Malformed:
            printable = [
                self._printable_paper(one, paper, actor) for one, paper in zip(cases, papers, strict=True)
            ]
            return _set(bound(printable, control))

    def _printable_paper(self, one: MeetingCase, paper: PrintedForm, actor: str) -> PrintedForm:
        try:
            _set(paper)
        except Malformed as error:
            return self._paper_without(one, error, actor)
        return paper

    def _paper_without(self, one: MeetingCase, error: ExchangeError, actor: str) -> PrintedForm:
        """The paper of a case without opened information, and why it has none."""
        about = {**one.about, "why_not": text_ja_of(error)}
        return self._filled_form(MEETING_PAPERS, PrintOrder(case=one.case, items=[]), actor, about, [])

    def _log_print(self, actor: str, case: UUID, form: OfficialForm, sections: Set[Section]) -> None:
        self._log(actor, str(case), " ".join((form.key, *sorted(section.value for section in sections))))

    def _filled_form(
        self,
        form: OfficialForm,
        order: PrintOrder,
        actor: str,
        about: Mapping[str, Any],
        opened: list[OpenedSection],
    ) -> PrintedForm:
        """The form, filled with what is opened on record for it, which is added to ``opened``. Nothing is printed yet."""
        chosen = self._chosen(form, order, actor)
        agencies = self._names()
        for item in chosen:
            opened.append(self._opened_for_print(order, item, agencies, actor))
        has_address = any(one.section is Section.ADDR for one in opened)
        hides = not has_address and self._door.addresses.protected_until(order.case) is not None
        messages = self._messages(order.case)
        children = child_names(messages)
        control = replace(
            self._control(actor),
            case=str(order.case),
            names={**agencies, **children},
            messages=messages,
            about=next((m for m in messages if m["message"] == str(order.message)), None),
            hides_addresses=hides,
            programme=about,
        )
        called = {UUID(ref): name for ref, name in children.items()}
        for one in opened:
            called |= names_in(one.content)
        filled = form.form_data(Contents(opened, called, hides_addresses=hides), control)
        if not has_address:
            self._require_no_address(order.case, form, filled, actor)
        return filled

    def print_oath(self, commission: UUID, worker: str, *, actor: str) -> bytes:
        """The oath of a visitor, as the hub knows it. Raises NotFound where there is no such visitor."""
        self._door.permissions.require(DoorAct.PRINT_FORMS, actor)
        answer = self._door.query_or_known("programme", {}, actor=actor)
        for one in answer["commissions"]:
            if one["commission"] == str(commission):
                for visitor in one["workers"]:
                    if visitor["worker"] == worker:
                        programme = {"commission": one, "worker": visitor}
                        control = replace(self._control(actor), names=self._names(), programme=programme)
                        pdf = _set(OATH.form_data(Contents((), {}), control))
                        self._log(actor, worker, OATH.key)
                        return pdf
        raise NotFound("not-found")

    def _control(self, actor: str) -> Control:
        return Control(
            case="",
            agency=str(self._door.agency),
            names={},
            messages=(),
            about=None,
            now=self._door.now(),
            actor=actor,
            is_rehearsal=self._is_rehearsal,
        )

    def _names(self) -> Mapping[str, str]:
        return {str(k.agency): k.name for k in self._door.directory()}

    def _messages(self, case: UUID) -> list[dict[str, Any]]:
        messages = self._door.store.messages(case)
        if not messages:
            raise NotFound("not-found")
        return messages

    def _chosen(self, form: OfficialForm, order: PrintOrder, actor: str) -> list[PrintableItem]:
        """The items of the order, oldest first, if each is offered and ticked as it must be."""
        wanted = [*order.items, *order.confirmed_items]
        if len(wanted) > MAX_ITEMS:
            raise Malformed("too-many-items-to-print")
        if order.confirmed_items and is_system(actor):
            raise Refused("person-required", "Let a person sign in and do it.")
        offered = {item.item: item for item in self.items(form, order.case, order.message)}
        if not set(wanted) <= set(offered):
            raise NotFound("not-found")
        chosen = [item for id_, item in offered.items() if id_ in set(wanted)]
        if {i.item for i in chosen if i.needs_own_tick} != set(order.confirmed_items):
            raise Malformed("section-needs-own-tick")
        return chosen[::-1]

    def _opened_for_print(
        self, order: PrintOrder, item: PrintableItem, agencies: Mapping[str, str], actor: str
    ) -> OpenedSection:
        opened = self._door.open(
            order.case, item.message, item.item, item.section.value, actor=actor, purpose=order.purpose
        )
        return OpenedSection(
            message=str(item.message),
            act=act_text(opened.act),
            section=item.section,
            content=_content(opened),
            author=agencies.get(str(opened.author), "ほかの機関"),
            created_at=opened.created_at,
        )

    def _require_no_address(self, case: UUID, form: OfficialForm, filled: PrintedForm, actor: str) -> None:
        """The same look as at the door's way out: a protected address that this door knows, in whatever writing."""
        text = "\n".join(text for _, text in filled.places())
        parts = [SectionContent(Section.BASIC.value, text.encode())]
        self._door.addresses.require_clean(
            case, f"様式: {form.title}", parts, actor=actor, refresh=self._door.refresh_if_possible
        )


def _printable(form: OfficialForm, message: Message, item: Mapping[str, Any]) -> PrintableItem | None:
    """An item of a message as it is offered; None where it can't be opened or has no place on this form."""
    section = Section(item["section"])
    if item["state"] != "OPENABLE" or section not in form.sections or form.excluded & set(item["flags"]):
        return None
    return PrintableItem(
        message=UUID(message["message"]),
        item=UUID(item["item"]),
        section=section,
        flags=tuple(item["flags"]),
        act=message["act"],
        by=message["by"],
        at=message["at"],
        needs_own_tick=section in OWN_TICK,
    )


def _content(opened: OpenedItem) -> Content:
    """The content as its schema reads it; what is of no schema that is known here is printed as the text that it is."""
    with suppress(Malformed):
        return read_content(opened.schema, opened.content)
    with suppress(Malformed):
        return read_content(TextContent.SCHEMA, opened.content)
    return TextContent(NOT_TEXT)


def pdf_of(form: PrintedForm) -> bytes:
    """The PDF of a form that is made from no case. Raises Malformed where something of it can't be printed, Unavailable."""
    return _set(form)


def _set(form: PrintedForm) -> bytes:
    """The PDF. Raises Malformed where something of it can't be printed."""
    places = [(place, plain_lines(text)) for place, text in form.places()]
    if sum(len(text) for _, text in places) > MAX_CHARACTERS:
        raise Malformed("print-too-long")
    _require_printable(places, frozenset())
    try:
        return typeset(TEMPLATE, _plain_lines(form.to_json()))
    except MissingCharacters as error:
        _require_printable(places, error.characters)
        raise


def _require_printable(places: Sequence[tuple[str, str]], missing: frozenset[str]) -> None:
    for place, text in places:
        index = unprintable(text, missing)
        if index is not None:
            raise _not_printable(place, text, index)


def _not_printable(place: str, text: str, index: int) -> Malformed:
    """The error names the place of the character, never the character."""
    line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
    several = "\n" in text
    error = Malformed(
        "character-not-printable",
        f"Rewrite character {column}{f' of line {line}' if several else ''} of {place}.",
    )
    error.detail_ja = (
        f"{place}の{f'{line}行目の' if several else ''}{column}文字目は、印刷用の書体にない文字(外字など)です。"
        "その項目を書き直して送るか、その項目を外して印刷し、手書きで補ってください。"
    )
    return error


def _plain_lines(value: Any) -> Any:
    """The data with every text as it is printed."""
    if isinstance(value, str):
        return plain_lines(value)
    if isinstance(value, dict):
        return {key: _plain_lines(one) for key, one in value.items()}
    return [_plain_lines(one) for one in value] if isinstance(value, list) else value
