"""The engine's own tables: its position, the records to restore its state from, and the cases a record can affect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    Connection,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import Index as By

from domain import editions
from domain import events as e
from domain.case import Case
from domain.readiness import CLOSED
from domain.register import Register, Rules
from projections.rows import METADATA, AppendOnlyRows
from projections.stream_record import StreamRecord

SCHEMA_EDITION = 10
"""Increment it with every change of the tables or of what rows mean: rows of another edition are refused and must be
rebuilt (``kakehashi projections rebuild``)."""


def rows_edition() -> int:
    """The edition of the rows: of the tables, and of the rules by which they are written."""
    return SCHEMA_EDITION * 1000 + editions.CURRENT_EDITION


HEAD = Table(
    "head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("edition", Integer, nullable=False),
)
ORIGINATORS = Table(  # one row for each record of the register, to load them in the order of the stream
    "originators",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("version", Integer, nullable=False),
)
CASES = Table(
    "cases",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("network", String(36)),
    Column("core", String(36)),
    Column("status", String(24), nullable=False),
    Column("version", Integer, nullable=False),
)
BY_NETWORK = By("cases_by_network", CASES.c.network)
BY_CORE = By("cases_by_core", CASES.c.core)
PARTIES = Table(
    "case_parties",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("agency", String(36), primary_key=True),
)
BY_AGENCY = By("case_parties_by_agency", PARTIES.c.agency)
PARKED = Table(  # projections that failed on a record and are not updated any more: an alarm
    "parked",
    METADATA,
    Column("projection", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("error", String(128), nullable=False),
)
TABLES = (HEAD, ORIGINATORS, CASES, PARTIES, PARKED)

_UPDATE_CASE = (
    update(CASES)
    .where(CASES.c.case == bindparam("k_case"))
    .values({name: bindparam(f"v_{name}") for name in ("network", "core", "status", "version")})
)
_INSERT_CASE = insert(CASES)
_INSERT_PARTY = insert(PARTIES)
_SELECT_VERSION = select(CASES.c.version).where(CASES.c.case == bindparam("k_case"))
_ORIGINATORS = select(ORIGINATORS.c.id, ORIGINATORS.c.kind, ORIGINATORS.c.version).order_by(
    ORIGINATORS.c.position
)

_WITH_PARTY = select(CASES.c.case).join(PARTIES, PARTIES.c.case == CASES.c.case)
_SELECT_CASE = select(CASES.c.case).where(CASES.c.case == bindparam("case"))
_SELECT_ALL_CASES = select(CASES.c.case).order_by(CASES.c.case)
_OF_PARTY = _WITH_PARTY.where(PARTIES.c.agency == bindparam("agency")).order_by(CASES.c.case)
_OF_CONTRACTOR = (  # a contractor sees nothing of a closed case, whatever its commission (V8)
    _WITH_PARTY.where(
        PARTIES.c.agency == bindparam("agency"),
        CASES.c.status.not_in(sorted(status.value for status in CLOSED)),
    ).order_by(CASES.c.case)
)
_OFFICES: BindParameter[Any] = bindparam("offices", expanding=True)
_IN_NETWORK_OR_OFFICE = or_(  # a case that was transferred still concerns the offices that had it
    CASES.c.network == bindparam("network"),
    CASES.c.core.in_(_OFFICES),
    CASES.c.case.in_(select(PARTIES.c.case).where(PARTIES.c.agency.in_(_OFFICES))),
)
_OF_NETWORK = select(CASES.c.case).where(_IN_NETWORK_OR_OFFICE).order_by(CASES.c.case)
_OF_MEMBER = _WITH_PARTY.where(PARTIES.c.agency == bindparam("agency"), _IN_NETWORK_OR_OFFICE).order_by(
    CASES.c.case
)


class Index:
    """Cases and their parties, and the records of the register. Written in the transaction of the rows."""

    def __init__(self) -> None:
        self._originators = AppendOnlyRows(ORIGINATORS)
        self._new_cases: dict[UUID, Case] = {}
        self._changed_cases: dict[UUID, Case] = {}
        self._parties: set[tuple[str, str]] = set()

    def case_changed(self, before: Case, after: Case) -> None:
        """Note a changed case."""
        target = (
            self._new_cases if before.version == 0 or after.id in self._new_cases else self._changed_cases
        )
        target[after.id] = after
        self._parties |= {(str(after.id), str(agency)) for agency in after.parties - before.parties}

    def register_changed(self, stream_record: StreamRecord) -> None:
        """Note a record of the register."""
        record = stream_record.known
        self._originators.add(
            {
                "position": stream_record.position,
                "id": str(record.originator.id),
                "kind": record.originator.kind.value,
                "version": record.version,
            }
        )

    def flush(self, db: Connection) -> None:
        """Write what was noted since the last flush."""
        self._originators.flush(db)
        if self._new_cases:
            db.execute(_INSERT_CASE, [_row(case, "", "") for case in self._new_cases.values()])
        if self._changed_cases:
            db.execute(_UPDATE_CASE, [_row(case, "k_", "v_") for case in self._changed_cases.values()])
        if self._parties:
            db.execute(_INSERT_PARTY, [{"case": c, "agency": a} for c, a in sorted(self._parties)])
        self.rollback()

    def rollback(self) -> None:
        """Discard what was noted and not written."""
        self._originators.rollback()
        self._new_cases.clear()
        self._changed_cases.clear()
        self._parties.clear()

    def erase(self, db: Connection, case: UUID) -> None:
        """Delete a case whose control was destroyed."""
        self.flush(db)
        for table in (CASES, PARTIES):
            db.execute(delete(table).where(table.c.case == str(case)))

    def version_of(self, db: Connection, case: UUID) -> int:
        """The version of this case in the database; 0 where there is none."""
        return db.execute(_SELECT_VERSION, {"k_case": str(case)}).scalar_one_or_none() or 0

    def register_records(self, db: Connection) -> Iterator[tuple[UUID, e.Kind, int]]:
        """(originator, kind, version) of each record of the register, in the order of the stream."""
        for id, kind, version in db.execute(_ORIGINATORS):
            yield UUID(id), e.Kind(kind), version

    def affected(
        self, db: Connection, stream_record: StreamRecord, before: Register, after: Register
    ) -> list[UUID]:
        """The cases whose rows this record of the register can change."""
        query = _affected_cases_query(stream_record, before, after)
        if query is None:
            return []
        self.flush(db)  # cases of this transaction count, too
        statement, values = query
        return [UUID(case) for case in db.execute(statement, values).scalars()]


def _row(case: Case, key: str, value: str) -> dict[str, Any]:
    return {
        f"{key}case": str(case.id),
        f"{value}network": None if case.network is None else str(case.network),
        f"{value}core": None if case.core is None else str(case.core),
        f"{value}status": case.status.value,
        f"{value}version": case.version,
    }


def affects_cases(stream_record: StreamRecord, before: Register, after: Register) -> bool:
    """Whether this record of the register can change the rows of any case."""
    return _affected_cases_query(stream_record, before, after) is not None


Query = tuple[Select[Any], dict[str, Any]]


def _affected_cases_query(stream_record: StreamRecord, before: Register, after: Register) -> Query | None:
    """The query for the cases to refresh; None where the record can't change a row."""
    id = stream_record.known.originator.id
    match stream_record.known.originator.kind:
        case e.Kind.COMMISSION:
            commission, event = after.commissions[id], stream_record.known.event
            if isinstance(event, e.WorkerAssignmentRecorded):
                return _SELECT_CASE, {"case": str(event.case)}  # the case owes the roll no entry any more
            if commission.own and not isinstance(event, e.SupportWorkerLeft):
                return None  # the core agency's own visitors do not change what anybody sees
            return _OF_CONTRACTOR, {"agency": str(commission.contractor)}
        case e.Kind.NETWORK:
            return _cases_near_network(stream_record, before, after)
        case e.Kind.LOG if isinstance(stream_record.known.event, e.KeyDestroyed):
            return _SELECT_CASE, {"case": str(stream_record.known.event.scope)}
        case e.Kind.AGENCY if before.is_contractor(id) is not after.is_contractor(id):
            return _OF_PARTY, {"agency": str(id)}
        case e.Kind.RULE_BOOK if _relevant_rules(before.rules.get(id)) != _relevant_rules(
            after.rules.get(id)
        ):
            return _SELECT_ALL_CASES, {}
        case _:
            return None


def _cases_near_network(stream_record: StreamRecord, before: Register, after: Register) -> Query | None:
    """Cases placed in this network, and those of its core and coordinating agencies, past and present."""
    id, event = stream_record.known.originator.id, stream_record.known.event
    if isinstance(event, (e.NetworkMembershipPublished, e.MembershipUnpublishedAlarmRaised)):
        return None  # an announcement does not change what anybody sees
    known = [register.networks[id] for register in (before, after) if id in register.networks]
    offices = {str(a) for network in known for a in (network.core, network.coordinating) if a is not None}
    parameters = {"network": str(id), "offices": sorted(offices)}
    if isinstance(event, (e.NetworkMemberAdmitted, e.NetworkMemberWithdrawn)):
        return _OF_MEMBER, {**parameters, "agency": str(event.member)}
    return _OF_NETWORK, parameters


def _relevant_rules(rules: Rules | None) -> Any:
    """The parts of a rule book on which rows depend."""
    return None if rules is None else (rules.rule_book.get("standing"), rules.rule_book.get("policy"))
