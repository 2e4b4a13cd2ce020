"""Typed reads of the rows. Each call sees one state of the rows, and none waits for the writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine as Database
from sqlalchemy import Select, bindparam, false, func, or_, select, true

from domain.audit_exceptions import ExceptionRow
from domain.codes import Section
from domain.notifier_protection import NAMELESS
from domain.record import AUDIT, Party
from projections.agency_feed import GONE, MESSAGES
from projections.exceptions import EXCEPTIONS
from projections.index import CASES as INDEX_CASES
from projections.index import HEAD, ORIGINATORS, PARKED
from projections.ledger import CONSENTS, DISCLOSURES, NOTIFICATIONS, OPENINGS
from projections.log_leaves import LEAVES
from projections.rows import END_OF_TIME, id_of, text_of, time_of
from projections.task_queries import TaskChanges, WorklistEntry, changed_tasks, tasks_of
from projections.worklist import DEADLINES


@dataclass(frozen=True)
class FeedRow:
    """One changed message. ``body``: JSON text; ``gone``: the agency has lost access and deletes the message."""

    seq: int
    case: UUID
    message: UUID
    body: str

    @property
    def gone(self) -> bool:
        return self.body == GONE


@dataclass(frozen=True)
class OwnOpening:
    """An item that an agency has opened itself."""

    position: int
    case: UUID
    message: UUID
    item: UUID


@dataclass(frozen=True)
class Page:
    """A page of a feed. ``cursor``: where the next page begins; ``more``: whether there is one already; ``as_of``: the
    last record whose rows were written when it was read."""

    rows: tuple[FeedRow, ...]
    cursor: int
    more: bool
    as_of: int


@dataclass(frozen=True)
class CaseSummary:
    """One case of an agency. ``seq``: when a row of it last changed; ``messages``: how many it sees."""

    case: UUID
    seq: int
    messages: int


@dataclass(frozen=True)
class ProjectionHead:
    """The position of the rows, and the parked projections: (name, position, error)."""

    position: int
    parked: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class DisclosureEntry:
    """One entry of the ledger; see the columns of ``ledger.DISCLOSURES``."""

    position: int
    n: int
    at: datetime
    case: UUID
    message: UUID
    act: str
    by: str
    to: Party | None
    section: str
    item: UUID | None
    flags: tuple[str, ...]
    basis: str | None
    consent: tuple[UUID, ...]
    subject_consent: str | None
    purpose: str | None
    outcome: str
    reason: str | None
    at_fault: UUID | None
    fitting: tuple[str, ...]
    version: int
    rules: int


@dataclass(frozen=True)
class OpeningEntry:
    """One reading, or a refused one. ``received``: OK or the error at the reader's door, as known then."""

    position: int
    at: datetime
    case: UUID
    command_id: UUID
    message: UUID
    item: UUID
    section: str
    agency: str
    actor: str
    purpose: str
    outcome: str
    reason: str | None
    received: str | None
    received_at: datetime | None


@dataclass(frozen=True)
class ConsentEntry:
    """One row of a consent's scope, given, refused or withdrawn."""

    position: int
    n: int
    at: datetime
    case: UUID
    consent: UUID | None
    kind: str
    sender: UUID | None
    recipient: UUID | None
    sections: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class NotificationEntry:
    """A notification as shown to an auditor: its day, and the token of the notifier."""

    position: int
    case: UUID
    message: UUID
    received_on: str
    token: str | None


@dataclass(frozen=True)
class Leaf:
    """The position of one record and the digest of its leaf (32 bytes)."""

    position: int
    originator: UUID
    version: int
    sha: bytes


_FEED = (
    select(MESSAGES.c.seq, MESSAGES.c.case, MESSAGES.c.message, MESSAGES.c.body)
    .where(
        MESSAGES.c.agency == bindparam("agency"),
        MESSAGES.c.seq > bindparam("cursor"),
        MESSAGES.c.seq <= bindparam("last"),  # later rows are of a record that is not complete yet
    )
    .order_by(MESSAGES.c.seq, MESSAGES.c.case, MESSAGES.c.message)
)
_PAGE_END = (
    select(MESSAGES.c.seq)
    .where(
        MESSAGES.c.agency == bindparam("agency"),
        MESSAGES.c.seq > bindparam("cursor"),
        MESSAGES.c.seq <= bindparam("head"),
    )
    .order_by(MESSAGES.c.seq)
    .limit(1)
    .offset(bindparam("skip"))
)
_MESSAGES_OF_CASE = (
    select(MESSAGES.c.seq, MESSAGES.c.case, MESSAGES.c.message, MESSAGES.c.body)
    .where(
        MESSAGES.c.agency == bindparam("agency"),
        MESSAGES.c.case == bindparam("case"),
        MESSAGES.c.body != GONE,
    )
    .order_by(MESSAGES.c.seq, MESSAGES.c.message)
)
_CASES_OF_AGENCY = (
    select(MESSAGES.c.case, func.max(MESSAGES.c.seq), func.count())
    .where(MESSAGES.c.agency == bindparam("agency"), MESSAGES.c.body != GONE)
    .group_by(MESSAGES.c.case)
    .order_by(func.max(MESSAGES.c.seq).desc(), MESSAGES.c.case)
)
_DEADLINES = select(DEADLINES.c.case, DEADLINES.c.at)
_HEAD_POSITION = select(HEAD.c.position)
_PARKED_PROJECTIONS = select(PARKED.c.projection, PARKED.c.position, PARKED.c.error).order_by(
    PARKED.c.projection
)
_LEAVES = (
    select(LEAVES)
    .where(LEAVES.c.position > bindparam("after"))
    .order_by(LEAVES.c.position)
    .limit(bindparam("limit"))
)
_ALL_CASE_IDS = select(INDEX_CASES.c.case).order_by(INDEX_CASES.c.case)
_RECORD_POSITIONS = (
    select(LEAVES.c.position, LEAVES.c.originator, LEAVES.c.version)
    .where(
        or_(
            LEAVES.c.originator.in_(bindparam("ids", expanding=True)),
            LEAVES.c.position.in_(select(ORIGINATORS.c.position)),
        )
    )
    .order_by(LEAVES.c.position)
)
_LEAF_OF = select(LEAVES).where(
    LEAVES.c.originator == bindparam("originator"), LEAVES.c.version == bindparam("version")
)
_EXCEPTION_COLUMNS = ("at", "kind", "case", "agency", "message", "item", "act", "reason")
EXCEPTION_ORDER = tuple(func.coalesce(EXCEPTIONS.c[name], "") for name in _EXCEPTION_COLUMNS)
"""Sorts as ``domain.audit_exceptions.exception_order`` does."""
_EXCEPTIONS = select(*EXCEPTION_ORDER).where(
    EXCEPTIONS.c.visible_from <= bindparam("as_of"), EXCEPTIONS.c.until > bindparam("as_of")
)
_EXCEPTIONS_OF = _EXCEPTIONS.where(EXCEPTIONS.c.case == bindparam("case"))

Variants = dict[tuple[bool, bool], Select[Any]]


def _variants(statement: Select[Any], table: Any, parties: Iterable[Any]) -> Variants:
    """The statement for each combination of filters (case, agency), always up to a time."""
    upto = statement.where(table.c.at <= bindparam("as_of")).order_by(*table.primary_key.columns)
    of_agency = or_(false(), *(column == bindparam("agency") for column in parties))
    of_case = table.c.case == bindparam("case")
    return {
        (False, False): upto,
        (True, False): upto.where(of_case),
        (False, True): upto.where(of_agency),
        (True, True): upto.where(of_case, of_agency),
    }


_DISCLOSURES = _variants(select(DISCLOSURES), DISCLOSURES, (DISCLOSURES.c.by, DISCLOSURES.c.to))
_OPENINGS = _variants(select(OPENINGS), OPENINGS, (OPENINGS.c.agency,))
_OWN_OPENINGS = (
    select(OPENINGS.c.position, OPENINGS.c.case, OPENINGS.c.message, OPENINGS.c.item)
    .where(
        OPENINGS.c.agency == bindparam("agency"),
        OPENINGS.c.section == bindparam("section"),
        OPENINGS.c.outcome == "OPENED",
        OPENINGS.c.position > bindparam("after"),
    )
    .order_by(OPENINGS.c.position)
    .limit(bindparam("limit"))
)
_NOTIFICATIONS = _variants(select(NOTIFICATIONS), NOTIFICATIONS, ())
_CONSENTS = _variants(select(CONSENTS), CONSENTS, (CONSENTS.c.by, CONSENTS.c.sender, CONSENTS.c.recipient))
_NOTIFIERS = select(NOTIFICATIONS).where(NOTIFICATIONS.c.by.is_not(None))
_NOTIFIERS_WITH_OTHER_PARTS = (
    select(NOTIFICATIONS.c.case, NOTIFICATIONS.c.by)
    .join(DISCLOSURES, DISCLOSURES.c.case == NOTIFICATIONS.c.case)
    .where(or_(DISCLOSURES.c.by == NOTIFICATIONS.c.by, DISCLOSURES.c.to == NOTIFICATIONS.c.by))
    .distinct()
)
Tokens = dict[tuple[str, str], str]


class Queries:
    """Typed reads of the rows. ``database``: an engine's ``reader``; may be shared by threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- agency doors -------------------------------------------------------------------------------------

    def feed(self, agency: UUID, cursor: int = 0, limit: int = 200) -> Page:
        """What changed for this agency after ``cursor``, oldest first.

        Rows that changed at one position stay on one page, so a page can be longer than ``limit``.
        """
        with self._database.connect() as db:
            head = db.execute(_HEAD_POSITION).scalar_one_or_none() or 0
            at = {"agency": str(agency), "cursor": cursor, "head": head}
            last = db.execute(_PAGE_END, {**at, "skip": max(limit, 1) - 1}).scalar_one_or_none()
            up_to = {"agency": str(agency), "cursor": cursor, "last": head if last is None else last}
            rows = tuple(_feed_row(r) for r in db.execute(_FEED, up_to))
            if last is None:
                return Page(rows, rows[-1].seq if rows else cursor, more=False, as_of=head)
            next_change = db.execute(_PAGE_END, {**at, "cursor": last, "skip": 0}).scalar_one_or_none()
            return Page(rows, last, more=next_change is not None, as_of=head)

    def messages(self, agency: UUID, case: UUID) -> list[FeedRow]:
        """What this agency sees of this case; empty where it has no part in it or there is no such case."""
        return [_feed_row(r) for r in self._fetch_all(_MESSAGES_OF_CASE, agency=str(agency), case=str(case))]

    def cases(self, agency: UUID) -> list[CaseSummary]:
        """The cases of which this agency sees a message, latest change first."""
        return [
            CaseSummary(UUID(c), seq, count)
            for c, seq, count in self._fetch_all(_CASES_OF_AGENCY, agency=str(agency))
        ]

    def worklist(self, agency: UUID) -> list[WorklistEntry]:
        """The tasks of this agency, by due time; those without one come last."""
        with self._database.connect() as db:
            return tasks_of(db, agency)

    def task_changes(self, agency: UUID, cursor: int, edition: int) -> TaskChanges:
        """The tasks of this agency in the cases where one of them changed after ``cursor`` (see ``task_queries``)."""
        with self._database.connect() as db:
            return changed_tasks(db, agency, cursor, edition)

    # --- the hub and the auditor --------------------------------------------------------------------------

    def head(self) -> ProjectionHead:
        """The position of the rows."""
        with self._database.connect() as db:
            parked = tuple(
                (projection, position, error)
                for projection, position, error in db.execute(_PARKED_PROJECTIONS)
            )
            return ProjectionHead(db.execute(_HEAD_POSITION).scalar_one_or_none() or 0, parked)

    def all_cases(self) -> list[UUID]:
        """Every case, sorted by id."""
        return [UUID(case) for (case,) in self._fetch_all(_ALL_CASE_IDS)]

    def deadlines(self) -> dict[UUID, datetime]:
        """The next deadline of each case that has one."""
        return {UUID(case): time_of(at) for case, at in self._fetch_all(_DEADLINES)}

    def ledger(
        self, case: UUID | None = None, agency: UUID | None = None, as_of: datetime | None = None
    ) -> list[DisclosureEntry]:
        """The disclosure ledger by position. ``agency``: as sender or recipient; ``as_of``: up to that time."""
        return [_disclosure_entry(r) for r in self._fetch_as_of(_DISCLOSURES, case, agency, as_of)]

    def openings(
        self, case: UUID | None = None, agency: UUID | None = None, as_of: datetime | None = None
    ) -> list[OpeningEntry]:
        """Openings and refused ones, by position; a receipt later than ``as_of`` is left out.

        An agency that notified is shown under its token where it reads its own notification, and everywhere in a case in
        which it has no other part. Basis: CAPA 7.
        """
        upto = END_OF_TIME if as_of is None else text_of(as_of)
        token_by_message, only_notified = self._notifier_tokens(case)
        return [
            _opening_entry_as_of(
                r, upto, token_by_message.get((r.message, r.agency)) or only_notified.get((r.case, r.agency))
            )
            for r in self._fetch_as_of(_OPENINGS, case, agency, as_of)
        ]

    def own_openings(
        self, agency: UUID, section: Section, after: int = 0, limit: int = 500
    ) -> list[OwnOpening]:
        """What this agency itself has opened of one section, by position, from the first one after ``after``."""
        values = {"agency": str(agency), "section": section.value, "after": after, "limit": limit}
        return [
            OwnOpening(position, UUID(case), UUID(message), UUID(item))
            for position, case, message, item in self._fetch_all(_OWN_OPENINGS, **values)
        ]

    def consents(
        self, case: UUID | None = None, agency: UUID | None = None, as_of: datetime | None = None
    ) -> list[ConsentEntry]:
        """Consents given, refused and withdrawn, by position. ``agency``: which recorded it, or sends or receives by it."""
        return [_consent_entry(r) for r in self._fetch_as_of(_CONSENTS, case, agency, as_of)]

    def notifications(
        self, case: UUID | None = None, as_of: datetime | None = None
    ) -> list[NotificationEntry]:
        """Notifications by position; each is shown from the end of its day on."""
        return [
            NotificationEntry(r.position, UUID(r.case), UUID(r.message), r.received_on, r.token)
            for r in self._fetch_as_of(_NOTIFICATIONS, case, None, as_of)
        ]

    def exceptions(self, as_of: datetime, case: UUID | None = None) -> list[ExceptionRow]:
        """What an auditor should look at as of a moment, of one case or all, oldest first."""
        statement = (_EXCEPTIONS if case is None else _EXCEPTIONS_OF).order_by(*EXCEPTION_ORDER)
        values = {"as_of": text_of(as_of)} | ({} if case is None else {"case": str(case)})
        return [_exception_row(r) for r in self._fetch_all(statement, **values)]

    def _notifier_tokens(self, case: UUID | None) -> tuple[Tokens, Tokens]:
        """The tokens of agencies that notified: by (message, agency); and by (case, agency) where they only notified."""
        of = true() if case is None else NOTIFICATIONS.c.case == str(case)
        rows = self._fetch_all(_NOTIFIERS.where(of))
        other_parts = {(r.case, r.by) for r in self._fetch_all(_NOTIFIERS_WITH_OTHER_PARTS.where(of))}
        token_by_message = {(r.message, r.by): r.token or NAMELESS for r in rows}
        return token_by_message, {
            (r.case, r.by): token_by_message[r.message, r.by]
            for r in rows
            if (r.case, r.by) not in other_parts
        }

    def leaves(self, after: int = 0, limit: int = 1000) -> list[Leaf]:
        """The leaves after this position, in order."""
        return [_leaf_row(r) for r in self._fetch_all(_LEAVES, after=after, limit=limit)]

    def record_positions(self, *originators: UUID) -> list[tuple[int, UUID, int]]:
        """(position, originator, version) of each record of the register and of these originators, in order."""
        result = self._fetch_all(_RECORD_POSITIONS, ids=[str(originator_id) for originator_id in originators])
        return [(position, UUID(on), version) for position, on, version in result]

    def leaf_of(self, originator: UUID, version: int) -> Leaf | None:
        """The leaf of this record; None where there is none."""
        result = self._fetch_all(_LEAF_OF, originator=str(originator), version=version)
        return _leaf_row(result[0]) if result else None

    def _fetch_as_of(
        self, variants: Variants, case: UUID | None, agency: UUID | None, as_of: datetime | None
    ) -> Iterator[Any]:
        values = {"as_of": END_OF_TIME if as_of is None else text_of(as_of)}
        values |= {} if case is None else {"case": str(case)}
        values |= {} if agency is None else {"agency": str(agency)}
        yield from self._fetch_all(variants[(case is not None, agency is not None)], **values)

    def _fetch_all(self, statement: Select[Any], **values: Any) -> list[Any]:
        with self._database.connect() as db:
            return list(db.execute(statement, values))


def _feed_row(row: Any) -> FeedRow:
    return FeedRow(row.seq, UUID(row.case), UUID(row.message), row.body)


def _leaf_row(row: Any) -> Leaf:
    return Leaf(row.position, UUID(row.originator), row.version, bytes(row.sha))


def _disclosure_entry(row: Any) -> DisclosureEntry:
    values = row._asdict()
    return DisclosureEntry(
        **values
        | {
            "at": time_of(row.at),
            "case": UUID(row.case),
            "message": UUID(row.message),
            "to": AUDIT if row.to == AUDIT else id_of(row.to),
            "item": id_of(row.item),
            "at_fault": id_of(row.at_fault),
            "flags": tuple(row.flags.split()),
            "consent": tuple(UUID(c) for c in row.consent.split()),
            "fitting": tuple(row.fitting.split()),
        }
    )


def _exception_row(row: Any) -> ExceptionRow:
    at, kind, case, agency, message, item, act, reason = row
    return ExceptionRow(
        kind=kind,
        at=time_of(at),
        case=UUID(case),
        agency=agency,
        act=act or None,
        reason=reason or None,
        message=id_of(message),
        item=id_of(item),
    )


def _opening_entry_as_of(row: Any, upto: str, token: str | None) -> OpeningEntry:
    receipt_known = row.received_at is not None and row.received_at <= upto
    return OpeningEntry(
        **row._asdict()
        | {
            "at": time_of(row.at),
            "case": UUID(row.case),
            "command_id": UUID(row.command_id),
            "message": UUID(row.message),
            "item": UUID(row.item),
            "agency": token or row.agency,
            "received": row.received if receipt_known else None,
            "received_at": time_of(row.received_at) if receipt_known else None,
        }
    )


def _consent_entry(row: Any) -> ConsentEntry:
    return ConsentEntry(
        **row._asdict()
        | {
            "at": time_of(row.at),
            "case": UUID(row.case),
            "consent": id_of(row.consent),
            "sender": id_of(row.sender),
            "recipient": id_of(row.recipient),
            "sections": tuple(row.sections.split()),
        }
    )
