"""Content for the audit office, on the command line: asked for by name, opened once two officials have let it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from domain.codes import AuditGround, Section
from domain.errors import Malformed
from gateway.audit.office import AuditOffice
from gateway.cli.audit import Case, Data, PassphraseFd, PassphraseFile, installation_of
from gateway.installation.folder import Installation, moment
from gateway.installation.registrars import Registrars
from gateway.protocol.client import HubClient

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
    last = _parse_day(until)
    with _open_office(data, hub, passphrase_file, passphrase_fd) as office:
        request = office.request_content(case, item, ground=ground, until=last)
    out.print(f"請求番号 {request}")


@content.command("request-control")
def audit_request_control(
    data: Data,
    hub: HubUrl,
    case: Annotated[UUID | None, typer.Option("--case", help="事例の識別子(省略時はすべて)")] = None,
    ground: Annotated[AuditGround, typer.Option("--ground", help="理由")] = AuditGround.AUDIT,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査を請求し、記録に残します。束(audit export)はこの番号で作ります。内容は開けません。"""
    with _open_office(data, hub, passphrase_file, passphrase_fd) as office:
        request = office.request_control(case, ground=ground)
    out.print(f"請求番号 {request}")


@content.command("begin-mandate")
def audit_begin_mandate(
    data: Data,
    hub: HubUrl,
    number: Annotated[int, typer.Option("--number", help="第何期か(今の期の次)", min=2)],
    until: Annotated[str, typer.Option("--until", help="任期の最終日(1年以内。例: 2027-03-31)")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査の新しい任期を、登録機関の二人の署名で始めます。以後の制御情報は新しい鍵で封じられます。"""
    installation = installation_of(data, passphrase_file, passphrase_fd)
    with closing(HubClient(hub, hub=installation.hub)) as client:
        registrars = Registrars(
            installation.registrars()[:2], client, client.genesis(), _clock(installation, client)
        )
        registrars.begin_mandate(number, _parse_day(until))
    out.print(f"第 {number} 期の監査を始めました")


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
    with _open_office(data, hub, passphrase_file, passphrase_fd) as office:
        opened = office.open(case, message, item, section.value)
    sys.stdout.buffer.write(opened.content)


@contextmanager
def _open_office(data: Path, hub: str, file: Path | None, fd: int | None) -> Iterator[AuditOffice]:
    installation = installation_of(data, file, fd)
    sig, kem = installation.audit()
    with closing(HubClient(hub, hub=installation.hub)) as client:
        now = _clock(installation, client)
        yield AuditOffice(sig=sig, kem=kem, client=client, genesis=client.genesis(), now=now)


def _clock(installation: Installation, client: HubClient) -> Callable[[], datetime]:
    return (lambda: moment(client.now())) if installation.rehearsal else (lambda: datetime.now(UTC))


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("time-form", "Write the day as YYYY-MM-DD.") from error
