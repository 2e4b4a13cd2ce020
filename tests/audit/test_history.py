"""The history of a case is the same from read models and from the stream, and equals the scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from gateway.audit.history import History, exceptions, history, indexed_records, replay, scanned_records
from gateway.cli.main import app
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story
from gateway.verifier.judge import Judge

STORY = Path(__file__).parents[1] / "scenarios" / "sc-4.yaml"
RUN = CliRunner()


@dataclass
class PlayedStory:
    rehearsal_hub: RehearsalHub
    run: Run

    def at(self, when) -> History:  # type: ignore[no-untyped-def]
        runtime = self.rehearsal_hub.runtime
        assert runtime is not None
        return history(
            indexed_records(runtime.store, runtime.projector.queries, self.run.case, when), self.run.case
        )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedStory]:
    """SC-4: lapsed training, held messages, refusals."""
    story = read_story(STORY)
    with open_rehearsal_hub(tmp_path_factory.mktemp("history") / "hub", start_of(story)) as rehearsal_hub:
        run, report = play(story, rehearsal_hub)
        assert report.problems == []
        assert rehearsal_hub.runtime is not None
        rehearsal_hub.runtime.projector.catch_up()
        yield PlayedStory(rehearsal_hub, run)


def test_index_and_scan_give_the_same_history(played: PlayedStory) -> None:
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    for when in sorted({c.at for c in played.run.checks}):
        by_index = played.at(when)
        by_scan = history(scanned_records(runtime.store, played.run.case, when), played.run.case)
        assert by_index.who_knows(when) == by_scan.who_knows(when)
        rows = runtime.projector.queries.exceptions(when, played.run.case)
        assert rows == by_index.exceptions(when) == by_scan.exceptions(when)
        assert rows == exceptions(scanned_records(runtime.store, None, when), when)
        for door in played.rehearsal_hub.doors.values():
            assert by_index.could_open(door.agency, when) == by_scan.could_open(door.agency, when)


def test_as_of_answers_equal_what_each_agency_could_really_open(played: PlayedStory) -> None:
    items = {w.item: (w.section, w.n) for w in played.run.written}
    opened_items = 0
    for check in played.run.checks:
        if check.agency == "AUDITOR":
            continue
        agency = played.rehearsal_hub.door(check.agency).agency
        could_open: dict[str, list[int]] = {}
        for row in played.at(check.at).could_open(agency, check.at):
            section, n = items.get(UUID(row["item"]), (None, None))
            if row["could_open"] and section not in (None, "SOURCE", "REASON"):
                could_open.setdefault(section, []).append(n)  # type: ignore[arg-type]
            assert (row["reason"] is None) is row["could_open"]
        assert {s: sorted(ns) for s, ns in could_open.items()} == check.openable
        opened_items += bool(could_open)
    assert opened_items > 5


def test_who_knows_names_every_agency_that_opened_and_no_other(played: PlayedStory) -> None:
    when = max(c.at for c in played.run.checks) + timedelta(days=1)
    rows = played.at(when).who_knows(when)
    by_item = {w.item: w for w in played.run.written}
    opened = {
        (by_item[UUID(r["item"])].n, a) for r in rows for a in r["opened"] if UUID(r["item"]) in by_item
    }
    codes = {door.agency: code for code, door in played.rehearsal_hub.doors.items()}
    seen = {
        (n, str(played.rehearsal_hub.door(c.agency).agency))
        for c in played.run.checks
        if c.agency in codes.values()
        for ns in c.openable.values()
        for n in ns
    }
    assert opened == seen


def test_exceptions_list_held_and_refused_messages(played: PlayedStory) -> None:
    when = max(c.at for c in played.run.checks)
    kinds = {row.kind for row in played.at(when).exceptions(when)}
    assert "REHEARSAL_REFUSED" in kinds  # all that was refused here was asked by the check of the rehearsal
    held = max(s.at for s in played.run.story.steps if s.event == "DisclosureHeld")
    assert "HELD" in {row.kind for row in played.at(held).exceptions(held)}


def test_every_step_of_the_replay_verifies_unless_a_record_is_missing(played: PlayedStory) -> None:
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    records = list(indexed_records(runtime.store, runtime.projector.queries, played.run.case))
    steps = list(replay(iter(records), played.run.case, Judge(played.rehearsal_hub.genesis)))
    assert [s.fault for s in steps if s.fault is not None] == []
    assert len(steps) > 20
    without = [k for k in records if k.record.topic != "network_case.registered"]
    assert any(s.fault for s in replay(iter(without), played.run.case, Judge(played.rehearsal_hub.genesis)))


@pytest.mark.parametrize("raw", [[], ["--raw"]])
def test_the_commands_give_the_same_json_with_and_without_read_models(
    played: PlayedStory, raw: list[str]
) -> None:
    folder, case = str(played.rehearsal_hub.installation.folder), str(played.run.case)

    def audit_rows(*arguments: str) -> list[dict]:  # type: ignore[type-arg]
        done = RUN.invoke(app, ["audit", *arguments, "--data", folder, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    at = max(c.at for c in played.run.checks).isoformat()
    assert len(audit_rows("replay", "--case", case, *raw)) > 20
    [*few] = audit_rows("replay", "--case", case, "--from", at, *raw)
    assert len(few) < len(audit_rows("replay", "--case", case, *raw))
    assert audit_rows("as-of", "--case", case, "--agency", "AZ-CORE", "--at", at, *raw)
    assert audit_rows("who-knows", "--case", case, "--at", at, *raw)
    assert audit_rows("exceptions", "--case", case, "--at", at, *raw)
    assert audit_rows("exceptions", "--at", at, *raw) == audit_rows("exceptions", "--case", case, "--at", at)


def test_the_commands_print_text_for_people(played: PlayedStory) -> None:
    folder, case = str(played.rehearsal_hub.installation.folder), str(played.run.case)
    for arguments in (
        ["replay", "--case", case],
        ["as-of", "--case", case, "--agency", "HIDA-SWC"],
        ["who-knows", "--case", case],
        ["exceptions"],
    ):
        done = RUN.invoke(app, ["audit", *arguments, "--data", folder])
        assert done.exit_code == 0, done.output
        assert "None" not in done.stdout
    unknown_agency = RUN.invoke(
        app, ["audit", "as-of", "--case", case, "--agency", "NOBODY", "--data", folder]
    )
    assert unknown_agency.exit_code != 0
