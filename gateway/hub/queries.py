"""Signed questions that leave no record: who must get a key, what is new for us, the ledger.

They are frames like any command (KH-1 §5), never a ``prev``, answered from the rule or from the views.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any, Protocol, TypeGuard
from uuid import UUID

from adapters.mapper import read_event
from domain.agenda import AgendaItem, agenda_item
from domain.calendar import day_of
from domain.codes import Purpose, Role
from domain.common_rules import AUTHORITIES
from domain.errors import Malformed, NotFound, Untrusted
from domain.events import EVENTS, AuditContentAccessRequested, CaseMessage, Kind, dump
from domain.record import AUDIT, About, Command, commission_of
from domain.register import Commission, Register
from domain.tasks import Task, can_see_message
from domain.world import World
from gateway.hub.service import Hub
from keys import canonical
from keys.command import READ_AHEAD, CommandPayload
from keys.frame import COMMAND, Frame, verify
from keys.request import parse_request

FEED_PAGE_SIZE = 500


class ReadModels(Protocol):
    """What the projections can tell (see ``projections.queries``)."""

    def feed(self, agency: UUID, cursor: int, limit: int) -> Mapping[str, Any]: ...

    def worklist(self, agency: UUID) -> list[Mapping[str, Any]]: ...

    def ledger(self, case: UUID | None, as_of: datetime | None) -> Mapping[str, Any]: ...

    def cases(self, agency: UUID) -> list[UUID]: ...

    def openings(self, case: UUID) -> list[Mapping[str, Any]]: ...

    def catch_up(self) -> int: ...


class SignedQueries:
    """Answers signed questions. Raises like the hub does for a command."""

    def __init__(self, hub: Hub, read_models: ReadModels) -> None:
        self._query_hub = hub
        self._read_models = read_models

    def answer(self, data: bytes) -> dict[str, Any]:
        """The answer to one question as JSON data."""
        request = parse_request(data)
        payload, frame = request.payload, request.frame
        if payload.hub != self._query_hub.id:
            raise Untrusted("other-hub")
        if request.parts or payload.items or payload.wrapped_keys:
            raise Malformed("parts-not-allowed")
        self._verify_query_signature(payload, frame)
        self._query_hub.require_valid_not_after(payload, READ_AHEAD)
        self._query_hub.tick()
        match payload.act:
            case "recipients" if isinstance(payload.by, UUID):
                return self._answer_recipients(payload, frame)
            case "duties" if isinstance(payload.by, UUID) and payload.about.kind == Kind.CASE:
                return {"duties": self._query_hub.duties(payload.about.id, payload.by)}
            case "feed" if isinstance(payload.by, UUID):
                return self._answer_feed(payload.by, payload.fields)
            case "agenda" if isinstance(payload.by, UUID):
                return self._answer_agenda(payload.by, payload.fields)
            case "openings" if isinstance(payload.by, UUID):
                return self._answer_openings(payload.by, payload.fields)
            case "programme" if isinstance(payload.by, UUID):
                return self._answer_programme(payload.by, payload.fields)
            case "audits" if isinstance(payload.by, UUID):
                return self._answer_audits(payload.by, payload.fields)
            case "ledger" if payload.by == AUDIT:
                return self._answer_ledger(payload.fields)
            case _:
                raise Malformed("unknown-query")

    def authorise_upload(self, data: bytes, digest: bytes) -> None:
        """A signed word of an agency that it is about to name this item in a command. Raises like ``answer``."""
        request = parse_request(data)
        payload = request.payload
        if payload.hub != self._query_hub.id:
            raise Untrusted("other-hub")
        if payload.act != "upload" or payload.fields != {"digest": digest.hex()} or payload.by == AUDIT:
            raise Malformed(
                "wrong-fields",
                "The query upload has the digest of the sealed item as its only field and is signed by an agency.",
            )
        self._verify_query_signature(payload, request.frame)
        self._query_hub.require_valid_not_after(payload, READ_AHEAD)

    def _verify_query_signature(self, payload: CommandPayload, frame: Frame) -> None:
        if payload.by == AUDIT:
            verify(COMMAND, frame, [self._query_hub.genesis.audit_sig])
            return
        key = self._query_hub.signature_key(payload.by, payload.keyset)
        verify(COMMAND, frame, [key])

    def _answer_recipients(self, payload: CommandPayload, frame: Frame) -> dict[str, Any]:
        fields = payload.fields
        if set(fields) != {"act", "fields", "items"} or payload.about.kind != Kind.CASE:
            raise Malformed(
                "wrong-fields",
                "The query recipients has the fields act, fields and items and is about a case.",
            )
        cls = EVENTS.get(str(fields["act"]))
        if cls is None or not issubclass(cls, CaseMessage):
            raise Malformed("unknown-act")
        if not isinstance(fields["fields"], dict) or not isinstance(fields["items"], list):
            raise Malformed(
                "wrong-fields", "In the query recipients, fields is an object and items is a list."
            )
        if not all(isinstance(item, dict) for item in fields["items"]):
            raise Malformed("wrong-fields", "In the query recipients, each item is an object.")
        items = [{**item, "keyed": []} for item in fields["items"]]
        proposed_event = read_event(
            cls.TOPIC, cls.VERSION, {**fields["fields"], "items": items, "held": [], "placed": None}
        )
        command = Command(
            about=About(Kind.CASE, payload.about.id),
            command_id=payload.command_id,
            by=payload.by,
            actor=payload.actor,
            created_at=payload.created_at,
            occurred_at=payload.occurred_at,
            frame=frame.digest,
            proposed_event=proposed_event,
        )
        found = self._query_hub.recipients_for(command)
        agencies = {a.id: a for _, who in found for a in who}
        return {
            "items": {str(item.item): [str(a.id) for a in who] for item, who in found},
            "keysets": {str(a.id): a.keyset.hex() for a in agencies.values() if a.keyset is not None},
        }

    def _answer_feed(self, agency: UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
        cursor, known = fields.get("cursor"), fields.get("erased", 0)
        if not set(fields) <= {"cursor", "erased"} or not (
            _is_natural_number(cursor) and _is_natural_number(known)
        ):
            raise Malformed(
                "wrong-fields", "The query feed has the field cursor, an integer that is 0 at first."
            )
        self._read_models.catch_up()
        page = self._read_models.feed(agency, cursor, FEED_PAGE_SIZE)
        erased = [
            str(case) for case in islice(self._query_hub.register.unreadable, known, known + FEED_PAGE_SIZE)
        ]
        tasks = [dict(task) for task in self._read_models.worklist(agency)]
        return {**page, "tasks": tasks, "erased": erased}

    def _answer_agenda(self, agency: UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Every open case that this office looks after, for a meeting. Basis: CWA 25-2(2); guideline 6(4)[2]."""
        since, now = self._parse_since(fields), self._query_hub.clock.now()
        lines = (agenda_item(world, agency, since, now) for world in self._worlds_known_to(agency))
        return {"lines": [_agenda_item_json(found) for found in lines if found is not None]}

    def _answer_openings(self, agency: UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Who else opened what of the cases that this core agency answers for, gathered by day. Basis: APPI 66."""
        since, now = self._parse_since(fields), self._query_hub.clock.now()
        rows: Counter[tuple[str, str, str, str]] = Counter()
        for world in self._worlds_known_to(agency):
            if world.case.core != agency:
                continue
            known = {m.id for m in world.case.messages.values() if can_see_message(world, agency, m, now=now)}
            for row in self._read_models.openings(world.case.id):
                was_opened = row["outcome"] == "OPENED" and row["purpose"] != Purpose.REHEARSAL_CHECK.value
                mine = row["agency"] == str(agency) or UUID(row["message"]) not in known
                if was_opened and not mine and row["at"] > dump(since):
                    day = day_of(canonical.parse_time(row["at"])).isoformat()
                    rows[day, str(world.case.id), row["agency"], row["section"]] += 1
        names = ("day", "case", "agency", "section")
        return {
            "openings": [
                {**dict(zip(names, key, strict=True)), "count": n} for key, n in sorted(rows.items())
            ]
        }

    def _answer_programme(self, agency: UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Where each of this agency's commissions stands today: what is missing of whom, and until when what is there
        lasts; and its own rules of secrecy. Basis: guideline 8, 9."""
        if fields:
            raise Malformed("wrong-fields", "The query programme has no fields.")
        register, on = self._query_hub.register, day_of(self._query_hub.clock.now())
        mine = [c for c in register.commissions.values() if agency in (c.commissioner, c.contractor)]
        own = register.agencies.get(agency)
        staff = commission_of(agency, agency)
        if own is not None and Role.CORE in own.roles and staff not in register.commissions:
            mine.append(
                Commission(id=staff, commissioner=agency, contractor=agency)
            )  # nobody is registered yet
        return {
            "commissions": [
                _commission_json(c, on, member=register.is_member(c))
                for c in sorted(mine, key=lambda c: str(c.id))
            ],
            "rules": {
                "edition": None if own is None else own.rules_edition,
                "acknowledged": [] if own is None else sorted(own.acknowledged),
            },
        }

    def _answer_audits(self, agency: UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What the audit office asks to open of cases of which this agency knows, until its day is over.

        ``items``: those of which it knows; ``opens``: all of them, for the authorities that may let it.
        Basis: guideline 8; APPI 66.
        """
        if fields:
            raise Malformed("wrong-fields", "The query audits has no fields.")
        now = self._query_hub.clock.now()
        pending_requests = [
            (id, a) for id, a in self._query_hub.register.audit_requests.items() if day_of(now) <= a.until
        ]
        known = set(self._read_model_cases(agency)) if pending_requests else set()
        found = []
        for id, request in pending_requests:
            if request.case not in known:
                continue
            world = self._query_hub.world_of(request.case)
            line = _audit_request_json(world, agency, id, request, now)
            if line["items"] or line["opens"]:
                found.append(line)
        return {"audits": found}

    def _read_model_cases(self, agency: UUID) -> list[UUID]:
        self._read_models.catch_up()
        return self._read_models.cases(agency)

    def _parse_since(self, fields: Mapping[str, Any]) -> datetime:
        if set(fields) != {"since"}:
            raise Malformed("wrong-fields", "The query has the field since, a time with its zone.")
        return canonical.parse_time(fields["since"])

    def _worlds_known_to(self, agency: UUID) -> Iterator[World]:
        """The cases of which this agency knows."""
        self._read_models.catch_up()
        for case in self._read_models.cases(agency):
            try:
                yield self._query_hub.world_of(case)
            except NotFound:
                continue  # nothing of it can be read any more

    def _answer_ledger(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        if set(fields) != {"case", "as_of", "request"}:
            raise Malformed(
                "wrong-fields", "The query ledger has the fields case and as_of, null for all, and request."
            )
        request = self._query_hub.register.control_requests.get(canonical.parse_uuid(fields["request"]))
        if request is None or (request.case is not None and dump(request.case) != fields["case"]):
            raise NotFound("not-found")
        case = None if fields["case"] is None else canonical.parse_uuid(fields["case"])
        as_of = None if fields["as_of"] is None else canonical.parse_time(fields["as_of"])
        self._read_models.catch_up()
        return {**self._read_models.ledger(case, as_of), "mandate": mandate_json(self._query_hub.register)}


def mandate_json(register: Register) -> dict[str, Any]:
    """The audit office's mandate in force, or the last one, and until when. Source: KH-1 §3."""
    return {"number": register.mandate, "until": dump(register.mandate_until)}


def _commission_json(commission: Commission, on: date, *, member: bool) -> dict[str, Any]:
    return {
        "commission": str(commission.id),
        "commissioner": str(commission.commissioner),
        "contractor": str(commission.contractor),
        "scope": commission.scope.value,
        "begins_on": dump(commission.begins_on),
        "ends_on": dump(commission.ends_on),
        "in_force": commission.own or commission.in_force(on),
        "suspended": commission.suspended,
        "gaps": [] if commission.own else sorted(commission.gaps(on, member=member)),
        "workers": [
            {
                "worker": ref,
                "employment": worker.employment.value,
                "qualification": worker.qualification,
                "gaps": sorted(worker.gaps(on)),
                "trained": {m.value: dump(until) for m, until in sorted(worker.trained.items())},
                "sworn": worker.sworn,
                "sworn_until": dump(worker.sworn_until),
            }
            for ref, worker in sorted(commission.workers.items())
        ],
    }


def _audit_request_json(
    world: World, agency: UUID, id: UUID, request: AuditContentAccessRequested, now: datetime
) -> dict[str, Any]:
    roles = world.register.agencies[agency].roles
    approval_state = world.case.audits.get(id)
    known = [
        (message, item)
        for message, item in world.case.all_items()
        if item.item in request.opens and can_see_message(world, agency, message, now=now)
    ]
    return {
        "request": str(id),
        "case": str(request.case),
        "ground": request.ground.value,
        "until": dump(request.until),
        "opens": sorted(map(str, request.opens)) if roles & AUTHORITIES else [],
        "items": [
            {
                "item": str(item.item),
                "message": str(message.id),
                "section": item.section.value,
                "by": str(message.by),
            }
            for message, item in known
        ],
        "approvals": 0 if approval_state is None else len(approval_state.approvers),
    }


def _agenda_item_json(found: AgendaItem) -> dict[str, Any]:
    return {
        "case": str(found.case),
        "status": found.status.value,
        "last_at": dump(found.last_at),
        "changed": [
            {"message": str(m.id), "act": m.event.TOPIC, "by": str(m.by), "at": dump(m.at)}
            for m in found.changed
        ],
        "late": [_task_json(t) for t in found.late],
        "open": [_task_json(t) for t in found.open],
        "not_consulted": sorted(map(str, found.not_consulted)),
        "silent": sorted(map(str, found.silent)),
        "quiet": found.quiet,
    }


def _task_json(task: Task) -> dict[str, Any]:
    message = None if task.message is None else str(task.message)
    return {
        "kind": task.kind.value,
        "message": message,
        "since": dump(task.since),
        "due_at": dump(task.due_at),
    }


def _is_natural_number(value: object) -> TypeGuard[int]:
    """Whether this is a number from 0 on, and no truth value."""
    return type(value) is int and value >= 0
