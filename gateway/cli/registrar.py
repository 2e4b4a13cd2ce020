"""``kakehashi registrar``: one of the three persons who say who the agencies are; two of them approve."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from domain.errors import Refused
from domain.time_text import parse_day_text
from gateway.cli.approval_texts import request_lines
from gateway.cli.language import tr
from gateway.cli.opening import keystore_of, machine_time, optional_time, passphrase_of, read_genesis
from gateway.cli.options import FolderOption, HubUrl, OutFile, PassphraseFd, PassphraseFile
from gateway.cli.printing import err, next_step, out
from gateway.installation.approval_checks import ApprovedLog, checked
from gateway.installation.ceremony import Orders, create_party, submit_frames
from gateway.installation.exchanged_files import read_exchanged_file
from gateway.installation.folder import moment
from gateway.installation.key_folder import KeyFolder, signature_keys
from gateway.installation.public_half import FILE, PublicHalf, grouped
from gateway.installation.public_holidays import office_calendar
from gateway.protocol.client import HubClient
from keys.approval import ApprovalRequest, completed, parse_approval, parse_approval_request, sign_request
from keys.command import parse_command

registrar = typer.Typer(no_args_is_help=True, help="登録責任者: 機関の鍵と命令を、三人のうち二人で承認します")
prepare = typer.Typer(no_args_is_help=True, help="二人に承認してもらう命令の請求を作ります")
registrar.add_typer(prepare, name="prepare")

RequestFile = Annotated[Path, typer.Argument(help="承認の請求のファイル", dir_okay=False)]


@registrar.command("init")
def registrar_init(
    folder: FolderOption,
    name: Annotated[str, typer.Option("--name", help="登録責任者の名前(署名には入りません)")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """登録責任者の鍵を、自分の機械に作ります。渡すのは公開する半分だけです。"""
    passphrase = passphrase_of(passphrase_file, passphrase_fd, twice=True)
    with err.status(tr("鍵を作成しています…")):
        half = create_party(folder, "registrar", name, passphrase)
    print_public_half(folder, half)
    next_step(tr("ハブを設置する人が、三人分と監査機関の分をそろえて kakehashi hub init を実行します"))


@registrar.command("show")
def registrar_show(folder: FolderOption) -> None:
    """自分の鍵の照合番号を表示します(電話などで読み上げるため)。"""
    print_public_half(folder, PublicHalf.read(folder / FILE, "registrar"))


def print_public_half(folder: Path, half: PublicHalf) -> None:
    """Which file to hand out, and what to compare."""
    out.print(tr("公開する半分: {}(このファイルだけを渡してください)", folder / FILE), highlight=False)
    out.print(tr("照合番号: {}", half.fingerprint), highlight=False)


@registrar.command("approve")
def registrar_approve(
    request_file: RequestFile,
    folder: FolderOption,
    genesis_file: Annotated[
        Path | None,
        typer.Option(
            "--genesis", help="ハブの設立文書(設立に署名しなかった三人目が、最初に一度)", dir_okay=False
        ),
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="承認を書くファイル(省略時は請求の隣)", dir_okay=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="確認の問いを省きます(手順書による実行)")] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """請求の内容を確かめ、読み、承認します。署名は承認のファイルに入り、ハブには送りません。"""
    place, asked = KeyFolder(folder), parse_approval_request(read_exchanged_file(request_file))
    if genesis_file is not None:
        place.pin(read_genesis(genesis_file))
    keys = signature_keys(keystore_of(place, passphrase_file, passphrase_fd))
    now = machine_time()
    verified = checked(asked, place, keys.public, now)
    for line in request_lines(verified, keys.public):
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    if not yes and not typer.confirm(tr("以上を承認し、署名しますか")):
        raise Refused("approval-declined")
    place.pin(asked.genesis)
    ApprovedLog(folder).add(verified, now)
    target = out_file or request_file.with_name(
        f"{request_file.stem}.{keys.public.key_ids[0].hex()[:8]}.approval"
    )
    target.write_bytes(sign_request(asked, keys).encode())
    out.print(tr("承認しました: {}", target), highlight=False)
    next_step(
        tr(
            "二人の承認がそろったら kakehashi registrar submit で送ります(ハブの設立の請求は kakehashi hub found)"
        )
    )


@registrar.command("submit")
def registrar_submit(
    request_file: RequestFile,
    approvals: Annotated[list[Path], typer.Argument(help="二人の承認のファイル(順序は問いません)")],
    hub_url: HubUrl,
) -> None:
    """請求に二人の承認を合わせ、ハブに記録させます。鍵は要りません。"""
    asked = parse_approval_request(read_exchanged_file(request_file))
    frames = completed(asked, [parse_approval(read_exchanged_file(one)) for one in approvals])
    with closing(HubClient(hub_url, hub=asked.genesis.hub)) as client:
        client.genesis()
        submit_frames(client, frames)
    out.print(tr("記録しました({} 件)", len(frames)))


# --- orders ----------------------------------------------------------------------------------------------------------


@prepare.command("designation")
def prepare_designation(
    folder: FolderOption,
    hub_url: HubUrl,
    core: Annotated[str, typer.Option("--core", help="中核機関の略号")],
    coordinating: Annotated[str, typer.Option("--coordinating", help="調整機関の略号")],
    out_file: OutFile,
    network: Annotated[UUID | None, typer.Option("--network", help="地域の番号(省略時は新しい地域)")] = None,
) -> None:
    """中核機関と調整機関の指定。"""
    with closing(_client(folder, hub_url)) as client:
        asked = _orders(client).designation(network, core=core, coordinating=coordinating)
    _write_request(out_file, asked)
    out.print(tr("地域の番号: {}", parse_command(asked.documents[0].payload).about.id), highlight=False)


@prepare.command("revocation")
def prepare_revocation(
    folder: FolderOption,
    hub_url: HubUrl,
    code: Annotated[str, typer.Option("--agency", help="鍵を失効させる機関の略号")],
    out_file: OutFile,
    compromised_since: Annotated[
        str | None, typer.Option("--compromised-since", help="いつから漏えいしたおそれがあるか(時刻)")
    ] = None,
) -> None:
    """機関の鍵の失効。"""
    with closing(_client(folder, hub_url)) as client:
        asked = _orders(client).revocation(code, optional_time(compromised_since))
    _write_request(out_file, asked)


@prepare.command("mandate")
def prepare_mandate(
    folder: FolderOption,
    hub_url: HubUrl,
    number: Annotated[int, typer.Option("--number", help="第何期か(今の期の次)", min=2)],
    until: Annotated[str, typer.Option("--until", help="任期の最終日(1年以内。例: 2027-03-31)")],
    out_file: OutFile,
) -> None:
    """監査の新しい任期。以後の制御情報は新しい鍵で封じられます。"""
    with closing(_client(folder, hub_url)) as client:
        asked = _orders(client).mandate(number, until)
    _write_request(out_file, asked)


@prepare.command("calendar")
def prepare_calendar(
    folder: FolderOption,
    hub_url: HubUrl,
    until_year: Annotated[
        int, typer.Option("--until-year", help="祝日をいつの年まで入れるか", min=2026, max=2100)
    ],
    out_file: OutFile,
    closing_days: Annotated[
        list[str] | None, typer.Option("--closing-day", help="ほかの閉庁日(例: 2026-11-04)。何度でも書けます")
    ] = None,
    from_year: Annotated[int, typer.Option("--from-year", help="いつの年から入れるか", min=2025)] = 2025,
) -> None:
    """開庁日の暦: 祝日を自動で入れ、ほかの閉庁日を加えた規則集の公示。"""
    try:
        days = [parse_day_text(day) for day in closing_days or []]
    except ValueError as error:
        raise typer.BadParameter(tr("--closing-day は 2026-11-04 の形で書いてください")) from error
    with closing(_client(folder, hub_url)) as client:
        asked = _orders(client).calendar(office_calendar(from_year, until_year, days))
    _write_request(out_file, asked)


def _client(folder: Path, hub_url: str) -> HubClient:
    return HubClient(hub_url, hub=KeyFolder(folder).pinned_genesis.hub)


def _orders(client: HubClient) -> Orders:
    rehearsal = client.genesis().mode == "rehearsal"
    return Orders(client, moment(client.now()) if rehearsal else machine_time())


def _write_request(path: Path, asked: ApprovalRequest) -> None:
    path.write_bytes(asked.encode())
    out.print(tr("請求: {}(照合番号 {})", path, grouped(asked.digest)), highlight=False)
    out.print(tr("二人の登録責任者が kakehashi registrar approve で承認し、registrar submit で送ります"))
