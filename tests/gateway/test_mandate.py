"""Mandates of the audit office: control under keys of their own, told only to who asked on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from typer.testing import CliRunner

from adapters.store import Store
from domain.calendar import end_of
from domain.codes import AuditGround
from domain.errors import NotThere, Refused
from domain.events import AuditControlRequested
from domain.record import access_of
from gateway.audit.bundle import export, pack
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.cli.main import app
from gateway.installation.archive import open_archive
from gateway.protocol.serving import Served
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.player import Run
from gateway.rehearsal.scenario.report import start_of
from gateway.rehearsal.scenario.stage import Stage, open_stage, reopen_stage
from gateway.rehearsal.scenario.story import read_story
from gateway.verifier.bundle import _files, verify_bundle
from keys.record import list_parts

STORY = Path(__file__).parents[1] / "scenarios" / "two-officials-let-the-auditor.yaml"
BEFORE = 4
UNTIL = date(2027, 3, 31)


@contextmanager
def second_mandate(folder: Path) -> Iterator[tuple[Run, Stage]]:
    """The story, with the second mandate begun after its fourth message; its hub still running."""
    story = replace(read_story(STORY), expects=())
    first = replace(story, steps=tuple(s for s in story.steps if s.n <= BEFORE))
    with open_stage(folder, start_of(story)) as stage:
        run = Run(first, stage)
        run.play()
        stage.registry.begin_mandate(2, UNTIL)
        for step in story.steps[BEFORE:]:
            stage.set_clock(step.at)
            run._step(step)
        assert run.problems == []
        stage.settle()
        yield run, stage


def findings(stage: Stage) -> list[tuple[str, int | None]]:
    runtime = stage.runtime
    assert runtime is not None
    while runtime.logbook.size < runtime.store.head():
        runtime.logbook.step()
    log = stage.installation.hub_folder / "log"
    found = Verifier(runtime.recorder, runtime.store, stage.genesis).run(
        views=runtime.views, doors=doors_of(stage.installation), log=log
    )
    return [(f.what, f.position) for f in found.findings]


def epochs(stage: Stage, run: Run) -> list[tuple[int, bool]]:
    """(epoch, whether it brings the audit office's key) of each record of the case, in order."""
    assert stage.runtime is not None
    parts = [
        list_parts(raw.state)
        for raw in stage.runtime.recorder.read_raw(1, 10_000)
        if raw.originator_id == run.case
    ]
    return [(p.epoch, p.audit_wrap is not None) for p in parts]


def test_from_a_mandate_on_control_lies_under_its_own_key_brought_once(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, stage):
        found = epochs(stage, run)
        old = [one for one in found if one[0] == 1]
        new = found[len(old) :]
        assert old == [(1, True)] + [(1, False)] * (len(old) - 1)
        assert new == [(2, True)] + [(2, False)] * (len(new) - 1)
        assert len(old) > 3
        assert len(new) > 3
        assert findings(stage) == []
    with reopen_stage(
        tmp_path / "hub"
    ) as stage:  # a hub that starts in the middle of a mandate goes on in it
        run.stage = stage
        stage.registry.begin_mandate(3, UNTIL)
        w = run.written[0]
        stage.door("AZ-CORE").open(w.case, w.message, w.item, w.section, actor="staff.AZ-CORE")
        assert stage.runtime is not None
        parts = [
            list_parts(raw.state)
            for raw in stage.runtime.recorder.read_raw(1, 10_000)
            if raw.originator_id == access_of(run.case)
        ]
        opened, received = [(p.epoch, p.audit_wrap is not None) for p in parts[-2:]]
        assert (opened, received) == ((3, True), (3, False))
        assert findings(stage) == []


def test_a_bundle_is_made_for_a_request_of_this_mandate_and_opens_with_the_keys_of_all(
    tmp_path: Path,
) -> None:
    with second_mandate(tmp_path / "hub") as (run, stage):
        early = stage.audit.ask_for_control(run.case)
        stage.registry.begin_mandate(3, UNTIL)
        asked = stage.audit.ask_for_control(run.case, ground=AuditGround.COURT)
        runtime = stage.runtime
        assert runtime is not None
        assert findings(stage) == []
        with open_archive(stage.installation) as archive:
            for other in (early, uuid4()):
                with pytest.raises(NotThere, match="no-request"):
                    export(archive, other)
            data = export(archive, asked)
        _, kem = stage.installation.audit()
        told = verify_bundle(data, stage.installation.hub, kem)
        assert told.faults == []
        assert told.control
        [fact] = [r.fact for r in stage.records() if r.ask_id == asked]
        assert fact == AuditControlRequested(case=run.case, ground=AuditGround.COURT)


def test_a_bundle_is_made_though_the_views_are_behind(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, stage):
        runtime = stage.runtime
        assert runtime is not None
        runtime.follower.stop()
        asked = stage.audit.ask_for_control(run.case)
        assert runtime.follower.position < runtime.store.head()
        while runtime.logbook.size < runtime.store.head():
            runtime.logbook.step()
        with open_archive(stage.installation) as archive:
            assert export(archive, asked)


def test_what_was_written_since_a_mandate_began_is_missed_in_a_bundle_without_it(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, stage):
        asked = stage.audit.ask_for_control(run.case)
        assert findings(stage) == []
        with open_archive(stage.installation) as archive:
            files, _ = _files(export(archive, asked))
        _, kem = stage.installation.audit()
        kept, at, records = [], 0, bytes(files["records"])
        while at < len(records):
            length = int.from_bytes(records[at + 8 : at + 10], "big")
            size = int.from_bytes(records[at + 10 + length : at + 14 + length], "big")
            one = records[at : (at := at + 14 + length + size)]
            subject, state = one[10 : 10 + length].decode(), one[14 + length :]
            if not (run.case.hex in subject and list_parts(state).epoch == 2):
                kept.append(one)
        cut = pack({**files, "records": b"".join(kept)})
        told = verify_bundle(cut, stage.installation.hub, kem)
        assert [f.what for f in told.faults if str(run.case) in f.where] == ["record-left-out"]


def test_the_ledger_is_told_only_under_a_request_on_record(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, stage):

        def asks() -> int:
            return sum(isinstance(r.fact, AuditControlRequested) for r in stage.records())

        office = stage.audit
        for request in (uuid4(), office.ask_for_control(uuid4())):
            with pytest.raises(NotThere):
                office._ledger({"case": str(run.case), "as_of": None, "request": str(request)})
        before = asks()
        assert office.ledger(run.case)["disclosures"]
        assert office.ledger(run.case)["disclosures"]
        assert asks() == before + 1
        stage.registry.begin_mandate(3, UNTIL)
        assert office.ledger(run.case)["disclosures"]
        assert asks() == before + 2


def test_the_registry_gives_a_mandate_on_the_command_line(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (_, stage):
        common = ["audit", "begin-mandate", "--data", str(tmp_path / "hub"), "--hub", stage.url]
        done = CliRunner().invoke(app, [*common, "--number", "3", "--until", UNTIL.isoformat()])
        assert done.exit_code == 0, done.output
        assert "第 3 期" in done.stdout
        with pytest.raises(Refused, match="MANDATE_OUT_OF_TURN"):
            stage.registry.begin_mandate(3, UNTIL)
        done = CliRunner().invoke(app, [*common[:1], "request-control", *common[2:]])
        assert done.exit_code == 0, done.output
        late = (stage.now() + timedelta(days=400)).date()
        with pytest.raises(Refused, match="MANDATE_OUT_OF_TURN"):
            stage.registry.begin_mandate(4, late)


def test_a_mandate_that_is_over_is_told_by_the_hub_and_on_the_auditors_page(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (_, stage):

        def told() -> tuple[list[str], bool]:
            """The hub's alarms of it, and whether the page says so."""
            alarms = httpx2.get(f"{stage.url}/readyz", timeout=60).json()["alarms"]
            with Served(pages_app(stage, Verification())) as served:
                page = httpx2.get(f"{served.url}/audit/", timeout=60).text
            return [one for one in alarms if "mandate" in one], "任期は終わっています" in page

        assert told() == ([], False)
        stage.set_clock(end_of(UNTIL))
        alarms, shown = told()
        assert alarms == ["mandate 2 of the audit office is over: let the registry begin the next"]
        assert shown
        stage.registry.begin_mandate(3, UNTIL + timedelta(days=360))
        assert told() == ([], False)


@pytest.mark.parametrize(
    ("name", "instead", "flaw"),
    [
        ("begin_epoch", lambda self, epoch: None, "other-mandate"),
        ("_begins", lambda self, record: record.version == 1, "audit-wrap"),
    ],
)
def test_a_hub_that_keeps_the_old_key_or_gives_the_audit_office_none_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, instead: object, flaw: str
) -> None:
    monkeypatch.setattr(Store, name, instead)
    with second_mandate(tmp_path / "hub") as (_, stage):
        assert flaw in {what for what, _ in findings(stage)}
