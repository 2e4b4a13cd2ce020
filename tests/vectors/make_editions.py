"""Stores the histories of the current edition of the rules. Once the edition is released they are permanent; until then
they are stored anew, since it may still change.

    python -m tests.vectors.make_editions

Plays every story of ``tests/scenarios`` on a rehearsal hub and takes its commands from the record; runs the tests of
``tests/domain``, the random ones with a fixed seed, and takes what they ask for. What is stored are the answers of the
domain alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

from adapters.store import Evidence
from domain.editions import CURRENT_EDITION, is_released
from domain.events import Event, KeySetPublished, Kind
from domain.record import Record, commission_of
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.story import read_story
from gateway.verifier.record_parser import command_of
from keys import canonical
from keys.command import parse_command
from keys.frame import parse_frame
from tests.editions.history import (
    Row,
    command_row,
    folder_of,
    given_row,
    record_history,
    write_histories,
)
from tests.vectors.recorded_tests import recorded_history, recorded_inputs

STORIES = Path(__file__).parents[1] / "scenarios"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


# --- stories ----------------------------------------------------------------------------------------------


def story_inputs(path: Path) -> list[Row]:
    """The commands of a story, as a rehearsal hub recorded them."""
    story = read_story(path)
    with (
        TemporaryDirectory(prefix="kakehashi-") as folder,
        open_rehearsal_hub(Path(folder) / "hub", start_of(story)) as hub,
    ):
        assert hub.runtime is not None
        store = hub.runtime.store
        [genesis] = store.read(1, 1)
        appended: list[tuple[Record, Evidence]] = []
        append_each = store.append_each

        def collect(records: Sequence[tuple[Record, Evidence]], head: int) -> Any:
            appended.extend(records)
            return append_each(records, head)

        with patch.object(store, "append_each", collect):
            play(story, hub)
    return renamed([given_row(replace(genesis.record, frame=None)), *commands_in(appended)])


def commands_in(appended: Sequence[tuple[Record, Evidence]]) -> Iterator[Row]:
    """The commands that were answered; the clock's own acts are computed again."""
    for record, evidence in appended:
        if record.frame is not None:
            frame = parse_frame(evidence.frame)
            command = command_of(parse_command(frame.payload), frame.digest)
            event = without_keys(command.proposed_event)
            yield command_row(replace(command, proposed_event=event), record.at)


def without_keys(event: Event) -> Event:
    """No rule looks at the bytes of keys."""
    return replace(event, sig={}, kem={}) if isinstance(event, KeySetPublished) else event


def renamed(rows: Sequence[Row]) -> list[Row]:
    """The same rows with ids that are counted, in the same order: random ones can't be compressed."""
    text = [canonical.encode(row).decode() for row in rows]
    random_ids = sorted({id for line in text for id in ID.findall(line) if UUID(id).version == 4})
    names = {id: f"00000000-0000-4000-8000-{number:012x}" for number, id in enumerate(random_ids)}
    agencies = {row["about"][1] for row in rows if row.get("about", ("",))[0] == Kind.AGENCY.value}
    for a in agencies:
        for b in agencies:
            derived = commission_of(UUID(names[a]), UUID(names[b]))
            names[str(commission_of(UUID(a), UUID(b)))] = str(derived)
    return [json.loads(ID.sub(lambda match: names.get(match[0], match[0]), line)) for line in text]


# --- one edition ------------------------------------------------------------------------------------------


def main() -> None:
    folder = folder_of(CURRENT_EDITION)
    if folder.exists() and is_released(CURRENT_EDITION):
        print(
            f"edition {CURRENT_EDITION} is released: its histories are never written again", file=sys.stderr
        )
        return
    stories: list[tuple[str, list[Row]]] = []
    for path in sorted(STORIES.glob("*.yaml")):
        print(f"playing {path.stem}", file=sys.stderr)
        stories.append((path.stem, record_history(CURRENT_EDITION, story_inputs(path))))
    tests = [
        (f"history {number}", recorded_history(CURRENT_EDITION, inputs))
        for number, inputs in enumerate(recorded_inputs(), 1)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_histories(folder / "stories.jsonl.xz", stories)
    write_histories(folder / "tests.jsonl.xz", tests)
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}" for p in sorted(folder.glob("*.xz"))]
    (folder / "MANIFEST").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
