"""What the auditor is told of a case: the same from the views and from the stream, and the same as the story says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from gateway.audit.history import History, exceptions, history, of_stream, of_views, replay
from gateway.cli.main import app
from gateway.rehearsal.scenario.player import Run
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.stage import Stage, open_stage
from gateway.rehearsal.scenario.story import read_story
from gateway.verifier.judge import Judge

STORY = Path(__file__).parents[1] / "scenarios" / "sc-4.yaml"
RUN = CliRunner()


@dataclass
class Played:
    stage: Stage
    run: Run

    def at(self, when) -> History:  # type: ignore[no-untyped-def]
        runtime = self.stage.runtime
        assert runtime is not None
        return history(of_views(runtime.store, runtime.follower.queries, self.run.case, when), self.run.case)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """SC-4: a lapse, held messages, refusals."""
    story = read_story(STORY)
    with open_stage(tmp_path_factory.mktemp("history") / "hub", start_of(story)) as stage:
        run, report = play(story, stage)
        assert report.problems == []
        assert stage.runtime is not None
        stage.runtime.follower.catch_up()
        yield Played(stage, run)


def test_views_and_stream_tell_the_same(played: Played) -> None:
    runtime = played.stage.runtime
    assert runtime is not None
    for when in sorted({c.at for c in played.run.checks}):
        fast = played.at(when)
        slow = history(of_stream(runtime.store, played.run.case, when), played.run.case)
        assert fast.who_knows(when) == slow.who_knows(when)
        rows = runtime.follower.queries.exceptions(when, played.run.case)
        assert rows == fast.exceptions(when) == slow.exceptions(when)
        assert rows == exceptions(of_stream(runtime.store, None, when), when)
        for door in played.stage.doors.values():
            assert fast.could(door.agency, when) == slow.could(door.agency, when)


def test_what_could_be_opened_as_of_a_moment_is_what_was_opened_at_that_moment(played: Played) -> None:
    items = {w.item: (w.section, w.n) for w in played.run.written}
    looked = 0
    for check in played.run.checks:
        if check.agency == "AUDITOR":
            continue
        agency = played.stage.door(check.agency).agency
        could: dict[str, list[int]] = {}
        for row in played.at(check.at).could(agency, check.at):
            section, n = items.get(UUID(row["item"]), (None, None))
            if row["could"] and section not in (None, "SOURCE", "REASON"):
                could.setdefault(section, []).append(n)  # type: ignore[arg-type]
            assert (row["reason"] is None) is row["could"]
        assert {s: sorted(ns) for s, ns in could.items()} == check.openable
        looked += bool(could)
    assert looked > 5


def test_who_knows_names_everyone_who_opened_and_nobody_else(played: Played) -> None:
    when = max(c.at for c in played.run.checks) + timedelta(days=1)
    rows = played.at(when).who_knows(when)
    by_item = {w.item: w for w in played.run.written}
    opened = {
        (by_item[UUID(r["item"])].n, a) for r in rows for a in r["opened"] if UUID(r["item"]) in by_item
    }
    codes = {door.agency: code for code, door in played.stage.doors.items()}
    seen = {
        (n, str(played.stage.door(c.agency).agency))
        for c in played.run.checks
        if c.agency in codes.values()
        for ns in c.openable.values()
        for n in ns
    }
    assert opened == seen


def test_exceptions_tell_what_was_held_refused_and_late(played: Played) -> None:
    when = max(c.at for c in played.run.checks)
    kinds = {row.kind for row in played.at(when).exceptions(when)}
    assert "REFUSED" in kinds
    held = max(s.at for s in played.run.story.steps if s.event == "DisclosureHeld")
    assert "HELD" in {row.kind for row in played.at(held).exceptions(held)}


def test_every_step_of_the_replay_holds_and_a_changed_one_does_not(played: Played) -> None:
    runtime = played.stage.runtime
    assert runtime is not None
    records = list(of_views(runtime.store, runtime.follower.queries, played.run.case))
    steps = list(replay(iter(records), played.run.case, Judge(played.stage.genesis)))
    assert [s.flaw for s in steps if s.flaw] == []
    assert len(steps) > 20
    without = [k for k in records if k.record.topic != "network_case.registered"]
    assert any(s.flaw for s in replay(iter(without), played.run.case, Judge(played.stage.genesis)))


@pytest.mark.parametrize("raw", [[], ["--raw"]])
def test_the_commands_answer(played: Played, raw: list[str]) -> None:
    folder, case = str(played.stage.installation.folder), str(played.run.case)

    def told(*words: str) -> list[dict]:  # type: ignore[type-arg]
        done = RUN.invoke(app, ["audit", *words, "--data", folder, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    at = max(c.at for c in played.run.checks).isoformat()
    assert len(told("replay", "--case", case, *raw)) > 20
    [*few] = told("replay", "--case", case, "--from", at, *raw)
    assert len(few) < len(told("replay", "--case", case, *raw))
    assert told("as-of", "--case", case, "--agency", "AZ-CORE", "--at", at, *raw)
    assert told("who-knows", "--case", case, "--at", at, *raw)
    assert told("exceptions", "--case", case, "--at", at, *raw)
    assert told("exceptions", "--at", at, *raw) == told("exceptions", "--case", case, "--at", at)


def test_people_read_it_too(played: Played) -> None:
    folder, case = str(played.stage.installation.folder), str(played.run.case)
    for words in (
        ["replay", "--case", case],
        ["as-of", "--case", case, "--agency", "HIDA-SWC"],
        ["who-knows", "--case", case],
        ["exceptions"],
    ):
        done = RUN.invoke(app, ["audit", *words, "--data", folder])
        assert done.exit_code == 0, done.output
        assert "None" not in done.stdout
    nobody = RUN.invoke(app, ["audit", "as-of", "--case", case, "--agency", "NOBODY", "--data", folder])
    assert nobody.exit_code != 0
