"""``kakehashi agency`` and ``kakehashi send``: one agency's door, and files sent through it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from domain.codes import Body
from gateway.cli.agency_forms import agency_form
from gateway.cli.agency_index import agency_index
from gateway.cli.agency_staff import agency_staff, agency_token
from gateway.cli.language import tr
from gateway.cli.opening import keystore_of, machine_time, passphrase_of, read_genesis
from gateway.cli.options import (
    FolderOption,
    HostNames,
    HubUrl,
    PassphraseFd,
    PassphraseFile,
    Port,
    TrustedProxies,
)
from gateway.cli.printing import err, next_step, out, print_file, progress_bar
from gateway.installation.ceremony import KEY_SET_FILE, create_agency, renew_request
from gateway.installation.key_folder import AgencyFolder
from gateway.installation.public_half import fingerprint
from gateway.pages.dates import DateStyle
from keys.approval import ApprovalRequest
from keys.keyset import parse_key_set

agency = typer.Typer(no_args_is_help=True, help="機関の窓口を動かします")
agency.add_typer(agency_staff, name="staff")
agency.add_typer(agency_token, name="token")
agency.add_typer(agency_index, name="index")
agency.add_typer(agency_form, name="form")


@agency.command("init")
def agency_init(
    folder: FolderOption,
    genesis_file: Annotated[
        Path, typer.Option("--genesis", help="ハブの設立文書(登録責任者から)", dir_okay=False)
    ],
    code: Annotated[str, typer.Option("--code", help="機関の略号")],
    name: Annotated[str, typer.Option("--name", help="機関の名称")],
    roles: Annotated[str, typer.Option("--roles", help="役割(コンマ区切り。例: CORE,COORD)")],
    body: Annotated[Body, typer.Option("--body", help="法律上の種類")],
    municipality: Annotated[
        str | None,
        typer.Option(
            "--municipality",
            help="属する地方公共団体のコード(市・特別区が設置する児童相談所は、--body MUNICIPALITY とその市・区のコード)",
        ),
    ] = None,
    agency_id: Annotated[
        UUID | None, typer.Option("--id", help="機関の番号(鍵が失効した機関が、新しい鍵を作るとき)")
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """機関の鍵を、機関の機械に作ります。渡すのは、登録責任者が承認する請求だけです。"""
    genesis = read_genesis(genesis_file)
    about = {
        "code": code,
        "name": name,
        "roles": sorted({one.strip() for one in roles.split(",") if one.strip()}),
        "body": body.value,
        "municipality": municipality,
    }
    passphrase = passphrase_of(passphrase_file, passphrase_fd, twice=True)
    with err.status(tr("鍵を作成しています…")):
        asked = create_agency(
            folder, genesis, about=about, passphrase=passphrase, now=machine_time(), agency=agency_id
        )
    _print_request(folder, asked)


@agency.command("request")
def agency_request(
    folder: FolderOption, passphrase_file: PassphraseFile = None, passphrase_fd: PassphraseFd = None
) -> None:
    """同じ鍵の請求を、新しい日付で作り直します(承認が期限に間に合わなかったとき)。"""
    place = AgencyFolder.read(folder)
    keystore = keystore_of(place, passphrase_file, passphrase_fd)
    _print_request(folder, renew_request(place, keystore, machine_time()))


def _print_request(folder: Path, asked: ApprovalRequest) -> None:
    key_set, _ = parse_key_set(asked.documents[0].payload)
    out.print(tr("請求: {}(登録責任者に渡してください)", folder / KEY_SET_FILE), highlight=False)
    out.print(tr("鍵の照合番号: {}", fingerprint(key_set.sig, key_set.kem)), highlight=False)
    out.print(tr("機関の番号: {}", key_set.agency), highlight=False)
    out.print(tr("ハブの識別子: {}", asked.genesis.hub.hex()), highlight=False)
    out.print(tr("登録責任者に、電話などで識別子を確かめてください"))
    next_step(
        tr(
            "二人の登録責任者が承認して送ったら(6日以内)、kakehashi agency staff add と kakehashi agency serve で窓口を開きます"
        )
    )


@agency.command("admit-member")
def agency_admit_member(
    folder: FolderOption,
    hub_url: HubUrl,
    network: Annotated[UUID, typer.Option("--network", help="地域の番号")],
    member: Annotated[str, typer.Option("--member", help="加入する機関の略号")],
    item: Annotated[int, typer.Option("--item", help="児童福祉法25条の5の号", min=1, max=3)],
    actor: Annotated[str, typer.Option("--actor", help="職員の仮名参照(例: staff.a1)")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """調整機関として、要保護児童対策地域協議会の構成員を加えます。"""
    from gateway.agency.founding import admit_member
    from gateway.agency.serve import open_door

    place = AgencyFolder.read(folder)
    with open_door(place, keystore_of(place, passphrase_file, passphrase_fd), hub_url) as (door, _):
        admit_member(door, network, member, item, actor)
    out.print(tr("{} を構成員に加えました", member))
    next_step(tr("公示したら、窓口の画面「委託・研修」で「構成員を公示したと記録する」"))


@agency.command("serve")
def agency_serve(
    folder: FolderOption,
    hub_url: HubUrl,
    port: Port = 0,
    host_names: HostNames = None,
    trusted_proxies: TrustedProxies = None,
    dates: Annotated[
        DateStyle, typer.Option("--dates", help="画面の日付: both(和暦と西暦)・wareki・western")
    ] = DateStyle.BOTH,
    duty_number: Annotated[
        str, typer.Option("--duty-number", help="訪問支援者が急ぐときに電話する当番の番号")
    ] = "",
    sheet_hours: Annotated[
        int, typer.Option("--sheet-hours", help="訪問支援者の端末に家庭票を置く時間(1〜12)", min=1, max=12)
    ] = 10,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """一つの機関の窓口(画面とJSON API)を起動します(Ctrl-C で終了)。"""
    from gateway.agency.devices import PhoneSettings
    from gateway.agency.serve import serve_agency
    from gateway.protocol.serving import wait_for_stop_signal

    place = AgencyFolder.read(folder)
    phone = PhoneSettings(duty_number, sheet_hours)
    keystore = keystore_of(place, passphrase_file, passphrase_fd)
    proxies, names = trusted_proxies or (), host_names or ()
    with serve_agency(
        place,
        keystore,
        hub_url,
        port=port,
        trusted_proxies=proxies,
        host_names=names,
        dates=dates,
        phone=phone,
    ) as url:
        out.print(tr("{} の窓口: {}", place.code, url), highlight=False)
        wait_for_stop_signal()


@agency.command("statistics")
def agency_statistics(
    folder: FolderOption,
    hub_url: HubUrl,
    year: Annotated[int, typer.Option("--year", help="年度(例: 2025。4月から翌年3月)")],
    actor: Annotated[str, typer.Option("--actor", help="職員の仮名参照(例: staff.a1)")],
    target: Annotated[
        Path, typer.Option("--out", help="書き出すファイル(.pdf ならPDF、ほかはCSV)", dir_okay=False)
    ],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """年度の統計を発行し、小さい数を秘匿したCSVまたはPDFを書きます。前の発行のあと新しいものがなければ、同じものです。"""
    from gateway.agency.serve import open_door
    from gateway.agency.statistics.issues import Statistics
    from gateway.agency.statistics.layout import as_csv, heading
    from gateway.agency.statistics.printed import as_pdf

    place = AgencyFolder.read(folder)
    with open_door(place, keystore_of(place, passphrase_file, passphrase_fd), hub_url) as (door, mode):
        issue = Statistics(door).issue(year, actor=actor)
        name = next(
            (key_set.name for key_set in door.directory() if key_set.agency == door.agency), place.code
        )
    is_pdf = target.suffix.lower() == ".pdf"
    target.write_bytes(
        as_pdf(issue, name, is_rehearsal=mode == "rehearsal") if is_pdf else as_csv(issue, name)
    )
    out.print(f"{heading(issue)}: {target}", highlight=False)


def send(
    file: Annotated[Path | None, typer.Argument(help="FHIR Bundle(JSON)・xlsx・csv", dir_okay=False)] = None,
    door: Annotated[str | None, typer.Option("--door", help="動いている窓口のURL")] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="窓口のシステム用トークンのファイル", dir_okay=False)
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="窓口が動いていないとき: 機関の鍵のあるフォルダ")
    ] = None,
    hub_url: Annotated[str | None, typer.Option("--hub", help="窓口が動いていないとき: ハブのURL")] = None,
    answer: Annotated[Path | None, typer.Option("--answer", help="回答を書くファイル")] = None,
    template: Annotated[
        Path | None, typer.Option("--template", help="送らずに、xlsxのひな形をここに書きます", dir_okay=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ファイルを機関の窓口から送り、回答を受け取ります(0: すべて記録, 1: 誤り・拒否あり)。"""
    from adapters.agencies.spreadsheet import template as blank_template
    from gateway.cli.sending import read_file, send_through_door, send_with_keys, write_answer

    if template is not None:
        template.write_bytes(blank_template())
        out.print(tr("ひな形を書きました: {}", template), highlight=False)
        return
    if file is None or (door is None) == (folder is None or hub_url is None):
        raise typer.BadParameter(tr("ファイルと、--door または --folder と --hub を指定してください"))
    sent = read_file(file)
    if door is not None:
        token = None if token_file is None else read_file(token_file).decode().strip()
        with err.status(tr("送信しています")):
            result = send_through_door(door, token, sent)
    else:
        assert folder is not None
        assert hub_url is not None
        place = AgencyFolder.read(folder)
        keystore = keystore_of(place, passphrase_file, passphrase_fd)
        with progress_bar(tr("送信"), quiet=False) as on_progress:
            result = send_with_keys(place, keystore, hub_url, sent, on_progress)
    answer_path = write_answer(file, result, answer)
    print_file(result)
    out.print(tr("回答: {}", answer_path), highlight=False)
    raise typer.Exit(0 if result["ok"] else 1)
