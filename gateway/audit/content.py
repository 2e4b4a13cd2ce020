"""Content for the audit office, on the command line: asked for by name, opened once two officials have let it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from domain.codes import AuditGround, Section
from domain.errors import Malformed
from gateway.audit.commands import Case, Data, PassphraseFd, PassphraseFile, installation_of
from gateway.audit.office import AuditOffice
from gateway.client import HubClient
from gateway.installation import moment

content = typer.Typer(no_args_is_help=True)
out = Console()

HubUrl = Annotated[str, typer.Option("--hub", help="ハブの窓口のURL")]


@content.command("request-content")
def audit_request_content(
    data: Data,
    hub: HubUrl,
    case: Case,
    item: Annotated[list[UUID], typer.Option("--item", help="項目の識別子(繰り返し可)")],
    until: Annotated[str, typer.Option("--until", help="閲覧の最終日(例: 2026-05-31)")],
    ground: Annotated[AuditGround, typer.Option("--ground", help="理由")] = AuditGround.AUDIT,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査閲覧を請求します。二人の職員がこの番号を承認するまで、何も開けません。"""
    try:
        last = datetime.fromisoformat(until).date()
    except ValueError as error:
        raise Malformed("time-form", "write the day as YYYY-MM-DD") from error
    with _office(data, hub, passphrase_file, passphrase_fd) as office:
        request = office.ask_for(case, item, ground=ground, until=last)
    out.print(f"請求番号 {request}")


@content.command("open-content")
def audit_open_content(
    data: Data,
    hub: HubUrl,
    case: Case,
    message: Annotated[UUID, typer.Option("--message", help="連絡の識別子(台帳にあります)")],
    item: Annotated[UUID, typer.Option("--item", help="項目の識別子")],
    section: Annotated[Section, typer.Option("--section", help="区分")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """承認された項目を開き、検証して、そのまま標準出力に書きます。閲覧は台帳に残ります。"""
    with _office(data, hub, passphrase_file, passphrase_fd) as office:
        opened = office.open(case, message, item, section.value)
    sys.stdout.buffer.write(opened.content)


@contextmanager
def _office(data: Path, hub: str, file: Path | None, fd: int | None) -> Iterator[AuditOffice]:
    installation = installation_of(data, file, fd)
    sig, kem = installation.audit()
    with closing(HubClient(hub, hub=installation.hub)) as client:
        now = (lambda: moment(client.now())) if installation.rehearsal else (lambda: datetime.now(UTC))
        yield AuditOffice(sig=sig, kem=kem, client=client, genesis=client.genesis(), now=now)
