"""``kakehashi hub``: founding a hub and serving it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.language import tr
from gateway.cli.opening import installation_of, machine_time, optional_time, passphrase_of
from gateway.cli.options import DataOption, HostNames, PassphraseFd, PassphraseFile, Port, TrustedProxies
from gateway.cli.printing import err, next_step, out
from gateway.installation.ceremony import FOUNDING_FILE, complete_founding, request_founding, submit_frames
from gateway.installation.exchanged_files import read_exchanged_file
from gateway.installation.folder import create_installation
from gateway.installation.public_half import PublicHalf, grouped, require_three_registrars
from gateway.protocol.client import HubClient
from keys.approval import parse_approval

GENESIS_FILE = "hub.genesis"
hub = typer.Typer(no_args_is_help=True, help="ハブを動かします")


@hub.command("init")
def hub_init(
    data: DataOption,
    registrars: Annotated[
        list[Path] | None,
        typer.Option("--registrar", help="登録責任者の公開する半分(三人分、三回)", dir_okay=False),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option("--audit", help="監査機関の公開する半分", dir_okay=False)
    ] = None,
    hosted: Annotated[
        bool, typer.Option("--hosted", help="登録責任者・監査機関・各機関の鍵も、この機械で作って預かります")
    ] = False,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="訓練用にします(すべてこの機械で、パスワードは自動)")
    ] = False,
    register: Annotated[
        Path | None,
        typer.Option(
            "--register", help="--hosted/--rehearsal: 機関の名簿(YAML)。gateway/README.md", dir_okay=False
        ),
    ] = None,
    bus: Annotated[
        Path | None,
        typer.Option("--bus", help="自分で運用する保存先の設定ファイル(bus.json)", dir_okay=False),
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ハブの鍵だけを作り、設立の請求を書きます。二人の承認の後、hub found で設立します。"""
    if bus is not None:
        from gateway.installation.archive import require_unused_bus

        require_unused_bus(bus)  # before anything is created
    if hosted or rehearsal:
        if registrars or audit is not None or (hosted and rehearsal):
            raise typer.BadParameter(
                tr("--hosted、--rehearsal、--registrar/--audit のどれか一つにしてください")
            )
        _create_hosted_hub(
            data,
            register,
            bus,
            None if rehearsal else passphrase_of(passphrase_file, passphrase_fd, twice=True),
        )
        return
    if not registrars or audit is None or register is not None:
        raise typer.BadParameter(
            tr("--registrar を三回と --audit を指定してください(一台で済ませるなら --hosted)")
        )
    halves = [PublicHalf.read(path, "registrar") for path in registrars]
    audit_half = PublicHalf.read(audit, "audit")
    require_three_registrars(halves)
    passphrase = passphrase_of(passphrase_file, passphrase_fd, twice=True)
    with err.status(tr("鍵を作成しています…")):
        founding = request_founding(
            data, registrars=halves, audit=audit_half, passphrase=passphrase, now=machine_time()
        )
    _name_bus(data / "hub", bus)
    for half in (*halves, audit_half):
        out.print(tr("{}: 照合番号 {}", half.name, half.fingerprint), highlight=False, markup=False)
    out.print(tr("それぞれの本人に、電話などで照合番号を確かめてください。"))
    out.print(
        tr("設立の請求: {}(照合番号 {})", data / "hub" / FOUNDING_FILE, grouped(founding.digest)),
        highlight=False,
    )
    out.print(
        tr("二人の登録責任者が kakehashi registrar approve で承認し、hub found で設立します(6日以内)。")
    )


def _name_bus(hub_folder: Path, bus: Path | None) -> None:
    """Have this new hub use a bus of one's own, where one is named."""
    if bus is not None:
        from gateway.installation.archive import name_bus

        name_bus(hub_folder, bus)


@hub.command("found")
def hub_founding(
    data: DataOption,
    approvals: Annotated[list[Path], typer.Argument(help="二人の登録責任者の承認のファイル")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """二人の承認を合わせて、ハブを設立します(最初の記録と規則集)。"""
    from gateway.hub.runtime import start_hub
    from gateway.protocol.serving import ServedApp

    orders = complete_founding(data, [parse_approval(read_exchanged_file(path)) for path in approvals])
    installation = installation_of(data, passphrase_file, passphrase_fd)
    with err.status(tr("ハブを創設しています…")):
        runtime = start_hub(installation)
        try:
            with ServedApp(runtime.app) as served, closing(HubClient(served.url)) as client:
                submit_frames(client, orders)
        finally:
            runtime.close()
    genesis_file = data / GENESIS_FILE
    genesis_file.write_bytes(installation.genesis_frame.encode())
    out.print(tr("[green]設立しました[/] {}", data))
    out.print(tr("ハブの識別子: {}", installation.hub.hex()), highlight=False)
    out.print(tr("設立文書: {}(各機関と監査機関に渡してください)", genesis_file), highlight=False)
    out.print(tr("起動: kakehashi hub serve --data {}", data), highlight=False)
    next_step(tr("各機関が kakehashi agency init で鍵を作り、請求を登録責任者に渡します"))


def _create_hosted_hub(data: Path, register: Path | None, bus: Path | None, passphrase: bytes | None) -> None:
    """Everything on this machine. ``passphrase``: None for a rehearsal."""
    from gateway.agency.founding import RegisterFile, register_agencies
    from gateway.hub.runtime import start_hub
    from gateway.protocol.serving import ServedApp

    register_file = (
        RegisterFile.read(register) if register is not None else None
    )  # before anything is created
    with err.status(tr("鍵を作成しています…")):
        new_installation = create_installation(
            data, mode="rehearsal" if passphrase is None else "real", passphrase=passphrase
        )
    _name_bus(new_installation.hub_folder, bus)
    with err.status(tr("ハブを創設しています…")):
        runtime = start_hub(new_installation)
        try:
            with ServedApp(runtime.app) as served:
                register_agencies(new_installation, served.url, register_file, passphrase)
        finally:
            runtime.close()
    out.print(tr("[green]設置しました[/] {}", data))
    out.print(tr("ハブの識別子: {}", new_installation.hub.hex()), highlight=False)
    (data / GENESIS_FILE).write_bytes(new_installation.genesis_frame.encode())
    if passphrase is not None:
        out.print(tr("登録責任者・監査機関・各機関の鍵も、この機械にあります(custody: HOSTED)。"))
    out.print(tr("起動: kakehashi hub serve --data {}", data), highlight=False)
    for one in new_installation.agencies():
        out.print(tr("{} の窓口のフォルダ: {}", one.code, one.folder), highlight=False)
    if register_file is not None:
        next_step(
            tr("窓口ごとに kakehashi agency staff add で職員を登録し、kakehashi agency serve で開きます")
        )


@hub.command("serve")
def hub_serve(
    data: DataOption,
    port: Port = 0,
    host_names: HostNames = None,
    trusted_proxies: TrustedProxies = None,
    clock: Annotated[
        str | None, typer.Option("--clock", help="訓練用ハブの時計の始まり(例: 2025-05-01T09:00:00+09:00)")
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ハブの窓口を起動します(Ctrl-C で終了)。"""
    from gateway.hub.serve import serve_hub
    from gateway.protocol.serving import wait_for_stop_signal

    at = optional_time(clock)
    installation = installation_of(data, passphrase_file, passphrase_fd)
    proxies, names = trusted_proxies or (), host_names or ()
    with serve_hub(installation, port=port, at=at, trusted_proxies=proxies, host_names=names) as url:
        out.print(tr("ハブ: {}", url), highlight=False)
        wait_for_stop_signal()
