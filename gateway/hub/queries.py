"""Signed queries, which leave no record: for whom to wrap, what would be decided, what is new, the agenda, the ledger.

They are frames like any command (KH-1 §5), never with a ``prev``, answered by a rule of the domain or from the read
models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeGuard
from uuid import UUID

from adapters.mapper import parse_proposed_event
from domain.agenda import agenda_item
from domain.audit_overview import audit_request_for, pending_audit_requests
from domain.calendar import day_of
from domain.case_statistics import statistics_entries
from domain.codes import Section
from domain.commission_overview import commissions_of
from domain.errors import Malformed, NotFound
from domain.events import EVENTS, CaseMessage, Event, Kind, dump
from domain.others_openings import CaseOpening, others_openings
from domain.record import AUDIT, About, Command
from domain.refusals import is_refusal
from domain.world import World
from gateway.hub.answered_queries import AnsweredQueries
from gateway.hub.clock import Clock
from gateway.hub.hub import Hub
from gateway.hub.query_json import (
    agenda_item_json,
    audit_request_json,
    commission_json,
    daily_openings_json,
    mandate_json,
    network_json,
    statistics_entry_json,
)
from gateway.installation.dry_run_counts import DryRunCounts
from keys import canonical
from keys.command import READ_AHEAD, CommandPayload
from keys.frame import Frame

FEED_PAGE_SIZE = 500
OWN_OPENINGS_PAGE_SIZE = 500
FEED_WAIT_SECONDS = (
    2.0  # a door waits for what it just sent; where the read models lag more, it is told how much
)

_TASK_POSITION = ("tasks_after", "tasks_edition")
Fields = Mapping[str, Any]


class QueriedReadModels(Protocol):
    """What the read models answer (see ``projections.queries``)."""

    def feed(self, agency: UUID, cursor: int, limit: int) -> Mapping[str, Any]: ...

    def worklist(self, agency: UUID) -> list[Mapping[str, Any]]: ...

    def task_changes(self, agency: UUID, cursor: int, edition: int) -> Mapping[str, Any]: ...

    def ledger(self, case: UUID | None, as_of: datetime | None) -> Mapping[str, Any]: ...

    def cases(self, agency: UUID) -> list[UUID]: ...

    def openings(self, case: UUID) -> list[Mapping[str, Any]]: ...

    def own_openings(
        self, agency: UUID, section: Section, after: int, limit: int
    ) -> list[Mapping[str, Any]]: ...

    def catch_up(self) -> int: ...

    def wait_for(self, position: int, timeout: float) -> bool: ...

    @property
    def position(self) -> int: ...


class SignedQueries:
    """Answers signed queries, each once. Raises like the hub does for a command."""

    def __init__(
        self,
        hub: Hub,
        read_models: QueriedReadModels,
        answered: AnsweredQueries,
        dry_runs: DryRunCounts,
        machine_clock: Clock,
    ) -> None:
        self._hub = hub
        self._answered = answered
        self._dry_runs = dry_runs
        self._machine_clock = machine_clock
        self._read_models = read_models
        self._agency_queries: dict[str, Callable[[UUID, Fields], dict[str, Any]]] = {
            "feed": self._answer_feed,
            "agenda": self._answer_agenda,
            "openings": self._answer_openings,
            "own_openings": self._answer_own_openings,
            "programme": self._answer_programme,
            "audits": self._answer_audits,
            "statistics": self._answer_statistics,
        }

    def answer(self, data: bytes) -> dict[str, Any]:
        """The answer to one query as JSON data."""
        request = self._hub.admission.parse(data)
        payload, frame = request.payload, request.frame
        if request.parts or payload.items or payload.wrapped_keys:
            raise Malformed("parts-not-allowed")
        self._hub.admission.verify_query(payload, frame, READ_AHEAD)
        self._answered.enter(frame.digest, payload.not_after, self._hub.clock.now())
        self._hub.tick()
        if isinstance(payload.by, UUID):
            if payload.act == "recipients":
                return self._answer_recipients(payload, frame)
            if payload.act == "dry_run":
                return self._answer_dry_run(payload, frame, payload.by)
            if payload.act == "duties" and payload.about.kind == Kind.CASE:
                return {"duties": self._hub.duties(payload.about.id, payload.by)}
            if payload.act in self._agency_queries:
                return self._agency_queries[payload.act](payload.by, payload.fields)
        elif payload.by == AUDIT and payload.act == "ledger":
            return self._answer_ledger(payload.fields)
        raise Malformed("unknown-query")

    def authorise_upload(self, data: bytes, digest: bytes) -> UUID:
        """Verify an agency's signed announcement that it will name this item in a command, and return the agency.

        The same announcement may come again: it stores the same bytes under the same digest, and tells nothing. Raises
        like ``answer``.
        """
        request = self._hub.admission.parse(data)
        payload = request.payload
        if (
            payload.act != "upload"
            or payload.fields != {"digest": digest.hex()}
            or not isinstance(payload.by, UUID)
        ):
            raise Malformed(
                "wrong-fields",
                "The query upload has the digest of the sealed item as its only field and is signed by an agency.",
            )
        self._hub.admission.verify_query(payload, request.frame, READ_AHEAD)
        return payload.by

    # --- before a command ----------------------------------------------------------------------------------------

    def _answer_recipients(self, payload: CommandPayload, frame: Frame) -> dict[str, Any]:
        """For whom the door must wrap each item of the command it is about to make, and for which key sets."""
        command = _command_asked_about(payload, frame)
        readers_of_items = self._hub.recipients_for(command)
        agencies = {a.id: a for _, readers in readers_of_items for a in readers}
        return {
            "items": {str(item.item): [str(a.id) for a in readers] for item, readers in readers_of_items},
            "keysets": {str(a.id): a.keyset.hex() for a in agencies.values() if a.keyset is not None},
        }

    def _answer_dry_run(self, payload: CommandPayload, frame: Frame, agency: UUID) -> dict[str, Any]:
        """What the rules would answer this command now (see ``domain.dry_run``); the command is decided anew when it comes."""
        command = _command_asked_about(payload, frame)
        day = day_of(self._hub.clock.now())
        self._dry_runs.enter(agency, day, self._machine_clock.now())
        try:
            event = self._hub.dry_run(command)
        except NotFound:
            self._dry_runs.note_refused(agency, day)
            raise
        refused = is_refusal(event)
        if refused:
            self._dry_runs.note_refused(agency, day)
        return {
            "outcome": "refused" if refused else "accepted",
            "reason": getattr(event, "reason", None) if refused else None,
            "at_fault": dump(getattr(event, "at_fault", None)) if refused else None,
            "fitting": dump(getattr(event, "fitting", frozenset())) if refused else [],
        }

    # --- what an agency may know -----------------------------------------------------------------------------------

    def _answer_feed(self, agency: UUID, fields: Fields) -> dict[str, Any]:
        """What is new for this agency. A door that says which tasks it has gets those of the cases in which one changed;
        any other gets all of them."""
        cursor, known = fields.get("cursor"), fields.get("erased", 0)
        of_tasks = [fields[name] for name in _TASK_POSITION if name in fields]
        if (
            not set(fields) <= {"cursor", "erased", *_TASK_POSITION}
            or len(of_tasks) == 1
            or not (_is_natural_number(cursor) and _is_natural_number(known))
            or not all(map(_is_natural_number, of_tasks))
        ):
            raise Malformed(
                "wrong-fields",
                "The query feed has the field cursor, and may have erased, and tasks_after with tasks_edition: integers that"
                " are 0 at first.",
            )
        self._wait_for_records_of(agency)
        page = self._read_models.feed(agency, cursor, FEED_PAGE_SIZE)
        erased = [str(case) for case in islice(self._hub.register.unreadable, known, known + FEED_PAGE_SIZE)]
        behind = self._hub.concerns.behind(agency, page["as_of"])
        tasks = (
            {"task_changes": self._read_models.task_changes(agency, *of_tasks)}
            if of_tasks
            else {"tasks": self._read_models.worklist(agency)}
        )
        return {**page, **tasks, "erased": erased, "behind": behind}

    def _answer_agenda(self, agency: UUID, fields: Fields) -> dict[str, Any]:
        """Every open case that this office looks after, for a meeting (see ``domain.agenda``)."""
        since, now = _parse_since(fields), self._hub.clock.now()
        position = self._position_of(agency)
        items = (agenda_item(world, agency, since, now) for world in self._worlds_known_to(agency))
        return {"lines": [agenda_item_json(item) for item in items if item is not None], **position}

    def _answer_openings(self, agency: UUID, fields: Fields) -> dict[str, Any]:
        """What others opened of the cases of this core agency, by day (see ``domain.others_openings``)."""
        since, now = _parse_since(fields), self._hub.clock.now()
        position = self._position_of(agency)
        openings = [
            one
            for world in self._worlds_known_to(agency)
            if world.case.core == agency
            for one in others_openings(world, agency, self._openings_of(world.case.id), since=since, now=now)
        ]
        rows = [daily_openings_json(one) for one in openings]
        return {
            "openings": sorted(
                rows, key=lambda row: (row["day"], row["case"], row["agency"], row["section"])
            ),
            **position,
        }

    def _answer_own_openings(self, agency: UUID, fields: Fields) -> dict[str, Any]:
        """What this agency has opened of the section BASIC, by position: what its door may open again for its index."""
        after = fields.get("after")
        if set(fields) != {"after"} or not _is_natural_number(after):
            raise Malformed(
                "wrong-fields", "The query own_openings has the field after, an integer that is 0 at first."
            )
        position = self._position_of(agency)
        rows = self._read_models.own_openings(agency, Section.BASIC, after, OWN_OPENINGS_PAGE_SIZE)
        return {
            "openings": [{key: row[key] for key in ("case", "message", "item")} for row in rows],
            "after": rows[-1]["position"] if rows else after,
            "more": len(rows) == OWN_OPENINGS_PAGE_SIZE,
            **position,
        }

    def _answer_statistics(self, agency: UUID, fields: Fields) -> dict[str, Any]:
        """What this agency can count of its cases (see ``domain.case_statistics``): codes and days of control, no content."""
        if set(fields) != {"since", "until"}:
            raise Malformed(
                "wrong-fields", "The query statistics has the fields since and until, times with their zone."
            )
        since, until = (day_of(canonical.parse_time(fields[name])) for name in ("since", "until"))
        now = self._hub.clock.now()
        position = self._position_of(agency)
        entries = [
            statistics_entry_json(entry)
            for world in self._worlds_known_to(agency)
            for entry in statistics_entries(world, agency, since=since, until=until, now=now)
        ]
        return {"entries": entries, **position}

    def _openings_of(self, case: UUID) -> Iterator[CaseOpening]:
        """The readings of a case by agencies: what the audit office tried or read is no agency's reading."""
        for row in self._read_models.openings(case):
            if row["agency"] == AUDIT:
                continue
            yield CaseOpening(
                at=canonical.parse_time(row["at"]),
                agency=UUID(row["agency"]),
                message=UUID(row["message"]),
                section=row["section"],
                purpose=row["purpose"],
                refused=row["outcome"] != "OPENED",
            )

    def _answer_programme(self, agency: UUID, fields: Fields) -> dict[str, Any]:
        """This agency's commissions today (see ``domain.commission_overview``), its own rules of secrecy, and the networks
        to which it belongs, whose members are public (CWA 25-2(3))."""
        if fields:
            raise Malformed("wrong-fields", "The query programme has no fields.")
        register, now = self._hub.register, self._hub.clock.now()
        own = register.agencies.get(agency)
        return {
            "commissions": [commission_json(status) for status in commissions_of(register, agency, now)],
            "networks": [network_json(network) for network in register.networks_of(agency)],
            "rules": {
                "edition": None if own is None else own.rules_edition,
                "acknowledged": [] if own is None else sorted(own.acknowledged),
            },
        }

    def _answer_audits(self, agency: UUID, fields: Fields) -> dict[str, Any]:
        """The audit office's requests to open content of cases that this agency knows (``domain.audit_overview``)."""
        if fields:
            raise Malformed("wrong-fields", "The query audits has no fields.")
        now = self._hub.clock.now()
        pending = pending_audit_requests(self._hub.register, now)
        position = self._position_of(agency) if pending else {}
        known = set(self._cases_known_to(agency)) if pending else set()
        rows = [
            audit_request_for(self._hub.world_of(requested.case), agency, id, requested, now)
            for id, requested in pending.items()
            if requested.case in known
        ]
        return {"audits": [audit_request_json(one) for one in rows if one is not None], **position}

    def _wait_for_records_of(self, agency: UUID) -> None:
        """Wait, not for long, until what concerns this agency is in the read models; other agencies' records delay nothing."""
        self._read_models.wait_for(self._hub.concerns.last(agency), FEED_WAIT_SECONDS)

    def _position_of(self, agency: UUID) -> dict[str, int]:
        """As of which record the read models answer now, and how many that concern this agency come after it."""
        self._wait_for_records_of(agency)
        as_of = self._read_models.position
        return {"as_of": as_of, "behind": self._hub.concerns.behind(agency, as_of)}

    def _cases_known_to(self, agency: UUID) -> list[UUID]:
        return self._read_models.cases(agency)

    def _worlds_known_to(self, agency: UUID) -> Iterator[World]:
        """The cases that this agency knows, without those that nobody can read any more."""
        for case in self._cases_known_to(agency):
            try:
                yield self._hub.world_of(case)
            except NotFound:
                continue

    # --- the audit office ------------------------------------------------------------------------------------------

    def _answer_ledger(self, fields: Fields) -> dict[str, Any]:
        if set(fields) != {"case", "as_of", "request"}:
            raise Malformed(
                "wrong-fields", "The query ledger has the fields case and as_of, null for all, and request."
            )
        request = self._hub.register.control_requests.get(canonical.parse_uuid(fields["request"]))
        if request is None or (request.case is not None and dump(request.case) != fields["case"]):
            raise NotFound("not-found")
        case = None if fields["case"] is None else canonical.parse_uuid(fields["case"])
        as_of = None if fields["as_of"] is None else canonical.parse_time(fields["as_of"])
        position = self._read_models.catch_up()  # an account to auditors lacks nothing: rather no answer
        ledger = self._read_models.ledger(case, as_of)
        return {**ledger, "mandate": mandate_json(self._hub.register), "position": position}


def _command_asked_about(payload: CommandPayload, frame: Frame) -> Command:
    """The command that this query is about, as if its sender had made it now."""
    return Command(
        about=About(Kind.CASE, payload.about.id),
        command_id=payload.command_id,
        by=payload.by,
        actor=payload.actor,
        created_at=payload.created_at,
        occurred_at=payload.occurred_at,
        frame=frame.digest,
        proposed_event=parse_asked_event(payload),
    )


def parse_asked_event(payload: CommandPayload) -> Event:
    """The message that a door asks about: act, fields and items as in the command, without its keys."""
    fields = payload.fields
    if set(fields) != {"act", "fields", "items"} or payload.about.kind != Kind.CASE:
        raise Malformed(
            "wrong-fields",
            f"The query {payload.act} has the fields act, fields and items and is about a case.",
        )
    cls = EVENTS.get(str(fields["act"]))
    if cls is None or not issubclass(cls, CaseMessage):
        raise Malformed("unknown-act")
    if not isinstance(fields["fields"], dict) or not isinstance(fields["items"], list):
        raise Malformed(
            "wrong-fields", f"In the query {payload.act}, fields is an object and items is a list."
        )
    if not all(isinstance(item, dict) for item in fields["items"]):
        raise Malformed("wrong-fields", f"In the query {payload.act}, each item is an object.")
    items = [{**item, "keyed": []} for item in fields["items"]]
    return parse_proposed_event(cls, {**fields["fields"], "items": items, "held": [], "placed": None})


def _parse_since(fields: Fields) -> datetime:
    if set(fields) != {"since"}:
        raise Malformed("wrong-fields", "The query has the field since, a time with its zone.")
    return canonical.parse_time(fields["since"])


def _is_natural_number(value: object) -> TypeGuard[int]:
    """Whether this is an integer from 0 on, and no truth value."""
    return type(value) is int and value >= 0
