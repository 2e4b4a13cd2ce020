"""The work list of one person: one row a case, what is most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.events import SupportWorkerAssigned
from gateway.agency.case_matters import Matters
from gateway.agency.index.arrivals import Look
from gateway.agency.index.case_overview import Arrival, CaseOverview
from gateway.agency.matters import Matter, When, when_due


class Show(StrEnum):
    """Which cases a list shows."""

    OPEN = "open"  # something is to be done, or something is new
    MINE = "mine"  # and this person is in charge, stands in, or visits
    UNREAD = "unread"
    ALL = "all"


class Sort(StrEnum):
    """In which order."""

    DUE = "due"
    FAMILY = "family"
    CHARGE = "charge"
    CHANGED = "changed"


class Group(StrEnum):
    """What kind of matter."""

    SAFETY = "safety"
    INQUIRY = "inquiry"
    VISIT = "visit"
    PLAN = "plan"
    EMERGENCY = "emergency"
    RIGHTS = "rights"
    MOVE = "move"
    OTHER = "other"


_GROUP_OF: Mapping[str, Group] = {
    **dict.fromkeys(("SAFETY", "SEARCH", "CONTACT", "SIGNALS", "BAN_END", "PROTECTION_END"), Group.SAFETY),
    **dict.fromkeys(("REFERRAL", "ANSWER", "OFFICIAL", "ACCEPT", "UNREADABLE", "HELD"), Group.INQUIRY),
    **dict.fromkeys(("REPORT", "VISIT_REPORT", "VISITS", "BUNDLE", "REPLACEMENT"), Group.VISIT),
    **dict.fromkeys(("PLAN", "REASSESS", "SILENCE", "SPECIALIST", "SERVICE", "REGISTER"), Group.PLAN),
    **dict.fromkeys(("EMERGENCY", "EMERGENCY_APPROVAL"), Group.EMERGENCY),
    **dict.fromkeys(
        ("RIGHTS", "COERCION", "CONFIRM_CHECK", "CONFIRM", "BREACH", "BREACH_NOTICE", "RETENTION"),
        Group.RIGHTS,
    ),
    **dict.fromkeys(("TRANSFER", "HANDOVER", "MOVE", "STAY"), Group.MOVE),
}


def group_of(about: str) -> Group:
    """The kind of a matter."""
    return _GROUP_OF.get(about, Group.OTHER)


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One case. ``news``: what has come since this person last looked and was not written by it; ``unread``: how many of
    them other agencies wrote; ``notices``: those that are addressed to this agency or assign somebody of it, and are no
    task yet."""

    overview: CaseOverview
    matters: tuple[Matter, ...]
    news: tuple[Arrival, ...]
    notices: tuple[Arrival, ...]
    unread: int
    is_mine: bool
    when: When

    @property
    def case(self) -> str:
        return self.overview.case

    @property
    def first(self) -> Matter | None:
        return self.matters[0] if self.matters else None

    @property
    def groups(self) -> frozenset[Group]:
        return frozenset(group_of(m.about) for m in self.matters)

    @property
    def due_order(self) -> tuple[object, ...]:
        first = self.first
        due = "9" if first is None or first.due_at is None else first.due_at
        newest = self.news[-1].n if self.news else 0
        return self.when, not (first is not None and first.is_late), due, -newest, self.case


@dataclass(frozen=True)
class Viewer:
    """Who looks. ``charges``: the cases of which this person is in charge, or for which it stands in."""

    actor: str
    looks: Mapping[str, Look]
    charges: Collection[str]


def work_rows(
    overviews: Mapping[str, CaseOverview], matters: Mapping[str, Matters], viewer: Viewer, today: date
) -> list[WorkRow]:
    """A row for every case of this agency, in no order. ``matters``: what waits in each."""
    return [work_row(one, matters[case], viewer, today) for case, one in overviews.items()]


def work_row(overview: CaseOverview, matters: Matters, viewer: Viewer, today: date) -> WorkRow:
    """The row of one case. ``matters``: what waits in it."""
    look = viewer.looks.get(overview.case)
    news = overview.new_since(0 if look is None else look.n, viewer.actor)
    notices = _notices(news, matters) if news else ()
    return WorkRow(
        overview=overview,
        matters=matters,
        news=news,
        notices=notices,
        unread=len([a for a in news if not a.is_ours]),
        is_mine=overview.case in viewer.charges or viewer.actor in overview.assigned,
        when=_when(matters, notices, news, today),
    )


def _notices(news: Sequence[Arrival], matters: Matters) -> tuple[Arrival, ...]:
    asked = {m.message for m in matters}
    return tuple([a for a in news if (a.is_addressed or a.worker) and a.message not in asked])


def _when(
    matters: Sequence[Matter], notices: Sequence[Arrival], news: Sequence[Arrival], today: date
) -> When:
    of_matters = matters[0].when if matters else When.NOTHING
    if not news:
        return of_matters
    days = [date.fromisoformat(a.due_on[:10]) for a in notices if a.due_on]
    of_notices = when_due(min(days), today) if days else When.NEW if news else When.NOTHING
    return min(of_matters, of_notices)


def groups_in(rows: Iterable[WorkRow]) -> frozenset[Group]:
    """The kinds of all matters of these rows."""
    return frozenset(map(group_of, {m.about for row in rows for m in row.matters}))


def counts(rows: Sequence[WorkRow]) -> dict[Show, int]:
    """How many cases each choice of a list would show."""
    return {show: sum(map(shows, rows)) for show, shows in _SHOWS.items()}


def chosen(rows: Iterable[WorkRow], show: Show, group: Group | None) -> list[WorkRow]:
    """The rows that a list shows."""
    return [row for row in rows if _SHOWS[show](row) and (group is None or group in row.groups)]


_SHOWS: Mapping[Show, Callable[[WorkRow], bool]] = {
    Show.OPEN: lambda row: row.when is not When.NOTHING,
    Show.MINE: lambda row: row.is_mine,
    Show.UNREAD: lambda row: row.unread > 0,
    Show.ALL: lambda row: True,
}


def in_order(
    rows: Iterable[WorkRow], sort: Sort, reading_of: Callable[[str], str], charge_of: Callable[[str], str]
) -> list[WorkRow]:
    """The rows in this order; equal ones by what is due. ``reading_of``: the reading of a family's name, by its case;
    ``charge_of``: who is in charge; empty for none, which comes last."""
    by_due = sorted(rows, key=lambda row: row.due_order)
    if sort is Sort.CHANGED:
        return sorted(by_due, key=lambda row: row.overview.last_at, reverse=True)
    if sort is Sort.DUE:
        return by_due
    text_of = reading_of if sort is Sort.FAMILY else charge_of
    return sorted(by_due, key=lambda row: text_of(row.case) or "￿")


def notice_kind(arrival: Arrival, actor: str) -> str:
    """What a notice is for this person: ASSIGNED (to itself), ASSIGNS (somebody of its agency), else its act."""
    if arrival.act == SupportWorkerAssigned.TOPIC and arrival.worker:
        return "ASSIGNED" if arrival.worker == actor else "ASSIGNS"
    return arrival.act
