"""The whole product on one story: hub, doors and bus from nothing, SC-1 played, proved and shown.

The folder is a rehearsal hub: its clock can be set, every page says 訓練用, and nothing of it is real.
"""

from __future__ import annotations

import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from fastapi import FastAPI
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from domain.errors import ExchangeError
from gateway.agency.serve import DUTY_SECONDS
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.audit.app import Past, audit_app
from gateway.audit.history import history, of_views
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.pages.index import index_app
from gateway.protocol.serving import Served
from gateway.rehearsal.scenario.player import Run
from gateway.rehearsal.scenario.report import Report, play, start_of
from gateway.rehearsal.scenario.stage import Stage, open_stage, reopen_stage
from gateway.rehearsal.scenario.story import Story, read_story
from projections.queries import Queries

STORY = Path(__file__).parent / "scenario" / "stories" / "sc-1.yaml"


def run_demo(out: Console, *, once: bool, port: int, data: Path | None) -> int:
    """Play, verify, and unless ``once`` serve the pages until Ctrl-C. Returns the exit code."""
    story = read_story(STORY)
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(TemporaryDirectory(prefix="kakehashi-demo-"))) / "hub"
        if (folder / "installation.json").exists():
            out.print(f"前回のデモを開きます: {folder}", highlight=False)
            stage = stack.enter_context(reopen_stage(folder))
            ok = True
        else:
            out.print("ハブ・窓口・メッセージ基盤(NATS JetStream)を起動しています…")
            stage = stack.enter_context(open_stage(folder, start_of(story)))
            run, report = _played(out, story, stage)
            _shown(out, stage, run, report)
            ok = report.ok
        found = _verified(out, stage)
        ok = ok and found.ok
        if once:
            return 0 if ok else 1
        return _served(out, stage, found, port, ok)


def _played(out: Console, story: Story, stage: Stage) -> tuple[Run, Report]:
    """The story through the doors, with a bar over its messages and looks."""
    from gateway.cli.main import print_report

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    looks = sum(len(e.views) + 1 for e in story.expects)
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("再生", total=len(story.steps) + looks + 1)

        def tell(what: str) -> None:
            bar.update(task, description=what, advance=1)

        run, report = play(story, stage, tell)
    print_report(report)
    return run, report


def _shown(out: Console, stage: Stage, run: Run, report: Report) -> None:
    """The ledger, as the audit office sees it."""
    from gateway.cli.main import print_ledger

    found = stage.audit.ledger(run.case)
    codes = {str(door.agency): code for code, door in stage.doors.items()}
    print_ledger(found["disclosures"], found["openings"], codes)


def _verified(out: Console, stage: Stage) -> Verification:
    from gateway.cli.main import print_verification

    runtime = stage.runtime
    assert runtime is not None
    with out.status("記録全体を検証しています…"):
        verifier = Verifier(runtime.recorder, runtime.store, stage.genesis)
        found = verifier.run(
            views=runtime.views,
            doors=doors_of(stage.installation),
            log=stage.installation.hub_folder / "log",
        )
    print_verification(found)
    return found


def _served(out: Console, stage: Stage, found: Verification, port: int, ok: bool) -> int:
    """The pages of every agency and of the auditor, until Ctrl-C."""
    stop = Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda *_: stop.set())
    with Served(pages_app(stage, found), port=port) as served:
        out.print()
        out.print(f"[bold]画面: {served.url}/[/]  (Ctrl-C で終了)", highlight=False)
        while not stop.wait(DUTY_SECONDS):
            with suppress(ExchangeError):
                stage.settle()  # as every door does by itself: take in what is new, make the keys asked of it
    return 0 if ok else 1


def pages_app(stage: Stage, found: Verification) -> FastAPI:
    """One application with the start page, every agency's door and the auditor's page."""
    names = {str(door.agency): stage.names[code] for code, door in stage.doors.items()}
    app = index_app(
        agencies=[(code, stage.names[code]) for code in stage.doors], mode=stage.installation.mode
    )
    for code, door in stage.doors.items():
        staff = Staff.rehearsal(stage.actors[code], mode=stage.installation.mode)
        base = f"/agency/{code}"
        app.mount(base, agency_app(door, staff=staff, mode=stage.installation.mode, base=base))
    app.mount(
        "/audit",
        audit_app(
            stage.audit,
            names=names,
            mode=stage.installation.mode,
            base="/audit",
            verification=found.to_json,
            past=_past(stage),
            odd=None if stage.runtime is None else stage.runtime.follower.queries.latest_exceptions,
            hub=stage.installation.hub.hex(),
        ),
    )
    return app


def _past(stage: Stage) -> Past | None:
    """A case as it stood at a moment, from the hub's own record."""
    runtime = stage.runtime
    if runtime is None:
        return None
    queries = Queries(runtime.views.reader)
    return lambda case, upto: history(of_views(runtime.store, queries, case, upto), case)
