"""kakehashi: the command line. Messages are Japanese; every command says what to do next when it fails.

Each command is imported when it is named; servers and stories where they are used. So an auditor's query does not wait for
them, nor a registrar's approval for the door of an agency.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.main import get_command

from gateway.cli.failures import INTERRUPTED, explanation
from gateway.cli.language import language_of, speak, translated
from gateway.cli.printing import err
from gateway.protocol.process_memory import protect_process_memory

COMMANDS: Mapping[str, str] = {
    "demo": "rehearsal",
    "send": "agency",
    "torture": "rehearsal",
    "bench": "rehearsal",
}
"""The module of each command, which has its name."""
GROUPS: Mapping[str, Sequence[tuple[str, str]]] = {
    "scenario": [("rehearsal", "scenario")],
    "hub": [("hub", "hub")],
    "bus": [("bus", "bus")],
    "agency": [("agency", "agency")],
    "audit": [
        ("audit", "audit"),
        ("audit_cases", "audit_cases"),
        ("audit_bundles", "audit_bundles"),
        ("audit_office", "audit_office"),
    ],
    "audit-export": [("audit_exports", "export")],
    "projections": [("projections", "projections")],
    "witness": [("witness", "witness")],
    "registrar": [("registrar", "registrar")],
    "keystore": [("keystore", "keystore")],
}
"""The modules and names of what makes up each group; the first has its help."""


def program(arguments: Sequence[str] | None = None) -> typer.Typer:
    """The command line. ``arguments``: with no more than the command that they name, where they name one."""
    named = next((word for word in arguments or () if not word.startswith("-")), None)
    whole = named not in {*COMMANDS, *GROUPS}  # then help or a correction names them all
    program = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    program.callback()(options)
    for name, module in COMMANDS.items():
        if whole or name == named:
            program.command()(_named(module, name))
    for name, parts in GROUPS.items():
        if whole or name == named:
            first, *others = (_named(*part) for part in parts)
            group = typer.Typer(no_args_is_help=True)
            group.info = first.info
            group.registered_groups = first.registered_groups
            group.registered_commands = [c for part in (first, *others) for c in part.registered_commands]
            program.add_typer(group, name=name)
    return program


def _named(module: str, name: str) -> Any:
    return getattr(import_module(f"gateway.cli.{module}"), name)


def __getattr__(name: str) -> typer.Typer:
    """``app``: the whole command line, made when it is first asked for."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = app = program()
    return app


def _print_version(requested: bool) -> None:
    if requested:
        print(f"kakehashi {version('kakehashi')}")
        raise typer.Exit()


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
    command = translated(get_command(program(sys.argv[1:])))
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
