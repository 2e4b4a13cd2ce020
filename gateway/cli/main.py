"""kakehashi: the command line. Messages are Japanese; every command says what to do next when it fails.

Servers and stories are imported where they are used, so that an auditor's query does not wait for them.
"""

from __future__ import annotations

import sys

import typer

from domain.errors import ExchangeError
from gateway.cli.agency import agency, send
from gateway.cli.audit import audit
from gateway.cli.audit_bundles import audit_bundles
from gateway.cli.audit_cases import audit_cases
from gateway.cli.audit_exports import export
from gateway.cli.audit_office import audit_office
from gateway.cli.bus import bus
from gateway.cli.hub import hub
from gateway.cli.keystore import keystore
from gateway.cli.printing import err
from gateway.cli.projections import projections
from gateway.cli.registrar import registrar
from gateway.cli.rehearsal import bench, demo, scenario, torture
from gateway.cli.witness import witness
from gateway.protocol.problems import text_ja_of, title_of
from gateway.protocol.process_memory import protect_process_memory

app = typer.Typer(no_args_is_help=True, add_completion=False, help="架け橋: 養育支援訪問事業の機関間連携ハブ")
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


def main() -> None:
    """The entry point: errors become one clear sentence and exit code 2. Most commands hold keys or a passphrase."""
    protect_process_memory()
    try:
        app()
    except ExchangeError as error:
        err.print(f"[bold red]{title_of(error)}[/] ({error.category}/{error.error_code})", highlight=False)
        err.print(text_ja_of(error), highlight=False, markup=False)
        if error.detail:
            err.print(error.detail, highlight=False, markup=False)
        sys.exit(2)
