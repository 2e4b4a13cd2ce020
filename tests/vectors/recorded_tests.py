"""What the tests of ``tests/domain`` give and ask for, as histories: each rule has its sentences there.

The tests run once, with a fixed seed where they are random; every ``Given`` of theirs remembers what happened to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch
from uuid import UUID

import pytest

import tests.domain.builders as kit
from domain.errors import Malformed
from domain.events import Event, dump
from domain.record import HUB, Party, Record
from keys import canonical
from tests.domain.builders import EventInput, Given
from tests.editions.history import (
    Player,
    Row,
    about_json,
    asked_row,
    command_of,
    command_row,
    event_json,
    given_row,
)

TESTS = Path(__file__).parents[1] / "domain"


class RecordingGiven(Given):
    """Remembers what was given, asked and looked at, in order."""

    inputs: ClassVar[list[list[Row]]] = []

    def __init__(self, case: UUID = kit.CASE) -> None:
        super().__init__(case)
        self.rows: list[Row] = []
        self.inputs.append(self.rows)

    def put(self, one: EventInput, *, by_hub: bool = False) -> Record:
        record = super().put(one, by_hub=by_hub)
        self.rows.append(given_row(record))
        return record

    def when(self, one: EventInput, *, now: datetime = kit.NOON) -> list[Event]:
        row = command_row(kit.command_of(one, now), now)
        if _can_be_sent(row):
            self.rows.append(row)
        return super().when(one, now=now)

    def opens(self, reader: Party, *, now: datetime = kit.NOON) -> set[UUID]:
        self.rows.append({"look": str(reader), "at": dump(now)})
        return super().opens(reader, now=now)


def _can_be_sent(row: Row) -> bool:
    """Whether a signed command could say it: some tests ask for what no adapter would let through."""
    try:
        canonical.encode(row)
        command_of(row)
    except Malformed:
        return False
    return True


def recorded_inputs() -> list[list[Row]]:
    """Run the tests; each different history once. Histories that begin alike and only ask are one."""
    RecordingGiven.inputs.clear()
    options = ["-q", "-x", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=1"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # playing the stories has loaded plugins
    with patch.object(kit, "Given", RecordingGiven):
        if pytest.main([*options, str(TESTS)]) != pytest.ExitCode.OK:
            raise RuntimeError("the tests of the domain fail: no history is made of them")
    if not RecordingGiven.inputs:
        raise RuntimeError("the tests ran in other processes: nothing of them was recorded here")
    merged: dict[bytes, dict[bytes, Row]] = {}
    for rows in RecordingGiven.inputs:
        end = max((n for n, row in enumerate(rows) if "given" in row), default=-1) + 1
        if any("given" not in row or row["given"]["by"] == HUB for row in rows):
            rest = {canonical.encode(row): row for row in rows[end:]}
            merged.setdefault(canonical.encode(rows[:end]), {}).update(rest)
    return [[*canonical.parse(past), *asked.values()] for past, asked in sorted(merged.items())]


def recorded_history(edition: int, inputs: Sequence[Row]) -> list[Row]:
    """What an edition answers to what was asked, and sees in what was looked at."""
    player, seen = Player(edition), dict[str, list[int]]()
    return [row for one in inputs for row in _answered(player, seen, one)]


def _answered(player: Player, seen: dict[str, list[int]], row: Row) -> Iterator[Row]:
    if "given" in row:
        yield from _given(player, row)
    elif "look" in row:
        items = player.items_open_to(_reader(row), canonical.parse_time(row["at"]))
        if items != seen.get(row["look"], []):
            seen[row["look"]] = items
            yield {**row, "items": items}
    else:
        yield asked_row(player, row)


def _reader(row: Row) -> Party:
    return row["look"] if row["look"].isupper() else UUID(row["look"])


def _given(player: Player, row: Row) -> Iterator[Row]:
    """A given record; where it is just what the clock brings there, the clock's."""
    body = row["given"]
    due = player.due(canonical.parse_time(body["at"])) if body["frame"] is None else None
    due_body = None if due is None else {**event_json(due.event), "about": about_json(due.about)}
    about = [body["about"]["kind"], body["about"]["id"]]
    if due is None or due_body != {**{k: body[k] for k in ("topic", "v", "fields")}, "about": about}:
        player.give(row)
        yield row
        return
    record = player.record_due(due)
    opens = player.changed_openings(record)
    yield {
        "due": event_json(due.event),
        "about": about,
        "at": dump(record.at),
        **({"opens": opens} if opens else {}),
    }
