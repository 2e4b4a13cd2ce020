"""``kakehashi audit``, as the audit office: requests on record, its next mandate, content that two officials approved."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated
from uuid import UUID

import typer

from domain.codes import AuditGround, Section
from domain.errors import Malformed
from gateway.audit.office_connection import begin_mandate, connect_office
from gateway.cli.opening import installation_of
from gateway.cli.options import CaseOption, DataOption, HubUrl, OptionalCase, PassphraseFd, PassphraseFile
from gateway.cli.printing import out

audit_office = typer.Typer(no_args_is_help=True)


@audit_office.command("request-content")
def audit_request_content(
    data: DataOption,
    hub_url: HubUrl,
    case: CaseOption,
    item: Annotated[list[UUID], typer.Option("--item", help="項目の識別子(繰り返し可)")],
    until: Annotated[str, typer.Option("--until", help="閲覧の最終日(例: 2026-05-31)")],
    ground: Annotated[AuditGround, typer.Option("--ground", help="理由")] = AuditGround.AUDIT,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査閲覧を請求します。二人の職員がこの番号を承認するまで、何も開けません。"""
    last = _parse_day(until)
    with connect_office(installation_of(data, passphrase_file, passphrase_fd), hub_url) as office:
        request = office.request_content(case, item, ground=ground, until=last)
    out.print(f"請求番号 {request}")


@audit_office.command("request-control")
def audit_request_control(
    data: DataOption,
    hub_url: HubUrl,
    case: OptionalCase = None,
    ground: Annotated[AuditGround, typer.Option("--ground", help="理由")] = AuditGround.AUDIT,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査を請求し、記録に残します。束(audit export)はこの番号で作ります。内容は開けません。"""
    with connect_office(installation_of(data, passphrase_file, passphrase_fd), hub_url) as office:
        request = office.request_control(case, ground=ground)
    out.print(f"請求番号 {request}")


@audit_office.command("begin-mandate")
def audit_begin_mandate(
    data: DataOption,
    hub_url: HubUrl,
    number: Annotated[int, typer.Option("--number", help="第何期か(今の期の次)", min=2)],
    until: Annotated[str, typer.Option("--until", help="任期の最終日(1年以内。例: 2027-03-31)")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査の新しい任期を、登録機関の二人の署名で始めます。以後の制御情報は新しい鍵で封じられます。"""
    last_day = _parse_day(until)
    begin_mandate(installation_of(data, passphrase_file, passphrase_fd), hub_url, number, last_day)
    out.print(f"第 {number} 期の監査を始めました")


@audit_office.command("open-content")
def audit_open_content(
    data: DataOption,
    hub_url: HubUrl,
    case: CaseOption,
    message: Annotated[UUID, typer.Option("--message", help="連絡の識別子(台帳にあります)")],
    item: Annotated[UUID, typer.Option("--item", help="項目の識別子")],
    section: Annotated[Section, typer.Option("--section", help="区分")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """承認された項目を開き、検証して、そのまま標準出力に書きます。閲覧は台帳に残ります。"""
    with connect_office(installation_of(data, passphrase_file, passphrase_fd), hub_url) as office:
        opened = office.open(case, message, item, section.value)
    sys.stdout.buffer.write(opened.content)


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("time-form", "Write the day as YYYY-MM-DD.") from error
