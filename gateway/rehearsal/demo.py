"""The product on a case load: hub, doors and bus started from nothing, SC-1 and a dozen families played, verified and shown.

The folder is a rehearsal hub: its clock can be set, every page says 訓練用, and nothing of it is real.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from domain.errors import ExchangeError
from gateway.agency.serve import DUTY_SECONDS
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.audit.app import RecordAtHand, audit_app
from gateway.audit.history import history, indexed_records
from gateway.audit.sheet_origin import sheet_origin
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.hub.query_json import mandate_json
from gateway.installation.dry_run_counts import DRY_RUN_ROWS, dry_runs_by_day
from gateway.pages.index import index_app
from gateway.protocol.application import Application
from gateway.protocol.serving import ServedApp, wait_for_stop_signal
from gateway.rehearsal.case_load import play_case_load, stories_for, until_now
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub, reopen_rehearsal_hub
from gateway.rehearsal.scenario.report import Report, play, start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Story
from projections.audit_rows import AuditRows
from projections.queries import Queries


class Printer(Protocol):
    """How the results are shown: the command line's own tables."""

    def print_report(self, report: Report) -> None: ...

    def print_ledger(
        self, rows: list[dict[str, Any]], openings: list[dict[str, Any]], codes: dict[str, str]
    ) -> None: ...

    def print_verification(self, result: Verification) -> None: ...


def run_demo(out: Console, printer: Printer, *, once: bool, port: int, data: Path | None) -> int:
    """Play, verify, and unless ``once`` serve the pages until Ctrl-C. Returns the exit code.

    Raises Refused where ``data`` is the folder of a real hub.
    """
    story, load = stories_for(datetime.now(UTC))
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(TemporaryDirectory(prefix="kakehashi-demo-"))) / "hub"
        if (folder / "installation.json").exists():
            out.print(f"前回のデモを開きます: {folder}", highlight=False)
            rehearsal_hub = stack.enter_context(reopen_rehearsal_hub(folder))
            ok = True
        else:
            out.print("ハブ・窓口・メッセージ基盤(NATS JetStream)を起動しています…")
            rehearsal_hub = stack.enter_context(open_rehearsal_hub(folder, start_of(story)))
            run, report = _play_story(out, printer, story, rehearsal_hub)
            _print_ledger(printer, rehearsal_hub, run, report)
            ok = _play_load(out, run, load) and report.ok
        verification = _verify_record(out, printer, rehearsal_hub)
        ok = ok and verification.ok
        if once:
            return 0 if ok else 1
        return _serve_pages(out, rehearsal_hub, verification, port, ok)


def _play_story(
    out: Console, printer: Printer, story: Story, rehearsal_hub: RehearsalHub
) -> tuple[Run, Report]:
    """Play the story through the doors, with a progress bar over its messages and views."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    expected_views = sum(len(e.views) + 1 for e in story.expects)
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("再生", total=len(story.steps) + expected_views + 1)

        def report_progress(what: str) -> None:
            bar.update(task, description=what, advance=1)

        run, report = play(story, rehearsal_hub, report_progress)
    printer.print_report(report)
    return run, report


def _play_load(out: Console, first: Run, load: Story) -> bool:
    """Play the families of today after the story; whether each step was recorded."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("今日の事例", total=len(load.steps))
        run = play_case_load(first, load, lambda what: bar.update(task, description=what, advance=1))
    until_now(run, datetime.now(UTC))
    for problem in run.problems:
        out.print(f" [red]異常[/] {problem}", highlight=False)
    return not run.problems


def _print_ledger(printer: Printer, rehearsal_hub: RehearsalHub, run: Run, report: Report) -> None:
    """The ledger, as the audit office sees it."""
    ledger = rehearsal_hub.audit.ledger(run.case)
    codes = {str(door.agency): code for code, door in rehearsal_hub.doors.items()}
    printer.print_ledger(ledger["disclosures"], ledger["openings"], codes)


def _verify_record(out: Console, printer: Printer, rehearsal_hub: RehearsalHub) -> Verification:
    runtime = rehearsal_hub.runtime
    assert runtime is not None
    with out.status("記録全体を検証しています…"):
        verifier = Verifier(runtime.recorder, runtime.store, rehearsal_hub.genesis)
        verification = verifier.run(
            read_models=runtime.read_models,
            doors=doors_of(rehearsal_hub.installation),
            log=rehearsal_hub.installation.hub_folder / "log",
        )
    printer.print_verification(verification)
    return verification


def _serve_pages(
    out: Console, rehearsal_hub: RehearsalHub, verification: Verification, port: int, ok: bool
) -> int:
    """The pages of every agency and of the auditor, until Ctrl-C."""
    with ServedApp(pages_app(rehearsal_hub, verification), port=port) as served:
        out.print()
        out.print(f"[bold]画面: {served.url}/[/]  (Ctrl-C で終了)", highlight=False)
        wait_for_stop_signal(partial(_complete_duties, rehearsal_hub), DUTY_SECONDS)
    return 0 if ok else 1


def _complete_duties(rehearsal_hub: RehearsalHub) -> None:
    """What every door does by itself: fetch new messages, make the keys that it owes. What fails is tried next time.

    The hub's set clock follows the machine's meanwhile, so that what falls due while the pages are open is shown."""
    with suppress(ExchangeError):
        rehearsal_hub.set_clock(datetime.now(UTC))
        rehearsal_hub.complete_rewrap_duties()


def pages_app(rehearsal_hub: RehearsalHub, verification: Verification) -> Application:
    """One application with the start page, every agency's door and the auditor's page."""
    names = {str(door.agency): rehearsal_hub.names[code] for code, door in rehearsal_hub.doors.items()}
    app = index_app(
        agencies=[(code, rehearsal_hub.names[code]) for code in rehearsal_hub.doors],
        mode=rehearsal_hub.installation.mode,
    )
    for code, door in rehearsal_hub.doors.items():
        staff = Staff.rehearsal(rehearsal_hub.actors[code], mode=rehearsal_hub.installation.mode)
        door.addresses.own_log = staff.log_address
        base = f"/agency/{code}"
        app.mount(
            base,
            agency_app(
                door,
                staff=staff,
                mode=rehearsal_hub.installation.mode,
                base=base,
                parsing_pool=rehearsal_hub.parsing_pool,
                attachment_pool=rehearsal_hub.attachment_pool,
            ),
        )
    app.mount(
        "/audit",
        audit_app(
            rehearsal_hub.audit,
            names=names,
            mode=rehearsal_hub.installation.mode,
            base="/audit",
            verification=verification.to_json,
            record=record_at_hand(rehearsal_hub),
            hub=rehearsal_hub.installation.hub.hex(),
        ),
    )
    return app


def record_at_hand(rehearsal_hub: RehearsalHub) -> RecordAtHand:
    """The record of a hub that runs in this process, for the auditor's pages."""
    runtime = rehearsal_hub.runtime
    if runtime is None:
        raise RuntimeError("the hub runs in another process")
    queries, store, reader = Queries(runtime.read_models.reader), runtime.store, runtime.read_models.reader
    return RecordAtHand(
        rows=AuditRows(reader),
        history_at=lambda case, upto: history(indexed_records(store, queries, case, upto), case),
        mandate=lambda: mandate_json(runtime.hub.register),
        origin=lambda: sheet_origin(rehearsal_hub.installation, rehearsal_hub.genesis),
        catch_up=runtime.projector.catch_up,
        dry_runs=lambda: dry_runs_by_day(rehearsal_hub.installation.hub_folder, DRY_RUN_ROWS),
    )
