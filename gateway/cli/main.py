"""kakehashi: the command line. Messages are Japanese; every command says what to do next when it fails.

Servers and stories are imported where they are used, so that an auditor's query does not wait for them.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.markup import escape
from typer.main import get_command

from gateway.cli.agency import agency, send
from gateway.cli.audit import audit
from gateway.cli.audit_bundles import audit_bundles
from gateway.cli.audit_cases import audit_cases
from gateway.cli.audit_exports import export
from gateway.cli.audit_office import audit_office
from gateway.cli.bus import bus
from gateway.cli.failures import INTERRUPTED, explanation
from gateway.cli.hub import hub
from gateway.cli.keystore import keystore
from gateway.cli.language import language_of, speak, translated
from gateway.cli.printing import err
from gateway.cli.projections import projections
from gateway.cli.registrar import registrar
from gateway.cli.rehearsal import bench, demo, scenario, torture
from gateway.cli.witness import witness
from gateway.protocol.process_memory import protect_process_memory

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in (demo, send, torture, bench):
    app.command()(command)
for family in (audit_cases, audit_bundles, audit_office):
    audit.registered_commands += family.registered_commands
for group, name in (
    (scenario, "scenario"),
    (hub, "hub"),
    (bus, "bus"),
    (agency, "agency"),
    (audit, "audit"),
    (export, "audit-export"),
    (projections, "projections"),
    (witness, "witness"),
    (registrar, "registrar"),
    (keystore, "keystore"),
):
    app.add_typer(group, name=name)


def _print_version(requested: bool) -> None:
    if requested:
        print(f"kakehashi {version('kakehashi')}")
        raise typer.Exit()


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="異常のとき、開発者のための詳しい記録を表示します")
    ] = False,
    show_version: Annotated[
        bool,
        typer.Option("--version", help="版を表示します", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """架け橋: 養育支援訪問事業の機関間連携ハブ"""


def main() -> None:
    """The entry point: whatever fails becomes one sentence and an exit code. Most commands hold keys or a passphrase."""
    protect_process_memory()
    speak(language_of(os.environ), os.environ)
    command = translated(get_command(app))
    try:
        sys.exit(command(standalone_mode=False, prog_name="kakehashi"))
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # the library has ended the command
            _print_failure(KeyboardInterrupt())
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever reads has read enough
        sys.exit(0)
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in sys.argv[1:2]:
            raise
        sys.exit(_print_failure(error))


def _print_failure(error: BaseException) -> int:
    """Say what happened and what to do. Returns the exit code."""
    title, text, code = explanation(error)
    err.print(f"[bold red]{escape(title)}[/]", highlight=False)
    if text:
        err.print(text, highlight=False, markup=False)
    return code
