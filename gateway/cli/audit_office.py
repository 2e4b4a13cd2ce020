"""``kakehashi audit``, as the audit office: requests on record, content that two officials approved."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from domain.codes import AuditGround, Section
from domain.errors import Malformed, Untrusted
from gateway.agency.content_form import shown_content
from gateway.audit.office import AuditOffice
from gateway.audit.office_connection import connect_office
from gateway.cli.language import tr
from gateway.cli.opening import keystore_of, passphrase_of, read_genesis
from gateway.cli.options import CaseOption, FolderOption, HubUrl, OptionalCase, PassphraseFd, PassphraseFile
from gateway.cli.printing import err, next_step, out
from gateway.cli.registrar import print_public_half
from gateway.installation.ceremony import create_party
from gateway.installation.key_folder import KeyFolder
from gateway.installation.public_half import FILE, PublicHalf

audit_office = typer.Typer(no_args_is_help=True)


@audit_office.command("init")
def audit_init(
    folder: FolderOption,
    name: Annotated[str, typer.Option("--name", help="監査機関の名前(署名には入りません)")] = "監査機関",
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査機関の鍵を、監査機関の機械に作ります。渡すのは公開する半分だけです。"""
    passphrase = passphrase_of(passphrase_file, passphrase_fd, twice=True)
    with err.status(tr("鍵を作成しています…")):
        half = create_party(folder, "audit", name, passphrase)
    print_public_half(folder, half)
    next_step(tr("ハブの設立文書が届いたら kakehashi audit pin で控えます"))


@audit_office.command("pin")
def audit_pin(
    folder: FolderOption,
    genesis_file: Annotated[Path, typer.Option("--genesis", help="ハブの設立文書", dir_okay=False)],
) -> None:
    """この鍵をどのハブに使うかを、設立文書で控えます(一度だけ)。"""
    genesis = read_genesis(genesis_file)
    half = PublicHalf.read(folder / FILE, "audit")
    if (half.sig, half.kem) != (genesis.audit_sig, genesis.audit_kem):
        raise Untrusted("audit-keys-of-another")
    KeyFolder(folder).pin(genesis)
    out.print(tr("ハブの識別子: {}", genesis.hub.hex()), highlight=False)
    out.print(tr("登録責任者に、電話などで識別子を確かめてください"))


@audit_office.command("request-content")
def audit_request_content(
    folder: FolderOption,
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
    with _office(folder, hub_url, passphrase_file, passphrase_fd) as office:
        request = office.request_content(case, item, ground=ground, until=last)
    out.print(tr("請求番号 {}", request))


@audit_office.command("request-control")
def audit_request_control(
    folder: FolderOption,
    hub_url: HubUrl,
    case: OptionalCase = None,
    ground: Annotated[AuditGround, typer.Option("--ground", help="理由")] = AuditGround.AUDIT,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """監査を請求し、記録に残します。束(audit export)はこの番号で作ります。内容は開けません。"""
    with _office(folder, hub_url, passphrase_file, passphrase_fd) as office:
        request = office.request_control(case, ground=ground)
    out.print(tr("請求番号 {}", request))


@audit_office.command("open-content")
def audit_open_content(
    folder: FolderOption,
    hub_url: HubUrl,
    case: CaseOption,
    message: Annotated[UUID, typer.Option("--message", help="連絡の識別子(台帳にあります)")],
    item: Annotated[UUID, typer.Option("--item", help="項目の識別子")],
    section: Annotated[Section, typer.Option("--section", help="区分")],
    raw: Annotated[bool, typer.Option("--raw", help="様式によらず、届いたままの内容を書く")] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """承認された項目を開き、検証して、様式どおりの行で標準出力に書きます。閲覧は台帳に残ります。"""
    with _office(folder, hub_url, passphrase_file, passphrase_fd) as office:
        opened = office.open(case, message, item, section.value)
    text = shown_content(opened.schema, opened.content).text.encode()
    sys.stdout.buffer.write(opened.content if raw else text)


def _office(
    folder: Path, hub_url: str, file: Path | None, fd: int | None
) -> AbstractContextManager[AuditOffice]:
    place = KeyFolder(folder)
    return connect_office(place, keystore_of(place, file, fd), hub_url)


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("time-form", "Write the day as YYYY-MM-DD.") from error
