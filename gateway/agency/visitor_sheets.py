"""A visitor's families and planned visits, and what of a family goes onto the phone.

On a sheet stands what the visit needs: the newest dangers, plan, children and surroundings, opened one by one on record.
Never ADDR, NOTIFIER, MEDICAL or CONF, nothing that is flagged, and no files. Basis: guideline 6(4), 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.codes import Purpose, Section
from domain.errors import ExchangeError, Unavailable
from gateway.agency.content_form import ShownContent, shown_content
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.forms.children import child_names
from gateway.agency.forms.kinds import CaseMessages
from gateway.agency.forms.search import contact_ban_warnings
from gateway.agency.index.case_overview import CaseOverview, Message, planned_visits
from gateway.agency.index.readers import IndexReader
from gateway.agency.recent_contents import RecentContent
from gateway.agency.web.reading import OPENABLE, is_ordinary

if TYPE_CHECKING:
    from gateway.agency.door import Door

SHEET_SECTIONS: Mapping[Section, int] = {
    Section.RISK: 1,
    Section.PLAN: 1,
    Section.CHILD: 1,
    Section.CAREGIVER: 1,
    Section.ENV: 1,
    Section.PREG: 1,
    Section.BASIC: 1,
    Section.VISIT: 2,
}
"""The sections of a sheet in the order in which it shows them, and of how many messages, the newest first."""


@dataclass(frozen=True)
class VisitorCase:
    """A family of this visitor. ``visit``: the planned visit whose day has come, or the next one; empty for none.
    ``planned_on``: its day (ISO)."""

    case: UUID
    visit: str
    planned_on: str

    def is_due(self, today: date) -> bool:
        """Whether its day has come, and nobody has reported it."""
        return bool(self.planned_on) and self.planned_on <= today.isoformat()


@dataclass(frozen=True)
class SheetItem:
    """One opened item as a sheet shows it. ``at``: when its message was written."""

    section: Section
    at: str
    content: ShownContent


@dataclass(frozen=True)
class Family:
    """Who a visitor goes to, as far as the index knows. ``place``: where the family lives, empty where it is not known, or
    protected; ``child_names``: reference -> name, as far as a content states one."""

    name: str
    reading: str
    place: str
    child_names: Mapping[str, str]


def visitor_cases(door: Door, reader: IndexReader) -> list[VisitorCase]:
    """The families of this visitor: to whom they are assigned, or to whom they planned a visit themselves. By day; those
    without a planned visit last."""
    rows = (
        _visitor_case(door, reader, overview)
        for overview in door.overviews.all().values()
        if not overview.has_ended
    )
    cases = [one for one in rows if one is not None]
    return sorted(cases, key=lambda one: (one.planned_on or "9999", str(one.case)))


def _visitor_case(door: Door, reader: IndexReader, overview: CaseOverview) -> VisitorCase | None:
    is_assigned = reader.actor in overview.assigned
    if (overview.assigned and not is_assigned) or not (is_assigned or overview.next_visit_on):
        return None
    case = UUID(overview.case)
    ours = [m for m in planned_visits(door.store.messages(case)) if m.get("by") == str(door.agency)]
    own = [m for m in ours if is_assigned or m.get("actor") == reader.actor]
    if not (own or is_assigned) or not reader.may_know(case):
        return None
    first = min(own, key=lambda m: str(m["fields"]["planned_on"]), default=None)
    if first is None:
        return VisitorCase(case, "", "")
    return VisitorCase(case, first["message"], str(first["fields"]["planned_on"]))


def family_of(door: Door, reader: IndexReader, case: UUID) -> Family:
    """Name, place and children of a family, for the person who goes there."""
    view = None
    with suppress(Unavailable):
        view = door.index.family(case, reader)
    if view is None:
        return Family("", "", "", {})
    named = {p.ref: p.name for p in view.children if p.ref and p.name}
    hidden = door.addresses.protected_until(case) is not None
    place = "" if hidden or not view.addresses else view.addresses[0]
    return Family(view.title, view.reading, place, named)


def sheet_sources(messages: Sequence[Message]) -> list[tuple[Section, Message, Mapping[str, Any]]]:
    """Which items go onto the sheet of a case: section, message and item of the feed. ``messages``: oldest first."""
    chosen: list[tuple[Section, Message, Mapping[str, Any]]] = []
    for section, most in SHEET_SECTIONS.items():
        fitting = [
            (message, items)
            for message in reversed(messages)
            if (items := [i for i in message.get("items", ()) if _goes_onto_sheet(i, section)])
        ]
        chosen += [(section, message, item) for message, items in fitting[:most] for item in items]
    return chosen


def _goes_onto_sheet(item: Mapping[str, Any], section: Section) -> bool:
    return item["section"] == section and item["state"] == OPENABLE and is_ordinary(item)


def opened_sheet(
    door: Door, case: UUID, actor: str, session: str, *, opens: bool = True
) -> tuple[list[SheetItem], int]:
    """What stands on the sheet of a case, and of how many items nothing could be shown. With ``opens`` each item that this
    session has not at hand is opened, on record, for the support of the family; else only what is at hand is given."""
    at_hand = door.recent.of_case(session, case)
    names = {UUID(ref): name for ref, name in child_names(door.store.messages(case)).items()}
    shown: list[SheetItem] = []
    left_out = 0
    for section, message, item in sheet_sources(door.store.messages(case)):
        if door.recent.document_of(item["item"]) is not None:
            continue  # the file of a document
        kept = at_hand.get(item["item"])
        try:
            content = (
                _opened_content(door, case, message, item, actor, session, names)
                if opens and kept is None
                else None
            )
        except ExchangeError:
            left_out += 1
            continue
        content = content or (None if kept is None else _shown_again(kept, names))
        if content is None:
            left_out += not opens
        elif content.schema not in (BYTES_SCHEMA, DOCUMENT_SCHEMA):
            shown.append(SheetItem(section, str(message["at"]), content))
    return shown, left_out


def _shown_again(kept: RecentContent, names: Mapping[UUID, str]) -> ShownContent:
    return shown_content(kept.opened.schema, kept.opened.content, names)


def _opened_content(
    door: Door,
    case: UUID,
    message: Message,
    item: Mapping[str, Any],
    actor: str,
    session: str,
    names: Mapping[UUID, str],
) -> ShownContent:
    message_id = UUID(message["message"])
    opened = door.open(
        case, message_id, UUID(item["item"]), item["section"], actor=actor, purpose=Purpose.SUPPORT
    )
    door.recent.keep(session, case, message_id, opened, Purpose.SUPPORT.value)
    return shown_content(opened.schema, opened.content, names)


def warnings_of(door: Door, case: UUID) -> list[str]:
    """What stands above everything else about this family: orders to keep away, protection."""
    warnings = list(contact_ban_warnings(CaseMessages(door.store.messages(case)), door.now()))
    if door.addresses.protected_until(case) is not None:
        warnings.append("住所が保護されています。この家庭の居場所を、だれにも言わず、書かないでください。")
    return warnings
