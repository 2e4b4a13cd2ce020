"""``kakehashi witness``: an outside body that cosigns each head of a log that continues all it saw before."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Annotated

import typer

from domain.errors import Malformed
from gateway.cli.failures import naming
from gateway.cli.language import tr
from gateway.cli.opening import passphrase_of
from gateway.cli.options import HostNames, PassphraseFd, PassphraseFile, Port, TrustedProxies
from gateway.cli.printing import err, out
from gateway.installation.unlocking import unlock_in_child
from gateway.protocol.client import HubClient
from gateway.witness.service import Witness
from keys import canonical
from keys.checkpoint import origin_of
from keys.keystore import write_keystore
from keys.note import is_name
from keys.signing import SignatureKeys, SignatureKind

witness = typer.Typer(
    no_args_is_help=True, help="記録簿の立会人: 署名された記録簿が書き換えられていないことを見届けます"
)
WitnessFolder = Annotated[Path, typer.Option("--data", help="立会人のフォルダ", file_okay=False)]


@witness.command("init")
def witness_init(
    data: WitnessFolder,
    name: Annotated[str, typer.Option("--name", help="立会人の名前(例: witness.example/one)")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """立会人の鍵を作り、公開鍵を表示します。"""
    if not is_name(name):
        raise Malformed("witness-name")
    if (data / "keystore").exists():
        raise Malformed("folder-not-empty")
    passphrase = passphrase_of(passphrase_file, passphrase_fd)
    with err.status(tr("鍵を作成しています…")):
        keys = SignatureKeys.generate(SignatureKind.LOG)
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_keystore(data / "keystore", {"wit": keys.seeds}, passphrase)
    about = {"name": name, "keys": keys.public.to_json()}
    (data / "witness.json").write_text(json.dumps(about, indent=1) + "\n")
    out.print(
        tr(
            "この内容をハブの hub/witnesses.json(url を加えて)と、各窓口の witnesses.json に登録してください。"
        )
    )
    print(json.dumps(about, indent=1))


@witness.command("serve")
def witness_serve(
    data: WitnessFolder,
    hub_url: Annotated[str, typer.Option("--hub", help="ハブのURL")],
    hub_id: Annotated[str, typer.Option("--hub-id", help="控えておいたハブの識別子(16進)")],
    port: Port = 0,
    host_names: HostNames = None,
    trusted_proxies: TrustedProxies = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """立会人を動かします(Ctrl-Cで終わります)。"""
    from gateway.protocol.serving import ServedApp, wait_for_stop_signal
    from gateway.witness.app import witness_app

    about = json.loads((data / "witness.json").read_text())
    with naming(data / "keystore", passphrase_file):
        seeds = unlock_in_child(data / "keystore", passphrase_file, passphrase_fd).secrets["wit"]
    client = HubClient(hub_url, hub=canonical.parse_digest(hub_id))
    genesis = client.genesis()
    client.close()
    logs = {origin_of(genesis.hub, genesis.mode): genesis.log}
    keys = SignatureKeys.from_seeds(SignatureKind.LOG, seeds)
    witness_service = Witness(data / "witness.db", about["name"], keys, logs, lambda: int(time()))
    try:
        app, proxies, names = witness_app(witness_service), trusted_proxies or (), host_names or ()
        with ServedApp(app, port=port, trusted_proxies=proxies, host_names=names) as served:
            out.print(tr("立会人: {}", served.url), highlight=False)
            wait_for_stop_signal()
    finally:
        witness_service.close()
