"""Mandates of the audit office: each has its own control keys; the ledger needs a recorded request."""

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
from domain.errors import NotFound, Refused
from domain.events import AuditControlRequested
from domain.record import access_of
from gateway.audit.bundle import export, pack
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.cli.main import app
from gateway.installation.archive import open_archive
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.player import play_step, play_story
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub, reopen_rehearsal_hub
from gateway.rehearsal.scenario.report import start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story
from gateway.verifier.bundle import _bundle_parts, verify_bundle
from keys.record import list_parts

STORY = Path(__file__).parents[1] / "scenarios" / "audit-access-with-dual-approval.yaml"
BEFORE = 4
UNTIL = date(2027, 3, 31)


@contextmanager
def second_mandate(folder: Path) -> Iterator[tuple[Run, RehearsalHub]]:
    """The story, with the second mandate begun after its fourth message; its hub still running."""
    story = replace(read_story(STORY), expects=())
    first = replace(story, steps=tuple(s for s in story.steps if s.n <= BEFORE))
    with open_rehearsal_hub(folder, start_of(story)) as rehearsal_hub:
        run = Run(first, rehearsal_hub)
        play_story(run)
        rehearsal_hub.registrars.begin_mandate(2, UNTIL)
        for step in story.steps[BEFORE:]:
            rehearsal_hub.set_clock(step.at)
            play_step(run, step)
        assert run.problems == []
        rehearsal_hub.complete_rewrap_duties()
        yield run, rehearsal_hub


def findings(rehearsal_hub: RehearsalHub) -> list[tuple[str, int | None]]:
    runtime = rehearsal_hub.runtime
    assert runtime is not None
    while runtime.log_keeper.size < runtime.store.head():
        runtime.log_keeper.step()
    log = rehearsal_hub.installation.hub_folder / "log"
    verification = Verifier(runtime.recorder, runtime.store, rehearsal_hub.genesis).run(
        read_models=runtime.read_models, doors=doors_of(rehearsal_hub.installation), log=log
    )
    return [(f.code, f.position) for f in verification.findings]


def epochs(rehearsal_hub: RehearsalHub, run: Run) -> list[tuple[int, bool]]:
    """(epoch, whether it brings the audit office's key) of each record of the case, in order."""
    assert rehearsal_hub.runtime is not None
    parts = [
        list_parts(raw.state)
        for raw in rehearsal_hub.runtime.recorder.read_raw(1, 10_000)
        if raw.originator_id == run.case
    ]
    return [(p.epoch, p.audit_wrapped_key is not None) for p in parts]


def test_records_since_a_mandate_use_its_own_control_key_wrapped_once(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, rehearsal_hub):
        epochs_used = epochs(rehearsal_hub, run)
        old = [one for one in epochs_used if one[0] == 1]
        new = epochs_used[len(old) :]
        assert old == [(1, True)] + [(1, False)] * (len(old) - 1)
        assert new == [(2, True)] + [(2, False)] * (len(new) - 1)
        assert len(old) > 3
        assert len(new) > 3
        assert findings(rehearsal_hub) == []
    with reopen_rehearsal_hub(
        tmp_path / "hub"
    ) as rehearsal_hub:  # a hub that starts during a mandate continues it
        run.rehearsal_hub = rehearsal_hub
        rehearsal_hub.registrars.begin_mandate(3, UNTIL)
        w = run.written[0]
        rehearsal_hub.door("AZ-CORE").open(w.case, w.message, w.item, w.section, actor="staff.AZ-CORE")
        assert rehearsal_hub.runtime is not None
        parts = [
            list_parts(raw.state)
            for raw in rehearsal_hub.runtime.recorder.read_raw(1, 10_000)
            if raw.originator_id == access_of(run.case)
        ]
        opened, received = [(p.epoch, p.audit_wrapped_key is not None) for p in parts[-2:]]
        assert (opened, received) == ((3, True), (3, False))
        assert findings(rehearsal_hub) == []


def test_a_bundle_for_a_request_of_this_mandate_opens_with_the_keys_of_all_mandates(
    tmp_path: Path,
) -> None:
    with second_mandate(tmp_path / "hub") as (run, rehearsal_hub):
        early = rehearsal_hub.audit.request_control(run.case)
        rehearsal_hub.registrars.begin_mandate(3, UNTIL)
        request_id = rehearsal_hub.audit.request_control(run.case, ground=AuditGround.COURT)
        runtime = rehearsal_hub.runtime
        assert runtime is not None
        assert findings(rehearsal_hub) == []
        with open_archive(rehearsal_hub.installation) as archive:
            for other in (early, uuid4()):
                with pytest.raises(NotFound, match="no-request"):
                    export(archive, other)
            data = export(archive, request_id)
        _, kem = rehearsal_hub.installation.audit()
        bundle_report = verify_bundle(data, rehearsal_hub.installation.hub, kem)
        assert bundle_report.faults == []
        assert bundle_report.control
        [event] = [r.event for r in rehearsal_hub.records() if r.command_id == request_id]
        assert event == AuditControlRequested(case=run.case, ground=AuditGround.COURT)


def test_a_bundle_is_complete_while_read_models_are_behind(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, rehearsal_hub):
        runtime = rehearsal_hub.runtime
        assert runtime is not None
        runtime.projector.stop()
        request_id = rehearsal_hub.audit.request_control(run.case)
        assert runtime.projector.position < runtime.store.head()
        while runtime.log_keeper.size < runtime.store.head():
            runtime.log_keeper.step()
        with open_archive(rehearsal_hub.installation) as archive:
            assert export(archive, request_id)


def test_a_bundle_without_the_records_since_a_mandate_is_incomplete(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, rehearsal_hub):
        request_id = rehearsal_hub.audit.request_control(run.case)
        assert findings(rehearsal_hub) == []
        with open_archive(rehearsal_hub.installation) as archive:
            files, _ = _bundle_parts(export(archive, request_id))
        _, kem = rehearsal_hub.installation.audit()
        remaining, at, records = [], 0, bytes(files["records"])
        while at < len(records):
            length = int.from_bytes(records[at + 8 : at + 10], "big")
            size = int.from_bytes(records[at + 10 + length : at + 14 + length], "big")
            one = records[at : (at := at + 14 + length + size)]
            subject, state = one[10 : 10 + length].decode(), one[14 + length :]
            if not (run.case.hex in subject and list_parts(state).epoch == 2):
                remaining.append(one)
        cut = pack({**files, "records": b"".join(remaining)})
        bundle_report = verify_bundle(cut, rehearsal_hub.installation.hub, kem)
        assert [f.code for f in bundle_report.faults if str(run.case) in f.where] == ["record-omitted"]


def test_the_ledger_is_answered_only_under_a_recorded_request(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (run, rehearsal_hub):

        def count_requests() -> int:
            return sum(isinstance(r.event, AuditControlRequested) for r in rehearsal_hub.records())

        office = rehearsal_hub.audit
        for request in (uuid4(), office.request_control(uuid4())):
            with pytest.raises(NotFound):
                office._query_ledger({"case": str(run.case), "as_of": None, "request": str(request)})
        before = count_requests()
        assert office.ledger(run.case)["disclosures"]
        assert office.ledger(run.case)["disclosures"]
        assert count_requests() == before + 1
        rehearsal_hub.registrars.begin_mandate(3, UNTIL)
        assert office.ledger(run.case)["disclosures"]
        assert count_requests() == before + 2


def run_command(*arguments: str) -> str:
    """What the command prints. Fails where the command does."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_registrars_begin_a_mandate_on_the_command_line(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (_, rehearsal_hub):
        at, request = ["--hub", rehearsal_hub.url], str(tmp_path / "mandate.request")
        folders = [["--folder", str(tmp_path / "hub" / "registrars" / n)] for n in ("1", "3")]
        approvals = [str(tmp_path / n) for n in ("first", "second")]
        mandate = ["--number", "3", "--until", UNTIL.isoformat(), "--out", request]
        run_command("registrar", "prepare", "mandate", *folders[0], *at, *mandate)
        for folder, approval in zip(folders, approvals, strict=True):
            shown = run_command("registrar", "approve", request, *folder, "--yes", "--out", approval)
            assert f"第 3 期を始めます。任期の最終日: {UNTIL.isoformat()}" in shown
        run_command("registrar", "submit", request, *approvals, *at)
        with pytest.raises(Refused, match="MANDATE_OUT_OF_SEQUENCE"):
            rehearsal_hub.registrars.begin_mandate(3, UNTIL)
        run_command("audit", "request-control", "--folder", str(tmp_path / "hub" / "audit"), *at)
        late = (rehearsal_hub.now() + timedelta(days=400)).date()
        with pytest.raises(Refused, match="MANDATE_OUT_OF_SEQUENCE"):
            rehearsal_hub.registrars.begin_mandate(4, late)


def test_an_expired_mandate_is_shown_in_health_and_on_the_auditors_page(tmp_path: Path) -> None:
    with second_mandate(tmp_path / "hub") as (_, rehearsal_hub):

        def alarms_and_page() -> tuple[list[tuple[str, str]], bool]:
            """The hub's alarms of it, and whether the page says so."""
            alarms = httpx2.get(f"{rehearsal_hub.url}/readyz", timeout=60).json()["alarms"]
            with ServedApp(pages_app(rehearsal_hub, Verification())) as served:
                page = httpx2.get(f"{served.url}/audit/", timeout=60).text
            return [
                (a["code"], a["where"]) for a in alarms if "mandate" in a["code"]
            ], "任期は終わっています" in page

        assert alarms_and_page() == ([], False)
        rehearsal_hub.set_clock(end_of(UNTIL))
        alarms, page_ready = alarms_and_page()
        assert alarms == [("mandate-expired", "mandate 2")]
        assert page_ready
        rehearsal_hub.registrars.begin_mandate(3, UNTIL + timedelta(days=360))
        assert alarms_and_page() == ([], False)


@pytest.mark.parametrize(
    ("name", "instead", "error_code"),
    [
        ("begin_epoch", lambda self, epoch: None, "other-mandate"),
        ("_is_first_of_epoch", lambda self, record: record.version == 1, "audit-wrapped-key"),
    ],
)
def test_a_hub_that_reuses_the_old_key_or_wraps_none_for_audit_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, instead: object, error_code: str
) -> None:
    monkeypatch.setattr(Store, name, instead)
    with second_mandate(tmp_path / "hub") as (_, rehearsal_hub):
        assert error_code in {what for what, _ in findings(rehearsal_hub)}
