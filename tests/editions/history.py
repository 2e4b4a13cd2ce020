"""Stored histories of an edition: commands with the answers that its rules gave, replayed by the domain alone.

A history is a list of rows, JSON objects in the canonical form of ``keys/canonical.py``:

* ``given``: the body of a record that was there before, folded as it is;
* ``command``: who asked for what, about what and when; with the ``answer`` where it is another event than the one
  proposed, with ``rests_on`` and ``rules``, and ``unknown: true`` where the case was «not there» for the sender.
  What the clock had to bring before it stands before it;
* ``asked``: the same, decided and not recorded; with the ``error`` where there was no answer, and ``clock``: what the
  clock would have brought by then;
* ``due``: an act of the hub's clock, recorded;
* ``look``: which ``items`` a reader could open at a moment. Items are numbered as they came;
* ``opens``: on a recorded row, who could open which items after it, where that changed.

Ids of commands are in the rows, frames are not: a frame's digest is made of its command's id.
"""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.mapper import body_of, parse_party, read_event, record_of
from domain import events as e
from domain.decide import decide
from domain.due import DueEvent, next_due, next_due_of_case
from domain.editions import under_edition
from domain.errors import ExchangeError
from domain.events import EVENTS, Kind, dump
from domain.originator import Originator
from domain.record import AUDIT, HUB, About, Command, Party, Record, access_of, hub_command_id
from domain.register import Register
from domain.visibility import openable
from domain.world import World, empty_world, may_address_case, other_case_named_in, rests_on
from keys import canonical

Row = dict[str, Any]
ROOT = Path(__file__).parents[1] / "vectors" / "editions"


def folder_of(edition: int) -> Path:
    """Where the histories of this edition lie."""
    return ROOT / str(edition)


def read_histories(path: Path) -> Iterator[tuple[str, list[Row]]]:
    """Each history of a file, with its name."""
    name, rows = "", list[Row]()
    for line in lzma.decompress(path.read_bytes()).splitlines():
        row = canonical.parse(line)
        if "history" in row:
            if rows:
                yield name, rows
            name, rows = row["history"], []
        else:
            rows.append(row)
    yield name, rows


def write_histories(path: Path, histories: Iterable[tuple[str, Sequence[Row]]]) -> None:
    """One file of histories, compressed."""
    lines = [canonical.encode(row) for name, rows in histories for row in ({"history": name}, *rows)]
    path.write_bytes(lzma.compress(b"\n".join(lines), preset=9 | lzma.PRESET_EXTREME))


# --- rows -------------------------------------------------------------------------------------------------


def frame_of(command_id: UUID) -> bytes:
    return hashlib.sha256(command_id.bytes).digest()


def event_json(event: e.Event) -> Row:
    return {"topic": event.TOPIC, "v": type(event).VERSION, "fields": dump(event)}


def event_of(value: Row) -> e.Event:
    return read_event(value["topic"], value["v"], value["fields"])


def about_json(about: About) -> list[str]:
    return [about.kind.value, str(about.id)]


def about_of(value: Sequence[str]) -> About:
    return About(Kind(value[0]), UUID(value[1]))


def command_row(command: Command, now: datetime) -> Row:
    """A command without its answer yet."""
    return {
        "command": event_json(command.proposed_event),
        "about": about_json(command.about),
        "by": str(command.by),
        "actor": command.actor,
        "id": str(command.command_id),
        "at": dump(now),
    }


def command_of(row: Row) -> Command:
    at, command_id = canonical.parse_time(row["at"]), UUID(row["id"])
    return Command(
        about=about_of(row["about"]),
        command_id=command_id,
        by=parse_party(row["by"]),
        actor=row["actor"],
        created_at=at,
        occurred_at=None,
        frame=frame_of(command_id),
        proposed_event=event_of(row["command"] if "command" in row else row["asked"]),
    )


def given_row(record: Record) -> Row:
    return {"given": canonical.parse(body_of(record)), "actor": record.actor}


# --- playing ----------------------------------------------------------------------------------------------


class Player:
    """One hub's record under the rules of one edition, played without a hub."""

    def __init__(self, edition: int) -> None:
        self.edition = edition
        self.register = Register()
        self._worlds: dict[UUID, World] = {}
        self._item_numbers: dict[UUID, int] = {}
        self._opens: dict[str, list[int]] = {}

    def copy(self) -> Player:
        """The same state, which goes on by itself."""
        other = copy(self)
        other._worlds, other._item_numbers = dict(self._worlds), dict(self._item_numbers)
        return other

    def world(self, about: About) -> World:
        known = self._worlds.get(about.id) or empty_world(self.register, about.id)
        return replace(known, register=self.register, edition=self.edition)

    def _world_of(self, command: Command) -> World:
        """What a decision looks at: with the other case that the command names, where it is there."""
        other = other_case_named_in(command.proposed_event)
        known = None if other is None else self._worlds.get(other)
        return replace(self.world(command.about), other=None if known is None else known.case)

    def give(self, row: Row) -> None:
        """Fold a record that was there before."""
        body = row["given"]
        about = About(Kind(body["about"]["kind"]), UUID(body["about"]["id"]))
        on_access = EVENTS[body["topic"]].ON is Kind.CASE_ACCESS
        originator = access_of(about.id) if on_access else about.id
        version = self._originator(about, on_access=on_access).version + 1
        self.fold(record_of(canonical.encode(body), originator, version, row["actor"]))

    def answer(self, command: Command, now: datetime) -> tuple[Record, bool]:
        """The record that answers this command (not folded yet), and whether its sender may know of the case."""
        world = self._world_of(command)
        known = command.about.kind is not Kind.CASE or may_address_case(world, command)
        on_access = isinstance(command.proposed_event, e.AccessEvent)
        originator = self._originator(command.about, on_access=on_access)
        at = now if originator.last_at is None else max(now, originator.last_at)
        [event] = decide(world, command, now=at)
        record = Record(
            originator=About(Kind.CASE_ACCESS if on_access else command.about.kind, originator.id),
            version=originator.version + 1,
            at=at,
            about=command.about,
            by=command.by,
            actor=command.actor,
            command_id=command.command_id,
            frame=command.frame,
            rests_on=rests_on(world, command),
            rules=world.rules.version,
            edition=self.edition,
            event=event,
        )
        return record, known

    def due(self, now: datetime) -> DueEvent | None:
        """What the clock brings next by now."""
        with under_edition(self.edition):
            dues = [next_due(self.register, now)]
        dues += [next_due_of_case(self.world(About(Kind.CASE, case))) for case in self._worlds]
        by_now = [due for due in dues if due is not None and due.at <= now]
        return min(by_now, key=lambda due: (due.at, due.about), default=None)

    def record_due(self, due: DueEvent) -> Record:
        """Record what the clock has brought."""
        originator = self._originator(due.about)
        version = originator.version + 1
        record = Record(
            originator=due.about,
            version=version,
            at=due.at if originator.last_at is None else max(due.at, originator.last_at),
            about=due.about,
            by=HUB,
            actor="",
            command_id=hub_command_id(due.about.id, version),
            frame=None,
            rests_on=(),
            rules=self.world(due.about).rules.version,
            edition=self.edition,
            event=due.event,
        )
        self.fold(record)
        return record

    def record_share_sent(self, due: DueEvent, event: e.JoinedCaseChanged) -> Record:
        """Record in the case that a share is of what the joined case was informed of, as the hub does at once."""
        informed = e.JoinedCaseInformed(other=due.about.id, shares=event.shares)
        return self.record_due(replace(due, about=About(Kind.CASE, event.source), event=informed))

    def changed_openings(self, record: Record) -> dict[str, list[int]]:
        """Who can open what now, of those for whom it is another answer than before this record."""
        if isinstance(record.event, e.AccessEvent | e.OpeningRefused | e.CommandRefused):
            return {}
        now = self._openings(record.at)
        changed = {agency: items for agency, items in now.items() if items != self._opens.get(agency, [])}
        self._opens = now
        return changed

    def _openings(self, at: datetime) -> dict[str, list[int]]:
        readers: set[Party] = {AUDIT, *self.register.agencies}
        return {str(reader): self.items_open_to(reader, at) for reader in readers}

    def items_open_to(self, reader: Party, at: datetime) -> list[int]:
        """The numbers of the items that this reader could open then."""
        with under_edition(self.edition):
            return sorted(
                self._item_numbers[item.item]
                for world in self._worlds.values()
                for _, item in openable(self.register, world.case, reader, now=at, rule_book=world.rule_book)
            )

    def fold(self, record: Record) -> None:
        """This is so from now on."""
        if record.originator.kind not in (Kind.CASE, Kind.CASE_ACCESS):
            self.register = self.register.with_record(record)
            self._worlds = {id: replace(w, register=self.register) for id, w in self._worlds.items()}
            return
        self._worlds[record.about.id] = self.world(record.about).after(record)
        if isinstance(record.event, e.CaseMessage):
            for item in record.event.items:
                self._item_numbers.setdefault(item.item, len(self._item_numbers))

    def _originator(self, about: About, *, on_access: bool = False) -> Originator:
        if about.kind is Kind.CASE:
            world = self.world(about)
            return world.access if on_access else world.case
        return self.register.find(about.kind, about.id) or Originator(id=about.id)


def record_history(edition: int, inputs: Iterable[Row]) -> list[Row]:
    """The history that these given records and commands come to under an edition. Commands that have no answer
    but an error are left out."""
    player, rows = Player(edition), list[Row]()

    def add(row: Row, record: Record) -> None:
        opens = player.changed_openings(record)
        rows.append({**row, "opens": opens} if opens else row)

    for row in inputs:
        if "given" in row:
            player.give(row)
            rows.append(row)
            continue
        command = command_of(row)
        now = canonical.parse_time(row["at"])
        while (due := player.due(now)) is not None:
            record = player.record_due(due)
            add({"due": event_json(due.event), "about": about_json(due.about), "at": dump(record.at)}, record)
            if isinstance(due.event, e.JoinedCaseChanged):
                rows.append(given_row(player.record_share_sent(due, due.event)))
        try:
            record, known = player.answer(command, now)
        except ExchangeError:
            continue
        player.fold(record)
        add({**row, **answer_json(command, record, known)}, record)
    return rows


def asked_row(player: Player, row: Row) -> Row:
    """A command with what is decided on it now, and what the clock would bring; nothing is recorded."""
    command, now = command_of(row), canonical.parse_time(row["at"])
    due = player.due(now)
    clock = {} if due is None else {"clock": event_json(due.event)}
    asked = {key: row[key] for key in ("about", "by", "actor", "id", "at")}
    asked["asked"] = event_json(command.proposed_event)
    try:
        record, known = player.answer(command, now)
    except ExchangeError as error:
        return {**asked, **clock, "error": error.error_code}
    return {**asked, **clock, **answer_json(command, record, known)}


def answer_json(command: Command, record: Record, known: bool) -> Row:
    """What a stored row says of the answer."""
    dependencies = [[kind.value, str(id), version] for kind, id, version in record.rests_on]
    answered = {} if record.event == command.proposed_event else {"answer": event_json(record.event)}
    time = {} if dump(record.at) == dump(command.created_at) else {"recorded_at": dump(record.at)}
    unknown = {} if known else {"unknown": True}
    return {"rests_on": dependencies, "rules": record.rules, **answered, **time, **unknown}


# --- replaying --------------------------------------------------------------------------------------------


def differences(edition: int, histories: Iterable[tuple[str, Sequence[Row]]]) -> Iterator[str]:
    """Where the rules of this edition give another answer than they gave when the histories were stored: the history,
    the row, and what differs. Of each history the first row that differs: all later ones rest on it.

    What a history has in common with the one before it is not played again.
    """
    played: list[tuple[Row, Player]] = []  # rows of the history before, and what was so after each
    for name, rows in histories:
        played = played[: _common_rows(played, rows)]
        player = played[-1][1].copy() if played else Player(edition)
        for number, row in enumerate(rows[len(played) :], len(played) + 1):
            try:
                row_differences = list(_row_differences(player, row))
            except ExchangeError as error:
                row_differences = [f"it has no answer now: {error.error_code}"]
            yield from (
                f"{name}: row {number} ({_name_of(row)}, {row['at']}): {text}" for text in row_differences
            )
            if row_differences:
                break
            played.append((row, player.copy()))


def _common_rows(played: Sequence[tuple[Row, Player]], rows: Sequence[Row]) -> int:
    pairs = zip(played, rows, strict=False)
    return next(
        (n for n, ((before, _), row) in enumerate(pairs) if before != row), min(len(played), len(rows))
    )


def _name_of(row: Row) -> str:
    for kind in ("command", "asked", "due"):
        if kind in row:
            return f"{kind} {row[kind]['topic']}"
    return f"look of {row['look']}"


def _row_differences(player: Player, row: Row) -> Iterator[str]:
    if "given" in row:
        player.give(row)
        return
    at = canonical.parse_time(row["at"])
    if "look" in row:
        items = player.items_open_to(parse_party(row["look"]), at)
        if items != row["items"]:
            yield f"could open items {row['items']}, can open {items}"
    elif "asked" in row:
        yield from _asked_differences(player, row)
    elif "due" in row:
        yield from _due_differences(player, row)
    elif (due := player.due(at)) is not None:
        yield f"the clock brings {due.event.TOPIC} before it now"
    else:
        record, known = player.answer(command_of(row), at)
        yield from _answer_differences(row, row["command"], record, known)
        player.fold(record)
        yield from _opening_differences(player, row, record)


def _due_differences(player: Player, row: Row) -> Iterator[str]:
    due = player.due(canonical.parse_time(row["at"]))
    if due is None:
        yield "the clock brings nothing now"
        return
    record = player.record_due(due)
    yield from _event_differences(event_of(row["due"]), record.event)
    if (about_json(record.about), dump(record.at)) != (row["about"], row["at"]):
        yield f"brought at {dump(record.at)} about {record.about} now"
    yield from _body_difference(row["due"], record)
    yield from _opening_differences(player, row, record)


def _asked_differences(player: Player, row: Row) -> Iterator[str]:
    now = asked_row(player, row)
    if "error" in now or "error" in row:
        if now.get("error") != row.get("error"):
            yield f"was {row.get('error', 'answered')}, is {now.get('error', 'answered')}"
    else:
        record, known = player.answer(command_of(row), canonical.parse_time(row["at"]))
        yield from _answer_differences(row, row["asked"], record, known)
    was, is_now = row.get("clock"), now.get("clock")
    if (was is None) != (is_now is None):
        yield f"clock: was {was and was['topic']}, is {is_now and is_now['topic']}"
    elif was is not None and is_now is not None:
        yield from (f"clock: {d}" for d in _event_differences(event_of(was), event_of(is_now)))


def _answer_differences(row: Row, proposed: Row, record: Record, known: bool) -> Iterator[str]:
    stored = row.get("answer", proposed)
    yield from _event_differences(event_of(stored), record.event)
    now = answer_json(command_of(row), record, known)
    for key in ("rests_on", "rules", "recorded_at", "unknown"):
        if now.get(key) != row.get(key):
            yield f"{key}: was {row.get(key)}, is {now.get(key)}"
    yield from _body_difference(stored, record)


def _opening_differences(player: Player, row: Row, record: Record) -> Iterator[str]:
    opens = player.changed_openings(record)
    for agency in sorted(opens.keys() | row.get("opens", {}).keys()):
        was, is_now = row.get("opens", {}).get(agency, "as before"), opens.get(agency, "as before")
        if was != is_now:
            yield f"{agency} could open items {was}, can open {is_now}"


def _event_differences(expected: e.Event, actual: e.Event) -> Iterator[str]:
    if type(expected) is not type(actual):
        reason = getattr(actual, "reason", None)
        yield f"was {expected.TOPIC}, is {actual.TOPIC}" + (f" ({reason})" if reason else "")
        return
    was, is_now = dump(expected), dump(actual)
    for field in sorted(was.keys() | is_now.keys()):
        if was.get(field) != is_now.get(field):
            yield f"field {field}: was {was.get(field)}, is {is_now.get(field)}"


def _body_difference(stored: Row, record: Record) -> Iterator[str]:
    """Byte for byte, where the event has no newer shape since."""
    body = canonical.parse(body_of(record))
    if stored["v"] == body["v"] and canonical.encode({**body, **stored}) != body_of(record):
        yield "the body is written otherwise now"
