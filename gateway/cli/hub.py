"""``kakehashi init`` and ``kakehashi hub``: founding a hub and serving it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.opening import installation_of, optional_time, passphrase_of
from gateway.cli.options import DataOption, PassphraseFd, PassphraseFile, Port
from gateway.cli.printing import out
from gateway.installation.folder import create_installation

hub = typer.Typer(no_args_is_help=True, help="ハブを動かします")


def init(
    data: DataOption,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="訓練用にします(合言葉は自動)")] = False,
    register: Annotated[
        Path | None,
        typer.Option("--register", help="機関の名簿(YAML)。docs は gateway/README.md", dir_okay=False),
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ハブを新しく設置します: 鍵・創設記録・規則集、名簿があれば機関の鍵の公示まで。"""
    from gateway.agency.founding import RegisterFile, register_agencies
    from gateway.hub.runtime import start_hub
    from gateway.protocol.serving import ServedApp

    register_file = (
        RegisterFile.read(register) if register is not None else None
    )  # before anything is created
    passphrase = None if rehearsal else passphrase_of(passphrase_file, passphrase_fd, twice=True)
    with out.status("鍵を作成しています…"):
        new_installation = create_installation(
            data, mode="rehearsal" if rehearsal else "real", passphrase=passphrase
        )
    with out.status("ハブを創設しています…"):
        runtime = start_hub(new_installation)
        try:
            with ServedApp(runtime.app) as served:
                register_agencies(new_installation, served.url, register_file)
        finally:
            runtime.close()
    out.print(f"[green]設置しました[/] {data}")
    out.print(f"ハブの識別子: {new_installation.hub.hex()}", highlight=False)
    if not rehearsal:
        out.print("registrars/ の3つの鍵は3人の登録責任者がそれぞれ持ち帰り、ここから消してください。")
    out.print(f"起動: kakehashi hub serve --data {data}", highlight=False)


@hub.command("serve")
def hub_serve(
    data: DataOption,
    port: Port = 0,
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
    with serve_hub(installation_of(data, passphrase_file, passphrase_fd), port=port, at=at) as url:
        out.print(f"ハブ: {url}", highlight=False)
        wait_for_stop_signal()
