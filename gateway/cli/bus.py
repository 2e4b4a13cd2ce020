"""``kakehashi bus``: servers of one's own for the record: their configuration, and the streams on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Malformed, Unavailable
from gateway.cli.language import tr
from gateway.cli.printing import out
from gateway.installation.archive import read_bus_file
from gateway.installation.folder import STREAM

bus = typer.Typer(
    no_args_is_help=True, help="記録の保存先(NATS)を自分で運用するための設定とストリームを作ります"
)
BusFile = Annotated[Path, typer.Option("--bus", help="保存先の設定ファイル(bus.json)", dir_okay=False)]


@bus.command("config")
def bus_config(
    folder: Annotated[Path, typer.Option("--out", help="書き出す新しいフォルダ", file_okay=False)],
    hosts: Annotated[
        list[str] | None, typer.Option("--host", help="サーバーのホスト。1台または3台分くり返します")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="利用者側のポート", min=1, max=65535)] = 4222,
    cluster_port: Annotated[
        int, typer.Option("--cluster-port", help="サーバー同士のポート", min=1, max=65535)
    ] = 6222,
) -> None:
    """サーバーごとのnats.conf、利用者の鍵と権限、ハブの設定bus.jsonを書き出します。"""
    from adapters.bus.external import server_addresses, write_configuration

    if folder.exists() and any(folder.iterdir()):
        raise Malformed("folder-not-empty")
    servers = server_addresses(hosts or ["127.0.0.1"], port, cluster_port)
    try:
        path = write_configuration(folder, servers, STREAM)
    except ValueError as error:
        raise Malformed("bus-settings", str(error)) from error
    for server in servers:
        out.print(f"{server.name}: cd {folder / server.name} && nats-server -c nats.conf", highlight=False)
    out.print(tr("store-key.conf は各サーバーの記録の暗号鍵です。控えを別の場所に保管してください。"))
    out.print(
        tr("次: kakehashi bus make --bus {} --ops-seed-file {}/seeds/ops.seed", path, folder), highlight=False
    )


@bus.command("make")
def bus_make(
    bus_file: BusFile,
    ops_seed_file: Annotated[
        Path, typer.Option("--ops-seed-file", help="ストリームを作る利用者の鍵のファイル", dir_okay=False)
    ],
    update: Annotated[
        bool, typer.Option("--update", help="すでにあるストリームの設定を改めます(複製の数など)")
    ] = False,
) -> None:
    """記録のストリームと大きな項目の置き場を作ります。すでにあれば設定を確かめます。"""
    from adapters.bus import PersistenceError, StreamDrift, ensure_items, ensure_stream
    from adapters.bus.external import OPS_INBOX

    operations = replace(read_bus_file(bus_file, STREAM), seed_file=ops_seed_file, inbox=OPS_INBOX)
    try:
        ensure_stream(operations, update=update)
        ensure_items(operations)
    except StreamDrift as error:
        raise Unavailable("bus-refused", str(error)) from error
    except PersistenceError as error:
        raise Unavailable("bus-not-reached", str(error)) from error
    out.print(tr("ストリーム {} と置き場 {} を確かめました。", operations.stream, operations.bucket))
    out.print(tr("次: kakehashi hub init --data DIR --bus {}", bus_file), highlight=False)
